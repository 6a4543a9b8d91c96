# SPDX-License-Identifier: MIT
"""Runs checks against a server, one after the other.

probe() first sends one correct request and one that no server may accept, and reports on one line
why a server cannot be judged. run_checks() never hangs: each exchange has its limits, and after a
few waits in a row the remaining checks are BLOCKED.
"""

import time
from typing import Any, Callable, Sequence, Tuple

from conformance.run.runner import BrokenAdapter, Implementation, Run
from conformance.run.verdicts import (
    ACCEPTABLE,
    BLOCKED,
    FAIL,
    HANG,
    PASS,
    UNSUPPORTED,
    Difference,
    Result,
    Verdict,
    verdict,
)
from conformance.servers.catalogue import OPERATION, case_of
from conformance.servers.exchange import Received, ServerFault
from conformance.servers.subject import Draft, Subject
from conformance.servers.verdicts import (
    NEEDS,
    Broken,
    Check,
    Departs,
    NotJudged,
    described,
)
from refimpl.errors import shown
from refimpl.redaction import redacted_text

_MAX_WAITS = 3  # in a row
_NOWHERE = "/conformance-check-no-such-path"
_REFUSALS = (401, 403)

Step = Callable[[int, int, Result], None]


class UnusableServer(BrokenAdapter):
    """The server cannot be judged."""

    kind = "server"


def probe(subject: Subject) -> None:
    """Raise UnusableServer if the server cannot be judged."""
    try:
        _check_answer(subject, subject.ask(subject.draft()))
        nowhere = subject.ask(Draft("GET", _NOWHERE, _unsigned_headers(subject), b""))
    except ServerFault as fault:
        raise UnusableServer(_safe(subject, str(fault))) from None
    if subject.verifies and nowhere.status < 300:
        raise UnusableServer(
            f"the server responds {nowhere.status} to an unsigned GET of an unknown path",
            expected="a server that verifies signatures, or --no-signatures",
        )


def _unsigned_headers(subject: Subject) -> Tuple[Tuple[str, str], ...]:
    return (("Host", subject.draft().value("Host")), ("User-Agent", "conformance-check"))


def _check_answer(subject: Subject, received: Received) -> None:
    """Raise UnusableServer if the response to a correct request shows that nothing can follow."""
    what = ""
    if 300 <= received.status < 400:
        where = shown(received.value("Location") or "nowhere", 200)
        what = f"the server redirects to {where}, and redirects are never followed"
    elif "html" in received.value("Content-Type").lower():
        what = f"the server responds with HTML (status {received.status})"
    if what:
        raise UnusableServer(_safe(subject, what), expected="the URL of a server of this operation")
    if received.status in _REFUSALS:
        raise UnusableServer(
            _safe(subject, f"the server refuses a correct request: {described(received)}"),
            expected="its credentials (--profile, --own-credentials) and its --region",
        )


def run_checks(subject: Subject, checks: Sequence[Check], step: Step) -> Run:
    """Run checks and return their results.

    step: called after each check with its number, the number of checks, and its result
    """
    started = time.monotonic()
    results = []
    waits = 0
    for number, check in enumerate(checks, 1):
        begun = time.monotonic()
        if waits < _MAX_WAITS:
            found = _verdict_of(subject, check)
        else:
            found = verdict(BLOCKED, "the server no longer responds in time")
        waits = waits + 1 if found.word in (HANG, BLOCKED) else 0
        results.append(Result(case_of(check), "whole", found, time.monotonic() - begun))
        step(number, len(checks), results[-1])
    server = Implementation(f"server at {subject.url}", "", "HTTP", (OPERATION,), {})
    return Run(server, results, time.monotonic() - started)


def _verdict_of(subject: Subject, check: Check) -> Verdict:
    missing = [NEEDS[need] for need in check.needs if not subject.has(need)]
    if missing:
        return verdict(UNSUPPORTED, f"needs {missing[0]}")
    try:
        check.run(subject)
    except NotJudged as reason:
        return verdict(UNSUPPORTED, _safe(subject, reason.message or ""))
    except Departs as found:
        return verdict(ACCEPTABLE, _safe(subject, f"SHOULD: {found}"))
    except Broken as found:
        expected, actual = _shown(subject, found.expected), _shown(subject, found.actual)
        return verdict(FAIL, difference=Difference(found.message or "", expected, actual))
    except ServerFault as fault:
        text = _safe(subject, str(fault))
        if fault.waited:
            return verdict(HANG, text)
        return verdict(FAIL, difference=Difference("response", "a complete response", text))
    return verdict(PASS)


def _shown(subject: Subject, value: Any) -> Any:
    return _safe(subject, value) if isinstance(value, str) else value


def _safe(subject: Subject, text: str) -> str:
    return redacted_text(text, subject.secrets())
