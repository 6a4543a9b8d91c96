# SPDX-License-Identifier: MIT
"""Combinations of values in calls and endpoints: http-request-mix, endpoint-resolve-mix (mix.py).

The expected requests come from the tables of http_request.py. The expected hosts are written here
by partition. tests/authoring compares both with boto3.
"""

from typing import Any, Dict, Tuple

from authoring import Feature, b64, end, ok
from authoring.end import AGREED, FINAL_SLASH, PSEUDO_REGION
from authoring.http_request import HEADERS, question, sent
from authoring.mix import USUAL, Row, Table, Value, mix_id, rows_of, title_of
from authoring.mix_sig import random

REQUEST = Feature("http-request-mix", "http.request", "request-mix-")
RESOLVE = Feature("endpoint-resolve-mix", "endpoint.resolve", "host-mix-")
FEATURES = [REQUEST, RESOLVE]

# ---- calls -------------------------------------------------------------------------------------

# An endpoint URL and the base of the expected URL.
CUSTOM = {
    USUAL: Value((None, None)),
    "the URL https://gateway.example:443": Value(
        ("https://gateway.example:443", "https://gateway.example:443"), "HTTP-002"
    ),
    "the URL http://gateway.example:80/": Value(
        ("http://gateway.example:80/", "http://gateway.example:80"), "HTTP-002"
    ),
    "the URL https://gateway.example:8443/Team/Prod": Value(
        ("https://gateway.example:8443/Team/Prod", "https://gateway.example:8443/Team/Prod"),
        "HTTP-002",
    ),
    "the URL https://gateway.example/a%2Fb%7Ec/": Value(
        ("https://gateway.example/a%2Fb%7Ec/", "https://gateway.example/a%2Fb%7Ec"), "HTTP-002"
    ),
    "the URL https://gateway.example/v1.0/~u_x": Value(
        ("https://gateway.example/v1.0/~u_x", "https://gateway.example/v1.0/~u_x"), "HTTP-002"
    ),
    "the URL http://[2001:db8::1]:8080/a": Value(
        ("http://[2001:db8::1]:8080/a", "http://[2001:db8::1]:8080/a"), "HTTP-002"
    ),
}
REGIONS = {
    USUAL: Value(("us-east-1", "amazonaws.com")),
    "region eu-central-1": Value(("eu-central-1", "amazonaws.com"), "END-001"),
    "region cn-northwest-1": Value(("cn-northwest-1", "amazonaws.com.cn"), "END-002"),
    "region us-isob-east-1": Value(("us-isob-east-1", "sc2s.sgov.gov"), "END-002"),
}
NAMES = {
    USUAL: "llm",
    "of 1 character": "7",
    "with capitals and hyphens": "My--Name-0",
    "of 63 characters": "Abc-" * 15 + "xyz",
}
ASCII = "".join(map(chr, range(0x21, 0x7F)))  # without the space
TEXTS = {
    USUAL: "application/json",
    "with spaces and commas": 'text/csv; a="b  c", d=e',
    "of all ASCII punctuation": ASCII,
    "of 257 characters": "x=y;" * 64 + "z",
}
IDS = {
    USUAL: "id-1",
    "with spaces": "Run 1/2  of 3",
    "of 1 character": "%",
    "of 64 characters": "a=%20;b+" * 8,
}


def member(name: str, texts: Dict[str, str]) -> Dict[str, Value]:
    """Return the values of a member: absent, or one of the texts."""
    found = {USUAL: Value(None)}
    for label, text in texts.items():
        full = name if label == USUAL else f"{name} {label}"
        found[full] = Value(text, "HTTP-003 HTTP-005")
    return found


