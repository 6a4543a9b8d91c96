# SPDX-License-Identifier: MIT
"""Tests of refimpl/message_json.py: every header type, and both sides of the largest integer."""

import uuid

import pytest

from refimpl.eventstream import FrameHeader, FrameHeaders, Message, encode
from refimpl.message_json import header_json_value, message_to_json

MAX_EXACT = (1 << 53) - 1


@pytest.mark.parametrize(
    "value, expected",
    [
        (True, True),
        (False, False),
        (0, 0),
        (-1, -1),
        (MAX_EXACT, MAX_EXACT),
        (-MAX_EXACT, -MAX_EXACT),
        (MAX_EXACT + 1, "9007199254740992"),
        (-MAX_EXACT - 1, "-9007199254740992"),
        (2**63 - 1, "9223372036854775807"),
        ("", ""),
        ("text", "text"),
        (b"", ""),
        (b"hi", "aGk="),
        (uuid.UUID("00112233-4455-6677-8899-aabbccddeeff"), "00112233-4455-6677-8899-aabbccddeeff"),
    ],
)
def test_a_header_value_in_json(value, expected):
    assert header_json_value(value) == expected
    assert type(header_json_value(value)) is type(expected)


def test_a_message_with_every_header_type():
    identity = uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")
    headers = [
        ("b", "boolean", True),
        ("i8", "int8", -1),
        ("i16", "int16", -2),
        ("i32", "int32", -3),
        ("i64", "int64", 2**60),
        ("by", "bytes", b"\xff"),
        ("s", "string", "\u20ac"),
        ("t", "timestamp", 5),
        ("u", "uuid", identity),
    ]
    message = Message(FrameHeaders(FrameHeader(*triple) for triple in headers), b"\x00\xff")
    assert message_to_json(message) == {
        "headers": [
            {"name": "b", "type": "boolean", "value": True},
            {"name": "i8", "type": "int8", "value": -1},
            {"name": "i16", "type": "int16", "value": -2},
            {"name": "i32", "type": "int32", "value": -3},
            {"name": "i64", "type": "int64", "value": "1152921504606846976"},
            {"name": "by", "type": "bytes", "value": "/w=="},
            {"name": "s", "type": "string", "value": "\u20ac"},
            {"name": "t", "type": "timestamp", "value": 5},
            {"name": "u", "type": "uuid", "value": str(identity)},
        ],
        "payload": "AP8=",
    }
    assert message_to_json(Message(FrameHeaders(), b"")) == {"headers": [], "payload": ""}
    assert encode(message.headers, message.payload)  # the message is valid
