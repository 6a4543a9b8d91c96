# SPDX-License-Identifier: MIT
"""Tests of conformance/endpoint/diagnosis.py: each usual mistake, signed here by hand.

The signatures are made with hashlib and hmac alone. The endpoint must name exactly the mistake that
was made, in a header and in its log, next to the response in AWS's words.
"""

import hashlib
import hmac
from typing import Any, List, Optional, Tuple

import pytest

from conformance.endpoint import ACCESS_KEY, SECRET_KEY, Endpoint
from conformance.endpoint.checks import DIAGNOSIS_HEADER
from conformance.endpoint.diagnosis import diagnosis_of
from conformance.endpoint.request import Request
from tests.conformance.endpoint.client import exchange

DATE, NOW = "20150830T123600Z", 1440938160.0
PATH = "/endpoints/default/invocations-response-stream"
HOST = "h.example"
BODY = b'{"inputs": "Hi"}\n'
TOKEN = "a/token+with=signs"


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def signed(
    path: str = PATH,
    signed_path: Optional[str] = None,
    query: str = "",
    signed_query: Optional[str] = None,
    host: str = HOST,
    signed_host: Optional[str] = None,
    more: Tuple[Tuple[str, str, str], ...] = (),
    hashed: Optional[str] = None,
    secret: str = SECRET_KEY,
    key: Tuple[str, str, str] = ("20150830", "eu-west-1", "sagemaker"),
    scope: Optional[str] = None,
    names: Optional[str] = None,
    upper: bool = False,
) -> Request:
    """Return a request with a signature by hand.

    more: (name, value as sent, value as signed) of further headers
    """
    claimed = "20150830/eu-west-1/sagemaker/aws4_request"
    pairs = [("host", signed_host or host), ("x-amz-date", DATE)]
    pairs = sorted(pairs + [(name, value) for name, _, value in more])
    names = names or ";".join(name for name, _ in pairs)
    text = "\n".join(
        (
            "POST",
            signed_path or path,
            query if signed_query is None else signed_query,
            *(f"{name}:{value}" for name, value in pairs),
            "",
            ";".join(name for name, _ in pairs),
            hashed or sha(BODY),
        )
    )
    to_sign = "\n".join(("AWS4-HMAC-SHA256", DATE, scope or claimed, sha(text.encode("latin-1"))))
    data = ("AWS4" + secret).encode()
    for part in (*key, "aws4_request", to_sign):
        data = hmac.new(data, part.encode(), "sha256").digest()
    signature = data.hex().upper() if upper else data.hex()
    headers: List[Tuple[str, str]] = [("Host", host), ("X-Amz-Date", DATE)]
    headers += [(name.title(), value) for name, value, _ in more]
    claim = (
        f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{claimed}, SignedHeaders={names}, "
        f"Signature={signature}"
    )
    target = path + ("?" + query if query else "")
    return Request("POST", target, "HTTP/1.1", headers + [("Authorization", claim)], BODY)


