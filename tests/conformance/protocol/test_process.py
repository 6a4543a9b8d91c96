# SPDX-License-Identifier: MIT
"""Tests of conformance.protocol.process: adapters that work and adapters that fail.

The adapters are small programs in this file. Most of them do not use the protocol module, so they
can break the protocol in any way. Each test ends its adapters and the threads that serve them.
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
PATIENCE = 60.0  # seconds, for the watchdog


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


# ---- adapters that respond ---------------------------------------------------------------------

SERVED = """
from conformance.protocol.messages import Reject, serve
def refuse(given):
    print("noise")
    raise Reject("utf8", "no")
serve("mine", os.environ["VERSION"], {"echo": lambda given: given, "refuse": refuse})
sys.exit(0)
"""


def test_sends_requests_and_reads_responses(adapter_of: Callable[..., Adapter]) -> None:
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


@pytest.mark.slow
def test_transfers_requests_and_responses_of_several_megabytes(
    adapter_of: Callable[..., Adapter],
) -> None:
    adapter = adapter_of("""
        def answer(question):
            say({"seq": question["seq"], "status": "ok", "output": question["input"]})
        """)
    given = {"body": "x" * 3000000}
    assert adapter.ask("x", given, PATIENCE)["output"] == given


@POSIX
def test_closing_ends_the_adapter_and_its_child_processes(tmp_path: Path) -> None:
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
            Path(f"/proc/{child}/stat").exists()
            and " Z " in Path(f"/proc/{child}/stat").read_text()
        ):
            break  # it has ended, but its status has not been read
        time.sleep(0.01)
    else:
        pytest.fail("the child lives")
    for stream in (adapter._process.stdin, adapter._process.stdout, adapter._process.stderr):
        assert stream is not None and stream.closed
    adapter.close()  # closing again has no effect


def test_closes_without_process_groups(
    adapter_of: Callable[..., Adapter], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "killpg", raising=False)
    adapter = adapter_of()
    adapter.close()
    assert adapter._process.wait(PATIENCE) != 0


# ---- adapters that cannot be started -----------------------------------------------------------


def test_reports_an_adapter_that_cannot_be_started(
    adapter_of: Callable[..., Adapter], tmp_path: Path
) -> None:
    with pytest.raises(Crashed, match="cannot start .*nowhere: No such file"):
        Adapter([str(tmp_path / "nowhere")])
    with pytest.raises(Crashed, match="cannot start .*: embedded null byte"):
        Adapter([sys.executable, "a\0b"])
    with pytest.raises(Crashed, match="it ended with exit code 1: .*SyntaxError"):
        adapter_of("1 +")
    with pytest.raises(Hanging, match="no answer after 0.1 s$"):
        adapter_of("time.sleep(600)", patience=0.1)


@pytest.mark.parametrize(
    "complaint, expected",
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
def test_reports_a_stack_trace_without_its_frames(
    complaint: str, expected: str, adapter_of: Callable[..., Adapter]
) -> None:
    with pytest.raises(Crashed, match=expected):
        adapter_of(f'sys.stderr.write("{complaint}"); sys.exit(1)')


# ---- adapters that fail ------------------------------------------------------------------------


def asked(adapter: Adapter, timeout: float = PATIENCE) -> AdapterFault:
    with pytest.raises(AdapterFault) as caught:
        adapter.ask("x", {}, timeout)
    assert "\n" not in str(caught.value)
    assert adapter._process.wait(PATIENCE) is not None
    return caught.value


BREAKDOWNS = {
    "sys.exit(3)": (Crashed, "it ended with exit code 3 and wrote no message"),
    "os.write(2, b'x' * 5000 + b' at the\\nend\\n'); sys.exit(3)": (
        Crashed,
        "it ended with exit code 3: xxx",
    ),
    'say(b\'{"seq": 1, "sta\'); sys.exit(0)': (
        Crashed,
        'exit code 0; it had begun the line {"seq": 1, "sta',
    ),
    "say(b'noise\\n')": (Garbled, "a line that is not an answer: noise (invalid JSON"),
    "say(b'\\n')": (Garbled, "a line that is not an answer: an empty line"),
    "say(b'\\xff\\n')": (Garbled, "a line that is not an answer: \ufffd (JSON is not UTF-8)"),
    "say([1])": (Garbled, "a line that is not an answer: [1] (expected a JSON object)"),
    "say(b'[' * 100000 + b'\\n')": (Garbled, "(JSON is nested too deeply)"),
    "say(b'{\"seq\": NaN}\\n')": (Garbled, "a line that is not an answer"),
    'say({"seq": 7})': (Garbled, "an answer to another request (expected seq 1, got 7)"),
    'say({"seq": 0})': (Garbled, "an answer to another request (expected seq 1, got 0)"),
    'say({"seq": True})': (Garbled, "an answer to another request (expected seq 1, got true)"),
    "say({})": (Garbled, "an answer to another request (expected seq 1, got null)"),
    'say({"seq": "1"})': (Garbled, 'an answer to another request (expected seq 1, got "1")'),
}


@pytest.mark.parametrize("does", BREAKDOWNS)
def test_reports_how_an_adapter_fails(does: str, adapter_of: Callable[..., Adapter]) -> None:
    fault = asked(adapter_of(f"def answer(question):\n    {does}"))
    kind, words = BREAKDOWNS[does]
    assert type(fault) is kind and words in str(fault), str(fault)


@pytest.mark.slow
def test_an_adapter_that_closes_its_output(adapter_of: Callable[..., Adapter]) -> None:
    fault = asked(adapter_of("def answer(question):\n    os.close(1); time.sleep(600)"))
    assert type(fault) is Crashed
    assert str(fault) == "it has closed its output and wrote no message"


def test_keeps_the_end_of_stderr(adapter_of: Callable[..., Adapter]) -> None:
    fault = asked(
        adapter_of(
            "def answer(question):\n    os.write(2, b'x' * 100000 + b' at the\\nend\\n'); "
            "sys.exit(3)"
        )
    )
    assert str(fault).endswith("x at the\\nend") and len(str(fault)) < 1100


@POSIX
@pytest.mark.parametrize("number, name", [(11, "SIGSEGV"), (6, "SIGABRT")])
def test_reports_a_signal_by_name(
    number: int, name: str, adapter_of: Callable[..., Adapter]
) -> None:
    fault = asked(
        adapter_of(f"def answer(question):\n    os.kill(os.getpid(), {number}); time.sleep(600)")
    )
    assert type(fault) is Crashed and str(fault).startswith(f"it was ended by {name}")


def test_reports_an_unnamed_signal_by_number() -> None:
    assert process._end_of(-4000) == "it was ended by signal 4000"


def test_rejects_a_line_without_end(
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


@pytest.mark.slow
def test_ends_an_adapter_that_never_stops_writing(adapter_of: Callable[..., Adapter]) -> None:
    adapter = adapter_of("def answer(question):\n    while True: say({'seq': 1, 'status': 'ok'})")
    assert adapter.ask("x", {}, PATIENCE)["status"] == "ok"
    with pytest.raises(Garbled, match="another request .expected seq 2, got 1"):
        adapter.ask("x", {}, 0.5)
    assert len(adapter.strays) > 1
    adapter.close()


# ---- adapters that hang ------------------------------------------------------------------------


@pytest.mark.slow
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
def test_ends_an_adapter_that_hangs(
    does: str, words: str, adapter_of: Callable[..., Adapter]
) -> None:
    adapter = adapter_of(f"def answer(question):\n    {does}")
    if "say" in does:
        with pytest.raises(Hanging):
            adapter.ask("x", {}, 0.5)
        assert adapter._incomplete == b'{"seq": 1'
    else:
        fault = asked(adapter, 0.1)
        assert type(fault) is Hanging and str(fault) == words
    assert adapter._process.wait(PATIENCE) != 0


@pytest.mark.slow
def test_does_not_block_if_the_adapter_does_not_read(adapter_of: Callable[..., Adapter]) -> None:
    adapter = adapter_of("""
        say(hello)
        time.sleep(600)
        """)
    with pytest.raises(Hanging):
        adapter.ask("x", {"much": "x" * 5000000}, 0.2)


@POSIX
@pytest.mark.slow
def test_does_not_wait_for_a_child_that_keeps_the_pipes_open(tmp_path: Path) -> None:
    program = adapter_program(
        tmp_path,
        """
        import subprocess
        command = [sys.executable, "-c", "import time; time.sleep(600)"]
        child = subprocess.Popen(command, start_new_session=True)
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


