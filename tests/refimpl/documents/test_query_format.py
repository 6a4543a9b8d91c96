# SPDX-License-Identifier: MIT
"""Tests of refimpl/documents/query_format.py: paths and values as text, and the tree of a query.

Writing: each kind of tree, and for every byte whether it is escaped, compared with the grammar of
a URI's query (RFC 3986). Reading: each spelling of the same bytes, compared with urllib. Then the
rejections with their kind, rule and place; errors never show a sensitive value. test_datatype.py
tests round trips.
"""

import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.documents import value_format as value_format
from refimpl.documents.query_format import (
    MAX_QUERY_DEPTH,
    Query,
    _decoded_pairs,
    parse_query,
    query_of_value,
    query_text,
    upper_first,
)
from refimpl.errors import DocumentError, UsageError
from refimpl.shapes import (
    DATA_TYPES,
    InvokeEndpointWithResponseStreamOutput,
    ModelError,
    ModelStreamError,
    PayloadPart,
    ResponseStream,
)
from tests.properties import examples
from tests.rows import for_each

many = examples(300)
Output = InvokeEndpointWithResponseStreamOutput
A_PART = PayloadPart(bytes=b"a")


def pairs_of_query(text):
    return tuple(_decoded_pairs(text))


def refusal(read, document):
    with pytest.raises(DocumentError) as caught:
        read(document)
    error = caught.value
    assert str(error).isprintable() and len(str(error)) < 1000
    return error


# ---- writing -----------------------------------------------------------------------------------


def structure(**members):
    return "Structure", tuple(members.items())


@pytest.mark.parametrize(
    "value, pairs",
    [
        (structure(), ()),
        (structure(a=("String", "x")), (("A", b"x"),)),
        (structure(a=("String", "")), (("A", b""),)),
        (structure(aBc=("Integer", -5)), (("ABc", b"-5"),)),
        (structure(a=("Blob", b"\xff\0")), (("A", b"\xff\0"),)),
        (structure(a=("String", "\u00e9")), (("A", b"\xc3\xa9"),)),
        (structure(a=structure(b=structure(c=("String", "x")))), (("A.B.C", b"x"),)),
        (structure(a=structure(), b=("String", "x"), c=("List", (structure(),))), (("B", b"x"),)),
        (
            structure(
                a=(
                    "List",
                    (structure(), structure(b=("String", "x")), structure(b=("String", "y"))),
                )
            ),
            (("A.2.B", b"x"), ("A.3.B", b"y")),
        ),
        (("String", "x"), (("", b"x"),)),
    ],
)
def test_a_tree_is_flattened(value, pairs):
    query = query_of_value(value)
    assert query.render() == tuple((path, (data,)) for path, data in pairs)
    assert str(query) == query.encode() == query_text(query.render())
    assert all(data.decode("latin-1") not in repr(query) for _, data in pairs if data == b"\xff\0")


def test_names_begin_with_a_capital():
    assert [upper_first(name) for name in ("", "a", "ab", "A", "x-Amz", "\u00e9a", "\u0131a")] == [
        "",
        "A",
        "Ab",
        "A",
        "X-Amz",
        "\u00e9a",
        "\u0131a",
    ]


def test_repr_has_the_paths_and_no_value():
    assert repr(PayloadPart(bytes=b"secret").to_query()) == "Query(Bytes)"


# RFC 3986, 3.4: these need no escape, except those that separate pairs, names, values and lists.
UNRESERVED = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"
PLAIN = UNRESERVED + "!$'()*:@/?"


@for_each("byte", range(256))
def test_which_bytes_are_escaped(byte):
    escaped = f"%{byte:02X}"
    in_value = chr(byte) if chr(byte) in PLAIN + "=" else escaped
    assert query_text((("A", (bytes((byte,)),)),)) == "A=" + in_value
    assert pairs_of_query("A=" + in_value) == (("A", (bytes((byte,)),)),)
    if byte < 128:
        in_name = chr(byte) if chr(byte) in PLAIN + "," else escaped
        assert query_text(((chr(byte), (b"",)),)) == in_name + "="


def test_several_values_of_one_path_are_joined():
    assert query_text((("A", (b"x", b"y,z")), ("B", ()))) == "A=x,y%2Cz&B="


def test_text_that_no_utf8_has_names_its_path():
    for value, path in (
        (structure(a=("List", (structure(), structure(b=("String", "\ud800"))))), "a.2.b"),
        (("String", "\udfff"), ""),
    ):
        with pytest.raises(UsageError) as caught:
            query_of_value(value)
        assert (caught.value.kind, caught.value.rule, caught.value.path) == (
            "utf8",
            "SHP-014",
            path,
        )


