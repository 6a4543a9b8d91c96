# SPDX-License-Identifier: MIT
"""Tests of refimpl/vendor/last_line.py: a file without its end is reported wherever it was cut.

Each cut is after a statement, at any depth, so that the rest is valid Python. One process of each
Python runs all cuts, as a program and as an import.
"""

import ast
import functools
import json
import types
from typing import Any, Dict, List

import pytest

from refimpl.cli.vendor import package_sources
from refimpl.vendor.single_file import single_file
from tests.interpreters import interpreters, run_program
from tests.rows import for_each

COUNT = 60
OLDEST, NEWEST = interpreters()[0][1], interpreters()[-1][1]
# Runs the first lines of a file. Prints the exit code and stderr, and the error of an import.
PROGRAM = """
import contextlib, io, json, os, sys

path, cuts = sys.argv[1], json.loads(sys.argv[2])
with open(path, encoding="utf-8") as file:
    lines = file.readlines()
copy = os.path.join(os.path.dirname(path), "cut.py")
found = []
for cut in cuts:
    with open(copy, "w", encoding="utf-8") as file:
        file.writelines(lines[:cut])
    code = compile("".join(lines[:cut]), copy, "exec")
    sys.argv, stderr, ended, raised = ["cut.py"], io.StringIO(), None, None
    with contextlib.redirect_stderr(stderr):
        try:
            exec(code, {"__name__": "__main__", "__file__": copy})
        except SystemExit as end:
            ended = end.code
    try:
        exec(code, {"__name__": "app.cut", "__file__": copy})
    except ImportError as error:
        raised = str(error)
    found.append([ended, stderr.getvalue(), raised])
print(json.dumps(found))
"""


@functools.lru_cache(None)
def text_of(*parts: str) -> str:
    return single_file(*package_sources(), parts)


@functools.lru_cache(None)
def cuts() -> List[int]:
    """Return the numbers of lines that each leave valid Python, spread over the smallest file."""
    lines = text_of().splitlines(keepends=True)
    tree = ast.parse(text_of())
    start = [each.lineno for each in tree.body if "_require_last_line" in ast.dump(each)][-1]
    statements = [each for each in ast.walk(tree) if isinstance(each, ast.stmt)]
    ends = sorted({int(each.end_lineno or 0) for each in statements})
    ends = [end for end in ends if start < end < len(lines)]
    wanted = [ends[round(index * (len(ends) - 1) / (COUNT - 1))] for index in range(COUNT)]
    return [cut for cut in wanted if is_program("".join(lines[:cut]))]


def is_program(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:  # a cut before the `except` of a `try`
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("python", [OLDEST, NEWEST])
def test_a_file_that_was_cut_says_so_as_a_program_and_as_an_import(tmp_path, python):
    path = tmp_path / "whole.py"
    path.write_text(text_of(), encoding="utf-8")
    total = text_of().count("\n")
    found = json.loads(run_program(python, PROGRAM, str(path), json.dumps(cuts())))
    assert len(found) > COUNT - 10

    @for_each("cut, result", list(zip(cuts(), found)))
    def check(cut: int, result: List[Any]) -> None:
        message = f"this copy is incomplete (expected {total} lines, got {cut})"
        assert result == [3, f"cut.py: {message}\n", f"app.cut: {message}"]

    check()


def loaded(text: str, **names: Any) -> Dict[str, Any]:
    """Run a file as an import. Return its names."""
    module = types.ModuleType("app.copy")
    vars(module).update(names)
    exec(compile(text, "copy.py", "exec"), vars(module))
    return vars(module)


@pytest.mark.slow
def test_a_file_that_cannot_be_read_has_fewer_lines():
    lines = text_of().splitlines(keepends=True)
    expected = rf"incomplete \(expected {len(lines)} lines, got fewer\)$"
    for names in ({}, {"__file__": "/missing/copy.py"}):
        with pytest.raises(ImportError, match=expected):
            loaded("".join(lines[:-1]), **names)


@pytest.mark.slow
def test_an_import_of_a_complete_file_does_not_read_it():
    assert loaded(text_of(), __file__="/missing/copy.py")["_LAST_LINE"] is True


@pytest.mark.slow
def test_a_file_with_other_lines_before_its_last_one_is_complete():
    lines = text_of().splitlines(keepends=True)
    edited = "".join(lines[:1000] + ["# a comment\n"] * 3 + lines[1000:])
    assert [report for _, report in loaded(edited)["self_test"]() if report] == []
    assert loaded(text_of() + "MORE = 1\n")["MORE"] == 1


@pytest.mark.slow
def test_statements_that_run_one_at_a_time_are_not_a_cut_file():
    """A notebook compiles each statement of a cell by itself."""
    names: Dict[str, Any] = {"__name__": "__main__"}
    for statement in ast.parse(text_of()).body[:12]:
        exec(compile(ast.Module([statement], []), "cell", "exec"), names)
    assert names["_LINES"] == text_of().count("\n")


@pytest.mark.slow
def test_the_test_is_within_the_first_block_of_a_file_system():
    """A copy is mostly cut between blocks. The smallest usual block has 4096 bytes."""
    assert "_require_last_line(sys._getframe()" in text_of("client", "text")[:4096]
