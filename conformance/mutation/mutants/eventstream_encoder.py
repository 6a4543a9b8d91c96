# SPDX-License-Identifier: MIT
"""Mutants of refimpl/eventstream_encoder.py."""

ROWS = (
    (
        "encode-prelude-crc-zero",
        "EVS-001",
        "an encoder writes 0 as prelude_crc",
        "prelude_crc = crc32(lengths)",
        "prelude_crc = 0",
    ),
    (
        "encode-name-empty",
        "EVS-011",
        "an encoder writes an empty header name",
        "if not 1 <= len(encoded_name)",
        "if not 0 <= len(encoded_name)",
    ),
    (
        "booleans-swapped",
        "EVS-013",
        "swaps types 0 and 1",
        "        code = 0 if value else 1",
        "        code = 1 if value else 0",
    ),
    (
        "encode-boolean-of-integer",
        "EVS-013",
        "an encoder writes 1 as a boolean",
        "if not isinstance(value, bool):\n            raise _wrong_value",
        "if not isinstance(value, int):\n            raise _wrong_value",
    ),
    (
        "encode-duplicate-name",
        "EVS-014",
        "an encoder writes the same header name twice",
        "if name in pieces:",
        "if False:",
    ),
    (
        "encode-integer-wraps",
        "EVS-018",
        "an encoder wraps an integer to its width",
        'raise ValueError(f"{low} to {high}")',
        "value = (value - low) % (high - low + 1) + low",
    ),
    (
        "encode-headers-any-length",
        "EVS-025",
        "an encoder writes headers over 128 KiB",
        '    _check_limit("headers", len(block), MAX_HEADERS_LENGTH, "EVS-025")\n',
        "",
    ),
    (
        "encode-length-without-crc",
        "EVS-001",
        "does not count the last checksum in total_length",
        "PRELUDE.pack(FRAME_OVERHEAD + len(block)",
        "PRELUDE.pack(FRAME_OVERHEAD - 4 + len(block)",
    ),
    (
        "encode-message-crc-of-body",
        "EVS-001",
        "an encoder computes message_crc over headers and payload only",
        "return frame + U32.pack(crc32(frame))",
        "return frame + U32.pack(crc32(frame[12:]))",
    ),
    (
        "encode-name-characters",
        "EVS-011",
        "an encoder counts the characters of a header name instead of its bytes",
        "if not 1 <= len(encoded_name) <= MAX_NAME_LENGTH:",
        "encoded_name = encoded_name if len(encoded_name) <= 255 else encoded_name[:255 if len(name) <= 255 else 256]\nif not 1 <= len(encoded_name) <= MAX_NAME_LENGTH:",
    ),
    (
        "encode-int16-little-endian",
        "EVS-018",
        "writes an int16 with the low byte first",
        '"int16": (3, _integer_writer(">h"))',
        '"int16": (3, _integer_writer("<h"))',
    ),
    (
        "encode-timestamp-as-int64",
        "EVS-019",
        "writes a timestamp with the type of an int64",
        '"timestamp": (8, _integer_writer(">q"))',
        '"timestamp": (5, _integer_writer(">q"))',
    ),
    (
        "encode-type-any-case",
        "EVS-013",
        "accepts the name of a type in any case",
        "_HEADER_WRITERS.get(type_name) if",
        "_HEADER_WRITERS.get(type_name.lower()) if",
    ),
    (
        "encode-name-trimmed",
        "EVS-014",
        "compares header names without white space around them",
        "if name in pieces:",
        "if name.strip() in pieces:",
    ),
    (
        "encode-equal-header-dropped",
        "EVS-014",
        "drops a header that is given again with the same type and value",
        "if name in pieces:",
        "if pieces.get(name) == _encode_header(name, type_name, value):\n"
        "    continue\n"
        "if name in pieces:",
    ),
    (
        "encode-inherited-name",
        "EVS-001",
        "loses a header whose name is that of an inherited member",
        'block = b"".join(pieces.values())',
        'block = b"".join(piece for name, piece in pieces.items() if name != "__proto__")',
    ),
)
