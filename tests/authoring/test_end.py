# SPDX-License-Identifier: MIT
"""Compare the endpoint cases with botocore's rule set and its published cases.

botocore evaluates its rules for each accepted case, and the result must fit the case's `source`.
refimpl must agree with each published case.
"""

import json
from typing import Any, Dict

import pytest

from authoring import end, mix_request
from conformance.adapters.refimpl import OPERATIONS
from conformance.protocol.messages import answer_question
from tests.support import corpora

pytestmark = pytest.mark.slow

CASES = {
    case["id"]: case for feature in (end.RESOLVE, mix_request.RESOLVE) for case in feature.cases
}
PARAMETERS = {
    "region": "Region",
    "use_fips": "UseFIPS",
    "use_dualstack": "UseDualStack",
    "endpoint_url": "Endpoint",
}


def refimpl_resolves(given: Dict[str, Any]) -> Dict[str, Any]:
    return answer_question({"op": "endpoint.resolve", "input": given}, OPERATIONS)


def test_refimpl_gives_the_expected_output() -> None:
    for name, case in CASES.items():
        answer, expect = refimpl_resolves(case["input"]), case["expect"]
        assert answer["status"] == expect["status"], (name, answer)
        if answer["status"] == "ok":
            assert {key: answer["output"].get(key) for key in expect["output"]} == expect[
                "output"
            ], name
        else:
            assert answer["kind"] == "configuration", (name, answer)


@pytest.fixture(scope="module")
def provider() -> Any:
    pytest.importorskip("botocore.endpoint_provider")
    from botocore.endpoint_provider import EndpointProvider
    from botocore.loaders import Loader

    loader = Loader()
    return EndpointProvider(
        loader.load_service_model("sagemaker-runtime", "endpoint-rule-set-1"),
        loader.load_data("partitions"),
    )


def test_botocore_agrees_where_the_source_says_so(provider: Any) -> None:
    agreed = 0
    for name, case in CASES.items():
        if case["expect"]["status"] == "ok":
            resolved = provider.resolve_endpoint(
                **{PARAMETERS[key]: value for key, value in case["input"].items()}
            )
            assert (resolved.url == case["expect"]["output"]["url"]) == (
                case["source"] == end.AGREED
            ), (name, resolved.url)
            agreed += case["source"] == end.AGREED
    assert agreed > 60


REJECTED_BY_BOTOCORE = {
    "end-region-missing",
    "end-region-missing-fips",
    "end-custom-refused-fips",
    "end-custom-refused-dual-stack",
    "end-custom-refused-both",
}


def test_which_endpoints_botocore_rejects(provider: Any) -> None:
    """The rules accept any text as a region or URL. botocore's client checks more, before them."""
    from botocore.exceptions import EndpointProviderError

    for name, case in CASES.items():
        if case["expect"]["status"] == "reject":
            try:
                provider.resolve_endpoint(
                    **{PARAMETERS[key]: value for key, value in case["input"].items()}
                )
                rejected = False
            except EndpointProviderError:
                rejected = True
            assert rejected == (name in REJECTED_BY_BOTOCORE), name


def test_refimpl_agrees_with_the_published_cases() -> None:
    published = json.loads(
        corpora("endpoints", "sagemaker-runtime-endpoint-tests.json").read_text(encoding="utf-8")
    )["testCases"]
    assert len(published) == 47
    for case in published:
        given = {
            key: case["params"][parameter]
            for key, parameter in PARAMETERS.items()
            if parameter in case.get("params", ())
        }
        answer = refimpl_resolves(given)
        if "error" in case["expect"]:
            assert (answer["status"], answer["kind"]) == ("reject", "configuration"), case[
                "documentation"
            ]
        else:
            assert answer["output"]["url"] == case["expect"]["endpoint"]["url"], case[
                "documentation"
            ]


def test_each_partition_has_a_case_for_each_option() -> None:
    assert len({region for region, *_ in end.HOSTS}) == 8 and all(
        len(row) == 5 for row in end.HOSTS
    )
    for region, *_ in end.HOSTS:
        assert {f"end-{region}-{way}" for way, _, _ in end.WAYS} <= set(CASES)
