# SPDX-License-Identifier: MIT
"""`python3 -m tests [pytest's arguments]`: all tests, on a clean checkout.

Where pytest is not at hand, it makes a virtual environment in `.venv` and installs the extra `test` there; where that is
there already, it uses it. Nothing is installed anywhere else.
"""

import os
import subprocess
import sys
import venv

_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_VENV = os.path.join(_HERE, ".venv")
_NEEDED = ("pytest", "hypothesis", "trustme")


def _has_all(python: str) -> bool:
    return (
        subprocess.call(
            [python, "-c", "import " + ", ".join(_NEEDED)], stderr=subprocess.DEVNULL, cwd=_HERE
        )
        == 0
    )


def _python() -> str:
    if _has_all(sys.executable):
        return sys.executable
    python = os.path.join(_VENV, "Scripts" if os.name == "nt" else "bin", "python")
    if not os.path.exists(python):
        venv.create(_VENV, with_pip=True)
    if not _has_all(python):
        subprocess.check_call(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", ".[test]"],
            cwd=_HERE,
        )
    return python


if __name__ == "__main__":
    sys.exit(subprocess.call([_python(), "-m", "pytest"] + sys.argv[1:], cwd=_HERE))
