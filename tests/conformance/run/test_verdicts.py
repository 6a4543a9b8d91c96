# SPDX-License-Identifier: MIT
"""Tests of conformance/run/verdicts.py: equal and different answers, and the results of a run.

Each test judges an answer by an expectation. Every notation that the protocol allows must pass,
every difference must fail at its stage, and every violation of the protocol must be reported with
its path. All cases of the repository must pass with their own expectation as the answer.
"""

import base64
import copy
import json
from typing import Any, Dict, List, Optional, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.cases.case import Case
from conformance.cases.questions import TRAILING_MESSAGE, Question, questions_of
from conformance.cases.scenarios import scenario_cases
from conformance.endpoint.server import Call
from conformance.protocol.messages import REJECT_KINDS
from conformance.run.kinds import unknown_kinds
from conformance.run.verdicts import (
    ABSENT,
    ACCEPTABLE,
    ADAPTER,
    BLOCKED,
    CRASH,
    FAIL,
    HANG,
    PASS,
    SIGNATURE,
    UNSUPPORTED,
    WORDS,
    XFAIL,
    XPASS,
    Difference,
    Result,
    Verdict,
    exit_code,
    first_difference,
    judge,
    settle,
    suspects,
    verdict,
    worst,
)
from refimpl.eventstream import encode
from tests.rows import for_each
from tests.support import committed_cases, made_result

Json = Dict[str, Any]
OTHERWISE: Json = {
    "expect": {"status": "reject", "kind": "limit"},
    "why": "AWS's text says two things",
    "divergence": "DIV-001",
}


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def question(
    op: str, expect: Json, acceptable: Tuple[Json, ...] = (), **given_input: Any
) -> Question:
    if op == "invoke":
        given_input.setdefault("input", {"EndpointName": "default"})
    case = Case(
        "x-case",
        "",
        ("EVS-001",),
        "MUST",
        op,
        given_input,
        ("whole",),
        expect,
        acceptable,
        (),
        "",
        "",
        "",
        "x",
    )
    return Question(case, "whole", given_input, expect)


def ok(**output: Any) -> Json:
    return {"status": "ok", "output": output}


def reject(kind: Any, **more: Any) -> Json:
    return dict({"status": "reject", "kind": kind}, **more)


def stage(op: str, expected: Json, answer: Json, **given_input: Any) -> Optional[str]:
    """Return the stage of the difference, or None if the answer passes."""
    found = judge(question(op, expected, **given_input), answer)
    assert found.word in (PASS, FAIL), found
    assert (found.word == PASS) == (found.difference is None)
    return None if found.difference is None else found.difference.stage


# ---- status and kind ---------------------------------------------------------------------------


def test_a_good_answer_and_a_bad_one() -> None:
    asked = question("endpoint.resolve", ok(url="https://a"))
    assert judge(asked, ok(url="https://a")) == Verdict(PASS, "", None, "", "")
    assert judge(asked, ok(url="https://b")) == Verdict(
        FAIL,
        "",
        Difference("url", "https://a", "https://b"),
        "",
        '{"status": "ok", "output": {"url": "https://b"}}',
    )
    assert judge(asked, ok()) == verdict(
        FAIL, "", Difference("url", "https://a", ABSENT), "", json.dumps(ok())
    )
    assert repr(ABSENT) == "absent"
    assert judge(asked, reject("configuration", message="no region"))[:4] == (
        FAIL,
        "",
        Difference("status", "ok", "reject configuration: no region"),
        "no region",
    )
    assert judge(asked, reject("configuration")).difference == Difference(
        "status", "ok", "reject configuration"
    )


def test_the_answer_of_a_failure_is_kept_whole_and_short() -> None:
    asked = question("endpoint.resolve", ok(url="https://a"))
    assert (
        judge(asked, dict(ok(url="\x1b\ud800\u00e9"), seq=7)).answer
        == '{"status": "ok", "output": {"url": "\\u001b\\ud800\u00e9"}}'
    )
    assert len(judge(asked, ok(url="x" * 100000)).answer) == 2000
    assert judge(asked, {"status": "unsupported"}).answer == judge(asked, ok(url=1)).answer == ""


def test_a_refusal_is_judged_by_its_kind() -> None:
    asked = question("sigv4.verify", reject("signature"))
    assert judge(asked, reject("signature")).word == PASS
    assert judge(asked, reject("expired", message="too late"))[:4] == (
        FAIL,
        "",
        Difference("kind", "signature", "expired"),
        "too late",
    )
    assert judge(asked, ok()).difference == Difference("status", "reject signature", "ok")
    assert judge(asked, reject("BadSig"), {"BadSig": "signature"}).word == PASS
    unmapped = judge(asked, reject("BadSig"), {"Other": "signature"}).difference
    assert (
        unmapped is not None
        and unmapped.actual == "BadSig (not a kind of the protocol; map it with `kinds` of hello)"
    )


def test_a_rule_may_leave_the_choice_of_kinds() -> None:
    asked = question("sigv4.verify", reject(["signature", "expired"]))
    assert [judge(asked, reject(kind)).word for kind in ("signature", "expired", "limit")] == [
        PASS,
        PASS,
        FAIL,
    ]
    assert judge(asked, reject("limit")).difference == Difference(
        "kind", "signature or expired", "limit"
    )
    assert judge(asked, ok()).difference == Difference(
        "status", "reject signature or expired", "ok"
    )


