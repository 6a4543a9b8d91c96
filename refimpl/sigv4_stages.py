# SPDX-License-Identifier: MIT
"""The stages of Signature Version 4, one function each (sigv4.py).

They check the types of their arguments. Steps that a signature of a plain request needs as well are
in sigv4_steps.py.

It rejects a target that is not in origin form (SIG-003) and characters that would end its line
(SIG-028).
"""

import re
from typing import Dict, Iterable, List, Tuple

from .errors import UsageError, require_type, wrong_type
from .sigv4_steps import (
    FORBIDDEN,
    PLAIN_PATH,
    authorization_of,
    canonical_value,
    connection_options,
    header_lines,
    header_names,
    is_signed,
    joined_request,
    lower_name,
    pairs_of,
    require_host,
    signature_of,
    text_to_sign,
)
from .sigv4_values import HeaderPairs, octets_of

_ESCAPE = rb"%([0-9A-Fa-f]{2})"
# SIG-006
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


# ---- path and query ------------------------------------------------------------------------------

_ENCODED = {byte: (chr(byte) if byte in _UNRESERVED else f"%{byte:02X}") for byte in range(256)}
_ENCODED_PATH = dict(_ENCODED)
_ENCODED_PATH[ord("/")] = "/"


def uri_encode(data: bytes) -> str:
    """Return data with each byte that is not unreserved as %XX, in upper case (SIG-006)."""
    require_type(data, bytes, "data", "SIG-006")
    return "".join([_ENCODED[byte] for byte in data])


def split_target(target: str) -> Tuple[str, str]:
    """Return the path and the query of a request target, as they are sent.

    Raises UsageError if it is not in origin form (SIG-003), or contains CR, LF or NUL, which would
    begin another request line (SIG-028).
    """
    require_type(target, str, "target")
    # SIG-028
    if re.search(FORBIDDEN, target):
        raise UsageError(
            "target contains CR, LF or NUL",
            expected="these as %0D, %0A, %00",
            actual=target,
            rule="SIG-028",
        )
    path, _, query = target.partition("?")
    # SIG-003
    if path and not path.startswith("/"):
        raise UsageError(
            "target is not in origin form",
            expected="a path that starts with /",
            actual=path,
            rule="SIG-003",
        )
    # SIG-007
    return path or "/", query


