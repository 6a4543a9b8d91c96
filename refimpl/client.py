# SPDX-License-Identifier: MIT
"""The client: puts signing, transport and the operation together; one attempt a call.

`Client` holds settings and derived keys and may be shared by threads: every call has a connection of its own. A call returns
a live `Response` as soon as a good head has come; its events come as they arrive. What is no event stream is raised by the
call itself. Every error is a refimpl.Error; what had arrived before it was handed over first, or stands on it.
"""

import os
import sys
import time
from collections import abc
from types import TracebackType
from typing import Any, Callable, Iterator, List, Mapping, Optional, Tuple, Type, TypeVar

from .config.credentials import credentials_from_environment
from .config.environment import configured_endpoint_url, configured_region
from .endpoints import no_region, resolve_endpoint
from .errors import Error, HttpError, UsageError, require_type
from .eventstream import DEFAULT_MAX_FRAME_LENGTH, Decoder
from .operation import (
    MAX_ERROR_BODY,
    UNSIGNED_HEADERS,
    USER_AGENT,
    ResponseReader,
    build_request,
    parse_endpoint_url,
    read_output,
)
from .shapes import (
    InvokeEndpointWithResponseStreamInput,
    InvokeEndpointWithResponseStreamOutput,
    PayloadPart,
    StreamEvent,
)
from .sigv4 import Credentials, Signer, amz_date_of
from .text.decoder import DEFAULT_MAX_ITEM_LENGTH
from .text.json_values import json_values_of
from .text.lines import lines_of
from .text.server_sent_events import ServerSentEvent, events_of
from .text.utf8 import strings_of
from .transport import (
    HttpExchange,
    Timeouts,
    check_ssl_context,
    check_timeouts,
    default_ssl_context,
    open_exchange,
)

DEFAULT_CONNECT_TIMEOUT = 10.0  # seconds
DEFAULT_READ_TIMEOUT = 500.0  # seconds; the service itself ends a stream after 8 minutes, and a first token may take long
_USER_AGENT = "%s python/%d.%d.%d" % (USER_AGENT, *sys.version_info[:3])

_Item = TypeVar("_Item")


