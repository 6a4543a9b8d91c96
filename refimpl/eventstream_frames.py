# SPDX-License-Identifier: MIT
"""Decoding of event-stream frames (eventstream.py): headers, and the frames of a stream.

A `FrameReader` is fed bytes, split anywhere, and makes a result of each frame that they complete.
It trusts nothing before its checksum: the prelude CRC covers both lengths, and the message CRC
covers everything. It keeps one incomplete frame and looks at it again only when the prelude or the
whole frame has arrived. So time is linear in the bytes, and max_frame_length bounds the memory: a
stream needs at most four times that and 16 MiB (EVS-009, EVS-040).

A reader caches one thing: the last headers block and the meaning of its headers. Almost all frames
of a response have equal headers. Such a frame costs two checksums and one comparison of bytes.

It rejects what breaks a rule for decoders. Errors that need more than a line are in
eventstream_errors.py, which a correct stream does not load.
"""

from struct import Struct
from typing import Any, Callable, Dict, Generic, List, NamedTuple, Optional, Tuple, TypeVar, Union

from .checksums import crc32
from .errors import Error, FrameError, UsageError, plain_bytes, require_type
from .eventstream_layout import (
    DEFAULT_MAX_FRAME_LENGTH,
    FRAME_OVERHEAD,
    MAX_DECODED_HEADERS_LENGTH,
    MAX_HEADER_COUNT,
    PRELUDE,
    PRELUDE_LENGTH,
    U32,
    check_max_frame_length,
)

Result = TypeVar("Result")


class FrameHeader(NamedTuple):
    """One header.

    type: boolean, int8, int16, int32, int64, bytes, string, timestamp or uuid
    value: bool, int, bytes, str, int (milliseconds since 1970 UTC) or uuid.UUID
    """

    name: str
    type: str
    value: Any


class FrameHeaders(tuple):  # type: ignore[type-arg]
    """A message's headers: an immutable tuple of FrameHeader, in order, with a look-up by name."""

    __slots__ = ()

    def find(self, name: str) -> "Optional[FrameHeader]":
        """Return the header with that name, which is case-sensitive (EVS-021), or None."""
        # A search is faster than building a dictionary: most messages have three headers.
        for header in self:
            if header[0] == name:
                return header  # type: ignore[no-any-return]
        return None

    def string(self, name: str) -> "Optional[str]":
        """Return the value of the header with that name if it is a string, else None."""
        for header in self:
            if header[0] == name:
                return header[2] if header[1] == "string" else None
        return None


# ---- header types (EVS-013, EVS-018 to EVS-020) -----------------------------------------------

# The name of a type, the bytes of a value (None: a u16 length precedes it), and how to read it.
# Reading may raise UnicodeDecodeError.
HeaderType = Tuple[str, Optional[int], Callable[[bytes], Any]]


def _to_uuid(data: bytes) -> object:
    # Imported on first use: uuid is slow to import before Python 3.8, and no recorded AWS stream
    # has a header of this type.
    from uuid import UUID

    return UUID(bytes=data)


def _integer(name: str, layout: str) -> HeaderType:
    # EVS-018
    struct = Struct(layout)
    return name, struct.size, lambda data: struct.unpack(data)[0]


HEADER_CODES: "Dict[int, HeaderType]" = {
    0: ("boolean", 0, lambda data: True),
    1: ("boolean", 0, lambda data: False),
    2: _integer("int8", ">b"),
    3: _integer("int16", ">h"),
    4: _integer("int32", ">i"),
    5: _integer("int64", ">q"),
    6: ("bytes", None, bytes),
    7: ("string", None, bytes.decode),
    # EVS-019
    8: _integer("timestamp", ">q"),
    # EVS-020
    9: ("uuid", 16, _to_uuid),
}


# ---- decoding headers --------------------------------------------------------------------------


def decode_headers(block: bytes, offset: int = 0) -> FrameHeaders:
    """Return the headers of a complete headers block.

    offset: the position of the block in the stream, in bytes; errors report positions in the stream
    Raises FrameError: `header`, `header_type`, `utf8`, `duplicate_header` (EVS-010 to EVS-016).
    """
    require_type(block, bytes, "headers block")
    require_type(offset, int, "offset")
    return _read_block(block, offset)


