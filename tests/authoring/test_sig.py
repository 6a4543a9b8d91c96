# SPDX-License-Identifier: MIT
"""The cases of signing beside software that others wrote: botocore, awscrt and the published cases of aws-c-auth.

The plan. plain_sigv4, from which the cases' stages come, must compute what AWS's own published cases say, and what refimpl
computes over random requests. Each case that is accepted is put to botocore and to awscrt: every stage that they show must be
the case's own, unless authoring/sig.py names case and peer in DIFFER; who is named there must differ, so that no row
outlives its reason. What a peer has no option for it is not asked. What the cases are to cover (every octet, every header that
is never signed, every partition) is counted.
"""

import ast
import base64
import json
import re
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Dict, NamedTuple, Optional

import pytest

from authoring import Feature, sig
from authoring import plain_sigv4 as plain
from conformance.adapters.refimpl import OPERATIONS
from conformance.protocol.messages import answer_question
from refimpl.sigv4 import NEVER_SIGNED, Signer, decode_query, split_target
from tests.refimpl.test_sigv4_peers import WHERE, Botocore, Crt, Randomly, Request, target_of
from tests.support import corpora

Given = Dict[str, Any]
ACCEPTED = {
    case["id"]: case
    for feature in (sig.SIGN, sig.PRESIGN)
    for case in feature.cases
    if case["expect"]["status"] == "ok"
}


class Keys(NamedTuple):
    access_key: str
    secret_key: str
    session_token: Optional[str]


def request_of(given: Given) -> Request:
    keys = Keys(given["access_key"], given["secret_key"], given.get("session_token"))
    headers = [(name, as_text(value)) for name, value in given["headers"]]
    return Request(given["method"], given["target"], headers, base64.b64decode(given["body"]), keys)  # type: ignore[arg-type]


def as_text(value: str) -> str:
    """A header's octets as the peers take them, who send text as UTF-8; what is none they cannot be given."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return value


def given_of(request: Request, **more: Any) -> Given:
    """A random request as a question's input."""
    keys = request.credentials
    return dict(
        {
            "method": request.method,
            "target": request.target,
            "headers": [list(pair) for pair in request.headers],
            "body": base64.b64encode(request.body).decode("ascii"),
            "access_key": keys.access_key,
            "secret_key": keys.secret_key,
            "session_token": keys.session_token,
            "region": WHERE[0],
            "service": WHERE[1],
            "time": WHERE[2],
        },
        **more,
    )


def time_of(given: Given) -> datetime:
    return datetime.strptime(given["time"], "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)


# ---- the plain transcription ---------------------------------------------------------------------------------------


def test_the_plain_transcription_owes_nothing_to_refimpl() -> None:
    tree = ast.parse(Path(plain.__file__ or "").read_text(encoding="utf-8"))
    imported = [
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    ]
    imported += [str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert sorted(imported) == [
        "base64",
        "hashlib",
        "hmac",
        "posixpath",
        "re",
        "typing",
        "urllib.parse",
    ]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"normalize_path": False},
        {"double_encode": False},
        {"normalize_path": False, "double_encode": False, "sign_body": True},
        {"omit_session_token": True},
    ],
    ids=str,
)
def test_the_plain_transcription_is_refimpl_s_equal(options: Dict[str, bool]) -> None:
    maker = Randomly(len(str(options)), raw_query=True)
    names = {
        "normalize_path": "normalize",
        "double_encode": "double_encode",
        "sign_body": "sign_body",
        "omit_session_token": "omit_session_token",
    }
    ours = {names[name]: value for name, value in options.items()}
    for number in range(500):
        request = maker.request()
        signed = Signer().sign(*request, *WHERE, **ours)
        assert plain.sign(given_of(request, **options)) == {
            stage: getattr(signed, stage)
            for stage in ("canonical_request", "string_to_sign", "signature", "authorization")
        }
        ours.pop("sign_body", None)
        presigned = Signer().presign(*request, *WHERE, expires=number + 1, **ours)
        assert plain.presign(given_of(request, expires=number + 1, **options)) == {
            stage: getattr(presigned, stage)
            for stage in ("canonical_request", "string_to_sign", "signature", "target")
        }
        ours = {names[name]: value for name, value in options.items()}


