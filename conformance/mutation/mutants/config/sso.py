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
    (
        "sso-renewal-late",
        "CRED-014",
        "renews a token only when it has expired",
        "if token.expires - now >= _SSO_REFRESH_WINDOW:",
        "if token.expires > now:",
    ),
    (
        "sso-renewal-required",
        "CRED-014",
        "rejects a valid token that cannot be renewed",
        "if token.expires > now:\n    return token.access_token",
        "if False:\n    return token.access_token",
    ),
    (
        "sso-two-regions",
        "CRED-014",
        "accepts a region that is not that of the session",
        "if own[name] and found and own[name] != found:",
        "if False:",
    ),
    (
        "sso-role-path",
        "CRED-014",
        "leaves a slash in the name of a role",
        'role = uri_encode(login.role_name.encode("utf-8"))',
        'role = uri_encode(login.role_name.encode("utf-8")).replace("%2F", "/")',
    ),
)
