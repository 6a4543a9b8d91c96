# SPDX-License-Identifier: MIT
"""A connected socket whose every wait is limited (HTTP-051), and which any thread may end."""

import io
import os
import socket
from typing import TYPE_CHECKING, Any, Callable, Optional, Tuple, Union

from .threads import new_lock
from .timeouts import Timeouts

if TYPE_CHECKING:
    from .tls import TlsStream

_SEND_SIZE = 65536  # bytes sent under one time-out

Connected = Union["socket.socket", "TlsStream"]


class Limits:
    """The limit of the next wait: its own time-out, or the rest of the total time-out."""

    def __init__(
        self,
        timeouts: Timeouts,
        monotonic: "Callable[[], float]",
        started: "Optional[float]" = None,
    ) -> None:
        self._timeouts = timeouts
        self.monotonic = monotonic
        self._deadline: Optional[float] = None
        if timeouts.total is not None:
            self._deadline = (monotonic() if started is None else started) + timeouts.total
        self._connect_deadline: Optional[float] = None
        self._result: Optional[Tuple[str, float, float]] = None

    def wait_for(self, name: str, seconds: "Optional[float]", since: float) -> None:
        """Limit later reads to the seconds after the time `since`. name: the time-out's."""
        self._result = None if seconds is None else (name, seconds, since + seconds)

    def start_connecting(self) -> None:
        """Start the one connect_timeout for name resolution, all addresses and TLS."""
        if self._timeouts.connect is not None:
            self._connect_deadline = self.monotonic() + self._timeouts.connect

    def connect(self) -> "Optional[float]":
        """Return the seconds that are left to connect. Raises socket.timeout if none are left."""
        return self._limit(self._left_until(self._connect_deadline))

    def while_connecting(self) -> "Limits":
        """Return limits for waits that must together fit into the rest of connect_timeout."""
        return Limits(Timeouts(None, None, self.connect()), self.monotonic)

    def read(self) -> "Optional[float]":
        """Return the seconds for the next read or write. Raises socket.timeout."""
        limit = self._limit(self._timeouts.read)
        left = None if self._result is None else self._left_until(self._result[2])
        if left is None:
            return limit
        return left if limit is None else min(limit, left)

    def _limit(self, seconds: "Optional[float]") -> "Optional[float]":
        left = self._left_until(self._deadline)
        if left is None:
            return seconds
        return left if seconds is None else min(seconds, left)

    def _left_until(self, deadline: "Optional[float]") -> "Optional[float]":
        if deadline is None:
            return None
        left = deadline - self.monotonic()
        if left <= 0:
            raise socket.timeout("timed out")
        return left

    def passed(self, connecting: bool) -> "Tuple[str, float]":
        """Return the name and the seconds of the time-out that ended a wait.

        connecting: whether the wait was for a connection
        """
        name, limit = "read_timeout", self._timeouts.read
        if self._deadline is not None and self.monotonic() >= self._deadline:
            name, limit = "total_timeout", self._timeouts.total
        elif connecting and self._timeouts.connect is not None:
            name, limit = "connect_timeout", self._timeouts.connect
        elif self._result is not None and self.monotonic() >= self._result[2]:
            name, limit = self._result[:2]
        return name, limit or 0


class TimedSocket(io.RawIOBase):
    """A connected socket with a time-out for each send and receive, for http.client.

    Any thread may call disconnect(), and the object may be in two processes after a fork. While a
    thread waits in readinto(), only that thread closes the socket. Otherwise the system could give
    its descriptor to a connection of another thread, which would then lose bytes to this one.
    """

    def __init__(self, connected: Connected, limits: Limits) -> None:
        self._socket = connected
        self._limits = limits
        self._timeout: object = self  # not a time-out, so that the first wait sets one
        self.ragged = False  # whether the connection ended without close_notify or with a reset
        self._process_id = os.getpid()
        # A signal handler may close a response while its thread has the guard.
        self._guard = new_lock()
        self._reading = False
        self._disconnected = False

    def _wait(self) -> None:
        timeout = self._limits.read()
        if timeout != self._timeout:
            self._socket.settimeout(timeout)
            self._timeout = timeout

    def readable(self) -> bool:
        """Return True, as io.RawIOBase requires."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill buffer with the next bytes and return their number, 0 at the stream's end."""
        with self._guard:
            if self._disconnected:
                return 0
            self._reading = True
        try:
            self._wait()
            return self._socket.recv_into(buffer)
        except OSError as error:
            from .tls_errors import is_without_close_notify  # most reads succeed

            if not is_without_close_notify(error):
                raise
            self.ragged = True
            return 0
        finally:
            with self._guard:
                self._reading = False
                if self._disconnected:
                    self._socket.close()

    def sendall(self, data: bytes) -> None:
        """Send data, with a time-out for each part of it."""
        view = memoryview(data)
        for start in range(0, len(view), _SEND_SIZE):
            self._wait()
            self._socket.sendall(view[start : start + _SEND_SIZE])

    def close(self) -> None:
        """Do nothing: http.client closes after an error. disconnect() closes."""

    def disconnect(self) -> None:
        """End the connection, also while another thread waits in readinto.

        In a forked child, this only closes the child's copy, because the parent may still read.
        """
        if os.getpid() != self._process_id:
            self.release()
            return
        with self._guard:
            self._disconnected = True
            try:  # noqa: SIM105 - contextlib takes half a millisecond to load (bench, process)
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # not connected any more
            if not self._reading:
                self._socket.close()

    def release(self) -> None:
        """Close this process's copy of the socket. Another process's copy stays connected."""
        self._socket.close()
