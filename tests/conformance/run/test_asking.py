# SPDX-License-Identifier: MIT
"""Tests of conformance/run/asking.py: calls, time-outs and the progress of paced cases.

Clients that are wrong in one way run against the paced cases: one reads the whole body first, one
holds each event back until the next, one reports an event that was not sent.
"""

import sys
import textwrap
from pathlib import Path
from typing import Dict, List, Sequence, Tuple

import pytest

from conformance.cases.case import Case
from conformance.cases.scenarios import scenario_cases
from conformance.run import asking
from conformance.run.asking import DEFAULT_TIMEOUT, addressed, is_paced, is_waiting
from conformance.run.runner import OWN_ADAPTER, Runner, chains_of, own_environment
from conformance.run.verdicts import ADAPTER, BLOCKED, FAIL, PASS, Result, settle, suspects

CASES = {case.id: case for case in scenario_cases()}
PACED = [case for case in CASES.values() if is_paced(case)]
FIRST = "invoke-progress-chunked"
FEW = [CASES[name] for name in (FIRST, "invoke-progress-length", "invoke-progress-merged")]

CLIENT = """
import sys
import refimpl.live_response as client
from refimpl.errors import Error

live = client._events

def buffered(*arguments):
    events, failure = [], None
    try:
        for event in live(*arguments):
            events.append(event)
    except Error as error:
        failure = error
    yield from events
    if failure is not None:
        raise failure

def held(*arguments):
    last = []
    for event in live(*arguments):
        yield from last
        last = [event]
    yield from last

client._events = {"buffered": buffered, "held": held}.get(sys.argv[1], live)
import conformance.adapters.refimpl as adapter

def eager(given, report):
    return adapter.OPERATIONS["invoke"](given, lambda count: report(count + 1))

operations = {"invoke": eager if sys.argv[1] == "eager" else adapter.OPERATIONS["invoke"]}
reporting = () if sys.argv[1] == "silent" else ("invoke",)
adapter.serve("a client", "1", operations, reporting=reporting)
"""


def run_with(
    tmp_path: Path, mode: str, cases: Sequence[Case], timeout: float = 2.0, strict: bool = False
) -> List[Result]:
    program = tmp_path / "client.py"
    program.write_text(textwrap.dedent(CLIENT), encoding="utf-8")
    runner = Runner(
        [sys.executable, str(program), mode],
        timeout,
        environment=own_environment(),
        strict=strict,
    )
    return settle(runner.run(cases).results)


def words(results: Sequence[Result]) -> List[str]:
    return [result.verdict.word for result in results]


def stages(results: Sequence[Result]) -> Dict[str, Tuple[str, object, object]]:
    return {
        result.case.id: tuple(result.verdict.difference)
        for result in results
        if result.verdict.difference is not None
    }


# ---- the cases ---------------------------------------------------------------------------------


def test_the_paced_cases_are_those_of_one_rule() -> None:
    assert len(PACED) >= 18
    assert all(case.rules[0] == "HTTP-050" for case in PACED)
    assert [case.id for case in PACED if not case.needs] == [FIRST]
    assert [case.needs[0] for case in PACED[1:]] == [FIRST] * (len(PACED) - 1)


def test_paced_cases_form_one_chain_with_the_first_one_in_front() -> None:
    [chain] = chains_of(PACED)
    assert chain[0].id == FIRST
    assert len(chains_of(PACED[1:])) == len(PACED) - 1, "without the first case"
    assert not is_paced(CASES["invoke-default"]) and not is_waiting(PACED[0])


def test_two_holds_are_shorter_than_the_read_time_out() -> None:
    for timeout in (1.0, DEFAULT_TIMEOUT, 60.0):
        given = addressed(PACED[0], PACED[0].input, "http://x", timeout)
        assert 2 * asking._HOLD * timeout < given["read_timeout"] < timeout
        other = addressed(CASES["invoke-default"], PACED[0].input, "http://x", timeout)
        assert other["read_timeout"] < given["read_timeout"]


def test_a_case_may_have_its_own_read_time_out() -> None:
    given = addressed(PACED[0], dict(PACED[0].input, read_timeout=7), "http://x")
    assert given["read_timeout"] == 7 and given["endpoint_url"] == "http://x"


# ---- clients -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_reference_passes_all_of_them() -> None:
    runner = Runner(OWN_ADAPTER, environment=own_environment(), strict=True)
    assert words(runner.run(PACED).results) == [PASS] * len(PACED)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["buffered", "held"])
def test_a_client_that_keeps_events_back_waits_once(mode: str, tmp_path: Path) -> None:
    results = run_with(tmp_path, mode, FEW)
    assert words(results) == [FAIL, BLOCKED, BLOCKED]
    assert stages(results) == {FIRST: ("progress", "1 event", "0 events after 1 s")}
    assert suspects(results)[FIRST] == "HTTP-050"


@pytest.mark.slow
def test_an_adapter_without_progress_is_not_judged(tmp_path: Path) -> None:
    results = run_with(tmp_path, "silent", FEW, 10.0)
    assert words(results) == [PASS] * 3
    assert [result.verdict.not_judged for result in results] == [("progress",)] * 3
    strict = run_with(tmp_path, "silent", FEW[:1], 10.0, strict=True)
    assert stages(strict)[FIRST][2] == "the answer omits progress"


@pytest.mark.slow
def test_progress_with_an_event_that_was_not_sent(tmp_path: Path) -> None:
    [result] = run_with(tmp_path, "eager", FEW[:1], 10.0)
    assert result.verdict.word == ADAPTER
    assert "progress: 2 events reported, 1 sent" in result.verdict.note


@pytest.mark.slow
def test_a_lapse_of_a_slow_machine_is_forgiven(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    holds: List[float] = []

    class Impatient(asking.Pacing):
        def __init__(self, hold: float) -> None:
            holds.append(hold)
            super().__init__(hold if len(holds) > 1 else 0.0)

    monkeypatch.setattr(asking, "Pacing", Impatient)
    [result] = run_with(tmp_path, "live", FEW[:1], 20.0)
    assert (result.verdict.word, holds) == (PASS, [5.0, 10.0])
