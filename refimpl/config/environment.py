# SPDX-License-Identifier: MIT
"""Settings from environment variables, which the caller passes as a mapping.

An empty variable counts as unset, as in every AWS tool. A flag other than `true` and `false` is
rejected.
"""

import re
from typing import Dict, Mapping, Optional

from ..errors import ConfigurationError

REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")
ENDPOINT_VARIABLES = ("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", "AWS_ENDPOINT_URL")
# RTY-001: `adaptive` and `legacy` are accepted, and mean the standard mode.
RETRY_MODES = ("standard", "adaptive", "legacy")
LARGEST_ATTEMPTS = 9999
_IGNORE_ENDPOINTS = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"


class SettingVariables(Dict[str, str]):
    """The variables of the environment, with a profile's settings for those that are unset.

    origins: the place of each value that is a setting, such as `the profile prod in FILE, line 3`
    """

    def __init__(self, environment: Mapping[str, str], origins: Mapping[str, str]) -> None:
        super().__init__(environment)
        self.origins = origins


def origin_of(environment: Mapping[str, str], name: str) -> str:
    """Return the place of a variable's value: the name itself, unless it stands for a setting."""
    if isinstance(environment, SettingVariables):
        return environment.origins.get(name, name)
    return name


def first_set(environment: Mapping[str, str], *names: str) -> Optional[str]:
    """Return the value of the first variable that is set and not empty, or None."""
    return next((environment[name] for name in names if environment.get(name)), None)


def configured_region(environment: Mapping[str, str]) -> Optional[str]:
    """Return the region in the environment, or None."""
    return first_set(environment, *REGION_VARIABLES)


def attempts_of(text: str) -> Optional[int]:
    """Return the number of attempts that a setting names, or None if it is invalid (RTY-001)."""
    if not re.match(r"0{0,20}[1-9][0-9]{0,3}\Z", text):
        return None
    return int(text)


def configured_flag(environment: Mapping[str, str], name: str) -> bool:
    """Return a flag in the environment, False if it is unset (END-006).

    Raises ConfigurationError, because a typing error must not silently disable FIPS.
    """
    value = first_set(environment, name)
    # END-006
    if value is None or value.lower() == "false":
        return False
    if value.lower() == "true":
        return True
    raise ConfigurationError(
        f"invalid flag {name}", expected="true or false", actual=value, rule="END-006"
    )


def configured_endpoint_url(environment: Mapping[str, str]) -> Optional[str]:
    """Return the endpoint URL in the environment, or None (END-005).

    Raises ConfigurationError for a flag that is neither `true` nor `false` (END-006).
    """
    if configured_flag(environment, _IGNORE_ENDPOINTS):
        return None
    return first_set(environment, *ENDPOINT_VARIABLES)
