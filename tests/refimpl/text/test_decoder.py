# SPDX-License-Identifier: MIT
"""Tests of refimpl/text/decoder.py: what all decoders have in common.

Each property is checked for every decoder: any split gives the same results and the same error,
nothing that arrived is lost, time is linear, and an error ends the decoder.
"""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.errors import Error, FrameError, ProtocolError, TextError, UsageError
from refimpl.text import (
    DEFAULT_MAX_ITEM_LENGTH,
    JSONValues,
    LineDecoder,
    ServerSentEventDecoder,
    Utf8Decoder,
    events_of,
    json_values_of,
    lines_of,
    strings_of,
)
from tests.refimpl.text.reading import (
    READERS,
    SPLITS,
    TEXTS,
    evidence_of,
    read,
    same_for_every_chunking,
    split_at,
)
from tests.support import pieces

# ---- any split: TXT-001 -------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(READERS))
@given(data=TEXTS, splits=SPLITS)
def test_any_split_gives_the_same_results_and_error(name, data, splits):
    make = READERS[name]
    results, error = same_for_every_chunking(make, data)
    again, other = read(make(), split_at(data, splits))
    assert (again, evidence_of(other)) == (results, evidence_of(error))


@pytest.mark.parametrize("name", sorted(READERS))
@given(data=st.binary(max_size=30), splits=SPLITS)
def test_any_bytes_give_results_or_a_text_error(name, data, splits):
    results, error = read(READERS[name](), split_at(data, splits))
    if error is not None:
        assert error.kind in ("utf8", "limit", "syntax", "truncated") and error.rule
        assert 0 <= error.offset <= len(data) and "\n" not in str(error)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(READERS))
@given(data=TEXTS, splits=SPLITS)
def test_nothing_is_lost(name, data, splits):
    """The unread bytes of an error are all bytes after the last result (TXT-007)."""
    decoder, fed, results = READERS[name](), b"", []
    try:
        for part in split_at(data, splits):
            fed += part
            results += decoder.feed(part)
            assert fed.endswith(decoder.unread)
        results += decoder.close()
    except TextError as error:
        results += error.results
        assert error.unread and fed.endswith(error.unread)
        assert len(fed) - len(error.unread) <= error.offset <= len(fed)
        before = fed[: len(fed) - len(error.unread)]
        assert read(READERS[name](), [before]) == (
            ["".join(results)] if "text" in name else results,
            None,
        )
    else:
        assert decoder.unread == b"" and decoder.offset == len(data)


