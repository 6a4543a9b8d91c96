# SPDX-License-Identifier: MIT
"""Tests of conformance/testing/replies.py: what each reply sends, and what is rejected."""

import json
from typing import Any, Callable, List

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.testing import (
    Endpoint,
    cut,
    djl,
    error,
    lines,
    lmi,
    model_error,
    openai,
    pause,
    scenario,
    slow,
    sse,
    stall,
    stream_error,
    tgi,
)
from conformance.testing.replies import Failure, Frame, Reply, answer_of, response_of
from refimpl.errors import Error, NetworkError, UsageError
from refimpl.shapes import ModelError, ModelStreamError
from refimpl.text.extraction import ModelText, deltas_of, parse_extraction
from tests.conformance.endpoint.client import (  # noqa: F401
    nothing_is_left_running,
)
from tests.conformance.testing.calls import called, client_of, text_of, whole


def payload_of(reply: Reply) -> bytes:
    return b"".join([item for item in reply.items if isinstance(item, bytes)])


@pytest.mark.parametrize(
    "reply, preset, finish",
    [
        (openai("Hel", "lo"), "openai", "stop"),
        (openai("Hel", "lo", finish_reason="length", usage=True), "openai", "length"),
        (tgi("Hel", "lo"), "tgi", "eos_token"),
        (lmi("Hel", "lo"), "lmi", "eos_token"),
        (djl("Hel", "lo"), "djl", None),
        (sse("Hel", "lo"), "openai", None),
    ],
)
def test_the_replies_are_those_of_containers(reply: Reply, preset: str, finish: Any) -> None:
    model_text = ModelText(parse_extraction(preset))
    deltas = deltas_of([payload_of(reply)], model_text)
    assert "".join([delta.text for delta in deltas]) == "Hello"
    assert model_text.summary.finish_reason == finish
    with Endpoint() as endpoint:
        endpoint.on("llm", reply)
        response, parts = called(endpoint)
        assert parts == [item for item in reply.items if isinstance(item, bytes)]
        assert response.content_type == reply.content_type


def test_the_documents_of_containers_answer_invoke_endpoint() -> None:
    with Endpoint() as endpoint:
        endpoint.on("openai", openai("Grü", "ße"))
        endpoint.on("tgi", tgi("Grü", "ße"))
        endpoint.on("lmi", lmi("Grü", "ße"), custom_attributes="a=b", variant="Other")
        endpoint.on("sse", sse("Hel", end=None))
        endpoint.on("cut", cut(openai("Hel", "lo"), after=1))
        status, headers, body = whole(endpoint, "openai")
        assert (status, headers["content-type"]) == (200, "application/json")
        assert json.loads(body)["choices"][0]["message"]["content"] == "Grüße"
        assert json.loads(whole(endpoint, "tgi")[2]) == [{"generated_text": "Grüße"}]
        _, headers, _ = whole(endpoint, "lmi")
        assert headers["x-amzn-sagemaker-custom-attributes"] == "a=b"
        assert headers["x-amzn-invoked-production-variant"] == "Other"
        assert "x-amzn-sagemaker-content-type" not in headers
        assert whole(endpoint, "sse")[2] == payload_of(sse("Hel", end=None))
        _, headers, body = whole(endpoint, "cut")
        assert len(body) < int(headers["content-length"])


def test_lines_and_events_of_any_data() -> None:
    assert (
        payload_of(lines("a", b"b", {"c": "é"}, 1, None)) == 'a\nb\n{"c": "é"}\n1\nnull\n'.encode()
    )
    assert payload_of(sse({"a": 1}, b"x\ny", end=None)) == b'data: {"a": 1}\n\ndata: x\ndata: y\n\n'
    assert openai({"reasoning_content": "hm"}).items[1].count(b'{"reasoning_content": "hm"}') == 1
    assert len(openai("a", finish_reason=None, done=False).items) == 2


