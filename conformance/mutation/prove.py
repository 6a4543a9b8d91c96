# SPDX-License-Identifier: MIT
"""`conformance prove`: the vectors alone tell every broken variant of refimpl from the implementation.

The plan: first the implementation itself must be as every case expects, to the letter. Then each mutant is put into an adapter
process of its own and asked the cases of the rule that it breaks, those without a socket first, until one kills it: a failure, a
crash, a hang, an exception that is none of the implementation's, an outcome that is only acceptable: where the implementation does
what is expected first, that too tells them apart. One that answers all of them as expected survives, and the proof fails; so it
does when a MUST has cases and no mutant.

--generated does the same with the mutants that generated.py makes of the pure modules. What each question reaches is noted
first (mutation/reach.py), and a mutant is asked what reaches its statement, since nothing else can tell. Survivors are told with
their reason, where survivors.py knows one, and written to a report.
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
    Iterable,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

from conformance.cases.load import Case, Question, load_cases, questions_of, scenario_cases
from conformance.cases.rules import Rule, load_rules
from conformance.endpoint.server import Endpoint
from conformance.files import write_whole
from conformance.mutation.generated import Place, places
from conformance.mutation.mutants import MUTANTS, Mutant, source_of
from conformance.mutation.survivors import reason_of
from conformance.protocol.process import Adapter, AdapterFault, Crashed, Hanging
from conformance.run.runner import (
    OWN_ADAPTER,
    Runner,
    addressed,
    calls_of,
    is_waiting,
    own_environment,
)
from conformance.run.verdicts import ACCEPTABLE, ADAPTER, CRASH, FAILURES, HANG, PASS, judge
from refimpl.errors import Error, UsageError
from refimpl.operation import VERSION

GENERATED_MODULES = (
    "eventstream",
    "message_json",
    "sigv4",
    "text",
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
    "operation",
    "endpoints",
)

ERROR = "ERROR"  # an exception that is none of the implementation's
STILLBORN = "STILLBORN"  # it cannot even be loaded
SURVIVES = "SURVIVES"
UNREACHED = "UNREACHED"  # no question reaches its statement

Say = Callable[[str], None]


class Trial(NamedTuple):
    how: str
    killer: Optional[Question]
    asked: int
    note: str


class ProofFailed(Error):
    """The vectors do not show what they should."""

    kind = "proof"


class Bench:
    """Where mutants are tried, each in a process of its own.

    timeout: seconds for an answer
    """

    def __init__(self, timeout: float, cache: str) -> None:
        self._timeout = timeout
        # What is compiled is kept in one place, so that each of some hundred processes need not do it again.
        self._environment = dict(
            own_environment(), PYTHONPYCACHEPREFIX=cache, PYTHONDONTWRITEBYTECODE=""
        )

    def command_of(self, name: str) -> List[str]:
        """Return the command of a mutant's adapter."""
        return [OWN_ADAPTER[0], "-m", "conformance.mutation.adapter", name]

    def start(self, command: Sequence[str]) -> Adapter:
        """Return an adapter process. Raises AdapterFault."""
        return Adapter(command, self._environment)

    def trial(self, name: str, questions: Iterable[Question]) -> Trial:
        """Ask a mutant until a question kills it."""
        asked = 0
        endpoint: Optional[Endpoint] = None
        try:
            with self.start(self.command_of(name)) as adapter:
                for question in questions:
                    asked += 1
                    if question.case.op == "invoke" and endpoint is None:
                        endpoint = Endpoint()
                    how, note = self._answer(adapter, question, endpoint)
                    if how:
                        return Trial(how, question, asked, note)
        except AdapterFault as fault:
            return Trial(STILLBORN, None, 0, str(fault))
        finally:
            if endpoint is not None:
                endpoint.close()
        return Trial(SURVIVES, None, asked, "")

    def _answer(
        self, adapter: Adapter, question: Question, endpoint: Optional[Endpoint]
    ) -> Tuple[str, str]:
        """Return how a question kills, and what shows it; nothing when it does not."""
        case = question.case
        given = addressed(case, question.input, endpoint.url if endpoint is not None else "")
        try:
            answer = adapter.ask(case.op, given, self._timeout)
        except Hanging as fault:
            return HANG, str(fault)
        except Crashed as fault:
            return CRASH, str(fault)
        except AdapterFault as fault:
            return ERROR, str(fault)
        calls = (
            calls_of(case.input["input"]["EndpointName"], endpoint.calls)
            if case.op == "invoke" and endpoint is not None
            else None
        )
        came = judge(question, answer, {}, calls)
        if came.word == ADAPTER:
            return ERROR, came.note
        return (came.word, came.note) if came.word in FAILURES + (ACCEPTABLE,) else ("", "")


# ---- the commands ------------------------------------------------------------------------------------------------


