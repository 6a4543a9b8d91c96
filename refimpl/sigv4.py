# SPDX-License-Identifier: MIT
"""AWS Signature Version 4, without I/O and without a clock. Each stage is a function.

    canonical_uri  canonical_query_string  canonical_headers  signed_headers  payload_hash
        -> canonical_request -> string_to_sign -> derive_signing_keys -> calculate_signature
        -> authorization_header

`Signer` signs and presigns: it runs all stages and returns their values. `verify` is for servers:
it computes the signature again and compares.

A request is given as it is sent: method, target (path and query exactly as in the request line),
headers as (name, value) pairs of Latin-1 text, and body. The signature covers exactly these octets
(SIG-026), so each character of a canonical request is one octet. A time is an X-Amz-Date such as
`20150830T123600Z`.

Rejected: a request without Host, a header name that is not a token, CR, LF and NUL outside a folded
line, and characters that cannot be sent (SIG-001 to SIG-048 of SPEC.md). SigV4a is out of scope.
"""

import hashlib
import hmac
import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import (
    Callable,
    Dict,
    FrozenSet,
    Iterable,
    List,
    NamedTuple,
    NoReturn,
    Optional,
    Sequence,
    Tuple,
    Type,
)

from .errors import (
    ConfigurationError,
    SignatureError,
    UsageError,
    plain_bytes,
    require_type,
    wrong_type,
)

HeaderPairs = Sequence[Tuple[str, str]]

ALGORITHM = "AWS4-HMAC-SHA256"
SCOPE_SUFFIX = "aws4_request"
# SIG-042 and SIG-031, in seconds.
MAX_SKEW = 300
MAX_EXPIRES = 604800

DATE_HEADER = "x-amz-date"
TOKEN_HEADER = "x-amz-security-token"
CONTENT_HASH_HEADER = "x-amz-content-sha256"
SIGNATURE_PARAMETER = "X-Amz-Signature"
TOKEN_PARAMETER = "X-Amz-Security-Token"

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

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
# A path, and header values joined with LF, whose canonical form is identical.
_PLAIN_PATH = re.compile(r"(?:/[A-Za-z0-9\-_~][A-Za-z0-9\-._~]*)+/?\Z")
_are_plain_values = re.compile(r"[!-~]+(?:[ \n][!-~]+)*\Z").match
# An obs-fold: a line break before the white space that continues the line.
_FOLD = r"(?:\r?\n)(?=[ \t])"
_BLANKS = r"[ \t]+"
_FORBIDDEN = re.compile(r"[\r\n\0]")
_ESCAPE = rb"%([0-9A-Fa-f]{2})"
_AMZ_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\Z", re.ASCII)
# Printable ASCII without space, slash and comma.
_SCOPE_PART = re.compile(r"[!-+.0-~-]+\Z")
# SIG-006
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


# ---- values ------------------------------------------------------------------------------------


class Credentials:
    """An access key, its secret and, if temporary, a session token. repr shows only the access key.

    session_token: an empty one counts as none (SIG-017)
    expires: seconds since 1970 UTC, or None
    Raises ConfigurationError, which does not show the value, for an invalid part (SIG-029). Cannot
    be pickled, because a pickle leaves the process (SIG-048). A copy is the same object.
    """

    __slots__ = ("access_key", "secret_key", "session_token", "expires")

    def __init__(
        self,
        access_key: str,
        secret_key: str,
        session_token: Optional[str] = None,
        expires: Optional[float] = None,
    ) -> None:
        # SIG-017
        if isinstance(session_token, str) and not session_token:
            session_token = None
        problem = _key_problem("access_key", access_key) or _key_problem("secret_key", secret_key)
        if session_token is not None:
            problem = problem or _key_problem("session_token", session_token)
        # SIG-029
        if problem is None and ("/" in access_key or "," in access_key):
            problem = ConfigurationError(
                "access_key contains a slash or a comma",
                expected="an access key ID (are key and secret swapped?)",
                rule="SIG-029",
            )
        if problem is not None:
            # Some tools show the variables of each function in a traceback.
            del access_key, secret_key, session_token
            raise problem
        if expires is not None and not _is_number(expires):
            actual = type(expires).__name__
            del access_key, secret_key, session_token
            raise ConfigurationError("expires has the wrong type", expected="float", actual=actual)
        self.access_key = access_key
        self.secret_key = secret_key
        self.session_token = session_token
        self.expires = expires

    def __repr__(self) -> str:
        # A traceback may show credentials whose constructor has failed.
        if not hasattr(self, "expires"):
            return "Credentials(<incomplete>)"
        token = "<hidden>" if self.session_token else None
        return (
            f"Credentials(access_key={self.access_key!r}, secret_key=<hidden>, "
            f"session_token={token})"
        )

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        # SIG-048
        raise UsageError("credentials cannot be pickled", rule="SIG-048")

    def __copy__(self) -> "Credentials":
        return self

    def __deepcopy__(self, memo: object) -> "Credentials":
        return self

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Credentials):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    def __hash__(self) -> int:
        return hash((self.access_key, self.secret_key, self.session_token))


