# SPDX-License-Identifier: MIT
"""Tests of conformance/endpoint/credentials_services.py: each service's replies and refusals.

tests/refimpl/config/test_system.py lets `refimpl` and botocore search for credentials with these
services. Here, raw requests check the documents, and one call uses the credentials at an Endpoint.
"""

import json
import re
from http.client import HTTPConnection
from typing import Any, Dict, Iterator, List, Optional, Tuple
from urllib.parse import urlencode, urlsplit

import pytest

from conformance.endpoint.checks import ACCESS_KEY, EXAMPLE_TOKEN, SECRET_KEY
from conformance.endpoint.credentials_services import (
    CONTAINER_PATH,
    METADATA_TOKEN,
    REFRESH_TOKEN,
    ROLE,
    SSO_TOKEN,
    CredentialsServices,
)
from conformance.endpoint.server import Endpoint
from refimpl.client import Client
from refimpl.config.chain import source_context
from refimpl.config.sts import caller_identity
from refimpl.config.system import system_surroundings
from refimpl.sigv4 import Credentials, Signer
from tests.conformance.endpoint.client import (  # noqa: F401
    DATE,
    NOW,
    nothing_is_left_running,
)

KEYS = Credentials(ACCESS_KEY, SECRET_KEY)
EXPIRATION = "2015-08-30T13:36:00Z"
AGENT = {
    "Code": "Success",
    "Type": "AWS-HMAC",
    "AccessKeyId": ACCESS_KEY,
    "SecretAccessKey": SECRET_KEY,
    "Token": EXAMPLE_TOKEN,
    "Expiration": EXPIRATION,
}
ROLES = "/latest/meta-data/iam/security-credentials/"


@pytest.fixture(name="lines")
def lines_fixture() -> List[str]:
    return []


@pytest.fixture(name="services")
def services_fixture(lines: List[str]) -> Iterator[CredentialsServices]:
    with CredentialsServices(clock=lambda: NOW, log=lines.append) as services:
        yield services


def ask(
    services: CredentialsServices,
    method: str,
    target: str,
    body: bytes = b"",
    headers: Optional[Dict[str, str]] = None,
) -> Tuple[int, str]:
    """Make one request. Return status and body."""
    connection = HTTPConnection("127.0.0.1", int(urlsplit(services.url).port or 0), timeout=10)
    try:
        connection.request(method, target, body, headers or {})
        response = connection.getresponse()
        return response.status, response.read().decode("utf-8")
    finally:
        connection.close()


# ---- STS ---------------------------------------------------------------------------------------

ROLE_FIELDS = {"RoleArn": "arn:aws:iam::123456789012:role/R", "RoleSessionName": "me"}


def sts(
    services: CredentialsServices,
    action: str,
    credentials: Any = KEYS,
    service: str = "sts",
    **fields: str,
) -> Tuple[int, str]:
    form = {"Action": action, "Version": "2011-06-15", **fields}
    body = urlencode(form).encode("ascii")
    if credentials is None:
        return ask(services, "POST", "/", body)
    host = [("Host", urlsplit(services.url).netloc)]
    made = Signer().sign("POST", "/", host, body, credentials, "eu-west-1", service, DATE)
    return ask(services, "POST", "/", body, dict(made.headers))


def members(document: str) -> Dict[str, str]:
    return dict(re.findall(r"<(\w+)>([^<]*)</\1>", document))


@pytest.mark.parametrize(
    "action, signer, more",
    [
        ("AssumeRole", KEYS, {}),
        ("AssumeRole", Credentials(ACCESS_KEY, SECRET_KEY, "any"), {}),
        ("AssumeRoleWithWebIdentity", None, {"WebIdentityToken": "a.b.c"}),
    ],
)
def test_a_role(
    services: CredentialsServices, action: str, signer: Any, more: Dict[str, str]
) -> None:
    status, document = sts(services, action, signer, **ROLE_FIELDS, **more)
    assert status == 200 and document.startswith(f"<{action}Response xmlns=")
    assert members(document) == {
        "AccessKeyId": ACCESS_KEY,
        "SecretAccessKey": SECRET_KEY,
        "SessionToken": EXAMPLE_TOKEN,
        "Expiration": EXPIRATION,
        "AssumedRoleId": "AROAEXAMPLE:me",
        "Arn": "arn:aws:sts::123456789012:assumed-role/R/me",
    }
    _, document = sts(services, action, signer, DurationSeconds="900", **ROLE_FIELDS, **more)
    assert members(document)["Expiration"] == "2015-08-30T12:51:00Z"


def test_the_caller_identity() -> None:
    with CredentialsServices() as services:
        environment = {"AWS_ENDPOINT_URL_STS": services.url, "AWS_REGION": "eu-west-1"}
        context = source_context(system_surroundings(environment), None, None)
        assert caller_identity(context, KEYS) == (
            "123456789012", "arn:aws:iam::123456789012:user/example", "AIDAEXAMPLE",
        )  # fmt: skip


