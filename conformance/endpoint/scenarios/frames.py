# SPDX-License-Identifier: MIT
"""Invalid frames: lengths, checksums and headers (SPEC.md, sections 4.1 to 4.3).

An invalid frame is between two good parts, so a client that overlooks the error delivers a part too
many. Frames that are only incomplete are in truncation.py.
"""

from typing import List, Tuple

from conformance.endpoint.scenarios.build import (
    FRAMES,
    ONE,
    PART_HEADERS,
    THREE,
    TWO,
    broken,
    header,
    part,
    raw_frame,
    stream,
)
from conformance.endpoint.scenarios.model import Entry, Scenario


def _rejected(name: str, title: str, kind: str, frame: bytes, rules: Tuple[str, ...]) -> Scenario:
    return Scenario(
        name,
        f"{title}, between two good parts",
        must="deliver the first part, reject the frame, deliver nothing after it",
        expect=broken(kind, ONE),
        response=stream(part(ONE), frame, part(THREE)),
        rules=rules,
    )


def _with_flipped_bit(frame: bytes, index: int, bit: int) -> bytes:
    changed = bytearray(frame)
    changed[index] ^= bit
    return bytes(changed)


def _with_header(data: bytes) -> bytes:
    """Return a frame whose last header is these bytes."""
    return raw_frame(PART_HEADERS + data)


def scenarios() -> List[Entry]:
    """Return this chapter's scenarios."""
    return [
        _rejected(
            "header-name-empty",
            "a header with an empty name",
            "header",
            _with_header(header(b"", b"x")),
            rules=("EVS-011",),
        ),
        _rejected(
            "header-twice",
            "a duplicate header with another value",
            "duplicate_header",
            _with_header(header(b":message-type", b"exception")),
            rules=("EVS-014",),
        ),
        _rejected(
            "header-twice-equal",
            "a duplicate header with the same value",
            "duplicate_header",
            _with_header(header(b":message-type", b"event")),
            rules=("EVS-014",),
        ),
        _rejected(
            "header-type-unknown",
            "a header of type 10",
            "header_type",
            _with_header(header(b"x", b"", 10)),
            rules=("EVS-013",),
        ),
        _rejected(
            "header-name-not-utf-8",
            "a header name that is invalid UTF-8",
            "utf8",
            _with_header(header(b"\xff\xfe", b"x")),
            rules=("EVS-012",),
        ),
        _rejected(
            "header-value-not-utf-8",
            "a string value that is invalid UTF-8",
            "utf8",
            _with_header(header(b"x", b"\xc3(")),
            rules=("EVS-015",),
        ),
        _rejected(
            "header-value-surrogate",
            "a string value with an encoded surrogate",
            "utf8",
            _with_header(header(b"x", b"\xed\xa0\x80")),
            rules=("EVS-015",),
        ),
        _rejected(
            "header-value-too-long",
            "a value that is longer than the headers",
            "header",
            _with_header(b"\x01x\x07\x00\x05abc"),
            rules=("EVS-010",),
        ),
        _rejected(
            "header-value-length-cut",
            "headers that end inside a value's length",
            "header",
            _with_header(b"\x01x\x07\x00"),
            rules=("EVS-010",),
        ),
        _rejected(
            "header-name-too-long",
            "a name that is longer than the headers",
            "header",
            _with_header(b"\x09xyz"),
            rules=("EVS-010",),
        ),
        _rejected(
            "header-without-type",
            "headers that end after a name",
            "header",
            _with_header(b"\x01x"),
            rules=("EVS-010",),
        ),
        _rejected(
            "header-number-cut",
            "headers that end inside a number",
            "header",
            _with_header(b"\x01x\x04\x00\x00"),
            rules=("EVS-010",),
        ),
        _rejected(
            "prelude-crc",
            "a wrong prelude checksum",
            "prelude_crc",
            raw_frame(flip_prelude_crc=1),
            rules=("EVS-002",),
        ),
        _rejected(
            "message-crc",
            "a wrong message checksum",
            "message_crc",
            raw_frame(flip_message_crc=0x80000000),
            rules=("EVS-003",),
        ),
        _rejected(
            "message-crc-payload",
            "a payload with one flipped bit",
            "message_crc",
            _with_flipped_bit(FRAMES[1], -5, 1),
            rules=("EVS-003",),
        ),
        _rejected(
            "total-length-0",
            "total length 0",
            "length",
            raw_frame(total_length=0),
            rules=("EVS-006",),
        ),
        _rejected(
            "total-length-15",
            "total length 15",
            "length",
            raw_frame(b"", b"", total_length=15, headers_length=0),
            rules=("EVS-006",),
        ),
        _rejected(
            "total-length-max",
            "total length 0xFFFFFFFF with a right checksum",
            "limit",
            raw_frame(total_length=0xFFFFFFFF),
            rules=("EVS-008",),
        ),
        _rejected(
            "headers-length-beyond",
            "headers that are longer than the frame",
            "length",
            raw_frame(headers_length=len(PART_HEADERS) + 4 + 1),
            rules=("EVS-007",),
        ),
        _rejected(
            "headers-length-max",
            "headers length 0xFFFFFFFF with a right checksum",
            "length",
            raw_frame(headers_length=0xFFFFFFFF),
            rules=("EVS-007",),
        ),
        _rejected(
            "not-a-frame-json",
            "JSON instead of a frame",
            "prelude_crc",
            b'{"message": "Internal server error"}',
            rules=("EVS-002",),
        ),
        _rejected(
            "not-a-frame-text",
            "server-sent events instead of a frame",
            "prelude_crc",
            b'data: {"token": "two"}\n\n',
            rules=("EVS-002",),
        ),
        Scenario(
            "prelude-crc-then-stall",
            "a flipped bit in the total length, then silence",
            must="reject the prelude at once",
            expect=broken("prelude_crc", ONE),
            # The flipped bit makes the frame 16 KiB longer.
            response=stream(part(ONE), _with_flipped_bit(FRAMES[1], 2, 0x40), ending="stall"),
            rules=("EVS-004",),
        ),
        Scenario(
            "total-length-max-then-stall",
            "total length 0xFFFFFFFF, then silence",
            must="reject the prelude at once",
            expect=broken("limit", ONE),
            response=stream(part(ONE), raw_frame(total_length=0xFFFFFFFF), ending="stall"),
            rules=("EVS-008",),
        ),
        Scenario(
            "bad-frame-behind-good-ones",
            "two parts and an invalid frame in one HTTP chunk",
            must="deliver both parts, then raise an error",
            expect=broken("message_crc", ONE, TWO),
            response=stream(part(ONE) + part(TWO) + raw_frame(flip_message_crc=1)),
            rules=("EVS-003", "EVS-023"),
        ),
    ]
