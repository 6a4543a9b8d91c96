# SPDX-License-Identifier: MIT
"""A server for tests that does not parse HTTP: it reads one request and plays a script.

    with RawServer([b"HTTP/1.1 200 OK\\r\\n", event, b"\\r\\n", reset]) as server:
        ... connect to server.port, then read server.connections[0].request ...

It listens on a loopback port that the system chooses. The n-th connection plays the n-th script,
and further connections the last one. A step of a script is bytes to send, an Event to wait for, or
a function of the connection. After the last step the server closes the connection normally.
However a script ends, the server then waits for the client to close, and `gone()` returns how the
client closed.

Nothing outlives the `with`. Leaving it ends every wait, closes every socket, joins every thread,
and fails if a thread met an unexpected error. A wait longer than PATIENCE fails, so a broken client
cannot block a test run.
"""

import gc
import re
import select
import socket
import struct
import threading
import warnings
from contextlib import contextmanager, suppress

PATIENCE = 20  # seconds; a watchdog, because each wait normally ends at once
HEAD_END = b"\r\n\r\n"


class Stopped(Exception):
    """The test has left the `with`, or the client disconnected inside its request."""


class Connection:
    """One accepted connection.

    request: the bytes that were read of the request
    end: how the client closed it: "eof", "reset", "refused" (the TLS handshake failed), "never" (it
    did not close within PATIENCE), or None if the server ended the connection itself
    """

    def __init__(self, server, accepted):
        self.server = server
        self.socket = accepted
        self.request = b""
        self.end = None
        self.over = threading.Event()

    @property
    def head(self):
        return self.request.partition(HEAD_END)[0]

    @property
    def body(self):
        return self.request.partition(HEAD_END)[2]

    @property
    def headers(self):
        """The request's headers as (name, value) pairs, in order."""
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return [tuple(line.split(": ", 1)) for line in lines]

    def play(self, steps):
        for step in steps:
            if isinstance(step, bytes):
                self.socket.sendall(step)
            elif isinstance(step, threading.Event):
                self.server.wait(step.wait)
            else:
                step(self)

    def receive(self):
        """Read until the client closes, and record how it closed."""
        try:
            while self.socket.recv(65536):
                pass
            self.end = self.end or "eof"
        except socket.timeout:
            self.end = self.end or "never"
        except OSError:
            self.end = self.end or "reset"


def read_head(connection):
    """Step: read at least the head of the request, and keep everything that was read."""
    while HEAD_END not in connection.request:
        _read_more(connection)


def read_request(connection):
    """Step: read the complete request."""
    read_head(connection)
    length = re.search(rb"\ncontent-length: *([0-9]+)", connection.head, re.IGNORECASE)
    while length is not None and len(connection.body) < int(length.group(1)):
        _read_more(connection)


def read_nothing(connection):
    """Step: read nothing, so the request stays in the kernel."""


def _read_more(connection):
    data = connection.socket.recv(65536)
    if not data:
        raise Stopped("the client closed inside its request")
    connection.request += data


def close(connection):
    """Step: end the response normally (TLS: close_notify), then wait until the client closes."""
    if hasattr(connection.socket, "unwrap"):
        connection.socket.settimeout(0)
        with suppress(OSError):  # do not wait for the client's close_notify
            connection.socket.unwrap()
        connection.socket.settimeout(PATIENCE)
    ragged(connection)


def ragged(connection):
    """Step: end the response by closing only the TCP stream, which truncates a TLS stream."""
    connection.socket.shutdown(socket.SHUT_WR)
    connection.receive()


def reset(connection):
    """Step: reset the connection after everything that was sent."""
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.socket.close()


def abandon(connection):
    """Step: close at once, even if the request has not been read."""
    connection.socket.close()


def stall(connection):
    """Step: send nothing, close nothing, until the client closes."""
    connection.receive()


def stall_unread(connection):
    """Step: send nothing and read nothing until the server is stopped."""
    connection.server.wait(threading.Event().wait)


def relay_to(port):
    """Return a step that passes bytes between the client and a loopback port, as a proxy does."""

    def relay(connection):
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as upstream:
            others = {connection.socket: upstream, upstream: connection.socket}
            while others:
                for side in _readable(others):
                    data = side.recv(65536)
                    if data:
                        others[side].sendall(data)
                        continue
                    with suppress(OSError):
                        socket.socket.shutdown(others.pop(side), socket.SHUT_WR)
        connection.end = connection.end or "eof"

    return relay


