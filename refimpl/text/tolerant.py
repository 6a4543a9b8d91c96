# SPDX-License-Identifier: MIT
"""Payload parts -> the JSON values that can be read, and a report on everything else. No I/O.

Real streams contain keep-alive comments that were sent as data, events that lost their `data:`,
NaN, end markers in several forms, and values that are broken. None of these ends the reading of
the others (TXT-050 to TXT-052). Two readers return items in the order of the stream:

    EventValues    the values in the data of server-sent events
    PlainValues    JSON lines, values in a row, or the elements of one array, from their first byte

Both keep one incomplete item. Their time is linear in the bytes: a value that turns out to be
broken is read a second time, line by line, and never a third time. An event, a line or a value that
is too long is skipped like a broken one (TXT-069). They reject a text that ends inside a value
(TextError).
"""

import re
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple, Union

from ..documents.json_format import ValueScanner, parse_json
from ..errors import DEFAULT_MAX_ITEM_LENGTH, DocumentError, TextError, excerpt, shown
from .decoder import BytesLike
from .growing import GrowingString
from .paths import Steps
from .server_sent_events import (
    BLANK_LINES,
    ServerSentEvent,
    ServerSentEventDecoder,
    begins_a_name,
)

_ITEM_EXCERPT = 64
_CONTEXT_LENGTH = 4096  # characters of an event by which the format of a line is recognised
_IDENTIFIED = 512  # bytes of skipped ones by which their format is recognised
_INVALID_UTF8 = re.compile("[\udc80-\udcff]")
_SPACE = re.compile(rb"[ \t\r\n]*")
_SPACE_AND_COMMAS = re.compile(rb"[ \t\r\n,]*")
_END_MARKER = re.compile(rb"\[[ \t]*DONE[ \t]*\]")
# The beginning of an end marker, or of an array whose first element has not arrived.
_UNDECIDED = re.compile(rb"\[[ \t\r\n]*(?:D(?:O(?:N(?:E[ \t]*)?)?)?)?\Z")
_MARKER_LENGTH = 64  # bytes in which an end marker or the start of an array is recognised
_ELEMENTS = re.compile(rb"\[[ \t\r\n]*(?=\{)")
_FIELD = re.compile(rb"(data|event|id|retry)?:")
_MAYBE_FIELD = re.compile(rb"(?:d|da|dat|data|e|ev|eve|even|event|i|id|r|re|ret|retr|retry)\Z")
_WORD = re.compile(rb'[^ \t\n\r\[\]{}",:]+')
_MAYBE_VALUE = re.compile(rb"[{\[\n]")
_END_OF_LINE = re.compile(rb"\n")
# Frames and gzip begin with a control character, UTF-16 with a mark that no UTF-8 has.
_CONTROL = re.compile(rb"[\x00-\x1f\xfe\xff]")
_MARK_OF_ORDER = b"\xef\xbb\xbf"
_LONGEST_WORD = 4096  # bytes of a number


class Item(NamedTuple):
    """What a reader found.

    kind: value (a JSON value), text (characters of a string that has not ended), done (an end
        marker), failure (an event of type `error`), lost (a value without `data:` among events),
        no_data (an event without data) or unreadable
    content: the value, the characters, the data of the event, or the reason
    number, offset: of the event or value, from 1, and of its first byte
    excerpt: its beginning, escaped
    data: of an unreadable item, the bytes by which their format may be recognised
    """

    kind: str
    content: Any
    number: int
    offset: int
    excerpt: Any = ""
    data: bytes = b""


def lenient_value(data: bytes) -> Any:
    """Parse a JSON value; NaN, Infinity and raw control characters are readable (TXT-044).

    Raises DocumentError.
    """
    try:
        return parse_json(data)
    except DocumentError:
        # TXT-044
        return parse_json(data, lenient=True)


