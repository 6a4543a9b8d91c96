# SPDX-License-Identifier: MIT
"""AWS Signature Version 4, without I/O and without a clock: every stage is a function, and its result a value.

    canonical_uri  canonical_query_string  canonical_headers  signed_headers  payload_hash
        -> canonical_request -> string_to_sign -> derive_signing_keys -> calculate_signature -> authorization_header

`sign` and `presign` run all stages and return each value; `verify` does it again from the other side, for servers.

A request is given in its wire form: method, target (path and query exactly as in the request line), headers as
(name, value) pairs whose characters stand for octets (Latin-1), and the body. What is signed is what is sent (SIG-026),
so a canonical request, too, is text whose characters are octets. Times are X-Amz-Date strings, `20150830T123600Z`.

What it refuses: a missing Host, header names that are no token, CR, LF and NUL that are no folded line, characters that
cannot be sent. SigV4a (ECDSA) is out of scope. The rules are SIG-001 to SIG-048 of SPEC.md.
"""

import hashlib
import hmac
import re
from datetime import datetime, timedelta
from functools import lru_cache, wraps
from typing import (
    Any,
    Callable,
    Dict,
    Iterable,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    TypeVar,
    cast,
)

from .errors import ConfigurationError, SignatureError, UsageError, require_type

HeaderPairs = Sequence[Tuple[str, str]]

ALGORITHM = "AWS4-HMAC-SHA256"
SCOPE_SUFFIX = "aws4_request"
MAX_SKEW = 300  # seconds; SIG-042
MAX_EXPIRES = 604800  # seconds; SIG-031

DATE_HEADER = "x-amz-date"
TOKEN_HEADER = "x-amz-security-token"
CONTENT_HASH_HEADER = "x-amz-content-sha256"
SIGNATURE_PARAMETER = "X-Amz-Signature"
TOKEN_PARAMETER = "X-Amz-Security-Token"

# SIG-015: what a hop may add, drop or rewrite is never signed. The hop-by-hop and tracing names are botocore's (1.44.5);
# accept-encoding and x-forwarded-* are rewritten by proxies.
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

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
_PLAIN_PATH = re.compile(
    r"(?:/[A-Za-z0-9\-_~][A-Za-z0-9\-._~]*)+/?\Z"
)  # its canonical form is itself
_is_plain_value = re.compile(r"[!-~]+(?: [!-~]+)*\Z").match  # the same of a header value
_FOLD = r"(?:\r?\n)(?=[ \t])"  # an obs-fold: a line break, and the blank that continues the line
_BLANKS = r"[ \t]+"
_FORBIDDEN = re.compile(r"[\r\n\0]")
_ESCAPE = rb"%([0-9A-Fa-f]{2})"
_AMZ_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\Z", re.ASCII)
_SCOPE_PART = re.compile(r"[!-+.0-~-]+\Z")  # printable ASCII without space, slash and comma

_UNRESERVED = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
)  # SIG-006


_Function = TypeVar("_Function", bound=Callable[..., Any])


def _typed(function: _Function) -> _Function:
    """Make a function raise UsageError, and nothing else, for arguments that it cannot work with."""

    @wraps(function)
    def checked(*arguments: Any, **options: Any) -> Any:
        try:
            return function(*arguments, **options)
        except (TypeError, ValueError, LookupError, AttributeError, BufferError):
            raise UsageError(
                f"{function.__name__} got an argument of the wrong type", kind="type"
            ) from None

    return cast(_Function, checked)


def _unguarded(function: _Function) -> _Function:
    """Return what _typed() guards, for a caller that is guarded itself."""
    return cast(_Function, function.__wrapped__)  # type: ignore[attr-defined]


# ---- values ------------------------------------------------------------------------------------------------------


