# SPDX-License-Identifier: MIT
"""Payload parts -> the bytes of server-sent events, for a gateway that serves browsers. No I/O.

Each payload part becomes an event in one of BRIDGE_FORMATS. Exactly one more event ends the
stream: `end` if it is complete, `error` if anything failed, because a browser cannot distinguish
the two (CLI-014). The data of both is a JSON object.

    text     the complete characters of the part; CR LF and CR become LF, because an event cannot
             contain CR
    json     the same text as a JSON string, which preserves every character
    base64   the bytes of the part
    sse      the payload is server-sent events already; each is passed on when it is complete, and
             so are comments, which keep the connection open. The container's own `end` and `error`
             become `model-end` and `model-error`, so they cannot be confused with the last event.
    auto     sse if the first bytes look like events, base64 if they are not UTF-8, otherwise text
"""

import json
from types import MappingProxyType
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping

from ..documents.json_format import members_to_json, to_base64
from ..errors import ContainerError, Error, shown
from ..shapes import OperationError
from .decoder import results_of
from .detection import chosen_format
from .server_sent_events import ServerSentEvent, ServerSentEventDecoder, encode_event
from .utf8 import strings_of

_AUTO = {"sse": "sse", "text": "text", "raw": "base64"}


def bridged(
    parts: Iterable[bytes],
    text_format: str = "auto",
    skipped: Mapping[str, int] = MappingProxyType({}),
) -> Iterator[bytes]:
    """Yield the bytes of server-sent events for the parts, in one of BRIDGE_FORMATS (CLI-014).

    skipped: the number of events of each unknown type that parts skips, which `end` contains

    An Error that parts raises, or that the text causes, is raised after its `error` event. So is
    KeyboardInterrupt. If the container reports a failure in an event `error`, the stream is passed
    on to its end, and a ContainerError follows.
    """
    lengths: Dict[str, Any] = {"parts": 0, "bytes": 0}
    source = _counted(parts, lengths)
    try:
        if text_format == "auto":
            chosen, source = chosen_format(source)
            text_format = _AUTO[chosen]
        yield from _BRIDGES[text_format](source)
    except Error as error:
        yield encode_event(json.dumps(error_document(error)), "error")
        raise
    except KeyboardInterrupt:
        interrupted = {"kind": "interrupted", "message": "the bridge was interrupted"}
        yield encode_event(json.dumps(interrupted), "error")
        raise
    if skipped:
        lengths["skipped"] = dict(skipped)
    yield encode_event(json.dumps(lengths), "end")


def _counted(parts: Iterable[bytes], lengths: Dict[str, int]) -> Iterator[bytes]:
    for part in parts:
        lengths["parts"] += 1
        lengths["bytes"] += len(part)
        yield part


def error_document(error: Error) -> Dict[str, Any]:
    """Return an error as a JSON object: kind, message, and all other evidence that it has.

    The members of a modelled error are in `fields`, the bytes of an unfinished result in `unread`
    (base64).
    """
    document: Dict[str, Any] = {
        "kind": error.kind,
        "message": str(error),
        "code": error.code,
        "rule": error.rule,
        "offset": error.offset,
        "unread": to_base64(error.unread) or None,
    }
    if isinstance(error, OperationError):
        document["fields"] = members_to_json(error.fields, error)
    return {name: value for name, value in document.items() if value is not None}


def _text_events(parts: Iterable[bytes]) -> Iterator[bytes]:
    held = ""  # a CR whose LF may be at the start of the next part
    try:
        for text in strings_of(parts):
            text = held + text
            held = "\r" if text.endswith("\r") else ""
            text = text[: len(text) - len(held)]
            if text:
                yield encode_event(text.replace("\r\n", "\n").replace("\r", "\n"))
    except Error:
        if held:
            yield encode_event("\n")
        raise
    if held:
        yield encode_event("\n")


def _json_events(parts: Iterable[bytes]) -> Iterator[bytes]:
    return (encode_event(json.dumps(text)) for text in strings_of(parts))


def _base64_events(parts: Iterable[bytes]) -> Iterator[bytes]:
    return (encode_event(to_base64(part)) for part in parts if part)


class _PassingDecoder(ServerSentEventDecoder):
    """Decodes events, and comments as events without a type."""

    def _comment(self, text: str, results: List[ServerSentEvent]) -> None:
        results.append(ServerSentEvent("", text, self.last_event_id))


_OWN_EVENTS = ("end", "error")


def _passed_on(parts: Iterable[bytes]) -> Iterator[bytes]:
    last_id, failure = "", None
    for event in results_of(_PassingDecoder(), parts):
        if not event.event:
            yield b":" + event.data.encode("utf-8") + b"\n\n"
            continue
        name = f"model-{event.event}" if event.event in _OWN_EVENTS else event.event
        if event.event == "error" and failure is None:
            failure = event.data
        yield encode_event(event.data, name, event.id if event.id != last_id else None)
        last_id = event.id
    if failure is not None:
        raise ContainerError(f"the container reports an error: {shown(failure)}")


_BRIDGES: Dict[str, Callable[[Iterable[bytes]], Iterator[bytes]]] = {
    "text": _text_events,
    "json": _json_events,
    "base64": _base64_events,
    "sse": _passed_on,
}
BRIDGE_FORMATS = ("auto", *_BRIDGES)
