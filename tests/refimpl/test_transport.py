# SPDX-License-Identifier: MIT
"""Tests of refimpl/transport.py, over loopback sockets against servers that play a script.

Head and body end at every byte, with an orderly end and with a reset, under each framing. Each
ending is either complete or `truncated`. Where the standard library's client is too lenient, a
test shows that ours is strict. A part is returned while the server waits for the client. Every
wait ends at its limit, and the error names that limit. TLS is rejected where it must be. No thread
or socket remains, and no other exception escapes.

Time-outs that must pass are short, and slow responses use a clock of the test. No test compares
seconds.
"""

import _thread
import errno
import os
import socket
import ssl
import threading
import time
import warnings
from collections import namedtuple
from contextlib import closing, contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl import timed_socket, transport
from refimpl.errors import ConfigurationError, Error, HttpError, NetworkError, UsageError
from refimpl.operation import HttpRequest
from refimpl.proxy import parse_proxy_url
from refimpl.routes import Route
from refimpl.transport import (
    READ_SIZE,
    Timeouts,
    check_timeouts,
    default_ssl_context,
    keep_alive,
    open_exchange,
)
from tests.properties import examples
from tests.rawserver import (
    PATIENCE,
    RawServer,
    abandon,
    close,
    nothing_left,
    ragged,
    read_head,
    read_nothing,
    read_request,
    relay_to,
    reset,
    stall,
    stall_unread,
)
from tests.rows import first_fast, for_each
from tests.support import pieces

LONG = Timeouts(3 * PATIENCE, 3 * PATIENCE, None)  # longer than the server waits
SHORT = 0.1  # seconds; a limit that a wait must reach
TOTAL = 0.4  # seconds; the same, including all that happens before the wait
BIG = 48 * 1024 * 1024  # bytes; more than the buffers of two sockets
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
UNTIL_CLOSE = OK + b"\r\n"


@pytest.fixture(autouse=True)
def _nothing_left():
    with nothing_left():
        yield


def with_length(count):
    return OK + b"Content-Length: %d\r\n\r\n" % count


def request_to(server, body=b"in", scheme=None, host=None, port=None):
    scheme = scheme or server.url.partition(":")[0]
    host = host or ("localhost" if scheme == "https" else "127.0.0.1")
    headers = (("Host", "h"), ("Content-Length", str(len(body))))
    return HttpRequest("POST", scheme, host, port or server.port, "/t?q", headers, body)


Outcome = namedtuple(
    "Outcome", "exchange body error parts"
)  # exchange: None without a head;  error: None if complete


def fetch(server, timeouts=LONG, context=None, **options):
    """Make one exchange and read its body; any exception except refimpl.Error fails the test."""
    exchange, parts, error = None, [], None
    monotonic = options.pop("monotonic", time.monotonic)
    try:
        exchange = open_exchange(request_to(server, **options), timeouts, context, monotonic)
        part = exchange.read1()
        while part:
            assert type(part) is bytes and len(part) <= READ_SIZE
            parts.append(part)
            part = exchange.read1()
        assert exchange.read1() == b"", "a complete body must stay complete"
    except Error as caught:
        error = caught
    finally:
        if exchange is not None:
            exchange.close()
    return Outcome(exchange, b"".join(parts), error, parts)


def outcome_of(*steps, **options):
    """Play steps to one client, check that it closes its connection, and return its outcome."""
    with RawServer(
        list(steps), read=options.pop("read", read_request), tls=options.pop("tls", None)
    ) as server:
        outcome = fetch(server, **options)
        server.gone()
    return outcome


def is_http(error, rule):
    return type(error) is HttpError and error.kind == "http" and error.rule == rule


def is_truncated(error):
    return (
        type(error) is HttpError
        and error.kind == "truncated"
        and error.rule == "HTTP-023"
        and not error.retryable
    )


def is_network(error):
    return type(error) is NetworkError and error.kind == "network"


def assert_timeout(error, doing, limit):
    assert (
        type(error) is NetworkError
        and error.kind == "timeout"
        and error.rule == "HTTP-051"
        and error.retryable
    )
    assert error.message == f"timed out while {doing}"
    assert error.expected == f"within the {limit}"


# ---- the request -------------------------------------------------------------------------------


# HTTP-009
@pytest.mark.parametrize("body", [b"", b"x", b"\r\n\0\xff" * 100])
def test_the_request_is_sent_as_given_and_nothing_is_added(body):
    headers = (
        ("Host", "example.com:1"),
        ("b", "2"),
        ("A", "1"),
        ("b", "\xe9 3"),
        ("Empty", ""),
        ("Content-Length", str(len(body))),
    )
    with RawServer([with_length(0)]) as server:
        request = HttpRequest(
            "POST", "http", "127.0.0.1", server.port, "/p/%41?q=%20&r", headers, body
        )
        exchange = open_exchange(request, LONG)
        exchange.close()
        assert server.gone() == "eof"
        assert server.requests == [
            b"POST /p/%41?q=%20&r HTTP/1.1\r\nHost: example.com:1\r\nb: 2\r\nA: 1\r\nb: \xe9 "
            b"3\r\nEmpty: \r\n"
            b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body
        ]


def test_a_large_body_arrives_completely():
    body = os.urandom(1 << 20) * 3 + b"end"
    with RawServer([with_length(2), b"ok"]) as server:
        assert fetch(server, body=body).body == b"ok"
        assert server.connections[0].body == body


@contextmanager
def recorded_connections(monkeypatch):
    """Yield a list that collects the connected sockets."""
    connect, connected = socket.create_connection, []

    def create_connection(*arguments, **options):
        connected.append(connect(*arguments, **options))
        return connected[-1]

    with monkeypatch.context() as patch:
        patch.setattr(socket, "create_connection", create_connection)
        yield connected


# HTTP-052
def test_the_socket_asks_for_keep_alive_and_no_delay(monkeypatch):
    with RawServer([with_length(0)]) as server, recorded_connections(monkeypatch) as connected:
        exchange = open_exchange(request_to(server), LONG)
        found = connected[0]
        assert found.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) != 0
        assert found.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
        for name, value in (("TCP_KEEPIDLE", 45), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 8)):
            if hasattr(socket, name):
                assert found.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) == value, name
        exchange.close()
        assert found.fileno() == -1


class RecordingSocket:
    """A socket of an old kernel, which rejects TCP keep-alive options if `refuses`."""

    def __init__(self, refuses):
        self.refuses = refuses
        self.options = []

    def setsockopt(self, level, name, value):
        self.options.append((level, name, value))
        if self.refuses and level == socket.IPPROTO_TCP:
            raise OSError(errno.ENOPROTOOPT, "Protocol not available")


@pytest.mark.parametrize("refuses", [False, True])
@pytest.mark.parametrize(
    "names,expected",
    [
        (
            {"TCP_KEEPIDLE": 1, "TCP_KEEPALIVE": 2, "TCP_KEEPINTVL": 3, "TCP_KEEPCNT": 4},
            [(1, 45), (3, 15), (4, 8)],
        ),
        ({"TCP_KEEPALIVE": 2, "TCP_KEEPINTVL": 3}, [(2, 45), (3, 15)]),
        ({"TCP_KEEPCNT": 4}, [(4, 8)]),
        ({}, []),
    ],
)
def test_keep_alive_goes_as_far_as_the_platform(monkeypatch, names, expected, refuses):
    for name in ("TCP_KEEPIDLE", "TCP_KEEPALIVE", "TCP_KEEPINTVL", "TCP_KEEPCNT"):
        monkeypatch.delattr(socket, name, raising=False)
    for name, value in names.items():
        monkeypatch.setattr(socket, name, value, raising=False)
    recording = RecordingSocket(refuses)
    keep_alive(recording)
    assert recording.options == [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)] + [
        (socket.IPPROTO_TCP,) + pair for pair in expected
    ]


# ---- the head ----------------------------------------------------------------------------------


