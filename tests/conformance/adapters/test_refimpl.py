# SPDX-License-Identifier: MIT
"""Tests of conformance/adapters/refimpl.py: the answers of each operation to valid and invalid
input.

Requests go to the adapter's table of operations through JSON text in both directions, as from a
runner. The public corpora run completely: 38 signing cases in two ways, the published frames, 68
recorded streams, 47 endpoint cases. So do the endpoint's scenarios, as HTTP responses in pieces and
over sockets.
"""

import base64
import json
import os
import socket
import uuid
import warnings
from itertools import accumulate
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance import scenarios
from conformance.adapters import refimpl as adapter
from conformance.endpoint.checks import ACCESS_KEY, SECRET_KEY
from conformance.endpoint.scenarios.build import FRAMES, OUTPUT, PARTS, body_of, raw_frame
from conformance.endpoint.scenarios.model import STREAM_HEADERS, Expect, Response, Scenario
from conformance.endpoint.server import Endpoint
from conformance.protocol import messages as protocol
from conformance.protocol.messages import answer_question
from refimpl.eventstream import EVENT_STREAM_TYPE
from refimpl.sigv4 import Credentials, Signer, verify
from refimpl.version import VERSION
from tests.properties import examples
from tests.rows import for_each
from tests.support import chunkings, corpora, one_of_each, run_module

TOKEN = "EXAMPLE/SESSION+TOKEN=="
DATE = "20150830T123600Z"
KINDS = {
    "prelude_crc",
    "message_crc",
    "length",
    "limit",
    "header",
    "duplicate_header",
    "header_type",
    "utf8",
    "truncated",
    "message_type",
    "exception",
    "unmodeled",
    "container",
    "service_error",
    "content_type",
    "http",
    "network",
    "timeout",
    "syntax",
    "type",
    "constraint",
    "signature",
    "expired",
    "configuration",
}


def answer(op: str, given_input: Dict[str, Any]) -> Dict[str, Any]:
    """Return the answer to a request, through JSON in both directions, after checking its
    structure.
    """
    question = json.loads(json.dumps({"cmd": "run", "op": op, "input": given_input}))
    answered = json.loads(
        json.dumps(answer_question(question, adapter.OPERATIONS), allow_nan=False)
    )
    required = {"ok": {"output"}, "reject": {"kind", "message"}, "error": {"detail"}}[
        answered["status"]
    ]
    assert (
        required
        <= set(answered)
        <= required
        | {"status"}
        | ({"code", "fields", "output"} if answered["status"] == "reject" else set())
    )
    assert answered.get("kind", "type") in KINDS
    assert SECRET_KEY not in str(answered) and TOKEN not in answered.get("message", "")
    return answered


def ok(op: str, given_input: Dict[str, Any]) -> Any:
    answered = answer(op, given_input)
    assert answered["status"] == "ok", answered
    output = answered["output"]
    if isinstance(output, dict):
        for key in ("sent", "after"):  # tests of their own
            output.pop(key, None)
    return output


def rejected(op: str, given_input: Dict[str, Any], kind: str, words: str = "") -> Dict[str, Any]:
    answered = answer(op, given_input)
    assert answered["status"] == "reject" and answered["kind"] == kind, answered
    assert words in answered["message"]
    return answered


def given_until(chunks: List[bytes], offset: int) -> int:
    """Return the number of chunks that contain the first bytes, up to offset. Without so many
    bytes, it is one more than there are chunks, which stands for the end.
    """
    ends = enumerate(accumulate(len(chunk) for chunk in chunks), 1)
    return next((number for number, end in ends if end >= offset), len(chunks) + 1)


def all_given_until(chunks: List[bytes], offsets: Iterable[int]) -> List[int]:
    return [given_until(chunks, offset) for offset in offsets]


def broken(op: str, given_input: Dict[str, Any], words: str) -> None:
    """Check that a request that breaks the protocol is an error of the adapter."""
    answered = answer(op, given_input)
    assert answered["status"] == "error" and words in answered["detail"], answered


def text64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def without(document: Dict[str, Any], *names: str) -> Dict[str, Any]:
    return {name: value for name, value in document.items() if name not in names}


# ---- sigv4 -------------------------------------------------------------------------------------

SIGNING: Dict[str, Any] = {
    "method": "POST",
    "target": "/p/../q?b=2&a=1",
    "headers": [["Host", "example.com"], ["X-Test", "a  b"]],
    "body": text64(b"body"),
    "access_key": ACCESS_KEY,
    "secret_key": SECRET_KEY,
    "region": "us-east-1",
    "service": "sagemaker",
    "time": DATE,
}
CREDENTIALS = Credentials(ACCESS_KEY, SECRET_KEY)
TEMPORARY = Credentials(ACCESS_KEY, SECRET_KEY, TOKEN)


class Wire(NamedTuple):
    method: str
    target: str
    headers: List[List[str]]
    body: bytes


def wire_of(raw: bytes) -> Wire:
    """Read a request of the corpus: LF line ends, a UTF-8 request line, folds unchanged."""
    head, _, body = raw.partition(b"\n\n")
    first, *lines = head.split(b"\n")
    method, _, rest = first.decode("utf-8").partition(" ")
    headers: List[List[str]] = []
    for line in [line.decode("latin-1") for line in lines if line]:
        if line[0] in " \t":
            headers[-1][1] += "\n" + line
        else:
            name, _, value = line.partition(":")
            headers.append([name, value])
    return Wire(method, rest.rpartition(" ")[0], headers, body)


def case_names() -> List[str]:
    root = os.environ.get("REFIMPL_CORPORA")
    folder = Path(root, "sigv4-aws-c-auth", "v4") if root else None
    return (
        sorted(path.name for path in folder.iterdir()) if folder and folder.is_dir() else ["corpus"]
    )


def published(name: str, file: str) -> Tuple[Dict[str, Any], Dict[str, Any]]:
    """Return the context of a published case, and the input for one of its requests."""
    folder = corpora("sigv4-aws-c-auth", "v4", name)
    context = json.loads((folder / "context.json").read_text("utf-8"))
    request = wire_of((folder / file).read_bytes())
    keys = context["credentials"]
    return context, {
        "method": request.method,
        "target": request.target,
        "headers": request.headers,
        "body": text64(request.body),
        "access_key": keys["access_key_id"],
        "secret_key": keys["secret_access_key"],
        "session_token": keys.get("token"),
        "region": context["region"],
        "service": context["service"],
        "time": context["timestamp"].replace("-", "").replace(":", ""),
        "normalize_path": context["normalize"],
    }


def stage(name: str, kind: str, what: str) -> str:
    return corpora("sigv4-aws-c-auth", "v4", name, f"{kind}-{what}.txt").read_text("utf-8")


def test_the_corpus_has_38_cases() -> None:
    assert len(list(corpora("sigv4-aws-c-auth", "v4").iterdir())) == 38 == len(case_names())


@for_each("name", case_names())
def test_published_sign(name: str) -> None:
    context, question = published(name, "request.txt")
    question.update(
        sign_body=context["sign_body"], omit_session_token=context.get("omit_session_token")
    )
    output = ok("sigv4.sign", question)
    sent = {
        header.lower(): value
        for header, value in wire_of(
            stage(name, "header", "signed-request").encode("utf-8")
        ).headers
    }
    assert output == {
        "canonical_request": stage(name, "header", "canonical-request"),
        "string_to_sign": stage(name, "header", "string-to-sign"),
        "signature": stage(name, "header", "signature"),
        "authorization": sent["authorization"],
    }


