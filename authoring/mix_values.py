# SPDX-License-Identifier: MIT
"""Combinations of values in streams of JSON: json-values-mix (mix.py).

The values come first, and the text is made from them. Every text is also read by plain_json, an
independent transcription of the rules.
"""

import json
from typing import Any, Dict, List, Tuple

from authoring import CaseMistake, Feature, ok
from authoring.mix import USUAL, Row, Table, Value, mix_id, rows_of, title_of
from authoring.mix_text import Description, merged
from authoring.plain_json import read_values
from conformance.cases.described import described_bytes

VALUES = Feature("json-values-mix", "json.values", "values-mix-")
FEATURES = [VALUES]

Json = Dict[str, Any]


_UNIT = "".join(f'{index * index:x}\\\\\\"]\\u00e9\u20ac' for index in range(20))
# A string of 70,000 bytes, with escapes at many offsets, as a description.
_LONG: Description = [
    {"text": '"'},
    {"repeat": {"text": _UNIT}, "times": 70000 // len(_UNIT.encode("utf-8"))},
    {"text": '"'},
]


# The texts of the values. A text is written in the stream unchanged.
FIRST = {
    "an object": Value('{"token":{"text":"Hi","special":false},"n":[1,-2.5e3,null]}'),
    "an empty array": Value("[]"),
    "a string of escapes": Value('"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\ud83d\\ude42\\\\"', "TXT-042"),
    "a string of brackets": Value('"]}[{\\"]}, :"', "TXT-042"),
    "a string of characters of 2 to 4 bytes": Value('"\u00e9\u20ac\U0001f642\ufffd"', "TXT-040"),
    "brackets and quotes in members": Value('{"a]\\"}":"}{\\\\","b":["]","[\\\\\\""]}', "TXT-042"),
    "an integer of 20 digits": Value("98765432109876543210", "TXT-042"),
    "a number with an exponent": Value("-0.125E+2", "TXT-042"),
    "a word": Value("false", "TXT-042"),
    "60 levels": Value('{"a":[' * 30 + "]}" * 30),
    "a string of 70,000 bytes": Value(_LONG, "TXT-042"),
    "lenient values": Value('{"a":"b\nc","d":[NaN,Infinity,-Infinity]}', "TXT-044"),
}
SECOND = {
    USUAL: Value('{"second":2}'),
    "then nothing": Value(None),
    "then a string": Value('"second"', "TXT-042"),
    "then a number": Value("22", "TXT-042"),
    "then an array": Value("[2]"),
}
SEPARATORS = {
    USUAL: Value("\n"),
    "nothing between": Value("", "TXT-040"),
    "CR LF between": Value("\r\n", "TXT-040"),
    "CR between": Value("\r", "TXT-041"),
    "spaces and empty lines between": Value(" \t\n\r\n\n ", "TXT-041"),
}
BEFORE = {
    USUAL: Value([]),
    "after white space": Value([" \r\n\t"], "TXT-041"),
    "after 9 values": Value([json.dumps({"n": number}) + "\n" for number in range(9)]),
}
ENDS = {USUAL: Value("\n"), "without a last line end": Value("", "TXT-042")}
PIECES = {
    USUAL: Value(None),
    "in pieces of 1 byte": Value(1, "TXT-040"),
    "in pieces of 3 bytes": Value(3, "TXT-040"),
    "in pieces of 7 bytes": Value(7, "TXT-040"),
    "in pieces of 1,000 bytes": Value(1000, "TXT-040"),
}
LENIENT = {USUAL: Value(False), "lenient": Value(True, "TXT-044")}


def is_possible(row: Row) -> bool:
    """Return whether a row, or a part of one, is a valid text."""
    first, second = row.get("first", "an object"), row.get("second", USUAL)
    texts = FIRST[first].content, SECOND[second].content
    # A number or a word ends at the next bracket or quotation mark.
    if row.get("between") == "nothing between" and not _ends_by_itself(*texts):
        return False
    if "TXT-044" in FIRST[first].rules and row.get("mode") == USUAL:
        return False
    is_short = isinstance(texts[0], str)
    return is_short or row.get("piece", USUAL) in (USUAL, "in pieces of 1,000 bytes")


def _ends_by_itself(first: Any, second: Any) -> bool:
    """Return whether the first value has an end if nothing is between it and the second."""
    if second is None or not isinstance(first, str):
        return True
    return first[0] in '"[{' or second[0] in '"[{'


TABLE = Table(
    "json-values",
    {
        "first": FIRST,
        "second": SECOND,
        "between": SEPARATORS,
        "before": BEFORE,
        "end": ENDS,
        "piece": PIECES,
        "mode": LENIENT,
    },
    allows=is_possible,
)

WHY = "streams that are split like this lose tokens"


def text_of(row: Row) -> Tuple[Description, List[Any]]:
    """Return the described text of a row, and the texts of its values, described if long."""
    values = TABLE.contents(row)
    found = [value for value in (values["first"], values["second"]) if value is not None]
    text: Description = [{"text": piece} for piece in values["before"]]
    for index, value in enumerate(found):
        text.append({"text": values["between"] if index else ""})
        text += [{"text": value}] if isinstance(value, str) else value
    text.append({"text": values["end"]})
    earlier = [piece.strip() for piece in values["before"] if piece.strip()]
    return merged(text), earlier + found


def _check(row: Row, text: Description, values: List[Any], lenient: bool) -> None:
    found, error = read_values(described_bytes(text), lenient)
    wanted = [
        value if isinstance(value, str) else described_bytes(value).decode("utf-8")
        for value in values
    ]
    if error is not None or list(map(_plain, found)) != list(map(_plain, wanted)):
        raise CaseMistake(f"{title_of(row)}: the transcription reads {len(found)} values, {error}")


def _plain(text: str) -> str:
    return json.dumps(json.loads(text, strict=False), sort_keys=True)


for _row in rows_of(TABLE):
    _contents = TABLE.contents(_row)
    _text, _values = text_of(_row)
    _check(_row, _text, _values, _contents["mode"])
    _given: Json = {"bytes": _text}
    if _contents["piece"] is not None:
        _given["piece"] = _contents["piece"]
    if _contents["mode"]:
        _given["lenient"] = True
    VALUES.case(
        mix_id(VALUES.prefix, VALUES.op, _given),
        title_of(_row),
        " ".join(dict.fromkeys([*TABLE.rules(_row), "TXT-040"])),
        _given,
        ok(values=_values),
        WHY,
    )
