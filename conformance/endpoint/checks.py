# SPDX-License-Identifier: MIT
"""Checks a request as the service does, and answers in AWS's words.

check_request() checks path and method (404, 405), then the signature (403), then the members
against the model's constraints (400). Every failure is a Refusal, which knows its response. The
only valid credentials are AWS's published example keys, with any session token.
`refimpl.sigv4.verify` does the verification here, so what the endpoint accepts proves nothing about
`refimpl`.
"""

import re
from typing import Dict, List, Optional, Tuple
from urllib.parse import unquote

from conformance.endpoint.request import Request
from conformance.endpoint.scenarios.build import failure
from conformance.endpoint.scenarios.model import Response
from conformance.endpoint.scenarios.responses import CANONICAL_TEXT
from refimpl.errors import Error, shown
from refimpl.fields import FieldType, broken_constraint
from refimpl.shapes import InvokeEndpointWithResponseStreamInput
from refimpl.sigv4 import SCOPE_SUFFIX, Credentials, collect_headers, decode_query, verify

ACCESS_KEY = "AKIDEXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
# The example of a session token that AWS publishes. It belongs to nobody.
EXAMPLE_TOKEN = (
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfI"
    "eoIYRqTflfKD8YUuwthAx7mSEI=="
)
SERVICE = "sagemaker"

_ROUTE = re.compile(r".*/endpoints/([^/]*)/invocations-response-stream\Z")
_FORBIDDEN = "403 Forbidden"


