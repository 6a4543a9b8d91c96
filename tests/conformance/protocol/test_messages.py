# SPDX-License-Identifier: MIT
"""Tests of conformance.protocol.messages: the loop that reads requests and writes responses.

Most tests call `serve` with lines and a table of small operations (`ask`) and compare the complete
responses. Tests about the process, for example about what an operation prints, start a real
process with this Python and with Python 3.6.
"""

import base64
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.protocol import messages as protocol
from conformance.protocol.messages import (
    BadQuestion,
    Reject,
    Unsupported,
    answer_question,
    to_base64_text,
    to_bytes,
    to_pairs,
    to_triples,
)
from tests.properties import examples
from tests.rows import for_each

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 30  # seconds, for the watchdog
NOT_A_QUESTION = {
    "seq": None,
    "status": "error",
    "detail": "invalid request: cmd must be hello, run or bye",
}


def echo(given_input: Dict[str, Any]) -> Dict[str, Any]:
    return {"given": given_input}


def refuse(given_input: Dict[str, Any]) -> Dict[str, Any]:
    raise Reject(**given_input)


def cannot(given_input: Dict[str, Any]) -> Dict[str, Any]:
    raise Unsupported(f"no such header type: {given_input.get('type')}")


OPERATIONS = {"test.echo": echo, "test.refuse": refuse, "test.cannot": cannot}
HELLO = {
    "protocol": 1,
    "implementation": {"name": "test", "version": "1.2", "language": "python"},
    "operations": ["test.cannot", "test.echo", "test.refuse"],
    "kinds": {},
}


@pytest.fixture(autouse=True)
def stdout_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Restore sys.stdout after each test, because `serve` replaces it permanently."""
    monkeypatch.setattr(sys, "stdout", sys.stdout)


def line_of(question: Any) -> bytes:
    return question if isinstance(question, bytes) else json.dumps(question).encode("utf-8") + b"\n"


def ask(*questions: Any, operations: Any = None, **options: Any) -> List[Any]:
    """Return the responses to requests; each request is a line or the value of one."""
    stdout = io.BytesIO()
    protocol.serve(
        "test",
        "1.2",
        OPERATIONS if operations is None else operations,
        stdin=io.BytesIO(b"".join(map(line_of, questions))),
        stdout=stdout,
        **options,
    )
    written = stdout.getvalue()
    assert written == b"" or written.endswith(b"\n")
    return [json.loads(line.decode("ascii")) for line in written.split(b"\n")[:-1]]


def run(op: Any, given_input: Any = None, **more: Any) -> Dict[str, Any]:
    return dict(
        {"cmd": "run", "seq": 7, "op": op, "input": {} if given_input is None else given_input},
        **more,
    )


# ---- hello, run, bye ---------------------------------------------------------------------------


def test_hello() -> None:
    assert ask({"cmd": "hello", "protocol": 1}) == [HELLO]
    assert ask(
        {"cmd": "hello", "protocol": 1}, kinds={"ChecksumMismatch": "message_crc"}, language="cobol"
    ) == [
        dict(
            HELLO,
            kinds={"ChecksumMismatch": "message_crc"},
            implementation={"name": "test", "version": "1.2", "language": "cobol"},
        )
    ]


def test_accepts_hello_at_any_time_and_repeatedly() -> None:
    assert ask(run("test.echo"), {"cmd": "hello"}, {"cmd": "hello"})[1:] == [HELLO, HELLO]


def test_bye_ends_the_loop() -> None:
    assert ask({"cmd": "hello"}, {"cmd": "bye"}, {"cmd": "hello"}) == [HELLO]


def test_the_end_of_input_ends_the_loop() -> None:
    assert ask() == []
    assert ask({"cmd": "hello"}) == [HELLO]


def test_accepts_a_last_line_without_a_line_end() -> None:
    assert ask(b'{"cmd":"hello"}') == [HELLO]


@pytest.mark.parametrize("line", [b"\n", b"\r\n", b" \t \n", b"   "])
def test_ignores_blank_lines(line: bytes) -> None:
    assert ask(line, {"cmd": "hello"}, line) == ([HELLO] if line.endswith(b"\n") else [HELLO])


def test_accepts_a_line_that_ends_with_crlf() -> None:
    assert ask(b'{"cmd":"hello"}\r\n') == [HELLO]


def test_writes_each_response_as_one_line_without_spaces() -> None:
    stdout = io.BytesIO()
    protocol.serve(
        "n",
        "v",
        {"a": lambda given_input: {"x": "\n\u2028\u00e9\ud800"}},
        stdin=io.BytesIO(line_of(run("a"))),
        stdout=stdout,
    )
    assert (
        stdout.getvalue() == b'{"status":"ok","output":{"x":"\\n\\u2028\\u00e9\\ud800"},"seq":7}\n'
    )


def test_flushes_each_response_before_the_next_request() -> None:
    class Sink(io.BytesIO):
        flushed = 0

        def flush(self) -> None:
            self.flushed = self.getvalue().count(b"\n")

    class Source:
        asked = 0

        def readline(self, size: int) -> bytes:
            assert sink.flushed == self.asked
            self.asked += 1
            return line_of({"cmd": "hello"}) if self.asked < 4 else b""

    sink = Sink()
    protocol.serve("n", "v", {}, stdin=Source(), stdout=sink)  # type: ignore[arg-type]
    assert sink.flushed == 3


def test_reserves_stdout_for_responses(monkeypatch: pytest.MonkeyPatch) -> None:
    """By default, responses go to a copy of the process's stdout, and stdout becomes stderr."""
    reader, writer = os.pipe()
    changed: List[Any] = []
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"cmd":"hello"}\n')))
    with monkeypatch.context() as descriptors:
        descriptors.setattr(
            os, "dup", lambda descriptor: changed.append(("dup", descriptor)) or writer
        )
        descriptors.setattr(os, "dup2", lambda *pair: changed.append(pair))
        protocol.serve("test", "1.2", OPERATIONS)
        assert sys.stdout is sys.stderr
    with open(reader, "rb") as answers:
        assert json.loads(answers.read()) == HELLO
    assert changed == [("dup", 1), (2, 1)]


