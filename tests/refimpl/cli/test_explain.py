# SPDX-License-Identifier: MIT
"""Tests of refimpl/cli/explain.py: `refimpl explain`."""

import json
from pathlib import Path

import pytest

from authoring.exp import DATE, HOST, as_json, request
from refimpl.explain.readings import MAX_EXPLAINED_TEXT
from tests.refimpl.cli.support import call, failed
from tests.rows import for_each

SERVICE = request("content-type:application/json; charset=utf-8", HOST, DATE)
CLIENT = request("content-type:application/json", HOST, DATE)


def write(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def test_text(tmp_path: Path) -> None:
    signed = write(tmp_path, "signed", CLIENT + "\n")
    result = call(
        "explain", "refusal", "--canonical-request", signed, stdin=as_json(SERVICE).encode()
    )
    assert (result.code, result.stderr) == (0, "")
    assert result.stdout.decode().split("\n") == [
        "differs in  header content-type",
        "signed      content-type:application/json",
        "received    content-type:application/json; charset=utf-8",
        "place       line 4, column 30 of the canonical request",
        "rule        SIG-015",
        "advice      content-type differs: signed `application/json`, received `application/json; "
        "charset=utf-8`: something between the client and the service changed it, or a library did "
        "after signing (SIG-015)",
        "",
    ]


def test_json(tmp_path: Path) -> None:
    answer = write(tmp_path, "answer", as_json(SERVICE))
    signed = write(tmp_path, "signed", CLIENT)
    result = call("explain", "refusal", answer, "--canonical-request", signed, "--format", "json")
    assert result.code == 0
    document = json.loads(result.stdout)
    assert document.pop("advice").startswith("content-type differs")
    assert document == {
        "differs_in": "header content-type",
        "server": "content-type:application/json; charset=utf-8",
        "client": "content-type:application/json",
        "rule": "SIG-015",
        "code": None,
        "line": 4,
        "column": 30,
        "notes": [],
    }


def test_a_request(tmp_path: Path) -> None:
    claim = "AWS4-HMAC-SHA256 Credential=A/20150830/r/s/aws4_request, SignedHeaders=host"
    sent = write(tmp_path, "sent", f"GET /a HTTP/1.1\nHost: x\nAuthorization: {claim}\n\n")
    answer = as_json(request("host:y", method="GET", path="/a", hashed="0"))
    result = call("explain", "refusal", "--request", sent, stdin=answer.encode())
    assert b"differs in  header host" in result.stdout


def test_nothing_proved() -> None:
    result = call("explain", "refusal", stdin=b"<Code>SignatureDoesNotMatch</Code>")
    assert (result.code, result.stdout[:20]) == (0, b"differs in  unknown\n")


def test_no_refusal() -> None:
    result = failed(call("explain", "refusal", stdin=b"200 OK"), 7)
    assert "no refusal of a signature found" in result


@for_each("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(encoding: str) -> None:
    answer = as_json(SERVICE).encode(encoding)
    assert b"suspicious" not in call("explain", "refusal", stdin=answer).stdout
    assert call("explain", "refusal", stdin=answer).code == 0


@pytest.mark.parametrize("position", [0, MAX_EXPLAINED_TEXT, 3 * 1024 * 1024 - 10])
def test_a_long_log(tmp_path: Path, position: int) -> None:
    line = "INFO nothing happened here\n"
    before = (line * (position // len(line) + 1))[:position]
    log = write(tmp_path, "log", before + "\n" + as_json(SERVICE) + "\n" + line * 200000)
    signed = write(tmp_path, "signed", CLIENT)
    result = call("explain", "refusal", log, "--canonical-request", signed)
    assert result.code == 0 and b"differs in  header content-type" in result.stdout
    assert b"the input is long" in result.stdout


def test_control_characters_are_escaped() -> None:
    answer = as_json(request(HOST, "x-y:\x1b[31mred"))
    signed = "GET /a HTTP/1.1\nHost: x\n\n"
    assert b"\x1b" not in call("explain", "refusal", stdin=(answer + signed).encode()).stdout


@for_each("arguments", [["explain"], ["explain", "other"], ["explain", "refusal", "/nowhere"]])
def test_wrong_usage(arguments: list) -> None:  # type: ignore[type-arg]
    failed(call(*arguments), 2)
