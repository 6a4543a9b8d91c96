# SPDX-License-Identifier: MIT
"""Mutants of refimpl/documents/json_format.py."""

ROWS = (
    (
        "json-depth",
        "SHP-001",
        "accepts JSON of any depth",
        "MAX_JSON_DEPTH = 64 ",
        "MAX_JSON_DEPTH = 1 << 30 ",
    ),
    (
        "json-depth-63",
        "SHP-001",
        "rejects JSON of depth 64",
        "MAX_JSON_DEPTH = 64 ",
        "MAX_JSON_DEPTH = 63 ",
    ),
    (
        "json-duplicates",
        "SHP-002",
        "uses the last of two equal JSON members",
        "    if len(members) != len(pairs):",
        "    if False:",
    ),
    (
        "json-not-utf-8",
        "SHP-002",
        "replaces invalid UTF-8 in JSON",
        '        text = data.decode("utf-8")\n    except UnicodeDecodeError as error:',
        '        text = data.decode("utf-8", "replace")\n    except UnicodeDecodeError as error:',
    ),
    (
        "json-nan",
        "SHP-003",
        "accepts NaN",
        'raise DocumentError("not a JSON number", expected="a number", actual=text, rule="SHP-003")',
        "return float(text)",
    ),
    (
        "json-infinite",
        "SHP-003",
        "accepts a number that overflows as infinity",
        ", parse_float=_finite)",
        ")",
    ),
    (
        "json-long-integers",
        "SHP-003",
        "accepts an integer of 21 characters",
        "_MAX_INTEGER_DIGITS = 20 ",
        "_MAX_INTEGER_DIGITS = 21 ",
    ),
    (
        "json-integers-19",
        "SHP-003",
        "rejects an integer of 20 characters",
        "_MAX_INTEGER_DIGITS = 20 ",
        "_MAX_INTEGER_DIGITS = 19 ",
    ),
    (
        "base64-url",
        "SHP-010",
        "accepts base64 with the URL alphabet",
        "    if not re.match(_STANDARD_BASE64, text):",
        "    text = text.replace('-', '+').replace('_', '/')\n    if not re.match(_STANDARD_BASE64, text):",
    ),
    (
        "base64-unpadded",
        "SHP-010",
        "accepts base64 without padding",
        "    if not re.match(_STANDARD_BASE64, text):",
        "    text += '=' * (-len(text) % 4)\n    if not re.match(_STANDARD_BASE64, text):",
    ),
    (
        "integer-boolean",
        "HTTP-035",
        "reads true as the integer 1",
        "    if isinstance(node, kind) and not isinstance(node, bool):",
        "    if isinstance(node, kind):",
    ),
)
