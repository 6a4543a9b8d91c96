# SPDX-License-Identifier: MIT
"""Tests of refimpl/text with input that no container should write.

Events of 100 MB, deep nesting, numbers of a million digits, duplicate names, streams that change
their format, invalid UTF-8 at every place. Whatever the bytes and their split are, only errors of
our tree escape, what came before is returned, and a loss is reported. The rules are TXT-001 to
TXT-007 and TXT-050.
"""

import json
from typing import Any, List, Optional

import pytest

from refimpl.errors import Error, TextError
from refimpl.text import (
    DEFAULT_MAX_ITEM_LENGTH,
    JSONValues,
    LineDecoder,
    ModelText,
    ServerSentEventDecoder,
    deltas_of,
    parse_extraction,
)
from tests.support import chunkings, pieces

MIB = 1024 * 1024


def extract(parts, where="t", **options):
    """Return the text, the warnings, the error or None, and the summary."""
    warnings: List[str] = []
    model_text = ModelText(parse_extraction(where), warn=warnings.append, **options)
    text, error = "", None
    try:
        for delta in deltas_of(parts, model_text):
            text += delta.text
    except Error as caught:
        error = caught
    return text, warnings, error, model_text.summary


def events(*texts):
    return b"".join(b"data: " + text + b"\n\n" for text in texts)


def lines(*texts):
    return b"".join(text + b"\n" for text in texts)


A, B = b'{"t":"a"}', b'{"t":"b"}'


# ---- items beyond the bound: TXT-069 -------------------------------------------------------------

LONG = b'{"t":"' + b"x" * 500 + b'"}'


@pytest.mark.parametrize(
    "data, offset",
    [
        (events(A, LONG, B), 17),
        (events(A, LONG, B).replace(b"\n", b"\r\n"), 19),
        (events(A, LONG, B).replace(b"\n", b"\r"), 17),
        (events(A) + b"data: 1\n" * 90 + b"\n" + events(B), 17),
        (events(A) + b": ping\n" * 90 + b"\n\n\n" + events(B), 17),
        (lines(A, LONG, B), 10),
        (lines(A, LONG[1:-1].partition(b":")[2], B), 10),
        (A + LONG + b"\n" + B, 9),
        (b"[" + A + b",\n" + LONG + b",\n" + B + b"]", 12),
    ],
)
def test_an_item_beyond_the_bound_is_skipped(data, offset):
    for _, parts in chunkings(data):
        text, warnings, error, summary = extract(parts, "t|u", max_length=100)
        assert (text, error, summary.unreadable, summary.complete) == ("ab", None, 1, False)
        assert len(warnings) == 1 and f"value 2 at byte {offset}: skipped: " in warnings[0]
        assert "too long (" in warnings[0]


@pytest.mark.parametrize("data", [events(A, LONG)[:-1], lines(A, LONG)[:-3]])
def test_a_text_that_ends_beyond_the_bound(data):
    for _, parts in chunkings(data):
        text, warnings, error, summary = extract(parts, "t|u", max_length=100)
        assert (text, error, summary.unreadable) == ("a", None, 1)


def test_items_at_the_bound_are_read():
    for data in (events(b'{"t":"%s"}' % (b"x" * 86)), lines(b'{"t":"%s"}' % (b"x" * 92))):
        for _, parts in chunkings(data):
            text, warnings, error, _ = extract(parts, "t|u", max_length=100)
            assert (set(text), warnings, error) == ({"x"}, [], None)


# ---- sizes ---------------------------------------------------------------------------------------


def repeated(start, unit, times, end):
    """Yield a long item in pieces, without ever keeping it."""
    yield start
    for _ in range(times):
        yield unit
    yield end


BLOCK = b"".join(b"%x " % (number * number) for number in range(9000))[:65536]
TIMES = 100 * MIB // len(BLOCK)