CALLS = Table(
    "http-request",
    {
        "EndpointName": {
            label if label == USUAL else "a name " + label: Value(name, "HTTP-001 HTTP-005")
            for label, name in NAMES.items()
        },
        "endpoint_url": CUSTOM,
        "region": REGIONS,
        "Body": {
            USUAL: Value({"text": '{"inputs": "Hi"}'}),
            "an empty body": Value({"text": ""}, "HTTP-004"),
            "a body of 1 byte": Value(random(1), "HTTP-003"),
            "a body of all bytes": Value({"base64": b64(bytes(range(256)))}, "HTTP-003"),
            "a body of 65,537 bytes": Value(random(65537), "HTTP-003"),
            "a body with a byte order mark": Value({"text": "\ufeff{}\r\n"}, "HTTP-003"),
        },
        # Implementations disagree about a call without ContentType, so it is always set.
        "ContentType": {
            label if label == USUAL else "ContentType " + label: Value(text, "HTTP-003 HTTP-005")
            for label, text in TEXTS.items()
        },
        "Accept": member("Accept", TEXTS),
        "CustomAttributes": member("CustomAttributes", TEXTS),
        "TargetVariant": member("TargetVariant", NAMES),
        "TargetContainerHostname": member("TargetContainerHostname", NAMES),
        "InferenceId": member("InferenceId", IDS),
        "InferenceComponentName": member("InferenceComponentName", NAMES),
        "SessionId": member(
            "SessionId", dict(NAMES, **{"of 256 characters": "Session-" * 31 + "12345678"})
        ),
        "PrefixAwareId": member("PrefixAwareId", IDS),
    },
)


def call_of(row: Row) -> Tuple[Dict[str, Any], str]:
    """Return the input of a row, and the base of the expected URL."""
    content = CALLS.contents(row)
    endpoint_url, base = content["endpoint_url"]
    region, dns = content["region"]
    names = ["EndpointName", "Body", *HEADERS]
    members = {name: content[name] for name in names if content[name] is not None}
    return (
        question(members, region, endpoint_url),
        base or f"https://runtime.sagemaker.{region}.{dns}",
    )


# ---- endpoints ---------------------------------------------------------------------------------

# By partition: the domain, the dual-stack domain, the FIPS host, and names of regions.
PARTITIONS: Tuple[Tuple[str, str, str, str], ...] = (
    (
        "amazonaws.com",
        "api.aws",
        "runtime-fips.sagemaker",
        "us-east-1 us-west-2 ap-southeast-3 ca-west-1 il-central-1 aws-global cn-north "
        "us-gov-west-1a us-isoc-east-1 eu-isoe-west eusc-de-1 xus-iso-east-1 us-gov",
    ),
    (
        "amazonaws.com.cn",
        "api.amazonwebservices.com.cn",
        "runtime.sagemaker-fips",
        "cn-northwest-1 cn-north-12 aws-cn-global",
    ),
    (
        "amazonaws.com",
        "api.aws",
        "runtime.sagemaker",
        "us-gov-east-1 us-gov-north2-10 aws-us-gov-global",
    ),
    ("c2s.ic.gov", "api.aws.ic.gov", "runtime.sagemaker-fips", "us-iso-west-1 us-iso-east-21"),
    (
        "sc2s.sgov.gov",
        "api.aws.scloud",
        "runtime.sagemaker-fips",
        "us-isob-west-1 us-isob-east-9",
    ),
    (
        "cloud.adc-e.uk",
        "api.cloud-aws.adc-e.uk",
        "runtime.sagemaker-fips",
        "eu-isoe-west-1 eu-isoe-north-2",
    ),
    (
        "csp.hci.ic.gov",
        "api.aws.hci.ic.gov",
        "runtime.sagemaker-fips",
        "us-isof-east-1 us-isof-south-3",
    ),
    (
        "amazonaws.eu",
        "api.amazonwebservices.eu",
        "runtime.sagemaker-fips",
        "eusc-de-east-1 eusc-de-west-2",
    ),
)
PARTITION_OF = {
    region: (dns, dual, fips)
    for dns, dual, fips, regions in PARTITIONS
    for region in regions.split()
}
HOSTS = Table(
    "endpoint-resolve",
    {
        "region": {"region " + region: Value(region, "END-002") for region in sorted(PARTITION_OF)},
        "options": {
            USUAL: Value({}),
            "FIPS": Value({"use_fips": True}, "END-001"),
            "dual-stack": Value({"use_dualstack": True}, "END-001"),
            "FIPS and dual-stack": Value({"use_fips": True, "use_dualstack": True}, "END-001"),
            "FIPS false, dual-stack": Value({"use_fips": False, "use_dualstack": True}, "END-001"),
        },
        "form": {
            USUAL: Value("{}"),
            "with fips- before": Value("fips-{}", "END-007"),
            "with -fips after": Value("{}-fips", "END-007"),
        },
    },
    # An explicit false next to a name that asks for FIPS is a contradiction.
    allows=lambda row: (
        row.get("form", USUAL) == USUAL or row.get("options") != "FIPS false, dual-stack"
    ),
)
CUSTOM_HOSTS = Table(
    "endpoint-resolve-custom",
    {
        "region": {
            USUAL: Value("us-east-1"),
            "region cn-north-1": Value("cn-north-1"),
            "region us-gov-west-1": Value("us-gov-west-1"),
        },
        "url": dict(list(CUSTOM.items())[1:]),
        "options": {
            USUAL: Value({}),
            "both options false": Value({"use_fips": False, "use_dualstack": False}, "END-004"),
        },
    },
)


