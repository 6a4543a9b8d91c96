# SPDX-License-Identifier: MIT
"""Tests of conformance/cases/scenarios.py: the cases of the operation `invoke`."""

import json
from typing import Any, Dict

import pytest

from conformance.cases.case import to_document
from conformance.cases.questions import questions_of
from conformance.cases.scenarios import scenario_cases
from conformance.endpoint.scenarios import examples
from conformance.protocol.messages import to_bytes
from conformance.schema import faults
from tests.conformance.cases.folders import VECTORS


@pytest.mark.slow
def test_each_scenario_has_a_case() -> None:
    made = {case.id: case for case in scenario_cases()}
    assert list(made) == ["invoke-" + scenario.name for scenario in examples()]
    for scenario in examples():
        case = made["invoke-" + scenario.name]
        assert (case.rules, case.title, case.op, case.feature) == (
            scenario.rules,
            scenario.title,
            "invoke",
            "invoke",
        ) and case.rules
        assert case.expect["status"] == scenario.expect.status and case.why.endswith(scenario.must)
        assert [
            to_bytes(event["PayloadPart"]["Bytes"]) for event in case.expect["output"]["events"]
        ] == list(scenario.expect.parts)
        given: Dict[str, Any] = {
            "input": {
                "EndpointName": scenario.name,
                "ContentType": "application/json",
                "Body": "eyJpbnB1dHMiOiAiSGkifQ==",
            }
        }
        if scenario.read_timeout is not None:
            given["read_timeout"] = scenario.read_timeout
        if scenario.request_size:
            given["input"]["Body"] = questions_of(case)[0].input["input"]["Body"]
        assert questions_of(case)[0].input == given


def test_expectations_have_the_format_of_the_protocol() -> None:
    made = {case.id[7:]: case.expect for case in scenario_cases()}
    wanted = {scenario.name: scenario.expect for scenario in examples()}
    output = {"ContentType": "text/plain; charset=utf-8", "InvokedProductionVariant": "AllTraffic"}
    assert made["empty-stream"]["output"] == {"output": output, "events": []}
    for name, expect in made.items():
        if expect["status"] == "ok":
            assert set(expect) == {"status", "output"}
            continue
        kinds = expect["kind"] if isinstance(expect["kind"], list) else [expect["kind"]]
        assert tuple(kinds) == (wanted[name].kind,) + wanted[name].also
        assert expect.get("code") == wanted[name].code and ("output" in expect["output"]) == (
            wanted[name].output is not None
        )
        fields = dict(expect.get("fields", {}))
        assert fields.pop("Message", None) == wanted[name].message and fields == (
            wanted[name].fields or {}
        )
    assert any(isinstance(expect.get("kind"), list) for expect in made.values())


def test_acceptable_outcomes_of_a_scenario() -> None:
    made = {case.id[7:]: case.acceptable for case in scenario_cases()}
    assert {name for name, also in made.items() if also} == {
        scenario.name for scenario in examples() if scenario.acceptable
    }
    part = [{"PayloadPart": {"Bytes": text}} for text in ("b25lIA==", "dHdvIA==", "dGhyZWU=")]
    output = {"ContentType": "text/plain; charset=utf-8", "InvokedProductionVariant": "AllTraffic"}
    assert [other["expect"] for other in made["success-gzip"]] == [
        {"status": "ok", "output": {"output": output, "events": part}}
    ]
    assert made["redirect-301"] == (
        {
            "expect": {"status": "reject", "kind": "service_error", "output": {"events": []}},
            "why": "the client rejects it as an error response and does not follow it",
            "divergence": "DIV-005",
        },
    )


def test_the_cases_conform_to_the_schema() -> None:
    schema = json.loads((VECTORS / "schema.json").read_text(encoding="utf-8"))
    for case in scenario_cases():
        assert list(faults(to_document(case), schema["definitions"]["case"], schema)) == []
