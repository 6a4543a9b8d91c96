# SPDX-License-Identifier: MIT
"""Settings from environment variables, which the caller passes as a mapping.

An empty variable counts as unset, as in every AWS tool. A flag other than `true` and `false` is
rejected.
"""

import re
from typing import Dict, Mapping, Optional, Tuple

from ..errors import ConfigurationError, UsageError, require_type

REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")
ENDPOINT_VARIABLES = ("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", "AWS_ENDPOINT_URL")
# RTY-001. `adaptive` and `legacy` are accepted, and mean the standard mode.
DEFAULT_MAX_ATTEMPTS = 3
RETRY_MODES = ("standard", "adaptive", "legacy")
LARGEST_ATTEMPTS = 9999
VARIABLE_SPACES = " \t\r\n"  # around the value of a proxy variable
_IGNORE_ENDPOINTS = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"


class SettingVariables(Dict[str, str]):
    """The variables of the environment, with a profile's settings for those that are unset.

    origins: the place of each value that is a setting, such as `the profile prod in FILE, line 3`
    """

    def __init__(self, environment: "Mapping[str, str]", origins: "Mapping[str, str]") -> None:
        super().__init__(environment)
        self.origins = origins


def origin_of(environment: "Mapping[str, str]", name: str) -> str:
    """Return the place of a variable's value: the name itself, unless it stands for a setting."""
    if isinstance(environment, SettingVariables):
        return environment.origins.get(name, name)
    return name


def first_set(environment: "Mapping[str, str]", *names: str) -> "Optional[str]":
    """Return the value of the first variable that is set and not empty, or None."""
    return next((environment[name] for name in names if environment.get(name)), None)


def home_folder(
    environment: "Mapping[str, str]", windows: bool = False, fallback: "Optional[str]" = None
) -> "Optional[str]":
    """Return the user's home folder, or None (CRED-020).

    fallback: the folder that the operating system's user database names
    """
    if environment.get("HOME"):
        return environment["HOME"]
    # CRED-020
    if windows and environment.get("USERPROFILE"):
        return environment["USERPROFILE"]
    if windows and environment.get("HOMEDRIVE") and environment.get("HOMEPATH"):
        return environment["HOMEDRIVE"] + environment["HOMEPATH"]
    return fallback


def configured_region(environment: "Mapping[str, str]") -> "Optional[str]":
    """Return the region in the environment, or None."""
    return first_set(environment, *REGION_VARIABLES)


def attempts_of(text: str) -> "Optional[int]":
    """Return the number of attempts that a setting names, or None if it is invalid (RTY-001)."""
    if not re.match(r"0{0,20}[1-9][0-9]{0,3}\Z", text):
        return None
    return int(text)


def configured_flag(environment: "Mapping[str, str]", name: str) -> bool:
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


def configured_endpoint_url(environment: "Mapping[str, str]") -> "Optional[str]":
    """Return the endpoint URL in the environment, or None (END-005).

    Raises ConfigurationError for a flag that is neither `true` nor `false` (END-006).
    """
    if configured_flag(environment, _IGNORE_ENDPOINTS):
        return None
    return first_set(environment, *ENDPOINT_VARIABLES)


# ---- attempts ----------------------------------------------------------------------------------


def check_max_attempts(max_attempts: int) -> int:
    """Return max_attempts. Raises UsageError unless it is an integer from 1 to 9999 (RTY-001)."""
    require_type(max_attempts, int, "max_attempts", "RTY-001")
    if not 1 <= max_attempts <= LARGEST_ATTEMPTS:
        raise UsageError(
            "invalid max_attempts",
            expected=f"an integer from 1 to {LARGEST_ATTEMPTS}",
            actual=max_attempts,
            rule="RTY-001",
        )
    return max_attempts


def configured_max_attempts(environment: "Mapping[str, str]") -> "Optional[int]":
    """Return the number of attempts in AWS_MAX_ATTEMPTS, or None (RTY-001).

    Raises ConfigurationError for an invalid number, and for an unknown mode in AWS_RETRY_MODE.
    """
    mode = first_set(environment, "AWS_RETRY_MODE")
    # RTY-001
    if mode is not None and mode.lower() not in RETRY_MODES:
        raise ConfigurationError(
            "unknown retry mode in AWS_RETRY_MODE",
            expected=", ".join(RETRY_MODES),
            actual=mode,
            rule="RTY-001",
        )
    text = first_set(environment, "AWS_MAX_ATTEMPTS")
    if text is None:
        return None
    attempts = attempts_of(text)
    if attempts is None:
        raise ConfigurationError(
            "invalid number of attempts in AWS_MAX_ATTEMPTS",
            expected=f"an integer from 1 to {LARGEST_ATTEMPTS}",
            actual=text,
            rule="RTY-001",
        )
    return attempts


# ---- proxies -----------------------------------------------------------------------------------


def proxy_variable(scheme: str, environment: "Mapping[str, str]") -> "Optional[Tuple[str, str]]":
    """Return the variable that names the proxy of a scheme, and its value (NET-001, NET-002)."""
    for name in (f"{scheme}_proxy", f"{scheme.upper()}_PROXY", "all_proxy", "ALL_PROXY"):
        # NET-002: in a CGI program, the client's header `Proxy` becomes the variable HTTP_PROXY.
        if name == "HTTP_PROXY" and "REQUEST_METHOD" in environment:
            continue
        # NET-001: a blank variable is an empty one.
        value = environment.get(name, "").strip(VARIABLE_SPACES)
        if value:
            return name, value
    return None
