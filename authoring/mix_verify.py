# SPDX-License-Identifier: MIT
"""Combinations of values in verification: sigv4-verify-mix (mix.py).

plain_sigv4 signs the request of each row, and a verifier accepts it. Each rejected row is an
accepted one with a single alteration, and names it in `needs`. An alteration meets each place of
the claim, each token, each method and each body that it can have.
"""

import re
from typing import Any, Callable, Dict, List, NamedTuple, Sequence, Tuple
from urllib.parse import quote, unquote

from authoring import Feature, ok, reject
from authoring.mix import USUAL, Row, Table, Value, covers, mix_id, rows_of, title_of
from authoring.mix_sig import HOSTS, random
from authoring.sig import TOKEN, Given
from authoring.sig_verify import presigned_request, signed_request
from conformance.cases.described import expanded_input

VERIFY = Feature("sigv4-verify-mix", "sigv4.verify", "verify-mix-")
FEATURES = [VERIFY]

EXPIRES = 600  # seconds, of the presigned rows
SIGNED_AT = "20150830T123600Z"
PATH = "/endpoints/llm/invocations-response-stream"

ACCEPTED = Table(
    "sigv4-verify",
    {
        "where": {USUAL: Value("header"), "presigned": Value("query", "SIG-032")},
        "token": {
            USUAL: Value((None, False)),
            "a signed token": Value((TOKEN, False), "SIG-046"),
            "an unsigned token": Value((TOKEN, True), "SIG-046 SIG-018"),
        },
        "method": {
            "POST": Value("POST"),
            "GET": Value("GET"),
            "DELETE": Value("DELETE"),
        },
        "body": {
            USUAL: Value(random(0)),
            "a body of 1 byte": Value(random(1)),
            "a body of 65,537 bytes": Value(random(65537)),
        },
        "query": {
            USUAL: Value(""),
            "the query ?b=2&a=1": Value("b=2&a=1", "SIG-009"),
            "the query ?a=%C3%A9&A=x+y": Value("a=%C3%A9&A=x+y", "SIG-008"),
        },
        "host": {label: HOSTS[label] for label in (USUAL, "port 8443", "an IPv6 host")},
        "headers": {
            "a content type": Value([["Content-Type", "text/csv"]]),
            "a header twice": Value([["X-Test", "b"], ["x-test", "a"]], "SIG-013"),
            "a value with spaces": Value([["X-Amz-Meta", " a  b "]], "SIG-012"),
        },
        "clock": {
            USUAL: Value(0),
            "a clock 299 seconds behind": Value(-299, "SIG-042"),
            "a clock 300 seconds ahead": Value(300, "SIG-042"),
        },
    },
)


def clock_after(seconds: int) -> str:
    """Return the time of a server's clock, in seconds after the signature."""
    minutes, rest = divmod(12 * 3600 + 36 * 60 + seconds, 60)
    return f"20150830T{minutes // 60:02}{minutes % 60:02}{rest:02}Z"


def accepted_of(row: Row) -> Given:
    """Return the request of a row, as a server receives it, with its body expanded."""
    content = ACCEPTED.contents(row)
    token, is_unsigned = content["token"]
    target = PATH + ("?" + content["query"] if content["query"] else "")
    changes = expanded_input(
        "sigv4.sign",
        {
            "method": content["method"],
            "target": target,
            "headers": [["Host", content["host"]], *content["headers"]],
            "body": content["body"],
        },
    )
    if content["where"] == "query":
        options = {"session_token": token, "omit_session_token": is_unsigned or None}
        given = presigned_request(expires=EXPIRES, **options, **changes)
    elif is_unsigned:
        given = signed_request(unsigned=[["X-Amz-Security-Token", token]], **changes)
        given["session_token"] = token
    else:
        given = signed_request(session_token=token, **changes)
    given["time"] = clock_after(content["clock"])
    return given


