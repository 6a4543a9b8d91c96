# SPDX-License-Identifier: MIT
"""Mutants of refimpl/explain/quoted.py."""

ROWS = (
    (
        "explain-no-bytes",
        "EXP-004",
        "does not read the hexadecimal digits of the response",
        "service = _bytes_of_request(text) + service",
        "pass",
    ),
    (
        "explain-no-flat-text",
        "EXP-004",
        "does not read spaces in place of line ends",
        "match = _FLAT_REQUEST.match(text, start.start())",
        "match = None",
    ),
    (
        "explain-no-unfolding",
        "EXP-004",
        "does not join folded header lines",
        'headers[-1] += joint + line.strip(" \\t")',
        "headers.append(line)",
    ),
    (
        "explain-last-line-of-truncated",
        "EXP-005",
        "compares the last line of a truncated quotation",
        'return "\\n".join(lines[:-1]) or None',
        'return "\\n".join(lines) or None',
    ),
    (
        "hash-of-utf8",
        "EXP-003",
        "hashes a canonical request as UTF-8",
        'octets = text.encode("latin-1")',
        'octets = text.encode("utf-8")',
    ),
)
