# SPDX-License-Identifier: MIT
"""`python3 -m bench.footprint [--write]`: size, modules and memory, next to boto3's.

Unlike the times of `python3 -m bench`, these figures hardly depend on the machine. A subject
imports its package and makes a client. Size counts the files of the package and of all packages
that it needs, without caches. Modules are those that an empty process does not load. Memory is the
peak of the process (ru_maxrss) minus that of an empty one, the median of five, with compiled
modules.

`--write` writes the table into docs/benchmarks.md. tests/test_budgets.py limits the figures of
refimpl.
"""

import argparse
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Dict, Iterator, List, NamedTuple, Sequence

from bench.table import write_table

ROOT = Path(__file__).resolve().parents[1]
MARKS = ("<!-- footprint -->\n", "<!-- /footprint -->")
_ROUNDS = 5
_KEYS = '"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"'
_CLIENT = f'{{0}}.Client(region="eu-west-1", credentials={{0}}.Credentials({_KEYS}))'
_BOTO3 = (
    'boto3.client("sagemaker-runtime", region_name="eu-west-1",'
    f" **dict(zip(('aws_access_key_id', 'aws_secret_access_key'), ({_KEYS}))))"
)
_SHOW_MODULES = "import json, sys; print(json.dumps(sorted(sys.modules)))"


class Subject(NamedTuple):
    """What is measured: its files, a program, and the folder in which the program runs."""

    name: str
    files: List[Path]
    program: str
    folder: Path


class Footprint(NamedTuple):
    """size: bytes of files;  files: their number;  modules: loaded;  memory: bytes"""

    size: int
    files: int
    modules: int
    memory: float


def subjects(folder: Path) -> List[Subject]:
    """Return the package, two copies that are written into a folder, and boto3 if installed."""
    package = [path for path in (ROOT / "refimpl").rglob("*") if path.suffix in (".py", ".typed")]
    found = [Subject("package", package, "import refimpl; " + _CLIENT.format("refimpl"), ROOT)]
    for name, parts, program in (
        ("one file", "client,config,documents,explain,text", _CLIENT.format("full")),
        ("smallest file", "none", f"small.Credentials({_KEYS})"),
    ):
        module = program.partition(".")[0]
        path = folder / f"{module}.py"
        _python("-m", "refimpl", "vendor", str(path), "--with", parts)
        found.append(Subject(name, [path], f"import {module}; {program}", folder))
    if importlib.util.find_spec("boto3") is not None:
        found.append(Subject("boto3", list(_installed("boto3")), f"import boto3; {_BOTO3}", ROOT))
    return found


def _installed(distribution: str) -> Iterator[Path]:
    """Yield the files of a distribution and of those that it needs."""
    from importlib import metadata  # not in Python 3.6

    waiting, seen = [distribution], set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        found = metadata.distribution(name)
        for path in found.files or ():
            if path.suffix != ".pyc" and found.locate_file(path).is_file():  # type: ignore[attr-defined]
                yield Path(str(found.locate_file(path)))
        for needed in found.requires or ():
            if "extra ==" not in needed:
                waiting.append(re.split(r"[^A-Za-z0-9._-]", needed)[0])


def measure(subject: Subject) -> Footprint:
    """Return the footprint of a subject."""
    return Footprint(
        sum(path.stat().st_size for path in subject.files),
        len(subject.files),
        len(modules_of(subject)),
        _memory(subject),
    )


def modules_of(subject: Subject, python: str = sys.executable) -> List[str]:
    """Return the modules that a subject loads."""
    empty = json.loads(_python("-c", _SHOW_MODULES, python=python))
    program = f"{subject.program}; {_SHOW_MODULES}"
    loaded = json.loads(_python("-c", program, cwd=subject.folder, python=python))
    return sorted(set(loaded) - set(empty))


def _memory(subject: Subject) -> float:
    """Return the peak memory in bytes above that of an empty process."""
    programs = [f"import sys; sys.path.insert(0, {str(subject.folder)!r}); {subject.program}"]
    lines = [json.dumps([sys.executable, "-c", program]) for program in ("pass", *programs)]
    printed = _python("-m", "bench.launch", stdin="\n".join(lines * _ROUNDS))
    costs = [json.loads(line) for line in printed.splitlines()]
    for cost in costs:
        if cost["status"]:
            raise RuntimeError(cost["errors"])
    memory = [cost["memory"] for cost in costs]
    return median(memory[1::2]) - median(memory[::2])


def _python(
    *arguments: str, cwd: Path = ROOT, stdin: str = "", python: str = sys.executable
) -> str:
    return subprocess.run(
        [python, *arguments],
        cwd=str(cwd),
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
        input=stdin,
        stdout=subprocess.PIPE,
        universal_newlines=True,
        check=True,
    ).stdout


def table(found: Dict[str, Footprint]) -> str:
    """Return the table in Markdown."""
    rows = {
        "files": [f"{one.files:,}" for one in found.values()],
        "size": [f"{one.size / 1000:,.0f} kB" for one in found.values()],
        "modules loaded": [f"{one.modules:,}" for one in found.values()],
        "memory": [f"{one.memory / 2**20:.1f} MiB" for one in found.values()],
    }
    lines = ["| | " + " | ".join(found) + " |", "|---|" + "---:|" * len(found)]
    lines += [f"| {name} | " + " | ".join(cells) + " |" for name, cells in rows.items()]
    return "\n".join(lines) + "\n"


def _versions() -> str:
    import refimpl

    text = f"CPython {sys.version.split()[0]}, refimpl {refimpl.__version__}"
    with suppress(ImportError):
        import boto3

        text += f", boto3 {boto3.__version__}"
    return text


def main(arguments: Sequence[str]) -> None:
    """Measure, and print or write the table."""
    parser = argparse.ArgumentParser(prog="bench.footprint")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        measured = {subject.name: measure(subject) for subject in subjects(Path(folder))}
    text = f"{table(measured)}\n{_versions()}.\n"
    if not options.write:
        print(text, end="")
        return
    write_table(text, MARKS)


if __name__ == "__main__":
    main(sys.argv[1:])
