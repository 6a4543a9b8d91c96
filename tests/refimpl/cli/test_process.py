# SPDX-License-Identifier: MIT
"""Tests of refimpl/cli/process.py: closed streams, pipes, interrupts, a full device.

`run` is called in this process with replaced streams, and `python3 -m refimpl` in its own process
where signals, pipes or descriptors matter.
"""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, List, Optional

import pytest

from conformance.endpoint.scenarios.build import FRAMES, part
from conformance.endpoint.server import Endpoint
from refimpl.sigv4 import amz_date_of
from tests.refimpl.cli.support import (
    ROOT,
    TOKEN,
    URL,
    WHOLE,
    held,
    lines_of,
    one_line,
    run_here,
    running,
    shell,
    text_stream,
)

# ---- run(), in this process ---------------------------------------------------------------------


@pytest.mark.parametrize("module", [None, "refimpl"])
def test_run_passes_the_streams_of_the_process(
    monkeypatch: pytest.MonkeyPatch, module: Optional[str]
) -> None:
    stdout, stderr = text_stream(), io.StringIO()
    assert (
        run_here(
            monkeypatch, text_stream(FRAMES[0] + b"x"), stdout, stderr, "decode", module=module
        )
        == 7
    )
    assert [line["status"] for line in lines_of(stdout.buffer.getvalue())] == ["ok", "truncated"]
    one_line(stderr.getvalue())


def test_run_passes_the_environment_and_clock_of_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stdout = text_stream()
    before = int(time.time())
    assert (
        run_here(monkeypatch, text_stream(), stdout, io.StringIO(), "sign", URL, "--format", "json")
        == 0
    )
    stages = json.loads(stdout.buffer.getvalue())
    date = dict(stages["headers"])["x-amz-date"]
    assert amz_date_of(before) <= date <= amz_date_of(time.time())
    assert dict(stages["headers"])["x-amz-security-token"] == TOKEN


@pytest.mark.parametrize(
    "stdin,stdout,message",
    [
        (None, text_stream(), "cannot read stdin or write stdout: stdin is closed"),
        (text_stream(), None, "stdout is closed"),
    ],
)
def test_run_with_a_closed_stream(
    monkeypatch: pytest.MonkeyPatch, stdin: Any, stdout: Any, message: str
) -> None:
    stderr = io.StringIO()
    assert run_here(monkeypatch, stdin, stdout, stderr, "decode") == 2
    assert one_line(stderr.getvalue()) == "refimpl: " + message
    assert run_here(monkeypatch, stdin, stdout, None, "decode") == 2


def test_run_without_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_here(monkeypatch, text_stream(b"x"), text_stream(), None, "decode") == 7


def test_run_with_a_closed_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    stderr = io.StringIO()
    # Closed at the end, which would fail if anything were left to write.
    stdout = open(writer, "w")  # noqa: SIM115
    assert run_here(monkeypatch, text_stream(FRAMES[0]), stdout, stderr, "decode") == 141
    assert one_line(stderr.getvalue()) == "refimpl: stdout was closed by its reader"
    stdout.close()


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_run_keeps_the_exit_code_of_help(
    monkeypatch: pytest.MonkeyPatch, arguments: List[str]
) -> None:
    stdout, stderr = text_stream(), io.StringIO()
    assert run_here(monkeypatch, text_stream(), stdout, stderr, *arguments) == 0
    assert stderr.getvalue() == "" and stdout.buffer.getvalue() != b""


@pytest.mark.parametrize(
    "error, code, words",
    [
        (BrokenPipeError(32, "Broken pipe"), 141, "cannot write stdout: Broken pipe"),
        (OSError(28, "No space left on device"), 2, "cannot write stdout: No space left on device"),
    ],
)
def test_run_with_a_stdout_that_fails_at_the_end(
    monkeypatch: pytest.MonkeyPatch, error: OSError, code: int, words: str
) -> None:
    """Help is flushed only at the end. An earlier error keeps its code and its line."""

    class Unflushable(io.StringIO):
        buffer = io.BytesIO()

        def flush(self) -> None:
            raise error

        def fileno(self) -> int:
            return descriptor

    for arguments, expected in (
        (["--version"], code),
        (["frobnicate"], 2),
        (["sign", URL, "--region", "a b"], 2),
    ):
        descriptor = os.open(os.devnull, os.O_WRONLY)
        stderr = io.StringIO()
        try:
            assert (
                run_here(monkeypatch, text_stream(), Unflushable(), stderr, *arguments) == expected
            )
        finally:
            os.close(descriptor)
        line = one_line(stderr.getvalue())
        assert (line == "refimpl: " + words) == (arguments == ["--version"])


# ---- processes ---------------------------------------------------------------------------------


def test_a_reader_that_closes_stdout() -> None:
    """Like `| head -c 4`, but always before the second part arrives."""
    go = threading.Event()
    with held(part(b"one "), go, part(b"two "), part(b"three")) as endpoint, running(
        "invoke", "held", "--body", "x", "--endpoint-url", endpoint.url
    ) as process:
        assert process.stdout.read(4) == b"one "
        process.stdout.close()
        go.set()
        assert process.wait() == 141
        assert (
            one_line(process.stderr.read().decode()) == "refimpl: stdout was closed by its reader"
        )


@pytest.mark.slow
def test_head(endpoint: Endpoint) -> None:
    done = shell(
        '"$@" | head -c 5',
        "invoke",
        "long-answer-10000",
        "--body",
        "x",
        "--endpoint-url",
        endpoint.url,
    )
    assert done.stdout == b"token"
    assert one_line(done.stderr.decode()) == "refimpl: stdout was closed by its reader"


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_head_of_the_help(tmp_path: Path, arguments: List[str]) -> None:
    code = tmp_path / "code"
    done = shell(f'{{ sleep 0.1; "$@"; echo $? >{code}; }} | true', *arguments)
    assert code.read_text() in ("0\n", "141\n")
    assert b"Exception" not in done.stderr and done.stderr.count(b"\n") <= 1


