# SPDX-License-Identifier: MIT
"""Servers that give every request the same response, and the verdicts on them."""

from typing import Any, Dict, Sequence

from conformance.run.verdicts import Verdict
from conformance.servers.judging import run_checks
from conformance.servers.verdicts import Check
from tests.conformance.servers.subjects import subject_at
from tests.rawserver import HEAD_END, RawServer


def read_head(connection: Any) -> None:
    """Read a request up to the end of its head, and ignore its body."""
    while HEAD_END not in connection.request:
        data = connection.socket.recv(65536)
        if not data:
            return
        connection.request += data


def response(status: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def verdicts_on(answer: bytes, checks: Sequence[Check]) -> Dict[str, Verdict]:
    """Return the verdict of each check on a server that always answers the same."""
    with RawServer([answer], read=read_head) as server:
        run = run_checks(subject_at(server.url), checks, lambda *step: None)
    return {result.case.id: result.verdict for result in run.results}


def words_on(answer: bytes, checks: Sequence[Check]) -> Dict[str, str]:
    return {name: found.word for name, found in verdicts_on(answer, checks).items()}
