# SPDX-License-Identifier: MIT
"""Tests of refimpl/config/sts.py: the requests to the token service and its replies.

The plan: the signed request equals botocore's for the same call; the hosts of STS and SSO equal
botocore's rule sets in each partition; and every reply that is rejected, without secrets.

The rules are CRED-004, CRED-011, CRED-018 and CRED-019.
"""

import datetime

import pytest

from refimpl.config.sts import (
    caller_identity,
    explained,
    fetch_service,
    service_url,
    sts_credentials,
    sts_request,
)
from refimpl.errors import ConfigurationError, HttpError, NetworkError
from refimpl.sigv4 import Credentials
from tests.refimpl.config.fakes import (
    KEY,
    NOW,
    SECRET,
    STS,
    TOKEN,
    World,
    reply,
    sts_error,
    sts_reply,
)

SIGNER = Credentials(KEY, SECRET, TOKEN)
PARAMETERS = [("RoleArn", "arn:aws:iam::1:role/R"), ("RoleSessionName", "s+=,.@-é")]


def test_a_request_is_plain_data():
    request = sts_request(World().context(), "AssumeRole", PARAMETERS, SIGNER)
    assert (request.method, request.url) == tuple(STS.split())
    assert request.body == (
        b"Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2FR"
        b"&RoleSessionName=s%2B%3D%2C.%40-%C3%A9"
    )
    headers = dict(request.headers)
    assert headers["Host"] == "sts.eu-west-1.amazonaws.com"
    assert headers["Content-Length"] == str(len(request.body))
    assert headers["x-amz-security-token"] == TOKEN
    assert "Credential=AKIDEXAMPLE/20270115/eu-west-1/sts/aws4_request" in headers["authorization"]
    assert repr(request) == "FetchRequest(POST https://sts.eu-west-1.amazonaws.com/)"
    assert not request.direct


def test_a_request_without_credentials_is_not_signed():
    request = sts_request(World().context(), "AssumeRoleWithWebIdentity", PARAMETERS)
    assert [name for name, _ in request.headers] == ["Host", "Content-Type", "Content-Length"]


def test_botocore_signs_the_same_request():
    auth = pytest.importorskip("botocore.auth")
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials as TheirCredentials

    request = sts_request(World().context(), "AssumeRole", PARAMETERS, SIGNER)
    headers = dict(request.headers)
    signer = auth.SigV4Auth(TheirCredentials(KEY, SECRET, TOKEN), "sts", "eu-west-1")
    theirs = AWSRequest(
        "POST", request.url, {"Content-Type": headers["Content-Type"]}, request.body
    )
    now = datetime.datetime.fromtimestamp(NOW, datetime.timezone.utc)
    theirs.context["timestamp"] = now.strftime("%Y%m%dT%H%M%SZ")
    theirs.headers["X-Amz-Date"] = theirs.context["timestamp"]
    theirs.headers["X-Amz-Security-Token"] = TOKEN
    signature = signer.signature(
        signer.string_to_sign(theirs, signer.canonical_request(theirs)), theirs
    )
    assert headers["authorization"].endswith(signature)


# ---- hosts -------------------------------------------------------------------------------------

REGIONS = ["us-east-1", "eu-west-1", "cn-north-1", "us-gov-west-1", "us-iso-east-1"]
REGIONS += ["us-isob-east-1", "eu-isoe-west-1", "us-isof-south-1", "eusc-de-east-1"]
OPTIONS = [(False, False), (True, False), (False, True), (True, True)]
SERVICES = [("sts", "sts", "sts"), ("sso", "portal.sso", "sso"), ("sso_oidc", "oidc", "sso-oidc")]


