# SPDX-License-Identifier: MIT
"""Compare refimpl.sigv4 with botocore, awscrt (AWS's signer in C) and curl.

Both sides sign the same random requests, from a fixed seed, at the same time. The canonical request
(if the implementation shows it), the signature and the finished request must be equal, and `verify`
must accept what the implementation signed. Known differences are left out of the random requests
and listed in tables, with the values of both sides and the reason. Every row is tested, so a new
version that behaves differently fails its row.

The tests of an implementation that is not installed are skipped. The rows describe botocore 1.44.5,
awscrt 0.38.1 and curl 7.88.1 (November 2026). The random requests should agree with later versions.
"""

import datetime
import hashlib
import io
import random
import re
import shutil
import socketserver
import subprocess
import threading
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple
from urllib.parse import quote

import pytest

from refimpl.errors import SignatureError, UsageError
from refimpl.sigv4 import (
    Credentials,
    Signer,
    calculate_signature,
    decode_query,
    derive_signing_keys,
    split_target,
    string_to_sign,
    verify,
)

pytestmark = pytest.mark.slow

ACCESS_KEY = "AKIDEXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TOKEN = "EXAMPLE/SESSION+TOKEN=="
PLAIN = Credentials(ACCESS_KEY, SECRET_KEY)
TEMPORARY = Credentials(ACCESS_KEY, SECRET_KEY, TOKEN)
DATE = "20150830T123600Z"
REGION = "us-east-1"
SERVICE = "sagemaker"
SCOPE = "20150830/us-east-1/sagemaker/aws4_request"
WHERE = (REGION, SERVICE, DATE)
HOST = ("host", "example.amazonaws.com")
NOON = datetime.datetime(2015, 8, 30, 12, 36, tzinfo=datetime.timezone.utc)

Pairs = List[Tuple[str, str]]


def signature_of(canonical: str) -> str:
    """Return the signature of a canonical request that differs from ours."""
    key = derive_signing_keys(SECRET_KEY, DATE[:8], REGION, SERVICE).k_signing
    return calculate_signature(key, string_to_sign(DATE, SCOPE, canonical))


# ---- random requests ---------------------------------------------------------------------------

PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
FOREIGN = "\xa0\xdf\xe9\u0301\u1234\u2028\uff0f\ufeff\U0001f600"
UNRESERVED = "abzABZ019-._~"


class Request(NamedTuple):
    method: str
    target: str
    headers: Pairs
    body: bytes
    credentials: Credentials


class Randomly:
    """Makes the same random requests in every run.

    raw_path: any printable characters in paths, instead of only unreserved ones and escapes
    raw_query: empty, repeated and partly encoded pieces, instead of correctly encoded pairs
    repeated_keys: whether a query may have the same key several times
    """

    def __init__(
        self,
        seed: int,
        raw_path: bool = True,
        raw_query: bool = False,
        repeated_keys: bool = True,
        body: bool = True,
    ) -> None:
        self.random = random.Random(seed)
        self.raw_path, self.raw_query, self.repeated_keys, self.body = (
            raw_path,
            raw_query,
            repeated_keys,
            body,
        )

    def text(self, most: int = 6) -> str:
        alphabet = self.random.choice([PRINTABLE, PRINTABLE, UNRESERVED, PRINTABLE + FOREIGN])
        return "".join(self.random.choice(alphabet) for _ in range(self.random.randint(0, most)))

    def segment(self) -> str:
        chosen = self.random.choice(["", ".", "..", "%2f", "%2E%2e", None, None, None, None])
        if chosen is not None:
            return chosen
        text = self.text().replace("?", "").replace("#", "")
        return text if self.raw_path else quote(text, safe="-._~/")

    def key(self) -> str:
        return self.random.choice(["", "a", "A", "a-b", "a=", "\u1234", self.text(), self.text()])

    def piece(self, key: str) -> str:
        if self.raw_query:
            raw = self.random.choice(
                ["", "=", "=%2f", "=%2F", "=%7e", "=b=c", "=+", "=%00%ff", "=%25zz"]
            )
            return self.random.choice(
                [key.replace("%", "%25").replace("&", "") + raw, quote(key, safe="") + raw, ""]
            )
        value = self.text()
        return quote(key, safe="-._~") + (
            ""
            if key and not value and self.random.random() < 0.5
            else "=" + quote(value, safe="-._~")
        )

    def query(self) -> str:
        keys = [self.key() for _ in range(self.random.choice([0, 0, 1, 2, 3, 5]))]
        keys = (
            keys + keys[:2]
            if self.repeated_keys and self.random.random() < 0.3
            else list(dict.fromkeys(keys))
        )
        return "&".join(self.piece(key) for key in keys)

    def value(self) -> str:
        blank = self.random.choice(["", " ", "  ", "\t", " \t ", "\r\n ", "\n\t"])
        text = "".join(self.random.choice(PRINTABLE) for _ in range(self.random.randint(0, 12)))
        return blank + text + blank + self.random.choice(["", "z", '"a  b"'])

    def header_list(self) -> Pairs:
        names = [
            "content-type",
            "accept",
            "x-amzn-sagemaker-accept",
            "x-amz-target",
            "a",
            "a-b",
            "A.b",
            "a_b",
            "User-Agent",
            "X-Amzn-Trace-Id",
            "z",
        ]
        pairs = [
            (
                self.random.choice([str.lower, str.title, str.upper])(self.random.choice(names)),
                self.value(),
            )
            for _ in range(self.random.choice([0, 1, 2, 3, 8]))
        ]
        host = (
            self.random.choice(["host", "Host", "HOST"]),
            self.random.choice(["example.amazonaws.com", "localhost:8080", "[::1]:80"]),
        )
        pairs.insert(self.random.randint(0, len(pairs)), host)
        return pairs

    def request(self) -> Request:
        path = "/" + "/".join(self.segment() for _ in range(self.random.randint(0, 5)))
        query = self.query()
        body = (
            bytes(self.random.getrandbits(8) for _ in range(self.random.choice([0, 1, 50])))
            if self.body
            else b""
        )
        return Request(
            self.random.choice(["GET", "POST", "PUT", "M-SEARCH"]),
            path + ("?" + query if query else ""),
            self.header_list(),
            body,
            self.random.choice([PLAIN, TEMPORARY]),
        )