@pytest.mark.parametrize(
    "make",
    [
        lambda: sse(1),
        lambda: openai(None),  # type: ignore[arg-type]
        lambda: tgi(b"a"),  # type: ignore[arg-type]
        lambda: lines(object()),
        lambda: error(200),
        lambda: error("503"),  # type: ignore[arg-type]
        lambda: model_error("out of memory"),  # type: ignore[arg-type]
        lambda: model_error(500, b"no"),  # type: ignore[arg-type]
        lambda: cut(lambda request: "a"),
        lambda: cut(sse("a"), after=3),
        lambda: cut(sse("a"), at=10**6),
        lambda: cut(sse("a"), after=1, at=1),
        lambda: cut(sse("a"), framing="raw"),
        lambda: stall(sse("a"), after=-1),
        lambda: slow(sse("a"), -1),
        lambda: pause(float("nan")),
        lambda: pause(True),
        lambda: scenario("eror-424"),
    ],
)
def test_wrong_arguments_are_rejected(make: Callable[[], Any]) -> None:
    with pytest.raises(UsageError, match="expected"):
        make()


@pytest.mark.parametrize(
    "value, words",
    [
        (1, "int"),
        (None, "NoneType"),
        (object(), "object"),
        ([b"a", 2], "int"),
        (iter([b"a"]), "only the first call could play"),
        ((x for x in [b"a"]), "only the first call could play"),
    ],
)
def test_values_that_are_no_replies_are_rejected(value: Any, words: str) -> None:
    with pytest.raises(UsageError, match="the reply of 'llm'") as caught:
        answer_of((value,), "the reply of 'llm'")
    assert words in str(caught.value)


def test_a_stream_of_all_kinds_of_items() -> None:
    with Endpoint() as endpoint:
        endpoint.on("llm", b"a", "é", {"b": 1}, [bytearray(b"c"), sse(b"d", end=None)], pause(0))
        assert called(endpoint)[1] == [b"a", "é".encode(), b'{"b": 1}', b"c", b"data: d\n\n"]


# ---- failures ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "failure, code, status",
    [
        (error(503), "ServiceUnavailable", 503),
        (error(500, message="m"), "InternalFailure", 500),
        (error(429), "ThrottlingException", 429),
        (error(400, "Mine", "m"), "Mine", 400),
        (error(418), "ValidationError", 418),
        (error(599), "InternalFailure", 599),
    ],
)
def test_service_errors(failure: Failure, code: str, status: int) -> None:
    with Endpoint() as endpoint:
        endpoint.on("llm", failure)
        with pytest.raises(Error) as caught:
            called(endpoint)
        assert (caught.value.code, caught.value.status) == (code, status)
        assert failure.message in str(caught.value)
        assert whole(endpoint)[0] == status


def test_a_model_error_before_and_inside_a_stream() -> None:
    with Endpoint() as endpoint:
        endpoint.on("llm", model_error(507, "out of memory"))
        with pytest.raises(ModelError) as refused:
            called(endpoint)
        assert refused.value.original_status_code == 507
        assert refused.value.original_message == "out of memory"
        assert 'Received server error (507) from primary with message "out of' in str(refused.value)
        for failing in (model_error(500, "late"), stream_error("late"), error(424, message="late")):
            endpoint.on("llm", b"a", failing)
            with pytest.raises(ModelStreamError, match="late") as caught:
                called(endpoint)
            assert caught.value.error_code == "StreamBroken"
            status, _, body = whole(endpoint)
            assert status == 424 and json.loads(body)["OriginalMessage"] == "late"
        endpoint.on("llm", b"a", error(500, message="oops"))
        with pytest.raises(Error, match="InternalStreamFailure: oops"):
            called(endpoint)
        assert whole(endpoint)[0] == 500


# ---- streams that break ------------------------------------------------------------------------


def parts_before_error(endpoint: Endpoint) -> Any:
    parts: List[bytes] = []
    client = client_of(endpoint, read_timeout=0.4)
    with client.invoke_endpoint_with_response_stream(endpoint_name="llm", body=b"") as response:
        try:
            for event in response.body:
                parts.append(event.bytes)
        except Error as problem:
            return parts, problem.kind
    return parts, ""