class Credentials:
    """An access key, its secret, and for temporary credentials a session token; repr shows the access key alone.

    expires: seconds since 1970 UTC, or None. An empty session token is none (SIG-017).
    Raises ConfigurationError when a part is empty or cannot be used, without showing it (SIG-029).
    """

    __slots__ = ("access_key", "secret_key", "session_token", "expires")

    def __init__(
        self,
        access_key: str,
        secret_key: str,
        session_token: Optional[str] = None,
        expires: Optional[float] = None,
    ) -> None:
        for name, value in (
            ("access_key", access_key),
            ("secret_key", secret_key),
            ("session_token", session_token or "-"),
        ):
            if not isinstance(value, str):
                raise ConfigurationError(
                    f"{name} has the wrong type",
                    expected="str",
                    actual=type(value).__name__,
                    rule="SIG-029",
                )
            if not value:
                raise ConfigurationError(f"{name} is empty", expected="a key", rule="SIG-029")
            if not all("!" <= character <= "~" for character in value):
                raise ConfigurationError(
                    f"{name} has a blank or a character that no key has",
                    expected="printable ASCII, no blanks",
                    rule="SIG-029",
                )
        if "/" in access_key or "," in access_key:
            raise ConfigurationError(
                "access_key has a slash or a comma",
                expected="an access key id; are key and secret swapped?",
                rule="SIG-029",
            )
        self.access_key = access_key
        self.secret_key = secret_key
        self.session_token = session_token or None
        self.expires = expires

    def __repr__(self) -> str:
        return f"Credentials(access_key={self.access_key!r}, secret_key=<hidden>, session_token={'<hidden>' if self.session_token else None})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Credentials):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    def __hash__(self) -> int:
        return hash((self.access_key, self.secret_key, self.session_token))


class SigningKeys(
    NamedTuple(
        "SigningKeys",
        [("k_date", bytes), ("k_region", bytes), ("k_service", bytes), ("k_signing", bytes)],
    )
):
    """The four derived keys (SIG-022); repr hides them."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "SigningKeys(<hidden>)"


class SignedRequest(
    NamedTuple(
        "SignedRequest",
        [
            ("canonical_request", str),
            ("string_to_sign", str),
            ("signature", str),
            ("authorization", str),
            ("headers", Tuple[Tuple[str, str], ...]),
        ],
    )
):
    """What sign() computed. headers: what to send: those given, with the signature's own. repr shows the scope alone."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "SignedRequest({})".format(self.string_to_sign.split("\n")[2])


