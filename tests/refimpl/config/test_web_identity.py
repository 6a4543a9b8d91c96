# SPDX-License-Identifier: MIT
"""Tests of refimpl/config/web_identity.py: a token in a file, exchanged for credentials.

The rules are CRED-012.
"""

from urllib.parse import parse_qsl

import pytest

from refimpl.config.sources import Absent
from refimpl.config.web_identity import web_identity_source
from refimpl.errors import ConfigurationError
from tests.refimpl.config.fakes import NOW, STS, World, reply, sts_error, sts_reply

JWT = "eyJhbGciOi.eyJpc3MiOi.c2lnbmF0dXJl"
ROLE = "arn:aws:iam::1:role/R"
ENVIRONMENT = {"AWS_WEB_IDENTITY_TOKEN_FILE": "/var/token", "AWS_ROLE_ARN": ROLE}
REPLY = sts_reply("AssumeRoleWithWebIdentity")


def world(environment=ENVIRONMENT, token=JWT + "\n", answer=REPLY):
    return World(environment, {"/var/token": token}, {STS: answer})


def form(request):
    return dict(parse_qsl(request.body.decode("ascii")))


def test_environment():
    outside = world()
    credentials = web_identity_source(outside.context())()
    assert (credentials.access_key, credentials.expires) == ("ASIAROLE", NOW + 3600)
    assert form(outside.requests[0]) == {
        "Action": "AssumeRoleWithWebIdentity",
        "Version": "2011-06-15",
        "RoleArn": ROLE,
        "RoleSessionName": f"refimpl-{int(NOW)}",
        "WebIdentityToken": JWT,
    }
    assert "authorization" not in dict(outside.requests[0].headers)
    assert JWT not in repr(outside.requests[0])


def test_the_token_is_read_again_at_each_renewal():
    outside = world()
    found = web_identity_source(outside.context())
    assert outside.requests == []
    found()
    outside.files["/var/token"] = "second.token"
    found()
    assert form(outside.requests[1])["WebIdentityToken"] == "second.token"


def test_profile_and_its_precedence():
    config = "[default]\nrole_arn = P\nweb_identity_token_file = ~/t\nrole_session_name = s"
    outside = World({}, {"/h/t": JWT}, {STS: REPLY})
    web_identity_source(outside.context(config))()
    sent = form(outside.requests[0])
    assert (sent["RoleArn"], sent["RoleSessionName"]) == ("P", "s")
    outside = world()
    web_identity_source(outside.context(config))()
    assert form(outside.requests[0])["RoleArn"] == ROLE
    explicit = world().context(config, profile="default")
    with pytest.raises(ConfigurationError, match="/h/t does not exist"):
        web_identity_source(explicit)()


def test_absent_and_incomplete():
    assert isinstance(web_identity_source(World().context("[default]\nrole_arn = R")), Absent)
    assert isinstance(web_identity_source(world().context("[profile p]", profile="p")), Absent)
    with pytest.raises(ConfigurationError, match="without a role"):
        web_identity_source(World({"AWS_WEB_IDENTITY_TOKEN_FILE": "t"}).context())


@pytest.mark.parametrize(
    "token, problem",
    [
        (None, "does not exist"),
        (PermissionError(13, "Permission denied"), "Permission denied"),
        ("", "is unusable"),
        ("\n\n", "is unusable"),
        ("a\nb", "is unusable"),
        ("é", "is unusable"),
        ("a" * 70000, "is unusable"),
    ],
)
def test_token_files_that_are_rejected(token, problem):
    with pytest.raises(ConfigurationError, match=problem) as caught:
        web_identity_source(world(token=token).context())()
    assert "the web identity token file /var/token" in str(caught.value)


def test_errors_do_not_show_the_token():
    answer = sts_error("InvalidIdentityToken", f"The token {JWT} is wrong", 400)
    with pytest.raises(ConfigurationError) as caught:
        web_identity_source(world(answer=answer).context())()
    assert str(caught.value).startswith(
        f"cannot assume the role {ROLE} with a web identity: InvalidIdentityToken: The token"
        " <hidden> is wrong"
    )
    with pytest.raises(ConfigurationError, match="is not XML"):
        web_identity_source(world(answer=reply(503, JWT)).context())()
