# SPDX-License-Identifier: MIT
"""Compare the request cases with boto3, without a network.

A test reads the request that boto3 hands to its HTTP library: URL, headers bound to members, body.
It must equal an accepted case if, and only if, the case's source says that botocore agrees. A list
names the rejected cases that boto3 also rejects.
"""

import base64
import re
from functools import lru_cache
from typing import Any, Dict, List

import pytest

from authoring import http_request, mix_request
from conformance.adapters.refimpl import OPERATIONS
from conformance.cases.described import expanded_expectation, expanded_input
from conformance.protocol.messages import answer_question
from tests.rows import for_each

pytestmark = pytest.mark.slow

CASES = {
    case["id"]: dict(
        case,
        input=expanded_input(case["op"], case["input"]),
        expect=expanded_expectation(case["op"], case["expect"]),
    )
    for feature in (http_request.REQUEST, mix_request.REQUEST)
    for case in feature.cases
}
ACCEPTED = [name for name, case in CASES.items() if case["expect"]["status"] == "ok"]
BOUND = {header.lower() for header in http_request.HEADERS.values()}


def bound_headers(pairs: Any) -> List[List[str]]:
    texts = [
        (name.lower(), value.decode("latin-1") if isinstance(value, bytes) else value)
        for name, value in pairs
    ]
    return sorted([name, value] for name, value in texts if name in BOUND)


def parts_of(output: Dict[str, Any]) -> Dict[str, Any]:
    """Return an output in comparable form: bound headers, and no default port in the URL."""
    parts = dict(output)
    if "headers" in output:
        parts["headers"] = bound_headers(output["headers"])
    if "url" in output:
        parts["url"] = re.sub(
            "(?<=^https://gateway.example):443|(?<=^http://gateway.example):80", "", output["url"]
        )
    return parts


@for_each("name", CASES)
def test_refimpl_gives_the_expected_output(name: str) -> None:
    case = CASES[name]
    answer, expect = (
        answer_question({"op": "http.request", "input": case["input"]}, OPERATIONS),
        case["expect"],
    )
    assert answer["status"] == expect["status"], answer
    if answer["status"] == "ok":
        output = parts_of(answer["output"])
        assert {key: output[key] for key in expect["output"]} == parts_of(expect["output"])
    else:
        assert answer["kind"] == expect["kind"], answer


@lru_cache(maxsize=1)
def session() -> Any:
    """Return the session of all tests, so that boto3 reads the service's model only once."""
    return pytest.importorskip("boto3").session.Session(
        aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="secret"
    )


def boto3_sends(given: Dict[str, Any]) -> Dict[str, Any]:
    """Return the request that boto3 hands to its HTTP library, in the format of an output."""
    pytest.importorskip("boto3")
    from botocore.awsrequest import AWSResponse
    from botocore.exceptions import ClientError

    class Nothing:
        def stream(self, *_: object) -> Any:
            return iter(())

    seen: List[Any] = []

    def answered(request: Any, **_: object) -> Any:
        seen.append(request)
        return AWSResponse(request.url, 400, {}, Nothing())

    client = session().client(
        "sagemaker-runtime", region_name=given.get("region"), endpoint_url=given.get("endpoint_url")
    )
    client.meta.events.register(
        "before-send.sagemaker-runtime.InvokeEndpointWithResponseStream", answered
    )
    members = {
        name: base64.b64decode(value) if name == "Body" else value
        for name, value in given["input"].items()
    }
    with pytest.raises(ClientError):
        client.invoke_endpoint_with_response_stream(**members)
    (request,) = seen
    return {
        "method": request.method,
        "url": request.url,
        "headers": bound_headers(request.headers.items()),
        "body": base64.b64encode(request.body or b"").decode("ascii"),
    }


