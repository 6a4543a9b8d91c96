# SPDX-License-Identifier: MIT
"""Mutants of refimpl/config/surroundings.py."""

ROWS = (
    (
        "local-no-retry",
        "CRED-017",
        "calls an agent only once",
        "LOCAL_ATTEMPTS = 2",
        "LOCAL_ATTEMPTS = 1",
    ),
    (
        "local-third-attempt",
        "CRED-017",
        "calls a dead service three times",
        "LOCAL_ATTEMPTS = 2",
        "LOCAL_ATTEMPTS = 3",
    ),
    (
        "token-file-line-feed",
        "CRED-012",
        "keeps the line feed at the end of a token file",
        'TOKEN_SPACES = " \\t\\r\\n"',
        'TOKEN_SPACES = " "',
    ),
    (
        "timestamp-sign",
        "CRED-005",
        "adds the time zone in place of subtracting it",
        'ahead = offset if match.group(9) == "+" else -offset',
        'ahead = offset if match.group(9) == "-" else -offset',
    ),
    (
        "timestamp-zone-ignored",
        "CRED-005",
        "reads every time as UTC",
        'ahead = offset if match.group(9) == "+" else -offset',
        "ahead = 0.0",
    ),
    (
        "timestamp-no-zone",
        "CRED-005",
        "reads a time without a time zone as UTC",
        r'r"(?:([Zz]|UTC)|([+-])([01]\d|2[0-3]):?([0-5]\d))\Z"',
        r'r"(?:([Zz]|UTC)|([+-])([01]\d|2[0-3]):?([0-5]\d)|)\Z"',
    ),
    (
        "timestamp-zone-of-24-hours",
        "CRED-005",
        "accepts a time zone of 24 hours",
        r'r"(?:([Zz]|UTC)|([+-])([01]\d|2[0-3]):?([0-5]\d))\Z"',
        r'r"(?:([Zz]|UTC)|([+-])(\d\d):?([0-5]\d))\Z"',
    ),
    (
        "secret-file-line",
        "CRED-012",
        "reads only the first line of a token file",
        ".strip(TOKEN_SPACES)\nif not text",
        '.strip(TOKEN_SPACES).split("\\n")[0]\nif not text',
    ),
    (
        "secret-file-unicode-spaces",
        "CRED-012",
        "removes any white space of Unicode around a token",
        'data.decode("latin-1").strip(TOKEN_SPACES)',
        'data.decode("latin-1").strip()',
    ),
    (
        "member-number",
        "CRED-013",
        "reads a number as a text",
        "if value is not None and not isinstance(value, str):\n    raise",
        "if isinstance(value, int):\n    return str(value)\nif value is not None and not isinstance(value, str):\n    raise",
    ),
    (
        "local-status-once",
        "CRED-017",
        "does not try again after a status of 500",
        "reply.status == 429 or reply.status >= 500",
        "reply.status == 429",
    ),
    (
        "timestamp-zone-hours",
        "CRED-005",
        "accepts a time zone of hours alone",
        'r"(?:([Zz]|UTC)|([+-])([01]\\d|2[0-3]):?([0-5]\\d))\\Z"',
        'r"(?:([Zz]|UTC)|([+-])([01]\\d|2[0-3])(?::?([0-5]\\d))?)\\Z"',
    ),
)
