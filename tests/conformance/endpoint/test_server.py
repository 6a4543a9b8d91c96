# SPDX-License-Identifier: MIT
"""Tests of the endpoint: server, request, checks and loopback.

The clients are raw sockets, http.client and boto3. They sign with refimpl.sigv4. The expected bytes
are in this file or come from a scenario's script. Every endpoint binds a port that the system
chooses, plays without pauses, and must leave no thread running.
"""

import gc
import http.client
import json
import os
import re
import socket
import struct
import sys
import threading
import warnings
from contextlib import contextmanager
from email.utils import formatdate
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.endpoint import loopback
from conformance.endpoint import server as endpoint_module
from conformance.endpoint.checks import ACCESS_KEY, SECRET_KEY, Refusal, check_request
from conformance.endpoint.play import script
from conformance.endpoint.request import (
    MAX_BODY,
    BadRequest,
    Gone,
    Request,
    RequestReader,
    body_length,
    parse_head,
)
from conformance.endpoint.scenarios import examples
from conformance.endpoint.scenarios.build import FRAMES, ok, part, raw, stream
from conformance.endpoint.scenarios.model import Scenario
from conformance.endpoint.scenarios.responses import CANONICAL_TEXT
from conformance.endpoint.scenarios.streams import DEFAULT
from conformance.endpoint.server import Call, Endpoint, FrameCounter
from refimpl.eventstream import Decoder
from refimpl.sigv4 import Credentials, Signer, amz_date_of
from tests.support import pieces

NOW = 1440938160.0  # 2015-08-30T12:36:00Z
DATE = "20150830T123600Z"
EXAMPLES = {scenario.name: scenario for scenario in examples()}
PAIRS = Sequence[Tuple[str, str]]
KEYS = Credentials(ACCESS_KEY, SECRET_KEY)


@pytest.fixture(autouse=True)
def _nothing_is_left_running(capfd: Any) -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before
    assert capfd.readouterr().err == ""


@pytest.fixture(name="endpoint")
def _endpoint() -> Iterator[Endpoint]:
    with Endpoint(clock=lambda: NOW, pace=0) as endpoint:
        yield endpoint


# ---- a client ------------------------------------------------------------------------------------


def path(name: str = "default") -> str:
    return f"/endpoints/{name}/invocations-response-stream"


def signed(
    target: str = path(),
    body: bytes = b"{}",
    headers: PAIRS = (),
    method: str = "POST",
    credentials: Credentials = KEYS,
    region: str = "eu-west-1",
    service: str = "sagemaker",
    date: str = DATE,
) -> Tuple[Tuple[str, str], ...]:
    return (
        Signer()
        .sign(
            method,
            target,
            [("Host", "127.0.0.1"), *headers],
            body,
            credentials,
            region,
            service,
            date,
        )
        .headers
    )


def request(
    target: str = path(),
    body: bytes = b"{}",
    headers: PAIRS = (),
    method: str = "POST",
    more: PAIRS = (),
    **how: Any,
) -> bytes:
    """Return a signed request; more: headers that are sent unsigned."""
    pairs = list(signed(target, body, headers, method, **how)) + list(more)
    if not any(name.lower() in ("content-length", "transfer-encoding") for name, _ in pairs):
        pairs.append(("Content-Length", str(len(body))))
    return (
        f"{method} {target} HTTP/1.1\r\n"
        + "".join("{}: {}\r\n".format(*pair) for pair in pairs)
        + "\r\n"
    ).encode("latin-1") + body


def last(target: str = path(), **how: Any) -> bytes:
    return request(target, more=[("Connection", "close")], **how)


@contextmanager
def connected(endpoint: Endpoint, receive_buffer: int = 0) -> Iterator[socket.socket]:
    connection = socket.socket()
    try:
        connection.settimeout(10)
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.connect(("127.0.0.1", int(endpoint.url.rpartition(":")[2])))
        yield connection
    finally:
        connection.close()


def wait_for_call(endpoint: Endpoint) -> None:
    for _ in range(10000):
        if endpoint.calls:
            return
        threading.Event().wait(0.001)
    pytest.fail("the endpoint has not seen the request")


def read_all(connection: socket.socket) -> bytes:
    data = b""
    while True:
        piece = connection.recv(65536)
        if not piece:
            return data
        data += piece


def read_exactly(connection: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        piece = connection.recv(length - len(data))
        assert piece, f"closed after {data!r}"
        data += piece
    return data


def exchange(endpoint: Endpoint, data: bytes) -> bytes:
    """Send data and return everything until the endpoint closes the connection."""
    with connected(endpoint) as connection:
        connection.sendall(data)
        return read_all(connection)


def answer_of(wire: bytes) -> Tuple[int, Dict[str, str], bytes]:
    """Return status, headers by lower-case name, and the body as it was framed."""
    head, _, body = wire.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    return (
        int(lines[0].split(" ")[1]),
        {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])},
        body,
    )