@pytest.mark.slow
@pytest.mark.parametrize(
    "decoder,start,end",
    [
        (LineDecoder, b"a\n", b"\nb\n"),
        (ServerSentEventDecoder, b"data: a\n\ndata: ", b"\n\ndata: b\n\n"),
        (JSONValues, b'"a" "', b'" "b"'),
    ],
)
def test_an_item_of_100_mb(decoder, start, end):
    reader, results = decoder(), []
    with pytest.raises(TextError) as caught:
        for part in repeated(start, BLOCK, TIMES, end):
            results += reader.feed(part)
    error = caught.value
    assert error.kind == "limit" and error.rule == "TXT-005" and len(results) == 1
    # The error has every byte that had arrived, and comes as soon as the limit is reached.
    assert 0 <= len(error.unread) - DEFAULT_MAX_ITEM_LENGTH <= len(BLOCK) + 16
    # A larger limit accepts the item. A JSON document has at most 64 MiB (SHP-006).
    times = TIMES // 2 if decoder is JSONValues else TIMES
    reader, results = decoder(200 * MIB), []
    for part in repeated(start, BLOCK, times, end):
        results += reader.feed(part)
    results += reader.close()
    assert len(results) == 3
    long: Any = results[1]
    long = getattr(long, "data", long)
    assert len(long) == times * len(BLOCK) and long.endswith(BLOCK.decode())


@pytest.mark.slow
def test_a_token_of_100_mb():
    long = list(repeated(b'{"t":"', BLOCK, TIMES, b'"}\n'))
    text, warnings, error, summary = extract([lines(A), *long, lines(B)], "t|u")
    assert (text, error, summary.unreadable) == ("ab", None, 1) and "too long" in warnings[0]
    long = list(repeated(b'data: {"t":"', BLOCK, TIMES, b'"}\n\n'))
    text, _, error, summary = extract([events(A), *long, events(B)])
    assert text == "a" and error.kind == "limit" and not summary.complete
    # One string is returned as it arrives, up to the limit.
    text, warnings, error, summary = extract([A, *repeated(b'{"t":"', BLOCK, TIMES, b'"}')])
    assert text.startswith("a0 1 4 ") and len(text) >= DEFAULT_MAX_ITEM_LENGTH - len(BLOCK)
    assert error is None and summary.unreadable == 1 and not summary.complete


@pytest.mark.parametrize("opening", [b"[", b'{"t":', b"[ ", b'[{"t":'])
@pytest.mark.parametrize("closing", [True, False])
def test_ten_thousand_nested_arrays(opening, closing):
    deep = opening * 10000
    if closing:
        deep += b"1" + b"".join({"[": b"]", "{": b"}"}.get(chr(b), b"") for b in deep[::-1])
    for parts in ([events(A, deep, B)], pieces(events(A, deep, B), 999)):
        text, warnings, error, summary = extract(parts)
        assert (text, error, summary.unreadable) == ("ab", None, 1)
        assert "too deeply" in warnings[0]
    for parts in ([lines(A, deep, B)], pieces(lines(A, deep, B), 999)):
        text, warnings, error, summary = extract(parts, "t|u")
        assert text == "ab" and error is None and not summary.complete
    reader = JSONValues()
    with pytest.raises(TextError) as caught:
        reader.feed(lines(A, deep, B))
    assert caught.value.kind == "limit" and caught.value.results == ({"t": "a"},)


@pytest.mark.parametrize(
    "number",
    [b"9" * 10**6, b"-" + b"1" * 10**6, b"0." + b"1" * 10**6, b"1e" + b"9" * 10**6],
    ids=["digits", "negative", "decimals", "exponent"],
)
def test_a_number_of_a_million_digits(number):
    value = b'{"t":"x","id":' + number + b"}"
    for name, stream in (("events", events(A, value, B)), ("lines", lines(A, value, B))):
        for parts in ([stream], pieces(stream, 4096)):
            text, warnings, error, summary = extract(parts)
            assert error is None and text in ("ab", "axb"), name
            # The value is read, or reported. Among lines its text may be returned before it fails.
            assert summary.complete == (not warnings), name
            assert text == "axb" or not summary.complete, name
            text, _, error, _ = extract(parts, "id")
            assert error is None and len(text) < 100
    for parts in ([lines(A, number, B)], pieces(lines(A, number, B), 4096)):
        text, _, error, _ = extract(parts)
        assert (text, error) == ("ab", None)


