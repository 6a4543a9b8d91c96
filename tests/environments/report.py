# SPDX-License-Identifier: MIT
"""The result of a run over all environments, and its table in docs/vendoring.md."""

import json
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Sequence

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "reports" / "environments.json"
PAGE = ROOT / "docs" / "vendoring.md"
MARKS = ("<!-- environments -->\n", "<!-- /environments -->\n")
COLUMNS = ("environment", "version", "passed", "failed", "skipped because", "date")


class Outcome(NamedTuple):
    """The result in one environment.

    passed, failed: cases;  skipped: why the environment could not be created, or ""
    date: the day of the run
    """

    name: str
    version: str
    passed: int
    failed: int
    skipped: str
    date: str

    def line(self) -> str:
        """Return the result as one line of text."""
        if self.skipped:
            return f"{self.name}: skipped: {self.skipped}"
        return f"{self.name} ({self.version}): {self.passed} passed, {self.failed} failed"


def report_of(outcomes: List[Outcome], facts: Dict[str, str]) -> Dict[str, Any]:
    """Return the report. facts: version and selection of the run."""
    return {**facts, "environments": [outcome._asdict() for outcome in outcomes]}


def outcomes_of(report: Dict[str, Any]) -> List[Outcome]:
    """Return the results in a report."""
    return [Outcome(**each) for each in report["environments"]]


def table_of(report: Dict[str, Any]) -> str:
    """Return the table of a report in Markdown."""
    rows = [
        [
            outcome.name,
            outcome.version,
            "" if outcome.skipped else str(outcome.passed),
            "" if outcome.skipped else str(outcome.failed),
            outcome.skipped,
            outcome.date,
        ]
        for outcome in outcomes_of(report)
    ]
    lines = [f"Version {report['version']}. Cases: {report['selection']}.", ""]
    head = [list(COLUMNS), ["---"] * len(COLUMNS)]
    lines += ["| " + " | ".join(row) + " |" for row in [*head, *rows]]
    return "\n".join(lines) + "\n"


def merged(old: Dict[str, Any], new: Dict[str, Any], order: Sequence[str]) -> Dict[str, Any]:
    """Return the new report, with the results of the old one for environments that it lacks.

    order: the names of the environments; those that this machine does not know come last
    """
    found = {outcome.name: outcome for outcome in (*outcomes_of(old), *outcomes_of(new))}
    names = [name for name in order if name in found]
    names += [name for name in found if name not in order]
    return {**new, "environments": [found[name]._asdict() for name in names]}


def page_with(page: str, table: str) -> str:
    """Return the text of the page with another table."""
    begin, rest = page.split(MARKS[0], 1)
    return begin + MARKS[0] + table + MARKS[1] + rest.split(MARKS[1], 1)[1]


def write(report: Dict[str, Any], order: Sequence[str]) -> None:
    """Store the report and its table. order: as for merged()"""
    if REPORT.exists():
        report = merged(json.loads(REPORT.read_text(encoding="utf-8")), report, order)
    REPORT.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(page_with(page, table_of(report)), encoding="utf-8")
