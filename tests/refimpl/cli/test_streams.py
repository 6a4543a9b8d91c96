# SPDX-License-Identifier: MIT
"""Tests of refimpl/cli/streams.py: bodies, files, and streams that fail."""

import io
import os
import time
from pathlib import Path
from typing import Any, Optional

import pytest

from conformance.endpoint.server import Endpoint
from refimpl import cli
from refimpl.cli import streams
from tests.refimpl.cli.support import (
    ENVIRONMENT,
    URL,
    WHOLE,
    Sink,
    call,
    decode,
    failed,
    invoke,
    unreadable,
)

# ---- the body -----------------------------------------------------------------------------------


def body_sent(
    endpoint: Endpoint, *arguments: str, stdin: bytes = b"from stdin", terminal: bool = False
) -> bytes:
    result = call(
        "invoke", "llm", "--endpoint-url", endpoint.url, *arguments, stdin=stdin, terminal=terminal
    )
    assert (result.code, result.stderr) == (0, "")
    return endpoint.calls[-1].body


@pytest.mark.parametrize(
    "text, data",
    [
        ("text", b"text"),
        ("", b""),
        ("naïve 🙂", "naïve 🙂".encode("utf-8")),
        (" @x", b" @x"),
        ("---", b"---"),
        ("not \udcff text", b"not \xff text"),
    ],
)
def test_the_body_as_text(endpoint: Endpoint, text: str, data: bytes) -> None:
    assert body_sent(endpoint, "--body=" + text) == data


def test_the_body_from_a_file(endpoint: Endpoint, tmp_path: Path) -> None:
    file = tmp_path / "body with a blank"
    file.write_bytes(bytes(range(256)))
    assert body_sent(endpoint, "--body", f"@{file}") == bytes(range(256))


def test_the_body_from_stdin(endpoint: Endpoint) -> None:
    assert body_sent(endpoint, "--body", "-", stdin=b"\0\xff") == b"\0\xff"
    assert body_sent(endpoint, stdin=b"by default") == b"by default"
    assert body_sent(endpoint, stdin=b"") == b""
    assert body_sent(endpoint, "--body", "-", stdin=b"typed", terminal=True) == b"typed"


def test_does_not_wait_for_a_terminal(endpoint: Endpoint) -> None:
    before = len(endpoint.calls)
    failed(
        call("invoke", "llm", "--endpoint-url", endpoint.url, stdin=b"never read", terminal=True),
        2,
        "no body",
        "--body TEXT",
    )
    assert len(endpoint.calls) == before


@pytest.mark.parametrize("number", range(7))
def test_a_body_file_that_cannot_be_read(endpoint: Endpoint, tmp_path: Path, number: int) -> None:
    name, reason = unreadable(tmp_path)[number]
    failed(
        call("invoke", "llm", "--endpoint-url", endpoint.url, "--body", "@" + name),
        2,
        "cannot read ",
        reason,
    )
    failed(call("sign", "http://h/", "--body", "@" + name), 2, "cannot read ", reason)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="permissions do not bind root"
)
def test_a_body_file_without_permission(endpoint: Endpoint, tmp_path: Path) -> None:
    file = tmp_path / "closed"
    file.write_bytes(b"x")
    file.chmod(0)
    failed(
        call("invoke", "llm", "--endpoint-url", endpoint.url, "--body", f"@{file}"),
        2,
        "Permission denied",
    )


# ---- streams that fail -------------------------------------------------------------------------


class Broken(Sink):
    """A stdout that fails at its n-th write."""

    def __init__(self, error: BaseException, good: int = 0) -> None:
        super().__init__()
        self.error, self.good = error, good

    def write(self, data: Any) -> int:
        if self.good == 0:
            raise self.error
        self.good -= 1
        return super().write(data)


@pytest.mark.parametrize(
    "error, code, words",
    [
        (BrokenPipeError(32, "Broken pipe"), 141, "stdout was closed by its reader"),
        (
            OSError(28, "No space left on device"),
            2,
            "cannot read stdin or write stdout: No space left on device",
        ),
        (OSError("odd"), 2, "cannot read stdin or write stdout: odd"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (MemoryError(), 2, "the input does not fit into memory"),
    ],
)
def test_a_stdout_that_fails(
    endpoint: Endpoint, error: BaseException, code: int, words: str
) -> None:
    for stdout, run in (
        (Broken(error, 1), lambda out: invoke(endpoint, "frames-split", stdout=out)),
        (Broken(error, 1), lambda out: decode(WHOLE, stdout=out)),
        (Broken(error), lambda out: call("sign", URL, stdout=out)),
    ):
        result = run(stdout)
        assert failed(result, code) == "refimpl: " + words
        assert len(result.flushed) <= 1


def test_a_stdin_that_fails(endpoint: Endpoint) -> None:
    class Unreadable(io.BytesIO):
        def read(self, size: Optional[int] = -1) -> bytes:
            raise OSError(5, "Input/output error")

        read1 = read

    errors = io.StringIO()
    for arguments in (["decode"], ["invoke", "llm", "--endpoint-url", endpoint.url]):
        assert (
            cli.main(arguments, cli.Streams(Unreadable(), Sink(), errors, ENVIRONMENT, time.time))
            == 2
        )
    assert (
        errors.getvalue() == 2 * "refimpl: cannot read stdin or write stdout: Input/output error\n"
    )


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="no such device here")
def test_a_body_without_an_end_is_rejected(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "_LONGEST_BODY", 1000)
    for command in (("invoke", "llm", "--endpoint-url", endpoint.url), ("sign", URL)):
        for body, stdin in (("@/dev/zero", b""), ("-", b"x" * 1001)):
            result = call(*command, "--body", body, stdin=stdin)
            assert "the body is too long (expected at most 1000 bytes)" in failed(result, 2)
    assert call("sign", URL, "--body", "-", stdin=b"x" * 1000).code == 0
