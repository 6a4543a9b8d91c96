# SPDX-License-Identifier: MIT
"""HTTP over sockets.

`open_exchange` connects, sends one request and reads the response's head. The `HttpExchange` that
it returns reads the body piece by piece, each as soon as it arrives (HTTP-050), and detects an
incomplete body (HTTP-023). Every wait is limited (HTTP-051) and TLS is verified (HTTP-053).

http.client sends the request. Its own reader accepts invalid heads and framing, so the
`response_class` here reads them with the strict functions of http1.py. Each call has its own
connection. Redirects are not followed. Closing an exchange closes the socket.

Errors are NetworkError (`network`, `timeout`, `closed`) and HttpError (`http`, `truncated`), never
OSError.
"""

import _thread  # `threading` takes a millisecond to load (bench, process)
import http.client
import io
import os
import socket
import ssl
import time
from typing import Any, Callable, List, NamedTuple, NoReturn, Optional, Tuple, Union

from .dialing import dial
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

READ_SIZE = 65536  # bytes per read
# In seconds. The system's poll takes at most this many milliseconds, 24 days (HTTP-051).
MAX_TIMEOUT = 2147483
_SEND_SIZE = 65536  # bytes sent under one time-out
# In seconds. NAT gateways drop idle connections after 350 s, some balancers after 60 s (HTTP-052).
KEEPALIVE_IDLE = 45
_KEEPALIVE_INTERVAL = 15  # seconds
_KEEPALIVE_COUNT = 8


class Timeouts(NamedTuple):
    """Limits in seconds, or None for no limit (HTTP-051)."""

    # To resolve the host, to connect to one of its addresses and to complete the TLS handshake.
    connect: Optional[float]
    read: Optional[float]  # for each read or write
    total: Optional[float]  # for the whole call


def check_timeouts(timeouts: Timeouts) -> Timeouts:
    """Return timeouts. Raises UsageError unless each is None or above 0 and at most MAX_TIMEOUT."""
    for name, value in zip(("connect_timeout", "read_timeout", "total_timeout"), timeouts):
        if value is not None and not _is_timeout(value):
            # HTTP-051
            raise UsageError(
                f"invalid {name}",
                expected=f"seconds above 0, at most {MAX_TIMEOUT}, or None",
                actual=value,
                rule="HTTP-051",
            )
    return timeouts


