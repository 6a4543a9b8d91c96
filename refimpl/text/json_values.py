# SPDX-License-Identifier: MIT
"""Payload parts -> JSON values: JSON lines, one document in pieces, or several in a row.

Values may be separated by white space, line ends or nothing (TXT-040). A scanner finds the end of
a string, array or object: it counts brackets outside strings and scans each byte once. A number or
a word (`true`, `false`, `null`) ends at the next byte that cannot belong to it, or at the end of
the text. `parse_json` then reads the value.

Most values are objects, one per line. The fast path reads JSON lines three to four times as fast
(bench/text.py) and changes no result. It has three parts:

- `parse_short_line` and `_read_lines` read complete lines without a scan for their ends, also if
  the first one began in earlier bytes. A line is tried once, so the time stays linear.
- `_goes_on` detects bytes in which an object certainly does not end. They are kept as they are, up
  to 1 KiB, and the next bytes are added to them. Without a closing bracket this is certain. With
  closing brackets, it is certain if the object began with more opening ones.
- The brackets with which an object began are found by `_opening_of`. Lines of one stream usually
  begin alike, so the result is remembered and compared with the next object.

It rejects bytes that start no value, invalid JSON, values that are too long, and a text that ends
inside a value.
"""

import re
from typing import Any, Iterable, Iterator, List, NoReturn, Optional, Tuple

from ..documents.json_format import (
    MAX_JSON_DEPTH,
    SHORT_LENGTH,
    ValueScanner,
    parse_json,
    parse_json_lines,
    parse_short_line,
)
from ..errors import DEFAULT_MAX_ITEM_LENGTH, DocumentError, TextError
from .decoder import BytesLike, TextDecoder, results_of
from .server_sent_events import looks_like_events

_BLOCK_LENGTH = 1024 * 1024  # bytes that are parsed at once
_UNSCANNED_LENGTH = 1024  # bytes of a value that are kept without a scan, at most
_LINE_FEED, _OPENING_BRACE, _CLOSING_BRACE, _CLOSING_BRACKET = b"\n{}]"
# A string, or a byte that is a bracket, or with which an unfinished string begins.
_STRING_OR_BRACKET = re.compile(rb'(?s)"[^"\\]*(?:\\.[^"\\]*)*"|["\[\]{}]')

# TXT-041
_VALUE_START = re.compile(rb"[^ \t\n\r]")
# TXT-042: the end of a number, true, false or null
_WORD_END = re.compile(rb'[ \t\n\r\[\]{}",:]')


