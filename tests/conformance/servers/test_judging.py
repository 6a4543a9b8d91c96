# SPDX-License-Identifier: MIT
"""Tests of conformance/servers/judging.py: bad servers, and the verdicts on checks."""

from typing import Any, List, Tuple

import pytest

from conformance.endpoint.checks import EXAMPLE_TOKEN
from conformance.run.runner import BrokenAdapter
from conformance.run.verdicts import ACCEPTABLE, BLOCKED, FAIL, HANG, PASS, UNSUPPORTED
from conformance.servers.exchange import ServerFault
from conformance.servers.judging import UnusableServer, probe, run_checks
from conformance.servers.subject import Names, Subject
from conformance.servers.verdicts import NEEDS, Broken, Check, Departs, NotJudged
from tests.conformance.servers.subjects import served, subject_at
from tests.rawserver import RawServer, stall


def response(status: str, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


REFUSED = response(
    "403 Forbidden",
    b'{"message":"The security token included in the request is invalid."}',
    "x-amzn-ErrorType: UnrecognizedClientException",
)


@pytest.mark.slow
@pytest.mark.parametrize(
    "steps, words",
    [
        ([b"garbage\r\n"], "not an HTTP/1 status line"),
        ([], "closed the connection without a response"),
        ([stall], "no complete response within 0.3 s"),
        ([response("302 Found", b"", "Location: https://a.b/")], "redirects to https://a.b/, and"),
        ([response("301 Moved", b"")], "redirects to nowhere, and redirects are never followed"),
        ([response("502 Bad", b"<html>", "Content-Type: text/html")], "HTML (status 502)"),
        ([response("200 OK", b"{}")], "200 to an unsigned GET of an unknown path (expected a"),
        ([REFUSED], "refuses a correct request: 403 UnrecognizedClient: The security token"),
        ([response("401 No", b"")], "refuses a correct request: 401"),
        ([b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100, EXAMPLE_TOKEN.encode()], "200 to an unsigned"),
    ],
)
def test_a_server_that_cannot_be_judged(steps: List[Any], words: str) -> None:
    with RawServer(steps) as server, pytest.raises(UnusableServer) as caught:
        probe(subject_at(server.url, seconds=0.3))
    text = str(caught.value)
    assert words in text and "\n" not in text and EXAMPLE_TOKEN not in text
    assert isinstance(caught.value, BrokenAdapter)


def test_a_server_that_can_be_judged() -> None:
    with served() as endpoint:
        probe(subject_at(endpoint.url))
    with RawServer([response("200 OK", b"{}")]) as server:
        probe(subject_at(server.url, verifies=False))


def raising(error: Exception, *needs: str) -> Check:
    def run(subject: Subject) -> None:
        raise error

    return Check("srv-x", "t", ("SRV-001",), run, "w", needs)


def passing(subject: Subject) -> None:
    pass


def verdicts(*checks: Check) -> List[Tuple[str, str]]:
    subject = subject_at("http://127.0.0.1:1", Names())
    run = run_checks(subject, checks, lambda *step: None)
    return [(result.verdict.word, result.verdict.note) for result in run.results]


def test_verdicts() -> None:
    assert verdicts(Check("srv-x", "t", (), passing, "w")) == [(PASS, "")]
    assert verdicts(raising(NotJudged("no token"))) == [(UNSUPPORTED, "no token")]
    assert verdicts(raising(Departs("a", expected="b", actual="c"))) == [
        (ACCEPTABLE, "SHOULD: a (expected b, got c)")
    ]
    assert verdicts(raising(ServerFault("late", waited=True))) == [(HANG, "late")]
    assert verdicts(raising(Broken("a"), "fails")) == [(UNSUPPORTED, "needs " + NEEDS["fails"])]


def test_what_differs() -> None:
    subject = subject_at("http://127.0.0.1:1")
    checks = [
        raising(Broken("a", expected=1, actual=f"x {EXAMPLE_TOKEN} y")),
        raising(ServerFault(f"it closed {EXAMPLE_TOKEN}")),
    ]
    seen: List[Any] = []
    run = run_checks(subject, checks, lambda *step: seen.append(step))
    found = [result.verdict.difference for result in run.results]
    assert [result.verdict.word for result in run.results] == [FAIL, FAIL]
    assert found[0] is not None and (found[0].stage, found[0].expected) == ("a", 1)
    assert found[1] is not None and found[1].stage == "response"
    assert EXAMPLE_TOKEN not in repr(found)
    assert [(number, of) for number, of, _ in seen] == [(1, 2), (2, 2)]
    assert run.implementation.name == "server at http://127.0.0.1:1"


def test_a_server_that_stops_responding_is_not_asked_for_ever() -> None:
    late = raising(ServerFault("late", waited=True))
    words = [word for word, _ in verdicts(*[late] * 6)]
    assert words == [HANG] * 3 + [BLOCKED] * 3
    fine = Check("srv-x", "t", (), passing, "w")
    assert [word for word, _ in verdicts(late, late, fine, late, fine)] == [
        HANG,
        HANG,
        PASS,
        HANG,
        PASS,
    ]
