# SPDX-License-Identifier: MIT
"""The cases of the answer: what a message means, what is a success, what an error response says. File http-response.

A case gives status, headers and bytes of one answer, and whether the body came whole. What is expected stands here by hand. A
broken stream has good parts around its fault, so that who overlooks it shows it by what is delivered. Of each stream the
transcription of the frames is asked, too: a fault of a frame must be the one that the case is about, and where the meaning of a
message or the end of the body is at fault, every frame must be good.
"""

import json
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple

from authoring import CaseMistake, Feature, b64, either, ok, reject
from authoring.differences import source_of
from authoring.plain_eventstream import decode
from conformance.cases.frames import assemble

WAYS = ("whole", "bytewise", "halves")
RESPONSE = Feature("http-response", "http.response", "http-", WAYS)
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
MEANINGS = ("message_type", "exception", "unmodeled")  # kinds of a message whose frame is good


def part(text: str) -> str:
    """The frame text of a PayloadPart, as the service sends it."""
    return f"frame :message-type='event' :event-type='PayloadPart' :content-type='application/octet-stream' payload('{text}')"


ONE, TWO, THREE = part("one "), part("two "), part("three")


def given(status: int, headers: Headers, **body: Any) -> Dict[str, Any]:
    """An input; body: one of frames, text, base64, and complete=False."""
    complete = body.pop("complete", True)
    return dict(
        {"status": status, "headers": [list(pair) for pair in headers]},
        **body,
        **({} if complete else {"complete": False}),
    )


def events(*parts: bytes) -> List[Dict[str, Any]]:
    return [{"PayloadPart": {"Bytes": b64(data)}} for data in parts]


