# SPDX-License-Identifier: MIT
"""The request cases: http-request, what a client sends for the members of the operation's input.

To add a case, copy a similar call and change it. There is one helper for each kind of case:

- `sends`: a valid call and its request
- `rejects`: a call that must not be sent
- `bound`: both sides of a bound

One call with a few members is the base, and each case changes it in one place. The expected URL and
body are hand-written, and `sent` derives the expected headers from a table. `bound` writes both
sides of a bound: a value that the model's length or pattern just allows, and its neighbour that the
model does not allow.

The base call has a ContentType because implementations disagree about what to send without one. A
single case is about this.

A client may leave the validation of values to the service (DIV-004). It must then send each value
so that it arrives unchanged: an endpoint name escaped into one path segment, a header value as is.
`arrives` decides which values allow this.
"""

import json
import re
from typing import Any, Dict, List, Optional, Sequence
from urllib.parse import quote

from authoring import Feature, b64, either, ok, reject, words

REQUEST = Feature("http-request", "http.request", "http-")
FEATURES = [REQUEST]

HOST = "https://runtime.sagemaker.us-east-1.amazonaws.com"
PATH = "/endpoints/%s/invocations-response-stream"
BODY = b64(b'{"inputs": "Hi"}')
BASE = {"EndpointName": "llm", "Body": BODY, "ContentType": "application/json"}
TYPE = ["Content-Type", "application/json"]
HEADERS = {
    "ContentType": "Content-Type",
    "Accept": "X-Amzn-SageMaker-Accept",
    "CustomAttributes": "X-Amzn-SageMaker-Custom-Attributes",
    "TargetVariant": "X-Amzn-SageMaker-Target-Variant",
    "TargetContainerHostname": "X-Amzn-SageMaker-Target-Container-Hostname",
    "InferenceId": "X-Amzn-SageMaker-Inference-Id",
    "InferenceComponentName": "X-Amzn-SageMaker-Inference-Component",
    "SessionId": "X-Amzn-SageMaker-Session-Id",
    "PrefixAwareId": "X-Amzn-SageMaker-Prefix-Aware-Id",
}
SLUGS = {
    "EndpointName": "endpoint-name",
    "ContentType": "content-type",
    "Accept": "accept",
    "CustomAttributes": "custom-attributes",
    "TargetVariant": "target-variant",
    "TargetContainerHostname": "target-container-hostname",
    "InferenceId": "inference-id",
    "InferenceComponentName": "inference-component-name",
    "SessionId": "session-id",
    "PrefixAwareId": "prefix-aware-id",
}

Members = Dict[str, Any]


def question(
    members: Members, region: Optional[str] = "us-east-1", endpoint_url: Optional[str] = None
) -> Dict[str, Any]:
    """Return the input of a case."""
    given = {"input": members, "region": region, "endpoint_url": endpoint_url}
    return {key: value for key, value in given.items() if value is not None}


def sent(members: Members, base: str = HOST) -> Dict[str, Any]:
    """Return the expected request of a call, according to the table of HTTP-003."""
    headers: List[List[str]] = [
        [header, members[member]] for member, header in HEADERS.items() if member in members
    ]
    return ok(
        method="POST",
        url=base + PATH % quote(members["EndpointName"], safe=""),
        headers=headers,
        body=members["Body"],
    )


def arrives(members: Members) -> bool:
    """Return whether a call that breaks the model's constraints can still arrive unchanged.

    An endpoint name must not change the path: RFC 3986 removes dot segments, even escaped ones. A
    header value must not be trimmed by a proxy, and its characters must have agreed octets.
    """
    values = [members[member] for member in HEADERS if member in members]
    return members["EndpointName"] not in ("", ".", "..") and all(
        re.fullmatch("([!-~]([\t -~]*[!-~])?)?", value) for value in values
    )


def sends(
    name: str,
    title: str,
    rules: str,
    why: str,
    source: str = "derived; agreed by botocore 1.44.5",
    region: str = "us-east-1",
    endpoint_url: Optional[str] = None,
    base: str = HOST,
    acceptable: Sequence[Dict[str, Any]] = (),
    **members: Any,
) -> None:
    """Add a case of a valid call. members: replace or extend those of the base call."""
    call = dict(BASE, **members)
    REQUEST.case(
        "http-request-" + name,
        title,
        rules,
        question(call, region, endpoint_url),
        sent(call, base),
        why,
        source=source,
        acceptable=acceptable,
    )


