# SPDX-License-Identifier: MIT
"""Recognise a request that was sent: raw HTTP, a curl command line, a HAR entry, or a debug log.

A debug log of an SDK contains the canonical request that was signed. From the other forms it is
computed with sigv4.py, for the headers that Authorization lists. `sent_request_in` returns None for
a text that is none of these.
"""

import json
import re
import shlex
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..errors import Error
from ..sigv4_stages import (
    canonical_query_string,
    canonical_request,
    canonical_uri,
    collect_headers,
)
from ..sigv4_steps import payload_hash
from ..sigv4_values import CONTENT_HASH_HEADER, DATE_HEADER
from .quoted import quotes_in
from .readings import MAX_EXPLAINED_TEXT

_Pairs = List[Tuple[str, str]]
_REQUEST_LINE = re.compile(
    r"(?m)^[>\s]{0,4}([A-Z]{3,10}) (/\S*|https?://\S+) HTTP/[0-9.]{1,3}[ \t]*$"
)
_WIRE_LOG = re.compile(r'(?m)^.{0,200}?>> "(.*?)(?:\[\\r\])?(?:\[\\n\])?"[ \t]*$')
_HEADER = re.compile(r"[>\s]{0,4}([!#$%&'*+\-.^_`|~0-9A-Za-z]+):(.*)")
_CLAIM = re.compile(
    r"Credential=[^/\s]{1,200}/([0-9]{8}/[^/\s,]+/[^/\s,]+/aws4_request),?\s*"
    r"SignedHeaders=([^,\s]+)"
)
_S3_HOST = re.compile(r"(?:^|[.-])s3[.-]|storage\.googleapis\.com|minio|:9000$")


class SentRequest(NamedTuple):
    """A request as far as it is known.

    logged_request: the canonical request that a log contains
    computed_request: the canonical request that follows from the request
    body: bytes, or None if unknown
    scope, amz_date: of the signature
    """

    logged_request: Optional[str]
    computed_request: Optional[str]
    body: Optional[bytes]
    scope: Optional[str]
    amz_date: Optional[str]


class _Raw(NamedTuple):
    method: str
    target: str
    headers: _Pairs
    body: Optional[bytes]


def sent_request_in(text: str) -> Optional[SentRequest]:
    """Return the request in a text, or None if none is recognised."""
    text = text[:MAX_EXPLAINED_TEXT]
    raw = _from_har(text) or _from_curl(text) or _from_raw(text)
    quotes = quotes_in(text) if raw is None or "anonical" in text else None
    logged = None if quotes is None else quotes.client or quotes.service
    if raw is None and logged is None:
        return None
    scope = amz_date = None
    if quotes is not None and quotes.to_sign is not None:
        scope, amz_date = quotes.to_sign.scope, quotes.to_sign.amz_date
    if raw is None:
        return SentRequest(logged, None, None, scope, amz_date)
    headers = _collected(raw.headers)
    claim = _CLAIM.search(headers.get("authorization", ""))
    if claim is not None:
        scope = claim.group(1)
    amz_date = headers.get(DATE_HEADER, amz_date)
    return SentRequest(logged, _computed(raw, headers), raw.body, scope, amz_date)


def _collected(pairs: _Pairs) -> Dict[str, str]:
    try:
        return collect_headers(pairs)
    except Error:
        return {name.lower(): value.strip() for name, value in pairs}


def _computed(raw: _Raw, headers: Dict[str, str]) -> Optional[str]:
    claim = _CLAIM.search(headers.get("authorization", ""))
    if claim is None:
        return None
    names = claim.group(2).split(";")
    path, _, query = raw.target.partition("?")
    is_s3 = _S3_HOST.search(headers.get("host", "")) is not None
    hashed = headers.get(CONTENT_HASH_HEADER)
    if raw.body is not None and (hashed is None or len(hashed) == 64):
        hashed = payload_hash(raw.body)
    try:
        return canonical_request(
            raw.method,
            canonical_uri(path or "/", not is_s3, not is_s3),
            canonical_query_string(query),
            {name: headers.get(name, "") for name in names},
            hashed or "",
        )
    except Error:
        return None


# ---- raw HTTP ----------------------------------------------------------------------------------


def _from_raw(text: str) -> Optional[_Raw]:
    wire = _WIRE_LOG.findall(text)
    if wire:
        text = "\n".join(wire)
    match = _REQUEST_LINE.search(text.replace("\r\n", "\n"))
    if match is None:
        return None
    text = text.replace("\r\n", "\n")
    head, blank, body = text[match.end() + 1 :].partition("\n\n")
    headers: _Pairs = []
    for line in head.split("\n"):
        field = _HEADER.match(line)
        if field is not None and not line.startswith(("\t", " ")):
            headers.append((field.group(1), field.group(2).strip()))
        elif headers and line[:1] in ("\t", " "):
            # A line that a mail program has folded.
            headers[-1] = (headers[-1][0], f"{headers[-1][1]} {line.strip()}")
        elif line.strip("> "):
            break
    length = {name.lower(): value for name, value in headers}.get("content-length", "")
    data: Optional[bytes] = body.encode("utf-8", "surrogateescape") if blank else None
    if data is not None and re.match(r"[0-9]{1,18}\Z", length) and len(data) != int(length):
        shorter = data.rstrip(b"\r\n")
        data = shorter if len(shorter) == int(length) else None
    target = match.group(2)
    if "://" in target:
        target = _target_of(target)
    return _Raw(match.group(1), target, headers, data)


