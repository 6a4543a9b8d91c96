# SPDX-License-Identifier: MIT
"""Tests of conformance/pytest_plugin.py, which run pytest in another process."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, Tuple

import pytest

pytest.importorskip("boto3")

ROOT = Path(__file__).resolve().parents[2]
APPLICATION = (ROOT / "tests" / "conformance" / "testing" / "application.py").read_text("utf-8")
IMPORTS = """
import os, time, boto3, pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError
from conformance.testing import *
from application import Incomplete, chat

"""


def run_tests(folder: Path, tests: str, **environment: str) -> Tuple[Dict[str, int], str]:
    """Run tests with the plugin. Return the counts of outcomes, and the output."""
    (folder / "application.py").write_text(APPLICATION, encoding="utf-8")
    (folder / "test_it.py").write_text(IMPORTS + tests, encoding="utf-8")
    variables = {"PYTHONPATH": str(ROOT), "PATH": "", "PYTHONDONTWRITEBYTECODE": "1"}
    variables.update(environment)
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider"]
    # An installed distribution would load the plugin again, at its other path.
    variables["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    command += ["-p", "conformance.pytest_plugin"]
    ran = subprocess.run(
        [*command, "test_it.py"],
        cwd=str(folder),
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
    )
    output = ran.stdout.decode("utf-8", "replace")
    counts = {
        word: int(count) for count, word in re.findall(r"(\d+) (passed|failed|error)", output)
    }
    return counts, output


WANTED = """
def test_own_answer(sagemaker):
    sagemaker.on("llm", sse("Hel", "lo"))
    assert chat("Hi") == "Hello"
    (call,) = sagemaker.requests
    assert call.signature == "valid"
    assert call.json["messages"][0]["content"] == "Hi"
    assert call.name == "llm"

def test_model_function(sagemaker):
    def model(request):
        return sse(*request.json["messages"][0]["content"].upper().split())

    sagemaker.on("llm", model)
    assert chat("good day") == "GOODDAY"

def test_own_error(sagemaker):
    sagemaker.on("llm", model_error(507, "out of memory"))
    with pytest.raises(ClientError) as caught:
        chat("Hi")
    assert caught.value.response["Error"]["Code"] == "ModelError"
    assert caught.value.response["OriginalStatusCode"] == 507

def test_error_in_stream(sagemaker):
    sagemaker.on("llm", sse("Hel", end=None), stream_error("late"))
    seen = []
    with pytest.raises(EventStreamError):
        chat("Hi", on_token=seen.append)
    assert seen == ["Hel"]

@pytest.mark.parametrize("framing", ["length", "close"])
def test_cut_is_noticed(sagemaker, framing):
    sagemaker.on("llm", cut(sse("Hel", "lo"), framing=framing))
    with pytest.raises(Incomplete):
        chat("Hi")

def test_sequence_503_then_ok(sagemaker):
    sagemaker.on("llm", sequence=[error(503), sse("ok")])
    assert chat("Hi") == "ok"
    assert len(sagemaker.requests) == 2

def test_typo_endpoint_is_not_found(sagemaker):
    sagemaker.on("llm", sse("ok"))
    with pytest.raises(ClientError, match="Endpoint lmm of account .* not found"):
        chat("Hi", endpoint="lmm")

def test_slow_tokens_arrive_as_they_come(sagemaker):
    sagemaker.on("llm", slow(sse("a", "b", "c"), 0.2))
    times = []
    chat("Hi", on_token=lambda token: times.append(time.monotonic()))
    assert times[1] - times[0] > .1

def test_invoke_endpoint_not_streaming(sagemaker):
    sagemaker.on("llm", openai("ok"))
    response = boto3.client("sagemaker-runtime").invoke_endpoint(EndpointName="llm", Body=b"{}")
    assert b'"content": "ok"' in response["Body"].read()
    assert response["ContentType"] == "application/json"

def test_async_is_refused(sagemaker):
    sagemaker.on("llm", "ok")
    client = boto3.client("sagemaker-runtime")
    with pytest.raises(ClientError, match="not an asynchronous endpoint"):
        client.invoke_endpoint_async(EndpointName="llm", InputLocation="s3://b/k")
"""


@pytest.mark.slow
def test_what_an_application_s_developer_wants(tmp_path: Path) -> None:
    hostile = {
        "AWS_PROFILE": "production",
        "HTTP_PROXY": "http://127.0.0.1:1",
        "AWS_SESSION_TOKEN": "x",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    }
    counts, output = run_tests(tmp_path, WANTED, **hostile)
    assert counts == {"passed": 11}, output


FAILING = """
def swallow(call):
    try:
        call("Hi")
    except Exception:
        pass

