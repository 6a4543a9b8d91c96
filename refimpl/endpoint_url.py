# SPDX-License-Identifier: MIT
"""Endpoint URLs and the hosts in them: parse a URL, write the value of Host (HTTP-002, SIG-014)."""

import re
from typing import TYPE_CHECKING, NamedTuple, Optional, Union

from .errors import ConfigurationError

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

IPAddress = Union["IPv4Address", "IPv6Address"]

# SIG-027: the name of the service in a signature, whatever the URL of the endpoint.
SIGNING_NAME = "sagemaker"
DEFAULT_PORTS = {"http": 80, "https": 443}


class EndpointUrl(NamedTuple):
    """The parts of an endpoint URL."""

    scheme: str  # http or https
    host: str  # without brackets
    port: int
    path: str  # unchanged


_HOST_LABEL = "[A-Za-z0-9_-]{1,63}"
_ENDPOINT_URL = re.compile(
    r"(?P<scheme>[Hh][Tt][Tt][Pp][Ss]?)://"
    r"(?:\[(?P<address>[0-9A-Fa-f:.]+)\]|"
    rf"(?P<name>(?=[A-Za-z0-9]){_HOST_LABEL}(?:\.{_HOST_LABEL})*(?<=[A-Za-z0-9]))\.?)"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]*)*)\Z"
)


def parse_endpoint_url(url: str) -> EndpointUrl:
    """Return the parts of an endpoint URL (HTTP-002).

    Raises ConfigurationError for other URLs than http(s)://host[:port][/path]. The message hides
    user names, queries and fragments.
    """
    if not isinstance(url, str):
        raise ConfigurationError(
            "endpoint URL has the wrong type",
            expected="str",
            actual=type(url).__name__,
            rule="HTTP-002",
        )
    match = _ENDPOINT_URL.match(url)
    port = int(match.group("port") or DEFAULT_PORTS[match.group("scheme").lower()]) if match else 0
    if match is None or not 0 < port < 65536 or not _is_usable(match.group("address")):
        secret = any(mark in url for mark in "@?#")
        raise ConfigurationError(
            "invalid endpoint URL",
            expected="http(s)://host[:port][/path]",
            rule="HTTP-002",
            actual="a URL with a user name, a query or a fragment" if secret else url,
        )
    return EndpointUrl(
        match.group("scheme").lower(),
        match.group("address") or match.group("name"),
        port,
        match.group("path"),
    )


# A part of an IPv4 address with a leading zero. Some programs read it as an octal number.
_OCTAL_PART = r"(?:\A|[.:])0[0-9]+\.|\.0[0-9]"


def ip_address_of(text: str) -> "Optional[IPAddress]":
    """Return the IP address that a host is, or None for a name. IPv4 within IPv6 is IPv4.

    An IPv4 address is four decimal numbers without leading zeros, and an IPv6 address has no zone.
    """
    # Old Pythons accept leading zeros, and new ones a zone.
    if "%" in text or re.search(_OCTAL_PART, text):
        return None
    # Loaded here, because most hosts have a name.
    from ipaddress import AddressValueError, IPv4Address, IPv6Address

    try:
        if ":" not in text:
            return IPv4Address(text)
        address = IPv6Address(text)
    except AddressValueError:
        return None
    return address.ipv4_mapped or address


def _is_usable(address: "Optional[str]") -> bool:
    return address is None or is_ipv6_literal(address)


def is_ipv6_literal(address: str) -> bool:
    """Return whether a text between brackets is an IPv6 address (HTTP-002, NET-007)."""
    return ":" in address and ip_address_of(address) is not None


def authority(scheme: str, host: str, port: int) -> str:
    """Return the value of Host: the host, in brackets if IPv6, and a port other than the default.

    SIG-014.
    """
    shown_host = f"[{host}]" if ":" in host else host
    return shown_host if port == DEFAULT_PORTS[scheme] else f"{shown_host}:{port}"
