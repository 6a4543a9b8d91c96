# SPDX-License-Identifier: MIT
"""`verify`: the check of a signature, for servers (SIG-040 to SIG-047).

It rejects a request whose signature is missing, stated twice, for another key, time or scope, or
wrong.
"""

import hmac
import re
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from .errors import SignatureError, UsageError, require_type, wrong_type
from .sigv4_credentials import Credentials
from .sigv4_presigning import MAX_EXPIRES, SIGNATURE_PARAMETER, TOKEN_PARAMETER
from .sigv4_stages import (
    calculate_signature,
    canonical_request,
    canonical_uri,
    collect_headers,
    decode_query,
    join_query,
    split_target,
    string_to_sign,
)
from .sigv4_steps import (
    check_hosts,
    check_method,
    checked_scope,
    credential_scope,
    must_be_signed,
    pairs_of,
    payload_hash,
)
from .sigv4_values import (
    ALGORITHM,
    CONTENT_HASH_HEADER,
    DATE_HEADER,
    TOKEN_HEADER,
    HeaderPairs,
    amz_date_of,
    derive_signing_keys,
    seconds_of,
)

# SIG-042, in seconds.
MAX_SKEW = 300


class _Claim(NamedTuple):
    """What a request states about its own signature, in a header or in the query."""

    credential: str
    names: List[str]
    signature: str
    amz_date: str
    expires: Optional[int]
    token: Optional[str]
    # The canonical query strings that may have been signed.
    queries: List[str]
    # The name of a part that is stated twice, so that servers may disagree about it.
    stated_twice: Optional[str] = None


def verify(
    method: str,
    target: str,
    headers: HeaderPairs,
    body: bytes,
    credentials: Credentials,
    region: str,
    service: str,
    amz_date: str,
    normalize: bool = True,
    double_encode: bool = True,
    max_skew: int = MAX_SKEW,
    may_be_unsigned: Sequence[str] = (),
) -> None:
    """Check the signature of a request, in its headers or its query. This is for servers.

    An attacker who reads a valid request can send it again while its time is accepted: max_skew
    seconds, or the lifetime of a presigned request. This function keeps no state and accepts it
    each time. A server to which repetition matters must remember signatures that long.

    method, target, headers, body: the request as received
    credentials: those of the access key that the request names
    amz_date: the server's time
    max_skew: by how many seconds the request's time may differ
    may_be_unsigned: the lower-case names of x-amz-* headers that need not be signed, for example
        x-amz-content-sha256, whose value is compared with the body anyway (SIG-045)
    Raises SignatureError `signature` or `expired` (SIG-040 to SIG-047), with the server's canonical
    request and string to sign. Raises UsageError if one of the other arguments is wrong, and
    ConfigurationError if this Python cannot compute a signature.
    """
    checked_scope(credentials, region, service, amz_date)
    require_type(normalize, bool, "normalize")
    require_type(double_encode, bool, "double_encode")
    _check_max_skew(max_skew)
    _check_may_be_unsigned(may_be_unsigned)
    try:
        check_method(method)
        path, query = split_target(target)
        uri = canonical_uri(path, normalize, double_encode)
        pairs = pairs_of(headers)
        collected = collect_headers(pairs)
        check_hosts(pairs)
        # SIG-040
        if sum(name.lower() == "authorization" for name, _ in pairs) > 1:
            raise SignatureError(
                "more than one Authorization header", expected="one", rule="SIG-040"
            )
        claim = _claim_of(collected, decode_query(query))
        _check_claim(claim, collected, credentials, region, service, may_be_unsigned)
        _check_time(claim, amz_date, max_skew)
        hashed_payload = payload_hash(body)
    except UsageError as error:
        raise SignatureError(
            error.message or "", expected=error.expected, actual=error.actual, rule=error.rule
        ) from None
    # SIG-047
    if collected.get(CONTENT_HASH_HEADER, hashed_payload) != hashed_payload:
        raise SignatureError(
            "x-amz-content-sha256 is not the hash of the body",
            expected=hashed_payload,
            actual=collected[CONTENT_HASH_HEADER],
            rule="SIG-047",
        )
    to_sign = {name: collected[name] for name in claim.names}
    requests = [
        canonical_request(method, uri, query_string, to_sign, hashed_payload)
        for query_string in claim.queries
    ]
    _check_signature(claim, requests, credentials.secret_key, region, service)