def test_what_is_acceptable_owes_its_reason() -> None:
    asked = question(
        "eventstream.decode",
        ok(messages=[]),
        (OTHERWISE, dict(OTHERWISE, expect=reject("length"), why="second")),
    )
    assert judge(asked, ok(messages=[])).word == PASS
    assert judge(asked, reject("limit")) == verdict(
        ACCEPTABLE, "AWS's text says two things (DIV-001)", divergence="DIV-001"
    )
    assert judge(asked, reject("length")) == verdict(
        ACCEPTABLE, "second (DIV-001)", divergence="DIV-001"
    )
    assert judge(asked, reject("header")).difference == Difference("status", "ok", "reject header")


def test_what_is_acceptable_in_front_of_another_frame() -> None:
    other = dict(OTHERWISE, expect=ok(messages=[]))
    asked = question("eventstream.decode", reject("limit"), (other,))
    assert judge(asked, ok(messages=[])).word == ACCEPTABLE
    behind = asked._replace(chunking="trailing")
    assert (
        judge(behind, ok(messages=[])).word == FAIL
        and judge(behind, ok(messages=[TRAILING_MESSAGE])).word == ACCEPTABLE
    )


def test_an_implementation_may_not_offer_something() -> None:
    asked = question("text.lines", ok(lines=[]))
    assert judge(asked, {"status": "unsupported", "reason": "later"}) == verdict(
        UNSUPPORTED, "later"
    )
    assert judge(asked, {"status": "unsupported"}) == verdict(UNSUPPORTED)
    assert judge(asked, {"status": "error", "detail": "a bug\nof mine"}) == verdict(
        ADAPTER, "it reports an internal error: a bug\\nof mine"
    )
    assert judge(asked, {"status": "error"}).word == ADAPTER


def test_code_and_fields_of_a_refusal() -> None:
    asked = reject(
        "exception", code="ModelStreamError", fields={"Message": "m", "OriginalStatusCode": 500}
    )
    good = reject(
        "exception",
        code="ModelStreamError",
        fields={"Message": "m", "OriginalStatusCode": "500", "More": 1},
    )
    assert stage("http.response", asked, good) is None
    assert stage("http.response", asked, dict(good, code="Other")) == "code"
    assert (
        stage("http.response", asked, {key: value for key, value in good.items() if key != "code"})
        == "code"
    )
    assert stage("http.response", asked, dict(good, fields=None)) == "fields.Message"
    assert (
        stage(
            "http.response", asked, dict(good, fields={"Message": "m", "OriginalStatusCode": "5e2"})
        )
        == "fields.OriginalStatusCode"
    )
    assert (
        stage(
            "http.response", asked, dict(good, fields={"Message": "m", "OriginalStatusCode": True})
        )
        == "fields.OriginalStatusCode"
    )
    assert (
        stage(
            "http.response", asked, dict(good, fields={"Message": None, "OriginalStatusCode": 500})
        )
        == "fields.Message"
    )
    assert stage("http.response", reject("exception"), good) is None, (
        "what is not expected is not judged"
    )
    assert judge(question("http.response", asked), dict(good, code=None)).difference == Difference(
        "code", "ModelStreamError", ABSENT
    )


# ---- answers out of form -----------------------------------------------------------------------