@for_each("name", case_names())
def test_published_presign(name: str) -> None:
    context, question = published(name, "request.txt")
    question.update(
        expires=context["expiration_in_seconds"],
        omit_session_token=context.get("omit_session_token"),
    )
    output = ok("sigv4.presign", question)
    target = output.pop("target")
    assert output == {
        "canonical_request": stage(name, "query", "canonical-request"),
        "string_to_sign": stage(name, "query", "string-to-sign"),
        "signature": stage(name, "query", "signature"),
    }
    signed = wire_of(
        corpora("sigv4-aws-c-auth", "v4", name, "query-signed-request.txt").read_bytes()
    )
    assert target.partition("?")[0] == signed.target.partition("?")[0]
    assert decoded_pairs(target) == decoded_pairs(signed.target)


def decoded_pairs(target: str) -> List[Tuple[bytes, bytes]]:
    def decoded(text: str) -> bytes:
        pieces = text.encode("utf-8").split(b"%")
        return pieces[0] + b"".join(
            bytes.fromhex(piece[:2].decode()) + piece[2:] for piece in pieces[1:]
        )

    pairs = [piece.partition("=")[::2] for piece in target.partition("?")[2].split("&") if piece]
    return sorted((decoded(name), decoded(value)) for name, value in pairs)


@for_each("kind", ["header", "query"])
@for_each("name", case_names())
def test_published_verify(name: str, kind: str) -> None:
    _, question = published(name, kind + "-signed-request.txt")
    assert ok("sigv4.verify", question) == {}
    rejected("sigv4.verify", dict(question, body=text64(b"another body")), "signature")
    rejected(
        "sigv4.verify",
        dict(question, time="20150830T000000Z"),
        "expired",
        "Signature not yet current",
    )
    rejected(
        "sigv4.verify", dict(question, time="20160830T123600Z"), "expired", "Signature expired"
    )


def signed_by_us(**changes: Any) -> Any:
    arguments = dict(
        {
            "method": "POST",
            "target": SIGNING["target"],
            "headers": [("Host", "example.com"), ("X-Test", "a  b")],
            "body": b"body",
            "credentials": CREDENTIALS,
            "region": "us-east-1",
            "service": "sagemaker",
            "amz_date": DATE,
        },
        **changes,
    )
    return Signer().presign(**arguments) if "expires" in arguments else Signer().sign(**arguments)


@pytest.mark.parametrize(
    "given_options, options",
    [
        ({}, {}),
        ({"session_token": TOKEN}, {"credentials": TEMPORARY}),
        ({"session_token": ""}, {}),
        ({"session_token": None}, {}),
        ({"normalize_path": False}, {"normalize": False}),
        ({"double_encode": False}, {"double_encode": False}),
        ({"sign_body": True}, {"sign_body": True}),
        (
            {"session_token": TOKEN, "omit_session_token": True},
            {"credentials": TEMPORARY, "omit_session_token": True},
        ),
        (
            {
                "normalize_path": True,
                "double_encode": True,
                "sign_body": False,
                "omit_session_token": False,
            },
            {},
        ),
        ({"body": ""}, {"body": b""}),
        ({"body": None}, {"body": b""}),
        ({"target": "/a%20b"}, {"target": "/a%20b"}),
        (
            {"target": "/a%20b", "double_encode": False},
            {"target": "/a%20b", "double_encode": False},
        ),
    ],
)
def test_the_options_of_sign_and_presign(
    given_options: Dict[str, Any], options: Dict[str, Any]
) -> None:
    question = dict(SIGNING, **given_options)
    assert ok("sigv4.sign", question) == without(signed_by_us(**options)._asdict(), "headers")
    options.pop("sign_body", None)
    assert (
        ok("sigv4.presign", dict(question, expires=60))
        == signed_by_us(expires=60, **options)._asdict()
    )


def test_the_options_change_what_is_signed() -> None:
    """Otherwise the previous test could pass without the options."""
    outputs = [
        ok("sigv4.sign", dict(SIGNING, **options))["signature"]
        for options in (
            {},
            {"session_token": TOKEN},
            {"normalize_path": False},
            {"sign_body": True},
            {"target": "/a%20b"},
            {"target": "/a%20b", "double_encode": False},
            {"body": None},
        )
    ]
    assert len(set(outputs)) == len(outputs)
    assert (
        ok("sigv4.sign", dict(SIGNING, session_token=TOKEN, omit_session_token=True))["signature"]
        == outputs[0]
    )


def test_what_was_presigned_verifies_as_it_stands() -> None:
    output = ok("sigv4.presign", dict(SIGNING, session_token=TOKEN, expires=604800))
    verify(
        "POST",
        output["target"],
        [("Host", "example.com"), ("X-Test", "a b")],
        b"body",
        TEMPORARY,
        "us-east-1",
        "sagemaker",
        DATE,
    )


@for_each("op", ["sigv4.sign", "sigv4.presign"])
@for_each(
    "changes, kind, words",
    [
        ({"headers": []}, "constraint", "there is no Host header"),
        ({"headers": [["Host", "a\nb"]]}, "constraint", "CR, LF or NUL"),
        ({"headers": [["Ho st", "a"]]}, "constraint", "header name is not a token"),
        ({"headers": [["Host", "\u20ac"]]}, "constraint", "above U+00FF"),
        ({"headers": [["Host", 5]]}, "type", "pairs of text"),
        ({"method": "GE T"}, "constraint", "method is not a token"),
        ({"method": 5}, "type", "method has the wrong type"),
        ({"target": "http://example.com/"}, "constraint", "origin form"),
        ({"target": 5}, "type", "target has the wrong type"),
        ({"time": "now"}, "constraint", "invalid X-Amz-Date"),
        ({"region": "a/b"}, "constraint", "invalid region"),
        ({"service": 5}, "type", "service has the wrong type"),
        ({"access_key": ""}, "configuration", "access_key is empty"),
        ({"secret_key": "with a blank"}, "configuration", "secret_key contains a space"),
        ({"session_token": 5}, "configuration", "session_token has the wrong type"),
    ],
)
def test_what_cannot_be_signed(op: str, changes: Dict[str, Any], kind: str, words: str) -> None:
    question = dict(SIGNING, **changes)
    if op == "sigv4.presign":
        question["expires"] = 60
    assert set(rejected(op, question, kind, words)) == {"status", "kind", "message"}


@pytest.mark.parametrize(
    "expires, kind",
    [
        (0, "constraint"),
        (604801, "constraint"),
        (-1, "constraint"),
        ("60", "type"),
        (1.5, "type"),
        (True, "type"),
    ],
)
def test_expires(expires: Any, kind: str) -> None:
    rejected("sigv4.presign", dict(SIGNING, expires=expires), kind, "expires")


@for_each("op", ["sigv4.sign", "sigv4.presign", "sigv4.verify"])
@for_each(
    "name", ["method", "target", "headers", "access_key", "secret_key", "region", "service", "time"]
)
def test_what_must_be_given(op: str, name: str) -> None:
    broken(op, dict(without(SIGNING, name), expires=60), f"input lacks '{name}'")
    broken(op, dict(SIGNING, **{"expires": 60, name: None}), f"input lacks '{name}'")


def test_presign_must_be_given_expires() -> None:
    assert answer("sigv4.presign", SIGNING)["status"] == "error"


@pytest.mark.parametrize("op", ["sigv4.sign", "sigv4.presign", "sigv4.verify"])
@pytest.mark.parametrize(
    "changes, words",
    [
        ({"body": "invalid base64"}, "invalid base64"),
        ({"body": 5}, "expected base64 text"),
        ({"headers": {"Host": "x"}}, "headers must be"),
        ({"headers": [["Host"]]}, "headers must be"),
    ],
)
def test_what_breaks_the_protocol(op: str, changes: Dict[str, Any], words: str) -> None:
    broken(op, dict(SIGNING, expires=60, **changes), words)


