# SPDX-License-Identifier: MIT
"""Drives adapters: a command and cases -> what each case came to.

The plan: smoke() decides first, on questions whose answers everybody knows, whether the adapter can be judged at all. Then a few
workers, each with an adapter process of its own, take cases off one queue; a case is asked once for each of its chunkings and
gets the verdict of the worst. A process that breaks down costs the case that broke it, never another: it is started anew, and
what a process that had answered before leaves unanswered is asked again of a fresh one. Where that one answers, nobody can say
whose fault the breakdown was: it stands behind the case before as a result of its own.

Cases that wait (the endpoint stalls, so the client must) go to workers of their own, since they cost seconds and no work.
Refused: an adapter that does not speak the protocol (BrokenAdapter). Clock and processes are the real ones here.
"""

import os
import queue
import shlex
import sys
import threading
import time
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from conformance.cases.case import Case, Document
from conformance.cases.questions import Question, questions_of
from conformance.endpoint.scenarios import find
from conformance.endpoint.server import ACCESS_KEY, SECRET_KEY, Call, Endpoint
from conformance.files import ROOT
from conformance.protocol.messages import OPERATION_NAMES, PROTOCOL_VERSION
from conformance.protocol.process import (
    Adapter,
    AdapterFault,
    Crashed,
    Environment,
    Garbled,
    Hanging,
)
from conformance.run.verdicts import (
    ADAPTER,
    CRASH,
    FAIL,
    HANG,
    PASS,
    UNSUPPORTED,
    Result,
    Verdict,
    judge,
    unknown_kinds,
    verdict,
    worst,
)
from refimpl.errors import Error, excerpt, shown

REGION = "us-east-1"
DEFAULT_TIMEOUT = 10.0  # seconds for an answer
_WAITING_JOBS = 8  # workers for cases that wait, unless --jobs says otherwise

OWN_ADAPTER = (sys.executable, "-m", "conformance.adapters.refimpl")

Progress = Callable[[int, int, Result], None]


class Implementation(NamedTuple):
    name: str
    version: str
    language: str
    operations: Tuple[str, ...]
    kinds: Mapping[str, str]


Implementation.__doc__ = """What an adapter says of itself."""


class Run(NamedTuple):
    implementation: Implementation
    results: List[Result]
    seconds: float


class BrokenAdapter(Error):
    """The adapter cannot be judged: it does not speak the protocol."""

    kind = "adapter"


