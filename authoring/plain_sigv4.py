# SPDX-License-Identifier: MIT
"""A second implementation of Signature Version 4, to compare with refimpl.

It follows AWS's page "Create a signed AWS API request" from top to bottom, one function per step,
and imports nothing of refimpl. It is short and slow and uses other means: urllib's quoting and
posixpath's normalisation. Where the page leaves a choice, SPEC.md decides. `sign` and `presign`
take the input of an adapter request and return its output. They reject nothing. Their other
arguments select behaviour of widely used signers that SPEC.md also accepts.
"""

import base64
import hashlib
import hmac
import posixpath
import re
from typing import Any, Dict, Iterable, List, Mapping, Sequence, Tuple
from urllib.parse import quote, unquote_to_bytes

ALGORITHM = "AWS4-HMAC-SHA256"
NEVER_SIGNED = [
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
]

Pairs = List[Tuple[bytes, bytes]]


def uri_encode(octets: bytes, safe: str = "") -> str:
    return quote(octets, safe="-._~" + safe)


# ---- step 1: the canonical request -------------------------------------------------------------


def canonical_uri(path: str, normalize: bool, twice: bool, verbatim: bool = False) -> str:
    if normalize:
        final = "/" if path.endswith("/") else ""
        path = posixpath.normpath("/" + path.strip("/")).rstrip("/") + final or "/"
    if verbatim:
        return path
    if twice:
        return uri_encode((path or "/").encode("utf-8"), "/")
    return "".join(
        piece if re.fullmatch("%[0-9A-Fa-f]{2}", piece) else uri_encode(piece.encode("utf-8"), "/")
        for piece in re.split("(%[0-9A-Fa-f]{2})", path or "/")
    )


def query_pairs(query: str) -> Pairs:
    pieces = [piece.partition("=") for piece in query.split("&") if piece]
    return [(unquote_to_bytes(name), unquote_to_bytes(value)) for name, _, value in pieces]


def canonical_query_string(pairs: Iterable[Tuple[bytes, bytes]]) -> str:
    return "&".join(
        name + "=" + value
        for name, value in sorted((uri_encode(name), uri_encode(value)) for name, value in pairs)
    )


def lower_headers(headers: Sequence[Sequence[str]]) -> Dict[str, str]:
    """Return the headers sorted by lower-case name, their values trimmed and joined."""
    joined: Dict[str, List[str]] = {}
    for name, value in headers:
        joined.setdefault(name.lower(), []).append(
            re.sub("((\r?\n)?[ \t])+", " ", value).strip(" ")
        )
    return {name: ",".join(joined[name]) for name in sorted(joined)}


def to_be_signed(
    headers: Sequence[Sequence[str]], but: Sequence[str] = (), forwarded: bool = False
) -> Dict[str, str]:
    joined = lower_headers(headers)
    # RFC 9110, 7.6.1: a proxy removes the headers that Connection names.
    hop_by_hop = [
        name
        for name in re.split("[ \t]*,[ \t]*", joined.get("connection", "").lower())
        if not re.match("host$|x-amz-", name)
    ]
    return {
        name: value
        for name, value in joined.items()
        if name not in NEVER_SIGNED
        and name not in hop_by_hop
        and (forwarded or not name.startswith("x-forwarded-"))
        and name not in but
    }


def canonical_request(
    method: str, uri: str, query_string: str, headers: Mapping[str, str], body: bytes
) -> str:
    lines = [method, uri, query_string]
    lines += [name + ":" + value for name, value in headers.items()]
    return "\n".join(lines + ["", ";".join(headers), hashlib.sha256(body).hexdigest()])


# ---- steps 2 to 5: string to sign, keys, signature ---------------------------------------------


def string_to_sign(time: str, scope: str, request: str) -> str:
    request_hash = hashlib.sha256(request.encode("latin-1")).hexdigest()
    return "\n".join((ALGORITHM, time, scope, request_hash))


def hmac_sha256(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode("utf-8"), "sha256").digest()


def signing_key(secret_key: str, date: str, region: str, service: str) -> bytes:
    key = ("AWS4" + secret_key).encode("utf-8")
    for text in (date, region, service, "aws4_request"):
        key = hmac_sha256(key, text)
    return key