@pytest.mark.parametrize(
    "changes, kind",
    [
        ({}, None),
        ({"time": "20150830T124100Z"}, None),
        ({"time": "20150830T124101Z"}, "expired"),
        ({"time": "20150830T123059Z"}, "expired"),
        ({"body": None}, "signature"),
        ({"method": "PUT"}, "signature"),
        ({"target": "/q"}, "signature"),
        ({"region": "eu-west-1"}, "signature"),
        ({"service": "s3"}, "signature"),
        ({"access_key": "AKIDEXAMPLE2"}, "signature"),
        ({"session_token": TOKEN}, "signature"),
        ({"secret_key": SECRET_KEY.replace("+", "/")}, "signature"),
        ({"normalize_path": False}, "signature"),
    ],
)
def test_verify(changes: Dict[str, Any], kind: Optional[str]) -> None:
    headers = [list(pair) for pair in signed_by_us().headers]
    question = dict(SIGNING, headers=headers, **changes)
    if kind is None:
        assert ok("sigv4.verify", question) == {}
    else:
        assert set(rejected("sigv4.verify", question, kind)) == {"status", "kind", "message"}


def test_verify_with_a_token() -> None:
    headers = [list(pair) for pair in signed_by_us(credentials=TEMPORARY).headers]
    assert ok("sigv4.verify", dict(SIGNING, headers=headers, session_token=TOKEN)) == {}
    rejected("sigv4.verify", dict(SIGNING, headers=headers), "signature")


def test_verify_without_double_encoding() -> None:
    headers = [list(pair) for pair in signed_by_us(target="/a%20b", double_encode=False).headers]
    question = dict(SIGNING, headers=headers, target="/a%20b")
    assert ok("sigv4.verify", dict(question, double_encode=False)) == {}
    rejected("sigv4.verify", question, "signature")


# ---- eventstream -------------------------------------------------------------------------------

WHOLE = b"".join(FRAMES)
PART_HEADERS = [
    {"name": ":event-type", "type": "string", "value": "PayloadPart"},
    {"name": ":content-type", "type": "string", "value": "application/octet-stream"},
    {"name": ":message-type", "type": "string", "value": "event"},
]
MESSAGES = [
    {"headers": PART_HEADERS, "payload": text64(data)} for data in (b"one ", b"two ", b"three")
]

EVERY_TYPE = [  # in the question or the answer, and the bytes behind the name
    ("boolean", True, b"\0"),
    ("boolean", False, b"\1"),
    ("int8", -128, b"\2\x80"),
    ("int16", 32767, b"\3\x7f\xff"),
    ("int32", -2147483648, b"\4\x80\0\0\0"),
    ("int64", 9007199254740991, b"\5\0\x1f" + b"\xff" * 6),
    ("int64", -9007199254740991, b"\5\xff\xe0" + b"\0" * 5 + b"\1"),
    ("int64", "9007199254740992", b"\5\0\x20" + b"\0" * 6),
    ("int64", "-9007199254740992", b"\5\xff\xe0" + b"\0" * 6),
    ("int64", "-9223372036854775808", b"\5\x80" + b"\0" * 7),
    ("bytes", "AP8=", b"\6\0\2\0\xff"),
    ("bytes", "", b"\6\0\0"),
    ("string", "é", b"\7\0\2\xc3\xa9"),
    ("string", "", b"\7\0\0"),
    ("timestamp", 1440938160000, b"\x08" + bytes.fromhex("0000014f7e9b6f80")),
    ("timestamp", -1, b"\x08" + b"\xff" * 8),
    ("timestamp", "9223372036854775807", b"\x08\x7f" + b"\xff" * 7),
    (
        "uuid",
        "01234567-89ab-cdef-0123-456789abcdef",
        b"\x09" + bytes.fromhex("0123456789abcdef" * 2),
    ),
]


def decode(data: bytes) -> Any:
    return ok("eventstream.decode", {"chunks": [text64(data)]})["messages"]


def encode(*headers: Any, payload: bytes = b"") -> bytes:
    named = [{"name": name, "type": kind, "value": value} for name, kind, value in headers]
    output = ok("eventstream.encode", {"headers": named, "payload": text64(payload)})
    assert list(output) == ["frame"]
    return base64.b64decode(output["frame"], validate=True)


@pytest.mark.parametrize("kind, value, data", EVERY_TYPE)
def test_every_header_type_both_ways(kind: str, value: Any, data: bytes) -> None:
    frame = raw_frame(b"\1n" + data, b"\0payload")
    header = decode(frame)[0]["headers"][0]
    assert header == {"name": "n", "type": kind, "value": value} and type(header["value"]) is type(
        value
    )
    assert encode(("n", kind, value), payload=b"\0payload") == frame


@pytest.mark.parametrize(
    "kind, value, data",
    [
        ("int64", "5", b"\5" + b"\0" * 7 + b"\5"),
        ("int8", "-1", b"\2\xff"),
        ("int16", "256", b"\3\1\0"),
        ("int32", "1", b"\4\0\0\0\1"),
        ("timestamp", "0", b"\x08" + b"\0" * 8),
    ],
)
def test_small_integers_may_come_as_strings_too(kind: str, value: str, data: bytes) -> None:
    assert encode(("n", kind, value)) == raw_frame(b"\1n" + data, b"")


def test_several_headers_keep_their_order_and_their_types() -> None:
    frame = encode(
        *[(f"h{number}", kind, value) for number, (kind, value, _) in enumerate(EVERY_TYPE)],
        payload=b"p",
    )
    assert decode(frame) == [
        {
            "payload": text64(b"p"),
            "headers": [
                {"name": f"h{number}", "type": kind, "value": value}
                for number, (kind, value, _) in enumerate(EVERY_TYPE)
            ],
        }
    ]


def test_an_empty_message() -> None:
    assert decode(encode()) == [{"headers": [], "payload": ""}]
    assert encode() == raw_frame(b"", b"")


def test_decode_however_it_is_cut() -> None:
    ends = list(accumulate(len(frame) for frame in FRAMES))
    for way, chunks in chunkings(WHOLE):
        question = {"chunks": [text64(chunk) for chunk in chunks]}
        assert answer("eventstream.decode", question)["output"] == {
            "messages": MESSAGES,
            "after": all_given_until(chunks, ends),
        }, way
    assert ok("eventstream.decode", {"chunks": []}) == {"messages": []}
    assert ok("eventstream.decode", {"chunks": ["", text64(WHOLE), ""]}) == {"messages": MESSAGES}


_HEADERS = scenarios.header(b":event-type", b"PayloadPart")
FAULTS = [
    ("prelude_crc", raw_frame(flip_prelude_crc=1)),
    ("message_crc", raw_frame(flip_message_crc=1)),
    ("length", raw_frame(b"", b"", total_length=15)),
    ("length", raw_frame(b"", b"", headers_length=1)),
    ("limit", raw_frame(total_length=0xFFFFFFFF)),
    ("header", raw_frame(scenarios.header(b"", b"x"))),
    ("header", raw_frame(b"\x01x\x07\x00\x05abc")),
    ("duplicate_header", raw_frame(_HEADERS * 2)),
    ("header_type", raw_frame(b"\x01x\x0a")),
    ("utf8", raw_frame(scenarios.header(b"x", b"\xff"))),
    ("truncated", raw_frame()[:-1]),
    ("truncated", raw_frame()[:3]),
]