def list_mutants(options: argparse.Namespace, say: Say) -> None:
    """Print the chosen mutants, a line each."""
    for mutant in choose_mutants(options.only, options.rule):
        say(f"{mutant.rule:8}  {mutant.id:38}  {mutant.what}")


def prove_suite(options: argparse.Namespace, say: Say) -> None:
    """Do what `conformance prove` does. Raises ProofFailed, UsageError."""
    modules = check_names(options.module) if options.generated or options.module else []
    mutants = choose_mutants(options.only, options.rule)
    cases = load_cases() + scenario_cases()
    check_unbroken(cases, options.timeout)
    if not options.generated:
        whole = len(mutants) == len(MUTANTS)
        prove(mutants, cases, load_rules() if whole else {}, options.jobs, options.timeout, say)
        return
    outcomes, made = prove_generated(
        modules, cases, options.jobs, options.timeout, options.budget, say
    )
    if not outcomes:
        raise ProofFailed(
            "no mutant was tried", expected=f"a budget of more than {options.budget:g} s"
        )
    report = report_of(outcomes, made, cases, time.strftime("%Y-%m-%d", time.gmtime()))
    if options.report:
        write_whole(options.report, json.dumps(report, indent=1) + "\n")
    say(
        f"{int(report['tried'])} of {int(report['made'])} mutants tried, {int(report['killed'])} killed: {report['killed_percent']:g} %"
    )
    for why, count in report["reasons"].items():
        say(f"{int(count):5}  {why}")


def choose_mutants(only: Sequence[str], rules: Sequence[str]) -> List[Mutant]:
    """Return the mutants whose id fits one of the globs and that break one of the rules; all, of none. Raises UsageError for nothing."""
    chosen = [
        mutant
        for mutant in MUTANTS
        if (not only or any(fnmatch.fnmatchcase(mutant.id, glob) for glob in only))
        and (not rules or mutant.rule in rules)
    ]
    if not chosen:
        raise UsageError("no mutant fits", expected="one of python3 -m conformance mutants")
    return chosen


# ---- by hand -----------------------------------------------------------------------------------------------------


def prove(
    mutants: Sequence[Mutant],
    cases: Sequence[Case],
    rules: Mapping[str, Rule],
    jobs: int,
    timeout: float,
    say: Say,
) -> None:
    """Try every mutant on its rule's cases, and tell how each died. Raises ProofFailed when one survives or cannot be loaded."""
    of_rule = questions_by_rule(cases)
    failed = [f"{rule}: has cases and no mutant" for rule in without_mutant(mutants, cases, rules)]
    killers = set()
    with tempfile.TemporaryDirectory() as cache, ThreadPoolExecutor(jobs) as pool:
        bench = Bench(timeout, cache)
        trials = pool.map(
            lambda mutant: bench.trial(mutant.id, of_rule.get(mutant.rule, [])), mutants
        )
        for mutant, trial in zip(mutants, trials):
            say(f"{trial.how:9} {mutant.rule:8} {mutant.id:38} {told(trial)}")
            if trial.killer is None:
                failed.append(
                    f"{mutant.id} survives: {mutant.what}"
                    if trial.how == SURVIVES
                    else f"{mutant.id} cannot be loaded: {trial.note}"
                )
            else:
                killers.add(trial.killer.case.id)
    for line in failed:
        say("! " + line)
    say(
        f"{len(mutants)} mutants, {int(len(mutants) - sum(('no mutant' not in line for line in failed)))} killed, by {len(killers)} cases"
    )
    if failed:
        raise ProofFailed(
            "the vectors do not kill every mutant",
            expected="none that survives",
            actual=f"{len(failed)} faults",
        )


def questions_by_rule(cases: Sequence[Case]) -> Dict[str, List[Question]]:
    """Return the questions of each rule: those without a socket first, those that wait last."""
    found: Dict[str, List[Question]] = {}
    for case in sorted(cases, key=lambda case: (case.op == "invoke", is_waiting(case))):
        for rule in case.rules:
            found.setdefault(rule, []).extend(questions_of(case))
    return found


def without_mutant(
    mutants: Sequence[Mutant], cases: Sequence[Case], rules: Mapping[str, Rule]
) -> List[str]:
    """Return each MUST that a case tests and no mutant breaks, but those whose text says that a test must help the cases."""
    broken = {mutant.rule for mutant in mutants}
    tested = {rule for case in cases for rule in case.rules}
    return [
        rule.id
        for rule in rules.values()
        if "MUST" in rule.words and not rule.tests and rule.id in tested - broken
    ]


def told(trial: Trial) -> str:
    """Tell what killed a mutant."""
    if trial.killer is None:
        return f"{int(trial.asked)} questions" if trial.how == SURVIVES else trial.note
    case, chunking = trial.killer.case, trial.killer.chunking
    return case.id if len(case.chunking) == 1 else f"{case.id}, {chunking}"