def described(given: Given, row: Row) -> Given:
    """Return the input with the description of the row's body."""
    return dict(given, body=ACCEPTED.contents(row)["body"])


# ---- alterations -------------------------------------------------------------------------------

Change = Callable[[Given, Row], Given]


class Alteration(NamedTuple):
    """A single error. change: returns the altered keys;  suits: whether a row can have it"""

    change: Change
    rules: str
    kind: str = "signature"
    suits: Callable[[Row], bool] = lambda row: True


def in_header(row: Row) -> bool:
    return row["where"] == USUAL


def in_query(row: Row) -> bool:
    return not in_header(row)


def has(dimension: str, *labels: str) -> Callable[[Row], bool]:
    """Return a condition: the row has one of the labels or, without labels, not the usual one."""
    return lambda row: row[dimension] in labels if labels else row[dimension] != USUAL


def _header_index(given: Given, name: str) -> int:
    names = [pair[0].lower() for pair in given["headers"]]
    return names.index(name.lower())


def header_value(name: str, change: Callable[[str], str]) -> Change:
    """Return an alteration of the first header of a name."""

    def changed(given: Given, row: Row) -> Given:
        headers = [list(pair) for pair in given["headers"]]
        index = _header_index(given, name)
        headers[index][1] = change(headers[index][1])
        return {"headers": headers}

    return changed


def header_name(name: str, other: str) -> Change:
    def changed(given: Given, row: Row) -> Given:
        headers = [list(pair) for pair in given["headers"]]
        headers[_header_index(given, name)][0] = other
        return {"headers": headers}

    return changed


def header_added(name: str, value: str, first: bool = False) -> Change:
    def changed(given: Given, row: Row) -> Given:
        headers = list(given["headers"])
        return {"headers": [[name, value], *headers] if first else [*headers, [name, value]]}

    return changed


def header_again(name: str) -> Change:
    def changed(given: Given, row: Row) -> Given:
        return {"headers": given["headers"] + [given["headers"][_header_index(given, name)]]}

    return changed


def header_removed(name: str) -> Change:
    def changed(given: Given, row: Row) -> Given:
        index = _header_index(given, name)
        return {"headers": given["headers"][:index] + given["headers"][index + 1 :]}

    return changed


def the_signed_header(make: Callable[[str], Change]) -> Change:
    """Return an alteration of the row's own signed header."""

    def changed(given: Given, row: Row) -> Given:
        [name, _] = ACCEPTED.contents(row)["headers"][0]
        return make(name)(given, row)

    return changed


def target(change: Callable[[str], str]) -> Change:
    return lambda given, row: {"target": change(given["target"])}


def path(change: Callable[[str], str]) -> Change:
    def changed(text: str) -> str:
        place, mark, query = text.partition("?")
        return change(place) + mark + query

    return target(changed)


def parameter_added(text: str) -> Change:
    return target(lambda old: old + ("&" if "?" in old else "?") + text)


def claim(part: str, change: Callable[[str], str]) -> Change:
    """Return an alteration of a part of the claim, in the header or in the query."""

    def changed(given: Given, row: Row) -> Given:
        if in_header(row):
            pattern = re.compile(f"({part}=)([^,]*)")
            return header_value(
                "Authorization",
                lambda value: pattern.sub(
                    lambda found: found[1] + change(found[2]), value, count=1
                ),
            )(given, row)
        pattern = re.compile(f"([?&]X-Amz-{part}=)([^&]*)")
        return {
            "target": pattern.sub(
                lambda found: found[1] + quote(change(unquote(found[2])), safe="-._~"),
                given["target"],
                count=1,
            )
        }

    return changed


def parameter_again(name: str, value: Callable[[str], str] = lambda old: old) -> Change:
    """Return an alteration that appends a parameter of the claim again."""

    def changed(given: Given, row: Row) -> Given:
        found = re.search(f"[?&]{name}=([^&]*)", given["target"])
        assert found is not None, name
        text = quote(value(unquote(found[1])), safe="-._~")
        return {"target": f"{given['target']}&{name}={text}"}

    return changed


