# SPDX-License-Identifier: MIT
"""Tests of conformance/recording/scrub.py.

A secret must be gone in each of its forms, no length and no chunk may change, and a checksum must
stay as right or as wrong as it was.
"""

import base64
import json
import time
import zlib
from typing import Any, List
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.endpoint.checks import EXAMPLE_TOKEN
from conformance.endpoint.scenarios.build import (
    CHUNKED,
    event,
    exception,
    head,
    message,
    part,
    raw_frame,
)
from conformance.endpoint.scenarios.model import STREAM_HEADERS
from conformance.recording.exchange import follow
from conformance.recording.scrub import clean
from refimpl.eventstream import Decoder
from tests.conformance.recording.messages import SECRET, chunked, request_of, signed_request


def frames_in(response: bytes) -> List[Any]:
    return list(Decoder().feed(follow(response).body))


def test_removes_nothing_from_an_example() -> None:
    for request in (signed_request(), signed_request(EXAMPLE_TOKEN)):
        response = chunked(part(b"one "), exception("ModelStreamError", Message="broke"))
        assert clean(request, response, keep_sensitive=True) == (request, response, [])


def test_removes_sensitive_members_without_moving_anything() -> None:
    request = signed_request(
        body=b'{"secret": 1}',
        more=[
            ("X-Amzn-SageMaker-Custom-Attributes", "mine too"),
            ("Content-MD5", "abcd=="),
            ("x-amz-content-sha256", "0" * 64),
            ("x-amz-checksum-crc32", "abc"),
        ],
    )
    frames = [
        part(b"private "),
        event("Other", b"private"),
        exception("ModelStreamError", Message="said"),
        part(b""),
    ]
    response = chunked(
        frames[0][:30],
        frames[0][30:] + frames[1],
        *frames[2:],
        headers=(*STREAM_HEADERS, ("x-amzn-sagemaker-custom-attributes", "private")),
    )
    asked, answered, removed = clean(request, response)
    assert (len(asked), len(answered)) == (len(request), len(response))
    assert (
        follow(asked, request=True).body == b"x" * 13
        and b"mine" not in asked
        and b"abcd" not in asked
        and b"0" * 64 not in asked
    )
    assert (
        b"Signature=" + b"x" * 64 in asked
        and b"checksum-crc32: xxx\r\n" in asked
        and b"Credential=AKIDEXAMPLE/20150830/" in asked
    )
    assert b"private" not in answered and follow(answered).spans == follow(response).spans
    assert [
        (message.payload, message.headers.string(":message-type"))
        for message in frames_in(answered)
    ] == [
        (b"x" * 8, "event"),
        (b"x" * 7, "event"),
        (b'{"Message": "said"}', "exception"),
        (b"", "event"),
    ]
    assert removed == [
        "request: header x-amzn-sagemaker-custom-attributes",
        "request: body, 13 bytes",
        "request: hashes and the signature, which could reveal what was removed",
        "response: header x-amzn-sagemaker-custom-attributes",
        "response: payloads of the stream, 15 bytes",
    ]


def test_a_wrong_checksum_stays_wrong() -> None:
    wrong = raw_frame(flip_message_crc=5)
    answered = clean(b"", head(STREAM_HEADERS) + part(b"a") + wrong)[1]
    frame = answered[-len(wrong) :]
    assert (
        frame[-8:-4] == b"xxxx" and int.from_bytes(frame[-4:], "big") == zlib.crc32(frame[:-4]) ^ 5
    )


@pytest.mark.parametrize(
    "behind",
    [
        raw_frame(flip_prelude_crc=1),
        b"\0" * 7 + b"private",
        part(b"private")[:-6],
        raw_frame(total_length=12),
        raw_frame(headers_length=200),
    ],
)
def test_removes_everything_after_an_invalid_frame(behind: bytes) -> None:
    response = head(STREAM_HEADERS) + part(b"good") + behind
    answered = clean(b"", response)[1]
    assert len(answered) == len(response) and b"priv" not in answered and b"two " not in answered
    assert clean(b"", response, keep_sensitive=True)[1] == response


