# SPDX-License-Identifier: MIT
"""The verification cases: sigv4-verify.

To add a case, copy a similar call and change it. There is one helper for each kind of case:

- `accepts`: a valid request
- `rejects`: a request with one error
- `forged`: a request from an incorrect signer

plain_sigv4 signs each request. An invalid request is a valid one with a single change after
signing, or one that was signed incorrectly, and the helpers assert that there is no other change.
Most valid requests come from the signing cases.
"""

import hashlib
import json
from typing import Any, Dict, List, Optional, Sequence

from authoring import Feature, b64, ok, reject, words
from authoring import plain_sigv4 as plain
from authoring.sig import (
    DATE,
    HOST,
    INHERITED,
    LINE_ENDS,
    PLACES_IN_TARGET,
    PROMPT,
    SECRET_KEY,
    SIGN,
    TOKEN,
    TOKENS,
    Given,
    request,
)

VERIFY = Feature("sigv4-verify", "sigv4.verify", "sig-")
FEATURES = [VERIFY]

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
    """Return the Authorization header of a request.

    names: the list of signed headers, by default all headers in order
    computed: the headers that the signature covers, by default those of `names`, sorted
    """
    signed = plain.lower_headers(headers)
    if names is None:
        names = sorted(signed)
    if computed is None:
        computed = sorted({name.lower() for name in names} & set(signed))
    stages = plain.finish(
        given,
        plain.query_pairs(given["target"].partition("?")[2]),
        {name: signed[name] for name in computed},
    )
    return plain.authorization(given, names, stages["signature"])


def signed_request(
    names: Optional[List[str]] = None,
    computed: Optional[List[str]] = None,
    unsigned: Sequence[Sequence[str]] = (),
    date: bool = True,
    **changes: Any,
) -> Given:
    """Return a request with a valid signature, as a server receives it.

    names, computed: see authorization_of; unsigned: headers that are added after signing;
    date: send x-amz-date
    """
    given = request(**dict(dict(BASE, headers=BASE_HEADERS), **changes))
    headers = list(given["headers"])
    if date:
        headers.append(["X-Amz-Date", given["time"]])
    if given.get("session_token"):
        headers.append(["X-Amz-Security-Token", given["session_token"]])
    authorization = authorization_of(given, headers, names, computed)
    headers += [list(pair) for pair in unsigned]
    given["headers"] = headers + [["Authorization", authorization]]
    return given


def presigned_request(**changes: Any) -> Given:
    """Return a request with a valid presigned target, as a server receives it."""
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


def signed_over(text: str) -> Given:
    """Return a request whose signature has text, also in a signed header, for the body's hash."""
    given = signed_request(also=[["X-Amz-Content-Sha256", text]])
    kept = given["headers"][:-1]
    signed = plain.lower_headers(kept)
    return dict(given, headers=[*kept, ["Authorization", _over(given, signed, text)]])


def _over(given: Given, signed: Dict[str, str], text: str) -> str:
    pairs = plain.query_pairs(given["target"].partition("?")[2])
    return plain.authorization(given, signed, _signature_over(given, pairs, signed, text))


def _signature_over(given: Given, pairs: Any, signed: Dict[str, str], text: str) -> str:
    """Return the signature with text in place of the body's hash."""
    stages = plain.finish(given, pairs, signed)
    canonical = stages["canonical_request"].rpartition("\n")[0] + "\n" + text
    key = plain.signing_key(
        given["secret_key"], given["time"][:8], given["region"], given["service"]
    )
    to_sign = plain.string_to_sign(given["time"], plain.scope_of(given), canonical)
    return plain.hmac_sha256(key, to_sign).hex()


def presigned_over(text: str) -> Given:
    """Return a presigned request whose signature has text for the body's hash."""
    query = URL["target"].partition("?")[2].rpartition("&X-Amz-Signature=")[0]
    signature = _signature_over(URL, plain.query_pairs(query), {"host": HOST[1]}, text)
    return dict(URL, target=URL["target"][:-64] + signature)


def presigned_signing(names: str, header: List[str]) -> Given:
    """Return a presigned request with another header, and these signed headers."""
    path, _, query = URL["target"].partition("?")
    query = query.rpartition("&X-Amz-Signature=")[0].replace(
        "SignedHeaders=host", "SignedHeaders=" + names.replace(";", "%3B")
    )
    headers = [*URL["headers"], header]
    values = plain.lower_headers(headers)
    signed = {name: values[name] for name in names.split(";")}
    stages = plain.finish(URL, plain.query_pairs(query), signed)
    target = f"{path}?{query}&X-Amz-Signature={stages['signature']}"
    return dict(URL, target=target, headers=headers)


def replaced(given: Given, header: str, old: str, new: str) -> List[List[str]]:
    """Return the headers with one text in one header replaced."""
    (index,) = [
        index
        for index, (name, value) in enumerate(given["headers"])
        if name.lower() == header.lower() and old in value
    ]
    name, value = given["headers"][index]
    headers = list(given["headers"])
    headers[index] = [name, value.replace(old, new)]
    return headers


def without(given: Given, header: str) -> List[List[str]]:
    """Return the headers without one of them."""
    kept = [pair for pair in given["headers"] if pair[0].lower() != header.lower()]
    assert len(kept) == len(given["headers"]) - 1
    return kept


def accepts(name: str, title: str, rules: str, why: str, given: Given, **changes: Any) -> None:
    """Add a case of a valid request. changes: harmless changes after signing."""
    VERIFY.case(name, title, rules, dict(given, **changes), ok(), why)


def rejects(
    name: str,
    title: str,
    rules: str,
    why: str,
    given: Given,
    kind: str = "signature",
    **changes: Any,
) -> None:
    """Add a case of an invalid request.

    The single error is the change to a valid request or, if there is none, the way it was signed.
    """
    assert len(changes) <= 1, name
    assert all(given.get(key) != value for key, value in changes.items()), name
    given = {key: value for key, value in dict(given, **changes).items() if value is not None}
    VERIFY.case(name, title, rules, given, reject(kind), why)


GOOD = signed_request()
AUTHORIZATION = GOOD["headers"][-1][1]
SIGNATURE = AUTHORIZATION[-64:]
TEMPORARY = signed_request(session_token=TOKEN)
URL = presigned_request()
FORGED = "an attacker who reads one request could send a different one"

accepts(
    "sig-verify-good",
    "a valid request",
    "SIG-040 SIG-041",
    "a server that rejects this request rejects all requests",
    GOOD,
)
accepts(
    "sig-verify-smallest",
    "a valid request without query, body and other headers",
    "SIG-040 SIG-041",
    "a server that skips an empty part computes another signature",
    signed_request(method="GET", target="/", headers=[HOST], body=""),
)
accepts(
    "sig-verify-headers-in-other-order",
    "headers in another order and case",
    "SIG-011 SIG-041",
    "proxies may reorder headers and change the case of their names",
    GOOD,
    headers=[[name.upper(), value] for name, value in reversed(GOOD["headers"])],
)
accepts(
    "sig-verify-blanks",
    "header values with other white space around and inside them",
    "SIG-012 SIG-041",
    "proxies may trim header values and fold their lines",
    signed_request(also=[["X-Test", "a b"]]),
    headers=replaced(signed_request(also=[["X-Test", "a b"]]), "X-Test", "a b", " a \t b "),
)
accepts(
    "sig-verify-query-in-other-order",
    "the query in another order and with other escapes",
    "SIG-008 SIG-009 SIG-041",
    "proxies may rewrite a query in this way",
    GOOD,
    target="/endpoints/llm/invocations-response-stream?&%62=%32&a=1",
)
accepts(
    "sig-verify-path-not-normalised",
    "a path that normalises to the signed path",
    "SIG-003 SIG-041",
    "a proxy may normalise the path, and client and server both sign the normalised one",
    GOOD,
    target="/./endpoints//llm/x/../invocations-response-stream?a=1&b=2",
)
accepts(
    "sig-verify-unsigned-header",
    "a header that is not signed",
    "SIG-045",
    (
        "proxies may add headers, so a server that requires every header to be signed "
        "rejects valid clients"
    ),
    GOOD,
    headers=GOOD["headers"] + [["X-Forwarded-For", "::1"], ["Via", "1.1 proxy"]],
)
accepts(
    "sig-verify-signed-user-agent",
    "a signature over more headers than our signer signs",
    "SIG-015 SIG-045",
    "the service accepts any list of signed headers that it can verify",
    signed_request(also=[["User-Agent", "a"], ["Accept-Encoding", "gzip"]]),
)
accepts(
    "sig-verify-unsigned-content-type",
    "Content-Type is not signed",
    "SIG-045",
    "only host and x-amz-* must be signed, and a server that requires more rejects valid clients",
    signed_request(names=["host", "x-amz-date", "x-amzn-sagemaker-accept"]),
)
accepts(
    "sig-verify-token",
    "a session token, signed",
    "SIG-046",
    "most clients use temporary credentials",
    TEMPORARY,
)
accepts(
    "sig-verify-token-unsigned",
    "a session token that is not signed",
    "SIG-046 SIG-018 SIG-045",
    "some signers leave the token out of the signature",
    dict(signed_request(unsigned=[["X-Amz-Security-Token", TOKEN]]), session_token=TOKEN),
)
accepts(
    "sig-verify-content-sha256",
    "an x-amz-content-sha256 header with the body's hash",
    "SIG-047",
    "some signers always send this header",
    signed_request(also=[["X-Amz-Content-Sha256", PROMPT_HASH]]),
)
accepts(
    "sig-verify-single",
    "a path encoded once, verified with the same option",
    "SIG-005",
    "a server that ignores the option rejects valid clients",
    signed_request(target="/a%20b//c", double_encode=False, normalize_path=False),
)
accepts(
    "sig-verify-presigned",
    "a valid presigned request",
    "SIG-040 SIG-032",
    "a server that rejects this request rejects all presigned URLs",
    URL,
)
accepts(
    "sig-verify-presigned-reordered",
    "a presigned request with its parameters in another order",
    "SIG-009 SIG-032",
    "browsers and proxies may reorder the parameters",
    URL,
    target=URL["target"].partition("?")[0]
    + "?"
    + "&".join(reversed(URL["target"].partition("?")[2].split("&"))),
)
accepts(
    "sig-verify-presigned-token",
    "a presigned request with a session token",
    "SIG-046 SIG-033",
    "most clients use temporary credentials",
    presigned_request(session_token=TOKEN),
)
accepts(
    "sig-verify-presigned-token-unsigned",
    "a presigned request with the token after the signed parameters",
    "SIG-046 SIG-018",
    (
        "the token is in the query but not signed, so a server that tries one way rejects "
        "valid clients"
    ),
    presigned_request(session_token=TOKEN, omit_session_token=True),
)
accepts(
    "sig-verify-presigned-x-amz-header-signed",
    "a presigned request with a signed x-amz-* header",
    "SIG-045",
    "the user of the URL must send each header that its creator signed",
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
        "verification of: " + made["title"],
        " ".join(made["rules"] + ["SIG-041"]),
        "a server and its clients must sign the same canonical request: " + made["why"],
        dict(
            made["input"],
            headers=made["input"]["headers"] + [["X-Amz-Date", DATE], ["Authorization", sent]],
        ),
    )

