# SPDX-License-Identifier: MIT
"""Tests of refimpl/documents/value_format.py: the value tree, and the reader of all formats.

The tests call the reader with VALUE_FORMAT, whose documents are trees: names, aliases, absent and
duplicate members, events, the path in an error and what it hides, strictly and leniently. Then the
limits of documents. test_datatype.py tests round trips.
"""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.documents import value_format as value_format
from refimpl.documents.datatype import (
    blob_type,
    events_type,
    integer_type,
    string_type,
    structure_type,
)
from refimpl.documents.value_format import (
    ROOT,
    VALUE_FORMAT,
    Place,
    check_nodes,
    check_text,
    checked_int32,
    checked_text,
    document_bytes,
    integer_of_text,
    member_name_of,
    read_members,
    read_value,
    wire_name_of,
    write_members,
    write_value,
)
from refimpl.errors import DocumentError, Error, UsageError
from refimpl.fields import INT32_MAX, INT32_MIN, Field, body_field, error_field
from refimpl.shapes import Shape
from tests.properties import examples

many = examples(300)

TEXT, SECRET, BLOB, INTEGER = (
    string_type("Text"),
    string_type("Secret", sensitive=True),
    blob_type("Blob"),
    integer_type("Integer"),
)


class Leaf(Shape):
    fields = (body_field("data", "Data", BLOB), body_field("secret", "Secret", SECRET))


class Other(Shape):
    fields = (error_field("message", "Message", TEXT),)


class Union(Shape):
    fields = (
        body_field("leaf", "Leaf", structure_type(Leaf)),
        body_field("other", "Other", structure_type(Other)),
    )


class Whole(Shape):
    fields = (
        body_field("stream", "Stream", events_type(Union)),
        Field("text", "Text", TEXT, "header", "X-Text"),
        error_field("number", "Number", INTEGER),
        body_field("nested", "Nested", structure_type(Other)),
    )


WHOLE = structure_type(Whole)


def tree(*members):
    return "Structure", members


def refusal(call, *arguments):
    with pytest.raises(DocumentError) as caught:
        call(*arguments)
    return caught.value


def told(error):
    return error.kind, error.rule, error.path


# ---- writing -----------------------------------------------------------------------------------


def test_members_are_written_in_the_order_of_the_table_under_their_wire_names():
    value = Whole(number=0, text="", nested=Other(), stream=())
    assert WHOLE.to_value(value) == tree(
        ("Stream", tree()),
        ("X-Text", ("String", "")),
        ("Number", ("Integer", 0)),
        ("Nested", tree()),
    )
    assert write_members(Whole.fields, value, member_name_of)[1][1] == ("Text", ("String", ""))
    assert (wire_name_of(Whole.fields[1]), member_name_of(Whole.fields[1])) == ("X-Text", "Text")
    assert write_members((), object()) == tree()


@pytest.mark.parametrize(
    "events, expected",
    [
        ((), tree()),
        ((Leaf(data=b"a"),), tree(("Leaf", tree(("Data", ("Blob", b"a")))))),
        ((Leaf(), Other()), ("List", (tree(("Leaf", tree())), tree(("Other", tree()))))),
        (
            (Other(), Leaf(), Leaf()),
            ("List", (tree(("Other", tree())), tree(("Leaf", tree())), tree(("Leaf", tree())))),
        ),
    ],
)
def test_none_and_one_event_are_a_structure_more_are_a_list(events, expected):
    kind = events_type(Union)
    assert write_value(kind, events) == expected
    assert read_value(kind, expected, VALUE_FORMAT) == events


def test_half_a_surrogate_pair_is_not_written():
    assert check_text("a\u20ac\U0001f600", "x") == "a\u20ac\U0001f600"
    with pytest.raises(UsageError) as caught:
        check_text("ab\ud800c", "Body[1].Text")
    error = caught.value
    assert told(error) == ("utf8", "SHP-014", "Body[1].Text")
    assert error.actual == "half a surrogate pair, character 2" and "ab" not in str(error)


