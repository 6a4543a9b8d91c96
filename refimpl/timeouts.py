# SPDX-License-Identifier: MIT
"""The limits of a call's waits, and the check of their values (HTTP-051)."""

from typing import NamedTuple, Optional

from .errors import UsageError

# In seconds. The system's poll takes at most this many milliseconds, 24 days (HTTP-051).
MAX_TIMEOUT = 2147483


class Timeouts(NamedTuple):
    """Limits in seconds, or None for no limit (HTTP-051)."""

    # To resolve the host, to connect to one of its addresses and to complete the TLS handshake.
    connect: Optional[float]
    read: Optional[float]  # for each read or write
    total: Optional[float]  # for the whole call


def check_timeouts(timeouts: Timeouts) -> Timeouts:
    """Return timeouts. Raises UsageError unless each is None or above 0 and at most MAX_TIMEOUT."""
    for name, value in zip(("connect_timeout", "read_timeout", "total_timeout"), timeouts):
        check_timeout(name, value)
    return timeouts


def check_timeout(name: str, value: "Optional[float]") -> None:
    """Raise UsageError unless the value is None or above 0 and at most MAX_TIMEOUT seconds."""
    if value is not None and not _is_timeout(value):
        # HTTP-051
        raise UsageError(
            f"invalid {name}",
            expected=f"seconds above 0, at most {MAX_TIMEOUT}, or None",
            actual=value,
            rule="HTTP-051",
        )


def _is_timeout(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return 0 < value <= MAX_TIMEOUT
