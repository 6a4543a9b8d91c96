# SPDX-License-Identifier: MIT
"""The endpoint cases: endpoint-resolve.

To add a case, copy a similar call and change it: `resolves` for one that has a URL, `rejects` for
one that has none.

Every expected URL is hand-written in full. The URLs follow the rule set that botocore 1.44.5 ships
for SageMaker Runtime, and tests/authoring/test_end.py compares them with its published cases. Each
case also asserts the signing name.
"""

import json
from typing import Any, Dict, Optional, Tuple

from authoring import Feature, either, ok, reject, words

RESOLVE = Feature("endpoint-resolve", "endpoint.resolve", "end-")
FEATURES = [RESOLVE]
AGREED = "derived; agreed by botocore 1.44.5"
FINAL_SLASH = "derived; botocore 1.44.5 keeps the final slash here and drops it later"
PSEUDO_REGION = "derived; botocore 1.44.5 removes the words before its rules apply"

# The region, then its hosts: default, FIPS, dual-stack, and both options.
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
WAYS: Tuple[Tuple[str, Dict[str, Any], str], ...] = (
    ("default", {}, "a wrong host gets no connection, or a 403 from another service"),
    (
        "fips",
        {"use_fips": True},
        "FIPS hosts have three forms, so a guessed host does not exist or does not use FIPS",
    ),
    (
        "dual-stack",
        {"use_dualstack": True},
        (
            "the dual-stack domain depends on the partition, so a guessed host does not "
            "exist on an IPv6-only network"
        ),
    ),
    (
        "fips-dual-stack",
        {"use_fips": True, "use_dualstack": True},
        "a client that honours only one of the two options silently ignores the other",
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
    """Add a case that has a URL. The expected signing region is the given region."""
    expected = {"url": url, "signing_name": "sagemaker"}
    if region is not None:
        given = dict({"region": region}, **given)
        expected["signing_region"] = region
    RESOLVE.case(name, title, rules, given, ok(**expected), why, source=source)


def rejects(name: str, title: str, rules: str, why: str, **given: Any) -> None:
    """Add a case that has no URL."""
    RESOLVE.case(name, title, rules, given, reject("configuration"), why)


for region, *hosts in HOSTS:
    for (way, asked, why), host in zip(WAYS, hosts):
        resolves(
            f"end-{region}-{way}",
            f"the {words(way)} host of {region}",
            "END-001 END-002",
            why,
            "https://" + host,
            region,
            **asked,
        )
resolves(
    "end-options-false",
    "FIPS and dual-stack set to false",
    "END-001",
    "a client that only tests whether an option is present enables it",
    "https://runtime.sagemaker.us-east-1.amazonaws.com",
    "us-east-1",
    use_fips=False,
    use_dualstack=False,
)

for region, dns, why in (
    (
        "ap-southeast-7",
        "amazonaws.com",
        "a client with a fixed table of regions cannot call a new region",
    ),
    ("mx-central-1", "amazonaws.com", "a region prefix that is in no table belongs to aws"),
    (
        "xx-nowhere-7",
        "amazonaws.com",
        "no table is complete, so a client that rejects an unknown region cannot call a new one",
    ),
    ("local", "amazonaws.com", "a region name of another form also belongs to aws"),
    (
        "cn-foo",
        "amazonaws.com",
        "a pattern for cn-* that does not require a number uses the domain of China",
    ),
    (
        "us-gov-west",
        "amazonaws.com",
        "a pattern for us-gov-* that does not require a number uses another partition",
    ),
    ("us-isox-east-1", "amazonaws.com", "us-iso followed by another letter is not a partition"),
    (
        "us-iso-1",
        "amazonaws.com",
        (
            "a pattern for us-iso-* that does not require a word before the number uses "
            "another partition"
        ),
    ),
    (
        "eusc-fr-west-1",
        "amazonaws.com",
        "the regions of aws-eusc begin with eusc-de, so another country belongs to aws",
    ),
    (
        "cn-northwest-1",
        "amazonaws.com.cn",
        "a client that only knows the first region of China uses the wrong domain",
    ),
    (
        "cn-new-12",
        "amazonaws.com.cn",
        "a pattern that allows only one digit does not recognise a future region of China",
    ),
    (
        "us-gov-east-1",
        "amazonaws.com",
        "a client that only knows the first region of aws-us-gov uses another partition",
    ),
    (
        "us-iso-west-1",
        "c2s.ic.gov",
        "a client that compares with us-iso-east uses the wrong domain",
    ),
    (
        "us-isof-east-1",
        "csp.hci.ic.gov",
        "a client that only knows the first region of aws-iso-f uses the wrong domain",
    ),
    (
        "aws-cn-global",
        "amazonaws.com.cn",
        "a client that treats a pseudo-region as an unknown region uses the domain of aws",
    ),
    (
        "aws-iso-global",
        "c2s.ic.gov",
        "a client that treats a pseudo-region as an unknown region uses the domain of aws",
    ),
    (
        "aws-iso-b-global",
        "sc2s.sgov.gov",
        "a client that treats a pseudo-region as an unknown region uses the domain of aws",
    ),
    (
        "aws-iso-e-global",
        "cloud.adc-e.uk",
        "a client that treats a pseudo-region as an unknown region uses the domain of aws",
    ),
    (
        "aws-iso-f-global",
        "csp.hci.ic.gov",
        "a client that treats a pseudo-region as an unknown region uses the domain of aws",
    ),
    (
        "aws-us-gov-global",
        "amazonaws.com",
        "a client that treats a pseudo-region as an unknown region uses another FIPS host",
    ),
    (
        "aws-global",
        "amazonaws.com",
        "a client that replaces the pseudo-region of aws sends the call to a fixed region",
    ),
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
        "this region belongs to aws, whose FIPS host has a special form",
    ),
    (
        "us-gov-east-1",
        "https://runtime.sagemaker.us-gov-east-1.amazonaws.com",
        "the FIPS host of this partition does not contain `fips`",
    ),
    (
        "aws-us-gov-global",
        "https://runtime.sagemaker.aws-us-gov-global.amazonaws.com",
        "a client that does not know this pseudo-region uses the FIPS host of aws",
    ),
    (
        "xx-nowhere-7",
        "https://runtime-fips.sagemaker.xx-nowhere-7.amazonaws.com",
        "an unknown region belongs to aws and uses its FIPS host",
    ),
    (
        "cn-northwest-1",
        "https://runtime.sagemaker-fips.cn-northwest-1.amazonaws.com.cn",
        "a client that uses the FIPS host of aws in every partition finds no such host",
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

for name, region, url, signing_region, why in (
    (
        "prefix",
        "fips-us-west-2",
        "https://runtime-fips.sagemaker.us-west-2.amazonaws.com",
        "us-west-2",
        "older configurations request FIPS in this way, and the host of this name does not exist",
    ),
    (
        "suffix",
        "us-west-2-fips",
        "https://runtime-fips.sagemaker.us-west-2.amazonaws.com",
        "us-west-2",
        "older configurations request FIPS in this way, and the host of this name does not exist",
    ),
    (
        "gov",
        "fips-us-gov-west-1",
        "https://runtime.sagemaker.us-gov-west-1.amazonaws.com",
        "us-gov-west-1",
        "the region's own name decides about the partition",
    ),
    (
        "no-hyphen",
        "fips",
        "https://runtime.sagemaker.fips.amazonaws.com",
        "fips",
        "the name is only a region that nobody knows yet",
    ),
    (
        "inside",
        "us-fips-west-2",
        "https://runtime.sagemaker.us-fips-west-2.amazonaws.com",
        "us-fips-west-2",
        "the name is only a region that nobody knows yet",
    ),
):
    RESOLVE.case(
        "end-pseudo-region-" + name,
        "the region " + region,
        "END-007 END-001",
        {"region": region},
        ok(url=url, signing_region=signing_region, signing_name="sagemaker"),
        why,
        source=AGREED if signing_region == region else PSEUDO_REGION,
    )
rejects(
    "end-pseudo-region-empty",
    "the region fips-",
    "END-007 END-003",
    "nothing is left of the name",
    region="fips-",
)
rejects(
    "end-pseudo-region-custom",
    "a region with fips- and a custom endpoint",
    "END-007 END-004",
    "a client that silently ignores the option breaks a compliance requirement",
    region="fips-us-east-1",
    endpoint_url="https://gateway.example",
)

rejects(
    "end-region-missing",
    "neither a region nor an endpoint",
    "END-003",
    "a client with a default region may send data to another country",
)
rejects(
    "end-region-missing-fips",
    "FIPS without a region",
    "END-003",
    "the host would contain two consecutive dots",
    use_fips=True,
)
for slug, region, why in (
    (
        "empty",
        "",
        "an empty variable is not a region, and the host would contain two consecutive dots",
    ),
    ("upper-case", "US-EAST-1", "the host may work, but the signed scope needs lower case"),
    (
        "dot",
        "us-east-1.evil.example",
        "an attacker who sets the region could choose the host that receives the token",
    ),
    ("slash", "us-east-1/", "the rest of the host would become a path"),
    ("number-sign", "evil.example#", "the rest of the host would become a fragment"),
    ("at-sign", "user@evil", "the text before it would become a user name"),
    ("colon", "a:80", "the rest of the host would become a port"),
    (
        "blank",
        "us east 1",
        "a host contains no space, so a URL library encodes it or ends the host there",
    ),
    (
        "underscore",
        "us_east_1",
        "a host label contains no underscore, and the caller should see the typing error",
    ),
    ("hyphen-first", "-us-east-1", "a host label does not begin with a hyphen"),
    ("hyphen-last", "us-east-1-", "a host label does not end with a hyphen"),
    (
        "line-end",
        "us-east-1\n",
        "a file read with its final line end would start another line in a header",
    ),
    (
        "non-ascii",
        "us-\u00e9ast-1",
        "the host name would need an encoding that the rules do not define",
    ),
):
    rejects(
        "end-region-refused-" + slug,
        "a region that is not a host label: " + json.dumps(region),
        "END-003",
        why,
        region=region,
    )
    rejects(
        f"end-region-refused-{slug}-custom",
        "a custom endpoint and a region that is not a host label: " + json.dumps(region),
        "END-003",
        "a client that skips the check signs for a region that does not exist",
        region=region,
        endpoint_url="https://gateway.example",
    )
rejects(
    "end-region-refused-64",
    "a region of 64 characters",
    "END-003",
    "a host label has at most 63 characters",
    region="a" * 64,
)
resolves(
    "end-region-63",
    "a region of 63 characters",
    "END-003",
    "this is the longest host label, and a check whose bound is one too low rejects it",
    f"https://runtime.sagemaker.{'a' * 63}.amazonaws.com",
    "a" * 63,
)
resolves(
    "end-region-one-character",
    "a region of one character",
    "END-003",
    "this is the shortest host label, and a check whose bound is one too high rejects it",
    "https://runtime.sagemaker.a.amazonaws.com",
    "a",
)

for slug, endpoint_url, url, why in (
    (
        "host",
        "https://gateway.example",
        "https://gateway.example",
        "a client that changes the custom endpoint sends the call elsewhere",
    ),
    (
        "port",
        "https://gateway.example:8443",
        "https://gateway.example:8443",
        "a client that drops the port sends the call to another server",
    ),
    (
        "path",
        "https://gateway.example/sagemaker/v1",
        "https://gateway.example/sagemaker/v1",
        "a client that drops the base path misses the gateway's route",
    ),
    (
        "port-and-path",
        "http://localhost:8080/a%20b/",
        "http://localhost:8080/a%20b",
        "a client that decodes the escape or keeps the final slash calls another path",
    ),
    (
        "final-slash",
        "https://gateway.example/",
        "https://gateway.example",
        "the path of every call would begin with two slashes",
    ),
    (
        "plain-http",
        "http://127.0.0.1:9000",
        "http://127.0.0.1:9000",
        "a test server has no certificate, so a client that requires TLS cannot call it",
    ),
    (
        "ipv6",
        "http://[::1]:8080",
        "http://[::1]:8080",
        "a parser that splits at the last colon misreads an IPv6 address",
    ),
    (
        "http-port-of-https",
        "http://gateway.example:443/a",
        "http://gateway.example:443/a",
        "a client that drops the default port of the other scheme calls another server",
    ),
    (
        "https-port-of-http",
        "https://gateway.example:80/a",
        "https://gateway.example:80/a",
        "a client that drops the default port of the other scheme calls another server",
    ),
    (
        "aws-host",
        "https://vpce-1a2b.runtime.sagemaker.eu-west-1.vpce.amazonaws.com",
        "https://vpce-1a2b.runtime.sagemaker.eu-west-1.vpce.amazonaws.com",
        "a client that recognises AWS's domain must not replace a VPC endpoint's own host",
    ),
):
    resolves(
        "end-custom-" + slug,
        "a custom endpoint: " + json.dumps(endpoint_url),
        "HTTP-002 END-001",
        why,
        url,
        "eu-west-1",
        AGREED if url == endpoint_url else FINAL_SLASH,
        endpoint_url=endpoint_url,
    )
resolves(
    "end-custom-without-region",
    "a custom endpoint without a region",
    "END-003",
    "the URL needs no region, and only the signer must reject the missing one",
    "https://gateway.example:8443",
    None,
    endpoint_url="https://gateway.example:8443",
)
resolves(
    "end-custom-options-false",
    "a custom endpoint with FIPS and dual-stack set to false",
    "END-004",
    "a client that only tests whether an option is present rejects the endpoint",
    "https://gateway.example",
    "eu-west-1",
    endpoint_url="https://gateway.example",
    use_fips=False,
    use_dualstack=False,
)
for slug, title, asked in (
    ("fips", "FIPS", {"use_fips": True}),
    ("dual-stack", "dual-stack", {"use_dualstack": True}),
    ("both", "FIPS and dual-stack", {"use_fips": True, "use_dualstack": True}),
):
    rejects(
        "end-custom-refused-" + slug,
        "a custom endpoint with " + title,
        "END-004",
        "a client that silently ignores the option breaks a compliance requirement",
        region="us-east-1",
        endpoint_url="https://gateway.example",
        **asked,
    )
for slug, endpoint_url, why in (
    (
        "no-scheme",
        "gateway.example",
        "a client that guesses the scheme may send a session token in clear text",
    ),
    ("other-scheme", "ftp://gateway.example", "this scheme is not HTTP"),
    ("no-host", "https://", "a URL without a host names no server"),
    ("no-host-but-port", "https://:443", "a URL without a host names no server"),
    ("no-host-but-path", "https:///path", "this form is for file URLs, and it names no server"),
    (
        "user",
        "https://user:secret@gateway.example",
        "the password would appear in logs and is not sent",
    ),
    ("query", "https://gateway.example/?a=1", "the call's path would become part of the query"),
    (
        "fragment",
        "https://gateway.example/#a",
        "the call's path would become part of the fragment, which is not sent",
    ),
    ("port-zero", "https://gateway.example:0", "no server listens on port 0"),
    (
        "port-65536",
        "https://gateway.example:65536",
        "a client that does not check the port connects to port 0",
    ),
    (
        "port-65979",
        "https://gateway.example:65979",
        "a client that keeps 16 bits of the port connects to port 443",
    ),
    (
        "port-text",
        "https://gateway.example:http",
        "a port is a number, and a parser that expects one fails or uses the default",
    ),
    (
        "blank",
        "https://gateway .example",
        "a host contains no space, so a URL library encodes it or ends the host there",
    ),
    (
        "line-end",
        "https://gateway.example\n",
        "a file read with its final line end would start another line in the request",
    ),
    (
        "crlf",
        "https://gateway.example/\r\nX: y",
        "a line break adds a header line of the caller's choice",
    ),
    (
        "ipv6-bare",
        "http://::1:8080",
        "without brackets, parsers disagree about the start of the port",
    ),
    (
        "ipv6-broken",
        "http://[::1",
        "a parser that looks for the closing bracket fails or reads past the end",
    ),
    ("ipv6-none", "http://[gateway]", "the text in brackets is not an IPv6 address"),
    (
        "ipv6-short",
        "http://[1:2:3]",
        "an address of three groups is invalid, but some resolvers expand it",
    ),
):
    rejects(
        "end-custom-url-refused-" + slug,
        "an unusable custom endpoint: " + json.dumps(endpoint_url),
        "HTTP-002",
        why,
        region="us-east-1",
        endpoint_url=endpoint_url,
    )
for port in (1, 65535):
    resolves(
        f"end-custom-port-{port}",
        f"a custom endpoint with port {port}",
        "HTTP-002",
        "a check whose bound is off by one rejects this port",
        f"https://gateway.example:{port}",
        "us-east-1",
        endpoint_url=f"https://gateway.example:{port}",
    )
resolves(
    "end-custom-label-63",
    "a custom endpoint with a label of 63 characters",
    "HTTP-002",
    "a check whose bound is off by one rejects this label",
    f"https://{'a' * 63}.example",
    "us-east-1",
    endpoint_url=f"https://{'a' * 63}.example",
)
rejects(
    "end-custom-label-64",
    "a custom endpoint with a label of 64 characters",
    "HTTP-002",
    "DNS has no such label, so the error would appear far from its cause",
    region="us-east-1",
    endpoint_url=f"https://{'a' * 64}.example",
)
for slug, endpoint_url, why in (
    ("ipv4", "http://[127.0.0.1]", "the text in brackets is not an IPv6 address"),
    ("ipv6-zone", "http://[fe80::1%25eth0]", "a zone has a meaning on only one machine"),
    (
        "port-empty",
        "http://gateway.example:",
        "a client that uses the default port connects to another server",
    ),
    ("port-long", "http://gateway.example:000443", "a port has at most five digits"),
    ("hyphen-first", "http://-gateway.example", "a host name does not begin with a hyphen"),
    ("label-empty", "http://gateway..example", "DNS has no empty label"),
    ("non-ascii", "http://gäteway.example", "the caller must choose the encoding of the name"),
):
    rejects(
        "end-custom-refused-" + slug,
        "an unusable custom endpoint: " + json.dumps(endpoint_url),
        "HTTP-002",
        why,
        region="us-east-1",
        endpoint_url=endpoint_url,
    )

# ---- the form of a region's name -----------------------------------------------------------------

# Each partition with the beginning of its regions, the domains, and the FIPS host.
PARTITIONS = (
    ("aws-cn", "cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    ("aws-us-gov", "us-gov-", "amazonaws.com", "api.aws"),
    ("aws-iso", "us-iso-", "c2s.ic.gov", "api.aws.ic.gov"),
    ("aws-iso-b", "us-isob-", "sc2s.sgov.gov", "api.aws.scloud"),
    ("aws-iso-e", "eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
    ("aws-iso-f", "us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
    ("aws-eusc", "eusc-de-", "amazonaws.eu", "api.amazonwebservices.eu"),
)
for partition, start, dns, dual in PARTITIONS:
    # The FIPS host distinguishes aws-us-gov, which has the domain of aws.
    for slug, region, belongs, why in (
        ("digits", start + "n2w-1", True, "a word may contain digits"),
        ("long-number", start + "west-1234", True, "a number may have several digits"),
        ("two-words", start + "far-west-1", False, "a word contains no hyphen"),
        ("letter-after", start + "west-1a", False, "the last part is a number, and nothing else"),
    ):
        use = {"use_fips": True} if dns == "amazonaws.com" else {}
        host = "runtime.sagemaker"
        if use and not belongs:
            host = "runtime-fips.sagemaker"
        domain = dns if belongs else "amazonaws.com"
        resolves(
            f"end-form-{partition}-{slug}",
            f"the partition of {region}" + (", by its FIPS host" if use else ""),
            "END-002 END-001",
            why + ", and another pattern uses a wrong domain",
            f"https://{host}.{region}.{domain}",
            region,
            AGREED,
            **use,
        )
    if partition in ("aws-us-gov", "aws-eusc"):
        continue
    resolves(
        f"end-global-{partition}-dual-stack",
        f"the dual-stack host of {partition}-global",
        "END-002 END-001",
        "a pseudo-region has the domains of its partition",
        f"https://runtime.sagemaker.{partition}-global.{dual}",
        f"{partition}-global",
        AGREED,
        use_dualstack=True,
    )
resolves(
    "end-global-aws-us-gov-default",
    "the dual-stack FIPS host of aws-us-gov-global",
    "END-002 END-001",
    "a pseudo-region has the domains of its partition",
    "https://runtime.sagemaker-fips.aws-us-gov-global.api.aws",
    "aws-us-gov-global",
    AGREED,
    use_fips=True,
    use_dualstack=True,
)
for name in (
    "aws-eusc-global",
    "aws-cn-globals",
    "xaws-cn-global",
    "aws-iso-c-global",
    "cn-global",
):
    resolves(
        "end-global-not-" + name,
        "a name that is not a pseudo-region: " + name,
        "END-002 END-001",
        "no partition has this pseudo-region, so it belongs to aws",
        f"https://runtime.sagemaker.{name}.amazonaws.com",
        name,
        AGREED,
    )
for slug, region in (
    ("digit-first", "7-west-1"),
    ("many-hyphens", "a---b"),
    ("long-label", "a" + "-" * 61 + "b"),
):
    resolves(
        "end-region-label-" + slug,
        f"a region of an unusual form: {region if len(region) < 40 else 'many hyphens'}",
        "END-003 END-002",
        "DNS allows this label, and no rule forbids it for a region that nobody knows yet",
        f"https://runtime.sagemaker.{region}.amazonaws.com",
        region,
        AGREED,
    )
for slug, region in (
    ("hyphen", "-"),
    ("digit-arabic", "us-east-\u0661"),
    ("digit-wide", "us-east-\uff11"),
    ("kelvin", "\u212aa-west-1"),
    ("long-s", "u\u017f-east-1"),
    ("pseudo-prefix-upper", "FIPS-us-east-1"),
    ("pseudo-suffix-upper", "us-east-1-FIPS"),
    ("pseudo-hyphen", "fips--fips"),
):
    rejects(
        "end-region-refused-" + slug,
        "a region that is not a host label: " + json.dumps(region),
        "END-003",
        "a client that folds case or Unicode first sends the call to a host that it did not check",
        region=region,
    )

# ---- pseudo-regions ------------------------------------------------------------------------------

for slug, region, given, url, signing in (
    (
        "both-ends",
        "fips-us-east-1-fips",
        {},
        "runtime-fips.sagemaker.us-east-1.amazonaws.com",
        "us-east-1",
    ),
    (
        "with-false",
        "fips-us-east-1",
        {"use_fips": False},
        "runtime-fips.sagemaker.us-east-1.amazonaws.com",
        "us-east-1",
    ),
    (
        "with-true",
        "us-east-1-fips",
        {"use_fips": True},
        "runtime-fips.sagemaker.us-east-1.amazonaws.com",
        "us-east-1",
    ),
    (
        "dual-stack",
        "fips-us-east-1",
        {"use_dualstack": True},
        "runtime.sagemaker-fips.us-east-1.api.aws",
        "us-east-1",
    ),
    (
        "china",
        "cn-north-1-fips",
        {},
        "runtime.sagemaker-fips.cn-north-1.amazonaws.com.cn",
        "cn-north-1",
    ),
    (
        "word",
        "fipsy-east-1",
        {},
        "runtime.sagemaker.fipsy-east-1.amazonaws.com",
        "fipsy-east-1",
    ),
    ("word-end", "us-1fips", {}, "runtime.sagemaker.us-1fips.amazonaws.com", "us-1fips"),
):
    RESOLVE.case(
        "end-pseudo-region-" + slug,
        f"the region {region}" + "".join(f", {words(key)} {given[key]}" for key in given),
        "END-007 END-001",
        dict({"region": region}, **given),
        ok(url="https://" + url, signing_region=signing, signing_name="sagemaker"),
        "the request for FIPS in the name must neither be lost nor become a part of the scope",
        source=AGREED if signing == region else PSEUDO_REGION,
    )
for slug, region in (("suffix", "us-east-1-fips"), ("both", "fips-us-east-1-fips")):
    rejects(
        "end-pseudo-region-custom-" + slug,
        f"a custom endpoint and the region {region}",
        "END-007 END-004",
        "a client that drops the request for FIPS in the name breaks a compliance requirement",
        region=region,
        endpoint_url="https://gateway.example",
    )

# ---- the grammar of a custom endpoint ------------------------------------------------------------

for slug, endpoint_url, why in (
    ("path-characters", "https://gateway.example/a-._~!$&'()*+,;=:@%41/b", "each is allowed"),
    ("path-percent", "https://gateway.example/%zz%", "a percent sign is allowed anywhere"),
    ("path-inner-slashes", "https://gateway.example/a//b", "only final slashes are dropped"),
    ("path-dots", "https://gateway.example/a/./b/../c", "the path is kept unchanged"),
    ("underscore", "https://my_gateway.in_ternal.example", "a label may contain an underscore"),
    (
        "label-underscore-first",
        "https://a._b.example",
        "only the name's ends are letters or digits",
    ),
    ("port-zeros", "http://gateway.example:08080", "a port has up to five digits"),
    ("ipv6-default", "https://[2001:db8::a]", "an address needs no port"),
    ("ipv6-ipv4", "http://[::ffff:192.0.2.1]:8080", "an IPv6 address may end in an IPv4 address"),
):
    resolves(
        "end-custom-" + slug,
        "a custom endpoint: " + json.dumps(endpoint_url),
        "HTTP-002",
        why + ", and a stricter check makes the endpoint unusable",
        endpoint_url,
        "eu-west-1",
        AGREED,
        endpoint_url=endpoint_url,
    )
FORBIDDEN = (
    *(("quote", '"'), ("backslash", "\\"), ("brace", "{"), ("bracket", "["), ("bar", "|")),
    *(("space", " "), ("del", "\x7f"), ("e-acute", "\xe9"), ("digit-arabic", "\u0661")),
)
for slug, character in FORBIDDEN:
    for place, endpoint_url in (
        ("path", f"https://gateway.example/a{character}b"),
        ("host", f"https://gate{character}way.example"),
    ):
        if place == "host" and character < "\u0661":
            continue
        rejects(
            f"end-custom-refused-{slug}-in-{place}",
            f"an unusable custom endpoint: {json.dumps(endpoint_url)}",
            "HTTP-002",
            "a URL library escapes this character, ends the URL at it, or sends it unchanged",
            region="us-east-1",
            endpoint_url=endpoint_url,
        )
for slug, endpoint_url, why in (
    ("empty", "", "an empty text names no server, and is not the same as no text"),
    ("hyphen-last", "http://gateway.example-", "a host name does not end with a hyphen"),
    ("underscore-first", "http://_gateway.example", "a host name begins with a letter or digit"),
    ("underscore-last", "http://gateway.example_", "a host name ends with a letter or digit"),
    ("dots-last", "http://gateway.example..", "only one dot may follow the name"),
    ("escape-in-host", "http://gate%77ay.example", "a host name contains no escape"),
    ("port-arabic", "http://gateway.example:8\u0660", "a port consists of ASCII digits"),
    ("port-hexadecimal", "http://gateway.example:0x50", "a port consists of decimal digits"),
    (
        "port-twice",
        "http://gateway.example:80:80",
        "a URL has one port, and two parsers choose different ones",
    ),
    ("port-zeros", "http://gateway.example:00000", "no server listens on port 0"),
    ("user-in-path", "http://gateway.example@evil.example/", "the host is after the mark"),
    ("scheme-long-s", "http\u017f://gateway.example", "only ASCII letters have another case"),
    ("space-first", " https://gateway.example", "a URL library may strip it or not"),
    ("ipv6-octal", "http://[::ffff:192.0.02.1]", "some programs read the zero as octal"),
    ("ipv6-after", "http://[::1]a", "only a port or a path may follow the brackets"),
):
    rejects(
        "end-custom-refused-" + slug,
        "an unusable custom endpoint: " + json.dumps(endpoint_url),
        "HTTP-002",
        why,
        region="us-east-1",
        endpoint_url=endpoint_url,
    )
RESOLVE.case(
    "end-custom-final-slashes",
    "a custom endpoint with several final slashes",
    "HTTP-002",
    {"region": "eu-west-1", "endpoint_url": "https://gateway.example/v1///"},
    ok(url="https://gateway.example/v1", signing_name="sagemaker", signing_region="eu-west-1"),
    "the path of every call would contain empty segments",
    source="derived",
    acceptable=[
        either(
            ok(
                url="https://gateway.example/v1//",
                signing_name="sagemaker",
                signing_region="eu-west-1",
            ),
            "a caller that writes several slashes may want them, and they are signed",
            "DIV-012",
        )
    ],
)
for slug, url in (("slash", "https://gateway.example//"),):
    resolves(
        "end-custom-only-" + slug,
        "a custom endpoint: " + json.dumps(url),
        "HTTP-002",
        "the path of every call would begin with empty segments",
        "https://gateway.example",
        "eu-west-1",
        FINAL_SLASH,
        endpoint_url=url,
    )
