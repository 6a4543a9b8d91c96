# SPDX-License-Identifier: MIT
"""Combinations of values in signing: sigv4-sign-mix and sigv4-presign-mix (mix.py).

All values are valid. plain_sigv4 computes every stage. The tables of differences name the values
that botocore and awscrt treat in another way; tests/authoring/test_sig.py runs both signers on
every row.
"""

from datetime import datetime
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from authoring import Feature, ok
from authoring import plain_sigv4 as plain
from authoring.mix import USUAL, Row, Table, Value, mix_id, rows_of, title_of
from authoring.sig import (
    HAS_NO,
    SIGNERS,
    TOKEN,
    Given,
    path_as_given,
    plus_as_space,
    request,
)
from conformance.cases.described import expanded_input

SIGN = Feature("sigv4-sign-mix", "sigv4.sign", "sign-mix-")
PRESIGN = Feature("sigv4-presign-mix", "sigv4.presign", "presign-mix-")
FEATURES = [SIGN, PRESIGN]

Headers = List[List[str]]


def random(size: int, name: str = "a") -> Dict[str, Any]:
    """Return described random bytes. size: bytes"""
    return {"random": name, "bytes": size}


METHODS = {
    "GET": Value("GET"),
    "POST": Value("POST"),
    "PUT": Value("PUT", "SIG-002"),
    "HEAD": Value("HEAD", "SIG-002"),
    "DELETE": Value("DELETE", "SIG-002"),
    "Post": Value("Post", "SIG-002"),
}
BODIES = {
    USUAL: Value("", "SIG-019"),
    "a body of 1 byte": Value(random(1), "SIG-019"),
    "a body of 55 bytes": Value(random(55), "SIG-019"),
    "a body of 64 bytes": Value(random(64), "SIG-019"),
    "a form as body": Value({"text": "b=2&a=1+2&%7e="}, "SIG-019"),
    "a body of 65,537 bytes": Value(random(65537), "SIG-019"),
    "a body of Unicode text": Value({"text": "\ufeff\u0130\u00e9\r\n\0\U0001f600"}, "SIG-019"),
}
QUERIES = {
    USUAL: Value(None),
    "an empty query": Value("", "SIG-010"),
    "the query ?b=2&a=1&a=0&A=3": Value("b=2&a=1&a=0&A=3", "SIG-009"),
    "the query ?a=x+y": Value("a=x+y", "SIG-008"),
    "the query ?a-=1&a=2&a~=%c3%a9": Value("a-=1&a=2&a~=%c3%a9", "SIG-009 SIG-008"),
    "the query ?a=%20b&&c": Value("a=%20b&&c", "SIG-010 SIG-008"),
}
PATHS = {
    USUAL: Value("/endpoints/llm/invocations-response-stream"),
    "the path /": Value("/"),
    "the path /Team/Prod/": Value("/Team/Prod/", "SIG-003"),
    "the path /a/./b//../c": Value("/a/./b//../c", "SIG-003"),
    "the path //a/..": Value("//a/..", "SIG-003"),
    "the path /a%20b": Value("/a%20b", "SIG-004"),
    "the path /a%2fB%7E": Value("/a%2fB%7E", "SIG-004"),
    "the path /%C3%A9": Value("/%C3%A9", "SIG-004"),
    "the path /~-._0Zz": Value("/~-._0Zz", "SIG-006"),
    "a path of 257 characters": Value("/" + "aB3-" * 64, "SIG-006"),
}
RAW_PATHS = {
    "the path /a b": Value("/a b", "SIG-006"),
    "the path /a+b:c@d": Value("/a+b:c@d", "SIG-006"),
    "a path of Unicode": Value("/\u00e9\u0130", "SIG-006"),
}
FLAGS = {
    "normalize_path": {USUAL: Value(None), "not normalised": Value(False, "SIG-003")},
    "double_encode": {USUAL: Value(None), "encoded once": Value(False, "SIG-005")},
    "sign_body": {USUAL: Value(None), "sign_body": Value(True, "SIG-019")},
    "omit_session_token": {USUAL: Value(None), "token left out": Value(True, "SIG-018")},
}
TOKENS = {
    USUAL: Value(None),
    "a token": Value(TOKEN, "SIG-017"),
    "a token of 257 characters": Value("SessionToken/EXA" * 16 + "=", "SIG-017"),
}
HOSTS = {
    USUAL: Value("example.amazonaws.com"),
    "the operation's host": Value("runtime.sagemaker.eu-west-1.amazonaws.com", "SIG-014"),
    "a host in mixed case": Value("Example.AmazonAWS.com", "SIG-014"),
    "port 8443": Value("example.amazonaws.com:8443", "SIG-014"),
    "port 443": Value("example.amazonaws.com:443", "SIG-014"),
    "port 80": Value("example.amazonaws.com:80", "SIG-014"),
    "an IPv6 host": Value("[2001:db8::1]:8443", "SIG-014"),
}
KEYS = {
    USUAL: Value(("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")),
    "another secret key": Value(
        ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEX"), "SIG-022"
    ),
    "the secret key in other case": Value(
        ("AKIDEXAMPLE", "WjALRxuTNfemi/k7mdeng+BpXrFIcyexamplekey"), "SIG-022"
    ),
    "another access key": Value(
        ("akidexample2", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), "SIG-024"
    ),
    "a secret key of 1 character": Value(("AKIDEXAMPLE", "="), "SIG-022"),
    "a secret key of 61 characters": Value(("AKIDEXAMPLE", "EXAMPLEKEY" * 6 + "="), "SIG-022"),
}
# With `2sagemaker` and `us-east-12`, different scopes have the same joined text.
REGIONS = {
    USUAL: Value("us-east-1"),
    "region eu-west-1": Value("eu-west-1", "SIG-020"),
    "region us-east-12": Value("us-east-12", "SIG-020 SIG-022"),
    "region US-EAST-1": Value("US-EAST-1", "SIG-020"),
    "region us-isob-east-1": Value("us-isob-east-1", "SIG-020"),
}
SERVICES = {
    USUAL: Value("sagemaker"),
    "service 2sagemaker": Value("2sagemaker", "SIG-020 SIG-022"),
    "service SageMaker": Value("SageMaker", "SIG-020"),
    "service a": Value("a", "SIG-020"),
}
TIMES = {
    USUAL: Value("20150830T123600Z"),
    "the last second of a year": Value("20161231T235959Z", "SIG-020 SIG-016"),
    "the first second of a year": Value("20170101T000000Z", "SIG-020 SIG-016"),
    "29 February": Value("20240229T235959Z", "SIG-020 SIG-016"),
    "1 March": Value("20240301T000000Z", "SIG-020 SIG-016"),
    "a day of one digit": Value("20250109T010203Z", "SIG-020 SIG-016"),
    "the year 2100": Value("21000228T120000Z", "SIG-020 SIG-016"),
}
LONG = "x-amzn-" + "a" * 58  # a header name of 65 characters
HEADERS = {
    USUAL: Value([]),
    "a content type": Value([["Content-Type", "application/json"]], "SIG-011"),
    "a header twice": Value([["X-Test", "b"], ["X-Test", "a"]], "SIG-013"),
    "a header twice, apart and in other case": Value(
        [["x-test", "b"], ["X-A", "c"], ["X-TEST", "a"]], "SIG-013 SIG-011"
    ),
    "a header three times, one empty": Value(
        [["X-Test", ""], ["X-Test", "a,b"], ["X-Test", " c "]], "SIG-013 SIG-012"
    ),
    "values with spaces": Value([["X-Test", "  a  b\t\tc "], ["X-Quoted", '"a   b"']], "SIG-012"),
    "a folded value": Value([["X-Test", "a\r\n  b"]], "SIG-012"),
    "an empty header": Value([["X-Empty", ""], ["X-Space", " "]], "SIG-012"),
    "names that sort by octets": Value(
        [["x-b_", "1"], ["x-b-", "2"], ["X-B", "3"], ["x-a~", "4"], ["x-B.", "5"], ["a", "6"]],
        "SIG-011",
    ),
    "names with I": Value(
        [["X-Amzn-SageMaker-Inference-Id", "Id I"], ["IF-MATCH", "i"]], "SIG-011"
    ),
    "40 headers": Value([[f"X-Meta-{41 - n}", str(n)] for n in range(40)], "SIG-011"),
    "a name of 65 and a value of 1,025 characters": Value([[LONG, "v= " * 341 + "v2"]], "SIG-011"),
}
REPLACED = {
    USUAL: Value([]),
    "an older X-AMZ-DATE": Value([["X-AMZ-DATE", "20130524T000000Z"]], "SIG-016"),
    "an older x-amz-date twice": Value(
        [["x-amz-date", "20130524T000000Z"], ["X-Amz-Date", "20130525T000000Z"]], "SIG-016"
    ),
    "a Date of the same time": Value("date", "SIG-015"),
}
EXPIRIES = {
    USUAL: Value(600),
    "1 second": Value(1, "SIG-031"),
    "2 seconds": Value(2, "SIG-031"),
    "3,599 seconds": Value(3599, "SIG-031"),
    "604,799 seconds": Value(604799, "SIG-031"),
    "604,800 seconds": Value(604800, "SIG-031"),
}
UNSIGNED = {
    USUAL: Value([]),
    "a header that Connection names": Value(
        [["Connection", "keep-alive, X-Hop"], ["X-Hop", "1"]], "SIG-015"
    ),
    **{name: Value([[name, "trailers"]], "SIG-015") for name in sorted(plain.NEVER_SIGNED)},
}