for slug, title, changes, rules, why in (
    ("method", "another method", {"method": "PUT"}, "SIG-041 SIG-002", FORGED),
    (
        "method-case",
        "the method in lower case",
        {"method": "post"},
        "SIG-041 SIG-002",
        "methods are case-sensitive, so this is another method",
    ),
    ("path", "another path", {"target": BASE["target"].replace("llm", "llm2")}, "SIG-041", FORGED),
    (
        "path-case",
        "the path in upper case",
        {"target": BASE["target"].replace("llm", "LLM")},
        "SIG-041",
        "paths are case-sensitive, so this is another resource",
    ),
    (
        "final-slash",
        "an added final slash",
        {"target": BASE["target"].replace("?", "/?")},
        "SIG-041 SIG-003",
        "a final slash names another resource",
    ),
    (
        "query-value",
        "another parameter value",
        {"target": BASE["target"].replace("b=2", "b=3")},
        "SIG-041",
        FORGED,
    ),
    ("query-more", "an added parameter", {"target": BASE["target"] + "&c=3"}, "SIG-041", FORGED),
    ("query-less", "a removed parameter", {"target": BASE["target"][:-4]}, "SIG-041", FORGED),
    (
        "header-value",
        "another header value",
        {"headers": replaced(GOOD, "X-Amzn-SageMaker-Accept", "text/plain", "text/html")},
        "SIG-041",
        FORGED,
    ),
    (
        "header-value-case",
        "a header value in another case",
        {"headers": replaced(GOOD, "Content-Type", "json", "JSON")},
        "SIG-041 SIG-011",
        "values are case-sensitive, so this is another value",
    ),
    (
        "header-second-value",
        "an added second value of a header",
        {"headers": GOOD["headers"] + [["Content-Type", "text/html"]]},
        "SIG-041 SIG-013",
        "a server that only checks the first value accepts a second one that an attacker added",
    ),
    (
        "host",
        "another host",
        {"headers": replaced(GOOD, "Host", "example", "evil")},
        "SIG-041 SIG-014",
        "an attacker replays the request to another host",
    ),
    (
        "port",
        "an added port",
        {"headers": replaced(GOOD, "Host", ".com", ".com:8443")},
        "SIG-041 SIG-014",
        "the port is part of Host, so an attacker replays the request to another server",
    ),
    (
        "body",
        "another body",
        {"body": b64(PROMPT.replace(b"64", b"65"))},
        "SIG-041 SIG-019",
        FORGED,
    ),
    ("body-empty", "an empty body", {"body": ""}, "SIG-041 SIG-019", FORGED),
    (
        "date",
        "a later date",
        {"headers": replaced(GOOD, "X-Amz-Date", "T1236", "T1237")},
        "SIG-041 SIG-021",
        "an attacker makes a captured request look newer",
    ),
    (
        "secret",
        "another secret key",
        {"secret_key": SECRET_KEY[:-1] + "X"},
        "SIG-041 SIG-022",
        "a server that does not use the secret accepts every caller",
    ),
    (
        "signature-first-digit",
        "another first digit of the signature",
        {
            "headers": replaced(
                GOOD,
                "Authorization",
                SIGNATURE,
                "0123456789abcdef"[int(SIGNATURE[0], 16) - 1] + SIGNATURE[1:],
            )
        },
        "SIG-041",
        "a comparison that skips the first digit accepts one of sixteen forgeries",
    ),
    (
        "signature-last-digit",
        "another last digit of the signature",
        {
            "headers": replaced(
                GOOD,
                "Authorization",
                SIGNATURE,
                SIGNATURE[:-1] + "0123456789abcdef"[int(SIGNATURE[-1], 16) - 1],
            )
        },
        "SIG-041",
        "a comparison that skips the last digit accepts one of sixteen forgeries",
    ),
    (
        "signature-short",
        "a signature without its last digit",
        {"headers": replaced(GOOD, "Authorization", SIGNATURE, SIGNATURE[:-1])},
        "SIG-041",
        "a comparison of only the common length accepts prefixes of the signature",
    ),
    (
        "signature-long",
        "a signature with an extra digit",
        {"headers": replaced(GOOD, "Authorization", SIGNATURE, SIGNATURE + "0")},
        "SIG-041",
        "a comparison of only the common length accepts a longer signature",
    ),
    (
        "signature-empty",
        "an empty signature",
        {"headers": replaced(GOOD, "Authorization", SIGNATURE, "")},
        "SIG-041",
        "a comparison of only the common length accepts an empty signature",
    ),
    (
        "signature-upper-case",
        "the signature in upper case",
        {"headers": replaced(GOOD, "Authorization", SIGNATURE, SIGNATURE.upper())},
        "SIG-041 SIG-023",
        "signatures are in lower case, and a server that accepts both cases differs from AWS",
    ),
):
    rejects(
        "sig-verify-altered-" + slug,
        "altered after signing: " + title,
        rules,
        why,
        GOOD,
        **changes,
    )


def forged(
    slug: str,
    title: str,
    rules: str,
    why: str,
    old: str = "",
    new: str = "",
    key: Optional[bytes] = None,
    **changes: Any,
) -> None:
    """Add a case of a frequent mistake in a signer.

    old, new: the text in the canonical request or the string to sign that the mistake replaces, and
    its replacement; `$` is the end of either. key: the wrong signing key instead.
    """
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
            plain.authorization(given, signed, plain.hmac_sha256(key, text).hex()),
        ]
    )
    rejects(
        "sig-verify-forged-" + slug,
        "signed by an incorrect signer: " + title,
        rules + " SIG-041",
        why,
        given,
    )


LENIENT = "a server that accepts this request computes another signature than AWS: "
forged(
    "no-empty-line",
    "no empty line after the headers",
    "SIG-001",
    LENIENT + "an empty line follows the headers",
    "text/plain\n\n",
    "text/plain\n",
)
forged(
    "line-end-behind",
    "a line end after the last part",
    "SIG-001",
    LENIENT + "no line end follows the last part",
    PROMPT_HASH + "$",
    PROMPT_HASH + "\n$",
)
forged(
    "path-as-it-stands",
    "a path that is not normalised",
    "SIG-003",
    LENIENT + "the path is normalised",
    "\n/a/b\n",
    "\n/a/./b\n",
    target="/a/./b",
)
forged(
    "path-final-slash-of-the-rfc",
    "a final slash after `..`, as in RFC 3986",
    "SIG-003",
    LENIENT + "no slash remains after `..`",
    "\n/a\n",
    "\n/a/\n",
    target="/a/b/..",
)
forged(
    "path-encoded-once",
    "escapes in the path that are not encoded again",
    "SIG-004",
    LENIENT + "escapes in the path are encoded again",
    "/a%2520b",
    "/a%20b",
    target="/a%20b",
)
forged(
    "path-encoded-twice",
    "a path encoded twice instead of once",
    "SIG-005",
    LENIENT + "a path that is encoded once keeps its escapes",
    "/a%20b",
    "/a%2520b",
    target="/a%20b",
    double_encode=False,
)
forged(
    "path-lower-case-digits",
    "an escape in the path with lower-case digits",
    "SIG-006",
    LENIENT + "escapes have upper-case digits",
    "/%C3%BC",
    "/%c3%bc",
    target="/\u00fc",
)
forged(
    "path-tilde-escaped",
    "an escaped tilde",
    "SIG-006",
    LENIENT + "a tilde is unreserved",
    "/~a",
    "/%7Ea",
    target="/~a",
)
forged(
    "path-empty",
    "an empty path",
    "SIG-007",
    LENIENT + "an empty path is signed as a slash",
    "POST\n/\n",
    "POST\n\n",
    target="?a=1",
)
forged(
    "query-plus-is-blank",
    "a plus sign read as a space",
    "SIG-008",
    LENIENT + "a plus sign in the query is data",
    "a=x%2By",
    "a=x%20y",
    target="/?a=x+y",
)
forged(
    "query-blank-is-plus",
    "a space written as a plus sign",
    "SIG-008",
    LENIENT + "a space is encoded as %20",
    "a=x%20y",
    "a=x+y",
    target="/?a=x%20y",
)
forged(
    "query-encoded-twice",
    "a query encoded twice",
    "SIG-008",
    LENIENT + "escapes in the query are not encoded again",
    "a=%2F",
    "a=%252F",
    target="/?a=%2F",
)
forged(
    "query-as-it-came",
    "unsorted parameters",
    "SIG-009",
    LENIENT + "parameters are sorted",
    "\na=2&b=1\n",
    "\nb=1&a=2\n",
    target="/?b=1&a=2",
)
forged(
    "query-sorted-as-text",
    "parameters sorted as joined texts",
    "SIG-009",
    LENIENT + "names are sorted before values",
    "a=2&a-b=1",
    "a-b=1&a=2",
    target="/?a-b=1&a=2",
)
forged(
    "query-no-equals",
    "a parameter without its equals sign",
    "SIG-010",
    LENIENT + "a missing equals sign is added",
    "\na=\n",
    "\na\n",
    target="/?a",
)
forged(
    "header-name-as-it-came",
    "a header name in its original case",
    "SIG-011",
    LENIENT + "header names are in lower case",
    "content-type:app",
    "Content-Type:app",
)
forged(
    "header-blank-behind-the-colon",
    "a space after the colon",
    "SIG-011",
    LENIENT + "no space follows the colon",
    "host:example",
    "host: example",
)
forged(
    "header-runs-of-blanks",
    "a run of spaces in a header value",
    "SIG-012",
    LENIENT + "a run of spaces becomes one space",
    "x-test:a b",
    "x-test:a  b",
    also=[["X-Test", "a  b"]],
)
forged(
    "header-quotes",
    "a run of spaces inside quotes",
    "SIG-012",
    LENIENT + "runs of spaces become one space even inside quotes",
    'x-test:"a b"',
    'x-test:"a  b"',
    also=[["X-Test", '"a  b"']],
)
forged(
    "header-not-trimmed",
    "a header value that is not trimmed",
    "SIG-012",
    LENIENT + "values are trimmed",
    "x-test:a\n",
    "x-test: a\n",
    also=[["X-Test", " a"]],
)
forged(
    "header-joined-with-a-blank",
    "header values joined with a comma and a space",
    "SIG-013",
    LENIENT + "values are joined with only a comma",
    "x-test:b,a",
    "x-test:b, a",
    also=[["X-Test", "b"], ["X-Test", "a"]],
)
forged(
    "header-values-sorted",
    "sorted values of a header",
    "SIG-013",
    LENIENT + "values keep their order",
    "x-test:b,a",
    "x-test:a,b",
    also=[["X-Test", "b"], ["X-Test", "a"]],
)
forged(
    "header-last-value-alone",
    "only the last value of a header",
    "SIG-013",
    LENIENT + "all values of a header are signed",
    "x-test:b,a",
    "x-test:a",
    also=[["X-Test", "b"], ["X-Test", "a"]],
)
forged(
    "header-as-utf8",
    "a header value hashed as UTF-8",
    "SIG-026",
    LENIENT + "the octets sent are signed",
    "x-test:caf\u00e9",
    "x-test:caf\u00c3\u00a9",
    also=[["X-Test", "caf\u00e9"]],
)
forged(
    "unsigned-payload",
    "UNSIGNED-PAYLOAD as the payload hash",
    "SIG-019",
    "a server that accepts UNSIGNED-PAYLOAD does not check which body was signed",
    PROMPT_HASH,
    "UNSIGNED-PAYLOAD",
)
forged(
    "empty-payload",
    "the payload hash of an empty body",
    "SIG-019",
    "a server that accepts the hash of an empty body does not check which body was signed",
    PROMPT_HASH,
    EMPTY_HASH,
)
forged(
    "payload-in-upper-case",
    "the payload hash in upper case",
    "SIG-019",
    LENIENT + "the hash is in lower case",
    PROMPT_HASH,
    PROMPT_HASH.upper(),
)
forged(
    "string-without-time",
    "a string to sign without the time",
    "SIG-021",
    LENIENT + "the string to sign contains the time",
    f"\n{DATE}\n2015",
    "\n2015",
)
forged(
    "string-with-line-end",
    "a string to sign that ends with a line end",
    "SIG-021",
    LENIENT + "no line end follows the last line",
    "aws4_request\n",
    "aws4_request\n\n",
)
for slug, title, first, parts, why in (
    (
        "no-prefix",
        "a key without the AWS4 prefix",
        SECRET_KEY,
        ("20150830", "us-east-1", "sagemaker", "aws4_request"),
        "the first key has the prefix AWS4",
    ),
    (
        "whole-time",
        "a key derived from date and time",
        "AWS4" + SECRET_KEY,
        (DATE, "us-east-1", "sagemaker", "aws4_request"),
        "the key is derived from the date without the time",
    ),
    (
        "order",
        "a key with region and service swapped",
        "AWS4" + SECRET_KEY,
        ("20150830", "sagemaker", "us-east-1", "aws4_request"),
        "the region precedes the service",
    ),
    (
        "no-suffix",
        "a key without aws4_request",
        "AWS4" + SECRET_KEY,
        ("20150830", "us-east-1", "sagemaker"),
        "the last step derives a key from aws4_request",
    ),
    (
        "secret-itself",
        "the secret as the key",
        "AWS4" + SECRET_KEY,
        (),
        "the secret is not the signing key",
    ),
):
    derived = first.encode()
    for part in parts:
        derived = plain.hmac_sha256(derived, part)
    forged("key-" + slug, title, "SIG-022", LENIENT + why, key=derived)
