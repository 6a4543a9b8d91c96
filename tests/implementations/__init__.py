# SPDX-License-Identifier: MIT
"""Tests with third-party implementations.

Install them with `python3 -m conformance implementations install NAME ...`. Tests of an
implementation that is not installed are skipped with a reason that pytest counts (`pytest -rs`).
"""

from typing import Mapping, Tuple

import pytest

from conformance.cases.scenarios import scenario_cases
from conformance.implementations.installers import Installed
from conformance.implementations.matrix import kept_path
from conformance.implementations.registry import environment_of, find_implementation
from conformance.report.json_report import entries_of, read_report
from conformance.run.runner import Run, Runner
from tests.support import committed_cases


def installed(name: str) -> Installed:
    """Return an installed implementation, or skip the test."""
    found = find_implementation(name)
    if found is None:
        pytest.skip(
            f"{name} is not installed: python3 -m conformance implementations install {name}"
        )
    return found


def judged(name: str, expected: Mapping[str, Tuple[str, str]]) -> Run:
    """Run some cases, and compare the verdicts with the expected ones and with the committed
    report.

    expected: the verdict and the beginning of its explanation, by case id
    """
    found = installed(name)
    cases = [case for case in committed_cases() + scenario_cases() if case.id in expected]
    assert set(expected) - {case.id for case in cases} == set()
    run = Runner(found.command, environment=environment_of(found)).run(cases)
    told = {}
    for result in run.results:
        difference = result.verdict.difference
        text = (
            result.verdict.note if difference is None else f"{difference.stage} {difference.actual}"
        )
        word, beginning = expected.get(result.case.id, ("", ""))
        told[result.case.id] = (
            result.verdict.word,
            beginning if text.startswith(beginning) else text,
        )
    assert told == dict(expected)
    recorded = read_report(kept_path(name))
    if run.implementation.version == recorded["implementation"]["version"]:
        entries = entries_of(recorded, cases)
        assert {case: word for case, (word, _) in told.items()} == {
            case: entries[case]["verdict"] for case in told
        }
    return run
