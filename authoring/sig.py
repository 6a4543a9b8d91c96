# SPDX-License-Identifier: MIT
"""The cases of signing: sigv4-sign, sigv4-presign, sigv4-verify.

The plan. What a case is about is written here by hand: one line of its canonical request (the path, the query, the lines of
some headers), or the refusal. The stages around it, down to the signature, come from plain_sigv4, which shares nothing with
refimpl, and each helper asserts that the hand-written part stands in them. A request to be verified is signed by plain_sigv4,
too; a bad one is a good one with one change, and the helper asserts that it is the only one.

Who else signs so is told in `source`: DIFFER names, case by case, the peers that do not, and why; authoring/test_sig.py
runs every accepted case through botocore and awscrt and holds the table against what they do.
"""

import hashlib
import re
from typing import Any, Dict, List, Optional, Sequence, Tuple

from authoring import Feature, b64, either, ok, reject
from authoring import plain_sigv4 as plain

ACCESS_KEY, SECRET_KEY = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TOKEN = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI=="
DATE = "20150830T123600Z"
HOST = ["Host", "example.amazonaws.com"]
PEERS = {"botocore": "botocore 1.44.5", "awscrt": "awscrt 0.38.1"}
HAS_NO = {
    "botocore": ("normalize_path", "double_encode", "sign_body", "omit_session_token")
}  # options: such cases cannot be put to it

Given = Dict[str, Any]
Acceptable = Tuple[
    Dict[str, bool], str, str
]  # arguments of plain_sigv4, why it may be signed so, its row in the ledger

SIGN = Feature("sigv4-sign", "sigv4.sign", "sig-")
PRESIGN = Feature("sigv4-presign", "sigv4.presign", "sig-")
VERIFY = Feature("sigv4-verify", "sigv4.verify", "sig-")
FEATURES = [SIGN, PRESIGN, VERIFY]


def request(**changes: Any) -> Given:
    """A question's input: the smallest request, with these keys changed; None takes one away, `also` adds headers."""
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


def agreement(name: str, given: Given) -> str:
    """The source of an accepted case: who else signs so, and who does not; a peer that has no such option is not named."""
    asked = {
        peer: version
        for peer, version in PEERS.items()
        if not set(given) & set(HAS_NO.get(peer, ()))
    }
    differing = DIFFER.get(name, {})
    agreeing = [version for peer, version in asked.items() if peer not in differing]
    said = ["agreed by " + " and ".join(agreeing)] if agreeing else []
    return "; ".join(
        ["derived", *said, *[f"{asked[peer]} {what}" for peer, what in differing.items()]]
    )


def stages_with(
    stages: Dict[str, str], uri: Optional[str], query: Optional[str], lines: Optional[str]
) -> Dict[str, Any]:
    """What a signer answers; what was written by hand must stand in the canonical request, at its place."""
    parts = stages["canonical_request"].split("\n")
    assert uri is None or parts[1] == uri, (uri, parts[1])
    assert query is None or parts[2] == query, (query, parts[2])
    assert lines is None or f"\n{lines}\n" in stages["canonical_request"], (
        lines,
        stages["canonical_request"],
    )
    return ok(**stages)


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
    """A request that is signed. uri, query, lines: what its canonical request has there."""
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
        ],
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
    """The same in the query."""
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
        ],
    )


def refuses(
    name: str,
    title: str,
    rules: str,
    why: str,
    kind: Any = "constraint",
    harmless: bool = False,
    **changes: Any,
) -> None:
    """What a signer, or a presigner, may not sign. harmless: the request that is signed all the same stays one, and is refused."""
    feature, stages_of = (
        (PRESIGN, plain.presign) if name.startswith("sig-presign-") else (SIGN, plain.sign)
    )
    given = request(**dict({"expires": 300} if feature is PRESIGN else {}, **changes))
    acceptable = []
    if harmless:
        stages: Dict[str, str] = stages_of(given)
        if not stages["string_to_sign"].isascii():
            del stages[
                "authorization"
            ]  # the string has UTF-8; of a header's octets there is no such agreement
        acceptable = [
            either(
                ok(**stages),
                "the service refuses it, and nothing else becomes of the request",
                "DIV-013",
            )
        ]
    feature.case(name, title, rules, given, reject(kind), why, acceptable=acceptable)