# ---- the four responses ------------------------------------------------------------------------


def test_reports_the_output_of_an_operation() -> None:
    assert ask(run("test.echo", {"a": 1})) == [
        {"seq": 7, "status": "ok", "output": {"given": {"a": 1}}}
    ]


def test_treats_null_as_absent() -> None:
    kept = {"zero": 0, "no": False, "empty": "", "list": [], "object": {}, "inner": {"x": None}}
    assert ask(run("test.echo", dict(kept, gone=None, also=None)))[0]["output"] == {"given": kept}


@pytest.mark.parametrize(
    "evidence",
    [
        {},
        {"message": "why"},
        {"message": "why", "code": "Code"},
        {"fields": {"Message": "m", "OriginalStatusCode": 500}},
        {"output": {"messages": []}},
        {"message": "m", "code": "c", "fields": {}, "output": {}},
    ],
)
def test_reject_has_the_known_details(evidence: Dict[str, Any]) -> None:
    """`message` is always present; other members are present only if they are known."""
    assert ask(run("test.refuse", dict(evidence, kind="message_crc"))) == [
        dict({"seq": 7, "status": "reject", "kind": "message_crc", "message": ""}, **evidence)
    ]


def test_reject_is_an_exception_with_its_message() -> None:
    assert str(Reject("limit", "too long")) == "too long"


def test_reports_an_unsupported_request() -> None:
    assert ask(run("test.cannot", {"type": "uuid"})) == [
        {"seq": 7, "status": "unsupported", "reason": "no such header type: uuid"}
    ]


