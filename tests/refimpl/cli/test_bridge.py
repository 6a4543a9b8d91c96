# SPDX-License-Identifier: MIT
"""Tests of refimpl/cli/bridge.py: `refimpl bridge`."""

import json
import subprocess
from pathlib import Path
from typing import Any, Dict, Tuple

import pytest

from conformance import scenarios
from conformance.endpoint.scenarios.build import part, raw_frame
from tests.refimpl.cli.support import (
    CHAT,
    Result,
    TerminalSink,
    call,
    failed,
    running,
    typed_exception,
)


def bridge_lines(*parts: bytes, ending: bytes = b"") -> Result:
    return call("bridge", stdin=b"".join(map(part, parts)) + ending)


# CLI-014
def test_parts_become_events() -> None:
    result = bridge_lines(b"Hel", "lo €".encode())
    assert (
        result.stdout
        == 'data: Hel\n\ndata: lo €\n\nevent: end\ndata: {"parts": 2, "bytes": 9}\n\n'.encode()
    )
    assert (result.code, result.stderr) == (0, "") and len(result.flushed) == 3
    assert bridge_lines().stdout == b'event: end\ndata: {"parts": 0, "bytes": 0}\n\n'
    assert call("bridge", "--format", "base64", stdin=part(b"\xff")).stdout.startswith(
        b"data: /w==\n\n"
    )
    # Two events, [DONE], and the end.
    assert bridge_lines(*CHAT).stdout.count(b"\n\n") == 4


# CLI-010
@pytest.mark.parametrize("options", [(), ("--format", "text"), ("--format", "sse")])
def test_a_terminal_gets_no_control_characters(options: Tuple[str, ...]) -> None:
    text = "data: a\x1b[2J\u202eb\x9b\n\n" if "sse" in options else "a\x1b[2J\u202eb\x9b"
    stdin = part(text.encode("utf-8"))
    raw = call("bridge", *options, stdin=stdin).stdout
    assert b"\x1b" in raw
    assert (
        call("bridge", *options, "--no-sanitize", stdin=stdin, stdout=TerminalSink()).stdout == raw
    )
    shown = call("bridge", *options, stdin=stdin, stdout=TerminalSink()).stdout
    assert shown == raw.replace(b"\x1b", b"").replace("\u202e".encode(), b"").replace(
        b"\xc2\x9b", b""
    )


# CLI-010
def test_a_terminal_gets_no_control_characters_of_a_document() -> None:
    command = ("convert", "--shape", "ModelError", "--from", "json", "--to", "xml")
    stdin = '{"Message": "a\x9b2Jb"}'.encode()
    assert b"\xc2\x9b" in call(*command, stdin=stdin).stdout
    assert b"a2Jb" in call(*command, stdin=stdin, stdout=TerminalSink()).stdout


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "stream.bin").write_bytes(part(b"x") + scenarios.unknown_event())
    assert call("bridge", str(tmp_path / "stream.bin"), "--format", "json").stdout.startswith(
        b'data: "x"\n\nevent: end\n'
    )
    failed(call("bridge", str(tmp_path / "none.bin")), 2, "cannot read")
    failed(call("bridge", "--format", "xml"), 2, "xml")


@pytest.mark.parametrize(
    "ending,code,members",
    [
        (
            typed_exception("ModelStreamError", "gone"),
            6,
            {"kind": "exception", "code": "ModelStreamError", "fields": {"Message": "gone"}},
        ),
        (typed_exception("InternalStreamFailure", "oh"), 5, {"code": "InternalStreamFailure"}),
        (scenarios.error_message("Boom", "bang"), 5, {"kind": "unmodeled", "code": "Boom"}),
        (part(b"y")[:-1], 7, {"kind": "truncated", "rule": "EVS-022"}),
        (raw_frame(flip_message_crc=1), 7, {"kind": "message_crc"}),
        (
            scenarios.message([(":message-type", "nonsense")]),
            7,
            {"kind": "message_type", "offset": len(part(b"x"))},
        ),
        (b"no stream", 7, {}),
    ],
)
def test_a_stream_that_breaks(ending: bytes, code: int, members: Dict[str, Any]) -> None:
    result = bridge_lines(b"x", ending=ending)
    first, last, rest = result.stdout.split(b"\n\n")
    assert (first, rest) == (b"data: x", b"")
    head, data = last.split(b"\n")
    document = json.loads(data[len(b"data: ") :])
    assert head == b"event: error" and {name: document[name] for name in members} == members
    line = failed(result, code).replace(document["kind"] + ": ", "", 1)
    assert line.endswith(document["message"]) and len(result.flushed) == 2


def test_writes_each_part_before_the_next_arrives() -> None:
    with running("bridge", stdin=subprocess.PIPE) as process:
        for data in (b"one", b"two"):
            process.stdin.write(part(data))
            process.stdin.flush()
            assert process.stdout.readline() + process.stdout.readline() == b"data: %s\n\n" % data
        process.stdin.close()
        assert process.stdout.read().startswith(b"event: end\n") and process.wait() == 0
