# SPDX-License-Identifier: MIT
"""InvokeEndpointWithResponseStream: its input -> an HTTP request; an HTTP response -> output, events or an error. No I/O.

`build_request` makes every header that is sent but those of the signature. A `ResponseReader` is given the answer's head,
fed its body in any pieces, and told whether the body came whole; it returns events, and raises what the service, the model
or the wire did wrong. What had arrived before a fault is delivered first, or stands on the error.

The rules are HTTP-001 to HTTP-038 and, for what messages mean, EVS-030 to EVS-039 of SPEC.md.
"""

import re
import warnings
from functools import partial
from typing import Any, Callable, Dict, List, NamedTuple, NoReturn, Optional, Tuple, Type

from .documents.header_format import HeaderSequence, checked_headers, header_pairs, header_value
from .errordocument import ErrorDocument, code_of_error, parse_error
from .errors import (
    ConfigurationError,
    DocumentError,
    FrameError,
    HttpError,
    ServiceError,
    UsageError,
    excerpt,
    plain_bytes,
    require_type,
    without_secrets,
)
from .eventstream import (
    DEFAULT_MAX_FRAME_LENGTH,
    EVENT_STREAM_TYPE,
    FrameHeaders,
    FrameReader,
    Message,
)
from .shapes import (
    ERRORS,
    EVENTS,
    EXCEPTIONS,
    MODELLED_BODY_LIMIT,
    InvokeEndpointWithResponseStreamInput,
    InvokeEndpointWithResponseStreamOutput,
    OperationError,
    StreamEvent,
    UnknownOperationError,
)

VERSION = "0.1.0"
USER_AGENT = f"sagemaker-stream-reference/{VERSION}"
SIGNING_NAME = "sagemaker"  # SIG-027
UNSIGNED_HEADERS = (
    "content-length",
)  # a hop that changes the framing changes it; botocore leaves it unsigned, too: SIG-015
METHOD = "POST"  # HTTP-001
PATH = "/endpoints/%s/invocations-response-stream"
MAX_ERROR_BODY = 1024 * 1024  # bytes of an error's body that are kept; HTTP-035
DEFAULT_PORTS = {"http": 80, "https": 443}

ERROR_TYPE_HEADER = "x-amzn-errortype"
_REQUEST_ID_HEADERS = ("x-amzn-requestid", "x-amz-request-id")
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


class BodySizeWarning(UserWarning):
    """The body is longer than the service model allows (HTTP-006)."""


# ---- the request -------------------------------------------------------------------------------------------------


class HttpRequest(
    NamedTuple(
        "HttpRequest",
        [
            ("method", str),
            ("scheme", str),
            ("host", str),
            ("port", int),
            ("target", str),
            ("headers", Tuple[Tuple[str, str], ...]),
            ("body", bytes),
        ],
    )
):
    """A request as it will be sent. host: without port and brackets. repr shows neither headers nor body."""

    __slots__ = ()

    @property
    def url(self) -> str:
        """The absolute URL."""
        return f"{self.scheme}://{authority(self.scheme, self.host, self.port)}{self.target}"

    def __repr__(self) -> str:
        return f"HttpRequest({self.method} {self.url}, <{len(self.body)} bytes>)"


class EndpointUrl(NamedTuple):
    scheme: str
    host: str
    port: int
    path: str


_ENDPOINT_URL = re.compile(
    r"""
    (?P<scheme>[Hh][Tt][Tt][Pp][Ss]?)://
    (?: \[(?P<address>[0-9A-Fa-f:.]+)\] | (?P<name>(?=[A-Za-z0-9])[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*(?<=[A-Za-z0-9])) \.? )
    (?: :(?P<port>[0-9]{1,5}) )?
    (?P<path>(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]*)*) \Z""",
    re.VERBOSE,
)


def parse_endpoint_url(url: str) -> EndpointUrl:
    """Return the parts of an endpoint URL, the path as it stands (HTTP-002).

    Raises ConfigurationError for anything but http(s)://host[:port][/path]; user names, queries and fragments are not shown.
    """
    if not isinstance(url, str):
        raise ConfigurationError(
            "endpoint URL has the wrong type",
            expected="str",
            actual=type(url).__name__,
            rule="HTTP-002",
        )
    match = _ENDPOINT_URL.match(url)
    port = int(match.group("port") or DEFAULT_PORTS[match.group("scheme").lower()]) if match else 0
    if match is None or not 0 < port < 65536 or not _is_address(match.group("address")):
        secret = any(mark in url for mark in "@?#")
        raise ConfigurationError(
            "endpoint URL cannot be used",
            expected="http(s)://host[:port][/path]",
            rule="HTTP-002",
            actual="one with a user name, a query or a fragment" if secret else url,
        )
    return EndpointUrl(
        match.group("scheme").lower(),
        match.group("address") or match.group("name"),
        port,
        match.group("path"),
    )


