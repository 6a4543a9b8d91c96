# SPDX-License-Identifier: MIT
"""Mutants of refimpl/eventstream.py."""

ROWS = (
    (
        "messages-before-a-fault",
        "EVS-023",
        "loses complete messages before an error",
        "            error.messages = tuple(messages)",
        "            error.messages = ()",
    ),
)
