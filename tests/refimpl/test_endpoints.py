# SPDX-License-Identifier: MIT
"""Tests of refimpl/endpoints.py: the endpoint of a region.

The tests use the table of partitions, with and without FIPS and dual-stack; every case that
botocore publishes for this service; and botocore's rule set for every region that it knows. Then
the rejections: no region, an invalid region (above all one that would lead to another host), a
custom endpoint together with FIPS or dual-stack, and an invalid custom endpoint.
"""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.endpoints import is_service_host, resolve_endpoint
from refimpl.errors import ConfigurationError, UsageError
from refimpl.operation import parse_endpoint_url
from tests.properties import examples
from tests.rows import for_each
from tests.support import corpora

some = examples(200)
any_text = st.text(alphabet=st.characters(exclude_categories=()), max_size=70)


def refusal(*arguments, **options):
    with pytest.raises(ConfigurationError) as caught:
        resolve_endpoint(*arguments, **options)
    return caught.value


# ---- hosts -------------------------------------------------------------------------------------

# partition, DNS suffix, dual-stack suffix, FIPS host, some regions
PARTITIONS = [
    (
        "aws",
        "amazonaws.com",
        "api.aws",
        "runtime-fips.sagemaker",
        ["us-east-1", "eu-west-1", "il-central-1", "mx-central-1", "us-west-2"],
    ),
    (
        "aws-cn",
        "amazonaws.com.cn",
        "api.amazonwebservices.com.cn",
        "runtime.sagemaker-fips",
        ["cn-north-1", "cn-northwest-1"],
    ),
    (
        "aws-us-gov",
        "amazonaws.com",
        "api.aws",
        "runtime.sagemaker",
        ["us-gov-west-1", "us-gov-east-1"],
    ),
    (
        "aws-iso",
        "c2s.ic.gov",
        "api.aws.ic.gov",
        "runtime.sagemaker-fips",
        ["us-iso-east-1", "us-iso-west-1"],
    ),
    (
        "aws-iso-b",
        "sc2s.sgov.gov",
        "api.aws.scloud",
        "runtime.sagemaker-fips",
        ["us-isob-east-1", "us-isob-west-1"],
    ),
    (
        "aws-iso-e",
        "cloud.adc-e.uk",
        "api.cloud-aws.adc-e.uk",
        "runtime.sagemaker-fips",
        ["eu-isoe-west-1"],
    ),
    (
        "aws-iso-f",
        "csp.hci.ic.gov",
        "api.aws.hci.ic.gov",
        "runtime.sagemaker-fips",
        ["us-isof-south-1", "us-isof-east-1"],
    ),
    (
        "aws-eusc",
        "amazonaws.eu",
        "api.amazonwebservices.eu",
        "runtime.sagemaker-fips",
        ["eusc-de-east-1"],
    ),
    (
        "unknown, so aws",
        "amazonaws.com",
        "api.aws",
        "runtime-fips.sagemaker",
        [
            "xx-nowhere-9",
            "us",
            "eu",
            "local",
            "cn",
            "c",
            "0",
            "us-east-1-mars",
            "cneast-1",
            "us-government-1",
            "us-isox-east-1",
            "eusc1",
            "isoe-1",
            "xcn-north-1",
            "x-cn-north-1",
            "x-us-gov-1",
            "a" * 63,
        ],
    ),
]
HOSTS = [(region,) + row[1:4] for row in PARTITIONS for region in row[4]]


@for_each("region, dns, dual_dns, fips_host", HOSTS, ids=[row[0] for row in HOSTS])
def test_hosts(region, dns, dual_dns, fips_host):
    for options, url in (
        ({}, f"https://runtime.sagemaker.{region}.{dns}"),
        ({"use_fips": True}, f"https://{fips_host}.{region}.{dns}"),
        ({"use_dualstack": True}, f"https://runtime.sagemaker.{region}.{dual_dns}"),
        (
            {"use_fips": True, "use_dualstack": True},
            f"https://runtime.sagemaker-fips.{region}.{dual_dns}",
        ),
    ):
        found = resolve_endpoint(region, **options)
        assert found == (url, region, "sagemaker")
        assert (found.url, found.signing_region, found.signing_name) == (url, region, "sagemaker")
        assert parse_endpoint_url(found.url) == ("https", url[8:], 443, "")


