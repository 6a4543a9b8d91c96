# SPDX-License-Identifier: MIT
"""The live response of a call: its events, and its payload as text, lines, events or values.

Events are returned as they arrive. Every error is a refimpl.Error. The events before an error are
returned first or are in the error's `events`.
"""

from types import TracebackType
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    Generator,
    Iterator,
    List,
    Optional,
    Sequence,
    Tuple,
    Type,
    Union,
)

from .errors import DEFAULT_MAX_ITEM_LENGTH, Error, Secrets
from .operation_response import ResponseReader, read_output
from .results import ResultItem, Results, described
from .shapes import InvokeEndpointWithResponseStreamOutput, PayloadPart, StreamEvent

if TYPE_CHECKING:
    from .extracting import ModelDeltas
    from .fetched import FetchedExchange
    from .text.server_sent_events import ServerSentEvent
    from .transport import HttpExchange

Exchange = Union["HttpExchange", "FetchedExchange"]


class Response:
    """A live response. Iterate over `body` once or call `collect`. Close it or use `with`.

    `text`, `lines`, `sse` and `json_values` also consume `body`. They join bytes across parts and
    return each result as soon as its last byte arrives. For invalid text they raise TextError, and
    its `unread` has the bytes after the last result. If the stream fails, the `unread` of its
    error has the bytes of the unfinished line, event or value.

    status, headers, request_id: those of the HTTP response
    content_type, invoked_production_variant, custom_attributes: members of the output
    unknown_events, skipped_events: the number of skipped events of unknown type so far, in total
        and by type (EVS-032)
    """

    def __init__(
        self,
        exchange: "Exchange",
        reader: ResponseReader,
        secrets: "Sequence[str]",
        started: float,
    ) -> None:
        """secrets: texts that no error of the response shows

        started: when the call began, in monotonic seconds
        """
        self._exchange = exchange
        self._reader = reader
        self.status = exchange.status
        self.headers = exchange.headers
        self.request_id = reader.request_id
        self.content_type: Optional[str] = reader.output.content_type
        self.invoked_production_variant: Optional[str] = reader.output.invoked_production_variant
        self.custom_attributes: Optional[str] = reader.output.custom_attributes
        self.body: Iterator[StreamEvent] = Results(
            _events(exchange, reader, Secrets(secrets)), exchange.close
        )
        self._started = started
        self._collected: Optional[InvokeEndpointWithResponseStreamOutput] = None

    @property
    def unknown_events(self) -> int:
        """The number of skipped events of unknown type so far (EVS-032)."""
        return self._reader.unknown_events

    @property
    def skipped_events(self) -> "Dict[str, int]":
        """The number of skipped events of each unknown type so far (EVS-032)."""
        return self._reader.skipped_events

    def __repr__(self) -> str:
        return f"Response(status={self.status}, request_id={self.request_id!r})"

    def __enter__(self) -> "Response":
        return self

    def __exit__(
        self,
        kind: "Optional[Type[BaseException]]",
        error: "Optional[BaseException]",
        trace: "Optional[TracebackType]",
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection, from any thread. A waiting read raises NetworkError `closed`."""
        self._exchange.close()

    def collect(self) -> InvokeEndpointWithResponseStreamOutput:
        """Read the rest of the stream and return the output with these events as body.

        A second call returns the same output, or raises the same error. Errors are those of
        reading `body`. Their `events` are the events before the error.
        """
        if self._collected is None:
            events: List[StreamEvent] = []
            try:
                events.extend(self.body)
            except Error as error:
                error.events = tuple(events) or error.events
                raise
            self._collected = self.output_of(tuple(events))
        return self._collected

    def output_of(
        self, events: "Tuple[StreamEvent, ...]"
    ) -> InvokeEndpointWithResponseStreamOutput:
        """Return the output with these events as body."""
        return read_output(self.headers, events)

    def text(self, errors: str = "strict") -> "Iterator[str]":
        """Return an iterator over text: complete characters, as soon as they arrive.

        errors: as for refimpl.text.Utf8Decoder
        """
        from .text.utf8 import strings_of

        return self._results(strings_of(self.payloads(), errors))

    def lines(
        self, max_line_length: int = DEFAULT_MAX_ITEM_LENGTH, errors: str = "strict"
    ) -> "Iterator[str]":
        """Return an iterator over lines. Arguments as for refimpl.text.LineDecoder."""
        from .text.lines import lines_of

        return self._results(lines_of(self.payloads(), max_line_length, errors))

    def sse(
        self, max_event_length: int = DEFAULT_MAX_ITEM_LENGTH, errors: str = "strict"
    ) -> "Iterator[ServerSentEvent]":
        """Return an iterator over server-sent events.

        Arguments as for refimpl.text.ServerSentEventDecoder.
        """
        from .text.server_sent_events import events_of

        return self._results(events_of(self.payloads(), max_event_length, errors))

    def json_values(self, max_value_length: int = DEFAULT_MAX_ITEM_LENGTH) -> "Iterator[Any]":
        """Return an iterator over JSON values, such as JSON lines.

        max_value_length: as for refimpl.text.JSONValues
        """
        from .text.json_values import json_values_of

        return self._results(json_values_of(self.payloads(), max_value_length))

    def extract(
        self,
        where: str = "auto",
        channel: str = "text",
        strict_model: "Optional[bool]" = None,
        first_token_timeout: "Optional[float]" = None,
        token_timeout: "Optional[float]" = None,
        text_format: "Optional[str]" = None,
        warn: "Optional[Callable[[str], None]]" = None,
    ) -> "ModelDeltas":
        """Return an iterator over what the model wrote, as Delta(channel, text).

        where: a path, a preset, or `auto` to recognise the container's format
        channel: text, reasoning, tools or all
        strict_model: None raises ContainerError for a failure that the container reports; True also
            for a stream that is not complete; False never
        first_token_timeout, token_timeout: seconds without text, which pings and empty parts do not
            extend, or None for no limit
        text_format: sse or json, or None to decide by content type and first bytes
        warn: called with each warning; without it, they are in the iterator's `warnings`
        After the last delta, the iterator's `summary` says whether the text is complete.
        """
        from .extracting import model_deltas

        return model_deltas(
            self,
            self._exchange,
            where,
            channel,
            strict_model,
            (first_token_timeout, token_timeout),
            text_format,
            warn,
            self._started,
        )

    def payloads(self) -> "Iterator[bytes]":
        """Return an iterator over the bytes of each part, as they arrive."""
        return Results(_payload_bytes(self.body))

    def _results(self, results: "Iterator[ResultItem]") -> "Iterator[ResultItem]":
        return Results(described(results, self.status, self.request_id))


def _payload_bytes(events: "Iterator[StreamEvent]") -> "Generator[bytes, None, None]":
    for event in events:
        if isinstance(event, PayloadPart):
            yield event.bytes


def _events(
    exchange: "Exchange", reader: ResponseReader, secrets: Secrets
) -> "Generator[StreamEvent, None, None]":
    """Yield the events as they arrive.

    This generator has no reference to the Response, so that a Response that is no longer referenced
    releases its connection at once.
    """
    try:
        while True:
            data = exchange.read1()
            if not data:
                reader.close()
                exchange.close()
                return
            try:
                events = reader.feed(data)
            except Error as error:
                yield from error.events
                raise
            yield from events
    except GeneratorExit:
        raise  # dropped, maybe in a forked child, so the connection is only released
    except Error as error:
        exchange.close()
        from .failures import placed_error

        placed = placed_error(error, reader, secrets)
        if placed is error:
            raise
        raise placed from error
    except BaseException:
        exchange.close()
        raise