class PresignedRequest(
    NamedTuple(
        "PresignedRequest",
        [("canonical_request", str), ("string_to_sign", str), ("signature", str), ("target", str)],
    )
):
    """What presign() computed. target: what to request, path and query with the signature. repr shows the scope alone."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "PresignedRequest({})".format(self.string_to_sign.split("\n")[2])


# ---- time --------------------------------------------------------------------------------------------------------

_EPOCH = datetime(1970, 1, 1)


def amz_date_of(seconds: float) -> str:
    """Return seconds since 1970 UTC as an X-Amz-Date. Raises UsageError when that is no date (SIG-016)."""
    try:
        return _amz_date_of(int(seconds))
    except (TypeError, ValueError, OverflowError):
        raise UsageError(
            "not a time", expected="seconds since 1970 UTC", actual=seconds, rule="SIG-016"
        ) from None


@lru_cache(maxsize=16)  # many calls fall into one second
def _amz_date_of(seconds: int) -> str:
    return (_EPOCH + timedelta(seconds=seconds)).isoformat().replace("-", "").replace(":", "") + "Z"


def seconds_of(amz_date: str) -> int:
    """Return an X-Amz-Date as seconds since 1970 UTC. Raises UsageError when it is none (SIG-016)."""
    require_type(amz_date, str, "amz_date", "SIG-016")
    match = _AMZ_DATE.match(amz_date)
    try:
        if match is not None:
            year, month, day, hour, minute, second = map(int, match.groups())
            return int((datetime(year, month, day, hour, minute, second) - _EPOCH).total_seconds())
    except ValueError:
        pass
    raise UsageError(
        "not an X-Amz-Date", expected="YYYYMMDDThhmmssZ", actual=amz_date, rule="SIG-016"
    )


# ---- the canonical request, part by part ---------------------------------------------------------------------------

_ENCODED = {byte: (chr(byte) if byte in _UNRESERVED else f"%{byte:02X}") for byte in range(256)}
_ENCODED_PATH = dict(_ENCODED)
_ENCODED_PATH[ord("/")] = "/"


@_typed
def uri_encode(data: bytes) -> str:
    """Return data with every byte but the unreserved as %XX, upper case (SIG-006)."""
    return "".join([_ENCODED[byte] for byte in data])


def _octets(text: str, what: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise UsageError(
            f"{what} has a lone surrogate", expected="text that UTF-8 can hold", rule="SIG-026"
        ) from None


def split_target(target: str) -> Tuple[str, str]:
    """Return path and query of a request target in its raw wire form.

    Raises UsageError when it is no origin form, or holds CR, LF or NUL: in a request line they would begin another (SIG-028).
    """
    require_type(target, str, "target")
    if _FORBIDDEN.search(target):
        raise UsageError(
            "target holds CR, LF or NUL",
            expected="them as %0D, %0A, %00",
            actual=target,
            rule="SIG-028",
        )
    path, _, query = target.partition("?")
    if path and not path.startswith("/"):
        raise UsageError(
            "target is not in origin form",
            expected="a path that starts with /",
            actual=path,
            rule="SIG-003",
        )
    return path or "/", query  # SIG-007


@_typed
def normalize_path(path: str) -> str:
    """Return path without empty and `.` segments, `..` resolved; a final slash stays (SIG-003)."""
    kept: List[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    return "/" + "/".join(kept) + ("/" if kept and path.endswith("/") else "")


def canonical_uri(path: str, normalize: bool = True, double_encode: bool = True) -> str:
    """Return the canonical URI of a raw path.

    normalize: remove dot segments and doubled slashes (SIG-003)
    double_encode: encode what stands there, `%` too (SIG-004); else keep each %XX as it stands (SIG-005)
    """
    require_type(path, str, "path")
    if _PLAIN_PATH.match(path):
        return path
    octets = _octets(normalize_path(path) if normalize else path or "/", "path")
    if double_encode:
        return "".join([_ENCODED_PATH[byte] for byte in octets])
    pieces = re.split(_ESCAPE, octets)  # text, digits, text, digits, … text
    return "".join(
        "%" + piece.decode("ascii")
        if index % 2
        else "".join([_ENCODED_PATH[byte] for byte in piece])
        for index, piece in enumerate(pieces)
    )


def decode_query(query: str) -> List[Tuple[bytes, bytes]]:
    """Return a raw query as (name, value) pairs of octets, in order; `+` is a plus sign (SIG-008, SIG-010)."""
    require_type(query, str, "query")
    pairs = []
    for piece in _octets(query, "query").split(b"&"):
        if piece:
            name, _, value = piece.partition(b"=")
            pairs.append((_unescape(name), _unescape(value)))
    return pairs


def _unescape(data: bytes) -> bytes:
    return (
        re.sub(_ESCAPE, lambda match: bytes((int(match.group(1), 16),)), data)
        if b"%" in data
        else data
    )


def _join_query(pairs: Iterable[Tuple[bytes, bytes]]) -> str:
    return "&".join(
        [
            "{}={}".format(*pair)
            for pair in sorted([(uri_encode(name), uri_encode(value)) for name, value in pairs])
        ]
    )


def canonical_query_string(query: str) -> str:
    """Return the canonical query string of a raw query: decoded, encoded, sorted by name, then value (SIG-008, SIG-009)."""
    return _join_query(decode_query(query)) if query != "" else ""


def canonical_value(value: str) -> str:
    """Return a header value as it is signed: trimmed, each run of SP, HTAB and obs-fold one SP (SIG-012).

    Raises UsageError for any other CR, LF or NUL (SIG-025) and for a character that is no octet (SIG-026).
    """
    require_type(value, str, "header value", "SIG-025")
    if _is_plain_value(value):
        return value
    if "\n" in value:
        value = re.sub(_FOLD, "", value)
    if _FORBIDDEN.search(value):
        raise UsageError("header value holds CR, LF or NUL", rule="SIG-025")
    if value and max(value) > "\xff":
        raise UsageError(
            "header value holds a character that is no octet", expected="Latin-1", rule="SIG-026"
        )
    return re.sub(_BLANKS, " ", value).strip(" ")


def _no_pairs() -> UsageError:
    return UsageError("headers must be (name, value) pairs of text", kind="type", rule="SIG-025")


@_typed
@lru_cache(maxsize=256)
def canonical_name(name: str) -> str:
    """Return a header name in lower case (SIG-011). Raises UsageError when it is no token (SIG-025)."""
    if not _TOKEN.match(name):
        raise UsageError("header name is no token", actual=name, rule="SIG-025")
    return name.lower()


@_typed
@lru_cache(maxsize=256)
def is_signed(name: str) -> bool:
    """Tell whether a header of that lower-case name is signed (SIG-015)."""
    return name not in NEVER_SIGNED and not name.startswith(_NEVER_SIGNED_PREFIX)


_lower_name, _is_signed = _unguarded(canonical_name), _unguarded(is_signed)


def collect_headers(headers: HeaderPairs) -> Dict[str, str]:
    """Return all headers by lower-case name, values canonical, those of equal names joined with `,` (SIG-011 to SIG-013).

    Raises UsageError for what is no list of (name, value) pairs, for a name that is no token (SIG-025), and as canonical_value.
    """
    collected: Dict[str, str] = {}
    try:
        for name, value in headers:
            lower = _lower_name(name)
            clean = value if _is_plain_value(value) else canonical_value(value)
            collected[lower] = (
                collected[lower] + "," + clean if lower in collected else clean
            )  # SIG-013
    except (TypeError, ValueError):
        raise _no_pairs() from None
    return collected


def _require_host(collected: Dict[str, str]) -> None:
    if not collected.get("host"):
        raise UsageError(
            "there is no Host header",
            expected="host, with its port unless it is the scheme's default",
            rule="SIG-014",
        )


@_typed
def select_signed(collected: Dict[str, str]) -> Dict[str, str]:
    """Return those of the headers, as from collect_headers, that are signed (SIG-015). Raises UsageError without Host (SIG-014)."""
    _require_host(collected)
    return {name: value for name, value in collected.items() if _is_signed(name)}


@_typed
def canonical_headers(headers: Dict[str, str]) -> str:
    """Return the canonical headers, one line each, sorted by name (SIG-011); headers as from collect_headers."""
    return "".join([f"{name}:{headers[name]}\n" for name in sorted(headers)])


@_typed
def signed_headers(headers: Iterable[str]) -> str:
    """Return the names of the signed headers, lower-case, sorted, joined with `;` (SIG-011)."""
    return ";".join(sorted(headers))


_header_lines, _header_names = _unguarded(canonical_headers), _unguarded(signed_headers)


@_typed
def payload_hash(body: bytes) -> str:
    """Return the lower-case hex SHA-256 of the body (SIG-019)."""
    if not isinstance(body, (bytes, bytearray, memoryview)):
        require_type(body, bytes, "body", "SIG-019")
    return hashlib.sha256(body).hexdigest()


@_typed
def canonical_request(
    method: str, uri: str, query_string: str, headers: Dict[str, str], hashed_payload: str
) -> str:
    """Return the canonical request (SIG-001): six parts, one below the other.

    headers: those that are signed, as from collect_headers
    """
    return "\n".join(
        (method, uri, query_string, _header_lines(headers), _header_names(headers), hashed_payload)
    )


# ---- from the canonical request to the signature -----------------------------------------------------------------


@_typed
def credential_scope(amz_date: str, region: str, service: str) -> str:
    """Return `date/region/service/aws4_request` (SIG-020)."""
    return "/".join((amz_date[:8], region, service, SCOPE_SUFFIX))


@_typed
def string_to_sign(amz_date: str, scope: str, request: str) -> str:
    """Return the string to sign (SIG-021) for a canonical request, whose characters are octets (SIG-026)."""
    return "\n".join(
        (ALGORITHM, amz_date, scope, hashlib.sha256(request.encode("latin-1")).hexdigest())
    )


def _hmac_sha256(key: bytes, text: str) -> bytes:
    if _one_shot_hmac is not None:
        return _one_shot_hmac(key, text.encode("utf-8"), "sha256")
    return hmac.new(key, text.encode("utf-8"), hashlib.sha256).digest()


# From 3.7 on: the same in one call, without an object in between.
_one_shot_hmac: Optional[Callable[[bytes, bytes, str], bytes]] = getattr(hmac, "digest", None)


@_typed
def derive_signing_keys(secret_key: str, date: str, region: str, service: str) -> SigningKeys:
    """Return the four keys (SIG-022). date: the first eight characters of the X-Amz-Date."""
    k_date = _hmac_sha256(b"AWS4" + secret_key.encode("utf-8"), date)
    k_region = _hmac_sha256(k_date, region)
    k_service = _hmac_sha256(k_region, service)
    return SigningKeys(k_date, k_region, k_service, _hmac_sha256(k_service, SCOPE_SUFFIX))


@_typed
def calculate_signature(k_signing: bytes, text: str) -> str:
    """Return the signature of a string to sign: lower-case hex (SIG-023)."""
    return _hmac_sha256(k_signing, text).hex()


@_typed
def authorization_header(access_key: str, scope: str, names: str, signature: str) -> str:
    """Return the value of Authorization (SIG-024). names: as from signed_headers."""
    return (
        f"{ALGORITHM} Credential={access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )


# ---- signing -----------------------------------------------------------------------------------------------------

# The stages as sign() calls them: guarded as a whole, it needs no guard for each.
_hash_payload, _request_of = _unguarded(payload_hash), _unguarded(canonical_request)
_scope_of, _text_of = _unguarded(credential_scope), _unguarded(string_to_sign)
_signature_of, _authorization_of = _unguarded(calculate_signature), _unguarded(authorization_header)


class Signer:
    """Signs and presigns; keeps the derived keys of the last few (secret, date, region, service), so that a day's requests
    cost one HMAC each (SIG-048). May be shared by threads.

    max_keys: how many derived keys it keeps at the most
    """

    def __init__(self, max_keys: int = 16) -> None:
        require_type(max_keys, int, "max_keys")
        if max_keys < 1:
            raise UsageError(
                "max_keys too small", expected="at least 1", actual=max_keys, rule="SIG-048"
            )
        self._max_keys = max_keys
        self._keys: Dict[Tuple[str, str, str, str], bytes] = {}

    def __repr__(self) -> str:
        return f"Signer(<{len(self._keys)} keys>)"

    def _k_signing(self, secret_key: str, date: str, region: str, service: str) -> bytes:
        name = (secret_key, date, region, service)
        key = self._keys.get(name)
        if key is None:
            key = derive_signing_keys(*name).k_signing
            if len(self._keys) >= self._max_keys:
                self._keys = {}
            self._keys[name] = key
        return key

    @_typed
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
        unsigned: Sequence[str] = (),
    ) -> SignedRequest:
        """Sign a request in its headers, and return every stage with the headers to send.

        method, target, headers, body: the request in its wire form; Host must be among the headers (SIG-014)
        amz_date: the time, as X-Amz-Date; the header of that name, and the token's, replace what came (SIG-016, SIG-017)
        normalize, double_encode: as for canonical_uri
        sign_body: send x-amz-content-sha256 (SIG-019)
        omit_session_token: send the token unsigned (SIG-018)
        unsigned: lower-case names of headers that are sent but not signed, besides those that never are (SIG-015)
        Raises UsageError.
        """
        _check_arguments(method, credentials, region, service, amz_date)
        path, query = split_target(target)
        hashed_payload = _hash_payload(body)
        token = credentials.session_token
        own = [(DATE_HEADER, amz_date)]
        if token:
            own.append((TOKEN_HEADER, token))
        if sign_body:
            own.append((CONTENT_HASH_HEADER, hashed_payload))
        sent = _without(headers, [name for name, _ in own] + ["authorization"]) + own
        if not isinstance(unsigned, (tuple, list)):
            raise UsageError(
                "unsigned must be a tuple of header names", kind="type", rule="SIG-015"
            )
        to_sign = _values_to_sign(
            sent, (*unsigned, TOKEN_HEADER) if omit_session_token else tuple(unsigned)
        )
        request = _request_of(
            method,
            canonical_uri(path, normalize, double_encode),
            canonical_query_string(query),
            to_sign,
            hashed_payload,
        )
        scope, text, signature = self._finish(request, credentials, region, service, amz_date)
        authorization = _authorization_of(
            credentials.access_key, scope, _header_names(to_sign), signature
        )
        return SignedRequest(
            request, text, signature, authorization, (*sent, ("authorization", authorization))
        )

    @_typed
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
    ) -> PresignedRequest:
        """Sign a request in its query (SIG-030), and return every stage with the target to request.

        expires: for how many seconds from amz_date on, 1 to 604800 (SIG-031); all else as for sign()
        """
        _check_arguments(method, credentials, region, service, amz_date)
        require_type(expires, int, "expires", "SIG-031")
        if not 1 <= expires <= MAX_EXPIRES:
            raise UsageError(
                "expires out of range",
                expected=f"1 to {int(MAX_EXPIRES)} seconds",
                actual=expires,
                rule="SIG-031",
            )
        path, query = split_target(target)
        to_sign = select_signed(
            collect_headers(_without(headers, (DATE_HEADER, TOKEN_HEADER)))
        )  # SIG-034
        scope = credential_scope(amz_date, region, service)
        own = [
            ("X-Amz-Algorithm", ALGORITHM),
            ("X-Amz-Credential", f"{credentials.access_key}/{scope}"),
            ("X-Amz-Date", amz_date),
            ("X-Amz-Expires", str(expires)),
            ("X-Amz-SignedHeaders", signed_headers(to_sign)),
        ]
        token = [(TOKEN_PARAMETER, credentials.session_token)] if credentials.session_token else []
        unsigned = token if omit_session_token else []
        replaced = frozenset(name for name, _ in own) | {TOKEN_PARAMETER, SIGNATURE_PARAMETER}
        pairs = [pair for pair in decode_query(query) if pair[0].decode("latin-1") not in replaced]
        pairs += [
            (name.encode(), value.encode()) for name, value in (own if unsigned else own + token)
        ]  # SIG-033
        query_string = _join_query(pairs)
        request = canonical_request(
            method,
            canonical_uri(path, normalize, double_encode),
            query_string,
            to_sign,
            payload_hash(body),
        )
        scope, text, signature = self._finish(request, credentials, region, service, amz_date)
        tail = "".join(
            f"&{name}={uri_encode(value.encode())}"
            for name, value in unsigned + [(SIGNATURE_PARAMETER, signature)]
        )
        return PresignedRequest(request, text, signature, f"{path}?{query_string}{tail}")  # SIG-032

    def _finish(
        self, request: str, credentials: Credentials, region: str, service: str, amz_date: str
    ) -> Tuple[str, str, str]:
        scope = _scope_of(amz_date, region, service)
        text = _text_of(amz_date, scope, request)
        return (
            scope,
            text,
            _signature_of(
                self._k_signing(credentials.secret_key, amz_date[:8], region, service), text
            ),
        )


def _check_arguments(
    method: str, credentials: Credentials, region: str, service: str, amz_date: str
) -> None:
    require_type(credentials, Credentials, "credentials")
    try:
        _check_texts(method, region, service, amz_date)
    except TypeError:  # one that cannot be looked up
        _unguarded(_check_texts)(method, region, service, amz_date)


@lru_cache(maxsize=64)  # they are the same for many requests in a row
def _check_texts(method: str, region: str, service: str, amz_date: str) -> None:
    require_type(method, str, "method", "SIG-002")
    require_type(region, str, "region", "SIG-020")
    require_type(service, str, "service", "SIG-020")
    require_type(amz_date, str, "amz_date", "SIG-016")
    if not _TOKEN.match(method):
        raise UsageError("method is no token", actual=method, rule="SIG-002")
    for what, value in (("region", region), ("service", service)):
        if not _SCOPE_PART.match(value):
            raise UsageError(
                f"{what} cannot stand in a credential scope",
                expected="printable ASCII, no blank, slash or comma",
                actual=value,
                rule="SIG-020",
            )
    seconds_of(amz_date)


def _values_to_sign(pairs: HeaderPairs, unsigned: Tuple[str, ...]) -> Dict[str, str]:
    """Return what select_signed() returns of those pairs, but for the names unsigned; sooner, when the same names come again."""
    try:
        values = [value if _is_plain_value(value) else canonical_value(value) for _, value in pairs]
    except TypeError:
        raise _no_pairs() from None
    signed = {
        name: ",".join([values[place] for place in places])  # SIG-013
        for name, places in _places_of_signed(tuple([name for name, _ in pairs]), unsigned)
    }
    _require_host(signed)
    return signed


@lru_cache(maxsize=64)  # a client's requests have the same names
def _places_of_signed(
    names: Tuple[str, ...], unsigned: Tuple[str, ...]
) -> Tuple[Tuple[str, Tuple[int, ...]], ...]:
    """Return, for each header that is signed, its name in lower case and the places of its values, in order, among the names."""
    for name in unsigned:
        require_type(name, str, "unsigned", "SIG-015")
        if must_be_signed(name.lower()):
            raise UsageError(
                "a header that must be signed cannot be left out", actual=name, rule="SIG-045"
            )
    places = collect_headers([(name, str(place)) for place, name in enumerate(names)])
    return tuple(
        (name, tuple(map(int, places[name].split(","))))
        for name in sorted(places)
        if is_signed(name) and name not in unsigned
    )


@_typed
def must_be_signed(name: str) -> bool:
    """Tell whether a server refuses a request that bears a header of that lower-case name unsigned (SIG-045)."""
    return name == "host" or name.startswith("x-amz-") and name != TOKEN_HEADER


def _without(headers: HeaderPairs, names: Iterable[str]) -> List[Tuple[str, str]]:
    """Return the pairs whose name, caseless, is none of names."""
    try:
        return [(name, value) for name, value in headers if name.lower() not in names]
    except (TypeError, ValueError, AttributeError):
        raise _no_pairs() from None


# ---- verifying ---------------------------------------------------------------------------------------------------


# What a request says of its own signature, wherever it says so.
class _Claim(NamedTuple):
    credential: str
    names: List[str]
    signature: str
    amz_date: str
    expires: Optional[int]
    token: Optional[str]
    queries: List[str]


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
) -> None:
    """Return when the request bears a good signature, in its headers or its query; for servers.

    method, target, headers, body: the request as it came;  credentials: those of the caller that it names
    amz_date: the server's time, as X-Amz-Date;  max_skew: how far off the request's time may be, in seconds
    Raises SignatureError `signature` or `expired` (SIG-040 to SIG-047), with the stages that the server computed; UsageError
    when region, service, credentials or amz_date themselves are wrong.
    """
    _check_arguments("GET", credentials, region, service, amz_date)
    require_type(max_skew, int, "max_skew")
    if not 0 <= max_skew <= MAX_EXPIRES:
        raise UsageError(
            "max_skew out of range",
            expected=f"0 to {int(MAX_EXPIRES)} seconds",
            actual=max_skew,
            rule="SIG-042",
        )
    try:
        _check_arguments(method, credentials, region, service, amz_date)
        path, query = split_target(target)
        uri = canonical_uri(path, normalize, double_encode)
        pairs = _without(headers, ())  # a list: they are read twice
        collected = collect_headers(pairs)
        if sum(name.lower() == "authorization" for name, _ in pairs) > 1:
            raise SignatureError(
                "more than one Authorization header", expected="one", rule="SIG-040"
            )
        claim = _claim_of(collected, decode_query(query))
        _check_claim(claim, collected, credentials, region, service)
        _check_time(claim, amz_date, max_skew)
        hashed_payload = payload_hash(body)
    except UsageError as error:
        raise SignatureError(
            error.message or "", expected=error.expected, actual=error.actual, rule=error.rule
        ) from None
    if collected.get(CONTENT_HASH_HEADER, hashed_payload) != hashed_payload:  # SIG-047
        raise SignatureError(
            "the body is not the one that was signed",
            expected=collected[CONTENT_HASH_HEADER],
            actual=hashed_payload,
            rule="SIG-047",
        )
    to_sign = {name: collected[name] for name in claim.names}
    key = derive_signing_keys(credentials.secret_key, claim.amz_date[:8], region, service).k_signing
    scope = credential_scope(claim.amz_date, region, service)
    requests = [
        canonical_request(method, uri, query_string, to_sign, hashed_payload)
        for query_string in claim.queries
    ]
    texts = [string_to_sign(claim.amz_date, scope, request) for request in requests]
    matches = [_same(calculate_signature(key, text), claim.signature) for text in texts]
    if not any(matches):
        raise SignatureError(
            "the signature does not match",
            rule="SIG-041",
            canonical_request=requests[0],
            string_to_sign=texts[0],
        )


def _same(expected: str, actual: str) -> bool:
    return hmac.compare_digest(
        expected.encode("utf-8"), actual.encode("utf-8")
    )  # SIG-041: in constant time


def _claim_of(collected: Dict[str, str], pairs: List[Tuple[bytes, bytes]]) -> _Claim:
    """Return what the request claims (SIG-040)."""
    parameters = {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in pairs
        if name.startswith(b"X-Amz-")
    }
    authorization = collected.get("authorization")
    if authorization is not None and SIGNATURE_PARAMETER in parameters:
        raise SignatureError(
            "signed in header and query at once", expected="one of the two", rule="SIG-040"
        )
    if authorization is not None:
        algorithm, _, rest = authorization.partition(" ")
        pieces = [piece.strip(" ").partition("=") for piece in rest.split(",")]
        parts = _claimed_parts([(name, value) for name, _, value in pieces])
        date, expires, token = collected.get(DATE_HEADER, ""), None, collected.get(TOKEN_HEADER)
        queries = [_join_query(pairs)]
    elif SIGNATURE_PARAMETER in parameters:
        algorithm = parameters.get("X-Amz-Algorithm", "")
        texts = [
            (name[6:].decode("latin-1"), value.decode("latin-1"))
            for name, value in pairs
            if name.startswith(b"X-Amz-")
        ]
        parts = _claimed_parts([(name, value) for name, value in texts if name in _CLAIM_PARTS])
        date, token = parameters.get("X-Amz-Date", ""), parameters.get(TOKEN_PARAMETER)
        expires = _expires_of(parameters.get("X-Amz-Expires", ""))
        signed = [pair for pair in pairs if pair[0] != SIGNATURE_PARAMETER.encode()]  # SIG-032
        queries = [_join_query(signed)]
        if token is not None:  # SIG-018: it may have travelled unsigned
            queries.append(
                _join_query([pair for pair in signed if pair[0] != TOKEN_PARAMETER.encode()])
            )
    else:
        raise SignatureError(
            "the request is not signed",
            expected="Authorization, or X-Amz-Signature in the query",
            rule="SIG-040",
        )
    if algorithm != ALGORITHM:
        raise SignatureError(
            "another algorithm", expected=ALGORITHM, actual=algorithm, rule="SIG-040"
        )
    return _Claim(parts[0], parts[1].split(";"), parts[2], date, expires, token, queries)


_CLAIM_PARTS = ("Credential", "SignedHeaders", "Signature")


def _claimed_parts(found: List[Tuple[str, str]]) -> List[str]:
    names = [name for name, _ in found]
    if sorted(names) != sorted(_CLAIM_PARTS):
        raise SignatureError(
            "the signature's parts are not complete",
            expected=", ".join(_CLAIM_PARTS),
            actual=", ".join(names),
            rule="SIG-040",
        )
    return [dict(found)[name] for name in _CLAIM_PARTS]


def _expires_of(text: str) -> int:
    if re.match(r"[0-9]{1,6}\Z", text) and 1 <= int(text) <= MAX_EXPIRES:
        return int(text)
    raise SignatureError(
        "X-Amz-Expires out of range",
        expected=f"1 to {int(MAX_EXPIRES)} seconds",
        actual=text,
        rule="SIG-031",
    )


def _check_claim(
    claim: _Claim, collected: Dict[str, str], credentials: Credentials, region: str, service: str
) -> None:
    seconds_of(claim.amz_date)  # SIG-040
    scope = credential_scope(claim.amz_date, region, service)
    access_key, _, claimed_scope = claim.credential.partition("/")
    if claimed_scope != scope:  # SIG-044
        raise SignatureError(
            "credential scope differs", expected=scope, actual=claimed_scope, rule="SIG-044"
        )
    if not _same(credentials.access_key, access_key):  # SIG-044
        raise SignatureError("another access key", rule="SIG-044")
    if not _same(credentials.session_token or "", claim.token or ""):  # SIG-046
        raise SignatureError("the session token is missing or another one", rule="SIG-046")
    if claim.names != sorted(set(claim.names)) or not all(
        name in collected and name == name.lower() for name in claim.names
    ):
        raise SignatureError(
            "SignedHeaders names what is not there, or not in order",
            expected="lower-case, sorted, present",  # SIG-045
            actual=";".join(claim.names),
            rule="SIG-045",
        )
    for name in collected:
        if must_be_signed(name) and name not in claim.names:
            raise SignatureError(
                "a header that must be signed is not",
                expected="host and x-amz-* signed",
                actual=name,
                rule="SIG-045",
            )
    if not collected.get("host"):
        raise SignatureError("there is no Host header", rule="SIG-014")


def _check_time(claim: _Claim, amz_date: str, max_skew: int) -> None:
    now, then = seconds_of(amz_date), seconds_of(claim.amz_date)
    minutes = f"{max_skew / 60:g} min."
    if then - now > max_skew:  # SIG-042
        raise SignatureError(
            f"Signature not yet current: {claim.amz_date} is still later than {amz_date_of(now + max_skew)} ({amz_date} + {minutes})",
            kind="expired",
            rule="SIG-042",
        )
    if claim.expires is None:
        if now - then > max_skew:
            raise SignatureError(
                f"Signature expired: {claim.amz_date} is now earlier than {amz_date_of(now - max_skew)} ({amz_date} - {minutes})",
                kind="expired",
                rule="SIG-042",
            )
    elif now - then > claim.expires:  # SIG-043
        raise SignatureError(
            f"Signature expired: {amz_date} is now later than {amz_date_of(then + claim.expires)}",
            kind="expired",
            rule="SIG-043",
        )
