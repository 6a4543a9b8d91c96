# SPDX-License-Identifier: MIT
"""The signing cases: sigv4-sign and sigv4-presign.

To add a case, copy a similar call and change it. There is one helper for each kind of case:

- `signs`: a request to sign
- `presigns`: a request to presign
- `rejects`: a request that must not be signed or, if its id says so, presigned

A case contains its subject in hand-written form: one line of the canonical request (the path, the
query, some header lines) or the rejection. All stages, down to the signature, come from
plain_sigv4, which shares nothing with refimpl. Each helper asserts that the hand-written part is in
the canonical request.

The `source` of a case names other signers that agree. DIFFERENCES lists, case by case, the signers
that do not agree, and what they do instead. tests/authoring/test_sig.py runs every accepted case
through botocore and awscrt and compares their output with this table.
"""

import json
import re
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, cast

from authoring import Feature, b64, either, ok, reject, words
from authoring import plain_sigv4 as plain

ACCESS_KEY, SECRET_KEY = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TOKEN = (
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeo"
    "IYRqTflfKD8YUuwthAx7mSEI=="
)
DATE = "20150830T123600Z"
HOST = ["Host", "example.amazonaws.com"]
SIGNERS = {"botocore": "botocore 1.44.5", "awscrt": "awscrt 0.38.1"}
# Options that a signer does not have. It cannot run the cases that use them.
HAS_NO = {"botocore": ("normalize_path", "double_encode", "sign_body", "omit_session_token")}

Given = Dict[str, Any]
# Arguments of plain_sigv4, why the result is acceptable, the row in DIVERGENCES.md.
Acceptable = Tuple[Dict[str, bool], str, str]

SIGN = Feature("sigv4-sign", "sigv4.sign", "sig-")
PRESIGN = Feature("sigv4-presign", "sigv4.presign", "sig-")
FEATURES = [SIGN, PRESIGN]


def request(**changes: Any) -> Given:
    """Return a case's input: the smallest request with some keys changed.

    A key with the value None is removed; `also` is a list of additional headers.
    """
    also = changes.pop("also", [])
    given = dict(
        {
            "method": "GET",
            "target": "/",
            "headers": [HOST],
            "body": "",
            "access_key": ACCESS_KEY,
            "secret_key": SECRET_KEY,
            "region": "us-east-1",
            "service": "sagemaker",
            "time": DATE,
        },
        **changes,
    )
    given["headers"] = given["headers"] + [list(pair) for pair in also]
    return {key: value for key, value in given.items() if value is not None}


# Inputs that are too long for a title, by the ends of their ids.
DESCRIPTIONS = {
    "unreserved": "of all unreserved characters",
    "printable": "of all ASCII punctuation",
    "printable-name": "with a name of all ASCII punctuation",
    "escapes-upper": "of all 256 escapes in upper case",
    "escapes-lower": "of all 256 escapes in lower case",
    "every-utf8": "of every octet of UTF-8",
    "controls": "of control characters",
    "many": "of 78 parameters",
    "high-octets": "of the octets A1 to FF",
    "token": "of every valid character",
}


def quoted(slug: str, *texts: str) -> str:
    """Return short texts in quotes for a title, and the description of long ones."""
    return DESCRIPTIONS.get(slug) or ", ".join(json.dumps(text) for text in texts)


def agreement(name: str, given: Given) -> str:
    """Return the source of an accepted case: the signers that agree, and what the others do.

    It does not mention a signer that lacks an option of the case.
    """
    asked = {
        signer: version
        for signer, version in SIGNERS.items()
        if not set(given) & set(HAS_NO.get(signer, ()))
    }
    differing = DIFFER.get(name, {})
    agreeing = [version for signer, version in asked.items() if signer not in differing]
    parts = ["derived"]
    if agreeing:
        parts.append("agreed by " + " and ".join(agreeing))
    parts += [f"{asked[signer]} {difference}" for signer, difference in differing.items()]
    return "; ".join(parts)


def stages_with(
    stages: Dict[str, str], uri: Optional[str], query: Optional[str], lines: Optional[str]
) -> Dict[str, Any]:
    """Return the expected output; assert that the canonical request contains the hand-written part.

    uri, query: the lines of the path and the query; lines: some header lines
    """
    parts = stages["canonical_request"].split("\n")
    assert uri is None or parts[1] == uri, (uri, parts[1])
    assert query is None or parts[2] == query, (query, parts[2])
    assert lines is None or f"\n{lines}\n" in stages["canonical_request"], (
        lines,
        stages["canonical_request"],
    )
    return ok(**stages)


def plus_as_space(given: Given, stages_of: Callable[..., Dict[str, str]]) -> List[Given]:
    """Return the outcome of a signer that reads a `+` in the query as a space."""
    if "+" not in given["target"].partition("?")[2]:
        return []
    why = (
        "some services read a plus sign as a space, as the canonical query in their responses shows"
    )
    return [either(ok(**stages_of(given, plus_is_space=True)), why, "DIV-021")]


def path_as_given(given: Given) -> List[Given]:
    """Return the outcome of a signer that leaves a path with a single encoding unchanged."""
    path = given["target"].partition("?")[0]
    if given.get("double_encode", True) or not re.fullmatch("[!-~]+", path):
        return []
    stages = plain.sign(given, verbatim=True)
    if stages == plain.sign(given):
        return []
    why = (
        "a caller that asks for a single encoding has already applied it, and this is the "
        "path in the request line"
    )
    return [either(ok(**stages), why, "DIV-015")]


def signs(
    name: str,
    title: str,
    rules: str,
    why: str,
    uri: Optional[str] = None,
    query: Optional[str] = None,
    lines: Optional[str] = None,
    also_acceptable: Sequence[Acceptable] = (),
    **changes: Any,
) -> None:
    """Add a case of a request to sign. uri, query, lines: parts of its canonical request."""
    given = request(**changes)
    SIGN.case(
        name,
        title,
        rules,
        given,
        stages_with(plain.sign(given), uri, query, lines),
        why,
        source=agreement(name, given),
        acceptable=[
            either(ok(**plain.sign(given, **how)), reason, divergence)
            for how, reason, divergence in also_acceptable
        ]
        + path_as_given(given)
        + plus_as_space(given, plain.sign),
    )


def presigns(
    name: str,
    title: str,
    rules: str,
    why: str,
    uri: Optional[str] = None,
    query: Optional[str] = None,
    lines: Optional[str] = None,
    also_acceptable: Sequence[Acceptable] = (),
    **changes: Any,
) -> None:
    """Add a case of a request to presign, as signs() does."""
    given = request(**dict({"expires": 300}, **changes))
    PRESIGN.case(
        name,
        title,
        rules,
        given,
        stages_with(plain.presign(given), uri, query, lines),
        why,
        source=agreement(name, given),
        acceptable=[
            either(ok(**plain.presign(given, **how)), reason, divergence)
            for how, reason, divergence in also_acceptable
        ]
        + plus_as_space(given, plain.presign),
    )


def rejects(
    name: str,
    title: str,
    rules: str,
    why: str,
    kind: Any = "constraint",
    harmless: bool = False,
    **changes: Any,
) -> None:
    """Add a case of a request that must not be signed or, by its id, presigned.

    harmless: if a client signs the request nevertheless, the service only rejects it
    """
    feature = SIGN
    stages_of: Callable[..., Dict[str, str]] = plain.sign
    if name.startswith("sig-presign-"):
        feature, stages_of = PRESIGN, plain.presign
        changes = dict({"expires": 300}, **changes)
    given = request(**changes)
    acceptable = []
    if harmless:
        stages: Dict[str, str] = stages_of(given)
        if not stages["string_to_sign"].isascii():
            # Signers agree on UTF-8 for the string to sign, but not for the header.
            del stages["authorization"]
        why_acceptable = "the service rejects the request, and nobody is harmed"
        acceptable = [either(ok(**stages), why_acceptable, "DIV-013")]
    feature.case(name, title, rules, given, reject(kind), why, acceptable=acceptable)


# A signer, what it does differently, and the cases in which it does so. Each was examined;
# the notes in SPEC.md describe them.
DIFFERENCES = (
    ("botocore", "changes the method to upper case", "sig-method-lower-case"),
    ("botocore", "drops tabs, as urlsplit does", "sig-path-double-tab"),
    (
        "botocore",
        "treats the rest as a fragment, as urlsplit does",
        "sig-path-double-number-sign",
    ),
    (
        "botocore",
        "neither decodes nor encodes the query of a URL",
        """
        sig-query-order-encoded-raw sig-query-order-encoded-slash sig-query-order-encoded-value
        sig-query-order-utf8 sig-query-equals-in-value sig-query-equals-at-end
        sig-query-semicolon sig-query-question-mark sig-query-plus sig-query-blank
        sig-query-escape-lower sig-query-escaped-unreserved sig-query-lone-percent
        sig-query-short-escape sig-query-no-escape sig-query-percent-escape
        sig-query-escapes-upper sig-query-escapes-lower sig-query-printable
        sig-query-printable-name sig-query-utf8 sig-query-every-utf8 sig-query-no-utf8
        sig-query-controls sig-query-slash
        """,
    ),
    (
        "botocore",
        "turns an empty piece into a parameter",
        "sig-query-empty-pieces sig-query-ampersand-alone",
    ),
    ("botocore", "treats U+00A0 as white space", "sig-value-nbsp"),
    ("botocore", "hashes a header's text as UTF-8", "sig-value-latin1 sig-value-high-octets"),
    (
        "botocore",
        "signs it",
        "sig-unsigned-accept-encoding sig-unsigned-x-forwarded-for sig-unsigned-x-forwarded-proto "
        "sig-unsigned-x-forwarded-host sig-unsigned-x-forwarded",
    ),
    ("botocore", "signs Accept-Encoding and X-Forwarded-*", "sig-presign-unsigned-all"),
    ("botocore", "signs Accept-Encoding", "sig-call-content-length"),
    (
        "botocore",
        "signs a header that Connection names",
        "sig-unsigned-hop-by-hop-one sig-unsigned-hop-by-hop-several "
        "sig-presign-hop-by-hop-several",
    ),
    ("botocore", "writes its own time into Date and sends no x-amz-date", "sig-signed-date"),
    (
        "botocore",
        "uses the header's value as the payload hash",
        """
        sig-body-hash-header-alone sig-presign-body-hash-header-other
        sig-presign-body-hash-header-empty
        """,
    ),
    ("botocore", "moves the body into the query", "sig-presign-operation"),
    ("botocore", "fails to read the body as text (UnicodeDecodeError)", "sig-presign-body"),
    ("botocore", "signs an empty X-Amz-Security-Token", "sig-presign-token-empty"),
    (
        "botocore",
        "keeps the given parameters next to its own of the same name",
        """
        sig-presign-replaces-x-amz-algorithm sig-presign-replaces-x-amz-credential
        sig-presign-replaces-x-amz-date sig-presign-replaces-x-amz-expires
        sig-presign-replaces-x-amz-signedheaders sig-presign-replaces-x-amz-signature
        sig-presign-replaces-token sig-presign-drops-token sig-presign-replaces-escaped
        """,
    ),
    ("botocore", "reads a plus sign as a space", "sig-presign-query"),
    ("botocore", "keeps only the first of several values", "sig-presign-same-name-twice"),
    (
        "botocore",
        "signs Accept-Encoding, X-Forwarded-For and Authorization",
        "sig-presign-unsigned-headers",
    ),
    ("botocore", "signs the header", "sig-presign-date-header sig-presign-token-header"),
    (
        "awscrt",
        "rejects an empty target",
        "sig-path-empty sig-path-unnormalized-empty sig-presign-empty-target",
    ),
    (
        "awscrt",
        "leaves a path that is encoded once unchanged",
        """
        sig-path-single-printable sig-path-single-blank sig-path-single-plus
        sig-path-single-lone-percent sig-path-single-short-escape sig-path-single-no-escape
        sig-path-single-percent-escape sig-path-single-utf8 sig-path-single-every-utf8
        sig-path-single-composed sig-path-single-tab sig-path-single-controls
        sig-path-single-number-sign sig-path-single-colon sig-path-octets-latin-1
        sig-path-octets-beyond-latin-1 sig-presign-path-octets-latin-1-single
        sig-presign-path-octets-beyond-latin-1-single
        """,
    ),
    (
        "awscrt",
        "rejects a percent sign that begins no escape",
        """
        sig-query-lone-percent sig-query-short-escape sig-query-no-escape
        sig-query-percent-escape
        """,
    ),
    (
        "awscrt",
        "hashes a header's text as UTF-8",
        "sig-value-nbsp sig-value-latin1 sig-value-high-octets",
    ),
    (
        "awscrt",
        "signs it",
        """
        sig-illustrated-call sig-unsigned-accept-encoding sig-unsigned-baggage
        sig-unsigned-connection
        sig-unsigned-keep-alive sig-unsigned-proxy-authenticate sig-unsigned-proxy-authorization
        sig-unsigned-te sig-unsigned-traceparent sig-unsigned-tracestate sig-unsigned-trailer
        sig-unsigned-x-forwarded-for sig-unsigned-x-forwarded-proto sig-unsigned-x-forwarded-host
        sig-unsigned-x-forwarded
        """,
    ),
    ("awscrt", "signs Accept-Encoding", "sig-call-content-length"),
    ("awscrt", "signs most of them", "sig-presign-unsigned-all"),
    (
        "awscrt",
        "signs a header that Connection names",
        "sig-unsigned-hop-by-hop-one sig-unsigned-hop-by-hop-several "
        "sig-presign-hop-by-hop-several",
    ),
    (
        "awscrt",
        "signs Connection",
        """
        sig-unsigned-hop-by-hop-required sig-unsigned-hop-by-hop-token
        sig-resembling-shorter-hop-by-hop sig-resembling-longer-hop-by-hop
        sig-presign-hop-by-hop-required sig-presign-hop-by-hop-part-of-name
        """,
    ),
    (
        "awscrt",
        "rejects a header that it would write itself",
        """
        sig-unsigned-authorization sig-time-header-replaced sig-token-header-replaced
        sig-token-header-alone sig-token-unsigned-header-replaced sig-body-signed-header-replaced
        sig-body-hash-header-alone sig-presign-unsigned-headers sig-presign-date-header
        sig-presign-token-header sig-presign-body-hash-header-other
        sig-presign-body-hash-header-empty
        """,
    ),
    (
        "awscrt",
        "rejects a parameter that it would write itself, in any case",
        """
        sig-presign-replaces-x-amz-algorithm sig-presign-replaces-x-amz-credential
        sig-presign-replaces-x-amz-date sig-presign-replaces-x-amz-expires
        sig-presign-replaces-x-amz-signedheaders sig-presign-replaces-x-amz-signature
        sig-presign-replaces-token sig-presign-drops-token sig-presign-replaces-escaped
        sig-presign-lower-case-parameter
        """,
    ),
)
DIFFER: Dict[str, Dict[str, str]] = {}
for differing_signer, difference, names in DIFFERENCES:
    for case_name in names.split():
        DIFFER.setdefault(case_name, {})[differing_signer] = difference


