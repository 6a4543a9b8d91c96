# SPDX-License-Identifier: MIT
"""Mutants of refimpl/explain/readings.py."""

ROWS = (
    (
        "explain-one-layer",
        "EXP-004",
        "undoes only one layer of escapes",
        "_MAX_LAYERS = 6",
        "_MAX_LAYERS = 2",
    ),
    (
        "explain-no-entities",
        "EXP-004",
        "does not read pages",
        "_without_entities, _unwrapped,",
        "_unwrapped,",
    ),
    (
        "explain-no-escapes",
        "EXP-004",
        "does not read escaped text",
        "[_without_escapes,",
        "[",
    ),
    (
        "explain-no-joined-literals",
        "EXP-004",
        "does not read a literal that is split over lines",
        "_with_plain_characters, _joined,",
        "_with_plain_characters,",
    ),
    (
        "explain-no-marks",
        "EXP-004",
        "does not remove the marks before lines",
        'return _LINE_MARK.sub("", _with_plain_characters(text))',
        "return text",
    ),
    (
        "explain-no-crlf",
        "EXP-004",
        "does not read lines that end in CR LF",
        'reading = _LINE_END.sub("\\n", reading)',
        "pass",
    ),
    (
        "explain-no-prefixes",
        "EXP-004",
        "does not remove what a log writes before each line",
        "_without_prefixes,",
        "",
    ),
    (
        "explain-no-unwrapping",
        "EXP-004",
        "does not join the lines of a wrapped text",
        "_unwrapped, _without_percent,",
        "_without_percent,",
    ),
    (
        "explain-no-percent",
        "EXP-004",
        "does not read a percent-encoded text",
        "_without_percent, _without_octal",
        "_without_octal",
    ),
    (
        "explain-no-octal",
        "EXP-004",
        "does not read the escapes of a system log",
        "_without_octal, ]",
        "]",
    ),
)
