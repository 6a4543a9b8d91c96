# SPDX-License-Identifier: MIT
"""The cases of endpoints beside botocore's rule set for SageMaker Runtime, and beside the cases that are published with it.

Each case that is accepted is put to botocore's own evaluation of the rules; `source` says who agrees, and the two must fit. Each
published case must be one of ours, or agree with refimpl: so that what is written by hand here misses none of them.
"""

import json
from typing import Any, Dict

import pytest

from authoring import end
from conformance.adapters.refimpl import OPERATIONS
from conformance.protocol.messages import answer_question
from tests.support import corpora

CASES = {case["id"]: case for case in end.RESOLVE.cases}
PARAMETERS = {
    "region": "Region",
    "use_fips": "UseFIPS",
    "use_dualstack": "UseDualStack",
    "endpoint_url": "Endpoint",
}


def refimpl_answers(given: Dict[str, Any]) -> Dict[str, Any]:
    return answer_question({"op": "endpoint.resolve", "input": given}, OPERATIONS)


def test_refimpl_answers_as_the_cases_say() -> None:
    for name, case in CASES.items():
        answer, expect = refimpl_answers(case["input"]), case["expect"]
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


def test_botocore_resolves_so(provider: Any) -> None:
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


REFUSED_TOO = {
    "end-region-missing",
    "end-region-missing-fips",
    "end-custom-refused-fips",
    "end-custom-refused-dual-stack",
    "end-custom-refused-both",
}


def test_botocore_refuses_no_endpoint_so(provider: Any) -> None:
    """Its rules refuse the five cases that the service's own refuse, and take any text for a region or URL; its client looks further."""
    from botocore.exceptions import EndpointProviderError

    for name, case in CASES.items():
        if case["expect"]["status"] == "reject":
            try:
                provider.resolve_endpoint(
                    **{PARAMETERS[key]: value for key, value in case["input"].items()}
                )
                refused = False
            except EndpointProviderError:
                refused = True
            assert refused == (name in REFUSED_TOO), name


def test_the_published_cases_are_ours() -> None:
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
        answer = refimpl_answers(given)
        if "error" in case["expect"]:
            assert (answer["status"], answer["kind"]) == ("reject", "configuration"), case[
                "documentation"
            ]
        else:
            assert answer["output"]["url"] == case["expect"]["endpoint"]["url"], case[
                "documentation"
            ]


def test_each_partition_has_each_way() -> None:
    assert len({region for region, *_ in end.HOSTS}) == 8 and all(
        len(row) == 5 for row in end.HOSTS
    )
    for region, *_ in end.HOSTS:
        assert {f"end-{region}-{way}" for way, _, _ in end.WAYS} <= set(CASES)