def _read_block(block: bytes, offset: int) -> FrameHeaders:
    by_name: Dict[str, FrameHeader] = {}
    start, length = 0, len(block)
    while start < length:
        header, end = _read_header(block, start, offset)
        name = header[0]
        # EVS-040
        if len(by_name) == MAX_HEADER_COUNT:
            raise FrameError(
                "too many headers",
                kind="limit",
                expected=f"at most {MAX_HEADER_COUNT}",
                actual="more",
                offset=offset + start,
                rule="EVS-040",
            )
        # EVS-014
        if name in by_name:
            raise FrameError(
                "duplicate header name",
                kind="duplicate_header",
                expected="unique names",
                actual=name,
                offset=offset + start,
                rule="EVS-014",
            )
        by_name[name] = header
        start = end
    return FrameHeaders(by_name.values())


def _read_header(block: bytes, start: int, offset: int) -> "Tuple[FrameHeader, int]":
    """Return the header at start, and where it ends."""
    end = len(block)
    name_length = block[start]
    # EVS-011
    if name_length == 0:
        raise FrameError(
            "empty header name",
            expected="1 to 255 bytes",
            actual="0 bytes",
            offset=offset + start,
            rule="EVS-011",
        )
    name_end = start + 1 + name_length
    # EVS-010: the type is one byte, after the name.
    if name_end >= end:
        raise _short(block, "header name and type", name_end + 1, offset)
    codec = HEADER_CODES.get(block[name_end])
    # EVS-013
    if codec is None:
        raise FrameError(
            "unknown header type",
            kind="header_type",
            expected="0 to 9",
            actual=block[name_end],
            offset=offset + name_end,
            rule="EVS-013",
        )
    type_name, length, read = codec
    position = name_end + 1
    if length is None:
        # EVS-010
        if position + 2 > end:
            raise _short(block, "value length", position + 2, offset)
        # EVS-016
        length = block[position] << 8 | block[position + 1]
        position += 2
    value_end = position + length
    # EVS-010
    if value_end > end:
        raise _short(block, "header value", value_end, offset)
    # EVS-012
    try:
        name = block[start + 1 : name_end].decode()
    except UnicodeDecodeError as error:
        raise _not_utf8("header name", error, offset + start + 1, "EVS-012") from None
    # EVS-015
    try:
        value = read(block[position:value_end])
    except UnicodeDecodeError as error:
        raise _not_utf8(f"value of header {name!r}", error, offset + position, "EVS-015") from None
    # tuple.__new__ is faster than FrameHeader(), and streams with changing headers depend on this.
    return tuple.__new__(FrameHeader, (name, type_name, value)), value_end


def _short(block: bytes, what: str, needed: int, offset: int) -> FrameError:
    from .eventstream_errors import short_error  # only invalid bytes need it, here and below

    return short_error(block, what, needed, offset)


def _not_utf8(what: str, error: UnicodeDecodeError, offset: int, rule: str) -> FrameError:
    from .eventstream_errors import utf8_error

    return utf8_error(what, error, offset, rule)


# ---- decoding frames ---------------------------------------------------------------------------

# Returns the result of a payload, or None if the frame has no result.
PayloadReader = Callable[[bytes], Optional[Result]]


def _no_result(payload: bytes) -> None:
    """Read no payload: the PayloadReader before the first frame."""


