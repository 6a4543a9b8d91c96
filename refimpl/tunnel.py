# SPDX-License-Identifier: MIT
"""Calls through a proxy: the connection to it, the tunnel, and the requests for it to forward.

For an https endpoint, the proxy opens a tunnel (NET-009). For an http endpoint it forwards the
request (NET-010). Each error of a proxy names it (NET-011). A call without a proxy does not load
this module. proxy.py has the texts of the messages.
"""

from typing import TYPE_CHECKING, Callable

from .documents.header_format import header_value
from .errors import HttpError, NetworkError
from .http1 import ResponseHead, read_head
from .operation_request import HttpRequest
from .operation_response import request_id_of
from .proxy import (
    Proxy,
    absolute_target,
    check_tunnel,
    connect_request,
    proxy_failure,
    proxy_headers,
    proxy_refusal,
)
from .timed_socket import Connected, Limits, TimedSocket
from .transport_errors import connect_error, is_connect_failure
from .version import USER_AGENT

if TYPE_CHECKING:
    import socket

    from .tls import TlsStream


def connect_through(
    proxy: Proxy,
    request: HttpRequest,
    limits: Limits,
    dial_proxy: "Callable[[], socket.socket]",
    secured: "Callable[[Connected], TlsStream]",
) -> Connected:
    """Return a connection on which the endpoint, or the proxy for http, expects the client.

    dial_proxy: connects to the proxy;  secured: starts TLS with it (NET-012)
    Raises an error that names the proxy.
    """
    try:
        connected: Connected = dial_proxy()
        # NET-012
        if proxy.scheme == "https":
            connected = secured(connected)
        if request.scheme == "https":
            _open_tunnel(connected, proxy, request, limits)
    except (OSError, ValueError) as error:
        if not is_connect_failure(error):
            raise
        raise connect_error(error, proxy.host, f"the proxy {proxy.address}", limits) from error
    return connected


def _open_tunnel(connected: Connected, proxy: Proxy, request: HttpRequest, limits: Limits) -> None:
    """Ask the proxy for a tunnel to the endpoint (NET-009, NET-011)."""
    # An unbuffered reader takes no byte of the tunnel with the head of the response.
    timed = TimedSocket(connected, limits.while_connecting())
    # NET-009: the proxy resolves the host.
    timed.sendall(connect_request(request.host, request.port, proxy, USER_AGENT))
    try:
        head = read_head(timed.readline)
    except (HttpError, NetworkError) as error:
        raise proxy_failure(proxy, error) from error
    check_tunnel(head, proxy)


def request_through(proxy: Proxy, request: HttpRequest) -> HttpRequest:
    """Return the request as it leaves the client, for http with an absolute target (NET-010)."""
    if request.scheme == "https":
        return request
    # NET-010
    return request._replace(
        target=absolute_target(request), headers=(*request.headers, *proxy_headers(proxy))
    )


def check_origin(head: ResponseHead, request: HttpRequest, proxy: Proxy) -> None:
    """Raise the proxy's error if the proxy itself responds to a request for http (NET-011).

    The service sends a request id and no HTML. In a tunnel, the endpoint responds.
    """
    if request.scheme == "https" or request_id_of(head.headers) is not None:
        return
    content_type = header_value(head.headers, "content-type") or ""
    if head.status == 407 or (head.status >= 400 and content_type.startswith("text/html")):
        raise proxy_refusal(head.status, head.reason, proxy)
