# SPDX-License-Identifier: MIT
"""Payload parts -> text, lines, server-sent events, JSON values, without I/O.

Where a part ends says nothing: a line, an event or one character may lie across two parts, and one part may hold several. So
each decoder here is fed bytes, however they are cut, and returns the results that they complete, each at its last byte:

    Utf8Decoder          the characters that are whole
    Lines                lines, ended by LF or CR LF and nothing else
    ServerSentEvents     events, by the grammar of the WHATWG HTML standard, § 9.2
    JSONValues           JSON values, whether a line, a blank or nothing stands between them

The plan: a decoder keeps the bytes of one unfinished item, and looks only at new bytes for the item's end. So time is linear (TXT-006),
and memory is bounded by the one item's bound and by what is fed at once.

`lines_of(parts)` and its like do the feeding, over any iterable of bytes: the parts of boto3, httpx or a file are as good as
those of this package. What an asynchronous source yields is fed by hand: `feed` each part, `close` at the end.

What is refused is told by a TextError (TXT-002 to TXT-008): it holds the results before the fault and every byte behind them.
"""

import codecs
import re
from typing import (
    Any,
    Generic,
    Iterable,
    Iterator,
    List,
    NamedTuple,
    NoReturn,
    Optional,
    Sequence,
    TypeVar,
    Union,
)

from ..documents.json_format import ValueScanner, parse_json
from ..errors import DocumentError, Error, TextError, UsageError, plain_bytes, require_type

DEFAULT_MAX_ITEM_LENGTH = 32 * 1024 * 1024  # bytes of a line, an event or a value; TXT-005

_Bytes = Union[bytes, bytearray, memoryview]
_Result = TypeVar("_Result")

_BOM = b"\xef\xbb\xbf"
_LF, _CR = b"\n\r"  # as numbers: Python looks for these sooner than for bytes

# TXT-020, TXT-029: the end of an event's last line, then its blank line, and any more of them. The LF of a CR LF is none.
_BLANK_LINES = rb"(?:\n|\r(?!\n))[\r\n]+"
_FIELD_NAMES = ("data", "event", "id", "retry")
_EVENT_SIGNS = (b"data:", b"event:", b"id:", b"retry:", b":")
_SNIFFED = 64  # bytes at a text's start by which its form is guessed
_MAX_RETRY_DIGITS = 18  # a longer number of milliseconds than any clock holds is no time; TXT-027

_VALUE_START = rb"[^ \t\n\r]"  # TXT-041
_WORD_END = rb'[ \t\n\r\[\]{}",:]'  # of a number, true, false or null; TXT-042


