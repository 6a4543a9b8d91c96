# SPDX-License-Identifier: MIT
"""Tests of conformance/report/excerpts.py: two values with a caret below their first difference."""

from typing import Any, List

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conformance.report.excerpts import WIDTH, excerpt_of, lines_of
from conformance.run.verdicts import ABSENT, Difference
from tests.rows import for_each


def lines(expected: Any, actual: Any) -> List[str]:
    return lines_of(Difference("stage", expected, actual))


# What was expected, what came, and the three lines.
SHOWN = [
    ("abc", "abd", ["expected  abc", "actual    abd", "            ^"]),
    ("abc", "ab", ["expected  abc", "actual    ab(ends here)", "            ^"]),
    ("", "ab", ["expected  (empty)", "actual    ab", "          ^"]),
    ("a\tb", "a\tc", ["expected  a\\tb", "actual    a\\tc", "             ^"]),
    (
        "one\ntwo\nthree",
        "one\ntwx\nthree",
        ["expected  two\\n", "actual    twx\\n", "            ^ in line 2"],
    ),
    (
        "one\ntwo",
        "one",
        ["expected  one\\n", "actual    one(ends here)", "             ^ in line 1"],
    ),
    (
        "\x1b[2J\u202e",
        "\x1b[2K",
        ["expected  \\x1b[2J\\u202e", "actual    \\x1b[2K", "                ^"],
    ),
    (
        "x" * 60 + "a",
        "x" * 60 + "b",
        ["expected  ..." + "x" * 40 + "a", "actual    ..." + "x" * 40 + "b", " " * 53 + "^"],
    ),
    (
        "a" + "x" * 200,
        "b" + "x" * 200,
        ["expected  a" + "x" * 96 + "...", "actual    b" + "x" * 96 + "...", "          ^"],
    ),
    (b"one ", b"two ", ["expected  one ", "actual    two ", "          ^"]),
    (
        b"\x00\x01\x02",
        b"\x00\x01\x03\x04",
        ["expected  00 01 02", "actual    00 01 03 04", " " * 16 + "^ at byte 2; 3 and 4 bytes"],
    ),
    (
        b"\xff" * 40,
        b"\xff" * 20,
        [
            "expected  ... " + "ff " * 12 + " ".join(["ff"] * 16) + " ...",
            "actual    ... " + "ff " * 12 + "(ends here)",
            " " * 50 + "^ at byte 20; 40 and 20 bytes",
        ],
    ),
    (
        b"",
        b"\x00",
        ["expected  (ends here)", "actual    00", "          ^ at byte 0; 0 and 1 bytes"],
    ),
    (1, 2, ["expected  1", "actual    2", "          ^"]),
    (1, "1", ["expected  1", 'actual    "1"', "          ^"]),
    (True, 1, ["expected  true", "actual    1", "          ^"]),
    (
        [b"a", b"\xff"],
        {"a": None},
        ['expected  ["a", "/w=="]', 'actual    {"a": null}', "          ^"],
    ),
    (ABSENT, "x\n", ["expected  (absent)", "actual    x\\n"]),
    ({"a": "x" * 200}, ABSENT, ['expected  {"a": "' + "x" * 90 + "...", "actual    (absent)"]),
    ("", ABSENT, ["expected  (empty)", "actual    (absent)"]),
]


@for_each("expected, actual, told", SHOWN)
def test_a_difference_is_shown(expected: Any, actual: Any, told: List[str]) -> None:
    assert lines(expected, actual) == told


def test_a_narrow_excerpt_still_shows_the_difference() -> None:
    seen = excerpt_of(
        Difference("stage", "x" * 500 + "a" + "y" * 500, "x" * 500 + "b" + "y" * 500), 40
    )
    assert (
        seen.expected[seen.caret] == "a"
        and seen.actual[seen.caret] == "b"
        and len(seen.expected) <= 50
    )
    assert len(excerpt_of(Difference("stage", "x" * 500, ABSENT), 40).expected) == 40
    assert len(excerpt_of(Difference("stage", b"\xff" * 500, b""), 40).expected) < 50


@pytest.mark.slow
@given(st.text(max_size=200), st.text(max_size=200))
@example("x" * 1000 + "\n", "x" * 1000)
def test_the_caret_stands_under_the_first_character_that_differs(
    expected: str, actual: str
) -> None:
    if expected == actual:
        return
    told = lines(expected, actual)
    assert len(told) == 3 and all(
        line.isprintable() and len(line) <= 10 + WIDTH * 11 + 30 for line in told
    )
    column = told[2].index("^")
    assert told[0][10:column] == told[1][10:column]
    rest = told[0][column:], told[1][column:]
    assert rest[0] != rest[1]


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_bytes_are_shown_in_hexadecimal_where_they_are_no_text(
    expected: bytes, actual: bytes
) -> None:
    if expected == actual:
        return
    told = lines(b"\xff" + expected, b"\xff" + actual)
    column = told[2].index("^")
    assert (
        told[0][10:column] == told[1][10:column]
        and told[0][column : column + 11] != told[1][column : column + 11]
    )