@pytest.fixture
def no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the configuration of the user who runs the tests from boto3."""
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    for name in (
        "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME",
        "AWS_USE_FIPS_ENDPOINT",
        "AWS_USE_DUALSTACK_ENDPOINT",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.slow
@for_each("name", ACCEPTED)
def test_boto3_agrees_where_the_source_says_so(no_configuration: None, name: str) -> None:
    case = CASES[name]
    output = parts_of(case["expect"]["output"])
    try:
        sent = parts_of(boto3_sends(case["input"]))
    except ValueError:  # it rejects the URL of the endpoint
        sent = {}
    agrees = all(key in sent and sent[key] == output[key] for key in output)
    assert agrees == ("botocore" in case["source"]), sent


@pytest.mark.slow
@for_each("name", [name for name, case in CASES.items() if "acceptable" in case])
def test_boto3_sends_the_acceptable_request(no_configuration: None, name: str) -> None:
    """boto3 rejects values that are too short, and sends no default Content-Type."""
    slug = name[len("http-request-") :]
    if slug in REJECTED_BY_BOTO3 or slug == "content-type-absent":
        return
    (other,) = CASES[name]["acceptable"]
    output, sent = parts_of(other["expect"]["output"]), boto3_sends(CASES[name]["input"])
    assert {key: sent[key] for key in output} == output


def test_only_values_that_arrive_unchanged_may_be_sent() -> None:
    """The other values change the path, are trimmed in a header, or have no agreed octets."""
    broken = {
        name[len("http-request-") :]: case
        for name, case in CASES.items()
        if "HTTP-005" in case["rules"] and case["expect"].get("kind") == "constraint"
    }
    assert sorted(slug for slug, case in broken.items() if "acceptable" not in case) == sorted(
        ["bound-endpoint-name-shortest-beyond", "pattern-endpoint-name-dots"]
        + [
            f"pattern-{http_request.SLUGS[member]}-{what}"
            for what in (
                "digit",
                "kelvin",
                "letter-last",
                "line-end",
                "nul-last",
            )
            for member in (
                "TargetVariant",
                "TargetContainerHostname",
                "InferenceComponentName",
                "SessionId",
            )
        ]
        + [
            f"bound-{http_request.SLUGS[member]}-{what}-beyond"
            for what in ("blank", "length-characters", "printable")
            for member in ("InferenceId", "PrefixAwareId")
        ]
        + [
            f"pattern-{http_request.SLUGS[member]}-{what}"
            for what in ("line-end", "line-separator")
            for member in ("InferenceId", "PrefixAwareId")
        ]
        + [
            f"bound-{http_request.SLUGS[member]}-ascii-beyond"
            for member in (
                "InferenceId",
                "PrefixAwareId",
                "ContentType",
                "Accept",
                "CustomAttributes",
            )
        ]
    )
    assert not any(
        http_request.arrives(dict(http_request.BASE, Accept=bad))
        for bad in (" a", "a ", "\ta", "a\n", "\u00e9", "a\0b")
    )
    assert not any(
        http_request.arrives(dict(http_request.BASE, EndpointName=bad)) for bad in ("", ".", "..")
    )
    assert all(
        http_request.arrives(dict(http_request.BASE, Accept=good))
        for good in ("", "a", "a b", "a\tb", "a~")
    )


REJECTED_BY_BOTO3 = {
    "missing-endpoint-name",
    "missing-body",
    "unknown-member-unknown",
    "unknown-member-attribute-name",
    "unknown-member-lower-case",
    "unknown-member-header-name",
    "unknown-member-of-another-operation",
    "type-endpoint-name",
    "type-content-type",
    "type-accept",
    "type-custom-attributes",
    "type-inference-id",
    "type-session-id",
    "bound-inference-id-shortest-beyond",
    "bound-prefix-aware-id-shortest-beyond",
    "custom-endpoint-refused-no-scheme",
    "custom-endpoint-refused-port",
    "custom-endpoint-refused-crlf",
    "region-refused-missing",
    "region-refused-dot",
}


@pytest.mark.slow
def test_which_calls_boto3_rejects(no_configuration: None) -> None:
    """boto3 checks types, minimum lengths and required members, but not patterns."""
    pytest.importorskip("boto3")
    from botocore.exceptions import BotoCoreError

    rejected = set()
    for name, case in CASES.items():
        if case["expect"]["status"] == "reject":
            try:
                boto3_sends(case["input"])
            except (BotoCoreError, ValueError):
                rejected.add(name[len("http-request-") :])
    assert rejected == REJECTED_BY_BOTO3


def test_each_member_has_both_sides_of_each_of_its_bounds() -> None:
    for member, slug in http_request.SLUGS.items():
        assert (
            f"http-request-bound-{slug}-length" in CASES
            and f"http-request-bound-{slug}-length-beyond" in CASES
        ), member
    beyond = [name for name in CASES if name.endswith("-beyond")]
    assert len(beyond) == 43 and all(name[: -len("-beyond")] in CASES for name in beyond)
