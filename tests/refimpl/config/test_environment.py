# SPDX-License-Identifier: MIT
"""Tests of refimpl/config/environment.py: settings from a mapping of variables.

The tests check which variable takes precedence for each setting, that an empty one counts as
unset, when configured endpoints are ignored, and that os.environ is never read.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.config.environment import (
    ENDPOINT_VARIABLES,
    REGION_VARIABLES,
    check_max_attempts,
    configured_endpoint_url,
    configured_flag,
    configured_max_attempts,
    configured_region,
    first_set,
)
from refimpl.errors import ConfigurationError, UsageError

URL, OTHER = "https://one.example", "https://two.example"
IGNORE = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"
OWN, GENERAL = "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", "AWS_ENDPOINT_URL"


@pytest.fixture(autouse=True)
def own_environment(monkeypatch):
    for name in REGION_VARIABLES + ENDPOINT_VARIABLES:
        monkeypatch.setenv(name, "from-the-process")
    monkeypatch.setenv(IGNORE, "true")


@pytest.mark.parametrize(
    "environment, names, value",
    [
        ({}, ("A", "B"), None),
        ({}, (), None),
        ({"A": "a"}, (), None),
        ({"A": "a", "B": "b"}, ("A", "B"), "a"),
        ({"A": "a", "B": "b"}, ("B", "A"), "b"),
        ({"A": "", "B": "b"}, ("A", "B"), "b"),
        ({"A": "", "B": ""}, ("A", "B"), None),
        ({"B": "b"}, ("A", "B"), "b"),
        ({"a": "a"}, ("A",), None),
        ({"A": " "}, ("A",), " "),
    ],
)
def test_first_set(environment, names, value):
    assert first_set(environment, *names) == value


@given(
    st.dictionaries(st.sampled_from("ABC"), st.sampled_from(["", "x", "y"])),
    st.lists(st.sampled_from("ABC")),
)
def test_first_set_is_the_first_that_is_not_empty(environment, names):
    found = [environment[name] for name in names if environment.get(name, "") != ""]
    assert first_set(environment, *names) == (found[0] if found else None)


@pytest.mark.parametrize(
    "environment, region",
    [
        ({}, None),
        ({"AWS_REGION": "eu-west-1"}, "eu-west-1"),
        ({"AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2"),
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-1"),
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2"),
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": ""}, None),
        ({"AMAZON_REGION": "eu-west-1", "aws_region": "eu-west-1"}, None),
    ],
)
def test_region(environment, region):
    assert configured_region(environment) == region


# END-005
@pytest.mark.parametrize(
    "environment, url",
    [
        ({}, None),
        ({GENERAL: URL}, URL),
        ({OWN: URL}, URL),
        ({OWN: URL, GENERAL: OTHER}, URL),
        ({OWN: "", GENERAL: OTHER}, OTHER),
        ({OWN: "", GENERAL: ""}, None),
        ({"AWS_ENDPOINT_URL_SAGEMAKER": URL, "AWS_ENDPOINT_URL_S3": URL}, None),
    ],
)
def test_endpoint_url(environment, url):
    assert configured_endpoint_url(environment) == url


# END-005
@pytest.mark.parametrize("value", ["true", "True", "TRUE"])
def test_configured_endpoints_can_be_ignored(value):
    assert configured_endpoint_url({OWN: URL, GENERAL: OTHER, IGNORE: value}) is None


@pytest.mark.parametrize("value", ["", "false", "False"])
def test_only_true_ignores_them(value):
    assert configured_endpoint_url({OWN: URL, GENERAL: OTHER, IGNORE: value}) == URL
    assert configured_endpoint_url({IGNORE: value}) is None


# END-006
@pytest.mark.parametrize("value", ["1", "yes", "on", " true", "true ", "truth"])
def test_another_flag_does_not_choose_an_endpoint(value):
    with pytest.raises(ConfigurationError) as caught:
        configured_endpoint_url({OWN: URL, IGNORE: value})
    assert (caught.value.rule, caught.value.actual) == ("END-006", value)


def test_ignoring_endpoints_leaves_the_region():
    assert configured_region({"AWS_REGION": "eu-west-1", IGNORE: "true"}) == "eu-west-1"


# END-006
@pytest.mark.parametrize(
    "value, expected",
    [
        (None, False),
        ("", False),
        ("false", False),
        ("FALSE", False),
        ("true", True),
        ("TrUe", True),
    ],
)
def test_flags(value, expected):
    assert configured_flag({} if value is None else {"FLAG": value}, "FLAG") is expected


# END-006
@pytest.mark.parametrize("value", ["1", "yes", "tru", " true", "on"])
def test_a_flag_with_a_typing_error_is_rejected(value):
    with pytest.raises(ConfigurationError) as caught:
        configured_flag({"FLAG": value}, "FLAG")
    assert caught.value.message == "invalid flag FLAG" and caught.value.rule == "END-006"


# ---- attempts ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "environment, expected",
    [
        ({}, None),
        ({"AWS_MAX_ATTEMPTS": ""}, None),
        ({"AWS_MAX_ATTEMPTS": "1"}, 1),
        ({"AWS_MAX_ATTEMPTS": "07", "AWS_RETRY_MODE": "standard"}, 7),
        ({"AWS_MAX_ATTEMPTS": "9999", "AWS_RETRY_MODE": "Legacy"}, 9999),
        ({"AWS_RETRY_MODE": "adaptive"}, None),
    ],
)
def test_attempts_in_the_environment(environment, expected):
    assert configured_max_attempts(environment) == expected


@pytest.mark.parametrize("text", ["0", "-1", "10000", "3.0", "three", " 3", "\u0663"])
def test_an_invalid_number_of_attempts_names_the_variable(text):
    with pytest.raises(ConfigurationError) as caught:
        configured_max_attempts({"AWS_MAX_ATTEMPTS": text})
    assert "AWS_MAX_ATTEMPTS" in str(caught.value) and caught.value.rule == "RTY-001"


def test_an_unknown_mode_is_rejected():
    with pytest.raises(ConfigurationError) as caught:
        configured_max_attempts({"AWS_RETRY_MODE": "always", "AWS_MAX_ATTEMPTS": "3"})
    assert str(caught.value) == (
        "unknown retry mode in AWS_RETRY_MODE "
        "(expected standard, adaptive, legacy, got always, rule RTY-001)"
    )


@pytest.mark.parametrize("value", [1, 3, 9999])
def test_valid_attempts(value):
    assert check_max_attempts(value) == value


@pytest.mark.parametrize(
    "value, kind", [(0, "constraint"), (10000, "constraint"), (True, "type"), ("3", "type")]
)
def test_invalid_attempts(value, kind):
    with pytest.raises(UsageError) as caught:
        check_max_attempts(value)
    assert (caught.value.kind, caught.value.rule) == (kind, "RTY-001")