MESSAGE: Json = {"headers": [{"name": "a", "type": "int8", "value": 1}], "payload": "aGk="}
OUT_OF_FORM: List[Tuple[str, Json, str]] = [
    ("text.lines", {}, "status: expected ok, reject, unsupported or error, got None"),
    (
        "text.lines",
        {"status": "okay\n"},
        "status: expected ok, reject, unsupported or error, got okay\\n",
    ),
    ("text.lines", {"status": ["ok"]}, "status: expected"),
    ("text.lines", {"status": "ok", "output": []}, "output: expected an object, got []"),
    ("text.lines", {"status": "reject"}, "kind: expected text, got None"),
    ("text.lines", reject(7), "kind: expected text, got 7"),
    ("text.lines", reject("utf8", message=7), "message: expected text, got 7"),
    ("text.lines", reject("utf8", fields=[1]), "fields: expected an object, got [1]"),
    ("text.lines", {"status": "unsupported", "reason": 7}, "reason: expected text, got 7"),
    ("text.lines", {"status": "error", "detail": 7}, "detail: expected text, got 7"),
    ("text.lines", ok(lines="a"), "output.lines: expected a list, got a"),
    ("text.lines", ok(lines=["a", 1]), "output.lines[1]: expected text, got 1"),
    ("text.sse", ok(events=[7]), "output.events[0]: expected an object, got 7"),
    ("json.values", ok(values=[{}]), "output.values[0]: expected text, got {}"),
    ("text.extract", ok(deltas=["a"]), "output.deltas[0]: expected an object, got a"),
    ("text.extract", ok(deltas=[{"text": "a"}]), "output.deltas[0].channel: expected text, got No"),
    ("text.extract", ok(deltas=[], finish_reason=7), "output.finish_reason: expected text, got 7"),
    ("text.extract", ok(deltas=[], skipped=True), "output.skipped: expected an integer, got True"),
    ("text.extract", ok(deltas=[], complete=1), "output.complete: expected true or false, got 1"),
    ("sigv4.sign", ok(signature=7), "output.signature: expected text, got 7"),
    ("eventstream.decode", ok(messages={}), "output.messages: expected a list, got {}"),
    ("eventstream.decode", ok(messages=[7]), "output.messages[0]: expected an object, got 7"),
    (
        "eventstream.decode",
        ok(messages=[{"payload": ""}]),
        "output.messages[0].headers: expected a list, got None",
    ),
    (
        "eventstream.decode",
        ok(messages=[{"headers": []}]),
        "output.messages[0].payload: expected base64 text, got NoneType",
    ),
    (
        "eventstream.decode",
        ok(messages=[{"headers": [], "payload": "aGk"}]),
        "output.messages[0].payload: invalid base64",
    ),
    (
        "eventstream.decode",
        ok(messages=[dict(MESSAGE, headers=[7])]),
        "output.messages[0].headers[0]: expected an object, got 7",
    ),
    (
        "eventstream.decode",
        ok(messages=[dict(MESSAGE, headers=[{"name": "a"}])]),
        "output.messages[0].headers[0].type: expected text",
    ),
    (
        "eventstream.decode",
        ok(messages=[dict(MESSAGE, headers=[{"type": "string", "value": ""}])]),
        "output.messages[0].headers[0].name: expected text",
    ),
    (
        "eventstream.decode",
        ok(messages=[dict(MESSAGE, headers=[{"name": "a", "type": "int8", "value": "x"}])]),
        "output.messages[0].headers[0].value: expected an integer, got x",
    ),
    (
        "eventstream.decode",
        ok(messages=[dict(MESSAGE, headers=[{"name": "a", "type": "timestamp", "value": 1.5}])]),
        "output.messages[0].headers[0].value: expected an integer, got 1.5",
    ),
    (
        "eventstream.decode",
        ok(messages=[dict(MESSAGE, headers=[{"name": "a", "type": "int64", "value": True}])]),
        "output.messages[0].headers[0].value: expected an integer, got True",
    ),
    (
        "eventstream.decode",
        ok(messages=[dict(MESSAGE, headers=[{"name": "a", "type": "int64", "value": "1" * 21}])]),
        "output.messages[0].headers[0].value: expected an integer",
    ),
    (
        "eventstream.decode",
        ok(messages=[dict(MESSAGE, headers=[{"name": "a", "type": "uuid", "value": "x"}])]),
        "output.messages[0].headers[0].value: expected a uuid, got x",
    ),
    (
        "eventstream.decode",
        ok(messages=[dict(MESSAGE, headers=[{"name": "a", "type": "bytes", "value": "?"}])]),
        "output.messages[0].headers[0].value: invalid base64",
    ),
    ("eventstream.encode", ok(frame="?"), "output.frame: invalid base64"),
    (
        "http.request",
        ok(headers=[["a"]]),
        "output.headers: expected [[name, value], ...], got [['a']]",
    ),
    ("http.request", ok(headers=[["a", 1]]), "output.headers: expected [[name, value], ...]"),
    ("http.request", ok(headers={}), "output.headers: expected a list"),
    ("http.response", ok(output=[]), "output.output: expected an object, got []"),
    (
        "http.response",
        ok(events=[{"PayloadPart": "x"}]),
        "output.events[0].PayloadPart: expected an object, got x",
    ),
    (
        "http.response",
        ok(events=[{"PayloadPart": {"Bytes": "?"}}]),
        "output.events[0].PayloadPart.Bytes: invalid base64",
    ),
    ("http.response", ok(events=["x"]), "output.events[0]: expected an object, got x"),
]


@for_each("op, answer, words", OUT_OF_FORM)
def test_an_answer_out_of_form_is_the_adapter_s_fault(op: str, answer: Json, words: str) -> None:
    found = judge(question(op, ok(), headers=[], payload=""), answer)
    assert found.word == ADAPTER and found.note.startswith(
        "its answer breaks the protocol: " + words
    ), found


# ---- what is the same, and what is not ---------------------------------------------------------

SIGNED = {
    "canonical_request": "GET\n/\n",
    "string_to_sign": "AWS4\nx",
    "signature": "ab",
    "authorization": "AWS4-HMAC-SHA256 Credential=A/b, SignedHeaders=host;x, Signature=ab",
}


def test_the_first_stage_that_differs() -> None:
    wrong = {name: value + "!" for name, value in SIGNED.items()}
    for name in SIGNED:
        later = list(SIGNED)[list(SIGNED).index(name) :]
        found = stage(
            "sigv4.sign", ok(**SIGNED), ok(**dict(SIGNED, **{key: wrong[key] for key in later}))
        )
        assert found == ("authorization.Signature" if name == "authorization" else name)


def test_any_subset_of_the_stages_will_do_but_none() -> None:
    for name in SIGNED:
        assert stage("sigv4.sign", ok(**SIGNED), ok(**{name: SIGNED[name]})) is None
    assert stage("sigv4.sign", ok(**SIGNED), ok()) == "canonical_request"
    assert stage("sigv4.sign", ok(**SIGNED), ok(other="x")) == "canonical_request"
    assert stage("sigv4.sign", ok(signature="ab"), ok(canonical_request="x")) == "signature"
    assert (
        stage("endpoint.resolve", ok(url="a", signing_name="b"), ok(url="a")) == "signing_name"
    ), "of a signature alone"


