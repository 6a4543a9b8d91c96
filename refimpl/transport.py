# SPDX-License-Identifier: MIT
"""The only module that opens sockets: http.client for the connection and the request, TLS verified, every wait bounded.

`open_exchange` connects, sends one request and reads the answer's head; the `HttpExchange` that it returns hands over the
body piece by piece, each the moment it arrives (HTTP-050), and knows whether the body came whole (HTTP-023).

http.client sends; its `response_class` here reads head and framing itself, by the strict functions of http1.py, since the
library's own reader lets broken ones pass. One connection a call; redirects are not followed; closing early closes the socket.

What leaves this module is NetworkError (`network`, `timeout`, `closed`) and HttpError (`http`, `truncated`), never an OSError.
"""

import http.client
import io
import socket
import ssl
import time
from typing import Any, Callable, List, NamedTuple, NoReturn, Optional, Tuple, Union

from .errors import ConfigurationError, Error, HttpError, NetworkError, UsageError, require_type
from .http1 import (
    MAX_HEADERS,
    MAX_INTERIM,
    MAX_LINE,
    ChunkedBody,
    ResponseHead,
    body_framing,
    looks_like_tls,
    parse_header_lines,
    parse_status_line,
)
from .operation import HttpRequest
from .tls import TlsStream, start_tls

READ_SIZE = 65536  # bytes asked of the socket at once
MAX_TIMEOUT = 2147483  # seconds, 24 days: what the system's poll takes in milliseconds; HTTP-051
_SEND_SIZE = 65536  # bytes sent under one time-out
KEEPALIVE_IDLE = (
    45  # seconds; NAT gateways drop what is idle for 350 s, some balancers after 60 s: HTTP-052
)
_KEEPALIVE_INTERVAL = 15  # seconds
_KEEPALIVE_COUNT = 8


class Timeouts(NamedTuple):
    connect: Optional[float]
    read: Optional[float]
    total: Optional[float]


Timeouts.__doc__ = "In seconds, None for none: to connect and shake hands; for each read or write; for the whole call (HTTP-051)."


def check_timeouts(timeouts: Timeouts) -> Timeouts:
    """Return timeouts. Raises UsageError unless each is None or a number above 0, and at most MAX_TIMEOUT."""
    for name, value in zip(("connect_timeout", "read_timeout", "total_timeout"), timeouts):
        if value is not None and (
            isinstance(value, bool)
            or not isinstance(value, (int, float))
            or not 0 < value <= MAX_TIMEOUT
        ):
            raise UsageError(
                f"{name} is no time",
                expected=f"seconds above 0, at most {int(MAX_TIMEOUT)}, or None",
                actual=value,
                rule="HTTP-051",
            )
    return timeouts


class _Patience:
    """How long the next wait may be: the read time-out, or what is left of the whole call's time."""

    def __init__(self, timeouts: Timeouts, monotonic: Callable[[], float]) -> None:
        self._timeouts = timeouts
        self.monotonic = monotonic
        self._deadline = None if timeouts.total is None else monotonic() + timeouts.total

    def connect(self) -> Optional[float]:
        return self._limit(self._timeouts.connect)

    def read(self) -> Optional[float]:
        return self._limit(self._timeouts.read)

    def _limit(self, seconds: Optional[float]) -> Optional[float]:
        if self._deadline is None:
            return seconds
        left = self._deadline - self.monotonic()
        if left <= 0:
            raise socket.timeout("timed out")
        return left if seconds is None else min(seconds, left)

    def error(self, what: str) -> NetworkError:
        """The error for a wait that was too long."""
        timeouts = self._timeouts
        over = self._deadline is not None and self.monotonic() >= self._deadline
        limit = (
            f"total_timeout of {timeouts.total:g} s"
            if over and timeouts.total is not None
            else (
                f"connect_timeout of {timeouts.connect:g} s"
                if what == "connecting" and timeouts.connect is not None
                else "read_timeout of %g s" % (timeouts.read or 0)
            )
        )
        return NetworkError(
            f"timed out while {what}",
            kind="timeout",
            expected=f"within the {limit}",
            retryable=True,
            rule="HTTP-051",
        )


