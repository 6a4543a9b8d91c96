# SPDX-License-Identifier: MIT
"""Tests of refimpl/documents/json_format.py: strict and bounded JSON, and JSON values of shapes.

An accepted document has the value that json.loads returns, over values and over texts that
Hypothesis makes. A second reader in this file finds the features that must be rejected. Each
rejection has its kind, rule and offset, on both sides of its limit. Tests of size count work, not
seconds.
"""

import base64
import json
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from refimpl.documents import json_format, value_format
from refimpl.documents.datatype import (
    blob_type,
    events_type,
    integer_type,
    string_type,
    structure_type,
)
from refimpl.documents.json_format import (
    MAX_JSON_DEPTH,
    ValueScanner,
    base64_bytes,
    members_to_json,
    parse_json,
    to_base64,
)
from refimpl.documents.value_format import ROOT, Place
from refimpl.errors import DocumentError, UsageError
from refimpl.fields import body_field
from refimpl.shapes import (
    InvokeEndpointWithResponseStreamInput,
    ModelError,
    ModelStreamError,
    PayloadPart,
    Shape,
    UnknownOperationError,
)
from tests.properties import examples
from tests.rows import for_each

some = examples(200)
many = examples(300)

finite = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**18), 10**19), finite, st.text(max_size=12)
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=20,
)


def refusal(data):
    with pytest.raises(DocumentError) as caught:
        parse_json(data)
    assert str(caught.value).isprintable() and len(str(caught.value)) < 1000
    return caught.value


def told(error):
    return error.kind, error.rule, error.offset


class Pairs(list):
    """A JSON object with its (name, value) pairs, including duplicates."""


def is_rejected(text):
    """Return whether parse_json must reject a text of json.loads, or None if both reject it."""
    try:
        document = json.loads(text, object_pairs_hook=Pairs)
    except (ValueError, RecursionError):
        return None

    def has(value, depth):
        if isinstance(value, list):
            names = [name for name, _ in value] if isinstance(value, Pairs) else []
            children = [child for _, child in value] if isinstance(value, Pairs) else value
            return (
                depth > 64
                or len(set(names)) < len(names)
                or any(has(child, depth + 1) for child in children)
            )
        if isinstance(value, float):
            return value != value or value in (float("inf"), float("-inf"))
        return isinstance(value, int) and not isinstance(value, bool) and len(str(value)) > 20

    return has(document, 1)


# ---- accepted documents ------------------------------------------------------------------------


@for_each(
    "text, value",
    [
        ("null", None),
        ("true", True),
        ("false", False),
        ("0", 0),
        ("-0", 0),
        ("12", 12),
        ("1.5", 1.5),
        ("1e2", 100.0),
        ("-1E-2", -0.01),
        ('""', ""),
        ('"a"', "a"),
        ('"\\u00e9"', "\u00e9"),
        ('"\u00e9"', "\u00e9"),
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ('"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\\/\b\f\n\r\t'),
        ("[]", []),
        ("{}", {}),
        ('{"a":[1,{"b":null}]}', {"a": [1, {"b": None}]}),
        (" \t\r\n[ 1 , 2 ] \n", [1, 2]),
        ('{"":0}', {"": 0}),
        ("1e-999", 0.0),
        ('{"a":1,"A":2}', {"a": 1, "A": 2}),  # names differ in case
        ('[{"a":1},{"a":2}]', [{"a": 1}, {"a": 2}]),  # and must only be unique within an object
    ],
)
def test_values(text, value):
    read = parse_json(text.encode("utf-8"))
    assert read == value and type(read) is type(value)


def test_types_are_exact():
    assert (
        type(parse_json(b"1")) is int
        and type(parse_json(b"1.0")) is float
        and type(parse_json(b"true")) is bool
    )
    assert list(parse_json(b'{"b":1,"a":2}')) == ["b", "a"]  # in the order of the document


@pytest.mark.slow
@some
@given(values, st.booleans(), st.sampled_from([None, 1]))
def test_a_written_value_is_read(value, ascii_only, indent):
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert parse_json(text.encode("utf-8")) == value


