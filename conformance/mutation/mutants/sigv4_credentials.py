# SPDX-License-Identifier: MIT
"""Mutants of refimpl/sigv4_credentials.py."""

ROWS = (
    (
        "credentials-empty",
        "SIG-029",
        "accepts an empty key",
        "            if not value:\n",
        "            if False:\n",
    ),
    (
        "credentials-blanks",
        "SIG-029",
        "accepts a line end after a key",
        'if not all("!" <= character <= "~" for character in value):',
        'if not all(character <= "~" for character in value):',
    ),
    (
        "credentials-slash",
        "SIG-029",
        "accepts a slash in an access key",
        '"/" in access_key or "," in access_key',
        '"," in access_key',
    ),
)
