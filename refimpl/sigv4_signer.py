# SPDX-License-Identifier: MIT
"""`Signer`: signs requests and caches the derived keys (sigv4.py).

Consecutive requests of a client have the same header names, so what the names decide is computed
once (`_layout_of`).

It rejects an unsigned header that must be signed (SIG-045).
"""

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Dict, List, Sequence, Tuple, Type

from .errors import UsageError, require_type, wrong_type
from .sigv4_credentials import Credentials
from .sigv4_steps import (
    PLAIN_PATH,
    authorization_of,
    canonical_value,
    check_method,
    checked_scope,
    connection_options,
    header_lines,
    header_names,
    is_signed,
    joined_request,
    lower_name,
    must_be_signed,
    pairs_of,
    payload_hash,
    require_host,
    signature_of,
    text_to_sign,
)
from .sigv4_values import (
    CONTENT_HASH_HEADER,
    DATE_HEADER,
    TOKEN_HEADER,
    HeaderPairs,
    SignedRequest,
    derive_signing_keys,
)

if TYPE_CHECKING:
    from .sigv4_presigning import PresignedRequest

_are_plain_values = re.compile(r"[!-~]+(?:[ \n][!-~]+)*\Z").match


class _KeyCache:
    """Derived keys by secret, date, region and service. Shows neither (SIG-048)."""

    __slots__ = ("_max_keys", "_keys")

    def __init__(self, max_keys: int) -> None:
        self._max_keys = max_keys
        self._keys: Dict[Tuple[str, str, str, str], bytes] = {}

    def __repr__(self) -> str:
        return f"<{len(getattr(self, '_keys', ()))} keys>"

    def __len__(self) -> int:
        return len(self._keys)

    def k_signing(self, secret_key: str, date: str, region: str, service: str) -> bytes:
        """Return a key, which is derived when it is asked for first."""
        name = (secret_key, date, region, service)
        key = self._keys.get(name)
        if key is None:
            key = derive_signing_keys(*name).k_signing
            # SIG-048
            if len(self._keys) >= self._max_keys:
                self._keys = {}
            self._keys[name] = key
        return key


class Signer:
    """Signs and presigns requests. Threads may share it.

    It keeps the derived keys of the last few secrets, dates, regions and services. A request then
    costs one HMAC (SIG-048).

    max_keys: how many derived keys it keeps, at least 1
    """

    def __init__(self, max_keys: int = 16) -> None:
        require_type(max_keys, int, "max_keys")
        if max_keys < 1:
            raise UsageError(
                "max_keys too small", expected="at least 1", actual=max_keys, rule="SIG-048"
            )
        self._max_keys = max_keys
        self._keys = _KeyCache(max_keys)

    def __repr__(self) -> str:
        return f"Signer({getattr(self, '_keys', None)!r})"

    def __reduce__(self) -> "Tuple[Type[Signer], Tuple[int]]":
        # SIG-048: a pickle leaves the process, so it has no keys.
        return Signer, (self._max_keys,)

    def sign(
        self,
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
        sign_body: bool = False,
        omit_session_token: bool = False,
        unsigned: "Sequence[str]" = (),
    ) -> SignedRequest:
        """Sign a request in its headers. Return the values of all stages and the headers to send.

        method, target, headers, body: the request as it is sent, with Host (SIG-014)
        amz_date: the time. The date and token headers replace given ones (SIG-016, SIG-017).
        normalize, double_encode: as for canonical_uri()
        sign_body: whether to send x-amz-content-sha256 (SIG-019)
        omit_session_token: whether to send the token unsigned (SIG-018)
        unsigned: the lower-case names of further headers that are not signed (SIG-015)
        Raises UsageError, or ConfigurationError if this Python cannot compute the signature.
        """
        scope = checked_scope(credentials, region, service, amz_date)
        check_method(method)
        require_type(sign_body, bool, "sign_body", "SIG-019")
        require_type(omit_session_token, bool, "omit_session_token", "SIG-018")
        if not isinstance(unsigned, (tuple, list)):
            raise wrong_type(unsigned, "a tuple of header names", "unsigned", "SIG-015")
        require_type(normalize, bool, "normalize")
        require_type(double_encode, bool, "double_encode")
        uri, query_string = _canonical_target(target, normalize, double_encode)
        hashed_payload = payload_hash(body)
        token = credentials.session_token
        own = [(DATE_HEADER, amz_date)]
        if token:
            own.append((TOKEN_HEADER, token))
        if sign_body:
            own.append((CONTENT_HASH_HEADER, hashed_payload))
        unsigned_names = (*unsigned, TOKEN_HEADER) if omit_session_token else tuple(unsigned)
        sent, lines, names = _arranged(pairs_of(headers), own, unsigned_names)
        request = joined_request(method, uri, query_string, lines, names, hashed_payload)
        text = text_to_sign(amz_date, scope, request)
        signature = self._signature(text, credentials, region, service, amz_date)
        authorization = authorization_of(credentials.access_key, scope, names, signature)
        sent.append(("authorization", authorization))
        return SignedRequest(request, text, signature, authorization, tuple(sent))

    def presign(
        self,
        method: str,
        target: str,
        headers: HeaderPairs,
        body: bytes,
        credentials: Credentials,
        region: str,
        service: str,
        amz_date: str,
        expires: int,
        normalize: bool = True,
        double_encode: bool = True,
        omit_session_token: bool = False,
    ) -> "PresignedRequest":
        """Sign a request in its query (SIG-030). Return the values of all stages and the target.

        expires: how many seconds after amz_date the signature is valid, 1 to 604800 (SIG-031)
        Other arguments and errors are those of sign().
        """
        from .sigv4_presigning import presigned_request  # most programs sign in headers

        return presigned_request(
            method,
            target,
            headers,
            body,
            credentials,
            checked_scope(credentials, region, service, amz_date),
            amz_date,
            expires,
            normalize,
            double_encode,
            omit_session_token,
            lambda text: self._signature(text, credentials, region, service, amz_date),
        )

    def _signature(
        self, text: str, credentials: Credentials, region: str, service: str, amz_date: str
    ) -> str:
        k_signing = self._keys.k_signing(credentials.secret_key, amz_date[:8], region, service)
        return signature_of(k_signing, text)


