# SPDX-License-Identifier: MIT
"""The search of a client and of the command line: a profile's settings, endpoint, and credentials.

A program with keys in the environment and without shared files loads nothing else of config/.
Everything that the search needs from outside is a parameter, except for the shared files.
"""

import sys
from typing import Any, Callable, Mapping, Optional

from ..endpoints import ResolvedEndpoint, resolve_endpoint
from ..errors import ConfigurationError, MissingPartError
from .credentials import KEY_VARIABLES, CredentialsOrProvider, credentials_from_environment
from .environment import (
    ENDPOINT_VARIABLES,
    REGION_VARIABLES,
    SettingVariables,
    configured_endpoint_url,
    configured_flag,
    configured_region,
    first_set,
)
from .files import home_of, may_have_shared_files, read_bounded_file


def variables_with_profile(
    environment: "Mapping[str, str]", profile: "Optional[str]"
) -> "Mapping[str, str]":
    """Return the environment; its unset variables have the profile's settings (CRED-030).

    profile: instead of AWS_PROFILE
    Raises ConfigurationError for a broken file, a missing profile or an invalid setting.
    """
    if profile is None and not may_have_shared_files(environment):
        return environment
    try:
        from .settings import read_settings  # most programs have keys and no files
    except (ImportError, MissingPartError):
        if profile is None and not environment.get("AWS_PROFILE"):
            return environment  # nothing requested the files that this copy cannot read
        raise
    is_windows, home = sys.platform == "win32", home_of(environment)
    return read_settings(environment, profile, read_bounded_file, is_windows, home).variables()


def configured_endpoint(
    variables: "Mapping[str, str]",
    region: "Optional[str]" = None,
    endpoint_url: "Optional[str]" = None,
    use_fips: "Optional[bool]" = None,
    use_dualstack: "Optional[bool]" = None,
) -> ResolvedEndpoint:
    """Return the endpoint for arguments; those that are None come from variables (END-005).

    variables: as of variables_with_profile()
    Raises ConfigurationError, which names the place of a setting in a profile.
    """
    found_url = configured_endpoint_url(variables) if endpoint_url is None else endpoint_url
    if use_fips is None:
        use_fips = configured_flag(variables, "AWS_USE_FIPS_ENDPOINT")
    if use_dualstack is None:
        use_dualstack = configured_flag(variables, "AWS_USE_DUALSTACK_ENDPOINT")
    found_region = configured_region(variables) if region is None else region
    try:
        return resolve_endpoint(found_region, found_url, use_fips, use_dualstack)
    except ConfigurationError as error:
        is_about_region = error.rule == "END-003"
        argument = region if is_about_region else endpoint_url
        name = REGION_VARIABLES[0] if is_about_region else ENDPOINT_VARIABLES[0]
        if argument is not None or not isinstance(variables, SettingVariables):
            raise
        place = variables.origins.get(name)
        raise ConfigurationError(
            f"{error.message} in {place}" if place else f"{error.message}",
            expected=error.expected,
            actual=error.actual,
            rule=error.rule,
        ) from None


def search_credentials(
    environment: "Mapping[str, str]",
    profile: "Optional[str]",
    region: "Optional[str]",
    mfa_code: "Optional[Callable[[str], str]]",
    clock: "Callable[[], float]",
    network: "Callable[[], Any]",
) -> CredentialsOrProvider:
    """Return the keys of the environment, or a provider that searches at the first call (CRED-002).

    environment: without the settings of a profile;  region: of STS, or None for the configured one
    mfa_code: as for Client;  clock: seconds since 1970 UTC
    network: returns the Network for calls of STS and SSO; only called if they may be needed
    Raises ConfigurationError for half a pair of keys.
    """
    if profile is None and first_set(environment, *KEY_VARIABLES):
        return credentials_from_environment(environment)
    from .chain import CredentialChain  # most programs have keys
    from .system import system_surroundings

    world = system_surroundings(environment, mfa_code, clock, network())
    return CredentialChain(world, profile, region)
