# SPDX-License-Identifier: MIT
"""The cases of HTTP responses: success, the meaning of messages, and error responses.

The vectors are in http-response.json. To add a case, copy a similar call and change it:

- `reads_stream`: a valid stream and the parts that it contains
- `stream_fails`: a stream that starts and then ends in an error
- `reads_error`: an error response

A case has the status, the headers and the body of one response, and says whether the body is
complete. The expected results are written by hand. A broken stream has valid parts before and after
the error, so a client that overlooks the error delivers too many of them.

The helpers also decode each stream with plain_eventstream. If a case is about a broken frame, that
frame must have exactly the expected error. If a case is about the meaning of a message or about an
incomplete body, all frames must be valid.
"""

import json
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple

from authoring import CaseMistake, Feature, b64, either, ok, reject
from authoring.differences import source_of
from authoring.plain_eventstream import decode
from conformance.cases.frames import assemble

CHUNKINGS = ("whole", "bytewise", "halves")
RESPONSE = Feature("http-response", "http.response", "http-", CHUNKINGS)
FEATURES = [RESPONSE]

Headers = Sequence[Tuple[str, str]]
STREAM_TYPE = "application/vnd.amazon.eventstream"
STREAM: Headers = (
    ("Content-Type", STREAM_TYPE),
    ("X-Amzn-SageMaker-Content-Type", "text/plain"),
    ("x-Amzn-Invoked-Production-Variant", "AllTraffic"),
)
OUTPUT = {"ContentType": "text/plain", "InvokedProductionVariant": "AllTraffic"}
CORAL = "http://internal.amazon.com/coral/com.amazon.coral.service/"
LOG_STREAM = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/Endpoints/llm"
STATUS = "OriginalStatusCode"
# The cases of version 0.1.0 do not judge the member.
STATUS_OPEN = ("fraction", "beyond-int32", "boolean", "object")
# Every object of JavaScript has members of these names.
INHERITED = ("__proto__", "constructor", "hasOwnProperty", "toString", "valueOf")
# The kinds of error that occur although the frame of the message is valid.
MEANINGS = ("message_type", "exception", "unmodeled")


def part(text: str) -> str:
    """Return the frame text of a PayloadPart as the service sends it."""
    return (
        "frame :message-type='event' :event-type='PayloadPart'"
        f" :content-type='application/octet-stream' payload('{text}')"
    )


ONE, TWO, THREE = part("one "), part("two "), part("three")


def given(status: int, headers: Headers, **body: Any) -> Dict[str, Any]:
    """Return the input of a case.

    body: frames, text or base64, and complete=False if the connection breaks after the body
    """
    complete = body.pop("complete", True)
    case_input = {"status": status, "headers": [list(pair) for pair in headers], **body}
    if not complete:
        case_input["complete"] = False
    return case_input


def events(*parts: bytes) -> List[Dict[str, Any]]:
    """Return PayloadPart events as the adapter protocol writes them."""
    return [{"PayloadPart": {"Bytes": b64(data)}} for data in parts]


def reads_stream(
    case_id: str,
    title: str,
    rules: str,
    text: str,
    parts: Iterable[bytes],
    why: str,
    headers: Headers = STREAM,
    output: Optional[Dict[str, str]] = None,
    **more: Any,
) -> None:
    """Add a complete and valid stream.

    text: the frames
    parts: the expected bytes of each part
    output: the expected output members, by default those of STREAM
    more: other arguments of Feature.case
    """
    error = decode(assemble(text))[1]
    if error is not None:
        raise CaseMistake(f"{case_id}: the frames are invalid: {error}")
    RESPONSE.case(
        case_id,
        title,
        rules,
        given(200, headers, frames=text),
        ok(output=OUTPUT if output is None else output, events=events(*parts)),
        why,
        **more,
    )


def stream_fails(
    case_id: str,
    title: str,
    rules: str,
    kind: str,
    text: str,
    why: str,
    parts: Iterable[bytes] = (b"one ",),
    code: Optional[str] = None,
    fields: Optional[Dict[str, Any]] = None,
    headers: Headers = STREAM,
    complete: bool = True,
    **more: Any,
) -> None:
    """Add a stream that starts and then ends in an error.

    kind: the expected kind of the error
    text: the frames
    parts: the expected bytes of the parts before the error
    code, fields: the expected error code and members
    complete: whether the body is complete
    more: other arguments of Feature.case
    """
    error = decode(assemble(text))[1]
    may_be_valid = kind in MEANINGS or not complete
    if error != kind and not (error is None and may_be_valid):
        raise CaseMistake(f"{case_id}: its frames are {error or 'valid'}")
    RESPONSE.case(
        case_id,
        title,
        rules,
        given(200, headers, frames=text, complete=complete),
        reject(kind, code, fields, output=OUTPUT, events=events(*parts)),
        why,
        **more,
    )


def reads_error(
    case_id: str,
    title: str,
    rules: str,
    status: int,
    headers: Headers,
    body: str,
    code: Optional[str],
    why: str,
    fields: Optional[Dict[str, Any]] = None,
    notation: str = "text",
    complete: bool = True,
    **more: Any,
) -> None:
    """Add an error response.

    body: the error document, in the notation text, base64 or frames
    code: the expected error code, or None if the response has none and any code is accepted
    fields: the expected members of the error
    complete: whether the body is complete
    more: other arguments of Feature.case
    """
    RESPONSE.case(
        case_id,
        title,
        rules,
        given(status, headers, complete=complete, **{notation: body}),
        reject("service_error", code, fields, events=[]),
        why,
        chunking=("whole",),
        **more,
    )


# ---- success -----------------------------------------------------------------------------------


def _success() -> None:
    three = "\n".join((ONE, TWO, THREE))
    reads_stream(
        "http-stream",
        "a stream of three parts",
        "HTTP-020 HTTP-022 EVS-037 EVS-030 EVS-031",
        three,
        (b"one ", b"two ", b"three"),
        "a client that fails here cannot read any response of the operation",
    )
    # docs/illustrated.html shows this response.
    reads_stream(
        "http-illustrated-call",
        "a character that two parts share",
        "EVS-037 HTTP-020",
        part("Hello, w").replace("w')", "w' C3)") + "\n" + part("rld.").replace("('", "(B6 '"),
        (b"Hello, w\xc3", b"\xb6rld."),
        "a client that decodes each part as text loses the character at the boundary",
    )
    reads_stream(
        "http-stream-empty",
        "a 200 response without frames",
        "HTTP-020 HTTP-023 EVS-039",
        "",
        (),
        "a client that waits for an end event, which does not exist, hangs or reports an error",
        chunking=("whole",),
    )
    reads_stream(
        "http-stream-empty-part",
        "an empty part between two others",
        "EVS-037",
        "\n".join((ONE, part(""), THREE)),
        (b"one ", b"", b"three"),
        "a client that treats an empty part as the end of the stream loses the following parts",
    )
    reads_stream(
        "http-stream-binary-part",
        "a part that is not text",
        "EVS-037",
        "frame :message-type='event' :event-type='PayloadPart' payload(00 ff c3 0a)",
        (b"\0\xff\xc3\n",),
        "a client that decodes parts as text damages images and characters split across two parts",
    )
    reads_stream(
        "http-stream-json-part",
        "a part that is a JSON document with a member Bytes",
        "EVS-037",
        "frame :message-type='event' :event-type='PayloadPart' :content-type='application/json' "
        'payload(\'{"Bytes":"aGk="}\' 0a)',
        (b'{"Bytes":"aGk="}\n',),
        "other services wrap the bytes in JSON, so a client that unwraps them here changes the "
        "output",
    )
    for name, header, title in (
        (
            "application-json",
            " :content-type='application/json'",
            "a part whose :content-type is application/json",
        ),
        ("none", "", "a part without :content-type"),
        (
            "text",
            " :content-type='text/plain; charset=utf-8'",
            "a part whose :content-type is text/plain with a parameter",
        ),
        ("boolean", " :content-type=true", "a part whose :content-type is a boolean"),
    ):
        reads_stream(
            "http-part-content-type-" + name,
            title,
            "EVS-037",
            f"frame :message-type='event' :event-type='PayloadPart'{header} payload('x')",
            (b"x",),
            "a client that depends on this header may fail, because no public recording shows "
            "its value",
        )
    reads_stream(
        "http-part-header-order",
        "the headers of a part in another order",
        "EVS-021 EVS-030",
        "frame :content-type='x' :event-type='PayloadPart' :message-type='event' payload('x')",
        (b"x",),
        "a client that expects a fixed order fails, because the order differs between AWS services",
        source="[recorded]",
    )
    reads_stream(
        "http-part-more-headers",
        "a part with additional headers of other types",
        "EVS-031 EVS-030",
        "frame a=true n=int64(7) :message-type='event' t=timestamp(0) :event-type='PayloadPart' "
        "b=bytes(00) payload('x')",
        (b"x",),
        "a client that rejects unknown headers breaks when the service adds one",
    )
    for name, value, title in (
        ("parameters", STREAM_TYPE + "; charset=utf-8", "with a parameter"),
        (
            "parameter-without-blank",
            STREAM_TYPE + ";v=1",
            "with a parameter that no space precedes",
        ),
        ("blank-before-parameter", STREAM_TYPE + " ; v=1", "with a space before the parameter"),
        ("upper-case", "Application/VND.Amazon.EventStream", "in other letter case"),
    ):
        reads_stream(
            "http-content-type-" + name,
            f"a Content-Type {title}",
            "HTTP-020",
            ONE,
            (b"one ",),
            "a client that compares the whole value as text rejects a valid response",
            headers=(("Content-Type", value),) + tuple(STREAM[1:]),
        )
    reads_stream(
        "http-content-type-name-case",
        "header names in lower case",
        "HTTP-020 HTTP-022",
        ONE,
        (b"one ",),
        "a client that compares names with their letter case fails behind a gateway with HTTP/2",
        headers=[(name.lower(), value) for name, value in STREAM],
    )
    reads_stream(
        "http-content-type-name-upper",
        "header names in upper case",
        "HTTP-020 HTTP-022",
        ONE,
        (b"one ",),
        "a client that compares names with their letter case loses headers",
        headers=[(name.upper(), value) for name, value in STREAM],
    )
    reads_stream(
        "http-content-encoding-identity",
        "Content-Encoding: identity",
        "HTTP-020",
        ONE,
        (b"one ",),
        "a client that rejects every Content-Encoding rejects a response that is not encoded",
        headers=tuple(STREAM) + (("Content-Encoding", "identity"),),
    )
    for name, title, coding in (
        ("two", "identity twice", "identity, identity"),
        ("empty-elements", "identity among empty elements", ", ,\tIDENTITY ,"),
        ("only-comma", "a comma", ","),
    ):
        reads_stream(
            "http-content-encoding-list-" + name,
            "a list in Content-Encoding: " + title,
            "HTTP-020",
            ONE,
            (b"one ",),
            "a client that does not read the value as a list rejects a response that is not "
            "encoded",
            headers=tuple(STREAM) + (("Content-Encoding", coding),),
        )


