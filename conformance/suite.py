# SPDX-License-Identifier: MIT
"""The commands `run`, `list`, `show` and `dump`.

Each command selects among all cases: those of the vector files and of the scenarios, or with
`--corpus` those of public suites. Errors in these files are printed first, one per line. They make
the exit code 2 but affect no other case. `run` passes the selected cases to a Runner, prints the
terminal report and writes the other reports. A report is written completely or not at all.
"""

import argparse
import difflib
import os
from collections import OrderedDict
from typing import Callable, List, Optional, Sequence, TextIO, Tuple

from conformance.cases.case import Case, choose, to_document, to_line
from conformance.cases.corpora import read_corpora
from conformance.cases.load import read_cases
from conformance.cases.rules import load_rules
from conformance.cases.scenarios import scenario_cases
from conformance.escaping import escaped
from conformance.files import read_bounded, write_whole
from conformance.protocol.messages import OPERATION_NAMES
from conformance.protocol.process import Environment
from conformance.report.baseline import worse_than
from conformance.report.dump import write_case
from conformance.report.formats import targets_of, write_reports
from conformance.report.json_report import read_report
from conformance.report.terminal import case_lines, report_lines
from conformance.run.runner import (
    BrokenAdapter,
    Run,
    Runner,
    broken_run,
    implementation_label,
    missing_surroundings,
)
from conformance.run.verdicts import FAILURES, XFAIL, XPASS, Result, exit_code, settle
from refimpl.errors import UsageError, shown

Say = Callable[[str], None]


def run_suite(
    options: argparse.Namespace,
    command: Sequence[str],
    environment: Optional[Environment],
    say: Say,
    complain: Say,
    progress: Optional[TextIO],
) -> int:
    """Run the selected cases against an adapter's command, report, and return the exit code.

    options: jobs, timeout, xfail, write_xfail, baseline, strict, report, corpus, only, rule, op of
        the command line
    progress: terminal for the progress line, or None
    Raises UsageError and BrokenAdapter.
    """
    targets = targets_of(options.report)
    baseline = read_report(options.baseline) if options.baseline else None
    cases, is_sound = _selected(options, complain)
    expected_failures: List[str] = []
    if options.xfail:
        known_ids = _ids(_all_cases(options.corpus)[0])
        expected_failures = read_expected_failures(options.xfail, known_ids)
    is_complete = is_sound and not (options.corpus or options.only or options.rule or options.op)
    runner = Runner(
        command, options.timeout, options.jobs, environment, options.strict, options.shuffle
    )
    progress_line = ProgressLine(progress)
    try:
        run = runner.run(cases, progress_line.show)
    except BrokenAdapter as error:
        write_reports(targets, broken_run(error), False)
        raise
    finally:
        progress_line.clear()
    run = run._replace(results=settle(run.results, expected_failures))
    try:
        write_reports(targets, run, is_complete)
    finally:  # the verdicts are printed even if a report cannot be written
        _print_run(run, len(cases), say)
    if options.write_xfail:
        listed = [name for name in expected_failures if name not in _ids(cases)]
        write_whole(options.write_xfail, xfail_text(run.results, listed))
    complaints = [
        f"{name}: the adapter does not offer it"
        for name in OrderedDict.fromkeys(options.op)
        if name in OPERATION_NAMES and name not in run.implementation.operations
    ]
    code = exit_code(run.results)
    if baseline is not None:
        worse = worse_than(baseline, run.results)
        complaints += worse
        if not worse:
            say("no case is worse than in the baseline")
        code = exit_code(run.results, (XPASS,))
    for line in complaints:
        say(line)
    if not is_sound:
        return 2
    return code or int(bool(complaints))


def xfail_text(results: Sequence[Result], others: Sequence[str] = ()) -> str:
    """Return a list of expected failures with the cases that fail, each with its reason.

    others: ids to keep, of cases that did not run
    """
    lines = list(others)
    for result in results:
        found = result.verdict
        if found.word in FAILURES + (XFAIL,) and not result.case.id.startswith("after-"):
            stage = found.difference.stage if found.difference is not None else found.note
            lines.append(f"{result.case.id}  # {shown(stage, 80)}")
    return "".join(line + "\n" for line in lines)


