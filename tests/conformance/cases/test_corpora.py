# SPDX-License-Identifier: MIT
"""Tests of conformance.cases.corpora, which reads public test suites as cases.

If the public suites are present, the tests run the reference's adapter on them. The older AWS
format is not among them, so the tests write it, with the stages of authoring's plain transcription.
For each way in which an item can be broken there is a valid item with one change. The reader must
report the change in one line and still read the other items.
"""

import base64
import hashlib
import json
import os
import shutil
import sys
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

import pytest

from authoring import plain_sigv4 as plain
from conformance.cases import corpora as corpora_module
from conformance.cases.case import Case
from conformance.cases.corpora import parse_request, read_corpora
from conformance.cases.questions import questions_of
from conformance.cli import Streams, main
from conformance.files import read_bounded
from refimpl.errors import UsageError
from refimpl.eventstream import encode
from tests.rows import first_fast
from tests.support import corpora

ACCESS_KEY, SECRET_KEY = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def conformance(*arguments: str) -> Tuple[int, str, str]:
    stdout, stderr = BytesIO(), StringIO()
    code = main(arguments, Streams(stdout, stderr))
    return code, stdout.getvalue().decode("utf-8"), stderr.getvalue()


def problems_of(text: str) -> List[str]:
    return [str(problem) for problem in read_corpora([text]).faults]


# ---- the public suites -------------------------------------------------------------------------

GIVEN = [
    ("aws-c-auth", "sigv4-aws-c-auth", 76),
    ("eventstream-testdata", "eventstream-aws-sdk-go", 14),
    ("streams", "recorded-streams", 68),
]


@pytest.mark.slow
@pytest.mark.parametrize("kind, folder, count", GIVEN)
def test_the_reference_passes_the_public_suites(kind: str, folder: str, count: int) -> None:
    code, output, complaints = conformance("run", "--corpus", f"{kind}={corpora(folder)}")
    assert (code, complaints) == (0, "") and output.endswith(f"{count} cases: {count} PASS\n")


def test_reads_the_values_of_aws_c_auth() -> None:
    cases = {
        case.id: case
        for case in read_corpora([f"aws-c-auth={corpora('sigv4-aws-c-auth', 'v4')}"]).cases
    }
    case = cases["aws-c-auth-get-vanilla-with-session-token-header"]
    assert case.op == "sigv4.sign" and case.input["session_token"].startswith(
        "6e86291e8372ff2a2260956d9b8aae1d"
    )
    folder = corpora("sigv4-aws-c-auth", "v4", "get-vanilla-with-session-token")
    assert case.expect["output"]["canonical_request"] == (
        folder / "header-canonical-request.txt"
    ).read_text("utf-8")
    assert case.expect["output"]["authorization"] in (
        folder / "header-signed-request.txt"
    ).read_text("utf-8")
    assert set(case.expect["output"]) == {
        "canonical_request",
        "string_to_sign",
        "signature",
        "authorization",
    }
    assert set(cases["aws-c-auth-get-utf8-query"].expect["output"]) == {
        "canonical_request",
        "string_to_sign",
        "signature",
        "target",
    }
    assert cases["aws-c-auth-get-utf8-query"].input["expires"] == 3600
    assert cases["aws-c-auth-get-slashes-unnormalized-header"].input["normalize_path"] is False
    assert cases["aws-c-auth-post-x-www-form-urlencoded-header"].input["sign_body"] is True


@pytest.mark.slow
def test_expects_the_events_of_the_index_in_every_chunking() -> None:
    cases = read_corpora([f"streams={corpora('recorded-streams')}"]).cases
    assert sum(len(case.expect["output"]["messages"]) for case in cases) == 1507
    for case in cases:
        whole, bytewise, halves, trailing = questions_of(case)
        assert whole.expect == bytewise.expect == halves.expect and len(
            trailing.expect["output"]["messages"]
        ) > len(whole.expect["output"]["messages"])


# ---- the older format of AWS -------------------------------------------------------------------

