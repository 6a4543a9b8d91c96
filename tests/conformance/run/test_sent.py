# SPDX-License-Identifier: MIT
"""Tests of conformance/run/sent.py and resign.py: requests as they leave a signer's HTTP layer.

A request is signed by `resign`, changed as some signer changes it, and judged as a whole by
`judge`. The cases of the repository show that the transcription agrees with the expectations.
"""

import base64
import hashlib
from typing import Any, Dict, List, Optional, Tuple

import pytest

from conformance.cases.questions import Question, questions_of
from conformance.run.resign import recomputed
from conformance.run.sent import DEPARTURES, Sent, inspected
from conformance.run.verdicts import ACCEPTABLE, ADAPTER, FAIL, PASS, UNSUPPORTED, judge
from tests.support import committed_cases, made_result

Json = Dict[str, Any]
Headers = List[List[str]]
TIME = "20150830T123600Z"
GIVEN: Json = {
    "method": "POST",
    "target": "/a/b%20c?x=1&y=2&x=3",
    "headers": [["Host", "a.example"], ["X-Meta", "one"], ["X-Meta", "two"]],
    "body": "aGk=",
    "access_key": "AKIDEXAMPLE",
    "secret_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "region": "us-east-1",
    "service": "sagemaker",
    "time": TIME,
}
HASH = "8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4"  # of "hi"


def signed(given: Json, target: Optional[str] = None, headers: Optional[Headers] = None) -> Json:
    """Return a sent request, validly signed over its host, X-Meta and x-amz-*."""
    pairs = list(given["headers"] if headers is None else headers) + [["X-Amz-Date", TIME]]
    if given.get("session_token"):
        pairs.append(["X-Amz-Security-Token", given["session_token"]])
    return resigned(given, target or given["target"], pairs)


def resigned(given: Json, target: str, pairs: Headers, also: Tuple[str, ...] = ()) -> Json:
    """Return a request signed over host, X-Meta, x-amz-* and other headers."""
    lower = {name.lower() for name, _ in pairs}
    names = sorted(
        name
        for name in lower
        if name in ("host", "x-meta", *also) or name.startswith("x-amz-")
        if not (name == "x-amz-security-token" and given.get("omit_session_token"))
    )
    sent = {
        "method": given["method"],
        "target": target,
        "headers": [(name, value) for name, value in pairs],
        "body": base64.b64decode(given["body"]),
    }
    signature = recomputed(given, sent, names, False)["signature"]
    scope = "/".join((TIME[:8], given["region"], given["service"], "aws4_request"))
    value = (
        f"AWS4-HMAC-SHA256 Credential={given['access_key']}/{scope},"
        f" SignedHeaders={';'.join(names)}, Signature={signature}"
    )
    headers = [list(pair) for pair in pairs] + [["Authorization", value]]
    return {"method": given["method"], "target": target, "headers": headers}


def verdict_of(
    sent: Json,
    given: Optional[Json] = None,
    rules: Tuple[str, ...] = ("SIG-001",),
    strict: bool = False,
    **stages: str,
) -> Any:
    """Judge an answer that has a sent request and, without an argument, the right stages."""
    given = GIVEN if given is None else given
    right = recomputed(
        given,
        {
            "method": given["method"],
            "target": given["target"],
            "headers": [tuple(pair) for pair in signed(given)["headers"]],
            "body": base64.b64decode(given["body"]),
        },
        [
            name
            for name in ("host", "x-amz-date", "x-amz-security-token", "x-meta")
            if name != "x-amz-security-token"
            or given.get("session_token")
            and not given.get("omit_session_token")
        ],
        False,
    )
    output = {name: right[name] for name in ("canonical_request", "string_to_sign", "signature")}
    expect = {"status": "ok", "output": output}
    case = made_result("sig-x", op="sigv4.sign", rules=rules).case
    case = case._replace(input=given, expect=expect)
    answer = {"status": "ok", "output": dict(stages or output, sent=sent)}
    return judge(Question(case, "whole", given, expect), answer, protocol=2, strict=strict)


def changed(**parts: Any) -> Json:
    return dict(signed(GIVEN), **parts)


def with_headers(*more: List[str]) -> Json:
    sent = signed(GIVEN)
    return dict(sent, headers=sent["headers"] + list(more))


