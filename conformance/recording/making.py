# SPDX-License-Identifier: MIT
"""Makes recordings, and the cases of an exchange that somebody recorded.

A recorded request whose signature is valid becomes a case for a verifier and one for a signer. A
response becomes a case that expects what the reference makes of it, so somebody must check it.
Nothing becomes a case if the adapter protocol cannot express it.
"""

import re
import time
from typing import Any, Dict, List, Mapping, Optional, Sequence

from conformance.adapters.refimpl import OPERATIONS
from conformance.endpoint.checks import ACCESS_KEY, SECRET_KEY
from conformance.protocol.messages import answer_question
from conformance.recording.exchange import (
    CaseInput,
    Document,
    input_of,
    joined,
    of_documents,
    signed_request_in,
)
from refimpl.errors import Error, shown
from refimpl.sigv4 import Credentials, verify
from refimpl.version import VERSION

_SINCE = "0.1.0"
_SOURCE = (
    f"recorded; refimpl {VERSION} made the expectation from the response, so somebody must check it"
)


def made_recording(
    request: Document,
    response: Document,
    removed: Sequence[str],
    client: str,
    server: str,
    now: float,
) -> Document:
    """Return a recording without cases, its keys in their order.

    client: by default the request's User-Agent;  now: seconds since 1970 UTC
    """
    sent = joined(of_documents(request["pieces"]))
    received = joined(of_documents(response["pieces"]))
    agent = re.search(rb"(?im)^user-agent:[ \t]*([^\r\n]*)", sent.partition(b"\r\n\r\n")[0])
    if not client:
        client = agent.group(1).decode("latin-1") if agent else "unknown"
    request_line = _first_line(sent)
    return {
        "title": f"{request_line.rpartition(' HTTP/')[0] or request_line}; "
        f"{_first_line(received) or 'no response'}; "
        f"request: {request['ended']}, response: {response['ended']}",
        "client": client,
        "server": server,
        "date": time.strftime("%Y-%m-%d", time.gmtime(now)),
        "request": request,
        "response": response,
        "removed": list(removed),
        "cases": [],
    }


def _first_line(data: bytes) -> str:
    return shown(data.partition(b"\r\n")[0].decode("latin-1"), 120)


def cases_for(recording: Mapping[str, Any], name: str) -> List[Document]:
    """Return the cases of a recording: its signature, if valid, and its response."""
    cases: List[Document] = []
    if is_verified(recording):
        cases += signature_cases(recording, name, "recorded: " + shown(recording["client"], 200))
    expect = expected_by_reference(recording)
    if expect is not None:
        cases.append(
            made_case(
                name,
                "http.response",
                f"the response of the recording {name}",
                ["HTTP-020", "HTTP-023"],
                expect,
                "a client must read a service's response correctly",
                _SOURCE,
            )
        )
    return cases


def is_verified(recording: Mapping[str, Any]) -> bool:
    """Return whether the request has a valid signature by the example key at its own time."""
    try:
        request = signed_request_in(recording)
        verify(
            request.method,
            request.target,
            request.headers,
            request.body,
            Credentials(ACCESS_KEY, SECRET_KEY, request.token),
            request.region,
            request.service,
            request.time,
        )
    except (CaseInput, Error):
        return False
    return True


def signature_cases(recording: Mapping[str, Any], name: str, source: str) -> List[Document]:
    """Return the cases of a valid signature: one for a verifier and one for a signer."""
    signature = signed_request_in(recording).signature
    return [
        made_case(
            name,
            "sigv4.verify",
            f"the signature of the recording {name}",
            ["SIG-041", "SIG-045"],
            {"status": "ok"},
            "a server that rejects it locks out a real client",
            source,
        ),
        made_case(
            name,
            "sigv4.sign",
            "the same request, signed again",
            ["SIG-001", "SIG-026"],
            {"status": "ok", "output": {"signature": signature}},
            "a service rejects a signer that computes another signature",
            source,
        ),
    ]


def made_case(
    name: str,
    op: str,
    title: str,
    rules: Sequence[str],
    expect: Document,
    why: str,
    source: str,
    acceptable: Sequence[Document] = (),
) -> Document:
    """Return a case of a recording, its keys in their order."""
    case: Document = {
        "id": f"wire-{name}-{op.partition('.')[2]}",
        "title": title,
        "rules": list(rules),
        "level": "MUST",
        "op": op,
        "expect": expect,
    }
    if acceptable:
        case["acceptable"] = list(acceptable)
    return dict(case, why=why, since=_SINCE, source=source)


def expected_by_reference(recording: Mapping[str, Any]) -> Optional[Document]:
    """Return the reference's result for a response as a case's expectation.

    None if there is no response or the adapter protocol cannot express it.
    """
    if not recording["response"]["pieces"]:
        return None
    try:
        given = input_of(recording, "http.response")
    except CaseInput:
        return None
    answer = answer_question({"op": "http.response", "input": given}, OPERATIONS)
    if answer["status"] == "ok":
        return {"status": "ok", "output": answer["output"]}
    expect: Dict[str, Any] = {"status": "reject"}
    for key in ("kind", "code", "fields", "output"):
        if answer.get(key) is not None:
            expect[key] = answer[key]
    return expect
