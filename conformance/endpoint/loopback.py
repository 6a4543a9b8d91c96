# SPDX-License-Identifier: MIT
"""A server on 127.0.0.1 with one thread per connection, and the ways in which a connection can end.

Loopback runs until close() and then leaves no thread and no socket. A Conversation is what happens
on one connection; the endpoint, the recording proxy and the replay server each have their own. It
can end a connection normally, by a reset that arrives after all data, or never (stall).

With an ssl context, each connection begins with a TLS handshake. It ends with close_notify wherever
the connection is closed, also inside a response, and without it if the connection is reset. So a
scenario has the same outcome over http and https.
"""

import errno
import os
import socket
import socketserver
import struct
import sys
import threading
import time
from contextlib import suppress
from ssl import SSLContext, SSLSocket
from typing import Any, Callable, Dict, Optional, Tuple, Type, TypeVar

from conformance.endpoint.play import script
from conformance.endpoint.request import BodyBudget, Gone
from conformance.endpoint.scenarios.model import Response
from conformance.endpoint.tls import close_notify

_MAX_DRAIN = 256 * 1024 * 1024  # bytes that are read and dropped after a rejected request
# accept() reports these as long as the process or the system has no free descriptor or memory.
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_ACCEPT_PAUSE = 0.1  # seconds
_COMPLAINT_PAUSE = 10.0  # seconds
_LINGER = 5.0  # seconds, at most, for reading them
Log = Callable[[str], None]
_Served = TypeVar("_Served", bound="Loopback")


class Conversation(socketserver.BaseRequestHandler):
    """One connection. A subclass reads and responds in converse()."""

    server: "_Server"

    def handle(self) -> None:
        """Serve the connection. Log if the client disconnects or is silent for too long."""
        owner = self.server.owner
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request.settimeout(owner.idle_timeout)
        try:
            if self._is_ready():
                self.converse()
                self._end_tls()
        except Gone as gone:
            owner.log(f"dropped: {gone}")
        except socket.timeout:
            owner.log(f"dropped: the client was silent for {owner.idle_timeout:g} s")
        except OSError as error:
            reason = error.strerror or type(error).__name__
            owner.log(f"dropped: the client disconnected ({reason})")

    def _is_ready(self) -> bool:
        """Return whether the connection can be used. With TLS, make the handshake first."""
        owner = self.server.owner
        if not isinstance(self.request, SSLSocket):
            return True
        try:
            self.request.do_handshake()
            return True
        except socket.timeout:
            raise
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
            owner.log(f"dropped: TLS handshake failed: {reason}")
            return False

    def _end_tls(self) -> None:
        """Send close_notify if this is TLS."""
        owner = self.server.owner
        if not isinstance(self.request, SSLSocket):
            return
        close_notify(self.request, lambda seconds: owner.pause(seconds, exact=True))

    def converse(self) -> None:
        """Read requests and respond until the connection ends."""
        raise NotImplementedError

    def respond_and_close(self, response: Response) -> None:
        """Write a response with `Connection: close`."""
        for piece in script(response, (("Connection", "close"),)):
            self.request.sendall(piece.data)

    def reset(self) -> None:
        """Reset the connection after the peer has received everything that was sent."""
        self._wait_until_sent()
        self.request.setsockopt(
            socket.SOL_SOCKET,
            socket.SO_LINGER,
            struct.pack("hh" if os.name == "nt" else "ii", 1, 0),
        )
        # Close it here: socketserver would shut it down normally first.
        self.request.close()

    def stall(self) -> None:
        """Send nothing more until the client disconnects or the server closes."""
        self.request.settimeout(None)
        while self.request.recv(65536):
            pass

    def _wait_until_sent(self) -> None:
        """Wait until the peer's system has received everything. A reset would discard the rest."""
        pause = self.server.owner.pause
        try:
            from fcntl import ioctl
            from termios import TIOCOUTQ

            for _ in range(2500):
                queued = ioctl(self.request.fileno(), TIOCOUTQ, b"\0\0\0\0")
                if struct.unpack("i", queued)[0] == 0:
                    return
                pause(0.002, exact=True)
        except (ImportError, OSError):
            pause(0.05, exact=True)

    def linger(self) -> None:
        """Read and drop what the client still sends, for a while.

        Unread bytes would turn the close into a reset, and the client could lose the response.
        """
        self._end_tls()
        deadline, left = time.monotonic() + _LINGER, _MAX_DRAIN
        self.request.shutdown(socket.SHUT_WR)
        while left > 0 and time.monotonic() < deadline:
            self.request.settimeout(max(0.01, deadline - time.monotonic()))
            data = self.request.recv(1 << 20)
            if not data:
                break
            left -= len(data)


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Accepts connections and remembers the thread of each, so that it can end them."""

    daemon_threads = True
    allow_reuse_address = os.name == "posix"
    request_queue_size = 512

    def __init__(
        self, address: Tuple[str, int], owner: Any, conversation: Type[Conversation]
    ) -> None:
        self.owner = owner
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        self._lock = threading.Lock()
        self._live: Dict[threading.Thread, Any] = {}
        self._handed_over: Dict[threading.Thread, Tuple[Any, "_Server"]] = {}
        super().__init__(address, conversation)

    def get_request(self) -> Any:
        """Accept a connection. Without a free descriptor, wait a little before the next attempt."""
        try:
            connection, address = super().get_request()
        except OSError as error:
            if error.errno in _EXHAUSTED:
                self.owner.wait_for_resources(error)
            raise
        if self.owner.tls is None:
            return connection, address
        try:
            # The handshake waits for the client, so the connection's thread makes it.
            return self.owner.tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            ), address
        except ValueError as error:
            raise OSError(str(error)) from None

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        with self._lock:
            self._live[thread] = request
        try:
            thread.start()
        # The system has no more threads; the caller closes the connection.
        except RuntimeError:
            with self._lock:
                del self._live[thread]
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            thread = threading.current_thread()
            with self._lock:
                self._live.pop(thread, None)
                _, keeper = self._handed_over.pop(thread, (None, None))
            if keeper is not None:
                keeper.forget(thread)

    def hand_over(self, connection: Any, server: "_Server", address: Any) -> None:
        """Let another server serve a connection in this thread, and end it when that one closes.

        If this server closes first, it ends the connection and does not wait for the thread.
        Raises Gone if the other server is closed.
        """
        thread = threading.current_thread()
        with self._lock:
            del self._live[thread]
            self._handed_over[thread] = connection, server
        server.adopt(thread, connection)
        server.finish_request(connection, address)

    def adopt(self, thread: threading.Thread, connection: Any) -> None:
        """End this connection and wait for its thread when this server closes. Raises Gone."""
        with self._lock:
            if self.owner.closing:
                raise Gone("the server closes")
            self._live[thread] = connection

    def forget(self, thread: threading.Thread) -> None:
        """Undo adopt()."""
        with self._lock:
            self._live.pop(thread, None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report an error of the server itself on one line."""
        kind, error = sys.exc_info()[:2]
        name = kind.__name__ if kind else "error"
        sys.stderr.write(f"{type(self.owner).__name__.lower()}: {name}: {error}\n")

    def end_connections(self, patience: float) -> int:
        """End every connection and wait for its thread. Return how many threads go on.

        patience: seconds to wait for all of them
        """
        with self._lock:
            live = list(self._live.items())
            handed_over = [connection for connection, _ in self._handed_over.values()]
        for connection in [connection for _, connection in live] + handed_over:
            # It may have ended already.
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        deadline = time.monotonic() + patience
        for thread, _ in live:
            thread.join(max(0.0, deadline - time.monotonic()))
        return sum(thread.is_alive() for thread, _ in live)


