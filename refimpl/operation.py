# SPDX-License-Identifier: MIT
"""The operation without I/O: build the HTTP request, read the HTTP response.

`build_request` returns the request with all headers except those of the signature. A
`ResponseReader` takes the response's status and headers, then its body in pieces of any size, and
finally whether the body is complete. It returns events. It raises the errors of the service and
the model, and rejects frames and responses that break a rule. The events before an error are
returned first or are in the error's `events`.

The rules are HTTP-001 to HTTP-038 and, for the meaning of messages, EVS-030 to EVS-039.
"""

import re
import warnings
from functools import partial
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Tuple,
    Union,
)

from .documents.header_format import HeaderSequence, checked_headers, header_pairs, header_value
from .errors import (
    ConfigurationError,
    FrameError,
    HttpError,
    ServiceError,
    UsageError,
    ascii_lower,
    plain_bytes,
    require_type,
    shown,
    without_secrets,
)
from .eventstream_frames import FrameHeaders, FrameReader
from .eventstream_layout import DEFAULT_MAX_FRAME_LENGTH, EVENT_STREAM_TYPE
from .shapes import (
    EVENTS,
    EXCEPTIONS,
    MODELLED_BODY_LIMIT,
    InvokeEndpointWithResponseStreamInput,
    InvokeEndpointWithResponseStreamOutput,
    OperationError,
    StreamEvent,
)

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

    from .eventstream import Message

IPAddress = Union["IPv4Address", "IPv6Address"]

VERSION = "0.1.0"
VECTORS_VERSION = "0.2.0"  # of the vectors that this version passes
USER_AGENT = f"sagemaker-stream-reference/{VERSION}"
# SIG-027
SIGNING_NAME = "sagemaker"
# SIG-015: proxies may change the framing. botocore does not sign this header either.
UNSIGNED_HEADERS = ("content-length",)
# HTTP-001
METHOD = "POST"
PATH = "/endpoints/%s/invocations-response-stream"
# HTTP-035, HTTP-039: the number of bytes that an error keeps of its body.
MAX_ERROR_BODY = 1024 * 1024
DEFAULT_PORTS = {"http": 80, "https": 443}

ERROR_TYPE_HEADER = "x-amzn-errortype"
_REQUEST_ID_HEADERS = ("x-amzn-requestid", "x-amz-request-id")


class BodySizeWarning(UserWarning):
    """The body is longer than the service model allows (HTTP-006)."""


# ---- the request -------------------------------------------------------------------------------


class HttpRequest(NamedTuple):
    """A request to send. Its repr hides the headers and the body."""

    method: str
    scheme: str
    host: str  # without port and brackets
    port: int
    target: str  # path and query, as in the request line
    headers: Tuple[Tuple[str, str], ...]
    body: bytes

    @property
    def url(self) -> str:
        """The absolute URL."""
        return f"{self.scheme}://{authority(self.scheme, self.host, self.port)}{self.target}"

    def __repr__(self) -> str:
        return f"HttpRequest({self.method} {self.url}, <{len(self.body)} bytes>)"


class EndpointUrl(NamedTuple):
    """The parts of an endpoint URL."""

    scheme: str  # http or https
    host: str  # without brackets
    port: int
    path: str  # unchanged


_HOST_LABEL = "[A-Za-z0-9_-]{1,63}"
_ENDPOINT_URL = re.compile(
    r"(?P<scheme>[Hh][Tt][Tt][Pp][Ss]?)://"
    r"(?:\[(?P<address>[0-9A-Fa-f:.]+)\]|"
    rf"(?P<name>(?=[A-Za-z0-9]){_HOST_LABEL}(?:\.{_HOST_LABEL})*(?<=[A-Za-z0-9]))\.?)"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]*)*)\Z"
)