class _Wire(io.RawIOBase):
    """A connected socket as http.client and a BufferedReader see it: every send and receive under its own time-out."""

    def __init__(self, connected: Union[socket.socket, TlsStream], patience: _Patience) -> None:
        self._socket = connected
        self._patience = patience
        self._timeout: object = self  # none set yet
        self.ragged = False  # TLS ended without close_notify

    def _wait(self) -> None:
        timeout = self._patience.read()
        if timeout != self._timeout:
            self._socket.settimeout(timeout)
            self._timeout = timeout

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._wait()
        try:
            return self._socket.recv_into(buffer)
        except ssl.SSLEOFError:
            self.ragged = True
            return 0

    def sendall(self, data: bytes) -> None:
        view = memoryview(data)
        for start in range(0, len(view), _SEND_SIZE):
            self._wait()
            self._socket.sendall(view[start : start + _SEND_SIZE])

    def close(self) -> None:
        """Do nothing: http.client closes at times of its own, under the reader; disconnect() is what closes."""

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(self, READ_SIZE)

    def disconnect(self) -> None:
        """Close the socket, also under a thread that is waiting in readinto."""
        try:  # noqa: SIM105 - contextlib takes half a millisecond to load
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it is not connected any more
        self._socket.close()


class _StrictResponse(http.client.HTTPResponse):
    """A response whose head and framing are checked by http1.py; only begin() and read1() are used."""

    fp: Any

    def __init__(self, wire: Any, *arguments: Any, **options: Any) -> None:
        super().__init__(wire, *arguments, **options)
        self._wire: _Wire = wire
        self._chunks: Optional[ChunkedBody] = None
        self._left: Optional[int] = (
            None  # bytes of the body that are still to come, where its length is known
        )
        self._fault: Optional[HttpError] = (
            None  # told when what came before it has been handed over
        )

    def begin(self) -> None:
        self.head = self._read_head()
        framing = body_framing(self.head)
        self._chunks = ChunkedBody() if framing.chunked else None
        self._left = framing.length
        self.will_close = False  # the exchange closes the connection, and no one else

    def _read_head(self) -> ResponseHead:
        for interim in range(MAX_INTERIM + 1):
            minor_version, status, reason = parse_status_line(
                self._line("the status line", interim == 0)
            )
            lines: List[bytes] = []
            line = self._line("a header line")
            while line != b"\r\n":
                lines.append(line)
                if len(lines) > MAX_HEADERS:
                    break
                line = self._line("a header line")
            headers = parse_header_lines(lines)
            if (
                not 100 <= status < 200 or status == 101
            ):  # HTTP-040, HTTP-054: 101 was not asked for
                return ResponseHead(status, reason, minor_version, headers)
        raise HttpError(
            "too many interim answers",
            expected=f"at most {int(MAX_INTERIM)}",
            actual=status,
            rule="HTTP-048",
        )

    def _line(self, what: str, first: bool = False) -> bytes:
        line: bytes = self.fp.readline(MAX_LINE + 1)
        if first and looks_like_tls(line):
            parse_status_line(line)  # says so
        if line.endswith(b"\r\n") and len(line) <= MAX_LINE:
            return line
        if not line and first:
            raise NetworkError(
                "the peer closed the connection without an answer", retryable=True, rule="HTTP-041"
            )
        if len(line) > MAX_LINE:
            raise HttpError(
                f"{what} is too long",
                expected=f"at most {int(MAX_LINE)} bytes",
                actual="more",
                rule="HTTP-048",
            )
        if not line.endswith(b"\n"):  # HTTP-041
            raise HttpError(
                f"the head ends inside or before {what}",
                expected="an empty line",
                actual="the connection's end",
                rule="HTTP-041",
            )
        raise HttpError(
            f"{what} ends with a bare LF", expected="CRLF", actual=line[-20:], rule="HTTP-047"
        )

    def read1(self, size: int = READ_SIZE) -> bytes:
        """Return the next bytes of the body as soon as there are some, at most size; b"" when it is complete (HTTP-050)."""
        if self._chunks is not None:
            return self._read_chunks(self._chunks, size)
        if self._left == 0:
            return b""
        data: bytes = self.fp.read1(size if self._left is None else min(size, self._left))
        if self._left is not None:
            if not data:
                self._truncated(f"{int(self._left)} more bytes")
            self._left -= len(data)
        elif not data:
            if self._wire.ragged:
                self._truncated("close_notify")
            self._left = 0
        return data

    def _read_chunks(self, chunks: ChunkedBody, size: int) -> bytes:
        if self._fault is not None:
            raise self._fault
        data = b""
        while not data and not chunks.complete:
            raw = self.fp.read1(size)
            if not raw:
                self._truncated(chunks.missing())
            try:
                data = chunks.feed(raw)
            except HttpError as error:
                if not error.body:
                    raise
                self._fault = error
                data, error.body = error.body, b""
        return data

    def _truncated(self, expected: str) -> NoReturn:
        raise HttpError(
            "the connection ends inside the body",
            kind="truncated",
            expected=expected,
            actual="the connection's end",
            rule="HTTP-023",
        )