rejects(
    "sig-verify-scope-package-name",
    "signed for sagemaker-runtime, the name of the SDK's package",
    "SIG-027 SIG-044",
    (
        "the signing name differs from the names of package and host, and a mock that "
        "accepts it passes a client that AWS rejects"
    ),
    signed_request(service="sagemaker-runtime"),
    service="sagemaker",
)

for slug, title, changes, why in (
    (
        "region",
        "verified in another region",
        {"region": "us-west-2"},
        "an attacker replays a request for one region in another region",
    ),
    (
        "service",
        "verified by another service",
        {"service": "s3"},
        "an attacker replays a request for one service to another service",
    ),
    (
        "access-key",
        "verified with another access key",
        {"access_key": "AKIDOTHER"},
        "the access key must belong to the secret that verifies the request",
    ),
    (
        "claimed-access-key",
        "another access key in the credential",
        {"headers": replaced(GOOD, "Authorization", "AKIDEXAMPLE", "AKIDOTHER")},
        "an attacker claims to be another caller",
    ),
    (
        "claimed-region",
        "another region in the credential",
        {"headers": replaced(GOOD, "Authorization", "us-east-1", "us-east-2")},
        "the credential must name the server's region",
    ),
    (
        "claimed-service",
        "another service in the credential",
        {"headers": replaced(GOOD, "Authorization", "/sagemaker/", "/s3/")},
        "the credential must name the server's service",
    ),
    (
        "claimed-date",
        "another date in the credential",
        {"headers": replaced(GOOD, "Authorization", "/20150830/", "/20150829/")},
        "the date of the scope must match the date of x-amz-date",
    ),
    (
        "claimed-suffix",
        "another last part of the scope",
        {"headers": replaced(GOOD, "Authorization", "aws4_request", "aws5_request")},
        "the scope must end with aws4_request",
    ),
    (
        "claimed-scope-short",
        "a scope without its last part",
        {"headers": replaced(GOOD, "Authorization", "/sagemaker/aws4_request", "/sagemaker")},
        "a parser that expects four parts fails or reads another scope",
    ),
    (
        "claimed-credential-empty",
        "an empty credential",
        {
            "headers": replaced(
                GOOD, "Authorization", "AKIDEXAMPLE/20150830/us-east-1/sagemaker/aws4_request", ""
            )
        },
        "a request without credentials has no caller",
    ),
):
    rejects(
        "sig-verify-scope-" + slug,
        title,
        "SIG-044",
        why,
        GOOD,
        **changes,
    )

for slug, title, header, why in (
    (
        "algorithm",
        "another algorithm",
        AUTHORIZATION.replace("SHA256", "SHA512"),
        "a server that ignores the algorithm's name verifies a claim that was never made",
    ),
    (
        "algorithm-case",
        "the algorithm in lower case",
        AUTHORIZATION.replace("AWS4-HMAC-SHA256", "aws4-hmac-sha256"),
        "the algorithm's name is case-sensitive",
    ),
    (
        "sigv4a",
        "the algorithm of SigV4a",
        AUTHORIZATION.replace("HMAC", "ECDSA-P256"),
        "SigV4a uses other keys, and a server must not verify it as SigV4",
    ),
    (
        "basic",
        "the scheme Basic",
        "Basic QUtJREVYQU1QTEU6eA==",
        "a parser that expects SigV4 fails on another scheme",
    ),
    (
        "bearer",
        "the scheme Bearer",
        "Bearer abc",
        "a parser that expects SigV4 fails on another scheme",
    ),
    ("empty", "an empty value", "", "an empty header contains no signature"),
    (
        "algorithm-alone",
        "only the algorithm",
        "AWS4-HMAC-SHA256",
        "a parser that expects more text fails",
    ),
    (
        "no-credential",
        "a missing credential",
        AUTHORIZATION.replace(
            "Credential=AKIDEXAMPLE/20150830/us-east-1/sagemaker/aws4_request, ", ""
        ),
        "a parser that assumes a part exists fails or uses a default",
    ),
    (
        "no-signed-headers",
        "missing signed headers",
        AUTHORIZATION.replace(
            f"SignedHeaders={';'.join(sorted(plain.lower_headers(GOOD['headers'][:-1])))}, ", ""
        ),
        "a parser that assumes a part exists fails or uses a default",
    ),
    (
        "no-signature",
        "a missing signature",
        AUTHORIZATION.rpartition(", ")[0],
        "a parser that assumes a part exists fails or uses a default",
    ),
    (
        "signature-twice",
        "two signatures",
        AUTHORIZATION + ", Signature=" + SIGNATURE,
        "some servers read the first of two values and others the last",
    ),
    (
        "unknown-part",
        "an unknown part",
        AUTHORIZATION + ", Extra=1",
        "a server that ignores unknown parts accepts formats that AWS rejects",
    ),
    (
        "part-case",
        "a part name in lower case",
        AUTHORIZATION.replace("Signature=", "signature="),
        "the names of the parts are case-sensitive",
    ),
):
    assert header != AUTHORIZATION
    rejects(
        "sig-verify-authorization-" + slug,
        "Authorization with " + title,
        "SIG-040",
        why,
        GOOD,
        headers=GOOD["headers"][:-1] + [["Authorization", header]],
    )
rejects(
    "sig-verify-authorization-missing",
    "a request without Authorization",
    "SIG-040",
    "a server that treats a missing header as success accepts every request",
    GOOD,
    headers=without(GOOD, "Authorization"),
)
rejects(
    "sig-verify-authorization-twice",
    "the same Authorization header twice",
    "SIG-040",
    "some implementations read the first header and others the last",
    GOOD,
    headers=GOOD["headers"] + GOOD["headers"][-1:],
)
rejects(
    "sig-verify-authorization-two",
    "a valid Authorization header and another one",
    "SIG-040",
    "some implementations read the first header and others the last",
    GOOD,
    headers=GOOD["headers"] + [["authorization", "Bearer abc"]],
)
rejects(
    "sig-verify-authorization-in-two-lines",
    "an Authorization header whose parts are in two lines",
    "SIG-040",
    (
        "Authorization is not a list, so a proxy that joins the lines lets two senders "
        "write one half each"
    ),
    GOOD,
    headers=GOOD["headers"][:-1]
    + [
        ["Authorization", AUTHORIZATION.rpartition(", ")[0]],
        ["Authorization", AUTHORIZATION.rpartition(", ")[2]],
    ],
)
for slug, bad in (("blank", "PO ST"), ("empty", ""), ("line-end", "POST\n")):
    rejects(
        "sig-verify-method-" + slug,
        "an invalid method with a matching signature: " + json.dumps(bad),
        "SIG-002",
        "a request line with a missing or an extra word means something else to the next server",
        signed_request(method=bad),
    )
rejects(
    "sig-verify-authorization-and-query",
    "a signature in both header and query",
    "SIG-040",
    "the server may check one signature and use the claims of the other",
    signed_request(target=BASE["target"] + "&X-Amz-Signature=" + "0" * 64),
)

