# SPDX-License-Identifier: MIT
"""Tests of conformance/endpoint/play.py: the writes of a response."""

from typing import List, NamedTuple

import pytest

from conformance import scenarios
from conformance.endpoint.play import script
from conformance.endpoint.scenarios import examples, find
from conformance.endpoint.scenarios.model import Response, Turn
from tests.conformance.endpoint.client import wire_of

HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\n"
    b"X-Amzn-SageMaker-Content-Type: text/plain; charset=utf-8\r\n"
    b"x-Amzn-Invoked-Production-Variant: AllTraffic\r\n"
)


class Case(NamedTuple):
    answer: Response
    writes: List[bytes]


@pytest.mark.parametrize(
    "answer, writes",
    [
        Case(
            scenarios.stream(b"abc", b"", b"0123456789abcdef"),
            [
                HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
                b"3\r\nabc\r\n",
                b"10\r\n0123456789abcdef\r\n",
                b"0\r\n\r\n",
            ],
        ),
        Case(
            scenarios.stream(b"abc", b"de", framing="length"),
            [HEAD + b"Content-Length: 5\r\n\r\n", b"abc", b"de"],
        ),
        Case(scenarios.stream(b"abc", b"de", framing="close"), [HEAD + b"\r\n", b"abc", b"de"]),
        Case(
            scenarios.stream(b"abc", ending="close"),
            [HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"3\r\nabc\r\n"],
        ),
        Case(
            scenarios.stream(b"abc", b"de", cut=4, ending="close"),
            [HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"3\r\nabc\r\n", b"2\r\nd"],
        ),
        Case(
            scenarios.stream(b"abc", b"de", cut=3, ending="close"),
            [HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"3\r\nabc\r\n"],
        ),
        Case(
            scenarios.stream(b"abc", b"de", cut=0, ending="close"),
            [HEAD + b"Transfer-Encoding: chunked\r\n\r\n"],
        ),
        Case(
            scenarios.stream(b"abc", b"de", cut=4, ending="close", framing="length"),
            [HEAD + b"Content-Length: 5\r\n\r\n", b"abc", b"d"],
        ),
        Case(
            scenarios.stream(b"abc", b"de", cut=9, ending="close", framing="length"),
            [HEAD + b"Content-Length: 5\r\n\r\n", b"abc", b"de"],
        ),
        Case(
            scenarios.stream(interim=(b"HTTP/1.1 100 \r\n\r\n",), framing="close"),
            [b"HTTP/1.1 100 \r\n\r\n", HEAD + b"\r\n"],
        ),
        Case(scenarios.raw(b"a", b"", b"b"), [b"a", b"", b"b"]),
        Case(scenarios.raw(b"a", Turn(1), b"b"), [b"a", b"", b"b"]),
        Case(
            scenarios.document("413 Too Large", b"no", None, "text/plain"),
            [
                b"HTTP/1.1 413 Too Large\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n",
                b"no",
            ],
        ),
    ],
)
def test_the_writes_of_a_response(answer: Response, writes: List[bytes]) -> None:
    assert [piece.data for piece in script(answer)] == writes


def test_pauses_are_separate_pieces_without_data() -> None:
    pieces = list(script(scenarios.stream(b"abc", 0.5, b"de")))
    assert [piece.pause for piece in pieces] == [0.0, 0.0, 0.5, 0.0, 0.0]
    assert [piece.body for piece in pieces] == [b"", b"abc", b"", b"de", b""]
    assert pieces[2].data == b""
    assert [piece.pause for piece in script(scenarios.raw(b"a", 0.5))] == [0.0, 0.5]


def test_turns_are_separate_pieces_without_data() -> None:
    pieces = list(script(scenarios.stream(b"abc", Turn(1), b"de")))
    assert [piece.turn for piece in pieces] == [None, None, 1, None, None]
    assert (pieces[2].data, pieces[2].pause) == (b"", 0.0)


def test_a_header_of_the_response_replaces_the_endpoint_s() -> None:
    answer = Response(
        headers=(("date", "never"), ("Location", "http://x:{port}/")),
        status="302 Found",
        framing="length",
    )
    piece = next(script(answer, (("Date", "now"), ("x-amzn-RequestId", "1")), 4711))
    assert piece.data.split(b"\r\n") == [
        b"HTTP/1.1 302 Found",
        b"x-amzn-RequestId: 1",
        b"date: never",
        b"Location: http://x:4711/",
        b"Content-Length: 0",
        b"",
        b"",
    ]


def test_a_scenario_plays_the_same_bytes_every_time() -> None:
    for scenario in examples():
        assert wire_of(scenario.response) == wire_of(find(scenario.name).response)