MISTAKES: List[Tuple[dict, str]] = [  # type: ignore[type-arg]
    ({"hashed": sha(b"")}, "the body was hashed as empty (SIG-019)"),
    ({"hashed": sha(BODY).upper()}, "the digest of the body is in upper-case digits (SIG-019)"),
    ({"hashed": sha(BODY.rstrip())}, "the body was signed without its last line end (SIG-019)"),
    ({"hashed": "UNSIGNED-PAYLOAD"}, "the body was signed as UNSIGNED-PAYLOAD (SIG-019)"),
    (
        {"secret": SECRET_KEY + "\n"},
        "the secret key was used with a line feed at its end (SIG-029)",
    ),
    ({"secret": SECRET_KEY + "\r"}, "the secret key was used with a CR at its end (SIG-029)"),
    ({"secret": SECRET_KEY + " "}, "the secret key was used with a space at its end (SIG-029)"),
    (
        {"path": "/a%20b" + PATH, "signed_path": "/a%20b" + PATH},
        "the path is encoded only once (SIG-004)",
    ),
    (
        {"path": "//a" + PATH, "signed_path": "//a" + PATH},
        "the path is not normalised (SIG-003)",
    ),
    (
        {"path": "/base" + PATH, "signed_path": PATH},
        "the base path is missing from the signed path (SIG-003)",
    ),
    (
        {"signed_path": "/prod" + PATH},
        "the path was signed with /prod before it, which a proxy may have removed (SIG-003)",
    ),
    (
        {"query": "a=b+c", "signed_query": "a=b%20c"},
        "+ in the query was signed as a space (SIG-008)",
    ),
    (
        {"query": "b=1&a=2", "signed_query": "b=1&a=2"},
        "the query was signed as it is sent (SIG-008)",
    ),
    ({"query": "a=2", "signed_query": ""}, "the query was not signed (SIG-008)"),
    (
        {"host": "h.example:8443", "signed_host": "h.example"},
        "the host was signed without its port (SIG-014)",
    ),
    ({"signed_host": "h.example:8443"}, "the host was signed with the port 8443 (SIG-014)"),
    ({"more": (("x-a", "a  b", "a  b"),)}, "spaces in header values were kept (SIG-012)"),
    (
        {
            "more": (("x-amz-security-token", TOKEN, TOKEN),),
            "names": "host;x-amz-date",
        },
        "the session token was signed, but SignedHeaders does not list it (SIG-017)",
    ),
    ({"more": (("x-a", "a", ""),)}, "x-a was signed without its value (SIG-011)"),
    (
        {"key": ("20150829", "eu-west-1", "sagemaker")},
        "the key is of another day, 20150829, but the scope is not (SIG-022)",
    ),
    (
        {"key": ("20150830", "us-east-1", "sagemaker")},
        "the key is for the region us-east-1, but the scope is not (SIG-022)",
    ),
    (
        {"key": ("20150830", "eu-west-1", "sagemaker-runtime")},
        "the key is for the service sagemaker-runtime, but the scope is not (SIG-022)",
    ),
    (
        {
            "key": ("20150830", "us-east-1", "sagemaker"),
            "scope": "20150830/us-east-1/sagemaker/aws4_request",
        },
        "the signature is for the region us-east-1, but Credential is not (SIG-020)",
    ),
    ({"upper": True}, "the signature itself is in upper-case digits (SIG-023)"),
]


@pytest.mark.parametrize("change, mistake", MISTAKES, ids=[words for _, words in MISTAKES])
def test_each_mistake_is_named(change: Any, mistake: str) -> None:
    assert diagnosis_of(signed(**change), SECRET_KEY).mistake == mistake


def test_a_token_that_was_not_signed() -> None:
    request = signed(names="host;x-amz-date;x-amz-security-token")
    request.headers.append(("X-Amz-Security-Token", TOKEN))
    assert diagnosis_of(request, SECRET_KEY).mistake == (
        "the session token was not signed (SIG-017)"
    )


def test_a_diagnosis_has_what_the_client_signed() -> None:
    found = diagnosis_of(signed(signed_host="other:8443", host="other"), SECRET_KEY)
    assert found is not None and "\nhost:other:8443\n" in found.canonical_request


def test_other_signatures_have_no_diagnosis() -> None:
    assert diagnosis_of(signed(secret="another"), SECRET_KEY) is None
    request = signed()
    unreadable: List[Tuple[str, str]] = [
        ("Authorization", "Bearer x"),
        ("Authorization", "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0"),
        ("X-Bad", "caf\u20ac"),
    ]
    for pair in unreadable:
        headers = [one for one in request.headers if one[0] != pair[0]] + [pair]
        assert diagnosis_of(request._replace(headers=headers), SECRET_KEY) is None


def test_the_response_and_the_log_name_it() -> None:
    request = signed(hashed=sha(b""))
    lines = [
        f"POST {request.target} HTTP/1.1",
        *(f"{name}: {value}" for name, value in request.headers),
    ]
    lines += [f"Content-Length: {len(BODY)}", "Connection: close", "", ""]
    with Endpoint(clock=lambda: NOW, pace=0) as endpoint:
        wire = exchange(endpoint, "\r\n".join(lines).encode("latin-1") + BODY)
    head, _, body = wire.partition(b"\r\n\r\n")
    assert f"{DIAGNOSIS_HEADER}: the body was hashed as empty (SIG-019)".encode() in head
    assert b"The request signature we calculated does not match" in body
    assert b"hashed as empty" not in body
    assert endpoint.calls[0].reason.endswith("; the body was hashed as empty (SIG-019)")
    assert SECRET_KEY.encode() not in wire and SECRET_KEY not in endpoint.calls[0].reason
