# SPDX-License-Identifier: MIT
"""Tests of refimpl/fields.py: the rows of a field table and the checks of a value.

The tables are made for these tests, so that each row has one property. test_shapes.py tests the
real tables. check_type: every kind of type with every kind of value, and int32 at its limits.
check_constraints: required members, both sides of each limit, and patterns that must match the
whole string. Error messages have the evidence and hide sensitive values.
"""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.documents.datatype import blob_type, events_type, string_type, structure_type
from refimpl.errors import UsageError
from refimpl.fields import (
    INT32_MAX,
    INT32_MIN,
    Field,
    FieldType,
    body_field,
    broken_constraint,
    check_constraint,
    check_constraints,
    check_type,
    error_field,
    header_field,
    is_int32,
    member_of_union,
)
from refimpl.shapes import Shape
from tests.properties import examples

some = examples(200)
any_text = st.text(alphabet=st.characters(exclude_categories=()), max_size=20)

KINDS = {
    "string": string_type("S"),
    "blob": blob_type("B"),
    "integer": FieldType("I", "integer", 0, None, None, False),
    "events": FieldType("E", "events", 0, None, None, False),
}


class Holder:
    def __init__(self, **members):
        self.__dict__.update(members)


def refusal(call, *arguments):
    with pytest.raises(UsageError) as caught:
        call(*arguments)
    return caught.value


def constrained(value, required=False, **rules):
    """Check value against one string row, and return the error or None."""
    field = Field("it", "It", string_type("S", **rules), "header", "X-It", required)
    try:
        check_constraints("Shape", (field,), Holder(it=value))
    except UsageError as error:
        return error
    return None


# ---- rows --------------------------------------------------------------------------------------


def test_types():
    assert string_type("S") == FieldType("S", "string", 0, None, None, False)
    assert string_type("S", 5, "a*", min_length=1, sensitive=True) == FieldType(
        "S", "string", 1, 5, "a*", True
    )
    assert blob_type("B") == FieldType("B", "blob", 0, None, None, True)


def test_rows():
    kind = string_type("S")
    assert body_field("it", "It", kind) == Field("it", "It", kind, "body", "It", False)
    assert header_field("it", "It", kind, "X-It") == Field(
        "it", "It", kind, "header", "X-It", False
    )


def test_int32():
    assert (INT32_MIN, INT32_MAX) == (-2147483648, 2147483647)


# ---- types -------------------------------------------------------------------------------------


class Text(str):
    pass


class Number(int):
    pass


VALUES = {
    "string": ["", "a", "\ud800", Text("a")],
    "blob": [b"", b"a"],
    "integer": [0, -1, INT32_MIN, INT32_MAX, Number(5)],
    "events": [()],
    None: [
        True,
        False,
        1.0,
        float("nan"),
        bytearray(b"a"),
        memoryview(b"a"),
        [],
        {},
        set(),
        object(),
        type,
    ],
}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_check_type_accepts_its_type_and_none(kind):
    for value in [None] + VALUES[kind]:
        assert check_type("Shape", body_field("it", "It", KINDS[kind]), value) is None


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_check_type_rejects_other_types(kind):
    expected = {"string": "str", "blob": "bytes", "integer": "int", "events": "tuple"}[kind]
    for other in VALUES:
        for value in VALUES[other] if other != kind else []:
            error = refusal(check_type, "Shape", body_field("it", "It", KINDS[kind]), value)
            assert (error.kind, error.rule, error.expected, error.actual) == (
                "type",
                "HTTP-005",
                expected,
                type(value).__name__,
            )
            assert str(error).startswith("Shape.It has the wrong type ")


@pytest.mark.parametrize(
    "value", [INT32_MIN - 1, INT32_MAX + 1, 10**30, -(10**30), Number(INT32_MAX + 1)]
)
def test_an_integer_is_an_int32(value):
    error = refusal(check_type, "Shape", body_field("it", "It", KINDS["integer"]), value)
    assert (error.kind, error.rule, error.member, error.actual) == (
        "constraint",
        "HTTP-005",
        "It",
        value,
    )
    assert (
        str(error) == f"Shape.It is not an int32 (expected -2147483648 to 2147483647, got {value}, "
        "rule HTTP-005)"
    )


