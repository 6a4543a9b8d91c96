# SPDX-License-Identifier: MIT
"""Proxies: which one a request uses, and what the client sends to it.

`proxy_for` chooses the proxy of a URL from an argument or from the environment, as every AWS tool
does: HTTPS_PROXY, HTTP_PROXY and ALL_PROXY name proxies, and NO_PROXY lists hosts without one
(NET-001 to NET-006). `parse_proxy_url` reads a proxy URL with its credentials. For an https URL the
client opens a tunnel with CONNECT; `connect_request` writes that request and `check_tunnel` reads
the head of its response. For an http URL the client sends `absolute_target` to the proxy.

This module rejects proxy URLs of other schemes than http and https, `socks5://` by name. It opens
no connection. The environment is a parameter. Credentials never appear in an error or a repr.
"""

import re
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any, Iterator, Mapping, NoReturn, Optional, Tuple, Union

from .config.environment import VARIABLE_SPACES, proxy_variable
from .endpoint_url import (
    DEFAULT_PORTS,
    IPAddress,
    authority,
    ip_address_of,
    is_ipv6_literal,
    parse_endpoint_url,
)
from .errors import (
    ConfigurationError,
    HttpError,
    NetworkError,
    UsageError,
    ascii_lower,
    require_type,
    shown,
)
from .http1 import ResponseHead

if TYPE_CHECKING:
    from .operation_request import HttpRequest

# Compiled on first use, because most programs have no proxy.
_PROXY_URL = (
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?"
    # The last @ ends the credentials, because some passwords are not encoded.
    r"(?:(?P<user_info>[^/?#]*)@)?"
    r"(?:\[(?P<address>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,253})))"
    r"(?::(?P<port>[0-9]{1,5}))?/?\Z"
)


class Proxy:
    """A proxy. repr, errors and pickles never show its credentials.

    scheme: `http` or `https`, which says how the client connects to the proxy itself
    host, port: its address; host is without brackets
    authorization: the value of Proxy-Authorization, or None
    """

    __slots__ = ("scheme", "host", "port", "authorization")

    def __init__(
        self, scheme: str, host: str, port: int, authorization: Optional[str] = None
    ) -> None:
        self.scheme = scheme
        self.host = host
        self.port = port
        self.authorization = authorization

    @property
    def address(self) -> str:
        """Host and port, as errors name the proxy."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The URL, without credentials."""
        return f"{self.scheme}://{self.address}"

    def secrets(self) -> Tuple[str, ...]:
        """Return the texts that no error may show: the encoded credentials and the password."""
        if self.authorization is None:
            return ()
        encoded = self.authorization.partition(" ")[2]
        password = b64decode(encoded).partition(b":")[2]
        return encoded, password.decode("utf-8", "replace")

    def __repr__(self) -> str:
        return f"Proxy({self.url})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Proxy):
            return NotImplemented
        return self.url == other.url and self.authorization == other.authorization

    def __hash__(self) -> int:
        return hash(self.url)

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        # A pickle leaves the process, and it would contain the password.
        raise UsageError("a proxy cannot be pickled or copied", rule="NET-008")


# ---- proxy URLs --------------------------------------------------------------------------------


def parse_proxy_url(url: str, origin: str = "proxy") -> Proxy:
    """Return the proxy of a URL such as `http://user:password@proxy.example:3128` (NET-007).

    Without a scheme it is an http proxy. Without a port it is the scheme's default.
    origin: where the URL comes from, such as `HTTPS_PROXY`, for the error
    Raises ConfigurationError, which never shows user name or password.
    """
    require_type(url, str, origin, "NET-007")
    match = re.match(_PROXY_URL, url)
    scheme = (match.group("scheme") or "http").lower() if match else _scheme_of(url)
    # NET-007
    if scheme.startswith("socks"):
        raise ConfigurationError(
            f"{origin} is a {scheme}:// proxy, which is not supported",
            expected="http://host[:port] or https://host[:port]",
            rule="NET-007",
        )
    address = match.group("address") if match else None
    port = int(match.group("port") or DEFAULT_PORTS.get(scheme, 0)) if match else 0
    is_host = address is None or is_ipv6_literal(address)
    if match is None or not 0 < port < 65536 or scheme not in DEFAULT_PORTS or not is_host:
        raise ConfigurationError(
            f"{origin} is not the URL of a proxy",
            # Not the URL: it may contain a password, even without the @ that would show where.
            expected="http(s)://[user:password@]host[:port]",
            rule="NET-007",
        )
    authorization = None
    if match.group("user_info"):
        authorization = _basic(match.group("user_info"), origin)
    return Proxy(scheme, address or match.group("name"), port, authorization)


