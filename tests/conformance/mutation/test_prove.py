# SPDX-License-Identifier: MIT
"""conformance/mutation/prove.py: what is tried, what counts as killed, what is told, and when the
proof fails.
"""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import pytest

from conformance.cases.case import Case
from conformance.cases.questions import questions_of
from conformance.cases.rules import load_rules, read_rules
from conformance.cases.scenarios import scenario_cases
from conformance.mutation import prove
from conformance.mutation.generated import Place, places
from conformance.mutation.mutants import MUTANTS, Mutant, find_mutant
from conformance.mutation.prove import (
    Bench,
    Outcome,
    ProofFailed,
    Trial,
    check_names,
    check_unbroken,
    choose_mutants,
    choose_questions,
    killer_of,
    list_mutants,
    outcome_line,
    percent,
    prove_generated,
    prove_suite,
    questions_by_rule,
    report_of,
    without_mutant,
)
from refimpl.errors import UsageError
from tests.support import committed_cases

pytestmark = pytest.mark.slow  # the whole file; --fast does not import it

CASES = committed_cases() + scenario_cases()
BY_ID = {case.id: case for case in CASES}
TIMEOUT = 10.0


def citing(rule: str) -> List[Case]:
    return [case for case in CASES if rule in case.rules]


def question(name: str) -> Any:
    return questions_of(BY_ID[name])[0]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(TIMEOUT, str(tmp_path))


# ---- one trial ---------------------------------------------------------------------------------


def test_a_mutant_is_asked_until_a_question_kills_it(bench: Bench) -> None:
    questions = questions_by_rule(citing("EVS-027"))["EVS-027"]
    trial = bench.trial("empty-message", questions)
    assert (
        trial.how == "FAIL"
        and trial.killer in questions
        and trial.asked == questions.index(trial.killer) + 1
    )
    assert bench.trial("query-unsorted", questions[:3]) == Trial("SURVIVED", None, 3, "")
    assert bench.trial("no-such-mutant", questions).how == "STILLBORN"


def also_accepting(case: Case, **expect: Any) -> Case:
    return case._replace(
        acceptable=({"expect": expect, "why": "it does no harm", "divergence": "DIV-001"},)
    )


def test_an_outcome_that_is_only_acceptable_kills_a_mutant(bench: Bench) -> None:
    case = also_accepting(BY_ID["evs-frame-shortest"], status="ok")
    assert bench.trial("query-unsorted", questions_of(case)) == Trial(
        "SURVIVED", None, len(questions_of(case)), ""
    )
    trial = bench.trial("empty-message", questions_of(case))
    assert (
        trial.how == "ACCEPTABLE" and trial.killer is not None and trial.killer.case.id == case.id
    )
    assert (trial.asked, trial.note) == (1, "it does no harm (DIV-001)")


def test_a_mutant_is_killed_over_a_socket(bench: Bench) -> None:
    trial = bench.trial(
        "continue-is-final", [question("invoke-default"), question("invoke-continue-before")]
    )
    assert (
        (trial.how, trial.asked) == ("FAIL", 2)
        and trial.killer is not None
        and trial.killer.case.id == "invoke-continue-before"
    )


