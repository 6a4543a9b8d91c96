# SPDX-License-Identifier: MIT
"""What the rows need: the implementations, the amount of work, and the helper processes.

Three processes run from beginning to end: the launcher, the server, and the client of the
JavaScript SDK. They read and write lines. Each ends when its stdin is closed, so it also ends if
this process is killed.
"""

import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Dict, List

from bench.implementations import JAVASCRIPT, ROOT, Implementations

HERE = Path(__file__).resolve().parent


class Helper:
    """A process that answers each line with a line, and ends when its stdin ends."""

    def __init__(self, arguments: List[str], stack: ExitStack) -> None:
        self._arguments = arguments
        self._errors = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
        self._process = stack.enter_context(
            subprocess.Popen(
                arguments,
                cwd=str(ROOT),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                universal_newlines=True,
            )
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._in, self._out = self._process.stdin, self._process.stdout

    def send(self, line: str) -> None:
        """Send a line."""
        self._in.write(line + "\n")
        self._in.flush()

    def receive(self) -> Any:
        """Return the next line, read as JSON. Raises RuntimeError if the process has ended."""
        line = self._out.readline()
        if not line:
            self._errors.seek(0)
            errors = self._errors.read()[-2000:].decode("utf-8", "replace")
            raise RuntimeError(f"{' '.join(self._arguments)} ended: {errors}")
        return json.loads(line)


class Setting:
    """What a row is made with.

    implementations: what can be compared
    url: of the server
    quick, slow: the flags of the command line
    """

    def __init__(
        self, implementations: Implementations, quick: bool, slow: bool, stack: ExitStack
    ) -> None:
        self.implementations = implementations
        self.quick = quick
        self.slow = slow
        self._stack = stack
        self._launcher = Helper([sys.executable, "-m", "bench.launch"], stack)
        server = Helper([sys.executable, "-m", "bench.server"], stack)
        self.url = f"http://127.0.0.1:{server.receive()}"
        if implementations.node:
            command = [implementations.node, str(HERE / "client.cjs"), JAVASCRIPT, self.url]
            self._javascript = Helper(command, stack)

    def amount(self, count: int) -> int:
        """Return the number of units to do: count, or with --quick a hundredth of it."""
        return max(8, count // 100) if self.quick else count

    def launch(self, arguments: List[str]) -> Dict[str, float]:
        """Run a command in the folder of the checkout. Return its seconds and its memory in bytes.

        Raises RuntimeError if it fails.
        """
        self._launcher.send(json.dumps(arguments))
        run = self._launcher.receive()
        if run["status"]:
            raise RuntimeError(f"{' '.join(arguments)} failed: {run['errors']}")
        return {"seconds": run["seconds"], "memory": run["memory"]}

    def folder(self) -> Path:
        """Return a new folder, which exists until the benchmarks end."""
        return Path(self._stack.enter_context(tempfile.TemporaryDirectory()))

    def javascript_call(self, name: str) -> Dict[str, float]:
        """Call an endpoint with the JavaScript SDK in its running process.

        Returns the number of events and the seconds.
        """
        self._javascript.send(name)
        report: Dict[str, float] = self._javascript.receive()
        return report
