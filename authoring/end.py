# SPDX-License-Identifier: MIT
"""The cases of endpoints: endpoint-resolve.

Every URL stands here by hand, whole: read from the rule set that botocore 1.44.5 ships for SageMaker Runtime, whose published
cases authoring/test_end.py holds against it. The signing name is asserted with each.
"""

from typing import Any, Optional

from authoring import Feature, ok, reject

RESOLVE = Feature("endpoint-resolve", "endpoint.resolve", "end-")
FEATURES = [RESOLVE]
AGREED = "derived; agreed by botocore 1.44.5"

# region, then the host without its "https://": default, FIPS, dual-stack, both
HOSTS = (
    (
        "us-east-1",
        "runtime.sagemaker.us-east-1.amazonaws.com",
        "runtime-fips.sagemaker.us-east-1.amazonaws.com",
        "runtime.sagemaker.us-east-1.api.aws",
        "runtime.sagemaker-fips.us-east-1.api.aws",
    ),
    (
        "cn-north-1",
        "runtime.sagemaker.cn-north-1.amazonaws.com.cn",
        "runtime.sagemaker-fips.cn-north-1.amazonaws.com.cn",
        "runtime.sagemaker.cn-north-1.api.amazonwebservices.com.cn",
        "runtime.sagemaker-fips.cn-north-1.api.amazonwebservices.com.cn",
    ),
    (
        "us-gov-west-1",
        "runtime.sagemaker.us-gov-west-1.amazonaws.com",
        "runtime.sagemaker.us-gov-west-1.amazonaws.com",
        "runtime.sagemaker.us-gov-west-1.api.aws",
        "runtime.sagemaker-fips.us-gov-west-1.api.aws",
    ),
    (
        "us-iso-east-1",
        "runtime.sagemaker.us-iso-east-1.c2s.ic.gov",
        "runtime.sagemaker-fips.us-iso-east-1.c2s.ic.gov",
        "runtime.sagemaker.us-iso-east-1.api.aws.ic.gov",
        "runtime.sagemaker-fips.us-iso-east-1.api.aws.ic.gov",
    ),
    (
        "us-isob-east-1",
        "runtime.sagemaker.us-isob-east-1.sc2s.sgov.gov",
        "runtime.sagemaker-fips.us-isob-east-1.sc2s.sgov.gov",
        "runtime.sagemaker.us-isob-east-1.api.aws.scloud",
        "runtime.sagemaker-fips.us-isob-east-1.api.aws.scloud",
    ),
    (
        "eu-isoe-west-1",
        "runtime.sagemaker.eu-isoe-west-1.cloud.adc-e.uk",
        "runtime.sagemaker-fips.eu-isoe-west-1.cloud.adc-e.uk",
        "runtime.sagemaker.eu-isoe-west-1.api.cloud-aws.adc-e.uk",
        "runtime.sagemaker-fips.eu-isoe-west-1.api.cloud-aws.adc-e.uk",
    ),
    (
        "us-isof-south-1",
        "runtime.sagemaker.us-isof-south-1.csp.hci.ic.gov",
        "runtime.sagemaker-fips.us-isof-south-1.csp.hci.ic.gov",
        "runtime.sagemaker.us-isof-south-1.api.aws.hci.ic.gov",
        "runtime.sagemaker-fips.us-isof-south-1.api.aws.hci.ic.gov",
    ),
    (
        "eusc-de-east-1",
        "runtime.sagemaker.eusc-de-east-1.amazonaws.eu",
        "runtime.sagemaker-fips.eusc-de-east-1.amazonaws.eu",
        "runtime.sagemaker.eusc-de-east-1.api.amazonwebservices.eu",
        "runtime.sagemaker-fips.eusc-de-east-1.api.amazonwebservices.eu",
    ),
)
WAYS = (
    ("default", {}, "a wrong host gets no connection, or the wrong service's 403"),
    (
        "fips",
        {"use_fips": True},
        "the partitions write their FIPS hosts in three ways: a guess has no address, or is not FIPS",
    ),
    (
        "dual-stack",
        {"use_dualstack": True},
        "the dual-stack domain differs by partition: a guess has no address on an IPv6-only network",
    ),
    (
        "fips-dual-stack",
        {"use_fips": True, "use_dualstack": True},
        "asked for both, a client that gives one breaks a promise in silence",
    ),
)


