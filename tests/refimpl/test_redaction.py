# SPDX-License-Identifier: MIT
"""Tests of refimpl.redaction (HTTP-037): a secret is found in every spelling, whole or in part."""

import base64
import html
import json
import pickle
import re
from contextlib import suppress
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.errors import HttpError, NetworkError, shown
from refimpl.redaction import redact, redacted_text
from refimpl.shapes import ModelError

TOKEN = "IQoJb3JpZ2luX2VjE/+&<>" + "0123456789abcdefghij" * 20 + "//=="


def respelled(spelling):
    return re.sub("[^A-Za-z0-9]", lambda match: spelling.format(ord(match.group())), TOKEN)


SPELLINGS = {
    "bare": TOKEN,
    "JSON": json.dumps({"X-Amz-Security-Token": TOKEN}),
    "JSON with escaped slashes": json.dumps(TOKEN).replace("/", "\\/"),
    "a dict": str({"X-Amz-Security-Token": TOKEN}),
    "a URL": "/?X-Amz-Security-Token=" + quote(TOKEN, safe=""),
    "a URL with slashes": "/login?t=" + quote(TOKEN),
    "HTML": f"<pre>{html.escape(TOKEN)}</pre>",
    "a URL in lower case": "?t=" + re.sub("%..", lambda m: m.group().lower(), quote(TOKEN, "")),
    "HTML with numbers": respelled("&#{};"),
    "HTML with hexadecimal numbers": respelled("&#x{:x};"),
    "HTML with upper-case hexadecimal numbers": respelled("&#x{:X};"),
    "JSON with escapes": '{"message": "' + respelled("\\u{:04x}") + '"}',
    "JSON with upper-case escapes": '{"message": "' + respelled("\\u{:04X}") + '"}',
    "UTF-16": TOKEN.encode("utf-16").decode("latin-1"),
    "UTF-16, other order": TOKEN.encode("utf-16-be").decode("latin-1"),
    "UTF-16 as an error shows it": shown(TOKEN.encode("utf-16-le").decode("latin-1"), 9999),
    "a sentence": f"The security token '{TOKEN}' is expired",
}


def parts_of(text, secret, length=8):
    return [
        secret[start : start + length]
        for start in range(len(secret) - length + 1)
        if secret[start : start + length] in text
    ]


@pytest.mark.slow
@pytest.mark.parametrize("filler", ["", "x" * 10000], ids=["short", "long"])
@pytest.mark.parametrize("name", sorted(SPELLINGS))
def test_every_spelling_is_removed(name, filler):
    found = redacted_text(filler + SPELLINGS[name] + filler, [TOKEN])
    assert "<hidden>" in found
    assert not parts_of(found, TOKEN)
    plain = unquote(html.unescape(found)).replace("\\x00", "").replace("\0", "")
    assert not parts_of(plain, TOKEN) and len(found) < 2 * len(filler) + 100


@pytest.mark.parametrize("before", ["", "u", "u:"])
@pytest.mark.parametrize("after", ["", "x", ":pass"])
def test_base64_is_removed(before, after):
    text = base64.b64encode((before + TOKEN + after).encode()).decode()
    found = redacted_text("Basic " + text + " rejected", [TOKEN])
    assert found.startswith("Basic ") and found.endswith(" rejected") and len(found) < 40
    for start in range(len(found)):
        for end in range(start + 8, len(found) + 1, 4):
            with suppress(ValueError):
                assert not parts_of(base64.b64decode(found[start:end]).decode("latin-1"), TOKEN)


@pytest.mark.slow
@given(st.integers(0, 300), st.integers(8, 200))
def test_every_part_in_a_short_text_is_removed(start, length):
    found = redacted_text(f"got {TOKEN[start : start + length]}...", [TOKEN])
    assert not parts_of(found, TOKEN)
    assert found.startswith("got ") and found.endswith("...")


@pytest.mark.parametrize("length", [8, 9, 100, len(TOKEN) - 1])
def test_a_part_at_the_end_of_a_long_text_is_removed(length):
    filler = "x" * 10000
    assert redacted_text(filler + TOKEN[:length], [TOKEN]) == filler + "<hidden>"
    assert redacted_text(TOKEN[-length:] + filler, [TOKEN]) == "<hidden>" + filler


def test_other_text_stays_and_short_secrets_are_words():
    text = "the security token is expired, request id 0123456"
    assert redacted_text(text, [TOKEN, "B", "token", ""]) == text


def test_every_attribute_and_every_cause_is_redacted():
    cause = NetworkError("no " + TOKEN, actual=TOKEN)
    error = ModelError(message=f"a {TOKEN}", original_message=TOKEN)
    error.body, error.headers = TOKEN.encode(), (("Location", "/" + TOKEN),)
    error.__cause__ = cause
    error.__context__ = ValueError(TOKEN)
    cause.__cause__ = error  # a circle
    redact(error, [TOKEN])
    assert error.message == "a <hidden>" and error.original_message == "<hidden>"
    assert error.body == b"<hidden>" and error.headers == (("Location", "/<hidden>"),)
    for seen in (error, cause):
        for text in (str(seen), repr(seen), str(vars(seen)), str(seen.args)):
            assert TOKEN not in text
        assert TOKEN.encode() not in pickle.dumps(seen)


def test_values_that_are_not_text_stay():
    error = HttpError("x", offset=3, status=200, retryable=True, events=(1, None))
    before = dict(vars(error))
    redact(error, [TOKEN])
    assert vars(error) == before


def test_a_hostile_text_takes_no_long_time():
    """A server that quotes the token repeatedly cannot keep a client busy."""
    for text in (TOKEN[:9] * 800, TOKEN * 2000, "a" * 1000000):
        redacted_text(text, [TOKEN])
