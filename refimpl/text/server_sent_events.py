# SPDX-License-Identifier: MIT
"""Payload parts -> server-sent events, and events -> bytes (WHATWG HTML standard, section 9.2).

The decoder searches for blank lines, decodes the block of lines before each, and reads its fields.
Two shortcuts keep it faster than sseclient-py and httpx-sse (bench/text.py). Neither changes a
result:

- Until a CR arrives, a blank line can only be LF LF. `_read_blocks` splits the bytes there at once,
  which is several times faster than a search for the general pattern.
- Most events are a single line `data: …`. Such a block is not split into lines.

It differs from a browser at the end of the text: the last event needs no blank line (TXT-030),
because the frames already show whether the stream is complete.

It rejects invalid UTF-8, events that are too long, and a text that ends inside a field name.
"""

import re
from typing import Iterable, Iterator, List, NamedTuple, Optional, Union

from ..errors import DEFAULT_MAX_ITEM_LENGTH, TextError, UsageError, require_type
from .decoder import BytesLike, TextDecoder, results_of

_BOM = b"\xef\xbb\xbf"
_CR, _LF = 0x0D, 0x0A  # Python finds a number in bytes three times as fast as bytes in bytes
_AFTER_LF = b"\x0b"

# TXT-020, TXT-029: the end of an event's last line and the blank lines after it. A CR before LF is
# half of a line end.
BLANK_LINES = re.compile(rb"(?:\r?\n|\r(?!\n))[\r\n]+")

_FIELD_NAMES = ("data", "event", "id", "retry")
# TXT-031: the line with which some containers end their stream.
DONE = "[DONE]"
_EVENT_SIGNS = (b"data:", b"event:", b"id:", b"retry:", b":")
# TXT-061: a field without a colon, which no JSON value begins with.
_BARE_FIELDS = tuple(
    name + end for name in (b"data", b"event", b"id", b"retry") for end in (b"\n", b"\r")
)
SNIFFED = 64  # bytes at the start of a text that decide its format
# TXT-027: 10**18 milliseconds are 30 million years
_MAX_RETRY_DIGITS = 18