OLD: Dict[str, Tuple[str, bytes, Dict[str, Any]]] = {
    # name: (head of the request, body, other arguments of the transcription)
    "get-vanilla": (
        "GET / HTTP/1.1\nHost:example.amazonaws.com\nX-Amz-Date:20150830T123600Z",
        b"",
        {},
    ),
    "get-vanilla-query-order-key-case": (
        "GET /?Param2=value2&Param1=value1 HTTP/1.1\n"
        "Host:example.amazonaws.com\nX-Amz-Date:20150830T123600Z",
        b"",
        {},
    ),
    "get-folded-header": (
        "GET / HTTP/1.1\nHost:example.amazonaws.com\n"
        "My-Header1:value1\n  value2\n     value3\nX-Amz-Date:20150830T123600Z",
        b"",
        {},
    ),
    "get-utf8": (
        "GET /\u1234 HTTP/1.1\nHost:example.amazonaws.com\nX-Amz-Date:20150830T123600Z",
        b"",
        {},
    ),
    "get-space": (
        "GET /example space/ HTTP/1.1\nHost:example.amazonaws.com\nX-Amz-Date:20150830T123600Z",
        b"",
        {},
    ),
    "post-x-www-form-urlencoded": (
        "POST / HTTP/1.1\nContent-Type:application/x-www-form-urlencoded\n"
        "Host:example.amazonaws.com\nX-Amz-Date:20150830T123600Z",
        b"Param1=value1",
        {},
    ),
    "post-sts-header-before": (
        "POST / HTTP/1.1\nHost:example.amazonaws.com\n"
        "X-Amz-Date:20150830T123600Z\nX-Amz-Security-Token:AQoD+/==",
        b"",
        {"session_token": "AQoD+/=="},
    ),
    "post-sts-header-after": (
        "POST / HTTP/1.1\nHost:example.amazonaws.com\nX-Amz-Date:20150830T123600Z",
        b"",
        {"session_token": "AQoD+/==", "omit_session_token": True},
    ),
    "post-signed-body": (
        "POST / HTTP/1.1\nHost:example.amazonaws.com\nX-Amz-Date:20150830T123600Z",
        b"a\r\n\r\nb",
        {"sign_body": True},
    ),
}


def write_old(folder: Path, name: str, line_end: str = "\n", service: str = "service") -> None:
    """Write a case in the older format, with the stages of the plain transcription."""
    head, body, more = OLD[name]
    request = parse_request(head.encode("utf-8"), name)
    given = dict(
        {
            "method": request.method,
            "target": request.target,
            "headers": request.headers,
            "body": base64.b64encode(body).decode("ascii"),
            "access_key": ACCESS_KEY,
            "secret_key": SECRET_KEY,
            "region": "us-east-1",
            "service": service,
            "time": "20150830T123600Z",
        },
        **more,
    )
    stages = plain.sign(given)
    folder.mkdir(parents=True, exist_ok=True)
    token = "\nX-Amz-Security-Token:AQoD+/==" if "omit_session_token" in more else ""
    sent = head + token + "\nAuthorization: " + stages["authorization"]
    for ending, text in ((".req", head), (".sreq", sent)):
        data = text.replace("\n", line_end).encode("utf-8") + (
            (line_end * 2).encode() + body if body else b""
        )
        (folder / (name + ending)).write_bytes(data)
    for ending, stage in (
        (".creq", "canonical_request"),
        (".sts", "string_to_sign"),
        (".authz", "authorization"),
    ):
        (folder / (name + ending)).write_bytes(
            stages[stage].replace("\n", line_end).encode("latin-1")
        )


@pytest.mark.slow
@pytest.mark.parametrize("line_end", first_fast(["\n", "\r\n"]), ids=["LF", "CRLF"])
@pytest.mark.parametrize("nested", first_fast([True, False]))
def test_reads_the_older_format(tmp_path: Path, nested: bool, line_end: str) -> None:
    for name in OLD:
        write_old(tmp_path / "normalize-path" / name if nested else tmp_path, name, line_end)
    corpus = read_corpora([f"aws4-testsuite={tmp_path}"])
    assert not corpus.faults and not corpus.notes
    assert sorted(case.id for case in corpus.cases) == sorted(
        "aws4-testsuite-" + name for name in OLD
    )
    code, output, complaints = conformance("run", "--corpus", f"aws4-testsuite={tmp_path}")
    assert (code, complaints) == (0, "") and f"{len(OLD)} cases: {len(OLD)} PASS" in output


