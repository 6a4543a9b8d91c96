# SPDX-License-Identifier: MIT
"""What the rows are made with: the peers, the sizes, and the processes beside this one.

Three of them stay for the whole run: the launcher, the server, and the JavaScript SDK's client. Each is spoken to in lines,
and ends when its stdin is closed, thus with this process, however that ends.
"""

import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Dict, List

from bench.peers import JAVASCRIPT, ROOT, Peers

HERE = Path(__file__).resolve().parent


class Talker:
    """A process that answers each line with a line, and ends when its stdin does."""

    def __init__(self, arguments: List[str], stack: ExitStack) -> None:
        self._arguments = arguments
        self._errors = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - the stack closes it
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

    def say(self, line: str) -> None:
        """Send a line."""
        self._in.write(line + "\n")
        self._in.flush()

    def hear(self) -> Any:
        """Return the next line, read as JSON. Raises RuntimeError when the process has ended instead."""
        line = self._out.readline()
        if not line:
            self._errors.seek(0)
            raise RuntimeError(
                f"{' '.join(self._arguments)} ended: {self._errors.read()[-2000:].decode('utf-8', 'replace')}"
            )
        return json.loads(line)


class Setting:
    """peers;  url: of the server;  quick, slow: as on the command line"""

    def __init__(self, peers: Peers, quick: bool, slow: bool, stack: ExitStack) -> None:
        self.peers = peers
        self.quick = quick
        self.slow = slow
        self._launcher = Talker([sys.executable, "-m", "bench.launch"], stack)
        server = Talker([sys.executable, "-m", "bench.server"], stack)
        self.url = f"http://127.0.0.1:{int(server.hear())}"
        self._javascript = (
            Talker([peers.node, str(HERE / "client.cjs"), JAVASCRIPT, self.url], stack)
            if peers.node
            else None
        )

    def amount(self, count: int) -> int:
        """Return how many units are done instead of count: all of them, or a hundredth."""
        return max(8, count // 100) if self.quick else count

    def launch(self, arguments: List[str]) -> Dict[str, float]:
        """Run a command from the checkout's folder; return its seconds and its memory in bytes. Raises RuntimeError if it fails."""
        self._launcher.say(json.dumps(arguments))
        run = self._launcher.hear()
        if run["status"]:
            raise RuntimeError(f"{' '.join(arguments)} failed: {run['errors']}")
        return {"seconds": run["seconds"], "memory": run["memory"]}

    def javascript_call(self, name: str) -> Dict[str, float]:
        """Call an endpoint by the JavaScript SDK, in a process that stays; return events and seconds."""
        assert self._javascript is not None
        self._javascript.say(name)
        answer: Dict[str, float] = self._javascript.hear()
        return answer
