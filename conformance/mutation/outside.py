# SPDX-License-Identifier: MIT
"""`conformance prove --mutants FILE` and `--subject NAME`: mutants that the suite's authors did not
write, and mutants of other implementations than the reference.

FILE is a Python file that defines MUTANTS, a list of tuples: id, rule, description, module, old
code, new code and, if wanted, a severity (low, medium or high). The module is a dotted name of
refimpl, or the name of a file of another subject. The old code occurs exactly once in the module,
token by token (patch.py). FILE is executed, so it must be trusted.

A mutant runs against the cases of its rule, then against all other cases whose operation the
subject offers. A mutant of the reference gets only the requests that reach its statements
(reach.py), and all that use a socket. The result is the share that the cases kill: in total, and by
severity, rule and operation. A survivor is a mutant that no case kills. The operation of a mutant
is the one of most cases of its rule.
"""

import argparse
import ast
import fnmatch
import json
import os
import re
import runpy
import tempfile
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Sequence, Tuple

from conformance.cases.case import Case
from conformance.cases.load import load_cases
from conformance.cases.questions import Question, questions_of
from conformance.cases.scenarios import scenario_cases
from conformance.files import write_whole
from conformance.mutation.bench import STILLBORN, SURVIVED, Bench, ProofFailed, Trial
from conformance.mutation.mutants import Mutant, MutantError
from conformance.mutation.patch import PatchError, place_of
from conformance.mutation.reached import reached_by
from conformance.mutation.subjects import REFERENCE, Subject, find_subject
from conformance.run.asking import is_waiting
from conformance.run.runner import Runner, own_environment
from conformance.run.verdicts import ACCEPTABLE, PASS, UNSUPPORTED
from conformance.wording import number_of
from refimpl.errors import UsageError

_MANY = 1000000
SEVERITIES = ("low", "medium", "high")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")

Say = Callable[[str], None]


class Result(NamedTuple):
    """A mutant, what happened to it, and the operation that it belongs to."""

    mutant: Mutant
    trial: Trial
    op: str

    @property
    def is_killed(self) -> bool:
        """Whether a case detected it."""
        return self.trial.how not in (SURVIVED, STILLBORN)


# ---- reading a file of mutants -----------------------------------------------------------------


def read_mutants(path: str, subject: Subject) -> List[Mutant]:
    """Return the mutants of a file. Raises UsageError, which names every unusable mutant."""
    try:
        rows = runpy.run_path(path).get("MUTANTS")
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except BaseException as error:  # noqa: BLE001 - the file may fail in any way
        if isinstance(error, KeyboardInterrupt):
            raise
        raise UsageError(f"cannot import {path}: {type(error).__name__}: {error}") from None
    if not isinstance(rows, (list, tuple)) or not rows:
        expected = "MUTANTS, a list of tuples"
        raise UsageError(f"{path} defines no mutants", expected=expected, actual=rows)
    mutants, wrong = [], []
    for number, row in enumerate(rows, 1):
        problem = _shape_problem(row)
        if problem:
            wrong.append(f"mutant {number}: {problem}")
        else:
            mutants.append(_mutant_of(row))
    wrong += _problems(mutants, subject)
    if wrong:
        raise UsageError(f"{path} has {number_of(len(wrong), 'error')}: " + "; ".join(wrong))
    return mutants


def _mutant_of(row: Sequence[str]) -> Mutant:
    mutant = Mutant(*row)
    prefix = "refimpl."
    module = mutant.module
    return mutant._replace(module=module[len(prefix) :] if module.startswith(prefix) else module)


def _shape_problem(row: object) -> str:
    if not isinstance(row, (tuple, list)) or len(row) not in (6, 7):
        return "expected a tuple of 6 or 7 texts"
    if not all(isinstance(part, str) for part in row):
        return "expected texts only"
    if not _ID.fullmatch(row[0]):
        return f"invalid id (expected letters, digits and -_., got {row[0]!r})"
    if len(row) == 7 and row[6] not in SEVERITIES:
        return f"{row[0]}: invalid severity (expected {', '.join(SEVERITIES)}, got {row[6]!r})"
    return ""


