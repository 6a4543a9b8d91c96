# SPDX-License-Identifier: MIT
"""Sign a request again, as it was sent and with the headers that it names as signed.

This is a transcription of AWS's page "Create a signed AWS API request" that imports nothing of
`refimpl`, so that a signer is not judged by the code that it may contain. It rejects nothing. A
signature in the headers covers the whole query, and one in the query covers all parameters but
X-Amz-Signature and, if the caller asked to leave it out, the session token.
"""

import hashlib
import hmac
import re
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple
from urllib.parse import quote, unquote_to_bytes

Headers = Sequence[Tuple[str, str]]
Pair = Tuple[bytes, bytes]


def query_pairs(query: str) -> List[Pair]:
    """Return the names and values of a query, decoded once. A `+` is a plus sign."""
    pieces = [piece.partition("=") for piece in query.split("&") if piece]
    return [(unquote_to_bytes(name), unquote_to_bytes(value)) for name, _, value in pieces]


def encoded(octets: bytes, safe: str = "") -> str:
    """Return octets with all but the unreserved ones escaped."""
    return quote(octets, safe="-._~" + safe)


def values_of(headers: Headers, name: str) -> List[str]:
    """Return the values of a header in order. Its name is in lower case."""
    return [value for given, value in headers if given.lower() == name]


def recomputed(
    given: Mapping[str, Any],
    sent: Mapping[str, Any],
    signed: Sequence[str],
    in_query: bool,
    canonical_path: Optional[str] = None,
) -> Dict[str, str]:
    """Return the stages of the signature of a request.

    given: the input of the case, for keys, scope, time and flags
    sent: method, target, headers (pairs) and body (bytes)
    signed: the names of SignedHeaders
    canonical_path: instead of the one that the target has
    """
    path, _, query = sent["target"].partition("?")
    pairs = query_pairs(query)
    if in_query:
        left_out = [b"X-Amz-Signature"]
        if given.get("omit_session_token"):
            left_out.append(b"X-Amz-Security-Token")
        pairs = [pair for pair in pairs if pair[0] not in left_out]
    if canonical_path is None:
        canonical_path = _canonical_path(path, given)
    lines = [sent["method"], canonical_path, _canonical_query(pairs)]
    lines += [f"{name}:{_canonical_value(values_of(sent['headers'], name))}" for name in signed]
    lines += ["", ";".join(signed), hashlib.sha256(sent["body"]).hexdigest()]
    request = "\n".join(lines)
    parts = (given["time"][:8], given["region"], given["service"], "aws4_request")
    digest = hashlib.sha256(request.encode("latin-1", "replace")).hexdigest()
    text = "\n".join(("AWS4-HMAC-SHA256", given["time"], "/".join(parts), digest))
    stages = {"canonical_request": request, "string_to_sign": text}
    key = ("AWS4" + given["secret_key"]).encode("utf-8")
    names = ("k_date", "k_region", "k_service", "k_signing")
    for name, part in zip(names, parts):
        key = hmac.new(key, part.encode("utf-8"), "sha256").digest()
        stages[name] = key.hex()
    stages["signature"] = hmac.new(key, text.encode("utf-8"), "sha256").hexdigest()
    return stages


def _canonical_path(path: str, given: Mapping[str, Any]) -> str:
    if given.get("normalize_path", True):
        path = _normalized(path)
    octets = (path or "/").encode("utf-8", "surrogatepass")
    if given.get("double_encode", True):
        return encoded(octets, "/")
    pieces = re.split(b"(%[0-9A-Fa-f]{2})", octets)
    return "".join(
        piece.decode("ascii") if number % 2 else encoded(piece, "/")
        for number, piece in enumerate(pieces)
    )


def _normalized(path: str) -> str:
    """Drop empty segments, `.` segments, and each `..` with the segment before it."""
    kept: List[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    final = "/" if kept and path.endswith("/") else ""
    return "/" + "/".join(kept) + final


def _canonical_query(pairs: Sequence[Pair]) -> str:
    escaped = sorted((encoded(name), encoded(value)) for name, value in pairs)
    return "&".join(f"{name}={value}" for name, value in escaped)


def _canonical_value(values: Sequence[str]) -> str:
    return ",".join(re.sub("(?:\r?\n[ \t]|[ \t])+", " ", value).strip(" ") for value in values)