@pytest.mark.parametrize(
    "data", [b"POST\r\nhello private\r\n", b"x private", request_of() + b"\r\n private"]
)
def test_blanks_bytes_that_are_not_a_request_except_line_ends(data: bytes) -> None:
    asked, _, removed = clean(data, b"")
    assert (
        b"private" not in asked
        and len(asked) == len(data)
        and asked.count(b"\r\n") == data.count(b"\r\n")
        and removed
    )


@pytest.mark.parametrize(
    "response, kept",
    [
        (head([("Content-Length", "7")]) + b"private", False),
        (head([("Content-Length", "3")]) + b"oneprivate", False),
        (head([("Content-Length", "7")], "424 Failed") + b"private", True),
        (b"HTTP/9 private\r\n\r\n", False),
        (b"private", False),
        (head([CHUNKED]) + b"zz private", False),
        (
            head([("Content-Encoding", "gzip"), ("Content-Length", "7")], "424 Failed")
            + b"private",
            False,
        ),
    ],
)
def test_other_answers(response: bytes, kept: bool) -> None:
    answered, removed = clean(request_of(), response)[1:]
    assert (b"private" in answered) == kept and len(answered) == len(response)
    assert (len([line for line in removed if line.startswith("response")]) == 0) == kept
    assert clean(request_of(), response, keep_sensitive=True)[1] == response
    assert (clean(request_of(), response, [SECRET], keep_sensitive=True)[1] == response) == (
        b"gzip" not in response
    )


FORMS = [
    SECRET,
    quote(SECRET, safe=""),
    quote(SECRET),
    quote(quote(SECRET, safe=""), safe=""),
    SECRET.replace("/", "\\/"),
    quote(SECRET, safe="").lower(),
]


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("form", FORMS)
def test_removes_every_form_of_a_secret_even_across_chunks(form: str, keep: bool) -> None:
    data = form.encode("ascii")
    body = b'{"Message": "so %s it is"}' % data
    frame = message([(":message-type", "exception"), (":exception-type", "ModelStreamError")], body)
    responses = [
        chunked(*[frame[index : index + 3] for index in range(0, len(frame), 3)]),
        head([("Content-Length", str(len(body)))], "403 Forbidden") + body,
        head([("X-Error", form)], "500 No"),
        head([CHUNKED], "500 No") + b"1;%s\r\na\r\n0\r\n\r\n" % data,
    ]
    for response in responses:
        answered, removed = clean(request_of(("X-Other", form)), response, [SECRET], keep)[1:]
        assert (
            data not in answered
            and data not in follow(answered).body
            and len(answered) == len(response)
        )
        assert removed[0] == "request: a secret" and "response: a secret" in removed
    asked, answered = clean(request_of(("X-Other", form)), responses[0], [SECRET], keep)[:2]
    assert data not in asked and frames_in(answered)[0].payload == body.replace(
        data, b"x" * len(data)
    )


