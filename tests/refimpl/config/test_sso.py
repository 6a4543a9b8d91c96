# SPDX-License-Identifier: MIT
"""Tests of refimpl/config/sso.py: the cached login, its renewal, and the keys of a role.

The plan: the cache file's name as botocore computes it; both kinds of profiles; a token that is
valid, expires soon or has expired, with and without a refresh token; every reply that is rejected.
Each error for a user who must log in says which command to run, and no error shows a token.

The rules are CRED-004, CRED-014 and CRED-018.
"""

import json

import pytest

from refimpl.config.sources import Absent
from refimpl.config.sso import sso_source
from refimpl.errors import ConfigurationError, NetworkError
from refimpl.sigv4 import Credentials
from tests.refimpl.config.fakes import NOW, World, reply

SESSION = """[default]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = Admin Role
[sso-session corp]
sso_region = eu-central-1
sso_start_url = https://corp.awsapps.com/start
"""
LEGACY = """[default]
sso_account_id = 123456789012
sso_role_name = Admin Role
sso_region = eu-central-1
sso_start_url = https://corp.awsapps.com/start
"""
PORTAL = (
    "GET https://portal.sso.eu-central-1.amazonaws.com/federation/credentials"
    "?role_name=Admin%20Role&account_id=123456789012"
)
OIDC = "POST https://oidc.eu-central-1.amazonaws.com/token"
BEARER, REFRESH, CLIENT = "bearer-token-1", "refresh-token-1", "client-secret-1"
KEYS = {
    "roleCredentials": {
        "accessKeyId": "ASIASSO",
        "secretAccessKey": "ssosecret",
        "sessionToken": "ssotoken",
        "expiration": (NOW + 3600) * 1000,
    }
}
TOKEN = {"accessToken": BEARER, "expiresAt": "2027-01-15T16:00:00Z", "startUrl": "x"}
REFRESHABLE = dict(
    TOKEN,
    refreshToken=REFRESH,
    clientId="client",
    clientSecret=CLIENT,
    registrationExpiresAt="2027-02-01T00:00:00Z",
)
SOON, PAST = {"expiresAt": "2027-01-15T08:10:00Z"}, {"expiresAt": "2027-01-15T07:00:00UTC"}
RENEWED = {"accessToken": "bearer-token-2", "expiresIn": 28800, "refreshToken": "refresh-token-2"}
ADVICE = "run `aws sso login --profile default`"


def cache_path(key):
    loader = pytest.importorskip("botocore.utils").SSOTokenLoader()
    return f"/h/.aws/sso/cache/{loader._generate_cache_key(key, None)}.json"


def world(token, config=SESSION, keys=KEYS, renewal=None):
    key = "corp" if config == SESSION else "https://corp.awsapps.com/start"
    files = {"/h/.aws/config": config}
    if token is not None:
        files[cache_path(key)] = token if isinstance(token, (str, OSError)) else json.dumps(token)
    replies = {PORTAL: keys if not isinstance(keys, dict) else reply(200, json.dumps(keys))}
    if renewal is not None:
        replies[OIDC] = renewal
    return World(files=files, replies=replies)


def rejected(outside):
    with pytest.raises(ConfigurationError) as caught:
        sso_source(outside.context())()
    text = str(caught.value)
    assert not any(secret in text for secret in (BEARER, REFRESH, CLIENT))
    assert len(text.splitlines()) == 1
    return text


@pytest.mark.parametrize("config", [SESSION, LEGACY])
def test_keys_of_a_login(config):
    outside = world(TOKEN, config)
    found = sso_source(outside.context())
    assert outside.requests == []
    assert found() == Credentials("ASIASSO", "ssosecret", "ssotoken", NOW + 3600)
    (request,) = outside.requests
    assert dict(request.headers) == {
        "Host": "portal.sso.eu-central-1.amazonaws.com",
        "x-amz-sso_bearer_token": BEARER,
    }


def test_profiles_without_sso():
    assert sso_source(World().context("")) == Absent("the profile default has no sso_account_id")
    assert isinstance(sso_source(World().context("[default]\nsso_session = corp")), Absent)


@pytest.mark.parametrize(
    "config, problem",
    [
        (LEGACY.replace("sso_role_name", "x"), "uses SSO without sso_role_name"),
        (LEGACY.replace("sso_account_id", "x"), "uses SSO without sso_account_id"),
        (LEGACY.replace("sso_region", "x"), "uses SSO without sso_region"),
        (SESSION.replace("sso_start_url", "x"), "uses SSO without sso_start_url"),
        (
            SESSION.replace("sso-session corp", "sso-session other"),
            "names the sso-session corp, which does not exist (sso-sessions: other)",
        ),
        (
            SESSION.replace("[sso-session", "sso_region = us-east-1\n[sso-session"),
            "sso_region differs between the profile default and the sso-session corp",
        ),
    ],
)
def test_configurations_that_are_rejected(config, problem):
    with pytest.raises(ConfigurationError) as caught:
        sso_source(World().context(config))
    assert problem in str(caught.value)


# ---- the token ---------------------------------------------------------------------------------


