# SPDX-License-Identifier: MIT
"""Tests of refimpl/text/extraction.py: paths, presets, and the bytes written for each value.

Paths are compared with a second reader in this file.
"""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.errors import UsageError
from refimpl.text.extraction import PRESETS, extracted, parse_extraction, parse_path, value_at
from tests.rows import for_each

# ---- paths --------------------------------------------------------------------------------------


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


# ---- extraction --------------------------------------------------------------------------------


def test_the_presets():
    assert sorted(PRESETS) == ["djl", "lmi", "openai", "sglang", "tgi", "vllm"]
    for name in PRESETS:
        assert parse_extraction(name).paths
    assert parse_extraction(".tgi") == ((("tgi",),), ())


def extract(values, text):
    warnings = []
    return b"".join(extracted(values, parse_extraction(text), warnings.append)), warnings


@pytest.mark.parametrize(
    "value,written",
    [
        ("x\n", b"x\n"),
        ("", b""),
        (None, b""),
        (5, b"5\n"),
        (1.5, b"1.5\n"),
        (True, b"true\n"),
        (False, b"false\n"),
        (0, b"0\n"),
        ({"b": "€"}, b'{"b":"\\u20ac"}\n'),
        ([1, None], b"[1,null]\n"),
        ([], b"[]\n"),
        ("€\U0001f600", "€\U0001f600".encode()),
        ("\ud83d", "\ufffd".encode()),
        ("a\ude00b", "a\ufffdb".encode()),
    ],
)
def test_extracted_bytes_of_a_value(value, written):
    assert extract([{"a": value}, {"b": 1}, [], None, "text", {"a": value}], "a") == (
        written * 2,
        [],
    )


def test_alternatives_and_special_tokens():
    assert extract([{"a": None, "b": "x"}, {"a": "y", "b": "z"}, {"c": 1}], "a|b") == (b"xy", [])
    special = [{"token": {"text": "a", "special": flag}} for flag in (False, True, None, "true", 1)]
    assert extract(special, "tgi")[0] == b"aaaa" and extract(special, "token.text")[0] == b"aaaaa"


def test_warns_of_an_error_in_the_response():
    assert extract(
        [
            {"a": "x"},
            {"error": {"message": "out\nof memory"}},
            {"error": None},
            {"error": ""},
            {"a": "y", "error": "e"},
        ],
        "a",
    ) == (b"xy", ['the model\'s response contains an error: {"message": "out\\nof memory"}'])
    assert extract([{"error": "x" * 1000}], "a")[1][0].endswith("...")