def time_in_date(time: str) -> str:
    """Return a time of signing as the value of a Date header."""
    return datetime.strptime(time, "%Y%m%dT%H%M%SZ").strftime("%a, %d %b %Y %H:%M:%S GMT")


SIGNED_TABLE = Table(
    "sigv4-sign",
    {
        "method": METHODS,
        "body": BODIES,
        "query": QUERIES,
        "session_token": TOKENS,
        "sign_body": FLAGS["sign_body"],
        "omit_session_token": FLAGS["omit_session_token"],
        "path": {**PATHS, **RAW_PATHS},
        "normalize_path": FLAGS["normalize_path"],
        "double_encode": FLAGS["double_encode"],
        "host": HOSTS,
        "keys": KEYS,
        "region": REGIONS,
        "service": SERVICES,
        "time": TIMES,
        "headers": HEADERS,
        "replaced": REPLACED,
        "unsigned": UNSIGNED,
    },
    closely=[("method", "body", "query", "session_token", "sign_body", "omit_session_token")],
)
PRESIGNED_TABLE = Table(
    "sigv4-presign",
    {
        "method": METHODS,
        "expires": EXPIRIES,
        "session_token": TOKENS,
        "omit_session_token": FLAGS["omit_session_token"],
        "query": {
            **QUERIES,
            "the query ?X-Amz-Expires=1&x-amz-date=2": Value(
                "X-Amz-Expires=1&x-amz-date=2", "SIG-030"
            ),
            "the query ?X-Amz-Zone=1&Action=2": Value("X-Amz-Zone=1&Action=2", "SIG-009 SIG-030"),
        },
        "body": {label: BODIES[label] for label in list(BODIES)[:4]},
        "path": {label: PATHS[label] for label in list(PATHS)[:8]},
        "normalize_path": FLAGS["normalize_path"],
        "double_encode": FLAGS["double_encode"],
        "host": HOSTS,
        "keys": KEYS,
        "region": REGIONS,
        "service": SERVICES,
        "time": TIMES,
        "headers": {label: HEADERS[label] for label in list(HEADERS)[:9]},
        "replaced": {label: REPLACED[label] for label in list(REPLACED)[:2]},
    },
)


