# SPDX-License-Identifier: MIT
"""The formats of `--report KIND=FILE`, one row each.

A row has a function that renders one run, and a function that renders the reports on several
implementations, or None. To add a format, write a module next to this one and add a row.
Raises UsageError for an unknown kind or a folder in place of a file, before any case runs.
"""

import json
import os
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from conformance.cases.case import Case
from conformance.cases.rules import load_rules
from conformance.files import write_whole
from conformance.report.html import html_text
from conformance.report.json_report import report_document, to_text
from conformance.report.junit import junit_text
from conformance.run.runner import Run
from refimpl.errors import UsageError

MATRIX_VERSION = 2

Reports = Mapping[str, Dict[str, Any]]  # by the name of the implementation
Target = Tuple["ReportFormat", str]  # a format and a path


class ReportFormat(NamedTuple):
    """A format of `--report`.

    of_run: renders a run; the flag says whether all cases ran
    of_matrix: renders reports on several implementations, given all cases and, by name, why other
        implementations are absent
    """

    kind: str
    of_run: Callable[[Run, bool], str]
    of_matrix: Optional[Callable[[Reports, Sequence[Case], Mapping[str, str]], str]]


def _html_of_run(run: Run, is_complete: bool) -> str:
    report = report_document(run.implementation, run.results, is_complete, with_answers=True)
    return html_text([report], [result.case for result in run.results], load_rules())


def _html_of_matrix(reports: Reports, cases: Sequence[Case], absent: Mapping[str, str]) -> str:
    return html_text(list(reports.values()), cases, load_rules(), absent)


def _json_of_run(run: Run, is_complete: bool) -> str:
    return to_text(report_document(run.implementation, run.results, is_complete))


def _json_of_matrix(reports: Reports, cases: Sequence[Case], absent: Mapping[str, str]) -> str:
    inner = ",\n".join(
        f"{json.dumps(name)}: {to_text(report).rstrip()}" for name, report in reports.items()
    )
    head = json.dumps({"matrix": MATRIX_VERSION, "absent": absent}, ensure_ascii=False, indent=1)
    return '{},\n "reports": {{\n{}\n}}}}\n'.format(head[: -len("\n}")], inner)


def _junit_of_run(run: Run, is_complete: bool) -> str:
    return junit_text(run.implementation, run.results)


FORMATS = (
    ReportFormat("html", _html_of_run, _html_of_matrix),
    ReportFormat("json", _json_of_run, _json_of_matrix),
    ReportFormat("junit", _junit_of_run, None),
)


def targets_of(texts: Sequence[str], is_matrix: bool = False) -> List[Target]:
    """Return the format and path of each KIND=FILE. Raises UsageError."""
    allowed = [row for row in FORMATS if row.of_matrix is not None or not is_matrix]
    return [_target_of(text, allowed) for text in texts]


def _target_of(text: str, allowed: Sequence[ReportFormat]) -> Target:
    kind, sign, path = text.partition("=")
    found = [row for row in allowed if row.kind == kind]
    if not found or not sign or not path:
        raise UsageError(
            "unknown report",
            expected=" or ".join(f"{row.kind}=FILE" for row in allowed),
            actual=text,
        )
    if os.path.isdir(path):
        raise UsageError(
            "a report needs a file, not a folder", expected=f"{kind}=FILE", actual=text
        )
    return found[0], path


def write_reports(targets: Sequence[Target], run: Run, is_complete: bool) -> None:
    """Write the reports on a run. Raises OSError."""
    for row, path in targets:
        write_whole(path, row.of_run(run, is_complete))


def write_matrix_reports(
    targets: Sequence[Target],
    reports: Reports,
    cases: Sequence[Case],
    absent: Mapping[str, str],
) -> None:
    """Write the reports on several implementations. Raises OSError."""
    for row, path in targets:
        if row.of_matrix is not None:
            write_whole(path, row.of_matrix(reports, cases, absent))