# ---- the method --------------------------------------------------------------------------------

for method, why in (
    ("POST", "this is the operation's method, so a signer that fails here cannot sign any call"),
    (
        "post",
        (
            "methods are case-sensitive, so a signer that changes the case signs another "
            "method than the one sent"
        ),
    ),
    (
        "M-SEARCH",
        "a signer that only knows a fixed list of methods cannot sign requests to other services",
    ),
    (
        "DELETE",
        (
            "a signer that adds a body or a content type for some methods signs another "
            "request than the one sent"
        ),
    ),
):
    signs(
        "sig-method-" + (method.lower() if method != "post" else "lower-case"),
        "method " + method,
        "SIG-002 SIG-001",
        why,
        method=method,
        target="/endpoints/llm/invocations-response-stream",
    )
for slug, method, why in (
    ("empty", "", "the request line would begin with a space"),
    (
        "blank",
        "GE T",
        "the request line would have four words, and a server may read only the first three",
    ),
    ("line-break", "GET\r\nX: y", "a line break in the method adds a header line to the request"),
    (
        "line-feed-last",
        "GET\n",
        "a pattern whose end matches before a final LF accepts it, and a line is added",
    ),
    (
        "non-ascii",
        "G\u00c9T",
        "no server knows this method, and implementations encode it differently",
    ),
):
    rejects(
        "sig-method-refused-" + slug,
        "an invalid method: " + json.dumps(method),
        "SIG-002",
        why,
        method=method,
    )


# ---- the path ----------------------------------------------------------------------------------

ALL_ESCAPES = "".join(f"%{octet:02X}" for octet in range(256))
# Without letters, digits, slash, question mark, number sign, percent sign and space.
PRINTABLE = "!\"$&'()*+,-.:;<=>@[\\]^_`{|}~"
PRINTABLE_ENCODED = "%21%22%24%26%27%28%29%2A%2B%2C-.%3A%3B%3C%3D%3E%40%5B%5C%5D%5E_%60%7B%7C%7D~"
UNRESERVED = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# Text whose UTF-8 has every octet above 0x7F that occurs in UTF-8: each continuation octet and each
# first octet.
EVERY_UTF8 = (
    "".join(
        chr(code)
        for code in [
            *range(0x80, 0xC0),
            *range(0xC0, 0x800, 64),
            0x800,
            *range(0x1000, 0x10000, 0x1000),
            0x10000,
            *range(0x40000, 0x110000, 0x40000),
        ]
        if not 0xD800 <= code < 0xE000
    )
    + "\ud7ff"
)
assert set(EVERY_UTF8.encode("utf-8")) == set(range(0x80, 0xC0)) | set(range(0xC2, 0xF5))
EVERY_UTF8_ENCODED = "".join(f"%{octet:02X}" for octet in EVERY_UTF8.encode("utf-8"))
CONTROLS = "".join(chr(code) for code in range(1, 0x20) if chr(code) not in "\t\r\n") + "\x7f"
CONTROLS_ENCODED = "".join(f"%{ord(c):02X}" for c in CONTROLS)

NORMALISED = (  # slug, raw path, canonical URI, why
    ("root", "/", "/", "this is the simplest path, so a signer that fails here fails everywhere"),
    (
        "empty",
        "",
        "/",
        (
            "a request line cannot have an empty path, so the client sends a slash and "
            "must sign a slash"
        ),
    ),
    (
        "plain",
        "/a/b",
        "/a/b",
        "a signer that changes a path without dot segments and escapes fails for every request",
    ),
    (
        "final-slash",
        "/a/b/",
        "/a/b/",
        "a final slash names another resource, so a signer that drops it signs another path",
    ),
    (
        "dot",
        "/a/./b",
        "/a/b",
        (
            "the service removes the dot segment, so a signer that keeps it gets a 403 for "
            "a base path that ends in `/.`"
        ),
    ),
    (
        "dot-first",
        "/./a",
        "/a",
        "a signer that only looks for `/./` between names misses the segment at the start",
    ),
    (
        "dot-last",
        "/a/b/.",
        "/a/b",
        "AWS's signers leave no final slash here, unlike RFC 3986, and the two signatures differ",
    ),
    (
        "dot-slash-last",
        "/a/./",
        "/a/",
        (
            "the slash after the dot segment is the path's own final slash, and a signer "
            "that drops it signs another path"
        ),
    ),
    (
        "dot-alone",
        "/.",
        "/",
        "a signer that removes the only segment with its slash signs an empty path",
    ),
    (
        "dot-slash-alone",
        "/./",
        "/",
        "a signer that keeps both slashes signs `//` instead of the root",
    ),
    (
        "dots",
        "/a/../b",
        "/b",
        "a signer that keeps `..` and its preceding segment signs another path than the service",
    ),
    (
        "dots-last",
        "/a/b/..",
        "/a",
        "AWS's signers leave no final slash here, unlike RFC 3986, and the two signatures differ",
    ),
    (
        "dots-slash-last",
        "/a/b/../",
        "/a/",
        "a signer that drops the final slash after removing a segment signs another path",
    ),
    (
        "dots-to-root",
        "/a/../",
        "/",
        "a signer that adds the final slash to an empty path signs `//` instead of the root",
    ),
    (
        "dots-twice",
        "/a/b/c/../../d",
        "/a/d",
        (
            "each `..` removes the nearest remaining segment, and a signer that removes "
            "only one signs another path"
        ),
    ),
    (
        "dots-in-turn",
        "/a/../b/../c",
        "/c",
        "a normaliser that searches for `/x/..` only once misses the second",
    ),
    (
        "dots-beyond-root",
        "/../a",
        "/a",
        "a normaliser that pops an empty stack crashes, or it keeps `..`",
    ),
    (
        "dots-far-beyond-root",
        "/a/../../../b",
        "/b",
        "a normaliser whose level count falls below zero also removes `b`",
    ),
    ("dots-alone", "/..", "/", "a normaliser that pops an empty stack crashes, or it keeps `..`"),
    (
        "slashes",
        "/a//b",
        "/a/b",
        (
            "all services except S3 merge slashes, so a signer that keeps them gets a 403 "
            "for `https://host//path`"
        ),
    ),
    (
        "slashes-first",
        "//a",
        "/a",
        "a URL parser that reads two leading slashes as an authority signs an empty path",
    ),
    (
        "slashes-last",
        "/a//",
        "/a/",
        "a signer that keeps both slashes or drops both signs another path",
    ),
    ("slashes-alone", "///", "/", "a signer that only merges pairs of slashes leaves one too many"),
    (
        "slashes-and-dots",
        "/a//../b",
        "/b",
        "an empty segment does not count, so a normaliser that lets `..` remove it keeps `a`",
    ),
    (
        "three-dots",
        "/a/.../b",
        "/a/.../b",
        "three dots are an ordinary name, and a signer that removes them signs another path",
    ),
    (
        "dots-in-names",
        "/.a/b./..c/d..",
        "/.a/b./..c/d..",
        (
            "a normaliser that looks for dots at the start or end of a segment removes an "
            "ordinary name"
        ),
    ),
    (
        "escaped-dots",
        "/a/%2e%2E/b",
        "/a/%252e%252E/b",
        (
            "`%2e` is data here, so a normaliser that decodes it first removes a segment "
            "that the service keeps"
        ),
    ),
    (
        "escaped-slash",
        "/a%2F..%2Fb",
        "/a%252F..%252Fb",
        "`%2F` is not a separator, so a normaliser that decodes it first splits the segment",
    ),
)
for slug, path, uri, why in NORMALISED:
    signs(
        "sig-path-" + slug,
        f'path "{path}"',
        "SIG-007" if not path else "SIG-003",
        why,
        uri=uri,
        target=path,
    )
for slug, path, uri, why in (
    ("root", "/", "/", "a signer that turns off normalisation must not also drop the root's slash"),
    (
        "empty",
        "",
        "/",
        (
            "an empty path becomes a slash even without normalisation because a request "
            "line cannot have an empty path"
        ),
    ),
    (
        "dot",
        "/a/./b",
        "/a/./b",
        (
            "S3 keys may contain dot segments, so a signer that always normalises signs "
            "another object's path"
        ),
    ),
    (
        "dots",
        "/a/../b",
        "/a/../b",
        (
            "S3 keys may contain `..` segments, so a signer that always normalises signs "
            "another object's path"
        ),
    ),
    (
        "dots-beyond-root",
        "/..",
        "/..",
        "a signer that removes `..` at the root signs another path than the one sent",
    ),
    (
        "slashes",
        "//a//b//",
        "//a//b//",
        (
            "S3 keys may contain empty segments, so a signer that merges slashes signs "
            "another object's path"
        ),
    ),
    (
        "final-dot",
        "/a/.",
        "/a/.",
        (
            "S3 keys may end with a dot segment, so a signer that removes it signs another "
            "object's path"
        ),
    ),
):
    signs(
        "sig-path-unnormalized-" + slug,
        f'path "{path}", not normalised',
        "SIG-007" if not path else "SIG-003",
        why,
        uri=uri,
        target=path,
        normalize_path=False,
    )

