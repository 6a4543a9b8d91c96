# SPDX-License-Identifier: MIT
"""Event-stream frames and messages: `application/vnd.amazon.eventstream`, without I/O.

A frame, big-endian:

    total_length u32 | headers_length u32 | prelude_crc u32 | headers | payload | message_crc u32

`encode` writes one frame. A `Decoder` is fed bytes, split anywhere, and returns the messages that
they complete. It trusts nothing before its checksum: the prelude CRC covers both lengths, and the
message CRC covers everything. It keeps one incomplete frame and looks at it again only when the
prelude or the whole frame has arrived. So time is linear in the bytes, and max_frame_length bounds
the memory: a stream needs at most four times that and 16 MiB (EVS-009, EVS-040).

A reader caches one thing: the last headers block and the meaning of its headers. Almost all frames
of a response have equal headers. Such a frame costs two checksums and one comparison of bytes.

Rejected: whatever breaks EVS-001 to EVS-029 of SPEC.md; `errors.FrameError` lists the kinds. The
meaning of a message (`:message-type` and so on) is in operation.py.
"""

from struct import Struct
from typing import (
    Any,
    Callable,
    Dict,
    Generic,
    Iterable,
    List,
    NamedTuple,
    Optional,
    Tuple,
    TypeVar,
    Union,
)

from .checksums import crc32
from .errors import Error, FrameError, UsageError, plain_bytes, require_type, wrong_type

EVENT_STREAM_TYPE = "application/vnd.amazon.eventstream"

# EVS-001
_PRELUDE = Struct(">III")
_U32 = Struct(">I")
_U16 = Struct(">H")

# All lengths are in bytes.
_PRELUDE_LENGTH = 12
# The prelude with its CRC, and the message CRC.
FRAME_OVERHEAD = 16
# EVS-008, EVS-029, EVS-041
DEFAULT_MAX_FRAME_LENGTH = 32 * 1024 * 1024
# EVS-040: a few bytes make a header, so these bound a message's memory. An encoder needs less.
MAX_DECODED_HEADERS_LENGTH = 1024 * 1024
MAX_HEADER_COUNT = 32768
# EVS-025: encode() writes no more; a decoder accepts more.
MAX_HEADERS_LENGTH = 128 * 1024
MAX_PAYLOAD_LENGTH = 24 * 1024 * 1024
# EVS-017: encode() writes no longer string or bytes value; a decoder accepts 65535.
MAX_VALUE_LENGTH = 32767
# EVS-011: the length of a name is one byte.
_MAX_NAME_LENGTH = 255

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

    def find(self, name: str) -> Optional[FrameHeader]:
        """Return the header with that name, which is case-sensitive (EVS-021), or None."""
        # A search is faster than building a dictionary: most messages have three headers.
        for header in self:
            if header[0] == name:
                return header  # type: ignore[no-any-return]
        return None

    def string(self, name: str) -> Optional[str]:
        """Return the value of the header with that name if it is a string, else None."""
        for header in self:
            if header[0] == name:
                return header[2] if header[1] == "string" else None
        return None


class Message(NamedTuple):
    """A decoded frame. Its repr hides the payload, which may be sensitive."""

    headers: FrameHeaders
    payload: bytes

    def __repr__(self) -> str:
        return f"Message(headers={tuple(self.headers)!r}, payload=<{len(self.payload)} bytes>)"


# ---- header types: one table for both directions (EVS-013, EVS-018 to EVS-020) -----------------


def _to_uuid(data: bytes) -> object:
    # Imported on first use: uuid is slow to import before Python 3.8, and no recorded AWS stream
    # has a header of this type.
    from uuid import UUID

    return UUID(bytes=data)


def _uuid_bytes(value: object) -> bytes:
    from uuid import UUID

    if not isinstance(value, UUID):
        raise TypeError
    return value.bytes


