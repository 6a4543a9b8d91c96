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
import socket
import sys
import time
from typing import TYPE_CHECKING, Any, Callable, NoReturn, Optional, Tuple

from .dialing import dial
from .errors import ConfigurationError, Error, HttpError, NetworkError
from .http1 import ChunkedBody, body_framing, read_head
from .operation_request import HttpRequest
from .routes import DIRECT, Route
from .timed_socket import Connected, Limits, TimedSocket
from .timeouts import Timeouts, check_timeouts

if TYPE_CHECKING:
    import ssl

    from .tls import TlsStream

READ_SIZE = 65536  # bytes per read
# Their sockets accept every connection, and then wait forever.
_WITHOUT_SOCKETS = ("emscripten", "wasi")
# In seconds. NAT gateways drop idle connections after 350 s, some balancers after 60 s (HTTP-052).
KEEPALIVE_IDLE = 45
_KEEPALIVE_INTERVAL = 15  # seconds
_KEEPALIVE_COUNT = 8


class _StrictResponse:
    """A response that http1.py checks. http.client makes it and calls begin()."""

    will_close = False  # only the exchange closes the connection

    def __init__(self, timed: TimedSocket, method: "Optional[str]" = None) -> None:
        self._timed = timed
        self._buffered = io.BufferedReader(timed, READ_SIZE)
        self._chunks: Optional[ChunkedBody] = None
        self._left: Optional[int] = None  # missing bytes of a body with a known length
        self._error: Optional[HttpError] = None  # raised after the bytes before it were returned

    def close(self) -> None:
        """Do nothing: http.client closes a response whose head is wrong. The exchange closes."""

    def begin(self) -> None:
        """Read the head."""
        self.head = read_head(self._buffered.readline)
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
        from .transport_errors import truncated_body  # most calls succeed, here and below

        # HTTP-023
        raise truncated_body(expected)


class _Connection:
    """A connection for one request."""

    def __init__(
        self,
        request: HttpRequest,
        limits: Limits,
        context: "Optional[ssl.SSLContext]",
        route: Route,
    ) -> None:
        from http.client import HTTPConnection  # also loads ssl; some Pythons have no sockets

        self._request = request
        self._http: Any = HTTPConnection(request.host, request.port)
        self._http.response_class = _StrictResponse  # type: ignore[assignment]
        self._limits = limits
        self._context = context
        self._route = route
        self._dialed: Optional[socket.socket] = None
        self.timed: Optional[TimedSocket] = None

    def connect(self) -> TimedSocket:
        """Connect to the endpoint, through the proxy if there is one. Raises Error."""
        self._limits.start_connecting()
        try:
            connected = self._reach()
            if self._context is not None:
                connected = self._secured(connected, self._context, self._request.host)
        except BaseException as error:
            if self._dialed is not None:
                self._dialed.close()
            from .transport_errors import connect_error, is_connect_failure

            if is_connect_failure(error):
                where = self.where()
                raise connect_error(error, self._request.host, where, self._limits) from error
            raise
        self.timed = TimedSocket(connected, self._limits)
        return self.timed

    def send(self, timed: TimedSocket, request: HttpRequest) -> None:
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
        where = f"{self._request.host} port {self._request.port}"
        if self._route.connect_to is not None:
            where += " at {} port {}".format(*self._route.connect_to)
        if self._route.proxy is not None:
            where += f" through the proxy {self._route.proxy.address}"
        return where

    def _reach(self) -> Connected:
        """Return a connection on which the endpoint, or a proxy for http, expects the client."""
        proxy, request = self._route.proxy, self._request
        if proxy is None:
            # NET-030
            return self._dial(*(self._route.connect_to or (request.host, request.port)))
        from .tunnel import connect_through  # most calls use no proxy, here and below

        def secured(connected: Connected) -> "TlsStream":
            context = self._route.proxy_context or default_ssl_context()
            return self._secured(connected, context, proxy.host)

        def dial_proxy() -> "socket.socket":
            return self._dial(proxy.host, proxy.port)

        return connect_through(proxy, request, self._limits, dial_proxy, secured)

    def _secured(
        self, connected: Connected, context: "ssl.SSLContext", server_hostname: str
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

    def __init__(self, connection: _Connection, response: _StrictResponse, limits: Limits) -> None:
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
                    from .transport_errors import body_error

                    self._failure = body_error(error, self._limits)
                    raise self._failure from error
        raise NetworkError("the response has been closed", kind="closed")

    def wait_for(self, name: str, seconds: "Optional[float]", since: float) -> None:
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
    monotonic: "Callable[[], float]" = time.monotonic,
    route: Route = DIRECT,
    started: "Optional[float]" = None,
) -> HttpExchange:
    """Connect, send the request, and return the exchange when the final head has arrived.

    ssl_context: for an https endpoint, instead of default_ssl_context(). It is not changed, and a
        stream without close_notify is truncated whatever its options are (HTTP-023).
    monotonic: the clock of the time-outs;  route: how to reach the endpoint
    started: the time of that clock from which total_timeout counts, by default now
    Raises NetworkError, HttpError, or ConfigurationError for an invalid host name and on a platform
    without sockets.
    """
    limits = Limits(check_timeouts(timeouts), monotonic, started)
    if sys.platform in _WITHOUT_SOCKETS:
        raise ConfigurationError(
            "this Python cannot open connections: WebAssembly has no sockets",
            expected="Client(transport=...), or Client.signed_request and fetch",
            actual=f"sys.platform {sys.platform}",
        )
    context = None
    if request.scheme == "https":
        context = default_ssl_context() if ssl_context is None else ssl_context
    connection = _Connection(request, limits, context, route)
    try:
        timed = connection.connect()
        sent = request
        if route.proxy is not None:
            from .tunnel import request_through

            sent = request_through(route.proxy, request)
        sending = _send(connection, timed, sent, limits)
        # HTTP-056
        if sending is not None:
            timed.ragged = True  # the peer has reset the connection
        try:
            response = connection.response()
        except (OSError, Error) as error:
            from .transport_errors import response_error

            raise response_error(error, sending, connection.where(), limits) from error
        if route.proxy is not None:
            from .tunnel import check_origin

            check_origin(response.head, request, route.proxy)
        return HttpExchange(connection, response, limits)
    except BaseException:
        _disconnect(connection)
        raise


def default_ssl_context() -> "ssl.SSLContext":
    """Return a new context that verifies certificate and host name and requires TLS 1.2 (HTTP-053).

    It trusts the certificates of the system. A caller may add others before passing it to a client.
    Raises ConfigurationError if this Python has no module ssl.
    """
    from .certificates import verifying_context  # an http endpoint needs no certificates

    return verifying_context()


def _send(
    connection: _Connection, timed: TimedSocket, request: HttpRequest, limits: Limits
) -> "Optional[NetworkError]":
    """Send head and body.

    Returns the error if the peer has stopped reading, because it may have sent a response.
    """
    try:
        connection.send(timed, request)
    except OSError as error:
        from .transport_errors import send_error

        return send_error(error, connection.where(), limits)
    return None
