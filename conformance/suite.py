# SPDX-License-Identifier: MIT
"""What `conformance run | list | show | dump` do: cases chosen, asked, judged, told, written.

The plan: every command chooses among all cases, those of the vector files and those of the catalogue, or those of the public
suites that it is given instead; faults of these files are told first, a line each, and make the exit code 2, but take no other
case with them. `run` hands the chosen ones to a
Runner and its results to the reports. Files are written whole or not at all.
"""

import argparse
import difflib
import os
import time
from typing import Callable, List, Optional, Sequence, TextIO, Tuple

from conformance.cases.case import Case, choose, to_document, to_line
from conformance.cases.corpora import read_corpora
from conformance.cases.load import read_cases
from conformance.cases.rules import load_rules
from conformance.cases.scenarios import scenario_cases
from conformance.files import write_whole
from conformance.protocol.messages import OPERATION_NAMES
from conformance.protocol.process import Environment
from conformance.report.documents import report_document, to_text
from conformance.report.dump import write_case
from conformance.report.html import html_text
from conformance.report.junit import junit_text
from conformance.report.terminal import case_lines, report_lines
from conformance.run.runner import BrokenAdapter, Run, Runner, broken_run, told_implementation
from conformance.run.verdicts import Result, exit_code, settle
from refimpl.errors import UsageError, shown

Say = Callable[[str], None]

REPORTS = ("html", "json", "junit")


def run_suite(
    options: argparse.Namespace,
    command: Sequence[str],
    environment: Optional[Environment],
    say: Say,
    complain: Say,
    progress: Optional[TextIO],
) -> int:
    """Run the chosen cases against an adapter's command, tell and write what came of them, and return the exit code.

    options: jobs, timeout, known, report, corpus, only, rule, op, as the command line has them
    progress: where to show how far it is, or None. Raises UsageError, BrokenAdapter.
    """
    reports = [report_of(text, REPORTS) for text in options.report]
    cases, sound = _chosen(options, complain)
    known = (
        read_expected_failures(options.xfail, _ids(_all_cases(options.corpus)[0]))
        if options.xfail
        else []
    )
    runner = Runner(command, options.timeout, options.jobs, environment)
    shown_progress = ProgressLine(progress)
    try:
        run = runner.run(cases, shown_progress.show)
    except BrokenAdapter as error:
        _write_reports(reports, broken_run(error))
        raise
    finally:
        shown_progress.clear()
    run = run._replace(results=settle(run.results, known))
    try:
        _write_reports(reports, run)
    finally:  # a report that cannot be written takes no verdict with it
        _tell(run, len(cases), say)
    return exit_code(run.results) if sound else 2


def _tell(run: Run, cases: int, say: Say) -> None:
    say(
        f"{told_implementation(run.implementation)}: {len(run.implementation.operations)} of {len(OPERATION_NAMES)} operations, {int(cases)} cases in {run.seconds:.1f} s"
    )
    say("")
    for line in report_lines(run.results, load_rules()):
        say(line)


def list_cases(options: argparse.Namespace, say: Say, complain: Say) -> int:
    """Print the chosen cases, a line each."""
    cases, sound = _chosen(options, complain)
    for case in cases:
        say(to_line(to_document(case)) if options.json else f"{case.id:50} {case.title}")
    return 0 if sound else 2


def show_case(options: argparse.Namespace, say: Say, complain: Say) -> int:
    """Print one case whole."""
    cases, sound, _ = _all_cases(options.corpus)
    for case in cases:
        if case.id == options.case:
            for line in case_lines(case, load_rules()):
                say(line)
            return 0
    for fault in sound:
        complain(f"conformance: {fault}")
    near = difflib.get_close_matches(options.case, _ids(cases), 3)
    raise UsageError(
        "there is no case of that id",
        expected=" or ".join(near) or "one of python3 -m conformance list",
        actual=options.case,
    )


def dump_cases(options: argparse.Namespace, say: Say, complain: Say) -> int:
    """Write the chosen cases as files, a folder each."""
    cases, sound = _chosen(options, complain)
    rules = load_rules()
    for case in cases:
        write_case(case, os.path.join(options.folder, case.id), rules)
    say(f"{len(cases)} cases in {options.folder}")
    return 0 if sound else 2


# ---- choosing ----------------------------------------------------------------------------------------------------


def _all_cases(corpora: Sequence[str]) -> Tuple[List[Case], Sequence[UsageError], Sequence[str]]:
    """Return the cases of the corpora, or else all of our own; what is wrong with their files; what was left out."""
    if not corpora:
        own, faults = read_cases()
        return own + scenario_cases(), faults, ()
    return read_corpora(corpora)


def _chosen(options: argparse.Namespace, complain: Say) -> Tuple[List[Case], bool]:
    """Return the chosen cases, and whether their files are sound. Raises UsageError when no case is chosen."""
    cases, faults, notes = _all_cases(options.corpus)
    for line in [*notes, *faults]:
        complain(f"conformance: {line}")
    chosen = choose(cases, options.only, options.rule, options.op)
    if not chosen:
        raise UsageError("no case fits", expected="one of python3 -m conformance list")
    return chosen, not faults


def _ids(cases: Sequence[Case]) -> List[str]:
    return [case.id for case in cases]


def read_expected_failures(path: str, ids: Sequence[str]) -> List[str]:
    """Return the ids that a list of known failures holds; what stands behind `#` says why. Raises UsageError."""
    try:
        with open(path, encoding="utf-8") as file:
            lines = [line.partition("#")[0].strip() for line in file.read().splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{shown(path)} cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8'}"
        ) from None
    for number, line in enumerate(lines, 1):
        if line and line not in ids:
            raise UsageError(
                f"{shown(path)}, line {int(number)}: there is no case of that id", actual=line
            )
    return [line for line in lines if line]


# ---- telling -----------------------------------------------------------------------------------------------------


def report_of(text: str, kinds: Sequence[str]) -> Tuple[str, str]:
    """Return kind and path of a report that is asked for as KIND=FILE. Raises UsageError, before anything is asked."""
    kind, sign, path = text.partition("=")
    if kind not in kinds or not sign or not path:
        raise UsageError(
            "no such report", expected=" or ".join(f"{known}=FILE" for known in kinds), actual=text
        )
    if os.path.isdir(path):
        raise UsageError(
            "a report cannot be written over a folder", expected=f"{kind}=FILE", actual=text
        )
    return kind, path


def _write_reports(reports: Sequence[Tuple[str, str]], run: Run) -> None:
    for kind, path in reports:
        write_whole(path, _rendered(kind, run))


def _rendered(kind: str, run: Run) -> str:
    if kind == "junit":
        return junit_text(run.implementation, run.results)
    rules = load_rules()
    document = report_document(run.implementation, run.results, rules, utc_date(time.time()))
    return (
        to_text(document)
        if kind == "json"
        else html_text([document], [result.case for result in run.results], rules)
    )


def utc_date(seconds: float) -> str:
    """Return a time since the epoch as a report writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class ProgressLine:
    """One line on a terminal that is written over and over."""

    def __init__(self, terminal: Optional[TextIO]) -> None:
        self._terminal = terminal

    def show(self, done: int, total: int, result: Result) -> None:
        """Show how far it is."""
        if self._terminal is not None:
            self._terminal.write(f"\r\x1b[K{int(done)}/{int(total)} {result.case.id}")
            self._terminal.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._terminal is not None:
            self._terminal.write("\r\x1b[K")
            self._terminal.flush()