SIGNED = ["content-type", "host", "x-amz-date", "x-amzn-sagemaker-accept"]
for slug, title, names, why in (
    (
        "unsorted",
        "unsorted names",
        ["host", "content-type", *SIGNED[2:]],
        "a server that sorts the list itself verifies something that the client did not claim",
    ),
    (
        "upper-case",
        "a name in mixed case",
        ["Content-Type", *SIGNED[1:]],
        "the list is in lower case, and a server that accepts other cases differs from AWS",
    ),
    (
        "repeated",
        "a repeated name",
        ["content-type", *SIGNED],
        "servers may hash a repeated header once or twice",
    ),
    (
        "absent",
        "a header that is not in the request",
        [*SIGNED[:2], "x-absent", *SIGNED[2:]],
        "a listed header that is missing cannot be verified",
    ),
    (
        "no-host",
        "no host",
        ["content-type", *SIGNED[2:]],
        "an attacker replays the request to another host if the host is not signed",
    ),
    (
        "no-date",
        "no x-amz-date",
        [*SIGNED[:2], SIGNED[3]],
        "a signature without its date never expires",
    ),
    ("empty", "no names", [], "nothing is signed, so an attacker can change all headers"),
):
    rules = "SIG-045 SIG-014" if slug == "no-host" else "SIG-045"
    rejects(
        "sig-verify-signed-headers-" + slug,
        "SignedHeaders with " + title,
        rules,
        why,
        signed_request(names=names),
    )
rejects(
    "sig-verify-signed-headers-computed-unsorted",
    "SignedHeaders with unsorted names, hashed in that order",
    "SIG-045 SIG-011",
    "a server that uses the listed order lets the client choose the canonical form",
    signed_request(["host", "content-type", *SIGNED[2:]], ["host", "content-type", *SIGNED[2:]]),
)
rejects(
    "sig-verify-signed-header-removed",
    "a signed header was removed",
    "SIG-045",
    "a server that skips a missing header does not notice that a proxy dropped it",
    GOOD,
    headers=without(GOOD, "X-Amzn-SageMaker-Accept"),
)
rejects(
    "sig-verify-unsigned-x-amz",
    "an x-amz-* header that is not signed",
    "SIG-045",
    "an attacker adds x-amz-target or another header that the service obeys",
    GOOD,
    headers=GOOD["headers"] + [["X-Amz-Target", "Evil"]],
)
rejects(
    "sig-verify-presigned-unsigned-x-amz",
    "a presigned request with an x-amz-* header that is not signed",
    "SIG-045",
    "the user of a URL could add headers that the service obeys",
    URL,
    headers=URL["headers"] + [["X-Amz-Acl", "public-read"]],
)
rejects(
    "sig-verify-host-missing",
    "a request without Host",
    "SIG-045 SIG-014",
    "without Host nothing binds the request to this server",
    GOOD,
    headers=without(GOOD, "Host"),
)
rejects(
    "sig-verify-host-empty",
    "an empty Host header with a matching signature",
    "SIG-014",
    "an empty host binds the request to no server",
    signed_request(headers=[["Host", ""], *BASE_HEADERS[1:]]),
)
for slug, title, hosts in (
    ("two", "two empty Host headers", [["Host", ""], ["Host", ""]]),
    ("first", "an empty Host header before another", [["Host", ""], BASE_HEADERS[0]]),
    ("last", "an empty Host header after another", [BASE_HEADERS[0], ["Host", " "]]),
):
    rejects(
        f"sig-verify-host-empty-{slug}",
        f"{title}, with a matching signature",
        "SIG-014",
        "joined with a comma, the values look like a host that is not empty",
        signed_request(headers=[*hosts, *BASE_HEADERS[1:]]),
    )
rejects(
    "sig-verify-date-missing",
    "a request without x-amz-date",
    "SIG-040 SIG-016",
    "a request without a time never expires",
    signed_request(date=False),
)
for slug, time, why in (
    (
        "extended",
        "2015-08-30T12:36:00Z",
        "a lenient parser accepts this time but hashes another text",
    ),
    ("day", "20150830", "a date without a time would be valid for the whole day"),
    ("empty", "", "a server may read an empty time as zero or as the current time"),
    (
        "impossible",
        "20150830T246000Z",
        "a date library may raise an error that the server does not handle",
    ),
):
    rejects(
        "sig-verify-date-malformed-" + slug,
        "an invalid x-amz-date header: " + slug,
        "SIG-040 SIG-016",
        why,
        GOOD,
        headers=replaced(GOOD, "X-Amz-Date", DATE, time),
    )
rejects(
    "sig-verify-token-missing",
    "the session token of the key is missing",
    "SIG-046",
    "temporary keys are only valid with their token",
    signed_request(),
    session_token=TOKEN,
)
rejects(
    "sig-verify-token-other",
    "another session token",
    "SIG-046",
    "a server that does not compare tokens accepts the token of another session",
    TEMPORARY,
    session_token=TOKEN + "x",
)
rejects(
    "sig-verify-token-superfluous",
    "a session token with a key that has none",
    "SIG-046",
    "a server that ignores the token accepts a caller of another kind",
    TEMPORARY,
    session_token=None,
)
rejects(
    "sig-verify-token-unsigned-other",
    "an unsigned session token that differs",
    "SIG-046",
    "the token is not signed, so the server must compare it",
    dict(signed_request(unsigned=[["X-Amz-Security-Token", TOKEN + "x"]])),
    session_token=TOKEN,
)
TEMPORARY_URL = presigned_request(session_token=TOKEN)
UNSIGNED_TOKEN_URL = presigned_request(session_token=TOKEN, omit_session_token=True)
for slug, title, given, header, why in (
    (
        "token-header",
        "the token in a header as well",
        TEMPORARY_URL,
        ["X-Amz-Security-Token", TOKEN],
        "the next server may read the header, which is not signed",
    ),
    (
        "token-header-other",
        "another token in a header",
        TEMPORARY_URL,
        ["X-Amz-Security-Token", "another"],
        "one server verifies one token, and the next server uses the other",
    ),
    (
        "token-header-without-parameter",
        "a token in a header and none in the query",
        URL,
        ["X-Amz-Security-Token", TOKEN],
        "the user of a URL could add a session that its creator did not have",
    ),
    (
        "date-header",
        "its date in a header as well",
        URL,
        ["X-Amz-Date", DATE],
        "the next server may read the header, which is not signed",
    ),
):
    rejects(
        "sig-verify-presigned-twice-" + slug,
        "a presigned request with " + title,
        "SIG-040",
        why,
        given,
        headers=given["headers"] + [header],
    )
for slug, title, given, more, rules, why in (
    (
        "expires",
        "a second, longer expiry",
        URL,
        "&X-Amz-Expires=604800",
        "SIG-040 SIG-043",
        "a server that hashes the first value and uses the last lets anyone extend a URL",
    ),
    (
        "expires-equal",
        "its expiry twice",
        URL,
        "&X-Amz-Expires=600",
        "SIG-040",
        "a server that reads the values into a table does not see the second one",
    ),
    (
        "date",
        "a second date",
        URL,
        "&X-Amz-Date=20150830T124000Z",
        "SIG-040",
        "a server that hashes the first value and uses the last lets anyone renew a URL",
    ),
    (
        "algorithm",
        "a second algorithm",
        URL,
        "&X-Amz-Algorithm=AWS4-HMAC-SHA256",
        "SIG-040",
        "some servers read the first of two values and others the last",
    ),
    (
        "credential",
        "a second credential",
        URL,
        "&X-Amz-Credential=AKIDOTHER%2F20150830%2Fus-east-1%2Fsagemaker%2Faws4_request",
        "SIG-040",
        "a server that verifies one caller and serves another is open to everyone",
    ),
    (
        "signed-headers",
        "a second list of signed headers",
        URL,
        "&X-Amz-SignedHeaders=host",
        "SIG-040",
        "some servers read the first of two values and others the last",
    ),
    (
        "signature",
        "its signature twice",
        URL,
        "&X-Amz-Signature=" + URL["target"][-64:],
        "SIG-040",
        "some servers read the first of two values and others the last",
    ),
    (
        "token",
        "its token twice",
        TEMPORARY_URL,
        "&X-Amz-Security-Token=" + plain.uri_encode(TOKEN.encode()),
        "SIG-040",
        "some servers read the first of two values and others the last",
    ),
    (
        "token-unsigned",
        "its unsigned token twice",
        UNSIGNED_TOKEN_URL,
        "&X-Amz-Security-Token=" + plain.uri_encode(TOKEN.encode()),
        "SIG-040",
        "the parameter is not signed, so anyone can add another one",
    ),
    (
        "token-unsigned-other",
        "another token next to its unsigned token",
        UNSIGNED_TOKEN_URL,
        "&X-Amz-Security-Token=another",
        "SIG-040",
        "one server verifies one token, and the next server uses the other",
    ),
):
    rejects(
        "sig-verify-presigned-twice-" + slug,
        "a presigned request with " + title,
        rules,
        why,
        given,
        target=given["target"] + more,
    )
rejects(
    "sig-verify-presigned-twice-date-header-signed",
    "a presigned request with another date in a signed header",
    "SIG-040 SIG-034",
    "one server uses the time of the query, and the next server that of the header",
    presigned_signing("host;x-amz-date", ["X-Amz-Date", "20150830T124000Z"]),
)
rejects(
    "sig-verify-presigned-first-expiry-passed",
    "a presigned request with a second, longer expiry, used after the first one",
    "SIG-040 SIG-043",
    "a server that hashes the first value and uses the last lets anyone extend a URL",
    dict(URL, target=URL["target"] + "&X-Amz-Expires=604800"),
    time="20150830T133600Z",
)
rejects(
    "sig-verify-presigned-expires-beside-header",
    "X-Amz-Expires in the query of a request that is signed in its headers, an hour later",
    "SIG-042",
    "a parameter that anyone may put into a query must not lengthen a request's life",
    signed_request(target=BASE["target"] + "&X-Amz-Expires=604800"),
    "expired",
    time="20150830T133600Z",
)
rejects(
    "sig-verify-presigned-empty-authorization",
    "an empty Authorization header next to a presigned signature",
    "SIG-040",
    "some servers read an empty header as absent and others as the claim",
    URL,
    headers=URL["headers"] + [["Authorization", ""]],
)
for slug, expires in (
    ("plus", "+300"),
    ("space", " 300"),
    ("underscore", "3_00"),
    ("leading-zero", "0300"),
):
    rejects(
        "sig-verify-expires-text-" + slug,
        f"X-Amz-Expires={expires!r} with a matching signature",
        "SIG-031",
        "a lenient parser reads this as 300, and another server reads something else",
        presigned_request(expires=expires),
    )
