# SPDX-License-Identifier: MIT
"""Tests of conformance/endpoint/request.py: requests, bodies, hostile clients."""

import http.client
import re
import socket
import struct
import threading
from typing import List, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.endpoint.checks import Refusal, check_request
from conformance.endpoint.request import (
    MAX_BODY,
    BadRequest,
    BodyBudget,
    Gone,
    Request,
    RequestReader,
    body_length,
    parse_head,
)
from conformance.endpoint.scenarios.streams import DEFAULT
from conformance.endpoint.server import Endpoint
from refimpl.eventstream import Decoder
from tests.conformance.endpoint.client import (  # noqa: F401
    DATE,
    ENDLESS,
    HOST,
    NOW,
    PAIRS,
    WAITING,
    answer_of,
    connected,
    endpoint_fixture,
    exchange,
    last,
    nothing_is_left_running,
    path,
    read_all,
    read_exactly,
    request,
    signed,
    wait_for_call,
)
from tests.properties import examples
from tests.support import pieces

# ---- one connection, several requests -----------------------------------------------------------


def test_a_connection_is_used_again_whatever_was_answered(endpoint: Endpoint) -> None:
    host, port = endpoint.url[7:].split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    try:
        sockets = set()
        for name, status in [
            ("default", 200),
            ("keep-alive", 200),
            ("error-424", 424),
            ("-bad-", 400),
            ("empty-stream-length", 200),
            ("default", 200),
        ]:
            connection.putrequest("POST", path(name), skip_host=True, skip_accept_encoding=True)
            for pair in signed(path(name)):
                connection.putheader(*pair)
            connection.putheader("Content-Length", "2")
            connection.endheaders(b"{}")
            answer = connection.getresponse()
            body = answer.read()
            assert answer.status == status
            if name == "default":
                assert [message.payload for message in Decoder().feed(body)] == list(
                    DEFAULT.expect.parts
                )
            sockets.add(connection.sock)
        assert len(sockets) == 1 and None not in sockets
    finally:
        connection.close()
    assert len(endpoint.calls) == 6


def test_pipelined_requests_are_answered_in_order(endpoint: Endpoint) -> None:
    wire = exchange(
        endpoint,
        request(path("empty-stream"))
        + b"\r\n"
        + request(path("error-424"))
        + last(path("empty-stream-length")),
    )
    assert re.findall(rb"HTTP/1.1 ([0-9]{3})", wire) == [b"200", b"424", b"200"]


@pytest.mark.parametrize(
    "version, more",
    [
        ("HTTP/1.0", []),
        ("HTTP/1.1", [("Connection", "close")]),
        ("HTTP/1.1", [("Connection", "TE, Close")]),
    ],
)
def test_a_client_may_ask_for_the_end(endpoint: Endpoint, version: str, more: PAIRS) -> None:
    data = request(path("default"), more=more).replace(b"HTTP/1.1", version.encode("ascii"))
    status, headers, body = answer_of(exchange(endpoint, data))
    assert (status, headers["connection"]) == (200, "close")
    assert ("transfer-encoding" in headers) == (version == "HTTP/1.1")
    if version == "HTTP/1.0":
        assert len(Decoder().feed(body)) == 16


# ---- bodies ------------------------------------------------------------------------------------

CHUNKED = b"5;x=1\r\nhello\r\n00A\r\n0123456789\r\n0\r\nX-Trailer: 1\r\n\r\n"


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_chunked_request_body_however_it_is_cut(endpoint: Endpoint, size: int) -> None:
    head = request(
        body=b"hello0123456789", more=[("Transfer-Encoding", "Chunked"), ("Connection", "close")]
    )[:-15]
    with connected(endpoint) as connection:
        for piece in pieces(head + CHUNKED, size):
            connection.sendall(piece)
        assert read_all(connection).startswith(b"HTTP/1.1 200")
    assert (endpoint.calls[0].body, endpoint.calls[0].verified) == (b"hello0123456789", True)