def _output() -> None:
    def case(name: str, title: str, headers: Headers, output: Dict[str, str], why: str) -> None:
        reads_stream(
            "http-output-" + name,
            title,
            "HTTP-022",
            ONE,
            (b"one ",),
            why,
            headers=(STREAM[0],) + tuple(headers),
            output=output,
            chunking=("whole",),
        )

    names = (
        ("ContentType", "X-Amzn-SageMaker-Content-Type", "application/json"),
        ("InvokedProductionVariant", "x-Amzn-Invoked-Production-Variant", "variant-1"),
        ("CustomAttributes", "X-Amzn-SageMaker-Custom-Attributes", "trace=7; ok"),
    )
    case(
        "all",
        "all headers that carry an output member",
        [pair[1:] for pair in names],
        {member: value for member, _, value in names},
        "a client that ignores these headers loses the content type, the variant and the "
        "attributes",
    )
    case(
        "none",
        "no header that carries an output member",
        [],
        {},
        "a client that uses the HTTP Content-Type instead returns the stream's type as the model's",
    )
    for member, name, value in names:
        case(
            "only-" + member.lower(),
            f"only the header {name}",
            [(name, value)],
            {member: value},
            "a client that reads these headers only together loses this member",
        )
    case(
        "first-of-two",
        "the same header twice",
        [(names[0][1], "text/first"), (names[0][1], "text/second")],
        {"ContentType": "text/first"},
        "a client that uses the last value lets a proxy replace the service's value",
    )
    case(
        "verbatim",
        "a value with commas, quotes and consecutive spaces",
        [(names[2][1], 'a="1, 2",  b')],
        {"CustomAttributes": 'a="1, 2",  b'},
        "a client that parses the value as a list or as parameters changes it",
    )
    case(
        "other-headers",
        "headers with similar names",
        [("X-Amzn-SageMaker-Accept", "a/b"), ("X-Amzn-Custom-Attributes", "x"), ("Accept", "c/d")],
        {},
        "a client that matches names loosely returns a request header as an output member",
    )
    for member, name, _ in names:
        slug = member.lower()
        case(
            f"empty-{slug}",
            f"an empty header {name}",
            [(name, "")],
            {member: ""},
            "an empty value is a value, and a client that drops it reports a missing header",
        )
    case(
        "empty-first",
        "a header of an output member twice, first empty",
        [(names[0][1], ""), (names[0][1], names[0][2])],
        {"ContentType": ""},
        "a client that treats empty as absent lets a proxy append the value",
    )
    case(
        "names-inherited",
        "headers with the names of inherited members",
        [(name, "x") for name in INHERITED] + [pair[1:] for pair in names],
        {member: value for member, _, value in names},
        "a client that keeps headers in an object of its language loses those that follow",
    )
    case(
        "names-parts",
        "headers whose names are a part of an output member's, or longer",
        [
            (names[0][1][:-1], "a"),
            (names[0][1] + "-2", "b"),
            ("X-" + names[1][1], "c"),
            (names[1][1][2:], "d"),
            (names[2][1] + "s", "e"),
        ],
        {},
        "a client that compares parts of names returns another header as an output member",
    )
    for slug, change in (("upper", str.upper), ("lower", str.lower)):
        case(
            f"case-{slug}",
            f"the headers of output members in another case: {slug}",
            [(change(name), value) for _, name, value in names],
            {member: value for member, _, value in names},
            "proxies change the case of names, and HTTP/2 has only lower case",
        )


