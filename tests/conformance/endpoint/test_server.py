# SPDX-License-Identifier: MIT
"""Tests of conformance/endpoint/server.py: bytes on the wire, calls, log, boto3 as a client."""

import os
import re
import socket
from email.utils import formatdate
from typing import Any, Callable, Iterator, List, Optional

import pytest

from conformance.endpoint import server as endpoint_module
from conformance.endpoint.checks import ACCESS_KEY, SECRET_KEY
from conformance.endpoint.play import script
from conformance.endpoint.request import (
    Request,
)
from conformance.endpoint.scenarios.build import FRAMES, ok, part, raw, stream
from conformance.endpoint.scenarios.model import Response, Scenario
from conformance.endpoint.scenarios.streams import DEFAULT
from conformance.endpoint.server import Call, Endpoint, FrameCounter
from refimpl.errors import UsageError
from refimpl.sigv4 import Credentials
from tests.conformance.endpoint.client import (  # noqa: F401
    EXAMPLES,
    NOW,
    answer_of,
    connected,
    endpoint_fixture,
    exchange,
    last,
    nothing_is_left_running,
    path,
    read_exactly,
    request,
    wait_for_call,
)
from tests.rows import for_each
from tests.support import pieces

# ---- bytes on the wire --------------------------------------------------------------------------

OWN = (
    rb"x-amzn-RequestId: [0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\r\n"
    rb"Date: Sun, 30 Aug 2015 12:36:00 GMT\r\n"
)
STREAM = (
    b"Content-Type: application/vnd.amazon.eventstream\r\n"
    b"X-Amzn-SageMaker-Content-Type: text/plain; charset=utf-8\r\n"
    b"x-Amzn-Invoked-Production-Variant: AllTraffic\r\n"
)


def matches(wire: bytes, *expected: bytes) -> bool:
    """Return whether wire is a status line, the endpoint's own headers, then the expected bytes."""
    return (
        re.match(
            re.escape(expected[0]) + OWN + re.escape(b"".join(expected[1:])) + rb"\Z",
            wire,
            re.DOTALL,
        )
        is not None
    )


def test_the_default_answer_byte_by_byte(endpoint: Endpoint) -> None:
    wire = exchange(endpoint, last(path("llm")))
    tokens = [
        b"Every ",
        b"frame ",
        b"carries ",
        b"two ",
        b"checksums, ",
        b"so ",
        b"a ",
        b"stream ",
        b"that ",
        b"breaks ",
        b"is ",
        b"a ",
        b"stream ",
        b"that ",
        b"says ",
        b"so.",
    ]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part(token)), part(token)) for token in tokens)
    assert matches(
        wire,
        b"HTTP/1.1 200 OK\r\n",
        b"Connection: close\r\n",
        STREAM,
        b"Transfer-Encoding: chunked\r\n\r\n",
        chunks,
        b"0\r\n\r\n",
    )


def test_the_default_answer_with_content_length_and_until_close(endpoint: Endpoint) -> None:
    body = b"".join(part(token) for token in DEFAULT.expect.parts)
    length = b"Content-Length: %d\r\n\r\n" % len(body)
    closing = b"Connection: close\r\n"
    assert matches(
        exchange(endpoint, last(path("default-length"))),
        b"HTTP/1.1 200 OK\r\n",
        closing,
        STREAM,
        length,
        body,
    )
    assert matches(
        exchange(endpoint, request(path("default-close"))),
        b"HTTP/1.1 200 OK\r\n",
        closing,
        STREAM,
        b"\r\n",
        body,
    )


def test_a_service_error_byte_by_byte(endpoint: Endpoint) -> None:
    assert matches(
        exchange(endpoint, last(path("error-429"))),
        b"HTTP/1.1 429 Too Many Requests\r\n",
        b"Connection: close\r\n",
        b"Content-Type: application/json\r\nx-amzn-ErrorType: ThrottlingException:"
        b"http://internal.amazon.com/coral/com.amazon.coral.service/\r\nContent-Length: 28\r\n\r\n",
        b'{"message": "Rate exceeded"}',
    )


