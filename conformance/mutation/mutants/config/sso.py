# SPDX-License-Identifier: MIT
"""Mutants of refimpl/config/sso.py."""

ROWS = (
    (
        "sso-cache-of-start-url",
        "CRED-014",
        "looks for the cached token of the start URL",
        "login.start_url if login.session is None else login.session",
        "login.start_url",
    ),
    (
        "sso-no-refresh",
        "CRED-014",
        "never renews a token",
        "if login.session is not None and _can_refresh_token(token, now):",
        'if login.session is not None and login.session == "":',
    ),
    (
        "sso-expired",
        "CRED-014",
        "uses a token that has expired",
        "if token.expires > now:\n        return",
        "if token.expires:\n        return",
    ),
    (
        "sso-missing-role",
        "CRED-014",
        "continues with the next source if SSO is incomplete",
        "if missing:\n        raise",
        'if missing:\n        return Absent("")\n        raise',
    ),
)
