# SPDX-License-Identifier: MIT
"""The chain of credential sources, in the order of all AWS tools.

The first source that is configured decides. If it fails, its error is the result, because signing
with other credentials would hide the mistake. Only the instance metadata service is tried without
being configured, so its failure is one more reason (CRED-002). If no source has credentials, the
error has one line for each source with its reason.
"""

from typing import Any, Callable, List, Optional, Tuple

from ..errors import ConfigurationError, Error, require_type, shown
from ..sigv4_credentials import Credentials
from .assume_role import PROFILE_SOURCES, assume_role_source
from .container import container_source
from .metadata import metadata_source
from .profiles import config_paths, read_shared_config, select_profile
from .provider import CredentialProvider
from .sources import Absent, CredentialSource, SourceContext
from .static import environment_source
from .surroundings import Renewal, Surroundings

METADATA = "metadata"

# CRED-002: the order.
CHAIN: Tuple[Tuple[str, CredentialSource], ...] = (
    ("environment", environment_source),
    ("assume-role", assume_role_source),
    *PROFILE_SOURCES,
    ("container", container_source),
    (METADATA, metadata_source),
)


class NoCredentialsError(ConfigurationError):
    """No source has credentials. str() has one line for each source that was tried."""

    # (source, reason) in the order of the chain.
    tried: Tuple[Tuple[str, str], ...] = ()

    def __str__(self) -> str:
        lines = [f"  {name}: {shown(reason, 400)}" for name, reason in self.tried]
        return "\n".join([super().__str__(), *lines])

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.kind}: {self.message})"


def source_context(
    surroundings: Surroundings, profile: Optional[str] = None, region: Optional[str] = None
) -> SourceContext:
    """Read the shared files and select the profile. Raises ConfigurationError."""
    environment = surroundings.environment
    paths = config_paths(environment, surroundings.windows, surroundings.home)
    shared = read_shared_config(paths, surroundings.read_file)
    selected = select_profile(shared, environment, profile)
    return SourceContext(surroundings, shared, selected, region)


class CredentialChain(CredentialProvider):
    """A provider that searches the chain on first use and then renews from the source it found.

    source: the name of the source that has credentials, or None before the first use
    """

    __slots__ = ("_found", "_context_of", "_chain")

    def __init__(
        self,
        surroundings: Surroundings,
        profile: Optional[str] = None,
        region: Optional[str] = None,
        chain: Tuple[Tuple[str, CredentialSource], ...] = CHAIN,
    ) -> None:
        """profile: instead of AWS_PROFILE; region: of the client, for calls of STS."""
        if profile is not None:
            require_type(profile, str, "profile")
        super().__init__("the credential chain", self._next, surroundings)
        self._context_of: Callable[[], SourceContext] = lambda: source_context(
            surroundings, profile, region
        )
        self._chain = chain
        self._found: Optional[Tuple[str, Renewal]] = None

    @property
    def source(self) -> Optional[str]:
        """The name of the source that has credentials, or None before the first use."""
        return self._found[0] if self._found is not None else None

    def _next(self) -> Credentials:
        if self._found is not None:
            return self._found[1]()
        name, renew, credentials = find_credentials(self._context_of(), self._chain)
        self._found = (name, renew)
        self.name = f"the source {name}"
        return credentials


def find_credentials(
    context: SourceContext, chain: Tuple[Tuple[str, CredentialSource], ...] = CHAIN
) -> Tuple[str, Renewal, Credentials]:
    """Return the first source that is configured: its name, its renewal and its credentials.

    Raises the error of that source, or NoCredentialsError.
    """
    tried: List[Tuple[str, str]] = []
    for name, source in chain:
        found: Any = source(context)
        if isinstance(found, Absent):
            tried.append((name, found.reason))
            continue
        try:
            return name, found, found()
        except Error as error:
            if name != METADATA:
                raise
            tried.append((name, str(error)))
    raise NoCredentialsError("no credentials", tried=tuple(tried), rule="CRED-002")
