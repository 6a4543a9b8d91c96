# SPDX-License-Identifier: MIT
"""Credentials of IAM Identity Center (SSO), for a user who has logged in with `aws sso login`.

The login leaves an access token in a file of the cache, whose name is the SHA-1 of the session's
name, or of the start URL in an old profile. The token is exchanged for the keys of an account and
a role. A token that expires soon is renewed with its refresh token, and the file is replaced. If
that is impossible, the error says which command to run (CRED-014). No error shows a token.
"""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any, Dict, NamedTuple, Optional, Union

from ..endpoint_url import authority, parse_endpoint_url
from ..errors import ConfigurationError, Error, shown
from ..sigv4_credentials import Credentials, is_number
from ..sigv4_stages import uri_encode
from .environment import home_folder
from .sources import Absent, SourceContext
from .sts import explained, fetch_service, service_url
from .surroundings import (
    FetchReply,
    FetchRequest,
    Renewal,
    checked_credentials,
    json_object_of,
    seconds_of_timestamp,
    text_member,
    without_values,
)

_SSO_RULE = "CRED-014"
_SSO_PROFILE_NAMES = ("sso_account_id", "sso_role_name")
_SSO_SESSION_NAMES = ("sso_start_url", "sso_region")
_SSO_REFRESH_WINDOW = 15 * 60.0  # seconds before the token expires
_MAX_SSO_CACHE_FILE = 256 * 1024  # bytes
_SSO_TOKEN = "the cached SSO token"


class SsoLogin(NamedTuple):
    """The configuration of one login.

    session: the name of the `sso-session` section, or None in an old profile
    """

    session: Optional[str]
    start_url: str
    region: str
    account_id: str
    role_name: str


def sso_source(context: SourceContext) -> Union[Renewal, Absent]:
    """Find an SSO login in the profile."""
    values = {name: context.profile.value(name) for name in _SSO_PROFILE_NAMES}
    if not any(values.values()):
        return Absent(f"{context.profile_title} has no sso_account_id")
    session = context.profile.value("sso_session")
    values.update(_sso_session_values(context, session))
    missing = [name for name in (*_SSO_PROFILE_NAMES, *_SSO_SESSION_NAMES) if not values[name]]
    if missing:
        raise ConfigurationError(
            f"{context.profile_title} uses SSO without {', '.join(missing)}", rule=_SSO_RULE
        )
    login = SsoLogin(session, *(values[name] or "" for name in _SSO_FIELDS))
    return lambda: _sso_credentials(context, login)


_SSO_FIELDS = ("sso_start_url", "sso_region", "sso_account_id", "sso_role_name")


def _sso_session_values(context: SourceContext, session: Optional[str]) -> Dict[str, Optional[str]]:
    """Return start URL and region, from the sso-session section if the profile names one."""
    own = {name: context.profile.value(name) for name in _SSO_SESSION_NAMES}
    if session is None:
        return own
    section = context.shared.sso_sessions.get(session)
    if section is None:
        known = ", ".join(sorted(context.shared.sso_sessions)) or "none"
        raise ConfigurationError(
            f"{context.profile_title} names the sso-session {shown(session, 80)}, which does not"
            f" exist (sso-sessions: {known})",
            rule=_SSO_RULE,
        )
    for name in _SSO_SESSION_NAMES:
        found = section[name].value if name in section else None
        if own[name] and found and own[name] != found:
            raise ConfigurationError(
                f"{name} differs between {context.profile_title} and the sso-session {session}",
                expected=found,
                actual=own[name],
                rule=_SSO_RULE,
            )
        own[name] = found or None
    return own


def _login_advice(context: SourceContext) -> str:
    return f"run `aws sso login --profile {context.profile.name}`"


# ---- the token ---------------------------------------------------------------------------------


class _CachedSsoToken(NamedTuple):
    path: str
    document: Dict[str, Any]
    access_token: str
    expires: float

    def __repr__(self) -> str:
        return "_CachedSsoToken(<hidden>)"