@pytest.mark.slow
@many
@given(st.text(alphabet='[]{}",:\\ 0123456789eE+-.truefalsnINay\n\u00e9', max_size=30))
@example('{"a":1,"a":1}')
@example("[NaN]")
@example('{"a":{"b":[1e999]}}')
def test_a_text_is_read_as_the_library_reads_it(text):
    rejected = is_rejected(text)
    if rejected is False:
        assert parse_json(text.encode("utf-8")) == json.loads(text)
    else:
        assert refusal(text.encode("utf-8")).kind in ("syntax", "limit")


features = st.sampled_from(
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999",
        "-1e999",
        "1" * 21,
        "1" * 20,
        "-" + "1" * 20,
        "-" + "1" * 19,
        '{"a":1,"a":1}',
        '{"a":1,"b":1}',
        "[" * 61 + "]" * 61,
        "[" * 64 + "]" * 64,
        "0",
        '"[[{"',
    ]
)
wrapped = st.recursive(
    features,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: f"[{','.join(parts)}]"),
        st.lists(inner, max_size=3).map(
            lambda parts: "{{{}}}".format(",".join('"%d":%s' % pair for pair in enumerate(parts)))
        ),
    ),
    max_leaves=5,
)


@pytest.mark.slow
@many
@given(wrapped)
def test_exactly_the_stated_features_are_rejected(text):
    rejected = is_rejected(text)
    assert rejected is not None
    if rejected:
        assert refusal(text.encode("utf-8")).rule in ("SHP-001", "SHP-002", "SHP-003")
    else:
        assert parse_json(text.encode("utf-8")) == json.loads(text)


@pytest.mark.slow
@many
@given(
    st.one_of(
        st.binary(max_size=60),
        st.builds(
            lambda data, cut: data[:cut],
            values.map(lambda value: json.dumps(value).encode()),
            st.integers(0, 60),
        ),
    )
)
def test_any_bytes_are_a_value_or_a_document_error(data):
    try:
        value = parse_json(data)
    except DocumentError as error:
        assert error.kind in ("syntax", "limit") and error.rule in ("SHP-001", "SHP-002", "SHP-003")
        assert error.offset is None or 0 <= error.offset <= len(data)
        return
    assert value == json.loads(data.decode("utf-8"))


def test_text_is_read_as_its_bytes_are():
    assert parse_json('["\u20ac"]') == parse_json('["\u20ac"]'.encode()) == ["\u20ac"]
    error = refusal('["\ud800"]')
    assert (error.kind, error.rule) == ("utf8", "SHP-014")


def test_another_type_of_document_is_a_mistake_of_the_caller():
    for wrong in (None, 5, ["{}"], bytearray(b"{}"), object()):
        with pytest.raises(UsageError) as caught:
            parse_json(wrong)
        assert caught.value.kind == "type"


# ---- rejected documents ------------------------------------------------------------------------


@for_each(
    "data, offset",
    [
        (b"", 0),
        (b" ", 1),
        (b"\n\n", 2),
        (b"x", 0),
        (b"[", 1),
        (b"[1", 2),
        (b"[1,", 3),
        (b"[1,]", 3),
        (b"{", 1),
        (b'{"a"', 4),
        (b'{"a":', 5),
        (b'{"a":1', 6),
        (b'{"a":1,}', 7),
        (b"{a:1}", 1),
        (b"{'a':1}", 1),
        (b'"a', 0),
        (b'"a\n"', 2),
        (b'"\x00"', 1),
        (b'"\\x"', 1),
        (b"tru", 0),
        (b"nul", 0),
        (b"01", 1),
        (b"+1", 0),
        (b".5", 0),
        (b"1.", 1),
        (b"0x10", 1),
        (b"1 2", 2),
        (b"[]]", 2),
        (b"{} {}", 3),
        (b"[1]x", 3),
        (b"/* */1", 0),
        (b"1//", 1),
        ("[\u00a01]".encode("utf-8"), 1),
        (b"\x0c1", 0),
        (b"undefined", 0),
        (b"None", 0),
        (b"True", 0),
        ('"\u20ac"x'.encode("utf-8"), 5),
        ('["\u00e9\U0001f600",]'.encode("utf-8"), 10),  # offsets count bytes
    ],
)
def test_syntax(data, offset):
    error = refusal(data)
    assert (error.kind, error.rule) == ("syntax", "SHP-002")
    assert abs(error.offset - offset) <= 1  # some Pythons point at the comma, some after it
    assert str(error).startswith("invalid JSON: ")


