# SPDX-License-Identifier: MIT
"""Tests of refimpl/tls.py: the end of a TLS stream on every Python, and the stream's methods.

A client reads a response that ends with the connection, once with close_notify and once without,
with each context that a caller may pass. The program uses only the standard library and runs with
every interpreter, because their default contexts differ. trustme makes the certificates. The other
tests use a TlsStream over a socket pair.
"""

import json
import socket
import ssl
import threading
import time
from contextlib import contextmanager, suppress

import pytest

from refimpl.tls import start_tls
from tests.interpreters import interpreters, run_program
from tests.rows import first_fast

trustme = pytest.importorskip("trustme")

PATIENCE = 10  # seconds until a test gives up

ENDINGS = r"""
import json, ssl, sys
from refimpl.errors import Error
from refimpl.operation import HttpRequest
from refimpl.transport import default_ssl_context
from refimpl.timeouts import Timeouts
from refimpl.transport import open_exchange
from tests.rawserver import RawServer, close, ragged

certificate, authority = sys.argv[1:]
server_context = ssl.SSLContext(getattr(ssl, "PROTOCOL_TLS_SERVER", ssl.PROTOCOL_TLS))
server_context.load_cert_chain(certificate)

def trusting(context):
    context.load_verify_locations(authority)
    return context

ignoring = trusting(ssl.create_default_context())
ignoring.options |= getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0x80)
contexts = {
    "refimpl's default": trusting(default_ssl_context()),
    "Python's default": trusting(ssl.create_default_context()),
    "ignores an unexpected end": ignoring,
    "plain": trusting(ssl.SSLContext(getattr(ssl, "PROTOCOL_TLS_CLIENT", ssl.PROTOCOL_TLS))),
}

def outcome(context, ending):
    before = context.options
    script = [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello", ending]
    with RawServer(script, tls=server_context) as server:
        headers = (("Host", "localhost"), ("Content-Length", "2"))
        request = HttpRequest("POST", "https", "localhost", server.port, "/", headers, b"in")
        exchange = open_exchange(request, Timeouts(10, 10, None), context)
        body = b""
        try:
            part = exchange.read1()
            while part:
                body += part
                part = exchange.read1()
            end = "complete"
        except Error as error:
            end = "%s %s" % (error.kind, error.rule)
        finally:
            exchange.close()
    assert context.options == before, "the context is changed"
    return [body.decode(), end]

print(json.dumps({
    name: {ending.__name__: outcome(context, ending) for ending in (close, ragged)}
    for name, context in contexts.items()
}))
"""
CONTEXTS = ["refimpl's default", "Python's default", "ignores an unexpected end", "plain"]


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


# HTTP-023
@pytest.mark.slow
@pytest.mark.parametrize("version, python", first_fast(interpreters()), ids=lambda value: value)
def test_a_stream_without_close_notify_is_truncated(version, python, authority, tmp_path):
    chain, trusted = tmp_path / "server.pem", tmp_path / "authority.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(chain))
    authority.cert_pem.write_to_path(str(trusted))
    outcomes = json.loads(run_program(python, ENDINGS, str(chain), str(trusted)))
    assert list(outcomes) == CONTEXTS
    for name in CONTEXTS:
        assert outcomes[name] == {
            "close": ["hello", "complete"],
            "ragged": ["hello", "truncated HTTP-023"],
        }, name


# ---- the stream itself -------------------------------------------------------------------------


@contextmanager
def connected(authority, serve, timeout=PATIENCE):
    """Yield a client's socket and context; serve(tls socket) runs in a thread."""
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(server_context)
    client_context = ssl.create_default_context()
    authority.configure_trust(client_context)
    ours, theirs = socket.socketpair()
    failures = []

    def run():
        try:
            serve(
                server_context.wrap_socket(theirs, server_side=True, do_handshake_on_connect=False)
            )
        except Exception as error:
            failures.append(error)

    ours.settimeout(timeout)
    theirs.settimeout(PATIENCE)
    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield ours, client_context
    finally:
        ours.close()
        thread.join(PATIENCE)
        theirs.close()
    assert failures == []


def end(connection):
    """Send close_notify; do not wait for the client's."""
    connection.settimeout(0)
    with suppress(OSError):
        connection.unwrap()


