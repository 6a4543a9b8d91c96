# SPDX-License-Identifier: MIT
"""The HTML page: one self-contained file with a table of cases and implementations.

The page joins reports with the cases: verdicts come from the reports; titles, rules and bytes come
from the vectors. The markup works without scripts and on paper: a summary of each implementation, a
row per case, and a finding for each cell that is more than a pass. A JSON object contains each
case's input, annotated bytes and rules once; page.js shows these when a cell is opened.

Text from an adapter is not trusted: it is escaped here, page.js creates text nodes only, and the
page's Content-Security-Policy allows only page.js to run and nothing to load. The same reports give
the same bytes.
"""

import base64
import hashlib
import json
import os
from collections import OrderedDict
from html import escape
from itertools import groupby
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from conformance.cases.case import Case
from conformance.cases.frames import disassemble
from conformance.cases.rules import Rule
from conformance.escaping import escaped
from conformance.protocol.messages import BadQuestion, to_bytes
from conformance.report.causes import explained_lines
from conformance.report.excerpts import Excerpt, shown_lines
from conformance.report.json_report import entries_of, excerpt_in
from conformance.report.terminal import asked_lines, hex_lines
from conformance.run.verdicts import (
    ACCEPTABLE,
    ADAPTER,
    BLOCKED,
    CRASH,
    FAIL,
    FAILURES,
    HANG,
    PASS,
    UNSUPPORTED,
    WORDS,
    XFAIL,
    XPASS,
    suspects_among,
)
from conformance.wording import number_of
from refimpl.documents.json_format import parse_json
from refimpl.errors import Error, shown

_HERE = os.path.dirname(os.path.abspath(__file__))
_MAX_SHOWN = 4000  # characters of one case's input and expectation
_MAX_EXPLAINED = 80  # lines that explain the bytes of a case
_MAX_NAME = 100  # characters of an implementation's name, and of its version, in a column head

Document = Mapping[str, Any]

# Each verdict's class of colours and its word in a cell, so that colour alone has no meaning.
_LOOKS = {
    PASS: ("pass", "pass"),
    ACCEPTABLE: ("accept", "accept"),
    FAIL: ("fail", "FAIL"),
    CRASH: ("fail", "CRASH"),
    HANG: ("fail", "HANG"),
    UNSUPPORTED: ("none", "\u2013"),
    BLOCKED: ("odd", "blocked"),
    XFAIL: ("accept", "xfail"),
    XPASS: ("odd", "xpass"),
    ADAPTER: ("odd", "adapter"),
}
_QUIET = (PASS, UNSUPPORTED)  # verdicts without a finding
_LEGEND = (
    (PASS, "as expected"),
    (ACCEPTABLE, "a harmless different outcome; the note says why"),
    (FAIL, "the answer violates a rule"),
    (CRASH, "the program ended without an answer"),
    (HANG, "no answer in time"),
    (UNSUPPORTED, "the implementation does not offer it, or the adapter cannot ask it faithfully"),
    (BLOCKED, "a case that this one depends on failed"),
    (XFAIL, "an expected failure"),
    (XPASS, "an expected failure that passed"),
    (ADAPTER, "the adapter is broken"),
)


class Row(NamedTuple):
    """A case and its entry in each report, or None if it did not run.

    case: None if it is not in the vectors
    suspects: the rule that each implementation most likely violates, or ""
    """

    id: str
    op: str
    rules: Tuple[str, ...]
    case: Optional[Case]
    entries: Tuple[Optional[Document], ...]
    suspects: Tuple[str, ...]