def test_a_redirect_leads_to_the_endpoint_s_other_name(endpoint: Endpoint) -> None:
    status, headers, body = answer_of(exchange(endpoint, last(path("redirect-307"))))
    assert (status, body) == (307, b"")
    assert headers["location"] == endpoint.url.replace("127.0.0.1", "localhost") + path(
        "redirected"
    )


@pytest.mark.slow
@for_each("name", sorted(EXAMPLES))
def test_every_scenario_is_written_and_ended_as_it_says(endpoint: Endpoint, name: str) -> None:
    before = len(endpoint.calls)
    answer = EXAMPLES[name].response
    own = (("x-amzn-RequestId", "0" * 36), ("Date", formatdate(NOW, usegmt=True)))
    closing = (("Connection", "close"),)
    script_bytes = b"".join(
        piece.data for piece in script(answer, own + closing, int(endpoint.url.rpartition(":")[2]))
    )
    with connected(endpoint) as connection:
        connection.sendall(last(path(name)))
        wire = read_exactly(connection, len(script_bytes))
        if answer.framing != "raw":
            wire = re.sub(rb"(?<=x-amzn-RequestId: )[0-9a-f-]{36}", b"0" * 36, wire)
        assert wire == script_bytes
        wait_for_call(endpoint, before + 1)
        if answer.ending == "reset":
            with pytest.raises(ConnectionResetError):
                connection.recv(1)
        elif answer.ending == "stall":
            connection.settimeout(0.03)
            with pytest.raises(socket.timeout):
                connection.recv(1)
        else:
            assert connection.recv(1) == b""
    (call,) = endpoint.calls[before:]
    assert (call.scenario, call.verified, call.reason, call.bytes_sent) == (
        name,
        True,
        "",
        len(script_bytes),
    )
    if EXAMPLES[name].expect.status == "ok" and answer.framing != "raw":
        assert call.frames_sent == len(EXAMPLES[name].expect.parts) + EXAMPLES[name].expect.skipped


def test_a_scenario_with_a_number(endpoint: Endpoint) -> None:
    _, _, body = answer_of(exchange(endpoint, last(path("model-stream-error-after-2"))))
    sizes = [int(line, 16) for line in re.findall(rb"(?:^|\r\n)([0-9a-f]+)\r\n", body)]
    assert len(sizes) == 4 and sizes[-1] == 0
    assert endpoint.calls[0].frames_sent == 3


def test_own_scenarios_stand_beside_the_catalogue_s_and_before_them() -> None:
    mine = Scenario("mine", "t", "m", ok(b"x"), stream(part(b"x"), framing="length"))
    with Endpoint(
        {"mine": mine, "default": mine._replace(name="other", response=raw(b"raw"))},
        pace=0,
        clock=lambda: NOW,
    ) as endpoint:
        assert answer_of(exchange(endpoint, last(path("mine"))))[2] == part(b"x")
        assert exchange(endpoint, last(path("default"))) == b"raw"
        assert answer_of(exchange(endpoint, last(path("empty-stream"))))[2] == b"0\r\n\r\n"
        assert [call.scenario for call in endpoint.calls] == ["mine", "other", "empty-stream"]


def test_steps_may_be_made_while_they_are_sent() -> None:
    class Steps:
        def __iter__(self) -> Iterator[bytes]:
            return (part(b"%d" % number) for number in range(300))

    endless = Scenario("many", "t", "m", ok(), stream()._replace(steps=Steps()))
    with Endpoint({"many": endless}, clock=lambda: NOW) as endpoint:
        for _ in range(2):
            exchange(endpoint, last(path("many")))
        assert [call.frames_sent for call in endpoint.calls] == [300, 300]


class PausingEndpoint(Endpoint):
    """Records its pauses instead of waiting."""

    def pause(self, seconds: float, exact: bool = False) -> None:
        self.pauses = getattr(self, "pauses", []) + [seconds]


def test_the_default_answer_is_paced() -> None:
    with PausingEndpoint(clock=lambda: NOW) as endpoint:
        exchange(endpoint, last())
        assert endpoint.pauses == [0.02] * 15