def _host_of(url: str) -> str:
    """Return the host and port of a URL, without a user name."""
    return re.split(r"[/?#]", url.partition("://")[2])[0].rpartition("@")[2]


def _target_of(url: str) -> str:
    """Return the path and query of a URL, as in a request line."""
    match = re.match(r"[^/?#]*([^#]*)", url.partition("://")[2])
    target = match.group(1) if match else ""
    return target if target.startswith("/") else "/" + target


# ---- curl --------------------------------------------------------------------------------------

_DATA_FLAGS = ("-d", "--data", "--data-raw", "--data-binary", "--data-ascii", "--json")
_IGNORED_WITH_VALUE = frozenset(
    (
        *("-u", "--user", "-o", "--output", "--aws-sigv4", "-w", "--write-out", "-b", "--cookie"),
        *("-e", "--referer", "--cacert", "--cert", "--key", "-x", "--proxy", "--connect-to"),
        *("--resolve", "-m", "--max-time", "--connect-timeout", "--retry", "-A", "--user-agent"),
        *("-F", "--form", "-T", "--upload-file", "--data-urlencode"),
    )
)


def _from_curl(text: str) -> Optional[_Raw]:
    match = re.search(r"(?m)^[$>%#\s]*curl(?:\.exe)?\s", text)
    if match is None:
        return None
    command = re.sub(r"[\\^`]\r?\n", " ", text[match.start() :]).lstrip("$>%# \t\r\n")
    command = re.sub(r"\$'((?:[^'\\]|\\.)*)'", _dollar_quoted, command)
    command = command.split("\n\n")[0]
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    return _from_words(words[1:])


def _dollar_quoted(match: Any) -> str:
    text = match.group(1).replace("\\'", "'").replace("\\n", "\n").replace("\\\\", "\\")
    return shlex.quote(text)


def _from_words(words: List[str]) -> Optional[_Raw]:
    method = url = None
    headers: _Pairs = []
    data: List[Optional[bytes]] = []
    to_query = False
    position = 0
    while position < len(words):
        word, position = words[position], position + 1
        flag, equals, value = word.partition("=")
        if word[:2] in ("-X", "-H", "-d", "-u") and len(word) > 2:
            flag, value, equals = word[:2], word[2:], "="
        takes_value = flag in (*_DATA_FLAGS, "-X", "--request", "-H", "--header", "--url")
        if takes_value or flag in _IGNORED_WITH_VALUE:
            if not equals:
                value = words[position] if position < len(words) else ""
                position += 1
            if flag in ("-X", "--request"):
                method = value
            elif flag in ("-H", "--header"):
                name, _, text = value.partition(":")
                headers.append((name.strip(), text.strip()))
            elif flag in _DATA_FLAGS:
                is_file = value.startswith("@") and flag != "--data-raw"
                data.append(None if is_file else value.encode("utf-8", "surrogateescape"))
            elif flag == "--url":
                url = value
            elif flag in ("-T", "--upload-file", "-F", "--form", "--data-urlencode"):
                data.append(None)
        elif flag in ("-G", "--get"):
            to_query = True
        elif flag in ("-I", "--head"):
            method = method or "HEAD"
        elif not word.startswith("-") and url is None:
            url = word
    if url is None:
        return None
    return _curl_request(method, url, headers, data, to_query)


def _curl_request(
    method: Optional[str], url: str, headers: _Pairs, data: List[Optional[bytes]], to_query: bool
) -> _Raw:
    url = url if "://" in url else "https://" + url
    if not any(name.lower() == "host" for name, _ in headers):
        headers.append(("host", _host_of(url)))
    known = [piece for piece in data if piece is not None]
    body: Optional[bytes] = b"&".join(known) if len(known) == len(data) else None
    target = _target_of(url)
    if to_query and body:
        target += ("&" if "?" in target else "?") + body.decode("utf-8", "replace")
        body, data = b"", []
    default = "POST" if data else "GET"
    return _Raw(method or default, target, headers, body)


# ---- HAR ---------------------------------------------------------------------------------------


def _from_har(text: str) -> Optional[_Raw]:
    if not text.lstrip("\ufeff \t\r\n").startswith("{"):
        return None
    try:
        document = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        return None
    entry = _har_entry_of(document)
    request = entry.get("request", entry) if isinstance(entry, dict) else None
    if not isinstance(request, dict) or not isinstance(request.get("url"), str):
        return None
    headers = [
        (str(one.get("name", "")), str(one.get("value", "")))
        for one in request.get("headers") or ()
        if isinstance(one, dict) and not str(one.get("name", "")).startswith(":")
    ]
    if not any(name.lower() == "host" for name, _ in headers):
        headers.append(("host", _host_of(request["url"])))
    posted = request.get("postData")
    body: Optional[bytes] = b""
    if isinstance(posted, dict):
        content = posted.get("text")
        body = content.encode("utf-8", "replace") if isinstance(content, str) else None
    return _Raw(str(request.get("method", "GET")), _target_of(request["url"]), headers, body)


def _har_entry_of(document: Any) -> Any:
    """Return the first refused entry of a HAR file with a signature, or its first entry."""
    log = document.get("log") if isinstance(document, dict) else None
    entries = log.get("entries") if isinstance(log, dict) else None
    if not isinstance(entries, list) or not entries:
        return document
    for entry in entries:
        response = entry.get("response") if isinstance(entry, dict) else None
        if isinstance(response, dict) and response.get("status") in (400, 401, 403):
            return entry
    return entries[0]