def resolves(
    name: str,
    title: str,
    rules: str,
    why: str,
    url: str,
    region: Optional[str] = None,
    source: str = AGREED,
    **given: Any,
) -> None:
    """A question that has an answer; the signing region is the one that was given."""
    more = {} if region is None else {"region": region}
    RESOLVE.case(
        name,
        title,
        rules,
        dict(more, **given),
        ok(
            url=url,
            signing_name="sagemaker",
            **({} if region is None else {"signing_region": region}),
        ),
        why,
        source=source,
    )


def refuses(name: str, title: str, rules: str, why: str, **given: Any) -> None:
    RESOLVE.case(name, title, rules, given, reject("configuration"), why)


for region, *hosts in HOSTS:
    for (way, asked, why), host in zip(WAYS, hosts):
        resolves(
            f"end-{region}-{way}",
            f"{region}, {way.replace('-', ' ')}",
            "END-001 END-002",
            why,
            "https://" + host,
            region,
            **asked,
        )
resolves(
    "end-options-false",
    "FIPS and dual-stack, both said to be false",
    "END-001",
    "a client that asks whether the option is there, not what it says",
    "https://runtime.sagemaker.us-east-1.amazonaws.com",
    "us-east-1",
    use_fips=False,
    use_dualstack=False,
)

for region, dns, why in (
    (
        "ap-southeast-7",
        "amazonaws.com",
        "a region that is newer than the client's table works all the same",
    ),
    ("mx-central-1", "amazonaws.com", "a prefix that no table has belongs to aws"),
    (
        "xx-nowhere-7",
        "amazonaws.com",
        "an unknown region is tried in aws, not refused: the table is never complete",
    ),
    ("local", "amazonaws.com", "a name of another form belongs to aws, too"),
    (
        "cn-foo",
        "amazonaws.com",
        "cn-W-N has a number at its end: without one the name is not China's",
    ),
    ("us-gov-west", "amazonaws.com", "the same of aws-us-gov, whose default host is that of aws"),
    ("us-isox-east-1", "amazonaws.com", "us-iso with any other letter behind it is no partition"),
    ("us-iso-1", "amazonaws.com", "us-iso-W-N has a word in its middle"),
    ("eusc-fr-west-1", "amazonaws.com", "aws-eusc names its country"),
    ("cn-northwest-1", "amazonaws.com.cn", "the second region of China"),
    (
        "cn-new-12",
        "amazonaws.com.cn",
        "a region of China that no table has, its number of two digits",
    ),
    ("us-gov-east-1", "amazonaws.com", "the second government region"),
    (
        "us-iso-west-1",
        "c2s.ic.gov",
        "the second region of aws-iso: a prefix us-is would do, us-iso-east would not",
    ),
    ("us-isof-east-1", "csp.hci.ic.gov", "the second region of aws-iso-f"),
    ("aws-cn-global", "amazonaws.com.cn", "a partition's pseudo-region belongs to it"),
    ("aws-iso-global", "c2s.ic.gov", "a partition's pseudo-region belongs to it"),
    ("aws-iso-b-global", "sc2s.sgov.gov", "a partition's pseudo-region belongs to it"),
    ("aws-iso-e-global", "cloud.adc-e.uk", "a partition's pseudo-region belongs to it"),
    ("aws-iso-f-global", "csp.hci.ic.gov", "a partition's pseudo-region belongs to it"),
    ("aws-global", "amazonaws.com", "the pseudo-region of aws is a region like any other here"),
):
    resolves(
        "end-partition-of-" + region,
        "the partition of " + region,
        "END-002",
        why,
        f"https://runtime.sagemaker.{region}.{dns}",
        region,
    )
