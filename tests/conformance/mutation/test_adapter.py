# SPDX-License-Identifier: MIT
"""Tests of conformance/mutation/adapter.py, as a program and inside this process."""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest

from conformance.mutation.adapter import BrokenFinder, finder_of, run
from conformance.mutation.mutants import MutantError
from tests.support import run_module

ROOT = Path(__file__).resolve().parents[3]
EMPTY_MESSAGE = "AAAAEAAAAAAFwkjrfZjI/w=="


def play(name: List[str], *questions: Dict[str, Any]) -> "subprocess.CompletedProcess[bytes]":
    lines = b"".join(json.dumps(question).encode() + b"\n" for question in questions)
    return subprocess.run(
        [sys.executable, "-m", "conformance.mutation.adapter"] + name,
        cwd=ROOT,
        input=lines,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def decode(chunk: str = EMPTY_MESSAGE) -> Dict[str, Any]:
    return {"cmd": "run", "seq": 1, "op": "eventstream.decode", "input": {"chunks": [chunk]}}


@pytest.mark.slow
def test_a_mutant_answers_as_an_adapter_does() -> None:
    done = play(["empty-message"], {"cmd": "hello", "protocol": 1}, decode())
    hello, answer = [json.loads(line) for line in done.stdout.splitlines()]
    assert (
        hello["implementation"]["name"] == "refimpl, broken: empty-message"
        and "invoke" in hello["operations"]
    )
    assert answer == {"seq": 1, "status": "ok", "output": {"messages": [], "after": []}}
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.slow
def test_another_mutant_breaks_elsewhere() -> None:
    answer = json.loads(play(["frame-little-endian"], decode()).stdout)
    assert (answer["status"], answer["kind"]) == ("reject", "prelude_crc")
    good = json.loads(play(["query-unsorted"], decode()).stdout)
    assert good == {
        "seq": 1,
        "status": "ok",
        "output": {"messages": [{"headers": [], "payload": ""}], "after": [1]},
    }


@pytest.mark.slow
def test_a_mutant_made_by_machine() -> None:
    answers = {
        play([f"eventstream_frames:{number}"], decode()).stdout for number in range(0, 12, 3)
    }
    assert all(json.loads(answer)["seq"] == 1 for answer in answers if answer)


@pytest.mark.parametrize(
    "name, message",
    [
        (
            ["nothing-such"],
            b"no such mutant: expected an id that `conformance mutants` lists, got nothing-such",
        ),
        ([], b"no such mutant: expected an id that `conformance mutants` lists, got nothing"),
        (["nothing:1"], b"no source of refimpl.nothing: No such file or directory"),
        (["http1:99999"], b"no such mutant of http1 (expected 0 to "),
    ],
)
def test_what_there_is_not_is_told_in_one_line(name: List[str], message: bytes) -> None:
    done = play(name)
    assert done.returncode == 1 and done.stdout == b""
    assert done.stderr.startswith(b"mutant: " + message) and done.stderr.count(b"\n") == 1


# ---- from within -------------------------------------------------------------------------------


@pytest.fixture
def unloaded() -> Iterator[None]:
    """Let a test load refimpl anew, and nobody else see it."""
    kept = {
        name: module
        for name, module in sys.modules.items()
        if name.partition(".")[0] == "refimpl" or name.startswith("conformance.")
    }
    path = list(sys.meta_path)
    for name in kept:
        del sys.modules[name]
    yield
    sys.meta_path[:] = path
    for name in list(sys.modules):
        if name.partition(".")[0] == "refimpl" or name.startswith("conformance."):
            del sys.modules[name]
    sys.modules.update(kept)


@pytest.mark.usefixtures("unloaded")
def test_the_broken_source_takes_the_place_of_the_module_s_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    served: List[Any] = []
    protocol = import_module("conformance.protocol.messages")
    monkeypatch.setattr(
        protocol, "serve", lambda *arguments, **named: served.append((*arguments, named))
    )
    run("empty-message")
    ((name, version, operations, others),) = served
    assert others == {"reporting": ("invoke",)}
    assert (name, version) == (
        "refimpl, broken: empty-message",
        import_module("refimpl").__version__,
    )
    assert operations["eventstream.decode"]({"chunks": [EMPTY_MESSAGE]}) == {
        "messages": [],
        "after": [],
    }
    frames = import_module("refimpl.eventstream_frames")
    assert frames.__file__ == str(ROOT / "refimpl" / "eventstream_frames.py")


def test_what_is_loaded_already_cannot_be_broken() -> None:
    import_module("refimpl")
    with pytest.raises(MutantError, match="refimpl was imported before the mutant"):
        run("empty-message")


def test_one_module_is_found_and_no_other() -> None:
    finder = finder_of("frame-little-endian")
    assert isinstance(finder, BrokenFinder)
    assert (
        finder.find_spec("refimpl.sigv4", None) is None and finder.find_spec("json", None) is None
    )
    spec = finder.find_spec("refimpl.eventstream_layout", None)
    assert (
        spec is not None
        and spec.loader is not None
        and spec.origin == str(ROOT / "refimpl" / "eventstream_layout.py")
    )
    code = spec.loader.get_code("refimpl.eventstream_layout")  # type: ignore[attr-defined]
    assert "<III" in code.co_consts
    assert finder_of("http1:3").find_spec("refimpl.http1", None) is not None


@pytest.mark.parametrize("arguments", [["empty-message"], []])
def test_the_program_is_this_module(arguments: List[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["mutant"] + arguments)
    monkeypatch.delitem(sys.modules, "conformance.mutation.adapter", raising=False)
    with pytest.raises(SystemExit, match="mutant: refimpl was imported before the mutant"):
        run_module("conformance.mutation.adapter", run_name="__main__")
