# SPDX-License-Identifier: MIT
"""The same files and variables in botocore: the same region, endpoint, keys and source of keys.

The plan: hypothesis writes shared files and environments from a grammar of settings. Both clients
resolve them without a network. `for_botocore` rewrites the few variables that botocore reads
differently. Every other difference must be a row of DIFFERENCES, which has its reason, so a new
difference fails. A test checks that each row is still necessary.

The rules are CRED-001, CRED-002, CRED-010, CRED-011, CRED-024, CRED-028, CRED-030, CRED-032,
END-004 and END-005.
"""

import hashlib
import json
import os
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.endpoint.checks import ACCESS_KEY, EXAMPLE_TOKEN, SECRET_KEY
from conformance.endpoint.credentials_services import SSO_TOKEN as SSO_TOKEN_OF_SERVICE
from conformance.endpoint.credentials_services import CredentialsServices
from refimpl.client import Client
from refimpl.config.chain import CHAIN, CredentialChain
from refimpl.config.sources import Absent, SourceContext
from refimpl.config.surroundings import ProcessOutput
from refimpl.config.system import system_surroundings
from refimpl.errors import Error
from refimpl.sigv4 import Credentials
from tests.properties import examples
from tests.refimpl.config.fakes import World

pytest.importorskip("botocore")

from botocore.credentials import SSOProvider, create_credential_resolver  # noqa: E402
from botocore.exceptions import BotoCoreError, ClientError  # noqa: E402
from botocore.loaders import Loader  # noqa: E402
from botocore.session import Session  # noqa: E402
from botocore.tokens import SSOTokenProvider  # noqa: E402

Properties = Dict[str, str]
Sections = Tuple[Tuple[str, Properties], ...]
DOCUMENT = '{"Version": 1, "AccessKeyId": "PROCESS", "SecretAccessKey": "s"}'
SSO_TOKEN = '{"accessToken": "a", "expiresAt": "2027-01-15T16:00:00Z"}'
SSO_CACHE = "/h/.aws/sso/cache/0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33.json"  # SHA-1 of foo
ERROR = "error"
LOADER = Loader()  # keeps the service models, whose reading would take most of the time
# botocore's names of the sources.
SOURCES = {
    "env": "environment",
    "assume-role": "assume-role",
    "assume-role-with-web-identity": "web-identity",
    "sso": "sso",
    "shared-credentials-file": "static",
    "config-file": "static",
    "custom-process": "process",
}
LAZY = ("assume-role", "web-identity", "sso")  # their keys come from a service


class Case(NamedTuple):
    """Two files, variables, and the profile that an argument names."""

    config: Sections
    credentials: Sections
    environment: Dict[str, str]
    argument: Optional[str]


class Found(NamedTuple):
    """What a client finds. Each part is a value, None if there is none, or `error`."""

    region: Optional[str]
    endpoint: Optional[str]
    source: Optional[str]
    key: Optional[str]


def text_of(sections: Sections) -> str:
    lines: List[str] = []
    for header, properties in sections:
        lines += [f"[{header}]", *(f"{name} = {value}" for name, value in properties.items())]
    return "\n".join([*lines, ""])


# ---- both clients ------------------------------------------------------------------------------


@pytest.fixture(name="folder", scope="module")
def folder_fixture(tmp_path_factory: Any) -> Iterator[Any]:
    saved = dict(os.environ)
    for name in saved:
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            del os.environ[name]
    files = tmp_path_factory.mktemp("files")
    # botocore finds its home folder when it is imported.
    cache = str(files / ".aws" / "sso" / "cache")
    before = SSOTokenProvider._SSO_TOKEN_CACHE_DIR, SSOProvider._SSO_TOKEN_CACHE_DIR
    SSOTokenProvider._SSO_TOKEN_CACHE_DIR = SSOProvider._SSO_TOKEN_CACHE_DIR = cache
    yield files
    SSOTokenProvider._SSO_TOKEN_CACHE_DIR, SSOProvider._SSO_TOKEN_CACHE_DIR = before
    os.environ.clear()
    os.environ.update(saved)


def variables_of(case: Case, home: str) -> Dict[str, str]:
    return dict(
        case.environment,
        HOME=home,
        AWS_CONFIG_FILE="~/config",
        AWS_SHARED_CREDENTIALS_FILE="~/credentials",
        AWS_EC2_METADATA_DISABLED="true",
    )


