# SPDX-License-Identifier: MIT
"""Reports as one HTML file that needs nothing else: a matrix of cases and implementations, and behind each cell what it says.

The plan: what the JSON reports hold is written twice over, for two kinds of reading. As markup, whole without any script and on
paper: a summary of each implementation, a row for each case, and below them every finding, the cells that are more than a pass.
As one JSON island, each text once: what a case asks and expects, its bytes annotated, the rules; page.js opens it beside a cell.

Nothing that came from an adapter is trusted: all text is escaped, page.js makes text nodes only, and the page's own policy lets
no script run but that one and fetches nothing. The same reports give the same page by the same Python, byte for byte.
"""

import base64
import hashlib
import json
import os
from collections import OrderedDict
from html import escape
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from conformance.cases.case import Case
from conformance.cases.frames import disassemble
from conformance.cases.rules import Rule
from conformance.protocol.messages import BadQuestion, to_bytes
from conformance.report.excerpts import Excerpt, shown_lines
from conformance.report.terminal import asked_lines, hex_lines
from conformance.run.verdicts import (
    ACCEPTABLE,
    ADAPTER,
    BLOCKED,
    CRASH,
    FAIL,
    HANG,
    PASS,
    UNSUPPORTED,
    WORDS,
    XFAIL,
    XPASS,
)
from refimpl.documents.json_format import parse_json
from refimpl.errors import Error, shown

_HERE = os.path.dirname(os.path.abspath(__file__))
_MOST_SHOWN = 8000  # characters of what one case asks and expects
_NAME = 100  # characters of an implementation's name, of its version, where they head a column

Document = Mapping[str, Any]

# Each verdict's class of colours, and its word in a cell: no meaning rests on colour alone.
_LOOKS = {
    PASS: ("pass", "pass"),
    ACCEPTABLE: ("accept", "accept"),
    FAIL: ("fail", "FAIL"),
    CRASH: ("fail", "CRASH"),
    HANG: ("fail", "HANG"),
    UNSUPPORTED: ("none", "\u2013"),
    BLOCKED: ("odd", "blocked"),
    XFAIL: ("accept", "known"),
    XPASS: ("odd", "unlisted"),
    ADAPTER: ("odd", "adapter"),
}
_QUIET = (PASS, UNSUPPORTED)  # what needs no finding
_LEGEND = (
    (PASS, "as expected"),
    (ACCEPTABLE, "another outcome that does no harm; the note says why"),
    (FAIL, "the answer departs from a rule"),
    (CRASH, "the program ended instead of answering"),
    (HANG, "no answer in time"),
    (UNSUPPORTED, "the implementation does not offer it, or the adapter cannot ask it honestly"),
    (BLOCKED, "a case that this one depends on failed"),
    (XFAIL, "a failure that the run was told of"),
    (XPASS, "listed as a known failure, and passes"),
    (ADAPTER, "the adapter itself is broken"),
)


class Row(NamedTuple):
    id: str
    op: str
    level: str
    rules: Tuple[str, ...]
    case: Optional[Case]
    entries: Tuple[Optional[Document], ...]


Row.__doc__ = """A case, and its entry in each report, or None where it was not asked."""