def unchecked(members: Members) -> List[Dict[str, Any]]:
    """Return what is acceptable for a call that breaks the model's constraints (DIV-004)."""
    if not arrives(members):
        return []
    return [
        either(
            sent(members),
            "the service checks each value against the model, and this one arrives unchanged",
            "DIV-004",
        )
    ]


def rejects(
    name: str,
    title: str,
    rules: str,
    why: str,
    kind: str = "constraint",
    without: Sequence[str] = (),
    region: Optional[str] = "us-east-1",
    endpoint_url: Optional[str] = None,
    **members: Any,
) -> None:
    """Add a case of a call that must not be sent. without: members that it lacks."""
    call = {
        member: value for member, value in dict(BASE, **members).items() if member not in without
    }
    acceptable = unchecked(call) if kind == "constraint" and "HTTP-005" in rules else []
    REQUEST.case(
        "http-request-" + name,
        title,
        rules,
        question(call, region, endpoint_url),
        reject(kind),
        why,
        acceptable=acceptable,
    )


# ---- members and their headers -----------------------------------------------------------------

REQUEST.case(
    "http-request-smallest",
    "the smallest call, with only EndpointName and Body",
    "HTTP-001 HTTP-003",
    question({"EndpointName": "llm", "Body": BODY}),
    ok(method="POST", url=HOST + PATH % "llm", body=BODY),
    "a client that fails here cannot make any call",
    source="derived; agreed by botocore 1.44.5",
)
REQUEST.case(
    "http-request-content-type-absent",
    "a call without ContentType",
    "HTTP-003",
    question({"EndpointName": "llm", "Body": BODY, "Accept": "text/plain"}),
    ok(headers=[["X-Amzn-SageMaker-Accept", "text/plain"]]),
    "the model's container reads the body as the type that the client invented",
    acceptable=[
        either(
            ok(
                headers=[
                    ["Content-Type", "application/octet-stream"],
                    ["X-Amzn-SageMaker-Accept", "text/plain"],
                ]
            ),
            "Smithy specifies this default for a blob payload, and its code generators send it",
            "DIV-003",
        )
    ],
    source="derived; agreed by botocore 1.44.5",
)
for member, value, why in (
    (
        "ContentType",
        "text/csv; header=present",
        "the value belongs in the Content-Type header, with its parameters and spaces unchanged",
    ),
    (
        "Accept",
        "application/jsonlines",
        (
            "this member has its own header, and the model's container does not see a "
            "value in `Accept`"
        ),
    ),
    (
        "CustomAttributes",
        "accept_eula=true",
        "a licensed model rejects every call without this header",
    ),
    ("TargetVariant", "blue", "a call for one variant may reach another"),
    (
        "TargetContainerHostname",
        "first",
        "a call for one container may reach another model",
    ),
    ("InferenceId", "4711 a/b", "a captured response cannot be matched with its ground truth"),
    (
        "InferenceComponentName",
        "llm-7b",
        (
            "an endpoint with components rejects a call without this header, whose name "
            "does not end in `Name`"
        ),
    ),
    ("SessionId", "s-1", "a call outside its session cannot use the model's cache"),
    ("PrefixAwareId", "prefix 1", "a call for one prefix cache may reach another"),
):
    with_member: Dict[str, Any] = {member: value}
    sends("member-" + SLUGS[member], member + " in its header", "HTTP-003", why, **with_member)
sends(
    "member-all",
    "a call with every member",
    "HTTP-003 HTTP-001",
    "a client may mix up two members or omit one",
    ContentType="application/json",
    Accept="*/*",
    CustomAttributes="a=b",
    TargetVariant="v",
    TargetContainerHostname="h",
    InferenceId="i",
    InferenceComponentName="c",
    SessionId="s",
    PrefixAwareId="p",
)
for slug, body, why in (
    (
        "empty",
        b"",
        "an empty Body is valid, but a client that tests for content rejects it",
    ),
    ("binary", bytes(range(256)), "a client that treats the body as text loses octets"),
    (
        "text",
        '{"inputs": "Gr\u00fc\u00dfe"}\r\n'.encode("utf-8"),
        "a client that changes line ends or the encoding sends another body",
    ),
    (
        "json-like",
        b' {"a":1 , "a":2}',
        "a client that parses the body and writes it again sends another body",
    ),
):
    sends(
        "body-" + slug,
        "Body: " + words(slug),
        "HTTP-003" if slug != "empty" else "HTTP-004 HTTP-003",
        why,
        Body=b64(body),
    )
