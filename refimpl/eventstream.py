# SPDX-License-Identifier: MIT
"""Event-stream frames <-> messages: `application/vnd.amazon.eventstream`, without I/O.

A frame is  total_length u32 | headers_length u32 | prelude_crc u32 | headers | payload | message_crc u32,  big-endian.

The plan: `encode` writes one frame; a `Decoder` is fed bytes, however they are cut, and returns the messages that they
complete. Nothing is believed before its checksum: the prelude CRC guards both lengths, the message CRC all the rest.
A decoder keeps one unfinished frame and looks at it again only when the frame's next landmark (its prelude, its end)
has arrived, so that time is linear in the bytes and memory is bounded by max_frame_length.

What it refuses: the list of kinds in `errors.FrameError`; the rules EVS-001 to EVS-029 of SPEC.md. What a message
*means* (`:message-type` and the rest) is for operation.py.
"""

import re
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
from zlib import crc32

from .errors import Error, FrameError, UsageError, excerpt, require_type

EVENT_STREAM_TYPE = "application/vnd.amazon.eventstream"

_PRELUDE = Struct(">III")  # EVS-001
_U32 = Struct(">I")
_U16 = Struct(">H")
_PRELUDE_LENGTH = 12
FRAME_OVERHEAD = 16  # bytes: the prelude with its CRC, and the message CRC

DEFAULT_MAX_FRAME_LENGTH = 32 * 1024 * 1024  # bytes; EVS-008, EVS-029
MAX_HEADERS_LENGTH = 128 * 1024  # bytes that encode() writes; EVS-025
MAX_PAYLOAD_LENGTH = 24 * 1024 * 1024  # bytes that encode() writes; EVS-025
MAX_VALUE_LENGTH = 32767  # bytes of a string or bytes value that encode() writes; EVS-017
_MAX_NAME_LENGTH = 255  # bytes; the length is one byte

# What a reader remembers of preludes and headers that it has read already: bounded in entries, and in bytes of each.
_MEMO_ENTRIES = 256
_MEMO_LENGTH = 512

Result = TypeVar("Result")


class FrameHeader(NamedTuple):
    name: str
    type: str
    value: Any


FrameHeader.__doc__ = """One header: its name, its type (boolean int8 int16 int32 int64 bytes string timestamp uuid)
and its value: bool, int, bytes, str, int (milliseconds since 1970 UTC) or uuid.UUID."""


class FrameHeaders(tuple):  # type: ignore[type-arg]
    """A message's headers in the order in which they came: an immutable tuple of FrameHeader with a look-up by name."""

    __slots__ = ()

    def find(self, name: str) -> Optional[FrameHeader]:
        """Return the header of that name, matched case-sensitively (EVS-021), or None."""
        for header in self:  # there are three, as a rule
            if header[0] == name:
                return header  # type: ignore[no-any-return]
        return None

    def string(self, name: str) -> Optional[str]:
        """Return the value of that header if it is a string, else None."""
        for header in self:
            if header[0] == name:
                return header[2] if header[1] == "string" else None
        return None