class EventValues:
    """Reads the JSON values in the data of server-sent events."""

    def __init__(self, max_length: int = DEFAULT_MAX_ITEM_LENGTH) -> None:
        self._decoder = _EventDecoder(max_length)
        self._number = 0

    def feed(self, data: BytesLike) -> List[Item]:
        """Return the items that data completes. Raises TextError, whose `results` are items."""
        return self._items(lambda: self._decoder.feed(data))

    def close(self) -> List[Item]:
        """Signal the end of the text and return the remaining items. Raises TextError."""
        return self._items(self._decoder.close)

    @property
    def unread(self) -> bytes:
        """The bytes of the unfinished event that have arrived."""
        return self._decoder.unread

    def _items(self, read: Any) -> List[Item]:
        items: List[Item] = []
        error: Optional[TextError] = None
        try:
            results = read()
        except TextError as caught:
            results, error = caught.results, caught
        places = self._decoder.take_places()
        for event, place in zip(results, places):
            self._number += 1
            self._add(event, place, items)
        if error is not None:
            error.results = tuple(items)
            raise error
        return items

    def _add(self, event: ServerSentEvent, place: int, items: List[Item]) -> None:
        kind, data = event.event, event.data
        if kind == _LOST_VALUE:
            self._add_lost(data, event.id, place, items)
        elif kind == _TOO_LONG:
            item = self._unreadable("event too long", data, place)
            items.append(item._replace(data=b""))
        elif kind == _NO_DATA and data == "error":
            items.append(
                Item("failure", "an event of type error without data", self._number, place)
            )
        elif kind == _NO_DATA:
            items.append(Item("no_data", shown(data), self._number, place))
        elif kind == "error":
            items.append(Item("failure", data, self._number, place))
        elif data:
            self._add_data(data, place, items)

    def _add_data(self, data: str, place: int, items: List[Item]) -> None:
        text, is_done = _without_marker(data)
        if text:
            item = self._value(text, place)
            several = _values_in_a_row(text) if item.kind == "unreadable" else ()
            items += [item._replace(kind=kind, content=value) for kind, value in several] or [item]
        if is_done:
            items.append(Item("done", None, self._number, place))

    def _add_lost(self, line: str, context: str, place: int, items: List[Item]) -> None:
        text, is_done = _without_marker(line)
        if text.startswith(("{", "[")):
            item = self._value(text, place)
            items.append(Item("lost", *item[1:]) if item.kind == "value" else item)
        elif text:
            item = self._unreadable("not a field of an event", line, place)
            items.append(item._replace(data=_encoded_text(context)))
        if is_done:
            items.append(Item("done", None, self._number, place))

    def _value(self, text: str, place: int) -> Item:
        if _INVALID_UTF8.search(text):
            return self._unreadable("invalid UTF-8", text, place)
        try:
            value = lenient_value(text.encode("utf-8"))
        except DocumentError as error:
            return self._unreadable(_reason(error), text, place)
        return Item("value", value, self._number, place)

    def _unreadable(self, reason: str, text: str, place: int) -> Item:
        return Item(
            "unreadable", reason, self._number, place, _text_excerpt(text), _encoded_text(text)
        )