def test_a_token_that_expires_soon_is_renewed_and_saved():
    for expiration in (SOON, PAST):
        outside = world(dict(REFRESHABLE, **expiration), renewal=reply(200, json.dumps(RENEWED)))
        sso_source(outside.context())()
        renewal, keys = outside.requests
        assert json.loads(renewal.body) == {
            "clientId": "client",
            "clientSecret": CLIENT,
            "grantType": "refresh_token",
            "refreshToken": REFRESH,
        }
        assert dict(keys.headers)["x-amz-sso_bearer_token"] == "bearer-token-2"
        assert json.loads(outside.files[cache_path("corp")]) == dict(
            REFRESHABLE,
            startUrl="https://corp.awsapps.com/start",
            region="eu-central-1",
            accessToken="bearer-token-2",
            refreshToken="refresh-token-2",
            expiresAt="2027-01-15T16:00:00Z",
        )
        assert BEARER not in repr(outside.requests)


def test_a_cache_that_cannot_be_written_does_not_matter():
    outside = world(dict(REFRESHABLE, **SOON), renewal=reply(200, json.dumps(RENEWED)))
    outside.surroundings.write_file = lambda path, data: (_ for _ in ()).throw(OSError(30, "ro"))
    assert sso_source(outside.context())().access_key == "ASIASSO"


@pytest.mark.parametrize(
    "renewal",
    [
        NetworkError("down"),
        reply(400, '{"error": "invalid_grant", "error_description": "expired"}'),
        reply(500, "<html>"),
        reply(200, "{}"),
        reply(200, '{"accessToken": "a", "expiresIn": true}'),
    ],
)
def test_a_failed_renewal_matters_only_when_the_token_has_expired(renewal):
    outside = world(dict(REFRESHABLE, **SOON), renewal=renewal)
    assert sso_source(outside.context())().access_key == "ASIASSO"
    assert dict(outside.requests[-1].headers)["x-amz-sso_bearer_token"] == BEARER
    text = rejected(world(dict(REFRESHABLE, **PAST), renewal=renewal))
    assert "has expired and could not be renewed: " in text and ADVICE in text


def test_an_expired_token_without_a_refresh_token():
    expected = f"the SSO token of the profile default has expired and cannot be renewed; {ADVICE}"
    assert rejected(world(dict(TOKEN, **PAST))).startswith(expected)
    assert rejected(world(dict(TOKEN, **PAST), LEGACY)).startswith(expected)
    # A registration that has expired cannot renew anything, and an old profile never renews.
    expired = dict(REFRESHABLE, **PAST)
    expired["registrationExpiresAt"] = "2027-01-01T00:00:00Z"
    assert rejected(world(expired)).startswith(expected)
    assert rejected(world(dict(REFRESHABLE, **PAST), LEGACY)).startswith(expected)


@pytest.mark.parametrize(
    "token, problem",
    [
        (None, "the profile default has no SSO token; "),
        ("", "is not JSON; "),
        ('{"accessToken": "' + BEARER, "is not JSON; "),
        ("[]", "is not a JSON object; "),
        ({"accessToken": BEARER}, "is incomplete; "),
        ({"expiresAt": "2027-01-15T16:00:00Z"}, "is incomplete; "),
        (dict(TOKEN, expiresAt=1), "has the wrong type; "),
        (dict(TOKEN, expiresAt="tomorrow"), "is not a timestamp; "),
    ],
)
def test_cache_files_that_are_rejected(token, problem):
    assert problem + ADVICE in rejected(world(token))


def test_a_cache_file_that_cannot_be_read():
    text = rejected(world(PermissionError(13, "Permission denied")))
    assert f"cannot read the cached SSO token {cache_path('corp')}: Permission denied" in text


# ---- the keys ----------------------------------------------------------------------------------


INCOMPLETE = {"roleCredentials": dict(KEYS["roleCredentials"], expiration="x")}
NOT_A_TIME = {"roleCredentials": dict(KEYS["roleCredentials"], expiration=True)}


@pytest.mark.parametrize(
    "keys, problem",
    [
        (reply(401, "{}"), f"SSO no longer accepts the token of the profile default; {ADVICE}"),
        (
            reply(403, '{"message": "No"}'),
            "get the role Admin Role of the account 123456789012: No",
        ),
        (reply(403, json.dumps({"message": f"bad {BEARER}"})), "bad <hidden>"),
        (reply(403, "{}"), "no message"),
        (reply(502, "<html>"), "the reply of SSO is HTML or XML"),
        (reply(200, "{}"), "has no roleCredentials"),
        (reply(200, '{"roleCredentials": {}}'), "lacks a part of the credentials"),
        (reply(200, json.dumps(INCOMPLETE)), "lacks a part of the credentials"),
        (reply(200, json.dumps(NOT_A_TIME)), "lacks a part of the credentials"),
    ],
)
def test_replies_that_are_rejected(keys, problem):
    assert problem in rejected(world(TOKEN, keys=keys))


def test_a_network_error_says_what_it_prevented():
    with pytest.raises(NetworkError, match="cannot reach SSO: down"):
        sso_source(world(TOKEN, keys=NetworkError("down")).context())()


def test_a_renewal_that_was_sent_is_not_repeated():
    lost = NetworkError("reset", sent=True, retryable=True)
    outside = world(dict(REFRESHABLE, **PAST), renewal=lost)
    assert "could not be renewed: cannot reach SSO: reset" in rejected(outside)
    assert len(outside.requests) == 1
    outside = world(TOKEN, keys=[lost, reply(200, json.dumps(KEYS))])
    assert sso_source(outside.context())().access_key == "ASIASSO"
