# SPDX-License-Identifier: MIT
"""The cases of the operation `invoke`: one for each scenario of the endpoint's catalogue.

The adapter calls the endpoint, and the name of the called endpoint selects the scenario.
"""

import base64
from typing import List

from conformance.cases.case import Case, Document
from conformance.endpoint.scenarios import examples
from conformance.endpoint.scenarios.model import Acceptable, Expect, Scenario

# Scenarios of which the kind of the rejection is the point (see Case.decides), and timeouts.
_DECIDED_BY_KIND = (
    "close-before-head",
    "error-413-early",
    "error-then-stall",
    "error-truncated",
    "exception-type-missing",
    "exception-without-document",
    "header-type-unknown",
    "http-head-cut-before-empty-line",
    "http-head-cut-short",
    "http-switching-protocols",
    "http-switching-protocols-before",
    "prelude-crc-then-stall",
    "redirect-301",
    "redirect-302",
    "redirect-303",
    "redirect-307",
    "redirect-308",
    "redirect-nowhere",
    "reset-before-head",
    "total-length-0",
    "total-length-15",
    "total-length-max",
    "total-length-max-then-stall",
)

REQUEST_BODY = b'{"inputs": "Hi"}'  # of every `invoke` case


def scenario_cases() -> List[Case]:
    """Return the cases of all scenarios."""
    return [scenario_case(scenario) for scenario in examples()]


def scenario_case(scenario: Scenario) -> Case:
    """Return the case of a scenario."""
    given = {
        "EndpointName": scenario.name,
        "ContentType": "application/json",
        "Body": _request_body(scenario),
    }
    return Case(
        "invoke-" + scenario.name,
        scenario.title,
        scenario.rules,
        "MUST",
        "invoke",
        _input(scenario, given),
        ("whole",),
        _expect(scenario.expect),
        tuple(_acceptable(other) for other in scenario.acceptable),
        tuple("invoke-" + name for name in scenario.needs),
        "a correct client must " + scenario.must,
        scenario.since,
        "derived",
        "invoke",
        "kind" if _is_decided_by_kind(scenario) else "",
    )


def _input(scenario: Scenario, given: Document) -> Document:
    """Return the input of a case: the members of the call, and the read time-out if it has one."""
    if scenario.read_timeout is None:
        return {"input": given}
    return {"input": given, "read_timeout": scenario.read_timeout}


def _request_body(scenario: Scenario) -> object:
    """Return the body of a case's request, in base64 or described."""
    if scenario.request_size:
        return {"random": scenario.name, "bytes": scenario.request_size}
    return _base64(REQUEST_BODY)


def _is_decided_by_kind(scenario: Scenario) -> bool:
    return scenario.expect.kind == "timeout" or scenario.name in _DECIDED_BY_KIND


def _acceptable(other: Acceptable) -> Document:
    return {"expect": _expect(other.expect), "why": other.why, "divergence": other.divergence}


def _expect(wanted: Expect) -> Document:
    output: Document = {} if wanted.output is None else {"output": dict(wanted.output)}
    output["events"] = [{"PayloadPart": {"Bytes": _base64(part)}} for part in wanted.parts]
    if wanted.status == "ok":
        return {"status": "ok", "output": output}
    kind: object = [wanted.kind, *wanted.also] if wanted.also else wanted.kind
    expect: Document = {"status": "reject", "kind": kind, "output": output}
    if wanted.code is not None:
        expect["code"] = wanted.code
    fields = dict(wanted.fields or {})
    if wanted.message is not None:
        fields["Message"] = wanted.message
    if fields:
        expect["fields"] = fields
    return expect


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