def _reachable(host: str) -> str:
    """Return the host of a URL for an address to listen on."""
    if host in ("", "0.0.0.0"):  # noqa: S104
        return "127.0.0.1"
    if host == "::":
        return "[::1]"
    return f"[{host}]" if ":" in host else host


class Loopback:
    """A server on 127.0.0.1 that runs until close(); also a context manager.

    conversation: what happens on a connection
    port:         0 for one that the system chooses
    pace:         seconds for every pause instead of the pause's own, or None
    log:          called with one line per event, from any thread
    idle_timeout: seconds that a client may take to send or to read
    tls:          the context of a server with https, or None for http
    host:         the address to listen on; other machines can reach all but loopback addresses
    Raises OSError if the port is not available.
    """

    patience = 10.0  # seconds that close() waits for functions of a user

    def __init__(
        self,
        conversation: Type[Conversation],
        port: int,
        pace: Optional[float],
        log: Optional[Log],
        idle_timeout: float,
        tls: Optional[SSLContext] = None,
        host: str = "127.0.0.1",
    ) -> None:
        self.tls = tls
        self.idle_timeout = idle_timeout
        self._pace, self._log = pace, log
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._next_complaint = 0.0
        self.stuck = 0
        self.budget = BodyBudget()
        self.server = _Server((host, port), self, conversation)
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://{_reachable(host)}:{self.server.server_address[1]}"
        self._accepting = threading.Thread(
            target=self.server.serve_forever, args=(0.02,), daemon=True
        )
        self._accepting.start()

    def __enter__(self: _Served) -> _Served:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End all connections and wait until no thread is left.

        A function of a user that blocks can keep its thread. `stuck` counts these threads.
        """
        with self._lock:
            if self._closing.is_set():
                return
            self._closing.set()
        self.server.shutdown()
        self._accepting.join()
        self.stuck = self.server.end_connections(self.patience)
        self.server.server_close()

    def pause(self, seconds: float, exact: bool = False) -> None:
        """Wait, and raise Gone if the server closes meanwhile.

        exact: wait exactly this long, even if the server has its own pace
        """
        if not exact and self._pace is not None:
            seconds = self._pace
        if self._closing.wait(seconds):
            raise Gone("the server closes")

    @property
    def closing(self) -> bool:
        """Whether close() has been called."""
        return self._closing.is_set()

    def wait_for_resources(self, error: OSError) -> None:
        """Wait a moment because no connection can be accepted, and log that from time to time."""
        now = time.monotonic()
        if now >= self._next_complaint:
            self._next_complaint = now + _COMPLAINT_PAUSE
            self.log(f"cannot accept a connection: {error.strerror}")
        self._closing.wait(_ACCEPT_PAUSE)

    def log(self, line: str) -> None:
        """Pass one line to the log, if there is one."""
        if self._log is not None:
            self._log(line)
