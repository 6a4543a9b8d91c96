# SPDX-License-Identifier: MIT
"""Tests of conformance/cases/questions.py. No chunking loses, adds or reorders a byte."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.cases.case import Case
from conformance.cases.described import random_bytes
from conformance.cases.frames import FrameTextError
from conformance.cases.questions import (
    TRAILING_FRAME,
    TRAILING_MESSAGE,
    input_bytes,
    questions_of,
)
from conformance.protocol.messages import to_bytes
from refimpl.eventstream import Decoder
from refimpl.message_json import message_to_json


def case_with(
    op: str = "eventstream.decode",
    chunking: Any = ("whole",),
    expect: Any = None,
    **given_input: Any,
) -> Case:
    return Case(
        "evs-x",
        "",
        (),
        "MUST",
        op,
        given_input,
        tuple(chunking),
        expect or {"status": "ok"},
        (),
        (),
        "",
        "",
        "",
        "x",
    )


@given(
    st.binary(max_size=40),
    st.sampled_from(["eventstream.decode", "http.response", "text.lines", "text.sse"]),
)
def test_a_chunking_keeps_all_bytes(data: bytes, op: str) -> None:
    case = case_with(
        op,
        ("whole", "bytewise", "halves"),
        base64=base64.b64encode(data).decode("ascii"),
        status=200,
    )
    assert input_bytes(case) == data
    place = "parts" if op.startswith("text") else "chunks"
    cut = {
        question.chunking: [to_bytes(piece) for piece in question.input[place]]
        for question in questions_of(case)
    }
    assert list(cut) == ["whole", "bytewise", "halves"]
    assert all(b"".join(pieces) == data and b"" not in pieces for pieces in cut.values())
    assert (
        len(cut["whole"]) == min(1, len(data))
        and len(cut["bytewise"]) == len(data)
        and len(cut["halves"]) == min(2, len(data))
    )
    assert all(
        set(question.input) == {place, "status"} and question.input["status"] == 200
        for question in questions_of(case)
    )


def test_bytes_as_text_and_frames() -> None:
    assert input_bytes(case_with(text="\u00e9")) == b"\xc3\xa9"
    assert (
        Decoder().feed(input_bytes(case_with(frames="frame payload('hi')")) or b"")[0].payload
        == b"hi"
    )
    with pytest.raises(FrameTextError):
        questions_of(case_with(frames="frame colour"))


def test_described_bytes_and_pieces() -> None:
    described = {"random": "a", "bytes": 10}
    [question] = questions_of(
        case_with(
            bytes=described,
            piece=4,
            expect={
                "status": "ok",
                "output": {"messages": [{"headers": [], "payload": described}]},
            },
        )
    )
    pieces = [to_bytes(piece) for piece in question.input["chunks"]]
    assert set(question.input) == {"chunks"}
    assert [len(piece) for piece in pieces] == [4, 4, 2]
    assert b"".join(pieces) == random_bytes("a", 10)
    assert to_bytes(question.expect["output"]["messages"][0]["payload"]) == random_bytes("a", 10)
    [question] = questions_of(case_with("sigv4.sign", body=described))
    assert to_bytes(question.input["body"]) == random_bytes("a", 10)


def test_given_chunks_are_not_changed() -> None:
    for case in (
        case_with(chunks=["AA==", ""]),
        case_with("text.sse", parts=["AA=="]),
        case_with("sigv4.sign", text="frames"),
    ):
        [question] = questions_of(case)
        assert question.input == case.input and input_bytes(case) is None


def test_trailing_adds_a_message_to_a_valid_stream() -> None:
    [message] = Decoder().feed(TRAILING_FRAME)
    assert message_to_json(message) == TRAILING_MESSAGE
    one = {"headers": [], "payload": "aGk="}
    good = case_with(
        frames="frame payload('hi')",
        chunking=["whole", "trailing"],
        expect={"status": "ok", "output": {"messages": [one]}},
    )
    whole, trailing = questions_of(good)
    assert (
        to_bytes(trailing.input["chunks"][0]) == to_bytes(whole.input["chunks"][0]) + TRAILING_FRAME
    )
    assert whole.expect["output"]["messages"] == [one] and trailing.expect["output"][
        "messages"
    ] == [one, TRAILING_MESSAGE]
    assert [
        question.expect for question in questions_of(good._replace(expect={"status": "ok"}))
    ] == [{"status": "ok"}] * 2
    bad = {"status": "reject", "kind": "header", "output": {"messages": [one]}}
    assert [question.expect for question in questions_of(good._replace(expect=bad))] == [bad, bad]
