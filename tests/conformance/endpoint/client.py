# SPDX-License-Identifier: MIT
"""A client made of raw sockets, and the fixtures of the endpoint's tests."""

import json
import socket
import threading
from contextlib import contextmanager
from typing import Any, Dict, Iterator, Sequence, Tuple

import pytest

from conformance.endpoint.checks import ACCESS_KEY, SECRET_KEY
from conformance.endpoint.play import script
from conformance.endpoint.scenarios import examples
from conformance.endpoint.scenarios.build import ok, part, stream
from conformance.endpoint.scenarios.model import Response, Scenario
from conformance.endpoint.server import Endpoint
from refimpl.sigv4 import Credentials, Signer

NOW = 1440938160.0  # 2015-08-30T12:36:00Z
DATE = "20150830T123600Z"
EXAMPLES = {scenario.name: scenario for scenario in examples()}
PAIRS = Sequence[Tuple[str, str]]
KEYS = Credentials(ACCESS_KEY, SECRET_KEY)
HOST = b"POST / HTTP/1.1\r\nHost: x\r\n"
ENDLESS = Scenario("endless", "t", "m", ok(), stream(*[part(b"x" * 100000)] * 2000))
WAITING = Scenario("waiting", "t", "m", ok(), stream(part(b"a"), 3600.0))


@pytest.fixture(autouse=True)
def nothing_is_left_running(capfd: Any) -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before
    assert capfd.readouterr().err == ""


@pytest.fixture(name="endpoint")
def endpoint_fixture() -> Iterator[Endpoint]:
    with Endpoint(clock=lambda: NOW, pace=0, fallback="default") as endpoint:
        yield endpoint


# ---- a client ----------------------------------------------------------------------------------


def path(name: str = "default") -> str:
    return f"/endpoints/{name}/invocations-response-stream"


def signed(
    target: str = path(),
    body: bytes = b"{}",
    headers: PAIRS = (),
    method: str = "POST",
    credentials: Credentials = KEYS,
    region: str = "eu-west-1",
    service: str = "sagemaker",
    date: str = DATE,
) -> Tuple[Tuple[str, str], ...]:
    return (
        Signer()
        .sign(
            method,
            target,
            [("Host", "127.0.0.1"), *headers],
            body,
            credentials,
            region,
            service,
            date,
        )
        .headers
    )


def request(
    target: str = path(),
    body: bytes = b"{}",
    headers: PAIRS = (),
    method: str = "POST",
    more: PAIRS = (),
    **how: Any,
) -> bytes:
    """Return a signed request; more: headers that are sent unsigned."""
    pairs = list(signed(target, body, headers, method, **how)) + list(more)
    if not any(name.lower() in ("content-length", "transfer-encoding") for name, _ in pairs):
        pairs.append(("Content-Length", str(len(body))))
    return (
        f"{method} {target} HTTP/1.1\r\n"
        + "".join("{}: {}\r\n".format(*pair) for pair in pairs)
        + "\r\n"
    ).encode("latin-1") + body


def last(target: str = path(), **how: Any) -> bytes:
    return request(target, more=[("Connection", "close")], **how)


@contextmanager
def connected(endpoint: Endpoint, receive_buffer: int = 0) -> Iterator[socket.socket]:
    connection = socket.socket()
    try:
        connection.settimeout(10)
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.connect(("127.0.0.1", int(endpoint.url.rpartition(":")[2])))
        yield connection
    finally:
        connection.close()


def wait_for_call(endpoint: Endpoint, count: int = 1) -> None:
    for _ in range(10000):
        if len(endpoint.calls) >= count:
            return
        threading.Event().wait(0.001)
    pytest.fail("the endpoint has not seen the request")


def read_all(connection: socket.socket) -> bytes:
    data = b""
    while True:
        piece = connection.recv(65536)
        if not piece:
            return data
        data += piece


def read_exactly(connection: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        piece = connection.recv(length - len(data))
        assert piece, f"closed after {data!r}"
        data += piece
    return data


def exchange(endpoint: Endpoint, data: bytes) -> bytes:
    """Send data and return everything until the endpoint closes the connection."""
    with connected(endpoint) as connection:
        connection.sendall(data)
        return read_all(connection)


def answer_of(wire: bytes) -> Tuple[int, Dict[str, str], bytes]:
    """Return status, headers by lower-case name, and the body as it was framed."""
    head, _, body = wire.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    return (
        int(lines[0].split(" ")[1]),
        {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])},
        body,
    )


def refused(endpoint: Endpoint, data: bytes) -> Tuple[int, str, str]:
    """Return status, error type without its URL, and message of a refusal."""
    status, headers, body = answer_of(exchange(endpoint, data))
    code, _, url = headers["x-amzn-errortype"].partition(":")
    assert url == "http://internal.amazon.com/coral/com.amazon.coral.service/"
    assert headers["content-type"] == "application/json" and int(headers["content-length"]) == len(
        body
    )
    document = json.loads(body.decode("ascii"))
    assert list(document) == ["Message" if code == "ValidationError" else "message"]
    return status, code, next(iter(document.values()))


def wire_of(response: Response) -> bytes:
    """Return all bytes that the endpoint writes for a response."""
    return b"".join(piece.data for piece in script(response))