@pytest.mark.parametrize("keep", [True, False])
def test_removes_a_session_token_wherever_it_is_repeated(keep: bool) -> None:
    request = signed_request(SECRET)
    response = (
        head([("Content-Length", "90")], "403 Forbidden")
        + (f'{{"message":"x-amz-security-token:{SECRET}"}}').ljust(90).encode()
    )
    asked, answered, removed = clean(request, response, keep_sensitive=keep)
    assert (
        SECRET.encode() not in asked + answered
        and b"Signature=" + b"x" * 64 in asked
        and "request: header x-amz-security-token" in removed
    )
    presigned = request_of(
        line="POST /a?X-Amz-Credential=AKIDEXAMPLE%2F1"
        f"&x-amz-SECURITY%2Dtoken={quote(SECRET, safe='')}&X-Amz-Signature={'0a' * 32} HTTP/1.1"
    )
    asked, answered, _ = clean(presigned, response, keep_sensitive=keep)
    assert (
        SECRET.encode() not in asked + answered
        and quote(SECRET, safe="").encode() not in asked
        and b"0a0a" not in asked
    )


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize(
    "name, value",
    [
        ("Authorization", "Bearer sagemaker-api-key-private"),
        ("Cookie", "private=1"),
        ("Proxy-Authorization", "Basic of-private"),
        (
            "Authorization",
            "AWS4-HMAC-SHA256 Credential=AKIAprivate/20150830/r/s/aws4_request, "
            "SignedHeaders=host, Signature=" + "0a" * 32,
        ),
    ],
)
def test_removes_credentials(name: str, value: str, keep: bool) -> None:
    asked, answered, removed = clean(
        request_of((name, value)),
        head([("Set-Cookie", "private"), ("Server", "AKIAprivate")]),
        (),
        keep,
    )
    assert (
        b"private" not in asked and b"0a0a" not in asked and b"Set-Cookie: xxxxxxx\r\n" in answered
    )
    assert "request: header " + name.lower() in removed or "request: a secret" in removed
    assert (b"AKIAprivate" in answered) == ("AKIA" not in value)


@pytest.mark.parametrize(
    "name, value",
    [
        ("Authorization", "Bearer private-key"),
        ("authorization", "private-key"),
        ("Proxy-Authorization", "Basic private-key "),
        ("X-Api-Key", "private-key"),
    ],
)
def test_removes_other_credentials_wherever_they_are_repeated(name: str, value: str) -> None:
    response = head([("Content-Length", "28")], "403 Forbidden") + b'{"message":"no private-key"}'
    asked, answered, _ = clean(request_of((name, value)), response)
    assert b"private" not in asked + answered and answered.endswith(b'{"message":"no xxxxxxxxxxx"}')


def test_removes_the_query_parameters_of_another_key() -> None:
    request = request_of(
        line="POST /a?b=c&X-Amz-Credential=AKIAprivate%2F20150830&X-Amz-Signature=0a0a HTTP/1.1"
    )
    asked, _, removed = clean(request, b"", keep_sensitive=True)
    assert b"AKIAprivate" not in asked and b"0a0a" not in asked and b"b=c&" in asked
    assert "request: parameter x-amz-signature" in removed


def test_a_very_short_text_is_not_a_secret() -> None:
    response = head([("Server", "abc")])
    assert clean(b"", response, ["abc", ""], keep_sensitive=True) == (b"", response, [])


@given(st.binary(max_size=80), st.binary(max_size=80), st.booleans())
def test_any_bytes_keep_their_length(request: bytes, response: bytes, keep: bool) -> None:
    asked, answered, _ = clean(request, response, [SECRET], keep)
    assert (len(asked), len(answered)) == (len(request), len(response))
    framed = chunked(part(request), response or b"?")
    assert follow(clean(b"", framed, [], keep)[1]).spans == follow(framed).spans


# ---- credentials of all kinds --------------------------------------------------------------------

