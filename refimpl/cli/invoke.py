# SPDX-License-Identifier: MIT
"""`refimpl invoke`: call an endpoint and write its response as it arrives.

The formats raw and events write each part or event. json writes one document at the end, even if
the stream fails (CLI-002). rendering.py has the text formats and --extract. --timings writes one
line to stderr (CLI-013).

It rejects a missing body, and --extract with a format that has no values, before anything is sent.
"""

import argparse
import warnings
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, Iterator, List, Optional

from ..client import DEFAULT_CONNECT_TIMEOUT, DEFAULT_READ_TIMEOUT, Client
from ..errors import ContainerError, UsageError
from ..live_response import Response
from ..operation_request import BodySizeWarning
from ..operation_response import describe_skipped
from ..shapes import (
    InternalStreamFailure,
    InvokeEndpointWithResponseStreamInput,
    ModelStreamError,
    OperationError,
    PayloadPart,
    Shape,
    StreamEvent,
)
from .credentials import add_credentials, mfa_code_source
from .network import add_endpoint_network, network_arguments
from .parser import add_body, add_sanitize
from .streams import Streams, read_body, warn, write_line, write_pieces, write_text

if TYPE_CHECKING:
    from .timings import Timings

# What rendering.py writes, and which of these have values to extract.
TEXT_FORMATS = ("text", "lines", "sse", "auto")
EXTRACTABLE_FORMATS = ("auto", "lines", "sse")

# The members of the input that have their own arguments.
_OWN_ARGUMENTS = ("endpoint_name", "body")
# Written again, because their modules are loaded only with --extract. A test compares them.
_CHANNELS = ("text", "reasoning", "tools", "all")
_PRESETS = (
    "openai",
    "openai-completions",
    "vllm",
    "sglang",
    "tgi-openai",
    "tgi",
    "djl",
    "lmi",
    "anthropic-messages",
    "nova",
    "llama",
    "generated-text",
)
_EXTRACTION_OPTIONS = ("channel", "first_token_timeout", "token_timeout")
_MEMBERS = [
    field
    for field in InvokeEndpointWithResponseStreamInput.fields
    if field.attribute not in _OWN_ARGUMENTS
]