for region, url, why in (
    (
        "us-gov-west",
        "https://runtime-fips.sagemaker.us-gov-west.amazonaws.com",
        "it belongs to aws, whose FIPS host has its own form",
    ),
    (
        "us-gov-east-1",
        "https://runtime.sagemaker.us-gov-east-1.amazonaws.com",
        "FIPS has no `fips` in this partition",
    ),
    (
        "aws-us-gov-global",
        "https://runtime.sagemaker.aws-us-gov-global.amazonaws.com",
        "the pseudo-region belongs to aws-us-gov",
    ),
    (
        "xx-nowhere-7",
        "https://runtime-fips.sagemaker.xx-nowhere-7.amazonaws.com",
        "an unknown region has aws's FIPS host",
    ),
    (
        "cn-northwest-1",
        "https://runtime.sagemaker-fips.cn-northwest-1.amazonaws.com.cn",
        "FIPS of a partition without a form of its own",
    ),
):
    resolves(
        "end-fips-of-" + region,
        "the FIPS host of " + region,
        "END-002 END-001",
        why,
        url,
        region,
        use_fips=True,
    )

refuses(
    "end-region-missing",
    "no region and no endpoint",
    "END-003",
    "a default of us-east-1 sends data to another country",
)
refuses(
    "end-region-missing-fips",
    "no region, FIPS",
    "END-003",
    "a host with nothing between two dots",
    use_fips=True,
)
for slug, region, why in (
    ("empty", "", "an empty variable is no region: the host would have two dots"),
    ("upper-case", "US-EAST-1", "the scope that is signed has it in lower case"),
    (
        "dot",
        "us-east-1.evil.example",
        "whoever sets the region chooses the host that gets the token",
    ),
    ("slash", "us-east-1/", "the rest of the host becomes a path"),
    ("number-sign", "evil.example#", "the rest of the host becomes a fragment"),
    ("at-sign", "user@evil", "what stands before it becomes a user name"),
    ("colon", "a:80", "the rest of the host becomes a port"),
    ("blank", "us east 1", "no host has a blank: a URL library encodes it, or cuts the host there"),
    ("underscore", "us_east_1", "no label of a host has one; a typing error that should be told"),
    ("hyphen-first", "-us-east-1", "no label of a host begins with a hyphen"),
    ("hyphen-last", "us-east-1-", "no label of a host ends with a hyphen"),
    (
        "line-end",
        "us-east-1\n",
        "a file read with its last line end; in a header it would begin another line",
    ),
    ("non-ascii", "us-\u00e9ast-1", "a host name needs an encoding that nobody asked for"),
    ("64", "a" * 64, "a label of a host has at most 63 characters"),
):
    refuses(
        "end-region-refused-" + slug,
        "a region that is no label of a host: " + slug.replace("-", " "),
        "END-003",
        why,
        region=region,
    )
resolves(
    "end-region-63",
    "a region of 63 characters",
    "END-003",
    "the longest label of a host: a bound that is off by one refuses it",
    f"https://runtime.sagemaker.{'a' * 63}.amazonaws.com",
    "a" * 63,
)
resolves(
    "end-region-one-character",
    "a region of one character",
    "END-003",
    "the shortest label of a host",
    "https://runtime.sagemaker.a.amazonaws.com",
    "a",
)

for slug, endpoint_url, url, why in (
    (
        "host",
        "https://gateway.example",
        "https://gateway.example",
        "a custom endpoint stands as it is",
    ),
    (
        "port",
        "https://gateway.example:8443",
        "https://gateway.example:8443",
        "a port that is dropped sends the call to another server",
    ),
    (
        "path",
        "https://gateway.example/sagemaker/v1",
        "https://gateway.example/sagemaker/v1",
        "a base path that is dropped misses the gateway's route",
    ),
    (
        "port-and-path",
        "http://localhost:8080/a%20b/",
        "http://localhost:8080/a%20b",
        "all three at once, and an escape that stays as it is",
    ),
    (
        "final-slash",
        "https://gateway.example/",
        "https://gateway.example",
        "two slashes in the path of every call",
    ),
    (
        "plain-http",
        "http://127.0.0.1:9000",
        "http://127.0.0.1:9000",
        "a test server has no certificate: the scheme is the caller's choice",
    ),
    (
        "ipv6",
        "http://[::1]:8080",
        "http://[::1]:8080",
        "brackets and colons of an IPv6 address confuse a parser that cuts at the last colon",
    ),
    (
        "aws-host",
        "https://vpce-1a2b.runtime.sagemaker.eu-west-1.vpce.amazonaws.com",
        "https://vpce-1a2b.runtime.sagemaker.eu-west-1.vpce.amazonaws.com",
        "a VPC endpoint's own host is not to be taken for the service's",
    ),
):
    resolves(
        "end-custom-" + slug,
        "a custom endpoint: " + slug.replace("-", " "),
        "HTTP-002 END-001",
        why,
        url,
        "eu-west-1",
        AGREED
        if url == endpoint_url
        else "derived; botocore 1.44.5 keeps the final slash here and drops it later",
        endpoint_url=endpoint_url,
    )