def test_the_random_requests_are_varied() -> None:
    """Agreement proves nothing if the generator makes only simple requests."""
    requests = [maker.request() for maker in [Randomly(1)] for _ in range(2500)]
    paths = "".join(split_target(request.target)[0] for request in requests)
    values = "".join(value for request in requests for _, value in request.headers)
    decoded = [decode_query(split_target(request.target)[1]) for request in requests]
    assert set(PRINTABLE) - set(paths) == set("?#") and set(FOREIGN) <= set(paths)
    assert set(PRINTABLE) <= set(values) and "\r\n " in values and "\t" in values
    assert set(PRINTABLE.encode()) <= {
        byte for pairs in decoded for _, value in pairs for byte in value
    }
    assert any(name == b"" for pairs in decoded for name, _ in pairs) and any(
        value == b"" for pairs in decoded for _, value in pairs
    )
    assert sum(len(pairs) > len({name for name, _ in pairs}) for pairs in decoded) > 100
    assert (
        sum(
            len(request.headers) > len({name.lower() for name, _ in request.headers})
            for request in requests
        )
        > 100
    )
    assert {request.credentials for request in requests} == {PLAIN, TEMPORARY} and any(
        request.body for request in requests
    )


# ---- botocore ----------------------------------------------------------------------------------


class Botocore:
    """Runs botocore's signers at a fixed time and keeps their canonical request."""

    def __init__(self, auth: Any) -> None:
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials as BotocoreCredentials

        self.auth, self.request_class, self.credentials_class = (
            auth,
            AWSRequest,
            BotocoreCredentials,
        )

    def run(
        self,
        signer_class: Any,
        request: Request,
        host: str = "example.amazonaws.com",
        region: str = REGION,
        service: str = SERVICE,
        **options: Any,
    ) -> Tuple[str, str, Any]:
        """Return botocore's canonical request, signature and finished request."""
        seen: List[str] = []

        class Recording(signer_class):  # type: ignore[misc]
            def canonical_request(self, request: Any) -> str:
                seen.append(super().canonical_request(request))
                return seen[-1]

            def signature(self, string_to_sign: str, request: Any) -> str:
                seen.append(super().signature(string_to_sign, request))
                return seen[-1]

        theirs = self.request_class(
            request.method, "http://" + host + request.target, data=request.body
        )
        for name, value in request.headers:
            theirs.headers.add_header(name, value)
        given = request.credentials
        credentials = self.credentials_class(
            given.access_key, given.secret_key, given.session_token
        )
        Recording(credentials, service, region, **options).add_auth(theirs)
        return seen[0], seen[1], theirs

    def sign(self, request: Request, **where: str) -> Tuple[str, str, Any]:
        return self.run(self.auth.SigV4Auth, request, **where)

    def presign(self, request: Request, expires: int, **where: str) -> Tuple[str, str, Any]:
        return self.run(self.auth.SigV4QueryAuth, request, expires=expires, **where)


@pytest.fixture
def botocore(monkeypatch: pytest.MonkeyPatch) -> Botocore:
    auth = pytest.importorskip("botocore.auth")
    if not hasattr(auth, "get_current_datetime"):
        pytest.skip(
            "this botocore's clock cannot be set (needs get_current_datetime in botocore.auth)"
        )
    monkeypatch.setattr(auth, "get_current_datetime", lambda *_, **__: NOON.replace(tzinfo=None))
    return Botocore(auth)


