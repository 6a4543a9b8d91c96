# SPDX-License-Identifier: MIT
"""Tests of refimpl/config/metadata.py: the instance metadata service, version 2.

The plan: the published cases for the URL and, for its version of the paths, for the replies; what
is sent; time-outs, retries and the hint; replies of other services at the same address.

The rules are CRED-016 and CRED-017.
"""

import json

import pytest

from refimpl.config.metadata import metadata_source, metadata_url
from refimpl.config.sources import Absent
from refimpl.errors import ConfigurationError, NetworkError
from refimpl.sigv4 import Credentials
from tests.refimpl.config.fakes import KEY, NOW, SECRET, TOKEN, World, reply
from tests.support import corpora

BASE = "http://169.254.169.254/latest/"
PUT = f"PUT {BASE}api/token"
LIST = f"GET {BASE}meta-data/iam/security-credentials/"
DOCUMENT = {
    "Code": "Success",
    "Type": "AWS-HMAC",
    "AccessKeyId": KEY,
    "SecretAccessKey": SECRET,
    "Token": TOKEN,
    "Expiration": "2027-01-15T14:00:00Z",
}
GOOD = reply(200, json.dumps(DOCUMENT))


def world(**replies):
    given = {PUT: reply(200, "imds-token"), LIST: reply(200, "role"), LIST + "role": GOOD}
    names = {"put": PUT, "roles": LIST, "keys": LIST + "role"}
    given.update((names[name], found) for name, found in replies.items())
    return World(replies=given)


def fetch(outside):
    return metadata_source(outside.context())()


def test_published_cases_for_the_url():
    path = corpora("config") / "imds-endpoint-tests.json"
    cases = json.loads(path.read_text(encoding="utf-8"))["tests"]
    assert len(cases) == 14
    for case in cases:
        if "endpoint_override" in case or "mode_override" in case:
            continue  # arguments that this client does not have
        outside = World(dict(case["env"], AWS_CONFIG_FILE="config"), case["fs"])
        expected = case["result"]
        if "Ok" in expected:
            assert metadata_url(outside.context()) + "/latest/api/token" == expected["Ok"]
        else:
            with pytest.raises(ConfigurationError, match="invalid endpoint mode|is unusable"):
                metadata_url(outside.context())


def published_replies():
    """Yield the published cases as (case, replies by path), without the paths of version 2.1.

    botocore 1.44.5 asks for the role at each renewal and only at the older paths.
    """
    path = corpora("config") / "imds-v21-tests.json"
    for case in json.loads(path.read_text(encoding="utf-8")):
        replies = {}
        for one in case["expectations"]:
            if "-extended" not in one["get"]:
                body = one["response"].get("body", "")
                text = body if isinstance(body, str) else json.dumps(body)
                replies.setdefault(one["get"], []).append(reply(one["response"]["status"], text))
        yield case, replies


def test_published_cases_for_the_replies():
    judged = 0
    for case, replies in published_replies():
        if case["config"].get("envVars"):
            outside = World(case["config"]["envVars"])
            assert metadata_source(outside.context()) == Absent("AWS_EC2_METADATA_DISABLED is true")
            judged += 1
        elif case["config"]["ec2InstanceProfileName"] is None and replies:
            outside = World(replies={PUT: reply(200, "t")})
            outside.now = 1741000000.0
            roles = replies.pop("/latest/meta-data/iam/security-credentials")
            outside.replies[LIST] = lambda request, roles=roles: roles[min(1, len(roles)) - 1]
            for path, found in replies.items():
                outside.replies["GET http://169.254.169.254" + path] = found[0]
            assert fetch(outside).access_key == "ASIAIOSFODNN7EXAMPLE", case["summary"]
            judged += 1
    assert judged == 3


def test_requests():
    outside = world()
    assert fetch(outside) == Credentials(KEY, SECRET, TOKEN, NOW + 6 * 3600)
    put, roles, keys = outside.requests
    assert dict(put.headers) == {
        "Host": "169.254.169.254",
        "x-aws-ec2-metadata-token-ttl-seconds": "21600",
        "Content-Length": "0",
    }
    for request in (roles, keys):
        assert dict(request.headers)["x-aws-ec2-metadata-token"] == "imds-token"
    for request in outside.requests:
        assert (request.direct, request.connect_timeout, request.read_timeout) == (True, 1.0, 1.0)


def test_disabled():
    for value in ("true", "TRUE"):
        outside = World({"AWS_EC2_METADATA_DISABLED": value})
        assert metadata_source(outside.context()) == Absent("AWS_EC2_METADATA_DISABLED is true")
    assert not isinstance(
        metadata_source(World({"AWS_EC2_METADATA_DISABLED": "false"}).context()), Absent
    )