@pytest.mark.parametrize(
    "answer, at",
    [
        ("AWS4-HMAC-SHA256 Credential=A/b,SignedHeaders=host;x,Signature=ab", None),
        ("AWS4-HMAC-SHA256 Signature=ab, Credential=A/b, SignedHeaders=host;x", None),
        (
            "AWS4-HMAC-SHA1 Credential=A/b, SignedHeaders=host;x, Signature=ab",
            "authorization.algorithm",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=A/c, SignedHeaders=host;x, Signature=ab",
            "authorization.Credential",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=A/b, SignedHeaders=host, Signature=ab",
            "authorization.SignedHeaders",
        ),
        ("AWS4-HMAC-SHA256 Credential=A/b, SignedHeaders=host;x", "authorization.Signature"),
        (
            "AWS4-HMAC-SHA256 Credential=A/b, SignedHeaders=host;x, Signature=ab, Signature=ab",
            "authorization.Signature#2",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=A/b, SignedHeaders=host;x, Signature=ab, More=1",
            "authorization.More",
        ),
        ("AWS4-HMAC-SHA256 Credential=A/b; SignedHeaders=host;x", "authorization.Credential"),
        ("nonsense", "authorization"),
    ],
)
def test_blanks_between_the_parts_of_an_authorization_mean_nothing(
    answer: str, at: Optional[str]
) -> None:
    assert (
        stage("sigv4.sign", ok(authorization=SIGNED["authorization"]), ok(authorization=answer))
        == at
    )


@pytest.mark.parametrize(
    "answer, at",
    [
        ("/a?X=1%2F2&Y=b&Y=a", None),
        ("/a?Y=a&Y=b&X=1/2", None),
        ("/a?Y=a&&Y=b&X=1%2f2", None),
        ("/b?X=1%2F2&Y=b&Y=a", "target.path"),
        ("/a?X=1&Y=b&Y=a", "target.X"),
        ("/a?X=1%2F2&Y=b", "target.Y"),
        ("/a?X=1%2F2&Y=b&Y=c", "target.Y"),
        ("/a?X=1%2F2&Y=a&Y=b&Z=", "target.Z"),
        ("/a", "target.X"),
        ("/a?X=1%2F2&Y=a&Y=a+b", "target.Y#2"),
    ],
)
def test_a_presigned_target_is_compared_as_decoded_pairs(answer: str, at: Optional[str]) -> None:
    assert stage("sigv4.presign", ok(target="/a?X=1%2F2&Y=a&Y=b"), ok(target=answer)) == at


def test_utf8_in_a_target_is_the_same_raw_and_escaped() -> None:
    assert (
        stage("sigv4.presign", ok(target="/a?%C3%BC=%E1%88%B4"), ok(target="/a?\u00fc=\u1234"))
        is None
    )
    assert stage("sigv4.presign", ok(target="/a?%C3%BC=1"), ok(target="/a?%FC=1")) is not None


def messages(*headers: Json, payload: bytes = b"hi") -> Json:
    return ok(messages=[{"headers": list(headers), "payload": b64(payload)}])


A = {"name": "a", "type": "string", "value": "x"}
B = {"name": "b", "type": "int64", "value": 9007199254740993}


@pytest.mark.parametrize(
    "answer, at",
    [
        (messages(A, B), None),
        (messages(B, A), None),
        (messages(A, dict(B, value="9007199254740993")), None),
        (ok(messages=[{"headers": [A, B], "payload": b64(b"hi"), "more": 1}]), None),
        (messages(A), "messages[0].headers.b"),
        (messages(A, B, dict(A, name="c")), "messages[0].headers.c"),
        (messages(A, B, A), "messages[0].headers.a#2"),
        (messages(dict(A, value="y"), B), "messages[0].headers.a.value"),
        (messages(dict(A, type="bytes", value="eA=="), B), "messages[0].headers.a.type"),
        (messages(A, dict(B, value=9007199254740992)), "messages[0].headers.b.value"),
        (messages(A, B, payload=b"ho"), "messages[0].payload"),
        (ok(messages=[]), "messages[0]"),
        (ok(messages=messages(A, B)["output"]["messages"] * 2), "messages[1]"),
        (ok(), "messages"),
        (ok(messages=None), "messages"),
    ],
)
def test_messages_are_compared_without_the_order_of_headers(
    answer: Json, at: Optional[str]
) -> None:
    assert stage("eventstream.decode", messages(A, B), answer) == at


@pytest.mark.parametrize(
    "kind, value, same, other",
    [
        ("boolean", True, True, 1),
        ("int8", -1, "-1", -2),
        ("timestamp", 0, "0", 1),
        ("bytes", "AA==", "AA==", "AQ=="),
        (
            "uuid",
            "0A000000-0000-0000-0000-00000000000b",
            "0a000000-0000-0000-0000-00000000000B",
            "0A000000-0000-0000-0000-00000000000c",
        ),
        ("string", "1", "1", "01"),
        ("later", None, None, "x"),
    ],
)
def test_values_of_each_type(kind: str, value: Any, same: Any, other: Any) -> None:
    expected = messages({"name": "n", "type": kind, "value": value})
    assert (
        stage("eventstream.decode", expected, messages({"name": "n", "type": kind, "value": same}))
        is None
    )
    assert (
        stage("eventstream.decode", expected, messages({"name": "n", "type": kind, "value": other}))
        == "messages[0].headers.n.value"
    )


def test_of_a_refusal_only_the_output_that_it_gives_is_judged() -> None:
    expected = reject("message_crc", output=messages(A)["output"])
    assert stage("eventstream.decode", expected, reject("message_crc")) is None
    assert stage("eventstream.decode", expected, reject("message_crc", output={})) is None
    assert (
        stage("eventstream.decode", expected, reject("message_crc", output=messages(A)["output"]))
        is None
    )
    assert (
        stage("eventstream.decode", expected, reject("message_crc", output={"messages": []}))
        == "messages[0]"
    )
    assert (
        stage(
            "eventstream.decode",
            reject("message_crc"),
            reject("message_crc", output={"messages": []}),
        )
        is None
    )
    assert (
        stage(
            "eventstream.decode",
            reject("message_crc", output={"messages": []}),
            reject("message_crc", output=messages(A)["output"]),
        )
        == "messages[0]"
    )


