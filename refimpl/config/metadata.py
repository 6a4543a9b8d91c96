# SPDX-License-Identifier: MIT
"""Credentials from the instance metadata service of EC2, version 2.

Three requests: a session token, the name of the instance's role, the role's keys. All three go
directly to a link-local address, never through a proxy, with 1 s to connect and one retry, because
on every other host nothing answers there (CRED-016, CRED-017). This client never uses version 1.

The service can return credentials that are close to their end while it has a problem of its own.
They are used, and renewed later, because they are better than none.
"""

import re
from typing import NoReturn, Optional, Tuple, Union

from ..endpoint_url import authority, parse_endpoint_url
from ..errors import ConfigurationError, NetworkError
from ..sigv4_credentials import Credentials
from .environment import first_set
from .provider import ADVISORY_WINDOW
from .sources import Absent, SourceContext
from .surroundings import (
    TOKEN_SPACES,
    FetchReply,
    FetchRequest,
    KeyNames,
    Renewal,
    Surroundings,
    credentials_of,
    fetch_local,
    json_object_of,
    text_member,
)

_METADATA_RULE = "CRED-016"
_METADATA_IPV4 = "http://169.254.169.254"
_METADATA_IPV6 = "http://[fd00:ec2::254]"
_METADATA_ENDPOINTS = {"ipv4": _METADATA_IPV4, "ipv6": _METADATA_IPV6}
_METADATA_TOKEN_PATH = "/latest/api/token"
_METADATA_ROLES_PATH = "/latest/meta-data/iam/security-credentials/"
_METADATA_TOKEN_SECONDS = "21600"
_METADATA_READ_TIMEOUT = 1.0  # seconds
_ROLE_NAME = re.compile(r"[\w+=,.@-]{1,128}\Z", re.ASCII)
_METADATA_REPLY = "the reply of the instance metadata service"
_HOP_LIMIT_HINT = (
    "in a container, set the hop limit of the instance's metadata to 2"
    " (aws ec2 modify-instance-metadata-options --http-put-response-hop-limit 2)"
)
_METADATA_EXTENSION = ADVISORY_WINDOW + 5 * 60.0  # seconds


def metadata_source(context: SourceContext) -> Union[Renewal, Absent]:
    """Find the service's URL, unless AWS_EC2_METADATA_DISABLED is true."""
    environment = context.surroundings.environment
    # CRED-016
    if (first_set(environment, "AWS_EC2_METADATA_DISABLED") or "").lower() == "true":
        return Absent("AWS_EC2_METADATA_DISABLED is true")
    url = metadata_url(context)
    return lambda: _metadata_credentials(context.surroundings, url)


def metadata_url(context: SourceContext) -> str:
    """Return the service's URL without a final slash (CRED-016).

    A configured endpoint outweighs the configured mode, `IPv4` or `IPv6`.
    """
    settings = context.settings
    custom = settings.find("ec2_metadata_service_endpoint", "AWS_EC2_METADATA_SERVICE_ENDPOINT")
    if custom is not None:
        try:
            parse_endpoint_url(custom.value)
        except ConfigurationError as error:
            raise ConfigurationError(
                f"the metadata endpoint in {custom.origin} is unusable",
                expected=error.expected,
                actual=error.actual,
                rule=_METADATA_RULE,
            ) from None
        return custom.value.rstrip("/")
    mode = settings.find(
        "ec2_metadata_service_endpoint_mode", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"
    )
    if mode is None:
        return _METADATA_IPV4
    endpoint = _METADATA_ENDPOINTS.get(mode.value.lower())
    if endpoint is None:
        raise ConfigurationError(
            f"invalid endpoint mode in {mode.origin}",
            expected="IPv4 or IPv6",
            actual=mode.value,
            rule=_METADATA_RULE,
        )
    return endpoint