def _key_problem(name: str, value: object) -> Optional[ConfigurationError]:
    """Return the error for an invalid part of credentials. It does not show the value."""
    # SIG-029
    if not isinstance(value, str):
        return ConfigurationError(
            f"{name} has the wrong type",
            expected="str",
            actual=type(value).__name__,
            rule="SIG-029",
        )
    if not value:
        return ConfigurationError(f"{name} is empty", expected="a key", rule="SIG-029")
    if not all("!" <= character <= "~" for character in value):
        return ConfigurationError(
            f"{name} contains a space or an invalid character",
            expected="printable ASCII, no spaces",
            rule="SIG-029",
        )
    return None


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


class SigningKeys(NamedTuple):
    """The four derived keys (SIG-022). repr hides them."""

    k_date: bytes
    k_region: bytes
    k_service: bytes
    k_signing: bytes

    def __repr__(self) -> str:
        return "SigningKeys(<hidden>)"


class SignedRequest(NamedTuple):
    """The values of all stages of sign(). repr shows only the scope.

    headers: those to send, which are the given ones and the signature's
    """

    canonical_request: str
    string_to_sign: str
    signature: str
    authorization: str
    headers: Tuple[Tuple[str, str], ...]

    def __repr__(self) -> str:
        return f"SignedRequest({_scope_in(self.string_to_sign)})"


class PresignedRequest(NamedTuple):
    """The values of all stages of presign(). repr shows only the scope.

    target: the path and query to request, with the signature
    """

    canonical_request: str
    string_to_sign: str
    signature: str
    target: str

    def __repr__(self) -> str:
        return f"PresignedRequest({_scope_in(self.string_to_sign)})"


def _scope_in(text: str) -> str:
    return text.split("\n")[2]


# ---- time --------------------------------------------------------------------------------------

_EPOCH = datetime(1970, 1, 1)


def amz_date_of(seconds: float) -> str:
    """Return seconds since 1970 UTC as an X-Amz-Date, rounded down.

    Raises UsageError if they are not a number or not in the years 1 to 9999 (SIG-016).
    """
    if not _is_number(seconds):
        raise wrong_type(seconds, "seconds since 1970 UTC", "time", "SIG-016")
    try:
        return _amz_date_of(int(seconds))
    except (ValueError, OverflowError):
        raise UsageError(
            "invalid time", expected="seconds since 1970 UTC", actual=seconds, rule="SIG-016"
        ) from None


# Many calls of a client have the same second.
@lru_cache(maxsize=16)
def _amz_date_of(seconds: int) -> str:
    return (_EPOCH + timedelta(seconds=seconds)).isoformat().replace("-", "").replace(":", "") + "Z"


def seconds_of(amz_date: str) -> int:
    """Return an X-Amz-Date as seconds since 1970 UTC. Raises UsageError if invalid (SIG-016)."""
    require_type(amz_date, str, "amz_date", "SIG-016")
    moment = _datetime_of(amz_date)
    # SIG-016
    if moment is None:
        raise UsageError(
            "invalid X-Amz-Date", expected="YYYYMMDDThhmmssZ", actual=amz_date, rule="SIG-016"
        )
    return int((moment - _EPOCH).total_seconds())


def _datetime_of(amz_date: str) -> Optional[datetime]:
    match = _AMZ_DATE.match(amz_date)
    if match is None:
        return None
    year, month, day, hour, minute, second = map(int, match.groups())
    try:
        return datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None


# ---- the canonical request, part by part -------------------------------------------------------

# A public stage checks the types of its arguments. Signer checks its own arguments once, so it
# calls the private function of a stage if there is one.