@pytest.mark.parametrize(
    "data, offset",
    [
        (b"\xff", 0),
        (b'"\xff"', 1),
        (b'"abc\xc3"', 4),
        (b'"\xed\xa0\x80"', 1),
        (b'"\xc0\x80"', 1),
        (b'"\xf4\x90\x80\x80"', 1),
        ('"\u20ac'.encode("utf-8") + b'\x80"', 4),
        ("[1]".encode("utf-16"), 0),
        (b"\x1f\x8b\x08\x00", 1),
        (b"[1]\x80", 3),
        (b'"\xe2\x82', 1),
    ],
)
def test_rejects_invalid_utf_8(data, offset):
    error = refusal(data)
    assert told(error) == ("syntax", "SHP-002", offset)
    assert (str(error).partition(" (")[0], error.expected, error.actual) == (
        "JSON is not UTF-8",
        "UTF-8",
        data[offset : offset + 4],
    )


@pytest.mark.parametrize(
    "coding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"]
)
def test_another_coding_and_a_byte_order_mark_are_rejected(coding):
    error = refusal('{"a":1}'.encode(coding))
    assert (error.kind, error.rule) == ("syntax", "SHP-002")


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "[NaN]", '{"a":-Infinity}'])
def test_rejects_an_invalid_number(text):
    error = refusal(text.encode())
    assert (error.kind, error.rule) == ("syntax", "SHP-003")
    assert error.actual in ("NaN", "Infinity", "-Infinity") and error.actual in text


@pytest.mark.parametrize(
    "text", ["1e999", "-1e999", "1.0E+400", "1" * 400 + ".0", "2e308", "1.7976931348623159e308"]
)
def test_a_number_that_overflows(text):
    error = refusal((f"[{text}]").encode())
    assert (error.kind, error.rule) == ("syntax", "SHP-003")
    assert "overflows" in str(error)


def test_numbers_at_the_bound():
    assert parse_json(b"1.7976931348623157e308") == 1.7976931348623157e308
    assert parse_json(b"-1.7976931348623157e308") == -1.7976931348623157e308
    assert parse_json(b"9223372036854775807") == 2**63 - 1
    assert parse_json(b"-9223372036854775808") == -(2**63)
    assert parse_json(b"18446744073709551615") == 2**64 - 1
    assert parse_json(b"9" * 20) == 10**20 - 1


@pytest.mark.parametrize("digits", [21, 22, 100, 5000, 10**6])
def test_an_integer_that_is_too_long(digits):
    for sign in (b"", b"-"):
        error = refusal(b'{"a":' + sign + b"1" * (digits - len(sign)) + b"}")
        assert (error.kind, error.rule, error.actual) == ("syntax", "SHP-003", f"{digits}")
        assert error.expected == "at most 20 digits"


@pytest.mark.parametrize(
    "text, name",
    [
        ('{"a":1,"a":1}', "a"),
        ('{"a":1,"b":2,"a":3}', "a"),
        ('{"x":[{"":1,"":2}]}', ""),
        ('{"a":1,"\\u0061":2}', "a"),
        ('{"b":1,"a":1,"a":2,"b":2}', None),
    ],
)
def test_a_name_twice(text, name):
    error = refusal(text.encode())
    assert (error.kind, error.rule) == ("syntax", "SHP-002")
    assert str(error).startswith("a JSON object has a name twice")
    assert error.actual == name if name is not None else error.actual in ("a", "b")


# ---- depth -------------------------------------------------------------------------------------


def nest(depth, kinds, inner=""):
    """Return a document with that many levels of arrays and objects, alternating as in kinds."""
    opened = [{"[": "[", "{": '{"a":'}[kinds[level % len(kinds)]] for level in range(depth)]
    closed = [{"[": "]", "{": "}"}[kinds[level % len(kinds)]] for level in reversed(range(depth))]
    return "".join(opened) + (inner or "0") + "".join(closed)


