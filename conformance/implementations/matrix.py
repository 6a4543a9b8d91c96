# SPDX-License-Identifier: MIT
"""`conformance implementations matrix`: third-party implementations, all cases, one table.

Each installed implementation runs like `conformance run`, one after another. One that hangs,
crashes or breaks the protocol does not stop the others. `--write` updates the files in the
checkout: a JSON report and a badge for each implementation, the table in docs/results.md, and its
excerpt in README.md.
`--committed` shows the committed reports and runs nothing. With `--write` it only counts the cases
of operations that an implementation does not offer.
"""

import argparse
import os
import re
from collections import OrderedDict
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, TextIO, Tuple

from conformance.cases.case import Case
from conformance.cases.load import read_cases
from conformance.cases.scenarios import scenario_cases
from conformance.files import ROOT, write_whole
from conformance.implementations.installers import Installed, ThirdParty
from conformance.implementations.registry import (
    IMPLEMENTATIONS,
    environment_of,
    find_implementation,
    implementation_named,
    why_absent,
)
from conformance.report.badge import badge_text
from conformance.report.formats import targets_of, write_matrix_reports
from conformance.report.json_report import entries_of, read_report, report_document, to_text
from conformance.run.runner import BrokenAdapter, Run, Runner, broken_run
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
    settle,
)
from conformance.suite import ProgressLine
from refimpl.errors import UsageError, shown

KEPT = os.path.join(ROOT, "reports")
BADGES = os.path.join(ROOT, "docs", "badges")
README = os.path.join(ROOT, "README.md")
RESULTS = os.path.join(ROOT, "docs", "results.md")
MARKS = ("<!-- matrix -->\n", "<!-- /matrix -->\n")

Say = Callable[[str], None]
Document = Dict[str, Any]
Reports = Dict[str, Document]  # by the name of the implementation, in the order of the registry


def matrix_suite(
    options: argparse.Namespace, say: Say, complain: Say, terminal: Optional[TextIO]
) -> int:
    """Print the table and write reports; return the exit code, 3 if an adapter is broken.

    options: names, report, committed, write, jobs, timeout of the command line
    Raises UsageError.
    """
    targets = targets_of(options.report, is_matrix=True)
    names = OrderedDict.fromkeys(options.names)
    implementations = [implementation_named(name) for name in names] or list(IMPLEMENTATIONS)
    if options.write:
        for page in (README, RESULTS):
            _read_page(page)  # fails early if this is not a checkout
    cases, faults = read_cases()
    for fault in faults:
        complain(f"conformance: {fault}")
    cases += scenario_cases()
    if options.committed:
        reports, absent = kept_reports(implementations)
        if options.write:
            for name in reports:
                reports[name] = with_unoffered_cases(reports[name], cases)
                _keep(name, reports[name])
    else:
        reports, absent = _run_all(implementations, cases, options, complain, terminal)
    if not reports:
        _complain_without_reports(options.committed, absent, complain)
    try:
        write_matrix_reports(targets, reports, cases, absent)
        if options.write:
            redraw()
    finally:  # the verdicts are printed even if a report cannot be written
        for line in table_lines(reports, absent):
            say(line)
    if faults:
        return 2
    return 3 if any(report["exit_code"] == 3 for report in reports.values()) else 0


def _complain_without_reports(is_committed: bool, absent: Mapping[str, str], complain: Say) -> None:
    for name, reason in absent.items():
        complain(f"{name}: {reason}")
    expected = "an installed implementation: python3 -m conformance implementations list"
    if is_committed:
        expected = "a checkout, which contains them"
    raise UsageError("there are no reports", expected=expected)


# ---- running -----------------------------------------------------------------------------------


