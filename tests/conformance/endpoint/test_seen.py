# SPDX-License-Identifier: MIT
"""Tests of conformance/endpoint/seen.py: what `serve --bodies` logs, and what it hides."""

import json

import pytest

from conformance.endpoint.request import Request
from conformance.endpoint.seen import seen_lines


def lines_of(body: bytes, *headers: str) -> str:
    pairs = [tuple(header.split(": ", 1)) for header in headers]
    return "\n".join(seen_lines(Request("POST", "/x?q=hush", "HTTP/1.1", pairs, body)))  # type: ignore[arg-type]


def test_headers_and_body_are_shown() -> None:
    text = lines_of(b'{"inputs": "Gr\xc3\xbc\xc3\x9fe"}', "Content-Type: a/b", "A: 1\r\n 2")
    assert text.split("\n") == [
        "> POST /x",
        "> Content-Type: a/b",
        "> A: 1\\r\\n 2",
        '> body, 21 bytes: {"inputs": "Grüße"}',
    ]


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "X-Amz-Security-Token",
        "x-amzn-sagemaker-custom-attributes",
        "Cookie",
        "Proxy-Authorization",
        "X-Api-Key",
    ],
)
def test_headers_with_secrets_are_hidden(name: str) -> None:
    assert "hush" not in lines_of(b"", f"{name}: hush")


@pytest.mark.parametrize(
    "name",
    ["password", "api_key", "apiKey", "openai_api_key", "hf_token", "secret", "access-token"],
)
def test_members_with_secrets_are_hidden_at_any_depth(name: str) -> None:
    body = json.dumps({"a": [{"b": {name: "hush", "c": {name: ["hush"]}}}], "d": "shown"})
    text = lines_of(body.encode())
    assert "hush" not in text and "shown" in text


def test_members_that_only_sound_secret_are_shown() -> None:
    body = b'{"max_tokens": 7, "tokens": "shown", "token": 5, "tokenizer": "shown2"}'
    text = lines_of(body)
    assert all(word in text for word in ("7", "shown", '"token": 5', "shown2"))


@pytest.mark.parametrize(
    "secret",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "ASIAIOSFODNN7EXAMPLE",
        "hf_abcdefghijklmnopqrstuvwxyz",
        "sk-proj-abcdefghijklmnopqr",
        "sagemaker-api-key-c2FnZW1ha2Vy",
        "Bearer abcdefghijklmnop",
    ],
)
def test_known_kinds_of_secrets_are_hidden_in_any_text(secret: str) -> None:
    for body in (secret, f"a {secret} b", json.dumps({"x": f"a {secret}"})):
        assert secret not in lines_of(body.encode(), f"X: {secret}")


@pytest.mark.parametrize(
    "body, words",
    [
        (b"\xff" * 100, "body, 100 bytes: not UTF-8: ffff"),
        (b"[" * 100000, "body, 100000 bytes: [[["),
        (b"x" * 100000, "x..."),
        (b"a\nb\x1b[31m", "body, 8 bytes: a\\nb\\x1b[31m"),
        (b"", "body, 0 bytes: "),
        (b'{"a": 1' + b"0" * 5000 + b"}", "body"),
    ],
)
def test_any_body_is_one_bounded_line(body: bytes, words: str) -> None:
    line = lines_of(body).split("\n")[-1]
    assert words in line and len(line) < 4100
