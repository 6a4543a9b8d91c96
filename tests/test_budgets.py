# SPDX-License-Identifier: MIT
"""Budgets of refimpl: modules that an import loads, and bytes. They are counts, not times.

A change that exceeds a budget is either a mistake, such as an import that belongs into a function,
or a decision that is visible in this file. bench/footprint.py compares the figures with boto3's.
tests/refimpl/vendor/test_single_file.py limits the bytes of a file.
"""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from bench import footprint, process, table
from refimpl.cli.vendor import package_sources
from tests.interpreters import ROOT, interpreters
from tests.rows import for_each

# An imported module: how many modules of refimpl it loads, and at most how many others, on any
# Python. -S leaves out what an installation adds to each process.
MODULES = {
    "refimpl": (1, 40),
    "refimpl.eventstream": (7, 45),
    "refimpl.sigv4": (10, 50),
    "refimpl.operation": (15, 45),
    "refimpl.text": (18, 48),
    "refimpl.client": (15, 55),
}
LOADED = """
import sys
before = set(sys.modules)
__import__(sys.argv[1])
print(*sorted(set(sys.modules) - before))
"""


def loaded(python, module):
    command = [python, "-S", "-B", "-c", LOADED, module]
    return subprocess.check_output(command, cwd=str(ROOT)).decode().split()


@pytest.mark.slow
@for_each("python", [interpreters()[0][1], interpreters()[-1][1]])
def test_modules_that_an_import_loads(python):
    for module, (own, others) in MODULES.items():
        names = loaded(python, module)
        ours = [name for name in names if name.partition(".")[0] == "refimpl"]
        assert len(ours) <= own, ours
        assert len(names) - len(ours) <= others, names


# Where Python cannot store compiled modules, it compiles so many bytes at each start of a program
# that makes a client. A program that also calls an http endpoint needs more (bench/process.py).
SOURCES = {"client": 80_000, "call": 216_000}
COMPILED = f"""
{process.CLIENT}
if sys.argv[2] == "call":
    {process.CALL}
names = [name for name in sys.modules if name.partition(".")[0] == "refimpl"]
print(*[sys.modules[name].__file__ for name in names], sep="\\n")
"""


def sources_of(subject):
    """Return the sources of the modules that a client or a call loads, by path."""
    command = [sys.executable, "-S", "-B", "-c", COMPILED, str(ROOT), subject]
    paths = subprocess.check_output(command, cwd=str(ROOT)).decode().splitlines()
    return {path: Path(path).read_text(encoding="utf-8") for path in paths}


@for_each("subject", SOURCES)
def test_bytes_of_the_sources_that_are_compiled(subject):
    size = sum(len(text.encode("utf-8")) for text in sources_of(subject).values())
    assert 0.9 * SOURCES[subject] < size <= SOURCES[subject]


def evaluated(tree):
    """Return the annotations with brackets that Python evaluates when it imports a module.

    They take a tenth of the time of these imports. A NamedTuple needs its own.
    """
    scopes = [tree, *(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))]
    found = [
        child.annotation
        for scope in scopes
        for child in scope.body
        if isinstance(child, ast.AnnAssign)
        and "NamedTuple" not in [getattr(base, "id", "") for base in getattr(scope, "bases", [])]
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            found += [each.annotation for each in ast.walk(node.args) if isinstance(each, ast.arg)]
            found.append(node.returns)
    return [each for each in found if isinstance(each, ast.Subscript)]


@pytest.mark.slow
def test_annotations_with_brackets_are_quoted():
    assert len(evaluated(ast.parse("x: List[int]\ndef f(a: Set[int], b: 'Set[int]'): pass"))) == 2
    for path, text in sources_of("call").items():
        assert [each.lineno for each in evaluated(ast.parse(text))] == [], path


def test_modules_are_counted():
    assert {"json", "json.decoder"} <= set(loaded(sys.executable, "json"))


def test_bytes_of_the_package():
    sources, _ = package_sources()
    assert sum(len(text.encode("utf-8")) for text in sources.values()) <= 900_000


# ---- bench/footprint.py ------------------------------------------------------------------------


@pytest.mark.slow
def test_footprints(tmp_path):
    found = {subject.name: subject for subject in footprint.subjects(tmp_path)}
    assert list(found)[:3] == ["package", "one file", "smallest file"]
    smallest = footprint.measure(found["smallest file"])
    assert (smallest.files, smallest.size) == (1, (tmp_path / "small.py").stat().st_size)
    assert 0 < smallest.modules < 105 and smallest.memory > 0
    assert "refimpl.client" in footprint.modules_of(found["package"])
    if "boto3" in found:
        names = {path.parts[-2] for path in found["boto3"].files if path.name == "__init__.py"}
        assert {"boto3", "botocore", "urllib3", "jmespath", "dateutil"} <= names


def test_the_table_and_the_page():
    measured = {"package": footprint.Footprint(1234567, 1000, 80, 1.5 * 2**20)}
    assert footprint.table(measured).splitlines() == [
        "| | package |",
        "|---|---:|",
        "| files | 1,000 |",
        "| size | 1,235 kB |",
        "| modules loaded | 80 |",
        "| memory | 1.5 MiB |",
    ]
    page = table.PAGE.read_text(encoding="utf-8")
    _, inside, _ = table.split_page(page, footprint.MARKS)
    header = "| | package | one file | smallest file | boto3 |\n"
    assert inside.startswith(header) and inside.count("\n") == 8