def without(name: str) -> Json:
    sent = signed(GIVEN)
    return dict(sent, headers=[pair for pair in sent["headers"] if pair[0].lower() != name])


def test_a_request_that_is_sent_unchanged() -> None:
    assert verdict_of(signed(GIVEN)).word == PASS
    assert verdict_of(signed(GIVEN), strict=True).word == PASS
    assert verdict_of(dict(signed(GIVEN), body="aGk=")).word == PASS


def test_a_sent_request_without_stages_is_judged() -> None:
    sent = signed(GIVEN)
    answer: Json = {"status": "ok", "output": {"sent": sent}}
    case = made_result("sig-x", op="sigv4.sign").case._replace(input=GIVEN)
    right: Json = {"status": "ok", "output": {"signature": sent["headers"][-1][1][-64:]}}
    found = judge(Question(case, "whole", GIVEN, right), answer, protocol=2)
    assert (found.word, found.not_judged) == (PASS, ())
    wrong: Json = {"status": "ok", "output": {"signature": "0" * 64}}
    found = judge(Question(case, "whole", GIVEN, wrong), answer, protocol=2)
    assert (found.word, found.difference.stage) == (FAIL, "signature")


@pytest.mark.parametrize(
    "sent, stage",
    [
        (changed(method="post"), "sent.method"),
        (changed(target="/a/b%20c"), "sent.target"),
        (changed(target="/a/b%20d?x=1&y=2&x=3"), "sent.target"),
        (changed(target="/a/b%20c?x=3&y=2&x=1"), "sent.target"),
        (changed(target="/a/b%20c?x=1&y=2&x=3&z=4"), "sent.target"),
        (changed(body="aGkh"), "sent.body"),
        (without("host"), "sent.headers.host"),
        (without("x-meta"), "sent.headers.x-meta"),
        (without("x-amz-date"), "sent.headers.x-amz-date"),
        (without("authorization"), "sent.headers.authorization.Algorithm"),
        (with_headers(["Host", "a.example"]), "sent.headers.host"),
        (with_headers(["x-meta", "three"]), "sent.headers.x-meta"),
        (with_headers(["X-Amz-Date", TIME]), "sent.headers.x-amz-date"),
        (with_headers(["content-length", "3"]), "sent.headers.content-length"),
        (
            with_headers(["content-length", "2"], ["Content-Length", "2"]),
            "sent.headers.content-length",
        ),
        (with_headers(["x-amz-content-sha256", "0" * 64]), "sent.headers.x-amz-content-sha256"),
        (with_headers(["x-amz-content-sha256", HASH]), "sent.signed_headers"),
        (with_headers(["x-amz-security-token", "T"]), "sent.headers.x-amz-security-token"),
        (with_headers(["Cookie", "a"]), "sent.headers.cookie"),
        (with_headers(["transfer-encoding", "chunked"]), "sent.headers.transfer-encoding"),
        (with_headers(["Date", "Sun, 30 Aug 2015 12:36:01 GMT"]), "sent.headers.date"),
    ],
)
def test_a_change_fails_at_its_stage(sent: Json, stage: str) -> None:
    found = verdict_of(sent)
    assert found.word == FAIL, found
    assert found.difference.stage == stage


def test_a_signature_for_another_request_fails() -> None:
    sent = signed(GIVEN)
    other = [[name, value.replace("Signature=", "Signature=0")] for name, value in sent["headers"]]
    found = verdict_of(dict(sent, headers=other))
    assert (found.word, found.difference.stage) == (FAIL, "sent.signature")
    for broken in ("SignedHeaders=x-meta;host;x-amz-date", "SignedHeaders=host;x-amz-date;x-gone"):
        headers = [
            [name, value.replace("SignedHeaders=host;x-amz-date;x-meta", broken)]
            for name, value in sent["headers"]
        ]
        assert verdict_of(dict(sent, headers=headers)).difference.stage == "sent.signed_headers"


def test_a_fragment_that_is_lost_fails() -> None:
    given = dict(GIVEN, target="/a#b")
    assert verdict_of(signed(given), given).word == PASS
    found = verdict_of(signed(given, "/a"), given)
    assert (found.word, found.difference.stage) == (FAIL, "sent.target")