def _is_address(address: Optional[str]) -> bool:
    if address is None:
        return True
    from ipaddress import (  # imported when met: slow to import, and hardly an endpoint needs it
        AddressValueError,
        IPv6Address,
    )

    try:
        IPv6Address(address)
    except AddressValueError:
        return False
    return True


def authority(scheme: str, host: str, port: int) -> str:
    """Return host, with the port unless it is the scheme's default, an IPv6 address in brackets (SIG-014)."""
    shown_host = f"[{host}]" if ":" in host else host
    return shown_host if port == DEFAULT_PORTS[scheme] else f"{shown_host}:{int(port)}"


def build_request(
    call: InvokeEndpointWithResponseStreamInput, endpoint_url: str, user_agent: str = USER_AGENT
) -> HttpRequest:
    """Return the unsigned request of a call, with every header that is to be sent but those of the signature (HTTP-009).

    user_agent: what the client calls itself
    Raises UsageError when a member breaks its constraint, ConfigurationError for the URL; warns with BodySizeWarning.
    """
    require_type(call, InvokeEndpointWithResponseStreamInput, "input")
    call.validate()
    endpoint = parse_endpoint_url(endpoint_url)
    members: Dict[str, Any] = {
        field.attribute: getattr(call, field.attribute) for field in call.fields
    }
    body = members["body"]
    if len(body) > MODELLED_BODY_LIMIT:  # HTTP-006
        warnings.warn(
            f"Body is {len(body)} bytes; the service model allows {int(MODELLED_BODY_LIMIT)}, the Developer Guide 25 MB",
            BodySizeWarning,
            stacklevel=3,
        )
    headers = [
        ("Host", authority(endpoint.scheme, endpoint.host, endpoint.port)),
        ("User-Agent", user_agent),
        ("Connection", "close"),
        ("Content-Length", str(len(body))),
    ]  # HTTP-007, HTTP-010
    headers += header_pairs(call.fields, call)
    target = (
        endpoint.path.rstrip("/") + PATH % members["endpoint_name"]
    )  # HTTP-001: its pattern leaves nothing to encode
    return HttpRequest(
        METHOD, endpoint.scheme, endpoint.host, endpoint.port, target, tuple(headers), body
    )


# ---- the response ------------------------------------------------------------------------------------------------


def request_id_of(headers: HeaderSequence) -> Optional[str]:
    """Return the service's id of the call, or None."""
    return next(
        (value for value in (header_value(headers, name) for name in _REQUEST_ID_HEADERS) if value),
        None,
    )


def read_output(
    headers: HeaderSequence, body: Optional[Tuple[StreamEvent, ...]] = None
) -> InvokeEndpointWithResponseStreamOutput:
    """Return the output of a response's headers, and its body as given (HTTP-022); values stand verbatim."""
    return InvokeEndpointWithResponseStreamOutput.of_header_and_body(headers, body)