def add_invoke(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `invoke`."""
    parser.set_defaults(act=_invoke)
    parser.add_argument("name", help="endpoint name")
    add_body(parser)
    parser.add_argument(
        "--format",
        choices=("raw", "events", "json", *TEXT_FORMATS),
        help="output format: raw (default), payload bytes as they arrive; events, one JSON line "
        "per event; json, the whole output as one document; text, complete UTF-8 characters; "
        "lines, each line when it is complete; sse, each server-sent event as a JSON line; auto, "
        "one of sse, lines, text and raw, according to the first bytes and the content type",
    )
    parser.add_argument(
        "--extract",
        metavar="PATH|PRESET|auto",
        help="path of the value to write from each JSON value in server-sent events or lines, such "
        f"as choices[0].delta.content, or a preset: {', '.join(_PRESETS)}; or auto, which "
        f"recognises the preset; with --format {', '.join(EXTRACTABLE_FORMATS)}",
    )
    parser.add_argument(
        "--channel",
        choices=_CHANNELS,
        help="what to extract: text (default), reasoning, tools or all",
    )
    parser.add_argument(
        "--strict-model",
        action="store_true",
        default=None,
        help="fail with exit code 6 if the model's stream is not complete: no end marker, an "
        "unreadable value, or a skipped event (default: only if the container reports an error)",
    )
    parser.add_argument(
        "--no-strict-model",
        action="store_false",
        dest="strict_model",
        help="only warn if the container reports an error",
    )
    add_sanitize(parser)
    parser.add_argument(
        "--timings",
        action="store_true",
        help="report on stderr when parts and the first token arrived, as a JSON line",
    )
    parser.add_argument(
        "--endpoint-url",
        help="URL to use instead of the region's host: http(s)://host[:port][/path]",
    )
    add_credentials(parser)
    for name, default, what in (
        ("--connect-timeout", DEFAULT_CONNECT_TIMEOUT, "seconds to connect (default: %(default)g)"),
        ("--read-timeout", DEFAULT_READ_TIMEOUT, "seconds per read (default: %(default)g)"),
        ("--total-timeout", None, "seconds for the whole call (default: unlimited)"),
    ):
        parser.add_argument(name, type=float, default=default, metavar="S", help=what)
    for name, what in (
        ("--first-token-timeout", "seconds of a call without text from the model"),
        ("--token-timeout", "seconds between two pieces of text; pings and empty parts count not"),
    ):
        parser.add_argument(
            name,
            type=float,
            metavar="S",
            help=f"{what}, with --extract (default: that of --read-timeout)",
        )
    add_endpoint_network(parser)
    members = parser.add_argument_group("members of the input")
    for field in _MEMBERS:
        members.add_argument(
            "--" + field.attribute.replace("_", "-"),
            metavar="TEXT",
            help=f"value sent as {field.wire_name}",
        )


def _invoke(options: argparse.Namespace, streams: Streams) -> None:
    client = Client(
        region=options.region,
        endpoint_url=options.endpoint_url,
        profile=options.profile,
        mfa_code=mfa_code_source(options),
        connect_timeout=options.connect_timeout,
        read_timeout=options.read_timeout,
        total_timeout=options.total_timeout,
        environment=streams.environment,
        clock=streams.clock,
        **network_arguments(options),
    )
    output_format = _output_format(options)
    body = read_body(options.body, streams.stdin)
    timings = _timings(streams) if options.timings else None
    try:
        with _open_response(client, options, body, streams) as response:
            if timings is not None:
                are_tokens = output_format not in TEXT_FORMATS
                response.body = timings.timed_events(response.body, are_tokens)
            try:
                if options.extract is not None:
                    _write_extracted(response, options, output_format, timings, streams)
                elif output_format in TEXT_FORMATS:
                    _write_rendered(response, output_format, timings, streams)
                else:
                    _write_stream(response, output_format, streams.stdout)
            finally:
                if response.skipped_events:
                    warn(streams, describe_skipped(response.skipped_events))
            if options.strict_model and response.skipped_events:
                raise ContainerError("the stream has events of unknown type")
    finally:
        if timings is not None:
            from ..documents.json_format import json_line  # not for raw output, here and below

            streams.stderr.write(json_line(timings.to_json()).decode("ascii"))


def _timings(streams: Streams) -> "Timings":
    from .timings import Timings

    return Timings(streams.monotonic)


def _output_format(options: argparse.Namespace) -> str:
    """Return the output format. Raises UsageError if it and other options do not fit together."""
    # CLI-018
    if options.extract is None:
        for name in _EXTRACTION_OPTIONS:
            if getattr(options, name) is not None:
                raise UsageError(f"--{name.replace('_', '-')} needs --extract")
        return options.format or "raw"
    from ..text.extraction import parse_extraction

    parse_extraction(options.extract)
    output_format: str = options.format or "auto"
    if output_format not in EXTRACTABLE_FORMATS:
        raise UsageError(
            "cannot extract values from this format",
            expected=f"--format {', '.join(EXTRACTABLE_FORMATS)}",
            actual=output_format,
        )
    return output_format


def _open_response(
    client: Client, options: argparse.Namespace, body: bytes, streams: Streams
) -> Response:
    """Send the request and return the response. A BodySizeWarning becomes a line on stderr."""
    members = {field.attribute: getattr(options, field.attribute) for field in _MEMBERS}
    with warnings.catch_warnings():
        warnings.simplefilter("always", BodySizeWarning)
        warnings.showwarning = lambda message, *rest, **more: warn(streams, str(message))
        return client.invoke_endpoint_with_response_stream(
            endpoint_name=options.name, body=body, **members
        )


def _write_rendered(
    response: Response,
    text_format: str,
    timings: Optional["Timings"],
    streams: Streams,
) -> None:
    from .rendering import rendered  # not for raw output

    pieces = rendered(response.payloads(), text_format, response.content_type)
    if timings is not None:
        pieces = timings.timed_pieces(pieces)
    write_pieces(pieces, streams.stdout)


def _write_extracted(
    response: Response,
    options: argparse.Namespace,
    text_format: str,
    timings: Optional["Timings"],
    streams: Streams,
) -> None:
    first_timeout, timeout = (
        options.read_timeout if given is None else given
        for given in (options.first_token_timeout, options.token_timeout)
    )
    deltas = response.extract(
        options.extract,
        options.channel or "text",
        options.strict_model,
        first_timeout,
        timeout,
        text_format={"sse": "sse", "lines": "json"}.get(text_format),
        warn=partial(warn, streams),
    )
    pieces: Iterator[bytes] = (delta.text.encode("utf-8") for delta in deltas)
    if timings is not None:
        pieces = timings.timed_pieces(pieces)
    write_pieces(pieces, streams.stdout)


def _write_stream(response: Response, output_format: str, stdout: BinaryIO) -> None:
    if output_format == "json":
        _write_output(response, stdout)
        return
    write = _write_part if output_format == "raw" else _write_event
    try:
        for event in response.body:
            write(event, stdout)
    except OperationError as error:
        write(error, stdout)
        raise


def _write_part(event: Shape, stdout: BinaryIO) -> None:
    if isinstance(event, PayloadPart):
        stdout.write(event.bytes)
        stdout.flush()


def _write_event(event: Shape, stdout: BinaryIO) -> None:
    from ..documents.json_format import members_to_json

    write_line({type(event).__name__: members_to_json(event.fields, event)}, stdout)


def _write_output(response: Response, stdout: BinaryIO) -> None:
    """Write the output as one document when the stream ends, in whatever way (CLI-002)."""
    events: List[StreamEvent] = []
    try:
        for event in response.body:
            events.append(event)
    except (ModelStreamError, InternalStreamFailure) as error:
        events.append(error)
        raise
    finally:
        # CLI-002: an interrupt also comes here, with the events that had arrived.
        write_text(response.output_of(tuple(events)).to_json(), stdout)
