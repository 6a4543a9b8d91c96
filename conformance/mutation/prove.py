# SPDX-License-Identifier: MIT
"""`conformance prove`: mutation tests that check the cases.

First the reference must pass every case with its first expectation. Then each mutant runs in an
adapter process of its own against the cases of the rule that it breaks, those without a socket
first. A case kills the mutant by a failure, a crash, a hang, an unexpected exception, or an outcome
that is only acceptable. A mutant that passes all cases of its rule survives, and the mutation tests
fail. They also fail if a MUST has cases but no mutant, and if a mutant dies only because of the
kind of a rejection in cases without `"decides": "kind"`: an adapter that does not distinguish kinds
would pass with it. Mutants of the endpoint run against the checks of servers (prove_server.py).

`--generated` does the same with the mutants that generated.py derives from the pure modules.
reach.py first records the lines that each request reaches, and a mutant only gets the requests that
reach its statement. Survivors are printed with their reason from survivors.py and written to a
report.

`--mutants FILE` and `--subject NAME` run other mutants, see outside.py.
"""

import argparse
import fnmatch
import hashlib
import json
import os
import platform
import random
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from typing import (
    Any,
    Callable,
    Dict,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

from conformance.cases.case import Case
from conformance.cases.load import load_cases
from conformance.cases.questions import Question, questions_of
from conformance.cases.rules import Rule, load_rules
from conformance.cases.scenarios import scenario_cases
from conformance.files import write_whole
from conformance.mutation.bench import KIND, SURVIVED, UNREACHED, Bench, ProofFailed, Trial
from conformance.mutation.generated import Place, places
from conformance.mutation.mutants import MUTANTS, Mutant, source_of
from conformance.mutation.outside import prove_outside
from conformance.mutation.prove_server import (
    checked_without_mutant,
    idle_checks,
    is_of_server,
    kill_all,
    not_passed,
)
from conformance.mutation.reached import reached_by
from conformance.mutation.subjects import REFERENCE
from conformance.mutation.survivors import reason_of
from conformance.run.asking import is_paced, is_waiting
from conformance.run.runner import OWN_ADAPTER, Runner, own_environment
from conformance.run.verdicts import PASS
from conformance.wording import number_of
from refimpl.errors import UsageError
from refimpl.version import VERSION

GENERATED_MODULES = (
    "eventstream_layout",
    "eventstream_frames",
    "eventstream_errors",
    "eventstream_encoder",
    "eventstream",
    "message_json",
    "sigv4_stages",
    "sigv4_steps",
    "sigv4_credentials",
    "sigv4_values",
    "sigv4_signer",
    "sigv4_presigning",
    "sigv4_verification",
    "text.decoder",
    "text.utf8",
    "text.lines",
    "text.server_sent_events",
    "text.json_values",
    "fields",
    "documents.value_format",
    "documents.json_format",
    "documents.xml_format",
    "documents.query_format",
    "documents.header_format",
    "documents.datatype",
    "shapes",
    "errordocument",
    "convert",
    "http1",
    "endpoint_url",
    "operation_request",
    "operation_response",
    "operation_errors",
    "endpoints",
)

Say = Callable[[str], None]


# ---- the commands ------------------------------------------------------------------------------


def list_mutants(options: argparse.Namespace, say: Say) -> None:
    """Print one line per chosen mutant."""
    for mutant in choose_mutants(options.only, options.rule):
        say(f"{mutant.rule:8}  {mutant.id:38}  {mutant.what}")


def prove_suite(options: argparse.Namespace, say: Say) -> None:
    """Run the mutation tests. Raises ProofFailed, UsageError."""
    if options.mutants or options.subject != REFERENCE:
        prove_outside(options, say)
        return
    modules = check_names(options.module) if options.generated or options.module else []
    chosen = choose_mutants(options.only, options.rule)
    rules = load_rules() if len(chosen) == len(MUTANTS) else {}
    mutants = [mutant for mutant in chosen if not is_of_server(mutant)]
    if not options.generated:
        of_server = [mutant for mutant in chosen if is_of_server(mutant)]
        if of_server:
            prove_servers(of_server, rules, options.jobs, options.timeout, say)
        if not mutants:
            return
    cases = load_cases() + scenario_cases()
    if not options.generated:
        prove(mutants, cases, rules, options.jobs, options.timeout, say)
        return
    check_unbroken(cases, options.timeout)
    outcomes, made = prove_generated(
        modules, cases, options.jobs, options.timeout, options.budget, say
    )
    if not outcomes:
        raise ProofFailed("no mutant ran", expected=f"a budget of more than {options.budget:g} s")
    report = report_of(outcomes, made, cases, time.strftime("%Y-%m-%d", time.gmtime()))
    if options.report:
        write_whole(options.report, json.dumps(report, indent=1) + "\n")
    say(
        f"{report['tried']} of {report['made']} mutants run, "
        f"{report['killed']} killed: {report['killed_percent']:g} %"
    )
    for why, count in report["reasons"].items():
        say(f"{count:5}  {why}")


def choose_mutants(only: Sequence[str], rules: Sequence[str]) -> List[Mutant]:
    """Return the mutants that match one of the globs and one of the rules.

    No glob or no rule matches all. Raises UsageError if none match.
    """
    chosen = [
        mutant
        for mutant in MUTANTS
        if (not only or any(fnmatch.fnmatchcase(mutant.id, glob) for glob in only))
        and (not rules or mutant.rule in rules)
    ]
    if not chosen:
        raise UsageError("no mutant matches", expected="one of python3 -m conformance mutants")
    return chosen


# ---- hand-written mutants ----------------------------------------------------------------------


def prove(
    mutants: Sequence[Mutant],
    cases: Sequence[Case],
    rules: Mapping[str, Rule],
    jobs: int,
    timeout: float,
    say: Say,
) -> None:
    """Run every mutant against the cases of its rule and print the results.

    Raises ProofFailed if one survives or cannot be loaded, and if the reference fails a case that
    killed one.
    """
    of_rule = questions_by_rule(cases)
    failed = [f"{rule}: has cases and no mutant" for rule in without_mutant(mutants, cases, rules)]
    killers: Dict[str, Case] = {}
    with tempfile.TemporaryDirectory() as cache, ThreadPoolExecutor(jobs) as pool:
        bench = Bench(timeout, cache)
        trials = pool.map(
            lambda mutant: bench.trial(mutant.id, of_rule.get(mutant.rule, []), True), mutants
        )
        for mutant, trial in zip(mutants, trials):
            say(f"{trial.how:9} {mutant.rule:8} {mutant.id:38} {killer_of(trial)}")
            if trial.killer is None:
                failed.append(
                    f"{mutant.id} survived: {mutant.what}"
                    if trial.how == SURVIVED
                    else f"{mutant.id} cannot be loaded: {trial.note}"
                )
            else:
                killers[trial.killer.case.id] = trial.killer.case
                if trial.how == KIND:
                    name = trial.killer.case.id
                    failed.append(f"{mutant.id} dies by kind alone: {name} has no `decides`")
    check_unbroken(list(killers.values()), timeout)
    for line in failed:
        say("! " + line)
    killed = len(mutants) - sum("no mutant" not in line for line in failed)
    say(
        f"{number_of(len(mutants), 'mutant')}, {killed} killed, "
        f"by {number_of(len(killers), 'case')}"
    )
    if failed:
        raise ProofFailed(
            "the cases do not kill every mutant",
            expected="no survivor",
            actual=f"{len(failed)} problems",
        )


def prove_servers(
    mutants: Sequence[Mutant], rules: Mapping[str, Rule], jobs: int, timeout: float, say: Say
) -> None:
    """Run every mutant of the endpoint against the checks of its rule, and print the results.

    Raises ProofFailed if one survives, or if the correct endpoint does not pass all checks.
    """
    bad = not_passed(timeout)
    if bad:
        raise ProofFailed(
            "the endpoint itself does not pass: see conformance check",
            expected="PASS for each check",
            actual=", ".join(bad),
        )
    failed = [
        f"{rule}: has checks and no mutant" for rule in checked_without_mutant(mutants, rules)
    ]
    with ThreadPoolExecutor(jobs) as pool:
        found, killers = kill_all(mutants, pool.map, timeout, say)
    failed += found
    failed += [f"{check}: kills no mutant" for check in idle_checks(killers, rules)]
    for line in failed:
        say("! " + line)
    say(f"{number_of(len(mutants), 'mutant')} of the endpoint, {len(mutants) - len(found)} killed")
    if failed:
        raise ProofFailed(
            "the checks do not kill every mutant",
            expected="no survivor",
            actual=f"{len(failed)} problems",
        )


def questions_by_rule(cases: Sequence[Case]) -> Dict[str, List[Question]]:
    """Return the requests of each rule: those without a socket first, those that may wait last."""
    found: Dict[str, List[Question]] = {}
    for case in sorted(
        cases, key=lambda case: (case.op == "invoke", is_waiting(case), is_paced(case))
    ):
        questions = questions_of(case)
        for rule in case.rules:
            found.setdefault(rule, []).extend(questions)
    return found


def without_mutant(
    mutants: Sequence[Mutant], cases: Sequence[Case], rules: Mapping[str, Rule]
) -> List[str]:
    """Return each MUST that has a case and no mutant, except rules that name a test."""
    broken = {mutant.rule for mutant in mutants}
    tested = {rule for case in cases for rule in case.rules}
    return [
        rule.id
        for rule in rules.values()
        if "MUST" in rule.words and not rule.tests and rule.id in tested - broken
    ]


def killer_of(trial: Trial) -> str:
    """Describe what killed a mutant."""
    if trial.killer is None:
        return f"{trial.asked} requests" if trial.how == SURVIVED else trial.note
    case, chunking = trial.killer.case, trial.killer.chunking
    return case.id if len(case.chunking) == 1 else f"{case.id}, {chunking}"


def check_unbroken(cases: Sequence[Case], timeout: float) -> None:
    """Raise ProofFailed unless the reference passes these cases.

    Otherwise a failure would not identify a mutant.
    """
    if not cases:
        return
    runner = Runner(OWN_ADAPTER, timeout, environment=own_environment(), strict=True)
    results = runner.run(cases).results
    bad = [
        f"{result.case.id} {result.verdict.word}"
        for result in results
        if result.verdict.word != PASS
    ]
    if bad:
        raise ProofFailed(
            "the reference itself does not pass: see conformance run",
            expected="PASS for each",
            actual=", ".join(bad),
        )


# ---- generated mutants -------------------------------------------------------------------------


class Outcome(NamedTuple):
    """A generated mutant and what happened to it."""

    place: Place
    trial: Trial


def prove_generated(
    modules: Sequence[str],
    cases: Sequence[Case],
    jobs: int,
    timeout: float,
    budget: float,
    say: Say,
    monotonic: Callable[[], float] = time.monotonic,
) -> Tuple[List[Outcome], int]:
    """Run the generated mutants of the modules in a shuffled order until the budget of seconds is
    spent.

    Returns the outcomes in the order of the source, and the number of mutants that exist.
    """
    all_places = [place for module in modules for place in places(module)]
    order = list(all_places)
    random.Random(6).shuffle(order)  # noqa: S311 - a partial run is a fair sample
    questions = [
        question for case in cases if not is_waiting(case) for question in questions_of(case)
    ]
    deadline = monotonic() + budget
    outcomes: List[Outcome] = []
    with tempfile.TemporaryDirectory() as cache:
        bench = Bench(timeout, cache)
        reach = reached_by(bench, questions, os.path.join(cache, "reached"), timeout)

        def attempt(place: Place) -> Optional[Outcome]:
            if monotonic() >= deadline:
                return None
            chosen = choose_questions(place, questions, reach)
            trial = (
                bench.trial(f"{place.module}:{place.number}", chosen)
                if chosen
                else Trial(UNREACHED, None, 0, "")
            )
            return Outcome(place, trial)

        with ThreadPoolExecutor(jobs) as pool:
            for outcome in pool.map(attempt, order):
                if outcome is not None:
                    outcomes.append(outcome)
                    if outcome.trial.how in (SURVIVED, UNREACHED):
                        say(outcome_line(outcome))
    return sorted(
        outcomes, key=lambda outcome: (modules.index(outcome.place.module), outcome.place.number)
    ), len(all_places)


def choose_questions(
    place: Place, questions: Sequence[Question], reach: Sequence[Mapping[str, List[int]]]
) -> List[Question]:
    """Return the requests that can detect a mutant: those that reach its statement, or all if the
    import reaches it.

    Requests over a socket are used only for statements that no other request reaches.
    """
    lines = range(place.first, place.last + 1)
    loaded, *each = [
        any(line in lines for line in reached.get(place.module, ())) for reached in reach
    ]
    chosen = [question for question, reaches in zip(questions, each) if reaches or loaded]
    return [
        question for question in chosen if question.case.op != "invoke" or place.module == "http1"
    ] or chosen


def outcome_line(outcome: Outcome) -> str:
    """Describe a mutant that was not killed, with the reason if it is known."""
    place = outcome.place
    where = f"{place.module}.py line {place.line}, {place.function or 'module'}"
    return (
        f"{outcome.trial.how:9} {place.module}:{place.number}  {where}: "
        f"{place.what} [{reason(outcome)}]"
    )


def reason(outcome: Outcome) -> str:
    """Return why a mutant was not killed, or `hole` if no row of survivors.py matches."""
    lines = source_of(outcome.place.module).splitlines()
    statement = "\n".join(lines[outcome.place.first - 1 : outcome.place.last])
    return reason_of(outcome.place, statement, outcome.trial.how == UNREACHED)


def report_of(
    outcomes: Sequence[Outcome], made: int, cases: Sequence[Case], today: str
) -> Dict[str, Any]:
    """Return the report of a run as a document."""
    modules: Dict[str, Dict[str, int]] = {}
    reasons: Dict[str, int] = {}
    survivors = []
    for outcome in outcomes:
        place, trial = outcome
        row = modules.setdefault(place.module, {"tried": 0, "killed": 0, "not_killed": 0})
        row["tried"] += 1
        row["killed" if trial.how not in (SURVIVED, UNREACHED) else "not_killed"] += 1
        if trial.how in (SURVIVED, UNREACHED):
            why = reason(outcome)
            reasons[why] = reasons.get(why, 0) + 1
            survivors.append(
                {
                    "mutant": f"{place.module}:{place.number}",
                    "function": place.function,
                    "line": place.line,
                    "change": place.what,
                    "reached": trial.how == SURVIVED,
                    "reason": why,
                }
            )
    killed = sum(row["killed"] for row in modules.values())
    hows: Dict[str, int] = {}
    for outcome in outcomes:
        hows[outcome.trial.how] = hows.get(outcome.trial.how, 0) + 1
    within = len(outcomes) - sum(count for why, count in reasons.items() if why != "hole")
    return {
        "date": today,
        "refimpl": VERSION,
        "python": platform.python_version(),
        "cases": len(cases),
        "made": made,
        "tried": len(outcomes),
        "killed": killed,
        "killed_percent": percent(killed, len(outcomes)),
        "killed_percent_of_those_that_vectors_can_tell": percent(killed, within),
        "outcomes": dict(sorted(hows.items())),
        "reasons": dict(sorted(reasons.items())),
        "modules": modules,
        "sources": {
            module: hashlib.sha256(source_of(module).encode("utf-8")).hexdigest()[:16]
            for module in modules
        },
        "survivors": survivors,
    }


def percent(part: int, whole: int) -> float:
    """Return a share in percent, rounded to one digit."""
    return round(100.0 * part / whole, 1) if whole else 100.0


def check_names(
    modules: Sequence[str], version: Tuple[int, ...] = sys.version_info[:2]
) -> List[str]:
    """Return the modules of a generated run, all by default.

    Raises UsageError for an unknown module or an old Python.
    """
    if version < (3, 8):
        raise UsageError(
            "this Python is too old to generate mutants",
            expected="3.8 or newer",
            actual=".".join(map(str, version[:2])),
        )
    for module in modules:
        if module not in GENERATED_MODULES:
            raise UsageError(
                "no mutants are generated from that module",
                expected=" ".join(GENERATED_MODULES),
                actual=module,
            )
    return list(modules or GENERATED_MODULES)