def test_a_dead_service_takes_two_attempts_of_one_second():
    outside = World()
    with pytest.raises(NetworkError, match="cannot connect"):
        fetch(outside)
    assert len(outside.requests) == 2
    assert sum(one.connect_timeout for one in outside.requests) + sum(outside.slept) < 3


def test_a_reply_that_does_not_arrive_gives_the_hint():
    outside = world(put=NetworkError("timed out", kind="timeout", sent=True, retryable=True))
    with pytest.raises(NetworkError, match="hop limit of the instance's metadata to 2") as caught:
        fetch(outside)
    assert len(outside.requests) == 1 and caught.value.kind == "timeout"
    with pytest.raises(NetworkError) as caught:
        fetch(world(put=NetworkError("connecting", kind="timeout", retryable=True)))
    assert "hop" not in str(caught.value)


@pytest.mark.parametrize(
    "replies, problem",
    [
        ({"put": reply(403)}, "did not return a session token (expected version 2"),
        ({"put": reply(404)}, "did not return a session token (expected version 2"),
        ({"put": reply(405)}, "did not return a session token (expected version 2"),
        ({"put": reply(400)}, "did not return a session token (expected HTTP 200, got HTTP 400"),
        ({"put": reply(302)}, "expected no redirect: is this the metadata service?"),
        ({"put": reply(200, "")}, "is not a session token"),
        ({"put": reply(200, "<html>\n<b>")}, "is not a session token"),
        ({"put": reply(200, "a\r\nX: y")}, "is not a session token"),
        ({"roles": reply(404)}, "the instance has no role"),
        ({"roles": reply(401)}, "did not return the name of the instance's role"),
        ({"roles": reply(200, "")}, "is not the name of a role"),
        ({"roles": reply(200, "<!DOCTYPE html>")}, "is not the name of a role"),
        ({"roles": reply(200, "../../x")}, "is not the name of a role"),
        ({"roles": reply(200, "role extra")}, "is not the name of a role"),
        ({"roles": reply(200, "role\textra\n")}, "is not the name of a role"),
        ({"roles": reply(200, "role\rextra")}, "is not the name of a role"),
        ({"roles": reply(200, "\nrole")}, "is not the name of a role"),
        ({"roles": reply(200, " \r\nrole")}, "is not the name of a role"),
        ({"keys": reply(404)}, "did not return the keys of the role role"),
        ({"keys": reply(200, "<html>")}, "is HTML or XML"),
        ({"keys": reply(200, '{"Code": "AssumeRoleUnauthorizedAccess"}')}, "reports a problem"),
        ({"keys": reply(200, '{"Code": "Success"}')}, "has no AccessKeyId"),
        ({"keys": reply(200, '{"Code": null}')}, "has no AccessKeyId"),
        ({"keys": reply(200, '{"Code": 0}')}, "Code of the reply"),
        ({"keys": reply(200, '{"Code": "success"}')}, "reports a problem"),
        ({"keys": reply(200, SECRET)}, "is not JSON"),
    ],
)
def test_replies_that_are_rejected(replies, problem):
    with pytest.raises(ConfigurationError) as caught:
        fetch(world(**replies))
    assert problem in str(caught.value)
    assert SECRET not in str(caught.value) and len(str(caught.value).splitlines()) == 1


def test_server_errors_are_retried_once():
    outside = world(keys=[reply(503), GOOD])
    assert fetch(outside).access_key == KEY
    with pytest.raises(ConfigurationError, match="got HTTP 503"):
        fetch(world(keys=reply(503)))


def test_credentials_close_to_their_end_are_used():
    for expiration in ("2027-01-15T08:05:00Z", "2027-01-15T07:00:00Z"):
        body = json.dumps(dict(DOCUMENT, Expiration=expiration))
        assert fetch(world(keys=reply(200, body))).expires == NOW + 20 * 60


def test_only_spaces_and_line_ends_are_removed():
    for text in ("role", "role\n", "role\r\n", " \trole \t\r\n"):
        assert fetch(world(put=reply(200, text), roles=reply(200, text))).access_key == KEY
    assert fetch(world(put=reply(200, "\r\ntoken"))).access_key == KEY
    for space in ("\x0b", "\x0c", "\x1c", "\x1f"):
        for wrong in (space + "role", "role" + space):
            for name in ("put", "roles"):
                with pytest.raises(ConfigurationError):
                    fetch(world(**{name: reply(200, wrong)}))


def test_a_document_without_code():
    others = {name: value for name, value in DOCUMENT.items() if name != "Code"}
    for document in (others, {**others, "Code": None}, {**others, "Code": ""}):
        assert fetch(world(keys=reply(200, json.dumps(document)))).access_key == KEY


def test_the_first_role_counts():
    assert fetch(world(roles=reply(200, "role\nother\n"))).access_key == KEY
