# SPDX-License-Identifier: MIT
"""Which usual mistake explains a signature that does not match.

The endpoint knows the secret key. So it can compute the signature again with each mistake that
clients make, and name the one that gives the client's signature. `diagnosis_of` changes one part of
the request or of the key at a time and signs with the functions of refimpl.sigv4. It returns None
if no single mistake explains the signature.
"""

import hmac
import re
from datetime import datetime, timedelta
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from conformance.endpoint.request import Request
from refimpl.errors import Error
from refimpl.sigv4 import (
    ALGORITHM,
    DATE_HEADER,
    TOKEN_HEADER,
    calculate_signature,
    canonical_query_string,
    canonical_request,
    canonical_uri,
    collect_headers,
    derive_signing_keys,
    payload_hash,
    string_to_sign,
)

_CLAIM = re.compile(
    rf"{ALGORITHM} +Credential=[^/,\s]+/([^,\s]+), *SignedHeaders=([^,\s]+), *"
    r"Signature=([0-9a-fA-F]+)"
)
_OTHER_REGIONS = ("us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-northeast-1")
_OTHER_SERVICES = (
    "sagemaker-runtime",
    "runtime.sagemaker",
    "sagemaker",
    "execute-api",
    "bedrock",
    "s3",
    "sts",
)

_USUAL_PORTS = (":80", ":443", ":8443", ":8080", ":9000", ":9443")


class Diagnosis(NamedTuple):
    """A mistake that explains a signature.

    mistake: a clause, with the rule in parentheses
    canonical_request: the one that the client has signed
    """

    mistake: str
    canonical_request: str


class _Signing(NamedTuple):
    """Everything that goes into a signature."""

    method: str
    uri: str
    query: str
    headers: Dict[str, str]
    hashed_payload: str
    amz_date: str
    scope: str
    secret_key: str
    # Of the key, which the scope should repeat.
    date: str
    region: str
    service: str

    def canonical_request(self) -> str:
        return canonical_request(
            self.method, self.uri, self.query, self.headers, self.hashed_payload
        )

    def signature(self) -> str:
        text = self.canonical_request()
        keys = derive_signing_keys(self.secret_key, self.date, self.region, self.service)
        return calculate_signature(keys.k_signing, string_to_sign(self.amz_date, self.scope, text))


def diagnosis_of(request: Request, secret_key: str) -> Optional[Diagnosis]:
    """Return the mistake that explains the signature of a request, or None.

    request: one that is signed in its headers, and whose signature does not match
    """
    try:
        headers = collect_headers(request.headers)
        claim = _CLAIM.match(headers.get("authorization", ""))
        if claim is None:
            return None
        scope, names, signature = claim.groups()
        right = _right_signing(request, headers, scope, names.split(";"), secret_key)
    except (Error, ValueError, KeyError):
        return None
    for mistake, signing in _mistakes(request, headers, right):
        try:
            found = signing.signature()
        except Error:
            continue
        if hmac.compare_digest(found, signature):
            return Diagnosis(mistake, signing.canonical_request())
    # The digits of the right signature in upper case.
    if hmac.compare_digest(right.signature(), signature.lower()):
        mistake = "the signature itself is in upper-case digits (SIG-023)"
        return Diagnosis(mistake, right.canonical_request())
    return None


def _right_signing(
    request: Request, headers: Dict[str, str], scope: str, names: List[str], secret_key: str
) -> _Signing:
    path, _, query = request.target.partition("?")
    date, region, service = scope.split("/")[:3]
    return _Signing(
        request.method,
        canonical_uri(path),
        canonical_query_string(query),
        {name: headers[name] for name in names},
        payload_hash(request.body),
        headers[DATE_HEADER],
        scope,
        secret_key,
        date,
        region,
        service,
    )


_Guesses = Iterator[Tuple[str, _Signing]]


def _mistakes(request: Request, headers: Dict[str, str], right: _Signing) -> _Guesses:
    yield from _body_mistakes(request, right)
    yield from _key_mistakes(right)
    yield from _target_mistakes(request, right)
    yield from _header_mistakes(request, headers, right)
    yield from _scope_mistakes(right)


def _body_mistakes(request: Request, right: _Signing) -> _Guesses:
    for mistake, hashed in (
        ("the body was hashed as empty", payload_hash(b"")),
        ("the digest of the body is in upper-case digits", right.hashed_payload.upper()),
        ("the body was signed as UNSIGNED-PAYLOAD", "UNSIGNED-PAYLOAD"),
        ("the body was signed without its last line end", payload_hash(request.body.rstrip())),
        ("the body was signed with a line end more", payload_hash(request.body + b"\n")),
    ):
        yield f"{mistake} (SIG-019)", right._replace(hashed_payload=hashed)


