# SPDX-License-Identifier: MIT
"""Mutants of refimpl/text/paths.py."""

ROWS = (
    (
        "path-first-alternative",
        "CLI-012",
        "of several alternatives only the first counts",
        "if found is not None:\n            return found",
        "return found",
    ),
    (
        "path-no-negative-index",
        "CLI-012",
        "a negative index leads nowhere",
        "-len(value) <= step < len(value)",
        "0 <= step < len(value)",
    ),
    (
        "path-last-alternative",
        "CLI-012",
        "the last alternative counts before the first",
        "for steps in paths:",
        "for steps in reversed(tuple(paths)):",
    ),
    (
        "path-index-of-text",
        "TXT-058",
        "applies an index to a text",
        "elif isinstance(value, list) and -len(value) <= step < len(value):",
        "elif isinstance(value, (list, str)) and -len(value) <= step < len(value):",
    ),
)
