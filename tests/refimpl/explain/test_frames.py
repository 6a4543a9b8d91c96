# SPDX-License-Identifier: MIT
"""Tests of refimpl/explain/frames.py: every byte has its field, and every error its explanation."""

import uuid
from itertools import takewhile
from typing import List, Optional

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.endpoint.scenarios.build import raw_frame
from refimpl.errors import FrameError
from refimpl.eventstream import Decoder, Message, encode
from refimpl.explain.frames import (
    ExplainedFrame,
    FrameField,
    explain_frames,
    fields_of_frame,
    flipped_bit_in,
)
from tests.rows import for_each

FRAME = encode([(":message-type", "string", "event"), ("b", "boolean", True)], b"hello")


def bytes_of(explained: ExplainedFrame) -> bytes:
    return b"".join(field.data for field in explained.fields)


def every_type() -> bytes:
    return encode(
        [
            ("bool", "boolean", False),
            ("int8", "int8", -1),
            ("int16", "int16", -2),
            ("int32", "int32", -3),
            ("int64", "int64", -4),
            ("bytes", "bytes", b"\0\1"),
            ("none", "bytes", b""),
            ("string", "string", "caf\u00e9"),
            ("time", "timestamp", 5),
            ("uuid", "uuid", uuid.UUID(int=6)),
        ],
        b"",
    )


def fields_of(frame: bytes) -> List[FrameField]:
    (message,) = Decoder().feed(frame)
    return fields_of_frame(frame, message)


def test_the_fields_of_every_type() -> None:
    fields = fields_of(every_type())
    assert b"".join(field.data for field in fields) == every_type()
    values = [field.value for field in fields if field.name == "value"]
    assert values == [
        "-1",
        "-2",
        "-3",
        "-4",
        "b'\\x00\\x01'",
        "caf\u00e9",
        "5",
        "UUID('00000000-0000-0000-0000-000000000006')",
    ]
    assert [field.value for field in fields if field.name == "type"][:2] == [
        "boolean false",
        "int8",
    ]
    assert [field.value for field in fields if field.name == "value_length"] == ["2", "0", "5"]


def test_a_value_that_an_encoder_would_not_write() -> None:
    block = b"\1a\7\xff\xff" + b"x" * 65535
    fields = fields_of(raw_frame(block, b""))
    assert [(field.name, len(field.data)) for field in fields][-2:] == [
        ("value", 65535),
        ("message_crc", 4),
    ]


@pytest.mark.slow
@settings(max_examples=60)
@given(st.lists(st.binary(max_size=40), max_size=4))
def test_the_fields_are_the_bytes(payloads: List[bytes]) -> None:
    data = b"".join(encode([("a", "string", "b")], payload) for payload in payloads)
    explained = list(explain_frames(data))
    assert b"".join(map(bytes_of, explained)) == data
    assert [one.message for one in explained] == Decoder().feed(data)
    position = 0
    for one in explained:
        for field in one.fields:
            assert field.offset == position
            position += len(field.data)


@for_each("position", range(len(FRAME)))
def test_one_flipped_bit_anywhere(position: int) -> None:
    for bit in (0, 5, 7):
        broken = bytearray(FRAME)
        broken[position] ^= 1 << bit
        first, second = list(explain_frames(bytes(broken) + FRAME))
        assert first.error is not None and first.message is None
        place = f"bit {bit} of byte {position},"
        assert any(place in fact for fact in first.facts), first.facts
        assert (first.next_offset, second.offset) == (len(FRAME), len(FRAME))
        assert second.found_again and second.error is None and second.message is not None


def test_two_flipped_bits() -> None:
    broken = bytearray(FRAME)
    broken[20] ^= 3
    (explained,) = explain_frames(bytes(broken))
    assert "no single flipped bit explains this" in explained.facts


def test_a_long_frame_is_not_searched() -> None:
    broken = bytearray(encode([], b"x" * 70000))
    broken[30000] ^= 1
    assert flipped_bit_in(bytes(broken)) is None


@for_each("end", range(1, len(FRAME)))
def test_truncated_anywhere(end: int) -> None:
    explained = list(explain_frames(FRAME + FRAME[:end]))
    assert len(explained) == 2 and explained[1].error is not None
    error = explained[1].error
    assert error.kind == "truncated" and error.rule == "EVS-022"
    assert f"began at byte {len(FRAME)}" in str(error)
    if end >= 12:
        assert f"{len(FRAME) - end} of {len(FRAME)} bytes are missing" in explained[1].facts


@for_each(
    "data, words",
    [
        (b'{"message": "gone"}', "these bytes are JSON"),
        (FRAME.decode("latin-1").encode("utf-8") + b"\xc3\xa9", "decoded as Latin-1"),
        (b"<html></html>", "HTML or XML"),
    ],
)
def test_a_text_layer(data: bytes, words: str) -> None:
    (explained,) = list(explain_frames(data))[:1]
    assert explained.error is not None
    assert any(words in fact for fact in explained.facts) or words in str(explained.error)


def test_bytes_between_frames() -> None:
    one, two, three = explain_frames(FRAME + b"noise in between" + FRAME)
    assert one.error is None and two.error is not None and three.found_again
    assert three.offset == len(FRAME) + 16


@settings(max_examples=60)
@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    for explained in explain_frames(data):
        assert (explained.error is None) != (explained.message is None)


def test_an_empty_stream() -> None:
    assert list(explain_frames(b"")) == []


@given(
    st.lists(st.binary(max_size=30), max_size=4),
    st.integers(0, 600),
    st.integers(0, 255),
    st.integers(1, 90),
)
@settings(deadline=None)
def test_what_is_explained_is_what_a_decoder_returns(
    payloads: List[bytes], position: int, change: int, size: int
) -> None:
    """The decoder is fed pieces of any size, and caches the headers of equal frames."""
    data = bytearray(b"".join(encode([("a", "string", "b")], payload) for payload in payloads))
    if position < len(data):
        data[position] ^= change
    explained = list(explain_frames(bytes(data)))
    messages: List[Message] = []
    failure: Optional[FrameError] = None
    decoder = Decoder()
    try:
        for start in range(0, len(data), size):
            messages += decoder.feed(bytes(data[start : start + size]))
        decoder.close()
    except FrameError as error:
        messages += error.messages
        failure = error
    before = list(takewhile(lambda one: one.error is None, explained))
    assert [one.message for one in before] == messages
    found = next((one.error for one in explained if one.error is not None), None)
    assert (found and (found.kind, found.rule)) == (failure and (failure.kind, failure.rule))
    if found is not None and failure is not None and failure.kind != "truncated":
        assert found.offset == failure.offset
