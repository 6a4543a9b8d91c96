# SPDX-License-Identifier: MIT
"""Tests of conformance/endpoint/container.py: the front door of a container.

The containers are scripts of a raw server. tests/implementations/test_container_server.py has a
real one.
"""

import threading
import time
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Tuple

import pytest

from conformance.endpoint.checks import ACCESS_KEY, SECRET_KEY
from conformance.endpoint.container import PLATFORM_LIMITS, Container, Limits
from conformance.endpoint.server import Endpoint
from refimpl.client import Client
from refimpl.errors import Error, UsageError
from refimpl.shapes import ModelError, ModelStreamError, ValidationError
from refimpl.sigv4 import Credentials, amz_date_of
from tests.conformance.endpoint.client import answer_of, exchange, last
from tests.rawserver import RawServer, nothing_left, reset, stall

PONG = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
)
LAST = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def plain(status: bytes, body: bytes, headers: bytes = b"") -> bytes:
    length = b"Content-Length: %d\r\n\r\n" % len(body)
    return b"HTTP/1.1 " + status + b"\r\n" + headers + length + body


PATIENT = Limits(silence=5.0)


def front(server: Any, limits: Limits = PATIENT, **more: Any) -> Endpoint:
    return Endpoint(container=Container(server.url, limits), **more)


@contextmanager
def fronted(*scripts: Any, limits: Limits = PATIENT) -> Iterator[Endpoint]:
    """Serve a healthy container that plays these scripts."""
    with RawServer([PONG], *scripts) as server, front(server, limits) as endpoint:
        yield endpoint


def client_of(endpoint: Endpoint) -> Client:
    return Client(
        region="eu-west-1",
        endpoint_url=endpoint.url,
        credentials=Credentials(ACCESS_KEY, SECRET_KEY),
        environment={},
        max_attempts=1,
        read_timeout=20.0,
    )


def called(endpoint: Endpoint, **members: Any) -> Tuple[Any, List[bytes]]:
    arguments: Dict[str, Any] = {"endpoint_name": "llm", "body": b'{"inputs": "Hi"}'}
    arguments.update(members)
    with client_of(endpoint).invoke_endpoint_with_response_stream(**arguments) as response:
        return response, [event.bytes for event in response.body]


def test_a_call_is_passed_on_by_the_platform_s_rules() -> None:
    answer = CHUNKED.replace(
        b"\r\n\r\n", b"\r\nX-Amzn-SageMaker-Custom-Attributes: t=1\r\nX-Other: secret\r\n\r\n"
    )
    with nothing_left(), RawServer([PONG], [answer, chunk(b"data: a\n\n"), LAST]) as server:
        with front(server) as endpoint:
            response, parts = called(
                endpoint,
                content_type="application/json",
                accept="text/event-stream",
                custom_attributes="accept_eula=true",
                session_id="s-1",
                inference_id="i 1",
                target_variant="v",
                inference_component_name="c",
            )
        assert b"".join(parts) == b"data: a\n\n"
        assert response.content_type == "text/event-stream"
        assert (response.custom_attributes, response.invoked_production_variant) == (
            "t=1",
            "AllTraffic",
        )
        ping, invocation = server.connections
        assert ping.head.startswith(b"GET /ping HTTP/1.1\r\n")
        assert invocation.head.startswith(b"POST /invocations HTTP/1.1\r\n")
        assert invocation.body == b'{"inputs": "Hi"}'
        sent = {name.lower(): value for name, value in invocation.headers}
        assert sent.pop("host") == server.url[len("http://") :]
        assert sent == {
            "accept-encoding": "identity",
            "connection": "close",
            "content-length": "16",
            "content-type": "application/json",
            "accept": "text/event-stream",
            "x-amzn-sagemaker-custom-attributes": "accept_eula=true",
            "x-amzn-sagemaker-inference-id": "i 1",
            "x-amzn-sagemaker-session-id": "s-1",
        }


def test_parts_are_passed_on_as_they_arrive() -> None:
    go_on = threading.Event()
    with fronted([CHUNKED, chunk(b"one"), go_on, chunk(b"two"), LAST]) as endpoint:
        client = client_of(endpoint)
        with client.invoke_endpoint_with_response_stream(endpoint_name="llm", body=b"") as response:
            parts = iter(response.body)
            assert next(parts).bytes == b"one"
            go_on.set()
            assert [part.bytes for part in parts] == [b"two"]


def test_invoke_endpoint_gets_the_same_response_in_one_piece() -> None:
    target = "/endpoints/llm/invocations"
    answer = plain(b"200 OK", b'{"a": 1}', b"Content-Type: application/json\r\n")
    failing = [CHUNKED, chunk(b"data: a\n\n"), reset]
    with RawServer([PONG], [answer], failing) as server, front(server) as endpoint:
        status, headers, body = answer_of(exchange(endpoint, last(target, date=_now())))
        assert (status, headers["content-type"], body) == (200, "application/json", b'{"a": 1}')
        assert answer_of(exchange(endpoint, last(target, date=_now())))[0] == 424