def _check_signature(
    claim: _Claim, requests: List[str], secret_key: str, region: str, service: str
) -> None:
    """Check the signature against canonical requests, of which one must match."""
    key = derive_signing_keys(secret_key, claim.amz_date[:8], region, service).k_signing
    scope = credential_scope(claim.amz_date, region, service)
    texts = [string_to_sign(claim.amz_date, scope, request) for request in requests]
    # SIG-041
    matches = [_same(calculate_signature(key, text), claim.signature) for text in texts]
    if not any(matches):
        raise SignatureError(
            "the signature does not match",
            rule="SIG-041",
            canonical_request=requests[0],
            string_to_sign=texts[0],
        )


def _check_may_be_unsigned(names: Sequence[str]) -> None:
    # SIG-045
    if not isinstance(names, (tuple, list)):
        raise wrong_type(names, "a tuple of header names", "may_be_unsigned", "SIG-045")
    for name in names:
        require_type(name, str, "may_be_unsigned", "SIG-045")
        if not name.startswith("x-amz-") or name == DATE_HEADER:
            raise UsageError(
                "only x-amz-* headers other than x-amz-date may be unsigned",
                expected="lower-case names",
                actual=name,
                rule="SIG-045",
            )


def _check_max_skew(max_skew: int) -> None:
    require_type(max_skew, int, "max_skew", "SIG-042")
    # SIG-042
    if not 0 <= max_skew <= MAX_EXPIRES:
        raise UsageError(
            "max_skew out of range",
            expected=f"0 to {MAX_EXPIRES} seconds",
            actual=max_skew,
            rule="SIG-042",
        )


def _same(expected: str, actual: str) -> bool:
    # SIG-041: the time must not depend on where the texts differ.
    return hmac.compare_digest(expected.encode("utf-8"), actual.encode("utf-8"))


def _claim_of(collected: Dict[str, str], pairs: List[Tuple[bytes, bytes]]) -> _Claim:
    """Return what the request states about its signature (SIG-040)."""
    parameters = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in pairs
        if name.startswith(b"X-Amz-")
    ]
    in_query = any(name == SIGNATURE_PARAMETER for name, _ in parameters)
    authorization = collected.get("authorization")
    # SIG-040
    if authorization is not None and in_query:
        raise SignatureError(
            "signed both in a header and in the query", expected="one of them", rule="SIG-040"
        )
    if authorization is not None:
        return _claim_in_header(authorization, collected, pairs)
    if in_query:
        claim = _claim_in_query(parameters, pairs)
        return claim._replace(stated_twice=_stated_twice(parameters, collected))
    raise SignatureError(
        "the request is not signed",
        expected="Authorization, or X-Amz-Signature in the query",
        rule="SIG-040",
    )


def _stated_twice(parameters: List[Tuple[str, str]], collected: Dict[str, str]) -> Optional[str]:
    """Return a part of a claim in the query that is stated twice, also in a header, or None."""
    stated = [name for name, _ in parameters]
    # The request needs no parameter of the same name: the claim is in the query alone.
    for header, parameter in ((DATE_HEADER, "X-Amz-Date"), (TOKEN_HEADER, TOKEN_PARAMETER)):
        if header in collected:
            return parameter
    return next((name for name in stated if stated.count(name) > 1), None)


def _claim_in_header(
    authorization: str, collected: Dict[str, str], pairs: List[Tuple[bytes, bytes]]
) -> _Claim:
    algorithm, _, rest = authorization.partition(" ")
    pieces = [piece.strip(" ").partition("=") for piece in rest.split(",")]
    parts = _claimed_parts([(name, value) for name, _, value in pieces])
    _check_algorithm(algorithm)
    date, token = collected.get(DATE_HEADER, ""), collected.get(TOKEN_HEADER)
    queries = [join_query(pairs)]
    return _Claim(parts[0], parts[1].split(";"), parts[2], date, None, token, queries)


def _claim_in_query(parameters: List[Tuple[str, str]], pairs: List[Tuple[bytes, bytes]]) -> _Claim:
    texts = [(name[len("X-Amz-") :], value) for name, value in parameters]
    parts = _claimed_parts([(name, value) for name, value in texts if name in _CLAIM_PARTS])
    values = dict(parameters)
    expires = _expires_of(values.get("X-Amz-Expires", ""))
    _check_algorithm(values.get("X-Amz-Algorithm", ""))
    date, token = values.get("X-Amz-Date", ""), values.get(TOKEN_PARAMETER)
    # SIG-032
    signed = [pair for pair in pairs if pair[0] != SIGNATURE_PARAMETER.encode()]
    queries = [join_query(signed)]
    # SIG-018: the token may be unsigned.
    if token is not None:
        without_token = [pair for pair in signed if pair[0] != TOKEN_PARAMETER.encode()]
        queries.append(join_query(without_token))
    return _Claim(parts[0], parts[1].split(";"), parts[2], date, expires, token, queries)


