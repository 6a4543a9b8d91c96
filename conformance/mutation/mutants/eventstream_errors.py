# SPDX-License-Identifier: MIT
"""Mutants of refimpl/eventstream_errors.py."""

ROWS = (
    (
        "lengths-before-prelude-crc",
        "EVS-004",
        "uses the lengths before it checks prelude_crc",
        "if crc != prelude_crc:",
        "if crc != prelude_crc and total_length >= FRAME_OVERHEAD:",
    ),
    (
        "total-length-15",
        "EVS-006",
        "reports a total_length below 16 as too large",
        'return FrameError("total length too small", kind="length"',
        'return FrameError("total length too small", kind="limit"',
    ),
)