@pytest.mark.parametrize("service, labels, model", SERVICES)
def test_hosts_are_those_of_botocore(service, labels, model):
    endpoints = pytest.importorskip("botocore.endpoint_provider")
    from botocore.exceptions import EndpointProviderError
    from botocore.loaders import Loader

    loader = Loader()
    provider = endpoints.EndpointProvider(
        loader.load_service_model(model, "endpoint-rule-set-1"), loader.load_data("partitions")
    )
    compared = 0
    for region in REGIONS:
        for use_fips, use_dualstack in OPTIONS:
            given = {"Region": region, "UseFIPS": use_fips, "UseDualStack": use_dualstack}
            if service == "sts":
                given["UseGlobalEndpoint"] = False
            try:
                expected = provider.resolve_endpoint(**given).url
            except EndpointProviderError:
                continue  # the partition does not offer it
            world = World(
                {
                    "AWS_USE_FIPS_ENDPOINT": str(use_fips),
                    "AWS_USE_DUALSTACK_ENDPOINT": str(use_dualstack),
                }
            )
            assert service_url(world.context(), service, labels, region) == expected, given
            compared += 1
    assert compared >= 20


def test_custom_endpoints():
    context = World({"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9/base/"}).context()
    request = sts_request(context, "A", [])
    assert request.url == "http://127.0.0.1:9/base/"
    assert dict(request.headers)["Host"] == "127.0.0.1:9"
    both = {"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9", "AWS_USE_FIPS_ENDPOINT": "true"}
    with pytest.raises(ConfigurationError, match="a custom endpoint excludes FIPS"):
        sts_request(World(both).context(), "A", [])
    with pytest.raises(ConfigurationError, match="endpoint URL"):
        sts_request(World({"AWS_ENDPOINT_URL_STS": "ftp://x"}).context(), "A", [])


def test_the_region():
    with pytest.raises(ConfigurationError, match="no region to call STS"):
        sts_request(World().context(region=None), "A", [])
    with pytest.raises(ConfigurationError, match="invalid region"):
        sts_request(World().context(region="a/b"), "A", [])
    profile = World().context("[default]\nregion = ap-south-1", region=None)
    assert sts_request(profile, "A", []).url == "https://sts.ap-south-1.amazonaws.com/"


# ---- replies -----------------------------------------------------------------------------------


def asked(answer):
    world = World(replies={STS: answer})
    context = world.context()
    request = sts_request(context, "AssumeRole", PARAMETERS, SIGNER)
    secrets = (SECRET, TOKEN)
    return sts_credentials(
        context, "AssumeRole", "assume R", lambda offset: request, "CRED-011", secrets
    )


def test_credentials():
    expected = Credentials("ASIAROLE", "ASIAROLEsecret", "ASIAROLEtoken", NOW + 3600)
    assert asked(sts_reply()) == expected


