# SPDX-License-Identifier: MIT
"""Tests of the endpoint's settings: keys, token, region, refusals before the body, HTTP/1.0."""

import re
from typing import List

import pytest

from conformance.endpoint.checks import EXAMPLE_TOKEN
from conformance.endpoint.loopback import _reachable
from conformance.endpoint.server import Endpoint
from refimpl.sigv4 import Credentials
from tests.conformance.endpoint.client import (  # noqa: F401
    KEYS,
    NOW,
    answer_of,
    connected,
    exchange,
    last,
    nothing_is_left_running,
    path,
    read_all,
    refused,
    request,
)

OTHER = Credentials("AKIDOTHER", "another-secret")


def made(**settings: object) -> Endpoint:
    return Endpoint(clock=lambda: NOW, pace=0, **settings)  # type: ignore[arg-type]


# ---- keys, token, region -----------------------------------------------------------------------


def test_any_keys_are_accepted_but_the_form_of_their_signature_is_checked() -> None:
    wire = last(path(), credentials=OTHER)
    with made() as endpoint:
        assert refused(endpoint, wire)[1] == "UnrecognizedClientException"
    with made(any_keys=True) as endpoint:
        assert answer_of(exchange(endpoint, wire))[0] == 200
        call = endpoint.calls[0]
        assert (call.verified, call.signature, call.reason) == (False, "unchecked", "")
        # The example keys are known, so their signature is still checked.
        assert answer_of(exchange(endpoint, last(path())))[0] == 200
        assert endpoint.calls[1].signature == "valid"
        wrong = Credentials(KEYS.access_key, "another-secret")
        assert refused(endpoint, last(path(), credentials=wrong))[1] == "InvalidSignatureException"
        for change, words in (
            (lambda wire: re.sub(rb"Signature=.", b"Signature=", wire), "malformed"),
            (lambda wire: re.sub(rb"Signature=.", b"Signature=g", wire), "malformed"),
            (lambda wire: wire.replace(b"20150830T123600Z", b"20150830T133600Z"), "not yet"),
            (lambda wire: wire.replace(b"/sagemaker/", b"/s3/"), "correct service"),
            (lambda wire: wire.replace(b"SignedHeaders=host", b"SignedHeaders=h"), "SignedHeader"),
        ):
            changed = change(wire)
            assert changed != wire
            assert words in refused(endpoint, changed)[2]


def test_the_session_token_belongs_to_the_key() -> None:
    with made(session_token=EXAMPLE_TOKEN, any_keys=True) as endpoint:
        for token, accepted in ((EXAMPLE_TOKEN, True), (None, False), ("other", False)):
            keys = Credentials(KEYS.access_key, KEYS.secret_key, token)
            wire = last(path(), credentials=keys)
            if accepted:
                assert answer_of(exchange(endpoint, wire))[0] == 200
            else:
                assert refused(endpoint, wire)[1] == "UnrecognizedClientException"
        # It says nothing about other keys.
        assert answer_of(exchange(endpoint, last(path(), credentials=OTHER)))[0] == 200


def test_an_expired_token_is_refused_in_the_words_of_the_service() -> None:
    with made(expired_tokens=[EXAMPLE_TOKEN], any_keys=True) as endpoint:
        for access_key in (KEYS.access_key, OTHER.access_key):
            keys = Credentials(access_key, KEYS.secret_key, EXAMPLE_TOKEN)
            answer = exchange(endpoint, last(path(), credentials=keys))
            head, _, body = answer.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 403 ") and b"ExpiredTokenException" in head
            assert b"x-endpoint-diagnosis: the temporary credentials have expired" in head
            assert b"The security token included in the request is expired" in body
            assert "CRED-003" in endpoint.calls[-1].reason
        keys = Credentials(KEYS.access_key, KEYS.secret_key, "renewed")
        assert answer_of(exchange(endpoint, last(path(), credentials=keys)))[0] == 200


