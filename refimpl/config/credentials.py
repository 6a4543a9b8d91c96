# SPDX-License-Identifier: MIT
"""Credentials from environment variables, which the caller passes as a mapping.

If one of the two keys is missing, the error names it (CRED-001). The reader never silently
continues with another source. A client with keys in the environment needs no other module of
config/ for its credentials.
"""

from typing import Callable, Mapping, Union

from ..errors import ConfigurationError, UsageError, require_type
from ..sigv4_credentials import Credentials
from .environment import first_set

ACCESS_KEY_VARIABLE = "AWS_ACCESS_KEY_ID"
SECRET_KEY_VARIABLE = "AWS_SECRET_ACCESS_KEY"
KEY_VARIABLES = (ACCESS_KEY_VARIABLE, SECRET_KEY_VARIABLE)
TOKEN_VARIABLE = "AWS_SESSION_TOKEN"
LEGACY_TOKEN_VARIABLE = "AWS_SECURITY_TOKEN"
EXPIRATION_VARIABLE = "AWS_CREDENTIAL_EXPIRATION"

CredentialsOrProvider = Union[Credentials, Callable[[], Credentials]]


def credentials_from_environment(environment: "Mapping[str, str]") -> Credentials:
    """Return the credentials in the environment.

    Raises ConfigurationError if a key is missing or empty (CRED-001).
    """
    # CRED-001
    access_key = first_set(environment, ACCESS_KEY_VARIABLE)
    secret_key = first_set(environment, SECRET_KEY_VARIABLE)
    if access_key is None or secret_key is None:
        missing = [name for name in KEY_VARIABLES if not first_set(environment, name)]
        raise ConfigurationError(
            "no credentials",
            expected=" and ".join(KEY_VARIABLES),
            actual="no " + " and no ".join(missing),
            rule="CRED-001",
        )
    token = first_set(environment, TOKEN_VARIABLE, LEGACY_TOKEN_VARIABLE)
    expiration = first_set(environment, EXPIRATION_VARIABLE)
    if expiration is None:
        return Credentials(access_key, secret_key, token)
    from .surroundings import seconds_of_timestamp  # loads what other clients do not need

    expires = seconds_of_timestamp(expiration, EXPIRATION_VARIABLE, "CRED-001")
    return Credentials(access_key, secret_key, token, expires)


def unexpired(credentials: Credentials, clock: "Callable[[], float]") -> Credentials:
    """Return credentials. Raises ConfigurationError if they have expired (CRED-003).

    clock: returns seconds since 1970 UTC
    """
    # CRED-003
    if credentials.expires is not None and credentials.expires <= clock():
        from ..sigv4_values import amz_date_of

        raise ConfigurationError(
            "the credentials have expired",
            expected="new credentials, and a clock that is right",
            actual=f"expired at {amz_date_of(credentials.expires)}",
            rule="CRED-003",
        )
    return credentials


def provider_of(source: CredentialsOrProvider) -> "Callable[[], Credentials]":
    """Return a callable that returns checked Credentials. Raises UsageError for another type."""
    if isinstance(source, Credentials):
        return lambda: source
    if not callable(source):
        raise UsageError(
            "credentials have the wrong type",
            kind="type",
            expected="Credentials, or a callable that returns them",
            actual=type(source).__name__,
        )

    def call() -> Credentials:
        found = source()
        require_type(found, Credentials, "the result of the callable for credentials")
        return found

    return call
