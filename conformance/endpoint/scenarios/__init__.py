# SPDX-License-Identifier: MIT
"""The catalogue of answers that the endpoint plays: data, with what a correct client makes of each.

A Scenario is a name, what it shows, what a correct client must do, the outcome as data (Expect), and the Answer itself:
heads, steps (bytes, and pauses in seconds) and an ending. A Template is a family of scenarios, one for each number N.
The plan: small functions make frames and answers, the chapters below are lists of scenarios made with them, catalogue()
holds them all by name, find() knows what an endpoint's name plays, and script() turns an Answer into what is written.

An outcome judges what DESIGN calls reject kinds: a body cut short is `truncated`; a head that is malformed, or ends early in
good order, is `http`; closed or reset before its first byte is `network`. A fault has good frames around it, so that a client
which overlooks the fault shows it by the parts that it delivers.

No scenario depends on the request, the clock or chance: the same name plays the same bytes, but for the request id and the
date. What it refuses: nothing; a name that it does not know plays the default answer.
"""

import fnmatch
import json
import re
import struct
import zlib
from functools import lru_cache
from typing import (
    Callable,
    Dict,
    Iterable,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    Union,
)

from refimpl.eventstream import EVENT_STREAM_TYPE, encode
from refimpl.sigv4 import string_to_sign

Headers = Sequence[Tuple[str, str]]
Step = Union[bytes, float]
Fields = Optional[Mapping[str, object]]

FRAMINGS = ("chunked", "length", "close", "raw")
ENDINGS = ("clean", "close", "reset", "stall")


class Expect(NamedTuple):
    """What a correct client makes of an answer.

    status:       "ok" or "reject";  kind: the reject kind;  also: other kinds that are right too
    code:         the error's code;  message: its message;  fields: members of a modelled error besides its message
    http_status:  the status that the client reports;  parts: what it delivers, before the fault if there is one
    output:       the output's header members, by member name;  skipped: how many events of unknown type it passes over
    None, where a field may be None: not judged.
    """

    status: str
    kind: Optional[str] = None
    also: Tuple[str, ...] = ()
    code: Optional[str] = None
    message: Optional[str] = None
    fields: Fields = None
    http_status: Optional[int] = None
    parts: Tuple[bytes, ...] = ()
    output: Optional[Dict[str, str]] = None
    skipped: int = 0


class Answer(NamedTuple):
    """What is written, and how it ends.

    steps:    bytes, each one write and with `chunked` one HTTP chunk; numbers: pauses in seconds; iterated anew for each call
    status, headers:  of the head; "{port}" in a value stands for the endpoint's port
    framing:  "chunked"; "length", with the Content-Length of all steps; "close", until the connection ends;
              "raw": steps are the whole of what is written, head and framing too
    ending:   "clean": the framing's own end; "close": the connection is closed there; "reset": it is reset; "stall": nothing more
    cut:      after that many bytes of the body nothing more is written, though the framing announces all
    interim:  whole heads before the answer's own
    """

    steps: Iterable[Step] = ()
    status: str = "200 OK"
    headers: Headers = ()
    framing: str = "chunked"
    ending: str = "clean"
    cut: Optional[int] = None
    interim: Tuple[bytes, ...] = ()


class Acceptable(NamedTuple):
    expect: Expect
    why: str
    divergence: str


Acceptable.__doc__ = (
    """Another outcome that does its user no harm, why not, and its row in DIVERGENCES.md."""
)


class Scenario(NamedTuple):
    """One answer: its name, what it shows, what a correct client must do, that as data, what is written, the rules it tests."""

    name: str
    title: str
    must: str
    expect: Expect
    answer: Answer
    rules: Tuple[
        str, ...
    ] = ()  # of SPEC.md; the catalogue's own have them from the table below, see rules_of()
    acceptable: Tuple[Acceptable, ...] = ()  # from a table below, too


class Template(NamedTuple):
    name: str
    title: str
    must: str
    make: Callable[[int], Scenario]
    most: int
    examples: Tuple[int, ...]


Template.__doc__ = """A family of scenarios, one for each N from 0 to `most`."""

Entry = Union[Scenario, Template]


# ---- frames ------------------------------------------------------------------------------------------------------


def part(data: bytes, content_type: Optional[str] = "application/octet-stream") -> bytes:
    """Return the frame of a PayloadPart."""
    return event("PayloadPart", data, content_type)


def event(name: str, payload: bytes, content_type: Optional[str] = "application/json") -> bytes:
    """Return the frame of an event of any type."""
    own = [(":content-type", content_type)] if content_type is not None else []
    return message([(":event-type", name)] + own + [(":message-type", "event")], payload)


def unknown_event() -> bytes:
    """Return the frame of an event that the model does not have."""
    return event("UsageReport", b'{"Tokens":3}')


def exception(name: str, **members: str) -> bytes:
    """Return the frame of an exception; its payload is the members as JSON."""
    headers = [
        (":exception-type", name),
        (":content-type", "application/json"),
        (":message-type", "exception"),
    ]
    return message(headers, _json(members))


def error_message(code: Optional[str], text: Optional[str]) -> bytes:
    """Return the frame of an `error` message."""
    pairs = [(":error-code", code), (":error-message", text), (":message-type", "error")]
    return message([(name, value) for name, value in pairs if value is not None])


def message(headers: Sequence[Tuple[str, Union[str, bool, int]]], payload: bytes = b"") -> bytes:
    """Return a valid frame; a text header is a string, a truth value a boolean, a number an int32."""
    types = {str: "string", bool: "boolean", int: "int32"}
    return encode([(name, types[type(value)], value) for name, value in headers], payload)


def header(name: bytes, value: bytes, code: int = 7) -> bytes:
    """Return the bytes of one header, valid or not; value is written with a length if its type has one."""
    length = struct.pack(">H", len(value)) if code in (6, 7) else b""
    return bytes((len(name),)) + name + bytes((code,)) + length + value


_PART_HEADERS = header(b":event-type", b"PayloadPart") + header(b":message-type", b"event")


def raw_frame(
    block: bytes = _PART_HEADERS,
    payload: bytes = b"two ",
    total_length: Optional[int] = None,
    headers_length: Optional[int] = None,
    flip_prelude_crc: int = 0,
    flip_message_crc: int = 0,
) -> bytes:
    """Return a frame that need not be valid: lengths as given, checksums right but for the bits that are flipped."""
    total = 16 + len(block) + len(payload) if total_length is None else total_length
    prelude = struct.pack(">II", total, len(block) if headers_length is None else headers_length)
    frame = prelude + struct.pack(">I", zlib.crc32(prelude) ^ flip_prelude_crc) + block + payload
    return frame + struct.pack(">I", zlib.crc32(frame) ^ flip_message_crc)


def _json(members: Dict[str, str]) -> bytes:
    return json.dumps(members).encode("ascii")


# ---- HTTP --------------------------------------------------------------------------------------------------------

STREAM_HEADERS = (
    ("Content-Type", EVENT_STREAM_TYPE),
    ("X-Amzn-SageMaker-Content-Type", "text/plain; charset=utf-8"),
    ("x-Amzn-Invoked-Production-Variant", "AllTraffic"),
)
RAW_HEADERS = STREAM_HEADERS + (
    ("Connection", "close"),
)  # of a raw answer, whose connection ends with it
OUTPUT = {"ContentType": "text/plain; charset=utf-8", "InvokedProductionVariant": "AllTraffic"}
CHUNKED = ("Transfer-Encoding", "chunked")
LAST_CHUNK = b"0\r\n\r\n"


