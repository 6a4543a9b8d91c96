# SPDX-License-Identifier: MIT
"""Checks a request as the service does, and answers in AWS's words.

check_request() checks path and method (404, 405), then the signature (403), then the members
against the model's constraints (400). Every failure is a Refusal, which knows its response. The
only valid credentials are AWS's published example keys, with any session token, unless a Policy
says otherwise. `refimpl.sigv4.verify` does the verification here, so what the endpoint accepts
proves nothing about `refimpl`.
"""

import re
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple
from urllib.parse import unquote

from conformance.endpoint.diagnosis import Diagnosis, diagnosis_of
from conformance.endpoint.request import Request
from conformance.endpoint.scenarios.build import failure
from conformance.endpoint.scenarios.model import Response
from conformance.endpoint.scenarios.responses import CANONICAL_TEXT
from refimpl.errors import Error, shown
from refimpl.fields import FieldType, broken_constraint
from refimpl.shapes import InvokeEndpointWithResponseStreamInput
from refimpl.sigv4 import (
    DATE_HEADER,
    SCOPE_SUFFIX,
    Credentials,
    collect_headers,
    decode_query,
    verify,
)

ACCESS_KEY = "AKIDEXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
# The example of a session token that AWS publishes. It belongs to nobody.
EXAMPLE_TOKEN = (
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfI"
    "eoIYRqTflfKD8YUuwthAx7mSEI=="
)
SERVICE = "sagemaker"

STREAMING = "InvokeEndpointWithResponseStream"
WHOLE = "InvokeEndpoint"
ASYNC = "InvokeEndpointAsync"
_OPERATIONS = {
    "invocations-response-stream": STREAMING,
    "invocations": WHOLE,
    "async-invocations": ASYNC,
}
# These members belong to InvokeEndpoint only.
_OF_WHOLE = {
    "TargetModel": "x-amzn-sagemaker-target-model",
    "EnableExplanations": "x-amzn-sagemaker-enable-explanations",
}
_NEW_SESSION = "NEW_SESSION"
# SRV-001: below any base path.
_ROUTE = re.compile(r".*/endpoints/([^/]*)/([a-z-]+)\Z")
_FORBIDDEN = "403 Forbidden"
# The header of a response that names the mistake which explains a wrong signature.
DIAGNOSIS_HEADER = "x-endpoint-diagnosis"
_BAD_REQUEST = "400 Bad Request"
ACCOUNT = "123456789012"  # of the endpoint, in error messages
VALID = "valid"
UNCHECKED = "unchecked"


class Policy(NamedTuple):
    """Which signatures the endpoint accepts.

    region:        the service's region, or None for any
    session_token: the token that belongs to the example keys, or None for any
    expired_tokens: session tokens that have expired
    any_keys:      also accept keys that the endpoint does not know. It checks the form, time and
                   scope of their signatures, but not the signatures themselves.
    """

    region: Optional[str] = None
    session_token: Optional[str] = None
    any_keys: bool = False
    expired_tokens: Tuple[str, ...] = ()


_EXAMPLE_KEYS = Policy()


class Accepted(NamedTuple):
    """A request that the service accepts.

    operation: STREAMING, WHOLE or ASYNC
    name:      the endpoint name
    signature: VALID, or UNCHECKED for keys that the endpoint does not know
    """

    operation: str
    name: str
    signature: str


