# SPDX-License-Identifier: MIT
"""The steps of the stages of Signature Version 4 (sigv4.py) that each signature needs.

Most expect arguments of the right type. A public stage (sigv4_stages.py) checks the types and runs
its step. Signer checks its own arguments once.

It rejects header names and values that cannot be sent (SIG-025, SIG-026), and invalid parts of a
credential scope (SIG-020).
"""

import re
from functools import lru_cache
from typing import Dict, FrozenSet, Iterable, List, Tuple

from .errors import UsageError, ascii_lower, plain_bytes, require_type, wrong_type
from .sigv4_credentials import Credentials
from .sigv4_values import (
    ALGORITHM,
    SCOPE_SUFFIX,
    TOKEN_HEADER,
    HeaderPairs,
    hmac_sha256,
    seconds_of,
    sha256_of,
)

# SIG-015: a header that a hop may add, drop or rewrite is never signed. The hop-by-hop and tracing
# names are those of botocore 1.44.5. Proxies rewrite accept-encoding and x-forwarded-*.
NEVER_SIGNED = frozenset(
    (
        "accept-encoding",
        "authorization",
        "baggage",
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "traceparent",
        "tracestate",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "x-amzn-trace-id",
    )
)
_NEVER_SIGNED_PREFIX = "x-forwarded-"
TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
# A path, and header values joined with LF, whose canonical form is identical.
PLAIN_PATH = re.compile(r"(?:/[A-Za-z0-9\-_~][A-Za-z0-9\-._~]*)+/?\Z")
# An obs-fold: a line break before the white space that continues the line.
_FOLD = r"(?:\r?\n)(?=[ \t])"
_BLANKS = r"[ \t]+"
# Compiled on first use, as are the two before it.
FORBIDDEN = r"[\r\n\0]"
# Printable ASCII without space, slash and comma.
_SCOPE_PART = re.compile(r"[!-+.0-~-]+\Z")


# ---- the canonical request -----------------------------------------------------------------------


def check_method(method: str) -> None:
    """Raise UsageError unless method is a token (SIG-002)."""
    require_type(method, str, "method", "SIG-002")
    # SIG-002
    if not TOKEN.match(method):
        raise UsageError("method is not a token", actual=method, rule="SIG-002")


def canonical_value(value: str) -> str:
    """Return a header value as it is signed (SIG-012).

    It is trimmed, and each run of spaces, tabs and obs-folds is one space.
    Raises UsageError for any other CR, LF or NUL (SIG-025), and for a character above U+00FF
    (SIG-026).
    """
    require_type(value, str, "header value", "SIG-025")
    if "\n" in value:
        value = re.sub(_FOLD, "", value)
    # SIG-025
    if re.search(FORBIDDEN, value):
        raise UsageError("header value contains CR, LF or NUL", rule="SIG-025")
    # SIG-026
    if value and max(value) > "\xff":
        raise UsageError(
            "header value contains a character above U+00FF", expected="Latin-1", rule="SIG-026"
        )
    return re.sub(_BLANKS, " ", value).strip(" ")


@lru_cache(maxsize=256)
def lower_name(name: str) -> str:
    """Return a header name in lower case. Raises UsageError if invalid (SIG-025)."""
    # SIG-025
    if not TOKEN.match(name):
        raise UsageError("header name is not a token", actual=name, rule="SIG-025")
    return name.lower()


def is_signed(name: str) -> bool:
    """Return whether a header with that lower-case name is signed (SIG-015)."""
    require_type(name, str, "header name", "SIG-015")
    return name not in NEVER_SIGNED and not name.startswith(_NEVER_SIGNED_PREFIX)


def must_be_signed(name: str) -> bool:
    """Return whether a server rejects an unsigned header with that lower-case name (SIG-045)."""
    require_type(name, str, "header name", "SIG-045")
    return name == "host" or name.startswith("x-amz-") and name != TOKEN_HEADER


# The requests of a client have the same value.
@lru_cache(maxsize=16)
def connection_options(value: str) -> "FrozenSet[str]":
    """Return the header names in a Connection header, which a hop may drop (SIG-015).

    Without the headers that a server requires to be signed.
    """
    names = frozenset(ascii_lower(option.strip(" \t")) for option in value.split(","))
    return frozenset(name for name in names if name != "host" and not name.startswith("x-amz-"))


