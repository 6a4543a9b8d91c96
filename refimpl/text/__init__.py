# SPDX-License-Identifier: MIT
"""Payload parts -> text, lines, server-sent events, JSON values. No I/O.

Part boundaries have no meaning: a line, an event or one character may span two parts, and one part
may contain several of them. Each decoder is fed bytes that are split anywhere and returns the
results that they complete:

    Utf8Decoder               the complete characters
    LineDecoder               lines, ended by LF or CR LF and nothing else
    ServerSentEventDecoder    events, by the grammar of the WHATWG HTML standard, section 9.2
    JSONValues                JSON values, separated by line ends, white space or nothing
    ModelText                 the text that a model wrote, from the values of its container's format

`strings_of(parts)`, `lines_of`, `events_of`, `json_values_of` and `deltas_of` feed a decoder from
any iterable of bytes: the parts of boto3, httpx or a file, or those of this package. For an
asynchronous source, call `feed` with each part and `close` at the end. `refimpl.text.bridge` turns
parts into server-sent events for a browser.

    model_text = ModelText(parse_extraction("auto"))
    for delta in deltas_of(parts, model_text):
        print(delta.text, end="", flush=True)
    print(model_text.summary.finish_reason, model_text.summary.reasons)

A TextError reports what was rejected (TXT-002 to TXT-008). It contains the results before the
error and all bytes after them. A ContainerError reports a failure of the model's container
(TXT-053), with the deltas that the failing call had completed, and all deltas so far.
"""

from ..errors import DEFAULT_MAX_ITEM_LENGTH
from .containers import PRESETS, Preset
from .extraction import (
    CHANNELS,
    Delta,
    Extraction,
    ModelText,
    Summary,
    deltas_of,
    parse_extraction,
)
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
    "CHANNELS",
    "DEFAULT_MAX_ITEM_LENGTH",
    "PRESETS",
    "Delta",
    "Extraction",
    "JSONValues",
    "LineDecoder",
    "ModelText",
    "Preset",
    "ServerSentEvent",
    "ServerSentEventDecoder",
    "Summary",
    "Utf8Decoder",
    "could_be_events",
    "deltas_of",
    "encode_event",
    "events_of",
    "json_values_of",
    "lines_of",
    "looks_like_events",
    "parse_extraction",
    "strings_of",
]
