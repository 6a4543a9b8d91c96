# SPDX-License-Identifier: MIT
"""An adapter process: starts a program and exchanges lines of the adapter protocol with it.

Three threads write to the program, read its answers line by line and keep the end of its stderr, so
that nothing the program does or fails to do can block the caller. Each answer has a deadline. Where
the operating system has process groups, the program runs in a separate one and the whole group is
killed, so that the child of a wrapper script does not survive.

Raises an AdapterFault, and kills the program, if it exits (Crashed), does not answer in time
(Hanging) or writes an invalid answer (Garbled). A line that follows a valid answer does not affect
the next request: it is kept in `strays`. A line that reports progress on the current request is not
an answer.
"""

import json
import os
import queue
import signal
import subprocess
import threading
import time
from contextlib import suppress
from typing import IO, Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from conformance.protocol.messages import MAX_LINE_LENGTH, PROTOCOL_VERSION
from refimpl.documents.json_format import parse_json
from refimpl.errors import DocumentError, excerpt, shown

START_PATIENCE = 60.0  # seconds until hello: a virtual machine may have to start
_EXIT_PATIENCE = 1.0  # seconds for an adapter to exit after the end of its input
_STRAY_PATIENCE = 1.0  # seconds for the right answer to follow an answer to an earlier request
_STDERR_KEPT = 16384  # bytes: enough to include the beginning of a stack trace
_READ_SIZE = 65536

Environment = Mapping[str, Optional[str]]  # changes to this process's own; None removes a variable


class AdapterFault(Exception):
    """The adapter did not answer; str() says what it did instead."""


class Hanging(AdapterFault):
    """The adapter did not answer in time."""


class Crashed(AdapterFault):
    """The adapter has exited, or could not be started."""


class Garbled(AdapterFault):
    """The adapter wrote an invalid answer."""


def _ignore(count: int) -> None:
    """Do nothing with the progress of a request."""


