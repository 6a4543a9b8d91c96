# SPDX-License-Identifier: MIT
"""Tests of refimpl/text with input that no container should write.

Events of 100 MB, deep nesting, numbers of a million digits, duplicate names, streams that change
their format, invalid UTF-8 at every place. Whatever the bytes and their split are, only errors of
our tree escape, what came before is returned, and a loss is reported. The rules are TXT-001 to
TXT-007, TXT-050 and TXT-070.
"""

import base64
import gzip
import json
from typing import Any, List, Optional

import pytest

from refimpl.errors import Error, TextError
from refimpl.eventstream import encode
from refimpl.text import (
    DEFAULT_MAX_ITEM_LENGTH,
    JSONValues,
    LineDecoder,
    ModelText,
    ServerSentEventDecoder,
    deltas_of,
    events_of,
    parse_extraction,
)
from tests.rows import for_each
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
    text, warnings, error, summary = extract([events(A), *long, events(B)])
    assert (text, error, summary.unreadable) == ("ab", None, 1) and "too long" in warnings[0]
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


@pytest.mark.slow
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


# ---- foreign bytes: TXT-070 ----------------------------------------------------------------------

FRAME = encode(
    [
        (":message-type", "string", "event"),
        (":event-type", "string", "PayloadPart"),
        (":content-type", "string", "application/octet-stream"),
    ],
    b'hello world "x" \xff\xfe',
)
PAGE = b"<html>\r\n<h1>502 Bad Gateway</h1>\r\n</html>\r\n"
# The bytes, and the words that name them.
FOREIGN = {
    "HTML": (PAGE, "HTML or XML (<html>"),
    "HTML in one line": (b"<!DOCTYPE html><p>502</p>", "HTML or XML (<!DOCTYPE html><p>5"),
    "XML": (b'<?xml version="1.0"?>\n<Error><Code>Slow</Code></Error>', 'XML (<?xml version="1.'),
    "JSON error document": (b'{"message":"Endpoint timed out"}', "JSON error document"),
    "JSON error object": (b'{"error":{"message":"worker died"}}', '{"error"'),
    "HTTP": (
        b"HTTP/1.1 502 Bad Gateway\r\nServer: x\r\n\r\nBad",
        "an HTTP message (HTTP/1.1 502 Ba",
    ),
    "chunk size": (b"\r\n1f4\r\n", "chunk size"),
    "last chunk": (b"\r\n0\r\n\r\n", "chunk size"),
    "gzip": (gzip.compress(PAGE), "gzip (<html>"),
    "base64": (base64.b64encode(FRAME), "a base64-encoded frame"),
    "frame": (FRAME, "a frame of an event stream"),
    "replaced": (FRAME.decode("utf-8", "replace").encode(), "was decoded as UTF-8 text"),
    "Latin-1": (FRAME.decode("latin-1").encode(), "decoded as Latin-1 and written as UTF-8"),
    "UTF-16": (FRAME.decode("latin-1").encode("utf-16-le"), "written as UTF-16LE text"),
    "UTF-16 with a mark": ("oops".encode("utf-16"), "UTF-16 text (oop"),
    "text": (b"upstream connect error: reset", "text (upstream connect"),
    "word": (b"Unavailable", "text (Unavailable"),
    "traceback": (b"Traceback (most recent call last):\n  File x\n", "text (Traceback (most"),
}


def token(text):
    return b'{"token":{"text":"%s"}}' % text


# The values, the separator, what precedes them, and the path or preset.
GOOD_VALUES = {
    "events": ([events(token(b"a")), events(token(b"b"))], b"\n\n", b"", "djl"),
    "recognised events": ([events(token(b"a")), events(token(b"b"))], b"\n\n", b"", "auto"),
    "chat": (
        [events(b'{"choices":[{"delta":{"content":"%s"}}]}' % text) for text in (b"a", b"b")],
        b"\n\n",
        b"",
        "openai",
    ),
    "lines": ([token(b"a") + b"\n", token(b"b") + b"\n"], b"\n", b"", "djl"),
    "array": ([token(b"a") + b",\n", token(b"b") + b",\n"], b"\n", b"[", "djl"),
    "documents": (
        [b'[{"generated_text": "%s"}]\n' % text for text in (b"a", b"b")],
        b"\n",
        b"",
        "generated-text",
    ),
    "a path": ([A + b"\n", B + b"\n"], b"\n", b"", "t"),
}


