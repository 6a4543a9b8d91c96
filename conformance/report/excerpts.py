# SPDX-License-Identifier: MIT
"""Where two values part, to be seen: a line of each around their first difference, and a caret under it.

The plan: texts are shown by their characters, what cannot be printed escaped; of a text of several lines, the line in which
they part. Bytes are shown as text where both can be read, else in hexadecimal. All else is shown as JSON, and compared as that
text. What came from an adapter is never shown raw, and never long.
"""
import base64
import json
from typing import Any, List, NamedTuple

from ..verdicts import ABSENT, Difference

WIDTH = 100    # characters of an excerpt
_BEFORE = 40   # of them at most before the difference
_HEX_BEFORE, _HEX_BYTES = 12, 28

Excerpt = NamedTuple("Excerpt", [("expected", str), ("actual", str), ("caret", int), ("place", str)])
Excerpt.__doc__ = """Two lines, the column of the first difference in both (-1: none to point at), and where in the values that is."""


def excerpt_of(difference: Difference) -> Excerpt:
    """Return what shows a difference."""
    expected, actual = difference.expected, difference.actual
    if expected is ABSENT or actual is ABSENT:
        return Excerpt(_alone(expected), _alone(actual), -1, "")
    if isinstance(expected, bytes) and isinstance(actual, bytes):
        texts = _as_text(expected), _as_text(actual)
        if None in texts:
            return _hex_excerpt(expected, actual)
        expected, actual = texts
    if isinstance(expected, str) and isinstance(actual, str):
        return _text_excerpt(expected, actual)
    return _text_excerpt(_as_json(expected), _as_json(actual))


def lines_of(difference: Difference) -> List[str]:
    """Return the lines that show a difference."""
    seen = excerpt_of(difference)
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
        return text if text is not None else base64.b64encode(value[:WIDTH]).decode("ascii")
    return value


def _alone(value: Any) -> str:
    if value is ABSENT:
        return "(absent)"
    text = value if isinstance(value, str) else _as_json(value)
    shown = "".join(map(_escaped, text[:WIDTH + 1])) or "(empty)"
    return shown if len(shown) <= WIDTH else shown[:WIDTH - 3] + "..."


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")


def _parting(expected: Any, actual: Any) -> int:
    """Return the index of the first item in which two sequences differ."""
    shorter = min(len(expected), len(actual))
    low, high = 0, shorter
    while low < high:  # by halves: comparing slices costs less than comparing items
        middle = (low + high + 1) // 2
        if expected[low:middle] == actual[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _text_excerpt(expected: str, actual: str) -> Excerpt:
    index = _parting(expected, actual)
    line_start = expected.rfind("\n", 0, index) + 1
    start = max(line_start, index - _BEFORE)
    before = ("..." if start > line_start else "") + "".join(map(_escaped, expected[start:index]))
    place = "in line %d" % (expected.count("\n", 0, index) + 1) if "\n" in expected or "\n" in actual else ""
    return Excerpt(before + _rest(expected, index, before), before + _rest(actual, index, before), len(before), place)


def _rest(text: str, index: int, before: str) -> str:
    """Return what is shown of a text from the difference on: to the end of its line, as far as there is room."""
    end = text.find("\n", index)
    piece = text[index:] if end < 0 else text[index:end + 1]
    shown = "".join(map(_escaped, piece[:WIDTH + 1]))
    room = WIDTH - min(len(before), WIDTH // 2)
    if not shown:
        return "(ends here)" if text else "(empty)"
    return shown if len(shown) <= room else shown[:room - 3] + "..."


def _hex_excerpt(expected: bytes, actual: bytes) -> Excerpt:
    index = _parting(expected, actual)
    start = max(0, index - _HEX_BEFORE)
    before = ("... " if start else "") + "".join("%02x " % byte for byte in expected[start:index])
    return Excerpt(before + _hex_rest(expected, index), before + _hex_rest(actual, index), len(before),
                   "at byte %d; %d and %d bytes" % (index, len(expected), len(actual)))


def _hex_rest(data: bytes, index: int) -> str:
    shown = " ".join("%02x" % byte for byte in data[index:index + _HEX_BYTES - _HEX_BEFORE])
    return (shown or "(ends here)") + (" ..." if len(data) > index + _HEX_BYTES - _HEX_BEFORE else "")