# ---- extra lines -------------------------------------------------------------------------------

TWICE = """
def answer(question):
    say({"seq": question["seq"], "status": "ok"})
    say(%s)
    time.sleep(0.2)
"""


@pytest.mark.slow
@pytest.mark.parametrize("second", ["question", "b'noise\\n'", "b'\\n'"])
def test_keeps_an_extra_line_after_a_response_aside(
    second: str, adapter_of: Callable[..., Adapter]
) -> None:
    adapter = adapter_of(TWICE % second)
    assert adapter.ask("x", {}, PATIENCE) == {"seq": 1, "status": "ok"}
    # The second line usually arrives now. Otherwise the assertions see that of the next response.
    time.sleep(0.1)
    assert adapter.ask("x", {}, PATIENCE)["seq"] == 2
    adapter.bye()
    assert 1 <= len(adapter.strays) <= 2


def test_recognises_a_late_second_response_by_its_number(
    adapter_of: Callable[..., Adapter],
) -> None:
    adapter = adapter_of("""
        def answer(question):
            if question["seq"] == 2:
                say({"seq": 1, "status": "reject"})
            say({"seq": question["seq"], "status": "ok"})
        """)
    answers: List[Dict[str, Any]] = [adapter.ask("x", {}, PATIENCE) for _ in range(2)]
    assert answers == [{"seq": 1, "status": "ok"}, {"seq": 2, "status": "ok"}]
    assert adapter.strays == [b'{"seq": 1, "status": "reject"}']


