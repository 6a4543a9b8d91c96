# SPDX-License-Identifier: MIT
"""Canonical requests and strings to sign in a text, found by their structure.

The lines of a canonical request have a form that nothing else has, so its surroundings decide only
who wrote it: `should have been '…'` and the element CanonicalRequest are the service's, any other
is the client's, for example of a debug log. The last line of a string to sign is the hash of the
canonical request, so it shows whether a quotation is exact. Nothing is rejected.
"""

import re
from hashlib import sha256
from itertools import islice
from typing import Iterator, List, NamedTuple, Optional, Tuple

from .readings import readings_of

_METHOD = r"(?<![A-Za-z0-9_-])(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|CONNECT)"
_METHOD_START = re.compile(rf"{_METHOD}(?=[\n ])")
_MAX_STARTS = 500
_HEADER_LINES = r"(?:[^\n]{1,16384}\n){1,150}"
_REQUEST = re.compile(
    rf"{_METHOD}\n[^\n]{{1,8192}}\n[^\n]{{0,8192}}\n{_HEADER_LINES}\n"
    r"[!-9;-~]{1,4096}\n[0-9A-Za-z-]{1,100}"
)
# Newlines that became spaces. The names of the signed headers separate the lines.
_FLAT_REQUEST = re.compile(
    rf"({_METHOD}) +(\S{{1,8192}}) +(?:([^\s:]{{1,8192}}) +)?"
    r"([a-z0-9-]{1,64}:[^\n]{1,16384}?) +((?:[a-z0-9-]+;)+[a-z0-9-]+) +"
    r"([0-9a-f]{64}|[A-Z][A-Z0-9-]{11,60})(?![0-9A-Za-z-])"
)
_BEGINNING = re.compile(
    r"(?:should have been|CanonicalRequest[>'\"])[\s:='\"`]{0,8}"
    rf"({_METHOD}\n[^\0]{{1,65536}})"
)
_BYTES_OF_REQUEST = re.compile(
    r"CanonicalRequestBytes[^0-9A-Fa-f]{1,6}((?:[0-9A-Fa-f]{2}\s{1,4}){8,32768}[0-9A-Fa-f]{2})"
)
_TEXT_TO_SIGN = re.compile(
    r"([A-Z0-9]{1,20}-HMAC-SHA256(?:-[A-Z]+)?|AWS4-ECDSA-P256-SHA256)[\n ]+(\d{8}T\d{6}Z)[\n ]+"
    r"([0-9]{8}/[^\s/]{1,64}(?:/[^\s/]{1,64})?/[a-z0-9]+_request)[\n ]+([0-9a-f]{1,64})"
)
_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}\Z")
_SERVICE_MARK = re.compile(
    r"(?:should have been[:\s'\"`]{0,8}|CanonicalRequest(?:[ \t]?[>'\"=:]+[ \t'\"]*\s{0,80}))\Z"
)
_CLIENT_MARK = re.compile(r"CanonicalRequest:[ \t]*\n\Z")
_END_OF_QUOTE = re.compile(
    r"'?\s*The String-to-Sign|['\"][ \t+]*\n\s*b?['\"]|</?[A-Za-z]|['\"]\s*[,}\]]|\n'"
)


class CanonicalParts(NamedTuple):
    """The lines of a canonical request.

    headers: (name, line) pairs
    signed_headers, payload_hash: those lines, or None if the text ends before them
    """

    method: str
    path: Optional[str]
    query: Optional[str]
    headers: Tuple[Tuple[str, str], ...]
    signed_headers: Optional[str]
    payload_hash: Optional[str]

    @property
    def is_complete(self) -> bool:
        """Whether no line is missing."""
        return self.payload_hash is not None


class TextToSign(NamedTuple):
    """The lines of a string to sign."""

    algorithm: str
    amz_date: str
    scope: str
    request_hash: str


class Quotes(NamedTuple):
    """What a text quotes.

    service, client: the service's and the client's canonical request, as text, or None
    is_complete: whether the service's is
    to_sign: the service's string to sign
    is_exact: whether the hash in it is that of the service's canonical request, or None if unknown
    """

    service: Optional[str]
    client: Optional[str]
    is_complete: bool
    to_sign: Optional[TextToSign]
    is_exact: Optional[bool]


def hash_of_request(text: str) -> str:
    """Return the hash of a canonical request as in the string to sign."""
    try:
        octets = text.encode("latin-1")
    except UnicodeEncodeError:
        octets = text.encode("utf-8", "replace")
    return sha256(octets).hexdigest()