@pytest.mark.parametrize(
    "action, how, status, code",
    [
        ("", {}, 400, "MissingAction"),
        ("Nonsense", {}, 400, "InvalidAction"),
        ("GetCallerIdentity", {"Version": "x"}, 400, "InvalidAction"),
        ("GetCallerIdentity", {"credentials": None}, 403, "MissingAuthenticationToken"),
        ("GetCallerIdentity", {"service": "sagemaker"}, 403, "SignatureDoesNotMatch"),
        (
            "GetCallerIdentity",
            {"credentials": Credentials("AKOTHER", "s")},
            403,
            "InvalidClientTokenId",
        ),
        (
            "GetCallerIdentity",
            {"credentials": Credentials(ACCESS_KEY, "s")},
            403,
            "SignatureDoesNotMatch",
        ),
        ("AssumeRole", {}, 400, "ValidationError"),
        ("AssumeRole", dict(ROLE_FIELDS, RoleSessionName="<"), 400, "ValidationError"),
        ("AssumeRole", dict(ROLE_FIELDS, RoleArn="arn:aws:iam::1:user/R"), 400, "ValidationError"),
        ("AssumeRole", dict(ROLE_FIELDS, DurationSeconds="899"), 400, "ValidationError"),
        ("AssumeRole", dict(ROLE_FIELDS, DurationSeconds="x"), 400, "ValidationError"),
        ("AssumeRoleWithWebIdentity", ROLE_FIELDS, 400, "ValidationError"),
    ],
)
def test_sts_refuses(
    services: CredentialsServices, action: str, how: Dict[str, Any], status: int, code: str
) -> None:
    found, document = sts(services, action, **how)
    assert (found, members(document)["Code"]) == (status, code)


# ---- SSO ---------------------------------------------------------------------------------------


def test_the_keys_of_an_sso_role(services: CredentialsServices) -> None:
    target = "/federation/credentials?role_name=R&account_id=1"
    status, body = ask(services, "GET", target, headers={"x-amz-sso_bearer_token": "t"})
    assert status == 200 and json.loads(body) == {
        "roleCredentials": {
            "accessKeyId": ACCESS_KEY,
            "secretAccessKey": SECRET_KEY,
            "sessionToken": EXAMPLE_TOKEN,
            "expiration": (int(NOW) + 3600) * 1000,
        }
    }
    assert ask(services, "GET", target)[0] == 401
    target = "/federation/credentials?role_name=R"
    assert ask(services, "GET", target, headers={"x-amz-sso_bearer_token": "t"})[0] == 400


def test_an_sso_token_is_renewed(services: CredentialsServices) -> None:
    fields = {
        "clientId": "c",
        "clientSecret": "s",
        "grantType": "refresh_token",
        "refreshToken": "r",
    }
    status, body = ask(services, "POST", "/token", json.dumps(fields).encode("ascii"))
    assert status == 200 and json.loads(body) == {
        "accessToken": SSO_TOKEN,
        "expiresIn": 3600,
        "refreshToken": REFRESH_TOKEN,
        "tokenType": "Bearer",
    }
    for wrong, code in (
        (b"", "invalid_request"),
        (b"\xff", "invalid_request"),
        (b"[" * 50000, "invalid_request"),
        (json.dumps(dict(fields, clientId="")).encode(), "invalid_request"),
        (json.dumps(dict(fields, grantType="x")).encode(), "unsupported_grant_type"),
    ):
        status, body = ask(services, "POST", "/token", wrong)
        assert (status, json.loads(body)["error"]) == (400, code)


# ---- the container's agent and instance metadata -----------------------------------------------


def test_the_agent(services: CredentialsServices) -> None:
    status, body = ask(services, "GET", CONTAINER_PATH, headers={"Authorization": "x"})
    assert (status, json.loads(body)) == (200, AGENT)


def test_metadata(services: CredentialsServices) -> None:
    put = ("PUT", "/latest/api/token")
    assert ask(services, *put)[0] == 400
    assert ask(services, *put, headers={"x-aws-ec2-metadata-token-ttl-seconds": "x"})[0] == 400
    token = ask(services, *put, headers={"x-aws-ec2-metadata-token-ttl-seconds": "60"})
    assert token == (200, METADATA_TOKEN)
    assert ask(services, "GET", ROLES)[0] == 401
    assert ask(services, "GET", ROLES, headers={"x-aws-ec2-metadata-token": "x"})[0] == 401
    role = ask(services, "GET", ROLES, headers={"x-aws-ec2-metadata-token": METADATA_TOKEN})
    assert role == (200, ROLE)
    status, body = ask(
        services, "GET", ROLES + ROLE, headers={"x-aws-ec2-metadata-token": METADATA_TOKEN}
    )
    assert (status, json.loads(body)) == (200, AGENT)
    assert (
        ask(services, "GET", ROLES + "x", headers={"x-aws-ec2-metadata-token": METADATA_TOKEN})[0]
        == 404
    )


# ---- the server --------------------------------------------------------------------------------


def test_other_requests_and_the_log(services: CredentialsServices, lines: List[str]) -> None:
    assert ask(services, "GET", "/?secret=1")[0] == 404
    assert ask(services, "POST", "/token", b"x" * 65537)[0] == 400
    assert lines == ["GET /: 404 Not Found", "POST /token: 400 Bad Request"]
    assert [len(request.body) for request in services.requests] == [0, 0]
    assert "secret" not in repr(services.requests)


def test_the_endpoint_accepts_the_credentials_that_the_variables_lead_to(tmp_path: Any) -> None:
    with CredentialsServices() as services, Endpoint(pace=0) as endpoint:
        environment = dict(line.split("=", 1) for line in services.variables)
        environment.update(
            HOME=str(tmp_path),
            AWS_CONFIG_FILE=str(tmp_path / "missing"),
            AWS_SHARED_CREDENTIALS_FILE=str(tmp_path / "missing"),
        )
        client = Client(region="eu-west-1", endpoint_url=endpoint.url, environment=environment)
        with client.invoke_endpoint_with_response_stream(
            endpoint_name="default", body=b""
        ) as response:
            assert response.collect()
        assert [request.target for request in services.requests] == [CONTAINER_PATH]
        assert endpoint.calls[0].verified
