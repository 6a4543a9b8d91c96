# SPDX-License-Identifier: MIT
"""Mutants of refimpl/text/decoder.py."""

ROWS = (
    (
        "text-patched",
        "TXT-002",
        "replaces invalid UTF-8",
        'return data.decode("utf-8", self._errors)',
        'return data.decode("utf-8", "replace")',
    ),
    (
        "text-latin-1",
        "TXT-002",
        "reads invalid UTF-8 as Latin-1",
        "except UnicodeDecodeError as error:\n"
        "    self._reject_utf8(error, offset, results, unread)",
        "except UnicodeDecodeError as error:\n    return data.decode('latin-1')",
    ),
    (
        "text-ends-inside-a-character",
        "TXT-003",
        "drops half a character at the end",
        "rest = self.unread",
        "rest = self.unread\n"
        "if self._errors != 'replace':\n"
        "    rest = rest.decode('utf-8', 'ignore').encode()",
    ),
)
