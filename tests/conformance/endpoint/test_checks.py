# SPDX-License-Identifier: MIT
"""Tests of conformance/endpoint/checks.py: signatures, routes and members."""

import re
from typing import Any, Dict, List, Optional, Tuple

import pytest

from conformance.endpoint.checks import ACCESS_KEY, SECRET_KEY
from conformance.endpoint.scenarios.responses import CANONICAL_TEXT
from conformance.endpoint.server import Endpoint
from refimpl.sigv4 import Credentials, Signer, amz_date_of
from tests.conformance.endpoint.client import (  # noqa: F401
    DATE,
    NOW,
    answer_of,
    endpoint_fixture,
    exchange,
    last,
    nothing_is_left_running,
    path,
    refused,
)

# ---- signatures ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"region": "us-gov-west-1"},
        {"region": "x"},
        {"credentials": Credentials(ACCESS_KEY, SECRET_KEY, "a/token+with=signs")},
        {"body": b""},
        {"body": bytes(range(256))},
        {"headers": [("X-Amzn-SageMaker-Session-Id", "s-1"), ("X-Two", "a"), ("X-Two", "b  c")]},
        {"headers": [("X-Latin", "caf\xe9")]},
        {"headers": [("Content-Type", "application/json"), ("Empty", "")]},
        {"date": amz_date_of(NOW - 300)},
        {"date": amz_date_of(NOW + 300)},
    ],
)
def test_a_good_signature_is_accepted(endpoint: Endpoint, how: Dict[str, Any]) -> None:
    assert exchange(endpoint, last(**how)).startswith(b"HTTP/1.1 200 OK\r\n")
    (call,) = endpoint.calls
    assert (call.verified, call.body, call.method, call.target) == (
        True,
        how.get("body", b"{}"),
        "POST",
        path(),
    )


@pytest.mark.parametrize(
    "target",
    [
        "/base" + path(),
        "/a//b/../c%20d/~x" + path(),
        "/endpoints/x" + path(),
        path("d%65fault"),
        path() + "?b=1&a=%20",
    ],
)
def test_a_base_path_escapes_and_a_query_are_signed_as_they_came(
    endpoint: Endpoint, target: str
) -> None:
    assert exchange(endpoint, last(target)).startswith(b"HTTP/1.1 200 OK\r\n")
    assert (endpoint.calls[0].target, endpoint.calls[0].scenario) == (target, "default")


def test_headers_are_kept_in_order_with_their_folds(endpoint: Endpoint) -> None:
    data = last(headers=[("X-Fold", "one two"), ("X-Twice", "b"), ("X-Twice", "a")])
    folded = data.replace(b"X-Fold: one two", b"X-Fold:   one\r\n\t two\t")
    assert folded != data
    assert exchange(endpoint, folded).startswith(b"HTTP/1.1 200 OK\r\n")
    pairs = endpoint.calls[0].headers
    assert pairs[:4] == [
        ("Host", "127.0.0.1"),
        ("X-Fold", "one\r\n\t two\t"),
        ("X-Twice", "b"),
        ("X-Twice", "a"),
    ]


@pytest.mark.parametrize("token", [None, "a/token+with=signs"])
@pytest.mark.parametrize("omit", [False, True])
def test_a_presigned_request_is_accepted(
    endpoint: Endpoint, token: Optional[str], omit: bool
) -> None:
    host = [("Host", "127.0.0.1")]
    credentials = Credentials(ACCESS_KEY, SECRET_KEY, token)
    target = (
        Signer()
        .presign(
            "POST",
            path(),
            host,
            b"",
            credentials,
            "eu-west-1",
            "sagemaker",
            DATE,
            60,
            omit_session_token=omit,
        )
        .target
    )
    wire = exchange(
        endpoint,
        b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        % target.encode("ascii"),
    )
    assert wire.startswith(b"HTTP/1.1 200 OK\r\n")
    assert "Signature" not in repr(endpoint.calls[0])
    wire = exchange(
        endpoint,
        b"POST %s0 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        % target.encode("ascii"),
    )
    assert answer_of(wire)[0] == 403


def test_a_refused_signature_quotes_the_canonical_request(endpoint: Endpoint) -> None:
    stages = Signer().sign(
        "POST",
        path(),
        [("Host", "127.0.0.1"), ("X-Amzn-SageMaker-Accept", "text/plain")],
        b"{}",
        Credentials(ACCESS_KEY, "another"),
        "eu-west-1",
        "sagemaker",
        DATE,
    )
    data = last(
        headers=[("X-Amzn-SageMaker-Accept", "text/plain")],
        credentials=Credentials(ACCESS_KEY, "another"),
    )
    message = (
        "The request signature we calculated does not match the signature you provided. "
        "Check your AWS Secret Access Key and signing method. "
        "Consult the service documentation for details.\n\n"
        "The Canonical String for this request should have been\n"
        f"'{stages.canonical_request}'\n\n"
        f"The String-to-Sign should have been\n'{stages.string_to_sign}'\n"
    )
    assert refused(endpoint, data) == (403, "InvalidSignatureException", message)
    (call,) = endpoint.calls
    assert (call.verified, call.scenario, call.frames_sent) == (False, None, 0)
    assert call.reason.startswith("InvalidSignatureException: the signature does not match")


