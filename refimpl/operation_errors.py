# SPDX-License-Identifier: MIT
"""The errors of the operation: error responses, and error messages of a stream.

A successful call does not load this module. The rules are HTTP-030 to HTTP-038, EVS-034 to EVS-038
and HTTP-021.
"""

from typing import NoReturn, Optional, Tuple, Type

from .documents.header_format import HeaderSequence, header_value
from .errordocument import ErrorDocument, code_of_error, parse_error
from .errors import DocumentError, HttpError, excerpt, without_secrets
from .eventstream_layout import EVENT_STREAM_TYPE
from .shapes import ERRORS, EXCEPTIONS, OperationError, UnknownOperationError

# HTTP-038
_RETRYABLE_STATUSES = frozenset((429, 500, 502, 503, 504, 530))
_RETRYABLE_CODES = frozenset(
    (
        "InternalDependencyException",
        "InternalFailure",
        "InternalServerException",
        "ModelNotReadyException",
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "Throttling",
        "ThrottledException",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    )
)


# ---- messages ----------------------------------------------------------------------------------


def raise_exception(code: str, payload: bytes) -> NoReturn:
    """Raise the error of an exception message, with the raw payload as `body`.

    EVS-034, EVS-035, EVS-038.
    """
    document = _readable_error(payload)
    shape = EXCEPTIONS.get(code)
    if shape is None:
        raise_error(code, document.message, payload)
    error = _modelled_error(shape, document)
    raise _with_evidence(error, body=payload, text=_text_of_error(payload))


def raise_error(code: Optional[str], message: Optional[str], payload: bytes) -> NoReturn:
    """Raise the error of an `error` message or of an exception that is not modelled.

    EVS-035, EVS-036.
    """
    error = UnknownOperationError(code=code, payload=payload.decode("utf-8", "replace"))
    shown_message = without_secrets(message) if message is not None else None
    raise _with_evidence(
        error,
        kind="unmodeled",
        message=shown_message,
        fault=True,
        body=payload,
        text=_text_of_error(payload),
    )


def _with_evidence(error: OperationError, **evidence: object) -> OperationError:
    for name, value in evidence.items():
        setattr(error, name, value)
    return error


# ---- responses ---------------------------------------------------------------------------------


def error_of_response(
    status: int,
    headers: Tuple[Tuple[str, str], ...],
    body: bytes,
    error_type: Optional[str],
    request_id: Optional[str],
) -> OperationError:
    """Return the typed error of an HTTP error response (HTTP-030 to HTTP-037).

    error_type: the value of x-amzn-errortype
    """
    document = _readable_error(body)
    # HTTP-030
    code = code_of_error(error_type, document)
    shape = ERRORS.get(code or "")
    if shape is not None:
        error = _modelled_error(shape, document)
    else:
        # HTTP-033
        error = UnknownOperationError(code=code, payload=body.decode("utf-8", "replace"))
        if document.message is not None:
            error.message = without_secrets(document.message)
        else:
            error.message = _describe(status, headers, body, document)
    # HTTP-034
    throttled = status == 400 and code is None and document.has_null_message
    # HTTP-038
    return _with_evidence(
        error,
        kind="service_error",
        status=status,
        request_id=request_id or document.request_id,
        fault=status >= 500 or error.fault,
        body=body,
        text=_text_of_error(body),
        retryable=throttled or status in _RETRYABLE_STATUSES or code in _RETRYABLE_CODES,
        headers=headers,
    )


def no_event_stream(
    status: int, headers: HeaderSequence, body: bytes, request_id: Optional[str]
) -> HttpError:
    """Return the error of a 2xx response without an event stream (HTTP-021)."""
    facts = [str(status), header_value(headers, "content-type") or "no Content-Type"]
    coding = header_value(headers, "content-encoding")
    if coding:
        facts.append("Content-Encoding " + coding)
    facts.append(f"{len(body)} bytes: {excerpt(body)}")
    return HttpError(
        "the response is not an event stream",
        kind="content_type",
        expected=f"200 with {EVENT_STREAM_TYPE}",
        actual=", ".join(facts),
        rule="HTTP-021",
        status=status,
        request_id=request_id,
        body=body,
    )


def _readable_error(body: bytes) -> ErrorDocument:
    """Return the error document in a body, or an empty document (HTTP-035)."""
    try:
        return parse_error(body)
    except DocumentError:
        return parse_error(b"{}")


def _text_of_error(body: bytes) -> Optional[str]:
    """Return the beginning of a body that is not an error document, or None."""
    try:
        parse_error(body)
    except DocumentError:
        return excerpt(body, 200) or None
    return None


def _modelled_error(shape: Type[OperationError], document: ErrorDocument) -> OperationError:
    """Return an error with the valid members of its document (HTTP-035)."""
    members = document.members(shape.fields)
    for name, value in members.items():
        if isinstance(value, str):
            members[name] = without_secrets(value)
    return shape(**members)


def _describe(status: int, headers: HeaderSequence, body: bytes, document: ErrorDocument) -> str:
    """Describe an error without a message."""
    if document.has_null_message:
        if status == 400:
            return "the message is null, which means throttling"
        return "the message is null"
    if not body:
        return "no body"
    content_type = header_value(headers, "content-type") or "no Content-Type"
    return f"{content_type}: {excerpt(body, 200)}"