class Message(NamedTuple("Message", [("headers", FrameHeaders), ("payload", bytes)])):
    """One decoded frame. Its repr tells the payload's length, not the payload, which may be sensitive."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Message(headers={tuple(self.headers)!r}, payload=<{len(self.payload)} bytes>)"


# ---- header types: one table, read in both directions (EVS-013, EVS-018 to EVS-020) ------------------------------


def _to_uuid(data: bytes) -> object:
    from uuid import (
        UUID,  # imported when met: slow to import on old Pythons, and no recorded AWS stream has one
    )

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
    type: str
    length: Optional[int]
    read: Callable[[bytes], Any]
    write: Callable[[Any], bytes]


def _integer(name: str, layout: str) -> _Codec:
    form = Struct(layout)
    low, high = -(1 << 8 * form.size - 1), (1 << 8 * form.size - 1) - 1

    def write(value: object) -> bytes:
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError
        if not low <= value <= high:
            raise ValueError(f"{int(low)} to {int(high)}")
        return form.pack(value)

    return _Codec(name, form.size, lambda data: form.unpack(data)[0], write)


_CODECS = {
    0: _Codec("boolean", 0, lambda data: True, lambda value: b""),
    1: _Codec("boolean", 0, lambda data: False, lambda value: b""),
    2: _integer("int8", ">b"),
    3: _integer("int16", ">h"),
    4: _integer("int32", ">i"),
    5: _integer("int64", ">q"),
    6: _Codec("bytes", None, bytes, _bytes_of),
    7: _Codec("string", None, bytes.decode, _utf8_of),
    8: _integer("timestamp", ">q"),  # EVS-019
    9: _Codec("uuid", 16, _to_uuid, _uuid_bytes),  # EVS-020
}
_CODE_OF_TYPE = {codec.type: code for code, codec in sorted(_CODECS.items(), reverse=True)}
HEADER_TYPES = tuple(sorted(_CODE_OF_TYPE))


# ---- encoding ----------------------------------------------------------------------------------------------------


def encode(headers: Iterable[Tuple[str, str, object]], payload: bytes) -> bytes:
    """Return one frame (EVS-001).

    headers: (name, type, value) triples, FrameHeader among them; types and values as there
    payload: bytes, at most 24 MiB
    Raises UsageError: `type`, `constraint`, `limit` (EVS-011, EVS-014, EVS-017, EVS-025).
    """
    require_type(payload, bytes, "payload")
    block = encode_headers(headers)
    _check_limit("payload", len(payload), MAX_PAYLOAD_LENGTH, "EVS-025")
    lengths = _PRELUDE.pack(FRAME_OVERHEAD + len(block) + len(payload), len(block), 0)[:8]
    prelude_crc = crc32(lengths)  # EVS-002
    frame = b"".join((lengths, _U32.pack(prelude_crc), block, payload))
    return frame + _U32.pack(crc32(frame))  # EVS-003


def encode_headers(headers: Iterable[Tuple[str, str, object]]) -> bytes:
    """Return the headers block of a frame; arguments and errors as for encode()."""
    pieces: List[bytes] = []
    names = set()
    try:
        triples = [FrameHeader(*triple) for triple in headers]
    except TypeError:
        raise UsageError("headers must be (name, type, value) triples", kind="type") from None
    for name, type_name, value in triples:
        require_type(name, str, "header name")
        if name in names:  # EVS-014
            raise UsageError("header name given twice", actual=name, rule="EVS-014")
        names.add(name)
        pieces.append(_encode_header(name, type_name, value))
    block = b"".join(pieces)
    _check_limit("headers", len(block), MAX_HEADERS_LENGTH, "EVS-025")
    return block


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
            f"header {name!r} does not fit its type",
            expected=f"{type_name}: {error}",
            actual=value,
            rule="EVS-018",
        ) from None
    if not 1 <= len(encoded_name) <= _MAX_NAME_LENGTH:  # EVS-011
        raise UsageError(
            "header name of the wrong length",
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
    return UsageError(
        f"value of header {name!r} has the wrong type",
        kind="type",
        expected=type_name,
        actual=type(value).__name__,
        rule="EVS-013",
    )


def _check_limit(what: str, length: int, limit: int, rule: str) -> None:
    if length > limit:
        raise UsageError(
            f"{what} too long",
            kind="limit",
            expected=f"at most {int(limit)} bytes",
            actual=f"{int(length)} bytes",
            rule=rule,
        )


# ---- decoding ----------------------------------------------------------------------------------------------------

# How a frame starts: its total length, its payload's offset in it, the CRC of all before the payload, and what makes the
# result of a payload; None as long as the headers are not read.
_Start = Tuple[int, int, int, Optional[Callable[[bytes], Optional[Result]]]]


def plain_bytes(data: object) -> bytes:
    """Return data, which may be a bytearray or a memoryview, as bytes. Raises UsageError of kind `type`."""
    if isinstance(data, bytes):
        return data
    if not isinstance(data, (bytearray, memoryview)):
        raise UsageError(
            "data has the wrong type", kind="type", expected="bytes", actual=type(data).__name__
        )
    try:
        return bytes(data)
    except ValueError:
        raise UsageError(
            "data is a memoryview that has been released", kind="type", expected="bytes"
        ) from None


def decode_headers(
    block: bytes, offset: int = 0, known: Optional[Dict[bytes, FrameHeader]] = None
) -> FrameHeaders:
    """Return the headers of a whole headers block, whose first byte lies at offset of the stream.

    known: single headers that were read before, by their bytes: what is there is not read again, what is read is put there
    Raises FrameError: `header`, `header_type`, `utf8`, `duplicate_header` (EVS-010 to EVS-016).
    """
    require_type(block, bytes, "headers block")
    find_known, codecs = (known or {}).get, _CODECS
    by_name: Dict[str, FrameHeader] = {}
    position, end = 0, len(block)
    while position < end:
        start = position
        name_length = block[position]
        if name_length == 0:  # EVS-011
            raise FrameError(
                "empty header name",
                expected="1 to 255 bytes",
                actual="0 bytes",
                offset=offset + start,
                rule="EVS-011",
            )
        position += 1 + name_length
        if position >= end:  # EVS-010; the type byte must follow
            raise _short(block, "header name and type", position + 1, offset)
        codec = codecs.get(block[position])
        if codec is None:  # EVS-013
            raise FrameError(
                "unknown header type",
                kind="header_type",
                expected="0 to 9",
                actual=block[position],
                offset=offset + position,
                rule="EVS-013",
            )
        position += 1
        length = codec.length
        if length is None:
            if position + 2 > end:  # EVS-010
                raise _short(block, "value length", position + 2, offset)
            length = block[position] << 8 | block[position + 1]  # EVS-016
            position += 2
        position += length
        if position > end:  # EVS-010
            raise _short(block, "header value", position, offset)
        bytes_of_header = block[start:position]
        header = find_known(bytes_of_header)
        if header is None:
            header = _read_header(bytes_of_header, codec, length, offset + start)
            if known is not None and len(bytes_of_header) <= _MEMO_LENGTH:
                _remember(known, bytes_of_header, header)
        name = header[0]
        if name in by_name:  # EVS-014
            raise FrameError(
                "header name given twice",
                kind="duplicate_header",
                expected="unique names",
                actual=name,
                offset=offset + start,
                rule="EVS-014",
            )
        by_name[name] = header
    return FrameHeaders(by_name.values())


def _read_header(header: bytes, codec: _Codec, length: int, offset: int) -> FrameHeader:
    """Return one header from its bytes, whose value is length bytes long."""
    value_start = len(header) - length
    name_bytes = header[1 : 1 + header[0]]
    try:
        name = name_bytes.decode("utf-8")
    except UnicodeDecodeError as error:  # EVS-012
        raise _not_utf8("header name", name_bytes, error, offset + 1, "EVS-012") from None
    value_bytes = header[value_start:]
    try:
        return tuple.__new__(FrameHeader, (name, codec.type, codec.read(value_bytes)))
    except UnicodeDecodeError as error:  # EVS-015
        raise _not_utf8(
            f"value of header {name!r}", value_bytes, error, offset + value_start, "EVS-015"
        ) from None


def _short(block: bytes, what: str, needed: int, offset: int) -> FrameError:
    return FrameError(
        f"{what} runs past the headers block",
        expected=f"at most {len(block)} bytes of headers",
        actual=f"{int(needed)} bytes",
        offset=offset + len(block),
        rule="EVS-010",
    )


def _not_utf8(
    what: str, data: bytes, error: UnicodeDecodeError, offset: int, rule: str
) -> FrameError:
    return FrameError(
        f"{what} is not UTF-8",
        kind="utf8",
        expected="UTF-8",
        actual=data[error.start : error.start + 4],
        offset=offset + error.start,
        rule=rule,
    )


class FrameReader(Generic[Result]):
    """Turns the bytes of a stream, fed in any pieces, into results: what `meaning` makes of each frame's headers and payload.

    meaning: given a frame's headers, returns a function from its payload to the result; a result None is left out. Both may
        raise an error of this package, which ends the reader. It is asked once for equal headers that follow one another
    max_frame_length: the longest frame accepted, in bytes; more is refused (`limit`) as soon as its prelude is read
    """

    def __init__(
        self,
        meaning: Callable[[FrameHeaders], Callable[[bytes], Optional[Result]]],
        max_frame_length: int = DEFAULT_MAX_FRAME_LENGTH,
    ) -> None:
        require_type(max_frame_length, int, "max_frame_length")
        if max_frame_length < FRAME_OVERHEAD:
            raise UsageError(
                "max_frame_length too small",
                expected=f"at least {int(FRAME_OVERHEAD)}",
                actual=max_frame_length,
                rule="EVS-008",
            )
        self._meaning = meaning
        self._max_frame_length = max_frame_length
        self._pending: Union[bytes, bytearray] = (
            b""  # the unfinished frame; a bytearray once it has grown by pieces
        )
        self._needed = (
            _PRELUDE_LENGTH  # bytes of it that must have come before it is worth another look
        )
        self._offset = 0  # of the unfinished frame's first byte, in the stream
        self._starts: Dict[bytes, _Start[Result]] = {}  # by the bytes of prelude and headers
        self._start_length = (
            _PRELUDE_LENGTH  # of the frame before: the next one's is likely the same
        )
        self._blocks: Dict[
            bytes, Callable[[bytes], Optional[Result]]
        ] = {}  # by the bytes of the headers alone
        self._headers: Dict[bytes, FrameHeader] = {}  # by the bytes of each
        self._failed: Optional[str] = None

    @property
    def offset(self) -> int:
        """The offset of the first byte that belongs to no frame read so far."""
        return self._offset

    @property
    def buffered(self) -> int:
        """How many bytes of an unfinished frame are kept."""
        return len(self._pending)

    @property
    def missing(self) -> int:
        """How many bytes must come before the reader can know more: to the end of a prelude, or of a frame."""
        return self._needed - len(self._pending)

    def read(self, data: Union[bytes, bytearray, memoryview], results: List[Result]) -> None:
        """Append to results what data completes, in order; data may end or begin anywhere (EVS-026).

        Raises FrameError at the first fault, or what `meaning` raises; results then holds what had been completed before it
        (EVS-023). The reader is dead afterwards: feeding it again raises UsageError (EVS-024).
        """
        if not isinstance(data, bytes):
            data = plain_bytes(data)
        if self._failed is not None:
            raise UsageError(f"this decoder has failed before: {self._failed}", rule="EVS-024")
        if self._pending:
            if (
                len(self._pending) + len(data) < self._needed
            ):  # EVS-009: kept, and not looked at before it is enough
                if isinstance(self._pending, bytes):
                    self._pending = bytearray(self._pending)
                self._pending += data
                return
            data = b"".join((self._pending, data))
        try:
            position = self._read_frames(data, results)
        except Error as error:
            raise self._dead(error) from None
        self._offset += position
        self._pending = data[position:]

    def close(self) -> None:
        """Say that the stream has ended. Raises FrameError `truncated` when a frame is unfinished (EVS-022)."""
        if self._failed is not None or not self._pending:
            return
        raise self._dead(
            FrameError(
                f"{_looks_like(bytes(self._pending[:64]), self._offset)}the stream ends inside a frame that began at byte {int(self._offset)}",
                kind="truncated",
                expected=f"{int(self._needed)} bytes of it{'' if len(self._pending) >= _PRELUDE_LENGTH else ' or more'}",
                actual=f"{len(self._pending)}",
                offset=self._offset + len(self._pending),
                rule="EVS-022",
                buffered=bytes(self._pending),
            )
        )

    def _dead(self, error: Error) -> Error:
        self._failed = str(error)
        self._pending = b""
        self._starts, self._blocks, self._headers = {}, {}, {}
        return error

    def _read_frames(self, data: bytes, results: List[Result]) -> int:
        """Append what the whole frames of data mean, return where the unfinished frame begins, and set what it needs."""
        # The loop that the speed of a stream depends on. Names are local; a frame that starts with the bytes of an earlier one
        # (lengths, prelude CRC, headers) needs one look-up, and the CRC goes on from there, over the payload alone.
        unpack_u32, checksum, append = _U32.unpack_from, crc32, results.append
        starts, start_length = self._starts, self._start_length
        position, length = 0, len(data)
        self._needed = _PRELUDE_LENGTH
        while (
            length - position >= 12
        ):  # a frame of 16 bytes, without headers and payload, is one like any other: EVS-027
            total_length, payload_offset, start_crc, make = starts.get(
                data[position : position + start_length]
            ) or self._read_start(data, position)
            end = position + total_length
            if end > length:
                self._needed = total_length
                break
            payload = data[position + payload_offset : end - 4]
            crc = checksum(payload, start_crc)
            message_crc = unpack_u32(data, end - 4)[0]
            if crc != message_crc:  # EVS-003, EVS-005: before any header is believed
                raise FrameError(
                    "message checksum differs",
                    kind="message_crc",
                    expected=f"0x{crc:08x}",
                    actual=f"0x{message_crc:08x}",
                    offset=self._offset + end - 4,
                    rule="EVS-005",
                )
            if make is None:
                start_length = self._start_length = payload_offset
                make = self._make_of(data, position, (total_length, payload_offset, start_crc))
            result = make(payload)
            if result is not None:
                append(result)
            position = end
        return position

    def _read_start(self, data: bytes, position: int) -> "_Start[Result]":
        """Return how the frame at position starts, from its prelude, or refuse it; the CRC is 0 as long as the frame is not whole."""
        total_length, headers_length, prelude_crc = _PRELUDE.unpack_from(data, position)
        offset = self._offset + position
        crc = crc32(data[position : position + 8])
        if crc != prelude_crc:  # EVS-002, EVS-004: before either length is believed
            raise FrameError(
                f"{_looks_like(data[position : position + 64], offset)}prelude checksum differs",
                kind="prelude_crc",
                expected=f"0x{crc:08x}",
                actual=f"0x{prelude_crc:08x}",
                offset=offset + 8,
                rule="EVS-004",
            )
        # EVS-028: what the lengths alone show is told now, not when the frame has come.
        if total_length < FRAME_OVERHEAD:  # EVS-006
            raise FrameError(
                "total length too small",
                kind="length",
                expected="at least 16",
                actual=total_length,
                offset=offset,
                rule="EVS-006",
            )
        if headers_length > total_length - FRAME_OVERHEAD:  # EVS-007
            raise FrameError(
                "headers run past the frame",
                kind="length",
                expected=f"at most {int(total_length - FRAME_OVERHEAD)}",
                actual=headers_length,
                offset=offset + 4,
                rule="EVS-007",
            )
        if total_length > self._max_frame_length:  # EVS-008
            raise FrameError(
                "frame longer than the ceiling",
                kind="limit",
                expected=f"at most {int(self._max_frame_length)}",
                actual=total_length,
                offset=offset,
                rule="EVS-008",
            )
        payload_offset = _PRELUDE_LENGTH + headers_length
        whole = position + total_length <= len(data)
        return (
            total_length,
            payload_offset,
            crc32(data[position + 8 : position + payload_offset], crc) if whole else 0,
            None,
        )

    def _make_of(
        self, data: bytes, position: int, start: Tuple[int, int, int]
    ) -> Callable[[bytes], Optional[Result]]:
        """Return what makes the result of the frame at position, and remember it; how it starts only when its headers come again."""
        block_position, block_end = position + _PRELUDE_LENGTH, position + start[1]
        block = data[block_position:block_end]
        make = self._blocks.get(block)
        if make is None:
            make = self._meaning(
                decode_headers(block, self._offset + block_position, self._headers)
            )
            if len(block) <= _MEMO_LENGTH:
                _remember(self._blocks, block, make)
        else:
            _remember(self._starts, data[position:block_end], (*start, make))
        return make


def _remember(memo: Dict[bytes, Any], name: bytes, value: object) -> None:
    if len(memo) >= _MEMO_ENTRIES:
        memo.clear()
    memo[name] = value


def _message_maker(headers: FrameHeaders) -> Callable[[bytes], Message]:
    new = tuple.__new__
    return lambda payload: new(Message, (headers, payload))


class Decoder(FrameReader[Message]):
    """Turns the bytes of a stream, fed in any pieces, into messages.

    max_frame_length: the longest frame accepted, in bytes; more is refused (`limit`) as soon as its prelude is read
    """

    def __init__(self, max_frame_length: int = DEFAULT_MAX_FRAME_LENGTH) -> None:
        super().__init__(_message_maker, max_frame_length)

    def feed(self, data: Union[bytes, bytearray, memoryview]) -> List[Message]:
        """Return the messages that data completes, in order; data may end or begin anywhere (EVS-026).

        Raises FrameError at the first fault; its `messages` are those that this call had completed (EVS-023). The decoder
        is dead afterwards: feeding it again raises UsageError (EVS-024).
        """
        messages: List[Message] = []
        try:
            self.read(data, messages)
        except FrameError as error:
            error.messages = tuple(messages)
            raise
        return messages


_SIGNS = (
    ("JSON", (b"{", b"[")),
    ("HTML or XML", (b"<",)),
    ("server-sent events", (b"data:", b"event:", b": ", b"id:", b"retry:")),
    ("an HTTP message", (b"HTTP/", b"POST ", b"GET ")),
    ("gzip", (b"\x1f\x8b",)),
)
_BASE64 = rb"AA[A-Za-z0-9+/]{10,}={0,2}\s*\Z"  # a frame's first length begins with twelve zero bits


def _looks_like(data: bytes, offset: int) -> str:
    """Return a sentence that says what the start of a stream looks like when it is no frame, else nothing."""
    head = data[:64].lstrip()
    if offset or not head:
        return ""
    for what, beginnings in _SIGNS:
        if head.startswith(beginnings):
            return f"these bytes are {what}, not an event stream: "
    if re.match(_BASE64, head):
        return "these bytes are base64 of a frame, not decoded, not an event stream: "
    if all(32 <= byte < 127 or byte in (9, 10, 13) for byte in head):
        return f"these bytes are text ({excerpt(head, 24)}), not an event stream: "
    return ""