def _no_success() -> None:
    def case(
        name: str,
        title: str,
        rules: str,
        status: int,
        headers: Headers,
        why: str,
        text: Optional[str] = None,
        kind: str = "content_type",
        complete: bool = True,
        **more: Any,
    ) -> None:
        body = {"text": text} if text is not None else {"frames": ONE}
        RESPONSE.case(
            "http-" + name,
            title,
            rules,
            given(status, headers, complete=complete, **body),
            reject(kind, events=[]),
            why,
            **more,
        )

    def status_case(
        name: str,
        title: str,
        rule: str,
        status: int,
        headers: Headers,
        why: str,
        text: Optional[str] = None,
    ) -> None:
        other = either(
            reject("service_error", events=[]),
            "the client rejects the response, but reports it as an error response",
            "DIV-005",
        )
        case(
            name,
            title,
            rule,
            status,
            headers,
            why,
            text,
            "http",
            chunking=("whole",),
            acceptable=[other],
        )

    def read(why: str, divergence: str, output: Dict[str, str] = OUTPUT) -> List[Dict[str, Any]]:
        return [either(ok(output=output, events=events(b"one ")), why, divergence)]

    good = tuple(STREAM)
    untyped = read(
        "RFC 9110 lets a recipient inspect the bytes if the type is missing, and frames have "
        "checksums",
        "DIV-007",
        {},
    )
    wrong_host = (
        "a wrong host or a login page looks like this, and a checksum error would mislead the user"
    )
    case(
        "no-stream-json",
        "a 200 response that is JSON",
        "HTTP-021 HTTP-020",
        200,
        [("Content-Type", "application/json")],
        wrong_host,
        '{"ok":true}',
    )
    case(
        "no-stream-html",
        "a 200 response that is HTML",
        "HTTP-021 HTTP-020",
        200,
        [("Content-Type", "text/html")],
        wrong_host,
        "<html>Sign in</html>",
    )
    case(
        "no-stream-no-type",
        "a stream in a 200 response without Content-Type",
        "HTTP-021 HTTP-020",
        200,
        [],
        "a client that does not check the type may read any body as event-stream frames",
        acceptable=untyped,
    )
    case(
        "no-stream-empty-type",
        "a stream in a 200 response with an empty Content-Type",
        "HTTP-021 HTTP-020",
        200,
        [("Content-Type", "")],
        wrong_host,
        acceptable=untyped,
    )
    case(
        "no-stream-longer-type",
        "a Content-Type that only starts with the expected one",
        "HTTP-021 HTTP-020",
        200,
        [("Content-Type", STREAM_TYPE + "-v2")],
        "a client that compares only the start of the value reads another format as event-stream "
        "frames",
    )
    case(
        "no-stream-in-parameter",
        "a Content-Type with the expected one in a parameter",
        "HTTP-021 HTTP-020",
        200,
        [("Content-Type", "multipart/mixed; type=" + STREAM_TYPE)],
        "a client that searches the whole value misreads a multipart body as event-stream frames",
    )
    case(
        "no-stream-empty-body",
        "a 200 response that is JSON and has no body",
        "HTTP-021",
        200,
        [("Content-Type", "application/json")],
        "a client that only looks at the frames reports an empty response",
        "",
        chunking=("whole",),
    )
    case(
        "no-stream-json-cut",
        "a truncated 200 response that is JSON",
        "HTTP-021",
        200,
        [("Content-Type", "application/json")],
        "a client that reports the truncation hides the cause, which is the wrong type",
        '{"ok":',
        complete=False,
    )
    for coding in ("gzip", "br", "GZIP", "identity, gzip", "gzip, identity"):
        case(
            "content-encoding-"
            + coding.lower().replace(", ", "-")
            + ("-upper" if coding.isupper() else ""),
            f"Content-Encoding: {coding}",
            "HTTP-020 HTTP-021",
            200,
            good + (("Content-Encoding", coding),),
            "a client that ignores the header reads compressed bytes as frames and reports a "
            "checksum error",
            acceptable=read(
                "the valid checksums show that the frames are not encoded and only the header is "
                "wrong",
                "DIV-008",
            ),
        )
    for status, title in (
        (201, "Created"),
        (202, "Accepted"),
        (203, "Non-Authoritative Information"),
        (206, "Partial Content"),
        (299, "(unregistered)"),
    ):
        case(
            f"status-{status}",
            f"a stream with status {status} {title}",
            "HTTP-020 HTTP-021",
            status,
            good,
            "a client that accepts any 2xx status may return a partial body or another response "
            "as output",
            acceptable=read(
                "the status is a success, the type is correct and the stream is complete", "DIV-006"
            )
            if status != 206
            else (),
        )
    case(
        "status-204",
        "status 204 without a body",
        "HTTP-020 HTTP-021",
        204,
        [],
        "a client that accepts any 2xx status reports an empty stream instead of an unexpected "
        "response",
        "",
        chunking=("whole",),
    )
    for status in (300, 301, 302, 303, 304, 307, 308, 399):
        status_case(
            f"status-{status}",
            f"status {status} with a Location",
            "HTTP-049",
            status,
            [("Location", "https://example.com/")],
            "a client that follows the redirect sends its session token to another host",
            "",
        )
    status_case(
        "status-302-stream",
        "status 302 with a stream as the body",
        "HTTP-049",
        302,
        good + (("Location", "https://example.com/"),),
        "a client that only checks the type returns the output of another host",
    )
    for status in (100, 101, 103, 199):
        status_case(
            f"status-{status}",
            f"status {status} as the final status",
            "HTTP-054",
            status,
            good,
            "an interim status is not the response, so a client that accepts it may read another "
            "one's body",
        )
    for status in (600, 999):
        status_case(
            f"status-{status}",
            f"status {status}",
            "HTTP-054",
            status,
            good,
            "a client that maps unknown status classes to success or a known error misleads its "
            "caller",
        )


# ---- what a message means ----------------------------------------------------------------------


def _messages() -> None:
    def among(*middle: str) -> str:
        return "\n".join((ONE,) + middle + (THREE,))

    unknown = (
        "frame :message-type='event' :event-type='UsageReport' :content-type='application/json' "
        "payload('{\"Tokens\":3}')"
    )
    reads_stream(
        "http-event-unknown",
        "an event of unknown type between two parts",
        "EVS-032",
        among(unknown),
        (b"one ", b"three"),
        "a client that stops here breaks when the service adds an event type",
    )
    reads_stream(
        "http-event-unknown-only",
        "a stream with only an event of unknown type",
        "EVS-032",
        unknown,
        (),
        "a client that treats the event as a part or as an error misreports the response",
    )
    reads_stream(
        "http-event-unknown-empty",
        "two events of unknown type, one without a payload and one whose payload is not JSON",
        "EVS-032",
        among(
            "frame :message-type='event' :event-type='Ping'",
            "frame :message-type='event' :event-type='Blob' payload(ff00)",
        ),
        (b"one ", b"three"),
        "a client that parses the payload of an event that it must skip fails",
    )
    initial = (
        "frame :message-type='event' :event-type='initial-response' "
        ":content-type='application/json' payload('{}')"
    )
    for name, text, payloads in (
        ("first", f"{initial}\n{ONE}\n{THREE}", (b"one ", b"three")),
        ("later", among(initial), (b"one ", b"three")),
        ("only", initial, ()),
    ):
        reads_stream(
            "http-event-initial-response-" + name,
            f"an event of type initial-response: {name}",
            "EVS-032",
            text,
            payloads,
            "other services begin a stream with this event, and a client that expects or rejects "
            "it breaks",
        )
    reads_stream(
        "http-event-unknown-first",
        "an event of unknown type before a part with as many headers",
        "EVS-032",
        f"frame :message-type='event' :event-type='Usage' payload('no')\n"
        "frame :message-type='event' :event-type='PayloadPart' payload('one')\n"
        f"{THREE}",
        (b"one", b"three"),
        "a client that keeps what it has found for the first headers skips the parts as well",
    )
    reads_stream(
        "http-event-type-case",
        "an event type in other letter case",
        "EVS-032 EVS-031",
        among("frame :message-type='event' :event-type='payloadpart' payload('two ')"),
        (b"one ", b"three"),
        "a client that ignores letter case returns the payload of another event as output",
    )
    reads_stream(
        "http-event-named-like-a-union",
        "an event whose type is the name of an HTTP error",
        "EVS-032 EVS-033",
        among("frame :message-type='event' :event-type='ModelError' payload('{}')"),
        (b"one ", b"three"),
        "a client that reads it as an exception breaks, because ModelError is not a stream member",
    )

    def message_type(name: str, title: str, rules: str, text: str, why: str) -> None:
        stream_fails("http-message-" + name, title, rules, "message_type", among(text), why)

    silent = "a client that skips the message may skip the failure that ended the response"
    message_type(
        "type-missing",
        "a message without :message-type",
        "EVS-030",
        "frame :event-type='PayloadPart' payload('two ')",
        silent,
    )
    message_type("empty", "a message without headers", "EVS-030 EVS-027", "frame", silent)
    message_type(
        "type-unknown",
        "a :message-type that is not one of the three defined values",
        "EVS-030",
        "frame :message-type='notice' :event-type='PayloadPart' payload('two ')",
        silent,
    )
    message_type(
        "type-case",
        "a :message-type value in other letter case",
        "EVS-030",
        "frame :message-type='Event' :event-type='PayloadPart' payload('two ')",
        "values are case-sensitive, so two clients could read this message differently",
    )
    message_type(
        "type-name-case",
        "a header name :Message-Type instead of :message-type",
        "EVS-030 EVS-021",
        "frame :Message-Type='event' :event-type='PayloadPart' payload('two ')",
        "names are case-sensitive, so two clients could read this message differently",
    )
    message_type(
        "type-without-colon",
        "a header name message-type without its colon",
        "EVS-030",
        "frame message-type='event' :event-type='PayloadPart' payload('two ')",
        "the colon is part of the name, so two clients could read this message differently",
    )
    message_type(
        "type-empty",
        "an empty :message-type",
        "EVS-030",
        "frame :message-type='' :event-type='PayloadPart' payload('two ')",
        silent,
    )
    message_type(
        "type-of-bytes",
        "a :message-type with a value of type bytes",
        "EVS-030",
        "frame :message-type=bytes('event') :event-type='PayloadPart' payload('two ')",
        "only a string is defined here, so two clients could read this message differently",
    )
    message_type(
        "type-of-boolean",
        "a :message-type with the boolean value true",
        "EVS-030",
        "frame :message-type=true :event-type='PayloadPart' payload('two ')",
        silent,
    )
    message_type(
        "event-type-missing",
        "an event without :event-type",
        "EVS-031",
        "frame :message-type='event' payload('two ')",
        silent,
    )
    message_type(
        "event-type-of-bytes",
        "an :event-type with a value of type bytes",
        "EVS-031",
        "frame :message-type='event' :event-type=bytes('PayloadPart') payload('two ')",
        "only a string is defined here, so two clients could read this message differently",
    )
    message_type(
        "event-type-name-case",
        "a header name :Event-Type instead of :event-type",
        "EVS-031 EVS-021",
        "frame :message-type='event' :Event-Type='PayloadPart' payload('two ')",
        "names are case-sensitive, so two clients could read this message differently",
    )
    message_type(
        "exception-type-instead",
        "an event with :exception-type instead of :event-type",
        "EVS-031",
        "frame :message-type='event' :exception-type='ModelStreamError' payload('{}')",
        silent,
    )
    for name in ("ModelStreamError", "InternalStreamFailure"):
        message_type(
            "event-named-" + name.lower(),
            f"{name} sent as an event",
            "EVS-033",
            f"frame :message-type='event' :event-type='{name}' "
            f'payload(\'{{"Message":"it broke"}}\')',
            "a client that skips it as an unknown event hides the failure",
        )
    message_type(
        "exception-type-missing",
        "an exception without :exception-type",
        "EVS-034",
        "frame :message-type='exception' payload('{\"Message\":\"it broke\"}')",
        "a client that skips an exception without a name hides the failure",
    )
    message_type(
        "exception-type-of-bytes",
        "an :exception-type with a value of type bytes",
        "EVS-034",
        "frame :message-type='exception' :exception-type=bytes('ModelStreamError') payload('{}')",
        "only a string is defined here, so two clients could read this message differently",
    )
    message_type(
        "event-type-of-an-exception",
        "an exception with :event-type instead of :exception-type",
        "EVS-034",
        "frame :message-type='exception' :event-type='ModelStreamError' payload('{}')",
        "a client that takes the name from the wrong header disagrees with other clients",
    )


