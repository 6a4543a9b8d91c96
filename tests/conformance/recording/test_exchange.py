# SPDX-License-Identifier: MIT
"""Tests of conformance/recording/exchange.py: pieces, messages, the input of cases.

Messages are made byte by byte and fed in every chunking.
"""

import base64
import hashlib
import json
from typing import List, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.endpoint.checks import EXAMPLE_TOKEN
from conformance.endpoint.scenarios.build import (
    CHUNKED,
    LAST_CHUNK,
    chunk,
    head,
    part,
)
from conformance.endpoint.scenarios.model import STREAM_HEADERS
from conformance.recording.exchange import (
    CaseInput,
    Message,
    case_entries,
    cut_like,
    follow,
    input_of,
    joined,
    of_documents,
    signed_request_in,
    split_at,
    to_documents,
)
from refimpl.errors import Error
from tests.conformance.recording.messages import (
    PIECES,
    chunked,
    recording,
    request_of,
    signed_request,
)
from tests.support import chunkings

# ---- pieces -------------------------------------------------------------------------------------


@given(PIECES)
def test_pieces_are_written_and_read_back(pieces: List[Tuple[int, bytes]]) -> None:
    documents = json.loads(json.dumps(to_documents(pieces)))
    assert of_documents(documents) == pieces
    assert cut_like(joined(pieces), pieces) == pieces


def test_plain_text_is_written_as_text_and_all_else_as_base64() -> None:
    assert to_documents([(0, b"GET / HTTP/1.1\r\n\tx~\r\n"), (7, b"\xc3\xa9"), (8, b"a\0")]) == [
        {"at": 0, "text": "GET / HTTP/1.1\r\n\tx~\r\n"},
        {"at": 7, "base64": "w6k="},
        {"at": 8, "base64": "YQA="},
    ]


@given(PIECES, st.lists(st.integers(0, 200), max_size=5))
def test_pieces_are_cut_at_places_and_keep_their_times(
    pieces: List[Tuple[int, bytes]], places: List[int]
) -> None:
    cut = split_at(pieces, places)
    assert joined(cut) == joined(pieces) and all(data for _, data in cut)
    ends, position = set(), 0
    for _, data in cut:
        position += len(data)
        ends.add(position)
    assert {place for place in places if 0 < place < len(joined(pieces))} <= ends
    assert {at for at, _ in cut} == {at for at, _ in pieces}


# ---- messages ----------------------------------------------------------------------------------

LENGTH = head([("Content-Length", "5")])
MESSAGES = [
    (LENGTH + b"hello", b"hello", 0),
    (head([CHUNKED]) + chunk(b"one") + chunk(b""), b"one", 0),
    (head([CHUNKED]) + b"3;x=y\r\nabc\r\n0\r\nTrailer: x\r\n\r\n", b"abc", 0),
    (head([], "100 Continue") + head([], "103 Early Hints") + LENGTH + b"hello", b"hello", 2),
    (head([("Content-Length", "0")]), b"", 0),
    (head([], "204 No Content"), b"", 0),
]


@pytest.mark.parametrize("data, body, interim", MESSAGES)
def test_follows_a_message_to_its_end_in_every_chunking(
    data: bytes, body: bytes, interim: int
) -> None:
    for _, pieces in chunkings(data):
        one = Message()
        whole = [one.feed(piece) for piece in pieces if piece]
        assert (one.end, one.body, one.lost, len(one.heads)) == (len(data), body, None, interim + 1)
        assert whole == [False] * (len(whole) - 1) + [True]
    for cut in range(len(data)):
        assert follow(data[:cut]).end is None and follow(data[:cut]).lost is None
    assert follow(data + b"more").end == len(data)


def test_follows_a_request() -> None:
    data = request_of(("X-A", "1"), body=b"hello")
    one = follow(data, request=True)
    assert (one.method, one.target, one.body, one.end) == (
        "POST",
        "/endpoints/llm/invocations-response-stream",
        b"hello",
        len(data),
    )
    data = (
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        + chunk(b"ab")
        + chunk(b"c")
        + LAST_CHUNK
    )
    assert follow(data, request=True).body == b"abc" and len(follow(data, request=True).spans) == 2


def test_a_body_without_length_goes_on_to_the_close() -> None:
    one = follow(head([]) + b"abc")
    assert (one.end, one.body, one.is_complete_at_close) == (None, b"abc", True)
    assert (
        not follow(LENGTH + b"hel").is_complete_at_close
        and not follow(b"HTTP/1.1 200").is_complete_at_close
    )
    assert follow(head([]), bodiless=True).end == len(head([]))


@pytest.mark.slow
@pytest.mark.parametrize(
    "data, lost",
    [
        (b"nonsense\r\n\r\n", 0),
        (b"x" * 70000, 0),
        (head([("Content-Length", "x")]), 0),
        (head([CHUNKED]) + b"zz\r\n", len(head([CHUNKED]))),
        (head([CHUNKED]) + b"1" * 70000, len(head([CHUNKED]))),
        (head([CHUNKED]) + b"1\r\naXX", len(head([CHUNKED])) + 4),
        (head([], "100 Continue") + b"nonsense\r\n\r\n", len(head([], "100 Continue"))),
    ],
)
def test_reports_where_the_bytes_stop_being_http(data: bytes, lost: int) -> None:
    for _, pieces in chunkings(data):
        one = Message()
        assert [one.feed(piece) for piece in pieces] == [False] * len(pieces)
        assert (one.lost, one.end) == (lost, None)