def _check_algorithm(algorithm: str) -> None:
    # SIG-040
    if algorithm != ALGORITHM:
        raise SignatureError(
            "unsupported algorithm", expected=ALGORITHM, actual=algorithm, rule="SIG-040"
        )


_CLAIM_PARTS = ("Credential", "SignedHeaders", "Signature")


def _claimed_parts(found: List[Tuple[str, str]]) -> List[str]:
    names = [name for name, _ in found]
    # SIG-040
    if sorted(names) != sorted(_CLAIM_PARTS):
        raise SignatureError(
            "missing or repeated parts of the signature",
            expected=", ".join(_CLAIM_PARTS),
            actual=", ".join(names),
            rule="SIG-040",
        )
    return [dict(found)[name] for name in _CLAIM_PARTS]


def _expires_of(text: str) -> int:
    # SIG-031
    if re.match(r"[1-9][0-9]{0,5}\Z", text) and 1 <= int(text) <= MAX_EXPIRES:
        return int(text)
    raise SignatureError(
        "X-Amz-Expires out of range",
        expected=f"1 to {MAX_EXPIRES} seconds, without a leading zero",
        actual=text,
        rule="SIG-031",
    )


def _check_claim(
    claim: _Claim,
    collected: Dict[str, str],
    credentials: Credentials,
    region: str,
    service: str,
    may_be_unsigned: Sequence[str],
) -> None:
    # SIG-040
    seconds_of(claim.amz_date)
    scope = credential_scope(claim.amz_date, region, service)
    access_key, _, claimed_scope = claim.credential.partition("/")
    # SIG-044
    if claimed_scope != scope:
        raise SignatureError(
            "credential scope differs", expected=scope, actual=claimed_scope, rule="SIG-044"
        )
    if not _same(credentials.access_key, access_key):
        raise SignatureError("the access key does not match", rule="SIG-044")
    # SIG-046
    if not _same(credentials.session_token or "", claim.token or ""):
        raise SignatureError("the session token is missing or does not match", rule="SIG-046")
    _check_signed_names(claim.names, collected, may_be_unsigned)
    # SIG-040
    if claim.stated_twice is not None:
        raise SignatureError(
            "a part of the claim is stated twice",
            expected="each X-Amz-* parameter once, and not in a header as well",
            actual=claim.stated_twice,
            rule="SIG-040",
        )
    # SIG-014
    if not collected.get("host"):
        raise SignatureError("there is no Host header", rule="SIG-014")


def _check_signed_names(
    names: List[str], collected: Dict[str, str], may_be_unsigned: Sequence[str]
) -> None:
    # SIG-045
    if names != sorted(set(names)) or not all(
        name in collected and name == name.lower() for name in names
    ):
        raise SignatureError(
            "SignedHeaders is unsorted or lists a missing header",
            expected="lower-case, sorted, present",
            actual=";".join(names),
            rule="SIG-045",
        )
    for name in collected:
        if must_be_signed(name) and name not in names and name not in may_be_unsigned:
            raise SignatureError(
                "a header that must be signed is unsigned",
                expected="host and x-amz-* signed",
                actual=name,
                rule="SIG-045",
            )


def _check_time(claim: _Claim, amz_date: str, max_skew: int) -> None:
    # The messages are AWS's own.
    now, then = seconds_of(amz_date), seconds_of(claim.amz_date)
    minutes = f"{max_skew / 60:g} min."
    # SIG-042
    if then - now > max_skew:
        latest = amz_date_of(now + max_skew)
        raise _expired(
            f"Signature not yet current: {claim.amz_date} is still later than {latest} "
            f"({amz_date} + {minutes})",
            "SIG-042",
        )
    if claim.expires is None:
        if now - then > max_skew:
            earliest = amz_date_of(now - max_skew)
            raise _expired(
                f"Signature expired: {claim.amz_date} is now earlier than {earliest} "
                f"({amz_date} - {minutes})",
                "SIG-042",
            )
    # SIG-043
    elif now - then > claim.expires:
        end = amz_date_of(then + claim.expires)
        raise _expired(f"Signature expired: {amz_date} is now later than {end}", "SIG-043")


def _expired(message: str, rule: str) -> SignatureError:
    return SignatureError(message, kind="expired", rule=rule)
