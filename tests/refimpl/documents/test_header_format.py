# SPDX-License-Identifier: MIT
"""Tests of refimpl/documents/header_format.py: members in headers, the others in the body.

Shapes with a payload member (bytes, events), with a document of the other members, and with
neither survive a round trip. Then values that a header cannot carry, and invalid headers.
test_operation.py tests that requests and responses use these functions.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.documents.datatype import blob_type, integer_type, string_type
from refimpl.documents.header_format import (
    HeadersAndBody,
    checked_headers,
    header_pairs,
    header_value,
    payload_of,
)
from refimpl.errors import DocumentError, UsageError
from refimpl.fields import Field, body_field, header_field
from refimpl.shapes import (
    InvokeEndpointWithResponseStreamInput,
    InvokeEndpointWithResponseStreamOutput,
    ModelError,
    ModelStreamError,
    PayloadPart,
    Shape,
)
from tests.properties import examples

many = examples(300)

TEXT, SECRET = string_type("Text"), string_type("Secret", sensitive=True)


class Bound(Shape):
    fields = (
        Field("payload", "Payload", blob_type("Blob"), "payload", "Payload"),
        header_field("text", "Text", TEXT, "X-Text"),
        header_field("secret", "Secret", SECRET, "x-Secret"),
    )


class Mixed(Shape):
    fields = (
        header_field("text", "Text", TEXT, "X-Text"),
        body_field("number", "Number", integer_type("Integer")),
    )


class Bare(Shape):
    fields = (header_field("text", "Text", TEXT, "X-Text"),)


def usage(call, *arguments):
    with pytest.raises(UsageError) as caught:
        call(*arguments)
    return caught.value


# ---- round trips -------------------------------------------------------------------------------

sendable = st.one_of(
    st.none(),
    st.text(
        alphabet=st.characters(
            max_codepoint=255,
            exclude_characters=[chr(code) for code in (*range(9), *range(10, 32), 127)],
        ),
        max_size=9,
    ),
)


@many
@given(
    st.one_of(
        st.builds(
            Bound,
            payload=st.one_of(st.none(), st.binary(max_size=9)),
            text=sendable,
            secret=sendable,
        ),
        st.builds(Mixed, text=sendable, number=st.one_of(st.none(), st.integers(-9, 9))),
        st.builds(Bare, text=sendable),
    )
)
def test_there_and_back(value):
    headers, body = value.to_headers()
    assert type(value).of_header_and_body(headers, body) == value
    assert (
        type(value).of_header_and_body([(name.swapcase(), text) for name, text in headers], body)
        == value
    )


@pytest.mark.parametrize(
    "value, headers, body",
    [
        (Bound(payload=b"a", text="t", secret=""), (("X-Text", "t"), ("x-Secret", "")), b"a"),
        (Bound(), (), None),
        (Bound(payload=b""), (), b""),
        (Bare(text="a"), (("X-Text", "a"),), None),
        (Mixed(text="a", number=5), (("X-Text", "a"),), '{"Number":5}'),
        (Mixed(), (), "{}"),
        (
            ModelError(message="m", original_status_code=500),
            (),
            '{"Message":"m","OriginalStatusCode":500}',
        ),
        (PayloadPart(bytes=b"hi"), (), '{"Bytes":"aGk="}'),
        (
            InvokeEndpointWithResponseStreamOutput(
                body=(PayloadPart(bytes=b"a"), ModelStreamError()), content_type="c"
            ),
            (("X-Amzn-SageMaker-Content-Type", "c"),),
            (PayloadPart(bytes=b"a"), ModelStreamError()),
        ),
        (
            InvokeEndpointWithResponseStreamInput(body=b"{}", accept="a", content_type="c"),
            (("Content-Type", "c"), ("X-Amzn-SageMaker-Accept", "a")),
            b"{}",
        ),
    ],
)
def test_each_kind_of_shape(value, headers, body):
    assert value.to_headers() == HeadersAndBody(headers, body)
    assert type(value).of_header_and_body(headers, body) == value


def test_the_first_header_of_a_name_counts_verbatim():
    headers = [("x-tExt", " a,\tb "), ("X-Text", "second"), ("Other", "x")]
    assert Bound.of_header_and_body(headers) == Bound(text=" a,\tb ")
    assert (header_value(headers, "x-text"), header_value(headers, "none")) == (" a,\tb ", None)
    assert header_value([("A", "")], "a") == ""


def test_a_document_is_read_as_json():
    assert Mixed.of_header_and_body([], b' {"Number": 5, "New": [], "Text": "no"} ') == Mixed(
        number=5
    )
    assert Mixed.of_header_and_body([("X-Text", "a")]) == Mixed(text="a")
    with pytest.raises(DocumentError) as caught:
        Mixed.of_header_and_body([], '{"Number":"5"}')
    assert caught.value.path == "Number"


def test_where_the_body_goes():
    assert payload_of(Bound.fields) is Bound.fields[0]
    assert payload_of(Mixed.fields) is payload_of(()) is None


# ---- rejections --------------------------------------------------------------------------------


def test_a_member_of_the_path_has_no_header():
    error = usage(InvokeEndpointWithResponseStreamInput(endpoint_name="llm").to_headers)
    assert (error.kind, error.rule, error.path) == ("constraint", "SHP-024", "EndpointName")


@pytest.mark.parametrize(
    "text, rule",
    [
        *((bad, "HTTP-008") for bad in ("a\rb", "a\nb", "\0", "\u0100", "\U0001f600", "\ud800")),
        *((chr(code), "HTTP-011") for code in (1, 8, 11, 12, 14, 31, 127)),
    ],
)
def test_rejects_a_value_that_a_header_cannot_carry(text, rule):
    for value, shown in ((Bound(text=text), True), (Bound(secret=text + "hidden"), False)):
        error = usage(value.to_headers)
        assert (error.kind, error.rule, error.member) == (
            "constraint",
            rule,
            "Text" if shown else "Secret",
        )
        assert (error.actual == text) == shown and ("<hidden>" in str(error)) == (not shown)


def test_accepts_a_value_that_a_header_can_carry():
    for text in ("", "\t", " ~", "\x80", "\xff"):
        assert header_pairs(Bound.fields, Bound(text=text)) == [("X-Text", text)]


@pytest.mark.parametrize(
    "headers",
    [None, 5, "text", [1], [("a",)], [("a", "b", "c")], [(b"a", b"b")], [("a", None)], {"a": "b"}],
)
def test_rejects_invalid_headers(headers):
    error = usage(Bound.of_header_and_body, headers)
    assert (error.kind, error.rule) == ("type", "HTTP-022")


def test_headers_may_be_any_pairs():
    assert checked_headers(iter([["a", "b"]])) == (("a", "b"),) and checked_headers(()) == ()


@pytest.mark.parametrize(
    "shape, body",
    [
        (Bound, "text"),
        (Bound, ()),
        (InvokeEndpointWithResponseStreamOutput, b"a"),
        (InvokeEndpointWithResponseStreamOutput, [PayloadPart()]),
        (Mixed, 5),
        (Bare, 5),
        (InvokeEndpointWithResponseStreamOutput, (ModelError(),)),
    ],
)
def test_a_body_of_the_wrong_type(shape, body):
    assert usage(shape.of_header_and_body, [], body).kind == "type"


@pytest.mark.parametrize("body", ["", b""])
def test_an_empty_body_is_not_a_document(body):
    with pytest.raises(DocumentError) as caught:
        ModelError.of_header_and_body([], body)
    assert (caught.value.kind, caught.value.rule) == ("syntax", "SHP-002")
    assert ModelError.of_header_and_body([], None) == ModelError()
