# SPDX-License-Identifier: MIT
"""The services that hand out credentials, on loopback: STS, SSO, container and instance metadata.

    with CredentialsServices() as services:
        ... set the variables of services.variables, and let a client search for credentials ...
        print(services.requests)

One server plays all of them, because their paths differ:

    POST /                            STS: AssumeRole, AssumeRoleWithWebIdentity, GetCallerIdentity
    GET  /federation/credentials      SSO: GetRoleCredentials
    POST /token                       SSO: CreateToken, to renew a token
    GET  /container-credentials       the agent of ECS and EKS
    PUT  /latest/api/token            instance metadata, version 2: the session token
    GET  /latest/meta-data/iam/...    instance metadata, version 2: the role and its keys

All hand out AWS's published example keys, with a session token, so the Endpoint accepts what they
sign. Signed STS requests are verified with these keys. Any web identity token, SSO token, refresh
token and authorization token is accepted. Requests that the service would refuse for a missing
parameter, a wrong signature or a missing token get the service's error.
"""

import json
import re
import time
from collections import deque
from datetime import datetime, timedelta
from ssl import SSLContext
from typing import Callable, Deque, Dict, List, Optional, Tuple
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from conformance.endpoint.checks import (
    ACCESS_KEY,
    ACCOUNT,
    EXAMPLE_TOKEN,
    SECRET_KEY,
    Refusal,
    check_signature,
)
from conformance.endpoint.loopback import Conversation, Log, Loopback
from conformance.endpoint.request import BadRequest, Request, RequestReader, values_of
from conformance.endpoint.scenarios.build import document
from conformance.endpoint.scenarios.model import Response
from refimpl.errors import shown
from refimpl.sigv4 import amz_date_of, collect_headers

ROLE = "example-role"
CONTAINER_PATH = "/container-credentials"
METADATA_TOKEN = "metadataTokenEXAMPLE"
SSO_TOKEN, REFRESH_TOKEN = "ssoTokenEXAMPLE", "refreshTokenEXAMPLE"

_METADATA_ROLES = "/latest/meta-data/iam/security-credentials/"
_KEPT_REQUESTS = 1000
_MAX_KEPT_BODY = 65536  # bytes; longer bodies are not read as parameters
_STS_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
_STS_VERSION = "2011-06-15"
_OK, _BAD_REQUEST = "200 OK", "400 Bad Request"
_ROLE_ARN = re.compile(r"arn:[a-z-]+:iam::([0-9]*):role/(?:[!-~]*/)?([\w+=,.@-]{1,64})\Z", re.ASCII)
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}\Z", re.ASCII)
_DURATION = re.compile(r"[0-9]{3,5}\Z")
# STS has other names for some refusals than SageMaker Runtime.
_STS_CODES = {
    "InvalidSignatureException": "SignatureDoesNotMatch",
    "UnrecognizedClientException": "InvalidClientTokenId",
    "MissingAuthenticationTokenException": "MissingAuthenticationToken",
    "IncompleteSignatureException": "IncompleteSignature",
    "ExpiredTokenException": "ExpiredToken",
}


# ---- documents ---------------------------------------------------------------------------------


def timestamp_of(seconds: float) -> str:
    """Return a time in seconds since 1970 as the services write it: `2027-01-15T08:00:00Z`."""
    return (datetime(1970, 1, 1) + timedelta(seconds=int(seconds))).isoformat() + "Z"


def sts_credentials_document(
    action: str,
    expiration: str,
    access_key: str = ACCESS_KEY,
    secret_key: str = SECRET_KEY,
    session_token: str = EXAMPLE_TOKEN,
    more: str = "",
) -> bytes:
    """Return the XML document of an action of STS that returns credentials.

    expiration: a timestamp; more: XML after the credentials
    """
    return _sts_document(
        action,
        "<Credentials>"
        f"<AccessKeyId>{escape(access_key)}</AccessKeyId>"
        f"<SecretAccessKey>{escape(secret_key)}</SecretAccessKey>"
        f"<SessionToken>{escape(session_token)}</SessionToken>"
        f"<Expiration>{escape(expiration)}</Expiration>"
        f"</Credentials>{more}",
    )


def sts_error_document(code: str, message: str) -> bytes:
    """Return the XML document of an error of STS."""
    text = (
        f'<ErrorResponse xmlns="{_STS_NAMESPACE}"><Error><Type>Sender</Type>'
        f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error></ErrorResponse>"
    )
    return text.encode("utf-8")


def _sts_document(action: str, result: str) -> bytes:
    text = (
        f'<{action}Response xmlns="{_STS_NAMESPACE}">'
        f"<{action}Result>{result}</{action}Result></{action}Response>"
    )
    return text.encode("utf-8")