def _metadata_credentials(surroundings: Surroundings, url: str) -> Credentials:
    token = _metadata_token(surroundings, url)
    headers = (("x-aws-ec2-metadata-token", token),)
    role = _metadata_role(_fetch_metadata(surroundings, "GET", url + _METADATA_ROLES_PATH, headers))
    reply = _fetch_metadata(surroundings, "GET", url + _METADATA_ROLES_PATH + role, headers)
    if reply.status != 200:
        _refuse_metadata(reply, f"the keys of the role {role}")
    document = json_object_of(reply.body, _METADATA_REPLY, _METADATA_RULE)
    # CRED-016: an empty code counts as absent, as every other member does.
    code = text_member(document, "Code", _METADATA_REPLY, _METADATA_RULE)
    if code not in (None, "Success"):
        raise ConfigurationError(
            f"{_METADATA_REPLY} reports a problem", actual=code, rule=_METADATA_RULE
        )
    credentials = credentials_of(
        document, KeyNames(), _METADATA_REPLY, _METADATA_RULE, needs_token=True
    )
    return _extended_credentials(credentials, surroundings.clock())


def _metadata_token(surroundings: Surroundings, url: str) -> str:
    headers = (
        ("x-aws-ec2-metadata-token-ttl-seconds", _METADATA_TOKEN_SECONDS),
        ("Content-Length", "0"),
    )
    try:
        reply = _fetch_metadata(surroundings, "PUT", url + _METADATA_TOKEN_PATH, headers)
    except NetworkError as error:
        # The service was reached, but its reply was not: each router on the way counts as a hop.
        if error.kind == "timeout" and error.sent:
            raise NetworkError(
                f"{error.message}; {_HOP_LIMIT_HINT}",
                kind="timeout",
                sent=True,
                rule=_METADATA_RULE,
            ) from error
        raise
    if reply.status != 200:
        _refuse_metadata(reply, "a session token")
    token = reply.body.decode("latin-1").strip(TOKEN_SPACES)
    if not token or not all("!" <= character <= "~" for character in token):
        raise ConfigurationError(
            f"{_METADATA_REPLY} is not a session token",
            expected="one line of ASCII",
            rule=_METADATA_RULE,
        )
    return token


def _metadata_role(reply: FetchReply) -> str:
    if reply.status == 404:
        raise ConfigurationError("the instance has no role", actual="HTTP 404", rule=_METADATA_RULE)
    if reply.status != 200:
        _refuse_metadata(reply, "the name of the instance's role")
    # CRED-016
    name = reply.body.decode("latin-1").partition("\n")[0].strip(TOKEN_SPACES)
    # IAM's own rule for names. Anything else is an HTML page or another service.
    if not _ROLE_NAME.match(name):
        raise ConfigurationError(
            f"{_METADATA_REPLY} is not the name of a role",
            expected="one line of ASCII",
            rule=_METADATA_RULE,
        )
    return name


def _fetch_metadata(
    surroundings: Surroundings, method: str, url: str, headers: Tuple[Tuple[str, str], ...]
) -> FetchReply:
    endpoint = parse_endpoint_url(url)
    host = ("Host", authority(endpoint.scheme, endpoint.host, endpoint.port))
    request = FetchRequest(method, url, (host, *headers), read_timeout=_METADATA_READ_TIMEOUT)
    return fetch_local(surroundings, request)


def _refuse_metadata(reply: FetchReply, asked: str) -> NoReturn:
    if 300 <= reply.status < 400:
        expected = "no redirect: is this the metadata service?"
    elif reply.status in (403, 404, 405):
        expected = "version 2 of the metadata service, enabled for this instance"
    else:
        expected = "HTTP 200"
    raise ConfigurationError(
        f"the instance metadata service did not return {asked}",
        expected=expected,
        actual=f"HTTP {reply.status}",
        status=reply.status,
        rule=_METADATA_RULE,
    )


def _extended_credentials(credentials: Credentials, now: float) -> Credentials:
    """Return credentials that are not renewed at once although they are close to their end."""
    expires: Optional[float] = credentials.expires
    if expires is None or expires - now >= ADVISORY_WINDOW:
        return credentials
    return Credentials(
        credentials.access_key,
        credentials.secret_key,
        credentials.session_token,
        now + _METADATA_EXTENSION,
    )
