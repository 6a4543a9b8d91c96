# SPDX-License-Identifier: MIT
"""HTTP over sockets.

`open_exchange` connects, sends one request and reads the response's head. The `HttpExchange` that
it returns reads the body piece by piece, each as soon as it arrives (HTTP-050), and detects an
incomplete body (HTTP-023). Every wait is limited (HTTP-051) and TLS is verified (HTTP-053).

http.client sends the request. Its own reader accepts invalid heads and framing, so the
`response_class` here reads them with the strict functions of http1.py. Each call has its own
connection. Redirects are not followed. Closing an exchange closes the socket.

A `Route` says how to reach the endpoint: directly, at another address, or through a proxy. For an
https endpoint, the proxy opens a tunnel (NET-009). Each error of a proxy names it (NET-011).

Errors are NetworkError (`network`, `timeout`, `closed`) and HttpError (`http`, `truncated`), never
OSError.
"""

import io
import os
import socket
import sys
import time
from typing import TYPE_CHECKING, Any, Callable, List, NoReturn, Optional, Tuple, Union

from .dialing import dial
from .documents.header_format import header_value
from .errors import (
    ConfigurationError,
    Error,
    HttpError,
    NetworkError,
)
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
from .operation import USER_AGENT, HttpRequest, request_id_of
from .routes import DIRECT, Route
from .threads import new_lock
from .timeouts import Timeouts, check_timeouts

if TYPE_CHECKING:
    import ssl

    from .proxy import Proxy
    from .tls import TlsStream

READ_SIZE = 65536  # bytes per read
# Their sockets accept every connection, and then wait forever.
_WITHOUT_SOCKETS = ("emscripten", "wasi")
_SEND_SIZE = 65536  # bytes sent under one time-out
# In seconds. NAT gateways drop idle connections after 350 s, some balancers after 60 s (HTTP-052).
KEEPALIVE_IDLE = 45
_KEEPALIVE_INTERVAL = 15  # seconds
_KEEPALIVE_COUNT = 8


_Connected = Union["socket.socket", "TlsStream"]


class _Limits:
    """The limit of the next wait: its own time-out, or the rest of the total time-out."""

    def __init__(
        self,
        timeouts: Timeouts,
        monotonic: Callable[[], float],
        started: Optional[float] = None,
    ) -> None:
        self._timeouts = timeouts
        self.monotonic = monotonic
        self._deadline: Optional[float] = None
        if timeouts.total is not None:
            self._deadline = (monotonic() if started is None else started) + timeouts.total
        self._connect_deadline: Optional[float] = None
        self._result: Optional[Tuple[str, float, float]] = None

    def wait_for(self, name: str, seconds: Optional[float], since: float) -> None:
        """Limit later reads to the seconds after the time `since`. name: the time-out's."""
        self._result = None if seconds is None else (name, seconds, since + seconds)

    def start_connecting(self) -> None:
        """Start the one connect_timeout for name resolution, all addresses and TLS."""
        if self._timeouts.connect is not None:
            self._connect_deadline = self.monotonic() + self._timeouts.connect

    def connect(self) -> Optional[float]:
        """Return the seconds that are left to connect. Raises socket.timeout if none are left."""
        return self._limit(self._left_until(self._connect_deadline))

    def while_connecting(self) -> "_Limits":
        """Return limits for waits that must together fit into the rest of connect_timeout."""
        return _Limits(Timeouts(None, None, self.connect()), self.monotonic)

    def read(self) -> Optional[float]:
        limit = self._limit(self._timeouts.read)
        left = None if self._result is None else self._left_until(self._result[2])
        if left is None:
            return limit
        return left if limit is None else min(limit, left)

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
        elif what.startswith("connecting") and self._timeouts.connect is not None:
            name, limit = "connect_timeout", self._timeouts.connect
        elif self._result is not None and self.monotonic() >= self._result[2]:
            name, limit = self._result[:2]
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

    def __init__(self, connected: _Connected, limits: _Limits) -> None:
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
        return True

    def readinto(self, buffer: Any) -> int:
        with self._guard:
            if self._disconnected:
                return 0
            self._reading = True
        try:
            self._wait()
            return self._socket.recv_into(buffer)
        except OSError as error:
            if not _is_without_close_notify(error):
                raise
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


