# SPDX-License-Identifier: MIT
"""Mutants of refimpl/client.py."""

ROWS = (
    (
        "truncation-swallowed",
        "HTTP-023",
        "a client accepts a truncated body",
        '        if isinstance(error, HttpError) and error.kind == "truncated":\n',
        '        if isinstance(error, HttpError) and error.kind == "truncated":\n            return\n        if False:\n',
    ),
    (
        "events-before-a-fault",
        "EVS-023",
        "a client loses the events that arrived before an error",
        "yield from error.events",
        "pass",
    ),
    (
        "unfinished-frame-ends-well",
        "EVS-022",
        "a client accepts a stream that ends inside a frame",
        "            if not data:\n                reader.close()\n",
        "            if not data:\n",
    ),
)