def _canonical_target(target: str, normalize: bool, double_encode: bool) -> "Tuple[str, str]":
    """Return the canonical URI and the canonical query string of a request target."""
    require_type(target, str, "target")
    if PLAIN_PATH.match(target):
        return target, ""
    # The path of an endpoint is plain.
    from .sigv4_stages import canonical_query_string, canonical_uri, split_target

    path, query = split_target(target)
    return canonical_uri(path, normalize, double_encode), canonical_query_string(query)


def _arranged(
    given: "List[Tuple[str, str]]", own: "List[Tuple[str, str]]", unsigned: "Tuple[str, ...]"
) -> "Tuple[List[Tuple[str, str]], str, str]":
    """Return the headers to send, the canonical headers and the list of signed headers.

    given: the headers of the request. own: those of the signature, which replace given ones.
    unsigned: as for Signer.sign()

    The result is that of collect_headers(), select_signed(), canonical_headers() and
    signed_headers(). It is faster if the names are those of an earlier request.
    """
    for name in unsigned:
        require_type(name, str, "unsigned", "SIG-015")
    pairs = given + own
    names = tuple([name for name, _ in pairs])
    layout = _layout_of(names, len(given), unsigned)
    sent = [pairs[place] for place in layout.sent]
    values = _canonical_values([value for _, value in sent])
    if layout.connections:
        options = connection_options(",".join([values[place] for place in layout.connections]))
        # A client's `close` names no header.
        if not options.isdisjoint(layout.signed):
            layout = _layout_of(names, len(given), unsigned + tuple(sorted(options)))
    # SIG-014: each of several, because their joined value is not empty.
    for host in [values[place] for place in layout.hosts] or [""]:
        require_host(host)
    return sent, layout.lines.format(*values), layout.names


def _canonical_values(values: "List[str]") -> "List[str]":
    """Return the canonical forms of header values. Plain ones cost one search for all of them."""
    text = "\n".join(values)
    plain = text.split("\n") if _are_plain_values(text) else []
    # If not, one of the values contains LF.
    if len(plain) == len(values):
        return plain
    return [canonical_value(value) for value in values]


class _Layout:
    """What the names of a request's headers decide.

    sent: the places of the headers that are sent
    lines: the canonical headers, with `{2}` for the value of the third header that is sent
    signed: the names of the signed headers;  names: the list of them, as it is sent
    hosts, connections: the places of Host and Connection among the headers that are sent
    """

    def __init__(
        self, sent: "List[int]", fields: "Dict[str, str]", places: "Dict[str, List[int]]"
    ) -> None:
        self.sent = tuple(sent)
        self.lines = header_lines(fields)
        self.signed = frozenset(fields)
        self.names = header_names(fields)
        self.hosts = tuple(places.get("host", ()))
        self.connections = tuple(places.get("connection", ()))


# The requests of a client have the same names.
@lru_cache(maxsize=64)
def _layout_of(names: "Tuple[str, ...]", given: int, unsigned: "Tuple[str, ...]") -> _Layout:
    """Return the layout of headers with these names, of which the first ones are the given ones."""
    for name in unsigned:
        # SIG-045
        if must_be_signed(name.lower()):
            raise UsageError(
                "a header that must be signed is unsigned", actual=name, rule="SIG-045"
            )
    lower_names = [lower_name(name) for name in names]
    own = lower_names[given:]
    # SIG-016, SIG-017
    kept = [
        place
        for place, name in enumerate(lower_names)
        if place >= given or name not in own and name != "authorization"
    ]
    places: Dict[str, List[int]] = {}
    for place, kept_place in enumerate(kept):
        places.setdefault(lower_names[kept_place], []).append(place)
    # SIG-013. A name is a token, which contains no braces.
    fields = {
        name: ",".join(["{%d}" % place for place in places[name]])
        for name in places
        if is_signed(name) and name not in unsigned
    }
    return _Layout(kept, fields, places)