# ---- what other signers do ---------------------------------------------------------------------

# A row is compared with a signer's output for an equal row: what SIG-015 leaves unsigned and what
# SIG-016 replaces does not change the result, and neither do other escapes of the same query.
# A signer, a dimension, its labels or None for all, and the value that the signer gets.
EQUAL: Sequence[Tuple[str, str, Optional[Sequence[str]], Any]] = (
    ("awscrt", "unsigned", None, []),
    ("awscrt", "replaced", ["an older X-AMZ-DATE", "an older x-amz-date twice"], []),
    ("botocore", "unsigned", None, []),
    ("botocore", "replaced", ["an older X-AMZ-DATE"], []),
    ("botocore", "query", ["the query ?a=x+y"], "a=x%2By"),
    ("botocore", "query", ["the query ?a-=1&a=2&a~=%c3%a9"], "a=2&a-=1&a~=%C3%A9"),
    ("botocore", "query", ["the query ?a=%20b&&c"], "a=%20b&c="),
    ("botocore", "query", ["the query ?X-Amz-Expires=1&x-amz-date=2"], "x-amz-date=2"),
)
# A signer, what it does differently, and the values in a row for which it does.
DIFFERENCES: Sequence[Tuple[str, str, Mapping[str, Sequence[str]]]] = (
    (
        "botocore",
        "cannot read the body of a presigned request as parameters",
        {"body": list(BODIES)[1:], "expires": list(EXPIRIES)},
    ),
    ("botocore", "changes the method to upper case", {"method": ["Post"]}),
    (
        "botocore",
        "writes its own time into Date and sends no x-amz-date",
        {"replaced": ["a Date of the same time"]},
    ),
    (
        "awscrt",
        "leaves a path that is encoded once unchanged",
        {"path": list(RAW_PATHS), "double_encode": ["encoded once"]},
    ),
    (
        "botocore",
        "keeps only the first of several values",
        {"query": ["the query ?b=2&a=1&a=0&A=3"], "expires": list(EXPIRIES)},
    ),
    (
        "awscrt",
        "rejects a parameter that it would write itself, in any case",
        {"query": ["the query ?X-Amz-Expires=1&x-amz-date=2"], "expires": list(EXPIRIES)},
    ),
)