def host_of(row: Row) -> Tuple[Dict[str, Any], Dict[str, Any]]:
    """Return the input and the output of a row of HOSTS."""
    content = HOSTS.contents(row)
    region, options = content["region"], content["options"]
    dns, dual, fips = PARTITION_OF[region]
    is_fips = options.get("use_fips") or row["form"] != USUAL
    if options.get("use_dualstack"):
        prefix, domain = ("runtime.sagemaker-fips" if is_fips else "runtime.sagemaker"), dual
    else:
        prefix, domain = (fips if is_fips else "runtime.sagemaker"), dns
    given = dict(options, region=content["form"].format(region))
    url = f"https://{prefix}.{region}.{domain}"
    return given, {"url": url, "signing_region": region, "signing_name": "sagemaker"}


# ---- the cases ---------------------------------------------------------------------------------

WHY = "calls with just these values fail"


def _cite(table: Table, row: Row, rules: str) -> str:
    return " ".join(dict.fromkeys(table.rules(row) + rules.split()))


def _cases() -> None:
    for row in rows_of(CALLS):
        given, base = call_of(row)
        REQUEST.case(
            mix_id(REQUEST.prefix, REQUEST.op, given),
            title_of(row),
            _cite(CALLS, row, "HTTP-001 HTTP-003"),
            given,
            sent(given["input"], base),
            WHY,
            source="derived; agreed by botocore 1.44.5",
        )
    known = [case["input"] for case in end.RESOLVE.cases]
    for row in rows_of(HOSTS):
        given, output = host_of(row)
        if given in known:
            continue
        RESOLVE.case(
            mix_id(RESOLVE.prefix, RESOLVE.op, given),
            title_of(row),
            _cite(HOSTS, row, "END-001 END-002"),
            given,
            ok(**output),
            WHY,
            source=AGREED if row["form"] == USUAL else PSEUDO_REGION,
        )
    for row in rows_of(CUSTOM_HOSTS):
        content = CUSTOM_HOSTS.contents(row)
        endpoint_url, url = content["url"]
        given = dict(content["options"], region=content["region"], endpoint_url=endpoint_url)
        RESOLVE.case(
            mix_id(RESOLVE.prefix, RESOLVE.op, given),
            title_of(row),
            _cite(CUSTOM_HOSTS, row, "HTTP-002 END-001"),
            given,
            ok(url=url, signing_region=content["region"], signing_name="sagemaker"),
            WHY,
            source=AGREED if url == endpoint_url else FINAL_SLASH,
        )


_cases()
