# SPDX-License-Identifier: MIT
"""Tests of conformance/run/shown.py: which cases an application is asked, and how it is judged."""

from typing import Any, Dict, Sequence

import pytest

from conformance.cases.case import Case
from conformance.cases.questions import questions_of
from conformance.cases.scenarios import scenario_case
from conformance.endpoint.scenarios import examples, scenario_named
from conformance.endpoint.server import Call
from conformance.run.runner import BrokenAdapter, implementation_of
from conformance.run.shown import case_of_text
from conformance.run.verdicts import ACCEPTABLE, ADAPTER, FAIL, PASS, Verdict, judge

ALL = ("openai", "tgi", "djl", "lmi")
TEXT = "Gr\u00fc\u00dfe aus K\u00f6ln \U0001f642"


def asked(name: str, reads: Sequence[str] = ALL) -> Case:
    case = case_of_text(scenario_case(scenario_named(name)), reads)
    assert case is not None
    return case


def judged(name: str, answer: Dict[str, Any], strict: bool = False) -> Verdict:
    [question] = questions_of(asked(name))
    call = Call("POST", "/", (), b"", True, "", None, 0, 0)
    return judge(question, answer, {"Error": "*"}, [call], 2, strict)


def reject(text: str, **more: Any) -> Dict[str, Any]:
    return dict({"status": "reject", "kind": "Error", "output": {"shown": text}}, **more)


def ok(text: str) -> Dict[str, Any]:
    return {"status": "ok", "output": {"shown": text}}


@pytest.mark.parametrize("container", ALL)
@pytest.mark.parametrize("name", ["complete", "pings", "no-final-newline", "skipped-events"])
def test_a_complete_stream_has_the_text(container: str, name: str) -> None:
    assert judged(f"{container}-{name}", ok(TEXT)).word == PASS
    for wrong in (ok(TEXT[:-1]), ok(""), reject(TEXT), {"status": "ok", "output": {}}):
        assert judged(f"{container}-{name}", wrong).word == FAIL
    assert judged(f"{container}-{name}", {"status": "ok", "output": {"shown": 1}}).word == ADAPTER


@pytest.mark.parametrize(
    "name, text",
    [
        ("openai-error-object", TEXT[:-6]),
        ("lmi-only-an-error", ""),
        ("tgi-truncated-in-character", ""),
        ("openai-truncated-http", TEXT[:3]),
        ("lmi-truncated-http", TEXT[:6]),
    ],
)
def test_a_failure_must_be_reported_with_the_text_before_it(name: str, text: str) -> None:
    assert judged(name, reject(text)).word == PASS
    assert judged(name, ok(text)).word == FAIL
    assert judged(name, reject(text + "x")).word == FAIL


def test_a_missing_end_marker_may_be_reported() -> None:
    text = asked("openai-no-end-marker").expect["output"]["shown"]
    assert TEXT.startswith(text) and text
    assert judged("openai-no-end-marker", ok(text)).word == PASS
    found = judged("openai-no-end-marker", reject(text))
    assert (found.word, found.divergence) == (ACCEPTABLE, "DIV-022")
    assert judged("openai-no-end-marker", reject("")).word == FAIL


def test_details_of_an_error_may_be_absent_but_not_wrong() -> None:
    found = judged("error-424", reject(""))
    assert (found.word, found.not_judged) == (PASS, ("code", "fields", "kind"))
    case = asked("error-424")
    right = reject("", code=case.expect["code"], fields=case.expect["fields"])
    assert judged("error-424", right).not_judged == ("kind",)
    assert judged("error-424", reject("", code="Other")).word == FAIL
    assert judged("error-424", reject(""), strict=True).word == FAIL
    assert judged("error-424", ok("")).word == FAIL


def test_an_application_is_not_asked_what_it_cannot_read() -> None:
    assert case_of_text(scenario_case(scenario_named("default")), ALL) is None
    assert case_of_text(scenario_case(scenario_named("lmi-complete")), ("tgi",)) is None
    asks = [case_of_text(scenario_case(scenario), ("lmi",)) for scenario in examples()]
    for case in asks:
        if case is not None and not case.id.startswith("invoke-lmi-"):
            assert case.expect["status"] == "reject" and case.expect["output"] == {"shown": ""}
    assert sum(case is not None for case in asks) > 100


def test_hello_names_the_containers() -> None:
    hello = {
        "protocol": 2,
        "implementation": {"name": "a", "version": "1", "language": "b"},
        "operations": ["invoke"],
        "reads": ["lmi"],
    }
    assert implementation_of(hello).reads == ("lmi",)
    assert implementation_of(dict(hello, protocol=1)).reads == ()
    for wrong in ("lmi", ["nope"], [1], {"lmi": 1}):
        with pytest.raises(BrokenAdapter, match="reads"):
            implementation_of(dict(hello, reads=wrong))
