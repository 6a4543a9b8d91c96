# SPDX-License-Identifier: MIT
"""The JSON report: what report.schema.json describes, written from a run and read back.

A report contains counts and the cases that did not simply pass. It is a function of the verdicts:
it has no dates, durations, ports or request ids, so a new run with the same verdicts writes the
same bytes. Titles, rules and reasons are in the vectors, so `entries_of` joins a report with the
cases:

- A case that the report does not list passed, unless its `since` is newer than the report's
vectors. - A case of an operation that the implementation does not offer is UNSUPPORTED. -
`selected` lists the cases of a run that did not run all of them. Other cases have no verdict.

Raises UsageError for a file that is not a report. Text from an adapter is shortened and has no
control characters.
"""

import json
import os
import re
from collections import OrderedDict
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple

from conformance.cases.case import Case
from conformance.escaping import escaped
from conformance.files import read_bounded, vectors_folder
from conformance.report.causes import cause_of, origin_of
from conformance.report.excerpts import Excerpt, excerpt_of
from conformance.run.runner import Implementation
from conformance.run.verdicts import (
    PASS,
    UNSUPPORTED,
    WORDS,
    Difference,
    Result,
    count_not_judged,
    exit_code,
)
from conformance.schema import faults
from refimpl.documents.json_format import parse_json
from refimpl.errors import Error, UsageError, shown
from refimpl.version import VERSION

REPORT_SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "report.schema.json")
REPORT_VERSION = 2

Document = Dict[str, Any]


# ---- writing -----------------------------------------------------------------------------------


def report_document(
    said: Implementation, results: Sequence[Result], is_complete: bool, with_answers: bool = False
) -> Document:
    """Return the report of a run.

    is_complete: whether all cases ran
    with_answers: add the whole answer to each failure, which only the HTML page shows
    """
    document: Document = {
        "report": REPORT_VERSION,
        "suite": {"version": VERSION, "vectors": vectors_version()},
        "implementation": {
            "name": shown(said.name, 100),
            "version": shown(said.version, 200),
            "language": shown(said.language, 100),
            "operations": list(said.operations),
        },
        "exit_code": exit_code(results),
        "totals": _totals(results),
        "operations": _totals_by_operation(results),
    }
    not_judged = count_not_judged(results)
    if not_judged:
        document["not_judged"] = not_judged
    if not is_complete:
        document["selected"] = [result.case.id for result in results]
    document["unsupported"] = _unsupported(said, results)
    document["cases"] = [
        _entry(result, with_answers)
        for result in results
        if result.verdict.word not in (PASS, UNSUPPORTED) or result.verdict.not_judged
    ]
    return document


def _totals(results: Iterable[Result]) -> Dict[str, int]:
    words = [result.verdict.word for result in results]
    return OrderedDict((word, words.count(word)) for word in WORDS if word in words)


def _totals_by_operation(results: Sequence[Result]) -> Dict[str, Dict[str, int]]:
    operations: Dict[str, List[Result]] = OrderedDict()
    for result in results:
        operations.setdefault(result.case.op, []).append(result)
    return OrderedDict((name, _totals(own)) for name, own in operations.items())


def _unsupported(said: Implementation, results: Iterable[Result]) -> List[Document]:
    """Return the unsupported cases of the offered operations, grouped by reason."""
    groups: Dict[str, List[str]] = OrderedDict()
    for result in results:
        if result.verdict.word == UNSUPPORTED and result.case.op in said.operations:
            reason = steady(shown(result.verdict.note, 500))
            groups.setdefault(reason, []).append(result.case.id)
    return [{"reason": reason, "cases": names} for reason, names in groups.items()]


def _entry(result: Result, with_answers: bool) -> Document:
    case, found = result.case, result.verdict
    entry: Document = {"id": case.id, "op": case.op, "verdict": found.word}
    if result.chunking != "whole":
        entry["chunking"] = result.chunking
    if found.divergence:
        entry["divergence"] = found.divergence
    if found.note and (found.departures or not found.divergence):
        entry["note"] = steady(shown(found.note, 2000))
    if found.message:
        entry["message"] = steady(shown(found.message, 120))
    if found.difference is not None:
        entry["difference"] = difference_entry(case.op, found.difference)
    cause = cause_of(found.difference) if with_answers else None
    if cause is not None:
        entry["cause"] = shown(cause, 500)
    origin = origin_of(case, found.difference) if with_answers else None
    if origin is not None:
        entry["origin"] = shown(origin, 500)
    if found.not_judged:
        entry["not_judged"] = list(found.not_judged)
    if found.answer and with_answers:
        entry["answer"] = found.answer
    return entry


def difference_entry(op: str, difference: Difference) -> Document:
    """Return a difference as a report shows it."""
    return steady_difference(op, shown(difference.stage), excerpt_of(difference))


def steady_difference(op: str, stage: str, seen: Excerpt) -> Document:
    """Return an excerpt as a report shows it."""
    # Other operations involve no endpoint, so their ports and ids are those of the case.
    if op == "invoke" or stage == "status":
        expected, actual = steady(seen.expected), steady(seen.actual)
        if expected != actual:
            column = seen.caret if seen.caret < 0 else len(steady(seen.expected[: seen.caret]))
            seen = seen._replace(expected=expected, actual=actual, caret=column)
    entry: Document = {"stage": stage, "expected": seen.expected, "actual": seen.actual}
    if seen.caret:
        entry["column"] = seen.caret
    if seen.place:
        entry["place"] = seen.place
    return entry


