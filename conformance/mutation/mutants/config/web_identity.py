# SPDX-License-Identifier: MIT
"""Mutants of refimpl/config/web_identity.py."""

ROWS = (
    (
        "web-identity-profile-first",
        "CRED-012",
        "ignores the variables of a web identity",
        "return from_environment or context.profile.value(name)",
        "return context.profile.value(name)",
    ),
    (
        "web-identity-no-role",
        "CRED-012",
        "continues with the next source if no role is configured",
        "if role_arn is None:\n        raise",
        'if role_arn is None:\n        return Absent("")\n        raise',
    ),
    (
        "web-identity-path",
        "CRED-012",
        "does not expand the path of the token file",
        "path = expand_path(identity.token_file, environment, home, windows)",
        "path = identity.token_file",
    ),
)
