# SPDX-License-Identifier: MIT
"""Tests of conformance/cases/described.py."""

import base64
import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.cases.described import (
    MOST_DESCRIBED,
    DescriptionError,
    described_bytes,
    expanded_expectation,
    expanded_input,
    is_description,
    pieces_of,
    random_bytes,
)
from tests.rows import for_each


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def test_random_bytes_are_joined_hashes_of_the_name_and_a_number() -> None:
    assert random_bytes("a", 8).hex() == "0ed32d3352f0cddd"
    blocks = [hashlib.sha256(b"name:%d" % index).digest() for index in range(3)]
    for size in (0, 1, 31, 32, 33, 65):
        assert random_bytes("name", size) == b"".join(blocks)[:size]


@for_each(
    "description, data",
    [
        ({"text": "\u00e9\0"}, b"\xc3\xa9\0"),
        ({"base64": "AP8="}, b"\0\xff"),
        ({"repeat": {"text": "ab"}, "times": 3}, b"ababab"),
        ({"repeat": [{"text": "a"}, {"base64": "Yg=="}], "times": 2}, b"abab"),
        ({"random": "a", "bytes": 3}, b"\x0e\xd3\x2d"),
        ([{"text": "a"}, {"random": "a", "bytes": 1}, [{"text": "b"}]], b"a\x0eb"),
        ({"repeat": {"random": "a", "bytes": 0}, "times": 5}, b""),
    ],
)
def test_descriptions(description: Any, data: bytes) -> None:
    assert is_description(description) and described_bytes(description) == data


@for_each(
    "description, message",
    [
        ("AA==", "not a description of bytes"),
        ({}, "not a description of bytes"),
        ({"text": "a", "times": 2}, "not a description of bytes"),
        ([{"text": "a"}, "AA=="], "not a description of bytes"),
        ({"text": 1}, "not a text that UTF-8 can encode"),
        ({"text": "\ud800"}, "not a text that UTF-8 can encode"),
        ({"base64": "A"}, "invalid base64"),
        ({"base64": "A A="}, "invalid base64"),
        ({"repeat": {"text": "a"}, "times": -1}, "expected a number from 0"),
        ({"repeat": {"text": "a"}, "times": True}, "expected a number from 0"),
        ({"random": "a", "bytes": MOST_DESCRIBED + 1}, "expected a number from 0"),
        ({"repeat": {"text": "ab"}, "times": MOST_DESCRIBED}, "too many repeated bytes"),
        ({"random": "", "bytes": 1}, "the name of random bytes"),
        ({"random": "\u00e9", "bytes": 1}, "the name of random bytes"),
    ],
)
def test_mistakes(description: Any, message: str) -> None:
    with pytest.raises(DescriptionError, match=message):
        described_bytes(description)


@given(st.binary(max_size=60), st.integers(1, 61))
def test_pieces(data: bytes, size: int) -> None:
    pieces = pieces_of(data, size)
    assert b"".join(pieces) == data
    assert all(len(piece) == size for piece in pieces[:-1]) and b"" not in pieces


TEXT = {"text": "hi"}


def test_inputs() -> None:
    for op in ("sigv4.sign", "sigv4.presign", "sigv4.verify"):
        assert expanded_input(op, {"body": TEXT, "method": "GET"}) == {
            "body": "aGk=",
            "method": "GET",
        }
    for op in ("http.request", "invoke"):
        assert expanded_input(op, {"input": {"Body": TEXT, "EndpointName": "e"}}) == {
            "input": {"Body": "aGk=", "EndpointName": "e"}
        }
        assert expanded_input(op, {"input": {}}) == {"input": {}}
    headers = [
        {"name": "a", "type": "bytes", "value": TEXT},
        {"name": "b", "type": "string", "value": TEXT},
        {"name": "c", "type": "int8", "value": 1},
    ]
    expanded = expanded_input("eventstream.encode", {"headers": headers, "payload": TEXT})
    assert expanded["payload"] == "aGk="
    assert [header["value"] for header in expanded["headers"]] == ["aGk=", "hi", 1]
    assert headers[0]["value"] == TEXT
    # Other operations have no descriptions.
    assert expanded_input("shape.convert", {"document": TEXT}) == {"document": TEXT}


def test_expectations() -> None:
    header = {"name": "a", "type": "bytes", "value": TEXT}
    for op, output, expanded in (
        (
            "eventstream.decode",
            {"messages": [{"headers": [header], "payload": [TEXT, TEXT]}]},
            {"messages": [{"headers": [dict(header, value="aGk=")], "payload": b64(b"hihi")}]},
        ),
        ("text.lines", {"lines": [TEXT, "b", [TEXT, TEXT]]}, {"lines": ["hi", "b", "hihi"]}),
        ("text.sse", {"events": [{"data": TEXT}]}, {"events": [{"data": "hi"}]}),
        (
            "http.response",
            {"events": [{"PayloadPart": {"Bytes": TEXT}}]},
            {"events": [{"PayloadPart": {"Bytes": "aGk="}}]},
        ),
        ("http.request", {"body": TEXT}, {"body": "aGk="}),
        ("config.parse", {"profiles": {"a": TEXT}}, {"profiles": {"a": TEXT}}),
    ):
        expected = {"status": "ok", "output": output}
        assert expanded_expectation(op, expected) == {"status": "ok", "output": expanded}
    expected = {"status": "reject", "kind": "exception", "fields": {"OriginalMessage": TEXT}}
    assert expanded_expectation("http.response", expected)["fields"] == {"OriginalMessage": "hi"}
    with pytest.raises(DescriptionError, match="not a text"):
        expanded_expectation(
            "text.lines", {"status": "ok", "output": {"lines": [{"base64": "/w=="}]}}
        )