@pytest.mark.parametrize(
    "op", ["test.unknown", "", "TEST.ECHO", None, 5, ["test.echo"], {"op": "test.echo"}, True]
)
def test_reports_an_unknown_operation_as_unsupported(op: Any) -> None:
    assert ask(run(op)) == [{"seq": 7, "status": "unsupported", "reason": f"no operation {op}"}]
    assert ask({"cmd": "run", "seq": 8, "input": {}}) == [
        {"seq": 8, "status": "unsupported", "reason": "no operation None"}
    ]


@pytest.mark.parametrize("given_input", [None, [], ["a"], "text", 5, True])
def test_reports_an_input_that_is_not_an_object(given_input: Any) -> None:
    question = {"cmd": "run", "seq": 7, "op": "test.echo", "input": given_input}
    assert ask(question) == [{"seq": 7, "status": "error", "detail": "input must be an object"}]
    del question["input"]
    assert ask(question) == [{"seq": 7, "status": "error", "detail": "input must be an object"}]


class Odd(Exception):
    pass


@pytest.mark.parametrize(
    "error, detail",
    [
        (ValueError("no good"), "ValueError: no good"),
        (Odd(), "Odd: "),
        (BadQuestion("invalid base64"), "BadQuestion: invalid base64"),
        (KeyError("body"), "input lacks 'body'"),
        (RecursionError("deep"), "RecursionError: deep"),
        (MemoryError(), "MemoryError: "),
        (PermissionError(13, "no"), "PermissionError: [Errno 13] no"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), "UnicodeDecodeError: "),
    ],
)
def test_reports_an_unexpected_exception_and_continues(error: Exception, detail: str) -> None:
    def broken(given_input: Dict[str, Any]) -> Dict[str, Any]:
        raise error

    answers = ask(run("test.broken"), {"cmd": "hello"}, operations={"test.broken": broken})
    assert len(answers) == 2
    assert answers[0].pop("detail").startswith(detail)
    assert answers[0] == {"seq": 7, "status": "error"}


@pytest.mark.parametrize(
    "output",
    [
        {"data": b"bytes"},
        {"set": {1}},
        {"object": object()},
        {("a", 1): 2},
        {"number": float("nan")},
    ],
)
def test_reports_an_output_that_json_cannot_express_and_continues(
    output: Dict[str, Any],
) -> None:
    stdout = io.BytesIO()
    questions = line_of(run("test.odd")) + line_of({"cmd": "hello"})
    protocol.serve(
        "n",
        "v",
        {"test.odd": lambda given_input: output},
        stdin=io.BytesIO(questions),
        stdout=stdout,
    )
    first, second = stdout.getvalue().splitlines()
    assert b"NaN" not in first
    assert json.loads(first)["status"] == "error" and json.loads(first)["seq"] == 7
    assert json.loads(second)["protocol"] == 1


# ---- seq ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "seq",
    [0, 7, -1, 1 << 70, 1.5, "seven", "", "naïve 🙂", None, True, [1, {"a": None}], {"deep": [[]]}],
)
def test_echoes_any_seq(seq: Any) -> None:
    for question in (
        run("test.echo"),
        run("test.refuse", {"kind": "type"}),
        run("test.cannot"),
        run("test.unknown"),
        run("test.echo", []),
        {"cmd": "frobnicate"},
    ):
        answers = ask(dict(question, seq=seq))
        assert (
            len(answers) == 1 and answers[0]["seq"] == seq and type(answers[0]["seq"]) is type(seq)
        )


def test_an_operation_cannot_change_seq() -> None:
    assert ask(run("test.echo", {"seq": 9}))[0]["seq"] == 7


def test_answers_a_request_without_seq_with_null() -> None:
    assert ask({"cmd": "run", "op": "test.echo", "input": {}}) == [
        {"seq": None, "status": "ok", "output": {"given": {}}}
    ]


# ---- invalid requests --------------------------------------------------------------------------