def _run_all(
    implementations: Sequence[ThirdParty],
    cases: Sequence[Case],
    options: argparse.Namespace,
    complain: Say,
    terminal: Optional[TextIO],
) -> Tuple[Reports, Dict[str, str]]:
    """Return the reports and, by name, why other implementations are absent."""
    reports: Reports = OrderedDict()
    absent: Dict[str, str] = OrderedDict()
    for implementation in implementations:
        name = implementation.name
        found = find_implementation(name)
        if found is None:
            absent[name] = why_absent(implementation)
        elif not found.command:
            absent[name] = "it has no adapter"
        else:
            reports[name] = run_implementation(
                implementation, found, cases, options.timeout, options.jobs, terminal
            )
            totals = reports[name]["totals"]
            counts = ", ".join(f"{count} {word}" for word, count in totals.items())
            complain(f"{name}: {counts}")
            if options.write:  # now, so that an interruption loses no report
                _keep(name, reports[name])
    return reports, absent


def run_implementation(
    implementation: ThirdParty,
    found: Installed,
    cases: Sequence[Case],
    timeout: float,
    jobs: Optional[int],
    terminal: Optional[TextIO],
) -> Document:
    """Return the report on one implementation; if its adapter is broken, the report says why."""
    progress = ProgressLine(terminal)
    runner = Runner(found.command, timeout, jobs, environment_of(found))
    is_judged = True
    try:
        run = runner.run(cases, progress.show)
    except BrokenAdapter as error:
        run, is_judged = _broken(implementation, error), False
    finally:
        progress.clear()
    return report_document(run.implementation, settle(run.results), is_complete=is_judged)


def _broken(implementation: ThirdParty, error: BrokenAdapter) -> Run:
    run = broken_run(error)
    name, version = implementation.name, implementation.pins[0][1]
    return run._replace(implementation=run.implementation._replace(name=name, version=version))


# ---- the committed files -----------------------------------------------------------------------


def kept_reports(implementations: Sequence[ThirdParty]) -> Tuple[Reports, Dict[str, str]]:
    """Return the committed reports, and a reason for each missing one. Raises UsageError."""
    reports: Reports = OrderedDict()
    absent: Dict[str, str] = OrderedDict()
    for implementation in implementations:
        path = kept_path(implementation.name)
        if os.path.exists(path):
            reports[implementation.name] = read_report(path)
        else:
            absent[implementation.name] = "there is no committed report"
    return reports, absent


def kept_path(name: str) -> str:
    """Return the path of a committed report."""
    return os.path.join(KEPT, name + ".json")


def _keep(name: str, report: Document) -> None:
    """Write a report as the committed one, without the operations, which the vectors have."""
    entries = [
        OrderedDict((key, value) for key, value in entry.items() if key != "op")
        for entry in report["cases"]
    ]
    write_whole(kept_path(name), to_text(dict(report, cases=entries)))


def with_unoffered_cases(report: Document, cases: Sequence[Case]) -> Document:
    """Return a report with the present number of cases of the operations that are not offered.

    New cases of these operations need no new run.
    """
    offered = report["implementation"]["operations"]
    operations: Dict[str, Dict[str, int]] = OrderedDict()
    for entry in entries_of(report, cases).values():
        op = entry["op"]
        if op in offered:
            operations[op] = report["operations"].get(op, {})
        else:
            counts = operations.setdefault(op, OrderedDict())
            counts[entry["verdict"]] = counts.get(entry["verdict"], 0) + 1
    totals = OrderedDict(
        (word, sum(counts.get(word, 0) for counts in operations.values())) for word in WORDS
    )
    present = OrderedDict((word, count) for word, count in totals.items() if count)
    return OrderedDict(report, operations=operations, totals=present)


def redraw() -> None:
    """Draw the badges and the two tables from the committed reports."""
    kept, _ = kept_reports(IMPLEMENTATIONS)
    for name, report in kept.items():
        write_whole(os.path.join(BADGES, name + ".svg"), badge_text(report))
    for page, lines in ((README, excerpt_lines(kept)), (RESULTS, table_lines(kept, {}))):
        before, _, after = _read_page(page)
        table = "\n".join(lines) + "\n"
        write_whole(page, before + MARKS[0] + table + MARKS[1] + after)


def _read_page(path: str) -> Tuple[str, str, str]:
    with open(path, encoding="utf-8") as file:
        return split_page(file.read(), os.path.basename(path))