@pytest.mark.parametrize("kinds", ["[", "{", "[{", "{[", "[[{"])
def test_both_sides_of_the_depth(kinds):
    assert MAX_JSON_DEPTH == 64
    fits = nest(64, kinds)
    assert parse_json(fits.encode()) == json.loads(fits)
    for depth in (65, 66, 1000):
        text = nest(depth, kinds)
        error = refusal(text.encode())
        assert (error.kind, error.rule, error.expected, error.actual) == (
            "limit",
            "SHP-001",
            "at most 64 levels",
            "65",
        )
        brackets = [place for place, character in enumerate(text) if character in "[{"]
        assert error.offset == brackets[64]


def test_the_depth_is_that_of_one_place():
    wide = f"[{','.join([nest(63, '[')] * 50)}]"
    assert parse_json(wide.encode()) == json.loads(wide)
    assert refusal(f"[{','.join([nest(63, '{'), nest(64, '{')])}]".encode()).kind == "limit"
    empty = "[" * 64 + "]" * 64
    assert parse_json(empty.encode()) == json.loads(empty)


def test_brackets_inside_strings_do_not_count():
    texts = [
        json.dumps("[{" * 1000),
        json.dumps({"[" * 100: "}" * 100}),
        '"%s"' % ("\\\\" * 50 + "[" * 200),
        json.dumps(['\\"' + "[" * 200, "]" * 200]),
        nest(64, "[", '"%s"' % ('\\"' + "[{" * 100)),
    ]
    for text in texts:
        assert parse_json(text.encode()) == json.loads(text)


def test_brackets_after_a_string_count():
    for string in ('""', '"\\\\"', '"\\""', '"]]]]]]"', '"\\\\\\""', '"}\\u005d"'):
        assert refusal(f"[{string},{nest(64, '[')}]".encode()).kind == "limit"
        assert parse_json(f"[{string},{nest(63, '[')}]".encode())[1]


def test_the_offset_of_a_depth_counts_bytes():
    error = refusal(('["\u20ac\U0001f600",' + "[" * 64).encode("utf-8"))
    assert told(error) == ("limit", "SHP-001", 11 + 63)


# ---- size --------------------------------------------------------------------------------------

MANY = 1000000


@pytest.mark.slow
@pytest.mark.parametrize(
    "data",
    [
        b'"' + b"a" * 2 * MANY,
        b'"' + b'\\"' * MANY,
        b'"' + b"\\\\" * MANY,
        b'"' + b"\\\\" * MANY + b"\\",
        b'["' + b'\\"' * MANY + b"]",
        b'"' * (MANY + 1),
        b"\\" * 2 * MANY,
        b'"\\' * MANY,
        b'\\"' * MANY,
        b"]" * 300000,
        b"[" * 2 * MANY,
        b'{"a":' * 400000,
        b'"[' * 300000,
        b"[]" * 200000,
        b"[1," * 21 + b"1," * 300000,
        b" " * 2 * MANY,
        b"1" * 2 * MANY,
        b"-" * 2 * MANY,
    ],
    ids=range(18),
)
def test_a_hostile_text_ends(data):
    assert refusal(data).kind in ("syntax", "limit")


def test_a_long_text_is_read():
    text = json.dumps(
        ['\\"[{' * 100000, {"a": list(range(100000))}, "\u20ac" * 100000], ensure_ascii=False
    )
    assert parse_json(text.encode("utf-8")) == json.loads(text)


class CountedName(str):
    """A name that counts comparisons."""

    compared = 0
    __hash__ = str.__hash__

    def __eq__(self, other):
        CountedName.compared += 1
        return str.__eq__(self, other)


# ---- the end of a value ------------------------------------------------------------------------


def scan(parts):
    """Return the end of the value in the parts, or -1, and the scanner."""
    scanner, before = ValueScanner(), 0
    for part in parts:
        end = scanner.end_in(part)
        if end >= 0:
            return before + end, scanner
        before += len(part)
    return -1, scanner


