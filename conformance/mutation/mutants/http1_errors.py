# SPDX-License-Identifier: MIT
"""Mutants of refimpl/http1_errors.py."""

ROWS = (
    (
        "closed-before-the-head",
        "HTTP-041",
        "reports a connection that closes before the response as malformed HTTP",
        "        if not line and first:\n",
        "        if False:\n",
    ),
)