@pytest.mark.parametrize("kind, data", FAULTS)
def test_decode_rejects_with_what_was_whole_before(kind: str, data: bytes) -> None:
    behind = (
        [] if kind == "truncated" else [FRAMES[0]]
    )  # chunking "trailing": a whole frame behind it
    seen_at = len(data)  # the number of bytes of the frame that show the fault
    if kind in ("prelude_crc", "length", "limit"):
        seen_at = 12
    elif kind == "truncated":
        seen_at = len(data) + 1  # the end
    for frames in ([], list(FRAMES[:2])):
        stream = b"".join(frames + [data] + behind)
        ends = list(accumulate(len(frame) for frame in frames))
        fault = sum(len(frame) for frame in frames) + seen_at
        for way, chunks in chunkings(stream):
            expected = {
                "messages": MESSAGES[: len(frames)],
                "after": all_given_until(chunks, ends),
                "refused_after": given_until(chunks, fault),
            }
            answered = rejected(
                "eventstream.decode", {"chunks": [text64(chunk) for chunk in chunks]}, kind
            )
            assert answered["output"] == expected, way
            assert set(answered) == {"status", "kind", "message", "output"}


def test_decode_questions_that_break_the_protocol() -> None:
    broken("eventstream.decode", {}, "input lacks 'chunks'")
    broken("eventstream.decode", {"chunks": ["AAAA", "x"]}, "invalid base64")
    broken("eventstream.decode", {"chunks": [5]}, "expected base64 text, got int")
    broken("eventstream.decode", {"chunks": [None]}, "expected base64 text, got NoneType")
    broken("eventstream.decode", {"chunks": 5}, "TypeError")


@pytest.mark.parametrize(
    "header, kind",
    [
        ({"name": "", "type": "string", "value": "x"}, "constraint"),
        ({"name": "x" * 256, "type": "string", "value": "x"}, "constraint"),
        ({"name": "n", "type": "int8", "value": 128}, "constraint"),
        ({"name": "n", "type": "int64", "value": "9223372036854775808"}, "constraint"),
        ({"name": "n", "type": "other", "value": 1}, "constraint"),
        ({"name": "n", "type": None, "value": 1}, "constraint"),
        ({"name": "n", "type": "string", "value": "\ud800"}, "constraint"),
        ({"name": "n", "type": "string", "value": 5}, "type"),
        ({"name": "n", "type": "string", "value": None}, "type"),
        ({"name": "n", "type": "string"}, "type"),
        ({"name": "n", "type": "int8", "value": 1.5}, "type"),
        ({"name": "n", "type": "boolean", "value": 1}, "type"),
        ({"name": "n", "type": "int8", "value": True}, "type"),
        ({"name": "n", "type": "uuid", "value": 5}, "type"),
        ({"name": 5, "type": "int8", "value": 5}, "type"),
        ({"name": "n", "type": "bytes", "value": text64(b"x" * 32768)}, "limit"),
        ({"name": "n", "type": "string", "value": "é" * 16384}, "limit"),
    ],
)
def test_encode_rejects(header: Dict[str, Any], kind: str) -> None:
    assert set(rejected("eventstream.encode", {"headers": [header], "payload": ""}, kind)) == {
        "status",
        "kind",
        "message",
    }


def test_encode_rejects_a_name_twice() -> None:
    header = {"name": "n", "type": "int8", "value": 1}
    rejected(
        "eventstream.encode",
        {"headers": [header, header], "payload": ""},
        "constraint",
        "duplicate header name",
    )


def test_encode_questions_that_break_the_protocol() -> None:
    broken("eventstream.encode", {"payload": ""}, "input lacks 'headers'")
    broken("eventstream.encode", {"headers": []}, "input lacks 'payload'")
    broken("eventstream.encode", {"headers": [], "payload": "x"}, "invalid base64")
    broken(
        "eventstream.encode",
        {"headers": [{"name": "n", "type": "uuid", "value": "no uuid"}], "payload": ""},
        "not a uuid: no uuid",
    )
    broken(
        "eventstream.encode",
        {"headers": [{"name": "n", "type": "bytes", "value": "x"}], "payload": ""},
        "invalid base64",
    )
    broken(
        "eventstream.encode",
        {"headers": [{"name": "n", "type": "int8", "value": "x"}], "payload": ""},
        "ValueError",
    )
    broken("eventstream.encode", {"headers": [{"name": "n"}], "payload": ""}, "input lacks 'type'")


NUMBERS = {"int8": 8, "int16": 16, "int32": 32, "int64": 64, "timestamp": 64}


def number_of(kind: str) -> Any:
    half = 1 << NUMBERS[kind] - 1
    return st.integers(-half, half - 1).map(
        lambda value: (kind, value if abs(value) < 1 << 53 else str(value))
    )


VALUES = st.one_of(
    [number_of(kind) for kind in sorted(NUMBERS)]
    + [
        st.booleans().map(lambda value: ("boolean", value)),
        st.binary(max_size=20).map(lambda value: ("bytes", text64(value))),
        st.text(st.characters(blacklist_categories=("Cs",)), max_size=10).map(
            lambda value: ("string", value)
        ),
        st.uuids().map(lambda value: ("uuid", str(value))),
    ]
)
NAMES = st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=20)


@pytest.mark.slow
@examples(100)
@given(st.dictionaries(NAMES, VALUES, max_size=5), st.binary(max_size=50))
def test_what_was_encoded_is_decoded(headers: Dict[str, Tuple[str, Any]], payload: bytes) -> None:
    named = [
        {"name": name, "type": kind, "value": value} for name, (kind, value) in headers.items()
    ]
    frame = ok("eventstream.encode", {"headers": named, "payload": text64(payload)})["frame"]
    assert ok("eventstream.decode", {"chunks": [frame]}) == {
        "messages": [{"headers": named, "payload": text64(payload)}]
    }


GO = "eventstream-aws-sdk-go"
TYPES = [
    "boolean",
    "boolean",
    "int8",
    "int16",
    "int32",
    "int64",
    "bytes",
    "string",
    "timestamp",
    "uuid",
]


def published_value(entry: Dict[str, Any]) -> Any:
    """Return the value of a published header in the protocol's notation."""
    value, kind = entry["value"], TYPES[entry["type"]]
    if kind == "string":
        return base64.b64decode(value).decode("utf-8")
    return str(uuid.UUID(bytes=base64.b64decode(value))) if kind == "uuid" else value


def test_published_frames() -> None:
    names = sorted(path.name for path in corpora(GO, "encoded", "positive").iterdir())
    assert len(names) == 5
    for name in names:
        data = corpora(GO, "encoded", "positive", name).read_bytes()
        fields = json.loads(corpora(GO, "decoded", "positive", name).read_text("utf-8"))
        headers = [
            {"name": entry["name"], "type": TYPES[entry["type"]], "value": published_value(entry)}
            for entry in fields["headers"]
        ]
        message = {"headers": headers, "payload": fields["payload"]}
        assert decode(data) == [message], name
        assert base64.b64decode(ok("eventstream.encode", message)["frame"]) == data, name


def test_published_broken_frames() -> None:
    kinds = {
        "corrupted_header_len": "prelude_crc",
        "corrupted_headers": "message_crc",
        "corrupted_length": "prelude_crc",
        "corrupted_payload": "message_crc",
    }
    assert sorted(path.name for path in corpora(GO, "encoded", "negative").iterdir()) == sorted(
        kinds
    )
    for name, kind in kinds.items():
        data = corpora(GO, "encoded", "negative", name).read_bytes()
        assert rejected("eventstream.decode", {"chunks": [text64(data)]}, kind)["output"] == {
            "messages": [],
            "after": [],
            "refused_after": 1,
        }


def test_recorded_streams() -> None:
    index = json.loads(corpora("recorded-streams", "index.json").read_text("utf-8"))
    assert len(index) == 68
    for entry in index:
        data = corpora("recorded-streams", entry["file"]).read_bytes()
        middle = len(data) // 2
        messages = ok(
            "eventstream.decode", {"chunks": [text64(data[:middle]), text64(data[middle:])]}
        )["messages"]
        assert len(messages) == len(entry["events"]), entry["file"]
        for message, event in zip(messages, entry["events"]):
            assert [
                [header["name"], header["type"], header["value"]] for header in message["headers"]
            ] == event["headers"], entry["file"]
            end = event["offset"] + event["total_length"] - 4
            assert (
                base64.b64decode(message["payload"]) == data[end - event["payload_length"] : end]
            ), entry["file"]


