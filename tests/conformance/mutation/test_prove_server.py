# SPDX-License-Identifier: MIT
"""Tests of conformance/mutation/prove_server.py: what kills a mutant of the endpoint."""

from typing import Any, Iterator, List

import pytest

from conformance.cases.rules import load_rules
from conformance.mutation import prove
from conformance.mutation.mutants import MUTANTS, find_mutant
from conformance.mutation.prove import ProofFailed, prove_servers
from conformance.mutation.prove_server import (
    ServerTrial,
    checked_without_mutant,
    idle_checks,
    is_of_server,
    kill_all,
    not_passed,
    serving,
    trial,
)
from conformance.servers.catalogue import CHECKS, checks_by_rule
from conformance.servers.verdicts import Check

TIMEOUT = 10.0
OF_SERVER = [mutant for mutant in MUTANTS if is_of_server(mutant)]
DATE = checks_by_rule()["SRV-044"]


@pytest.mark.slow
def test_a_check_of_its_rule_kills_a_mutant() -> None:
    assert trial("server-wrong-date", DATE, TIMEOUT)[:2] == ("FAIL", "srv-date")


@pytest.mark.slow
def test_a_mutant_that_no_check_detects_survives() -> None:
    assert trial("server-one-request-id", DATE, TIMEOUT) == ServerTrial("SURVIVED", "", "1 checks")


@pytest.mark.slow
def test_an_endpoint_that_does_not_start() -> None:
    assert trial("no-such-mutant", DATE, TIMEOUT).how == "STILLBORN"


@pytest.mark.slow
def test_the_process_ends_with_the_test() -> None:
    with serving("", TIMEOUT) as url:
        assert url.startswith("http://127.0.0.1:")


@pytest.mark.slow
def test_the_endpoint_passes_every_check() -> None:
    assert not_passed(TIMEOUT) == []


def test_each_must_has_a_mutant() -> None:
    rules = load_rules()
    assert checked_without_mutant(OF_SERVER, rules) == []
    assert checked_without_mutant(OF_SERVER[1:], rules) == [OF_SERVER[0].rule]
    assert not is_of_server(find_mutant("frame-little-endian"))


def test_a_check_that_kills_nothing() -> None:
    ids = {check.id for check in CHECKS}
    rules = load_rules()
    assert idle_checks(ids, rules) == []
    assert idle_checks(ids - {"srv-date"}, rules) == ["srv-date"]
    # Its rule only says SHOULD.
    assert idle_checks(ids - {"srv-presigned"}, rules) == []


def in_order(function: Any, mutants: Any) -> Iterator[ServerTrial]:
    return map(function, mutants)


def test_what_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {
        "server-wrong-date": ServerTrial("FAIL", "srv-date", ""),
        "server-one-request-id": ServerTrial("SURVIVED", "", "1 checks"),
        "server-any-key": ServerTrial("STILLBORN", "", "it does not start"),
    }

    def tried(name: str, checks: List[Check], timeout: float) -> ServerTrial:
        assert checks
        return found[name]

    monkeypatch.setattr("conformance.mutation.prove_server.trial", tried)
    lines: List[str] = []
    mutants = [find_mutant(name) for name in found]
    failed, killers = kill_all(mutants, in_order, TIMEOUT, lines.append)
    assert failed == [
        "server-one-request-id survived: all responses have the same request id",
        "server-any-key cannot be loaded: it does not start",
    ]
    assert killers == {"srv-date"}
    assert lines[0].split() == ["FAIL", "SRV-044", "server-wrong-date", "srv-date"]
    monkeypatch.setattr(prove, "not_passed", lambda timeout: [])
    with pytest.raises(ProofFailed, match="the checks do not kill every mutant .*2 problems"):
        prove_servers(mutants, {}, 2, TIMEOUT, lines.append)
    assert "3 mutants of the endpoint, 1 killed" in lines
    prove_servers(mutants[:1], {}, 2, TIMEOUT, lines.append)
    monkeypatch.setattr(prove, "not_passed", lambda timeout: ["srv-date FAIL"])
    with pytest.raises(ProofFailed, match="the endpoint itself does not pass.*srv-date FAIL"):
        prove_servers(mutants[:1], {}, 2, TIMEOUT, lines.append)