def html_text(
    reports: Sequence[Document],
    cases: Iterable[Case],
    rules: Mapping[str, Rule],
    absent: Optional[Mapping[str, str]] = None,
) -> str:
    """Return the whole page.

    reports: documents as report.schema.json describes, one for each implementation; an entry of a
        failure may also have the whole `answer`
    cases: all cases; for other cases, the page shows only what the reports contain
    absent: why other implementations did not run, by name
    """
    rows = rows_of(reports, {case.id: case for case in cases})
    names = labels_of(reports)
    style, script = _asset("page.css"), _asset("page.js")
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(style, script)}">',
        f"<title>{escape(_title(names))}</title>",
        f"<style>{style}</style>",
        "</head>",
        "<body>",
        f"<h1>{escape(_title(names))}</h1>",
        "<p>Conformance of implementations of Amazon SageMaker Runtime\u2019s "
        "InvokeEndpointWithResponseStream, Signature Version 4 and event streams: "
        f"{len(rows)} cases, {number_of(len(names), 'implementation')}.</p>",
    ]
    lines += (
        _summaries(reports, names, absent or {})
        + _matrix(rows, names, _used(reports))
        + _findings(rows, names, rules)
        + _DIALOG
    )
    data = _island(reports, rows, names, rules)
    lines += [
        f'<script type="application/json" id="data">{data}</script>',
        f"<script>{script}</script>",
        "</body>",
        "</html>",
        "",
    ]
    # This includes half a surrogate pair, which cannot be encoded.
    return escaped("\n".join(lines))


# ---- rows --------------------------------------------------------------------------------------


def rows_of(reports: Sequence[Document], cases: Mapping[str, Case]) -> List[Row]:
    """Return a row for each case that ran, grouped by operation."""
    columns = [entries_of(report, cases.values()) for report in reports]
    suspects = [_suspects_in(entries, cases) for entries in columns]
    names = list(OrderedDict.fromkeys(name for entries in columns for name in entries))
    order = [name for name in cases if any(name in entries for entries in columns)]
    operations: Dict[str, List[Row]] = OrderedDict()
    for name in order + [name for name in names if name not in cases]:
        entries = tuple(column.get(name) for column in columns)
        op = next(entry["op"] for entry in entries if entry is not None)
        case = cases.get(name)
        rules = () if case is None else case.rules
        likely = tuple(column.get(name, "") for column in suspects)
        operations.setdefault(op, []).append(Row(name, op, rules, case, entries, likely))
    return [row for rows in operations.values() for row in rows]


def _suspects_in(entries: Mapping[str, Document], cases: Mapping[str, Case]) -> Dict[str, str]:
    return suspects_among(
        [(cases[name], entry["verdict"]) for name, entry in entries.items() if name in cases]
    )


def labels_of(reports: Sequence[Document]) -> List[str]:
    """Return a unique name for each implementation."""
    labels: List[str] = []
    for report in reports:
        said = report["implementation"]
        label = f"{shown(said['name'], _MAX_NAME)} {shown(said['version'], _MAX_NAME)}"
        unique, number = label, 2
        while unique in labels:
            unique, number = f"{label} ({number})", number + 1
        labels.append(unique)
    return labels


