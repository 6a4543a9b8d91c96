# SPDX-License-Identifier: MIT
"""Tests of conformance/testing/double.py: functions, sequences, requests, checks, environments."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Callable, Iterator, List

import pytest

from conformance.endpoint.checks import EXAMPLE_TOKEN
from conformance.endpoint.server import NEARBY
from conformance.testing import Endpoint, TestDoubleError, error, model_error, openai, pause, sse
from conformance.testing.double import changed_environment, client_environment
from refimpl.errors import Error, UsageError
from refimpl.shapes import ModelError, ModelStreamError, ValidationError
from refimpl.sigv4 import Credentials
from tests.conformance.endpoint.client import (  # noqa: F401
    connected,
    nothing_is_left_running,
    request,
)
from tests.conformance.testing.calls import called, client_of, text_of, whole
from tests.interpreters import interpreters, run_program

ROOT = Path(__file__).resolve().parents[3]

# ---- functions of the request ------------------------------------------------------------------


def test_a_function_gets_the_request_and_returns_a_reply() -> None:
    with Endpoint() as endpoint:
        endpoint.on("llm", lambda request: request.json["prompt"].upper())
        assert text_of(endpoint, body=b'{"prompt": "hi"}') == b"HI"
        assert text_of(endpoint, body=b'{"prompt": "ho"}') == b"HO"
        assert whole(endpoint, body=b'{"prompt": "hi"}')[2] == b"HI"
        endpoint.on("llm", lambda request: openai(*request.text.split()))
        assert called(endpoint, body=b"a b")[0].content_type == "text/event-stream"


def test_a_function_yields_parts_one_by_one() -> None:
    go_on = threading.Event()

    def model(request: Any) -> Iterator[Any]:
        yield "one "
        assert go_on.wait(10)
        yield {"two": 2}
        yield sse(b"three", end=None)
        yield pause(0)
        yield [b"four"]

    with Endpoint() as endpoint:
        endpoint.on("llm", model)
        client = client_of(endpoint)
        with client.invoke_endpoint_with_response_stream(endpoint_name="llm", body=b"") as response:
            parts = iter(response.body)
            assert next(parts).bytes == b"one "
            go_on.set()
            rest = [part.bytes for part in parts]
        assert rest == [b'{"two": 2}', b"data: three\n\n", b"four"]
        assert whole(endpoint)[2] == b'one {"two": 2}data: three\n\nfour'


@pytest.mark.parametrize(
    "first, content_type",
    [
        (b"data: x\n\n", "text/event-stream"),
        (b"event: x\n\n", "text/event-stream"),
        (b'{"a": 1}\n', "application/jsonlines"),
        (b"[1]", "application/json"),
        ("plain", "text/plain; charset=utf-8"),
        (openai("x"), "text/event-stream"),
    ],
)
def test_the_content_type_fits_the_first_part(first: Any, content_type: str) -> None:
    def model(request: Any) -> Iterator[Any]:
        yield first

    with Endpoint() as endpoint:
        endpoint.on("llm", model)
        assert called(endpoint)[0].content_type == content_type
        endpoint.on("llm", first)
        assert called(endpoint)[0].content_type == content_type
        endpoint.on("llm", model, content_type="x/y", custom_attributes="c", variant="v")
        response, _ = called(endpoint)
        assert (response.content_type, response.custom_attributes) == ("x/y", "c")
        assert response.invoked_production_variant == "v"


def test_a_function_fails_as_a_service_fails() -> None:
    def refuses(request: Any) -> Any:
        return error(503)

    def begins_with_an_error(request: Any) -> Iterator[Any]:
        yield model_error(507, "oom")

    def ends_with_an_error(request: Any) -> Iterator[Any]:
        yield "a"
        yield model_error(507, "oom")
        raise AssertionError("never reached")

    with Endpoint() as endpoint:
        endpoint.on("llm", refuses)
        with pytest.raises(Error, match="ServiceUnavailable"):
            called(endpoint)
        endpoint.on("llm", begins_with_an_error)
        with pytest.raises(ModelError):
            called(endpoint)
        endpoint.on("llm", ends_with_an_error)
        with pytest.raises(ModelStreamError, match="oom"):
            called(endpoint)


def test_an_empty_function_is_an_empty_stream() -> None:
    def nothing(request: Any) -> Iterator[Any]:
        return
        yield

    with Endpoint() as endpoint:
        endpoint.on("llm", nothing)
        assert called(endpoint)[1] == []


# ---- functions with mistakes -------------------------------------------------------------------


def raises(request: Any) -> Any:
    raise KeyError("no prompt")


def raises_later(request: Any) -> Iterator[Any]:
    yield "a"
    raise KeyError("no prompt")


def yields_a_number(request: Any) -> Iterator[Any]:
    yield "a"
    yield 1


async def is_asynchronous(request: Any) -> Any:
    return "a"


async def yields_asynchronously(request: Any) -> Any:
    yield "a"


@pytest.mark.parametrize(
    "function, words",
    [
        (raises, "the function for 'llm' raised KeyError('no prompt')"),
        (raises_later, "the function for 'llm' raised KeyError('no prompt')"),
        (yields_a_number, "the result of the function for 'llm' has the wrong type"),
        (lambda request: 1, "the result of the function for 'llm' has the wrong type"),
        (lambda request: None, "the result of the function for 'llm' is None"),
        (lambda request: raises, "the result of the function for 'llm' is a function"),
        (lambda request: request.json, "the body is not JSON"),
        (lambda: "a", "takes 0 positional arguments but 1 was given"),
        (is_asynchronous, "is asynchronous"),
        (yields_asynchronously, "is asynchronous"),
    ],
)
def test_a_mistake_in_a_function_fails_the_test(function: Any, words: str) -> None:
    with pytest.raises(TestDoubleError) as caught, Endpoint() as endpoint:
        endpoint.on("llm", function)
        with pytest.raises(Error):
            called(endpoint, body=b"no json")
    assert words in str(caught.value)
    cause = caught.value.__cause__
    assert cause is not None and cause.__traceback__ is not None
    # Each problem is reported once.
    endpoint.check()


def test_the_exception_of_the_test_is_shown_with_it() -> None:
    with pytest.raises(TestDoubleError) as caught, Endpoint() as endpoint:
        endpoint.on("llm", raises)
        called(endpoint)
    assert isinstance(caught.value.__cause__, KeyError)
    assert isinstance(caught.value.__context__, Error)


@pytest.mark.slow
def test_a_function_that_blocks_is_reported_and_does_not_hang_the_test() -> None:
    go_on = threading.Event()
    begun = threading.Event()

    def blocks(request: Any) -> Any:
        begun.set()
        go_on.wait(60)
        return "late"

    endpoint = Endpoint(patience=0.2)
    try:
        endpoint.on("llm", blocks)
        with connected(endpoint) as connection:
            connection.sendall(_signed_now())
            assert begun.wait(10)
            endpoint.close()
        with pytest.raises(TestDoubleError, match="1 functions were still running 0.2 s after"):
            endpoint.check()
    finally:
        go_on.set()
        _wait_for_threads()


def _signed_now() -> bytes:
    import time

    from refimpl.sigv4 import amz_date_of

    path = "/endpoints/llm/invocations-response-stream"
    return request(path, date=amz_date_of(time.time()))


def _wait_for_threads() -> None:
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and thread.daemon:
            thread.join(10)


def test_a_function_that_never_ends_ends_with_its_client_or_the_endpoint() -> None:
    ended = threading.Event()

    def endless(request: Any) -> Iterator[bytes]:
        try:
            while True:
                yield b"x" * 1000
        finally:
            ended.set()

    with Endpoint() as endpoint:
        endpoint.on("llm", endless)
        client = client_of(endpoint)
        with client.invoke_endpoint_with_response_stream(endpoint_name="llm", body=b"") as response:
            assert next(iter(response.body)).bytes == b"x" * 1000
        assert ended.wait(10)
        ended.clear()
        held = client.invoke_endpoint_with_response_stream(endpoint_name="llm", body=b"")
        next(iter(held.body))
        endpoint.close()
        held.close()
    assert ended.wait(10)


def test_a_function_that_never_ends_is_too_long_for_invoke_endpoint() -> None:
    def endless(request: Any) -> Iterator[bytes]:
        while True:
            yield b"x" * 1000000

    with Endpoint(checks_at_end=False) as endpoint:
        endpoint.on("llm", endless)
        assert whole(endpoint)[0] == 501
    with pytest.raises(TestDoubleError, match="the response to InvokeEndpoint is too long"):
        endpoint.check()


# ---- sequences and strictness ------------------------------------------------------------------


def test_a_sequence_is_played_once() -> None:
    with Endpoint(checks_at_end=False) as endpoint:
        made = endpoint.on("llm", sequence=[error(503), lambda request: "ok"])
        with pytest.raises(Error):
            called(endpoint)
        assert text_of(endpoint) == b"ok" and made.calls == 2
        with pytest.raises(Error):
            called(endpoint)
    with pytest.raises(TestDoubleError, match="request 3 for 'llm', but its sequence has only 2"):
        endpoint.check()


def test_a_sequence_is_played_once_by_many_threads() -> None:
    with Endpoint() as endpoint:
        endpoint.on("llm", sequence=[str(number) for number in range(20)])
        found: List[bytes] = []
        threads = [
            threading.Thread(target=lambda: found.append(text_of(endpoint))) for _ in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(map(int, found)) == list(range(20))


def test_strict_reports_what_was_not_used() -> None:
    with pytest.raises(TestDoubleError) as caught, Endpoint(strict=True) as endpoint:
        endpoint.on("used", "a")
        endpoint.on("unused", "a")
        endpoint.on("partly", sequence=["a", "b", "c"])
        text_of(endpoint, "used")
        text_of(endpoint, "partly")
    assert str(caught.value).split("\n") == [
        "the reply of 'unused' was never used",
        "1 of 3 replies of 'partly' were used",
    ]
    with Endpoint() as endpoint:
        endpoint.on("unused", "a")


@pytest.mark.parametrize(
    "act, words",
    [
        (lambda endpoint: endpoint.on("llm"), "needs a reply or a sequence"),
        (lambda endpoint: endpoint.on("llm", "a", sequence=["b"]), "needs a reply or a sequence"),
        (lambda endpoint: endpoint.on("llm", sequence=[]), "not a list of replies"),
        (lambda endpoint: endpoint.on("llm", sequence="ab"), "not a list of replies"),
        (lambda endpoint: endpoint.on("llm", sequence=iter("ab")), "not a list of replies"),
        (lambda endpoint: endpoint.on("llm", sequence=["a", 1]), "the reply of 'llm'"),
        (lambda endpoint: endpoint.on("l m", "a"), "not an endpoint name"),
        (lambda endpoint: endpoint.on(b"llm", "a"), "not an endpoint name"),
        (lambda endpoint: endpoint.on("", "a"), "not an endpoint name"),
        (lambda endpoint: endpoint.on("llm", 5), "the reply of 'llm' has the wrong type"),
    ],
)
def test_wrong_expectations_are_rejected_at_once(act: Callable[[Any], Any], words: str) -> None:
    with Endpoint(strict=True) as endpoint, pytest.raises(UsageError) as caught:
        act(endpoint)
    assert words in str(caught.value)


def test_unknown_names_are_refused_as_the_service_refuses_them() -> None:
    with Endpoint() as endpoint:
        endpoint.on("llm", "a")
        with pytest.raises(ValidationError) as caught:
            called(endpoint, "lmm")
        assert caught.value.message == "Endpoint lmm of account 123456789012 not found."
        assert endpoint.requests[-1].refusal.endswith("not found. (similar: llm)")
        assert text_of(endpoint, "frames-merged") == b"one two three"
    with Endpoint(fallback="frames-merged") as endpoint:
        assert text_of(endpoint, "lmm") == b"one two three"
    with pytest.raises(UsageError, match="no such scenario"):
        Endpoint(fallback="frames-mergd")


# ---- requests ----------------------------------------------------------------------------------


def test_requests_are_described() -> None:
    with Endpoint() as endpoint:
        endpoint.on("llm", "a")
        text_of(endpoint, body=b'{"a": 1}', content_type="application/json", accept="x/y")
        whole(endpoint, body=b"\xff", headers=[("Accept", "x/z")])
        with pytest.raises(Error):
            client_of(endpoint, credentials=Credentials("AKIDOTHER", "x"))
            client = client_of(endpoint, credentials=Credentials("AKIDOTHER", "x"))
            client.invoke_endpoint_with_response_stream(endpoint_name="llm", body=b"")
        streaming, sibling, refused = endpoint.requests
    assert streaming.json == {"a": 1} and streaming.text == '{"a": 1}'
    assert (streaming.name, streaming.signature, streaming.refusal) == ("llm", "valid", "")
    assert streaming.operation == "InvokeEndpointWithResponseStream"
    assert streaming.headers["CONTENT-type"] == "application/json"
    assert "x-amz-date" in streaming.headers and len(streaming.headers) > 5
    assert streaming.members == {
        "EndpointName": "llm",
        "ContentType": "application/json",
        "Accept": "x/y",
        "Body": b'{"a": 1}',
    }
    assert sibling.operation == "InvokeEndpoint" and sibling.members["Accept"] == "x/z"
    with pytest.raises(ValueError, match="the body is not JSON"):
        sibling.json  # noqa: B018
    assert refused.signature == "refused" and refused.name == "" and refused.members == {}
    assert refused.refusal.startswith("UnrecognizedClientException")
    for seen in (streaming, sibling, refused):
        assert "AKID" not in repr(seen) and "AKID" not in repr(seen.headers)


def test_any_keys_are_accepted_on_request() -> None:
    keys = Credentials("AKIDOTHER", "another-secret", "token")
    with Endpoint(any_keys=True) as endpoint:
        endpoint.on("llm", "a")
        client = client_of(endpoint, credentials=keys)
        with client.invoke_endpoint_with_response_stream(endpoint_name="llm", body=b"") as response:
            assert [part.bytes for part in response.body] == [b"a"]
        assert text_of(endpoint) == b"a"
        assert [seen.signature for seen in endpoint.requests] == ["unchecked", "valid"]


# ---- the client's environment ------------------------------------------------------------------


@pytest.mark.slow
def test_the_environment_leads_a_client_to_the_endpoint_and_nowhere_else() -> None:
    hostile = {
        "AWS_PROFILE": "prod",
        "AWS_SESSION_TOKEN": "secret",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "NO_PROXY": "corp.example",
        "HTTP_PROXY": "http://proxy.example:3128",
        "PATH": os.environ.get("PATH", ""),
    }
    with Endpoint() as endpoint:
        endpoint.on("llm", "a")
        environment = endpoint.environ(hostile)
        assert environment["NO_PROXY"] == "corp.example,127.0.0.1,localhost,::1"
        assert environment["AWS_EC2_METADATA_DISABLED"] == "true"
        assert not set(environment) & {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_USE_FIPS_ENDPOINT"}
        command = [sys.executable, "-m", "refimpl", "invoke", "llm", "--body", "x"]
        ran = subprocess.run(command, env=environment, cwd=str(ROOT), stdout=subprocess.PIPE)
        assert (ran.returncode, ran.stdout) == (0, b"a")
    with Endpoint(session_token=EXAMPLE_TOKEN, region="eu-west-1") as endpoint:
        environment = endpoint.environ({})
        assert environment["AWS_SESSION_TOKEN"] == EXAMPLE_TOKEN
        assert environment["AWS_REGION"] == environment["AWS_DEFAULT_REGION"] == "eu-west-1"
    unchanged = changed_environment({}, client_environment("http://x", "r"))
    assert "AWS_PROFILE" not in unchanged and "AWS_SESSION_TOKEN" not in unchanged


def test_a_region_and_a_token_are_required_if_they_are_set() -> None:
    with Endpoint(region="us-west-2", session_token=EXAMPLE_TOKEN) as endpoint:
        endpoint.on("llm", "a")
        for region, token, words in (
            ("eu-west-1", EXAMPLE_TOKEN, "valid region"),
            ("us-west-2", None, "security token included in the request is invalid"),
            ("us-west-2", "other", "security token included in the request is invalid"),
            ("us-west-2", EXAMPLE_TOKEN, ""),
        ):
            keys = Credentials(endpoint.access_key, endpoint.secret_key, token)
            client = client_of(endpoint, region=region, credentials=keys)
            if not words:
                client.invoke_endpoint_with_response_stream(endpoint_name="llm", body=b"").close()
                continue
            with pytest.raises(Error, match=words):
                client.invoke_endpoint_with_response_stream(endpoint_name="llm", body=b"")


# ---- several endpoints, and one that is left open ----------------------------------------------


def test_two_endpoints_are_independent() -> None:
    with Endpoint() as one, Endpoint() as other:
        one.on("llm", "one")
        other.on("llm", "other")
        assert (text_of(one), text_of(other)) == (b"one", b"other")
        assert len(one.requests) == len(other.requests) == 1
    with Endpoint() as one, pytest.raises(OSError):
        Endpoint(port=int(one.url.rpartition(":")[2]))


@pytest.mark.slow
def test_an_endpoint_that_is_left_open_does_not_keep_its_process() -> None:
    program = (
        "from conformance.testing import Endpoint, stall\n"
        "import refimpl\n"
        "endpoint = Endpoint()\n"
        "endpoint.on('llm', stall(['a']))\n"
        "keys = refimpl.sigv4.Credentials(endpoint.access_key, endpoint.secret_key)\n"
        "client = refimpl.Client(region='us-east-1', endpoint_url=endpoint.url, credentials=keys)\n"
        "response = client.invoke_endpoint_with_response_stream(endpoint_name='llm', body=b'')\n"
        "print(next(iter(response.body)).bytes)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=str(ROOT),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=60,
    )
    assert (ran.returncode, ran.stdout.strip(), ran.stderr) == (0, b"b'a'", b"")


def test_the_document_of_a_request_can_be_read() -> None:
    with Endpoint() as endpoint:
        endpoint.on("llm", lambda request: json.dumps(sorted(request.members)))
        assert json.loads(text_of(endpoint)) == ["Body", "EndpointName"]


# ---- every Python ------------------------------------------------------------------------------

PROGRAM = """
import glob
for path in glob.glob("conformance/**/*.py", recursive=True):
    with open(path, encoding="utf-8") as file:
        compile(file.read(), path, "exec")
import refimpl
from conformance.testing import ACCESS_KEY, SECRET_KEY, Endpoint, error, sse
keys = refimpl.Credentials(ACCESS_KEY, SECRET_KEY)
with Endpoint(strict=True) as endpoint:
    endpoint.on("llm", sequence=[error(503), lambda request: sse(request.text)])
    client = refimpl.Client(
        region="us-east-1", endpoint_url=endpoint.url, credentials=keys, environment={}
    )
    with client.invoke_endpoint_with_response_stream(endpoint_name="llm", body=b"hi") as response:
        print(b"".join(part.bytes for part in response.body).decode())
"""


@pytest.mark.slow
@pytest.mark.parametrize("version, python", interpreters(), ids=lambda value: value)
def test_the_test_double_works_with_every_python(version: str, python: str) -> None:
    printed = run_program(python, PROGRAM)
    assert printed.startswith('data: {"choices": [{"index": 0, "delta": {"content": "hi"}}]}')


def test_the_first_byte_comes_as_from_a_nearby_network() -> None:
    with Endpoint() as near, Endpoint(latency=0.0) as other:
        assert (near.latency, other.latency) == (NEARBY, 0.0)