def test_the_input_of_a_case_in_the_older_format(tmp_path: Path) -> None:
    for name in OLD:
        write_old(tmp_path, name, service="host")
    cases = {
        case.id[len("aws4-testsuite-") :]: case
        for case in read_corpora([f"aws4-testsuite={tmp_path}"]).cases
    }
    given = cases["get-vanilla"].input
    assert given == {
        "method": "GET",
        "target": "/",
        "headers": [["Host", "example.amazonaws.com"], ["X-Amz-Date", "20150830T123600Z"]],
        "body": "",
        "access_key": ACCESS_KEY,
        "secret_key": SECRET_KEY,
        "region": "us-east-1",
        "service": "host",
        "time": "20150830T123600Z",
    }
    assert cases["get-space"].input["target"] == "/example space/"
    assert cases["get-folded-header"].input["headers"][1] == [
        "My-Header1",
        "value1\n  value2\n     value3",
    ]
    assert cases["post-sts-header-before"].input[
        "session_token"
    ] == "AQoD+/==" and "omit_session_token" not in (cases["post-sts-header-before"].input)
    assert cases["post-sts-header-after"].input["omit_session_token"] is True
    assert (
        cases["post-signed-body"].input["sign_body"] is True
        and "sign_body" not in cases["get-vanilla"].input
    )
    assert base64.b64decode(cases["post-signed-body"].input["body"]) == b"a\r\n\r\nb"
    assert (
        cases["get-vanilla"].expect["output"]["signature"]
        == cases["get-vanilla"].expect["output"]["authorization"][-64:]
    )


