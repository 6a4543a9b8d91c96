# SPDX-License-Identifier: MIT
"""The source distribution, both wheels, the single file and the zipapp, from a copy of the project.

setuptools makes the first three, through the package `build` and without a network. It sets the
time in wheels from SOURCE_DATE_EPOCH. The source distribution is packed again, because it contains
times and owners.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Dict

from refimpl.errors import UsageError
from release.archives import repacked

_COPIES = {"sagemaker_stream.py": "file", "sagemaker_stream.pyz": "zipapp"}


def package_files(source: Path, work: Path, time: int) -> Dict[str, bytes]:
    """Return the files by name. Raises UsageError if a tool is missing or fails.

    source: a copy of the project, in which the tools write;  work: a new folder
    """
    for module in ("build", "setuptools"):
        if importlib.util.find_spec(module) is None:
            raise UsageError(
                f"the package {module} is missing",
                expected="pip install -r tests/checkers.txt",
            )
    work.mkdir(parents=True)
    for project in (source, source / "suite"):
        kinds = ("--sdist", "--wheel") if project == source else ("--wheel",)
        _run(work, time, "build", "--no-isolation", *kinds, "--outdir", str(work), str(project))
    for name, form in _COPIES.items():
        _run(source, time, "refimpl", "vendor", str(work / name), "--form", form)
    files = {path.name: path.read_bytes() for path in sorted(work.iterdir()) if path.is_file()}
    for name in files:
        if name.endswith(".tar.gz"):
            files[name] = repacked(work / name, time)
    return files


def _run(folder: Path, time: int, module: str, *arguments: str) -> None:
    variables = {
        "SOURCE_DATE_EPOCH": str(time),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "PIP_NO_INDEX": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=str(folder),
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode != 0:
        last = done.stdout.decode(errors="replace").strip().splitlines()[-1:]
        raise UsageError(f"{module} {arguments[0]} failed", actual="".join(last))