def parse_endpoint_url(url: str) -> EndpointUrl:
    """Return the parts of an endpoint URL (HTTP-002).

    Raises ConfigurationError for other URLs than http(s)://host[:port][/path]. The message hides
    user names, queries and fragments.
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
    if match is None or not 0 < port < 65536 or not _is_usable(match.group("address")):
        secret = any(mark in url for mark in "@?#")
        raise ConfigurationError(
            "invalid endpoint URL",
            expected="http(s)://host[:port][/path]",
            rule="HTTP-002",
            actual="a URL with a user name, a query or a fragment" if secret else url,
        )
    return EndpointUrl(
        match.group("scheme").lower(),
        match.group("address") or match.group("name"),
        port,
        match.group("path"),
    )


# A part of an IPv4 address with a leading zero. Some programs read it as an octal number.
_OCTAL_PART = r"(?:\A|[.:])0[0-9]+\.|\.0[0-9]"


def ip_address_of(text: str) -> "Optional[IPAddress]":
    """Return the IP address that a host is, or None for a name. IPv4 within IPv6 is IPv4.

    An IPv4 address is four decimal numbers without leading zeros, and an IPv6 address has no zone.
    """
    # Old Pythons accept leading zeros, and new ones a zone.
    if "%" in text or re.search(_OCTAL_PART, text):
        return None
    # Loaded here, because most hosts have a name.
    from ipaddress import AddressValueError, IPv4Address, IPv6Address

    try:
        if ":" not in text:
            return IPv4Address(text)
        address = IPv6Address(text)
    except AddressValueError:
        return None
    return address.ipv4_mapped or address


def _is_usable(address: "Optional[str]") -> bool:
    return address is None or is_ipv6_literal(address)


def is_ipv6_literal(address: str) -> bool:
    """Return whether a text between brackets is an IPv6 address (HTTP-002, NET-007)."""
    return ":" in address and ip_address_of(address) is not None


def authority(scheme: str, host: str, port: int) -> str:
    """Return the value of Host: the host, in brackets if IPv6, and a port other than the default.

    SIG-014.
    """
    shown_host = f"[{host}]" if ":" in host else host
    return shown_host if port == DEFAULT_PORTS[scheme] else f"{shown_host}:{port}"


def build_request(
    call: InvokeEndpointWithResponseStreamInput, endpoint_url: str, user_agent: str = USER_AGENT
) -> HttpRequest:
    """Return the unsigned request of a call, with all headers except those of the signature.

    HTTP-009. user_agent: the value of User-Agent
    Raises UsageError if a member breaks a constraint, and ConfigurationError for an invalid URL.
    Issues a BodySizeWarning for a body above the limit of the service model.
    """
    require_type(call, InvokeEndpointWithResponseStreamInput, "input")
    call.validate()
    endpoint = parse_endpoint_url(endpoint_url)
    members: Dict[str, Any] = {
        field.attribute: getattr(call, field.attribute) for field in call.fields
    }
    body = members["body"]
    # HTTP-006
    if len(body) > MODELLED_BODY_LIMIT:
        warnings.warn(
            f"Body is {len(body)} bytes; the service model allows {MODELLED_BODY_LIMIT}, "
            "the Developer Guide 25 MB",
            BodySizeWarning,
            stacklevel=3,
        )
    # HTTP-007, HTTP-010
    headers = [
        ("Host", authority(endpoint.scheme, endpoint.host, endpoint.port)),
        ("User-Agent", user_agent),
        ("Connection", "close"),
        ("Content-Length", str(len(body))),
    ]
    headers += header_pairs(call.fields, call)
    # HTTP-001. The pattern of endpoint_name allows no character that needs percent-encoding.
    target = endpoint.path.rstrip("/") + PATH % members["endpoint_name"]
    return HttpRequest(
        METHOD, endpoint.scheme, endpoint.host, endpoint.port, target, tuple(headers), body
    )


# ---- the response ------------------------------------------------------------------------------


def request_id_of(headers: HeaderSequence) -> "Optional[str]":
    """Return the service's request id, or None."""
    # HTTP-022: an empty id counts as absent.
    values = (header_value(headers, name) for name in _REQUEST_ID_HEADERS)
    return next((value for value in values if value), None)


def read_output(
    headers: HeaderSequence, body: "Optional[Tuple[StreamEvent, ...]]" = None
) -> InvokeEndpointWithResponseStreamOutput:
    """Return the output of a response's headers, verbatim, with this body (HTTP-022)."""
    return InvokeEndpointWithResponseStreamOutput.of_header_and_body(headers, body)