@given(st.binary(max_size=60))
def test_any_bytes_are_followed_somewhere(data: bytes) -> None:
    for start in (b"", head([CHUNKED]), LENGTH):
        one = follow(start + data)
        assert (
            bytes(one.data) == start + data
            and 0 <= one.followed <= len(one.data)
            and len(one.body) <= len(data)
        )


# ---- the cases of a recording ------------------------------------------------------------------


def test_the_request_is_what_a_signature_is_asked_about() -> None:
    made = recording(
        signed_request(
            EXAMPLE_TOKEN, b"hi", more=[("User-Agent", "x"), ("X-Amzn-SageMaker-Accept", "a/b")]
        )
    )
    verify = input_of(made, "sigv4.verify")
    assert (
        verify["headers"][0] == ["Host", "localhost"] and verify["session_token"] == EXAMPLE_TOKEN
    )
    assert [name for name, _ in verify["headers"]][-2:] == ["authorization", "Content-Length"]
    assert {key: verify[key] for key in ("body", "region", "service", "time")} == {
        "body": "aGk=",
        "region": "eu-west-1",
        "service": "sagemaker",
        "time": "20150830T123600Z",
    }
    sign = input_of(made, "sigv4.sign")
    assert (
        sign["headers"] == [["Host", "localhost"], ["X-Amzn-SageMaker-Accept", "a/b"]]
        and sign["session_token"] == EXAMPLE_TOKEN
    )
    assert (
        "session_token" not in input_of(recording(signed_request()), "sigv4.sign")
        and "sign_body" not in sign
    )
    for value, own in ((hashlib.sha256(b"{}").hexdigest(), True), ("UNSIGNED-PAYLOAD", False)):
        made = recording(signed_request(more=[("x-amz-content-sha256", value)]))
        assert input_of(made, "sigv4.sign").get(
            "sign_body", False
        ) == own and "sign_body" not in input_of(made, "sigv4.verify")
        assert (["x-amz-content-sha256", value] in input_of(made, "sigv4.sign")["headers"]) != own


@pytest.mark.parametrize(
    "request_bytes, asked",
    [
        (signed_request()[:-1], "whole"),
        (signed_request(), "close"),
        (request_of(), "whole"),
        (signed_request(access_key="AKIAOTHER"), "whole"),
        (signed_request().replace(b"x-amz-date", b"x-amz-when"), "whole"),
        (signed_request().replace(b"Signature=", b"Signature=g"), "whole"),
    ],
)
def test_no_signature_can_be_asked_about(request_bytes: bytes, asked: str) -> None:
    with pytest.raises(CaseInput):
        signed_request_in(recording(request_bytes, asked=asked))


def test_the_response_is_asked_about_chunk_by_chunk_or_as_it_was_read() -> None:
    response = head([], "100 Continue") + chunked(b"one", b"two")
    assert input_of(recording(b"", response), "http.response") == {
        "status": 200,
        "headers": [list(pair) for pair in (*STREAM_HEADERS, CHUNKED)],
        "chunks": ["b25l", "dHdv"],
        "complete": True,
    }
    made = recording(b"", response[:-5], "close")
    assert input_of(made, "eventstream.decode") == {"chunks": ["b25l", "dHdv"]}
    assert input_of(made, "http.response")["complete"] is False
    made = recording(b"", head([]) + b"abcdef", "close")
    made["response"]["pieces"] = to_documents([(0, head([])), (0, b"ab"), (1, b"cd"), (2, b"ef")])
    assert input_of(made, "http.response") == {
        "status": 200,
        "headers": [],
        "chunks": ["YWI=", "Y2Q=", "ZWY="],
        "complete": True,
    }
    made["response"]["ended"] = "reset"
    assert input_of(made, "http.response")["complete"] is False
    made = recording(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", LENGTH)
    assert input_of(made, "http.response")["complete"] is True


@pytest.mark.parametrize(
    "response",
    [
        b"",
        b"HTTP/1.1 200",
        b"nonsense\r\n\r\n",
        head([CHUNKED]) + b"zz\r\n",
        head([], "100 Continue"),
    ],
)
def test_what_the_protocol_cannot_carry_is_refused_with_the_case(response: bytes) -> None:
    with pytest.raises(
        Error, match="wire-a-response: the adapter protocol cannot express the response"
    ):
        list(
            case_entries(
                recording(b"", response, cases=[{"id": "wire-a-response", "op": "http.response"}])
            )
        )


def test_a_case_gets_its_input() -> None:
    case = {"id": "wire-a-decode", "op": "eventstream.decode", "title": "t"}
    body = base64.b64encode(part(b"x")).decode("ascii")
    assert list(case_entries(recording(b"", chunked(part(b"x")), cases=[case]))) == [
        dict(case, input={"chunks": [body]})
    ]
