# SPDX-License-Identifier: MIT
"""`serve --container` in front of real servers: uvicorn with the routes of a model container, and
LitServe, a model server.

`python3 -m conformance implementations install uvicorn litserve` installs them.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, List

import pytest

from conformance.endpoint.checks import ACCESS_KEY, SECRET_KEY
from conformance.endpoint.container import Container, Limits
from conformance.endpoint.server import Endpoint
from conformance.implementations.installers import venv_python
from refimpl.client import Client
from refimpl.shapes import ModelError, ModelStreamError
from refimpl.sigv4 import Credentials
from tests.implementations import installed

pytestmark = pytest.mark.slow

# What vLLM, SGLang and TGI serve behind SageMaker: chat completions as server-sent events.
APPLICATION = """
import asyncio, json, os

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break

    async def start(status, content_type, *more):
        pairs = [(b"content-type", content_type), *more]
        await send({"type": "http.response.start", "status": status, "headers": pairs})

    async def write(data, more=True):
        await send({"type": "http.response.body", "body": data, "more_body": more})

    if scope["path"] == "/ping":
        await start(200, b"text/plain")
        return await write(b"", False)
    request = json.loads(body)
    if "fail" in request:
        await start(500, b"text/html")
        return await write(b"<h1>CUDA out of memory</h1>", False)
    name = "x-amzn-sagemaker-custom-attributes"
    echo = (name.encode(), headers.get(name, "none").encode())
    await start(200, b"text/event-stream; charset=utf-8", echo)
    for number, token in enumerate(request["tokens"]):
        if token == "die":
            os._exit(1)
        if token == "raise":
            raise RuntimeError("the model has a bug")
        chunk = {"choices": [{"index": 0, "delta": {"content": token}, "finish_reason": None}]}
        await write(b"data: " + json.dumps(chunk).encode() + b"\\n\\n")
        await asyncio.sleep(request.get("pause", 0))
    await write(b"data: [DONE]\\n\\n", False)
