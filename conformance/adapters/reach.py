# SPDX-License-Identifier: MIT
"""The reference's adapter, which also notes what each question reaches: `python3 -m conformance.adapters.reach FILE`.

FILE gets a JSON line for each question, in their order: {module of refimpl: [lines that were executed]}. What is kept from one
question to the next by `lru_cache` is dropped before each, so that a question reaches the same lines whatever came before it.
It is the pattern by which `conformance prove --generated` asks a mutant only what can tell it from the implementation.
"""
import json
import os
import sys
from types import FrameType
from typing import Any, Callable, Dict, List, Set, TextIO

import refimpl
from refimpl.operation import VERSION

from .protocol import Operation, serve
from .refimpl import OPERATIONS

FOLDER = os.path.dirname(os.path.abspath(refimpl.__file__))

Reached = Dict[str, Set[int]]


class _Tracer:
    """Collects the lines of refimpl that are executed while it is on."""

    def __init__(self) -> None:
        self.reached: Reached = {}
        self._modules: Dict[str, str] = {}  # by the file's name; empty for what lies elsewhere

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
            folder, name = os.path.split(os.path.abspath(file))
            self._modules[file] = os.path.splitext(name)[0] if folder == FOLDER else ""
        return self._modules[file]


def forget() -> None:
    """Empty every cache of refimpl's functions."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "refimpl":
            for thing in list(vars(module).values()):
                inner = getattr(thing, "__wrapped__", thing)
                if hasattr(inner, "cache_clear"):
                    inner.cache_clear()
                elif hasattr(thing, "cache_clear"):
                    thing.cache_clear()


def traced(operation: Operation, note: Callable[[Dict[str, List[int]]], None]) -> Operation:
    """Return an operation that notes what each question reaches."""
    def run(given: Dict[str, Any]) -> Dict[str, Any]:
        forget()
        tracer = _Tracer()
        before = sys.gettrace()
        sys.settrace(tracer.of_call)
        try:
            return operation(given)
        finally:
            sys.settrace(before)
            note({module: sorted(lines) for module, lines in sorted(tracer.reached.items())})
    return run


def run(path: str) -> None:
    """Serve until there are no more questions; what each reaches goes to a file."""
    with open(path, "w", encoding="ascii") as file:
        def note(reached: Dict[str, List[int]], stream: TextIO = file) -> None:
            stream.write(json.dumps(reached) + "\n")
            stream.flush()
        serve("refimpl, traced", VERSION, {name: traced(operation, note) for name, operation in OPERATIONS.items()})


if __name__ == "__main__":
    run(sys.argv[1])