def test_a_token_must_be_sent_and_signed() -> None:
    given = dict(GIVEN, session_token="TOKEN")
    assert verdict_of(signed(given), given).word == PASS
    lost = verdict_of(signed(GIVEN), given)
    assert (lost.word, lost.difference.stage) == (FAIL, "sent.headers.x-amz-security-token")
    unsigned = signed(dict(given, omit_session_token=True))
    assert verdict_of(unsigned, given).difference.stage == "sent.signed_headers"
    assert verdict_of(unsigned, dict(given, omit_session_token=True)).word == PASS


ADDITIONS = [
    (["content-length", "2"], "adds content-length"),
    (["Connection", "close"], "adds connection"),
    (["User-Agent", "x"], "adds user-agent"),
    (["Sec-Fetch-Mode", "cors"], "adds sec-fetch-mode"),
    (["Content-Type", "text/plain"], "adds content-type"),
    (["date", "Sun, 30 Aug 2015 12:36:00 GMT"], "adds date"),
    (["amz-sdk-request", "attempt=1"], "adds amz-sdk-request"),
]


@pytest.mark.parametrize("header, words", ADDITIONS)
def test_an_addition_is_acceptable(header: List[str], words: str) -> None:
    found = verdict_of(with_headers(header))
    assert (found.word, found.departures, found.divergence) == (ACCEPTABLE, (words,), "DIV-017")
    assert verdict_of(with_headers(header), strict=True).word == FAIL


def test_a_signed_addition_is_acceptable_with_stages_of_its_own() -> None:
    pairs = [*GIVEN["headers"], ["x-amz-date", TIME], ["content-length", "2"]]
    sent = resigned(GIVEN, GIVEN["target"], pairs, ("content-length",))
    stages = recomputed(
        GIVEN,
        dict(sent, headers=[tuple(pair) for pair in sent["headers"]], body=b"hi"),
        ["content-length", "host", "x-amz-date", "x-meta"],
        False,
    )
    own = {name: stages[name] for name in ("canonical_request", "signature")}
    found = verdict_of(sent, **own)
    assert (found.word, found.departures) == (ACCEPTABLE, ("adds and signs content-length",))
    wrong = verdict_of(sent, canonical_request="wrong", signature=stages["signature"])
    assert (wrong.word, wrong.difference.stage) == (FAIL, "sent.canonical_request")


def test_which_given_headers_are_signed() -> None:
    given = dict(GIVEN, headers=GIVEN["headers"] + [["TE", "trailers"]])
    pairs = [*given["headers"], ["x-amz-date", TIME]]
    more = resigned(given, given["target"], pairs, ("te",))
    found = verdict_of(more, given)
    assert (found.word, found.departures, found.divergence) == (
        ACCEPTABLE,
        ("signs te",),
        "DIV-019",
    )
    assert verdict_of(more, given, rules=("SIG-015", "SIG-001")).word == FAIL
    assert verdict_of(more, given, rules=("SIG-001", "SIG-015")).word == ACCEPTABLE
    sent = signed(dict(GIVEN, headers=[pair for pair in GIVEN["headers"] if pair[0] == "Host"]))
    fewer = dict(sent, headers=sent["headers"] + GIVEN["headers"][1:])
    found = verdict_of(fewer)
    assert (found.word, found.departures) == (ACCEPTABLE, ("leaves x-meta unsigned",))
    assert verdict_of(fewer, rules=("SIG-015",)).word == FAIL


def test_a_rewritten_request_is_acceptable_or_unsupported() -> None:
    for target in ("/a/./b%20c?x=1&y=2&x=3", "/a/b%20c?y=2&x=1&x=3", "/z/../a/b%20c?x=1&y=2&x=3"):
        given = dict(GIVEN, target=target)
        found = verdict_of(signed(given, GIVEN["target"]), given)
        assert (found.word, found.divergence) == (ACCEPTABLE, "DIV-020"), target
    given = dict(GIVEN, target="/a/./b", normalize_path=False)
    sent = signed(given, "/a/b")
    found = verdict_of(sent, given, signature=sent["headers"][-1][1][-64:])
    assert found.word == UNSUPPORTED and found.note.startswith("rewritten before signing")
    assert verdict_of(sent, given, strict=True, signature=sent["headers"][-1][1][-64:]).word == FAIL
    stale = dict(signed(given), target="/a/b")
    assert verdict_of(stale, given).difference.stage == "sent.signature", "changed after signing"


