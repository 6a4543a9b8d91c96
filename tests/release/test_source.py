# SPDX-License-Identifier: MIT
"""Tests of release/source.py and release/archives.py: files, times and archives."""

import os
import tarfile

import pytest

from refimpl.errors import UsageError
from release.archives import repacked, tar_gz
from release.source import copy_files, files_of, time_of
from tests.interpreters import ROOT


def test_the_files_of_a_checkout_are_sources_only():
    files = files_of()
    assert {"README.md", "refimpl/client.py", "suite/setup.py", "vectors/schema.json"} <= set(files)
    assert not [name for name in files if "__pycache__" in name or name.startswith(".venv/")]


def test_without_git_every_file_counts_that_is_no_cache(tmp_path):
    for name in ("a.py", "b/c.py", "b/__pycache__/c.pyc", "build/x", "d.pyc", ".ci/run"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text("")
    assert files_of(tmp_path) == [".ci/run", "a.py", "b/c.py"]


def test_a_copy_has_one_time_and_two_modes(tmp_path):
    (tmp_path / "a").mkdir()
    for name, mode in (("run", 0o700), ("text", 0o600)):
        (tmp_path / "a" / name).write_text(name)
        (tmp_path / "a" / name).chmod(mode)
    copied = copy_files(tmp_path / "copy", 1700000000, tmp_path / "a")
    found = {path.name: path.stat() for path in copied.iterdir()}
    assert {name: oct(one.st_mode & 0o777) for name, one in found.items()} == {
        "run": "0o755",
        "text": "0o644",
    }
    assert {one.st_mtime for one in found.values()} == {1700000000}


def test_time():
    assert time_of({"SOURCE_DATE_EPOCH": "1700000000"}) == 1700000000
    if (ROOT / ".git").exists():
        assert time_of({}) > 1700000000


def test_without_a_time(tmp_path):
    with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH"):
        time_of({}, tmp_path)


def test_an_archive_depends_on_its_files_only(tmp_path):
    files = {"b/x": b"1", "a": b"2"}
    packed = tar_gz("top", files, 1700000000, ("a",))
    assert packed == tar_gz("top", dict(reversed(list(files.items()))), 1700000000, ("a",))
    (tmp_path / "x.tar.gz").write_bytes(packed)
    with tarfile.open(str(tmp_path / "x.tar.gz")) as archive:
        entries = [(one.name, oct(one.mode), one.mtime, one.uid) for one in archive]
    assert entries == [("top/a", "0o755", 1700000000, 0), ("top/b/x", "0o644", 1700000000, 0)]


def test_repacking_removes_times_and_owners(tmp_path):
    (tmp_path / "top").mkdir()
    (tmp_path / "top" / "a").write_bytes(b"2")
    (tmp_path / "top" / "a").chmod(0o700)
    os.utime(str(tmp_path / "top" / "a"), (5, 5))
    with tarfile.open(str(tmp_path / "x.tar.gz"), "w:gz") as archive:
        archive.add(str(tmp_path / "top"), "top")
    expected = tar_gz("top", {"a": b"2"}, 1700000000, ("a",))
    assert repacked(tmp_path / "x.tar.gz", 1700000000) == expected