_ENCODED = {byte: (chr(byte) if byte in _UNRESERVED else f"%{byte:02X}") for byte in range(256)}
_ENCODED_PATH = dict(_ENCODED)
_ENCODED_PATH[ord("/")] = "/"


def uri_encode(data: bytes) -> str:
    """Return data with each byte that is not unreserved as %XX, in upper case (SIG-006)."""
    require_type(data, bytes, "data", "SIG-006")
    return "".join([_ENCODED[byte] for byte in data])


def _octets(text: str, what: str) -> bytes:
    # SIG-026
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise UsageError(
            f"{what} contains a lone surrogate", expected="valid Unicode", rule="SIG-026"
        ) from None


def split_target(target: str) -> Tuple[str, str]:
    """Return the path and the query of a request target, as they are sent.

    Raises UsageError if it is not in origin form (SIG-003), or contains CR, LF or NUL, which would
    begin another request line (SIG-028).
    """
    require_type(target, str, "target")
    # SIG-028
    if _FORBIDDEN.search(target):
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
    if _PLAIN_PATH.match(path):
        return path
    octets = _octets(normalize_path(path) if normalize else path or "/", "path")
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
    for piece in _octets(query, "query").split(b"&"):
        # SIG-010
        if piece:
            name, _, value = piece.partition(b"=")
            pairs.append((_unescape(name), _unescape(value)))
    return pairs


def _unescape(data: bytes) -> bytes:
    if b"%" not in data:
        return data
    return re.sub(_ESCAPE, lambda match: bytes((int(match.group(1), 16),)), data)


def _join_query(pairs: Iterable[Tuple[bytes, bytes]]) -> str:
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
    return _join_query(decode_query(query))


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
    if _FORBIDDEN.search(value):
        raise UsageError("header value contains CR, LF or NUL", rule="SIG-025")
    # SIG-026
    if value and max(value) > "\xff":
        raise UsageError(
            "header value contains a character above U+00FF", expected="Latin-1", rule="SIG-026"
        )
    return re.sub(_BLANKS, " ", value).strip(" ")


def _canonical_values(values: List[str]) -> List[str]:
    """Return the canonical forms of header values. Plain ones cost one search for all of them."""
    text = "\n".join(values)
    plain = text.split("\n") if _are_plain_values(text) else []
    # If not, one of the values contains LF.
    if len(plain) == len(values):
        return plain
    return [canonical_value(value) for value in values]


def canonical_name(name: str) -> str:
    """Return a header name in lower case (SIG-011). Raises UsageError if invalid (SIG-025)."""
    require_type(name, str, "header name", "SIG-025")
    return _lower_name(name)


@lru_cache(maxsize=256)
def _lower_name(name: str) -> str:
    # SIG-025
    if not _TOKEN.match(name):
        raise UsageError("header name is not a token", actual=name, rule="SIG-025")
    return name.lower()


def is_signed(name: str) -> bool:
    """Return whether a header with that lower-case name is signed (SIG-015)."""
    require_type(name, str, "header name", "SIG-015")
    return name not in NEVER_SIGNED and not name.startswith(_NEVER_SIGNED_PREFIX)


# The requests of a client have the same value.
@lru_cache(maxsize=16)
def _connection_options(value: str) -> FrozenSet[str]:
    """Return the header names in a Connection header, which a hop may drop (SIG-015).

    Without the headers that a server requires to be signed.
    """
    names = frozenset(option.strip(" \t").lower() for option in value.split(","))
    return frozenset(name for name in names if name != "host" and not name.startswith("x-amz-"))


def _pairs_of(headers: HeaderPairs) -> List[Tuple[str, str]]:
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


def collect_headers(headers: HeaderPairs) -> Dict[str, str]:
    """Return the canonical values of all headers by lower-case name (SIG-011 to SIG-013).

    Values of equal names are joined with a comma.
    Raises UsageError for an invalid name (SIG-025), and as canonical_value().
    """
    collected: Dict[str, str] = {}
    for name, value in _pairs_of(headers):
        lower, clean = _lower_name(name), canonical_value(value)
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


def _require_host(host: str) -> None:
    # SIG-014
    if not host:
        raise UsageError(
            "there is no Host header",
            expected="host, with its port unless it is the scheme's default",
            rule="SIG-014",
        )


