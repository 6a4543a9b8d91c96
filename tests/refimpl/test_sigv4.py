# SPDX-License-Identifier: MIT
"""Tests of refimpl/sigv4.py and its modules: signing, presigning and verifying, by stage.

First come AWS's own cases: 38 requests, each signed in its headers and in its query, compared at
every stage. Then come AWS's worked key derivation, a table of examples for each rule, the requests
that a server rejects, each with one error, and properties of generated requests: a signed request
verifies, an altered one does not. Last come wrong arguments, secrets and the key cache.

A rejection proves nothing if the signature is wrong anyway. So hand_signed and hand_presigned sign
requests with one error, using only hashlib, hmac and urllib. Their signature is correct for what
they claim, and the tests check which rule rejects them.
"""

import copy
import hashlib
import hmac
import json
import math
import os
import pickle
import re
import sys
import threading
import traceback
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl import (
    sigv4,
    sigv4_credentials,
    sigv4_signer,
    sigv4_stages,
    sigv4_values,
    sigv4_verification,
)
from refimpl.errors import ConfigurationError, Error, SignatureError, UsageError
from refimpl.sigv4 import (
    Credentials,
    Signer,
    amz_date_of,
    authorization_header,
    calculate_signature,
    canonical_headers,
    canonical_name,
    canonical_query_string,
    canonical_request,
    canonical_uri,
    canonical_value,
    collect_headers,
    credential_scope,
    decode_query,
    derive_signing_keys,
    is_signed,
    must_be_signed,
    normalize_path,
    payload_hash,
    seconds_of,
    select_signed,
    signed_headers,
    split_target,
    string_to_sign,
    uri_encode,
    verify,
)
from tests.properties import examples
from tests.rows import for_each
from tests.support import corpora

ACCESS_KEY = "AKIDEXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TOKEN = "EXAMPLE/SESSION+TOKEN=="
OTHER_SECRET_KEY = SECRET_KEY.replace("+", "/")  # the other spelling that AWS publishes
DATE = "20150830T123600Z"
REGION = "us-east-1"
SERVICE = "sagemaker"
SCOPE = "20150830/us-east-1/sagemaker/aws4_request"
HOST = ("host", "example.amazonaws.com")
PLAIN = Credentials(ACCESS_KEY, SECRET_KEY)
TEMPORARY = Credentials(ACCESS_KEY, SECRET_KEY, TOKEN)
EMPTY_HASH = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

Pairs = List[Tuple[str, str]]


def later(seconds: int, date: str = DATE) -> str:
    return amz_date_of(seconds_of(date) + seconds)


def refusal(call: Callable[..., object], *args: Any, **kwargs: Any) -> SignatureError:
    with pytest.raises(SignatureError) as caught:
        call(*args, **kwargs)
    return caught.value


# ---- AWS's own cases ---------------------------------------------------------------------------


def case_names() -> List[str]:
    root = os.environ.get("REFIMPL_CORPORA")
    folder = Path(root, "sigv4-aws-c-auth", "v4") if root else None
    return (
        sorted(path.name for path in folder.iterdir()) if folder and folder.is_dir() else ["corpus"]
    )


class Parsed(NamedTuple):
    method: str
    target: str
    headers: Pairs
    body: bytes


def parsed(raw: bytes) -> Parsed:
    """Read a request of the corpus. Its lines end in LF. Its request line is UTF-8 with spaces."""
    head, _, body = raw.partition(b"\n\n")
    first, *lines = head.split(b"\n")
    method, _, rest = first.decode("utf-8").partition(" ")
    headers: Pairs = []
    for line in (line.decode("latin-1") for line in lines):
        if line[:1] in (" ", "\t"):
            headers[-1] = (headers[-1][0], headers[-1][1] + "\n" + line)
        elif line:
            name, _, value = line.partition(":")
            headers.append((name, value))
    return Parsed(method, rest.rpartition(" ")[0], headers, body)


class Case:
    """One case of the corpus. text(x) returns the file with stage x."""

    def __init__(self, name: str, kind: str) -> None:
        self.folder = corpora("sigv4-aws-c-auth", "v4", name)
        self.kind = kind
        self.context = json.loads(self.text("context.json"))
        given_credentials = self.context["credentials"]
        self.credentials = Credentials(
            given_credentials["access_key_id"],
            given_credentials["secret_access_key"],
            given_credentials.get("token"),
        )
        self.amz_date = self.context["timestamp"].replace("-", "").replace(":", "")
        self.where = (
            self.credentials,
            self.context["region"],
            self.context["service"],
            self.amz_date,
        )
        self.scope = credential_scope(
            self.amz_date, self.context["region"], self.context["service"]
        )
        self.request = parsed((self.folder / "request.txt").read_bytes())
        self.signed = parsed((self.folder / (kind + "-signed-request.txt")).read_bytes())

    def text(self, name: str) -> str:
        return (self.folder / name).read_text("utf-8")

    def stage(self, name: str) -> str:
        return self.text(f"{self.kind}-{name}.txt")

    def run(self) -> Any:
        options = {
            "normalize": self.context["normalize"],
            "omit_session_token": self.context.get("omit_session_token", False),
        }
        if self.kind == "header":
            return Signer().sign(
                *self.request, *self.where, sign_body=self.context["sign_body"], **options
            )
        return Signer().presign(
            *self.request, *self.where, expires=self.context["expiration_in_seconds"], **options
        )

    def verify(self, seconds: int = 0) -> None:
        verify(
            *self.signed,
            *self.where[:3],
            later(seconds, self.amz_date),
            normalize=self.context["normalize"],
        )


@pytest.fixture(params=["header", "query"])
def kind(request: Any) -> str:
    return request.param


each_case = for_each("name", case_names())


def test_the_corpus_has_38_cases() -> None:
    assert len(list(corpora("sigv4-aws-c-auth", "v4").iterdir())) == 38 == len(case_names())


@each_case
def test_corpus_every_stage_in_one_run(name: str, kind: str) -> None:
    case = Case(name, kind)
    result = case.run()
    assert result.canonical_request == case.stage("canonical-request")
    assert result.string_to_sign == case.stage("string-to-sign")
    assert result.signature == case.stage("signature")


@each_case
def test_corpus_signed_request(name: str, kind: str) -> None:
    case = Case(name, kind)
    result = case.run()
    if kind == "header":
        sent = {name.lower(): value for name, value in case.signed.headers}
        assert (
            result.authorization == sent["authorization"] == dict(result.headers)["authorization"]
        )
        assert collect_headers(result.headers) == collect_headers(case.signed.headers)
    else:
        path, query = split_target(result.target)
        expected_path, expected_query = split_target(case.signed.target)
        assert path == expected_path
        assert sorted(decode_query(query)) == sorted(decode_query(expected_query))


@each_case
def test_corpus_each_stage_alone(name: str, kind: str) -> None:
    """Each function gets AWS's value of the stage before, so an error appears in one stage only."""
    case = Case(name, kind)
    lines = case.stage("canonical-request").split("\n")
    names = lines[-2].split(";")
    path, query = split_target(case.signed.target)
    headers = {
        header: value
        for header, value in collect_headers(case.signed.headers).items()
        if header in names
    }
    pairs = [pair for pair in decode_query(query) if pair[0] != b"X-Amz-Signature"]
    if case.context.get("omit_session_token"):
        pairs = [pair for pair in pairs if pair[0] != b"X-Amz-Security-Token"]
    raw = "&".join(f"{uri_encode(n)}={uri_encode(v)}" for n, v in pairs)
    assert canonical_uri(path, normalize=case.context["normalize"]) == lines[1]
    assert canonical_query_string(raw) == lines[2]
    assert canonical_headers(headers) == "".join(line + "\n" for line in lines[3:-3])
    assert signed_headers(headers) == lines[-2]
    assert payload_hash(case.signed.body) == lines[-1]
    assert canonical_request(
        case.signed.method, lines[1], lines[2], headers, lines[-1]
    ) == "\n".join(lines)
    assert string_to_sign(case.amz_date, case.scope, "\n".join(lines)) == case.stage(
        "string-to-sign"
    )
    secret = case.context["credentials"]["secret_access_key"]
    key = derive_signing_keys(
        secret, case.amz_date[:8], case.context["region"], case.context["service"]
    ).k_signing
    assert calculate_signature(key, case.stage("string-to-sign")) == case.stage("signature")
    if kind == "header":
        sent = collect_headers(case.signed.headers)["authorization"]
        assert (
            authorization_header(ACCESS_KEY, case.scope, lines[-2], case.stage("signature")) == sent
        )


@each_case
def test_corpus_verifies_until_it_expires(name: str, kind: str) -> None:
    case = Case(name, kind)
    window = 300 if kind == "header" else case.context["expiration_in_seconds"]
    for seconds in (0, -300, window):
        case.verify(seconds)
    for seconds in (-301, window + 1):
        assert refusal(case.verify, seconds).kind == "expired"


@each_case
def test_corpus_altered_is_rejected(name: str, kind: str) -> None:
    case = Case(name, kind)
    case.signed = case.signed._replace(body=case.signed.body + b" ")
    assert refusal(case.verify).kind == "signature"


# ---- worked numbers ----------------------------------------------------------------------------


def test_key_derivation_as_aws_prints_it() -> None:
    """The example of "Signature calculation examples", AWS General Reference."""
    keys = derive_signing_keys(
        "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20120215", "us-east-1", "iam"
    )
    assert [key.hex() for key in keys] == [
        "969fbb94feb542b71ede6f87fe4d5fa29c789342b0f407474670f0c2489e0a0d",
        "69daa0209cd9c5ff5c8ced464a696fd4252e981430b10e3d3fd8e2f197d7a70c",
        "f72cfd46f26bc4643f06a11eabb6c0ba18780c19a8da0c31ace671265e3c87fa",
        "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d",
    ]
    assert (
        keys.k_date == keys[0]
        and keys.k_region == keys[1]
        and keys.k_service == keys[2]
        and keys.k_signing == keys[3]
    )


