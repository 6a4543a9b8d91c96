# SPDX-License-Identifier: MIT
"""Tests of conformance/protocol/process.py: an adapter that answers, and every way in which one can fail to.

The plan: adapters are small programs written here, most of them without the protocol's own module, so that they can break it
byte by byte. Each is ended by the end of its test, and so are the threads that served it.
"""

import os
import re
import sys
import threading
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

import pytest

from conformance.protocol import process
from conformance.protocol.messages import MAX_LINE_LENGTH
from conformance.protocol.process import Adapter, AdapterFault, Crashed, Garbled, Hanging
from tests.support import adapter_program

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals and process groups")
PATIENCE = 60.0  # seconds; only a watchdog


@pytest.fixture(autouse=True)
def _nothing_is_left_running() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


@pytest.fixture
def adapter_of(tmp_path: Path) -> Iterator[Callable[..., Adapter]]:
    started: List[Adapter] = []

    def start(body: str = "", **options: Any) -> Adapter:
        started.append(Adapter(adapter_program(tmp_path, body), **options))
        return started[-1]

    yield start
    for adapter in started:
        adapter.close()


# ---- what answers ------------------------------------------------------------------------------------------------

SERVED = """
from conformance.protocol.messages import Reject, serve
def refuse(given):
    print("noise")
    raise Reject("utf8", "no")
serve("mine", os.environ["VERSION"], {"echo": lambda given: given, "refuse": refuse})
sys.exit(0)
"""


def test_questions_and_answers(adapter_of: Callable[..., Adapter]) -> None:
    adapter = adapter_of(SERVED, environment={"VERSION": "1.3"})
    assert adapter.hello["implementation"] == {
        "name": "mine",
        "version": "1.3",
        "language": "python",
    }
    assert adapter.ask("echo", {"a": "\u20ac"}, PATIENCE) == {
        "seq": 1,
        "status": "ok",
        "output": {"a": "\u20ac"},
    }
    assert adapter.ask("refuse", {}, PATIENCE) == {
        "seq": 2,
        "status": "reject",
        "kind": "utf8",
        "message": "no",
    }
    assert adapter.asked == 2
    adapter.bye()
    assert adapter.strays == [] and adapter._process.wait() == 0


def test_answers_and_questions_of_megabytes(adapter_of: Callable[..., Adapter]) -> None:
    adapter = adapter_of("""
        def answer(question):
            say({"seq": question["seq"], "status": "ok", "output": question["input"]})
        """)
    given = {"body": "x" * 3000000}
    assert adapter.ask("x", given, PATIENCE)["output"] == given


@POSIX
def test_an_adapter_ends_with_its_context_and_all_that_it_has_started(tmp_path: Path) -> None:
    program = adapter_program(
        tmp_path,
        """
        import subprocess
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        hello["implementation"]["version"] = str(child.pid)
        """,
    )
    with Adapter(program) as adapter:
        child = int(adapter.hello["implementation"]["version"])
        os.kill(child, 0)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            break
        if (
            Path(f"/proc/{int(child)}/stat").exists()
            and " Z " in Path(f"/proc/{int(child)}/stat").read_text()
        ):
            break  # it has ended, and nobody has asked how
        time.sleep(0.01)
    else:
        pytest.fail("the child lives")
    for stream in (adapter._process.stdin, adapter._process.stdout, adapter._process.stderr):
        assert stream is not None and stream.closed
    adapter.close()  # again: nothing comes of it


def test_where_there_are_no_process_groups(
    adapter_of: Callable[..., Adapter], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "killpg", raising=False)
    adapter = adapter_of()
    adapter.close()
    assert adapter._process.wait(PATIENCE) != 0


# ---- what cannot be started --------------------------------------------------------------------------------------


def test_an_adapter_that_cannot_be_started(
    adapter_of: Callable[..., Adapter], tmp_path: Path
) -> None:
    with pytest.raises(Crashed, match="nowhere cannot be started: No such file"):
        Adapter([str(tmp_path / "nowhere")])
    with pytest.raises(Crashed, match="cannot be started: embedded null byte"):
        Adapter([sys.executable, "a\0b"])
    with pytest.raises(Crashed, match="it ended with exit code 1: .*SyntaxError"):
        adapter_of("1 +")
    with pytest.raises(Hanging, match="no answer after 0.1 s$"):
        adapter_of("time.sleep(600)", patience=0.1)