def write_files(case: Case, folder: Any) -> None:
    (folder / "config").write_text(text_of(case.config), encoding="utf-8")
    (folder / "credentials").write_text(text_of(case.credentials), encoding="utf-8")


def for_botocore(environment: Dict[str, str]) -> Dict[str, str]:
    """Return the variables that mean the same to botocore.

    botocore does not read AWS_REGION, as all other SDKs do. It prefers AWS_DEFAULT_PROFILE, which
    most SDKs do not read, to AWS_PROFILE. It looks for a profile with an empty name.
    """
    variables = {name: value for name, value in environment.items() if value}
    if "AWS_REGION" in variables:
        variables["AWS_DEFAULT_REGION"] = variables.pop("AWS_REGION")
    if "AWS_PROFILE" in variables:
        variables.pop("AWS_DEFAULT_PROFILE", None)
    return variables


def found_by_botocore(case: Case, folder: Any) -> Found:
    write_files(case, folder)
    before = dict(os.environ)
    os.environ.update(
        variables_of(case._replace(environment=for_botocore(case.environment)), str(folder))
    )
    try:
        session = Session(profile=case.argument)
        session.register_component("data_loader", LOADER)
        try:
            session.get_scoped_config()
        except BotoCoreError:  # the profile does not exist
            return Found(ERROR, ERROR, ERROR, ERROR)
        region = session.get_config_variable("region")
        return Found(region, _endpoint_of(session), *_keys_of(session))
    finally:
        os.environ.clear()
        os.environ.update(before)


def _endpoint_of(session: Any) -> str:
    try:
        client = session.create_client(
            "sagemaker-runtime", aws_access_key_id="a", aws_secret_access_key="b"
        )
    except (BotoCoreError, ValueError):
        return ERROR
    url: str = client.meta.endpoint_url
    client.close()
    return url


def _keys_of(session: Any) -> Tuple[Optional[str], Optional[str]]:
    try:
        found = create_credential_resolver(session, region_name="eu-west-1").load_credentials()
        if found is None:
            return None, None
        source = SOURCES[found.method]
        return source, None if source in LAZY else found.get_frozen_credentials().access_key
    except BotoCoreError:
        return ERROR, ERROR


def found_by_refimpl(case: Case, folder: Any) -> Found:
    write_files(case, folder)
    region: Optional[str] = None
    endpoint = ERROR
    try:
        client = Client(
            profile=case.argument,
            environment=variables_of(case, str(folder)),
            credentials=Credentials("a", "b"),
        )
        region, endpoint = client._region, client._endpoint.url
    except Error as error:
        if error.rule == "CRED-028":
            return Found(ERROR, ERROR, ERROR, ERROR)
        found = _context_of(case).settings.region()
        region = None if found is None else found.value
    return Found(region, endpoint, *_keys_of_refimpl(_context_of(case)))


def _context_of(case: Case) -> SourceContext:
    files = {
        "/h/config": text_of(case.config),
        "/h/credentials": text_of(case.credentials),
        "/t": "jwt",
        SSO_CACHE: SSO_TOKEN,
    }
    output = ProcessOutput(0, DOCUMENT.encode("ascii"), b"")
    return World(variables_of(case, "/h"), files, process=output).context(profile=case.argument)


def _keys_of_refimpl(context: SourceContext) -> Tuple[Optional[str], Optional[str]]:
    try:
        for name, source in CHAIN:
            found: Any = source(context)
            if not isinstance(found, Absent):
                return name, None if name in LAZY else found().access_key
    except Error:
        return ERROR, ERROR
    return None, None


# ---- the grammar -------------------------------------------------------------------------------


def one_of(*rows: Properties) -> Any:
    return st.sampled_from(rows)