def test_headers_in_another_form() -> None:
    merged = [["Host", "A.EXAMPLE:443"], ["X-Meta", "one, two"]]
    sent = signed(GIVEN, headers=merged)
    found = verdict_of(sent, signature=sent["headers"][-1][1][-64:])
    assert found.word == UNSUPPORTED and "rewrites host, rewrites x-meta" in found.note
    folded = dict(GIVEN, headers=[["Host", "a.example"], ["X-Meta", "a\r\n  b  c "]])
    for value in ("a b  c", " a\r\n b  c"):
        sent = signed(folded, headers=[["Host", "a.example"], ["X-Meta", value]])
        assert verdict_of(sent, folded).word == PASS
    sent = signed(folded, headers=[["Host", "a.example"], ["X-Meta", "a b c"]])
    assert verdict_of(sent, folded).difference.stage == "sent.headers.x-meta"


def test_a_plus_sign_that_is_read_as_a_space() -> None:
    given = dict(GIVEN, target="/?a=b+c")
    sent = dict(signed(given, "/?a=b%20c"), target="/?a=b+c")
    found = verdict_of(sent, given, signature=sent["headers"][-1][1][-64:])
    assert (found.word, found.divergence) == (ACCEPTABLE, "DIV-021")
    assert verdict_of(signed(given, "/?a=b%20c"), given).word == FAIL, "another request"


def test_an_expected_rejection_is_not_excused() -> None:
    case = made_result("sig-x", op="sigv4.sign").case._replace(input=GIVEN)
    expect = {"status": "reject", "kind": "constraint"}
    answer = {"status": "ok", "output": {"sent": signed(GIVEN)}}
    assert judge(Question(case, "whole", GIVEN, expect), answer, protocol=2).word == FAIL


def test_an_acceptable_outcome_excuses_a_signer_that_adds_headers() -> None:
    given = dict(GIVEN, region="us,east")
    accepted = {"status": "ok", "output": {"signature": signed(given)["headers"][-1][1][-64:]}}
    outcome = {"expect": accepted, "divergence": "DIV-013", "why": "the service refuses it"}
    case = made_result("sig-x", op="sigv4.sign").case._replace(input=given, acceptable=[outcome])
    question = Question(case, "whole", given, {"status": "reject", "kind": "constraint"})
    pairs = [*GIVEN["headers"], ["x-amz-date", TIME], ["content-length", "2"]]
    sent = resigned(given, given["target"], pairs, ("content-length",))
    own = sent["headers"][-1][1][-64:]
    answer: Json = {"status": "ok", "output": {"signature": own, "sent": sent}}
    found = judge(question, answer, protocol=2)
    assert (found.word, found.divergence) == (ACCEPTABLE, "DIV-013")
    assert found.departures == ("adds and signs content-length",)
    answer["output"]["sent"] = dict(sent, body="aGkh")
    assert judge(question, answer, protocol=2).word == FAIL
    without = judge(question, {"status": "ok", "output": {"signature": "0" * 64}}, protocol=2)
    assert without.word == FAIL


def test_a_case_that_shows_only_a_signature() -> None:
    fewer = signed(dict(GIVEN, headers=[pair for pair in GIVEN["headers"] if pair[0] == "Host"]))
    sent = dict(fewer, headers=fewer["headers"] + GIVEN["headers"][1:])
    own = fewer["headers"][-1][1][-64:]
    case = made_result("sig-x", op="sigv4.sign").case._replace(input=GIVEN)
    right: Json = {"status": "ok", "output": {"signature": signed(GIVEN)["headers"][-1][1][-64:]}}
    answer: Json = {"status": "ok", "output": {"signature": own, "sent": sent}}
    found = judge(Question(case, "whole", GIVEN, right), answer, protocol=2)
    assert (found.word, found.departures) == (ACCEPTABLE, ("leaves x-meta unsigned",))
    wrong: Json = {"status": "ok", "output": {"signature": "0" * 64, "sent": signed(GIVEN)}}
    assert judge(Question(case, "whole", GIVEN, right), wrong, protocol=2).word == FAIL