def test_computes_the_published_signatures_of_the_older_format(tmp_path: Path) -> None:
    """OLD contains three cases of AWS verbatim, whose signatures are published."""
    for name, signature in (
        ("get-vanilla", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        (
            "post-sts-header-after",
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        ),
        (
            "post-x-www-form-urlencoded",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
    ):
        write_old(tmp_path / name, name)
        assert (
            only(read_corpora([f"aws4-testsuite={tmp_path / name}"]).cases).expect["output"][
                "signature"
            ]
            == signature
        )


@pytest.mark.parametrize("ending", [".creq", ".sts", ".authz"])
def test_omits_and_reports_a_request_without_an_expectation(tmp_path: Path, ending: str) -> None:
    """AWS has published two such requests."""
    write_old(tmp_path, "get-vanilla")
    write_old(tmp_path, "get-space")
    (tmp_path / ("get-vanilla" + ending)).unlink()
    corpus = read_corpora([f"aws4-testsuite={tmp_path}"])
    assert corpus.notes == [
        "aws4-testsuite: get-vanilla.req is left out: "
        f"it has no get-vanilla{ending} with an expectation"
    ]
    assert [case.id for case in corpus.cases] == ["aws4-testsuite-get-space"] and not corpus.faults


@pytest.mark.slow
def test_omits_and_reports_a_case_with_a_date_header_instead_of_x_amz_date(tmp_path: Path) -> None:
    """The oldest edition has such cases, but a sigv4.sign adapter always sends x-amz-date."""
    write_old(tmp_path, "get-vanilla")
    (tmp_path / "old.req").write_bytes(
        b"GET / http/1.1\r\nDate:Mon, 09 Sep 2011 23:36:00 GMT\r\nHost:host.foo.com\r\n\r\n"
    )
    canonical = (
        "GET\n/\n\ndate:Mon, 09 Sep 2011 23:36:00 GMT\nhost:host.foo.com\n\ndate;host\n"
        + hashlib.sha256(b"").hexdigest()
    )
    (tmp_path / "old.creq").write_text(canonical)
    (tmp_path / "old.sts").write_text(
        "AWS4-HMAC-SHA256\n20110909T233600Z\n20110909/us-east-1/host/aws4_request\n" + "0" * 64
    )
    (tmp_path / "old.authz").write_text(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20110909/us-east-1/host/aws4_request, "
        "SignedHeaders=date;host, Signature=" + "0" * 64
    )
    code, output, complaints = conformance("run", "--corpus", f"aws4-testsuite={tmp_path}")
    assert code == 0 and output.endswith("1 cases: 1 PASS\n")
    assert complaints == (
        "conformance: aws4-testsuite: old.req is left out: only Date has its time, "
        "but sigv4.sign sends x-amz-date\n"
    )


# ---- broken items ------------------------------------------------------------------------------


def aws_c_auth(folder: Path, name: str = "get-vanilla") -> Path:
    """Write a valid case of aws-c-auth, with the stages of the plain transcription."""
    place = folder / name
    place.mkdir(parents=True)
    context = {
        "credentials": {
            "access_key_id": ACCESS_KEY,
            "secret_access_key": SECRET_KEY,
            "token": "T+/",
        },
        "expiration_in_seconds": 3600,
        "normalize": True,
        "region": "us-east-1",
        "service": "service",
        "sign_body": False,
        "timestamp": "2015-08-30T12:36:00Z",
        "omit_session_token": False,
    }
    (place / "context.json").write_text(json.dumps(context))
    head = "GET / HTTP/1.1\nHost:example.amazonaws.com\n"
    (place / "request.txt").write_text(head + "\n")
    given = {
        "method": "GET",
        "target": "/",
        "headers": [["Host", "example.amazonaws.com"]],
        "body": "",
        "access_key": ACCESS_KEY,
        "secret_key": SECRET_KEY,
        "session_token": "T+/",
        "region": "us-east-1",
        "service": "service",
        "time": "20150830T123600Z",
        "expires": 3600,
    }
    for way, stages in (("header", plain.sign(given)), ("query", plain.presign(given))):
        for stage in ("canonical_request", "string_to_sign", "signature"):
            (place / (f"{way}-{stage.replace('_', '-')}.txt")).write_text(stages[stage])
        signed = (
            head + "Authorization:" + stages["authorization"] + "\n\n"
            if way == "header"
            else head.replace("/ ", stages["target"] + " ", 1)
        )
        (place / (way + "-signed-request.txt")).write_text(signed)
    return place


def go_testdata(folder: Path) -> Path:
    """Write a valid and a rejected case in the format of the Go SDK."""
    data = encode(
        [
            ("s", "string", "\u1234"),
            ("i", "int64", 1 << 60),
            ("b", "boolean", True),
            ("f", "boolean", False),
        ],
        b"hi",
    )
    for place in ("encoded/positive", "encoded/negative", "decoded/positive", "decoded/negative"):
        (folder / place).mkdir(parents=True)
    (folder / "encoded/positive/good").write_bytes(data)
    headers = [
        {"name": "s", "type": 7, "value": base64.b64encode("\u1234".encode()).decode()},
        {"name": "i", "type": 5, "value": 1 << 60},
        {"name": "b", "type": 0, "value": True},
        {"name": "f", "type": 1, "value": False},
    ]
    (folder / "decoded/positive/good").write_text(
        json.dumps({"headers": headers, "payload": "aGk="})
    )
    (folder / "encoded/negative/bad").write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    (folder / "decoded/negative/bad").write_text("Message checksum mismatch\n")
    return folder


def streams(folder: Path) -> Path:
    """Write a recorded body and its index."""
    folder.mkdir(parents=True, exist_ok=True)
    data = encode([(":event-type", "string", "a")], b"one") + encode([], b"two")
    (folder / "one.bin").write_bytes(data)
    events = [
        {
            "offset": 0,
            "total_length": len(data) - 19,
            "headers": [[":event-type", "string", "a"]],
            "payload_length": 3,
        },
        {"offset": len(data) - 19, "total_length": 19, "headers": [], "payload_length": 3},
    ]
    entry = {
        "file": "one.bin",
        "source": "here",
        "sha256": hashlib.sha256(data).hexdigest(),
        "events": events,
    }
    (folder / "index.json").write_text(json.dumps([entry]))
    return folder


def changed(path: Path, change: Callable[[Any], Any]) -> None:
    """Change a JSON file in place."""
    path.write_text(json.dumps(change(json.loads(path.read_text()))))


@pytest.mark.slow
def test_the_suites_of_this_file_are_valid(tmp_path: Path) -> None:
    aws_c_auth(tmp_path / "c")
    go_testdata(tmp_path / "go")
    streams(tmp_path / "s")
    code, output, complaints = conformance(
        "run",
        "--corpus",
        f"aws-c-auth={tmp_path / 'c'}",
        "--corpus",
        f"streams={tmp_path / 's'}",
        "--corpus",
        f"eventstream-testdata={tmp_path / 'go'}",
    )
    assert (code, complaints) == (0, "") and output.endswith("6 cases: 6 PASS\n")


@pytest.mark.slow
@pytest.mark.parametrize(
    "name, stage",
    first_fast(
        [
            ("header-canonical-request.txt", "canonical_request"),
            ("header-string-to-sign.txt", "string_to_sign"),
            ("query-signature.txt", "signature"),
            ("header-signed-request.txt", "authorization.Signature"),
            ("query-signed-request.txt", "target.X-Amz-Signature"),
        ]
    ),
)
def test_a_different_stage_fails_its_case(tmp_path: Path, name: str, stage: str) -> None:
    """This shows that the expectations come from the files of the suite."""
    file = aws_c_auth(tmp_path) / name
    text = file.read_text().rstrip("\n") if "signed" not in name else file.read_text()
    at = text.index("Signature=") + 12 if "signed" in name else len(text) - 1
    file.write_text(text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :])
    code, output, _ = conformance("run", "--corpus", f"aws-c-auth={tmp_path}")
    assert code == 1 and "1 FAIL" in output and "stage     " + stage in output


@pytest.mark.slow
def test_a_different_stream_fails_its_case(tmp_path: Path) -> None:
    folder = streams(tmp_path)
    changed(folder / "index.json", lambda index: [dict(index[0], events=index[0]["events"][:1])])
    assert conformance("run", "--corpus", f"streams={folder}")[0] == 1


BROKEN: Dict[str, Tuple[str, Callable[[Path], Any], str]] = {
    # name: (kind of suite, change to a valid folder, expected message)
    "missing context": (
        "aws-c-auth",
        lambda f: (f / "get-vanilla" / "context.json").unlink(),
        "get-vanilla: cannot read context.json: No such file",
    ),
    "missing request": (
        "aws-c-auth",
        lambda f: (f / "get-vanilla" / "request.txt").unlink(),
        "get-vanilla: cannot read request.txt: No such file",
    ),
    "missing stage": (
        "aws-c-auth",
        lambda f: (f / "get-vanilla" / "query-signature.txt").unlink(),
        "cannot read query-signature.txt",
    ),
    "context is not JSON": (
        "aws-c-auth",
        lambda f: (f / "get-vanilla" / "context.json").write_text("{"),
        "context.json is not JSON: ",
    ),
    "context is not an object": (
        "aws-c-auth",
        lambda f: (f / "get-vanilla" / "context.json").write_text("[]"),
        "context.json is not an object",
    ),
    "missing key": (
        "aws-c-auth",
        lambda f: changed(f / "get-vanilla" / "context.json", lambda c: dict(c, region=None)),
        "context.json: region has the wrong type (expected str, got NoneType)",
    ),
    "key of another type": (
        "aws-c-auth",
        lambda f: changed(f / "get-vanilla" / "context.json", lambda c: dict(c, normalize=1)),
        "normalize has the wrong type (expected bool",
    ),
    "expires is a boolean": (
        "aws-c-auth",
        lambda f: changed(
            f / "get-vanilla" / "context.json", lambda c: dict(c, expiration_in_seconds=True)
        ),
        "expiration_in_seconds has the wrong type (expected int",
    ),
    "token is a number": (
        "aws-c-auth",
        lambda f: changed(
            f / "get-vanilla" / "context.json",
            lambda c: dict(c, credentials=dict(c["credentials"], token=5)),
        ),
        "token has the wrong type (expected str",
    ),
    "missing request line": (
        "aws-c-auth",
        lambda f: (f / "get-vanilla" / "request.txt").write_text("GET /\nHost:a\n\n"),
        "request.txt does not begin with a request line",
    ),
    "invalid header line": (
        "aws-c-auth",
        lambda f: (f / "get-vanilla" / "request.txt").write_text("GET / HTTP/1.1\nHost\n\n"),
        "request.txt has an invalid header line",
    ),
    "request line is not text": (
        "aws-c-auth",
        lambda f: (f / "get-vanilla" / "request.txt").write_bytes(b"GET /\xff HTTP/1.1\n\n"),
        "request.txt does not begin with a request line",
    ),
    "invalid string to sign": (
        "aws4-testsuite",
        lambda f: (f / "get-vanilla.sts").write_text("x"),
        "get-vanilla.sts is not a string to sign",
    ),
    "missing scope": (
        "aws4-testsuite",
        lambda f: (f / "get-vanilla.sts").write_text("a\nb\nc\nd"),
        "get-vanilla.sts is not a string to sign",
    ),
    "invalid authorization": (
        "aws4-testsuite",
        lambda f: (f / "get-vanilla.authz").write_text("x"),
        "get-vanilla.authz is not an Authorization header",
    ),
    "invalid canonical request": (
        "aws4-testsuite",
        lambda f: (f / "get-vanilla.creq").write_text("GET"),
        "get-vanilla.creq is not a canonical request",
    ),
    "duplicate name": (
        "aws4-testsuite",
        lambda f: write_old(f / "again", "get-vanilla"),
        "duplicate id aws4-testsuite-get-vanilla",
    ),
    "missing decoded file": (
        "eventstream-testdata",
        lambda f: (f / "decoded/positive/good").unlink(),
        "encoded/positive/good: cannot read good",
    ),
    "headers are not a list": (
        "eventstream-testdata",
        lambda f: changed(f / "decoded/positive/good", lambda d: dict(d, headers={})),
        "headers has the wrong type (expected list",
    ),
    "invalid header": (
        "eventstream-testdata",
        lambda f: changed(f / "decoded/positive/good", lambda d: dict(d, headers=[5])),
        "invalid header",
    ),
    "unknown header type": (
        "eventstream-testdata",
        lambda f: changed(
            f / "decoded/positive/good",
            lambda d: dict(d, headers=[{"name": "a", "type": 10, "value": 1}]),
        ),
        "invalid header",
    ),
    "value is not a number": (
        "eventstream-testdata",
        lambda f: changed(
            f / "decoded/positive/good",
            lambda d: dict(d, headers=[{"name": "a", "type": 4, "value": True}]),
        ),
        "invalid value of type int32",
    ),
    "value is not Base64": (
        "eventstream-testdata",
        lambda f: changed(
            f / "decoded/positive/good",
            lambda d: dict(d, headers=[{"name": "a", "type": 6, "value": "*"}]),
        ),
        "invalid base64",
    ),
    "value is not UTF-8": (
        "eventstream-testdata",
        lambda f: changed(
            f / "decoded/positive/good",
            lambda d: dict(d, headers=[{"name": "a", "type": 7, "value": "/w=="}]),
        ),
        "invalid value of type string",
    ),
    "value is not a uuid": (
        "eventstream-testdata",
        lambda f: changed(
            f / "decoded/positive/good",
            lambda d: dict(d, headers=[{"name": "a", "type": 9, "value": "AA=="}]),
        ),
        "invalid value of type uuid",
    ),
    "payload is not Base64": (
        "eventstream-testdata",
        lambda f: changed(f / "decoded/positive/good", lambda d: dict(d, payload=5)),
        "expected base64 text, got int",
    ),
    "unknown error": (
        "eventstream-testdata",
        lambda f: (f / "decoded/negative/bad").write_text("Oh no"),
        "unknown error name",
    ),
    "index is not JSON": ("streams", lambda f: (f / "index.json").write_text("["), "index.json: "),
    "index is not a list": (
        "streams",
        lambda f: (f / "index.json").write_text("{}"),
        "index.json: not a list of objects",
    ),
    "index entry without a file": (
        "streams",
        lambda f: (f / "index.json").write_text("[{}]"),
        "index.json: an entry: file has the wrong type (expected str",
    ),
    "missing file of an index entry": (
        "streams",
        lambda f: (f / "one.bin").unlink(),
        "one.bin: cannot read one.bin",
    ),
    "wrong checksum": (
        "streams",
        lambda f: (f / "one.bin").write_bytes(b""),
        "one.bin: the checksum differs from that of index.json",
    ),
    "events are not a list": (
        "streams",
        lambda f: changed(f / "index.json", lambda i: [dict(i[0], events=5)]),
        "events has the wrong type (expected list",
    ),
    "invalid event": (
        "streams",
        lambda f: changed(f / "index.json", lambda i: [dict(i[0], events=[{"offset": 0}])]),
        "index.json: invalid event",
    ),
}


RUN = ("missing context", "missing scope", "missing decoded file", "wrong checksum")


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] * (name in RUN[1:])) for name in BROKEN],
)
def test_reports_a_broken_item_in_one_line_and_reads_the_others(tmp_path: Path, name: str) -> None:
    kind, damage, message = BROKEN[name]
    if kind == "aws-c-auth":
        aws_c_auth(tmp_path)
        aws_c_auth(tmp_path, "other")
    elif kind == "aws4-testsuite":
        write_old(tmp_path, "get-vanilla")
        write_old(tmp_path, "get-space")
    elif kind == "streams":
        shutil.copy(str(streams(tmp_path) / "one.bin"), str(tmp_path / "two.bin"))
    else:
        go_testdata(tmp_path)
    whole = read_corpora([f"{kind}={tmp_path}"])
    assert not whole.faults
    damage(tmp_path)
    corpus = read_corpora([f"{kind}={tmp_path}"])
    assert (
        len(corpus.faults) == 1
        and message in str(corpus.faults[0])
        and "\n" not in str(corpus.faults[0])
    )
    assert str(corpus.faults[0]).startswith(kind + ": ") and corpus.cases
    if name in RUN:
        code, out, complaints = conformance("run", "--corpus", f"{kind}={tmp_path}")
        assert code == 2 and complaints == f"conformance: {corpus.faults[0]}\n" and "PASS" in out