def _bytes_of(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError
    return value


def _utf8_of(value: object) -> bytes:
    if not isinstance(value, str):
        raise TypeError
    return value.encode("utf-8")


class _Codec(NamedTuple):
    """How to read and write the values of one header type."""

    type: str
    # Bytes of the value. None: a u16 length precedes the value.
    length: Optional[int]
    # Raises UnicodeDecodeError.
    read: Callable[[bytes], Any]
    # Raises TypeError or ValueError, which _encode_header() turns into UsageError.
    write: Callable[[Any], bytes]


def _integer(name: str, layout: str) -> _Codec:
    # EVS-018
    struct = Struct(layout)
    low, high = -(1 << 8 * struct.size - 1), (1 << 8 * struct.size - 1) - 1

    def write(value: object) -> bytes:
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError
        if not low <= value <= high:
            raise ValueError(f"{low} to {high}")
        return struct.pack(value)

    return _Codec(name, struct.size, lambda data: struct.unpack(data)[0], write)


_CODECS = {
    0: _Codec("boolean", 0, lambda data: True, lambda value: b""),
    1: _Codec("boolean", 0, lambda data: False, lambda value: b""),
    2: _integer("int8", ">b"),
    3: _integer("int16", ">h"),
    4: _integer("int32", ">i"),
    5: _integer("int64", ">q"),
    6: _Codec("bytes", None, bytes, _bytes_of),
    7: _Codec("string", None, bytes.decode, _utf8_of),
    # EVS-019
    8: _integer("timestamp", ">q"),
    # EVS-020
    9: _Codec("uuid", 16, _to_uuid, _uuid_bytes),
}
_CODE_OF_TYPE = {codec.type: code for code, codec in sorted(_CODECS.items(), reverse=True)}
HEADER_TYPES = tuple(sorted(_CODE_OF_TYPE))


# ---- encoding ----------------------------------------------------------------------------------


def encode(headers: Iterable[Tuple[str, str, object]], payload: bytes) -> bytes:
    """Return one frame (EVS-001).

    headers: (name, type, value) triples, such as FrameHeader, which lists the types and values
    payload: at most 24 MiB
    Raises UsageError: `type`, `constraint`, `limit` (EVS-011, EVS-014, EVS-017, EVS-025).
    """
    require_type(payload, bytes, "payload")
    block = encode_headers(headers)
    _check_limit("payload", len(payload), MAX_PAYLOAD_LENGTH, "EVS-025")
    lengths = _PRELUDE.pack(FRAME_OVERHEAD + len(block) + len(payload), len(block), 0)[:8]
    # EVS-002, EVS-003
    prelude_crc = crc32(lengths)
    frame = b"".join((lengths, _U32.pack(prelude_crc), block, payload))
    return frame + _U32.pack(crc32(frame))


def encode_headers(headers: Iterable[Tuple[str, str, object]]) -> bytes:
    """Return the headers block of a frame. Arguments and errors are those of encode()."""
    pieces: Dict[str, bytes] = {}
    for name, type_name, value in _checked_triples(headers):
        # EVS-014
        if name in pieces:
            raise UsageError("duplicate header name", actual=name, rule="EVS-014")
        pieces[name] = _encode_header(name, type_name, value)
    block = b"".join(pieces.values())
    _check_limit("headers", len(block), MAX_HEADERS_LENGTH, "EVS-025")
    return block


def _checked_triples(headers: Iterable[Tuple[str, str, object]]) -> List[Tuple[str, str, object]]:
    try:
        triples = list(headers)
    except (TypeError, ValueError):
        raise wrong_type(headers, "(name, type, value) triples", "headers") from None
    for triple in triples:
        if not isinstance(triple, (tuple, list)) or len(triple) != 3:
            raise wrong_type(triple, "(name, type, value)", "header")
        require_type(triple[0], str, "header name")
    return triples


def _encode_header(name: str, type_name: str, value: object) -> bytes:
    code = _CODE_OF_TYPE.get(type_name) if isinstance(type_name, str) else None
    if code is None:
        raise UsageError(
            "unknown header type", expected=" ".join(HEADER_TYPES), actual=type_name, rule="EVS-013"
        )
    if type_name == "boolean":
        if not isinstance(value, bool):
            raise _wrong_value(name, type_name, value)
        code = 0 if value else 1
    codec = _CODECS[code]
    try:
        encoded_name = name.encode("utf-8")
        data = codec.write(value)
    except TypeError:
        raise _wrong_value(name, type_name, value) from None
    except UnicodeEncodeError:
        raise UsageError(
            "a lone surrogate cannot be encoded", expected="UTF-8 text", rule="EVS-015"
        ) from None
    except ValueError as error:
        raise UsageError(
            f"value of header {name!r} is out of range",
            expected=f"{type_name}: {error}",
            actual=value,
            rule="EVS-018",
        ) from None
    # EVS-011
    if not 1 <= len(encoded_name) <= _MAX_NAME_LENGTH:
        raise UsageError(
            "header name has the wrong length",
            expected="1 to 255 bytes",
            actual=f"{len(encoded_name)} bytes",
            rule="EVS-011",
        )
    head = bytes((len(encoded_name),)) + encoded_name + bytes((code,))
    if codec.length is not None:
        return head + data
    _check_limit(f"value of header {name!r}", len(data), MAX_VALUE_LENGTH, "EVS-017")
    return head + _U16.pack(len(data)) + data


def _wrong_value(name: str, type_name: str, value: object) -> UsageError:
    return wrong_type(value, type_name, f"value of header {name!r}", "EVS-013")


def _check_limit(what: str, length: int, limit: int, rule: str) -> None:
    if length > limit:
        raise UsageError(
            f"{what} too long",
            kind="limit",
            expected=f"at most {limit} bytes",
            actual=f"{length} bytes",
            rule=rule,
        )


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


def _read_header(block: bytes, start: int, offset: int) -> Tuple[FrameHeader, int]:
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
    codec = _CODECS.get(block[name_end])
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
    type_name, length, read, _ = codec
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
    return FrameError(
        f"{what} runs past the headers block",
        expected=f"at most {len(block)} bytes of headers",
        actual=f"{needed} bytes",
        offset=offset + len(block),
        rule="EVS-010",
    )


def _not_utf8(what: str, error: UnicodeDecodeError, offset: int, rule: str) -> FrameError:
    return FrameError(
        f"{what} is invalid UTF-8",
        kind="utf8",
        expected="UTF-8",
        actual=error.object[error.start : error.start + 4],
        offset=offset + error.start,
        rule=rule,
    )


# ---- decoding frames ---------------------------------------------------------------------------

# Returns the result of a payload, or None if the frame has no result.
PayloadReader = Callable[[bytes], Optional[Result]]


def _no_result(payload: bytes) -> None:
    """Read no payload: the PayloadReader before the first frame."""


def _foreign(data: bytes) -> Optional[str]:
    from .foreign_bytes import foreign_cause  # only invalid bytes need it, here and below

    return foreign_cause(data)


def _damaged(frame: bytes, total_length: int) -> Optional[str]:
    from .foreign_bytes import damaged_cause

    return damaged_cause(frame, total_length)


class FrameReader(Generic[Result]):
    """Turns the bytes of a stream, split anywhere, into results, one for each frame.

    meaning: given a frame's headers, returns the function that makes a result of its payload. Both
        may raise an Error, which ends the reader. It is called once for equal headers in a row.
    max_frame_length: in bytes. A longer frame is rejected (`limit`) as soon as its prelude arrives.
    """

    def __init__(
        self,
        meaning: Callable[[FrameHeaders], PayloadReader[Result]],
        max_frame_length: int = DEFAULT_MAX_FRAME_LENGTH,
    ) -> None:
        require_type(max_frame_length, int, "max_frame_length")
        if max_frame_length < FRAME_OVERHEAD:
            raise UsageError(
                "max_frame_length too small",
                expected=f"at least {FRAME_OVERHEAD}",
                actual=max_frame_length,
                rule="EVS-008",
            )
        self._meaning = meaning
        self._max_frame_length = max_frame_length
        # The incomplete frame. It becomes a bytearray when more than one piece is added.
        self._pending: Union[bytes, bytearray] = b""
        # The length at which the prelude or the frame is complete.
        self._needed = _PRELUDE_LENGTH
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

    def read(self, data: Union[bytes, bytearray, memoryview], results: List[Result]) -> None:
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
        pending = bytes(self._pending)
        needed = f"{self._needed} bytes of it"
        if len(self._pending) < _PRELUDE_LENGTH:
            needed += " or more"
        return FrameError(
            f"the stream ends inside a frame that began at byte {self._offset}",
            kind="truncated",
            expected=needed,
            actual=f"{len(self._pending)}",
            offset=self._offset + len(self._pending),
            rule="EVS-022",
            cause=self._cause_of_end(pending),
            buffered=pending,
        )

    def _cause_of_end(self, pending: bytes) -> Optional[str]:
        if self._needed > _PRELUDE_LENGTH:
            return _damaged(pending, self._needed)
        return _foreign(pending)

    def _fail(self, error: Error) -> Error:
        self._ended = f"the decoder has failed: {error}"
        self._pending = b""
        return error

    def _read_frames(self, data: bytes, results: List[Result]) -> int:
        """Append the results of the complete frames. Return the position of the incomplete one."""
        # The speed of a stream depends on this loop. Its names are local, and a frame whose headers
        # block is the cached one causes no call of a function in this module.
        unpack_prelude, unpack_u32, checksum = _PRELUDE.unpack_from, _U32.unpack_from, crc32
        max_frame_length, append = self._max_frame_length, results.append
        max_headers_length = MAX_DECODED_HEADERS_LENGTH
        block, read_payload = self._block, self._read_payload
        position, length = 0, len(data)
        self._needed = _PRELUDE_LENGTH
        # EVS-027: a frame without headers and payload needs no special case.
        while length - position >= _PRELUDE_LENGTH:
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
            frame = data[position : end - 4]
            crc = checksum(frame)
            message_crc = unpack_u32(data, end - 4)[0]
            # EVS-003, EVS-005: check the message CRC before reading any header.
            if crc != message_crc:
                raise FrameError(
                    "message checksum differs",
                    kind="message_crc",
                    expected=f"0x{crc:08x}",
                    actual=f"0x{message_crc:08x}",
                    offset=self._offset + end - 4,
                    rule="EVS-005",
                    cause=_damaged(data[position:], total_length),
                    buffered=data[position:],
                )
            payload_offset = _PRELUDE_LENGTH + headers_length
            if frame[_PRELUDE_LENGTH:payload_offset] != block:
                block = frame[_PRELUDE_LENGTH:payload_offset]
                read_payload = self._read_headers(block, position + _PRELUDE_LENGTH)
            result = read_payload(frame[payload_offset:])
            if result is not None:
                append(result)
            position = end
        return position

    def _read_headers(self, block: bytes, position: int) -> PayloadReader[Result]:
        read_payload = self._meaning(_read_block(block, self._offset + position))
        self._block, self._read_payload = block, read_payload
        return read_payload

    def _prelude_error(self, data: bytes, position: int, crc: int) -> FrameError:
        """Return the error of the prelude at position, whose CRC should be crc."""
        total_length, headers_length, prelude_crc = _PRELUDE.unpack_from(data, position)
        offset = self._offset + position
        # EVS-002, EVS-004: without a correct checksum, neither length can be trusted.
        if crc != prelude_crc:
            return FrameError(
                "prelude checksum differs",
                kind="prelude_crc",
                expected=f"0x{crc:08x}",
                actual=f"0x{prelude_crc:08x}",
                offset=offset + 8,
                rule="EVS-004",
                cause=_foreign(data[position:]),
                buffered=data[position:],
            )
        # EVS-006
        if total_length < FRAME_OVERHEAD:
            return FrameError(
                "total length too small",
                kind="length",
                expected=f"at least {FRAME_OVERHEAD}",
                actual=total_length,
                offset=offset,
                rule="EVS-006",
            )
        # EVS-007
        if headers_length > total_length - FRAME_OVERHEAD:
            return FrameError(
                "headers run past the frame",
                kind="length",
                expected=f"at most {total_length - FRAME_OVERHEAD}",
                actual=headers_length,
                offset=offset + 4,
                rule="EVS-007",
            )
        # EVS-008
        if total_length > self._max_frame_length:
            return FrameError(
                "frame longer than max_frame_length",
                kind="limit",
                expected=f"at most {self._max_frame_length}",
                actual=total_length,
                offset=offset,
                rule="EVS-008",
            )
        # EVS-040
        return FrameError(
            "headers too long",
            kind="limit",
            expected=f"at most {MAX_DECODED_HEADERS_LENGTH}",
            actual=headers_length,
            offset=offset + 4,
            rule="EVS-040",
        )


def _message_reader(headers: FrameHeaders) -> Callable[[bytes], Message]:
    # tuple.__new__ is faster than Message(): the loop above runs it for each frame.
    new = tuple.__new__
    return lambda payload: new(Message, (headers, payload))


class Decoder(FrameReader[Message]):
    """Turns the bytes of a stream, split anywhere, into messages.

    max_frame_length: in bytes. A longer frame is rejected (`limit`) as soon as its prelude arrives.
    """

    def __init__(self, max_frame_length: int = DEFAULT_MAX_FRAME_LENGTH) -> None:
        super().__init__(_message_reader, max_frame_length)

    def feed(self, data: Union[bytes, bytearray, memoryview]) -> List[Message]:
        """Return the messages that data completes, in order. Data may be split anywhere (EVS-026).

        Raises FrameError at the first error. Its `messages` are those that this call had completed
        (EVS-023). Any further call raises UsageError (EVS-024).
        """
        messages: List[Message] = []
        try:
            self.read(data, messages)
        except FrameError as error:
            error.messages = tuple(messages)
            raise
        return messages