class FrameReader(Generic[Result]):
    """Turns the bytes of a stream, split anywhere, into results, one for each frame.

    meaning: given a frame's headers, returns the function that makes a result of its payload. Both
        may raise an Error, which ends the reader. It is called once for equal headers in a row.
    max_frame_length: in bytes. A longer frame is rejected (`limit`) as soon as its prelude arrives.
    """

    def __init__(
        self,
        meaning: "Callable[[FrameHeaders], PayloadReader[Result]]",
        max_frame_length: int = DEFAULT_MAX_FRAME_LENGTH,
    ) -> None:
        check_max_frame_length(max_frame_length)
        self._meaning = meaning
        self._max_frame_length = max_frame_length
        # The incomplete frame. It becomes a bytearray when more than one piece is added.
        self._pending: Union[bytes, bytearray] = b""
        # The length at which the prelude or the frame is complete.
        self._needed = PRELUDE_LENGTH
        # The position of its first byte in the stream.
        self._offset = 0
        # The cache: the last headers block, and the reader of the payloads that follow it.
        self._block: Optional[bytes] = None
        self._read_payload: PayloadReader[Result] = _no_result
        # The reason why the reader accepts no more bytes, or None.
        self._ended: Optional[str] = None

    @property
    def offset(self) -> int:
        """The position in the stream of the first byte after the frames read so far."""
        return self._offset

    @property
    def buffered(self) -> int:
        """The number of bytes of the incomplete frame that have arrived."""
        return len(self._pending)

    @property
    def missing(self) -> int:
        """The number of bytes to the end of the incomplete prelude or frame."""
        return self._needed - len(self._pending)

    def read(self, data: "Union[bytes, bytearray, memoryview]", results: "List[Result]") -> None:
        """Append the results that data completes, in order. Data may be split anywhere (EVS-026).

        Raises FrameError at the first error, or whatever `meaning` raises. The results before it
        have been appended (EVS-023). Any further call raises UsageError (EVS-024).
        """
        if not isinstance(data, bytes):
            data = plain_bytes(data)
        # EVS-024
        if self._ended is not None:
            raise UsageError(self._ended, rule="EVS-024")
        if self._pending:
            # EVS-009: bytes that complete nothing are only appended.
            if len(self._pending) + len(data) < self._needed:
                if isinstance(self._pending, bytes):
                    self._pending = bytearray(self._pending)
                self._pending += data
                return
            # Large frames: free the pieces before the frame is copied again.
            data, self._pending = b"".join((self._pending, data)), b""
        try:
            position = self._read_frames(data, results)
        except Error as error:
            raise self._fail(error) from None
        self._offset += position
        self._pending = data[position:]

    def close(self) -> None:
        """Signal the end of the stream. A later read() raises UsageError.

        Raises FrameError `truncated` if a frame is incomplete (EVS-022).
        """
        if self._ended is not None:
            return
        self._ended = "the decoder is closed"
        # EVS-022
        if self._pending:
            raise self._fail(self._truncated())

    def _truncated(self) -> FrameError:
        from .eventstream_errors import truncated_error

        return truncated_error(bytes(self._pending), self._needed, self._offset)

    def _fail(self, error: Error) -> Error:
        self._ended = f"the decoder has failed: {error}"
        self._pending = b""
        return error

    def _read_frames(self, data: bytes, results: "List[Result]") -> int:
        """Append the results of the complete frames. Return the position of the incomplete one."""
        # The speed of a stream depends on this loop. Its names are local, and a frame whose headers
        # block is the cached one causes no call of a function in this module.
        unpack_prelude, unpack_u32, checksum = PRELUDE.unpack_from, U32.unpack_from, crc32
        max_frame_length, append = self._max_frame_length, results.append
        max_headers_length = MAX_DECODED_HEADERS_LENGTH
        block, read_payload = self._block, self._read_payload
        position, length, view = 0, len(data), memoryview(data)
        self._needed = PRELUDE_LENGTH
        # EVS-027: a frame without headers and payload needs no special case.
        while length - position >= PRELUDE_LENGTH:
            total_length, headers_length, prelude_crc = unpack_prelude(data, position)
            crc = checksum(data[position : position + 8])
            # EVS-004, EVS-006, EVS-007, EVS-008, EVS-028: check the prelude as soon as it arrives,
            # its checksum first. _prelude_error() finds the broken rule.
            if (
                crc != prelude_crc
                or not FRAME_OVERHEAD + headers_length <= total_length <= max_frame_length
                or headers_length > max_headers_length
            ):
                raise self._prelude_error(data, position, crc)
            end = position + total_length
            if end > length:
                self._needed = total_length
                break
            # A view of a short frame takes longer than a copy of it.
            frame = data[position : end - 4] if total_length < 4096 else view[position : end - 4]
            crc = checksum(frame)
            message_crc = unpack_u32(data, end - 4)[0]
            # EVS-003, EVS-005: check the message CRC before reading any header.
            if crc != message_crc:
                from .eventstream_errors import message_error

                raise message_error(data[position:], total_length, crc, self._offset + position)
            headers_start = position + PRELUDE_LENGTH
            payload_start = headers_start + headers_length
            if data[headers_start:payload_start] != block:
                block = data[headers_start:payload_start]
                read_payload = self._read_headers(block, headers_start)
            result = read_payload(data[payload_start : end - 4])
            if result is not None:
                append(result)
            position = end
        return position

    def _read_headers(self, block: bytes, position: int) -> "PayloadReader[Result]":
        read_payload = self._meaning(_read_block(block, self._offset + position))
        self._block, self._read_payload = block, read_payload
        return read_payload

    def _prelude_error(self, data: bytes, position: int, crc: int) -> FrameError:
        """Return the error of the prelude at position, whose CRC should be crc."""
        from .eventstream_errors import prelude_error

        return prelude_error(data[position:], crc, self._offset + position, self._max_frame_length)
