# SPDX-License-Identifier: MIT
"""The format of a text, detected from its first bytes and its content type (CLI-011). No I/O.

Containers set the content type carelessly, so the first bytes count first: a text that begins like
server-sent events is server-sent events. The parts that were read for that are yielded again, so
nothing is lost.

It rejects nothing: bytes that are not text are "raw".
"""

import re
from itertools import chain
from typing import Iterable, Iterator, List, Tuple

from ..errors import Error, TextError, ascii_lower
from .server_sent_events import SNIFFED, could_be_events, looks_like_events
from .utf8 import Utf8Decoder

EVENTS_TYPE = "text/event-stream"
_LINES_TYPES = (
    "application/jsonlines",
    "application/x-jsonlines",
    "application/jsonl",
    "application/x-ndjson",
    "application/ndjson",
)
_TEXTUAL_TYPES = re.compile(r"(?:text/.*|application/(?:[\w.+-]+\+)?(?:json|xml))?\Z", re.ASCII)
_OTHER_CHARSET = re.compile(r"(?ai);\s*charset\s*=(?!\s*\"?(?:utf-?8|us-ascii|ascii)\b)")


def chosen_format(parts: Iterable[bytes], content_type: str = "") -> Tuple[str, Iterator[bytes]]:
    """Return the format of a text, one of sse, lines, text and raw, and an iterator over its parts
    (CLI-011).

    Parts are read until the first bytes decide. If parts raises an Error, the iterator raises it
    after them.
    """
    parts = iter(parts)
    seen: List[bytes] = []
    try:
        for part in parts:
            if part:  # Any number of empty parts may come first.
                seen.append(part)
                if not is_undecided(b"".join(seen), content_type):
                    break
    except Error as error:
        parts = _raising(error)
    return _format_for(b"".join(seen), content_type), chain(seen, parts)


def _raising(error: Error) -> Iterator[bytes]:
    raise error
    yield b""


def are_events(start: bytes, content_type: str, bare: bool = False) -> bool:
    """Return whether a text is server-sent events, by its first bytes and its type (TXT-061).

    bare: whether a field name without a colon counts as well
    """
    if looks_like_events(start, bare):
        return True
    is_json = _first_byte(start) in (b"{", b"[")
    return _media_type(content_type) == EVENTS_TYPE and not is_json


def is_undecided(start: bytes, content_type: str, bare: bool = False) -> bool:
    """Return whether are_events needs more bytes than start to decide.

    With the type of events, the first byte that is not white space decides.
    """
    if could_be_events(start, bare):
        return True
    is_space = len(start) < SNIFFED and not _first_byte(start)
    return is_space and _media_type(content_type) == EVENTS_TYPE


def _first_byte(start: bytes) -> bytes:
    # TXT-041: the white space of JSON. bytes.lstrip would also remove VT and FF.
    return start.lstrip(b" \t\r\n")[:1]


def _media_type(content_type: str) -> str:
    return ascii_lower(content_type.partition(";")[0].strip(" \t"))


def _format_for(start: bytes, content_type: str) -> str:
    # CLI-011
    if are_events(start, content_type):
        return "sse"
    media_type = _media_type(content_type)
    if media_type in _LINES_TYPES:
        return "lines"
    if not _TEXTUAL_TYPES.match(media_type) or _OTHER_CHARSET.search(content_type):
        return "raw"
    try:
        Utf8Decoder().feed(start)
    except TextError:
        return "raw"
    return "text"
