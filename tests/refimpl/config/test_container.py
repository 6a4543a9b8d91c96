# SPDX-License-Identifier: MIT
"""Tests of refimpl/config/container.py: the agents of ECS and EKS.

The plan: the published cases for the URL; hosts that botocore accepts and rejects; the token from
a variable and from a file; retries; and every reply that is rejected.

The rules are CRED-015 and CRED-017.
"""

import json

import pytest

from refimpl.config.container import container_source, container_url
from refimpl.config.sources import Absent
from refimpl.errors import ConfigurationError, NetworkError
from refimpl.sigv4 import Credentials
from tests.refimpl.config.fakes import KEY, LATER, NOW, SECRET, TOKEN, World, reply
from tests.support import corpora

RELATIVE = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
FULL = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
DOCUMENT = {"AccessKeyId": KEY, "SecretAccessKey": SECRET, "Token": TOKEN, "Expiration": LATER}
GOOD = reply(200, json.dumps(DOCUMENT))
ECS = "GET http://169.254.170.2/v2/credentials/a"
EKS = "http://169.254.170.23/v1/credentials"


def test_published_cases():
    path = corpora("config") / "ecs-tests.json"
    cases = json.loads(path.read_text(encoding="utf-8"))["tests"]
    assert len(cases) == 11
    for case in cases:
        given, expected = case["env"], case["result"]
        if not given:
            assert isinstance(container_source(World().context()), Absent)
        elif "Ok" in expected:
            assert container_url(given.get(RELATIVE), given.get(FULL)) == expected["Ok"]
        else:
            with pytest.raises(ConfigurationError, match="is not a usable URL"):
                container_url(given.get(RELATIVE), given.get(FULL))


HOSTS = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "localhost", "127.0.0.1", "127.1.2.3"]
BAD_HOSTS = ["169.254.170.3", "example.com", "127.0.0.1.example.com", "[fd00:ec2::24]", "10.0.0.1"]
BAD_HOSTS += ["localhost.example.com", "169.254.169.254", "[::ffff:10.0.0.1]"]


@pytest.mark.parametrize("host", [*HOSTS, "[::1]", *BAD_HOSTS])
def test_plain_http_reaches_only_trusted_hosts(host):
    url = f"http://{host}/c"
    good = host not in BAD_HOSTS
    fetcher = pytest.importorskip("botocore.utils").ContainerMetadataFetcher()
    if good:
        assert container_url(None, url) == url
        fetcher._validate_allowed_url(url)
    else:
        with pytest.raises(ConfigurationError, match="names a host that plain http must not"):
            container_url(None, url)
        with pytest.raises(ValueError):
            fetcher._validate_allowed_url(url)
    assert container_url(None, f"https://{host}/c") == f"https://{host}/c"


def test_the_error_names_the_variable_that_has_the_host():
    with pytest.raises(ConfigurationError, match="CREDENTIALS_RELATIVE_URI is not a path"):
        container_url(".evil.example/x", None)


@pytest.mark.parametrize(
    "url",
    ["ftp://localhost/", "http://user:pw@localhost/", "localhost/x", "http://localhost/ x", "http:///",
     "http://localhost/?a=b#c", "http://localhost/?a b", "http://localhost:99999/"],
)  # fmt: skip
def test_urls_that_are_rejected(url):
    with pytest.raises(ConfigurationError) as caught:
        container_url(None, url)
    assert "pw" not in str(caught.value)


def test_a_relative_uri_cannot_name_another_host():
    for relative in ("@evil.example/", ".evil.example/", ":80@evil.example"):
        with pytest.raises(ConfigurationError):
            container_url(relative, None)


def test_credentials_of_ecs():
    world = World({RELATIVE: "/v2/credentials/a"}, replies={ECS: GOOD})
    found = container_source(world.context())
    assert world.requests == []
    assert found() == Credentials(KEY, SECRET, TOKEN, NOW + 3600)
    (request,) = world.requests
    assert request.direct and request.connect_timeout == 1.0
    assert dict(request.headers) == {"Host": "169.254.170.2", "Accept": "application/json"}


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
def test_the_token_of_a_file_is_read_again_without_its_line_feed(end):
    variable = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
    environment = {FULL: EKS, variable: "/token", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "unused"}
    world = World(environment, {"/token": "one" + end}, {"GET " + EKS: GOOD})
    found = container_source(world.context())
    found()
    world.files["/token"] = "two" + end
    found()
    assert [dict(one.headers)["Authorization"] for one in world.requests] == ["one", "two"]


def test_the_token_of_a_variable():
    variable = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
    for text in ("Basic abc", "Basic abc\n", "\r\n\t Basic abc \t\r\n"):
        world = World({FULL: EKS, variable: text}, replies={"GET " + EKS: GOOD})
        container_source(world.context())()
        assert dict(world.requests[0].headers)["Authorization"] == "Basic abc"
    for token in ("a\nX-Evil: 1", "a\rb", "é", "\xa0a", " \t\r\n"):
        world = World({FULL: EKS, variable: token}, replies={"GET " + EKS: GOOD})
        with pytest.raises(ConfigurationError, match="AUTHORIZATION_TOKEN is unusable") as caught:
            container_source(world.context())()
        assert world.requests == [] and "Evil" not in str(caught.value)


@pytest.mark.parametrize("token, problem", [(None, "does not exist"), ("a\nb", "is unusable")])
def test_token_files_that_are_rejected(token, problem):
    environment = {FULL: EKS, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/token"}
    with pytest.raises(ConfigurationError, match=f"the file of AWS_CONTAINER.* /token {problem}"):
        container_source(World(environment, {"/token": token}).context())()


def container(answers):
    return World({RELATIVE: "/v2/credentials/a"}, replies={ECS: answers})


def test_one_retry():
    down = NetworkError("refused", retryable=True)
    for first in (down, reply(500), reply(429)):
        world = container([first, GOOD])
        assert container_source(world.context())().access_key == KEY
        assert len(world.requests) == 2 and len(world.slept) == 1
    with pytest.raises(NetworkError, match="no credentials from the container's agent at 169"):
        container_source(container([down, down]).context())()


@pytest.mark.parametrize("kind", ["timeout", "network"])
def test_a_request_that_was_sent_is_not_repeated(kind):
    world = container([NetworkError("no response", kind=kind, sent=True, retryable=True), GOOD])
    with pytest.raises(NetworkError, match="no response"):
        container_source(world.context())()
    assert len(world.requests) == 1


@pytest.mark.parametrize("status", [302, 400, 403, 404])
def test_a_refusal_is_not_retried(status):
    world = container([reply(status, SECRET)])
    with pytest.raises(ConfigurationError, match="at 169.254.170.2 refused the req") as caught:
        container_source(world.context())()
    assert SECRET not in str(caught.value) and caught.value.status == status


@pytest.mark.parametrize(
    "body, problem",
    [
        ("<html>", "is HTML or XML"),
        ("", "is not JSON"),
        (SECRET, "is not JSON"),
        ("{}", "has no AccessKeyId and SecretAccessKey and Token and Expiration"),
        (json.dumps({**DOCUMENT, "Token": None}), "has no Token"),
        (json.dumps({**DOCUMENT, "Expiration": "x"}), "is not a timestamp"),
    ],
)
def test_replies_that_are_rejected(body, problem):
    with pytest.raises(ConfigurationError, match=problem) as caught:
        container_source(container(reply(200, body)).context())()
    assert SECRET not in str(caught.value)
