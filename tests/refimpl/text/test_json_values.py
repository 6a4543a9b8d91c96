# SPDX-License-Identifier: MIT
"""Tests of refimpl/text/json_values.py, compared with the standard library's scanner."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.documents.json_format import ValueScanner
from refimpl.errors import TextError
from refimpl.text import (
    JSONValues,
    json_values,
)
from tests.refimpl.text.reading import (
    SPLITS,
    TEXTS,
    read,
    same_for_every_chunking,
    split_at,
)
from tests.rows import for_each
from tests.support import pieces


def values_model(text):
    """Return the values of a whole text, found by the standard library's scanner."""
    decoder, position, values = json.JSONDecoder(), 0, []
    while True:
        position += len(text[position:]) - len(text[position:].lstrip(" \t\r\n"))
        if position == len(text):
            return values
        value, position = decoder.raw_decode(text, position)
        values.append(value)


JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**15), 10**15),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=8),
        st.sampled_from(['"', "\\", '\\"', "]}", "\u2028", "😀"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


# TXT-040
@pytest.mark.slow
@given(
    st.lists(
        st.tuples(
            JSON,
            st.booleans(),
            st.sampled_from([None, 1]),
            st.sampled_from(["\n", " ", "\r\n", " \t\n"]),
        ),
        max_size=5,
    ),
    SPLITS,
)
def test_written_values_are_read_back(written, splits):
    text = "".join(
        json.dumps(value, ensure_ascii=ascii_only, indent=indent) + blank
        for value, ascii_only, indent, blank in written
    )
    results, error = same_for_every_chunking(JSONValues, text.encode("utf-8"))
    assert (results, error) == ([value for value, _, _, _ in written], None)
    assert read(JSONValues(), split_at(text.encode("utf-8"), splits)) == (results, None)
    assert results == values_model(text)


@pytest.mark.slow
@given(TEXTS)
def test_values_match_the_plain_reader(data):
    results, error = read(JSONValues(), [data])
    if error is None:
        assert json.dumps(results) == json.dumps(
            values_model(data.decode("utf-8"))
        )  # 1, 1.0 and True differ
    else:
        assert json.dumps(results) == json.dumps(
            values_model(data[: len(data) - len(error.unread)].decode("utf-8"))
        )


@for_each(
    "data,values",
    [
        (b"", []),
        (b" \t\r\n", []),
        (b"{}[]", [{}, []]),
        (b'{"a":1}{"a":2}', [{"a": 1}, {"a": 2}]),
        (b'{"a":1}\n{"a":2}\n', [{"a": 1}, {"a": 2}]),
        (b'{"a":1}\r\n{"a":2}', [{"a": 1}, {"a": 2}]),
        (b'[\n1,\n2]\n{\n"a":\n3}', [[1, 2], {"a": 3}]),
        (b"1", [1]),
        (b"1 2\n3", [1, 2, 3]),
        (b'1"x"2[]true{}null', [1, "x", 2, [], True, {}, None]),
        (b'"a""b"', ["a", "b"]),
        (b'"\\"\\\\"', ['"\\']),
        (b'"[{"', ["[{"]),
        (b'["]}"]', [["]}"]]),
        (b'{"\\"":"\\\\"}1', [{'"': "\\"}, 1]),
        (b"-1.5e3", [-1500.0]),
        (b'"\\u00e9"', ["é"]),
        ('"é"'.encode(), ["é"]),
        (b'{"a":1} {"b":2}\n', [{"a": 1}, {"b": 2}]),
        (b'{"a":1}{"b":2}{"c":3}\n{"d":4}', [{"a": 1}, {"b": 2}, {"c": 3}, {"d": 4}]),
    ],
    ids=repr,
)
def test_values(data, values):
    assert same_for_every_chunking(JSONValues, data) == (values, None)


# TXT-042
def test_returns_a_value_at_its_last_byte_and_a_number_at_the_next():
    came, decoder = [], JSONValues()
    for place, part in enumerate(pieces(b'{"a":"}"}"x"12 true[1]3', 1)):
        came += [(place, value) for value in decoder.feed(part)]
    assert came == [(8, {"a": "}"}), (11, "x"), (14, 12), (19, True), (21, [1])]
    assert decoder.unread == b"3" and decoder.close() == [3]


@for_each(
    "data,values,kind,rule,offset",
    [
        (b"[1]]", [[1]], "syntax", "TXT-041", 3),
        (b"1,2", [1], "syntax", "TXT-041", 1),
        (b":", [], "syntax", "TXT-041", 0),
        (b" }", [], "syntax", "TXT-041", 1),
        (b'{"a":1},{"a":2}', [{"a": 1}], "syntax", "TXT-041", 7),
        (b"1 [2,] 3", [1], "syntax", "SHP-002", 4),
        (b"nul ", [], "syntax", "SHP-002", 0),
        (b"1 tru", [1], "syntax", "SHP-002", 2),
        (b"truefalse", [], "syntax", "SHP-002", 4),
        (b"1 [NaN]", [1], "syntax", "SHP-003", 2),
        (b'1 {"a":1,"a":2}', [1], "syntax", "SHP-002", 2),
        (b"[}", [], "syntax", "SHP-002", 1),
        (b"\x0b1", [], "syntax", "SHP-002", 0),
        (b"1 1e999", [1], "syntax", "SHP-003", 2),
        (b'1 ["a', [1], "truncated", "TXT-043", 5),
        (b'1 ["a\\', [1], "truncated", "TXT-043", 6),
        (b'1 [[{"a":', [1], "truncated", "TXT-043", 9),
        (b'"', [], "truncated", "TXT-043", 1),
        (b'{"a":1}\n{"b"', [{"a": 1}], "truncated", "TXT-043", 12),
        (b'"\\u00', [], "truncated", "TXT-043", 5),
        (b"1 " + b"[" * 65, [1], "limit", "SHP-001", 2 + 64),
        (b"\xef\xbb\xbf[]", [], "syntax", "SHP-002", 0),
    ],
    ids=repr,
)
def test_rejects_invalid_values(data, values, kind, rule, offset):
    results, error = same_for_every_chunking(JSONValues, data)
    assert (results, error.kind, error.rule) == (values, kind, rule)
    assert (
        error.offset in (offset - 1, offset, offset + 1)
        if offset_varies(rule)
        else error.offset == offset
    )
    assert error.expected


def offset_varies(rule):
    """Return whether the offset of an error differs by one byte between Python versions."""
    return rule == "SHP-002"


@pytest.mark.parametrize(
    "data,where",
    [
        (b'["a', "a string"),
        (b'["a\\', "an escape"),
        (b'"a\\', "an escape"),
        (b"[[{", "an array or object"),
    ],
)
def test_reports_what_is_incomplete(data, where):
    _, error = same_for_every_chunking(JSONValues, b"1 " + data)
    assert f"inside {where} of a JSON value that began at byte 2" in str(error)
    assert (
        error.unread == data
        and f"the end of {sum(map(data.count, (b'[', b'{')))} levels" in error.expected
    )
    assert error.expected.startswith("a quote and ") is (b'"' in data)


@pytest.mark.parametrize("value", [b"12345", b'"123"', b"[1,2]", b'{"":1}'[:6]], ids=repr)
def test_maximum_length_of_a_value(value):
    bound = len(value)
    expected = json.loads(value.decode())
    for text in (b" " * 20 + value, value + b" " * 20, value + b"\n" + value):
        results, error = same_for_every_chunking(lambda: JSONValues(bound), text)
        assert error is None and set(map(repr, results)) == {repr(expected)}
    for text in (b"1 " + value + b" ", b"1 " + value):
        results, error = same_for_every_chunking(lambda: JSONValues(bound - 1), text)
        assert (results, error.kind, error.rule, error.offset) == (
            [1],
            "limit",
            "TXT-005",
            2 + bound - 1,
        )


def test_the_maximum_length_precedes_the_maximum_depth():
    for bound, rule, offset in ((64, "TXT-005", 64), (65, "SHP-001", 64), (66, "SHP-001", 64)):
        _, error = same_for_every_chunking(lambda: JSONValues(bound), b"[" * 70)  # noqa: B023
        assert (error.kind, error.rule, error.offset) == ("limit", rule, offset)


def test_every_split_of_a_value():
    text = b'{"a":["\\"\\\\","\xe2\x82\xac",[{}],-1.5e2,true],"b":{"c":null}}'
    for cut in range(1, len(text)):
        assert read(JSONValues(), [text[:cut], text[cut:]]) == ([json.loads(text.decode())], None)
        results, error = read(JSONValues(), [text[:cut]])
        assert (results, error.kind, error.unread) == ([], "truncated", text[:cut])


@pytest.mark.parametrize("data", [b'data: {"a":1}\n\n', b"event: x\n", b"\nid: 1", b"retry: 5"])
def test_hints_at_server_sent_events(data):
    _, error = same_for_every_chunking(JSONValues, data)
    assert "server-sent events" in str(error) and error.kind == "syntax"


def test_does_not_hint_at_server_sent_events():
    assert "server-sent" in str(read(JSONValues(), [b"1 data: x"])[1])
    marks = (b"\xef\xbb\xbf\ndata: 1", b"\xef\xbb\xbf\rdata: 1")
    for data in (b"data", b"dat: 1", b'{"data: 1"', b"[data: 1]", *marks):
        assert "server-sent" not in str(same_for_every_chunking(JSONValues, data)[1])


# ---- the fast path -----------------------------------------------------------------------------


class PlainValues(JSONValues):
    """Reads values without the fast paths."""

    _tries_lines = property(lambda self: False, lambda self, value: None)

    def _read_line(self, line, results):
        return False


def delivered(decoder, parts):
    """Return what each part delivers, as text, and the error with its evidence."""
    steps = []
    try:
        for part in parts:
            steps.append(json.dumps(decoder.feed(part)))
        steps.append(json.dumps(decoder.close()))
    except TextError as error:
        steps.append((str(error), json.dumps(error.results), error.unread, error.offset))
    return steps, decoder.offset


LINES = st.lists(
    st.one_of(
        JSON.map(lambda value: json.dumps(value, ensure_ascii=False)),
        st.sampled_from(
            ["", "{}", '{"a":1}{"b":2}', '{"a":', "1}", "[NaN]", '{"a":1,"a":2}', "[" * 65, "1 2"]
            + [
                '{"a": "}", "b": [{',
                '}, {"c": ["d"]}',
                '{"{": "[',
                "[1,",
                "]",
                "{},",
                '"',
                "\\",
                "1e999",
                "9" * 21,
                "[[]" + ",[]" * 70 + "]",
                "\udcff",
            ]
        ),
    ),
    max_size=6,
)


@pytest.mark.slow
@given(LINES, st.sampled_from(["\n", "\r\n", "\n\n", " "]), st.booleans(), SPLITS)
def test_the_fast_path_delivers_what_the_plain_one_delivers(lines, end, lenient, splits):
    data = end.join(lines).encode("utf-8", "surrogateescape")
    for parts in (split_at(data, splits), [data], pieces(data, 1)):
        for bound in (1 << 20, 12):
            expected = delivered(PlainValues(bound, lenient), parts)
            assert delivered(JSONValues(bound, lenient), parts) == expected


@given(st.text('{}[]",:\\a\n', max_size=40), st.booleans(), SPLITS)
def test_the_fast_path_sees_every_end_of_a_value(tail, after_line, splits):
    """Brackets in any order, also after a line whose opening brackets are remembered."""
    data = (b'{"a":[{"b":1}]}\n' * after_line + b'{"a":[{' * (len(tail) % 2)) + tail.encode()
    for parts in (split_at(data, splits), [data], pieces(data, 1), pieces(data, 5)):
        assert delivered(JSONValues(), parts) == delivered(PlainValues(), parts)


@for_each(
    "data",
    [
        b"{]",
        b'{"a":[1]]\n',
        b'{"a":"{{{","b":1} 2\n',
        b'{"a":"\\"{","b":{"c":1},"d":2} 2\n',
        b'{"a":' * 64 + b"1" + b"}" * 64 + b"\n",
        b'{"a":' * 65 + b"1" + b"}" * 65 + b"\n",
        b'{"":' + b"[" * 63 + b"]" * 63 + b"}\n",
        b'{"":' + b"[" * 64 + b"]" * 64 + b"}\n",
        b'{"":' + b"{" * 70,
        b'{"a":[{"b":1}]}\n{"a":[{"b":' + b"[" * 61 + b"]" * 61 + b"}]}\n",
        b'{"a":[{"b":1}]}\n{"a":[{"b":' + b"[" * 62 + b"]" * 62 + b"}]}\n",
    ],
    ids=repr,
)
def test_the_fast_path_at_its_limits(data):
    for size in (1, 3, 60, 70, 1000):
        parts = pieces(data, size)
        assert delivered(JSONValues(), parts) == delivered(PlainValues(), parts)


@pytest.mark.parametrize("size", [100, 130, 65536])
def test_json_lines_are_not_scanned(monkeypatch, size):
    def no_scan(self, piece):
        raise AssertionError("a line is scanned mark by mark")

    monkeypatch.setattr(ValueScanner, "_scan", no_scan)
    line = json.dumps({"choices": [{"delta": {"content": " token"}}], "id": "x"}).encode()
    values, error = read(JSONValues(), pieces((line + b"\n") * 50, size))
    assert (values, error) == ([json.loads(line.decode())] * 50, None)


# ---- time: TXT-006 -----------------------------------------------------------------------------


@pytest.mark.parametrize("pretty", [False, True])
def test_each_byte_is_parsed_and_scanned_a_bounded_number_of_times(monkeypatch, pretty):
    """Documents of several lines must not be tried as lines again with each part."""
    parsed = []
    for name in ("parse_json", "parse_json_lines", "parse_short_line"):
        plain = getattr(json_values, name)
        monkeypatch.setattr(
            json_values,
            name,
            lambda data, *more, plain=plain: parsed.append(len(data)) or plain(data, *more),
        )
    document = [{"a": "x}" * 10, "b": [1, 2]}] * 400
    for text in (
        json.dumps(document, indent=1 if pretty else None).encode() + b"\n",
        b"".join(
            json.dumps(row, indent=1 if pretty else None).encode() + b"\n" for row in document
        ),
        b"".join(json.dumps(row).encode() for row in document),
    ):
        for size in (16, 100, 1024):
            del parsed[:]
            values, error = read(JSONValues(), pieces(text, size))
            assert error is None and len(values) in (1, 400)
            assert sum(parsed) <= 4 * len(text)


@pytest.mark.slow
def test_many_values_on_one_long_line():
    """A line with many values is tried as one value only once, not once per value."""
    assert len(JSONValues().feed(b'{"a":1}' * 200000 + b"\n")) == 200000
