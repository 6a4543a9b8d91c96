# SPDX-License-Identifier: MIT
"""Tests of refimpl/cli/decode.py and frames.py: `refimpl decode`."""

import base64
import gzip
import json
import os
import subprocess
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance import scenarios
from conformance.endpoint.scenarios.build import FRAMES, raw_frame
from refimpl.eventstream import encode
from tests.properties import examples
from tests.refimpl.cli.support import (
    EVERY_TYPE,
    STREAM_LINES,
    WHOLE,
    Result,
    call,
    decode,
    failed,
    lines_of,
    one_line,
    printable,
    running,
    unreadable,
)
from tests.rows import for_each
from tests.support import corpora


def test_events() -> None:
    result = decode(WHOLE)
    assert (result.code, result.stderr) == (0, "")
    assert lines_of(result.stdout) == STREAM_LINES
    assert [data.count(b"\n") for data in result.flushed] == [1, 2, 3]
    assert list(lines_of(result.stdout)[0]) == [
        "offset",
        "total_length",
        "status",
        "headers",
        "payload",
    ]
    assert decode(WHOLE, "-", "--format", "events") == result


def test_a_file(tmp_path: Path) -> None:
    file = tmp_path / "stream"
    file.write_bytes(WHOLE)
    assert call("decode", str(file), stdin=b"never read") == decode(WHOLE)


def test_every_header_type() -> None:
    frame = encode([(name, kind, value) for name, kind, value, _ in EVERY_TYPE], b"\0payload")
    assert lines_of(decode(frame).stdout) == [
        {
            "offset": 0,
            "total_length": len(frame),
            "status": "ok",
            "payload": "AHBheWxvYWQ=",
            "headers": [
                {"name": name, "type": kind, "value": shown} for name, kind, _, shown in EVERY_TYPE
            ],
        }
    ]


def test_an_empty_message() -> None:
    assert lines_of(decode(encode([], b"") * 2).stdout) == [
        {"offset": offset, "total_length": 16, "status": "ok", "headers": [], "payload": ""}
        for offset in (0, 16)
    ]


def test_table() -> None:
    headers = [
        (":event-type", "string", "A\nB"),
        ("n", "int8", -1),
        ("b", "bytes", b"\0"),
        ("yes", "boolean", True),
    ]
    frame = encode(headers, b"line\n" + b"x" * 70)
    result = decode(frame + FRAMES[0], "--format", "table")
    assert (result.code, result.stderr) == (0, "")
    assert result.stdout.decode("utf-8").split("\n") == [
        "       0     124 bytes  :event-type=A\\nB n=-1 b=b'\\x00' yes=True  "
        f"| 75: line\\n{'x' * 59}...",
        "     124     109 bytes  :event-type=PayloadPart :content-type=application/octet-stream "
        ":message-type=event  | 4: one ",
        "",
    ]


def test_hex() -> None:
    frame = encode([("a\x1b", "string", "v")], b"0123456789abcdefXYZ")
    assert decode(frame, "--format", "hex").stdout.decode("utf-8").split("\n") == [
        f"       0  {spaced(frame[:4]):47}  {dotted(frame[:4]):16}  total_length 42",
        f"       4  {spaced(frame[4:8]):47}  {dotted(frame[4:8]):16}  headers_length 7",
        f"       8  {spaced(frame[8:12]):47}  {dotted(frame[8:12]):16}  prelude_crc ok",
        f"      12  {'02':47}  {'.':16}  name_length 2",
        f"      13  {'61 1b':47}  {'a.':16}  name a\\x1b",
        f"      15  {'07':47}  {'.':16}  type string",
        f"      16  {'00 01':47}  {'..':16}  value_length 1",
        f"      18  {'76':47}  {'v':16}  value v",
        "      19  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  0123456789abcdef  "
        "payload 19 bytes",
        "      35  58 59 5a                                         XYZ",
        f"      38  {spaced(frame[38:]):47}  {dotted(frame[38:]):16}  message_crc ok",
        "",
        "",
    ]


def spaced(data: bytes) -> str:
    return " ".join(f"{byte:02x}" for byte in data)


def dotted(data: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in data)


def bytes_of_dump(stdout: bytes) -> bytes:
    """Return the bytes that a hex dump shows. Checks the offset in every line."""
    data = b""
    for line in stdout.decode("utf-8").split("\n"):
        if line:
            assert int(line[:8]) == len(data), line
            data += bytes.fromhex(line[10:57])
    return data


def test_a_hex_dump_shows_every_byte() -> None:
    assert bytes_of_dump(
        decode(WHOLE + encode([], b""), "--format", "hex").stdout
    ) == WHOLE + encode([], b"")


