# SPDX-License-Identifier: MIT
"""Tests of refimpl/text/utf8.py, compared with the standard library's decoder."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.errors import TextError
from refimpl.text import (
    JSONValues,
    LineDecoder,
    ServerSentEventDecoder,
    Utf8Decoder,
)
from tests.refimpl.text.reading import SPLITS, TEXTS, read, same_for_every_chunking, split_at
from tests.rows import for_each
from tests.support import pieces


@given(st.text(max_size=40), SPLITS)
def test_returns_complete_characters(text, splits):
    data = text.encode("utf-8")
    assert read(Utf8Decoder(), split_at(data, splits)) == ([text], None)
    decoder = Utf8Decoder()
    for place, part in enumerate(pieces(data, 1)):  # each character at its last byte: TXT-004
        decoder.feed(part)
        assert len(decoder.unread) <= 3
        data[: place + 1 - len(decoder.unread)].decode("utf-8")
        assert decoder.offset == place + 1 - len(decoder.unread)


@given(TEXTS, SPLITS)
def test_replaces_as_the_standard_library_does(data, splits):
    assert read(Utf8Decoder("replace"), split_at(data, splits)) == (
        [data.decode("utf-8", "replace")],
        None,
    )


INVALID = [
    (b"\xff", 0),
    (b"\x80", 0),
    (b"\xc0\x80", 0),
    (b"\xc3(", 0),
    (b"\xe2\x82(", 0),
    (b"\xed\xa0\x80", 0),
    (b"\xf4\x90\x80\x80", 0),
    (b"\xf0\x9f\x98", 0),
    (b"\xe2\x82", 0),
    (b"\xc3", 0),
]


@pytest.mark.slow
@for_each("invalid,_", INVALID, ids=lambda value: repr(value))
@for_each(
    "before,after",
    [
        (b"", b""),
        (b"ab", b""),
        (b"", b"cd"),
        ("€\n".encode(), b"x\ny\n\n"),
        (b"data: 1\n\n", b"\n\n"),
    ],
)
def test_invalid_utf8_at_every_position(invalid, _, before, after):
    data, at = before + invalid + after, len(before)
    for make in (Utf8Decoder, LineDecoder, ServerSentEventDecoder):
        results, error = same_for_every_chunking(make, data)
        assert (error.kind, error.rule, error.offset, error.expected) == (
            "utf8",
            "TXT-002",
            at,
            "UTF-8",
        )
        assert error.actual == f"byte 0x{invalid[0]:02x}"
    results, error = same_for_every_chunking(
        JSONValues, b'[1] "' + data.replace(b"\n", b" ") + b'"'
    )
    assert (results, error.kind, error.offset) == ([[1]], "utf8", at + 5)


def test_text_that_ends_inside_a_character():
    decoder = Utf8Decoder()
    assert (
        decoder.feed(b"a\xf0\x9f") == ["a"]
        and decoder.unread == b"\xf0\x9f"
        and decoder.offset == 1
    )
    with pytest.raises(TextError) as caught:
        decoder.close()
    assert (caught.value.kind, caught.value.offset, caught.value.unread) == ("utf8", 1, b"\xf0\x9f")
    assert caught.value.results == ()
    decoder = Utf8Decoder("replace")
    assert (
        decoder.feed(b"a\xf0\x9f") == ["a"]
        and decoder.close() == ["\ufffd"]
        and decoder.close() == []
    )


def test_text_before_an_error_is_not_lost():
    with pytest.raises(TextError) as caught:
        Utf8Decoder().feed(b"ab\xffcd")
    assert (caught.value.results, caught.value.unread) == (("ab",), b"\xffcd")
    assert Utf8Decoder().feed(b"") == [] and Utf8Decoder().feed(b"\xe2") == []