def html_text(
    reports: Sequence[Document],
    cases: Iterable[Case],
    rules: Mapping[str, Rule],
    absent: Optional[Mapping[str, str]] = None,
) -> str:
    """Return the whole page.

    reports: as report.schema.json says, one for each implementation
    cases: those that may occur in them; of others the page shows what the reports hold
    absent: the names of implementations that could not be asked, and why
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
        f"<p>What each implementation of Amazon SageMaker Runtime\u2019s InvokeEndpointWithResponseStream, and of the two mechanisms under it, made of the conformance cases: {len(rows)} cases, {len(names)} implementation{'' if len(names) == 1 else 's'}.</p>",
    ]
    lines += (
        _summaries(reports, names, absent or {})
        + _matrix(rows, names, _used(reports))
        + _findings(rows, names, rules)
        + _DIALOG
    )
    lines += [
        f'<script type="application/json" id="data">{_island(reports, rows, names, rules)}</script>',
        f"<script>{script}</script>",
        "</body>",
        "</html>",
        "",
    ]
    return (
        "\n".join(lines).encode("utf-8", "replace").decode("utf-8")
    )  # half a surrogate pair in a report is no character


# ---- what the reports hold ---------------------------------------------------------------------------------------


def rows_of(reports: Sequence[Document], cases: Mapping[str, Case]) -> List[Row]:
    """Return a row for each case that occurs, those of one operation together."""
    entries: Dict[str, List[Optional[Document]]] = OrderedDict()
    for index, report in enumerate(reports):
        for entry in report["cases"]:
            entries.setdefault(entry["id"], [None] * len(reports))[index] = entry
    order = [name for name in cases if name in entries] + [
        name for name in entries if name not in cases
    ]
    operations: Dict[str, List[Row]] = OrderedDict()
    for name in order:
        row = _row(name, entries[name], cases.get(name))
        operations.setdefault(row.op, []).append(row)
    return [row for rows in operations.values() for row in rows]


def _row(name: str, entries: Sequence[Optional[Document]], case: Optional[Case]) -> Row:
    first = next(entry for entry in entries if entry is not None)
    return Row(name, first["op"], first["level"], tuple(first["rules"]), case, tuple(entries))


def labels_of(reports: Sequence[Document]) -> List[str]:
    """Return a name for each implementation by which it is told from the others."""
    labels: List[str] = []
    for report in reports:
        said = report["implementation"]
        label = own = f"{shown(said['name'], _NAME)} {shown(said['version'], _NAME)}"
        while own in labels:
            own = f"{label} ({int(labels.count(label) + 1 + sum((one.startswith(label + ' (') for one in labels)))})"
        labels.append(own)
    return labels


def _title(names: Sequence[str]) -> str:
    return (
        f"Conformance of {names[0]}"
        if len(names) == 1
        else f"Conformance of {len(names)} implementations"
    )


def _words(row: Row) -> List[str]:
    return [entry["verdict"] if entry is not None else "" for entry in row.entries]


def _is_quiet(row: Row) -> bool:
    return all(word in _QUIET or not word for word in _words(row))


# ---- as markup ---------------------------------------------------------------------------------------------------


def _summaries(
    reports: Sequence[Document], names: Sequence[str], absent: Mapping[str, str]
) -> List[str]:
    used = _used(reports)
    heads = (
        ["implementation"]
        + ["unsupported" if word == UNSUPPORTED else _LOOKS[word][1] for word in used]
        + ["language", "run ended", "vectors", "operations"]
    )
    lines = [
        '<section aria-labelledby="summaries">',
        '<h2 id="summaries">Implementations</h2>',
        '<div class="wide" tabindex="0" '
        'role="region" aria-label="Implementations"><table class="counts">',
        "<thead><tr>{}</tr></thead>".format(
            "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
        ),
        "<tbody>",
    ]
    for report, name in zip(reports, names):
        said = report["implementation"]
        texts = [
            said["language"],
            report["date"].replace("T", " ").replace("Z", " UTC"),
            report["suite"]["vectors"],
            " ".join(said["operations"]),
        ]
        counts = [(word, report["totals"].get(word, 0)) for word in used]
        lines.append(
            '<tr><th scope="row">{}{}</th>{}{}</tr>'.format(
                escape(name),
                _broken_note(report),
                "".join(
                    "<td{}>{}</td>".format(
                        f' class="{_LOOKS[word][0]}"' if count else "", count or ""
                    )
                    for word, count in counts
                ),
                "".join(f'<td class="text">{escape(shown(text, 300))}</td>' for text in texts),
            )
        )
    lines.append("</tbody></table></div>")
    lines += (
        [
            f"<p>Not asked: {escape('; '.join(('{} ({})'.format(*pair) for pair in absent.items())))}.</p>"
        ]
        if absent
        else []
    )
    return lines + ["</section>"]


def _used(reports: Sequence[Document]) -> List[str]:
    return [word for word in WORDS if any(word in report["totals"] for report in reports)]


def _broken_note(report: Document) -> str:
    """Say of an implementation whose adapter could not be judged why that is."""
    notes = (
        [entry.get("note", "") for entry in report["cases"] if entry["verdict"] == ADAPTER]
        if report["exit_code"] == 3
        else []
    )
    return f"<br><small>{escape(shown(notes[0], 300))}</small>" if notes else ""


def _legend(used: Sequence[str]) -> List[str]:
    return (
        ['<ul class="legend" aria-label="What the words in the cells mean">']
        + [
            '<li><span class="word %s">%s</span> %s</li>' % (_LOOKS[word] + (escape(meaning),))
            for word, meaning in _LEGEND
            if word in used
        ]
        + ["</ul>"]
    )


_FILTERS = [
    '<form class="filters" role="search" aria-label="Filter the cases">',
    '<label>text <input type="search" name="text" autocomplete="off"></label>',
    '<label>verdict <select name="verdict"><option value="">any</option><option value="any">more than a pass</option></select></label>',
    '<label>implementation <select name="implementation"><option value="">all</option></select></label>',
    '<label>operation <select name="operation"><option value="">all</option></select></label>',
    '<label>rule <select name="rule"><option value="">all</option></select></label>',
    '<button type="reset">All cases</button> <output id="count" aria-live="polite"></output>',
    "</form>",
]


def _matrix(rows: Sequence[Row], names: Sequence[str], used: Sequence[str]) -> List[str]:
    lines = (
        ['<section id="matrix" aria-labelledby="cases">', '<h2 id="cases">Cases</h2>']
        + _legend(used)
        + _FILTERS
        + [
            '<p id="keys" class="soft hint filters">Tab goes to the table, the arrow keys move in it, Enter opens a cell; n and p go to the '
            "next and the one before, Escape closes it.</p>",
            '<p class="soft unscripted">Every cell that is more than a pass leads to its finding below.</p>',
            '<p class="soft printed">Cases that every implementation passes, or does not offer, are left out on paper.</p>',
            '<div class="wide"><table>',
            f'<thead><tr><th scope="col">case</th>{"".join(map(_column_head, names))}</tr></thead>',
        ]
    )
    operation = None
    for row in rows:
        if row.op != operation:
            lines += (["</tbody>"] if operation is not None else []) + [
                "<tbody>",
                _group_row([one for one in rows if one.op == row.op]),
            ]
            operation = row.op
        lines.append(
            f'<tr class="case{" quiet" if _is_quiet(row) else ""}"><th scope="row">{_link(row, row.id)}{(f"<small>{escape(row.case.title)}</small>" if row.case else "")}</th>{"".join((_cell(row, word) for word in _words(row)))}</tr>'
        )
    return lines + (["</tbody>"] if rows else []) + ["</table></div>", "</section>"]


def _column_head(name: str) -> str:
    first, blank, rest = name.partition(" ")
    return f'<th scope="col">{escape(first)}{blank}<small>{escape(rest)}</small></th>'


def _group_row(rows: Sequence[Row]) -> str:
    """Return the row above the cases of an operation: how many of those that were judged are as they may be."""
    cells = []
    for column in zip(*map(_words, rows)):
        judged = [word for word in column if word and word != UNSUPPORTED]
        good = sum(word in (PASS, ACCEPTABLE) for word in judged)
        cells.append("<td>%s</td>" % ("%d of %d" % (good, len(judged)) if judged else "\u2013"))
    return f'<tr class="group{" quiet" if all(map(_is_quiet, rows)) else ""}"><th scope="rowgroup">{escape(rows[0].op)}</th>{"".join(cells)}</tr>'


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
        lines += [
            f'<section class="finding" id="c-{escape(row.id)}">',
            f"<h3>{escape(row.id)}{(f' <small>{escape(row.case.title)}</small>' if row.case else '')}</h3>",
        ]
        lines += _pairs(
            [("operation", row.op), ("why", row.case.why if row.case else "")]
            + _told_rules(row, rules)
        )
        for index, entry in enumerate(row.entries):
            if entry is not None and entry["verdict"] not in _QUIET:
                lines += _finding(index, names[index], entry)
        lines.append("</section>")
    return lines + ["</section>"]


def _told_rules(row: Row, rules: Mapping[str, Rule]) -> List[Tuple[str, str]]:
    return [
        (rule, rules[rule].text if rule in rules else "no rule of this specification")
        for rule in row.rules
    ]


def _finding(index: int, name: str, entry: Document) -> List[str]:
    look, text = _LOOKS[entry["verdict"]]
    lines = [
        f'<article data-i="{int(index)}">',
        f'<h4>{escape(name)} <span class="word {look}">{text}</span></h4>',
    ]
    found = entry.get("difference")
    lines += _pairs(
        [
            ("chunking", entry["chunking"] if entry["chunking"] != "whole" else ""),
            ("note", entry.get("note", "")),
            ("stage", found["stage"] if found else ""),
            ("it says", entry.get("message", "")),
            (
                "likely breaks",
                entry["suspect"]["id"] if "suspect" in entry and len(entry["rules"]) > 1 else "",
            ),
        ]
    )
    if found:
        lines.append(
            f"<pre>{_compared(Excerpt(found['expected'], found['actual'], found['column'], found['place']))}</pre>"
        )
    if "answer" in entry:
        told = "\n".join(_answer_lines(entry["answer"]))
        lines.append(
            f"<details><summary>the whole answer</summary><pre>{escape(told)}</pre></details>"
        )
    return lines + ["</article>"]


def _answer_lines(text: str) -> List[str]:
    """Return an answer to be read, and the bytes of a frame in it annotated; one that was shortened as it stands."""
    try:
        answer = parse_json(text.encode("utf-8"))
        data = to_bytes(answer["output"]["frame"])
    except (Error, BadQuestion, KeyError, TypeError, UnicodeEncodeError):
        return [text]
    return [text, ""] + disassemble(data).splitlines() + hex_lines(data)


def _pairs(pairs: Iterable[Tuple[str, str]]) -> List[str]:
    told = [f"<dt>{escape(term)}</dt><dd>{escape(text)}</dd>" for term, text in pairs if text]
    return ["<dl>"] + told + ["</dl>"] if told else []


def _compared(seen: Excerpt) -> str:
    """Return expected above actual, the first character that differs marked in both, and a caret under it."""
    lines = shown_lines(seen)
    if seen.caret < 0:
        return escape("\n".join(lines))
    at = len(lines[0]) - len(seen.expected) + seen.caret
    marked = [
        escape(line[:at])
        + (f"<mark>{escape(line[at])}</mark>" if line[at:] else "")
        + escape(line[at + 1 :])
        for line in lines[:2]
    ]
    return "\n".join(marked + list(map(escape, lines[2:])))


_DIALOG = [
    '<dialog aria-labelledby="head">',
    '<header><h3 id="head"></h3><nav aria-label="Cells"><button id="previous" type="button">'
    '<u>p</u>revious</button><button id="next" type="button"><u>n</u>ext</button>'
    '<button id="close" type="button" autofocus>Close</button></nav></header>',
    '<div id="content"></div>',
    "</dialog>",
]


# ---- for the script ----------------------------------------------------------------------------------------------


def _island(
    reports: Sequence[Document],
    rows: Sequence[Row],
    names: Sequence[str],
    rules: Mapping[str, Rule],
) -> str:
    """Return what the script opens, as JSON that no parser of markup can leave."""
    texts: Dict[str, int] = OrderedDict()
    notes: List[Dict[str, int]] = [OrderedDict() for _ in names]
    for index, row in enumerate(rows):
        for column, entry in enumerate(row.entries):
            if entry is not None and entry["verdict"] == UNSUPPORTED and entry.get("note"):
                notes[column][f"{int(index)}"] = texts.setdefault(entry["note"], len(texts))
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
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    for mark in "<>&\u2028\u2029":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return text


def _case_of(row: Row) -> Dict[str, Any]:
    case = row.case
    told: Dict[str, Any] = {"id": row.id, "op": row.op, "level": row.level, "rules": row.rules}
    if case is None:
        return dict(told, title="", why="")
    lines = "\n".join(asked_lines(case))
    if len(lines) > _MOST_SHOWN:
        lines = (
            lines[:_MOST_SHOWN] + f"\n\u2026 python3 -m conformance show {case.id} tells the rest"
        )
    return dict(
        told,
        title=case.title,
        why=case.why,
        since=case.since,
        source=case.source,
        chunking=" ".join(case.chunking),
        lines=lines,
    )


def _asset(name: str) -> str:
    with open(os.path.join(_HERE, name), encoding="utf-8") as file:
        return file.read()


def _policy(style: str, script: str) -> str:
    return f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}'"
