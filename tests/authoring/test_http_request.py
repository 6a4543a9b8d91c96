# SPDX-License-Identifier: MIT
"""The cases of the request beside boto3, which is asked what it would send and then answered without any network.

A case that is accepted and whose source says that botocore agrees must be what it hands to its HTTP library: URL, headers bound
to members, body; one whose source does not say so must be another. Which of the refused ones it refuses, too, is a list.
"""

import base64
from functools import lru_cache
from typing import Any, Dict, List

import pytest

from authoring import http_request
from conformance.adapters.refimpl import OPERATIONS
from conformance.protocol.messages import answer_question

CASES = {case["id"]: case for case in http_request.REQUEST.cases}
ACCEPTED = [name for name, case in CASES.items() if case["expect"]["status"] == "ok"]
BOUND = {header.lower() for header in http_request.HEADERS.values()}


def bound_headers(pairs: Any) -> List[List[str]]:
    texts = [
        (name.lower(), value.decode("latin-1") if isinstance(value, bytes) else value)
        for name, value in pairs
    ]
    return sorted([name, value] for name, value in texts if name in BOUND)


def parts_of(output: Dict[str, Any]) -> Dict[str, Any]:
    return dict(output, headers=bound_headers(output["headers"])) if "headers" in output else output


@pytest.mark.parametrize("name", CASES)
def test_refimpl_answers_as_the_cases_say(name: str) -> None:
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
    """One for all: it reads the service's model once."""
    return pytest.importorskip("boto3").session.Session(
        aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="secret"
    )


def boto3_sends(given: Dict[str, Any]) -> Dict[str, Any]:
    """What boto3 hands to its HTTP library for a question, in the form of an answer."""
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
    """boto3 without the files and variables of whoever runs the tests."""
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


@pytest.mark.parametrize("name", ACCEPTED)
def test_boto3_sends_so(no_configuration: None, name: str) -> None:
    case = CASES[name]
    output, sent = parts_of(case["expect"]["output"]), boto3_sends(case["input"])
    assert ({key: sent[key] for key in output} == output) == ("botocore" in case["source"]), sent


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "acceptable" in case])
def test_boto3_sends_what_is_acceptable(no_configuration: None, name: str) -> None:
    """Nearly always: it refuses what is shorter than allowed, and agrees with the case about the default Content-Type."""
    slug = name[len("http-request-") :]
    if slug in REFUSED_TOO or slug == "content-type-absent":
        return
    (other,) = CASES[name]["acceptable"]
    output, sent = parts_of(other["expect"]["output"]), boto3_sends(CASES[name]["input"])
    assert {key: sent[key] for key in output} == output


def test_what_is_left_to_the_service_arrives_as_it_is() -> None:
    """The others break the same rule, and have another path, or a header that is trimmed or has no agreed octets."""
    broken = {
        name[len("http-request-") :]: case
        for name, case in CASES.items()
        if "HTTP-005" in case["rules"] and case["expect"].get("kind") == "constraint"
    }
    assert sorted(slug for slug, case in broken.items() if "acceptable" not in case) == sorted(
        ["bound-endpoint-name-shortest-beyond", "pattern-endpoint-name-dots"]
        + [
            f"pattern-{http_request.SLUGS[member]}-{what}"
            for what in ("digit", "line-end")
            for member in (
                "TargetVariant",
                "TargetContainerHostname",
                "InferenceComponentName",
                "SessionId",
            )
        ]
        + [
            f"bound-{http_request.SLUGS[member]}-{what}-beyond"
            for what in ("blank", "printable")
            for member in ("InferenceId", "PrefixAwareId")
        ]
        + [
            f"pattern-{http_request.SLUGS[member]}-line-end"
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
        http_request.arrives(dict(http_request.COMMON, Accept=bad))
        for bad in (" a", "a ", "\ta", "a\n", "\u00e9", "a\0b")
    )
    assert not any(
        http_request.arrives(dict(http_request.COMMON, EndpointName=bad)) for bad in ("", ".", "..")
    )
    assert all(
        http_request.arrives(dict(http_request.COMMON, Accept=good))
        for good in ("", "a", "a b", "a\tb", "a~")
    )


REFUSED_TOO = {
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


def test_boto3_refuses_few_of_those_that_are_refused(no_configuration: None) -> None:
    """It checks types, minimum lengths and required members, and leaves patterns and maximum lengths to the service."""
    pytest.importorskip("boto3")
    from botocore.exceptions import BotoCoreError

    refused = set()
    for name, case in CASES.items():
        if case["expect"]["status"] == "reject":
            try:
                boto3_sends(case["input"])
            except (BotoCoreError, ValueError):
                refused.add(name[len("http-request-") :])
    assert refused == REFUSED_TOO


def test_each_member_has_both_sides_of_each_of_its_bounds() -> None:
    for member, slug in http_request.SLUGS.items():
        assert (
            f"http-request-bound-{slug}-length" in CASES
            and f"http-request-bound-{slug}-length-beyond" in CASES
        ), member
    beyond = [name for name in CASES if name.endswith("-beyond")]
    assert len(beyond) == 41 and all(name[: -len("-beyond")] in CASES for name in beyond)