def _problems(mutants: Sequence[Mutant], subject: Subject) -> List[str]:
    modules = subject.modules()
    wrong = []
    seen = set()
    for mutant in mutants:
        if mutant.id in seen:
            wrong.append(f"{mutant.id}: this id occurs twice")
        seen.add(mutant.id)
        try:
            with tempfile.TemporaryDirectory() as folder:
                _command_of(mutant, subject, modules, folder)
        except MutantError as error:
            wrong.append(f"{mutant.id}: {error}")
    return wrong


def _command_of(
    mutant: Mutant, subject: Subject, modules: Dict[str, str], folder: str
) -> List[str]:
    """Write a mutant into a folder and return its command. Raises MutantError."""
    if mutant.module not in modules:
        raise MutantError(f"no module {mutant.module} (expected one of {' '.join(modules)})")
    source = modules[mutant.module]
    try:
        broken = subject.broken(source, mutant.old, mutant.new)
    except PatchError as error:
        raise MutantError(
            f"its old tokens occur {error.count} times in {mutant.module}, not once"
        ) from None
    if broken == source:
        raise MutantError("it changes nothing")
    return subject.mutant_command(mutant.module, broken, folder)


# ---- running -----------------------------------------------------------------------------------


def prove_outside(options: argparse.Namespace, say: Say) -> None:
    """Run the mutants of a file or of a subject and print the share that the cases kill.

    Raises ProofFailed if one survives, and UsageError.
    """
    if options.generated or options.module:
        raise UsageError("--generated and --module apply to the reference's own mutants")
    subject = find_subject(options.subject)
    mutants = _chosen(read_mutants(options.mutants or subject.own_mutants, subject), options)
    cases = judged_cases(load_cases() + scenario_cases(), subject, options.timeout)
    results = run_mutants(mutants, cases, subject, options.jobs, options.timeout, say)
    report = report_of(results, subject, cases)
    if options.report:
        document = json.dumps(report, indent=1) + "\n"
        write_whole(re.sub(r"\Ajson=", "", options.report), document)
    for line in report_lines(report):
        say(line)
    if report["killed"] < report["mutants"]:
        survivors = len(results) - report["killed"]
        raise ProofFailed(
            "the cases do not kill every mutant", expected="no survivor", actual=survivors
        )


def _chosen(mutants: Sequence[Mutant], options: argparse.Namespace) -> List[Mutant]:
    chosen = [
        mutant
        for mutant in mutants
        if (not options.only or any(fnmatch.fnmatchcase(mutant.id, glob) for glob in options.only))
        and (not options.rule or mutant.rule in options.rule)
    ]
    if not chosen:
        raise UsageError("no mutant matches", expected="the id or rule of a mutant")
    return chosen


def judged_cases(cases: Sequence[Case], subject: Subject, timeout: float) -> List[Case]:
    """Return the cases that can kill a mutant: those that the unchanged subject passes.

    They are in the order in which a mutant gets them: cases without a socket first, cases that wait
    or have many bytes last among these. Raises ProofFailed if the subject fails a case.
    """
    runner = Runner(subject.command(), timeout, environment=own_environment(), strict=True)
    results = runner.run(cases).results
    bad = [
        f"{result.case.id} {result.verdict.word}"
        for result in results
        if result.verdict.word not in (PASS, ACCEPTABLE, UNSUPPORTED)
    ]
    if bad:
        raise ProofFailed(
            f"{subject.name} itself does not pass: see conformance run",
            expected="PASS for each",
            actual=", ".join(bad),
        )
    passed = [result.case for result in results if result.verdict.word == PASS]
    return sorted(passed, key=lambda case: (case.op == "invoke", is_waiting(case), is_long(case)))


def is_long(case: Case) -> bool:
    """Return whether the described bytes of a case are many, so that it takes long."""
    return any(number > _MANY for number in _numbers_in(case.input))


