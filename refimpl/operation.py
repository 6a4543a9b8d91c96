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
from typing import Any, Callable, Dict, List, NamedTuple, NoReturn, Optional, Sequence, Tuple, Type

from .errors import (
    ConfigurationError,
    DocumentError,
    FrameError,
    HttpError,
    ServiceError,
    UsageError,
    excerpt,
    require_type,
    without_secrets,
)
from .eventstream import DEFAULT_MAX_FRAME_LENGTH, EVENT_STREAM_TYPE, FrameHeaders, FrameReader, Message, plain_bytes
from .fields import INT32_MAX, INT32_MIN, Field
from .jsonform import parse_json
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
from .xmlform import Element, child_of, parse_xml, text_of

VERSION = "0.1.0"
USER_AGENT = "sagemaker-stream-reference/%s" % VERSION
SIGNING_NAME = "sagemaker"  # SIG-027
UNSIGNED_HEADERS = ("content-length",)  # a hop that changes the framing changes it; botocore leaves it unsigned, too: SIG-015
METHOD = "POST"  # HTTP-001
PATH = "/endpoints/%s/invocations-response-stream"
MAX_ERROR_BODY = 1024 * 1024  # bytes of an error's body that are kept; HTTP-035
DEFAULT_PORTS = {"http": 80, "https": 443}

ERROR_TYPE_HEADER = "x-amzn-errortype"
_REQUEST_ID_HEADERS = ("x-amzn-requestid", "x-amz-request-id")
# HTTP-038
_RETRYABLE_STATUSES = frozenset((429, 500, 502, 503, 504, 530))
_RETRYABLE_CODES = frozenset((
    "InternalDependencyException", "InternalFailure", "InternalServerException", "ModelNotReadyException", "PriorRequestNotComplete",
    "RequestLimitExceeded", "RequestTimeout", "RequestTimeoutException", "ServiceUnavailable", "ServiceUnavailableException", "Throttling",
    "ThrottledException", "ThrottlingException", "TooManyRequestsException", "TransactionInProgressException",
))


class BodySizeWarning(UserWarning):
    """The body is longer than the service model allows (HTTP-006)."""


# ---- the request -------------------------------------------------------------------------------------------------

class HttpRequest(NamedTuple("HttpRequest", [
        ("method", str), ("scheme", str), ("host", str), ("port", int), ("target", str), ("headers", Tuple[Tuple[str, str], ...]),
        ("body", bytes)])):
    """A request as it will be sent. host: without port and brackets. repr shows neither headers nor body."""

    __slots__ = ()

    @property
    def url(self) -> str:
        """The absolute URL."""
        return "%s://%s%s" % (self.scheme, authority(self.scheme, self.host, self.port), self.target)

    def __repr__(self) -> str:
        return "HttpRequest(%s %s, <%d bytes>)" % (self.method, self.url, len(self.body))


EndpointUrl = NamedTuple("EndpointUrl", [("scheme", str), ("host", str), ("port", int), ("path", str)])

_ENDPOINT_URL = re.compile(r"""
    (?P<scheme>[Hh][Tt][Tt][Pp][Ss]?)://
    (?: \[(?P<address>[0-9A-Fa-f:.]+)\] | (?P<name>(?=[A-Za-z0-9])[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*(?<=[A-Za-z0-9])) \.? )
    (?: :(?P<port>[0-9]{1,5}) )?
    (?P<path>(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]*)*) \Z""", re.VERBOSE)


def parse_endpoint_url(url: str) -> EndpointUrl:
    """Return the parts of an endpoint URL, the path as it stands (HTTP-002).

    Raises ConfigurationError for anything but http(s)://host[:port][/path]; user names, queries and fragments are not shown.
    """
    if not isinstance(url, str):
        raise ConfigurationError("endpoint URL has the wrong type", expected="str", actual=type(url).__name__, rule="HTTP-002")
    match = _ENDPOINT_URL.match(url)
    port = int(match.group("port") or DEFAULT_PORTS[match.group("scheme").lower()]) if match else 0
    if match is None or not 0 < port < 65536 or not _is_address(match.group("address")):
        secret = any(mark in url for mark in "@?#")
        raise ConfigurationError("endpoint URL cannot be used", expected="http(s)://host[:port][/path]", rule="HTTP-002",
                                 actual="one with a user name, a query or a fragment" if secret else url)
    return EndpointUrl(match.group("scheme").lower(), match.group("address") or match.group("name"), port, match.group("path"))


def _is_address(address: Optional[str]) -> bool:
    if address is None:
        return True
    from ipaddress import AddressValueError, IPv6Address  # imported when met: slow to import, and hardly an endpoint needs it
    try:
        IPv6Address(address)
    except AddressValueError:
        return False
    return True


