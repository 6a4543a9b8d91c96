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
        "for decode in (_without_escapes, _without_entities)",
        "for decode in (_without_escapes,)",
    ),
    (
        "explain-no-escapes",
        "EXP-004",
        "does not read escaped text",
        "for decode in (_without_escapes, _without_entities)",
        "for decode in (_without_entities,)",
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
)