def test_another_canonical_path_that_the_case_accepts() -> None:
    given = dict(GIVEN, target="/a+b", double_encode=False)
    pairs = [*GIVEN["headers"], ["x-amz-date", TIME], ["content-length", "2"]]
    names = ["content-length", "host", "x-amz-date", "x-meta"]
    body = base64.b64decode(given["body"])
    whole = {"method": "POST", "target": "/a+b", "headers": list(map(tuple, pairs)), "body": body}
    stages = recomputed(given, whole, names, False, "/a+b")
    sent = resigned(given, "/a+b", pairs, ("content-length",))
    value = sent["headers"][-1][1][:-64] + stages["signature"]
    sent["headers"][-1] = ["Authorization", value]
    right = {"status": "ok", "output": {"canonical_request": "POST\n/a%2Bb\n\nhost\n"}}
    other = {"status": "ok", "output": {"canonical_request": "POST\n/a+b\n\nhost\n"}}
    outcome = {"expect": other, "divergence": "DIV-015", "why": "the caller has encoded it"}
    case = made_result("sig-x", op="sigv4.sign").case._replace(input=given)
    answer = {"status": "ok", "output": {"signature": stages["signature"], "sent": sent}}
    found = judge(Question(case, "whole", given, right), answer, protocol=2)
    assert (found.word, found.difference.stage) == (FAIL, "sent.signature")
    case = case._replace(acceptable=[outcome])
    assert judge(Question(case, "whole", given, right), answer, protocol=2).word == ACCEPTABLE


def test_a_comma_in_a_credential_is_part_of_it() -> None:
    given = dict(GIVEN, region="us,east", access_key="A,B")
    assert verdict_of(signed(given), given).word == PASS


@pytest.mark.parametrize(
    "sent",
    [7, {}, dict(signed(GIVEN), headers=[["a"]]), dict(signed(GIVEN), body="?"), {"method": 1}]
    + [dict(signed(GIVEN), headers=[["a", "\u0100"]])],
)
def test_a_sent_request_out_of_form_breaks_the_protocol(sent: Any) -> None:
    assert verdict_of(sent).word == ADAPTER


def test_each_departure_has_a_row() -> None:
    assert sorted(DEPARTURES.values()) == [f"DIV-0{number}" for number in range(17, 22)]


@pytest.mark.slow
def test_the_transcription_agrees_with_all_cases() -> None:
    """A presigned target shows itself; a request that is signed in headers gets the parts."""
    checked = 0
    for case in committed_cases():
        if case.op not in ("sigv4.sign", "sigv4.presign") or case.expect["status"] != "ok":
            continue
        [question] = questions_of(case)
        given, output = question.input, case.expect["output"]
        presigned = case.op == "sigv4.presign"
        if not presigned and "authorization" not in output:
            continue
        headers = [(name, value) for name, value in given["headers"]]
        if not presigned:
            headers = _with_own_parts(given, output["authorization"])
        body = base64.b64decode(given.get("body", ""))
        sent = Sent(given["method"], output.get("target", given["target"]), headers, body)
        names = output["canonical_request"].split("\n")[-2].split(";")
        found = inspected(given, sent, presigned, body, names)
        assert (found.change, found.departures) == (None, []), case.id
        for stage in ("canonical_request", "string_to_sign", "signature"):
            assert found.stages[stage] == output.get(stage, found.stages[stage]), case.id
        shown = {"method": sent.method, "target": sent.target, "headers": list(map(list, headers))}
        answer = {"status": "ok", "output": {"sent": shown}}
        assert judge(question, answer, protocol=2).word == PASS, case.id
        checked += 1
    assert checked > 500


def _with_own_parts(given: Json, authorization: str) -> List[Tuple[str, str]]:
    own = [("x-amz-date", given["time"]), ("authorization", authorization)]
    if given.get("session_token"):
        own.append(("x-amz-security-token", given["session_token"]))
    if given.get("sign_body"):
        digest = hashlib.sha256(base64.b64decode(given["body"])).hexdigest()
        own.append(("x-amz-content-sha256", digest))
    names = dict(own)
    return [(name, value) for name, value in given["headers"] if name.lower() not in names] + own


def test_the_first_stage_that_differs_is_reported() -> None:
    """The signature of what was sent differs only because the canonical request does."""
    wrong = signed(GIVEN)
    name, claim = wrong["headers"][-1]
    sent = dict(wrong, headers=[*wrong["headers"][:-1], [name, claim[:-64] + "0" * 64]])
    found = verdict_of(sent, canonical_request="GET\n/other", signature="0" * 64)
    assert found.word == FAIL and found.difference is not None
    assert found.difference.stage == "sent.canonical_request"