def select_signed(collected: Dict[str, str]) -> Dict[str, str]:
    """Return the headers that are signed (SIG-015).

    collected: as from collect_headers()
    Raises UsageError if there is no Host (SIG-014).
    """
    _check_collected(collected)
    _require_host(collected.get("host", ""))
    dropped = _connection_options(collected.get("connection", ""))
    return {
        name: value for name, value in collected.items() if is_signed(name) and name not in dropped
    }


def canonical_headers(headers: Dict[str, str]) -> str:
    """Return the canonical headers: one line each, sorted by name (SIG-011).

    headers: as from collect_headers()
    """
    _check_collected(headers)
    return _canonical_headers(headers)


def _canonical_headers(headers: Dict[str, str]) -> str:
    return "".join([f"{name}:{headers[name]}\n" for name in sorted(headers)])


def signed_headers(headers: Iterable[str]) -> str:
    """Return the sorted lower-case names of the signed headers, joined with `;` (SIG-011)."""
    try:
        names = list(headers)
    except (TypeError, ValueError):
        raise wrong_type(headers, "header names", "headers", "SIG-011") from None
    for name in names:
        require_type(name, str, "header name", "SIG-011")
    return _signed_headers(names)


def _signed_headers(names: Iterable[str]) -> str:
    return ";".join(sorted(names))


def payload_hash(body: bytes) -> str:
    """Return the SHA-256 of the body in lower-case hexadecimal digits (SIG-019).

    Raises ConfigurationError if this Python cannot compute it.
    """
    if not isinstance(body, bytes):
        body = plain_bytes(body, "body", "SIG-019")
    return _sha256(body)


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
    lines, names = _canonical_headers(headers), _signed_headers(headers)
    return _canonical_request(method, uri, query_string, lines, names, hashed_payload)


def _canonical_request(
    method: str, uri: str, query_string: str, lines: str, names: str, hashed_payload: str
) -> str:
    # SIG-001
    return "\n".join((method, uri, query_string, lines, names, hashed_payload))


# ---- from the canonical request to the signature -----------------------------------------------


def credential_scope(amz_date: str, region: str, service: str) -> str:
    """Return `date/region/service/aws4_request` (SIG-020)."""
    require_type(amz_date, str, "amz_date", "SIG-020")
    require_type(region, str, "region", "SIG-020")
    require_type(service, str, "service", "SIG-020")
    return "/".join((amz_date[:8], region, service, SCOPE_SUFFIX))


def string_to_sign(amz_date: str, scope: str, request: str) -> str:
    """Return the string to sign (SIG-021).

    request: the canonical request, whose characters are octets (SIG-026)
    """
    require_type(amz_date, str, "amz_date", "SIG-021")
    require_type(scope, str, "scope", "SIG-021")
    require_type(request, str, "request", "SIG-021")
    return _string_to_sign(amz_date, scope, request)


def _string_to_sign(amz_date: str, scope: str, request: str) -> str:
    # SIG-026
    try:
        octets = request.encode("latin-1")
    except UnicodeEncodeError:
        raise UsageError(
            "request contains a character above U+00FF", expected="Latin-1", rule="SIG-026"
        ) from None
    return "\n".join((ALGORITHM, amz_date, scope, _sha256(octets)))


def _sha256(data: bytes) -> str:
    try:
        return hashlib.sha256(data).hexdigest()
    except ValueError as error:
        raise _not_available("SHA-256", error) from None


def _hmac_sha256(key: bytes, text: str) -> bytes:
    octets = _octets(text, "text")
    try:
        if _one_shot_hmac is not None:
            return _one_shot_hmac(key, octets, "sha256")
        return hmac.new(key, octets, hashlib.sha256).digest()
    except ValueError as error:
        raise _not_available("HMAC-SHA-256", error) from None


# hmac.digest is faster, but missing in Python 3.6.
_one_shot_hmac: Optional[Callable[[bytes, bytes, str], bytes]] = getattr(hmac, "digest", None)


def _not_available(what: str, error: ValueError) -> ConfigurationError:
    # For example, OpenSSL's configuration asks for FIPS mode, but there is no FIPS module.
    return ConfigurationError(
        f"this Python cannot compute {what}: {error}", expected="a working OpenSSL configuration"
    )