def _is_timeout(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return 0 < value <= MAX_TIMEOUT


class _Limits:
    """The limit of the next wait: its own time-out, or the rest of the total time-out."""

    def __init__(self, timeouts: Timeouts, monotonic: Callable[[], float]) -> None:
        self._timeouts = timeouts
        self.monotonic = monotonic
        self._deadline = None if timeouts.total is None else monotonic() + timeouts.total
        self._connect_deadline: Optional[float] = None

    def start_connecting(self) -> None:
        """Start the one connect_timeout for name resolution, all addresses and TLS."""
        if self._timeouts.connect is not None:
            self._connect_deadline = self.monotonic() + self._timeouts.connect

    def connect(self) -> Optional[float]:
        """Return the seconds that are left to connect. Raises socket.timeout if none are left."""
        return self._limit(self._left_until(self._connect_deadline))

    def read(self) -> Optional[float]:
        return self._limit(self._timeouts.read)

    def _limit(self, seconds: Optional[float]) -> Optional[float]:
        left = self._left_until(self._deadline)
        if left is None:
            return seconds
        return left if seconds is None else min(seconds, left)

    def _left_until(self, deadline: Optional[float]) -> Optional[float]:
        if deadline is None:
            return None
        left = deadline - self.monotonic()
        if left <= 0:
            raise socket.timeout("timed out")
        return left

    def error(self, what: str) -> NetworkError:
        """Return the error for a wait that took too long."""
        name, limit = "read_timeout", self._timeouts.read
        if self._deadline is not None and self.monotonic() >= self._deadline:
            name, limit = "total_timeout", self._timeouts.total
        elif what == "connecting" and self._timeouts.connect is not None:
            name, limit = "connect_timeout", self._timeouts.connect
        return NetworkError(
            f"timed out while {what}",
            kind="timeout",
            expected=f"within the {name} of {limit or 0:g} s",
            retryable=True,
            rule="HTTP-051",
        )


class _TimedSocket(io.RawIOBase):
    """A connected socket with a time-out for each send and receive, for http.client.

    Any thread may call disconnect(), and the object may be in two processes after a fork. While a
    thread waits in readinto(), only that thread closes the socket. Otherwise the system could give
    its descriptor to a connection of another thread, which would then lose bytes to this one.
    """

    def __init__(self, connected: Union[socket.socket, TlsStream], limits: _Limits) -> None:
        self._socket = connected
        self._limits = limits
        self._timeout: object = self  # not a time-out, so that the first wait sets one
        self.ragged = False  # whether the connection ended without close_notify or with a reset
        self._process_id = os.getpid()
        # A signal handler may close a response while its thread has the guard.
        self._guard = _thread.RLock()
        self._reading = False
        self._disconnected = False

    def _wait(self) -> None:
        timeout = self._limits.read()
        if timeout != self._timeout:
            self._socket.settimeout(timeout)
            self._timeout = timeout

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with self._guard:
            if self._disconnected:
                return 0
            self._reading = True
        try:
            self._wait()
            return self._socket.recv_into(buffer)
        except ssl.SSLEOFError:  # from TlsStream
            self.ragged = True
            return 0
        finally:
            with self._guard:
                self._reading = False
                if self._disconnected:
                    self._socket.close()

    def sendall(self, data: bytes) -> None:
        view = memoryview(data)
        for start in range(0, len(view), _SEND_SIZE):
            self._wait()
            self._socket.sendall(view[start : start + _SEND_SIZE])

    def close(self) -> None:
        """Do nothing: http.client closes before the body is read. disconnect() closes."""

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(self, READ_SIZE)

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


class _StrictResponse(http.client.HTTPResponse):
    """A response that http1.py checks. Only begin() and read1() are used."""

    fp: Any

    def __init__(self, timed: Any, *arguments: Any, **options: Any) -> None:
        super().__init__(timed, *arguments, **options)
        self._timed: _TimedSocket = timed
        self._chunks: Optional[ChunkedBody] = None
        self._left: Optional[int] = None  # missing bytes of a body with a known length
        self._error: Optional[HttpError] = None  # raised after the bytes before it were returned

    def begin(self) -> None:
        self.head = self._read_head()
        framing = body_framing(self.head)
        self._chunks = ChunkedBody() if framing.chunked else None
        self._left = framing.length
        self.will_close = False  # only the exchange closes the connection

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
            # HTTP-040, HTTP-054: the request did not ask for 101.
            if not 100 <= status < 200 or status == 101:
                return ResponseHead(status, reason, minor_version, headers)
        # HTTP-048
        raise HttpError(
            "too many interim responses",
            expected=f"at most {MAX_INTERIM}",
            actual=status,
            rule="HTTP-048",
        )

    def _line(self, what: str, first: bool = False) -> bytes:
        line: bytes = self.fp.readline(MAX_LINE + 1)
        if first and looks_like_tls(line):
            parse_status_line(line)  # raises an error that mentions TLS
        if line.endswith(b"\r\n") and len(line) <= MAX_LINE:
            return line
        # HTTP-041
        if not line and first:
            raise NetworkError(
                "the peer closed the connection without a response", retryable=True, rule="HTTP-041"
            )
        # HTTP-048
        if len(line) > MAX_LINE:
            raise HttpError(
                f"{what} is too long",
                expected=f"at most {MAX_LINE} bytes",
                actual="more",
                rule="HTTP-048",
            )
        # HTTP-041
        if not line.endswith(b"\n"):
            raise HttpError(
                f"the head ends inside or before {what}",
                expected="an empty line",
                actual="the connection's end",
                rule="HTTP-041",
            )
        # HTTP-047
        raise HttpError(
            f"{what} ends with a bare LF", expected="CRLF", actual=line[-20:], rule="HTTP-047"
        )

    def read1(self, size: int = READ_SIZE) -> bytes:
        """Return the next bytes of the body, at most size, or b"" at its end (HTTP-050)."""
        if self._chunks is not None:
            return self._read_chunks(self._chunks, size)
        if self._left == 0:
            return b""
        data: bytes = self.fp.read1(size if self._left is None else min(size, self._left))
        if self._left is not None:
            if not data:
                self._truncated(f"{self._left} more bytes")
            self._left -= len(data)
        elif not data:
            if self._timed.ragged:
                self._truncated("close_notify")
            self._left = 0
        return data

    def _read_chunks(self, chunks: ChunkedBody, size: int) -> bytes:
        if self._error is not None:
            raise self._error
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
                self._error = error
                data, error.body = error.body, b""
        return data

    def _truncated(self, expected: str) -> NoReturn:
        # HTTP-023
        raise HttpError(
            "the connection ends inside the body",
            kind="truncated",
            expected=expected,
            actual="the connection's end",
            rule="HTTP-023",
        )


class _Connection(http.client.HTTPConnection):
    """A connection for one request. `sock` is a _TimedSocket."""

    response_class = _StrictResponse

    def __init__(
        self, request: HttpRequest, limits: _Limits, context: Optional[ssl.SSLContext]
    ) -> None:
        super().__init__(request.host, request.port)
        self._limits = limits
        self._context = context
        self.timed: Optional[_TimedSocket] = None

    def connect(self) -> None:
        self._limits.start_connecting()
        dialed = dial(self.host, self.port, self._limits.connect)
        connected: Union[socket.socket, TlsStream] = dialed
        try:
            dialed.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            keep_alive(dialed)
            if self._context is not None:
                dialed.settimeout(self._limits.connect())
                connected = start_tls(dialed, self._context, self.host, self._limits.monotonic)
        except BaseException:
            dialed.close()
            raise
        self.timed = _TimedSocket(connected, self._limits)
        self.sock: Any = self.timed


def keep_alive(connected: socket.socket) -> None:
    """Turn on TCP keep-alive with a short idle time, as far as the platform allows (HTTP-052)."""
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
                pass  # an older kernel keeps its default


def default_ssl_context() -> ssl.SSLContext:
    """Return a context that verifies certificate and host name and requires TLS 1.2 (HTTP-053)."""
    context = ssl.create_default_context()
    if hasattr(context, "minimum_version"):
        context.minimum_version = ssl.TLSVersion.TLSv1_2  # novm: not reached on 3.6
    else:  # 3.6
        context.options |= ssl.OP_NO_TLSv1 | ssl.OP_NO_TLSv1_1
    return context


def check_ssl_context(context: object) -> Optional[ssl.SSLContext]:
    """Return context. Raises UsageError unless it is an ssl.SSLContext or None (HTTP-053)."""
    if context is not None:
        require_type(context, ssl.SSLContext, "ssl_context", "HTTP-053")
    return context  # type: ignore[return-value]


class HttpExchange:
    """A response with its status, reason and headers, and the methods that read its body."""

    def __init__(self, connection: _Connection, response: _StrictResponse, limits: _Limits) -> None:
        self.status = response.head.status
        self.reason = response.head.reason
        self.headers: Tuple[Tuple[str, str], ...] = response.head.headers
        self._connection = connection
        self._response = response
        self._limits = limits
        self._closed = False
        self._failure: Optional[Error] = None

    def __del__(self) -> None:
        # Another process may use the connection, so a dropped exchange does not end it. When the
        # interpreter exits, anything may be missing, and there is nobody to tell.
        try:
            if self._connection.timed is not None:
                self._connection.timed.release()
        except:  # noqa: E722, S110 - the name of the exception may be missing as well
            pass

    def read1(self, size: int = READ_SIZE) -> bytes:
        """Return the next bytes of the body, at most size, or b"" at its end.

        Raises HttpError `truncated` or `http`, NetworkError `timeout`, or `closed` after close().
        """
        if self._failure is not None:
            raise self._failure
        if not self._closed:
            try:
                data = self._response.read1(size)
                if data or not self._closed:  # close() also makes a read return b""
                    return data
            except (Error, OSError, ValueError) as error:  # ValueError: closed during the read
                if not self._closed:
                    self._failure = _read_error(
                        error, self._limits, "reading the body", in_body=True
                    )
                    raise self._failure from error
        raise NetworkError("the response has been closed", kind="closed")

    def close(self) -> None:
        """Close the connection. Any thread may call this any number of times."""
        self._closed = True
        _disconnect(self._connection)


def _disconnect(connection: _Connection) -> None:
    if connection.timed is not None:
        connection.timed.disconnect()


def open_exchange(
    request: HttpRequest,
    timeouts: Timeouts,
    ssl_context: Optional[ssl.SSLContext] = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> HttpExchange:
    """Connect, send the request, and return the exchange when the final head has arrived.

    ssl_context: for an https endpoint, instead of default_ssl_context(). It is not changed, and a
        stream without close_notify is truncated whatever its options are (HTTP-023).
    monotonic: the clock of the time-outs
    Raises NetworkError, HttpError, or ConfigurationError for an invalid host name.
    """
    limits = _Limits(check_timeouts(timeouts), monotonic)
    context = None
    if request.scheme == "https":
        context = default_ssl_context() if ssl_context is None else ssl_context
    connection = _Connection(request, limits, context)
    try:
        _connect(connection, limits)
        send_error = _send(connection, request, limits)
        if send_error is not None and connection.timed is not None:
            connection.timed.ragged = True  # the peer has reset the connection
        try:
            response: Any = connection.getresponse()
        except (OSError, http.client.HTTPException, Error) as error:
            if send_error is not None and not isinstance(error, HttpError):
                raise send_error from error
            if isinstance(error, ssl.SSLError):  # the server rejects the client in TLS 1.3
                where = f"{connection.host} port {connection.port}"
                raise _tls_error(error, where) from error
            raise _read_error(error, limits, "waiting for the response", in_body=False) from error
        return HttpExchange(connection, response, limits)
    except BaseException:
        _disconnect(connection)
        raise


def _connect(connection: _Connection, limits: _Limits) -> None:
    where = f"{connection.host} port {connection.port}"
    try:
        connection.connect()
    except socket.gaierror as error:
        raise _resolution_error(error, connection.host) from error
    except UnicodeError:
        raise ConfigurationError(
            "invalid host name", actual=connection.host, rule="HTTP-002"
        ) from None
    except (ssl.SSLError, ssl.CertificateError) as error:  # CertificateError: ValueError in 3.6
        raise _tls_error(error, where) from error
    except OSError as error:
        if _is_our_timeout(error):
            raise limits.error("connecting") from None
        raise NetworkError(
            f"cannot connect to {where}: {error.strerror or error}", retryable=True, rule="HTTP-055"
        ) from error


# Failures of a resolver that may be temporary. EAI_SYSTEM: for example, no free descriptor.
_TEMPORARY_RESOLUTION = frozenset((socket.EAI_AGAIN, getattr(socket, "EAI_SYSTEM", None)))


def _resolution_error(error: socket.gaierror, host: str) -> NetworkError:
    # HTTP-038
    if error.errno in _TEMPORARY_RESOLUTION:
        return NetworkError(
            f"cannot look up the host: {error.strerror}",
            actual=host,
            retryable=True,
            rule="HTTP-055",
        )
    return NetworkError(f"unknown host: {error.strerror}", actual=host, rule="HTTP-055")


def _tls_error(error: Exception, where: str) -> NetworkError:
    """Return the error for a failure of TLS. Repeating the call helps only if the peer hung up."""
    reason = getattr(error, "verify_message", "") or getattr(error, "reason", "") or error
    return NetworkError(
        f"TLS with {where} failed: {reason}",
        retryable=isinstance(error, ssl.SSLEOFError),
        rule="HTTP-053",
    )


def _send(connection: _Connection, request: HttpRequest, limits: _Limits) -> Optional[NetworkError]:
    """Send head and body.

    Returns the error if the peer has stopped reading, because it may have sent a response.
    """
    try:
        _write_request(connection, request)
    except OSError as error:
        if _is_our_timeout(error):
            raise limits.error("sending the request") from None
        if isinstance(error, ssl.SSLError):
            return _tls_error(error, f"{connection.host} port {connection.port}")
        return NetworkError(
            f"the peer closed the connection during the request: {error.strerror or error}",
            retryable=True,
            rule="HTTP-055",
        )
    return None


def _write_request(connection: _Connection, request: HttpRequest) -> None:
    # HTTP-009
    connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
    for name, value in request.headers:
        connection.putheader(name, value)
    connection.endheaders(request.body or None)


def _is_our_timeout(error: BaseException) -> bool:
    """Return whether one of our time-outs has passed, not the kernel's ETIMEDOUT.

    Newer Pythons use the same class for both.
    """
    return isinstance(error, socket.timeout) and error.errno is None


def _read_error(error: Exception, limits: _Limits, what: str, in_body: bool) -> Error:
    if isinstance(error, Error):
        return error
    if _is_our_timeout(error):
        return limits.error(what)
    if in_body:
        return HttpError(
            f"the connection broke inside the body: {error}",
            kind="truncated",
            expected="the rest of the body",
            actual="a reset",
            rule="HTTP-023",
        )
    return NetworkError(
        f"the connection broke before the response: {error}", retryable=True, rule="HTTP-055"
    )
