# SPDX-License-Identifier: MIT
"""Mutants of refimpl/eventstream_layout.py."""

ROWS = (
    (
        "encode-value-32768",
        "EVS-017",
        "an encoder writes a value of 32768 bytes",
        "MAX_VALUE_LENGTH = 32767",
        "MAX_VALUE_LENGTH = 32768",
    ),
    (
        "encode-value-32766",
        "EVS-017",
        "an encoder rejects a value of 32767 bytes",
        "MAX_VALUE_LENGTH = 32767",
        "MAX_VALUE_LENGTH = 32766",
    ),
    (
        "encode-headers-64-kib",
        "EVS-025",
        "an encoder rejects headers over 64 KiB",
        "MAX_HEADERS_LENGTH = 128 * 1024",
        "MAX_HEADERS_LENGTH = 64 * 1024",
    ),
    (
        "ceiling-8-mib",
        "EVS-041",
        "has a default ceiling of 8 MiB",
        "DEFAULT_MAX_FRAME_LENGTH = 32 * 1024 * 1024",
        "DEFAULT_MAX_FRAME_LENGTH = 8 * 1024 * 1024",
    ),
    (
        "ceiling-2-gib",
        "EVS-041",
        "has the largest signed number as its default ceiling",
        "DEFAULT_MAX_FRAME_LENGTH = 32 * 1024 * 1024",
        "DEFAULT_MAX_FRAME_LENGTH = 2**31 - 1",
    ),
    (
        "frame-little-endian",
        "EVS-001",
        "lengths and checksums are little-endian",
        'PRELUDE = Struct(">III")',
        'PRELUDE = Struct("<III")',
    ),
    (
        "encode-name-254",
        "EVS-011",
        "rejects a header name of 255 bytes",
        "MAX_NAME_LENGTH = 255",
        "MAX_NAME_LENGTH = 254",
    ),
)