def test_a_tree_too_deep_for_a_path():
    def deep(levels):
        value = ("String", "x")
        for _ in range(levels):
            value = structure(a=value)
        return query_of_value(value)

    assert MAX_QUERY_DEPTH == 64 and deep(64).render() == ((".".join("A" * 64), (b"x",)),)
    with pytest.raises(UsageError) as caught:
        deep(65).render()
    assert (caught.value.kind, caught.value.rule) == ("limit", "SHP-022")


# ---- reading -----------------------------------------------------------------------------------


@pytest.mark.slow
@many
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
            st.text(max_size=0) | st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
        ),
        max_size=5,
    )
)
def test_pairs_as_urllib_writes_and_reads_them(pairs):
    encoded = urllib.parse.urlencode(pairs)
    assert [(name, value.decode()) for name, (value,) in pairs_of_query(encoded)] == pairs
    ours = query_text(tuple((name, (value.encode(),)) for name, value in pairs))
    assert urllib.parse.parse_qsl(ours, keep_blank_values=True, max_num_fields=9) == pairs
    assert pairs_of_query(ours.encode()) == tuple(
        (name, (value.encode(),)) for name, value in pairs
    )


@pytest.mark.parametrize(
    "text, pairs",
    [
        ("", []),
        ("&", []),
        ("&&a=b&", [("a", b"b")]),
        ("a", [("a", b"")]),
        ("a=", [("a", b"")]),
        ("=", [("", b"")]),
        ("a=b=c", [("a", b"b=c")]),
        ("a+b=c+d", [("a b", b"c d")]),
        ("%61=%2b%2B", [("a", b"++")]),
        ("a=%c3%A9", [("a", b"\xc3\xa9")]),
        ("a=\u00e9", [("a", b"\xc3\xa9")]),
        ("a;b=c", [("a;b", b"c")]),
        ("a=b&a=c", [("a", b"b"), ("a", b"c")]),
        ("%26=%3D", [("&", b"=")]),
    ],
)
def test_pairs(text, pairs):
    assert (
        pairs_of_query(text)
        == pairs_of_query(text.encode())
        == tuple((name, (value,)) for name, value in pairs)
    )


@pytest.mark.parametrize(
    "text, offset",
    [
        ("%", 0),
        ("a=%", 2),
        ("a=b&c=%2", 6),
        ("a=%2x", 2),
        ("a=%x2", 2),
        ("a=%%20", 2),
        ("a&%zz=1", 2),
        ("a=%20%", 5),
        ("a=\u00e9%", 4),
    ],
)
def test_rejects_incomplete_percent_encoding(text, offset):
    error = refusal(pairs_of_query, text)
    assert (error.kind, error.rule, error.offset) == ("syntax", "SHP-020", offset)


def test_rejects_a_name_that_is_not_utf8():
    error = refusal(pairs_of_query, b"a=1&%FF=2")
    assert (error.kind, error.rule, error.offset) == ("utf8", "SHP-014", 4)
    assert refusal(Output.of_query, b"\xff").rule == "SHP-014"


def test_a_tree_of_names():
    node = parse_query("a.b=1&a.c=2&a=3&a.b=4&=5&a..=6")
    assert shown(node) == (
        [b"5"],
        {"a": ([b"3"], {"b": ([b"1", b"4"], {}), "c": ([b"2"], {}), "": ([], {"": ([b"6"], {})})})},
    )
    assert shown(parse_query(Query(("Structure", (("a", ("Value", b"1")),))))) == (
        [],
        {"A": ([b"1"], {})},
    )


def shown(node):
    return list(node.values), {name: shown(child) for name, child in node.children.items()}


def test_both_sides_of_the_depth():
    assert parse_query("a" + ".a" * 63)
    for text in ("a" + ".a" * 64, "." * 64, ".".join("a" * 100000)):
        error = refusal(parse_query, text)
        assert (error.kind, error.rule, error.actual) == ("limit", "SHP-022", text.count(".") + 1)


