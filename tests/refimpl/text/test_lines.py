# SPDX-License-Identifier: MIT
"""Tests of refimpl/text/lines.py: lines, compared with a plain reader of a whole text."""

import pytest
from hypothesis import given

from authoring.plain_text import lines_of_text
from refimpl.errors import TextError
from refimpl.text import (
    LineDecoder,
)
from tests.refimpl.text.reading import SPLITS, TEXTS, read, same_for_every_chunking, split_at
from tests.support import pieces


@given(TEXTS, SPLITS)
def test_lines_match_the_plain_reader(data, splits):
    assert read(LineDecoder(errors="replace"), split_at(data, splits)) == (
        lines_of_text(data.decode("utf-8", "replace")),
        None,
    )
    results, error = read(LineDecoder(), split_at(data, splits))
    try:
        assert (results, error) == (lines_of_text(data.decode("utf-8")), None)
    except UnicodeDecodeError as invalid:
        assert error.offset == invalid.start
        assert results == lines_of_text(
            data[: data.rfind(b"\n", 0, invalid.start) + 1].decode("utf-8")
        )


@pytest.mark.parametrize(
    "data,lines",
    [
        (b"", []),
        (b"\n", [""]),
        (b"\r\n", [""]),
        (b"\n\n", ["", ""]),
        (b"a", ["a"]),
        (b"a\n", ["a"]),
        (b"a\r\n", ["a"]),
        (b"a\nb", ["a", "b"]),
        (b"a\r", ["a\r"]),
        (b"\r", ["\r"]),
        (b"a\rb\n", ["a\rb"]),
        (b"a\r\r\nb\r", ["a\r", "b\r"]),
        (b"\n\r", ["", "\r"]),
        (
            "a\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029b\n".encode(),
            ["a\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029b"],
        ),
        (b"\0\n\0", ["\0", "\0"]),
        (b"\xef\xbb\xbfa\n\xef\xbb\xbfb", ["\ufeffa", "\ufeffb"]),
        (b'{"a":1}\r\n{"b":2}\r\n', ['{"a":1}', '{"b":2}']),
    ],
    ids=repr,
)
def test_line(data, lines):
    assert same_for_every_chunking(LineDecoder, data) == (lines, None)


# TXT-004
def test_returns_a_line_at_its_last_byte():
    came = []
    decoder = LineDecoder()
    for place, part in enumerate(pieces(b"a\r\nb\n\r\nc\rd\n", 1)):
        came += [(place, line) for line in decoder.feed(part)]
    assert came == [(2, "a"), (4, "b"), (6, ""), (10, "c\rd")]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""], ids=repr)
def test_maximum_length_of_a_line(end):
    assert same_for_every_chunking(lambda: LineDecoder(5), b"x\n12345" + end) == (
        ["x", "12345"],
        None,
    )
    results, error = same_for_every_chunking(lambda: LineDecoder(5), b"x\n123456" + end)
    assert (results, error.kind, error.rule, error.offset) == (["x"], "limit", "TXT-005", 2 + 5)
    assert error.expected == "at most 5 bytes" and error.unread == b"123456" + end
    results, error = same_for_every_chunking(
        lambda: LineDecoder(5), "x\n€€\ny\n".encode()
    )  # six bytes, two characters
    assert (results, error.kind) == (["x"], "limit")


def test_a_cr_that_ends_no_line_counts():
    assert same_for_every_chunking(lambda: LineDecoder(2), b"12\r\n") == (["12"], None)
    for data in (b"12\r", b"12\rx", b"12\r\r\n", b"12\rx\n"):
        results, error = same_for_every_chunking(lambda: LineDecoder(2), data)
        assert (results, error.kind, error.offset) == ([], "limit", 2)


def test_the_maximum_length_is_that_of_one_line():
    decoder = LineDecoder(10)
    assert decoder.feed(b"0123456789\n" * 1000) == ["0123456789"] * 1000
    assert decoder.offset == 11000


def test_rejects_an_endless_line_at_the_maximum_length():
    """A line of 1 GiB with a maximum of 1 MiB is rejected after 1 MiB."""
    decoder, part, fed = LineDecoder(1 << 20), b"x" * 65536, 0
    with pytest.raises(TextError) as caught:
        for _ in range(1 << 14):
            decoder.feed(part)
            fed += 1
    assert fed == 16 and caught.value.kind == "limit" and len(caught.value.unread) == 17 * 65536


def test_returns_the_lines_before_an_error():
    results, error = same_for_every_chunking(LineDecoder, b"one\r\ntwo\nth\xffree\nfour\n")
    assert (results, error.offset) == (["one", "two"], 11)
    with pytest.raises(TextError) as caught:
        LineDecoder().feed(b"one\r\ntwo\nth\xffree\nfour\nfi")
    assert (caught.value.results, caught.value.unread) == (("one", "two"), b"th\xffree\nfour\nfi")