def _exceptions() -> None:
    def text(name: str, payload: str, content_type: str = "application/json") -> str:
        frame = (
            f"frame :message-type='exception' :exception-type='{name}' "
            f":content-type='{content_type}' payload({payload})"
        )
        return "\n".join((ONE, TWO, frame, THREE))

    both = (b"one ", b"two ")
    lost = "a client that drops the exception presents an incomplete response as complete"
    for error_code in ("ModelInvocationTimeExceeded", "StreamBroken"):
        stream_fails(
            "http-exception-modelstreamerror-" + error_code.lower(),
            f"ModelStreamError with ErrorCode {error_code}",
            "EVS-034 EVS-039",
            "exception",
            text("ModelStreamError", f'\'{{"Message":"it broke","ErrorCode":"{error_code}"}}\''),
            "without the code, a caller cannot distinguish a slow model from a broken connection",
            both,
            "ModelStreamError",
            {"Message": "it broke", "ErrorCode": error_code},
        )
    stream_fails(
        "http-exception-internalstreamfailure",
        "InternalStreamFailure",
        "EVS-034 EVS-039",
        "exception",
        text("InternalStreamFailure", '\'{"Message":"it broke"}\''),
        lost,
        both,
        "InternalStreamFailure",
        {"Message": "it broke"},
    )
    stream_fails(
        "http-exception-first",
        "an exception before the first part",
        "EVS-034",
        "exception",
        "frame :message-type='exception' :exception-type='InternalStreamFailure' "
        'payload(\'{"Message":"at once"}\')',
        "a client that drops the exception presents a failed response as an empty one",
        (),
        "InternalStreamFailure",
        {"Message": "at once"},
    )
    stream_fails(
        "http-exception-small-message",
        "an exception with its text in the member message",
        "EVS-038",
        "exception",
        text("ModelStreamError", '\'{"message":"it broke","ErrorCode":"StreamBroken"}\''),
        "Bedrock writes message and Transcribe Message, so reading only one of them loses texts",
        both,
        "ModelStreamError",
        {"Message": "it broke", "ErrorCode": "StreamBroken"},
        source="[recorded]",
    )
    stream_fails(
        "http-exception-both-messages",
        "an exception with different texts in Message and message",
        "EVS-038",
        "exception",
        text("ModelStreamError", '\'{"message":"small","Message":"modelled"}\''),
        "a client that prefers message shows another text than clients that use the modelled name",
        both,
        "ModelStreamError",
        {"Message": "modelled"},
    )
    stream_fails(
        "http-exception-escapes",
        "an exception text with escapes and non-ASCII characters",
        "EVS-038",
        "exception",
        text("InternalStreamFailure", '\'{"Message":"caf\\u00e9 \\ud83d\\ude42 東京"}\''),
        "a client that does not decode the payload as UTF-8 JSON shows a garbled text",
        both,
        "InternalStreamFailure",
        {"Message": "café 🙂 東京"},
    )
    for name, payload, title in (
        ("empty", "", "no payload"),
        ("text", "'it broke'", "a payload that is not JSON"),
        ("cut", '\'{"Message":"it b\'', "a truncated JSON payload"),
        ("array", "'[\"it broke\"]'", "a JSON array as the payload"),
        ("null", "'null'", "null as the payload"),
        ("not-utf8", "'{\"Message\":\"' ff '\"}'", "a JSON payload that is not valid UTF-8"),
        ("no-members", "'{}'", "an object without members as the payload"),
        ("number", '\'{"Message":7,"ErrorCode":[]}\'', "members of the wrong type"),
        ("null-message", "'{\"Message\":null}'", "a null Message"),
    ):
        stream_fails(
            "http-exception-payload-" + name,
            f"ModelStreamError with {title}",
            "EVS-038 EVS-034",
            "exception",
            text("ModelStreamError", payload),
            "a client that fails on the payload hides the exception, which the headers describe "
            "completely",
            both,
            "ModelStreamError",
        )
    stream_fails(
        "http-exception-content-type",
        "ModelStreamError with another :content-type than JSON",
        "EVS-038 EVS-034",
        "exception",
        text("ModelStreamError", '\'{"Message":"it broke"}\'', "application/octet-stream"),
        lost,
        both,
        "ModelStreamError",
        {"Message": "it broke"},
    )
    for name, title in (
        ("ThrottlingException", "an exception that the service's model does not define"),
        ("ModelError", "an exception with the name of an HTTP error"),
        ("PayloadPart", "an exception with the name of an event"),
        ("modelStreamError", "an exception name in other letter case"),
    ):
        stream_fails(
            "http-exception-unmodelled-" + ("case" if name[0].islower() else name.lower()),
            title,
            "EVS-035",
            "unmodeled",
            text(name, '\'{"Message":"slow down"}\''),
            "the name is all that a user can search for, so a client must not drop it",
            both,
            name,
            {"Message": "slow down"} if name != "PayloadPart" else None,
        )
    stream_fails(
        "http-exception-unmodelled-payload",
        "an unmodelled exception with a payload that is not JSON",
        "EVS-035",
        "unmodeled",
        text("ThrottlingException", "'slow down'"),
        "the name is all that a user can search for, so a client must not drop it",
        both,
        "ThrottlingException",
    )
    stream_fails(
        "http-exception-then-cut",
        "an exception, after which the connection breaks",
        "EVS-039 HTTP-023",
        "exception",
        text("InternalStreamFailure", '\'{"Message":"it broke"}\''),
        "a client that reports the broken connection hides the exception, which ended the stream",
        both,
        "InternalStreamFailure",
        {"Message": "it broke"},
        complete=False,
    )