ENCODED = (  # slug, raw path, canonical URI, the same encoded once, why
    (
        "unreserved",
        "/" + UNRESERVED,
        "/" + UNRESERVED,
        "/" + UNRESERVED,
        (
            "an encoder that escapes `~` (Python before 3.7) or `.` signs another path "
            "than every other signer"
        ),
    ),
    (
        "printable",
        "/" + PRINTABLE,
        "/" + PRINTABLE_ENCODED,
        "/" + PRINTABLE_ENCODED,
        "AWS leaves only the unreserved characters unescaped, but URL libraries also leave others",
    ),
    (
        "blank",
        "/a b",
        "/a%20b",
        "/a%20b",
        "an encoder for forms writes a space as a plus sign, but AWS signs %20",
    ),
    (
        "plus",
        "/a+b",
        "/a%2Bb",
        "/a%2Bb",
        "a decoder for forms reads a plus sign as a space, but in a path it is a plus sign",
    ),
    (
        "escaped-blank",
        "/a%20b",
        "/a%2520b",
        "/a%20b",
        (
            "a signer that encodes one time too few or too many gets a 403, the most "
            "frequent error of home-made signers"
        ),
    ),
    (
        "escaped-slash",
        "/a%2Fb",
        "/a%252Fb",
        "/a%2Fb",
        (
            "a signer that decodes an escape before it encodes the path cannot distinguish "
            "%2F from a slash"
        ),
    ),
    (
        "escapes-upper",
        "/" + ALL_ESCAPES,
        "/" + ALL_ESCAPES.replace("%", "%25"),
        "/" + ALL_ESCAPES,
        "a signer that decodes even one of the 256 octets cannot reach some S3 keys or base paths",
    ),
    (
        "escapes-lower",
        "/" + ALL_ESCAPES.lower(),
        "/" + ALL_ESCAPES.lower().replace("%", "%25"),
        "/" + ALL_ESCAPES.lower(),
        (
            "the path is signed as it was sent, so a signer that writes the hexadecimal "
            "digits in upper case signs another path"
        ),
    ),
    (
        "escaped-percent",
        "/a%2541",
        "/a%252541",
        "/a%2541",
        "an encoder that decodes until nothing changes signs `A`",
    ),
    (
        "lone-percent",
        "/a%",
        "/a%25",
        "/a%25",
        "this percent sign begins no escape and is data, and a careless decoder reads past the end",
    ),
    (
        "short-escape",
        "/a%4",
        "/a%254",
        "/a%254",
        "one digit does not make an escape, and a careless decoder reads past the end",
    ),
    (
        "no-escape",
        "/a%zz%4g",
        "/a%25zz%254g",
        "/a%25zz%254g",
        "letters after F do not make an escape, and a careless decoder fails or drops them",
    ),
    (
        "percent-escape",
        "/%%41",
        "/%25%2541",
        "/%25%41",
        (
            "only the second percent sign begins an escape, and a signer that misreads the "
            "first loses data"
        ),
    ),
    (
        "utf8",
        "/\u00fc/\u1234/\U0001f600",
        "/%C3%BC/%E1%88%B4/%F0%9F%98%80",
        "/%C3%BC/%E1%88%B4/%F0%9F%98%80",
        (
            "text outside ASCII is sent as UTF-8, so an encoder that uses UTF-16 units or "
            "Latin-1 signs other octets"
        ),
    ),
    (
        "every-utf8",
        "/" + EVERY_UTF8,
        "/" + EVERY_UTF8_ENCODED,
        "/" + EVERY_UTF8_ENCODED,
        "an encoder whose table is wrong for a single octet fails for all text that contains it",
    ),
    (
        "composed",
        "/u\u0308",
        "/u%CC%88",
        "/u%CC%88",
        "a combining mark is sent unchanged, so a signer that composes it signs another path",
    ),
    (
        "tab",
        "/a\tb",
        "/a%09b",
        "/a%09b",
        "URL parsers silently drop tabs, so the signed path differs from the path sent",
    ),
    (
        "controls",
        "/" + CONTROLS,
        "/" + CONTROLS_ENCODED,
        "/" + CONTROLS_ENCODED,
        "an encoder whose table begins at the space character signs control characters unescaped",
    ),
    (
        "number-sign",
        "/a#b",
        "/a%23b",
        "/a%23b",
        "a request target has no fragment, so a URL parser drops text that is sent",
    ),
    (
        "colon",
        "/a:b/c",
        "/a%3Ab/c",
        "/a%3Ab/c",
        "a URL parser that looks for a scheme finds one here and signs another path",
    ),
    (
        "question-mark",
        "/a?",
        "/a",
        "/a",
        (
            "the first question mark ends the path even if nothing follows, and a signer "
            "that keeps it signs another path"
        ),
    ),
)
for slug, path, twice, once, why in ENCODED:
    shown = quoted(slug, path)
    signs(
        "sig-path-double-" + slug,
        f"path {shown}, encoded twice",
        "SIG-004 SIG-006",
        why,
        uri=twice,
        target=path,
    )
    signs(
        "sig-path-single-" + slug,
        f"path {shown}, encoded once",
        "SIG-005 SIG-006",
        why,
        uri=once,
        target=path,
        double_encode=False,
    )
# docs/illustrated.html shows this request. It is that of SPEC.md, section 1.1.
signs(
    "sig-illustrated-call",
    "a complete request of the operation",
    "SIG-001 SIG-015",
    "a signer that signs user-agent or connection fails behind a proxy that changes them",
    uri="/endpoints/llm/invocations-response-stream",
    query="",
    lines="content-type:application/json\nhost:runtime.sagemaker.us-east-1.amazonaws.com",
    method="POST",
    target="/endpoints/llm/invocations-response-stream",
    headers=[
        ["Host", "runtime.sagemaker.us-east-1.amazonaws.com"],
        ["User-Agent", "example/1.0"],
        ["Connection", "close"],
        ["Content-Type", "application/json"],
    ],
    body=b64(b'{"inputs":"Hi"}'),
)
signs(
    "sig-path-single-unnormalized",
    "a path encoded once and not normalised, as S3 requires",
    "SIG-005 SIG-003",
    (
        "the two options are independent, and a signer that couples them cannot sign for "
        "S3 or for all other services"
    ),
    uri="/a/../%2F//b",
    target="/a/../%2F//b",
    double_encode=False,
    normalize_path=False,
)
signs(
    "sig-path-double-unnormalized",
    "a path encoded twice and not normalised",
    "SIG-004 SIG-003",
    "the two options are independent, and a signer that couples them encodes this path only once",
    uri="/a/../%252F//b",
    target="/a/../%2F//b",
    normalize_path=False,
)
signs(
    "sig-path-single-normalized-escaped-dots",
    "a path with escaped dots, encoded once",
    "SIG-005 SIG-003",
    (
        "both steps keep `%2e%2e`, so a library that first decodes unreserved characters "
        "removes a segment"
    ),
    uri="/a/%2e%2e/b",
    target="/a/%2e%2e/b",
    double_encode=False,
)
for slug, target, why in (
    (
        "relative",
        "a/b",
        "a relative path has no meaning in a request line, so each server reads it differently",
    ),
    ("asterisk", "*", "only OPTIONS uses this target, and it has no path to sign"),
    (
        "absolute",
        "http://example.amazonaws.com/a",
        "the absolute form is for proxies, but the service sees and signs only the path",
    ),
    (
        "authority",
        "example.amazonaws.com:443",
        "the authority form is only for CONNECT, which nobody signs",
    ),
    ("blank-first", " /a", "a leading space shifts the words of the request line"),
):
    rejects(
        "sig-target-refused-" + slug,
        "a target that is not a path: " + json.dumps(target),
        "SIG-003",
        why,
        target=target,
    )
# The end of the ids, the end of the titles, and the target.
PLACES_IN_TARGET = (
    ("in-path", "in the path of a target", "/a%sX: y"),
    ("in-query", "in the query of a target", "/a?b=%sX: y"),
    ("ends-path", "at the end of a path", "/a%s"),
    ("ends-query", "at the end of a query", "/a?b=c%s"),
    ("alone-in-path", "alone in a path", "/%s"),
    ("alone-in-query", "alone in a query", "/a?%s"),
)
LINE_ENDS = (("cr", "\r"), ("lf", "\n"), ("crlf", "\r\n"), ("nul", "\0"))
for slug, bad in LINE_ENDS:
    for place, title, target in PLACES_IN_TARGET:
        why = "a server or proxy may read the rest as another request"
        rejects(
            f"sig-target-refused-{slug}-{place}",
            f"{slug.upper()} {title}",
            "SIG-028",
            why,
            target=target % bad,
        )


# ---- the query ---------------------------------------------------------------------------------

MANY = [(name, value) for name in "zyxwvutsrqponmlkjihgfedcba" for value in "210"]
QUERIES = (  # slug, raw query, canonical query string, rules, why
    (
        "one",
        "a=1",
        "a=1",
        "SIG-008",
        "this is the simplest query, so a signer that fails here cannot sign any query",
    ),
    (
        "empty",
        "",
        "",
        "SIG-010",
        "a question mark followed by nothing is an empty query, not a parameter without a name",
    ),
    (
        "by-name",
        "b=1&a=2",
        "a=2&b=1",
        "SIG-009",
        "a signer that keeps the caller's order fails unless the caller sorts the parameters",
    ),
    (
        "by-name-upper-first",
        "a=1&B=2&A=3",
        "A=3&B=2&a=1",
        "SIG-009",
        "octets are compared, so a signer that sorts by language rules puts `a` before `B`",
    ),
    (
        "by-value",
        "a=2&a=10&a=1",
        "a=1&a=10&a=2",
        "SIG-009",
        "values are compared as text, so a signer that sorts numbers puts 2 before 10",
    ),
    (
        "by-value-empty-first",
        "a=b&a=&a=A&a",
        "a=&a=&a=A&a=b",
        "SIG-009",
        "a signer that sorts only by name keeps the values in the order given",
    ),
    (
        "same-pair-twice",
        "a=1&a=1",
        "a=1&a=1",
        "SIG-009",
        "a signer that stores parameters in a map or a set loses the second pair",
    ),
    (
        "prefix-of-name",
        "ab=1&a=2&a-b=3&a1=4",
        "a=2&a-b=3&a1=4&ab=1",
        "SIG-009",
        (
            "a signer that sorts the joined texts puts `a-b=` before `a=` because the "
            "hyphen precedes the equals sign"
        ),
    ),
    (
        "prefix-escaped",
        "a%20b=1&a=2",
        "a=2&a%20b=1",
        "SIG-009",
        (
            "a signer that sorts the joined texts puts `a%20b=` before `a=` because the "
            "percent sign precedes the equals sign"
        ),
    ),
    (
        "order-encoded",
        "az=1&a%7B=2&a~=3",
        "a%7B=2&az=1&a~=3",
        "SIG-009",
        "a signer that sorts before it encodes puts `{` after `z`, but `%7B` precedes it",
    ),
    (
        "order-encoded-raw",
        "az=1&a{=2",
        "a%7B=2&az=1",
        "SIG-009",
        "a signer that sorts the raw names before it encodes them puts `{` after `z`",
    ),
    (
        "order-encoded-slash",
        "a0=1&a/=2&a:=3",
        "a%2F=2&a%3A=3&a0=1",
        "SIG-009",
        "a signer that sorts before it encodes puts `:` after `0`, but `%3A` precedes it",
    ),
    (
        "order-encoded-value",
        "a=z&a={",
        "a=%7B&a=z",
        "SIG-009",
        "a signer that sorts raw values puts `{` after `z`, but `%7B` precedes it",
    ),
    (
        "order-utf8",
        "z=1&\u00fc=2&a=3",
        "%C3%BC=2&a=3&z=1",
        "SIG-009",
        "a name outside ASCII is sorted by its percent sign, so it precedes all letters",
    ),
    (
        "many",
        "&".join("{}={}".format(*pair) for pair in MANY),
        "&".join("{}={}".format(*pair) for pair in sorted(MANY)),
        "SIG-009",
        "a home-made sort may be correct for three parameters and wrong for seventy-eight",
    ),
    ("no-equals", "a", "a=", "SIG-010", "AWS signs an equals sign even if none was sent"),
    (
        "no-equals-among",
        "b=1&a&c=2",
        "a=&b=1&c=2",
        "SIG-010",
        "a parser that expects pairs drops a parameter without an equals sign",
    ),
    (
        "no-value",
        "a=",
        "a=",
        "SIG-010",
        "a parser that drops empty values by default (Python's parse_qs) loses the parameter",
    ),
    (
        "no-name",
        "=v",
        "=v",
        "SIG-010",
        "a parser that drops parameters without a name signs an empty query",
    ),
    (
        "equals-alone",
        "=",
        "=",
        "SIG-010",
        (
            "an empty name with an empty value is a parameter, and a parser that drops it "
            "signs an empty query"
        ),
    ),
    (
        "empty-pieces",
        "a&&b&",
        "a=&b=",
        "SIG-010",
        "an empty piece is not a parameter, but some signers turn it into one",
    ),
    (
        "ampersand-alone",
        "&",
        "",
        "SIG-010",
        (
            "a query that consists of empty pieces is empty, but some signers turn each "
            "piece into a parameter"
        ),
    ),
    (
        "equals-in-value",
        "a=b=c",
        "a=b%3Dc",
        "SIG-010 SIG-008",
        "only the first equals sign separates, so a parser that splits at each one loses `c`",
    ),
    (
        "equals-at-end",
        "a==",
        "a=%3D",
        "SIG-010 SIG-008",
        "base64 values end with equals signs, and a parser that strips them signs another value",
    ),
    (
        "semicolon",
        "a=1;b=2",
        "a=1%3Bb%3D2",
        "SIG-010 SIG-008",
        "old parsers split at a semicolon, but AWS does not",
    ),
    (
        "question-mark",
        "a=?&b?c=1",
        "a=%3F&b%3Fc=1",
        "SIG-010 SIG-008",
        (
            "only the first question mark begins the query, so a parser that splits at "
            "another one loses data"
        ),
    ),
    (
        "plus",
        "a=x+y&b+c=1",
        "a=x%2By&b%2Bc=1",
        "SIG-008",
        "a decoder for forms turns a plus sign into a space, but AWS signs the plus sign",
    ),
    (
        "escaped-plus",
        "a=x%2By",
        "a=x%2By",
        "SIG-008",
        "a signer that encodes again without decoding signs %252B",
    ),
    (
        "blank",
        "a=x y",
        "a=x%20y",
        "SIG-008",
        "an encoder for forms writes a space as a plus sign, but AWS signs %20",
    ),
    (
        "escaped-blank",
        "a=x%20y",
        "a=x%20y",
        "SIG-008",
        (
            "a query is encoded once and a path twice, so a signer with one encoder for "
            "both signs %2520"
        ),
    ),
    (
        "escape-lower",
        "a=%2f%3a&%c3%bc=1",
        "%C3%BC=1&a=%2F%3A",
        "SIG-008 SIG-006",
        "AWS signs escapes in upper case, so a signer that copies them in lower case gets a 403",
    ),
    (
        "escaped-unreserved",
        "%61=%7E%2D%2E%5F%30%5a",
        "a=~-._0Z",
        "SIG-008 SIG-006",
        "AWS decodes escapes of unreserved characters, so a signer that copies them gets a 403",
    ),
    (
        "escaped-percent",
        "a=%252F",
        "a=%252F",
        "SIG-008",
        "a query is decoded only once, and a signer that decodes twice signs a slash",
    ),
    (
        "escaped-separators",
        "a=%26%3D%23%3F&%3D=%26",
        "%3D=%26&a=%26%3D%23%3F",
        "SIG-008",
        "a signer that decodes before it splits turns data into separators",
    ),
    (
        "lone-percent",
        "a=%&b=100%",
        "a=%25&b=100%25",
        "SIG-008",
        "this percent sign begins no escape and is data, and a strict decoder fails",
    ),
    (
        "short-escape",
        "a=%4",
        "a=%254",
        "SIG-008",
        "one digit does not make an escape, and a careless decoder reads past the end",
    ),
    (
        "no-escape",
        "a=%zz",
        "a=%25zz",
        "SIG-008",
        "letters after F do not make an escape, and a careless decoder fails or drops them",
    ),
    (
        "percent-escape",
        "a=%%41",
        "a=%25A",
        "SIG-008",
        (
            "only the second percent sign begins an escape, and a signer that misreads the "
            "first loses data"
        ),
    ),
    (
        "escapes-upper",
        "a=" + ALL_ESCAPES,
        "a=" + "".join(plain.uri_encode(bytes([octet])) for octet in range(256)),
        "SIG-008 SIG-006",
        "a decoder that expects UTF-8 replaces some of the 256 octets with U+FFFD",
    ),
    (
        "escapes-lower",
        ALL_ESCAPES.lower() + "=1",
        "".join(plain.uri_encode(bytes([octet])) for octet in range(256)) + "=1",
        "SIG-008 SIG-006",
        (
            "a decoder may treat names and lower-case digits differently from values and "
            "upper-case digits"
        ),
    ),
    (
        "printable",
        "a=" + PRINTABLE.replace("&", ""),
        "a=" + PRINTABLE_ENCODED.replace("%26", ""),
        "SIG-008 SIG-006",
        "AWS leaves only the unreserved characters unescaped, but URL libraries also leave others",
    ),
    (
        "printable-name",
        PRINTABLE.replace("&", "").replace("=", "") + "=1",
        PRINTABLE_ENCODED.replace("%26", "").replace("%3D", "") + "=1",
        "SIG-008 SIG-006",
        "a signer that encodes only values signs other names than the service",
    ),
    (
        "unreserved",
        f"{UNRESERVED}={UNRESERVED}",
        f"{UNRESERVED}={UNRESERVED}",
        "SIG-006",
        "an encoder that escapes `~` or `.` signs another query than every other signer",
    ),
    (
        "utf8",
        "\u1234=\u00fc\U0001f600",
        "%E1%88%B4=%C3%BC%F0%9F%98%80",
        "SIG-008 SIG-006",
        (
            "text outside ASCII is sent as UTF-8, so an encoder that uses UTF-16 units or "
            "Latin-1 signs other octets"
        ),
    ),
    (
        "every-utf8",
        "a=" + EVERY_UTF8,
        "a=" + EVERY_UTF8_ENCODED,
        "SIG-008 SIG-006",
        "an encoder whose table is wrong for a single octet fails for all text that contains it",
    ),
    (
        "no-utf8",
        "a=%ff%C3&%80=1",
        "%80=1&a=%FF%C3",
        "SIG-008",
        "a text decoder replaces octets that are not valid UTF-8, but AWS signs them unchanged",
    ),
    (
        "controls",
        "a=\t" + CONTROLS,
        "a=%09" + CONTROLS_ENCODED,
        "SIG-008 SIG-006",
        "an encoder whose table begins at the space character signs control characters unescaped",
    ),
    (
        "escaped-line-end",
        "a=%0D%0A%00",
        "a=%0D%0A%00",
        "SIG-008 SIG-028",
        "escaped line ends are data, and a signer that rejects them cannot sign a valid request",
    ),
    (
        "slash",
        "a=/b/../c//",
        "a=%2Fb%2F..%2Fc%2F%2F",
        "SIG-008 SIG-006",
        (
            "slashes and dots in a query are data, so a signer that normalises the whole "
            "target signs another query"
        ),
    ),
)
for slug, query, canonical, rules, why in QUERIES:
    signs(
        "sig-query-" + slug,
        "query " + quoted(slug, query),
        rules,
        why,
        uri="/",
        query=canonical,
        target="/?" + query,
    )