resolves(
    "end-custom-without-region",
    "a custom endpoint without a region",
    "END-003",
    "the URL needs no region; whoever signs does, and asks then",
    "https://gateway.example:8443",
    None,
    endpoint_url="https://gateway.example:8443",
)
resolves(
    "end-custom-options-false",
    "a custom endpoint, FIPS and dual-stack said to be false",
    "END-004",
    "a client that asks whether the option is there, not what it says",
    "https://gateway.example",
    "eu-west-1",
    endpoint_url="https://gateway.example",
    use_fips=False,
    use_dualstack=False,
)
for slug, asked in (
    ("fips", {"use_fips": True}),
    ("dual-stack", {"use_dualstack": True}),
    ("both", {"use_fips": True, "use_dualstack": True}),
):
    refuses(
        "end-custom-refused-" + slug,
        "a custom endpoint together with " + slug.replace("both", "FIPS and dual-stack"),
        "END-004",
        "a silent choice gives up what was asked for: FIPS is a promise to an auditor",
        region="us-east-1",
        endpoint_url="https://gateway.example",
        **asked,
    )
for slug, endpoint_url, why in (
    ("no-scheme", "gateway.example", "a guess of the scheme may send a token in the clear"),
    ("other-scheme", "ftp://gateway.example", "no HTTP is spoken there"),
    ("no-host", "https://", "there is nothing to call"),
    ("no-host-but-port", "https://:443", "there is nothing to call"),
    ("no-host-but-path", "https:///path", "a file URL's form: there is nothing to call"),
    (
        "user",
        "https://user:secret@gateway.example",
        "a password would be written into logs, and is not sent anyway",
    ),
    ("query", "https://gateway.example/?a=1", "the path of the call would stand in the query"),
    (
        "fragment",
        "https://gateway.example/#a",
        "the path of the call would stand in the fragment, and not be sent",
    ),
    ("port-zero", "https://gateway.example:0", "no server listens there"),
    ("port-65536", "https://gateway.example:65536", "the port wraps around to 0"),
    (
        "port-text",
        "https://gateway.example:http",
        "a name is no port; a parser throws, or takes the default",
    ),
    (
        "blank",
        "https://gateway .example",
        "no host has a blank: a URL library encodes it, or cuts the host there",
    ),
    (
        "line-end",
        "https://gateway.example\n",
        "a file read with its last line end; in a request it would begin another line",
    ),
    ("crlf", "https://gateway.example/\r\nX: y", "a header line of the caller's choice"),
    (
        "ipv6-bare",
        "http://::1:8080",
        "an IPv6 address without brackets: where does the port begin?",
    ),
    ("ipv6-broken", "http://[::1", "a bracket that does not end"),
    ("ipv6-none", "http://[gateway]", "what stands in brackets is no address"),
    (
        "ipv6-short",
        "http://[1:2:3]",
        "an address of three groups: a resolver may make something of it",
    ),
):
    refuses(
        "end-custom-url-refused-" + slug,
        "a custom endpoint that cannot be used: " + slug.replace("-", " "),
        "HTTP-002",
        why,
        region="us-east-1",
        endpoint_url=endpoint_url,
    )
for port in (1, 65535):
    resolves(
        f"end-custom-port-{int(port)}",
        f"a custom endpoint with port {int(port)}",
        "HTTP-002",
        "a bound of ports: a check that is off by one refuses it",
        f"https://gateway.example:{int(port)}",
        "us-east-1",
        endpoint_url=f"https://gateway.example:{int(port)}",
    )
