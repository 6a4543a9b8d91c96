# SPDX-License-Identifier: MIT
"""Combinations of values in text: text-lines-mix and text-sse-mix (mix.py).

The lines and events come first, and the text is made from them. Long contents repeat a text of
1,009 bytes, a prime, so that a reader which misplaces bytes returns another text.
"""

from typing import Any, Callable, Dict, List, Optional, Tuple

from authoring import Feature, ok
from authoring.mix import USUAL, Row, Table, Value, mix_id, rows_of, title_of

LINES = Feature("text-lines-mix", "text.lines", "lines-mix-")
SSE = Feature("text-sse-mix", "text.sse", "events-mix-")
FEATURES = [LINES, SSE]

Json = Dict[str, Any]
Description = List[Json]

PERIOD = 1009  # bytes, a prime
UNIT = "".join(f"{index * index:x} \u00e9{index} " for index in range(200))


def content(size: int) -> Description:
    """Return a described text of a size in bytes."""
    unit = UNIT.encode("utf-8")[: PERIOD - 1].decode("utf-8", "ignore")
    unit += "." * (PERIOD - len(unit.encode("utf-8")))
    times, rest = divmod(size, PERIOD)
    parts: Description = []
    if times:
        parts.append({"repeat": {"text": unit}, "times": times})
    return [*parts, {"text": "abcdefghijklmnop" * (rest // 16) + "z" * (rest % 16)}]


SIZES = {
    "3 bytes": Value(3),
    "0 bytes": Value(0),
    "1 byte": Value(1),
    "255 bytes": Value(255),
    "4,097 bytes": Value(4097),
    "65,535 bytes": Value(65535),
    "65,537 bytes": Value(65537),
    "1,048,577 bytes": Value(1048577),
    "16,777,200 bytes": Value(16777200, "TXT-009 TXT-005"),
}
PIECES = {
    USUAL: Value(None),
    "in pieces of 1 byte": Value(1, "TXT-001"),
    "in pieces of 5 bytes": Value(5, "TXT-001"),
    "in pieces of 1,000 bytes": Value(1000, "TXT-001"),
    "in pieces of 65,536 bytes": Value(65536, "TXT-001"),
    "in pieces of 1,000,003 bytes": Value(1000003, "TXT-001"),
}
BEFORE = {
    USUAL: Value([]),
    "after a line": Value(["\u20acfirst"]),
    "after empty lines": Value(["", ""], "TXT-010"),
    "after a line with a CR": Value(["a\rb\u2028c"], "TXT-011"),
}
ENDS = {USUAL: Value("\n", "TXT-010"), "CR LF": Value("\r\n", "TXT-010")}
LAST = {
    USUAL: Value(True),
    "without a last line end": Value(False, "TXT-012"),
}


def is_possible(row: Row) -> bool:
    """Return whether a long text is not in small pieces and has nothing before it."""
    size = SIZES[row["size"]].content if "size" in row else 0
    piece = PIECES[row.get("piece", USUAL)].content or 1 << 30
    if size > 10000000:
        usual = all(row.get(name, USUAL) == USUAL for name in ("before", "id", "comment", "lines"))
        return usual and piece >= 65536
    return (size <= 60000 or piece >= 60000) and (size <= 300 or piece >= 1000)


LINE_TABLE = Table(
    "text-lines",
    {"size": SIZES, "before": BEFORE, "end": ENDS, "last": LAST, "piece": PIECES},
    allows=is_possible,
)


def lines_of(row: Row) -> Tuple[Description, List[Any]]:
    """Return the described text and the lines of a row."""
    values = LINE_TABLE.contents(row)
    own = content(values["size"])
    text: Description = [{"text": "".join(line + values["end"] for line in values["before"])}]
    text += own
    lines: List[Any] = [*values["before"], own]
    if values["last"]:
        text.append({"text": values["end"] + "last" + values["end"]})
        lines.append("last")
    elif not values["size"]:
        lines.pop()  # nothing follows the last line end
    return text, lines


SPACES = {USUAL: Value(" ", "TXT-023"), "no space after the colon": Value("", "TXT-023")}
TYPES = {
    USUAL: Value(None),
    "a type": Value("delta", "TXT-025"),
    "an empty type": Value("", "TXT-025"),
    "a type after the data": Value(("after", "x:y"), "TXT-025"),
}
EVENT_IDS = {
    USUAL: Value(None),
    "an id": Value("7", "TXT-026"),
    "an id with NUL": Value("a\0b", "TXT-026"),
}
COMMENTS = {
    USUAL: Value(""),
    "a comment": Value(": ping", "TXT-022"),
    "a retry of other digits": Value("retry: \u00b2", "TXT-027"),
    "an unknown field": Value("Data: x", "TXT-028"),
}
EVENT_LINES = {
    USUAL: Value([]),
    "two more data lines": Value(["", "data: x"], "TXT-024"),
    "d a t : at the start of the data": Value(["  data: tat"], "TXT-023 TXT-024"),
}
EVENT_ENDS = {
    USUAL: Value("\n", "TXT-020"),
    "CR LF": Value("\r\n", "TXT-020"),
    "CR": Value("\r", "TXT-020"),
}
EVENT_TABLE = Table(
    "text-sse",
    {
        "size": SIZES,
        "space": SPACES,
        "type": TYPES,
        "id": EVENT_IDS,
        "comment": COMMENTS,
        "lines": EVENT_LINES,
        "end": EVENT_ENDS,
        "last": {USUAL: Value(True), "without a last blank line": Value(False, "TXT-030")},
        "piece": PIECES,
    },
    allows=is_possible,
)


def events_of(row: Row) -> Tuple[Description, List[Json]]:
    """Return the described text and the events of a row."""
    values = EVENT_TABLE.contents(row)
    own, end, space = content(values["size"]), values["end"], values["space"]
    kind = values["type"]
    text: Description = []

    def add(*pieces: str) -> None:
        text.append({"text": "".join(pieces)})

    if values["comment"]:
        add(values["comment"], end)
    if values["id"] is not None:
        add("id:", space, values["id"], end)
    if isinstance(kind, str):
        add("event:", space, kind, end)
    add("data:", space)
    text.extend(own)
    add(end)
    data = list(own)
    for line in values["lines"]:
        add("data: ", line, end)
        data.append({"text": "\n" + line})
    if isinstance(kind, tuple):
        kind = kind[1]
        add("event: ", kind, end)
    last_id = values["id"] or ""
    if "\0" in last_id:
        last_id = ""
    events = [{"event": kind or "message", "data": data, "id": last_id}]
    if values["last"]:
        add(end, "data: last", end, end)
        events.append({"event": "message", "data": "last", "id": last_id})
    return text, events


WHY = "text that is split like this is lost"


def merged(text: Description) -> Description:
    """Return a description whose neighbouring texts are joined."""
    merged: Description = []
    for piece in text:
        if merged and "text" in piece and "text" in merged[-1]:
            merged[-1] = {"text": merged[-1]["text"] + piece["text"]}
        else:
            merged.append(dict(piece))
    return merged


def _add(
    feature: Feature,
    table: Table,
    make: Callable[[Row], Tuple[Description, List[Any]]],
    name: str,
    rules: str,
) -> None:
    for row in rows_of(table):
        text, results = make(row)
        given: Json = {"bytes": merged(text)}
        piece: Optional[int] = table.contents(row)["piece"]
        if piece is not None:
            given["piece"] = piece
        cited = dict.fromkeys(table.rules(row) + rules.split())
        feature.case(
            mix_id(feature.prefix, feature.op, given),
            title_of(row),
            " ".join(cited),
            given,
            ok(**{name: results}),
            WHY,
        )


_add(LINES, LINE_TABLE, lines_of, "lines", "TXT-010 TXT-001")
_add(SSE, EVENT_TABLE, events_of, "events", "TXT-020 TXT-001")