class _Connection(http.client.HTTPConnection):
    """One connection for one request; `sock` is a _Wire."""

    response_class = _StrictResponse

    def __init__(
        self, request: HttpRequest, patience: _Patience, context: Optional[ssl.SSLContext]
    ) -> None:
        super().__init__(request.host, request.port)
        self._patience = patience
        self._context = context
        self.wire: Optional[_Wire] = None

    def _dial(self) -> socket.socket:
        """Connect to the first of the host's addresses that answers; each wait is bounded anew, the whole by the total time-out."""
        failure: Optional[OSError] = None
        # Names go as bytes: as text the library would load its tables of Unicode first, 5 ms of a process's life.
        for _, _, _, _, address in socket.getaddrinfo(
            self.host.encode("ascii"), self.port, 0, socket.SOCK_STREAM
        ):
            try:
                return socket.create_connection(
                    (str(address[0]).encode("ascii"), address[1]),  # type: ignore[arg-type]
                    self._patience.connect(),
                )
            except OSError as error:
                failure = error
        raise failure or OSError("the host has no address")

    def connect(self) -> None:
        dialed = self._dial()
        connected: Union[socket.socket, TlsStream] = dialed
        try:
            dialed.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            keep_alive(dialed)
            if self._context is not None:
                dialed.settimeout(self._patience.connect())
                connected = start_tls(dialed, self._context, self.host, self._patience.monotonic)
        except BaseException:
            dialed.close()
            raise
        self.wire = _Wire(connected, self._patience)
        self.sock: Any = self.wire


def keep_alive(connected: socket.socket) -> None:
    """Ask for TCP keep-alive probes after a short idle time, as far as the platform lets one (HTTP-052)."""
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for names, value in (
        (("TCP_KEEPIDLE", "TCP_KEEPALIVE"), KEEPALIVE_IDLE),
        (("TCP_KEEPINTVL",), _KEEPALIVE_INTERVAL),
        (("TCP_KEEPCNT",), _KEEPALIVE_COUNT),
    ):
        option = next((getattr(socket, name) for name in names if hasattr(socket, name)), None)
        if option is not None:
            try:  # noqa: SIM105
                connected.setsockopt(socket.IPPROTO_TCP, option, value)
            except OSError:
                pass  # an older kernel: its default then stands


def default_ssl_context() -> ssl.SSLContext:
    """Return a context that verifies certificate and host name, with TLS 1.2 or newer (HTTP-053)."""
    context = ssl.create_default_context()
    if hasattr(context, "minimum_version"):
        context.minimum_version = ssl.TLSVersion.TLSv1_2  # novm: 3.6 takes the other way
    else:  # 3.6
        context.options |= ssl.OP_NO_TLSv1 | ssl.OP_NO_TLSv1_1
    return context


def check_ssl_context(context: object) -> Optional[ssl.SSLContext]:
    """Return context. Raises UsageError unless it is an ssl.SSLContext or None."""
    if context is not None:
        require_type(context, ssl.SSLContext, "ssl_context", "HTTP-053")
    return context  # type: ignore[return-value]


class HttpExchange:
    """One request and its answer: status, reason and headers, then the body by read1(). Closing it early closes the socket."""

    def __init__(
        self, connection: _Connection, response: _StrictResponse, patience: _Patience
    ) -> None:
        self.status = response.head.status
        self.reason = response.head.reason
        self.headers: Tuple[Tuple[str, str], ...] = response.head.headers
        self._connection = connection
        self._response = response
        self._patience = patience
        self._closed = False
        self._failure: Optional[Error] = None

    def __del__(self) -> None:
        self.close()

    def read1(self, size: int = READ_SIZE) -> bytes:
        """Return the next bytes of the body, or b"" once it is complete.

        Raises HttpError `truncated` or `http`, NetworkError `timeout`, or `closed` when close() was called meanwhile.
        """
        if self._failure is not None:
            raise self._failure
        if not self._closed:
            try:
                data = self._response.read1(size)
                if data or not self._closed:  # an end that close() made is none of the body
                    return data
            except (
                Error,
                OSError,
                ValueError,
            ) as error:  # ValueError: the file was closed under the read
                if not self._closed:
                    self._failure = _read_error(
                        error, self._patience, "reading the body", in_body=True
                    )
                    raise self._failure from error
        raise NetworkError("the response has been closed", kind="closed")

    def close(self) -> None:
        """Close the connection; from any thread, any number of times."""
        self._closed = True
        _disconnect(self._connection)


