# SPDX-License-Identifier: MIT
"""Tests of conformance/cases/manifest.py, through the errors of a folder."""

from pathlib import Path
from typing import Any

import pytest

from conformance.cases.load import read_cases
from tests.conformance.cases.folders import (
    ENTRY,
    OTHER,
    errors_in,
    make_folder,
    write_file,
    write_manifest,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path)


def test_a_different_checksum(folder: Path) -> None:
    write_file(
        folder,
        "eventstream-decode.json",
        {"feature": "eventstream-decode", "cases": [OTHER, ENTRY]},
    )
    [line] = errors_in(folder)
    assert line.startswith(
        "eventstream-decode.json: checksum differs from MANIFEST.sha256 (expected "
    )
    assert len(read_cases(str(folder))[0]) == 2


def test_an_unlisted_file_and_a_missing_file(folder: Path) -> None:
    (folder / "more").mkdir()
    write_file(folder / "more", "more.json", {})
    with open(str(folder / "MANIFEST.sha256"), "a", encoding="ascii") as file:
        file.write("00  gone.json\n")
    assert errors_in(folder) == [
        "more/more.json: not listed in MANIFEST.sha256",
        "cannot read gone.json: No such file or directory",
    ]
    write_manifest(folder)
    assert errors_in(folder) == []


@pytest.mark.parametrize(
    "content, words", [(None, "No such file or directory"), (b"\xff", "not ASCII")]
)
def test_a_missing_or_invalid_manifest(content: Any, words: str, folder: Path) -> None:
    (folder / "MANIFEST.sha256").unlink()
    if content is not None:
        (folder / "MANIFEST.sha256").write_bytes(content)
    assert (
        errors_in(folder) == ["cannot read MANIFEST.sha256: " + words]
        and len(read_cases(str(folder))[0]) == 2
    )


def test_a_missing_schema_and_a_missing_folder(folder: Path) -> None:
    (folder / "schema.json").unlink()
    assert (
        errors_in(folder) == ["cannot read schema.json: No such file or directory"] * 2
        and read_cases(str(folder))[0] == []
    )
    nowhere = folder / "nowhere"
    assert errors_in(nowhere)[0].startswith("cannot read MANIFEST.sha256")
