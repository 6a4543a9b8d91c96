# SPDX-License-Identifier: MIT
"""Mutants of refimpl/config/credentials.py."""

ROWS = (
    (
        "env-legacy-token",
        "CRED-001",
        "ignores AWS_SECURITY_TOKEN",
        "first_set(environment, TOKEN_VARIABLE, LEGACY_TOKEN_VARIABLE)",
        "first_set(environment, TOKEN_VARIABLE)",
    ),
    (
        "env-legacy-token-first",
        "CRED-001",
        "prefers AWS_SECURITY_TOKEN",
        "first_set(environment, TOKEN_VARIABLE, LEGACY_TOKEN_VARIABLE)",
        "first_set(environment, LEGACY_TOKEN_VARIABLE, TOKEN_VARIABLE)",
    ),
    (
        "env-expiration",
        "CRED-001",
        "ignores AWS_CREDENTIAL_EXPIRATION",
        "return Credentials(access_key, secret_key, token, expires)",
        "return Credentials(access_key, secret_key, token)",
    ),
)
