# SPDX-License-Identifier: MIT
"""`python3 -m tests [--fast] [pytest's arguments]`: run the tests on a clean checkout.

`--fast` leaves out the tests marked `slow`. If pytest-xdist is installed, a run of all tests or all
fast tests has one process more than there are processors, at most four, because some tests wait.

If this Python lacks pytest, hypothesis or trustme, the tests run in the virtual environment
`.venv`, which is created if it does not exist. Nothing is installed anywhere else. Installing needs
Python 3.8 or newer, because hypothesis needs it. `refimpl` and `conformance` run on 3.6.
"""

import os
import subprocess
import sys
import venv
from typing import List, Sequence

_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_VENV = os.path.join(_HERE, ".venv")
_NEEDED = ("pytest", "hypothesis", "trustme")
_OLDEST = (3, 8)
_PROCESSES = min(4, (os.cpu_count() or 1) + 1)
_PARALLEL = ["-n", str(_PROCESSES), "--dist", "worksteal"]


def _has_all(python: str, modules: Sequence[str] = _NEEDED) -> bool:
    command = [python, "-c", "import " + ", ".join(modules)]
    return subprocess.call(command, stderr=subprocess.DEVNULL, cwd=_HERE) == 0


def _python() -> str:
    """Return a Python that has the test tools; install them into `.venv` if necessary."""
    if _has_all(sys.executable):
        return sys.executable
    python = os.path.join(_VENV, "Scripts" if os.name == "nt" else "bin", "python")
    if not os.path.exists(python):
        if sys.version_info < _OLDEST:
            sys.exit("tests: this Python is too old (expected %d.%d or newer)" % _OLDEST)
        venv.create(_VENV, with_pip=True)
    if not _has_all(python):
        options = ["--quiet", "--disable-pip-version-check", ".[test]"]
        if subprocess.call([python, "-m", "pip", "install"] + options, cwd=_HERE):
            sys.exit("tests: pip could not install the test tools into .venv (see above)")
    return python


def _run(arguments: List[str]) -> int:
    """Return pytest's exit code. Options of the caller come last, so that they win."""
    python = _python()
    options: List[str] = []
    if set(arguments) <= {"--fast"} and _has_all(python, ["xdist"]):
        options = _PARALLEL
    return subprocess.call([python, "-m", "pytest"] + options + arguments, cwd=_HERE)


if __name__ == "__main__":
    sys.exit(_run(sys.argv[1:]))