# ---- http.request ------------------------------------------------------------------------------

MEMBERS = {
    "ContentType": ("Content-Type", "application/json"),
    "Accept": ("X-Amzn-SageMaker-Accept", "text/plain"),
    "CustomAttributes": ("X-Amzn-SageMaker-Custom-Attributes", "accept_eula=true"),
    "TargetVariant": ("X-Amzn-SageMaker-Target-Variant", "v1"),
    "TargetContainerHostname": ("X-Amzn-SageMaker-Target-Container-Hostname", "c1"),
    "InferenceId": ("X-Amzn-SageMaker-Inference-Id", "i 1"),
    "InferenceComponentName": ("X-Amzn-SageMaker-Inference-Component", "n1"),
    "SessionId": ("X-Amzn-SageMaker-Session-Id", "s1"),
}
LEAST = {"EndpointName": "llm", "Body": text64(b"\0body")}


def request(members: Dict[str, Any], **more: Any) -> Dict[str, Any]:
    return dict({"input": members, "region": "us-east-1"}, **more)


def test_http_request() -> None:
    output = ok(
        "http.request",
        request(dict(LEAST, **{member: value for member, (_, value) in MEMBERS.items()})),
    )
    assert set(output) == {"method", "url", "headers", "body"}
    assert (output["method"], output["body"]) == ("POST", LEAST["Body"])
    assert (
        output["url"]
        == "https://runtime.sagemaker.us-east-1.amazonaws.com/endpoints/llm/invocations-response-stream"
    )
    assert [
        pair
        for pair in output["headers"]
        if pair[0].startswith("X-Amzn-") or pair[0] == "Content-Type"
    ] == [list(pair) for pair in MEMBERS.values()]
    assert not any(name.lower() in ("authorization", "x-amz-date") for name, _ in output["headers"])


@pytest.mark.slow
@pytest.mark.parametrize("member", sorted(MEMBERS))
def test_each_member_alone(member: str) -> None:
    name, value = MEMBERS[member]
    least = ok("http.request", request(LEAST))["headers"]
    assert [
        pair
        for pair in ok("http.request", request(dict(LEAST, **{member: value})))["headers"]
        if pair not in least
    ] == [[name, value]]
    assert ok("http.request", request(dict(LEAST, **{member: None})))["headers"] == least


@pytest.mark.parametrize(
    "url, expected",
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("https://example.com:443/base/v1/", "https://example.com/base/v1"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        (None, "https://runtime.sagemaker.us-east-1.amazonaws.com"),
    ],
)
def test_the_url_of_a_request(url: Optional[str], expected: str) -> None:
    output = ok("http.request", request(LEAST, endpoint_url=url))
    assert output["url"] == expected + "/endpoints/llm/invocations-response-stream"


@pytest.mark.parametrize(
    "region, expected", [("cn-north-1", "amazonaws.com.cn"), ("us-gov-west-1", "amazonaws.com")]
)
def test_the_region_of_a_request(region: str, expected: str) -> None:
    url = ok("http.request", request(LEAST, region=region))["url"]
    assert url.startswith(f"https://runtime.sagemaker.{region}.{expected}/")


@for_each(
    "members, kind, words",
    [
        ({"EndpointName": 5}, "type", "EndpointName has the wrong type"),
        ({"EndpointName": ["llm"]}, "type", "EndpointName"),
        ({"Body": 5}, "type", "Body has the wrong type"),
        ({"Body": {"a": 1}}, "type", "Body has the wrong type"),
        ({"ContentType": True}, "type", "ContentType has the wrong type"),
        ({"SessionId": 1.5}, "type", "SessionId"),
        ({"Accept": {}}, "type", "Accept"),
        ({"EndpointName": None}, "constraint", "EndpointName is required"),
        ({"Body": None}, "constraint", "Body is required"),
        ({"EndpointName": ""}, "constraint", "EndpointName"),
        ({"EndpointName": "-llm"}, "constraint", "does not match its pattern"),
        ({"EndpointName": "llm\n"}, "constraint", "does not match its pattern"),
        ({"EndpointName": "x" * 64}, "constraint", "wrong length"),
        ({"ContentType": "é"}, "constraint", "ContentType"),
        ({"Accept": "a\r\nb"}, "constraint", "Accept cannot be sent"),
        ({"CustomAttributes": "x" * 1025}, "constraint", "CustomAttributes"),
        ({"InferenceId": ""}, "constraint", "InferenceId"),
        ({"Nope": "x"}, "type", "unknown member of"),
        ({"Nope": None}, "type", "unknown member of"),
        ({"": "x"}, "type", "unknown member of"),
        ({"endpointname": "x"}, "type", "unknown member of"),
    ],
)
def test_what_cannot_be_requested(members: Dict[str, Any], kind: str, words: str) -> None:
    for op, more in (
        ("http.request", {}),
        ("invoke", dict(KEYS, endpoint_url="http://127.0.0.1:1")),
    ):
        answered = rejected(op, request(dict(LEAST, **members), **more), kind, words)
        assert answered.get("output", {"output": {}, "events": []}) == {"output": {}, "events": []}
        assert "code" not in answered and "fields" not in answered


KEYS = {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY}


@pytest.mark.parametrize(
    "name", ["endpoint_name", "body", "content_type", "accept", "session_id", "self"]
)
def test_a_member_in_python_s_spelling_is_no_member(name: str) -> None:
    """Member names are those of the model."""
    value = "AA==" if name == "body" else "x"
    rejected("http.request", request(dict(LEAST, **{name: value})), "type")
    if name in ("endpoint_name", "body"):
        members = without(LEAST, {"endpoint_name": "EndpointName", "body": "Body"}[name])
        assert answer("http.request", request(dict(members, **{name: value})))["status"] == "reject"


def test_requests_that_are_misconfigured() -> None:
    rejected("http.request", {"input": LEAST}, "configuration", "no region")
    rejected("http.request", request(LEAST, region="US"), "configuration", "invalid region")
    rejected(
        "http.request",
        request(LEAST, endpoint_url="ftp://x"),
        "configuration",
        "invalid endpoint URL",
    )
    rejected(
        "http.request",
        request(LEAST, endpoint_url=5),
        "configuration",
        "endpoint URL has the wrong type",
    )
    assert ok("http.request", {"input": LEAST, "endpoint_url": "http://127.0.0.1:1"})[
        "url"
    ].startswith("http://127.0.0.1:1/endpoints/")


def test_request_questions_that_break_the_protocol() -> None:
    broken("http.request", {"region": "us-east-1"}, "input lacks 'input'")
    broken("http.request", request(dict(LEAST, Body="invalid base64")), "invalid base64")
    assert answer("http.request", request(["llm"]))["status"] == "error"  # type: ignore[arg-type]


# ---- http.response -----------------------------------------------------------------------------

EXAMPLES = {example.name: example for example in scenarios.examples()}
RESPONSES = [
    name
    for name in sorted(EXAMPLES)
    if EXAMPLES[name].response.framing != "raw" and EXAMPLES[name].response.ending != "stall"
]


def events_of(parts: Tuple[bytes, ...]) -> List[Any]:
    return [{"PayloadPart": {"Bytes": text64(data)}} for data in parts]


def fields_of(expect: Expect) -> Dict[str, Any]:
    return dict(
        expect.fields or {}, **({"Message": expect.message} if expect.message is not None else {})
    )


def ends_of_parts(body: bytes) -> List[int]:
    """Return where each frame of a part ends."""
    ends, end = [], 0
    while end + 12 <= len(body):
        start, end = end, end + max(12, int.from_bytes(body[end : end + 4], "big"))
        if b":event-type\x07\x00\x0bPayloadPart" in body[start:end]:
            ends.append(end)
    return ends


