# SPDX-License-Identifier: MIT
"""Tests of conformance/endpoint/pacing.py: the endpoint waits for the progress of a client."""

import threading
from typing import List

from conformance.endpoint.pacing import Lapse, Pacing
from conformance.endpoint.scenarios.build import FRAMES, stream
from conformance.endpoint.scenarios.model import Expect, Scenario, Turn
from conformance.endpoint.scenarios.progress import in_turn
from conformance.endpoint.server import Endpoint
from refimpl import Client, Credentials, Response

LONG, SHORT = 30.0, 0.05


def waiting(pacing: Pacing, sent: int) -> threading.Thread:
    thread = threading.Thread(target=pacing.wait, args=(sent,), daemon=True)
    thread.start()
    return thread


def test_a_wait_ends_with_the_report() -> None:
    pacing = Pacing(LONG)
    pacing.report(1)
    pacing.wait(1)
    thread = waiting(pacing, 2)
    pacing.report(2)
    thread.join(LONG)
    assert not thread.is_alive() and pacing.lapse is None and pacing.impossible is None


def test_only_the_first_lapse_takes_time() -> None:
    pacing = Pacing(SHORT)
    pacing.report(1)
    pacing.wait(3)
    pacing.hold = LONG
    pacing.wait(4)
    assert pacing.lapse == Lapse(3, 1)


def test_the_end_of_a_call_is_not_a_lapse() -> None:
    pacing = Pacing(LONG)
    thread = waiting(pacing, 1)
    pacing.end()
    thread.join(LONG)
    pacing.wait(2)
    assert not thread.is_alive() and pacing.lapse is None


def test_an_event_that_was_not_sent() -> None:
    pacing = Pacing(LONG)
    pacing.report(3)
    pacing.wait(2)
    pacing.wait(3)
    assert pacing.impossible == Lapse(2, 3)


# ---- over a socket -----------------------------------------------------------------------------

SCENARIO = Scenario("paced", expect=Expect("ok"), response=stream(*in_turn(FRAMES)))


def called(endpoint: Endpoint) -> Response:
    client = Client(
        region="us-east-1",
        endpoint_url=endpoint.url,
        credentials=Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        environment={},
    )
    return client.invoke_endpoint_with_response_stream(endpoint_name="paced", body=b"{}")


def test_the_endpoint_sends_a_part_after_the_progress_with_the_one_before() -> None:
    pacing, sent = Pacing(LONG), []
    endpoint = Endpoint(scenarios={"paced": SCENARIO})
    with endpoint, endpoint.paced("paced", pacing), called(endpoint) as response:
        for count, _ in enumerate(response.body, 1):
            sent.append(endpoint.calls[0].frames_sent)
            pacing.report(count)
    assert sent == [1, 2, 3] and pacing.lapse is None


def test_without_progress_the_endpoint_does_not_wait() -> None:
    with Endpoint(scenarios={"paced": SCENARIO}) as endpoint:
        with endpoint.paced("another", Pacing(LONG)), called(endpoint) as response:
            assert len(response.collect().body) == 3
        with called(endpoint) as response:
            assert len(response.collect().body) == 3


def test_frames_in_turn() -> None:
    steps: List[object] = list(in_turn([b"a", b"b"]))
    assert steps == [b"a", 1, b"b", 2] and isinstance(steps[1], Turn)
