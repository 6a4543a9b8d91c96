# SPDX-License-Identifier: MIT
"""Payload parts -> text, lines, server-sent events, JSON values. No I/O.

Part boundaries have no meaning: a line, an event or one character may span two parts, and one part
may contain several of them. Each decoder is fed bytes that are split anywhere and returns the
results that they complete:

    Utf8Decoder               the complete characters
    LineDecoder               lines, ended by LF or CR LF and nothing else
    ServerSentEventDecoder    events, by the grammar of the WHATWG HTML standard, section 9.2
    JSONValues                JSON values, separated by line ends, white space or nothing

`strings_of(parts)`, `lines_of`, `events_of` and `json_values_of` feed a decoder from any iterable
of bytes: the parts of boto3, httpx or a file, or those of this package. For an asynchronous source,
call `feed` with each part and `close` at the end.

A TextError reports what was rejected (TXT-002 to TXT-008). It contains the results before the
error and all bytes after them.
"""

from .decoder import DEFAULT_MAX_ITEM_LENGTH
from .json_values import JSONValues, json_values_of
from .lines import LineDecoder, lines_of
from .server_sent_events import (
    ServerSentEvent,
    ServerSentEventDecoder,
    could_be_events,
    encode_event,
    events_of,
    looks_like_events,
)
from .utf8 import Utf8Decoder, strings_of

__all__ = [
    "DEFAULT_MAX_ITEM_LENGTH",
    "JSONValues",
    "LineDecoder",
    "ServerSentEvent",
    "ServerSentEventDecoder",
    "Utf8Decoder",
    "could_be_events",
    "encode_event",
    "events_of",
    "json_values_of",
    "lines_of",
    "looks_like_events",
    "strings_of",
]
