# SPDX-License-Identifier: MIT
"""Runs mutants: sends requests to the adapter of a broken variant until one of them kills it.

A failure, a crash, a hang, an unexpected exception and an outcome that is only acceptable kill.
Each mutant has an adapter process of its own.
"""

from typing import Iterable, List, NamedTuple, Optional, Sequence, Tuple

from conformance.cases.questions import Question
from conformance.endpoint.server import Endpoint
from conformance.protocol.messages import PROTOCOL_VERSION
from conformance.protocol.process import Adapter, AdapterFault, Crashed, Hanging
from conformance.run.asking import ask
from conformance.run.runner import (
    OWN_ADAPTER,
    BrokenAdapter,
    implementation_of,
    own_environment,
    surroundings,
)
from conformance.run.verdicts import ACCEPTABLE, ADAPTER, CRASH, FAIL, FAILURES, HANG, judge
from refimpl.errors import Error

ERROR = "ERROR"  # an unexpected exception
STILLBORN = "STILLBORN"  # it cannot be loaded
KIND = "KIND"  # killed by a kind in a case that is not marked
SURVIVED = "SURVIVED"
UNREACHED = "UNREACHED"  # no request reaches its statement
_CONFIRMATION = 4  # times the time-out, for a second attempt


class ProofFailed(Error):
    """The mutation tests failed."""

    kind = "proof"


class Trial(NamedTuple):
    """What happened to a mutant: how it died or survived, and the request that killed it."""

    how: str  # FAIL, CRASH, HANG, ERROR, ACCEPTABLE: killed; or STILLBORN, SURVIVED, UNREACHED
    killer: Optional[Question]
    asked: int
    note: str


class Bench:
    """Runs mutants, each in its own process.

    timeout: seconds per request
    """

    def __init__(self, timeout: float, cache: str) -> None:
        self._timeout = timeout
        # One cache of compiled modules serves the hundreds of processes.
        self._environment = dict(
            surroundings(),
            **dict(own_environment(), PYTHONPYCACHEPREFIX=cache, PYTHONDONTWRITEBYTECODE=""),
        )

    def command_of(self, name: str) -> List[str]:
        """Return the command of a mutant's adapter."""
        return [OWN_ADAPTER[0], "-m", "conformance.mutation.adapter", name]

    def start(self, command: Sequence[str]) -> Adapter:
        """Return an adapter process. Raises AdapterFault."""
        return Adapter(command, self._environment)

    def trial(self, name: str, questions: Iterable[Question], marked_kinds: bool = False) -> Trial:
        """Send requests to a mutant of that name until one kills it; see trial_of()."""
        return self.trial_of(self.command_of(name), questions, marked_kinds)

    def trial_of(
        self, command: Sequence[str], questions: Iterable[Question], marked_kinds: bool = False
    ) -> Trial:
        """Send requests to the adapter of a mutant until one kills it.

        marked_kinds: whether a kind kills only in a case with `"decides": "kind"`
        """
        asked = 0
        by_kind: Optional[Trial] = None
        try:
            with _Process(self, command, self._timeout) as process:
                for question in questions:
                    asked += 1
                    how, note = process.judged(question)
                    if how == KIND and marked_kinds and not question.case.decides:
                        by_kind = by_kind or Trial(KIND, question, asked, note)
                    elif how:
                        return Trial(FAIL if how == KIND else how, question, asked, note)
        except (AdapterFault, BrokenAdapter) as fault:
            return Trial(STILLBORN, None, 0, str(fault))
        return by_kind or Trial(SURVIVED, None, asked, "")


class _Process:
    """The adapter process of a mutant, and the endpoint that it calls. A context manager."""

    def __init__(self, bench: Bench, command: Sequence[str], timeout: float) -> None:
        self._bench, self._command, self._timeout = bench, command, timeout
        self._endpoint: Optional[Endpoint] = None
        self._start()

    def _start(self) -> None:
        self._adapter = self._bench.start(self._command)
        self._kinds = implementation_of(self._adapter.hello).kinds

    def __enter__(self) -> "_Process":
        return self

    def __exit__(self, *exception: object) -> None:
        self._adapter.close()
        if self._endpoint is not None:
            self._endpoint.close()

    def judged(self, question: Question) -> Tuple[str, str]:
        """Return how a request kills the mutant, with the evidence, or two empty strings.

        A hang, and any error of a call over a socket, is confirmed in a new process, because a busy
        machine is not an error of the mutant.
        """
        if question.case.op == "invoke" and self._endpoint is None:
            self._endpoint = Endpoint()
        how, note = self._answer(question, self._timeout)
        if not how or (how != HANG and question.case.op != "invoke"):
            return how, note
        self._adapter.close()
        self._start()
        return self._answer(question, self._timeout * _CONFIRMATION)

    def _answer(self, question: Question, timeout: float) -> Tuple[str, str]:
        try:
            answer, calls, pacing = ask(self._adapter, question, self._endpoint, timeout, True)
        except Hanging as fault:
            return HANG, str(fault)
        except Crashed as fault:
            return CRASH, str(fault)
        except AdapterFault as fault:
            return ERROR, str(fault)
        came = judge(question, answer, self._kinds, calls, PROTOCOL_VERSION, True, pacing)
        if came.word == ADAPTER:
            return ERROR, came.note
        if came.difference is not None and came.difference.stage == "kind":
            return KIND, came.note
        return (came.word, came.note) if came.word in FAILURES + (ACCEPTABLE,) else ("", "")
