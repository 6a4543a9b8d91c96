# SPDX-License-Identifier: MIT
"""Compare the signing cases with third-party signers and with AWS's published cases.

plain_sigv4 computes the stages of the cases. It must agree with the published cases of aws-c-auth,
and with refimpl over random requests. botocore and awscrt sign each accepted case. Every stage that
they expose must equal the case's, unless DIFFER in authoring/sig.py lists the case and the signer.
A signer that is listed must differ, so no outdated row remains. A signer does not run cases that
use an option it lacks. Further tests count what the cases cover: every octet, and every header that
is never signed.
"""

import ast
import base64
import json
import re
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Dict, NamedTuple, Optional

import pytest

from authoring import Feature, mix_sig, sig, sig_verify
from authoring import plain_sigv4 as plain
from conformance.adapters.refimpl import OPERATIONS
from conformance.cases.described import expanded_input
from conformance.protocol.messages import answer_question
from refimpl.sigv4 import NEVER_SIGNED, Signer, decode_query, split_target
from tests.refimpl.test_sigv4_implementations import (
    WHERE,
    Botocore,
    Crt,
    Randomly,
    Request,
    target_of,
)
from tests.rows import for_each
from tests.support import corpora

pytestmark = pytest.mark.slow

Given = Dict[str, Any]
ACCEPTED = {
    case["id"]: case
    for feature in (sig.SIGN, sig.PRESIGN)
    for case in feature.cases
    if case["expect"]["status"] == "ok"
}
MIXED = {case["id"]: case for feature in mix_sig.FEATURES for case in feature.cases}


class Keys(NamedTuple):
    access_key: str
    secret_key: str
    session_token: Optional[str]


def request_of(given: Given) -> Request:
    keys = Keys(given["access_key"], given["secret_key"], given.get("session_token"))
    headers = [(name, as_text(value)) for name, value in given["headers"]]
    return Request(given["method"], given["target"], headers, base64.b64decode(given["body"]), keys)  # type: ignore[arg-type]


def as_text(value: str) -> str:
    """Return a header value as text for the signers, which send text as UTF-8.

    A value that is not valid UTF-8 stays as it is.
    """
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return value


def given_of(request: Request, **more: Any) -> Given:
    """Return a random request as the input of a case."""
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


# ---- plain_sigv4 -------------------------------------------------------------------------------


def test_plain_sigv4_does_not_import_refimpl() -> None:
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


@pytest.mark.slow
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
def test_plain_sigv4_agrees_with_refimpl(options: Dict[str, bool]) -> None:
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
    """Return the input of one of AWS's published cases."""
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


def test_plain_sigv4_agrees_with_the_published_cases() -> None:
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


# ---- other signers -----------------------------------------------------------------------------


def botocore_stages(
    auth: Any, given: Given, monkeypatch: pytest.MonkeyPatch
) -> Optional[Dict[str, str]]:
    """Return the stages that botocore exposes, or None if it lacks an option of the case."""
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


def awscrt_stages(crt: Crt, given: Given) -> Dict[str, str]:
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
    """Return a stage in comparable form: a target as its path and its decoded parameters."""
    path, query = split_target(text) if stage == "target" else (text, "")
    return path, sorted(decode_query(query))


def compare(signer: str, name: str, stages: Dict[str, str]) -> None:
    """Assert that a signer agrees with a case, or differs and is listed."""
    expected = ACCEPTED[name]["expect"]["output"]
    agrees = all(
        comparable(stage, text) == comparable(stage, expected[stage])
        for stage, text in stages.items()
    )
    reason = sig.DIFFER.get(name, {}).get(signer)
    assert agrees or reason, f"{signer} differs: {stages}"
    assert not (agrees and reason), f"{signer} agrees, but DIFFER says: {reason}"


@for_each("name", sorted(ACCEPTED))
def test_botocore_agrees_or_is_listed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    auth = pytest.importorskip("botocore.auth")
    try:
        stages = botocore_stages(auth, ACCEPTED[name]["input"], monkeypatch)
    except UnicodeDecodeError:
        assert "UnicodeDecodeError" in sig.DIFFER.get(name, {}).get("botocore", "")
        return
    assert (stages is None) == ("botocore" not in ACCEPTED[name]["source"])
    if stages is not None:
        compare("botocore", name, stages)


@for_each("name", sorted(ACCEPTED))
def test_awscrt_agrees_or_is_listed(name: str) -> None:
    crt = Crt(pytest.importorskip("awscrt.auth"), pytest.importorskip("awscrt.http"))
    try:
        stages = awscrt_stages(crt, ACCEPTED[name]["input"])
    except Exception as error:
        assert "AWS_" in str(error)
        assert "rejects" in sig.DIFFER.get(name, {}).get("awscrt", ""), error
        return
    compare("awscrt", name, stages)


def agrees_on_row(signer: str, name: str, stages: Dict[str, str]) -> None:
    """Assert that a signer agrees with the case of a row, or differs as its values predict."""
    expected = MIXED[name]["expect"]["output"]
    agrees = all(
        comparable(stage, text) == comparable(stage, expected[stage])
        for stage, text in stages.items()
    )
    reason = mix_sig.differing_signers(mix_sig.ROWS[name][0]).get(signer)
    assert agrees == (reason is None), (signer, reason, stages)


