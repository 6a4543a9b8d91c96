# SPDX-License-Identifier: MIT
"""One connection to a server: requests as bytes, responses with the time at which each piece came.

The client is strict (refimpl.http1) and bounded: an exchange ends after a number of seconds and a
number of bytes, whatever the server does. Every failure is a ServerFault.
"""

import selectors
import socket
import ssl
import time
from contextlib import suppress
from typing import Any, Callable, List, NamedTuple, NoReturn, Optional, Tuple

from refimpl.certificates import remedy_for
from refimpl.dialing import dial
from refimpl.errors import Error, HttpError, shown
from refimpl.http1 import (
    ChunkedBody,
    Framing,
    ResponseHead,
    body_framing,
    parse_header_lines,
    parse_status_line,
)

MAX_RESPONSE = 64 * 1024 * 1024  # bytes
_MAX_HEAD = 65536  # bytes
_MAX_INTERIM = 16
_PIECE = 65536  # bytes
_END_OF_HEAD = b"\r\n\r\n"
_START = len(b"HTTP/1.1 200")


class ServerFault(Error):
    """The server cannot be reached, or does not send a complete HTTP response.

    waited: whether the time was up
    """

    kind = "server"
    waited = False


class Address(NamedTuple):
    """Where a server is, and the context for TLS, or None for http."""

    host: str
    port: int
    context: Optional[ssl.SSLContext]


class Limits(NamedTuple):
    """The limits of one exchange: seconds, and bytes of the response's body."""

    seconds: float
    size: int = MAX_RESPONSE


class Received(NamedTuple):
    """A complete response.

    interim:  the statuses of the interim responses before it
    pieces:   the body as it arrived: seconds since the last byte of the request, and bytes
    framing:  how the body ends
    is_open:  whether the connection may be used again
    """

    head: ResponseHead
    interim: Tuple[int, ...]
    pieces: Tuple[Tuple[float, bytes], ...]
    framing: Framing
    is_open: bool

    @property
    def status(self) -> int:
        """The status code."""
        return self.head.status

    @property
    def body(self) -> bytes:
        """The whole body."""
        return b"".join(data for _, data in self.pieces)

    def values(self, name: str) -> List[str]:
        """Return the values of all headers of a name, in any case."""
        return [value for key, value in self.head.headers if key.lower() == name.lower()]

    def value(self, name: str) -> str:
        """Return the values of a header joined with commas, or an empty text."""
        return ", ".join(self.values(name))