def judge_after(output: Dict[str, Any], expect: Expect, chunks: List[bytes]) -> None:
    """Check when each event and the error came, and remove this from the output."""
    ends = ends_of_parts(b"".join(chunks))[: len(expect.parts)]
    after = output.pop("after")
    assert after == all_given_until(chunks, ends) and len(after) == len(expect.parts)
    refused_after = output.pop("refused_after", None)
    assert (refused_after is None) == (expect.status == "ok")
    if expect.kind in ("truncated", "service_error", "content_type"):  # read to the end
        assert refused_after == len(chunks) + 1
    elif expect.kind == "http":  # by its status
        assert refused_after == 0
    elif expect.status == "reject":
        assert max(after, default=0) <= refused_after <= len(chunks)


def judge(answered: Dict[str, Any], expect: Expect) -> None:
    """Compare an answer with what a scenario says of itself."""
    assert answered["status"] == expect.status
    if expect.status == "ok":
        assert answered["output"] == {"output": expect.output, "events": events_of(expect.parts)}
        return
    assert answered["kind"] == expect.kind or answered["kind"] in expect.also
    assert answered["output"]["events"] == events_of(expect.parts)
    if expect.output is not None:
        assert answered["output"]["output"] == expect.output
    if expect.code is not None:
        assert answered["code"] == expect.code
    if expect.kind in ("exception", "service_error", "unmodeled"):
        if expect.fields is not None:
            assert answered["fields"] == fields_of(expect)
        elif expect.message is not None:
            assert answered["fields"]["Message"] == expect.message
    else:
        assert "code" not in answered and "fields" not in answered


def response_to(answer_given: Response, size: Optional[int] = None) -> Dict[str, Any]:
    """Return the request with a response for an operation that parses no HTTP."""
    body = body_of(answer_given)
    came = body if answer_given.cut is None else body[: answer_given.cut]
    by_length = answer_given.framing == "length" and len(came) == len(body)
    complete = (
        answer_given.ending == "clean"
        or by_length
        or answer_given.framing == "close"
        and answer_given.ending == "close"
    )
    chunks = (
        [came]
        if size is None
        else [came[start : start + size] for start in range(0, len(came), size)]
    )
    return {
        "status": int(answer_given.status[:3]),
        "headers": [list(pair) for pair in answer_given.headers],
        "chunks": [text64(chunk) for chunk in chunks],
        "complete": complete,
    }


@pytest.mark.slow
@for_each("name", RESPONSES)
def test_http_response_of_every_scenario(name: str) -> None:
    example = EXAMPLES[name]
    for size in (None, 7):
        question = response_to(
            example.response, size if len(body_of(example.response)) < 5000 else None
        )
        chunks = [base64.b64decode(chunk) for chunk in question["chunks"]]
        answered = answer("http.response", question)
        judge_after(answered["output"], example.expect, chunks)
        judge(answered, example.expect)


def test_most_scenarios_are_responses() -> None:
    assert len(RESPONSES) > 100
    assert {EXAMPLES[name].expect.kind for name in RESPONSES} >= {
        None,
        "truncated",
        "exception",
        "unmodeled",
        "service_error",
        "content_type",
        "http",
        "message_type",
        "message_crc",
    }


def good_response(**changes: Any) -> Dict[str, Any]:
    return dict(
        {
            "status": 200,
            "headers": [list(pair) for pair in STREAM_HEADERS],
            "chunks": [text64(WHOLE)],
        },
        **changes,
    )


def test_complete_is_the_default() -> None:
    expected = {"output": OUTPUT, "events": events_of(PARTS)}
    assert ok("http.response", good_response()) == expected
    assert ok("http.response", good_response(complete=None)) == expected
    refused = rejected("http.response", good_response(complete=False), "truncated")
    assert refused["output"] == dict(expected, after=[1] * len(PARTS), refused_after=2)
    assert ok("http.response", good_response(chunks=[])) == dict(expected, events=[])


def test_the_answer_to_a_response_whole() -> None:
    frame = scenarios.exception("ModelStreamError", Message="it broke", ErrorCode="StreamBroken")
    chunks = [text64(FRAMES[0] + FRAMES[1][:9]), text64(FRAMES[1][9:] + frame + FRAMES[2])]
    answered = answer("http.response", good_response(chunks=chunks))
    assert answered.pop("message").startswith("ModelStreamError: it broke")
    assert answered == {
        "status": "reject",
        "kind": "exception",
        "code": "ModelStreamError",
        "fields": {"Message": "it broke", "ErrorCode": "StreamBroken"},
        "output": {
            "output": OUTPUT,
            "events": events_of((b"one ", b"two ")),
            "after": [1, 2],
            "refused_after": 2,
        },
    }


def test_the_fields_of_errors() -> None:
    def fields(status: int, body: bytes, error_type: str) -> Dict[str, Any]:
        question = {
            "status": status,
            "headers": [["x-amzn-errortype", error_type]],
            "chunks": [text64(body)],
        }
        answered = rejected("http.response", question, "service_error")
        assert answered["code"] == error_type
        found: Dict[str, Any] = answered["fields"]
        return found

    assert fields(
        424,
        b'{"Message":"m","OriginalStatusCode":500,"OriginalMessage":"o","LogStreamArn":"a","Other":1}',
        "ModelError",
    ) == {"Message": "m", "OriginalStatusCode": 500, "OriginalMessage": "o", "LogStreamArn": "a"}
    assert fields(424, b"{}", "ModelError") == {}
    assert fields(400, b'{"message":"m"}', "ThrottlingException") == {"Message": "m"}
    exception = rejected(
        "http.response",
        good_response(chunks=[text64(scenarios.error_message(None, None))]),
        "unmodeled",
    )
    assert exception["fields"] == {} and "code" not in exception


@pytest.mark.parametrize(
    "changes, kind",
    [
        ({"status": "200"}, "type"),
        ({"status": 200.0}, "type"),
        ({"status": True}, "type"),
        ({"status": 100}, "http"),
        ({"status": 302}, "http"),
        ({"status": 999}, "http"),
        ({"status": 204}, "content_type"),
        ({"headers": []}, "content_type"),
        ({"headers": [["content-type", EVENT_STREAM_TYPE + "x"]]}, "content_type"),
    ],
)
def test_responses_that_are_refused(changes: Dict[str, Any], kind: str) -> None:
    assert rejected("http.response", good_response(**changes), kind)["output"]["events"] == []


def test_response_questions_that_break_the_protocol() -> None:
    for name in ("status", "headers", "chunks"):
        broken("http.response", without(good_response(), name), f"input lacks '{name}'")
    broken("http.response", good_response(chunks=["x"]), "invalid base64")
    broken("http.response", good_response(headers=[["a"]]), "headers must be")


# ---- endpoint.resolve --------------------------------------------------------------------------


def endpoint_cases() -> List[Any]:
    cases = json.loads(
        corpora("endpoints", "sagemaker-runtime-endpoint-tests.json").read_text("utf-8")
    )["testCases"]
    assert len(cases) == 47
    return list(cases)


def test_published_endpoints() -> None:
    for case in endpoint_cases():
        params = case.get("params", {})
        question = {
            "region": params.get("Region"),
            "endpoint_url": params.get("Endpoint"),
            "use_fips": params.get("UseFIPS"),
            "use_dualstack": params.get("UseDualStack"),
        }
        if "error" in case["expect"]:
            rejected("endpoint.resolve", question, "configuration")
        else:
            output = ok("endpoint.resolve", question)
            expected = {
                "url": case["expect"]["endpoint"]["url"],
                "signing_region": params.get("Region"),
                "signing_name": "sagemaker",
            }
            assert output == expected, case["documentation"]