def input_of_row(signer: str, name: str) -> Given:
    row, table = mix_sig.ROWS[name]
    return expanded_input(MIXED[name]["op"], mix_sig.given_of(row, table, signer))


@for_each("name", sorted(MIXED))
def test_botocore_agrees_on_each_row(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    auth = pytest.importorskip("botocore.auth")
    try:
        stages = botocore_stages(auth, input_of_row("botocore", name), monkeypatch)
    except ValueError:  # from json, or UnicodeDecodeError
        differing = mix_sig.differing_signers(mix_sig.ROWS[name][0])
        assert "cannot read the body" in differing.get("botocore", "")
        return
    assert (stages is None) == ("botocore" not in MIXED[name]["source"])
    if stages is not None:
        agrees_on_row("botocore", name, stages)


@for_each("name", sorted(MIXED))
def test_awscrt_agrees_on_each_row(name: str) -> None:
    crt = Crt(pytest.importorskip("awscrt.auth"), pytest.importorskip("awscrt.http"))
    try:
        stages = awscrt_stages(crt, input_of_row("awscrt", name))
    except Exception as error:
        assert "AWS_" in str(error)
        differing = mix_sig.differing_signers(mix_sig.ROWS[name][0])
        assert "rejects" in differing.get("awscrt", ""), error
        return
    agrees_on_row("awscrt", name, stages)


ACCEPTABLE = {
    case["id"]: case
    for feature in (sig.SIGN, sig.PRESIGN)
    for case in feature.cases
    if "acceptable" in case and case["acceptable"][0]["divergence"] != "DIV-021"
}


def is_acceptable(stages: Dict[str, str], name: str) -> bool:
    """Return whether stages equal the acceptable outcome of a case, with at least one in common."""
    (other,) = ACCEPTABLE[name]["acceptable"]
    output = other["expect"]["output"]
    both = [stage for stage in stages if stage in output]
    return bool(both) and all(
        comparable(stage, stages[stage]) == comparable(stage, output[stage]) for stage in both
    )


@for_each("name", sorted(ACCEPTABLE))
def test_a_signer_has_each_acceptable_outcome(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signer may lack the option, reject the request or expose no stage; the other must agree."""
    given = ACCEPTABLE[name]["input"]
    crt = Crt(pytest.importorskip("awscrt.auth"), pytest.importorskip("awscrt.http"))
    botocore = botocore_stages(pytest.importorskip("botocore.auth"), given, monkeypatch)
    assert botocore is None or is_acceptable(botocore, name)
    assert (botocore is None) == ("double_encode" in given)
    if name == "sig-presign-drops-token":
        assert "rejects" in sig.DIFFER[name]["awscrt"]
    elif not name.endswith("non-ascii"):  # awscrt exposes only the header
        assert is_acceptable(awscrt_stages(crt, given), name)


def test_a_plus_sign_may_be_a_space() -> None:
    """The rule is that of each service, so no signer needs to agree."""
    names = set()
    for feature in (sig.SIGN, sig.PRESIGN, mix_sig.SIGN, mix_sig.PRESIGN):
        for case in feature.cases:
            query = case["input"]["target"].partition("?")[2]
            others = [other["divergence"] for other in case.get("acceptable", ())]
            expected = "+" in query and case["expect"]["status"] == "ok"
            assert ("DIV-021" in others) == expected, case["id"]
            if expected:
                output = case["acceptable"][0]["expect"]["output"]
                assert "%2B" not in output["canonical_request"].split("\n")[2]
                names.add(case["id"])
    assert {"sig-query-plus", "sig-presign-query"} <= names


def test_which_cases_have_an_acceptable_outcome() -> None:
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


# ---- refimpl, and what the cases cover ---------------------------------------------------------


@pytest.mark.parametrize(
    "feature",
    sig.FEATURES + sig_verify.FEATURES + mix_sig.FEATURES,
    ids=lambda feature: feature.name,
)
def test_refimpl_gives_the_expected_output(feature: Feature) -> None:
    for case in feature.cases:
        given = expanded_input(case["op"], case["input"])
        answer = answer_question({"op": case["op"], "input": given}, OPERATIONS)
        expect = case["expect"]
        assert answer["status"] == expect["status"], (case["id"], answer)
        if expect["status"] == "ok":
            stages = {name: value for name, value in answer["output"].items() if name != "sent"}
            assert stages == expect.get("output", {}), case["id"]
        else:
            assert answer["kind"] in expect["kind"], (case["id"], answer)


def test_each_octet_is_in_a_path_and_in_a_query() -> None:
    """Each octet is escaped in both cases, and raw if it can be sent and occurs in UTF-8."""
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
        if case["id"].startswith("sig-unsigned-") and "-hop-by-hop-" not in case["id"]
        for name, _ in case["input"]["headers"]
    }
    assert named - {"host"} == NEVER_SIGNED | {
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-forwarded-host",
        "x-forwarded-",
    }
