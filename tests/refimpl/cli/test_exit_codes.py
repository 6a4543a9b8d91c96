# SPDX-License-Identifier: MIT
"""Tests of refimpl/cli/exit_codes.py: the exit code of each error."""

import pytest

from refimpl import cli
from refimpl.errors import Error, FrameError, SignatureError
from tests.refimpl.cli.support import EXAMPLES, PLAYED, expected_code


# CLI-001
def test_scenarios_reach_the_exit_codes() -> None:
    """The played scenarios reach every code except usage and configuration."""
    codes = {expected_code(EXAMPLES[name].expect) for name in PLAYED}
    assert codes == {0, 4, 5, 6, 7, 8}


@pytest.mark.parametrize(
    "error, code", [(SignatureError("x"), 7), (Error("x"), 7), (FrameError("x"), 7)]
)
def test_exit_code_of_other_errors(error: Error, code: int) -> None:
    assert cli.exit_code_of(error) == code
