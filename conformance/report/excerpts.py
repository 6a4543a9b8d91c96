# SPDX-License-Identifier: MIT
"""Excerpts: one line of two values around their first difference, and the column of a caret.

Text is shown with unprintable characters escaped. If it has several lines, the excerpt is the line
that differs. Bytes are shown as text if both values are printable UTF-8, otherwise in hexadecimal.
Other values are shown and compared as JSON. Values from an adapter are always escaped and
shortened.
"""

import base64
import json
from typing import Any, List, NamedTuple

from conformance.run.verdicts import Absent, Difference

WIDTH = 100  # characters of an excerpt


class Excerpt(NamedTuple):
    """Two lines and their first difference.

    caret: column of the first difference in both lines; -1 if there is no column
    place: line or byte of the first difference in the whole values, or ""
    """

    expected: str
    actual: str
    caret: int
    place: str


def excerpt_of(difference: Difference, width: int = WIDTH) -> Excerpt:
    """Return the excerpt of a difference, in lines of about that width."""
    expected, actual = difference.expected, difference.actual
    if isinstance(expected, Absent) or isinstance(actual, Absent):
        return Excerpt(_alone(expected, width), _alone(actual, width), -1, "")
    if isinstance(expected, bytes) and isinstance(actual, bytes):
        texts = _as_text(expected), _as_text(actual)
        if None in texts:
            return _hex_excerpt(expected, actual, width)
        expected, actual = texts
    if isinstance(expected, str) and isinstance(actual, str):
        return _text_excerpt(expected, actual, width)
    return _text_excerpt(_as_json(expected), _as_json(actual), width)


def lines_of(difference: Difference) -> List[str]:
    """Return the lines that show a difference."""
    return shown_lines(excerpt_of(difference))


def shown_lines(seen: Excerpt) -> List[str]:
    """Return the lines of an excerpt, and a line with a caret below the first difference."""
    lines = ["expected  " + seen.expected, "actual    " + seen.actual]
    if seen.caret >= 0:
        lines.append(" " * (10 + seen.caret) + "^" + (" " + seen.place if seen.place else ""))
    return lines


def _as_text(data: bytes) -> Any:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if all(c.isprintable() or c in "\r\n\t" for c in text) else None


def _as_json(value: Any) -> str:
    return json.dumps(_plain(value), ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, bytes):
        text = _as_text(value)
        return base64.b64encode(value[:WIDTH]).decode("ascii") if text is None else text
    return value


def _alone(value: Any, width: int) -> str:
    if isinstance(value, Absent):
        if value.instead:
            return _shortened(f"(absent; {value.instead})", width)
        return "(absent)"
    return _shortened(value if isinstance(value, str) else _as_json(value), width) or "(empty)"


def _shortened(text: str, width: int) -> str:
    shown = "".join(map(_escaped, text[: width + 1]))
    return shown if len(shown) <= width else shown[: width - 3] + "..."


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")


def _first_difference(expected: Any, actual: Any) -> int:
    """Return the index of the first item that differs between two sequences."""
    low, high = 0, min(len(expected), len(actual))
    while low < high:  # bisect, because comparing slices is faster than comparing items
        middle = (low + high + 1) // 2
        if expected[low:middle] == actual[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _text_excerpt(expected: str, actual: str, width: int) -> Excerpt:
    index = _first_difference(expected, actual)
    line_start = expected.rfind("\n", 0, index) + 1
    start = max(line_start, index - width * 2 // 5)
    before = "".join(map(_escaped, expected[start:index]))
    if start > line_start:
        before = "..." + before
    place = ""
    if "\n" in expected or "\n" in actual:
        line = expected.count("\n", 0, index) + 1
        place = f"in line {line}"
    room = width - min(len(before), width // 2)
    return Excerpt(
        before + _text_rest(expected, index, room),
        before + _text_rest(actual, index, room),
        len(before),
        place,
    )


def _text_rest(text: str, index: int, room: int) -> str:
    """Return the rest of the line from the difference on, shortened to the available width."""
    if index >= len(text):
        return "(ends here)" if text else "(empty)"
    end = text.find("\n", index)
    return _shortened(text[index:] if end < 0 else text[index : end + 1], room)


def _hex_excerpt(expected: bytes, actual: bytes, width: int) -> Excerpt:
    index = _first_difference(expected, actual)
    start = max(0, index - width // 8)
    before = "".join(f"{byte:02x} " for byte in expected[start:index])
    if start:
        before = "... " + before
    return Excerpt(
        before + _hex_rest(expected, index, width // 6),
        before + _hex_rest(actual, index, width // 6),
        len(before),
        f"at byte {index}; {len(expected)} and {len(actual)} bytes",
    )


def _hex_rest(data: bytes, index: int, most: int) -> str:
    shown = " ".join(f"{byte:02x}" for byte in data[index : index + most])
    return (shown or "(ends here)") + (" ..." if len(data) > index + most else "")
