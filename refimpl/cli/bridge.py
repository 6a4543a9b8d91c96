# SPDX-License-Identifier: MIT
"""`refimpl bridge`: turn a recorded or piped event stream into server-sent events (CLI-014).

The conversion is in text/bridge.py. This command reads the frames, takes the payload parts, and
writes each event as soon as it is complete. It rejects what the decoder rejects. It reports an
exception in the stream in the `error` event.
"""

import argparse
from typing import BinaryIO, Iterator

from ..errors import FrameError
from ..operation_response import SkippedEvents, describe_skipped, event_of
from ..shapes import PayloadPart
from ..text.bridge import BRIDGE_FORMATS, bridged
from .frames import frames_of
from .parser import add_file, add_sanitize
from .streams import Streams, warn, with_file, write_pieces


def add_bridge(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `bridge`."""
    parser.set_defaults(act=_bridge)
    add_file(parser)
    parser.add_argument(
        "--format",
        choices=BRIDGE_FORMATS,
        default="auto",
        help="data of each event: text, the complete characters of a part; json, the same text as "
        "a JSON string; base64, the bytes of a part; sse, each server-sent event of the payload; "
        "auto (default), one of sse, text and base64 according to the first bytes; the last event "
        "is `end`, or `error` if the stream is not complete",
    )
    add_sanitize(parser)


def _bridge(options: argparse.Namespace, streams: Streams) -> None:
    skipped = SkippedEvents()
    try:
        with_file(
            options.file,
            streams,
            lambda file: write_pieces(
                bridged(_payloads_of(file, skipped), options.format, skipped.by_type),
                streams.stdout,
            ),
        )
    finally:
        if skipped.total:
            warn(streams, describe_skipped(skipped.by_type))


def _payloads_of(file: BinaryIO, skipped: SkippedEvents) -> Iterator[bytes]:
    """Yield the payload parts of an event stream as they arrive. Count events of unknown type.

    Raises FrameError, or the exception that a frame contains.
    """
    for frame in frames_of(file):
        try:
            event = event_of(frame.message)
        except FrameError as error:
            error.offset = frame.offset
            raise
        if isinstance(event, PayloadPart):
            yield event.bytes
        elif event is None:
            skipped.add(frame.message.headers)