def normalize_path(path: str) -> str:
    """Return path without empty and `.` segments, and with `..` resolved (SIG-003).

    A final slash is kept.
    """
    require_type(path, str, "path")
    kept: List[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    return "/" + "/".join(kept) + ("/" if kept and path.endswith("/") else "")


def canonical_uri(path: str, normalize: bool = True, double_encode: bool = True) -> str:
    """Return the canonical URI of a path as it is sent.

    normalize: whether to remove dot segments and repeated slashes (SIG-003)
    double_encode: whether to encode every `%` (SIG-004) or to keep each %XX unchanged (SIG-005)
    """
    require_type(path, str, "path")
    require_type(normalize, bool, "normalize")
    require_type(double_encode, bool, "double_encode")
    if PLAIN_PATH.match(path):
        return path
    octets = octets_of(normalize_path(path) if normalize else path or "/", "path")
    if double_encode:
        return _encode_path(octets)
    encoded = []
    # The pieces alternate: text, the digits of an escape, text, digits, … text.
    for index, piece in enumerate(re.split(_ESCAPE, octets)):
        if index % 2:
            encoded.append("%" + piece.decode("ascii"))
        else:
            encoded.append(_encode_path(piece))
    return "".join(encoded)


def _encode_path(octets: bytes) -> str:
    return "".join([_ENCODED_PATH[byte] for byte in octets])


def decode_query(query: str) -> List[Tuple[bytes, bytes]]:
    """Return a query as (name, value) pairs of octets, in order (SIG-008, SIG-010).

    `+` is a plus sign.
    """
    require_type(query, str, "query")
    pairs = []
    for piece in octets_of(query, "query").split(b"&"):
        # SIG-010
        if piece:
            name, _, value = piece.partition(b"=")
            pairs.append((_unescape(name), _unescape(value)))
    return pairs


def _unescape(data: bytes) -> bytes:
    if b"%" not in data:
        return data
    return re.sub(_ESCAPE, lambda match: bytes((int(match.group(1), 16),)), data)


def join_query(pairs: Iterable[Tuple[bytes, bytes]]) -> str:
    """Return the canonical form of pairs of octets (SIG-009)."""
    # SIG-009
    encoded = sorted([(uri_encode(name), uri_encode(value)) for name, value in pairs])
    return "&".join([f"{name}={value}" for name, value in encoded])


def canonical_query_string(query: str) -> str:
    """Return the canonical form of a query (SIG-008, SIG-009).

    Its pairs are decoded, encoded again, and sorted by name, then by value.
    """
    require_type(query, str, "query")
    if not query:
        return ""
    return join_query(decode_query(query))


# ---- headers -------------------------------------------------------------------------------------


def canonical_name(name: str) -> str:
    """Return a header name in lower case (SIG-011). Raises UsageError if invalid (SIG-025)."""
    require_type(name, str, "header name", "SIG-025")
    return lower_name(name)


def collect_headers(headers: HeaderPairs) -> Dict[str, str]:
    """Return the canonical values of all headers by lower-case name (SIG-011 to SIG-013).

    Values of equal names are joined with a comma.
    Raises UsageError for an invalid name (SIG-025), and as canonical_value().
    """
    collected: Dict[str, str] = {}
    for name, value in pairs_of(headers):
        lower, clean = lower_name(name), canonical_value(value)
        # SIG-013
        if lower in collected:
            clean = collected[lower] + "," + clean
        collected[lower] = clean
    return collected


def _check_collected(headers: Dict[str, str]) -> None:
    require_type(headers, dict, "headers", "SIG-011")
    for name, value in headers.items():
        require_type(name, str, "header name", "SIG-011")
        require_type(value, str, "header value", "SIG-011")


def select_signed(collected: Dict[str, str]) -> Dict[str, str]:
    """Return the headers that are signed (SIG-015).

    collected: as from collect_headers()
    Raises UsageError if there is no Host (SIG-014).
    """
    _check_collected(collected)
    require_host(collected.get("host", ""))
    dropped = connection_options(collected.get("connection", ""))
    return {
        name: value for name, value in collected.items() if is_signed(name) and name not in dropped
    }


def canonical_headers(headers: Dict[str, str]) -> str:
    """Return the canonical headers: one line each, sorted by name (SIG-011).

    headers: as from collect_headers()
    """
    _check_collected(headers)
    return header_lines(headers)


def signed_headers(headers: Iterable[str]) -> str:
    """Return the sorted lower-case names of the signed headers, joined with `;` (SIG-011)."""
    try:
        names = list(headers)
    except (TypeError, ValueError):
        raise wrong_type(headers, "header names", "headers", "SIG-011") from None
    for name in names:
        require_type(name, str, "header name", "SIG-011")
    return header_names(names)


# ---- the canonical request and what follows ------------------------------------------------------


def canonical_request(
    method: str, uri: str, query_string: str, headers: Dict[str, str], hashed_payload: str
) -> str:
    """Return the canonical request: six parts, joined with LF (SIG-001).

    headers: the signed ones, as from collect_headers()
    """
    require_type(method, str, "method", "SIG-002")
    require_type(uri, str, "uri", "SIG-001")
    require_type(query_string, str, "query_string", "SIG-001")
    require_type(hashed_payload, str, "hashed_payload", "SIG-001")
    _check_collected(headers)
    lines, names = header_lines(headers), header_names(headers)
    return joined_request(method, uri, query_string, lines, names, hashed_payload)


def string_to_sign(amz_date: str, scope: str, request: str) -> str:
    """Return the string to sign (SIG-021).

    request: the canonical request, whose characters are octets (SIG-026)
    """
    require_type(amz_date, str, "amz_date", "SIG-021")
    require_type(scope, str, "scope", "SIG-021")
    require_type(request, str, "request", "SIG-021")
    return text_to_sign(amz_date, scope, request)


def calculate_signature(k_signing: bytes, text: str) -> str:
    """Return the signature of a string to sign, in lower-case hexadecimal digits (SIG-023).

    Raises ConfigurationError if this Python cannot compute it.
    """
    require_type(k_signing, bytes, "k_signing", "SIG-023")
    require_type(text, str, "text", "SIG-023")
    return signature_of(k_signing, text)


def authorization_header(access_key: str, scope: str, names: str, signature: str) -> str:
    """Return the value of Authorization (SIG-024). names: as from signed_headers()."""
    require_type(access_key, str, "access_key", "SIG-024")
    require_type(scope, str, "scope", "SIG-024")
    require_type(names, str, "names", "SIG-024")
    require_type(signature, str, "signature", "SIG-024")
    return authorization_of(access_key, scope, names, signature)
