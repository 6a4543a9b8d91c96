# SPDX-License-Identifier: MIT
"""Tests of refimpl/explain/sent.py. test_refusal.py has the complete forms of a request."""

import json

from refimpl.explain.sent import sent_request_in
from tests.rows import for_each

CLAIM = "AWS4-HMAC-SHA256 Credential=A/20150830/r/s/aws4_request, SignedHeaders=host, Signature=0"
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def lines_of(text: str):  # type: ignore[no-untyped-def]
    sent = sent_request_in(text)
    assert sent is not None and sent.computed_request is not None
    return sent.computed_request.split("\n")


@for_each(
    "command, method, target, host, body",
    [
        ("curl https://a.example", "GET", "/", "a.example", b""),
        ("curl a.example/b?c=d#e", "GET", "/b?c=d", "a.example", b""),
        ("curl https://u:p@a.example:9000/b -d x -d y", "POST", "/b", "a.example:9000", b"x&y"),
        ("curl -XPUT --url https://a.example --json '{}'", "PUT", "/", "a.example", b"{}"),
        ("curl -G https://a.example/?a=b -d c=d", "GET", "/?a=b&c=d", "a.example", b""),
        ("curl -I https://a.example", "HEAD", "/", "a.example", b""),
        ("curl https://a.example -d @file", "POST", "/", "a.example", None),
        ("curl https://a.example -T file -X PUT", "PUT", "/", "a.example", None),
        ("curl https://a.example --data-raw @x", "POST", "/", "a.example", b"@x"),
        ("curl https://a.example --data-binary $'a\\'b\\n'", "POST", "/", "a.example", b"a'b\n"),
        ("curl.exe ^\n https://a.example ^\n -d x", "POST", "/", "a.example", b"x"),
        ("$ curl --request=PATCH https://a.example -H 'Host: b'", "PATCH", "/", "b", b""),
    ],
)
def test_curl(command: str, method: str, target: str, host: str, body: bytes) -> None:
    found = lines_of(f"{command} -H 'Authorization: {CLAIM}'")
    path, _, query = target.partition("?")
    assert (found[0], found[1], found[2], found[3]) == (method, path, query, f"host:{host}")
    sent = sent_request_in(f"{command} -H 'Authorization: {CLAIM}'")
    assert sent is not None and sent.body == body


@for_each("text", ["curl", "curl 'unfinished", "curl -X POST", "", "GET", "{", "[]", '{"a": 1}'])
def test_nothing_recognised(text: str) -> None:
    assert sent_request_in(text) is None


def test_a_folded_header() -> None:
    raw = "GET / HTTP/1.1\nHost: a\nAuthorization: %s\n\n" % CLAIM.replace(", ", ",\n  ")
    assert lines_of(raw)[3:] == ["host:a", "", "host", EMPTY]


def test_a_body_that_was_shortened_is_not_hashed() -> None:
    raw = f"POST / HTTP/1.1\nHost: a\nContent-Length: 9\nAuthorization: {CLAIM}\n\nshort"
    sent = sent_request_in(raw)
    assert sent is not None and sent.body is None
    assert lines_of(raw)[-1] == ""


def test_s3_encodes_once() -> None:
    raw = "GET /a%20b HTTP/1.1\nHost: b.s3.eu-west-1.amazonaws.com\nAuthorization: "
    assert lines_of(raw + CLAIM)[1] == "/a%20b"
    assert lines_of(raw.replace("s3", "es") + CLAIM)[1] == "/a%2520b"


def test_an_unsigned_request() -> None:
    sent = sent_request_in("GET / HTTP/1.1\nHost: a\nX-Amz-Date: 20150830T123600Z\n\n")
    assert sent is not None
    assert (sent.computed_request, sent.scope, sent.amz_date) == (None, None, "20150830T123600Z")


@for_each(
    "document",
    [
        {"request": {"url": 1}},
        {"log": {"entries": []}},
        {"log": {"entries": [1]}},
        {"log": 1},
    ],
)
def test_a_har_file_without_a_request(document) -> None:  # type: ignore[no-untyped-def]
    assert sent_request_in(json.dumps(document)) is None


def test_an_entry_of_a_har_file() -> None:
    entry = {
        "request": {
            "method": "POST",
            "url": "https://a.example/b?c=d",
            "headers": [
                {"name": ":authority", "value": "a.example"},
                {"name": "authorization", "value": CLAIM},
                "broken",
            ],
        }
    }
    assert lines_of(json.dumps(entry)) == ["POST", "/b", "c=d", "host:a.example", "", "host", EMPTY]