@pytest.mark.slow
@many
@given(
    values.filter(lambda value: isinstance(value, (list, dict, str))),
    st.booleans(),
    st.binary(max_size=4),
    st.lists(st.integers(0, 60), max_size=5),
)
def test_the_end_of_a_value_in_any_pieces(value, ascii_only, behind, cuts):
    text = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8")
    places = sorted(place for place in cuts if place <= len(text))
    parts = [
        (text + behind)[start:end]
        for start, end in zip([0] + places, places + [len(text + behind)])
    ]
    assert scan(parts)[0] == len(text)
    assert scan([b"%c" % byte for byte in text + behind])[0] == len(text)
    for short in (text[:-1], text[: len(text) // 2]):
        assert scan([short])[0] == -1
    assert ValueScanner().end_in(b"]]" + text, 2) == 2 + len(text)


@pytest.mark.parametrize(
    "text,depth,in_string,escaped",
    [
        (b"[[", 2, False, False),
        (b'["', 1, True, False),
        (b'["\\', 1, True, True),
        (b'["\\\\', 1, True, False),
        (b'["\\"', 1, True, False),
        (b'{"a":[1]', 1, False, False),
        (b'["]"', 1, False, False),
        (b"[\\", 1, False, True),
        (b"", 0, False, False),
    ],
)
def test_the_state_after_an_unfinished_value(text, depth, in_string, escaped):
    for parts in ([text], [text[:1], text[1:]], [b"%c" % byte for byte in text]):
        end, scanner = scan(parts)
        assert end == -1 and (scanner.depth, scanner.in_string, scanner.escaped) == (
            depth,
            in_string,
            escaped,
        )


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_the_depth_at_which_a_scan_stops(size):
    text = b'["[",' + b"[" * MAX_JSON_DEPTH
    with pytest.raises(DocumentError) as caught:
        scan([text[start : start + size] for start in range(0, len(text), size)])
    assert told(caught.value) == ("limit", "SHP-001", len(text) - 1)
    assert scan([text[:-1]])[0] == -1


def test_a_name_twice_among_many_costs_no_more_than_the_names():
    """An error's body may have 170,000 names. Comparing all pairs would take minutes."""
    hook = json_format._FAST_DECODER.object_pairs_hook
    assert hook is json_format._DECODER.object_pairs_hook
    count = 500
    pairs = [(CountedName(f"name {number}"), number) for number in range(count)]
    CountedName.compared = 0
    assert len(hook(pairs)) == count
    with pytest.raises(DocumentError):
        hook(pairs + [(CountedName(f"name {count - 1}"), 0)])
    assert CountedName.compared < 20 * count


# ---- values as JSON ----------------------------------------------------------------------------


def test_base64_is_standard_and_padded():
    assert [to_base64(data) for data in (b"", b"\xfb", b"\xff\xff", b"hi", b"hi!")] == [
        "",
        "+w==",
        "//8=",
        "aGk=",
        "aGkh",
    ]


@some
@given(st.binary(max_size=100))
def test_base64_comes_back(data):
    assert base64.b64decode(to_base64(data), validate=True) == data


def test_members():
    assert members_to_json(PayloadPart.fields, PayloadPart(bytes=b"hi")) == {"Bytes": "aGk="}
    assert members_to_json(PayloadPart.fields, PayloadPart(bytes=b"")) == {"Bytes": ""}
    assert members_to_json(PayloadPart.fields, PayloadPart()) == {}
    error = ModelError(message="m", original_status_code=0, original_message="")
    assert members_to_json(error.fields, error) == {
        "Message": "m",
        "OriginalStatusCode": 0,
        "OriginalMessage": "",
    }
    assert list(members_to_json(error.fields, error)) == [
        "Message",
        "OriginalStatusCode",
        "OriginalMessage",
    ]  # in the order of the table
    error = ModelStreamError(error_code="StreamBroken")
    assert members_to_json(error.fields, error) == {"ErrorCode": "StreamBroken"}
    error = UnknownOperationError(code="Odd", payload="<p>")
    assert members_to_json(error.fields, error) == {"Code": "Odd", "Payload": "<p>"}
    call = InvokeEndpointWithResponseStreamInput(endpoint_name="llm", body=b"\xff", session_id="s")
    assert members_to_json(call.fields, call) == {
        "EndpointName": "llm",
        "Body": "/w==",
        "SessionId": "s",
    }


# ---- shapes ------------------------------------------------------------------------------------


class Leaf(Shape):
    fields = (
        body_field("data", "Data", blob_type("Blob")),
        body_field("text", "Text", string_type("Text")),
    )


class Union(Shape):
    fields = (body_field("leaf", "Leaf", structure_type(Leaf)),)


class Whole(Shape):
    fields = (
        body_field("stream", "Stream", events_type(Union)),
        body_field("leaf", "Leaf", structure_type(Leaf)),
        body_field("number", "Number", integer_type("Integer")),
    )


WHOLE = structure_type(Whole)


@pytest.mark.parametrize(
    "value, document",
    [
        (Whole(), "{}"),
        (Whole(number=-5), '{"Number":-5}'),
        (Whole(stream=()), '{"Stream":{}}'),
        (Whole(stream=(Leaf(),)), '{"Stream":{"Leaf":{}}}'),
        (
            Whole(stream=(Leaf(data=b"hi"), Leaf(text="")), number=0),
            '{"Stream":[{"Leaf":{"Data":"aGk="}},{"Leaf":{"Text":""}}],"Number":0}',
        ),
        (
            Whole(leaf=Leaf(data=b"", text='\0\x1f\b\f\n\r\t"\\/\x7f\x80\u2028\u20ac\U0001f600')),
            '{"Leaf":{"Data":"","Text":"\\u0000\\u001f\\b\\f\\n\\r\\t\\"\\\\/\\u007f\x80\u2028'
            '\u20ac\U0001f600"}}',
        ),
    ],
)
def test_a_value_is_written_and_read(value, document):
    assert WHOLE.to_json(value) == document
    assert WHOLE.of_json(document) == WHOLE.of_json(document.encode()) == value


def test_half_a_surrogate_pair_is_not_written():
    for value, path in (
        (Whole(stream=(Leaf(), Leaf(text="\ud800"))), "Stream[1].Leaf.Text"),
        (Whole(leaf=Leaf(text="\udfff")), "Leaf.Text"),
    ):
        with pytest.raises(UsageError) as caught:
            WHOLE.to_json(value)
        assert (caught.value.kind, caught.value.rule, caught.value.path) == (
            "utf8",
            "SHP-014",
            path,
        )


@pytest.mark.parametrize(
    "document, kind, rule, path, actual",
    [
        ("[]", "type", "SHP-009", "the document", "an array"),
        ("null", "type", "SHP-009", "the document", "null"),
        ('"a"', "type", "SHP-009", "the document", "a string"),
        ('{"Leaf":1.5}', "type", "SHP-009", "Leaf", "a number"),
        ('{"Leaf":true}', "type", "SHP-009", "Leaf", "a boolean"),
        ('{"Leaf":[]}', "type", "SHP-009", "Leaf", "an array"),
        (
            '{"Stream":[{},{"Leaf":{"Text":{}}}]}',
            "type",
            "SHP-009",
            "Stream[1].Leaf.Text",
            "an object",
        ),
        ('{"Stream":[null]}', "type", "SHP-009", "Stream[0]", "null"),
        ('{"Stream":"a"}', "type", "SHP-009", "Stream", "a string"),
        ('{"Leaf":{"Data":5}}', "type", "SHP-009", "Leaf.Data", "<hidden>"),
        ('{"Leaf":{"Data":"a-_k"}}', "type", "SHP-010", "Leaf.Data", "<hidden>"),
        ('{"Number":5.0}', "type", "SHP-011", "Number", "a number"),
        ('{"Number":true}', "type", "SHP-011", "Number", "a boolean"),
        ('{"Number":"5"}', "type", "SHP-011", "Number", "a string"),
        ('{"Number":2147483648}', "constraint", "SHP-011", "Number", 2147483648),
        ('{"Leaf":{"Text":"\\ud800"}}', "utf8", "SHP-014", "Leaf.Text", "\\ud800"),
    ],
)
def test_the_path_to_what_does_not_fit(document, kind, rule, path, actual):
    with pytest.raises(DocumentError) as caught:
        WHOLE.of_json(document)
    error = caught.value
    assert (error.kind, error.rule, error.path, error.actual) == (kind, rule, path, actual)


@some
@given(st.binary(max_size=30))
def test_base64_is_the_standard_library_s(data):
    text = base64.b64encode(data).decode()
    assert to_base64(data) == text and base64_bytes(text, ROOT) == data


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "aG",
        "aGk",
        "aGk==",
        "=aGk",
        "aG=k",
        "YQ==YQ==",
        "aGk=\n",
        " aGk=",
        "aG\nk=",
        "a-_k",
        "\u0430Gk=",
        "aGk==",
    ],
)
def test_rejects_invalid_base64(text):
    with pytest.raises(DocumentError) as caught:
        base64_bytes(text, Place("A"))
    assert (caught.value.kind, caught.value.rule, caught.value.path) == ("type", "SHP-010", "A")


