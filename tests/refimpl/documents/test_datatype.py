# SPDX-License-Identifier: MIT
"""Tests of refimpl/documents/datatype.py: every type survives every format, with any table.

Hypothesis makes the tables: scalars with and without aliases, header names, nested structures and
streams of unions. So the results also hold for future fields and shapes. test_shapes.py tests the
operation's shapes; each format has its own test file.
"""

import pytest
from hypothesis import given

from refimpl.documents.datatype import DataType, blob_type, integer_type, string_type
from refimpl.documents.query_format import Query
from refimpl.errors import DocumentError, UsageError
from tests.properties import examples
from tests.typed import TEXT, XML_TEXT, typed_values, without_empty

many = examples(80)

# ---- round trips --------------------------------------------------------------------------------


@pytest.mark.slow
@many
@given(typed_values())
def test_json_there_and_back(typed):
    kind, value = typed
    document = kind.to_json(value)
    assert kind.of_json(document) == kind.of_json(document.encode()) == value
    assert kind.to_json(kind.of_json(document)) == document


@pytest.mark.slow
@many
@given(typed_values())
def test_value_there_and_back(typed):
    kind, value = typed
    assert kind.of_value(kind.to_value(value)) == value


@pytest.mark.slow
@many
@given(typed_values(XML_TEXT))
def test_xml_there_and_back(typed):
    kind, value = typed
    document = kind.to_xml(value)
    assert kind.of_xml(document) == kind.of_xml(document.encode()) == value
    assert kind.to_xml(kind.of_xml(document)) == document


@pytest.mark.slow
@many
@given(typed_values())
def test_query_there_and_back(typed):
    kind, value = typed
    query = kind.to_query(value)
    back = kind.of_query(query)
    assert without_empty(kind, back) == without_empty(kind, value)
    assert kind.of_query(query.encode()) == kind.of_query(query.encode().encode()) == back
    assert kind.to_query(back).encode() == kind.to_query(kind.of_query(query.encode())).encode()


@pytest.mark.slow
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


# ---- make --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind, good, wrong",
    [
        (TEXT, "", b""),
        (blob_type("Blob"), b"", ""),
        (integer_type("Integer"), 0, "0"),
        (integer_type("Integer"), -1, True),
        (integer_type("Integer"), 1, 1 << 31),
    ],
)
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