for missing in ("EndpointName", "Body"):
    rejects(
        "missing-" + missing.lower().replace("endpointname", "endpoint-name"),
        "a call without " + missing,
        "HTTP-004",
        "a client may write `None`, `null` or `undefined` into the path or the body",
        without=[missing],
    )
for slug, members in (
    ("unknown", {"Region": "x"}),
    ("attribute-name", {"content_type": "text/plain"}),
    ("lower-case", {"accept": "text/plain"}),
    ("header-name", {"X-Amzn-SageMaker-Accept": "text/plain"}),
    ("of-another-operation", {"EnableExplanations": "`true`"}),
):
    rejects(
        "unknown-member-" + slug,
        "an unknown member: " + next(iter(members)),
        "HTTP-003",
        "a client that silently drops a misspelled member hides the caller's error",
        "type",
        **members,
    )
for member, wrong in (
    ("EndpointName", 5),
    ("ContentType", True),
    ("Accept", ["text/plain"]),
    ("CustomAttributes", {"a": "b"}),
    ("InferenceId", 4711),
    ("SessionId", 1.5),
):
    mistyped: Dict[str, Any] = {member: wrong}
    rejects(
        "type-" + SLUGS[member],
        f"{member} that is not a string",
        "HTTP-005",
        "a client that converts the value sends text such as `True` or `[object Object]`",
        "type",
        **mistyped,
    )


# ---- lengths and patterns ----------------------------------------------------------------------


def bound(member: str, slug: str, good: str, bad: str, why: str) -> None:
    """Add two cases: a value just within a bound and a value just beyond it."""
    within: Dict[str, Any] = {member: good}
    sends(
        f"bound-{SLUGS[member]}-{slug}",
        f"{member} just within a bound: {words(slug)}",
        "HTTP-005",
        "a client that is stricter than the model rejects a valid call",
        **within,
    )
    rejects(
        f"bound-{SLUGS[member]}-{slug}-beyond",
        f"{member} just beyond a bound: {words(slug)}",
        "HTTP-005",
        why,
        **{member: bad},
    )


TOO_LONG = "the service would report a ValidationError only after the client has sent the body"
for member, longest in (
    ("EndpointName", 63),
    ("TargetVariant", 63),
    ("TargetContainerHostname", 63),
    ("InferenceComponentName", 63),
    ("SessionId", 256),
    ("InferenceId", 64),
    ("PrefixAwareId", 64),
    ("ContentType", 1024),
    ("Accept", 1024),
    ("CustomAttributes", 1024),
):
    bound(member, "length", "a" * longest, "a" * (longest + 1), TOO_LONG)
for member in (
    "EndpointName",
    "TargetVariant",
    "TargetContainerHostname",
    "InferenceComponentName",
    "SessionId",
):
    bound(
        member,
        "shortest",
        "a",
        "",
        "an empty name is invalid, and in the path it names another resource",
    )
    bound(
        member,
        "hyphens-inside",
        "a--0-Z",
        "a--",
        (
            "a name ends with a letter or a digit, but a pattern that is only searched for "
            "accepts anything after it"
        ),
    )
    bound(
        member,
        "hyphen-first",
        "0-a",
        "-a",
        (
            "a name begins with a letter or a digit, but a client that only checks the "
            "alphabet accepts a hyphen"
        ),
    )
    bound(
        member,
        "alphabet",
        "azAZ09",
        "az_AZ",
        "a name contains no underscore, although `\\w` in a pattern matches one",
    )
    rejects(
        f"pattern-{SLUGS[member]}-line-end",
        member + " with a final line end",
        "HTTP-005",
        (
            "`$` in a pattern also matches before a final line end, which would break the "
            "header or the path"
        ),
        **{member: "llm\n"},
    )
    rejects(
        f"pattern-{SLUGS[member]}-digit",
        member + " with a digit outside ASCII",
        "HTTP-005",
        "`\\d` and isalnum() match all Unicode digits in many languages",
        **{member: "llm\u0663"},
    )
    rejects(
        f"pattern-{SLUGS[member]}-blank",
        member + " with a space",
        "HTTP-005",
        "a pattern that is only searched for matches a part of the value",
        **{member: "llm 7b"},
    )