@pytest.mark.parametrize(
    "old, new",
    [
        (b"{}", b"[]"),
        (b"default", b"another"),
        (b"text/plain", b"text/html"),
        (b"X-More: 1", b"X-More: 2"),
    ],
)
def test_what_was_signed_must_be_what_came(endpoint: Endpoint, old: bytes, new: bytes) -> None:
    data = last(headers=[("Content-Type", "text/plain"), ("X-More", "1")])
    assert data.count(old) == 1
    status, code, message = refused(endpoint, data.replace(old, new))
    assert (status, code) == (403, "InvalidSignatureException")
    assert message.startswith(CANONICAL_TEXT[:100]) and "\n'POST\n/endpoints/" in message


@pytest.mark.parametrize(
    "date, message",
    [
        (
            amz_date_of(NOW - 301),
            "Signature expired: 20150830T123059Z is now earlier than 20150830T123100Z "
            "(20150830T123600Z - 5 min.)",
        ),
        (
            amz_date_of(NOW + 301),
            "Signature not yet current: 20150830T124101Z is still later than 20150830T124100Z "
            "(20150830T123600Z + 5 min.)",
        ),
    ],
)
def test_an_old_or_early_signature(endpoint: Endpoint, date: str, message: str) -> None:
    assert refused(endpoint, last(date=date)) == (403, "InvalidSignatureException", message)


def test_a_region_may_be_demanded() -> None:
    with Endpoint(region="eu-west-1", clock=lambda: NOW, pace=0) as endpoint:
        assert answer_of(exchange(endpoint, last()))[0] == 200
        assert refused(endpoint, last(region="us-east-1")) == (
            403,
            "InvalidSignatureException",
            "Credential should be scoped to a valid region, not 'us-east-1'. ",
        )


UNKNOWN_KEY = "The security token included in the request is invalid."
FIVE = (
    "Credential must have exactly 5 slash-delimited elements, "
    "e.g. keyid/date/region/service/aws4_request."
)


@pytest.mark.parametrize(
    "change, code, message",
    [
        (
            ("authorization: [^\r]*\r\n", ""),
            "MissingAuthenticationTokenException",
            "Missing Authentication Token",
        ),
        (("AKIDEXAMPLE", "AKIDANOTHER"), "UnrecognizedClientException", UNKNOWN_KEY),
        (
            ("AWS4-HMAC-SHA256 ", "Bearer "),
            "IncompleteSignatureException",
            "Authorization header must begin with AWS4-HMAC-SHA256.",
        ),
        (
            ("authorization: [^\r]*", "authorization: "),
            "IncompleteSignatureException",
            "Authorization header must begin with AWS4-HMAC-SHA256.",
        ),
        (
            ("Signature=[0-9a-f]*", "Signature="),
            "IncompleteSignatureException",
            "Authorization header requires 'Signature' parameter.",
        ),
        (
            ("SignedHeaders=[^,]*, Signature=[0-9a-f]*", "x"),
            "IncompleteSignatureException",
            "Authorization header requires 'Signature' parameter. "
            "Authorization header requires 'SignedHeaders' parameter.",
        ),
        (
            ("x-amz-date: [^\r]*\r\n", ""),
            "IncompleteSignatureException",
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
        ),
        (("/eu-west-1/", "/"), "IncompleteSignatureException", FIVE),
        (("aws4_request", "aws3_request"), "IncompleteSignatureException", FIVE),
        (
            ("/sagemaker/", "/execute-api/"),
            "InvalidSignatureException",
            "Credential should be scoped to correct service: 'sagemaker'.",
        ),
        (("/eu-west-1/", "//"), "InvalidSignatureException", None),
        (
            ("/20150830/", "/20150831/"),
            "InvalidSignatureException",
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
            "HTTP: '20150831' != '20150830', from '20150830T123600Z'.",
        ),
        (("x-amz-date: 2015", "x-amz-date: 20l5"), "InvalidSignatureException", None),
        (
            ("X-Amzn-SageMaker-Accept", "X-Amz-Unsigned"),
            "IncompleteSignatureException",
            "'x-amzn-sagemaker-accept' is named as a SignedHeader, but it does not exist in the "
            "HTTP request",
        ),
        (("Host:", "X-Amz-Unsigned: 1\\r\\nHost:"), "InvalidSignatureException", None),
        (
            ("SignedHeaders=host;", "SignedHeaders="),
            "InvalidSignatureException",
            "'Host' must be a 'SignedHeader' in the AWS Authorization.",
        ),
        (
            ("x-amz-date: ", "Date: Sun, 30 Aug 2015 12:36:00 GMT\r\nx-other: "),
            "IncompleteSignatureException",
            "Authorization header requires existence of a 'X-Amz-Date' header. This endpoint does "
            "not accept a 'Date' header in its place.",
        ),
        (("Signature=", "Signature=0"), "InvalidSignatureException", None),
        (("Credential=", "Signature=0, Credential="), "InvalidSignatureException", None),
    ],
)
def test_the_other_ways_to_be_refused(
    endpoint: Endpoint, change: Tuple[str, str], code: str, message: Optional[str]
) -> None:
    data = last(headers=[("X-Amzn-SageMaker-Accept", "text/plain")])
    changed = re.sub(change[0].encode("ascii"), change[1].encode("ascii"), data)
    assert changed != data
    seen = refused(endpoint, changed)
    assert seen[:2] == (403, code)
    assert message is None or seen[2] == message
    assert endpoint.calls[0].reason.startswith(code) and not endpoint.calls[0].verified
    assert SECRET_KEY not in seen[2]