class Refusal(Exception):
    """The service refuses the request with an error response.

    reason:   the code and a short message, for logs
    verified: whether the signature is valid
    of_body:  whether only the body can show that the signature is wrong
    diagnosis: the usual mistake that gives the client's signature, or None
    canonical_requests: the service's and the client's, if a diagnosis shows the client's
    """

    def __init__(
        self,
        status: str,
        code: str,
        message: str,
        reason: str = "",
        verified: bool = False,
        of_body: bool = False,
        diagnosis: Optional[Diagnosis] = None,
        canonical_request: str = "",
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.verified = status, code, message, verified
        self.reason = f"{code}: {reason or message}"
        if diagnosis is not None:
            self.reason += f"; {diagnosis.mistake}"
        self.of_body = of_body
        self.diagnosis = diagnosis and diagnosis.mistake
        self.canonical_requests: Optional[Tuple[str, str]] = None
        if diagnosis is not None and canonical_request:
            self.canonical_requests = (canonical_request, diagnosis.canonical_request)

    def response(self) -> Response:
        """Return AWS's response: `Message` in the modelled error, `message` in the others."""
        # SRV-040, SRV-041, SRV-042
        member = "Message" if self.code == "ValidationError" else "message"
        response = failure(self.status, self.code, **{member: self.message})
        if self.diagnosis is not None:
            diagnosis = (DIAGNOSIS_HEADER, self.diagnosis)
            return response._replace(headers=tuple(response.headers) + (diagnosis,))
        # SRV-047: failure() gives the response a Content-Length.
        if not self.status.startswith("405"):
            return response
        return response._replace(headers=tuple(response.headers) + (("Allow", "POST"),))


def endpoint_name_of(target: str) -> str:
    """Return the endpoint name in a target, or an empty text."""
    match = _ROUTE.match(target.partition("?")[0])
    return "" if match is None else unquote(match.group(1))


def check_request(request: Request, amz_date: str, policy: Policy = _EXAMPLE_KEYS) -> Accepted:
    """Return the operation and the endpoint name of a request that the service accepts.

    amz_date: the service's time
    Raises Refusal.
    """
    # SRV-005: the query names no operation.
    match = _ROUTE.match(request.target.partition("?")[0])
    operation = _OPERATIONS.get(match.group(2)) if match is not None else None
    if match is None or operation is None or request.method != "POST":
        # SRV-010
        raise Refusal(
            "404 Not Found" if operation is None else "405 Method Not Allowed",
            "UnknownOperationException",
            "Expected POST .../endpoints/{EndpointName}/invocations-response-stream",
        )
    headers = collect_headers(request.headers)
    signature = check_signature(request, headers, amz_date, policy)
    # SRV-004
    name = unquote(match.group(1))
    members = members_of(operation, name, headers)
    if operation == WHOLE and members.get("SessionId") == _NEW_SESSION:
        del members["SessionId"]
    check_members(members, signature == VALID)
    return Accepted(operation, name, signature)


def not_found(name: str, similar: Sequence[str], verified: bool = True) -> Refusal:
    """Return the refusal of an endpoint name that does not exist.

    similar: names that the caller may have meant, for the log
    """
    # SRV-045
    message = f"Endpoint {name} of account {ACCOUNT} not found."
    hint = f" (similar: {', '.join(similar)})" if similar else ""
    return Refusal(_BAD_REQUEST, "ValidationError", message, message + hint, verified)


def not_asynchronous(name: str) -> Refusal:
    """Return the refusal of InvokeEndpointAsync, because the endpoint serves its callers at once.

    The text is this project's own.
    """
    # SRV-071
    message = f"Endpoint {name} of account {ACCOUNT} is not an asynchronous endpoint."
    return Refusal(_BAD_REQUEST, "ValidationError", message, verified=True)


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
    policy: Policy = _EXAMPLE_KEYS,
    service: str = SERVICE,
) -> str:
    """Return VALID, or UNCHECKED for keys that the endpoint does not know. Raises Refusal.

    headers: the request's, collected
    """
    query = query_of(request.target)
    access_key, claimed_region, claimed_service = claimed_scope(headers, query)
    is_known = access_key == ACCESS_KEY
    # SRV-022
    if not is_known and not policy.any_keys:
        raise _invalid_token()
    # SRV-023
    if claimed_service != service:
        raise _mismatch(f"Credential should be scoped to correct service: '{service}'.")
    # SRV-024
    if policy.region is not None and claimed_region != policy.region:
        raise _mismatch(f"Credential should be scoped to a valid region, not '{claimed_region}'. ")
    if "authorization" in headers:
        _check_claim_in_header(headers)
    token = headers.get("x-amz-security-token") or query.get("X-Amz-Security-Token")
    # SRV-031
    if token in policy.expired_tokens:
        raise _expired_token()
    if is_known and policy.session_token is not None and token != policy.session_token:
        raise _invalid_token()
    # SRV-006, SRV-026, SRV-027, SRV-028, SRV-029, SRV-032, SRV-033
    try:
        verify(
            request.method,
            request.target,
            request.headers,
            request.body,
            Credentials(access_key, SECRET_KEY, token),
            claimed_region,
            service,
            amz_date,
        )
    except Error as error:
        # verify() compares the signatures last, so everything else has been checked.
        if is_known and error.rule == "SIG-041":
            raise _refusal_of(error, diagnosis_of(request, SECRET_KEY)) from None
        if is_known or error.rule != "SIG-041":
            raise _refusal_of(error) from None
        _check_form(headers, query)
    return VALID if is_known else UNCHECKED


_SIGNATURE = re.compile(r"[0-9a-f]{64}\Z")
_SIGNATURE_IN_HEADER = re.compile(r"(?:.*[ ,])?Signature=([^, ]*)")


def _check_form(headers: Dict[str, str], query: Dict[str, str]) -> None:
    """Raise Refusal unless a signature consists of 64 hexadecimal digits."""
    found = _SIGNATURE_IN_HEADER.match(headers.get("authorization", ""))
    signature = found.group(1) if found else query.get("X-Amz-Signature", "")
    if _SIGNATURE.match(signature) is None:
        raise _mismatch("The signature is malformed (expected 64 hexadecimal digits)")


def _invalid_token() -> Refusal:
    return Refusal(
        _FORBIDDEN,
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
    )


def _expired_token() -> Refusal:
    return Refusal(
        _FORBIDDEN,
        "ExpiredTokenException",
        "The security token included in the request is expired",
        diagnosis=Diagnosis("the temporary credentials have expired: get new ones (CRED-003)", ""),
    )