# ---- names -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "node, members",
    [
        (tree(), {}),
        (tree(("X-Text", ("String", "a"))), {"text": "a"}),
        (tree(("Text", ("String", "a"))), {"text": "a"}),
        (
            tree(("x-text", ("String", "a")), ("text", ("String", "a"))),
            {},
        ),  # names are case-sensitive
        (tree(("Text", None), ("X-Text", ("String", "a"))), {"text": "a"}),  # null is absent
        (tree(("X-Text", None), ("Number", None)), {}),
        (tree(("Number", ("Integer", 1))), {"number": 1}),
        (tree(("number", ("Integer", 1))), {"number": 1}),  # the alias
        (
            tree(("number", ("Integer", 1)), ("Number", ("Integer", 2))),
            {"number": 2},
        ),  # the modelled name counts
        (tree(("number", ("Integer", 1)), ("Number", None)), {"number": 1}),
        (tree(("Nested", tree(("message", ("String", "m"))))), {"nested": Other(message="m")}),
        (
            tree(("New", ("Strange", object())), ("New", 5), ("Number", ("Integer", 1))),
            {"number": 1},
        ),  # unknown, even twice
    ],
)
def test_which_member_a_name_is(node, members):
    assert read_members(Whole.fields, node, VALUE_FORMAT) == members
    assert read_members(Whole.fields, node, VALUE_FORMAT, lenient=True) == members


@pytest.mark.parametrize(
    "node, path",
    [
        (tree(("Text", ("String", "a")), ("X-Text", ("String", "a"))), "Text"),
        (tree(("X-Text", ("String", "a")), ("X-Text", ("String", "a"))), "X-Text"),
        (tree(("number", ("Integer", 1)), ("number", ("Integer", 1))), "number"),
        (
            tree(("Nested", tree(("Message", ("String", "a")), ("Message", ("String", "b"))))),
            "Nested.Message",
        ),
    ],
)
def test_a_member_that_is_given_twice(node, path):
    error = refusal(WHOLE.of_value, node)
    assert told(error) == ("syntax", "SHP-013", path)
    assert error.expected == "one {}".format(
        {"X-Text": "Text", "number": "Number", "Nested.Message": "Message"}.get(path, path)
    )


def test_a_duplicate_error_has_both_names_unless_sensitive():
    assert (
        refusal(WHOLE.of_value, tree(("Text", ("String", "a")), ("X-Text", ("String", "b")))).actual
        == "Text and X-Text"
    )
    twice = tree(("Secret", ("String", "hidden-1")), ("Secret", ("String", "hidden-2")))
    error = refusal(structure_type(Leaf).of_value, twice)
    assert error.actual is None and "hidden-1" not in str(error)


def test_a_member_that_does_not_fit_is_absent_when_it_may_be():
    node = tree(
        ("X-Text", ("Integer", 1)),
        ("Number", ("Integer", 5)),
        ("Nested", ("String", "no")),
        ("Stream", 5),
    )
    assert read_members(Whole.fields, node, VALUE_FORMAT, lenient=True) == {"number": 5}
    twice = tree(("Number", ("Integer", 5)), ("Number", ("Integer", 6)), ("Text", ("String", "a")))
    assert read_members(Whole.fields, twice, VALUE_FORMAT, lenient=True) == {"text": "a"}
    for nothing in (None, 5, ("String", "a"), tree(5)):
        assert read_members(Whole.fields, nothing, VALUE_FORMAT, lenient=True) == {}
        assert refusal(read_members, Whole.fields, nothing, VALUE_FORMAT).kind == "type"


# ---- events ------------------------------------------------------------------------------------

LEAF, OTHER = (
    ("Leaf", tree(("Data", ("Blob", b"a")))),
    ("Other", tree(("Message", ("String", "m")))),
)


