# SPDX-License-Identifier: MIT
"""The values of Signature Version 4: results, times, hashes and keys (sigv4.py).

It rejects invalid times (SIG-016).
"""

import hashlib
import hmac
import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Callable, NamedTuple, Optional, Sequence, Tuple

from .errors import ConfigurationError, UsageError, require_type, wrong_type
from .sigv4_credentials import is_number

HeaderPairs = Sequence[Tuple[str, str]]
ALGORITHM = "AWS4-HMAC-SHA256"
SCOPE_SUFFIX = "aws4_request"
DATE_HEADER = "x-amz-date"
TOKEN_HEADER = "x-amz-security-token"
CONTENT_HASH_HEADER = "x-amz-content-sha256"
_AMZ_DATE = re.compile(r"\d{8}T\d{6}Z\Z", re.ASCII)


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
        return f"SignedRequest({scope_in(self.string_to_sign)})"


def scope_in(text: str) -> str:
    """Return the credential scope in a string to sign."""
    return text.split("\n")[2]


# ---- time ----------------------------------------------------------------------------------------

_EPOCH = datetime(1970, 1, 1)


def amz_date_of(seconds: float) -> str:
    """Return seconds since 1970 UTC as an X-Amz-Date, rounded down.

    Raises UsageError if they are not a number or not in the years 1 to 9999 (SIG-016).
    """
    if not is_number(seconds):
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


def _datetime_of(amz_date: str) -> "Optional[datetime]":
    if not _AMZ_DATE.match(amz_date):
        return None
    year, month, day = amz_date[:4], amz_date[4:6], amz_date[6:8]
    hour, minute, second = amz_date[9:11], amz_date[11:13], amz_date[13:15]
    try:
        return datetime(int(year), int(month), int(day), int(hour), int(minute), int(second))
    except ValueError:
        return None


# ---- hashes and keys -----------------------------------------------------------------------------


def octets_of(text: str, what: str) -> bytes:
    """Return text as UTF-8. Raises UsageError for a lone surrogate (SIG-026)."""
    # SIG-026
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise UsageError(
            f"{what} contains a lone surrogate", expected="valid Unicode", rule="SIG-026"
        ) from None


def sha256_of(data: bytes) -> str:
    """Return a SHA-256 in lower-case hexadecimal digits. Raises ConfigurationError."""
    try:
        return hashlib.sha256(data).hexdigest()
    except ValueError as error:
        raise _not_available("SHA-256", error) from None


def hmac_sha256(key: bytes, text: str) -> bytes:
    """Return the HMAC-SHA-256 of text in UTF-8. Raises ConfigurationError."""
    octets = octets_of(text, "text")
    try:
        if _one_shot_hmac is not None:
            return _one_shot_hmac(key, octets, "sha256")
        return hmac.new(key, octets, hashlib.sha256).digest()
    except ValueError as error:
        raise _not_available("HMAC-SHA-256", error) from None


# hmac.digest is faster, but missing in Python 3.6.
_one_shot_hmac: "Optional[Callable[[bytes, bytes, str], bytes]]" = getattr(hmac, "digest", None)


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
    k_date = hmac_sha256(b"AWS4" + octets_of(secret_key, "secret_key"), date)
    k_region = hmac_sha256(k_date, region)
    k_service = hmac_sha256(k_region, service)
    k_signing = hmac_sha256(k_service, SCOPE_SUFFIX)
    return SigningKeys(k_date, k_region, k_service, k_signing)
