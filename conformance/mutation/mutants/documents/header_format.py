# SPDX-License-Identifier: MIT
"""Mutants of refimpl/documents/header_format.py."""

ROWS = (
    (
        "header-name-unicode",
        "SHP-024",
        "makes the names of headers lower case as Unicode does",
        "if key.lower() == name and ascii_lower(key) == name",
        "if key.lower() == name",
    ),
    (
        "header-of-nothing",
        "HTTP-003",
        "sends an absent member as an empty header",
        "_sendable(field, value)) for field, value in members if value is not None]",
        '_sendable(field, value or "")) for field, value in members]',
    ),
    (
        "header-line-breaks",
        "HTTP-008",
        "sends a header value with CR or LF",
        '"[^\\x01-\\t\\x0b\\x0c\\x0e-\\xff]"',
        '"[^\\x01-\\xff]"',
    ),
    (
        "header-nul",
        "HTTP-008",
        "sends a header value with NUL",
        '"[^\\x01-\\t\\x0b\\x0c\\x0e-\\xff]"',
        '"[^\\0-\\t\\x0b\\x0c\\x0e-\\xff]"',
    ),
    (
        "header-controls",
        "HTTP-011",
        "sends a header value with control characters",
        '"[\\x01-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f]"',
        '"[\\x01]"',
    ),
    (
        "header-tab-refused",
        "HTTP-011",
        "rejects a header value with a tab",
        '"[\\x01-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f]"',
        '"[\\x01-\\x09\\x0b\\x0c\\x0e-\\x1f\\x7f]"',
    ),
    (
        "output-first-wins",
        "HTTP-022",
        "uses the last of several equal headers",
        "for key, value in headers if key.lower() == name and",
        "for key, value in reversed(headers) if key.lower() == name and",
    ),
    (
        "output-names-with-case",
        "HTTP-022",
        "compares header names with their case",
        "key.lower() == name and ascii_lower(key) == name",
        "key == name",
    ),
    (
        "headers-body-dropped",
        "SHP-024",
        "drops document members next to headers",
        "    elif _document_fields(fields):",
        "    elif False:",
    ),
    (
        "headers-path-member-dropped",
        "SHP-024",
        "drops a member that belongs in the path",
        '        if field.location == "uri" and',
        '        if field.location == "path" and',
    ),
)
