# SPDX-License-Identifier: MIT
"""`python3 -m conformance.implementations.convert_reports [FILE ...]`: version 1 reports to 2.

A version 1 report has a row with level, rules, duration and reason for every case. This program
rewrites such files in place, in the format of report.schema.json. Without arguments it converts the
committed reports, and redraws the badges and the tables of results.

Cases that are no longer in the vectors are dropped, and the counts follow. Files that already have
version 2 are kept. Raises UsageError for other files (exit code 2).
"""

import re
import sys
from typing import Any, Dict, List, Mapping, Sequence

from conformance.cases.case import Case
from conformance.cases.load import load_cases
from conformance.cases.scenarios import scenario_cases
from conformance.files import write_whole
from conformance.implementations.matrix import kept_path, redraw
from conformance.implementations.registry import IMPLEMENTATIONS
from conformance.report.json_report import (
    REPORT_VERSION,
    excerpt_in,
    read_json,
    report_document,
    report_faults,
    steady,
    steady_difference,
    to_text,
)
from conformance.run.runner import Implementation
from conformance.run.verdicts import ACCEPTABLE, UNKNOWN_KIND_HINT, Result, verdict
from refimpl.errors import UsageError, shown

# The former text of UNKNOWN_KIND_HINT, which may have been shortened.
_OLD_HINT = re.compile(r" \(no kind of the protocol; .*")
_OLD_WORDS = {"KNOWN": "XFAIL", "UNKNOWN-PASS": "XPASS"}


def convert(old: Mapping[str, Any], cases: Mapping[str, Case]) -> Dict[str, Any]:
    """Return a version 1 report as version 2.

    cases: the cases of the vectors, by id
    """
    by_id = {row["id"]: row for row in old["cases"]}
    rows = [by_id[name] for name in cases if name in by_id]
    said = old["implementation"]
    implementation = Implementation(
        said["name"], said["version"], said["language"], tuple(said["operations"]), {}
    )
    results = [_result(row, cases[row["id"]]) for row in rows]
    is_complete = len(results) == len(cases)
    report = report_document(implementation, results, is_complete)
    report["suite"] = old["suite"]
    # Version 1 has excerpts, not the values that they show.
    differences = {row["id"]: row["difference"] for row in rows if "difference" in row}
    for entry in report["cases"]:
        found = differences.get(entry["id"])
        if found is not None:
            actual = _OLD_HINT.sub(UNKNOWN_KIND_HINT, found["actual"])
            seen = excerpt_in(dict(found, actual=actual))
            entry["difference"] = steady_difference(entry["op"], found["stage"], seen)
    return report


def _result(row: Mapping[str, Any], case: Case) -> Result:
    word = _OLD_WORDS.get(row["verdict"], row["verdict"])
    note, divergence = row.get("note", ""), ""
    if word == ACCEPTABLE:
        divergence = note.rpartition("(")[2].rstrip(")")
    found = verdict(word, steady(note), message=row.get("message", ""), divergence=divergence)
    chunking = row.get("chunking") or row.get("delivery")
    return Result(case, str(chunking), found, 0.0)


def convert_file(path: str, cases: Mapping[str, Case]) -> bool:
    """Convert a file in place, and return whether that was necessary. Raises UsageError."""
    report = read_json(path)
    version = report.get("report") if isinstance(report, dict) else None
    if version == REPORT_VERSION:
        return False
    if version != 1:
        raise UsageError(f"{shown(path)} is not a version 1 report")
    converted = convert(report, cases)
    for fault in report_faults(converted):
        raise UsageError(f"{shown(path)} is not a version 1 report: {fault}")
    write_whole(path, to_text(converted))
    return True


def main(arguments: Sequence[str]) -> int:
    """Convert files, and return the exit code."""
    cases = {case.id: case for case in load_cases() + scenario_cases()}
    paths: List[str] = list(arguments)
    if not paths:
        paths = [kept_path(implementation.name) for implementation in IMPLEMENTATIONS]
    try:
        for path in paths:
            state = "converted" if convert_file(path, cases) else "already version 2"
            sys.stdout.write(f"{path}: {state}\n")
        if not arguments:
            redraw()
    except (UsageError, OSError) as error:
        sys.stderr.write(f"convert_reports: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