for slug, name, why in (
    ("slash", "a/b", "the path leads to another operation"),
    ("dots", "..", "the path leaves /endpoints/"),
    ("escape", "a%2Fb", "a proxy decodes the escape to a slash"),
    ("question-mark", "a?b", "the rest of the path becomes a query"),
    ("number-sign", "a#b", "the rest of the path is not sent"),
    ("non-ascii", "m\u00fcller", "the path would need an encoding that the model does not define"),
    ("dot", "a.b", "the pattern does not allow a dot"),
    (
        "arn",
        "arn:aws:sagemaker:us-east-1:123456789012:endpoint/llm",
        "the name is only the last part of an ARN",
    ),
):
    rejects(
        "pattern-endpoint-name-" + slug,
        "an EndpointName that does not match the pattern: " + json.dumps(name),
        "HTTP-005",
        "an application that takes the name from its user lets the user choose the path: " + why,
        EndpointName=name,
    )
rejects(
    "pattern-session-id-new-session",
    "SessionId NEW_SESSION",
    "HTTP-005",
    "only InvokeEndpoint accepts this value, and this operation rejects it",
    SessionId="NEW_SESSION",
)
for member in ("InferenceId", "PrefixAwareId"):
    bound(
        member,
        "shortest",
        "!",
        "",
        "an empty id is invalid, and proxies drop an empty header",
    )
    bound(
        member,
        "blank",
        "a b",
        " b",
        "proxies remove a leading space, so the service receives another id",
    )
    bound(
        member,
        "printable",
        "a~",
        "a\u007f",
        "a tilde is the last printable character of ASCII, and control characters follow it",
    )
    bound(
        member,
        "ascii",
        "a}",
        "a\u00e9",
        "only the first character may be outside printable ASCII",
    )
    rejects(
        f"pattern-{SLUGS[member]}-tab",
        member + " with a tab",
        "HTTP-005",
        "a tab is not a printable character, although a header value may contain one",
        **{member: "a\tb"},
    )
    rejects(
        f"pattern-{SLUGS[member]}-line-end",
        member + " with a final line end",
        "HTTP-005",
        "`$` in a pattern also matches before a final line end, which would break the header",
        **{member: "a\n"},
    )
for member in ("ContentType", "Accept", "CustomAttributes"):
    bound(
        member,
        "ascii",
        "~",
        "\u0080",
        (
            "the service accepts only ASCII, and would report an error after the client "
            "has sent the body"
        ),
    )
    empty: Dict[str, Any] = {member: ""}
    sends(
        "empty-" + SLUGS[member],
        "an empty " + member,
        "HTTP-005 HTTP-003",
        "an empty value is a value, and a client that drops it sends another call",
        **empty,
    )
    tab: Dict[str, Any] = {member: "a\tb"}
    sends(
        "tab-" + SLUGS[member],
        member + " with a tab",
        "HTTP-011",
        "a header value may contain a tab, and a client that rejects it rejects a valid call",
        **tab,
    )
    for slug, bad in (("cr", "\r"), ("lf", "\n"), ("crlf", "\r\n"), ("nul", "\0")):
        rejects(
            f"sendable-{SLUGS[member]}-{slug}",
            f"{member} with {slug.upper()}",
            "HTTP-008",
            (
                "the model's pattern allows this character, but on the wire it lets the "
                "caller add a header"
            ),
            **{member: f"a{bad}X-Evil: 1"},
        )
    rejects(
        f"sendable-{SLUGS[member]}-fold",
        member + " folded over two lines",
        "HTTP-008",
        (
            "RFC 9110 forbids folded values, so some proxies reject the request and others "
            "end the header here"
        ),
        **{member: "a\r\n b"},
    )
    for slug, bad in (
        ("first-control", "\u0001"),
        ("backspace", "\b"),
        ("vertical-tab", "\v"),
        ("form-feed", "\f"),
        ("escape", "\u001b"),
        ("last-control", "\u001f"),
        ("delete", "\u007f"),
    ):
        rejects(
            f"sendable-{SLUGS[member]}-{slug}",
            f"{member} with a control character: {words(slug)}",
            "HTTP-011",
            ("a proxy that drops this character invalidates the signature"),
            **{member: f"a{bad}b"},
        )