def test_unused_bits_of_base64_are_ignored():
    assert base64_bytes("aGl=", ROOT) == b"hi"


def test_a_document_has_a_size(monkeypatch):
    monkeypatch.setattr(value_format, "MAX_DOCUMENT_NODES", 70)
    monkeypatch.setattr(json_format, "MAX_DOCUMENT_NODES", 70)
    assert len(parse_json("[" + ",".join(["[]", "{}"] * 17 + ["1"]) + "]")) == 35
    assert len(parse_json("[" + ",".join(['"a"'] * 70) + "]")) == 70
    for rejected in (
        "[" + ",".join(["[]"] * 36) + "]",
        "[" + ",".join(["1"] * 71) + "]",
        "[" + ",".join(['"a"'] * 71) + "]",
        "{" + ",".join(f'"{number}":1' for number in range(71)) + "}",
        '[1,[1,"' + '""' * 200 + "," * 69,
    ):
        error = refusal(rejected.encode())
        assert (error.kind, error.rule) == ("limit", "SHP-006")
    assert parse_json(json.dumps(['[{\\"' * 100])) == [
        '[{\\"' * 100
    ]  # brackets in strings do not count


# ---- lines at once -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lines",
    [
        b'{"a":1}\n{"b":[1,2]}\r\n {"c":{}}\n',
        b'{"a":"x,6180339887498948482,y"}\n{"a":1}\n',
        b'{"a":[{"x":1}\n{"y":2}]}\n',
        b'{"a":1}{"b":2}\n{"c":3}\n',
        b'{},{}\n{"a":[{"x":1}\n{"y":2}]}\n',
        b'{},6180339887498948482,{}\n{"a":[{"x":1}\n{"y":2}]}\n',
        b'{"a":1,"a":2}\n',
        b'{"a":NaN}\n{"b":1}\n',
        b'{"a":1e999}\n',
        b'{"a":' + b"9" * 30 + b"}\n",
        b'{"a":' + b"[" * 64 + b"]" * 64 + b"}\n",
        b"{}\n\n{}\n",
        b"[]\n",
        b"5\n",
        b'{"a":"\xff"}\n',
        b'{"a":"\n"}\n',
    ],
)
def test_lines_at_once_are_the_lines_one_by_one(lines):
    found, used = json_format.parse_json_lines(lines)
    read_lines = [line for line in lines[:used].split(b"\n")[:-1] if line]
    assert found == [parse_json(line) for line in read_lines]
    rest = lines[used:].partition(b"\n")[0]
    if rest.strip() == rest != b"":  # the line at which it stopped
        with pytest.raises(DocumentError):
            parse_json(rest)


