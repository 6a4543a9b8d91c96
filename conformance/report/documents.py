# SPDX-License-Identifier: MIT
"""The report as JSON, for programs: report.schema.json says what it holds."""

import json
import os
from typing import Any, Dict, Iterator, Mapping, Sequence

from conformance.cases.rules import Rule
from conformance.files import vectors_folder
from conformance.report.excerpts import excerpt_of
from conformance.run.runner import Implementation
from conformance.run.verdicts import WORDS, Result, exit_code, suspects
from conformance.schema import faults
from refimpl.errors import shown
from refimpl.operation import VERSION

REPORT_SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "report.schema.json")
REPORT_VERSION = 1

Document = Dict[str, Any]


def report_document(
    said: Implementation, results: Sequence[Result], rules: Mapping[str, Rule], date: str
) -> Document:
    """Return the whole report. date: when the run ended, as 2026-11-25T18:00:00Z."""
    likely = suspects(results)
    words = [result.verdict.word for result in results]
    return {
        "report": REPORT_VERSION,
        "date": date,
        "suite": {"version": VERSION, "vectors": vectors_version()},
        "implementation": {
            "name": shown(said.name, 100),
            "version": shown(said.version, 200),
            "language": shown(said.language, 100),
            "operations": list(said.operations),
        },
        "exit_code": exit_code(results),
        "totals": {word: words.count(word) for word in WORDS if word in words},
        "cases": [_entry(result, rules, likely) for result in results],
    }


def _entry(result: Result, rules: Mapping[str, Rule], likely: Mapping[str, str]) -> Document:
    case, found = result.case, result.verdict
    entry: Document = {
        "id": case.id,
        "op": case.op,
        "level": case.level,
        "rules": list(case.rules),
        "verdict": found.word,
        "chunking": result.chunking,
        "seconds": round(result.seconds, 3),
    }
    if found.note:
        entry["note"] = shown(found.note, 2000)
    if found.message:
        entry["message"] = shown(found.message, 1000)
    if found.difference is not None:
        seen = excerpt_of(found.difference)
        entry["difference"] = {
            "stage": shown(found.difference.stage),
            "expected": seen.expected,
            "actual": seen.actual,
            "column": seen.caret,
            "place": seen.place,
        }
    if found.answer:
        entry["answer"] = found.answer
    if case.id in likely:
        rule = likely[case.id]
        entry["suspect"] = {"id": rule, "text": rules[rule].text if rule in rules else ""}
        entry["why"] = case.why
    return entry


def report_faults(value: object) -> Iterator[str]:
    """Yield what keeps a value from being a report, a line each."""
    with open(REPORT_SCHEMA, encoding="utf-8") as file:
        schema = json.load(file)
    return faults(value, schema, schema)


def vectors_version() -> str:
    """Return the version of the vectors, from the first heading of their changelog."""
    try:
        with open(os.path.join(vectors_folder(), "CHANGELOG.md"), encoding="utf-8") as file:
            headings = [line[3:].split()[0] for line in file if line.startswith("## ")]
    except OSError:
        headings = []
    return headings[0] if headings else "unknown"


def to_text(document: Document) -> str:
    """Return a report as it is written: a line for each case, so that a difference between two reports reads."""
    head = json.dumps(dict(document, cases=[]), indent=1, ensure_ascii=False)
    lines = ",\n".join("  " + json.dumps(case, ensure_ascii=False) for case in document["cases"])
    return "{}[\n{}\n ]\n}}\n".format(head[: -len("[]\n}")], lines)