def refused(endpoint: Endpoint, data: bytes) -> Tuple[int, str, str]:
    """Return status, error type without its URL, and message of a refusal."""
    status, headers, body = answer_of(exchange(endpoint, data))
    code, _, url = headers["x-amzn-errortype"].partition(":")
    assert url == "http://internal.amazon.com/coral/com.amazon.coral.service/"
    assert headers["content-type"] == "application/json" and int(headers["content-length"]) == len(
        body
    )
    document = json.loads(body.decode("ascii"))
    assert list(document) == ["Message" if code == "ValidationError" else "message"]
    return status, code, next(iter(document.values()))


# ---- bytes on the wire ---------------------------------------------------------------------------

OWN = (
    rb"x-amzn-RequestId: [0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\r\n"
    rb"Date: Sun, 30 Aug 2015 12:36:00 GMT\r\n"
)
STREAM = (
    b"Content-Type: application/vnd.amazon.eventstream\r\n"
    b"X-Amzn-SageMaker-Content-Type: text/plain; charset=utf-8\r\n"
    b"x-Amzn-Invoked-Production-Variant: AllTraffic\r\n"
)


def matches(wire: bytes, *expected: bytes) -> bool:
    """Return whether wire is a status line, the endpoint's own headers, then the expected bytes."""
    return (
        re.match(
            re.escape(expected[0]) + OWN + re.escape(b"".join(expected[1:])) + rb"\Z",
            wire,
            re.DOTALL,
        )
        is not None
    )


def test_the_default_answer_byte_by_byte(endpoint: Endpoint) -> None:
    wire = exchange(endpoint, last(path("llm")))
    tokens = [
        b"Every ",
        b"frame ",
        b"carries ",
        b"two ",
        b"checksums, ",
        b"so ",
        b"a ",
        b"stream ",
        b"that ",
        b"breaks ",
        b"is ",
        b"a ",
        b"stream ",
        b"that ",
        b"says ",
        b"so.",
    ]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part(token)), part(token)) for token in tokens)
    assert matches(
        wire,
        b"HTTP/1.1 200 OK\r\n",
        b"Connection: close\r\n",
        STREAM,
        b"Transfer-Encoding: chunked\r\n\r\n",
        chunks,
        b"0\r\n\r\n",
    )


def test_the_default_answer_with_content_length_and_until_close(endpoint: Endpoint) -> None:
    body = b"".join(part(token) for token in DEFAULT.expect.parts)
    length = b"Content-Length: %d\r\n\r\n" % len(body)
    closing = b"Connection: close\r\n"
    assert matches(
        exchange(endpoint, last(path("default-length"))),
        b"HTTP/1.1 200 OK\r\n",
        closing,
        STREAM,
        length,
        body,
    )
    assert matches(
        exchange(endpoint, request(path("default-close"))),
        b"HTTP/1.1 200 OK\r\n",
        closing,
        STREAM,
        b"\r\n",
        body,
    )


def test_a_service_error_byte_by_byte(endpoint: Endpoint) -> None:
    assert matches(
        exchange(endpoint, last(path("error-429"))),
        b"HTTP/1.1 429 Too Many Requests\r\n",
        b"Connection: close\r\n",
        b"Content-Type: application/json\r\nx-amzn-ErrorType: ThrottlingException:"
        b"http://internal.amazon.com/coral/com.amazon.coral.service/\r\nContent-Length: 28\r\n\r\n",
        b'{"message": "Rate exceeded"}',
    )


def test_a_redirect_leads_to_the_endpoint_s_other_name(endpoint: Endpoint) -> None:
    status, headers, body = answer_of(exchange(endpoint, last(path("redirect-307"))))
    assert (status, body) == (307, b"")
    assert headers["location"] == endpoint.url.replace("127.0.0.1", "localhost") + path(
        "redirected"
    )


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_every_scenario_is_written_and_ended_as_it_says(endpoint: Endpoint, name: str) -> None:
    answer = EXAMPLES[name].response
    own = (("x-amzn-RequestId", "0" * 36), ("Date", formatdate(NOW, usegmt=True)))
    closing = (("Connection", "close"),)
    script_bytes = b"".join(
        piece.data for piece in script(answer, own + closing, int(endpoint.url.rpartition(":")[2]))
    )
    with connected(endpoint) as connection:
        connection.sendall(last(path(name)))
        wire = read_exactly(connection, len(script_bytes))
        if answer.framing != "raw":
            wire = re.sub(rb"(?<=x-amzn-RequestId: )[0-9a-f-]{36}", b"0" * 36, wire)
        assert wire == script_bytes
        wait_for_call(endpoint)
        if answer.ending == "reset":
            with pytest.raises(ConnectionResetError):
                connection.recv(1)
        elif answer.ending == "stall":
            connection.settimeout(0.03)
            with pytest.raises(socket.timeout):
                connection.recv(1)
        else:
            assert connection.recv(1) == b""
    (call,) = endpoint.calls
    assert (call.scenario, call.verified, call.reason, call.bytes_sent) == (
        name,
        True,
        "",
        len(script_bytes),
    )
    if EXAMPLES[name].expect.status == "ok" and answer.framing != "raw":
        assert call.frames_sent == len(EXAMPLES[name].expect.parts) + EXAMPLES[name].expect.skipped


