# SPDX-License-Identifier: MIT
"""Tests of refimpl/config/chain.py: the order of the sources and the error if none has credentials.

The plan: the published cases of AWS for the chain; each pair of neighbours in the order; an error
of a configured source ends the chain; the error if none works; and the same files and environment
in botocore.

The rules are CRED-002.
"""

import json
import pickle

import pytest

from refimpl.config.chain import (
    CHAIN,
    CredentialChain,
    NoCredentialsError,
    find_credentials,
    source_context,
)
from refimpl.config.sources import Absent
from refimpl.errors import ConfigurationError, Error, UsageError
from refimpl.sigv4 import Credentials
from tests.refimpl.config.fakes import NOW, SECRET, STS, World, reply, sts_reply
from tests.refimpl.config.test_process import DOCUMENT, output
from tests.refimpl.config.test_sso import KEYS as SSO_KEYS
from tests.support import corpora

METADATA = "http://169.254.169.254/latest/"
ROLES = f"GET {METADATA}meta-data/iam/security-credentials/"


def keys_reply(key):
    document = {
        "AccessKeyId": key,
        "SecretAccessKey": "s",
        "Token": "t",
        "Expiration": "2027-01-15T14:00:00Z",
    }
    return reply(200, json.dumps(document))


REPLIES = {
    STS: lambda request: sts_reply(
        request.body.decode().partition("&")[0].partition("=")[2], key="STS"
    ),
    "GET http://169.254.170.2/c": keys_reply("CONTAINER"),
    f"PUT {METADATA}api/token": reply(200, "t"),
    ROLES: reply(200, "r"),
    f"{ROLES}r": keys_reply("METADATA"),
    "GET https://portal.sso.eu-west-1.amazonaws.com/federation/credentials"
    "?role_name=r&account_id=1": reply(200, json.dumps(SSO_KEYS)),
}
CACHE = "/h/.aws/sso/cache/0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33.json"  # SHA-1 of foo
CONFIGURATIONS = {
    "environment": ({"AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s"}, ""),
    "assume-role": ({}, "role_arn = R\nsource_profile = base\n"),
    "web-identity": ({"AWS_WEB_IDENTITY_TOKEN_FILE": "/t", "AWS_ROLE_ARN": "R"}, ""),
    "sso": ({}, "sso_session = foo\nsso_account_id = 1\nsso_role_name = r\n"),
    "static": ({}, "aws_access_key_id = STATIC\naws_secret_access_key = s\n"),
    "process": ({}, "credential_process = tool\n"),
    "container": ({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/c"}, ""),
    "metadata": ({}, ""),
}
REST = (
    "[profile base]\naws_access_key_id = BASE\naws_secret_access_key = s\n"
    "[sso-session foo]\nsso_region = eu-west-1\nsso_start_url = https://a.example\n"
)


def world_of(*names):
    environment, config = {}, "[default]\n"
    for name in names:
        environment.update(CONFIGURATIONS[name][0])
        config += CONFIGURATIONS[name][1]
    files = {
        "/h/.aws/config": config + REST,
        "/t": "jwt",
        CACHE: '{"accessToken": "a", "expiresAt": "2027-01-15T16:00:00Z"}',
    }
    return World(environment, files, REPLIES, output(dict(DOCUMENT, AccessKeyId="PROCESS")))


def test_the_order():
    assert [name for name, _ in CHAIN if name != "login"] == list(CONFIGURATIONS)


@pytest.mark.parametrize("first", range(len(CONFIGURATIONS)))
def test_each_source_wins_over_all_later_ones(first):
    names = list(CONFIGURATIONS)[first:]
    assert find_credentials(world_of(*names).context())[0] == names[0]
    assert find_credentials(world_of(names[0]).context())[0] == names[0]


# ---- published cases ---------------------------------------------------------------------------

PROVIDERS = {
    "Environment": "environment",
    "WebIdentityTokenEnv": "web-identity",
    "ProfileStaticKeys": "static",
    "ProfileSessionKeys": "static",
    "ProfileAssumeRole": "assume-role",
    "ProfileSsoSession": "sso",
    "EcsContainer": "container",
    "Ec2InstanceMetadata": "metadata",
}
NOT_APPLICABLE = {
    "6": "suggests a module to install; this client has all sources",
    "9": "prefers keys to a role, but AWS's cases for roles and botocore use the role (CRED-002)",
    "15": "two providers claim a slot; a chain is a tuple of sources and has no slots to claim",
    "16": "two providers have one name; a chain is a tuple, and a name only labels a source",
    "19": "goes on after a custom provider has failed; here a configured source decides (CRED-002)",
    "21": "searches for a token; this operation accepts only signatures",
    "23": "tells providers about a rejected identity; here providers renew by time only (CRED-003)",
}
SLOTS = {
    "ENVIRONMENT": "environment",
    "PROFILE_SSO_SESSION": "sso",
    "EC2_INSTANCE_METADATA": "metadata",
}


def chain_with(custom):
    """Return the chain with the custom providers of a case at their places."""
    chain = list(CHAIN)
    for provider in custom:
        ordering = provider["ordering"]
        place = [name for name, _ in chain].index(SLOTS[ordering["slot"]])
        chain.insert(
            place + (ordering["type"] == "After"), (provider["name"], custom_source(provider))
        )
    return tuple(chain)


def custom_source(provider):
    keys = provider["response"]
    if not provider["present"] or not provider.get("supportsIdentityType", True):
        return lambda context: Absent("absent")
    found = Credentials(keys["accessKeyId"], keys["secretAccessKey"], keys.get("sessionToken"))
    return lambda context: lambda: found


def published_world(given):
    def keys(name):
        found = given.get(name) or {}
        return None if "error" in found else found

    config = given.get("preloadedConfigFile") or given.get("configFiles", {}).get("aws", "")
    sso = "/h/.aws/sso/cache/34c6fceca75e456f25e7e99531e2425c6c1de443.json"  # SHA-1 of dev
    world = World(
        given.get("env"),
        {
            "/h/.aws/config": config,
            "/some/path": "jwt",
            sso: '{"accessToken": "a", "expiresAt": "2027-01-15T16:00:00Z"}',
        },
    )
    replies = world.replies
    if keys("stsResponse"):
        replies[STS] = REPLIES[STS]
    if keys("httpResponse"):
        replies["GET http://169.254.170.2/v2/credentials/abc"] = keys_reply("HTTP")
    if keys("imdsResponse"):
        replies.update({url: found for url, found in REPLIES.items() if METADATA in url})
    if keys("ssoResponse"):
        url = "GET https://portal.sso.us-west-2.amazonaws.com/federation/credentials"
        replies[url + "?role_name=role&account_id=123456789012"] = reply(200, json.dumps(SSO_KEYS))
    return world


def test_every_published_case():
    path = corpora("config") / "modular-credential-chain-tests.json"
    judged = 0
    for case in json.loads(path.read_text(encoding="utf-8")):
        given, expected = case["input"], case["expected"]
        if case["id"] in NOT_APPLICABLE:
            continue
        judged += 1
        if "clientIdentityResolver" in given:
            continue  # the client never builds a chain if credentials are passed
        world = published_world(given)
        context = world.context(profile=given.get("profileNameOverride"))
        chain = chain_with(given.get("customProviders", ()))
        if "resolved" in expected:
            wanted = expected["selectedProvider"]
            name, _, keys = find_credentials(context, chain)
            assert name == PROVIDERS.get(wanted, wanted), case
            if name == wanted:
                assert keys.access_key == expected["resolved"]["accessKeyId"]
            continue
        with pytest.raises(Error) as caught:
            find_credentials(context, chain)
        tried = expected["resolutionError"]["providersTried"]
        assert isinstance(caught.value, NoCredentialsError) == (tried == []), case["id"]
    assert judged == 22


# ---- errors ------------------------------------------------------------------------------------


def test_a_configured_source_that_fails_ends_the_chain():
    world = world_of("assume-role", "static", "metadata")
    world.replies[STS] = reply(403, "<Error><Code>AccessDenied</Code></Error>")
    with pytest.raises(ConfigurationError, match="AccessDenied"):
        find_credentials(world.context())
    assert all("169.254" not in request.url for request in world.requests)


def test_the_error_if_no_source_has_credentials():
    with pytest.raises(NoCredentialsError) as caught:
        find_credentials(World().context("[default]\nregion = x"))
    lines = str(caught.value).split("\n")
    assert lines[0] == "no credentials (rule CRED-002)"
    assert [line.partition(":")[0].strip() for line in lines[1:]] == [name for name, _ in CHAIN]
    assert lines[1] == "  environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set"
    assert lines[-1] == ("  metadata: cannot connect to http://169.254.169.254/latest/api/token")
    assert caught.value.tried[0][0] == "environment"
    assert repr(caught.value) == "NoCredentialsError(configuration: no credentials)"
    assert pickle.loads(pickle.dumps(caught.value)).tried == caught.value.tried


def test_a_missing_profile_is_an_error_before_any_source():
    with pytest.raises(ConfigurationError, match="the profile x does not exist"):
        source_context(World({"AWS_PROFILE": "x"}).surroundings)


# ---- the provider ------------------------------------------------------------------------------


def test_the_chain_is_searched_once_and_lazily():
    world = world_of("process")
    reads = []
    read = world.surroundings.read_file
    world.surroundings.read_file = lambda path, limit: reads.append(path) or read(path, limit)
    chain = CredentialChain(world.surroundings)
    assert reads == [] and chain.source is None
    assert chain() == Credentials("PROCESS", SECRET)
    assert reads == ["/h/.aws/config", "/h/.aws/credentials"] and chain.source == "process"
    assert chain().access_key == "PROCESS" and len(world.commands) == 1
    assert repr(chain) == "CredentialChain('the source process')"


def test_a_failed_search_is_repeated():
    world = world_of()
    chain = CredentialChain(world.surroundings, region="eu-west-1")
    replies, world.replies = world.replies, {}
    with pytest.raises(NoCredentialsError):
        chain()
    world.replies = replies
    assert chain().access_key == "METADATA" and chain.source == "metadata"


def test_the_chain_renews_from_the_source_it_found():
    world = world_of("metadata")
    chain = CredentialChain(world.surroundings)
    chain()
    world.now = NOW + 6 * 3600 - 60
    world.surroundings.environment.update(AWS_ACCESS_KEY_ID="ENV", AWS_SECRET_ACCESS_KEY="s")
    assert chain().access_key == "METADATA" and len(world.requests) == 6


def test_arguments():
    world = world_of("environment", "static")
    assert CredentialChain(world.surroundings)().access_key == "ENV"
    assert CredentialChain(world.surroundings, profile="base")().access_key == "BASE"
    with pytest.raises(UsageError):
        CredentialChain(world.surroundings, profile=1)


# ---- botocore ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "names",
    [
        ("environment", "assume-role", "static"),
        ("web-identity", "sso", "static"),
        ("sso", "static", "process"),
        ("static",),
        ("assume-role", "web-identity"),
        ("assume-role", "sso", "process"),
    ],
)
def test_botocore_chooses_the_same_source(names, tmp_path, monkeypatch):
    session = pytest.importorskip("botocore.session")
    credentials = pytest.importorskip("botocore.credentials")
    world = world_of(*names)
    (tmp_path / "config").write_text(world.files["/h/.aws/config"], encoding="utf-8")
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "missing"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name, value in world.surroundings.environment.items():
        monkeypatch.setenv(name, value)
    resolver = credentials.create_credential_resolver(session.Session(), region_name="eu-west-1")
    theirs = {
        "env": "environment",
        "assume-role": "assume-role",
        "assume-role-with-web-identity": "web-identity",
        "sso": "sso",
        "shared-credentials-file": "static",
        "config-file": "static",
        "custom-process": "process",
    }[resolver.load_credentials().method]
    assert find_credentials(world.context())[0] == theirs == names[0]


def test_contexts_and_providers_show_no_secret():
    world = World(files={"/h/.aws/config": f"[default]\naws_secret_access_key = {SECRET}\n"})
    context = world.context()
    assert SECRET not in repr(context) and SECRET not in repr(context.settings)
    assert SECRET not in repr(CredentialChain(world.surroundings))


def test_expired_credentials_name_their_source():
    world = world_of("process")
    document = dict(DOCUMENT, Expiration="2027-01-15T07:59:59Z")
    world.process = output(document)
    with pytest.raises(ConfigurationError) as caught:
        CredentialChain(world.surroundings)()
    assert str(caught.value).startswith(
        "the credentials of the source process have already expired"
    )