signs(
    "sig-query-without-path",
    "a target that begins with its question mark",
    "SIG-007 SIG-010",
    (
        "the path is empty and signed as a slash, but a parser that reads the query as the "
        "path signs another request"
    ),
    uri="/",
    query="a=1",
    target="?a=1",
)
signs(
    "sig-query-with-path",
    "a path and a query, each with its own encoding",
    "SIG-004 SIG-008",
    "the path is encoded twice and the query once, so a signer with one encoder for both fails",
    uri="/a%2520b",
    query="a%20b=c%20d",
    target="/a%20b?a%20b=c%20d",
)


# ---- headers -----------------------------------------------------------------------------------

TOKEN_CHARACTERS = "!#$%&'*+-.^_`|~09AZaz"
FOLDS = (
    ("crlf-blank", "a\r\n b", "a b"),
    ("crlf-tab", "a\r\n\tb", "a b"),
    ("lf-blank", "a\n b", "a b"),
    ("blank-crlf-blank", "a \r\n b", "a b"),
    ("first", "\r\n a", "a"),
    ("last", "a\r\n ", "a"),
    ("twice", "a\r\n \r\n\t b", "a b"),
    ("in-quotes", '"a\r\n   b"', '"a b"'),
)
VALUES = (  # slug, values of one header in order, the value that is signed, rules, why
    (
        "plain",
        ["a"],
        "a",
        "SIG-011",
        "a signer that changes an ordinary value fails for every request",
    ),
    (
        "trimmed",
        [" a "],
        "a",
        "SIG-012",
        "proxies remove the white space around a value, so a signature over it fails",
    ),
    ("trimmed-tabs", ["\t a\t"], "a", "SIG-012", "a signer that only trims spaces keeps the tabs"),
    (
        "runs",
        ["a  b   c"],
        "a b c",
        "SIG-012",
        (
            "the service merges runs of spaces before it compares, so a signer that keeps "
            "them gets a 403"
        ),
    ),
    (
        "runs-tabs",
        ["a\t\tb \t c"],
        "a b c",
        "SIG-012",
        "a signer that does not treat tabs as white space signs another value",
    ),
    (
        "tab",
        ["a\tb"],
        "a b",
        "SIG-012",
        "a signer that only merges runs of two or more keeps a single tab",
    ),
    (
        "quotes",
        ['"a  b"'],
        '"a b"',
        "SIG-012",
        "a signer that keeps spaces inside quotes, as AWS's first text said, signs another value",
    ),
    (
        "quotes-odd",
        ['a "b  c'],
        'a "b c',
        "SIG-012",
        "a parser of quoted strings runs to the end of the value",
    ),
    (
        "empty",
        [""],
        "",
        "SIG-012",
        (
            "a header with an empty value is still signed, and a signer that drops it "
            "signs other headers"
        ),
    ),
    (
        "blank",
        [" \t "],
        "",
        "SIG-012",
        (
            "a value of only white space is empty, and a signer that drops the header "
            "signs other headers"
        ),
    ),
    (
        "commas",
        ["a,b , c"],
        "a,b , c",
        "SIG-013",
        ("a signer that removes the spaces around a comma inside a value signs another value"),
    ),
    (
        "colon",
        ["a:b: c"],
        "a:b: c",
        "SIG-011",
        (
            "a value may contain colons, so a signer that splits the canonical line again "
            "finds the wrong colon"
        ),
    ),
    (
        "semicolon",
        ["a;b=c"],
        "a;b=c",
        "SIG-011",
        (
            "a value may contain semicolons, and a signer that splits the canonical "
            "request there fails"
        ),
    ),
    (
        "case",
        ["MiXed"],
        "MiXed",
        "SIG-011",
        "a signer that also changes values to lower case signs another value",
    ),
    (
        "escapes",
        ["%2F %41+"],
        "%2F %41+",
        "SIG-011",
        (
            "header values are not URL-encoded, so a signer that encodes or decodes them "
            "signs another value"
        ),
    ),
    (
        "printable",
        ["".join(map(chr, range(0x21, 0x7F)))],
        "".join(map(chr, range(0x21, 0x7F))),
        "SIG-011",
        "a signer that escapes or drops a visible character signs another value",
    ),
    (
        "twice",
        ["a", "b"],
        "a,b",
        "SIG-013",
        "a signer that stores headers in a map keeps only one of the values",
    ),
    (
        "order",
        ["z", "a", "p", "a"],
        "z,a,p,a",
        "SIG-013",
        "values are joined in the order given, so a signer that sorts them signs another value",
    ),
    (
        "twice-trimmed",
        [" a ", "\tb  c"],
        "a,b c",
        "SIG-013 SIG-012",
        (
            "each value is trimmed before the values are joined, and a signer that only "
            "trims the result keeps inner spaces"
        ),
    ),
    (
        "twice-empty",
        ["", "a", "", ""],
        ",a,,",
        "SIG-013",
        "empty values keep their commas, and a signer that drops them signs another value",
    ),
    (
        "nbsp",
        ["\u00a0a\u00a0\u00a0b\u00a0"],
        "\u00a0a\u00a0\u00a0b\u00a0",
        "SIG-012",
        (
            "a no-break space is not white space in HTTP, but text libraries trim it from "
            "the signed value"
        ),
    ),
    (
        "latin1",
        ["caf\u00e9"],
        "caf\u00e9",
        "SIG-026",
        "each header character is one octet, so a signer that hashes its UTF-8 signs two octets",
    ),
    (
        "utf8",
        ["caf\u00c3\u00a9"],
        "caf\u00c3\u00a9",
        "SIG-026",
        (
            "UTF-8 in a header is a sequence of octets, so a signer that encodes it again "
            "signs other octets"
        ),
    ),
    (
        "high-octets",
        ["".join(map(chr, range(0xA1, 0x100)))],
        "".join(map(chr, range(0xA1, 0x100))),
        "SIG-026",
        "a codec that maps a single octet elsewhere (windows-1252) signs another value",
    ),
)
for slug, values, value, rules, why in VALUES:
    signs(
        "sig-value-" + slug,
        f"header value{'s' if len(values) > 1 else ''} {quoted(slug, *values)}",
        rules,
        why,
        lines="x-test:" + value,
        also=[["X-Test", text] for text in values],
    )
for slug, text, value in FOLDS:
    signs(
        "sig-value-fold-" + slug,
        "folded header value " + json.dumps(text),
        "SIG-012",
        (
            "a folded header is one value, and a signer that keeps the line break adds a "
            "line to the canonical request"
        ),
        lines="x-test:" + value,
        also=[["X-Test", text]],
    )
