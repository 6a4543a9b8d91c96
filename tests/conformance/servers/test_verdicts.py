# SPDX-License-Identifier: MIT
"""Tests of conformance/servers/verdicts.py: comparisons that many checks share."""

from typing import Any, Callable

import pytest

from conformance.servers.verdicts import (
    Broken,
    accepted,
    code_of,
    described,
    document_of,
    header_of,
    message_of,
    one_of,
    refused,
    same,
)
from tests.conformance.servers.subjects import received

TYPE = "x-amzn-ErrorType"


@pytest.mark.parametrize(
    "response, code, message",
    [
        (received(403, b"{}", (TYPE, "A:http://b")), "A", ""),
        (received(403, b'{"message":"m"}', (TYPE, "n#AException:http://b")), "A", "m"),
        (received(403, b'{"__type":"n#AException","Message":"m"}'), "A", "m"),
        (received(403, b'{"code":"A"}'), "A", ""),
        (received(403, b'{"code":7,"message":7}'), "7", ""),
        (received(403, b"<html>"), "", "<html>"),
        (received(403, b"[]"), "", "[]"),
        (received(403, b""), "", ""),
    ],
)
def test_code_and_message(response: Any, code: str, message: str) -> None:
    assert (code_of(response), message_of(response)) == (code, message)


def test_a_response_in_a_few_words() -> None:
    assert described(received(200, b"\x00frames")) == "200"
    assert described(received(403, b'{"message":"m\x1b"}', (TYPE, "A"))).startswith("403 A: ")
    assert described(received(403, b'{"message":"m"}', (TYPE, "A"))) == "403 A: m"


REFUSAL = received(403, b'{"message":"it is wrong"}', (TYPE, "AException"))


@pytest.mark.parametrize(
    "check, words",
    [
        (lambda: refused("s", received(200)), "s: status (expected 403, got 200)"),
        (lambda: refused("s", REFUSAL, ("B", "C")), "s: code (expected B or C, got A)"),
        (lambda: refused("s", REFUSAL, ("A",), "right"), "s: message (expected right, got it"),
        (lambda: refused("s", received(403), ("A",)), "got none"),
        (lambda: accepted("s", REFUSAL), "s: status (expected 200, got 403 A: it is wrong)"),
        (lambda: same("s", 1, 2), "s (expected 1, got 2)"),
        (lambda: one_of("s", (1, 2), 3), "s (expected 1 or 2, got 3)"),
        (lambda: document_of(b"[]"), "error document (expected a JSON object, got [])"),
        (lambda: document_of(b"{", "s"), "s (expected a JSON object, got {)"),
        (lambda: header_of(REFUSAL, "Date"), "header Date (expected one value, got absent)"),
        (
            lambda: header_of(received(200, b"", ("A", "1"), ("a", "2")), "A"),
            "header A (expected one value, got ['1', '2'])",
        ),
    ],
)
def test_what_is_broken(check: Callable[[], None], words: str) -> None:
    with pytest.raises(Broken) as caught:
        check()
    assert words in str(caught.value)


def test_what_is_right() -> None:
    refused("s", REFUSAL, ("A",), "wrong")
    refused("s", received(400), status=400)
    same("s", 1, 1)
    one_of("s", (1, 2), 2)
    assert accepted("s", received(200)).status == 200
    assert header_of(received(200, b"", ("A", "1")), "a") == "1"
    assert document_of(b'{"a":1}') == {"a": 1}