def token_cache_path(context: SourceContext, login: SsoLogin) -> str:
    """Return the path of the cache file of a login."""
    # CRED-014
    key = login.start_url if login.session is None else login.session
    name = hashlib.sha1(key.encode("utf-8")).hexdigest() + ".json"  # noqa: S324 - a file name
    surroundings = context.surroundings
    windows = surroundings.windows
    home = home_folder(surroundings.environment, windows, surroundings.home) or "~"
    separator = "\\" if windows else "/"
    return separator.join((home.rstrip("/\\"), ".aws", "sso", "cache", name))


def _read_sso_token(context: SourceContext, login: SsoLogin) -> _CachedSsoToken:
    path = token_cache_path(context, login)
    try:
        data = context.surroundings.read_file(path, _MAX_SSO_CACHE_FILE)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigurationError(
            f"cannot read {_SSO_TOKEN} {path}: {reason}", rule=_SSO_RULE
        ) from None
    if data is None:
        raise ConfigurationError(
            f"{context.profile_title} has no SSO token; {_login_advice(context)}", rule=_SSO_RULE
        )
    try:
        document = json_object_of(data, f"{_SSO_TOKEN} {path}", _SSO_RULE)
        access_token = text_member(document, "accessToken", _SSO_TOKEN, _SSO_RULE)
        expiration = text_member(document, "expiresAt", _SSO_TOKEN, _SSO_RULE)
        if access_token is None or expiration is None:
            raise ConfigurationError(f"{_SSO_TOKEN} {path} is incomplete", rule=_SSO_RULE)
        expires = seconds_of_timestamp(expiration, _SSO_TOKEN, _SSO_RULE)
    except ConfigurationError as error:
        raise ConfigurationError(
            f"{error.message}; {_login_advice(context)}", rule=_SSO_RULE
        ) from None
    return _CachedSsoToken(path, document, access_token, expires)


def _valid_sso_token(context: SourceContext, login: SsoLogin) -> str:
    """Return an access token that has not expired, renewed if necessary and possible."""
    token = _read_sso_token(context, login)
    now = context.surroundings.clock()
    problem = "cannot be renewed"
    if token.expires - now >= _SSO_REFRESH_WINDOW:
        return token.access_token
    if login.session is not None and _can_refresh_token(token, now):
        try:
            return _refreshed_token(context, login, token)
        except Error as error:
            problem = f"could not be renewed: {error.message}"
    if token.expires > now:
        return token.access_token
    raise ConfigurationError(
        f"the SSO token of {context.profile_title} has expired and {problem};"
        f" {_login_advice(context)}",
        rule=_SSO_RULE,
    )


def _can_refresh_token(token: _CachedSsoToken, now: float) -> bool:
    document = token.document
    names = ("refreshToken", "clientId", "clientSecret", "registrationExpiresAt")
    if not all(document.get(name) and isinstance(document[name], str) for name in names):
        return False
    return seconds_of_timestamp(document["registrationExpiresAt"], _SSO_TOKEN, _SSO_RULE) > now


