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
        '.strip(" \\t\\r\\n")',
        '.strip(" ")',
    ),
)
