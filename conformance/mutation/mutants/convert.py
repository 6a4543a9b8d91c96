# SPDX-License-Identifier: MIT
"""Mutants of refimpl/convert.py."""

ROWS = (
    (
        "headers-body-not-base64",
        "SHP-024",
        "reads the body next to headers as text instead of base64",
        "        body = plain_of_value(write_value(payload.type, body), payload.member)",
        "        body = body.decode('latin-1') if isinstance(body, bytes) else "
        "plain_of_value(write_value(payload.type, body), payload.member)",
    ),
    (
        "shape-unknown",
        "SHP-028",
        "treats an unknown shape as text",
        "    if shape not in DATA_TYPES:",
        '    if shape not in DATA_TYPES:\n        shape = "Header"\n    if False:',
    ),
    (
        "value-pairs",
        "SHP-023",
        "skips a member that is not a pair",
        "        return tag, tuple(_named_tree(pair, place) for pair in content)",
        "        return tag, tuple(_named_tree(pair, place) for pair in content if isinstance(pair, list) and len(pair) == 2)",
    ),
)