# ---- shapes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, output",
    [
        ("", Output()),
        ("ContentType=a", Output(content_type="a")),
        ("contentType=a", Output(content_type="a")),
        ("X-Amzn-SageMaker-Content-Type=a", Output(content_type="a")),
        ("x-Amzn-Invoked-Production-Variant=v", Output(invoked_production_variant="v")),
        ("X-Amzn-Invoked-Production-Variant=v", Output(invoked_production_variant="v")),
        ("ContentType=&Other=1&Other.X=2", Output(content_type="")),
        ("Body.PayloadPart.Bytes=a", Output(body=(A_PART,))),
        ("body.payloadPart.bytes=a", Output(body=(A_PART,))),
        ("Body.Other=1", Output(body=())),
        ("Body.1.PayloadPart.Bytes=a", Output(body=(A_PART,))),
        (
            "Body.10.PayloadPart.Bytes=b&Body.9.PayloadPart.Bytes=a",
            Output(body=(A_PART, PayloadPart(bytes=b"b"))),
        ),
        ("Body.InternalStreamFailure.Message=m&Body.PayloadPart.Bytes=a", None),
        ("Body.999999999.PayloadPart.Bytes=%FF", Output(body=(PayloadPart(bytes=b"\xff"),))),
        ("Body.PayloadPart.Other=1", Output(body=(PayloadPart(),))),
    ],
)
def test_accepted_queries(text, output):
    if output is None:  # each member of a structure is an event, in the order of the table
        assert [type(event).__name__ for event in Output.of_query(text).body] == [
            "PayloadPart",
            "InternalStreamFailure",
        ]
    else:
        assert Output.of_query(text) == Output.of_query(text.encode()) == output


@pytest.mark.parametrize(
    "text, kind, rule, path",
    [
        ("ContentType=a&ContentType=b", "syntax", "SHP-013", "ContentType"),
        ("ContentType=a&contentType=b", "syntax", "SHP-013", "ContentType"),
        ("ContentType=a&X-Amzn-SageMaker-Content-Type=a", "syntax", "SHP-013", "ContentType"),
        ("ContentType.a=1", "type", "SHP-009", "ContentType"),
        ("ContentType=1&ContentType.a=1", "type", "SHP-009", "ContentType"),
        ("ContentType=%FF", "utf8", "SHP-014", "ContentType"),
        ("Body=a", "type", "SHP-009", "Body"),
        ("Body.PayloadPart=a", "type", "SHP-009", "Body.PayloadPart"),
        ("Body.2.PayloadPart=a", "type", "SHP-009", "Body.2.PayloadPart"),
        ("Body.0.PayloadPart.Bytes=a", "type", "SHP-021", "Body"),
        ("Body.01.PayloadPart.Bytes=a", "type", "SHP-021", "Body"),
        ("Body.1000000000.PayloadPart.Bytes=a", "type", "SHP-021", "Body"),
        ("Body.1.PayloadPart.Bytes=a&Body.PayloadPart.Bytes=b", "type", "SHP-021", "Body"),
        ("Body.1.PayloadPart.Bytes=a&Body=b", "type", "SHP-021", "Body"),
        ("=a", "type", "SHP-009", "the document"),
    ],
)
def test_rejected_queries(text, kind, rule, path):
    error = refusal(Output.of_query, text)
    assert (error.kind, error.rule, error.path) == (kind, rule, path)


@pytest.mark.parametrize(
    "text, kind",
    [
        ("5", "ok"),
        ("%2B5", "ok"),
        ("+5", "type"),
        ("", "type"),
        ("5.0", "type"),
        ("2147483648", "constraint"),
    ],
)
def test_integers(text, kind):
    if kind == "ok":
        assert ModelError.of_query("OriginalStatusCode=" + text) == ModelError(
            original_status_code=5
        )
    else:
        error = refusal(ModelError.of_query, "OriginalStatusCode=" + text)
        assert (error.kind, error.rule, error.path) == (kind, "SHP-011", "OriginalStatusCode")


def test_a_scalar_that_has_a_structure_s_document():
    error = refusal(DATA_TYPES["Message"].of_query, "A=1")
    assert (error.kind, error.path, error.actual) == ("type", "the document", "A")


def test_the_seed_s_body_is_a_shape_of_its_own():
    stream = ResponseStream(model_stream_error=ModelStreamError(message="m"))
    assert ResponseStream.of_query(stream.to_query()) == stream


@pytest.mark.parametrize(
    "text",
    [
        "CustomAttributes=%FFsecret",
        "CustomAttributes=secret&CustomAttributes=secret",
        "Body=secret",
        "Body.PayloadPart=secret",
        "Body.PayloadPart.Bytes=secret&Body.PayloadPart.Bytes=secret",
        "Body.PayloadPart.Bytes.secret=1",
        "Body.1.X=1&Body=secret",
        "=secret",
    ],
)
def test_no_value_that_may_be_sensitive_is_shown(text):
    assert "secret" not in str(refusal(Output.of_query, text))


def test_both_sides_of_the_number_of_pairs(monkeypatch):
    monkeypatch.setattr(value_format, "MAX_DOCUMENT_NODES", 3)
    assert len(pairs_of_query("a&b&c")) == 3
    for text in ("a&b&c&d", "&&&", "a=1&" * 1000, "a.b.c.d=1", "a.b=1&c.d=1"):
        error = refusal(parse_query, text)
        assert (error.kind, error.rule) == ("limit", "SHP-006")