def _read_head(readline: Callable[[int], bytes]) -> ResponseHead:
    """Read the head of the final response, and skip interim responses."""
    for interim in range(MAX_INTERIM + 1):
        minor_version, status, reason = parse_status_line(
            _read_line(readline, "the status line", interim == 0)
        )
        lines: List[bytes] = []
        line = _read_line(readline, "a header line")
        while line != b"\r\n":
            lines.append(line)
            if len(lines) > MAX_HEADERS:
                break
            line = _read_line(readline, "a header line")
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


def _read_line(readline: Callable[[int], bytes], what: str, first: bool = False) -> bytes:
    line = readline(MAX_LINE + 1)
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


class _StrictResponse:
    """A response that http1.py checks. http.client makes it and calls begin()."""

    will_close = False  # only the exchange closes the connection

    def __init__(self, timed: _TimedSocket, method: Optional[str] = None) -> None:
        self._timed = timed
        self._buffered = io.BufferedReader(timed, READ_SIZE)
        self._chunks: Optional[ChunkedBody] = None
        self._left: Optional[int] = None  # missing bytes of a body with a known length
        self._error: Optional[HttpError] = None  # raised after the bytes before it were returned

    def close(self) -> None:
        """Do nothing: http.client closes a response whose head is wrong. The exchange closes."""

    def begin(self) -> None:
        """Read the head."""
        self.head = _read_head(self._buffered.readline)
        framing = body_framing(self.head)
        self._chunks = ChunkedBody() if framing.chunked else None
        self._left = framing.length

    def read1(self, size: int = READ_SIZE) -> bytes:
        """Return the next bytes of the body, at most size, or b"" at its end (HTTP-050)."""
        if self._chunks is not None:
            return self._read_chunks(self._chunks, size)
        if self._left == 0:
            return b""
        data = self._buffered.read1(size if self._left is None else min(size, self._left))
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
            raw = self._buffered.read1(size)
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


class _Connection:
    """A connection for one request."""

    def __init__(
        self,
        request: HttpRequest,
        limits: _Limits,
        context: "Optional[ssl.SSLContext]",
        route: Route,
    ) -> None:
        from http.client import HTTPConnection  # also loads ssl; some Pythons have no sockets

        self.host, self.port = request.host, request.port
        self._http: Any = HTTPConnection(self.host, self.port)
        self._http.response_class = _StrictResponse  # type: ignore[assignment]
        self._limits = limits
        self._context = context
        self._route = route
        self._dialed: Optional[socket.socket] = None
        self.timed: Optional[_TimedSocket] = None

    def connect(self) -> _TimedSocket:
        """Connect to the endpoint, through the proxy if there is one. Raises Error."""
        self._limits.start_connecting()
        try:
            connected = self._reach()
            if self._context is not None:
                connected = self._secured(connected, self._context, self.host)
        except BaseException as error:
            if self._dialed is not None:
                self._dialed.close()
            if _is_connect_failure(error):
                raise _connect_error(error, self.host, self.where(), self._limits) from error
            raise
        self.timed = _TimedSocket(connected, self._limits)
        return self.timed

    def send(self, timed: _TimedSocket, request: HttpRequest) -> None:
        """Send the request, with its headers and no others (HTTP-009)."""
        self._http.sock = timed
        self._http.putrequest(
            request.method, request.target, skip_host=True, skip_accept_encoding=True
        )
        for name, value in request.headers:
            self._http.putheader(name, value)
        self._http.endheaders(request.body or None)

    def response(self) -> _StrictResponse:
        """Return the response when its head has arrived."""
        response: _StrictResponse = self._http.getresponse()
        return response

    def where(self) -> str:
        """Return the endpoint's address, and how the client reaches it, for errors."""
        where = f"{self.host} port {self.port}"
        if self._route.connect_to is not None:
            where += " at {} port {}".format(*self._route.connect_to)
        if self._route.proxy is not None:
            where += f" through the proxy {self._route.proxy.address}"
        return where

    def _reach(self) -> _Connected:
        """Return a connection on which the endpoint, or a proxy for http, expects the client."""
        proxy = self._route.proxy
        if proxy is None:
            # NET-030
            return self._dial(*(self._route.connect_to or (self.host, self.port)))
        where = f"the proxy {proxy.address}"
        try:
            connected: _Connected = self._dial(proxy.host, proxy.port)
            # NET-012
            if proxy.scheme == "https":
                context = self._route.proxy_context or _default_ssl_context()
                connected = self._secured(connected, context, proxy.host)
            if self._context is not None:
                self._open_tunnel(connected, proxy)
        except (OSError, ValueError) as error:
            if not _is_connect_failure(error):
                raise
            raise _connect_error(error, proxy.host, where, self._limits) from error
        return connected

    def _open_tunnel(self, connected: _Connected, proxy: "Proxy") -> None:
        """Ask the proxy for a tunnel to the endpoint (NET-009, NET-011)."""
        # Most calls use no proxy, here and below.
        from .proxy import check_tunnel, connect_request, proxy_failure

        # An unbuffered reader takes no byte of the tunnel with the head of the response.
        timed = _TimedSocket(connected, self._limits.while_connecting())
        # NET-009: the proxy resolves the host.
        timed.sendall(connect_request(self.host, self.port, proxy, USER_AGENT))
        try:
            head = _read_head(timed.readline)
        except (HttpError, NetworkError) as error:
            raise proxy_failure(proxy, error) from error
        check_tunnel(head, proxy)

    def _secured(
        self, connected: _Connected, context: "ssl.SSLContext", server_hostname: str
    ) -> "TlsStream":
        from .tls import start_tls  # an http endpoint needs no TLS

        connected.settimeout(self._limits.connect())
        return start_tls(connected, context, server_hostname, self._limits.monotonic)

    def _dial(self, host: str, port: int) -> "socket.socket":
        self._dialed = dialed = dial(host, port, self._limits.connect)
        dialed.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        keep_alive(dialed)
        return dialed


