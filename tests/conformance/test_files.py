# SPDX-License-Identifier: MIT
"""Tests of conformance/files.py: the vectors of a checkout and of an installed package."""

from pathlib import Path

import pytest

from conformance import files


def test_an_installed_package_contains_the_vectors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PACKAGE", str(tmp_path / "conformance"))
    monkeypatch.setattr(files, "ROOT", str(tmp_path))
    assert files.vectors_folder() == str(tmp_path / "vectors")
    (tmp_path / "conformance" / "vectors").mkdir(parents=True)
    assert files.vectors_folder() == str(tmp_path / "conformance" / "vectors")
