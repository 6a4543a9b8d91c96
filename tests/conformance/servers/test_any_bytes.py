# SPDX-License-Identifier: MIT
"""Properties: whatever a server sends, only a ServerFault or a verdict leaves the package."""

import socket
from contextlib import suppress
from typing import Any, List
from unittest import mock

import pytest

from conformance.servers import exchange
from conformance.servers.accepting import messages_of
from conformance.servers.exchange import Address, Connection, Limits, ServerFault
from conformance.servers.streaming import arrivals
from conformance.servers.verdicts import Broken, code_of, described, document_of, message_of
from tests.conformance.servers.subjects import received
from tests.properties import examples

hypothesis = pytest.importorskip("hypothesis")
st = hypothesis.strategies

PIECES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.0 403 No\r\n",
        b"Content-Length: 3\r\n",
        b"Content-Length: x\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Connection: close\r\n",
        b"\r\n",
        b"\n",
        b"3\r\nabc\r\n",
        b"0\r\n\r\n",
        b"abc",
        b": \xff\r\n",
    ]
)
RESPONSES = st.lists(st.one_of(PIECES, st.binary(max_size=20)), max_size=12).map(b"".join)
BODIES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from([b'{"message":1}', b'{"Message":"m"}', b"[]", b'{"__type":[]}', b'"x"']),
)


def read(data: bytes) -> Any:
    """Return what a connection makes of the bytes of a server."""
    ours, theirs = socket.socketpair()
    with theirs, mock.patch.object(exchange, "dial", lambda *arguments: ours):
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        with Connection(Address("h", 1, None), Limits(10.0, 1000)) as connection:
            connection.send(b"POST / HTTP/1.1\r\n\r\n")
            return connection.receive()


@pytest.mark.slow
@hypothesis.given(RESPONSES)
@examples(300)
def test_a_response_is_read_or_a_fault(data: bytes) -> None:
    with suppress(ServerFault):
        found = read(data)
        assert len(found.body) <= 1000 and 100 <= found.status <= 999
        described(found)


@pytest.mark.slow
@hypothesis.given(BODIES, st.sampled_from([200, 403, 500]), st.text(max_size=10))
@examples(300)
def test_a_body_is_read_or_broken(body: bytes, status: int, kind: str) -> None:
    response = received(status, body, ("x-amzn-ErrorType", kind))
    assert isinstance(code_of(response) + message_of(response) + described(response), str)
    functions: List[Any] = [messages_of, arrivals, lambda one: document_of(one.body)]
    for function in functions:
        with suppress(Broken):
            function(response)