@pytest.mark.parametrize("form", ["events", "table", "hex"])
def test_an_empty_file(form: str, tmp_path: Path) -> None:
    assert decode(b"", "--format", form) == Result(0, b"", "", [])
    (tmp_path / "empty").write_bytes(b"")
    assert call("decode", str(tmp_path / "empty"), "--format", form) == Result(0, b"", "", [])


class Fault(NamedTuple):
    """An invalid frame, and the kind, offset and rule of its error."""

    kind: str
    data: bytes
    offset: int
    rule: str


_HEADERS = scenarios.header(b":event-type", b"PayloadPart")
FAULTS = [
    Fault("prelude_crc", raw_frame(flip_prelude_crc=1), 8, "EVS-004"),
    Fault(
        "message_crc",
        raw_frame(_HEADERS, b"xy", flip_message_crc=1),
        12 + len(_HEADERS) + 2,
        "EVS-005",
    ),
    Fault("length", raw_frame(b"", b"", total_length=15), 0, "EVS-006"),
    Fault("length", raw_frame(b"", b"", headers_length=1), 4, "EVS-007"),
    Fault("limit", raw_frame(total_length=32 * 1024 * 1024 + 1), 0, "EVS-008"),
    Fault("limit", raw_frame(total_length=0xFFFFFFFF), 0, "EVS-008"),
    Fault("header", raw_frame(scenarios.header(b"", b"x")), 12, "EVS-011"),
    Fault("header", raw_frame(b"\x01x\x07\x00\x05abc"), 20, "EVS-010"),
    Fault("duplicate_header", raw_frame(_HEADERS * 2), 12 + len(_HEADERS), "EVS-014"),
    Fault("header_type", raw_frame(b"\x01x\x0a"), 14, "EVS-013"),
    Fault("utf8", raw_frame(scenarios.header(b"x", b"a\xff")), 18, "EVS-015"),
    Fault("utf8", raw_frame(scenarios.header(b"\xff", b"a")), 13, "EVS-012"),
    Fault("truncated", raw_frame()[:-1], len(raw_frame()) - 1, "EVS-022"),
    Fault("truncated", raw_frame()[:13], 13, "EVS-022"),
    Fault("truncated", raw_frame()[:1], 1, "EVS-022"),
]


@for_each("fault", FAULTS, ids=lambda fault: f"{fault.kind}-{fault.rule}-{len(fault.data)}")
@for_each("before", [0, 2])
def test_stops_at_the_first_invalid_frame(fault: Fault, before: int) -> None:
    """Its status is the last line. Complete frames after it are not shown."""
    start = 109 * before
    data = WHOLE[:start] + fault.data + (b"" if fault.kind == "truncated" else WHOLE)
    result = decode(data)
    line = failed(
        result,
        7,
        f"refimpl: {fault.kind}: ",
        f"at byte {start + fault.offset}",
        "rule " + fault.rule,
    )
    documents = lines_of(result.stdout)
    assert documents[:-1] == STREAM_LINES[:before]
    assert documents[-1] == {
        "offset": start + fault.offset,
        "status": fault.kind,
        "rule": fault.rule,
        "message": line[len(f"refimpl: {fault.kind}: ") :],
    }


@for_each("form", ["table", "hex"])
@for_each("fault", FAULTS, ids=lambda fault: f"{fault.kind}-{fault.rule}-{len(fault.data)}")
def test_the_other_formats_end_with_the_invalid_frame(fault: Fault, form: str) -> None:
    result = decode(FRAMES[0] + fault.data, "--format", form)
    good = decode(FRAMES[0], "--format", form).stdout
    line = failed(result, 7)
    assert result.stdout.startswith(good)
    assert (
        result.stdout[len(good) :].decode("utf-8")
        == f"{109 + fault.offset:8}  {line.partition(fault.kind + ': ')[2]}\n"
    )


def test_faults_cover_every_kind() -> None:
    kinds = {
        "prelude_crc",
        "message_crc",
        "length",
        "limit",
        "header",
        "duplicate_header",
        "header_type",
        "utf8",
        "truncated",
    }
    assert {fault.kind for fault in FAULTS} == kinds