def published(name: str) -> Given:
    """The input of one of AWS's published cases."""
    folder = corpora("sigv4-aws-c-auth", "v4", name)
    context = json.loads((folder / "context.json").read_text(encoding="utf-8"))
    head, _, body = (folder / "request.txt").read_bytes().partition(b"\n\n")
    line, _, fields = head.decode("utf-8").partition("\n")
    method, _, rest = line.partition(" ")
    headers = [
        list(field.partition(":")[::2]) for field in re.split(r"\n(?![ \t])", fields) if field
    ]
    keys = context["credentials"]
    return {
        "method": method,
        "target": rest.rpartition(" ")[0],
        "headers": headers,
        "body": base64.b64encode(body).decode("ascii"),
        "access_key": keys["access_key_id"],
        "secret_key": keys["secret_access_key"],
        "session_token": keys.get("token"),
        "region": context["region"],
        "service": context["service"],
        "time": re.sub("[-:]", "", context["timestamp"]),
        "normalize_path": context["normalize"],
        "sign_body": context["sign_body"],
        "omit_session_token": context.get("omit_session_token", False),
        "expires": context["expiration_in_seconds"],
    }


def test_the_plain_transcription_computes_the_published_cases() -> None:
    names = sorted(path.name for path in corpora("sigv4-aws-c-auth", "v4").iterdir())
    assert len(names) == 38
    for name in names:
        given = published(name)
        for kind, stages in (("header", plain.sign(given)), ("query", plain.presign(given))):
            for stage in ("canonical_request", "string_to_sign", "signature"):
                text = corpora(
                    "sigv4-aws-c-auth", "v4", name, f"{kind}-{stage.replace('_', '-')}.txt"
                ).read_text("utf-8")
                assert stages[stage] == text, (name, kind, stage)


# ---- the peers -----------------------------------------------------------------------------------------------------


def botocore_answers(
    auth: Any, given: Given, monkeypatch: pytest.MonkeyPatch
) -> Optional[Dict[str, str]]:
    """The stages that botocore shows, or None when it has no way to be asked."""
    if any(option in given for option in sig.HAS_NO["botocore"]):
        return None
    monkeypatch.setattr(
        auth, "get_current_datetime", lambda *_, **__: time_of(given).replace(tzinfo=None)
    )
    where = {"region": given["region"], "service": given["service"]}
    if "expires" not in given:
        canonical, signature, request = Botocore(auth).sign(request_of(given), **where)
        return {
            "canonical_request": canonical.encode("utf-8").decode("latin-1"),
            "signature": signature,
            "authorization": request.headers["Authorization"],
        }
    canonical, signature, request = Botocore(auth).presign(
        request_of(given), given["expires"], **where
    )
    return {
        "canonical_request": canonical,
        "signature": signature,
        "target": target_of(request.url),
    }


def awscrt_answers(crt: Crt, given: Given) -> Dict[str, str]:
    options = {
        option: given[option]
        for option in ("double_encode", "omit_session_token", "region", "service")
        if option in given
    }
    options.update(
        normalize=given.get("normalize_path", True),
        sign_body=given.get("sign_body", False),
        date=time_of(given),
    )
    request = crt.sign(request_of(given), expires=given.get("expires"), **options)
    return (
        {"target": request.path}
        if "expires" in given
        else {"authorization": request.headers.get("Authorization")}
    )


def comparable(stage: str, text: str) -> Any:
    """A target is compared as its path and its decoded parameters."""
    path, query = split_target(text) if stage == "target" else (text, "")
    return path, sorted(decode_query(query))


def judge(peer: str, name: str, answer: Dict[str, str]) -> None:
    expected = ACCEPTED[name]["expect"]["output"]
    agrees = all(
        comparable(stage, text) == comparable(stage, expected[stage])
        for stage, text in answer.items()
    )
    reason = sig.DIFFER.get(name, {}).get(peer)
    assert agrees or reason, f"{peer} differs: {answer}"
    assert not (agrees and reason), f"{peer} agrees, but DIFFER says: {reason}"