# ---- time: TXT-006 -----------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    "name,start,end",
    [
        ("lines", b"", b"\n"),
        ("events", b"data:", b"\n\n"),
        ("values", b'"', b'"'),
        ("values", b"[", b"]"),
        ("values", b"", b" "),
    ],
)
def test_long_items_in_small_parts(name, start, end):
    """A decoder that searches the whole item again for each part would search 512 GiB here."""
    size = 8 << 20
    # SHP-006: an array of 524,288 numbers is short enough.
    numbers = {b"[": b"123456789012345,", b"": b"1"}
    filler = numbers.get(start, b"\\\\" if name == "values" else b"x")
    length = len(filler)
    filler *= size // len(filler)
    if start == b"[":
        filler = filler[:-1]
    decoder, results = READERS[name](), []
    try:
        for part in pieces(start + filler + end, 64):
            results += decoder.feed(part)
    except TextError as error:
        # An integer of eight million digits is too long.
        assert error.rule == "SHP-003" and start == b""
    else:
        item = results[0].data if name == "events" else results[0]
        # The array has no comma at its end, so round up.
        assert len(item) == -(-len(filler) // length)


# ---- errors and arguments ----------------------------------------------------------------------

INVALID_TEXTS = {
    "text": b"a\xff",
    "lines": b"a\n\xff\n",
    "events": b"data: 1\n\n\xff\n\n",
    "values": b"1 ]",
}


@pytest.mark.parametrize("name", sorted(INVALID_TEXTS))
def test_a_decoder_that_failed_accepts_no_more(name):
    decoder = READERS[name]()
    with pytest.raises(TextError) as caught:
        decoder.feed(INVALID_TEXTS[name])
    assert caught.value.__cause__ is None and caught.value.__suppress_context__
    with pytest.raises(UsageError) as again:
        decoder.feed(b"x")
    assert again.value.rule == "TXT-007" and "failed" in str(again.value)
    assert decoder.close() == [] and decoder.unread == b""
    decoder = READERS[name]()
    decoder.feed({"values": b"[", "text": b"\xe2"}.get(name, b"x"))
    with pytest.raises(TextError) as caught:
        decoder.feed(b"}" if name == "values" else b"\xff\n\n")
    # The decoder does not keep the bytes that the error has.
    assert caught.value.unread and decoder.unread == b""


@pytest.mark.parametrize("name", sorted(INVALID_TEXTS))
def test_a_closed_decoder_accepts_no_more(name):
    decoder = READERS[name]()
    decoder.feed(b"1")
    decoder.feed(b"\n\n") if name == "events" else decoder.feed(b"")
    decoder.close()
    assert decoder.close() == [] and decoder.unread == b""
    with pytest.raises(UsageError) as caught:
        decoder.feed(b"x")
    assert "closed" in str(caught.value)


@pytest.mark.parametrize("name", sorted(INVALID_TEXTS))
def test_an_error_at_the_end_ends_the_decoder(name):
    decoder = READERS[name]()
    data = {"values": b"1 [", "events": b"data: 1\n\nda"}.get(name, b"\xe2")
    decoder.feed(data)
    with pytest.raises(TextError):
        decoder.close()
    assert decoder.close() == []
    with pytest.raises(UsageError):
        decoder.feed(b"")


@pytest.mark.parametrize("data", ["text", 5, None, [b"x"]], ids=repr)
@pytest.mark.parametrize("name", sorted(INVALID_TEXTS))
def test_accepts_only_bytes(name, data):
    with pytest.raises(UsageError) as caught:
        READERS[name]().feed(data)
    assert caught.value.kind == "type"


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_accepts_bytearray_and_memoryview(kind):
    assert LineDecoder().feed(kind(b"a\n")) == ["a"]
    assert list(lines_of([kind(b"a"), kind(b"b\n")])) == ["ab"] and list(
        lines_of(kind(b"a\nb"))
    ) == ["a", "b"]


@pytest.mark.parametrize("make", [LineDecoder, ServerSentEventDecoder, JSONValues])
def test_maximum_lengths_are_positive_integers(make):
    for bound in (0, -1):
        with pytest.raises(UsageError) as caught:
            make(bound)
        assert caught.value.rule == "TXT-005" and caught.value.kind == "constraint"
    for bound in ("5", None, 5.0, True):
        with pytest.raises(UsageError) as caught:
            make(bound)
        assert caught.value.kind == "type"
    assert make(1)._max_length == 1 and make()._max_length == DEFAULT_MAX_ITEM_LENGTH


@pytest.mark.parametrize(
    "make",
    [
        Utf8Decoder,
        lambda errors: LineDecoder(errors=errors),
        lambda errors: ServerSentEventDecoder(errors=errors),
    ],
)
def test_treatments_of_invalid_utf8(make):
    for errors in ("ignore", "surrogateescape", "", None):
        with pytest.raises(UsageError) as caught:
            make(errors)
        assert caught.value.rule == "TXT-002"


@pytest.mark.parametrize("name", sorted(INVALID_TEXTS))
def test_errors_show_no_text(name):
    """Payloads may be secret, so an error shows only offsets, lengths and a single byte."""
    for data in (
        b'{"a":"hunter2","a":1}\nhunter2',
        b"hunter2\xffhunter2\n\n",
        b"hunter2",
        b'["hunter2',
    ):
        for make in (
            READERS[name],
            READERS.get(name + " of 5", READERS[name]),
            READERS.get(name + " of 6", READERS[name]),
        ):
            _, error = read(make(), [data])
            if error is not None:
                assert "hunter2" not in str(error) + repr(error)


def test_text_error():
    error = TextError("m", kind="utf8", results=(1,), unread=b"x", offset=3)
    assert (
        isinstance(error, ProtocolError)
        and TextError.results == ()
        and Error.unread == b""
        and TextError("m").kind == "syntax"
    )
    again = pickle.loads(pickle.dumps(error))
    assert (again.results, again.unread, again.offset, again.kind) == ((1,), b"x", 3, "utf8")


# ---- iterables ---------------------------------------------------------------------------------


def test_iterables_of_parts():
    parts = [b"data: {\xe2", b"\x82\xac}\r", b"\n\r\ndata: 1", b""]
    assert list(strings_of(parts)) == ["data: {", "€}\r", "\n\r\ndata: 1"]
    assert list(lines_of(iter(parts))) == ["data: {€}", "", "data: 1"]
    assert list(events_of(part for part in parts)) == [("message", "{€}", ""), ("message", "1", "")]
    assert list(json_values_of((b'{"a"', b":1}2"))) == [{"a": 1}, 2]


def test_iterables_pass_their_options():
    assert list(strings_of([b"\xff"], errors="replace")) == ["\ufffd"]
    assert list(lines_of([b"\xff"], errors="replace")) == ["\ufffd"]
    assert list(events_of([b"data:\xff"], errors="replace")) == [("message", "\ufffd", "")]
    for results in (
        lines_of([b"12345"], 4),
        lines_of([b"12345"], max_line_length=4),
        events_of([b"data:"], max_event_length=4),
        json_values_of([b"12345"], max_value_length=4),
    ):
        with pytest.raises(TextError) as caught:
            list(results)
        assert caught.value.kind == "limit"


@pytest.mark.parametrize(
    "function,data,whole",
    [
        (strings_of, b"a\xff", ["a"]),
        (lines_of, b"a\nb\n\xff\n", ["a", "b"]),
        (events_of, b"data:1\n\ndata:2\n\n\xff\n\n", [("message", "1", ""), ("message", "2", "")]),
        (json_values_of, b"1 2 ]", [1, 2]),
    ],
)
def test_yields_the_results_before_the_error(function, data, whole):
    came = []
    with pytest.raises(TextError) as caught:
        for result in function([data]):
            came.append(result)
    assert came == whole and caught.value.unread


@pytest.mark.parametrize(
    "function,data,whole,unread",
    [
        (strings_of, b"a\xe2", ["a"], b"\xe2"),
        (lines_of, b"a\nb\r", ["a"], b"b\r"),
        (events_of, b"data:1\n\ndata: 2\n", [("message", "1", "")], b"data: 2\n"),
        (json_values_of, b'[1] "a', [[1]], b'"a'),
    ],
)
def test_a_stream_that_breaks_inside_an_item(function, data, whole, unread):
    """The results come first, then the stream's error with the unfinished bytes (TXT-008)."""

    def parts():
        yield data[:3]
        yield data[3:]
        raise FrameError("cut", kind="truncated")

    came = []
    with pytest.raises(FrameError) as caught:
        for result in function(parts()):
            came.append(result)
    assert ("".join(came) if function is strings_of else came) == (
        whole[0] if function is strings_of else whole
    )
    assert caught.value.kind == "truncated" and caught.value.unread == unread


def test_other_exceptions_pass_unchanged():
    def parts():
        yield b"a"
        raise KeyError("x")

    with pytest.raises(KeyError):
        list(lines_of(parts()))


@pytest.mark.parametrize("function", [strings_of, lines_of, events_of, json_values_of])
def test_rejects_parts_that_are_not_bytes(function):
    with pytest.raises(UsageError) as caught:
        function(5)
    assert caught.value.kind == "type" and caught.value.actual == "int"
    with pytest.raises(UsageError) as caught:
        list(function([b"12", "34"]))
    assert caught.value.kind == "type"
    assert caught.value.unread == (b"" if function is strings_of else b"12")


def test_rejects_wrong_options_at_once():
    for function in (strings_of, lines_of, events_of):
        with pytest.raises(UsageError):
            function([], errors="ignore")
    with pytest.raises(UsageError):
        json_values_of([], 0)