# ---- constraints -------------------------------------------------------------------------------


def test_required_members():
    error = constrained(None, required=True)
    assert (error.kind, error.rule, error.member) == ("constraint", "HTTP-004", "It")
    assert str(error) == "Shape.It is required (expected a value, rule HTTP-004)"
    assert constrained(None) is None
    assert constrained("", required=True) is None  # absent is not empty


def test_every_row_is_checked():
    fields = tuple(
        Field(name, name.upper(), kind, "body", name, True)
        for name, kind in (
            ("a", KINDS["blob"]),
            ("b", KINDS["integer"]),
            ("c", KINDS["events"]),
            ("d", string_type("S", 1)),
            ("e", KINDS["string"]),
        )
    )
    good = {"a": b"", "b": 0, "c": (), "d": "", "e": ""}
    assert check_constraints("Shape", fields, Holder(**good)) is None
    for name in good:
        assert (
            refusal(check_constraints, "Shape", fields, Holder(**dict(good, **{name: None}))).member
            == name.upper()
        )
    assert refusal(check_constraints, "Shape", fields, Holder(**dict(good, d="ab"))).member == "D"


@pytest.mark.parametrize(
    "low, high, fits, fails",
    [
        (0, 3, ["", "a", "abc", "\u20ac\u20ac\u20ac", "\U0001f600" * 3], ["abcd", "\u20ac" * 4]),
        (2, 3, ["ab", "abc"], ["", "a", "abcd"]),
        (1, None, ["a", "a" * 10000], [""]),
        (0, 0, [""], ["a"]),
    ],
)
def test_both_sides_of_each_length(low, high, fits, fails):
    for value in fits:
        assert constrained(value, min_length=low, max_length=high) is None
    for value in fails:
        error = constrained(value, min_length=low, max_length=high)
        assert (error.kind, error.rule, error.member) == ("constraint", "HTTP-005", "It")
        assert (error.expected, error.actual) == (
            f"{low} to {high} characters",
            f"{len(value)}: {value}",
        )
        assert str(error).startswith("Shape.It has the wrong length (")


@pytest.mark.parametrize(
    "pattern, fits, fails",
    [
        (
            "[a-z]+",
            ["a", "az"],
            ["", "A", "a1", "1a", "a\n", "\na", "a\n\n", " a", "\u00e9", "\u0131"],
        ),
        ("a|ab", ["a", "ab"], ["", "abb", "ab\n"]),  # a branch must match the whole string
        ("a*", ["", "aaa"], ["\n", "aab", "b"]),
        (r"\d", ["7"], ["\u0663", "77", "7\n"]),  # \d and \w match only ASCII
        (r"\w", ["w", "_"], ["\u00e9", "-"]),
        (
            r"\S",
            ["!", "\u00e9", "\x01", "\u2003"],
            [" ", "\t", "\n", ""],
        ),  # \S is every character except ASCII white space
    ],
)
def test_a_pattern_is_matched_in_full(pattern, fits, fails):
    for value in fits:
        assert constrained(value, pattern=pattern) is None
    for value in fails:
        error = constrained(value, pattern=pattern)
        assert (error.kind, error.rule, error.member, error.expected, error.actual) == (
            "constraint",
            "HTTP-005",
            "It",
            pattern,
            value,
        )
        assert str(error).startswith("Shape.It does not match its pattern (")


@pytest.mark.parametrize(
    "value, broken",
    [
        ("", "min_length"),
        ("!", "min_length"),
        ("ab", None),
        ("abc", None),
        ("a!", "pattern"),
        ("ab\n", "pattern"),
        ("abcd", "max_length"),
        ("!!!!", "max_length"),
        ("\u20ac\u20ac", "pattern"),
    ],
)
def test_which_constraint_is_broken(value, broken):
    assert broken_constraint(string_type("S", 3, "[a-z]*", min_length=2), value) == broken
    assert broken_constraint(string_type("S"), value) is None


def test_the_length_is_checked_before_the_pattern():
    assert "length" in str(constrained("!" * 10, max_length=5, pattern="[a-z]*"))
    slow = constrained("a-" * 10**6, max_length=63, pattern="[a-zA-Z0-9](-*[a-zA-Z0-9])*")
    assert "length" in str(slow)