def _now() -> str:
    return amz_date_of(time.time())


def test_sessions_and_models_belong_to_invoke_endpoint() -> None:
    session = b"X-Amzn-SageMaker-New-Session-Id: s-1; Expires=2026-12-01T00:00:00Z\r\n"
    with RawServer([PONG], [plain(b"200 OK", b"x", session)]) as server, front(server) as endpoint:
        headers = [
            ("X-Amzn-SageMaker-Session-Id", "NEW_SESSION"),
            ("X-Amzn-SageMaker-Target-Model", "m.tar.gz"),
        ]
        for suffix, expected in (("invocations", 200), ("invocations-response-stream", 400)):
            wire = last(f"/endpoints/llm/{suffix}", headers=headers, date=_now())
            status, answered, _ = answer_of(exchange(endpoint, wire))
            assert status == expected
            if status == 200:
                assert answered["x-amzn-sagemaker-new-session-id"].startswith("s-1; Expires=")
        sent = {name.lower(): value for name, value in server.connections[1].headers}
        assert sent["x-amzn-sagemaker-session-id"] == "NEW_SESSION"
        assert sent["x-amzn-sagemaker-target-model"] == "m.tar.gz"
        assert len(server.connections) == 2


# ---- containers that fail ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "status, whose", [(b"500 No", "server"), (b"400 No", "client"), (b"302 Found", "server")]
)
def test_a_status_becomes_a_model_error(status: bytes, whose: str) -> None:
    html = "<html>é\n</html>".encode("utf-8")
    with fronted([plain(status, html)]) as endpoint, pytest.raises(ModelError) as caught:
        called(endpoint)
    code = int(status[:3])
    assert caught.value.original_status_code == code
    assert caught.value.original_message == html.decode("utf-8")
    assert f"Received {whose} error ({code}) from primary" in str(caught.value)


def test_html_in_a_success_is_passed_on() -> None:
    answer = plain(b"200 OK", b"<html>", b"Content-Type: text/html\r\n")
    with RawServer([PONG], [answer]) as server, front(server) as endpoint:
        response, parts = called(endpoint)
        assert (response.content_type, b"".join(parts)) == ("text/html", b"<html>")


LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    "script, code",
    [
        ([CHUNKED, chunk(b"one"), reset], "StreamBroken"),
        ([CHUNKED, chunk(b"one")], "StreamBroken"),
        ([CHUNKED, chunk(b"one"), b"5\r\ntw"], "StreamBroken"),
        ([CHUNKED, chunk(b"one"), b"no size\r\n"], "StreamBroken"),
        ([LENGTH, b"one"], "StreamBroken"),
        ([CHUNKED, chunk(b"one"), stall], "ModelInvocationTimeExceeded"),
    ],
)
def test_a_failure_inside_the_response_becomes_a_model_stream_error(
    script: List[Any], code: str
) -> None:
    with fronted(script, limits=Limits(silence=0.3)) as endpoint:
        parts = []
        client = client_of(endpoint)
        response = client.invoke_endpoint_with_response_stream(endpoint_name="llm", body=b"")
        with response, pytest.raises(ModelStreamError) as caught:
            for event in response.body:
                parts.append(event.bytes)
        assert (parts[0], caught.value.error_code) == (b"one", code)


@pytest.mark.slow
@pytest.mark.parametrize(
    "script, words",
    [
        ([stall], "Your invocation timed out while waiting for a response from container primary"),
        ([reset], "no response of the container"),
        ([], "no response of the container"),
        ([b"garbage\r\n\r\n"], "no response of the container"),
        ([b"HTTP/1.1 200 OK\r\nA: " + b"x" * 70000], "no response of the container"),
        ([b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200], "no response of the container"),
    ],
)
def test_no_response_is_a_model_error_without_a_status(script: List[Any], words: str) -> None:
    impatient = Limits(silence=0.3)
    with fronted(script, limits=impatient) as endpoint, pytest.raises(ModelError) as caught:
        called(endpoint)
    assert words in str(caught.value)
    assert caught.value.original_status_code == 0


def test_an_endpoint_exists_after_its_container_is_healthy() -> None:
    log: List[str] = []
    answers = [plain(b"503 Wait", b"")], [reset], [PONG], [plain(b"200 OK", b"x")]
    with RawServer(*answers) as server, front(server, log=log.append) as endpoint:
        for _ in range(2):
            with pytest.raises(ValidationError, match="Endpoint llm of account .* not found"):
                called(endpoint)
        assert called(endpoint)[1] == called(endpoint)[1] == [b"x"]
    assert "the container answers GET /ping with 503" in log[0]
    assert "the container does not answer GET /ping" in log[1]


