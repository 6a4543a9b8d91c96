# SPDX-License-Identifier: MIT
"""Tests of refimpl/self_test.py: the embedded vectors are cases of vectors/, and can fail."""

import json
from base64 import b64decode

import pytest

from conformance.cases.frames import assemble
from refimpl import self_test as module
from refimpl.self_test import checksum_of, self_test, with_checksum
from tests.interpreters import ROOT
from tests.rows import for_each

CASES = {
    case["id"]: case
    for name in ("sigv4-sign", "eventstream-decode")
    for case in json.loads((ROOT / "vectors" / f"{name}.json").read_text(encoding="utf-8"))["cases"]
}


def test_every_vector_passes():
    results = list(self_test())
    assert len(results) == len(module._TEST_SIGNATURES) + 2 * len(module._TEST_STREAMS) > 20
    assert [report for _, report in results if report] == []


@for_each("vector", module._TEST_SIGNATURES, ids=lambda vector: vector.case)
def test_a_signature_is_that_of_its_case(vector):
    case = CASES[vector.case]
    given = case["input"]
    assert given == {
        "method": vector.method,
        "target": vector.target,
        "headers": [list(header) for header in module._TEST_HEADERS],
        "body": "",
        "access_key": module._TEST_ACCESS_KEY,
        "secret_key": module._TEST_SECRET_KEY,
        **({"session_token": vector.session_token} if vector.session_token else {}),
        **dict(zip(("region", "service", "time"), module._TEST_SCOPE)),
    }
    assert case["expect"]["output"]["signature"] == vector.signature


@for_each("vector", module._TEST_STREAMS, ids=lambda vector: vector.case)
def test_a_stream_is_that_of_its_case(vector):
    case = CASES[vector.case]
    assert b64decode(vector.stream) == assemble(case["input"]["frames"])
    assert case["expect"].get("kind") == vector.kind
    assert len(case["expect"]["output"]["messages"]) == vector.messages


def test_a_wrong_signature_is_reported(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "_TEST_SCOPE", ("us-east-2", *module._TEST_SCOPE[1:]))
    assert all(
        "expected the signature" in report for case, report in self_test() if case[:3] == "sig"
    )


@for_each(
    "name, wrong, words",
    [
        ("encode", lambda headers, payload: b"x", "other bytes"),
        ("Decoder", lambda: Swallowing(), "expected 1 messages and the error None, got 0"),
    ],
)
def test_a_wrong_stream_is_reported(name, wrong, words):
    vector = module._TEST_STREAMS[0]
    right = getattr(module, name)
    setattr(module, name, wrong)
    try:
        assert words in module._wrong_stream(vector, 1)
    finally:
        setattr(module, name, right)
    assert module._wrong_stream(vector, 1) == ""


class Swallowing:
    """A decoder that finds no messages."""

    def feed(self, data):
        return []

    def close(self):
        pass


# ---- checksum ----------------------------------------------------------------------------------

FILE = with_checksum("#!\n# SPDX\n# name\n# parts\n\ncode\n").encode()


def test_the_checksum_is_in_the_fifth_line():
    stated, actual = checksum_of(FILE)
    assert FILE.splitlines()[4].decode() == f"# sha256 of the other lines: {stated}"
    assert stated == actual and len(stated) == 64


def test_line_ends_do_not_matter():
    assert checksum_of(FILE.replace(b"\n", b"\r\n")) == checksum_of(FILE)


@for_each("position", [0, 3, FILE.index(b"code"), len(FILE) - 1])
def test_an_edit_is_found(position):
    edited = FILE[:position] + b"~" + FILE[position:]
    stated, actual = checksum_of(edited)
    assert stated != actual


@for_each("file", [b"", b"code\n", b"\xff" * 9, b"x" * 5000 + FILE])
def test_other_files_state_no_checksum(file):
    assert checksum_of(file) == ("", "")