def authority(scheme: str, host: str, port: int) -> str:
    """Return host, with the port unless it is the scheme's default, an IPv6 address in brackets (SIG-014)."""
    shown_host = "[%s]" % host if ":" in host else host
    return shown_host if port == DEFAULT_PORTS[scheme] else "%s:%d" % (shown_host, port)


def build_request(call: InvokeEndpointWithResponseStreamInput, endpoint_url: str, user_agent: str = USER_AGENT) -> HttpRequest:
    """Return the unsigned request of a call, with every header that is to be sent but those of the signature (HTTP-009).

    user_agent: what the client calls itself
    Raises UsageError when a member breaks its constraint, ConfigurationError for the URL; warns with BodySizeWarning.
    """
    require_type(call, InvokeEndpointWithResponseStreamInput, "input")
    call.validate()
    endpoint = parse_endpoint_url(endpoint_url)
    members: Dict[str, Any] = {field.attribute: getattr(call, field.attribute) for field in call.fields}
    body = members["body"]
    if len(body) > MODELLED_BODY_LIMIT:  # HTTP-006
        warnings.warn("Body is %d bytes; the service model allows %d, the Developer Guide 25 MB" % (len(body), MODELLED_BODY_LIMIT),
                      BodySizeWarning, stacklevel=3)
    headers = [("Host", authority(endpoint.scheme, endpoint.host, endpoint.port)), ("User-Agent", user_agent),
               ("Connection", "close"), ("Content-Length", str(len(body)))]  # HTTP-007, HTTP-010
    headers += [(field.wire_name, _sendable(field, members[field.attribute])) for field in call.fields
                if field.location == "header" and members[field.attribute] is not None]  # HTTP-003
    target = endpoint.path.rstrip("/") + PATH % members["endpoint_name"]  # HTTP-001: its pattern leaves nothing to encode
    return HttpRequest(METHOD, endpoint.scheme, endpoint.host, endpoint.port, target, tuple(headers), body)


_UNSENDABLE = (
    ("HTTP-008", re.compile("[^\x01-\t\x0b\x0c\x0e-\xff]"), "no CR, LF or NUL, no character beyond Latin-1"),
    ("HTTP-011", re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]"), "no control character but the tab"),
)


def _sendable(field: Field, value: str) -> str:
    for rule, unsendable, expected in _UNSENDABLE:
        if unsendable.search(value):
            raise UsageError("%s cannot be sent in a header" % field.member, expected=expected,
                             actual="<hidden>" if field.type.sensitive else value, rule=rule, member=field.member)
    return value


# ---- the response ------------------------------------------------------------------------------------------------

HeaderSequence = Sequence[Tuple[str, str]]


def header_value(headers: HeaderSequence, name: str) -> Optional[str]:
    """Return the first value of the header of that lower-case name, as it came (HTTP-022), or None."""
    return next((value for key, value in headers if key.lower() == name), None)


def _checked_headers(headers: object) -> Tuple[Tuple[str, str], ...]:
    try:
        pairs = tuple((name, value) for name, value in headers)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        pairs = ((None, None),)
    if not all(isinstance(name, str) and isinstance(value, str) for name, value in pairs):
        raise UsageError("headers must be (name, value) pairs of text", kind="type", rule="HTTP-022")
    return pairs


def request_id_of(headers: HeaderSequence) -> Optional[str]:
    """Return the service's id of the call, or None."""
    return next((value for value in (header_value(headers, name) for name in _REQUEST_ID_HEADERS) if value), None)


def read_output(headers: HeaderSequence, body: Optional[Tuple[StreamEvent, ...]] = None) -> InvokeEndpointWithResponseStreamOutput:
    """Return the output of a response's headers, and its body as given (HTTP-022); values stand verbatim."""
    fields = [field for field in InvokeEndpointWithResponseStreamOutput.fields if field.location == "header"]
    return InvokeEndpointWithResponseStreamOutput(
        body=body, **{field.attribute: header_value(headers, field.wire_name.lower()) for field in fields})


