# SPDX-License-Identifier: MIT
"""Where two values part, to be seen: a line of each around their first difference, and a caret under it.

The plan: texts are shown by their characters, what cannot be printed escaped; of a text of several lines, the line in which
they part. Bytes are shown as text where both can be read, else in hexadecimal. All else is shown as JSON, and compared as that
text. What came from an adapter is never shown raw, and never long.
"""

import base64
import json
from typing import Any, List, NamedTuple

from conformance.run.verdicts import ABSENT, Difference

WIDTH = 100  # characters of an excerpt


class Excerpt(NamedTuple):
    expected: str
    actual: str
    caret: int
    place: str


Excerpt.__doc__ = """Two lines, the column of the first difference in both (-1: none to point at), and where in the values that is."""


def excerpt_of(difference: Difference, width: int = WIDTH) -> Excerpt:
    """Return what shows a difference, in lines of about that width."""
    expected, actual = difference.expected, difference.actual
    if expected is ABSENT or actual is ABSENT:
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
    """Return the lines of an excerpt, and one that points at the first difference."""
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


def _alone(value: Any, width: int) -> str:
    if value is ABSENT:
        return "(absent)"
    return _shortened(value if isinstance(value, str) else _as_json(value), width) or "(empty)"


def _shortened(text: str, width: int) -> str:
    shown = "".join(map(_escaped, text[: width + 1]))
    return shown if len(shown) <= width else shown[: width - 3] + "..."


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")


def _parting(expected: Any, actual: Any) -> int:
    """Return the index of the first item in which two sequences differ."""
    low, high = 0, min(len(expected), len(actual))
    while low < high:  # by halves: comparing slices costs less than comparing items
        middle = (low + high + 1) // 2
        if expected[low:middle] == actual[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _text_excerpt(expected: str, actual: str, width: int) -> Excerpt:
    index = _parting(expected, actual)
    line_start = expected.rfind("\n", 0, index) + 1
    start = max(line_start, index - width * 2 // 5)
    before = ("..." if start > line_start else "") + "".join(map(_escaped, expected[start:index]))
    place = (
        "in line %d" % (expected.count("\n", 0, index) + 1)
        if "\n" in expected or "\n" in actual
        else ""
    )
    room = width - min(len(before), width // 2)
    return Excerpt(
        before + _text_rest(expected, index, room),
        before + _text_rest(actual, index, room),
        len(before),
        place,
    )


def _text_rest(text: str, index: int, room: int) -> str:
    """Return what is shown of a text from the difference on: to the end of its line, as far as there is room."""
    end = text.find("\n", index)
    return _shortened(text[index:] if end < 0 else text[index : end + 1], room) or (
        "(ends here)" if text else "(empty)"
    )


def _hex_excerpt(expected: bytes, actual: bytes, width: int) -> Excerpt:
    index = _parting(expected, actual)
    start = max(0, index - width // 8)
    before = ("... " if start else "") + "".join(f"{byte:02x} " for byte in expected[start:index])
    return Excerpt(
        before + _hex_rest(expected, index, width // 6),
        before + _hex_rest(actual, index, width // 6),
        len(before),
        f"at byte {int(index)}; {len(expected)} and {len(actual)} bytes",
    )


def _hex_rest(data: bytes, index: int, most: int) -> str:
    shown = " ".join(f"{byte:02x}" for byte in data[index : index + most])
    return (shown or "(ends here)") + (" ..." if len(data) > index + most else "")