class JSONValues(TextDecoder[Any]):
    """Decodes bytes to JSON values, each as parse_json reads it (TXT-040 to TXT-043).

    max_value_length: bytes of a value
    lenient: accept NaN, Infinity, -Infinity and control characters in strings (TXT-044)
    """

    def __init__(
        self, max_value_length: int = DEFAULT_MAX_ITEM_LENGTH, lenient: bool = False
    ) -> None:
        super().__init__("strict", max_value_length)
        self._lenient = lenient
        self._scanner: Optional[ValueScanner] = None  # of an unfinished string, array or object
        self._block_length = min(max_value_length, _BLOCK_LENGTH)
        self._short_length = min(max_value_length, SHORT_LENGTH)
        self._unscanned_length = min(max_value_length, _UNSCANNED_LENGTH)
        self._tries_lines = True  # whether the unfinished value, if any, has no LF yet
        self._unscanned = b""  # the unfinished value, if the scanner has not seen it
        self._opening = b"{"  # the bytes with which an object began: up to its last opening bracket
        self._opening_depth = 1  # the brackets that are open after these bytes

    @property
    def unread(self) -> bytes:
        """The bytes of the unfinished value that have arrived."""
        return self._unscanned or bytes(self._kept)

    def _read(self, data: bytes, results: List[Any]) -> None:
        if self._tries_lines:
            unscanned = self._unscanned
            if unscanned:
                data = unscanned + data
            end = data.find(b"\n") + 1
            if end:
                if end <= self._short_length and not self._kept:
                    single = parse_short_line(data[:end])
                    if single is not None:
                        results.append(single)
                        self._offset += end
                        data = data[end:]
                if _LINE_FEED in data:
                    data = self._read_lines(data, results)
                if not data:
                    self._unscanned = b""
                    return
            if data[0] == _OPENING_BRACE and self._goes_on(data):
                self._unscanned = data
                return
            if unscanned:
                self._unscanned = b""
        position, tried = 0, data.rfind(b"\n")
        # TXT-040
        while position < len(data):
            if not self._kept:
                position = self._begin(data, position, results)
                if position < 0:
                    return
                if position > tried:
                    tried = len(data)  # a second attempt could cost as much as the first
                    if self._read_line(data[position:], results):
                        return
            end = self._end_in(data, position, results)
            if end < 0:
                self._keep_more(data[position:], results)
                return
            value = self._with_kept(data[position:end])
            results.append(self._parsed(value, data, end, results))
            self._end_value(len(value))
            position = end

    def _read_lines(self, data: bytes, results: List[Any]) -> bytes:
        """Read the complete lines at the start if each is one value. Return the bytes after them.

        The first line may have begun in earlier bytes.
        """
        end = data.rfind(b"\n") + 1
        lines, rest = data[:end], data[end:]
        if self._kept:
            lines = bytes(self._kept) + lines
        # TXT-005: longer lines are checked one by one.
        if len(lines) > self._block_length:
            return data
        values, used = parse_json_lines(lines, self._lenient)
        if not values:
            return data
        results += values
        self._end_value(used)
        return rest if used == len(lines) else lines[used:] + rest

    def _goes_on(self, value: bytes) -> bool:
        """Return whether bytes that begin with a brace are certainly an object that neither ends in
        them nor is nested too deeply, so that they can be kept without a scan.

        False proves nothing.
        """
        if self._kept:
            return False
        if self._opening.startswith(value):  # most objects of a stream begin alike
            return True
        length = len(value)
        if length > self._unscanned_length or _LINE_FEED in value:
            return False
        is_closing = _CLOSING_BRACE in value or _CLOSING_BRACKET in value
        # SHP-001: fewer brackets cannot be nested too deeply.
        if length <= MAX_JSON_DEPTH and not is_closing:
            return True
        start = depth = 0
        if value.startswith(self._opening):
            start, depth = len(self._opening), self._opening_depth
        if depth + length - start > MAX_JSON_DEPTH:
            deepest = depth + value.count(b"{", start) + value.count(b"[", start)
            if deepest > MAX_JSON_DEPTH:
                return False
        if not is_closing or depth > value.count(b"}", start) + value.count(b"]", start):
            return True
        self._opening, self._opening_depth = _opening_of(value)
        return self._opening_depth > value.count(b"}") + value.count(b"]")

    def _read_line(self, line: bytes, results: List[Any]) -> bool:
        """Read a line that is one object and whose LF has not arrived, without scanning for its
        end. Return whether it is one.
        """
        if line[-1:] != b"}" or self._scanner is None or len(line) > self._max_length:
            return False
        try:
            results.append(parse_json(line))
        except DocumentError:
            return False
        self._end_value(len(line))
        return True

    def _keep_more(self, data: bytes, results: List[Any]) -> None:
        """Keep the bytes of a value that has not ended."""
        # The next line end completes a line only if it is the first one of the value.
        self._tries_lines = (self._tries_lines or not self._kept) and b"\n" not in data
        self._kept += data
        # TXT-005
        if len(self._kept) > self._max_length:
            self._reject_length("value", self._offset, results, self.unread)

    def _end_value(self, length: int) -> None:
        """Start anew after a value, or several lines, of that length in bytes."""
        if self._kept:
            self._kept = bytearray()
        self._offset += length
        self._tries_lines = True

    def _begin(self, data: bytes, position: int, results: List[Any]) -> int:
        """Return the index in data, from position, where a value begins, or -1 if there is none."""
        match = _VALUE_START.search(data, position)
        start = len(data) if match is None else match.start()
        self._keep(b"", self._offset + start - position)
        if match is None:
            return -1
        first = match.group()
        # TXT-041
        if first in b"]},:":
            self._reject(
                TextError(
                    "not the start of a JSON value",
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
        """Return the index in data, from position, where the value ends, or -1 if it does not."""
        if self._scanner is None:
            # TXT-042
            match = _WORD_END.search(data, position)
            return -1 if match is None else match.start()
        try:
            return self._scanner.end_in(data, position)
        except DocumentError as error:
            unread = self._with_kept(data[position:])
            # TXT-005: checked first, so that the result does not depend on how the bytes are split.
            if error.offset is not None and error.offset >= self._max_length:
                self._reject_length("value", self._offset, results, unread)
            self._reject_value(error, results, unread)

    def _parsed(self, value: bytes, data: bytes, end: int, results: List[Any]) -> Any:
        """Return the JSON value of the bytes value.

        data, end: data[end:] are the bytes after it, which only an error copies
        """
        # TXT-005
        if len(value) > self._max_length:
            self._reject_length("value", self._offset, results, value + data[end:])
        try:
            # TXT-044
            return parse_json(value, self._lenient)
        except DocumentError as error:
            unread = value + data[end:]
            # Invalid UTF-8 is reported as such, not as a JSON error.
            self._decoded(value, self._offset, results, unread)
            self._reject_value(error, results, unread)

    def _reject_value(self, error: DocumentError, results: List[Any], unread: bytes) -> NoReturn:
        hint = ""
        # Only the first line counts, so that the message does not depend on the split.
        if looks_like_events(unread.splitlines()[0]):
            hint = "these bytes are server-sent events: "
        self._reject(
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
        if self._unscanned:
            self._unscanned = b""
            self._scanner = ValueScanner()
            self._scanner.end_in(rest)
        if self._scanner is None:
            results.append(self._parsed(rest, rest, len(rest), results))
            return
        # TXT-043
        self._reject(_truncated(self._scanner, self._offset, len(rest)), results, rest)


def _opening_of(value: bytes) -> Tuple[bytes, int]:
    """Return the bytes of value up to the last opening bracket that no closing one precedes, and
    the number of brackets in them. Brackets in strings do not count.
    """
    end = depth = 0
    for match in _STRING_OR_BRACKET.finditer(value):
        mark = match.group()
        if mark in (b"{", b"["):
            end, depth = match.end(), depth + 1
        elif len(mark) == 1:
            break
    return value[:end], depth


def _truncated(scanner: ValueScanner, offset: int, length: int) -> TextError:
    """Return the error for a value at that offset that is incomplete after length bytes."""
    where, expected = "an array or object", ""
    if scanner.in_string:
        where, expected = "a string", "a quote and "
    if scanner.escaped:
        where = "an escape"
    return TextError(
        f"the text ends inside {where} of a JSON value that began at byte {offset}",
        kind="truncated",
        expected=f"{expected}the end of {scanner.depth} levels",
        actual="the end of the text",
        offset=offset + length,
        rule="TXT-043",
    )


def json_values_of(
    parts: Iterable[BytesLike],
    max_value_length: int = DEFAULT_MAX_ITEM_LENGTH,
    lenient: bool = False,
) -> Iterator[Any]:
    """Return an iterator over the JSON values of parts, each as soon as it is complete.

    parts and the errors raised: as for lines_of. max_value_length, lenient: as for JSONValues.
    """
    return results_of(JSONValues(max_value_length, lenient), parts)
