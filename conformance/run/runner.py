# SPDX-License-Identifier: MIT
"""The runner: runs cases against an adapter's command and returns a result for each case.

The runner speaks version 2 of the protocol, and version 1 with an adapter that fails on `hello` in
version 2. `smoke` checks, with trivial requests, whether the adapter can be judged at all. Then
each worker starts its own adapter process and takes cases from a shared queue. A case is sent once
for each of its chunkings and gets the worst verdict.

If a process fails, only the current case is affected, because a new process takes over. If the
failing process had answered other cases before, the new process gets the same request again: if it
answers, the earlier case may have damaged the old process, and an additional result `after-CASE`
records the failure.

Cases in which the endpoint stalls have separate workers, because they take seconds but no CPU.
Raises BrokenAdapter for an adapter that does not speak the protocol. Uses the real clock.
"""

import os
import queue
import random
import shlex
import subprocess  # noqa: S404
import sys
import threading
import time
from functools import lru_cache
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

from conformance.cases.case import Case, Document
from conformance.cases.questions import Question, questions_of
from conformance.endpoint.scenarios import DEFAULT
from conformance.endpoint.server import NEARBY, Endpoint
from conformance.files import ROOT
from conformance.protocol.messages import OPERATION_NAMES, PROTOCOL_VERSION, PROTOCOL_VERSIONS
from conformance.protocol.process import (
    Adapter,
    AdapterFault,
    Crashed,
    Environment,
    Garbled,
    Hanging,
)
from conformance.run.asking import (
    DEFAULT_TIMEOUT,
    KEYS,
    REGION,
    Asked,
    addressed,
    ask,
    is_paced,
    is_waiting,
)
from conformance.run.kinds import Named, is_unknown, unknown_kinds
from conformance.run.shown import CONTAINER_NAMES, SHOWN, case_of_text
from conformance.run.verdicts import (
    ADAPTER,
    CRASH,
    FAIL,
    FAILURES,
    HANG,
    PASS,
    UNSUPPORTED,
    Result,
    Verdict,
    judge,
    verdict,
    worst,
)
from refimpl.errors import Error, excerpt, shown

_WAITING_JOBS = 8  # workers for cases in which the endpoint stalls, without --jobs

OWN_ADAPTER = (sys.executable, "-m", "conformance.adapters.refimpl")

Progress = Callable[[int, int, Result], None]


class Implementation(NamedTuple):
    """The implementation as its adapter describes it in `hello`.

    protocol: the version that the adapter speaks
    progress: whether the adapter reports progress of `invoke`
    reads: the containers whose text it returns, of an application (run/shown.py)
    """

    name: str
    version: str
    language: str
    operations: Tuple[str, ...]
    kinds: Named
    protocol: int = 1
    progress: bool = False
    reads: Tuple[str, ...] = ()


class Run(NamedTuple):
    """The results of a run, in the order of the cases.

    seconds: the duration
    unknown_kinds: names of rejections that count as any kind, sorted
    """

    implementation: Implementation
    results: List[Result]
    seconds: float
    unknown_kinds: Tuple[str, ...] = ()


class BrokenAdapter(Error):
    """The adapter cannot be judged because it does not speak the protocol."""

    kind = "adapter"