class ServerSentEvent(NamedTuple("ServerSentEvent", [("event", str), ("data", str), ("id", str)])):
    """One event: its type, its data and the last id that the stream had given by then. Its repr tells the data's length only."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"ServerSentEvent(event={self.event!r}, data=<{len(self.data)} characters>, id={self.id!r})"


_new = tuple.__new__


class _TextDecoder(Generic[_Result]):
    """What all decoders here share: the unfinished item, and what becomes of it when a fault is found.

    A subclass says in `_read` which results some bytes complete, and in `_finish` what the end makes of the rest.
    """

    def __init__(self, errors: str, max_length: int) -> None:
        if errors not in ("strict", "replace"):
            raise UsageError(
                "unknown way to treat what is not UTF-8",
                expected="strict or replace",
                actual=errors,
                rule="TXT-002",
            )
        require_type(max_length, int, "the bound of an item")
        if max_length < 1:
            raise UsageError(
                "the bound of an item is too small",
                expected="at least 1 byte",
                actual=max_length,
                rule="TXT-005",
            )
        self._errors = errors
        self._max_length = max_length
        self._kept = bytearray()  # of the unfinished item
        self._offset = 0  # of its first byte, in the text
        self._ended: Optional[str] = None

    @property
    def offset(self) -> int:
        """The offset of the first byte that belongs to no item which is done with."""
        return self._offset

    @property
    def unread(self) -> bytes:
        """The bytes that have come of an unfinished item."""
        return bytes(self._kept)

    def feed(self, data: _Bytes) -> List[_Result]:
        """Return the results that data completes, in order; data may begin or end anywhere (TXT-001, TXT-004).

        Raises TextError at the first fault, with what this call had completed as its `results` and all bytes behind that as
        its `unread` (TXT-007). The decoder is dead afterwards: feeding it again raises UsageError.
        """
        if not isinstance(data, bytes):
            data = plain_bytes(data)
        if self._ended is not None:
            raise UsageError(f"this decoder has {self._ended} before", rule="TXT-007")
        results: List[_Result] = []
        if data:
            self._read(data, results)
        return results

    def close(self) -> List[_Result]:
        """Tell that the text has ended; return the last results. Raises TextError as feed does. Closing again returns none."""
        results: List[_Result] = []
        if self._ended is None:
            rest = self.unread
            self._finish(rest, results)
            self._keep(b"", self._offset + len(rest))
            self._ended = "been closed"
        return results

    def _read(self, data: bytes, results: List[_Result]) -> None:
        raise NotImplementedError

    def _finish(self, rest: bytes, results: List[_Result]) -> None:
        raise NotImplementedError

    def _keep(self, rest: bytes, offset: int) -> None:
        """Begin an unfinished item: its first bytes, and where in the text they lie."""
        if rest or self._kept:
            self._kept = bytearray(rest)
        self._offset = offset

    def _with_kept(self, data: bytes) -> bytes:
        """Return the unfinished item's bytes and data behind them."""
        return b"".join((self._kept, data)) if self._kept else data

    def _decoded(self, data: bytes, offset: int, results: Sequence[_Result], unread: bytes) -> str:
        """Return data, an item that lies at offset, as text. Raises TextError."""
        try:
            return data.decode("utf-8", self._errors)
        except UnicodeDecodeError as error:
            self._refuse_utf8(error, offset, results, unread)

    def _refuse_utf8(
        self, error: UnicodeDecodeError, offset: int, results: Sequence[_Result], unread: bytes
    ) -> NoReturn:
        self._refuse(
            TextError(
                f"text is not UTF-8: {error.reason}",
                kind="utf8",
                expected="UTF-8",
                rule="TXT-002",
                actual=f"byte 0x{error.object[error.start]:02x}",
                offset=offset + error.start,
            ),
            results,
            unread,
        )

    def _refuse_length(
        self, what: str, offset: int, results: Sequence[_Result], unread: bytes
    ) -> NoReturn:
        self._refuse(
            TextError(
                f"{what} longer than the bound",
                kind="limit",
                expected=f"at most {int(self._max_length)} bytes",
                actual="more",
                offset=offset + self._max_length,
                rule="TXT-005",
            ),
            results,
            unread,
        )

    def _refuse(self, error: TextError, results: Sequence[_Result], unread: bytes) -> NoReturn:
        """Raise error with all that it owes its reader; the decoder is dead (TXT-007)."""
        self._ended = "failed"
        self._kept = bytearray()
        error.results = tuple(results)
        error.unread = unread
        raise error from None


class Utf8Decoder(_TextDecoder[str]):
    """Turns bytes into text: `feed` returns the characters that are whole, as one string or none; at most three bytes are kept.

    errors: "strict" refuses what is not UTF-8, "replace" puts U+FFFD in its place, as the WHATWG Encoding standard does
    """

    def __init__(self, errors: str = "strict") -> None:
        super().__init__(errors, DEFAULT_MAX_ITEM_LENGTH)

    def _read(self, data: bytes, results: List[str]) -> None:
        self._decode(self._with_kept(data), False, results)

    def _finish(self, rest: bytes, results: List[str]) -> None:
        self._decode(rest, True, results)  # TXT-003

    def _decode(self, data: bytes, final: bool, results: List[str]) -> None:
        try:
            text, used = codecs.utf_8_decode(data, self._errors, final)
        except UnicodeDecodeError as error:
            before = data[: error.start].decode("utf-8")
            self._refuse_utf8(error, self._offset, [before] if before else [], data[error.start :])
        if text:
            results.append(text)
        if not final:
            self._keep(data[used:], self._offset + used)


