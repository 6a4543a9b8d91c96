# SPDX-License-Identifier: MIT
"""Credentials that are fetched on first use and renewed before they expire.

A provider is a callable without arguments. Each call returns one complete `Credentials`, so a
signature never mixes the parts of two. `CredentialProvider` keeps the last ones and renews them:
from 15 minutes before they expire one thread tries while the others go on, and from 10 minutes
before they expire every thread waits for new ones (CRED-003, as botocore).

A provider can be shared by threads, and by the two processes after a fork. It never shows or
pickles a secret.
"""

from typing import Any, Callable, NoReturn, Optional, Tuple

from ..errors import ConfigurationError, Error, UsageError
from ..sigv4_credentials import Credentials
from ..threads import new_lock
from .surroundings import Renewal, Surroundings

ADVISORY_WINDOW = 15 * 60.0  # seconds before the expiration; CRED-003
MANDATORY_WINDOW = 10 * 60.0
_PAUSE_BETWEEN_RENEWALS = 60.0  # seconds


class CredentialProvider:
    """A callable that returns Credentials and renews them before they expire.

    name: the source, for errors and diagnoses
    renew: fetches new credentials; called lazily, by one thread at a time
    """

    __slots__ = ("name", "_renew", "_clock", "_process_id", "_guard", "_held", "_retry_at")

    def __init__(self, name: str, renew: Renewal, surroundings: Surroundings) -> None:
        self.name = name
        self._renew = renew
        self._clock: Callable[[], float] = surroundings.clock
        self._process_id: Callable[[], int] = surroundings.process_id
        self._guard: Tuple[int, Any] = (self._process_id(), new_lock())
        self._held: Optional[Credentials] = None
        self._retry_at = 0.0

    def __repr__(self) -> str:
        return f"{type(self).__name__}({getattr(self, 'name', None)!r})"

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        # CRED-004: a pickle leaves the process, and it would contain the keys.
        raise UsageError("a credential provider cannot be pickled or copied", rule="CRED-004")

    def __call__(self) -> Credentials:
        """Return credentials that do not expire soon. Raises ConfigurationError or NetworkError."""
        # CRED-003
        held = self._held
        if held is not None and not self._is_due(held):
            return held
        lock = self._lock()
        if held is None or self._expires_within(held, MANDATORY_WINDOW):
            lock.acquire()
        elif not lock.acquire(False):
            return held  # another thread renews them, and there is still time
        try:
            return self._renewed()
        finally:
            lock.release()

    def _is_due(self, held: Credentials) -> bool:
        if not self._expires_within(held, ADVISORY_WINDOW):
            return False
        return self._expires_within(held, 0.0) or self._clock() >= self._retry_at

    def _lock(self) -> Any:
        # A fork copies a lock that another thread holds, and nobody releases the copy.
        if self._guard[0] != self._process_id():
            self._guard = (self._process_id(), new_lock())
        return self._guard[1]

    def _renewed(self) -> Credentials:
        """Return new credentials. The caller has the lock."""
        held = self._held
        if held is not None and not self._is_due(held):
            return held  # another thread has renewed them
        try:
            renewed = self._unexpired()
        except Error:
            if held is None or self._expires_within(held, MANDATORY_WINDOW):
                raise
            renewed = held
        # A source that fails, or returns credentials close to their end, is not called for each
        # signature.
        self._retry_at = self._clock() + _PAUSE_BETWEEN_RENEWALS
        self._held = renewed
        return renewed

    def _unexpired(self) -> Credentials:
        renewed = self._renew()
        if self._expires_within(renewed, 0.0):
            raise ConfigurationError(
                f"the credentials of {self.name} have already expired",
                expected="new credentials, and a clock that is right",
                rule="CRED-003",
            )
        return renewed

    def _expires_within(self, credentials: Credentials, window: float) -> bool:
        if credentials.expires is None:
            return False
        remaining = credentials.expires - self._clock()
        return remaining < window or remaining <= 0
