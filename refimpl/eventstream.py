# SPDX-License-Identifier: MIT
"""Event-stream frames <-> messages: `application/vnd.amazon.eventstream`, without I/O.

A frame is  total_length u32 | headers_length u32 | prelude_crc u32 | headers | payload | message_crc u32,  big-endian.

The plan: `encode` writes one frame; a `Decoder` is fed bytes, however they are cut, and returns the messages that they
complete. Nothing is believed before its checksum: the prelude CRC guards both lengths, the message CRC all the rest.
A decoder keeps one unfinished frame and looks at it again only when the frame's next landmark (its prelude, its end)
has arrived, so that time is linear in the bytes and memory is bounded by max_frame_length.

What it refuses: the list of kinds in `errors.FrameError`; the rules EVS-001 to EVS-027 of SPEC.md. What a message
*means* (`:message-type` and the rest) is for operation.py.
"""
import re
from struct import Struct
from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Optional, Tuple, Union
from zlib import crc32

from .errors import Error, FrameError, UsageError, excerpt, require_type

EVENT_STREAM_TYPE = "application/vnd.amazon.eventstream"

_PRELUDE = Struct(">III")  # EVS-001
_U32 = Struct(">I")
_U16 = Struct(">H")
_PRELUDE_LENGTH = 12
FRAME_OVERHEAD = 16  # bytes: the prelude with its CRC, and the message CRC

DEFAULT_MAX_FRAME_LENGTH = 32 * 1024 * 1024  # bytes; EVS-008
MAX_HEADERS_LENGTH = 128 * 1024  # bytes that encode() writes; EVS-025
MAX_PAYLOAD_LENGTH = 24 * 1024 * 1024  # bytes that encode() writes; EVS-025
MAX_VALUE_LENGTH = 32767  # bytes of a string or bytes value that encode() writes; EVS-017
_MAX_NAME_LENGTH = 255  # bytes; the length is one byte

# What a Decoder remembers of preludes and header blocks that it has read already: bounded in entries and in bytes.
_MEMO_ENTRIES = 128
_MEMO_BLOCK_LENGTH = 512

FrameHeader = NamedTuple("FrameHeader", [("name", str), ("type", str), ("value", Any)])
FrameHeader.__doc__ = """One header: its name, its type (boolean int8 int16 int32 int64 bytes string timestamp uuid)
and its value: bool, int, bytes, str, int (milliseconds since 1970 UTC) or uuid.UUID."""


class FrameHeaders(tuple):  # type: ignore[type-arg]
    """A message's headers in the order in which they came: an immutable tuple of FrameHeader with a look-up by name.

    meaning: what a reader of messages has concluded from them, kept here because equal headers share one object
    """

    meaning: Optional[Callable[[bytes], Any]] = None
    _by_name: Optional[Dict[str, FrameHeader]] = None

    def find(self, name: str) -> Optional[FrameHeader]:
        """Return the header of that name, matched case-sensitively (EVS-021), or None."""
        by_name = self._by_name
        if by_name is None:
            by_name = self._by_name = {header.name: header for header in self}
        return by_name.get(name)

    def string(self, name: str) -> Optional[str]:
        """Return the value of that header if it is a string, else None."""
        header = self.find(name)
        return header.value if header is not None and header.type == "string" else None


