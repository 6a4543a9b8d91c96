# SPDX-License-Identifier: MIT
"""Mutants of conformance/endpoint/siblings.py."""

ROWS = (
    (
        "server-original-status-text",
        "SRV-048",
        "OriginalStatusCode is a string",
        "        OriginalStatusCode=status,\n",
        "        OriginalStatusCode=str(status),\n",
    ),
)