def load_cases():
    return json.loads(
        corpora("endpoints", "sagemaker-runtime-endpoint-tests.json").read_text(encoding="utf-8")
    )["testCases"]


def test_the_published_cases():
    """Every case counts; a case without an endpoint expects an error."""
    cases = load_cases()
    wrong = []
    for case in cases:
        assert set(case) - {"documentation"} <= {"expect", "params", "operationInputs"}
        given_values = dict(case.get("params", {}))
        options = {
            "use_fips": given_values.pop("UseFIPS", False),
            "use_dualstack": given_values.pop("UseDualStack", False),
            "endpoint_url": given_values.pop("Endpoint", None),
        }
        region = given_values.pop("Region", None)
        assert given_values == {}, "a parameter that these tests do not know"
        expected = case["expect"].get("endpoint", {}).get("url", "error")
        assert (expected == "error") == ("error" in case["expect"])
        try:
            found = resolve_endpoint(region, **options).url
        except ConfigurationError:
            found = "error"
        if found != expected:
            wrong.append((case["documentation"], expected, found))
    assert len(cases) == 47
    assert wrong == []


def test_botocore_and_this_agree_on_every_region():
    provider = pytest.importorskip("botocore.endpoint_provider", reason="botocore is not installed")
    from botocore.loaders import Loader

    loader = Loader()
    partitions = loader.load_data("partitions")
    rules = provider.EndpointProvider(
        loader.load_service_model("sagemaker-runtime", "endpoint-rule-set-1"), partitions
    )
    regions = [region for partition in partitions["partitions"] for region in partition["regions"]]
    more = [
        "xx-nowhere-9",
        "cn-new-7",
        "us-gov-new-1",
        "us-iso-new-1",
        "us-isob-new-1",
        "eu-isoe-new-1",
        "us-isof-new-1",
        "eusc-de-new-1",
        "us-isof-x",
        "cn-new",
        "cn-new-7x",
        "xcn-new-7",
        "cn-a-b-7",
        "eusc-fr-new-1",
        "us-gov-1",
        "cn-new-7-1",
        "aws",
        "global",
    ]
    assert len(regions) > 40
    for region in regions + more:
        for fips in (False, True):
            for dualstack in (False, True):
                theirs = rules.resolve_endpoint(
                    Region=region, UseFIPS=fips, UseDualStack=dualstack
                ).url
                assert (
                    resolve_endpoint(region, use_fips=fips, use_dualstack=dualstack).url == theirs
                )


# ---- a custom endpoint -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url, resolved",
    [
        ("https://example.com", None),
        ("http://example.com", None),
        ("https://example.com/", "https://example.com"),
        ("https://example.com:8443/base/path", None),
        ("https://example.com:8443/base/path/", "https://example.com:8443/base/path"),
        ("http://127.0.0.1:8080", None),
        ("http://[::1]:8080/x", None),
        ("HTTPS://Example.COM", None),
        ("https://vpce-0.runtime.sagemaker.eu-west-1.vpce.amazonaws.com", None),
    ],
)
def test_a_custom_endpoint_is_unchanged(url, resolved):
    assert resolve_endpoint("eu-west-1", url) == (resolved or url, "eu-west-1", "sagemaker")
    assert (
        resolve_endpoint(
            "cn-north-1", endpoint_url=url, use_fips=False, use_dualstack=False
        ).signing_region
        == "cn-north-1"
    )


def test_a_custom_endpoint_needs_no_region_to_be_resolved():
    """A published case. Only the signer requires a region here."""
    assert resolve_endpoint(None, "https://example.com").url == "https://example.com"