def check_unbroken(cases: Sequence[Case], timeout: float) -> None:
    """Raise ProofFailed unless the implementation itself does what each case expects first: a mutant could not be told from it."""
    results = Runner(OWN_ADAPTER, timeout, environment=own_environment()).run(cases).results
    bad = [
        f"{result.case.id} {result.verdict.word}"
        for result in results
        if result.verdict.word != PASS
    ]
    if bad:
        raise ProofFailed(
            "the implementation itself is not as the cases expect: see conformance run",
            expected="PASS for each",
            actual=", ".join(bad),
        )


# ---- by machine --------------------------------------------------------------------------------------------------


class Outcome(NamedTuple):
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
    """Try the mutants of the modules, in an order that looks random, until the budget of seconds is spent.

    Returns what came of those that were tried, in the order of the source, and how many there are.
    """
    all_places = [place for module in modules for place in places(module)]
    order = list(all_places)
    random.Random(6).shuffle(order)  # noqa: S311 - so that what a budget leaves is a fair sample
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
                bench.trial(f"{place.module}:{int(place.number)}", chosen)
                if chosen
                else Trial(UNREACHED, None, 0, "")
            )
            return Outcome(place, trial)

        with ThreadPoolExecutor(jobs) as pool:
            for outcome in pool.map(attempt, order):
                if outcome is not None:
                    outcomes.append(outcome)
                    if outcome.trial.how in (SURVIVES, UNREACHED):
                        say(told_outcome(outcome))
    return sorted(
        outcomes, key=lambda outcome: (modules.index(outcome.place.module), outcome.place.number)
    ), len(all_places)


def reached_by(
    bench: Bench, questions: Sequence[Question], path: str, timeout: float
) -> List[Dict[str, List[int]]]:
    """Return the lines that are executed on loading, by module, then those that each question reaches.

    Raises ProofFailed when the adapter breaks down.
    """
    try:
        with Endpoint() as endpoint, bench.start(
            [OWN_ADAPTER[0], "-m", "conformance.mutation.reach", path]
        ) as adapter:
            for question in questions:
                adapter.ask(
                    question.case.op,
                    addressed(question.case, question.input, endpoint.url),
                    timeout * 20,
                )  # a tracer is slow
    except AdapterFault as fault:
        raise ProofFailed(f"the traced adapter breaks down: {fault}") from None
    with open(path, encoding="ascii") as file:
        return [json.loads(line) for line in file]


def choose_questions(
    place: Place, questions: Sequence[Question], reach: Sequence[Mapping[str, List[int]]]
) -> List[Question]:
    """Return the questions that can tell a mutant: those that reach its statement; all, when loading the module does.

    Those over a socket are left to what no other question reaches.
    """
    lines = range(place.first, place.last + 1)
    loaded, *each = [
        any(line in lines for line in reached.get(place.module, ())) for reached in reach
    ]
    chosen = [question for question, reaches in zip(questions, each) if reaches or loaded]
    return [
        question for question in chosen if question.case.op != "invoke" or place.module == "http1"
    ] or chosen


def told_outcome(outcome: Outcome) -> str:
    """Tell a mutant that was not killed, and why that is, where it is known."""
    place = outcome.place
    return f"{outcome.trial.how:9} {place.module}:{int(place.number)}  {place.module}.py line {int(place.line)}, {place.function or 'module'}: {place.what} [{reason(outcome)}]"


def reason(outcome: Outcome) -> str:
    """Return why a mutant was not killed; `hole` where nobody knows better."""
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
        row["killed" if trial.how not in (SURVIVES, UNREACHED) else "not_killed"] += 1
        if trial.how in (SURVIVES, UNREACHED):
            why = reason(outcome)
            reasons[why] = reasons.get(why, 0) + 1
            survivors.append(
                {
                    "mutant": f"{place.module}:{int(place.number)}",
                    "function": place.function,
                    "line": place.line,
                    "change": place.what,
                    "reached": trial.how == SURVIVES,
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
    """Return a share in percent, with one digit behind the point."""
    return round(100.0 * part / whole, 1) if whole else 100.0


def check_names(
    modules: Sequence[str], version: Tuple[int, ...] = sys.version_info[:2]
) -> List[str]:
    """Return the modules of a generated run, all by default. Raises UsageError for one that is not among them, and on an old Python."""
    if version < (3, 8):
        raise UsageError(
            "mutants are made by machine of the syntax trees of newer Pythons",
            expected="3.8 or newer",
            actual="%d.%d" % version[:2],
        )
    for module in modules:
        if module not in GENERATED_MODULES:
            raise UsageError(
                "mutants are not made of that module",
                expected=" ".join(GENERATED_MODULES),
                actual=module,
            )
    return list(modules or GENERATED_MODULES)