class ResponseReader:
    """Reads one HTTP response: given its head, fed its body, told its end.

    status: the HTTP status;  headers: (name, value) pairs, in order
    output: the output's header members;  request_id;  unknown_events: how many events of unknown type were skipped (EVS-032)
    Raises HttpError at once for a status that can bear no answer: 1xx, 3xx, beyond 599 (HTTP-049, HTTP-054).
    """

    def __init__(self, status: int, headers: HeaderSequence, max_frame_length: int = DEFAULT_MAX_FRAME_LENGTH) -> None:
        require_type(status, int, "status")
        self.status = status
        self.headers = _checked_headers(headers)
        self.request_id = request_id_of(self.headers)
        self.output = read_output(self.headers)
        self.unknown_events = 0
        self._delivered = 0  # events
        self._frames: FrameReader[StreamEvent] = FrameReader(self._meaning, max_frame_length)
        self._body = bytearray()
        self._failed = False
        _check_status(status, self.headers, self.request_id)
        self._is_error = status >= 400 or header_value(self.headers, ERROR_TYPE_HEADER) is not None  # HTTP-024
        self.is_stream = not self._is_error and status == 200 and _is_event_stream(self.headers)  # HTTP-020

    def feed(self, data: bytes) -> List[StreamEvent]:
        """Return the events that data completes, in order; none while the body is no event stream.

        Raises what the stream holds: ModelStreamError, InternalStreamFailure, UnknownOperationError, FrameError. The error's
        `events` are those that this call had completed before it. The reader is dead afterwards.
        """
        if self._failed:
            raise UsageError("this response has failed before", rule="EVS-024")
        if not self.is_stream:
            self._body += plain_bytes(data)[:MAX_ERROR_BODY - len(self._body)]
            return []
        events: List[StreamEvent] = []
        try:
            self._frames.read(data, events)
        except (FrameError, ServiceError) as error:
            self._failed = True
            self._delivered += len(events)
            if error.kind == "message_type":
                error.message = "%s in message %d" % (error.message, self._messages + 1)
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
                raise FrameError("the body ends before it is complete, after %d whole messages" % self._messages, kind="truncated",
                                 expected="more frames or the body's end", actual="the connection's end", offset=self._frames.offset,
                                 rule="HTTP-023")
        except FrameError as error:
            error.status = self.status
            error.request_id = self.request_id
            raise

    def _no_event_stream(self) -> HttpError:
        """What a 2xx without an event stream is (HTTP-021)."""
        kind = header_value(self.headers, "content-type") or "no Content-Type"
        coding = header_value(self.headers, "content-encoding")
        actual = "%d, %s%s, %d bytes: %s" % (self.status, kind, ", Content-Encoding " + coding if coding else "", len(self._body),
                                           excerpt(bytes(self._body)))
        return HttpError("the answer is no event stream", kind="content_type", expected="200 with %s" % EVENT_STREAM_TYPE, actual=actual,
                         rule="HTTP-021", status=self.status, request_id=self.request_id, body=bytes(self._body))


def _check_status(status: int, headers: HeaderSequence, request_id: Optional[str]) -> None:
    if 300 <= status < 400:  # HTTP-049
        location = without_secrets(header_value(headers, "location") or "nowhere")
        raise HttpError("redirected; redirects are not followed", expected="an answer from the endpoint itself", rule="HTTP-049",
                        actual="%d to %s" % (status, location), status=status, request_id=request_id)
    if not 200 <= status < 600:  # HTTP-054
        raise HttpError("a status that answers nothing", expected="200 to 599", actual=status, rule="HTTP-054", status=status,
                        request_id=request_id)


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
            raise FrameError("exception sent as an event", kind="message_type", expected=":message-type exception", actual=event_type,
                             rule="EVS-033")
        return EVENTS.get(event_type)
    if message_type == "exception":
        return partial(_raise_exception, _required(headers.string(":exception-type"), ":exception-type", "EVS-034"))
    if message_type == "error":
        return partial(_raise_error, headers.string(":error-code"), headers.string(":error-message"))
    raise FrameError("unknown :message-type", kind="message_type", expected="event, exception or error", actual=message_type,
                     rule="EVS-030")


def _required(value: Optional[str], name: str, rule: str) -> str:
    if value is None:
        raise FrameError("%s is missing or no string" % name, kind="message_type", expected="a string header", actual="none", rule=rule)
    return value


def _raise_exception(code: str, payload: bytes) -> NoReturn:
    """Raise the error that an exception message is (EVS-034, EVS-035, EVS-038); its raw payload stays on it as `body`."""
    document = _json_members(payload)
    shape = EXCEPTIONS.get(code)
    if shape is None:
        _raise_error(code, _message_in(document), payload)
    raise _with_evidence(_read_members(shape, document), body=payload)


def _raise_error(code: Optional[str], message: Optional[str], payload: bytes) -> NoReturn:
    """Raise the error that an `error` message is (EVS-036), or an exception that the model does not name."""
    error = UnknownOperationError(code=code, payload=payload.decode("utf-8", "replace"))
    shown_message = without_secrets(message) if message is not None else None
    raise _with_evidence(error, kind="unmodeled", message=shown_message, fault=True, body=payload)


