# SPDX-License-Identifier: MIT
"""Tests of refimpl/config/assume_role.py: roles of profiles and their sources.

The plan: the published cases of AWS for chains of profiles; what is sent for each property; loops,
missing profiles and wrong sources; the second factor; and renewal through the whole chain.

The rules are CRED-011 and CRED-014.
"""

import json
from urllib.parse import parse_qsl

import pytest

from refimpl.config.assume_role import assume_role_source
from refimpl.config.chain import CredentialChain, find_credentials
from refimpl.config.sources import Absent
from refimpl.errors import ConfigurationError
from tests.refimpl.config.fakes import (
    KEY,
    NOW,
    SECRET,
    STS,
    World,
    reply,
    sts_error,
    sts_reply,
)
from tests.support import corpora

ROLE = "arn:aws:iam::1:role/R"
STATIC = f"aws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n"


def form(request):
    return dict(parse_qsl(request.body.decode("ascii")))


def signer_of(request):
    return dict(request.headers)["authorization"].partition("Credential=")[2].partition("/")[0]


def role_world(answer=None, **options):
    return World(replies={STS: answer or sts_reply()}, **options)


# ---- published cases ---------------------------------------------------------------------------


def config_text(given):
    def section(header, properties):
        lines = "".join(f"{name} = {value}\n" for name, value in properties.items())
        return f"[{header}]\n{lines}"

    profiles = [section(f"profile {n}", p) for n, p in given["profiles"].items()]
    sessions = [section(f"sso-session {n}", p) for n, p in given.get("sso_sessions", {}).items()]
    return "".join(profiles + sessions)


def answer_sts(request):
    sent = form(request)
    return sts_reply(sent["Action"], "role-" + sent["RoleArn"].rpartition("/")[2])


def observed_chain(world):
    """Return the chain of the requests that were sent, as the published cases write it."""
    chain = []
    for request in world.requests:
        if request.method == "POST":
            sent = form(request)
            step = {"role_arn": sent["RoleArn"]}
            if not sent["RoleSessionName"].startswith("refimpl-"):
                step["role_session_name"] = sent["RoleSessionName"]
            if "ExternalId" in sent:
                step["external_id"] = sent["ExternalId"]
            if sent["Action"] == "AssumeRole":
                if not chain:
                    chain.append(signer_of(request))
                chain.append({"AssumeRole": step})
            else:
                step["web_identity_token_file"] = "/var/token.jwt"
                chain.append({"WebIdentityToken": step})
    return chain


def expected_chain(steps):
    first = steps[0]
    if "AccessKey" in first:
        steps = [first["AccessKey"]["access_key_id"], *steps[1:]]
    elif "NamedSource" in first:
        steps = ["ASIAMETADATA", *steps[1:]]
    return steps


METADATA = "http://169.254.169.254/latest/"
INSTANCE = {
    f"PUT {METADATA}api/token": reply(200, "t"),
    f"GET {METADATA}meta-data/iam/security-credentials/": reply(200, "r"),
    f"GET {METADATA}meta-data/iam/security-credentials/r": reply(
        200,
        '{"AccessKeyId": "ASIAMETADATA", "SecretAccessKey": "s", "Token": "t",'
        ' "Expiration": "2027-01-15T14:00:00Z"}',
    ),
}


def test_every_published_case():
    path = corpora("config") / "assume-role-tests.json"
    cases = json.loads(path.read_text(encoding="utf-8"))
    assert len(cases) == 28
    for case in cases:
        given, expected = case["input"], case["output"]
        world = World(files={"/var/token.jwt": "jwt"}, replies={STS: answer_sts, **INSTANCE})
        if "Error" in expected:
            world.replies = {STS: answer_sts}
            with pytest.raises(ConfigurationError):
                find_credentials(world.context(config_text(given), given["selected_profile"]))
            continue
        steps = expected["ProfileChain"]
        context = world.context(config_text(given), given["selected_profile"])
        if "Sso" in steps[0]:
            # A login without account and role gives a bearer token, which nothing here uses.
            has_role = "sso_role_name" in steps[0]["Sso"]
            with pytest.raises(ConfigurationError, match="run `aws sso" if has_role else "no cred"):
                world.replies = {}
                find_credentials(context)
            continue
        find_credentials(context)
        assert observed_chain(world) == expected_chain(steps), case["docs"]