def reports_of(data, where):
    """Return the text and all warnings and errors for data, which must not depend on its split."""
    found = set()
    for parts in ([data], [data[i : i + 1] for i in range(len(data))], pieces(data, 7)):
        text, warnings, error, summary = extract(parts, where)
        found.add((text, "\n".join(warnings + [str(error)])))
        if where in ("djl", "openai"):
            assert not summary.complete
    assert len(found) == 1
    return found.pop()


@pytest.mark.slow
@for_each("form", GOOD_VALUES)
@for_each("foreign", FOREIGN)
def test_foreign_bytes_are_named(form, foreign):
    """TXT-070: between values, at the end, and where the text ends within them."""
    values, separator, before, where = GOOD_VALUES[form]
    data, words = FOREIGN[foreign]
    start = before + values[0]
    whole_value = foreign == "JSON error object"
    text, reports = reports_of(start + data + separator + values[1], where)
    assert text == ("a" if whole_value else "ab") and words in reports
    text, reports = reports_of(start + values[1] + data, where)
    assert text == "ab" and words in reports
    for length in {len(data) * 2 // 3, len(data) - 1}:
        text, reports = reports_of(start + data[:length], where)
        cut = words.partition(" (")[0] if "(" in words else words
        is_short = foreign in ("chunk size", "last chunk") and not data[:length].strip()
        assert text == "a" and (is_short or cut in reports), length


# A string may contain every line of text, so only some formats can be recognised in it.
@pytest.mark.parametrize(
    "foreign", ["HTML in one line", "XML", "HTTP", "gzip", "frame", "Latin-1", "UTF-16", "replaced"]
)
def test_foreign_bytes_in_a_growing_document_are_named(foreign):
    data, words = FOREIGN[foreign]
    for end in (b"", b"more"):
        document = b'[{"generated_text": "some words ' + data + end
        text, reports = reports_of(document, "auto")
        assert text.startswith("some words ")
        assert any(name in reports for name in words.partition(" (")[0].split(" or "))
        assert "the text ends inside a JSON value" in reports


def test_foreign_bytes_within_a_broken_value_are_named():
    data = lines(A, b'{"t":"half of ' + PAGE.replace(b"\r\n", b"") + b'"x}', B)
    text, reports = reports_of(data, "t|u")
    assert text == "ab" and "HTML (<html><h1>502 Bad Gateway</h1></html>" in reports


def test_the_decoder_of_events_names_foreign_bytes_without_their_text():
    for data, _ in FOREIGN.values():
        if b":" in data.replace(b"\r", b"\n").rpartition(b"\n")[2] or data.endswith(b"\n"):
            continue
        decoder = ServerSentEventDecoder(errors="replace")
        with pytest.raises(TextError) as caught:
            decoder.feed(events(A) + data)
            decoder.close()
        assert (caught.value.rule, caught.value.kind) == ("TXT-031", "truncated")
        assert "Gateway" not in str(caught.value) and "upstream" not in str(caught.value)
    with pytest.raises(TextError, match="its last line is HTML or XML"):
        list(events_of([events(A) + b"<html>"]))


def test_secrets_in_foreign_bytes_are_hidden():
    data = lines(A) + b"X-Amz-Security-Token: SECRET\n" + lines(B)
    text, reports = reports_of(data, "t")
    assert text == "ab" and "SECRET" not in reports and "<hidden>" in reports


def test_numbers_and_messages_as_text_are_no_foreign_bytes():
    for data, where in (
        (lines(b'{"message":"a"}', b'{"message":"b"}'), "message"),
        (lines(b"[1]", b"[2]"), "[0]"),
        (lines(b'{"detail":"a"}'), "detail"),
    ):
        _, warnings, error, _ = extract([data], where)
        assert (warnings, error) == ([], None)
