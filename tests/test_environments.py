# SPDX-License-Identifier: MIT
"""Tests of tests/environments: the committed report, its table, and one environment for real.

The report's numbers are those of its date. These tests check its form.
"""

import json
import re
import subprocess
import sys

import pytest

from tests.environments import report as reports
from tests.environments.__main__ import main, outcome_in
from tests.environments.places import PLACES, Place, Ready, Skip, run
from tests.environments.report import ROOT, Outcome

REPORT = json.loads(reports.REPORT.read_text(encoding="utf-8"))
PAGE = reports.PAGE.read_text(encoding="utf-8")
FACTS = {"version": "1.0", "selection": "`evs-*`"}
GOOD = Outcome("PyPy", "PyPy 3.9", 12, 0, "", "2026-01-02")
SKIPPED = Outcome("musl", "", 0, 0, "no Python", "2026-01-02")


def test_the_page_has_the_table_of_the_report():
    assert reports.page_with(PAGE, reports.table_of(REPORT)) == PAGE


def test_the_report_says_what_was_run_when_and_how_it_ended():
    assert re.match(r"\d+\.", REPORT["version"])
    assert REPORT["selection"].startswith("`")
    for outcome in reports.outcomes_of(REPORT):
        assert outcome.failed == 0, outcome.line()
        assert re.match(r"\d{4}-\d\d-\d\d$", outcome.date)
        assert bool(outcome.skipped) != bool(outcome.version and outcome.passed), outcome.line()


def test_the_report_has_every_environment():
    found = {outcome.name for outcome in reports.outcomes_of(REPORT)}
    expected = {place.name for place in PLACES if not place.name.startswith("CPython")}
    assert expected <= found
    assert {"CPython 3.6", "CPython 3.13"} <= found


def test_a_line_and_a_table_of_outcomes():
    assert GOOD.line() == "PyPy (PyPy 3.9): 12 passed, 0 failed"
    assert SKIPPED.line() == "musl: skipped: no Python"
    table = reports.table_of(reports.report_of([GOOD, SKIPPED], FACTS))
    assert "Version 1.0. Cases: `evs-*`." in table
    assert "| PyPy | PyPy 3.9 | 12 | 0 |  | 2026-01-02 |\n" in table
    assert "| musl |  |  |  | no Python | 2026-01-02 |\n" in table


def test_a_partial_run_replaces_only_its_environments():
    old = reports.report_of([GOOD, SKIPPED], FACTS)
    later = GOOD._replace(passed=13, date="2026-02-03")
    new = reports.report_of([later], {**FACTS, "version": "1.1"})
    merged = reports.merged(old, new, ["PyPy"])
    assert reports.outcomes_of(merged) == [later, SKIPPED]
    merged = reports.merged(old, new, ["musl", "other", "PyPy"])
    assert reports.outcomes_of(merged) == [SKIPPED, later]
    assert merged["version"] == "1.1"


def test_only_the_usual_cases_are_written(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--write", "--cases", "evs-*"])
    assert ended.value.code == 2 and "omit --cases" in capsys.readouterr().err


def test_an_environment_that_cannot_be_created_is_skipped(tmp_path):
    def prepare(folder):
        run(["no-such-program"], folder)

    outcome = outcome_in(Place("x", prepare), (), tmp_path)
    assert "no-such-program" in outcome.skipped and not outcome.passed
    with pytest.raises(Skip, match="failed: the last line"):
        run(["sh", "-c", "echo first; echo the last line; exit 3"], tmp_path)


def test_a_check_that_fails_counts(tmp_path):
    checks = [[sys.executable, "-c", "raise SystemExit(%d)" % code] for code in (0, 1, 0)]
    outcome = outcome_in(Place("x", lambda folder: Ready("1", checks=checks)), (), tmp_path)
    assert (outcome.passed, outcome.failed) == (2, 1)


@pytest.mark.slow
def test_an_adapter_that_fails_counts(tmp_path):
    place = Place("x", lambda folder: Ready("1", f"{sys.executable} -c 'raise SystemExit(1)'"))
    outcome = outcome_in(place, ("evs-encode-empty",), tmp_path)
    assert outcome.passed == 0 and outcome.failed


@pytest.mark.slow
def test_one_environment(capsys):
    assert main(["--only", "python -OO*", "--cases", "evs-encode-*"]) == 0
    assert re.search(
        r"python -OO -bb \(CPython .*\): \d\d+ passed, 0 failed", capsys.readouterr().out
    )


@pytest.mark.slow
def test_the_list():
    done = subprocess.run(
        [sys.executable, "-m", "tests.environments", "--list"], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert done.returncode == 0 and "Pyodide\n" in done.stdout.decode()
