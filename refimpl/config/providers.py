# SPDX-License-Identifier: MIT
"""Credential providers for callers that choose the source themselves.

    client = refimpl.Client(credentials=refimpl.ProcessCredentials("tool --account prod"))

Each class is a callable that returns `Credentials` and renews them before they expire. Nothing is
read, run or sent before the first call. The last argument, surroundings, is for tests.
"""

from typing import Callable, List, Optional, Sequence, Union

from ..errors import UsageError, require_type
from .assume_role import role_credentials
from .chain import CredentialChain
from .credentials import CredentialsOrProvider, provider_of
from .process import DEFAULT_PROCESS_TIMEOUT, process_credentials, split_command
from .profiles import SelectedProfile, SharedConfig
from .provider import CredentialProvider
from .sources import SourceContext
from .sts import StsParameters
from .surroundings import Surroundings
from .system import system_surroundings


class ProfileCredentials(CredentialChain):
    """The credentials of a profile, or of the first source that is configured.

    profile: instead of AWS_PROFILE. The environment's keys are skipped if it is given.
    region: of STS, instead of AWS_REGION and the profile's region
    mfa_code: a function that gets a device's serial number and returns its code
    """

    __slots__ = ()

    def __init__(
        self,
        profile: Optional[str] = None,
        region: Optional[str] = None,
        mfa_code: Optional[Callable[[str], str]] = None,
        surroundings: Optional[Surroundings] = None,
    ) -> None:
        if surroundings is None:
            surroundings = system_surroundings(mfa_code=mfa_code)
        super().__init__(surroundings, profile, region)


class ProcessCredentials(CredentialProvider):
    """The credentials that a program prints (CRED-013).

    command: a text, which is split into words without a shell, or the words
    timeout: seconds
    """

    __slots__ = ()

    def __init__(
        self,
        command: Union[str, Sequence[str]],
        timeout: float = DEFAULT_PROCESS_TIMEOUT,
        surroundings: Optional[Surroundings] = None,
    ) -> None:
        world = system_surroundings() if surroundings is None else surroundings
        if isinstance(command, str):
            arguments = split_command(command, world.windows, "command")
        else:
            arguments = _checked_words(command)
        super().__init__(
            f"the program {arguments[0]}",
            lambda: process_credentials(world, arguments, timeout),
            world,
        )


def _checked_words(command: Sequence[str]) -> List[str]:
    if not isinstance(command, (list, tuple)) or not command:
        raise UsageError("command has the wrong type", kind="type", expected="text or words")
    for word in command:
        require_type(word, str, "a word of command")
    return list(command)


class AssumeRoleCredentials(CredentialProvider):
    """The credentials of a role (CRED-011).

    source: the credentials that may assume the role, or a callable that returns them
    region: of STS; session_name: shown by CloudTrail; duration: seconds
    mfa_serial, mfa_code: a device, and a function that gets its serial number and returns its code
    """

    __slots__ = ()

    def __init__(
        self,
        role_arn: str,
        source: CredentialsOrProvider,
        region: Optional[str] = None,
        session_name: Optional[str] = None,
        external_id: Optional[str] = None,
        duration: Optional[int] = None,
        mfa_serial: Optional[str] = None,
        mfa_code: Optional[Callable[[str], str]] = None,
        surroundings: Optional[Surroundings] = None,
    ) -> None:
        require_type(role_arn, str, "role_arn")
        if duration is not None:
            require_type(duration, int, "duration")
        world = system_surroundings(mfa_code=mfa_code) if surroundings is None else surroundings
        given = {
            "RoleArn": role_arn,
            "RoleSessionName": session_name,
            "ExternalId": external_id,
            "DurationSeconds": None if duration is None else str(duration),
            "SerialNumber": mfa_serial,
        }
        parameters: StsParameters = []
        for name, value in given.items():
            if value is not None:
                require_type(value, str, name)
                parameters.append((name, value))
        nothing = SharedConfig({}, {}, {}, ())
        profile = SelectedProfile("default", {}, explicit=True)
        context = SourceContext(world, nothing, profile, region)
        provider = provider_of(source)
        super().__init__(
            f"the role {role_arn}",
            lambda: role_credentials(context, provider, parameters),
            world,
        )