@pytest.mark.parametrize("rules", [{"max_length": 3}, {"pattern": "[0-9]*"}, {"min_length": 50}])
@pytest.mark.parametrize("value", ["the secret", "the\nsecret"])
def test_a_value_is_hidden_if_it_is_sensitive_and_only_then(rules, value):
    hidden = constrained(value, sensitive=True, **rules)
    assert "secret" not in str(hidden) + repr(hidden) + repr(vars(hidden)) + repr(hidden.args)
    assert "Shape.It" in str(hidden) and "<hidden>" in str(hidden)
    plain = constrained(value, **rules)
    assert "secret" in str(plain) and "<hidden>" not in str(plain)
    assert str(plain).isprintable()


@some
@given(
    any_text,
    st.integers(0, 5),
    st.one_of(st.none(), st.integers(0, 10)),
    st.sampled_from([None, "[a-z]*", r"\S[\x20-\x7e]*"]),
)
def test_any_text_fits_or_is_rejected(value, low, high, pattern):
    fits = (
        len(value) >= low
        and (high is None or len(value) <= high)
        and (pattern is None or re.fullmatch(pattern, value, re.ASCII) is not None)
    )
    assert (constrained(value, min_length=low, max_length=high, pattern=pattern) is None) == fits
    assert (
        broken_constraint(string_type("S", high, pattern, min_length=low), value) is None
    ) == fits


# ---- nested ------------------------------------------------------------------------------------


class Leaf(Shape):
    fields = (body_field("text", "Text", string_type("Short", 3)),)


class Union(Shape):
    fields = (body_field("leaf", "Leaf", structure_type(Leaf)),)


class Nest(Shape):
    fields = (
        body_field("leaf", "Leaf", structure_type(Leaf)),
        body_field("stream", "Stream", events_type(Union)),
    )


def test_rows_of_errors_have_the_other_spelling():
    row = error_field("it", "OriginalIt", string_type("S"))
    assert row == body_field("it", "OriginalIt", string_type("S"))._replace(alias="originalIt")
    assert body_field("it", "It", string_type("S")).alias is None


def test_a_nested_shape_is_of_its_class():
    assert Nest(leaf=Leaf(text="a"), stream=(Leaf(),)).leaf == Leaf(text="a")
    for wrong in (Nest(), {"text": "a"}, "a", (Leaf(),), Leaf):
        error = refusal(check_type, "Nest", Nest.fields[0], wrong)
        assert (error.kind, error.rule, error.expected) == ("type", "HTTP-005", "Leaf")
    for event in (Nest(), None, "a", Leaf, object()):
        error = refusal(check_type, "Nest", Nest.fields[1], (Leaf(), event))
        assert (error.kind, error.rule, error.expected, error.actual) == (
            "type",
            "HTTP-022",
            "Leaf",
            type(event).__name__,
        )


def test_the_row_of_an_event():
    assert member_of_union(Nest.fields[1].type, Leaf(text="a")) is Union.fields[0]


def test_constraints_are_checked_in_what_is_nested():
    assert Nest(leaf=Leaf(text="abc"), stream=(Leaf(text="abc"), Leaf())).validate() is None
    for nest in (Nest(leaf=Leaf(text="abcd")), Nest(stream=(Leaf(), Leaf(text="abcd")))):
        error = refusal(nest.validate)
        assert (error.kind, error.rule, error.member) == (
            "constraint",
            "HTTP-005",
            "Text",
        ) and "Leaf.Text" in str(error)


def test_check_constraint_of_a_value_alone():
    assert check_constraint("X", KINDS["blob"], b"") is None
    error = refusal(check_constraint, "X", string_type("S", 1), "ab")
    assert (error.member, str(error)) == (
        "X",
        "X has the wrong length (expected 0 to 1 characters, got 2: ab, rule HTTP-005)",
    )


def test_is_int32():
    assert [
        is_int32(number) for number in (INT32_MIN - 1, INT32_MIN, INT32_MAX, INT32_MAX + 1)
    ] == [False, True, True, False]