class Refusal(Exception):
    """The service refuses the request with an error response.

    reason:   the code and a short message, for logs
    verified: whether the signature is valid
    """

    def __init__(
        self, status: str, code: str, message: str, reason: str = "", verified: bool = False
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.verified = status, code, message, verified
        self.reason = f"{code}: {reason or message}"

    def response(self) -> Response:
        """Return AWS's response: `Message` in the modelled error, `message` in the others."""
        member = "Message" if self.code == "ValidationError" else "message"
        response = failure(self.status, self.code, **{member: self.message})
        if not self.status.startswith("405"):
            return response
        return response._replace(headers=tuple(response.headers) + (("Allow", "POST"),))


def check_request(request: Request, amz_date: str, region: Optional[str] = None) -> str:
    """Return the endpoint name of a request that the service accepts. Raises Refusal.

    amz_date: the service's time
    region:   the service's region, or None for any
    """
    match = _ROUTE.match(request.target.partition("?")[0])
    if match is None or request.method != "POST":
        raise Refusal(
            "404 Not Found" if match is None else "405 Method Not Allowed",
            "UnknownOperationException",
            "Expected POST .../endpoints/{EndpointName}/invocations-response-stream",
        )
    headers = collect_headers(request.headers)
    check_signature(request, headers, amz_date, region)
    name = unquote(match.group(1))
    check_members(name, headers)
    return name


# ---- the signature -----------------------------------------------------------------------------


def query_of(target: str) -> Dict[str, str]:
    """Return the decoded query parameters of a target."""
    return {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in decode_query(target.partition("?")[2])
    }


def check_signature(
    request: Request,
    headers: Dict[str, str],
    amz_date: str,
    region: Optional[str],
    service: str = SERVICE,
) -> None:
    """Raise Refusal unless the request is signed with the example keys.

    headers: the request's, collected
    """
    query = query_of(request.target)
    access_key, claimed_region, claimed_service = claimed_scope(headers, query)
    if access_key != ACCESS_KEY:
        raise Refusal(
            _FORBIDDEN,
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        )
    if claimed_service != service:
        raise _mismatch(f"Credential should be scoped to correct service: '{service}'.")
    if region is not None and claimed_region != region:
        raise _mismatch("Credential should be scoped to a valid region.")
    token = headers.get("x-amz-security-token") or query.get("X-Amz-Security-Token")
    try:
        verify(
            request.method,
            request.target,
            request.headers,
            request.body,
            Credentials(ACCESS_KEY, SECRET_KEY, token),
            claimed_region,
            service,
            amz_date,
        )
    except Error as error:
        raise _refusal_of(error) from None


def _refusal_of(error: Error) -> Refusal:
    """Return the refusal for an error of verify()."""
    canonical_request = getattr(error, "canonical_request", None)
    if canonical_request is not None:
        text = CANONICAL_TEXT % (canonical_request, getattr(error, "string_to_sign", ""))
        return _mismatch(text, str(error))
    if error.kind == "expired":
        return _mismatch(error.message)
    return _mismatch(str(error))


def _mismatch(message: Optional[str], reason: str = "") -> Refusal:
    return Refusal(_FORBIDDEN, "InvalidSignatureException", message or "", reason)


def _incomplete(message: str) -> Refusal:
    return Refusal(_FORBIDDEN, "IncompleteSignatureException", message)


def claimed_scope(headers: Dict[str, str], query: Dict[str, str]) -> Tuple[str, str, str]:
    """Return (access key, region, service) of the credential scope. Raises Refusal.

    The scope is in the headers or in the query.
    """
    if "authorization" in headers:
        credential = _credential_in_header(headers)
    elif "X-Amz-Signature" in query:
        credential = query.get("X-Amz-Credential", "")
    else:
        raise Refusal(
            _FORBIDDEN, "MissingAuthenticationTokenException", "Missing Authentication Token"
        )
    elements = credential.split("/")
    if len(elements) != 5 or elements[4] != SCOPE_SUFFIX:
        raise _incomplete(
            "Credential must have exactly 5 slash-delimited elements, "
            "e.g. keyid/date/region/service/aws4_request."
        )
    return elements[0], elements[2], elements[3]


def _credential_in_header(headers: Dict[str, str]) -> str:
    algorithm, _, rest = headers["authorization"].partition(" ")
    if algorithm != "AWS4-HMAC-SHA256":
        raise _incomplete("Authorization header must begin with AWS4-HMAC-SHA256.")
    parts = dict(piece.strip(" ").partition("=")[::2] for piece in rest.split(","))
    names = ("Credential", "Signature", "SignedHeaders")
    missing = [name for name in names if not parts.get(name)]
    if missing:
        raise _incomplete(
            " ".join(f"Authorization header requires '{name}' parameter." for name in missing)
        )
    if not headers.get("x-amz-date"):
        raise _incomplete(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        )
    return str(parts["Credential"])


# ---- the members -------------------------------------------------------------------------------


def check_members(name: str, headers: Dict[str, str]) -> None:
    """Raise Refusal unless every member of the request satisfies the model's constraints.

    name: the endpoint name;  headers: the request's, collected
    """
    errors: List[str] = []
    for field in InvokeEndpointWithResponseStreamInput.fields:
        value: Optional[str] = None
        if field.location == "uri":
            value = name
        elif field.location == "header":
            value = headers.get(field.wire_name.lower())
        constraint = _violated_constraint(field.type, value) if value is not None else None
        if constraint is not None:
            value = "***Sensitive***" if field.type.sensitive else shown(value)
            member = field.member[0].lower() + field.member[1:]
            errors.append(
                f"Value '{value}' at '{member}' failed to satisfy constraint: "
                f"Member must {constraint}"
            )
    if errors:
        plural = "s" if len(errors) > 1 else ""
        text = f"{len(errors)} validation error{plural} detected: {'; '.join(errors)}"
        raise Refusal("400 Bad Request", "ValidationError", text, verified=True)


_CONSTRAINTS = {
    "max_length": "have length less than or equal to %s",
    "min_length": "have length greater than or equal to %s",
    "pattern": "satisfy regular expression pattern: %s",
}


def _violated_constraint(wanted: FieldType, value: str) -> Optional[str]:
    """Return the constraint that a string member violates, in the service's words, or None."""
    broken = broken_constraint(wanted, value)
    if broken is None:
        return None
    text: str = _CONSTRAINTS[broken] % getattr(wanted, broken)
    return text
