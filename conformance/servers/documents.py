# SPDX-License-Identifier: MIT
"""Checks of error responses."""

from email.utils import parsedate_to_datetime
from typing import Any, Dict, List, Tuple

from conformance.servers.exchange import Received
from conformance.servers.subject import UNKNOWN_NAME, Subject
from conformance.servers.verdicts import (
    ERROR_TYPE,
    Broken,
    Check,
    code_of,
    described,
    document_of,
    header_of,
    message_of,
    one_of,
    refused,
    same,
)
from refimpl.sigv4 import DATE_HEADER

JSON_TYPES = ("application/json", "application/x-amz-json-1.0", "application/x-amz-json-1.1")
REQUEST_ID = "x-amzn-RequestId"
_BAD_REQUEST = 400
_MODEL_ERROR = 424
_VALIDATION = ("ValidationError",)
_CLOCKS = 300  # seconds
_INVALID_NAME = "a_b"


def refusals(subject: Subject) -> List[Tuple[str, Received]]:
    """Return two error responses: to a missing signature, and to an invalid endpoint name."""
    unsigned = subject.draft(UNKNOWN_NAME).replacing("authorization", None)
    unsigned = unsigned.replacing(DATE_HEADER, None)
    found = [
        ("no signature", subject.ask_once(unsigned)),
        ("an invalid name", subject.ask_once(subject.draft(_INVALID_NAME))),
    ]
    for stage, received in found:
        if received.status < _BAD_REQUEST:
            raise Broken(f"{stage}: status", expected="an error", actual=described(received))
    return found


def sends_json(subject: Subject) -> None:
    for stage, received in refusals(subject):
        content_type = header_of(received, "Content-Type").partition(";")[0].strip().lower()
        one_of(f"{stage}: Content-Type", JSON_TYPES, content_type)
        document_of(received.body, f"{stage}: body")


def names_the_error(subject: Subject) -> None:
    for stage, received in refusals(subject):
        header_of(received, ERROR_TYPE)
        if not code_of(received):
            raise Broken(f"{stage}: {ERROR_TYPE}", expected="a code", actual="nothing")


def describes_the_error(subject: Subject) -> None:
    for stage, received in refusals(subject):
        document_of(received.body, f"{stage}: body")
        if not message_of(received):
            raise Broken(f"{stage}: message", expected="message or Message", actual="nothing")


def sends_request_ids(subject: Subject) -> None:
    ids = [header_of(received, REQUEST_ID) for _, received in refusals(subject)]
    if subject.names.working is not None:
        stream = subject.ask_once(subject.draft(subject.names.working))
        ids.append(header_of(stream, REQUEST_ID))
    if len(set(ids)) < len(ids) or not all(ids):
        raise Broken(REQUEST_ID, expected="another value in each response", actual=", ".join(ids))


def sends_the_date(subject: Subject) -> None:
    for _, received in refusals(subject):
        text = header_of(received, "Date")
        try:
            seconds = parsedate_to_datetime(text).timestamp()
        except (TypeError, ValueError):
            raise Broken("Date", expected="a date of HTTP", actual=text) from None
        if not text.endswith(" GMT") or abs(seconds - subject.clock()) > _CLOCKS:
            raise Broken("Date", expected="the time, in GMT", actual=text)


def refuses_an_unknown_endpoint(subject: Subject) -> None:
    received = subject.ask(subject.draft(UNKNOWN_NAME))
    text = f"Endpoint {UNKNOWN_NAME} of account "
    refused("an unknown endpoint", received, _VALIDATION, text, _BAD_REQUEST)
    refused("an unknown endpoint", received, _VALIDATION, " not found.", _BAD_REQUEST)


def refuses_wrong_members(subject: Subject) -> None:
    variants = {
        "EndpointName with an underscore": subject.draft(_INVALID_NAME),
        "EndpointName of 64 letters": subject.draft("a" * 64),
        "TargetVariant with a space": _with(subject, "Target-Variant", "a b"),
        "CustomAttributes of 1,025 characters": _with(subject, "Custom-Attributes", "a" * 1025),
    }
    for stage, draft in variants.items():
        received = subject.ask(draft)
        refused(stage, received, _VALIDATION, status=_BAD_REQUEST)
        if message_of(received).endswith(" not found."):
            raise Broken(stage, expected="the member that is wrong", actual=described(received))


def _with(subject: Subject, name: str, value: str) -> Any:
    return subject.draft(headers=[(f"X-Amzn-SageMaker-{name}", value)])


def ends_visibly(subject: Subject) -> None:
    for stage, received in refusals(subject):
        if not received.framing.chunked and received.framing.length is None:
            raise Broken(
                f"{stage}: end of the body", expected="Content-Length or chunks", actual="none"
            )


def reports_a_failing_model(subject: Subject) -> None:
    received = subject.ask(subject.draft(subject.names.fails))
    refused("a failing model", received, ("ModelError",), status=_MODEL_ERROR)
    document: Dict[str, Any] = document_of(received.body)
    status = document.get("OriginalStatusCode")
    same("type of OriginalStatusCode", "int", type(status).__name__)
    for member in ("OriginalMessage", "Message"):
        same(f"type of {member}", "str", type(_member(document, member)).__name__)


def _member(document: Dict[str, Any], name: str) -> Any:
    return document.get(name, document.get(name.lower()))


CHECKS = (
    Check(
        "srv-error-json",
        "an error is a JSON object",
        ("SRV-040",),
        sends_json,
        "an SDK cannot read why a call failed",
    ),
    Check(
        "srv-error-type",
        "an error has a code in a header",
        ("SRV-041",),
        names_the_error,
        "an SDK raises an error of unknown type, and retries what it must not",
    ),
    Check(
        "srv-error-message",
        "an error has a message",
        ("SRV-042",),
        describes_the_error,
        "the caller sees a code without a reason",
    ),
    Check(
        "srv-request-id",
        "each response has a request id",
        ("SRV-043",),
        sends_request_ids,
        "a failed call cannot be found in the logs",
    ),
    Check(
        "srv-date",
        "each response has the server's time",
        ("SRV-044",),
        sends_the_date,
        "a client with a wrong clock cannot correct it",
    ),
    Check(
        "srv-endpoint-unknown",
        "an endpoint that does not exist",
        ("SRV-045",),
        refuses_an_unknown_endpoint,
        "the caller cannot see that the name is wrong",
    ),
    Check(
        "srv-members",
        "members that the model does not allow",
        ("SRV-046",),
        refuses_wrong_members,
        "a mistake is found only in production",
    ),
    Check(
        "srv-error-ends",
        "the end of an error is visible",
        ("SRV-047",),
        ends_visibly,
        "a client waits, or takes a truncated document for the whole one",
    ),
    Check(
        "srv-model-error",
        "a model that fails before its first part",
        ("SRV-048",),
        reports_a_failing_model,
        "an application cannot distinguish a failing model from a failing service",
        ("fails",),
        calls=1,
    ),
)