def agent_document(
    expiration: str,
    access_key: str = ACCESS_KEY,
    secret_key: str = SECRET_KEY,
    session_token: str = EXAMPLE_TOKEN,
) -> Dict[str, str]:
    """Return the JSON document of the container's agent and of the metadata service."""
    return {
        "Code": "Success",
        "Type": "AWS-HMAC",
        "AccessKeyId": access_key,
        "SecretAccessKey": secret_key,
        "Token": session_token,
        "Expiration": expiration,
    }


def _json(status: str, body: object, error_type: Optional[str] = None) -> Response:
    return document(status, json.dumps(body).encode("ascii"), error_type)


def _text(status: str, body: str) -> Response:
    return document(status, body.encode("ascii"), None, "text/plain")


# ---- the server --------------------------------------------------------------------------------


class _StsError(Exception):
    """STS refuses the request."""

    def __init__(self, code: str, message: str, status: str = _BAD_REQUEST) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


class _Conversation(Conversation):
    """Reads one request and responds."""

    def converse(self) -> None:
        services: CredentialsServices = self.server.owner
        reader = RequestReader(self.request, services.budget)
        try:
            request = reader.read()
            if request is not None:
                self.respond_and_close(services.respond(request))
        except BadRequest as error:
            self.respond_and_close(error.response())
            self.linger()
        finally:
            reader.release()