def test_exception_in_a_function(sagemaker):
    sagemaker.on("llm", lambda request: request.json["no such key"])
    swallow(chat)

def test_exception_in_a_function_that_the_test_sees(sagemaker):
    sagemaker.on("llm", lambda request: request.json["no such key"])
    chat("Hi")

def test_exhausted(sagemaker):
    sagemaker.on("llm", sequence=[sse("a")])
    chat("Hi")
    swallow(chat)

@pytest.mark.sagemaker(strict=True)
def test_unused(sagemaker):
    sagemaker.on("llm", sse("a"))

@pytest.mark.sagemaker(strict=True)
def test_used(sagemaker):
    sagemaker.on("llm", sse("a"))
    assert chat("Hi") == "a"

@pytest.fixture
def mine(sagemaker):
    sagemaker.on("llm", lambda request: 1)
    return sagemaker

def test_through_another_fixture(mine):
    swallow(chat)

@pytest.mark.sagemaker(any_keys=True)
def test_any_keys(sagemaker, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDOTHER")
    sagemaker.on("llm", sse("a"))
    assert chat("Hi") == "a"
    assert sagemaker.requests[0].signature == "unchecked"

@pytest.mark.sagemaker(patience=0.1)
def test_blocks(sagemaker):
    sagemaker.on("llm", lambda request: time.sleep(3))
    config = Config(read_timeout=0.2, retries={"total_max_attempts": 1})
    with pytest.raises(Exception, match="timeout"):
        chat("Hi", client=boto3.client("sagemaker-runtime", config=config))
"""


@pytest.mark.slow
def test_mistakes_fail_the_test_itself(tmp_path: Path) -> None:
    counts, output = run_tests(tmp_path, FAILING)
    # A function that blocks is known only when the fixture ends.
    assert counts == {"passed": 3, "failed": 5, "error": 1}, output
    assert output.count("KeyError: 'no such key'") >= 2
    assert 'request.json["no such key"]' in output
    for words in (
        "request 2 for 'llm', but its sequence has only 1",
        "the reply of 'llm' was never used",
        "the result of the function for 'llm' has the wrong type",
        "1 functions were still running 0.1 s after the end",
    ):
        assert words in output
    assert "PytestUnknownMarkWarning" not in output and "PluggyTeardown" not in output


@pytest.mark.slow
def test_the_environment_is_restored_and_the_endpoint_is_not_imported_early(tmp_path: Path) -> None:
    tests = """
import sys
LOADED = [name for name in sys.modules if name.startswith("conformance.endpoint")]

def test_inside(sagemaker):
    assert os.environ["AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME"] == sagemaker.url
    assert "AWS_PROFILE" not in os.environ and os.environ["AWS_EC2_METADATA_DISABLED"] == "true"
    assert os.environ["NO_PROXY"] == "corp.example,127.0.0.1,localhost,::1"

def test_outside():
    assert os.environ["AWS_PROFILE"] == "p" and os.environ["NO_PROXY"] == "corp.example"
    assert "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME" not in os.environ
"""
    counts, output = run_tests(tmp_path, tests, AWS_PROFILE="p", NO_PROXY="corp.example")
    assert counts == {"passed": 2}, output


@pytest.mark.slow
def test_a_project_may_have_its_own_fixture_of_this_name(tmp_path: Path) -> None:
    tests = """
class Mine:
    def check(self):
        raise AssertionError("never called")

@pytest.fixture
def sagemaker():
    return Mine()

def test_mine(sagemaker):
    assert isinstance(sagemaker, Mine)
"""
    counts, output = run_tests(tmp_path, tests)
    assert counts == {"passed": 1}, output


@pytest.mark.slow
def test_the_plugin_imports_the_endpoint_only_when_it_is_used() -> None:
    program = (
        "import sys, conformance.pytest_plugin\n"
        "print([name for name in sys.modules if name.startswith(('conformance.end', 'refimpl'))])"
    )
    ran: Any = subprocess.run(
        [sys.executable, "-c", program], cwd=str(ROOT), stdout=subprocess.PIPE, timeout=60
    )
    assert ran.stdout.strip() == b"[]"


@pytest.mark.slow
def test_without_pytest_nothing_of_it_is_imported() -> None:
    program = (
        "import sys\n"
        "sys.modules['pytest'] = None\n"
        "from conformance.testing import Endpoint\n"
        "Endpoint().close()\n"
        "print('unittest' in sys.modules)"
    )
    ran: Any = subprocess.run(
        [sys.executable, "-c", program], cwd=str(ROOT), stdout=subprocess.PIPE, timeout=60
    )
    assert ran.stdout.strip() == b"False"