# What a peer does otherwise, and in which cases: the disagreements that were looked at; SPEC.md's notes have more.
DIFFERENCES = (
    ("botocore", "writes the method in upper case", "sig-method-lower-case"),
    ("botocore", "leaves tabs out, as urlsplit does", "sig-path-double-tab"),
    (
        "botocore",
        "takes what follows for a fragment, as urlsplit does",
        "sig-path-double-number-sign",
    ),
    (
        "botocore",
        "neither decodes nor encodes a query that stands in a URL",
        """
        sig-query-order-encoded-raw sig-query-order-encoded-slash sig-query-order-encoded-value sig-query-order-utf8
        sig-query-equals-in-value
        sig-query-equals-at-end sig-query-semicolon sig-query-question-mark sig-query-plus sig-query-blank sig-query-escape-lower
        sig-query-escaped-unreserved sig-query-lone-percent sig-query-short-escape sig-query-no-escape sig-query-percent-escape
        sig-query-escapes-upper sig-query-escapes-lower sig-query-printable sig-query-printable-name sig-query-utf8 sig-query-every-utf8
        sig-query-no-utf8 sig-query-controls sig-query-slash""",
    ),
    (
        "botocore",
        "makes a parameter of an empty piece",
        "sig-query-empty-pieces sig-query-ampersand-alone",
    ),
    ("botocore", "takes U+00A0 for a blank", "sig-value-nbsp"),
    ("botocore", "hashes a header's text as UTF-8", "sig-value-latin1 sig-value-high-octets"),
    (
        "botocore",
        "signs it",
        "sig-unsigned-accept-encoding sig-unsigned-x-forwarded-for sig-unsigned-x-forwarded-proto "
        "sig-unsigned-x-forwarded-host sig-unsigned-x-forwarded",
    ),
    ("botocore", "signs Accept-Encoding", "sig-call-content-length"),
    ("botocore", "puts its own time into Date, and sends no x-amz-date", "sig-signed-date"),
    ("botocore", "takes the header's value for the hash", "sig-body-hash-header-alone"),
    ("botocore", "moves the body into the query", "sig-presign-operation"),
    ("botocore", "fails to read the body as text (UnicodeDecodeError)", "sig-presign-body"),
    ("botocore", "signs an empty X-Amz-Security-Token", "sig-presign-token-empty"),
    (
        "botocore",
        "keeps parameters of its own names beside its own",
        """
        sig-presign-replaces-x-amz-algorithm sig-presign-replaces-x-amz-credential sig-presign-replaces-x-amz-date
        sig-presign-replaces-x-amz-expires sig-presign-replaces-x-amz-signedheaders sig-presign-replaces-x-amz-signature
        sig-presign-replaces-token sig-presign-drops-token sig-presign-replaces-escaped""",
    ),
    ("botocore", "reads a plus sign as a blank", "sig-presign-query"),
    ("botocore", "keeps the first of several values", "sig-presign-same-name-twice"),
    (
        "botocore",
        "signs Accept-Encoding, X-Forwarded-For and Authorization",
        "sig-presign-unsigned-headers",
    ),
    ("botocore", "signs the header", "sig-presign-date-header sig-presign-token-header"),
    (
        "awscrt",
        "refuses an empty target",
        "sig-path-empty sig-path-unnormalized-empty sig-presign-empty-target",
    ),
    (
        "awscrt",
        "takes a path that is encoded once as it stands",
        """
        sig-path-single-printable sig-path-single-blank sig-path-single-plus sig-path-single-lone-percent sig-path-single-short-escape
        sig-path-single-no-escape sig-path-single-percent-escape sig-path-single-utf8 sig-path-single-every-utf8 sig-path-single-composed
        sig-path-single-tab sig-path-single-controls sig-path-single-number-sign sig-path-single-colon""",
    ),
    (
        "awscrt",
        "refuses a percent sign that begins no escape",
        """
        sig-query-lone-percent sig-query-short-escape sig-query-no-escape sig-query-percent-escape""",
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
        sig-unsigned-accept-encoding sig-unsigned-baggage sig-unsigned-connection sig-unsigned-keep-alive sig-unsigned-proxy-authenticate
        sig-unsigned-proxy-authorization sig-unsigned-te sig-unsigned-traceparent sig-unsigned-tracestate sig-unsigned-trailer
        sig-unsigned-x-forwarded-for sig-unsigned-x-forwarded-proto sig-unsigned-x-forwarded-host sig-unsigned-x-forwarded""",
    ),
    ("awscrt", "signs Accept-Encoding", "sig-call-content-length"),
    (
        "awscrt",
        "refuses a header that it would write itself",
        """
        sig-unsigned-authorization sig-time-header-replaced sig-token-header-replaced sig-token-header-alone
        sig-token-unsigned-header-replaced sig-body-signed-header-replaced sig-body-hash-header-alone sig-presign-unsigned-headers
        sig-presign-date-header sig-presign-token-header""",
    ),
    (
        "awscrt",
        "refuses a parameter that it would write itself, in any case",
        """
        sig-presign-replaces-x-amz-algorithm sig-presign-replaces-x-amz-credential sig-presign-replaces-x-amz-date
        sig-presign-replaces-x-amz-expires sig-presign-replaces-x-amz-signedheaders sig-presign-replaces-x-amz-signature
        sig-presign-replaces-token sig-presign-drops-token sig-presign-replaces-escaped sig-presign-lower-case-parameter""",
    ),
)
DIFFER: Dict[str, Dict[str, str]] = {}
for differing_peer, difference, names in DIFFERENCES:
    for case_name in names.split():
        DIFFER.setdefault(case_name, {})[differing_peer] = difference


# ---- the method --------------------------------------------------------------------------------------------------

for method, why in (
    ("POST", "the operation's own method: whoever fails here signs no call"),
    ("post", "a method is case-sensitive: a signer that changes its case signs what is not sent"),
    ("M-SEARCH", "methods are tokens, not a list of nine words"),
    ("DELETE", "a signer that adds a body or a content type by the method signs what is not sent"),
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
    ("empty", "", "a request line that begins with a blank"),
    ("blank", "GE T", "a request line with four words, of which a server takes the first three"),
    ("line-break", "GET\r\nX: y", "a method that smuggles a header line into the request"),
    ("non-ascii", "G\u00c9T", "no server knows it, and nobody agrees on its octets"),
):
    refuses(
        "sig-method-refused-" + slug,
        "a method that is no token: " + slug.replace("-", " "),
        "SIG-002",
        why,
        method=method,
    )


# ---- the path ----------------------------------------------------------------------------------------------------

ALL_ESCAPES = "".join(f"%{octet:02X}" for octet in range(256))
PRINTABLE = "!\"$&'()*+,-.:;<=>@[\\]^_`{|}~"  # and not: letters and digits, slash, question and number sign, percent sign, blank
PRINTABLE_ENCODED = "%21%22%24%26%27%28%29%2A%2B%2C-.%3A%3B%3C%3D%3E%40%5B%5C%5D%5E_%60%7B%7C%7D~"
UNRESERVED = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# Text whose UTF-8 has every octet that UTF-8 can have beyond 0x7F: each continuation, each first octet.
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
    ("root", "/", "/", "the plainest path; whoever fails here fails everywhere"),
    (
        "empty",
        "",
        "/",
        "a request line cannot have an empty path: what is sent is a slash, and what is signed must be one, too",
    ),
    ("plain", "/a/b", "/a/b", "a path that needs nothing must stay as it is"),
    (
        "final-slash",
        "/a/b/",
        "/a/b/",
        "a final slash names another resource; a normaliser that drops it signs another path",
    ),
    (
        "dot",
        "/a/./b",
        "/a/b",
        "the service drops the dot segment; a signer that keeps it gets a 403 behind a sloppy base path",
    ),
    ("dot-first", "/./a", "/a", "a dot segment at the front is one like any other"),
    (
        "dot-last",
        "/a/b/.",
        "/a/b",
        "AWS's signers leave no final slash here, RFC 3986 does: the two sign different paths",
    ),
    (
        "dot-slash-last",
        "/a/./",
        "/a/",
        "the slash behind the dot segment is the path's own final slash",
    ),
    ("dot-alone", "/.", "/", "nothing remains but the root"),
    (
        "dot-slash-alone",
        "/./",
        "/",
        "nothing remains but the root, which has one slash and not two",
    ),
    (
        "dots",
        "/a/../b",
        "/b",
        "`..` takes the segment before it away, or a base path and a client's path sign differently",
    ),
    (
        "dots-last",
        "/a/b/..",
        "/a",
        "AWS's signers leave no final slash here, RFC 3986 does: the two sign different paths",
    ),
    ("dots-slash-last", "/a/b/../", "/a/", "the final slash stays when a segment remains"),
    ("dots-to-root", "/a/../", "/", "no segment remains, so no second slash does"),
    (
        "dots-twice",
        "/a/b/c/../../d",
        "/a/d",
        "each `..` takes one segment, the one that is left before it",
    ),
    (
        "dots-in-turn",
        "/a/../b/../c",
        "/c",
        "a normaliser that searches for /x/.. once and goes on misses the second",
    ),
    (
        "dots-beyond-root",
        "/../a",
        "/a",
        "a stack that is popped when empty crashes, or keeps `..` and leaves the root",
    ),
    (
        "dots-far-beyond-root",
        "/a/../../../b",
        "/b",
        "a count of levels that goes below zero swallows `b`",
    ),
    ("dots-alone", "/..", "/", "nothing remains but the root"),
    (
        "slashes",
        "/a//b",
        "/a/b",
        "services but S3 collapse slashes; a signer that keeps them gets a 403 for `https://host//path`",
    ),
    (
        "slashes-first",
        "//a",
        "/a",
        "two slashes at the front are no authority here: this is a path",
    ),
    ("slashes-last", "/a//", "/a/", "empty segments at the end leave one final slash"),
    ("slashes-alone", "///", "/", "nothing remains but the root"),
    (
        "slashes-and-dots",
        "/a//../b",
        "/b",
        "an empty segment is no segment: `..` takes `a`, not the emptiness behind it",
    ),
    ("three-dots", "/a/.../b", "/a/.../b", "three dots are a name"),
    (
        "dots-in-names",
        "/.a/b./..c/d..",
        "/.a/b./..c/d..",
        "a segment that only begins or ends with dots is a name",
    ),
    (
        "escaped-dots",
        "/a/%2e%2E/b",
        "/a/%252e%252E/b",
        "`%2e` is data here: a normaliser that decodes first signs another path",
    ),
    (
        "escaped-slash",
        "/a%2F..%2Fb",
        "/a%252F..%252Fb",
        "`%2F` is no separator: decoding first would cut the segment in two",
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
    ("root", "/", "/", "without normalisation a root is still a root"),
    ("empty", "", "/", "an empty path is no matter of normalisation: it cannot be sent"),
    (
        "dot",
        "/a/./b",
        "/a/./b",
        "S3 keys may have dot segments: whoever normalises all the same signs another object",
    ),
    (
        "dots",
        "/a/../b",
        "/a/../b",
        "S3 keys may have `..` segments: whoever normalises all the same signs another object",
    ),
    ("dots-beyond-root", "/..", "/..", "what leaves the root is still what was sent"),
    (
        "slashes",
        "//a//b//",
        "//a//b//",
        "S3 keys may have empty segments: whoever collapses them signs another object",
    ),
    ("final-dot", "/a/.", "/a/.", "a dot at the end is part of the name"),
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
        "an encoder that escapes `~` (Python before 3.7) or `.` signs what nobody else does",
    ),
    (
        "printable",
        "/" + PRINTABLE,
        "/" + PRINTABLE_ENCODED,
        "/" + PRINTABLE_ENCODED,
        "a URL library's idea of what may stand in a path differs from AWS's: only the unreserved may",
    ),
    ("blank", "/a b", "/a%20b", "/a%20b", "a blank is %20, never a plus sign"),
    ("plus", "/a+b", "/a%2Bb", "/a%2Bb", "a plus sign in a path is a plus sign, never a blank"),
    (
        "escaped-blank",
        "/a%20b",
        "/a%2520b",
        "/a%20b",
        "one layer too few or too many: the most frequent 403 of home-made signers",
    ),
    (
        "escaped-slash",
        "/a%2Fb",
        "/a%252Fb",
        "/a%2Fb",
        "an escape that is decoded before it is encoded loses the difference to a slash",
    ),
    (
        "escapes-upper",
        "/" + ALL_ESCAPES,
        "/" + ALL_ESCAPES.replace("%", "%25"),
        "/" + ALL_ESCAPES,
        "one octet of 256 that is decoded on the way, and one key in a bucket or one base path cannot be reached",
    ),
    (
        "escapes-lower",
        "/" + ALL_ESCAPES.lower(),
        "/" + ALL_ESCAPES.lower().replace("%", "%25"),
        "/" + ALL_ESCAPES.lower(),
        "an escape's digits are what was sent: a signer that writes them in upper case signs another path",
    ),
    (
        "escaped-percent",
        "/a%2541",
        "/a%252541",
        "/a%2541",
        "an encoder that decodes until nothing changes arrives at `A`",
    ),
    (
        "lone-percent",
        "/a%",
        "/a%25",
        "/a%25",
        "a percent sign that begins no escape is a percent sign; a decoder may read past the end",
    ),
    (
        "short-escape",
        "/a%4",
        "/a%254",
        "/a%254",
        "one digit is no escape; a decoder may read past the end",
    ),
    (
        "no-escape",
        "/a%zz%4g",
        "/a%25zz%254g",
        "/a%25zz%254g",
        "letters that are no digits make no escape",
    ),
    (
        "percent-escape",
        "/%%41",
        "/%25%2541",
        "/%25%41",
        "the first percent sign begins no escape, the second one does",
    ),
    (
        "utf8",
        "/\u00fc/\u1234/\U0001f600",
        "/%C3%BC/%E1%88%B4/%F0%9F%98%80",
        "/%C3%BC/%E1%88%B4/%F0%9F%98%80",
        "text beyond ASCII goes over the wire as UTF-8; an encoder of UTF-16 units or of Latin-1 signs other octets",
    ),
    (
        "every-utf8",
        "/" + EVERY_UTF8,
        "/" + EVERY_UTF8_ENCODED,
        "/" + EVERY_UTF8_ENCODED,
        "a table of the encoder that is wrong at one octet",
    ),
    (
        "composed",
        "/u\u0308",
        "/u%CC%88",
        "/u%CC%88",
        "a combining mark is sent as it stands: whoever composes it signs another path",
    ),
    (
        "tab",
        "/a\tb",
        "/a%09b",
        "/a%09b",
        "URL parsers drop tabs in silence, and then sign another path than the one that is sent",
    ),
    (
        "controls",
        "/" + CONTROLS,
        "/" + CONTROLS_ENCODED,
        "/" + CONTROLS_ENCODED,
        "an encoder with a table that begins at the blank",
    ),
    (
        "number-sign",
        "/a#b",
        "/a%23b",
        "/a%23b",
        "a request target has no fragment: what a URL parser cuts off is still sent",
    ),
    ("colon", "/a:b/c", "/a%3Ab/c", "/a%3Ab/c", "a parser that looks for a scheme finds one here"),
    (
        "question-mark",
        "/a?",
        "/a",
        "/a",
        "the first question mark ends the path, also when nothing follows",
    ),
)
VERBATIM: Acceptable = (
    {"verbatim": True},
    "who asks for one layer of escapes has put it on, and this is what a request line has",
    "DIV-015",
)
for slug, path, twice, once, why in ENCODED:
    shown = slug.replace("-", " ")
    signs(
        "sig-path-double-" + slug,
        "path encoded twice: " + shown,
        "SIG-004 SIG-006",
        why,
        uri=twice,
        target=path,
    )
    signs(
        "sig-path-single-" + slug,
        "path encoded once: " + shown,
        "SIG-005 SIG-006",
        why,
        uri=once,
        target=path,
        double_encode=False,
        also_acceptable=[VERBATIM]
        if re.fullmatch("[!-~]+", path) and path != once and "?" not in path
        else [],
    )
signs(
    "sig-path-single-unnormalized",
    "path encoded once, not normalised: the way of S3",
    "SIG-005 SIG-003",
    "the two options are independent; a signer that ties them to each other has no way to sign for S3, or for nothing else",
    uri="/a/../%2F//b",
    target="/a/../%2F//b",
    double_encode=False,
    normalize_path=False,
)
signs(
    "sig-path-double-unnormalized",
    "path encoded twice, not normalised",
    "SIG-004 SIG-003",
    "the two options are independent",
    uri="/a/../%252F//b",
    target="/a/../%2F//b",
    normalize_path=False,
)
signs(
    "sig-path-single-normalized-escaped-dots",
    "path encoded once, with escaped dots",
    "SIG-005 SIG-003",
    "`%2e%2e` is kept by both steps; a library that unescapes the unreserved first removes a segment",
    uri="/a/%2e%2e/b",
    target="/a/%2e%2e/b",
    double_encode=False,
)
for slug, target, why in (
    ("relative", "a/b", "a relative path has no meaning in a request line"),
    ("asterisk", "*", "OPTIONS alone has it, and it has no path"),
    (
        "absolute",
        "http://example.amazonaws.com/a",
        "the absolute form is for proxies: the service sees the path alone, and signs that",
    ),
    (
        "authority",
        "example.amazonaws.com:443",
        "the authority form is for CONNECT, which nobody signs",
    ),
    ("blank-first", " /a", "a blank before the path shifts the words of the request line"),
):
    refuses(
        "sig-target-refused-" + slug,
        "a target that is no path: " + slug.replace("-", " "),
        "SIG-003",
        why,
        target=target,
    )
LINE_ENDS = (("cr", "\r"), ("lf", "\n"), ("crlf", "\r\n"), ("nul", "\0"))
for slug, bad in LINE_ENDS:
    for place, target in (("path", "/a%sX: y"), ("query", "/a?b=%sX: y")):
        why = "the request line ends there for some server or proxy on the way, and what follows is a header, or another request"
        refuses(
            f"sig-target-refused-{slug}-in-{place}",
            f"{slug.upper()} in the {place} of a target",
            "SIG-028",
            why,
            target=target % bad,
        )


# ---- the query ---------------------------------------------------------------------------------------------------

MANY = [(name, value) for name in "zyxwvutsrqponmlkjihgfedcba" for value in "210"]
QUERIES = (  # slug, raw query, canonical query string, rules, why
    (
        "one",
        "a=1",
        "a=1",
        "SIG-008",
        "the plainest query: whoever fails here signs no query at all",
    ),
    (
        "empty",
        "",
        "",
        "SIG-010",
        "a question mark with nothing behind it is no parameter without a name",
    ),
    (
        "by-name",
        "b=1&a=2",
        "a=2&b=1",
        "SIG-009",
        "a signer that keeps the caller's order fails for every caller but the tidy",
    ),
    (
        "by-name-upper-first",
        "a=1&B=2&A=3",
        "A=3&B=2&a=1",
        "SIG-009",
        "octets are compared, not words: a collation sorts `a` before `B`",
    ),
    (
        "by-value",
        "a=2&a=10&a=1",
        "a=1&a=10&a=2",
        "SIG-009",
        "values are compared as text; a number sort puts 2 before 10",
    ),
    (
        "by-value-empty-first",
        "a=b&a=&a=A&a",
        "a=&a=&a=A&a=b",
        "SIG-009",
        "a sort by the name alone keeps the order in which values came",
    ),
    (
        "same-pair-twice",
        "a=1&a=1",
        "a=1&a=1",
        "SIG-009",
        "a map or a set of parameters loses the second",
    ),
    (
        "prefix-of-name",
        "ab=1&a=2&a-b=3&a1=4",
        "a=2&a-b=3&a1=4&ab=1",
        "SIG-009",
        "whoever sorts the joined texts puts `a-b=` before `a=`: "
        "the hyphen comes before the equals sign",
    ),
    (
        "prefix-escaped",
        "a%20b=1&a=2",
        "a=2&a%20b=1",
        "SIG-009",
        "whoever sorts the joined texts puts `a%20b=` before `a=`, too",
    ),
    (
        "order-encoded",
        "az=1&a%7B=2&a~=3",
        "a%7B=2&az=1&a~=3",
        "SIG-009",
        "order after encoding: `{` comes behind `z`, `%7B` before it",
    ),
    (
        "order-encoded-raw",
        "az=1&a{=2",
        "a%7B=2&az=1",
        "SIG-009",
        "the same without an escape: encode, then sort",
    ),
    (
        "order-encoded-slash",
        "a0=1&a/=2&a:=3",
        "a%2F=2&a%3A=3&a0=1",
        "SIG-009",
        "`:` comes behind `0`, `%3A` before it",
    ),
    (
        "order-encoded-value",
        "a=z&a={",
        "a=%7B&a=z",
        "SIG-009",
        "values are sorted after encoding, too",
    ),
    (
        "order-utf8",
        "z=1&\u00fc=2&a=3",
        "%C3%BC=2&a=3&z=1",
        "SIG-009",
        "a name beyond ASCII sorts before letters, as its percent sign does",
    ),
    (
        "many",
        "&".join("{}={}".format(*pair) for pair in MANY),
        "&".join("{}={}".format(*pair) for pair in sorted(MANY)),
        "SIG-009",
        "a sort that is right for three and wrong for seventy-eight: one that is not stable, or not a sort",
    ),
    ("no-equals", "a", "a=", "SIG-010", "AWS signs the equals sign even where it was not sent"),
    (
        "no-equals-among",
        "b=1&a&c=2",
        "a=&b=1&c=2",
        "SIG-010",
        "a parser that wants pairs drops what has no equals sign",
    ),
    (
        "no-value",
        "a=",
        "a=",
        "SIG-010",
        "a parser drops blank values by default (Python's parse_qs)",
    ),
    ("no-name", "=v", "=v", "SIG-010", "a parser drops a parameter without a name"),
    ("equals-alone", "=", "=", "SIG-010", "an empty name and an empty value are a parameter"),
    (
        "empty-pieces",
        "a&&b&",
        "a=&b=",
        "SIG-010",
        "an empty piece is no parameter; some signers make one of it",
    ),
    ("ampersand-alone", "&", "", "SIG-010", "nothing but empty pieces is an empty query"),
    (
        "equals-in-value",
        "a=b=c",
        "a=b%3Dc",
        "SIG-010 SIG-008",
        "the first equals sign cuts; a split at all of them loses `c`",
    ),
    ("equals-at-end", "a==", "a=%3D", "SIG-010 SIG-008", "base64 in a value ends so"),
    (
        "semicolon",
        "a=1;b=2",
        "a=1%3Bb%3D2",
        "SIG-010 SIG-008",
        "old parsers cut at a semicolon; AWS does not",
    ),
    (
        "question-mark",
        "a=?&b?c=1",
        "a=%3F&b%3Fc=1",
        "SIG-010 SIG-008",
        "only the first question mark of a target begins the query",
    ),
    (
        "plus",
        "a=x+y&b+c=1",
        "a=x%2By&b%2Bc=1",
        "SIG-008",
        "form decoding makes a blank of it; AWS signs a plus sign",
    ),
    (
        "escaped-plus",
        "a=x%2By",
        "a=x%2By",
        "SIG-008",
        "decoded by a form decoder it survives, and the raw one does not",
    ),
    ("blank", "a=x y", "a=x%20y", "SIG-008", "a blank is %20, never a plus sign"),
    (
        "escaped-blank",
        "a=x%20y",
        "a=x%20y",
        "SIG-008",
        "encoded twice it is %2520: the query has one layer, the path has two",
    ),
    (
        "escape-lower",
        "a=%2f%3a&%c3%bc=1",
        "%C3%BC=1&a=%2F%3A",
        "SIG-008 SIG-006",
        "an escape is decoded and written in upper case",
    ),
    (
        "escaped-unreserved",
        "%61=%7E%2D%2E%5F%30%5a",
        "a=~-._0Z",
        "SIG-008 SIG-006",
        "an escape that was not needed is gone afterwards",
    ),
    (
        "escaped-percent",
        "a=%252F",
        "a=%252F",
        "SIG-008",
        "decoded once, and once only: twice makes a slash of it",
    ),
    (
        "escaped-separators",
        "a=%26%3D%23%3F&%3D=%26",
        "%3D=%26&a=%26%3D%23%3F",
        "SIG-008",
        "cut first, then decode: else data becomes syntax",
    ),
    (
        "lone-percent",
        "a=%&b=100%",
        "a=%25&b=100%25",
        "SIG-008",
        "a percent sign that begins no escape is one; a decoder may throw",
    ),
    (
        "short-escape",
        "a=%4",
        "a=%254",
        "SIG-008",
        "one digit is no escape; a decoder may read past the end",
    ),
    ("no-escape", "a=%zz", "a=%25zz", "SIG-008", "letters that are no digits make no escape"),
    (
        "percent-escape",
        "a=%%41",
        "a=%25A",
        "SIG-008",
        "the first percent sign begins no escape, the second one does",
    ),
    (
        "escapes-upper",
        "a=" + ALL_ESCAPES,
        "a=" + "".join(plain.uri_encode(bytes([octet])) for octet in range(256)),
        "SIG-008 SIG-006",
        "one octet of 256 that is replaced on the way (by U+FFFD, where a decoder wants UTF-8)",
    ),
    (
        "escapes-lower",
        ALL_ESCAPES.lower() + "=1",
        "".join(plain.uri_encode(bytes([octet])) for octet in range(256)) + "=1",
        "SIG-008 SIG-006",
        "the same in a name and in lower case",
    ),
    (
        "printable",
        "a=" + PRINTABLE.replace("&", ""),
        "a=" + PRINTABLE_ENCODED.replace("%26", ""),
        "SIG-008 SIG-006",
        "a URL library's idea of what may stand in a query differs from AWS's: only the unreserved may",
    ),
    (
        "printable-name",
        PRINTABLE.replace("&", "").replace("=", "") + "=1",
        PRINTABLE_ENCODED.replace("%26", "").replace("%3D", "") + "=1",
        "SIG-008 SIG-006",
        "names are encoded as values are",
    ),
    (
        "unreserved",
        f"{UNRESERVED}={UNRESERVED}",
        f"{UNRESERVED}={UNRESERVED}",
        "SIG-006",
        "an encoder that escapes `~` or `.` signs what nobody else does",
    ),
    (
        "utf8",
        "\u1234=\u00fc\U0001f600",
        "%E1%88%B4=%C3%BC%F0%9F%98%80",
        "SIG-008 SIG-006",
        "text beyond ASCII goes over the wire as UTF-8; an encoder of UTF-16 units or of Latin-1 signs other octets",
    ),
    (
        "every-utf8",
        "a=" + EVERY_UTF8,
        "a=" + EVERY_UTF8_ENCODED,
        "SIG-008 SIG-006",
        "a table of the encoder that is wrong at one octet",
    ),
    (
        "no-utf8",
        "a=%ff%C3&%80=1",
        "%80=1&a=%FF%C3",
        "SIG-008",
        "octets that are no UTF-8 are still octets: a text decoder replaces them",
    ),
    (
        "controls",
        "a=\t" + CONTROLS,
        "a=%09" + CONTROLS_ENCODED,
        "SIG-008 SIG-006",
        "an encoder with a table that begins at the blank",
    ),
    (
        "escaped-line-end",
        "a=%0D%0A%00",
        "a=%0D%0A%00",
        "SIG-008 SIG-028",
        "escaped they are data, and may be sent",
    ),
    (
        "slash",
        "a=/b/../c//",
        "a=%2Fb%2F..%2Fc%2F%2F",
        "SIG-008 SIG-006",
        "a slash of a query is encoded, and nothing in it is a path",
    ),
)
for slug, query, canonical, rules, why in QUERIES:
    signs(
        "sig-query-" + slug,
        "query: " + slug.replace("-", " "),
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
    "the path is empty, and so a slash; a parser that takes the query for the path signs nonsense",
    uri="/",
    query="a=1",
    target="?a=1",
)
signs(
    "sig-query-with-path",
    "path and query, each with its own layers",
    "SIG-004 SIG-008",
    "the path is encoded twice and the query once: one encoder for both gets one of them wrong",
    uri="/a%2520b",
    query="a%20b=c%20d",
    target="/a%20b?a%20b=c%20d",
)


# ---- headers -----------------------------------------------------------------------------------------------------

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
    ("plain", ["a"], "a", "SIG-011", "a value that needs nothing must stay as it is"),
    (
        "trimmed",
        [" a "],
        "a",
        "SIG-012",
        "HTTP gives the blanks around a value no meaning, and proxies drop them",
    ),
    ("trimmed-tabs", ["\t a\t"], "a", "SIG-012", "a trim that knows blanks alone leaves tabs"),
    (
        "runs",
        ["a  b   c"],
        "a b c",
        "SIG-012",
        "runs of blanks become one: the service does it before it compares",
    ),
    (
        "runs-tabs",
        ["a\t\tb \t c"],
        "a b c",
        "SIG-012",
        "a tab counts as a blank, and one tab becomes one blank",
    ),
    ("tab", ["a\tb"], "a b", "SIG-012", "a single tab becomes a blank, too"),
    (
        "quotes",
        ['"a  b"'],
        '"a b"',
        "SIG-012",
        "AWS's first text spared quoted strings; its published cases do not",
    ),
    (
        "quotes-odd",
        ['a "b  c'],
        'a "b c',
        "SIG-012",
        "a parser of quoted strings runs to the end of the value",
    ),
    ("empty", [""], "", "SIG-012", "an empty value has its line and its name in the list"),
    ("blank", [" \t "], "", "SIG-012", "nothing but blanks is an empty value"),
    (
        "commas",
        ["a,b , c"],
        "a,b , c",
        "SIG-013",
        "the blanks around a comma inside one value stay: only lists that we join have none",
    ),
    (
        "colon",
        ["a:b: c"],
        "a:b: c",
        "SIG-011",
        "a value may hold colons; whoever cuts the line again cuts at the wrong one",
    ),
    ("semicolon", ["a;b=c"], "a;b=c", "SIG-011", "a value may hold what separates the names"),
    ("case", ["MiXed"], "MiXed", "SIG-011", "names are lowered, values are not"),
    (
        "escapes",
        ["%2F %41+"],
        "%2F %41+",
        "SIG-011",
        "headers are not URL-encoded, and not decoded",
    ),
    (
        "printable",
        ["".join(map(chr, range(0x21, 0x7F)))],
        "".join(map(chr, range(0x21, 0x7F))),
        "SIG-011",
        "every visible character stays",
    ),
    ("twice", ["a", "b"], "a,b", "SIG-013", "a map of headers keeps one of them"),
    (
        "order",
        ["z", "a", "p", "a"],
        "z,a,p,a",
        "SIG-013",
        "joined in the order of appearance: sorted values are other values",
    ),
    (
        "twice-trimmed",
        [" a ", "\tb  c"],
        "a,b c",
        "SIG-013 SIG-012",
        "each value is trimmed before they are joined, not the whole after",
    ),
    ("twice-empty", ["", "a", "", ""], ",a,,", "SIG-013", "empty values keep their commas"),
    (
        "nbsp",
        ["\u00a0a\u00a0\u00a0b\u00a0"],
        "\u00a0a\u00a0\u00a0b\u00a0",
        "SIG-012",
        "a no-break space is no blank of HTTP: a text library's trim changes the value that is signed and not the one that is sent",
    ),
    (
        "latin1",
        ["caf\u00e9"],
        "caf\u00e9",
        "SIG-026",
        "a header's character is one octet: whoever hashes its UTF-8 signs two",
    ),
    (
        "utf8",
        ["caf\u00c3\u00a9"],
        "caf\u00c3\u00a9",
        "SIG-026",
        "UTF-8 in a header is octets like any other",
    ),
    (
        "high-octets",
        ["".join(map(chr, range(0xA1, 0x100)))],
        "".join(map(chr, range(0xA1, 0x100))),
        "SIG-026",
        "one octet of 95 that a codec maps elsewhere (windows-1252)",
    ),
)
for slug, values, value, rules, why in VALUES:
    signs(
        "sig-value-" + slug,
        "header value: " + slug.replace("-", " "),
        rules,
        why,
        lines="x-test:" + value,
        also=[["X-Test", text] for text in values],
    )
for slug, text, value in FOLDS:
    signs(
        "sig-value-fold-" + slug,
        "a folded header value: " + slug.replace("-", " "),
        "SIG-012",
        "a header folded over two lines is one value; a signer that keeps the line break puts a line of its own into the canonical "
        "request",
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
        "sorted by the lower-case name: a sort of the names as they came puts `Zed` first",
    ),
    (
        "prefix",
        [["a-b", "1"], ["a", "2"], ["a.b", "3"], ["a1", "4"]],
        "a:2\na-b:1\na.b:3\na1:4",
        "a;a-b;a.b;a1;host;x-amz-date",
        "SIG-011",
        "sort the names, not the lines: `-` and `.` and `1` come before the colon (curl 7.88.1 sorts the lines)",
    ),
    (
        "underscore",
        [["a_b", "1"], ["aab", "2"], ["A-b", "3"]],
        "a-b:3\na_b:1\naab:2",
        "a-b;a_b;aab;host;x-amz-date",
        "SIG-011",
        "lower the name first, then sort: `_` stands between upper and lower case",
    ),
    (
        "token",
        [[TOKEN_CHARACTERS, "1"]],
        TOKEN_CHARACTERS.lower() + ":1",
        TOKEN_CHARACTERS.lower() + ";host;x-amz-date",
        "SIG-011 SIG-025",
        "every character that a name may have",
    ),
    (
        "mixed-case",
        [["X-MiXeD", "1"]],
        "x-mixed:1",
        "host;x-amz-date;x-mixed",
        "SIG-011",
        "names travel in any case, and a proxy may change it",
    ),
    (
        "same-in-other-case",
        [["x-test", "a"], ["X-TEST", "b"], ["X-Test", "c"]],
        "x-test:a,b,c",
        "host;x-amz-date;x-test",
        "SIG-013 SIG-011",
        "equal names are equal in any case; a map with the names as they came makes three lines",
    ),
    (
        "same-apart",
        [["x-a", "1"], ["x-b", "2"], ["x-a", "3"]],
        f"x-a:1,3\nx-amz-date:{DATE}\nx-b:2",
        "host;x-a;x-amz-date;x-b",
        "SIG-013",
        "equal names that do not stand side by side are joined all the same",
    ),
):
    signs(
        "sig-name-" + slug,
        "header names: " + slug.replace("-", " "),
        rules,
        why,
        lines=lines,
        also=also,
    )
    assert SIGN.cases[-1]["expect"]["output"]["canonical_request"].split("\n")[-2] == names
FORWARDED: Acceptable = (
    {"forwarded": True},
    "hops add it behind the client, which sends none unless it is told to: then it has it signed",
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
        "a hop adds, drops or rewrites it, and the signature no longer verifies: a 403 that only some networks show",
        lines=f"host:example.amazonaws.com\nx-amz-date:{DATE}\n\nhost;x-amz-date",
        also=[[name, "trailers"]],
        also_acceptable=[FORWARDED] if name.lower().startswith("x-forwarded-") else [],
    )
for slug, also, lines, why in (
    (
        "content-length",
        [["Content-Length", "2"]],
        "content-length:2",
        "whoever is given it signs it: leaving it out is the caller's choice",
    ),
    (
        "date",
        [["Date", "Sun, 30 Aug 2015 12:36:00 GMT"]],
        "date:Sun, 30 Aug 2015 12:36:00 GMT",
        "the Date header is a header like any other beside x-amz-date",
    ),
    (
        "names-alike",
        [["x-forwarded", "1"], ["te-", "2"], ["user-agents", "3"], ["x-amzn-trace-idx", "4"]],
        f"te-:2\nuser-agents:3\nx-amz-date:{DATE}\nx-amzn-trace-idx:4\nx-forwarded:1",
        "the list is of whole names, and of one prefix with its hyphen",
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
        "what is given is signed; a list of known names leaves the rest open to change",
    ),
):
    signs(
        "sig-signed-" + slug,
        "signed all the same: " + slug.replace("-", " "),
        "SIG-015",
        why,
        lines=lines,
        also=also,
    )
for slug, name, why in (
    ("empty", "", "a line that begins with a colon"),
    ("blank", "x test", "a blank in a name: some servers take what stands before it"),
    ("colon", "x:test", "a colon in a name: name and value are cut elsewhere by the server"),
    ("line-end", "x-test\r\n", "a header line of the caller's choice"),
    ("non-ascii", "x-t\u00e9st", "no octet beyond ASCII may stand in a name"),
    ("blank-last", "x-test ", "request smuggling by `Name :`"),
):
    refuses(
        "sig-name-refused-" + slug,
        "a header name that is no token: " + slug.replace("-", " "),
        "SIG-025",
        why,
        also=[[name, "a"]],
    )
for slug, value, why in (
    ("cr", "a\rb", "a bare CR is a line end for some"),
    ("lf", "a\nb", "a bare LF is a line end for most: what follows is another header"),
    ("crlf", "a\r\nb", "what follows is another header"),
    ("crlf-last", "a\r\n", "an empty line ends the head"),
    ("lf-first", "\nb", "a line end before the value"),
    ("nul", "a\0b", "some hops end the value there"),
    ("fold-cr", "a\r b", "a fold begins with LF or CR LF: a bare CR is none"),
):
    refuses(
        "sig-value-refused-" + slug,
        "a header value that cannot be sent: " + slug.replace("-", " "),
        "SIG-025",
        why,
        also=[["X-Test", value]],
    )
refuses(
    "sig-value-refused-wide",
    "a header value beyond Latin-1",
    "SIG-026",
    "it has no octet: whoever guesses an encoding signs something else than the next hop sends",
    also=[["X-Test", "\u20ac"]],
)

for slug, host, why in (
    (
        "port",
        "example.amazonaws.com:8443",
        "a port that is not the default is part of the header, and of what is signed",
    ),
    (
        "default-port",
        "example.amazonaws.com:443",
        "the value is signed as it is sent: whoever cuts the port off signs what is not sent",
    ),
    (
        "ipv6",
        "[2001:db8::1]",
        "an IPv6 address has colons and brackets; a signer that cuts at the colon signs `[2001`",
    ),
    ("ipv6-port", "[::1]:8080", "the port is what stands behind the bracket"),
    ("case", "EXAMPLE.amazonaws.COM", "the value is signed as it is sent, letter case included"),
    ("blanks", " example.amazonaws.com ", "Host is trimmed as any header is"),
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
        "the header name is written " + name,
        "SIG-014 SIG-011",
        "a lookup by `Host` finds nothing",
        lines="host:a.example",
        headers=[[name, "a.example"]],
    )
refuses(
    "sig-host-refused-missing",
    "no Host header",
    "SIG-014",
    "a request without a signed host can be replayed to another host",
    headers=[["X-Test", "a"]],
)
refuses(
    "sig-host-refused-empty",
    "an empty Host header",
    "SIG-014",
    "an empty host binds the request to nothing",
    headers=[["Host", ""]],
)


# ---- time, token, body hash --------------------------------------------------------------------------------------

for slug, time, why in (
    ("leap-day", "20160229T235959Z", "a calendar without leap years refuses or shifts it"),
    ("century-leap-day", "20000229T000000Z", "the year 2000 was a leap year"),
    (
        "year-end",
        "20231231T235959Z",
        "the ISO week's year (`%G`, `YYYY`) is another one in these days",
    ),
    (
        "year-start",
        "20210101T000000Z",
        "2021-01-01 lies in week 53 of 2020: `YYYY` for `yyyy` signs 2020",
    ),
    ("midnight", "20150830T000000Z", "midnight is hour 00: a 12-hour clock writes 12"),
    ("afternoon", "20150830T235959Z", "a 12-hour clock writes 11"),
    ("epoch", "19700101T000000Z", "zero seconds is a time, not the absence of one"),
    ("after-2038", "20380119T031408Z", "the first second that 32 bits cannot hold"),
    ("single-digits", "20010203T040506Z", "each field is padded with zeros"),
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
    "an x-amz-date that was given is replaced",
    "SIG-016",
    "two dates in one request, or one that the signature does not use: a retry that keeps the first attempt's date is refused",
    lines="x-amz-date:" + DATE,
    also=[["X-AMZ-Date", "20010101T000000Z"]],
)
for slug, time, why in (
    ("month", "20151330T123600Z", "there is no thirteenth month"),
    ("day", "20150431T123600Z", "April has thirty days"),
    ("no-leap-day", "20150229T123600Z", "2015 had no leap day"),
    ("century-day", "21000229T123600Z", "2100 will have no leap day"),
    ("hour", "20150830T240000Z", "the hour 24 is no hour"),
    ("minute", "20150830T126000Z", "the minute 60 is none"),
    ("second", "20150830T123660Z", "the second 60 is none here: no leap second is ever signed"),
    ("no-zone", "20150830T123600", "a local time that looks like UTC is off by hours"),
    ("extended", "2015-08-30T12:36:00Z", "the extended form gives the scope `2015-08-`"),
    ("lower-case", "20150830t123600z", "ISO 8601 allows it, AWS does not"),
    ("date-alone", "20150830", "a day is no time: every second of it would have one signature"),
    ("empty", "", "a scope without its day, and a header without a value"),
    ("line-end", DATE + "\n", "a line of its own in the string to sign"),
):
    refuses(
        "sig-time-refused-" + slug,
        "a time that is none: " + slug.replace("-", " "),
        "SIG-016",
        why,
        time=time,
    )

signs(
    "sig-token",
    "a session token is sent and signed",
    "SIG-017",
    "temporary credentials without their token are refused: UnrecognizedClientException",
    lines="x-amz-security-token:" + TOKEN,
    session_token=TOKEN,
)
signs(
    "sig-token-empty",
    "an empty session token is none",
    "SIG-017",
    "an empty environment variable is the usual way to clear one; "
    "signing an empty header gives a 403",
    lines=f"host:example.amazonaws.com\nx-amz-date:{DATE}\n\nhost;x-amz-date",
    session_token="",
)
signs(
    "sig-token-header-replaced",
    "a token header that was given is replaced",
    "SIG-017",
    "a token that went stale is sent beside the fresh one",
    lines="x-amz-security-token:" + TOKEN,
    session_token=TOKEN,
    also=[["X-Amz-Security-Token", "STALE"]],
)
signs(
    "sig-token-header-alone",
    "a token header is a header like any other where no token is given",
    "SIG-015",
    "an x-amz-* header that is not signed is refused by the service",
    lines="x-amz-security-token:GIVEN",
    also=[["X-Amz-Security-Token", "GIVEN"]],
)
signs(
    "sig-token-unsigned",
    "a token left out of the signature",
    "SIG-018",
    "some services take the token beside the signature alone",
    lines=f"host:example.amazonaws.com\nx-amz-date:{DATE}\n\nhost;x-amz-date",
    session_token=TOKEN,
    omit_session_token=True,
)
signs(
    "sig-token-unsigned-header-replaced",
    "a token left out of the signature, and one that was given",
    "SIG-018 SIG-017",
    "the stale one must not be signed in its place",
    lines=f"host:example.amazonaws.com\nx-amz-date:{DATE}\n\nhost;x-amz-date",
    session_token=TOKEN,
    omit_session_token=True,
    also=[["X-Amz-Security-Token", "STALE"]],
)
signs(
    "sig-token-long",
    "a token of 2,000 characters",
    "SIG-017",
    "tokens of chained roles are long; a buffer of 1024 cuts them",
    lines="x-amz-security-token:" + "Ab+/" * 500,
    session_token="Ab+/" * 500,
)

BODIES = (
    (
        "empty",
        b"",
        "the hash of nothing is a value, too; an empty text in its place is a 403 for every GET",
    ),
    ("text", b'{"inputs": "Hi"}', "the body's hash is the last line"),
    (
        "utf8",
        '{"inputs": "Gr\u00fc\u00dfe \U0001f600"}'.encode("utf-8"),
        "what is hashed is what is sent: octets, not characters",
    ),
    ("binary", bytes(range(256)), "a body that is taken for text loses octets"),
    ("crlf", b"a\r\nb\nc\r", "a body in text mode changes its line ends"),
    ("nul", b"\0", "a text that ends at its first NUL is an empty one"),
    ("55", b"a" * 55, "the last length that SHA-256 pads within one block"),
    ("56", b"a" * 56, "the first length that needs a second block for the padding alone"),
    ("64", b"a" * 64, "exactly one block of SHA-256, and one more of padding"),
    (
        "large",
        bytes(range(251)) * 80,
        "more than one buffer: a reader that stops at the first 8 KiB or 16 KiB hashes a part",
    ),
)
for slug, body, why in BODIES:
    signs("sig-body-" + slug, "body: " + slug, "SIG-019", why, method="POST", body=b64(body))
for slug, body in (("empty", b""), ("text", b'{"inputs": "Hi"}'), ("binary", bytes(range(256)))):
    signs(
        "sig-body-signed-" + slug,
        "x-amz-content-sha256 of a body: " + slug,
        "SIG-019",
        "a service that asks for the header refuses a request without it, and one whose header is not the body's hash",
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
    "x-amz-content-sha256 that was given is replaced",
    "SIG-019",
    "a retry with another body keeps the first body's hash",
    method="POST",
    body=b64(b"new"),
    sign_body=True,
    also=[["X-Amz-Content-Sha256", "0" * 64]],
)
signs(
    "sig-body-hash-header-alone",
    "x-amz-content-sha256 is a header like any other where nobody asked for it",
    "SIG-019",
    "the last line is the hash of the body that is sent, whatever a header says of it",
    lines="x-amz-content-sha256:" + "0" * 64,
    method="POST",
    body=b64(b"new"),
    also=[["X-Amz-Content-Sha256", "0" * 64]],
)


# ---- scope, keys, authorization ----------------------------------------------------------------------------------

for slug, changes, why in (
    ("region", {"region": "ap-southeast-2"}, "a key derived for another region"),
    ("service", {"service": "s3"}, "a key derived for another service"),
    ("service-name", {"service": "a.b_c-d"}, "a service's signing name is no DNS label"),
    (
        "date",
        {"time": "20250101T000001Z"},
        "a key that was kept from yesterday: at midnight every call fails",
    ),
    (
        "all",
        {"region": "x", "service": "y", "time": "20191013T070809Z"},
        "region and service changed places",
    ),
):
    signs(
        "sig-scope-" + slug, "scope: " + slug.replace("-", " "), "SIG-020 SIG-022", why, **changes
    )
for slug, secret, why in (
    ("other", "c3VwZXJzZWNyZXQK0123456789abcdefghijklmn", "a key that was kept for another secret"),
    (
        "plus-and-slash",
        "////++++////++++////++++////++++////++++",
        "secrets are not URL-encoded and not base64-decoded",
    ),
    ("block", "s" * 60, "with its prefix exactly one block of HMAC: not hashed"),
    ("beyond-block", "s" * 61, "longer than a block: HMAC hashes it first"),
    ("short", "x", "no length is expected of a secret"),
    ("punctuation", "!\"#$%&'()*,-.:;<=>?@[\\]^_`{|}~", "every visible character is data"),
):
    signs(
        "sig-secret-" + slug,
        "secret key: " + slug.replace("-", " "),
        "SIG-022 SIG-023 SIG-029",
        why,
        secret_key=secret,
    )
signs(
    "sig-access-key",
    "another access key",
    "SIG-024",
    "the access key stands in Authorization alone: it changes no hash",
    access_key="ASIAIOSFODNN7EXAMPLE",
)
for what in ("region", "service"):
    for slug, text, why in (
        ("empty", "", "a scope with an empty part"),
        ("slash", "us/east", "a scope with a part too many"),
        ("blank", "us east", "Authorization is cut at blanks"),
        ("comma", "us,east", "Authorization is cut at commas"),
        ("non-ascii", "\u00fcs-east", "nobody agrees on its octets"),
        ("line-end", "us-east-1\n", "a line too many in the string to sign"),
    ):
        refuses(
            f"sig-scope-refused-{what}-{slug}",
            f"a {what} that cannot stand in a scope: {slug.replace('-', ' ')}",
            "SIG-020",
            why,
            harmless=slug not in ("empty", "line-end"),
            **{what: text},
        )
for slug, changes, why in (
    (
        "access-key-empty",
        {"access_key": ""},
        "half a pair of credentials signs what every server refuses",
    ),
    (
        "secret-key-empty",
        {"secret_key": ""},
        "half a pair of credentials signs what every server refuses",
    ),
    (
        "access-key-slash",
        {"access_key": "AKID/EXAMPLE"},
        "key and secret changed places: the secret would be sent in the clear",
    ),
    ("access-key-comma", {"access_key": "AKID,EXAMPLE"}, "Authorization is cut at commas"),
    (
        "access-key-line-end",
        {"access_key": "AKIDEXAMPLE\r\nX: y"},
        "a header line of the caller's choice",
    ),
    (
        "secret-key-line-end",
        {"secret_key": SECRET_KEY + "\n"},
        "a file read with its last line end: a 403 that no look at the keys explains",
    ),
    (
        "token-line-end",
        {"session_token": TOKEN + "\n"},
        "a file read with its last line end: the token's header would break",
    ),
    ("token-blank", {"session_token": "a b"}, "no token has one: a shell has joined two words"),
):
    refuses(
        "sig-credentials-refused-" + slug,
        "credentials that cannot be used: " + slug.replace("-", " "),
        "SIG-029",
        why,
        kind=["configuration", "constraint"],
        harmless=slug in ("access-key-comma", "token-blank"),
        **changes,
    )


# ---- calls of the operation --------------------------------------------------------------------------------------


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
    "a call with a body and nothing else",
    "us-east-1",
    "amazonaws.com",
    DATE,
    b"{}",
    [],
    "the smallest call of all",
)
call(
    "sig-call-all-members",
    "a call with every input member",
    "us-east-1",
    "amazonaws.com",
    "20261122T091500Z",
    PROMPT,
    MEMBERS,
    "some signers leave X-Amzn-SageMaker-* unsigned: anyone on the way may then choose the model or the session",
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
    "the token's header stands between x-amz-date and x-amzn-sagemaker-*",
    session_token=TOKEN,
)
call(
    "sig-call-content-length",
    "a call as a library hands it over, Content-Length and Accept-Encoding among its headers",
    "us-west-2",
    "amazonaws.com",
    "20251231T235959Z",
    PROMPT,
    [JSON_TYPE, ("Content-Length", str(len(PROMPT))), ("Accept-Encoding", "identity")],
    "what was given is signed but for what proxies rewrite",
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
        "a partition's host and region are signed like any other: no part of the scope is fixed",
    )
signs(
    "sig-call-custom-endpoint",
    "a call through a gateway with port and base path",
    "SIG-004 SIG-014 SIG-027",
    "a base path is encoded twice, and the port is part of Host: a gateway that forwards both gets a 403 otherwise",
    uri="/team%2520a/v1/endpoints/llm/invocations-response-stream",
    lines="host:gateway.example:8443",
    method="POST",
    target="/team%20a/v1/endpoints/llm/invocations-response-stream",
    headers=[["Host", "gateway.example:8443"], list(JSON_TYPE)],
    body=b64(PROMPT),
)


# ---- presigned ---------------------------------------------------------------------------------------------------

CREDENTIAL = "AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fsagemaker%2Faws4_request"


def own(
    expires: int = 300, names: str = "host", token: str = "", credential: str = CREDENTIAL
) -> str:
    """The parameters of a presigned request, in their canonical form."""
    return f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential}&X-Amz-Date={DATE}&X-Amz-Expires={int(expires)}{'&X-Amz-Security-Token=' + token if token else ''}&X-Amz-SignedHeaders={names}"


TOKEN_ENCODED = plain.uri_encode(TOKEN.encode())
presigns(
    "sig-presign-smallest",
    "the smallest presigned request",
    "SIG-030 SIG-032",
    "five parameters are signed, the signature is not",
    query=own(),
    lines="host:example.amazonaws.com\n\nhost",
)
presigns(
    "sig-presign-operation",
    "the operation, presigned",
    "SIG-030 SIG-027 SIG-019",
    "the hash is the body's: UNSIGNED-PAYLOAD is S3's own",
    uri="/endpoints/llm/invocations-response-stream",
    method="POST",
    target="/endpoints/llm/invocations-response-stream",
    body=b64(PROMPT),
    headers=[["Host", "runtime.sagemaker.us-east-1.amazonaws.com"]],
)
for seconds, why in (
    (1, "the shortest expiry: a bound that is off by one refuses it"),
    (60, "an expiry of two digits: numbers are not padded"),
    (604799, "one second below the bound: in range"),
    (604800, "the longest expiry, a week: a bound that is off by one refuses it"),
):
    presigns(
        f"sig-presign-expires-{int(seconds)}",
        f"expiry of {int(seconds)} seconds",
        "SIG-031 SIG-030",
        why,
        query=own(seconds),
        expires=seconds,
    )
for slug, seconds, why in (
    ("zero", 0, "a request that is never good, or for ever"),
    ("negative", -1, "a request that had expired before it was made"),
    (
        "week-and-a-second",
        604801,
        "every server refuses it, and the user of the URL sees it, not its maker",
    ),
    ("year", 31536000, "a URL that was meant for a year is refused at once"),
):
    refuses(
        "sig-presign-expires-refused-" + slug,
        f"expiry of {int(seconds)} seconds",
        "SIG-031",
        why,
        expires=seconds,
    )
presigns(
    "sig-presign-token",
    "a session token in the query, signed",
    "SIG-033",
    "without it the URL is refused for temporary credentials",
    query=own(token=TOKEN_ENCODED),
    session_token=TOKEN,
)
presigns(
    "sig-presign-token-unsigned",
    "a session token behind the signed parameters",
    "SIG-018 SIG-033 SIG-032",
    "AWS IoT takes the token so: it must be in the URL and not in what is signed",
    query=own(),
    session_token=TOKEN,
    omit_session_token=True,
)
presigns(
    "sig-presign-token-empty",
    "an empty session token is none",
    "SIG-017 SIG-033",
    "an empty parameter is signed and refused",
    query=own(),
    session_token="",
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
        f"a {name} that was given is replaced",
        "SIG-032" if name.endswith("Signature") else "SIG-030",
        "a URL that is presigned a second time has every parameter twice: the server takes the stale one, or refuses both",
        query=own() + "&a=1",
        target=f"/?{name}=STALE&a=1",
    )
presigns(
    "sig-presign-replaces-token",
    "a token that was given is replaced",
    "SIG-033 SIG-030",
    "a stale token beside the fresh one",
    query=own(token=TOKEN_ENCODED),
    target="/?X-Amz-Security-Token=STALE",
    session_token=TOKEN,
)
presigns(
    "sig-presign-drops-token",
    "a token that was given is dropped where there is none",
    "SIG-030 SIG-033",
    "a URL that is presigned again with lasting keys must not bear the temporary ones' token",
    query=own(),
    target="/?X-Amz-Security-Token=STALE",
    also_acceptable=[
        (
            {"keep_token": True},
            "it is a parameter that its caller gave, as a token's header is one",
            "DIV-016",
        )
    ],
)
presigns(
    "sig-presign-replaces-escaped",
    "a parameter of ours whose name is escaped is replaced, too",
    "SIG-030 SIG-008",
    "names are compared decoded: the server decodes them",
    query=own(),
    target="/?X%2DAmz%2DExpires=86400",
)
presigns(
    "sig-presign-lower-case-parameter",
    "x-amz-date in lower case is another parameter",
    "SIG-030",
    "names of parameters are case-sensitive: what is not ours stays",
    query=own() + "&x-amz-date=1",
    target="/?x-amz-date=1",
)
presigns(
    "sig-presign-order",
    "parameters that stand before, among and behind ours",
    "SIG-009 SIG-030",
    "ours are sorted with the rest: appended at the end they sign another query",
    query="A=1&X-Amy=2&"
    + own().replace("&X-Amz-Expires", "&X-Amz-E=4&X-Amz-Expires")
    + "&X-Amz-Z=5&Y=6&a=7",
    target="/?a=7&X-Amz-Z=5&Y=6&X-Amz-E=4&X-Amy=2&A=1",
)
presigns(
    "sig-presign-order-encoded",
    "order after encoding",
    "SIG-009 SIG-030",
    "`{` comes behind `X`, `%7B` before it",
    query="%7B=1&%C3%BC=2&" + own(),
    target="/?\u00fc=2&{=1",
)
presigns(
    "sig-presign-query",
    "a query of pieces that are not canonical",
    "SIG-008 SIG-010 SIG-030",
    "what is signed is the canonical form of all",
    query=own() + "&a=&b=x%2By&c=%2F&c=d%3De",
    target="/?c=%2f&b=x+y&&a&c=d=e",
)
presigns(
    "sig-presign-same-name-twice",
    "the same name twice",
    "SIG-009 SIG-030",
    "a map of parameters loses one",
    query=own() + "&a=1&a=1&a=2",
    target="/?a=2&a=1&a=1",
)
presigns(
    "sig-presign-headers",
    "several signed headers",
    "SIG-030 SIG-011",
    "the semicolons of the list are encoded in the query and not in the list",
    query=own(names="content-type%3Bhost%3Bx-amz-foo"),
    lines="content-type:text/plain\nhost:example.amazonaws.com\nx-amz-foo:a b",
    also=[["X-Amz-Foo", " a  b "], ["Content-Type", "text/plain"]],
)
presigns(
    "sig-presign-unsigned-headers",
    "headers that are never signed",
    "SIG-015 SIG-030",
    "a browser sends another User-Agent than the maker of the URL",
    query=own(),
    also=[
        ["User-Agent", "a"],
        ["Accept-Encoding", "gzip"],
        ["X-Forwarded-For", "::1"],
        ["Authorization", "Basic eDp5"],
    ],
)
presigns(
    "sig-presign-date-header",
    "an x-amz-date header is not signed",
    "SIG-034",
    "whoever uses the URL sends no such header",
    query=own(),
    also=[["X-Amz-Date", DATE]],
)
presigns(
    "sig-presign-token-header",
    "a token header is not signed",
    "SIG-034",
    "whoever uses the URL sends no such header",
    query=own(token=TOKEN_ENCODED),
    session_token=TOKEN,
    also=[["X-Amz-Security-Token", TOKEN]],
)
presigns(
    "sig-presign-path",
    "a path that is normalised and encoded twice for the signature alone",
    "SIG-003 SIG-004 SIG-030",
    "the URL keeps the path that it was given: only the signature sees the canonical one",
    uri="/a%2520b/",
    target="/x/../a%20b//",
)
presigns(
    "sig-presign-path-single",
    "a path that is encoded once",
    "SIG-005 SIG-003 SIG-030",
    "S3's presigned URLs are of this kind",
    uri="/a//%20b/../c",
    target="/a//%20b/../c",
    double_encode=False,
    normalize_path=False,
)
presigns(
    "sig-presign-empty-target",
    "an empty target",
    "SIG-007 SIG-030",
    "the URL has a slash before its question mark",
    uri="/",
    target="",
)
presigns(
    "sig-presign-port",
    "a host with a port",
    "SIG-014 SIG-030",
    "the port is part of Host, and of what is signed",
    lines="host:localhost:8080",
    headers=[["Host", "localhost:8080"]],
)
presigns(
    "sig-presign-body",
    "a body that is no text",
    "SIG-019 SIG-030",
    "the payload hash is that of the octets",
    method="PUT",
    body=b64(bytes(range(256))),
)
presigns(
    "sig-presign-credential",
    "another key, region, service and time",
    "SIG-020 SIG-030",
    "nothing of the scope is fixed",
    access_key="ASIAIOSFODNN7EXAMPLE",
    region="eu-west-1",
    service="execute-api",
    time="20240229T235959Z",
    query="X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=ASIAIOSFODNN7EXAMPLE%2F20240229%2Feu-west-1%2Fexecute-api%2Faws4_request"
    "&X-Amz-Date=20240229T235959Z&X-Amz-Expires=300&X-Amz-SignedHeaders=host",
)
presigns(
    "sig-presign-access-key-encoded",
    "an access key with characters that are encoded",
    "SIG-030 SIG-006",
    "a key of other clouds may have them",
    access_key="GOOG1+ex=ample~",
    query=own(credential=CREDENTIAL.replace("AKIDEXAMPLE", "GOOG1%2Bex%3Dample~")),
)
for slug, bad in LINE_ENDS:
    for place, target in (("path", "/a%sX: y"), ("query", "/a?b=%sX: y")):
        refuses(
            f"sig-presign-target-refused-{slug}-in-{place}",
            f"{slug.upper()} in the {place} of a target",
            "SIG-028",
            "the URL is handed to others with the path as it was given: a line end in it is a header of the caller's choice",
            target=target % bad,
        )
refuses(
    "sig-presign-target-refused-relative",
    "a target that is no path",
    "SIG-003",
    "the question mark would follow nothing that can be requested",
    target="a/b",
)
refuses(
    "sig-presign-host-refused-missing",
    "no Host header",
    "SIG-014",
    "a URL that any host may honour",
    headers=[],
)
refuses(
    "sig-presign-time-refused-day",
    "a time that is none",
    "SIG-016",
    "a scope for a day that does not exist",
    time="20150431T123600Z",
)
refuses(
    "sig-presign-scope-refused-region-slash",
    "a region that cannot stand in a scope",
    "SIG-020",
    "a scope with a part too many",
    region="us/east",
    harmless=True,
)


# ---- verified ----------------------------------------------------------------------------------------------------

BASE = {
    "method": "POST",
    "target": "/endpoints/llm/invocations-response-stream?a=1&b=2",
    "body": b64(PROMPT),
}
PROMPT_HASH = hashlib.sha256(PROMPT).hexdigest()
EMPTY_HASH = hashlib.sha256(b"").hexdigest()
BASE_HEADERS = [
    HOST,
    ["Content-Type", "application/json"],
    ["X-Amzn-SageMaker-Accept", "text/plain"],
]


def authorization_of(
    given: Given,
    headers: Sequence[Sequence[str]],
    names: Optional[List[str]] = None,
    computed: Optional[List[str]] = None,
) -> str:
    """The Authorization of a request as it stands.

    names: the signed headers as they are listed, by default all
    computed: those over which the signature is computed, by default those of the list that are there, brought into order
    """
    signed = plain.lower_headers(headers)
    names = sorted(signed) if names is None else names
    computed = (
        sorted({name.lower() for name in names} & set(signed)) if computed is None else computed
    )
    stages = plain.finish(
        given,
        plain.query_pairs(given["target"].partition("?")[2]),
        {name: signed[name] for name in computed},
    )
    return f"AWS4-HMAC-SHA256 Credential={given['access_key']}/{plain.scope_of(given)}, SignedHeaders={';'.join(names)}, Signature={stages['signature']}"


def signed_request(
    names: Optional[List[str]] = None,
    computed: Optional[List[str]] = None,
    unsigned: Sequence[Sequence[str]] = (),
    date: bool = True,
    **changes: Any,
) -> Given:
    """A request with a good signature over what it has, as a server gets it. unsigned: headers that are added afterwards."""
    given = request(**dict(dict(BASE, headers=BASE_HEADERS), **changes))
    headers = given["headers"] + ([["X-Amz-Date", given["time"]]] if date else [])
    if given.get("session_token"):
        headers = headers + [["X-Amz-Security-Token", given["session_token"]]]
    given["headers"] = (
        headers
        + [list(pair) for pair in unsigned]
        + [["Authorization", authorization_of(given, headers, names, computed)]]
    )
    return given


def presigned_request(**changes: Any) -> Given:
    """A request with a good presigned target, as a server gets it."""
    given = request(**dict(BASE, **dict({"expires": 600}, **changes)))
    given["target"] = plain.presign(given)["target"]
    given["headers"] = [
        pair
        for pair in given["headers"]
        if pair[0].lower() not in ("x-amz-date", "x-amz-security-token")
    ]
    return {
        key: value for key, value in given.items() if key not in ("expires", "omit_session_token")
    }


def replaced(given: Given, header: str, old: str, new: str) -> List[List[str]]:
    """The headers with one text of one header replaced."""
    assert (
        sum(old in value for name, value in given["headers"] if name.lower() == header.lower()) == 1
    ), (header, old)
    return [
        [name, value.replace(old, new) if name.lower() == header.lower() else value]
        for name, value in given["headers"]
    ]


def without(given: Given, header: str) -> List[List[str]]:
    kept = [pair for pair in given["headers"] if pair[0].lower() != header.lower()]
    assert len(kept) == len(given["headers"]) - 1
    return kept


def accepts(name: str, title: str, rules: str, why: str, given: Given, **changes: Any) -> None:
    """A good request. changes: what is other than when it was signed, and does not matter."""
    VERIFY.case(name, title, rules, dict(given, **changes), ok(), why)


def denies(
    name: str,
    title: str,
    rules: str,
    why: str,
    given: Given,
    kind: str = "signature",
    **changes: Any,
) -> None:
    """A request with one fault: those changes to a good one, or, without any, the way in which it was signed."""
    assert len(changes) <= 1, name
    assert all(given.get(key) != value for key, value in changes.items()), name
    given = {key: value for key, value in dict(given, **changes).items() if value is not None}
    VERIFY.case(name, title, rules, given, reject(kind), why)


GOOD = signed_request()
AUTHORIZATION = GOOD["headers"][-1][1]
SIGNATURE = AUTHORIZATION[-64:]
TEMPORARY = signed_request(session_token=TOKEN)
URL = presigned_request()
FORGED = "whoever reads one request can send another in its place"

accepts(
    "sig-verify-good",
    "a good request",
    "SIG-040 SIG-041",
    "a server that refuses this one serves nobody",
    GOOD,
)
accepts(
    "sig-verify-smallest",
    "a good request without query, body and other headers",
    "SIG-040 SIG-041",
    "empty parts are hashed, too",
    signed_request(method="GET", target="/", headers=[HOST], body=""),
)
accepts(
    "sig-verify-headers-in-other-order",
    "headers in another order and case",
    "SIG-011 SIG-041",
    "a proxy may reorder and rewrite names",
    GOOD,
    headers=[[name.upper(), value] for name, value in reversed(GOOD["headers"])],
)
accepts(
    "sig-verify-blanks",
    "values with other blanks around and within",
    "SIG-012 SIG-041",
    "a proxy may trim and fold",
    signed_request(also=[["X-Test", "a b"]]),
    headers=replaced(signed_request(also=[["X-Test", "a b"]]), "X-Test", "a b", " a \t b "),
)
accepts(
    "sig-verify-query-in-other-order",
    "the query in another order and other escapes",
    "SIG-008 SIG-009 SIG-041",
    "a proxy may rewrite it so",
    GOOD,
    target="/endpoints/llm/invocations-response-stream?&%62=%32&a=1",
)
accepts(
    "sig-verify-path-not-normalised",
    "a path that normalises to the one that was signed",
    "SIG-003 SIG-041",
    "both sides normalise",
    GOOD,
    target="/./endpoints//llm/x/../invocations-response-stream?a=1&b=2",
)
accepts(
    "sig-verify-unsigned-header",
    "a header that is not signed",
    "SIG-045",
    "a hop may add what is no x-amz-* header",
    GOOD,
    headers=GOOD["headers"] + [["X-Forwarded-For", "::1"], ["Via", "1.1 proxy"]],
)
accepts(
    "sig-verify-signed-user-agent",
    "a signer that signs more than ours does",
    "SIG-015 SIG-045",
    "the service takes any list that it can verify",
    signed_request(also=[["User-Agent", "a"], ["Accept-Encoding", "gzip"]]),
)
accepts(
    "sig-verify-unsigned-content-type",
    "Content-Type left unsigned",
    "SIG-045",
    "host and x-amz-* must be signed, all else may be",
    signed_request(names=["host", "x-amz-date", "x-amzn-sagemaker-accept"]),
)
accepts(
    "sig-verify-token",
    "a session token, signed",
    "SIG-046",
    "temporary credentials are the usual ones",
    TEMPORARY,
)
accepts(
    "sig-verify-token-unsigned",
    "a session token beside the signature",
    "SIG-046 SIG-018 SIG-045",
    "some signers leave it out of the signature",
    dict(signed_request(unsigned=[["X-Amz-Security-Token", TOKEN]]), session_token=TOKEN),
)
accepts(
    "sig-verify-content-sha256",
    "x-amz-content-sha256 that is the body's hash",
    "SIG-047",
    "general signers send it always",
    signed_request(also=[["X-Amz-Content-Sha256", PROMPT_HASH]]),
)
accepts(
    "sig-verify-single",
    "a path that was encoded once, verified so",
    "SIG-005",
    "the option holds for both sides",
    signed_request(target="/a%20b//c", double_encode=False, normalize_path=False),
)
accepts(
    "sig-verify-presigned",
    "a good presigned request",
    "SIG-040 SIG-032",
    "a server that refuses this one serves no URL",
    URL,
)
accepts(
    "sig-verify-presigned-reordered",
    "presigned, parameters in another order",
    "SIG-009 SIG-032",
    "a browser or proxy may reorder them",
    URL,
    target=URL["target"].partition("?")[0]
    + "?"
    + "&".join(reversed(URL["target"].partition("?")[2].split("&"))),
)
accepts(
    "sig-verify-presigned-token",
    "presigned with a session token",
    "SIG-046 SIG-033",
    "temporary credentials are the usual ones",
    presigned_request(session_token=TOKEN),
)
accepts(
    "sig-verify-presigned-token-unsigned",
    "presigned, the token behind the signed parameters",
    "SIG-046 SIG-018",
    "the token is in the query and not in what was signed: a server tries both",
    presigned_request(session_token=TOKEN, omit_session_token=True),
)
accepts(
    "sig-verify-presigned-x-amz-header-signed",
    "presigned with a signed x-amz-* header",
    "SIG-045",
    "what the URL's maker signed its user must send",
    presigned_request(headers=[HOST, ["X-Amz-Foo", "a"]]),
)

for made in [
    case
    for case in SIGN.cases
    if case["expect"]["status"] == "ok"
    and case["id"] != "sig-path-root"
    and case["id"].startswith(("sig-path-", "sig-query-", "sig-value-", "sig-name-", "sig-host-"))
]:
    sent = made["expect"]["output"]["authorization"]
    accepts(
        made["id"].replace("sig-", "sig-verify-of-", 1),
        "verified: " + made["title"],
        " ".join(made["rules"] + ["SIG-041"]),
        "a server brings a request into the same form as its signer: " + made["why"],
        dict(
            made["input"],
            headers=made["input"]["headers"] + [["X-Amz-Date", DATE], ["Authorization", sent]],
        ),
    )

for slug, changes, rules, why in (
    ("method", {"method": "PUT"}, "SIG-041 SIG-002", FORGED),
    ("method-case", {"method": "post"}, "SIG-041 SIG-002", "methods are case-sensitive"),
    ("path", {"target": BASE["target"].replace("llm", "llm2")}, "SIG-041", FORGED),
    (
        "path-case",
        {"target": BASE["target"].replace("llm", "LLM")},
        "SIG-041",
        "paths are case-sensitive",
    ),
    (
        "final-slash",
        {"target": BASE["target"].replace("?", "/?")},
        "SIG-041 SIG-003",
        "a final slash names another resource",
    ),
    ("query-value", {"target": BASE["target"].replace("b=2", "b=3")}, "SIG-041", FORGED),
    ("query-more", {"target": BASE["target"] + "&c=3"}, "SIG-041", FORGED),
    ("query-less", {"target": BASE["target"][:-4]}, "SIG-041", FORGED),
    (
        "header-value",
        {"headers": replaced(GOOD, "X-Amzn-SageMaker-Accept", "text/plain", "text/html")},
        "SIG-041",
        FORGED,
    ),
    (
        "header-value-case",
        {"headers": replaced(GOOD, "Content-Type", "json", "JSON")},
        "SIG-041 SIG-011",
        "values are case-sensitive",
    ),
    (
        "header-second-value",
        {"headers": GOOD["headers"] + [["Content-Type", "text/html"]]},
        "SIG-041 SIG-013",
        "a second value that is added behind the first must not be overlooked",
    ),
    (
        "host",
        {"headers": replaced(GOOD, "Host", "example", "evil")},
        "SIG-041 SIG-014",
        "the request is played to another host",
    ),
    (
        "port",
        {"headers": replaced(GOOD, "Host", ".com", ".com:8443")},
        "SIG-041 SIG-014",
        "the port is part of Host",
    ),
    ("body", {"body": b64(PROMPT.replace(b"64", b"65"))}, "SIG-041 SIG-019", FORGED),
    ("body-empty", {"body": ""}, "SIG-041 SIG-019", FORGED),
    (
        "date",
        {"headers": replaced(GOOD, "X-Amz-Date", "T1236", "T1237")},
        "SIG-041 SIG-021",
        "a captured request is made younger",
    ),
    (
        "secret",
        {"secret_key": SECRET_KEY[:-1] + "X"},
        "SIG-041 SIG-022",
        "the only thing that the caller proves",
    ),
    (
        "signature-first-digit",
        {
            "headers": replaced(
                GOOD,
                "Authorization",
                SIGNATURE,
                "0123456789abcdef"[int(SIGNATURE[0], 16) - 1] + SIGNATURE[1:],
            )
        },
        "SIG-041",
        "a comparison that skips the first",
    ),
    (
        "signature-last-digit",
        {
            "headers": replaced(
                GOOD,
                "Authorization",
                SIGNATURE,
                SIGNATURE[:-1] + "0123456789abcdef"[int(SIGNATURE[-1], 16) - 1],
            )
        },
        "SIG-041",
        "a comparison that stops before the last",
    ),
    (
        "signature-short",
        {"headers": replaced(GOOD, "Authorization", SIGNATURE, SIGNATURE[:-1])},
        "SIG-041",
        "a comparison of the common length",
    ),
    (
        "signature-long",
        {"headers": replaced(GOOD, "Authorization", SIGNATURE, SIGNATURE + "0")},
        "SIG-041",
        "a comparison of the common length",
    ),
    (
        "signature-empty",
        {"headers": replaced(GOOD, "Authorization", SIGNATURE, "")},
        "SIG-041",
        "a comparison of no length at all accepts it",
    ),
    (
        "signature-upper-case",
        {"headers": replaced(GOOD, "Authorization", SIGNATURE, SIGNATURE.upper())},
        "SIG-041 SIG-023",
        "the digits are lower-case",
    ),
):
    denies(
        "sig-verify-altered-" + slug,
        "altered afterwards: " + slug.replace("-", " "),
        rules,
        why,
        GOOD,
        **changes,
    )


def forged(
    slug: str,
    rules: str,
    why: str,
    old: str = "",
    new: str = "",
    key: Optional[bytes] = None,
    **changes: Any,
) -> None:
    """A signer's usual mistake: its canonical request, or else its string to sign, has one text in place of another; or its key is
    another one. A dollar sign stands for the end."""
    given = request(**dict(dict(BASE, headers=BASE_HEADERS), **changes))
    given["headers"] = given["headers"] + [["X-Amz-Date", given["time"]]]
    signed = plain.lower_headers(given["headers"])
    stages = plain.finish(given, plain.query_pairs(given["target"].partition("?")[2]), signed)
    canonical, text = stages["canonical_request"], stages["string_to_sign"]
    if key is None:
        assert (canonical + "$" + text + "$").count(old) == 1 and old != new, (slug, old, canonical)
        key = plain.signing_key(
            given["secret_key"], given["time"][:8], given["region"], given["service"]
        )
        if old in canonical + "$":
            text = plain.string_to_sign(
                given["time"], plain.scope_of(given), (canonical + "$").replace(old, new)[:-1]
            )
        else:
            text = (text + "$").replace(old, new)[:-1]
    given["headers"].append(
        [
            "Authorization",
            f"AWS4-HMAC-SHA256 Credential={given['access_key']}/{plain.scope_of(given)}, SignedHeaders={';'.join(signed)}, Signature={plain.hmac_sha256(key, text).hex()}",
        ]
    )
    denies(
        "sig-verify-forged-" + slug,
        "signed in another way: " + slug.replace("-", " "),
        rules + " SIG-041",
        why,
        given,
    )


LENIENT = "a server that takes it, too, computes something else than AWS does: "
forged(
    "no-empty-line",
    "SIG-001",
    LENIENT + "an empty line stands behind the headers",
    "text/plain\n\n",
    "text/plain\n",
)
forged(
    "line-end-behind",
    "SIG-001",
    LENIENT + "no line end stands behind the last part",
    PROMPT_HASH + "$",
    PROMPT_HASH + "\n$",
)
forged(
    "path-as-it-stands",
    "SIG-003",
    LENIENT + "the path is normalised",
    "\n/a/b\n",
    "\n/a/./b\n",
    target="/a/./b",
)
forged(
    "path-final-slash-of-the-rfc",
    "SIG-003",
    LENIENT + "no slash is left behind `..`",
    "\n/a\n",
    "\n/a/\n",
    target="/a/b/..",
)
forged(
    "path-encoded-once",
    "SIG-004",
    LENIENT + "an escape of the path is encoded again",
    "/a%2520b",
    "/a%20b",
    target="/a%20b",
)
forged(
    "path-encoded-twice",
    "SIG-005",
    LENIENT + "where the path is encoded once it stays so",
    "/a%20b",
    "/a%2520b",
    target="/a%20b",
    double_encode=False,
)
forged(
    "path-lower-case-digits",
    "SIG-006",
    LENIENT + "the digits of an escape are in upper case",
    "/%C3%BC",
    "/%c3%bc",
    target="/\u00fc",
)
forged(
    "path-tilde-escaped", "SIG-006", LENIENT + "a tilde is unreserved", "/~a", "/%7Ea", target="/~a"
)
forged(
    "path-empty",
    "SIG-007",
    LENIENT + "an empty path is a slash",
    "POST\n/\n",
    "POST\n\n",
    target="?a=1",
)
forged(
    "query-plus-is-blank",
    "SIG-008",
    LENIENT + "a plus sign is none",
    "a=x%2By",
    "a=x%20y",
    target="/?a=x+y",
)
forged(
    "query-blank-is-plus",
    "SIG-008",
    LENIENT + "a blank is %20",
    "a=x%20y",
    "a=x+y",
    target="/?a=x%20y",
)
forged(
    "query-encoded-twice",
    "SIG-008",
    LENIENT + "an escape of the query is not encoded again",
    "a=%2F",
    "a=%252F",
    target="/?a=%2F",
)
forged(
    "query-as-it-came",
    "SIG-009",
    LENIENT + "the parameters are sorted",
    "\na=2&b=1\n",
    "\nb=1&a=2\n",
    target="/?b=1&a=2",
)
forged(
    "query-sorted-as-text",
    "SIG-009",
    LENIENT + "names are sorted, not the joined texts",
    "a=2&a-b=1",
    "a-b=1&a=2",
    target="/?a-b=1&a=2",
)
forged(
    "query-no-equals",
    "SIG-010",
    LENIENT + "a missing equals sign is added",
    "\na=\n",
    "\na\n",
    target="/?a",
)
forged(
    "header-name-as-it-came",
    "SIG-011",
    LENIENT + "names are in lower case",
    "content-type:app",
    "Content-Type:app",
)
forged(
    "header-blank-behind-the-colon",
    "SIG-011",
    LENIENT + "no blank follows the colon",
    "host:example",
    "host: example",
)
forged(
    "header-runs-of-blanks",
    "SIG-012",
    LENIENT + "a run of blanks is one",
    "x-test:a b",
    "x-test:a  b",
    also=[["X-Test", "a  b"]],
)
forged(
    "header-quotes",
    "SIG-012",
    LENIENT + "inside quotes, too",
    'x-test:"a b"',
    'x-test:"a  b"',
    also=[["X-Test", '"a  b"']],
)
forged(
    "header-not-trimmed",
    "SIG-012",
    LENIENT + "the blanks around a value are none of it",
    "x-test:a\n",
    "x-test: a\n",
    also=[["X-Test", " a"]],
)
forged(
    "header-joined-with-a-blank",
    "SIG-013",
    LENIENT + "a comma alone joins the values",
    "x-test:b,a",
    "x-test:b, a",
    also=[["X-Test", "b"], ["X-Test", "a"]],
)
forged(
    "header-values-sorted",
    "SIG-013",
    LENIENT + "values stand in their order",
    "x-test:b,a",
    "x-test:a,b",
    also=[["X-Test", "b"], ["X-Test", "a"]],
)
forged(
    "header-last-value-alone",
    "SIG-013",
    LENIENT + "the first value counts, too",
    "x-test:b,a",
    "x-test:a",
    also=[["X-Test", "b"], ["X-Test", "a"]],
)
forged(
    "header-as-utf8",
    "SIG-026",
    LENIENT + "what is signed are the octets that were sent",
    "x-test:caf\u00e9",
    "x-test:caf\u00c3\u00a9",
    also=[["X-Test", "caf\u00e9"]],
)
forged(
    "unsigned-payload",
    "SIG-019",
    "a server that takes S3's word for any body cannot tell which one was meant",
    PROMPT_HASH,
    "UNSIGNED-PAYLOAD",
)
forged(
    "empty-payload",
    "SIG-019",
    "a server that takes the hash of nothing for any body cannot tell which one was meant",
    PROMPT_HASH,
    EMPTY_HASH,
)
forged(
    "payload-in-upper-case",
    "SIG-019",
    LENIENT + "the hash is in lower case",
    PROMPT_HASH,
    PROMPT_HASH.upper(),
)
forged(
    "string-without-time", "SIG-021", LENIENT + "the time has its line", f"\n{DATE}\n2015", "\n2015"
)
forged(
    "string-with-line-end",
    "SIG-021",
    LENIENT + "no line end stands behind the last line",
    "aws4_request\n",
    "aws4_request\n\n",
)
for slug, first, parts, why in (
    (
        "no-prefix",
        SECRET_KEY,
        ("20150830", "us-east-1", "sagemaker", "aws4_request"),
        "the first key is the secret with AWS4 before it",
    ),
    (
        "whole-time",
        "AWS4" + SECRET_KEY,
        (DATE, "us-east-1", "sagemaker", "aws4_request"),
        "the key is of the day, not of the second",
    ),
    (
        "order",
        "AWS4" + SECRET_KEY,
        ("20150830", "sagemaker", "us-east-1", "aws4_request"),
        "the region comes before the service",
    ),
    (
        "no-suffix",
        "AWS4" + SECRET_KEY,
        ("20150830", "us-east-1", "sagemaker"),
        "the last key is of aws4_request",
    ),
    ("secret-itself", "AWS4" + SECRET_KEY, (), "the secret itself signs nothing"),
):
    derived = first.encode()
    for part in parts:
        derived = plain.hmac_sha256(derived, part)
    forged("key-" + slug, "SIG-022", LENIENT + why, key=derived)
denies(
    "sig-verify-scope-package-name",
    "signed for sagemaker-runtime, the name of the SDK's package",
    "SIG-027 SIG-044",
    "the signing name is another than the package's and the host's: a mock that takes it lets a client go out that AWS refuses",
    signed_request(service="sagemaker-runtime"),
    service="sagemaker",
)

for slug, changes, why in (
    ("region", {"region": "us-west-2"}, "a request for one region is played to another"),
    ("service", {"service": "s3"}, "a request for one service is played to another"),
    (
        "access-key",
        {"access_key": "AKIDOTHER"},
        "the caller is another than the one whose secret is used",
    ),
    (
        "claimed-access-key",
        {"headers": replaced(GOOD, "Authorization", "AKIDEXAMPLE", "AKIDOTHER")},
        "the claim names another caller",
    ),
    (
        "claimed-region",
        {"headers": replaced(GOOD, "Authorization", "us-east-1", "us-east-2")},
        "the claim must name this region",
    ),
    (
        "claimed-service",
        {"headers": replaced(GOOD, "Authorization", "/sagemaker/", "/s3/")},
        "the claim must name this service",
    ),
    (
        "claimed-date",
        {"headers": replaced(GOOD, "Authorization", "/20150830/", "/20150829/")},
        "the day of the scope is the day of x-amz-date",
    ),
    (
        "claimed-suffix",
        {"headers": replaced(GOOD, "Authorization", "aws4_request", "aws5_request")},
        "the scope ends with aws4_request",
    ),
    (
        "claimed-scope-short",
        {"headers": replaced(GOOD, "Authorization", "/sagemaker/aws4_request", "/sagemaker")},
        "a scope of three parts",
    ),
    (
        "claimed-credential-empty",
        {
            "headers": replaced(
                GOOD, "Authorization", "AKIDEXAMPLE/20150830/us-east-1/sagemaker/aws4_request", ""
            )
        },
        "no credential at all",
    ),
):
    denies(
        "sig-verify-scope-" + slug,
        "another scope or caller: " + slug.replace("-", " "),
        "SIG-044",
        why,
        GOOD,
        **changes,
    )

for slug, header, why in (
    (
        "algorithm",
        AUTHORIZATION.replace("SHA256", "SHA512"),
        "an algorithm that the server does not compute must not be taken for the one it does",
    ),
    (
        "algorithm-case",
        AUTHORIZATION.replace("AWS4-HMAC-SHA256", "aws4-hmac-sha256"),
        "the algorithm's name is exact",
    ),
    ("sigv4a", AUTHORIZATION.replace("HMAC", "ECDSA-P256"), "SigV4a is another scheme"),
    ("basic", "Basic QUtJREVYQU1QTEU6eA==", "another scheme altogether"),
    ("bearer", "Bearer abc", "another scheme altogether"),
    ("empty", "", "an empty header is no claim"),
    ("algorithm-alone", "AWS4-HMAC-SHA256", "a parser that reads on finds nothing"),
    (
        "no-credential",
        AUTHORIZATION.replace(
            "Credential=AKIDEXAMPLE/20150830/us-east-1/sagemaker/aws4_request, ", ""
        ),
        "each part must be there",
    ),
    (
        "no-signed-headers",
        AUTHORIZATION.replace(
            f"SignedHeaders={';'.join(sorted(plain.lower_headers(GOOD['headers'][:-1])))}, ", ""
        ),
        "each part must be there",
    ),
    ("no-signature", AUTHORIZATION.rpartition(", ")[0], "each part must be there"),
    (
        "signature-twice",
        AUTHORIZATION + ", Signature=" + SIGNATURE,
        "of two values one server takes the first, another the last",
    ),
    ("unknown-part", AUTHORIZATION + ", Extra=1", "a part that nobody knows"),
    ("part-case", AUTHORIZATION.replace("Signature=", "signature="), "the parts' names are exact"),
):
    assert header != AUTHORIZATION
    denies(
        "sig-verify-authorization-" + slug,
        "Authorization: " + slug.replace("-", " "),
        "SIG-040",
        why,
        GOOD,
        headers=GOOD["headers"][:-1] + [["Authorization", header]],
    )
denies(
    "sig-verify-authorization-missing",
    "no Authorization",
    "SIG-040",
    "a server that takes absence for success",
    GOOD,
    headers=without(GOOD, "Authorization"),
)
denies(
    "sig-verify-authorization-twice",
    "the same Authorization twice",
    "SIG-040",
    "one hop reads the first, the next one the last",
    GOOD,
    headers=GOOD["headers"] + GOOD["headers"][-1:],
)
denies(
    "sig-verify-authorization-two",
    "a good Authorization and another one",
    "SIG-040",
    "one hop reads the first, the next one the last",
    GOOD,
    headers=GOOD["headers"] + [["authorization", "Bearer abc"]],
)
denies(
    "sig-verify-authorization-in-two-lines",
    "an Authorization whose parts stand in two lines",
    "SIG-040",
    "Authorization is no list: a hop that joins the lines lets each of two senders write one half",
    GOOD,
    headers=GOOD["headers"][:-1]
    + [
        ["Authorization", AUTHORIZATION.rpartition(", ")[0]],
        ["Authorization", AUTHORIZATION.rpartition(", ")[2]],
    ],
)
for slug, bad in (("blank", "PO ST"), ("empty", ""), ("line-end", "POST\n")):
    denies(
        "sig-verify-method-" + slug,
        "a method that is no token, signed so: " + slug.replace("-", " "),
        "SIG-002",
        "a request line with a word too many, or too few, means one thing here and another on the next hop",
        signed_request(method=bad),
    )
denies(
    "sig-verify-authorization-and-query",
    "signed in header and query at once",
    "SIG-040",
    "two claims: which one was checked?",
    signed_request(target=BASE["target"] + "&X-Amz-Signature=" + "0" * 64),
)

SIGNED = ["content-type", "host", "x-amz-date", "x-amzn-sagemaker-accept"]
for slug, names, why in (
    (
        "unsorted",
        ["host", "content-type", *SIGNED[2:]],
        "one order only: whoever sorts for himself verifies what was not claimed",
    ),
    ("upper-case", ["Content-Type", *SIGNED[1:]], "the list is in lower case"),
    ("repeated", ["content-type", *SIGNED], "a name twice: servers differ in what they then hash"),
    ("absent", [*SIGNED[:2], "x-absent", *SIGNED[2:]], "a header that is not there"),
    (
        "no-host",
        ["content-type", *SIGNED[2:]],
        "without host the request can be played to another host",
    ),
    ("no-date", [*SIGNED[:2], SIGNED[3]], "without its date the request is good for ever"),
    ("empty", [], "nothing is signed at all"),
):
    rules = "SIG-045 SIG-014" if slug == "no-host" else "SIG-045"
    denies(
        "sig-verify-signed-headers-" + slug,
        "SignedHeaders: " + slug.replace("-", " "),
        rules,
        why,
        signed_request(names=names),
    )
denies(
    "sig-verify-signed-headers-computed-unsorted",
    "SignedHeaders: unsorted, and hashed in that order",
    "SIG-045 SIG-011",
    "one order only: whoever takes the claimed one lets its caller choose the canonical form",
    signed_request(["host", "content-type", *SIGNED[2:]], ["host", "content-type", *SIGNED[2:]]),
)
denies(
    "sig-verify-signed-header-removed",
    "a signed header is gone",
    "SIG-045",
    "a hop that drops a header must be noticed",
    GOOD,
    headers=without(GOOD, "X-Amzn-SageMaker-Accept"),
)
denies(
    "sig-verify-unsigned-x-amz",
    "an x-amz-* header that is not signed",
    "SIG-045",
    "a hop adds x-amz-target, or anything that the service obeys",
    GOOD,
    headers=GOOD["headers"] + [["X-Amz-Target", "Evil"]],
)
denies(
    "sig-verify-presigned-unsigned-x-amz",
    "presigned, and an x-amz-* header that is not signed",
    "SIG-045",
    "whoever has the URL must not add what the service obeys",
    URL,
    headers=URL["headers"] + [["X-Amz-Acl", "public-read"]],
)
denies(
    "sig-verify-host-missing",
    "a request without Host",
    "SIG-045 SIG-014",
    "nothing binds it to this server",
    GOOD,
    headers=without(GOOD, "Host"),
)
denies(
    "sig-verify-host-empty",
    "an empty Host, signed so",
    "SIG-014",
    "an empty host binds the request to nothing",
    signed_request(headers=[["Host", ""], *BASE_HEADERS[1:]]),
)
denies(
    "sig-verify-date-missing",
    "a request without x-amz-date",
    "SIG-040 SIG-016",
    "a request without a time is good for ever",
    signed_request(date=False),
)
for slug, time, why in (
    ("extended", "2015-08-30T12:36:00Z", "a lenient parser takes it, and then hashes another text"),
    ("day", "20150830", "a day is no time: it would be good for a whole day"),
    ("empty", "", "an empty time that counts as zero, or as now"),
    ("impossible", "20150830T246000Z", "a date library throws something that nobody catches"),
):
    denies(
        "sig-verify-date-malformed-" + slug,
        "x-amz-date that is none: " + slug,
        "SIG-040 SIG-016",
        why,
        GOOD,
        headers=replaced(GOOD, "X-Amz-Date", DATE, time),
    )
denies(
    "sig-verify-token-missing",
    "the token that belongs to the key is missing",
    "SIG-046",
    "temporary keys are worth nothing without it",
    signed_request(),
    session_token=TOKEN,
)
denies(
    "sig-verify-token-other",
    "the token is another one",
    "SIG-046",
    "a token of another session",
    TEMPORARY,
    session_token=TOKEN + "x",
)
denies(
    "sig-verify-token-superfluous",
    "a token with a key that has none",
    "SIG-046",
    "the claim is of another kind of caller",
    TEMPORARY,
    session_token=None,
)
denies(
    "sig-verify-token-unsigned-other",
    "a token beside the signature, and another one",
    "SIG-046",
    "it is not signed, so it must be compared",
    dict(signed_request(unsigned=[["X-Amz-Security-Token", TOKEN + "x"]])),
    session_token=TOKEN,
)
denies(
    "sig-verify-content-sha256-other",
    "x-amz-content-sha256 of another body",
    "SIG-047",
    "a body that was exchanged together with its hash's line",
    signed_request(also=[["X-Amz-Content-Sha256", "0" * 64]]),
)
denies(
    "sig-verify-content-sha256-unsigned-payload",
    "x-amz-content-sha256: UNSIGNED-PAYLOAD",
    "SIG-047",
    "S3's word for a body that nobody vouches for",
    signed_request(also=[["X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"]]),
)
for slug, bad in LINE_ENDS:
    denies(
        f"sig-verify-target-{slug}",
        f"{slug.upper()} in the target",
        "SIG-028",
        "a signature over a target with a line end vouches for two requests",
        signed_request(target=f"/a{bad}b"),
    )

for slug, now, kind, why in (
    ("300-behind", "20150830T124100Z", None, "five minutes are allowed"),
    (
        "301-behind",
        "20150830T124101Z",
        "expired",
        "a captured request is good for five minutes and no longer",
    ),
    ("300-ahead", "20150830T123100Z", None, "clocks differ both ways"),
    (
        "301-ahead",
        "20150830T123059Z",
        "expired",
        "a request from the future is good until then: a stock of them can be made",
    ),
    ("day-behind", "20150831T123600Z", "expired", "the day is part of the difference"),
    (
        "year-ahead",
        "20140830T123600Z",
        "expired",
        "a comparison of the time of day alone sees no difference",
    ),
):
    if kind is None:
        accepts(
            "sig-verify-skew-" + slug,
            "the server's clock: " + slug.replace("-", " "),
            "SIG-042",
            why,
            GOOD,
            time=now,
        )
    else:
        denies(
            "sig-verify-skew-" + slug,
            "the server's clock: " + slug.replace("-", " "),
            "SIG-042",
            why,
            GOOD,
            kind,
            time=now,
        )
accepts(
    "sig-verify-skew-over-midnight",
    "signed before midnight, verified behind it",
    "SIG-042 SIG-044",
    "the scope's day is the request's, not the server's",
    signed_request(time="20151231T235900Z"),
    time="20160101T000100Z",
)
for slug, now, kind, why in (
    ("last-second", "20150830T124600Z", None, "the expiry is the last good second"),
    ("second-after", "20150830T124601Z", "expired", "a URL must end when its maker said"),
    (
        "after-five-minutes",
        "20150830T124200Z",
        None,
        "the five minutes behind are for headers: a URL has its own expiry",
    ),
    ("300-ahead", "20150830T123100Z", None, "the maker's clock may be ahead"),
    ("301-ahead", "20150830T123059Z", "expired", "a URL that begins later than now"),
):
    rules = "SIG-042" if "ahead" in slug else "SIG-043"
    if kind is None:
        accepts(
            "sig-verify-window-" + slug,
            "a presigned request: " + slug.replace("-", " "),
            rules,
            why,
            URL,
            time=now,
        )
    else:
        denies(
            "sig-verify-window-" + slug,
            "a presigned request: " + slug.replace("-", " "),
            rules,
            why,
            URL,
            kind,
            time=now,
        )
accepts(
    "sig-verify-window-week",
    "presigned for a week, on its last second",
    "SIG-043 SIG-031",
    "the longest expiry holds",
    presigned_request(expires=604800),
    time="20150906T123600Z",
)
denies(
    "sig-verify-window-week-over",
    "presigned for a week, a second later",
    "SIG-043",
    "the longest expiry ends",
    presigned_request(expires=604800),
    "expired",
    time="20150906T123601Z",
)
accepts(
    "sig-verify-window-second",
    "presigned for a second, one second later",
    "SIG-043 SIG-031",
    "the shortest expiry holds",
    presigned_request(expires=1),
    time="20150830T123601Z",
)
for slug, expires, why in (
    ("zero", 0, "a request that is never good, or for ever"),
    ("beyond-a-week", 604801, "the bound is the server's, too: a signer may not keep it"),
):
    denies(
        "sig-verify-expires-" + slug,
        f"X-Amz-Expires of {int(expires)}, signed so",
        "SIG-031",
        why,
        presigned_request(expires=expires),
    )
for slug, old, new, rules, why in (
    (
        "expires",
        "X-Amz-Expires=600",
        "X-Amz-Expires=601",
        "SIG-041 SIG-030",
        "a URL is made to live longer",
    ),
    (
        "date",
        "X-Amz-Date=20150830T1236",
        "X-Amz-Date=20150830T1237",
        "SIG-041 SIG-030",
        "a URL is made younger",
    ),
    (
        "credential",
        "Credential=AKIDEXAMPLE",
        "Credential=AKIDOTHER",
        "SIG-044",
        "another caller is claimed",
    ),
    ("region", "us-east-1", "us-east-2", "SIG-044", "another region is claimed"),
    ("query", "a=1", "a=2", "SIG-041", FORGED),
    (
        "signed-headers",
        "SignedHeaders=host",
        "SignedHeaders=",
        "SIG-045 SIG-014",
        "a URL that any host may honour",
    ),
    ("algorithm", "HMAC-SHA256", "HMAC-SHA1", "SIG-040", "an algorithm that nobody offers"),
    ("no-signature", "&X-Amz-Signature=", "&x=", "SIG-040", "a URL that claims nothing"),
    (
        "no-algorithm",
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&",
        "",
        "SIG-040",
        "each parameter must be there",
    ),
    (
        "no-date",
        "X-Amz-Date=20150830T123600Z&",
        "",
        "SIG-040 SIG-016",
        "a URL without a time is good for ever",
    ),
    ("no-expires", "X-Amz-Expires=600&", "", "SIG-031", "a URL without an expiry is good for ever"),
    (
        "expires-text",
        "X-Amz-Expires=600",
        "X-Amz-Expires=1e3",
        "SIG-031",
        "a number in another form",
    ),
    ("path", "/llm/", "/llm2/", "SIG-041", FORGED),
):
    assert URL["target"].count(old) == 1, (slug, old)
    denies(
        "sig-verify-presigned-altered-" + slug,
        "presigned, altered afterwards: " + slug.replace("-", " "),
        rules,
        why,
        URL,
        target=URL["target"].replace(old, new),
    )
denies(
    "sig-verify-presigned-altered-body",
    "presigned, another body",
    "SIG-041 SIG-019",
    "the body's hash is signed, too",
    URL,
    body=b64(b"{}"),
)
denies(
    "sig-verify-presigned-altered-method",
    "presigned, another method",
    "SIG-041 SIG-002",
    "a URL to read is not one to delete",
    URL,
    method="DELETE",
)
denies(
    "sig-verify-presigned-altered-host",
    "presigned, another host",
    "SIG-041 SIG-014",
    "a URL is played to another host",
    URL,
    headers=[["Host", "evil.example"]],
)
denies(
    "sig-verify-presigned-token-other",
    "presigned with another session's token",
    "SIG-046 SIG-033",
    "the token is compared, not only signed",
    presigned_request(session_token=TOKEN),
    session_token=TOKEN + "x",
)
