# SPDX-License-Identifier: MIT
"""Tests of refimpl/explain/readings.py."""

import base64
import json
import quopri
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.explain.readings import MAX_EXPLAINED_TEXT, readings_of, text_of_bytes
from tests.rows import for_each


def test_the_plain_text_is_the_first_reading() -> None:
    assert next(readings_of("a\\nb &amp;")) == "a\\nb &amp;"
    assert list(readings_of("plain")) == ["plain"]


@given(st.text(alphabet="ab\"'\\\n\t\u00e9", max_size=20))
def test_json_is_undone(text: str) -> None:
    plain = next(readings_of(text))
    for layers in (json.dumps(text), json.dumps(json.dumps(text))):
        assert any(plain in reading for reading in readings_of(layers))


def test_encodings_of_documents_are_undone() -> None:
    plain = "POST\n/a b+c\n\nx:1; \u00e9 = \\ %"
    documents = (
        plain,
        json.dumps({"m": plain}),
        json.dumps({"m": plain}, ensure_ascii=False),
        json.dumps(json.dumps({"m": plain})),
        "<m>" + plain.replace("\n", "&#10;") + "</m>",
    )
    for document in documents:
        long = document + " " * (-len(document) % 3) + " filler" * 30
        encoded = base64.encodebytes(long.encode("utf-8")).decode("ascii")
        for text in (
            quote(document),
            quote_plus(document),
            quote(quote(document)),
            urlencode({"a": urlencode({"m": document})}),
            quopri.encodestring(document.encode("utf-8")).decode("ascii"),
            encoded,
            encoded.replace("\n", "\r\n"),
            encoded.replace("\n", "").replace("+", "-").replace("/", "_").rstrip("="),
            quote(encoded),
            json.dumps({"body": encoded}),
        ):
            assert any(plain in reading for reading in readings_of(text)), text


def test_a_wrapped_url_is_joined() -> None:
    for document in ("a refusal, in one line", json.dumps({"m": "two\nlines and more"})):
        for encoded in (quote(document), quote_plus(document)):
            wrapped = "\n".join(encoded[at : at + 8] for at in range(0, len(encoded), 8))
            assert document in list(readings_of(wrapped))


def test_a_plus_next_to_an_encoded_space_is_a_plus() -> None:
    assert list(readings_of("a+b%20c")) == ["a+b%20c", "a+b c"]
    assert list(readings_of("a+b%3Ac"))[1:] == ["a b:c", "a+b:c"]


@for_each(
    "text, reading",
    [
        ("&lt;a&gt; &#39;&#x27;&apos;&quot;&nbsp;", "<a> '''\" "),
        ("a<br>b<BR />\nc", "a\nb\nc"),
        ("\u2018a\u2019 \u201cb\u201d\u00a0\u2013", "'a' \"b\" -"),
        ("'a'\n 'b'", "'ab'"),
        ('"a" +\n "b"', '"ab"'),
        ("> a\n> b", "a\nb"),
        ("app_1  | a\napp_1  | b", "a\nb"),
        ("a  \r\nb", "a\nb"),
        ("&#1114112;&#9999999;", "&#1114112;&#9999999;"),
        ("\\x41\\u0042\\'", "AB'"),
    ],
)
def test_a_reading(text: str, reading: str) -> None:
    assert reading in list(readings_of(text))


@pytest.mark.slow
def test_bounds() -> None:
    for text in ("\\" * 10**6, "&amp;" * 10**6, "%25" * 10**6, "A" * 10**6, "=3D" * 10**6):
        readings = list(readings_of(text))
        assert len(readings) < 40
        assert max(map(len, readings)) <= MAX_EXPLAINED_TEXT
    assert len(set(readings)) == len(readings)


@for_each(
    "data, text",
    [
        (b"\xff\xfea\0", "a"),
        (b"\xfe\xff\0a", "a"),
        (b"\xef\xbb\xbfa", "\ufeffa"),
        (b"a\xff", "a\ufffd"),
        (b"", ""),
    ],
)
def test_text_of_bytes(data: bytes, text: str) -> None:
    assert text_of_bytes(data) == text