@pytest.mark.parametrize(
    "complaint, told",
    [
        (
            "Error: no such module\\n\\nRequire stack:\\n"
            + "    at Module._load (loader.js:1:1)\\n" * 90,
            r"Error: no such module\\nRequire stack:$",
        ),
        (
            "Traceback (most recent call last):\\n"
            + "  File 'a.py'\\n" * 90
            + "ImportError: needs 3.99",
            r"Traceback \(most recent call last\):\\nImportError: needs 3.99$",
        ),
        (
            "panic: gone\\n\\ngoroutine 1:\\n" + "\\tmain.go:1\\n" * 90,
            r"panic: gone\\ngoroutine 1:$",
        ),
        ("x" * 1500, "exit code 1: x{1000}$"),
    ],
)
def test_of_a_stack_trace_what_it_is_about_is_told(
    complaint: str, told: str, adapter_of: Callable[..., Adapter]
) -> None:
    with pytest.raises(Crashed, match=told):
        adapter_of(f'sys.stderr.write("{complaint}"); sys.exit(1)')


# ---- what breaks down --------------------------------------------------------------------------------------------


def asked(adapter: Adapter, timeout: float = PATIENCE) -> AdapterFault:
    with pytest.raises(AdapterFault) as caught:
        adapter.ask("x", {}, timeout)
    assert "\n" not in str(caught.value)
    assert adapter._process.wait(PATIENCE) is not None
    return caught.value


BREAKDOWNS = {
    "sys.exit(3)": (Crashed, "it ended with exit code 3 and said nothing"),
    "os.write(2, b'x' * 5000 + b' at the\\nend\\n'); sys.exit(3)": (
        Crashed,
        "it ended with exit code 3: xxx",
    ),
    'say(b\'{"seq": 1, "sta\'); sys.exit(0)': (
        Crashed,
        'exit code 0; it had begun the line {"seq": 1, "sta',
    ),
    "os.close(1); time.sleep(600)": (Crashed, "it has closed its output and said nothing"),
    "say(b'noise\\n')": (Garbled, "a line that is no answer: noise (JSON cannot be read"),
    "say(b'\\n')": (Garbled, "a line that is no answer: an empty one"),
    "say(b'\\xff\\n')": (Garbled, "a line that is no answer: \ufffd (JSON is not UTF-8)"),
    "say([1])": (Garbled, "a line that is no answer: [1] (expected a JSON object)"),
    "say(b'[' * 100000 + b'\\n')": (Garbled, "(JSON is nested too deeply)"),
    "say(b'{\"seq\": NaN}\\n')": (Garbled, "a line that is no answer"),
    'say({"seq": 7})': (Garbled, "an answer to another question: seq 7, not 1"),
    'say({"seq": 0})': (Garbled, "an answer to another question: seq 0, not 1"),
    'say({"seq": True})': (Garbled, "an answer to another question: seq true, not 1"),
    "say({})": (Garbled, "an answer to another question: seq null, not 1"),
    'say({"seq": "1"})': (Garbled, 'an answer to another question: seq "1", not 1'),
}


@pytest.mark.parametrize("does", list(BREAKDOWNS))
def test_an_adapter_that_breaks_down(does: str, adapter_of: Callable[..., Adapter]) -> None:
    fault = asked(adapter_of(f"def answer(question):\n    {does}"))
    kind, words = BREAKDOWNS[does]
    assert type(fault) is kind and words in str(fault), str(fault)


def test_the_last_words_are_kept(adapter_of: Callable[..., Adapter]) -> None:
    fault = asked(
        adapter_of(
            "def answer(question):\n    os.write(2, b'x' * 100000 + b' at the\\nend\\n'); sys.exit(3)"
        )
    )
    assert str(fault).endswith("x at the\\nend") and len(str(fault)) < 1100


@POSIX
@pytest.mark.parametrize("number, name", [(11, "SIGSEGV"), (6, "SIGABRT")])
def test_a_signal_has_its_name(number: int, name: str, adapter_of: Callable[..., Adapter]) -> None:
    fault = asked(
        adapter_of(
            f"def answer(question):\n    os.kill(os.getpid(), {int(number)}); time.sleep(600)"
        )
    )
    assert type(fault) is Crashed and str(fault).startswith(f"it was ended by {name}")


def test_a_signal_without_a_name_has_its_number() -> None:
    assert process._end_of(-4000) == "it was ended by signal 4000"


def test_a_line_without_end(
    adapter_of: Callable[..., Adapter], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "MAX_LINE_LENGTH", 1000000)
    fault = asked(adapter_of("def answer(question):\n    say(b'megabytes' * 1000000)"))
    assert (
        type(fault) is Garbled
        and str(fault).startswith("a line of more than 1000000 bytes: megabytesmega")
        and len(str(fault)) < 300
    )
    assert MAX_LINE_LENGTH == 64 << 20