@for_each(
    "line",
    [
        b"hello",
        b"{",
        b"\xff\xfe",
        b'"hello"',
        b"[]",
        b'[{"cmd":"hello"}]',
        b"5",
        b"null",
        b"true",
        b"NaN",
        b"{}",
        b"\0",
        b"{'cmd':'hello'}",
        b'{"cmd":"hello"} {"cmd":"hello"}',
        b'{"cmd":"hello"',
        b'\xef\xbb\xbf{"cmd":"hello"}',
        '{"cmd":"hello"}'.encode("utf-16"),
        b'{"cmd":"hell\xe9"}',
        b'{"cmd":"\xed\xa0\x80"}',
        b"[" * 100000,
        b'{"a":' * 100000,
        b'{"seq":' + b"9" * 5000,
        b'{"cmd":"Hello"}',
        b'{"cmd":null}',
        b'{"cmd":["hello"]}',
        b'{"cmd":{}}',
        b'{"cmd":1}',
        b'{"CMD":"hello"}',
    ],
    ids=lambda line: repr(line[:20]),
)
def test_reports_an_invalid_line_once(line: bytes) -> None:
    answers = ask(line + b"\n", {"cmd": "hello"})
    assert answers[-1] == HELLO
    assert answers[:-1] == [NOT_A_QUESTION]


def test_an_unknown_command_keeps_its_seq() -> None:
    assert ask({"cmd": "frobnicate", "seq": 7}) == [dict(NOT_A_QUESTION, seq=7)]