def _error_messages() -> None:
    def text(headers: str, payload: str = "") -> str:
        return "\n".join((ONE, TWO, f"frame :message-type='error'{headers}{payload}", THREE))

    both = (b"one ", b"two ")
    why = "a client that only expects exceptions skips the message and reads on"
    stream_fails(
        "http-error-message",
        "an error message with a code and a text",
        "EVS-036 EVS-039",
        "unmodeled",
        text(" :error-code='InternalError' :error-message='it broke'"),
        why,
        both,
        "InternalError",
        {"Message": "it broke"},
    )
    stream_fails(
        "http-error-message-order",
        "an error message with its headers in another order",
        "EVS-036 EVS-021",
        "unmodeled",
        "\n".join(
            (
                ONE,
                TWO,
                "frame :error-message='it broke' :error-code='InternalError' :message-type='error'",
                THREE,
            )
        ),
        why,
        both,
        "InternalError",
        {"Message": "it broke"},
    )
    stream_fails(
        "http-error-message-without-text",
        "an error message without :error-message",
        "EVS-036",
        "unmodeled",
        text(" :error-code='InternalError'"),
        "a client that rejects the message hides the error code",
        both,
        "InternalError",
    )
    stream_fails(
        "http-error-message-with-payload",
        "an error message with a payload that describes another error",
        "EVS-036",
        "unmodeled",
        text(
            " :error-code='InternalError' :error-message='it broke'",
            ' payload(\'{"__type":"Other","Message":"other"}\')',
        ),
        "a client that reads the payload reports another error than the headers do",
        both,
        "InternalError",
        {"Message": "it broke"},
    )
    stream_fails(
        "http-error-message-modelled-code",
        "an error message with a modelled exception as its code",
        "EVS-036",
        "unmodeled",
        text(" :error-code='ModelStreamError' :error-message='it broke'"),
        "a client that reports a modelled exception promises members that an error message lacks",
        both,
        "ModelStreamError",
        {"Message": "it broke"},
    )
    stream_fails(
        "http-error-message-first",
        "an error message before the first part",
        "EVS-036",
        "unmodeled",
        "frame :message-type='error' :error-code='InternalError' :error-message='at once'",
        "a client that drops the error presents a failed response as an empty one",
        (),
        "InternalError",
        {"Message": "at once"},
    )
    for name, headers, title, has_text in (
        ("without-code", " :error-message='it broke'", "without :error-code", True),
        ("bare", "", "without :error-code and :error-message", False),
        (
            "code-of-int",
            " :error-code=int32(7) :error-message='it broke'",
            "whose :error-code is not a string",
            True,
        ),
    ):
        RESPONSE.case(
            "http-error-message-" + name,
            f"an error message {title}",
            "EVS-036",
            given(200, STREAM, frames=text(headers)),
            reject(
                "unmodeled",
                None,
                {"Message": "it broke"} if has_text else None,
                output=OUTPUT,
                events=events(*both),
            ),
            "a client that rejects the message hides the failure that the service reports",
        )


def _broken_streams() -> None:
    for name, text, kind, rules, title in (
        (
            "message-crc",
            TWO + " crc(wrong)",
            "message_crc",
            "EVS-003 EVS-023",
            "a wrong message checksum",
        ),
        (
            "prelude-crc",
            TWO + " prelude_crc(wrong)",
            "prelude_crc",
            "EVS-002 EVS-023",
            "a wrong prelude checksum",
        ),
        ("length", "frame total(15)", "length", "EVS-006 EVS-023", "a total_length of 15"),
        (
            "header-type",
            "frame :message-type='event' :event-type=type10()",
            "header_type",
            "EVS-013 EVS-023",
            "an unknown header type",
        ),
        (
            "duplicate",
            "frame :message-type='event' :event-type='PayloadPart' :message-type='exception'",
            "duplicate_header",
            "EVS-014 EVS-023",
            "two headers named :message-type",
        ),
        (
            "utf8",
            "frame :message-type='event' :event-type=string('PayloadPart' ff)",
            "utf8",
            "EVS-015 EVS-023",
            "an :event-type that is not valid UTF-8",
        ),
        (
            "header",
            "frame :message-type='event' raw(0b ':event')",
            "header",
            "EVS-010 EVS-023",
            "a truncated header",
        ),
    ):
        stream_fails(
            "http-frame-" + name,
            f"a stream whose second frame has {title}",
            rules,
            kind,
            "\n".join((ONE, text, THREE)),
            "a client that drops the first part or delivers the third one misreports the response",
        )
    stream_fails(
        "http-frame-json-behind",
        "a JSON document after the first frame",
        "EVS-002 EVS-023",
        "prelude_crc",
        ONE + '\nbytes(\'{"message":"Internal error"}\')',
        "a gateway that fails during the response appends its own error document to the stream",
    )
    for end, title in (
        (1, "inside the prelude"),
        (12, "after the prelude"),
        (50, "inside the headers"),
        (-4, "before the message checksum"),
        (-1, "one byte before its end"),
    ):
        stream_fails(
            f"http-truncated-{str(end).replace('-', 'minus-')}",
            f"a complete body whose second frame ends {title}",
            "EVS-022 HTTP-023",
            "truncated",
            f"{ONE}\n{TWO} cut({end})",
            "a client that relies on the body being complete misses frames that a proxy did not "
            "forward",
        )
    stream_fails(
        "http-incomplete-behind-a-frame",
        "a connection that breaks between two frames",
        "HTTP-023 EVS-039",
        "truncated",
        ONE,
        "a client that only checks frames presents an incomplete response as complete",
        complete=False,
    )
    stream_fails(
        "http-incomplete-without-a-frame",
        "a connection that breaks before the first frame",
        "HTTP-023",
        "truncated",
        "",
        "a client that only checks frames presents a failed response as an empty one",
        (),
        complete=False,
        chunking=("whole",),
    )
    stream_fails(
        "http-incomplete-inside-a-frame",
        "a connection that breaks inside the second frame",
        "HTTP-023 EVS-022",
        "truncated",
        f"{ONE}\n{TWO} cut(40)",
        "a client that drops the first part loses output that arrived intact",
        complete=False,
    )
    stream_fails(
        "http-incomplete-behind-three",
        "a connection that breaks after the last frame",
        "HTTP-023 EVS-039",
        "truncated",
        "\n".join((ONE, TWO, THREE)),
        "no event ends the stream, so a client that ignores the incomplete body may miss events",
        (b"one ", b"two ", b"three"),
        complete=False,
    )


# ---- error responses ---------------------------------------------------------------------------


def document(**members: Any) -> str:
    """Return an error document in JSON."""
    return json.dumps(members, separators=(",", ":"), ensure_ascii=False)


JSON = ("Content-Type", "application/json")


def typed(name: str) -> Headers:
    """Return headers of an error response as AWS sends them: the error code followed by a URL."""
    return (
        JSON,
        ("x-amzn-ErrorType", f"{name}:{CORAL}"),
        ("x-amzn-RequestId", "6f8d0c1e-6c1b-4b7e-9a55-0d2f5a4b3c21"),
    )


def _modelled_errors() -> None:
    for code, status in (
        ("ValidationError", 400),
        ("InternalFailure", 500),
        ("ServiceUnavailable", 503),
    ):
        reads_error(
            "http-error-" + code.lower(),
            f"{code} as AWS sends it",
            "HTTP-030 HTTP-032",
            status,
            typed(code),
            document(Message="it is so"),
            code,
            "a client that fails here cannot report the modelled error or its text",
            {"Message": "it is so"},
        )
    reads_error(
        "http-error-modelerror",
        "ModelError with all its members",
        "HTTP-030 HTTP-032",
        424,
        typed("ModelError"),
        document(
            Message="Received server error (500) from primary",
            OriginalStatusCode=500,
            OriginalMessage="out of memory",
            LogStreamArn=(LOG_STREAM),
        ),
        "ModelError",
        "the author of the container needs its status, text and log, which a client must not drop",
        {
            "Message": "Received server error (500) from primary",
            "OriginalStatusCode": 500,
            "OriginalMessage": "out of memory",
            "LogStreamArn": LOG_STREAM,
        },
    )
    reads_error(
        "http-error-modelerror-more-members",
        "ModelError with an additional member",
        "HTTP-033 HTTP-032",
        424,
        typed("ModelError"),
        document(
            ErrorCode="CLIENT_ERROR_FROM_MODEL",
            Message="bad input",
            OriginalStatusCode=400,
            OriginalMessage="bad input",
            LogStreamArn="arn",
        ),
        "ModelError",
        "a client that rejects unknown members loses the error when the service adds one",
        {"Message": "bad input", "OriginalStatusCode": 400},
        source="[reported]",
    )
    reads_error(
        "http-error-modelerror-other-status",
        "ModelError with status 500",
        "HTTP-030",
        500,
        typed("ModelError"),
        document(Message="it is so"),
        "ModelError",
        "a client that derives the error from the status reports another error",
        {"Message": "it is so"},
    )
    for name, value in (
        ("fraction", 500.9),
        ("beyond-int32", 2147483648),
        ("boolean", True),
        ("object", {"code": 500}),
        ("below-int32", -(2**31) - 1),
        ("32-bits-wrapped", 2**32 + 500),
        ("64-bits-wrapped", 2**64 + 500),
        ("beyond-int64", 2**63),
        ("null", None),
        ("array", [500]),
        ("word", "five hundred"),
        ("text-beyond-int32", "4294967796"),
        ("text-fraction", "500.5"),
    ):
        reads_error(
            "http-error-original-status-" + name,
            f"ModelError whose OriginalStatusCode is {json.dumps(value)}",
            "HTTP-035",
            424,
            typed("ModelError"),
            document(Message="it is so", OriginalStatusCode=value),
            "ModelError",
            "a client that fails on a member of the wrong type hides the error and its text",
            dict({"Message": "it is so"}, **({} if name in STATUS_OPEN else {STATUS: None})),
        )
    for name, value in (
        ("largest", 2**31 - 1),
        ("smallest", -(2**31)),
        ("zero", 0),
        ("negative", -1),
    ):
        reads_error(
            "http-error-original-status-" + name,
            f"ModelError whose OriginalStatusCode is {value}",
            "HTTP-035 HTTP-032",
            424,
            typed("ModelError"),
            document(Message="it is so", OriginalStatusCode=value),
            "ModelError",
            "a client that limits the value, or treats 0 as absent, hides the container's status",
            {"Message": "it is so", "OriginalStatusCode": value},
        )
    for name in INHERITED[:3]:
        slug = name.strip("_").lower()
        reads_error(
            "http-error-code-inherited-" + slug,
            f"an error response with the code {name}",
            "HTTP-033 HTTP-030",
            400,
            (JSON,),
            document(__type=name, Message="it is so"),
            name,
            "a client that looks up the code in an object of its language finds a function",
            {"Message": "it is so"},
        )
    reads_error(
        "http-error-members-inherited",
        "an error document with members that have the names of inherited members",
        "HTTP-035 HTTP-032",
        400,
        (JSON,),
        json.dumps(
            {
                "__proto__": {"Message": "wrong", "__type": "ModelError"},
                "constructor": {"Message": "wrong"},
                "hasOwnProperty": 1,
                "toString": "x",
                "__type": "ValidationError",
                "Message": "it is so",
            }
        ),
        "ValidationError",
        "a client that keeps members in an object of its language fails or reads other members",
        {"Message": "it is so"},
    )
    reads_error(
        "http-error-members-only-inherited",
        "an error document whose member __proto__ has the members",
        "HTTP-035 HTTP-032",
        424,
        typed("ModelError"),
        '{"Message":"it is so","__proto__":{"OriginalStatusCode":500,"LogStreamArn":"a"}}',
        "ModelError",
        "a client that assigns the member sets the prototype, and with it other members",
        {"Message": "it is so", "OriginalStatusCode": None, "LogStreamArn": None},
    )
    reads_error(
        "http-error-modelstreamerror",
        "an exception of the stream as an error response",
        "HTTP-030 HTTP-032",
        400,
        typed("ModelStreamError"),
        document(Message="it broke", ErrorCode="StreamBroken"),
        "ModelStreamError",
        "a client that expects this error only inside a stream reports an unknown error",
        {"Message": "it broke", "ErrorCode": "StreamBroken"},
    )