def _encoded_text(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


_LOST_VALUE = "\nlost"  # types that no event can have
_NO_DATA = "\nno data"
_TOO_LONG = "\ntoo long"


class _EventDecoder(ServerSentEventDecoder):
    """Also returns what the grammar ignores, and the beginning of an event that is too long.

    Invalid UTF-8 becomes lone surrogates. The id of a line that is not a field is the line, or, for
    the first one of an event, the line and what follows it.
    """

    def __init__(self, max_length: int) -> None:
        super().__init__(max_length)
        self._errors = "surrogateescape"
        self._places: List[int] = []
        self._block = ""  # the event whose fields are read, until a line of it is not a field
        self._skipped_end: Optional[bytes] = None  # the last bytes of an event that is skipped

    def _read(self, data: bytes, results: List[ServerSentEvent]) -> None:
        if self._skipped_end is not None:
            data = self._skip(data)
            if not data:
                return
        super()._read(data, results)

    def _skip(self, data: bytes) -> bytes:
        """Skip the event that is too long. Return the bytes after the blank line that ends it."""
        # TXT-069: the blank line may begin in earlier bytes.
        data = (self._skipped_end or b"") + data
        match = BLANK_LINES.search(data)
        used = max(0, len(data) - 2) if match is None else match.end()
        self._skipped_end = data[used:] if match is None else None
        self._offset += used
        return b"" if match is None else data[used:]

    def _too_long(
        self, offset: int, unread: Union[bytes, bytearray], results: List[ServerSentEvent]
    ) -> None:
        # TXT-069
        text = bytes(unread[: 2 * _ITEM_EXCERPT]).decode("utf-8", self._errors)
        results.append(ServerSentEvent(_TOO_LONG, text, ""))
        self._places.append(offset)

    def _check_length(self, results: List[ServerSentEvent]) -> None:
        before = len(results)
        super()._check_length(results)
        if len(results) > before:
            self._skipped_end = self.unread[-2:]
            self._keep(b"", self._offset + len(self._kept) - len(self._skipped_end))

    def take_places(self) -> List[int]:
        """Return the offsets of the events since the last call."""
        places, self._places = self._places, []
        return places

    def _finish(self, rest: bytes, results: List[ServerSentEvent]) -> None:
        text = rest.rstrip(b"\0")
        super()._finish(text, results)
        # A program in C may send the NUL that ends its string.
        if text != rest:
            results.append(ServerSentEvent(_LOST_VALUE, "\0" * (len(rest) - len(text)), ""))
            self._places.append(self._offset + len(text))

    def _read_fields(self, block: str, results: List[ServerSentEvent]) -> None:
        before = len(results)
        self._block = block
        super()._read_fields(block, results)
        self._places += [self._block_offset] * (len(results) - before)

    def _other_line(self, line: str, results: List[ServerSentEvent]) -> None:
        context, self._block = self._block, ""
        start = context.find(line) if context else -1
        context = line if start < 0 else context[start:]
        results.append(ServerSentEvent(_LOST_VALUE, line, context[:_CONTEXT_LENGTH]))

    def _is_half_a_name(self, line: str) -> bool:
        # TXT-070: every other line is skipped like one with a line end.
        return super()._is_half_a_name(line) and begins_a_name(line)

    def _no_data(self, kind: str, results: List[ServerSentEvent]) -> None:
        results.append(ServerSentEvent(_NO_DATA, kind, ""))


def _without_marker(text: str) -> Tuple[str, bool]:
    """Return text without white space and an end marker at its end, and whether it has one."""
    text = text.strip(" \t\r\n")
    match = _MARKER_AT_END.search(text) if text.endswith("]") else None
    if match is None:
        return text, False
    return text[: match.start()].rstrip(" \t\r\n"), True


def is_quoted_marker(item: Item) -> bool:
    """Return whether a value is an end marker that a gateway has written as a JSON string."""
    return (
        item.kind == "value"
        and isinstance(item.content, str)
        and _MARKER_AT_END.match(item.content.strip(" \t\r\n")) is not None
    )


_MARKER_BYTES_AT_END = re.compile(rb"\[[ \t]*DONE[ \t]*\]\Z")
_MARKER_AT_END = re.compile(r"\[[ \t]*DONE[ \t]*\]\Z")


def _reason(error: DocumentError) -> str:
    text = error.message or "not JSON"
    return text if error.actual is None else f"{text}: {shown(error.actual, 40)}"


def _text_excerpt(text: str) -> str:
    return excerpt(text[:200].encode("utf-8", "replace"), _ITEM_EXCERPT)


def _values_in_a_row(text: str) -> Sequence[Tuple[str, Any]]:
    """Return the kind and content of each item if text is several values, and nothing otherwise.

    A blank line between two events may be missing, or even the line end.
    """
    # TXT-063
    reader = PlainValues(elements=False, max_length=len(text) * 4)
    try:
        items = reader.feed(text.encode("utf-8", "surrogateescape")) + reader.close()
    except TextError:
        return ()
    is_clean = all(item.kind in ("value", "done") for item in items)
    return [(item.kind, item.content) for item in items] if is_clean and len(items) > 1 else ()


def _is_unfinished(data: bytes) -> bool:
    """Return whether data begins a string, array or object that has no end."""
    data = data.strip(b" \t\r,")
    if data[:1] not in (b"{", b"[", b'"'):
        return False
    try:
        return ValueScanner().end_in(data) < 0
    except DocumentError:
        return False


def _cut_array(offset: int, items: List[Item]) -> TextError:
    error = TextError(
        "the text ends inside an array of JSON values",
        kind="truncated",
        expected="a closing bracket",
        actual="the end of the text",
        offset=offset,
        rule="TXT-043",
    )
    error.results = tuple(items)
    return error


class PlainValues:
    """Reads JSON values one after the other.

    elements: whether to return the elements of an array of objects one by one
    growing: the path of the string whose characters are returned before its value ends, or None
    only_first: whether that string counts only if nothing precedes it in the text
    """

    def __init__(
        self,
        elements: bool = True,
        growing: Optional[Steps] = None,
        only_first: bool = False,
        max_length: int = DEFAULT_MAX_ITEM_LENGTH,
    ) -> None:
        self._elements = elements
        self._growing = growing
        self._only_first = only_first
        self._max_length = max_length
        self._kept = bytearray()
        self._offset = 0
        self._number = 0
        self._scanner: Optional[ValueScanner] = None
        self._scanned = 0  # bytes of the current value that the scanner has seen
        self._tried = 0  # the offset up to which lines have been tried as one value
        self._string: Optional[GrowingString] = None
        self._skipped_until: Any = None  # the pattern that ends bytes that are skipped
        self._skipped: Optional[Item] = None  # the item for them
        self._event = ""
        self._arrays = 0  # open arrays whose elements are values
        self._has_skipped = False  # maybe also brackets

    @property
    def unread(self) -> bytes:
        """The bytes of the unfinished value that have arrived."""
        return bytes(self._kept)

    def feed(self, data: BytesLike) -> List[Item]:
        """Return the items that data completes."""
        items: List[Item] = []
        self._kept += data
        self._read(items, False)
        return items

    def close(self) -> List[Item]:
        """Signal the end of the text and return the remaining items.

        Raises TextError `truncated`, whose `results` are items, if the text ends inside a value.
        """
        items: List[Item] = []
        self._read(items, True)
        self._end_skipping(items)
        if self._event == "error":
            content = "an event of type error without data"
            items.append(Item("failure", content, self._number, self._offset))
        if not self._kept:
            if self._arrays and not self._has_skipped:
                raise _cut_array(self._offset, items)
            return items
        rest, offset = self.unread, self._offset
        self._take(len(rest))
        self._grow_broken(rest, self._offset, items)
        if self._string is None or not self._string.found:
            lines, last = rest.rpartition(b"\n")[::2]
            self._reread(lines, offset, items)
            offset += len(rest) - len(last)
            rest = last
            if not _is_unfinished(rest):
                self._reread(rest, offset, items)
                rest = b""
        if rest:
            # TXT-070
            from ..foreign_bytes import foreign_within  # only a broken text needs it

            what = foreign_within(rest)
            error = TextError(
                f"the text ends inside a JSON value that began at byte {offset}"
                + ("" if what is None else f" and contains {what}"),
                kind="truncated",
                expected="the end of the value",
                actual="the end of the text",
                offset=offset + len(rest),
                rule="TXT-043",
            )
            error.results, error.unread = tuple(items), rest
            raise error
        return items

    def _read(self, items: List[Item], final: bool) -> None:
        start = 0
        kept = self._kept
        while start < len(kept):
            if self._skipped_until is not None:
                after = self._skip(start, items)
            elif self._scanner is not None:
                after = self._read_value(start, items)
            else:
                after = self._begin(start, items, final)
            if after < 0:
                break
            start = after
        self._take(start)

    def _take(self, length: int) -> None:
        if length:
            del self._kept[:length]
            self._offset += length

    def _start_skipping(self, reason: str, start: int, until: Any) -> None:
        """Skip the bytes from start to the pattern. They become one unreadable item."""
        self._number += 1
        self._skipped = Item("unreadable", reason, self._number, self._offset + start)
        self._skipped_until = until
        self._scanner = self._string = None
        self._has_skipped = True

    def _skip(self, start: int, items: List[Item]) -> int:
        skipped = self._skipped
        first = skipped is not None and not skipped.data
        match = self._skipped_until.search(self._kept, start + 1 if first else start)
        end = len(self._kept) if match is None else match.start()
        if skipped is not None and len(skipped.data) < _IDENTIFIED:
            more = bytes(self._kept[start : min(end, start + _IDENTIFIED - len(skipped.data))])
            self._skipped = skipped._replace(data=skipped.data + more)
        if match is not None:
            self._end_skipping(items)
        return end

    def _end_skipping(self, items: List[Item]) -> None:
        if self._skipped is not None:
            text = excerpt(self._skipped.data, _ITEM_EXCERPT)
            item = self._skipped._replace(excerpt=text)
            if self._event == "error":
                item = Item("failure", text, item.number, item.offset)
            items.append(item)
            self._event = ""
        self._skipped = self._skipped_until = None

    def _begin(self, start: int, items: List[Item], final: bool) -> int:
        """Read what begins at start. Return the index after it, or -1 if more bytes are needed."""
        kept = self._kept
        if self._offset + start == 0 and kept.startswith(_MARK_OF_ORDER):
            return len(_MARK_OF_ORDER)
        spaces = _SPACE_AND_COMMAS if self._elements else _SPACE
        position = spaces.match(kept, start).end()  # type: ignore[union-attr]
        if position > start:
            return position
        first = kept[start : start + 1]
        if first == b"[":
            after = self._begin_array(start, items, final)
            if after is not None:
                return after
        if first in b'{["':
            self._scanner, self._scanned, self._string = ValueScanner(), 0, None
            return self._read_line(start, items)
        if first == b"]" and self._arrays:
            self._arrays -= 1
            return start + 1
        return self._read_other(start, items, final)

    def _begin_array(self, start: int, items: List[Item], final: bool) -> Optional[int]:
        kept = self._kept
        match = _END_MARKER.match(kept, start)
        if match is not None:
            items.append(Item("done", None, self._number, self._offset + start))
            return match.end()
        if not final and len(kept) - start < _MARKER_LENGTH and _UNDECIDED.match(kept, start):
            return -1
        match = _ELEMENTS.match(kept, start) if self._elements else None
        if match is None:
            return None
        self._arrays += 1
        return match.end()

    def _read_line(self, start: int, items: List[Item]) -> int:
        """Read the value at start without scanning for its end, if it is the rest of a line."""
        # A line is searched and tried once. It may contain many values.
        if self._offset + start < self._tried:
            return start
        end = self._kept.find(b"\n", start)
        self._tried = self._offset + (len(self._kept) if end < 0 else end)
        if end < 0:
            return start
        line = bytes(self._kept[start:end]).rstrip(b" \t\r")
        if line[-1:] not in (b"}", b"]") or len(line) > self._max_length:
            return start
        try:
            value = parse_json(line)
        except DocumentError:
            return start
        self._add(value, start, items)
        return start + len(line)

    def _add(self, value: Any, start: int, items: List[Item]) -> None:
        self._number += 1
        items.append(Item(self._sort_of_value(), value, self._number, self._offset + start))
        self._event = ""
        self._scanner = self._string = None

    def _sort_of_value(self) -> str:
        if self._event == "error":
            return "failure"
        has_text = self._string is not None and self._string.found
        return "value_after_text" if has_text else "value"

    def _read_value(self, start: int, items: List[Item]) -> int:
        kept = self._kept
        new = bytes(kept[start + self._scanned :])
        scanner = self._scanner or ValueScanner()
        try:
            end = scanner.end_in(new)
        except DocumentError as error:
            return self._read_too_deep(error, start, items)
        # TXT-069
        allowed = self._max_length - self._scanned
        if len(new if end < 0 else new[:end]) > allowed:
            self._grow(start, new[:allowed], True, items)
            self._start_skipping("value too long", start, _END_OF_LINE)
            return start
        self._grow(start, new if end < 0 else new[:end], end < 0, items)
        if end < 0:
            self._scanned += len(new)
            return -1
        end += start + self._scanned
        data = bytes(kept[start:end])
        try:
            value = lenient_value(data)
        except DocumentError as error:
            if self._event == "error":
                self._start_skipping(_reason(error), start, _END_OF_LINE)
                return start
            self._grow_broken(data, self._offset + start, items)
            if b"\n" in data and (self._string is None or not self._string.found):
                self._reread(data, self._offset + start, items)
            else:
                self._number += 1
                items.append(self._unreadable(error, data, self._offset + start))
            self._scanner = self._string = None
            return end
        self._add(value, start, items)
        return end

    def _read_too_deep(self, error: DocumentError, start: int, items: List[Item]) -> int:
        """Read the lines of a value that is nested too deeply, each by itself."""
        scanned = self._kept[start : start + (error.offset or 0)]
        length = scanned.rfind(b"\n")
        if length < 0 or self._event == "error":
            self._start_skipping(_reason(error), start, _END_OF_LINE)
            return start
        self._reread(bytes(scanned[:length]), self._offset + start, items)
        self._scanner = self._string = None
        return start + length

    def _may_grow(self) -> bool:
        # TXT-053: what an event of type `error` contains is not the model's text.
        if self._growing is None or self._event == "error":
            return False
        return not (self._only_first and self._number)

    def _grow(self, start: int, new: bytes, unfinished: bool, items: List[Item]) -> None:
        """Add the characters of the growing string that the new bytes of the value complete."""
        # TXT-056
        if self._string is None:
            if not self._may_grow() or not unfinished or self._scanned:
                return
            self._string = GrowingString(self._growing or (), self._only_first)
        text = self._string.feed(new)
        if text:
            items.append(Item("text", text, self._number + 1, self._offset + start))

    def _grow_broken(self, data: bytes, offset: int, items: List[Item]) -> None:
        """Add the characters of the growing string in a broken value, however it was split."""
        if self._string is None and self._may_grow():
            self._string = GrowingString(self._growing or (), self._only_first)
            text = self._string.feed(data)
            if text:
                items.append(Item("text", text, self._number + 1, offset))

    def _unreadable(self, error: DocumentError, data: bytes, offset: int) -> Item:
        text = excerpt(data, _ITEM_EXCERPT)
        return Item("unreadable", _reason(error), self._number, offset, text, data)

    def _reread(self, data: bytes, offset: int, items: List[Item]) -> None:
        """Read the lines of a broken value, each by itself."""
        for line in data.split(b"\n"):
            text = line.strip(b" \t\r,")
            match = _MARKER_BYTES_AT_END.search(text)
            text = text if match is None else text[: match.start()].rstrip(b" \t")
            if text:
                self._number += 1
                items.append(self._line_item(text, offset))
            if match is not None:
                items.append(Item("done", None, self._number, offset))
            offset += len(line) + 1

    def _line_item(self, line: bytes, offset: int) -> Item:
        try:
            return Item("value", lenient_value(line), self._number, offset)
        except DocumentError as error:
            return self._unreadable(error, line, offset)

    def _read_other(self, start: int, items: List[Item], final: bool) -> int:
        """Read a word, a line of server-sent events, or bytes that are neither."""
        kept = self._kept
        match = _FIELD.match(kept, start)
        if match is not None:
            return self._read_field(match, start, final)
        if not final and _MAYBE_FIELD.match(kept, start):
            return -1
        match = _WORD.match(kept, start)
        end = start if match is None else match.end()
        if end == len(kept) and not final and end - start <= _LONGEST_WORD:
            return -1
        if match is not None:
            try:
                value = lenient_value(match.group())
            except DocumentError:
                pass
            else:
                self._add(value, start, items)
                return end
        # TXT-070
        until = _END_OF_LINE if _CONTROL.match(kept, start) else _MAYBE_VALUE
        self._start_skipping("not the start of a JSON value", start, until)
        return start

    def _read_field(self, match: Any, start: int, final: bool) -> int:
        """Skip the name of a field of an event, or another field, or a comment."""
        if match.group(1) == b"data":
            return int(match.end())
        end = self._kept.find(b"\n", start)
        if end < 0:
            if not final and len(self._kept) - start <= _LONGEST_WORD:
                return -1
            end = len(self._kept)
            self._skipped_until = None if final else _END_OF_LINE
        if match.group(1) == b"event":
            # TXT-020, TXT-023: without the CR that ends the line, and without one space.
            value = bytes(self._kept[match.end() : end])
            value = value[:-1] if value.endswith(b"\r") else value
            value = value[1:] if value.startswith(b" ") else value
            self._event = value.decode("utf-8", "replace")
        return end