@pytest.mark.parametrize("name", sorted(ACCEPTED))
def test_botocore_signs_so(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    auth = pytest.importorskip("botocore.auth")
    try:
        answer = botocore_answers(auth, ACCEPTED[name]["input"], monkeypatch)
    except UnicodeDecodeError:
        assert "UnicodeDecodeError" in sig.DIFFER.get(name, {}).get("botocore", "")
        return
    assert (answer is None) == ("botocore" not in ACCEPTED[name]["source"])
    if answer is not None:
        judge("botocore", name, answer)


@pytest.mark.parametrize("name", sorted(ACCEPTED))
def test_awscrt_signs_so(name: str) -> None:
    crt = Crt(pytest.importorskip("awscrt.auth"), pytest.importorskip("awscrt.http"))
    try:
        answer = awscrt_answers(crt, ACCEPTED[name]["input"])
    except Exception as error:
        assert "AWS_" in str(error)
        assert "refuses" in sig.DIFFER.get(name, {}).get("awscrt", ""), error
        return
    judge("awscrt", name, answer)


ACCEPTABLE = {
    case["id"]: case
    for feature in (sig.SIGN, sig.PRESIGN)
    for case in feature.cases
    if "acceptable" in case
}


def shows(answer: Dict[str, str], name: str) -> bool:
    """Whether an answer is the acceptable outcome of a case, at each stage that both have; there must be one."""
    (other,) = ACCEPTABLE[name]["acceptable"]
    output = other["expect"]["output"]
    both = [stage for stage in answer if stage in output]
    return bool(both) and all(
        comparable(stage, answer[stage]) == comparable(stage, output[stage]) for stage in both
    )


@pytest.mark.parametrize("name", sorted(ACCEPTABLE))
def test_who_signs_what_is_acceptable(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore or awscrt, and the other too unless it has no such option, refuses, or shows no stage of it."""
    given = ACCEPTABLE[name]["input"]
    crt = Crt(pytest.importorskip("awscrt.auth"), pytest.importorskip("awscrt.http"))
    botocore = botocore_answers(pytest.importorskip("botocore.auth"), given, monkeypatch)
    assert botocore is None or shows(botocore, name)
    assert (botocore is None) == ("double_encode" in given)
    if name == "sig-presign-drops-token":
        assert "refuses" in sig.DIFFER[name]["awscrt"]
    elif not name.endswith("non-ascii"):  # awscrt shows the header alone
        assert shows(awscrt_answers(crt, given), name)


def test_what_is_acceptable_and_what_is_not() -> None:
    refused = {
        name: case for name, case in ACCEPTABLE.items() if case["expect"]["status"] == "reject"
    }
    assert set(refused) == {
        f"sig-scope-refused-{what}-{how}"
        for what in ("region", "service")
        for how in ("slash", "blank", "comma", "non-ascii")
    } | {
        "sig-presign-scope-refused-region-slash",
        "sig-credentials-refused-access-key-comma",
        "sig-credentials-refused-token-blank",
    }
    assert set(ACCEPTABLE) - set(refused) == {"sig-presign-drops-token"} | {
        "sig-unsigned-x-forwarded" + which for which in ("", "-for", "-proto", "-host")
    } | {
        "sig-path-single-" + which
        for which in (
            "printable",
            "plus",
            "colon",
            "number-sign",
            "lone-percent",
            "short-escape",
            "no-escape",
            "percent-escape",
        )
    }


# ---- refimpl, and what the cases cover -----------------------------------------------------------------------------


@pytest.mark.parametrize("feature", sig.FEATURES, ids=lambda feature: feature.name)
def test_refimpl_answers_as_the_cases_say(feature: Feature) -> None:
    for case in feature.cases:
        answer = answer_question({"op": case["op"], "input": case["input"]}, OPERATIONS)
        expect = case["expect"]
        assert answer["status"] == expect["status"], (case["id"], answer)
        if expect["status"] == "ok":
            assert answer["output"] == expect.get("output", {}), case["id"]
        else:
            assert answer["kind"] in expect["kind"], (case["id"], answer)


def test_each_octet_stands_in_a_path_and_in_a_query() -> None:
    """As an escape in both cases of its digits; raw, where it can be sent and UTF-8 has it."""
    targets = [
        case["input"]["target"]
        for case in ACCEPTED.values()
        if case["id"].startswith("sig-path-double-")
    ]
    queries = [
        case["input"]["target"].partition("?")[2]
        for case in ACCEPTED.values()
        if case["id"].startswith("sig-query-")
    ]
    for texts in (targets, queries):
        raw = set("".join(texts).encode("utf-8"))
        assert set(range(256)) - raw == {0, 10, 13, 0xC0, 0xC1} | set(range(0xF5, 0x100)) | set(
            b"#" if texts is queries else b""
        )
        for octet in range(256):
            assert any(f"%{octet:02X}" in text for text in texts) and any(
                f"%{octet:02x}" in text for text in texts
            )


def test_each_header_that_is_never_signed_has_a_case() -> None:
    named = {
        name.lower()
        for case in ACCEPTED.values()
        if case["id"].startswith("sig-unsigned-")
        for name, _ in case["input"]["headers"]
    }
    assert named - {"host"} == NEVER_SIGNED | {
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-forwarded-host",
        "x-forwarded-",
    }