def _unmodelled_errors() -> None:
    for code, status, title in (
        ("AccessDeniedException", 403, "a missing permission"),
        ("ExpiredTokenException", 403, "an expired session token"),
        ("UnrecognizedClientException", 403, "an unknown access key"),
        ("InvalidSignatureException", 403, "a signature that does not match"),
        ("IncompleteSignature", 403, "an unreadable Authorization header"),
        ("ThrottlingException", 400, "throttling"),
        ("ModelNotReadyException", 429, "a model that is still loading"),
        (
            "InternalDependencyException",
            530,
            "a failed dependency, with an unregistered status",
        ),
    ):
        reads_error(
            "http-error-" + code.lower(),
            f"{code}: {title}",
            "HTTP-033 HTTP-030 HTTP-032",
            status,
            typed(code),
            document(message="it is so"),
            code,
            "a client that only knows modelled errors reports a parse error instead of this code",
            {"Message": "it is so"},
            source="[reported]",
        )
    for name, status, headers, body, title in (
        (
            "html",
            502,
            [("Content-Type", "text/html")],
            "<html><body>502 Bad Gateway</body></html>",
            "an HTML page of a proxy",
        ),
        ("text", 413, [("Content-Type", "text/plain")], "Request Entity Too Large", "plain text"),
        ("empty", 500, [], "", "empty and has no headers"),
        ("empty-json", 500, [JSON], "", "empty and declared as JSON"),
        ("no-members", 500, [JSON], "{}", "an object without members"),
        ("null", 500, [JSON], "null", "a JSON null"),
        ("array", 500, [JSON], '[{"__type":"InternalFailure"}]', "a JSON array"),
        ("string", 500, [JSON], '"InternalFailure"', "a JSON string"),
        ("cut", 500, [JSON], '{"__type":"InternalFai', "truncated JSON"),
        (
            "deep",
            500,
            [JSON],
            '{"a":' * 10000 + "1" + "}" * 10000,
            "JSON nested 10,000 levels deep",
        ),
        ("599", 599, [JSON], "{}", "an empty object with status 599"),
        (
            "599-text",
            599,
            [("Content-Type", "text/plain")],
            "no",
            "plain text with status 599",
        ),
        ("404", 404, [("Content-Type", "text/plain")], "not found", "plain text with status 404"),
        ("stream", 500, STREAM, "", "empty and declared as a stream"),
    ):
        reads_error(
            "http-error-no-code-" + name,
            f"an error response that is {title}",
            "HTTP-033 HTTP-035",
            status,
            headers,
            body,
            None,
            "a client that fails on the body hides the status of the error response",
        )
    reads_error(
        "http-error-no-code-gzip",
        "an error response that is compressed with gzip",
        "HTTP-033 HTTP-035",
        502,
        [("Content-Type", "application/json"), ("Content-Encoding", "gzip")],
        b64(bytes.fromhex("1f8b0800000000000003abae050043bfa6a302000000")),
        None,
        "a client that fails on the body hides the status of the error response",
        notation="base64",
    )
    reads_error(
        "http-error-no-code-not-utf8",
        "an error response whose JSON is not valid UTF-8",
        "HTTP-033 HTTP-035",
        500,
        [JSON],
        b64(b'{"Message":"\xff"}'),
        None,
        "a client that fails on the body hides the status of the error response",
        notation="base64",
    )
    reads_error(
        "http-error-no-code-frames",
        "an error response whose body consists of frames",
        "HTTP-033 HTTP-035",
        500,
        STREAM,
        ONE,
        None,
        "a client that only checks the type delivers the body of an error as output",
        notation="frames",
    )
    reads_error(
        "http-error-null-message",
        "status 400 with a null message",
        "HTTP-034 HTTP-033",
        400,
        [JSON],
        '{"message": null}',
        None,
        "the service sends this when it throttles, so a client that sees a bad request never "
        "retries",
        level="SHOULD",
        source="[reported]",
    )
    reads_error(
        "http-error-incomplete",
        "an error response that is truncated",
        "HTTP-035 HTTP-033",
        500,
        typed("InternalFailure"),
        '{"Message":"it i',
        "InternalFailure",
        "a client that reports the truncation hides the error, which the status and the header "
        "identify",
        complete=False,
    )
    reads_error(
        "http-error-incomplete-empty",
        "an error response whose body never arrives",
        "HTTP-035",
        503,
        typed("ServiceUnavailable"),
        "",
        "ServiceUnavailable",
        "a client that reports the truncation hides the error, which the status and the header "
        "identify",
        complete=False,
    )
    reads_error(
        "http-error-member-twice",
        "an error document with a duplicate member",
        "HTTP-035 HTTP-030",
        400,
        typed("ValidationError"),
        '{"Message":"a","Message":"b"}',
        "ValidationError",
        "a client that reports the invalid document hides the error, which the header identifies",
    )


