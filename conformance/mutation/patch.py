# SPDX-License-Identifier: MIT
"""Replace a sequence of tokens in a source, whatever its layout.

A mutant names the code that it changes as text. The text is compared with the source token by
token: white space, line breaks, comments and a comma before a closing bracket have no meaning. So a
formatter that wraps a line breaks no mutant. The first line of the replacement starts where the
first token was; further lines keep their indentation relative to that line. A final comma of both
texts is left out, because it has no meaning before a bracket.

In a source in another language than Python, a token is a word or a single other character, and
comments are compared as well.

Rejected: text that occurs in the source never or more than once.
"""

import re
import textwrap
from typing import Iterator, List, NamedTuple, Pattern, Tuple

# One token or one run of characters without meaning. Text that is not a token, such as half a
# string, is read character by character, so that the pattern covers any input.
PYTHON = re.compile(
    r"""
    (?P<skipped> \s+ | \\\n | \#[^\n]* )
    | (?: [rRbBuUfF]{0,2} (?: "{3}(?:\\.|[^\\])*?"{3} | '{3}(?:\\.|[^\\])*?'{3}
                            | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' ) )
    | \w+ | \*\*=? | //=? | <<=? | >>=? | -> | \.\.\. | [-+*/%&|^=<>!:@]=? | .
    """,
    re.VERBOSE | re.DOTALL,
)

WORDS = re.compile(r"(?P<skipped> \s+ ) | \w+ | .", re.VERBOSE | re.DOTALL)


class Token(NamedTuple):
    """A token, and its first and last offset in the text (the last one is exclusive)."""

    text: str
    start: int
    end: int


class PatchError(Exception):
    """The tokens to replace do not occur exactly once. `count` says how often they do."""

    def __init__(self, count: int) -> None:
        super().__init__(f"the tokens occur {count} times, not once")
        self.count = count


def tokens_of(source: str, token: Pattern[str] = PYTHON) -> List[Token]:
    """Return the tokens of a source or of a part of one."""
    found = [
        Token(match.group(), match.start(), match.end())
        for match in token.finditer(source)
        if match.group("skipped") is None
    ]
    closing = [one.text for one in found[1:]] + [""]
    return [
        one
        for one, following in zip(found, closing)
        if one.text != "," or following not in (")", "]", "}")
    ]


def places_of(source: str, old: str, token: Pattern[str] = PYTHON) -> List[Tuple[int, int]]:
    """Return the (start, end) offsets of each place in `source` that has the tokens of `old`."""
    tokens = tokens_of(source, token)
    texts = [one.text for one in tokens]
    wanted = [one.text for one in tokens_of(old, token)]
    return [
        (tokens[index].start, tokens[index + len(wanted) - 1].end)
        for index in _indices(texts, wanted)
    ]


def place_of(source: str, old: str, new: str, token: Pattern[str] = PYTHON) -> Tuple[int, int]:
    """Return the (start, end) offsets of the one place that replace_tokens() replaces.

    Raises PatchError.
    """
    old = _without_final_commas(old, new)[0]
    places = places_of(source, old, token)
    if not places and old.rstrip().endswith(
        ","
    ):  # no token in the source, if it is before a bracket
        ends = re.compile(r"\s*,")
        for start, end in places_of(source, old.rstrip()[:-1], token):
            comma = ends.match(source, end)
            places.append((start, end if comma is None else comma.end()))
    if len(places) != 1:
        raise PatchError(len(places))
    return places[0]


def _without_final_commas(old: str, new: str) -> Tuple[str, str]:
    """Return both texts, each without its final comma if both have one."""
    if old.rstrip().endswith(",") and new.rstrip().endswith(","):
        return old.rstrip()[:-1], new.rstrip()[:-1]
    return old, new


def _indices(texts: List[str], wanted: List[str]) -> Iterator[int]:
    if not wanted:
        return
    for index in range(len(texts) - len(wanted) + 1):
        if texts[index] == wanted[0] and texts[index : index + len(wanted)] == wanted:
            yield index


def replace_tokens(
    source: str, old: str, new: str, token: Pattern[str] = PYTHON, as_written: bool = False
) -> str:
    """Return `source` with the one place that has the tokens of `old` replaced by `new`.

    as_written: whether further lines of `new` have their final indentation, as in a replacement of
        text.

    Raises PatchError.
    """
    old, new = _without_final_commas(old, new)
    start, end = place_of(source, old, new, token)
    if as_written:
        return source[:start] + new.strip() + source[end:]
    line_start = source.rfind("\n", 0, start) + 1
    indent = len(source[line_start:start]) - len(source[line_start:start].lstrip())
    return source[:start] + _indented(new, indent) + source[end:]


def _indented(new: str, indent: int) -> str:
    """Return a replacement whose first line is in a line of the source that is indented by `indent`
    columns.
    """
    lines = textwrap.dedent(new).strip("\n").rstrip().split("\n")
    own = len(lines[0]) - len(lines[0].lstrip())
    return "\n".join([lines[0].lstrip()] + [" " * (indent - own) + line for line in lines[1:]])