def given_of(row: Row, table: Table, signer: str = "") -> Given:
    """Return the input of a row, or the equal input that another signer gets."""
    content = table.contents(row)
    for name, dimension, labels, equal in EQUAL:
        if name == signer and dimension in row and (labels is None or row[dimension] in labels):
            content[dimension] = equal
    path, query = content["path"], content["query"]
    access_key, secret_key = content["keys"]
    headers: Headers = [["Host", content["host"]], *content["headers"]]
    if content["replaced"] == "date":
        headers.append(["Date", time_in_date(content["time"])])
    else:
        headers += content["replaced"]
    headers += content.get("unsigned", [])
    given = request(
        method=content["method"],
        target=path if query is None else f"{path}?{query}",
        headers=headers,
        body=content["body"],
        access_key=access_key,
        secret_key=secret_key,
        session_token=content["session_token"],
        region=content["region"],
        service=content["service"],
        time=content["time"],
    )
    for option in (*FLAGS, "expires"):
        if content.get(option) is not None:
            given[option] = content[option]
    return given


def differing_signers(row: Row) -> Dict[str, str]:
    """Return the signers that differ on a row, each with what it does."""
    found: Dict[str, str] = {}
    for signer, difference, where in DIFFERENCES:
        if all(row.get(dimension) in labels for dimension, labels in where.items()):
            found.setdefault(signer, difference)
    return found


ROWS: Dict[str, Tuple[Row, Table]] = {}  # by case


def _source(row: Row, given: Mapping[str, Any]) -> str:
    """Return the source of a case: the signers that agree, and what the others do."""
    differing = differing_signers(row)
    parts = ["derived"]
    asked = [signer for signer in SIGNERS if not set(given) & set(HAS_NO.get(signer, ()))]
    agreeing = [SIGNERS[signer] for signer in asked if signer not in differing]
    if agreeing:
        parts.append("agreed by " + " and ".join(agreeing))
    parts += [f"{SIGNERS[signer]} {differing[signer]}" for signer in asked if signer in differing]
    return "; ".join(parts)


WHY = "the service refuses just such requests"


def _add(feature: Feature, table: Table, stages_of: Any, rules: str) -> None:
    for row in rows_of(table):
        given = given_of(row, table)
        name = mix_id(feature.prefix, feature.op, given)
        full = expanded_input(feature.op, given)
        ROWS[name] = row, table
        acceptable = []
        if stages_of is plain.sign:
            acceptable = path_as_given(full)
        cited = list(dict.fromkeys(table.rules(row) + rules.split()))
        feature.case(
            name,
            title_of(row),
            " ".join(cited),
            given,
            ok(**stages_of(full)),
            WHY,
            acceptable=acceptable + plus_as_space(full, stages_of),
            source=_source(row, given),
        )


_add(SIGN, SIGNED_TABLE, plain.sign, "SIG-001 SIG-021 SIG-022 SIG-023 SIG-024")
_add(PRESIGN, PRESIGNED_TABLE, plain.presign, "SIG-030 SIG-032 SIG-033 SIG-001 SIG-022 SIG-023")