def derive_signing_keys(secret_key: str, date: str, region: str, service: str) -> SigningKeys:
    """Return the four keys (SIG-022).

    date: the first eight characters of the X-Amz-Date
    Raises ConfigurationError if this Python cannot compute them.
    """
    require_type(secret_key, str, "secret_key", "SIG-022")
    require_type(date, str, "date", "SIG-022")
    require_type(region, str, "region", "SIG-022")
    require_type(service, str, "service", "SIG-022")
    k_date = _hmac_sha256(b"AWS4" + _octets(secret_key, "secret_key"), date)
    k_region = _hmac_sha256(k_date, region)
    k_service = _hmac_sha256(k_region, service)
    k_signing = _hmac_sha256(k_service, SCOPE_SUFFIX)
    return SigningKeys(k_date, k_region, k_service, k_signing)


def calculate_signature(k_signing: bytes, text: str) -> str:
    """Return the signature of a string to sign, in lower-case hexadecimal digits (SIG-023).

    Raises ConfigurationError if this Python cannot compute it.
    """
    require_type(k_signing, bytes, "k_signing", "SIG-023")
    require_type(text, str, "text", "SIG-023")
    return _calculate_signature(k_signing, text)


def _calculate_signature(k_signing: bytes, text: str) -> str:
    # SIG-023
    return _hmac_sha256(k_signing, text).hex()


def authorization_header(access_key: str, scope: str, names: str, signature: str) -> str:
    """Return the value of Authorization (SIG-024). names: as from signed_headers()."""
    require_type(access_key, str, "access_key", "SIG-024")
    require_type(scope, str, "scope", "SIG-024")
    require_type(names, str, "names", "SIG-024")
    require_type(signature, str, "signature", "SIG-024")
    return _authorization_header(access_key, scope, names, signature)


def _authorization_header(access_key: str, scope: str, names: str, signature: str) -> str:
    # SIG-024
    return (
        f"{ALGORITHM} Credential={access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )


# ---- signing -----------------------------------------------------------------------------------


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
        unsigned: Sequence[str] = (),
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
        scope = _checked_scope(credentials, region, service, amz_date)
        _check_method(method)
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
        sent, lines, names = _arranged(_pairs_of(headers), own, unsigned_names)
        request = _canonical_request(method, uri, query_string, lines, names, hashed_payload)
        text = _string_to_sign(amz_date, scope, request)
        signature = self._signature(text, credentials, region, service, amz_date)
        authorization = _authorization_header(credentials.access_key, scope, names, signature)
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
    ) -> PresignedRequest:
        """Sign a request in its query (SIG-030). Return the values of all stages and the target.

        expires: how many seconds after amz_date the signature is valid, 1 to 604800 (SIG-031)
        Other arguments and errors are those of sign().
        """
        scope = _checked_scope(credentials, region, service, amz_date)
        _check_method(method)
        require_type(omit_session_token, bool, "omit_session_token", "SIG-018")
        _check_expires(expires)
        path, query = split_target(target)
        # SIG-034
        to_sign = select_signed(collect_headers(_without(headers, (DATE_HEADER, TOKEN_HEADER))))
        names = _signed_headers(to_sign)
        own = [
            ("X-Amz-Algorithm", ALGORITHM),
            ("X-Amz-Credential", f"{credentials.access_key}/{scope}"),
            ("X-Amz-Date", amz_date),
            ("X-Amz-Expires", str(expires)),
            ("X-Amz-SignedHeaders", names),
        ]
        token = [(TOKEN_PARAMETER, credentials.session_token)] if credentials.session_token else []
        unsigned = token if omit_session_token else []
        replaced = frozenset(name for name, _ in own) | {TOKEN_PARAMETER, SIGNATURE_PARAMETER}
        pairs = [pair for pair in decode_query(query) if pair[0].decode("latin-1") not in replaced]
        # SIG-033
        for name, value in own if unsigned else own + token:
            pairs.append((name.encode(), value.encode()))
        query_string = _join_query(pairs)
        request = _canonical_request(
            method,
            canonical_uri(path, normalize, double_encode),
            query_string,
            _canonical_headers(to_sign),
            names,
            payload_hash(body),
        )
        text = _string_to_sign(amz_date, scope, request)
        signature = self._signature(text, credentials, region, service, amz_date)
        # SIG-018, SIG-032
        tail = "".join(
            f"&{name}={uri_encode(value.encode())}"
            for name, value in unsigned + [(SIGNATURE_PARAMETER, signature)]
        )
        return PresignedRequest(request, text, signature, f"{path}?{query_string}{tail}")

    def _signature(
        self, text: str, credentials: Credentials, region: str, service: str, amz_date: str
    ) -> str:
        k_signing = self._keys.k_signing(credentials.secret_key, amz_date[:8], region, service)
        return _calculate_signature(k_signing, text)


