# SPDX-License-Identifier: MIT
"""Tests of refimpl/explain/causes.py: which change of a line explains the other line."""

import hashlib

from authoring.exp import BODY, DATE, EMPTY, HOST, request
from refimpl.explain.causes import doubts_about, first_difference
from refimpl.explain.quoted import parts_of
from tests.rows import for_each


def cause(service: str, client: str, body: bytes = None) -> str:  # type: ignore[assignment]
    found = first_difference(parts_of(service), parts_of(client), body)
    assert found is not None
    return f"{found.rule} {found.cause}"


@for_each(
    "service, client, words",
    [
        ("/%2A/_search", "/*/_search", "SIG-006 the signer does not percent-encode `*`"),
        ("/a%2520b", "/a%20b", "SIG-004 the signer encodes the path once"),
        ("/a%20b", "/a%2520b", "SIG-005 the signer encodes the path twice"),
        ("/a%2Fb", "/a%2fb", "SIG-006 the hexadecimal digits"),
        ("/a/b", "/a//b", "SIG-003 one of them has empty or dot segments"),
        ("/a/b", "/a/./c/../b", "SIG-003 one of them has empty or dot segments"),
        ("/a", "/a/", "SIG-003 only one of them ends in a slash"),
        ("/a%20b", "/a+b", "SIG-006 a space is `+`"),
        ("/prod/a", "/a", "SIG-003 a base path or stage"),
        ("/a", "/b", "SIG-001 the signer used another path"),
    ],
)
def test_paths(service: str, client: str, words: str) -> None:
    assert cause(request(path=service), request(path=client)).startswith(words)


@for_each(
    "service, client, words",
    [
        ("a=1&b=2", "b=2&a=1", "SIG-009 the parameters are not sorted"),
        ("a=%2F", "a=%2f", "SIG-006"),
        ("a=", "a", "SIG-010 a parameter without a value"),
        ("a=b%20c", "a=b%2Bc", "SIG-008 the URL contains `+`"),
        ("a=b%20c", "a=b+c", "SIG-006 the signer writes a space as `+`"),
        ("a=b%2Bc", "a=b%20c", "SIG-008 the URL contains `+`"),
        ("a=b%3Ac", "a=b:c", "SIG-008 the signer does not encode"),
        ("a=b%252Fc", "a=b%2Fc", "SIG-008 the query is encoded twice"),
        ("a=1&b=2", "a=1", "SIG-008 `b` arrived but was not signed"),
        ("a=1", "a=1&b=2", "SIG-008 `b` was signed but did not arrive"),
        ("a=1", "a=2", "SIG-008 the value of `a` differs"),
    ],
)
def test_queries(service: str, client: str, words: str) -> None:
    found = cause(request(query=service), request(query=client))
    assert found.startswith(words) or words.split(" ", 1)[1] in found


@for_each(
    "service, client, words",
    [
        ("a", "a ", "SIG-012 white space"),
        ("a b", "a  b", "SIG-012 white space"),
        ("a,b", "a, b", "SIG-013 spaces after the commas"),
        ("A", "a", "SIG-012 only the case"),
        ("b,a", "a,b", "SIG-013 the values are the same in another order"),
        ("\u00e9", "\u00c3\u00a9", "SIG-026 one of them is UTF-8"),
        ("a,a", "a", "SIG-013 x-y arrived 2 times"),
        ("a,b", "a", "SIG-015 something between the client and the service appended"),
        ("b", "a", "SIG-015 something between the client and the service changed it"),
        ("", "a", "SIG-015 x-y did not arrive"),
        ("a", "", "SIG-015 x-y arrived, but was not signed"),
    ],
)
def test_headers(service: str, client: str, words: str) -> None:
    lines = [request(HOST, "x-y:" + value) for value in (service, client)]
    assert cause(*lines).startswith(words)


@for_each(
    "service, client, words",
    [
        ("a.example:9000", "a.example", "the port must be"),
        ("b.example", "a.example", "the request went to another host"),
    ],
)
def test_host(service: str, client: str, words: str) -> None:
    assert words in cause(request("host:" + service), request("host:" + client))


def test_a_header_that_proxies_change_is_not_to_be_signed() -> None:
    found = cause(request("accept-encoding:b", HOST), request("accept-encoding:a", HOST))
    assert found.endswith("do not sign accept-encoding")


@for_each(
    "service, client, words",
    [
        ("a;b", "b;a", "not sorted"),
        ("host;x", "Host;x", "not in lower case"),
        ("host;x", "host", "`x` is in SignedHeaders"),
        ("host", "host;x", "`x` was signed, but"),
    ],
)
def test_lists(service: str, client: str, words: str) -> None:
    assert words in cause(request(HOST, names=service), request(HOST, names=client))


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@for_each(
    "service, client, body, words",
    [
        (BODY, BODY.upper(), None, "lower case"),
        (BODY, "UNSIGNED-PAYLOAD", None, "unsigned"),
        (BODY, EMPTY, None, "the signer hashed no body"),
        (EMPTY, BODY, None, "the service received no body"),
        (sha(b"a"), sha(b"b"), None, "is not the one that was hashed"),
        (sha(b"a\n"), sha(b"a"), b"a", "received the body with a line end"),
        (sha(b"a"), sha(b"x"), b"a", "the signer hashed something else"),
        (sha(b"x"), sha(b"a"), b"a", "changed it"),
        (sha(b"x"), sha(b"y"), b"a", "neither hash"),
        (sha(b'{"a":1}'), sha(b'{"a": 1}'), b'{"a": 1}', "without spaces"),
        (sha(b"a\r\n"), sha(b"a\n"), b"a\n", "LF as CR LF"),
    ],
)
def test_hashes(service: str, client: str, body: bytes, words: str) -> None:
    assert words in cause(request(hashed=service), request(hashed=client), body)


def test_no_difference() -> None:
    assert first_difference(parts_of(request()), parts_of(request())) is None


@for_each(
    "text, words",
    [
        (request(path="/*"), "SIG-006"),
        (request(query="b=1&a=1"), "SIG-008"),
        (request(DATE), "SIG-014"),
        (request(DATE, HOST), "SIG-011"),
        (request("connection:close", HOST), "SIG-015"),
        (request(HOST, "x-y:"), "SIG-015"),
        (request(HOST, "x-y:a,a"), "SIG-013"),
        (request(hashed=BODY.upper()), "upper case"),
        (request(hashed=EMPTY), "hashed as empty"),
    ],
)
def test_doubts(text: str, words: str) -> None:
    assert words in " ".join(doubts_about(parts_of(text)))


def test_no_doubts() -> None:
    assert doubts_about(parts_of(request())) == []
