# SPDX-License-Identifier: MIT
"""The cases of the request: http-request, what a client makes of the input's members before it signs.

The plan: one call with two members, and each case changes it in one place. What must be sent is written out by hand: URL, the
headers bound to members, body. A value at a bound is one that the model's length or pattern just lets pass, beside its neighbour
that it does not; the helper `bound` writes both, so that neither is forgotten.

ContentType stands in the common call, since what a client sends without one is not agreed upon: the one case about it says so.

A client may leave it to the service to hold a value against the model (DIV-004). It must then send it so that it arrives as it is:
a name escaped into one segment of the path, a header's value as it stands. `arrives` says which values can.
"""

import re
from typing import Any, Dict, List, Optional, Sequence
from urllib.parse import quote

from authoring import Feature, b64, either, ok, reject

REQUEST = Feature("http-request", "http.request", "http-")
FEATURES = [REQUEST]

HOST = "https://runtime.sagemaker.us-east-1.amazonaws.com"
PATH = "/endpoints/%s/invocations-response-stream"
BODY = b64(b'{"inputs": "Hi"}')
COMMON = {"EndpointName": "llm", "Body": BODY, "ContentType": "application/json"}
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
    given = {"input": members, "region": region, "endpoint_url": endpoint_url}
    return {key: value for key, value in given.items() if value is not None}


def sent(members: Members, base: str = HOST) -> Dict[str, Any]:
    """What is to be sent for members: the table of HTTP-003, once more."""
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
    """Whether a call that breaks the model's constraints can be sent so that every hop reads the same: no name that is another path
    (RFC 3986 removes dot segments, escaped ones too), no header whose value is trimmed on the way or has no agreed octets."""
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
    """A call that is made. members: in place of those of the common call, or beside them."""
    call = dict(COMMON, **members)
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


def refuses(
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
    """A call that must not be made. without: members that it lacks."""
    call = {
        member: value for member, value in dict(COMMON, **members).items() if member not in without
    }
    acceptable = []
    if kind == "constraint" and "HTTP-005" in rules and arrives(call):
        acceptable = [
            either(
                sent(call),
                "the service holds each value against the model, and what is sent arrives as it is",
                "DIV-004",
            )
        ]
    REQUEST.case(
        "http-request-" + name,
        title,
        rules,
        question(call, region, endpoint_url),
        reject(kind),
        why,
        acceptable=acceptable,
    )


# ---- members and their places ------------------------------------------------------------------------------------

REQUEST.case(
    "http-request-smallest",
    "the smallest call: EndpointName and Body",
    "HTTP-001 HTTP-003",
    question({"EndpointName": "llm", "Body": BODY}),
    ok(method="POST", url=HOST + PATH % "llm", body=BODY),
    "a client that fails here makes no call at all",
    source="derived; agreed by botocore 1.44.5",
)
REQUEST.case(
    "http-request-content-type-absent",
    "no Content-Type where none was given",
    "HTTP-003",
    question({"EndpointName": "llm", "Body": BODY, "Accept": "text/plain"}),
    ok(headers=[["X-Amzn-SageMaker-Accept", "text/plain"]]),
    "a Content-Type that the caller did not choose tells the model's container how to read the body",
    acceptable=[
        either(
            ok(
                headers=[
                    ["Content-Type", "application/octet-stream"],
                    ["X-Amzn-SageMaker-Accept", "text/plain"],
                ]
            ),
            "Smithy's text gives a blob payload this default, and its code generators send it",
            "DIV-003",
        )
    ],
    source="derived; agreed by botocore 1.44.5",
)
for member, value, why in (
    (
        "ContentType",
        "text/csv; header=present",
        "the type belongs into the HTTP header of that name, parameters and blanks as they stand",
    ),
    (
        "Accept",
        "application/jsonlines",
        "Accept does not travel as `Accept`: sent there it says nothing to the model",
    ),
    ("CustomAttributes", "accept_eula=true", "without it a licensed model refuses every call"),
    ("TargetVariant", "blue", "a call that is meant for one variant reaches any"),
    (
        "TargetContainerHostname",
        "first",
        "a call that is meant for one container reaches another model",
    ),
    ("InferenceId", "4711 a/b", "a captured answer cannot be matched with its ground truth"),
    (
        "InferenceComponentName",
        "llm-7b",
        "without it an endpoint with components refuses the call; the header's name has no `Name`",
    ),
    ("SessionId", "s-1", "a call outside its session loses the model's cache"),
    ("PrefixAwareId", "prefix 1", "a call that is meant for one prefix cache reaches any"),
):
    sends("member-" + SLUGS[member], member + " in its place", "HTTP-003", why, **{member: value})
sends(
    "member-all",
    "every member at once",
    "HTTP-003 HTTP-001",
    "two members in one place, or one left out",
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
        "an empty Body is a Body: a client that asks whether there is something in it refuses",
    ),
    ("binary", bytes(range(256)), "a body that is taken for text loses octets"),
    (
        "text",
        '{"inputs": "Gr\u00fc\u00dfe"}\r\n'.encode("utf-8"),
        "line ends and encoding are the caller's: a body is sent as it stands",
    ),
    ("json-like", b' {"a":1 , "a":2}', "a body that is parsed and written again is another one"),
):
    sends(
        "body-" + slug,
        "Body: " + slug.replace("-", " "),
        "HTTP-003" if slug != "empty" else "HTTP-004 HTTP-003",
        why,
        Body=b64(body),
    )