def test_does_not_follow_a_link_inside_the_folder(tmp_path: Path) -> None:
    """Such a link may form a cycle."""
    aws_c_auth(tmp_path / "c")
    (tmp_path / "c" / "again").symlink_to(tmp_path / "c")
    corpus = read_corpora([f"aws-c-auth={tmp_path / 'c'}"])
    assert len(corpus.cases) == 2 and not corpus.faults
    (tmp_path / "link").symlink_to(tmp_path / "c")
    assert len(read_corpora([f"aws-c-auth={tmp_path / 'link'}"]).cases) == 2


def test_omits_and_reports_sigv4a(tmp_path: Path) -> None:
    aws_c_auth(tmp_path)
    (aws_c_auth(tmp_path, "asymmetric") / "public-key.json").write_text("{}")
    corpus = read_corpora([f"aws-c-auth={tmp_path}"])
    assert corpus.notes == [
        "aws-c-auth: asymmetric is left out: it is for SigV4a, which uses another algorithm"
    ]
    assert len(corpus.cases) == 2 and not corpus.faults


# ---- recorded bodies without an index ----------------------------------------------------------


def only(cases: List[Case]) -> Case:
    (case,) = cases
    return case


@pytest.mark.slow
def test_expects_the_result_of_the_reference_if_there_is_no_index(tmp_path: Path) -> None:
    data = encode([("a", "int16", -1)], b"one") + encode([], b"")
    (tmp_path / "body.bin").write_bytes(data)
    (tmp_path / "notes.txt").write_text("is no stream")
    case = only(read_corpora([f"streams={tmp_path}"]).cases)
    assert case.expect == {
        "status": "ok",
        "output": {
            "messages": [
                {"headers": [{"name": "a", "type": "int16", "value": -1}], "payload": "b25l"},
                {"headers": [], "payload": ""},
            ]
        },
    }
    assert case.source == "the reference's reading" and case.chunking == (
        "whole",
        "bytewise",
        "halves",
        "trailing",
    )
    assert conformance("run", "--corpus", f"streams={tmp_path}")[0] == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "data, kind, count",
    first_fast(
        [
            ((encode([], b"one") + encode([], b"two"))[:-1], "truncated", 1),
            (encode([], b"one")[:5], "truncated", 0),
            (encode([], b"one") + bytes(16), "prelude_crc", 1),
        ]
    ),
)
def test_expects_a_broken_body_to_be_rejected_after_its_messages(
    tmp_path: Path, data: bytes, kind: str, count: int
) -> None:
    (tmp_path / "body.bin").write_bytes(data)
    case = only(read_corpora([f"streams={tmp_path}"]).cases)
    expect = case.expect
    assert (expect["status"], expect["kind"], case.chunking) == (
        "reject",
        kind,
        ("whole", "bytewise", "halves"),
    )
    assert expect["output"]["messages"] == [{"headers": [], "payload": "b25l"}] * count
    assert conformance("run", "--corpus", f"streams={tmp_path}")[0] == 0