def _refreshed_token(context: SourceContext, login: SsoLogin, token: _CachedSsoToken) -> str:
    """Renew the token with its refresh token, and replace its file."""
    before = token.document
    fields = {
        "clientId": before["clientId"],
        "clientSecret": before["clientSecret"],
        "grantType": "refresh_token",
        "refreshToken": before["refreshToken"],
    }
    body = json.dumps(fields).encode("ascii")
    url = service_url(context, "sso_oidc", "oidc", login.region) + "/token"
    headers = (("Content-Type", "application/json"), ("Content-Length", str(len(body))))
    reply = _fetch_sso(context, "POST", url, headers, body)
    what = "the reply of SSO to a renewal"
    document = json_object_of(reply.body, what, _SSO_RULE)
    secrets = [value for value in fields.values() if value != "refresh_token"]
    if reply.status != 200:
        raise _sso_refusal(reply, document, "renew the token", *secrets)
    access_token = text_member(document, "accessToken", what, _SSO_RULE)
    lifetime = document.get("expiresIn")
    if access_token is None or not isinstance(lifetime, int) or isinstance(lifetime, bool):
        raise ConfigurationError(f"{what} lacks accessToken or expiresIn", rule=_SSO_RULE)
    now = context.surroundings.clock()
    renewed = dict(
        before,
        startUrl=login.start_url,
        region=login.region,
        accessToken=access_token,
        expiresAt=_timestamp_of(now + min(max(lifetime, 0), 10**8)),
    )
    if isinstance(document.get("refreshToken"), str):
        renewed["refreshToken"] = document["refreshToken"]
    try:  # noqa: SIM105 - contextlib takes half a millisecond to load
        context.surroundings.write_file(token.path, json.dumps(renewed).encode("ascii"))
    except OSError:
        pass  # The token is valid all the same. The next process renews it again.
    return access_token


def _timestamp_of(seconds: float) -> str:
    return (datetime(1970, 1, 1) + timedelta(seconds=int(seconds))).isoformat() + "Z"


# ---- the keys ----------------------------------------------------------------------------------


def _sso_credentials(context: SourceContext, login: SsoLogin) -> Credentials:
    token = _valid_sso_token(context, login)
    role = uri_encode(login.role_name.encode("utf-8"))
    account = uri_encode(login.account_id.encode("utf-8"))
    base = service_url(context, "sso", "portal.sso", login.region)
    url = f"{base}/federation/credentials?role_name={role}&account_id={account}"
    reply = _fetch_sso(context, "GET", url, (("x-amz-sso_bearer_token", token),))
    if reply.status == 401:
        raise ConfigurationError(
            f"SSO no longer accepts the token of {context.profile_title}; {_login_advice(context)}",
            actual="HTTP 401",
            status=401,
            rule=_SSO_RULE,
        )
    what = "the reply of SSO"
    document = json_object_of(reply.body, what, _SSO_RULE)
    if reply.status != 200:
        purpose = f"get the role {login.role_name} of the account {login.account_id}"
        raise _sso_refusal(reply, document, purpose, token)
    keys = document.get("roleCredentials")
    if not isinstance(keys, dict):
        raise ConfigurationError(f"{what} has no roleCredentials", rule=_SSO_RULE)
    parts = [
        text_member(keys, name, what, _SSO_RULE)
        for name in ("accessKeyId", "secretAccessKey", "sessionToken")
    ]
    milliseconds = keys.get("expiration")
    # CRED-013: true is not a number.
    if None in parts or milliseconds is None or not is_number(milliseconds):
        raise ConfigurationError(f"{what} lacks a part of the credentials", rule=_SSO_RULE)
    return checked_credentials(what, parts[0], parts[1], parts[2], milliseconds / 1000)


def _fetch_sso(
    context: SourceContext, method: str, url: str, headers: Any, body: bytes = b""
) -> FetchReply:
    endpoint = parse_endpoint_url(url.partition("?")[0])
    host = ("Host", authority(endpoint.scheme, endpoint.host, endpoint.port))
    try:
        request = FetchRequest(method, url, (host, *headers), body)
        # A refresh token may be valid only once.
        may_repeat = method == "GET"
        return fetch_service(context.surroundings, lambda offset: request, may_repeat)
    except Error as error:
        raise explained(error, "cannot reach SSO") from error


def _sso_refusal(
    reply: FetchReply, document: Dict[str, Any], purpose: str, *secrets: str
) -> ConfigurationError:
    names = ("message", "error_description", "error", "__type")
    found = [document[name] for name in names if isinstance(document.get(name), str)]
    message = without_values(found[0] if found else "no message", *secrets)
    return ConfigurationError(
        f"SSO refused to {purpose}: {message}",
        actual=f"HTTP {reply.status}",
        status=reply.status,
        retryable=reply.status == 429 or reply.status >= 500,
        rule=_SSO_RULE,
    )