def _print_run(run: Run, cases: int, say: Say) -> None:
    offered = f"{len(run.implementation.operations)} of {len(OPERATION_NAMES)} operations"
    label = implementation_label(run.implementation)
    say(f"{label}: {offered}, {cases} cases in {run.seconds:.1f} s")
    for name in run.unknown_kinds:
        say(f"{shown(name, 80)} counts as any kind: map it with `kinds` of hello")
    for what in missing_surroundings():
        say(f"not judged: {what}")
    say("")
    for line in report_lines(run.results, load_rules()):
        say(line)


def list_cases(options: argparse.Namespace, say: Say, complain: Say) -> int:
    """Print the selected cases, one per line, and return the exit code."""
    cases, is_sound = _selected(options, complain)
    for case in cases:
        say(to_line(to_document(case)) if options.json else f"{case.id:50} {case.title}")
    return 0 if is_sound else 2


def show_case(options: argparse.Namespace, say: Say, complain: Say) -> int:
    """Print one case in full, and return the exit code. Raises UsageError for an unknown id."""
    cases, faults, _ = _all_cases(options.corpus)
    for case in cases:
        if case.id == options.case:
            for line in case_lines(case, load_rules()):
                say(line)
            return 0
    for fault in faults:
        complain(f"conformance: {fault}")
    similar = difflib.get_close_matches(options.case, _ids(cases), 3)
    raise UsageError(
        "unknown case id",
        expected=" or ".join(similar) or "one of python3 -m conformance list",
        actual=options.case,
    )


def dump_cases(options: argparse.Namespace, say: Say, complain: Say) -> int:
    """Write each selected case as files in a folder, and return the exit code."""
    cases, is_sound = _selected(options, complain)
    rules = load_rules()
    for case in cases:
        write_case(case, os.path.join(options.folder, case.id), rules)
    say(f"{len(cases)} cases in {options.folder}")
    return 0 if is_sound else 2


# ---- selecting cases ---------------------------------------------------------------------------


def _all_cases(corpora: Sequence[str]) -> Tuple[List[Case], Sequence[UsageError], Sequence[str]]:
    """Return the cases of the corpora, or else our own, with the errors and notes about them."""
    if corpora:
        return read_corpora(corpora)
    cases, faults = read_cases()
    return cases + scenario_cases(), faults, ()


def _selected(options: argparse.Namespace, complain: Say) -> Tuple[List[Case], bool]:
    """Return the selected cases, and whether all files are sound. Raises UsageError for none."""
    cases, faults, notes = _all_cases(options.corpus)
    for line in [*notes, *faults]:
        complain(f"conformance: {line}")
    selected = choose(cases, options.only, options.rule, options.op)
    if not selected:
        _complain_about_tests(options.rule)
        raise UsageError("no case matches", expected="one of python3 -m conformance list")
    return selected, not faults


def _complain_about_tests(names: Sequence[str]) -> None:
    """Raise UsageError with the tests of a rule that no case can reach."""
    rules = load_rules()
    for name in names:
        if name in rules and rules[name].tests:
            tests = " ".join(rules[name].tests)
            raise UsageError(f"only tests check {name}", expected=f"python3 -m tests {tests}")


def _ids(cases: Sequence[Case]) -> List[str]:
    return [case.id for case in cases]


def read_expected_failures(path: str, known_ids: Sequence[str]) -> List[str]:
    """Return the ids in a list of expected failures; text after `#` is a comment.

    Raises UsageError for an unknown id.
    """
    try:
        text = read_bounded(path).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise UsageError(f"cannot read {shown(path)}: {reason}") from None
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    for number, line in enumerate(lines, 1):
        if line and line not in known_ids:
            raise UsageError(f"{shown(path)}, line {number}: unknown case id", actual=line)
    return [line for line in lines if line]


class ProgressLine:
    """A line on a terminal that shows the progress of a run."""

    def __init__(self, terminal: Optional[TextIO]) -> None:
        self._terminal = terminal

    def show(self, done: int, total: int, result: Result) -> None:
        """Replace the line."""
        self._write(f"\r\x1b[K{done}/{total} {escaped(result.case.id)}")

    def clear(self) -> None:
        """Clear the line."""
        self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        if self._terminal is not None:
            self._terminal.write(text)
            self._terminal.flush()
