# SPDX-License-Identifier: MIT
"""Tests of conformance/files.py: paths of an installed package, bounded reading, atomic writing."""

import os
import stat
import threading
from pathlib import Path
from typing import IO, Any, List

import pytest

from conformance import files
from conformance.files import read_bounded, write_whole
from refimpl.errors import UsageError

LINKS = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no links with owners here")


def test_an_installed_package_contains_the_vectors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PACKAGE", str(tmp_path / "conformance"))
    monkeypatch.setattr(files, "ROOT", str(tmp_path))
    assert files.vectors_folder() == str(tmp_path / "vectors")
    (tmp_path / "conformance" / "vectors").mkdir(parents=True)
    assert files.vectors_folder() == str(tmp_path / "conformance" / "vectors")


# ---- reading -----------------------------------------------------------------------------------


def test_reads_a_file_up_to_a_bound(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert read_bounded(str(path), 5) == b"12345"
    with pytest.raises(UsageError, match="file is too long .expected at most 4 bytes"):
        read_bounded(str(path), 4)


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="no such device here")
def test_stops_reading_a_device_without_an_end() -> None:
    with pytest.raises(UsageError, match="/dev/zero is too long"):
        read_bounded("/dev/zero", 3 << 20)


# ---- writing -----------------------------------------------------------------------------------


def test_nobody_can_guess_the_name_of_the_new_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: List[str] = []

    def recorded_open(path: str, mode: str) -> IO[Any]:
        names.append(mode + path)
        return open(path, mode)

    monkeypatch.setattr(files, "open", recorded_open, raising=False)
    (tmp_path / "victim").write_bytes(b"precious")
    if hasattr(os, "geteuid"):
        (tmp_path / "report.new").symlink_to(tmp_path / "victim")
    for _ in range(2):
        write_whole(str(tmp_path / "report"), "text")
    assert names[0] != names[1] and all(name.startswith("xb") for name in names)
    assert (tmp_path / "victim").read_bytes() == b"precious"
    assert (tmp_path / "report").read_bytes() == b"text"


def test_two_writers_leave_one_complete_file(tmp_path: Path) -> None:
    path, seen = tmp_path / "report", set()
    path.write_bytes(b"a" * 100000)
    threads = [
        threading.Thread(target=lambda text=text: [write_whole(str(path), text) for _ in range(20)])
        for text in ("a" * 100000, "b" * 200000)
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        seen.add(path.read_bytes())
    assert seen <= {b"a" * 100000, b"b" * 200000} and os.listdir(str(tmp_path)) == ["report"]


def test_the_data_is_on_the_disk_before_the_file_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: List[str] = []

    def noting(name: str) -> Any:
        function = getattr(os, name)
        return lambda *arguments: steps.append(name) or function(*arguments)

    for name in ("fsync", "replace"):
        monkeypatch.setattr(files.os, name, noting(name))
    write_whole(str(tmp_path / "report"), "text")
    assert steps[:2] == ["fsync", "replace"]
    del steps[:]
    write_whole(str(tmp_path / "report"), b"text", sync=False)
    assert steps == ["replace"]


@LINKS
def test_follows_only_a_link_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    victim, link = tmp_path / "victim", tmp_path / "link"
    for follow, owner in ((False, os.geteuid()), (True, os.geteuid() + 1)):
        victim.write_bytes(b"precious")
        link.symlink_to(victim)
        with monkeypatch.context() as patched:
            patched.setattr(
                files.os, "lstat", lambda path, o=owner: os.stat_result([0] * 4 + [o] + [0] * 5)
            )
            write_whole(str(link), "text", follow)
        assert victim.read_bytes() == b"precious"
        assert not link.is_symlink() and link.read_bytes() == b"text"
        link.unlink()
    link.symlink_to(victim)
    write_whole(str(link), "text")
    assert link.is_symlink() and victim.read_bytes() == b"text"


@LINKS
def test_keeps_the_mode_of_an_existing_file(tmp_path: Path) -> None:
    path = tmp_path / "report"
    path.write_bytes(b"")
    path.chmod(0o600)
    write_whole(str(path), "text")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
