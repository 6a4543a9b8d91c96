# SPDX-License-Identifier: MIT
"""Where credentials come from: the environment, which is given.

Both keys or neither: half a pair is an error that names the missing half (CRED-001), never a silent step to another source.
"""

from typing import Mapping

from ..errors import ConfigurationError
from ..sigv4 import Credentials
from .environment import first_set

ACCESS_KEY_VARIABLE = "AWS_ACCESS_KEY_ID"
SECRET_KEY_VARIABLE = "AWS_SECRET_ACCESS_KEY"
TOKEN_VARIABLE = "AWS_SESSION_TOKEN"


def credentials_from_environment(environment: Mapping[str, str]) -> Credentials:
    """Return the credentials that the environment holds. Raises ConfigurationError when it holds none, or half (CRED-001)."""
    access_key = first_set(environment, ACCESS_KEY_VARIABLE)
    secret_key = first_set(environment, SECRET_KEY_VARIABLE)
    if access_key is None or secret_key is None:
        missing = [
            name
            for name, value in (
                (ACCESS_KEY_VARIABLE, access_key),
                (SECRET_KEY_VARIABLE, secret_key),
            )
            if value is None
        ]
        raise ConfigurationError(
            "no credentials",
            expected=f"{ACCESS_KEY_VARIABLE} and {SECRET_KEY_VARIABLE}",
            actual="no " + " and no ".join(missing),
            rule="CRED-001",
        )
    return Credentials(access_key, secret_key, first_set(environment, TOKEN_VARIABLE))