@pytest.mark.parametrize(
    "question, output",
    [
        (
            {"region": "eu-west-1"},
            {
                "url": "https://runtime.sagemaker.eu-west-1.amazonaws.com",
                "signing_region": "eu-west-1",
                "signing_name": "sagemaker",
            },
        ),
        (
            {"region": "eu-west-1", "use_fips": True},
            {"url": "https://runtime-fips.sagemaker.eu-west-1.amazonaws.com"},
        ),
        (
            {"region": "eu-west-1", "use_dualstack": True},
            {"url": "https://runtime.sagemaker.eu-west-1.api.aws"},
        ),
        (
            {"region": "eu-west-1", "use_fips": True, "use_dualstack": True},
            {"url": "https://runtime.sagemaker-fips.eu-west-1.api.aws"},
        ),
        (
            {"region": "eu-west-1", "endpoint_url": "http://127.0.0.1:8080/x/"},
            {"url": "http://127.0.0.1:8080/x"},
        ),
    ],
)
def test_endpoint_resolve(question: Dict[str, Any], output: Dict[str, str]) -> None:
    resolved = ok("endpoint.resolve", question)
    assert set(resolved) == {"url", "signing_region", "signing_name"}
    assert {name: resolved[name] for name in output} == output


@pytest.mark.parametrize(
    "question",
    [
        {},
        {"region": ""},
        {"region": "EU"},
        {"region": 5},
        {"region": "a.b"},
        {"region": "eu-west-1", "endpoint_url": "x"},
        {"region": "eu-west-1", "endpoint_url": "http://x", "use_fips": True},
        {"region": "eu-west-1", "endpoint_url": "http://x", "use_dualstack": True},
    ],
)
def test_endpoints_that_are_none(question: Dict[str, Any]) -> None:
    assert set(rejected("endpoint.resolve", question, "configuration")) == {
        "status",
        "kind",
        "message",
    }


# ---- invoke ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    scenario = Scenario(
        "fault-twice",
        "",
        "",
        Expect("ok"),
        scenarios.stream(FRAMES[0] + raw_frame(flip_message_crc=1)),
    )
    with Endpoint(
        pace=0, fallback="default", scenarios={"fault-twice": scenario}
    ) as running_endpoint:
        yield running_endpoint


def invoke(endpoint: Endpoint, name: str, **changes: Any) -> Dict[str, Any]:
    question = dict(
        {
            "endpoint_url": endpoint.url,
            "region": "us-east-1",
            "input": {"EndpointName": name, "Body": text64(b"x")},
        },
        **KEYS,
    )
    return answer("invoke", dict(question, **changes))


def outcome_of(name: str) -> Tuple[Any, ...]:
    """Return what distinguishes the outcomes of scenarios. `conformance run` plays all of them."""
    expect = EXAMPLES[name].expect
    members = (expect.message, expect.fields, expect.output, expect.parts, expect.skipped)
    return (expect.status, expect.kind, expect.code) + tuple(map(bool, members))


@pytest.mark.slow
@for_each(
    "name",
    one_of_each(
        [name for name in EXAMPLES if EXAMPLES[name].response.ending != "stall"], outcome_of
    ),
)
def test_invoke(endpoint: Endpoint, name: str) -> None:
    judge(invoke(endpoint, name), EXAMPLES[name].expect)
    assert endpoint.calls[-1].scenario == name


def test_the_progress_of_a_call(endpoint: Endpoint) -> None:
    reported: List[int] = []
    given = {
        "endpoint_url": endpoint.url,
        "region": "us-east-1",
        "input": {"EndpointName": "frames-merged", "Body": text64(b"x")},
    }
    question = {"op": "invoke", "input": dict(given, **KEYS)}
    answered = answer_question(question, adapter.OPERATIONS, reported.append)
    assert (answered["status"], reported) == ("ok", [1, 2, 3])


@pytest.mark.slow
def test_the_read_time_out_of_a_request(endpoint: Endpoint) -> None:
    answered = invoke(endpoint, "stall-before-head", read_timeout=0.2)
    assert answered["kind"] == "timeout" and "read_timeout of 0.2 s" in answered["message"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["stall-before-head", "stall-between-parts", "prelude-crc-then-stall"]
)
@pytest.mark.parametrize("timeout", ["READ_TIMEOUT", "TOTAL_TIMEOUT"])
def test_invoke_waits_for_a_while_only(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, name: str, timeout: str
) -> None:
    monkeypatch.setattr(adapter, "_INVOKE_" + timeout, 0.5)
    answered = invoke(endpoint, name)
    judge(answered, EXAMPLES[name].expect)
    assert answered["kind"] != "timeout" or f"{timeout.lower()} of 0.5 s" in answered["message"]


def test_the_time_outs_are_below_a_runner_s() -> None:
    assert 0 < adapter._INVOKE_READ_TIMEOUT <= adapter._INVOKE_TOTAL_TIMEOUT < 10


def test_invoke_sends_what_it_is_given(endpoint: Endpoint) -> None:
    members = dict(LEAST, **{member: value for member, (_, value) in MEMBERS.items()})
    answered = invoke(endpoint, "", input=members, session_token=TOKEN, region="eu-west-1")
    assert answered["status"] == "ok" and answered["output"]["output"] == OUTPUT
    seen = endpoint.calls[-1]
    assert (
        seen.verified
        and seen.body == b"\0body"
        and seen.target == "/endpoints/llm/invocations-response-stream"
    )
    assert set(MEMBERS.values()) <= set(seen.headers)
    assert dict(seen.headers)["x-amz-security-token"] == TOKEN
    assert "/eu-west-1/sagemaker/" in dict(seen.headers)["authorization"]


def test_invoke_makes_one_attempt(endpoint: Endpoint) -> None:
    before = len(endpoint.calls)
    assert invoke(endpoint, "error-503")["code"] == "ServiceUnavailable"
    assert len(endpoint.calls) == before + 1


def test_invoke_takes_nothing_from_the_environment(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "another token")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert invoke(endpoint, "empty-stream")["status"] == "ok"
    assert "x-amz-security-token" not in dict(endpoint.calls[-1].headers)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    broken(
        "invoke",
        {"endpoint_url": endpoint.url, "region": "us-east-1", "input": LEAST},
        "input lacks 'access_key'",
    )


def test_invoke_delivers_what_a_failing_read_had_completed(endpoint: Endpoint) -> None:
    assert invoke(endpoint, "fault-twice")["output"] == {
        "output": OUTPUT,
        "events": events_of((b"one ",)),
    }


def test_invoke_that_is_refused(endpoint: Endpoint) -> None:
    answered = invoke(endpoint, "default", secret_key=SECRET_KEY.replace("+", "/"))
    assert (answered["status"], answered["kind"], answered["code"]) == (
        "reject",
        "service_error",
        "InvalidSignatureException",
    )
    assert answered["output"] == {"output": {}, "events": []}
    assert answered["fields"]["Message"].startswith(
        "The request signature we calculated does not match"
    )


def test_invoke_without_a_peer() -> None:
    with socket.socket() as bound:  # bound, but not listening
        bound.bind(("127.0.0.1", 0))
        question = dict(
            KEYS,
            endpoint_url=f"http://127.0.0.1:{bound.getsockname()[1]}",
            region="us-east-1",
            input=LEAST,
        )
        answered = rejected("invoke", question, "network", "cannot connect")
    assert answered["output"] == {"output": {}, "events": []}


def test_invoke_misconfigured(endpoint: Endpoint) -> None:
    for changes in (
        {"region": "US"},
        {"endpoint_url": "ftp://x"},
        {"access_key": ""},
        {"secret_key": "a b"},
    ):
        assert invoke(endpoint, "default", **changes)["kind"] == "configuration"
    for name in ("endpoint_url", "region", "input", "access_key", "secret_key"):
        assert invoke(endpoint, "default", **{name: None}) == {
            "status": "error",
            "detail": f"input lacks '{name}'",
        }


