# SPDX-License-Identifier: MIT
"""Run the `invoke` cases over TLS with every interpreter (HTTP-023, HTTP-053)."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.interpreters import interpreters

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
@pytest.mark.parametrize("version, python", interpreters(), ids=lambda value: value)
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
