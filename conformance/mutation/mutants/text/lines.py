# SPDX-License-Identifier: MIT
"""Mutants of refimpl/text/lines.py."""

ROWS = (
    (
        "line-after-next-byte",
        "TXT-004",
        "waits for a byte of the next line",
        "self._read_lines(lines, rest, results)",
        "self._read_lines(lines, rest, results) if rest else self._read_lines(lines, b'', [])",
    ),
    (
        "lines-within-parts",
        "TXT-001",
        "ends a line where its part ends",
        "lines, rest = self._with_kept(data[:end]), data[end:]",
        "lines, rest = data[:end], data[end:]",
    ),
    (
        "line-keeps-cr",
        "TXT-010",
        "keeps the CR of CR LF in the line",
        '[line[:-1] if line.endswith("\\r") else line for line in lines]',
        "lines",
    ),
    (
        "lines-splitlines",
        "TXT-011",
        "splits lines as Python's splitlines does",
        'lines = text.split("\\n")\nlines.pop()',
        "lines = text.splitlines()",
    ),
    (
        "lines-lone-cr",
        "TXT-011",
        "ends a line at a lone CR",
        'lines = text.split("\\n")\nlines.pop()',
        'lines = text.replace("\\r\\n", "\\n").replace("\\r", "\\n").split("\\n")\nlines.pop()',
    ),
    (
        "last-line-lost",
        "TXT-012",
        "loses a last line without a line end",
        "if rest:",
        "if False:",
    ),
    (
        "last-line-trimmed",
        "TXT-011",
        "drops the CR of a last line",
        "results.append(self._decoded(rest, self._offset, results, rest))",
        "results.append(self._decoded(without_cr(rest), self._offset, results, rest))",
    ),
    (
        "lines-without-mark",
        "TXT-013",
        "removes a byte order mark from a line",
        'text = data.decode("utf-8", self._errors)',
        'text = data.decode("utf-8-sig", self._errors)',
    ),
    (
        "lines-cr-at-a-part-end",
        "TXT-011",
        "drops a CR at the end of a part if no LF follows at once",
        "if not end:\n    self._kept += data",
        'if not end:\n    self._kept += data.rstrip(b"\\r") if len(data) > 1 else data',
    ),
    (
        "lines-bound-4m",
        "TXT-005",
        "rejects a line that arrives in pieces beyond 4 MiB",
        "if len(self._kept) > self._max_length:",
        "self._max_length = 4194304\nif len(self._kept) > self._max_length:",
    ),
    (
        "lines-default-4m",
        "TXT-009",
        "limits a line to 4 MiB by default",
        "self, max_line_length: int = DEFAULT_MAX_ITEM_LENGTH",
        "self, max_line_length: int = 4194304",
    ),
)
