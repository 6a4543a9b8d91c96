# SPDX-License-Identifier: MIT
"""Sequences: the files *-sequence. Only order shows state that is kept between requests.

Each case differs from the case before it in one key of its input. The runner gives both to the same
process, with no other case between (`after`). An implementation that keeps a derived key, a
canonical request or a document under an incomplete name gives the first result again.
"""

from typing import Any, Dict, List, Mapping, Tuple

from authoring import Feature, http_request, ok, reject, words
from authoring import plain_sigv4 as plain
from authoring.sig import TOKEN, Given, request
from authoring.sig_verify import presigned_request, signed_request
from conformance.cases.described import expanded_input

SIGN = Feature("sigv4-sign-sequence", "sigv4.sign", "sig-")
PRESIGN = Feature("sigv4-presign-sequence", "sigv4.presign", "sig-")
VERIFY = Feature("sigv4-verify-sequence", "sigv4.verify", "sig-")
CONVERT = Feature("shape-convert-sequence", "shape.convert", "shp-")
REQUEST = Feature("http-request-sequence", "http.request", "http-")
FEATURES = [SIGN, PRESIGN, VERIFY, CONVERT, REQUEST]

WHY = "the second is signed like the first"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
HEADERS = [["Host", "a.example"], ["X-One", "1"], ["X-Two", "2"]]
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
    (
        "header-order",
        {"headers": [["Host", "a.example"], ["X-One", "1"], ["X-Two", "2"]]},
        {"headers": [["X-Two", "2"], ["X-One", "1"], ["Host", "a.example"]]},
        "SIG-011",
    ),
    (
        "header-spelling",
        {"headers": [["Host", "a.example"], ["X-Test", "1"]]},
        {"headers": [["Host", "a.example"], ["x-TEST", "2"]]},
        "SIG-011",
    ),
    (
        "header-twice",
        {"headers": [["Host", "a.example"], ["X-Test", "1"]]},
        {"headers": [["Host", "a.example"], ["X-Test", "1"], ["X-Test", "2"]]},
        "SIG-013",
    ),
    (
        "header-fewer",
        {"headers": [["Host", "a.example"], ["X-Test", "1"], ["X-More", "2"]]},
        {"headers": [["Host", "a.example"], ["X-More", "2"]]},
        "SIG-011",
    ),
    (
        "header-between",
        {"headers": [["X-Test", "2"], ["Host", "a.example"], ["X-Test", "1"]]},
        {"headers": [["X-Test", "2"], ["X-Test", "1"], ["Host", "a.example"]]},
        "SIG-013",
    ),
    ("path", {"target": "/one//c?a=1"}, {"target": "/one//d?a=1"}, "SIG-003"),
    ("query-order", {"target": "/order?a=1&b=2"}, {"target": "/order?b=2&a=1"}, "SIG-009"),
    ("query-absent", {"target": "/absent?a=1"}, {"target": "/absent"}, "SIG-010"),
    ("body-absent", {"body": "YQ=="}, {"body": ""}, "SIG-019"),
    ("body-end", {"body": "YWJj"}, {"body": "YWJjZA=="}, "SIG-019"),
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


# What changes after a request was accepted: the end of the ids, the change, and the rules. A change
# of the target is the old and the new text.
CHANGED: Tuple[Tuple[str, Mapping[str, Any], str], ...] = (
    ("body", {"body": "Yg=="}, "SIG-019 SIG-041"),
    ("method", {"method": "PUT"}, "SIG-002 SIG-041"),
    ("query", {"target": ("a=1", "a=2")}, "SIG-008 SIG-041"),
    ("path", {"target": ("/changed", "/changes")}, "SIG-003 SIG-041"),
    ("region", {"region": "us-east-2"}, "SIG-044"),
    ("service", {"service": "s3"}, "SIG-044"),
    ("access-key", {"access_key": "AKIDEXAMPLF"}, "SIG-044"),
    ("token-wanted", {"session_token": TOKEN}, "SIG-046"),
)


def _changed() -> None:
    """Add a valid request, and the same one with a single change and its old signature."""
    for place, made in (("header", signed_request), ("query", presigned_request)):
        for slug, change, rules in CHANGED:
            given = made(target=f"/changed/{slug}?a=1", headers=[*HEADERS], body="YQ==")
            changed = dict(given, **change)
            if "target" in change:
                changed["target"] = given["target"].replace(*change["target"], 1)
            name = f"sig-sequence-verify-{place}-{slug}"
            VERIFY.case(
                name + "-first",
                f"a valid request, before another {words(slug)} ({place})",
                rules,
                given,
                ok(),
                "without it, a server that rejects everything passes the second",
            )
            VERIFY.case(
                name + "-second",
                f"the same request and signature with another {words(slug)} ({place})",
                rules,
                changed,
                reject("signature"),
                "a server that keeps its verdict under the signature accepts a changed request",
                after=name + "-first",
            )


def _swapped() -> None:
    """Add two valid requests whose headers have the same names in another order."""
    for place, made in (("header", signed_request), ("query", presigned_request)):
        before = ""
        for which, headers in (("first", HEADERS), ("second", HEADERS[::-1])):
            name = f"sig-sequence-verify-{place}-order-{which}"
            VERIFY.case(
                name,
                f"the {which} of two valid requests that differ in the order of headers ({place})",
                "SIG-011 SIG-041",
                made(headers=[*headers], body="YQ=="),
                ok(),
                "a server that keeps the places of headers by their names compares wrong values",
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


# A text, a member that allows it, and a member that does not, although it could arrive unchanged.
CONSTRAINED = (
    ("name-length", "b" * 64, "SessionId", "TargetVariant"),
    ("session-length", "e" * 257, "Accept", "SessionId"),
    ("endpoint-length", "h" * 64, "Accept", "EndpointName"),
    ("pattern", "i_j", "Accept", "TargetVariant"),
    ("pattern-endpoint", "m_n", "CustomAttributes", "EndpointName"),
)


def _constrained() -> None:
    """Add one text as two members, of which only one allows it, in this order."""
    for slug, text, allowing, other in CONSTRAINED:
        before = ""
        for which, member in (("first", allowing), ("second", other)):
            members = dict(http_request.BASE, **{member: text})
            name = f"http-sequence-{slug}-{which}"
            REQUEST.case(
                name,
                f"one text as two members, the {which}: {member} ({words(slug)})",
                "HTTP-005",
                http_request.question(members),
                reject("constraint") if member == other else http_request.sent(members),
                "a client that keeps the results of checks by the text alone accepts it anywhere",
                after=before,
                acceptable=http_request.unchecked(members) if member == other else [],
            )
            before = name


_pairs(SIGN, plain.sign, "")
_pairs(PRESIGN, plain.presign, "presign-")
_verified()
_changed()
_swapped()
_converted()
_constrained()