# ---- what is sent ------------------------------------------------------------------------------


def test_properties_of_the_request():
    config = (
        f"[default]\nrole_arn = {ROLE}\nsource_profile = base\nrole_session_name = me\n"
        f"external_id = e/1\nduration_seconds = 3600\n[profile base]\n{STATIC}"
    )
    world = role_world()
    credentials = assume_role_source(world.context(config))()
    assert (credentials.access_key, credentials.expires) == ("ASIAROLE", NOW + 3600)
    assert form(world.requests[0]) == {
        "Action": "AssumeRole",
        "Version": "2011-06-15",
        "RoleArn": ROLE,
        "RoleSessionName": "me",
        "ExternalId": "e/1",
        "DurationSeconds": "3600",
    }
    assert signer_of(world.requests[0]) == KEY


def test_nothing_is_sent_before_the_first_use():
    world = role_world()
    assume_role_source(
        world.context(f"[default]\nrole_arn = {ROLE}\nsource_profile = default\n{STATIC}")
    )
    assert world.requests == []


def test_absent():
    for config in ("", f"[default]\nrole_arn = {ROLE}\nweb_identity_token_file = t"):
        assert isinstance(assume_role_source(World().context(config)), Absent)


@pytest.mark.parametrize(
    "config, problem",
    [
        ("role_arn = R", "has role_arn with neither of source_profile and credential_source"),
        (
            "role_arn = R\nsource_profile = default\ncredential_source = Environment",
            "has role_arn with both of source_profile and credential_source",
        ),
        ("role_arn = R\nsource_profile = x", "the source_profile x of the profile default does"),
        ("role_arn = R\nsource_profile = default", "form a loop: default -> default"),
        (
            "role_arn = R\nsource_profile = b\n[profile b]\nrole_arn = S\nsource_profile = c\n"
            "[profile c]\nrole_arn = S\nsource_profile = b",
            "the profiles form a loop: default -> b -> c -> b",
        ),
        (
            "role_arn = R\nsource_profile = b\n[profile b]\nregion = x",
            "the source_profile b of the profile default has no credentials: no AWS_WEB",
        ),
        (
            "role_arn = R\nsource_profile = b\n[profile b]\naws_access_key_id = x",
            "the profile b has no aws_secret_access_key",
        ),
        ("role_arn = R\ncredential_source = Vault", "names an unknown credential_source"),
        (
            "role_arn = R\ncredential_source = Environment",
            "the credential_source Environment of the profile default has no credentials",
        ),
        (
            f"role_arn = R\nsource_profile = default\nduration_seconds = 1h\n{STATIC}",
            "invalid duration_seconds in /h/.aws/config, line 4",
        ),
        (
            "role_arn = R\nsource_profile = b\n[profile b]\nlogin_session = x",
            "the profile b uses login_session, which this client does not support",
        ),
    ],
)
def test_configurations_that_are_rejected(config, problem):
    with pytest.raises(ConfigurationError) as caught:
        assume_role_source(World().context(f"[default]\n{config}"))
    assert problem in str(caught.value)


def test_login_session_names_the_remedy():
    with pytest.raises(ConfigurationError) as caught:
        find_credentials(World().context("[profile p]\nlogin_session = x", "p"))
    assert "credential_process = aws configure export-credentials --profile p" in str(caught.value)


def test_a_missing_source_profile_names_the_profiles():
    with pytest.raises(ConfigurationError, match="profiles in .*config and .*: default"):
        assume_role_source(World().context("[default]\nrole_arn = R\nsource_profile = x"))