def parameter_removed(name: str) -> Change:
    return target(lambda old: re.sub(f"(?<=[?&]){name}=[^&]*&?", "", old).rstrip("&"))


def other(name: str, change: Callable[[str], str]) -> Change:
    """Return an alteration of a plain key of the input, such as the server's region."""
    return lambda given, row: {name: change(given[name])}


def body(change: Callable[[Dict[str, Any]], Any]) -> Change:
    """Return an alteration of the description of the body."""
    return lambda given, row: {"body": change(ACCEPTED.contents(row)["body"])}


def clock(header_seconds: int, query_seconds: int) -> Change:
    return lambda given, row: {
        "time": clock_after(header_seconds if in_header(row) else query_seconds)
    }


def a_day_earlier(credential: str) -> str:
    return credential.replace("/20150830/", "/20150829/")


def next_second(time: str) -> str:
    return time[:-2] + "1Z"


def other_end(text: str) -> str:
    """Return text with another last character."""
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def swapped(text: str) -> str:
    return text.swapcase()


HAS_BODY = has("body")
HAS_TOKEN = has("token")
TOKEN_NAME = "X-Amz-Security-Token"


def token_in_request(change: Callable[[str], str]) -> Change:
    """Return an alteration of the token that is sent."""

    def changed(given: Given, row: Row) -> Given:
        if in_header(row):
            return header_value(TOKEN_NAME, change)(given, row)
        return claim("Security-Token", change)(given, row)

    return changed


def token_removed(given: Given, row: Row) -> Given:
    remove = header_removed if in_header(row) else parameter_removed
    return remove(TOKEN_NAME)(given, row)


