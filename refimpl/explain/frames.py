# SPDX-License-Identifier: MIT
"""Every byte of an event stream: the field that it belongs to, its value, and the rule.

The decoder of eventstream.py decides what is a frame. This module feeds it one frame at a time, and
names the fields of the bytes that it has accepted. For bytes that it rejects, it shows which
checksum differs, whether one flipped bit or a text layer explains the difference, and where the
next complete frame begins. A decoder itself must not go on there (EVS-024), so that frame is marked
as found again.
"""

from typing import Iterator, List, NamedTuple, Optional, Tuple

from ..checksums import crc32
from ..errors import FrameError, shown
from ..eventstream import Decoder, Message
from ..eventstream_encoder import encode_headers
from ..eventstream_frames import FrameHeader
from ..eventstream_layout import FRAME_OVERHEAD
from ..foreign_bytes import foreign_cause

_PRELUDE_BYTES = 12
_MAX_EXAMINED_FRAME = 64 * 1024  # bytes in which a flipped bit is searched for
_MAX_SEARCHED = 4 * 1024 * 1024  # bytes that are searched for the next frame


class FrameField(NamedTuple):
    """One field of a frame.

    offset: of its first byte in the stream;  data: its bytes
    name: total_length, headers_length, prelude_crc, name_length, name, type, value_length, value,
        payload or message_crc
    value: what the bytes mean;  rule: the rule of SPEC.md
    """

    offset: int
    data: bytes
    name: str
    value: str
    rule: str


class ExplainedFrame(NamedTuple):
    """A frame or, with an error, the bytes that are not a frame.

    offset: of the first byte in the stream
    fields: in the order of the bytes;  message: None if there is an error
    error: the decoder's;  facts: lines about the error
    next_offset: where a complete frame follows the error, or None
    found_again: whether the frame was found by a search, after an error
    """

    offset: int
    fields: Tuple[FrameField, ...]
    message: Optional[Message]
    error: Optional[FrameError] = None
    facts: Tuple[str, ...] = ()
    next_offset: Optional[int] = None
    found_again: bool = False


def fields_of_frame(frame: bytes, message: Message, offset: int = 0) -> List[FrameField]:
    """Return the fields of a frame that a decoder has accepted.

    message: the decoder's;  offset: of the frame in the stream
    """
    fields = _prelude_fields(frame, offset)
    position = _PRELUDE_BYTES
    for header in message.headers:
        for name, length, value, rule in _parts_of_header(header):
            data = frame[position : position + length]
            fields.append(FrameField(offset + position, data, name, value, rule))
            position += length
    end = len(frame) - 4
    if position < end:
        size = f"{end - position} bytes"
        fields.append(
            FrameField(offset + position, frame[position:end], "payload", size, "EVS-001")
        )
    fields.append(_crc_field(frame, end, offset, "message_crc", "EVS-003"))
    return fields


def _prelude_fields(frame: bytes, offset: int) -> List[FrameField]:
    """Return the fields of a prelude that is complete, whatever its checksum is."""
    total, headers = (int.from_bytes(frame[at : at + 4], "big") for at in (0, 4))
    return [
        FrameField(offset, frame[:4], "total_length", str(total), "EVS-006"),
        FrameField(offset + 4, frame[4:8], "headers_length", str(headers), "EVS-007"),
        _crc_field(frame, 8, offset, "prelude_crc", "EVS-002"),
    ]


def _crc_field(frame: bytes, position: int, offset: int, name: str, rule: str) -> FrameField:
    computed = crc32(frame[:position])
    data = frame[position : position + 4]
    found = int.from_bytes(data, "big")
    value = "ok" if found == computed else f"{found:08x}, computed {computed:08x}"
    return FrameField(offset + position, data, name, value, rule)


def _parts_of_header(header: FrameHeader) -> List[Tuple[str, int, str, str]]:
    """Return name, length, value and rule of each field of a header."""
    name_length = len(header.name.encode("utf-8"))
    parts = [
        ("name_length", 1, str(name_length), "EVS-011"),
        ("name", name_length, shown(header.name), "EVS-012"),
        ("type", 1, header.type, "EVS-013"),
    ]
    if header.type in ("bytes", "string"):
        value = header.value.encode("utf-8") if header.type == "string" else header.value
        parts.append(("value_length", 2, str(len(value)), "EVS-016"))
        if value:
            parts.append(("value", len(value), shown(header.value, 80), "EVS-015"))
        return parts
    # The encoder knows how long the other types are. A boolean has no value byte.
    length = len(encode_headers([header])) - name_length - 2
    if length:
        parts.append(("value", length, shown(header.value), "EVS-018"))
    else:
        parts[-1] = ("type", 1, f"boolean {str(header.value).lower()}", "EVS-013")
    return parts