def excerpt_in(difference: Mapping[str, Any]) -> Excerpt:
    """Return the excerpts of a difference in a report."""
    column, place = difference.get("column", 0), difference.get("place", "")
    return Excerpt(difference["expected"], difference["actual"], column, place)


# What differs from run to run in the messages of implementations, and its replacement.
_VARYING = (
    (re.compile(r"(\bport[= ]|127\.0\.0\.1:|localhost:)[0-9]+"), r"\1PORT"),
    (re.compile(r"0x[0-9a-f]{9,}"), "0x0"),
    (re.compile(r"\[id: 0x[0-9a-f]{8}"), "[id: 0x0"),  # a channel of Netty
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "ID"),
    (re.compile(r"[0-9]+ (milliseconds|ms)\b"), r"N \1"),
    (re.compile(r"\bPT[0-9.]+S\b"), "PTNS"),
    (re.compile(r"(?<=\w)@[0-9a-f]{5,8}\b"), "@0"),  # an object of Java
    (re.compile(r"\bany-request-[0-9]{3,}"), "any-request-N"),  # an endpoint of a generated case
)


def steady(text: str) -> str:
    """Return a text without ports, addresses, ids, durations and random names."""
    for pattern, replacement in _VARYING:
        text = pattern.sub(replacement, text)
    return text


def vectors_version() -> str:
    """Return the version of the vectors: the first heading of their changelog."""
    try:
        with open(os.path.join(vectors_folder(), "CHANGELOG.md"), encoding="utf-8") as file:
            headings = [line[3:].split()[0] for line in file if line.startswith("## ")]
    except OSError:
        headings = []
    return headings[0] if headings else "unknown"


def to_text(document: Mapping[str, Any]) -> str:
    """Return a report as JSON text with one line per case, so that two reports can be compared."""
    members = [f" {_json(name)}: {_laid_out(value)}" for name, value in document.items()]
    return "{\n" + ",\n".join(members) + "\n}\n"


def _laid_out(value: Any) -> str:
    if isinstance(value, dict) and value:
        lines = [f"  {_json(name)}: {_json(inner)}" for name, inner in value.items()]
        return "{\n" + ",\n".join(lines) + "\n }"
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join("  " + _json(inner, (",", ":")) for inner in value) + "\n ]"
    return _json(value)


def _json(value: Any, separators: Tuple[str, str] = (", ", ": ")) -> str:
    return escaped(json.dumps(value, ensure_ascii=False, separators=separators))


# ---- reading -----------------------------------------------------------------------------------


def read_report(path: str) -> Document:
    """Return the report in a file. Raises UsageError if it is not a report."""
    report = read_json(path)
    for fault in report_faults(report):
        raise UsageError(f"{shown(path)} is not a report: {fault}")
    return dict(report)


def read_json(path: str) -> Any:
    """Return the JSON value in a file. Raises UsageError."""
    try:
        data = read_bounded(path)
    except OSError as error:
        raise UsageError(f"cannot read {shown(path)}: {error.strerror}") from None
    try:
        return parse_json(data)
    except Error as error:
        raise UsageError(f"{shown(path)}: {error}") from None


def report_faults(value: object) -> Iterator[str]:
    """Yield each reason why a value is not a report, on one line."""
    with open(REPORT_SCHEMA, encoding="utf-8") as file:
        schema = json.load(file)
    return faults(value, schema, schema)


def entries_of(report: Mapping[str, Any], cases: Iterable[Case]) -> Dict[str, Document]:
    """Return an entry for each case that ran, by its id: first the given cases, then unknown ones.

    A case that passed has an entry as well. `note` says why a case is acceptable or unsupported.
    """
    listed = OrderedDict((entry["id"], entry) for entry in report["cases"])
    reasons = {name: group["reason"] for group in report["unsupported"] for name in group["cases"]}
    selected = set(report.get("selected", ()))
    vectors = _numbers(report["suite"]["vectors"])
    entries: Dict[str, Document] = OrderedDict()
    for case in cases:
        if selected and case.id not in selected or _is_newer(case, vectors):
            continue
        entry: Document = {"id": case.id, "op": case.op, "verdict": PASS}
        if case.id in listed:
            entry = _with_note(listed[case.id], case)
        elif case.id in reasons:
            entry.update(verdict=UNSUPPORTED, note=reasons[case.id])
        elif case.op not in report["implementation"]["operations"]:
            entry.update(verdict=UNSUPPORTED, note=f"it does not offer {case.op}")
        entries[case.id] = entry
    for name, entry in listed.items():
        entries.setdefault(name, dict(entry, op=entry.get("op", "unknown")))
    return entries


def _is_newer(case: Case, vectors: Optional[Tuple[int, ...]]) -> bool:
    since = _numbers(case.since)
    return vectors is not None and since is not None and since > vectors


def _numbers(version: str) -> Optional[Tuple[int, ...]]:
    if not re.match(r"[0-9]+(\.[0-9]+)*\Z", version):
        return None
    return tuple(map(int, version.split(".")))


def _with_note(entry: Mapping[str, Any], case: Case) -> Document:
    """Return an entry with the reason of its divergence."""
    for other in case.acceptable:
        if other["divergence"] == entry.get("divergence"):
            return dict(entry, op=case.op, note=f"{other['why']} ({other['divergence']})")
    return dict(entry, op=case.op)
