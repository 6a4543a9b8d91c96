# SPDX-License-Identifier: MIT
"""The Python interpreters of this machine, for tests that run a program with each of them.

The programs use only the standard library. The interpreters are those of pyenv, the distribution's
and the one that runs the tests. Pythons before 3.6 do not count.
"""

import functools
import os
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, Tuple

ROOT = Path(__file__).resolve().parents[1]
_PRINT_VERSION = "import sys; print('%d.%d.%d' % sys.version_info[:3])"


@functools.lru_cache(None)
def interpreters() -> List[Tuple[str, str]]:
    """Return (version, path) of each interpreter, oldest first."""
    versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv", "versions")
    paths = [sys.executable, "/usr/bin/python3"]
    paths += sorted(str(path) for path in versions.glob("3.*/bin/python3"))
    found: Dict[str, str] = {}
    for path in paths:
        version = _version_of(path)
        if version:
            found.setdefault(version, path)
    numbers = {version: tuple(map(int, version.split("."))) for version in found}
    supported = [version for version in found if numbers[version] >= (3, 6)]
    return [(version, found[version]) for version in sorted(supported, key=numbers.__getitem__)]


def _version_of(path: str) -> str:
    try:
        done = subprocess.run([path, "-c", _PRINT_VERSION], stdout=subprocess.PIPE, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.decode().strip()


def run_program(path: str, program: str, *arguments: str) -> str:
    """Run a program in the checkout, with warnings as errors, and return its output."""
    command = [path, "-W", "error", "-c", program, *arguments]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()
