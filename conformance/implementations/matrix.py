# SPDX-License-Identifier: MIT
"""`conformance implementations matrix`: the software of others, judged by all cases, one after the other, and told side by side.

The plan: every implementation that is installed is run as `conformance run` runs one implementation; what hangs, ends or does not speak
the protocol has that in its own report, and the next one's turn comes. The reports together are written as JSON
(matrix.schema.json), as one HTML page, and as a table in Markdown. What the checkout keeps (`--write`: a JSON report for each
implementation, its badge, README's table) can be told again without running anything (`--committed`).

Nothing of the caller's own AWS settings and proxies reaches an implementation: an implementation that looked there would be judged by them.
"""

import argparse
import json
import os
import time
from collections import OrderedDict
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, TextIO, Tuple

from conformance.cases.case import Case
from conformance.cases.load import read_cases
from conformance.cases.rules import load_rules
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
from conformance.report.documents import report_document, report_faults, to_text
from conformance.report.html import html_text
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
    XFAIL,
    XPASS,
    settle,
)
from conformance.suite import ProgressLine, report_of, utc_date
from refimpl.documents.json_format import parse_json
from refimpl.errors import Error, UsageError, shown

KEPT = os.path.join(ROOT, "reports")
BADGES = os.path.join(ROOT, "docs", "badges")
README = os.path.join(ROOT, "README.md")
MARKS = ("<!-- matrix -->\n", "<!-- /matrix -->\n")
MATRIX_VERSION = 1

Say = Callable[[str], None]
Document = Dict[str, Any]
Reports = Dict[str, Document]  # by the implementation's name, in the order of IMPLEMENTATIONS


def matrix_suite(
    options: argparse.Namespace, say: Say, complain: Say, terminal: Optional[TextIO]
) -> int:
    """Run implementations, or take what is kept; write and tell what came of them. Return the exit code: 3 when one could not be judged.

    options: names, report, committed, write, jobs, timeout, as the command line has them. Raises UsageError.
    """
    wanted = [report_of(text, ("html", "json")) for text in options.report]
    implementations = [
        implementation_named(name) for name in OrderedDict.fromkeys(options.names)
    ] or list(IMPLEMENTATIONS)
    if options.write:
        _readme()  # first: where there is no checkout nothing is asked in vain
    cases, faults = read_cases()
    for fault in faults:
        complain(f"conformance: {fault}")
    cases += scenario_cases()
    if options.committed:
        reports, absent = kept_reports(implementations)
    else:
        reports, absent = _run_implementations(implementations, cases, options, complain, terminal)
    if not reports:
        for name, reason in absent.items():
            complain(f"{name}: {reason}")
        raise UsageError(
            "there is no report to tell",
            expected="a checkout, which keeps them"
            if options.committed
            else "an implementation that is installed: python3 -m conformance implementations list",
        )
    try:
        for kind, path in wanted:
            write_whole(
                path,
                html_text(list(reports.values()), cases, load_rules(), absent)
                if kind == "html"
                else matrix_text(reports, absent),
            )
        if options.write:
            _keep({} if options.committed else reports)
    finally:  # a report that cannot be written takes no verdict with it
        for line in table_lines(reports, absent):
            say(line)
    return 2 if faults else 3 if any(report["exit_code"] == 3 for report in reports.values()) else 0


def matrix_text(reports: Mapping[str, Document], absent: Mapping[str, str]) -> str:
    """Return the reports of several implementations as one JSON document, each as it is written alone; its date is that of the last."""
    head = {
        "matrix": MATRIX_VERSION,
        "date": max(report["date"] for report in reports.values()),
        "absent": absent,
    }
    inner = ",\n".join(
        f"{json.dumps(name)}: {to_text(report).rstrip()}" for name, report in reports.items()
    )
    return '{},\n "reports": {{\n{}\n}}}}\n'.format(
        json.dumps(head, indent=1, ensure_ascii=False)[: -len("\n}")], inner
    )


# ---- running -----------------------------------------------------------------------------------------------------


def _run_implementations(
    implementations: Sequence[ThirdParty],
    cases: Sequence[Case],
    options: argparse.Namespace,
    complain: Say,
    terminal: Optional[TextIO],
) -> Tuple[Reports, Dict[str, str]]:
    reports: Reports = OrderedDict()
    absent: Dict[str, str] = OrderedDict()
    for implementation in implementations:
        found = find_implementation(implementation.name)
        if found is None:
            absent[implementation.name] = why_absent(implementation)
        elif not found.command:
            absent[implementation.name] = "no adapter speaks for it"
        else:
            reports[implementation.name] = run_implementation(
                implementation, found, cases, options.timeout, options.jobs, terminal
            )
            complain(f"{implementation.name}: {_told(reports[implementation.name])}")
    return reports, absent


def run_implementation(
    implementation: ThirdParty,
    found: Installed,
    cases: Sequence[Case],
    timeout: float,
    jobs: Optional[int],
    terminal: Optional[TextIO],
) -> Document:
    """Return the report of one implementation; of one that cannot be judged it says why."""
    progress = ProgressLine(terminal)
    runner = Runner(found.command, timeout, jobs, environment_of(found))
    try:
        run = runner.run(cases, progress.show)
    except BrokenAdapter as error:
        run = _broken(implementation, error)
    finally:
        progress.clear()
    return report_document(
        run.implementation, settle(run.results), load_rules(), utc_date(time.time())
    )


