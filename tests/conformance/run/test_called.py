# SPDX-License-Identifier: MIT
"""Tests of conformance/run/called.py: each error of a request is found, and a right one passes."""

import base64
from typing import Any, Dict, List, NamedTuple

import pytest

from conformance.cases.case import Case
from conformance.endpoint.checks import ACCESS_KEY, SECRET_KEY
from conformance.run.called import request_difference, target_of
from refimpl.operation import build_request
from refimpl.shapes import InvokeEndpointWithResponseStreamInput
from refimpl.sigv4 import Credentials, Signer
from tests.rows import for_each

BODY = b"\0\xffbody"
GIVEN: Dict[str, Any] = {
    "region": "eu-west-1",
    "session_token": "token",
    "base_path": "/a%2Fb",
    "input": {
        "EndpointName": "llm",
        "Body": base64.b64encode(BODY).decode("ascii"),
        "ContentType": "text/csv",
        "InferenceId": "Id 1",
    },
}


class Call(NamedTuple):
    method: str
    target: str
    headers: List[Any]
    body: bytes
    authority: str = "h.example:8443"


def case_with(rules: str = "HTTP-003 SIG-015") -> Case:
    cited = tuple(rules.split())
    return Case("i", "", cited, "MUST", "invoke", {}, ("whole",), {}, (), (), "", "", "", "f")


def right_call() -> Call:
    """Return the call of the reference."""
    members = InvokeEndpointWithResponseStreamInput(
        endpoint_name="llm", body=BODY, content_type="text/csv", inference_id="Id 1"
    )
    request = build_request(members, "https://h.example:8443/a%2Fb")
    signed = Signer().sign(
        "POST",
        request.target,
        [pair for pair in request.headers if pair[0] != "Content-Length"],
        BODY,
        Credentials(ACCESS_KEY, SECRET_KEY, "token"),
        "eu-west-1",
        "sagemaker",
        "20150830T123600Z",
    )
    headers = [list(pair) for pair in signed.headers]
    return Call("POST", request.target, [*headers, ["Content-Length", str(len(BODY))]], BODY)


def changed(name: str, value: Any) -> List[Any]:
    headers = [pair for pair in right_call().headers if pair[0].lower() != name.lower()]
    return headers if value is None else [*headers, [name, value]]


def authorization(old: str, new: str) -> Dict[str, Any]:
    [text] = [value for name, value in right_call().headers if name.lower() == "authorization"]
    assert old in text
    return {"headers": changed("authorization", text.replace(old, new))}


def test_the_call_of_the_reference_is_right() -> None:
    assert request_difference(case_with(), GIVEN, right_call()) is None
    assert target_of(GIVEN) == "/a%2Fb/endpoints/llm/invocations-response-stream"


@for_each(
    "change, stage",
    [
        ({"method": "PUT"}, "method"),
        ({"target": "/endpoints/llm/invocations-response-stream"}, "target"),
        ({"headers": changed("Host", "h.example")}, "headers.host"),
        ({"headers": changed("Host", None)}, "headers.host"),
        ({"body": b"\0?body"}, "body"),
        ({"headers": changed("Content-Length", None)}, "headers.content-length"),
        ({"headers": changed("Content-Length", "5")}, "headers.content-length"),
        (
            {"headers": [*right_call().headers, ["content-length", "6"]]},
            "headers.content-length",
        ),
        (
            {"headers": [*right_call().headers, ["Transfer-Encoding", "chunked"]]},
            "headers.transfer-encoding",
        ),
        ({"headers": changed("Content-Type", "application/json")}, "headers.content-type"),
        (
            {"headers": changed("X-Amzn-SageMaker-Inference-Id", None)},
            "headers.x-amzn-sagemaker-inference-id",
        ),
        (
            {"headers": changed("X-Amzn-SageMaker-Accept", "x")},
            "headers.x-amzn-sagemaker-accept",
        ),
        ({"headers": changed("x-amz-security-token", None)}, "headers.x-amz-security-token"),
        ({"headers": changed("authorization", None)}, "headers.authorization"),
        (authorization("eu-west-1", "us-east-1"), "scope"),
        (authorization("/sagemaker/", "/s3/"), "scope"),
        (authorization("AKIDEXAMPLE", "AKID"), "access key"),
        (
            authorization("SignedHeaders=", "SignedHeaders=connection;"),
            "signed headers that may change on the way",
        ),
        (
            authorization("SignedHeaders=", "SignedHeaders=x-forwarded-for;"),
            "signed headers that may change on the way",
        ),
        (
            authorization(";x-amzn-sagemaker-inference-id", ""),
            "headers that are not signed",
        ),
    ],
)
def test_each_error_is_found(change: Dict[str, Any], stage: str) -> None:
    found = request_difference(case_with(), GIVEN, right_call()._replace(**change))
    assert found is not None and found[0] == "request." + stage
    assert found[1] != found[2]
    assert request_difference(case_with("HTTP-020"), GIVEN, right_call()._replace(**change)) is None


@pytest.mark.parametrize("rules, found", [("HTTP-003", False), ("HTTP-003 SIG-015", True)])
def test_signed_headers_are_judged_where_the_case_is_about_them(rules: str, found: bool) -> None:
    call = right_call()._replace(**authorization("SignedHeaders=", "SignedHeaders=te;"))
    assert (request_difference(case_with(rules), GIVEN, call) is not None) == found