def test_a_container_that_refuses_connections() -> None:
    with RawServer([PONG]) as server:
        url = server.url
    container = Container(url)
    assert str(container.ping()).startswith("the container does not answer GET /ping: Conn")
    with RawServer([PONG], [PONG]) as server, front(server) as endpoint:
        called(endpoint)
        server.__exit__(None, None, None)
        with pytest.raises(ModelError, match="no response of the container: Connection refused"):
            called(endpoint)
        server.__enter__ = lambda: None  # type: ignore[method-assign]


def test_the_catalogue_and_own_scenarios_precede_the_container() -> None:
    with RawServer([PONG]) as server, front(server) as endpoint:
        with pytest.raises(Error, match="ServiceUnavailable"):
            called(endpoint, endpoint_name="error-503")
        assert server.connections == []


# ---- limits ------------------------------------------------------------------------------------


def test_the_platform_s_limits() -> None:
    assert Limits(6 * 1024 * 1024, 8 * 60.0, 60.0, 8 * 60.0) == PLATFORM_LIMITS
    with RawServer([PONG], [PONG]) as server, front(server, Limits(body=10)) as endpoint:
        called(endpoint, body=b"x" * 10)
        with pytest.raises(Error, match="Request size exceeded 10 bytes"):
            called(endpoint, body=b"x" * 11)


@pytest.mark.slow
@pytest.mark.parametrize("is_dripping", [True, False])
def test_a_response_that_takes_too_long_fails(is_dripping: bool) -> None:
    def drip(connection: Any) -> None:
        for _ in range(100):
            connection.socket.sendall(chunk(b"x"))
            time.sleep(0.05)

    limits = Limits(silence=3600.0, stream=0.5)
    how = [CHUNKED, drip] if is_dripping else [CHUNKED, chunk(b"x"), stall]
    with fronted(how, limits=limits) as endpoint, pytest.raises(ModelStreamError) as caught:
        called(endpoint)
    assert caught.value.error_code == "ModelInvocationTimeExceeded"


@pytest.mark.slow
def test_invoke_endpoint_has_less_time_than_a_stream() -> None:
    with fronted([stall], limits=Limits(whole=0.3, stream=3600.0)) as endpoint:
        wire = exchange(endpoint, last("/endpoints/llm/invocations", date=_now()))
        assert answer_of(wire)[0] == 424 and b"Your invocation timed out" in wire


@pytest.mark.slow
def test_a_gigabyte_passes_in_bounded_memory() -> None:
    import resource

    block = b"x" * (1 << 20)

    def send(connection: Any) -> None:
        for _ in range(1024):
            connection.socket.sendall(block)

    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (1 << 30)
    with RawServer([PONG], [head, send]) as server, front(server) as endpoint:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        client = client_of(endpoint)
        total = 0
        with client.invoke_endpoint_with_response_stream(endpoint_name="llm", body=b"") as response:
            for event in response.body:
                total += len(event.bytes)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert total == 1 << 30
    assert grown < 64 * 1024  # KiB


def test_a_long_error_is_shortened() -> None:
    body = b"x" * 1000000
    with fronted([plain(b"500 No", body)]) as endpoint, pytest.raises(ModelError) as caught:
        called(endpoint)
    assert caught.value.original_message == "x" * 65536


CLOSING = CHUNKED.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")


@pytest.mark.parametrize("head", [CHUNKED, CLOSING])
def test_the_end_of_the_endpoint_ends_a_call_to_the_container(head: bytes) -> None:
    with nothing_left(), RawServer([PONG], [head, chunk(b"one"), stall]) as server:
        endpoint = front(server, Limits(silence=3600.0))
        client = client_of(endpoint)
        response = client.invoke_endpoint_with_response_stream(endpoint_name="llm", body=b"")
        assert next(iter(response.body)).bytes == b"one"
        endpoint.close()
        assert endpoint.stuck == 0
        response.close()


@pytest.mark.parametrize(
    "url", ["", "localhost:8080", "https://127.0.0.1", "http://", "http://h:x", "http://h/?q"]
)
def test_a_wrong_url_is_rejected(url: str) -> None:
    with pytest.raises(UsageError, match="not the URL of a container"):
        Container(url)


def test_a_base_path_is_kept() -> None:
    with RawServer([PONG], [PONG]) as server:
        with Endpoint(container=Container(server.url + "/base/")) as endpoint:
            called(endpoint)
        assert server.connections[0].head.startswith(b"GET /base/ping ")
        assert server.connections[1].head.startswith(b"POST /base/invocations ")


def test_headers_that_break_the_rules_are_left_out_or_cleaned() -> None:
    headers = b"Content-Type: a\xff/b\r\nX-Amzn-SageMaker-Custom-Attributes: " + b"x" * 1025
    with fronted([plain(b"200 OK", b"x", headers + b"\r\n")]) as endpoint:
        response, _ = called(endpoint)
    assert (response.content_type, response.custom_attributes) == ("a /b", None)