KEYS = {"aws_access_key_id": "AK%s", "aws_secret_access_key": "s"}
SETTINGS = (
    {"region": "eu-west-1"},
    {"region": "us-gov-west-1"},
    {"region": "cn-north-1"},
    {"endpoint_url": "https://profile.example:8443/base"},
    {"endpoint_url": "http://localhost:8080"},
    {"services": "mine"},
    {"services": "other"},
    {"services": "missing"},
    {"ignore_configured_endpoint_urls": "true"},
    {"ignore_configured_endpoint_urls": "False"},
    {"use_fips_endpoint": "true"},
    {"use_fips_endpoint": "false"},
    {"use_dualstack_endpoint": "True"},
    KEYS,
    KEYS,
    {**KEYS, "aws_session_token": "t"},
    {"aws_access_key_id": "HALF%s"},
    {"aws_secret_access_key": "s"},
    {"credential_process": f"/bin/echo '{DOCUMENT}'"},
    {"role_arn": "R", "source_profile": "a"},
    {"role_arn": "R", "source_profile": "b"},
    {"role_arn": "R", "source_profile": "default"},
    {"role_arn": "R", "source_profile": "nowhere"},
    {"role_arn": "R", "credential_source": "Environment"},
    {"role_arn": "R", "credential_source": "environment"},
    {"role_arn": "R", "credential_source": "Nothing"},
    {"role_arn": "R"},
    {"source_profile": "a"},
    {"role_arn": "R", "web_identity_token_file": "/t"},
    {"web_identity_token_file": "/t"},
    {"sso_session": "foo", "sso_account_id": "1", "sso_role_name": "r"},
    {"sso_session": "gone", "sso_account_id": "1", "sso_role_name": "r"},
    {"sso_account_id": "1"},
    {"sso_session": "foo"},
    {"duration_seconds": "900", "role_session_name": "n", "external_id": "e"},
)
VARIABLES = (
    {"AWS_PROFILE": "a"},
    {"AWS_PROFILE": "b"},
    {"AWS_PROFILE": "a b"},
    {"AWS_PROFILE": "default"},
    {"AWS_PROFILE": "nowhere"},
    {"AWS_PROFILE": ""},
    {"AWS_DEFAULT_PROFILE": "b"},
    {"AWS_REGION": "ap-south-1"},
    {"AWS_DEFAULT_REGION": "us-east-2"},
    {"AWS_DEFAULT_REGION": ""},
    {"AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s"},
    {"AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"},
    {"AWS_ACCESS_KEY_ID": "ENV"},
    {"AWS_SECRET_ACCESS_KEY": "s"},
    {"AWS_ENDPOINT_URL": "https://general.example"},
    {"AWS_ENDPOINT_URL": ""},
    {"AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": "https://own.example/x"},
    {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
    {"AWS_USE_FIPS_ENDPOINT": "true"},
    {"AWS_USE_FIPS_ENDPOINT": "FALSE"},
    {"AWS_USE_DUALSTACK_ENDPOINT": "true"},
    {"AWS_WEB_IDENTITY_TOKEN_FILE": "/t", "AWS_ROLE_ARN": "R"},
    {"AWS_WEB_IDENTITY_TOKEN_FILE": "/t"},
    {"AWS_ROLE_ARN": "R"},
)
SERVICES = (
    (
        "services mine",
        {"sagemaker_runtime": "\n  endpoint_url = https://services.example"},
    ),
    ("services other", {"sts": "\n  endpoint_url = https://sts.example"}),
)
SSO_SESSION = ("sso-session foo", {"sso_region": "eu-west-1", "sso_start_url": "https://a.example"})
HEADERS = ("default", "profile a", "profile b", 'profile "a b"')


def merged(rows: List[Properties], name: str = "") -> Properties:
    found: Properties = {}
    for row in rows:
        found.update({key: value.replace("%s", name) for key, value in row.items()})
    return found


@st.composite
def cases(draw: Any) -> Case:
    config: List[Tuple[str, Properties]] = []
    for header in draw(st.lists(st.sampled_from(HEADERS), unique=True, max_size=4)):
        rows = draw(st.lists(st.sampled_from(SETTINGS), max_size=3))
        config.append((header, merged(rows, header[-1:])))
    credentials: List[Tuple[str, Properties]] = []
    for header in draw(st.lists(st.sampled_from(("default", "a", "b")), unique=True, max_size=2)):
        rows = draw(st.lists(st.sampled_from((KEYS, {"region": "sa-east-1"})), max_size=2))
        credentials.append((header, merged(rows, "C" + header)))
    environment = merged(draw(st.lists(st.sampled_from(VARIABLES), max_size=4)))
    argument = draw(st.sampled_from((None, None, None, "a", "b", "a b", "nowhere")))
    return Case((*config, *SERVICES, SSO_SESSION), tuple(credentials), environment, argument)


# ---- the differences ---------------------------------------------------------------------------


def profile_of(case: Case) -> Properties:
    """Return the properties of the selected profile, of both files."""
    name = case.argument or case.environment.get("AWS_PROFILE")
    name = name or case.environment.get("AWS_DEFAULT_PROFILE") or "default"
    found: Properties = {}
    for header, properties in case.config:
        if header in (f"profile {name}", f'profile "{name}"') or header == name == "default":
            found.update(properties)
    for header, properties in case.credentials:
        if header == name:
            found.update(properties)
    return found


def only_the_secret_key(case: Case, mine: Found, theirs: Found) -> Found:
    """CRED-001: botocore goes on if only AWS_SECRET_ACCESS_KEY is set."""
    variables = case.environment
    is_half = "AWS_SECRET_ACCESS_KEY" in variables and "AWS_ACCESS_KEY_ID" not in variables
    if case.argument is None and is_half:
        return theirs._replace(source=mine.source, key=mine.key)
    return theirs


def only_the_secret_key_of_a_profile(case: Case, mine: Found, theirs: Found) -> Found:
    """CRED-010: botocore goes on if a profile has only aws_secret_access_key."""
    if mine.source == ERROR and "aws_access_key_id" not in profile_of(case):
        return theirs._replace(source=ERROR, key=ERROR)
    return theirs


def a_program_next_to_keys(case: Case, mine: Found, theirs: Found) -> Found:
    """CRED-002: botocore prefers credential_process to keys of the configuration file."""
    profile = profile_of(case)
    if theirs.source == "process" and "aws_access_key_id" in profile:
        return theirs._replace(source=mine.source, key=mine.key)
    return theirs


def a_custom_endpoint_with_a_variant(case: Case, mine: Found, theirs: Found) -> Found:
    """END-004: botocore drops FIPS and dual-stack if the endpoint is custom."""
    values = {**profile_of(case), **case.environment}
    flags = ("use_fips_endpoint", "use_dualstack_endpoint")
    names = [name for flag in flags for name in (flag, "AWS_" + flag.upper())]
    asked = any(values.get(name, "").lower() == "true" for name in names)
    if asked and mine.endpoint == ERROR:
        return theirs._replace(endpoint=ERROR)
    return theirs


def a_missing_sso_session(case: Case, mine: Found, theirs: Found) -> Found:
    """CRED-014: botocore also looks for a bearer token, so it makes no client for the endpoint."""
    if profile_of(case).get("sso_session") == "gone" and theirs.endpoint == ERROR:
        return theirs._replace(endpoint=mine.endpoint)
    return theirs


def half_a_pair_for_a_role(case: Case, mine: Found, theirs: Found) -> Found:
    """CRED-011: botocore reads the source of a role at once, refimpl when it needs the keys."""
    variables = case.environment
    is_half = "AWS_ACCESS_KEY_ID" in variables and "AWS_SECRET_ACCESS_KEY" not in variables
    if is_half and profile_of(case).get("credential_source", "").lower() == "environment":
        return theirs._replace(source=mine.source, key=mine.key)
    return theirs


DIFFERENCES = (
    only_the_secret_key,
    only_the_secret_key_of_a_profile,
    a_program_next_to_keys,
    a_custom_endpoint_with_a_variant,
    a_missing_sso_session,
    half_a_pair_for_a_role,
)


def expected(case: Case, mine: Found, theirs: Found) -> Found:
    """Return what refimpl must find: what botocore finds, but for the differences."""
    for difference in DIFFERENCES:
        theirs = difference(case, mine, theirs)
    return theirs


@settings(parent=examples(150), derandomize=True)
@given(cases())
@pytest.mark.slow
def test_both_find_the_same(folder: Any, case: Case) -> None:
    mine = found_by_refimpl(case, folder)
    assert mine == expected(case, mine, found_by_botocore(case, folder))


def case_of(
    environment: Dict[str, str], *config: Tuple[str, Properties], argument: Any = None
) -> Case:
    return Case((*config, *SERVICES, SSO_SESSION), (), environment, argument)


STATIC = {"aws_access_key_id": "AK", "aws_secret_access_key": "s"}
EXAMPLES: Dict[Callable[[Case, Found, Found], Found], Case] = {
    only_the_secret_key: case_of({"AWS_SECRET_ACCESS_KEY": "s"}),
    only_the_secret_key_of_a_profile: case_of({}, ("default", {"aws_secret_access_key": "s"})),
    a_program_next_to_keys: case_of(
        {}, ("default", {**STATIC, "credential_process": f"/bin/echo '{DOCUMENT}'"})
    ),
    a_custom_endpoint_with_a_variant: case_of(
        {"AWS_REGION": "us-east-1", "AWS_USE_FIPS_ENDPOINT": "true", "AWS_ENDPOINT_URL": "http://a"}
    ),
    a_missing_sso_session: case_of(
        {"AWS_REGION": "us-east-1"},
        ("default", {"sso_session": "gone", "sso_account_id": "1", "sso_role_name": "r"}),
    ),
    half_a_pair_for_a_role: case_of(
        {"AWS_ACCESS_KEY_ID": "ENV"},
        ("profile a", {"role_arn": "R", "credential_source": "Environment"}),
        argument="a",
    ),
}


@pytest.mark.parametrize("difference", DIFFERENCES)
def test_each_difference_is_real(difference: Any, folder: Any) -> None:
    case = EXAMPLES[difference]
    mine, theirs = found_by_refimpl(case, folder), found_by_botocore(case, folder)
    assert mine != theirs
    assert mine == difference(case, mine, theirs)


TRANSLATED = (
    {"AWS_REGION": "ap-south-1", "AWS_DEFAULT_REGION": "us-east-2"},
    {"AWS_PROFILE": "a", "AWS_DEFAULT_PROFILE": "b"},
    {"AWS_PROFILE": ""},
)


@pytest.mark.parametrize("environment", TRANSLATED)
def test_each_translation_is_necessary(environment: Any, folder: Any, monkeypatch: Any) -> None:
    regions = {"default": "sa-east-1", "profile a": "eu-west-1", "profile b": "eu-west-3"}
    case = case_of(environment, *((name, {"region": where}) for name, where in regions.items()))
    mine = found_by_refimpl(case, folder)
    assert mine == found_by_botocore(case, folder)
    monkeypatch.setattr("tests.refimpl.config.test_botocore.for_botocore", lambda same: same)
    assert mine != found_by_botocore(case, folder)


# ---- services ----------------------------------------------------------------------------------


@pytest.fixture(name="services")
def services_fixture() -> Iterator[CredentialsServices]:
    with CredentialsServices() as services:
        yield services


def keys_of_both(case: Case, folder: Any, services: CredentialsServices) -> List[Any]:
    """Return the keys that each client gets from the services, or `error`, refimpl first."""
    write_files(case, folder)
    variables = variables_of(case, str(folder))
    for name in ("STS", "SSO", "SSO_OIDC"):
        variables[f"AWS_ENDPOINT_URL_{name}"] = services.url
    found: List[Any] = []
    try:
        world = system_surroundings(variables)
        keys = CredentialChain(world, case.argument, "eu-west-1")()
        found.append((keys.access_key, keys.secret_key, keys.session_token))
    except Error:
        found.append(ERROR)
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        session = Session(profile=case.argument)
        session.register_component("data_loader", LOADER)
        resolver = create_credential_resolver(session, region_name="eu-west-1")
        found.append(tuple(resolver.load_credentials().get_frozen_credentials()[:3]))
    except (BotoCoreError, ClientError):
        found.append(ERROR)
    finally:
        os.environ.clear()
        os.environ.update(before)
    return found


def parameters_of(request: Any) -> Dict[str, str]:
    """Return the parameters of a request to STS, without the name of a session that has none."""
    found = dict(parse_qsl(request.body.decode("ascii")))
    name = found["RoleSessionName"]
    if name.startswith(("refimpl-", "botocore-session-")):
        del found["RoleSessionName"]
    return found


ROLE = "arn:aws:iam::123456789012:role/r"
BASE = ("profile base", {"aws_access_key_id": ACCESS_KEY, "aws_secret_access_key": SECRET_KEY})
ROLES = (
    {"source_profile": "base"},
    {"source_profile": "base", "external_id": "a=b&c d/ü", "duration_seconds": "1800"},
    {"source_profile": "base", "role_session_name": "me@example.com"},
    {"source_profile": "base", "duration_seconds": "10"},
    {"credential_source": "Environment"},
    {"web_identity_token_file": "TOKEN", "role_session_name": "pod"},
    {"web_identity_token_file": "TOKEN", "duration_seconds": "1800", "external_id": "e"},
)


@pytest.mark.parametrize("role", ROLES)
def test_both_ask_sts_for_the_same_role(role: Properties, folder: Any, services: Any) -> None:
    (folder / "token").write_text("a-token")
    values = {name: value.replace("TOKEN", str(folder / "token")) for name, value in role.items()}
    environment = {}
    if "credential_source" in role:
        environment = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    case = case_of(environment, ("profile r", {"role_arn": ROLE, **values}), BASE, argument="r")
    mine, theirs = keys_of_both(case, folder, services)
    assert mine == theirs
    # botocore rejects a short duration itself.
    is_refused = role.get("duration_seconds") == "10"
    assert (mine == ERROR) == is_refused
    asked = [parameters_of(request) for request in services.requests]
    assert asked == [asked[0]] * (2 - is_refused)


SESSION_LOGIN = {"sso_session": "foo", "sso_account_id": "123456789012", "sso_role_name": "r"}
LEGACY_LOGIN = {
    "sso_start_url": "https://old.example",
    "sso_region": "eu-west-1",
    "sso_account_id": "123456789012",
    "sso_role_name": "r",
}
LOGINS = (("foo", SESSION_LOGIN), ("https://old.example", LEGACY_LOGIN))
OLD, LATER = "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"
RENEWABLE = {
    "refreshToken": "r",
    "clientId": "c",
    "clientSecret": "s",
    "registrationExpiresAt": LATER,
}


def cache_of(folder: Any, key: str) -> Any:
    path = folder / ".aws" / "sso" / "cache" / (hashlib.sha1(key.encode()).hexdigest() + ".json")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


@pytest.mark.parametrize("key, login", LOGINS)
@pytest.mark.parametrize(
    "token, is_usable",
    [
        ({"accessToken": "a", "expiresAt": LATER}, True),
        ({"accessToken": "a", "expiresAt": "2099-01-01T00:00:00UTC"}, True),
        ({"accessToken": "a", "expiresAt": OLD}, False),
        ({"expiresAt": LATER}, False),
        (None, False),
    ],
)
def test_both_use_the_same_cached_token(
    key: str, login: Properties, token: Any, is_usable: bool, folder: Any, services: Any
) -> None:
    path = cache_of(folder, key)
    if token is None:
        path.unlink(missing_ok=True)
    else:
        document = dict(token, startUrl="https://a.example", region="eu-west-1")
        path.write_text(json.dumps(document))
    case = case_of({}, ("profile s", login), argument="s")
    mine, theirs = keys_of_both(case, folder, services)
    assert mine == theirs
    assert mine == ((ACCESS_KEY, SECRET_KEY, EXAMPLE_TOKEN) if is_usable else ERROR)
    targets = [request.target for request in services.requests]
    assert len(targets) == 2 * is_usable and len(set(map(sorted_query, targets))) <= 1
    tokens = {dict(request.headers).get("x-amz-sso_bearer_token") for request in services.requests}
    assert tokens == ({"a"} if is_usable else set())


def sorted_query(target: str) -> str:
    path, _, query = target.partition("?")
    return f"{path} {sorted(query.split('&'))}"


def test_a_renewed_token_serves_both(folder: Any, services: Any) -> None:
    path = cache_of(folder, "foo")
    expired = dict(RENEWABLE, accessToken="old", expiresAt=OLD, startUrl="https://a.example")
    path.write_text(json.dumps(dict(expired, region="eu-west-1")))
    case = case_of({}, ("profile s", SESSION_LOGIN), argument="s")
    # refimpl renews the token, and botocore then uses it from the cache.
    mine, theirs = keys_of_both(case, folder, services)
    assert mine == theirs != ERROR
    paths = [request.target.partition("?")[0] for request in services.requests]
    assert paths == ["/token", "/federation/credentials", "/federation/credentials"]
    renewed = json.loads(path.read_text())
    assert renewed["accessToken"] == SSO_TOKEN_OF_SERVICE and renewed["expiresAt"] > OLD
    assert renewed["registrationExpiresAt"] == LATER


def test_login_sessions_are_rejected_by_name(folder: Any, services: Any) -> None:
    # botocore supports them if awscrt, which has elliptic curves, is installed.
    case = case_of({}, ("profile l", {"login_session": "arn:aws:iam::1:user/u"}), argument="l")
    assert keys_of_both(case, folder, services)[0] == ERROR
    with pytest.raises(Error, match="uses login_session, which this client does not support"):
        _context = _context_of(case)
        for _, source in CHAIN:
            source(_context)