class Lines(_TextDecoder[str]):
    """Turns bytes into lines, without what ends them: LF or CR LF. A lone CR stays, and nothing else ends a line (TXT-010, TXT-011);
    so does a byte order mark (TXT-013).

    max_line_length: bytes of a line, without its end;  errors: as for Utf8Decoder
    """

    def __init__(
        self, max_line_length: int = DEFAULT_MAX_ITEM_LENGTH, errors: str = "strict"
    ) -> None:
        super().__init__(errors, max_line_length)

    def _read(self, data: bytes, results: List[str]) -> None:
        end = data.rfind(b"\n") + 1
        if not end:
            self._kept += data
        else:
            whole, rest = self._with_kept(data[:end]), data[end:]
            self._read_lines(whole, rest, results)
            self._keep(rest, self._offset + len(whole))
        if (
            len(self._kept) > self._max_length
        ):  # TXT-005; a CR may yet prove to be the first half of the line's end
            kept = self.unread
            if len(_without_cr(kept)) > self._max_length:
                self._refuse_length("line", self._offset, results, kept)

    def _read_lines(self, whole: bytes, rest: bytes, results: List[str]) -> None:
        """Append the lines of whole, which ends with LF and is followed by rest."""
        if len(whole) <= self._max_length:
            try:
                text = whole.decode("utf-8", self._errors)
            except UnicodeDecodeError:
                pass  # told below, behind the lines before it
            else:
                lines = text.split("\n")
                lines.pop()
                results += (
                    [line[:-1] if line[-1:] == "\r" else line for line in lines]
                    if "\r" in text
                    else lines
                )
                return
        start = 0
        while start < len(whole):
            end = whole.index(b"\n", start)
            line, offset = _without_cr(whole[start:end]), self._offset + start
            if len(line) > self._max_length:  # TXT-005
                self._refuse_length("line", offset, results, whole[start:] + rest)
            results.append(self._decoded(line, offset, results, whole[start:] + rest))
            start = end + 1

    def _finish(self, rest: bytes, results: List[str]) -> None:
        if len(rest) > self._max_length:  # TXT-005; the CR is the line's own
            self._refuse_length("line", self._offset, results, rest)
        if rest:  # TXT-012
            results.append(self._decoded(rest, self._offset, results, rest))


def _without_cr(line: bytes) -> bytes:
    return line[:-1] if line[-1:] == b"\r" else line