@pytest.mark.slow
def test_an_interrupt(interruptible: None) -> None:
    go = threading.Event()
    with held(part(b"one "), go, part(b"two ")) as endpoint, running(
        "invoke", "held", "--body", "x", "--endpoint-url", endpoint.url
    ) as process:
        assert process.stdout.read(4) == b"one "
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130
        assert process.stdout.read() == b""
        assert one_line(process.stderr.read().decode()) == "refimpl: interrupted"


def test_an_interrupt_while_stdin_is_read(interruptible: None) -> None:
    with running("decode", stdin=subprocess.PIPE) as process:
        process.stdin.write(FRAMES[0])
        process.stdin.flush()
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130
        assert one_line(process.stderr.read().decode()) == "refimpl: interrupted"


COMMANDS = [["invoke", "default", "--body", "x"], ["decode", "STREAM"], ["sign", URL]]


def full_command(arguments: List[str], endpoint: Endpoint, tmp_path: Path) -> List[str]:
    (tmp_path / "stream").write_bytes(WHOLE)
    command = [str(tmp_path / "stream") if text == "STREAM" else text for text in arguments]
    return command + (["--endpoint-url", endpoint.url] if command[0] == "invoke" else [])


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: arguments[0])
def test_a_closed_stdout(endpoint: Endpoint, tmp_path: Path, arguments: List[str]) -> None:
    done = shell('exec "$@" >&-', *full_command(arguments, endpoint, tmp_path))
    assert done.returncode == 2
    assert one_line(done.stderr.decode()) == "refimpl: stdout is closed"


@pytest.mark.parametrize(
    "arguments",
    [
        ["decode"],
        ["convert", "--shape", "ModelError", "--from", "json", "--to", "xml"],
        ["bridge"],
        ["sign", URL, "--body", "-"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_closed_stdin_that_is_read(arguments: List[str]) -> None:
    done = shell('exec "$@" <&-', *arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert (
        one_line(done.stderr.decode())
        == "refimpl: cannot read stdin or write stdout: stdin is closed"
    )


def test_the_collector_ignores_loaded_objects() -> None:
    code = (
        "import gc, runpy, refimpl.cli\n"
        "refimpl.cli.run = lambda: print(gc.isenabled(), gc.get_freeze_count() > 1000)\n"
        "runpy.run_module('refimpl', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=str(ROOT), stdout=subprocess.PIPE, check=True
    )
    assert done.stdout == b"True True\n"


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: arguments[0])
def test_a_closed_stdin_that_is_not_read(
    endpoint: Endpoint, tmp_path: Path, arguments: List[str]
) -> None:
    done = shell('exec "$@" <&-', *full_command(arguments, endpoint, tmp_path))
    assert (done.returncode, done.stderr) == (0, b"") and done.stdout


def test_a_closed_stderr(endpoint: Endpoint) -> None:
    done = shell(
        'exec "$@" 2>&-',
        "invoke",
        "model-stream-error-after-3",
        "--body",
        "x",
        "--endpoint-url",
        endpoint.url,
    )
    assert (done.returncode, done.stdout) == (6, b"token 0 token 1 token 2 ")


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
@pytest.mark.parametrize("arguments", [["--help"], ["invoke", "--help"], ["--version"]])
def test_the_help_on_a_full_device(arguments: List[str]) -> None:
    done = shell('exec "$@" >/dev/full', *arguments)
    assert "No space left on device" in one_line(done.stderr.decode())
    assert done.returncode == 2


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: arguments[0])
def test_a_full_device(endpoint: Endpoint, tmp_path: Path, arguments: List[str]) -> None:
    done = shell('exec "$@" >/dev/full', *full_command(arguments, endpoint, tmp_path))
    assert (
        one_line(done.stderr.decode())
        == "refimpl: cannot read stdin or write stdout: No space left on device"
    )
    assert done.returncode == 2


@pytest.mark.slow
@pytest.mark.parametrize("python", ["", "oldest"])
def test_python_m_refimpl(endpoint: Endpoint, python: str) -> None:
    program = sys.executable if not python else oldest_python()
    arguments = ["invoke", "stream-broken-middle", "--body", "x", "--endpoint-url", endpoint.url]
    done = shell('exec "$@"', *arguments, program=program, PYTHONWARNINGS="error")
    assert (done.returncode, done.stdout) == (6, b"one two ")
    assert "exception: ModelStreamError: The model's stream broke." in one_line(
        done.stderr.decode()
    )


def oldest_python() -> str:
    """Return a Python 3.6, or skip the test that asks for it."""
    versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv", "versions")
    found = sorted(str(path) for path in versions.glob("3.6.*/bin/python3")) + [
        shutil.which("python3.6") or ""
    ]
    if not found[0]:
        pytest.skip("no Python 3.6 here")
    return found[0]


@pytest.mark.skipif(os.name != "posix", reason="needs ulimit")
def test_no_free_descriptor() -> None:
    """The limit leaves one descriptor, for Python's own modules; `-S` loads fewer of them."""
    command = f"ulimit -n 4; exec {sys.executable} -S -m refimpl decode SPEC.md"
    done = subprocess.run(["sh", "-c", command], cwd=str(ROOT), stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert done.stderr == b"refimpl: no file descriptor is free: Too many open files\n"
