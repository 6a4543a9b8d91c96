# SPDX-License-Identifier: MIT
"""Sequences: the files *-sequence. Only order shows state that is kept between requests.

Each case differs from the case before it in one key of its input. The runner gives both to the same
process, with no other case between (`after`). An implementation that keeps a derived key, a
canonical request or a document under an incomplete name gives the first result again.
"""

from typing import Any, Dict, List, Mapping, Tuple

from authoring import Feature, ok, reject
from authoring import plain_sigv4 as plain
from authoring.sig import TOKEN, Given, request
from authoring.sig_verify import signed_request
from conformance.cases.described import expanded_input

SIGN = Feature("sigv4-sign-sequence", "sigv4.sign", "sig-")
PRESIGN = Feature("sigv4-presign-sequence", "sigv4.presign", "sig-")
VERIFY = Feature("sigv4-verify-sequence", "sigv4.verify", "sig-")
CONVERT = Feature("shape-convert-sequence", "shape.convert", "shp-")
FEATURES = [SIGN, PRESIGN, VERIFY, CONVERT]

WHY = "a signer that keeps results under an incomplete name signs the second like the first"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
# The end of the ids, the two inputs' differences, and the rules.
PAIRS: Tuple[Tuple[str, Mapping[str, Any], Mapping[str, Any], str], ...] = (
    ("secret-key", {"secret_key": SECRET}, {"secret_key": SECRET[:-1] + "Z"}, "SIG-022"),
    ("access-key", {"access_key": "AKIDEXAMPLE"}, {"access_key": "AKIDEXAMPLF"}, "SIG-024"),
    ("region", {"region": "us-east-1"}, {"region": "us-east-2"}, "SIG-022 SIG-020"),
    ("service", {"service": "sagemaker"}, {"service": "s3"}, "SIG-022 SIG-020"),
    ("day", {"time": "20150830T235959Z"}, {"time": "20150831T235959Z"}, "SIG-022 SIG-020"),
    ("second", {"time": "20150830T123600Z"}, {"time": "20150830T123601Z"}, "SIG-021 SIG-016"),
    ("token", {"session_token": TOKEN}, {"session_token": TOKEN[:-2] + "A="}, "SIG-017"),
    ("no-token", {"session_token": TOKEN}, {"session_token": None}, "SIG-017"),
    ("normalize", {"normalize_path": False}, {"normalize_path": True}, "SIG-003"),
    ("encode", {"double_encode": False}, {"double_encode": True}, "SIG-004 SIG-005"),
    ("omit", {"omit_session_token": False}, {"omit_session_token": True}, "SIG-018"),
    ("method", {"method": "GET"}, {"method": "HEAD"}, "SIG-002"),
    ("body", {"body": "YQ=="}, {"body": "Yg=="}, "SIG-019"),
    ("query", {"target": "/a%20b//c?a=1"}, {"target": "/a%20b//c?a=2"}, "SIG-008"),
    ("host", {"headers": [["Host", "a.example"]]}, {"headers": [["Host", "b.example"]]}, "SIG-014"),
    (
        "header-value",
        {"headers": [["Host", "a.example"], ["X-Test", "1"]]},
        {"headers": [["Host", "a.example"], ["X-Test", "2"]]},
        "SIG-011",
    ),
    (
        "header-name",
        {"headers": [["Host", "a.example"], ["X-Test", "1"]]},
        {"headers": [["Host", "a.example"], ["X-Tess", "1"]]},
        "SIG-011",
    ),
    # The joined texts of both scopes are equal: region, then service; date, then region.
    (
        "region-and-service",
        {"region": "r1", "service": "2s"},
        {"region": "r12", "service": "s"},
        "SIG-022 SIG-020",
    ),
)


def _signed(
    feature: Feature, stages_of: Any, number: int, slug: str, changes: Mapping[str, Any]
) -> Given:
    """Return a request with a path of its own, so that no other case has this input."""
    how = "p" if feature is PRESIGN else "s"
    given = request(**dict({"method": "POST", "target": f"/a%20b//{how}{number}"}, **changes))
    if feature is PRESIGN:
        given["expires"] = 300
    if slug == "omit":
        given["session_token"] = TOKEN
    return given


def _pairs(feature: Feature, stages_of: Any, infix: str) -> None:
    for number, (slug, first, second, rules) in enumerate(PAIRS):
        before = ""
        for which, changes in (("first", first), ("second", second)):
            name = f"sig-sequence-{infix}{slug}-{which}"
            given = _signed(feature, stages_of, number, slug, changes)
            feature.case(
                name,
                f"the {which} of two requests that differ in one value: {slug.replace('-', ' ')}",
                rules,
                given,
                ok(**stages_of(expanded_input(feature.op, given))),
                WHY,
                after=before,
            )
            before = name


def _verified() -> None:
    """Add a valid request, the same one for another key, and the valid one again."""
    given = signed_request(target="/sequence")
    other = dict(given, secret_key=given["secret_key"][:-1] + "Z")
    later = dict(given, time="20150830T124101Z")
    before = ""
    for slug, one, expect in (
        ("valid", given, ok()),
        ("other-key", other, reject("signature")),
        ("later", later, reject("expired")),
    ):
        name = f"sig-sequence-verify-{slug}"
        VERIFY.case(
            name,
            f"one request, verified again: {slug.replace('-', ' ')}",
            "SIG-041 SIG-042",
            one,
            expect,
            "a server that keeps its verdict under the signature accepts what another key signed",
            after=before,
        )
        before = name


def _converted() -> None:
    """Add one document that is read as two shapes."""
    document = '{"Message":"it is so","ErrorCode":"x"}'
    before = ""
    shapes: List[Tuple[str, Dict[str, Any]]] = [
        ("ModelStreamError", {"Message": "it is so", "ErrorCode": "x"}),
        ("InternalStreamFailure", {"Message": "it is so"}),
    ]
    for shape, members in shapes:
        name = f"shp-sequence-{shape.lower()}"
        value = ["Structure", [[key, ["String", text]] for key, text in members.items()]]
        CONVERT.case(
            name,
            f"one document as two shapes: {shape}",
            "SHP-017 SHP-010",
            {"shape": shape, "from": "json", "to": "value", "document": document},
            ok(document=value),
            "a converter that keeps results by document returns the members of another shape",
            after=before,
        )
        before = name


_pairs(SIGN, plain.sign, "")
_pairs(PRESIGN, plain.presign, "presign-")
_verified()
_converted()
