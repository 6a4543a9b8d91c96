# SPDX-License-Identifier: MIT
"""Tests of refimpl/config/static.py: keys in the environment and in a profile.

The rules are CRED-001, CRED-002 and CRED-010.
"""

import pytest

from refimpl.config.sources import Absent
from refimpl.config.static import environment_source, has_static_keys, static_source
from refimpl.errors import ConfigurationError
from refimpl.sigv4 import Credentials
from tests.refimpl.config.fakes import KEY, LATER, NOW, SECRET, TOKEN, World

KEYS = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}


@pytest.mark.parametrize(
    "more, token, expires",
    [
        ({}, None, None),
        ({"AWS_SESSION_TOKEN": "a"}, "a", None),
        ({"AWS_SECURITY_TOKEN": "b"}, "b", None),
        ({"AWS_SESSION_TOKEN": "a", "AWS_SECURITY_TOKEN": "b"}, "a", None),
        ({"AWS_SESSION_TOKEN": "", "AWS_SECURITY_TOKEN": "b"}, "b", None),
        ({"AWS_CREDENTIAL_EXPIRATION": LATER}, None, NOW + 3600),
    ],
)
def test_environment(more, token, expires):
    found = environment_source(World(dict(KEYS, **more)).context())
    assert found() == Credentials(KEY, SECRET, token, expires)


def test_the_environment_is_read_again_at_each_renewal():
    world = World(KEYS)
    found = environment_source(world.context())
    world.surroundings.environment["AWS_ACCESS_KEY_ID"] = "OTHER"
    assert found().access_key == "OTHER"


def test_the_environment_without_keys():
    reason = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set"
    for environment in ({}, dict.fromkeys(KEYS, "")):
        assert environment_source(World(environment).context()) == Absent(reason)


def test_an_argument_for_the_profile_skips_the_environment():
    found = environment_source(World(KEYS).context("[profile p]\n", profile="p"))
    assert found == Absent("skipped, because an argument names a profile")
    named_by_variable = World(dict(KEYS, AWS_PROFILE="p")).context("[profile p]\n")
    assert environment_source(named_by_variable)().access_key == KEY


@pytest.mark.parametrize("missing", sorted(KEYS))
def test_half_a_pair_in_the_environment(missing):
    found = environment_source(World({**KEYS, missing: ""}).context())
    with pytest.raises(ConfigurationError) as caught:
        found()
    assert (caught.value.rule, caught.value.actual) == ("CRED-001", f"no {missing}")
    assert SECRET not in str(caught.value)


def test_an_invalid_expiration_in_the_environment():
    found = environment_source(World(dict(KEYS, AWS_CREDENTIAL_EXPIRATION="soon")).context())
    with pytest.raises(ConfigurationError, match="AWS_CREDENTIAL_EXPIRATION is not a timestamp"):
        found()


def test_a_key_with_a_line_feed_is_rejected_without_showing_it():
    found = environment_source(World(dict(KEYS, AWS_SECRET_ACCESS_KEY=SECRET + "\n")).context())
    with pytest.raises(ConfigurationError) as caught:
        found()
    assert "secret_key contains" in str(caught.value) and SECRET not in str(caught.value)


PROFILE = f"[default]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n"


@pytest.mark.parametrize(
    "more, token",
    [
        ("", None),
        (f"aws_session_token = {TOKEN}", TOKEN),
        (f"aws_security_token = {TOKEN}", TOKEN),
        (f"aws_session_token = {TOKEN}\naws_security_token = b", TOKEN),
    ],
)
def test_profile(more, token):
    context = World().context(PROFILE + more)
    assert static_source(context)() == Credentials(KEY, SECRET, token)
    assert has_static_keys(context.profile.section)


def test_keys_of_the_credentials_file_win():
    world = World(files={"/h/.aws/credentials": PROFILE.replace(KEY, "OTHER")})
    assert static_source(world.context(PROFILE))().access_key == "OTHER"


def test_a_profile_without_keys():
    assert static_source(World().context("")) == Absent(
        "the profile default has no aws_access_key_id"
    )
    assert not has_static_keys({})


@pytest.mark.parametrize("missing", ["aws_access_key_id", "aws_secret_access_key"])
def test_half_a_pair_in_a_profile(missing):
    text = "".join(line for line in PROFILE.splitlines(True) if missing not in line)
    with pytest.raises(ConfigurationError) as caught:
        static_source(World().context(text))
    assert str(caught.value).startswith(f"the profile default has no {missing} (expected {missing}")
    assert "/h/.aws/config, line 2" in str(caught.value) and SECRET not in str(caught.value)
