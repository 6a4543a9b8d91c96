# SPDX-License-Identifier: MIT
"""The adapter of a copy: `python3 -m conformance.adapters.vendored PATH`.

PATH is a copy that `refimpl vendor` wrote: a single file, a folder or a zipapp. The adapter of the
reference imports its names from the copy instead of from the package `refimpl`. An operation whose
names the copy was made without is unsupported.
"""

import os
import sys
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any, Dict, List, Optional, Sequence

from conformance.protocol.messages import Unsupported, serve

_PACKAGE = "refimpl"


class _Names(Loader):
    """Fills a module with names. Any other name is a class that says that the copy lacks it."""

    def __init__(self, names: Dict[str, Any]) -> None:
        self._names = names

    def create_module(self, spec: ModuleSpec) -> Optional[ModuleType]:
        return None

    def exec_module(self, module: ModuleType) -> None:
        own = {name for name in self._names if name.startswith("__")}
        module.__dict__.update((name, self._names[name]) for name in set(self._names) - own)
        module.__dict__["__getattr__"] = _absent


class _Absent(type):
    """The type of a name that a copy was made without. Every use says so."""

    def _unsupported(cls, *_: object, **__: object) -> Any:
        raise Unsupported(f"this copy was made without {cls.__name__}")

    __call__ = __contains__ = __getitem__ = __iter__ = _unsupported


def _absent(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return _Absent(name, (), {})


class _Copy(MetaPathFinder):
    """Finds each module of the package `refimpl` in the copy."""

    def __init__(self, copy: ModuleType, is_file: bool) -> None:
        self._copy = copy
        self._is_file = is_file

    def find_spec(
        self,
        fullname: str,
        path: Optional[Sequence[Any]],
        target: Optional[ModuleType] = None,
    ) -> Optional[ModuleSpec]:
        package, _, module = fullname.partition(".")
        if package != _PACKAGE:
            return None
        source = self._copy
        if module and not self._is_file:
            source = import_module(f"{self._copy.__name__}.{module}")
        return ModuleSpec(fullname, _Names(vars(source)), is_package=True)


def _copy_at(path: str) -> None:
    """Make the package `refimpl` of this process the copy at a path."""
    if path.endswith(".py"):
        spec = spec_from_file_location("vendored_copy", path)
        if spec is None or spec.loader is None:
            raise SystemExit(f"cannot import {path}")
        copy = module_from_spec(spec)
        sys.modules[spec.name] = copy
        spec.loader.exec_module(copy)
        sys.meta_path.insert(0, _Copy(copy, is_file=True))
    elif os.path.isdir(path):
        parent, name = os.path.split(os.path.abspath(path))
        sys.path.insert(0, parent)
        sys.meta_path.insert(0, _Copy(import_module(name), is_file=False))
    else:
        sys.path.insert(0, path)


def main(arguments: List[str]) -> None:
    """Serve the operations of the copy at the path that is the only argument."""
    if len(arguments) != 1 or not os.path.exists(arguments[0]):
        raise SystemExit("expected the path of a copy: a file, a folder or a zipapp")
    _copy_at(arguments[0])
    reference = import_module("conformance.adapters.refimpl")
    serve("refimpl", reference.VERSION, reference.OPERATIONS, reporting=reference.REPORTING)


if __name__ == "__main__":
    main(sys.argv[1:])