@pytest.mark.parametrize("pace, waited", [(None, 0.02), (0, 0), (0.5, 0.5)])
def test_the_pace_replaces_every_pause(
    pace: Optional[float], waited: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Endpoint(pace=pace) as endpoint:
        seen: List[float] = []
        monkeypatch.setattr(endpoint._closing, "wait", seen.append)
        endpoint.pause(0.02)
        endpoint.pause(0.02, exact=True)
        assert seen == [waited, 0.02]


def test_the_latency_precedes_each_response_at_any_pace() -> None:
    with PausingEndpoint(clock=lambda: NOW, pace=0.0, latency=0.25) as endpoint:
        exchange(endpoint, last())
        exchange(endpoint, b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert [pause for pause in endpoint.pauses if pause == 0.25] == [
            0.25,
            0.25,
        ] and endpoint.pauses[0] == 0.25


def test_a_part_arrives_before_the_next_is_due() -> None:
    slow = Scenario("slow", "t", "m", ok(), stream(part(b"a"), 3600.0, part(b"b")))
    with Endpoint({"slow": slow}, clock=lambda: NOW) as endpoint:
        with connected(endpoint) as connection:
            connection.sendall(request(path("slow")))
            wire = b""
            while not wire.endswith(part(b"a") + b"\r\n"):
                wire += connection.recv(65536)
        assert endpoint.calls[0].frames_sent == 1


def test_responses_have_different_request_ids(endpoint: Endpoint) -> None:
    ids = {answer_of(exchange(endpoint, last()))[1]["x-amzn-requestid"] for _ in range(5)}
    assert len(ids) == 5


# ---- calls and log -----------------------------------------------------------------------------


def test_calls_tell_what_happened_and_keep_secrets() -> None:
    lines: List[str] = []
    keys = Credentials(ACCESS_KEY, SECRET_KEY, "hush-token")
    with Endpoint(clock=lambda: NOW, pace=0, log=lines.append) as endpoint:
        wire = exchange(
            endpoint,
            last(
                path("frames-merged"),
                body=b"hush-body",
                credentials=keys,
                headers=[("X-Amzn-SageMaker-Custom-Attributes", "hush-attributes")],
            ),
        )
        exchange(endpoint, last("/x?X-Amz-Security-Token=hush"))
        exchange(endpoint, b"hush\r\n\r\n")
        calls = endpoint.calls
    assert calls[0] == Call(
        "POST",
        path("frames-merged"),
        calls[0].headers,
        b"hush-body",
        True,
        "",
        "frames-merged",
        3,
        len(wire),
        None,
        "InvokeEndpointWithResponseStream",
        "frames-merged",
        "valid",
        authority=endpoint.url[len("http://") :],
    )
    assert ("x-amz-security-token", "hush-token") in calls[0].headers
    assert lines == [repr(call) for call in calls]
    assert lines[0] == (
        "POST /endpoints/frames-merged/invocations-response-stream scenario frames-merged; "
        f"3 frames, {len(wire)} bytes"
    )
    assert lines[1].startswith("POST /x refused: UnknownOperationException: Expected POST")
    assert lines[2].startswith(
        "- - refused: invalid request line (expected METHOD /target HTTP/1.1); 0 frames, "
    )
    assert "hush" not in "".join(lines)
    assert (
        repr(Request("POST", "/x?hush", "HTTP/1.1", [("a", "hush")], b"hush")) == "Request(POST /x)"
    )


def test_calls_are_a_copy(endpoint: Endpoint) -> None:
    exchange(endpoint, last())
    endpoint.calls.clear()
    assert len(endpoint.calls) == 1


def test_old_calls_are_forgotten(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint_module, "_KEPT_CALLS", 3)
    for number in range(5):
        exchange(endpoint, last(path("error-400"), body=b"%d" % number))
    assert [call.body for call in endpoint.calls] == [b"2", b"3", b"4"]
    monkeypatch.setattr(endpoint_module, "_KEPT_BYTES", 10)
    for body, kept in [(b"5" * 9, 2), (b"6" * 20, 1), (b"7" * 4, 1), (b"8" * 4, 2)]:
        exchange(endpoint, last(path("error-400"), body=body))
        assert len(endpoint.calls) == kept
    assert [call.body for call in endpoint.calls] == [b"7777", b"8888"]


def test_what_a_client_has_seen_is_counted(endpoint: Endpoint) -> None:
    with connected(endpoint) as connection:
        for number in range(1, 40):
            connection.sendall(request(path("frames-merged")))
            wire = b""
            while not wire.endswith(b"\r\n0\r\n\r\n"):
                wire += connection.recv(65536)
            calls = endpoint.calls
            assert len(calls) == number and (calls[-1].frames_sent, calls[-1].bytes_sent) == (
                3,
                len(wire),
            )


@pytest.mark.parametrize("size", [1, 3, 5, 64, 100000])
def test_frames_are_counted_however_they_are_cut(size: int) -> None:
    for data, frames in [
        (b"".join(FRAMES), 3),
        (b"".join(FRAMES)[:-1], 2),
        (FRAMES[0] + b"\0\0\0\x0f" + FRAMES[1], 1),
        (b"", 0),
        (part(b"x" * 300) * 2, 2),
        (b"\0\0\0\x10" + b"x" * 12, 1),
        (b'{"message": null}', 0),
    ]:
        counter = FrameCounter()
        for piece in pieces(data, size):
            counter.feed(piece)
        assert counter.frames == frames


# ---- AWS's own SDK -----------------------------------------------------------------------------


@pytest.fixture(name="boto3_client")
def _boto3_client(monkeypatch: pytest.MonkeyPatch) -> Callable[[Endpoint], Any]:
    boto3 = pytest.importorskip("boto3")
    config = pytest.importorskip("botocore.config").Config(
        retries={"total_max_attempts": 1}, read_timeout=20, proxies={}
    )
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    return lambda endpoint: boto3.client(
        "sagemaker-runtime",
        region_name="ap-southeast-2",
        endpoint_url=endpoint.url + "/base",
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        aws_session_token="token",
        config=config,
    )


def test_boto3_reads_the_default_answer(boto3_client: Callable[[Endpoint], Any]) -> None:
    with Endpoint(pace=0, fallback="default") as endpoint:
        client = boto3_client(endpoint)
        answer = client.invoke_endpoint_with_response_stream(
            EndpointName="llm",
            Body=b'{"inputs": "Hi"}',
            ContentType="application/json",
            CustomAttributes="accept_eula=true",
            SessionId="s-1",
        )
        assert [event["PayloadPart"]["Bytes"] for event in answer["Body"]] == list(
            DEFAULT.expect.parts
        )
        assert (answer["ContentType"], answer["InvokedProductionVariant"]) == (
            "text/plain; charset=utf-8",
            "AllTraffic",
        )
        client.close()
        (call,) = endpoint.calls
    assert (call.verified, call.scenario, call.body, call.frames_sent) == (
        True,
        "default",
        b'{"inputs": "Hi"}',
        16,
    )
    assert call.target == "/base/endpoints/llm/invocations-response-stream"


def test_boto3_sees_the_model_s_error(boto3_client: Callable[[Endpoint], Any]) -> None:
    errors = pytest.importorskip("botocore.exceptions")
    with Endpoint(pace=0) as endpoint:
        client = boto3_client(endpoint)
        answer = client.invoke_endpoint_with_response_stream(
            EndpointName="model-stream-error-after-3", Body=b"{}"
        )
        parts = []
        with pytest.raises(errors.EventStreamError) as caught:
            for event in answer["Body"]:
                parts.append(event["PayloadPart"]["Bytes"])
        answer["Body"].close()
        client.close()
        assert parts == [b"token 0 ", b"token 1 ", b"token 2 "]
        assert caught.value.response["Error"]["Code"] == "ModelStreamError"
        assert endpoint.calls[0].verified


def test_boto3_sees_service_errors_and_a_refused_signature(
    boto3_client: Callable[[Endpoint], Any],
) -> None:
    errors = pytest.importorskip("botocore.exceptions")
    with Endpoint(pace=0) as endpoint:
        client = boto3_client(endpoint)
        with pytest.raises(client.exceptions.ModelError) as caught:
            client.invoke_endpoint_with_response_stream(EndpointName="error-424", Body=b"{}")
        assert caught.value.response["OriginalStatusCode"] == 500
        client.close()
    with Endpoint(pace=0, clock=lambda: NOW) as endpoint:
        client = boto3_client(endpoint)
        with pytest.raises(errors.ClientError, match="Signature not yet current") as caught:
            client.invoke_endpoint_with_response_stream(EndpointName="llm", Body=b"{}")
        assert caught.value.response["Error"]["Code"] == "InvalidSignatureException"
        client.close()


# ---- the responses of a user ---------------------------------------------------------------------


def made(scenario_response: Response) -> Endpoint:
    scenario = Scenario("llm", response=scenario_response)
    return Endpoint({"llm": scenario}, clock=lambda: NOW, pace=0)


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_a_truncated_response_ends_its_connection(framing: str) -> None:
    response = stream(part(b"one "), part(b"two "), framing=framing, cut=60)
    with made(response) as endpoint:
        wire = exchange(endpoint, request(path("llm")))
        assert part(b"one ")[:60] in wire and part(b"one ")[:61] not in wire
        # The next response on a connection is not affected by HEAD.
        assert answer_of(exchange(endpoint, last(path("llm"), method="HEAD")))[0] == 405


def test_steps_that_can_be_played_only_once_are_rejected() -> None:
    generator = (part(b"x") for _ in range(3))
    for make in (
        lambda: Response(generator),
        lambda: Response(steps=iter([b"x"])),
        lambda: Response()._replace(steps=generator),
        lambda: Response(map(bytes, [])),
    ):
        with pytest.raises(UsageError, match="the steps are an iterator"):
            make()
    for steps in ((), [b"x"], (b"x", 0.5)):
        assert Response(steps)._replace(status="500 No").steps == steps
    assert isinstance(Response()._replace(cut=1), Response) and Response() == Response()


class Broken(Endpoint):
    """An endpoint with a mistake in its response function."""

    def respond(self, request: Request) -> Any:
        raise KeyError("the model has a bug")


def test_an_exception_in_a_response_function_can_be_seen(capfd: Any) -> None:
    log: List[str] = []
    with Broken(clock=lambda: NOW, log=log.append) as endpoint:
        status, headers, body = answer_of(exchange(endpoint, last()))
        assert status == 501 and b"KeyError: 'the model has a bug'" in body
        assert headers["x-amzn-errortype"].startswith("ResponseFunctionError")
        (call,) = endpoint.calls
    assert isinstance(call.error, KeyError) and call.error.__traceback__ is not None
    assert call.body == b"{}" and not call.verified
    assert "the response failed: KeyError" in call.reason and call.reason in repr(call)
    assert log[0].startswith("Traceback") and "KeyError: 'the model has a bug'" in log
    assert all("\n" not in line for line in log)
    with Broken(clock=lambda: NOW) as endpoint:
        exchange(endpoint, last())
    assert capfd.readouterr().err == "endpoint: KeyError: 'the model has a bug'\n"


class BrokenSteps:
    """Steps that raise an exception after some bytes."""

    def __init__(self, *steps: bytes) -> None:
        self.steps = steps

    def __iter__(self) -> Iterator[bytes]:
        yield from self.steps
        raise OSError(2, "no such prompt")


def test_an_exception_in_the_steps_breaks_the_response_and_can_be_seen() -> None:
    log: List[str] = []
    for framing, wanted in (
        ("chunked", b"one"),
        ("close", b"one"),
        ("length", b"FileNotFoundError"),
    ):
        scenario = Scenario("llm", response=Response(BrokenSteps(b"one"), framing=framing))
        with Endpoint({"llm": scenario}, clock=lambda: NOW, log=log.append) as endpoint:
            with connected(endpoint) as connection:
                connection.sendall(request(path("llm")))
                data, ended = b"", ""
                try:
                    while True:
                        piece = connection.recv(65536)
                        if not piece:
                            break
                        data += piece
                except ConnectionResetError:
                    ended = "reset"
            (call,) = endpoint.calls
        assert wanted in data and not data.endswith(b"0\r\n\r\n")
        assert (ended == "reset") == (framing != "length")
        assert isinstance(call.error, OSError) and call.verified and call.scenario == "llm"
        assert "no such prompt" in repr(call) and log[-1] == repr(call)
