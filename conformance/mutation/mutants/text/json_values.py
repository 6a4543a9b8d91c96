# SPDX-License-Identifier: MIT
"""Mutants of refimpl/text/json_values.py."""

ROWS = (
    (
        "json-value-start-no-cr",
        "TXT-041",
        "CR between values is not white space",
        'rb"[^ \\t\\n\\r]"',
        'rb"[^ \\t\\n]"',
    ),
    (
        "json-word-needs-space",
        "TXT-042",
        "a number or a word ends only at white space",
        "rb'[ \\t\\n\\r\\[\\]{}\",:]'",
        "rb'[ \\t\\n\\r]'",
    ),
    (
        "json-word-without-cr",
        "TXT-042",
        "a number or a word does not end at CR",
        "rb'[ \\t\\n\\r\\[\\]{}\",:]'",
        "rb'[ \\t\\n\\[\\]{}\",:]'",
    ),
    (
        "json-last-word-dropped",
        "TXT-042",
        "a number or a word at the end of the text is lost",
        "results.append(self._parsed(rest, rest, len(rest), results))",
        "pass",
    ),
    (
        "json-string-as-word",
        "TXT-042",
        "a string ends at white space or a bracket",
        "ValueScanner() if first in b'{[\"' else None",
        "ValueScanner() if first in b'{[' else None",
    ),
    (
        "json-cut-is-the-end",
        "TXT-043",
        "a text that ends inside a value is complete",
        "self._reject(_truncated(self._scanner, self._offset, len(rest)), results, rest)",
        "return",
    ),
    (
        "json-lenient-always",
        "TXT-040",
        "NaN and raw control characters are always accepted",
        "return parse_json(value, self._lenient)",
        "return parse_json(value, True)",
    ),
    (
        "json-never-lenient",
        "TXT-044",
        "lenient mode has no effect",
        "return parse_json(value, self._lenient)",
        "return parse_json(value)",
    ),
    (
        "json-value-twice-in-a-part",
        "TXT-001",
        "the bytes of an unfinished value replace those that had arrived",
        "self._kept += data",
        "self._kept = bytearray(data)",
    ),
    (
        "json-utf8-as-syntax",
        "TXT-002",
        "invalid UTF-8 in a value is reported as a syntax error",
        "self._decoded(value, self._offset, results, unread)",
        "pass",
    ),
    (
        "json-results-lost-in-error",
        "TXT-007",
        "an error in a value loses the values before it",
        "self._decoded(value, self._offset, results, unread)\n"
        "self._reject_value(error, results, unread)",
        "self._decoded(value, self._offset, results, unread)\n"
        "self._reject_value(error, [], unread)",
    ),
    (
        "json-comma-between-values",
        "TXT-041",
        "a comma between values is white space",
        'rb"[^ \\t\\n\\r]"',
        'rb"[^ \\t\\n\\r,]"',
    ),
    (
        "json-number-ends-at-word",
        "TXT-042",
        "ends a number at the first letter of a word",
        "return -1 if match is None else match.start()",
        'return next((number.end() for number in [re.compile(rb"-?[0-9]+(?=[tfn])").match(data, position)] if number), -1 if match is None else match.start())',
    ),
)
