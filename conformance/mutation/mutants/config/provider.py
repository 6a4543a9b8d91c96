# SPDX-License-Identifier: MIT
"""Mutants of refimpl/config/provider.py."""

ROWS = (
    (
        "provider-expired",
        "CRED-003",
        "signs with credentials that have expired",
        "if self._expires_within(renewed, 0.0):",
        "if not renewed:",
    ),
)
