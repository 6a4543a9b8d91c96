# SPDX-License-Identifier: MIT
"""An adapter program while it runs: it is asked over the protocol of protocol/messages.py, with a deadline for each answer.

The plan: three threads of their own write to the program, read its answers line by line and keep the last of what it
complains, so that nothing that it does, or leaves undone, blocks the one who asks. Where the operating system has process
groups it runs in one of its own, and the whole group is ended: a wrapper's child does not outlive it.

What an adapter can do instead of answering, each an AdapterFault that tells it in one line: end (Crashed), not answer in time
(Hanging), write what is no answer to the question (Garbled). It is of no use then, and is ended. A line that came behind the
answer to the question before is no fault of this question: it is kept in `strays`.
"""

import json
import os
import queue
import signal
import subprocess
import threading
import time
from contextlib import suppress
from typing import IO, Any, Dict, List, Mapping, Optional, Sequence, Tuple

from conformance.protocol.messages import MAX_LINE_LENGTH, PROTOCOL_VERSION
from refimpl.documents.json_format import parse_json
from refimpl.errors import DocumentError, excerpt, shown

START_PATIENCE = 60.0  # seconds until hello: a virtual machine may have to start
_FAREWELL = 1.0  # seconds for an adapter to end by itself once its input has ended
_LAST_WORDS = 16384  # bytes of stderr that are kept: where a stack trace begins may be what counts
_PIECE = 65536

Environment = Mapping[str, Optional[str]]  # beside this process's own; None takes a name away


class AdapterFault(Exception):
    """The adapter did not answer: str() says what it did instead."""


class Hanging(AdapterFault):
    """No answer came in time; the adapter has been killed."""


class Crashed(AdapterFault):
    """The adapter has ended."""


class Garbled(AdapterFault):
    """The adapter wrote what is no answer to the question."""


