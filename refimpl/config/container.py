# SPDX-License-Identifier: MIT
"""Credentials from a container's agent: ECS tasks, EKS Pod Identity, and compatible local servers.

The environment names the agent's URL: a path on 169.254.170.2, or a full URI. A full URI over
plain http may name only a loopback address, `localhost`, or the agents of ECS and EKS, because
the request carries a token and the reply carries keys (CRED-015). A token may be in a variable or
in a file, which is read again at each renewal. White space around it does not belong to it.
"""

from typing import List, Optional, Tuple, Union

from ..endpoint_url import authority, ip_address_of, parse_endpoint_url
from ..errors import ConfigurationError, Error
from ..sigv4_credentials import Credentials
from .environment import first_set
from .sources import Absent, SourceContext
from .sts import explained
from .surroundings import (
    TOKEN_SPACES,
    FetchRequest,
    KeyNames,
    Renewal,
    Surroundings,
    credentials_of,
    fetch_local,
    json_object_of,
    read_secret_file,
)

_CONTAINER_RULE = "CRED-015"
_CONTAINER_RELATIVE_URI = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
_CONTAINER_FULL_URI = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
_CONTAINER_TOKEN = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
_CONTAINER_TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
_ECS_AGENT = "http://169.254.170.2"
_PLAIN_HTTP_HOSTS = ("169.254.170.2", "169.254.170.23", "fd00:ec2::23", "localhost")
_CONTAINER_READ_TIMEOUT = 5.0  # seconds
_CONTAINER_REPLY = "the reply of the container's credentials agent"


def container_source(context: SourceContext) -> Union[Renewal, Absent]:
    """Find an agent's URL in the environment."""
    environment = context.surroundings.environment
    if not first_set(environment, _CONTAINER_RELATIVE_URI, _CONTAINER_FULL_URI):
        return Absent(f"{_CONTAINER_RELATIVE_URI} and {_CONTAINER_FULL_URI} are not set")
    url = container_url(
        first_set(environment, _CONTAINER_RELATIVE_URI), first_set(environment, _CONTAINER_FULL_URI)
    )
    return lambda: _container_credentials(context.surroundings, url)


def container_url(relative: Optional[str], full: Optional[str]) -> str:
    """Return the agent's URL. The relative URI wins (CRED-015).

    Raises ConfigurationError for a URL that cannot be used or a host that must not be trusted.
    """
    if relative:
        url, variable = _ECS_AGENT + relative, _CONTAINER_RELATIVE_URI
        # CRED-015: joined to the agent's address, any other text would name another host.
        if relative[0] != "/":
            raise ConfigurationError(
                f"{variable} is not a path", expected="a slash at its start", rule=_CONTAINER_RULE
            )
    else:
        url, variable = full or "", _CONTAINER_FULL_URI
    base, mark, query = url.partition("?")
    try:
        endpoint = parse_endpoint_url(base)
    except ConfigurationError:
        raise ConfigurationError(
            f"{variable} is not a usable URL",
            expected="a path" if relative else "http(s)://host[:port]/path",
            rule=_CONTAINER_RULE,
        ) from None
    if any(not "!" <= character <= "~" or character == "#" for character in query):
        raise ConfigurationError(f"{variable} has an unusable query", rule=_CONTAINER_RULE)
    host = endpoint.host.lower()
    # CRED-015: keys and token must not cross a network in the clear.
    if (
        endpoint.scheme == "http"
        and host not in _PLAIN_HTTP_HOSTS
        and not _is_loopback_address(host)
    ):
        raise ConfigurationError(
            f"{variable} names a host that plain http must not reach",
            expected="https, a loopback address, or the agent of ECS or EKS",
            actual=endpoint.host,
            rule=_CONTAINER_RULE,
        )
    return base + mark + query


def _is_loopback_address(host: str) -> bool:
    address = ip_address_of(host)
    return address is not None and address.is_loopback


def _container_credentials(surroundings: Surroundings, url: str) -> Credentials:
    endpoint = parse_endpoint_url(url.partition("?")[0])
    headers: List[Tuple[str, str]] = [
        ("Host", authority(endpoint.scheme, endpoint.host, endpoint.port)),
        ("Accept", "application/json"),
    ]
    token = _authorization_token(surroundings)
    if token is not None:
        headers.append(("Authorization", token))
    request = FetchRequest("GET", url, tuple(headers), read_timeout=_CONTAINER_READ_TIMEOUT)
    try:
        reply = fetch_local(surroundings, request)
    except Error as error:
        problem = f"no credentials from the container's agent at {endpoint.host}"
        raise explained(error, problem) from error
    if reply.status != 200:
        raise ConfigurationError(
            f"the container's credentials agent at {endpoint.host} refused the request",
            expected="HTTP 200",
            actual=f"HTTP {reply.status}",
            status=reply.status,
            retryable=reply.status >= 500,
            rule=_CONTAINER_RULE,
        )
    document = json_object_of(reply.body, _CONTAINER_REPLY, _CONTAINER_RULE)
    return credentials_of(document, KeyNames(), _CONTAINER_REPLY, _CONTAINER_RULE, needs_token=True)


def _authorization_token(surroundings: Surroundings) -> Optional[str]:
    environment = surroundings.environment
    path = first_set(environment, _CONTAINER_TOKEN_FILE)
    if path is not None:
        return read_secret_file(
            surroundings, path, f"the file of {_CONTAINER_TOKEN_FILE}", _CONTAINER_RULE
        )
    token = first_set(environment, _CONTAINER_TOKEN)
    if token is None:
        return None
    token = token.strip(TOKEN_SPACES)
    # A line break inside the token would add a header of its own.
    if not token or not all(" " <= character <= "~" for character in token):
        raise ConfigurationError(
            f"{_CONTAINER_TOKEN} is unusable",
            expected="one line of printable ASCII",
            rule=_CONTAINER_RULE,
        )
    return token