def test_a_response_is_returned():
    response = b"HTTP/1.0 503 Not  Now\r\nA: 1\r\nb:\r\n c\r\na:\t2 \r\n\r\nbody"
    outcome = outcome_of(response)
    assert (outcome.exchange.status, outcome.exchange.reason) == (503, "Not  Now")
    assert outcome.exchange.headers == (("A", "1"), ("b", "c"), ("a", "2"))
    assert (outcome.body, outcome.error) == (b"body", None)


SMALL_HEAD = b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\nB:\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize("ending", [close, reset])
def test_a_head_cut_at_every_byte(ending):
    scripts = [[SMALL_HEAD[:cut], ending] for cut in range(len(SMALL_HEAD) + 1)]
    with RawServer(*scripts) as server:
        for cut in range(len(SMALL_HEAD)):
            outcome = fetch(server)
            assert outcome.exchange is None
            if cut == 0 or ending is reset:
                assert is_network(outcome.error) and outcome.error.retryable, (cut, outcome)
            else:
                assert is_http(outcome.error, "HTTP-041") and not outcome.error.retryable, (
                    cut,
                    outcome,
                )
        whole = fetch(server)
        assert (whole.exchange.status, whole.body, whole.error) == (200, b"", None)


INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\nContent-Length: 7\r\n\r\n"


@pytest.mark.parametrize(
    "interim",
    [
        INTERIM,
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 102 Processing\r\n\r\n",
        b"HTTP/1.1 199\r\n\r\n",
        INTERIM * 16,
        b"HTTP/1.1 100 Continue\r\n\r\n" + INTERIM,
    ],
)
def test_interim_responses_are_skipped(interim):
    outcome = outcome_of(interim, b"HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno")
    assert (outcome.exchange.status, outcome.exchange.headers) == (404, (("Content-Length", "2"),))
    assert (outcome.body, outcome.error) == (b"no", None)


@pytest.mark.parametrize("interim", [INTERIM, b"HTTP/1.1 100 Continue\r\n\r\n", INTERIM * 16])
def test_an_interim_response_and_nothing_more(interim):
    assert is_http(outcome_of(interim, close).error, "HTTP-041")
    assert is_network(outcome_of(interim, reset).error)


def test_too_many_interim_responses():
    outcome = outcome_of(INTERIM * 17, with_length(0))
    assert is_http(outcome.error, "HTTP-048")
    assert (outcome.error.expected, outcome.error.actual) == ("at most 16", 103)


def test_a_bad_interim_response_is_rejected():
    assert is_http(outcome_of(b"HTTP/1.1 103 x\r\nA b\r\n\r\n", with_length(0)).error, "HTTP-047")


@pytest.mark.parametrize("status", [101, 200, 204, 302, 304, 400, 500, 599, 600, 999, 0, 99])
def test_every_final_status_is_returned(status):
    outcome = outcome_of(b"HTTP/1.1 %03d x\r\nLocation: http://127.0.0.1:1/\r\n\r\n" % status)
    assert (outcome.exchange.status, outcome.error) == (status, None)