def _codes() -> None:
    def case(
        key: str,
        title: str,
        rules: str,
        expected: Optional[str],
        header: Optional[str],
        why: str,
        acceptable: Sequence[Dict[str, Any]] = (),
        source: str = "derived",
        **members: Any,
    ) -> None:
        headers = (JSON,) + ((("x-amzn-errortype", header),) if header is not None else ())
        reads_error(
            "http-code-" + key,
            title,
            rules,
            400,
            headers,
            document(**members),
            expected,
            why,
            acceptable=acceptable,
            source=source,
        )

    notations = "a client that compares the whole value recognises only one of the four notations"
    name = "ValidationError"
    for key, text, title in (
        ("bare", name, "without additions"),
        ("url", f"{name}:{CORAL}", "followed by a URL"),
        ("namespace", "com.amazon.sagemaker#" + name, "preceded by a namespace"),
        ("namespace-url", f"com.amazon.sagemaker#{name}:{CORAL}", "with a namespace and a URL"),
        (
            "url-with-hash",
            f"{name}:http://example.com/#top",
            "followed by a URL with a number sign",
        ),
    ):
        # Smithy's tests have the other four notations.
        source = "derived" if key == "url-with-hash" else "[spec]; Smithy's restJson1 tests"
        case(
            "header-" + key,
            f"the error code in the header, {title}",
            "HTTP-031 HTTP-030",
            name,
            text,
            notations,
            Message="it is so",
            source=source,
        )
        for member in ("__type", "code"):
            members: Dict[str, Any] = {member: text, "Message": "it is so"}
            case(
                f"{member.strip('_')}-{key}",
                f"the error code in {member}, {title}",
                "HTTP-031 HTTP-030",
                name,
                None,
                notations,
                source=source,
                **members,
            )
    case(
        "capital-code",
        "the error code in Code",
        "HTTP-030",
        name,
        None,
        "some services use this spelling, and a client that ignores it loses the code",
        Code=name,
        Message="it is so",
    )
    case(
        "header-over-type",
        "different codes in the header and in __type",
        "HTTP-030",
        name,
        name,
        "a client that prefers the body may read a document of the container instead of the "
        "service",
        __type="InternalFailure",
    )
    case(
        "header-over-code",
        "different codes in the header and in code",
        "HTTP-030",
        name,
        name,
        "a client that prefers the body may read a document of the container instead of the "
        "service",
        code="InternalFailure",
    )
    case(
        "header-empty",
        "an empty header and a code in __type",
        "HTTP-030",
        name,
        "",
        "a client that uses an empty value reports an error without a code",
        __type=name,
    )
    case(
        "type-empty",
        "an empty __type and a code in code",
        "HTTP-030",
        name,
        None,
        "a client that uses an empty value reports an error without a code",
        __type="",
        code=name,
    )
    case(
        "type-null",
        "a null __type and a code in code",
        "HTTP-030 HTTP-035",
        name,
        None,
        "a client that fails on a member of the wrong type loses the code",
        __type=None,
        code=name,
    )
    case(
        "code-number",
        "a number in code",
        "HTTP-035 HTTP-033",
        None,
        None,
        "a client that fails on a member of the wrong type hides the error",
        code=400,
        Message="it is so",
    )
    case(
        "nothing-before-colon",
        "a header that starts with a colon",
        "HTTP-031 HTTP-033",
        None,
        ":http://example.com/",
        "a client that uses the empty text before the colon reports an error without a code",
        Message="it is so",
    )
    case(
        "type-or-code",
        "different codes in __type and code",
        "HTTP-030",
        name,
        None,
        "a client that reports neither code hides the error",
        [
            either(
                dict(reject("service_error", events=[]), code="InternalFailure"),
                "Smithy names both members and defines no order",
                "DIV-001",
            )
        ],
        __type=name,
        code="InternalFailure",
    )
    case(
        "two-hashes",
        "an error code with two number signs",
        "HTTP-031",
        "b#FooError",
        "a#b#FooError",
        "Smithy removes the text up to the first number sign, and clients should agree on the code",
        [
            either(
                dict(reject("service_error", events=[]), code="FooError"),
                "no service is known to send a code with two number signs",
                "DIV-002",
            )
        ],
    )
    case(
        "case",
        "an error code in other letter case",
        "HTTP-033 HTTP-030",
        "validationerror",
        "validationerror",
        "codes are case-sensitive, so a client that ignores letter case reports another error",
        Message="it is so",
    )
    case(
        "blanks",
        "spaces around the error code in the header",
        "HTTP-030 HTTP-031",
        name,
        f"  {name}  ",
        "a client that keeps the spaces does not recognise the code",
        Message="it is so",
    )


def _several_headers() -> None:
    reads_error(
        "http-code-first-of-two",
        "two x-amzn-errortype headers",
        "HTTP-025 HTTP-030",
        400,
        (*typed("ValidationError"), ("X-Amzn-ErrorType", "InternalFailure:" + CORAL)),
        document(Message="it is so"),
        "ValidationError",
        "a client that uses the last value lets a proxy replace the service's code",
        {"Message": "it is so"},
    )
    RESPONSE.case(
        "http-content-type-first-of-two",
        "the type of a stream in the second of two Content-Type headers",
        "HTTP-025 HTTP-021",
        given(200, (("Content-Type", "text/html"), ("Content-Type", STREAM_TYPE)), text="<html>"),
        reject("content_type", events=[]),
        "a client that uses the last value reports a broken frame instead of the page of a proxy",
    )
    RESPONSE.case(
        "http-content-encoding-second-gzip",
        "gzip in the second of two Content-Encoding headers",
        "HTTP-020 HTTP-025",
        given(
            200,
            (*STREAM, ("Content-Encoding", "identity"), ("Content-Encoding", "gzip")),
            base64=b64(bytes.fromhex("1f8b0800000000000003")),
        ),
        reject("content_type", events=[]),
        "a client that reads only the first value reports a broken frame",
    )
    RESPONSE.case(
        "http-error-bom",
        "a byte order mark before the JSON document of an error",
        "HTTP-035 HTTP-036",
        given(400, typed("ValidationError"), base64=b64(b'\xef\xbb\xbf{"Message":"it is so"}')),
        reject("service_error", "ValidationError", events=[]),
        "a client whose JSON parser fails must still report the code of the header",
    )


def _members() -> None:
    def case(
        key: str, title: str, rules: str, why: str, text: Optional[str], **members: Any
    ) -> None:
        reads_error(
            "http-message-member-" + key,
            title,
            rules,
            400,
            typed("ValidationError"),
            document(**members),
            "ValidationError",
            why,
            None if text is None else {"Message": text},
        )

    case(
        "capital",
        "an error with its text in Message",
        "HTTP-032",
        "a client that reads only one spelling loses the text of many errors",
        "as the model has it",
        Message="as the model has it",
    )
    case(
        "small",
        "an error with its text in message",
        "HTTP-032",
        "a client that reads only one spelling loses the text of many errors",
        "it is so",
        message="it is so",
    )
    case(
        "both",
        "different texts in Message and message",
        "HTTP-032",
        "a client that prefers message shows another text than clients that use the modelled name",
        "modelled",
        message="small",
        Message="modelled",
    )
    case(
        "null-and-small",
        "a null Message and a text in message",
        "HTTP-032",
        "a client that stops at the null member loses the text",
        "small",
        Message=None,
        message="small",
    )
    case(
        "upper",
        "a text in MESSAGE",
        "HTTP-032 HTTP-035",
        "only the first letter may differ, and a client that ignores letter case reads other "
        "members",
        None,
        MESSAGE="it is so",
    )
    reads_error(
        "http-message-member-not-utf8",
        "an error document that is not valid UTF-8",
        "HTTP-035 SHP-002",
        400,
        typed("ValidationError"),
        b64(b'{"Message":"caf\xe9"}'),
        "ValidationError",
        "a client that replaces the invalid bytes shows a text that the service did not send",
        {"Message": None},
        notation="base64",
    )
    case(
        "number",
        "a number in Message",
        "HTTP-035",
        "a client that fails on a member of the wrong type hides the error",
        None,
        Message=7,
    )
    case(
        "escapes",
        "an error text with escapes and non-ASCII characters",
        "HTTP-032",
        "a client that does not decode the document as UTF-8 JSON shows a garbled text",
        "café 🙂\n",
        Message="café 🙂\n",
    )
    for key, members in (
        ("originalmessage", {"originalMessage": "out of memory"}),
        ("originalstatuscode", {"originalStatusCode": 500}),
    ):
        member = next(iter(members))
        modelled = member[0].upper() + member[1:]
        absent = reject("service_error", "ModelError", {modelled: None}, events=[])
        reads_error(
            "http-small-" + key,
            f"ModelError with {member} instead of {modelled}",
            "HTTP-032",
            424,
            typed("ModelError"),
            document(**members),
            "ModelError",
            "a client that reads only the modelled spelling loses the member",
            {modelled: members[member]},
            acceptable=[
                either(
                    absent,
                    "no recording shows this member with a lower-case first letter, and the "
                    "error is reported",
                    "DIV-009",
                )
            ],
        )


