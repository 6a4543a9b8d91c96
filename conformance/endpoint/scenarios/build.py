# SPDX-License-Identifier: MIT
"""Functions that make frames, responses and outcomes of scenarios.

Most of them make valid values. raw_frame(), header(), chunk() and raw() can make invalid ones: a
wrong length, a flipped checksum bit, a malformed HTTP head. Nothing here checks its arguments,
because a scenario may need any bytes.
"""

import json
import struct
import zlib
from typing import Dict, List, Optional, Sequence, Tuple, Union

from conformance.endpoint.scenarios.model import (
    STREAM_HEADERS,
    Expect,
    Fields,
    Headers,
    Response,
    Step,
)
from refimpl.eventstream import encode

# ---- frames -------------------------------------------------------------------------------------


def part(data: bytes, content_type: Optional[str] = "application/octet-stream") -> bytes:
    """Return the frame of a PayloadPart."""
    return event("PayloadPart", data, content_type)


def event(name: str, payload: bytes, content_type: Optional[str] = "application/json") -> bytes:
    """Return the frame of an event of any type."""
    headers: List[Tuple[str, Union[str, bool, int]]] = [(":event-type", name)]
    if content_type is not None:
        headers.append((":content-type", content_type))
    headers.append((":message-type", "event"))
    return message(headers, payload)


def unknown_event() -> bytes:
    """Return the frame of an event that is not in the model."""
    return event("UsageReport", b'{"Tokens":3}')


def exception(name: str, **members: str) -> bytes:
    """Return the frame of an exception with its members as JSON."""
    headers = [
        (":exception-type", name),
        (":content-type", "application/json"),
        (":message-type", "exception"),
    ]
    return message(headers, json_document(members))


def error_message(code: Optional[str], text: Optional[str]) -> bytes:
    """Return the frame of an `error` message. None omits a header."""
    pairs = [(":error-code", code), (":error-message", text), (":message-type", "error")]
    return message([(name, value) for name, value in pairs if value is not None])


def message(headers: Sequence[Tuple[str, Union[str, bool, int]]], payload: bytes = b"") -> bytes:
    """Return a valid frame. A header's type is that of its value: string, boolean or int32."""
    types = {str: "string", bool: "boolean", int: "int32"}
    return encode([(name, types[type(value)], value) for name, value in headers], payload)


def header(name: bytes, value: bytes, code: int = 7) -> bytes:
    """Return the bytes of one header, valid or not.

    code: the header's type; a value of type 6 or 7 follows its length
    """
    length = struct.pack(">H", len(value)) if code in (6, 7) else b""
    return bytes((len(name),)) + name + bytes((code,)) + length + value


PART_HEADERS = header(b":event-type", b"PayloadPart") + header(b":message-type", b"event")


def raw_frame(
    block: bytes = PART_HEADERS,
    payload: bytes = b"two ",
    total_length: Optional[int] = None,
    headers_length: Optional[int] = None,
    flip_prelude_crc: int = 0,
    flip_message_crc: int = 0,
) -> bytes:
    """Return a frame that may be invalid.

    block:                the bytes of all headers
    total_length, headers_length: as written in the prelude; None: the right ones
    flip_prelude_crc, flip_message_crc: the bits in which a checksum is wrong
    """
    if total_length is None:
        total_length = 16 + len(block) + len(payload)
    if headers_length is None:
        headers_length = len(block)
    prelude = struct.pack(">II", total_length, headers_length)
    frame = prelude + struct.pack(">I", zlib.crc32(prelude) ^ flip_prelude_crc) + block + payload
    return frame + struct.pack(">I", zlib.crc32(frame) ^ flip_message_crc)


def json_document(members: Dict[str, str]) -> bytes:
    """Return members as JSON in ASCII."""
    return json.dumps(members).encode("ascii")


# ---- HTTP --------------------------------------------------------------------------------------

# A raw response ends with its connection.
RAW_HEADERS = STREAM_HEADERS + (("Connection", "close"),)
CHUNKED = ("Transfer-Encoding", "chunked")
LAST_CHUNK = b"0\r\n\r\n"
CORAL = "http://internal.amazon.com/coral/com.amazon.coral.service/"


def head(
    headers: Headers = STREAM_HEADERS, status: str = "200 OK", version: str = "HTTP/1.1"
) -> bytes:
    """Return the bytes of a head."""
    lines = [f"{version} {status}"] + [f"{name}: {value}" for name, value in headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def chunk(data: bytes, size: Optional[bytes] = None, end: bytes = b"\r\n") -> bytes:
    """Return one HTTP chunk, valid or not.

    size: the chunk size as written; None: the right one
    end:  the bytes after the data
    """
    if size is None:
        size = b"%x" % len(data)
    return size + b"\r\n" + data + end


def stream(
    *steps: Step,
    headers: Headers = STREAM_HEADERS,
    framing: str = "chunked",
    ending: str = "clean",
    cut: Optional[int] = None,
    interim: Tuple[bytes, ...] = (),
) -> Response:
    """Return a 200 whose body is an event stream."""
    return Response(
        steps, headers=headers, framing=framing, ending=ending, cut=cut, interim=interim
    )


def raw(*steps: Step, ending: str = "close") -> Response:
    """Return a response whose steps are written unchanged, including the head and the framing."""
    return Response(steps, framing="raw", ending=ending)


def document(
    status: str,
    body: bytes,
    error_type: Optional[str] = None,
    content_type: str = "application/json",
    headers: Headers = (),
) -> Response:
    """Return a response whose body is one document.

    error_type: the value of x-amzn-ErrorType; None omits the header
    """
    own = [("Content-Type", content_type)]
    if error_type is not None:
        own.append(("x-amzn-ErrorType", error_type))
    return Response((body,), status, tuple(own) + tuple(headers), "length")


def failure(status: str, error_type: str, **members: Union[str, int, None]) -> Response:
    """Return a service error as AWS sends it: type and URL in a header, members as JSON."""
    return document(status, json.dumps(members).encode("ascii"), f"{error_type}:{CORAL}")


def body_of(response: Response) -> bytes:
    """Return the complete body of a response that is not raw, without regard to its cut."""
    return b"".join([step for step in response.steps if isinstance(step, bytes)])


# ---- outcomes ----------------------------------------------------------------------------------

OUTPUT = {"ContentType": "text/plain; charset=utf-8", "InvokedProductionVariant": "AllTraffic"}
ONE, TWO, THREE = b"one ", b"two ", b"three"
PARTS = (ONE, TWO, THREE)
FRAMES = tuple(part(data) for data in PARTS)


def ok(*parts: bytes, skipped: int = 0) -> Expect:
    """Return the outcome of a complete stream with these parts."""
    return Expect("ok", http_status=200, parts=parts, output=OUTPUT, skipped=skipped)


def broken(
    kind: str,
    *parts: bytes,
    code: Optional[str] = None,
    text: Optional[str] = None,
    fields: Fields = None,
    also: Tuple[str, ...] = (),
) -> Expect:
    """Return the outcome of a stream that fails after these parts."""
    return Expect("reject", kind, also, code, text, fields, 200, parts, OUTPUT)


def rejected(
    kind: str,
    http_status: Optional[int] = None,
    code: Optional[str] = None,
    text: Optional[str] = None,
    fields: Fields = None,
) -> Expect:
    """Return the outcome of a response that does not begin a stream."""
    return Expect("reject", kind, (), code, text, fields, http_status)
