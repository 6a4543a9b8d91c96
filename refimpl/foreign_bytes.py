# SPDX-License-Identifier: MIT
"""What bytes are if they are not a frame: the cause that a FrameError shows first.

A gateway may write its own error into an open event stream, and a layer that treats bytes as text
may change them. Both appear as a wrong checksum. `foreign_cause` names the format of the bytes and
shows their beginning, because that text usually is the real error. The search has two steps:

- If undoing a known conversion (UTF-16, Latin-1 written as UTF-8, CR LF, base64, HTTP chunk sizes)
  gives a valid prelude, the conversion is certain.
- Otherwise the first bytes are compared with the beginnings of known formats.

It returns None if nothing fits. It examines a bounded number of bytes and rejects nothing.
"""

import re
from binascii import Error as Base64Error
from binascii import a2b_base64
from itertools import islice
from typing import Optional

from .checksums import crc32
from .errors import excerpt

# Bytes at the start of a frame that are examined.
EXAMINED_LENGTH = 4096
_EXCERPT_LENGTH = 200
_PRELUDE_SIZE = 12

_BEGINNINGS = (
    ("an end marker", (b"[DONE]",)),
    ("JSON", (b"{", b"[")),
    ("HTML or XML", (b"<",)),
    ("server-sent events", (b"data:", b"event:", b": ", b":\n", b"id:", b"retry:")),
    ("an HTTP message", (b"HTTP/", b"POST ", b"GET ")),
)
_GZIP_MAGIC = b"\x1f\x8b"
_UTF16_MARKS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_REPLACEMENT = b"\xef\xbf\xbd"
# The first length of a frame begins with twelve zero bits.
_BASE64_FRAME = rb"AA[A-Za-z0-9+/]{10,}={0,2}\s*\Z"
_CHUNK_SIZE = rb"(?:\r\n)?([0-9A-Fa-f]{1,8})(?:;[^\r\n]*)?\r\n"
_LINE_OF_CHUNKS = rb"(?=[A-Fa-f]*[0-9])[0-9A-Fa-f]{1,8}[ \t]*(?:;[^\r\n]*)?(?:[\r\n]|\Z)"
_CHUNKS_LEFT = "the chunk sizes of HTTP, which were left in the body"
_XML_DECLARATION = rb"<\?xml\s"
# In a JSON string, a frame, base64 of one, gzip, or chunk sizes may begin like this.
_BINARY_START = (
    rb"\x00{3}|\x1f\x8b|(?<![A-Za-z0-9+/])AA[A-Za-z0-9+/]{10}|(?<=\r\n)[0-9A-Fa-f]{1,8}\r\n"
)
_EXAMINED_STARTS = 8
# What a server writes into a frame that it cannot finish. Payloads rarely contain these.
_INTRUDERS = (
    ("an HTTP message", rb"HTTP/1\.[01] [1-5][0-9][0-9][ \r]"),
    ("HTML", rb"(?i)<!doctype html|<html[\s>]"),
    ("a JSON error document", rb'\{"(?:message|Message|__type|error)":'),
    ("an error as a server-sent event", rb"event: ?error\r?\n"),
)


def foreign_cause(data: bytes) -> Optional[str]:
    """Return what the bytes are at the place where a frame should begin, or None if unknown."""
    data = bytes(data[:EXAMINED_LENGTH])
    what = _changed_frame(data)
    if what is not None:
        return f"these bytes are {what}"
    what = _encoded(data) or _known_format(data)
    return None if what is None else f"these bytes are {what}, not an event stream"


def foreign_format(data: bytes) -> Optional[str]:
    """Return what the bytes are in a text of another format, or None if unknown."""
    data = bytes(data[:EXAMINED_LENGTH])
    if _has_prelude(data):
        return "a frame of an event stream"
    return _changed_frame(data) or _encoded(data) or _line_of_chunks(data) or _known_format(data)


def damaged_cause(frame: bytes, total_length: int) -> Optional[str]:
    """Return why the checksum of a frame with a valid prelude may differ, or None if unknown.

    frame: the bytes from the start of the frame, and the bytes after it that have arrived
    """
    inside = frame[_PRELUDE_SIZE:total_length]
    is_complete = len(frame) >= total_length
    # A conversion adds bytes, so it cannot make a frame incomplete.
    if is_complete:
        undone = frame.replace(b"\r\n", b"\n")
        if undone != frame and _has_message_crc(undone[:total_length], total_length):
            return "line ends in this frame were converted from LF to CR LF"
        if _REPLACEMENT in inside:
            return (
                "this frame contains UTF-8 replacement characters, as if the stream had been "
                "decoded as text"
            )
    what = intruder_in(inside)
    if what is not None:
        return f"this frame contains {what}"
    if re.search(rb"\r\n[0-9A-Fa-f]{1,8}\r\n", inside):
        return "this frame contains what looks like a chunk size of HTTP"
    if is_complete and b"\r\n" in inside and inside.count(b"\n") == inside.count(b"\r\n"):
        return (
            "each LF in this frame follows a CR, as if line ends had been converted from LF to "
            "CR LF"
        )
    return None