def test_bytes_pass_in_both_directions_and_more_than_one_record(authority):
    data = bytes(range(256)) * 400

    def echo(connection):
        received = b""
        while len(received) < len(data):
            received += connection.recv(65536)
        connection.sendall(received)
        end(connection)

    with connected(authority, echo) as (ours, context):
        stream = start_tls(ours, context, "localhost")
        stream.sendall(data)
        received = b""
        part = stream.recv(1000)
        while part:
            assert len(part) <= 1000
            received += part
            part = stream.recv(1000)
        assert received == data
        assert stream.recv(1) == b"", "the end remains the end"
        assert stream.ready()


def test_ready_reports_bytes_and_the_end_without_waiting(authority):
    written, go_on = threading.Event(), threading.Event()

    def serve(connection):
        connection.sendall(b"hello")
        connection.sendall(b"world")
        written.set()
        go_on.wait(PATIENCE)
        end(connection)

    with connected(authority, serve) as (ours, context):
        stream = start_tls(ours, context, "localhost")
        assert stream.fileno() == ours.fileno()
        assert written.wait(PATIENCE)
        received = stream.recv(3)
        while len(received) < 10:
            received += stream.recv(3)
        assert received == b"helloworld"
        assert not stream.ready()
        go_on.set()
        assert stream.recv(1) == b"" and stream.ready()


def test_an_end_without_close_notify_is_an_error_each_time(authority):
    def serve(connection):
        connection.do_handshake()
        connection.close()

    with connected(authority, serve) as (ours, context):
        stream = start_tls(ours, context, "localhost")
        for _ in range(2):
            with pytest.raises(ssl.SSLEOFError, match="without a TLS close_notify"):
                stream.recv(1)
        assert not stream.ready()


def test_a_certificate_for_another_name_is_rejected_and_the_server_is_alerted(authority):
    alerts = []

    def serve(connection):
        try:
            connection.recv(1)
        except ssl.SSLError as error:
            alerts.append(error.reason)

    failure = pytest.raises((ssl.SSLError, ssl.CertificateError))
    with connected(authority, serve) as (ours, context), failure:
        start_tls(ours, context, "other.example")
    assert len(alerts) == 1 and "ALERT" in alerts[0], alerts


def test_a_broken_record_is_an_error(authority):
    def serve(connection):
        connection.do_handshake()
        raw = socket.socket(fileno=connection.detach())
        raw.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
        raw.close()

    with connected(authority, serve) as (ours, context):
        stream = start_tls(ours, context, "localhost")
        with pytest.raises(ssl.SSLError) as caught:
            stream.recv(1)
        assert not isinstance(caught.value, ssl.SSLEOFError)
        assert stream.ready(), "the next read raises without waiting"
        with pytest.raises(ssl.SSLError):
            stream.recv(1)


def test_a_record_that_drips_does_not_extend_the_timeout(authority):
    """Each byte arrives within the limit; the record does not."""
    now = [0.0]

    def serve(connection):
        connection.do_handshake()
        raw = socket.socket(fileno=connection.detach())
        for byte in b"\x17\x03\x03\x40\x00" + bytes(200):
            time.sleep(0.001)
            try:
                raw.sendall(bytes((byte,)))
            except OSError:
                break
        raw.close()

    def monotonic():
        now[0] += 1.0
        return now[0]

    with connected(authority, serve) as (ours, context):
        stream = start_tls(ours, context, "localhost", lambda: 0.0)
        stream.settimeout(20)
        stream._monotonic = monotonic
        with pytest.raises(socket.timeout):
            stream.recv(1)
        assert now[0] < 30


def test_no_limit(authority):
    def serve(connection):
        connection.sendall(b"x")
        end(connection)

    with connected(authority, serve) as (ours, context):
        stream = start_tls(ours, context, "localhost")
        stream.settimeout(None)
        assert stream.recv(9) == b"x" and stream.recv(9) == b""
        stream.shutdown(socket.SHUT_RDWR)
        stream.close()
        assert stream.fileno() == -1


def test_a_context_for_servers_is_rejected(authority):
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises((ssl.SSLError, ValueError)):
        start_tls(ours, ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), "localhost")