def target_of(url: str) -> str:
    assert url.startswith("http://example.amazonaws.com")
    return url[len("http://example.amazonaws.com") :]


@pytest.mark.parametrize("seed", range(5))
def test_botocore_agrees(botocore: Botocore, seed: int) -> None:
    maker = Randomly(seed)
    for _ in range(600):
        request = maker.request()
        ours = Signer().sign(*request, *WHERE)
        canonical, signature, theirs = botocore.sign(request)
        assert ours.canonical_request == canonical
        assert ours.signature == signature
        assert ours.authorization == theirs.headers["Authorization"]
        verify(
            request.method,
            request.target,
            theirs.headers.items(),
            request.body,
            request.credentials,
            *WHERE,
        )


def test_botocore_agrees_on_presigned_requests(botocore: Botocore) -> None:
    maker = Randomly(7, repeated_keys=False, body=False)
    for _ in range(800):
        request = maker.request()
        expires = maker.random.randint(1, 604800)
        ours = Signer().presign(*request, *WHERE, expires=expires)
        canonical, signature, theirs = botocore.presign(request, expires)
        assert ours.canonical_request == canonical
        assert ours.signature == signature
        assert sorted(decode_query(split_target(ours.target)[1])) == sorted(
            decode_query(split_target(target_of(theirs.url))[1])
        )
        verify(
            request.method,
            target_of(theirs.url),
            request.headers,
            request.body,
            request.credentials,
            *WHERE,
        )


def differing_lines(ours: str, theirs: str) -> Tuple[str, str]:
    first, second = ours.split("\n"), theirs.split("\n")
    return (
        "\n".join(line for line in first if line not in second),
        "\n".join(line for line in second if line not in first),
    )