def _title(names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"Conformance of {names[0]}"
    return f"Conformance of {len(names)} implementations"


def _words(row: Row) -> List[str]:
    return ["" if entry is None else entry["verdict"] for entry in row.entries]


def _is_quiet(row: Row) -> bool:
    return all(word in _QUIET or not word for word in _words(row))


# ---- as markup ---------------------------------------------------------------------------------


def _summaries(
    reports: Sequence[Document], names: Sequence[str], absent: Mapping[str, str]
) -> List[str]:
    used = _used(reports)
    heads = ["implementation"]
    heads += ["unsupported" if word == UNSUPPORTED else _LOOKS[word][1] for word in used]
    heads += ["language", "vectors", "operations"]
    lines = [
        '<section aria-labelledby="summaries">',
        '<h2 id="summaries">Implementations</h2>',
        '<div class="wide" tabindex="0" role="region" aria-label="Implementations">'
        '<table class="counts">',
        f"<thead><tr>{''.join(map(_head, heads))}</tr></thead>",
        "<tbody>",
        *(_summary(report, name, used) for report, name in zip(reports, names)),
        "</tbody></table></div>",
    ]
    if absent:
        reasons = "; ".join(f"{name} ({reason})" for name, reason in absent.items())
        lines.append(f"<p>Not run: {escape(reasons)}.</p>")
    return lines + ["</section>"]


def _head(text: str) -> str:
    return f'<th scope="col">{escape(text)}</th>'


def _summary(report: Document, name: str, used: Sequence[str]) -> str:
    said = report["implementation"]
    texts = (said["language"], report["suite"]["vectors"], " ".join(said["operations"]))
    cells = [f'<th scope="row">{escape(name)}{_broken_note(report)}</th>']
    for word in used:
        count = report["totals"].get(word, 0)
        cells.append(f'<td class="{_LOOKS[word][0]}">{count}</td>' if count else "<td></td>")
    cells += [f'<td class="text">{escape(shown(text, 300))}</td>' for text in texts]
    return f"<tr>{''.join(cells)}</tr>"


def _used(reports: Sequence[Document]) -> List[str]:
    return [word for word in WORDS if any(word in report["totals"] for report in reports)]


def _broken_note(report: Document) -> str:
    """Return why an adapter could not be judged."""
    for entry in report["cases"]:
        if entry["verdict"] == ADAPTER:
            return f"<br><small>{escape(shown(entry.get('note', ''), 300))}</small>"
    return ""


def _legend(used: Sequence[str]) -> List[str]:
    lines = ['<ul class="legend" aria-label="Meaning of the words in the cells">']
    for word, meaning in _LEGEND:
        if word in used:
            look, text = _LOOKS[word]
            lines.append(f'<li><span class="word {look}">{text}</span> {escape(meaning)}</li>')
    return lines + ["</ul>"]


_FILTERS = [
    '<form class="filters" role="search" aria-label="Filter the cases">',
    '<label>text <input type="search" name="text" autocomplete="off"></label>',
    '<label>verdict <select name="verdict"><option value="">any</option>'
    '<option value="any">more than a pass</option></select></label>',
    '<label>implementation <select name="implementation"><option value="">all</option>'
    "</select></label>",
    '<label>operation <select name="operation"><option value="">all</option></select></label>',
    '<label>rule <select name="rule"><option value="">all</option></select></label>',
    '<button type="reset">All cases</button> <output id="count" aria-live="polite"></output>',
    "</form>",
]
_HINTS = [
    '<p id="keys" class="soft hint filters">Tab moves to the table, the arrow keys move inside it, '
    "Enter opens a cell. n and p open the next and previous cell, Escape closes it.</p>",
    '<p class="soft unscripted">Each cell that is more than a pass links to its finding below.</p>',
    '<p class="soft printed">Cases that every implementation passes or does not offer are '
    "omitted on paper.</p>",
]


def _matrix(rows: Sequence[Row], names: Sequence[str], used: Sequence[str]) -> List[str]:
    lines = ['<section id="matrix" aria-labelledby="cases">', '<h2 id="cases">Cases</h2>']
    lines += _legend(used) + _FILTERS + _HINTS
    lines += [
        '<div class="wide"><table>',
        f'<thead><tr><th scope="col">case</th>{"".join(map(_column_head, names))}</tr></thead>',
    ]
    for _, group in groupby(rows, key=lambda row: row.op):
        own = list(group)
        lines += ["<tbody>", _group_row(own), *map(_case_row, own), "</tbody>"]
    return lines + ["</table></div>", "</section>"]


def _case_row(row: Row) -> str:
    title = "" if row.case is None else f"<small>{escape(row.case.title)}</small>"
    look = "case quiet" if _is_quiet(row) else "case"
    cells = "".join(_cell(row, word) for word in _words(row))
    return f'<tr class="{look}"><th scope="row">{_link(row, row.id)}{title}</th>{cells}</tr>'


def _column_head(name: str) -> str:
    first, blank, rest = name.partition(" ")
    return f'<th scope="col">{escape(first)}{blank}<small>{escape(rest)}</small></th>'


def _group_row(rows: Sequence[Row]) -> str:
    """Return the row above the cases of an operation: how many judged cases are as expected."""
    cells = []
    for column in zip(*map(_words, rows)):
        judged = [word for word in column if word and word != UNSUPPORTED]
        good = sum(word in (PASS, ACCEPTABLE) for word in judged)
        cells.append(f"<td>{good} of {len(judged)}</td>" if judged else "<td>\u2013</td>")
    look = "group quiet" if all(map(_is_quiet, rows)) else "group"
    head = f'<th scope="rowgroup">{escape(rows[0].op)}</th>'
    return f'<tr class="{look}">{head}{"".join(cells)}</tr>'


def _link(row: Row, text: str) -> str:
    return escape(text) if _is_quiet(row) else f'<a href="#c-{escape(row.id)}">{escape(text)}</a>'


def _cell(row: Row, word: str) -> str:
    if not word:
        return '<td class="none" data-w=""></td>'
    look, text = _LOOKS[word]
    mark = "" if word == PASS else f' data-w="{word}"'
    return f'<td class="{look}"{mark}>{text if word in _QUIET else _link(row, text)}</td>'


def _findings(rows: Sequence[Row], names: Sequence[str], rules: Mapping[str, Rule]) -> List[str]:
    lines = ['<section aria-labelledby="findings">', '<h2 id="findings">Findings</h2>']
    noteworthy = [row for row in rows if not _is_quiet(row)]
    if not noteworthy:
        lines.append("<p>Every answer was as expected.</p>")
    for row in noteworthy:
        lines += _findings_of(row, names, rules)
    return lines + ["</section>"]


def _findings_of(row: Row, names: Sequence[str], rules: Mapping[str, Rule]) -> List[str]:
    title, why = "", ""
    if row.case is not None:
        title, why = f" <small>{escape(row.case.title)}</small>", row.case.why
    lines = [
        f'<section class="finding" id="c-{escape(row.id)}">',
        f"<h3>{escape(row.id)}{title}</h3>",
    ]
    lines += _pairs([("operation", row.op), ("why", why)] + _texts_of_rules(row, rules))
    if row.case is not None and any(word in FAILURES for word in _words(row)):
        explained = explained_lines(row.case, _MAX_EXPLAINED)
        if explained:
            text = escape("\n".join(explained))
            lines.append(
                "<details><summary>every byte with its meaning</summary>"
                f"<pre>{text}</pre></details>"
            )
    for index, entry in enumerate(row.entries):
        if entry is not None and entry["verdict"] not in _QUIET:
            lines += _finding(row, index, names[index], entry)
    return lines + ["</section>"]


def _texts_of_rules(row: Row, rules: Mapping[str, Rule]) -> List[Tuple[str, str]]:
    unknown = "not a rule of this specification"
    return [(rule, rules[rule].text if rule in rules else unknown) for rule in row.rules]


def _finding(row: Row, index: int, name: str, entry: Document) -> List[str]:
    look, text = _LOOKS[entry["verdict"]]
    lines = [
        f'<article data-i="{index}">',
        f'<h4>{escape(name)} <span class="word {look}">{text}</span></h4>',
    ]
    found = entry.get("difference")
    lines += _pairs(
        [
            ("chunking", entry.get("chunking", "")),
            ("note", entry.get("note", "")),
            ("stage", found["stage"] if found else ""),
            ("cause", entry.get("cause", "")),
            ("origin", entry.get("origin", "")),
            ("message", entry.get("message", "")),
            ("likely rule", row.suspects[index] if len(row.rules) > 1 else ""),
        ]
    )
    if found:
        lines.append(f"<pre>{_compared(excerpt_in(found))}</pre>")
    if "answer" in entry:
        answer = escape("\n".join(_answer_lines(entry["answer"])))
        lines.append(f"<details><summary>the whole answer</summary><pre>{answer}</pre></details>")
    return lines + ["</article>"]


def _answer_lines(text: str) -> List[str]:
    """Return the lines that show an answer, with the annotated bytes of a frame in it."""
    try:
        answer = parse_json(text.encode("utf-8"))
        data = to_bytes(answer["output"]["frame"])
    except (Error, BadQuestion, KeyError, TypeError, UnicodeEncodeError):
        return [text]  # no frame, or shortened
    return [text, ""] + disassemble(data).splitlines() + hex_lines(data)


def _pairs(pairs: Iterable[Tuple[str, str]]) -> List[str]:
    lines = [f"<dt>{escape(term)}</dt><dd>{escape(text)}</dd>" for term, text in pairs if text]
    return ["<dl>"] + lines + ["</dl>"] if lines else []


def _compared(seen: Excerpt) -> str:
    """Return the expected line above the actual one, with their first difference marked in both."""
    lines = shown_lines(seen)
    if seen.caret < 0:
        return escape("\n".join(lines))
    at = len(lines[0]) - len(seen.expected) + seen.caret
    marked = [_marked(line, at) for line in lines[:2]]
    return "\n".join(marked + list(map(escape, lines[2:])))


def _marked(line: str, at: int) -> str:
    if at >= len(line):
        return escape(line)
    return f"{escape(line[:at])}<mark>{escape(line[at])}</mark>{escape(line[at + 1 :])}"


_DIALOG = [
    '<dialog aria-labelledby="head">',
    '<header><h3 id="head"></h3><nav aria-label="Cells"><button id="previous" type="button">'
    '<u>p</u>revious</button><button id="next" type="button"><u>n</u>ext</button>'
    '<button id="close" type="button" autofocus>Close</button></nav></header>',
    '<div id="content"></div>',
    "</dialog>",
]


# ---- data for the script -----------------------------------------------------------------------


def _island(
    reports: Sequence[Document],
    rows: Sequence[Row],
    names: Sequence[str],
    rules: Mapping[str, Rule],
) -> str:
    """Return the data for page.js as JSON that cannot end its script element."""
    texts: Dict[str, int] = OrderedDict()
    notes: List[Dict[str, int]] = [OrderedDict() for _ in names]
    for index, row in enumerate(rows):
        for column, entry in enumerate(row.entries):
            if entry is not None and entry["verdict"] == UNSUPPORTED and entry.get("note"):
                notes[column][str(index)] = texts.setdefault(entry["note"], len(texts))
    cited = sorted({rule for row in rows for rule in row.rules})
    document = {
        "implementations": list(names),
        "words": _used(reports),
        "noteworthy": {word: 1 for word in WORDS if word not in _QUIET},
        "rules": {rule: rules[rule].text for rule in cited if rule in rules},
        "texts": list(texts),
        "notes": notes,
        "cases": [_case_of(row) for row in rows],
    }
    text = escaped(json.dumps(document, ensure_ascii=False, separators=(",", ":")))
    for mark in "<>&":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return text


def _case_of(row: Row) -> Dict[str, Any]:
    case = row.case
    if case is None:
        return {"id": row.id, "op": row.op, "level": "", "rules": [], "title": "", "why": ""}
    lines = "\n".join(asked_lines(case))
    if len(lines) > _MAX_SHOWN:
        rest = f"\n\u2026 python3 -m conformance show {case.id} prints the rest"
        lines = lines[:_MAX_SHOWN] + rest
    return {
        "id": row.id,
        "op": row.op,
        "level": case.level,
        "rules": row.rules,
        "title": case.title,
        "why": case.why,
        "since": case.since,
        "source": case.source,
        "chunking": " ".join(case.chunking),
        "lines": lines,
    }


def _asset(name: str) -> str:
    with open(os.path.join(_HERE, name), encoding="utf-8") as file:
        return file.read()


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