@pytest.mark.parametrize(
    "node, events",
    [
        (tree(), ()),
        (("List", ()), ()),
        (("List", (tree(),)), ()),
        (tree(("New", tree())), ()),
        (("List", (tree(LEAF),)), (Leaf(data=b"a"),)),
        (tree(OTHER, LEAF), (Leaf(data=b"a"), Other(message="m"))),  # in the order of the table
        (
            ("List", (tree(OTHER), tree(LEAF))),
            (Other(message="m"), Leaf(data=b"a")),
        ),  # in the order of the list
        (
            ("List", (tree(OTHER, LEAF), tree(("New", 1)), tree(LEAF))),
            (Leaf(data=b"a"), Other(message="m"), Leaf(data=b"a")),
        ),
        (tree(("Leaf", None), OTHER), (Other(message="m"),)),
    ],
)
def test_every_format_of_a_stream_is_read(node, events):
    assert WHOLE.of_value(tree(("Stream", node))) == Whole(stream=events)


@pytest.mark.parametrize(
    "node, path, actual",
    [
        (("List", (tree(LEAF), None)), "Stream[1]", "NoneType"),
        (("List", (("List", ()),)), "Stream[0]", "List"),
        (("List", [tree(LEAF)]), "Stream", "List"),
        (("String", "a"), "Stream", "String"),
        (5, "Stream", "int"),
        ("List", "Stream", "str"),
        (
            ("List", (tree(), tree(("Leaf", tree(("Data", ("String", "no"))))))),
            "Stream[1].Leaf.Data",
            "<hidden>",
        ),
        (tree(("Leaf", tree(("Data", ("String", "no"))))), "Stream.Leaf.Data", "<hidden>"),
    ],
)
def test_the_path_to_what_is_no_event(node, path, actual):
    error = refusal(WHOLE.of_value, tree(("Stream", node)))
    assert told(error) == ("type", "SHP-009", path)
    assert error.actual == actual and f"in {path}" in str(error)


# ---- scalars -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind, good, wrong",
    [
        (
            TEXT,
            ("String", "a"),
            [
                ("Blob", b"a"),
                ("String", b"a"),
                ("String", 1),
                ("String",),
                ("String", "a", "b"),
                ["String", "a"],
                "a",
                None,
            ],
        ),
        (
            BLOB,
            ("Blob", b"a"),
            [("String", "a"), ("Blob", "a"), ("Blob", bytearray(b"a")), ("Blob", [97]), 5],
        ),
        (
            INTEGER,
            ("Integer", 5),
            [("String", "5"), ("Integer", True), ("Integer", 5.0), ("Integer", "5"), (5, 5), 5],
        ),
        (
            WHOLE,
            tree(),
            [
                ("String", "a"),
                ("Structure", []),
                ("Structure", {}),
                ("Structure", (1,)),
                ("Structure", (("a",),)),
                ("Structure", ((1, ("String", "a")),)),
                ("List", ()),
                None,
            ],
        ),
    ],
)
def test_each_type_takes_its_own_tag_and_content(kind, good, wrong):
    kind.of_value(good)
    for node in wrong:
        assert told(refusal(kind.of_value, node)) == ("type", "SHP-009", "the document")


@pytest.mark.parametrize("number", [INT32_MIN, -1, 0, INT32_MAX])
def test_an_int32(number):
    assert checked_int32(number, ROOT) == integer_of_text(str(number), ROOT) == number


@pytest.mark.parametrize("number", [INT32_MIN - 1, INT32_MAX + 1, 10**18])
def test_an_integer_that_is_too_large(number):
    for call, given_number in ((checked_int32, number), (integer_of_text, str(number))):
        error = refusal(call, given_number, Place("A.B"))
        assert told(error) == ("constraint", "SHP-011", "A.B") and error.actual == number


@pytest.mark.parametrize("text, number", [("+5", 5), ("005", 5), ("-0", 0), ("0" * 20, 0)])
def test_integers_in_text(text, number):
    assert integer_of_text(text, ROOT) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "5 ",
        " 5",
        "5\n",
        "--5",
        "+",
        "1_0",
        "0x1",
        "1.0",
        "1e2",
        "\u0665",
        "\u00b2",
        "0" * 21,
    ],
)
def test_text_that_is_no_integer(text):
    assert told(refusal(integer_of_text, text, Place("A"))) == ("type", "SHP-011", "A")