ENCODED = b64(encode([("a", "string", "x"), ("b", "int64", 9007199254740993)], b"hi"))


def test_an_encoder_is_judged_by_decoding_its_frame() -> None:
    turned = b64(encode([("b", "int64", 9007199254740993), ("a", "string", "x")], b"hi"))
    short = b64(encode([("a", "string", "x")], b"hi"))
    given_input: Json = {"headers": [A, B], "payload": b64(b"hi")}
    for expected in (ok(), ok(messages=messages(A, B)["output"]["messages"]), ok(frame=ENCODED)):
        assert stage("eventstream.encode", expected, ok(frame=ENCODED), **given_input) is None
        assert stage("eventstream.encode", expected, ok(frame=turned), **given_input) is None
        assert (
            stage("eventstream.encode", expected, ok(frame=short), **given_input)
            == "frame[0].headers.b"
        )
        assert stage("eventstream.encode", expected, ok(), **given_input) == "frame"
        for broken in (ENCODED[:-8], b64(b"x" * 20), ""):
            assert stage("eventstream.encode", expected, ok(frame=broken), **given_input) in (
                "frame",
                "frame[0]",
            )
        assert (
            stage(
                "eventstream.encode",
                expected,
                ok(frame=b64(base64.b64decode(ENCODED) * 2)),
                **given_input,
            )
            == "frame[1]"
        )
    asked = question("eventstream.encode", ok(frame=ENCODED), **given_input)
    found = judge(asked, ok(frame=b64(base64.b64decode(ENCODED)[:-1]))).difference
    assert found is not None and found.actual.startswith("invalid frame: ")
    assert (
        stage("eventstream.encode", reject("constraint"), reject("constraint"), **given_input)
        is None
    )


def request(**changes: Any) -> Json:
    output = {
        "method": "POST",
        "url": "https://h.example/endpoints/llm",
        "body": b64(b"{}"),
        "headers": [["Content-Type", "text/plain"], ["X-Amzn-SageMaker-Session-Id", "s"]],
    }
    return ok(**dict(output, **changes))


@pytest.mark.parametrize(
    "changes, at",
    [
        ({}, None),
        ({"url": "HTTPS://H.example:443/endpoints/llm"}, None),
        (
            {
                "headers": [
                    ["x-amzn-sagemaker-session-id", "s"],
                    ["User-Agent", "me"],
                    ["content-type", "text/plain"],
                    ["Host", "x"],
                ]
            },
            None,
        ),
        ({"method": "post"}, "method"),
        ({"url": "https://h.example/endpoints/LLM"}, "url"),
        ({"url": "http://h.example/endpoints/llm"}, "url"),
        ({"url": "https://h.example:444/endpoints/llm"}, "url"),
        ({"url": "https://h.example/endpoints/llm?"}, None),
        ({"url": "/endpoints/llm"}, "url"),
        ({"url": "https://h.example:port/endpoints/llm"}, "url"),
        ({"url": "https://[h/"}, "url"),
        ({"headers": [["Content-Type", "text/plain"]]}, "headers.x-amzn-sagemaker-session-id"),
        (
            {"headers": [["Content-Type", "text/plain"], ["X-Amzn-SageMaker-Session-Id", "t"]]},
            "headers.x-amzn-sagemaker-session-id",
        ),
        (
            {
                "headers": [
                    ["Content-Type", "text/plain"],
                    ["X-Amzn-SageMaker-Session-Id", "s"],
                    ["X-Amzn-SageMaker-Accept", "x"],
                ]
            },
            "headers.x-amzn-sagemaker-accept",
        ),
        (
            {
                "headers": [
                    ["Content-Type", "text/plain"],
                    ["Content-Type", "text/plain"],
                    ["X-Amzn-SageMaker-Session-Id", "s"],
                ]
            },
            "headers.content-type#2",
        ),
        ({"body": b64(b"{ }")}, "body"),
    ],
)
def test_a_request_is_compared_by_what_the_members_say(changes: Json, at: Optional[str]) -> None:
    assert stage("http.request", request(), request(**changes)) == at


def test_a_url_that_is_shown_is_the_one_that_came() -> None:
    found = judge(question("http.request", request()), request(url="HTTPS://x:443/")).difference
    assert found == Difference("url", "https://h.example/endpoints/llm", "HTTPS://x:443/")


def response(output: Any = None, *parts: bytes) -> Json:
    events = [{"PayloadPart": {"Bytes": b64(part)}} for part in parts]
    return ok(output={"ContentType": "text/plain"} if output is None else output, events=events)


@pytest.mark.parametrize("op", ["http.response", "invoke"])
def test_output_members_and_events(op: str) -> None:
    expected = response(None, b"one", b"two")
    assert stage(op, expected, expected) is None
    assert (
        stage(
            op,
            expected,
            response({"ContentType": "text/plain", "CustomAttributes": None}, b"one", b"two"),
        )
        is None
    )
    assert stage(op, expected, response({}, b"one", b"two")) == "output.ContentType"
    assert (
        stage(op, expected, response({"ContentType": "text/plain", "More": "x"}, b"one", b"two"))
        == "output.More"
    )
    assert stage(op, expected, response(None, b"one")) == "events[1]"
    assert stage(op, expected, response(None, b"one", b"two", b"three")) == "events[2]"
    assert stage(op, expected, response(None, b"onetwo")) == "events[0].PayloadPart.Bytes"
    assert stage(op, expected, ok(output={"ContentType": "text/plain"})) == "events"
    told = [{"ModelStreamError": {"Message": "m"}}]
    assert (
        stage(
            op, ok(events=told), ok(events=[{"ModelStreamError": {"Message": "m", "Code": None}}])
        )
        is None
    )