for missing in ("EndpointName", "Body"):
    refuses(
        "missing-" + missing.lower().replace("endpointname", "endpoint-name"),
        "a call without " + missing,
        "HTTP-004",
        "the path, or the body, would hold the text of nothing: `None`, `null`, `undefined`",
        without=[missing],
    )
for slug, members in (
    ("unknown", {"Region": "x"}),
    ("attribute-name", {"content_type": "text/plain"}),
    ("lower-case", {"accept": "text/plain"}),
    ("header-name", {"X-Amzn-SageMaker-Accept": "text/plain"}),
    ("of-another-operation", {"EnableExplanations": "`true`"}),
):
    refuses(
        "unknown-member-" + slug,
        "a member that there is not: " + next(iter(members)),
        "HTTP-003",
        "a member with a typing error that is dropped in silence: the caller never learns why it does nothing",
        "type",
        **members,
    )
for member, value in (
    ("EndpointName", 5),
    ("ContentType", True),
    ("Accept", ["text/plain"]),
    ("CustomAttributes", {"a": "b"}),
    ("InferenceId", 4711),
    ("SessionId", 1.5),
):
    refuses(
        "type-" + SLUGS[member],
        f"{member} that is no text",
        "HTTP-005",
        "a language's own text of a value is sent: `True`, `[object Object]`",
        "type",
        **{member: value},
    )


# ---- lengths and patterns ----------------------------------------------------------------------------------------


def bound(member: str, slug: str, good: str, bad: str, why: str) -> None:
    """Both sides of a bound."""
    sends(
        f"bound-{SLUGS[member]}-{slug}",
        f"{member}: {slug.replace('-', ' ')}, just allowed",
        "HTTP-005",
        "a client that is stricter than the model refuses what the service takes: " + why,
        **{member: good},
    )
    refuses(
        f"bound-{SLUGS[member]}-{slug}-beyond",
        f"{member}: {slug.replace('-', ' ')}, just beyond",
        "HTTP-005",
        why,
        **{member: bad},
    )


TOO_LONG = "the service answers with a ValidationError, after the body has been sent"
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
        member, "shortest", "a", "", "an empty name is no name, and in a path it makes another path"
    )
    bound(
        member,
        "hyphens-inside",
        "a--0-Z",
        "a--",
        "a name ends with a letter or digit: a pattern that is not matched in full lets the rest pass",
    )
    bound(member, "hyphen-first", "0-a", "-a", "a name begins with a letter or digit")
    bound(
        member,
        "alphabet",
        "azAZ09",
        "az_AZ",
        "an underscore is no part of a name, though \\w in a pattern has it",
    )
    refuses(
        f"pattern-{SLUGS[member]}-line-end",
        member + " with a line end behind it",
        "HTTP-005",
        "`$` in a pattern matches before a last line end: the header, or the path, breaks there",
        **{member: "llm\n"},
    )
    refuses(
        f"pattern-{SLUGS[member]}-digit",
        member + " with a digit that is not ASCII",
        "HTTP-005",
        "\\d and isalnum() in many languages take all of Unicode's digits",
        **{member: "llm\u0663"},
    )
    refuses(
        f"pattern-{SLUGS[member]}-blank",
        member + " with a blank",
        "HTTP-005",
        "a pattern that is searched and not matched in full is content with a part",
        **{member: "llm 7b"},
    )