rejects(
    "sig-verify-presigned-host-unsigned",
    "a presigned request that does not sign its host",
    "SIG-045 SIG-014",
    "anyone may send such a URL to any host",
    presigned_signing("x-test", ["X-Test", "a"]),
)
rejects(
    "sig-verify-presigned-unsigned-payload",
    "a presigned request over UNSIGNED-PAYLOAD",
    "SIG-019 SIG-041",
    "a server that accepts it, as S3 does, accepts any body",
    presigned_over("UNSIGNED-PAYLOAD"),
)
for slug, text in (
    ("unsigned", "UNSIGNED-PAYLOAD"),
    ("streaming", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
    ("streaming-unsigned", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
):
    rejects(
        f"sig-verify-payload-{slug}",
        f"signed over {text} in place of the body's hash",
        "SIG-047 SIG-041",
        "a server that accepts it, as S3 does, accepts any body",
        signed_over(text),
    )
LONG = b"0123456789abcdef" * 4096
accepts(
    "sig-verify-body-65537",
    "a body of 65,537 bytes",
    "SIG-019 SIG-041",
    "a server that hashes only the start of a body accepts another end",
    signed_request(body=b64(LONG + b"x")),
)
rejects(
    "sig-verify-body-appended",
    "bytes after a signed body of 65,536 bytes",
    "SIG-041 SIG-019",
    "a server that hashes only the start of a body accepts another end",
    signed_request(body=b64(LONG)),
    body=b64(LONG + b"smuggled"),
)
rejects(
    "sig-verify-head-for-get",
    "the signature of a GET on a HEAD",
    "SIG-041 SIG-002",
    "a server that treats HEAD as GET verifies a request that nobody signed",
    signed_request(method="GET", body=""),
    method="HEAD",
)
rejects(
    "sig-verify-host-twice",
    "a second Host header",
    "SIG-041 SIG-013 SIG-014",
    "one server verifies one host, and the next server uses the other",
    GOOD,
    headers=GOOD["headers"] + [["Host", "evil.example"]],
)
rejects(
    "sig-verify-date-twice",
    "a second x-amz-date header",
    "SIG-040 SIG-016",
    "one server verifies one time, and the next server uses the other",
    GOOD,
    headers=GOOD["headers"] + [["X-Amz-Date", DATE]],
)
rejects(
    "sig-verify-token-twice",
    "a second token header",
    "SIG-046",
    "one server verifies one token, and the next server uses the other",
    TEMPORARY,
    headers=TEMPORARY["headers"] + [["X-Amz-Security-Token", "another"]],
)
rejects(
    "sig-verify-unsigned-x-amz-with-token",
    "an unsigned x-amz-* header in a request with a token",
    "SIG-045",
    "a server that excuses the token must not excuse other headers with it",
    TEMPORARY,
    headers=TEMPORARY["headers"] + [["X-Amz-Target", "Evil"]],
)
rejects(
    "sig-verify-content-sha256-unsigned",
    "an unsigned x-amz-content-sha256 header with the body's hash",
    "SIG-045",
    "AWS documents that all x-amz-* headers must be signed",
    GOOD,
    headers=GOOD["headers"] + [["X-Amz-Content-Sha256", PROMPT_HASH]],
)
EXCUSED = ["x-amz-content-sha256"]
accepts(
    "sig-verify-content-sha256-excused",
    "an unsigned x-amz-content-sha256 header that the caller excuses",
    "SIG-045 SIG-047",
    "servers other than S3 are reported to tolerate this header; its value is compared anyway",
    GOOD,
    may_be_unsigned=EXCUSED,
    headers=GOOD["headers"] + [["X-Amz-Content-Sha256", PROMPT_HASH]],
)
rejects(
    "sig-verify-content-sha256-excused-differs",
    "an excused x-amz-content-sha256 header with another body's hash",
    "SIG-047",
    "to excuse the header is not to ignore its value",
    dict(GOOD, may_be_unsigned=EXCUSED),
    headers=GOOD["headers"] + [["X-Amz-Content-Sha256", "0" * 64]],
)
rejects(
    "sig-verify-other-header-not-excused",
    "an unsigned x-amz-target header when the caller excuses x-amz-content-sha256",
    "SIG-045",
    "to excuse one harmless header must not excuse one that the service obeys",
    dict(GOOD, may_be_unsigned=EXCUSED),
    headers=GOOD["headers"] + [["X-Amz-Target", "Evil"]],
)
for slug, excused in (("date", "x-amz-date"), ("host", "host")):
    rejects(
        "sig-verify-excuses-" + slug,
        f"a caller that excuses {excused}",
        "SIG-045",
        "without it, a signature holds at any time or for any host",
        GOOD,
        kind="constraint",
        may_be_unsigned=[excused],
    )
for slug, title, old, new in (
    (
        "names-end-empty",
        "an empty name at the end of SignedHeaders",
        "x-amzn-sagemaker-accept,",
        "x-amzn-sagemaker-accept;,",
    ),
    (
        "names-start-empty",
        "an empty name at the start of SignedHeaders",
        "SignedHeaders=",
        "SignedHeaders=;",
    ),
    ("names-middle-empty", "an empty name in SignedHeaders", ";host;", ";;host;"),
):
    rejects(
        "sig-verify-signed-headers-" + slug,
        title,
        "SIG-045",
        "a server that skips empty names verifies a list that the client did not write",
        GOOD,
        headers=replaced(GOOD, "Authorization", old, new),
    )
for slug, title, header in (
    (
        "credential-twice",
        "two credentials",
        AUTHORIZATION.replace(" Credential=", " Credential=AKIDOTHER/x, Credential="),
    ),
    (
        "signed-headers-twice",
        "two lists of signed headers",
        AUTHORIZATION.replace(" SignedHeaders=", " SignedHeaders=host, SignedHeaders="),
    ),
    (
        "algorithm-longer",
        "an algorithm that begins like the right one",
        AUTHORIZATION.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256-PAYLOAD"),
    ),
):
    rejects(
        "sig-verify-authorization-" + slug,
        "Authorization with " + title,
        "SIG-040",
        "some servers read the first of two values, or the start of one, and others do not",
        GOOD,
        headers=GOOD["headers"][:-1] + [["Authorization", header]],
    )
rejects(
    "sig-verify-content-sha256-other",
    "x-amz-content-sha256 with the hash of another body",
    "SIG-047",
    "an attacker replaces the body and the header together",
    signed_request(also=[["X-Amz-Content-Sha256", "0" * 64]]),
)
HASHED = signed_request(also=[["X-Amz-Content-Sha256", PROMPT_HASH]])
for slug, title, altered in (
    ("", "another body of the same length", b"x" + PROMPT[1:]),
    ("-longer", "a longer body", PROMPT + b"\n"),
    ("-shorter", "a shorter body", PROMPT[:-1]),
    ("-empty", "an empty body", b""),
):
    rejects(
        "sig-verify-altered-hashed-body" + slug,
        f"altered after signing: {title}, while x-amz-content-sha256 has the hash that was signed",
        "SIG-047 SIG-041",
        "a server that signs the hash in the header, and not that of the body, accepts any body",
        HASHED,
        body=b64(altered),
    )
rejects(
    "sig-verify-content-sha256-unsigned-payload",
    "x-amz-content-sha256: UNSIGNED-PAYLOAD",
    "SIG-047",
    "a server that accepts UNSIGNED-PAYLOAD accepts any body",
    signed_request(also=[["X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"]]),
)
for slug, bad in LINE_ENDS:
    rejects(
        f"sig-verify-target-{slug}",
        f"{slug.upper()} in the target",
        "SIG-028",
        "a target with a line end could be read as two requests",
        signed_request(target=f"/a{bad}b"),
    )
    for place, title, target in PLACES_IN_TARGET:
        rejects(
            f"sig-verify-target-{slug}-{place}",
            f"{slug.upper()} {title}",
            "SIG-028",
            "a target with a line end could be read as two requests",
            signed_request(target=target % bad),
        )

for slug, title, now, kind, why in (
    (
        "300-behind",
        "300 seconds after signing",
        "20150830T124100Z",
        None,
        "a server whose limit is too low rejects valid clients",
    ),
    (
        "301-behind",
        "301 seconds after signing",
        "20150830T124101Z",
        "expired",
        "a server without this limit accepts captured requests forever",
    ),
    (
        "300-ahead",
        "300 seconds before signing",
        "20150830T123100Z",
        None,
        "a server without tolerance rejects clients whose clock is ahead",
    ),
    (
        "301-ahead",
        "301 seconds before signing",
        "20150830T123059Z",
        "expired",
        "an attacker could prepare requests with future times and use them later",
    ),
    (
        "day-behind",
        "one day after signing",
        "20150831T123600Z",
        "expired",
        "a comparison of only the time of day finds no difference",
    ),
    (
        "year-ahead",
        "one year before signing",
        "20140830T123600Z",
        "expired",
        "a comparison of only the time of day finds no difference",
    ),
):
    if kind is None:
        accepts(
            "sig-verify-skew-" + slug,
            "server clock " + title,
            "SIG-042",
            why,
            GOOD,
            time=now,
        )
    else:
        rejects(
            "sig-verify-skew-" + slug,
            "server clock " + title,
            "SIG-042",
            why,
            GOOD,
            kind,
            time=now,
        )
accepts(
    "sig-verify-skew-over-midnight",
    "signed before midnight, verified after midnight",
    "SIG-042 SIG-044",
    "a server that takes the scope's date from its own clock rejects requests around midnight",
    signed_request(time="20151231T235900Z"),
    time="20160101T000100Z",
)
for slug, title, now, kind, why in (
    (
        "last-second",
        "in its last second",
        "20150830T124600Z",
        None,
        "a server whose comparison is off by one rejects a URL in its last second",
    ),
    (
        "second-after",
        "one second after its expiry",
        "20150830T124601Z",
        "expired",
        "a URL must expire at the time that its creator chose",
    ),
    (
        "after-five-minutes",
        "six minutes after signing",
        "20150830T124200Z",
        None,
        "a server that applies the limit of five minutes to presigned URLs rejects valid ones",
    ),
    (
        "300-ahead",
        "300 seconds before its signing time",
        "20150830T123100Z",
        None,
        "a server without tolerance rejects a URL whose creator's clock is ahead",
    ),
    (
        "301-ahead",
        "301 seconds before its signing time",
        "20150830T123059Z",
        "expired",
        "an attacker could prepare URLs with future times and use them later",
    ),
):
    rules = "SIG-042" if "ahead" in slug else "SIG-043"
    if kind is None:
        accepts(
            "sig-verify-window-" + slug,
            "a presigned request used " + title,
            rules,
            why,
            URL,
            time=now,
        )
    else:
        rejects(
            "sig-verify-window-" + slug,
            "a presigned request used " + title,
            rules,
            why,
            URL,
            kind,
            time=now,
        )
accepts(
    "sig-verify-window-week",
    "presigned for a week, used in its last second",
    "SIG-043 SIG-031",
    "a server whose bound is one too low rejects the longest expiry",
    presigned_request(expires=604800),
    time="20150906T123600Z",
)
rejects(
    "sig-verify-window-week-over",
    "presigned for a week, used one second later",
    "SIG-043",
    "a server that does not enforce the longest expiry accepts an expired URL",
    presigned_request(expires=604800),
    "expired",
    time="20150906T123601Z",
)
accepts(
    "sig-verify-window-second",
    "presigned for one second, used one second later",
    "SIG-043 SIG-031",
    "a server whose bound is one too high rejects the shortest expiry",
    presigned_request(expires=1),
    time="20150830T123601Z",
)
for slug, seconds, why in (
    ("zero", 0, "servers may read zero as unlimited"),
    ("beyond-a-week", 604801, "the server must check the bound because a client may ignore it"),
):
    rejects(
        "sig-verify-expires-" + slug,
        f"X-Amz-Expires={seconds} with a matching signature",
        "SIG-031",
        why,
        presigned_request(expires=seconds),
    )
for slug, title, old, new, rules, why in (
    (
        "expires",
        "a longer expiry",
        "X-Amz-Expires=600",
        "X-Amz-Expires=601",
        "SIG-041 SIG-030",
        "an attacker extends a URL's expiry",
    ),
    (
        "date",
        "a later date",
        "X-Amz-Date=20150830T1236",
        "X-Amz-Date=20150830T1237",
        "SIG-041 SIG-030",
        "an attacker makes a URL look newer",
    ),
    (
        "credential",
        "another access key",
        "Credential=AKIDEXAMPLE",
        "Credential=AKIDOTHER",
        "SIG-044",
        "an attacker claims to be another caller",
    ),
    (
        "region",
        "another region",
        "us-east-1",
        "us-east-2",
        "SIG-044",
        "the credential must name the server's region",
    ),
    ("query", "another parameter value", "a=1", "a=2", "SIG-041", FORGED),
    (
        "signed-headers",
        "an empty list of signed headers",
        "SignedHeaders=host",
        "SignedHeaders=",
        "SIG-045 SIG-014",
        "any host could accept such a URL",
    ),
    (
        "algorithm",
        "another algorithm",
        "HMAC-SHA256",
        "HMAC-SHA1",
        "SIG-040",
        "a server that ignores the algorithm's name verifies a claim that was never made",
    ),
    (
        "no-signature",
        "a missing signature",
        "&X-Amz-Signature=",
        "&x=",
        "SIG-040",
        "a server that treats a missing signature as success accepts every URL",
    ),
    (
        "no-algorithm",
        "a missing algorithm",
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&",
        "",
        "SIG-040",
        "a parser that assumes a parameter exists fails or uses a default",
    ),
    (
        "no-date",
        "a missing date",
        "X-Amz-Date=20150830T123600Z&",
        "",
        "SIG-040 SIG-016",
        "a URL without a time never expires",
    ),
    (
        "no-expires",
        "a missing expiry",
        "X-Amz-Expires=600&",
        "",
        "SIG-031",
        "a URL without an expiry never expires",
    ),
    (
        "expires-text",
        "an expiry of 1e3",
        "X-Amz-Expires=600",
        "X-Amz-Expires=1e3",
        "SIG-031",
        "a lenient parser reads 1e3 as 1000 seconds",
    ),
    ("path", "another path", "/llm/", "/llm2/", "SIG-041", FORGED),
):
    assert URL["target"].count(old) == 1, (slug, old)
    rejects(
        "sig-verify-presigned-altered-" + slug,
        "a presigned request altered after signing: " + title,
        rules,
        why,
        URL,
        target=URL["target"].replace(old, new),
    )
rejects(
    "sig-verify-presigned-altered-body",
    "a presigned request with another body",
    "SIG-041 SIG-019",
    "a server that does not hash the body accepts any body",
    URL,
    body=b64(b"{}"),
)
rejects(
    "sig-verify-presigned-altered-method",
    "a presigned request with another method",
    "SIG-041 SIG-002",
    "the user of a URL for reading must not be able to delete with it",
    URL,
    method="DELETE",
)
rejects(
    "sig-verify-presigned-altered-host",
    "a presigned request to another host",
    "SIG-041 SIG-014",
    "an attacker replays a URL to another host",
    URL,
    headers=[["Host", "evil.example"]],
)
rejects(
    "sig-verify-presigned-token-other",
    "a presigned request with another session's token",
    "SIG-046 SIG-033",
    "the server must compare the token, even though it is signed",
    presigned_request(session_token=TOKEN),
    session_token=TOKEN + "x",
)

# Two errors: the claim, then the time, then the signature (SIG-042).
_OLD = replaced(GOOD, "authorization", SIGNATURE, "0" * 64)
VERIFY.case(
    "sig-verify-order-time-and-signature",
    "an old request with a wrong signature",
    "SIG-042 SIG-041",
    dict(GOOD, headers=_OLD, time="20150830T125000Z"),
    reject("expired"),
    "a server that reports the signature hides that the clock is wrong",
    level="SHOULD",
)
VERIFY.case(
    "sig-verify-order-scope-and-time",
    "an old request for another region",
    "SIG-042 SIG-044",
    dict(GOOD, region="eu-west-1", time="20150830T125000Z"),
    reject("signature"),
    "a server that reports the time first sends the caller to the wrong error",
    level="SHOULD",
)


# ---- names that are a part of another name -----------------------------------------------------


def small(**changes: Any) -> Given:
    """Return the smallest signed request with some changes, as signed_request() does."""
    return signed_request(
        **dict({"method": "GET", "target": "/", "headers": [HOST], "body": ""}, **changes)
    )


def small_url(**changes: Any) -> Given:
    """Return the smallest presigned request with some changes."""
    return presigned_request(**dict({"method": "GET", "target": "/", "body": ""}, **changes))


SMALL, SMALL_URL = small(), small_url()
SMALL_TEMPORARY, SMALL_TEMPORARY_URL = small(session_token=TOKEN), small_url(session_token=TOKEN)


def with_header(given: Given, name: str) -> List[List[str]]:
    """Return the headers with one more, which is unsigned."""
    return [*given["headers"], [name, "evil"]]


NAMES_WHY = "a server that searches the text of SignedHeaders accepts a header that anyone may add"
LONG_NAME = ["X-Amz-Target-X-Amz-Meta", "a"]
LONG_SIGNED = small(also=[LONG_NAME])
LONG_URL = small_url(also=[LONG_NAME])
for place, given in (("", LONG_SIGNED), ("presigned-", LONG_URL)):
    accepts(
        f"sig-verify-{place}names-long",
        f"a {'presigned ' if place else ''}request with a long x-amz-* name, signed",
        "SIG-045",
        "the rejected requests of this family are this one with a header more",
        given,
    )
    for slug, name in (
        ("prefix", "X-Amz-Target"),
        ("prefix-in-a-word", "X-Amz-Targ"),
        ("suffix", "X-Amz-Meta"),
        ("longer", "X-Amz-Target-X-Amz-Meta-2"),
        ("joined", "X-Amz-"),
    ):
        rejects(
            f"sig-verify-{place}names-{slug}",
            f"an unsigned {name} next to the signed name {LONG_NAME[0]}"
            + (", presigned" if place else ""),
            "SIG-045",
            NAMES_WHY,
            given,
            headers=with_header(given, name),
        )
for slug, name in (("date-prefix", "X-Amz-Da"), ("date-longer", "X-Amz-Date-2")):
    rejects(
        f"sig-verify-names-{slug}",
        f"an unsigned {name} next to the signed x-amz-date",
        "SIG-045",
        NAMES_WHY,
        SMALL,
        headers=with_header(SMALL, name),
    )
for slug, name in (("token-prefix", "X-Amz-Security"), ("token-longer", "X-Amz-Security-Token-2")):
    rejects(
        f"sig-verify-names-{slug}",
        f"an unsigned {name}, whose name resembles that of the token",
        "SIG-045",
        "a server excuses only the token, so a part of its name or a longer name is no excuse",
        SMALL_TEMPORARY,
        headers=with_header(SMALL_TEMPORARY, name),
    )
for slug, name in (("prefix", "X-Amz-Content"), ("longer", "X-Amz-Content-Sha256-2")):
    rejects(
        f"sig-verify-names-excused-{slug}",
        f"an unsigned {name} when the caller excuses x-amz-content-sha256",
        "SIG-045",
        "an exception holds for one name, so a part of it or a longer name is no exception",
        dict(SMALL, may_be_unsigned=["x-amz-content-sha256"]),
        headers=with_header(SMALL, name),
    )
accepts(
    "sig-verify-names-not-x-amz",
    "unsigned headers whose names only contain x-amz-",
    "SIG-045",
    "a server that searches names for x-amz- rejects the headers that a proxy adds",
    SMALL,
    headers=SMALL["headers"] + [["Fly-X-Amz-Date", "a"], ["X-Amzn-Trace-Id", "b"], ["X-Amz", "c"]],
)
for slug, name in (("longer", "Host-2"), ("end", "X-Host"), ("inside", "My-Host-Name")):
    header = [name, "a"]
    rejects(
        f"sig-verify-names-host-{slug}",
        f"the signed header {name}, and a host that is not signed",
        "SIG-045 SIG-014",
        "a server that searches the text of SignedHeaders for host accepts any host",
        small(names=sorted(["x-amz-date", name.lower()]), also=[header]),
    )
    rejects(
        f"sig-verify-presigned-names-host-{slug}",
        f"the signed header {name}, and a host that is not signed, presigned",
        "SIG-045 SIG-014",
        "a server that searches the text of SignedHeaders for host accepts any host",
        presigned_signing(name.lower(), header),
    )
rejects(
    "sig-verify-names-date-unsigned",
    "the signed header X-Amz-Date-2, and an x-amz-date that is not signed",
    "SIG-045",
    "a server that searches the text of SignedHeaders accepts any date",
    small(names=["host", "x-amz-date-2"], also=[["X-Amz-Date-2", "a"]]),
)
accepts(
    "sig-verify-names-inherited",
    "signed headers and parameters with the names of inherited members",
    "SIG-011 SIG-008 SIG-045",
    "a server that keeps names in an object of its language finds an inherited member",
    small(
        target="/?" + "&".join(f"{name}=a" for name in INHERITED),
        also=[[name, "b"] for name in INHERITED],
    ),
)
for name in INHERITED[:2]:
    rejects(
        f"sig-verify-names-inherited-missing-{name.strip('_').lower()}",
        f"SignedHeaders with {name.lower()}, which the request lacks",
        "SIG-045",
        "a server that keeps headers in an object of its language finds an inherited member",
        small(names=sorted(["host", "x-amz-date", name.lower()]), computed=["host", "x-amz-date"]),
    )


# ---- parameters given twice, signed so ---------------------------------------------------------


def presigned_with(more: str, before: str = "", given: Given = SMALL_URL) -> Given:
    """Return a presigned request whose signature covers additional text of the query."""
    path, _, query = given["target"].partition("?")
    query = before + query.rpartition("&X-Amz-Signature=")[0] + more
    headers = plain.lower_headers(given["headers"])
    stages = plain.finish(given, plain.query_pairs(query), headers)
    return dict(given, target=f"{path}?{query}&X-Amz-Signature={stages['signature']}")


TWICE_WHY = "of two values, one server verifies the first and another one uses the second"
OWN_PARAMETERS = (
    ("Algorithm", "AWS4-HMAC-SHA256", ""),
    ("Credential", "AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fsagemaker%2Faws4_request", ""),
    ("Date", "20150830T123600Z", "20150830T124000Z"),
    ("Expires", "600", "604800"),
    ("SignedHeaders", "host", ""),
)
for name, same, different in OWN_PARAMETERS:
    for slug, more, before in (
        ("equal", f"&X-Amz-{name}={same}", ""),
        ("last", f"&X-Amz-{name}={different}", ""),
        ("first", "", f"X-Amz-{name}={different}&"),
    ):
        if slug != "equal" and name not in ("Date", "Expires"):
            continue
        rejects(
            f"sig-verify-presigned-signed-twice-{name.lower()}-{slug}",
            f"X-Amz-{name} twice, both signed: {slug}",
            "SIG-040",
            TWICE_WHY,
            presigned_with(more, before),
        )
TOKEN_AGAIN = "X-Amz-Security-Token=" + plain.uri_encode(TOKEN.encode())
for slug, more, before in (
    ("equal", "&" + TOKEN_AGAIN, ""),
    ("last", "&X-Amz-Security-Token=another", ""),
    ("first", "", "X-Amz-Security-Token=another&"),
):
    rejects(
        f"sig-verify-presigned-signed-twice-security-token-{slug}",
        f"X-Amz-Security-Token twice, both signed: {slug}",
        "SIG-040 SIG-046",
        TWICE_WHY,
        presigned_with(more, before, SMALL_TEMPORARY_URL),
    )
for slug, name in (
    ("content-sha256", "X-Amz-Content-Sha256"),
    ("other", "X-Amz-Other"),
    ("escaped", "X%2DAmz%2DOther"),
):
    once = f"&{name}=a"
    accepts(
        f"sig-verify-presigned-signed-once-{slug}",
        f"the parameter {name}, signed",
        "SIG-040 SIG-032",
        "a server that rejects a parameter that it does not know rejects valid URLs",
        presigned_with(once),
    )
    for which, second in (("equal", once), ("different", f"&{name}=b")):
        rejects(
            f"sig-verify-presigned-signed-twice-{slug}-{which}",
            f"the parameter {name} twice, both signed: {which}",
            "SIG-040",
            TWICE_WHY,
            presigned_with(once + second),
        )
rejects(
    "sig-verify-presigned-signed-twice-one-escaped",
    "X-Amz-Expires and X%2DAmz%2DExpires, both signed",
    "SIG-040 SIG-008",
    "a server that compares names before it decodes them overlooks the second value",
    presigned_with("&X%2DAmz%2DExpires=604800"),
)
for slug, in_case in (("lower", str.lower), ("upper", str.upper)):
    accepts(
        f"sig-verify-presigned-signed-case-{slug}",
        f"the parameters of the claim again, their names in {slug} case, signed",
        "SIG-040 SIG-030",
        "names of parameters have a case, so these are other parameters",
        presigned_with("".join(f"&{in_case('X-Amz-' + own)}=1" for own, _, _ in OWN_PARAMETERS)),
    )
    accepts(
        f"sig-verify-presigned-signed-case-twice-{slug}",
        f"a parameter X-Amz-Other twice, its name in {slug} case, signed",
        "SIG-040 SIG-030",
        "names of parameters have a case, so only X-Amz-* occur once",
        presigned_with(f"&{in_case('X-Amz-Other')}=1&{in_case('X-Amz-Other')}=2"),
    )
    for own in ("Expires", "Signature"):
        rejects(
            f"sig-verify-presigned-case-{slug}-{own.lower()}",
            f"a presigned request with X-Amz-{own} in {slug} case",
            "SIG-040 SIG-031" if own == "Expires" else "SIG-040",
            "names of parameters have a case, so this one is missing",
            SMALL_URL,
            target=SMALL_URL["target"].replace("X-Amz-" + own, in_case("X-Amz-" + own)),
        )
accepts(
    "sig-verify-parameters-beside-header-twice",
    "X-Amz-Other and X-Amz-Expires twice in a query that a claim in Authorization signs",
    "SIG-040",
    "without a claim in the query these are ordinary parameters",
    small(target="/?X-Amz-Other=1&X-Amz-Other=2&X-Amz-Expires=1&X-Amz-Expires=1"),
)

# ---- tokens whose characters have a meaning elsewhere ------------------------------------------

for slug, token, described in TOKENS:
    if slug not in ("percent", "printable"):
        continue
    for where, given in (
        ("header", small(session_token=token)),
        ("query", small_url(session_token=token)),
        ("query-unsigned", small_url(session_token=token, omit_session_token=True)),
    ):
        accepts(
            f"sig-verify-token-with-{slug}-{where}",
            f"a session token with {described}, in the {words(where)}",
            "SIG-046",
            "a server that decodes a token once too often or not at all rejects valid clients",
            given,
        )
rejects(
    "sig-verify-token-decoded-twice",
    "a token that equals the expected one only after another decoding",
    "SIG-046",
    "a server that decodes a token twice accepts another one",
    small_url(session_token="A%26b"),
    session_token="A&b",
)


# ---- the separators of Authorization, its parts in any order -----------------------------------

SCHEME, PARTS = AUTHORIZATION.split(" ", 1)
for slug, title, separator in (
    ("comma", "a comma alone", ","),
    ("comma-spaces", "a comma and three spaces", ",   "),
    ("spaces-comma", "a space before each comma", " , "),
):
    accepts(
        "sig-verify-parts-" + slug,
        f"the parts of Authorization with {title} between them",
        "SIG-040",
        "a server that splits at a comma with one space rejects valid clients",
        GOOD,
        headers=replaced(GOOD, "authorization", PARTS, PARTS.replace(", ", separator)),
    )
for slug, order in (("reversed", (2, 1, 0)), ("rotated", (1, 2, 0))):
    accepts(
        "sig-verify-parts-" + slug,
        f"the parts of Authorization in another order: {slug}",
        "SIG-040",
        "a server that finds the parts by their places rejects valid clients",
        GOOD,
        headers=replaced(
            GOOD, "authorization", PARTS, ", ".join(PARTS.split(", ")[place] for place in order)
        ),
    )

# ---- times beyond the range of an integer ------------------------------------------------------

for slug, title, signed_at, clock, late in (
    ("2038", "the last second of 31 bits", "20380119T031400Z", "20380119T031900Z", "031901"),
    ("2106", "the last second of 32 bits", "21060207T062800Z", "21060207T063300Z", "063301"),
    ("1969", "the first second of 1970", "19691231T235900Z", "19700101T000400Z", "000401"),
    ("9999", "the year 9999", "99991231T235000Z", "99991231T235500Z", "235501"),
):
    for place, made in (
        ("", signed_request(time=signed_at)),
        ("-presigned", presigned_request(time=signed_at, expires=300)),
    ):
        rules = "SIG-043" if place else "SIG-042"
        accepts(
            f"sig-verify-time-{slug}{place}",
            f"a request{place.replace('-', ', ')} that is 300 seconds old, around {title}",
            rules,
            "a server that counts seconds in too few bits finds the request centuries old",
            made,
            time=clock,
        )
        rejects(
            f"sig-verify-time-{slug}{place}-late",
            f"a request{place.replace('-', ', ')} that is 301 seconds old, around {title}",
            rules,
            "a server that counts seconds in too few bits finds the request in the future",
            made,
            "expired",
            time=clock[:9] + late + "Z",
        )
        accepts(
            f"sig-verify-time-{slug}{place}-early",
            f"a request{place.replace('-', ', ')} of a clock that is ahead, around {title}",
            "SIG-042",
            "a server that counts seconds in too few bits finds the request centuries ahead",
            presigned_request(time=clock, expires=300) if place else signed_request(time=clock),
            time=signed_at,
        )

# ---- the hash of the body in a header, in both places ------------------------------------------

for slug, text, kind in (
    ("right", PROMPT_HASH, None),
    ("other", EMPTY_HASH, "signature"),
    ("cut", PROMPT_HASH[:-1], "signature"),
    ("unsigned-payload", "UNSIGNED-PAYLOAD", "signature"),
):
    given = presigned_request(headers=[HOST, ["X-Amz-Content-Sha256", text]])
    VERIFY.case(
        f"sig-verify-presigned-content-sha256-{slug}",
        f"a presigned request with a signed x-amz-content-sha256: {words(slug)}",
        "SIG-047",
        given,
        ok() if kind is None else reject(kind),
        "a server that compares the header only in one form accepts a changed body in the other",
    )

# ---- two errors of each kind -------------------------------------------------------------------

_LATE = "20150830T125000Z"
_LATE_URL = "20150830T130000Z"
_TWO_ERRORS: Sequence[Any] = (
    ("time-and-body", GOOD, {"time": _LATE, "body": b64(b"other")}, "expired"),
    ("time-and-path", GOOD, {"time": _LATE, "target": "/other"}, "expired"),
    (
        "time-and-content-sha256",
        signed_request(also=[["X-Amz-Content-Sha256", EMPTY_HASH]]),
        {"time": _LATE},
        "expired",
    ),
    ("expiry-and-body", URL, {"time": _LATE_URL, "body": b64(b"other")}, "expired"),
    ("service-and-time", GOOD, {"service": "s3", "time": _LATE}, "signature"),
    ("key-and-time", GOOD, {"access_key": "AKIDEXAMPLF", "time": _LATE}, "signature"),
    ("token-and-time", GOOD, {"session_token": TOKEN, "time": _LATE}, "signature"),
    ("service-and-expiry", URL, {"service": "s3", "time": _LATE_URL}, "signature"),
    ("token-and-expiry", URL, {"session_token": TOKEN, "time": _LATE_URL}, "signature"),
)
for slug, given, changes, kind in _TWO_ERRORS:
    VERIFY.case(
        "sig-verify-order-" + slug,
        "two errors: " + words(slug),
        "SIG-042 SIG-041",
        dict(given, **changes),
        reject(kind),
        "a server that reports the second error sends the caller to the wrong cause",
        level="SHOULD",
    )

# ---- spellings that a lenient parser accepts ---------------------------------------------------

LENIENT_SPELLING = "a server that accepts more than one spelling differs from the next server"


def respelled(old: str, new: str) -> Given:
    """Return a presigned request with text of its query replaced, which the signature covers."""
    path, _, query = SMALL_URL["target"].partition("?")
    query = query.rpartition("&X-Amz-Signature=")[0]
    assert query.count(old) == 1 and old != new, old
    query = query.replace(old, new)
    stages = plain.finish(SMALL_URL, plain.query_pairs(query), {"host": HOST[1]})
    return dict(SMALL_URL, target=f"{path}?{query}&X-Amz-Signature={stages['signature']}")


for slug, old, new in (
    ("comma-last", SIGNATURE, SIGNATURE + ","),
    ("comma-first", " Credential", " , Credential"),
    ("comma-twice", ", Signature", ",, Signature"),
    ("form-feed", ", Signature", ",\f Signature"),
    ("no-break-space", ", Signature", ",\u00a0Signature"),
):
    own_signature = SMALL["headers"][-1][1][-64:]
    rejects(
        "sig-verify-parts-" + slug,
        f"the parts of Authorization with another separator: {words(slug)}",
        "SIG-040",
        LENIENT_SPELLING,
        SMALL,
        headers=replaced(
            SMALL,
            "Authorization",
            old.replace(SIGNATURE, own_signature),
            new.replace(SIGNATURE, own_signature),
        ),
    )
for slug, value in (
    ("no-seconds", "20150830T1236Z"),
    ("line-end", DATE + "%0A"),
    ("space-first", "%20" + DATE),
    ("arabic-digit", "20150830T12360%D9%A0Z"),
    ("zone", "20150830T123600%2B0000"),
):
    rejects(
        "sig-verify-presigned-date-" + slug,
        f"X-Amz-Date={value}, signed",
        "SIG-040 SIG-016",
        LENIENT_SPELLING,
        respelled("Date=" + DATE, "Date=" + value),
    )
for slug, value in (
    ("line-end", "600%0A"),
    ("no-break-space", "600%C2%A0"),
    ("arabic", "%D9%A6%D9%A0%D9%A0"),
    ("hexadecimal", "0x258"),
    ("exponent", "6e2"),
    ("empty", ""),
    ("33-bits", str(2**32 + 600)),
):
    rejects(
        "sig-verify-expires-text-" + slug,
        f"X-Amz-Expires={value}, signed",
        "SIG-031",
        "a lenient parser reads a valid number from this, and another server does not",
        respelled("Expires=600", "Expires=" + value),
    )
for slug, value in (
    ("end-empty", "host%3B"),
    ("line-end", "host%0A"),
    ("space", "%20host"),
    ("upper-case", "Host"),
    ("twice", "host%3Bhost"),
):
    rejects(
        "sig-verify-presigned-signed-headers-" + slug,
        f"X-Amz-SignedHeaders={value}, signed",
        "SIG-045",
        "a server that repairs the list verifies a list that the client did not write",
        respelled("SignedHeaders=host", "SignedHeaders=" + value),
    )
for slug, rules, old, new in (
    ("algorithm-lower-case", "SIG-040", "AWS4-HMAC-SHA256", "aws4-hmac-sha256"),
    ("scope-final-slash", "SIG-044", "aws4_request", "aws4_request%2F"),
    ("scope-longer-region", "SIG-044", "us-east-1", "us-east-1a"),
    ("scope-upper-region", "SIG-044", "us-east-1", "US-EAST-1"),
    ("scope-long-s", "SIG-044", "sagemaker", "%C5%BFagemaker"),
    ("key-lower-case", "SIG-044", "AKIDEXAMPLE", "akidexample"),
):
    rejects(
        "sig-verify-presigned-spelling-" + slug,
        f"a presigned request with {new} in place of {old}, signed",
        rules,
        "a server that repairs the claim verifies one that the client did not make",
        respelled(old, new),
    )
for slug, changed in (
    ("upper-case", SMALL_URL["target"][-64:].upper()),
    ("line-end", SMALL_URL["target"][-64:] + "%0A"),
):
    rejects(
        "sig-verify-presigned-signature-" + slug,
        f"the signature of a presigned request in another spelling: {words(slug)}",
        "SIG-041 SIG-023",
        "a server that compares numbers or trimmed texts differs from the next server",
        SMALL_URL,
        target=SMALL_URL["target"][:-64] + changed,
    )
accepts(
    "sig-verify-names-without-letters",
    "signed headers whose names have no letters",
    "SIG-045",
    "a check for lower case must not require a letter",
    small(also=[["7", "a"], ["_", "b"], ["1-2.3", "c"], ["!#$&'*+^`|~", "d"]]),
)
for slug, name, value in (("basic", "Date", DATE),):
    rejects(
        "sig-verify-other-date-" + slug,
        f"a request without x-amz-date, with a signed {name}: {value}",
        "SIG-040 SIG-016",
        "servers that read another header accept different times, so only one header counts",
        small(date=False, also=[[name, value]]),
    )
rejects(
    "sig-verify-other-date-parameter",
    "a request that is signed in its headers, with X-Amz-Date only in the query",
    "SIG-040 SIG-016",
    "a server that reads the parameter accepts a claim of two places",
    small(date=False, target="/?X-Amz-Date=" + DATE),
)
rejects(
    "sig-verify-other-date-for-url",
    "a presigned request with a signed Date header in place of X-Amz-Date",
    "SIG-040 SIG-016",
    "a server that reads the header accepts a claim of two places",
    dict(
        respelled(f"&X-Amz-Date={DATE}", ""),
        headers=[*SMALL_URL["headers"], ["Date", DATE]],
    ),
)
for seconds, time in ((1, "20150830T123602Z"), (299, "20150830T124100Z")):
    rejects(
        f"sig-verify-expiry-{seconds}-passed",
        f"a presigned request one second after its expiry of {seconds}",
        "SIG-043",
        "the tolerance of 300 seconds does not lengthen an expiry",
        small_url(expires=seconds),
        "expired",
        time=time,
    )
accepts(
    "sig-verify-expiry-beyond-skew",
    "a presigned request that is one day old, in its last second",
    "SIG-043",
    "the limit of 300 seconds holds for the past only if the headers are signed",
    small_url(expires=86400),
    time="20150831T123600Z",
)
for slug, text in (
    ("other", PROMPT_HASH),
    ("blank", ""),
    ("upper-case", EMPTY_HASH.upper()),
):
    for place, given in (
        ("", small(also=[["X-Amz-Content-Sha256", text]])),
        ("presigned-", small_url(also=[["X-Amz-Content-Sha256", text]])),
    ):
        if place and slug != "other":
            continue
        rejects(
            f"sig-verify-{place}empty-body-{slug}",
            f"an empty body with x-amz-content-sha256: {words(place + slug)}",
            "SIG-047",
            "an attacker removes a body, and the server checks only bodies that are not empty",
            given,
        )

# ---- characters outside ASCII in a claim ---------------------------------------------------------

NOT_ASCII = "a server that drops such a character, or fails at it, accepts another claim or crashes"
for slug, rules, old, new in (
    ("key", "SIG-044", "AKIDEXAMPLE/", "AKIDEXAMPLE\u00e9/"),
    ("key-first", "SIG-044", "=AKIDEXAMPLE", "=\u00e9AKIDEXAMPLE"),
    ("region", "SIG-044", "us-east-1", "us-east-1\u00e9"),
    ("scope-end", "SIG-044", "aws4_request", "aws4_request\u00e9"),
    ("scope-space", "SIG-044", "aws4_request", "aws4_request\u00a0"),
    ("names", "SIG-045", "=host", "=host\u00e9"),
    ("names-space", "SIG-045", "=host", "=\u00a0host"),
):
    rejects(
        f"sig-verify-not-ascii-{slug}",
        f"a character outside ASCII in Authorization: {words(slug)}",
        rules,
        NOT_ASCII,
        SMALL,
        headers=replaced(SMALL, "Authorization", old, new),
    )
    if slug in ("key-first", "region", "scope-space", "names-space"):
        continue
    quoted_old, quoted_new = (plain.uri_encode(text.encode()) for text in (old[1:], new[1:]))
    rejects(
        f"sig-verify-presigned-not-ascii-{slug}",
        f"a character outside ASCII in the query, signed: {words(slug)}",
        rules,
        NOT_ASCII,
        respelled(f"{old[0]}{quoted_old}", f"{new[0]}{quoted_new}"),
    )
for slug, new in (("end", "\u00e9"), ("space", "\u00a0")):
    rejects(
        f"sig-verify-not-ascii-signature-{slug}",
        f"a signature with a character outside ASCII: {words(slug)}",
        "SIG-041",
        NOT_ASCII,
        SMALL,
        headers=[*SMALL["headers"][:-1], ["Authorization", SMALL["headers"][-1][1] + new]],
    )
    rejects(
        f"sig-verify-presigned-not-ascii-signature-{slug}",
        f"the signature of a presigned request with a character outside ASCII: {words(slug)}",
        "SIG-041",
        NOT_ASCII,
        SMALL_URL,
        target=SMALL_URL["target"] + plain.uri_encode(new.encode()),
    )
    rejects(
        f"sig-verify-presigned-not-ascii-date-{slug}",
        f"X-Amz-Date with a character outside ASCII, signed: {words(slug)}",
        "SIG-040 SIG-016",
        NOT_ASCII,
        respelled("Date=" + DATE, f"Date={DATE}{plain.uri_encode(new.encode())}"),
    )
rejects(
    "sig-verify-not-ascii-token",
    "a session token with one more character, which is outside ASCII",
    "SIG-046",
    NOT_ASCII,
    small(unsigned=[["X-Amz-Security-Token", TOKEN + "\u00e9"]]),
    session_token=TOKEN,
)