def test_a_scenario_with_a_number(endpoint: Endpoint) -> None:
    _, _, body = answer_of(exchange(endpoint, last(path("model-stream-error-after-2"))))
    sizes = [int(line, 16) for line in re.findall(rb"(?:^|\r\n)([0-9a-f]+)\r\n", body)]
    assert len(sizes) == 4 and sizes[-1] == 0
    assert endpoint.calls[0].frames_sent == 3


def test_own_scenarios_stand_beside_the_catalogue_s_and_before_them() -> None:
    mine = Scenario("mine", "t", "m", ok(b"x"), stream(part(b"x"), framing="length"))
    with Endpoint(
        {"mine": mine, "default": mine._replace(name="other", response=raw(b"raw"))},
        pace=0,
        clock=lambda: NOW,
    ) as endpoint:
        assert answer_of(exchange(endpoint, last(path("mine"))))[2] == part(b"x")
        assert exchange(endpoint, last(path("default"))) == b"raw"
        assert answer_of(exchange(endpoint, last(path("empty-stream"))))[2] == b"0\r\n\r\n"
        assert [call.scenario for call in endpoint.calls] == ["mine", "other", "empty-stream"]


def test_steps_may_be_made_while_they_are_sent() -> None:
    class Steps:
        def __iter__(self) -> Iterator[bytes]:
            return (part(b"%d" % number) for number in range(300))

    endless = Scenario("many", "t", "m", ok(), stream()._replace(steps=Steps()))
    with Endpoint({"many": endless}, clock=lambda: NOW) as endpoint:
        for _ in range(2):
            exchange(endpoint, last(path("many")))
        assert [call.frames_sent for call in endpoint.calls] == [300, 300]


class PausingEndpoint(Endpoint):
    """Records its pauses instead of waiting."""

    def pause(self, seconds: float, exact: bool = False) -> None:
        self.pauses = getattr(self, "pauses", []) + [seconds]


def test_the_default_answer_is_paced() -> None:
    with PausingEndpoint(clock=lambda: NOW) as endpoint:
        exchange(endpoint, last())
        assert endpoint.pauses == [0.02] * 15