PRIVATE = "pr1vate/Value+0123=="
BASIC = base64.b64encode(b"user:" + PRIVATE.encode("ascii")).decode("ascii")
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwcml2YXRlIn0.c2lnbmF0dXJl"
CREDENTIAL_HEADERS = [
    *[
        (name, PRIVATE)
        for name in [
            "Api-Key",
            "ApiKey",
            "X-Api-Key",
            "X-Auth-Token",
            "X-Access-Token",
            "X-Csrf-Token",
            "X-Amz-Security-Token",
            "X-Vault-Token",
            "X-Goog-Api-Key",
            "Ocp-Apim-Subscription-Key",
            "Private-Token",
            "PRIVATE-TOKEN",
            "X-Amzn-Oidc-Data",
            "X-Aws-Ec2-Metadata-Token",
            "X-Session-Id",
            "X-Hub-Signature",
            "X-Secret",
            "X-Forwarded-User",
            "Proxy-Authorization",
            "Cookie2",
            "Authentication",
            "X-Authorization",
            "Token",
            "X-Amz-Meta-Password",
            "X-Unknown-To-Everybody",
            "Referer",
            "Origin",
            "Forwarded",
            "Via",
        ]
    ],
    ("Authorization", "Bearer " + PRIVATE),
    ("Authorization", "Bearer\r\n " + PRIVATE),
    ("Authorization", "\r\n\tBasic " + BASIC),
    ("Authorization", "Negotiate " + PRIVATE),
    ("Authorization", f'Digest username="u", response="{PRIVATE}"'),
    ("Cookie", f"a=b; session={PRIVATE}"),
    ("User-Agent", "agent token=" + PRIVATE),
    ("User-Agent", "agent " + JWT),
    ("Accept", "https://user:" + PRIVATE.replace("/", "") + "@host/"),
    ("Host", f"user:{PRIVATE}@host"),
    ("Authorization ", "Bearer " + PRIVATE),
    ("Api Key", PRIVATE),
    ("Accept", "x\rApi-Key: " + PRIVATE),
]
TARGETS = [
    *[
        f"/x?a={{}}&{name}={{}}".replace("a={}", "").format(quote(PRIVATE, safe=""))
        for name in [
            "api_key",
            "key",
            "token",
            "access_token",
            "Signature",
            "sig",
            "X-Amz-Signature",
            "X-Amz-Security-Token",
            "password",
            "client_secret",
            "code",
            "state",
            "id_token",
            "jwt",
            "X-Goog-Signature",
            "AWSAccessKeyId",
        ]
    ],
    "/x?" + quote(PRIVATE, safe=""),
    "/x;jsessionid=" + PRIVATE,
    "/bot" + PRIVATE * 3 + "/x",
    "/x?X-Amz-Date=1;key=" + PRIVATE,
    "/x#access_token=" + PRIVATE,
]


def leaks(data: bytes) -> bool:
    lower = data.lower()
    forms = (PRIVATE, quote(PRIVATE, safe=""), BASIC, "cHJpdmF0ZSIn", PRIVATE.replace("/", ""))
    return any(form.lower().encode("ascii") in lower for form in forms)


def error_with(text: str) -> bytes:
    body = b'{"message":"no ' + text.encode("ascii") + b'"}'
    return head([("Content-Length", str(len(body)))], "403 Forbidden") + body


@pytest.mark.parametrize("keep", [True, False])
def test_removes_credentials_in_every_header(keep: bool) -> None:
    for name, value in CREDENTIAL_HEADERS:
        request = request_of((name, value))
        response = error_with(json.dumps(PRIVATE)[1:-1])
        asked, answered, removed = clean(request, response, (), keep)
        assert not leaks(asked) and removed, (name, value)
        assert (len(asked), len(answered)) == (len(request), len(response))
        if "PRIVATE" not in name.upper() and JWT not in value and "https" not in value:
            assert not leaks(answered), (name, value)


@pytest.mark.parametrize("keep", [True, False])
def test_removes_credentials_in_every_part_of_the_target(keep: bool) -> None:
    for target in TARGETS:
        request = request_of(line=f"POST {target} HTTP/1.1")
        asked, answered, removed = clean(request, error_with(PRIVATE), (), keep)
        assert not leaks(asked) and removed, target
        if "bot" not in target:
            assert not leaks(answered), target


ECHOES = [
    PRIVATE,
    quote(PRIVATE, safe=""),
    json.dumps({"Api-Key": PRIVATE}).replace('"', "'"),
    PRIVATE.replace("/", "\\/"),
    PRIVATE.replace("+", "\\u002b").replace("/", "\\u002f").replace("=", "\\u003d"),
    PRIVATE.replace("+", "&#43;"),
    f"token <b>{PRIVATE}</b> is expired",
    f"api_key={PRIVATE}&x",
]


