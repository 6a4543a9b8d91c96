# SPDX-License-Identifier: MIT
"""How the client reaches a host: its proxy, its certificates, and the address of the connection.

`Network` has the settings that a client and its credential sources share. `way_to` returns the TLS
context and the `Route` for a URL, which `transport.open_exchange` takes. Contexts are made on first
use, because loading certificates takes time.

Rejected: an ssl_context together with settings that it would override, and another address
together with a proxy.
"""

from typing import TYPE_CHECKING, Any, Mapping, NamedTuple, Optional, Tuple

from .config.environment import proxy_variable
from .endpoint_url import parse_endpoint_url
from .errors import UsageError, require_type, wrong_type

if TYPE_CHECKING:
    import ssl

    from .certificates import ClientCertificate
    from .proxy import Proxy


class Route(NamedTuple):
    """How the client reaches the endpoint."""

    # Through this proxy, or None for a direct connection (NET-009, NET-010).
    proxy: "Optional[Proxy]" = None
    # For a proxy whose scheme is https; None for default_ssl_context() (NET-012).
    proxy_context: "Optional[ssl.SSLContext]" = None
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

    __slots__ = ("_environment", "_proxy", "_ssl_context", "_ca_bundle", "_x509_strict", "_made")

    def __init__(
        self,
        environment: "Mapping[str, str]",
        proxy: "Optional[str]" = None,
        ssl_context: Any = None,
        ca_bundle: "Optional[str]" = None,
        x509_strict: bool = True,
    ) -> None:
        if ssl_context is not None:
            from .certificates import check_ssl_context  # an http endpoint needs no certificates

            check_ssl_context(ssl_context)
            if ca_bundle is not None or x509_strict is not True:
                raise UsageError("ssl_context excludes ca_bundle and x509_strict", rule="NET-020")
        if ca_bundle is not None:
            require_type(ca_bundle, str, "ca_bundle", "NET-020")
        require_type(x509_strict, bool, "x509_strict", "NET-023")
        self._environment = environment
        self._proxy = proxy
        self._ssl_context: Optional[ssl.SSLContext] = ssl_context
        self._ca_bundle = ca_bundle
        self._x509_strict = x509_strict
        self._made: Optional[ssl.SSLContext] = None

    def __repr__(self) -> str:
        return "Network()"

    def way_to(
        self,
        url: str,
        client_cert: "ClientCertificate" = None,
        connect_to: "Optional[Tuple[str, int]]" = None,
    ) -> "Tuple[Optional[ssl.SSLContext], Route]":
        """Return the TLS context for a URL, None for http, and the route to it.

        client_cert: what the client presents to the host, and to no proxy (NET-022)
        connect_to: another address for the connection, which then uses no proxy (NET-030)
        Raises UsageError, ConfigurationError.
        """
        if client_cert is not None and self._ssl_context is not None:
            raise UsageError("ssl_context excludes client_cert", rule="NET-022")
        # NET-030
        if check_connect_to(connect_to) is None:
            proxy = self._proxy_for(url)
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
            context = self._new_context(client_cert)
        return context, Route(proxy, proxy_context, connect_to)

    def direct_to(self, url: str) -> "Tuple[Optional[ssl.SSLContext], Route]":
        """Return the same for a host that no proxy can reach, such as a metadata service."""
        is_https = parse_endpoint_url(url).scheme == "https"
        return (self._context() if is_https else None), DIRECT

    def _proxy_for(self, url: str) -> "Optional[Proxy]":
        scheme = parse_endpoint_url(url).scheme
        if self._proxy is None and proxy_variable(scheme, self._environment) is None:
            return None
        from .proxy import proxy_for  # most programs have no proxy

        return proxy_for(url, self._environment, self._proxy)

    def _context(self) -> "ssl.SSLContext":
        if self._ssl_context is not None:
            return self._ssl_context
        if self._made is None:
            self._made = self._new_context(None)
        return self._made

    def _new_context(self, client_cert: "ClientCertificate") -> "ssl.SSLContext":
        from .certificates import ca_bundle_of, trusting_context

        trusted = ca_bundle_of(self._ca_bundle, self._environment)
        return trusting_context(trusted, client_cert, self._x509_strict)
