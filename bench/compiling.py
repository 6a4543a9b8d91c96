# SPDX-License-Identifier: MIT
"""`python3 -m bench.compiling [--python PATH] [--write]`: the cost of compiling at each start.

Python compiles modules that it cannot store, for example in a zip file, at each start. A subject
is a form of a copy, without compiled modules: a program imports it, makes a client and, in most
subjects, loads what the first call needs. The figure is the number of instructions of that process,
counted by valgrind, minus those of a process that only imports the same modules of the standard
library. It is the same on each machine, unlike the times of `python3 -m bench`.

`--write` writes the table into docs/benchmarks.md.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Sequence

from bench.implementations import ACCESS_KEY, REGION, ROOT, SECRET_KEY
from bench.process import MODULES_OF_A_CALL
from bench.table import write_table

MARKS = ("<!-- compiling -->\n", "<!-- /compiling -->\n")
_KEYS = f"{{'AWS_ACCESS_KEY_ID': {ACCESS_KEY!r}, 'AWS_SECRET_ACCESS_KEY': {SECRET_KEY!r}}}"
_CLIENT = f"Client({REGION!r}, 'http://127.0.0.1', environment={_KEYS})"
_IMPORT = f"import refimpl; client = refimpl.{_CLIENT}"
_CALL = f"{_IMPORT}; import {MODULES_OF_A_CALL}"
# Prints the modules of the standard library that a program has loaded.
_LOADED = """
import sys
before = set(sys.modules)
{program}
loaded = [name for name in sys.modules if name not in before]
print(*[name for name in loaded if name.partition(".")[0] not in ("refimpl", "stream")])
"""
_PARTS_OF_TYPING = {"typing.io", "typing.re"}


class Subject(NamedTuple):
    """A form of a copy: its name, the entry of sys.path, and a program that uses it."""

    name: str
    path: str
    program: str


def subjects(folder: Path, python: str) -> Iterator[Subject]:
    """Write the copies into an empty folder, and yield them."""
    package = folder / "package"
    _vendor(package / "refimpl", "--form", "folder")
    yield Subject("package in a folder: a client", str(package), _IMPORT)
    yield Subject("package in a folder", str(package), _CALL)
    archive = folder / "package.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in sorted((package / "refimpl").rglob("*.py")):
            file.write(path, path.relative_to(package))
    yield Subject("package in a zip file: a client", str(archive), _IMPORT)
    yield Subject("package in a zip file", str(archive), _CALL)
    for name, parts, program in (
        ("one file with all parts", "client,config,documents,explain,text", f"stream.{_CLIENT}"),
        ("one file with `client` only", "client", f"stream.{_CLIENT}"),
        ("the smallest file", "none", "stream.Signer()"),
    ):
        place = folder / parts
        place.mkdir()
        _vendor(place / "stream.py", "--with", parts)
        yield Subject(name, str(place), f"import stream; {program}")
    subprocess.check_call([python, "-m", "compileall", "-q", str(package)])
    yield Subject("package with compiled modules", str(package), _CALL)


def _vendor(path: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "refimpl", "vendor", str(path), *arguments]
    subprocess.check_call(command, cwd=str(ROOT), stdout=subprocess.DEVNULL)


def instructions_of(subject: Subject, python: str) -> int:
    """Return the instructions of a subject above those of the imports of the standard library."""
    own = f"import sys; sys.path.insert(0, {subject.path!r}); {subject.program}"
    printed = subprocess.check_output(
        [python, "-S", "-B", "-c", _LOADED.format(program=own)], universal_newlines=True
    )
    names = [name for name in printed.split() if name not in _PARTS_OF_TYPING]
    # In the order in which their imports ended. os and genericpath need each other, os first.
    standard = "import os, " + ", ".join(names)
    return _counted(python, own) - _counted(python, standard)


def _counted(python: str, program: str) -> int:
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    done = subprocess.run(
        [*command, python, "-S", "-B", "-c", program],
        env={**os.environ, "PYTHONHASHSEED": "0"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or found is None:
        raise SystemExit(f"{python} failed: {done.stderr[-2000:]}")
    return int(found.group(1))


def table(found: Dict[str, Dict[str, int]]) -> str:
    """Return the table in Markdown. found: millions of instructions by Python and subject"""
    names = list(next(iter(found.values())))
    lines = ["| | " + " | ".join(found) + " |", "|---|" + "---:|" * len(found)]
    for name in names:
        cells = [f"{counts[name] / 1e6:.0f}" for counts in found.values()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def measured(pythons: Sequence[str]) -> Dict[str, Dict[str, int]]:
    """Return the instructions by Python and subject."""
    found: Dict[str, Dict[str, int]] = {}
    for python in pythons:
        code = "import platform as p; print(p.python_implementation(), p.python_version())"
        version = subprocess.check_output([python, "-c", code], universal_newlines=True).strip()
        with tempfile.TemporaryDirectory() as folder:
            found[version] = {
                subject.name: instructions_of(subject, python)
                for subject in subjects(Path(folder), python)
            }
    return found


def main(arguments: List[str]) -> None:
    """Count, and print or write the table."""
    parser = argparse.ArgumentParser(prog="bench.compiling")
    parser.add_argument("--python", action="append", metavar="PATH", help="an interpreter")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    options = parser.parse_args(arguments)
    text = table(measured(options.python or [sys.executable]))
    if not options.write:
        print(text, end="")
        return
    write_table(text, MARKS)


if __name__ == "__main__":
    main(sys.argv[1:])