class ResponseReader:
    """Reads one HTTP response: given its head, fed its body, told its end.

    status: the HTTP status;  headers: (name, value) pairs, in order
    output: the output's header members;  request_id;  unknown_events: how many events of unknown type were skipped (EVS-032)
    Raises HttpError at once for a status that can bear no answer: 1xx, 3xx, beyond 599 (HTTP-049, HTTP-054).
    """

    def __init__(
        self, status: int, headers: HeaderSequence, max_frame_length: int = DEFAULT_MAX_FRAME_LENGTH
    ) -> None:
        require_type(status, int, "status")
        self.status = status
        self.headers = checked_headers(headers)
        self.request_id = request_id_of(self.headers)
        self.output = read_output(self.headers)
        self.unknown_events = 0
        self._delivered = 0  # events
        self._frames: FrameReader[StreamEvent] = FrameReader(self._meaning, max_frame_length)
        self._body = bytearray()
        self._failed = False
        _check_status(status, self.headers, self.request_id)
        self._is_error = (
            status >= 400 or header_value(self.headers, ERROR_TYPE_HEADER) is not None
        )  # HTTP-024
        self.is_stream = (
            not self._is_error and status == 200 and _is_event_stream(self.headers)
        )  # HTTP-020

    def feed(self, data: bytes) -> List[StreamEvent]:
        """Return the events that data completes, in order; none while the body is no event stream.

        Raises what the stream holds: ModelStreamError, InternalStreamFailure, UnknownOperationError, FrameError. The error's
        `events` are those that this call had completed before it. The reader is dead afterwards.
        """
        if self._failed:
            raise UsageError("this response has failed before", rule="EVS-024")
        if not self.is_stream:
            self._body += plain_bytes(data)[: MAX_ERROR_BODY - len(self._body)]
            return []
        events: List[StreamEvent] = []
        try:
            self._frames.read(data, events)
        except (FrameError, ServiceError) as error:
            self._failed = True
            self._delivered += len(events)
            if error.kind == "message_type":
                error.message = f"{error.message} in message {int(self._messages + 1)}"
            error.events = tuple(events)
            error.status = self.status
            error.request_id = self.request_id
            raise
        self._delivered += len(events)
        return events

    @property
    def _messages(self) -> int:
        return self._delivered + self.unknown_events

    def _meaning(self, headers: FrameHeaders) -> Callable[[bytes], Optional[StreamEvent]]:
        return meaning_of(headers) or self._skip

    def _skip(self, payload: bytes) -> None:  # EVS-032
        self.unknown_events += 1

    def close(self, complete: bool = True) -> None:
        """Say that the body has ended; complete: whether it came whole (HTTP-023); there is no event that says so (EVS-039).

        Raises the service's error, HttpError `content_type`, or FrameError `truncated`.
        """
        if self._failed:
            return
        self._failed = True
        if self._is_error:
            raise service_error(self.status, self.headers, bytes(self._body))
        if not self.is_stream:
            raise self._no_event_stream()
        try:
            self._frames.close()
            if not complete:
                raise FrameError(
                    f"the body ends before it is complete, after {int(self._messages)} whole messages",
                    kind="truncated",
                    expected="more frames or the body's end",
                    actual="the connection's end",
                    offset=self._frames.offset,
                    rule="HTTP-023",
                )
        except FrameError as error:
            error.status = self.status
            error.request_id = self.request_id
            raise

    def _no_event_stream(self) -> HttpError:
        """What a 2xx without an event stream is (HTTP-021)."""
        kind = header_value(self.headers, "content-type") or "no Content-Type"
        coding = header_value(self.headers, "content-encoding")
        actual = f"{int(self.status)}, {kind}{', Content-Encoding ' + coding if coding else ''}, {len(self._body)} bytes: {excerpt(bytes(self._body))}"
        return HttpError(
            "the answer is no event stream",
            kind="content_type",
            expected=f"200 with {EVENT_STREAM_TYPE}",
            actual=actual,
            rule="HTTP-021",
            status=self.status,
            request_id=self.request_id,
            body=bytes(self._body),
        )


def _check_status(status: int, headers: HeaderSequence, request_id: Optional[str]) -> None:
    if 300 <= status < 400:  # HTTP-049
        location = without_secrets(header_value(headers, "location") or "nowhere")
        raise HttpError(
            "redirected; redirects are not followed",
            expected="an answer from the endpoint itself",
            rule="HTTP-049",
            actual=f"{int(status)} to {location}",
            status=status,
            request_id=request_id,
        )
    if not 200 <= status < 600:  # HTTP-054
        raise HttpError(
            "a status that answers nothing",
            expected="200 to 599",
            actual=status,
            rule="HTTP-054",
            status=status,
            request_id=request_id,
        )


def _is_event_stream(headers: HeaderSequence) -> bool:
    media_type = (header_value(headers, "content-type") or "").partition(";")[0]
    coding = (header_value(headers, "content-encoding") or "identity").strip(" \t").lower()
    return media_type.strip(" \t").lower() == EVENT_STREAM_TYPE and coding == "identity"


# ---- what a message means ----------------------------------------------------------------------------------------


def event_of(message: Message) -> Optional[StreamEvent]:
    """Return the event that a message is, or None when its type is unknown (EVS-030 to EVS-039).

    Raises ModelStreamError, InternalStreamFailure or UnknownOperationError when the message is one, FrameError
    `message_type` when its headers break the rules.
    """
    meaning = meaning_of(message.headers)
    return meaning(message.payload) if meaning is not None else None