# ---- text --------------------------------------------------------------------------------------

EVENTS = [
    {"event": "message", "data": "one", "id": ""},
    {"event": "e", "data": "two\n€", "id": "7"},
]
SSE = "data: one\r\n\r\n: ping\n\nid: 7\rdata:two\ndata: €\nevent: e".encode()
FIRST_EVENT = len(b"data: one\r\n\r")  # where it ends: CR alone ends a line


def parts_of(chunks: List[bytes]) -> Dict[str, Any]:
    return {"parts": [text64(chunk) for chunk in chunks]}


def test_text_however_it_is_cut() -> None:
    text = "a\r\n€\r\nb\rc\n\nd".encode()
    for way, chunks in chunkings(text):
        assert answer("text.lines", parts_of(chunks))["output"] == {
            "lines": ["a", "€", "b\rc", "", "d"],
            "after": all_given_until(chunks, [3, 8, 12, 13, len(text) + 1]),
        }, way
    for way, chunks in chunkings(SSE):
        assert answer("text.sse", parts_of(chunks))["output"] == {
            "events": EVENTS,
            "after": all_given_until(chunks, [FIRST_EVENT, len(SSE) + 1]),
        }, way
    assert ok("text.lines", {"parts": []}) == {"lines": []} and ok("text.sse", {"parts": [""]}) == {
        "events": []
    }


def test_text_is_refused_with_what_was_whole_before() -> None:
    for way, chunks in chunkings(b"a\nb\n\xffc\nd\n"):
        assert rejected("text.lines", parts_of(chunks), "utf8", "rule TXT-002")["output"] == {
            "lines": ["a", "b"],
            "after": all_given_until(chunks, [2, 4]),
            "refused_after": given_until(chunks, 7),  # where the line ends
        }, way
    for way, chunks in chunkings(SSE + b"\n\ndata: \xe2"):
        assert rejected("text.sse", parts_of(chunks), "utf8")["output"] == {
            "events": EVENTS,
            "after": all_given_until(chunks, [FIRST_EVENT, len(SSE) + 2]),
            "refused_after": len(chunks) + 1,
        }, way
    assert rejected("text.sse", parts_of([SSE, b"\n\nda"]), "truncated")["output"] == {
        "events": EVENTS,
        "after": [1, 2],
        "refused_after": 3,
    }
    assert rejected("text.lines", parts_of([b"a\n\xe2"]), "utf8")["output"] == {
        "lines": ["a"],
        "after": [1],
        "refused_after": 2,
    }


def test_json_values_and_the_models_text() -> None:
    for way, chunks in chunkings(b'{"t":"a\xc3\xa9"} [1.5]\n'):
        given = parts_of(chunks)
        assert ok("json.values", given) == {"values": ['{"t":"a\u00e9"}', "[1.5]"]}, way
    rejected("json.values", parts_of([b"NaN"]), "syntax")
    assert ok("json.values", dict(parts_of([b"NaN"]), lenient=True)) == {"values": ["NaN"]}
    for way, chunks in chunkings(b'{"t":"a"}\n{"t":"b"}\n{"error":""}\n{"t":"c"}'):
        output = rejected("text.extract", dict(parts_of(chunks), path="t"), "container")["output"]
        assert "".join(delta["text"] for delta in output["deltas"]) == "ab", way
        assert (output["finish_reason"], output["complete"]) == (None, False), way
    broken("text.extract", dict(parts_of([b"{}"]), preset="no"), "no such preset: no")
    rejected("text.extract", dict(parts_of([b"{}"]), path=".."), "constraint")


@pytest.mark.parametrize("op", ["text.lines", "text.sse", "json.values"])
def test_text_questions_that_break_the_protocol(op: str) -> None:
    broken(op, {}, "input lacks 'parts'")
    broken(op, {"parts": ["x"]}, "invalid base64")
    broken(op, {"parts": [5]}, "expected base64 text, got int")


# ---- shapes ------------------------------------------------------------------------------------


def test_documents_of_value_and_headers_stand_in_the_answer_as_themselves() -> None:
    given = {"shape": "PayloadPart", "from": "json", "document": '{"Bytes":"aGk="}'}
    for target, document in (
        ("json", '{"Bytes":"aGk="}'),
        ("value", ["Structure", [["Bytes", ["Blob", "aGk="]]]]),
        ("query", "Bytes=hi"),
        ("headers", {"headers": [], "body": '{"Bytes":"aGk="}'}),
        ("xml", "<PayloadPart><Bytes>aGk=</Bytes></PayloadPart>"),
    ):
        assert answer("shape.convert", dict(given, to=target)) == {
            "status": "ok",
            "output": {"document": document},
        }
        back = {"shape": "PayloadPart", "from": target, "to": "json", "document": document}
        assert answer("shape.convert", back) == {
            "status": "ok",
            "output": {"document": given["document"]},
        }


def test_an_error_with_its_code_beside_it_and_without() -> None:
    given = {
        "shape": "Error",
        "from": "json",
        "to": "json",
        "document": '{"__type":"ValidationError","message":"m"}',
    }
    seed = {"document": '{"error":"ValidationError","details":{"Message":"m"}}'}
    assert answer("shape.convert", dict(given, code=""))["output"] == seed
    assert answer("shape.convert", dict(given, document=seed["document"]))["output"] == seed
    assert (
        answer("shape.convert", dict(given, document=seed["document"], code=None))["output"] == seed
    )  # null means absent


@pytest.mark.parametrize(
    "changes, kind",
    [
        ({"document": "{"}, "syntax"),
        ({"document": "[]"}, "type"),
        ({"document": '{"Bytes":"?"}'}, "type"),
        ({"shape": "None"}, "constraint"),
        ({"to": "yaml"}, "constraint"),
        ({"document": 5}, "type"),
        ({"from": "value", "document": "x"}, "type"),
        ({"document": "[" * 100}, "limit"),
        ({"document": "\ud800"}, "utf8"),
        ({"shape": "Error", "code": 5}, "type"),
        ({"from": "value", "document": ["String", "\ud800"], "shape": "Header"}, "utf8"),
    ],
)
def test_a_document_that_is_refused(changes: Dict[str, Any], kind: str) -> None:
    given = {"shape": "PayloadPart", "from": "json", "to": "json", "document": '{"Bytes":"aGk="}'}
    rejected("shape.convert", dict(given, **changes), kind)


# ---- the adapter itself ------------------------------------------------------------------------


def test_the_operations() -> None:
    assert sorted(adapter.OPERATIONS) == [
        "config.parse",
        "credentials.resolve",
        "endpoint.resolve",
        "eventstream.decode",
        "eventstream.encode",
        "explain.refusal",
        "http.request",
        "http.response",
        "invoke",
        "json.values",
        "proxy.select",
        "retry.decide",
        "shape.convert",
        "sigv4.presign",
        "sigv4.sign",
        "sigv4.verify",
        "text.extract",
        "text.lines",
        "text.sse",
    ]


def test_every_kind_of_the_catalogue_is_one_of_the_protocol() -> None:
    assert {example.expect.kind for example in EXAMPLES.values()} - {None} <= KINDS


def test_the_adapter_as_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Test the operations; tests/conformance/protocol tests the conversation."""
    served: List[Any] = []
    monkeypatch.setattr(
        protocol, "serve", lambda *arguments, **named: served.append((*arguments, named))
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # it has been imported already
        run_module("conformance.adapters.refimpl", run_name="__main__")
    [(name, version, operations, others)] = served
    assert others == {"reporting": ("invoke",)}
    assert (name, version, sorted(operations)) == ("refimpl", VERSION, sorted(adapter.OPERATIONS))
