# SPDX-License-Identifier: MIT
"""Tests of `python3 -m release`: all files, the same bytes again, and wrong usage."""

import hashlib
import importlib.util
import io
import json
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Dict

import pytest

from refimpl.version import VECTORS_VERSION, VERSION
from release import __main__ as release
from release.source import files_of
from tests.interpreters import ROOT

TIME = "1700000000"
SDIST = f"sagemaker_stream_reference-{VERSION}.tar.gz"
NAMES = {
    SDIST,
    f"sagemaker_stream_reference-{VERSION}-py3-none-any.whl",
    f"sagemaker_stream_conformance-{VERSION}-py3-none-any.whl",
    "sagemaker_stream.py",
    "sagemaker_stream.pyz",
    f"sagemaker-stream-cases-{VECTORS_VERSION}.tar.gz",
    f"sagemaker-stream-reference-{VERSION}.cdx.json",
    "SHA256SUMS",
}


def build(checkout: Path, target: Path, **variables: str) -> Dict[str, bytes]:
    """Run the command in a checkout. Return the files that it writes."""
    done = subprocess.run(
        [sys.executable, "-m", "release", str(target), "--allow-changes"],
        cwd=str(checkout),
        env={**os.environ, "SOURCE_DATE_EPOCH": TIME, "PYTHONPATH": "", **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, done.stdout.decode()
    files = {path.name: path.read_bytes() for path in target.iterdir()}
    assert done.stdout == files["SHA256SUMS"]
    return files


def unpacked(data: bytes, target: Path) -> Path:
    """Unpack an archive. Return the folder that it contains."""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        archive.extractall(str(target))
    (top,) = target.iterdir()
    return top


@pytest.mark.slow
def test_a_release_and_the_same_release_from_its_source_distribution(tmp_path):
    for module in ("build", "setuptools"):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"needs {module}")
    first = build(ROOT, tmp_path / "first")
    assert set(first) == NAMES
    source = unpacked(first[SDIST], tmp_path / "unpacked")
    # setuptools adds its own files to those of the checkout.
    assert set(files_of()) <= set(files_of(source))
    os.utime(str(source / "README.md"), (1, 1))
    again = build(source, tmp_path / "again", TZ="Asia/Kathmandu", PYTHONHASHSEED="7")
    assert [name for name in NAMES if first[name] != again[name]] == []
    check_sums(first)
    check_bill_of_materials(first)
    check_copies(first, tmp_path)


def check_sums(files: Dict[str, bytes]) -> None:
    lines = files["SHA256SUMS"].decode("ascii").splitlines()
    stated = {line[66:]: line[:64] for line in lines}
    assert set(stated) == NAMES - {"SHA256SUMS"}
    assert all(hashlib.sha256(files[name]).hexdigest() == stated[name] for name in stated)


def check_bill_of_materials(files: Dict[str, bytes]) -> None:
    (name,) = (name for name in files if name.endswith(".cdx.json"))
    document = json.loads(files[name])
    for component in document["components"]:
        (found,) = component["hashes"]
        assert found["content"] == hashlib.sha256(files[component["name"]]).hexdigest()
    assert {component["name"] for component in document["components"]} == NAMES - {
        "SHA256SUMS",
        name,
    }
    cyclonedx = pytest.importorskip("cyclonedx.validation.json")
    from cyclonedx.schema import SchemaVersion

    validator = cyclonedx.JsonStrictValidator(SchemaVersion.V1_5)
    assert validator.validate_str(files[name].decode("ascii")) is None
    assert validator.validate_str('{"bomFormat": "CycloneDX"}') is not None


def check_copies(files: Dict[str, bytes], tmp_path: Path) -> None:
    for name in ("sagemaker_stream.py", "sagemaker_stream.pyz"):
        (tmp_path / name).write_bytes(files[name])
        done = subprocess.run(
            [sys.executable, str(tmp_path / name), "--self-test"],
            cwd=str(tmp_path),
            stdout=subprocess.PIPE,
        )
        assert done.returncode == 0
        assert (b"as written" in done.stdout) == name.endswith(".py")


def test_the_checklist_names_every_file():
    page = (ROOT / "docs" / "releasing.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)) == NAMES


# ---- wrong usage -------------------------------------------------------------------------------


def complaint(*arguments: str) -> str:
    stdout, stderr = io.StringIO(), io.StringIO()
    assert release.main(arguments, stdout, stderr) == 2
    assert stdout.getvalue() == "" and stderr.getvalue().count("\n") == 1
    return stderr.getvalue()


def test_an_existing_destination_is_kept(tmp_path):
    assert f"{tmp_path} exists" in complaint(str(tmp_path))
    assert os.listdir(str(tmp_path)) == []


def test_changed_files_are_not_released(tmp_path, monkeypatch):
    monkeypatch.setattr(release, "changed_files", lambda: ["SPEC.md"])
    text = complaint(str(tmp_path / "x"))
    assert "differ from the last commit" in text and "SPEC.md" in text


@pytest.mark.parametrize("value", ["x", "-1", "0", "99999999999", "1.5"])
def test_an_invalid_time_is_rejected(tmp_path, monkeypatch, value):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", value)
    text = complaint(str(tmp_path / "x"), "--allow-changes")
    assert "SOURCE_DATE_EPOCH" in text and value in text
    assert os.listdir(str(tmp_path)) == []


@pytest.mark.slow
def test_a_missing_tool_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", TIME)
    monkeypatch.setitem(sys.modules, "build", None)
    text = complaint(str(tmp_path / "x"), "--allow-changes")
    assert "build" in text and "pip install" in text
    assert os.listdir(str(tmp_path)) == []


def test_a_destination_that_cannot_be_written_is_reported(tmp_path):
    (tmp_path / "file").write_text("")
    assert "file" in complaint(str(tmp_path / "file" / "x"), "--allow-changes")