# ---- step 6: add the signature to the request --------------------------------------------------


def scope_of(given: Mapping[str, Any]) -> str:
    return "/".join((given["time"][:8], given["region"], given["service"], "aws4_request"))


def authorization(given: Mapping[str, Any], names: Iterable[str], signature: str) -> str:
    return (
        f"{ALGORITHM} Credential={given['access_key']}/{scope_of(given)}, "
        f"SignedHeaders={';'.join(names)}, Signature={signature}"
    )


def finish(
    given: Mapping[str, Any], query: Pairs, headers: Mapping[str, str], verbatim: bool = False
) -> Dict[str, str]:
    path = given["target"].partition("?")[0]
    uri = canonical_uri(
        path, given.get("normalize_path", True), given.get("double_encode", True), verbatim
    )
    request = canonical_request(
        given["method"],
        uri,
        canonical_query_string(query),
        headers,
        base64.b64decode(given["body"]),
    )
    text = string_to_sign(given["time"], scope_of(given), request)
    key = signing_key(given["secret_key"], given["time"][:8], given["region"], given["service"])
    return {
        "canonical_request": request,
        "string_to_sign": text,
        "signature": hmac_sha256(key, text).hex(),
    }


def with_spaces(given: Mapping[str, Any]) -> Dict[str, Any]:
    """Return an input in which each `+` of the query is an escaped space."""
    path, mark, query = given["target"].partition("?")
    return dict(given, target=path + mark + query.replace("+", "%20"))


def sign(
    given: Mapping[str, Any],
    verbatim: bool = False,
    forwarded: bool = False,
    plus_is_space: bool = False,
) -> Dict[str, str]:
    """Return the stages of a request that is signed in its headers.

    verbatim: sign the path without encoding it; forwarded: sign x-forwarded-*;
    plus_is_space: read a `+` in the query as a space
    """
    if plus_is_space:
        given = with_spaces(given)
    own = [("x-amz-date", given["time"])]
    if given.get("session_token"):
        own.append(("x-amz-security-token", given["session_token"]))
    if given.get("sign_body"):
        own.append(
            ("x-amz-content-sha256", hashlib.sha256(base64.b64decode(given["body"])).hexdigest())
        )
    others = [(name, value) for name, value in given["headers"] if name.lower() not in dict(own)]
    headers = to_be_signed(
        others + own, ["x-amz-security-token"] if given.get("omit_session_token") else [], forwarded
    )
    stages = finish(given, query_pairs(given["target"].partition("?")[2]), headers, verbatim)
    stages["authorization"] = authorization(given, headers, stages["signature"])
    return stages


def presign(
    given: Mapping[str, Any], keep_token: bool = False, plus_is_space: bool = False
) -> Dict[str, str]:
    """Return the stages of a request that is signed in its query, and the target to request.

    keep_token: keep a token parameter of the given query, like any other parameter;
    plus_is_space: read a `+` in the query as a space
    """
    if plus_is_space:
        given = with_spaces(given)
    path, _, query = given["target"].partition("?")
    headers = to_be_signed(given["headers"], ["x-amz-date", "x-amz-security-token"])
    own = {
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": given["access_key"] + "/" + scope_of(given),
        "X-Amz-Date": given["time"],
        "X-Amz-Expires": str(given["expires"]),
        "X-Amz-SignedHeaders": ";".join(headers),
    }
    token = {}
    if given.get("session_token"):
        token["X-Amz-Security-Token"] = given["session_token"]
    replaced = [*own, "X-Amz-Signature"] + ([] if keep_token else ["X-Amz-Security-Token"])
    pairs = [pair for pair in query_pairs(query) if pair[0].decode("latin-1") not in replaced]
    pairs += [(name.encode(), value.encode()) for name, value in own.items()]
    after = [(name.encode(), value.encode()) for name, value in token.items()]
    if not given.get("omit_session_token"):
        pairs, after = pairs + after, []
    stages = finish(given, pairs, headers)
    after.append((b"X-Amz-Signature", stages["signature"].encode()))
    stages["target"] = (
        (path or "/")
        + "?"
        + canonical_query_string(pairs)
        + "&"
        + "&".join(uri_encode(name) + "=" + uri_encode(value) for name, value in after)
    )
    return stages
