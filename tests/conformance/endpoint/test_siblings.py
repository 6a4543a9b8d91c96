# SPDX-License-Identifier: MIT
"""Tests of conformance/endpoint/siblings.py: InvokeEndpoint with the scenarios of the catalogue."""

import json

import pytest

from conformance.endpoint.scenarios.build import (
    FRAMES,
    error_message,
    exception,
    failure,
    part,
    raw,
    raw_frame,
    stream,
    unknown_event,
)
from conformance.endpoint.scenarios.model import Ending, Pause, Response
from conformance.endpoint.server import Endpoint
from conformance.endpoint.siblings import model_failure, whole_response
from tests.conformance.endpoint.client import (  # noqa: F401
    EXAMPLES,
    answer_of,
    endpoint_fixture,
    exchange,
    last,
    nothing_is_left_running,
    refused,
)
from tests.rows import for_each


def target(name: str) -> str:
    return f"/endpoints/{name}/invocations"


def test_a_stream_becomes_one_body_and_its_members_plain_headers(endpoint: Endpoint) -> None:
    status, headers, body = answer_of(exchange(endpoint, last(target("default"))))
    assert (status, headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert headers["x-amzn-invoked-production-variant"] == "AllTraffic"
    assert "x-amzn-sagemaker-content-type" not in headers and "transfer-encoding" not in headers
    assert body == b"".join(EXAMPLES["default"].expect.parts)
    (call,) = endpoint.calls
    assert (call.operation, call.endpoint_name) == ("InvokeEndpoint", "default")


@for_each("name", sorted(EXAMPLES))
def test_every_scenario_has_a_whole_response(name: str) -> None:
    scenario = EXAMPLES[name]
    response = whole_response(scenario.response)
    types = [value for key, value in response.headers if key.lower() == "content-type"]
    if response is not scenario.response:
        assert "application/vnd.amazon.eventstream" not in types
    if scenario.expect.status == "ok" and response.framing == "length" and response.cut is None:
        assert b"".join(step for step in response.steps if isinstance(step, bytes)) == b"".join(
            scenario.expect.parts
        )


@pytest.mark.parametrize(
    "step, status, code",
    [
        (exception("ModelStreamError", Message="m", ErrorCode="StreamBroken"), 424, "ModelError"),
        (exception("InternalStreamFailure", Message="m"), 500, "InternalFailure"),
        (error_message("Some", "m"), 500, "InternalFailure"),
        (raw_frame(flip_message_crc=1), 500, "InternalFailure"),
        (part(b"x")[:-1], 500, "InternalFailure"),
    ],
)
def test_a_broken_stream_becomes_an_error_response(step: bytes, status: int, code: str) -> None:
    response = whole_response(stream(FRAMES[0], step))
    assert response.status.startswith(str(status))
    assert any(value.startswith(code) for _, value in response.headers)


def test_errors_and_raw_bytes_stay_as_they_are() -> None:
    for response in (failure("503 X", "ServiceUnavailable"), raw(b"x"), Response()):
        assert whole_response(response) is response


def test_pauses_unknown_events_and_endings_are_kept() -> None:
    response = whole_response(stream(FRAMES[0], Pause(2), unknown_event(), FRAMES[1]))
    assert list(response.steps) == [2.0, b"one two "] and response.cut is None
    for how in (stream(*FRAMES, ending="reset"), stream(*FRAMES, Ending("reset"))):
        assert whole_response(how).ending == "reset"
    cut = whole_response(stream(*FRAMES, cut=len(FRAMES[0]) + 3, ending="close"))
    assert list(cut.steps) == [b"one two three"] and cut.cut == 4
    # The announced length is never reached.
    ended = whole_response(stream(FRAMES[0], Ending("close"), FRAMES[1]))
    assert list(ended.steps) == [b"one \n"] and (ended.cut, ended.ending) == (4, "close")


def test_the_asynchronous_sibling_is_refused(endpoint: Endpoint) -> None:
    wire = last("/endpoints/default/async-invocations")
    assert refused(endpoint, wire) == (
        400,
        "ValidationError",
        "Endpoint default of account 123456789012 is not an asynchronous endpoint.",
    )


def test_unknown_names_and_wrong_members_are_refused(endpoint: Endpoint) -> None:
    with Endpoint(pace=0) as strict:
        import time

        from refimpl.sigv4 import amz_date_of

        now = amz_date_of(time.time())
        assert refused(strict, last(target("nope"), date=now))[2].endswith("not found.")
    headers = [("Accept", "é".encode().decode("latin-1"))]
    assert "at 'accept' failed" in refused(endpoint, last(target("default"), headers=headers))[2]
    # This header belongs to the streaming operation.
    headers = [("X-Amzn-SageMaker-Accept", "x" * 2000)]
    assert answer_of(exchange(endpoint, last(target("default"), headers=headers)))[0] == 200


def test_the_words_of_a_model_error() -> None:
    body = json.loads(b"".join(model_failure(400, "no").steps))  # type: ignore[arg-type]
    assert body["Message"].startswith('Received client error (400) from primary with message "no".')
    assert body["OriginalStatusCode"] == 400 and body["LogStreamArn"].startswith("arn:aws:logs:")
