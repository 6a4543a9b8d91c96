# SPDX-License-Identifier: MIT
"""A proxy on loopback that intercepts TLS, as the proxies of many companies do.

    with Endpoint() as endpoint, intercepting_proxy(endpoint) as proxy:
        ... call https://runtime.sagemaker.eu-west-1.amazonaws.com through the proxy proxy.url,
        ... trusting proxy.ca_bundle; the endpoint answers
        print(proxy.targets, endpoint.calls)

The client opens a tunnel with CONNECT. The proxy opens no connection to the host. It makes the TLS
handshake with a certificate for the host, which the `openssl` program makes on the spot, and lets
the endpoint converse inside. So a client can be tested with real host names, through a proxy and
with a private CA, and every scenario has the same outcome as without the proxy. If services are
given, they answer for the hosts of STS and SSO.

It rejects other methods than CONNECT (405), malformed requests and hosts (400) and, if it has a
login, requests without these Basic credentials (407).
"""

import base64
from collections import deque
from contextlib import contextmanager
from ssl import SSLContext
from typing import Deque, Iterator, List, Optional, Tuple

from conformance.endpoint.loopback import Conversation, Log, Loopback
from conformance.endpoint.request import BadRequest, Gone, Pairs, RequestReader, values_of
from conformance.endpoint.tls import Authority, temporary_authority
from refimpl.errors import UsageError, shown

_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_SERVICES_HOSTS = ("sts.", "sts-fips.", "portal.sso.", "portal.sso-fips.", "oidc.", "oidc-fips.")
_LOGIN_REQUIRED = "407 Proxy Authentication Required"
_CHALLENGE = (("Proxy-Authenticate", 'Basic realm="conformance"'),)
_KEPT_TARGETS = 1000


class _Tunnel(Conversation):
    """Opens one tunnel, and lets a server converse inside it."""

    def converse(self) -> None:
        proxy: InterceptingProxy = self.server.owner
        try:
            found = RequestReader(self.request).read_connect()
            if found is None:
                return
            context = proxy.admit(*found)
        except BadRequest as error:
            proxy.log(f"refused: {error.message}")
            response = error.response()
            if error.status == _LOGIN_REQUIRED:
                response = response._replace(headers=(*response.headers, *_CHALLENGE))
            self.respond_and_close(response)
            self.linger()
            return
        self.request.sendall(_ESTABLISHED)
        try:
            inside = context.wrap_socket(
                self.request, server_side=True, do_handshake_on_connect=False
            )
        except ValueError as error:
            raise Gone(str(error)) from None
        try:
            server = proxy.server_for(found[0]).server
            self.server.hand_over(inside, server, self.client_address)
        finally:
            inside.close()


class InterceptingProxy(Loopback):
    """A proxy that intercepts TLS, until close(); also a context manager.

    endpoint:  answers for every host
    authority: makes the certificates
    services:  answer for the hosts of STS and SSO, if given
    login:     `user:password`, which a request must have as Basic credentials, or None
    port, log, idle_timeout: as for the Endpoint. Raises OSError if the port is not available.
    """

    def __init__(
        self,
        endpoint: Loopback,
        authority: Authority,
        services: Optional[Loopback] = None,
        login: Optional[str] = None,
        port: int = 0,
        log: Optional[Log] = None,
        idle_timeout: float = 60.0,
    ) -> None:
        self._authority = authority
        self._endpoint, self._services = endpoint, services
        self._authorization: Optional[str] = None
        if login is not None:
            self._authorization = "Basic " + base64.b64encode(login.encode("utf-8")).decode("ascii")
        self._targets: Deque[Tuple[str, int]] = deque(maxlen=_KEPT_TARGETS)
        super().__init__(_Tunnel, port, None, log, idle_timeout)

    @property
    def ca_bundle(self) -> str:
        """The path of the CA's certificate, which a client must trust."""
        return self._authority.ca_bundle

    @property
    def targets(self) -> List[Tuple[str, int]]:
        """Host and port of the last 1,000 tunnels, in order."""
        with self._lock:
            return list(self._targets)

    @property
    def variables(self) -> Tuple[str, ...]:
        """The environment variables that make a client use this proxy, as `NAME=VALUE`."""
        return (f"HTTPS_PROXY={self.url}", f"AWS_CA_BUNDLE={self.ca_bundle}")

    def admit(self, host: str, port: int, headers: Pairs) -> SSLContext:
        """Return the context for a tunnel's handshake, and log the tunnel. Raises BadRequest."""
        given = values_of(headers, "proxy-authorization")
        if self._authorization is not None and given != [self._authorization]:
            raise BadRequest("the proxy needs user and password", _LOGIN_REQUIRED)
        try:
            context = self._authority.context_for(host)
        except UsageError as error:
            raise BadRequest(str(error)) from None
        with self._lock:
            self._targets.append((host, port))
        self.log(shown(f"CONNECT {host}:{port}", 300))
        return context

    def server_for(self, host: str) -> Loopback:
        """Return the server that answers for a host."""
        if self._services is not None and host.lower().startswith(_SERVICES_HOSTS):
            return self._services
        return self._endpoint


@contextmanager
def intercepting_proxy(
    endpoint: Loopback,
    services: Optional[Loopback] = None,
    login: Optional[str] = None,
    port: int = 0,
    log: Optional[Log] = None,
) -> Iterator[InterceptingProxy]:
    """Start an InterceptingProxy with a CA in a temporary folder, and end both.

    Raises UsageError without the `openssl` program.
    """
    with temporary_authority() as authority, InterceptingProxy(
        endpoint, authority, services, login, port, log
    ) as proxy:
        yield proxy
