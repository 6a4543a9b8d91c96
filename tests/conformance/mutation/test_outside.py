# SPDX-License-Identifier: MIT
"""Tests of conformance/mutation/outside.py: files of mutants, what a mutant is asked, the
report.
"""

import argparse
import json
from pathlib import Path
from typing import Any, List, Sequence

import pytest

from conformance.cases.case import Case
from conformance.cases.questions import questions_of
from conformance.mutation import outside
from conformance.mutation.bench import Trial
from conformance.mutation.mutants import Mutant, find_mutant
from conformance.mutation.outside import (
    ProofFailed,
    Reach,
    Result,
    is_long,
    judged_by,
    judged_cases,
    operation_of,
    prove_outside,
    read_mutants,
    report_lines,
    report_of,
    requests_for,
    result_line,
    statement_lines,
)
from conformance.mutation.subjects import REFERENCE, find_subject
from refimpl.errors import UsageError
from tests.support import committed_cases

pytestmark = pytest.mark.slow  # the whole file; --fast does not import it

CASES = committed_cases()
SUBJECT = find_subject(REFERENCE)
OLD = "if not TOKEN.match(method):"
GOOD = ("method-text", "SIG-002", "signs any method", "sigv4_steps", OLD, "if not method:")


def file_of(folder: Path, *rows: object) -> str:
    path = folder / "mutants.py"
    path.write_text(f"MUTANTS = {rows!r}\n", encoding="utf-8")
    return str(path)


def error_of(folder: Path, *rows: object) -> str:
    with pytest.raises(UsageError) as caught:
        read_mutants(file_of(folder, *rows), SUBJECT)
    return str(caught.value)


# ---- reading -----------------------------------------------------------------------------------


def test_mutants_with_and_without_severity_and_prefix(tmp_path: Path) -> None:
    other = ("b", *GOOD[1:3], "refimpl.sigv4_steps", *GOOD[4:], "high")
    mutants = read_mutants(file_of(tmp_path, GOOD, other), SUBJECT)
    assert [(one.id, one.module, one.severity) for one in mutants] == [
        ("method-text", "sigv4_steps", ""),
        ("b", "sigv4_steps", "high"),
    ]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (GOOD[:5], "mutant 1: expected a tuple of 6 or 7 texts"),
        ((*GOOD[:5], 7), "mutant 1: expected texts only"),
        (("a b", *GOOD[1:]), "invalid id"),
        ((*GOOD, "severe"), "method-text: invalid severity (expected low, medium, high"),
        ((*GOOD[:3], "signer", *GOOD[4:]), "method-text: no module signer (expected one of "),
        ((*GOOD[:4], "no such code", ""), "its old tokens occur 0 times in sigv4_steps, not once"),
        ((*GOOD[:4], "return", "pass"), "times in sigv4_steps, not once"),
        ((*GOOD[:5], OLD), "method-text: it changes nothing"),
        ((*GOOD[:5], "if not:"), "method-text: does not compile: "),
    ],
)
def test_a_mutant_that_cannot_be_used_is_named(row: object, message: str, tmp_path: Path) -> None:
    assert message in error_of(tmp_path, row)