def keep_alive(connected: "socket.socket") -> None:
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
                    if isinstance(self._failure, NetworkError):
                        self._failure.sent = True
                    raise self._failure from error
        raise NetworkError("the response has been closed", kind="closed")

    def wait_for(self, name: str, seconds: Optional[float], since: float) -> None:
        """Limit later reads to the seconds after `since`, whatever arrives until then.

        name: the time-out's, for its error;  seconds: None for no limit;  since: monotonic
        """
        self._limits.wait_for(name, seconds, since)

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
    ssl_context: "Optional[ssl.SSLContext]" = None,
    monotonic: Callable[[], float] = time.monotonic,
    route: Route = DIRECT,
    started: Optional[float] = None,
) -> HttpExchange:
    """Connect, send the request, and return the exchange when the final head has arrived.

    ssl_context: for an https endpoint, instead of default_ssl_context(). It is not changed, and a
        stream without close_notify is truncated whatever its options are (HTTP-023).
    monotonic: the clock of the time-outs;  route: how to reach the endpoint
    started: the time of that clock from which total_timeout counts, by default now
    Raises NetworkError, HttpError, or ConfigurationError for an invalid host name and on a platform
    without sockets.
    """
    limits = _Limits(check_timeouts(timeouts), monotonic, started)
    if sys.platform in _WITHOUT_SOCKETS:
        raise ConfigurationError(
            "this Python cannot open connections: WebAssembly has no sockets",
            expected="Client(transport=...), or Client.signed_request and fetch",
            actual=f"sys.platform {sys.platform}",
        )
    context = None
    if request.scheme == "https":
        context = _default_ssl_context() if ssl_context is None else ssl_context
    connection = _Connection(request, limits, context, route)
    try:
        timed = connection.connect()
        send_error = _send(connection, timed, _as_sent(request, route.proxy), limits)
        # HTTP-056
        if send_error is not None:
            timed.ragged = True  # the peer has reset the connection
        try:
            response = connection.response()
        except (OSError, Error) as error:
            # In TLS 1.3, the server rejects the client's certificate after the handshake.
            if _is_tls_error(error) and not _is_without_close_notify(error):
                raise _tls_error(error, connection.where()) from error
            if send_error is not None and not isinstance(error, HttpError):
                raise send_error from error
            if _is_tls_error(error):
                raise _tls_error(error, connection.where()) from error
            failure = _read_error(error, limits, "waiting for the response", in_body=False)
            if isinstance(failure, NetworkError):
                # RTY-004
                failure.sent = send_error is None
            raise failure from error
        _check_origin(response.head, request, route.proxy)
        return HttpExchange(connection, response, limits)
    except BaseException:
        _disconnect(connection)
        raise


