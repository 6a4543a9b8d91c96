# SPDX-License-Identifier: MIT
"""Mutants of refimpl/fields.py."""

ROWS = (
    (
        "pattern-partly",
        "HTTP-005",
        "matches a pattern only at the beginning",
        're.match(rf"(?:{wanted.pattern})\\Z", text',
        're.match(rf"(?:{wanted.pattern})", text',
    ),
    (
        "pattern-line-break",
        "HTTP-005",
        "lets a pattern match before a final line break",
        're.match(rf"(?:{wanted.pattern})\\Z", text',
        're.match(rf"(?:{wanted.pattern})$", text',
    ),
    (
        "constraints-unchecked",
        "HTTP-005",
        "does not check constraints",
        "    if broken is None:\n",
        "    if True:\n",
    ),
    (
        "types-unchecked",
        "HTTP-005",
        "does not check that a value is a string",
        '_PYTHON_TYPES[wanted.kind], name, "HTTP-005")',
        'object, name, "HTTP-005")',
    ),
    (
        "lengths-in-bytes",
        "HTTP-005",
        "computes lengths that are off by one",
        "len(text) > wanted.max_length:",
        "len(text) >= wanted.max_length:",
    ),
    (
        "required-unchecked",
        "HTTP-004",
        "does not check required members",
        "        elif field.required:",
        "        elif False:",
    ),
    (
        "modelled-small-letter",
        "HTTP-032",
        "does not read `message` from a modelled error",
        "_replace(alias=member[0].lower() + member[1:])",
        "_replace(alias=None)",
    ),
    (
        "constraint-kept-by-text",
        "HTTP-005",
        "keeps the values that a check accepted, for every member",
        "broken = broken_constraint(wanted, text)",
        'kept = _check_string.__dict__.setdefault("kept", set())\n'
        "broken = None if text in kept else broken_constraint(wanted, text)\n"
        "if broken is None:\n"
        "    kept.add(text)",
    ),
    (
        "constraint-bytes",
        "HTTP-005",
        "counts the bytes of a length",
        "len(text) > wanted.max_length",
        "len(text.encode()) > wanted.max_length",
    ),
)
