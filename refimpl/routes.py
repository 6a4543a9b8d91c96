# SPDX-License-Identifier: MIT
"""How the client reaches a host: its proxy, its certificates, and the address of the connection.

`Network` has the settings that a client and its credential sources share. `way_to` returns the TLS
context and the `Route` for a URL, which `transport.open_exchange` takes. Contexts are made on first
use, because loading certificates takes time.

Rejected: an ssl_context together with settings that it would override, and another address
together with a proxy.
"""

import ssl
from typing import Any, Mapping, NamedTuple, Optional, Tuple

from .certificates import ClientCertificate, ca_bundle_of, check_ssl_context, trusting_context
from .errors import UsageError, require_type, wrong_type
from .operation import parse_endpoint_url
from .proxy import Proxy, proxy_for


class Route(NamedTuple):
    """How the client reaches the endpoint."""

    # Through this proxy, or None for a direct connection (NET-009, NET-010).
    proxy: Optional[Proxy] = None
    # For a proxy whose scheme is https; None for default_ssl_context() (NET-012).
    proxy_context: Optional[ssl.SSLContext] = None
    # The address for the TCP connection in place of the endpoint's host and port (NET-030). Host,
    # TLS name and signature remain those of the endpoint.
    connect_to: Optional[Tuple[str, int]] = None


DIRECT = Route()


def check_connect_to(connect_to: object) -> object:
    """Return connect_to. Raises UsageError unless it is None or (host, port) (NET-030)."""
    if connect_to is None:
        return None
    if not isinstance(connect_to, (tuple, list)) or len(connect_to) != 2:
        raise wrong_type(connect_to, "a tuple of host and port", "connect_to", "NET-030")
    host, port = connect_to
    require_type(host, str, "the host of connect_to", "NET-030")
    require_type(port, int, "the port of connect_to", "NET-030")
    if not host.isprintable() or not host or not 0 < port < 65536 or len(host) > 255:
        raise UsageError(
            "invalid connect_to", expected="host and port", actual=connect_to, rule="NET-030"
        )
    return connect_to


class Network:
    """The settings for connections to any host. repr shows none of them.

    environment: names to values;  proxy: as for proxy_for()
    ssl_context: instead of all other settings for TLS;  ca_bundle, x509_strict: as for Client
    Raises UsageError for settings that exclude each other, ConfigurationError for a bad CA bundle
    only when a context is made.
    """

    __slots__ = ("_environment", "_proxy", "_ssl_context", "_trusted", "_x509_strict", "_made")

    def __init__(
        self,
        environment: Mapping[str, str],
        proxy: Optional[str] = None,
        ssl_context: Any = None,
        ca_bundle: Optional[str] = None,
        x509_strict: bool = True,
    ) -> None:
        self._ssl_context = check_ssl_context(ssl_context)
        if ssl_context is not None and (ca_bundle is not None or x509_strict is not True):
            raise UsageError("ssl_context excludes ca_bundle and x509_strict", rule="NET-020")
        require_type(x509_strict, bool, "x509_strict", "NET-023")
        self._environment = environment
        self._proxy = proxy
        self._trusted = ca_bundle_of(ca_bundle, environment)
        self._x509_strict = x509_strict
        self._made: Optional[ssl.SSLContext] = None

    def __repr__(self) -> str:
        return "Network()"

    def way_to(
        self,
        url: str,
        client_cert: ClientCertificate = None,
        connect_to: Optional[Tuple[str, int]] = None,
    ) -> Tuple[Optional[ssl.SSLContext], Route]:
        """Return the TLS context for a URL, None for http, and the route to it.

        client_cert: what the client presents to the host, and to no proxy (NET-022)
        connect_to: another address for the connection, which then uses no proxy (NET-030)
        Raises UsageError, ConfigurationError.
        """
        if client_cert is not None and self._ssl_context is not None:
            raise UsageError("ssl_context excludes client_cert", rule="NET-022")
        # NET-030
        if check_connect_to(connect_to) is None:
            proxy = proxy_for(url, self._environment, self._proxy)
        elif self._proxy:
            raise UsageError("connect_to excludes a proxy", rule="NET-030")
        else:
            proxy = None
        proxy_context = None
        if proxy is not None and proxy.scheme == "https":
            proxy_context = self._context()
        if parse_endpoint_url(url).scheme != "https":
            return None, Route(proxy, proxy_context, connect_to)
        context = self._context()
        if client_cert is not None:
            context = trusting_context(self._trusted, client_cert, self._x509_strict)
        return context, Route(proxy, proxy_context, connect_to)

    def direct_to(self, url: str) -> Tuple[Optional[ssl.SSLContext], Route]:
        """Return the same for a host that no proxy can reach, such as a metadata service."""
        is_https = parse_endpoint_url(url).scheme == "https"
        return (self._context() if is_https else None), DIRECT

    def _context(self) -> ssl.SSLContext:
        if self._ssl_context is not None:
            return self._ssl_context
        if self._made is None:
            self._made = trusting_context(self._trusted, None, self._x509_strict)
        return self._made
