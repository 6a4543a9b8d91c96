# SPDX-License-Identifier: MIT
"""Tests of refimpl/cli/parser.py: the width of help."""

import os
from typing import Optional

import pytest

from tests.refimpl.cli.support import call

# ---- help, version, any arguments ---------------------------------------------------------------


def test_help_width(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def lines_at(columns: Optional[int]) -> int:
        def terminal_size() -> os.terminal_size:
            if columns is None:
                raise OSError(25, "Inappropriate ioctl for device")
            return os.terminal_size((columns, 24))

        monkeypatch.setattr(os, "get_terminal_size", terminal_size)
        with pytest.raises(SystemExit):
            call("invoke", "--help")
        return capsys.readouterr().out.count("\n")

    assert lines_at(40) > lines_at(60) > lines_at(200)
    assert lines_at(3) == lines_at(40)
    assert lines_at(None) == lines_at(100)
