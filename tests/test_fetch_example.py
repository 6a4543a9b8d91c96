# SPDX-License-Identifier: MIT
"""Tests of docs/examples/fetch_stream.py, which docs/vendoring.md shows, with a fetch in Python.

`python3 -m tests.environments --only pyodide` runs it in Pyodide with the fetch of Node.js.
"""

import asyncio
import importlib.util
import inspect
from pathlib import Path
from types import SimpleNamespace
from typing import Any, List, Sequence, Tuple

import pytest

import refimpl
from refimpl import eventstream, sigv4

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "docs" / "examples" / "fetch_stream.py"
KEYS = refimpl.Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
NOW = 1440938160.0
HEADERS = {"Content-Type": "application/vnd.amazon.eventstream"}


def load() -> Any:
    spec = importlib.util.spec_from_file_location("fetch_stream", str(FILE))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def frame(payload: bytes) -> bytes:
    headers = [(":message-type", "string", "event"), (":event-type", "string", "PayloadPart")]
    return eventstream.encode(headers, payload)


class Fetch:
    """The part of Pyodide's pyfetch that the example uses. Keeps the request."""

    def __init__(self, status: int, headers: Any, pieces: Sequence[bytes]) -> None:
        self._response = (status, headers)
        self._pieces = list(pieces)
        self.requests: List[Tuple[str, Any]] = []

    async def __call__(self, url: str, **options: Any) -> Any:
        self.requests.append((url, options))
        body = SimpleNamespace(getReader=lambda: self)
        status, headers = self._response
        return SimpleNamespace(
            status=status, headers=headers, js_response=SimpleNamespace(body=body)
        )

    async def read(self) -> Any:
        await asyncio.sleep(0)
        if not self._pieces:
            return SimpleNamespace(done=True, value=None)
        piece = self._pieces.pop(0)
        return SimpleNamespace(done=False, value=SimpleNamespace(to_bytes=lambda: piece))


def call(fetch: Fetch, **members: Any) -> List[Any]:
    client = refimpl.Client(region="eu-west-1", credentials=KEYS, environment={}, clock=lambda: NOW)
    found: List[Any] = []

    async def collect() -> None:
        async for event in load().events_of(client, fetch, **members):
            found.append(event)

    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(collect())
    except refimpl.Error as error:
        error.collected = found  # type: ignore[attr-defined]
        raise
    finally:
        loop.close()
    return found


def test_the_page_shows_the_example():
    page = (ROOT / "docs" / "vendoring.md").read_text(encoding="utf-8")
    module = load()
    assert inspect.getsource(module.events_of) in page
    assert "examples/fetch_stream.py" in page


def test_events_arrive_and_the_signature_verifies():
    data = frame(b"Hel") + frame(b"lo")
    fetch = Fetch(200, HEADERS, [data[:50], data[50:51], data[51:]])
    events = call(fetch, endpoint_name="llm", body=b'{"a":1}', content_type="application/json")
    assert [event.bytes for event in events] == [b"Hel", b"lo"]
    url, options = fetch.requests[0]
    host = "runtime.sagemaker.eu-west-1.amazonaws.com"
    target = "/endpoints/llm/invocations-response-stream"
    assert url == f"https://{host}{target}"
    sent = [("Host", host), *options["headers"].items()]
    assert not {"host", "connection", "user-agent"} & {name.lower() for name in options["headers"]}
    scope = ("eu-west-1", "sagemaker", sigv4.amz_date_of(NOW))
    sigv4.verify(options["method"], target, sent, options["body"], KEYS, *scope)
    changed = [("Host", "other"), *options["headers"].items()]
    with pytest.raises(refimpl.SignatureError):
        sigv4.verify(options["method"], target, changed, options["body"], KEYS, *scope)


def test_a_truncated_stream_and_an_error_response_are_errors():
    whole = frame(b"Hel")
    with pytest.raises(refimpl.FrameError) as caught:
        call(Fetch(200, HEADERS, [whole + whole[:-1]]), endpoint_name="llm", body=b"")
    assert caught.value.kind == "truncated" and len(caught.value.collected) == 1
    error = b'{"Code":"ValidationError","Message":"no endpoint"}'
    headers = {"x-amzn-errortype": "ValidationError"}
    with pytest.raises(refimpl.ValidationError, match="no endpoint"):
        call(Fetch(400, headers, [error]), endpoint_name="llm", body=b"")