def _broken(implementation: ThirdParty, error: BrokenAdapter) -> Run:
    run = broken_run(error)
    return run._replace(
        implementation=run.implementation._replace(
            name=implementation.name, version=implementation.pins[0][1]
        )
    )


def _told(report: Document) -> str:
    return ", ".join(f"{int(count)} {word}" for word, count in report["totals"].items())


# ---- what is kept ------------------------------------------------------------------------------------------------


def kept_reports(implementations: Sequence[ThirdParty]) -> Tuple[Reports, Dict[str, str]]:
    """Return the reports that the checkout keeps of the implementations, and of the others that there is none. Raises UsageError."""
    reports: Reports = OrderedDict()
    absent: Dict[str, str] = OrderedDict()
    for implementation in implementations:
        path = os.path.join(KEPT, implementation.name + ".json")
        if os.path.exists(path):
            reports[implementation.name] = read_report(path)
        else:
            absent[implementation.name] = "no report of it is kept"
    return reports, absent


def read_report(path: str) -> Document:
    """Return a report of `conformance run --report json=FILE`. Raises UsageError for what is none."""
    try:
        with open(path, "rb") as file:
            report = parse_json(file.read())
    except OSError as error:
        raise UsageError(f"{shown(path)} cannot be read: {error.strerror}") from None
    except Error as error:
        raise UsageError(f"{shown(path)}: {error}") from None
    for fault in report_faults(report):
        raise UsageError(f"{shown(path)} is no report: {fault}")
    return dict(report)


def _keep(reports: Mapping[str, Document]) -> None:
    """Write new reports, and what is drawn from all that are kept then: the badges, README's table."""
    before, _, behind = _readme()
    for name, report in reports.items():
        write_whole(os.path.join(KEPT, name + ".json"), to_text(report))
    kept, _ = kept_reports(IMPLEMENTATIONS)
    for name, report in kept.items():
        write_whole(os.path.join(BADGES, name + ".svg"), badge_text(report))
    write_whole(
        README, before + MARKS[0] + "\n".join(table_lines(kept, {})) + "\n" + MARKS[1] + behind
    )


def _readme() -> Tuple[str, str, str]:
    with open(README, encoding="utf-8") as file:
        return split_readme(file.read())


def split_readme(text: str) -> Tuple[str, str, str]:
    """Return what stands before, between and behind the marks. Raises UsageError unless each is there once, in order."""
    before, first, rest = text.partition(MARKS[0])
    inside, last, behind = rest.partition(MARKS[1])
    if not first or not last or MARKS[0] in rest or MARKS[1] in before + behind:
        raise UsageError(
            "README.md has no one place for the matrix",
            expected=" and ".join(map(str.strip, MARKS)) + ", once each",
        )
    return before, inside, behind


# ---- the table ---------------------------------------------------------------------------------------------------

_COLUMNS = (
    ("pass", (PASS,)),
    ("acceptable", (ACCEPTABLE,)),
    ("fail", (FAIL, XFAIL)),
    ("crash, hang", (CRASH, HANG)),
    ("unsupported", (UNSUPPORTED,)),
)
_RARE = (
    ("blocked", (BLOCKED,)),
    ("unlisted", (XPASS,)),
    ("adapter", (ADAPTER,)),
)  # columns that are there when they are needed


def table_lines(reports: Mapping[str, Document], absent: Mapping[str, str]) -> List[str]:
    """Return what each implementation came to as a table in Markdown, and below it why one could not be judged.

    absent: the names of those that could not be asked at all, and why
    """
    columns = _COLUMNS + tuple(
        column for column in _RARE if any(_count(report, column[1]) for report in reports.values())
    )
    rows = [["implementation"] + [name for name, _ in columns] + ["date"]]
    for report in reports.values():
        said = report["implementation"]
        rows.append(
            [_cell(f"{said['name']} {said['version']}")]
            + [f"{int(_count(report, words))}" for _, words in columns]
            + [report["date"][:10]]
        )
    rows += [[_cell(name)] + ["-"] * (len(columns) + 1) for name in absent]
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    lines = [
        f"| {' | '.join([row[0].ljust(widths[0])] + [text.rjust(width) for text, width in zip(row[1:], widths[1:])])} |"
        for row in rows
    ]
    lines.insert(
        1,
        f"|{'-' * (widths[0] + 2)}|{'|'.join(('-' * (width + 1) + ':' for width in widths[1:]))}|",
    )
    notes = [
        f"{_cell(report['implementation']['name'])}: {_cell(note)}"
        for report in reports.values()
        for note in _why_not_judged(report)
    ]
    notes += [f"{_cell(name)}: {_cell(reason)}" for name, reason in absent.items()]
    return lines + ([""] if notes else []) + notes


def _count(report: Document, words: Sequence[str]) -> int:
    return sum(report["totals"].get(word, 0) for word in words)


def _why_not_judged(report: Document) -> List[str]:
    return [entry.get("note", "") for entry in report["cases"] if entry["verdict"] == ADAPTER][:1]


def _cell(text: str) -> str:
    """Return text that came from an adapter, so that Markdown reads nothing else in it."""
    return "".join(
        "\\" + mark if mark in "\\`*_{}[]<>|#!~" else "&amp;" if mark == "&" else mark
        for mark in shown(text, 200)
    )
