# SPDX-License-Identifier: MIT
"""Shared by several test files: the public corpora, and the chunkings of bytes.

The corpora are public data outside the repository. The environment variable REFIMPL_CORPORA names
their folder. A test calls corpora(...) for a path. Without the variable or the path, the test is
skipped with a reason that pytest counts (`pytest -rs`).

Every byte-level test runs through chunkings(data): whole, byte by byte, in two halves, and at
random places that are the same in every run.
"""

import functools
import os
import random
import sys
import textwrap
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

import pytest

from conformance.cases.case import Case
from conformance.cases.load import load_cases
from conformance.run.verdicts import PASS, Difference, Result, verdict

ROOT = Path(__file__).resolve().parents[1]


def corpora(*parts: str) -> Path:
    """Return the path of a file or folder of the public corpora, or skip the test that asks for
    it.
    """
    root = os.environ.get("REFIMPL_CORPORA")
    if not root:
        pytest.skip("public corpora not given: REFIMPL_CORPORA is unset")
    path = Path(root).joinpath(*parts)
    if not path.exists():
        pytest.skip(f"public corpora incomplete: no {'/'.join(parts)} under REFIMPL_CORPORA")
    return path


@functools.lru_cache(None)
def committed_cases() -> List[Case]:
    """Return the cases of the repository. They are read once for all tests."""
    return load_cases()


def pieces(data: bytes, size: int) -> List[bytes]:
    """Return data in pieces of size bytes; the last one may be shorter."""
    return [data[start : start + size] for start in range(0, len(data), size)]


def random_pieces(data: bytes, seed: int = 0) -> List[bytes]:
    """Return data split at random places, with empty pieces; equal arguments give equal pieces."""
    source = random.Random(f"{seed} {len(data)}")
    cuts = sorted(source.randint(0, len(data)) for _ in range(min(len(data) + 1, 12)))
    return [data[start:end] for start, end in zip([0] + cuts, cuts + [len(data)])]


def chunkings(data: bytes) -> Iterator[Tuple[str, List[bytes]]]:
    """Yield (name, chunks) for each way to split data."""
    half = len(data) // 2
    ways = [
        ("whole", [data]),
        ("bytewise", pieces(data, 1)),
        ("halves", [data[:half], data[half:]]),
        ("random", random_pieces(data, 1)),
        ("random", random_pieces(data, 2)),
    ]
    for name, chunks in ways:
        assert b"".join(chunks) == data
        yield name, chunks


def one_of_each(names: Iterable[str], key: Callable[[str], object]) -> List[str]:
    """Return the first name, in alphabetical order, for each value of key(name)."""
    return sorted({key(name): name for name in sorted(names, reverse=True)}.values())


# ---- adapters made for a test ------------------------------------------------------------------

_ADAPTER = """
import base64, json, os, signal, sys, time
sys.path.insert(0, %r)

def say(text):
    data = text
    if not isinstance(data, bytes):
        line = text if isinstance(text, str) else json.dumps(text)
        data = line.encode("utf-8") + b"\\n"
    while data:
        data = data[os.write(1, data):]

hello = {"protocol": 1, "implementation": {"name": "mine", "version": "1.2", "language": "python"},
         "operations": ["text.lines"], "kinds": {}}

def answer(question):
    say({"seq": question["seq"], "status": "ok", "output": {"lines": ["right"]}})

%s

for line in sys.stdin:
    question = json.loads(line)
    if question["cmd"] == "hello":
        say(hello)
    elif question["cmd"] == "run":
        answer(question)
    else:
        break
"""


def adapter_program(folder: Path, body: str = "", name: str = "adapter.py") -> List[str]:
    """Write an adapter that speaks the protocol by hand, and return its command.

    body: statements that change `hello` (a dict) or `answer(question)`; `say` writes bytes
        unchanged and other values as a line
    """
    program = folder / name
    program.write_text(
        _ADAPTER % (str(Path(__file__).resolve().parents[1]), textwrap.dedent(body)),
        encoding="utf-8",
    )
    return [sys.executable, str(program)]


# ---- results of a run --------------------------------------------------------------------------


def made_result(
    name: str,
    word: str = PASS,
    difference: Optional[Difference] = None,
    note: str = "",
    message: str = "",
    rules: Sequence[str] = ("EVS-001",),
    op: str = "eventstream.decode",
    **more: Any,
) -> Result:
    """Return the result of a made case.

    more: other fields of the case, and `way`, its chunking
    """
    way = more.pop("way", "whole")
    case = Case(
        name,
        "a title",
        tuple(rules),
        "MUST",
        op,
        {"frames": "frame"},
        ("whole",),
        {"status": "ok"},
        (),
        (),
        "what it costs",
        "0.1.0",
        "derived",
        "x",
    )
    return Result(case._replace(**more), way, verdict(word, note, difference, message), 0.25)


def run_module(name: str, run_name: str) -> Dict[str, Any]:
    """Run a module or the main module of a package, as `python3 -m NAME` does; return its names.

    This replaces `runpy.run_module`, because the loader with which pytest loads the modules of an
    installed plugin has no `get_code`.
    """
    path = ROOT / name.replace(".", "/")
    package = name
    if path.is_dir():
        path = path / "__main__.py"
    else:
        path, package = path.with_suffix(".py"), name.rpartition(".")[0]
    names: Dict[str, Any] = {"__name__": run_name, "__package__": package, "__file__": str(path)}
    exec(compile(path.read_bytes(), str(path), "exec"), names)
    return names
