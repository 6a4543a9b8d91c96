# SPDX-License-Identifier: MIT
"""The files of the project, and the time of its last commit.

In a checkout, git lists the files. In an unpacked source distribution, every file counts that is
not a cache.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Iterator, List, Mapping, Optional

from refimpl.errors import UsageError

ROOT = Path(__file__).resolve().parents[1]
_CACHES = ("__pycache__", "build", "dist")


def files_of(root: Path = ROOT) -> List[str]:
    """Return the project's files, as paths with slashes from the root, in order."""
    if (root / ".git").exists():
        command = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")
        listed = _git(root, *command).split("\0")
        return sorted(path for path in listed if path and (root / path).is_file())
    return sorted(_walk(root, ""))


def _walk(folder: Path, above: str) -> Iterator[str]:
    for path in folder.iterdir():
        name = above + path.name
        if path.is_dir():
            if name not in (".venv", ".git") and path.name not in _CACHES:
                yield from _walk(path, name + "/")
        elif not path.name.endswith(".pyc"):
            yield name


def copy_files(target: Path, time: int, root: Path = ROOT) -> Path:
    """Copy the project's files to a new folder, with one time and equal modes. Return the folder.

    time: seconds since 1970
    """
    target.mkdir(parents=True)
    for name in files_of(root):
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(str(root / name), str(path))
        path.chmod(0o755 if os.access(str(root / name), os.X_OK) else 0o644)
        os.utime(str(path), (time, time))
    return target


def changed_files(root: Path = ROOT) -> List[str]:
    """Return the files that differ from the last commit. Without git there are none."""
    if not (root / ".git").exists():
        return []
    return [line[3:] for line in _git(root, "status", "--porcelain").splitlines()]


def time_of(environment: Mapping[str, str], root: Path = ROOT) -> int:
    """Return the time for all files of a release, in seconds since 1970.

    It is SOURCE_DATE_EPOCH, or the time of the last commit. Raises UsageError without both.
    """
    text: Optional[str] = environment.get("SOURCE_DATE_EPOCH")
    if not text and (root / ".git").exists():
        text = _git(root, "log", "-1", "--format=%ct").strip()
    if not text:
        raise UsageError("no time for the files", expected="the variable SOURCE_DATE_EPOCH")
    # A zip file cannot state a time before 1980, or after 2107.
    if not text.isdigit() or not 315532800 <= int(text) < 4354819200:
        raise UsageError(
            "invalid SOURCE_DATE_EPOCH", expected="seconds from 1980 to 2107", actual=text
        )
    return int(text)


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    except OSError as error:
        raise UsageError(f"cannot run git: {error.strerror}") from None
    if done.returncode != 0:
        raise UsageError(f"git {arguments[0]} failed: {done.stderr.decode(errors='replace')}")
    return done.stdout.decode("utf-8", "surrogateescape")