class CredentialsServices(Loopback):
    """The services that hand out credentials, until close(); also a context manager.

    clock:    seconds since 1970 UTC, as time.time
    lifetime: seconds until the credentials expire, unless a request to STS says otherwise
    port, log, idle_timeout, tls: as for the Endpoint. Raises OSError if the port is not available.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        lifetime: float = 3600.0,
        port: int = 0,
        log: Optional[Log] = None,
        idle_timeout: float = 60.0,
        tls: Optional[SSLContext] = None,
    ) -> None:
        self._clock, self._lifetime = clock, lifetime
        self._requests: Deque[Request] = deque(maxlen=_KEPT_REQUESTS)
        super().__init__(_Conversation, port, None, log, idle_timeout, tls)

    @property
    def requests(self) -> List[Request]:
        """The last 1,000 requests, in order. The body of one over 64 KiB is left out."""
        with self._lock:
            return list(self._requests)

    @property
    def variables(self) -> Tuple[str, ...]:
        """The environment variables that make a client use these services, as `NAME=VALUE`.

        The container's agent precedes the metadata service in every client's search, so a test of
        the latter leaves out AWS_CONTAINER_CREDENTIALS_FULL_URI.
        """
        return (
            f"AWS_ENDPOINT_URL_STS={self.url}",
            f"AWS_ENDPOINT_URL_SSO={self.url}",
            f"AWS_ENDPOINT_URL_SSO_OIDC={self.url}",
            f"AWS_EC2_METADATA_SERVICE_ENDPOINT={self.url}",
            f"AWS_CONTAINER_CREDENTIALS_FULL_URI={self.url}{CONTAINER_PATH}",
        )

    def respond(self, request: Request) -> Response:
        """Return the response to a request, and keep and log the request."""
        if len(request.body) > _MAX_KEPT_BODY:
            request = request._replace(body=b"")
        with self._lock:
            self._requests.append(request)
        path, _, query = request.target.partition("?")
        response = self._response(request, path, query)
        self.log(shown(f"{request.method} {path}: {response.status}", 300))
        return response

    def _response(self, request: Request, path: str, query: str) -> Response:
        line = f"{request.method} {path}"
        if line == "POST /":
            return self._sts(request)
        if line == "GET /federation/credentials":
            return self._sso_credentials(request, query)
        if line == "POST /token":
            return self._sso_token(request)
        if line == f"GET {CONTAINER_PATH}":
            return _json(_OK, agent_document(self._expiration()))
        if line == "PUT /latest/api/token":
            return _metadata_token(request)
        if line.startswith(f"GET {_METADATA_ROLES}"):
            return self._metadata_role(request, path[len(_METADATA_ROLES) :])
        return _text("404 Not Found", "not a path of STS, SSO, the agent or the metadata service\n")

    def _expiration(self, lifetime: Optional[float] = None) -> str:
        return timestamp_of(self._clock() + (self._lifetime if lifetime is None else lifetime))

    # ---- STS ------------------------------------------------------------------------------------

    def _sts(self, request: Request) -> Response:
        try:
            return document(_OK, self._sts_result(request), None, "text/xml")
        except Refusal as refusal:
            code = refusal.reason.partition(":")[0]
            error = _StsError(_STS_CODES.get(code, code), refusal.message, "403 Forbidden")
        except _StsError as refused:
            error = refused
        body = sts_error_document(error.code, error.message)
        return document(error.status, body, None, "text/xml")

    def _sts_result(self, request: Request) -> bytes:
        parameters = dict(parse_qsl(request.body.decode("latin-1"), keep_blank_values=True))
        action = parameters.get("Action", "")
        if not action:
            raise _StsError("MissingAction", "The request has no Action.")
        if parameters.get("Version") != _STS_VERSION:
            raise _StsError("InvalidAction", f"Could not find the version; use {_STS_VERSION}.")
        if action == "AssumeRoleWithWebIdentity":
            _require(parameters, "WebIdentityToken", re.compile(r"[!-~]{4,20000}\Z"))
            return self._assumed_role(action, parameters)
        now = amz_date_of(self._clock())
        check_signature(request, collect_headers(request.headers), now, service="sts")
        if action == "AssumeRole":
            return self._assumed_role(action, parameters)
        if action == "GetCallerIdentity":
            return _sts_document(
                action,
                f"<Arn>arn:aws:iam::{ACCOUNT}:user/example</Arn><UserId>AIDAEXAMPLE</UserId>"
                f"<Account>{ACCOUNT}</Account>",
            )
        raise _StsError("InvalidAction", f"Could not find operation {shown(action, 100)}.")

    def _assumed_role(self, action: str, parameters: Dict[str, str]) -> bytes:
        account, role = _require(parameters, "RoleArn", _ROLE_ARN).groups()
        session = _require(parameters, "RoleSessionName", _SESSION_NAME).group()
        lifetime = None
        if "DurationSeconds" in parameters:
            lifetime = float(_require(parameters, "DurationSeconds", _DURATION).group())
            if not 900 <= lifetime <= 43200:
                raise _StsError("ValidationError", "DurationSeconds must be 900 to 43200.")
        more = (
            "<AssumedRoleUser>"
            f"<AssumedRoleId>AROAEXAMPLE:{session}</AssumedRoleId>"
            f"<Arn>arn:aws:sts::{account}:assumed-role/{role}/{session}</Arn></AssumedRoleUser>"
        )
        return sts_credentials_document(action, self._expiration(lifetime), more=more)

    # ---- SSO ------------------------------------------------------------------------------------

    def _sso_credentials(self, request: Request, query: str) -> Response:
        if not any(values_of(request.headers, "x-amz-sso_bearer_token")):
            return _json(
                "401 Unauthorized",
                {"message": "Session token not found or invalid"},
                "UnauthorizedException",
            )
        parameters = dict(parse_qsl(query))
        missing = [name for name in ("account_id", "role_name") if name not in parameters]
        if missing:
            return _json(
                _BAD_REQUEST,
                {"message": f"{' and '.join(missing)} missing"},
                "InvalidRequestException",
            )
        keys = {
            "accessKeyId": ACCESS_KEY,
            "secretAccessKey": SECRET_KEY,
            "sessionToken": EXAMPLE_TOKEN,
            "expiration": int(self._clock() + self._lifetime) * 1000,
        }
        return _json(_OK, {"roleCredentials": keys})

    def _sso_token(self, request: Request) -> Response:
        try:
            fields = json.loads(request.body.decode("utf-8"))
        except (ValueError, RecursionError):
            fields = None
        names = ("clientId", "clientSecret", "grantType", "refreshToken")
        if not isinstance(fields, dict) or not all(fields.get(name) for name in names):
            return _sso_error("invalid_request", f"expected {', '.join(names)}")
        if fields["grantType"] != "refresh_token":
            return _sso_error("unsupported_grant_type", "expected refresh_token")
        renewed = {
            "accessToken": SSO_TOKEN,
            "expiresIn": int(self._lifetime),
            "refreshToken": REFRESH_TOKEN,
            "tokenType": "Bearer",
        }
        return _json(_OK, renewed)

    # ---- instance metadata -----------------------------------------------------------------------

    def _metadata_role(self, request: Request, role: str) -> Response:
        if values_of(request.headers, "x-aws-ec2-metadata-token") != [METADATA_TOKEN]:
            return _text("401 Unauthorized", "")
        if not role:
            return _text(_OK, ROLE)
        if role != ROLE:
            return _text("404 Not Found", "")
        return _json(_OK, agent_document(self._expiration()))


def _metadata_token(request: Request) -> Response:
    seconds = values_of(request.headers, "x-aws-ec2-metadata-token-ttl-seconds")
    if len(seconds) != 1 or not re.match(r"[0-9]{1,5}\Z", seconds[0]):
        return _text(_BAD_REQUEST, "")
    response = _text(_OK, METADATA_TOKEN)
    ttl = ("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", seconds[0])
    return response._replace(headers=(*response.headers, ttl))


def _sso_error(code: str, description: str) -> Response:
    return _json(_BAD_REQUEST, {"error": code, "error_description": description})


def _require(parameters: Dict[str, str], name: str, pattern: "re.Pattern[str]") -> "re.Match[str]":
    """Return the match of a parameter of STS that must match a pattern. Raises _StsError."""
    match = pattern.match(parameters.get(name, ""))
    if match is None:
        raise _StsError("ValidationError", f"{name} is missing or invalid.")
    return match
