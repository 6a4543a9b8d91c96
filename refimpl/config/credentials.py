# SPDX-License-Identifier: MIT
"""Credentials from environment variables, which the caller passes as a mapping.

If one of the two keys is missing, the error names it (CRED-001). The reader never silently
continues with another source.
"""

from typing import Mapping

from ..errors import ConfigurationError
from ..sigv4 import Credentials
from .environment import first_set

ACCESS_KEY_VARIABLE = "AWS_ACCESS_KEY_ID"
SECRET_KEY_VARIABLE = "AWS_SECRET_ACCESS_KEY"
TOKEN_VARIABLE = "AWS_SESSION_TOKEN"


def credentials_from_environment(environment: Mapping[str, str]) -> Credentials:
    """Return the credentials in the environment.

    Raises ConfigurationError if a key is missing or empty (CRED-001).
    """
    # CRED-001
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
