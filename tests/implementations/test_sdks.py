# SPDX-License-Identifier: MIT
"""Tests of the adapters of the SDKs for Go, Rust and Java: the verdicts on some cases.

Each operation has some cases that all three pass, and the cases of the most serious rows of
docs/divergences. The verdicts must also be those of the committed reports. After a change of a
version, run all cases again and update the table, the reports and the pages.
"""

from functools import lru_cache
from typing import Any, Dict

import pytest

from conformance.cases.scenarios import scenario_cases
from conformance.implementations.matrix import kept_path
from conformance.implementations.registry import environment_of
from conformance.report.json_report import entries_of, read_report
from conformance.run.runner import Run, Runner
from tests.implementations import installed
from tests.support import committed_cases

pytestmark = pytest.mark.slow

SDKS = ("go", "rust", "java")

OPERATIONS = {
    "sigv4.sign",
    "sigv4.presign",
    "eventstream.decode",
    "eventstream.encode",
    "http.request",
    "http.response",
    "endpoint.resolve",
    "invoke",
}

# What Go, Rust and Java come to: P pass, A acceptable, F fail, U unsupported.
EXPECTED = {
    "end-us-east-1-default": "PPP",
    "end-us-east-1-fips": "PPP",
    "end-region-refused-dot": "FFF",
    "evs-frame-shortest": "PPP",
    "evs-type-string": "PPF",
    "evs-truncated-at-12": "FFF",
    "evs-truncated-at-13": "FPF",
    "evs-total-length-15": "FFF",
    "evs-header-type-10": "PPP",
    "evs-duplicate-header": "FFF",
    "evs-utf8-ff-in-value": "FPF",
    "evs-encode-payload": "PPP",
    "evs-encode-int8": "PPF",
    "evs-encode-int64": "PPP",
    "evs-encode-timestamp": "FPP",
    "http-request-smallest": "PPP",
    "http-request-member-all": "PPP",
    "http-request-body-binary": "PPP",
    "http-stream": "PPP",
    "http-part-content-type-none": "PFP",
    "http-incomplete-behind-three": "FPP",
    "http-no-stream-json": "FFF",
    "http-request-pattern-endpoint-name-arn": "AAA",
    "http-request-pattern-endpoint-name-dots": "FFF",
    "http-xml-root": "FAA",
    "sig-method-post": "APP",
    "sig-path-dots": "FPP",
    "sig-path-dots-last": "FFP",
    "sig-query-semicolon": "FPF",
    "sig-value-tab": "FFP",
    "sig-presign-smallest": "PPP",
    "sig-presign-replaces-x-amz-signature": "FFF",
    "invoke-default": "PPP",
    "invoke-truncated-chunked-at-57": "FPF",
    "invoke-truncated-length-at-57": "FPP",
    "invoke-part-without-type": "PFP",
    "invoke-early-hints-before": "PPF",
    "invoke-error-message": "PFP",
    "sig-verify-good": "UUU",
}
LETTERS = {"P": "PASS", "A": "ACCEPTABLE", "F": "FAIL", "U": "UNSUPPORTED"}


@pytest.fixture(params=SDKS)
def name(request: Any) -> str:
    return str(installed(request.param).name)


@lru_cache(maxsize=None)
def run_of(name: str) -> Run:
    found = installed(name)
    cases = {case.id: case for case in committed_cases() + scenario_cases()}
    return Runner(found.command, jobs=1, environment=environment_of(found)).run(
        [cases[case_id] for case_id in EXPECTED]
    )


@lru_cache(maxsize=None)
def report_of(name: str) -> Dict[str, Any]:
    return read_report(kept_path(name))


@pytest.mark.parametrize("name", SDKS)
def test_the_committed_report(name: str) -> None:
    assert set(report_of(name)["implementation"]["operations"]) == OPERATIONS
    assert report_of(name)["totals"]["PASS"] > 800


def test_it_says_what_it_is_and_passes_the_smoke_test(name: str) -> None:
    said = run_of(name).implementation
    assert said.language == name and set(said.operations) == OPERATIONS


def test_it_comes_to_these_verdicts(name: str) -> None:
    came = {result.case.id: result.verdict.word for result in run_of(name).results}
    assert came == {
        case_id: LETTERS[letters[SDKS.index(name)]] for case_id, letters in EXPECTED.items()
    }


def test_a_fresh_run_comes_to_what_is_recorded(name: str) -> None:
    if run_of(name).implementation.version != report_of(name)["implementation"]["version"]:
        pytest.skip(f"recorded with {report_of(name)['implementation']['version']}")
    recorded = entries_of(report_of(name), [result.case for result in run_of(name).results])
    verdicts = {result.case.id: result.verdict.word for result in run_of(name).results}
    assert verdicts == {case_id: recorded[case_id]["verdict"] for case_id in verdicts}
