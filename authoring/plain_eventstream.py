# SPDX-License-Identifier: MIT
"""A second decoder for event streams, written directly from the published format.

`decode` takes the bytes of a complete stream and returns its messages and the kind of the first
error. It favours clarity over speed, reads the bytes from left to right and shares no code with
refimpl. The helpers in evs.py and http_response.py compare every case with it, and
tests/authoring/test_evs.py compares it with the reference.
"""

import struct
import uuid
import zlib
from typing import Any, Dict, List, Optional, Set, Tuple

from authoring import b64

LONGEST_FRAME = 32 * 1024 * 1024
FIXED = {
    2: ("int8", ">b"),
    3: ("int16", ">h"),
    4: ("int32", ">i"),
    5: ("int64", ">q"),
    8: ("timestamp", ">q"),
}

Message = Dict[str, Any]


class StreamError(Exception):
    """The first error in a stream. Its argument is the kind of the error."""


def decode(data: bytes) -> Tuple[List[Message], Optional[str]]:
    """Return the messages before the first error, and the kind of that error or None."""
    messages: List[Message] = []
    try:
        while data:
            message, data = first_message(data)
            messages.append(message)
    except StreamError as error:
        return messages, str(error)
    return messages, None


def first_message(data: bytes) -> Tuple[Message, bytes]:
    """Return the first message and the bytes after its frame."""
    if len(data) < 12:
        raise StreamError("truncated")
    total_length, headers_length, prelude_crc = struct.unpack(">III", data[:12])
    if zlib.crc32(data[:8]) != prelude_crc:
        raise StreamError("prelude_crc")
    if total_length < 16 or headers_length > total_length - 16:
        raise StreamError("length")
    if total_length > LONGEST_FRAME:
        raise StreamError("limit")
    if headers_length > 1048576:
        raise StreamError("limit")
    if len(data) < total_length:
        raise StreamError("truncated")
    frame = data[:total_length]
    if zlib.crc32(frame[:-4]) != struct.unpack(">I", frame[-4:])[0]:
        raise StreamError("message_crc")
    headers = headers_in(memoryview(frame)[12 : 12 + headers_length])
    message = {"headers": headers, "payload": b64(frame[12 + headers_length : -4])}
    return message, data[total_length:]


def headers_in(block: memoryview) -> List[Dict[str, Any]]:
    """Return the headers of a headers block as the adapter protocol writes them."""
    headers: List[Dict[str, Any]] = []
    names: Set[str] = set()
    while block:
        name, block = split(block[1:], block[0])
        if not name:
            raise StreamError("header")
        code, block = split(block, 1)
        kind, value, block = value_in(code[0], block)
        header = {
            "name": text_of(name),
            "type": kind,
            "value": text_of(value) if kind == "string" else value,
        }
        if len(headers) == 32768:
            raise StreamError("limit")
        if header["name"] in names:
            raise StreamError("duplicate_header")
        names.add(header["name"])
        headers.append(header)
    return headers


def value_in(code: int, block: memoryview) -> Tuple[str, Any, memoryview]:
    """Return the type and value at the start of the block, and the bytes after the value."""
    if code in (0, 1):
        return "boolean", code == 0, block
    if code in FIXED:
        kind, layout = FIXED[code]
        data, block = split(block, struct.calcsize(layout))
        number = struct.unpack(layout, data)[0]
        return kind, number if abs(number) < 1 << 53 else str(number), block
    if code in (6, 7):
        length, block = split(block, 2)
        data, block = split(block, struct.unpack(">H", length)[0])
        return ("bytes", b64(data), block) if code == 6 else ("string", data, block)
    if code == 9:
        data, block = split(block, 16)
        return "uuid", str(uuid.UUID(bytes=data)), block
    raise StreamError("header_type")


def split(block: memoryview, length: int) -> Tuple[bytes, memoryview]:
    """Return the first `length` bytes of the block and the bytes after them."""
    if len(block) < length:
        raise StreamError("header")
    return bytes(block[:length]), block[length:]


def text_of(data: bytes) -> str:
    """Return the text of a name or a string value."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise StreamError("utf8") from None
