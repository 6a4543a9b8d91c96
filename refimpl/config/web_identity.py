# SPDX-License-Identifier: MIT
"""Credentials for a token that another identity provider issued (EKS service accounts, CI systems).

The token is in a file, which is read again at each renewal because its issuer replaces it. STS
exchanges the token for credentials in a request without a signature (CRED-012). No error shows the
token.
"""

from typing import NamedTuple, Optional, Union

from ..errors import ConfigurationError
from ..sigv4_credentials import Credentials
from .environment import first_set, home_folder
from .profiles import expand_path
from .sources import Absent, SourceContext
from .sts import sts_credentials, sts_request
from .surroundings import Renewal, read_secret_file

_WEB_IDENTITY_RULE = "CRED-012"
_WEB_IDENTITY_ACTION = "AssumeRoleWithWebIdentity"
_WEB_IDENTITY_VARIABLES = {
    "web_identity_token_file": "AWS_WEB_IDENTITY_TOKEN_FILE",
    "role_arn": "AWS_ROLE_ARN",
    "role_session_name": "AWS_ROLE_SESSION_NAME",
}


class WebIdentity(NamedTuple):
    """A role and the file with the token that permits it."""

    token_file: str
    role_arn: str
    session_name: Optional[str]


def web_identity_source(context: SourceContext) -> Union[Renewal, Absent]:
    """Find a token file and a role in the environment or the profile."""

    def value_of(name: str) -> Optional[str]:
        # An argument that names a profile outweighs the environment.
        from_environment = None
        if not context.profile.explicit:
            from_environment = first_set(
                context.surroundings.environment, _WEB_IDENTITY_VARIABLES[name]
            )
        return from_environment or context.profile.value(name)

    token_file = value_of("web_identity_token_file")
    if token_file is None:
        return Absent("no AWS_WEB_IDENTITY_TOKEN_FILE or web_identity_token_file")
    role_arn = value_of("role_arn")
    if role_arn is None:
        raise ConfigurationError(
            "a web identity token is configured without a role",
            expected="AWS_ROLE_ARN, or role_arn in the profile",
            rule=_WEB_IDENTITY_RULE,
        )
    identity = WebIdentity(token_file, role_arn, value_of("role_session_name"))
    return lambda: web_identity_credentials(context, identity)


def web_identity_credentials(context: SourceContext, identity: WebIdentity) -> Credentials:
    """Read the token and exchange it. Raises ConfigurationError or NetworkError."""
    surroundings = context.surroundings
    environment, windows = surroundings.environment, surroundings.windows
    home = home_folder(environment, windows, surroundings.home)
    path = expand_path(identity.token_file, environment, home, windows)
    # CRED-012: the issuer replaces the file.
    token = read_secret_file(surroundings, path, "the web identity token file", _WEB_IDENTITY_RULE)
    parameters = [
        ("RoleArn", identity.role_arn),
        ("RoleSessionName", identity.session_name or default_session_name(context)),
        ("WebIdentityToken", token),
    ]
    request = sts_request(context, _WEB_IDENTITY_ACTION, parameters)
    purpose = f"assume the role {identity.role_arn} with a web identity"
    return sts_credentials(
        context, _WEB_IDENTITY_ACTION, purpose, lambda offset: request, _WEB_IDENTITY_RULE, (token,)
    )


def default_session_name(context: SourceContext) -> str:
    """Return a name for a session that has none. CloudTrail shows it."""
    return f"refimpl-{int(context.surroundings.clock())}"
