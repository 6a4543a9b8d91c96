# SPDX-License-Identifier: MIT
"""Credentials written down: in the environment or in a profile.

Both keys or neither. Half a pair is an error that names the missing half, because a silent step to
the next source would sign with credentials that the user did not mean (CRED-001, CRED-010).
"""

from typing import Union

from ..errors import ConfigurationError
from ..sigv4_credentials import Credentials
from .credentials import KEY_VARIABLES, credentials_from_environment
from .environment import first_set
from .profiles import Section
from .sources import Absent, SourceContext
from .surroundings import Renewal, checked_credentials

_STATIC_KEY_PROPERTIES = ("aws_access_key_id", "aws_secret_access_key")
_STATIC_TOKEN_PROPERTIES = ("aws_session_token", "aws_security_token")


def environment_source(context: SourceContext) -> Union[Renewal, Absent]:
    """Find keys in the environment, unless an argument names a profile (CRED-002)."""
    if context.profile.explicit:
        return Absent("skipped, because an argument names a profile")
    environment = context.surroundings.environment
    if not first_set(environment, *KEY_VARIABLES):
        return Absent(f"{' and '.join(KEY_VARIABLES)} are not set")
    # The variables are read again at each renewal: a notebook may have set new ones.
    return lambda: credentials_from_environment(environment)


def static_source(context: SourceContext) -> Union[Renewal, Absent]:
    """Find keys in the profile."""
    section = context.profile.section
    found = [name for name in _STATIC_KEY_PROPERTIES if context.profile.value(name)]
    if not found:
        return Absent(f"{context.profile_title} has no {_STATIC_KEY_PROPERTIES[0]}")
    # CRED-010: half a pair is an error.
    if len(found) < len(_STATIC_KEY_PROPERTIES):
        missing = _STATIC_KEY_PROPERTIES[1 - _STATIC_KEY_PROPERTIES.index(found[0])]
        raise ConfigurationError(
            f"{context.profile_title} has no {missing}",
            expected=f"{missing} next to {found[0]} in {section[found[0]].place}",
            rule="CRED-010",
        )
    return lambda: _profile_credentials(context, section)


def _profile_credentials(context: SourceContext, section: Section) -> Credentials:
    values = [section[name].value for name in _STATIC_KEY_PROPERTIES]
    tokens = [context.profile.value(name) for name in _STATIC_TOKEN_PROPERTIES]
    token = next((token for token in tokens if token), None)
    return checked_credentials(context.profile_title, values[0], values[1], token)


def has_static_keys(section: Section) -> bool:
    """Return whether a profile has one of the two keys."""
    return any(name in section and section[name].value for name in _STATIC_KEY_PROPERTIES)
