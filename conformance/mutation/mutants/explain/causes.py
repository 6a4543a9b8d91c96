# SPDX-License-Identifier: MIT
"""Mutants of refimpl/explain/causes.py."""

ROWS = (
    (
        "explain-no-method",
        "EXP-001",
        "does not compare the method",
        "if service.method != client.method:",
        "if False:",
    ),
    (
        "explain-no-path",
        "EXP-001",
        "does not compare the path",
        "if service.path is not None and service.path != client.path:",
        "if False:",
    ),
    (
        "explain-no-query",
        "EXP-001",
        "does not compare the query",
        "if service.query is not None and service.query != client.query:",
        "if False:",
    ),
    (
        "explain-no-headers",
        "EXP-001",
        "does not compare the headers",
        "yield from _header_differences(service, client)",
        "pass",
    ),
    (
        "explain-no-list",
        "EXP-001",
        "does not compare the lists of signed headers",
        "if service.signed_headers is not None and service.signed_headers != client.signed_headers:",
        "if False:",
    ),
    (
        "explain-no-hash",
        "EXP-001",
        "does not compare the hashes of the body",
        "if service.payload_hash is not None and service.payload_hash != client.payload_hash:",
        "if False:",
    ),
    (
        "explain-lists-ignored",
        "EXP-002",
        "names a header that only one of the lists has",
        "is_listed = _lists(service, name) == _lists(client, name)",
        "is_listed = True",
    ),
    (
        "explain-absent-headers-ignored",
        "EXP-002",
        "ignores a header that only one request has",
        "if expected.get(name) == given.get(name):",
        "if expected.get(name, given.get(name)) == given.get(name):",
    ),
    (
        "explain-later-headers",
        "EXP-005",
        "treats headers after the end of a truncated quotation as missing",
        "if not is_listed and (name not in expected or name not in given):",
        "if service.is_complete and not is_listed and (name not in expected or name not in given):",
    ),
    (
        "list-in-text",
        "EXP-002",
        "searches a name in the text of the list",
        'return name in (parts.signed_headers or "").split(";")',
        'return name in (parts.signed_headers or "")',
    ),
    (
        "unsigned-payload-equal",
        "EXP-001",
        "treats UNSIGNED-PAYLOAD as any hash",
        "if service.payload_hash is not None and service.payload_hash != client.payload_hash:",
        "if service.payload_hash is not None and service.payload_hash != client.payload_hash and UNSIGNED_PAYLOAD not in (service.payload_hash, client.payload_hash):",
    ),
    (
        "host-without-case",
        "EXP-001",
        "compares header lines without case",
        "if expected.get(name) == given.get(name):",
        'if (expected.get(name) or "").lower() == (given.get(name) or "").lower():',
    ),
)