def test_lines_at_once_apply_to_every_value_and_number():
    lines = b'{"a":1}\n\n{"a":"x"}\r\n[1e3]\n"\xc3\xa4"\n-5 \ntrue\n' + b"9" * 20 + b"\n"
    expected = [{"a": 1}, {"a": "x"}, [1000.0], "\xe4", -5, True, int("9" * 20)]
    assert json_format.parse_json_lines(lines) == (expected, len(lines))
    assert json_format.parse_json_lines(lines + b"{\n}\n") == (expected, len(lines))
    wide = b"[" + b"[]," * 100 + b"[]]\n"
    assert json_format.parse_json_lines(wide) == ([[[]] * 101], len(wide))
    deep = b"[" * 65 + b"]" * 65 + b"\n"
    assert json_format.parse_json_lines(b"1\n" + deep) == ([1], 2)
    assert json_format.parse_json_lines(b"[NaN]\n") == ([], 0)
    (numbers,), used = json_format.parse_json_lines(b"[NaN]\n", lenient=True)
    assert math.isnan(numbers[0]) and used == 6


@pytest.mark.parametrize(
    "number, unusual",
    [("1.5", False), ("9" * 19, False), ("9" * 20, True), ("1e5", True), ("1.5E-3", True)],
)
def test_only_unusual_numbers_are_checked_one_by_one(number, unusual):
    decoder = json_format._decoder_for(f'{{"e1": {number}}}'.encode(), False)
    assert decoder is (json_format._DECODER if unusual else json_format._FAST_DECODER)


