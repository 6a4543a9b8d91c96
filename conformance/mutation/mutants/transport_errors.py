# SPDX-License-Identifier: MIT
"""Mutants of refimpl/transport_errors.py."""

ROWS = (
    (
        "reset-before-the-head",
        "HTTP-055",
        "reports a reset before the response as malformed HTTP",
        'return NetworkError(f"the connection broke before the response: {error}", retryable=True, rule="HTTP-055")',
        'return HttpError("the connection breaks")',
    ),
    (
        "timeout-is-network",
        "HTTP-051",
        "reports a time-out as a lost connection",
        'f"timed out while {what}", kind="timeout"',
        'f"timed out while {what}", kind="network"',
    ),
)