def _key_mistakes(right: _Signing) -> _Guesses:
    for mistake, secret_key in (
        ("a line feed", right.secret_key + "\n"),
        ("a CR", right.secret_key + "\r"),
        ("a CR LF", right.secret_key + "\r\n"),
        ("a space", right.secret_key + " "),
    ):
        yield (
            f"the secret key was used with {mistake} at its end (SIG-029)",
            right._replace(secret_key=secret_key),
        )


def _target_mistakes(request: Request, right: _Signing) -> _Guesses:
    path, _, query = request.target.partition("?")
    for mistake, uri in (
        ("the path is encoded only once (SIG-004)", canonical_uri(path, double_encode=False)),
        ("the path is not normalised (SIG-003)", canonical_uri(path, normalize=False)),
        (
            "the path is neither normalised nor encoded again (SIG-003, SIG-004)",
            canonical_uri(path, normalize=False, double_encode=False),
        ),
        ("the path is signed as it is sent (SIG-004)", path),
    ):
        yield mistake, right._replace(uri=uri)
    end = path.find("/endpoints/")
    if end > 0:
        mistake = "the base path is missing from the signed path (SIG-003)"
        yield mistake, right._replace(uri=canonical_uri(path[end:]))
    for base in ("/prod", "/dev", "/default", "/v1"):
        yield (
            f"the path was signed with {base} before it, which a proxy may have removed (SIG-003)",
            right._replace(uri=base + right.uri),
        )
    if query:
        plus = canonical_query_string(query.replace("+", "%20"))
        yield "+ in the query was signed as a space (SIG-008)", right._replace(query=plus)
        yield "the query was signed as it is sent (SIG-008)", right._replace(query=query)
        yield "the query was not signed (SIG-008)", right._replace(query="")


def _header_mistakes(request: Request, headers: Dict[str, str], right: _Signing) -> _Guesses:
    host = headers.get("host", "")
    bare = re.sub(r":[0-9]+\Z", "", host)
    hosts = [(bare, "without its port")] if bare != host else []
    if bare == host:
        hosts += [(host + port, f"with the port {port[1:]}") for port in _USUAL_PORTS]
    for value, how in hosts:
        yield (
            f"the host was signed {how} (SIG-014)",
            right._replace(headers={**right.headers, "host": value}),
        )
    raw = {name.lower(): value for name, value in request.headers}
    kept = {name: raw.get(name, value) for name, value in right.headers.items()}
    yield "spaces in header values were kept (SIG-012)", right._replace(headers=kept)
    if TOKEN_HEADER in headers:
        unsigned = {name: right.headers[name] for name in right.headers if name != TOKEN_HEADER}
        yield "the session token was not signed (SIG-017)", right._replace(headers=unsigned)
        signed = {**right.headers, TOKEN_HEADER: headers[TOKEN_HEADER]}
        mistake = "the session token was signed, but SignedHeaders does not list it (SIG-017)"
        yield mistake, right._replace(headers=signed)
    for name in right.headers:
        yield (
            f"{name} was signed without its value (SIG-011)",
            right._replace(headers={**right.headers, name: ""}),
        )


def _scope_mistakes(right: _Signing) -> _Guesses:
    """The key, or the key and the scope that was signed, are of another day, region or service."""
    changes: List[Tuple[str, Dict[str, Any]]] = []
    for days in (-1, 1):
        try:
            moment = datetime.strptime(right.date, "%Y%m%d") + timedelta(days=days)
        except (ValueError, OverflowError):
            continue
        date = moment.strftime("%Y%m%d")
        changes.append((f"of another day, {date}", {"date": date}))
    changes += [
        (f"for the region {one}", {"region": one}) for one in _OTHER_REGIONS if one != right.region
    ]
    changes += [
        (f"for the service {one}", {"service": one})
        for one in _OTHER_SERVICES
        if one != right.service
    ]
    for what, change in changes:
        other = right._replace(**change)
        yield f"the key is {what}, but the scope is not (SIG-022)", other
        scope = "/".join((other.date, other.region, other.service, right.scope.split("/")[-1]))
        mistake = f"the signature is {what}, but Credential is not (SIG-020)"
        yield mistake, other._replace(scope=scope)