BAD_HEADS = [
    ("HTTP-041", b"<html>\r\n\r\n"),
    ("HTTP-041", b"HTTP/2 200\r\n\r\n"),
    ("HTTP-041", b"HTTP/1.1 20 OK\r\n\r\n"),
    ("HTTP-041", b"\r\n" + with_length(0)),
    ("HTTP-041", b"5\r\nhello\r\n"),
    ("HTTP-041", b"x" * 300),
    ("HTTP-041", b"\0" * 64),
    ("HTTP-047", b"HTTP/1.1 200 OK\n\n"),
    ("HTTP-047", OK + b"A: b\n\r\n"),
    ("HTTP-047", OK + b"\n"),
    ("HTTP-047", OK + b"A: b\r\n\n"),
    ("HTTP-047", OK + b" A: b\r\n\r\n"),
    ("HTTP-047", OK + b"A : b\r\n\r\n"),
    ("HTTP-047", OK + b"A: \0\r\n\r\n"),
    ("HTTP-047", OK + b"AB\r\n\r\n"),
    ("HTTP-047", OK + b": b\r\n\r\n"),
    ("HTTP-047", OK + b"A: b\rc\r\n\r\n"),
    ("HTTP-042", OK + b"Content-Length: x\r\n\r\n"),
    ("HTTP-042", OK + b"Content-Length: -1\r\n\r\n"),
    ("HTTP-042", OK + b"Content-Length: +1\r\n\r\n"),
    ("HTTP-042", OK + b"Content-Length: 1_0\r\n\r\n"),
    ("HTTP-042", OK + b"Content-Length:\r\n\r\n"),
    ("HTTP-042", OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
    ("HTTP-042", OK + b"Content-Length: 5, 6\r\n\r\nhello!"),
    ("HTTP-042", OK + b"Content-Length: 9999999999999999999\r\n\r\n"),
    ("HTTP-043", OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("HTTP-044", OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    ("HTTP-044", OK + b"Transfer-Encoding: gzip\r\n\r\n"),
    ("HTTP-044", OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("HTTP-044", b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("HTTP-048", OK + b"A: b\r\n" * 101 + b"\r\n"),
    ("HTTP-048", OK + b"A: b\r\n" + b" c\r\n" * 100 + b"\r\n"),
    ("HTTP-048", b"HTTP/1.1 200 " + b"x" * 65536 + b"\r\n\r\n"),
    ("HTTP-048", OK + b"A: " + b"x" * 65536 + b"\r\n\r\n"),
    ("HTTP-048", b"x" * 65537),
    ("HTTP-048", b"x" * 65536 + b"\n"),
    ("HTTP-048", OK + b"x" * 65537),
]


@for_each(
    "rule,head",
    BAD_HEADS,
    ids=[f"{rule}-{number}" for number, (rule, _) in enumerate(BAD_HEADS)],
)
def test_rejects_an_invalid_head(rule, head):
    outcome = outcome_of(head)
    assert outcome.exchange is None
    assert is_http(outcome.error, rule), outcome.error
    assert outcome.error.expected and outcome.error.actual is not None
    assert len(str(outcome.error)) < 1000


@pytest.mark.parametrize(
    "head", [b"x" * 65537, OK + b"x" * 65537, OK + b"A: b\r\n" * 101, b"<html>\r\n", OK + b"\n"]
)
def test_a_hostile_head_is_rejected_before_it_ends(head):
    assert outcome_of(head, stall).error.kind == "http"


def test_a_head_of_just_the_permitted_size():
    status_line = b"HTTP/1.1 200 " + b"x" * (65536 - 15) + b"\r\n"
    header = b"A: " + b"y" * (65536 - 5) + b"\r\n"
    assert len(status_line) == len(header) == 65536
    outcome = outcome_of(status_line, header * 3, b"B: 1\r\n" * 97, b"\r\n")
    assert outcome.error is None
    assert len(outcome.exchange.headers) == 100
    assert {len(value) for _, value in outcome.exchange.headers} == {65531, 1}


@pytest.mark.parametrize(
    "alert",
    [
        b"\x15\x03\x01\x00\x02\x02F",
        b"\x15\x03\x03\x00\x02\x02\n",
        b"\x15\x03\x03\x00\x02\x02(",
        b"\x16\x03\x03\x00\x7a\r\n" + b"\2" * 120,
    ],
)
def test_a_tls_port_that_is_called_in_plain_text_is_named(alert):
    error = outcome_of(alert).error
    assert is_http(error, "HTTP-041")
    assert "https port" in str(error)


def test_a_connection_closed_before_the_head():
    for ending in (close, reset):
        error = outcome_of(ending).error
        assert is_network(error) and error.retryable and error.rule in ("HTTP-041", "HTTP-055")
    assert is_network(outcome_of(abandon, read=read_nothing).error)


# ---- the body ----------------------------------------------------------------------------------

BODIES = {  # (bytes, whether they belong to the body)
    "chunked": (
        CHUNKED,
        [
            (b"5\r\n", False),
            (b"hello", True),
            (b"\r\n1;x=y\r\n", False),
            (b"!", True),
            (b"\r\n0A \r\n", False),
            (b"0123\r\n\0\xff89", True),
            (b"\r\n0;end\r\n", False),
        ],
    ),
    "length": (with_length(12), [(b"hello\r\n\0\xff!!!", True)]),
    "close": (UNTIL_CLOSE, [(b"hello\r\n\0\xff", True)]),
}


def body_of(pieces_on_wire, cut=None):
    """Return the part of the body that is in the first `cut` bytes."""
    position, body = 0, b""
    for data, is_body in pieces_on_wire:
        if is_body:
            body += data if cut is None else data[: max(0, cut - position)]
        position += len(data)
    return body


@pytest.mark.parametrize("ending", [close, reset])
@pytest.mark.parametrize("framing", sorted(BODIES))
def test_a_body_cut_at_every_byte(framing, ending):
    head, on_wire = BODIES[framing]
    wire = b"".join(data for data, _ in on_wire)
    scripts = [[head + wire[:cut], ending] for cut in range(len(wire) + 1)]
    with RawServer(*scripts) as server:
        for cut in range(len(wire) + 1):
            outcome = fetch(server)
            expected = body_of(on_wire, cut)
            if outcome.exchange is None:  # the reset arrived before the head
                assert ending is reset and is_network(outcome.error)
            elif cut == len(wire) and framing != "close" or framing == "close" and ending is close:
                assert (outcome.body, outcome.error) == (expected, None), cut
            else:
                assert is_truncated(outcome.error), (cut, outcome)
                assert (
                    outcome.body == expected
                    if ending is close
                    else expected.startswith(outcome.body)
                )


@pytest.mark.parametrize("framing", ["chunked", "length"])
@pytest.mark.parametrize(
    "behind", [b"\r\n", b"", b"A: trailer\r\n\r\n", b"garbage", b"HTTP/1.1 200 OK\r\n\r\n"]
)
def test_the_end_of_a_body_is_known_and_what_follows_is_left_alone(framing, behind):
    head, on_wire = BODIES[framing]
    for ending in (stall, close):  # complete before the connection ends
        outcome = outcome_of(head, b"".join(data for data, _ in on_wire) + behind, ending)
        assert (outcome.body, outcome.error) == (body_of(on_wire), None)


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 204 No\r\n\r\n",
        b"HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n",
        with_length(0),
        b"HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_responses_without_a_body_do_not_wait_for_one(head):
    outcome = outcome_of(head, stall)
    assert (outcome.body, outcome.error) == (b"", None)


@pytest.mark.parametrize("bad", [b"XX", b"\n\n", b"\r\r", b"\n\r", b"\r ", b"5\r"])
def test_rejects_a_chunk_without_crlf(bad):
    outcome = outcome_of(CHUNKED, b"5\r\nhello" + bad + b"0\r\n\r\n")
    assert outcome.body == b"hello"
    assert is_http(outcome.error, "HTTP-046")
    assert outcome.error.actual == bad


BAD_CHUNK_LINES = [
    b"0x5\r\n",
    b"+5\r\n",
    b"-5\r\n",
    b" 5\r\n",
    b"5 5\r\n",
    b"1_0\r\n",
    b"\r\n",
    b"5\n",
    b"0\n",
    b"g\r\n",
    b";x\r\n",
    b"5;\0\r\n",
    b"5\rx\r\n",
    b"1" * 16 + b"\r\n",
    b"f" * 300 + b"\r\n",
]


@for_each("line", BAD_CHUNK_LINES, ids=range(len(BAD_CHUNK_LINES)))
@for_each("first", [b"", b"5\r\nhello\r\n"])
def test_rejects_an_invalid_chunk_size(line, first):
    outcome = outcome_of(CHUNKED, first + line + b"hello\r\n0\r\n\r\n", stall)
    assert outcome.body == first[3:8]
    assert is_http(outcome.error, "HTTP-045")


@pytest.mark.parametrize("size,refused", [(65536, False), (65537, True), (65538, True)])
def test_the_longest_chunk_line(size, refused):
    line = b"5;" + b"x" * (size - 4) + b"\r\n"
    outcome = outcome_of(CHUNKED, line + b"hello\r\n0\r\n\r\n")
    if refused:
        assert outcome.body == b"" and is_http(outcome.error, "HTTP-048")
    else:
        assert (outcome.body, outcome.error) == (b"hello", None)


@pytest.mark.parametrize("line", [b"x" * 65537, b"5;" + b"x" * 70000])
def test_a_chunk_line_without_an_end_is_rejected_before_it_ends(line):
    for first in (b"", b"5\r\nhello\r\n"):
        outcome = outcome_of(CHUNKED, first + line, stall)
        assert outcome.body == first[3:8]
        assert is_http(outcome.error, "HTTP-048")


def test_the_largest_sizes_wait_for_bytes_not_for_memory():
    outcome = outcome_of(CHUNKED, b"f" * 15 + b"\r\nhello", close)
    assert outcome.body == b"hello" and is_truncated(outcome.error)
    assert outcome.error.expected == f"{16**15 - 1 - 5} more bytes of a chunk"
    outcome = outcome_of(with_length(10**18 - 1), b"hello", close)
    assert outcome.body == b"hello" and is_truncated(outcome.error)
    assert outcome.error.expected == f"{10**18 - 1 - 5} more bytes"


@pytest.mark.parametrize("framing", ["chunked", "length", "close"])
def test_a_long_body(framing):
    data = os.urandom(300000)
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces(data, 70001))
    outcome = outcome_of(
        {
            "chunked": CHUNKED + chunks + b"0\r\n\r\n",
            "length": with_length(len(data)) + data,
            "close": UNTIL_CLOSE + data,
        }[framing]
    )
    assert (outcome.body, outcome.error) == (data, None)


@pytest.mark.parametrize("framing", ["chunked", "length", "close"])
def test_read1_returns_no_more_than_it_is_asked_for(framing):
    head, on_wire = BODIES[framing]
    with RawServer([head + b"".join(data for data, _ in on_wire)]) as server:
        exchange = open_exchange(request_to(server), LONG)
        parts = [exchange.read1(3)]
        while parts[-1]:
            parts.append(exchange.read1(3))
        exchange.close()
    assert {len(part) for part in parts[:-1]} <= {1, 2, 3}
    assert b"".join(parts) == body_of(on_wire)


FIRST_PARTS = {
    "a chunk": (CHUNKED, b"5\r\nhello\r\n", b"1\r\n!\r\n0\r\n\r\n"),
    "a part of a chunk": (CHUNKED, b"6\r\nhello", b"!\r\n0\r\n\r\n"),
    "length": (with_length(6), b"hello", b"!"),
    "close": (UNTIL_CLOSE, b"hello", b"!"),
}


# HTTP-050
@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("name", sorted(FIRST_PARTS))
def test_a_part_is_returned_while_the_server_waits_for_the_client(name, secure, authority):
    head, first, second = FIRST_PARTS[name]
    response, go_on = threading.Event(), threading.Event()
    with RawServer(
        [head, response, first, go_on, second], tls=authority.server() if secure else None
    ) as server:
        exchange = open_exchange(request_to(server), LONG, authority.client() if secure else None)
        response.set()  # the head was enough for open_exchange to return
        got = b""
        while len(got) < 5:
            got += exchange.read1()
        assert got == b"hello"
        go_on.set()
        assert exchange.read1() == b"!"
        assert exchange.read1() == b""
        exchange.close()


def test_an_error_in_the_body_is_final():
    with RawServer([UNTIL_CLOSE + b"x", reset]) as server, closing(
        open_exchange(request_to(server), LONG)
    ) as exchange:
        with pytest.raises(HttpError) as first:
            while True:
                exchange.read1()
        assert is_truncated(first.value)
        with pytest.raises(Error):  # not b"", which would mean a complete body
            exchange.read1()


# ---- responses before the end of the request ---------------------------------------------------


def test_an_early_response_is_read_when_the_server_stops_reading():
    response = b"HTTP/1.1 413 Too Large\r\nContent-Length: 9\r\n\r\ntoo large"
    outcome = outcome_of(response, abandon, read=read_head, body=bytes(BIG))
    assert (outcome.exchange.status, outcome.body, outcome.error) == (413, b"too large", None)


def test_a_server_that_stops_reading_without_a_response():
    error = outcome_of(abandon, read=read_head, body=bytes(BIG)).error
    assert is_network(error) and error.retryable and error.rule == "HTTP-055"
    assert error.message.startswith("the peer closed the connection during the request: ")


def test_a_server_that_stops_reading_and_sends_an_invalid_response():
    error = outcome_of(b"HTTP/1.1 999999\r\n\r\n", abandon, read=read_head, body=bytes(BIG)).error
    assert is_http(error, "HTTP-041")


@pytest.mark.parametrize(
    "start,body",
    [
        (UNTIL_CLOSE + b"hello", b"hello"),
        (with_length(9) + b"hello", b"hello"),
        (CHUNKED + b"5\r\nhello\r\n", b"hello"),
    ],
)
def test_an_early_response_that_ends_with_a_reset_is_truncated(start, body):
    """Sending reports the reset. Reading must not report an orderly end afterwards."""
    outcome = outcome_of(start, abandon, read=read_head, body=bytes(BIG))
    assert (outcome.exchange.status, outcome.body) == (200, body)
    assert is_truncated(outcome.error)


# ---- failed connections ------------------------------------------------------------------------


def closed_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def test_a_refused_connection():
    error = fetch(None, scheme="http", port=closed_port()).error
    assert is_network(error) and error.retryable and error.rule == "HTTP-055"
    assert "127.0.0.1 port" in str(error) and os.strerror(errno.ECONNREFUSED) in str(error)


def test_an_unknown_host():
    error = fetch(None, scheme="http", host="no-such-host.invalid", port=80).error
    assert is_network(error) and not error.retryable
    assert "no-such-host.invalid" in str(error)


def test_a_name_server_that_does_not_answer_may_answer_later(monkeypatch):
    def getaddrinfo(*_):
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    error = fetch(None, scheme="http", host="busy.example", port=80).error
    assert is_network(error) and error.retryable
    assert "Temporary failure" in str(error)


@pytest.mark.parametrize("host", ["ex\u00e4mple.com", "a\u3002example"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_host_that_cannot_be_a_name(host, scheme):
    error = fetch(None, scheme=scheme, host=host, port=80).error
    assert type(error) is ConfigurationError and error.rule == "HTTP-002"
    assert error.actual == host


@pytest.mark.parametrize(
    "raised,expected",
    [
        (OSError("no words"), "no words"),
        (OSError(errno.ENETUNREACH, "unreachable"), "unreachable"),
        (PermissionError(errno.EPERM, "not permitted"), "not permitted"),
    ],
)
def test_every_failure_to_connect_is_a_network_error(monkeypatch, raised, expected):
    def create_connection(*_):
        raise raised

    monkeypatch.setattr(socket, "create_connection", create_connection)
    error = fetch(None, scheme="http", port=80).error
    assert is_network(error) and error.retryable
    assert expected in str(error)


def test_a_socket_that_rejects_its_options_is_closed(monkeypatch):
    def refuse(_):
        raise OSError(errno.EINVAL, "no options")

    monkeypatch.setattr(transport, "keep_alive", refuse)
    with RawServer([]) as server:
        assert "no options" in str(fetch(server).error)
        assert server.gone() in ("eof", "reset")


# ---- time-outs ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "timeouts", [(None, None, None), (1, 2.5, 3), (0.001, 2e6, None), (2147483, 2147483.0, None)]
)
def test_usable_timeouts(timeouts):
    assert check_timeouts(Timeouts(*timeouts)) == timeouts


@for_each(
    "value",
    [
        0,
        -1,
        0.0,
        -0.5,
        2147483.1,
        2147484,
        float("nan"),
        float("inf"),
        float("-inf"),
        1e9,
        10**400,
        True,
        False,
        "5",
        b"5",
        [],
        1j,
        2**32 / 1000 + 0.1,  # poll() would treat these milliseconds as 100
    ],
)
@for_each("number,name", [(0, "connect_timeout"), (1, "read_timeout"), (2, "total_timeout")])
def test_unusable_timeouts(value, number, name):
    timeouts = Timeouts(*[value if number == index else None for index in range(3)])
    for function in (
        check_timeouts,
        lambda timeouts: open_exchange(request_to(None, scheme="http", port=1), timeouts),
    ):
        with pytest.raises(UsageError) as caught:
            function(timeouts)
        assert caught.value.message == f"invalid {name}"
        assert caught.value.expected == "seconds above 0, at most 2147483, or None"
        assert caught.value.rule == "HTTP-051"


@contextmanager
def full_listener():
    """Yield a loopback port with a full queue, which neither accepts nor refuses a connection."""
    waiting = []
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        try:
            for _ in range(20):
                one = socket.socket()
                waiting.append(one)
                one.settimeout(SHORT)
                try:
                    one.connect(listener.getsockname())
                except socket.timeout:
                    break
                except OSError as error:
                    pytest.skip(f"a full queue refuses here: {error}")
            else:
                pytest.skip("this platform's queue of connections does not fill")
            yield listener.getsockname()[1]
        finally:
            for one in waiting:
                one.close()


CONNECT_LIMITS = [
    (Timeouts(SHORT, PATIENCE, None), "connect_timeout of 0.1 s"),
    (Timeouts(SHORT, None, PATIENCE), "connect_timeout of 0.1 s"),
    (Timeouts(None, PATIENCE, TOTAL), "total_timeout of 0.4 s"),
    (Timeouts(PATIENCE, PATIENCE, TOTAL), "total_timeout of 0.4 s"),
]


@pytest.mark.slow
@pytest.mark.parametrize("timeouts,limit", first_fast(CONNECT_LIMITS))
def test_a_connection_that_is_not_accepted(timeouts, limit):
    with full_listener() as port:
        assert_timeout(fetch(None, timeouts, scheme="http", port=port).error, "connecting", limit)


@pytest.mark.parametrize("timeouts,limit", first_fast(CONNECT_LIMITS))
def test_a_server_that_does_not_shake_hands(timeouts, limit):
    with RawServer([], tls=True, shake=False) as server:
        assert_timeout(
            fetch(server, timeouts, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)).error,
            "connecting",
            limit,
        )
        assert server.gone() in ("eof", "reset")


READ_LIMITS = [
    (Timeouts(PATIENCE, SHORT, None), "read_timeout of 0.1 s"),
    (Timeouts(PATIENCE, SHORT, PATIENCE), "read_timeout of 0.1 s"),
    (Timeouts(PATIENCE, None, TOTAL), "total_timeout of 0.4 s"),
    (Timeouts(PATIENCE, PATIENCE, TOTAL), "total_timeout of 0.4 s"),
]


@pytest.mark.slow
@pytest.mark.parametrize("timeouts,limit", first_fast(READ_LIMITS))
def test_the_limit_that_was_hit_is_named(timeouts, limit):
    with RawServer([stall_unread], read=read_nothing) as server:
        assert_timeout(fetch(server, timeouts, body=bytes(BIG)).error, "sending the request", limit)
    assert_timeout(
        outcome_of(OK, stall, timeouts=timeouts).error, "waiting for the response", limit
    )
    outcome = outcome_of(CHUNKED + b"5\r\nhello", stall, timeouts=timeouts)
    assert outcome.body == b"hello"
    assert_timeout(outcome.error, "reading the body", limit)


@pytest.mark.parametrize(
    "head", [b"", b"HTTP/1.1 2", OK + b"Content-Type: te", OK + b"A: b\r\n", INTERIM]
)
def test_a_stall_before_the_end_of_the_head(head):
    outcome = outcome_of(head, stall, timeouts=Timeouts(None, SHORT, None))
    assert outcome.exchange is None
    assert_timeout(outcome.error, "waiting for the response", "read_timeout of 0.1 s")


@pytest.mark.parametrize(
    "start,body",
    [
        (CHUNKED, b""),
        (CHUNKED + b"5", b""),
        (CHUNKED + b"5\r\n", b""),
        (CHUNKED + b"5\r\nhel", b"hel"),
        (CHUNKED + b"5\r\nhello\r", b"hello"),
        (CHUNKED + b"5\r\nhello\r\n", b"hello"),
        (CHUNKED + b"0\r", b""),
        (with_length(3) + b"he", b"he"),
        (UNTIL_CLOSE + b"he", b"he"),
    ],
)
def test_a_stall_in_the_body(start, body):
    outcome = outcome_of(start, stall, timeouts=Timeouts(None, SHORT, None))
    assert outcome.exchange.status == 200
    assert outcome.body == body
    assert_timeout(outcome.error, "reading the body", "read_timeout of 0.1 s")


class SteppingClock:
    """A clock that advances by a second at each reading and lets the server send a byte."""

    def __init__(self):
        self.now = 1000.0
        self._ticks = threading.Semaphore(0)

    def __call__(self):
        self.now += 1
        self._ticks.release()
        return self.now

    def drip(self, data):
        """Return a step that sends one byte of data per tick."""

        def step(connection):
            for number in range(len(data)):
                connection.server.wait(lambda seconds: self._ticks.acquire(timeout=seconds))
                connection.socket.sendall(data[number : number + 1])

        return step


@pytest.mark.parametrize("read_timeout", [None, PATIENCE])
def test_a_head_that_drips_runs_into_the_total_timeout(read_timeout):
    clock = SteppingClock()
    with RawServer([clock.drip(OK + b"A: " + b"x" * 1000)]) as server:
        outcome = fetch(server, Timeouts(None, read_timeout, 60), monotonic=clock)
    assert outcome.exchange is None
    assert_timeout(outcome.error, "waiting for the response", "total_timeout of 60 s")


@pytest.mark.parametrize(
    "head,data",
    [(CHUNKED, b"1\r\nx\r\n" * 200), (with_length(1000), b"x" * 1000), (UNTIL_CLOSE, b"x" * 1000)],
)
def test_a_body_that_drips_runs_into_the_total_timeout(head, data):
    clock = SteppingClock()
    with RawServer([head, clock.drip(data)]) as server:
        outcome = fetch(server, Timeouts(None, None, 60), monotonic=clock)
    assert outcome.exchange.status == 200
    assert 3 <= len(outcome.body) <= 61 and set(outcome.body) == set(b"x")
    assert_timeout(outcome.error, "reading the body", "total_timeout of 60 s")


def test_a_drip_within_the_limits_is_read_to_its_end():
    clock = SteppingClock()
    outcome = outcome_of(
        clock.drip(with_length(5) + b"hello"), monotonic=clock, timeouts=Timeouts(None, 60, 600)
    )
    assert (outcome.body, outcome.error) == (b"hello", None)


@pytest.mark.parametrize("steps,doing", [(1, "connecting"), (3, "sending the request")])
def test_a_total_timeout_that_has_passed_is_not_waited_for(steps, doing):
    """The clock jumps after some readings; the peer works."""
    readings = iter([0.0] * steps)
    with RawServer([with_length(0)]) as server:
        outcome = fetch(server, Timeouts(None, None, 5), monotonic=lambda: next(readings, 5.0))
        assert_timeout(outcome.error, doing, "total_timeout of 5 s")


def test_each_wait_is_as_long_as_what_is_left_of_the_total_timeout():
    """A wait begins 0.1 s before the total limit; then the limit passes."""
    readings = []

    def monotonic():
        return readings.pop() if len(readings) > 1 else readings[0] if readings else 0.0

    with RawServer([CHUNKED + b"5\r\nhello\r\n", stall]) as server, closing(
        open_exchange(request_to(server), Timeouts(None, None, 60), None, monotonic)
    ) as exchange:
        assert exchange.read1() == b"hello"
        readings.extend([60.0, 59.9])
        with pytest.raises(NetworkError) as caught:
            exchange.read1()
    assert_timeout(caught.value, "reading the body", "total_timeout of 60 s")


@pytest.mark.slow
def test_the_total_timeout_is_one_for_all_addresses_of_a_host(monkeypatch):
    """All attempts together take no longer than the limit."""
    connect, getaddrinfo, waits = socket.socket.connect, socket.getaddrinfo, []

    def recording(self, address):
        waits.append(self.gettimeout())
        return connect(self, address)

    with full_listener() as port:
        found = [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", port))]
        monkeypatch.setattr(
            socket,
            "getaddrinfo",
            lambda host, *more, **options: (
                found * 3 if host == b"many.example" else getaddrinfo(host, *more, **options)
            ),
        )
        monkeypatch.setattr(socket.socket, "connect", recording, raising=False)
        error = fetch(
            None, Timeouts(PATIENCE, PATIENCE, TOTAL), scheme="http", host="many.example", port=port
        ).error
        monkeypatch.undo()
    assert_timeout(error, "connecting", "total_timeout of 0.4 s")
    assert sum(waits) <= TOTAL


@pytest.mark.slow
@pytest.mark.parametrize(
    "timeouts, limit",
    [
        (Timeouts(TOTAL, PATIENCE, None), "connect_timeout of 0.4 s"),
        (Timeouts(PATIENCE, PATIENCE, TOTAL), "total_timeout of 0.4 s"),
    ],
)
def test_name_resolution_is_part_of_the_time_to_connect(timeouts, limit, monkeypatch):
    """The system's resolver has its own time-outs, of 10 seconds and more."""
    getaddrinfo, leave = socket.getaddrinfo, threading.Event()

    def slow(host, *more, **options):
        if host == b"slow.example" and not more[-1]:
            leave.wait(PATIENCE)
        return getaddrinfo(host, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    started = time.monotonic()
    error = fetch(None, timeouts, scheme="http", host="slow.example", port=80).error
    took = time.monotonic() - started
    leave.set()
    assert_timeout(error, "connecting", limit)
    assert took < PATIENCE / 2


def test_the_addresses_of_a_host_share_the_time_to_connect(monkeypatch):
    """One silent address does not use up the time of the others."""
    waits = []

    def getaddrinfo(host, port, family, kind, protocol, flags):
        if flags:
            raise socket.gaierror(socket.EAI_NONAME, "a name")
        return [(socket.AF_INET, kind, 6, "", (f"192.0.2.{last}", port)) for last in range(4)]

    def create_connection(address, limit):
        waits.append((address, limit))
        now[0] += limit
        raise socket.timeout("timed out")

    now = [100.0]
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(socket, "create_connection", create_connection)
    error = fetch(
        None,
        Timeouts(8, PATIENCE, None),
        monotonic=lambda: now[0],
        scheme="http",
        host="many.example",
        port=80,
    ).error
    assert_timeout(error, "connecting", "connect_timeout of 8 s")
    assert waits == [((b"192.0.2.%d" % last, 80), 2.0) for last in range(4)]


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE])
def test_running_out_of_descriptors_is_reported_and_no_other_address_is_tried(number, monkeypatch):
    tried = []

    def create_connection(address, limit):
        tried.append(address)
        raise OSError(number, "Too many open files")

    monkeypatch.setattr(socket, "create_connection", create_connection)
    error = fetch(None, scheme="http", host="localhost", port=80).error
    assert is_network(error) and "Too many open files" in str(error)
    assert len(tried) == 1


def test_a_thread_that_cannot_start_is_a_network_error(monkeypatch):
    def start_new_thread(*_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(_thread, "start_new_thread", start_new_thread)
    error = fetch(None, scheme="http", host="localhost", port=80).error
    assert is_network(error) and "can't start new thread" in str(error)


def test_a_time_out_of_the_kernel_is_not_our_limit(monkeypatch):
    """The kernel's ETIMEDOUT, for a connection or keep-alive probes, is not our limit."""

    def create_connection(*_):
        raise OSError(errno.ETIMEDOUT, "Connection timed out")

    monkeypatch.setattr(socket, "create_connection", create_connection)
    for timeouts in (
        Timeouts(None, 500, None),
        Timeouts(400, 500, None),
        Timeouts(None, None, None),
    ):
        error = fetch(None, timeouts, scheme="http", port=80).error
        assert type(error) is NetworkError and error.retryable
        assert "timeout of" not in str(error)


def test_failed_keep_alive_probes_are_not_blamed_on_the_read_timeout(monkeypatch):
    class Dead(socket.socket):
        def recv_into(self, *_):
            raise OSError(errno.ETIMEDOUT, "Connection timed out")

    connect = socket.create_connection

    def create_connection(*arguments):
        connected = connect(*arguments)
        dead = Dead(connected.family, connected.type, connected.proto, fileno=connected.detach())
        dead.settimeout(arguments[1])
        return dead

    monkeypatch.setattr(socket, "create_connection", create_connection)
    error = outcome_of(stall, timeouts=Timeouts(None, 500, None)).error
    assert type(error) is NetworkError
    assert "timeout of" not in str(error)


# ---- closing -----------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize(
    "start",
    [
        CHUNKED,
        CHUNKED + b"5\r\nhe",
        CHUNKED + b"2\r\nhe\r",
        with_length(5) + b"he",
        UNTIL_CLOSE + b"he",
    ],
)
@pytest.mark.parametrize("woken_first", [False, True])
def test_closing_from_another_thread_ends_a_read(
    start, secure, woken_first, authority, monkeypatch
):
    ended, outcomes = threading.Event(), []

    def read_on():
        try:
            while True:
                part = exchange.read1()
                if not part:
                    outcomes.append("complete")
                    return
        except Error as error:
            outcomes.append(error)
        finally:
            ended.set()

    with RawServer([start, stall], tls=authority.server() if secure else None) as server:
        exchange = open_exchange(request_to(server), LONG, authority.client() if secure else None)
        reader = threading.Thread(target=read_on)
        reader.start()
        with monkeypatch.context() as patch:
            if woken_first:  # the reader waits for the guard while the socket is closed
                shutdown = socket.socket.shutdown
                patch.setattr(
                    socket.socket,
                    "shutdown",
                    lambda self, how: (shutdown(self, how), ended.wait(0.05)),
                    raising=False,
                )
            time.sleep(
                0.02
            )  # so that the reader is likely to wait; otherwise the outcome is the same
            exchange.close()
        reader.join(PATIENCE)
        assert not reader.is_alive()
        assert server.gone() in ("eof", "reset")
    assert [type(outcome) for outcome in outcomes] == [NetworkError], outcomes
    assert outcomes[0].kind == "closed"


@pytest.mark.parametrize(
    "start",
    [
        CHUNKED + b"5\r\nhello\r\n",
        with_length(5) + b"hello",
        UNTIL_CLOSE + b"hello",
        with_length(0),
    ],
)
def test_a_closed_exchange_reads_no_more(start):
    with RawServer([start, stall]) as server:
        exchange = open_exchange(request_to(server), LONG)
        exchange.close()
        exchange.close()
        for _ in range(2):
            with pytest.raises(NetworkError) as caught:
                exchange.read1()
            assert caught.value.kind == "closed"
        assert server.gone() in ("eof", "reset")


def test_closing_after_the_end_and_after_the_peer_is_harmless():
    with RawServer([with_length(5) + b"hello", reset]) as server:
        exchange = open_exchange(request_to(server), LONG)
        assert exchange.read1() == b"hello"
        assert exchange.read1() == b""
        server.gone()
        exchange.close()
        exchange.close()


class WaitingSocket:
    """A socket whose read waits until shutdown() is called. Records what happens to it."""

    def __init__(self):
        self.calls = []
        self.waiting, self.woken, self.leave = (threading.Event() for _ in range(3))

    def settimeout(self, timeout):
        pass

    def recv_into(self, buffer):
        self.waiting.set()
        assert self.woken.wait(PATIENCE)
        assert self.leave.wait(PATIENCE)
        self.calls.append("read ends")
        return 0

    def shutdown(self, how):
        self.calls.append("shutdown")
        self.woken.set()

    def close(self):
        self.calls.append("close")


def test_only_the_reading_thread_closes_the_socket_that_it_waits_for():
    """Otherwise the system gives the descriptor to another call, whose bytes this read takes."""
    waiting = WaitingSocket()
    timed = timed_socket.TimedSocket(waiting, timed_socket.Limits(LONG, time.monotonic))
    reader = threading.Thread(target=timed.readinto, args=(bytearray(1),))
    reader.start()
    assert waiting.waiting.wait(PATIENCE)
    timed.disconnect()
    assert waiting.calls == ["shutdown"]
    waiting.leave.set()
    reader.join(PATIENCE)
    assert waiting.calls == ["shutdown", "read ends", "close"]
    assert timed.readinto(bytearray(1)) == 0
    assert waiting.calls == ["shutdown", "read ends", "close"]


def test_a_thread_that_waits_for_nothing_does_not_delay_the_close():
    waiting = WaitingSocket()
    timed_socket.TimedSocket(waiting, timed_socket.Limits(LONG, time.monotonic)).disconnect()
    assert waiting.calls == ["shutdown", "close"]


def test_a_signal_handler_may_close_during_a_read():
    """The handler runs in the thread that reads, maybe while that thread has the guard."""
    waiting = WaitingSocket()
    timed = timed_socket.TimedSocket(waiting, timed_socket.Limits(LONG, time.monotonic))
    with timed._guard:
        timed.disconnect()
    assert waiting.calls == ["shutdown", "close"]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("how", ["close", "delete", "exit"])
def test_a_forked_child_does_not_end_the_connection(how, secure, authority):
    """The body ends with the connection, so a shutdown would look like its end."""
    rest = threading.Event()

    def wait(connection):
        assert rest.wait(PATIENCE)

    with RawServer(
        [UNTIL_CLOSE + b"one", wait, b"two", close],
        tls=authority.server() if secure else None,
    ) as server:
        exchange = open_exchange(request_to(server), LONG, authority.client() if secure else None)
        assert exchange.read1() == b"one"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # 3.12: fork with threads
            child = os.fork()
        if not child:
            try:
                if how == "close":
                    exchange.close()
                elif how == "exit":
                    exchange.__del__()
                else:
                    del exchange
            finally:
                os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        rest.set()
        assert [exchange.read1(), exchange.read1()] == [b"two", b""]


def test_a_dropped_exchange_ends_no_connection_that_another_process_has(monkeypatch):
    calls = []
    with RawServer([with_length(5), stall]) as server:
        exchange = open_exchange(request_to(server), LONG)
        monkeypatch.setattr(exchange._connection.timed, "disconnect", lambda: calls.append(1))
        del exchange
        assert server.gone() == "eof"
    assert calls == []


def test_nothing_is_raised_while_an_incomplete_exchange_is_dropped():
    transport.HttpExchange.__new__(transport.HttpExchange).__del__()


# ---- TLS ---------------------------------------------------------------------------------------


class Authority:
    """A certificate authority with contexts for its servers and for clients that trust it."""

    def __init__(self, trustme):
        self._authority = trustme.CA()

    def server(self, name="localhost"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(name).configure_cert(context)
        return context

    def client(self):
        context = quietly(default_ssl_context)
        self._authority.configure_trust(context)
        return context


def quietly(function):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return function()


@pytest.fixture(scope="module")
def authority():
    return Authority(pytest.importorskip("trustme"))


@pytest.mark.parametrize("framing", sorted(BODIES))
def test_tls_with_a_trusted_certificate(framing, authority):
    head, on_wire = BODIES[framing]
    outcome = outcome_of(
        head + b"".join(data for data, _ in on_wire),
        tls=authority.server(),
        context=authority.client(),
    )
    assert (outcome.exchange.status, outcome.body, outcome.error) == (200, body_of(on_wire), None)


def test_an_untrusted_certificate(authority):
    for context in (None, quietly(default_ssl_context)):
        error = outcome_of(with_length(0), tls=authority.server(), context=context).error
        assert is_network(error) and error.rule == "HTTP-053" and not error.retryable
        assert "TLS with localhost port" in str(error)
        assert "certificate" in str(error).lower()


def test_a_certificate_for_another_name(authority):
    error = outcome_of(
        with_length(0), tls=authority.server("other.example"), context=authority.client()
    ).error
    assert is_network(error) and error.rule == "HTTP-053" and not error.retryable
    assert "localhost" in str(error)
    assert "match" in str(error) and "name" in str(error).lower()


def test_a_server_that_speaks_no_tls():
    def speak(connection):
        connection.socket.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with RawServer([close], read=speak) as server:
        error = fetch(server, scheme="https").error
    assert is_network(error) and error.rule == "HTTP-053"
    assert "TLS with localhost port" in str(error)


def old_tls(context, newest_only):
    """Allow TLS 1.1 in a context, and nothing newer if newest_only."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.set_ciphers("ALL:@SECLEVEL=0")
        if hasattr(context, "minimum_version"):
            context.minimum_version = ssl.TLSVersion.TLSv1
        if newest_only:
            context.options |= ssl.OP_NO_TLSv1_2 | getattr(ssl, "OP_NO_TLSv1_3", 0)
    return context


def test_tls_1_1_is_rejected(authority):
    try:
        server_context = old_tls(authority.server(), True)
        lax = old_tls(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), False)
        authority._authority.configure_trust(lax)
    except (ssl.SSLError, ValueError) as error:
        pytest.skip(f"this OpenSSL has no TLS 1.1: {error}")
    if outcome_of(with_length(0), tls=server_context, context=lax).error is not None:
        pytest.skip("this OpenSSL cannot speak TLS 1.1")
    strict = authority.client()
    strict.set_ciphers("ALL:@SECLEVEL=0")  # so that only the version can cause a rejection
    error = outcome_of(with_length(0), tls=server_context, context=strict).error
    assert is_network(error) and error.rule == "HTTP-053"
    assert "version" in str(error).lower() or "protocol" in str(error).lower()


def test_the_default_context_verifies_and_wants_tls_1_2():
    context = quietly(default_ssl_context)
    assert context.verify_mode == ssl.CERT_REQUIRED and context.check_hostname
    old = ssl.OP_NO_TLSv1 | ssl.OP_NO_TLSv1_1
    assert context.options & old == old or context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_the_default_context_is_made_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        default_ssl_context()


@pytest.mark.slow
@pytest.mark.parametrize("cut", [0, 3, 5])
def test_a_body_until_close_is_complete_only_with_close_notify(cut, authority):
    for ending, complete in ((close, True), (ragged, False)):
        outcome = outcome_of(
            UNTIL_CLOSE + b"hello"[:cut], ending, tls=authority.server(), context=authority.client()
        )
        assert outcome.body == b"hello"[:cut]
        assert outcome.error is None if complete else is_truncated(outcome.error), (ending, outcome)


@pytest.mark.slow
@pytest.mark.parametrize("ending", [close, ragged])
@pytest.mark.parametrize("framing", ["chunked", "length"])
def test_bodies_of_known_length_under_tls(framing, ending, authority):
    head, on_wire = BODIES[framing]
    wire = b"".join(data for data, _ in on_wire)
    tls, context = authority.server(), authority.client()
    for cut in (0, 1, 4, len(wire) - 1, len(wire)):
        outcome = outcome_of(head + wire[:cut], ending, tls=tls, context=context)
        assert outcome.body == body_of(on_wire, cut)
        assert outcome.error is None if cut == len(wire) else is_truncated(outcome.error), cut


@pytest.mark.parametrize("ending", [close, ragged])
def test_heads_under_tls(ending, authority):
    tls, context = authority.server(), authority.client()
    assert outcome_of(ending, tls=tls, context=context).error.kind == "network"
    for cut in (1, 17, len(SMALL_HEAD) - 1):
        assert outcome_of(SMALL_HEAD[:cut], ending, tls=tls, context=context).error.kind in (
            "http",
            "network",
        )


# ---- arbitrary bytes ---------------------------------------------------------------------------

ANSWER_PARTS = [
    b"HTTP/1.1 ",
    b"HTTP/1.0 ",
    b"200 OK",
    b"\r\n",
    b"\r\n",
    b"\n",
    b"\r",
    b"103 x\r\n\r\n",
    OK,
    CHUNKED,
    UNTIL_CLOSE,
    with_length(5),
    b"Content-Length: ",
    b"5",
    b"0",
    b"Transfer-Encoding: ",
    b"chunked",
    b"gzip",
    b"A: b",
    b":",
    b" ",
    b"hello",
    b"5\r\nhello\r\n",
    b"0\r\n\r\n",
    b"0\r\n",
    b"-",
    b"x",
    b"\0",
    b"\xff",
    b"\x15\x03",
]
some_parts = st.lists(st.sampled_from(ANSWER_PARTS), max_size=10).map(b"".join)
responses = st.one_of(
    some_parts,
    st.tuples(st.sampled_from([OK, CHUNKED, UNTIL_CLOSE, with_length(5)]), some_parts).map(
        b"".join
    ),
    st.binary(max_size=60),
)


@pytest.mark.slow
def test_any_bytes_in_any_pieces_end_in_a_value_or_in_our_errors():
    with RawServer([]) as server:

        @examples(150)
        @given(
            responses,
            st.lists(st.integers(0, 80), max_size=5),
            st.sampled_from([close, close, reset]),
        )
        def run(response, cuts, ending):
            cuts = sorted(cut for cut in cuts if cut <= len(response))
            outcomes = []
            for script in (
                [response],
                [response[start:end] for start, end in zip([0] + cuts, cuts + [len(response)])],
            ):
                number = len(server.connections)
                server.scripts[number:] = [script + [ending]]
                outcome = fetch(server)  # raises any exception except ours
                server.gone(number)
                if outcome.error is not None:
                    assert type(outcome.error) in (HttpError, NetworkError)
                    assert outcome.error.kind in ("http", "truncated", "network")
                    assert type(outcome.error) is NetworkError or outcome.error.kind != "network"
                outcomes.append(
                    (outcome.exchange and outcome.exchange.status, outcome.body, str(outcome.error))
                )
            if ending is close:
                assert outcomes[0] == outcomes[1]

        run()


# ---- proxies -----------------------------------------------------------------------------------

# No resolver knows this name, so a client that resolves it itself fails.
HIDDEN = "endpoint.invalid"
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
CREDENTIALS = "user:p%40ss@"
BASIC = "Basic dXNlcjpwQHNz"


def route_through(proxy, credentials="", context=None):
    scheme, _, rest = proxy.url.partition("://")
    return Route(parse_proxy_url(f"{scheme}://{credentials}{rest}"), context)


def fetch_through(route, server=None, timeouts=LONG, context=None, **options):
    """Make one exchange over a route. Return the body, or the error."""
    request = request_to(server, **options)
    try:
        with closing(open_exchange(request, timeouts, context, route=route)) as exchange:
            body = b""
            part = exchange.read1()
            while part:
                body += part
                part = exchange.read1()
            return body
    except Error as error:
        return error


# NET-009
@pytest.mark.parametrize("credentials", ["", CREDENTIALS])
def test_a_tunnel_to_a_host_that_only_the_proxy_knows(authority, credentials):
    with RawServer([with_length(4), b"body"], tls=authority.server(HIDDEN)) as server:
        with RawServer([ESTABLISHED, relay_to(server.port)], read=read_head) as proxy:
            body = fetch_through(
                route_through(proxy, credentials),
                server,
                context=authority.client(),
                scheme="https",
                host=HIDDEN,
            )
            assert body == b"body"
            head = proxy.connections[0].head.decode("ascii").split("\r\n")
        request = server.connections[0].request
    target = f"{HIDDEN}:{server.port}"
    assert head[:2] == [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    assert head[3:] == ([f"Proxy-Authorization: {BASIC}"] if credentials else [])
    assert request.startswith(b"POST /t?q HTTP/1.1\r\n")
    # NET-008
    assert b"Proxy-Authorization" not in request


# NET-012
@pytest.mark.slow
def test_a_proxy_over_tls(authority):
    with RawServer([with_length(4), b"body"], tls=authority.server(HIDDEN)) as server, RawServer(
        [ESTABLISHED, relay_to(server.port)], read=read_head, tls=authority.server()
    ) as proxy:
        route = route_through(proxy, CREDENTIALS, authority.client())
        body = fetch_through(route, server, context=authority.client(), scheme="https", host=HIDDEN)
        assert body == b"body"
        assert BASIC in proxy.connections[0].head.decode("ascii")


# NET-012
@pytest.mark.slow
@pytest.mark.parametrize("name", ["localhost", "other.example"])
def test_nothing_is_sent_to_a_proxy_with_a_bad_certificate(authority, name):
    trusted = quietly(default_ssl_context) if name == "localhost" else authority.client()
    with RawServer([ESTABLISHED], read=read_head, tls=authority.server(name)) as proxy:
        error = fetch_through(
            route_through(proxy, CREDENTIALS, trusted), proxy, scheme="https", host=HIDDEN
        )
        assert f"TLS with the proxy localhost:{proxy.port} failed" in str(error)
        assert is_network(error) and error.rule == "HTTP-053" and not error.retryable
        assert proxy.connections[0].request == b""


def test_an_endpoint_with_a_bad_certificate_behind_a_proxy(authority):
    with RawServer([with_length(0)], tls=authority.server("other.example")) as server, RawServer(
        [ESTABLISHED, relay_to(server.port)], read=read_head
    ) as proxy:
        error = fetch_through(
            route_through(proxy), server, context=authority.client(), scheme="https", host=HIDDEN
        )
    where = f"TLS with {HIDDEN} port {server.port} through the proxy 127.0.0.1:{proxy.port} failed"
    assert where in str(error)


# NET-010
@pytest.mark.parametrize("secure", [False, True])
def test_plain_http_through_a_proxy(authority, secure):
    tls = authority.server() if secure else None
    with RawServer([with_length(4), b"body"], tls=tls) as proxy:
        route = route_through(proxy, CREDENTIALS, authority.client() if secure else None)
        body = fetch_through(route, proxy, scheme="http", host=HIDDEN, port=8080)
        assert body == b"body"
        connection = proxy.connections[0]
    assert connection.head.split(b"\r\n")[0] == (b"POST http://endpoint.invalid:8080/t?q HTTP/1.1")
    assert connection.headers[-1] == ("Proxy-Authorization", BASIC)
    assert ("Host", "h") in connection.headers


def html(status):
    return b"HTTP/1.1 %s\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>" % status


# NET-011
@pytest.mark.slow
@pytest.mark.parametrize(
    "steps, text, retryable",
    [
        ([html(b"407 Auth")], "asks for credentials (HTTP 407)", False),
        ([html(b"403 Forbidden")], "refuses the connection (HTTP 403 Forbidden)", False),
        ([html(b"503 Down")], "cannot reach the endpoint (HTTP 503 Down)", True),
        ([html(b"302 Found")], "refuses the connection (HTTP 302 Found)", False),
        ([close], "gives no valid response to CONNECT: the peer closed the connection", True),
        (
            [b"HTTP/1.1 200 OK\r\nA: b", close],
            "gives no valid response to CONNECT: the head ends inside or before a header line",
            False,
        ),
        ([b"SSH-2.0-x\r\n", close], "gives no valid response to CONNECT: not an HTTP/1", False),
        (
            [OK + b"A: " + b"b" * 65536 + b"\r\n\r\n", stall],
            "gives no valid response to CONNECT: a header line is too long",
            False,
        ),
        (
            [OK + b"A: b\r\n" * 200 + b"\r\n", stall],
            "gives no valid response to CONNECT: too many header lines",
            False,
        ),
    ],
)
def test_a_proxy_that_opens_no_tunnel(steps, text, retryable):
    with RawServer(steps, read=read_head) as proxy:
        error = fetch_through(route_through(proxy), proxy, scheme="https", host=HIDDEN)
    assert is_network(error) and error.rule == "NET-011", error
    assert f"the proxy 127.0.0.1:{proxy.port} {text}" in str(error)
    assert error.retryable is retryable and not error.sent


# NET-011
def test_a_proxy_that_resets_the_connection():
    with RawServer([reset], read=read_head) as proxy:
        error = fetch_through(route_through(proxy), proxy, scheme="https", host=HIDDEN)
    assert is_network(error) and f"the proxy 127.0.0.1:{proxy.port}" in str(error)
    assert error.retryable and not error.sent


# NET-011
def test_a_proxy_that_is_down():
    port = closed_port()
    route = Route(parse_proxy_url(f"http://{CREDENTIALS}127.0.0.1:{port}"))
    for scheme in ("http", "https"):
        error = fetch_through(route, None, scheme=scheme, host=HIDDEN, port=443)
        assert is_network(error) and error.retryable
        assert f"cannot connect to the proxy 127.0.0.1:{port}: " in str(error)


# NET-011
def test_an_unknown_proxy():
    route = Route(parse_proxy_url("http://proxy.invalid:3128"))
    error = fetch_through(route, None, scheme="https", host=HIDDEN, port=443)
    assert is_network(error) and error.actual == "proxy.invalid"


# NET-011
@pytest.mark.slow
@pytest.mark.parametrize("steps", [[stall], [OK + b"A: b\r\n", stall]])
def test_a_proxy_that_stalls(steps):
    timeouts = Timeouts(SHORT, 3 * PATIENCE, None)
    with RawServer(steps, read=read_head) as proxy:
        error = fetch_through(
            route_through(proxy), proxy, timeouts=timeouts, scheme="https", host=HIDDEN
        )
    doing = f"connecting to the proxy 127.0.0.1:{proxy.port}"
    assert_timeout(error, doing, f"connect_timeout of {SHORT} s")


# NET-011
@pytest.mark.parametrize(
    "response, text",
    [
        (html(b"407 Auth"), "asks for credentials (HTTP 407)"),
        (html(b"502 Bad Gateway"), "cannot reach the endpoint (HTTP 502 Bad Gateway)"),
        (html(b"403 Forbidden"), "refuses the connection (HTTP 403 Forbidden)"),
    ],
)
def test_a_proxy_that_responds_itself_to_plain_http(response, text):
    with RawServer([response]) as proxy:
        error = fetch_through(route_through(proxy), proxy, scheme="http", host=HIDDEN)
    assert is_network(error) and error.rule == "NET-011"
    assert f"the proxy 127.0.0.1:{proxy.port} {text}" in str(error)


@pytest.mark.parametrize(
    "headers", [b"x-amzn-RequestId: 1\r\nContent-Type: text/html\r\n", b"Content-Type: a/b\r\n"]
)
def test_an_error_response_of_the_endpoint_passes_through_a_proxy(headers):
    with RawServer([b"HTTP/1.1 503 x\r\n" + headers + b"Content-Length: 2\r\n\r\nno"]) as proxy:
        assert fetch_through(route_through(proxy), proxy, scheme="http", host=HIDDEN) == b"no"


# ---- another address ---------------------------------------------------------------------------


# NET-030
def test_another_address_keeps_host_and_tls_name(authority):
    with RawServer([with_length(4), b"body"], tls=authority.server(HIDDEN)) as server:
        route = Route(connect_to=("127.0.0.1", server.port))
        body = fetch_through(
            route, None, context=authority.client(), scheme="https", host=HIDDEN, port=443
        )
        assert body == b"body"
        assert ("Host", "h") in server.connections[0].headers


# NET-030
def test_the_error_names_both_addresses():
    port = closed_port()
    error = fetch_through(
        Route(connect_to=("127.0.0.1", port)), None, scheme="https", host=HIDDEN, port=443
    )
    assert f"cannot connect to {HIDDEN} port 443 at 127.0.0.1 port {port}: " in str(error)


# ---- whether the request was sent --------------------------------------------------------------


# RTY-004
@pytest.mark.parametrize(
    "steps, sent",
    [([close], True), ([reset], True), ([stall], True), ([with_length(4), stall], True)],
)
def test_a_failure_after_the_request(steps, sent):
    timeouts = Timeouts(3 * PATIENCE, SHORT, None)
    with RawServer(steps) as server:
        error = fetch(server, timeouts).error
    assert type(error) is NetworkError and error.sent is sent


# RTY-004
def test_a_failure_before_the_request_is_complete():
    with RawServer([abandon], read=read_nothing) as server:
        error = fetch(server, body=bytes(BIG)).error
    assert is_network(error) and error.sent is False