# ---- the fast path of the scanner ----------------------------------------------------------------


class PlainScanner(ValueScanner):
    def _skims(self, piece):
        return False


def outcome_of_scan(scanner, parts):
    """Return what a scanner finds in parts: its end or its error, and its state."""
    before = 0
    try:
        for part in parts:
            end = scanner.end_in(part)
            if end >= 0:
                return before + end
            before += len(part)
    except DocumentError as error:
        return (error.offset, str(error))
    return (scanner.depth, scanner.in_string, scanner.escaped)


MARKS = st.lists(
    st.sampled_from([b'"', b"\\", b"[", b"]", b"{", b"}", b",", b"a", b'\\"', b"\n", b'"b":'])
).map(b"".join)


@pytest.mark.slow
@many
@given(st.sampled_from([b"[", b"{", b'"', b"[" * 62, b"a", b""]), st.lists(MARKS, max_size=5))
def test_skimmed_pieces_are_those_scanned_mark_by_mark(start, parts):
    parts = [start, *parts]
    assert outcome_of_scan(ValueScanner(), parts) == outcome_of_scan(PlainScanner(), parts)
    joined = [b"".join(parts)]
    assert outcome_of_scan(ValueScanner(), joined) == outcome_of_scan(PlainScanner(), joined)


@pytest.mark.parametrize("length", [65535, 65536, 65537, 200000])
def test_long_pieces_are_scanned_in_slices(length):
    text = b'["' + b'\\"' * (length // 2) + b'",' + b"[]," * 30000 + b"1]"
    assert ValueScanner().end_in(text) == len(text)
    for cut in (length - 1, length, length + 1):
        assert scan([text[:cut], text[cut:]])[0] == len(text)


def test_a_value_in_many_pieces_is_not_scanned_mark_by_mark(monkeypatch):
    scanned = []
    plain_scan = ValueScanner._scan
    monkeypatch.setattr(
        ValueScanner, "_scan", lambda self, piece: scanned.append(piece) or plain_scan(self, piece)
    )
    text = json.dumps([{"text": 'a "quoted" \\ word', "n": [1, 2]}] * 500).encode()
    parts = [text[start : start + 100] for start in range(0, len(text), 100)]
    assert scan(parts)[0] == len(text)
    assert scanned == parts[-1:]


def test_a_short_value_before_many_others_costs_a_short_piece(monkeypatch):
    skimmed = []
    skims = ValueScanner._skims
    monkeypatch.setattr(
        ValueScanner, "_skims", lambda self, piece: skimmed.append(len(piece)) or skims(self, piece)
    )
    value = b'{"token":{"text":"abc"}}'
    text = value * 5000
    for start in range(0, len(text), len(value)):
        assert ValueScanner().end_in(text, start) == start + len(value)
    assert sum(skimmed) <= 10 * len(text)
    del skimmed[:]
    assert ValueScanner().end_in(b"[" + text[:-1]) == -1
    assert sum(skimmed) <= len(text)