for slug, also, lines, names, rules, why in (
    (
        "by-name",
        [["Zed", "1"], ["alpha", "2"], ["Mid", "3"]],
        f"alpha:2\nhost:example.amazonaws.com\nmid:3\nx-amz-date:{DATE}\nzed:1",
        "alpha;host;mid;x-amz-date;zed",
        "SIG-011",
        (
            "names are sorted in lower case, so a signer that sorts the names as given "
            "puts `Zed` first"
        ),
    ),
    (
        "prefix",
        [["a-b", "1"], ["a", "2"], ["a.b", "3"], ["a1", "4"]],
        "a:2\na-b:1\na.b:3\na1:4",
        "a;a-b;a.b;a1;host;x-amz-date",
        "SIG-011",
        (
            "a signer that sorts the lines puts `-`, `.` and `1` before the colon (curl "
            "7.88.1 does this)"
        ),
    ),
    (
        "underscore",
        [["a_b", "1"], ["aab", "2"], ["A-b", "3"]],
        "a-b:3\na_b:1\naab:2",
        "a-b;a_b;aab;host;x-amz-date",
        "SIG-011",
        "a signer that sorts before it changes names to lower case puts `_` in the wrong place",
    ),
    (
        "token",
        [[TOKEN_CHARACTERS, "1"]],
        TOKEN_CHARACTERS.lower() + ":1",
        TOKEN_CHARACTERS.lower() + ";host;x-amz-date",
        "SIG-011 SIG-025",
        "a signer that rejects or escapes a valid name character cannot sign the header",
    ),
    (
        "mixed-case",
        [["X-MiXeD", "1"]],
        "x-mixed:1",
        "host;x-amz-date;x-mixed",
        "SIG-011",
        "proxies may change the case of names, so a signer that keeps it gets a 403",
    ),
    (
        "same-in-other-case",
        [["x-test", "a"], ["X-TEST", "b"], ["X-Test", "c"]],
        "x-test:a,b,c",
        "host;x-amz-date;x-test",
        "SIG-013 SIG-011",
        "names are equal in any case, so a signer that compares them as given writes three lines",
    ),
    (
        "same-apart",
        [["x-a", "1"], ["x-b", "2"], ["x-a", "3"]],
        f"x-a:1,3\nx-amz-date:{DATE}\nx-b:2",
        "host;x-a;x-amz-date;x-b",
        "SIG-013",
        "a signer that only joins adjacent headers writes the same name twice",
    ),
):
    signs(
        "sig-name-" + slug,
        "header names " + quoted(slug, *[name for name, _ in also]),
        rules,
        why,
        lines=lines,
        also=also,
    )
    assert SIGN.cases[-1]["expect"]["output"]["canonical_request"].split("\n")[-2] == names
FORWARDED: Acceptable = (
    {"forwarded": True},
    "proxies add this header after the client; a client that sends it on request also signs it",
    "DIV-014",
)
for name in plain.NEVER_SIGNED + [
    "x-forwarded-for",
    "x-forwarded-proto",
    "X-Forwarded-Host",
    "x-forwarded-",
]:
    signs(
        "sig-unsigned-" + name.lower().strip("-"),
        name + " is never signed",
        "SIG-015",
        (
            "proxies add, drop or change this header, so a signature over it fails on some "
            "networks only"
        ),
        lines=f"host:example.amazonaws.com\nx-amz-date:{DATE}\n\nhost;x-amz-date",
        also=[[name, "trailers"]],
        also_acceptable=[FORWARDED] if name.lower().startswith("x-forwarded-") else [],
    )
for slug, title, also, lines, why in (
    (
        "one",
        "a header that Connection names is not signed",
        [["Connection", "X-Hop"], ["X-Hop", "1"], ["X-Stays", "2"]],
        f"x-amz-date:{DATE}\nx-stays:2\n\nhost;x-amz-date;x-stays",
        "a proxy removes the header, so a signature over it fails on some networks only",
    ),
    (
        "several",
        "headers in several Connection headers, in other case, are not signed",
        [
            ["connection", "close,\tx-HOP-1 , x-hop-2"],
            ["X-Hop-1", "1"],
            ["CONNECTION", "x-hop-3"],
            ["x-hop-2", "2"],
            ["X-Hop-3", "3"],
            ["Close-1", "4"],
        ],
        f"close-1:4\nhost:example.amazonaws.com\nx-amz-date:{DATE}\n\nclose-1;host;x-amz-date",
        "Connection is a list that may be split over lines, and a proxy removes each of its names",
    ),
    (
        "required",
        "a header that must be signed is signed even if Connection names it",
        [["Connection", "host, x-amz-date, x-amz-meta"], ["X-Amz-Meta", "1"]],
        f"x-amz-date:{DATE}\nx-amz-meta:1\n\nhost;x-amz-date;x-amz-meta",
        "a server rejects such a request without the signature of these headers",
    ),
):
    signs(
        "sig-unsigned-hop-by-hop-" + slug,
        title,
        "SIG-015",
        why,
        lines=lines,
        also=also,
    )
signs(
    "sig-unsigned-hop-by-hop-token",
    "the token is signed even if Connection names it",
    "SIG-015 SIG-017",
    "a token that is not signed on some calls makes their errors hard to explain",
    lines=f"x-amz-security-token:{TOKEN}\n\nhost;x-amz-date;x-amz-security-token",
    also=[["Connection", "x-amz-security-token"]],
    session_token=TOKEN,
)
for slug, also, lines, why in (
    (
        "content-length",
        [["Content-Length", "2"]],
        "content-length:2",
        "a signer signs each header that it is given, and the caller decides what to leave out",
    ),
    (
        "date",
        [["Date", "Sun, 30 Aug 2015 12:36:00 GMT"]],
        "date:Sun, 30 Aug 2015 12:36:00 GMT",
        (
            "a Date header is an ordinary header when x-amz-date is sent, and a signer "
            "that drops it signs other headers"
        ),
    ),
    (
        "names-alike",
        [["x-forwarded", "1"], ["te-", "2"], ["user-agents", "3"], ["x-amzn-trace-idx", "4"]],
        f"te-:2\nuser-agents:3\nx-amz-date:{DATE}\nx-amzn-trace-idx:4\nx-forwarded:1",
        (
            "the list contains whole names and one prefix, so a signer that compares "
            "loosely leaves these headers unsigned"
        ),
    ),
    (
        "usual",
        [
            ["Accept", "*/*"],
            ["Cookie", "a=b"],
            ["Cache-Control", "no-cache"],
            ["Range", "bytes=0-1"],
        ],
        "accept:*/*\ncache-control:no-cache\ncookie:a=b",
        "a signer that only signs a fixed list of names lets an attacker change all other headers",
    ),
):
    signs(
        "sig-signed-" + slug,
        ", ".join(name for name, _ in also) + (" are signed" if len(also) > 1 else " is signed"),
        "SIG-015",
        why,
        lines=lines,
        also=also,
    )
for slug, name, why in (
    ("empty", "", "the header line would begin with a colon"),
    ("blank", "x test", "some servers end the name at the space"),
    ("colon", "x:test", "the server would split the name from its value at another colon"),
    (
        "line-end",
        "x-test\r\n",
        "a line break in the name adds a header line of the caller's choice",
    ),
    (
        "non-ascii",
        "x-t\u00e9st",
        "a header name must be ASCII, and implementations encode other characters differently",
    ),
    ("blank-last", "x-test ", "a space before the colon enables request smuggling"),
):
    rejects(
        "sig-name-refused-" + slug,
        "an invalid header name: " + json.dumps(name),
        "SIG-025",
        why,
        also=[[name, "a"]],
    )
for slug, value, why in (
    ("cr", "a\rb", "some implementations end the line at a bare CR"),
    (
        "lf",
        "a\nb",
        "most implementations end the line at a bare LF and read the rest as another header",
    ),
    ("crlf", "a\r\nb", "the rest of the value would be another header"),
    ("crlf-last", "a\r\n", "an empty line would end the headers"),
    ("lf-first", "\nb", "the value would begin on a new line"),
    ("nul", "a\0b", "some proxies end the value at a NUL"),
    (
        "fold-cr",
        "a\r b",
        "folding uses LF or CR LF, so a bare CR is a line end for some implementations",
    ),
):
    rejects(
        "sig-value-refused-" + slug,
        "an invalid header value: " + json.dumps(value),
        "SIG-025",
        why,
        also=[["X-Test", value]],
    )
rejects(
    "sig-value-refused-wide",
    "a header value outside Latin-1",
    "SIG-026",
    (
        "the characters have no octets in a header, so the signer and the HTTP library may "
        "encode them differently"
    ),
    also=[["X-Test", "\u20ac"]],
)

for slug, host, why in (
    (
        "port",
        "example.amazonaws.com:8443",
        "a port other than the default is part of the Host header and of its signature",
    ),
    (
        "default-port",
        "example.amazonaws.com:443",
        (
            "the value is signed as it is sent, so a signer that drops the default port "
            "signs another value"
        ),
    ),
    (
        "ipv6",
        "[2001:db8::1]",
        "an IPv6 address contains colons, so a signer that splits at the first one signs `[2001`",
    ),
    (
        "ipv6-port",
        "[::1]:8080",
        "the port follows the bracket, so a signer that splits at the first colon signs `[2001`",
    ),
    (
        "case",
        "EXAMPLE.amazonaws.COM",
        (
            "the value is signed as it is sent, so a signer that changes it to lower case "
            "signs another value"
        ),
    ),
    (
        "blanks",
        " example.amazonaws.com ",
        "Host is trimmed like any other header, and a signer that keeps the white space gets a 403",
    ),
):
    signs(
        "sig-host-" + slug,
        "Host: " + host.strip(),
        "SIG-014",
        why,
        lines="host:" + host.strip(),
        headers=[["Host", host]],
    )
for name in ("HOST", "host"):
    signs(
        "sig-host-name-" + ("upper" if name == "HOST" else "lower"),
        "the name of the Host header written as " + name,
        "SIG-014 SIG-011",
        "a signer that looks for `Host` with exact case finds no such header",
        lines="host:a.example",
        headers=[[name, "a.example"]],
    )
rejects(
    "sig-host-refused-missing",
    "a request without a Host header",
    "SIG-014",
    "an attacker can replay a request to another host if the host is not signed",
    headers=[["X-Test", "a"]],
)
rejects(
    "sig-host-refused-empty",
    "an empty Host header",
    "SIG-014",
    "an empty host binds the request to no server",
    headers=[["Host", ""]],
)
for prefix in ("sig-header-", "sig-presign-header-"):
    rejects(
        prefix + "refused-kelvin-token",
        "a Kelvin sign in place of the k in the name of the session token's header"
        + (", presigned" if "presign" in prefix else ""),
        "SIG-025",
        "a signer that makes lower case as Unicode does replaces or drops the header silently",
        headers=[["Host", "example.com"], ["X-Amz-Security-To\u212aen", "a"]],
    )
EMPTY_HOSTS = (
    ("two", "two empty Host headers", [["Host", ""], ["Host", ""]]),
    ("blank-two", "two Host headers of spaces and tabs", [["Host", " "], ["host", "\t"]]),
    ("first", "an empty Host header before another", [["Host", ""], ["Host", "example.com"]]),
    ("last", "an empty Host header after another", [["Host", "example.com"], ["Host", " "]]),
)
for slug, title, hosts in EMPTY_HOSTS:
    for prefix in ("sig-host-", "sig-presign-host-"):
        rejects(
            f"{prefix}refused-empty-{slug}",
            title + (", presigned" if "presign" in prefix else ""),
            "SIG-014",
            "joined with a comma, the values look like a host that is not empty",
            headers=hosts,
        )


# ---- time, token, body hash --------------------------------------------------------------------

for slug, time, why in (
    ("leap-day", "20160229T235959Z", "a calendar without leap years rejects this day or shifts it"),
    (
        "century-leap-day",
        "20000229T000000Z",
        "a calendar that skips every century's leap day rejects this one, but 2000 was a leap year",
    ),
    (
        "year-end",
        "20231231T235959Z",
        "the ISO week year (`%G`, `YYYY`) may differ from the calendar year in these days",
    ),
    (
        "year-start",
        "20210101T000000Z",
        "2021-01-01 is in week 53 of 2020, so a format of `YYYY` instead of `yyyy` signs 2020",
    ),
    ("midnight", "20150830T000000Z", "a 12-hour clock writes midnight as 12 instead of 00"),
    ("afternoon", "20150830T235959Z", "a 12-hour clock writes 11 instead of 23"),
    (
        "epoch",
        "19700101T000000Z",
        "a signer that treats zero seconds as a missing time uses the current time",
    ),
    (
        "after-2038",
        "20380119T031408Z",
        "a signer that keeps the time in 32 bits signs a date in 1901",
    ),
    (
        "single-digits",
        "20010203T040506Z",
        "a signer that does not pad each field with zeros signs a malformed time",
    ),
):
    signs(
        "sig-time-" + slug,
        "time " + time,
        "SIG-016 SIG-020 SIG-021",
        why,
        lines="x-amz-date:" + time,
        time=time,
    )
signs(
    "sig-time-header-replaced",
    "an existing x-amz-date header is replaced",
    "SIG-016",
    "a retry that keeps the first attempt's date, or sends two dates, is rejected",
    lines="x-amz-date:" + DATE,
    also=[["X-AMZ-Date", "20010101T000000Z"]],
)
for slug, time, why in (
    (
        "month",
        "20151330T123600Z",
        "a signer that accepts month 13 sends a request that every server rejects",
    ),
    (
        "day",
        "20150431T123600Z",
        "April has thirty days, and a signer that accepts day 31 signs a day that does not exist",
    ),
    (
        "no-leap-day",
        "20150229T123600Z",
        (
            "2015 was not a leap year, and a signer that accepts this day signs a day that "
            "does not exist"
        ),
    ),
    (
        "century-day",
        "21000229T123600Z",
        (
            "2100 is not a leap year, and a signer that accepts this day signs a day that "
            "does not exist"
        ),
    ),
    (
        "hour",
        "20150830T240000Z",
        "hours end at 23, and a lenient parser moves this time to the next day",
    ),
    (
        "minute",
        "20150830T126000Z",
        "minutes end at 59, and a lenient parser moves this time to the next hour",
    ),
    ("second", "20150830T123660Z", "a leap second is never signed, and servers reject it"),
    ("no-zone", "20150830T123600", "a local time that looks like UTC is off by hours"),
    (
        "extended",
        "2015-08-30T12:36:00Z",
        "with the extended format, the first eight characters give the scope `2015-08-`",
    ),
    ("lower-case", "20150830t123600z", "ISO 8601 allows this format, but AWS does not"),
    ("date-alone", "20150830", "a date without a time gives the same signature for the whole day"),
    ("empty", "", "an empty time gives a scope without a day and a header without a value"),
    ("line-end", DATE + "\n", "a line break in the time adds a line to the string to sign"),
):
    rejects(
        "sig-time-refused-" + slug,
        "an invalid time: " + json.dumps(time),
        "SIG-016",
        why,
        time=time,
    )

