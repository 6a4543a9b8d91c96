# SPDX-License-Identifier: MIT
"""`python3 -m bench.launch`: run commands for the measuring process and report their cost.

Each line on stdin is the arguments of a command, as JSON. Each line on stdout is its wait status,
seconds, peak memory in bytes, and the end of its stderr. The launcher is a separate small process
for two reasons: a child's ru_maxrss begins with the size of its parent, and a large parent takes
longer to start a child. It ends when its stdin ends.
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
    """Run a command to its end and return its cost."""
    with tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        child = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors
        )
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        child.returncode = 0  # wait4 has reaped it
        errors.seek(0)
        return {
            "status": status,
            "seconds": seconds,
            "memory": usage.ru_maxrss * KIB,
            "errors": errors.read()[-2000:].decode("utf-8", "replace"),
        }


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(launch(json.loads(line))), flush=True)