@pytest.mark.parametrize("name", ["Environment", "environment"])
def test_named_source_environment(name):
    world = role_world()
    world.surroundings.environment.update(AWS_ACCESS_KEY_ID="ENV", AWS_SECRET_ACCESS_KEY="s")
    config = f"[profile p]\nrole_arn = R\ncredential_source = {name}"
    assume_role_source(world.context(config, profile="p"))()
    assert signer_of(world.requests[0]) == "ENV"


def test_named_source_container():
    world = role_world()
    world.surroundings.environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/c"
    world.replies["GET http://169.254.170.2/c"] = INSTANCE[
        f"GET {METADATA}meta-data/iam/security-credentials/r"
    ]
    config = "[default]\nrole_arn = R\ncredential_source = EcsContainer"
    assume_role_source(world.context(config))()
    assert signer_of(world.requests[-1]) == "ASIAMETADATA"


def test_a_refusal_names_the_role_and_hides_the_secret():
    config = f"[default]\nrole_arn = {ROLE}\nsource_profile = default\n{STATIC}"
    world = role_world(sts_error("AccessDenied", f"User x with {SECRET} is not authorized"))
    with pytest.raises(ConfigurationError) as caught:
        assume_role_source(world.context(config))()
    assert str(caught.value) == (
        f"cannot assume the role {ROLE}: AccessDenied: User x with <hidden> is not authorized"
        " (got HTTP 403, rule CRED-011)"
    )


# ---- the second factor -------------------------------------------------------------------------

MFA = f"[default]\nrole_arn = {ROLE}\nsource_profile = default\nmfa_serial = arn:mfa\n{STATIC}"


def test_a_code_is_asked_for_at_each_renewal():
    asked = []

    def code(serial):
        asked.append(serial)
        return f"12345{len(asked)}"

    world = role_world(mfa_code=code)
    found = assume_role_source(world.context(MFA))
    assert asked == []
    found()
    found()
    assert asked == ["arn:mfa"] * 2
    assert [form(request)["TokenCode"] for request in world.requests] == ["123451", "123452"]
    assert form(world.requests[0])["SerialNumber"] == "arn:mfa"


def test_without_a_callback_the_error_names_the_device():
    with pytest.raises(ConfigurationError) as caught:
        assume_role_source(role_world().context(MFA))()
    assert "the profile default needs a code from the device arn:mfa" in str(caught.value)
    assert "mfa_code=" in str(caught.value)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "12345x", None, 123456])
def test_a_wrong_code_is_rejected_without_showing_it(code):
    with pytest.raises(ConfigurationError, match="six digits") as caught:
        assume_role_source(role_world(mfa_code=lambda serial: code).context(MFA))()
    assert "12345" not in str(caught.value)


# ---- renewal -----------------------------------------------------------------------------------


def test_a_chain_renews_the_role_and_its_source():
    config = (
        f"[default]\nrole_arn = {ROLE}A\nsource_profile = b\n"
        f"[profile b]\nrole_arn = {ROLE}B\nsource_profile = c\n[profile c]\n{STATIC}"
    )
    world = World(files={"/h/.aws/config": config})

    def answer(request):
        name = form(request)["RoleArn"][-1]
        hours = {"A": 9, "B": 11}[name]
        return sts_reply(
            key=f"{name}{len(world.requests)}", expiration=f"2027-01-15T{hours:02}:00:00Z"
        )

    world.replies[STS] = answer
    chain = CredentialChain(world.surroundings, region="eu-west-1")
    assert chain().access_key == "A2" and chain.source == "assume-role"
    world.now = NOW + 3600 - 60
    world.replies[STS] = lambda request: sts_reply(key="A3", expiration="2027-01-15T12:00:00Z")
    assert chain().access_key == "A3"
    assert [form(request)["RoleArn"][-1] for request in world.requests] == ["B", "A", "A"]
    assert signer_of(world.requests[2]) == "B1"
