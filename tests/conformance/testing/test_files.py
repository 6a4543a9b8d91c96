# SPDX-License-Identifier: MIT
"""Tests of conformance/testing/files.py: replies in a Python file."""

import sys
from pathlib import Path

import pytest

from conformance.testing import Endpoint
from conformance.testing.files import load_endpoints
from refimpl.errors import UsageError
from tests.conformance.endpoint.client import nothing_is_left_running  # noqa: F401
from tests.conformance.testing.calls import text_of

PROGRAM = """
from conformance.testing import openai, sse
from helper import TEXT

def endpoints(sagemaker):
    sagemaker.on("llm", TEXT)
    sagemaker.on("echo", lambda request: request.text.upper())
"""


def test_a_file_sets_replies(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("TEXT = 'from a helper'")
    (tmp_path / "mine.py").write_text(PROGRAM)
    before = list(sys.path)
    with Endpoint() as endpoint:
        load_endpoints(str(tmp_path / "mine.py"), endpoint)
        assert text_of(endpoint) == b"from a helper"
        assert text_of(endpoint, "echo", b"hi") == b"HI"
    assert sys.path == before


@pytest.mark.parametrize(
    "program, words",
    [
        ("x = 1 / 0", "line 1: ZeroDivisionError"),
        ("\n\ndef f(:", "line 3: SyntaxError"),
        ("import no_such_module", "line 1: ModuleNotFoundError"),
        ("import sys\nsys.exit(3)", "line 2: SystemExit"),
        ("x = 1", "does not define endpoints()"),
        ("endpoints = 1", "does not define endpoints()"),
        ("def endpoints(sagemaker):\n    sagemaker.on('llm', 1)", "the reply of 'llm'"),
        ("def endpoints():\n    pass", "TypeError"),
        ("def endpoints(s):\n    raise KeyError('k')", "line 2: KeyError('k')"),
    ],
)
def test_a_file_with_a_mistake_is_described(tmp_path: Path, program: str, words: str) -> None:
    path = tmp_path / "mine.py"
    path.write_text(program)
    before = list(sys.path)
    with Endpoint() as endpoint, pytest.raises(UsageError) as caught:
        load_endpoints(str(path), endpoint)
    assert words in str(caught.value) and "\n" not in str(caught.value)
    assert sys.path == before


@pytest.mark.parametrize("name", ["missing.py", "", "folder"])
def test_a_file_that_does_not_exist(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with Endpoint() as endpoint, pytest.raises(UsageError, match="expected a Python file"):
        load_endpoints(str(tmp_path / name), endpoint)