@pytest.mark.parametrize("framing", ["chunked", "length", "close"])
@pytest.mark.parametrize("reset", [False, True])
def test_a_cut_stream(framing: str, reset: bool) -> None:
    reply = ["one ", "two ", "three "]
    broken = ("truncated", "truncated") if not reset else ("truncated", "network")
    with Endpoint() as endpoint:
        endpoint.on("llm", cut(reply, framing=framing, reset=reset))
        parts, kind = parts_before_error(endpoint)
        assert (parts, kind in broken) == ([b"one ", b"two "], True)
        for after in range(4):
            endpoint.on("llm", cut(reply, after=after, framing=framing, reset=reset))
            parts, kind = parts_before_error(endpoint)
            assert len(parts) == after
            is_complete = (framing, after) == ("length", 3) or (framing == "close" and not reset)
            assert (kind == "") == is_complete


@pytest.mark.slow
def test_a_stream_is_cut_at_every_byte() -> None:
    data = b"".join(map(bytes, response_of(answer_of((["a", "b"],), ""), {}).steps))  # type: ignore[arg-type]
    for at in range(len(data) + 1):
        made = cut(["a", "b"], at=at)
        end = made.items.index("close")  # type: ignore[arg-type]
        sent = b"".join(made.items[:end])  # type: ignore[arg-type]
        assert sent == data[:at]
        assert b"".join([item for item in made.items if isinstance(item, Frame)]) == data


@pytest.mark.slow
def test_a_stalled_stream_times_out_after_its_parts() -> None:
    with Endpoint() as endpoint:
        endpoint.on("llm", stall(["one ", "two "], after=1))
        assert parts_before_error(endpoint) == ([b"one "], "timeout")
        endpoint.on("llm", stall(["one "]))
        assert parts_before_error(endpoint) == ([b"one "], "timeout")


def test_a_slow_stream_takes_its_time_at_any_pace() -> None:
    class Watching(Endpoint):
        pauses: List[Any] = []

        def pause(self, seconds: float, exact: bool = False) -> None:
            self.pauses.append((seconds, exact))

    with Watching(pace=0, latency=0) as endpoint:
        endpoint.on("llm", slow(["a", "b", "c"], 7, first=9))
        assert text_of(endpoint) == b"abc"
        assert endpoint.pauses == [(9, True), (7, True), (7, True)]


@pytest.mark.slow
def test_a_scenario_of_the_catalogue() -> None:
    with Endpoint() as endpoint:
        endpoint.on("llm", scenario("model-stream-error-after-2"))
        with pytest.raises(ModelStreamError):
            called(endpoint)
        endpoint.on("llm", scenario("stall-before-head"))
        client = client_of(endpoint, read_timeout=0.3)
        with pytest.raises(NetworkError):
            client.invoke_endpoint_with_response_stream(endpoint_name="llm", body=b"")


# ---- properties --------------------------------------------------------------------------------

PARTS = st.lists(st.one_of(st.binary(max_size=40), st.text(max_size=20)), max_size=6)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(PARTS, st.booleans())
def test_any_parts_arrive_unchanged_in_both_operations(parts: List[Any], is_function: bool) -> None:
    wanted = [item if isinstance(item, bytes) else item.encode("utf-8") for item in parts]
    with Endpoint() as endpoint:
        endpoint.on("llm", (lambda request: iter(parts)) if is_function else parts)
        assert called(endpoint)[1] == wanted
        assert whole(endpoint)[2] == b"".join(wanted)


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary()),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=5,
    )
)
def test_any_value_is_a_reply_or_rejected(value: Any) -> None:
    try:
        answer = answer_of((value,), "the reply")
    except UsageError as problem:
        assert "the reply" in str(problem) or "JSON" in str(problem)
    else:
        assert isinstance(answer, Reply)
        assert isinstance(response_of(answer, {}).headers, tuple)
