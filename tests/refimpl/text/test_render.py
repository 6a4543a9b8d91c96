# SPDX-License-Identifier: MIT
"""Tests of refimpl/text/render.py: what `invoke` writes of a text, in a format, or extracted by a path; and the timings.

The plan: bytes are rendered in every chunking, and the whole that comes out must not depend on it. The containers' forms that
are met in the wild stand here as they write them. Paths are compared with a reader of this file's own.
"""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import refimpl.text.detection
from refimpl.cli.rendering import TEXT_FORMATS, json_line, rendered
from refimpl.cli.timings import Timings
from refimpl.errors import FrameError, TextError, UsageError
from refimpl.shapes import ModelStreamError, PayloadPart
from refimpl.text.detection import chosen_format
from refimpl.text.extraction import PRESETS, extracted, parse_extraction, parse_path, value_at
from tests.support import chunkings, pieces


def render(parts, *arguments, **options):
    """Return all that is written, and the error behind it or None."""
    written = b""
    try:
        for piece in rendered(parts, *arguments, **options):
            assert piece
            written += piece
    except (TextError, FrameError) as error:
        return written, error
    return written, None


def render_all(data, *arguments, **options):
    """Render data in every chunking; return what all of them give."""
    written, error = render([data], *arguments, **options)
    for name, parts in chunkings(data):
        again, other = render(parts, *arguments, **options)
        assert (again, str(other)) == (written, str(error)), name
    return written, error


# ---- formats -----------------------------------------------------------------------------------------------------

SSE = 'data: {"a":1}\r\n\r\n: ping\n\nevent: e\nid: 7\ndata: x\ndata: €\n\ndata: [DONE]'.encode()
SSE_LINES = [
    {"event": "message", "data": '{"a":1}', "id": ""},
    {"event": "e", "data": "x\n€", "id": "7"},
    {"event": "message", "data": "[DONE]", "id": "7"},
]


def test_text_comes_as_it_is():
    text = "a\r\nb\r€\n\u2028 c"
    assert render_all(text.encode(), "text") == (text.encode(), None)
    assert list(rendered([b"\xe2", b"\x82", b"\xacx"], "text")) == ["€x".encode()]


def test_lines_come_one_on_a_line():
    assert render_all(b"a\r\nb\rc\n\n\xc2\x85d", "lines") == (b"a\nb\rc\n\n\xc2\x85d\n", None)


def test_events_come_as_json_lines():
    written, error = render_all(SSE, "sse")
    assert (
        error is None
        and [json.loads(line) for line in written.decode("ascii").splitlines()] == SSE_LINES
    )


@pytest.mark.parametrize(
    "form,data,written,kind",
    [
        ("text", b"a\xe2\x82", b"a\xe2\x82", "utf8"),
        ("text", b"a\xffb", b"a\xffb", "utf8"),
        ("lines", b"a\nb\xff\n", b"a\nb\xff\n", "utf8"),
        ("lines", b"a\nb\xe2", b"a\nb\xe2", "utf8"),
    ],
)
def test_bytes_that_cannot_be_read_are_written_as_they_came(form, data, written, kind):
    assert render([data], form)[0] == written
    assert (
        render_all(data, form)[1].kind == kind
        if form == "lines" or data.endswith(b"\x82")
        else True
    )


def test_a_rest_of_events_is_a_last_line():
    written, error = render_all(b"data: 1\n\ndata: 2\nda", "sse")
    lines = [json.loads(line) for line in written.decode("ascii").splitlines()]
    assert (
        lines == [{"event": "message", "data": "1", "id": ""}, {"unread": "ZGF0YTogMgpkYQ=="}]
        and error.kind == "truncated"
    )


def breaking(*parts):
    yield from parts
    raise FrameError("cut", kind="truncated")


@pytest.mark.parametrize(
    "form,written",
    [
        ("text", b"a\nb\xe2"),
        ("lines", b"a\nb\xe2"),
        ("sse", b'{"unread":"YQpi4g=="}\n'),
        ("auto", b"a\nb\xe2"),
    ],
)
def test_a_stream_that_breaks(form, written):
    assert render(breaking(b"a\nb", b"\xe2"), form)[0] == written
    assert render(breaking(b"a\nb", b"\xe2"), form)[1].kind == "truncated"


def test_what_is_extracted_is_whole():
    written, error = render(
        breaking(b'{"a":"x"}{"a"', b':"y'), "auto", extraction=parse_extraction("a")
    )
    assert (written, error.kind, error.unread) == (b"x", "truncated", b'{"a":"y')


def test_the_formats():
    assert TEXT_FORMATS == ("text", "lines", "sse", "auto")
    assert json_line({"a": "€\n"}) == b'{"a":"\\u20ac\\n"}\n'


# ---- auto --------------------------------------------------------------------------------------------------------


