# SPDX-License-Identifier: MIT
"""Tests of refimpl/explain/response.py."""

import json
from typing import List, Tuple

import pytest

from refimpl.errors import HttpError, UsageError
from refimpl.eventstream import EVENT_STREAM_TYPE, encode
from refimpl.explain.response import explain_response, read_response
from tests.rows import for_each

PART = encode(
    [(":message-type", "string", "event"), (":event-type", "string", "PayloadPart")], b"a"
)
STREAM = [("Content-Type", EVENT_STREAM_TYPE)]


@for_each(
    "headers, body, codes",
    [
        (
            [("x-amzn-ErrorType", "A:http://x")],
            {"__type": "ns#B", "code": "C"},
            [("A", True), ("B", False), ("C", False)],
        ),
        ([("x-amzn-errortype", "")], {"__type": "ns#B:http://x#y"}, [(None, False), ("B", True)]),
        ([], {"code": "C"}, [("C", True)]),
        ([], {"message": "m"}, []),
        ([], [], []),
    ],
)
def test_which_code_counts(headers: List[Tuple[str, str]], body: object, codes: object) -> None:
    explained = explain_response(403, headers, json.dumps(body).encode())
    assert [(place.code, place.counts) for place in explained.codes] == codes
    assert explained.error is not None
    counting = [place.code for place in explained.codes if place.counts]
    assert explained.error.code == (counting[0] if counting else None)


def test_xml() -> None:
    body = b"<Error><Code>SignatureDoesNotMatch</Code><Message>m</Message></Error>"
    explained = explain_response(403, [], body)
    assert [place.code for place in explained.codes] == ["SignatureDoesNotMatch"]
    assert explained.outcome == "an error: UnknownOperationError"


def test_a_stream() -> None:
    explained = explain_response(200, STREAM, PART + PART)
    assert explained == ("a complete event stream", None, (), 2)


def test_a_broken_stream() -> None:
    explained = explain_response(200, STREAM, PART + PART[:-1])
    assert explained.error is not None and explained.error.kind == "truncated"
    assert explained.events == 1


def test_not_a_stream() -> None:
    explained = explain_response(200, [], b"<html>")
    assert explained.outcome == "a response that is not an event stream"
    explained = explain_response(301, [("Location", "/")], b"")
    assert explained.error is not None and explained.error.rule == "HTTP-049"


@for_each("end", [b"\r\n", b"\n"])
def test_reading_a_response(end: bytes) -> None:
    data = end.join((b"HTTP/1.1 403 Forbidden", b"A: b", b"", b"{}\n\n{}"))
    assert read_response(data) == (403, (("A", "b"),), b"{}\n\n{}")
    assert read_response(b"HTTP/2 403" + end + end) == (403, (), b"")


@for_each("data", [b"", b"{}", b"HTTP/1.1 403 No\r\nbroken\r\n\r\n"])
def test_another_text(data: bytes) -> None:
    with pytest.raises(HttpError):
        read_response(data)


def test_wrong_types() -> None:
    with pytest.raises(UsageError):
        explain_response("403", [], b"")  # type: ignore[arg-type]
    with pytest.raises(UsageError):
        read_response("x")  # type: ignore[arg-type]


RECORDED = (
    b'HTTP/1.1 403 Forbidden\r\nx-amzn-ErrorType: ExpiredTokenException\r\n\r\n{"message": "x"}\r\n'
)


@for_each(
    "data",
    [
        RECORDED,
        RECORDED.replace(b"\r\n", b"\n"),
        RECORDED.decode().encode("utf-16"),
        b"\xef\xbb\xbf" + RECORDED,
        b"".join(b"> " + line for line in RECORDED.splitlines(True)),
        b"".join(b"| " + line for line in RECORDED.splitlines(True)).replace(b"| \r", b"|\r"),
        b"* Connected\n> POST / HTTP/1.1\n> host: h\n>\n"
        + b"".join(b"< " + line for line in RECORDED.splitlines(True)[:3])
        + RECORDED.splitlines(True)[3],
    ],
)
def test_a_pasted_response_is_read(data: bytes) -> None:
    status, headers, body = read_response(data)
    assert (status, body.strip()) == (403, b'{"message": "x"}')
    assert [(name.lower(), value) for name, value in headers] == [
        ("x-amzn-errortype", "ExpiredTokenException")
    ]