class ServerSentEvents(_TextDecoder[ServerSentEvent]):
    """Turns bytes into the events of an event source (TXT-020 to TXT-032).

    max_event_length: bytes of an event, all its lines and comments, without the end of the last one;  errors: as for Utf8Decoder
    last_event_id: the id of the next event, unless that brings its own
    retry: the reconnection time that the stream asked for last, in milliseconds, or None
    """

    def __init__(
        self, max_event_length: int = DEFAULT_MAX_ITEM_LENGTH, errors: str = "strict"
    ) -> None:
        super().__init__(errors, max_event_length)
        self.last_event_id = ""
        self.retry: Optional[int] = None
        self._at_start = True  # of the text, where a byte order mark may stand
        self._find_blank_lines = re.compile(_BLANK_LINES).search

    def _read(self, data: bytes, results: List[ServerSentEvent]) -> None:
        if self._at_start:
            data = self._with_kept(data)
            self._keep(data, 0)
            if len(data) < len(_BOM) and _BOM.startswith(data):
                return
            self._at_start = False
            self._keep(b"", len(_BOM) if data.startswith(_BOM) else 0)  # TXT-021
            data = data[self._offset :]
            if not data:
                return
        kept = self._kept
        if (
            _CR not in data and data[0] != _LF and len(kept) + len(data) <= self._max_length
        ):  # so no blank line lies across the two
            end = data.rfind(b"\n\n")
            if end < 0 and kept:
                kept += data
                return
            if end >= 0 and self._read_one(kept + data[:end], data[end + 2 :], results):
                return
        probe = kept[-1:] + data if kept else data
        if (
            kept
            and probe.find(b"\n\n") < 0
            and (_CR not in probe or self._find_blank_lines(probe) is None)
        ):
            kept += data
        else:
            whole = self._with_kept(data)
            if (
                _CR in probe
                or len(whole) > self._max_length
                or not self._read_plain(whole, results)
            ):
                self._read_events(whole, max(len(kept) - 1, 0), results)
        if len(self._kept) > self._max_length:  # TXT-005; its last line may have ended
            unread = self.unread
            if len(unread.rstrip(b"\r\n")) > self._max_length:
                self._refuse_length("event", self._offset, results, unread)

    def _read_one(self, block: bytearray, behind: bytes, results: List[ServerSentEvent]) -> bool:
        """Read an event of one line, as most have, and keep what is behind its blank line. Returns whether it was one."""
        if _LF in block or _CR in block:
            return False
        try:
            self._dispatch(block.decode("utf-8", self._errors), results)
        except UnicodeDecodeError:
            return False  # told by _read_events
        self._offset += len(block) + 2
        self._kept = bytearray(behind)
        return True

    def _read_plain(self, whole: bytes, results: List[ServerSentEvent]) -> bool:
        """Read whole as _read_events does, sooner, where each blank line is LF LF. Returns whether it could be read."""
        end = whole.rfind(b"\n\n")
        if end < 0 or whole[:1] == b"\n":
            return False
        try:
            text = whole[:end].decode("utf-8", self._errors)
        except UnicodeDecodeError:
            return False  # told behind the events before it
        for block in text.split("\n\n"):
            self._dispatch(block, results)
        self._keep(whole[end + 2 :], self._offset + end + 2)
        return True

    def _read_events(self, whole: bytes, position: int, results: List[ServerSentEvent]) -> None:
        """Append the events that end in whole, not before position, and keep what is behind them."""
        offset, start = self._offset, 0
        if whole[:1] in (b"\r", b"\n"):  # blank lines before an event
            start = len(whole) - len(whole.lstrip(b"\r\n"))
        match = self._find_blank_lines(whole, max(position, start))
        while match is not None:  # TXT-029
            block = _without_cr(whole[start : match.start()])
            if len(block) > self._max_length:  # TXT-005
                self._refuse_length("event", offset + start, results, whole[start:])
            self._dispatch(self._decoded(block, offset + start, results, whole[start:]), results)
            start = match.end()
            match = self._find_blank_lines(whole, start)
        self._keep(whole[start:], offset + start)

    def _finish(self, rest: bytes, results: List[ServerSentEvent]) -> None:
        if not rest:
            return
        text = self._decoded(rest, self._offset, results, rest)
        last_line = text.replace("\r", "\n").rpartition("\n")[2]
        if last_line and ":" not in last_line and last_line not in _FIELD_NAMES:  # TXT-031
            self._refuse(
                TextError(
                    "the stream ends inside the name of a field",
                    kind="truncated",
                    expected="a colon or the line's end",
                    actual=f"{len(rest)} bytes of the event",
                    offset=self._offset + len(rest),
                    rule="TXT-031",
                ),
                results,
                rest,
            )
        self._dispatch(text, results)  # TXT-030

    def _dispatch(self, block: str, results: List[ServerSentEvent]) -> None:
        """Read the lines of an event, and append it if it has data."""
        if (
            block[:5] == "data:" and "\n" not in block and "\r" not in block
        ):  # one line, as most have
            results.append(
                _new(
                    ServerSentEvent,
                    ("message", block[6:] if block[5:6] == " " else block[5:], self.last_event_id),
                )
            )
            return
        if "\r" in block:
            block = block.replace("\r\n", "\n").replace("\r", "\n")  # TXT-020
        kind, data = "", []
        for line in block.split("\n"):
            name, _, value = line.partition(
                ":"
            )  # TXT-023; of other names, the empty one of a comment too, nothing comes: TXT-022, TXT-028
            if value[:1] == " ":
                value = value[1:]
            if name == "data":  # TXT-024
                data.append(value)
            elif name == "event":  # TXT-025
                kind = value
            elif name == "id":  # TXT-026
                if "\0" not in value:
                    self.last_event_id = value
            elif (
                name == "retry"
                and 0 < len(value) <= _MAX_RETRY_DIGITS
                and not value.strip("0123456789")
            ):  # TXT-027
                self.retry = int(value)
        if data:
            results.append(ServerSentEvent(kind or "message", "\n".join(data), self.last_event_id))


def looks_like_events(start: bytes) -> bool:
    """Return whether a text that starts so is one of server-sent events: a field's name, or the colon of a comment."""
    return _first_line(start).startswith(_EVENT_SIGNS)


def could_be_events(start: bytes) -> bool:
    """Return whether more bytes must come before looks_like_events can tell."""
    first_line = _first_line(start)
    undecided = any(sign != first_line and sign.startswith(first_line) for sign in _EVENT_SIGNS)
    return len(start) < _SNIFFED and (undecided or _BOM.startswith(start))


def _first_line(start: bytes) -> bytes:
    head = start[:_SNIFFED]
    return (head[len(_BOM) :] if head.startswith(_BOM) else head).lstrip(b"\r\n")


