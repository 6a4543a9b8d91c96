# SPDX-License-Identifier: MIT
"""Tests of refimpl/datatype.py: every type, over any table, comes back from every form as it went in.

The tables are made by Hypothesis: scalars with and without aliases, header names, structures in structures, streams of unions.
So what holds here holds for a field or a shape that is added tomorrow; the operation's own shapes are tested in
test_shapes.py, each form in the file of its module.
"""
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl.datatype import DataType, blob_type, events_type, integer_type, string_type, structure_type
from refimpl.errors import DocumentError, UsageError
from refimpl.fields import INT32_MAX, INT32_MIN, Field
from refimpl.queryform import Query
from refimpl.shapes import Shape

many = settings(max_examples=300, deadline=None)

TEXT = string_type("Text")
XML_TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters=[
    chr(code) for code in range(32) if chr(code) not in "\t\n\r"] + ["\ufffe", "\uffff"]), max_size=12)
ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12)
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,7}\Z", fullmatch=True)


# ---- any table ---------------------------------------------------------------------------------------------------

@st.composite
def tables(draw, depth):
    """A shape over a table of its own. Every name is unique in its table, whatever the case of its first letter."""
    names = draw(st.lists(NAMES, max_size=10, unique_by=lambda name: name.lower()))
    rows = []
    for index in range(0, len(names) - 1, 2):
        kind = draw(types(depth))
        wire_name = names[index + 1] if draw(st.booleans()) else names[index]
        rows.append(Field("member_%d" % index, names[index], kind, "body", wire_name))
    return type("Made", (Shape,), {"fields": tuple(rows)})


def types(depth):
    scalars = st.sampled_from([TEXT, blob_type("Blob"), integer_type("Integer"), string_type("Secret", sensitive=True)])
    if depth == 0:
        return scalars
    return st.one_of(scalars, tables(depth - 1).map(structure_type), unions(depth - 1).map(events_type))


@st.composite
def unions(draw, depth):
    members = draw(st.lists(NAMES, min_size=1, max_size=3, unique_by=lambda name: name.lower()))
    rows = tuple(Field("event_%d" % index, name, structure_type(draw(tables(depth))), "body", name) for index, name in enumerate(members))
    return type("Union", (Shape,), {"fields": rows})


def values(kind, text):
    """Any value of a type."""
    if kind.form == "structure":
        members = {row.attribute: st.one_of(st.none(), values(row.type, text)) for row in kind.shape.fields}
        return st.fixed_dictionaries(members).map(lambda given: kind.shape(**given))
    if kind.form == "events":
        return st.lists(st.one_of([values(row.type, text) for row in kind.shape.fields]), max_size=4).map(tuple)
    return {"string": text, "blob": st.binary(max_size=12), "integer": st.integers(INT32_MIN, INT32_MAX)}[kind.form]


@st.composite
def typed_values(draw, text=ANY_TEXT):
    kind = draw(st.one_of(types(0), tables(2).map(structure_type), unions(1).map(events_type)))
    return kind, draw(values(kind, text))


def without_empty(kind, value):
    """A value as a query shows it: None where it is a structure or stream without anything in it."""
    if kind.form == "structure":
        members = {row.attribute: without_empty(row.type, getattr(value, row.attribute)) for row in kind.shape.fields
                   if getattr(value, row.attribute) is not None}
        return kind.shape(**members) if any(member is not None for member in members.values()) else None
    if kind.form == "events":
        rows = {row.type.shape: row for row in kind.shape.fields}
        return tuple(event for event in (without_empty(rows[type(event)].type, event) for event in value) if event is not None) or None
    return value


# ---- there and back ----------------------------------------------------------------------------------------------

@many
@given(typed_values())
def test_json_there_and_back(typed):
    kind, value = typed
    document = kind.to_json(value)
    assert kind.of_json(document) == kind.of_json(document.encode()) == value
    assert kind.to_json(kind.of_json(document)) == document


@many
@given(typed_values())
def test_value_there_and_back(typed):
    kind, value = typed
    assert kind.of_value(kind.to_value(value)) == value


@many
@given(typed_values(XML_TEXT))
def test_xml_there_and_back(typed):
    kind, value = typed
    document = kind.to_xml(value)
    assert kind.of_xml(document) == kind.of_xml(document.encode()) == value
    assert kind.to_xml(kind.of_xml(document)) == document


@many
@given(typed_values())
def test_query_there_and_back(typed):
    kind, value = typed
    query = kind.to_query(value)
    back = kind.of_query(query)
    assert without_empty(kind, back) == without_empty(kind, value)
    assert kind.of_query(query.encode()) == kind.of_query(query.encode().encode()) == back
    assert kind.to_query(back).encode() == kind.to_query(kind.of_query(query.encode())).encode()


@many
@given(typed_values())
def test_xml_holds_a_value_or_says_why_not(typed):
    kind, value = typed
    try:
        document = kind.to_xml(value)
    except UsageError as error:
        assert (error.kind, error.rule) == ("constraint", "SHP-018")
    else:
        assert kind.of_xml(document) == value


# ---- make --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("kind, good, wrong", [
    (TEXT, "", b""), (blob_type("Blob"), b"", ""), (integer_type("Integer"), 0, "0"), (integer_type("Integer"), -1, True),
    (integer_type("Integer"), 1, 1 << 31),
])
def test_a_value_is_of_its_type(kind, good, wrong):
    assert kind.make(good) == good
    for write in (kind.make, kind.to_json, kind.to_xml, kind.to_value, kind.to_query):
        with pytest.raises(UsageError) as caught:
            write(wrong)
        assert caught.value.rule == "HTTP-005" and kind.name in str(caught.value)


def test_a_constraint_is_checked_when_asked_for():
    short = string_type("Short", 3, "[a-z]*")
    assert short.make("abcd") == "abcd"
    for wrong in ("abcd", "A"):
        with pytest.raises(UsageError) as caught:
            short.make(wrong, validate=True)
        assert caught.value.kind == "constraint"
    assert short.make("abc", validate=True) == "abc"
    assert blob_type("Blob").make(b"\0", validate=True) == b"\0"


def test_a_scalar_has_documents_of_its_own():
    assert (TEXT.to_json("a\x7f\u00e9"), TEXT.of_json(b'"a"')) == ('"a\\u007f\u00e9"', "a")
    assert (TEXT.to_xml("<"), TEXT.of_xml("<any>&lt;</any>")) == ("<Text>&lt;</Text>", "<")
    assert (TEXT.to_value("a"), TEXT.of_value(("String", "a"))) == (("String", "a"), "a")
    assert (TEXT.to_query("a b"), TEXT.of_query("=a%20b")) == (Query(("Value", b"a b")), "a b")
    assert str(TEXT.to_query("a b")) == "=a%20b"


@pytest.mark.parametrize("read", [TEXT.of_json, TEXT.of_xml, TEXT.of_query])
def test_an_empty_document_is_no_text(read):
    with pytest.raises(DocumentError):
        read("")


def test_a_type_is_a_row_s_type():
    assert isinstance(TEXT, DataType) and string_type("Text") == TEXT
