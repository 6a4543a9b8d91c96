# SPDX-License-Identifier: MIT
"""Run the `invoke` cases over TLS with four interpreters (HTTP-023, HTTP-053).

They are the oldest, the newest, the running one, and 3.9, whose TLS hides the end of a connection.
tests/refimpl/test_tls.py runs on every Python that pytest supports (.ci/run).
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.interpreters import interpreters

ROOT = Path(__file__).resolve().parents[1]
FOUND = interpreters()
CHOSEN = [
    (version, python)
    for version, python in FOUND
    if python in (FOUND[0][1], FOUND[-1][1], sys.executable) or version.startswith("3.9.")
]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
@pytest.mark.parametrize("version, python", CHOSEN, ids=lambda value: value)
def test_all_invoke_cases_pass_over_tls(version, python):
    result = subprocess.run(
        [python, "-m", "tests.tls_cases", "--jobs", "4"],
        cwd=str(ROOT),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
    assert result.stdout.rstrip().endswith(" PASS") and "FAIL" not in result.stdout