@pytest.mark.parametrize("echo", [echo for echo in ECHOES if "&#43;" not in echo])
def test_removes_what_a_response_repeats(echo: str) -> None:
    request = request_of(("Api-Key", PRIVATE))
    for response in (
        error_with(echo),
        head([("Server", echo)], "403 Forbidden"),
        head([("X-Echo", echo)]),
        head([("Content-Length", "0")], "403 " + echo),
        head([CHUNKED], "403 No") + b"1\r\na\r\n0\r\nServer: " + echo.encode() + b"\r\n\r\n",
        head([CHUNKED], "403 No") + b"1;x=" + echo.encode() + b"\r\na\r\n0\r\n\r\n",
        head([CHUNKED], "403 No") + b"1\r\na\r\n0\r\nServer: a\r\n " + echo.encode() + b"\r\n\r\n",
        head([("Content-Length", "0")]) + echo.encode(),
    ):
        answered = clean(request, response, (), True)[1]
        assert PRIVATE.encode() not in answered and len(answered) == len(response)
        assert b"0123" not in answered


def test_removes_a_credential_of_the_service_s_own_from_an_error() -> None:
    for text in (
        "the token=" + PRIVATE,
        "'Authorization': 'Bearer " + PRIVATE + "'",
        "key AKIAABCDEFGHIJKLMNOP",
        "see https://user:secret@host/",
        JWT,
    ):
        answered = clean(request_of(), error_with(text))[1]
        assert (
            b"pr1vate" not in answered and b"ABCDEF" not in answered and b"secret@" not in answered
        )
        assert b"eyJhb" not in answered
        frame = exception("ModelStreamError", Message=text)
        answered = clean(request_of(), chunked(frame))[1]
        assert b"pr1vate" not in answered and len(frames_in(answered)) == 1
    answered = clean(request_of(), error_with("x" * (1 << 20) + " token=" + PRIVATE))[1]
    assert not leaks(answered)


def test_keeps_what_is_harmless() -> None:
    request = signed_request(
        more=[
            ("User-Agent", "aws-sdk 1.0 md/x"),
            ("X-Amzn-SageMaker-Target-Variant", "blue"),
            ("amz-sdk-invocation-id", "e" * 36),
            ("Accept", "*/*"),
        ]
    )
    response = (
        head(
            [
                ("Content-Length", "20"),
                ("x-amzn-RequestId", "a-b"),
                ("Date", "today"),
                ("Location", "https://host/path"),
            ],
            "400 Bad Request",
        )
        + b'{"message":"not me"}'
    )
    assert clean(request, response, keep_sensitive=True) == (request, response, [])


def test_a_value_that_frames_the_response_stays() -> None:
    response = chunked(part(b"x"))
    request = request_of(
        ("X-Unknown", "transfer-encoding chunked application/vnd.amazon.eventstream")
    )
    answered = clean(request, response, keep_sensitive=True)[1]
    assert answered == response


@pytest.mark.slow
def test_takes_linear_time() -> None:
    for body in (b"Credential=", b"token=", b"eyJaaaaaaaaa-", b"://a:", b"Bearer ", b";a=b"):
        text = body * ((1 << 20) // len(body))
        request = request_of(("X-Other", "v"), body=text)
        start = time.process_time()
        clean(request, head([("Content-Length", str(len(text)))], "403 No") + text, [SECRET], True)
        assert time.process_time() - start < 10
    names = b"".join(b"x-%d: value-%d\r\n" % (number, number) for number in range(3000))
    start = time.process_time()
    answered = clean(
        b"POST / HTTP/1.1\r\nHost: h\r\n" + names + b"\r\n",
        head([("Content-Length", "12")], "403 No") + b"is value-77 ",
    )[1]
    assert time.process_time() - start < 10 and b"value-77" not in answered
