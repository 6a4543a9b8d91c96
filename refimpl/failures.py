# SPDX-License-Identifier: MIT
"""The errors of a call: what the client adds to them, and the reading of error responses.

A successful call does not load this module.
"""

from typing import TYPE_CHECKING, Union

from .errors import (
    Error,
    HttpError,
    MissingPartError,
    Secrets,
    ServiceError,
    UsageError,
    without_secrets,
)
from .operation_response import MAX_ERROR_BODY, ResponseReader
from .redaction import redact

if TYPE_CHECKING:
    from .fetched import FetchedExchange
    from .transport import HttpExchange

# Services refuse a signature with one of these.
_REFUSING_STATUSES = (400, 401, 403)


def placed_error(error: Error, reader: ResponseReader, secrets: Secrets) -> Error:
    """Return the error of a stream with its place and its call, without secrets."""
    placed = error
    if isinstance(error, HttpError) and error.kind == "truncated":
        try:
            reader.close(complete=False)
        except Error as with_place:
            placed = with_place
    placed.status = reader.status
    placed.request_id = reader.request_id
    redact(placed, secrets)
    redact(error, secrets)
    return placed


def raise_error_response(
    exchange: "Union[HttpExchange, FetchedExchange]", reader: ResponseReader, canonical_request: str
) -> None:
    """Read a response without an event stream, up to a limit, and raise its error (HTTP-035)."""
    try:
        arrived = 0
        data = exchange.read1()
        while data and arrived < MAX_ERROR_BODY:
            reader.feed(data)
            arrived += len(data)
            data = exchange.read1()
    except UsageError:
        raise
    except Error:
        pass  # the error in the bytes so far says more than the end of the connection
    try:
        reader.close()
    except ServiceError as error:
        if error.status in _REFUSING_STATUSES:
            _explain_refused(error, canonical_request)
        raise


def _explain_refused(error: ServiceError, canonical_request: str) -> None:
    """Add to the error of a refused request what was signed, and why it was refused if possible."""
    error.canonical_request = without_secrets(canonical_request)
    try:
        from .explain.refusal import sentence_about_refusal  # optional, and rarely needed
    except (ImportError, MissingPartError):
        return
    head = f"x-amzn-errortype: {error.code}\n\n".encode() if error.code else b""
    error.explanation = sentence_about_refusal(head + error.body, canonical_request)
