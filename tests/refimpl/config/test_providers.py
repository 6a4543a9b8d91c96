# SPDX-License-Identifier: MIT
"""Tests of refimpl/config/providers.py: the classes for callers that choose the source."""

from urllib.parse import parse_qsl

import pytest

from refimpl.config.credentials import provider_of
from refimpl.config.providers import (
    AssumeRoleCredentials,
    ProcessCredentials,
    ProfileCredentials,
)
from refimpl.errors import ConfigurationError, UsageError
from refimpl.sigv4 import Credentials
from tests.refimpl.config.fakes import KEY, NOW, SECRET, STS, World, sts_reply
from tests.refimpl.config.test_process import DOCUMENT, output

STATIC = Credentials(KEY, SECRET)


def test_a_profile():
    config = f"[profile p]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n"
    world = World({"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"})
    world.files["/h/.aws/config"] = config
    assert ProfileCredentials("p", surroundings=world.surroundings)() == STATIC
    assert ProfileCredentials(surroundings=world.surroundings)().access_key == "a"


@pytest.mark.parametrize("command", ["tool 'a b'", ["tool", "a b"], ("tool", "a b")])
def test_a_program(command):
    world = World(process=output(DOCUMENT))
    provider = ProcessCredentials(command, timeout=5, surroundings=world.surroundings)
    assert world.commands == []
    assert provider() == STATIC
    assert world.commands == [(("tool", "a b"), 5)]
    assert repr(provider) == "ProcessCredentials('the program tool')"


@pytest.mark.parametrize("command", [[], None, 7, ["tool", 1], b"tool"])
def test_a_program_that_is_no_command(command):
    with pytest.raises(UsageError) as caught:
        ProcessCredentials(command, surroundings=World().surroundings)
    assert caught.value.kind == "type"
    with pytest.raises(ConfigurationError):
        ProcessCredentials("'open", surroundings=World().surroundings)


def test_a_role():
    world = World(replies={STS: sts_reply()}, mfa_code=lambda serial: "123456")
    provider = AssumeRoleCredentials(
        "arn:r",
        ProcessCredentials("tool", surroundings=World(process=output(DOCUMENT)).surroundings),
        region="eu-west-1",
        session_name="me",
        external_id="e",
        duration=900,
        mfa_serial="arn:mfa",
        surroundings=world.surroundings,
    )
    assert world.requests == []
    assert provider().expires == NOW + 3600
    assert dict(parse_qsl(world.requests[0].body.decode("ascii"))) == {
        "Action": "AssumeRole",
        "Version": "2011-06-15",
        "RoleArn": "arn:r",
        "RoleSessionName": "me",
        "ExternalId": "e",
        "DurationSeconds": "900",
        "SerialNumber": "arn:mfa",
        "TokenCode": "123456",
    }


def test_a_role_with_fixed_credentials_and_the_region_of_the_environment():
    world = World({"AWS_REGION": "eu-west-1"}, replies={STS: sts_reply()})
    assert AssumeRoleCredentials("r", STATIC, surroundings=world.surroundings)().session_token
    with pytest.raises(ConfigurationError, match="no region to call STS"):
        AssumeRoleCredentials("r", STATIC, surroundings=World().surroundings)()


@pytest.mark.parametrize(
    "arguments", [{"role_arn": 1}, {"duration": "900"}, {"external_id": 5}, {"source": "key"}]
)
def test_wrong_arguments_of_a_role(arguments):
    given = dict({"role_arn": "r", "source": STATIC}, **arguments)
    with pytest.raises(UsageError):
        AssumeRoleCredentials(surroundings=World().surroundings, **given)


def test_provider_of():
    assert provider_of(STATIC)() is STATIC
    assert provider_of(lambda: STATIC)() is STATIC
    with pytest.raises(UsageError) as caught:
        provider_of(lambda: ("a", SECRET))()
    assert SECRET not in str(caught.value)
    with pytest.raises(UsageError, match="Credentials, or a callable"):
        provider_of(None)
