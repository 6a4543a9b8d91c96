# SPDX-License-Identifier: MIT
"""The reference's adapter, which also records the lines that each request reaches: `python3 -m
conformance.mutation.reach FILE`.

FILE receives JSON lines of the form {module of refimpl: [executed lines]}. The first line is for
the import of refimpl. Then there is one line per request, in order. The caches of refimpl
(`lru_cache`) are emptied before each request, so that a request reaches the same lines whatever
came before it. `conformance prove --generated` uses this to run only the cases that can detect a
mutant.
"""

import json
import os
import sys
from importlib import import_module
from types import FrameType
from typing import Any, Callable, Dict, List, Set

from conformance.mutation.mutants import module_of
from conformance.protocol.messages import Operation, serve

Reached = Dict[str, Set[int]]

_ADAPTER = "conformance.adapters.refimpl"


class _Tracer:
    """Collects the lines of refimpl that are executed while it is on."""

    def __init__(self) -> None:
        self.reached: Reached = {}
        self._modules: Dict[str, str] = {}  # by file name; empty for a file outside refimpl

    def of_call(self, frame: FrameType, event: str, argument: Any) -> Any:
        module = self._module_of(frame.f_code.co_filename)
        if not module:
            return None
        lines = self.reached.setdefault(module, set())
        lines.add(frame.f_lineno)

        def of_line(frame: FrameType, event: str, argument: Any) -> Any:
            lines.add(frame.f_lineno)
            return of_line

        return of_line

    def _module_of(self, file: str) -> str:
        if file not in self._modules:
            self._modules[file] = module_of(os.path.abspath(file))
        return self._modules[file]

    def run(self, work: Callable[[], Any]) -> Any:
        """Call a function with the tracer on."""
        before = sys.gettrace()
        sys.settrace(self.of_call)
        try:
            return work()
        finally:
            sys.settrace(before)

    def lines(self) -> Dict[str, List[int]]:
        """Return the lines reached, in order."""
        return {module: sorted(lines) for module, lines in sorted(self.reached.items())}


def forget() -> None:
    """Empty every cache of refimpl's functions, and of its adapter's."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "refimpl" or name == _ADAPTER:
            for thing in list(vars(module).values()):
                inner = getattr(thing, "__wrapped__", thing)
                if hasattr(inner, "cache_clear"):
                    inner.cache_clear()
                elif hasattr(thing, "cache_clear"):
                    thing.cache_clear()


def traced(operation: Operation, note: Callable[[Dict[str, List[int]]], None]) -> Operation:
    """Return an operation that records the lines that each request reaches."""

    def run(given: Dict[str, Any]) -> Dict[str, Any]:
        forget()
        tracer = _Tracer()
        try:
            output: Dict[str, Any] = tracer.run(lambda: operation(given))
            return output
        finally:
            note(tracer.lines())

    return run


def run(path: str) -> None:
    """Reply to requests until there are no more, and write the lines that each one reaches to a
    file.
    """
    with open(path, "w", encoding="ascii") as file:

        def note(reached: Dict[str, List[int]]) -> None:
            file.write(json.dumps(reached) + "\n")
            file.flush()

        loading = _Tracer()
        adapter = loading.run(lambda: import_module(_ADAPTER))
        note(loading.lines())
        serve(
            "refimpl, traced",
            adapter.VERSION,
            {name: traced(operation, note) for name, operation in adapter.OPERATIONS.items()},
        )


if __name__ == "__main__":
    run(sys.argv[1])