def test_sends_a_long_body_without_bytewise_and_rejects_a_longer_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "body.bin").write_bytes(encode([], bytes(256 * 1024)))
    assert only(read_corpora([f"streams={tmp_path}"]).cases).chunking == (
        "whole",
        "halves",
        "trailing",
    )
    (tmp_path / "body.bin").write_bytes(encode([], bytes(256 * 1024 - 16)))
    assert "bytewise" in only(read_corpora([f"streams={tmp_path}"]).cases).chunking
    monkeypatch.setattr("conformance.cases.corpora.MAX_LINE_LENGTH", 2 * 256 * 1024)
    assert not problems_of(f"streams={tmp_path}")
    (tmp_path / "body.bin").write_bytes(bytes(256 * 1024 + 1))
    assert "too long for a line of the protocol" in problems_of(f"streams={tmp_path}")[0]


# ---- the command line --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["streams", "streams=", "nothing=.", "=.", "streams=/nonexistent/folder", "aws-c-auth=."],
)
def test_reports_an_invalid_corpus_as_a_usage_error(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError):
        read_corpora([text])
    code, out, complaints = conformance("run", "--corpus", text)
    assert (code, out) == (2, "") and len(complaints.splitlines()) == 1
    kinds = "aws-c-auth=DIR or aws4-testsuite=DIR or eventstream-testdata=DIR or streams=DIR"
    assert (kinds in complaints) == (text in ("streams", "streams=", "nothing=.", "=."))