def encode_event(data: str, event: str = "message", event_id: Optional[str] = None) -> bytes:
    """Return a server-sent event as bytes (TXT-033). event_id: None for the one that the stream has already.

    Raises UsageError for what the format cannot hold: CR, since it would end a line; LF in a type or an id, NUL in an id, an
    empty type, half of a surrogate pair.
    """
    for what, text, refused in (
        ("data", data, "\r"),
        ("event", event, "\r\n"),
        ("id", event_id or "", "\r\n\0"),
    ):
        require_type(text, str, what)
        if any(character in text for character in refused) or (what == "event" and not text):
            raise UsageError(
                f"{what} cannot be written as a server-sent event",
                expected="text without line ends or NUL",
                rule="TXT-033",
            )
    lines = [] if event == "message" else ["event: " + event]
    lines += [] if event_id is None else ["id: " + event_id]
    lines += ["data: " + line for line in data.split("\n")]
    try:
        return "\n".join(lines + ["", ""]).encode("utf-8")
    except UnicodeEncodeError:
        raise UsageError(
            "a lone surrogate cannot be encoded", expected="UTF-8 text", rule="TXT-033"
        ) from None


class JSONValues(_TextDecoder[Any]):
    """Turns bytes into JSON values, as parse_json reads each: JSON lines, documents in pieces, several in a row (TXT-040 to TXT-044).

    A value is returned at its last byte; where a number or a word (true, false, null) ends, only the next byte or the end tells.
    max_value_length: bytes of a value
    """

    def __init__(self, max_value_length: int = DEFAULT_MAX_ITEM_LENGTH) -> None:
        super().__init__("strict", max_value_length)
        self._scanner: Optional[ValueScanner] = None  # of an unfinished string, array or object
        self._find_value_start, self._find_word_end = (
            re.compile(_VALUE_START).search,
            re.compile(_WORD_END).search,
        )

    def _read(self, data: bytes, results: List[Any]) -> None:
        position, line_end = (
            0,
            -1,
        )  # TXT-040: one value behind the other, whatever stands between them
        while position < len(data):
            if not self._kept:
                position = self._begin(data, position, results)
                if position < 0:
                    return
                if position > line_end:
                    line_end = data.find(b"\n", position)
                    line_end = len(data) if line_end < 0 else line_end
                    if self._read_line(data[position:line_end], results):
                        position = line_end
                        continue
            end = self._end_in(data, position, results)
            if end < 0:
                self._kept += data[position:]
                if len(self._kept) > self._max_length:  # TXT-005
                    self._refuse_length("value", self._offset, results, self.unread)
                return
            value = self._with_kept(data[position:end])
            results.append(self._parsed(value, data, end, results))
            self._keep(b"", self._offset + len(value))
            position = end

    def _read_line(self, line: bytes, results: List[Any]) -> bool:
        """Read a line, or a rest of a part, that is one whole object, as most are: what the scan for its end would give, sooner.

        Returns whether it is one.
        """
        if line[-1:] != b"}" or self._scanner is None or len(line) > self._max_length:
            return False
        try:
            results.append(parse_json(line))
        except DocumentError:
            return False
        self._keep(b"", self._offset + len(line))
        return True

    def _begin(self, data: bytes, position: int, results: List[Any]) -> int:
        """Return where in data, from position, a value begins, or -1 when there is none."""
        match = self._find_value_start(data, position)
        start = match.start() if match is not None else len(data)
        self._keep(b"", self._offset + start - position)
        if match is None:
            return -1
        first = match.group()
        if first in b"]},:":
            self._refuse(
                TextError(
                    "no JSON value begins so",
                    expected="a JSON value",
                    actual=f"byte 0x{first[0]:02x}",
                    offset=self._offset,
                    rule="TXT-041",
                ),
                results,
                data[start:],
            )
        self._scanner = ValueScanner() if first in b'{["' else None
        return start

    def _end_in(self, data: bytes, position: int, results: List[Any]) -> int:
        """Return where in data, from position, the value that has begun ends, or -1 when it does not."""
        if self._scanner is None:
            match = self._find_word_end(data, position)  # TXT-042
            return match.start() if match is not None else -1
        try:
            return self._scanner.end_in(data, position)
        except DocumentError as error:
            unread = self._with_kept(data[position:])
            if (
                error.offset is not None and error.offset >= self._max_length
            ):  # TXT-005 comes first, however the bytes are cut
                self._refuse_length("value", self._offset, results, unread)
            self._refuse_value(error, results, unread)

    def _parsed(self, value: bytes, data: bytes, end: int, results: List[Any]) -> Any:
        """Return what a value is; data goes on behind it at end, which matters to an error alone: no copy for each value."""
        if len(value) > self._max_length:  # TXT-005
            self._refuse_length("value", self._offset, results, value + data[end:])
        try:
            return parse_json(value)
        except DocumentError as error:
            unread = value + data[end:]
            self._decoded(
                value, self._offset, results, unread
            )  # bytes that are no UTF-8 are told as such
            self._refuse_value(error, results, unread)

    def _refuse_value(self, error: DocumentError, results: List[Any], unread: bytes) -> NoReturn:
        hint = "these bytes are server-sent events: " if looks_like_events(unread) else ""
        self._refuse(
            TextError(
                f"{hint}{error.message}",
                kind=error.kind,
                expected=error.expected,
                offset=self._offset + (error.offset or 0),
                rule=error.rule,
            ),
            results,
            unread,
        )

    def _finish(self, rest: bytes, results: List[Any]) -> None:
        if not rest:
            return
        scanner = self._scanner
        if scanner is None:
            results.append(self._parsed(rest, rest, len(rest), results))
            return
        where = (
            "an escape"
            if scanner.escaped
            else "a string"
            if scanner.in_string
            else "an array or object"
        )
        self._refuse(
            TextError(
                f"the text ends inside {where} of a JSON value that began at byte {int(self._offset)}",
                kind="truncated",
                expected=f"{'a quote and ' if scanner.in_string else ''}the end of {int(scanner.depth)} levels",
                actual="the end of the text",
                offset=self._offset + len(rest),
                rule="TXT-043",
            ),
            results,
            rest,
        )


