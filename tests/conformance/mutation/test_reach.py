# SPDX-License-Identifier: MIT
"""conformance/mutation/reach.py: the reference's adapter that notes what each question reaches."""

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Dict, List

import pytest

import refimpl
from conformance.adapters.refimpl import OPERATIONS
from conformance.mutation import reach
from conformance.mutation.reach import forget, traced
from conformance.protocol.messages import Reject
from refimpl import sigv4_steps
from tests.support import run_module

ROOT = Path(__file__).resolve().parents[3]
EMPTY_MESSAGE = "AAAAEAAAAAAFwkjrfZjI/w=="
SIGNING = {
    "method": "GET",
    "target": "/",
    "headers": [["Host", "example.com"]],
    "body": "",
    "access_key": "AKIDEXAMPLE",
    "secret_key": "x",
    "region": "us-east-1",
    "service": "service",
    "time": "20150830T123600Z",
}


def lines_with(module: str, text: str) -> List[int]:
    return [
        number
        for number, line in enumerate(
            (ROOT / "refimpl" / (module + ".py")).read_text(encoding="utf-8").splitlines(), 1
        )
        if text in line
    ]


def reached(operation: str, given: Dict[str, Any]) -> Dict[str, List[int]]:
    notes: List[Dict[str, List[int]]] = []
    run = traced(OPERATIONS[operation], notes.append)
    with suppress(Reject):
        run(given)
    (note,) = notes
    return note


def test_lines_of_refimpl_are_noted_and_no_others() -> None:
    note = reached("eventstream.decode", {"chunks": [EMPTY_MESSAGE]})
    assert (
        {"eventstream", "eventstream_frames"}
        <= set(note)
        <= {
            "eventstream",
            "eventstream_frames",
            "eventstream_layout",
            "errors",
            "message_json",
            "documents.json_format",
        }
    )
    frames = "eventstream_frames"
    assert set(lines_with(frames, "crc = checksum(frame)")) <= set(note[frames])
    assert not set(lines_with(frames, "raise message_error(")) & set(note[frames])
    assert all(lines == sorted(set(lines)) for lines in note.values())


def test_a_refusal_is_noted_too() -> None:
    note = reached("eventstream.decode", {"chunks": [EMPTY_MESSAGE[:-4] + "AA=="]})
    frames = "eventstream_frames"
    assert set(lines_with(frames, "raise message_error(")) <= set(note[frames])


def test_what_is_kept_from_before_is_forgotten() -> None:
    first = reached("sigv4.sign", SIGNING)
    assert reached("sigv4.sign", SIGNING) == first
    checked = set(lines_with("sigv4_steps", "if not TOKEN.match(method):"))
    assert checked and checked <= set(first["sigv4_steps"])
    forget()
    assert sigv4_steps.lower_name.cache_info().currsize == 0
    assert sigv4_steps._scope_of.cache_info().currsize == 0


def test_a_call_is_followed_where_it_is_in_refimpl() -> None:
    """Coverage cannot measure lines that run under another tracer, so call the tracer directly."""

    def at(file: str, line: int) -> Any:
        return SimpleNamespace(f_code=SimpleNamespace(co_filename=file), f_lineno=line)

    tracer = reach._Tracer()
    source = sigv4_steps.__file__
    follow = tracer.of_call(at(source, 5), "call", None)
    assert follow(at(source, 6), "line", None) is follow
    assert tracer.of_call(at(json.__file__, 1), "call", None) is None
    assert tracer.of_call(at(str(ROOT / "elsewhere" / "sigv4_steps.py"), 1), "call", None) is None
    tracer.of_call(at(source, 9), "call", None)
    assert tracer.reached == {"sigv4_steps": {5, 6, 9}}


def test_a_tracer_that_was_there_comes_back() -> None:
    before = sys.gettrace()
    reached("endpoint.resolve", {"region": "us-east-1"})
    assert sys.gettrace() is before


QUESTIONS = b"".join(
    json.dumps(question).encode() + b"\n"
    for question in (
        {"cmd": "hello", "protocol": 1},
        {"cmd": "run", "seq": 1, "op": "eventstream.decode", "input": {"chunks": [EMPTY_MESSAGE]}},
        {"cmd": "run", "seq": 2, "op": "endpoint.resolve", "input": {}},
    )
)


@pytest.mark.slow
def test_the_program_writes_a_line_for_each_question(tmp_path: Path) -> None:
    path = tmp_path / "reached"
    command = [sys.executable, "-m", "conformance.mutation.reach", str(path)]
    done = subprocess.run(command, cwd=ROOT, input=QUESTIONS, stdout=subprocess.PIPE)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer.get("status") for answer in answers] == [None, "ok", "reject"]
    assert answers[0]["implementation"]["name"] == "refimpl, traced"
    notes = [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]
    loading, *each = notes
    assert (
        len(each) == 2
        and "eventstream" in each[0]
        and "endpoints" in each[1]
        and "endpoints" not in each[0]
    )
    assert set(lines_with("eventstream_encoder", "low, high = -(1 <<")) <= set(
        loading["eventstream_encoder"]
    )  # the table of types is made then
    frames = "eventstream_frames"
    assert not set(lines_with(frames, "crc = checksum(frame)")) & set(loading[frames])


def test_the_program_is_this_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: List[Any] = []

    def serve(name: str, version: str, operations: Dict[str, Any]) -> None:
        asked.append((name, version))
        assert (
            operations["endpoint.resolve"]({"region": "us-east-1"})["signing_name"] == "sagemaker"
        )

    monkeypatch.setattr(sys.modules["conformance.protocol.messages"], "serve", serve)
    monkeypatch.setattr(sys, "argv", ["reach", str(tmp_path / "reached")])
    monkeypatch.delitem(sys.modules, "conformance.mutation.reach")
    run_module("conformance.mutation.reach", run_name="__main__")
    assert asked == [("refimpl, traced", refimpl.__version__)]
    loading, first = [
        json.loads(line) for line in (tmp_path / "reached").read_text(encoding="ascii").splitlines()
    ]
    assert loading == {} and list(first) == ["endpoints"]  # it had been loaded before