def split_page(text: str, name: str) -> Tuple[str, str, str]:
    """Return the text of a page before, between and after the marks of its table.

    Raises UsageError unless each mark occurs once, in order.
    """
    before, first, rest = text.partition(MARKS[0])
    inside, last, after = rest.partition(MARKS[1])
    if not first or not last or MARKS[0] in rest or MARKS[1] in before + after:
        marks = " and ".join(map(str.strip, MARKS))
        raise UsageError(f"{name} has no place for the table", expected=f"{marks}, once each")
    return before, inside, after


# ---- the table ---------------------------------------------------------------------------------

_COLUMNS = (
    ("pass", (PASS,)),
    ("acceptable", (ACCEPTABLE,)),
    ("fail", (FAIL, XFAIL)),
    ("crash, hang", (CRASH, HANG)),
    ("unsupported", (UNSUPPORTED,)),
)
# README.md shows only these: AWS's own libraries and curl, with the columns that judge them.
_EXCERPT_ROWS = (
    "boto3",
    "javascript",
    "go",
    "rust",
    "java",
    "ruby",
    "awscrt",
    "smithy-python",
    "curl",
    "aws-sdk-js",
)
_EXCERPT_COLUMNS = _COLUMNS[:4]
# These columns appear only if they are not empty.
_RARE_COLUMNS = (("blocked", (BLOCKED,)), ("xpass", (XPASS,)), ("adapter", (ADAPTER,)))


def table_lines(reports: Mapping[str, Document], absent: Mapping[str, str]) -> List[str]:
    """Return the counts of each implementation as a Markdown table, with notes below it.

    absent: why other implementations did not run, by name
    """
    columns = list(_COLUMNS)
    for column in _RARE_COLUMNS:
        if any(_count(report, column[1]) for report in reports.values()):
            columns.append(column)
    rows = [["implementation"] + [name for name, _ in columns]]
    notes: List[str] = []
    for report in reports.values():
        said = report["implementation"]
        counts = [str(_count(report, words)) for _, words in columns]
        rows.append([_cell(f"{said['name']} {said['version']}")] + counts)
        notes += [f"{_cell(said['name'])}: {_cell(note)}" for note in _why_not_judged(report)]
    for name, reason in absent.items():
        rows.append([_cell(name)] + ["-"] * len(columns))
        notes.append(f"{_cell(name)}: {_cell(reason)}")
    return _markdown(rows) + ([""] + notes if notes else [])


def excerpt_lines(reports: Mapping[str, Document]) -> List[str]:
    """Return the table of README.md: a row for each report of _EXCERPT_ROWS, with its page."""
    rows = [["implementation"] + [name for name, _ in _EXCERPT_COLUMNS]]
    for name in _EXCERPT_ROWS:
        if name in reports:
            counts = [str(_count(reports[name], words)) for _, words in _EXCERPT_COLUMNS]
            rows.append([f"[{name}](docs/divergences/{name}.md)"] + counts)
    return _markdown(rows)


def _markdown(rows: Sequence[Sequence[str]]) -> List[str]:
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [text.rjust(width) for text, width in zip(row[1:], widths[1:])]
        lines.append(f"| {' | '.join(cells)} |")
    rules = ["-" * (widths[0] + 2)] + ["-" * (width + 1) + ":" for width in widths[1:]]
    return lines[:1] + [f"|{'|'.join(rules)}|"] + lines[1:]


def _count(report: Document, words: Sequence[str]) -> int:
    return sum(report["totals"].get(word, 0) for word in words)


def _why_not_judged(report: Document) -> List[str]:
    return [entry.get("note", "") for entry in report["cases"] if entry["verdict"] == ADAPTER][:1]


def _cell(text: str) -> str:
    """Return text from an adapter, escaped for Markdown."""
    escaped = shown(text, 200).replace("&", "&amp;")
    return re.sub(r"[\\`*_{}\[\]<>|#!~]", r"\\\g<0>", escaped)
