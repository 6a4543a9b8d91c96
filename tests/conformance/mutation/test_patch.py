# SPDX-License-Identifier: MIT
"""conformance/mutation/patch.py: code is found by its tokens, whatever its layout, and replaced in
place.
"""

import pytest

from conformance.mutation.patch import PatchError, places_of, replace_tokens, tokens_of

SOURCE = """\
def f(a, b):
    if (
        a > 1  # a comment
        and b == "x, )"
    ):
        return call(
            a,
            b,
        )
    return b''
"""


def texts(source):
    return [token.text for token in tokens_of(source)]


def test_layout_comments_and_final_commas_are_not_tokens():
    assert texts("f(a,  # why\n  b,\n)") == texts("f(a, b)") == ["f", "(", "a", ",", "b", ")"]
    assert texts("a = \\\n b") == ["a", "=", "b"]


@pytest.mark.parametrize(
    "literal",
    ['"a # b"', "'it\\'s'", 'rb"\\r\\n"', 'f"{x!r} {y}"', '"""two\nlines"""', "'''one ' quote'''"],
)
def test_a_string_is_one_token(literal):
    assert texts(f"x = {literal}") == ["x", "=", literal]


def test_operators_are_whole_tokens():
    assert texts("a**=b//c<<d->e != f:=g") == list("a") + [
        "**=",
        "b",
        "//",
        "c",
        "<<",
        "d",
        "->",
    ] + [
        "e",
        "!=",
        "f",
        ":=",
        "g",
    ]


def test_text_that_is_half_a_token_is_read_all_the_same():
    assert texts('"half') == ['"', "half"]


@pytest.mark.parametrize(
    "old, new, line",
    [
        ('a > 1 and b == "x, )"', "False", "    if (\n        False\n    ):"),
        ("return call(a, b)", "return None", "        return None"),
        ("return b''", "x = 1\nreturn x", "    x = 1\n    return x\n"),
        ("    return call(a, b)\nreturn b''", "    pass\nreturn 1", "        pass\n    return 1\n"),
    ],
)
def test_replaces_the_one_place(old, new, line):
    assert line in replace_tokens(SOURCE, old, new)


def test_further_lines_may_have_their_final_indentation():
    new = "x = 1\n        return x"
    broken = replace_tokens(SOURCE, "return call(a, b)", new, as_written=True)
    assert "        x = 1\n        return x\n" in broken


@pytest.mark.parametrize("end", ["", ",", ", "])
def test_a_final_comma_of_both_texts_has_no_meaning(end):
    source = "pairs = [\n    (1, 2),\n]\n"
    assert replace_tokens(source, "(1, 2)" + end, "(3, 4)" + end) == source.replace("1, 2", "3, 4")


@pytest.mark.parametrize("old, count", [("a", 3), ("missing", 0), ("", 0), ("call(a b)", 0)])
def test_rejects_text_that_does_not_occur_exactly_once(old, count):
    assert len(places_of(SOURCE, old)) == count
    with pytest.raises(PatchError, match=f"the tokens occur {count} times, not once") as caught:
        replace_tokens(SOURCE, old, "x")
    assert caught.value.count == count


def test_a_last_element_and_its_comma_can_be_left_out():
    source = "rows = (\n    1,\n    2,\n)\n"
    assert eval(replace_tokens(source, "2,", "").partition("=")[2]) == (1,)
    with pytest.raises(PatchError):
        replace_tokens(source, "3,", "")