def meaning_of(headers: FrameHeaders) -> Optional[Callable[[bytes], StreamEvent]]:
    """Return what makes the event of a message with such headers out of its payload, or raises what it is; as event_of.

    None when its type is unknown (EVS-032).
    """
    message_type = _required(headers.string(":message-type"), ":message-type", "EVS-030")
    if message_type == "event":
        event_type = _required(headers.string(":event-type"), ":event-type", "EVS-031")
        if event_type in EXCEPTIONS:  # EVS-033
            raise FrameError(
                "exception sent as an event",
                kind="message_type",
                expected=":message-type exception",
                actual=event_type,
                rule="EVS-033",
            )
        return EVENTS.get(event_type)
    if message_type == "exception":
        return partial(
            _raise_exception,
            _required(headers.string(":exception-type"), ":exception-type", "EVS-034"),
        )
    if message_type == "error":
        return partial(
            _raise_error, headers.string(":error-code"), headers.string(":error-message")
        )
    raise FrameError(
        "unknown :message-type",
        kind="message_type",
        expected="event, exception or error",
        actual=message_type,
        rule="EVS-030",
    )


def _required(value: Optional[str], name: str, rule: str) -> str:
    if value is None:
        raise FrameError(
            f"{name} is missing or no string",
            kind="message_type",
            expected="a string header",
            actual="none",
            rule=rule,
        )
    return value


def _raise_exception(code: str, payload: bytes) -> NoReturn:
    """Raise the error that an exception message is (EVS-034, EVS-035, EVS-038); its raw payload stays on it as `body`."""
    document = _readable_error(payload)
    shape = EXCEPTIONS.get(code)
    if shape is None:
        _raise_error(code, document.message, payload)
    raise _with_evidence(_modelled_error(shape, document), body=payload)


def _raise_error(code: Optional[str], message: Optional[str], payload: bytes) -> NoReturn:
    """Raise the error that an `error` message is (EVS-036), or an exception that the model does not name."""
    error = UnknownOperationError(code=code, payload=payload.decode("utf-8", "replace"))
    shown_message = without_secrets(message) if message is not None else None
    raise _with_evidence(error, kind="unmodeled", message=shown_message, fault=True, body=payload)


def _with_evidence(error: OperationError, **evidence: object) -> OperationError:
    for name, value in evidence.items():
        setattr(error, name, value)
    return error


# ---- error responses ---------------------------------------------------------------------------------------------


def service_error(status: int, headers: HeaderSequence, body: bytes) -> OperationError:
    """Return the typed error of an HTTP error response, whatever its body is (HTTP-030 to HTTP-037)."""
    require_type(status, int, "status")
    require_type(body, bytes, "body")
    headers = checked_headers(headers)
    document = _readable_error(body)
    code = code_of_error(header_value(headers, ERROR_TYPE_HEADER), document)  # HTTP-030
    shape = ERRORS.get(code or "")
    if shape is not None:
        error = _modelled_error(shape, document)
    else:
        error = UnknownOperationError(
            code=code, payload=body.decode("utf-8", "replace")
        )  # HTTP-033
        message = document.message
        message = (
            without_secrets(message)
            if message is not None
            else _describe(status, headers, body, document)
        )
        _with_evidence(error, message=message)
    throttled = status == 400 and code is None and document.has_null_message  # HTTP-034
    return _with_evidence(
        error,
        kind="service_error",
        status=status,
        request_id=request_id_of(headers) or document.request_id,
        fault=status >= 500 or error.fault,
        body=body,
        retryable=throttled or status in _RETRYABLE_STATUSES or code in _RETRYABLE_CODES,
        headers=headers,
    )


def _readable_error(body: bytes) -> ErrorDocument:
    """The error document of a body; an empty one for a body that is none (HTTP-035)."""
    try:
        return parse_error(body)
    except DocumentError:
        return parse_error(b"{}")


def _modelled_error(shape: Type[OperationError], document: ErrorDocument) -> OperationError:
    """Read the members of an error from its document; one of the wrong type is absent, the raw document keeps it (HTTP-035)."""
    members = document.members(shape.fields)
    return shape(
        **{
            name: without_secrets(value) if isinstance(value, str) else value
            for name, value in members.items()
        }
    )


def _describe(status: int, headers: HeaderSequence, body: bytes, document: ErrorDocument) -> str:
    """What to say of an error that bears no message."""
    if document.has_null_message:
        return f"the message is null{'; the service throttles so' if status == 400 else ''}"
    if not body:
        return "no body"
    return f"{header_value(headers, 'content-type') or 'no Content-Type'}: {excerpt(body, 200)}"