sends(
    "sendable-inference-id-latin1",
    "an InferenceId whose first character is outside ASCII",
    "HTTP-005 HTTP-008",
    "the pattern allows any first character, and this one can be sent as an octet of Latin-1",
    "derived",
    InferenceId="\u00e9a",
)
for slug, first in (("no-break-space", "\u00a0"), ("next-line", "\u0085")):
    sends(
        "sendable-inference-id-" + slug,
        f"an InferenceId whose first character is U+{ord(first):04X}",
        "HTTP-005 HTTP-008",
        "this character is no white space of ASCII, so the pattern allows it",
        "derived",
        InferenceId=first + "a",
    )
rejects(
    "sendable-inference-id-wide",
    "an InferenceId whose first character is outside Latin-1",
    "HTTP-008",
    (
        "the pattern allows any first character, but this one becomes `?` or makes the "
        "HTTP library fail"
    ),
    InferenceId="\u20aca",
)


# ---- region and custom endpoint ----------------------------------------------------------------

for region, base in (
    ("eu-west-1", "https://runtime.sagemaker.eu-west-1.amazonaws.com"),
    ("cn-north-1", "https://runtime.sagemaker.cn-north-1.amazonaws.com.cn"),
    ("us-gov-west-1", "https://runtime.sagemaker.us-gov-west-1.amazonaws.com"),
):
    sends(
        "region-" + region,
        "a call in " + region,
        "HTTP-001 END-001 END-002",
        "a client with a fixed host or domain sends the call to the wrong partition",
        region=region,
        base=base,
    )
for slug, endpoint_url, base, why in (
    (
        "host",
        "https://gateway.example",
        "https://gateway.example",
        "a client that ignores the custom endpoint sends the call to the region's host",
    ),
    (
        "port",
        "http://localhost:8080",
        "http://localhost:8080",
        "a client that drops the port sends the call to another server",
    ),
    (
        "path",
        "https://gateway.example/team/v1",
        "https://gateway.example/team/v1",
        "a client that drops the base path misses the gateway's route",
    ),
    (
        "final-slash",
        "https://gateway.example/",
        "https://gateway.example",
        "two slashes in the path lead to another route and another signature",
    ),
    (
        "path-final-slash",
        "https://gateway.example/v1/",
        "https://gateway.example/v1",
        "two slashes in the path lead to another route and another signature",
    ),
    (
        "escape",
        "https://gateway.example/team%20a",
        "https://gateway.example/team%20a",
        "the URL is escaped once, and only the signature escapes it again",
    ),
    (
        "ipv6",
        "http://[::1]:8080",
        "http://[::1]:8080",
        "a client that drops the brackets of an IPv6 address cannot connect",
    ),
):
    sends(
        "custom-endpoint-" + slug,
        "a custom endpoint: " + json.dumps(endpoint_url),
        "HTTP-002 HTTP-001",
        why,
        endpoint_url=endpoint_url,
        base=base,
    )
sends(
    "custom-endpoint-final-slashes",
    "a custom endpoint: several final slashes",
    "HTTP-002 HTTP-001",
    "the path of every call would contain empty segments",
    "derived",
    endpoint_url="https://gateway.example/v1///",
    base="https://gateway.example/v1",
    acceptable=[
        either(
            sent(BASE, "https://gateway.example/v1//"),
            "a caller that writes several slashes may want them, and they are signed",
            "DIV-012",
        )
    ],
)
for slug, endpoint_url, why in (
    (
        "no-scheme",
        "gateway.example",
        "a client that guesses the scheme may send a session token in clear text",
    ),
    ("scheme", "ftp://gateway.example", "this scheme is not HTTP"),
    (
        "user",
        "https://user:secret@gateway.example",
        "the password would appear in logs and is not sent",
    ),
    ("query", "https://gateway.example/?a=1", "the call's path would become part of the query"),
    ("fragment", "https://gateway.example/#a", "the call's path would not be sent"),
    (
        "port",
        "https://gateway.example:65536",
        "a client that does not check the port connects to port 0",
    ),
    (
        "crlf",
        "https://gateway.example/\r\nX: y",
        "a line break adds a header line of the caller's choice",
    ),
):
    rejects(
        "custom-endpoint-refused-" + slug,
        "an unusable custom endpoint: " + json.dumps(endpoint_url),
        "HTTP-002",
        why,
        "configuration",
        endpoint_url=endpoint_url,
    )
