# SPDX-License-Identifier: MIT
"""A second reader of JSON values, written directly from TXT-040 to TXT-044 and SHP-001 to SHP-003.

`read_values` takes the bytes of a complete text. It returns the values before the first error as
JSON texts, and the kind of that error or None. It finds the end of each value first, and reads the
value with Python's parser. This module shares no code with refimpl.
"""

import json
import math
import re
from typing import Any, List, Optional, Tuple

SPACE = " \t\r\n"
MAX_DEPTH, MAX_DIGITS = 64, 20


class Rejected(Exception):
    """The text is rejected; the argument is the kind of the error."""


def read_values(data: bytes, lenient: bool = False) -> Tuple[List[str], Optional[str]]:
    """Return the JSON texts of the values before the first error, and its kind or None."""
    text = data.decode("utf-8", "surrogateescape")
    values: List[str] = []
    position = 0
    try:
        while True:
            while position < len(text) and text[position] in SPACE:
                position += 1
            if position == len(text):
                return values, None
            end = _end_of(text, position)
            values.append(json.dumps(parsed(text[position:end], lenient), separators=(",", ":")))
            position = end
    except Rejected as error:
        return values, str(error)


def _end_of(text: str, start: int) -> int:
    """Return the position after the value that begins at start."""
    if text[start] in "]},:":
        raise Rejected("syntax")
    if text[start] not in '[{"':
        match = re.search('[ \t\r\n\\[\\]{}",:]', text[start:])
        return len(text) if match is None else start + match.start()
    depth, in_string, position = 0, False, start
    while position < len(text):
        character = text[position]
        position += 1
        if in_string:
            if character == "\\":
                position += 1
            in_string = character != '"'
        elif character == '"':
            in_string = True
        elif character in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise Rejected("limit")
        elif character in "]}":
            depth -= 1
        if depth <= 0 and not in_string and character in ']}"':
            return position
    raise Rejected("truncated")


def parsed(text: str, lenient: bool) -> Any:
    """Return the value of one JSON text. Raises Rejected."""
    if re.search("[\udc80-\udcff]", text):
        raise Rejected("utf8")
    try:
        return json.loads(
            text,
            strict=not lenient,
            object_pairs_hook=_members,
            parse_int=_integer,
            parse_float=_finite,
            parse_constant=float if lenient else _no_number,
        )
    except (ValueError, RecursionError):
        raise Rejected("syntax") from None


def _members(pairs: List[Tuple[str, Any]]) -> Any:
    if len(dict(pairs)) < len(pairs):
        raise Rejected("syntax")
    return dict(pairs)


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise Rejected("syntax")
    return int(text)


def _finite(text: str) -> float:
    if math.isinf(float(text)):
        raise Rejected("syntax")
    return float(text)


def _no_number(text: str) -> float:
    raise Rejected("syntax")