def _checked_scope(credentials: Credentials, region: str, service: str, amz_date: str) -> str:
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


def _check_method(method: str) -> None:
    require_type(method, str, "method", "SIG-002")
    # SIG-002
    if not _TOKEN.match(method):
        raise UsageError("method is not a token", actual=method, rule="SIG-002")


def _check_expires(expires: int) -> None:
    require_type(expires, int, "expires", "SIG-031")
    # SIG-031
    if not 1 <= expires <= MAX_EXPIRES:
        raise UsageError(
            "expires out of range",
            expected=f"1 to {MAX_EXPIRES} seconds",
            actual=expires,
            rule="SIG-031",
        )


def _canonical_target(target: str, normalize: bool, double_encode: bool) -> Tuple[str, str]:
    """Return the canonical URI and the canonical query string of a request target."""
    require_type(target, str, "target")
    if _PLAIN_PATH.match(target):
        return target, ""
    path, query = split_target(target)
    return canonical_uri(path, normalize, double_encode), canonical_query_string(query)


def _arranged(
    given: List[Tuple[str, str]], own: List[Tuple[str, str]], unsigned: Tuple[str, ...]
) -> Tuple[List[Tuple[str, str]], str, str]:
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
        options = _connection_options(",".join([values[place] for place in layout.connections]))
        # A client's `close` names no header.
        if not options.isdisjoint(layout.signed):
            layout = _layout_of(names, len(given), unsigned + tuple(sorted(options)))
    _require_host(",".join([values[place] for place in layout.hosts]))
    return sent, layout.lines.format(*values), layout.names


class _Layout(NamedTuple):
    """What the names of a request's headers decide.

    sent: the places of the headers that are sent
    lines: the canonical headers, with `{2}` for the value of the third header that is sent
    signed: the names of the signed headers
    names: the list of them, as it is sent
    hosts, connections: the places of Host and Connection among the headers that are sent
    """

    sent: Tuple[int, ...]
    lines: str
    signed: FrozenSet[str]
    names: str
    hosts: Tuple[int, ...]
    connections: Tuple[int, ...]


# The requests of a client have the same names.
@lru_cache(maxsize=64)
def _layout_of(names: Tuple[str, ...], given: int, unsigned: Tuple[str, ...]) -> _Layout:
    """Return the layout of headers with these names, of which the first ones are the given ones."""
    for name in unsigned:
        # SIG-045
        if must_be_signed(name.lower()):
            raise UsageError(
                "a header that must be signed is unsigned", actual=name, rule="SIG-045"
            )
    lower_names = [_lower_name(name) for name in names]
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
    return _Layout(
        tuple(kept),
        _canonical_headers(fields),
        frozenset(fields),
        _signed_headers(fields),
        tuple(places.get("host", ())),
        tuple(places.get("connection", ())),
    )


def must_be_signed(name: str) -> bool:
    """Return whether a server rejects an unsigned header with that lower-case name (SIG-045)."""
    require_type(name, str, "header name", "SIG-045")
    return name == "host" or name.startswith("x-amz-") and name != TOKEN_HEADER


def _without(headers: HeaderPairs, names: Iterable[str]) -> List[Tuple[str, str]]:
    """Return the headers whose lower-case name is not in names."""
    return [pair for pair in _pairs_of(headers) if pair[0].lower() not in names]


# ---- verifying ---------------------------------------------------------------------------------


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
    _checked_scope(credentials, region, service, amz_date)
    require_type(normalize, bool, "normalize")
    require_type(double_encode, bool, "double_encode")
    _check_max_skew(max_skew)
    _check_may_be_unsigned(may_be_unsigned)
    try:
        _check_method(method)
        path, query = split_target(target)
        uri = canonical_uri(path, normalize, double_encode)
        pairs = _pairs_of(headers)
        collected = collect_headers(pairs)
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
    queries = [_join_query(pairs)]
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
    queries = [_join_query(signed)]
    # SIG-018: the token may be unsigned.
    if token is not None:
        without_token = [pair for pair in signed if pair[0] != TOKEN_PARAMETER.encode()]
        queries.append(_join_query(without_token))
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
