# SPDX-License-Identifier: MIT
"""Tests of refimpl/config/settings.py: the order of argument, variable and profile, with origins.

The plan: each setting from each place and in its order; the published order of endpoint URLs,
compared with botocore; and values that are rejected with their place.

The rules are CRED-030, CRED-031, CRED-032 and CRED-033.
"""

import pytest

from refimpl.config.environment import origin_of
from refimpl.config.profiles import ConfigFile, parse_shared_config, select_profile
from refimpl.config.settings import Setting, Settings
from refimpl.errors import ConfigurationError


def settings(environment=None, config=""):
    shared = parse_shared_config(ConfigFile("config", config.encode("utf-8")))
    return Settings(environment or {}, shared, select_profile(shared, environment or {}))


PROFILE = "the profile default in config, line 2"


@pytest.mark.parametrize(
    "environment, config, expected",
    [
        ({}, "", None),
        ({}, "[default]\nregion = a", ("a", PROFILE)),
        (
            {"AWS_DEFAULT_REGION": "b"},
            "[default]\nregion = a",
            ("b", "the variable AWS_DEFAULT_REGION"),
        ),
        ({"AWS_DEFAULT_REGION": "b", "AWS_REGION": "c"}, "", ("c", "the variable AWS_REGION")),
        ({"AWS_REGION": ""}, "[default]\nregion = a", ("a", PROFILE)),
        ({}, "[default]\nregion =", None),
        ({}, "[default]\nregion =\n a = b", None),
    ],
)
def test_region(environment, config, expected):
    found = settings(environment, config).region()
    assert found == (None if expected is None else Setting(*expected))


def test_ca_bundle():
    names = ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", None, "SSL_CERT_FILE"]
    environment = {name: name for name in names if name}
    config = "[default]\nca_bundle = profile"
    for name in names:
        assert settings(environment, config).ca_bundle().value == (name or "profile")
        if name:
            del environment[name]
        else:
            config = ""
    assert settings({}).ca_bundle() is None


@pytest.mark.parametrize("method, name", [("use_fips", "fips"), ("use_dualstack", "dualstack")])
def test_flags(method, name):
    variable, prop = f"AWS_USE_{name.upper()}_ENDPOINT", f"use_{name}_endpoint"
    assert getattr(settings(), method)() is False
    assert getattr(settings({variable: "TRUE"}), method)() is True
    assert getattr(settings({}, f"[default]\n{prop} = true"), method)() is True
    assert getattr(settings({variable: "false"}, f"[default]\n{prop} = true"), method)() is False
    with pytest.raises(ConfigurationError) as caught:
        getattr(settings({}, f"[default]\n{prop} = yes"), method)()
    assert str(caught.value) == (
        f"invalid flag in {PROFILE} (expected true or false, got yes, rule CRED-033)"
    )


def test_retries():
    assert settings().retry_mode() is None and settings().max_attempts() is None
    found = settings({"AWS_RETRY_MODE": "adaptive", "AWS_MAX_ATTEMPTS": "5"})
    assert (found.retry_mode().value, found.max_attempts()) == ("adaptive", 5)
    assert settings({}, "[default]\nmax_attempts = 2").max_attempts() == 2
    found = settings({"AWS_RETRY_MODE": "Standard", "AWS_MAX_ATTEMPTS": "02"})
    assert (found.retry_mode().value, found.max_attempts()) == ("Standard", 2)
    with pytest.raises(ConfigurationError, match="invalid retry mode in the variable AWS_RETRY_MO"):
        settings({"AWS_RETRY_MODE": "fast"}).retry_mode()
    for text in ("0", "-1", "1.5", "x", "٣", "+3", "10000", "1_0", "00"):
        with pytest.raises(ConfigurationError, match="integer from 1 to 9999"):
            settings({"AWS_MAX_ATTEMPTS": text}).max_attempts()


CONFIG = """[default]
services = mine
endpoint_url = https://profile.example
[services mine]
sagemaker_runtime =
  endpoint_url = https://services.example
sts =
  endpoint_url = https://sts.example
"""
OWN, GENERAL = "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", "AWS_ENDPOINT_URL"
ENDPOINTS = [
    ({OWN: "https://own.example", GENERAL: "https://general.example"}, CONFIG, "own"),
    ({GENERAL: "https://general.example"}, CONFIG, "general"),
    ({}, CONFIG, "services"),
    ({}, CONFIG.replace("services = mine\n", ""), "profile"),
    ({}, CONFIG.replace("sagemaker_runtime", "sagemaker"), "profile"),
    ({"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true", GENERAL: "https://x.example"}, CONFIG, None),
    ({}, CONFIG.replace("[services", "ignore_configured_endpoint_urls = true\n[services"), None),
    ({}, "", None),
]


@pytest.mark.parametrize("environment, config, expected", ENDPOINTS)
def test_endpoint_url(environment, config, expected):
    found = settings(environment, config).endpoint_url()
    assert (found and found.value) == (expected and f"https://{expected}.example")


@pytest.mark.slow
@pytest.mark.parametrize("environment, config, expected", ENDPOINTS)
def test_botocore_chooses_the_same_endpoint(environment, config, expected, tmp_path, monkeypatch):
    session = pytest.importorskip("botocore.session")
    (tmp_path / "config").write_text(config, encoding="utf-8")
    for name in (OWN, GENERAL, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "missing"))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    client = session.Session().create_client(
        "sagemaker-runtime",
        region_name="eu-west-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
    )
    host = f"{expected}.example" if expected else "runtime.sagemaker.eu-west-1.amazonaws.com"
    assert client.meta.endpoint_url == f"https://{host}"


def test_endpoints_of_other_services():
    assert settings({}, CONFIG).endpoint_url("sts") == Setting(
        "https://sts.example", "the services section mine in config, line 7"
    )
    assert settings({"AWS_ENDPOINT_URL_SSO_OIDC": "https://a"}).endpoint_url("sso_oidc").value


def test_a_missing_services_section_is_named():
    with pytest.raises(ConfigurationError) as caught:
        settings({}, "[default]\nservices = other").endpoint_url()
    assert str(caught.value) == (
        f"{PROFILE} names the services section other, which does not exist (rule CRED-032)"
    )


def test_the_variables_have_what_the_client_reads():
    config = (
        "[default]\nregion = eu-west-1\nca_bundle = /ca\nretry_mode = standard\nmax_attempts = 4\n"
        "use_fips_endpoint = true\nendpoint_url = https://profile.example\n"
    )
    assert settings({}, config).variables() == {
        "AWS_REGION": "eu-west-1",
        "AWS_CA_BUNDLE": "/ca",
        "AWS_RETRY_MODE": "standard",
        "AWS_MAX_ATTEMPTS": "4",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_USE_DUALSTACK_ENDPOINT": "false",
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": "https://profile.example",
    }
    environment = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": "https://a.example"}
    found = settings(environment, config).variables()
    assert origin_of(found, "AWS_CA_BUNDLE") == "the profile default in config, line 3"
    assert origin_of(found, "AWS_REGION") == "the variable AWS_DEFAULT_REGION"
    assert origin_of(found, "AWS_PROFILE") == "AWS_PROFILE" == origin_of({}, "AWS_PROFILE")
    assert found["AWS_REGION"] == "us-east-1"
    assert found["AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME"] == "https://a.example"
    with pytest.raises(ConfigurationError, match="invalid flag in the profile default"):
        settings({}, "[default]\nuse_fips_endpoint = 1").variables()