"""


@contextmanager
def container(folder: Path) -> Iterator[str]:
    """Run uvicorn, and yield its URL."""
    python = venv_python(installed("uvicorn").where)
    (folder / "model.py").write_text(APPLICATION, encoding="utf-8")
    command = [python, "-m", "uvicorn", "model:app", "--port", "0", "--log-level", "info"]
    process = subprocess.Popen(
        command,
        cwd=str(folder),
        env={"PATH": os.environ.get("PATH", ""), "PYTHONUNBUFFERED": "1"},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    try:
        for line in process.stderr:  # type: ignore[union-attr]
            found = re.search(rb"running on (http://127\.0\.0\.1:[0-9]+)", line)
            if found:
                break
        else:
            pytest.fail("uvicorn did not start")
        yield found.group(1).decode()
    finally:
        process.kill()
        process.wait()
        process.stderr.close()  # type: ignore[union-attr]


def call(endpoint: Endpoint, request: Any, arrived: List[float]) -> Any:
    client = Client(
        region="eu-west-1",
        endpoint_url=endpoint.url,
        credentials=Credentials(ACCESS_KEY, SECRET_KEY),
        environment={},
        max_attempts=1,
    )
    body = request if isinstance(request, bytes) else json.dumps(request).encode("utf-8")
    response = client.invoke_endpoint_with_response_stream(
        endpoint_name="llm",
        body=body,
        content_type="application/json",
        custom_attributes="accept_eula=true",
    )
    data = b""
    with response:
        for event in response.body:
            arrived.append(time.monotonic())
            data += event.bytes
    return response, data


def test_a_real_server_behind_the_front_door(tmp_path: Path) -> None:
    with container(tmp_path) as url, Endpoint(container=Container(url, Limits())) as endpoint:
        arrived: List[float] = []
        response, data = call(endpoint, {"tokens": ["Grü", "ße"], "pause": 0.3}, arrived)
        texts = re.findall(rb'"content": (".*?")', data)
        assert [json.loads(text) for text in texts] == ["Grü", "ße"]
        assert data.endswith(b"data: [DONE]\n\n")
        assert response.content_type == "text/event-stream; charset=utf-8"
        assert response.custom_attributes == "accept_eula=true"
        # The first token arrives before the second has been made.
        assert len(arrived) >= 3 and arrived[1] - arrived[0] > 0.1
        with pytest.raises(ModelError) as failed:
            call(endpoint, {"fail": True}, [])
        assert failed.value.original_status_code == 500
        assert failed.value.original_message == "<h1>CUDA out of memory</h1>"
        for token in ("raise", "die"):
            arrived = []
            with pytest.raises(ModelStreamError) as broken:
                call(endpoint, {"tokens": ["Grü", token], "pause": 0.05}, arrived)
            assert broken.value.error_code == "StreamBroken" and len(arrived) == 1
        with pytest.raises(ModelError, match="no response of the container"):
            call(endpoint, {"tokens": []}, [])


def test_the_command_in_front_of_a_real_server(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    with container(tmp_path) as url:
        command = [sys.executable, "-m", "conformance", "serve", "--container", url, "--variables"]
        served = subprocess.Popen(command, cwd=str(root), stdout=subprocess.PIPE)
        try:
            lines = [served.stdout.readline().decode().rstrip() for _ in range(11)]  # type: ignore[union-attr]
            environment = dict(line.split("=", 1) for line in lines[1:])
            environment["PATH"] = os.environ.get("PATH", "")
            ran = subprocess.run(
                [sys.executable, "-m", "refimpl", "invoke", "llm", "--extract", "auto"]
                + ["--body", '{"tokens": ["Hel", "lo"]}'],
                cwd=str(root),
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            assert (ran.returncode, ran.stdout.strip()) == (0, b"Hello"), ran.stderr
        finally:
            served.kill()
            served.wait()
            served.stdout.close()  # type: ignore[union-attr]


# ---- LitServe ----------------------------------------------------------------------------------

LITSERVE = """
import json, sys, time
import litserve

class Words(litserve.LitAPI):
    def setup(self, device):
        pass

    def decode_request(self, request):
        return request["inputs"]

    def predict(self, text):
        for word in text.split():
            time.sleep(0.2)
            yield word

    def encode_response(self, words):
        for word in words:
            yield json.dumps({"token": {"text": word}}) + "\\n"

if __name__ == "__main__":
    api = Words(stream=True, api_path="/invocations")
    server = litserve.LitServer(api, accelerator="cpu", healthcheck_path="/ping")
    server.run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False)
"""


@contextmanager
def litserve(folder: Path) -> Iterator[str]:
    """Run LitServe on a free port, wait until it is healthy, and yield its URL."""
    python = venv_python(installed("litserve").where)
    (folder / "words.py").write_text(LITSERVE, encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [python, "words.py", str(port)],
        cwd=str(folder),
        env={"PATH": os.environ.get("PATH", ""), "HOME": str(folder)},
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while Container(url).ping() is not None:
            assert process.poll() is None and time.monotonic() < deadline, "LitServe did not start"
            time.sleep(0.2)
        yield url
    finally:
        # Its workers are processes of the same group.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_a_model_server_behind_the_front_door(tmp_path: Path) -> None:
    with litserve(tmp_path) as url, Endpoint(container=Container(url)) as endpoint:
        arrived: List[float] = []
        _, data = call(endpoint, {"inputs": "eins zwei drei"}, arrived)
        words = [json.loads(line)["token"]["text"] for line in data.decode("utf-8").splitlines()]
        assert words == ["eins", "zwei", "drei"]
        assert len(arrived) == 3 and arrived[2] - arrived[0] > 0.2
        with pytest.raises(ModelError) as failed:
            call(endpoint, b"not JSON", [])
        assert failed.value.original_status_code == 500
