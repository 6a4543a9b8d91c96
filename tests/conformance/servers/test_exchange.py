# SPDX-License-Identifier: MIT
"""Tests of conformance/servers/exchange.py: what is read, and what ends an exchange."""

import ssl
import time
from typing import Any, List, Tuple

import pytest

from conformance.servers.exchange import Address, Connection, Limits, ServerFault
from tests.rawserver import RawServer, reset, stall, stall_unread

REQUEST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\n"


def exchange(steps: List[Any], seconds: float = 10.0, size: int = 1000, **more: Any) -> Any:
    with RawServer(steps) as server:
        address = Address("127.0.0.1", server.port, None)
        with Connection(address, Limits(seconds, size)) as connection:
            connection.send(REQUEST)
            return connection.receive(**more)


@pytest.mark.parametrize(
    "data, body, is_open",
    [
        (OK + b"Content-Length: 3\r\n\r\nabc", b"abc", True),
        (OK + b"Content-Length: 3\r\nConnection: close\r\n\r\nabc", b"abc", False),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", b"abc", True),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nA: b\r\n\r\n", b"a", True),
        (OK + b"\r\nabc", b"abc", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", b"a", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: Keep-Alive\r\n\r\na", b"a", True),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 0\r\n\r\n", b"", True),
        (b"HTTP/1.1 204 None\r\n\r\n", b"", True),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_response_split_anywhere(data: bytes, body: bytes, is_open: bool, size: int) -> None:
    received = exchange([data[start : start + size] for start in range(0, len(data), size)])
    assert (received.body, received.is_open) == (body, is_open)


def test_headers_and_times() -> None:
    received = exchange([OK + b"A: 1\r\na: 2\r\nContent-Length: 2\r\n\r\n", b"x", b"y"])
    assert (received.value("A"), received.values("a"), received.value("b")) == (
        "1, 2",
        ["1", "2"],
        "",
    )
    times = [at for at, _ in received.pieces]
    assert times == sorted(times) and times[0] >= 0


def test_an_interim_response() -> None:
    steps = [b"HTTP/1.1 100 Continue\r\n\r\n", stall]
    assert exchange(steps, until_interim=True).status == 100


@pytest.mark.parametrize(
    "steps, words",
    [
        ([], "closed the connection without a response"),
        ([OK], "closed the connection inside the head"),
        ([b"HTTP/1.1 2"], "not valid HTTP: not an HTTP/1 status line"),
        ([b"SSH-2.0-OpenSSH\r\n", stall], "not an HTTP/1 status line"),
        ([b"\x00\x01\x02\x03\x04\x05", stall], "not an HTTP/1 status line"),
        ([b"\x15\x03\x01\x00\x02\x02F\r\n"], "is this an https port"),
        ([OK + b"Content-Length: 5\r\n\r\nabc"], "inside a body (expected 5 bytes, got 3)"),
        ([OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab"], "inside a chunked body"),
        (
            [OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n"],
            "inside a chunked body (expected an empty line)",
        ),
        ([OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n"], "not a chunk size"),
        ([OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n"], "invalid Content-Length"),
        ([OK + b"a: " + b"x" * 70000, stall], "more than 65536 bytes"),
        ([OK + b"Content-Length: 2000\r\n\r\n" + b"x" * 1500, stall], "more than 1000 bytes"),
        ([OK + b"\r\n" + b"x" * 1500, stall], "more than 1000 bytes"),
        ([b"HTTP/1.1 100 Continue\r\n\r\n" * 20, stall], "interim responses without an end"),
        ([reset], "the connection broke"),
        ([b"HTTP/1.1 200 \xff\r\nA\r\n\r\n"], "not a header line"),
    ],
)
def test_a_response_that_is_none(steps: List[Any], words: str) -> None:
    with pytest.raises(ServerFault) as caught:
        exchange(steps)
    assert words in str(caught.value) and not caught.value.waited


@pytest.mark.parametrize(
    "steps", [[stall], [OK, stall], [OK + b"Content-Length: 9\r\n\r\nx", stall]]
)
def test_a_server_that_never_ends(steps: List[Any]) -> None:
    with pytest.raises(ServerFault, match=r"no complete response within 0\.1 s") as caught:
        exchange(steps, seconds=0.1)
    assert caught.value.waited


@pytest.mark.slow
def test_a_server_that_does_not_read() -> None:
    with RawServer([stall_unread], read=lambda connection: None) as server:
        address = Address("127.0.0.1", server.port, None)
        connection = Connection(address, Limits(0.3))
        with connection, pytest.raises(ServerFault, match="does not read the request") as caught:
            connection.send(b"x" * (64 << 20))
    assert caught.value.waited


def _contexts() -> Tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return the context of a server on localhost, and that of a client that trusts it."""
    authority = pytest.importorskip("trustme").CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    return context, trusting


@pytest.mark.parametrize("delay", [0.0, 0.1])
@pytest.mark.parametrize("tls", [False, True])
def test_a_response_before_the_whole_request(tls: bool, delay: float) -> None:
    def read_a_little(connection: Any) -> None:
        connection.socket.recv(10)
        time.sleep(delay)  # then the client waits inside its sending

    own, trusting = _contexts() if tls else (None, None)
    early = OK + b"Content-Length: 1\r\n\r\nx"
    with RawServer([early, stall_unread], read=read_a_little, tls=own) as server:
        address = Address("localhost", server.port, trusting)
        with Connection(address, Limits(10.0)) as connection:
            connection.send(b"x" * (64 << 20))
            assert connection.receive().body == b"x"


@pytest.mark.parametrize("tls", [False, True])
def test_interim_responses_do_not_end_a_long_request(tls: bool) -> None:
    own, trusting = _contexts() if tls else (None, None)
    size = 8 << 20

    def respond_while_reading(connection: Any) -> None:
        connection.socket.sendall(b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early")
        received = 0
        while received < size:
            received += len(connection.socket.recv(1 << 20))
        connection.socket.sendall(b" Hints\r\nA: b\r\n\r\n")

    script = [OK + b"Content-Length: 1\r\n\r\nx"]
    with RawServer(script, read=respond_while_reading, tls=own) as server:
        address = Address("localhost", server.port, trusting)
        with Connection(address, Limits(10.0)) as connection:
            connection.send(b"x" * size)
            received = connection.receive()
            assert (received.interim, received.body) == ((102, 103), b"x")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_that_closes_inside_a_long_request_over_tls(version: ssl.TLSVersion) -> None:
    own, trusting = _contexts()
    trusting.maximum_version = version
    early = OK + b"Content-Length: 1\r\n\r\nx"
    with RawServer([early], read=lambda connection: connection.socket.recv(10), tls=own) as server:
        address = Address("localhost", server.port, trusting)
        with Connection(address, Limits(10.0)) as connection:
            connection.send(b"x" * (8 << 20))
            try:
                assert connection.receive().body == b"x"
            except ServerFault as error:  # the kernel may drop the response with the connection
                assert "the connection broke" in str(error) or "closed the connection" in str(error)


def test_a_server_that_requires_a_certificate_of_the_client() -> None:
    own, trusting = _contexts()
    own.verify_mode = ssl.CERT_REQUIRED
    with RawServer([OK], tls=own) as server:
        address = Address("localhost", server.port, trusting)
        with Connection(address, Limits(10.0)) as connection:
            connection.send(b"x" * (8 << 20))
            with pytest.raises(ServerFault, match="(?i)certificate.required"):
                connection.receive()


def test_a_long_request_that_the_server_reads_slowly() -> None:
    size = 8 << 20

    def read_slowly(connection: Any) -> None:
        received = 0
        while received < size:
            received += len(connection.socket.recv(1 << 20))
            time.sleep(0.001)

    with RawServer([OK + b"Content-Length: 1\r\n\r\nx"], read=read_slowly) as server:
        address = Address("127.0.0.1", server.port, None)
        with Connection(address, Limits(10.0)) as connection:
            connection.send(b"x" * size)
            assert connection.receive().body == b"x"


def test_no_connection() -> None:
    with RawServer([]) as server:
        port = server.port
    with pytest.raises(ServerFault, match=f"no connection to 127.0.0.1:{port}: "):
        Connection(Address("127.0.0.1", port, None), Limits(10.0))


@pytest.mark.slow
def test_a_connection_that_the_server_closes() -> None:
    for steps, is_closed in (
        ([OK + b"Content-Length: 0\r\n\r\n"], True),
        ([OK + b"Content-Length: 0\r\n\r\n", stall], False),
        ([OK + b"Content-Length: 0\r\n\r\n", reset], True),
    ):
        with RawServer(steps) as server:
            address = Address("127.0.0.1", server.port, None)
            with Connection(address, Limits(0.5)) as connection:
                connection.send(REQUEST)
                connection.receive()
                assert connection.is_closed() == is_closed


def test_an_authority_that_is_not_trusted() -> None:
    own, trusting = _contexts()
    with RawServer([OK + b"Content-Length: 0\r\n\r\n"], tls=own) as server:
        unaware = ssl.create_default_context()
        with pytest.raises(ServerFault, match=r"CERTIFICATE_VERIFY_FAILED.*the CA bundle"):
            Connection(Address("localhost", server.port, unaware), Limits(10.0))
        with Connection(Address("localhost", server.port, trusting), Limits(10.0)) as connection:
            connection.send(REQUEST)
            assert connection.receive().status == 200
        server.gone(0)


def test_a_server_without_tls() -> None:
    with RawServer([OK], read=lambda connection: None) as server:
        address = Address("127.0.0.1", server.port, ssl.create_default_context())
        with pytest.raises(ServerFault, match="no TLS with 127.0.0.1"):
            Connection(address, Limits(10.0))
