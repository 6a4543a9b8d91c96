# SPDX-License-Identifier: MIT
"""Tests of conformance/mutation/subjects.py: where a subject's sources are and how they change.

They also check that every mutant of the examples can be made. `conformance prove --subject NAME`
runs these mutants.
"""

import shutil
from pathlib import Path

import pytest

from conformance.mutation.adapter import finder_of
from conformance.mutation.mutants import MutantError
from conformance.mutation.outside import read_mutants
from conformance.mutation.subjects import REFERENCE, SUBJECTS, Subject, find_subject
from conformance.protocol.process import Adapter
from refimpl.errors import UsageError

EXAMPLES = [subject.name for subject in SUBJECTS if subject.name != REFERENCE]


def example(name: str) -> Subject:
    """Return an example's subject, or skip without its interpreter."""
    subject = find_subject(name)
    if shutil.which(subject.program) is None:
        pytest.skip(f"no {subject.program}")
    return subject


def test_an_unknown_subject() -> None:
    with pytest.raises(UsageError, match="expected refimpl javascript perl, got ruby"):
        find_subject("ruby")


def test_a_subject_without_its_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(UsageError, match="node is not installed"):
        find_subject("javascript").command()


def test_the_modules_of_the_reference_have_dotted_names() -> None:
    modules = find_subject(REFERENCE).modules()
    assert {"sigv4_steps", "text.lines", "documents.json_format"} < set(modules)
    assert "class" in modules["eventstream_frames"]


def test_a_mutant_of_the_reference_is_one_file(tmp_path: Path) -> None:
    command = find_subject(REFERENCE).mutant_command("fields", "raise SystemExit(7)", str(tmp_path))
    name = command[-1]
    assert name == f"fields={tmp_path / 'module.py'}"
    assert finder_of(name).find_spec("refimpl.fields", None) is not None
    assert finder_of(name).find_spec("refimpl.sigv4", None) is None
    with pytest.raises(MutantError, match="cannot compile"):
        finder_of(f"fields={tmp_path / 'none.py'}")
    with pytest.raises(MutantError, match="does not compile"):
        find_subject(REFERENCE).mutant_command("fields", "def", str(tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("indent", ["", "    "])
def test_further_lines_are_indented_from_the_first_or_as_in_the_source(indent: str) -> None:
    reference = find_subject(REFERENCE)
    source = "def f():\n    return 1\n"
    broken = reference.broken(source, "return 1", f"x = 2\n{indent}return x")
    assert broken == "def f():\n    x = 2\n    return x\n"


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_every_mutant_of_an_example_can_be_made(name: str) -> None:
    subject = example(name)
    mutants = read_mutants(subject.own_mutants, subject)
    assert len(mutants) >= {"javascript": 60, "perl": 30}[name]
    assert all(mutant.severity for mutant in mutants)


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_a_mutant_of_an_example_is_an_adapter(name: str, tmp_path: Path) -> None:
    subject = example(name)
    changed = subject.broken(subject.modules()[subject.main], f"{name}-example", "changed")
    with Adapter(subject.mutant_command(subject.main, changed, str(tmp_path))) as adapter:
        assert adapter.hello["implementation"]["name"] == "changed"
        assert "eventstream.decode" in adapter.hello["operations"]


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_a_mutant_of_an_example_that_does_not_compile(name: str, tmp_path: Path) -> None:
    subject = example(name)
    with pytest.raises(MutantError, match="does not compile: .*rror"):
        subject.mutant_command(subject.main, "}{", str(tmp_path))
