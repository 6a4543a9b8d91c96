# SPDX-License-Identifier: MIT
"""Mutants of refimpl/timed_socket.py."""

ROWS = (
    (
        "read-time-out-is-total",
        "HTTP-051",
        "a read time-out counts from the first read and not from the last byte",
        "        limit = self._limit(self._timeouts.read)\n",
        "        self._first = getattr(self, '_first', None) or self.monotonic()\n        passed = self.monotonic() - self._first\n        limit = self._limit(max(0.001, (self._timeouts.read or 600) - passed))\n",
    ),
)
