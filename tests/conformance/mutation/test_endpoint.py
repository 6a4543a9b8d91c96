# SPDX-License-Identifier: MIT
"""Tests of conformance/mutation/endpoint.py: the endpoint as a process, correct or broken."""

import subprocess
import sys
from typing import Tuple

import pytest

from tests.rows import for_each


def started(*arguments: str) -> Tuple[int, str, str]:
    """Return the exit code and the output of the program, whose stdin is empty."""
    command = [sys.executable, "-m", "conformance.mutation.endpoint", *arguments]
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.slow
@for_each("arguments", [(), ("server-wrong-date",)])
def test_it_prints_its_url_and_ends_with_stdin(arguments: Tuple[str, ...]) -> None:
    code, output, errors = started(*arguments)
    assert (code, errors) == (0, "") and output.startswith("http://127.0.0.1:")


@pytest.mark.slow
def test_an_unknown_mutant() -> None:
    code, output, errors = started("no-such-mutant")
    assert (code, output) == (1, "") and errors.startswith("mutant: no such mutant")