def test_lines_and_server_sent_events() -> None:
    assert stage("text.lines", ok(lines=["a", ""]), ok(lines=["a", ""])) is None
    assert stage("text.lines", ok(lines=["a", ""]), ok(lines=["a"])) == "lines[1]"
    expected = ok(events=[{"event": "message", "data": "a", "id": ""}])
    assert (
        stage("text.sse", expected, ok(events=[{"id": "", "data": "a", "event": "message"}]))
        is None
    )
    assert (
        stage("text.sse", expected, ok(events=[{"event": "message", "data": "a"}]))
        == "events[0].id"
    )


@for_each(
    "expected, answer, same",
    [
        ('{"a":1,"b":[true]}', ' {"b": [true], "a": 1}', True),
        ("1", "1.0", True),
        ("-12.5e1", "-125", True),
        ("1", "true", False),
        ("NaN", "NaN", True),
        ("NaN", '"nan"', False),
        ('{"a":-Infinity}', '{"a":Infinity}', False),
        ('"\\u00e9"', '"\u00e9"', True),
        ('"a\\u0000"', '"a\0"', True),
        ("[1]", "[1", False),
        ("oops", "oops", True),
    ],
)
def test_json_values_are_compared_by_value(expected: str, answer: str, same: bool) -> None:
    difference = stage("json.values", ok(values=[expected]), ok(values=[answer]))
    assert difference == (None if same else "values[0]")


def test_extracted_text() -> None:
    def delta(text: str, channel: str = "text") -> Json:
        return {"channel": channel, "text": text}

    expected = ok(
        deltas=[delta("ab"), delta("c", "tools")], finish_reason=None, skipped=1, complete=False
    )
    pieces = [delta("a"), delta(""), delta("b"), delta("", "tools"), delta("c", "tools")]
    rest = {"skipped": 1, "complete": False}
    assert stage("text.extract", expected, ok(deltas=pieces, **rest)) is None
    assert stage("text.extract", expected, ok(deltas=pieces[:2], **rest)) == "deltas[0].text"
    assert stage("text.extract", expected, ok(deltas=pieces[::-1], **rest)) == "deltas[0].channel"
    assert stage("text.extract", expected, ok(deltas=pieces, skipped=1)) == "complete"
    assert stage("text.extract", expected, ok(deltas=pieces, complete=False)) == "skipped"
    stopped = dict(rest, finish_reason="stop")
    assert stage("text.extract", expected, ok(deltas=pieces, **stopped)) == "finish_reason"
    assert stage("text.extract", ok(deltas=[]), ok(deltas=[], finish_reason="stop")) is not None


@for_each(
    "form, expected, answer, same",
    [
        ("json", '{"a":1,"b":[true]}', ' {"b": [true], "a": 1}', True),
        ("json", '{"a":1}', '{"a":true}', False),
        ("json", '{"a":1}', '{"a":1', False),
        ("json", "[1,2]", "[2,1]", False),
        ("json", '"\\ud800"', '"\\ud800"', True),
        ("json", '"\ud800"', '"\ud800"', True),
        ("xml", "<a><b>x</b></a>", "<a>\n <b>x</b>\n</a>\n", True),
        ("xml", "<a><b> x</b></a>", "<a><b>x</b></a>", False),
        ("xml", "<a x='1' y='2'/>", '<a y="2" x="1"></a>', True),
        ("xml", "<a>&#13;</a>", "<a>\r</a>", False),
        ("xml", "<a/>", "<b/>", False),
        ("xml", "<a/>", "<a>", False),
        ("xml", "<a><b/>t</a>", "<a><b/></a>", False),
        ("xml", "<a>x</a>", "<!DOCTYPE a [<!ENTITY x 'x'>]><a>&x;</a>", False),
        ("query", "a=1&b=2+3", "b=2%203&a=1", True),
        ("query", "a=1", "a=2", False),
        ("query", "", "", True),
        ("query", "a=", "a", True),
        (
            "headers",
            {"headers": [["A", "1"], ["b", "2"]], "body": None},
            {"headers": [["B", "2"], ["a", "1"]]},
            True,
        ),
        ("headers", {"headers": [["A", "1"]]}, {"headers": [["A", "2"]]}, False),
        (
            "headers",
            {"headers": [], "body": '{"a":1,"b":2}'},
            {"headers": [], "body": '{"b": 2, "a": 1}'},
            True,
        ),
        ("headers", {"headers": [], "body": "aGk="}, {"headers": [], "body": "aGl="}, False),
        (
            "headers",
            {"headers": [], "body": [{"a": 1}]},
            {"headers": [], "body": [{"a": 2}]},
            False,
        ),
        (
            "value",
            ["Structure", [["k", ["String", "s"]]]],
            ["Structure", [["k", ["String", "s"]]]],
            True,
        ),
        ("value", ["Integer", 1], ["Integer", True], False),
        ("value", ["Integer", 1], ["String", "1"], False),
    ],
)
def test_a_document_is_compared_by_what_it_says(
    form: str, expected: Any, answer: Any, same: bool
) -> None:
    found = stage(
        "shape.convert",
        ok(document=expected),
        ok(document=answer),
        to=form,
        **{"from": "json", "shape": "X", "document": ""},
    )
    assert (found is None) == same and (same or found is not None and found.startswith("document"))