@pytest.mark.parametrize(
    "options, named",
    [
        ({"use_fips": True}, "FIPS"),
        ({"use_dualstack": True}, "dual-stack"),
        ({"use_fips": True, "use_dualstack": True}, "FIPS"),
    ],
)
def test_a_custom_endpoint_excludes_fips_and_dual_stack(options, named):
    error = refusal("us-east-1", "https://example.com", **options)
    assert (error.kind, error.rule) == ("configuration", "END-004")
    assert named in str(error)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "ftp://example.com",
        "https://",
        "https://user:secret@example.com",
        "https://example.com/?a",
        "https://example.com#a",
        "https://exa mple.com",
        "https://example.com\r\n",
        "https://example.com:0",
        5,
        b"https://example.com",
    ],
)
def test_rejects_an_invalid_custom_endpoint(url):
    error = refusal("us-east-1", url)
    assert (error.kind, error.rule) == ("configuration", "HTTP-002")
    assert "secret" not in str(error) + repr(vars(error))


# ---- invalid regions ---------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"use_fips": True}, {"use_dualstack": True}])
def test_no_region(options):
    error = refusal(None, **options)
    assert (error.kind, error.rule) == ("configuration", "END-003")
    assert str(error).startswith("no region (") and "AWS_REGION" in str(error)


@for_each(
    "region",
    [
        "",
        " ",
        "-",
        "-a",
        "a-",
        "us_east_1",
        "us.east.1",
        "US-EAST-1",
        "us-East-1",
        "x.evil.com/",
        "x.evil.com",
        "x/y",
        "x@evil.com",
        "x:80",
        "x#",
        "x?y",
        "x%2e",
        "us-east-1\n",
        "us-east-1\r\n",
        "us-east-1\r\nHost: evil.com",
        " us-east-1",
        "us-east-1 ",
        "us east 1",
        "\0",
        "us-east-1\0",
        "\u00e9u-west-1",
        "eu-west-\u0661",
        "\u212ax",
        "e\u0301u",
        "eu\u2010west\u20101",
        "*",
        "us-east-1,eu-west-1",
        "a" * 64,
        "a" * 10**6,
        "\ud800",
        "[::1]",
        "..",
        "\\",
        "a\tb",
    ],
    ids=lambda region: ascii(region)[:30],
)
def test_rejects_an_invalid_region(region):
    for options in ({}, {"endpoint_url": "https://example.com"}, {"use_fips": True}):
        error = refusal(region, **options)
        assert (error.kind, error.rule) == ("configuration", "END-003")
        assert str(error).startswith("invalid region (")
        assert str(error).isprintable() and len(str(error)) < 500


@pytest.mark.parametrize(
    "region",
    [b"us-east-1", 5, True, ["us-east-1"], object(), ("us-east-1",)],
    ids=lambda value: type(value).__name__,
)
def test_a_region_of_the_wrong_type(region):
    with pytest.raises((ConfigurationError, UsageError)) as caught:
        resolve_endpoint(region)
    assert str(caught.value).isprintable()


@pytest.mark.slow
@some
@given(
    st.one_of(
        any_text,
        st.from_regex(r"(cn|us-gov|us-iso[bf]?|eu-isoe|eusc|eu)-[a-z0-9-]{0,20}", fullmatch=True),
    ),
    st.booleans(),
    st.booleans(),
)
def test_any_text_is_a_region_or_refused(region, fips, dualstack):
    try:
        found = resolve_endpoint(region, use_fips=fips, use_dualstack=dualstack)
    except ConfigurationError as error:
        assert error.rule == "END-003" and str(error).isprintable()
        return
    labels = found.url.partition("://")[2].split(".")
    assert region in labels  # exactly one label of the host
    suffixes = {name for row in PARTITIONS for name in row[1:3]}
    assert any(found.url.endswith(f".{region}.{suffix}") for suffix in suffixes)
    assert found.signing_region == region


@for_each(
    "host, expected",
    [
        ("runtime.sagemaker.eu-west-1.amazonaws.com", True),
        ("RUNTIME.SageMaker.cn-north-1.amazonaws.com.cn.", True),
        ("vpce-1.runtime.sagemaker.us-east-1.vpce.amazonaws.com", True),
        ("runtime.sagemaker.eu-west-1.api.aws", True),
        ("amazonaws.com", True),
        ("notamazonaws.com", False),
        ("amazonaws.com.example.org", False),
        ("127.0.0.1", False),
        ("", False),
    ],
)
def test_hosts_of_the_service(host: str, expected: bool) -> None:
    assert is_service_host(host) is expected