def pairs_of(headers: HeaderPairs) -> "List[Tuple[str, str]]":
    """Return headers as a list. Raises UsageError unless they are (name, value) pairs of text."""
    expected = "(name, value) pairs of text"
    pairs = []
    try:
        for name, value in headers:
            if not (isinstance(name, str) and isinstance(value, str)):
                raise wrong_type((name, value), expected, "headers", "SIG-025")
            pairs.append((name, value))
    except (TypeError, ValueError):
        raise wrong_type(headers, expected, "headers", "SIG-025") from None
    return pairs


def require_host(host: str) -> None:
    """Raise UsageError unless there is a Host (SIG-014)."""
    # SIG-014
    if not host:
        raise UsageError(
            "there is no Host header",
            expected="host, with its port unless it is the scheme's default",
            rule="SIG-014",
        )


def check_hosts(headers: "Iterable[Tuple[str, str]]") -> None:
    """Raise UsageError if one of several Host headers is empty: their joined value is not."""
    for name, value in headers:
        if ascii_lower(name) == "host":
            require_host(canonical_value(value))


def header_lines(headers: "Dict[str, str]") -> str:
    """Return the canonical headers."""
    return "".join([f"{name}:{headers[name]}\n" for name in sorted(headers)])


def header_names(names: "Iterable[str]") -> str:
    """Return the list of signed headers."""
    return ";".join(sorted(names))


def payload_hash(body: bytes) -> str:
    """Return the SHA-256 of the body in lower-case hexadecimal digits (SIG-019).

    Raises ConfigurationError if this Python cannot compute it.
    """
    if not isinstance(body, bytes):
        body = plain_bytes(body, "body", "SIG-019")
    return sha256_of(body)


def joined_request(
    method: str, uri: str, query_string: str, lines: str, names: str, hashed_payload: str
) -> str:
    """Return the canonical request of its six parts."""
    # SIG-001
    return "\n".join((method, uri, query_string, lines, names, hashed_payload))


# ---- from the canonical request to the signature -------------------------------------------------


def checked_scope(credentials: Credentials, region: str, service: str, amz_date: str) -> str:
    """Return the credential scope. Raises UsageError if an argument is invalid."""
    require_type(credentials, Credentials, "credentials")
    require_type(region, str, "region", "SIG-020")
    require_type(service, str, "service", "SIG-020")
    require_type(amz_date, str, "amz_date", "SIG-016")
    return _scope_of(region, service, amz_date)


# Consecutive requests mostly have the same values.
@lru_cache(maxsize=64)
def _scope_of(region: str, service: str, amz_date: str) -> str:
    for what, value in (("region", region), ("service", service)):
        # SIG-020
        if not _SCOPE_PART.match(value):
            raise UsageError(
                f"invalid {what} in a credential scope",
                expected="printable ASCII without space, slash and comma",
                actual=value,
                rule="SIG-020",
            )
    # SIG-016
    seconds_of(amz_date)
    return credential_scope(amz_date, region, service)


def credential_scope(amz_date: str, region: str, service: str) -> str:
    """Return `date/region/service/aws4_request` (SIG-020)."""
    require_type(amz_date, str, "amz_date", "SIG-020")
    require_type(region, str, "region", "SIG-020")
    require_type(service, str, "service", "SIG-020")
    return "/".join((amz_date[:8], region, service, SCOPE_SUFFIX))


def text_to_sign(amz_date: str, scope: str, request: str) -> str:
    """Return the string to sign."""
    # SIG-026
    try:
        octets = request.encode("latin-1")
    except UnicodeEncodeError:
        raise UsageError(
            "request contains a character above U+00FF", expected="Latin-1", rule="SIG-026"
        ) from None
    return "\n".join((ALGORITHM, amz_date, scope, sha256_of(octets)))


def signature_of(k_signing: bytes, text: str) -> str:
    """Return the signature of a string to sign."""
    # SIG-023
    return hmac_sha256(k_signing, text).hex()


def authorization_of(access_key: str, scope: str, names: str, signature: str) -> str:
    """Return the value of Authorization."""
    # SIG-024
    return (
        f"{ALGORITHM} Credential={access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