class Connection:
    """A connection to a server, and a context manager.

    Each exchange begins with send(), which starts its time. Raises ServerFault.
    """

    def __init__(
        self, address: Address, limits: Limits, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._limits, self._monotonic = limits, monotonic
        self._deadline = monotonic() + limits.seconds
        self._sent = 0.0
        self._buffer = b""
        self._refusal: Optional[ssl.SSLError] = None  # that ended the sending of a request
        where = f"{address.host}:{address.port}"
        try:
            self._socket = dial(address.host, address.port, self._left)
        except socket.timeout:
            raise self._too_late(f"no connection to {where}") from None
        except (OSError, UnicodeError) as error:
            raise ServerFault(f"no connection to {where}: {_reason(error)}") from None
        if address.context is not None:
            self._secure(address, where)

    def _secure(self, address: Address, where: str) -> None:
        context: Any = address.context
        plain = self._socket
        try:
            plain.settimeout(self._left())
            self._socket = context.wrap_socket(plain, server_hostname=address.host)
        except socket.timeout:
            plain.close()
            raise self._too_late(f"no TLS handshake with {where}") from None
        except (OSError, ValueError) as error:
            plain.close()
            raise ServerFault(
                f"no TLS with {where}: {_reason(error)}", expected=remedy_for(error)
            ) from None

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        with suppress(OSError):
            self._socket.close()

    def send(self, data: bytes) -> None:
        """Send a request. Stop if the server responds before it has received all of a long one."""
        self._deadline = self._monotonic() + self._limits.seconds
        view = memoryview(data)
        is_long = len(data) > _PIECE
        # A server may respond and close before it has read everything. receive() reports that.
        try:
            self._socket.setblocking(False)
            while view and not (is_long and self._has_response()):
                view = view[self._send_some(view[:_PIECE], is_long) :]
        except (BrokenPipeError, ConnectionResetError):
            pass
        except ssl.SSLError as error:
            self._refusal = error
        self._sent = self._monotonic()

    def _send_some(self, piece: memoryview, is_long: bool) -> int:
        """Return how many bytes of a piece the kernel took. If it takes none, wait.

        is_long: whether a response ends the wait
        """
        try:
            return self._socket.send(piece)
        except ssl.SSLWantReadError:
            self._wait(selectors.EVENT_READ)
        except (BlockingIOError, ssl.SSLWantWriteError):
            self._wait(selectors.EVENT_WRITE | (selectors.EVENT_READ if is_long else 0))
        return 0

    def _wait(self, events: int) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, events)
            with suppress(socket.timeout):
                if selector.select(self._left()):
                    return
        raise self._too_late("the server does not read the request")

    def _has_response(self) -> bool:
        """Return whether a final response begins, or the server has closed the connection."""
        try:
            data = self._socket.recv(_PIECE)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False  # with TLS, also if only a ticket for the session has arrived
        self._buffer += data
        return not data or _final_begins(self._buffer)

    def receive(self, method: str = "POST", until_interim: bool = False) -> Received:
        """Return the next response.

        method: of its request, because a response to HEAD has no body
        until_interim: return an interim response as if it were final
        """
        try:
            return self._receive(method, until_interim)
        except socket.timeout:
            raise self._too_late("no complete response") from None
        except HttpError as error:
            raise ServerFault(f"the response is not valid HTTP: {error}") from None
        except (OSError, ValueError) as error:
            raise ServerFault(f"the connection broke: {_reason(error)}") from None

    def _receive(self, method: str, until_interim: bool) -> Received:
        interim: List[int] = []
        while True:
            head = self._head()
            if not 100 <= head.status < 200 or head.status == 101:
                break
            interim.append(head.status)
            if until_interim:
                return Received(head, (), (), Framing(False, 0), True)
            if len(interim) > _MAX_INTERIM:
                raise ServerFault("the server sends interim responses without an end")
        framing = Framing(False, 0) if method == "HEAD" else body_framing(head)
        pieces: List[Tuple[float, bytes]] = []
        if framing.chunked:
            self._read_chunks(pieces)
        else:
            self._read_plain(framing.length, pieces)
        is_delimited = framing.chunked or framing.length is not None
        return Received(
            head, tuple(interim), tuple(pieces), framing, is_delimited and _stays_open(head)
        )

    def _head(self) -> ResponseHead:
        while _END_OF_HEAD not in self._buffer:
            line = self._buffer.partition(b"\n")
            if line[1]:
                parse_status_line(line[0] + b"\n")
            elif len(self._buffer) >= 5 and not self._buffer.startswith(b"HTTP/"):
                parse_status_line(self._buffer[:64])
            if len(self._buffer) > _MAX_HEAD:
                raise ServerFault(f"the head of the response has more than {_MAX_HEAD} bytes")
            if not self._more():
                self._ended_in_head()
        text, _, self._buffer = self._buffer.partition(_END_OF_HEAD)
        first, *rest = [line + b"\r\n" for line in text.split(b"\r\n")]
        minor, status, reason = parse_status_line(first)
        return ResponseHead(status, reason, minor, parse_header_lines(rest))

    def _ended_in_head(self) -> NoReturn:
        if self._refusal is not None:
            raise ServerFault(f"the connection broke: {_reason(self._refusal)}")
        if not self._buffer:
            raise ServerFault("the server closed the connection without a response")
        parse_status_line(self._buffer[: self._buffer.find(b"\n") + 1] or self._buffer)
        raise ServerFault("the server closed the connection inside the head of a response")

    def _read_chunks(self, pieces: List[Tuple[float, bytes]]) -> None:
        chunks, total, tail = ChunkedBody(), 0, b""
        while True:
            data, self._buffer = self._buffer, b""
            body = chunks.feed(data)
            tail = (tail + data)[-len(_END_OF_HEAD) :]
            total = self._add(body, pieces, total)
            # An empty line ends the trailers.
            if chunks.complete and tail == _END_OF_HEAD:
                return
            if not self._more():
                raise ServerFault(
                    "the server closed the connection inside a chunked body",
                    expected="an empty line" if chunks.complete else chunks.missing(),
                )

    def _read_plain(self, length: Optional[int], pieces: List[Tuple[float, bytes]]) -> None:
        total = 0
        while length is None or total < length:
            data, self._buffer = self._buffer[:length], b""
            total = self._add(data, pieces, total)
            if length is not None and total >= length:
                return
            if not self._more():
                if length is None:
                    return
                raise ServerFault(
                    "the server closed the connection inside a body",
                    expected=f"{length} bytes",
                    actual=total,
                )

    def _add(self, data: bytes, pieces: List[Tuple[float, bytes]], total: int) -> int:
        if data:
            pieces.append((self._monotonic() - self._sent, data))
        total += len(data)
        if total > self._limits.size:
            raise ServerFault(f"the server sends more than {self._limits.size} bytes")
        return total

    def _more(self) -> bool:
        self._socket.settimeout(self._left())
        data = self._socket.recv(_PIECE)
        self._buffer += data
        return bool(data)

    def is_closed(self) -> bool:
        """Return whether the server has closed the connection or closes it before the time is up.

        Raises ServerFault if it sends something.
        """
        try:
            return not self._more()
        except socket.timeout:
            return False
        except (OSError, ValueError):
            return True

    def _left(self) -> float:
        left = self._deadline - self._monotonic()
        if left <= 0:
            raise socket.timeout("timed out")
        return left

    def _too_late(self, what: str) -> ServerFault:
        return ServerFault(f"{what} within {self._limits.seconds:g} s", waited=True)


def _final_begins(data: bytes) -> bool:
    """Return whether bytes contain more than interim responses (HTTP-040)."""
    while data[9:10] == b"1" and data[9:_START] != b"101" and len(data) >= _START:
        head, end, data = data.partition(_END_OF_HEAD)
        if not end:
            return len(head) > _MAX_HEAD
    return len(data) >= _START


def _stays_open(head: ResponseHead) -> bool:
    options = [
        option.strip().lower()
        for name, value in head.headers
        if name.lower() == "connection"
        for option in value.split(",")
    ]
    if head.minor_version == 0:
        return "keep-alive" in options
    return "close" not in options


def _reason(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return shown(text, 200)
