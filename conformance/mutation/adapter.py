# SPDX-License-Identifier: MIT
"""The adapter of a broken variant of refimpl: `python3 -m conformance.mutation.adapter NAME`.

NAME is the id of a mutant from `conformance mutants`, MODULE:NUMBER for a generated one, or
MODULE=FILE for a file that replaces the module. When
refimpl is imported, the broken source replaces that module, in this process only. Everything else
is conformance/adapters/refimpl.py. So `conformance run --adapter "python3 -m
conformance.mutation.adapter NAME"` shows the verdicts on that error.
"""

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_loader
from types import CodeType
from typing import Any, Optional

from conformance.mutation.mutants import (
    MutantError,
    broken_source,
    find_mutant,
    full_name,
    path_of,
)


class _BrokenLoader(SourceFileLoader):
    def __init__(self, name: str, path: str, code: CodeType) -> None:
        super().__init__(name, path)
        self._code = code

    def get_code(self, fullname: str) -> CodeType:
        return self._code


class BrokenFinder:
    """Finds one module and loads it from changed code. An entry of sys.meta_path.

    It does without importlib.abc, which takes a fifth of the start of this process.
    """

    def __init__(self, module: str, code: CodeType) -> None:
        self._name, self._path, self._code = full_name(module), path_of(module), code

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> Optional[ModuleSpec]:
        """Return the spec of that module, and None for every other."""
        if fullname != self._name:
            return None
        return spec_from_loader(fullname, _BrokenLoader(fullname, self._path, self._code))


def _code_in(file: str, path: str) -> CodeType:
    try:
        with open(file, encoding="utf-8") as source:
            code: CodeType = compile(source.read(), path, "exec")
            return code
    except (OSError, SyntaxError, ValueError) as error:
        raise MutantError(f"cannot compile {file}: {error}") from None


def finder_of(name: str) -> BrokenFinder:
    """Return the finder that loads the mutant of that name. Raises MutantError."""
    module, equals, file = name.partition("=")
    if equals:
        return BrokenFinder(module, _code_in(file, path_of(module)))
    module, colon, number = name.partition(":")
    if colon:
        from conformance.mutation.generated import broken_code  # no hand-written mutant needs it

        return BrokenFinder(module, broken_code(module, number))
    mutant = find_mutant(name)
    return BrokenFinder(
        mutant.module, compile(broken_source(mutant), path_of(mutant.module), "exec")
    )


def install(name: str) -> None:
    """Let the mutant replace its module when it is imported. Raises MutantError."""
    if "refimpl" in sys.modules:  # a module that is already loaded would not be replaced
        raise MutantError("refimpl was imported before the mutant")
    sys.meta_path.insert(0, finder_of(name))


def run(name: str) -> None:
    """Reply to requests with the mutant until there are no more."""
    install(name)
    adapter = import_module("conformance.adapters.refimpl")
    adapter.serve(
        f"refimpl, broken: {name}",
        adapter.VERSION,
        adapter.OPERATIONS,
        reporting=adapter.REPORTING,
    )


if __name__ == "__main__":
    try:
        run(*sys.argv[1:2] or [""])
    except MutantError as fault:
        sys.exit(f"mutant: {fault}")
