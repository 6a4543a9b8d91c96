# SPDX-License-Identifier: MIT
"""Tests of conformance/servers/catalogue.py, and of all checks against the correct endpoint.

`conformance prove` shows that each check detects a server that breaks its rule.
"""

import re

import pytest

from conformance.cases.rules import load_rules
from conformance.run.verdicts import FAIL, PASS, UNSUPPORTED
from conformance.servers.catalogue import CHECKS, OPERATION, case_of, checks_by_rule
from conformance.servers.judging import run_checks
from conformance.servers.subject import Names
from conformance.servers.verdicts import NEEDS
from tests.conformance.servers.subjects import served, subject_at

RULES = load_rules()


def test_ids_rules_and_needs() -> None:
    ids = [check.id for check in CHECKS]
    assert len(set(ids)) == len(ids) > 40
    for check in CHECKS:
        assert re.fullmatch(r"srv(-[a-z0-9]+)+", check.id)
        assert check.rules and set(check.rules) <= set(RULES)
        assert check.title and check.why and set(check.needs) <= set(NEEDS)
        case = case_of(check)
        assert (case.id, case.op, case.rules) == (check.id, OPERATION, check.rules)


def test_each_rule_of_the_chapter_has_a_check() -> None:
    assert set(checks_by_rule()) == {name for name in RULES if name.startswith("SRV-")}


def test_each_rule_says_whether_the_service_does_so() -> None:
    for name, rule in RULES.items():
        if name.startswith("SRV-"):
            known = "The public service is known to do so." in rule.text
            unknown = "Whether the public service does so is not known." in rule.text
            assert known != unknown, name


@pytest.mark.slow
def test_the_endpoint_passes_each_check() -> None:
    with served() as endpoint:
        run = run_checks(subject_at(endpoint.url), CHECKS, lambda *step: None)
    words = {result.case.id: result.verdict for result in run.results}
    assert {name: found for name, found in words.items() if found.word != PASS} == {}


@pytest.mark.slow
def test_nothing_is_judged_that_was_not_supplied() -> None:
    with served(session_token=None) as endpoint:
        subject = subject_at(endpoint.url, Names(), verifies=False)
        run = run_checks(subject, CHECKS, lambda *step: None)
    words = {result.case.id: result.verdict.word for result in run.results}
    for check in CHECKS:
        assert (words[check.id] == UNSUPPORTED) == bool(check.needs), check.id
    assert FAIL not in words.values()
