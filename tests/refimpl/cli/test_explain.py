# SPDX-License-Identifier: MIT
"""Tests of refimpl/cli/explain.py: `refimpl explain`."""

import json
import re
from pathlib import Path

import pytest

from authoring.exp import DATE, HOST, as_json, request
from refimpl.explain.readings import MAX_EXPLAINED_TEXT
from tests.refimpl.cli.support import TOKEN, WHOLE, call, failed, lines_of
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


@pytest.mark.slow
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


# ---- the other subjects ------------------------------------------------------------------------

URL = "https://h.example/a?b=c"


def test_signing() -> None:
    result = call("explain", "sign", URL, "--time", "20150830T123600Z", "--header", "x-a:1")
    text = result.stdout.decode()
    assert (result.code, result.stderr) == (0, "")
    assert "canonical request  [SIG-001]" in text and "k_signing " in text
    assert re.search(r"x-a:1\\n +the header  \[SIG-012\]", text)
    assert TOKEN not in text
    request = ("sign", URL, "--time", "20150830T123600Z", "--header", "x-a:1", "--format", "json")
    stages = call(*request)
    document = json.loads(call("explain", *request).stdout)
    signatures = [stage["after"] for stage in document["stages"] if stage["name"] == "signature"]
    assert signatures == [json.loads(stages.stdout)["signature"]]
    page = call("explain", "sign", URL, "--format", "html").stdout.decode()
    assert page.startswith("<!doctype html>") and TOKEN not in page


def test_frames() -> None:
    data = WHOLE + b"noise" + WHOLE
    result = call("explain", "frames", stdin=data)
    text = result.stdout.decode()
    assert result.code == 7 and "found again by searching" in text and "[EVS-002]" in text
    documents = lines_of(call("explain", "frames", "--format", "json", stdin=data).stdout)
    assert [one["found_again"] for one in documents] == [False] * 4 + [True] * 3
    assert documents[3]["error"]["rule"] == "EVS-004"
    assert documents[3]["next_offset"] == len(WHOLE) + 5
    whole = call("explain", "frames", stdin=WHOLE)
    assert (whole.code, whole.stderr) == (0, "")


def test_response() -> None:
    data = b'HTTP/1.1 403 No\r\nx-amzn-errortype: A:http://x\r\n\r\n{"__type":"B","message":"m"}'
    result = call("explain", "response", stdin=data)
    assert result.stdout.decode().splitlines()[:5] == [
        "status      403",
        "outcome     an error: UnknownOperationError",
        "events      0",
        "code        header x-amzn-errortype: A:http://x -> A, counts [HTTP-030]",
        "code        body, code 1: B -> B, ignored [HTTP-030]",
    ]
    document = json.loads(call("explain", "response", "--format", "json", stdin=data).stdout)
    assert (document["error"]["code"], document["status"]) == ("A", 403)
    failed(call("explain", "response", stdin=b"no response"), 7)


def test_no_secret_of_a_response_is_shown() -> None:
    secret = "IQoJb3JpZ2luX2VjEXAMPLE"
    data = (
        f"HTTP/1.1 403 No\r\nX-Amz-Security-Token: {secret}\r\nx-amzn-errortype: A\r\n\r\n"
        f'{{"message": "the token {secret} has expired"}}'
    )
    for arguments in ((), ("--format", "json")):
        result = call("explain", "response", *arguments, stdin=data.encode())
        assert b"<hidden>" in result.stdout and secret.encode() not in result.stdout


@pytest.mark.slow
@for_each("size", [0, MAX_EXPLAINED_TEXT, MAX_EXPLAINED_TEXT + 1, 2**20 + 1])
def test_the_refusal_is_found_at_any_place(size: int) -> None:
    """Lines that look like a refusal, but are none, do not end the search."""
    line = b"INFO SignedHeaders=host CanonicalRequest: none\n"
    noise = line[:size] + (b"INFO nothing to see here\n" * (size // 20))[:size]
    answer = b"\n" + as_json(SERVICE).encode() + b"\n"
    result = call("explain", "refusal", stdin=noise + answer + noise)
    assert result.code == 0 and b"not known" in result.stdout, size


@pytest.mark.slow
def test_a_long_log_without_a_refusal() -> None:
    noise = b"INFO nothing to see here\n" * 40000
    failed(call("explain", "refusal", stdin=noise + b"INFO CanonicalRequest: none\n" + noise), 7)
