# SPDX-License-Identifier: MIT
"""Compare the retry cases with the published scenarios and with botocore.

The reference must decide as each of the six published scenarios of the standard mode says. botocore
must agree with the cases about the failures, codes and statuses that are retried.
DIFFERENT lists where it does not.
"""

import json
from typing import Any, Dict, List

import pytest

from authoring import rty
from conformance.adapters.refimpl import OPERATIONS
from conformance.protocol.messages import answer_question
from tests.support import corpora

CASES = {case["id"]: case for case in rty.DECIDE.cases}
KEYS = ("outcome", "retry_quota", "delay", "clock_offset")


def refimpl_decides(given: Dict[str, Any]) -> List[Dict[str, Any]]:
    answer = answer_question({"op": "retry.decide", "input": given}, OPERATIONS)
    assert answer["status"] == "ok", answer
    return [
        {key: outcome[key] for key in KEYS if outcome.get(key) is not None}
        for outcome in answer["output"]["outcomes"]
    ]


def test_refimpl_gives_the_expected_output() -> None:
    for name, case in CASES.items():
        assert refimpl_decides(case["input"]) == case["expect"]["output"]["outcomes"], name


def test_refimpl_agrees_with_the_published_scenarios() -> None:
    paths = sorted(corpora("retry").glob("*.json"))
    assert len(paths) == 6
    for path in paths:
        scenario = json.loads(path.read_text(encoding="utf-8"))
        given = {
            "given": scenario["given"],
            "responses": [step["response"] for step in scenario["responses"]],
        }
        expected = [step["expected"] for step in scenario["responses"]]
        assert refimpl_decides(given) == expected, path.name


# botocore retries after time-outs and lost connections, and does not read the other rules' input.
DIFFERENT = {
    "rty-network-after-send",
    "rty-timeout-after-send",
    "rty-model-error-allowed",
    # It gives an error response in a 200 no special treatment, and the code is not in its list.
    "rty-error-in-200",
    *(f"rty-error-in-{code}" for code in (201, 299)),
    # Its list has codes of other services.
    "rty-not-code-provisionedthroughputexceededexception",
    "rty-not-code-bandwidthlimitexceeded",
    "rty-not-code-slowdown",
    "rty-not-code-requestthrottled",
    # HTTP-038 has more codes than its list, and status 530.
    "rty-code-internaldependencyexception",
    "rty-code-internalfailure",
    "rty-code-internalserverexception",
    "rty-code-modelnotreadyexception",
    "rty-code-serviceunavailable",
    "rty-code-serviceunavailableexception",
    "rty-status-530",
    # A retry costs it 14 tokens, so its quota ends first.
    "rty-backoff-of-very-many",
    # It decides by the status.
    "rty-model-error-500",
    "rty-model-error-503",
    "rty-network-after-send-model-errors",
    "rty-timeout-after-send-model-errors",
    "rty-model-error-in-200",
    "rty-model-error-in-299",
}


@pytest.fixture(scope="module")
def operation() -> Any:
    session = pytest.importorskip("botocore.session").get_session()
    model = session.get_service_model("sagemaker-runtime")
    return model.operation_model("InvokeEndpointWithResponseStream")


def botocore_outcomes(case: Dict[str, Any], operation: Any) -> List[str]:
    from botocore.awsrequest import AWSResponse
    from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError
    from botocore.retries import quota, standard

    given = case["input"]["given"]
    adapter = standard.RetryEventAdapter()
    tokens = quota.RetryQuota(given.get("initial_retry_tokens", 500))
    tokens._available_capacity = given.get("retry_tokens", tokens._available_capacity)
    checker = standard.RetryQuotaChecker(tokens, standard.ThrottlingErrorDetector(adapter))
    conditions = standard.StandardRetryConditions(max_attempts=given.get("max_attempts", 3))
    request_context: Dict[str, Any] = {}
    outcomes = []
    for attempt, response in enumerate(case["input"]["responses"], 1):
        http = parsed = caught = None
        if "failure" in response:
            kind = ConnectTimeoutError if response["failure"] == "timeout" else None
            caught = (kind or EndpointConnectionError)(endpoint_url="https://a.example")
        else:
            http = AWSResponse("https://a.example", response["status_code"], {}, None)
            parsed = {"Error": {"Code": response["code"]}} if "code" in response else {}
        context = standard.RetryContext(
            attempt_number=attempt,
            operation_model=operation,
            http_response=http,
            parsed_response=parsed,
            caught_exception=caught,
            request_context=request_context,
        )
        if "failure" not in response and response["status_code"] < 300:
            outcomes.append("success")
        elif not conditions.is_retryable(context):
            outcomes.append("ends")
        else:
            outcomes.append("retry_request" if checker.acquire_retry_quota(context) else "ends")
    return outcomes


def test_botocore_agrees_about_what_is_retried(operation: Any) -> None:
    compared = 0
    for name, case in CASES.items():
        given = case["input"]["given"]
        if "RTY-008" in case["rules"] or name in DIFFERENT or "retry_after_send" in given:
            continue
        if "initial_retry_tokens" in given:
            continue  # botocore takes other numbers of tokens
        expected = [
            outcome["outcome"] if outcome["outcome"] in ("success", "retry_request") else "ends"
            for outcome in case["expect"]["output"]["outcomes"]
        ]
        assert botocore_outcomes(case, operation) == expected, name
        compared += 1
    assert compared > 30