# ---- over any iterable of bytes ----------------------------------------------------------------------------------


def strings_of(parts: Iterable[_Bytes], errors: str = "strict") -> Iterator[str]:
    """Return an iterator over the text of parts, each part's whole characters as they come. Arguments as for Utf8Decoder."""
    return _results_of(Utf8Decoder(errors), parts)


def lines_of(
    parts: Iterable[_Bytes], max_line_length: int = DEFAULT_MAX_ITEM_LENGTH, errors: str = "strict"
) -> Iterator[str]:
    """Return an iterator over the lines of parts, each as it comes. Arguments as for Lines.

    Raises TextError; it holds the bytes from the line that could not be read on. If parts itself raises an Error, that holds
    the bytes of the unfinished line as its `unread` (TXT-008); so do strings_of, events_of, json_values_of.
    """
    return _results_of(Lines(max_line_length, errors), parts)


def events_of(
    parts: Iterable[_Bytes], max_event_length: int = DEFAULT_MAX_ITEM_LENGTH, errors: str = "strict"
) -> Iterator[ServerSentEvent]:
    """Return an iterator over the server-sent events of parts, each as it comes. Arguments as for ServerSentEvents."""
    return _results_of(ServerSentEvents(max_event_length, errors), parts)


def json_values_of(
    parts: Iterable[_Bytes], max_value_length: int = DEFAULT_MAX_ITEM_LENGTH
) -> Iterator[Any]:
    """Return an iterator over the JSON values of parts, each as it comes. Arguments as for JSONValues."""
    return _results_of(JSONValues(max_value_length), parts)


def _results_of(decoder: _TextDecoder[_Result], parts: Iterable[_Bytes]) -> Iterator[_Result]:
    if isinstance(parts, (bytes, bytearray, memoryview)):
        parts = [parts]
    try:
        pieces = iter(parts)
    except TypeError:
        raise UsageError(
            "parts cannot be iterated over",
            kind="type",
            expected="an iterable of bytes",
            actual=type(parts).__name__,
        ) from None
    return _fed(decoder, pieces)


def _fed(decoder: _TextDecoder[_Result], parts: Iterator[_Bytes]) -> Iterator[_Result]:
    try:
        for part in parts:
            yield from decoder.feed(part)
        yield from decoder.close()
    except TextError as error:
        yield from error.results
        raise
    except Error as error:  # TXT-008
        error.unread = decoder.unread
        raise
