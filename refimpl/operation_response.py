# SPDX-License-Identifier: MIT
"""The response of a call, without I/O.

A `ResponseReader` takes the response's status and headers, then its body in pieces of any size, and
finally whether the body is complete. It returns events. It raises the errors of the service and
the model, and rejects frames and responses that break a rule. The events before an error are
returned first or are in the error's `events`.

The rules are HTTP-020 to HTTP-038 and, for the meaning of messages, EVS-030 to EVS-039.
"""

from functools import partial
from typing import TYPE_CHECKING, Callable, Dict, List, Mapping, Optional, Tuple

from .documents.header_format import HeaderSequence, checked_headers, header_value
from .errors import (
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
    InvokeEndpointWithResponseStreamOutput,
    OperationError,
    StreamEvent,
)

if TYPE_CHECKING:
    from .eventstream import Message

# HTTP-035, HTTP-039: the number of bytes that an error keeps of its body.
MAX_ERROR_BODY = 1024 * 1024

ERROR_TYPE_HEADER = "x-amzn-errortype"
_REQUEST_ID_HEADERS = ("x-amzn-requestid", "x-amz-request-id")


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
