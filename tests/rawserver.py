# SPDX-License-Identifier: MIT
"""A server for tests that knows no HTTP: it reads one request, then plays a script of bytes, waits and endings.

    with RawServer([b"HTTP/1.1 200 OK\\r\\n", event, b"\\r\\n", reset]) as server:
        ... connect to server.port; server.connections[0].request is what came ...

It listens on a loopback port of the system's choice. The n-th connection plays the n-th script, further ones the last.
A step is bytes (sent), an Event (waited for) or a function of the connection; behind the last one the connection is closed
in good order. However a script ends, the server then waits for the client to close, and `gone()` says how it did.

Nothing outlives the `with`: leaving it ends every wait, closes every socket, joins every thread, and fails if one of them
met an error that a script cannot explain. Refused: any wait longer than PATIENCE, so that a broken client cannot hang a run.
"""

import gc
import re
import socket
import struct
import threading
import warnings
from contextlib import contextmanager, suppress

PATIENCE = 20  # seconds; only a watchdog: what is waited for comes at once, or the test fails
HEAD_END = b"\r\n\r\n"


class Stopped(Exception):
    """The `with` has been left, or the client went away before its request was whole."""


class Connection:
    """One accepted connection: request is what was read of it, end how the client closed it ("eof", "reset", "refused")

    None where the server itself cut it off; "never" where the server lost its patience.
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
        """Read on until the client closes, and note how it did."""
        try:
            while self.socket.recv(65536):
                pass
            self.end = self.end or "eof"
        except socket.timeout:
            self.end = self.end or "never"
        except OSError:
            self.end = self.end or "reset"


def read_head(connection):
    """Step: read to the end of the request's head; what the kernel brings behind it is kept too."""
    while HEAD_END not in connection.request:
        _read_more(connection)


def read_request(connection):
    """Step: read the whole request."""
    read_head(connection)
    length = re.search(rb"\ncontent-length: *([0-9]+)", connection.head, re.IGNORECASE)
    while length is not None and len(connection.body) < int(length.group(1)):
        _read_more(connection)


def read_nothing(connection):
    """Step: leave the request in the kernel."""


def _read_more(connection):
    data = connection.socket.recv(65536)
    if not data:
        raise Stopped("the client closed inside its request")
    connection.request += data


def close(connection):
    """Step: end the answer in good order, under TLS with close_notify; then wait for the client to close."""
    if hasattr(connection.socket, "unwrap"):
        connection.socket.settimeout(0)
        with suppress(OSError):  # close_notify is sent; the client's own is not waited for
            connection.socket.unwrap()
        connection.socket.settimeout(PATIENCE)
    ragged(connection)


def ragged(connection):
    """Step: end the answer by closing the TCP stream alone; under TLS that is truncation."""
    connection.socket.shutdown(socket.SHUT_WR)
    connection.receive()


def reset(connection):
    """Step: end with a TCP reset, behind what was sent."""
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.socket.close()


def abandon(connection):
    """Step: close at once, whatever of the request lies unread."""
    connection.socket.close()


def stall(connection):
    """Step: send nothing, close nothing, until the client closes."""
    connection.receive()


def stall_unread(connection):
    """Step: the same, and leave the request in the kernel; it lasts until the server is stopped."""
    connection.server.wait(threading.Event().wait)


class RawServer:
    """See the module. read: the step before each script;  tls: an ssl.SSLContext;  shake: False for a TLS server that never does."""

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
        self.url = (
            f"https://localhost:{int(self.port)}" if tls else f"http://127.0.0.1:{int(self.port)}"
        )

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
        """Wait, until the server is stopped, for ready, a function of a time-out such as Event.wait."""
        for _ in range(PATIENCE * 50):
            if ready(0.02):
                return
            if self._stopping.is_set():
                raise Stopped("the server is stopped")
        raise AssertionError("what a script waits for did not come")

    def connection(self, number=0):
        """Return the connection of that number, as soon as there is one."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.connections) > number, PATIENCE), (
                f"no connection {int(number)}"
            )
        return self.connections[number]

    def gone(self, number=0):
        """Wait until the client has closed the connection of that number, and return how: "eof" or "reset"."""
        connection = self.connection(number)
        assert connection.over.wait(2 * PATIENCE) and connection.end != "never", (
            f"the client does not close connection {int(number)}"
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
        except (OSError, Stopped):  # the client went away, or the test is over
            connection.end = connection.end or "reset"
        except BaseException as error:  # for __exit__ to tell
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
    """Fail when what runs inside leaves a thread, or a socket for the garbage collector to close."""
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
    """Have a collection look at what was made inside alone, where Python can (3.7); all of the heap takes it much longer."""
    if not hasattr(gc, "freeze"):
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