ALTERATIONS: Dict[str, Alteration] = {
    # The request line.
    "method HEAD": Alteration(other("method", lambda old: "HEAD"), "SIG-002 SIG-041"),
    "the method in small letters": Alteration(
        other("method", lambda old: old.lower()), "SIG-002 SIG-041"
    ),
    "another endpoint in the path": Alteration(
        path(lambda old: old.replace("/llm/", "/llm2/")), "SIG-001 SIG-041"
    ),
    "a capital letter in the path": Alteration(
        path(lambda old: old.replace("/llm/", "/Llm/")), "SIG-001 SIG-041"
    ),
    "a final slash": Alteration(path(lambda old: old + "/"), "SIG-003 SIG-041"),
    "an escape in the path": Alteration(
        path(lambda old: old.replace("/llm/", "/%6clm/")), "SIG-004 SIG-041"
    ),
    "another parameter": Alteration(parameter_added("c=3"), "SIG-008 SIG-041"),
    "an empty parameter": Alteration(parameter_added("c"), "SIG-010 SIG-041"),
    "a parameter again": Alteration(
        parameter_added("a=1"), "SIG-010 SIG-041", suits=has("query", "the query ?b=2&a=1")
    ),
    "another value of a parameter": Alteration(
        target(lambda old: old.replace("b=2", "b=20")),
        "SIG-008 SIG-041",
        suits=has("query", "the query ?b=2&a=1"),
    ),
    "a space in place of a plus sign": Alteration(
        target(lambda old: old.replace("x+y", "x%20y").replace("x%2By", "x%20y")),
        "SIG-008 SIG-041",
        suits=has("query", "the query ?a=%C3%A9&A=x+y"),
    ),
    # The headers.
    "another host": Alteration(header_value("Host", lambda old: "evil.example"), "SIG-014 SIG-041"),
    "a port in the host": Alteration(
        header_value("Host", lambda old: old + ":443"), "SIG-014 SIG-041", suits=has("host", USUAL)
    ),
    "another port in the host": Alteration(
        header_value("Host", lambda old: old.replace("8443", "443")),
        "SIG-014 SIG-041",
        suits=has("host"),
    ),
    "a second host": Alteration(header_added("Host", "evil.example"), "SIG-013 SIG-014"),
    "a second host first": Alteration(
        header_added("host", "evil.example", first=True), "SIG-013 SIG-014"
    ),
    "no host": Alteration(header_removed("Host"), "SIG-014 SIG-045"),
    "another value of a signed header": Alteration(
        the_signed_header(lambda name: header_value(name, lambda old: old.rstrip(" ") + "1")),
        "SIG-011 SIG-041",
    ),
    "a signed value in capitals": Alteration(
        the_signed_header(lambda name: header_value(name, str.upper)), "SIG-011 SIG-041"
    ),
    "a signed header again": Alteration(
        the_signed_header(lambda name: header_added(name, "evil")), "SIG-013 SIG-041"
    ),
    "an empty signed header again": Alteration(
        the_signed_header(lambda name: header_added(name, "")), "SIG-013 SIG-041"
    ),
    "a signed header under another name": Alteration(
        the_signed_header(lambda name: header_name(name, "X-" + name)), "SIG-045 SIG-011"
    ),
    "an unsigned X-Amz-Target": Alteration(header_added("X-Amz-Target", "a"), "SIG-045"),
    "an unsigned X-Amz-Content-Sha256": Alteration(
        header_added("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"), "SIG-047 SIG-045"
    ),
    "an unsigned hash of a streaming body": Alteration(
        header_added("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
        "SIG-047 SIG-045",
    ),
    # The body.
    "a byte after the body": Alteration(body(lambda old: [old, {"text": "x"}]), "SIG-019 SIG-041"),
    "other bytes in the body": Alteration(
        body(lambda old: random(old["bytes"], "b")), "SIG-019 SIG-041", suits=HAS_BODY
    ),
    "another last byte of the body": Alteration(
        body(lambda old: [random(old["bytes"] - 1), {"base64": "AA=="}]),
        "SIG-019 SIG-041",
        suits=HAS_BODY,
    ),
    "no body": Alteration(body(lambda old: random(0)), "SIG-019 SIG-041", suits=HAS_BODY),
    # The server's side.
    "another secret key": Alteration(other("secret_key", other_end), "SIG-041 SIG-044"),
    "a secret key in other case": Alteration(other("secret_key", swapped), "SIG-041 SIG-044"),
    "another access key": Alteration(other("access_key", lambda old: old + "2"), "SIG-044"),
    "an access key in small letters": Alteration(other("access_key", str.lower), "SIG-044"),
    "another region": Alteration(other("region", lambda old: "us-east-2"), "SIG-044"),
    "a region in capitals": Alteration(other("region", str.upper), "SIG-044"),
    "another service": Alteration(other("service", lambda old: "s3"), "SIG-044"),
    "a clock that is too far ahead": Alteration(
        clock(301, EXPIRES + 1), "SIG-042 SIG-043", "expired"
    ),
    "a clock that is too far behind": Alteration(clock(-301, -301), "SIG-042", "expired"),
    "a token that the server does not know": Alteration(
        lambda given, row: {"session_token": None}, "SIG-046", suits=HAS_TOKEN
    ),
    "a token that is missing": Alteration(
        lambda given, row: {"session_token": TOKEN}, "SIG-046", suits=has("token", USUAL)
    ),
    # The claim.
    "another first digit of the signature": Alteration(
        claim("Signature", lambda old: ("0" if old[0] != "0" else "1") + old[1:]), "SIG-041"
    ),
    "another last digit of the signature": Alteration(claim("Signature", other_end), "SIG-041"),
    "the signature in capitals": Alteration(claim("Signature", str.upper), "SIG-041 SIG-023"),
    "a digit less in the signature": Alteration(
        claim("Signature", lambda old: old[:-1]), "SIG-041"
    ),
    "a digit more in the signature": Alteration(
        claim("Signature", lambda old: old + "0"), "SIG-041"
    ),
    "an empty signature": Alteration(claim("Signature", lambda old: ""), "SIG-040 SIG-041"),
    "another access key in the claim": Alteration(
        claim("Credential", lambda old: "akid" + old[4:]), "SIG-044"
    ),
    "another day in the scope": Alteration(claim("Credential", a_day_earlier), "SIG-044"),
    "another region in the scope": Alteration(
        claim("Credential", lambda old: old.replace("us-east-1", "us-east-2")), "SIG-044"
    ),
    "another end of the scope": Alteration(
        claim("Credential", lambda old: old.replace("aws4_request", "AWS4_REQUEST")), "SIG-044"
    ),
    "a signed name that is not sent": Alteration(
        claim("SignedHeaders", lambda old: old + ";zz"), "SIG-045"
    ),
    "a signed name twice": Alteration(
        claim("SignedHeaders", lambda old: old.replace("host", "host;host")), "SIG-045"
    ),
    "a signed name in capitals": Alteration(
        claim("SignedHeaders", lambda old: old.replace("host", "Host")), "SIG-045"
    ),
    "an empty signed name": Alteration(claim("SignedHeaders", lambda old: old + ";"), "SIG-045"),
    "a signed name less": Alteration(
        claim("SignedHeaders", lambda old: re.sub(";?host;?", "", old)), "SIG-045 SIG-014"
    ),
    # Only in headers.
    "another algorithm": Alteration(
        header_value("Authorization", lambda old: old.replace("SHA256 ", "SHA512 ", 1)),
        "SIG-040",
        suits=in_header,
    ),
    "the algorithm in small letters": Alteration(
        header_value("Authorization", lambda old: old.replace("AWS4-HMAC", "aws4-hmac", 1)),
        "SIG-040",
        suits=in_header,
    ),
    "a longer algorithm": Alteration(
        header_value("Authorization", lambda old: old.replace("SHA256 ", "SHA256-PAYLOAD ", 1)),
        "SIG-040",
        suits=in_header,
    ),
    "Authorization twice": Alteration(header_again("Authorization"), "SIG-040", suits=in_header),
    "another Credential after the first": Alteration(
        header_value(
            "Authorization", lambda old: re.sub("(Credential=[^,]*)", r"\1, \1", old, count=1)
        ),
        "SIG-040",
        suits=in_header,
    ),
    "a second list of signed headers": Alteration(
        header_value("Authorization", lambda old: old + ", SignedHeaders=host"),
        "SIG-040",
        suits=in_header,
    ),
    "a second signature": Alteration(
        header_value("Authorization", lambda old: old + ", Signature=" + "0" * 64),
        "SIG-040",
        suits=in_header,
    ),
    "no Authorization": Alteration(header_removed("Authorization"), "SIG-040", suits=in_header),
    "an X-Amz-Date a second later": Alteration(
        header_value("X-Amz-Date", next_second), "SIG-016 SIG-041", suits=in_header
    ),
    "Date in place of X-Amz-Date": Alteration(
        header_name("X-Amz-Date", "Date"), "SIG-045 SIG-042", suits=in_header
    ),
    "a second X-Amz-Date": Alteration(
        header_added("X-Amz-Date", SIGNED_AT), "SIG-013 SIG-042", suits=in_header
    ),
    "a claim in the query also": Alteration(
        parameter_added("X-Amz-Signature=" + "0" * 64), "SIG-040", suits=in_header
    ),
    "the token in other case": Alteration(token_in_request(swapped), "SIG-046", suits=HAS_TOKEN),
    "another end of the token": Alteration(
        token_in_request(lambda old: old + "="), "SIG-046", suits=HAS_TOKEN
    ),
    "the token is not sent": Alteration(token_removed, "SIG-046", suits=HAS_TOKEN),
    # Only in the query.
    "another algorithm parameter": Alteration(
        claim("Algorithm", lambda old: old + "-PAYLOAD"), "SIG-040", suits=in_query
    ),
    "an X-Amz-Date parameter a second later": Alteration(
        claim("Date", next_second), "SIG-016 SIG-041", suits=in_query
    ),
    "a longer expiry": Alteration(
        claim("Expires", lambda old: "604800"), "SIG-043 SIG-041", suits=in_query
    ),
    "an expiry with a sign": Alteration(
        claim("Expires", lambda old: "+" + old), "SIG-031", suits=in_query
    ),
    "no expiry": Alteration(parameter_removed("X-Amz-Expires"), "SIG-040 SIG-043", suits=in_query),
    "a longer expiry after the first": Alteration(
        parameter_again("X-Amz-Expires", lambda old: "604800"), "SIG-040 SIG-043", suits=in_query
    ),
    "the date again": Alteration(parameter_again("X-Amz-Date"), "SIG-040", suits=in_query),
    "the credential again": Alteration(
        parameter_again("X-Amz-Credential"), "SIG-040", suits=in_query
    ),
    "the list of signed headers again": Alteration(
        parameter_again("X-Amz-SignedHeaders", lambda old: "host"), "SIG-040", suits=in_query
    ),
    "the signature again": Alteration(
        parameter_again("X-Amz-Signature"), "SIG-040", suits=in_query
    ),
    "an empty Authorization": Alteration(
        header_added("Authorization", ""), "SIG-040", suits=in_query
    ),
    "an X-Amz-Date header also": Alteration(
        header_added("X-Amz-Date", SIGNED_AT), "SIG-045 SIG-040", suits=in_query
    ),
}

ALTERED = Table(
    "sigv4-verify-altered",
    dict(
        ACCEPTED.dimensions,
        alteration={label: Value(one, one.rules) for label, one in ALTERATIONS.items()},
    ),
)
MEET = [("alteration", name) for name in ("where", "token", "method", "body")]


def altered_rows(accepted: Sequence[Row]) -> List[Row]:
    """Return the rows of alterations: an accepted row each, with one alteration."""
    candidates = [
        dict(row, alteration=label)
        for label, one in ALTERATIONS.items()
        for row in accepted
        if one.suits(row)
    ]
    return rows_of(ALTERED, lambda stored: covers(candidates, MEET, stored))


def altered_of(row: Row) -> Given:
    """Return the altered request of a row."""
    base = {name: row[name] for name in ACCEPTED.dimensions}
    given = accepted_of(base)
    changes = ALTERATIONS[row["alteration"]].change(given, base)
    assert len(changes) == 1 and all(given.get(key) != value for key, value in changes.items()), row
    altered = dict(described(given, base), **changes)
    return {key: value for key, value in altered.items() if value is not None}


WHY = "a server that rejects this request rejects valid clients whose requests combine these values"
FORGED = "an attacker could alter a request like this"


def _cases() -> None:
    ids: Dict[Tuple[str, ...], str] = {}
    accepted = rows_of(ACCEPTED)
    for row in accepted:
        given = described(accepted_of(row), row)
        name = mix_id(VERIFY.prefix, VERIFY.op, given)
        ids[tuple(row.values())] = name
        rules = list(dict.fromkeys([*ACCEPTED.rules(row), "SIG-040", "SIG-041"]))
        VERIFY.case(name, title_of(row), " ".join(rules), given, ok(), WHY)
    for row in altered_rows(accepted):
        altered = altered_of(row)
        label = row["alteration"]
        base = tuple(row[name] for name in ACCEPTED.dimensions)
        title = title_of({name: row[name] for name in ACCEPTED.dimensions})
        VERIFY.case(
            mix_id(VERIFY.prefix, VERIFY.op, altered),
            f"{label}: {title}",
            ALTERATIONS[label].rules,
            altered,
            reject(ALTERATIONS[label].kind),
            FORGED,
            needs=[ids[base]],
        )


_cases()