rejects(
    "region-refused-missing",
    "neither a region nor an endpoint",
    "END-003",
    "a client with a default region may send data to another country",
    "configuration",
    region=None,
)
rejects(
    "region-refused-dot",
    "a region that is not a host label",
    "END-003",
    "an attacker who sets the region could choose the host that receives the token",
    "configuration",
    region="us-east-1.evil.example",
)
for slug, endpoint_url, base, why in (
    (
        "path-characters",
        "https://gateway.example/a-._~!$&'()*+,;=:@%41/b",
        "https://gateway.example/a-._~!$&'()*+,;=:@%41/b",
        "each character is allowed, and is sent as it was written",
    ),
    (
        "path-inner-slashes",
        "https://gateway.example/a//b",
        "https://gateway.example/a//b",
        "only final slashes are dropped, and the rest is sent as it was written",
    ),
    (
        "path-dots",
        "https://gateway.example/a/./b/../c",
        "https://gateway.example/a/./b/../c",
        "only the canonical request normalises a path",
    ),
    (
        "path-case",
        "https://gateway.example/Team%2fA%7e",
        "https://gateway.example/Team%2fA%7e",
        "a client that decodes or rewrites an escape calls another path",
    ),
    (
        "final-dot",
        "https://gateway.example./v1",
        "https://gateway.example/v1",
        "servers compare Host with names without the dot, and certificates have none",
    ),
    (
        "final-dot-port",
        "http://gateway.example.:8080",
        "http://gateway.example:8080",
        "servers compare Host with names without the dot, and certificates have none",
    ),
    (
        "https-port-80",
        "https://gateway.example:80",
        "https://gateway.example:80",
        "a client that drops the default port of the other scheme calls another server",
    ),
    (
        "http-port-443",
        "http://gateway.example:443",
        "http://gateway.example:443",
        "a client that drops the default port of the other scheme calls another server",
    ),
    (
        "ipv6-port-443",
        "http://[::1]:443/a",
        "http://[::1]:443/a",
        "a client that drops the default port of the other scheme calls another server",
    ),
    (
        "scheme-upper",
        "HTTPS://gateway.example",
        "https://gateway.example",
        "a scheme has no case, and a client that compares it exactly calls without TLS or not",
    ),
    (
        "scheme-mixed",
        "Http://gateway.example:8080",
        "http://gateway.example:8080",
        "a scheme has no case, and a client that compares it exactly rejects the endpoint",
    ),
    (
        "underscore",
        "http://my_gateway.in_ternal.example",
        "http://my_gateway.in_ternal.example",
        "names of containers have underscores, and a client that rejects them cannot call",
    ),
):
    sends(
        "custom-endpoint-" + slug,
        "a custom endpoint: " + json.dumps(endpoint_url),
        "HTTP-002 HTTP-001",
        why,
        "derived"
        if slug in ("final-dot", "final-dot-port", "underscore")
        else "derived; agreed by botocore 1.44.5",
        endpoint_url=endpoint_url,
        base=base,
    )

# ---- characters and bytes ------------------------------------------------------------------------

for member in ("InferenceId", "PrefixAwareId"):
    sends(
        f"bound-{SLUGS[member]}-length-characters",
        f"{member} of 64 characters whose first is outside ASCII",
        "HTTP-005 HTTP-008",
        "a length is counted in characters: in UTF-8 this value has 65 bytes",
        "derived",
        acceptable=(),
        **{member: "\u00e9" + "a" * 63},
    )
    rejects(
        f"bound-{SLUGS[member]}-length-characters-beyond",
        f"{member} of 65 characters whose first is outside ASCII",
        "HTTP-005",
        "a length is counted in characters",
        **{member: "\u00e9" + "a" * 64},
    )
    for slug, text in (("line-separator", "a\u2028"),):
        rejects(
            f"pattern-{SLUGS[member]}-{slug}",
            f"{member} that does not match its pattern: {json.dumps(text)}",
            "HTTP-005",
            "only the first character may be outside the printable characters of ASCII",
            **{member: text},
        )
for member in (
    "EndpointName",
    "TargetVariant",
    "TargetContainerHostname",
    "InferenceComponentName",
    "SessionId",
):
    for slug, text in (
        ("letter-last", "a\u00e9"),
        ("kelvin", "a\u212a"),
        ("nul-last", "a\0"),
    ):
        rejects(
            f"pattern-{SLUGS[member]}-{slug}",
            f"{member} that does not match its pattern: {json.dumps(text)}",
            "HTTP-005",
            "letters and digits are those of ASCII, and a pattern matches the complete value",
            **{member: text},
        )