def test_lines_without_end(adapter_of: Callable[..., Adapter]) -> None:
    adapter = adapter_of("def answer(question):\n    while True: say({'seq': 1, 'status': 'ok'})")
    assert adapter.ask("x", {}, PATIENCE)["status"] == "ok"
    with pytest.raises(Hanging):
        adapter.ask("x", {}, 0.5)
    assert len(adapter.strays) > 1
    adapter.close()


# ---- silence -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "does, words",
    [
        ("time.sleep(600)", "no answer after 0.1 s"),
        (
            "say(b'{\"seq\": 1'); time.sleep(600)",
            'no answer after 0.1 s, only the beginning of a line: {"seq": 1',
        ),
    ],
)
def test_an_adapter_that_hangs_is_ended(
    does: str, words: str, adapter_of: Callable[..., Adapter]
) -> None:
    adapter = adapter_of(f"def answer(question):\n    {does}")
    if "say" in does:
        with pytest.raises(Hanging):
            adapter.ask("x", {}, 2.0)
        assert adapter._unfinished == b'{"seq": 1'
    else:
        fault = asked(adapter, 0.1)
        assert type(fault) is Hanging and str(fault) == words
    assert adapter._process.wait(PATIENCE) != 0


def test_what_is_not_read_does_not_block(adapter_of: Callable[..., Adapter]) -> None:
    adapter = adapter_of("""
        say(hello)
        time.sleep(600)
        """)
    with pytest.raises(Hanging):
        adapter.ask("x", {"much": "x" * 5000000}, 0.2)


@POSIX
def test_a_child_that_holds_the_pipes_holds_nobody_up(tmp_path: Path) -> None:
    program = adapter_program(
        tmp_path,
        """
        import subprocess
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
        hello["implementation"]["version"] = str(child.pid)
        """,
    )
    adapter = Adapter(program)
    try:
        adapter.close()
    finally:
        os.kill(int(adapter.hello["implementation"]["version"]), 9)
    for thread in adapter._threads:
        thread.join(PATIENCE)


# ---- too much ----------------------------------------------------------------------------------------------------

TWICE = """
def answer(question):
    say({"seq": question["seq"], "status": "ok"})
    say(%s)
    time.sleep(0.2)
"""


@pytest.mark.parametrize("second", ["question", "b'noise\\n'", "b'\\n'"])
def test_a_line_behind_the_answer_is_put_aside(
    second: str, adapter_of: Callable[..., Adapter]
) -> None:
    adapter = adapter_of(TWICE % second)
    assert adapter.ask("x", {}, PATIENCE) == {"seq": 1, "status": "ok"}
    time.sleep(
        0.1
    )  # the second line comes; when it does not, the next assertions are about the next answer's
    assert adapter.ask("x", {}, PATIENCE)["seq"] == 2
    adapter.bye()
    assert 1 <= len(adapter.strays) <= 2


def test_a_late_second_answer_is_told_by_its_number(adapter_of: Callable[..., Adapter]) -> None:
    adapter = adapter_of("""
        def answer(question):
            if question["seq"] == 2:
                say({"seq": 1, "status": "reject"})
            say({"seq": question["seq"], "status": "ok"})
        """)
    answers: List[Dict[str, Any]] = [adapter.ask("x", {}, PATIENCE) for _ in range(2)]
    assert answers == [{"seq": 1, "status": "ok"}, {"seq": 2, "status": "ok"}]
    assert adapter.strays == [b'{"seq": 1, "status": "reject"}']


def test_an_adapter_that_has_ended_cannot_be_asked(adapter_of: Callable[..., Adapter]) -> None:
    adapter = adapter_of("say(hello); sys.exit(5)")
    adapter._process.wait(PATIENCE)
    adapter._threads[1].join(PATIENCE)
    with pytest.raises(Crashed, match=re.escape("it ended with exit code 5")):
        adapter.ask("x", {"much": "x" * 200000}, PATIENCE)


def test_what_comes_behind_bye_is_a_stray(adapter_of: Callable[..., Adapter]) -> None:
    adapter = adapter_of("import atexit; atexit.register(say, b'goodbye\\nbad')")
    adapter.bye()
    assert adapter.strays == [b"goodbye", b"bad"]


def test_whoever_waits_is_told_when_another_thread_ends_the_adapter(
    adapter_of: Callable[..., Adapter],
) -> None:
    adapter = adapter_of("def answer(question): time.sleep(600)")
    timer = threading.Timer(0.2, adapter.close)
    timer.start()
    with pytest.raises(Crashed):
        adapter.ask("x", {}, 600.0)
    timer.join()


def test_an_adapter_that_does_not_leave_is_ended(
    adapter_of: Callable[..., Adapter], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_FAREWELL", 0.1)
    adapter = adapter_of("import atexit; atexit.register(time.sleep, 600)")
    adapter.bye()
    assert adapter._process.wait() != 0