@pytest.mark.slow
def test_list_show_and_dump_accept_a_corpus(tmp_path: Path) -> None:
    aws_c_auth(tmp_path / "c")
    corpus = f"aws-c-auth={tmp_path / 'c'}"
    code, out, _ = conformance("list", "--corpus", corpus)
    assert code == 0 and [line.split()[0] for line in out.splitlines()] == [
        "aws-c-auth-get-vanilla-header",
        "aws-c-auth-get-vanilla-query",
    ]
    code, out, _ = conformance("show", "aws-c-auth-get-vanilla-query", "--corpus", corpus)
    assert code == 0 and "get-vanilla, signed in the query" in out
    assert conformance("show", "aws-c-auth-get-vanilla-query")[0] == 2
    code, out, _ = conformance(
        "dump", str(tmp_path / "d"), "--corpus", corpus, "--only", "*-header"
    )
    assert code == 0 and [path.name for path in (tmp_path / "d").iterdir()] == [
        "aws-c-auth-get-vanilla-header"
    ]
    assert (
        json.loads((tmp_path / "d/aws-c-auth-get-vanilla-header/expect.json").read_text())[0][
            "expect"
        ]["status"]
        == "ok"
    )


@pytest.mark.slow
def test_expected_failures_of_a_corpus(tmp_path: Path) -> None:
    aws_c_auth(tmp_path / "c")
    (tmp_path / "c" / "get-vanilla" / "header-signature.txt").write_text("0" * 64)
    (tmp_path / "known").write_text("aws-c-auth-get-vanilla-header  # its file is damaged\n")
    code, out, _ = conformance(
        "run", "--corpus", f"aws-c-auth={tmp_path / 'c'}", "--xfail", str(tmp_path / "known")
    )
    assert code == 0 and "1 XFAIL" in out