def _errors_with_200() -> None:
    why = "a client that only checks the status reads the error document as frames"
    reads_error(
        "http-200-errortype",
        "a 200 response with x-amzn-errortype and a JSON document",
        "HTTP-024 HTTP-030",
        200,
        typed("InternalFailure"),
        document(Message="it broke"),
        "InternalFailure",
        why,
        {"Message": "it broke"},
    )
    reads_error(
        "http-200-errortype-stream",
        "a 200 response with x-amzn-errortype and the type of a stream",
        "HTTP-024",
        200,
        tuple(STREAM) + (("x-amzn-ErrorType", "InternalFailure"),),
        document(Message="it broke"),
        "InternalFailure",
        why,
        {"Message": "it broke"},
    )
    reads_error(
        "http-200-errortype-empty",
        "a 200 response with an empty x-amzn-errortype and a JSON document",
        "HTTP-024 HTTP-030",
        200,
        (JSON, ("x-amzn-ErrorType", "")),
        document(__type="InternalFailure", Message="it broke"),
        "InternalFailure",
        "a client that tests whether the value is empty does not look for the error",
        {"Message": "it broke"},
    )
    reads_error(
        "http-201-errortype",
        "a 201 response with x-amzn-errortype and a JSON document",
        "HTTP-024 HTTP-021",
        201,
        typed("InternalFailure"),
        document(Message="it broke"),
        "InternalFailure",
        "a client that looks for the header only in a 200 response hides the error",
        {"Message": "it broke"},
    )
    reads_error(
        "http-200-errortype-unmodelled",
        "a 200 response with x-amzn-errortype and an unmodelled code",
        "HTTP-024 HTTP-033",
        200,
        (JSON, ("X-Amzn-ErrorType", "ThrottlingException:" + CORAL)),
        document(message="slow down"),
        "ThrottlingException",
        why,
        {"Message": "slow down"},
    )


def _xml() -> None:
    def case(
        name: str,
        title: str,
        body: str,
        code: Optional[str],
        text: Optional[str],
        why: str = (
            "a gateway or another service may send this, and a client that ignores it loses the "
            "error code"
        ),
        level: str = "SHOULD",
        rules: str = "HTTP-036",
    ) -> None:
        unread = either(
            reject("service_error", events=[]),
            "the client reports an error response, and its status is visible to the caller",
            "DIV-011",
        )
        reads_error(
            "http-xml-" + name,
            title,
            rules,
            403,
            [("Content-Type", "text/xml")],
            body,
            code,
            why,
            {"Message": text} if text else None,
            level=level,
            acceptable=[unread] if text else (),
        )

    inner = "<Code>AccessDenied</Code><Message>Access Denied</Message>"
    case(
        "errorresponse",
        "an XML error: ErrorResponse that contains Error",
        f"<ErrorResponse><Error><Type>Sender</Type>{inner}</Error><RequestId>1</RequestId></ErrorResponse>",
        "AccessDenied",
        "Access Denied",
    )
    case(
        "errors",
        "an XML error: Response that contains Errors and Error",
        f"<Response><Errors><Error>{inner}</Error></Errors><RequestID>1</RequestID></Response>",
        "AccessDenied",
        "Access Denied",
    )
    for name, title, before, after in (
        ("empty", "an empty Errors", "<Errors/>", ""),
        ("other", "an Errors without Error", "<Errors><Warning/></Errors>", ""),
        ("after", "an Errors without Error after it", "", "<Errors/>"),
        ("second", "a second Errors with another Error", "<Errors/>", "<Errors><Error/></Errors>"),
    ):
        case(
            "errors-" + name,
            f"an XML error in the root, next to {title}",
            f"<Response>{before}<Error>{inner}</Error>{after}</Response>",
            "AccessDenied",
            "Access Denied",
            "a client that stops at the first envelope loses the code and the message",
        )
    case(
        "errors-first",
        "an XML error in Errors after an Error of the root",
        f"<Response><Error><Code>Other</Code></Error><Errors><Error>{inner}</Error></Errors></Response>",
        "AccessDenied",
        "Access Denied",
        "clients that disagree about the envelope report different errors",
    )
    case(
        "root",
        "an XML error: Error as the root",
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inner}<RequestId>1</RequestId></Error>',
        "AccessDenied",
        "Access Denied",
    )
    case(
        "bom",
        "an XML error after a byte order mark",
        f"\ufeff<Error>{inner}</Error>",
        "AccessDenied",
        "Access Denied",
    )
    case(
        "bom-spaces",
        "an XML error after a byte order mark and white space",
        f"\ufeff \t\r\n<Error>{inner}</Error>",
        "AccessDenied",
        "Access Denied",
    )
    case(
        "space-bom",
        "a byte order mark after a space, and an XML error",
        f" \ufeff<Error>{inner}</Error>",
        None,
        None,
    )
    case(
        "namespace",
        "an XML error in a namespace",
        f'<ErrorResponse xmlns="http://example.com/doc/"><Error>{inner}</Error></ErrorResponse>',
        "AccessDenied",
        "Access Denied",
    )
    case(
        "escapes",
        "an XML error with entity and character references",
        "<Error><Code>AccessDenied</Code><Message>a &lt; b &amp; c&#233;</Message></Error>",
        "AccessDenied",
        "a < b & cé",
    )
    case(
        "doctype",
        "an XML error with a document type declaration",
        f"<!DOCTYPE Error [<!ENTITY e 'x'>]><Error>{inner}</Error>",
        None,
        None,
        "a client that processes the declaration may expand entities or read files",
        "MUST",
        "HTTP-033 HTTP-035",
    )
    case(
        "cut",
        "an XML error that is truncated",
        "<Error><Code>AccessDenied</Co",
        None,
        None,
        "a client that reports the invalid document hides the error, which the status shows",
        "MUST",
        "HTTP-033 HTTP-035",
    )


def _foreign() -> None:
    """Add what clients of other services would read."""
    payload = '{"bytes":"aGk="}'
    reads_stream(
        "http-part-like-bedrock",
        "a part of type application/json whose payload is a chunk of Bedrock",
        "EVS-037",
        ONE.replace("octet-stream", "json").replace("one ", payload),
        (payload.encode(),),
        "a client that decodes the member bytes returns another text than the model wrote",
    )
    frame = "frame :message-type='exception' %s payload('{\"Message\":\"it broke\"}')"
    for slug, name in (
        ("namespace", "ns#ModelStreamError"),
        ("url", "ModelStreamError:http://x/"),
        ("case", "modelStreamError"),
        ("suffix", "ModelStreamErrorException"),
    ):
        stream_fails(
            "http-exception-name-" + slug,
            f"an exception of the type {name!r}",
            "EVS-035",
            "unmodeled",
            "\n".join((ONE, frame % f":exception-type='{name}'")),
            "the rules for codes of error responses do not hold here, so this is another exception",
            code=name,
        )
    for slug, headers in (
        ("error-code", ":error-code='ModelStreamError'"),
        ("event-type", ":event-type='ModelStreamError'"),
    ):
        stream_fails(
            "http-exception-without-type-" + slug,
            f"an exception without :exception-type, but with :{slug}",
            "EVS-034",
            "message_type",
            "\n".join((ONE, frame % headers)),
            "a client that reads another header in its place accepts a contradictory message",
        )
    stream_fails(
        "http-error-message-exception-type",
        "an error message with :exception-type and without :error-code",
        "EVS-036",
        "unmodeled",
        "\n".join((ONE, frame.replace("exception", "error") % ":exception-type='Other'")),
        "only :error-code has the code of an error message",
    )
    for header in ("x-amzn-query-error", "x-amz-error-code"):
        reads_error(
            "http-code-other-header-" + header.replace("x-amzn-", "").replace("x-amz-", "amz-"),
            f"another code in {header}",
            "HTTP-030",
            400,
            (JSON, ("X-Amzn-ErrorType", "ValidationError"), (header, "Other;Sender")),
            document(Message="it is so"),
            "ValidationError",
            "this header belongs to other protocols, and a client that prefers it changes the code",
        )
    for slug, name in (
        ("suffix", "ServiceUnavailableException"),
        ("case", "modelError"),
        ("shorter", "Model"),
    ):
        reads_error(
            "http-code-not-modelled-" + slug,
            f"the code {name}, which resembles one of the model",
            "HTTP-033",
            500,
            (JSON, ("X-Amzn-ErrorType", name)),
            document(Message="it is so"),
            name,
            "a client that returns the modelled error hides the code of the service",
        )
    for count in (65537, 200000):
        text = document(Message="it is so", code="ValidationError")
        reads_error(
            f"http-error-body-spaces-{count}",
            f"a document with spaces after it, {count} bytes in all",
            "HTTP-039 HTTP-035",
            400,
            (JSON,),
            text + " " * (count - len(text)),
            "ValidationError",
            "a client that drops all of a long body loses the code at its beginning",
        )


for chapter in (
    _success,
    _output,
    _no_success,
    _messages,
    _exceptions,
    _error_messages,
    _broken_streams,
    _modelled_errors,
    _unmodelled_errors,
    _codes,
    _several_headers,
    _members,
    _errors_with_200,
    _xml,
    _foreign,
):
    chapter()

for case in [case for feature in FEATURES for case in feature.cases]:
    case["source"] = source_of(case["id"], case["op"], case["source"])
