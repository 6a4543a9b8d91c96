# SPDX-License-Identifier: MIT
"""Mutants of refimpl/documents/value_format.py."""

ROWS = (
    (
        "exception-text-lost",
        "EVS-038",
        "does not read the `message` of an exception",
        "if not candidates and field.alias is not None:",
        "if False:",
    ),
    (
        "member-small-letter-first",
        "HTTP-032",
        "prefers `message` to `Message`",
        "    if not candidates and field.alias is not None:",
        "    if field.alias is not None and found.get(document_format.key(field.alias)):",
    ),
    (
        "members-by-their-own-name",
        "SHP-007",
        "writes a header member under its own name",
        "    return field.wire_name\n",
        "    return field.member\n",
    ),
    (
        "members-by-header-alone",
        "SHP-007",
        "reads a member only by its header name",
        "names = {document_format.key(field.wire_name), document_format.key(field.member)}",
        "names = {document_format.key(field.wire_name)}",
    ),
    (
        "members-by-member-alone",
        "SHP-007",
        "reads a member only by its own name",
        "names = {document_format.key(field.wire_name), document_format.key(field.member)}",
        "names = {document_format.key(field.member)}",
    ),
    (
        "members-unknown-refused",
        "SHP-008",
        "rejects a member that is not in the table",
        "    members = {}\n    for field in fields:\n        try:",
        "    members = {}\n"
        "    known = [document_format.key(name) for field in fields for name in (field.wire_name, field.member, field.alias or '')]\n"
        "    if not lenient and not set(found) <= set(known):\n"
        "        place.reject('unknown')\n"
        "    for field in fields:\n"
        "        try:",
    ),
    (
        "empty-is-absent",
        "SHP-008",
        "writes an empty text as absent",
        "for field, member in members if member is not None)",
        'for field, member in members if member is not None and member != "")',
    ),
    (
        "wrong-type-passed-over",
        "SHP-009",
        "treats a member of the wrong type as absent",
        "            if not lenient:\n                raise\n            continue",
        "            continue",
    ),
    (
        "integer-int64",
        "HTTP-035",
        "reads an integer beyond 32 bits",
        "    if not is_int32(number):",
        "    if not -1 << 63 <= number < 1 << 63:",
    ),
    (
        "integer-of-any-text",
        "SHP-011",
        "reads an integer with Python's int()",
        '_INTEGER = r"[+-]?[0-9]{1,20}\\Z"',
        '_INTEGER = r"\\s*[+-]?[0-9_]{1,20}\\s*\\Z"',
    ),
    (
        "one-event-is-a-list",
        "SHP-012",
        "writes one event as a list",
        'return elements[0] if len(elements) == 1 else ("List", tuple(elements))',
        'return "List", tuple(elements)',
    ),
    (
        "no-event-is-a-list",
        "SHP-012",
        "writes no event as an empty list",
        '        return "Structure", ()',
        '        return "List", ()',
    ),
    (
        "several-members-one-event",
        "SHP-012",
        "uses the first member of a union with several members",
        "events += [members[row.attribute] for row in rows if row.attribute in members]",
        "events += [members[row.attribute] for row in rows if row.attribute in members][:1]",
    ),
    (
        "member-twice",
        "SHP-013",
        "uses the first of two equal members",
        "    if len(candidates) > 1:",
        "    if False:",
    ),
    (
        "tag-any",
        "SHP-023",
        "ignores the tag of a value",
        "len(node) == 2 and node[0] == tag and isinstance(node[1], kind)",
        "len(node) == 2 and isinstance(node[1], kind)",
    ),
)