class Response:
    """A live answer. Its attributes are those of the output; iterate `body` once, or collect(); close it, or use `with`.

    text(), lines(), sse() and json_values() iterate over `body`, too, and join what the parts cut: each result comes when its
    last byte has. They raise TextError for text that cannot be read, with the bytes behind the last result as its `unread`;
    when the stream itself breaks, its own error holds as `unread` the bytes of the line, event or value that was unfinished.

    status, headers, request_id: of the HTTP answer;  unknown_events: how many events of unknown type were skipped so far
    """

    def __init__(self, exchange: HttpExchange, reader: ResponseReader) -> None:
        self._exchange = exchange
        self._reader = reader
        self.status = exchange.status
        self.headers = exchange.headers
        self.request_id = reader.request_id
        self.content_type: Optional[str] = reader.output.content_type
        self.invoked_production_variant: Optional[str] = reader.output.invoked_production_variant
        self.custom_attributes: Optional[str] = reader.output.custom_attributes
        self.body: Iterator[StreamEvent] = _events(exchange, reader)

    @property
    def unknown_events(self) -> int:
        """How many events of unknown type were skipped so far (EVS-032)."""
        return self._reader.unknown_events

    def __repr__(self) -> str:
        return f"Response(status={int(self.status)}, request_id={self.request_id!r})"

    def __enter__(self) -> "Response":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection, whether or not all was read; from any thread. A read that waits then ends with `closed`."""
        self._exchange.close()

    def collect(self) -> InvokeEndpointWithResponseStreamOutput:
        """Read the rest and return the output as a value, its body the tuple of the events read here.

        Raises what reading raises; the error's `events` are those that had arrived.
        """
        events: List[StreamEvent] = []
        try:
            events.extend(self.body)
        except Error as error:
            error.events = tuple(events)
            raise
        return self.output_of(tuple(events))

    def output_of(self, events: Tuple[StreamEvent, ...]) -> InvokeEndpointWithResponseStreamOutput:
        """Return the output as a value, with these events for its body."""
        return read_output(self.headers, events)

    def text(self, errors: str = "strict") -> Iterator[str]:
        """Return an iterator over the text, whole characters as they come. errors: as for text.Utf8Decoder."""
        return self._results(strings_of(self.payloads(), errors))

    def lines(
        self, max_line_length: int = DEFAULT_MAX_ITEM_LENGTH, errors: str = "strict"
    ) -> Iterator[str]:
        """Return an iterator over the lines. Arguments as for LineDecoder."""
        return self._results(lines_of(self.payloads(), max_line_length, errors))

    def sse(
        self, max_event_length: int = DEFAULT_MAX_ITEM_LENGTH, errors: str = "strict"
    ) -> Iterator[ServerSentEvent]:
        """Return an iterator over the server-sent events. Arguments as for ServerSentEventDecoder."""
        return self._results(events_of(self.payloads(), max_event_length, errors))

    def json_values(self, max_value_length: int = DEFAULT_MAX_ITEM_LENGTH) -> Iterator[Any]:
        """Return an iterator over JSON values, such as JSON lines. Arguments as for text.JSONValues."""
        return self._results(json_values_of(self.payloads(), max_value_length))

    def payloads(self) -> Iterator[bytes]:
        """Return an iterator over the bytes of the parts, each as it came: what the methods above are made of."""
        for event in self.body:
            if isinstance(event, PayloadPart):
                yield event.bytes

    def _results(self, results: Iterator[_Item]) -> Iterator[_Item]:
        try:
            yield from results
        except Error as error:
            error.status = self.status
            error.request_id = self.request_id
            raise


def _events(exchange: HttpExchange, reader: ResponseReader) -> Iterator[StreamEvent]:
    """Yield the events as they come; holds no Response, so that one which is dropped closes its connection at once."""
    try:
        while True:
            data = exchange.read1()
            if not data:
                reader.close()
                return
            try:
                events = reader.feed(data)
            except Error as error:
                yield from error.events
                raise
            yield from events
    except Error as error:
        if isinstance(error, HttpError) and error.kind == "truncated":
            reader.close(complete=False)  # raises, telling where in the stream
        error.status = reader.status
        error.request_id = reader.request_id
        raise
    finally:
        exchange.close()


class Client:
    """Calls the operation. All settings by keyword; what is not given is taken from the environment.

    region: the region to sign for and, unless endpoint_url is given, whose endpoint to call
    endpoint_url: http(s)://host[:port][/path];  use_fips, use_dualstack: choose the endpoint of that kind
    credentials: Credentials;  environment: instead of os.environ
    connect_timeout, read_timeout, total_timeout: seconds, or None for none (HTTP-051)
    ssl_context: an ssl.SSLContext, for a private CA;  max_frame_length: bytes (EVS-008);  clock: seconds since 1970 UTC
    Raises ConfigurationError when region, credentials or endpoint are missing or wrong, UsageError for the rest.
    """

    def __init__(
        self,
        region: Optional[str] = None,
        endpoint_url: Optional[str] = None,
        credentials: Optional[Credentials] = None,
        connect_timeout: Optional[float] = DEFAULT_CONNECT_TIMEOUT,
        read_timeout: Optional[float] = DEFAULT_READ_TIMEOUT,
        total_timeout: Optional[float] = None,
        use_fips: bool = False,
        use_dualstack: bool = False,
        max_frame_length: int = DEFAULT_MAX_FRAME_LENGTH,
        ssl_context: Any = None,
        environment: Optional[Mapping[str, str]] = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        environment = os.environ if environment is None else environment
        require_type(environment, abc.Mapping, "environment")
        if not callable(clock):
            raise UsageError(
                "clock cannot be called",
                kind="type",
                expected="a function",
                actual=type(clock).__name__,
            )
        self._endpoint = resolve_endpoint(
            region if region is not None else configured_region(environment),
            endpoint_url if endpoint_url is not None else configured_endpoint_url(environment),
            use_fips,
            use_dualstack,
        )
        if self._endpoint.signing_region is None:
            raise no_region()
        self._region = self._endpoint.signing_region
        if credentials is None:
            credentials = credentials_from_environment(environment)
        require_type(credentials, Credentials, "credentials")
        self._credentials = credentials
        self._timeouts = check_timeouts(Timeouts(connect_timeout, read_timeout, total_timeout))
        Decoder(max_frame_length)  # refuses a wrong one now, not in the middle of a call
        self._max_frame_length = max_frame_length
        check_ssl_context(ssl_context)
        if ssl_context is None and parse_endpoint_url(self._endpoint.url).scheme == "https":
            ssl_context = default_ssl_context()
        self._ssl_context = ssl_context
        self._clock = clock
        self._signer = Signer()

    def __repr__(self) -> str:
        return f"Client(region={self._region!r}, endpoint_url={self._endpoint.url!r})"

    def invoke_endpoint_with_response_stream(self, **members: Any) -> Response:
        """Call the operation once and return the live response.

        members: those of InvokeEndpointWithResponseStreamInput; endpoint_name (str) and body (bytes) are required
        Raises UsageError before anything is sent; NetworkError, HttpError; ModelError, ValidationError, InternalFailure,
        ServiceUnavailable, UnknownOperationError for what the service answers.
        """
        request = build_request(
            InvokeEndpointWithResponseStreamInput(**members), self._endpoint.url, _USER_AGENT
        )
        signed = self._signer.sign(
            request.method,
            request.target,
            request.headers,
            request.body,
            self._credentials,
            self._region,
            self._endpoint.signing_name,
            amz_date_of(self._clock()),
            unsigned=UNSIGNED_HEADERS,
        )
        exchange = open_exchange(
            request._replace(headers=signed.headers), self._timeouts, self._ssl_context
        )
        try:
            reader = ResponseReader(exchange.status, exchange.headers, self._max_frame_length)
            if not reader.is_stream:
                _raise_answer(exchange, reader)
        except BaseException:
            exchange.close()
            raise
        return Response(exchange, reader)


def _raise_answer(exchange: HttpExchange, reader: ResponseReader) -> None:
    """Read an answer that is no event stream, as far as it comes and up to a bound, and raise what it is (HTTP-035)."""
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
        pass  # what had arrived tells more than how it ended
    reader.close()