# name: (target, header or None, our line, botocore's line). One line of the canonical request
# differs.
BOTOCORE_LINES: Dict[str, Tuple[str, Optional[Tuple[str, str]], str, str]] = {
    # It sorts the pieces of the query unchanged. SIG-008 asks to decode and encode them.
    "an empty piece of the query is kept": ("/?a&&b", None, "a=&b=", "=&a=&b="),
    "a plus sign in the query is not encoded": ("/?a=x+y", None, "a=x%2By", "a=x+y"),
    "an escape in lower case stays so": ("/?a=%2f", None, "a=%2F", "a=%2f"),
    "a lone per cent sign is not encoded": ("/?a=%zz", None, "a=%25zz", "a=%zz"),
    "an equals sign in a value is not encoded": ("/?a=b=c", None, "a=b%3Dc", "a=b=c"),
    "an escaped unreserved character stays escaped": ("/?%7E=~", None, "~=~", "%7E=~"),
    "a reserved character is not encoded": ("/?a=/:", None, "a=%2F%3A", "a=/:"),
    "Unicode in the query is not encoded": ("/?a=\u1234", None, "a=%E1%88%B4", "a=\u1234"),
    "the query is sorted unchanged": ("/?a/=1&a0=2", None, "a%2F=1&a0=2", "a/=1&a0=2"),
    # It takes a URL, not a request target.
    "a hash sign ends the path": ("/a#b", None, "/a%23b", "/a"),
    # str.split() treats more characters as white space than SP and HTAB. A proxy or server that
    # works on octets does not.
    "U+00A0 is a blank": ("/", ("x-t", "a\xa0 b"), "x-t:a\xa0 b", "x-t:a b"),
    "U+0085 is a blank": ("/", ("x-t", "a\x85"), "x-t:a\x85", "x-t:a"),
    "vertical tab is a blank": ("/", ("x-t", "a\x0bb"), "x-t:a\x0bb", "x-t:a b"),
    "form feed is a blank": ("/", ("x-t", "a\x0cb"), "x-t:a\x0cb", "x-t:a b"),
    "unit separator is a blank": ("/", ("x-t", "a\x1fb"), "x-t:a\x1fb", "x-t:a b"),
    # It trusts the header and does not hash the body.
    "the content hash is taken from its header": (
        "/",
        ("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
        hashlib.sha256(b"").hexdigest(),
        "UNSIGNED-PAYLOAD",
    ),
    # It signs headers that proxies add or rewrite, which causes 403 responses (SIG-015).
    "accept-encoding is signed": (
        "/",
        ("accept-encoding", "gzip"),
        "host;x-amz-date",
        "accept-encoding:gzip\naccept-encoding;host;x-amz-date",
    ),
    "x-forwarded-for is signed": (
        "/",
        ("x-forwarded-for", "::1"),
        "host;x-amz-date",
        "x-forwarded-for:::1\nhost;x-amz-date;x-forwarded-for",
    ),
}


@pytest.mark.parametrize("name", sorted(BOTOCORE_LINES))
def test_botocore_differs(botocore: Botocore, name: str) -> None:
    target, header, our_line, their_line = BOTOCORE_LINES[name]
    request = Request("GET", target, [HOST] + ([header] if header else []), b"", PLAIN)
    ours = Signer().sign(*request, *WHERE)
    canonical, signature, _ = botocore.sign(request)
    hidden = "UNSIGNED-PAYLOAD" if "content hash" in name else None  # both have it as a header
    assert (
        differing_lines(ours.canonical_request, canonical) == (our_line, their_line)
        or hidden
        and (ours.canonical_request.split("\n")[-1], canonical.split("\n")[-1])
        == (our_line, their_line)
    )
    assert ours.signature != signature


def test_botocore_hashes_header_values_as_utf8(botocore: Botocore) -> None:
    """http.client sends a header value as Latin-1, so botocore signs other octets than it sends."""
    request = Request("GET", "/", [HOST, ("x-t", "\xe9")], b"", PLAIN)
    ours = Signer().sign(*request, *WHERE)
    canonical, signature, _ = botocore.sign(request)
    assert ours.canonical_request == canonical and ours.signature != signature
    utf8 = Request("GET", "/", [HOST, ("x-t", "\xe9".encode().decode("latin-1"))], b"", PLAIN)
    assert Signer().sign(*utf8, *WHERE).signature == signature


def test_botocore_writes_the_method_in_upper_case(botocore: Botocore) -> None:
    request = Request("get", "/", [HOST], b"", PLAIN)
    assert differing_lines(
        Signer().sign(*request, *WHERE).canonical_request, botocore.sign(request)[0]
    ) == ("get", "GET")


def test_botocore_signs_the_date_header_in_place_of_its_own(botocore: Botocore) -> None:
    """It replaces a Date header and then sends no X-Amz-Date, which verify() requires (SIG-016)."""
    request = Request("GET", "/", [HOST, ("date", "today")], b"", PLAIN)
    canonical, _, theirs = botocore.sign(request)
    assert differing_lines(Signer().sign(*request, *WHERE).canonical_request, canonical) == (
        "date:today\nx-amz-date:" + DATE + "\ndate;host;x-amz-date",
        "date:Sun, 30 Aug 2015 12:36:00 -0000\ndate;host",
    )
    with pytest.raises(SignatureError):
        verify("GET", "/", theirs.headers.items(), b"", PLAIN, *WHERE)


def test_botocore_adds_a_missing_host(botocore: Botocore) -> None:
    request = Request("GET", "/", [], b"", PLAIN)
    assert "\nhost:example.amazonaws.com\n" in botocore.sign(request)[0]
    with pytest.raises(UsageError):
        Signer().sign(*request, *WHERE)


BOTOCORE_PRESIGNED: Dict[str, Tuple[str, Pairs, bytes, str, str]] = {
    # name: (target, headers, body, and the text that only our or botocore's canonical request has)
    "a repeated key keeps its first value": ("/?a=1&a=2", [], b"", "&a=1&a=2\n", "&a=1\n"),
    "a plus sign in the query is a blank": ("/?a=x+y", [], b"", "&a=x%2By\n", "&a=x%20y\n"),
    "octets that are invalid UTF-8 are replaced": (
        "/?a=%ff",
        [],
        b"",
        "&a=%FF\n",
        "&a=%EF%BF%BD\n",
    ),
    "its own form content type is dropped": (
        "/",
        [("content-type", "application/x-www-form-urlencoded; charset=utf-8")],
        b"",
        "\ncontent-type;host\n",
        "\nhost\n",
    ),
    "a body moves into the query": (
        "/",
        [],
        b'{"z": "1"}',
        hashlib.sha256(b'{"z": "1"}').hexdigest(),
        "&z=1\n",
    ),
    "a date header is signed beside the parameter": (
        "/",
        [("x-amz-date", DATE)],
        b"",
        "\nhost\n",
        "\nhost;x-amz-date\n",
    ),
}


@pytest.mark.parametrize("name", sorted(BOTOCORE_PRESIGNED))
def test_botocore_presigns_differently(botocore: Botocore, name: str) -> None:
    target, headers, body, our_part, their_part = BOTOCORE_PRESIGNED[name]
    request = Request("GET", target, [HOST] + headers, body, PLAIN)
    ours = Signer().presign(*request, *WHERE, expires=60)
    canonical, signature, _ = botocore.presign(request, 60)
    assert our_part in ours.canonical_request and our_part not in canonical
    assert their_part in canonical and their_part not in ours.canonical_request
    assert ours.signature != signature


def test_botocore_presigns_an_empty_token(botocore: Botocore) -> None:
    class Empty(NamedTuple):
        access_key: str = ACCESS_KEY
        secret_key: str = SECRET_KEY
        session_token: str = ""

    canonical, _, _ = botocore.presign(Request("GET", "/", [HOST], b"", Empty()), 60)  # type: ignore[arg-type]
    assert "&X-Amz-Security-Token=&" in canonical
    ours = Signer().presign(
        "GET", "/", [HOST], b"", Credentials(ACCESS_KEY, SECRET_KEY, ""), *WHERE, expires=60
    )
    assert "Token" not in ours.canonical_request


# ---- awscrt ------------------------------------------------------------------------------------


class Crt:
    """Runs AWS's signer in C, which shows the signature but not the canonical request."""

    def __init__(self, auth: Any, http: Any) -> None:
        self.auth, self.http = auth, http

    def sign(
        self,
        request: Request,
        expires: Optional[int] = None,
        normalize: bool = True,
        double_encode: bool = True,
        sign_body: bool = False,
        omit_session_token: bool = False,
        region: str = REGION,
        service: str = SERVICE,
        date: datetime.datetime = NOON,
    ) -> Any:
        """Return awscrt's finished request, presigned if expires is given."""
        auth, given = self.auth, request.credentials
        theirs = self.http.HttpRequest(
            request.method,
            request.target,
            self.http.HttpHeaders(request.headers),
            io.BytesIO(request.body) if request.body else None,
        )
        kinds, hash_header = auth.AwsSignatureType, auth.AwsSignedBodyHeaderType
        config = auth.AwsSigningConfig(
            algorithm=auth.AwsSigningAlgorithm.V4,
            region=region,
            service=service,
            date=date,
            signature_type=kinds.HTTP_REQUEST_HEADERS
            if expires is None
            else kinds.HTTP_REQUEST_QUERY_PARAMS,
            credentials_provider=auth.AwsCredentialsProvider.new_static(
                given.access_key, given.secret_key, given.session_token
            ),
            use_double_uri_encode=double_encode,
            should_normalize_uri_path=normalize,
            expiration_in_seconds=expires,
            signed_body_header_type=hash_header.X_AMZ_CONTENT_SHA_256
            if sign_body
            else hash_header.NONE,
            omit_session_token=omit_session_token,
        )
        auth.aws_sign_request(theirs, config).result(30)
        return theirs


@pytest.fixture
def crt() -> Crt:
    auth = pytest.importorskip("awscrt.auth")
    return Crt(auth, pytest.importorskip("awscrt.http"))


OWN = ("x-amz-date", "x-amz-security-token", "x-amz-content-sha256", "authorization")


def without_scheme(request: Request) -> Request:
    return request._replace(target=request.target.replace(":/", "/"))  # see CRT_REJECTS


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("double_encode", [True, False])
def test_awscrt_agrees(crt: Crt, normalize: bool, double_encode: bool) -> None:
    maker = Randomly(11 + 2 * normalize + double_encode, raw_path=double_encode, raw_query=True)
    options = {"normalize": normalize, "double_encode": double_encode}
    for number in range(500):
        request = without_scheme(maker.request())
        more = {"sign_body": number % 5 == 0, "omit_session_token": number % 7 == 0}
        ours = Signer().sign(*request, *WHERE, **options, **more)
        theirs = crt.sign(request, **options, **more)
        assert theirs.headers.get("Authorization") == ours.authorization
        # awscrt returns all headers trimmed, so only trimmed values can be compared.
        own = [(name, value) for name, value in theirs.headers if name.lower() in OWN]
        assert sorted((name.lower(), value) for name, value in own) == sorted(
            ours.headers[len(request.headers) :]
        )
        assert len(list(theirs.headers)) == len(ours.headers)
        verify(
            request.method,
            request.target,
            request.headers + own,
            request.body,
            request.credentials,
            *WHERE,
            **options,
        )


@pytest.mark.parametrize("double_encode", [True, False])
def test_awscrt_agrees_on_presigned_requests(crt: Crt, double_encode: bool) -> None:
    maker = Randomly(21 + double_encode, raw_path=double_encode, raw_query=True)
    for number in range(400):
        request = without_scheme(maker.request())
        options = {"normalize": number % 3 > 0, "double_encode": double_encode}
        expires, omit = maker.random.randint(1, 604800), number % 2 == 0
        ours = Signer().presign(
            *request, *WHERE, expires=expires, omit_session_token=omit, **options
        )
        theirs = crt.sign(request, expires=expires, omit_session_token=omit, **options)
        assert split_target(theirs.path)[0] == split_target(ours.target)[0]
        assert sorted(decode_query(split_target(theirs.path)[1])) == sorted(
            decode_query(split_target(ours.target)[1])
        )
        verify(
            request.method,
            theirs.path,
            request.headers,
            request.body,
            request.credentials,
            *WHERE,
            **options,
        )


# name: (target, header or None, our line, awscrt's line). One line of the canonical request
# differs.
CRT_LINES: Dict[str, Tuple[str, Optional[Tuple[str, str]], Dict[str, bool], str, str]] = {
    # C's isspace() accepts more characters than SP and HTAB.
    "vertical tab is a blank": ("/", ("x-t", "a\x0bb"), {}, "x-t:a\x0bb", "x-t:a b"),
    "form feed is a blank": ("/", ("x-t", "\x0ca\x0c\x0c b"), {}, "x-t:\x0ca\x0c\x0c b", "x-t:a b"),
    # Its Python interface sends text as UTF-8. Ours reads Latin-1 text as octets.
    "header values are UTF-8": ("/", ("x-t", "\xe9"), {}, "x-t:\xe9", "x-t:\xc3\xa9"),
    # Without double encoding it assumes that the path is encoded. Ours encodes everything except
    # escapes (SIG-005).
    "encoded once, a path stays unchanged": (
        "/a b+%zz*",
        None,
        {"double_encode": False},
        "/a%20b%2B%25zz%2A",
        "/a b+%zz*",
    ),
    "encoded once, also Unicode": ("/\xe9", None, {"double_encode": False}, "/%C3%A9", "/\xc3\xa9"),
}


@pytest.mark.parametrize("name", sorted(CRT_LINES))
def test_awscrt_differs(crt: Crt, name: str) -> None:
    target, header, options, our_line, their_line = CRT_LINES[name]
    request = Request("GET", target, [HOST] + ([header] if header else []), b"", PLAIN)
    ours = Signer().sign(*request, *WHERE, **options)
    assert ours.canonical_request.count("\n" + our_line + "\n") == 1
    theirs = ours.canonical_request.replace("\n" + our_line + "\n", "\n" + their_line + "\n")
    assert crt.sign(request, **options).headers.get("Authorization") == ours.authorization.replace(
        ours.signature, signature_of(theirs)
    )


CRT_SIGNED = {
    # Proxies change the first group, so we do not sign it (SIG-015).
    "signed by awscrt": [
        "accept-encoding",
        "baggage",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "traceparent",
        "tracestate",
        "trailer",
        "x-forwarded-for",
    ],
    "signed by us": ["sec-websocket-key", "sec-websocket-protocol", "sec-websocket-version"],
    "signed by neither": [
        "expect",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "x-amzn-trace-id",
    ],
    "signed by both": ["accept", "content-length", "cookie", "date", "range", "x-amz-foo"],
}


@pytest.mark.parametrize("group", sorted(CRT_SIGNED))
def test_awscrt_signs_other_headers(crt: Crt, group: str) -> None:
    for name in CRT_SIGNED[group]:
        request = Request("GET", "/", [HOST, (name, "v")], b"", PLAIN)
        ours = re.findall("SignedHeaders=([^,]*)", Signer().sign(*request, *WHERE).authorization)[
            0
        ].split(";")
        theirs = re.findall(
            "SignedHeaders=([^,]*)", crt.sign(request).headers.get("Authorization")
        )[0].split(";")
        assert (name in ours) == (group in ("signed by us", "signed by both"))
        assert (name in theirs) == (group in ("signed by awscrt", "signed by both"))


CRT_REJECTS: Dict[str, Tuple[str, Pairs]] = {
    # name: (target, headers). Ours signs each of them.
    "a lone per cent sign in the query": ("/?a=%zz", []),
    "an empty target": ("", []),
    "a colon and a slash, taken for the scheme of a URI": ("/a:/b", []),
    "a parameter of its own in the query": ("/?X-Amz-Date=1", []),
    "a date header": ("/", [("x-amz-date", DATE)]),
    "an authorization": ("/", [("authorization", "x")]),
    "a token header": ("/", [("x-amz-security-token", "x")]),
    "a content hash": ("/", [("x-amz-content-sha256", "x")]),
}


@pytest.mark.parametrize("name", sorted(CRT_REJECTS))
def test_awscrt_rejects(crt: Crt, name: str) -> None:
    target, headers = CRT_REJECTS[name]
    request = Request("GET", target, [HOST] + headers, b"", PLAIN)
    Signer().sign(*request, *WHERE)
    with pytest.raises(
        Exception, match="AWS_ERROR_MALFORMED_INPUT_STRING|AWS_AUTH_SIGNING_ILLEGAL_REQUEST"
    ):
        crt.sign(request)


def test_awscrt_signs_requests_that_we_reject(crt: Crt) -> None:
    for headers in ([("a", "b")], [("host", "")], [HOST, ("a", "b\nc")], [HOST, ("a", "b\rc")]):
        request = Request("GET", "/", headers, b"", PLAIN)
        assert crt.sign(request).headers.get("Authorization")
        with pytest.raises(UsageError):
            Signer().sign(*request, *WHERE)


# ---- curl --------------------------------------------------------------------------------------


class Recorded(NamedTuple):
    method: str
    target: str
    headers: Pairs
    body: bytes

    def verify(self, credentials: Credentials = PLAIN, **options: bool) -> None:
        """Verify at the time that the request states."""
        amz_date = next(
            value.strip() for name, value in self.headers if name.lower() == "x-amz-date"
        )
        verify(*self, credentials, REGION, SERVICE, amz_date, **options)


class Recorder:
    """A loopback server that responds with 200 and keeps each request unchanged."""

    def __init__(self) -> None:
        seen: List[Recorded] = []

        class Handler(socketserver.StreamRequestHandler):
            timeout = 30

            def handle(self) -> None:
                method, target, _ = self.rfile.readline().decode("latin-1").split(" ")
                headers: Pairs = []
                for line in iter(
                    lambda: self.rfile.readline().decode("latin-1").rstrip("\r\n"), ""
                ):
                    name, _, value = line.partition(":")
                    headers.append((name, value))
                fields = {name.lower(): value for name, value in headers}
                if "expect" in fields:
                    self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                seen.append(
                    Recorded(
                        method,
                        target,
                        headers,
                        self.rfile.read(int(fields.get("content-length", "0"))),
                    )
                )
                self.wfile.write(
                    b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                )

        self.seen = seen
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def curl_version() -> Tuple[int, ...]:
    """Return the version of curl, or () if it is not installed."""
    program = shutil.which("curl")
    if program is None:
        return ()
    text = subprocess.run([program, "--version"], stdout=subprocess.PIPE, check=True).stdout.decode(
        "utf-8", "replace"
    )
    return tuple(int(number) for number in re.findall(r"\d+", text.split()[1])[:3])


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    if curl_version() < (7, 75):
        pytest.skip("no curl that has --aws-sigv4 (7.75)")
    server = Recorder()
    try:
        yield server
    finally:
        server.close()


def curl(
    recorder: Recorder, target: str, *arguments: str, data: Optional[bytes] = None
) -> Recorded:
    """Let curl sign and send one request, with an unchanged path and without a proxy."""
    recorder.seen.clear()
    more = [] if data is None else ["--data-binary", "@-"]
    done = subprocess.run(
        [
            "curl",
            "-q",
            "-sS",
            "--max-time",
            "30",
            "--noproxy",
            "*",
            "--path-as-is",
            "--globoff",
            "--aws-sigv4",
            "aws:amz:us-east-1:sagemaker",
            "--user",
            ACCESS_KEY + ":" + SECRET_KEY,
            recorder.url + target,
            *arguments,
            *more,
        ],
        input=data or b"",
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    assert len(recorder.seen) == 1 and recorder.seen[0].target == target
    return recorder.seen[0]


CURL: Dict[str, Tuple[str, List[str], Optional[bytes]]] = {
    "GET": ("/", [], None),
    "path": ("/endpoints/my-endpoint/invocations-response-stream", [], None),
    "path of every unreserved character": ("/-._~0129abzABZ", [], None),
    "final slash": ("/a/b/", [], None),
    "query": ("/?a=1", [], None),
    "query in order": ("/?a=1&b=2&c=~", [], None),
    "query with an escape": ("/p?a=%2F&b=%E1%88%B4", [], None),
    "query without a name": ("/?=v", [], None),
    "POST": (
        "/endpoints/e/invocations-response-stream",
        ["-H", "Content-Type: application/json"],
        b'{"inputs": "Hi"}',
    ),
    "POST of every byte": (
        "/p",
        ["-H", "Content-Type: application/octet-stream"],
        bytes(range(256)),
    ),
    "POST of a megabyte": ("/p", [], b"x" * 1048576),
    "POST and query": ("/p?a=1&b=2", [], b"body"),
    "PUT of nothing": ("/p", ["-X", "PUT"], b""),
    "DELETE": ("/p", ["-X", "DELETE"], None),
    "HEAD": ("/p", ["-I"], None),
    "headers of the operation": (
        "/p",
        ["-H", "X-Amzn-SageMaker-Accept: text/plain", "-H", "X-Amzn-SageMaker-Session-Id: s"],
        b"{}",
    ),
    "x-amz header": ("/p", ["-H", "X-Amz-Foo: 1"], None),
    "blanks in a value": ("/p", ["-H", "A: \t x\ty  z "], None),
    "quotes in a value": ("/p", ["-H", 'A: "a   b"'], None),
    "octets in a value": ("/p", ["-H", "A: \u00e9"], None),
    "order of names": (
        "/p",
        ["-H", "Zed: 1", "-H", "b: 2", "-H", "Accept: */*", "-H", "C: 3"],
        None,
    ),
    "own host": ("/p", ["-H", "Host: example.amazonaws.com"], None),
    "what proxies touch": (
        "/p",
        ["-H", "User-Agent: a", "-H", "Accept-Encoding: gzip", "-H", "X-Forwarded-For: ::1"],
        None,
    ),
}


@pytest.mark.parametrize("name", sorted(CURL))
def test_curl_is_accepted(recorder: Recorder, name: str) -> None:
    target, arguments, data = CURL[name]
    request = curl(recorder, target, *arguments, data=data)
    request.verify()
    with pytest.raises(SignatureError):
        request._replace(body=request.body + b" ").verify()
    with pytest.raises(SignatureError):
        request._replace(target=request.target + "z").verify()


def test_curl_with_a_session_token_is_accepted(recorder: Recorder) -> None:
    request = curl(recorder, "/p", "-H", "x-amz-security-token: " + TOKEN, data=b"{}")
    request.verify(TEMPORARY)
    for credentials in (PLAIN, Credentials(ACCESS_KEY, SECRET_KEY, TOKEN + "=")):
        with pytest.raises(SignatureError) as caught:
            request.verify(credentials)
        assert caught.value.rule == "SIG-046"


def curl_7_88_alone() -> None:
    if curl_version()[:2] != (7, 88):
        pytest.skip("curl's own ways are listed for 7.88 alone")


# curl 7.88 signs the path unchanged, neither normalised nor encoded again, as only S3 expects.
@pytest.mark.parametrize("target", ["/a//b", "/a/../b", "/a/./b", "/a%20b", "/a%2fb", "//"])
def test_curl_7_88_signs_the_path_unchanged(recorder: Recorder, target: str) -> None:
    curl_7_88_alone()
    request = curl(recorder, target)
    request.verify(normalize=False, double_encode=False)
    with pytest.raises(SignatureError) as caught:
        request.verify()
    assert caught.value.rule == "SIG-041"


# curl 7.88 signs path and query unchanged: not decoded, encoded or sorted, no equals sign added.
@pytest.mark.parametrize(
    "target, our_line, curl_line",
    [
        ("/?b=2&a=1", "a=1&b=2", "b=2&a=1"),
        ("/?a=1&a=0", "a=0&a=1", "a=1&a=0"),
        ("/?a", "a=", "a"),
        ("/?a=%2f", "a=%2F", "a=%2f"),
        ("/?a=x+y", "a=x%2By", "a=x+y"),
        ("/?a&&b", "a=&b=", "a&&b"),
        ("/?a=b=c", "a=b%3Dc", "a=b=c"),
        ("/?a=%7E", "a=~", "a=%7E"),
        ("/?a=(!*')", "a=%28%21%2A%27%29", "a=(!*')"),
        ("/a+b", "/a%2Bb", "/a+b"),
    ],
)
def test_curl_7_88_signs_the_query_unchanged(
    recorder: Recorder, target: str, our_line: str, curl_line: str
) -> None:
    curl_7_88_alone()
    request = curl(recorder, target)
    with pytest.raises(SignatureError) as caught:
        request.verify()
    error = caught.value
    assert (
        error.rule == "SIG-041"
        and error.canonical_request is not None
        and error.string_to_sign is not None
    )
    assert error.canonical_request.count("\n" + our_line + "\n") == 1
    _, amz_date, scope, _ = error.string_to_sign.split("\n")
    theirs = string_to_sign(
        amz_date,
        scope,
        error.canonical_request.replace("\n" + our_line + "\n", "\n" + curl_line + "\n"),
    )
    key = derive_signing_keys(SECRET_KEY, amz_date[:8], REGION, SERVICE).k_signing
    assert dict(request.headers)["Authorization"].endswith(
        "Signature=" + calculate_signature(key, theirs)
    )


# curl 7.88 lists a repeated name twice, and `-H 'Name;'` (an empty value) with its semicolon. It
# sorts whole lines, including the colon.
@pytest.mark.parametrize(
    "headers, listed",
    [
        (["a: 1", "a: 2"], "a;a;host;x-amz-date"),
        (["Empty;"], "empty;;host;x-amz-date"),
        (["a: 1", "a-b: 2"], "a-b;a;host;x-amz-date"),
    ],
)
def test_curl_7_88_lists_headers_differently(
    recorder: Recorder, headers: List[str], listed: str
) -> None:
    curl_7_88_alone()
    request = curl(recorder, "/", *[part for header in headers for part in ("-H", header)])
    assert f"SignedHeaders={listed}," in dict(request.headers)["Authorization"]
    with pytest.raises(SignatureError) as caught:
        request.verify()
    assert caught.value.rule == "SIG-045"