# CLI-011
@pytest.mark.parametrize(
    "data,content_type,form",
    [
        (b"data: x\n\n", None, "sse"),
        (b"data:x", "application/json", "sse"),
        (b": ping\n\n", "text/plain", "sse"),
        (b"\n\nid: 1\n", "", "sse"),
        (b"\xef\xbb\xbfevent: x", "", "sse"),
        (b"hello", "text/event-stream", "sse"),
        (b"", "text/event-stream;charset=utf-8", "sse"),
        (b'{"a":1}\n', "text/event-stream", "text"),
        (b"[1]", " Text/Event-Stream ", "text"),
        (b'{"a":1}\n', "application/jsonlines", "lines"),
        (b'{"a":1}\n', "application/x-ndjson; x=y", "lines"),
        (b'{"a":1}\n', "application/json", "text"),
        (b"hello", "", "text"),
        (b"hello", "text/plain; charset=utf-8", "text"),
        (b"hello", 'text/plain; Charset="UTF8"', "text"),
        (b"h\xe9llo", "text/plain", "raw"),
        (b"hello", "text/plain; charset=iso-8859-1", "raw"),
        (b"a\0b", "application/octet-stream", "raw"),
        (b"\x89PNG", "image/png", "raw"),
        (b"\xff", "", "raw"),
        (b"a", "audio/wav", "raw"),
        (b"<a/>", "application/atom+xml", "text"),
        (b"", "", "text"),
        (b"dat", "", "text"),
        (b"d", "", "text"),
        (b"\xef\xbb", "", "text"),
        (b"\xe2\x82", "", "text"),
        (b"data", "application/jsonlines", "lines"),
        (b"\n" * 100 + b"data: x", "", "text"),
    ],
)
def test_the_format_that_suits(data, content_type, form):
    for name, parts in chunkings(data):
        chosen, again = chosen_format(parts, content_type or "")
        assert b"".join(again) == data, name
        if not data.startswith(b"h\xe9"):
            assert chosen == form, name
    assert chosen_format([data], content_type or "")[0] == form


def test_no_part_is_awaited_that_is_not_needed():
    def parts():
        yield b"da"
        yield b"ta: 1"
        raise AssertionError("one part too many")

    form, again = chosen_format(parts())
    assert form == "sse" and next(again) == b"da" and next(again) == b"ta: 1"


def test_empty_parts_are_not_looked_at(monkeypatch):
    looked = []
    monkeypatch.setattr(
        refimpl.text.detection,
        "could_be_events",
        lambda start: looked.append(start) or len(start) < 5,
    )
    form, again = chosen_format([b""] * 1000 + [b"da"] + [b""] * 1000 + [b"ta:", b"", b" 1"])
    assert (form, looked, list(again)) == ("sse", [b"da", b"data:"], [b"da", b"ta:", b"", b" 1"])


def test_auto_is_one_of_the_formats():
    assert render_all(SSE, "auto") == render_all(SSE, "sse")
    assert render_all(b"a\r\nb", "auto", "application/jsonlines") == (b"a\nb\n", None)
    assert render_all(b"a\r\nb", "auto", "application/json") == (b"a\r\nb", None)
    assert render_all(b"\xff\0", "auto", "image/png") == (b"\xff\0", None)


def test_auto_loses_nothing_before_it_has_chosen():
    assert (
        render(breaking(b"da"), "auto")[0] == b"da"
        and render(breaking(b"da"), "auto")[1].kind == "truncated"
    )
    assert render(breaking(), "auto")[1].kind == "truncated"


# ---- paths -------------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize(
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
def test_what_is_no_path(text, offset):
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
def test_what_stands_at_a_path(value, steps):
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
def test_paths_come_back(paths):
    text = "|".join("".join(f"[{json.dumps(step)}]" for step in steps) for steps in paths)
    assert parse_path(text) == tuple(map(tuple, paths))


# ---- extraction --------------------------------------------------------------------------------------------------

TGI = (
    b'data:{"index":1,"token":{"id":1,"text":"Hel","logprob":-0.1,"special":false},"generated_text":null}\n\n'
    b'data:{"index":2,"token":{"id":2,"text":"lo","logprob":-0.1,"special":false},"generated_text":null}\n\n'
    b'data:{"index":3,"token":{"id":3,"text":"</s>","logprob":-0.1,"special":true},"generated_text":"Hello"}\n\n'
)
DJL = (
    b'{"token": {"id": 1, "text": "Hel", "log_prob": -0.1}}\n{"token": {"id": 2, "text": "lo", "log_prob": -0.1}}\n'
    b'{"token": {"id": 3, "text": "", "log_prob": 0.0}, "details": {"finish_reason": "length"}, "generated_text": "Hello"}\n'
)
OLD_DJL = b'{"outputs": ["Hel"]}\n{"outputs": ["lo"]}\n'
CHAT = (
    b'data: {"id":"1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n'
    b': ping\n\ndata: {"id":"1","choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}\n\n'
    b'data: {"id":"1","choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":null}]}\n\n'
    b'data: {"id":"1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    b'data: {"id":"1","choices":[],"usage":{"total_tokens":9}}\n\ndata: [DONE]\n\n'
)
COMPLETION = b'data: {"choices":[{"index":0,"text":"Hel"}]}\n\ndata: {"choices":[{"index":0,"text":"lo"}]}\n\ndata: [DONE]\n\n'


