# SPDX-License-Identifier: MIT
"""A second, plain transcription of the published text of event streams: whole bytes -> messages as the protocol writes them,
or the kind of the first fault. It is slow, reads from left to right and shares nothing with refimpl; the cases are held
against it, and it is held against botocore by authoring/test_evs.py.
"""

import struct
import uuid
import zlib
from typing import Any, Dict, List, Optional, Tuple

from authoring import b64

CEILING = 32 * 1024 * 1024
FIXED = {
    2: ("int8", ">b"),
    3: ("int16", ">h"),
    4: ("int32", ">i"),
    5: ("int64", ">q"),
    8: ("timestamp", ">q"),
}

Message = Dict[str, Any]


class Fault(Exception):
    """The first fault of a stream; its argument is the kind."""


def decode(data: bytes) -> Tuple[List[Message], Optional[str]]:
    """Return the messages before the first fault, and its kind."""
    messages: List[Message] = []
    try:
        while data:
            message, data = first_message(data)
            messages.append(message)
    except Fault as fault:
        return messages, str(fault)
    return messages, None


def first_message(data: bytes) -> Tuple[Message, bytes]:
    if len(data) < 12:
        raise Fault("truncated")
    total_length, headers_length, prelude_crc = struct.unpack(">III", data[:12])
    if zlib.crc32(data[:8]) != prelude_crc:
        raise Fault("prelude_crc")
    if total_length < 16 or headers_length > total_length - 16:
        raise Fault("length")
    if total_length > CEILING:
        raise Fault("limit")
    if len(data) < total_length:
        raise Fault("truncated")
    frame = data[:total_length]
    if zlib.crc32(frame[:-4]) != struct.unpack(">I", frame[-4:])[0]:
        raise Fault("message_crc")
    headers = headers_in(frame[12 : 12 + headers_length])
    return {"headers": headers, "payload": b64(frame[12 + headers_length : -4])}, data[
        total_length:
    ]


def headers_in(block: bytes) -> List[Dict[str, Any]]:
    headers: List[Dict[str, Any]] = []
    while block:
        name, block = taken(block[1:], block[0])
        if not name:
            raise Fault("header")
        code, block = taken(block, 1)
        kind, value, block = value_in(code[0], block)
        header = {
            "name": text_of(name),
            "type": kind,
            "value": text_of(value) if kind == "string" else value,
        }
        if header["name"] in [other["name"] for other in headers]:
            raise Fault("duplicate_header")
        headers.append(header)
    return headers


def value_in(code: int, block: bytes) -> Tuple[str, Any, bytes]:
    if code in (0, 1):
        return "boolean", code == 0, block
    if code in FIXED:
        kind, layout = FIXED[code]
        data, block = taken(block, struct.calcsize(layout))
        number = struct.unpack(layout, data)[0]
        return kind, number if abs(number) < 1 << 53 else str(number), block
    if code in (6, 7):
        length, block = taken(block, 2)
        data, block = taken(block, struct.unpack(">H", length)[0])
        return ("bytes", b64(data), block) if code == 6 else ("string", data, block)
    if code == 9:
        data, block = taken(block, 16)
        return "uuid", str(uuid.UUID(bytes=data)), block
    raise Fault("header_type")


def taken(block: bytes, length: int) -> Tuple[bytes, bytes]:
    if len(block) < length:
        raise Fault("header")
    return block[:length], block[length:]


def text_of(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Fault("utf8") from None