def split_command(text: str) -> List[str]:
    """Return the words of a command line, as a shell splits them. Raises BrokenAdapter."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise BrokenAdapter(f"the adapter's command cannot be read: {error}", actual=text) from None
    if not words:
        raise BrokenAdapter("the adapter's command is empty")
    return words


# ---- the smoke test ----------------------------------------------------------------------------------------------

_LATENCY = 0.01  # seconds, as over a near network: an answer at once would judge how a client's threads are scheduled, not the case
_KEYS = {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY, "region": REGION}
_SIGNED = dict(
    _KEYS,
    method="GET",
    target="/",
    headers=[["Host", "example.amazonaws.com"]],
    body="",
    service="service",
    time="20150830T123600Z",
)
_WRONG_MESSAGES = {"messages": [{"headers": [], "payload": "d3Jvbmc="}]}

# Of each operation a question that every implementation can answer, and an output that is wrong for it.
_TRIVIAL: Dict[str, Tuple[Document, Document]] = {
    "sigv4.sign": (
        _SIGNED,
        {
            "canonical_request": "wrong",
            "string_to_sign": "wrong",
            "signature": "wrong",
            "authorization": "wrong",
        },
    ),
    "sigv4.presign": (
        dict(_SIGNED, expires=60),
        {
            "canonical_request": "wrong",
            "string_to_sign": "wrong",
            "signature": "wrong",
            "target": "wrong",
        },
    ),
    "sigv4.verify": (_SIGNED, {}),  # it is unsigned: `ok` itself is wrong
    "eventstream.decode": ({"chunks": ["AAAAEAAAAAAFwkjrfZjI/w=="]}, _WRONG_MESSAGES),
    "eventstream.encode": ({"headers": [], "payload": ""}, _WRONG_MESSAGES),
    "shape.convert": (
        {
            "shape": "InvokeEndpointWithResponseStreamOutput",
            "from": "json",
            "to": "json",
            "document": "{}",
        },
        {"document": '{"wrong": 1}'},
    ),
    "http.request": (
        {"input": {"EndpointName": "llm", "Body": ""}, "region": REGION},
        {"method": "WRONG"},
    ),
    "http.response": (
        {"status": 500, "headers": [], "chunks": [], "complete": True},
        {"events": []},
    ),
    "text.lines": ({"parts": ["YQo="]}, {"lines": ["wrong"]}),
    "text.sse": ({"parts": ["ZGF0YTogYQoK"]}, {"events": [{"data": "wrong"}]}),
    "endpoint.resolve": ({"region": REGION}, {"url": "wrong"}),
    "invoke": ({"input": {"EndpointName": "smoke-test", "Body": ""}}, {"events": []}),
}


def smoke(adapter: Adapter, timeout: float, endpoint_url: str) -> Implementation:
    """Return what the adapter says of itself, after it has answered a trivial question of each operation in form.

    An answer may be right or wrong, but it must be one, and a wrong expectation must not pass. Raises BrokenAdapter.
    """
    said = implementation_of(adapter.hello)
    for operation in said.operations:
        given, wrong = _TRIVIAL[operation]
        case = _smoke_case(operation, given, wrong)
        question = Question(case, "whole", addressed(case, given, endpoint_url), case.expect)
        try:
            came = judge(question, adapter.ask(operation, question.input, timeout), said.kinds)
        except AdapterFault as fault:
            raise BrokenAdapter(
                f"the adapter does not answer a trivial question of {operation}: {fault}"
            ) from None
        if came.word == ADAPTER:
            raise BrokenAdapter(
                f"the adapter does not answer a trivial question of {operation} in form: {came.note}"
            )
        if came.word not in (FAIL, UNSUPPORTED):
            raise BrokenAdapter(f"a wrong expectation passes for {operation}: {came.word}")
    return said


def implementation_of(hello: Mapping[str, Any]) -> Implementation:
    """Return what an adapter says of itself. Raises BrokenAdapter where that is not what the protocol asks for."""
    if type(hello.get("protocol")) is not int or hello["protocol"] != PROTOCOL_VERSION:
        raise _bad_hello("protocol", PROTOCOL_VERSION, hello.get("protocol"))
    who = hello.get("implementation")
    if not isinstance(who, dict) or not all(
        isinstance(who.get(name), str) for name in ("name", "version", "language")
    ):
        raise _bad_hello("implementation", "an object with the texts name, version, language", who)
    operations = hello.get("operations")
    if not isinstance(operations, list) or not any(name in OPERATION_NAMES for name in operations):
        raise _bad_hello(
            "operations", "a list with some of " + " ".join(OPERATION_NAMES), operations
        )
    kinds = hello.get("kinds")
    kinds = {} if kinds is None else kinds
    wrong = unknown_kinds(kinds) if isinstance(kinds, dict) else kinds
    if wrong:
        raise _bad_hello("kinds", "an object from its own names to the protocol's kinds", wrong)
    return Implementation(
        who["name"],
        who["version"],
        who["language"],
        tuple(name for name in OPERATION_NAMES if name in operations),
        kinds,
    )


def _bad_hello(key: str, expected: object, actual: object) -> BrokenAdapter:
    return BrokenAdapter(
        f"the adapter's hello is not in form: {key}", expected=expected, actual=actual
    )


def broken_run(error: BrokenAdapter) -> Run:
    """Return what a report holds of an adapter that cannot be judged: the smoke test alone, and what it came to."""
    case = _smoke_case("hello", {}, {})
    return Run(
        Implementation("unknown", "unknown", "unknown", (), {}),
        [Result(case, "whole", verdict(ADAPTER, str(error)), 0.0)],
        0.0,
    )


def _smoke_case(operation: str, given: Document, wrong: Document) -> Case:
    return Case(
        "smoke-test",
        "the adapter speaks the protocol",
        (),
        "MUST",
        operation,
        given,
        ("whole",),
        {"status": "ok", "output": wrong},
        (),
        (),
        "without it no answer means anything",
        "0.1.0",
        "derived",
        "smoke",
    )


def addressed(case: Case, given: Document, endpoint_url: str) -> Document:
    """Return an input; that of an `invoke` question with the endpoint and the keys."""
    return dict(_KEYS, endpoint_url=endpoint_url, **given) if case.op == "invoke" else given


# ---- running -----------------------------------------------------------------------------------------------------


class Runner:
    """Runs cases against one adapter's command.

    jobs: processes; None for one, and some more for cases that wait
    """

    def __init__(
        self,
        command: Sequence[str],
        timeout: float = DEFAULT_TIMEOUT,
        jobs: Optional[int] = None,
        environment: Optional[Environment] = None,
    ) -> None:
        self._command, self._timeout, self._jobs, self._environment = (
            command,
            timeout,
            jobs,
            environment,
        )

    def run(
        self, cases: Sequence[Case], progress: Progress = lambda done, total, result: None
    ) -> Run:
        """Return what the cases came to, in their order. Raises BrokenAdapter when the adapter cannot be judged."""
        begun = time.monotonic()
        with Endpoint(latency=_LATENCY) as endpoint:
            try:
                with self._start() as adapter:
                    said = smoke(adapter, self._timeout, endpoint.url)
            except AdapterFault as fault:
                raise BrokenAdapter(f"the adapter does not say hello: {fault}") from None
            board = _Board(cases, said, progress)
            batches = self._batches([case for case in cases if board.takes(case)])
            workers = [
                _Worker(self._start, self._timeout, endpoint, board, batch)
                for batch, jobs in batches
                for _ in range(jobs)
            ]
            _work(workers)
        return Run(said, board.results(), time.monotonic() - begun)

    def _start(self) -> Adapter:
        return Adapter(self._command, self._environment)

    def _batches(self, cases: Sequence[Case]) -> List[Tuple["queue.Queue[Case]", int]]:
        """Return queues of cases, each with the number of its workers."""
        waiting = [case for case in cases if is_waiting(case)]
        others = [case for case in cases if not is_waiting(case)]
        if self._jobs is not None:
            waiting, others = [], waiting + others  # those that take long come first
        sizes = ((others, self._jobs or 1), (waiting, _WAITING_JOBS))
        return [(_queue_of(batch), min(jobs, len(batch))) for batch, jobs in sizes]


def is_waiting(case: Case) -> bool:
    """Tell whether a case costs seconds, since the endpoint stalls and the client must wait."""
    return (
        case.op == "invoke" and find(case.input["input"]["EndpointName"]).answer.ending == "stall"
    )


def _queue_of(cases: Sequence[Case]) -> "queue.Queue[Case]":
    waiting: "queue.Queue[Case]" = queue.Queue()
    for case in cases:
        waiting.put(case)
    return waiting


def _work(workers: Sequence["_Worker"]) -> None:
    threads = [threading.Thread(target=worker.work, daemon=True) for worker in workers]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(0.5)  # an interrupt just before an endless wait would be lost
                _raise_failure(workers)
    finally:
        for worker in workers:
            worker.stop()
    _raise_failure(workers)


def _raise_failure(workers: Sequence["_Worker"]) -> None:
    for worker in workers:
        if worker.failure is not None:
            raise worker.failure


class _Board:
    """Where results are written, from any thread."""

    def __init__(self, cases: Sequence[Case], said: Implementation, progress: Progress) -> None:
        self.said = said
        self._cases, self._progress = cases, progress
        self._lock = threading.Lock()
        self._results: Dict[str, Result] = {}
        self._blamed: Dict[str, Verdict] = {}
        self._behind: Dict[str, Verdict] = {}
        for case in cases:
            if not self.takes(case):
                self.write(
                    Result(
                        case,
                        case.chunking[0],
                        verdict(UNSUPPORTED, f"it does not offer {case.op}"),
                        0.0,
                    )
                )

    def takes(self, case: Case) -> bool:
        """Whether the adapter offers the case's operation."""
        return case.op in self.said.operations

    def write(self, result: Result) -> None:
        """Write down what a case came to."""
        with self._lock:
            self._results[result.case.id] = result
            self._progress(len(self._results), len(self._cases), result)

    def blame(self, case: Case, found: Verdict) -> None:
        """Write down what turned out to be the fault of a case whose question was answered already."""
        with self._lock:
            self._blamed[case.id] = found

    def break_down(self, case: Case, found: Verdict) -> None:
        """Write down that the adapter broke down between a case's answer and the next: nobody knows whose fault it was."""
        with self._lock:
            self._behind[case.id] = found

    def results(self) -> List[Result]:
        """Return all that was written, in the order of the cases; behind a case, what broke down behind it as one of its own."""
        results = []
        for result in [self._results[case.id] for case in self._cases]:
            blamed = self._blamed.get(result.case.id)
            results.append(
                result if blamed is None else result._replace(verdict=worst(result.verdict, blamed))
            )
            if result.case.id in self._behind:
                between = result.case._replace(
                    id="behind-" + result.case.id,
                    title="the adapter goes on to the next case",
                    needs=(),
                )
                results.append(Result(between, result.chunking, self._behind[result.case.id], 0.0))
        return results