OTHER_FILES = [
    (b'{"message": "Internal server error"}', "JSON"),
    (b'  [{"a": 1}]', "JSON"),
    (b'{"a":1}', "JSON"),
    (b"<html><body>502</body></html>", "HTML or XML"),
    (b'<?xml version="1.0"?><Error/>', "HTML or XML"),
    (b'data: {"token": "x"}\n\n', "server-sent events"),
    (b": ping\n\ndata: x\n\n", "server-sent events"),
    (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n", "an HTTP message"),
    (gzip.compress(WHOLE), "gzip"),
    (base64.b64encode(WHOLE), "a base64-encoded frame"),
    (b"a text file, and nothing else\n", "text (a text file, and nothing else\\n)"),
    (b"short\n", "text (short\\n)"),
]


@pytest.mark.parametrize("data, what", OTHER_FILES, ids=[what for _, what in OTHER_FILES])
def test_names_the_type_of_other_files(tmp_path: Path, data: bytes, what: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(data)
    result = call("decode", str(file))
    failed(result, 7, f"these bytes are {what}", "not an event stream")
    assert len(lines_of(result.stdout)) == 1


@pytest.mark.parametrize("number", range(7))
def test_a_file_that_cannot_be_read(tmp_path: Path, number: int) -> None:
    name, reason = unreadable(tmp_path)[number]
    result = call("decode", name)
    failed(result, 2, "cannot read ", reason)
    assert result.stdout == b""


@pytest.mark.skipif(
    not os.path.exists("/proc/self/mem"), reason="no file here that opens and cannot be read"
)
def test_names_the_file_that_cannot_be_read() -> None:
    failed(call("decode", "/proc/self/mem"), 2, "cannot read /proc/self/mem: Input/output error")


@examples(100)
@given(
    st.lists(st.sampled_from(FRAMES + (encode([], b""),)) | st.binary(max_size=40), max_size=5),
    st.sampled_from(["events", "table", "hex"]),
)
def test_any_bytes(pieces: List[bytes], form: str) -> None:
    data = b"".join(pieces)
    result = decode(data, "--format", form)
    assert result.code in (0, 7)
    assert (result.code == 0) == (result.stderr == "")
    assert printable(result.stdout.decode("utf-8"))
    if form == "events":
        statuses = [line["status"] for line in lines_of(result.stdout)]
        assert all(status == "ok" for status in statuses[:-1])
        assert result.code == (7 if statuses and statuses[-1] != "ok" else 0)
    elif form == "hex" and result.code == 0:
        assert bytes_of_dump(result.stdout) == data
    if result.code:
        one_line(result.stderr)


@pytest.fixture(scope="module")
def recorded() -> List[Tuple[Dict[str, Any], bytes]]:
    folder = corpora("recorded-streams")
    return [
        (entry, (folder / entry["file"]).read_bytes())
        for entry in json.loads((folder / "index.json").read_text("utf-8"))
    ]


@pytest.mark.slow
def test_recorded_streams_as_events(recorded: List[Tuple[Dict[str, Any], bytes]]) -> None:
    assert len(recorded) == 68
    for entry, _ in recorded:
        result = call("decode", str(corpora("recorded-streams", entry["file"])))
        assert (result.code, result.stderr) == (0, ""), entry["file"]
        seen = [
            {
                "offset": line["offset"],
                "total_length": line["total_length"],
                "payload_length": len(base64.b64decode(line["payload"])),
                "headers": [
                    [header["name"], header["type"], header["value"]] for header in line["headers"]
                ],
            }
            for line in lines_of(result.stdout)
        ]
        assert seen == entry["events"], entry["file"]


@pytest.mark.slow
def test_recorded_streams_as_table_and_hex(recorded: List[Tuple[Dict[str, Any], bytes]]) -> None:
    for entry, data in recorded:
        rows = decode(data, "--format", "table").stdout.decode("utf-8").splitlines()
        assert [int(row[:8]) for row in rows] == [event["offset"] for event in entry["events"]], (
            entry["file"]
        )
        assert bytes_of_dump(decode(data, "--format", "hex").stdout) == data, entry["file"]


@pytest.mark.parametrize(
    "name, status",
    [
        ("corrupted_header_len", "prelude_crc"),
        ("corrupted_headers", "message_crc"),
        ("corrupted_length", "prelude_crc"),
        ("corrupted_payload", "message_crc"),
    ],
)
def test_published_broken_frames(name: str, status: str) -> None:
    result = call("decode", str(corpora("eventstream-aws-sdk-go", "encoded", "negative", name)))
    assert result.code == 7
    assert [line["status"] for line in lines_of(result.stdout)] == [status]


# ---- processes ---------------------------------------------------------------------------------


def test_writes_a_frame_while_stdin_is_open() -> None:
    with running("decode", stdin=subprocess.PIPE) as process:
        for frame, line in zip(FRAMES, STREAM_LINES):
            process.stdin.write(frame)
            process.stdin.flush()
            assert json.loads(process.stdout.readline()) == line
        process.stdin.close()
        assert process.stdout.read() == b""
        assert (process.wait(), process.stderr.read()) == (0, b"")


@pytest.mark.slow
def test_rejects_a_prelude_while_stdin_is_open() -> None:
    with running("decode", stdin=subprocess.PIPE) as process:
        process.stdin.write(FRAMES[0] + b"not a frame,")
        process.stdin.flush()
        assert [json.loads(line)["status"] for line in process.stdout.readlines()] == [
            "ok",
            "prelude_crc",
        ]
        assert process.wait() == 7
        one_line(process.stderr.read().decode())