def _with_evidence(error: OperationError, **evidence: object) -> OperationError:
    for name, value in evidence.items():
        setattr(error, name, value)
    return error


# ---- error documents ---------------------------------------------------------------------------------------------

def error_code_of(text: Optional[str]) -> Optional[str]:
    """Return the bare code of `Name`, `Name:url`, `ns#Name` or `ns#Name:url` (HTTP-031), or None when there is none."""
    code = (text or "").partition(":")[0]
    return (code.partition("#")[2] if "#" in code else code).strip(" \t") or None


def service_error(status: int, headers: HeaderSequence, body: bytes) -> OperationError:
    """Return the typed error of an HTTP error response, whatever its body is (HTTP-030 to HTTP-037)."""
    require_type(status, int, "status")
    require_type(body, bytes, "body")
    headers = _checked_headers(headers)
    document, request_id = _error_document(body)
    from_body = (document[name] for name in ("__type", "code", "Code") if isinstance(document.get(name), str))
    candidates = [header_value(headers, ERROR_TYPE_HEADER)] + list(from_body)  # HTTP-030
    code = next((code for code in map(error_code_of, candidates) if code), None)
    shape = ERRORS.get(code or "")
    if shape is not None:
        error = _read_members(shape, document)
    else:
        error = UnknownOperationError(code=code, payload=body.decode("utf-8", "replace"))  # HTTP-033
        message = _message_in(document)
        message = without_secrets(message) if message is not None else _describe(status, headers, body, document)
        _with_evidence(error, message=message)
    throttled = status == 400 and code is None and _is_null_message(document)  # HTTP-034
    return _with_evidence(error, kind="service_error", status=status, request_id=request_id_of(headers) or request_id or None,
                          fault=status >= 500 or error.fault, body=body,
                          retryable=throttled or status in _RETRYABLE_STATUSES or code in _RETRYABLE_CODES, headers=headers)


def _read_members(shape: Type[OperationError], document: Dict[str, Any]) -> OperationError:
    """Read the members of an error from its document; one of the wrong type is absent, the raw document keeps it (HTTP-035)."""
    members = {}
    for field in shape.fields:
        value = _member_of(field, document)
        if value is not None:
            members[field.attribute] = without_secrets(value) if isinstance(value, str) else value
    return shape(**members)


def _member_of(field: Field, document: Dict[str, Any]) -> Any:
    """The member's value under its modelled name, else with a small first letter (HTTP-032, EVS-038)."""
    value = document.get(field.member)
    if value is None:
        value = document.get(field.member[0].lower() + field.member[1:])
    if field.type.form == "integer":
        if isinstance(value, str) and re.match(r"-?[0-9]{1,10}\Z", value):
            value = int(value)  # XML has no numbers
        return value if isinstance(value, int) and not isinstance(value, bool) and INT32_MIN <= value <= INT32_MAX else None
    return value if isinstance(value, str) else None


def _message_in(document: Dict[str, Any]) -> Optional[str]:
    return next((document[name] for name in ("Message", "message") if isinstance(document.get(name), str)), None)


def _is_null_message(document: Dict[str, Any]) -> bool:
    return any(name in document and document[name] is None for name in ("message", "Message"))


def _json_members(body: bytes) -> Dict[str, Any]:
    try:
        document = parse_json(body)
    except DocumentError:
        return {}
    return document if isinstance(document, dict) else {}


def _error_document(body: bytes) -> Tuple[Dict[str, Any], Optional[str]]:
    """The members of an error document, JSON or XML, and a request id that stands in the XML; nothing for any other text."""
    if not body.lstrip().startswith(b"<"):
        return _json_members(body), None
    try:
        root = parse_xml(body)
    except DocumentError:
        return {}, None
    element = _error_element(root)
    request_id = child_of(root, "RequestId") or child_of(root, "RequestID") or child_of(element, "RequestId")
    return {child.name: text_of(child) for child in element.children if not child.children}, text_of(request_id) if request_id else None


def _error_element(root: Element) -> Element:
    """The element that holds an error's members: in <ErrorResponse><Error>, in <Response><Errors><Error>, or the root (HTTP-036)."""
    outer = child_of(root, "Errors") or root
    return child_of(outer, "Error") or root


def _describe(status: int, headers: HeaderSequence, body: bytes, document: Dict[str, Any]) -> str:
    """What to say of an error that bears no message."""
    if _is_null_message(document):
        return "the message is null%s" % ("; the service throttles so" if status == 400 else "")
    if not body:
        return "no body"
    return "%s: %s" % (header_value(headers, "content-type") or "no Content-Type", excerpt(body, 200))