def test_half_a_surrogate_pair_is_not_read():
    assert checked_text("\U0001f600", ROOT) == "\U0001f600"
    error = refusal(checked_text, "a\udc00", Place("A"))
    assert told(error) == ("utf8", "SHP-014", "A") and error.actual == "a\\udc00"


# ---- places ------------------------------------------------------------------------------------


# SHP-029
def test_a_path_grows():
    assert ROOT.member("A", TEXT) == Place("A", False)
    assert Place("A").element("[2]").member("B", BLOB) == Place("A[2].B", True)
    assert (
        ROOT.member("S", SECRET).member("B", TEXT).hidden
    )  # members of a sensitive member are hidden
    assert refusal(ROOT.reject, "x").path == "the document"


# SHP-029
def test_a_sensitive_value_is_named_but_not_shown():
    for place, shown in ((Place("A", True), "<hidden>"), (Place("A", False), "the-value")):
        error = refusal(place.reject, "wrong", "type", "another", "the-value")
        assert error.actual == shown and ("the-value" in str(error)) == (not place.hidden)
    assert refusal(Place("A", True).reject, "wrong").actual is None


# ---- limits ------------------------------------------------------------------------------------


def test_a_document_is_text_or_bytes():
    assert document_bytes("\u20ac") == document_bytes(b"\xe2\x82\xac") == b"\xe2\x82\xac"
    for wrong in (None, 5, bytearray(b"a"), ["a"]):
        with pytest.raises(UsageError) as caught:
            document_bytes(wrong)
        assert (caught.value.kind, caught.value.rule) == ("type", "SHP-006")
    assert (refusal(document_bytes, "\ud800").kind, refusal(document_bytes, "\ud800").rule) == (
        "utf8",
        "SHP-014",
    )


def test_a_document_has_an_end(monkeypatch):
    monkeypatch.setattr(value_format, "MAX_DOCUMENT_LENGTH", 4)
    assert document_bytes(b"abcd") == b"abcd"
    for longer in (b"abcde", "ab\u20ac"):
        assert (refusal(document_bytes, longer).kind, refusal(document_bytes, longer).rule) == (
            "limit",
            "SHP-006",
        )


def test_the_bound_on_parts():
    assert check_nodes(1 << 20) is None
    error = refusal(check_nodes, (1 << 20) + 1)
    assert (error.kind, error.rule) == ("limit", "SHP-006")


# ---- arbitrary trees ---------------------------------------------------------------------------

names = st.sampled_from(
    [
        "Stream",
        "Text",
        "X-Text",
        "Number",
        "number",
        "Nested",
        "Leaf",
        "Other",
        "Data",
        "Secret",
        "Message",
        "new",
    ]
)
nodes = st.recursive(
    st.one_of(
        st.none(),
        st.text(max_size=3),
        st.integers(),
        st.tuples(st.just("String"), st.text(max_size=3)),
        st.tuples(st.just("Blob"), st.binary(max_size=3)),
        st.tuples(st.just("Integer"), st.integers()),
    ),
    lambda inner: st.one_of(
        st.tuples(st.just("Structure"), st.lists(st.tuples(names, inner), max_size=4).map(tuple)),
        st.tuples(st.just("List"), st.lists(inner, max_size=3).map(tuple)),
        st.lists(inner, max_size=2),
    ),
    max_leaves=12,
)


@pytest.mark.slow
@many
@given(nodes)
def test_any_tree_is_a_value_or_rejected(node):
    read_members(Whole.fields, node, VALUE_FORMAT, lenient=True)
    try:
        value = WHOLE.of_value(node)
    except Error as error:
        assert (
            isinstance(error, DocumentError)
            and error.path
            and error.rule
            and str(error).isprintable()
        )
    else:
        assert WHOLE.of_value(WHOLE.to_value(value)) == value


def test_a_deep_tree_overflows_nothing():
    node = tree()
    for _ in range(sys.getrecursionlimit() * 2):
        node = tree(("Nested", node))
    assert WHOLE.of_value(node) == Whole(nested=Other())