def intruder_in(data: bytes) -> Optional[str]:
    """Return what a server has written into data, such as its own error, or None if unknown."""
    for what, pattern in _INTRUDERS:
        match = re.search(pattern, data)
        if match is not None:
            return f"{what} ({_shown(data[match.start() : match.start() + EXAMINED_LENGTH])})"
    return None


def foreign_within(data: bytes) -> Optional[str]:
    """Return what is in a broken JSON value and does not belong there, or None if unknown."""
    what = intruder_in(data)
    if what is not None:
        return what
    match = re.search(_XML_DECLARATION, data)
    if match is not None:
        return f"XML ({_shown(data[match.start() : match.start() + EXAMINED_LENGTH])})"
    starts = islice(re.finditer(_BINARY_START, data), _EXAMINED_STARTS)
    found = (foreign_format(data[match.start() :][:EXAMINED_LENGTH]) for match in starts)
    return next((what for what in found if what is not None), None)


def _has_prelude(data: bytes) -> bool:
    if len(data) < _PRELUDE_SIZE:
        return False
    return crc32(data[:8]) == int.from_bytes(data[8:12], "big")


def _has_message_crc(frame: bytes, total_length: int) -> bool:
    return len(frame) == total_length and crc32(frame[:-4]) == int.from_bytes(frame[-4:], "big")


def _changed_frame(data: bytes) -> Optional[str]:
    """Return the conversion that turned a frame into data, or None."""
    if len(data) >= 2 * _PRELUDE_SIZE:
        for name, low, high in (("LE", data[0::2], data[1::2]), ("BE", data[1::2], data[0::2])):
            if not any(high[:_PRELUDE_SIZE]) and _has_prelude(low):
                return f"a frame that was written as UTF-16{name} text"
    if _latin1_undone(data) is not None:
        return "a frame that was decoded as Latin-1 and written as UTF-8 text"
    undone = data.replace(b"\r\n", b"\n")
    if undone != data and _has_prelude(undone):
        return "a frame whose line ends were converted from LF to CR LF"
    # A frame begins with a zero byte, so this is a frame in which bytes were replaced.
    if data.startswith(b"\0") and _REPLACEMENT in data[:64]:
        return (
            "a frame that was decoded as UTF-8 text: the replacement characters have overwritten "
            "other bytes"
        )
    return None


def _encoded(data: bytes) -> Optional[str]:
    """Return the encoding of data, with the content that it can show, or None."""
    for mark, encoding in _UTF16_MARKS:
        if data.startswith(mark):
            return f"UTF-16 text ({_shown_text(data[2:], encoding)})"
    match = re.match(_CHUNK_SIZE, data)
    if match is not None and _is_after_chunk_size(int(match.group(1), 16), data[match.end() :]):
        return _CHUNKS_LEFT
    head = data.lstrip()
    if _is_base64_frame(head):
        return "a base64-encoded frame"
    if head.startswith(_GZIP_MAGIC):
        return f"gzip{_gzip_content(head)}"
    return None


def _line_of_chunks(data: bytes) -> Optional[str]:
    return _CHUNKS_LEFT if re.match(_LINE_OF_CHUNKS, data) else None


def _latin1_undone(data: bytes) -> Optional[bytes]:
    """Return the start of a frame that was written as UTF-8 after decoding it as Latin-1."""
    for encoding in ("latin-1", "cp1252"):
        try:
            undone = data[:64].decode("utf-8", "ignore").encode(encoding)
        except UnicodeEncodeError:
            continue
        if undone != data[:64] and _has_prelude(undone):
            return undone
    return None


def _is_after_chunk_size(size: int, rest: bytes) -> bool:
    if size == 0:
        return not rest or rest.startswith(b"\r\n")
    return rest.startswith(b"\0") or not rest


def _is_base64_frame(head: bytes) -> bool:
    if re.match(_BASE64_FRAME, head[:64]):
        return True
    text = b"".join(head[:64].split())
    try:
        return _has_prelude(a2b_base64(text[: len(text) // 4 * 4]))
    except Base64Error:
        return False


def _gzip_content(head: bytes) -> str:
    try:
        import zlib
    except ImportError:
        return ", whose content this Python cannot show because it has no module zlib"
    try:
        content = zlib.decompressobj(31).decompress(head, EXAMINED_LENGTH)
    except zlib.error:
        return ""
    if not content:
        return ""
    if _has_prelude(content):
        return " of an event stream"
    return f" ({_shown(content)})"


def _known_format(data: bytes) -> Optional[str]:
    head = data.lstrip()
    if not head:
        return None
    for what, beginnings in _BEGINNINGS:
        if head.startswith(beginnings):
            return f"{what} ({_shown(head)})"
    if all(32 <= byte < 127 or byte in (9, 10, 13) for byte in head[:64]):
        return f"text ({_shown(head)})"
    return None


def _shown(data: bytes) -> str:
    return excerpt(data, _EXCERPT_LENGTH)


def _shown_text(data: bytes, encoding: str) -> str:
    text = data[: 2 * _EXCERPT_LENGTH].decode(encoding, "replace")
    return excerpt(text.encode("utf-8", "replace"), _EXCERPT_LENGTH)