def _numbers_in(value: object) -> Iterator[int]:
    if isinstance(value, int):
        yield value
    elif isinstance(value, (list, dict)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _numbers_in(inner)


def run_mutants(
    mutants: Sequence[Mutant],
    cases: Sequence[Case],
    subject: Subject,
    jobs: int,
    timeout: float,
    say: Say,
) -> List[Result]:
    """Run each mutant against the cases, and print a line for each."""
    modules = subject.modules()
    with tempfile.TemporaryDirectory() as cache, ThreadPoolExecutor(jobs) as pool:
        bench = Bench(timeout, cache)
        reach = reach_of(subject, bench, cases, os.path.join(cache, "reached"), timeout)

        def attempt(mutant: Mutant) -> Result:
            chosen = reach.cases_for(mutant, modules[mutant.module])
            with tempfile.TemporaryDirectory() as folder:
                command = _command_of(mutant, subject, modules, folder)
                trial = bench.trial_of(command, requests_for(mutant.rule, chosen))
            return Result(mutant, trial, operation_of(mutant.rule, cases))

        results = []
        for result in pool.map(attempt, mutants):
            results.append(result)
            say(result_line(result, cases))
    return results


class Reach:
    """Knows which cases can detect a mutant: those with a request that reaches its statements.

    Cases over a socket are not traced, so each of them can. So can all cases if the statements run
    when the module is imported, or if the subject is not the reference.

    A mutant that breaks a later request, which does not reach its statements, is found only by a
    case that names the earlier one in `after`.
    """

    def __init__(
        self,
        cases: Sequence[Case],
        loaded: Mapping[str, List[int]],
        of_case: Mapping[str, List[Mapping[str, List[int]]]],
    ) -> None:
        """Keep the lines that the import reaches, and for each traced case those of its requests,
        all by module.
        """
        self._cases, self._loaded, self._of_case = cases, loaded, of_case

    def cases_for(self, mutant: Mutant, source: str) -> List[Case]:
        """Return the cases that can detect a mutant, in the given order.

        source: the module's, unchanged
        """
        if not self._of_case:
            return list(self._cases)
        lines = set(statement_lines(source, mutant.old, mutant.new))

        def reaches(reached: Mapping[str, List[int]]) -> bool:
            return not lines.isdisjoint(reached.get(mutant.module, ()))

        if reaches(self._loaded):
            return list(self._cases)
        chosen = {
            case.id
            for case in self._cases
            if case.id not in self._of_case or any(map(reaches, self._of_case[case.id]))
        }
        # A mutant may keep state, so a case and the one that follows it stay together.
        chosen |= {case.after for case in self._cases if case.after and case.id in chosen}
        return [case for case in self._cases if case.id in chosen or case.after in chosen]


def reach_of(
    subject: Subject, bench: Bench, cases: Sequence[Case], path: str, timeout: float
) -> Reach:
    """Trace the reference on all cases without a socket. Other subjects are not traced.

    path: a file for the lines that each request reaches
    """
    if subject.name != REFERENCE:
        return Reach(cases, {}, {})
    traced = [case for case in cases if case.op != "invoke"]
    questions = [question for case in traced for question in questions_of(case)]
    loaded, *each = reached_by(bench, questions, path, timeout)
    of_case: Dict[str, List[Mapping[str, List[int]]]] = {}
    for question, lines in zip(questions, each):
        of_case.setdefault(question.case.id, []).append(lines)
    return Reach(cases, loaded, of_case)


def statement_lines(source: str, old: str, new: str) -> Iterator[int]:
    """Yield the line numbers of the statements that contain the old code of a mutant.

    Of a compound statement, only the lines before its body count.
    """
    start, end = place_of(source, old, new)
    first = source.count("\n", 0, start) + 1
    last = source.count("\n", 0, end) + 1
    yield from range(first, last + 1)  # before Python 3.8, a node does not know its last line
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            node_last = body[0].lineno - 1 if body else getattr(node, "end_lineno", node.lineno)
            if node.lineno <= last and first <= max(node_last, node.lineno):
                yield from range(node.lineno, max(node_last, node.lineno) + 1)


def requests_for(rule: str, cases: Sequence[Case]) -> Iterator[Question]:
    """Return the requests for a mutant of a rule: those of the rule's cases, then all others.

    A case that must follow another one comes directly after it.
    """
    by_id = {case.id: case for case in cases}
    citing = [case for case in cases if rule in case.rules]
    previous = ""
    for case in citing + [case for case in cases if rule not in case.rules]:
        if case.after in by_id and case.after != previous:
            yield from questions_of(by_id[case.after])
        yield from questions_of(case)
        previous = case.id


def operation_of(rule: str, cases: Sequence[Case]) -> str:
    """Return the operation that most cases of a rule have, or `none`."""
    counts: Dict[str, int] = {}
    for case in cases:
        if rule in case.rules:
            counts[case.op] = counts.get(case.op, 0) + 1
    return max(sorted(counts), key=lambda op: counts[op]) if counts else "none"


# ---- reporting ---------------------------------------------------------------------------------


def result_line(result: Result, cases: Sequence[Case]) -> str:
    """Describe what happened to a mutant: what killed it, or what was judged in vain."""
    mutant, trial = result.mutant, result.trial
    if trial.killer is not None:
        what = trial.killer.case.id
    elif trial.how == SURVIVED:
        what = f"{mutant.what} [{judged_by(result, cases)}]"
    else:
        what = trial.note
    return f"{trial.how:9} {mutant.severity:6} {mutant.rule:8} {mutant.id:38} {what}"


def judged_by(result: Result, cases: Sequence[Case]) -> str:
    """Describe the requests that a survivor got."""
    own = number_of(sum(result.mutant.rule in case.rules for case in cases), "case")
    return f"{result.trial.asked} requests, {own} of {result.mutant.rule}, op {result.op}"


def report_of(results: Sequence[Result], subject: Subject, cases: Sequence[Case]) -> Dict[str, Any]:
    """Return the report of a run as a document."""
    return {
        "subject": subject.name,
        "cases": len(cases),
        "mutants": len(results),
        "killed": sum(result.is_killed for result in results),
        "by_severity": _shares((result.mutant.severity or "none", result) for result in results),
        "by_rule": _shares((result.mutant.rule, result) for result in results),
        "by_operation": _shares((result.op, result) for result in results),
        "results": [_result_row(result, cases) for result in results],
    }


def _shares(named: Iterator[Tuple[str, Result]]) -> Dict[str, Dict[str, int]]:
    shares: Dict[str, Dict[str, int]] = {}
    for name, result in named:
        row = shares.setdefault(name, {"mutants": 0, "killed": 0})
        row["mutants"] += 1
        row["killed"] += result.is_killed
    return dict(sorted(shares.items()))


def _result_row(result: Result, cases: Sequence[Case]) -> Dict[str, Any]:
    mutant, trial = result.mutant, result.trial
    row: Dict[str, Any] = {
        "id": mutant.id,
        "rule": mutant.rule,
        "what": mutant.what,
        "module": mutant.module,
        "severity": mutant.severity or None,
        "operation": result.op,
        "outcome": trial.how,
        "killer": trial.killer.case.id if trial.killer is not None else None,
    }
    if not result.is_killed:
        row["judged"] = judged_by(result, cases) if trial.how == SURVIVED else trial.note
    return row


def report_lines(report: Dict[str, Any]) -> List[str]:
    """Return the lines of a report that summarise it."""
    lines = []
    for name, key in (("severity", "by_severity"), ("operation", "by_operation")):
        lines += [f"{name:9}  {row:20} {_share(counts)}" for row, counts in report[key].items()]
    lines += [
        f"rule       {rule:20} {_share(counts)}"
        for rule, counts in report["by_rule"].items()
        if counts["killed"] < counts["mutants"]
    ]
    lines += [
        f"! {row['severity'] or ''} {row['id']}: {row['what']} [{row['judged']}]"
        for row in report["results"]
        if "judged" in row
    ]
    return lines + [f"{number_of(report['mutants'], 'mutant')}, {_share(report)}"]


def _share(counts: Dict[str, int]) -> str:
    killed, of = counts["killed"], counts["mutants"]
    return f"{killed} of {of} killed: {100.0 * killed / of:.1f} %"