@pytest.fixture
def short_lines(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(protocol, "MAX_LINE_LENGTH", 200)
    return 200


def padded(question: Dict[str, Any], length: int) -> bytes:
    """Return a request as a line of `length` bytes, including its line end."""
    line = line_of(dict(question, pad=""))
    return line_of(dict(question, pad="x" * (length - len(line))))


def test_limits_a_line_to_64_mib() -> None:
    assert protocol.MAX_LINE_LENGTH == 64 * 1024 * 1024


def test_accepts_a_line_of_the_maximum_length(short_lines: int) -> None:
    line = padded({"cmd": "hello"}, short_lines)
    assert len(line) == short_lines
    assert ask(line, line) == [HELLO, HELLO]


@pytest.mark.parametrize("more", [2, 3, 200, 201, 1000])
def test_rejects_a_longer_line_once_and_reads_the_next(short_lines: int, more: int) -> None:
    assert ask(padded({"cmd": "hello"}, short_lines + more), {"cmd": "hello"}) == [
        NOT_A_QUESTION,
        HELLO,
    ]


@pytest.mark.parametrize("hidden", [{"cmd": "bye"}, {"cmd": "hello"}, run("test.echo")])
def test_ignores_the_rest_of_a_longer_line(short_lines: int, hidden: Any) -> None:
    for length in (short_lines, short_lines + 1, short_lines + 2):
        assert ask(b"x" * length + line_of(hidden), {"cmd": "hello"}) == [NOT_A_QUESTION, HELLO]


def test_rejects_a_longer_line_at_the_end_of_input(short_lines: int) -> None:
    assert ask({"cmd": "hello"}, b"x" * 1000) == [HELLO, NOT_A_QUESTION]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
QUESTIONS = st.fixed_dictionaries(
    {
        "cmd": st.sampled_from(["hello", "run"]) | JSON,
        "seq": JSON,
        "op": st.sampled_from(sorted(OPERATIONS)) | JSON,
        "input": JSON,
    }
)
LINES = st.binary(max_size=30).map(lambda data: data.replace(b"\n", b"") + b"\n")


@pytest.mark.slow
@examples(100)
@given(
    st.lists(
        LINES | QUESTIONS.filter(lambda question: question["cmd"] != "bye").map(line_of), max_size=6
    )
)
def test_answers_every_line_once(lines: List[bytes]) -> None:
    answers = ask(*lines)
    assert len(answers) == len([line for line in lines if line.strip()])
    for answer in answers:
        assert answer.get("status") in ("ok", "reject", "unsupported", "error") or answer == HELLO


# ---- conversions -------------------------------------------------------------------------------


@given(st.binary(max_size=100))
def test_encodes_and_decodes_base64(data: bytes) -> None:
    assert to_base64_text(data) == base64.b64encode(data).decode("ascii")
    assert to_bytes(to_base64_text(data)) == data


@pytest.mark.parametrize(
    "text, data",
    [
        ("", b""),
        ("AA==", b"\0"),
        ("//79", b"\xff\xfe\xfd"),
        ("+/+/", b"\xfb\xff\xbf"),
        ("aGk=", b"hi"),
    ],
)
def test_base64(text: str, data: bytes) -> None:
    assert to_bytes(text) == data


@for_each(
    "text",
    [
        "AA",
        "AA=",
        "A",
        "AAAAA",
        "AA==\n",
        "AA==\r\n",
        "AAA=\n",
        " AA==",
        "A A=",
        "AA ==",
        "AA==AA==",
        "AA=A",
        "A-_A",
        "AA==x",
        "AA\u00e9=",
        "\ud800",
        "AAAA\0",
        "=",
        "==",
        "====",
        "AAAA=",
        "AAAA==",
        "AAAA====",
        "A===",
    ],
)
def test_base64_is_strict(text: str) -> None:
    with pytest.raises(BadQuestion, match="invalid base64"):
        to_bytes(text)


@pytest.mark.parametrize(
    "value, name",
    [
        (None, "NoneType"),
        (5, "int"),
        (b"AA==", "bytes"),
        (["AA=="], "list"),
        ({}, "dict"),
        (True, "bool"),
    ],
)
def test_base64_must_be_text(value: Any, name: str) -> None:
    with pytest.raises(BadQuestion, match=f"expected base64 text, got {name}"):
        to_bytes(value)


def test_pairs() -> None:
    assert to_pairs([["A", "b"], ["a", "\u00e9"], ["A", ""]]) == [
        ("A", "b"),
        ("a", "\u00e9"),
        ("A", ""),
    ]
    assert to_pairs([]) == []


@pytest.mark.parametrize(
    "headers",
    [
        None,
        {},
        {"a": "b"},
        "text",
        5,
        ["ab"],
        [["a"]],
        [["a", "b", "c"]],
        [[]],
        [("a", "b")],
        [["a", "b"], None],
    ],
)
def test_rejects_invalid_pairs(headers: Any) -> None:
    with pytest.raises(BadQuestion, match=r"headers must be \[\[name, value\], \.\.\.\]"):
        to_pairs(headers)


def test_triples() -> None:
    headers: List[Dict[str, Any]] = [
        {"name": "y", "type": "boolean", "value": True},
        {"name": "b", "type": "int8", "value": -1},
        {"name": "s", "type": "int16", "value": "300"},
        {"name": "i", "type": "int32", "value": "-5"},
        {"name": "l", "type": "int64", "value": "9223372036854775807"},
        {"name": "t", "type": "timestamp", "value": "-9223372036854775808"},
        {"name": "T", "type": "timestamp", "value": 5},
        {"name": "B", "type": "bytes", "value": "AP8="},
        {"name": "S", "type": "string", "value": "12"},
        {"name": "u", "type": "uuid", "value": "x"},
        {"name": "n", "type": "string"},
        {"name": "?", "type": "other", "value": "12"},
        {"name": "f", "type": "int64", "value": 1.5},
    ]
    assert to_triples(headers) == [
        ("y", "boolean", True),
        ("b", "int8", -1),
        ("s", "int16", 300),
        ("i", "int32", -5),
        ("l", "int64", (1 << 63) - 1),
        ("t", "timestamp", -(1 << 63)),
        ("T", "timestamp", 5),
        ("B", "bytes", b"\0\xff"),
        ("S", "string", "12"),
        ("u", "uuid", "x"),
        ("n", "string", None),
        ("?", "other", "12"),
        ("f", "int64", 1.5),
    ]


@pytest.mark.parametrize(
    "header, error",
    [
        ({"name": "x", "type": "bytes", "value": "AA"}, BadQuestion),
        ({"name": "x", "type": "bytes", "value": 5}, BadQuestion),
        ({"name": "x", "type": "bytes"}, BadQuestion),
        ({"name": "x", "type": "int8", "value": "five"}, ValueError),
        ({"name": "x", "value": 5}, KeyError),
        ({"type": "int8", "value": 5}, KeyError),
    ],
)
def test_rejects_an_invalid_triple(header: Dict[str, Any], error: Any) -> None:
    with pytest.raises(error):
        to_triples([header])
    question = run("test.triples", {"headers": [header]})
    operations = {
        "test.triples": lambda given_input: {"triples": to_triples(given_input["headers"])}
    }
    assert answer_question(question, operations)["status"] == "error"


# ---- processes ---------------------------------------------------------------------------------


def pythons() -> List[str]:
    return ["this", "3.6"]


def program(python: str) -> str:
    """Return the path of an interpreter; skip the test if it is not installed."""
    if python == "this":
        return sys.executable
    versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv", "versions")
    found = sorted(str(path) for path in versions.glob("3.6.*/bin/python3")) + [
        shutil.which("python3.6") or ""
    ]
    if not found[0]:
        pytest.skip("no Python 3.6 here")
    return found[0]


NOISY = """
import os, subprocess, sys
from conformance.protocol.messages import Unsupported, serve

def printing(given):
    print("printed")
    sys.stdout.write("written\\n")
    print("to stderr", file=sys.stderr)
    return {"x": 1}

def raw(given):
    os.write(1, b"by its descriptor\\n")
    return {"x": 2}

def child(given):
    subprocess.call([sys.executable, "-c", "print('by a child')"])
    return {"x": 3}

def kept(given):
    KEPT.write("by the first sys.stdout\\n")
    KEPT.flush()
    return {"x": 4}

KEPT = sys.stdout
serve("noisy", "1", {"printing": printing, "raw": raw, "child": child, "kept": kept})
"""


@pytest.fixture
def start(request: Any) -> Iterator[Any]:
    """Return a function that starts an adapter; stop its processes after the test."""
    processes: List[Any] = []

    def started(*arguments: str) -> Any:
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in ("PYTHONUNBUFFERED", "PYTHONIOENCODING")
        }
        environment.update(
            PYTHONPATH=str(ROOT), PYTHONWARNINGS="error", PYTHONDONTWRITEBYTECODE="1", LC_ALL="C"
        )
        process = subprocess.Popen(
            list(arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=str(ROOT),
        )
        watchdog = threading.Timer(PATIENCE, process.kill)
        watchdog.start()
        processes.append((process, watchdog))
        return process

    yield started
    for process, watchdog in processes:
        watchdog.cancel()
        process.kill()
        process.communicate()


def asked(process: Any, question: Any) -> Any:
    process.stdin.write(line_of(question))
    process.stdin.flush()
    return json.loads(process.stdout.readline().decode("ascii"))


@pytest.mark.slow
@pytest.mark.parametrize("python", pythons())
@pytest.mark.parametrize("op, number", [("printing", 1), ("raw", 2), ("child", 3), ("kept", 4)])
def test_ignores_what_an_operation_prints(
    start: Any, tmp_path: Path, python: str, op: str, number: int
) -> None:
    script = tmp_path / "noisy.py"
    script.write_text(NOISY)
    process = start(program(python), str(script))
    stdout, stderr = process.communicate(line_of(run(op)) + line_of({"cmd": "hello"}))
    answers = [
        json.loads(line) for line in stdout.decode("ascii").splitlines() if line.startswith("{")
    ]
    assert answers[0] == {"seq": 7, "status": "ok", "output": {"x": number}}
    assert answers[1]["implementation"] == {"name": "noisy", "version": "1", "language": "python"}
    assert process.returncode == 0
    if op == "printing":
        assert stderr.decode().splitlines() == ["printed", "written", "to stderr"]
    assert len(stdout.splitlines()) == 2, stdout


@pytest.mark.slow
@pytest.mark.parametrize("python", pythons())
def test_serves_several_requests(start: Any, python: str) -> None:
    process = start(program(python), "-m", "conformance.adapters.refimpl")
    hello = asked(process, {"cmd": "hello", "protocol": 1})
    assert hello["protocol"] == 1 and hello["implementation"]["name"] == "refimpl"
    assert asked(process, b"garbage\n") == NOT_A_QUESTION
    assert (
        asked(process, run("eventstream.decode", {"chunks": ["invalid base64"]}))["status"]
        == "error"
    )
    empty = asked(process, run("eventstream.decode", {"chunks": []}, seq="naïve"))
    assert empty == {"seq": "naïve", "status": "ok", "output": {"messages": [], "after": []}}
    decoded = asked(process, run("eventstream.decode", {"chunks": ["AAAAEAAAAAAF"]}))
    assert (decoded["status"], decoded["kind"], decoded["output"]) == (
        "reject",
        "truncated",
        {"messages": [], "after": [], "refused_after": 2},
    )
    message = {"headers": [{"name": "é", "type": "string", "value": "東京"}], "payload": ""}
    frame = asked(process, run("eventstream.encode", message))["output"]["frame"]
    assert asked(process, run("eventstream.decode", {"chunks": [frame]}))["output"]["messages"] == [
        message
    ]
    process.stdin.write(line_of({"cmd": "bye"}))
    assert process.communicate() == (b"", b"")
    assert process.returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("python", pythons())
def test_base64_is_strict_on_every_python(start: Any, python: str) -> None:
    process = start(program(python), "-m", "conformance.adapters.refimpl")
    texts = ["==", "=", "AAAA==", "AA==\n", "AA", "A A="]
    detail = {
        text: asked(process, run("eventstream.decode", {"chunks": [text]})).get(
            "detail", "accepted"
        )
        for text in texts
    }
    assert {text: found.partition(":")[0] for text, found in detail.items()} == dict.fromkeys(
        texts, "BadQuestion"
    )


def test_the_end_of_input_ends_the_process(start: Any) -> None:
    process = start(sys.executable, "-m", "conformance.adapters.refimpl")
    assert asked(process, {"cmd": "hello"})["protocol"] == 1
    assert process.communicate() == (b"", b"")
    assert process.returncode == 0


FIRST_LINE = b'{"cmd":"hello","protocol":1}\n'
OWN_ADAPTER = (sys.executable, "-m", "conformance.adapters.refimpl")


@pytest.mark.slow
def test_an_interrupt_prints_no_traceback(start: Any) -> None:
    # If this process ignores SIGINT, so do its children.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = start(*OWN_ADAPTER)
    finally:
        signal.signal(signal.SIGINT, before)
    process.stdin.write(FIRST_LINE)
    process.stdin.flush()
    assert process.stdout.readline().startswith(b'{"protocol":1,')  # it waits for the next line
    process.send_signal(signal.SIGINT)
    assert (process.wait(PATIENCE), process.stdout.read(), process.stderr.read()) == (130, b"", b"")


@pytest.mark.slow
def test_a_closed_pipe_prints_no_traceback(start: Any) -> None:
    process = start(*OWN_ADAPTER)
    process.stdout.close()
    process.stdin.write(FIRST_LINE)
    process.stdin.flush()
    assert (process.wait(PATIENCE), process.stderr.read()) == (141, b"")


@pytest.mark.slow
@pytest.mark.parametrize("closed", ["<&-", ">&-"])
def test_reports_a_closed_stream(start: Any, closed: str) -> None:
    process = start(
        "/bin/sh", "-c", f'exec "$0" -m conformance.adapters.refimpl {closed}', sys.executable
    )
    assert process.wait(PATIENCE) == 1
    assert process.stderr.read() == b"refimpl: stdin or stdout is closed\n"