class _Worker:
    """Asks one adapter process at a time, and a new one after it has broken down."""

    def __init__(
        self,
        start: Callable[[], Adapter],
        timeout: float,
        endpoint: Endpoint,
        board: _Board,
        waiting: "queue.Queue[Case]",
    ) -> None:
        self._start, self._timeout, self._endpoint, self._board, self._waiting = (
            start,
            timeout,
            endpoint,
            board,
            waiting,
        )
        self._adapter: Optional[Adapter] = None
        self._last: Optional[Case] = None  # whose question this process answered last
        self._gone = ""  # why there is no adapter any more
        self._stopped = False
        self.failure: Optional[BaseException] = None

    def work(self) -> None:
        """Take cases until there are none."""
        try:
            while not self._stopped:
                self._board.write(self._result_of(self._waiting.get_nowait()))
        except queue.Empty:
            self._take_leave()
        except (
            BaseException
        ) as error:  # handed to the thread that waits, unless it has ended this one
            self.failure = None if self._stopped else error
        finally:
            self._close()

    def stop(self) -> None:
        """End the adapter, from any thread."""
        self._stopped = True
        self._close()

    def _result_of(self, case: Case) -> Result:
        begun = time.monotonic()
        chunking, found = case.chunking[0], verdict(PASS)
        for question in questions_of(case):
            came = self._verdict_of(question)
            if worst(found, came) is not found:
                chunking, found = question.chunking, came
            if came.word in (
                CRASH,
                HANG,
                ADAPTER,
            ):  # the next chunking would cost as much and say no more
                break
        return Result(case, chunking, found, time.monotonic() - begun)

    def _verdict_of(self, question: Question) -> Verdict:
        if self._gone:
            return verdict(ADAPTER, self._gone)
        try:
            answer = self._ask(question)
        except Hanging as fault:
            return verdict(HANG, str(fault))
        except Crashed as fault:
            return verdict(CRASH, str(fault))
        except AdapterFault as fault:
            return verdict(ADAPTER, f"it does not answer as the protocol asks: {fault}")
        return judge(question, answer, self._board.said.kinds, self._calls_of(question))

    def _ask(self, question: Question) -> Dict[str, Any]:
        """Return an answer. What broke a process that had answered others may be theirs: a fresh one is asked again."""
        given = addressed(question.case, question.input, self._endpoint.url)
        try:
            answer = self._started().ask(question.case.op, given, self._timeout)
        except AdapterFault as fault:
            last, self._last = self._last, None
            self._close()
            if self._stopped or isinstance(fault, Hanging) or last is None or last is question.case:
                raise
            answer = self._ask(question)
            word = CRASH if isinstance(fault, Crashed) else ADAPTER
            self._board.break_down(
                last,
                verdict(
                    word, f"a fresh process answers {question.case.id}, this one did not: {fault}"
                ),
            )
        self._blame_strays()
        self._last = question.case
        return answer

    def _started(self) -> Adapter:
        if self._adapter is None:
            try:
                self._adapter = self._start()
            except AdapterFault as fault:
                self._gone = f"it cannot be started again: {fault}"
                raise Garbled(self._gone) from None
        adapter = self._adapter
        if self._stopped:  # while it was started
            raise Garbled("interrupted")
        return adapter

    def _blame_strays(self) -> None:
        """Lines that came behind an answer are the fault of the case that was answered."""
        if self._adapter is not None and self._adapter.strays and self._last is not None:
            stray = excerpt(self._adapter.strays[0])
            self._board.blame(
                self._last,
                verdict(
                    ADAPTER,
                    "it wrote another line behind its answer: %s" % (stray or "an empty one"),
                ),
            )
            self._adapter.strays.clear()

    def _take_leave(self) -> None:
        if self._adapter is not None:
            self._adapter.bye()
            self._blame_strays()

    def _close(self) -> None:
        adapter, self._adapter = self._adapter, None
        if adapter is not None:
            adapter.close()

    def _calls_of(self, question: Question) -> Optional[List[Call]]:
        return (
            calls_of(question.case.input["input"]["EndpointName"], self._endpoint.calls)
            if question.case.op == "invoke"
            else None
        )


def calls_of(name: str, calls: Sequence[Call]) -> List[Call]:
    """Return the calls of a scenario that its client made: not those of a redirect, which come by another host name."""
    target = f"/endpoints/{name}/invocations-response-stream"
    return [
        call
        for call in calls
        if call.target == target and "localhost" not in dict(call.headers).get("Host", "")
    ]


def own_environment() -> Dict[str, str]:
    """Return what the reference's own adapter needs in its environment to be found: this package's folder comes first."""
    others = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": ROOT + (os.pathsep + others if others else "")}


def told_implementation(said: Implementation) -> str:
    """Return an implementation's name and version, as text that can be shown."""
    return shown(f"{said.name} {said.version} ({said.language})", 200)