def _disconnect(connection: _Connection) -> None:
    if connection.wire is not None:
        connection.wire.disconnect()


def open_exchange(
    request: HttpRequest,
    timeouts: Timeouts,
    ssl_context: Optional[ssl.SSLContext] = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> HttpExchange:
    """Connect, send request, and return the exchange once the answer's final head has come.

    ssl_context: for an https endpoint, instead of default_ssl_context();  monotonic: the clock of the time-outs
    Raises NetworkError, HttpError, or ConfigurationError for a host that cannot be a name.
    """
    patience = _Patience(check_timeouts(timeouts), monotonic)
    context = None
    if request.scheme == "https":
        context = ssl_context if ssl_context is not None else default_ssl_context()
    connection = _Connection(request, patience, context)
    try:
        _connect(connection, patience)
        refused = _send(connection, request, patience)
        if refused is not None and connection.wire is not None:
            connection.wire.ragged = (
                True  # a reset was seen already: the end that follows is no good order
            )
        try:
            response: Any = connection.getresponse()
        except (OSError, http.client.HTTPException, Error) as error:
            if refused is not None and not isinstance(error, HttpError):
                raise refused from error
            raise _read_error(error, patience, "waiting for the answer", in_body=False) from error
        return HttpExchange(connection, response, patience)
    except BaseException:
        _disconnect(connection)
        raise


def _connect(connection: _Connection, patience: _Patience) -> None:
    where = f"{connection.host} port {int(connection.port)}"
    try:
        connection.connect()
    except socket.gaierror as error:
        raise NetworkError(
            f"unknown host: {error.strerror}",
            actual=connection.host,
            retryable=True,
            rule="HTTP-055",
        ) from error
    except UnicodeError:
        raise ConfigurationError(
            "not a host name", actual=connection.host, rule="HTTP-002"
        ) from None
    except (ssl.SSLError, ssl.CertificateError) as error:  # the second is a ValueError before 3.7
        reason = getattr(error, "verify_message", "") or getattr(error, "reason", "") or error
        raise NetworkError(f"TLS with {where} failed: {reason}", rule="HTTP-053") from error
    except OSError as error:
        if _is_our_timeout(error):
            raise patience.error("connecting") from None
        raise NetworkError(
            f"cannot connect to {where}: {error.strerror or error}", retryable=True, rule="HTTP-055"
        ) from error


def _send(
    connection: _Connection, request: HttpRequest, patience: _Patience
) -> Optional[NetworkError]:
    """Send head and body. Returns, instead of raising, the error of a peer that stopped reading: it may have answered already."""
    try:
        connection.putrequest(
            request.method, request.target, skip_host=True, skip_accept_encoding=True
        )  # HTTP-009
        for name, value in request.headers:
            connection.putheader(name, value)
        connection.endheaders(request.body or None)
    except OSError as error:
        if _is_our_timeout(error):
            raise patience.error("sending the request") from None
        return NetworkError(
            "the peer closed the connection while the request was sent: %s"
            % (error.strerror or error),
            retryable=True,
            rule="HTTP-055",
        )
    return None


def _is_our_timeout(error: BaseException) -> bool:
    """Tell a time-out that was set here from the kernel's own ETIMEDOUT, which newer Pythons give the same class."""
    return isinstance(error, socket.timeout) and error.errno is None


def _read_error(error: Exception, patience: _Patience, what: str, in_body: bool) -> Error:
    if isinstance(error, Error):
        return error
    if _is_our_timeout(error):
        return patience.error(what)
    if in_body:
        return HttpError(
            f"the connection breaks inside the body: {error}",
            kind="truncated",
            expected="the rest of the body",
            actual="a reset",
            rule="HTTP-023",
        )
    return NetworkError(
        f"the connection breaks before the answer: {error}", retryable=True, rule="HTTP-055"
    )
