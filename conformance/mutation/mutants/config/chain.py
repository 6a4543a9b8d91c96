# SPDX-License-Identifier: MIT
"""Mutants of refimpl/config/chain.py."""

ROWS = (
    (
        "chain-static-before-role",
        "CRED-002",
        "prefers the keys of a profile to its role",
        '("assume-role", assume_role_source),\n    *PROFILE_SOURCES,',
        '*PROFILE_SOURCES,\n    ("assume-role", assume_role_source),',
    ),
    (
        "chain-goes-on",
        "CRED-002",
        "goes on to the next source if one fails",
        "if name != METADATA:\n                raise",
        "if not name:\n                raise",
    ),
)
