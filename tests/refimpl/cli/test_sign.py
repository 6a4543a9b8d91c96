# SPDX-License-Identifier: MIT
"""Tests of refimpl/cli/sign.py: `refimpl sign`.

Signatures are verified with `verify`, and compared with published cases.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Dict, List, Tuple
from urllib.parse import urlsplit

import pytest

from conformance.endpoint.checks import ACCESS_KEY, SECRET_KEY
from conformance.endpoint.server import Endpoint
from refimpl.errors import SignatureError
from refimpl.sigv4 import Credentials, Signer, verify
from tests.refimpl.cli.support import (
    BODY,
    CREDENTIALS,
    DATE,
    HOST,
    PATH,
    PATIENCE,
    SECONDS,
    STREAM_LINES,
    TOKEN,
    URL,
    WHOLE,
    call,
    decode,
    failed,
    lines_of,
    sign,
    without,
)
from tests.support import corpora


def pairs_of(text: str) -> List[Tuple[str, str]]:
    return [(name, value) for name, _, value in (line.partition(": ") for line in text.split("\n"))]


def test_sign_headers_verify() -> None:
    arguments = [
        "--body",
        BODY,
        "--header",
        "Content-Type: application/json",
        "--header",
        "X-Test:  a  b ",
        "--time",
        DATE,
    ]
    headers = pairs_of(sign(URL, *arguments))
    assert [name for name, _ in headers] == [
        "Host",
        "Content-Type",
        "X-Test",
        "x-amz-date",
        "x-amz-security-token",
        "authorization",
    ]
    assert headers[:5] == [
        ("Host", HOST),
        ("Content-Type", "application/json"),
        ("X-Test", "a  b"),
        ("x-amz-date", DATE),
        ("x-amz-security-token", TOKEN),
    ]
    verify("POST", PATH, headers, BODY.encode(), CREDENTIALS, "us-east-1", "sagemaker", DATE)
    with pytest.raises(SignatureError):
        verify(
            "POST", PATH, headers, BODY.encode() + b" ", CREDENTIALS, "us-east-1", "sagemaker", DATE
        )
    assert (
        "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-test,"
        in dict(headers)["authorization"]
    )


def test_default_time() -> None:
    headers = dict(pairs_of(sign(URL, clock=lambda: SECONDS + 0.9)))
    assert headers["x-amz-date"] == DATE
    assert (
        "Credential=AKIDEXAMPLE/20150830/us-east-1/sagemaker/aws4_request"
        in headers["authorization"]
    )


def test_reads_stdin_only_on_request() -> None:
    for arguments, stdin, body in (
        ((), b"never read", b""),
        (("--body", "-"), b"read", b"read"),
        (("--body", "text"), b"", b"text"),
    ):
        headers = pairs_of(sign(URL, *arguments, "--time", DATE, stdin=stdin, terminal=True))
        verify("POST", PATH, headers, body, CREDENTIALS, "us-east-1", "sagemaker", DATE)


def test_without_a_token() -> None:
    headers = pairs_of(sign(URL, "--time", DATE, environment=without("AWS_SESSION_TOKEN")))
    assert "x-amz-security-token" not in dict(headers)
    verify(
        "POST",
        PATH,
        headers,
        b"",
        Credentials(ACCESS_KEY, SECRET_KEY),
        "us-east-1",
        "sagemaker",
        DATE,
    )


@pytest.mark.parametrize(
    "url, host, target",
    [
        ("http://example.com", "example.com", "/"),
        ("http://example.com:8080/x", "example.com:8080", "/x"),
        ("https://example.com:443/", "example.com", "/"),
        ("http://[::1]:81?a=b", "[::1]:81", "/?a=b"),
        ("http://example.com/?", "example.com", "/?"),
        ("http://example.com/a?b=c?d", "example.com", "/a?b=c?d"),
    ],
)
def test_host_and_target(url: str, host: str, target: str) -> None:
    headers = pairs_of(sign(url, "--method", "GET", "--time", DATE))
    assert headers[0] == ("Host", host)
    verify("GET", target, headers, b"", CREDENTIALS, "us-east-1", "sagemaker", DATE)
    presigned = sign(url, "--method", "GET", "--time", DATE, "--presign", "9")
    start = f"{url.split(':')[0]}://{host}"
    assert presigned.startswith(start + target.partition("?")[0] + "?X-Amz-")
    verify(
        "GET",
        presigned[len(start) :],
        [("Host", host)],
        b"",
        CREDENTIALS,
        "us-east-1",
        "sagemaker",
        DATE,
    )


def test_keeps_a_given_host() -> None:
    headers = pairs_of(
        sign("http://127.0.0.1:8080/", "--header", "hOST: example.com", "--time", DATE)
    )
    assert [value for name, value in headers if name.lower() == "host"] == ["example.com"]
    verify("POST", "/", headers, b"", CREDENTIALS, "us-east-1", "sagemaker", DATE)


OPTIONS = ["--method", "PUT", "--region", "eu-west-1", "--service", "other", "--time", DATE]
SIGNED = {
    "method": "PUT",
    "headers": [("Host", "example.com")],
    "body": b"",
    "credentials": CREDENTIALS,
    "region": "eu-west-1",
    "service": "other",
    "amz_date": DATE,
}


@pytest.mark.parametrize(
    "flags, options",
    [
        ([], {}),
        (["--no-normalize"], {"normalize": False}),
        (["--single-encode"], {"double_encode": False}),
        (["--sign-body"], {"sign_body": True}),
        (["--omit-session-token"], {"omit_session_token": True}),
        (
            ["--no-normalize", "--single-encode", "--sign-body", "--omit-session-token"],
            {
                "normalize": False,
                "double_encode": False,
                "sign_body": True,
                "omit_session_token": True,
            },
        ),
    ],
)
def test_passes_each_option_to_the_signer(flags: List[str], options: Dict[str, bool]) -> None:
    target = "/a/../b//%20c?y=2&x=1"
    signed = Signer().sign(target=target, **dict(SIGNED, **options))
    arguments = ["http://example.com" + target] + OPTIONS + flags
    assert pairs_of(sign(*arguments)) == list(signed.headers)
    document = json.loads(sign(*arguments, "--format", "json"))
    assert document == dict(signed._asdict(), headers=[list(pair) for pair in signed.headers])
    presign_options = {name: value for name, value in options.items() if name != "sign_body"}
    presigned = Signer().presign(target=target, expires=604800, **dict(SIGNED, **presign_options))
    assert sign(*arguments, "--presign", "604800") == "http://example.com" + presigned.target
    assert (
        json.loads(sign(*arguments, "--presign", "604800", "--format", "json"))
        == presigned._asdict()
    )


def test_effect_of_the_options() -> None:
    def canonical(*flags: str) -> List[str]:
        text = json.loads(
            sign("http://example.com/a/../b//%20c", *OPTIONS, *flags, "--format", "json")
        )["canonical_request"]
        return text.split("\n")

    assert canonical()[:3] == ["PUT", "/b/%2520c", ""]
    assert canonical("--no-normalize")[1] == "/a/../b//%2520c"
    assert canonical("--single-encode")[1] == "/b/%20c"
    assert canonical()[-2] == "host;x-amz-date;x-amz-security-token"
    assert canonical("--omit-session-token")[-2] == "host;x-amz-date"
    assert (
        canonical("--sign-body")[-2] == "host;x-amz-content-sha256;x-amz-date;x-amz-security-token"
    )


def test_stages_as_text() -> None:
    signed = Signer().sign(target="/x", **SIGNED)
    sent = "\n".join("{}: {}".format(*pair) for pair in signed.headers)
    assert sign("http://example.com/x", *OPTIONS, "--format", "stages") == (
        "canonical_request\n%s\n\nstring_to_sign\n%s\n\nsignature\n%s\n\nsend\n%s"
        % (signed[:3] + (sent,))
    )
    presigned = Signer().presign(target="/x", expires=60, **SIGNED)
    assert sign("http://example.com/x", *OPTIONS, "--format", "stages", "--presign", "60") == (
        "canonical_request\n{}\n\nstring_to_sign\n{}\n\nsignature\n{}\n\n"
        "send\nhttp://example.com{}".format(*presigned)
    )


def test_a_presigned_url_verifies() -> None:
    url = sign(URL + "?a=b", "--method", "GET", "--presign", "300", "--time", DATE)
    target = url[len("https://" + HOST) :]
    assert target.startswith(PATH + "?") and "X-Amz-Expires=300" in target
    verify("GET", target, [("Host", HOST)], b"", CREDENTIALS, "us-east-1", "sagemaker", DATE)
    with pytest.raises(SignatureError):
        verify(
            "GET",
            target.replace("a=b", "a=c"),
            [("Host", HOST)],
            b"",
            CREDENTIALS,
            "us-east-1",
            "sagemaker",
            DATE,
        )


def test_header_octets_are_unchanged() -> None:
    text = call("sign", "http://h/", "--header", "X-Test: caf\xe9", "--time", DATE).stdout
    assert b"\nX-Test: caf\xe9\n" in text


@pytest.mark.parametrize(
    "case",
    [
        "get-vanilla",
        "get-vanilla-query",
        "get-vanilla-query-order-key-case",
        "get-header-value-trim",
        "get-header-key-duplicate",
        "post-header-key-sort",
        "post-x-www-form-urlencoded",
        "post-sts-header-after",
        "post-sts-header-before",
    ],
)
def test_published_cases(case: str) -> None:
    folder = corpora("sigv4-aws-c-auth", "v4", case)
    context = json.loads((folder / "context.json").read_text("utf-8"))
    head, _, body = (folder / "request.txt").read_text("utf-8").partition("\n\n")
    first, *lines = head.split("\n")
    method, target, _ = first.split(" ")
    host = next(line[5:] for line in lines if line.startswith("Host:"))
    arguments = [
        f"http://{host}{target}",
        "--method",
        method,
        "--service",
        context["service"],
        "--region",
        context["region"],
        "--time",
        re.sub("[-:]", "", context["timestamp"]),
        "--body",
        body,
        "--format",
        "json",
    ]
    arguments += ["--header=" + line for line in lines if line]
    arguments += ["--sign-body"] if context["sign_body"] else []
    arguments += ["--omit-session-token"] if context.get("omit_session_token") else []
    given_credentials = context["credentials"]
    environment = {
        "AWS_ACCESS_KEY_ID": given_credentials["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": given_credentials["secret_access_key"],
        "AWS_SESSION_TOKEN": given_credentials.get("token", ""),
    }
    for kind, more in (
        ("header", []),
        ("query", ["--presign", str(context["expiration_in_seconds"])]),
    ):
        if kind == "query" and context["sign_body"]:
            continue
        stages = json.loads(sign(*arguments, *more, environment=environment))
        for stage in ("canonical-request", "string-to-sign", "signature"):
            assert stages[stage.replace("-", "_")] == (folder / (f"{kind}-{stage}.txt")).read_text(
                "utf-8"
            ), (kind, stage)


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([URL, "--header", "Content-Type"], "not a header (expected NAME:VALUE, got Content-Type)"),
        ([URL, "--header", ""], "not a header"),
        ([URL, "--header", ": x"], "header name is not a token"),
        ([URL, "--header", "a b: x"], "header name is not a token"),
        ([URL, "--header", "X-Test: a\nb"], "header value contains CR, LF or NUL"),
        ([URL, "--header", "X-Test: \u20ac"], "header value contains a character above U+00FF"),
        ([URL, "--header", "Host:"], "there is no Host header"),
        ([URL, "--time", "2015-08-30"], "invalid X-Amz-Date"),
        ([URL, "--time", "20150230T000000Z"], "invalid X-Amz-Date"),
        ([URL, "--method", "GE T"], "method is not a token"),
        ([URL, "--method", ""], "method is not a token"),
        ([URL, "--service", "a/b"], "invalid service in a credential scope"),
        ([URL, "--region", "a b"], "invalid region in a credential scope"),
        ([URL, "--presign", "0"], "expires out of range"),
        ([URL, "--presign", "604801"], "expires out of range"),
        ([URL, "--presign", "x"], "argument --presign: invalid int value: 'x'"),
        ([URL, "--format", "raw"], "invalid choice: 'raw'"),
    ],
)
def test_usage(arguments: List[str], words: str) -> None:
    result = call("sign", *arguments)
    failed(result, 2, words)
    assert result.stdout == b""


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "/path",
        "ftp://h/",
        "http://h:99999/",
        "http://h/ x",
        "http://h/#f",
        "?x=y",
    ],
)
def test_rejects_invalid_urls(url: str) -> None:
    failed(call("sign", url), 3, "invalid endpoint URL")


def test_rejects_an_invalid_clock() -> None:
    failed(call("sign", URL, clock=lambda: 1e20), 2, "time")


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
@pytest.mark.parametrize("presign", [False, True])
def test_curl_sends_what_was_signed(endpoint: Endpoint, tmp_path: Path, presign: bool) -> None:
    url = endpoint.url + "/endpoints/frames-split/invocations-response-stream"
    (tmp_path / "body").write_text(BODY)
    options = ["--body", f"@{tmp_path / 'body'}"]
    command = ["curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", str(PATIENCE)]
    command += ["--data-binary", f"@{tmp_path / 'body'}"]
    if presign:
        command.append(sign(url, *options, "--presign", "60"))
    else:
        (tmp_path / "headers").write_text(
            sign(url, *options, "--header", "Content-Type: application/json")
        )
        command += ["-H", f"@{tmp_path / 'headers'}", url]
    answer = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE
    )
    assert (answer.returncode, answer.stderr) == (0, b"")
    assert answer.stdout == WHOLE
    seen = endpoint.calls[-1]
    assert seen.verified and seen.scenario == "frames-split" and seen.body == BODY.encode()
    assert urlsplit(seen.target).path == "/endpoints/frames-split/invocations-response-stream"
    assert lines_of(decode(answer.stdout).stdout) == STREAM_LINES