def _scheme_of(url: str) -> str:
    return ascii_lower(url.partition("://")[0]) if "://" in url else ""


def _basic(user_info: str, origin: str) -> str:
    """Return the value of Proxy-Authorization for `user:password`, percent-encoded (NET-008)."""
    user, _, password = user_info.partition(":")
    decoded_user = _octets_of_escapes(user)
    # RFC 7617: the first colon ends the user name, so the name itself has none.
    if b":" in decoded_user:
        raise ConfigurationError(
            f"the user name in {origin} contains a colon",
            expected="user:password, percent-encoded",
            rule="NET-008",
        )
    return "Basic " + b64encode(decoded_user + b":" + _octets_of_escapes(password)).decode("ascii")


def _octets_of_escapes(text: str) -> bytes:
    octets = text.encode("utf-8", "surrogateescape")
    return re.sub(b"%([0-9A-Fa-f]{2})", lambda match: bytes([int(match.group(1), 16)]), octets)


# ---- selection ---------------------------------------------------------------------------------


def proxy_for(
    url: str, environment: Mapping[str, str], proxy: Optional[str] = None
) -> Optional[Proxy]:
    """Return the proxy for an endpoint URL, or None for a direct connection (NET-001).

    proxy: the URL of a proxy, which applies to every host, or "" for a direct connection; None for
        the choice of the environment
    Raises ConfigurationError for an unusable proxy URL.
    """
    # NET-001
    if proxy is not None:
        require_type(proxy, str, "proxy", "NET-001")
        return parse_proxy_url(proxy) if proxy else None
    endpoint = parse_endpoint_url(url)
    found = proxy_variable(endpoint.scheme, environment)
    if found is None:
        return None
    if is_loopback(endpoint.host):
        return None
    # NET-003
    lists = (environment.get(name, "").strip(VARIABLE_SPACES) for name in ("no_proxy", "NO_PROXY"))
    exceptions = next((one for one in lists if one), "")
    if is_excepted(endpoint.host, endpoint.port, exceptions):
        return None
    name, value = found
    return parse_proxy_url(value, name)


def is_loopback(host: str) -> bool:
    """Return whether a host is the local one, which no proxy can reach (NET-006)."""
    # Most local servers: this address needs no further module.
    if host == "127.0.0.1":
        return True
    address = ip_address_of(host)
    if address is not None:
        return address.is_loopback
    name = ascii_lower(host).rstrip(".")
    return name == "localhost" or name.endswith(".localhost")


def is_excepted(host: str, port: int, no_proxy: str) -> bool:
    """Return whether the entries of NO_PROXY contain a host and port (NET-003 to NET-005)."""
    address = ip_address_of(host)
    name = ascii_lower(host).rstrip(".")
    for entry in re.split(r"[, \t\r\n]+", no_proxy):
        # NET-003
        if entry == "*":
            return True
        pattern, own_port = _entry_of(entry)
        # NET-004
        if not pattern or own_port not in (None, port):
            continue
        if address is None:
            if _matches_name(name, pattern):
                return True
        elif _matches_address(address, pattern):
            return True
    return False