@pytest.mark.parametrize(
    "preset,data",
    [
        ("tgi", TGI),
        ("djl", DJL),
        ("lmi", DJL),
        ("djl", OLD_DJL),
        ("openai", CHAT),
        ("vllm", CHAT),
        ("sglang", CHAT),
        ("vllm", COMPLETION),
        ("choices[0].delta.content", CHAT),
        ("token.text", DJL),
    ],
)
def test_what_containers_write(preset, data):
    assert render_all(data, "auto", extraction=parse_extraction(preset)) == (b"Hello", None)


def test_each_token_comes_by_itself():
    assert list(rendered([CHAT], "sse", extraction=parse_extraction("openai"))) == [b"Hel", b"lo"]
    assert list(rendered(pieces(DJL, 7), "lines", extraction=parse_extraction("djl"))) == [
        b"Hel",
        b"lo",
    ]


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
def test_what_is_written_of_a_value(value, written):
    assert extract([{"a": value}, {"b": 1}, [], None, "text", {"a": value}], "a") == (
        written * 2,
        [],
    )


def test_alternatives_and_special_tokens():
    assert extract([{"a": None, "b": "x"}, {"a": "y", "b": "z"}, {"c": 1}], "a|b") == (b"xy", [])
    special = [{"token": {"text": "a", "special": flag}} for flag in (False, True, None, "true", 1)]
    assert extract(special, "tgi")[0] == b"aaaa" and extract(special, "token.text")[0] == b"aaaaa"


def test_an_error_in_the_answer_is_told():
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


@pytest.mark.parametrize(
    "data,kind",
    [
        (b"data: hello\n\n", "syntax"),
        (b'data: {"a":\n\n', "syntax"),
        (b"data: " + b"[" * 70 + b"\n\n", "limit"),
        (b'data: {"secret":1,"secret":2}\n\n', "syntax"),
    ],
)
def test_data_that_is_no_json(data, kind):
    written, error = render_all(
        b'data: {"a":"x"}\n\n' + data, "auto", extraction=parse_extraction("a")
    )
    assert (
        (written, error.kind) == (b"x", kind)
        and "server-sent event" in str(error)
        and "secret" not in str(error)
    )


def test_text_that_is_no_json():
    written, error = render_all(b"hello", "auto", extraction=parse_extraction("a"))
    assert (written, error.kind) == (b"", "syntax")
    assert render_all(b"data:\n\ndata: [DONE]\n\n", "auto", extraction=parse_extraction("a")) == (
        b"",
        None,
    )


# ---- timings -----------------------------------------------------------------------------------------------------


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def test_timings():
    clock = Clock()
    timings = Timings(clock)

    def events():
        for wait, data in ((0.5, b""), (1.0, b"ab"), (0.25, b"c"), (4.0, b"defg")):
            clock.now += wait
            yield PayloadPart(bytes=data)
        yield ModelStreamError()  # no part

    seen = []
    for event in timings.timed_events(events(), parts_are_tokens=False):
        seen.append(event)
        if event == PayloadPart(bytes=b"c"):
            assert list(timings.timed_pieces([b"", b"c"])) == [b"", b"c"]
            clock.now += 0.5
            assert list(timings.timed_pieces([b"c"])) == [b"c"]
    clock.now += 1
    assert len(seen) == 5
    assert timings.to_json() == {
        "first_part": 0.5,
        "first_token": 1.75,
        "gap_min": 0.25,
        "gap_median": 1.0,
        "gap_max": 4.5,
        "total": 7.25,
        "parts": 4,
        "bytes": 7,
    }


def test_parts_as_tokens():
    clock = Clock()
    timings = Timings(clock)

    def events():
        clock.now += 1
        yield PayloadPart(bytes=b"")
        clock.now += 1
        yield PayloadPart(bytes=b"x")

    assert len(list(timings.timed_events(events(), parts_are_tokens=True))) == 2
    assert timings.to_json()["first_token"] == 2.0 and timings.to_json()["first_part"] == 1.0


def test_timings_of_nothing():
    clock = Clock()
    timings = Timings(clock)
    clock.now += 1 / 3
    assert timings.to_json() == {
        "first_part": None,
        "first_token": None,
        "gap_min": None,
        "gap_median": None,
        "gap_max": None,
        "total": 0.333333,
        "parts": 0,
        "bytes": 0,
    }