def test_reports_a_request_to_an_adapter_that_has_ended(adapter_of: Callable[..., Adapter]) -> None:
    adapter = adapter_of("sys.stdin.readline(); say(hello); sys.exit(5)")
    adapter._process.wait(PATIENCE)
    adapter._threads[1].join(PATIENCE)
    with pytest.raises(Crashed, match=re.escape("it ended with exit code 5")):
        adapter.ask("x", {"much": "x" * 200000}, PATIENCE)


def test_keeps_lines_after_bye_as_strays(adapter_of: Callable[..., Adapter]) -> None:
    adapter = adapter_of("import atexit; atexit.register(say, b'goodbye\\nbad')")
    adapter.bye()
    assert adapter.strays == [b"goodbye", b"bad"]


@pytest.mark.slow
def test_a_waiting_thread_notices_that_another_one_ends_the_adapter(
    adapter_of: Callable[..., Adapter],
) -> None:
    adapter = adapter_of("def answer(question): time.sleep(600)")
    timer = threading.Timer(0.2, adapter.close)
    timer.start()
    with pytest.raises(Crashed):
        adapter.ask("x", {}, 600.0)
    timer.join()


def test_ends_an_adapter_that_does_not_exit_after_bye(
    adapter_of: Callable[..., Adapter], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_EXIT_PATIENCE", 0.1)
    adapter = adapter_of("import atexit; atexit.register(time.sleep, 600)")
    adapter.bye()
    assert adapter._process.wait() != 0


# ---- progress ----------------------------------------------------------------------------------


def test_lines_of_progress_are_not_answers(adapter_of: Callable[..., Adapter]) -> None:
    adapter = adapter_of(
        """
        hello.update(protocol=2, progress=True)

        def answer(question):
            for count in (1, 1, 3):
                say({"seq": question["seq"], "progress": count})
            say({"seq": question["seq"], "status": "ok"})
        """
    )
    counts: List[int] = []
    answer = adapter.ask("x", {}, PATIENCE, counts.append)
    assert (answer["status"], counts) == ("ok", [1, 1, 3])
    assert adapter.ask("x", {}, PATIENCE)["status"] == "ok", "progress that nobody needs"


@pytest.mark.parametrize("count", ["-1", "'1'", "True", "None", "1.0"])
def test_progress_is_a_number_that_does_not_fall(
    count: str, adapter_of: Callable[..., Adapter]
) -> None:
    adapter = adapter_of(
        f"""
        hello.update(protocol=2, progress=True)

        def answer(question):
            say({{"seq": question["seq"], "progress": {count}}})
        """
    )
    with pytest.raises(Garbled, match="invalid progress: expected an integer of at least 0"):
        adapter.ask("x", {}, PATIENCE, [].append)


@pytest.mark.slow
def test_an_answer_to_an_earlier_request_is_reported_soon(
    adapter_of: Callable[..., Adapter],
) -> None:
    adapter = adapter_of("def answer(question):\n    say({'seq': 1, 'status': 'ok'})")
    assert adapter.ask("x", {}, PATIENCE)["status"] == "ok"
    with pytest.raises(Garbled, match="another request .expected seq 2, got 1"):
        adapter.ask("x", {}, 600.0)
