# SPDX-License-Identifier: MIT
"""Words of summaries."""


def number_of(count: int, noun: str) -> str:
    """Return a count with its noun, in the singular or the plural: `1 gap`, `2 gaps`."""
    return f"1 {noun}" if count == 1 else f"{count} {noun}s"
