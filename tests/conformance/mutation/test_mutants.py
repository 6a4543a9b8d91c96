# SPDX-License-Identifier: MIT
"""Tests of conformance/mutation/mutants: each row fits the sources and breaks a known rule."""

import ast
import functools
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.cases.rules import load_rules
from conformance.mutation.mutants import (
    MODULES,
    MUTANTS,
    Mutant,
    MutantError,
    broken_source,
    find_mutant,
    path_of,
    source_of,
)
from conformance.mutation.patch import places_of
from tests.rows import for_each

ROOT = Path(__file__).resolve().parents[3]


@functools.lru_cache(None)
def tree_of(module: str) -> str:
    return ast.dump(ast.parse(source_of(module)))


@pytest.mark.slow
@for_each("mutant", MUTANTS, ids=lambda mutant: mutant.id)
def test_a_mutant_can_be_made_and_is_another_program(mutant: Mutant) -> None:
    """A change of a line that a mutant breaks must also change the mutant."""
    broken = ast.parse(broken_source(mutant))
    assert ast.dump(broken) != tree_of(mutant.module)
    compile(broken, path_of(mutant.module), "exec")


def test_each_table_is_listed_and_mirrors_a_module() -> None:
    folder = ROOT / "conformance" / "mutation" / "mutants"
    files = [path.relative_to(folder) for path in folder.rglob("*.py")]
    tables = {".".join(file.with_suffix("").parts) for file in files if file.stem != "__init__"}
    assert tables == set(MODULES) and len(MODULES) == len(set(MODULES))
    assert all(Path(path_of(module)).exists() for module in MODULES)


def test_ids_and_words() -> None:
    ids = [mutant.id for mutant in MUTANTS]
    assert len(ids) > 300 and len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in ids)
    rules = load_rules()
    for mutant in MUTANTS:
        assert mutant.rule in rules and "MUST" in rules[mutant.rule].words, mutant.id
        assert mutant.what and "\n" not in mutant.what and not mutant.what.endswith("."), mutant.id


def test_two_mutants_are_two_programs() -> None:
    made = [(mutant.module, mutant.old, mutant.new) for mutant in MUTANTS]
    assert len(set(made)) == len(made)


def test_find() -> None:
    assert find_mutant("frame-little-endian").rule == "EVS-001"
    for name, shown in (("no-such-mutant", "no-such-mutant"), ("", "nothing")):
        with pytest.raises(
            MutantError,
            match=f"no such mutant: expected an id that `conformance mutants` lists, got {shown}",
        ):
            find_mutant(name)


@pytest.mark.parametrize("old, count", [("no such text", 0), ("def", None)])
def test_rejects_a_mutant_whose_text_does_not_occur_once(old: str, count: object) -> None:
    count = len(places_of(source_of("http1"), old)) if count is None else count
    with pytest.raises(
        MutantError,
        match=rf"mine cannot be made: its tokens occur {count} times in refimpl.http1, not once",
    ):
        broken_source(Mutant("mine", "HTTP-041", "w", "http1", old, "x"))


def test_an_unknown_module() -> None:
    with pytest.raises(MutantError, match="no source of refimpl.nothing: No such file"):
        source_of("nothing")


def test_the_table_loads_nothing_of_refimpl() -> None:
    code = (
        "import sys, conformance.mutation.mutants\n"
        "sys.exit(any(name.split('.')[0] == 'refimpl' for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
    assert path_of("http1") == str(ROOT / "refimpl" / "http1.py")
