# SPDX-License-Identifier: MIT
"""Mutants of refimpl/sigv4_values.py."""

ROWS = (
    (
        "keys-without-prefix",
        "SIG-022",
        "omits `AWS4` before the secret key",
        'b"AWS4" + octets_of(secret_key, "secret_key")',
        'octets_of(secret_key, "secret_key")',
    ),
    (
        "keys-service-before-region",
        "SIG-022",
        "derives the service key before the region key",
        "k_region = hmac_sha256(k_date, region)\nk_service = hmac_sha256(k_region, service)",
        "k_region = hmac_sha256(k_date, service)\nk_service = hmac_sha256(k_region, region)",
    ),
    (
        "keys-as-text",
        "SIG-022",
        "uses derived keys as hexadecimal text",
        "k_signing = hmac_sha256(k_service, SCOPE_SUFFIX)",
        'k_signing = hmac_sha256(k_service.hex().encode("ascii"), SCOPE_SUFFIX)',
    ),
    (
        "keys-last-step-missing",
        "SIG-022",
        "signs with the service key",
        "k_signing = hmac_sha256(k_service, SCOPE_SUFFIX)",
        "k_signing = k_service",
    ),
    (
        "time-without-seconds",
        "SIG-016",
        "accepts a time without seconds",
        "moment = _datetime_of(amz_date)",
        'moment = _datetime_of(amz_date) or _datetime_of(amz_date[:-1] + "00Z")',
    ),
    (
        "time-any-digits",
        "SIG-016",
        "accepts any decimal digits of Unicode in a time",
        're.compile(r"\\d{8}T\\d{6}Z\\Z", re.ASCII)',
        're.compile(r"\\d{8}T\\d{6}Z\\Z")',
    ),
    (
        "time-trimmed",
        "SIG-016",
        "removes white space around a time",
        "moment = _datetime_of(amz_date)",
        "moment = _datetime_of(amz_date.strip())",
    ),
)
