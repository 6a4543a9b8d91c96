# SPDX-License-Identifier: MIT
"""Tests of conformance/report/baseline.py: which results are worse than in an earlier report."""

from typing import Tuple

import pytest

from conformance.report.baseline import worse_than
from conformance.report.json_report import report_document
from conformance.run.runner import Implementation
from conformance.run.verdicts import (
    ACCEPTABLE,
    ADAPTER,
    BLOCKED,
    CRASH,
    FAIL,
    PASS,
    UNSUPPORTED,
    Result,
)
from tests.support import made_result

SAID = Implementation("mine", "1", "c", ("eventstream.decode",), {})


def made(word: str, not_judged: Tuple[str, ...] = (), name: str = "evs-a") -> Result:
    result = made_result(name, word, note="it lacks it" if word == UNSUPPORTED else "")
    return result._replace(verdict=result.verdict._replace(not_judged=not_judged))


@pytest.mark.parametrize(
    "before, now, change",
    [
        (PASS, PASS, ""),
        (FAIL, FAIL, ""),
        (FAIL, PASS, ""),
        (FAIL, UNSUPPORTED, ""),
        (UNSUPPORTED, UNSUPPORTED, ""),
        (PASS, UNSUPPORTED, "PASS, now UNSUPPORTED (it lacks it)"),
        (PASS, BLOCKED, "PASS, now BLOCKED"),
        (PASS, ACCEPTABLE, "PASS, now ACCEPTABLE"),
        (ACCEPTABLE, FAIL, "ACCEPTABLE, now FAIL"),
        (UNSUPPORTED, FAIL, "UNSUPPORTED, now FAIL"),
        (FAIL, CRASH, "FAIL, now CRASH"),
    ],
)
def test_a_worse_verdict(before: str, now: str, change: str) -> None:
    report = report_document(SAID, [made(before)], is_complete=False)
    expected = [f"worse than the baseline: evs-a: {change}"] if change else []
    assert worse_than(report, [made(now)]) == expected


def test_a_facet_that_is_no_longer_judged() -> None:
    report = report_document(SAID, [made(PASS, ("after",))], is_complete=False)
    assert worse_than(report, [made(PASS, ("after",))]) == worse_than(report, [made(PASS)]) == []
    assert worse_than(report, [made(PASS, ("after", "output"))]) == [
        "worse than the baseline: evs-a: no longer judged: output"
    ]


def test_an_operation_that_is_no_longer_offered() -> None:
    report = report_document(SAID, [made(PASS)], is_complete=True)
    assert len(worse_than(report, [made(UNSUPPORTED)])) == 1
    without = SAID._replace(operations=("text.lines",))
    report = report_document(without, [made(UNSUPPORTED)], is_complete=True)
    assert worse_than(report, [made(UNSUPPORTED)]) == []


def test_cases_that_the_baseline_did_not_run() -> None:
    report = report_document(SAID, [made(PASS)], is_complete=False)
    assert worse_than(report, [made(FAIL, name="evs-b")]) == []
    assert len(worse_than(report, [made(ADAPTER, name="after-evs-a")])) == 1
