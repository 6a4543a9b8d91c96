# SPDX-License-Identifier: MIT
"""Mutants of conformance/endpoint/scenarios/build.py."""

ROWS = (
    (
        "server-part-without-message-type",
        "SRV-061",
        "a part has no :message-type",
        '    headers.append((":message-type", "event"))\n',
        "",
    ),
    (
        "server-exception-as-error",
        "SRV-064",
        "a failure inside the stream is a message of type error",
        '(":message-type", "exception")',
        '(":message-type", "error")',
    ),
    (
        "server-part-after-exception",
        "SRV-065",
        "a part follows an exception",
        "    return message(headers, json_document(members))\n",
        '    return message(headers, json_document(members)) + part(b"more")\n',
    ),
)