def test_a_client_that_waits_for_100_continue_gets_it(endpoint: Endpoint) -> None:
    data = last(body=b"x" * 10, headers=[("Expect", "100-Continue")])
    with connected(endpoint) as connection:
        connection.sendall(data[:-10])
        assert read_exactly(connection, 25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(data[-10:])
        assert read_all(connection).startswith(b"HTTP/1.1 200 OK\r\n")
    assert endpoint.calls[0].verified


@pytest.mark.parametrize("body", [b"", b"x"])
def test_no_100_continue_without_a_body_to_wait_for(endpoint: Endpoint, body: bytes) -> None:
    data = last(body=body, headers=[("Expect", "100-continue")])
    assert re.findall(rb"HTTP/1.1 ([0-9]{3})", exchange(endpoint, data)) == [b"200"]


def test_a_large_body(endpoint: Endpoint) -> None:
    body = b"x" * (6 * 1024 * 1024 + 1)
    assert answer_of(exchange(endpoint, last(body=body)))[0] == 200
    assert len(endpoint.calls[0].body) == len(body)


HUGE_HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 104857600\r\n\r\n"
HUGE_CHUNK = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n6400000\r\n"


@pytest.mark.parametrize("head", [HUGE_HEAD, HUGE_CHUNK])
def test_a_body_of_100_megabytes_is_refused_and_the_answer_arrives(
    endpoint: Endpoint, head: bytes
) -> None:
    with connected(endpoint) as connection:
        connection.sendall(head)
        for _ in range(100):
            connection.sendall(b"x" * 1048576)
        connection.shutdown(socket.SHUT_WR)
        status, headers, body = answer_of(read_all(connection))
    assert (status, headers["connection"], headers["content-type"]) == (413, "close", "text/plain")
    assert body == b"Request size exceeded %d bytes" % MAX_BODY
    assert endpoint.calls[0].reason == body.decode("ascii") and endpoint.calls[0].body == b""


def test_a_client_that_expects_100_is_refused_before_it_sends(endpoint: Endpoint) -> None:
    with connected(endpoint) as connection:
        connection.sendall(HUGE_HEAD.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
        assert read_all(connection).startswith(b"HTTP/1.1 413 ")


# ---- hostile clients ---------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    "data, reason",
    [
        (b"garbage\r\n\r\n", "request line"),
        (b"POST /\r\n\r\n", "request line"),
        (b"POST / HTTP/1.1 \r\nHost: x\r\n\r\n", "request line"),
        (b"POST  / HTTP/1.1\r\nHost: x\r\n\r\n", "request line"),
        (b"POST / HTTP/2.0\r\nHost: x\r\n\r\n", "request line"),
        (b"POST http://x/ HTTP/1.1\r\nHost: x\r\n\r\n", "request line"),
        (b"POST /\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n", "request line"),
        (b"P\xc3ST / HTTP/1.1\r\nHost: x\r\n\r\n", "request line"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "TLS"),
        (b"\x00" * 40, "control character"),
        (b"POST / HTTP/1.1\nHost: x\n\n", "CRLF"),
        (b"POST / HTTP/1.1\r\nHost: x\n\r\n", "CRLF"),
        (HOST + b"\n", "CRLF"),
        (HOST + b"X: a\rb\r\n\r\n", "CRLF"),
        (HOST + b"X: a\0b\r\n\r\n", "control character"),
        (HOST + b"X: a\x7fb", "control character"),
        (b"POST / HTTP/1.1\r\n\r\n", "Host"),
        (HOST + b"Host: x\r\n\r\n", "Host"),
        (b"POST / HTTP/1.1\r\n X: folded\r\nHost: x\r\n\r\n", "folded line"),
        (HOST + b"X : a\r\n\r\n", "name: value"),
        (HOST + b": a\r\n\r\n", "name: value"),
        (HOST + b"X\r\n\r\n", "name: value"),
        (HOST + b"X: " + b"a" * 70000, "too long"),
        (HOST + b"X: a\r\n" * 12000, "too long"),
        (b"A" * 70000, "too long"),
        (b"\r\n" * 3 + b"A" * 70000, "too long"),
        (HOST + b"Content-Length: x\r\n\r\n", "Content-Length"),
        (HOST + b"Content-Length: -1\r\n\r\n", "Content-Length"),
        (HOST + b"Content-Length: +1\r\n\r\na", "Content-Length"),
        (HOST + b"Content-Length: 1, 1\r\n\r\na", "Content-Length"),
        (HOST + b"Content-Length: 1_0\r\n\r\na", "Content-Length"),
        (HOST + b"Content-Length: \xb9\r\n\r\na", "Content-Length"),
        (HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", "Content-Length"),
        (
            HOST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "Transfer-Encoding",
        ),
        (HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "Transfer-Encoding"),
        (
            HOST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "Transfer-Encoding",
        ),
        (HOST + b"Transfer-Encoding: identity\r\n\r\n", "Transfer-Encoding"),
        (HOST + b"Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n", "invalid chunk size"),
        (HOST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\na\r\n", "invalid chunk size"),
        (HOST + b"Transfer-Encoding: chunked\r\n\r\n\r\n", "invalid chunk size"),
        (HOST + b"Transfer-Encoding: chunked\r\n\r\n1\na\r\n", "CRLF"),
        (HOST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nabc", "chunk does not end"),
        (HOST + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * 5000, "too long"),
    ],
)
def test_a_hostile_request_gets_a_400_and_the_next_client_its_answer(
    endpoint: Endpoint, data: bytes, reason: str
) -> None:
    status, headers, body = answer_of(exchange(endpoint, data))
    assert (status, headers["connection"]) == (400, "close")
    assert reason in body.decode("ascii") and reason in endpoint.calls[0].reason
    assert not endpoint.calls[0].verified
    assert answer_of(exchange(endpoint, last()))[0] == 200


def test_a_head_of_blanks_costs_no_time(endpoint: Endpoint) -> None:
    with connected(endpoint) as connection:  # quadratic matching would take minutes
        connection.sendall(HOST + b"X: a" + b" " * 65000 + b"b\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 404")


def test_the_same_length_twice_and_an_empty_line_before_the_request_are_accepted(
    endpoint: Endpoint,
) -> None:
    data = request(more=[("Content-Length", "2"), ("content-length", "2"), ("Connection", "close")])
    assert answer_of(exchange(endpoint, b"\r\n" + data))[0] == 200


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@pytest.mark.parametrize(
    "data, reason",
    [
        (b"POST", "dropped: the client disconnected"),
        (HOST, "dropped: the client disconnected"),
        (HOST + b"Content-Length: 5\r\n\r\nab", "dropped: the client disconnected"),
        (HOST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab", "dropped: the client disconnected"),
        (HOST + b"\r\n", "POST / refused: UnknownOperationException"),
        (
            request(path("stall-in-part")),
            "POST /endpoints/stall-in-part/invocations-response-stream scenario stall-in-part",
        ),
        (request(path("endless")), "dropped: the client disconnected"),
    ],
)
@pytest.mark.parametrize("leave", ["close", "reset"])
def test_a_client_that_goes_away_does_no_harm_and_the_log_says_why(
    data: bytes, reason: str, leave: str
) -> None:
    lines: List[str] = []
    with Endpoint({"endless": ENDLESS}, clock=lambda: NOW, log=lines.append) as endpoint:
        with connected(endpoint) as connection:
            connection.sendall(data)
            if leave == "reset":
                if b"\r\n\r\n" in data and b"ab" not in data:
                    wait_for_call(
                        endpoint
                    )  # a reset throws away what the endpoint has not read yet
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        assert answer_of(exchange(endpoint, last(path("empty-stream"))))[0] == 200
    assert any(line.startswith(reason) for line in lines), lines
    assert all("\n" not in line for line in lines)


def test_a_silent_client_is_dropped() -> None:
    lines: List[str] = []
    with Endpoint(clock=lambda: NOW, idle_timeout=0.05, log=lines.append) as endpoint:
        assert exchange(endpoint, b"") == b""
        assert exchange(endpoint, b"POST / HT") == b""
        assert answer_of(exchange(endpoint, last(path("empty-stream"))))[0] == 200
    assert lines[:2] == ["dropped: the client was silent for 0.05 s"] * 2


def test_a_stall_outlasts_the_time_for_silence() -> None:
    with Endpoint(clock=lambda: NOW, idle_timeout=0.02) as endpoint, connected(
        endpoint
    ) as connection:
        connection.sendall(request(path("stall-before-head")) + b"and more")
        connection.settimeout(0.1)
        with pytest.raises(socket.timeout):
            connection.recv(1)


@examples(60)
@given(
    st.binary(max_size=200),
    st.sampled_from([b"", HOST, HOST + b"Transfer-Encoding: chunked\r\n\r\n"]),
)
def test_any_bytes_are_a_request_or_refused(data: bytes, before: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(before + data)
        ours.shutdown(socket.SHUT_WR)
        try:
            found = RequestReader(theirs).read()
            assert found is None or found.target.startswith("/")
        except (BadRequest, Gone) as error:
            assert str(error)


HEADER_NAMES = [
    "Host",
    "Authorization",
    "X-Amz-Date",
    "X-Amz-Security-Token",
    "Content-Type",
    "X-Amz-Content-SHA256",
]
HEADER_VALUES = st.one_of(
    st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=40),
    st.sampled_from([signed()[2][1], DATE, "127.0.0.1"]),
)
TARGETS = [
    path(),
    path("%ff"),
    path() + "?X-Amz-Signature=1&X-Amz-Credential=AKIDEXAMPLE/1/2/sagemaker/aws4_request",
    path() + "?%",
]


@examples(100)
@given(
    st.lists(st.tuples(st.sampled_from(HEADER_NAMES), HEADER_VALUES), max_size=6),
    st.sampled_from(TARGETS),
)
def test_any_headers_are_accepted_or_refused(headers: List[Tuple[str, str]], target: str) -> None:
    try:
        check_request(Request("POST", target, "HTTP/1.1", headers, b"{}"), DATE)
    except Refusal as refusal:
        assert (
            refusal.status[:3] in ("400", "403")
            and refusal.message
            and refusal.response().status == refusal.status
        )


def test_parse_head_and_body_length() -> None:
    lines = [b"POST /x?y HTTP/1.0", b"hOST:\t x ", b"A: b", b"\tc"]
    assert parse_head(lines) == ("POST", "/x?y", "HTTP/1.0", [("hOST", "x"), ("A", "b\r\n\tc")])
    assert body_length([]) == 0
    assert body_length([("content-length", "007")]) == 7
    assert body_length([("Transfer-Encoding", "CHUNKED")]) is None


# ---- the memory of all connections ---------------------------------------------------------------


class Scripted:
    """A connection that delivers these pieces."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)

    def recv(self, size: int) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""


def with_length(size: int) -> bytes:
    return b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % size


def test_the_bodies_of_all_connections_share_a_budget() -> None:
    budget = BodyBudget(300000, 0.05)
    first = RequestReader(
        Scripted(with_length(200000), b"x" * 200000, with_length(1), b"x"), budget
    )
    assert len(getattr(first.read(), "body", b"")) == 200000
    second = RequestReader(Scripted(with_length(200000), b"x" * 200000), budget)
    with pytest.raises(BadRequest, match="too many large requests") as caught:
        second.read()
    assert caught.value.status == "503 Service Unavailable"
    # A short body is always read, and the next request of a connection releases the last one.
    assert RequestReader(Scripted(with_length(9), b"x" * 9), budget).read() is not None
    assert first.read() is not None
    third = RequestReader(Scripted(with_length(250000), b"x" * 250000), budget)
    assert third.read() is not None
    third.release()
    third.release()
    assert RequestReader(Scripted(with_length(300000), b"x" * 300000), budget).read() is not None


def test_chunks_count_as_they_arrive() -> None:
    head = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = (b"c350\r\n" + b"x" * 50000 + b"\r\n") * 5 + b"0\r\n\r\n"
    for total, fits in ((250000, True), (249999, False)):
        reader = RequestReader(Scripted(head, chunks), BodyBudget(total, 0.01))
        if fits:
            assert len(getattr(reader.read(), "body", b"")) == 250000
        else:
            with pytest.raises(BadRequest, match="too many large requests"):
                reader.read()


def test_a_body_waits_until_another_one_is_released() -> None:
    budget = BodyBudget(100000, 30)
    first = RequestReader(Scripted(with_length(100000), b"x" * 100000), budget)
    first.read()
    timer = threading.Timer(0.1, first.release)
    timer.start()
    second = RequestReader(Scripted(with_length(100000), b"x" * 100000), budget)
    assert second.read() is not None
    timer.join()
