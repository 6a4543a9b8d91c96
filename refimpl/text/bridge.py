# SPDX-License-Identifier: MIT
"""An event stream's parts as server-sent events, for a gateway that serves browsers. No I/O.

Each payload part becomes an event, in one of the forms of BRIDGE_FORMS, and exactly one more ends the stream: `end` when it is
complete, `error` when anything broke, since a browser cannot tell these apart by itself (CLI-014). Both hold JSON.

    text     the part's characters that are whole; a CR LF or CR becomes LF, for a server-sent event holds no CR
    json     the same as a JSON string: every character stays
    base64   the part's bytes
    sse      the text is server-sent events already: each is passed on when it is whole, whichever parts it lay in
    auto     sse if the first bytes look so, base64 if they are no UTF-8, else text
"""

import json
from typing import Any, Callable, Dict, Iterable, Iterator

from ..documents.json_format import members_to_json, to_base64
from ..errors import Error
from ..shapes import OperationError
from . import encode_event, events_of, strings_of
from .render import chosen_format

_AUTO = {"sse": "sse", "text": "text", "raw": "base64"}


def bridged(parts: Iterable[bytes], form: str = "auto") -> Iterator[bytes]:
    """Yield server-sent events for the parts, in one of BRIDGE_FORMS. What parts raises is raised behind its `error` event."""
    lengths = {"parts": 0, "bytes": 0}
    source = _counted(parts, lengths)
    try:
        if form == "auto":
            chosen, source = chosen_format(source)
            form = _AUTO[chosen]
        yield from _FORMS[form](source)
    except Error as error:
        yield encode_event(json.dumps(error_document(error)), "error")
        raise
    yield encode_event(json.dumps(lengths), "end")


def _counted(parts: Iterable[bytes], lengths: Dict[str, int]) -> Iterator[bytes]:
    for part in parts:
        lengths["parts"] += 1
        lengths["bytes"] += len(part)
        yield part


def error_document(error: Error) -> Dict[str, Any]:
    """Return an error as a JSON object: kind, message, and what else is known of it, a modelled error's members as `fields`."""
    document = {
        "kind": error.kind,
        "message": str(error),
        "code": error.code,
        "rule": error.rule,
        "offset": error.offset,
        "fields": members_to_json(error.fields, error)
        if isinstance(error, OperationError)
        else None,
        "unread": to_base64(error.unread) or None,
    }
    return {name: value for name, value in document.items() if value is not None}


def _text_events(parts: Iterable[bytes]) -> Iterator[bytes]:
    held = ""  # a CR, whose LF may come with the next part
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


def _passed_on(parts: Iterable[bytes]) -> Iterator[bytes]:
    last_id = ""
    for event in events_of(parts):
        yield encode_event(event.data, event.event, event.id if event.id != last_id else None)
        last_id = event.id


_FORMS: Dict[str, Callable[[Iterable[bytes]], Iterator[bytes]]] = {
    "text": _text_events,
    "json": _json_events,
    "base64": _base64_events,
    "sse": _passed_on,
}
BRIDGE_FORMS = ("auto", *_FORMS)