for slug, name, why in (
    ("slash", "a/b", "the path has another route"),
    ("dots", "..", "the path climbs out of /endpoints/"),
    ("escape", "a%2Fb", "a hop decodes it into a slash"),
    ("question-mark", "a?b", "the rest of the path becomes a query"),
    ("number-sign", "a#b", "the rest of the path is never sent"),
    ("non-ascii", "m\u00fcller", "it would need an encoding in the path, and has none"),
    ("dot", "a.b", "the pattern has no dot"),
    (
        "arn",
        "arn:aws:sagemaker:us-east-1:123456789012:endpoint/llm",
        "an ARN is not the name: its last part is",
    ),
):
    refuses(
        "pattern-endpoint-name-" + slug,
        "EndpointName: " + slug.replace("-", " "),
        "HTTP-005",
        "whoever passes a name on from a user lets him choose the path: " + why,
        EndpointName=name,
    )
refuses(
    "pattern-session-id-new-session",
    "SessionId NEW_SESSION",
    "HTTP-005",
    "it belongs to InvokeEndpoint; here the service refuses it",
    SessionId="NEW_SESSION",
)
for member in ("InferenceId", "PrefixAwareId"):
    bound(
        member,
        "shortest",
        "!",
        "",
        "an empty id is none, and an empty header is dropped by proxies",
    )
    bound(
        member,
        "blank",
        "a b",
        " b",
        "a blank at the front is lost on the way: the id that arrives is another one",
    )
    bound(
        member,
        "printable",
        "a~",
        "a\u007f",
        "the pattern ends with the tilde: what stands behind it is a control character",
    )
    bound(
        member,
        "ascii",
        "a}",
        "a\u00e9",
        "only the first character may be any: the others are printable ASCII",
    )
    refuses(
        f"pattern-{SLUGS[member]}-tab",
        member + " with a tab inside",
        "HTTP-005",
        "a tab is no printable character, though a header may hold one",
        **{member: "a\tb"},
    )
    refuses(
        f"pattern-{SLUGS[member]}-line-end",
        member + " with a line end behind it",
        "HTTP-005",
        "`$` in a pattern matches before a last line end: the header breaks there",
        **{member: "a\n"},
    )
