# SPDX-License-Identifier: MIT
"""Tests of refimpl/text/paths.py: paths into JSON values.

Paths are compared with a second reader in this file.
"""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.errors import UsageError
from refimpl.text.paths import parse_path, value_at
from tests.rows import for_each

# ---- paths ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text,paths",
    [
        ("a", [("a",)]),
        (".a", [("a",)]),
        ("a.b", [("a", "b")]),
        ("[0]", [(0,)]),
        ("a[0].b", [("a", 0, "b")]),
        ("a[-1][2]", [("a", -1, 2)]),
        ("a|b.c", [("a",), ("b", "c")]),
        ("a|[1]|.c", [("a",), (1,), ("c",)]),
        ('["a.b"]', [("a.b",)]),
        ('a["|"].c|d', [("a", "|", "c"), ("d",)]),
        ('["\\"]\\u00e9"]', [('"]é',)]),
        ("a-b_c.é", [("a-b_c", "é")]),
        ("0", [("0",)]),
        ("choices[0].delta.content", [("choices", 0, "delta", "content")]),
    ],
)
def test_paths(text, paths):
    assert parse_path(text) == tuple(paths)


@for_each(
    "text,offset",
    [
        ("", 0),
        ("|", 0),
        ("a|", 2),
        ("|a", 0),
        ("a||b", 2),
        (".", 0),
        ("a.", 1),
        ("a..b", 1),
        ("[", 0),
        ("[]", 0),
        ("[a]", 0),
        ("a[0]b", 4),
        ("a[0", 1),
        ('["a"', 0),
        ("a b", 1),
        (" a", 0),
        ("[1.5]", 0),
        ("[--1]", 0),
        ("[12345678901]", 0),
        ("a[0]]", 4),
        ('a"b"', 1),
    ],
)
def test_rejects_invalid_paths(text, offset):
    with pytest.raises(UsageError) as caught:
        parse_path(text)
    assert (caught.value.kind, caught.value.rule, caught.value.offset) == (
        "constraint",
        "CLI-012",
        offset,
    )


def test_a_name_in_brackets_is_a_json_string():
    with pytest.raises(UsageError) as caught:
        parse_path('["\\x"]')
    assert caught.value.rule == "CLI-012"


VALUES = st.recursive(
    st.one_of(st.none(), st.integers(), st.text(max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(VALUES, st.lists(st.one_of(st.sampled_from("abc"), st.integers(-4, 4)), max_size=4))
def test_value_at(value, steps):
    expected = value
    for step in steps:
        try:
            expected = expected[step] if isinstance(expected, (list, dict)) else None
        except (KeyError, IndexError, TypeError):
            expected = None
    assert value_at(value, tuple(steps)) == expected


@given(
    st.lists(
        st.lists(
            st.one_of(st.text(min_size=1, max_size=4), st.integers(-999, 999)),
            min_size=1,
            max_size=4,
        ),
        min_size=1,
        max_size=3,
    )
)
def test_paths_are_read_back(paths):
    text = "|".join("".join(f"[{json.dumps(step)}]" for step in steps) for steps in paths)
    assert parse_path(text) == tuple(map(tuple, paths))