def _entry_of(entry: str) -> Tuple[str, Optional[int]]:
    """Return the pattern of an entry without brackets, and its port or None."""
    match = re.match(r"\[([^\]]*)\](/\d+)?(?::(\d{1,5}))?\Z", entry, re.ASCII)
    # NET-005: only an IPv6 address has brackets.
    if match is not None and is_ipv6_literal(match.group(1)):
        address, length, port = match.groups()
        return address + (length or ""), int(port) if port else None
    if entry.count(":") == 1:
        pattern, _, digits = entry.partition(":")
        if re.match(r"\d{1,5}\Z", digits, re.ASCII):
            return pattern, int(digits)
    return entry, None


def _matches_name(name: str, pattern: str) -> bool:
    """Return whether a host is the pattern's domain or below it (NET-003)."""
    domain = ascii_lower(pattern)
    if domain.startswith("*."):
        domain = domain[1:]
    domain = domain.strip(".")
    return bool(domain) and (name == domain or name.endswith("." + domain))


def _matches_address(address: IPAddress, pattern: str) -> bool:
    """Return whether an address is the pattern's, or in its block (NET-005)."""
    prefix, slash, digits = pattern.partition("/")
    base = ip_address_of(prefix)
    if base is None or base.version != address.version:
        return False
    if not slash:
        return base == address
    if not re.match(r"\d{1,3}\Z", digits, re.ASCII):
        return False
    length = int(digits)
    # IPv4 within IPv6: the length counts the bits of the IPv6 address.
    if ":" in prefix and base.version == 4:
        length -= 96
    if not 0 <= length <= address.max_prefixlen:
        return False
    shift = address.max_prefixlen - length
    return int(base) >> shift == int(address) >> shift


# ---- messages ----------------------------------------------------------------------------------


def connect_request(host: str, port: int, proxy: Proxy, user_agent: str) -> bytes:
    """Return the head of the CONNECT request for a tunnel to an endpoint (NET-009)."""
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}", f"User-Agent: {user_agent}"]
    lines += [f"{name}: {value}" for name, value in proxy_headers(proxy)]
    return "".join(line + "\r\n" for line in lines + [""]).encode("latin-1")


def proxy_headers(proxy: Proxy) -> Iterator[Tuple[str, str]]:
    """Yield the headers that only the proxy may receive (NET-008)."""
    if proxy.authorization is not None:
        yield "Proxy-Authorization", proxy.authorization


def absolute_target(request: "HttpRequest") -> str:
    """Return the request target for an http proxy: the absolute URL (NET-010)."""
    return f"{request.scheme}://{authority(request.scheme, request.host, request.port)}" + (
        request.target
    )


def check_tunnel(head: ResponseHead, proxy: Proxy) -> None:
    """Raise NetworkError unless a response to CONNECT opens the tunnel (NET-011)."""
    # NET-011
    if 200 <= head.status <= 299:
        return
    raise proxy_refusal(head.status, head.reason, proxy)


def proxy_refusal(status: int, reason: str, proxy: Proxy) -> NetworkError:
    """Return the error for a response that the proxy gives instead of the endpoint (NET-011)."""
    what = "asks for credentials" if status == 407 else "refuses the connection"
    if status == 407 and proxy.authorization is not None:
        what = "rejects the credentials"
    if status >= 500:
        what = "cannot reach the endpoint"
    quoted = f"HTTP {status}" + (f" {shown(reason, 80)}" if reason and status != 407 else "")
    return NetworkError(
        f"the proxy {proxy.address} {what} ({quoted})",
        retryable=status in (502, 503, 504),
        rule="NET-011",
    )


def proxy_failure(proxy: Proxy, error: Union[HttpError, NetworkError]) -> NetworkError:
    """Return the error for a proxy without a valid response to CONNECT (NET-011)."""
    return NetworkError(
        f"the proxy {proxy.address} gives no valid response to CONNECT: {error.message}",
        kind=error.kind if error.kind == "timeout" else "network",
        expected=error.expected,
        actual=error.actual,
        retryable=error.retryable,
        rule="NET-011",
    )