SCRIPTS = {
    "HANG": "import time; time.sleep(60)",
    "CRASH": "raise SystemExit(7)",
    "ERROR": 'print(\'{"seq": 1, "status": "error", "detail": "struct.error"}\', flush=True)',
    "ERROR garbled": "print('no answer', flush=True)",
    "UNSUPPORTED": (
        'print(\'{"seq": 1, "status": "unsupported", "reason": "r"}\', flush=True); input()'
    ),
}
HELLO = (
    'print(\'{"protocol": 1, "implementation": {"name": "n", "version": "1", "language": "x"}, '
    '"operations": ["eventstream.decode"]}\', flush=True); input(); '
)


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_what_counts_as_killed(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(0.5 if name == "HANG" else TIMEOUT, str(tmp_path))
    monkeypatch.setattr(
        bench,
        "command_of",
        lambda name: [sys.executable, "-c", "input(); " + HELLO + SCRIPTS[name]],
    )
    trial = bench.trial(name, questions_of(citing("EVS-027")[0])[:1])
    assert trial.how == ("SURVIVED" if name == "UNSUPPORTED" else name.partition(" ")[0]), trial
    assert bool(trial.note) == (name != "UNSUPPORTED")


# ---- the proof ---------------------------------------------------------------------------------


def proof(mutants: List[Mutant], cases: List[Case]) -> Tuple[List[str], str]:
    lines: List[str] = []
    try:
        prove.prove(mutants, cases, {}, 2, TIMEOUT, lines.append)
    except ProofFailed as error:
        return lines, str(error)
    return lines, ""


def test_the_proof_succeeds_when_all_are_killed() -> None:
    lines, error = proof(
        [find_mutant("empty-message"), find_mutant("duplicate-name")],
        citing("EVS-027") + citing("EVS-014"),
    )
    assert error == "" and lines[-1] == "2 mutants, 2 killed, by 2 cases"
    assert [line.split()[:3] for line in lines[:2]] == [
        ["FAIL", "EVS-027", "empty-message"],
        ["FAIL", "EVS-014", "duplicate-name"],
    ]


def test_the_proof_fails_when_one_survives_or_cannot_be_loaded() -> None:
    survivor = find_mutant("query-unsorted")._replace(rule="EVS-027")
    unknown = find_mutant("empty-message")._replace(id="no-such-mutant")
    lines, error = proof(
        [survivor, find_mutant("empty-message"), unknown, survivor._replace(rule="EVS-999")],
        citing("EVS-027"),
    )
    assert "the cases do not kill every mutant" in error and "3 problems" in error
    count = len(questions_by_rule(citing("EVS-027"))["EVS-027"])
    assert lines[0].split() == ["SURVIVED", "EVS-027", "query-unsorted", str(count), "requests"]
    assert lines[-4:-1] == [
        "! query-unsorted survived: does not sort the query",
        "! no-such-mutant cannot be loaded: it ended with exit code 1: mutant: no such mutant: "
        "expected an id that `conformance mutants` lists, got no-such-mutant",
        "! query-unsorted survived: does not sort the query",
    ]
    assert lines[-1] == "4 mutants, 1 killed, by 1 case"


RULES = read_rules("""**EVS-001** A decoder MUST. [spec]

**EVS-002** A decoder MUST. [spec] [test: tests/test_x.py]

**EVS-003** A decoder SHOULD. [spec]

**EVS-004** A decoder MUST. [spec]

**EVS-005** A decoder MUST. [spec]
""")


def test_a_must_that_has_cases_owes_a_mutant(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [BY_ID["invoke-default"]._replace(rules=("EVS-001", "EVS-002", "EVS-003", "EVS-004"))]
    assert without_mutant([MUTANTS[0]._replace(rule="EVS-004")], cases, RULES) == ["EVS-001"]
    lines: List[str] = []
    with pytest.raises(ProofFailed):
        prove.prove([], cases, RULES, 1, TIMEOUT, lines.append)
    assert lines == [
        "! EVS-001: has cases and no mutant",
        "! EVS-004: has cases and no mutant",
        "0 mutants, 0 killed, by 0 cases",
    ]


def test_each_must_that_a_case_tests_has_a_mutant() -> None:
    assert without_mutant(MUTANTS, CASES, load_rules()) == []


def test_questions_over_a_socket_come_behind_the_others_and_those_that_wait_last() -> None:
    order = [question.case for question in questions_by_rule(citing("EVS-008"))["EVS-008"]]
    kinds = [
        (case.op == "invoke", case.id == "invoke-total-length-max-then-stall") for case in order
    ]
    assert kinds == sorted(kinds) and kinds[0] == (False, False) and kinds[-1] == (True, True)


def test_told() -> None:
    assert killer_of(Trial("FAIL", question("invoke-default"), 1, "")) == "invoke-default"
    case = next(case for case in CASES if len(case.chunking) > 1)
    assert (
        killer_of(Trial("FAIL", questions_of(case)[1], 1, "")) == f"{case.id}, {case.chunking[1]}"
    )


def test_an_implementation_that_fails_proves_nothing() -> None:
    case = citing("EVS-027")[0]
    check_unbroken([case], TIMEOUT)
    other: Dict[str, Any] = {"status": "reject", "kind": "limit"}
    for word, bad in (
        ("FAIL", case._replace(expect=other)),
        ("ACCEPTABLE", also_accepting(case._replace(expect=other), status="ok")),
    ):
        with pytest.raises(
            ProofFailed,
            match=f"the reference itself does not pass: .*got {case.id} {word}",
        ):
            check_unbroken([bad], TIMEOUT)


def test_the_reference_must_pass_the_cases_that_kill(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: List[List[str]] = []
    monkeypatch.setattr(
        prove, "check_unbroken", lambda cases, _: asked.append([c.id for c in cases])
    )
    mutants = choose_mutants([], ["EVS-003"])
    prove.prove(mutants, citing("EVS-003"), {}, 2, TIMEOUT, lambda _: None)
    ((*killers,),) = asked
    assert killers and set(killers) <= {case.id for case in citing("EVS-003")}
    assert len(killers) <= len(mutants)


# ---- made by machine ---------------------------------------------------------------------------

RESOLVING = [case for case in CASES if case.op in ("endpoint.resolve", "credentials.resolve")]


def test_mutants_made_by_machine() -> None:
    lines: List[str] = []
    outcomes, made = prove_generated(["endpoints"], RESOLVING, 2, TIMEOUT, 600.0, lines.append)
    assert made == len(outcomes) == len(places("endpoints")) > 15
    assert [outcome.place for outcome in outcomes] == places("endpoints")
    killed = [
        outcome
        for outcome in outcomes
        if outcome.trial.how in ("FAIL", "CRASH", "HANG", "ERROR", "STILLBORN")
    ]
    assert len(killed) > 0.7 * made
    assert len(lines) == made - len(killed) and all("endpoints.py line" in line for line in lines)
    assert all(outcome.trial.asked <= len(RESOLVING) for outcome in outcomes)


def test_a_budget_ends_the_run_early() -> None:
    clock: Iterator[float] = iter([0.0] + [float(second) for second in range(1, 100)])
    lines: List[str] = []
    outcomes, made = prove_generated(
        ["endpoints"], RESOLVING[:2], 1, TIMEOUT, 4.0, lines.append, lambda: next(clock)
    )
    assert len(outcomes) == 3 < made


def test_an_adapter_that_breaks_down_while_it_is_traced(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(ProofFailed, match="the traced adapter failed"):
        prove.reached_by(
            bench, [question("invoke-default")], str(tmp_path / "no" / "such" / "folder"), TIMEOUT
        )


def test_a_mutant_is_asked_what_reaches_its_statement() -> None:
    asked = [
        question("invoke-default"),
        questions_of(RESOLVING[0])[0],
        questions_of(RESOLVING[1])[0],
    ]
    reach: List[Dict[str, List[int]]] = [
        {"endpoints": [1, 9]},
        {"endpoints": [5, 6], "http1": [5]},
        {"endpoints": [4, 6]},
        {"endpoints": [7]},
    ]

    def chosen(module: str, first: int, last: int) -> List[int]:
        return [
            asked.index(one)
            for one in choose_questions(
                Place(0, module, "f", first, last, first, "w"), asked, reach
            )
        ]

    assert chosen("endpoints", 6, 6) == [1]
    assert chosen("endpoints", 5, 5) == [0]  # nothing else reaches it
    assert chosen("endpoints", 3, 4) == [1]
    assert chosen("endpoints", 8, 8) == []
    assert (
        chosen("endpoints", 1, 1) == [1, 2] == chosen("endpoints", 8, 10)
    )  # also executed on loading
    assert chosen("http1", 5, 5) == [0]


def outcome(how: str, number: int = 0, module: str = "endpoints") -> Outcome:
    return Outcome(places(module)[number], Trial(how, None, 1, ""))


def test_an_outcome_is_told_with_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        prove, "reason_of", lambda place, line, unreached: f"{line[:2]} {unreached}"
    )
    place = places("endpoints")[0]
    assert outcome_line(outcome("SURVIVED")).startswith(
        f"SURVIVED  endpoints:0  endpoints.py line {place.line}, "
    )
    assert outcome_line(outcome("UNREACHED")).endswith("True]")
    bare = Outcome(place._replace(function=""), Trial("SURVIVED", None, 1, ""))
    assert ", module: " in outcome_line(bare)


def test_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    reasons = {0: "hole", 1: "speed"}
    monkeypatch.setattr(
        prove,
        "reason_of",
        lambda place, line, unreached: "unreachable" if unreached else reasons[place.number],
    )
    outcomes = [
        outcome("FAIL", 2),
        outcome("HANG", 3),
        outcome("STILLBORN", 4),
        outcome("SURVIVED", 0),
        outcome("SURVIVED", 1),
        outcome("UNREACHED", 5),
        outcome("FAIL", 0, "http1"),
    ]
    report = report_of(outcomes, 99, CASES[:3], "2026-11-25")
    assert {name: report[name] for name in ("date", "cases", "made", "tried", "killed")} == {
        "date": "2026-11-25",
        "cases": 3,
        "made": 99,
        "tried": 7,
        "killed": 4,
    }
    assert (
        report["killed_percent"] == 57.1
        and report["killed_percent_of_those_that_vectors_can_tell"] == 80.0
    )
    assert report["outcomes"] == {
        "FAIL": 2,
        "HANG": 1,
        "STILLBORN": 1,
        "SURVIVED": 2,
        "UNREACHED": 1,
    }
    assert report["reasons"] == {"hole": 1, "speed": 1, "unreachable": 1}
    assert report["modules"] == {
        "endpoints": {"tried": 6, "killed": 3, "not_killed": 3},
        "http1": {"tried": 1, "killed": 1, "not_killed": 0},
    }
    assert [(row["mutant"], row["reached"], row["reason"]) for row in report["survivors"]] == [
        ("endpoints:0", True, "hole"),
        ("endpoints:1", True, "speed"),
        ("endpoints:5", False, "unreachable"),
    ]
    assert sorted(report["sources"]) == ["endpoints", "http1"]
    assert all(re.fullmatch("[0-9a-f]{16}", text) for text in report["sources"].values())
    assert percent(0, 0) == 100.0


# ---- the commands ------------------------------------------------------------------------------


def options(**given: Any) -> argparse.Namespace:
    chosen: Dict[str, Any] = {
        "only": [],
        "rule": [],
        "jobs": 2,
        "timeout": TIMEOUT,
        "generated": False,
        "module": [],
        "budget": 600.0,
        "report": None,
        "mutants": None,
        "subject": "refimpl",
    }
    return argparse.Namespace(**dict(chosen, **given))


def test_choosing() -> None:
    assert choose_mutants([], []) == list(MUTANTS)
    assert {mutant.id for mutant in choose_mutants(["empty-m*", "duplicate-name"], [])} == {
        "empty-message",
        "duplicate-name",
    }
    assert {mutant.rule for mutant in choose_mutants([], ["EVS-014", "EVS-027"])} == {
        "EVS-014",
        "EVS-027",
    }
    with pytest.raises(UsageError, match="no mutant matches"):
        choose_mutants(["no-such-*"], [])
    assert check_names([]) == list(prove.GENERATED_MODULES) and check_names(["http1"]) == ["http1"]
    with pytest.raises(UsageError, match="no mutants are generated from that module"):
        check_names(["transport"])
    with pytest.raises(
        UsageError, match="too old to generate mutants .expected 3.8 or newer, got 3.7"
    ):
        check_names([], (3, 7))


def test_the_list_has_a_line_for_each() -> None:
    lines: List[str] = []
    list_mutants(options(rule=["EVS-027"]), lines.append)
    assert [line.split(None, 2) for line in lines] == [
        ["EVS-027", "empty-message", "skips a frame without headers and payload"]
    ]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave a few cases, of what the tests here prove."""
    monkeypatch.setattr(
        prove,
        "load_cases",
        lambda: [case for case in RESOLVING + citing("EVS-027") if case.op != "invoke"],
    )
    monkeypatch.setattr(prove, "scenario_cases", lambda: [BY_ID["invoke-default"]])


@pytest.mark.usefixtures("few")
def test_the_command_proves_what_was_chosen() -> None:
    lines: List[str] = []
    prove_suite(options(rule=["EVS-027"]), lines.append)
    assert lines[-1] == "1 mutant, 1 killed, by 1 case"


@pytest.mark.usefixtures("few")
def test_the_whole_command_asks_for_a_mutant_of_each_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prove, "MUTANTS", (find_mutant("empty-message"),))
    lines: List[str] = []
    with pytest.raises(ProofFailed):
        prove_suite(options(), lines.append)
    assert "! END-001: has cases and no mutant" in lines


@pytest.mark.usefixtures("few")
def test_the_command_writes_a_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prove, "places", lambda module: places(module)[:6])
    lines: List[str] = []
    for report in (None, str(tmp_path / "report.json")):
        prove_suite(options(generated=True, module=["endpoints"], report=report), lines.append)
    written = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert written["made"] == written["tried"] == 6 and written["refimpl"] and written["python"]
    assert any(line.startswith("6 of 6 mutants run, ") for line in lines)
    assert any(line.split()[-1] in written["reasons"] for line in lines) or not written["reasons"]


def test_a_run_that_tried_nothing_proves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prove, "check_unbroken", lambda *_: None)
    monkeypatch.setattr(prove, "prove_generated", lambda *_: ([], 377))
    report = tmp_path / "report.json"
    with pytest.raises(
        ProofFailed, match=r"no mutant ran \(expected a budget of more than 600 s\)"
    ):
        prove_suite(options(generated=True, module=["endpoints"], report=str(report)), [].append)
    assert not report.exists()
