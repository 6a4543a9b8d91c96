# SPDX-License-Identifier: MIT
"""Payload parts -> lines.

LF or CR LF ends a line, also if a part ends between the two. Nothing else does: a lone CR, U+0085
and U+2028 stay in the line, unlike with `str.splitlines`. Otherwise a JSON line with U+2028 in a
string would fall apart.

The decoder looks for the last LF in the new bytes, decodes everything up to it at once, and splits
the text.

It rejects invalid UTF-8 and lines that are too long.
"""

from typing import Iterable, Iterator, List

from ..errors import DEFAULT_MAX_ITEM_LENGTH
from .decoder import BytesLike, TextDecoder, results_of


class LineDecoder(TextDecoder[str]):
    """Decodes bytes to lines, without their ends (TXT-010, TXT-011). A byte order mark stays
    (TXT-013).

    max_line_length: bytes of a line without its end
    errors: as for Utf8Decoder
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
            lines, rest = self._with_kept(data[:end]), data[end:]
            self._read_lines(lines, rest, results)
            self._keep(rest, self._offset + len(lines))
        # TXT-005: a final CR does not count yet, because it may be the first half of CR LF.
        if len(self._kept) > self._max_length:
            kept = self.unread
            if len(without_cr(kept)) > self._max_length:
                self._reject_length("line", self._offset, results, kept)

    def _read_lines(self, data: bytes, rest: bytes, results: List[str]) -> None:
        """Append the lines of data, which ends with LF. rest: the bytes after it."""
        if len(data) <= self._max_length:
            try:
                text = data.decode("utf-8", self._errors)
            except UnicodeDecodeError:
                pass  # The lines before the error come first, so they are read one by one.
            else:
                results += _split_lines(text)
                return
        start = 0
        while start < len(data):
            end = data.index(b"\n", start)
            line, offset = without_cr(data[start:end]), self._offset + start
            # TXT-005
            if len(line) > self._max_length:
                self._reject_length("line", offset, results, data[start:] + rest)
            results.append(self._decoded(line, offset, results, data[start:] + rest))
            start = end + 1

    def _finish(self, rest: bytes, results: List[str]) -> None:
        # TXT-005: here a final CR belongs to the line.
        if len(rest) > self._max_length:
            self._reject_length("line", self._offset, results, rest)
        # TXT-012
        if rest:
            results.append(self._decoded(rest, self._offset, results, rest))


def _split_lines(text: str) -> List[str]:
    """Return the lines of a text that ends with LF."""
    # TXT-010, TXT-011
    lines = text.split("\n")
    lines.pop()
    if "\r" in text:
        return [line[:-1] if line.endswith("\r") else line for line in lines]
    return lines


def without_cr(line: bytes) -> bytes:
    """Return line without a CR at its end."""
    return line[:-1] if line[-1:] == b"\r" else line


def lines_of(
    parts: Iterable[BytesLike],
    max_line_length: int = DEFAULT_MAX_ITEM_LENGTH,
    errors: str = "strict",
) -> Iterator[str]:
    """Return an iterator over the lines of parts, each as soon as it is complete.

    parts: any iterable of bytes, or one bytes object
    max_line_length, errors: as for LineDecoder

    Raises UsageError at once for wrong arguments. Iterating raises TextError, whose `unread` begins
    with the line that could not be read. If parts itself raises an Error, that error gets the bytes
    of the unfinished line as its `unread` (TXT-008).
    """
    return results_of(LineDecoder(max_line_length, errors), parts)
