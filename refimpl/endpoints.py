# SPDX-License-Identifier: MIT
"""The endpoint of a region, according to the service's endpoint rules.

The table has one row per partition. A region that matches no other row belongs to the partition
aws (END-001 to END-004). Rejects invalid region names, and a custom endpoint together with FIPS or
dual-stack. Tests compare the results with botocore's 47 published cases for SageMaker Runtime.
"""

import re
from typing import NamedTuple, Optional

from .endpoint_url import SIGNING_NAME, parse_endpoint_url
from .errors import ConfigurationError


class _Partition:
    """A group of regions with common domains. regions: a regular expression"""

    def __init__(
        self, name: str, regions: str, dns: str, dual_stack_dns: str, fips_host: str
    ) -> None:
        self.name = name
        self.regions = regions
        self.dns = dns
        self.dual_stack_dns = dual_stack_dns
        self.fips_host = fips_host


_USUAL_FIPS = "runtime.sagemaker-fips"
# END-002: the first row whose pattern matches the region's name counts.
_PARTITIONS = (
    _Partition(
        "aws-cn",
        r"cn-\w+-\d+|aws-cn-global",
        "amazonaws.com.cn",
        "api.amazonwebservices.com.cn",
        _USUAL_FIPS,
    ),
    _Partition(
        "aws-us-gov",
        r"us-gov-\w+-\d+|aws-us-gov-global",
        "amazonaws.com",
        "api.aws",
        "runtime.sagemaker",
    ),
    _Partition(
        "aws-iso", r"us-iso-\w+-\d+|aws-iso-global", "c2s.ic.gov", "api.aws.ic.gov", _USUAL_FIPS
    ),
    _Partition(
        "aws-iso-b",
        r"us-isob-\w+-\d+|aws-iso-b-global",
        "sc2s.sgov.gov",
        "api.aws.scloud",
        _USUAL_FIPS,
    ),
    _Partition(
        "aws-iso-e",
        r"eu-isoe-\w+-\d+|aws-iso-e-global",
        "cloud.adc-e.uk",
        "api.cloud-aws.adc-e.uk",
        _USUAL_FIPS,
    ),
    _Partition(
        "aws-iso-f",
        r"us-isof-\w+-\d+|aws-iso-f-global",
        "csp.hci.ic.gov",
        "api.aws.hci.ic.gov",
        _USUAL_FIPS,
    ),
    _Partition(
        "aws-eusc",
        r"eusc-de-\w+-\d+",
        "amazonaws.eu",
        "api.amazonwebservices.eu",
        _USUAL_FIPS,
    ),
    _Partition("aws", ".*", "amazonaws.com", "api.aws", "runtime-fips.sagemaker"),
)
_FIPS_REGION = re.compile(r"\Afips-|-fips\Z")
_REGION = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")


class ResolvedEndpoint(NamedTuple):
    """An endpoint's URL, without a final slash, and the region and service name to sign for."""

    url: str
    signing_region: Optional[str]
    signing_name: str


def no_region() -> ConfigurationError:
    """Return the error for a call without a region (END-003)."""
    return ConfigurationError(
        "no region",
        expected="region=, AWS_REGION or AWS_DEFAULT_REGION, or region in the profile",
        rule="END-003",
    )


def resolve_endpoint(
    region: "Optional[str]",
    endpoint_url: "Optional[str]" = None,
    use_fips: bool = False,
    use_dualstack: bool = False,
) -> ResolvedEndpoint:
    """Return the endpoint of a region, or a custom endpoint (END-001 to END-004, END-007).

    A custom endpoint_url keeps its port and path. It needs no region here, but the signature does.
    Raises ConfigurationError.
    """
    # END-007
    if isinstance(region, str) and _FIPS_REGION.search(region):
        region, use_fips = _FIPS_REGION.sub("", region), True
    # END-003
    if region is not None and not (isinstance(region, str) and _REGION.match(region)):
        raise ConfigurationError(
            "invalid region", expected="a name such as eu-west-1", actual=region, rule="END-003"
        )
    if endpoint_url is not None:
        # END-004
        if use_fips or use_dualstack:
            raise ConfigurationError(
                f"a custom endpoint excludes {'FIPS' if use_fips else 'dual-stack'}", rule="END-004"
            )
        parse_endpoint_url(endpoint_url)
        return ResolvedEndpoint(endpoint_url.rstrip("/"), region, SIGNING_NAME)
    if region is None:
        raise no_region()
    partition = _partition_of(region)
    dns = partition.dual_stack_dns if use_dualstack else partition.dns
    host = "runtime.sagemaker"
    if use_fips:
        host = _USUAL_FIPS if use_dualstack else partition.fips_host
    # END-001
    return ResolvedEndpoint(f"https://{host}.{region}.{dns}", region, SIGNING_NAME)


def is_service_host(host: str) -> bool:
    """Return whether a host name is in the domain of a partition, so that it belongs to AWS."""
    domains = [name for row in _PARTITIONS for name in (row.dns, row.dual_stack_dns)]
    name = host.lower().rstrip(".")
    return any(name == domain or name.endswith("." + domain) for domain in domains)


def _partition_of(region: str) -> _Partition:
    """Return the partition of a region that is a valid name (END-002)."""
    return next(row for row in _PARTITIONS if re.match(f"(?:{row.regions})\\Z", region, re.ASCII))


def service_host(labels: str, region: str, use_fips: bool, use_dualstack: bool) -> str:
    """Return the regional host of STS or SSO, which hand out credentials (CRED-011).

    labels: the first labels of the host, such as `portal.sso`
    Raises ConfigurationError for an invalid region.
    """
    if not _REGION.match(region):
        raise ConfigurationError(
            "invalid region", expected="a name such as eu-west-1", actual=region, rule="END-003"
        )
    partition = _partition_of(region)
    # As for SageMaker Runtime, the ordinary hosts of GovCloud are its FIPS hosts.
    if use_fips and (use_dualstack or partition.name != "aws-us-gov"):
        labels += "-fips"
    return f"{labels}.{region}.{partition.dual_stack_dns if use_dualstack else partition.dns}"