def test_small_stages_by_number() -> None:
    assert (
        payload_hash(b"")
        == payload_hash(bytearray())
        == payload_hash(memoryview(b""))
        == EMPTY_HASH
    )
    assert (
        payload_hash(memoryview(b"xabcx")[1:4])
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    assert credential_scope(DATE, REGION, SERVICE) == SCOPE
    assert string_to_sign(DATE, SCOPE, "") == f"AWS4-HMAC-SHA256\n{DATE}\n{SCOPE}\n{EMPTY_HASH}"
    assert string_to_sign(DATE, SCOPE, "\xe9").endswith("\n" + hashlib.sha256(b"\xe9").hexdigest())
    assert (
        authorization_header("A", "S", "a;b", "f0")
        == "AWS4-HMAC-SHA256 Credential=A/S, SignedHeaders=a;b, Signature=f0"
    )
    # RFC 4231, test case 2: HMAC-SHA-256 with a short key
    signature = calculate_signature(b"Jefe", "what do ya want for nothing?")
    assert signature == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


def test_hmac_with_and_without_the_one_shot_function(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.6 has no hmac.digest."""
    keys, signature = (
        derive_signing_keys(SECRET_KEY, "20150830", REGION, SERVICE),
        calculate_signature(b"Jefe", "x"),
    )
    monkeypatch.setattr(sigv4_values, "_one_shot_hmac", None)
    assert (
        derive_signing_keys(SECRET_KEY, "20150830", REGION, SERVICE),
        calculate_signature(b"Jefe", "x"),
    ) == (keys, signature)


def test_a_whole_request_by_number() -> None:
    """The expected values are computed without the module under test."""
    body = b'{"inputs": "Hi"}'
    headers = [
        ("Host", "runtime.sagemaker.us-east-1.amazonaws.com"),
        ("Content-Type", "application/json"),
        ("User-Agent", "x"),
    ]
    result = Signer().sign(
        "POST",
        "/endpoints/llm/invocations-response-stream?b=2&a=1",
        headers,
        body,
        TEMPORARY,
        REGION,
        SERVICE,
        DATE,
    )
    names = "content-type;host;x-amz-date;x-amz-security-token"
    assert result.canonical_request == "\n".join(
        [
            "POST",
            "/endpoints/llm/invocations-response-stream",
            "a=1&b=2",
            "content-type:application/json",
            "host:runtime.sagemaker.us-east-1.amazonaws.com",
            "x-amz-date:" + DATE,
            "x-amz-security-token:" + TOKEN,
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    assert result.signature == signature_by_hand(result.canonical_request)
    assert (
        result.authorization == f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{SCOPE}, "
        f"SignedHeaders={names}, Signature={result.signature}"
    )
    assert list(result.headers) == headers + [
        ("x-amz-date", DATE),
        ("x-amz-security-token", TOKEN),
        ("authorization", result.authorization),
    ]


# ---- rules by example: paths and queries -------------------------------------------------------

PATHS = [  # raw, normalised and double encoded
    ("", "/"),
    ("/", "/"),
    ("//", "/"),
    ("/.", "/"),
    ("/./", "/"),
    ("/..", "/"),
    ("/../", "/"),
    ("/../..", "/"),
    ("/a", "/a"),
    ("/a/", "/a/"),
    ("/a//", "/a/"),
    ("//a", "/a"),
    ("/a/.", "/a"),
    ("/a/./", "/a/"),
    ("/a/./b//c/", "/a/b/c/"),
    ("/a/..", "/"),
    ("/a/../", "/"),
    ("/a/b/..", "/a"),
    ("/a/b/../", "/a/"),
    ("/a/../../b", "/b"),
    ("/../a", "/a"),
    ("/a/b/../../c", "/c"),
    ("/...", "/..."),
    ("/.a/..b", "/.a/..b"),
    ("/a./b..", "/a./b.."),
    ("/a/b/c/", "/a/b/c/"),
    ("/a//b/", "/a/b/"),
    ("/%2e%2E/x", "/%252e%252E/x"),
    ("/a%2Fb", "/a%252Fb"),
    ("/a b", "/a%20b"),
    ("/%", "/%25"),
    ("/%zz", "/%25zz"),
    ("/%4", "/%254"),
    ("/a+b=c&d;e,f:g@h!$'()*[]", "/a%2Bb%3Dc%26d%3Be%2Cf%3Ag%40h%21%24%27%28%29%2A%5B%5D"),
    ("/-._~", "/-._~"),
    ("/AZaz09", "/AZaz09"),
    ("/\u1234", "/%E1%88%B4"),
    ("/\xe9", "/%C3%A9"),
    ("/\U0001f600", "/%F0%9F%98%80"),
    ("/\x7f\x01", "/%7F%01"),
]


@for_each("raw, expected", PATHS)
def test_path(raw: str, expected: str) -> None:
    assert canonical_uri(raw) == expected
    assert (
        Signer()
        .sign("GET", raw, [HOST], b"", PLAIN, REGION, SERVICE, DATE)
        .canonical_request.split("\n")[1]
        == expected
    )


@pytest.mark.parametrize(
    "raw, expected",
    [
        ("", "/"),
        ("/", "/"),
        ("//", "//"),
        ("/./", "/./"),
        ("/a/../b", "/a/../b"),
        ("//a//b//", "//a//b//"),
        ("/%2f", "/%252f"),
    ],
)
def test_path_not_normalised(raw: str, expected: str) -> None:
    assert canonical_uri(raw, normalize=False) == expected


@pytest.mark.parametrize(
    "raw, expected",
    [
        ("/%2f", "/%2f"),
        ("/%2F/%e1%88%B4", "/%2F/%e1%88%B4"),
        ("/%", "/%25"),
        ("/%zz", "/%25zz"),
        ("/%4", "/%254"),
        ("/%%41", "/%25%41"),
        ("/a b", "/a%20b"),
        ("/\u1234", "/%E1%88%B4"),
        ("/%2e%2E/x", "/%2e%2E/x"),
        ("/a/../b", "/b"),
        ("/%41%41", "/%41%41"),
        ("/%7e~", "/%7e~"),
    ],
)
def test_path_encoded_once(raw: str, expected: str) -> None:
    assert canonical_uri(raw, double_encode=False) == expected


def test_path_options_together() -> None:
    assert canonical_uri("/a/../%2f//", normalize=False, double_encode=False) == "/a/../%2f//"
    assert canonical_uri("/%\u00e9", normalize=False, double_encode=False) == "/%25%C3%A9"


@pytest.mark.parametrize(
    "raw, expected", [("/a/b/..", "/a"), ("a//b", "/a/b"), ("", "/"), ("/a/%2e/b", "/a/%2e/b")]
)
def test_normalize_path(raw: str, expected: str) -> None:
    assert normalize_path(raw) == expected


@pytest.mark.parametrize(
    "target, path, query",
    [
        ("", "/", ""),
        ("/", "/", ""),
        ("?", "/", ""),
        ("?a", "/", "a"),
        ("/a?b?c", "/a", "b?c"),
        ("/a?", "/a", ""),
        ("/a#b", "/a#b", ""),
    ],
)
def test_split_target(target: str, path: str, query: str) -> None:
    assert split_target(target) == (path, query)


@pytest.mark.parametrize("target", ["a", "*", "http://host/a", "host:443", " /a"])
def test_target_not_in_origin_form(target: str) -> None:
    with pytest.raises(UsageError) as caught:
        split_target(target)
    assert caught.value.rule == "SIG-003"


@for_each("target", ["/a%sb", "/%s", "/a?b=%s", "/a?%s=b", "/a%sHTTP/1.1"])
@for_each("bad", ["\r", "\n", "\0", "\r\n", "\n "])
def test_target_with_line_breaks_or_nul(target: str, bad: str) -> None:
    target = target % bad
    calls = [
        lambda: split_target(target),
        lambda: Signer().sign("GET", target, [HOST], b"", PLAIN, REGION, SERVICE, DATE),
        lambda: Signer().presign(
            "GET", target, [HOST], b"", PLAIN, REGION, SERVICE, DATE, expires=60
        ),
    ]
    for call in calls:
        with pytest.raises(UsageError) as caught:
            call()
        assert (caught.value.kind, caught.value.rule) == (
            "constraint",
            "SIG-028",
        ) and bad not in str(caught.value)
    with pytest.raises(SignatureError) as refused:
        verify("GET", target, [HOST], b"", PLAIN, REGION, SERVICE, DATE)
    assert (refused.value.kind, refused.value.rule) == ("signature", "SIG-028")


def test_other_control_characters_of_a_target_are_signed() -> None:
    for byte in sorted(set(range(0x20)) - {0, 10, 13}) + [0x20, 0x7F]:
        path, query = split_target(f"/{byte:c}?{byte:c}")
        assert (canonical_uri(path), canonical_query_string(query)) == (
            f"/%{byte:02X}",
            f"%{byte:02X}=",
        )


QUERIES = [
    ("", ""),
    ("&", ""),
    ("&&", ""),
    ("a", "a="),
    ("a=", "a="),
    ("=", "="),
    ("=v", "=v"),
    ("a&&b", "a=&b="),
    ("&a&", "a="),
    ("a=b=c", "a=b%3Dc"),
    ("a==", "a=%3D"),
    ("a=x+y", "a=x%2By"),
    ("+=+", "%2B=%2B"),
    ("a=%2f", "a=%2F"),
    ("a=%2F", "a=%2F"),
    ("a=%zz", "a=%25zz"),
    ("a=%", "a=%25"),
    ("a=%4", "a=%254"),
    ("a=%%41", "a=%25A"),
    ("a=%7E~", "a=~~"),
    ("%41=1", "A=1"),
    ("a=%252F", "a=%252F"),
    ("a= ", "a=%20"),
    ("a=/?:@", "a=%2F%3F%3A%40"),
    ("a=\u1234", "a=%E1%88%B4"),
    ("a=%ff", "a=%FF"),
    ("b=1&a=2", "a=2&b=1"),
    ("a=b&a=A&a", "a=&a=A&a=b"),
    ("a=2&a=10", "a=10&a=2"),
    ("a%3D=1&a=2", "a=2&a%3D=1"),
    ("a-b=1&a=2", "a=2&a-b=1"),
    ("\u1234=1&z=2", "%E1%88%B4=1&z=2"),
    ("a%20=1&a-=2", "a%20=1&a-=2"),
    ("A=1&a=2&0=3&_=4", "0=3&A=1&_=4&a=2"),
    ("a=%26%3d", "a=%26%3D"),
    ("a=1;b=2", "a=1%3Bb%3D2"),
]


@for_each("raw, expected", QUERIES)
def test_query(raw: str, expected: str) -> None:
    assert canonical_query_string(raw) == expected
    assert (
        Signer()
        .sign("GET", "/?" + raw, [HOST], b"", PLAIN, REGION, SERVICE, DATE)
        .canonical_request.split("\n")[2]
        == expected
    )


def test_decoded_query_keeps_its_order() -> None:
    assert decode_query("b=%00+&&a&b=%C3%a9") == [(b"b", b"\0+"), (b"a", b""), (b"b", b"\xc3\xa9")]


def test_uri_encode_every_byte() -> None:
    unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
    for byte in range(256):
        expected = chr(byte) if chr(byte) in unreserved else f"%{byte:02X}"
        assert uri_encode(bytes([byte])) == expected
        if byte < 128 and chr(byte) not in "/":
            assert canonical_uri("/x" + chr(byte)) == "/x" + expected
    assert uri_encode(bytes(range(256))) == quote(bytes(range(256)), safe="-._~")


@pytest.mark.parametrize("call", [canonical_uri, decode_query, canonical_query_string])
def test_lone_surrogates(call: Callable[[str], object]) -> None:
    with pytest.raises(UsageError) as caught:
        call("/a\ud800")
    assert caught.value.rule == "SIG-026"


# ---- rules by example: headers -----------------------------------------------------------------


@for_each(
    "raw, expected",
    [
        ("", ""),
        (" ", ""),
        ("\t \t", ""),
        (" a ", "a"),
        ("\ta\t", "a"),
        ("a  b", "a b"),
        ("a\tb", "a b"),
        ("a \t b", "a b"),
        ('"a   b"', '"a b"'),
        ("a , b", "a , b"),
        ("a\r\n b", "a b"),
        ("a\n b", "a b"),
        ("a\r\n\tb", "a b"),
        ("a\n\tb", "a b"),
        ("a \r\n   \r\n b", "a b"),
        ("\r\n a", "a"),
        ("a\r\n ", "a"),
        ("a\n  b\n     c", "a b c"),
        ("a\u00a0 \u00a0b", "a\u00a0 \u00a0b"),
        ("\u00a0a\u00a0", "\u00a0a\u00a0"),
        ("a\x0b\x0cb", "a\x0b\x0cb"),
        ("\x85a\x1f", "\x85a\x1f"),
        ("\xff\x80", "\xff\x80"),
        ("\x01\x7f", "\x01\x7f"),
    ],
)
def test_header_value(raw: str, expected: str) -> None:
    assert canonical_value(raw) == expected
    lines = (
        Signer()
        .sign("GET", "/", [HOST, ("X-T", raw)], b"", PLAIN, REGION, SERVICE, DATE)
        .canonical_request.split("\n")
    )
    assert lines[5] == "x-t:" + expected


@pytest.mark.parametrize(
    "raw, rule",
    [
        ("a\r", "SIG-025"),
        ("a\n", "SIG-025"),
        ("a\r\n", "SIG-025"),
        ("a\rb", "SIG-025"),
        ("a\nb", "SIG-025"),
        ("a\r\nb", "SIG-025"),
        ("a\r b", "SIG-025"),
        ("\r a", "SIG-025"),
        ("a\r\r\n b", "SIG-025"),
        ("a\n\r b", "SIG-025"),
        ("a\r\n b\r\nX: y", "SIG-025"),
        ("a\0b", "SIG-025"),
        ("\0", "SIG-025"),
        ("\u0100", "SIG-026"),
        ("\u2028", "SIG-026"),
        ("\U0001f600", "SIG-026"),
        ("\ud800", "SIG-026"),
    ],
)
def test_header_value_rejected(raw: str, rule: str) -> None:
    with pytest.raises(UsageError) as caught:
        canonical_value(raw)
    assert caught.value.rule == rule
    with pytest.raises(UsageError):
        Signer().sign("GET", "/", [HOST, ("x-t", raw)], b"", PLAIN, REGION, SERVICE, DATE)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "a b",
        "a:",
        "a\n",
        "a\r\n",
        "\xe9",
        "a\0",
        "(a)",
        "a/b",
        "a,b",
        "a;b",
        "\u212a",
        "a\ud800",
    ],
)
def test_header_name_refused(name: str) -> None:
    for call in (lambda: collect_headers([(name, "x")]), lambda: canonical_name(name)):
        for _ in range(2):  # a refusal is not remembered as anything else
            with pytest.raises(UsageError) as caught:
                call()
            assert caught.value.rule == "SIG-025"


def test_header_names_of_every_token_character() -> None:
    name = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    assert collect_headers([(name, "x")]) == {name.lower(): "x"}
    assert canonical_name(name) == name.lower() and canonical_name(
        "A-b"
    ) == "a-b" == canonical_name("a-b")


def test_equal_names_are_joined_in_order() -> None:
    pairs = [("My", " 4 "), ("b", "2"), ("mY", "1"), ("MY", ""), ("my", "3,  0")]
    assert collect_headers(pairs) == {"my": "4,1,,3, 0", "b": "2"}
    assert canonical_headers(collect_headers(pairs)) == "b:2\nmy:4,1,,3, 0\n"
    assert signed_headers(collect_headers(pairs)) == "b;my"


def test_headers_may_come_from_any_iterable() -> None:
    result = Signer().sign("GET", "/", iter([HOST, ("a", "b")]), b"", PLAIN, REGION, SERVICE, DATE)  # type: ignore[arg-type]
    assert result == Signer().sign(
        "GET", "/", (list(HOST), ["a", "b"]), b"", PLAIN, REGION, SERVICE, DATE
    )  # type: ignore[arg-type]
    assert dict(result.headers)["a"] == "b"


@pytest.mark.parametrize(
    "headers", [[], [("host", "")], [("Host", " \t")], [("hos", "a")], [("x-host", "a")]]
)
def test_host_is_required(headers: Pairs) -> None:
    for call in (
        lambda: Signer().sign("GET", "/", headers, b"", PLAIN, REGION, SERVICE, DATE),
        lambda: Signer().presign("GET", "/", headers, b"", PLAIN, REGION, SERVICE, DATE, 60),
    ):
        with pytest.raises(UsageError) as caught:
            call()
        assert caught.value.rule == "SIG-014"


def test_host_is_signed_with_its_port() -> None:
    result = Signer().sign(
        "GET", "/", [("HOST", "localhost:8080")], b"", PLAIN, REGION, SERVICE, DATE
    )
    assert "\nhost:localhost:8080\n" in result.canonical_request


NEVER = [
    "accept-encoding",
    "authorization",
    "baggage",
    "connection",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-amzn-trace-id",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-forwarded-",
]
SIGNED = [
    "accept",
    "content-length",
    "content-type",
    "cookie",
    "date",
    "forwarded",
    "host",
    "range",
    "via",
    "x-forwarded",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-target",
    "x-amzn-sagemaker-accept",
    "x-amzn-trace-id2",
    "te2",
    "my-user-agent",
]


@for_each("name", NEVER)
def test_never_signed_but_sent(name: str) -> None:
    assert not is_signed(name)
    sent = [HOST, (name.title(), "v")]
    result = Signer().sign("GET", "/", sent, b"", PLAIN, REGION, SERVICE, DATE)
    assert result.canonical_request.split("\n")[-2] == "host;x-amz-date"
    assert "SignedHeaders=host;x-amz-date," in result.authorization
    assert ((name.title(), "v") in result.headers) is (name != "authorization")  # which is replaced
    presigned = Signer().presign("GET", "/", sent, b"", PLAIN, REGION, SERVICE, DATE, 60)
    assert presigned.canonical_request.split("\n")[-2] == "host"


@pytest.mark.parametrize("name", SIGNED)
def test_signed_like_any_other(name: str) -> None:
    assert is_signed(name)
    result = Signer().sign(
        "GET", "/", [HOST, (name.title(), "v")], b"", PLAIN, REGION, SERVICE, DATE
    )
    assert name in result.canonical_request.split("\n")[-2].split(";")


def test_select_signed() -> None:
    assert select_signed({"host": "h", "te": "x", "a": "b", "x-forwarded-for": "c"}) == {
        "host": "h",
        "a": "b",
    }


# ---- rules by example: sign --------------------------------------------------------------------


def test_date_and_authorization_are_replaced() -> None:
    headers = [
        ("X-Amz-Date", "20010101T000000Z"),
        HOST,
        ("x-amz-DATE", "junk"),
        ("AUTHORIZATION", "Basic x"),
        ("Date", "kept"),
    ]
    result = Signer().sign("GET", "/", headers, b"", PLAIN, REGION, SERVICE, DATE)
    assert list(result.headers) == [
        HOST,
        ("Date", "kept"),
        ("x-amz-date", DATE),
        ("authorization", result.authorization),
    ]
    assert result == Signer().sign(
        "GET", "/", [HOST, ("date", "kept")], b"", PLAIN, REGION, SERVICE, DATE
    )._replace(headers=result.headers)
    verify("GET", "/", result.headers, b"", PLAIN, REGION, SERVICE, DATE)


def test_token_is_replaced_and_signed() -> None:
    headers = [HOST, ("X-Amz-Security-Token", "old"), ("x-amz-security-token", "older")]
    result = Signer().sign("GET", "/", headers, b"", TEMPORARY, REGION, SERVICE, DATE)
    assert [pair for pair in result.headers if pair[0].lower() == "x-amz-security-token"] == [
        ("x-amz-security-token", TOKEN)
    ]
    assert f"\nx-amz-security-token:{TOKEN}\n" in result.canonical_request
    assert "SignedHeaders=host;x-amz-date;x-amz-security-token," in result.authorization


def test_token_omitted_is_sent_unsigned() -> None:
    result = Signer().sign(
        "GET", "/", [HOST], b"", TEMPORARY, REGION, SERVICE, DATE, omit_session_token=True
    )
    assert ("x-amz-security-token", TOKEN) in result.headers
    plain = Signer().sign("GET", "/", [HOST], b"", PLAIN, REGION, SERVICE, DATE)
    assert (result.canonical_request, result.authorization) == (
        plain.canonical_request,
        plain.authorization,
    )
    verify("GET", "/", result.headers, b"", TEMPORARY, REGION, SERVICE, DATE)


def test_without_a_token_a_token_header_is_a_header() -> None:
    result = Signer().sign(
        "GET", "/", [HOST, ("X-Amz-Security-Token", "t")], b"", PLAIN, REGION, SERVICE, DATE
    )
    assert (
        "\nx-amz-security-token:t\n" in result.canonical_request
        and ("X-Amz-Security-Token", "t") in result.headers
    )


def test_a_given_token_header_is_omitted_as_well() -> None:
    headers = [HOST, ("X-Amz-Security-Token", "t")]
    result = Signer().sign(
        "GET", "/", headers, b"", PLAIN, REGION, SERVICE, DATE, omit_session_token=True
    )
    assert ("X-Amz-Security-Token", "t") in result.headers
    assert "SignedHeaders=host;x-amz-date," in result.authorization


@pytest.mark.parametrize("token", [None, ""])
def test_empty_token_is_left_out(token: Optional[str]) -> None:
    credentials = Credentials(ACCESS_KEY, SECRET_KEY, token)
    assert credentials.session_token is None and credentials == PLAIN
    result = Signer().sign("GET", "/", [HOST], b"", credentials, REGION, SERVICE, DATE)
    assert [name for name, _ in result.headers] == ["host", "x-amz-date", "authorization"]
    assert (
        "Token"
        not in Signer()
        .presign("GET", "/", [HOST], b"", credentials, REGION, SERVICE, DATE, 60)
        .target
    )


def test_sign_body_sends_the_hash() -> None:
    headers = [HOST, ("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")]
    digest = hashlib.sha256(b"body").hexdigest()
    result = Signer().sign(
        "POST", "/", headers, b"body", PLAIN, REGION, SERVICE, DATE, sign_body=True
    )
    assert list(result.headers) == [
        HOST,
        ("x-amz-date", DATE),
        ("x-amz-content-sha256", digest),
        ("authorization", result.authorization),
    ]
    assert f"\nx-amz-content-sha256:{digest}\nx-amz-date:" in result.canonical_request
    assert result.canonical_request.endswith("\nhost;x-amz-content-sha256;x-amz-date\n" + digest)
    verify("POST", "/", result.headers, b"body", PLAIN, REGION, SERVICE, DATE)
    kept = Signer().sign("POST", "/", headers, b"body", PLAIN, REGION, SERVICE, DATE)
    assert (
        "\nx-amz-content-sha256:UNSIGNED-PAYLOAD\n" in kept.canonical_request
        and kept.canonical_request.endswith(digest)
    )


def test_unsigned_is_sent_but_not_signed() -> None:
    headers = [HOST, ("Content-Length", "4"), ("a", "1"), ("Content-Length", "4"), ("b", "2")]
    result = Signer().sign(
        "POST",
        "/p",
        headers,
        b"body",
        PLAIN,
        REGION,
        SERVICE,
        DATE,
        unsigned=["content-length", "b", "absent"],
    )
    bare = Signer().sign("POST", "/p", [HOST, ("a", "1")], b"body", PLAIN, REGION, SERVICE, DATE)
    assert result == bare._replace(headers=tuple(headers) + bare.headers[2:])
    verify(
        "POST",
        "/p",
        [(name, value.replace("4", "5")) for name, value in result.headers if value == "4"]
        + list(bare.headers),
        b"body",
        PLAIN,
        REGION,
        SERVICE,
        DATE,
    )


def test_unsigned_and_the_token_unsigned() -> None:
    options = {"omit_session_token": True, "unsigned": ("a",)}
    result = Signer().sign(
        "POST", "/p", [HOST, ("a", "1")], b"", TEMPORARY, REGION, SERVICE, DATE, **options
    )
    assert "SignedHeaders=host;x-amz-date," in result.authorization and len(result.headers) == 5
    verify("POST", "/p", result.headers, b"", TEMPORARY, REGION, SERVICE, DATE)


@pytest.mark.parametrize(
    "name", ["host", "x-amz-date", "x-amz-content-sha256", "x-amz-target", "X-Amz-Target"]
)
def test_required_headers_cannot_be_unsigned(name: str) -> None:
    """verify() rejects such a request, as the service does (SIG-045)."""
    assert (
        must_be_signed(name.lower())
        and not must_be_signed("x-amz-security-token")
        and not must_be_signed("x-amzn-sagemaker-accept")
    )
    with pytest.raises(UsageError):
        Signer().sign(
            "POST",
            "/",
            [HOST, ("x-amz-target", "t")],
            b"",
            PLAIN,
            REGION,
            SERVICE,
            DATE,
            sign_body=True,
            unsigned=(name,),
        )


@pytest.mark.parametrize("unsigned", ["content-length", None, 5, ["n", None], [b"n"], b"n"])
def test_unsigned_is_a_list_of_names(unsigned: Any) -> None:
    """Text is also a sequence, of its characters."""
    with pytest.raises(UsageError) as caught:
        Signer().sign(
            "POST", "/", [HOST, ("n", "1")], b"", PLAIN, REGION, SERVICE, DATE, unsigned=unsigned
        )
    assert caught.value.kind == "type"


def test_method_is_signed_as_it_is() -> None:
    for method in ("GET", "get", "M-SEARCH", "x!#$%&'*+.^_`|~1"):
        assert (
            Signer()
            .sign(method, "/", [HOST], b"", PLAIN, REGION, SERVICE, DATE)
            .canonical_request.startswith(method + "\n/\n")
        )


@pytest.mark.parametrize(
    "method", ["", " ", "GET ", "G ET", "GET\n", "GET\r\nX: y", "G\xcaT", "GET/", "(GET)"]
)
def test_method_rejected(method: str) -> None:
    with pytest.raises(UsageError) as caught:
        Signer().sign(method, "/", [HOST], b"", PLAIN, REGION, SERVICE, DATE)
    assert caught.value.rule == "SIG-002"


@pytest.mark.parametrize(
    "value",
    ["", " ", "us east", "us-east-1 ", "us/east", "us-east-1\n", "\xfcs", "\0", "\x7f", "a\x1fb"],
)
def test_region_and_service_rejected(value: str) -> None:
    for region, service in ((value, SERVICE), (REGION, value)):
        with pytest.raises(UsageError) as caught:
            Signer().sign("GET", "/", [HOST], b"", PLAIN, region, service, DATE)
        assert caught.value.rule == "SIG-020"


def test_region_of_every_other_character() -> None:
    region = "".join(chr(number) for number in range(0x21, 0x7F) if chr(number) not in "/,")
    result = Signer().sign("GET", "/", [HOST], b"", PLAIN, region, region, DATE)
    verify("GET", "/", result.headers, b"", PLAIN, region, region, DATE)


@pytest.mark.parametrize("region, service", [("us,east", SERVICE), (REGION, "sage,maker")])
def test_a_comma_in_the_scope_is_rejected_or_verifies(region: str, service: str) -> None:
    try:
        result = Signer().sign("GET", "/", [HOST], b"", PLAIN, region, service, DATE)
    except UsageError as error:
        assert error.rule == "SIG-020"
    else:
        verify("GET", "/", result.headers, b"", PLAIN, region, service, DATE)


# ---- rules by example: presign -----------------------------------------------------------------


def test_presigned_by_number() -> None:
    result = Signer().presign(
        "GET",
        "/a?z=1&X-Amz-Date=old&=&b",
        [HOST, ("X-Amz-Date", "old"), ("a", "1")],
        b"body",
        TEMPORARY,
        REGION,
        SERVICE,
        DATE,
        60,
    )
    query = "&".join(
        [
            "=",
            "X-Amz-Algorithm=AWS4-HMAC-SHA256",
            "X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fsagemaker%2Faws4_request",
            "X-Amz-Date=20150830T123600Z",
            "X-Amz-Expires=60",
            "X-Amz-Security-Token=EXAMPLE%2FSESSION%2BTOKEN%3D%3D",
            "X-Amz-SignedHeaders=a%3Bhost",
            "b=",
            "z=1",
        ]
    )
    assert result.canonical_request == "\n".join(
        [
            "GET",
            "/a",
            query,
            "a:1",
            "host:example.amazonaws.com",
            "",
            "a;host",
            hashlib.sha256(b"body").hexdigest(),
        ]
    )
    assert result.string_to_sign == "\n".join(
        [
            "AWS4-HMAC-SHA256",
            DATE,
            SCOPE,
            hashlib.sha256(result.canonical_request.encode()).hexdigest(),
        ]
    )
    assert result.signature == signature_by_hand(result.canonical_request)
    assert result.target == f"/a?{query}&X-Amz-Signature={result.signature}"


def test_presigned_token_omitted_comes_after_the_signed_part() -> None:
    result = Signer().presign(
        "GET", "", [HOST], b"", TEMPORARY, REGION, SERVICE, DATE, 60, omit_session_token=True
    )
    plain = Signer().presign("GET", "/", [HOST], b"", PLAIN, REGION, SERVICE, DATE, 60)
    assert (
        result.canonical_request == plain.canonical_request
        and "Token" not in result.canonical_request
    )
    token = "&X-Amz-Security-Token=EXAMPLE%2FSESSION%2BTOKEN%3D%3D"
    assert result.target == plain.target.replace("&X-Amz-Signature=", token + "&X-Amz-Signature=")
    verify("GET", result.target, [HOST], b"", TEMPORARY, REGION, SERVICE, DATE)


def test_presign_again_replaces_its_own() -> None:
    """It replaces parameters with encoded names, but not the date and token headers."""
    first = Signer().presign(
        "GET", "/p?x=1", [HOST], b"", TEMPORARY, REGION, SERVICE, later(-9), 61
    )
    target = first.target.replace("X-Amz-Date", "X%2dAmz-Date")
    headers = [HOST, ("x-amz-date", "old"), ("X-Amz-Security-Token", "old")]
    for credentials in (TEMPORARY, PLAIN):
        again = Signer().presign(
            "GET", target, headers, b"", credentials, REGION, SERVICE, DATE, 60
        )
        assert again == Signer().presign(
            "GET", "/p?x=1", [HOST], b"", credentials, REGION, SERVICE, DATE, 60
        )


def test_parameters_of_other_case_are_the_callers_own() -> None:
    result = Signer().presign(
        "GET",
        "/?x-amz-signature=1&x-amz-date=2&X-AMZ-EXPIRES=3",
        [HOST],
        b"",
        PLAIN,
        REGION,
        SERVICE,
        DATE,
        60,
    )
    assert result.canonical_request.split("\n")[2].endswith("&x-amz-date=2&x-amz-signature=1")
    assert "?X-AMZ-EXPIRES=3&" in result.target
    verify("GET", result.target, [HOST], b"", PLAIN, REGION, SERVICE, DATE)


def test_presign_keeps_the_path_unchanged() -> None:
    result = Signer().presign(
        "GET",
        "/a/../%2f b/\u1234",
        [HOST],
        b"",
        PLAIN,
        REGION,
        SERVICE,
        DATE,
        60,
        double_encode=False,
    )
    assert result.target.startswith("/a/../%2f b/\u1234?X-Amz-")
    assert result.canonical_request.split("\n")[1] == "/%2f%20b/%E1%88%B4"
    raw = Signer().presign(
        "GET", "/a/../%2f", [HOST], b"", PLAIN, REGION, SERVICE, DATE, 60, normalize=False
    )
    assert raw.canonical_request.split("\n")[1] == "/a/../%252f"


@pytest.mark.parametrize("expires", [1, 2, 604799, 604800])
def test_expires_in_range(expires: int) -> None:
    result = Signer().presign("GET", "/", [HOST], b"", PLAIN, REGION, SERVICE, DATE, expires)
    assert f"&X-Amz-Expires={expires}&" in result.target
    verify("GET", result.target, [HOST], b"", PLAIN, REGION, SERVICE, later(expires))
    assert (
        refusal(
            verify, "GET", result.target, [HOST], b"", PLAIN, REGION, SERVICE, later(expires + 1)
        ).kind
        == "expired"
    )


@pytest.mark.parametrize(
    "expires, expected_kind",
    [
        (0, "constraint"),
        (-1, "constraint"),
        (604801, "constraint"),
        (10**30, "constraint"),
        (True, "type"),
        ("60", "type"),
        (60.0, "type"),
        (None, "type"),
        (b"60", "type"),
    ],
)
def test_expires_rejected(expires: Any, expected_kind: str) -> None:
    with pytest.raises(UsageError) as caught:
        Signer().presign("GET", "/", [HOST], b"", PLAIN, REGION, SERVICE, DATE, expires)
    assert (caught.value.kind, caught.value.rule) == (expected_kind, "SIG-031")


# ---- rules by example: time --------------------------------------------------------------------

FIRST, LAST = -62135596800, 253402300799  # years 1 and 9999


@pytest.mark.parametrize(
    "seconds, amz_date",
    [
        (0, "19700101T000000Z"),
        (1440938160, DATE),
        (-1, "19691231T235959Z"),
        (951782399, "20000228T235959Z"),
        (951782400, "20000229T000000Z"),
        (FIRST, "00010101T000000Z"),
        (LAST, "99991231T235959Z"),
        (-30610224000, "10000101T000000Z"),
        (-30610224001, "09991231T235959Z"),
    ],
)
def test_time(seconds: int, amz_date: str) -> None:
    assert amz_date_of(seconds) == amz_date
    assert seconds_of(amz_date) == seconds and type(seconds_of(amz_date)) is int
    if seconds >= 0:
        assert amz_date_of(seconds + 0.75) == amz_date
    if seconds == 0:
        assert amz_date_of(0.9999999) == amz_date  # cut, not rounded


@examples(100)
@given(st.integers(FIRST, LAST))
def test_time_there_and_back(seconds: int) -> None:
    assert seconds_of(amz_date_of(seconds)) == seconds
    assert len(amz_date_of(seconds)) == 16


@for_each(
    "amz_date",
    [
        "",
        "20150830",
        "20150830T123600",
        "20150830T123600z",
        "20150830t123600Z",
        "2015-08-30T12:36:00Z",
        "20150830T123600Z ",
        " 20150830T123600Z",
        "20150830T123600Z\n",
        "20150230T000000Z",
        "20150229T000000Z",
        "19000229T000000Z",
        "20151301T000000Z",
        "20150001T000000Z",
        "20150100T000000Z",
        "20150132T000000Z",
        "20150830T240000Z",
        "20150830T126000Z",
        "20150830T123660Z",
        "00000101T000000Z",
        "\u0662\u0660\u0661\u0665\u0660\u0668\u0663\u0660T\u0661\u0662\u0663\u0666\u0660\u0660Z",
        "\uff12\uff10150830T123600Z",
        "+2150830T123600Z",
        "20150830T123600Z,20150830T123600Z",
        "20150830 123600Z",
        "20150830T12360Z",
        "120150830T123600Z",
        "20150830T123600\xb2Z",
    ],
)
def test_invalid_amz_date(amz_date: str) -> None:
    with pytest.raises(UsageError) as caught:
        seconds_of(amz_date)
    assert caught.value.rule == "SIG-016"
    with pytest.raises(UsageError):
        Signer().sign("GET", "/", [HOST], b"", PLAIN, REGION, SERVICE, amz_date)


@pytest.mark.parametrize(
    "seconds", [math.nan, math.inf, -math.inf, FIRST - 1, LAST + 1, 1e300, 10**30, None, [], "now"]
)
def test_invalid_time(seconds: Any) -> None:
    with pytest.raises(UsageError) as caught:
        amz_date_of(seconds)
    assert caught.value.rule == "SIG-016" and str(caught.value)


def test_an_error_can_show_a_number_of_any_size() -> None:
    huge = 10**5000
    for call in (
        lambda: amz_date_of(huge),
        lambda: Signer().presign("GET", "/", [HOST], b"", PLAIN, REGION, SERVICE, DATE, huge),
    ):
        with pytest.raises(UsageError) as caught:
            call()
        assert len(str(caught.value)) < 400


# ---- signing by hand ---------------------------------------------------------------------------

BODY = b'{"inputs": "Hi"}'
BODY_HASH = hashlib.sha256(BODY).hexdigest()
DATED = ("x-amz-date", DATE)
TOKENED = ("x-amz-security-token", TOKEN)


def signature_by_hand(
    canonical: str, scope: str = SCOPE, amz_date: str = DATE, secret_key: str = SECRET_KEY
) -> str:
    key = b"AWS4" + secret_key.encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    hashed = hashlib.sha256(canonical.encode("latin-1")).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{amz_date}\n{scope}\n{hashed}"
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def canonical_by_hand(names: str, headers: Pairs, query: str = "", hashed: str = BODY_HASH) -> str:
    """Return a canonical request of POST /p. Names and values must already be canonical."""
    lines = []
    for name in names.split(";"):
        values = [value for other, value in headers if other.lower() == name.lower()]
        lines.append(f"{name}:{','.join(values)}\n")
    return "\n".join(["POST", "/p", query, "".join(lines), names, hashed])


def hand_signed(
    headers: Pairs,
    names: Optional[str] = None,
    scope: str = SCOPE,
    amz_date: str = DATE,
    form: str = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/%(scope)s, "
    "SignedHeaders=%(names)s, Signature=%(signature)s",
) -> Pairs:
    """Return headers with an Authorization whose signature is correct for what it claims."""
    names = ";".join(sorted({name for name, _ in headers})) if names is None else names
    signature = signature_by_hand(canonical_by_hand(names, headers), scope, amz_date)
    return headers + [
        ("authorization", form % {"scope": scope, "names": names, "signature": signature})
    ]


def check(
    headers: Pairs,
    credentials: Credentials = PLAIN,
    target: str = "/p",
    body: bytes = BODY,
    now: str = DATE,
    **options: Any,
) -> None:
    verify("POST", target, headers, body, credentials, REGION, SERVICE, now, **options)


GOOD = [("content-type", "text/plain"), HOST, DATED]


def hand_presigned(
    changes: Optional[Dict[str, Optional[str]]] = None,
    headers: Optional[Pairs] = None,
    names: Optional[str] = None,
    more: Optional[Pairs] = None,
    unsigned: str = "",
) -> str:
    """Return a target whose signature is correct for what it claims.

    changes: parameters to replace, or to leave out if None
    """
    headers = [HOST] if headers is None else headers
    names = ";".join(sorted(name for name, _ in headers)) if names is None else names
    parameters: Dict[str, Optional[str]] = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": ACCESS_KEY + "/" + SCOPE,
        "X-Amz-Date": DATE,
        "X-Amz-Expires": "60",
        "X-Amz-SignedHeaders": names,
    }
    parameters.update(changes or {})
    pairs = [(name, value) for name, value in parameters.items() if value is not None] + (
        more or []
    )
    query = "&".join(
        "{}={}".format(*pair)
        for pair in sorted(
            (quote(name, safe="-._~"), quote(value, safe="-._~")) for name, value in pairs
        )
    )
    credential = parameters["X-Amz-Credential"] or ACCESS_KEY + "/" + SCOPE
    signature = signature_by_hand(
        canonical_by_hand(names, headers, query),
        credential.partition("/")[2],
        parameters["X-Amz-Date"] or "",
    )
    return f"/p?{query}{unsigned}&X-Amz-Signature={signature}"


# ---- verify: the server's refusals, one fault each ---------------------------------------------


def test_hand_signed_is_accepted() -> None:
    check(hand_signed(GOOD))
    check(hand_signed(GOOD + [TOKENED]), TEMPORARY)
    check([HOST], target=hand_presigned())
    check([HOST], TEMPORARY, target=hand_presigned({"X-Amz-Security-Token": TOKEN}))
    check([("a", "1"), HOST], target=hand_presigned(headers=[("a", "1"), HOST]))


def test_hand_signed_is_what_sign_makes() -> None:
    assert (
        Signer().sign("POST", "/p", GOOD, BODY, PLAIN, REGION, SERVICE, DATE).authorization
        == hand_signed(GOOD)[-1][1]
    )
    assert (
        Signer().presign("POST", "/p", [HOST], BODY, PLAIN, REGION, SERVICE, DATE, 60).target
        == hand_presigned()
    )


def test_unsigned_request() -> None:
    assert refusal(check, GOOD).rule == "SIG-040"
    assert (
        refusal(check, GOOD, target="/p?x-amz-signature=0").rule == "SIG-040"
    )  # the parameters' case counts


def test_signed_in_both_places() -> None:
    for value in ("", "Basic x", hand_signed([HOST])[-1][1]):
        error = refusal(check, [HOST, ("authorization", value)], target=hand_presigned())
        assert error.rule == "SIG-040" and error.expected == "one of them"
    error = refusal(check, hand_signed(GOOD), target="/p?X-Amz-Signature=0")
    assert error.rule == "SIG-040" and error.expected == "one of them"


@pytest.mark.parametrize(
    "algorithm",
    ["AWS4-ECDSA-P256-SHA256", "AWS4-HMAC-SHA512", "aws4-hmac-sha256", "AWS", "Bearer", ""],
)
def test_another_algorithm(algorithm: str) -> None:
    form = (
        algorithm
        + " Credential=AKIDEXAMPLE/%(scope)s, SignedHeaders=%(names)s, Signature=%(signature)s"
    )
    error = refusal(check, hand_signed(GOOD, form=form))
    assert error.rule == "SIG-040" and (error.expected == "AWS4-HMAC-SHA256" or not algorithm)
    error = refusal(check, [HOST], target=hand_presigned({"X-Amz-Algorithm": algorithm}))
    assert (
        error.rule == "SIG-040"
        and error.expected == "AWS4-HMAC-SHA256"
        and error.actual == algorithm
    )


def test_absent_algorithm_in_the_query() -> None:
    assert (
        refusal(check, [HOST], target=hand_presigned({"X-Amz-Algorithm": None})).expected
        == "AWS4-HMAC-SHA256"
    )


CREDENTIAL, NAMES, SIGNATURE = (
    "Credential=AKIDEXAMPLE/%(scope)s",
    "SignedHeaders=%(names)s",
    "Signature=%(signature)s",
)


@pytest.mark.parametrize(
    "parts",
    [
        [NAMES, SIGNATURE],
        [CREDENTIAL, SIGNATURE],
        [CREDENTIAL, NAMES],
        [],
        ["x"],
        [CREDENTIAL, NAMES, SIGNATURE, "x"],
        [CREDENTIAL, NAMES, SIGNATURE, SIGNATURE],
        [CREDENTIAL, CREDENTIAL, NAMES, SIGNATURE],
        [CREDENTIAL, NAMES, NAMES, SIGNATURE],
        [CREDENTIAL, NAMES, SIGNATURE, ""],
        [CREDENTIAL, NAMES, SIGNATURE, "Region=x"],
        [CREDENTIAL.lower(), NAMES, SIGNATURE],
    ],
)
def test_parts_missing_or_doubled(parts: List[str]) -> None:
    error = refusal(check, hand_signed(GOOD, form="AWS4-HMAC-SHA256 " + ", ".join(parts)))
    assert error.rule == "SIG-040" and error.expected == "Credential, SignedHeaders, Signature"


@pytest.mark.parametrize(
    "form",
    [
        ", ".join([SIGNATURE, NAMES, CREDENTIAL]),
        ", ".join([NAMES, CREDENTIAL, SIGNATURE]),
        ",".join([CREDENTIAL, NAMES, SIGNATURE]),
        " , ".join([CREDENTIAL, NAMES, SIGNATURE]),
        "  " + ",\t".join([CREDENTIAL, NAMES, SIGNATURE]) + " ",
        ",\r\n ".join([CREDENTIAL, NAMES, SIGNATURE]),
    ],
)
def test_parts_in_another_order_or_spacing(form: str) -> None:
    check(hand_signed(GOOD, form="AWS4-HMAC-SHA256 " + form))


@pytest.mark.parametrize("name", ["X-Amz-Credential", "X-Amz-SignedHeaders"])
def test_query_parts_missing_or_doubled(name: str) -> None:
    expected = "Credential, SignedHeaders, Signature"
    assert refusal(check, [HOST], target=hand_presigned({name: None})).expected == expected
    value = {"X-Amz-Credential": ACCESS_KEY + "/" + SCOPE, "X-Amz-SignedHeaders": "host"}[name]
    assert refusal(check, [HOST], target=hand_presigned(more=[(name, value)])).expected == expected


def test_query_signature_doubled() -> None:
    target = hand_presigned()
    assert (
        refusal(check, [HOST], target=target + "&" + target.rpartition("&")[2]).expected
        == "Credential, SignedHeaders, Signature"
    )


def test_query_in_another_order_or_encoding() -> None:
    path, query = split_target(hand_presigned(more=[("q", "~/")]))
    pieces = query.split("&")
    check([HOST], target=path + "?" + "&".join(reversed(pieces)))
    check(
        [HOST],
        target=path
        + "?&"
        + "&&".join(pieces).replace("%2F", "%2f").replace("~", "%7e").replace("X-Amz", "X%2DAmz"),
    )


def test_authorization_twice() -> None:
    headers = hand_signed(GOOD)
    assert refusal(check, headers + headers[-1:]).rule == "SIG-040"
    assert refusal(check, headers + [("Authorization", "")]).rule == "SIG-040"
    check(iter(headers))
    assert (
        refusal(check, iter(headers + headers[-1:])).rule == "SIG-040"
    )  # also where the headers can be read once only


def test_authorization_in_two_lines() -> None:
    """Authorization does not allow a list (RFC 9110, 11.6.2), so two lines do not make one."""
    headers = hand_signed(GOOD)
    first, _, second = headers[-1][1].rpartition(", ")
    assert (
        refusal(check, GOOD + [("Authorization", first), ("authorization", second)]).rule
        == "SIG-040"
    )


@pytest.mark.parametrize(
    "names",
    [
        "x-amz-date;host;content-type",
        "host;content-type;x-amz-date",
        "Content-Type;Host;X-Amz-Date",
        "Host;x-amz-date",
        "Content-Type;host;x-amz-date",
        "content-type;host;host;x-amz-date",
        "absent;content-type;host;x-amz-date",
        "host;x-amz-date;",
        ";host;x-amz-date",
        "",
        "host, x-amz-date",
        "host x-amz-date",
    ],
)
def test_signed_headers_must_be_sorted_lower_case_present(names: str) -> None:
    headers = GOOD + [HOST] if "absent" not in names else GOOD
    assert refusal(
        check, hand_signed(headers if names.count("host") > 1 else GOOD, names)
    ).rule in ("SIG-045", "SIG-040")
    if "," not in names:
        assert refusal(check, hand_signed(GOOD, names)).rule == "SIG-045"
        assert (
            refusal(
                check, GOOD, target=hand_presigned({"X-Amz-SignedHeaders": names}, GOOD, names)
            ).rule
            == "SIG-045"
        )


@pytest.mark.parametrize(
    "headers, names",
    [
        (GOOD, "content-type;x-amz-date"),
        (GOOD, "content-type;host"),
        (GOOD + [("x-amz-foo", "1")], "content-type;host;x-amz-date"),
        (GOOD + [("X-Amz-Foo", "1")], "host;x-amz-date"),
        (GOOD + [("x-amz-", "1")], "host;x-amz-date"),
    ],
)
def test_headers_that_must_be_signed(headers: Pairs, names: str) -> None:
    error = refusal(check, hand_signed(headers, names))
    assert error.rule == "SIG-045" and error.actual in ("host", "x-amz-date", "x-amz-foo", "x-amz-")
    check(hand_signed(headers, ";".join(sorted(name.lower() for name, _ in headers))))


def test_headers_that_must_be_signed_in_a_presigned_request() -> None:
    headers = [HOST, ("a", "1"), ("x-amz-foo", "1")]
    assert (
        refusal(check, headers, target=hand_presigned(headers=headers, names="a;x-amz-foo")).actual
        == "host"
    )
    assert (
        refusal(check, headers, target=hand_presigned(headers=headers, names="a;host")).actual
        == "x-amz-foo"
    )
    check(headers, target=hand_presigned(headers=headers, names="host;x-amz-foo"))


@pytest.mark.parametrize(
    "name",
    ["content-type", "x-amzn-trace-id", "x-amzn-sagemaker-accept", "xamz-foo", "via", "host2"],
)
def test_headers_that_need_not_be_signed(name: str) -> None:
    check(hand_signed([HOST, DATED, (name, "1")], "host;x-amz-date"))
    check(hand_signed([HOST, DATED, (name, "1")], ";".join(sorted(["host", "x-amz-date", name]))))


def test_a_caller_may_sign_what_we_never_sign() -> None:
    headers = sorted(
        [HOST, DATED, ("user-agent", "x"), ("accept-encoding", "gzip"), ("x-forwarded-for", "1")]
    )
    check(hand_signed(headers))
    assert (
        refusal(check, [pair for pair in hand_signed(headers) if pair[0] != "user-agent"]).rule
        == "SIG-045"
    )


@pytest.mark.parametrize("value", ["", " ", "\t"])
def test_host_empty(value: str) -> None:
    assert refusal(check, hand_signed([("host", value.strip()), DATED])).rule == "SIG-014"
    assert (
        refusal(check, [("host", value)], target=hand_presigned(headers=[("host", "")])).rule
        == "SIG-014"
    )


@pytest.mark.parametrize(
    "scope",
    [
        "20150829/us-east-1/sagemaker/aws4_request",
        "20150830/us-west-1/sagemaker/aws4_request",
        "20150830/us-east-1/s3/aws4_request",
        "20150830/us-east-1/sagemaker/aws4",
        "20150830/us-east-1/sagemaker/aws4_request/",
        "20150830/us-east-1/sagemaker",
        "",
        "20150830T123600Z/us-east-1/sagemaker/aws4_request",
        "20150830/US-EAST-1/sagemaker/aws4_request",
        "/us-east-1/sagemaker/aws4_request",
    ],
)
def test_scope(scope: str) -> None:
    error = refusal(check, hand_signed(GOOD, scope=scope))
    assert (error.rule, error.expected, error.actual) == ("SIG-044", SCOPE, scope)
    error = refusal(
        check, [HOST], target=hand_presigned({"X-Amz-Credential": ACCESS_KEY + "/" + scope})
    )
    assert (error.rule, error.expected, error.actual) == ("SIG-044", SCOPE, scope)


@pytest.mark.parametrize(
    "access_key", ["AKIDEXAMPL", "AKIDEXAMPLE2", "akidexample", "", "AKIAIOSFODNN7EXAMPLE", "\xe9"]
)
def test_another_access_key(access_key: str) -> None:
    form = (
        "AWS4-HMAC-SHA256 Credential="
        + access_key
        + "/%(scope)s, SignedHeaders=%(names)s, Signature=%(signature)s"
    )
    assert refusal(check, hand_signed(GOOD, form=form)).rule == "SIG-044"
    assert (
        refusal(
            check, [HOST], target=hand_presigned({"X-Amz-Credential": access_key + "/" + SCOPE})
        ).rule
        == "SIG-044"
    )


def test_another_secret() -> None:
    other = Credentials(ACCESS_KEY, OTHER_SECRET_KEY)
    assert refusal(check, hand_signed(GOOD), other).rule == "SIG-041"
    assert refusal(check, [HOST], other, target=hand_presigned()).rule == "SIG-041"


@pytest.mark.parametrize("token", [None, "", "other", TOKEN[:-1], TOKEN + "=", TOKEN.lower()])
def test_token_missing_or_other(token: Optional[str]) -> None:
    extra = [] if token is None else [("x-amz-security-token", token)]
    assert refusal(check, hand_signed(GOOD + extra), TEMPORARY).rule == "SIG-046"
    assert (
        refusal(
            check, [HOST], TEMPORARY, target=hand_presigned({"X-Amz-Security-Token": token})
        ).rule
        == "SIG-046"
    )


def test_token_extra() -> None:
    assert refusal(check, hand_signed(GOOD + [TOKENED])).rule == "SIG-046"
    assert (
        refusal(check, [HOST], target=hand_presigned({"X-Amz-Security-Token": TOKEN})).rule
        == "SIG-046"
    )


def test_token_in_the_other_place() -> None:
    assert (
        refusal(
            check,
            hand_signed(GOOD),
            TEMPORARY,
            target="/p?X-Amz-Security-Token=" + quote(TOKEN, safe=""),
        ).rule
        == "SIG-046"
    )
    assert refusal(check, [HOST, TOKENED], TEMPORARY, target=hand_presigned()).rule == "SIG-046"


def test_token_unsigned_is_accepted() -> None:
    check(hand_signed(GOOD + [TOKENED], "content-type;host;x-amz-date"), TEMPORARY)
    check(
        [HOST],
        TEMPORARY,
        target=hand_presigned(unsigned="&X-Amz-Security-Token=" + quote(TOKEN, safe="")),
    )


@pytest.mark.parametrize(
    "value",
    [
        "UNSIGNED-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "",
        EMPTY_HASH,
        BODY_HASH.upper(),
        "0",
    ],
)
def test_content_hash_wrong(value: str) -> None:
    headers = [HOST, ("x-amz-content-sha256", value), DATED]
    error = refusal(check, hand_signed(headers))
    assert (error.rule, error.kind, error.expected, error.actual) == (
        "SIG-047",
        "signature",
        BODY_HASH,
        value,
    )
    headers = [HOST, ("x-amz-content-sha256", value)]
    assert refusal(check, headers, target=hand_presigned(headers=headers)).rule == "SIG-047"


def test_content_hash_right() -> None:
    check(hand_signed([HOST, ("x-amz-content-sha256", BODY_HASH), DATED]))


def test_a_hash_of_the_body_in_the_query_has_no_meaning() -> None:
    check([HOST], target=hand_presigned(more=[("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")]))
    target = "/?X-Amz-Content-Sha256=0"
    for request in (
        Signer().sign("GET", target, [HOST], b"", PLAIN, REGION, SERVICE, DATE).canonical_request,
        Signer().presign("GET", target, [HOST], b"", PLAIN, REGION, SERVICE, DATE, 60).target,
    ):
        assert "X-Amz-Content-Sha256=0" in request


def test_unsigned_payload_as_the_hash() -> None:
    canonical = canonical_by_hand("host;x-amz-date", [HOST, DATED], hashed="UNSIGNED-PAYLOAD")
    headers = hand_signed(
        [HOST, DATED],
        form=f"AWS4-HMAC-SHA256 {CREDENTIAL}, {NAMES}, Signature={signature_by_hand(canonical)}",
    )
    assert refusal(check, headers).rule == "SIG-041"


def test_date_missing_or_twice() -> None:
    assert refusal(check, hand_signed([HOST])).rule == "SIG-016"  # no date
    assert (
        refusal(check, hand_signed([HOST, ("date", "Sun, 30 Aug 2015 12:36:00 GMT")])).rule
        == "SIG-016"
    )
    assert (
        refusal(check, hand_signed([HOST, DATED, DATED], amz_date=f"{DATE},{DATE}")).rule
        == "SIG-016"
    )
    assert refusal(check, [HOST], target=hand_presigned({"X-Amz-Date": None})).rule == "SIG-016"


@pytest.mark.parametrize(
    "amz_date",
    ["20150830", "20150830T123600", "20150830T246000Z", "20150830t123600Z", "20150830T123600Z\xa0"],
)
def test_date_malformed(amz_date: str) -> None:
    error = refusal(check, hand_signed([HOST, ("x-amz-date", amz_date)], amz_date=amz_date))
    assert (error.rule, error.kind, error.actual) == ("SIG-016", "signature", amz_date)
    assert (
        refusal(check, [HOST], target=hand_presigned({"X-Amz-Date": "20150830T"})).rule == "SIG-016"
    )


def test_clock_skew() -> None:
    headers = hand_signed(GOOD)
    for seconds in (-300, -1, 0, 1, 300):
        check(headers, now=later(seconds))
    error = refusal(check, headers, now=later(301))
    assert (error.kind, error.rule) == ("expired", "SIG-042")
    assert (
        error.message == "Signature expired: 20150830T123600Z is now earlier than "
        "20150830T123601Z (20150830T124101Z - 5 min.)"
    )
    error = refusal(check, headers, now=later(-301))
    assert (error.kind, error.rule) == ("expired", "SIG-042")
    assert (
        error.message == "Signature not yet current: 20150830T123600Z is still later than "
        "20150830T123559Z (20150830T123059Z + 5 min.)"
    )


def test_clock_skew_of_another_size() -> None:
    headers = hand_signed(GOOD)
    for seconds in (-90, 90):
        check(headers, now=later(seconds), max_skew=90)
        check(headers, now=later(10 * seconds), max_skew=900)
    error = refusal(check, headers, now=later(91), max_skew=90)
    assert error.kind == "expired" and "(20150830T123731Z - 1.5 min.)" in str(error)
    assert refusal(check, headers, now=later(-91), max_skew=90).kind == "expired"
    check(headers, max_skew=0)
    assert refusal(check, headers, now=later(1), max_skew=0).kind == "expired"


@pytest.mark.parametrize(
    "max_skew, expected_kind",
    [
        (-1, "constraint"),
        (604801, "constraint"),
        (10**30, "constraint"),
        (None, "type"),
        ("300", "type"),
        (300.0, "type"),
        (True, "type"),
    ],
)
def test_max_skew_rejected(max_skew: Any, expected_kind: str) -> None:
    with pytest.raises(UsageError) as caught:
        check(hand_signed(GOOD), max_skew=max_skew)
    assert caught.value.kind == expected_kind
    check(hand_signed(GOOD), now=later(604800), max_skew=604800)


def test_clock_skew_at_the_ends_of_time() -> None:
    for date, now in (("00010101T000000Z", LAST), ("99991231T235959Z", FIRST)):
        result = Signer().sign("GET", "/", [HOST], b"", PLAIN, REGION, SERVICE, date)
        assert (
            refusal(
                verify, "GET", "/", result.headers, b"", PLAIN, REGION, SERVICE, amz_date_of(now)
            ).kind
            == "expired"
        )
        verify("GET", "/", result.headers, b"", PLAIN, REGION, SERVICE, date)
        presigned = Signer().presign("GET", "/", [HOST], b"", PLAIN, REGION, SERVICE, date, 604800)
        assert (
            refusal(
                verify,
                "GET",
                presigned.target,
                [HOST],
                b"",
                PLAIN,
                REGION,
                SERVICE,
                amz_date_of(now),
            ).kind
            == "expired"
        )


def test_presigned_window() -> None:
    for expires, inside, outside in (
        (60, (-300, 0, 59, 60), (-301, 61)),
        (604800, (-300, 0, 301, 604800), (-301, 604801)),
    ):
        target = hand_presigned({"X-Amz-Expires": str(expires)})
        for seconds in inside:
            check([HOST], target=target, now=later(seconds))
        for seconds in outside:
            error = refusal(check, [HOST], target=target, now=later(seconds))
            assert (error.kind, error.rule) == ("expired", "SIG-042" if seconds < 0 else "SIG-043")
    error = refusal(check, [HOST], target=hand_presigned(), now=later(61))
    assert error.message == "Signature expired: 20150830T123701Z is now later than 20150830T123700Z"
    check([HOST], target=hand_presigned(), now=later(50), max_skew=0)


@pytest.mark.parametrize(
    "expires",
    [
        None,
        "",
        "0",
        "-1",
        "604801",
        "999999",
        "1000000",
        "0000060",
        "060",
        "1e3",
        "60.0",
        " 60",
        "60 ",
        "60\n",
        "x",
        "\u0666\u0660",
        "+60",
        "9" * 5000,
    ],
)
def test_expires_bad(expires: Optional[str]) -> None:
    assert (
        refusal(check, [HOST], target=hand_presigned({"X-Amz-Expires": expires})).rule == "SIG-031"
    )


@pytest.mark.parametrize("expires", ["1", "60", "604800"])
def test_expires_good(expires: str) -> None:
    check([HOST], target=hand_presigned({"X-Amz-Expires": expires}))


@pytest.mark.parametrize("signature", ["", "0", "0" * 64, "f" * 63, "\xe9" * 64])
def test_signature_wrong(signature: str) -> None:
    headers = hand_signed(GOOD)
    wrong = headers[:-1] + [("authorization", headers[-1][1].rpartition("=")[0] + "=" + signature)]
    assert refusal(check, wrong).rule == "SIG-041"
    target = hand_presigned().rpartition("=")[0] + "=" + quote(signature.encode("latin-1"))
    assert refusal(check, [HOST], target=target).rule == "SIG-041"


def test_signature_in_upper_case_is_wrong() -> None:
    headers = hand_signed(GOOD)
    name, value = headers[-1]
    head, _, signature = value.rpartition("=")
    assert refusal(check, headers[:-1] + [(name, head + "=" + signature.upper())]).rule == "SIG-041"


@for_each("position", range(64))
def test_every_character_of_the_signature_counts(position: int) -> None:
    value = hand_signed(GOOD)[-1][1]
    at = len(value) - 64 + position
    changed = value[:at] + ("0" if value[at] != "0" else "1") + value[at + 1 :]
    assert refusal(check, GOOD + [("authorization", changed)]).rule == "SIG-041"


@pytest.mark.parametrize(
    "method, target, headers, body",
    [
        ("GE T", "/p", GOOD, BODY),
        ("", "/p", GOOD, BODY),
        ("POST", "p", GOOD, BODY),
        ("POST", "http://example/p", GOOD, BODY),
        ("POST", "/p", GOOD + [("a b", "c")], BODY),
        ("POST", "/p", GOOD + [("a", "b\r\nc")], BODY),
        ("POST", "/p", GOOD + [("a", "\u0100")], BODY),
        ("POST", "/p", GOOD, "text"),
        ("POST", "/p?\ud800", GOOD, BODY),
        ("POST", "/p\ud800", GOOD, BODY),
        (None, "/p", GOOD, BODY),
        ("POST", None, GOOD, BODY),
        ("POST", b"/p", GOOD, BODY),
        ("POST", "/p", None, BODY),
        ("POST", "/p", [("a",)], BODY),
    ],
)
def test_an_invalid_request_is_a_signature_error(
    method: Any, target: Any, headers: Any, body: Any
) -> None:
    signed = hand_signed(GOOD)[-1:]
    headers = headers + signed if headers else headers
    error = refusal(verify, method, target, headers, body, PLAIN, REGION, SERVICE, DATE)
    assert error.kind == "signature" and error.message and error.rule != "SIG-041"


@pytest.mark.parametrize(
    "credentials, region, service, amz_date",
    [
        (None, REGION, SERVICE, DATE),
        ((ACCESS_KEY, SECRET_KEY), REGION, SERVICE, DATE),
        (PLAIN, "", SERVICE, DATE),
        (PLAIN, None, SERVICE, DATE),
        (PLAIN, REGION, "a/b", DATE),
        (PLAIN, REGION, 5, DATE),
        (PLAIN, REGION, SERVICE, "now"),
        (PLAIN, REGION, SERVICE, None),
    ],
)
def test_an_invalid_configuration_is_a_usage_error(
    credentials: Any, region: Any, service: Any, amz_date: Any
) -> None:
    with pytest.raises(UsageError):
        verify("POST", "/p", hand_signed(GOOD), BODY, credentials, region, service, amz_date)


def test_options_of_verify() -> None:
    for target, options in (
        ("/a/../b//%2f", {"normalize": False}),
        ("/a%2fb", {"double_encode": False}),
        ("/%41/./", {"normalize": False, "double_encode": False}),
    ):
        headers = (
            Signer()
            .sign("GET", target, [HOST], b"", PLAIN, REGION, SERVICE, DATE, **options)
            .headers
        )
        verify("GET", target, headers, b"", PLAIN, REGION, SERVICE, DATE, **options)
        assert (
            refusal(verify, "GET", target, headers, b"", PLAIN, REGION, SERVICE, DATE).rule
            == "SIG-041"
        )


# ---- verify: evidence, and how it decides ------------------------------------------------------


def test_a_wrong_signature_has_the_values_of_the_server() -> None:
    error = refusal(check, hand_signed(GOOD), Credentials(ACCESS_KEY, OTHER_SECRET_KEY))
    assert error.canonical_request == canonical_by_hand("content-type;host;x-amz-date", GOOD)
    digest = hashlib.sha256(error.canonical_request.encode()).hexdigest()
    assert error.string_to_sign == f"AWS4-HMAC-SHA256\n{DATE}\n{SCOPE}\n{digest}"
    for text in (str(error), repr(error)):
        assert "text/plain" not in text and digest not in text and "\n" not in text
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), copy.kind, copy.rule, str(copy)) == (
        SignatureError,
        "signature",
        "SIG-041",
        str(error),
    )


def test_a_wrong_presigned_signature_has_the_values_with_the_token() -> None:
    """The token is signed by default, so the evidence has the request with the token."""
    presigned = Signer().presign("POST", "/p", [HOST], BODY, TEMPORARY, REGION, SERVICE, DATE, 60)
    error = refusal(
        check, [HOST], Credentials(ACCESS_KEY, OTHER_SECRET_KEY, TOKEN), target=presigned.target
    )
    assert error.canonical_request == presigned.canonical_request
    assert error.string_to_sign == presigned.string_to_sign


def test_an_earlier_rejection_has_no_values() -> None:
    error = refusal(check, GOOD)
    assert error.canonical_request is None and error.string_to_sign is None


@pytest.mark.parametrize("place", ["header", "query"])
def test_compare_digest_decides(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: List[Tuple[bytes, bytes]] = []

    def answer(verdict: Callable[[bytes, bytes], bool]) -> None:
        compared.clear()

        def compare(first: bytes, second: bytes) -> bool:
            compared.append((first, second))
            return verdict(first, second)

        monkeypatch.setattr(sigv4_verification.hmac, "compare_digest", compare)

    if place == "header":
        good, right = (hand_signed(GOOD), "/p"), hand_signed(GOOD)[-1][1][-64:]
        bad = (good[0][:-1] + [("authorization", good[0][-1][1][:-64] + "0" * 64)], "/p")
    else:
        good, right = ([HOST], hand_presigned()), hand_presigned()[-64:]
        bad = ([HOST], good[1][:-64] + "0" * 64)
    answer(lambda first, second: True)
    check(bad[0], target=bad[1])  # nothing else looks at the signature
    assert {first for first, second in compared if second == b"0" * 64} == {right.encode()}
    answer(lambda first, second: right.encode() not in (first, second))
    assert refusal(check, good[0], target=good[1]).rule == "SIG-041"
    answer(lambda first, second: ACCESS_KEY.encode() not in (first, second))
    assert refusal(check, good[0], target=good[1]).rule == "SIG-044"
    answer(lambda first, second: TOKEN.encode() not in (first, second))
    assert refusal(check, hand_signed(GOOD + [TOKENED]), TEMPORARY).rule == "SIG-046"


# ---- properties --------------------------------------------------------------------------------

# Raw request lines are any text without control characters. Only paths exclude '?' and '#'.
_line = st.characters(blacklist_categories=("Cc", "Cs"))
_tricky = st.sampled_from(
    [
        "%",
        "%2f",
        "%2F",
        "%zz",
        "%41",
        "%25",
        "&",
        "=",
        "+",
        ";",
        "/",
        "//",
        "/.",
        "/..",
        "/../",
        "~",
        " ",
        "a",
        "?",
        "\xe9",
        "\u1234",
    ]
)
paths = st.lists(st.one_of(_tricky, st.text(_line, max_size=5)), max_size=8).map(
    lambda parts: "/" + "".join(parts).replace("?", "")
)
queries = st.lists(st.one_of(_tricky, st.text(_line, max_size=5)), max_size=8).map("".join)
methods = st.one_of(
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "get"]),
    st.text("!#$%&'*+-.^_`|~09AZaz", min_size=1, max_size=8),
)
tokens = st.text("!#$%&'*+-.^_`|~0123456789ABCXYZabcxyz", min_size=1, max_size=12)
names = st.one_of(
    st.sampled_from(
        [
            "a",
            "A",
            "b",
            "Content-Type",
            "X-Amz-Target",
            "x-amzn-sagemaker-accept",
            "User-Agent",
            "X-Forwarded-For",
            "Date",
        ]
    ),
    tokens.filter(
        lambda name: (
            name.lower() not in ("host", "authorization") and not name.lower().startswith("x-amz-")
        )
    ),
)
values = st.lists(
    st.one_of(
        st.sampled_from([" ", "  ", "\t", "\r\n ", "\n\t", ",", '"', "\xa0", "\xe9", "=", ";"]),
        st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=5),
    ),
    max_size=6,
).map("".join)
keys = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=20)
scope_parts = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E, blacklist_characters="/,"),
    min_size=1,
    max_size=12,
)


@st.composite
def header_lists(draw: Any) -> Pairs:
    pairs = draw(st.lists(st.tuples(names, values), max_size=5))
    pairs.insert(
        draw(st.integers(0, len(pairs))),
        (draw(st.sampled_from(["Host", "host", "HOST"])), draw(values.filter(str.strip))),
    )
    return pairs


credential_values = st.builds(
    Credentials,
    keys.filter(lambda key: "/" not in key and "," not in key),
    keys,
    st.one_of(st.none(), st.just(""), keys),
)


class Sent(NamedTuple):
    """A request as received, and the configuration of its server."""

    method: str
    target: str
    headers: Pairs
    body: bytes
    credentials: Credentials
    region: str
    service: str
    amz_date: str
    normalize: bool
    double_encode: bool
    presigned: bool

    def verify(self) -> None:
        verify(*self[:-1])

    def other(self, **changes: str) -> "Sent":
        parts = {
            name: getattr(self.credentials, name)
            for name in ("access_key", "secret_key", "session_token")
        }
        parts.update(changes)
        return self._replace(credentials=Credentials(**parts))


@st.composite
def sent_requests(draw: Any) -> Sent:
    method, path, query = draw(methods), draw(paths), draw(queries)
    target = path + draw(st.sampled_from(["?", ""])) + query if not query else path + "?" + query
    headers, body, credentials = (
        draw(header_lists()),
        draw(st.binary(max_size=20)),
        draw(credential_values),
    )
    where = (
        draw(scope_parts),
        draw(scope_parts),
        amz_date_of(draw(st.integers(FIRST, LAST - 604801))),
    )
    options = {"normalize": draw(st.booleans()), "double_encode": draw(st.booleans())}
    more = {"omit_session_token": draw(st.booleans())}
    presigned = draw(st.booleans())
    signer = Signer()
    if presigned:
        expires = draw(st.integers(1, 604800))
        target = signer.presign(
            method, target, headers, body, credentials, *where, expires=expires, **options, **more
        ).target
        headers = [pair for pair in headers if pair[0].lower() != "authorization"]
    else:
        more["sign_body"] = draw(st.booleans())
        headers = list(
            signer.sign(
                method, target, headers, body, credentials, *where, **options, **more
            ).headers
        )
    return Sent(
        method,
        target,
        headers,
        body,
        credentials,
        *where,
        options["normalize"],
        options["double_encode"],
        presigned,
    )


def changed_header(sent: Sent, pick: int, change: Callable[[str], Optional[str]]) -> Sent:
    """Change one header, or drop it if change returns None. Headers that are never signed stay."""
    places = [index for index, (name, _) in enumerate(sent.headers) if is_signed(name.lower())]
    place = places[pick % len(places)]
    name, value = sent.headers[place]
    new = change(value)
    return sent._replace(
        headers=sent.headers[:place]
        + ([(name, new)] if new is not None else [])
        + sent.headers[place + 1 :]
    )


def changed_signature(sent: Sent, pick: int) -> Sent:
    """Change one of the 64 digits of the signature, in its header or its query."""
    text = sent.target if sent.presigned else sent.headers[-1][1]
    at = len(text) - 64 + pick % 64
    text = text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :]
    return (
        sent._replace(target=text)
        if sent.presigned
        else sent._replace(headers=sent.headers[:-1] + [("authorization", text)])
    )


def changed_date(sent: Sent) -> Sent:
    """The request claims to be a second later than it was signed."""
    new = later(1, sent.amz_date)
    if sent.presigned:
        return sent._replace(
            target=sent.target.replace("X-Amz-Date=" + sent.amz_date, "X-Amz-Date=" + new)
        )
    return sent._replace(
        headers=[(name, new if name == "x-amz-date" else value) for name, value in sent.headers]
    )


ALTERATIONS: Dict[str, Callable[[Sent, int], Sent]] = {
    "method": lambda sent, pick: sent._replace(method=sent.method + "X"),
    "method case": lambda sent, pick: sent._replace(
        method=sent.method.swapcase() if sent.method.swapcase() != sent.method else "X"
    ),
    "path": lambda sent, pick: sent._replace(
        target=re.sub(r"\A[^?]*", lambda match: (match.group() or "/") + "z", sent.target, count=1)
    ),
    "query": lambda sent, pick: sent._replace(
        target=sent.target + ("&" if "?" in sent.target else "?") + "z=1"
    ),
    "query doubled": lambda sent, pick: sent._replace(
        target=sent.target.partition("?")[0] + "?q&" + sent.target.partition("?")[2]
    ),
    "header": lambda sent, pick: changed_header(sent, pick, lambda value: value + "z"),
    "header gone": lambda sent, pick: changed_header(sent, pick, lambda value: None),
    "header doubled": lambda sent, pick: sent._replace(
        headers=sent.headers + [next(p for p in sent.headers if p[0].lower() == "host")]
    ),
    "body": lambda sent, pick: sent._replace(body=sent.body + b"z"),
    "body byte": lambda sent, pick: sent._replace(
        body=bytes([sent.body[0] ^ 1]) + sent.body[1:] if sent.body else b"\0"
    ),
    "date": lambda sent, pick: changed_date(sent),
    "region": lambda sent, pick: sent._replace(region=sent.region + "z"),
    "service": lambda sent, pick: sent._replace(service="z" + sent.service),
    "access key": lambda sent, pick: sent.other(access_key=sent.credentials.access_key + "z"),
    "secret key": lambda sent, pick: sent.other(secret_key=sent.credentials.secret_key + "z"),
    "token": lambda sent, pick: sent.other(
        session_token=(sent.credentials.session_token or "") + "z"
    ),
    "signature": changed_signature,
    "too late": lambda sent, pick: sent._replace(amz_date=later(604801, sent.amz_date)),
    "x-amz header": lambda sent, pick: sent._replace(headers=sent.headers + [("X-Amz-Meta", "")]),
}


@pytest.mark.slow
@examples(200)
@given(sent_requests())
def test_a_signed_request_verifies(sent: Sent) -> None:
    sent.verify()


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(ALTERATIONS))
@examples(40)
@given(sent=sent_requests(), pick=st.integers(0, 1000))
def test_an_altered_request_does_not_verify(name: str, sent: Sent, pick: int) -> None:
    altered = ALTERATIONS[name](sent, pick)
    assert altered != sent
    error = refusal(altered.verify)
    assert (
        error.kind == ("expired" if name == "too late" else "signature")
        and str(error)
        and repr(error)
    )


proxy_names = st.sampled_from(
    [
        "X-Forwarded-For",
        "x-forwarded-port",
        "User-Agent",
        "x-amzn-trace-id",
        "ACCEPT-ENCODING",
        "Via",
        "te",
    ]
)


@pytest.mark.slow
@examples(100)
@given(sent_requests(), proxy_names, values)
def test_headers_that_a_proxy_adds_are_ignored(sent: Sent, name: str, value: str) -> None:
    if not any(other.lower() == "via" for other, _ in sent.headers):
        sent._replace(headers=[(name, value)] + sent.headers).verify()


@pytest.mark.slow
@examples(100)
@given(sent_requests(), st.randoms(use_true_random=False))
def test_headers_that_a_proxy_rewrites_are_ignored(sent: Sent, random: Any) -> None:
    """Header order, the case of names, white space around values, and query order."""
    groups: Dict[str, Pairs] = {}
    for name, value in sent.headers:
        groups.setdefault(name.lower(), []).append((name.swapcase(), f" \t{value}  "))
    order = sorted(groups)
    random.shuffle(order)
    path, query = split_target(sent.target)
    pieces = query.split("&")
    random.shuffle(pieces)
    sent._replace(
        headers=[pair for name in order for pair in groups[name]],
        target=path + "?" + "&".join(pieces),
    ).verify()


@examples(200)
@given(paths)
def test_canonical_uri_is_idempotent(path: str) -> None:
    assert normalize_path(normalize_path(path)) == normalize_path(path)
    once = canonical_uri(path, double_encode=False)
    assert canonical_uri(once, double_encode=False) == once
    assert re.fullmatch(r"(/|[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})+", once)
    assert re.fullmatch(r"(/|[A-Za-z0-9._~-]|%[0-9A-F]{2})+", canonical_uri(path))
    assert (
        not {"", ".", ".."} & set(normalize_path(path).strip("/").split("/"))
        or normalize_path(path) == "/"
    )
    assert canonical_uri(path) == quote(normalize_path(path), safe="/~")


@examples(200)
@given(queries)
def test_canonical_query_string_is_idempotent(query: str) -> None:
    once = canonical_query_string(query)
    assert canonical_query_string(once) == once
    assert sorted(decode_query(once)) == sorted(decode_query(query))
    pairs = [tuple(piece.split("=")) for piece in once.split("&")] if once else []
    assert pairs == sorted(pairs) and all(len(pair) == 2 for pair in pairs)
    assert re.fullmatch(r"([A-Za-z0-9._~=&-]|%[0-9A-F]{2})*", once)


@pytest.mark.slow
@examples(200)
@given(values)
def test_canonical_value_is_idempotent(value: str) -> None:
    once = canonical_value(value)
    assert canonical_value(once) == once
    assert not re.search(r"[\r\n\t]|  |\A | \Z", once)
    assert re.sub(r"[ \t\r\n]", "", once) == re.sub(r"[ \t\r\n]", "", value)


@pytest.mark.slow
@examples(200)
@given(st.text(max_size=12))
def test_any_text_is_canonical_or_rejected(text: str) -> None:
    for call in (
        canonical_value,
        canonical_uri,
        canonical_query_string,
        split_target,
        seconds_of,
        lambda name: collect_headers([(name, "x")]),
    ):
        try:
            call(text)
        except UsageError as error:
            assert str(error) and repr(error)


_part = st.one_of(
    st.sampled_from(
        [
            "Credential=" + ACCESS_KEY + "/" + SCOPE,
            "SignedHeaders=host;x-amz-date",
            "Signature=" + "0" * 64,
            "SignedHeaders=",
            "Credential=/",
            "=",
            "",
        ]
    ),
    st.text(max_size=6),
)
_parameter = st.sampled_from(
    [
        "X-Amz-Algorithm=AWS4-HMAC-SHA256",
        "X-Amz-Credential=" + quote(ACCESS_KEY + "/" + SCOPE),
        "X-Amz-Date=" + DATE,
        "X-Amz-Date=%ff",
        "X-Amz-Expires=60",
        "X-Amz-Expires=%b2",
        "X-Amz-SignedHeaders=host",
        "X-Amz-Signature=0",
        "X-Amz-Signature=%c3%a9",
        "X-Amz-Security-Token=%ff",
        "X-Amz-=",
        "%ff",
        "&",
    ]
)


@pytest.mark.slow
@examples(300)
@given(
    methods,
    st.lists(_parameter, max_size=9),
    st.one_of(st.none(), st.lists(_part, max_size=5)),
    values,
    queries,
)
def test_any_invalid_claim_is_a_signature_error(
    method: str, parameters: List[str], parts: Optional[List[str]], value: str, query: str
) -> None:
    headers = [HOST, DATED, ("a", value)]
    if parts is not None:
        headers.append(("authorization", "AWS4-HMAC-SHA256 " + ", ".join(parts)))
    error = refusal(
        verify,
        method,
        "/?" + "&".join(parameters) + "&" + query,
        headers,
        b"",
        PLAIN,
        REGION,
        SERVICE,
        DATE,
    )
    assert error.kind == "signature" and str(error)


# ---- wrong arguments ---------------------------------------------------------------------------


class Odd:
    """An object of a type that no function accepts."""


class Hostile:
    """An object whose methods raise."""

    def _fail(self, *arguments: Any) -> Any:
        raise RuntimeError("not for this")

    __bool__ = __len__ = __eq__ = __ne__ = __lt__ = __repr__ = __str__ = _fail
    __float__ = __int__ = __index__ = __add__ = __mod__ = __format__ = __contains__ = _fail
    __hash__ = None  # type: ignore[assignment]


def released_view() -> memoryview:
    view = memoryview(b"x")
    view.release()
    return view


JUNK: List[Any] = [
    "",
    "x",
    "/",
    "\r\n",
    "\0",
    "\u1234",
    "\ud800",
    "/\ud800",
    b"",
    b"x",
    b"\xff",
    memoryview(b"abcd")[::2],
    None,
    0,
    -1,
    10**30,
    10**5000,
    1.5,
    math.nan,
    True,
    (),
    {},
    {"a": 1},
    {1: "a"},
    set(),
    object,
    Odd(),
    Hostile(),
    [Hostile()],
    [("a", Hostile())],
    {"host": Hostile()},
    released_view(),
    bytearray(b"x"),
    [],
    [1],
    ["ab"],
    [None],
    [("a",)],
    [("a", None)],
    [(None, "a")],
    [(b"a", b"b")],
    [("a", "b", "c")],
    [["a", ["b"]]],
]

SIGNING = ["POST", "/p", GOOD, BODY, PLAIN, REGION, SERVICE, DATE]
VERIFYING_HEADERS = hand_signed(GOOD)
CALLS: Dict[str, Tuple[Callable[..., object], List[Any]]] = {
    "Credentials": (Credentials, [ACCESS_KEY, SECRET_KEY, TOKEN, 0.0]),
    "Signer": (Signer, [16]),
    "amz_date_of": (amz_date_of, [0]),
    "seconds_of": (seconds_of, [DATE]),
    "uri_encode": (uri_encode, [b"a"]),
    "split_target": (split_target, ["/"]),
    "normalize_path": (normalize_path, ["/"]),
    "canonical_uri": (canonical_uri, ["/", True, True]),
    "canonical_uri, raw": (canonical_uri, ["/", False, False]),
    "decode_query": (decode_query, ["a"]),
    "canonical_query_string": (canonical_query_string, ["a"]),
    "canonical_value": (canonical_value, ["a"]),
    "canonical_name": (canonical_name, ["a"]),
    "is_signed": (is_signed, ["a"]),
    "must_be_signed": (must_be_signed, ["a"]),
    "collect_headers": (collect_headers, [GOOD]),
    "select_signed": (select_signed, [{"host": "a"}]),
    "canonical_headers": (canonical_headers, [{"host": "a"}]),
    "signed_headers": (signed_headers, [["host"]]),
    "payload_hash": (payload_hash, [b""]),
    "canonical_request": (canonical_request, ["GET", "/", "", {"host": "a"}, EMPTY_HASH]),
    "credential_scope": (credential_scope, [DATE, REGION, SERVICE]),
    "string_to_sign": (string_to_sign, [DATE, SCOPE, "x"]),
    "derive_signing_keys": (derive_signing_keys, [SECRET_KEY, "20150830", REGION, SERVICE]),
    "calculate_signature": (calculate_signature, [b"key", "x"]),
    "authorization_header": (authorization_header, [ACCESS_KEY, SCOPE, "host", EMPTY_HASH]),
    "sign": (Signer().sign, SIGNING + [True, True, False, False, ["a"]]),
    "presign": (Signer().presign, SIGNING + [60, True, True, False]),
    "verify": (
        verify,
        ["POST", "/p", hand_signed(GOOD), BODY, PLAIN, REGION, SERVICE, DATE, True, True, 300],
    ),
}


def test_every_public_function_is_tried() -> None:
    """The NamedTuples are only values, so they accept anything."""
    public = {
        name
        for name, value in vars(sigv4).items()
        if callable(value) and getattr(value, "__module__", "").startswith(sigv4.__name__)
    }
    values_only = {"SigningKeys", "SignedRequest", "PresignedRequest"}
    assert public - values_only == {name for name in CALLS if "," not in name} - {"sign", "presign"}


def outcome(call: Callable[..., object], arguments: List[Any]) -> str:
    """Return "fine", or the class of the error, which must have a text without secrets."""
    try:
        call(*arguments)
    except Error as error:
        try:
            assert str(error) and SECRET_KEY not in str(error)
        except Exception as second:
            return f"{type(error).__name__}, then {type(second).__name__}"
        return type(error).__name__
    except Exception as error:
        return type(error).__name__
    return "fine"


@for_each("name", sorted(CALLS))
def test_wrong_arguments_raise_only_our_errors(name: str) -> None:
    call, good = CALLS[name]
    assert outcome(call, good) == "fine"
    escaped = []
    for position in range(len(good)):
        allowed = {"fine", "UsageError", "ConfigurationError"}
        if name == "verify":
            allowed = (
                {"fine", "SignatureError"}
                if position < 4
                else {"fine", "SignatureError", "UsageError"}
            )
        for number, junk in enumerate(JUNK):
            came = outcome(call, good[:position] + [junk] + good[position + 1 :])
            if came not in allowed:
                escaped.append(
                    f"argument {position}, junk {number} ({type(junk).__name__}): {came}"
                )
    assert not escaped


TYPED = [
    (name, position)
    for name in sorted(CALLS)
    for position in range(len(CALLS[name][1]))
    if name != "Credentials" and not (name == "verify" and position < 4)
]


@for_each("name, position", TYPED)
def test_a_type_error_names_the_argument(name: str, position: int) -> None:
    call, good = CALLS[name]
    with pytest.raises(UsageError) as caught:
        call(*good[:position], Odd(), *good[position + 1 :])
    error = caught.value
    assert error.kind == "type" and error.actual == "Odd" and error.expected
    assert error.message.endswith(" has the wrong type") and "argument" not in error.message


class _Broken:
    """A hash function in the place of hashlib.sha256 that OpenSSL does not provide."""

    def __call__(self, *arguments: object) -> Any:
        raise ValueError("[digital envelope routines] unsupported")


@pytest.mark.parametrize("broken", ["hash", "hmac.digest", "hmac.new"])
def test_a_failure_of_openssl_is_reported_as_such(
    broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A half-configured FIPS mode makes hashlib and hmac raise ValueError."""
    if broken == "hash":
        monkeypatch.setattr(sigv4_values.hashlib, "sha256", _Broken())
    elif broken == "hmac.digest":
        monkeypatch.setattr(sigv4_values, "_one_shot_hmac", _Broken())
    else:
        monkeypatch.setattr(sigv4_values, "_one_shot_hmac", None)
        monkeypatch.setattr(sigv4_values.hmac, "new", _Broken())
    calls: List[Callable[[], object]] = [
        lambda: Signer().sign(*SIGNING),
        lambda: Signer().presign(*SIGNING, expires=60),
        lambda: verify("POST", "/p", VERIFYING_HEADERS, BODY, PLAIN, REGION, SERVICE, DATE),
    ]
    if broken == "hash":
        calls += [lambda: payload_hash(b""), lambda: string_to_sign(DATE, SCOPE, "x")]
    else:
        calls += [
            lambda: derive_signing_keys(SECRET_KEY, "20150830", REGION, SERVICE),
            lambda: calculate_signature(b"key", "x"),
        ]
    for call in calls:
        with pytest.raises(ConfigurationError) as caught:
            call()
        assert "cannot compute" in str(caught.value)
        assert "[digital envelope routines] unsupported" in str(caught.value)
        assert SECRET_KEY not in str(caught.value)


def test_a_bug_is_not_reported_as_a_wrong_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    for bug in (TypeError("a bug"), ValueError("a bug"), LookupError("a bug")):

        def fail(*arguments: object, error: Exception = bug) -> Any:
            raise error

        monkeypatch.setattr(sigv4_stages, "_encode_path", fail)
        with pytest.raises(type(bug), match="a bug"):
            Signer().sign("POST", "/a b", [HOST], b"", PLAIN, REGION, SERVICE, DATE)


@for_each(
    "call",
    [
        canonical_query_string,
        decode_query,
        canonical_uri,
        split_target,
        canonical_value,
        seconds_of,
    ],
)
@for_each("value", [None, b"", 0, []])
def test_an_empty_value_of_another_type_is_rejected(
    call: Callable[[Any], object], value: Any
) -> None:
    with pytest.raises(UsageError) as caught:
        call(value)
    assert caught.value.kind == "type"


@pytest.mark.parametrize(
    "headers",
    [
        None,
        5,
        "Host",
        b"host",
        ["ab", "cd", "x"],
        [None],
        [("a",)],
        [("a", "b", "c")],
        [("a", 1)],
        [("a", None)],
        [(1, "a")],
        [(b"a", b"b")],
    ],
)
def test_headers_of_the_wrong_type(headers: Any) -> None:
    for call in (
        lambda: collect_headers(headers),
        lambda: Signer().sign("GET", "/", headers, b"", PLAIN, REGION, SERVICE, DATE),
    ):
        with pytest.raises(UsageError) as caught:
            call()
        assert (caught.value.kind, caught.value.rule) == ("type", "SIG-025")


# ---- credentials and secrets -------------------------------------------------------------------


def test_credentials_are_values() -> None:
    first, second = (
        Credentials(ACCESS_KEY, SECRET_KEY, TOKEN, 5.0),
        Credentials(ACCESS_KEY, SECRET_KEY, TOKEN, 5.0),
    )
    assert first == second and hash(first) == hash(second) and len({first, second}) == 1
    assert (first.access_key, first.secret_key, first.session_token, first.expires) == (
        ACCESS_KEY,
        SECRET_KEY,
        TOKEN,
        5.0,
    )
    assert PLAIN.session_token is None and PLAIN.expires is None
    others = [
        Credentials("AKIAIOSFODNN7EXAMPLE", SECRET_KEY, TOKEN, 5.0),
        Credentials(ACCESS_KEY, OTHER_SECRET_KEY, TOKEN, 5.0),
        Credentials(ACCESS_KEY, SECRET_KEY, None, 5.0),
        Credentials(ACCESS_KEY, SECRET_KEY, TOKEN, 6.0),
        TEMPORARY,
    ]
    for other in others:
        assert first != other
    assert first != (ACCESS_KEY, SECRET_KEY, TOKEN, 5.0) and (first == "x") is False


@pytest.mark.parametrize(
    "arguments",
    [
        ("", SECRET_KEY),
        (ACCESS_KEY, ""),
        (None, SECRET_KEY),
        (ACCESS_KEY, None),
        (b"x", SECRET_KEY),
        (ACCESS_KEY, SECRET_KEY.encode()),
        (ACCESS_KEY, SECRET_KEY, 5),
        (ACCESS_KEY, SECRET_KEY, TOKEN.encode()),
        (ACCESS_KEY + " ", SECRET_KEY),
        (ACCESS_KEY, SECRET_KEY + " "),
        (ACCESS_KEY, SECRET_KEY + "\n"),
        (ACCESS_KEY, "\ufeff" + SECRET_KEY),
        (ACCESS_KEY, SECRET_KEY, TOKEN + "\r\n"),
        (ACCESS_KEY, SECRET_KEY, " "),
        (ACCESS_KEY, SECRET_KEY, "\x7f" + TOKEN),
        (SECRET_KEY, ACCESS_KEY),
        ("a,b", SECRET_KEY),
        (ACCESS_KEY, SECRET_KEY + "\xe9"),
        (ACCESS_KEY, "\0"),
    ],
)
def test_credentials_rejected_without_showing_them(arguments: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Credentials(*arguments)
    shown = str(caught.value) + repr(caught.value) + repr(caught.value.__dict__)
    assert (
        caught.value.kind == "configuration" and SECRET_KEY not in shown and "SESSION" not in shown
    )
    assert SECRET_KEY.encode() not in pickle.dumps(caught.value)


def test_credentials_say_which_part_is_wrong() -> None:
    for arguments, part in (
        (("", "b"), "access_key is empty"),
        (("a", ""), "secret_key is empty"),
        (("a", "b", " "), "session_token contains a space"),
        (("a b", "b"), "access_key contains"),
        (("a", 1), "secret_key has the wrong type"),
        (("a/b", "b"), "swapped"),
    ):
        with pytest.raises(ConfigurationError, match=part):
            Credentials(*arguments)  # type: ignore[arg-type]


def test_every_key_character_is_accepted() -> None:
    printable = "".join(map(chr, range(0x21, 0x7F)))
    credentials = Credentials(printable.replace("/", "").replace(",", ""), printable, printable)
    for omit in (False, True):
        headers = (
            Signer()
            .sign(
                "GET", "/", [HOST], b"", credentials, REGION, SERVICE, DATE, omit_session_token=omit
            )
            .headers
        )
        verify("GET", "/", headers, b"", credentials, REGION, SERVICE, DATE)
        presigned = Signer().presign(
            "GET", "/", [HOST], b"", credentials, REGION, SERVICE, DATE, 60, omit_session_token=omit
        )
        verify("GET", presigned.target, [HOST], b"", credentials, REGION, SERVICE, DATE)


def shows_nothing(value: object, *more: str) -> None:
    for text in (
        repr(value),
        str(value),
        f"{value}",
        f"{value!r}",
        f"{value}",
        ascii(value),
        repr([value]),
    ):
        for secret in (SECRET_KEY, TOKEN, quote(TOKEN, safe="")) + more:
            assert secret not in text


# SIG-048
def test_values_hide_their_secrets() -> None:
    signer = Signer()
    signed = signer.sign("POST", "/p", GOOD, BODY, TEMPORARY, REGION, SERVICE, DATE)
    presigned = signer.presign("POST", "/p", GOOD, BODY, TEMPORARY, REGION, SERVICE, DATE, 60)
    keys_of_today = derive_signing_keys(SECRET_KEY, "20150830", REGION, SERVICE)
    shows_nothing(TEMPORARY)
    shows_nothing(signer)
    shows_nothing(signed, signed.signature)
    shows_nothing(presigned, presigned.signature)
    shows_nothing(
        keys_of_today,
        *(key.hex() for key in keys_of_today),
        *(repr(key)[2:-1] for key in keys_of_today),
    )
    assert (
        repr(TEMPORARY)
        == "Credentials(access_key='AKIDEXAMPLE', secret_key=<hidden>, session_token=<hidden>)"
    )
    assert (
        repr(PLAIN)
        == "Credentials(access_key='AKIDEXAMPLE', secret_key=<hidden>, session_token=None)"
    )
    assert (
        repr(signed) == f"SignedRequest({SCOPE})"
        and repr(presigned) == f"PresignedRequest({SCOPE})"
    )
    assert (
        repr(keys_of_today) == "SigningKeys(<hidden>)"
        and repr(signer) == "Signer(<1 keys>)"
        and repr(Signer()) == "Signer(<0 keys>)"
    )


def rejected_calls() -> List[Callable[[], object]]:
    """Return one call for each error. All have credentials with a token."""
    signer = Signer()
    arguments: Dict[str, Any] = {
        "method": "POST",
        "target": "/p",
        "headers": GOOD,
        "body": BODY,
        "credentials": TEMPORARY,
        "region": REGION,
        "service": SERVICE,
        "amz_date": DATE,
    }

    def sign(**changes: Any) -> object:
        return signer.sign(**dict(arguments, **changes))

    other = Credentials(ACCESS_KEY, OTHER_SECRET_KEY, TOKEN)
    good = hand_signed(GOOD + [TOKENED])
    return [
        lambda: sign(method=""),
        lambda: sign(target="x"),
        lambda: sign(target="/\ud800"),
        lambda: sign(headers=[]),
        lambda: sign(headers=5),
        lambda: sign(headers=[("a", "\0")]),
        lambda: sign(body=""),
        lambda: sign(credentials=(ACCESS_KEY, SECRET_KEY, TOKEN)),
        lambda: sign(region=""),
        lambda: sign(service=None),
        lambda: sign(amz_date=""),
        lambda: signer.presign(**dict(arguments, expires=0)),
        lambda: check(GOOD, TEMPORARY),
        lambda: check(hand_signed(GOOD), TEMPORARY),
        lambda: check(good, PLAIN),
        lambda: check(hand_signed(GOOD + [("x-amz-security-token", TOKEN + "x")]), TEMPORARY),
        lambda: check(good, TEMPORARY, now=later(301)),
        lambda: check(hand_signed(GOOD + [TOKENED], scope="x"), TEMPORARY),
        lambda: check(hand_signed(GOOD + [TOKENED], "x"), TEMPORARY),
        lambda: check(good, TEMPORARY, body=b""),
        lambda: check(good, other),
        lambda: check([HOST], TEMPORARY, target=hand_presigned()),
        lambda: check([HOST], PLAIN, target=hand_presigned({"X-Amz-Security-Token": TOKEN})),
        lambda: check([HOST], other, target=hand_presigned({"X-Amz-Security-Token": TOKEN})),
    ]


CREDENTIALS = Credentials("AKIDEXAMPLE", "a-secret-value", "a-token-value")


def test_a_signer_shows_and_pickles_no_key() -> None:
    signer = Signer(max_keys=3)
    signer.sign("POST", "/", [("Host", "h")], b"", CREDENTIALS, "r", "s", "20150830T123600Z")
    derived = derive_signing_keys(CREDENTIALS.secret_key, "20150830", "r", "s").k_signing
    for shown in (repr(signer), str(vars(signer)), repr(list(vars(signer).values()))):
        assert CREDENTIALS.secret_key not in shown and repr(derived) not in shown
    pickled = pickle.dumps(signer)
    assert CREDENTIALS.secret_key.encode() not in pickled and derived not in pickled
    assert pickle.loads(pickled)._max_keys == 3


def test_credentials_cannot_be_pickled_and_a_copy_is_the_same_object() -> None:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(UsageError):
            pickle.dumps(CREDENTIALS, protocol)
    assert copy.copy(CREDENTIALS) is CREDENTIALS
    assert copy.deepcopy([CREDENTIALS]) == [CREDENTIALS]


@pytest.mark.parametrize(
    "parts",
    [
        ("AKID", "sec ret-value", None),
        ("AKID", "", "sec-ret-value"),
        ("AK/ID", "secret-value", None),
        ("AKID", "secret-value", "tok en-value"),
        ("AKID", 7, "token-value"),
    ],
)
def test_the_variables_of_rejected_credentials_are_not_shown(parts: Any) -> None:
    """Tools that show the variables of a traceback must neither crash nor show a secret."""
    with pytest.raises(ConfigurationError) as caught:
        Credentials(*parts)
    stack = traceback.StackSummary.extract(
        traceback.walk_tb(caught.value.__traceback__), capture_locals=True
    )
    shown = [str(frame.locals) for frame in stack if frame.filename == sigv4_credentials.__file__]
    assert shown
    for text in shown:
        assert "value" not in text.replace("a value", "")


def test_errors_hide_secrets() -> None:
    for call in rejected_calls():
        with pytest.raises(Error) as caught:
            call()
        shows_nothing(caught.value, OTHER_SECRET_KEY)
        pickled = pickle.dumps(caught.value)
        assert SECRET_KEY.encode() not in pickled and OTHER_SECRET_KEY.encode() not in pickled
        copy = pickle.loads(pickled)
        assert type(copy) is type(caught.value) and str(copy) == str(caught.value)


def test_pickled_errors_hide_the_session_token() -> None:
    shown = []
    for number, call in enumerate(rejected_calls()):
        with pytest.raises(Error) as caught:
            call()
        pickled = pickle.dumps(caught.value)
        if TOKEN.encode() in pickled or quote(TOKEN, safe="").encode() in pickled:
            shown.append((number, str(caught.value)))
    assert not shown


# ---- the key cache -----------------------------------------------------------------------------


def kept_keys(signer: Signer) -> int:
    return int(re.findall(r"\d+", repr(signer))[0])


@pytest.mark.parametrize("max_keys", [0, -1])
def test_rejects_an_invalid_max_keys(max_keys: int) -> None:
    try:
        signer = Signer(max_keys)
    except UsageError:
        return
    signer.sign("GET", "/", [HOST], b"", PLAIN, REGION, SERVICE, DATE)
    assert kept_keys(signer) == 0


# SIG-048
@pytest.mark.parametrize("max_keys", [1, 2, 16])
def test_the_cache_is_bounded(max_keys: int) -> None:
    signer = Signer(max_keys)
    most = 0
    for number in range(50):
        region = f"r{number % 40}"
        result = signer.sign("GET", "/", [HOST], b"", PLAIN, region, SERVICE, DATE)
        assert result == Signer().sign("GET", "/", [HOST], b"", PLAIN, region, SERVICE, DATE)
        most = max(most, kept_keys(signer))
    assert most == max_keys


def test_the_default_cache_keeps_sixteen() -> None:
    signer = Signer()
    counts = []
    for number in range(17):
        signer.sign("GET", "/", [HOST], b"", PLAIN, f"r{number}", SERVICE, DATE)
        counts.append(kept_keys(signer))
    assert counts[:16] == list(range(1, 17)) and counts[16] <= 16


def test_the_cache_avoids_the_derivation(monkeypatch: pytest.MonkeyPatch) -> None:
    derived: List[Tuple[Any, ...]] = []
    original = derive_signing_keys
    monkeypatch.setattr(
        sigv4_signer,
        "derive_signing_keys",
        lambda *arguments: derived.append(arguments) or original(*arguments),
    )
    signer = Signer()
    for hour in range(10):
        signer.sign(
            "GET",
            f"/{hour}",
            [HOST],
            b"",
            TEMPORARY if hour % 2 else PLAIN,
            REGION,
            SERVICE,
            f"20150830T0{hour}0000Z",
        )
        signer.presign(
            "GET",
            f"/{hour}",
            [HOST],
            b"",
            PLAIN,
            REGION,
            SERVICE,
            f"20150830T0{hour}0000Z",
            60,
        )
    assert derived == [(SECRET_KEY, "20150830", REGION, SERVICE)]


def test_the_cache_distinguishes_all_four_values() -> None:
    signer = Signer()
    for _ in range(2):
        for secret in (SECRET_KEY, OTHER_SECRET_KEY):
            for date in (DATE, later(86400)):
                for region, service in (
                    (REGION, SERVICE),
                    (SERVICE, REGION),
                    (REGION, "s3"),
                    ("us-west-2", SERVICE),
                ):
                    arguments = (
                        "GET",
                        "/",
                        [HOST],
                        b"",
                        Credentials(ACCESS_KEY, secret),
                        region,
                        service,
                        date,
                    )
                    assert signer.sign(*arguments) == Signer().sign(*arguments)
    assert kept_keys(signer) == 16


def test_threads_share_a_signer() -> None:
    signer = Signer(max_keys=3)
    jobs = [("GET", f"/{n}", [HOST], b"", PLAIN, f"r{n % 5}", SERVICE, DATE) for n in range(40)]
    expected = [Signer().sign(*job) for job in jobs]
    results: Dict[int, List[Any]] = {}
    interval = sys.getswitchinterval()

    def work(number: int) -> None:
        start = number * 5
        rotated = jobs[start:] + jobs[:start]
        found = [signer.sign(*job) for _ in range(5) for job in rotated][-len(jobs) :]
        results[number] = found[len(jobs) - start :] + found[: len(jobs) - start]

    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert results == dict.fromkeys(range(8), expected)
    assert kept_keys(signer) <= 3 + 8  # a thread may add one between another's look and its own


# ---- exceptions from SIG-045 -------------------------------------------------------------------

UNSIGNED_HASH = ("X-Amz-Content-Sha256", hashlib.sha256(b"").hexdigest())


def verify_with(header: Tuple[str, str], **options: Any) -> None:
    signed = Signer().sign("GET", "/", [HOST], b"", PLAIN, REGION, SERVICE, DATE)
    verify("GET", "/", [*signed.headers, header], b"", PLAIN, REGION, SERVICE, DATE, **options)


def test_a_caller_may_except_a_header_from_being_signed() -> None:
    with pytest.raises(SignatureError) as caught:
        verify_with(UNSIGNED_HASH)
    assert caught.value.rule == "SIG-045"
    verify_with(UNSIGNED_HASH, may_be_unsigned=["x-amz-content-sha256"])
    with pytest.raises(SignatureError) as caught:
        verify_with(("X-Amz-Target", "x"), may_be_unsigned=["x-amz-content-sha256"])
    assert caught.value.rule == "SIG-045"


def test_the_hash_of_another_body_is_rejected_even_if_it_may_be_unsigned() -> None:
    with pytest.raises(SignatureError) as caught:
        verify_with(("X-Amz-Content-Sha256", "0" * 64), may_be_unsigned=("x-amz-content-sha256",))
    assert caught.value.rule == "SIG-047"


@pytest.mark.parametrize(
    "names", ["x-amz-target", 7, [7], ["host"], ["x-amz-date"], ["X-Amz-Target"], ["content-type"]]
)
def test_other_exceptions_are_mistakes(names: Any) -> None:
    with pytest.raises(UsageError) as caught:
        verify_with(UNSIGNED_HASH, may_be_unsigned=names)
    assert caught.value.rule == "SIG-045"