@pytest.mark.parametrize(
    "answer, message",
    [
        (sts_error("AccessDenied", "not allowed"), "cannot assume R: AccessDenied: not allowed"),
        (sts_error("X", f"{SECRET} {TOKEN}"), "cannot assume R: X: <hidden> <hidden>"),
        (reply(403, "<Error><Code>Y</Code></Error>"), "cannot assume R: Y: no message"),
        (reply(500, "<a/>"), "cannot assume R: no error code: no message"),
        (reply(200, "<html><p>"), "cannot assume R: the reply of STS is not XML"),
        (reply(502, "Bad Gateway"), "cannot assume R: the reply of STS is not XML"),
        (reply(302, ""), "cannot assume R: the reply of STS is not XML"),
        (reply(200, "<a/>"), "the reply of STS to AssumeRole has no Credentials"),
        (
            reply(200, "<a><AssumeRoleResult><Credentials/></AssumeRoleResult></a>"),
            "the reply of STS to AssumeRole lacks a part of the credentials",
        ),
        (sts_reply(expiration="x"), "the expiration of the reply of STS to AssumeRole is not a t"),
        (
            sts_reply(key="a b"),
            "unusable keys in the reply of STS to AssumeRole: access_key contains a space",
        ),
        (
            reply(200, '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
            "cannot assume R: the reply of STS is not XML",
        ),
    ],
)
def test_replies_that_are_rejected(answer, message):
    with pytest.raises(ConfigurationError) as caught:
        asked(answer)
    assert str(caught.value).startswith(message)
    assert SECRET not in str(caught.value) and TOKEN not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_evidence_of_a_refusal():
    with pytest.raises(ConfigurationError) as caught:
        asked(sts_error("Throttling", "slow down", 400))
    assert (caught.value.status, caught.value.code, caught.value.retryable) == (
        400,
        "Throttling",
        True,
    )
    with pytest.raises(ConfigurationError) as caught:
        asked(sts_error("AccessDenied", "no"))
    assert not caught.value.retryable


def test_a_network_error_says_what_it_prevented():
    error = NetworkError("cannot connect to x", kind="timeout", retryable=True, actual="x")
    with pytest.raises(NetworkError) as caught:
        asked(error)
    assert caught.value.message == "cannot assume R: cannot connect to x"
    assert (caught.value.kind, caught.value.retryable) == ("timeout", True)
    assert isinstance(explained(HttpError("y"), "z"), HttpError)


# ---- retries -----------------------------------------------------------------------------------


def fetched(*answers):
    world = World(replies={STS: list(answers)})
    context = world.context()

    def request(offset):
        return sts_request(context, "AssumeRole", PARAMETERS, SIGNER, offset)

    return world, lambda: fetch_service(world.surroundings, request)


@pytest.mark.parametrize(
    "failure",
    [
        NetworkError("refused", retryable=True),
        NetworkError("reset", retryable=True, sent=True),
        reply(503, ""),
        sts_error("Throttling", "slow down", 400),
    ],
)
def test_a_failed_request_is_repeated(failure):
    world, fetch = fetched(failure, failure, sts_reply())
    assert fetch().status == 200
    assert len(world.requests) == 3 and world.slept == [1.0, 2.0]


def test_three_attempts_are_the_limit():
    world, fetch = fetched(*[reply(500, str(number)) for number in range(4)])
    assert fetch().body == b"2"
    world, fetch = fetched(*[NetworkError("down", retryable=True)] * 4)
    with pytest.raises(NetworkError, match="down"):
        fetch()
    assert len(world.requests) == 3


@pytest.mark.parametrize(
    "answer", [sts_error("AccessDenied", "no"), reply(404, ""), reply(302, "")]
)
def test_a_refusal_is_not_repeated(answer):
    world, fetch = fetched(answer)
    assert fetch().status == answer.status and len(world.requests) == 1


def test_a_wrong_clock_is_corrected_once():
    date = ("Date", "Fri, 16 Jan 2027 08:00:00 GMT")
    late = sts_error("SignatureDoesNotMatch", "Signature expired")._replace(headers=(date,))
    world, fetch = fetched(late, sts_reply())
    assert fetch().status == 200
    dates = [dict(request.headers)["x-amz-date"] for request in world.requests]
    assert dates == ["20270115T080000Z", "20270116T080000Z"] and world.slept == [0.0]
    world, fetch = fetched(late, late, late)
    assert fetch().status == 403 and len(world.requests) == 2


# ---- the identity --------------------------------------------------------------------------------

IDENTITY = (
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::1:user/u</Arn>"
    "<UserId>AIDA</UserId><Account>1</Account></GetCallerIdentityResult>"
    "</GetCallerIdentityResponse>"
)


def test_caller_identity():
    world = World(replies={STS: reply(200, IDENTITY)})
    assert caller_identity(world.context(), SIGNER) == ("1", "arn:aws:iam::1:user/u", "AIDA")
    assert world.requests[0].body == b"Action=GetCallerIdentity&Version=2011-06-15"


@pytest.mark.parametrize(
    "answer, message",
    [
        (sts_error("InvalidClientTokenId", f"bad {TOKEN}"), "cannot get the identity: InvalidClie"),
        (reply(200, "<a/>"), "the reply of STS has no identity"),
        (reply(200, IDENTITY.replace("AIDA", "")), "the reply of STS has no identity"),
        (reply(200, "<html>"), "cannot get the identity: the reply of STS is not XML"),
    ],
)
def test_replies_without_an_identity(answer, message):
    with pytest.raises(ConfigurationError) as caught:
        caller_identity(World(replies={STS: answer}).context(), SIGNER)
    assert str(caught.value).startswith(message) and TOKEN not in str(caught.value)
