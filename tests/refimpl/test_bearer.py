# SPDX-License-Identifier: MIT
"""Tests of refimpl/bearer.py: tokens for the OpenAI-compatible route.

AWS's generator is botocore's query signer and a few lines. The tests write these lines again and
compare the tokens. Without botocore, refimpl.sigv4.verify checks the presigned request.
"""

import base64
from unittest import mock
from urllib.parse import parse_qsl

import pytest

from refimpl.bearer import MAX_TOKEN_LIFETIME, bearer_token
from refimpl.errors import UsageError
from refimpl.sigv4 import Credentials, verify

TIME = "20150830T123600Z"
KEYS = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
PREFIX = "sagemaker-api-key-"
SESSION_TOKEN = "EXAMPLE/SESSION+TOKEN=="


def decoded(token):
    assert token.startswith(PREFIX)
    return base64.b64decode(token[len(PREFIX) :], validate=True).decode("ascii")


# SIG-050
@pytest.mark.parametrize("session_token", [None, SESSION_TOKEN])
def test_a_server_accepts_the_presigned_request(session_token):
    credentials = Credentials(*KEYS, session_token)
    text = decoded(bearer_token(credentials, "eu-west-1", TIME, 900))
    host, _, rest = text.partition("/")
    target, _, tail = ("/" + rest).rpartition("&")
    assert (host, tail) == ("sagemaker.amazonaws.com", "Version=1")
    headers = [("host", host)]
    verify("POST", target, headers, b"", credentials, "eu-west-1", "sagemaker", TIME)
    pairs = dict(parse_qsl(target.partition("?")[2]))
    assert pairs["Action"] == "CallWithBearerToken"
    assert pairs["X-Amz-Expires"] == "900"
    assert pairs["X-Amz-SignedHeaders"] == "host"
    assert pairs.get("X-Amz-Security-Token") == session_token


@pytest.mark.parametrize("session_token", [None, SESSION_TOKEN])
@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_botocore_makes_the_same_token(session_token, region):
    auth = pytest.importorskip("botocore.auth")
    from botocore.awsrequest import AWSRequest
    from botocore.compat import datetime
    from botocore.credentials import Credentials as BotocoreCredentials

    request = AWSRequest(
        method="POST",
        url="https://sagemaker.amazonaws.com/",
        headers={"host": "sagemaker.amazonaws.com"},
        params={"Action": "CallWithBearerToken"},
    )
    keys = BotocoreCredentials(*KEYS, session_token)
    now = datetime.datetime(2015, 8, 30, 12, 36)
    with mock.patch.object(auth, "get_current_datetime", lambda *_: now, create=True):
        auth.SigV4QueryAuth(keys, "sagemaker", region, expires=43200).add_auth(request)
    expected = request.url.replace("https://", "") + "&Version=1"
    found = decoded(bearer_token(Credentials(*KEYS, session_token), region, TIME))
    assert sorted(found.split("&")[1:]) == sorted(expected.split("&")[1:])
    assert found.split("&")[0] == expected.split("&")[0]
    assert found.endswith("&Version=1") and expected.endswith("&Version=1")
    if session_token is None:
        assert found == expected


@pytest.mark.parametrize("expires", [1, MAX_TOKEN_LIFETIME])
def test_valid_lifetimes(expires):
    token = bearer_token(Credentials(*KEYS), "us-east-1", TIME, expires)
    assert f"X-Amz-Expires={expires}&" in decoded(token)


@pytest.mark.parametrize(
    "expires, kind",
    [(0, "constraint"), (MAX_TOKEN_LIFETIME + 1, "constraint"), (True, "type"), ("900", "type")],
)
def test_invalid_lifetimes(expires, kind):
    with pytest.raises(UsageError) as caught:
        bearer_token(Credentials(*KEYS), "us-east-1", TIME, expires)
    assert (caught.value.kind, caught.value.rule) == (kind, "SIG-050")


def test_invalid_credentials():
    with pytest.raises(UsageError) as caught:
        bearer_token(KEYS, "us-east-1", TIME)
    assert caught.value.kind == "type" and KEYS[1] not in str(caught.value)