def _check_claim_in_header(headers: Dict[str, str]) -> None:
    """Raise Refusal, in AWS's words, for another day in the scope or a wrong list of headers."""
    parts = _claimed_parts(headers)
    date, amz_date = parts["Credential"].split("/")[1], headers[DATE_HEADER]
    # SRV-025
    if date != amz_date[:8]:
        raise _mismatch(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
            f"HTTP: '{date}' != '{amz_date[:8]}', from '{amz_date}'."
        )
    names = parts["SignedHeaders"].split(";")
    for name in names:
        # SRV-030
        if name.lower() not in headers:
            raise _incomplete(
                f"'{name}' is named as a SignedHeader, but it does not exist in the HTTP request"
            )
    if "host" not in names:
        raise _mismatch("'Host' must be a 'SignedHeader' in the AWS Authorization.")


def _refusal_of(error: Error, diagnosis: Optional[Diagnosis] = None) -> Refusal:
    """Return the refusal for an error of verify()."""
    canonical_request = getattr(error, "canonical_request", None)
    of_body = error.rule in ("SIG-041", "SIG-047")
    if canonical_request is not None:
        text = CANONICAL_TEXT % (canonical_request, getattr(error, "string_to_sign", ""))
        return _mismatch(text, str(error), of_body, diagnosis, canonical_request)
    if error.kind == "expired":
        return _mismatch(error.message)
    return _mismatch(str(error), "", of_body)


def _mismatch(
    message: Optional[str],
    reason: str = "",
    of_body: bool = False,
    diagnosis: Optional[Diagnosis] = None,
    canonical_request: str = "",
) -> Refusal:
    return Refusal(
        _FORBIDDEN,
        "InvalidSignatureException",
        message or "",
        reason,
        of_body=of_body,
        diagnosis=diagnosis,
        canonical_request=canonical_request,
    )


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
        # SRV-020
        raise Refusal(
            _FORBIDDEN, "MissingAuthenticationTokenException", "Missing Authentication Token"
        )
    # SRV-021
    elements = credential.split("/")
    if len(elements) != 5 or elements[4] != SCOPE_SUFFIX:
        raise _incomplete(
            "Credential must have exactly 5 slash-delimited elements, "
            "e.g. keyid/date/region/service/aws4_request."
        )
    return elements[0], elements[2], elements[3]


def _credential_in_header(headers: Dict[str, str]) -> str:
    algorithm = headers["authorization"].partition(" ")[0]
    if algorithm != "AWS4-HMAC-SHA256":
        raise _incomplete("Authorization header must begin with AWS4-HMAC-SHA256.")
    parts = _claimed_parts(headers)
    names = ("Credential", "Signature", "SignedHeaders")
    missing = [name for name in names if not parts.get(name)]
    if missing:
        raise _incomplete(
            " ".join(f"Authorization header requires '{name}' parameter." for name in missing)
        )
    if not headers.get(DATE_HEADER) and headers.get("date"):
        raise _incomplete(
            "Authorization header requires existence of a 'X-Amz-Date' header. This endpoint does "
            "not accept a 'Date' header in its place."
        )
    if not headers.get(DATE_HEADER):
        raise _incomplete(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        )
    return str(parts["Credential"])


def _claimed_parts(headers: Dict[str, str]) -> Dict[str, str]:
    rest = headers["authorization"].partition(" ")[2]
    pieces = [piece.strip(" ").partition("=") for piece in rest.split(",")]
    return {name: value for name, _, value in pieces}


# ---- the members -------------------------------------------------------------------------------


def members_of(operation: str, name: str, headers: Dict[str, str]) -> Dict[str, str]:
    """Return the members of a request by their names in the model, without Body.

    name: the endpoint name;  headers: the request's, collected
    """
    members = {"EndpointName": name}
    for field in InvokeEndpointWithResponseStreamInput.fields:
        header = field.wire_name.lower()
        if field.member == "Accept" and operation == WHOLE:
            header = "accept"
        if field.location == "header" and header in headers:
            members[field.member] = headers[header]
    if operation == WHOLE:
        for member, header in _OF_WHOLE.items():
            if header in headers:
                members[member] = headers[header]
    return members


def check_members(members: Dict[str, str], verified: bool = True) -> None:
    """Raise Refusal unless every member of a request satisfies the model's constraints.

    verified: whether the request's signature is valid
    """
    errors: List[str] = []
    for field in InvokeEndpointWithResponseStreamInput.fields:
        value = members.get(field.member)
        constraint = _violated_constraint(field.type, value) if value is not None else None
        if constraint is not None:
            value = "***Sensitive***" if field.type.sensitive else shown(value)
            member = field.member[0].lower() + field.member[1:]
            errors.append(
                f"Value '{value}' at '{member}' failed to satisfy constraint: "
                f"Member must {constraint}"
            )
    # SRV-046
    if errors:
        plural = "s" if len(errors) > 1 else ""
        text = f"{len(errors)} validation error{plural} detected: {'; '.join(errors)}"
        raise Refusal(_BAD_REQUEST, "ValidationError", text, verified=verified)


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