def test_duplicate_names():
    for twice in (b'{"t":"x","t":"y"}', b'{"u":{"t":1,"t":2},"t":"x"}', b'{"t":"x","\\u0074":"y"}'):
        for stream, texts in ((events(A, twice, B), ["ab"]), (lines(A, twice, B), ["ab", "axb"])):
            for name, parts in chunkings(stream):
                text, warnings, error, summary = extract(parts)
                assert (error, summary.unreadable) == (None, 1) and text in texts, name
                assert "a name twice" in warnings[0], name


# ---- streams that change -------------------------------------------------------------------------

FORMS = {
    "events": events(A, B),
    "lines": lines(A, B),
    "array": b"[" + A + b",\n" + B + b"]\n",
    "indented": json.dumps({"t": "ab"}, indent=1).encode() + b"\n",
    "row": A + B + b"\n",
    "bare": A + b"\n\n" + B + b"\n\n",
}


@pytest.mark.parametrize("first", sorted(FORMS))
@pytest.mark.parametrize("then", sorted(FORMS))
def test_a_stream_that_changes_its_format(first, then):
    """Nothing is lost without a report."""
    stream = FORMS[first] + FORMS[then]
    whole: Optional[Any] = None
    for name, parts in chunkings(stream):
        text, warnings, error, summary = extract(parts)
        if text != "abab":
            assert error is not None or not summary.complete or warnings, (name, text)
        told = (text, warnings, str(error), summary._replace(deltas=0))
        whole = whole or told
        assert told == whole, name


# ---- invalid UTF-8 -------------------------------------------------------------------------------

STREAMS = [
    events(A, '{"t":"\u20ac"}'.encode()) + b"data: [DONE]\n\n",
    b": ping\n\nevent: t\nid: 1\ndata: " + A + b"\n\n",
    lines(A, '{"t":"\U0001f600"}'.encode()) + b"[DONE]\n",
    b'[{"t": "a"}, {"t":"\xc3\xa9"}]',
]


@pytest.mark.parametrize("stream", STREAMS, ids=range(len(STREAMS)))
@pytest.mark.parametrize("bad", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf0\x9f"])
def test_invalid_utf8_at_every_place(stream, bad):
    complete = extract([stream])[0]
    for place in range(len(stream) + 1):
        damaged = stream[:place] + bad + stream[place:]
        split = [stream[:place], bad, stream[place:]]
        within = [stream[:place] + bad[:1], bad[1:] + stream[place:]]
        told = None
        for parts in ([damaged], split, within, pieces(damaged, 1)):
            text, warnings, error, summary = extract(parts)
            assert set(text) <= set(complete), (text, damaged)
            again = (text, warnings, str(error), summary._replace(deltas=0))
            told = told or again
            assert again == told, place
        # A loss is reported. Only a comment, a type or an id may be damaged without a trace.
        if error is None and summary.complete and not warnings:
            assert text == complete or b"ping" in stream, (place, damaged)


@pytest.mark.parametrize("decoder", [LineDecoder, ServerSentEventDecoder, JSONValues])
def test_the_decoders_reject_invalid_utf8_at_every_place(decoder):
    stream = STREAMS[2] if decoder is JSONValues else STREAMS[0]
    for place in range(len(stream) + 1):
        told = None
        damaged = stream[:place] + b"\xff" + stream[place:]
        for parts in ([damaged], [stream[:place], b"\xff", stream[place:]], pieces(damaged, 1)):
            reader, results = decoder(), []
            try:
                for part in parts:
                    results += reader.feed(part)
                results += reader.close()
                kind = None
            except TextError as error:
                results += error.results
                kind = error.kind
            assert kind == "utf8" or decoder is JSONValues, place
            told = told or (results, kind)
            assert (results, kind) == told, place
