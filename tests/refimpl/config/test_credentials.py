# SPDX-License-Identifier: MIT
"""Tests of refimpl/config/credentials.py: credentials from a mapping of variables.

If one key is missing or empty, the error names it. Invalid keys are rejected by name. No error
shows a secret. The process's environment is never read.
"""

import pickle

import pytest

from refimpl.config.credentials import (
    ACCESS_KEY_VARIABLE,
    SECRET_KEY_VARIABLE,
    TOKEN_VARIABLE,
    credentials_from_environment,
)
from refimpl.errors import ConfigurationError, UsageError
from refimpl.sigv4 import Credentials

ACCESS_KEY = "AKIDEXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TOKEN = "EXAMPLE/SESSION+TOKEN=="
BOTH = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}


@pytest.fixture(autouse=True)
def own_environment(monkeypatch):
    for name in (ACCESS_KEY_VARIABLE, SECRET_KEY_VARIABLE, TOKEN_VARIABLE):
        monkeypatch.setenv(name, "FROMTHEPROCESS")


def refusal(environment):
    with pytest.raises(ConfigurationError) as caught:
        credentials_from_environment(environment)
    error = caught.value
    told = str(error) + repr(error) + repr(vars(error)) + repr(error.args)
    assert (
        SECRET_KEY not in told
        and "wJalr" not in told
        and TOKEN not in told
        and "FROMTHEPROCESS" not in told
    )
    return error


def test_the_names_of_the_variables():
    assert (ACCESS_KEY_VARIABLE, SECRET_KEY_VARIABLE, TOKEN_VARIABLE) == (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
    )


def test_a_pair():
    found = credentials_from_environment(BOTH)
    assert found == Credentials(ACCESS_KEY, SECRET_KEY)
    assert (found.access_key, found.secret_key, found.session_token, found.expires) == (
        ACCESS_KEY,
        SECRET_KEY,
        None,
        None,
    )


def test_a_pair_with_its_token():
    found = credentials_from_environment(dict(BOTH, AWS_SESSION_TOKEN=TOKEN))
    assert (found.access_key, found.secret_key, found.session_token) == (
        ACCESS_KEY,
        SECRET_KEY,
        TOKEN,
    )
    assert SECRET_KEY not in repr(found) and TOKEN not in repr(found)
    with pytest.raises(UsageError):
        pickle.dumps(found)


def test_the_older_name_of_the_token():
    older = dict(BOTH, AWS_SECURITY_TOKEN="old")
    assert credentials_from_environment(older).session_token == "old"
    both = dict(older, AWS_SESSION_TOKEN=TOKEN)
    assert credentials_from_environment(both).session_token == TOKEN


def test_the_expiration():
    given = dict(BOTH, AWS_CREDENTIAL_EXPIRATION="1970-01-01T00:01:00Z")
    assert credentials_from_environment(given).expires == 60.0
    with pytest.raises(ConfigurationError, match="AWS_CREDENTIAL_EXPIRATION is not a timestamp"):
        credentials_from_environment(dict(BOTH, AWS_CREDENTIAL_EXPIRATION="soon"))


@pytest.mark.parametrize(
    "more", [{"AWS_SESSION_TOKEN": ""}, {"AWS_SECURITY_TOKEN": ""}, {"aws_session_token": TOKEN}]
)
def test_rejects_an_invalid_token(more):
    assert credentials_from_environment(dict(BOTH, **more)).session_token is None


@pytest.mark.parametrize(
    "environment, missing",
    [
        ({}, "no AWS_ACCESS_KEY_ID and no AWS_SECRET_ACCESS_KEY"),
        ({"AWS_SESSION_TOKEN": TOKEN}, "no AWS_ACCESS_KEY_ID and no AWS_SECRET_ACCESS_KEY"),
        ({"AWS_ACCESS_KEY_ID": ACCESS_KEY}, "no AWS_SECRET_ACCESS_KEY"),
        ({"AWS_SECRET_ACCESS_KEY": SECRET_KEY}, "no AWS_ACCESS_KEY_ID"),
        (
            {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": ""},
            "no AWS_SECRET_ACCESS_KEY",
        ),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": SECRET_KEY}, "no AWS_ACCESS_KEY_ID"),
        (
            {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": ""},
            "no AWS_ACCESS_KEY_ID and no AWS_SECRET_ACCESS_KEY",
        ),
        (
            {"AWS_ACCESS_KEY": ACCESS_KEY, "AWS_SECRET_KEY": SECRET_KEY},
            "no AWS_ACCESS_KEY_ID and no AWS_SECRET_ACCESS_KEY",
        ),
    ],
)
def test_a_missing_key_is_named(environment, missing):
    error = refusal(environment)
    assert (error.kind, error.rule, error.actual) == ("configuration", "CRED-001", missing)
    assert error.expected == "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    assert str(error).startswith("no credentials (")


@pytest.mark.parametrize(
    "changed, named",
    [
        ({"AWS_ACCESS_KEY_ID": ACCESS_KEY + "\n"}, "access_key"),
        ({"AWS_ACCESS_KEY_ID": " "}, "access_key"),
        ({"AWS_ACCESS_KEY_ID": SECRET_KEY}, "access_key"),
        ({"AWS_ACCESS_KEY_ID": "AKID\u00c9XAMPLE"}, "access_key"),
        ({"AWS_SECRET_ACCESS_KEY": SECRET_KEY + "\r\n"}, "secret_key"),
        ({"AWS_SECRET_ACCESS_KEY": "\ud800" + SECRET_KEY}, "secret_key"),
        ({"AWS_SESSION_TOKEN": TOKEN + "\n"}, "session_token"),
        ({"AWS_SESSION_TOKEN": "\0" + TOKEN}, "session_token"),
    ],
)
def test_rejects_an_invalid_key_by_name(changed, named):
    error = refusal(dict(BOTH, **changed))
    assert error.kind == "configuration"
    assert named in str(error)
