# SPDX-License-Identifier: MIT
"""Mutants of refimpl/config/static.py."""

ROWS = (
    (
        "env-half-pair",
        "CRED-001",
        "continues with the next source if half a pair is set",
        "if not first_set(environment, *KEY_VARIABLES):",
        "if not all(first_set(environment, name) for name in KEY_VARIABLES):",
    ),
    (
        "env-with-explicit-profile",
        "CRED-002",
        "uses the environment although an argument names a profile",
        "if context.profile.explicit:\n        return Absent",
        "if context.profile.explicit and not context:\n        return Absent",
    ),
    (
        "static-half-pair",
        "CRED-010",
        "continues with the next source if a profile has half a pair",
        "if not found:\n        return Absent",
        "if len(found) < 2:\n        return Absent",
    ),
    (
        "static-token",
        "CRED-010",
        "ignores the token of a profile",
        "token = next((token for token in tokens if token), None)",
        "token = None",
    ),
    (
        "static-token-of-environment",
        "CRED-010",
        "takes a token that the profile lacks from the environment",
        "token = next((token for token in tokens if token), None)",
        'token = next((token for token in tokens if token), None) or context.surroundings.environment.get("AWS_SESSION_TOKEN")',
    ),
    (
        "static-empty-key",
        "CRED-002",
        "treats an empty key as a key",
        "if context.profile.value(name)]",
        "if name in section]",
    ),
)
