# SPDX-License-Identifier: MIT
"""Credentials of a role that a profile assumes: `role_arn` with a source of other credentials.

The source is another profile (`source_profile`), which may assume a role itself, or a named source
(`credential_source`). A loop of profiles is an error that shows the loop. A profile may name
itself if it has keys (CRED-011). A role that needs a second factor asks a callback for the code.
"""

import re
from typing import Callable, List, Optional, Tuple, Union

from ..errors import ConfigurationError, shown
from ..sigv4_credentials import Credentials
from .container import container_source
from .metadata import metadata_source
from .process import process_source
from .profiles import SelectedProfile, missing_profile
from .provider import CredentialProvider
from .sources import Absent, CredentialSource, SourceContext
from .sso import sso_source
from .static import environment_source, has_static_keys, static_source
from .sts import StsParameters, sts_credentials, sts_request
from .surroundings import FetchRequest, Renewal
from .web_identity import default_session_name, web_identity_source

_ROLE_RULE = "CRED-011"
_ROLE_ACTION = "AssumeRole"
NAMED_SOURCES = {
    "environment": environment_source,
    "ecscontainer": container_source,
    "ec2instancemetadata": metadata_source,
}


def login_source(context: SourceContext) -> Union[Renewal, Absent]:
    """Reject a profile of `aws login`, whose credentials need an elliptic curve (CRED-014)."""
    if context.profile.value("login_session") is None:
        return Absent(f"{context.profile_title} has no login_session")
    raise ConfigurationError(
        f"{context.profile_title} uses login_session, which this client does not support",
        expected="credential_process = aws configure export-credentials --profile "
        f"{context.profile.name} --format process",
        rule="CRED-014",
    )


# CRED-002: the sources of one profile, in order.
PROFILE_SOURCES: Tuple[Tuple[str, CredentialSource], ...] = (
    ("web-identity", web_identity_source),
    ("sso", sso_source),
    ("static", static_source),
    ("login", login_source),
    ("process", process_source),
)


def assume_role_source(context: SourceContext) -> Union[Renewal, Absent]:
    """Find a role in the profile."""
    if not _assumes_role(context.profile):
        return Absent(f"{context.profile_title} has no role_arn with a source")
    return _role_renewal(context, (context.profile.name,))


def _assumes_role(profile: SelectedProfile) -> bool:
    # With a token file, role_arn belongs to the web identity.
    return bool(profile.value("role_arn")) and not profile.value("web_identity_token_file")


def _role_renewal(context: SourceContext, visited: Tuple[str, ...]) -> Renewal:
    """Return the renewal of a profile's role. visited: the profiles on the way, with this one."""
    source_profile = context.profile.value("source_profile")
    named = context.profile.value("credential_source")
    if bool(source_profile) == bool(named):
        problem = "both" if named else "neither"
        raise ConfigurationError(
            f"{context.profile_title} has role_arn with {problem} of source_profile and"
            " credential_source",
            expected="exactly one of them",
            rule=_ROLE_RULE,
        )
    if named:
        source = _named_source(context, named)
    else:
        source = _source_of_profile(context, source_profile or "", visited)
    provider = CredentialProvider(
        f"the source of {context.profile_title}", source, context.surroundings
    )
    parameters = _role_parameters(context)
    return lambda: role_credentials(context, provider, parameters)


def _named_source(context: SourceContext, name: str) -> Renewal:
    source = NAMED_SOURCES.get(name.lower())
    if source is None:
        raise ConfigurationError(
            f"{context.profile_title} names an unknown credential_source",
            expected="Environment, EcsContainer or Ec2InstanceMetadata",
            actual=name,
            rule=_ROLE_RULE,
        )
    # A named source is meant as named, even if an argument names the profile.
    found = source(context._replace(profile=context.profile._replace(explicit=False)))
    if isinstance(found, Absent):
        raise ConfigurationError(
            f"the credential_source {name} of {context.profile_title} has no credentials:"
            f" {found.reason}",
            rule=_ROLE_RULE,
        )
    return found


def _source_of_profile(context: SourceContext, name: str, visited: Tuple[str, ...]) -> Renewal:
    section = context.shared.profiles.get(name)
    if section is None:
        problem = f"the source_profile {shown(name, 80)} of {context.profile_title} does not exist"
        raise missing_profile(context.shared, problem)
    has_keys = has_static_keys(section)
    is_itself = name == context.profile.name
    # CRED-011: a profile may name itself for its keys.
    if name in visited and not (is_itself and has_keys):
        raise ConfigurationError(
            f"the profiles form a loop: {' -> '.join((*visited, name))}", rule=_ROLE_RULE
        )
    inner = context._replace(profile=SelectedProfile(name, section, explicit=True))
    if _assumes_role(inner.profile) and not has_keys:
        return _role_renewal(inner, (*visited, name))
    reasons: List[str] = []
    for _, source in PROFILE_SOURCES:
        found = source(inner)
        if not isinstance(found, Absent):
            return found
        reasons.append(found.reason)
    raise ConfigurationError(
        f"the source_profile {name} of {context.profile_title} has no credentials:"
        f" {'; '.join(reasons)}",
        rule=_ROLE_RULE,
    )


def _role_parameters(context: SourceContext) -> StsParameters:
    """Return the parameters of AssumeRole that do not change between renewals."""
    profile = context.profile
    parameters = [("RoleArn", profile.value("role_arn") or "")]
    for name, parameter in (
        ("role_session_name", "RoleSessionName"),
        ("external_id", "ExternalId"),
        ("duration_seconds", "DurationSeconds"),
        ("mfa_serial", "SerialNumber"),
    ):
        value = profile.value(name)
        if value is not None:
            parameters.append((parameter, value))
    duration = dict(parameters).get("DurationSeconds", "900")
    if not re.match(r"[0-9]{1,5}\Z", duration):
        raise ConfigurationError(
            f"invalid duration_seconds in {profile.section['duration_seconds'].place}",
            expected="a number of seconds",
            actual=duration,
            rule=_ROLE_RULE,
        )
    return parameters


def role_credentials(
    context: SourceContext, provider: Renewal, fixed: StsParameters
) -> Credentials:
    """Assume the role once. Raises ConfigurationError or NetworkError."""
    parameters = list(fixed)
    given = dict(parameters)
    if "RoleSessionName" not in given:
        parameters.append(("RoleSessionName", default_session_name(context)))
    code = None
    if "SerialNumber" in given:
        code = _mfa_code(context, given["SerialNumber"])
        parameters.append(("TokenCode", code))
    source = provider()

    def request(clock_offset: float) -> FetchRequest:
        return sts_request(context, _ROLE_ACTION, parameters, source, clock_offset)

    secrets: Tuple[Optional[str], ...] = (source.secret_key, source.session_token, code)
    purpose = f"assume the role {given['RoleArn']}"
    return sts_credentials(context, _ROLE_ACTION, purpose, request, _ROLE_RULE, secrets)


def _mfa_code(context: SourceContext, serial: str) -> str:
    ask: Optional[Callable[[str], str]] = context.surroundings.mfa_code
    if ask is None:
        raise ConfigurationError(
            f"{context.profile_title} needs a code from the device {shown(serial, 120)}",
            expected="mfa_code=, a function that returns the code",
            rule=_ROLE_RULE,
        )
    code = ask(serial)
    if not isinstance(code, str) or not re.match(r"[0-9]{6}\Z", code):
        raise ConfigurationError(
            f"the code of the device {shown(serial, 120)} is unusable",
            expected="six digits",
            rule=_ROLE_RULE,
        )
    return code
