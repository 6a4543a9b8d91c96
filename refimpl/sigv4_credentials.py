# SPDX-License-Identifier: MIT
"""The credentials that sign. Rejects invalid characters in them (SIG-029)."""

from typing import NoReturn, Optional

from .errors import ConfigurationError, UsageError


class Credentials:
    """An access key, its secret and, if temporary, a session token. repr shows only the access key.

    session_token: an empty one counts as none (SIG-017)
    expires: seconds since 1970 UTC, or None
    Raises ConfigurationError, which does not show the value, for an invalid part (SIG-029). Cannot
    be pickled, because a pickle leaves the process (SIG-048). A copy is the same object.
    """

    __slots__ = ("access_key", "secret_key", "session_token", "expires")

    def __init__(
        self,
        access_key: str,
        secret_key: str,
        session_token: "Optional[str]" = None,
        expires: "Optional[float]" = None,
    ) -> None:
        # SIG-017
        if isinstance(session_token, str) and not session_token:
            session_token = None
        problem = _key_problem("access_key", access_key) or _key_problem("secret_key", secret_key)
        if session_token is not None:
            problem = problem or _key_problem("session_token", session_token)
        # SIG-029
        if problem is None and ("/" in access_key or "," in access_key):
            problem = ConfigurationError(
                "access_key contains a slash or a comma",
                expected="an access key ID (are key and secret swapped?)",
                rule="SIG-029",
            )
        if problem is not None:
            # Some tools show the variables of each function in a traceback.
            del access_key, secret_key, session_token
            raise problem
        if expires is not None and not is_number(expires):
            actual = type(expires).__name__
            del access_key, secret_key, session_token
            raise ConfigurationError("expires has the wrong type", expected="float", actual=actual)
        self.access_key = access_key
        self.secret_key = secret_key
        self.session_token = session_token
        self.expires = expires

    def __repr__(self) -> str:
        # A traceback may show credentials whose constructor has failed.
        if not hasattr(self, "expires"):
            return "Credentials(<incomplete>)"
        token = "<hidden>" if self.session_token else None
        return (
            f"Credentials(access_key={self.access_key!r}, secret_key=<hidden>, "
            f"session_token={token})"
        )

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        # SIG-048
        raise UsageError("credentials cannot be pickled", rule="SIG-048")

    def __copy__(self) -> "Credentials":
        return self

    def __deepcopy__(self, memo: object) -> "Credentials":
        return self

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Credentials):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    def __hash__(self) -> int:
        return hash((self.access_key, self.secret_key, self.session_token))


def _key_problem(name: str, value: object) -> "Optional[ConfigurationError]":
    """Return the error for an invalid part of credentials. It does not show the value."""
    # SIG-029
    if not isinstance(value, str):
        return ConfigurationError(
            f"{name} has the wrong type",
            expected="str",
            actual=type(value).__name__,
            rule="SIG-029",
        )
    if not value:
        return ConfigurationError(f"{name} is empty", expected="a key", rule="SIG-029")
    if not all("!" <= character <= "~" for character in value):
        return ConfigurationError(
            f"{name} contains a space or an invalid character",
            expected="printable ASCII, no spaces",
            rule="SIG-029",
        )
    return None


def is_number(value: object) -> bool:
    """Return whether a value is a number. A bool is none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)