def split_command(text: str) -> List[str]:
    """Split a command line as a shell does. Raises BrokenAdapter."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise BrokenAdapter(f"invalid adapter command: {error}", actual=text) from None
    if not words:
        raise BrokenAdapter("the adapter's command is empty")
    return words


# ---- the smoke test ----------------------------------------------------------------------------

_SIGNED = dict(
    KEYS,
    method="GET",
    target="/",
    headers=[["Host", "example.amazonaws.com"]],
    body="",
    service="service",
    time="20150830T123600Z",
)
_WRONG_MESSAGES = {"messages": [{"headers": [], "payload": "d3Jvbmc="}]}

# For each operation, an input that every implementation can answer, and a wrong output for it.
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
    "sigv4.verify": (_SIGNED, {}),  # the request is unsigned, so `ok` is wrong
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
    "json.values": ({"parts": ["MQ=="]}, {"values": ["2"]}),
    "text.extract": (
        {"parts": ["eyJ0IjoiYSJ9"], "path": "t"},
        {"deltas": [{"channel": "text", "text": "wrong"}]},
    ),
    "endpoint.resolve": ({"region": REGION}, {"url": "wrong"}),
    "proxy.select": (
        {"env": {"HTTPS_PROXY": "http://proxy.example:3128"}, "url": "https://a.example"},
        {"proxy": "http://wrong.example:1"},
    ),
    "retry.decide": (
        {"given": {}, "responses": [{"status_code": 200}]},
        {"outcomes": [{"outcome": "wrong"}]},
    ),
    "config.parse": ({"config": "[default]\na = b\n"}, {"profiles": {"wrong": {}}}),
    "credentials.resolve": (
        {
            "env": {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"},
            "time": "20270115T080000Z",
        },
        {"source": "wrong"},
    ),
    "explain.refusal": (
        {"answer": "Credential should be scoped to a valid region."},
        {"differs_in": "wrong"},
    ),
    "invoke": ({"input": {"EndpointName": "smoke-test", "Body": ""}}, {"events": []}),
}


def smoke(adapter: Adapter, timeout: float, endpoint_url: str) -> Implementation:
    """Return the adapter's implementation after a trivial request for each operation.

    The answer may be right or wrong, but it must follow the protocol, and a wrong expectation must
    not pass. Raises BrokenAdapter.
    """
    said = implementation_of(adapter.hello)
    for operation in said.operations:
        given, wrong = _trivial(operation, said.reads)
        case = _smoke_case(operation, given, wrong)
        question = Question(case, "whole", addressed(case, given, endpoint_url), case.expect)
        try:
            answer = adapter.ask(operation, question.input, timeout)
            _hide_sent(answer)
            found = judge(question, answer, said.kinds, protocol=said.protocol)
        except AdapterFault as fault:
            raise BrokenAdapter(
                f"the adapter does not answer a trivial request for {operation}: {fault}"
            ) from None
        if found.word == ADAPTER:
            raise BrokenAdapter(
                f"invalid answer to a trivial request for {operation}: {found.note}"
            )
        if found.word not in (FAIL, UNSUPPORTED):
            raise BrokenAdapter(f"a wrong expectation passes for {operation}: {found.word}")
    return said


def _trivial(operation: str, reads: Sequence[str]) -> Tuple[Document, Document]:
    """Return an input and a wrong output for an operation."""
    if operation == "invoke" and reads:
        return {"input": {"EndpointName": reads[0] + "-complete", "Body": ""}}, {SHOWN: "wrong"}
    return _TRIVIAL[operation]


def _hide_sent(answer: Dict[str, Any]) -> None:
    """Remove a sent request, which would be judged by itself and not by the expectation."""
    if isinstance(answer.get("output"), dict):
        answer["output"].pop("sent", None)


def implementation_of(hello: Mapping[str, Any]) -> Implementation:
    """Return the implementation that a `hello` describes. Raises BrokenAdapter if it is invalid."""
    protocol = hello.get("protocol")
    if type(protocol) is not int or protocol not in PROTOCOL_VERSIONS:
        raise _bad_hello("protocol", " or ".join(map(str, PROTOCOL_VERSIONS)), protocol)
    who = hello.get("implementation")
    if not isinstance(who, dict) or not all(
        isinstance(who.get(name), str) for name in ("name", "version", "language")
    ):
        raise _bad_hello("implementation", "an object with name, version and language", who)
    operations = hello.get("operations")
    if not isinstance(operations, list) or not any(name in OPERATION_NAMES for name in operations):
        raise _bad_hello(
            "operations", "a list with some of " + " ".join(OPERATION_NAMES), operations
        )
    kinds = hello.get("kinds")
    if kinds is None:
        kinds = {}
    wrong = unknown_kinds(kinds, protocol) if isinstance(kinds, dict) else kinds
    if wrong or not isinstance(kinds, dict):
        raise _bad_hello("kinds", "an object that maps own names to kinds of the protocol", wrong)
    reads = hello.get("reads") or []
    if not isinstance(reads, list) or not all(name in CONTAINER_NAMES for name in reads):
        raise _bad_hello("reads", "a list with some of " + " ".join(CONTAINER_NAMES), reads)
    return Implementation(
        who["name"],
        who["version"],
        who["language"],
        tuple(name for name in OPERATION_NAMES if name in operations),
        kinds,
        protocol,
        protocol > 1 and hello.get("progress") is True,
        tuple(reads) if protocol > 1 else (),
    )


def _bad_hello(key: str, expected: object, actual: object) -> BrokenAdapter:
    return BrokenAdapter(f"the adapter's hello is invalid: {key}", expected=expected, actual=actual)


def broken_run(error: BrokenAdapter) -> Run:
    """Return a run with the smoke test only, for the report on an adapter that cannot be judged."""
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
        "otherwise its answers have no meaning",
        "0.1.0",
        "derived",
        "smoke",
    )


# ---- running -----------------------------------------------------------------------------------


class Runner:
    """Runs cases against one adapter's command.

    jobs: number of processes; None for one, and more for cases in which the endpoint stalls
    strict: whether everything that an answer may omit must be there
    seed: shuffle the cases with it; None keeps their order
    """

    def __init__(
        self,
        command: Sequence[str],
        timeout: float = DEFAULT_TIMEOUT,
        jobs: Optional[int] = None,
        environment: Optional[Environment] = None,
        strict: bool = False,
        seed: Optional[int] = None,
    ) -> None:
        self._command = command
        self._timeout = timeout
        self._jobs, self._seed = jobs, seed
        self._environment = environment
        self._strict = strict
        self._protocol = PROTOCOL_VERSION

    def run(
        self, cases: Sequence[Case], progress: Progress = lambda done, total, result: None
    ) -> Run:
        """Return the results of the cases, in their order. Raises BrokenAdapter."""
        begun = time.monotonic()
        with Endpoint(latency=NEARBY, fallback=DEFAULT.name) as endpoint:
            with self._negotiate() as adapter:
                said = smoke(adapter, self._timeout, endpoint.url)
            board = _Board(cases, said, progress, self._strict)
            batches = self._batches(board.asked)
            workers = [
                _Worker(self._start, self._timeout, endpoint, board, batch)
                for batch, jobs in batches
                for _ in range(jobs)
            ]
            _work(workers)
        seconds = time.monotonic() - begun
        return Run(said, board.results(), seconds, tuple(sorted(board.unknown_kinds)))

    def _negotiate(self) -> Adapter:
        """Return an adapter that speaks version 2 or else version 1. Raises BrokenAdapter."""
        try:
            return self._greet()
        except BrokenAdapter as error:
            self._protocol = 1
            try:
                return self._greet()
            except BrokenAdapter:
                raise error from None

    def _greet(self) -> Adapter:
        """Return an adapter whose `hello` is valid. Raises BrokenAdapter."""
        try:
            adapter = self._start()
        except AdapterFault as fault:
            raise BrokenAdapter(f"the adapter does not say hello: {fault}") from None
        try:
            implementation_of(adapter.hello)
        except BrokenAdapter:
            adapter.close()
            raise
        return adapter

    def _start(self) -> Adapter:
        environment = dict(surroundings(), **(self._environment or {}))
        return Adapter(self._command, environment, protocol=self._protocol)

    def _batches(self, cases: Sequence[Case]) -> List[Tuple["queue.Queue[List[Case]]", int]]:
        """Return queues of cases, each with its number of workers."""
        chains = chains_of(cases)
        if self._seed is not None:
            random.Random(self._seed).shuffle(chains)  # noqa: S311
        waiting = [chain for chain in chains if _may_wait(chain[0])]
        others = [chain for chain in chains if not _may_wait(chain[0])]
        if self._jobs is not None:
            waiting, others = [], waiting + others  # the slow ones first
        sizes = ((others, self._jobs or 1), (waiting, _WAITING_JOBS))
        return [(_queue_of(batch), min(jobs, len(batch))) for batch, jobs in sizes]


def _may_wait(case: Case) -> bool:
    """Return whether a case can take seconds without using the CPU."""
    return is_waiting(case) or is_paced(case)


def chains_of(cases: Sequence[Case]) -> List[List[Case]]:
    """Return the cases in chains. One process answers a chain, with no other case between.

    A chain is a case and those that must follow it, each named by the next one's key `after`. A
    paced case follows the one that it needs, so that it does not wait if that one fails.
    """
    first: Dict[str, str] = {}
    chains: Dict[str, List[Case]] = {}
    for case in cases:
        before = case.after
        if is_paced(case) and case.needs:
            before = case.needs[0]
        first[case.id] = first.get(before, case.id)
        chains.setdefault(first[case.id], []).append(case)
    return list(chains.values())


def _queue_of(cases: Sequence[List[Case]]) -> "queue.Queue[List[Case]]":
    waiting: "queue.Queue[List[Case]]" = queue.Queue()
    for chain in cases:
        waiting.put(chain)
    return waiting


def _work(workers: Sequence["_Worker"]) -> None:
    threads = [threading.Thread(target=worker.work, daemon=True) for worker in workers]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(0.5)  # an interrupt just before a wait without a limit would be lost
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
    """Collects results from any thread."""

    def __init__(
        self, cases: Sequence[Case], said: Implementation, progress: Progress, strict: bool = False
    ) -> None:
        self.said = said
        self.strict = strict
        self.failed: Set[str] = set()  # ids
        self.unknown_kinds: Set[str] = set()
        self._cases, self._progress = cases, progress
        self._lock = threading.Lock()
        self._results: Dict[str, Result] = {}
        self._blamed: Dict[str, Verdict] = {}
        self._after: Dict[str, Verdict] = {}
        self.asked: List[Case] = []  # the cases that the adapter gets, as it gets them
        for case in cases:
            asked: Optional[Case] = case
            reason = f"it does not offer {case.op}"
            if case.op not in said.operations:
                asked = None
            elif case.op == "invoke" and said.reads:
                asked = case_of_text(case, said.reads)
                reason = f"it does not read these parts, only streams of {', '.join(said.reads)}"
            if asked is not None:
                self.asked.append(asked)
            else:
                found = verdict(UNSUPPORTED, reason)
                self.write(Result(case, case.chunking[0], found, 0.0))

    def write(self, result: Result) -> None:
        """Add the result of a case."""
        with self._lock:
            self._results[result.case.id] = result
            if result.verdict.word in FAILURES:
                self.failed.add(result.case.id)
            self._progress(len(self._results), len(self._cases), result)

    def blame(self, case: Case, found: Verdict) -> None:
        """Add a worse verdict on a case that had been answered."""
        with self._lock:
            self._blamed[case.id] = found

    def break_down(self, case: Case, found: Verdict) -> None:
        """Add a failure between the answer to this case and the next answer."""
        with self._lock:
            self._after[case.id] = found

    def results(self) -> List[Result]:
        """Return the results in the order of the cases, with an `after-` result after its case."""
        results = []
        for case in self._cases:
            result = self._results[case.id]
            if case.id in self._blamed:
                found = worst(result.verdict, self._blamed[case.id])
                result = result._replace(verdict=found)
            results.append(result)
            if case.id in self._after:
                title = "the adapter continues with the next case"
                after = case._replace(id="after-" + case.id, title=title, needs=())
                results.append(Result(after, result.chunking, self._after[case.id], 0.0))
        return results


class _Worker:
    """Runs cases on one adapter process at a time, and starts a new process after a failure."""

    def __init__(
        self,
        start: Callable[[], Adapter],
        timeout: float,
        endpoint: Endpoint,
        board: _Board,
        waiting: "queue.Queue[List[Case]]",
    ) -> None:
        self._start = start
        self._timeout = timeout
        self._endpoint = endpoint
        self._board = board
        self._waiting = waiting
        self._adapter: Optional[Adapter] = None
        self._last: Optional[Case] = None  # the case that this process answered last
        self._gone = ""  # why the adapter cannot be started again
        self._stopped = False
        self.failure: Optional[BaseException] = None

    def work(self) -> None:
        """Run cases until the queue is empty."""
        try:
            while not self._stopped:
                for case in self._waiting.get_nowait():
                    if not self._stopped:
                        self._board.write(self._result_of(case))
        except queue.Empty:
            self._end_session()
        except BaseException as error:
            if not self._stopped:
                self.failure = error  # raised by the waiting thread
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
            new = self._verdict_of(question)
            both = worst(found, new)
            if both.word != found.word:
                chunking = question.chunking
            found = both
            if new.word in (CRASH, HANG, ADAPTER):  # the next chunking would take as long
                break
        return Result(case, chunking, found, time.monotonic() - begun)

    def _verdict_of(self, question: Question) -> Verdict:
        if self._gone:
            return verdict(ADAPTER, self._gone)
        try:
            asked = self._ask(question)
        except Hanging as fault:
            return verdict(HANG, str(fault))
        except Crashed as fault:
            return verdict(CRASH, str(fault))
        except AdapterFault as fault:
            return verdict(ADAPTER, f"its answer breaks the protocol: {fault}")
        said = self._board.said
        answer = asked.answer
        if said.protocol > 1 and is_unknown(answer.get("kind"), said.kinds):
            self._board.unknown_kinds.add(str(answer["kind"]))
        return judge(
            question,
            answer,
            said.kinds,
            asked.calls,
            said.protocol,
            self._board.strict,
            asked.pacing,
        )

    def _ask(self, question: Question) -> Asked:
        """Return the answer to a request.

        If a process fails that had answered other cases, a new process gets the request again.
        """
        has_meaning = self._board.failed.isdisjoint(question.case.needs)
        has_progress = self._board.said.progress and has_meaning
        try:
            asked = ask(self._started(), question, self._endpoint, self._timeout, has_progress)
        except AdapterFault as fault:
            last, self._last = self._last, None
            self._close()
            if self._stopped or isinstance(fault, Hanging) or last is None or last is question.case:
                raise
            asked = self._ask(question)
            word = CRASH if isinstance(fault, Crashed) else ADAPTER
            note = f"a new process answers {question.case.id}, the old one did not: {fault}"
            self._board.break_down(last, verdict(word, note))
        self._blame_strays()
        self._last = question.case
        return asked

    def _started(self) -> Adapter:
        if self._adapter is None:
            try:
                self._adapter = self._start()
            except AdapterFault as fault:
                self._gone = f"it cannot be restarted: {fault}"
                raise Garbled(self._gone) from None
        adapter = self._adapter
        if self._stopped:  # while it started
            raise Garbled("interrupted")
        return adapter

    def _blame_strays(self) -> None:
        """Attribute a line after an answer to the case that was answered."""
        if self._adapter is not None and self._adapter.strays and self._last is not None:
            stray = excerpt(self._adapter.strays[0]) or "an empty line"
            self._board.blame(
                self._last, verdict(ADAPTER, f"it wrote another line after its answer: {stray}")
            )
            self._adapter.strays.clear()

    def _end_session(self) -> None:
        if self._adapter is not None:
            self._adapter.bye()
            self._blame_strays()

    def _close(self) -> None:
        adapter, self._adapter = self._adapter, None
        if adapter is not None:
            adapter.close()


TIME_ZONE = "Asia/Kathmandu"  # 5:45 hours ahead, so local time is never UTC
LOCALE = "tr_TR.UTF-8"  # in which I and i are not the same letter


@lru_cache(maxsize=1)
def surroundings() -> Dict[str, str]:
    """Return the variables of every adapter's process: time zone and locale, where they exist.

    A signer that uses local time, or the letters of the user's language, then fails.
    """
    found = {}
    if os.path.exists(f"/usr/share/zoneinfo/{TIME_ZONE}"):
        found["TZ"] = TIME_ZONE
    check = f"import locale; locale.setlocale(locale.LC_ALL, {LOCALE!r})"
    # The command has no outside input.
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", check], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    if done.returncode == 0:
        found["LC_ALL"] = LOCALE
    return found


def missing_surroundings() -> List[str]:
    """Return what is not judged, because this machine lacks it."""
    found = surroundings()
    missing = [] if "TZ" in found else [f"another time zone ({TIME_ZONE} is not installed)"]
    return missing + (
        [] if "LC_ALL" in found else [f"a Turkish locale ({LOCALE} is not installed)"]
    )


def own_environment() -> Dict[str, str]:
    """Return the variables with which Python finds the reference's own adapter."""
    others = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": ROOT + os.pathsep + others if others else ROOT}


def implementation_label(said: Implementation) -> str:
    """Return an implementation's name, version and language as printable text."""
    return shown(f"{said.name} {said.version} ({said.language})", 200)