def parts_of(text: str) -> CanonicalParts:
    """Return the lines of a canonical request, which may end early."""
    lines = text.split("\n")
    end = next((at for at in range(3, len(lines)) if not lines[at]), len(lines))
    rest = [*lines[1:3], None, None][:2] + [*lines[end + 1 : end + 3], None, None][:2]
    headers: List[Tuple[str, str]] = []
    for line in lines[3:end]:
        name, colon, _ = line.partition(":")
        if colon and _HEADER_NAME.match(name):
            headers.append((name, line))
        elif headers:  # a continuation, which may be the rest of a secret
            headers[-1] = (headers[-1][0], f"{headers[-1][1]} {line.strip()}")
    return CanonicalParts(lines[0], rest[0], rest[1], tuple(headers), rest[2], rest[3])


def quotes_in(text: str) -> Quotes:
    """Return what a text quotes, in the reading that makes most sense."""
    best, most = Quotes(None, None, False, None, None), 0
    # EXP-004
    for reading in readings_of(text):
        found = _quotes_in_reading(reading)
        worth = _worth(found)
        if worth > most:
            best, most = found, worth
        if found.is_exact:
            break
    return best


def _worth(found: Quotes) -> int:
    facts = (found.to_sign, found.client, found.service, found.is_complete or None, found.is_exact)
    return sum(2**place for place, fact in enumerate(facts) if fact)


def _quotes_in_reading(text: str) -> Quotes:
    match = _TEXT_TO_SIGN.search(text)
    to_sign = None
    service: List[str] = []
    client: List[str] = []
    for start, request in _requests_in(text):
        before = text[max(0, start - 120) : start]
        by_service = _SERVICE_MARK.search(before) and not _CLIENT_MARK.search(before)
        (service if by_service else client).append(request)
    if match is not None:
        to_sign = TextToSign(*match.groups())
        for other in _TEXT_TO_SIGN.finditer(text):
            if text[max(0, other.start() - 40) : other.start()].rstrip("'\"\n ").endswith("been"):
                to_sign = TextToSign(*other.groups())
                break
    service = _bytes_of_request(text) + service
    complete = bool(service)
    if not service:
        service = [one for one in (_beginning_in(text),) if one]
    chosen, is_exact = _exact_one(service, to_sign) if complete else (service[:1], None)
    return Quotes(
        chosen[0] if chosen else None, client[0] if client else None, complete, to_sign, is_exact
    )


def _requests_in(text: str) -> Iterator[Tuple[int, str]]:
    for start in islice(_METHOD_START.finditer(text), _MAX_STARTS):
        match = _REQUEST.match(text, start.start())
        if match is not None:
            yield match.start(), match.group()
            continue
        match = _FLAT_REQUEST.match(text, start.start())
        if match is None:
            continue
        method, path, query, headers, names, hashed = match.groups()
        pattern = " +(?=(?:%s):)" % "|".join(re.escape(name) for name in names.split(";"))
        lines = re.sub(pattern, "\n", headers)
        yield (
            match.start(),
            "\n".join((method, path, query or "", lines, "", names, hashed)),
        )


def _bytes_of_request(text: str) -> List[str]:
    match = _BYTES_OF_REQUEST.search(text)
    if match is None:
        return []
    decoded = bytes.fromhex("".join(match.group(1).split())).decode("latin-1")
    return [decoded] if _METHOD_START.match(decoded) else []


def _beginning_in(text: str) -> Optional[str]:
    """Return the beginning of a canonical request that is truncated, without its last line."""
    match = _BEGINNING.search(text)
    if match is None:
        return None
    quoted = match.group(1)
    end = _END_OF_QUOTE.search(quoted)
    lines = (quoted if end is None else quoted[: end.start()]).split("\n")
    return "\n".join(lines[:-1]) or None


def _exact_one(
    requests: List[str], to_sign: Optional[TextToSign]
) -> Tuple[List[str], Optional[bool]]:
    """Return the request whose hash is in the string to sign, or the first."""
    if to_sign is None or len(to_sign.request_hash) != 64:
        return [_unfolded(requests[0], " ")], None
    for request in requests:
        for joint in (None, " ", ""):
            candidate = request if joint is None else _unfolded(request, joint)
            if hash_of_request(candidate) == to_sign.request_hash:
                return [candidate], True
    return [_unfolded(requests[0], " ")], False


def _unfolded(request: str, joint: str) -> str:
    """Join the lines of headers that a mail program has folded."""
    lines = request.split("\n")
    end = next((at for at in range(3, len(lines)) if not lines[at]), len(lines))
    names = set(lines[end + 1].split(";")) if end + 1 < len(lines) else set()
    headers: List[str] = []
    for line in lines[3:end]:
        if headers and line.partition(":")[0].strip().lower() not in names:
            headers[-1] += joint + line.strip(" \t")
        else:
            headers.append(line)
    return "\n".join([*lines[:3], *headers, *lines[end:]])