for member in ("ContentType", "Accept", "CustomAttributes"):
    bound(
        member,
        "ascii",
        "~",
        "\u0080",
        "the service takes ASCII alone, and refuses the rest after the body has been sent",
    )
    sends(
        "empty-" + SLUGS[member],
        member + " that is empty",
        "HTTP-005 HTTP-003",
        "a member that is set and empty is set: the header is sent, and empty",
        **{member: ""},
    )
    sends(
        "tab-" + SLUGS[member],
        member + " with a tab inside",
        "HTTP-011",
        "a tab is allowed inside a header's value",
        **{member: "a\tb"},
    )
    for slug, bad in (("cr", "\r"), ("lf", "\n"), ("crlf", "\r\n"), ("nul", "\0")):
        refuses(
            f"sendable-{SLUGS[member]}-{slug}",
            f"{member} with {slug.upper()} inside",
            "HTTP-008",
            "the model's pattern allows it, and the wire does not: what follows is a header of somebody's choice",
            **{member: f"a{bad}X-Evil: 1"},
        )
    refuses(
        f"sendable-{SLUGS[member]}-fold",
        member + " folded over two lines",
        "HTTP-008",
        "RFC 9110 has no folded values any more: some hops refuse the request, some end the header there",
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
        refuses(
            f"sendable-{SLUGS[member]}-{slug}",
            f"{member} with a control character: {slug.replace('-', ' ')}",
            "HTTP-011",
            "the model's pattern allows it, and HTTP does not: a hop drops it, and the signature no longer fits",
            **{member: f"a{bad}b"},
        )
sends(
    "sendable-inference-id-latin1",
    "InferenceId whose first character is beyond ASCII",
    "HTTP-005 HTTP-008",
    "the pattern lets any character stand first; as an octet of Latin-1 it can be sent",
    "derived",
    InferenceId="\u00e9a",
)
refuses(
    "sendable-inference-id-wide",
    "InferenceId whose first character has no octet",
    "HTTP-008",
    "the pattern lets any character stand first; what has no octet is sent as `?`, or breaks the library",
    InferenceId="\u20aca",
)


# ---- where to ----------------------------------------------------------------------------------------------------

for region, base in (
    ("eu-west-1", "https://runtime.sagemaker.eu-west-1.amazonaws.com"),
    ("cn-north-1", "https://runtime.sagemaker.cn-north-1.amazonaws.com.cn"),
    ("us-gov-west-1", "https://runtime.sagemaker.us-gov-west-1.amazonaws.com"),
):
    sends(
        "region-" + region,
        "a call in " + region,
        "HTTP-001 END-001 END-002",
        "the host is that of the region and of its partition",
        region=region,
        base=base,
    )
for slug, endpoint_url, base, why in (
    (
        "host",
        "https://gateway.example",
        "https://gateway.example",
        "a custom endpoint stands in place of the region's host",
    ),
    (
        "port",
        "http://localhost:8080",
        "http://localhost:8080",
        "a port that is dropped sends the call to another server",
    ),
    (
        "path",
        "https://gateway.example/team/v1",
        "https://gateway.example/team/v1",
        "a base path that is dropped misses the gateway's route",
    ),
    (
        "final-slash",
        "https://gateway.example/",
        "https://gateway.example",
        "two slashes in the path: another route, and another signature",
    ),
    (
        "path-final-slash",
        "https://gateway.example/v1/",
        "https://gateway.example/v1",
        "two slashes in the path: another route, and another signature",
    ),
    (
        "escape",
        "https://gateway.example/team%20a",
        "https://gateway.example/team%20a",
        "the URL has one layer of escapes: the second one is for the signature alone",
    ),
    ("ipv6", "http://[::1]:8080", "http://[::1]:8080", "an IPv6 address keeps its brackets"),
):
    sends(
        "custom-endpoint-" + slug,
        "a custom endpoint: " + slug.replace("-", " "),
        "HTTP-002 HTTP-001",
        why,
        endpoint_url=endpoint_url,
        base=base,
    )
sends(
    "custom-endpoint-final-slashes",
    "a custom endpoint: several final slashes",
    "HTTP-002 HTTP-001",
    "empty segments in the path of every call",
    "derived",
    endpoint_url="https://gateway.example/v1///",
    base="https://gateway.example/v1",
    acceptable=[
        either(
            sent(COMMON, "https://gateway.example/v1//"),
            "who writes several slashes may mean them, and has them signed",
            "DIV-012",
        )
    ],
)
for slug, endpoint_url, why in (
    ("no-scheme", "gateway.example", "a guess of the scheme may send a token in the clear"),
    ("scheme", "ftp://gateway.example", "no HTTP is spoken there"),
    (
        "user",
        "https://user:secret@gateway.example",
        "a password that would be written into logs, and is not sent anyway",
    ),
    ("query", "https://gateway.example/?a=1", "the path of the call would stand in the query"),
    ("fragment", "https://gateway.example/#a", "the path of the call would not be sent"),
    ("port", "https://gateway.example:65536", "the port wraps around to 0"),
    ("crlf", "https://gateway.example/\r\nX: y", "a header line of the caller's choice"),
):
    refuses(
        "custom-endpoint-refused-" + slug,
        "a custom endpoint that cannot be used: " + slug.replace("-", " "),
        "HTTP-002",
        why,
        "configuration",
        endpoint_url=endpoint_url,
    )
refuses(
    "region-refused-missing",
    "no region and no endpoint",
    "END-003",
    "a default region sends data to another country",
    "configuration",
    region=None,
)
refuses(
    "region-refused-dot",
    "a region that is no label of a host",
    "END-003",
    "whoever sets the region chooses the host that gets the token",
    "configuration",
    region="us-east-1.evil.example",
)
