# SPDX-License-Identifier: MIT
"""The interface of the credential sources.

A source is a function of a `SourceContext`. It returns either `Absent` with the reason, which lets
the chain go on to the next source, or a function that fetches credentials. If a source is
configured but wrong, it raises ConfigurationError, and the chain ends there (CRED-002): a client
must not sign with other credentials than the user has configured.
"""

from typing import Callable, NamedTuple, Optional, Union

from ..errors import ConfigurationError
from .profiles import SelectedProfile, SharedConfig
from .settings import Settings
from .surroundings import Renewal, Surroundings


class Absent(NamedTuple):
    """The reason why a source has no credentials, in a few words."""

    reason: str


class SourceContext(NamedTuple):
    """What a source knows.

    region: the client's region, which STS is called in, or None
    """

    surroundings: Surroundings
    shared: SharedConfig
    profile: SelectedProfile
    region: Optional[str]

    @property
    def settings(self) -> Settings:
        """The settings of the profile."""
        return Settings(self.surroundings.environment, self.shared, self.profile)

    @property
    def profile_title(self) -> str:
        """The profile's name for an error or a reason."""
        return f"the profile {self.profile.name}"

    def require_region(self, purpose: str) -> str:
        """Return the region. purpose: of the request, for the error."""
        found = self.settings.region() if self.region is None else None
        region = self.region or (found.value if found is not None else None)
        if region is None:
            raise ConfigurationError(
                f"no region to {purpose}",
                expected="region=, AWS_REGION or AWS_DEFAULT_REGION, or region in the profile",
                rule="END-003",
            )
        return region


CredentialSource = Callable[[SourceContext], Union[Renewal, Absent]]