def _default_ssl_context() -> "ssl.SSLContext":
    from .certificates import default_ssl_context  # an http endpoint needs no certificates

    return default_ssl_context()


def _as_sent(request: HttpRequest, proxy: "Optional[Proxy]") -> HttpRequest:
    """Return the request as it leaves the client, for a proxy with an absolute target (NET-010)."""
    if proxy is None or request.scheme == "https":
        return request
    from .proxy import absolute_target, proxy_headers

    # NET-010
    return request._replace(
        target=absolute_target(request), headers=(*request.headers, *proxy_headers(proxy))
    )


def _check_origin(head: ResponseHead, request: HttpRequest, proxy: "Optional[Proxy]") -> None:
    """Raise the proxy's error if the proxy itself responds to a request for http (NET-011).

    The service sends a request id and no HTML. In a tunnel, the endpoint responds.
    """
    if proxy is None or request.scheme == "https" or request_id_of(head.headers) is not None:
        return
    content_type = header_value(head.headers, "content-type") or ""
    if head.status == 407 or (head.status >= 400 and content_type.startswith("text/html")):
        from .proxy import proxy_refusal

        raise proxy_refusal(head.status, head.reason, proxy)


def _is_connect_failure(error: BaseException) -> bool:
    """Return whether an error says that something went wrong on the way to a peer."""
    # In Python 3.6, an invalid certificate is a ValueError.
    return isinstance(error, (OSError, UnicodeError)) or _is_tls_error(error)


def _connect_error(error: BaseException, host: str, where: str, limits: _Limits) -> Error:
    """Return the error for a connection that cannot be made."""
    if isinstance(error, socket.gaierror):
        return _resolution_error(error, f" of {where}" if "the proxy" in where else "", host)
    if isinstance(error, UnicodeError):
        return ConfigurationError("invalid host name", actual=host, rule="HTTP-002")
    if _is_tls_error(error):
        return _tls_error(error, where)
    if _is_our_timeout(error):
        return limits.error(f"connecting to {where}" if "the proxy" in where else "connecting")
    reason = getattr(error, "strerror", None) or error
    return NetworkError(f"cannot connect to {where}: {reason}", retryable=True, rule="HTTP-055")


def _resolution_error(error: "socket.gaierror", whose: str, host: str) -> NetworkError:
    # HTTP-038. EAI_SYSTEM: for example, no free descriptor.
    if error.errno in (socket.EAI_AGAIN, getattr(socket, "EAI_SYSTEM", None)):
        return NetworkError(
            f"cannot look up the host{whose}: {error.strerror}",
            actual=host,
            retryable=True,
            rule="HTTP-055",
        )
    return NetworkError(f"unknown host{whose}: {error.strerror}", actual=host, rule="HTTP-055")


def _is_tls_error(error: BaseException) -> bool:
    """Return whether OpenSSL has raised an error, such as one for an invalid certificate."""
    try:
        from ssl import CertificateError, SSLError
    except ImportError:
        return False
    return isinstance(error, (SSLError, CertificateError))


def _is_without_close_notify(error: BaseException) -> bool:
    """Return whether an error says that the peer ended the connection, and not TLS."""
    try:
        from ssl import SSLEOFError
    except ImportError:
        return False
    return isinstance(error, SSLEOFError)


def _tls_error(error: BaseException, where: str) -> NetworkError:
    """Return the error for a failure of TLS. Repeating the call helps only if the peer hung up."""
    from .certificates import remedy_for

    reason = getattr(error, "verify_message", "") or getattr(error, "reason", "") or error
    return NetworkError(
        f"TLS with {where} failed: {reason}",
        expected=remedy_for(error),
        retryable=_is_without_close_notify(error),
        rule="HTTP-053",
    )


def _send(
    connection: _Connection, timed: _TimedSocket, request: HttpRequest, limits: _Limits
) -> Optional[NetworkError]:
    """Send head and body.

    Returns the error if the peer has stopped reading, because it may have sent a response.
    """
    try:
        connection.send(timed, request)
    except OSError as error:
        if _is_our_timeout(error):
            raise limits.error("sending the request") from None
        if _is_tls_error(error):
            return _tls_error(error, connection.where())
        return NetworkError(
            f"the peer closed the connection during the request: {error.strerror or error}",
            retryable=True,
            rule="HTTP-055",
        )
    return None


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