@pytest.mark.slow
def test_nothing_is_expanded_and_nothing_overflows_in_a_document() -> None:
    for form, text in (("xml", "<a>" * 100000), ("json", "[" * 100000), ("xml", "<a>\0</a>")):
        assert stage("shape.convert", ok(document="x"), ok(document=text), to=form) == "document"


# ---- calls of the endpoint ---------------------------------------------------------------------


def call(verified: bool = True, reason: str = "") -> Call:
    return Call("POST", "/", (), b"", verified, reason, None, 0, 0)


def test_the_endpoint_s_word_counts_in_a_call() -> None:
    asked, good = question("invoke", response(None, b"one")), response(None, b"one")
    assert judge(asked, good, None, [call()]).word == PASS
    assert judge(asked, good, None, []).difference == Difference(
        "call", "one request", "no request reached the endpoint"
    )
    assert judge(
        asked, reject("service_error"), None, [call(False, "the signature is wrong")]
    ).difference == Difference("signature", "verified by the endpoint", "the signature is wrong")
    assert judge(asked, good, None, [call(), call()]).difference == Difference("attempts", 1, 2)
    assert judge(asked, response(None, b"two"), None, [call(), call()]).difference == Difference(
        "events[0].PayloadPart.Bytes", b"one", b"two"
    )


def test_the_endpoint_s_word_counts_for_what_is_acceptable_too() -> None:
    asked = question("invoke", reject("http"), (dict(OTHERWISE, expect=reject("service_error")),))
    assert judge(asked, reject("service_error"), None, [call()]) == verdict(
        ACCEPTABLE, "AWS's text says two things (DIV-001)", divergence="DIV-001"
    )
    assert judge(asked, reject("service_error"), None, [call(), call()]).difference == Difference(
        "attempts", 1, 2
    )
    assert judge(
        asked, reject("service_error"), None, [call(False, "it is wrong")]
    ).difference == Difference("signature", "verified by the endpoint", "it is wrong")


# ---- every case judges its own expectation -----------------------------------------------------


def answers_to(asked: Question) -> List[Json]:
    """Return the answers that a case expects, one for each kind."""
    expect = copy.deepcopy(asked.expect)
    if (
        asked.case.op == "eventstream.encode"
        and expect["status"] == "ok"
        and "frame" not in expect.get("output", {})
    ):
        return []  # it is not told as a frame
    kinds = expect["kind"] if isinstance(expect.get("kind"), list) else [expect.get("kind")]
    return [dict(expect, kind=kind) if kind else expect for kind in kinds]


@pytest.mark.slow
def test_every_case_of_the_repository_passes_its_own_expectation_and_no_other() -> None:
    judged = 0
    for case in committed_cases() + scenario_cases():
        for asked in questions_of(case):
            for answer in answers_to(asked):
                assert judge(asked, json.loads(json.dumps(answer))).word == PASS, (
                    case.id,
                    asked.chunking,
                )
                judged += 1
            if asked.expect["status"] == "reject":
                kinds = asked.expect["kind"]
                other = next(
                    kind
                    for kind in REJECT_KINDS
                    if kind not in kinds
                    and not any(
                        kind in (other["expect"].get("kind") or ()) for other in case.acceptable
                    )
                )
                assert judge(asked, reject(other)).word == FAIL
    assert judged > 200


