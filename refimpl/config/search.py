# SPDX-License-Identifier: MIT
"""The search of a client and of the command line: a profile's settings, and credentials.

A program with keys in the environment and without shared files loads nothing else of config/.
Everything that the search needs from outside is a parameter, except for the shared files.
"""

import sys
from typing import Any, Callable, Mapping, Optional

from .credentials import KEY_VARIABLES, CredentialsOrProvider, credentials_from_environment
from .environment import first_set
from .files import home_of, may_have_shared_files, read_bounded_file


def variables_with_profile(
    environment: Mapping[str, str], profile: Optional[str]
) -> Mapping[str, str]:
    """Return the environment; its unset variables have the profile's settings (CRED-030).

    profile: instead of AWS_PROFILE
    Raises ConfigurationError for a broken file, a missing profile or an invalid setting.
    """
    if profile is None and not may_have_shared_files(environment):
        return environment
    from .settings import read_settings  # most programs have keys and no files

    is_windows, home = sys.platform == "win32", home_of(environment)
    return read_settings(environment, profile, read_bounded_file, is_windows, home).variables()


def search_credentials(
    environment: Mapping[str, str],
    profile: Optional[str],
    region: Optional[str],
    mfa_code: Optional[Callable[[str], str]],
    clock: Callable[[], float],
    network: Callable[[], Any],
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