def test_every_wrong_mutant_of_a_file_is_named(tmp_path: Path) -> None:
    error = error_of(tmp_path, GOOD, GOOD, ("x", *GOOD[1:3], "nothing", *GOOD[4:]))
    assert "has 2 errors: method-text: this id occurs twice; x: no module nothing" in error


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("MUTANTS = (", "cannot import .*: SyntaxError"),
        ("raise SystemExit(3)", "cannot import .*: SystemExit: 3"),
        ("import no_such_module", "cannot import .*: ModuleNotFoundError"),
        ("", "defines no mutants .expected MUTANTS, a list of tuples"),
        ("MUTANTS = ()", "defines no mutants"),
        ("MUTANTS = {1: 2}", "defines no mutants"),
    ],
)
def test_a_file_without_mutants(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "mutants.py"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        read_mutants(str(path), SUBJECT)
    with pytest.raises(UsageError, match="cannot read"):
        read_mutants(str(tmp_path / "none.py"), SUBJECT)


# ---- what a mutant is asked --------------------------------------------------------------------


def test_the_cases_of_the_rule_come_first() -> None:
    cases = [case for case in CASES if case.op in ("eventstream.decode", "text.lines")]
    asked = [question.case for question in requests_for("EVS-027", cases)]
    citing = [case for case in asked if "EVS-027" in case.rules]
    assert citing and asked[: len(citing)] == citing
    assert {case.id for case in asked} == {case.id for case in cases}


def test_a_case_follows_the_one_that_it_names() -> None:
    chained = [case for case in CASES if case.after]
    first = next(case for case in CASES if case.id == chained[0].after)
    other = next(case for case in CASES if not case.after and case.id != first.id)
    cases = [first, other, chained[0]]
    asked = [question.case.id for question in requests_for("none", cases)]
    index = asked.index(chained[0].id)
    assert asked[index - 1] == first.id and asked[0] == first.id and other.id in asked


SOURCE = """\
LIMIT = 3


def first(value):
    if value > LIMIT:
        return (
            value - 1
        )
    return value
"""


@pytest.mark.parametrize(
    "old, lines",
    [
        ("LIMIT = 3", [1]),
        ("value > LIMIT", [5]),
        ("value - 1", [6, 7, 8]),
        ("return value", [9]),
        ("def first", [4]),
        ("value - 1,", [6, 7, 8]),
    ],
)
def test_the_lines_of_a_mutant(old: str, lines: List[int]) -> None:
    found = set(statement_lines(SOURCE, old, old))
    assert found == set(lines)


def reach_with(cases: Sequence[Case], *lines: int) -> Reach:
    """Return what is known if the import reaches line 1 and each case reaches one line."""
    of_case = {case.id: [{"here": [line]}] for case, line in zip(cases, lines)}
    return Reach(cases, {"here": [1]}, of_case)


def test_only_cases_that_reach_a_mutant_are_asked() -> None:
    first, second, third = [case for case in CASES if case.op == "text.lines"][:3]
    third = third._replace(after=second.id)
    mutant = Mutant("a", "EVS-001", "", "here", "value - 1", "value")
    invoked = first._replace(id="invoke-a", op="invoke")
    cases = [first, second, third, invoked]
    assert reach_with(cases, 5, 7, 1).cases_for(mutant, SOURCE) == [second, third, invoked]
    assert reach_with(cases, 5, 1, 7).cases_for(mutant, SOURCE) == [second, third, invoked]
    assert reach_with(cases, 7, 1, 1).cases_for(mutant, SOURCE) == [first, invoked]
    imported = mutant._replace(old="LIMIT = 3")
    assert reach_with(cases, 7, 1, 1).cases_for(imported, SOURCE) == cases


def test_the_operation_of_a_rule() -> None:
    assert operation_of("EVS-012", CASES) == "eventstream.decode"
    assert operation_of("EVS-999", CASES) == "none"


def test_long_cases() -> None:
    assert any(map(is_long, CASES))
    assert not is_long(next(case for case in CASES if case.id == "evs-frame-shortest"))


def test_a_case_that_the_subject_fails_proves_nothing() -> None:
    case = next(case for case in CASES if case.id == "evs-frame-shortest")
    assert judged_cases([case], SUBJECT, 10.0) == [case]
    bad = case._replace(expect={"status": "reject", "kind": "limit"})
    with pytest.raises(ProofFailed, match="refimpl itself does not pass"):
        judged_cases([bad], SUBJECT, 10.0)


# ---- the report --------------------------------------------------------------------------------


def results() -> List[Result]:
    killer = questions_of(next(case for case in CASES if "EVS-027" in case.rules))[0]
    mutant = find_mutant("empty-message")._replace(severity="high")
    return [
        Result(mutant, Trial("FAIL", killer, 1, ""), "eventstream.decode"),
        Result(mutant._replace(id="b"), Trial("SURVIVED", None, 9, ""), "eventstream.decode"),
        Result(
            mutant._replace(id="c", severity=""), Trial("STILLBORN", None, 0, "no hello"), "none"
        ),
    ]


def test_a_report() -> None:
    report = report_of(results(), SUBJECT, CASES)
    assert (report["subject"], report["mutants"], report["killed"]) == ("refimpl", 3, 1)
    assert report["by_severity"] == {
        "high": {"mutants": 2, "killed": 1},
        "none": {"mutants": 1, "killed": 0},
    }
    assert report["by_rule"] == {"EVS-027": {"mutants": 3, "killed": 1}}
    assert list(report["by_operation"]) == ["eventstream.decode", "none"]
    killed, survivor, stillborn = report["results"]
    assert killed["killer"] and "judged" not in killed
    assert survivor["judged"].startswith("9 requests, ") and survivor["killer"] is None
    assert stillborn["judged"] == "no hello"
    lines = report_lines(report)
    assert lines[-1] == "3 mutants, 1 of 3 killed: 33.3 %"
    assert "severity   high                 1 of 2 killed: 50.0 %" in lines
    assert [line for line in lines if line.startswith("! high b: skips a frame")]


def test_the_line_of_a_mutant() -> None:
    killed, survivor, stillborn = [result_line(result, CASES).split() for result in results()]
    assert killed[:4] == ["FAIL", "high", "EVS-027", "empty-message"]
    assert survivor[:4] == ["SURVIVED", "high", "EVS-027", "b"]
    assert " ".join(survivor).endswith(f"[{judged_by(results()[1], CASES)}]")
    assert stillborn[-2:] == ["no", "hello"]


# ---- the command -------------------------------------------------------------------------------


def options(path: str, **given: Any) -> argparse.Namespace:
    chosen = {
        "only": [],
        "rule": [],
        "jobs": 2,
        "timeout": 10.0,
        "generated": False,
        "module": [],
        "report": None,
        "mutants": path,
        "subject": REFERENCE,
    }
    return argparse.Namespace(**dict(chosen, **given))


@pytest.fixture
def few_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judge by the decoder's cases of one rule only."""
    few = [case for case in CASES if case.op == "sigv4.sign" and "SIG-002" in case.rules]
    monkeypatch.setattr(outside, "load_cases", lambda: few)
    monkeypatch.setattr(outside, "scenario_cases", list)


def test_a_file_of_mutants_is_run(few_cases: None, tmp_path: Path) -> None:
    path = file_of(tmp_path, GOOD)
    lines: List[str] = []
    report = tmp_path / "report.json"
    prove_outside(options(path, report=f"json={report}"), lines.append)
    assert lines[-1] == "1 mutant, 1 of 1 killed: 100.0 %"
    assert json.loads(report.read_text(encoding="utf-8"))["killed"] == 1
    with pytest.raises(UsageError, match="no mutant matches"):
        prove_outside(options(path, only=["other"]), lines.append)


def test_a_survivor_fails_the_command(few_cases: None, tmp_path: Path) -> None:
    equivalent = (*GOOD[:5], "if not TOKEN.match(method + ''):")
    lines: List[str] = []
    with pytest.raises(ProofFailed, match="expected no survivor, got 1"):
        prove_outside(options(file_of(tmp_path, equivalent)), lines.append)
    assert lines[-1] == "1 mutant, 0 of 1 killed: 0.0 %" and lines[-2].startswith("!  method-text")


def test_options_of_the_references_own_mutants(tmp_path: Path) -> None:
    for given in ({"generated": True}, {"module": ["http1"]}):
        with pytest.raises(UsageError, match="apply to the reference's own mutants"):
            prove_outside(options(file_of(tmp_path, GOOD), **given), print)