@pytest.mark.parametrize("token", ["a b", "caf\xe9"])
def test_a_session_token_that_no_key_has(endpoint: Endpoint, token: str) -> None:
    data = last().replace(
        b"\r\n\r\n", b"\r\nx-amz-security-token: " + token.encode("latin-1") + b"\r\n\r\n", 1
    )
    assert refused(endpoint, data)[:2] == (403, "InvalidSignatureException")


# ---- routes and members ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "method, target, status",
    [
        ("POST", "/", 404),
        ("POST", "/endpoints/x/invocation", 404),
        ("POST", path() + "/", 404),
        ("POST", "/endpoints/a/b/invocations-response-stream", 404),
        ("GET", path(), 405),
        ("PUT", path(), 405),
        ("GET", "/", 404),
    ],
)
def test_another_method_or_path_is_refused(
    endpoint: Endpoint, method: str, target: str, status: int
) -> None:
    seen = refused(endpoint, last(target, method=method))
    assert seen == (
        status,
        "UnknownOperationException",
        "Expected POST .../endpoints/{EndpointName}/invocations-response-stream",
    )


def test_head_is_answered_without_a_body(endpoint: Endpoint) -> None:
    status, headers, body = answer_of(exchange(endpoint, last(method="HEAD", body=b"")))
    assert (status, body, headers["allow"]) == (405, b"", "POST")
    assert int(headers["content-length"]) > 0


@pytest.mark.parametrize(
    "name", ["-a", "a-", "a.b", "a_b", "", "a%2Fb", "a%20", "a%0A", "%C3%A9", "a" * 64]
)
def test_an_endpoint_name_outside_its_pattern(endpoint: Endpoint, name: str) -> None:
    status, code, message = refused(endpoint, last(path(name)))
    assert (status, code) == (400, "ValidationError")
    assert message.startswith("1 validation error detected: Value '")
    assert "' at 'endpointName' failed to satisfy constraint: Member must " in message
    (call,) = endpoint.calls
    assert (call.verified, call.scenario) == (True, None)


@pytest.mark.parametrize("name", ["a", "a" * 63, "a--b", "0-9"])
def test_an_endpoint_name_within_its_pattern(endpoint: Endpoint, name: str) -> None:
    assert answer_of(exchange(endpoint, last(path(name))))[0] == 200


MEMBERS = [  # header, good values, bad values
    ("Content-Type", ["a" * 1024, "x/y"], ["a" * 1025, "caf\xe9"]),
    ("X-Amzn-SageMaker-Accept", ["*/*", "a" * 1024], ["a" * 1025, "\xe9"]),
    ("X-Amzn-SageMaker-Custom-Attributes", ["accept_eula=true"], ["a" * 1025, "\xe9"]),
    ("X-Amzn-SageMaker-Target-Variant", ["v-1", "a" * 63], ["a" * 64, "-v", "v_1", ""]),
    ("X-Amzn-SageMaker-Target-Container-Hostname", ["c-1"], ["c.d", "c" * 64]),
    ("X-Amzn-SageMaker-Inference-Id", ["!", "a b", "a" * 64], ["a" * 65, "", "a\xe9"]),
    ("X-Amzn-SageMaker-Inference-Component", ["i--1", "i"], ["i-", "-", "i" * 64]),
    ("X-Amzn-SageMaker-Session-Id", ["s" * 256], ["s" * 257, "s_"]),
]


@pytest.mark.parametrize("header, good, bad", MEMBERS)
def test_members_are_held_to_the_model(
    endpoint: Endpoint, header: str, good: List[str], bad: List[str]
) -> None:
    for value in good:
        assert answer_of(exchange(endpoint, last(headers=[(header, value)])))[0] == 200
    for value in bad:
        status, code, message = refused(endpoint, last(headers=[(header, value)]))
        assert (status, code) == (400, "ValidationError") and message.startswith(
            "1 validation error detected: Value '"
        )


def test_all_errors_are_reported_without_sensitive_values(endpoint: Endpoint) -> None:
    faults = [
        ("X-Amzn-SageMaker-Custom-Attributes", "s\xe9cret"),
        ("X-Amzn-SageMaker-Session-Id", "_"),
    ]
    _, _, message = refused(endpoint, last(headers=faults))
    assert message.startswith(
        "2 validation errors detected: Value '***Sensitive***' at 'customAttributes' failed"
    )
    assert "at 'sessionId'" in message
    assert "cret" not in message and "cret" not in repr(endpoint.calls)