def head(
    headers: Headers = STREAM_HEADERS, status: str = "200 OK", version: str = "HTTP/1.1"
) -> bytes:
    """Return the bytes of a head."""
    lines = [f"{version} {status}"] + ["{}: {}".format(*pair) for pair in headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def chunk(data: bytes, size: Optional[bytes] = None, end: bytes = b"\r\n") -> bytes:
    """Return one HTTP chunk; size: what to write for its size, end: what to write behind it."""
    return (b"%x" % len(data) if size is None else size) + b"\r\n" + data + end


def stream(
    *steps: Step,
    headers: Headers = STREAM_HEADERS,
    framing: str = "chunked",
    ending: str = "clean",
    cut: Optional[int] = None,
    interim: Tuple[bytes, ...] = (),
) -> Answer:
    """Return a 200 whose body is an event stream."""
    return Answer(steps, headers=headers, framing=framing, ending=ending, cut=cut, interim=interim)


def raw(*steps: Step, ending: str = "close") -> Answer:
    """Return an answer that is written as it stands."""
    return Answer(steps, framing="raw", ending=ending)


def document(
    status: str,
    body: bytes,
    error_type: Optional[str] = None,
    content_type: str = "application/json",
    headers: Headers = (),
) -> Answer:
    """Return an answer whose body is one document; error_type goes into x-amzn-ErrorType."""
    own = [("Content-Type", content_type)] + (
        [("x-amzn-ErrorType", error_type)] if error_type is not None else []
    )
    return Answer((body,), status, tuple(own) + tuple(headers), "length")


def failure(status: str, error_type: str, **members: Union[str, int, None]) -> Answer:
    """Return a service error as AWS writes it: the type in a header with a URL behind it, the members as JSON."""
    return document(status, json.dumps(members).encode("ascii"), f"{error_type}:{CORAL}")


CORAL = "http://internal.amazon.com/coral/com.amazon.coral.service/"


class Piece(NamedTuple):
    data: bytes
    body: bytes
    pause: float


Piece.__doc__ = (
    """One write: its bytes, those of the body that are in it, and how long to wait before."""
)


def script(answer: Answer, headers: Headers = (), port: int = 0) -> Iterator[Piece]:
    """Yield the writes that play an answer; headers go into its head too, where it has none of the same name."""
    for interim in answer.interim:
        yield Piece(interim, b"", 0.0)
    if answer.framing == "raw":
        for step in answer.steps:
            yield Piece(step, b"", 0.0) if isinstance(step, bytes) else Piece(b"", b"", step)
        return
    yield Piece(_head_of(answer, headers, port), b"", 0.0)
    chunked, left = answer.framing == "chunked", answer.cut
    for step in answer.steps:
        if not isinstance(step, bytes):
            yield Piece(b"", b"", step)
        elif left is not None and left < len(step):
            if left:
                yield Piece(
                    (b"%x\r\n" % len(step) if chunked else b"") + step[:left], step[:left], 0.0
                )
            return
        elif step:  # an empty chunk would be the last one
            yield Piece(chunk(step) if chunked else step, step, 0.0)
            left = None if left is None else left - len(step)
    if chunked and answer.ending == "clean":
        yield Piece(LAST_CHUNK, b"", 0.0)


def _head_of(answer: Answer, headers: Headers, port: int) -> bytes:
    own = [(name, value.replace("{port}", str(port))) for name, value in answer.headers]
    named = {name.lower() for name, _ in own}
    if answer.framing == "chunked":
        own.append(CHUNKED)
    elif answer.framing == "length":
        own.append(("Content-Length", str(len(body_of(answer)))))
    return head([pair for pair in headers if pair[0].lower() not in named] + own, answer.status)


def body_of(answer: Answer) -> bytes:
    """Return the whole body of an answer that is not raw, whatever its cut."""
    return b"".join([step for step in answer.steps if isinstance(step, bytes)])


# ---- outcomes ----------------------------------------------------------------------------------------------------

ONE, TWO, THREE = b"one ", b"two ", b"three"
PARTS = (ONE, TWO, THREE)
FRAMES = tuple(part(data) for data in PARTS)
PACE = 0.02  # seconds between two tokens


def ok(*parts: bytes, skipped: int = 0) -> Expect:
    """All is well, and these are the parts."""
    return Expect("ok", http_status=200, parts=parts, output=OUTPUT, skipped=skipped)


def broken(
    kind: str,
    *parts: bytes,
    code: Optional[str] = None,
    text: Optional[str] = None,
    fields: Fields = None,
    also: Tuple[str, ...] = (),
) -> Expect:
    """The stream began, and fails after these parts."""
    return Expect("reject", kind, also, code, text, fields, 200, parts, OUTPUT)


def refused(
    kind: str,
    http_status: Optional[int] = None,
    code: Optional[str] = None,
    text: Optional[str] = None,
    fields: Fields = None,
) -> Expect:
    """No stream begins."""
    return Expect("reject", kind, (), code, text, fields, http_status)


# ---- streams that are as they should be --------------------------------------------------------------------------

SENTENCE = tuple(
    re.findall(
        r"\S+ ?",
        "Every frame carries two checksums, so a stream that breaks is a stream that says so.",
    )
)
TOKENS = tuple(token.encode("ascii") for token in SENTENCE)


def _paced(tokens: Sequence[bytes]) -> Tuple[Step, ...]:
    steps: List[Step] = []
    for token in tokens:
        steps += [part(token), PACE]
    return tuple(steps[:-1])


DEFAULT = Scenario(
    "default",
    "an English sentence, token by token",
    "deliver each part as it comes",
    ok(*TOKENS),
    stream(*_paced(TOKENS)),
)

_UTF8 = "naïve café, 東京, 🙂".encode("utf-8")
_UTF8_PARTS = (_UTF8[:3], _UTF8[3:13], _UTF8[13:16], _UTF8[16:-2], _UTF8[-2:])


def _good_streams() -> List[Entry]:
    small = b"".join(FRAMES)
    return [
        DEFAULT,
        Scenario(
            "default-length",
            "the same with Content-Length",
            "deliver each part as it comes, not at the end",
            ok(*TOKENS),
            stream(*_paced(TOKENS), framing="length"),
        ),
        Scenario(
            "default-close",
            "the same until the connection closes",
            "deliver each part as it comes; the close is the end",
            ok(*TOKENS),
            stream(*_paced(TOKENS), framing="close"),
        ),
        Template(
            "long-answer-N",
            "N parts without a pause",
            "deliver all N, in flat memory",
            _long_answer,
            100000,
            (0, 1, 1000),
        ),
        Scenario(
            "long-answer",
            "2,000 parts without a pause",
            "deliver all of them, in flat memory",
            *_long_answer(2000)[3:],
        ),
        Scenario(
            "empty-stream",
            "no frame at all, chunked",
            "end without a part and without an error",
            ok(),
            stream(),
        ),
        Scenario(
            "empty-stream-length",
            "no frame at all, Content-Length: 0",
            "end without a part and without an error",
            ok(),
            stream(framing="length"),
        ),
        Scenario(
            "empty-stream-close",
            "no frame at all, until close",
            "end without a part and without an error",
            ok(),
            stream(framing="close"),
        ),
        Scenario(
            "empty-part",
            "a part without bytes between two others",
            "deliver three parts, the second empty",
            ok(ONE, b"", THREE),
            stream(part(ONE), part(b""), part(THREE)),
        ),
        Scenario(
            "one-byte-at-a-time",
            "every byte its own HTTP chunk and write",
            "deliver three parts",
            ok(*PARTS),
            stream(*_pieces(small, 1)),
        ),
        Scenario(
            "one-byte-at-a-time-length",
            "every byte its own write, with Content-Length",
            "deliver three parts",
            ok(*PARTS),
            stream(*_pieces(small, 1), framing="length"),
        ),
        Scenario(
            "frames-split",
            "HTTP chunks of 7 bytes: every frame lies in several",
            "deliver three parts",
            ok(*PARTS),
            stream(*_pieces(small, 7)),
        ),
        Scenario(
            "frames-merged",
            "three frames in one HTTP chunk",
            "deliver three parts",
            ok(*PARTS),
            stream(small),
        ),
        Scenario(
            "frames-astride",
            "each HTTP chunk ends one frame and begins the next",
            "deliver three parts",
            ok(*PARTS),
            stream(*_pieces(small, len(FRAMES[0]) * 2 // 3)),
        ),
        Scenario(
            "utf-8-split",
            "characters that lie across two parts",
            "deliver the parts as they are; decode them as one text",
            ok(*_UTF8_PARTS),
            stream(*map(part, _UTF8_PARTS)),
        ),
        Scenario(
            "not-text",
            "a part that is no UTF-8",
            "deliver the bytes as they are",
            ok(bytes(range(256))),
            stream(part(bytes(range(256)))),
        ),
        Scenario(
            "big-part",
            "one part of 1 MiB",
            "deliver it whole",
            ok(b"x" * 1048576),
            stream(part(b"x" * 1048576)),
        ),
        Scenario(
            "slow-drip",
            "five bytes at a time, 0.01 s apart",
            "wait: the read time-out counts from the last byte",
            ok(*PARTS),
            stream(*_between(_pieces(small, 5), 0.01)),
        ),
        Scenario(
            "output-members",
            "all three output members",
            "give each from its own header, CustomAttributes too",
            ok(ONE)._replace(output=dict(OUTPUT, CustomAttributes="trace=7; a=b")),
            stream(
                part(ONE),
                headers=STREAM_HEADERS + (("X-Amzn-SageMaker-Custom-Attributes", "trace=7; a=b"),),
            ),
        ),
        Scenario(
            "output-absent",
            "no output member",
            "give none: the HTTP Content-Type is not the member",
            ok(ONE)._replace(output={}),
            stream(part(ONE), headers=STREAM_HEADERS[:1]),
        ),
        Scenario(
            "content-type-parameters",
            "the media type with a parameter",
            "accept it",
            ok(ONE),
            stream(part(ONE), headers=_with_type(EVENT_STREAM_TYPE + "; charset=binary")),
        ),
        Scenario(
            "content-type-upper-case",
            "the media type in upper case",
            "accept it",
            ok(ONE),
            stream(part(ONE), headers=_with_type(EVENT_STREAM_TYPE.upper())),
        ),
        Scenario(
            "content-encoding-identity",
            "Content-Encoding: identity",
            "accept it",
            ok(ONE),
            stream(part(ONE), headers=STREAM_HEADERS + (("Content-Encoding", "identity"),)),
        ),
        Scenario(
            "part-as-json",
            "a part whose :content-type is application/json",
            "deliver the payload all the same",
            ok(ONE),
            stream(part(ONE, "application/json")),
        ),
        Scenario(
            "part-without-type",
            "a part without :content-type",
            "deliver the payload all the same",
            ok(ONE),
            stream(part(ONE, None)),
        ),
    ]


def _long_answer(count: int) -> Scenario:
    parts = tuple(b"token %d " % number for number in range(count))
    return Scenario(
        f"long-answer-{int(count)}",
        f"{int(count)} parts without a pause",
        "deliver all of them, in flat memory",
        ok(*parts),
        stream(*map(part, parts)),
    )


def _pieces(data: bytes, size: int) -> List[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


def _between(pieces: Sequence[bytes], pause: float) -> List[Step]:
    steps: List[Step] = []
    for piece in pieces:
        steps += [pause, piece]
    return steps


def _with_type(content_type: str) -> Headers:
    return (("Content-Type", content_type),) + STREAM_HEADERS[1:]


# ---- errors inside the stream ------------------------------------------------------------------------------------

_MODEL_ERRORS = (
    (
        "model-invocation-time-exceeded",
        "ModelStreamError",
        "The model did not finish in time.",
        "ModelInvocationTimeExceeded",
    ),
    ("stream-broken", "ModelStreamError", "The model's stream broke.", "StreamBroken"),
    (
        "internal-stream-failure",
        "InternalStreamFailure",
        "The service failed while it streamed.",
        None,
    ),
)


def _exception_of(code: str, text: str, error_code: Optional[str]) -> bytes:
    members = {"Message": text}
    if error_code is not None:
        members["ErrorCode"] = error_code
    return exception(code, **members)


def _exception_at(place: str, index: int, row: Tuple[str, str, str, Optional[str]]) -> Scenario:
    name, code, text, error_code = row
    frames = FRAMES[:index] + (_exception_of(code, text, error_code),) + FRAMES[index:]
    fields = {"ErrorCode": error_code} if error_code is not None else {}
    return Scenario(
        f"{name}-{place}",
        f"{code} as the {place} message",
        f"deliver what came before it, raise it with its message{' and ErrorCode' if error_code else ''}, deliver nothing after",
        broken("exception", *PARTS[:index], code=code, text=text, fields=fields),
        stream(*frames),
    )


def _model_stream_error_after(count: int) -> Scenario:
    parts = tuple(b"token %d " % number for number in range(count))
    _, code, text, error_code = _MODEL_ERRORS[1]
    return Scenario(
        f"model-stream-error-after-{int(count)}",
        f"ModelStreamError after {int(count)} parts",
        "deliver them, then raise it",
        broken("exception", *parts, code=code, text=text, fields={"ErrorCode": error_code}),
        stream(*map(part, parts), _exception_of(code, text, error_code)),
    )


def _stream_errors() -> List[Entry]:
    places = (("first", 0), ("middle", 2), ("last", 3))
    entries: List[Entry] = [
        _exception_at(place, index, row) for row in _MODEL_ERRORS for place, index in places
    ]
    return entries + [
        Template(
            "model-stream-error-after-N",
            "ModelStreamError after N parts",
            "deliver N parts, then raise it",
            _model_stream_error_after,
            10000,
            (0, 3),
        ),
        Scenario(
            "exception-small-message",
            "ModelStreamError whose member is spelled `message`",
            "read the message all the same",
            broken(
                "exception",
                ONE,
                code="ModelStreamError",
                text="small",
                fields={"ErrorCode": "StreamBroken"},
            ),
            stream(
                part(ONE), exception("ModelStreamError", message="small", ErrorCode="StreamBroken")
            ),
        ),
        Scenario(
            "exception-without-document",
            "ModelStreamError whose payload is plain text",
            "raise it without a message",
            broken("exception", ONE, code="ModelStreamError"),
            stream(
                part(ONE),
                message(
                    [(":exception-type", "ModelStreamError"), (":message-type", "exception")],
                    b"it broke",
                ),
            ),
        ),
        Scenario(
            "exception-unmodelled",
            "an exception that the model does not have",
            "raise it with its name as code",
            broken("unmodeled", ONE, code="ModelOverloadedException", text="Too many streams."),
            stream(
                part(ONE),
                exception("ModelOverloadedException", message="Too many streams."),
                part(TWO),
            ),
        ),
        Scenario(
            "error-message",
            "an `error` message with a code",
            "raise it with code and message",
            broken(
                "unmodeled", ONE, code="InternalError", text="An internal server error occurred."
            ),
            stream(
                part(ONE),
                error_message("InternalError", "An internal server error occurred."),
                part(TWO),
            ),
        ),
        Scenario(
            "error-message-without-code",
            "an `error` message without a code",
            "raise it all the same",
            broken("unmodeled", ONE, text="An internal server error occurred."),
            stream(part(ONE), error_message(None, "An internal server error occurred."), part(TWO)),
        ),
        Scenario(
            "error-message-bare",
            "an `error` message without code and text",
            "raise it all the same",
            broken("unmodeled", ONE),
            stream(part(ONE), error_message(None, None), part(TWO)),
        ),
        Scenario(
            "unknown-event",
            "an event of unknown type between two parts",
            "skip it, and count it",
            ok(ONE, TWO, skipped=1),
            stream(part(ONE), unknown_event(), part(TWO)),
        ),
    ]


_EVENT, _PART = (":message-type", "event"), (":event-type", "PayloadPart")
_BAD_MESSAGES = (
    ("message-type-missing", "no :message-type", message([_PART], b"two ")),
    (
        "message-type-not-a-string",
        "a :message-type that is no string",
        message([_PART, (":message-type", True)], b"two "),
    ),
    (
        "message-type-unknown",
        "an unknown :message-type",
        message([_PART, (":message-type", "control")], b"two "),
    ),
    (
        "message-type-upper-case",
        "a :message-type in upper case",
        message([_PART, (":message-type", "EVENT")], b"two "),
    ),
    ("message-without-headers", "a message without any header", message([], b"two ")),
    ("event-type-missing", "no :event-type", message([_EVENT], b"two ")),
    (
        "event-type-not-a-string",
        "an :event-type that is no string",
        message([(":event-type", 1), _EVENT], b"two "),
    ),
    (
        "exception-type-missing",
        "no :exception-type",
        message([(":message-type", "exception")], b'{"Message":"x"}'),
    ),
    (
        "exception-sent-as-event",
        "ModelStreamError sent as an event",
        event("ModelStreamError", b'{"Message":"x"}'),
    ),
    (
        "internal-failure-sent-as-event",
        "InternalStreamFailure sent as an event",
        event("InternalStreamFailure", b'{"Message":"x"}'),
    ),
)


def _bad_messages() -> List[Entry]:
    return [_bad_frame(name, title, "message_type", frame) for name, title, frame in _BAD_MESSAGES]


def _bad_frame(name: str, title: str, kind: str, frame: bytes) -> Scenario:
    return Scenario(
        name,
        f"{title}, between two good parts",
        "deliver the first part, refuse the frame, deliver nothing after",
        broken(kind, ONE),
        stream(part(ONE), frame, part(THREE)),
    )


# ---- broken frames -----------------------------------------------------------------------------------------------

_BAD_FRAMES = (
    (
        "header-name-empty",
        "a header without a name",
        "header",
        raw_frame(_PART_HEADERS + header(b"", b"x")),
    ),
    (
        "header-twice",
        "a header name twice",
        "duplicate_header",
        raw_frame(_PART_HEADERS + header(b":message-type", b"exception")),
    ),
    (
        "header-twice-equal",
        "a header twice, values equal",
        "duplicate_header",
        raw_frame(_PART_HEADERS + header(b":message-type", b"event")),
    ),
    (
        "header-type-unknown",
        "a header of type 10",
        "header_type",
        raw_frame(_PART_HEADERS + header(b"x", b"", 10)),
    ),
    (
        "header-name-not-utf-8",
        "a header name that is no UTF-8",
        "utf8",
        raw_frame(_PART_HEADERS + header(b"\xff\xfe", b"x")),
    ),
    (
        "header-value-not-utf-8",
        "a string value that is no UTF-8",
        "utf8",
        raw_frame(_PART_HEADERS + header(b"x", b"\xc3(")),
    ),
    (
        "header-value-surrogate",
        "a string value with an encoded surrogate",
        "utf8",
        raw_frame(_PART_HEADERS + header(b"x", b"\xed\xa0\x80")),
    ),
    (
        "header-value-too-long",
        "a value that runs past the headers",
        "header",
        raw_frame(_PART_HEADERS + b"\x01x\x07\x00\x05abc"),
    ),
    (
        "header-value-length-cut",
        "headers that end inside a value's length",
        "header",
        raw_frame(_PART_HEADERS + b"\x01x\x07\x00"),
    ),
    (
        "header-name-too-long",
        "a name that runs past the headers",
        "header",
        raw_frame(_PART_HEADERS + b"\x09xyz"),
    ),
    (
        "header-without-type",
        "headers that end after a name",
        "header",
        raw_frame(_PART_HEADERS + b"\x01x"),
    ),
    (
        "header-number-cut",
        "headers that end inside a number",
        "header",
        raw_frame(_PART_HEADERS + b"\x01x\x04\x00\x00"),
    ),
    ("prelude-crc", "a wrong prelude checksum", "prelude_crc", raw_frame(flip_prelude_crc=1)),
    (
        "message-crc",
        "a wrong message checksum",
        "message_crc",
        raw_frame(flip_message_crc=0x80000000),
    ),
    (
        "message-crc-payload",
        "a payload with one bit flipped",
        "message_crc",
        FRAMES[1][:-5] + bytes((FRAMES[1][-5] ^ 1,)) + FRAMES[1][-4:],
    ),
    ("total-length-0", "total length 0", "length", raw_frame(total_length=0)),
    (
        "total-length-15",
        "total length 15",
        "length",
        raw_frame(b"", b"", total_length=15, headers_length=0),
    ),
    (
        "total-length-max",
        "total length 0xFFFFFFFF, its checksum right",
        "limit",
        raw_frame(total_length=0xFFFFFFFF),
    ),
    (
        "headers-length-beyond",
        "headers longer than the frame",
        "length",
        raw_frame(headers_length=len(_PART_HEADERS) + 4 + 1),
    ),
    (
        "headers-length-max",
        "headers length 0xFFFFFFFF, its checksum right",
        "length",
        raw_frame(headers_length=0xFFFFFFFF),
    ),
    (
        "not-a-frame-json",
        "JSON where a frame should be",
        "prelude_crc",
        b'{"message": "Internal server error"}',
    ),
    (
        "not-a-frame-text",
        "server-sent events where a frame should be",
        "prelude_crc",
        b'data: {"token": "two"}\n\n',
    ),
)


def _bad_frames() -> List[Entry]:
    entries: List[Entry] = [_bad_frame(*row) for row in _BAD_FRAMES]
    flipped = FRAMES[1][:2] + bytes((FRAMES[1][2] ^ 0x40,)) + FRAMES[1][3:]  # 16 KiB more
    return entries + [
        Scenario(
            "prelude-crc-then-stall",
            "a flipped bit in the total length, then nothing",
            "refuse the prelude at once",
            broken("prelude_crc", ONE),
            stream(part(ONE), flipped, ending="stall"),
        ),
        Scenario(
            "total-length-max-then-stall",
            "total length 0xFFFFFFFF, then nothing",
            "refuse the prelude at once",
            broken("limit", ONE),
            stream(part(ONE), raw_frame(total_length=0xFFFFFFFF), ending="stall"),
        ),
        Scenario(
            "bad-frame-behind-good-ones",
            "two parts and a bad frame in one HTTP chunk",
            "deliver both parts, then raise",
            broken("message_crc", ONE, TWO),
            stream(part(ONE) + part(TWO) + raw_frame(flip_message_crc=1)),
        ),
    ]


# ---- bodies that end too early -----------------------------------------------------------------------------------

_CUTS = (
    0,
    1,
    11,
    57,
    len(FRAMES[0]),
    len(FRAMES[0]) + 1,
    len(b"".join(FRAMES)) - 1,
    len(b"".join(FRAMES)),
)


def _cut_at(family: str, framing: str, ending: str, count: int) -> Scenario:
    """Return the three frames cut after count bytes; the outcome follows from the definition of completeness."""
    whole, position = 0, 0
    while whole < len(FRAMES) and position + len(FRAMES[whole]) <= count:
        position += len(FRAMES[whole])
        whole += 1
    at_end, between = whole == len(FRAMES), position == count
    complete = (
        framing == "length"
        and at_end
        or framing == "close"
        and ending == "close"
        and (at_end or between)
    )
    return Scenario(
        f"{family}-{int(count)}",
        f"cut after {int(count)} bytes of the body",
        f"deliver the {int(whole)} parts that came whole, then {'end' if complete else 'raise'}",
        ok(*PARTS[:whole]) if complete else broken("truncated", *PARTS[:whole]),
        stream(*FRAMES, framing=framing, ending=ending, cut=count),
    )


def _truncation(family: str, title: str, framing: str, ending: str) -> Template:
    return Template(
        family + "-N",
        title,
        "deliver what came whole, then raise, unless the body is complete by its own framing",
        lambda count: _cut_at(family, framing, ending, count),
        10000,
        _CUTS,
    )


def _truncations() -> List[Entry]:
    two, half = part(TWO), part(TWO)[:20]
    between = len(FRAMES[0]) + len(FRAMES[1])
    return [
        _truncation(
            "truncated-chunked-at", "chunked, closed after N bytes of the body", "chunked", "close"
        ),
        _truncation(
            "truncated-length-at",
            "Content-Length, closed after N bytes of the body",
            "length",
            "close",
        ),
        _truncation(
            "truncated-close-at", "until close, closed after N bytes of the body", "close", "close"
        ),
        _truncation(
            "truncated-reset-at", "chunked, reset after N bytes of the body", "chunked", "reset"
        ),
        _truncation(
            "truncated-length-reset-at",
            "Content-Length, reset after N bytes of the body",
            "length",
            "reset",
        ),
        _truncation(
            "truncated-close-reset-at",
            "until close, reset after N bytes of the body",
            "close",
            "reset",
        ),
        Scenario(
            "cut-between-frames-close",
            "until close, closed exactly between two frames",
            "end: by definition the stream is complete",
            ok(ONE, TWO),
            stream(*FRAMES, framing="close", ending="close", cut=between),
        ),
        Scenario(
            "cut-between-frames-length",
            "Content-Length, closed exactly between two frames",
            "deliver two parts, then raise",
            broken("truncated", ONE, TWO),
            stream(*FRAMES, framing="length", ending="close", cut=between),
        ),
        Scenario(
            "cut-between-frames-chunked",
            "chunked, closed exactly between two frames",
            "deliver two parts, then raise",
            broken("truncated", ONE, TWO),
            stream(*FRAMES, ending="close", cut=between),
        ),
        Scenario(
            "last-chunk-missing",
            "all frames whole, but no last chunk",
            "deliver three parts, then raise",
            broken("truncated", *PARTS),
            stream(*FRAMES, ending="close"),
        ),
        Scenario(
            "frame-unfinished-chunked",
            "the last chunk comes inside a frame",
            "deliver one part, then raise: half a frame is no end",
            broken("truncated", ONE),
            stream(part(ONE), half),
        ),
        Scenario(
            "frame-unfinished-length",
            "Content-Length ends inside a frame",
            "deliver one part, then raise: half a frame is no end",
            broken("truncated", ONE),
            stream(part(ONE), half, framing="length"),
        ),
        Scenario(
            "frame-unfinished-in-prelude",
            "the last chunk comes inside a prelude",
            "deliver one part, then raise",
            broken("truncated", ONE),
            stream(part(ONE), two[:5]),
        ),
        Scenario(
            "malformed-end",
            "a line without a size in place of the last chunk",
            "deliver three parts, then raise",
            broken("http", *PARTS),
            _raw_chunks(*map(chunk, FRAMES), b"\r\n\r\n"),
        ),
    ]


def _raw_chunks(*chunks: bytes) -> Answer:
    return raw(head(RAW_HEADERS + (CHUNKED,)), *chunks)


def _stalls() -> List[Entry]:
    return [
        Scenario(
            "stall-before-head",
            "nothing comes at all",
            "time out",
            refused("timeout"),
            raw(ending="stall"),
        ),
        Scenario(
            "stall-in-head",
            "half a head, then nothing",
            "time out",
            refused("timeout"),
            raw(head()[:40], ending="stall"),
        ),
        Scenario(
            "stall-before-first-part",
            "a head, then nothing",
            "time out",
            broken("timeout"),
            stream(ending="stall"),
        ),
        Scenario(
            "stall-between-parts",
            "two parts, then nothing",
            "deliver two parts at once, then time out",
            broken("timeout", ONE, TWO),
            stream(part(ONE), part(TWO), ending="stall"),
        ),
        Scenario(
            "stall-in-part",
            "a part and a half, then nothing",
            "deliver one part at once, then time out",
            broken("timeout", ONE),
            stream(part(ONE), part(TWO)[:20], ending="stall"),
        ),
        Scenario(
            "stall-in-part-length",
            "the same with Content-Length",
            "deliver one part at once, then time out",
            broken("timeout", ONE),
            stream(*FRAMES, framing="length", ending="stall", cut=len(FRAMES[0]) + 20),
        ),
        Scenario(
            "stall-before-last-chunk",
            "three parts, but no last chunk",
            "deliver three parts, then time out: a last frame is no end",
            broken("timeout", *PARTS),
            stream(*FRAMES, ending="stall"),
        ),
    ]


# ---- service errors ----------------------------------------------------------------------------------------------

CANONICAL_TEXT = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. "
    "Consult the service documentation for details.\n\nThe Canonical String for this request should have been\n'%s'\n\n"
    "The String-to-Sign should have been\n'%s'\n"
)
_EXAMPLE = (
    "POST\n/endpoints/error-403-signature/invocations-response-stream\n\nhost:runtime.sagemaker.us-east-1.amazonaws.com\n"
    "x-amz-date:20150830T123600Z\n\nhost;x-amz-date\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)
_CANONICAL = CANONICAL_TEXT % (
    _EXAMPLE,
    string_to_sign("20150830T123600Z", "20150830/us-east-1/sagemaker/aws4_request", _EXAMPLE),
)
_SKEW = "Signature expired: 20150830T123600Z is now earlier than 20150830T124100Z (20150830T124600Z - 5 min.)"
_LOGS = "arn:aws:logs:us-east-1:111122223333:log-group:/aws/sagemaker/Endpoints/llm"
_MODEL_MEMBERS: Dict[str, Union[str, int]] = {
    "OriginalStatusCode": 500,
    "OriginalMessage": '{"error": "CUDA out of memory"}',
    "LogStreamArn": _LOGS,
}
_MODEL_TEXT = 'Received server error (500) from primary with message "CUDA out of memory".'
_VALIDATION = "1 validation error detected"
_XML = b"<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>in XML</Message></Error></ErrorResponse>"
_HTML = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><h1>502 Bad Gateway</h1></body>\r\n</html>\r\n"


def _gzip(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=31)
    return packer.compress(data) + packer.flush()


def _service_error(
    name: str,
    title: str,
    answer: Answer,
    code: Optional[str] = None,
    text: Optional[str] = None,
    fields: Fields = None,
) -> Scenario:
    status = int(answer.status[:3])
    return Scenario(
        name,
        title,
        f"raise a service error with status {int(status)}{(f', code {code}' if code else '')}",
        refused("service_error", status, code, text, fields),
        answer,
    )


def _modelled(name: str, status: str, code: str, text: str, **fields: Union[str, int]) -> Scenario:
    return _service_error(
        name,
        f"{code}, as AWS writes it",
        failure(status, code, Message=text, **fields),
        code,
        text,
        fields,
    )


def _unmodelled(name: str, status: str, code: str, text: str) -> Scenario:
    return _service_error(
        name, f"{code}, as AWS writes it", failure(status, code, message=text), code, text
    )


def _typed(name: str, title: str, error_type: Optional[str], body: bytes) -> Scenario:
    return _service_error(
        "error-type-" + name,
        "the error's type " + title,
        document("400 Bad Request", body, error_type),
        "ValidationError",
        "x",
        {},
    )


def _service_errors() -> List[Entry]:
    bad = "400 Bad Request"
    null = b'{"message": null}'
    invalid = failure(bad, "ValidationError", Message=_VALIDATION)
    return [
        _modelled("error-400", bad, "ValidationError", _VALIDATION),
        _modelled(
            "error-424", "424 Failed Dependency", "ModelError", _MODEL_TEXT, **_MODEL_MEMBERS
        ),
        _service_error(
            "error-424-extra",
            "ModelError with a member that is not modelled",
            failure(
                "424 Failed Dependency",
                "ModelError",
                Message=_MODEL_TEXT,
                ErrorCode="CLIENT_ERROR_FROM_MODEL",
                **_MODEL_MEMBERS,
            ),
            "ModelError",
            _MODEL_TEXT,
            _MODEL_MEMBERS,
        ),
        _modelled(
            "error-500",
            "500 Internal Server Error",
            "InternalFailure",
            "An unexpected error occurred.",
        ),
        _modelled(
            "error-503",
            "503 Service Unavailable",
            "ServiceUnavailable",
            "The service is unavailable.",
        ),
        _service_error(
            "error-400-null",
            "a throttled call: 400 whose message is null, without a type",
            document(bad, null),
        ),
        _service_error(
            "error-400-null-typed",
            "a throttled call: 400 whose message is null",
            document(bad, null, "ThrottlingException:" + CORAL),
            "ThrottlingException",
        ),
        _unmodelled(
            "error-403-signature", "403 Forbidden", "InvalidSignatureException", _CANONICAL
        ),
        _unmodelled("error-403-skew", "403 Forbidden", "InvalidSignatureException", _SKEW),
        _unmodelled(
            "error-403-access-denied",
            "403 Forbidden",
            "AccessDeniedException",
            "User: arn:aws:iam::111122223333:user/x is not authorized to perform: sagemaker:InvokeEndpoint",
        ),
        _unmodelled(
            "error-403-expired-token",
            "403 Forbidden",
            "ExpiredTokenException",
            "The security token included in the request is expired",
        ),
        _service_error(
            "error-413",
            "413 in plain text",
            document("413 Payload Too Large", b"Request size exceeded", None, "text/plain"),
        ),
        _unmodelled("error-429", "429 Too Many Requests", "ThrottlingException", "Rate exceeded"),
        _unmodelled("error-530", "530 ", "InternalDependencyException", "A dependency failed."),
        _service_error(
            "error-500-empty",
            "a 500 without a body",
            Answer(status="500 Internal Server Error", framing="length"),
        ),
        _service_error(
            "error-502-html",
            "a proxy's HTML",
            document("502 Bad Gateway", _HTML, None, "text/html"),
        ),
        _service_error(
            "error-400-html",
            "HTML under a 400, with a type in the header",
            document(bad, _HTML, "ValidationError", "text/html"),
            "ValidationError",
            None,
            {},
        ),
        _service_error(
            "error-400-xml",
            "an XML document, without a type in the header",
            document(bad, _XML, None, "text/xml"),
            "ValidationError",
            "in XML",
            {},
        ),
        _service_error(
            "error-400-gzip",
            "a compressed document, its type in the header",
            invalid._replace(
                steps=(_gzip(body_of(invalid)),),
                headers=tuple(invalid.headers) + (("Content-Encoding", "gzip"),),
            ),
            "ValidationError",
        ),
        _service_error(
            "error-400-chunked",
            "an error in HTTP chunks",
            invalid._replace(framing="chunked"),
            "ValidationError",
            _VALIDATION,
            {},
        ),
        _service_error(
            "error-400-close",
            "an error until close",
            invalid._replace(framing="close"),
            "ValidationError",
            _VALIDATION,
            {},
        ),
        _service_error(
            "error-400-event-stream",
            "a 400 that calls itself an event stream",
            document(bad, body_of(invalid), "ValidationError", EVENT_STREAM_TYPE),
            "ValidationError",
            _VALIDATION,
            {},
        ),
        _typed("plain", "alone in the header", "ValidationError", b'{"Message": "x"}'),
        _typed("url", "with a URL behind it", "ValidationError:" + CORAL, b'{"Message": "x"}'),
        _typed(
            "namespace",
            "with a namespace before it",
            "com.amazonaws.sagemaker.runtime#ValidationError",
            b'{"Message": "x"}',
        ),
        _typed(
            "namespace-url",
            "with a namespace, and a URL that holds #",
            "com.amazonaws.sagemaker.runtime#ValidationError:http://x/y#z",
            b'{"Message": "x"}',
        ),
        _typed(
            "in-type",
            "in the body's __type, with a namespace",
            None,
            b'{"__type": "a.b#ValidationError", "Message": "x"}',
        ),
        _typed(
            "in-code",
            "in the body's code, with a URL",
            None,
            b'{"code": "ValidationError:http://x/y#z", "Message": "x"}',
        ),
        _typed(
            "header-first",
            "in the header, another one in the body",
            "ValidationError",
            b'{"__type": "ModelError", "Message": "x"}',
        ),
        _typed(
            "small-message",
            "in the header; the member is spelled `message`",
            "ValidationError",
            b'{"message": "x"}',
        ),
        _typed(
            "both-messages",
            "in the header; both spellings occur, the modelled one wins",
            "ValidationError",
            b'{"message": "y", "Message": "x"}',
        ),
    ]


def _wrong_successes() -> List[Entry]:
    body = b'{"generated_text": "Hi"}'
    compressed = _gzip(b"".join(FRAMES))

    def no_stream(name: str, title: str, answer: Answer, status: int = 200) -> Scenario:
        return Scenario(
            name, title, "refuse it, and show what came", refused("content_type", status), answer
        )

    return [
        no_stream("success-json", "a 200 with application/json", document("200 OK", body)),
        no_stream("success-html", "a 200 with HTML", document("200 OK", _HTML, None, "text/html")),
        no_stream(
            "success-untyped",
            "a 200 of frames without a Content-Type",
            stream(*FRAMES, headers=STREAM_HEADERS[1:]),
        ),
        no_stream(
            "success-almost-typed",
            "a 200 whose media type only begins like an event stream",
            stream(*FRAMES, headers=_with_type(EVENT_STREAM_TYPE + "s")),
        ),
        no_stream(
            "success-gzip",
            "a 200 with Content-Encoding: gzip",
            stream(compressed, headers=STREAM_HEADERS + (("Content-Encoding", "gzip"),)),
        ),
        no_stream(
            "success-204",
            "a 204 without a body",
            raw(head(RAW_HEADERS[-1:], "204 No Content")),
            204,
        ),
        no_stream(
            "success-206",
            "a 206 with an event stream",
            stream(*FRAMES)._replace(status="206 Partial Content"),
            206,
        ),
        Scenario(
            "success-error-type",
            "a 200 with x-amzn-ErrorType",
            "raise a service error",
            refused("service_error", 200, "InternalFailure", "x", {}),
            failure("200 OK", "InternalFailure", Message="x"),
        ),
        Scenario(
            "success-error-type-stream",
            "a 200 with x-amzn-ErrorType and an event stream",
            "raise a service error, deliver nothing",
            refused("service_error", 200, "InternalFailure"),
            stream(*FRAMES, headers=STREAM_HEADERS + (("x-amzn-ErrorType", "InternalFailure"),)),
        ),
    ]


def _redirects() -> List[Entry]:
    statuses = (
        "301 Moved Permanently",
        "302 Found",
        "303 See Other",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    )
    away = (
        ("Location", "http://localhost:{port}/endpoints/redirected/invocations-response-stream"),
    )
    entries: List[Entry] = [
        Scenario(
            "redirect-" + status[:3],
            f"{status[:3]}, to another host",
            "refuse it; call no other host",
            refused("http", int(status[:3])),
            Answer(status=status, headers=away, framing="length"),
        )
        for status in statuses
    ]
    return entries + [
        Scenario(
            "redirect-nowhere",
            "a 302 without a Location",
            "refuse it",
            refused("http", 302),
            Answer(status="302 Found", framing="length"),
        ),
        Scenario(
            "redirected",
            "where the redirects lead",
            "never come here by a redirect",
            ok(b"followed "),
            stream(part(b"followed ")),
        ),
    ]


# ---- HTTP that is malformed --------------------------------------------------------------------------------------

_LENGTH = len(b"".join(FRAMES))
_GOOD_HEAD = head(RAW_HEADERS + (CHUNKED,))
_GOOD_BODY = b"".join(map(chunk, FRAMES)) + LAST_CHUNK


def _with_lines(*lines: bytes) -> bytes:
    """Return a good head with other lines behind its own."""
    return _GOOD_HEAD[:-2] + b"".join(lines) + b"\r\n"


def _with_length(*values: str, chunked: bool = False) -> Answer:
    own = tuple(("Content-Length", value) for value in values)
    return raw(
        head(RAW_HEADERS + own + ((CHUNKED,) if chunked else ())),
        _GOOD_BODY if chunked else b"".join(FRAMES),
    )


_BAD_HEADS = (
    ("head-cut-short", "a head that ends inside a header line", raw(_GOOD_HEAD[:60])),
    ("head-cut-in-status-line", "a head that ends inside the status line", raw(b"HTTP/1.1 2")),
    ("head-cut-before-empty-line", "a head without its empty line", raw(_GOOD_HEAD[:-2])),
    ("continue-final", "100 as the final answer", raw(head((), "100 Continue"))),
    (
        "early-hints-final",
        "103 as the final answer",
        raw(head((("Link", "</x>"),), "103 Early Hints")),
    ),
    (
        "early-hints-with-stream",
        "103 with an event stream behind it",
        raw(
            head(RAW_HEADERS + (("Content-Length", str(_LENGTH)),), "103 Early Hints"),
            b"".join(FRAMES),
        ),
    ),
    (
        "switching-protocols",
        "101 with an event stream behind it",
        raw(
            head(
                (("Connection", "Upgrade"), ("Upgrade", "h2c")) + STREAM_HEADERS,
                "101 Switching Protocols",
            ),
            b"".join(FRAMES),
        ),
    ),
    (
        "switching-protocols-before",
        "101 before a good answer",
        raw(
            head((("Connection", "Upgrade"), ("Upgrade", "h2c")), "101 Switching Protocols")
            + _GOOD_HEAD,
            _GOOD_BODY,
        ),
    ),
    ("content-length-text", "a Content-Length that is no number", _with_length("many")),
    ("content-length-hex", "a Content-Length in hexadecimal", _with_length(f"0x{_LENGTH:x}")),
    ("content-length-plus", "a Content-Length with a plus sign", _with_length(f"+{int(_LENGTH)}")),
    (
        "content-length-underscore",
        "a Content-Length with an underscore",
        _with_length("%d_%d" % divmod(_LENGTH, 10)),
    ),
    ("content-length-empty", "an empty Content-Length", _with_length("")),
    ("content-length-negative", "a negative Content-Length", _with_length("-1")),
    (
        "content-length-twice",
        "two Content-Lengths that differ",
        _with_length(str(_LENGTH), str(len(FRAMES[0]))),
    ),
    (
        "content-length-and-chunked",
        "Content-Length together with Transfer-Encoding",
        _with_length(str(_LENGTH), chunked=True),
    ),
    (
        "transfer-encoding-gzip",
        "Transfer-Encoding: gzip, chunked",
        raw(
            head(RAW_HEADERS + (("Transfer-Encoding", "gzip, chunked"),)),
            chunk(_gzip(b"".join(FRAMES))),
            LAST_CHUNK,
        ),
    ),
    (
        "transfer-encoding-twice",
        "Transfer-Encoding: chunked twice",
        raw(head(RAW_HEADERS + (CHUNKED, CHUNKED)), _GOOD_BODY),
    ),
    (
        "transfer-encoding-http-1-0",
        "Transfer-Encoding in HTTP/1.0",
        raw(head(RAW_HEADERS + (CHUNKED,), version="HTTP/1.0"), _GOOD_BODY),
    ),
    (
        "transfer-encoding-unknown",
        "a Transfer-Encoding that is not known",
        raw(head(RAW_HEADERS + (("Transfer-Encoding", "xchunked"),)), _GOOD_BODY),
    ),
    (
        "bare-lf-in-head",
        "a head whose lines end in a bare LF",
        raw(_GOOD_HEAD.replace(b"\r\n", b"\n"), _GOOD_BODY),
    ),
    (
        "bare-lf-in-header",
        "one header line that ends in a bare LF",
        raw(_with_lines(b"X-Test: a\n"), _GOOD_BODY),
    ),
    (
        "bare-lf-empty-line",
        "an empty line that is a bare LF",
        raw(_GOOD_HEAD[:-2] + b"\n", _GOOD_BODY),
    ),
    (
        "header-line-too-long",
        "a header line over 64 KiB",
        raw(_with_lines(b"X-Test: %s\r\n" % (b"a" * 65536)), _GOOD_BODY),
    ),
    (
        "headers-too-many",
        "more than 100 headers",
        raw(_with_lines(*[b"X-Test-%d: a\r\n" % number for number in range(101)]), _GOOD_BODY),
    ),
    (
        "interim-too-many",
        "a thousand interim answers",
        raw(*[head((), "103 Early Hints")] * 1000, _GOOD_HEAD, _GOOD_BODY),
    ),
    (
        "header-folded-first",
        "a head that begins with a folded line",
        raw(_GOOD_HEAD.replace(b"\r\n", b"\r\n folded\r\n", 1), _GOOD_BODY),
    ),
    (
        "header-space-before-colon",
        "a space before the colon",
        raw(_with_lines(b"X-Test : a\r\n"), _GOOD_BODY),
    ),
    (
        "content-length-space-before-colon",
        "Content-Length with a space before the colon",
        raw(head(RAW_HEADERS)[:-2] + b"Content-Length : %d\r\n\r\n" % _LENGTH, b"".join(FRAMES)),
    ),
    (
        "header-without-colon",
        "a header line without a colon",
        raw(_with_lines(b"X-Test\r\n"), _GOOD_BODY),
    ),
    ("header-with-nul", "NUL in a header value", raw(_with_lines(b"X-Test: a\0b\r\n"), _GOOD_BODY)),
    (
        "status-line-garbage",
        "garbage for a status line",
        raw(b"garbage in place of a status line\r\n\r\n"),
    ),
    (
        "status-line-no-number",
        "a status that is no number",
        raw(head(RAW_HEADERS + (CHUNKED,), "OK fine"), _GOOD_BODY),
    ),
    (
        "status-line-two-digits",
        "a status of two digits",
        raw(head(RAW_HEADERS + (CHUNKED,), "20 OK"), _GOOD_BODY),
    ),
    (
        "status-line-four-digits",
        "a status of four digits",
        raw(head(RAW_HEADERS + (CHUNKED,), "2000 OK"), _GOOD_BODY),
    ),
    (
        "status-line-http-2",
        "HTTP/2.0 in the status line",
        raw(
            head(RAW_HEADERS + (("Content-Length", str(_LENGTH)),), version="HTTP/2.0"),
            b"".join(FRAMES),
        ),
    ),
    ("no-status-line", "a body at once, as HTTP/0.9 had it", raw(b"".join(FRAMES))),
)


def _bad_heads() -> List[Entry]:
    must = "refuse it, and deliver nothing"
    return [
        Scenario("http-" + name, title, must, refused("http"), answer)
        for name, title, answer in _BAD_HEADS
    ]


def _bad_chunk(
    name: str,
    title: str,
    *chunks: bytes,
    parts: Tuple[bytes, ...] = (ONE,),
    also: Tuple[str, ...] = (),
) -> Scenario:
    return Scenario(
        "http-chunk-" + name,
        title,
        "deliver what came before it, then raise",
        broken("http", *parts, also=also),
        _raw_chunks(chunk(part(ONE)), *chunks),
    )


def _bad_chunks() -> List[Entry]:
    two = part(TWO)
    size = b"%x" % len(two)
    half, rest = (
        two[:16],
        two[16:],
    )  # half a frame: whether it is handed over before the fault is seen cannot matter
    tail = chunk(rest) + LAST_CHUNK
    return [
        _bad_chunk("size-0x", "a chunk size with 0x", chunk(two, b"0x" + size), LAST_CHUNK),
        _bad_chunk(
            "size-plus", "a chunk size with a plus sign", chunk(two, b"+" + size), LAST_CHUNK
        ),
        _bad_chunk(
            "size-blanks", "a chunk size between blanks", chunk(two, b" " + size + b" "), LAST_CHUNK
        ),
        _bad_chunk("size-underscore", "a chunk size with an underscore", chunk(half, b"1_0"), tail),
        _bad_chunk("size-negative", "a negative chunk size", chunk(two, b"-5"), LAST_CHUNK),
        _bad_chunk(
            "size-no-hex", "a chunk size that is no number", chunk(two, b"size"), LAST_CHUNK
        ),
        _bad_chunk("size-empty", "a chunk without a size", chunk(two, b""), LAST_CHUNK),
        _bad_chunk(
            "size-huge",
            "a chunk size of 20 digits, then the close",
            b"f" * 20 + b"\r\n" + half,
            also=("truncated",),
        ),
        _bad_chunk("end-wrong", "two wrong bytes behind a chunk", chunk(half, end=b"xx"), tail),
        _bad_chunk(
            "end-missing", "nothing between a chunk and the next", chunk(half, end=b""), tail
        ),
        _bad_chunk("too-long", "a chunk longer than its size", chunk(half + rest[:3], b"10"), tail),
        _bad_chunk(
            "bare-lf-size",
            "a size line that ends in a bare LF",
            size + b"\n" + two + b"\r\n",
            LAST_CHUNK,
        ),
        _bad_chunk("bare-lf-end", "a bare LF behind a chunk", chunk(half, end=b"\n"), tail),
        _bad_chunk(
            "bare-lf-last", "a last chunk with bare LFs", chunk(two), b"0\n\n", parts=(ONE, TWO)
        ),
    ]


def _odd_but_good() -> List[Entry]:
    """HTTP that a strict reader must accept."""
    hints = head((("Link", "</x>; rel=preload"),), "103 Early Hints")
    going_on = head((), "100 Continue")
    length = str(_LENGTH)
    return [
        Scenario(
            "continue-before",
            "100 before the answer",
            "skip it",
            ok(*PARTS),
            stream(*FRAMES, interim=(going_on,)),
        ),
        Scenario(
            "early-hints-before",
            "103 before the answer",
            "skip it",
            ok(*PARTS),
            stream(*FRAMES, interim=(hints,)),
        ),
        Scenario(
            "interim-several",
            "100, 103, 103 before the answer",
            "skip them",
            ok(*PARTS),
            stream(*FRAMES, interim=(going_on, hints, hints)),
        ),
        Scenario(
            "content-length-equal",
            "the same Content-Length twice",
            "accept it",
            ok(*PARTS),
            _with_length(length, length),
        ),
        Scenario(
            "chunk-extensions",
            "chunks with extensions",
            "pass over them",
            ok(*PARTS),
            _raw_chunks(
                *[chunk(frame, b'%x;a=1;b="2"' % len(frame)) for frame in FRAMES], b"0;last\r\n\r\n"
            ),
        ),
        Scenario(
            "chunk-trailers",
            "trailers behind the last chunk",
            "pass over them",
            ok(*PARTS),
            _raw_chunks(*map(chunk, FRAMES), b"0\r\nX-Checksum: 7\r\nX-Other: 8\r\n\r\n"),
        ),
        Scenario(
            "chunk-size-zeros",
            "chunk sizes in upper case with leading zeros",
            "accept them",
            ok(*PARTS),
            _raw_chunks(*[chunk(frame, b"00%X" % len(frame)) for frame in FRAMES], b"000\r\n\r\n"),
        ),
        Scenario(
            "reason-empty",
            "a status line without a reason",
            "accept it",
            ok(*PARTS),
            raw(head(RAW_HEADERS + (CHUNKED,), "200 "), _GOOD_BODY),
        ),
        Scenario(
            "http-1-0",
            "an HTTP/1.0 answer until close",
            "accept it",
            ok(*PARTS),
            raw(head(RAW_HEADERS, version="HTTP/1.0"), *FRAMES),
        ),
        Scenario(
            "header-small-letters",
            "header names in small letters",
            "accept them",
            ok(*PARTS),
            raw(
                head([(name.lower(), value) for name, value in RAW_HEADERS + (CHUNKED,)]),
                _GOOD_BODY,
            ),
        ),
        Scenario(
            "header-folded",
            "a header value on two lines",
            "join them with one space",
            ok(*PARTS)._replace(output=dict(OUTPUT, CustomAttributes="trace=7; a=b")),
            raw(
                _with_lines(b"X-Amzn-SageMaker-Custom-Attributes: trace=7;\r\n", b" \t a=b \r\n"),
                _GOOD_BODY,
            ),
        ),
        Scenario(
            "chunks-slow",
            "HTTP chunks byte by byte, their sizes and ends, too",
            "accept it",
            ok(*PARTS),
            raw(_GOOD_HEAD, *_between(_pieces(_GOOD_BODY, 1), 0.001)),
        ),
        Scenario(
            "head-slow",
            "a head byte by byte",
            "accept it",
            ok(*PARTS),
            raw(*_pieces(_GOOD_HEAD, 1), _GOOD_BODY),
        ),
    ]


def _connections() -> List[Entry]:
    kept = STREAM_HEADERS + (("Connection", "keep-alive"),)
    return [
        Scenario(
            "close-before-head",
            "closed before the head",
            "raise; nothing was answered",
            refused("network"),
            raw(),
        ),
        Scenario(
            "reset-before-head",
            "reset before the head",
            "raise; nothing was answered",
            refused("network"),
            raw(ending="reset"),
        ),
        Scenario(
            "keep-alive",
            "the connection stays open",
            "end with the body, not with the connection, which may be used again",
            ok(*PARTS),
            stream(*FRAMES, framing="length", headers=kept),
        ),
        Scenario(
            "keep-alive-then-close",
            "closed after a whole answer that promised keep-alive",
            "accept it; next time connect anew",
            ok(*PARTS),
            stream(*FRAMES, framing="length", ending="close", headers=kept),
        ),
        Scenario(
            "connection-close",
            "Connection: close on a chunked answer",
            "accept it; next time connect anew",
            ok(*PARTS),
            stream(*FRAMES, headers=STREAM_HEADERS + (("Connection", "close"),)),
        ),
    ]


# ---- which rules of SPEC.md each scenario tests ------------------------------------------------------------------

_RULES = (  # rule, the scenarios that an implementation which breaks it gets wrong; a `*` stands for any text
    ("EVS-002", "prelude-crc not-a-frame-*"),
    ("EVS-003", "message-crc message-crc-payload bad-frame-behind-good-ones"),
    ("EVS-004", "prelude-crc-then-stall"),
    ("EVS-006", "total-length-0 total-length-15"),
    ("EVS-007", "headers-length-*"),
    ("EVS-008", "total-length-max total-length-max-then-stall"),
    (
        "EVS-010",
        "header-value-too-long header-value-length-cut header-name-too-long header-without-type header-number-cut",
    ),
    ("EVS-011", "header-name-empty"),
    ("EVS-012", "header-name-not-utf-8"),
    ("EVS-013", "header-type-unknown"),
    ("EVS-014", "header-twice header-twice-equal"),
    ("EVS-015", "header-value-not-utf-8 header-value-surrogate"),
    ("EVS-022", "frame-unfinished-* truncated-*"),
    ("EVS-023", "bad-frame-behind-good-ones *-middle *-last model-stream-error-after-*"),
    ("EVS-026", "one-byte-at-a-time* frames-* chunks-slow"),
    ("EVS-027", "message-without-headers"),
    ("EVS-030", "message-type-* message-without-headers"),
    ("EVS-031", "event-type-*"),
    ("EVS-032", "unknown-event"),
    ("EVS-033", "*-sent-as-event"),
    (
        "EVS-034",
        "model-invocation-time-exceeded-* stream-broken-* internal-stream-failure-* model-stream-error-after-* "
        "exception-type-missing",
    ),
    ("EVS-035", "exception-unmodelled"),
    ("EVS-036", "error-message*"),
    (
        "EVS-037",
        "default long-answer* empty-part utf-8-split not-text big-part part-as-json part-without-type",
    ),
    ("EVS-038", "exception-small-message exception-without-document"),
    ("HTTP-001", "default"),
    ("HTTP-002", "default"),
    ("HTTP-007", "default"),
    ("HTTP-009", "default"),
    ("HTTP-010", "connection-close keep-alive-then-close"),
    (
        "HTTP-020",
        "default content-type-* content-encoding-identity success-untyped success-almost-typed success-gzip "
        "success-204 success-206",
    ),
    (
        "HTTP-021",
        "success-json success-html success-untyped success-almost-typed success-gzip success-204 success-206",
    ),
    ("HTTP-022", "output-*"),
    (
        "HTTP-023",
        "default-* empty-stream* keep-alive keep-alive-then-close truncated-* cut-between-frames-* last-chunk-missing "
        "frame-unfinished-* chunk-trailers",
    ),
    ("HTTP-024", "success-error-type*"),
    ("HTTP-030", "error-type-in-* error-type-header-first error-type-plain"),
    ("HTTP-031", "error-type-url error-type-namespace* error-type-in-*"),
    ("HTTP-032", "error-type-small-message error-type-both-messages"),
    ("HTTP-033", "error-403-* error-429 error-530 error-400-null-typed"),
    ("HTTP-034", "error-400-null*"),
    (
        "HTTP-035",
        "error-400 error-424* error-500* error-502-html error-503 error-413 error-400-html error-400-gzip error-400-chunked "
        "error-400-close error-400-event-stream",
    ),
    ("HTTP-036", "error-400-xml"),
    ("HTTP-040", "continue-before early-hints-before interim-several"),
    (
        "HTTP-041",
        "http-head-cut-* http-status-line-* http-no-status-line reason-empty http-1-0 close-before-head",
    ),
    (
        "HTTP-042",
        "http-content-length-text http-content-length-hex http-content-length-plus http-content-length-underscore "
        "http-content-length-empty http-content-length-negative http-content-length-twice content-length-equal success-204",
    ),
    ("HTTP-043", "http-content-length-and-chunked"),
    ("HTTP-044", "http-transfer-encoding-*"),
    (
        "HTTP-045",
        "http-chunk-size-* http-chunk-bare-lf-size malformed-end chunk-extensions chunk-size-zeros chunks-slow "
        "default",
    ),
    (
        "HTTP-046",
        "chunks-slow http-chunk-end-* http-chunk-too-long http-chunk-bare-lf-end http-chunk-bare-lf-last",
    ),
    (
        "HTTP-047",
        "http-bare-lf-* http-header-without-colon http-header-with-nul http-header-space-before-colon "
        "http-content-length-space-before-colon header-small-letters "
        "header-folded http-header-folded-first",
    ),
    (
        "HTTP-048",
        "http-header-line-too-long http-headers-too-many http-interim-too-many interim-several",
    ),
    ("HTTP-049", "redirect-* redirected"),
    ("HTTP-050", "default-length head-slow slow-drip stall-between-parts stall-in-part"),
    ("HTTP-051", "stall-* slow-drip"),
    ("HTTP-054", "http-continue-final http-early-hints-* http-switching-protocols*"),
    ("HTTP-055", "close-before-head reset-before-head"),
    # What nearly every call needs, the plainest shows.
    ("EVS-001", "default"),
    ("EVS-021", "default"),
    ("EVS-039", "default* empty-stream* model-invocation-time-exceeded-last"),
    ("SIG-001", "default"),
    ("SIG-011", "default"),
    ("SIG-014", "default"),
    ("SIG-015", "default"),
    ("SIG-016", "default"),
    ("SIG-019", "default"),
    ("SIG-020", "default"),
    ("SIG-021", "default"),
    ("SIG-022", "default"),
    ("SIG-023", "default"),
    ("SIG-024", "default"),
    ("SIG-026", "default"),
    ("SIG-027", "default"),
)
_PATTERNS = tuple(
    (rule, re.compile("|".join(map(fnmatch.translate, names.split())))) for rule, names in _RULES
)


def rules_of(name: str) -> Tuple[str, ...]:
    """Return the rules that the scenario of that name tests."""
    return tuple(rule for rule, pattern in _PATTERNS if pattern.match(name))


_ACCEPTABLE = (  # scenarios, and what else may come of them
    (
        "redirect-*",
        Acceptable(
            refused("service_error"),
            "it is refused and not followed, under the name of an error response",
            "DIV-005",
        ),
    ),
    (
        "http-switching-protocols*",
        Acceptable(
            refused("service_error"),
            "it is refused, under the name of an error response",
            "DIV-005",
        ),
    ),
    (
        "success-untyped",
        Acceptable(
            ok(*PARTS),
            "where no type is given RFC 9110 lets a recipient look at the bytes, and frames have checksums",
            "DIV-007",
        ),
    ),
    (
        "success-gzip",
        Acceptable(ok(*PARTS), "the coding is taken off rightly, and nothing is lost", "DIV-008"),
    ),
    (
        "error-400-xml",
        Acceptable(
            refused("service_error", 400),
            "it is told as an error response, whose status the caller sees",
            "DIV-011",
        ),
    ),
)


def acceptable_of(name: str) -> Tuple[Acceptable, ...]:
    """Return the other outcomes that are acceptable for the scenario of that name."""
    return tuple(also for names, also in _ACCEPTABLE if fnmatch.fnmatchcase(name, names))


# ---- the catalogue -----------------------------------------------------------------------------------------------

_CHAPTERS = (
    _good_streams,
    _stream_errors,
    _bad_messages,
    _bad_frames,
    _truncations,
    _stalls,
    _service_errors,
    _wrong_successes,
    _redirects,
    _bad_heads,
    _bad_chunks,
    _odd_but_good,
    _connections,
)
_NUMBERED = re.compile(r"(.+-)([0-9]{1,9})\Z")


@lru_cache(maxsize=None)
def _entries() -> Dict[str, Entry]:
    return {
        entry.name: _completed(entry) if isinstance(entry, Scenario) else entry
        for chapter in _CHAPTERS
        for entry in chapter()
    }


def _completed(scenario: Scenario) -> Scenario:
    return scenario._replace(rules=rules_of(scenario.name), acceptable=acceptable_of(scenario.name))


def catalogue() -> Dict[str, Entry]:
    """Return every scenario and template by its name, in the order of the chapters."""
    return dict(_entries())


def find(name: str) -> Scenario:
    """Return the scenario that an endpoint of that name plays: its own, that of a template, or the default answer."""
    entry = _entries().get(name)
    if isinstance(entry, Scenario):
        return entry
    match = _NUMBERED.match(name)
    template = _entries().get(match.group(1) + "N") if match else None
    if match and isinstance(template, Template) and int(match.group(2)) <= template.most:
        return _completed(template.make(int(match.group(2))))
    return find(DEFAULT.name)


def examples() -> List[Scenario]:
    """Return every scenario, and those of every template that it names as examples."""
    found: List[Scenario] = []
    for entry in _entries().values():
        found += (
            [entry]
            if isinstance(entry, Scenario)
            else [_completed(entry.make(number)) for number in entry.examples]
        )
    return found


def listing() -> List[Tuple[str, str, str]]:
    """Return (name, title, must) for every entry of the catalogue."""
    return [(entry.name, entry.title, entry.must) for entry in _entries().values()]