signs(
    "sig-token",
    "a session token, sent and signed",
    "SIG-017",
    "the service rejects temporary credentials without their token (UnrecognizedClientException)",
    lines="x-amz-security-token:" + TOKEN,
    session_token=TOKEN,
)
signs(
    "sig-token-empty",
    "an empty session token",
    "SIG-017",
    (
        "an empty environment variable usually means no token, and a signer that signs an "
        "empty header gets a 403"
    ),
    lines=f"host:example.amazonaws.com\nx-amz-date:{DATE}\n\nhost;x-amz-date",
    session_token="",
)
signs(
    "sig-token-zero",
    "a session token `0`",
    "SIG-017",
    "a language in which the text `0` is false treats the token as absent",
    lines=f"host:example.amazonaws.com\nx-amz-date:{DATE}\nx-amz-security-token:0",
    session_token="0",
)
signs(
    "sig-token-header-replaced",
    "an existing token header is replaced",
    "SIG-017",
    "a signer that keeps the existing header sends the expired token with the new one",
    lines="x-amz-security-token:" + TOKEN,
    session_token=TOKEN,
    also=[["X-Amz-Security-Token", "STALE"]],
)
signs(
    "sig-token-header-alone",
    "a token header without a session token in the credentials",
    "SIG-015",
    (
        "the service rejects unsigned x-amz-* headers, so the given header must be signed "
        "like any other"
    ),
    lines="x-amz-security-token:GIVEN",
    also=[["X-Amz-Security-Token", "GIVEN"]],
)
signs(
    "sig-token-unsigned",
    "a session token that is not signed",
    "SIG-018",
    "some services accept the token only outside the signature",
    lines=f"host:example.amazonaws.com\nx-amz-date:{DATE}\n\nhost;x-amz-date",
    session_token=TOKEN,
    omit_session_token=True,
)
signs(
    "sig-token-unsigned-header-replaced",
    "a session token that is not signed and replaces an existing one",
    "SIG-018 SIG-017",
    "the signer must not sign the old token in place of the new one",
    lines=f"host:example.amazonaws.com\nx-amz-date:{DATE}\n\nhost;x-amz-date",
    session_token=TOKEN,
    omit_session_token=True,
    also=[["X-Amz-Security-Token", "STALE"]],
)
signs(
    "sig-token-long",
    "a session token of 2,000 characters",
    "SIG-017",
    "tokens of chained roles are long, and a buffer of 1,024 characters truncates them",
    lines="x-amz-security-token:" + "Ab+/" * 500,
    session_token="Ab+/" * 500,
)

BODIES = (
    (
        "empty",
        b"",
        (
            "an empty body has a hash too, and a signer that writes an empty text gets a "
            "403 for every GET"
        ),
    ),
    (
        "text",
        b'{"inputs": "Hi"}',
        (
            "the body's hash is the last line, and a signer that omits it leaves the body "
            "open to change"
        ),
    ),
    (
        "utf8",
        '{"inputs": "Gr\u00fc\u00dfe \U0001f600"}'.encode("utf-8"),
        "the hash is over the octets sent, so a signer that hashes characters signs another body",
    ),
    ("binary", bytes(range(256)), "a signer that treats the body as text loses octets"),
    ("crlf", b"a\r\nb\nc\r", "a signer that reads the body in text mode changes its line ends"),
    ("lf-last", b"a\n", "a signer that reads lines adds a final LF, or removes it"),
    ("lf-only", b"\n", "a signer that removes line ends hashes an empty body"),
    ("nul", b"\0", "a signer that stops at the first NUL hashes an empty body"),
    (
        "55",
        b"a" * 55,
        (
            "55 bytes are the longest body whose padding fits into one block, where "
            "home-made SHA-256 often fails"
        ),
    ),
    (
        "56",
        b"a" * 56,
        (
            "56 bytes are the shortest body that needs a second block for its padding, where "
            "home-made SHA-256 often fails"
        ),
    ),
    (
        "64",
        b"a" * 64,
        ("64 bytes are exactly one block without padding, where home-made SHA-256 often fails"),
    ),
    (
        "large",
        bytes(range(251)) * 80,
        "a reader that stops after the first 8 KiB or 16 KiB only hashes a part of the body",
    ),
)
for slug, body, why in BODIES:
    signs("sig-body-" + slug, "body: " + words(slug), "SIG-019", why, method="POST", body=b64(body))
for slug, body in (("empty", b""), ("text", b'{"inputs": "Hi"}'), ("binary", bytes(range(256)))):
    signs(
        "sig-body-signed-" + slug,
        "x-amz-content-sha256 of a body: " + slug,
        "SIG-019",
        (
            "a service that requires the header rejects a request without it, or with the "
            "hash of another body"
        ),
        method="POST",
        body=b64(body),
        sign_body=True,
    )
    assert (
        "\nx-amz-content-sha256:"
        + SIGN.cases[-1]["expect"]["output"]["canonical_request"].split("\n")[-1]
        in (SIGN.cases[-1]["expect"]["output"]["canonical_request"])
    )
signs(
    "sig-body-signed-header-replaced",
    "an existing x-amz-content-sha256 header is replaced",
    "SIG-019",
    "a retry with another body would send the first body's hash",
    method="POST",
    body=b64(b"new"),
    sign_body=True,
    also=[["X-Amz-Content-Sha256", "0" * 64]],
)
signs(
    "sig-body-hash-header-alone",
    "an x-amz-content-sha256 header that the caller added",
    "SIG-019",
    "the last line is the hash of the body sent, regardless of the header",
    lines="x-amz-content-sha256:" + "0" * 64,
    method="POST",
    body=b64(b"new"),
    also=[["X-Amz-Content-Sha256", "0" * 64]],
)


# ---- scope, keys, authorization ----------------------------------------------------------------

for slug, changes, why in (
    (
        "region",
        {"region": "ap-southeast-2"},
        "a signer with a fixed region, or a cached key of another region, fails here",
    ),
    (
        "service",
        {"service": "s3"},
        "a signer with a fixed service, or a cached key of another service, fails here",
    ),
    (
        "service-name",
        {"service": "a.b_c-d"},
        (
            "a signing name is not a DNS label, and a signer that changes its dots or "
            "underscores signs another scope"
        ),
    ),
    (
        "date",
        {"time": "20250101T000001Z"},
        "a signer that caches its key without the date fails for every call after midnight",
    ),
    (
        "all",
        {"region": "x", "service": "y", "time": "20191013T070809Z"},
        "a signer that swaps region and service fails here",
    ),
):
    scope: Dict[str, Any] = {**changes}
    signs("sig-scope-" + slug, "scope: " + words(slug), "SIG-020 SIG-022", why, **scope)
for slug, secret, why in (
    (
        "other",
        "c3VwZXJzZWNyZXQK0123456789abcdefghijklmn",
        "a signer that caches its key without the secret fails after a rotation",
    ),
    (
        "plus-and-slash",
        "////++++////++++////++++////++++////++++",
        "a signer that URL-decodes or base64-decodes the secret derives another key",
    ),
    (
        "block",
        "s" * 60,
        "with its prefix the secret fills exactly one block of HMAC and must not be hashed",
    ),
    ("beyond-block", "s" * 61, "the secret exceeds a block, so HMAC hashes it first"),
    ("short", "x", "a signer that expects forty characters rejects a valid secret"),
    (
        "punctuation",
        "!\"#$%&'()*,-.:;<=>?@[\\]^_`{|}~",
        "a signer that escapes or drops a visible character derives another key",
    ),
):
    signs(
        "sig-secret-" + slug,
        "a secret key: " + words(slug),
        "SIG-022 SIG-023 SIG-029",
        why,
        secret_key=secret,
    )
signs(
    "sig-access-key",
    "another access key",
    "SIG-024",
    "the access key is only in Authorization, so a signer that also hashes it gets a 403",
    access_key="ASIAIOSFODNN7EXAMPLE",
)
for what in ("region", "service"):
    for slug, text, why in (
        ("empty", "", "an empty part makes the scope ambiguous"),
        ("slash", "us/east", "a slash adds a part to the scope"),
        ("blank", "us east", "a parser that splits Authorization at spaces reads another scope"),
        (
            "comma",
            "us,east",
            "a parser that splits Authorization at commas reads another credential",
        ),
        ("non-ascii", "\u00fcs-east", "implementations encode these characters differently"),
        ("line-end", "us-east-1\n", "a line break adds a line to the string to sign"),
    ):
        rejects(
            f"sig-scope-refused-{what}-{slug}",
            f"a {what} that cannot be part of a scope: {json.dumps(text)}",
            "SIG-020",
            why,
            harmless=slug not in ("empty", "line-end"),
            **{what: text},
        )
for slug, changes, why in (
    (
        "access-key-empty",
        {"access_key": ""},
        "an incomplete pair of credentials gives a signature that every server rejects",
    ),
    (
        "secret-key-empty",
        {"secret_key": ""},
        "an incomplete pair of credentials gives a signature that every server rejects",
    ),
    (
        "access-key-slash",
        {"access_key": "AKID/EXAMPLE"},
        (
            "a slash suggests that key and secret were swapped, and the secret would be "
            "sent in clear text"
        ),
    ),
    (
        "access-key-comma",
        {"access_key": "AKID,EXAMPLE"},
        "a parser that splits Authorization at commas reads another credential",
    ),
    (
        "access-key-line-end",
        {"access_key": "AKIDEXAMPLE\r\nX: y"},
        "a line break in the access key adds a header line of the caller's choice",
    ),
    (
        "secret-key-line-end",
        {"secret_key": SECRET_KEY + "\n"},
        "a key file read with its final line end gives a 403 that is hard to explain",
    ),
    (
        "token-line-end",
        {"session_token": TOKEN + "\n"},
        "a token file read with its final line end breaks the token's header",
    ),
    (
        "token-blank",
        {"session_token": "a b"},
        "tokens contain no spaces, so a shell probably joined two words",
    ),
):
    rejects(
        "sig-credentials-refused-" + slug,
        "unusable credentials: " + words(slug),
        "SIG-029",
        why,
        kind=["configuration", "constraint"],
        harmless=slug in ("access-key-comma", "token-blank"),
        **changes,
    )


# ---- calls of the operation --------------------------------------------------------------------


def call(
    name: str,
    title: str,
    region: str,
    dns: str,
    time: str,
    body: bytes,
    also: Sequence[Tuple[str, str]],
    why: str,
    **changes: Any,
) -> None:
    host = f"runtime.sagemaker.{region}.{dns}"
    headers = [["Host", host], ["User-Agent", "example/1.0"], *[list(pair) for pair in also]]
    signs(
        name,
        title,
        "SIG-001 SIG-015 SIG-021 SIG-024 SIG-027",
        why,
        uri="/endpoints/llm/invocations-response-stream",
        query="",
        lines="host:" + host,
        **dict(
            {
                "method": "POST",
                "target": "/endpoints/llm/invocations-response-stream",
                "headers": headers,
                "body": b64(body),
                "region": region,
                "time": time,
            },
            **changes,
        ),
    )