class ServerSentEvent(NamedTuple("ServerSentEvent", [("event", str), ("data", str), ("id", str)])):
    """An event: its type, its data, and the last id that the stream has sent.

    The repr shows only the length of the data, because payloads may be secret.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        data = f"<{len(self.data)} characters>"
        return f"ServerSentEvent(event={self.event!r}, data={data}, id={self.id!r})"


# Skips the Python function that NamedTuple generates.
_new_tuple = tuple.__new__


class ServerSentEventDecoder(TextDecoder[ServerSentEvent]):
    """Decodes bytes to the events of an event source (TXT-020 to TXT-032).

    max_event_length: bytes of an event: all lines, comments included, without the end of the last
        line
    errors: as for Utf8Decoder
    last_event_id: the id of the next event unless it has its own
    retry: the last reconnection time that the stream has sent, in milliseconds, or None
    """

    def __init__(
        self, max_event_length: int = DEFAULT_MAX_ITEM_LENGTH, errors: str = "strict"
    ) -> None:
        super().__init__(errors, max_event_length)
        self.last_event_id = ""
        self.retry: Optional[int] = None
        self._at_start = True
        self._block_offset = 0  # of the event whose fields are read
        self._has_cr = False

    def _read(self, data: bytes, results: List[ServerSentEvent]) -> None:
        if self._at_start:
            data = self._without_mark(data)
            if not data:
                return
        if self._has_cr or _CR in data:
            self._has_cr = True
            self._read_plainly(data, results)
            return
        kept = self._kept
        end = data.rfind(b"\n\n") + 2
        if end > 1 or (kept and data[0] == kept[-1] == _LF):
            whole = self._with_kept(data[:end])
            # TXT-005: longer events are checked one by one.
            if len(whole) <= self._max_length:
                self._read_blocks(whole, data[end:], results)
                return
        elif kept:
            kept += data
            if len(kept) > self._max_length:
                self._check_length(results)
            return
        self._read_plainly(data, results)

    def _read_blocks(self, whole: bytes, rest: bytes, results: List[ServerSentEvent]) -> None:
        """Append the events of whole, which ends with LF LF and has no CR. rest follows it."""
        offset = self._offset
        blocks = whole.split(b"\n\n")
        blocks.pop()
        try:
            for block in blocks:
                if block < _AFTER_LF:  # it is empty, or begins with a third LF
                    offset += len(block) - len(block.lstrip(b"\n"))
                    block = block.lstrip(b"\n")
                lines = block.decode("utf-8", self._errors)
                self._block_offset = offset
                self._read_fields(lines, results)
                offset += len(block) + 2
        except UnicodeDecodeError as error:
            unread = whole[offset - self._offset :] + rest
            self._reject_utf8(error, offset, results, unread)
        if rest or self._kept:
            self._kept = bytearray(rest)
        self._offset += len(whole)
        if len(rest) > self._max_length:
            self._check_length(results)

    def _read_plainly(self, data: bytes, results: List[ServerSentEvent]) -> None:
        """Append the events that data completes, whatever line ends it has."""
        kept = self._kept
        if kept:
            # The end of the last line may be in the kept bytes: two bytes if it is CR LF.
            position = max(0, len(kept) - 2)
            kept += data
            end = self._read_events(kept, position, results)
            del kept[:end]
        else:
            text = data.lstrip(b"\r\n")
            self._offset += len(data) - len(text)
            end = self._read_events(text, 0, results)
            kept += text[end:]
        self._offset += end
        if len(kept) > self._max_length:
            self._check_length(results)

    def _check_length(self, results: List[ServerSentEvent]) -> None:
        # TXT-005: the end of the last line does not count.
        unread = self.unread
        if len(unread.rstrip(b"\r\n")) > self._max_length:
            self._too_long(self._offset, unread, results)

    def _without_mark(self, data: bytes) -> bytes:
        """Return data without a byte order mark, or nothing if it may be half a mark."""
        data = self._with_kept(data)
        if len(data) < len(_BOM) and _BOM.startswith(data):
            self._keep(data, 0)
            return b""
        self._at_start = False
        # TXT-021
        mark_length = len(_BOM) if data.startswith(_BOM) else 0
        self._keep(b"", mark_length)
        return data[mark_length:]

    def _read_events(
        self, text: Union[bytes, bytearray], position: int, results: List[ServerSentEvent]
    ) -> int:
        """Append the events of text, and return the index after the last one.

        position: where the first blank line may begin
        """
        start = 0
        # TXT-029
        while True:
            match = BLANK_LINES.search(text, position)
            if match is None:
                return start
            end, after = match.span()
            block = text[start:end]
            # TXT-005
            if len(block) > self._max_length:
                self._too_long(self._offset + start, text[start:], results)
                start = position = after
                continue
            try:
                lines = block.decode("utf-8", self._errors)
            except UnicodeDecodeError as error:
                self._reject_utf8(error, self._offset + start, results, bytes(text[start:]))
            self._block_offset = self._offset + start
            self._read_fields(lines, results)
            start = position = after

    def _finish(self, rest: bytes, results: List[ServerSentEvent]) -> None:
        if not rest:
            return
        text = self._decoded(rest, self._offset, results, rest)
        last_line = text.replace("\r", "\n").rpartition("\n")[2]
        # TXT-031
        if self._is_half_a_name(last_line):
            self._reject(
                TextError(
                    "the stream ends inside a field name" + _foreign_line(last_line),
                    kind="truncated",
                    expected="a colon or the end of the line",
                    actual=f"{len(rest)} bytes of the event",
                    offset=self._offset + len(rest),
                    rule="TXT-031",
                ),
                results,
                rest,
            )
        self._block_offset = self._offset
        # TXT-030
        self._read_fields(text, results)

    def _is_half_a_name(self, line: str) -> bool:
        """Return whether the text ends inside a field name, if this is its unfinished last line."""
        is_complete = line in _FIELD_NAMES or line.strip(" \t") == DONE
        return bool(line) and ":" not in line and not is_complete

    def _read_fields(self, block: str, results: List[ServerSentEvent]) -> None:
        """Read the lines of an event and append it if it has data."""
        if block.startswith("data:") and "\n" not in block and "\r" not in block:
            # The shortcut for a single line of data. TXT-032: [DONE] is data like any other.
            value = block[6:] if block.startswith(" ", 5) else block[5:]
            results.append(_new_tuple(ServerSentEvent, ("message", value, self.last_event_id)))
            return
        # TXT-020
        if "\r" in block:
            block = block.replace("\r\n", "\n").replace("\r", "\n")
        kind, data = "", []
        for line in block.split("\n"):
            # TXT-023
            name, _, value = line.partition(":")
            # TXT-022
            if not name:
                if line:
                    self._comment(value, results)
                continue
            if value[:1] == " ":
                value = value[1:]
            # TXT-024
            if name == "data":
                data.append(value)
            # TXT-025
            elif name == "event":
                kind = value
            # TXT-026
            elif name == "id":
                if "\0" not in value:
                    self.last_event_id = value
            elif name == "retry":
                if _is_time(value):
                    self.retry = int(value)
            else:
                self._other_line(line, results)
        if data:
            results.append(ServerSentEvent(kind or "message", "\n".join(data), self.last_event_id))
        elif kind:
            self._no_data(kind, results)

    def _too_long(
        self, offset: int, unread: Union[bytes, bytearray], results: List[ServerSentEvent]
    ) -> None:
        """Reject an event that begins at that offset. A subclass may return, to skip the event."""
        self._reject_length("event", offset, results, bytes(unread))

    # What the grammar ignores. A subclass may report it.

    def _comment(self, text: str, results: List[ServerSentEvent]) -> None:
        """Ignore a comment: the text after its colon (TXT-022)."""

    def _other_line(self, line: str, results: List[ServerSentEvent]) -> None:
        """Ignore a line with an unknown field name (TXT-028)."""

    def _no_data(self, kind: str, results: List[ServerSentEvent]) -> None:
        """Ignore an event without data (TXT-029)."""


def begins_a_name(line: str) -> bool:
    """Return whether a line is the beginning of a field name."""
    return any(name.startswith(line) for name in _FIELD_NAMES)


def _foreign_line(line: str) -> str:
    """Return what the last line of a text is if it cannot become a field, for an error."""
    if begins_a_name(line):
        return ""
    from ..foreign_bytes import foreign_format  # only invalid text needs it

    # An error of the decoder shows no text.
    what = (foreign_format(line.encode("utf-8", "surrogateescape")) or "").partition(" (")[0]
    return f"; its last line is {what}" if what else ""


def _is_time(value: str) -> bool:
    """Return whether the value of a field `retry` is a number of milliseconds."""
    # TXT-027: only ASCII digits. str.isdigit accepts others.
    return 0 < len(value) <= _MAX_RETRY_DIGITS and not value.strip("0123456789")


def events_of(
    parts: Iterable[BytesLike],
    max_event_length: int = DEFAULT_MAX_ITEM_LENGTH,
    errors: str = "strict",
) -> Iterator[ServerSentEvent]:
    """Return an iterator over the server-sent events of parts, each as soon as it is complete.

    parts and the errors raised: as for lines_of. Other arguments: as for ServerSentEventDecoder.
    """
    return results_of(ServerSentEventDecoder(max_event_length, errors), parts)


def looks_like_events(start: bytes, bare: bool = False) -> bool:
    """Return whether a text that starts in this way is server-sent events.

    Server-sent events start with a field name and its colon, or with the colon of a comment.
    bare: whether a field name without a colon counts as well
    """
    return _first_line(start).startswith(_EVENT_SIGNS + (_BARE_FIELDS if bare else ()))


def could_be_events(start: bytes, bare: bool = False) -> bool:
    """Return whether looks_like_events needs more bytes than start to decide."""
    first_line = _first_line(start)
    signs = _EVENT_SIGNS + (_BARE_FIELDS if bare else ())
    undecided = any(sign != first_line and sign.startswith(first_line) for sign in signs)
    return len(start) < SNIFFED and (undecided or _BOM.startswith(start))


def _first_line(start: bytes) -> bytes:
    head = start[:SNIFFED]
    if head.startswith(_BOM):
        head = head[len(_BOM) :]
    return head.lstrip(b"\r\n")


def encode_event(data: str, event: str = "message", event_id: Optional[str] = None) -> bytes:
    """Return a server-sent event as bytes (TXT-033).

    event_id: None keeps the id that the stream has sent last

    Raises UsageError for text that the format cannot express: a CR anywhere, LF in a type or an id,
    NUL in an id, an empty type, a lone surrogate.
    """
    # TXT-033
    for what, text, forbidden in (
        ("data", data, "\r"),
        ("event", event, "\r\n"),
        ("id", event_id or "", "\r\n\0"),
    ):
        require_type(text, str, what)
        if any(character in text for character in forbidden) or (what == "event" and not text):
            raise UsageError(
                f"{what} cannot be written as a server-sent event",
                expected="text without line ends or NUL",
                rule="TXT-033",
            )
    lines = [] if event == "message" else [f"event: {event}"]
    if event_id is not None:
        lines.append(f"id: {event_id}")
    lines += [f"data: {line}" for line in data.split("\n")]
    try:
        return "\n".join(lines + ["", ""]).encode("utf-8")
    except UnicodeEncodeError:
        raise UsageError(
            "a lone surrogate cannot be encoded", expected="UTF-8 text", rule="TXT-033"
        ) from None