class ResponseReader:
    """Reads one HTTP response from its status, its headers and the pieces of its body.

    status, headers: those of the response;  output: the output's header members
    request_id: the service's, or None;  is_stream: whether the body is an event stream (HTTP-020)
    unknown_events: the number of skipped events of unknown type (EVS-032)
    skipped_events: the same by event type
    The constructor raises HttpError for 1xx, 3xx and 600 or above (HTTP-049, HTTP-054).
    """

    def __init__(
        self, status: int, headers: HeaderSequence, max_frame_length: int = DEFAULT_MAX_FRAME_LENGTH
    ) -> None:
        require_type(status, int, "status")
        self.status = status
        self.headers = checked_headers(headers)
        self.request_id = request_id_of(self.headers)
        self.output = read_output(self.headers)
        self._skipped = SkippedEvents()
        self._delivered = 0  # events
        self._frames: FrameReader[StreamEvent] = FrameReader(self._reader_of, max_frame_length)
        self._body = bytearray()
        self._failed = False
        _check_status(status, self.headers, self.request_id)
        # HTTP-024
        self._is_error = status >= 400 or header_value(self.headers, ERROR_TYPE_HEADER) is not None
        # HTTP-020
        self.is_stream = not self._is_error and status == 200 and _is_event_stream(self.headers)

    def feed(self, data: bytes) -> "List[StreamEvent]":
        """Return the events that data completes, in order. Only an event stream has any.

        Raises ModelStreamError, InternalStreamFailure or UnknownOperationError for an error in the
        stream, and FrameError for an invalid frame. The error's `events` are those that this call
        completed before the error. The reader takes no more data afterwards (EVS-024).
        """
        if self._failed:
            raise UsageError("the response has already failed or ended", rule="EVS-024")
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
                error.message = f"{error.message} in message {self._messages + 1}"
            error.events = tuple(events)
            error.status = self.status
            error.request_id = self.request_id
            raise
        self._delivered += len(events)
        return events

    @property
    def unknown_events(self) -> int:
        """The number of skipped events of unknown type so far (EVS-032)."""
        return self._skipped.total

    @property
    def skipped_events(self) -> "Dict[str, int]":
        """The number of skipped events of each unknown type so far (EVS-032)."""
        return dict(self._skipped.by_type)

    @property
    def _messages(self) -> int:
        return self._delivered + self.unknown_events

    def _reader_of(self, headers: FrameHeaders) -> "Callable[[bytes], Optional[StreamEvent]]":
        # EVS-032
        return meaning_of(headers) or partial(self._skip, headers)

    def _skip(self, headers: FrameHeaders, payload: bytes) -> None:
        self._skipped.add(headers)

    def close(self, complete: bool = True) -> None:
        """Signal the end of the body. No event marks the end of the stream (EVS-039).

        complete: whether the body is complete by HTTP's framing (HTTP-023)
        Raises the service's error, HttpError `content_type` or FrameError `truncated`.
        """
        if self._failed:
            return
        self._failed = True
        if self._is_error:
            raise service_error(self.status, self.headers, bytes(self._body))
        if not self.is_stream:
            from .operation_errors import no_event_stream

            raise no_event_stream(self.status, self.headers, bytes(self._body), self.request_id)
        try:
            self._frames.close()
            if not complete:
                count = "1 message" if self._messages == 1 else f"{self._messages} messages"
                raise FrameError(
                    f"the connection ends inside the body, after {count}",
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


_MAX_SKIPPED_TYPES = 16
_OTHER_TYPES = "(other types)"


class SkippedEvents:
    """Counts events of unknown type (EVS-032).

    by_type: the number of events of each type; after 16 types, the others are counted together
    total: the number of events
    """

    def __init__(self) -> None:
        self.by_type: Dict[str, int] = {}
        self.total = 0

    def add(self, headers: FrameHeaders) -> None:
        """Count the event with these headers."""
        name = headers.string(":event-type") or ""
        if name not in self.by_type and len(self.by_type) >= _MAX_SKIPPED_TYPES:
            name = _OTHER_TYPES
        self.by_type[name] = self.by_type.get(name, 0) + 1
        self.total += 1


def describe_skipped(by_type: "Mapping[str, int]") -> str:
    """Describe skipped events in one line: `3 events of type chunk skipped: …`."""
    counts = ", ".join(
        f"{count} {'event' if count == 1 else 'events'} of type {shown(name, 60)}"
        for name, count in by_type.items()
    )
    if "chunk" in by_type:
        return f"{counts} skipped: is this a Bedrock stream?"
    return f"{counts} skipped: is this the stream of another service?"


def _check_status(status: int, headers: HeaderSequence, request_id: "Optional[str]") -> None:
    # HTTP-049
    if 300 <= status < 400:
        location = without_secrets(header_value(headers, "location") or "nowhere")
        raise HttpError(
            "redirected; redirects are not followed",
            expected="a response from the endpoint itself",
            rule="HTTP-049",
            actual=f"{status} to {location}",
            status=status,
            request_id=request_id,
        )
    # HTTP-054
    if not 200 <= status < 600:
        raise HttpError(
            "status code out of range",
            expected="200 to 599",
            actual=status,
            rule="HTTP-054",
            status=status,
            request_id=request_id,
        )


def _is_event_stream(headers: HeaderSequence) -> bool:
    media_type = (header_value(headers, "content-type") or "").partition(";")[0]
    # RFC 9110: the values of several Content-Encoding headers are one list, in which an empty
    # element has no meaning (HTTP-020).
    codings = [
        coding
        for name, value in headers
        if ascii_lower(name) == "content-encoding"
        for coding in value.split(",")
    ]
    return ascii_lower(media_type.strip(" \t")) == EVENT_STREAM_TYPE and all(
        ascii_lower(coding.strip(" \t")) in ("", "identity") for coding in codings
    )


# ---- messages ----------------------------------------------------------------------------------


def event_of(message: "Message") -> "Optional[StreamEvent]":
    """Return a message's event, or None for an event of unknown type (EVS-030 to EVS-039).

    Raises ModelStreamError, InternalStreamFailure or UnknownOperationError for an error message,
    and FrameError `message_type` for invalid headers.
    """
    read = meaning_of(message.headers)
    return None if read is None else read(message.payload)


def meaning_of(headers: FrameHeaders) -> "Optional[Callable[[bytes], StreamEvent]]":
    """Return the function that turns the payload of a message with these headers into an event.

    For an error message the function raises the error. Returns None for an event of unknown type
    (EVS-032). Raises FrameError `message_type` for invalid headers.
    """
    # EVS-030
    message_type = _required(headers.string(":message-type"), ":message-type", "EVS-030")
    if message_type == "event":
        # EVS-031
        event_type = _required(headers.string(":event-type"), ":event-type", "EVS-031")
        # EVS-033
        if event_type in EXCEPTIONS:
            raise FrameError(
                "exception sent as an event",
                kind="message_type",
                expected=":message-type exception",
                actual=event_type,
                rule="EVS-033",
            )
        return EVENTS.get(event_type)
    if message_type == "exception":
        # EVS-034
        code = _required(headers.string(":exception-type"), ":exception-type", "EVS-034")
        from .operation_errors import raise_exception  # most streams have no error

        return partial(raise_exception, code)
    if message_type == "error":
        # EVS-036
        from .operation_errors import raise_error

        return partial(raise_error, headers.string(":error-code"), headers.string(":error-message"))
    raise FrameError(
        "unknown :message-type",
        kind="message_type",
        expected="event, exception or error",
        actual=message_type,
        rule="EVS-030",
    )


def _required(value: "Optional[str]", name: str, rule: str) -> str:
    if value is None:
        raise FrameError(
            f"{name} is missing or not a string",
            kind="message_type",
            expected="a string header",
            actual="none",
            rule=rule,
        )
    return value


# ---- error responses ---------------------------------------------------------------------------


def service_error(status: int, headers: HeaderSequence, body: bytes) -> OperationError:
    """Return the typed error of an HTTP error response with any body (HTTP-030 to HTTP-037)."""
    from .operation_errors import error_of_response  # most calls succeed

    require_type(status, int, "status")
    require_type(body, bytes, "body")
    pairs = checked_headers(headers)
    error_type = header_value(pairs, ERROR_TYPE_HEADER)
    return error_of_response(status, pairs, body, error_type, request_id_of(pairs))