JSON_TYPE = ("Content-Type", "application/json")
MEMBERS = [
    JSON_TYPE,
    ("X-Amzn-SageMaker-Accept", "application/jsonlines"),
    ("X-Amzn-SageMaker-Custom-Attributes", "accept_eula=true"),
    ("X-Amzn-SageMaker-Target-Variant", "blue"),
    ("X-Amzn-SageMaker-Target-Container-Hostname", "first"),
    ("X-Amzn-SageMaker-Inference-Id", "id 1"),
    ("X-Amzn-SageMaker-Inference-Component", "llm-7b"),
    ("X-Amzn-SageMaker-Session-Id", "s-1"),
    ("X-Amzn-SageMaker-Prefix-Aware-Id", "p 1"),
]
PROMPT = b'{"inputs": "What is SigV4?", "parameters": {"max_new_tokens": 64}, "stream": true}'
call(
    "sig-call-smallest",
    "a call with only a body and its type",
    "us-east-1",
    "amazonaws.com",
    DATE,
    b"{}",
    [],
    "this is the smallest call, so a signer that fails here cannot sign any call",
)
call(
    "sig-call-all-members",
    "a call with every input member",
    "us-east-1",
    "amazonaws.com",
    "20261122T091500Z",
    PROMPT,
    MEMBERS,
    "if X-Amzn-SageMaker-* headers are unsigned, an attacker can choose the model or the session",
)
assert SIGN.cases[-1]["expect"]["output"]["canonical_request"].count("\nx-amzn-sagemaker-") == 8
call(
    "sig-call-all-members-token",
    "a call with every input member and a session token",
    "eu-west-1",
    "amazonaws.com",
    "20240229T120000Z",
    PROMPT,
    MEMBERS,
    "a signer that appends the token's header instead of sorting it signs other headers",
    session_token=TOKEN,
)
call(
    "sig-call-content-length",
    "a call with Content-Length and Accept-Encoding, as an HTTP library prepares it",
    "us-west-2",
    "amazonaws.com",
    "20251231T235959Z",
    PROMPT,
    [JSON_TYPE, ("Content-Length", str(len(PROMPT))), ("Accept-Encoding", "identity")],
    "a signature over Accept-Encoding fails behind a proxy that changes this header",
)
for region, dns, time in (
    ("ap-northeast-1", "amazonaws.com", "20260101T000000Z"),
    ("cn-north-1", "amazonaws.com.cn", "20240229T235959Z"),
    ("us-gov-west-1", "amazonaws.com", "20231231T235959Z"),
    ("us-iso-east-1", "c2s.ic.gov", "20200229T000000Z"),
    ("us-isob-east-1", "sc2s.sgov.gov", "20250630T235959Z"),
    ("eu-isoe-west-1", "cloud.adc-e.uk", "20260331T010000Z"),
    ("us-isof-south-1", "csp.hci.ic.gov", "20251026T010000Z"),
    ("eusc-de-east-1", "amazonaws.eu", "20260115T080910Z"),
):
    call(
        "sig-call-" + region,
        "a call in " + region,
        region,
        dns,
        time,
        PROMPT,
        [JSON_TYPE],
        "a signer with a fixed host or region in its scope fails in other partitions",
    )
signs(
    "sig-call-custom-endpoint",
    "a call through a gateway with a port and a base path",
    "SIG-004 SIG-014 SIG-027",
    (
        "a base path is encoded twice and the port is part of Host, so a signer that "
        "differs gets a 403 from the gateway"
    ),
    uri="/team%2520a/v1/endpoints/llm/invocations-response-stream",
    lines="host:gateway.example:8443",
    method="POST",
    target="/team%20a/v1/endpoints/llm/invocations-response-stream",
    headers=[["Host", "gateway.example:8443"], list(JSON_TYPE)],
    body=b64(PROMPT),
)


# ---- presigned ---------------------------------------------------------------------------------

CREDENTIAL = "AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fsagemaker%2Faws4_request"


def own(
    expires: int = 300, names: str = "host", token: str = "", credential: str = CREDENTIAL
) -> str:
    """Return the parameters of a presigned request in canonical form."""
    token_parameter = "&X-Amz-Security-Token=" + token if token else ""
    return (
        f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential}&X-Amz-Date={DATE}"
        f"&X-Amz-Expires={expires}{token_parameter}&X-Amz-SignedHeaders={names}"
    )


TOKEN_ENCODED = plain.uri_encode(TOKEN.encode())
# Part of the id, title, headers, canonical header lines.
HOP_BY_HOP_PRESIGNED = (
    (
        "several",
        "headers in several Connection headers, in other case",
        [
            ["connection", "close,\tx-HOP-1 , x-hop-2"],
            ["X-Hop-1", "1"],
            ["CONNECTION", "x-hop-3"],
            ["x-hop-2", "2"],
            ["X-Hop-3", "3"],
            ["Close-1", "4"],
        ],
        "close-1:4\nhost:example.amazonaws.com\n\nclose-1;host",
    ),
    (
        "required",
        "host and x-amz-meta in Connection",
        [["Connection", "Host, X-Amz-Meta"], ["X-Amz-Meta", "1"]],
        "host:example.amazonaws.com\nx-amz-meta:1\n\nhost;x-amz-meta",
    ),
    (
        "part-of-name",
        "names that are parts of those in Connection, and the reverse",
        [["Connection", "x-hop-long, x-b"], ["x-hop", "1"], ["hop", "2"], ["x-b-c", "3"]],
        "hop:2\nhost:example.amazonaws.com\nx-b-c:3\nx-hop:1\n\nhop;host;x-b-c;x-hop",
    ),
)
presigns(
    "sig-presign-smallest",
    "the smallest presigned request",
    "SIG-030 SIG-032",
    "a signer that signs other parameters than these five creates a URL that the service rejects",
    query=own(),
    lines="host:example.amazonaws.com\n\nhost",
)
presigns(
    "sig-presign-operation",
    "the operation, presigned",
    "SIG-030 SIG-027 SIG-019",
    "a signer that signs UNSIGNED-PAYLOAD, as for S3, creates a URL that the service rejects",
    uri="/endpoints/llm/invocations-response-stream",
    method="POST",
    target="/endpoints/llm/invocations-response-stream",
    body=b64(PROMPT),
    headers=[["Host", "runtime.sagemaker.us-east-1.amazonaws.com"]],
)
for seconds, why in (
    (1, "this is the shortest expiry, and a signer whose bound is one too high rejects it"),
    (60, "a signer that pads numbers with zeros signs another parameter"),
    (604799, "a signer whose bound is too low rejects a valid expiry"),
    (
        604800,
        "this is the longest expiry, a week, and a signer whose bound is one too low rejects it",
    ),
):
    presigns(
        f"sig-presign-expires-{seconds}",
        f"an expiry of {seconds} second{'' if seconds == 1 else 's'}",
        "SIG-031 SIG-030",
        why,
        query=own(seconds),
        expires=seconds,
    )
for slug, seconds, why in (
    ("zero", 0, "servers read zero as already expired or as unlimited"),
    ("negative", -1, "the URL would expire before it was created"),
    (
        "week-and-a-second",
        604801,
        "every server rejects the URL, and its user sees the error instead of its creator",
    ),
    ("year", 31536000, "the caller wants a URL that lasts a year, but every server rejects it"),
):
    rejects(
        "sig-presign-expires-refused-" + slug,
        f"an expiry of {seconds} second{'' if seconds == 1 else 's'}",
        "SIG-031",
        why,
        expires=seconds,
    )
presigns(
    "sig-presign-token",
    "a session token in the query, signed",
    "SIG-033",
    "the service rejects a URL of temporary credentials without the token",
    query=own(token=TOKEN_ENCODED),
    session_token=TOKEN,
)
presigns(
    "sig-presign-token-unsigned",
    "a session token appended after the signed parameters",
    "SIG-018 SIG-033 SIG-032",
    "AWS IoT expects the token in the URL but not in the signed query",
    query=own(),
    session_token=TOKEN,
    omit_session_token=True,
)
presigns(
    "sig-presign-token-empty",
    "an empty session token",
    "SIG-017 SIG-033",
    "a signer that signs an empty parameter creates a URL that the service rejects",
    query=own(),
    session_token="",
)
presigns(
    "sig-presign-token-zero",
    "a session token `0`",
    "SIG-017 SIG-033",
    "a language in which the text `0` is false treats the token as absent",
    session_token="0",
)
for name in (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
):
    presigns(
        "sig-presign-replaces-" + name.lower(),
        f"an existing {name} parameter is replaced",
        "SIG-032" if name.endswith("Signature") else "SIG-030",
        (
            "a URL that is presigned twice would have every parameter twice, and the "
            "server reads the old one or rejects both"
        ),
        query=own() + "&a=1",
        target=f"/?{name}=STALE&a=1",
    )
presigns(
    "sig-presign-replaces-token",
    "an existing token parameter is replaced",
    "SIG-033 SIG-030",
    "a signer that keeps the existing parameter sends the expired token with the new one",
    query=own(token=TOKEN_ENCODED),
    target="/?X-Amz-Security-Token=STALE",
    session_token=TOKEN,
)
presigns(
    "sig-presign-drops-token",
    "an existing token parameter is dropped if the credentials have no token",
    "SIG-030 SIG-033",
    "a URL that is presigned again with long-term keys must not contain the old token",
    query=own(),
    target="/?X-Amz-Security-Token=STALE",
    also_acceptable=[
        (
            {"keep_token": True},
            (
                "the caller gave this parameter, and a token header without a session "
                "token is also kept"
            ),
            "DIV-016",
        )
    ],
)
presigns(
    "sig-presign-replaces-escaped",
    "an existing parameter with an escaped name is replaced",
    "SIG-030 SIG-008",
    "servers decode names before they compare them, so the signer must do the same",
    query=own(),
    target="/?X%2DAmz%2DExpires=86400",
)
presigns(
    "sig-presign-lower-case-parameter",
    "x-amz-date in lower case is an ordinary parameter",
    "SIG-030",
    "parameter names are case-sensitive, so a signer that drops this one changes the request",
    query=own() + "&x-amz-date=1",
    target="/?x-amz-date=1",
)
presigns(
    "sig-presign-order",
    "other parameters that sort before, between and after those of the signature",
    "SIG-009 SIG-030",
    "all parameters are sorted together, so a signer that appends its own signs another query",
    query="A=1&X-Amy=2&"
    + own().replace("&X-Amz-Expires", "&X-Amz-E=4&X-Amz-Expires")
    + "&X-Amz-Z=5&Y=6&a=7",
    target="/?a=7&X-Amz-Z=5&Y=6&X-Amz-E=4&X-Amy=2&A=1",
)
presigns(
    "sig-presign-order-encoded",
    "parameters whose order changes when they are encoded",
    "SIG-009 SIG-030",
    "a signer that sorts before it encodes puts `{` after `X`, but `%7B` precedes it",
    query="%7B=1&%C3%BC=2&" + own(),
    target="/?\u00fc=2&{=1",
)
presigns(
    "sig-presign-query",
    "a query whose pieces are not canonical",
    "SIG-008 SIG-010 SIG-030",
    "a signer that copies the existing query signs another one than the service",
    query=own() + "&a=&b=x%2By&c=%2F&c=d%3De",
    target="/?c=%2f&b=x+y&&a&c=d=e",
)
presigns(
    "sig-presign-same-name-twice",
    "the same parameter name twice",
    "SIG-009 SIG-030",
    "a signer that stores parameters in a map loses one",
    query=own() + "&a=1&a=1&a=2",
    target="/?a=2&a=1&a=1",
)
presigns(
    "sig-presign-headers",
    "several signed headers",
    "SIG-030 SIG-011",
    "a signer that does not encode the semicolons of the list in the query creates another URL",
    query=own(names="content-type%3Bhost%3Bx-amz-foo"),
    lines="content-type:text/plain\nhost:example.amazonaws.com\nx-amz-foo:a b",
    also=[["X-Amz-Foo", " a  b "], ["Content-Type", "text/plain"]],
)
presigns(
    "sig-presign-unsigned-headers",
    "headers that are never signed",
    "SIG-015 SIG-030",
    "a browser sends another User-Agent than the client that created the URL",
    query=own(),
    also=[
        ["User-Agent", "a"],
        ["Accept-Encoding", "gzip"],
        ["X-Forwarded-For", "::1"],
        ["Authorization", "Basic eDp5"],
    ],
)
presigns(
    "sig-presign-unsigned-all",
    "every header that is never signed",
    "SIG-015 SIG-030",
    "the user of a URL sends other headers of these names than its creator",
    query=own(),
    lines="host:example.amazonaws.com\n\nhost",
    also=[
        [name, "a"]
        for name in (*plain.NEVER_SIGNED, "X-Forwarded-Host", "x-forwarded-")
        if name != "authorization"
    ],
)
for slug, title, also, lines in HOP_BY_HOP_PRESIGNED:
    presigns(
        "sig-presign-hop-by-hop-" + slug,
        f"{title}, presigned",
        "SIG-015 SIG-030",
        "a proxy removes what Connection names, so a URL that covers it works on some networks",
        lines=lines,
        also=also,
    )
