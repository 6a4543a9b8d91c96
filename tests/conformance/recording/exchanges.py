# SPDX-License-Identifier: MIT
"""A client made of a bare socket, and what the tests of recordings share."""

import os
import socket
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

import pytest

from conformance.adapters.refimpl import OPERATIONS
from conformance.cases.case import case_of
from conformance.cases.questions import questions_of
from conformance.endpoint.checks import ACCESS_KEY, SECRET_KEY
from conformance.endpoint.scenarios import examples
from conformance.endpoint.scenarios.build import CHUNKED, LAST_CHUNK, chunk, head, part
from conformance.endpoint.scenarios.model import STREAM_HEADERS
from conformance.protocol.messages import answer_question
from conformance.recording.exchange import case_entries, joined, of_documents
from conformance.recording.files import read_recording
from conformance.recording.proxy import Recorder
from conformance.run.verdicts import judge
from refimpl.sigv4 import Credentials, Signer, amz_date_of
from tests.rawserver import (
    nothing_left,
)

KEYS = Credentials(ACCESS_KEY, SECRET_KEY)
OWN = Credentials(
    "AKIAIOSFODNNOTREAL01",
    "not/AnExample+Secret=Of+Forty+Characters",
    "IQoJb3JpZ2luX2Vj/not+an+example+token==",
)
NOW = 1440938160.0  # 20150830T123600Z
EXAMPLES = {scenario.name: scenario for scenario in examples()}
STREAM = head((*STREAM_HEADERS, CHUNKED)) + chunk(part(b"one ")) + chunk(part(b"two")) + LAST_CHUNK
PLAIN = head([("Content-Length", "2")]) + b"ok"


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    with nothing_left():
        yield


# ---- a client ----------------------------------------------------------------------------------


def call(
    name: str = "llm",
    body: bytes = b"{}",
    credentials: Credentials = KEYS,
    more: Sequence[Tuple[str, str]] = (),
    target: Optional[str] = None,
) -> bytes:
    """Return a signed request that asks to keep the connection."""
    place = f"/endpoints/{name}/invocations-response-stream" if target is None else target
    signed = Signer().sign(
        "POST",
        place,
        [("Host", "127.0.0.1"), *more],
        body,
        credentials,
        "eu-west-1",
        "sagemaker",
        amz_date_of(NOW),
    )
    lines = (
        [f"POST {place} HTTP/1.1"]
        + ["{}: {}".format(*pair) for pair in signed.headers]
        + [f"Content-Length: {len(body)}", "", ""]
    )
    return "\r\n".join(lines).encode("latin-1") + body


@contextmanager
def connected(server: Any, timeout: float = 10) -> Iterator[socket.socket]:
    connection = socket.create_connection(
        ("127.0.0.1", int(server.url.rpartition(":")[2])), timeout
    )
    try:
        yield connection
    finally:
        connection.close()


def read_on(connection: socket.socket, until: int = 1 << 30) -> Tuple[bytes, str]:
    """Return what arrives, at most that many bytes, and how it ended.

    The end is "close", "reset", "stall", or "" if all bytes arrived.
    """
    data = b""
    while len(data) < until:
        try:
            piece = connection.recv(65536)
        except socket.timeout:
            return data, "stall"
        except OSError:
            return data, "reset"
        if not piece:
            return data, "close"
        data += piece
    return data, ""


def asked(
    server: Any, request: bytes, timeout: float = 10, until: int = 1 << 30
) -> Tuple[bytes, str]:
    with connected(server, timeout) as connection:
        connection.sendall(request)
        return read_on(connection, until)


@contextmanager
def recording_of(upstream: Any, folder: Path, **options: Any) -> Iterator[Recorder]:
    url = upstream if isinstance(upstream, str) else upstream.url
    with Recorder(
        url, str(folder), **dict({"keep_sensitive": True, "clock": lambda: NOW}, **options)
    ) as made:
        yield made


def recordings(folder: Path) -> List[Dict[str, Any]]:
    """Return the recordings in a folder in the order in which they were made."""
    names = sorted(os.listdir(str(folder)), key=lambda name: (folder / name).stat().st_mtime_ns)
    assert all(name.endswith(".json") for name in names)
    return [read_recording(str(folder), name) for name in names]


def bytes_of(half: Mapping[str, Any]) -> bytes:
    return joined(of_documents(half["pieces"]))


def verdicts_of(recording: Mapping[str, Any]) -> List[Tuple[str, str]]:
    found = []
    for entry in case_entries(recording):
        for question in questions_of(case_of(entry, "recordings")):
            answer = answer_question({"op": entry["op"], "input": question.input}, OPERATIONS)
            found.append((entry["op"], judge(question, answer).word))
    return found