def _readable(sides):
    decrypted = [side for side in sides if hasattr(side, "pending") and side.pending()]
    return decrypted or select.select(list(sides), [], [], PATIENCE)[0]


class RawServer:
    """A server that plays scripts; see the module.

    read:  the step before each script
    tls:   an ssl.SSLContext, or None
    shake: whether a TLS server performs the handshake
    """

    def __init__(self, *scripts, read=read_request, tls=None, shake=True):
        self.scripts = list(scripts)
        self.connections = []
        self.failures = []
        self._read = read
        self._tls = tls
        self._shake = shake
        self._stopping = threading.Event()
        self._arrived = threading.Condition()
        self._threads = []
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(64)
        self.port = self._listener.getsockname()[1]
        self.url = f"https://localhost:{self.port}" if tls else f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        self._acceptor = threading.Thread(target=self._accept, name="raw server", daemon=True)
        self._acceptor.start()
        return self

    def __exit__(self, kind, error, trace):
        self._stopping.set()
        with socket.socket() as waker, suppress(OSError):
            waker.connect(("127.0.0.1", self.port))
        self._acceptor.join(PATIENCE)
        self._listener.close()
        for connection in self.connections:
            with suppress(OSError):  # ends its recv or send
                socket.socket.shutdown(connection.socket, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)
        alive = [thread for thread in [self._acceptor] + self._threads if thread.is_alive()]
        if kind is None:
            assert not alive, f"threads that did not end: {alive!r}"
            assert not self.failures, f"errors in the server: {self.failures!r}"

    @property
    def requests(self):
        return [connection.request for connection in self.connections]

    def wait(self, ready):
        """Wait until ready(seconds) is true. Raises Stopped if the server is stopped."""
        for _ in range(PATIENCE * 50):
            if ready(0.02):
                return
            if self._stopping.is_set():
                raise Stopped("the server is stopped")
        raise AssertionError("a script waited too long")

    def connection(self, number=0):
        """Wait for the connection of this number and return it."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.connections) > number, PATIENCE), (
                f"no connection {number}"
            )
        return self.connections[number]

    def gone(self, number=0):
        """Wait until the client has closed a connection, and return how: "eof" or "reset"."""
        connection = self.connection(number)
        assert connection.over.wait(2 * PATIENCE) and connection.end != "never", (
            f"the client does not close connection {number}"
        )
        return connection.end

    def _accept(self):
        while True:
            accepted = self._listener.accept()[0]
            if self._stopping.is_set():
                accepted.close()
                return
            accepted.settimeout(PATIENCE)
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(self, accepted)
            script = self.scripts[min(len(self.connections), len(self.scripts) - 1)]
            thread = threading.Thread(
                target=self._serve, args=(connection, script), name="raw connection", daemon=True
            )
            self._threads.append(thread)
            with self._arrived:
                self.connections.append(connection)
                self._arrived.notify_all()
            thread.start()

    def _serve(self, connection, script):
        try:
            if self._tls is not None and not self._shake_hands(connection):
                return
            self._read(connection)
            connection.play(script)
            if connection.end is None and connection.socket.fileno() >= 0:
                close(connection)
        except (OSError, Stopped):  # the client disconnected, or the test is over
            connection.end = connection.end or "reset"
        except BaseException as error:  # __exit__ reports it
            self.failures.append(error)
        finally:
            connection.socket.close()
            connection.over.set()

    def _shake_hands(self, connection):
        if not self._shake:
            connection.receive()
            return False
        try:
            connection.socket = self._tls.wrap_socket(connection.socket, server_side=True)
        except (OSError, ValueError):
            connection.end = "refused"
            connection.socket.close()
            return False
        return True


@contextmanager
def nothing_left():
    """Fail if the code inside leaves a thread, or leaves a socket to the garbage collector."""
    before = set(threading.enumerate())
    with warnings.catch_warnings(record=True) as caught, young_heap():
        warnings.simplefilter("default")
        warnings.simplefilter("always", ResourceWarning)
        yield
        gc.collect()
    left = [
        str(warning.message) for warning in caught if issubclass(warning.category, ResourceWarning)
    ]
    assert not left, f"left to the garbage collector: {left}"
    threads = [thread for thread in threading.enumerate() if thread not in before]
    assert not threads, f"threads left: {threads!r}"


@contextmanager
def young_heap():
    """Limit garbage collections to objects made inside (Python 3.7 and newer): much faster."""
    if not hasattr(gc, "freeze"):
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