def test_an_adapter_that_loses_the_last_frame_fails(tmp_path: Path) -> None:
    """The expectation never comes from the implementation under test."""
    adapter = tmp_path / "adapter.py"
    adapter.write_text(
        "import sys\n"
        "from conformance.adapters import refimpl as r\n"
        "from conformance.protocol.messages import serve\n"
        "def lossy(given):\n"
        "    output = r._eventstream_decode(given)\n"
        "    output['messages'].pop()\n"
        "    return output\n"
        "serve('lossy', '1', {'eventstream.decode': lossy})\n"
    )
    streams(tmp_path / "s")
    code, out, _ = conformance(
        "run", "--corpus", f"streams={tmp_path / 's'}", "--adapter", f"{sys.executable} {adapter}"
    )
    assert code in (1, 3) and "PASS" not in out


# ---- a suite that is not trusted ---------------------------------------------------------------

LINKS = pytest.mark.skipif(not hasattr(os, "symlink") or os.name == "nt", reason="no links here")


@pytest.mark.parametrize("name", ["../secret", "{outside}/secret", "in/../../secret", "a\0b"])
def test_an_index_names_only_files_of_its_folder(name: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(encode([], b"secret"))
    folder = tmp_path / "corpus"
    (folder / "in").mkdir(parents=True)
    index = [{"file": name.format(outside=tmp_path), "events": []}]
    (folder / "index.json").write_text(json.dumps(index), encoding="utf-8")
    corpus = read_corpora([f"streams={folder}"])
    assert not corpus.cases and len(corpus.faults) == 1
    words = "cannot read" if "\0" in name else "is outside the folder of the corpus"
    assert words in str(corpus.faults[0])


@LINKS
def test_a_link_does_not_lead_out_of_a_corpus(tmp_path: Path) -> None:
    (tmp_path / "outside" / "positive").mkdir(parents=True)
    secret = tmp_path / "outside" / "positive" / "secret.bin"
    secret.write_bytes(encode([], b"secret"))
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "good.bin").write_bytes(encode([], b"x"))
    (folder / "secret.bin").symlink_to(secret)
    (folder / "same.bin").symlink_to(folder / "good.bin")
    corpus = read_corpora([f"streams={folder}"])
    assert [case.id for case in corpus.cases] == ["streams-good", "streams-same"]
    assert "secret.bin is outside the folder" in str(corpus.faults[0])
    (folder / "encoded").symlink_to(tmp_path / "outside")
    with pytest.raises(UsageError, match="no case of eventstream-testdata"):
        read_corpora([f"eventstream-testdata={folder}"])
    # The folder that the user names may be a link.
    (tmp_path / "link").symlink_to(folder)
    assert len(read_corpora([f"streams={tmp_path / 'link'}"]).cases) == 2


@LINKS
def test_a_corpus_has_only_regular_files_of_bounded_length(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(str(tmp_path / "pipe.bin"))
    monkeypatch.setattr(corpora_module, "read_bounded", lambda path: read_bounded(path, 99))
    (tmp_path / "long.bin").write_bytes(b"x" * 100)
    faults = [str(fault) for fault in read_corpora([f"streams={tmp_path}"]).faults]
    assert "long.bin: " in faults[0] and "is too long (expected at most 99 bytes)" in faults[0]
    assert "pipe.bin is not a regular file" in faults[1]