class Message(NamedTuple("Message", [("headers", FrameHeaders), ("payload", bytes)])):
    """One decoded frame. Its repr tells the payload's length, not the payload, which may be sensitive."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Message(headers=%r, payload=<%d bytes>)" % (tuple(self.headers), len(self.payload))


# ---- header types: one table, read in both directions (EVS-013, EVS-018 to EVS-020) ------------------------------

def _to_uuid(data: bytes) -> object:
    from uuid import UUID  # imported when met: slow to import on old Pythons, and no recorded AWS stream has one
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


def _to_text(data: bytes) -> str:
    return data.decode("utf-8")


_Codec = NamedTuple("_Codec", [
    ("type", str),
    ("length", Optional[int]),              # bytes of the value; None: a u16 length stands before it
    ("read", Callable[[bytes], Any]),
    ("write", Callable[[Any], bytes]),      # raises TypeError, ValueError: turned into UsageError by encode()
])


def _integer(name: str, layout: str) -> _Codec:
    form = Struct(layout)
    low, high = -(1 << 8 * form.size - 1), (1 << 8 * form.size - 1) - 1

    def write(value: object) -> bytes:
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError
        if not low <= value <= high:
            raise ValueError("%d to %d" % (low, high))
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
    7: _Codec("string", None, _to_text, _utf8_of),
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
        raise UsageError("unknown header type", expected=" ".join(HEADER_TYPES), actual=type_name, rule="EVS-013")
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
        raise UsageError("a lone surrogate cannot be encoded", expected="UTF-8 text", rule="EVS-015") from None
    except ValueError as error:
        raise UsageError("header %r does not fit its type" % name, expected="%s: %s" % (type_name, error), actual=value,
                         rule="EVS-018") from None
    if not 1 <= len(encoded_name) <= _MAX_NAME_LENGTH:  # EVS-011
        raise UsageError("header name of the wrong length", expected="1 to 255 bytes", actual="%d bytes" % len(encoded_name),
                         rule="EVS-011")
    head = bytes((len(encoded_name),)) + encoded_name + bytes((code,))
    if codec.length is not None:
        return head + data
    _check_limit("value of header %r" % name, len(data), MAX_VALUE_LENGTH, "EVS-017")
    return head + _U16.pack(len(data)) + data


def _wrong_value(name: str, type_name: str, value: object) -> UsageError:
    return UsageError("value of header %r has the wrong type" % name, kind="type", expected=type_name,
                      actual=type(value).__name__, rule="EVS-013")


def _check_limit(what: str, length: int, limit: int, rule: str) -> None:
    if length > limit:
        raise UsageError("%s too long" % what, kind="limit", expected="at most %d bytes" % limit,
                         actual="%d bytes" % length, rule=rule)


# ---- decoding ----------------------------------------------------------------------------------------------------

def plain_bytes(data: object) -> bytes:
    """Return data, which may be a bytearray or a memoryview, as bytes. Raises UsageError of kind `type`."""
    if isinstance(data, bytes):
        return data
    if not isinstance(data, (bytearray, memoryview)):
        raise UsageError("data has the wrong type", kind="type", expected="bytes", actual=type(data).__name__)
    try:
        return bytes(data)
    except ValueError:
        raise UsageError("data is a memoryview that has been released", kind="type", expected="bytes") from None


def decode_headers(block: bytes, offset: int = 0) -> FrameHeaders:
    """Return the headers of a whole headers block, whose first byte lies at offset of the stream.

    Raises FrameError: `header`, `header_type`, `utf8`, `duplicate_header` (EVS-010 to EVS-016).
    """
    require_type(block, bytes, "headers block")
    headers: List[FrameHeader] = []
    names = set()
    position, end = 0, len(block)
    while position < end:
        start = position
        name_length = block[position]
        position += 1
        if name_length == 0:  # EVS-011
            raise FrameError("empty header name", expected="1 to 255 bytes", actual="0 bytes", offset=offset + start, rule="EVS-011")
        name_bytes = block[position:position + name_length]
        position += name_length
        if position >= end:  # EVS-010; the type byte must follow
            raise _short(block, "header name and type", position + 1, offset)
        code = block[position]
        codec = _CODECS.get(code)
        if codec is None:  # EVS-013
            raise FrameError("unknown header type", kind="header_type", expected="0 to 9", actual=code,
                             offset=offset + position, rule="EVS-013")
        position += 1
        length = codec.length
        if length is None:
            if position + 2 > end:  # EVS-010
                raise _short(block, "value length", position + 2, offset)
            length = _U16.unpack_from(block, position)[0]  # EVS-016
            position += 2
        if position + length > end:  # EVS-010
            raise _short(block, "header value", position + length, offset)
        try:
            name = name_bytes.decode("utf-8")
        except UnicodeDecodeError as error:  # EVS-012
            raise _not_utf8("header name", name_bytes, error, offset + start + 1, "EVS-012") from None
        if name in names:  # EVS-014
            raise FrameError("header name given twice", kind="duplicate_header", expected="unique names", actual=name,
                             offset=offset + start, rule="EVS-014")
        names.add(name)
        value_bytes = block[position:position + length]
        try:
            value = codec.read(value_bytes)
        except UnicodeDecodeError as error:  # EVS-015
            raise _not_utf8("value of header %r" % name, value_bytes, error, offset + position, "EVS-015") from None
        headers.append(FrameHeader(name, codec.type, value))
        position += length
    return FrameHeaders(headers)


def _short(block: bytes, what: str, needed: int, offset: int) -> FrameError:
    return FrameError("%s runs past the headers block" % what, expected="at most %d bytes of headers" % len(block),
                      actual="%d bytes" % needed, offset=offset + len(block), rule="EVS-010")


def _not_utf8(what: str, data: bytes, error: UnicodeDecodeError, offset: int, rule: str) -> FrameError:
    return FrameError("%s is not UTF-8" % what, kind="utf8", expected="UTF-8", actual=data[error.start:error.start + 4],
                      offset=offset + error.start, rule=rule)


class Decoder:
    """Turns the bytes of a stream, fed in any pieces, into messages.

    max_frame_length: the longest frame accepted, in bytes; more is refused (`limit`) as soon as its prelude is read
    """

    def __init__(self, max_frame_length: int = DEFAULT_MAX_FRAME_LENGTH) -> None:
        require_type(max_frame_length, int, "max_frame_length")
        if max_frame_length < FRAME_OVERHEAD:
            raise UsageError("max_frame_length too small", expected="at least %d" % FRAME_OVERHEAD, actual=max_frame_length,
                             rule="EVS-008")
        self._max_frame_length = max_frame_length
        self._pending: Union[bytes, bytearray] = b""  # the unfinished frame; a bytearray once it has grown by pieces
        self._needed = _PRELUDE_LENGTH  # bytes of it that must have come before it is worth another look
        self._offset = 0                # of the unfinished frame's first byte, in the stream
        self._preludes: Dict[bytes, Tuple[int, int, int]] = {}
        self._blocks: Dict[bytes, FrameHeaders] = {}
        self._failed: Optional[str] = None

    @property
    def offset(self) -> int:
        """The offset of the first byte that belongs to no message returned so far."""
        return self._offset

    @property
    def buffered(self) -> int:
        """How many bytes of an unfinished frame are kept."""
        return len(self._pending)

    @property
    def missing(self) -> int:
        """How many bytes must come before the decoder can know more: to the end of a prelude, or of a frame."""
        return self._needed - len(self._pending)

    def feed(self, data: Union[bytes, bytearray, memoryview]) -> List[Message]:
        """Return the messages that data completes, in order; data may end or begin anywhere (EVS-026).

        Raises FrameError at the first fault; its `messages` are those that this call had completed (EVS-023). The decoder
        is dead afterwards: feeding it again raises UsageError (EVS-024).
        """
        if not isinstance(data, bytes):
            data = plain_bytes(data)
        if self._failed is not None:
            raise UsageError("this decoder has failed before: %s" % self._failed, rule="EVS-024")
        if self._pending:
            if len(self._pending) + len(data) < self._needed:  # EVS-009: kept, and not looked at before it is enough
                if isinstance(self._pending, bytes):
                    self._pending = bytearray(self._pending)
                self._pending += data
                return []
            data = b"".join((self._pending, data))
        messages: List[Message] = []
        try:
            position = self._decode(data, messages)
        except Error as error:
            error.messages = tuple(messages)  # type: ignore[attr-defined]
            raise self._dead(error) from None
        self._offset += position
        self._pending = data[position:]
        return messages

    def close(self) -> None:
        """Say that the stream has ended. Raises FrameError `truncated` when a frame is unfinished (EVS-022)."""
        if self._failed is not None or not self._pending:
            return
        raise self._dead(FrameError(
            "%sthe stream ends inside a frame that began at byte %d" % (_looks_like(bytes(self._pending[:64]), self._offset), self._offset),
            kind="truncated", expected="%d bytes of it%s" % (self._needed, "" if len(self._pending) >= _PRELUDE_LENGTH else " or more"),
            actual="%d" % len(self._pending), offset=self._offset + len(self._pending), rule="EVS-022",
            buffered=bytes(self._pending)))

    def _dead(self, error: Error) -> Error:
        self._failed = str(error)
        self._pending = b""
        self._preludes, self._blocks = {}, {}
        return error

    def _decode(self, data: bytes, messages: List[Message]) -> int:
        """Append the whole messages of data, return where the unfinished frame begins, and set what it needs."""
        # The loop that the speed of a stream depends on: names are local, and the frame is touched once by each CRC.
        unpack_u32, checksum, append, new = _U32.unpack_from, crc32, messages.append, tuple.__new__
        preludes, blocks = self._preludes, self._blocks
        view = memoryview(data)
        position, length = 0, len(data)
        self._needed = _PRELUDE_LENGTH
        while length - position >= 12:  # a frame of 16 bytes, without headers and payload, is a message like any other: EVS-027
            prelude = data[position:position + 12]
            total_length, headers_length, crc = preludes.get(prelude) or self._read_prelude(prelude, data, position)
            end = position + total_length
            if end > length:
                self._needed = total_length
                break
            message_crc = unpack_u32(data, end - 4)[0]
            crc = checksum(view[position + 8:end - 4], crc)
            if crc != message_crc:  # EVS-003, EVS-005: before any header is believed
                raise FrameError("message checksum differs", kind="message_crc", expected="0x%08x" % crc, actual="0x%08x" % message_crc,
                                 offset=self._offset + end - 4, rule="EVS-005")
            payload_start = position + 12 + headers_length
            block = data[position + 12:payload_start]
            headers = blocks.get(block)
            if headers is None:
                headers = self._read_headers(block, self._offset + position + 12)
            append(new(Message, (headers, data[payload_start:end - 4])))
            position = end
        return position

    def _read_headers(self, block: bytes, offset: int) -> FrameHeaders:
        headers = decode_headers(block, offset)
        if len(block) <= _MEMO_BLOCK_LENGTH:
            if len(self._blocks) >= _MEMO_ENTRIES:
                self._blocks.clear()
            self._blocks[block] = headers
        return headers

    def _read_prelude(self, prelude: bytes, data: bytes, position: int) -> Tuple[int, int, int]:
        """Return total length, headers length and the CRC so far of a prelude, the 12 bytes of data at position, or refuse it."""
        total_length, headers_length, prelude_crc = _PRELUDE.unpack(prelude)
        offset = self._offset + position
        crc = crc32(prelude[:8])
        if crc != prelude_crc:  # EVS-002, EVS-004: before either length is believed
            raise FrameError("%sprelude checksum differs" % _looks_like(data[position:position + 64], offset), kind="prelude_crc",
                             expected="0x%08x" % crc, actual="0x%08x" % prelude_crc, offset=offset + 8, rule="EVS-004")
        if total_length < FRAME_OVERHEAD:  # EVS-006
            raise FrameError("total length too small", kind="length", expected="at least 16", actual=total_length,
                             offset=offset, rule="EVS-006")
        if headers_length > total_length - FRAME_OVERHEAD:  # EVS-007
            raise FrameError("headers run past the frame", kind="length", expected="at most %d" % (total_length - FRAME_OVERHEAD),
                             actual=headers_length, offset=offset + 4, rule="EVS-007")
        if total_length > self._max_frame_length:  # EVS-008
            raise FrameError("frame longer than the ceiling", kind="limit", expected="at most %d" % self._max_frame_length,
                             actual=total_length, offset=offset, rule="EVS-008")
        if len(self._preludes) >= _MEMO_ENTRIES:
            self._preludes.clear()
        self._preludes[prelude] = total_length, headers_length, crc
        return total_length, headers_length, crc


_SIGNS = (
    ("JSON", (b"{", b"[")),
    ("HTML or XML", (b"<",)),
    ("server-sent events", (b"data:", b"event:", b": ", b"id:", b"retry:")),
    ("an HTTP message", (b"HTTP/", b"POST ", b"GET ")),
    ("gzip", (b"\x1f\x8b",)),
)
_BASE64 = re.compile(rb"AA[A-Za-z0-9+/]{10,}={0,2}\s*\Z")  # a frame's first length begins with twelve zero bits


def _looks_like(data: bytes, offset: int) -> str:
    """Return a sentence that says what the start of a stream looks like when it is no frame, else nothing."""
    head = data[:64].lstrip()
    if offset or not head:
        return ""
    for what, beginnings in _SIGNS:
        if head.startswith(beginnings):
            return "these bytes are %s, not an event stream: " % what
    if _BASE64.match(head):
        return "these bytes are base64 of a frame, not decoded, not an event stream: "
    if all(32 <= byte < 127 or byte in (9, 10, 13) for byte in head):
        return "these bytes are text (%s), not an event stream: " % excerpt(head, 24)
    return ""
