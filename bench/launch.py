# SPDX-License-Identifier: MIT
"""`python3 -m bench.launch`: runs commands for the process that measures, and says what each took.

A JSON line in is a command's arguments; a JSON line out has its wait status, seconds, peak memory in bytes, and the end
of what it wrote to stderr. This is a small process of its own because a child's ru_maxrss begins with the size of the process that
starts it, and because starting a child takes longer from a large one. It ends when its stdin does.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from typing import Dict, List, Union

KIB = 1 if sys.platform == "darwin" else 1024  # the unit of ru_maxrss


def launch(arguments: List[str]) -> Dict[str, Union[int, float, str]]:
    """Run a command to its end."""
    with tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        child = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors
        )
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        child.returncode = 0  # it has been waited for
        errors.seek(0)
        told = errors.read()[-2000:].decode("utf-8", "replace")
        return {
            "status": status,
            "seconds": seconds,
            "memory": usage.ru_maxrss * KIB,
            "errors": told,
        }


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(launch(json.loads(line))), flush=True)