class Adapter:
    """A running adapter program; also a context manager. One request at a time.

    hello: its answer to `hello`
    strays: lines that followed an answer; the caller clears the list
    Raises AdapterFault if the program cannot be started or does not answer `hello`.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Optional[Environment] = None,
        patience: float = START_PATIENCE,
        protocol: int = PROTOCOL_VERSION,
    ) -> None:
        self.asked = 0
        self.strays: List[bytes] = []
        # Bounded, so that an adapter that never stops writing has to wait.
        self._answers: "queue.Queue[Tuple[str, bytes]]" = queue.Queue(4)
        self._questions: "queue.Queue[Optional[bytes]]" = queue.Queue()
        self._stderr = b""
        self._incomplete = b""  # the beginning of a line without an end
        self._killed = False
        self._has_progress = False
        try:
            self._process = subprocess.Popen(  # noqa: S603
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                env=_environment(environment or {}),
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise Crashed(f"cannot start {shown(command[0])}: {reason}") from None
        self._threads = [
            threading.Thread(target=work, daemon=True)
            for work in (self._write, self._read, self._listen)
        ]
        for thread in self._threads:
            thread.start()
        try:
            self.hello = self._exchange({"cmd": "hello", "protocol": protocol}, None, patience)
            self._has_progress = self.hello.get("progress") is True
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Adapter":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def ask(
        self,
        operation: str,
        given: Mapping[str, Any],
        timeout: float,
        progress: Callable[[int], None] = _ignore,
    ) -> Dict[str, Any]:
        """Return the answer to one request. Raises AdapterFault; then the adapter is dead.

        progress: called with each count that the adapter reports before its answer, if its `hello`
            says that it does
        """
        self.asked += 1
        try:
            return self._exchange(
                {"cmd": "run", "seq": self.asked, "op": operation, "input": given},
                self.asked,
                timeout,
                progress,
            )
        except AdapterFault:
            self._end_process()
            raise

    def bye(self) -> None:
        """Let the adapter exit, for at most a second; lines that it still writes are strays."""
        self._questions.put(b'{"cmd":"bye"}\n')
        self._questions.put(None)
        deadline = time.monotonic() + _EXIT_PATIENCE
        what = "line"
        while what == "line":
            try:
                what, line = self._answers.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                break
            if line:
                self.strays.append(line)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, deadline - time.monotonic()))
        self.close()

    def close(self) -> None:
        """Kill the program and all processes in its group."""
        self._end_process()
        self._questions.put(None)
        deadline = time.monotonic() + _EXIT_PATIENCE
        while self._is_any_thread_alive() and time.monotonic() < deadline:
            with suppress(queue.Empty):
                self._answers.get(timeout=0.001)  # the reader may be waiting to put a line
        with suppress(queue.Full):
            self._answers.put_nowait(("end", b""))  # another thread may be waiting for an answer
        # If a thread is alive, a child outside the group holds the pipes.
        if not self._is_any_thread_alive():
            for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
                _opened(stream).close()

    def _is_any_thread_alive(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def _end_process(self) -> None:
        """Kill the program's group, but only once because its number may be reused."""
        if self._killed:
            return
        self._killed = True
        end_group(self._process)

    def _exchange(
        self,
        question: Mapping[str, Any],
        seq: Optional[int],
        timeout: float,
        progress: Callable[[int], None] = _ignore,
    ) -> Dict[str, Any]:
        self._take_strays()
        self._questions.put(json.dumps(question).encode("ascii") + b"\n")
        deadline = time.monotonic() + timeout
        count, other = 0, ""
        while True:
            try:
                what, line = self._answers.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                if other:
                    raise Garbled(other) from None
                message = f"no answer after {timeout:g} s"
                if self._incomplete:
                    message += f", only the beginning of a line: {excerpt(self._incomplete)}"
                raise Hanging(message) from None
            if what != "line":
                raise self._fault_of(what, line)
            answer = _parsed(line)
            given = answer.get("seq")
            if seq is None or given == seq and type(given) is int:
                if not (self._has_progress and _reports_progress(answer)):
                    return answer
                count = _count_of(answer, count)
                progress(count)
                continue
            actual = shown(json.dumps(given), 80)
            other = f"an answer to another request (expected seq {seq}, got {actual})"
            if type(given) is not int or not 0 < given < seq:
                raise Garbled(other)
            self.strays.append(line)
            deadline = min(deadline, time.monotonic() + _STRAY_PATIENCE)

    def _take_strays(self) -> None:
        """Move lines that have arrived since the last answer to `strays`."""
        while True:
            try:
                what, line = self._answers.get_nowait()
            except queue.Empty:
                return
            if what != "line":
                raise self._fault_of(what, line)
            self.strays.append(line)

    def _fault_of(self, what: str, line: bytes) -> AdapterFault:
        if what == "long":
            return Garbled(f"a line of more than {MAX_LINE_LENGTH} bytes: {excerpt(line)}")
        self._threads[2].join(_EXIT_PATIENCE)  # wait for the rest of stderr
        try:
            code: Optional[int] = self._process.wait(_EXIT_PATIENCE)
        except subprocess.TimeoutExpired:
            code = None
        message, complaint = _end_of(code), self._stderr.decode("utf-8", "replace").strip()
        if line:
            message += f"; it had begun the line {excerpt(line)}"
        if complaint:
            message += ": " + _last_of(complaint)
        elif not line:
            message += " and wrote no message"
        return Crashed(message)

    # ---- the threads ----------------------------------------------------------------------------

    def _write(self) -> None:
        stream = _opened(self._process.stdin)
        try:
            for line in iter(self._questions.get, None):
                rest = memoryview(line)
                while rest:
                    rest = rest[stream.write(rest) :]
            stream.close()
        except OSError:  # the program or its input has ended; the reader reports that
            pass

    def _read(self) -> None:
        stream = _opened(self._process.stdout)
        pending: List[bytes] = []
        length = 0
        for data in iter(lambda: stream.read(_READ_SIZE), b""):
            first, *others = data.split(b"\n")
            pending.append(first)
            length += len(first)
            if length > MAX_LINE_LENGTH:
                self._answers.put(("long", b"".join(pending)))
                return
            for line in others:
                self._answers.put(("line", b"".join(pending)))
                pending, length = [line], len(line)
            self._incomplete = b"".join(pending[:2])  # the first piece may be empty
        self._answers.put(("end", b"".join(pending)))

    def _listen(self) -> None:
        stream = _opened(self._process.stderr)
        for data in iter(lambda: stream.read(_READ_SIZE), b""):
            self._stderr = (self._stderr + data)[-_STDERR_KEPT:]


def end_group(process: "subprocess.Popen[bytes]") -> None:
    """Kill a program that runs in a separate session, with all its children in that session."""
    with suppress(OSError):  # it has already ended
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


def _environment(changes: Environment) -> Dict[str, str]:
    return {name: value for name, value in dict(os.environ, **changes).items() if value is not None}


def _opened(stream: Optional[IO[bytes]]) -> IO[bytes]:
    assert stream is not None  # noqa: S101
    return stream


def _parsed(line: bytes) -> Dict[str, Any]:
    try:
        answer = parse_json(line)
    except DocumentError as error:
        start = excerpt(line) or "an empty line"
        raise Garbled(f"a line that is not an answer: {start} ({error.message})") from None
    if not isinstance(answer, dict):
        raise Garbled(f"a line that is not an answer: {excerpt(line)} (expected a JSON object)")
    return answer


def _reports_progress(answer: Mapping[str, Any]) -> bool:
    return "progress" in answer and "status" not in answer


def _count_of(answer: Mapping[str, Any], least: int) -> int:
    """Return the count of a line that reports progress. Raises Garbled."""
    count = answer["progress"]
    if type(count) is not int or count < least:
        actual = shown(json.dumps(count), 80)
        raise Garbled(f"invalid progress: expected an integer of at least {least}, got {actual}")
    return count


def _end_of(code: Optional[int]) -> str:
    """Return how a program ended."""
    if code is None:
        return "it has closed its output"
    if code >= 0:
        return f"it ended with exit code {code}"
    try:
        return f"it was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"it was ended by signal {-code}"


def _last_of(words: str) -> str:
    """Return the end of an error output without the frames of a stack trace.

    All languages indent these.
    """
    lines = [line for line in words.splitlines() if line and not line[0].isspace()]
    return shown("\n".join(lines)[-1000:], 4000)