# ---- first_difference --------------------------------------------------------------------------

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.binary(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


def exact(value: Any) -> Any:
    """Return a value in which True is not 1."""
    if isinstance(value, dict):
        return {name: exact(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [exact(inner) for inner in value]
    return (isinstance(value, bool), value)


@pytest.mark.slow
@given(VALUES, VALUES)
def test_there_is_a_difference_exactly_when_two_values_differ(expected: Any, actual: Any) -> None:
    found = first_difference(expected, actual, "x")
    assert (found is None) == (exact(expected) == exact(actual))
    assert (
        found is None
        or found.stage.startswith("x")
        and exact(found.expected) != exact(found.actual)
    )
    assert first_difference(expected, copy.deepcopy(expected), "x") is None


def test_the_first_difference_is_the_first_in_the_order_of_what_is_expected() -> None:
    assert first_difference({"b": 1, "a": 2}, {"c": 0, "a": 3}, "x") == Difference("x.b", 1, ABSENT)
    assert first_difference({"b": 1, "a": 2}, {"c": 0, "a": 3, "b": 1}, "x") == Difference(
        "x.a", 2, 3
    )
    assert first_difference({"b": 1}, {"c": 0, "b": 1}, "x") == Difference("x.c", ABSENT, 0)
    assert first_difference([1, 2], [1], "x") == Difference("x[1]", 2, ABSENT)
    assert first_difference([1], [1, 2], "x") == Difference("x[1]", ABSENT, 2)
    assert first_difference([1], {"a": 1}, "x") == Difference("x", [1], {"a": 1})


# ---- what verdicts mean together ---------------------------------------------------------------


def result(name: str, word: str, *needs: str, rules: Tuple[str, ...] = ("EVS-001",)) -> Result:
    case = Case(
        name,
        "",
        rules,
        "MUST",
        "text.lines",
        {},
        ("whole",),
        {"status": "ok"},
        (),
        needs,
        "",
        "",
        "",
        "x",
    )
    difference = Difference("lines", "a", "b") if word == FAIL else None
    return Result(case, "whole", verdict(word, "note", difference), 0.0)


def words_of(results: List[Result]) -> List[str]:
    return [one.verdict.word for one in results]


def test_the_worse_of_two() -> None:
    order = [PASS, ACCEPTABLE, UNSUPPORTED, FAIL, HANG, CRASH, ADAPTER]
    for low, one in enumerate(order):
        for high, other in enumerate(order):
            assert worst(verdict(one), verdict(other)).word == order[max(low, high)]
    first, second = verdict(FAIL, "first"), verdict(FAIL, "second")
    assert worst(first, second) is first


def test_a_case_says_nothing_while_one_that_it_needs_fails() -> None:
    for word in (FAIL, CRASH, HANG, ADAPTER):
        settled = settle(
            [
                result("a", word),
                result("b", PASS, "a"),
                result("c", FAIL, "x", "a"),
                result("d", ADAPTER, "a"),
            ]
        )
        assert words_of(settled) == [word, BLOCKED, BLOCKED, ADAPTER]
        assert settled[1].verdict == verdict(BLOCKED, "it has no meaning while a fails")
    for word in (PASS, ACCEPTABLE, UNSUPPORTED):
        assert words_of(settle([result("a", word), result("b", PASS, "a", "gone")])) == [word, PASS]


def test_the_ratchet() -> None:
    every = [PASS, ACCEPTABLE, FAIL, CRASH, HANG, UNSUPPORTED, ADAPTER]
    results = [result(word, word) for word in every]
    assert settle(results) == results
    settled = settle(results, every)
    assert words_of(settled) == [
        XPASS,
        XPASS,
        XFAIL,
        XFAIL,
        XFAIL,
        UNSUPPORTED,
        ADAPTER,
    ]
    assert (
        settled[2].verdict.difference == results[2].verdict.difference
        and settled[3].verdict.note == "note"
    )
    assert words_of(settle([result("a", FAIL), result("b", FAIL, "a")], ["a", "b"])) == [
        XFAIL,
        BLOCKED,
    ]


@pytest.mark.parametrize(
    "words, code",
    [
        ([], 0),
        ([PASS, ACCEPTABLE, UNSUPPORTED, BLOCKED, XFAIL], 0),
        ([PASS, FAIL], 1),
        ([CRASH], 1),
        ([HANG], 1),
        ([XPASS, PASS], 1),
        ([FAIL, ADAPTER], 3),
        ([ADAPTER], 3),
    ],
)
def test_the_exit_code(words: List[str], code: int) -> None:
    assert exit_code([result("a", word) for word in words]) == code


def test_the_rule_that_is_likely_to_be_broken() -> None:
    results = [
        result("a", FAIL, rules=("R-1", "R-2")),
        result("b", FAIL, rules=("R-2",)),
        result("c", PASS, rules=("R-1",)),
        result("d", XFAIL, rules=("R-1", "R-2")),
        result("e", UNSUPPORTED, rules=("R-2",)),
        result("f", CRASH, rules=("R-4", "R-3")),
        result("g", FAIL, rules=()),
        result("h", ADAPTER, rules=("R-2",)),
        result("i", BLOCKED, rules=("R-2",)),
    ]
    assert suspects(results) == {"a": "R-2", "b": "R-2", "d": "R-2", "f": "R-4"}
    assert suspects(
        [result("a", FAIL, rules=("R-1", "R-2")), result("b", PASS, rules=("R-1",))]
    ) == {"a": "R-2"}


def test_kinds_that_the_protocol_has_not() -> None:
    assert unknown_kinds({"A": "header", "B": "crc", "C": "utf8", "D": 7}) == ["crc", 7]
    assert len(set(WORDS)) == len(WORDS) == 10


# ---- calls that the endpoint refused for their signature ---------------------------------------

REQUEST = "POST\n/\n\nhost:%s\n\nhost\nhash"


def _refused(name: str, client: str, service: str = "") -> Result:
    """Return the result of a refused call. client: its canonical request, or the reason."""
    stage = f"{SIGNATURE}.canonical_request" if service else SIGNATURE
    found = Difference(stage, service, client)
    return made_result(name, FAIL, found, op="invoke", input={}, rules=("HTTP-023",))


def test_calls_that_are_all_refused_are_one_failure() -> None:
    results = [_refused(name, REQUEST % "h", REQUEST % "h:1") for name in ("one", "two")]
    settled = settle(results)
    assert [result.verdict.word for result in settled] == [FAIL, BLOCKED]
    assert settled[1].verdict.note == "the endpoint refused the signature, as in one"
    passing = made_result("three", op="invoke", input={})
    assert [result.verdict.word for result in settle([*results, passing])] == [FAIL, FAIL, PASS]
    other = made_result("four", FAIL, Difference("events", 1, 2), op="invoke", input={})
    assert settle([*results, other])[2].verdict.word == FAIL


def test_the_rule_of_a_refused_call_is_that_of_the_mistake() -> None:
    cases = [
        _refused("host", REQUEST % "h", REQUEST % "h:1"),
        _refused("path", (REQUEST % "h").replace("/", "//", 1), REQUEST % "h"),
        _refused("key", "the secret key was used with a space at its end (SIG-029)"),
        _refused("unknown", "the signature does not match (rule SIG-041)"),
    ]
    assert list(suspects(cases).values()) == ["SIG-014", "SIG-003", "SIG-029", "SIG-023"]


def test_advice_without_a_secret() -> None:
    expect = {"status": "ok", "output": {"advice": {"without": ["AAAA"]}}}
    asked = question("explain.refusal", expect, answer="a")
    for advice, word in (("look at it", "PASS"), ("it was AAAA", "FAIL")):
        assert judge(asked, {"status": "ok", "output": {"advice": advice}}).word == word