def streams(
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
    """An answer that is a stream, whole and good."""
    messages, fault = decode(assemble(text))
    if fault is not None:
        raise CaseMistake(f"{case_id}: {fault}")
    RESPONSE.case(
        case_id,
        title,
        rules,
        given(200, headers, frames=text),
        ok(output=OUTPUT if output is None else output, events=events(*parts)),
        why,
        **more,
    )


def breaks(
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
    """An answer whose stream begins, and ends in an error after these parts."""
    fault = decode(assemble(text))[1]
    if fault is not None and fault != kind or fault is None and kind not in MEANINGS and complete:
        raise CaseMistake(f"{case_id}: its frames are {fault or 'good'}")
    RESPONSE.case(
        case_id,
        title,
        rules,
        given(200, headers, frames=text, complete=complete),
        reject(kind, code, fields, output=OUTPUT, events=events(*parts)),
        why,
        **more,
    )


def fails(
    case_id: str,
    title: str,
    rules: str,
    status: int,
    headers: Headers,
    body: str,
    code: Optional[str],
    why: str,
    fields: Optional[Dict[str, Any]] = None,
    form: str = "text",
    complete: bool = True,
    **more: Any,
) -> None:
    """An answer that is an error response. code None: there is none, and what a client shows instead is not judged."""
    RESPONSE.case(
        case_id,
        title,
        rules,
        given(status, headers, complete=complete, **{form: body}),
        reject("service_error", code, fields, events=[]),
        why,
        delivery=("whole",),
        **more,
    )


# ---- success -----------------------------------------------------------------------------------------------------


def _success() -> None:
    three = "\n".join((ONE, TWO, THREE))
    streams(
        "http-stream",
        "three parts",
        "HTTP-020 HTTP-022 EVS-037 EVS-030 EVS-031",
        three,
        (b"one ", b"two ", b"three"),
        "this is the operation: all else are its exceptions",
    )
    streams(
        "http-stream-empty",
        "a success without a frame",
        "HTTP-020 HTTP-023 EVS-039",
        "",
        (),
        "a model may answer nothing: no event says that the stream ends, and none is waited for",
        delivery=("whole",),
    )
    streams(
        "http-stream-empty-part",
        "a part without bytes between two others",
        "EVS-037",
        "\n".join((ONE, part(""), THREE)),
        (b"one ", b"", b"three"),
        "an empty part is an event; a reader that takes it for the end loses the rest",
    )
    streams(
        "http-stream-binary-part",
        "a part that is no text",
        "EVS-037",
        "frame :message-type='event' :event-type='PayloadPart' payload(00 ff c3 0a)",
        (b"\0\xff\xc3\n",),
        "the bytes are the model's: an image, or half of a character",
    )
    streams(
        "http-stream-json-part",
        "a part that is a JSON document with a member Bytes",
        "EVS-037",
        "frame :message-type='event' :event-type='PayloadPart' :content-type='application/json' payload('{\"Bytes\":\"aGk=\"}' 0a)",
        (b'{"Bytes":"aGk="}\n',),
        "the payload is the member, not a document that holds it: other services do it the other way",
    )
    for name, header, title in (
        ("application-json", " :content-type='application/json'", "application/json"),
        ("none", "", "nothing"),
        ("text", " :content-type='text/plain; charset=utf-8'", "text/plain"),
        ("boolean", " :content-type=true", "a boolean"),
    ):
        streams(
            "http-part-content-type-" + name,
            f"a part whose :content-type is {title}",
            "EVS-037",
            f"frame :message-type='event' :event-type='PayloadPart'{header} payload('x')",
            (b"x",),
            "no recording of the real service is public: a reader must not lean on this header",
        )
    streams(
        "http-part-header-order",
        "the headers of a part in another order",
        "EVS-021 EVS-030",
        "frame :content-type='x' :event-type='PayloadPart' :message-type='event' payload('x')",
        (b"x",),
        "the order differs by service: Bedrock sends :message-type last, S3 Select first",
        source="[recorded]",
    )
    streams(
        "http-part-more-headers",
        "a part with headers of other types beside its own",
        "EVS-031 EVS-030",
        "frame a=true n=int64(7) :message-type='event' t=timestamp(0) :event-type='PayloadPart' b=bytes(00) payload('x')",
        (b"x",),
        "a service may add headers",
    )
    for name, value, title in (
        ("parameters", STREAM_TYPE + "; charset=utf-8", "with a parameter"),
        ("parameter-without-blank", STREAM_TYPE + ";v=1", "with a parameter and no blank"),
        ("blank-before-parameter", STREAM_TYPE + " ; v=1", "with a blank before its parameter"),
        ("upper-case", "Application/VND.Amazon.EventStream", "in other letter case"),
    ):
        streams(
            "http-content-type-" + name,
            f"a Content-Type {title}",
            "HTTP-020",
            ONE,
            (b"one ",),
            "a media type is compared without case and without parameters; compared as text, a good answer is refused",
            headers=(("Content-Type", value),) + tuple(STREAM[1:]),
        )
    streams(
        "http-content-type-name-case",
        "header names in other letter case",
        "HTTP-020 HTTP-022",
        ONE,
        (b"one ",),
        "HTTP/2 gateways write all names in lower case",
        headers=[(name.lower(), value) for name, value in STREAM],
    )
    streams(
        "http-content-type-name-upper",
        "header names in upper case",
        "HTTP-020 HTTP-022",
        ONE,
        (b"one ",),
        "header names have no case",
        headers=[(name.upper(), value) for name, value in STREAM],
    )
    streams(
        "http-content-encoding-identity",
        "Content-Encoding: identity",
        "HTTP-020",
        ONE,
        (b"one ",),
        "identity is the coding that changes nothing",
        headers=tuple(STREAM) + (("Content-Encoding", "identity"),),
    )


def _output() -> None:
    def case(name: str, title: str, headers: Headers, output: Dict[str, str], why: str) -> None:
        streams(
            "http-output-" + name,
            title,
            "HTTP-022",
            ONE,
            (b"one ",),
            why,
            headers=(STREAM[0],) + tuple(headers),
            output=output,
            delivery=("whole",),
        )

    names = (
        ("ContentType", "X-Amzn-SageMaker-Content-Type", "application/json"),
        ("InvokedProductionVariant", "x-Amzn-Invoked-Production-Variant", "variant-1"),
        ("CustomAttributes", "X-Amzn-SageMaker-Custom-Attributes", "trace=7; ok"),
    )
    case(
        "all",
        "each header of an output member",
        [pair[1:] for pair in names],
        {member: value for member, _, value in names},
        "the answer tells its content type and its variant by these alone",
    )
    case(
        "none", "none of them", [], {}, "each is optional: the HTTP Content-Type is not the model's"
    )
    for member, name, value in names:
        case(
            "only-" + member.lower(),
            f"{name} alone",
            [(name, value)],
            {member: value},
            "each header is read on its own",
        )
    case(
        "first-of-two",
        "a header twice",
        [(names[0][1], "text/first"), (names[0][1], "text/second")],
        {"ContentType": "text/first"},
        "the first one counts: a header that a proxy adds behind it must not replace the service's",
    )
    case(
        "verbatim",
        "a value with commas, quotes and blanks inside",
        [(names[2][1], 'a="1, 2",  b')],
        {"CustomAttributes": 'a="1, 2",  b'},
        "the value is one text: it is no list and has no parameters",
    )
    case(
        "other-headers",
        "headers that resemble them",
        [("X-Amzn-SageMaker-Accept", "a/b"), ("X-Amzn-Custom-Attributes", "x"), ("Accept", "c/d")],
        {},
        "what is sent and what comes back have different names",
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

    def refuses(
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
            "it is refused and not followed, under the name of an error response",
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
            delivery=("whole",),
            acceptable=[other],
        )

    def read(why: str, divergence: str, output: Dict[str, str] = OUTPUT) -> List[Dict[str, Any]]:
        return [either(ok(output=output, events=events(b"one ")), why, divergence)]

    good = tuple(STREAM)
    untyped = read(
        "where no type is given RFC 9110 lets a recipient look at the bytes, and frames have checksums",
        "DIV-007",
        {},
    )
    wrong_host = "a wrong host, a login page and a compressing gateway look like this: told as a broken checksum it misleads"
    case(
        "no-stream-json",
        "a 200 that is JSON",
        "HTTP-021 HTTP-020",
        200,
        [("Content-Type", "application/json")],
        wrong_host,
        '{"ok":true}',
    )
    case(
        "no-stream-html",
        "a 200 that is HTML",
        "HTTP-021 HTTP-020",
        200,
        [("Content-Type", "text/html")],
        wrong_host,
        "<html>Sign in</html>",
    )
    case(
        "no-stream-no-type",
        "a 200 without Content-Type, though its body is a stream",
        "HTTP-021 HTTP-020",
        200,
        [],
        "the type is the only promise that the bytes are frames",
        acceptable=untyped,
    )
    case(
        "no-stream-empty-type",
        "a 200 with an empty Content-Type",
        "HTTP-021 HTTP-020",
        200,
        [("Content-Type", "")],
        wrong_host,
        acceptable=untyped,
    )
    case(
        "no-stream-longer-type",
        "a Content-Type that only begins like the right one",
        "HTTP-021 HTTP-020",
        200,
        [("Content-Type", STREAM_TYPE + "-v2")],
        "compared by its beginning, another format is read as this one",
    )
    case(
        "no-stream-in-parameter",
        "a Content-Type that has the right one as a parameter",
        "HTTP-021 HTTP-020",
        200,
        [("Content-Type", "multipart/mixed; type=" + STREAM_TYPE)],
        "searched for in the whole value, it is found where it means nothing",
    )
    case(
        "no-stream-empty-body",
        "a 200 that is JSON, without a body",
        "HTTP-021",
        200,
        [("Content-Type", "application/json")],
        "no frame, no fault: taken for a stream it is an empty answer",
        "",
        delivery=("whole",),
    )
    case(
        "no-stream-json-cut",
        "a 200 that is JSON and was cut off",
        "HTTP-021",
        200,
        [("Content-Type", "application/json")],
        "that it is no stream is the cause; that it was cut off too helps nobody",
        '{"ok":',
        complete=False,
    )
    for coding in ("gzip", "br", "GZIP", "identity, gzip"):
        case(
            "content-encoding-"
            + coding.lower().replace(", ", "-")
            + ("-upper" if coding.isupper() else ""),
            f"Content-Encoding: {coding}",
            "HTTP-020 HTTP-021",
            200,
            good + (("Content-Encoding", coding),),
            "compressed frames are no frames; nobody asked for a coding",
            acceptable=read(
                "these frames are not coded, as their checksums show: only the header is wrong",
                "DIV-008",
            ),
        )
    for status, title in (
        (201, "Created"),
        (202, "Accepted"),
        (203, "Non-Authoritative Information"),
        (206, "Partial Content"),
        (299, "of no name"),
    ):
        case(
            f"status-{int(status)}",
            f"a stream with status {int(status)} {title}",
            "HTTP-020 HTTP-021",
            status,
            good,
            "only 200 is the operation's answer: part of a stream, or another one's copy, is not",
            acceptable=read(
                "it is a success, and its type is that of a stream, which is whole", "DIV-006"
            )
            if status != 206
            else (),
        )
    case(
        "status-204",
        "status 204, no body",
        "HTTP-020 HTTP-021",
        204,
        [],
        "no content is no stream without parts",
        "",
        delivery=("whole",),
    )
    for status in (300, 301, 302, 303, 304, 307, 308, 399):
        refuses(
            f"status-{int(status)}",
            f"status {int(status)} with a Location",
            "HTTP-049",
            status,
            [("Location", "https://example.com/")],
            "the signature holds for one host, and the token must not go to another",
            "",
        )
    refuses(
        "status-302-stream",
        "a 302 whose body is a stream",
        "HTTP-049",
        302,
        good + (("Location", "https://example.com/"),),
        "who looks at the type alone takes the answer of a stranger",
    )
    for status in (100, 101, 103, 199):
        refuses(
            f"status-{int(status)}",
            f"status {int(status)} as the final one",
            "HTTP-054",
            status,
            good,
            "an interim answer is none: what follows it is another answer, or nothing",
        )
    for status in (600, 999):
        refuses(
            f"status-{int(status)}",
            f"status {int(status)}",
            "HTTP-054",
            status,
            good,
            "there is no such class of answers",
        )


# ---- what a message means ----------------------------------------------------------------------------------------


def _messages() -> None:
    def among(*middle: str) -> str:
        return "\n".join((ONE,) + middle + (THREE,))

    unknown = "frame :message-type='event' :event-type='UsageReport' :content-type='application/json' payload('{\"Tokens\":3}')"
    streams(
        "http-event-unknown",
        "an event of unknown type between two parts",
        "EVS-032",
        among(unknown),
        (b"one ", b"three"),
        "services add events: a client that stops here breaks on the day they do",
    )
    streams(
        "http-event-unknown-only",
        "an event of unknown type alone",
        "EVS-032",
        unknown,
        (),
        "it is no part, and no end",
    )
    streams(
        "http-event-unknown-empty",
        "an event of unknown type without payload, and one with bytes that are no JSON",
        "EVS-032",
        among(
            "frame :message-type='event' :event-type='Ping'",
            "frame :message-type='event' :event-type='Blob' payload(ff00)",
        ),
        (b"one ", b"three"),
        "what is skipped is not read",
    )
    streams(
        "http-event-type-case",
        "an event type in other letter case",
        "EVS-032 EVS-031",
        among("frame :message-type='event' :event-type='payloadpart' payload('two ')"),
        (b"one ", b"three"),
        "values are compared with their case: this is another event",
    )
    streams(
        "http-event-named-like-a-union",
        "an event of the type of an HTTP error",
        "EVS-032 EVS-033",
        among("frame :message-type='event' :event-type='ModelError' payload('{}')"),
        (b"one ", b"three"),
        "ModelError is no member of the stream: only the two that are would hide a failure",
    )

    def message_type(name: str, title: str, rules: str, text: str, why: str) -> None:
        breaks("http-message-" + name, title, rules, "message_type", among(text), why)

    silent = "a message that does not say what it is may be the failure that ends the answer"
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
        "a :message-type that is none of the three",
        "EVS-030",
        "frame :message-type='notice' :event-type='PayloadPart' payload('two ')",
        silent,
    )
    message_type(
        "type-case",
        "a :message-type in other letter case",
        "EVS-030",
        "frame :message-type='Event' :event-type='PayloadPart' payload('two ')",
        "values are compared with their case",
    )
    message_type(
        "type-name-case",
        "the name :message-type in other letter case",
        "EVS-030 EVS-021",
        "frame :Message-Type='event' :event-type='PayloadPart' payload('two ')",
        "names are compared with their case",
    )
    message_type(
        "type-without-colon",
        "message-type without its colon",
        "EVS-030",
        "frame message-type='event' :event-type='PayloadPart' payload('two ')",
        "the colon is part of the name",
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
        "a :message-type of type bytes",
        "EVS-030",
        "frame :message-type=bytes('event') :event-type='PayloadPart' payload('two ')",
        "a header of another type is another header: two readers would disagree",
    )
    message_type(
        "type-of-boolean",
        "a :message-type that is true",
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
        "an :event-type of type bytes",
        "EVS-031",
        "frame :message-type='event' :event-type=bytes('PayloadPart') payload('two ')",
        "a header of another type is another header",
    )
    message_type(
        "event-type-name-case",
        "the name :event-type in other letter case",
        "EVS-031 EVS-021",
        "frame :message-type='event' :Event-Type='PayloadPart' payload('two ')",
        "names are compared with their case",
    )
    message_type(
        "exception-type-instead",
        "an event with :exception-type alone",
        "EVS-031",
        "frame :message-type='event' :exception-type='ModelStreamError' payload('{}')",
        silent,
    )
    for name in ("ModelStreamError", "InternalStreamFailure"):
        message_type(
            "event-named-" + name.lower(),
            f"{name} sent as an event",
            "EVS-033",
            f"frame :message-type='event' :event-type='{name}' payload('{{\"Message\":\"it broke\"}}')",
            "taken for unknown it is skipped, and a failure passes in silence",
        )
    message_type(
        "exception-type-missing",
        "an exception without :exception-type",
        "EVS-034",
        "frame :message-type='exception' payload('{\"Message\":\"it broke\"}')",
        "an exception that has no name is still a failure",
    )
    message_type(
        "exception-type-of-bytes",
        "an :exception-type of type bytes",
        "EVS-034",
        "frame :message-type='exception' :exception-type=bytes('ModelStreamError') payload('{}')",
        "a header of another type is another header",
    )
    message_type(
        "event-type-of-an-exception",
        "an exception with :event-type alone",
        "EVS-034",
        "frame :message-type='exception' :event-type='ModelStreamError' payload('{}')",
        "the name stands in a header of its own",
    )


def _exceptions() -> None:
    def text(name: str, payload: str, content_type: str = "application/json") -> str:
        frame = f"frame :message-type='exception' :exception-type='{name}' :content-type='{content_type}' payload({payload})"
        return "\n".join((ONE, TWO, frame, THREE))

    both = (b"one ", b"two ")
    lost = "a stream that ends in an exception must not look complete"
    for error_code in ("ModelInvocationTimeExceeded", "StreamBroken"):
        breaks(
            "http-exception-modelstreamerror-" + error_code.lower(),
            f"ModelStreamError with the code {error_code}",
            "EVS-034 EVS-039",
            "exception",
            text("ModelStreamError", f'\'{{"Message":"it broke","ErrorCode":"{error_code}"}}\''),
            "the code tells a model that was too slow from a connection that broke",
            both,
            "ModelStreamError",
            {"Message": "it broke", "ErrorCode": error_code},
        )
    breaks(
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
    breaks(
        "http-exception-first",
        "an exception before any part",
        "EVS-034",
        "exception",
        "frame :message-type='exception' :exception-type='InternalStreamFailure' payload('{\"Message\":\"at once\"}')",
        "an answer that failed at once must not look empty",
        (),
        "InternalStreamFailure",
        {"Message": "at once"},
    )
    breaks(
        "http-exception-small-message",
        "the text in message",
        "EVS-038",
        "exception",
        text("ModelStreamError", '\'{"message":"it broke","ErrorCode":"StreamBroken"}\''),
        "Bedrock writes message, Transcribe Message: who reads one of them has no text",
        both,
        "ModelStreamError",
        {"Message": "it broke", "ErrorCode": "StreamBroken"},
        source="[recorded]",
    )
    breaks(
        "http-exception-both-messages",
        "Message and message, which differ",
        "EVS-038",
        "exception",
        text("ModelStreamError", '\'{"message":"small","Message":"modelled"}\''),
        "the modelled name wins",
        both,
        "ModelStreamError",
        {"Message": "modelled"},
    )
    breaks(
        "http-exception-escapes",
        "a text with escapes and other alphabets",
        "EVS-038",
        "exception",
        text("InternalStreamFailure", '\'{"Message":"caf\\u00e9 \\ud83d\\ude42 東京"}\''),
        "the payload is JSON in UTF-8",
        both,
        "InternalStreamFailure",
        {"Message": "café 🙂 東京"},
    )
    for name, payload, title in (
        ("empty", "", "no payload"),
        ("text", "'it broke'", "a payload that is no JSON"),
        ("cut", '\'{"Message":"it b\'', "JSON that breaks off"),
        ("array", "'[\"it broke\"]'", "a JSON array"),
        ("null", "'null'", "null"),
        ("not-utf8", "'{\"Message\":\"' ff '\"}'", "JSON that is no UTF-8"),
        ("no-members", "'{}'", "an object without members"),
        ("number", '\'{"Message":7,"ErrorCode":[]}\'', "members of other types"),
        ("null-message", "'{\"Message\":null}'", "a null Message"),
    ):
        breaks(
            "http-exception-payload-" + name,
            f"ModelStreamError with {title}",
            "EVS-038 EVS-034",
            "exception",
            text("ModelStreamError", payload),
            "the exception is in the headers: what cannot be read of its payload is missing, no more",
            both,
            "ModelStreamError",
        )
    breaks(
        "http-exception-content-type",
        "ModelStreamError whose :content-type is not JSON",
        "EVS-038 EVS-034",
        "exception",
        text("ModelStreamError", '\'{"Message":"it broke"}\'', "application/octet-stream"),
        lost,
        both,
        "ModelStreamError",
        {"Message": "it broke"},
    )
    for name, title in (
        ("ThrottlingException", "an exception that no model of this service names"),
        ("ModelError", "an exception of the operation that is none of the stream"),
        ("PayloadPart", "an exception with the name of the event"),
        ("modelStreamError", "an exception whose name differs in case"),
    ):
        breaks(
            "http-exception-unmodelled-" + ("case" if name[0].islower() else name.lower()),
            title,
            "EVS-035",
            "unmodeled",
            text(name, '\'{"Message":"slow down"}\''),
            "its name is all that a user has to search for",
            both,
            name,
            {"Message": "slow down"} if name != "PayloadPart" else None,
        )
    breaks(
        "http-exception-unmodelled-payload",
        "an exception that is not modelled, with a payload that is no JSON",
        "EVS-035",
        "unmodeled",
        text("ThrottlingException", "'slow down'"),
        "its name is all that a user has to search for",
        both,
        "ThrottlingException",
    )
    breaks(
        "http-exception-then-cut",
        "an exception, and the connection dies behind it",
        "EVS-039 HTTP-023",
        "exception",
        text("InternalStreamFailure", '\'{"Message":"it broke"}\''),
        "the exception has ended the stream: that is the cause to tell",
        both,
        "InternalStreamFailure",
        {"Message": "it broke"},
        complete=False,
    )


def _error_messages() -> None:
    def text(headers: str, payload: str = "") -> str:
        return "\n".join((ONE, TWO, f"frame :message-type='error'{headers}{payload}", THREE))

    both = (b"one ", b"two ")
    why = "an error message has its text in headers, and no payload: who waits for an exception goes on reading"
    breaks(
        "http-error-message",
        "an error message with code and text",
        "EVS-036 EVS-039",
        "unmodeled",
        text(" :error-code='InternalError' :error-message='it broke'"),
        why,
        both,
        "InternalError",
        {"Message": "it broke"},
    )
    breaks(
        "http-error-message-order",
        "its headers in another order",
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
    breaks(
        "http-error-message-without-text",
        "an error message without :error-message",
        "EVS-036",
        "unmodeled",
        text(" :error-code='InternalError'"),
        "a client gains nothing from refusing an error that lacks its text",
        both,
        "InternalError",
    )
    breaks(
        "http-error-message-with-payload",
        "an error message with a payload that names another error",
        "EVS-036",
        "unmodeled",
        text(
            " :error-code='InternalError' :error-message='it broke'",
            ' payload(\'{"__type":"Other","Message":"other"}\')',
        ),
        "code and text stand in the headers",
        both,
        "InternalError",
        {"Message": "it broke"},
    )
    breaks(
        "http-error-message-modelled-code",
        "an error message whose code is a modelled exception",
        "EVS-036",
        "unmodeled",
        text(" :error-code='ModelStreamError' :error-message='it broke'"),
        "an error message is no exception, whatever its code",
        both,
        "ModelStreamError",
        {"Message": "it broke"},
    )
    breaks(
        "http-error-message-first",
        "an error message before any part",
        "EVS-036",
        "unmodeled",
        "frame :message-type='error' :error-code='InternalError' :error-message='at once'",
        "an answer that failed at once must not look empty",
        (),
        "InternalError",
        {"Message": "at once"},
    )
    for name, headers, title, text_there in (
        ("without-code", " :error-message='it broke'", "without :error-code", True),
        ("bare", "", "without code and text", False),
        (
            "code-of-int",
            " :error-code=int32(7) :error-message='it broke'",
            "with a code that is no string",
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
                {"Message": "it broke"} if text_there else None,
                output=OUTPUT,
                events=events(*both),
            ),
            "a client gains nothing from refusing an error that lacks its code",
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
            "an :event-type that is no UTF-8",
        ),
        (
            "header",
            "frame :message-type='event' raw(0b ':event')",
            "header",
            "EVS-010 EVS-023",
            "a header cut short",
        ),
    ):
        breaks(
            "http-frame-" + name,
            f"a stream whose second frame has {title}",
            rules,
            kind,
            "\n".join((ONE, text, THREE)),
            "what had arrived is delivered, and what follows is not",
        )
    breaks(
        "http-frame-json-behind",
        "a JSON document behind the first frame",
        "EVS-002 EVS-023",
        "prelude_crc",
        ONE + '\nbytes(\'{"message":"Internal error"}\')',
        "a gateway that fails in the middle writes its own page into the stream",
    )
    for cut, title in (
        (1, "inside the prelude"),
        (12, "behind the prelude"),
        (50, "inside the headers"),
        (-4, "before the last checksum"),
        (-1, "one byte before its end"),
    ):
        breaks(
            f"http-truncated-{str(cut).replace('-', 'minus-')}",
            f"a whole body whose second frame ends {title}",
            "EVS-022 HTTP-023",
            "truncated",
            f"{ONE}\n{TWO} cut({int(cut)})",
            "a body can be whole and its stream not: a proxy buffered part of it",
        )
    breaks(
        "http-incomplete-behind-a-frame",
        "a connection that dies between two frames",
        "HTTP-023 EVS-039",
        "truncated",
        ONE,
        "no frame is cut, and the answer is: who looks at frames alone takes half an answer for the whole",
        complete=False,
    )
    breaks(
        "http-incomplete-without-a-frame",
        "a connection that dies before the first frame",
        "HTTP-023",
        "truncated",
        "",
        "an answer that never began must not look empty",
        (),
        complete=False,
        delivery=("whole",),
    )
    breaks(
        "http-incomplete-inside-a-frame",
        "a connection that dies inside the second frame",
        "HTTP-023 EVS-022",
        "truncated",
        f"{ONE}\n{TWO} cut(40)",
        "what had arrived whole is delivered first",
        complete=False,
    )
    breaks(
        "http-incomplete-behind-three",
        "a connection that dies behind the last frame",
        "HTTP-023 EVS-039",
        "truncated",
        "\n".join((ONE, TWO, THREE)),
        "nothing but the end of the body says that this was the last",
        (b"one ", b"two ", b"three"),
        complete=False,
    )


# ---- error responses ---------------------------------------------------------------------------------------------


def document(**members: Any) -> str:
    return json.dumps(members, separators=(",", ":"), ensure_ascii=False)


JSON = ("Content-Type", "application/json")


def typed(name: str) -> Headers:
    """Headers as AWS writes them: the code with a URL behind it."""
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
        fails(
            "http-error-" + code.lower(),
            f"{code}, as AWS writes it",
            "HTTP-030 HTTP-032",
            status,
            typed(code),
            document(Message="it is so"),
            code,
            "the typed error, with its text",
            {"Message": "it is so"},
        )
    fails(
        "http-error-modelerror",
        "ModelError with all members",
        "HTTP-030 HTTP-032",
        424,
        typed("ModelError"),
        document(
            Message="Received server error (500) from primary",
            OriginalStatusCode=500,
            OriginalMessage="out of memory",
            LogStreamArn="arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/Endpoints/llm",
        ),
        "ModelError",
        "the container's own status, text and log are what its author needs",
        {
            "Message": "Received server error (500) from primary",
            "OriginalStatusCode": 500,
            "OriginalMessage": "out of memory",
            "LogStreamArn": "arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/Endpoints/llm",
        },
    )
    fails(
        "http-error-modelerror-more-members",
        "ModelError with a member that the model does not have",
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
        "services add members: a reader that refuses them loses the error",
        {"Message": "bad input", "OriginalStatusCode": 400},
        source="[reported]",
    )
    fails(
        "http-error-modelerror-other-status",
        "ModelError with status 500",
        "HTTP-030",
        500,
        typed("ModelError"),
        document(Message="it is so"),
        "ModelError",
        "the code says what it is, not the status",
        {"Message": "it is so"},
    )
    for name, value in (
        ("fraction", 500.9),
        ("beyond-int32", 2147483648),
        ("boolean", True),
        ("object", {"code": 500}),
    ):
        fails(
            "http-error-original-status-" + name,
            f"ModelError whose OriginalStatusCode is {json.dumps(value)}",
            "HTTP-035",
            424,
            typed("ModelError"),
            document(Message="it is so", OriginalStatusCode=value),
            "ModelError",
            "a member of the wrong type is absent: the error is still this one, with its text",
            {"Message": "it is so"},
        )
    fails(
        "http-error-modelstreamerror",
        "an exception of the stream as an error response",
        "HTTP-030 HTTP-032",
        400,
        typed("ModelStreamError"),
        document(Message="it broke", ErrorCode="StreamBroken"),
        "ModelStreamError",
        "the model gives it no status: it may come before the stream",
        {"Message": "it broke", "ErrorCode": "StreamBroken"},
    )


def _unmodelled_errors() -> None:
    for code, status, title in (
        ("AccessDeniedException", 403, "no permission"),
        ("ExpiredTokenException", 403, "a session token that has expired"),
        ("UnrecognizedClientException", 403, "an unknown key"),
        ("InvalidSignatureException", 403, "a refused signature"),
        ("IncompleteSignature", 403, "an Authorization that cannot be read"),
        ("ThrottlingException", 400, "throttling"),
        ("ModelNotReadyException", 429, "a model that is still loading"),
        (
            "InternalDependencyException",
            530,
            "a dependency that failed, with a status that nobody registered",
        ),
    ):
        fails(
            "http-error-" + code.lower(),
            f"{code}: {title}",
            "HTTP-033 HTTP-030 HTTP-032",
            status,
            typed(code),
            document(message="it is so"),
            code,
            "an error that the model does not name is an error with this code, no failure to parse",
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
        ("empty", 500, [], "", "no body and no headers"),
        ("empty-json", 500, [JSON], "", "no body, said to be JSON"),
        ("no-members", 500, [JSON], "{}", "an object without members"),
        ("null", 500, [JSON], "null", "null"),
        ("array", 500, [JSON], '[{"__type":"InternalFailure"}]', "a JSON array"),
        ("string", 500, [JSON], '"InternalFailure"', "a JSON string"),
        ("cut", 500, [JSON], '{"__type":"InternalFai', "JSON that breaks off"),
        ("deep", 500, [JSON], '{"a":' * 10000 + "1" + "}" * 10000, "JSON nested 10,000 deep"),
        ("599", 599, [JSON], "{}", "the last status there is"),
        (
            "599-text",
            599,
            [("Content-Type", "text/plain")],
            "no",
            "the last status there is, as text",
        ),
        ("404", 404, [("Content-Type", "text/plain")], "not found", "a wrong path"),
        ("stream", 500, STREAM, "", "the type of a stream"),
    ):
        fails(
            "http-error-no-code-" + name,
            f"an error response that is {title}",
            "HTTP-033 HTTP-035",
            status,
            headers,
            body,
            None,
            "whatever the body is, it is the service's answer, and no failure to parse: its status is told",
        )
    fails(
        "http-error-no-code-gzip",
        "an error response that is gzip",
        "HTTP-033 HTTP-035",
        502,
        [("Content-Type", "application/json"), ("Content-Encoding", "gzip")],
        b64(bytes.fromhex("1f8b0800000000000003abae050043bfa6a302000000")),
        None,
        "whatever the body is, it is the service's answer",
        form="base64",
    )
    fails(
        "http-error-no-code-not-utf8",
        "an error response whose JSON is no UTF-8",
        "HTTP-033 HTTP-035",
        500,
        [JSON],
        b64(b'{"Message":"\xff"}'),
        None,
        "whatever the body is, it is the service's answer",
        form="base64",
    )
    fails(
        "http-error-no-code-frames",
        "an error response whose body is frames",
        "HTTP-033 HTTP-035",
        500,
        STREAM,
        ONE,
        None,
        "only a 200 is a stream: an error's body is not delivered as parts",
        form="frames",
    )
    fails(
        "http-error-null-message",
        "400 with a null message",
        "HTTP-034 HTTP-033",
        400,
        [JSON],
        '{"message": null}',
        None,
        "the service throttles so: taken for a bad request, it is never tried again",
        level="SHOULD",
        source="[reported]",
    )
    fails(
        "http-error-incomplete",
        "an error response that was cut off",
        "HTTP-035 HTTP-033",
        500,
        typed("InternalFailure"),
        '{"Message":"it i',
        "InternalFailure",
        "the status and the header have come: that the rest is missing must not hide them",
        complete=False,
    )
    fails(
        "http-error-incomplete-empty",
        "an error response whose body never came",
        "HTTP-035",
        503,
        typed("ServiceUnavailable"),
        "",
        "ServiceUnavailable",
        "the status and the header have come: that the rest is missing must not hide them",
        complete=False,
    )
    fails(
        "http-error-member-twice",
        "a document that names a member twice",
        "HTTP-035 HTTP-030",
        400,
        typed("ValidationError"),
        '{"Message":"a","Message":"b"}',
        "ValidationError",
        "a document that cannot be read is no new error: the header has the code",
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
        fails(
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

    forms = "the same code comes in four forms: a client that compares the whole text knows none of them"
    name = "ValidationError"
    for key, text, title in (
        ("bare", name, "bare"),
        ("url", f"{name}:{CORAL}", "with a URL behind it"),
        ("namespace", "com.amazon.sagemaker#" + name, "with a namespace before it"),
        ("namespace-url", f"com.amazon.sagemaker#{name}:{CORAL}", "with both"),
        ("url-with-hash", f"{name}:http://example.com/#top", "with a URL that holds a #"),
    ):
        case(
            "header-" + key,
            f"the code in the header, {title}",
            "HTTP-031 HTTP-030",
            name,
            text,
            forms,
            Message="it is so",
            source="[spec]; Smithy's restJson1 tests" if "hash" not in key else "derived",
        )
        for member in ("__type", "code"):
            case(
                f"{member.strip('_')}-{key}",
                f"the code in {member}, {title}",
                "HTTP-031 HTTP-030",
                name,
                None,
                forms,
                source="[spec]; Smithy's restJson1 tests" if "hash" not in key else "derived",
                **{member: text, "Message": "it is so"},
            )
    case(
        "capital-code",
        "the code in Code",
        "HTTP-030",
        name,
        None,
        "some services write it so",
        Code=name,
        Message="it is so",
    )
    case(
        "header-over-type",
        "the header and __type differ",
        "HTTP-030",
        name,
        name,
        "the header comes first: a body may be a document of its own",
        __type="InternalFailure",
    )
    case(
        "header-over-code",
        "the header and code differ",
        "HTTP-030",
        name,
        name,
        "the header comes first: a body may be a document of its own",
        code="InternalFailure",
    )
    case(
        "header-empty",
        "an empty header, and __type",
        "HTTP-030",
        name,
        "",
        "an empty one counts as absent",
        __type=name,
    )
    case(
        "type-empty",
        "an empty __type, and code",
        "HTTP-030",
        name,
        None,
        "an empty one counts as absent",
        __type="",
        code=name,
    )
    case(
        "type-null",
        "a null __type, and code",
        "HTTP-030 HTTP-035",
        name,
        None,
        "a member of another type is absent",
        __type=None,
        code=name,
    )
    case(
        "code-number",
        "code is a number",
        "HTTP-035 HTTP-033",
        None,
        None,
        "a member of another type is absent, and no new error",
        code=400,
        Message="it is so",
    )
    case(
        "nothing-before-colon",
        "a header that begins with a colon",
        "HTTP-031 HTTP-033",
        None,
        ":http://example.com/",
        "what is left is empty, and an empty one counts as absent",
        Message="it is so",
    )
    case(
        "type-or-code",
        "__type and code differ",
        "HTTP-030",
        name,
        None,
        "either may be tried first: one of the two must come",
        [
            either(
                dict(reject("service_error", events=[]), code="InternalFailure"),
                "Smithy names both and gives no order",
                "DIV-001",
            )
        ],
        __type=name,
        code="InternalFailure",
    )
    case(
        "two-hashes",
        "a code with two hashes",
        "HTTP-031",
        "b#FooError",
        "a#b#FooError",
        "Smithy's text keeps what stands behind the first",
        [
            either(
                dict(reject("service_error", events=[]), code="FooError"),
                "a code with two is not known to occur",
                "DIV-002",
            )
        ],
    )
    case(
        "case",
        "a code in other letter case",
        "HTTP-033 HTTP-030",
        "validationerror",
        "validationerror",
        "codes are compared with their case: this is one that the model does not name",
        Message="it is so",
    )
    case(
        "blanks",
        "blanks around the code in the header",
        "HTTP-030 HTTP-031",
        name,
        f"  {name}  ",
        "blanks around a header's value are no part of it",
        Message="it is so",
    )


def _members() -> None:
    def case(
        key: str, title: str, rules: str, why: str, text: Optional[str], **members: Any
    ) -> None:
        fails(
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
        "the text in Message",
        "HTTP-032",
        "who reads one spelling has no text for half of the errors",
        "as the model has it",
        Message="as the model has it",
    )
    case(
        "small",
        "the text in message",
        "HTTP-032",
        "who reads one spelling has no text for half of the errors",
        "it is so",
        message="it is so",
    )
    case(
        "both",
        "Message and message differ",
        "HTTP-032",
        "the modelled name wins, so that all clients say the same",
        "modelled",
        message="small",
        Message="modelled",
    )
    case(
        "null-and-small",
        "Message is null, message is not",
        "HTTP-032",
        "null is absent, in either spelling",
        "small",
        Message=None,
        message="small",
    )
    case(
        "upper",
        "the text in MESSAGE",
        "HTTP-032 HTTP-035",
        "names are compared with their case, but for the first letter",
        None,
        MESSAGE="it is so",
    )
    fails(
        "http-message-member-not-utf8",
        "a document that is no UTF-8",
        "HTTP-035 SHP-002",
        400,
        typed("ValidationError"),
        b64(b'{"Message":"caf\xe9"}'),
        "ValidationError",
        "a text that was patched is none of the service's",
        {"Message": None},
        form="base64",
    )
    case(
        "number",
        "Message is a number",
        "HTTP-035",
        "a member of the wrong type is absent: it is still this error",
        None,
        Message=7,
    )
    case(
        "escapes",
        "a text with escapes and other alphabets",
        "HTTP-032",
        "a document is JSON in UTF-8",
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
        fails(
            "http-small-" + key,
            f"ModelError with {member}",
            "HTTP-032",
            424,
            typed("ModelError"),
            document(**members),
            "ModelError",
            "each member may come with a small first letter",
            {modelled: members[member]},
            acceptable=[
                either(
                    absent,
                    "no recording has this member with a small letter, and the error is still this one",
                    "DIV-009",
                )
            ],
        )


def _errors_with_200() -> None:
    why = "the status is a success, the header says that it is none: a reader of frames finds a JSON document"
    fails(
        "http-200-errortype",
        "a 200 with x-amzn-errortype and a JSON document",
        "HTTP-024 HTTP-030",
        200,
        typed("InternalFailure"),
        document(Message="it broke"),
        "InternalFailure",
        why,
        {"Message": "it broke"},
    )
    fails(
        "http-200-errortype-stream",
        "a 200 with x-amzn-errortype and the type of a stream",
        "HTTP-024",
        200,
        tuple(STREAM) + (("x-amzn-ErrorType", "InternalFailure"),),
        document(Message="it broke"),
        "InternalFailure",
        why,
        {"Message": "it broke"},
    )
    fails(
        "http-200-errortype-unmodelled",
        "the same with a code that the model does not name",
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
        why: str = "a gateway or another service answers so",
        level: str = "SHOULD",
        rules: str = "HTTP-036",
    ) -> None:
        unread = either(
            reject("service_error", events=[]),
            "it is told as an error response, whose status the caller sees",
            "DIV-011",
        )
        fails(
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
        "ErrorResponse with Error inside",
        f"<ErrorResponse><Error><Type>Sender</Type>{inner}</Error><RequestId>1</RequestId></ErrorResponse>",
        "AccessDenied",
        "Access Denied",
    )
    case(
        "errors",
        "Response with Errors and Error inside",
        f"<Response><Errors><Error>{inner}</Error></Errors><RequestID>1</RequestID></Response>",
        "AccessDenied",
        "Access Denied",
    )
    case(
        "root",
        "Error as the root",
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inner}<RequestId>1</RequestId></Error>',
        "AccessDenied",
        "Access Denied",
    )
    case(
        "namespace",
        "a namespace",
        f'<ErrorResponse xmlns="http://example.com/doc/"><Error>{inner}</Error></ErrorResponse>',
        "AccessDenied",
        "Access Denied",
    )
    case(
        "escapes",
        "references to characters",
        "<Error><Code>AccessDenied</Code><Message>a &lt; b &amp; c&#233;</Message></Error>",
        "AccessDenied",
        "a < b & cé",
    )
    case(
        "doctype",
        "a document type declaration",
        f"<!DOCTYPE Error [<!ENTITY e 'x'>]><Error>{inner}</Error>",
        None,
        None,
        "a document that may name entities is not read, and is an error response all the same",
        "MUST",
        "HTTP-033 HTTP-035",
    )
    case(
        "cut",
        "XML that breaks off",
        "<Error><Code>AccessDenied</Co",
        None,
        None,
        "a document that cannot be read is no new error",
        "MUST",
        "HTTP-033 HTTP-035",
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
    _members,
    _errors_with_200,
    _xml,
):
    chapter()

for case in [case for feature in FEATURES for case in feature.cases]:
    case["source"] = source_of(case["id"], case["op"], case["source"])