@pytest.mark.parametrize("pace, waited", [(None, 0.02), (0, 0), (0.5, 0.5)])
def test_the_pace_replaces_every_pause(
    pace: Optional[float], waited: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Endpoint(pace=pace) as endpoint:
        seen: List[float] = []
        monkeypatch.setattr(endpoint._closing, "wait", seen.append)
        endpoint.pause(0.02)
        endpoint.pause(0.02, exact=True)
        assert seen == [waited, 0.02]


def test_the_latency_precedes_each_response_at_any_pace() -> None:
    with PausingEndpoint(clock=lambda: NOW, pace=0.0, latency=0.25) as endpoint:
        exchange(endpoint, last())
        exchange(endpoint, b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert [pause for pause in endpoint.pauses if pause == 0.25] == [
            0.25,
            0.25,
        ] and endpoint.pauses[0] == 0.25


def test_a_part_arrives_before_the_next_is_due() -> None:
    slow = Scenario("slow", "t", "m", ok(), stream(part(b"a"), 3600.0, part(b"b")))
    with Endpoint({"slow": slow}, clock=lambda: NOW) as endpoint:
        with connected(endpoint) as connection:
            connection.sendall(request(path("slow")))
            wire = b""
            while not wire.endswith(part(b"a") + b"\r\n"):
                wire += connection.recv(65536)
        assert endpoint.calls[0].frames_sent == 1


def test_responses_have_different_request_ids(endpoint: Endpoint) -> None:
    ids = {answer_of(exchange(endpoint, last()))[1]["x-amzn-requestid"] for _ in range(5)}
    assert len(ids) == 5


# ---- signatures ----------------------------------------------------------------------------------


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
            "Credential should be scoped to a valid region.",
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
        (("/20150830/", "/20150831/"), "InvalidSignatureException", None),
        (("x-amz-date: 2015", "x-amz-date: 20l5"), "InvalidSignatureException", None),
        (("X-Amzn-SageMaker-Accept", "X-Amz-Unsigned"), "InvalidSignatureException", None),
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


# ---- routes and members --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "method, target, status",
    [
        ("POST", "/", 404),
        ("POST", "/endpoints/x/invocations", 404),
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


# ---- one connection, several requests ------------------------------------------------------------


def test_a_connection_is_used_again_whatever_was_answered(endpoint: Endpoint) -> None:
    host, port = endpoint.url[7:].split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    try:
        sockets = set()
        for name, status in [
            ("default", 200),
            ("keep-alive", 200),
            ("error-424", 424),
            ("-bad-", 400),
            ("empty-stream-length", 200),
            ("default", 200),
        ]:
            connection.putrequest("POST", path(name), skip_host=True, skip_accept_encoding=True)
            for pair in signed(path(name)):
                connection.putheader(*pair)
            connection.putheader("Content-Length", "2")
            connection.endheaders(b"{}")
            answer = connection.getresponse()
            body = answer.read()
            assert answer.status == status
            if name == "default":
                assert [message.payload for message in Decoder().feed(body)] == list(
                    DEFAULT.expect.parts
                )
            sockets.add(connection.sock)
        assert len(sockets) == 1 and None not in sockets
    finally:
        connection.close()
    assert len(endpoint.calls) == 6


def test_pipelined_requests_are_answered_in_order(endpoint: Endpoint) -> None:
    wire = exchange(
        endpoint,
        request(path("empty-stream"))
        + b"\r\n"
        + request(path("error-424"))
        + last(path("empty-stream-length")),
    )
    assert re.findall(rb"HTTP/1.1 ([0-9]{3})", wire) == [b"200", b"424", b"200"]


@pytest.mark.parametrize(
    "version, more",
    [
        ("HTTP/1.0", []),
        ("HTTP/1.1", [("Connection", "close")]),
        ("HTTP/1.1", [("Connection", "TE, Close")]),
    ],
)
def test_a_client_may_ask_for_the_end(endpoint: Endpoint, version: str, more: PAIRS) -> None:
    data = request(path("default"), more=more).replace(b"HTTP/1.1", version.encode("ascii"))
    status, headers, body = answer_of(exchange(endpoint, data))
    assert (status, headers["connection"]) == (200, "close")
    assert ("transfer-encoding" in headers) == (version == "HTTP/1.1")
    if version == "HTTP/1.0":
        assert len(Decoder().feed(body)) == 16


# ---- bodies --------------------------------------------------------------------------------------

CHUNKED = b"5;x=1\r\nhello\r\n00A\r\n0123456789\r\n0\r\nX-Trailer: 1\r\n\r\n"


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_chunked_request_body_however_it_is_cut(endpoint: Endpoint, size: int) -> None:
    head = request(
        body=b"hello0123456789", more=[("Transfer-Encoding", "Chunked"), ("Connection", "close")]
    )[:-15]
    with connected(endpoint) as connection:
        for piece in pieces(head + CHUNKED, size):
            connection.sendall(piece)
        assert read_all(connection).startswith(b"HTTP/1.1 200")
    assert (endpoint.calls[0].body, endpoint.calls[0].verified) == (b"hello0123456789", True)


def test_a_client_that_waits_for_100_continue_gets_it(endpoint: Endpoint) -> None:
    data = last(body=b"x" * 10, headers=[("Expect", "100-Continue")])
    with connected(endpoint) as connection:
        connection.sendall(data[:-10])
        assert read_exactly(connection, 25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(data[-10:])
        assert read_all(connection).startswith(b"HTTP/1.1 200 OK\r\n")
    assert endpoint.calls[0].verified


@pytest.mark.parametrize("body", [b"", b"x"])
def test_no_100_continue_without_a_body_to_wait_for(endpoint: Endpoint, body: bytes) -> None:
    data = last(body=body, headers=[("Expect", "100-continue")])
    assert re.findall(rb"HTTP/1.1 ([0-9]{3})", exchange(endpoint, data)) == [b"200"]


def test_a_large_body(endpoint: Endpoint) -> None:
    body = b"x" * (6 * 1024 * 1024 + 1)
    assert answer_of(exchange(endpoint, last(body=body)))[0] == 200
    assert len(endpoint.calls[0].body) == len(body)


HUGE_HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 104857600\r\n\r\n"
HUGE_CHUNK = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n6400000\r\n"


@pytest.mark.parametrize("head", [HUGE_HEAD, HUGE_CHUNK])
def test_a_body_of_100_megabytes_is_refused_and_the_answer_arrives(
    endpoint: Endpoint, head: bytes
) -> None:
    with connected(endpoint) as connection:
        connection.sendall(head)
        for _ in range(100):
            connection.sendall(b"x" * 1048576)
        connection.shutdown(socket.SHUT_WR)
        status, headers, body = answer_of(read_all(connection))
    assert (status, headers["connection"], headers["content-type"]) == (413, "close", "text/plain")
    assert body == b"Request size exceeded %d bytes" % MAX_BODY
    assert endpoint.calls[0].reason == body.decode("ascii") and endpoint.calls[0].body == b""


def test_a_client_that_expects_100_is_refused_before_it_sends(endpoint: Endpoint) -> None:
    with connected(endpoint) as connection:
        connection.sendall(HUGE_HEAD.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
        assert read_all(connection).startswith(b"HTTP/1.1 413 ")


# ---- hostile clients -----------------------------------------------------------------------------

HOST = b"POST / HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize(
    "data, reason",
    [
        (b"garbage\r\n\r\n", "request line"),
        (b"POST /\r\n\r\n", "request line"),
        (b"POST / HTTP/1.1 \r\nHost: x\r\n\r\n", "request line"),
        (b"POST  / HTTP/1.1\r\nHost: x\r\n\r\n", "request line"),
        (b"POST / HTTP/2.0\r\nHost: x\r\n\r\n", "request line"),
        (b"POST http://x/ HTTP/1.1\r\nHost: x\r\n\r\n", "request line"),
        (b"POST /\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n", "request line"),
        (b"P\xc3ST / HTTP/1.1\r\nHost: x\r\n\r\n", "request line"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "TLS"),
        (b"\x00" * 40, "control character"),
        (b"POST / HTTP/1.1\nHost: x\n\n", "CRLF"),
        (b"POST / HTTP/1.1\r\nHost: x\n\r\n", "CRLF"),
        (HOST + b"\n", "CRLF"),
        (HOST + b"X: a\rb\r\n\r\n", "CRLF"),
        (HOST + b"X: a\0b\r\n\r\n", "control character"),
        (HOST + b"X: a\x7fb", "control character"),
        (b"POST / HTTP/1.1\r\n\r\n", "Host"),
        (HOST + b"Host: x\r\n\r\n", "Host"),
        (b"POST / HTTP/1.1\r\n X: folded\r\nHost: x\r\n\r\n", "folded line"),
        (HOST + b"X : a\r\n\r\n", "name: value"),
        (HOST + b": a\r\n\r\n", "name: value"),
        (HOST + b"X\r\n\r\n", "name: value"),
        (HOST + b"X: " + b"a" * 70000, "too long"),
        (HOST + b"X: a\r\n" * 12000, "too long"),
        (b"A" * 70000, "too long"),
        (b"\r\n" * 3 + b"A" * 70000, "too long"),
        (HOST + b"Content-Length: x\r\n\r\n", "Content-Length"),
        (HOST + b"Content-Length: -1\r\n\r\n", "Content-Length"),
        (HOST + b"Content-Length: +1\r\n\r\na", "Content-Length"),
        (HOST + b"Content-Length: 1, 1\r\n\r\na", "Content-Length"),
        (HOST + b"Content-Length: 1_0\r\n\r\na", "Content-Length"),
        (HOST + b"Content-Length: \xb9\r\n\r\na", "Content-Length"),
        (HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", "Content-Length"),
        (
            HOST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "Transfer-Encoding",
        ),
        (HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "Transfer-Encoding"),
        (
            HOST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "Transfer-Encoding",
        ),
        (HOST + b"Transfer-Encoding: identity\r\n\r\n", "Transfer-Encoding"),
        (HOST + b"Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n", "invalid chunk size"),
        (HOST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\na\r\n", "invalid chunk size"),
        (HOST + b"Transfer-Encoding: chunked\r\n\r\n\r\n", "invalid chunk size"),
        (HOST + b"Transfer-Encoding: chunked\r\n\r\n1\na\r\n", "CRLF"),
        (HOST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nabc", "chunk does not end"),
        (HOST + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * 5000, "too long"),
    ],
)
def test_a_hostile_request_gets_a_400_and_the_next_client_its_answer(
    endpoint: Endpoint, data: bytes, reason: str
) -> None:
    status, headers, body = answer_of(exchange(endpoint, data))
    assert (status, headers["connection"]) == (400, "close")
    assert reason in body.decode("ascii") and reason in endpoint.calls[0].reason
    assert not endpoint.calls[0].verified
    assert answer_of(exchange(endpoint, last()))[0] == 200


def test_a_head_of_blanks_costs_no_time(endpoint: Endpoint) -> None:
    with connected(endpoint) as connection:  # quadratic matching would take minutes
        connection.sendall(HOST + b"X: a" + b" " * 65000 + b"b\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 404")


def test_the_same_length_twice_and_an_empty_line_before_the_request_are_accepted(
    endpoint: Endpoint,
) -> None:
    data = request(more=[("Content-Length", "2"), ("content-length", "2"), ("Connection", "close")])
    assert answer_of(exchange(endpoint, b"\r\n" + data))[0] == 200


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


ENDLESS = Scenario("endless", "t", "m", ok(), stream(*[part(b"x" * 100000)] * 2000))
WAITING = Scenario("waiting", "t", "m", ok(), stream(part(b"a"), 3600.0))


@pytest.mark.parametrize(
    "data, reason",
    [
        (b"POST", "dropped: the client disconnected"),
        (HOST, "dropped: the client disconnected"),
        (HOST + b"Content-Length: 5\r\n\r\nab", "dropped: the client disconnected"),
        (HOST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab", "dropped: the client disconnected"),
        (HOST + b"\r\n", "POST / refused: UnknownOperationException"),
        (
            request(path("stall-in-part")),
            "POST /endpoints/stall-in-part/invocations-response-stream scenario stall-in-part",
        ),
        (request(path("endless")), "dropped: the client disconnected"),
    ],
)
@pytest.mark.parametrize("leave", ["close", "reset"])
def test_a_client_that_goes_away_does_no_harm_and_the_log_says_why(
    data: bytes, reason: str, leave: str
) -> None:
    lines: List[str] = []
    with Endpoint({"endless": ENDLESS}, clock=lambda: NOW, log=lines.append) as endpoint:
        with connected(endpoint) as connection:
            connection.sendall(data)
            if leave == "reset":
                if b"\r\n\r\n" in data and b"ab" not in data:
                    wait_for_call(
                        endpoint
                    )  # a reset throws away what the endpoint has not read yet
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        assert answer_of(exchange(endpoint, last(path("empty-stream"))))[0] == 200
    assert any(line.startswith(reason) for line in lines), lines
    assert all("\n" not in line for line in lines)


def test_a_silent_client_is_dropped() -> None:
    lines: List[str] = []
    with Endpoint(clock=lambda: NOW, idle_timeout=0.05, log=lines.append) as endpoint:
        assert exchange(endpoint, b"") == b""
        assert exchange(endpoint, b"POST / HT") == b""
        assert answer_of(exchange(endpoint, last(path("empty-stream"))))[0] == 200
    assert lines[:2] == ["dropped: the client was silent for 0.05 s"] * 2


def test_a_stall_outlasts_the_time_for_silence() -> None:
    with Endpoint(clock=lambda: NOW, idle_timeout=0.02) as endpoint, connected(
        endpoint
    ) as connection:
        connection.sendall(request(path("stall-before-head")) + b"and more")
        connection.settimeout(0.1)
        with pytest.raises(socket.timeout):
            connection.recv(1)


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=200),
    st.sampled_from([b"", HOST, HOST + b"Transfer-Encoding: chunked\r\n\r\n"]),
)
def test_any_bytes_are_a_request_or_refused(data: bytes, before: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(before + data)
        ours.shutdown(socket.SHUT_WR)
        try:
            found = RequestReader(theirs).read()
            assert found is None or found.target.startswith("/")
        except (BadRequest, Gone) as error:
            assert str(error)


HEADER_NAMES = [
    "Host",
    "Authorization",
    "X-Amz-Date",
    "X-Amz-Security-Token",
    "Content-Type",
    "X-Amz-Content-SHA256",
]
HEADER_VALUES = st.one_of(
    st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=40),
    st.sampled_from([signed()[2][1], DATE, "127.0.0.1"]),
)
TARGETS = [
    path(),
    path("%ff"),
    path() + "?X-Amz-Signature=1&X-Amz-Credential=AKIDEXAMPLE/1/2/sagemaker/aws4_request",
    path() + "?%",
]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(HEADER_NAMES), HEADER_VALUES), max_size=6),
    st.sampled_from(TARGETS),
)
def test_any_headers_are_accepted_or_refused(headers: List[Tuple[str, str]], target: str) -> None:
    try:
        check_request(Request("POST", target, "HTTP/1.1", headers, b"{}"), DATE)
    except Refusal as refusal:
        assert (
            refusal.status[:3] in ("400", "403")
            and refusal.message
            and refusal.response().status == refusal.status
        )


def test_parse_head_and_body_length() -> None:
    lines = [b"POST /x?y HTTP/1.0", b"hOST:\t x ", b"A: b", b"\tc"]
    assert parse_head(lines) == ("POST", "/x?y", "HTTP/1.0", [("hOST", "x"), ("A", "b\r\n\tc")])
    assert body_length([]) == 0
    assert body_length([("content-length", "007")]) == 7
    assert body_length([("Transfer-Encoding", "CHUNKED")]) is None


# ---- calls and log -------------------------------------------------------------------------------


def test_calls_tell_what_happened_and_keep_secrets() -> None:
    lines: List[str] = []
    keys = Credentials(ACCESS_KEY, SECRET_KEY, "hush-token")
    with Endpoint(clock=lambda: NOW, pace=0, log=lines.append) as endpoint:
        wire = exchange(
            endpoint,
            last(
                path("frames-merged"),
                body=b"hush-body",
                credentials=keys,
                headers=[("X-Amzn-SageMaker-Custom-Attributes", "hush-attributes")],
            ),
        )
        exchange(endpoint, last("/x?X-Amz-Security-Token=hush"))
        exchange(endpoint, b"hush\r\n\r\n")
        calls = endpoint.calls
    assert calls[0] == Call(
        "POST",
        path("frames-merged"),
        calls[0].headers,
        b"hush-body",
        True,
        "",
        "frames-merged",
        3,
        len(wire),
    )
    assert ("x-amz-security-token", "hush-token") in calls[0].headers
    assert lines == [repr(call) for call in calls]
    assert lines[0] == (
        "POST /endpoints/frames-merged/invocations-response-stream scenario frames-merged; "
        f"3 frames, {len(wire)} bytes"
    )
    assert lines[1].startswith("POST /x refused: UnknownOperationException: Expected POST")
    assert lines[2].startswith(
        "- - refused: invalid request line (expected METHOD /target HTTP/1.1); 0 frames, "
    )
    assert "hush" not in "".join(lines)
    assert (
        repr(Request("POST", "/x?hush", "HTTP/1.1", [("a", "hush")], b"hush")) == "Request(POST /x)"
    )


def test_calls_are_a_copy(endpoint: Endpoint) -> None:
    exchange(endpoint, last())
    endpoint.calls.clear()
    assert len(endpoint.calls) == 1


def test_old_calls_are_forgotten(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint_module, "_KEPT_CALLS", 3)
    for number in range(5):
        exchange(endpoint, last(path("error-400"), body=b"%d" % number))
    assert [call.body for call in endpoint.calls] == [b"2", b"3", b"4"]
    monkeypatch.setattr(endpoint_module, "_KEPT_BYTES", 10)
    for body, kept in [(b"5" * 9, 2), (b"6" * 20, 1), (b"7" * 4, 1), (b"8" * 4, 2)]:
        exchange(endpoint, last(path("error-400"), body=body))
        assert len(endpoint.calls) == kept
    assert [call.body for call in endpoint.calls] == [b"7777", b"8888"]


def test_what_a_client_has_seen_is_counted(endpoint: Endpoint) -> None:
    with connected(endpoint) as connection:
        for number in range(1, 40):
            connection.sendall(request(path("frames-merged")))
            wire = b""
            while not wire.endswith(b"\r\n0\r\n\r\n"):
                wire += connection.recv(65536)
            calls = endpoint.calls
            assert len(calls) == number and (calls[-1].frames_sent, calls[-1].bytes_sent) == (
                3,
                len(wire),
            )


@pytest.mark.parametrize("size", [1, 3, 5, 64, 100000])
def test_frames_are_counted_however_they_are_cut(size: int) -> None:
    for data, frames in [
        (b"".join(FRAMES), 3),
        (b"".join(FRAMES)[:-1], 2),
        (FRAMES[0] + b"\0\0\0\x0f" + FRAMES[1], 1),
        (b"", 0),
        (part(b"x" * 300) * 2, 2),
        (b"\0\0\0\x10" + b"x" * 12, 1),
        (b'{"message": null}', 0),
    ]:
        counter = FrameCounter()
        for piece in pieces(data, size):
            counter.feed(piece)
        assert counter.frames == frames


# ---- concurrency and close() ---------------------------------------------------------------------


def test_fifty_clients_at_once_get_each_its_own_answer(endpoint: Endpoint) -> None:
    found: Dict[int, bytes] = {}
    start = threading.Barrier(50)

    def call(number: int) -> None:
        with connected(endpoint) as connection:
            start.wait(30)
            connection.sendall(last(path(f"long-answer-{int(number)}"), body=b"%d" % number))
            found[number] = answer_of(read_all(connection))[2]

    threads = [threading.Thread(target=call, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(50):
        frames = [part(b"token %d " % index) for index in range(number)]
        assert (
            found[number]
            == b"".join(b"%x\r\n%s\r\n" % (len(frame), frame) for frame in frames) + b"0\r\n\r\n"
        )
    calls = endpoint.calls
    assert sorted((int(call.body), call.frames_sent, call.verified) for call in calls) == [
        (number, number, True) for number in range(50)
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"POST / HT",
        HOST + b"Content-Length: 5\r\n\r\na",
        request(path("stall-before-head")),
        request(path("stall-in-part")),
        request(path("waiting")),
        request(path("endless")),
        request(path("keep-alive")),
    ],
)
def test_close_ends_every_connection_and_thread(data: bytes) -> None:
    before = set(threading.enumerate())
    endpoint = Endpoint({"endless": ENDLESS, "waiting": WAITING}, clock=lambda: NOW)
    with connected(endpoint) as one, connected(endpoint) as two:
        one.sendall(data)
        two.sendall(data)
        exchange(endpoint, last(path("empty-stream")))  # whatever came before is accepted by now
        endpoint.close()
        assert set(threading.enumerate()) == before
        endpoint.close()
        assert endpoint.url
    with pytest.raises(ConnectionRefusedError), connected(endpoint):
        pass


def test_nothing_is_left_open() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with Endpoint(clock=lambda: NOW, pace=0) as endpoint:
            for name in ("default", "stall-in-part", "truncated-reset-at-57"):
                with connected(endpoint) as connection:
                    connection.sendall(request(path(name)))
                    connection.recv(10)
        del endpoint, connection
        gc.collect()
    assert [str(warning.message) for warning in caught] == []


def test_a_port_may_be_chosen_and_must_be_free(endpoint: Endpoint) -> None:
    port = int(endpoint.url.rpartition(":")[2])
    with pytest.raises(OSError):
        Endpoint(port=port)
    endpoint.close()
    with Endpoint(port=port, clock=lambda: NOW, pace=0) as again:
        assert again.url == endpoint.url
        assert answer_of(exchange(again, last()))[0] == 200


def test_it_listens_only_on_loopback(endpoint: Endpoint) -> None:
    assert re.match(r"http://127\.0\.0\.1:[1-9][0-9]*\Z", endpoint.url)
    assert endpoint._server.socket.getsockname()[0] == "127.0.0.1"


def test_small_writes_are_not_held_back(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    answer = endpoint_module._Handler._play

    def look(self: Any, *arguments: Any) -> None:
        seen.append(self.request.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        answer(self, *arguments)

    monkeypatch.setattr(endpoint_module._Handler, "_play", look)
    exchange(endpoint, last())
    assert seen and all(seen)


def test_a_fault_of_the_endpoint_s_own_is_one_line(endpoint: Endpoint, capfd: Any) -> None:
    def fail() -> float:
        raise ValueError("clock")

    endpoint._clock = fail
    assert exchange(endpoint, last()) == b""
    endpoint._clock = lambda: NOW
    assert answer_of(exchange(endpoint, last()))[0] == 200
    assert capfd.readouterr().err == "endpoint: ValueError: clock\n"


def test_a_reset_follows_the_data_on_systems_without_tiocoutq(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with connected(endpoint) as connection:
        connection.sendall(request(path("truncated-close-reset-at-57")))
        wire = b""
        with pytest.raises(ConnectionResetError):
            while True:
                wire += connection.recv(65536)
    assert wire.endswith(FRAMES[0][:57])


def test_a_reset_waits_until_all_data_has_arrived(endpoint: Endpoint) -> None:
    big = b"x" * 1000000  # the last of it lies in the endpoint's queue when the last write returns
    endpoint._scenarios["big"] = Scenario(
        "big", "t", "m", ok(), stream(big, framing="close", ending="reset")
    )
    with connected(endpoint, receive_buffer=4096) as connection:
        connection.sendall(request(path("big")))
        got = 0
        with pytest.raises(ConnectionResetError):
            while True:
                got += len(connection.recv(65536))
    assert got > len(big)


def test_without_a_thread_a_connection_is_closed_and_the_next_one_served(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    class Exhausted(threading.Thread):
        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(loopback.threading, "Thread", Exhausted)
        with connected(endpoint) as connection:
            assert connection.recv(1) == b""
    assert answer_of(exchange(endpoint, last()))[0] == 200
    assert capfd.readouterr().err == "endpoint: RuntimeError: can't start new thread\n"


# ---- AWS's own SDK -------------------------------------------------------------------------------


@pytest.fixture(name="boto3_client")
def _boto3_client(monkeypatch: pytest.MonkeyPatch) -> Callable[[Endpoint], Any]:
    boto3 = pytest.importorskip("boto3")
    config = pytest.importorskip("botocore.config").Config(
        retries={"total_max_attempts": 1}, read_timeout=20, proxies={}
    )
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    return lambda endpoint: boto3.client(
        "sagemaker-runtime",
        region_name="ap-southeast-2",
        endpoint_url=endpoint.url + "/base",
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        aws_session_token="token",
        config=config,
    )


def test_boto3_reads_the_default_answer(boto3_client: Callable[[Endpoint], Any]) -> None:
    with Endpoint(pace=0) as endpoint:
        client = boto3_client(endpoint)
        answer = client.invoke_endpoint_with_response_stream(
            EndpointName="llm",
            Body=b'{"inputs": "Hi"}',
            ContentType="application/json",
            CustomAttributes="accept_eula=true",
            SessionId="s-1",
        )
        assert [event["PayloadPart"]["Bytes"] for event in answer["Body"]] == list(
            DEFAULT.expect.parts
        )
        assert (answer["ContentType"], answer["InvokedProductionVariant"]) == (
            "text/plain; charset=utf-8",
            "AllTraffic",
        )
        client.close()
        (call,) = endpoint.calls
    assert (call.verified, call.scenario, call.body, call.frames_sent) == (
        True,
        "default",
        b'{"inputs": "Hi"}',
        16,
    )
    assert call.target == "/base/endpoints/llm/invocations-response-stream"


def test_boto3_sees_the_model_s_error(boto3_client: Callable[[Endpoint], Any]) -> None:
    errors = pytest.importorskip("botocore.exceptions")
    with Endpoint(pace=0) as endpoint:
        client = boto3_client(endpoint)
        answer = client.invoke_endpoint_with_response_stream(
            EndpointName="model-stream-error-after-3", Body=b"{}"
        )
        parts = []
        with pytest.raises(errors.EventStreamError) as caught:
            for event in answer["Body"]:
                parts.append(event["PayloadPart"]["Bytes"])
        answer["Body"].close()
        client.close()
        assert parts == [b"token 0 ", b"token 1 ", b"token 2 "]
        assert caught.value.response["Error"]["Code"] == "ModelStreamError"
        assert endpoint.calls[0].verified


def test_boto3_sees_service_errors_and_a_refused_signature(
    boto3_client: Callable[[Endpoint], Any],
) -> None:
    errors = pytest.importorskip("botocore.exceptions")
    with Endpoint(pace=0) as endpoint:
        client = boto3_client(endpoint)
        with pytest.raises(client.exceptions.ModelError) as caught:
            client.invoke_endpoint_with_response_stream(EndpointName="error-424", Body=b"{}")
        assert caught.value.response["OriginalStatusCode"] == 500
        client.close()
    with Endpoint(pace=0, clock=lambda: NOW) as endpoint:
        client = boto3_client(endpoint)
        with pytest.raises(errors.ClientError, match="Signature not yet current") as caught:
            client.invoke_endpoint_with_response_stream(EndpointName="llm", Body=b"{}")
        assert caught.value.response["Error"]["Code"] == "InvalidSignatureException"
        client.close()