presigns(
    "sig-presign-signed-headers",
    "usual headers, and names like those that are never signed",
    "SIG-015 SIG-030",
    "whoever has the URL could change a header that it does not cover",
    lines="accept:1\ncontent-length:0\ncookie:2\ndate:3\nhost:example.amazonaws.com\nte-:4\n"
    "user-agents:5\nx-amzn-trace-idx:6\nx-forwarded:7\n",
    also=[
        ["x-forwarded", "7"],
        ["te-", "4"],
        ["user-agents", "5"],
        ["x-amzn-trace-idx", "6"],
        ["Accept", "1"],
        ["Cookie", "2"],
        ["Content-Length", "0"],
        ["Date", "3"],
    ],
)
presigns(
    "sig-presign-date-header",
    "an x-amz-date header is not signed",
    "SIG-034",
    "the user of a URL does not send this header, so a signature over it fails",
    query=own(),
    also=[["X-Amz-Date", DATE]],
)
presigns(
    "sig-presign-token-header",
    "a token header is not signed",
    "SIG-034",
    "the user of a URL does not send this header, so a signature over it fails",
    query=own(token=TOKEN_ENCODED),
    session_token=TOKEN,
    also=[["X-Amz-Security-Token", TOKEN]],
)
presigns(
    "sig-presign-path",
    "a path that is normalised and encoded twice only for the signature",
    "SIG-003 SIG-004 SIG-030",
    "a signer that puts the canonical path into the URL requests another resource",
    uri="/a%2520b/",
    target="/x/../a%20b//",
)
presigns(
    "sig-presign-path-single",
    "a path that is encoded once",
    "SIG-005 SIG-003 SIG-030",
    "a signer that always encodes the path twice cannot presign URLs for S3",
    uri="/a//%20b/../c",
    target="/a//%20b/../c",
    double_encode=False,
    normalize_path=False,
)
presigns(
    "sig-presign-empty-target",
    "an empty target",
    "SIG-007 SIG-030",
    "a URL without a slash before its question mark cannot be requested",
    uri="/",
    target="",
)
presigns(
    "sig-presign-port",
    "a host with a port",
    "SIG-014 SIG-030",
    "a signer that drops the port signs another Host header than the one sent",
    lines="host:localhost:8080",
    headers=[["Host", "localhost:8080"]],
)
presigns(
    "sig-presign-body",
    "a body that is not text",
    "SIG-019 SIG-030",
    "a signer that decodes the body as text hashes other octets",
    method="PUT",
    body=b64(bytes(range(256))),
)
presigns(
    "sig-presign-credential",
    "another key, region, service and time",
    "SIG-020 SIG-030",
    "a signer with any fixed part in its scope fails here",
    access_key="ASIAIOSFODNN7EXAMPLE",
    region="eu-west-1",
    service="execute-api",
    time="20240229T235959Z",
    query="X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=ASIAIOSFODNN7EXAMPLE%2F20240229%2Feu-west-1%2Fexecute-api%2Faws4_request"
    "&X-Amz-Date=20240229T235959Z&X-Amz-Expires=300&X-Amz-SignedHeaders=host",
)
presigns(
    "sig-presign-access-key-encoded",
    "an access key with characters that must be encoded",
    "SIG-030 SIG-006",
    "other clouds use such keys, and a signer that does not encode them splits the query",
    access_key="GOOG1+ex=ample~",
    query=own(credential=CREDENTIAL.replace("AKIDEXAMPLE", "GOOG1%2Bex%3Dample~")),
)
for slug, bad in LINE_ENDS:
    for place, title, target in PLACES_IN_TARGET:
        rejects(
            f"sig-presign-target-refused-{slug}-{place}",
            f"{slug.upper()} {title}",
            "SIG-028",
            ("a line end in the path adds a header line to the request"),
            target=target % bad,
        )
rejects(
    "sig-presign-target-refused-relative",
    "a target without a path",
    "SIG-003",
    "nothing that can be requested precedes the question mark",
    target="a/b",
)
rejects(
    "sig-presign-host-refused-missing",
    "a request without a Host header",
    "SIG-014",
    "any host could accept such a URL",
    headers=[],
)
rejects(
    "sig-presign-time-refused-day",
    "an invalid time",
    "SIG-016",
    "the scope would name a day that does not exist",
    time="20150431T123600Z",
)
rejects(
    "sig-presign-scope-refused-region-slash",
    "a region that cannot be part of a scope",
    "SIG-020",
    "a slash adds a part to the scope",
    region="us/east",
    harmless=True,
)


# ---- tokens and paths whose characters have a meaning elsewhere --------------------------------

# Each token breaks a query if a signer does not encode it, or encodes or decodes it twice.
TOKENS = (
    ("ampersand", "A&X-Amz-Expires=604800", "an ampersand"),
    ("percent", "A%26b%2", "percent signs"),
    ("number-sign", "A#b", "a number sign"),
    ("plus", "A+b+/c==", "plus and equals signs"),
    ("question-mark", "A?b/c~d", "a question mark, a slash and a tilde"),
    ("printable", "".join(map(chr, range(33, 127))), "all ASCII punctuation"),
)
TOKEN_WHY = "a token that is not encoded, or encoded twice, reaches the service as another token"
for slug, token, described in TOKENS:
    encoded = plain.uri_encode(token.encode())
    presigns(
        "sig-presign-token-unsigned-with-" + slug,
        f"a session token with {described}, after the signed parameters",
        "SIG-018 SIG-006",
        TOKEN_WHY,
        query=own(),
        session_token=token,
        omit_session_token=True,
    )
    assert (
        f"=host&X-Amz-Security-Token={encoded}&X-Amz-Signature="
        in (PRESIGN.cases[-1]["expect"]["output"]["target"])
    )
    if slug not in ("percent", "plus", "printable"):
        continue
    presigns(
        "sig-presign-token-with-" + slug,
        f"a session token with {described}, signed in the query",
        "SIG-033 SIG-006",
        TOKEN_WHY,
        query=own(token=encoded),
        session_token=token,
    )
    signs(
        "sig-token-with-" + slug,
        f"a session token with {described}, signed in a header",
        "SIG-017",
        "a header is not encoded, so a signer that escapes the token sends another one",
        lines=f"x-amz-security-token:{token}\n\nhost;x-amz-date;x-amz-security-token",
        session_token=token,
    )
for where in ("", "presign-"):
    for slug, unusable in (
        ("access-key-non-ascii", {"access_key": "AKID\u00c9XAMPLE"}),
        ("secret-key-non-ascii", {"secret_key": SECRET_KEY[:-1] + "\u00e9"}),
        ("token-non-ascii", {"session_token": "A\u00e9"}),
        ("token-astral", {"session_token": "A\U0001f600"}),
    ):
        for is_unsigned in (False, True) if slug == "token-non-ascii" else (False,):
            credentials: Dict[str, Any] = {**unusable}
            if is_unsigned:
                credentials["omit_session_token"] = True
            rejects(
                f"sig-{where}credentials-refused-{slug}{'-unsigned' if is_unsigned else ''}",
                f"unusable credentials{' to presign with' if where else ''}: {words(slug)}"
                + (", not signed" if is_unsigned else ""),
                "SIG-029",
                "some implementations encode the character as UTF-8 and others as Latin-1",
                kind=["configuration", "constraint"],
                **credentials,
            )
for slug, text, octets in (
    ("latin-1", "/a\u00e9/\u0080\u00ff", "/a%C3%A9/%C2%80%C3%BF"),
    (
        "beyond-latin-1",
        "/\u0100\u0416/\u20ac\ufffd/\U0001f600",
        "/%C4%80%D0%96/%E2%82%AC%EF%BF%BD/%F0%9F%98%80",
    ),
):
    for flags, rules, is_double in (
        ("double", "SIG-026 SIG-004", None),
        ("single", "SIG-026 SIG-005", False),
    ):
        presigns(
            f"sig-presign-path-octets-{slug}-{flags}",
            f"a path of UTF-8 outside ASCII: {words(slug)}, encoded with the option {flags}",
            rules,
            "a signer that returns octets as characters creates the URL of another resource",
            uri=octets,
            target=text,
            double_encode=is_double,
            normalize_path=is_double,
        )
        assert PRESIGN.cases[-1]["expect"]["output"]["target"].startswith(text + "?X-Amz-")
    signs(
        f"sig-path-octets-{slug}",
        f"a path of UTF-8 outside ASCII, {words(slug)}, encoded once",
        "SIG-026 SIG-005",
        "a signer that encodes characters as Latin-1 or UTF-16 signs another path",
        uri=octets,
        target=text,
        double_encode=False,
        normalize_path=False,
    )

# A list of names is not a text: a part of a name is another name.
for slug, connection, resembling in (
    ("shorter", None, ("t", "agent", "user", "x-forwarded2", "x-amzn")),
    ("longer", None, ("expect-ct", "not-x-forwarded-for", "te2", "upgrade-insecure-requests")),
    ("shorter-hop-by-hop", "x-hop-long", ("hop", "long", "x-hop")),
    ("longer-hop-by-hop", "x-hop", ("x-hop-long", "not-x-hop")),
):
    signs(
        f"sig-resembling-{slug}",
        f"headers whose names are {slug.partition('-')[0]} than those that are not signed"
        + (f", next to Connection: {connection}" if connection else ""),
        "SIG-015",
        "a signer that compares parts of names leaves these headers open to change",
        also=[[name, "1"] for name in resembling]
        + ([["Connection", connection]] if connection else []),
    )
    for name in resembling:
        assert f"\n{name}:1\n" in SIGN.cases[-1]["expect"]["output"]["canonical_request"]

# Every object of JavaScript has members of these names.
INHERITED = ("__proto__", "constructor", "hasOwnProperty", "toString", "valueOf")
signs(
    "sig-names-inherited",
    "headers and parameters with the names of inherited members",
    "SIG-011 SIG-008",
    "a signer that keeps names in an object of its language finds an inherited member",
    lines="\n".join(f"{name.lower()}:b" for name in INHERITED[:3]),
    query="&".join(f"{name}=a" for name in INHERITED),
    target="/?" + "&".join(f"{name}=a" for name in reversed(INHERITED)),
    also=[[name, "b"] for name in INHERITED],
)

# ---- spellings that a lenient parser accepts ---------------------------------------------------

for slug, time in (
    ("no-seconds", "20150830T1236Z"),
    ("long-year", "020150830T123600Z"),
    ("space-first", " " + DATE),
    ("em-space-last", DATE + "\u2003"),
    ("arabic-digits", "\u0662\u0660\u0661\u0665\u0660\u0668\u0663\u0660T123600Z"),
    ("space-digit", "20150830T 93600Z"),
    ("sign", "+2015830T123600Z"),
    ("fraction", "20150830T123600.0Z"),
    ("month-0", "20150030T123600Z"),
):
    rejects(
        "sig-time-refused-" + slug,
        "an invalid time: " + json.dumps(time),
        "SIG-016",
        "a parser that accepts more than one spelling signs a time that servers reject",
        time=time,
    )
for slug, time in (
    ("no-seconds", "20150830T1236Z"),
    ("line-end", DATE + "\n"),
    ("arabic-digit", "20150830T12360\u0660Z"),
):
    rejects(
        "sig-presign-time-refused-" + slug,
        "an invalid time of a URL: " + json.dumps(time),
        "SIG-016",
        "a parser that accepts more than one spelling signs a time that servers reject",
        time=time,
    )
for part, slug, value in (
    ("region", "tab", "us-east-1\t"),
    ("region", "delete", "us-east-1\x7f"),
    ("service", "nul", "sagemaker\0"),
):
    rejects(
        f"sig-scope-refused-{part}-{slug}",
        f"an invalid {part}: {json.dumps(value)}",
        "SIG-020",
        "a signer that removes the character signs another scope than it was given",
        **cast(Any, {part: value}),
    )
for slug, method in (("tab-first", "\tGET"), ("wide", "\uff27ET")):
    rejects(
        "sig-method-refused-" + slug,
        "an invalid method: " + json.dumps(method),
        "SIG-002",
        "a signer that removes or folds the character signs another method than it was given",
        method=method,
    )
for part, slug, value in (
    ("access_key", "tab", "\tAKIDEXAMPLE"),
    ("secret_key", "delete", SECRET_KEY + "\x7f"),
):
    rejects(
        f"sig-credentials-refused-{part.replace('_', '-')}-{slug}",
        f"an invalid {words(part.replace('_', '-'))}: with {slug.upper()}",
        "SIG-029",
        "the service reports a wrong signature, and nothing shows the invisible character",
        kind=["configuration", "constraint"],
        **cast(Any, {part: value}),
    )
rejects(
    "sig-presign-expires-refused-33-bits",
    "an expiry of 300 seconds more than 32 bits can count",
    "SIG-031",
    "a signer that keeps the lowest 32 bits creates a URL that lasts 300 seconds",
    expires=2**32 + 300,
)
# The hash is that of the body sent, whatever the header says.
for slug, text in (("other", "0" * 64), ("empty", "")):
    presigns(
        "sig-presign-body-hash-header-" + slug,
        f"a URL with an x-amz-content-sha256 header that the caller added: {words(slug)}",
        "SIG-019 SIG-034",
        "the last line is the hash of the body sent, regardless of the header",
        lines=f"x-amz-content-sha256:{text}\n\nhost;x-amz-content-sha256",
        query=own(names="host%3Bx-amz-content-sha256"),
        also=[["X-Amz-Content-Sha256", text]],
    )
    assert PRESIGN.cases[-1]["expect"]["output"]["canonical_request"].endswith("b7852b855")
