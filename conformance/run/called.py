# SPDX-License-Identifier: MIT
"""Judge the request of an `invoke` case, as the endpoint received it.

The endpoint has verified the signature. request_difference() compares the rest with the case's
input: target, framing, body, the header of each member, scope, token, and the signed headers.
It applies to the cases that cite HTTP-003. Host has the port, which is never the default one here,
because a server chooses a site by it (SIG-014).
"""

import re
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from conformance.cases.case import Case
from conformance.endpoint.checks import ACCESS_KEY
from conformance.protocol.messages import to_bytes
from refimpl.shapes import InvokeEndpointWithResponseStreamInput

DEFAULT_REGION = "us-east-1"
_JUDGED_BY = "HTTP-003"
# SIG-015, written again so that a mutant of refimpl does not change what is judged here.
_NEVER_SIGNED = frozenset(
    (
        "accept-encoding",
        "authorization",
        "baggage",
        "connection",
        "content-length",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "traceparent",
        "tracestate",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "x-amzn-trace-id",
    )
)
_MEMBERS = {
    field.member: field.wire_name
    for field in InvokeEndpointWithResponseStreamInput.fields
    if field.location == "header"
}
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 +Credential=([^, ]+), *SignedHeaders=([^, ]+), *Signature=[0-9a-f]{64}\Z"
)


def request_difference(
    case: Case, given: Mapping[str, Any], call: Any
) -> Optional[Tuple[str, Any, Any]]:
    """Return the stage, the expected and the actual value of the first difference, or None.

    given: the input of the request to the adapter
    call: the call, with method, target, headers, body and the endpoint's authority
    """
    if _JUDGED_BY not in case.rules:
        return None
    values = _values_of(call.headers)
    for stage, expected, actual in _facts(case, given, call, values):
        if expected != actual:
            return "request." + stage, expected, actual
    return None


def target_of(given: Mapping[str, Any]) -> str:
    """Return the target of a case's request."""
    name = given["input"]["EndpointName"]
    return f"{given.get('base_path', '')}/endpoints/{name}/invocations-response-stream"


def _values_of(headers: Sequence[Sequence[str]]) -> Mapping[str, List[str]]:
    values: Dict[str, List[str]] = {}
    for name, value in headers:
        values.setdefault(name.lower(), []).append(value.strip(" \t"))
    return values


def _facts(
    case: Case, given: Mapping[str, Any], call: Any, values: Mapping[str, List[str]]
) -> List[Tuple[str, Any, Any]]:
    """Return (stage, expected, actual) of everything that is judged, in order."""
    members = given["input"]
    body = to_bytes(members.get("Body", ""))
    found: List[Tuple[str, Any, Any]] = [
        ("method", "POST", call.method),
        ("target", target_of(given), call.target),
        ("headers.host", [call.authority], values.get("host", [])),
        ("headers.content-length", [str(len(body))], values.get("content-length", [])),
        ("headers.transfer-encoding", [], values.get("transfer-encoding", [])),
        ("body", body, call.body),
    ]
    for member, name in _MEMBERS.items():
        # Implementations disagree about a call without ContentType (DIV-003).
        if member != "ContentType" or member in members:
            wanted = [members[member]] if member in members else []
            found.append((f"headers.{name.lower()}", wanted, values.get(name.lower(), [])))
    token = given.get("session_token")
    found.append(
        (
            "headers.x-amz-security-token",
            [token] if token else [],
            values.get("x-amz-security-token", []),
        )
    )
    return found + _facts_of_authorization(case, given, values)


def _facts_of_authorization(
    case: Case, given: Mapping[str, Any], values: Mapping[str, List[str]]
) -> List[Tuple[str, Any, Any]]:
    texts = values.get("authorization", [])
    match = _AUTHORIZATION.match(texts[0]) if len(texts) == 1 else None
    if match is None:
        return [("headers.authorization", "one signature of version 4", ", ".join(texts))]
    access_key, _, scope = match.group(1).partition("/")
    region = given.get("region", DEFAULT_REGION)
    found = [
        ("access key", given.get("access_key", ACCESS_KEY), access_key),
        ("scope", f"{region}/sagemaker/aws4_request", scope.partition("/")[2]),
    ]
    if "SIG-015" in case.rules:
        signed = match.group(2).split(";")
        wrong = [name for name in signed if name in _NEVER_SIGNED]
        wrong += [name for name in signed if name.startswith("x-forwarded-")]
        found.append(("signed headers that may change on the way", [], wrong))
        sent = [name for name in values if name.startswith("x-amzn-sagemaker-")]
        found.append(
            ("headers that are not signed", [], [name for name in sent if name not in signed])
        )
    return found
