# SPDX-License-Identifier: MIT
"""TLS over a connected socket, with a reliable end of stream.

The peer marks the end of a TLS stream with a close_notify alert. If a client does not check for
it, anyone on the path can truncate a body that ends with the connection (HTTP-023). `SSLSocket`
cannot always check. Python 3.8, 3.9 and Debian's 3.11.2 set OP_IGNORE_UNEXPECTED_EOF on default
contexts, and OpenSSL then reports both endings alike.

So this module receives from the socket itself and passes the bytes to OpenSSL through memory. If
the socket's stream ends before OpenSSL's, the alert is missing, and the read raises
`ssl.SSLEOFError`. Other errors are those of `ssl` and `socket`. The module works with any
`ssl.SSLContext` and does not change it.
"""

import socket
import ssl
import time
from typing import Any, Callable, Optional, Union

_RECEIVE_SIZE = 65536  # bytes per receive from the socket


class TlsStream:
    """A TLS connection with those methods of `ssl.SSLSocket` that a client needs.

    The connection may itself be a TlsStream, to an https proxy (NET-012).

    As in SSLSocket, the time-out limits each operation as a whole. A handshake or a record that
    arrives byte by byte does not extend it. Only one thread at a time may read or write. Any
    thread may call `shutdown` and `close`.
    """

    def __init__(
        self,
        connected: "Union[socket.socket, TlsStream]",
        context: "ssl.SSLContext",
        server_hostname: str,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._socket = connected
        self._monotonic = monotonic
        self._timeout = connected.gettimeout()
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        # A name of type str would load encodings.idna, which needs unicodedata. Names are ASCII
        # (HTTP-002), so bytes mean the same.
        name = server_hostname.encode("ascii")
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        self._buffer = memoryview(bytearray(_RECEIVE_SIZE))
        self._decrypted = b""  # bytes that ready() has read

    def do_handshake(self) -> None:
        """Complete the handshake. Raises ssl.SSLError or ssl.CertificateError if it fails."""
        self._run(self._tls.do_handshake)

    def recv_into(self, buffer: Any) -> int:
        """Fill buffer with the next bytes and return their number, or 0 after close_notify.

        Raises ssl.SSLEOFError if the connection ends without close_notify.
        """
        view = memoryview(buffer)
        if not self._decrypted:
            count: int = self._run(self._tls.read, len(view), view)
            return count
        data = self._decrypted[: len(view)]
        view[: len(data)] = data
        self._decrypted = self._decrypted[len(data) :]
        return len(data)

    def recv(self, size: int) -> bytes:
        """Return the next bytes, at most size, or b"" after close_notify. Raises as recv_into."""
        buffer = bytearray(size)
        return bytes(buffer[: self.recv_into(buffer)])

    def ready(self) -> bool:
        """Return whether a read returns at once, for programs that use `select`."""
        if not self._decrypted:
            try:
                self._decrypted = self._tls.read(_RECEIVE_SIZE)
            except ssl.SSLWantReadError:
                return False
            except ssl.SSLError:
                pass  # the next read raises it
        return True

    def sendall(self, data: Any) -> None:
        """Send data."""
        view = memoryview(data)
        while len(view):
            view = view[self._run(self._tls.write, view) :]

    def gettimeout(self) -> Optional[float]:
        """Return the limit of each operation in seconds, or None."""
        return self._timeout

    def settimeout(self, timeout: Optional[float]) -> None:
        """Limit each later operation to this many seconds, or do not limit it (None)."""
        self._timeout = timeout

    def fileno(self) -> int:
        """Return the socket's file descriptor."""
        return self._socket.fileno()

    def shutdown(self, how: int) -> None:
        """Shut the socket down, without close_notify."""
        self._socket.shutdown(how)

    def close(self) -> None:
        """Close the socket, without close_notify."""
        self._socket.close()

    def _run(self, operation: Callable[..., Any], *arguments: Any) -> Any:
        """Complete an operation of OpenSSL: send the bytes it writes, receive those it needs."""
        deadline = None if self._timeout is None else self._monotonic() + self._timeout
        while True:
            try:
                result = operation(*arguments)
            except ssl.SSLWantReadError:
                self._send(deadline)
                self._receive(deadline)
            except ssl.SSLError:
                self._send_alert(deadline)
                raise
            else:
                self._send(deadline)
                return result

    def _send(self, deadline: Optional[float]) -> None:
        if self._outgoing.pending:
            self._limit(deadline)
            self._socket.sendall(self._outgoing.read())

    def _send_alert(self, deadline: Optional[float]) -> None:
        try:  # noqa: SIM105 - contextlib takes half a millisecond to load (bench, process)
            self._send(deadline)
        except OSError:
            pass  # the error that caused the alert matters more

    def _receive(self, deadline: Optional[float]) -> None:
        self._limit(deadline)
        count = self._socket.recv_into(self._buffer)
        if not count:
            # HTTP-023
            raise ssl.SSLEOFError(
                ssl.SSL_ERROR_EOF, "the connection ends without a TLS close_notify"
            )
        self._incoming.write(self._buffer[:count])

    def _limit(self, deadline: Optional[float]) -> None:
        """Give the socket the time that is left. Raises socket.timeout if there is none."""
        if deadline is None:
            self._socket.settimeout(None)
            return
        left = deadline - self._monotonic()
        if left <= 0:
            raise socket.timeout("timed out")
        self._socket.settimeout(left)


def start_tls(
    connected: "Union[socket.socket, TlsStream]",
    context: "ssl.SSLContext",
    server_hostname: str,
    monotonic: Callable[[], float] = time.monotonic,
) -> TlsStream:
    """Complete a TLS handshake over a connected socket and return the stream (HTTP-053).

    The socket's time-out limits the handshake. Does not change context. Raises ssl.SSLError,
    ssl.CertificateError or another OSError. The caller then closes the socket.
    """
    stream = TlsStream(connected, context, server_hostname, monotonic)
    stream.do_handshake()
    return stream