# ---- refusals before the body ------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    "how, code",
    [
        ({"credentials": OTHER}, "UnrecognizedClientException"),
        ({"region": "us-west-2"}, "InvalidSignatureException"),
        ({"date": "20150830T133600Z"}, "InvalidSignatureException"),
        ({"target": "/nope"}, "UnknownOperationException"),
        ({"target": path(), "more": [("Expect", "100-continue")], "credentials": OTHER}, "Unrec"),
    ],
)
def test_a_head_that_is_reason_enough_is_refused_before_the_body(how: dict, code: str) -> None:  # type: ignore[type-arg]
    body = b"x" * 100000
    wire = request(body=body, **how)
    with made(early_refusals=True, region="eu-west-1") as endpoint:
        with connected(endpoint) as connection:
            connection.sendall(wire[: -len(body)])
            answer = read_all(connection)
        status, headers, _ = answer_of(answer)
        assert headers["x-amzn-errortype"].startswith(code)
        assert headers["connection"] == "close" and b"100 Continue" not in answer
        assert endpoint.calls[0].reason.startswith(code)
    with made(region="eu-west-1") as endpoint, connected(endpoint) as connection:
        connection.sendall(wire[: -len(body)])
        connection.settimeout(0.1)
        with pytest.raises(OSError):
            # Without the setting, there is no final response before the body.
            while b"100 Continue" in connection.recv(65536):
                pass


def test_a_scenario_that_does_not_wait_for_the_body() -> None:
    with made() as endpoint:
        target = path("error-413-early")
        status, _, body = answer_of(exchange(endpoint, last(target, body=b"x" * 100000)[:2000]))
        assert (status, body) == (413, b"Request size exceeded")
        [call] = endpoint.calls
        assert (call.verified, call.scenario, call.body) == (True, "error-413-early", b"")
        assert refused(endpoint, last(target, credentials=OTHER))[1].startswith("Unrecognized")


def test_only_the_body_shows_whether_a_signature_is_right() -> None:
    with made(early_refusals=True) as endpoint:
        assert answer_of(exchange(endpoint, last(path(), body=b"x" * 100000)))[0] == 200
        assert refused(endpoint, last(path(), body=b"x")[:-1] + b"y")[1] == (
            "InvalidSignatureException"
        )


# ---- an HTTP/1.0 proxy in front ----------------------------------------------------------------


@pytest.mark.parametrize("name", ["default", "default-length", "default-close", "interim-several"])
def test_an_http_1_0_proxy_removes_chunks_and_closes(name: str) -> None:
    with made(http10=True) as endpoint:
        wire = exchange(endpoint, request(path(name)))  # the client would keep the connection
        status, headers, body = answer_of(wire)
        assert wire.startswith(b"HTTP/1.0 200 OK\r\n") and wire.count(b"HTTP/1.") == 1
        assert "transfer-encoding" not in headers
        assert (headers["via"], headers["connection"]) == ("1.0 proxy", "close")
        assert endpoint.calls[0].frames_sent > 0 and not body.endswith(b"0\r\n\r\n")
        error = exchange(endpoint, request(path("error-503")))
        assert error.startswith(b"HTTP/1.0 503 ") and b"Content-Length" in error


# ---- address, log ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host, reachable",
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.2", "127.0.0.2"),
        ("0.0.0.0", "127.0.0.1"),  # noqa: S104
        ("", "127.0.0.1"),
        ("::1", "[::1]"),
        ("::", "[::1]"),
        ("localhost", "localhost"),
    ],
)
def test_the_url_of_an_address(host: str, reachable: str) -> None:
    assert _reachable(host) == reachable


def test_another_address_of_this_machine() -> None:
    with made(host="127.0.0.2") as endpoint:
        assert endpoint.url.startswith("http://127.0.0.2:")


def test_bodies_are_logged_without_secrets() -> None:
    lines: List[str] = []
    keys = Credentials(KEYS.access_key, KEYS.secret_key, "hush-token")
    with made(log_bodies=True, log=lines.append) as endpoint:
        body = b'{"inputs": "Hi", "password": "hush"}'
        exchange(endpoint, last(path(), body=body, credentials=keys))
    text = "\n".join(lines)
    assert '> body, 36 bytes: {"inputs": "Hi", "password": "***"}' in lines
    assert "> authorization: ***" in text.lower() and "hush" not in text
