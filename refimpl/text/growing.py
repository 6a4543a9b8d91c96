# SPDX-License-Identifier: MIT
"""The characters of one string in a JSON value that has not ended yet. No I/O.

A container may write its whole output as one string of one document: `[{"generated_text": "…`.
A reader of complete values would return nothing before the last byte. `GrowingString` follows the
brackets, names and strings of the value as they arrive. When it is inside the string at its path,
it returns the characters that are complete. It looks at each byte once.

It rejects nothing: if the bytes are not JSON, it returns no more characters, and the reader of
complete values reports the error.
"""

import codecs
import json
import re
from typing import List, Union

from .paths import Steps

_STRUCTURE = re.compile(rb'["\[\]{},]')
# Characters without an escape, or one complete escape.
_PIECE = re.compile(rb'[^"\\]+|\\u[0-9A-Fa-f]{4}|\\["\\/bfnrt]')
_INCOMPLETE_ESCAPE = re.compile(rb"\\(?:u[0-9A-Fa-f]{0,3})?\Z")


class GrowingString:
    """Returns the characters of the string at a path as its bytes arrive.

    path: names, and indexes from 0
    only_first: whether the string counts only if nothing precedes it in the value
    Halves of a surrogate pair may be in two results of `feed`.
    found: whether the string has begun
    """

    def __init__(self, path: Steps, only_first: bool = False) -> None:
        self._path = list(path)
        self._only_first = only_first
        self._place: List[Union[str, int, None]] = []  # the steps to the current value
        self._wants_name = False
        self._in_string = False
        self._is_name = False
        self._is_target = False
        self._name = bytearray()
        self._tail = b""  # an incomplete escape
        self._decode = codecs.getincrementaldecoder("utf-8")().decode
        self._ended = False
        self.found = False

    def feed(self, data: bytes) -> str:
        """Return the characters of the string that data completes."""
        if self._ended:
            return ""
        if self._tail:
            data, self._tail = self._tail + data, b""
        written: List[bytes] = []
        position = 0
        while position < len(data) and not self._ended:
            if self._in_string:
                position = self._read_string(data, position, written)
                continue
            match = _STRUCTURE.search(data, position)
            if match is None:
                break
            self._read_mark(match.group())
            position = match.end()
        return self._characters(b"".join(written)) if written else ""

    def _read_mark(self, mark: bytes) -> None:
        if mark == b'"':
            self._in_string = True
            self._is_name = self._wants_name
            self._is_target = not self._is_name and self._place == self._path
            self.found = self.found or self._is_target
            self._name = bytearray()
        elif mark in b"[{":
            self._place.append(0 if mark == b"[" else None)
            self._wants_name = mark == b"{"
        elif mark in b"]}":
            if self._place:
                self._place.pop()
            self._wants_name = False
        elif self._place:  # a comma
            self._ended = self._only_first and not self.found
            index = self._place[-1]
            if isinstance(index, int):
                self._place[-1] = index + 1
            else:
                self._wants_name = True

    def _read_string(self, data: bytes, position: int, written: List[bytes]) -> int:
        """Read a piece of a string. Return the position after it, or the end of data."""
        if data[position : position + 1] == b'"':
            self._in_string = False
            self._ended = self._is_target
            if self._is_name:
                self._place[-1] = self._decoded_name()
                self._wants_name = False
            return position + 1
        match = _PIECE.match(data, position)
        if match is None:
            self._tail = data[position:]
            self._ended = _INCOMPLETE_ESCAPE.match(self._tail) is None
            return len(data)
        if self._is_target:
            written.append(match.group())
        elif self._is_name:
            self._name += match.group()
        return match.end()

    def _decoded_name(self) -> str:
        try:
            return str(json.loads(b'"%s"' % bytes(self._name), strict=False))
        except ValueError:
            return ""

    def _characters(self, data: bytes) -> str:
        try:
            text = self._decode(data)
        except UnicodeDecodeError as error:
            self._ended = True
            text = error.object[: error.start].decode("utf-8")
        return str(json.loads(f'"{text}"', strict=False)) if "\\" in text else text
