# SPDX-License-Identifier: MIT
"""The implementations that have mutants: the reference, and the examples in JavaScript and Perl.

The strength of the cases must not depend on how the reference is written. So the examples, which
were written from SPEC.md, have mutants as well. A mutant of the reference replaces one module when
it is imported (adapter.py). A mutant of an example is a copy of its folder with one changed file.
"""

import os
import shutil
import subprocess  # noqa: S404
from typing import Dict, List, NamedTuple, Optional, Pattern, Sequence

from conformance.files import ROOT
from conformance.mutation.mutants import SOURCES, MutantError, module_of, source_of
from conformance.mutation.patch import PYTHON, WORDS, replace_tokens
from conformance.run.runner import OWN_ADAPTER
from refimpl.errors import UsageError

REFERENCE = "refimpl"

_CHECK_TIMEOUT = 60.0  # seconds


class Subject(NamedTuple):
    """An implementation whose source can be changed.

    program: the interpreter, found on the path; empty for this Python
    check: its options that compile a file without running it
    folder: the folder of its sources below the project
    main: the file that is its adapter
    own_mutants: the file of its mutants, in the format of `--mutants`; empty for the reference
    """

    name: str
    program: str
    check: Sequence[str]
    folder: str
    main: str
    own_mutants: str

    def interpreter(self) -> Optional[str]:
        """Return the path of its interpreter, or None if it is not installed."""
        return shutil.which(self.program)

    def command(self) -> List[str]:
        """Return the command of its adapter. Raises UsageError without its interpreter."""
        return [self._interpreter(), os.path.join(ROOT, self.folder, self.main)]

    def modules(self) -> Dict[str, str]:
        """Return its sources by the name that a mutant uses: here, the name of the file."""
        found = {}
        suffix = os.path.splitext(self.main)[1]
        for name in sorted(os.listdir(os.path.join(ROOT, self.folder))):
            if name.endswith(suffix):
                with open(os.path.join(ROOT, self.folder, name), encoding="utf-8") as file:
                    found[name] = file.read()
        return found

    def broken(self, source: str, old: str, new: str) -> str:
        """Return a source with the patch of a mutant. Raises PatchError."""
        return replace_tokens(source, old, new, self.tokens)

    @property
    def tokens(self) -> Pattern[str]:
        """What counts as a token of its language."""
        return WORDS

    def mutant_command(self, module: str, source: str, folder: str) -> List[str]:
        """Write a mutant into an empty folder and return the command of its adapter.

        Raises MutantError if it cannot be compiled.
        """
        copied = os.path.join(folder, "subject")
        shutil.copytree(os.path.join(ROOT, self.folder), copied, ignore=self._left_out)
        changed = os.path.join(copied, module)
        with open(changed, "w", encoding="utf-8") as file:
            file.write(source)
        self._check(changed)
        return [self._interpreter(), os.path.join(copied, self.main)]

    def _left_out(self, folder: str, names: List[str]) -> List[str]:
        """Return the names that a copy does not need: everything but the files of its language."""
        suffix = os.path.splitext(self.main)[1]
        return [name for name in names if not name.endswith(suffix)]

    def _check(self, path: str) -> None:
        done = subprocess.run(  # noqa: S603
            [self._interpreter(), *self.check, path],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=_CHECK_TIMEOUT,
            check=False,
        )
        if done.returncode:
            lines = done.stderr.decode("utf-8", "replace").split("\n")
            causes = [line for line in lines if "rror" in line] or lines
            raise MutantError(f"does not compile: {causes[0].strip()}")

    def _interpreter(self) -> str:
        found = self.interpreter()
        if found is None:
            raise UsageError(f"{self.program} is not installed", expected=f"{self.program} on PATH")
        return found


def _compiles(source: str) -> bool:
    try:
        compile(source, "mutant", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


class Reference(Subject):
    """The reference, whose modules have dotted names."""

    def interpreter(self) -> Optional[str]:
        """Return the path of this Python."""
        return OWN_ADAPTER[0]

    def command(self) -> List[str]:
        """Return the command of the reference's adapter."""
        return list(OWN_ADAPTER)

    def modules(self) -> Dict[str, str]:
        """Return the sources of the reference by dotted name below refimpl."""
        names = (
            module_of(os.path.join(folder, file))
            for folder, _, files in sorted(os.walk(SOURCES))
            for file in sorted(files)
        )
        return {name: source_of(name) for name in names if name}

    def broken(self, source: str, old: str, new: str) -> str:
        """Return a source with the patch of a mutant. Raises PatchError.

        Authors of mutants indent further lines relative to the first line, or as in the source.
        The second reading counts if only that one compiles.
        """
        relative = replace_tokens(source, old, new, self.tokens)
        as_written = replace_tokens(source, old, new, self.tokens, as_written=True)
        if not _compiles(relative) and _compiles(as_written):
            return as_written
        return relative

    @property
    def tokens(self) -> Pattern[str]:
        """Python's tokens."""
        return PYTHON

    def mutant_command(self, module: str, source: str, folder: str) -> List[str]:
        """Write a mutant into an empty folder and return the command of its adapter."""
        try:
            compile(source, module, "exec")
        except (SyntaxError, ValueError) as error:
            raise MutantError(f"does not compile: {error}") from None
        changed = os.path.join(folder, "module.py")
        with open(changed, "w", encoding="utf-8") as file:
            file.write(source)
        return [OWN_ADAPTER[0], "-m", "conformance.mutation.adapter", f"{module}={changed}"]


_OWN_MUTANTS = os.path.dirname(os.path.abspath(__file__))

SUBJECTS = (
    Reference(REFERENCE, "", (), REFERENCE, "", ""),
    Subject(
        "javascript",
        "node",
        ("--check",),
        "docs/examples/javascript",
        "adapter.mjs",
        os.path.join(_OWN_MUTANTS, "javascript_mutants.py"),
    ),
    Subject(
        "perl",
        "perl",
        ("-c",),
        "docs/examples",
        "adapter.pl",
        os.path.join(_OWN_MUTANTS, "perl_mutants.py"),
    ),
)


def find_subject(name: str) -> Subject:
    """Return the subject of that name. Raises UsageError."""
    for subject in SUBJECTS:
        if subject.name == name:
            return subject
    names = " ".join(subject.name for subject in SUBJECTS)
    raise UsageError("no such subject", expected=names, actual=name)