# ---- streams -----------------------------------------------------------------------------------


def explain_frames(data: bytes) -> Iterator[ExplainedFrame]:
    """Yield every frame of a stream, the bytes that are not a frame, and the frames after them."""
    position, found_again = 0, False
    while position < len(data):
        explained, length = _explain_one(data, position)
        yield explained._replace(found_again=found_again)
        if explained.error is None:
            position += length
        elif explained.next_offset is None:
            return
        else:
            position, found_again = explained.next_offset, True


def _explain_one(data: bytes, start: int) -> Tuple[ExplainedFrame, int]:
    decoder = Decoder()
    position = start
    messages: List[Message] = []
    try:
        while not messages:
            piece = data[position : position + decoder.missing]
            position += len(piece)
            messages = decoder.feed(piece)
            if not piece:
                decoder.close()
    except FrameError as error:
        return _explain_error(data, start, error), 0
    frame = data[start:position]
    fields = tuple(fields_of_frame(frame, messages[0], start))
    return ExplainedFrame(start, fields, messages[0]), len(frame)


def _explain_error(data: bytes, start: int, error: FrameError) -> ExplainedFrame:
    error.offset = start + (error.offset or 0)
    rest = data[start:]
    fields: List[FrameField] = []
    if len(rest) >= _PRELUDE_BYTES:
        fields = _prelude_fields(rest, start)
    facts = []
    cause = error.cause or foreign_cause(rest)
    if cause is not None:
        facts.append(cause)
    if error.kind == "prelude_crc":
        facts += _facts_about_bit(rest[:_PRELUDE_BYTES], start)
    total = int.from_bytes(rest[:4], "big")
    if error.kind == "message_crc":
        frame = rest[:total]
        fields.append(_crc_field(frame, total - 4, start, "message_crc", "EVS-003"))
        facts += _facts_about_bit(frame, start)
    if error.kind == "truncated":  # this decoder began at the frame
        error.message = (error.message or "").replace("at byte 0", f"at byte {start}")
    if error.kind == "truncated" and len(rest) >= _PRELUDE_BYTES:
        facts.append(f"{total - len(rest)} of {total} bytes are missing")
    following = _next_frame(data, start + 1)
    if following is not None:
        facts.append(f"the next complete frame begins at byte {following}")
    return ExplainedFrame(start, tuple(fields), None, error, tuple(facts), following)


def _next_frame(data: bytes, start: int) -> Optional[int]:
    """Return the offset of the first complete frame at or after start, or None."""
    for offset in range(start, min(len(data) - FRAME_OVERHEAD + 1, start + _MAX_SEARCHED)):
        found = int.from_bytes(data[offset + 8 : offset + _PRELUDE_BYTES], "big")
        if crc32(data[offset : offset + 8]) != found:
            continue
        total = int.from_bytes(data[offset : offset + 4], "big")
        frame = data[offset : offset + total]
        if len(frame) == total >= FRAME_OVERHEAD:
            try:
                if Decoder().feed(frame):
                    return offset
            except FrameError:
                continue
    return None


# ---- one flipped bit ---------------------------------------------------------------------------


def flipped_bit_in(checked: bytes) -> Optional[Tuple[int, int]]:
    """Return (byte, bit) of the one flipped bit that explains a wrong checksum, or None.

    checked: bytes that end with the CRC-32 of those before it. Bit 0 is the lowest bit.
    """
    body, found = checked[:-4], int.from_bytes(checked[-4:], "big")
    difference = crc32(body) ^ found
    if difference & (difference - 1) == 0 and difference:
        bit = difference.bit_length() - 1
        return len(body) + 3 - bit // 8, bit % 8
    if len(body) > _MAX_EXAMINED_FRAME:
        return None
    # What a flipped bit of the last byte changes in the checksum, then of the byte before it, …
    step = [crc32(bytes((value,))) ^ crc32(b"\0") for value in range(256)]
    changes = [step[1 << bit] for bit in range(8)]
    for position in range(len(body) - 1, -1, -1):
        if difference in changes:
            return position, changes.index(difference)
        changes = [(change >> 8) ^ step[change & 0xFF] for change in changes]
    return None


def _facts_about_bit(checked: bytes, start: int) -> List[str]:
    computed, found = crc32(checked[:-4]), checked[-4:].hex()
    facts = [f"checksum {computed:08x} expected over {len(checked) - 4} bytes, {found} found"]
    flipped = flipped_bit_in(checked)
    if flipped is None:
        return facts + ["no single flipped bit explains this"]
    position, bit = flipped
    before = checked[position]
    place = f"byte {start + position}, {before:02x} in place of {before ^ (1 << bit):02x}"
    return facts + [f"one flipped bit explains this: bit {bit} of {place}"]