class Adapter:
    """An adapter program while it runs; also a context manager. One question at a time.

    hello: what it said of itself.  strays: lines that came behind an answer, since they were last taken away
    Raises AdapterFault when it cannot be started or does not say hello.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Optional[Environment] = None,
        patience: float = START_PATIENCE,
    ) -> None:
        self.asked = 0
        self.strays: List[bytes] = []
        self._answers: "queue.Queue[Tuple[str, bytes]]" = queue.Queue(
            4
        )  # bounded: an adapter that never stops must wait
        self._questions: "queue.Queue[Optional[bytes]]" = queue.Queue()
        self._complaints = b""
        self._unfinished = b""  # the beginning of a line that has not ended
        self._killed = False
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
            raise Crashed(
                f"{shown(command[0])} cannot be started: {getattr(error, 'strerror', None) or error}"
            ) from None
        self._threads = [
            threading.Thread(target=work, daemon=True)
            for work in (self._write, self._read, self._listen)
        ]
        for thread in self._threads:
            thread.start()
        try:
            self.hello = self._exchange(
                {"cmd": "hello", "protocol": PROTOCOL_VERSION}, None, patience
            )
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Adapter":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def ask(self, operation: str, given: Mapping[str, Any], timeout: float) -> Dict[str, Any]:
        """Return the answer to one question. Raises AdapterFault: the adapter is of no use then."""
        self.asked += 1
        try:
            return self._exchange(
                {"cmd": "run", "seq": self.asked, "op": operation, "input": given},
                self.asked,
                timeout,
            )
        except AdapterFault:
            self._end_process()
            raise

    def bye(self) -> None:
        """Let the adapter end by itself, for a moment; whatever it still writes is a stray."""
        self._questions.put(b'{"cmd":"bye"}\n')
        self._questions.put(None)
        deadline = time.monotonic() + _FAREWELL
        what = "line"
        while what == "line":
            try:
                what, line = self._answers.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                break
            self.strays += [line] if line else []
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, deadline - time.monotonic()))
        self.close()

    def close(self) -> None:
        """End the program and all that it has started in its group, whatever it does."""
        self._end_process()
        self._questions.put(None)
        deadline = time.monotonic() + _FAREWELL
        while any(thread.is_alive() for thread in self._threads) and time.monotonic() < deadline:
            with suppress(queue.Empty):
                self._answers.get(
                    timeout=0.001
                )  # the reader may wait to hand over what nobody wants any more
        with suppress(queue.Full):
            self._answers.put_nowait(("end", b""))  # another thread may still wait for an answer
        if not any(
            thread.is_alive() for thread in self._threads
        ):  # else a child that left the group holds the pipes
            for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
                _there(stream).close()

    def _end_process(self) -> None:
        """Kill the program's group; once, since its number may be another's afterwards."""
        if self._killed:
            return
        self._killed = True
        end_group(self._process)

    def _exchange(
        self, question: Mapping[str, Any], seq: Optional[int], timeout: float
    ) -> Dict[str, Any]:
        self._take_strays()
        self._questions.put(json.dumps(question).encode("ascii") + b"\n")
        deadline = time.monotonic() + timeout
        while True:
            try:
                what, line = self._answers.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                begun = (
                    f", only the beginning of a line: {excerpt(self._unfinished)}"
                    if self._unfinished
                    else ""
                )
                raise Hanging(f"no answer after {timeout:g} s{begun}") from None
            if what != "line":
                raise self._fault_of(what, line)
            answer = _parsed(line)
            given = answer.get("seq")
            if seq is None or given == seq and type(given) is int:
                return answer
            if type(given) is not int or not 0 < given < seq:
                raise Garbled(
                    f"an answer to another question: seq {shown(json.dumps(given), 80)}, not {int(seq)}"
                )
            self.strays.append(line)

    def _take_strays(self) -> None:
        """Put aside what has come since the last answer."""
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
            return Garbled(f"a line of more than {int(MAX_LINE_LENGTH)} bytes: {excerpt(line)}")
        self._threads[2].join(_FAREWELL)  # its last words may still be on their way
        try:
            code: Optional[int] = self._process.wait(_FAREWELL)
        except subprocess.TimeoutExpired:
            code = None
        words = self._complaints.decode("utf-8", "replace").strip()
        told = (
            f"; it had begun the line {excerpt(line)}"
            if line
            else ""
            if words
            else " and said nothing"
        )
        return Crashed(f"{_end_of(code)}{told}{': ' + _last_of(words) if words else ''}")

    # ---- the threads ---------------------------------------------------------------------------------------------

    def _write(self) -> None:
        stream = _there(self._process.stdin)
        try:
            for line in iter(self._questions.get, None):
                rest = memoryview(line)
                while rest:
                    rest = rest[stream.write(rest) :]
            stream.close()
        except OSError:  # it has ended, or its input has: the reader tells
            pass

    def _read(self) -> None:
        stream = _there(self._process.stdout)
        pending: List[bytes] = []
        length = 0
        for data in iter(lambda: stream.read(_PIECE), b""):
            first, *others = data.split(b"\n")
            pending.append(first)
            length += len(first)
            if length > MAX_LINE_LENGTH:
                self._answers.put(("long", b"".join(pending)))
                return
            for line in others:
                self._answers.put(("line", b"".join(pending)))
                pending, length = [line], len(line)
            self._unfinished = b"".join(pending[:2])  # the first piece may be empty
        self._answers.put(("end", b"".join(pending)))

    def _listen(self) -> None:
        stream = _there(self._process.stderr)
        for data in iter(lambda: stream.read(_PIECE), b""):
            self._complaints = (self._complaints + data)[-_LAST_WORDS:]


def end_group(process: "subprocess.Popen[bytes]") -> None:
    """Kill a program that was started in a session of its own, with all that it has started there."""
    with suppress(OSError):  # it has ended
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


def _environment(changes: Environment) -> Dict[str, str]:
    return {name: value for name, value in dict(os.environ, **changes).items() if value is not None}


def _there(stream: Optional[IO[bytes]]) -> IO[bytes]:
    assert stream is not None  # noqa: S101
    return stream


def _parsed(line: bytes) -> Dict[str, Any]:
    try:
        answer = parse_json(line)
    except DocumentError as error:
        raise Garbled(
            f"a line that is no answer: {excerpt(line) or 'an empty one'} ({error.message})"
        ) from None
    if not isinstance(answer, dict):
        raise Garbled(f"a line that is no answer: {excerpt(line)} (expected a JSON object)")
    return answer


def _end_of(code: Optional[int]) -> str:
    """Tell how a program ended."""
    if code is None:
        return "it has closed its output"
    if code >= 0:
        return f"it ended with exit code {int(code)}"
    try:
        return f"it was ended by {signal.Signals(-code).name}"
    except ValueError:
        return "it was ended by signal %d" % -code


def _last_of(words: str) -> str:
    """Return the end of what a program complained, without the frames of a stack trace: in all languages these are indented."""
    told = [line for line in words.splitlines() if line and not line[0].isspace()]
    return shown("\n".join(told)[-1000:], 4000)
