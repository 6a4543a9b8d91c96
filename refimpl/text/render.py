# SPDX-License-Identifier: MIT
"""What `invoke` writes of an answer's text: a format, a part of each JSON value, or how long it all took. No I/O.

`rendered` turns payload parts into the bytes to write, each as soon as it is known (CLI-010 to CLI-012). The formats are those of
text.py; `auto` chooses one of them by the answer's content type and its first bytes, which containers set with little care.

An extraction is a path into a JSON value, `choices[0].delta.content`, or the name of a preset: such paths for the containers that
are met most. Alternatives stand behind `|`; the first one that leads somewhere counts.
"""

import json
import re
from itertools import chain
from typing import Any, Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple, Union

from ..documents.json_format import parse_json, to_base64
from ..errors import DocumentError, Error, TextError, UsageError, shown
from ..shapes import PayloadPart, StreamEvent
from . import (
    ServerSentEvent,
    Utf8Decoder,
    could_be_events,
    events_of,
    json_values_of,
    lines_of,
    looks_like_events,
    strings_of,
)

TEXT_FORMATS = ("text", "lines", "sse", "auto")
EXTRACTABLE_FORMATS = ("auto", "lines", "sse")

_EVENTS_TYPE = "text/event-stream"
_LINES_TYPES = (
    "application/jsonlines",
    "application/x-jsonlines",
    "application/jsonl",
    "application/x-ndjson",
    "application/ndjson",
)
_TEXTUAL_TYPES = r"(?:text/.*|application/(?:[\w.+-]+\+)?(?:json|xml))?\Z"
_OTHER_CHARSET = r"(?i);\s*charset\s*=(?!\s*\"?(?:utf-?8|us-ascii|ascii)\b)"

_STEP = r'(\.?)([^\s.\[\]|"]+)|\[(-?[0-9]{1,9})\]|\[("(?:[^"\\]|\\.)*")\]'
_Steps = Tuple[Union[str, int], ...]

# What an event's data is that ends a stream and is no JSON (TXT-032).
_DONE = "[DONE]"


class Extraction(NamedTuple):
    paths: Tuple[_Steps, ...]
    unless: _Steps  # a path at which true says that the value is to be passed over


# ---- paths -------------------------------------------------------------------------------------------------------


def parse_path(text: str) -> Tuple[_Steps, ...]:
    """Return the alternatives of a path, each as its steps: members by name, `.name` or `["name"]`, and `[index]`.

    Raises UsageError where it is none.
    """
    paths: List[_Steps] = []
    steps: List[Union[str, int]] = []
    position, find_step = 0, re.compile(_STEP).match
    while position < len(text) or not steps:
        match = find_step(text, position)
        if match is None or (match.group(2) and steps and not match.group(1)):
            raise UsageError(
                "not a path",
                expected='such as choices[0].delta.content or ["a.b"][-1]|c',
                offset=position,
                actual=text,
                rule="CLI-012",
            )
        _, name, index, quoted = match.groups()
        steps.append(
            name if name is not None else int(index) if index is not None else _quoted_name(quoted)
        )
        position = match.end()
        if text[position : position + 1] == "|":
            paths.append(tuple(steps))
            steps = []
            position += 1
    return tuple(paths + [tuple(steps)])


def _quoted_name(text: str) -> str:
    try:
        return str(json.loads(text))
    except ValueError:
        raise UsageError(
            "not a path", expected="a JSON string between brackets", actual=text, rule="CLI-012"
        ) from None


def value_at(value: Any, steps: _Steps) -> Any:
    """Return what stands in a JSON value at the end of the steps, or None when they lead nowhere."""
    for step in steps:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = (
                value[step]
                if isinstance(value, list) and -len(value) <= step < len(value)
                else None
            )
    return value


# Text Generation Inference and DJL Serving mark tokens that are no text, such as </s>, as special.
_OPENAI = ("choices[0].delta.content|choices[0].text", "")
_DJL = ("token.text|outputs[0]", "token.special")
PRESETS = {
    "tgi": ("token.text", "token.special"),
    "djl": _DJL,
    "lmi": _DJL,
    "openai": _OPENAI,
    "vllm": _OPENAI,
    "sglang": _OPENAI,
}


def parse_extraction(text: str) -> Extraction:
    """Return the extraction that a preset's name or a path is; a member that has a preset's name is written `.name`."""
    path, unless = PRESETS.get(text, (text, ""))
    return Extraction(parse_path(path), parse_path(unless)[0] if unless else ())


def extracted(
    values: Iterable[Any], extraction: Extraction, warn: Callable[[str], None]
) -> Iterator[bytes]:
    """Yield what to write for each value: strings as they are, null and nothing not at all, other values as a line of JSON.

    warn: is told of a value that has an `error` where the path leads nowhere: how containers fail inside a stream
    """
    for value in values:
        if extraction.unless and value_at(value, extraction.unless) is True:
            continue
        found = next(
            (
                found
                for found in (value_at(value, steps) for steps in extraction.paths)
                if found is not None
            ),
            None,
        )
        if found is None:
            if isinstance(value, dict) and value.get("error"):
                warn(f"the model's answer holds an error: {shown(json.dumps(value['error']))}")
        elif not isinstance(found, str):
            yield json.dumps(found, separators=(",", ":")).encode("ascii") + b"\n"
        elif found:
            yield _utf8(found)


def _utf8(text: str) -> bytes:
    """The text as UTF-8; half of a surrogate pair, which JSON can hold, becomes U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode("utf-8")


def _values_of_events(events: Iterable[ServerSentEvent]) -> Iterator[Any]:
    for event in events:
        if event.data not in ("", _DONE):
            try:
                yield parse_json(event.data.encode("utf-8"))
            except DocumentError as error:
                raise TextError(
                    f"the data of a server-sent event is no JSON: {error.message}",
                    kind=error.kind,
                    expected=error.expected,
                    rule=error.rule,
                ) from None


# ---- formats -----------------------------------------------------------------------------------------------------


def rendered(
    parts: Iterable[bytes],
    form: str,
    content_type: Optional[str] = None,
    extraction: Optional[Extraction] = None,
    warn: Callable[[str], None] = lambda text: None,
) -> Iterator[bytes]:
    """Yield what to write of the parts in one of TEXT_FORMATS (CLI-010). Raises TextError and what parts raises.

    Where it ends with an error, text and lines yield the bytes of what was unfinished as they came, and sse a last line that
    holds them; an extraction yields whole values alone.
    """
    if form == "auto":
        form, parts = chosen_format(parts, content_type or "")
    if extraction is not None:
        return extracted(
            _values_of_events(events_of(parts)) if form == "sse" else json_values_of(parts),
            extraction,
            warn,
        )
    return _FORMATS[form](parts)


def chosen_format(parts: Iterable[bytes], content_type: str = "") -> Tuple[str, Iterator[bytes]]:
    """Return which of sse, lines, text and raw suits the text, and its parts from the first on that holds a byte (CLI-011)."""
    parts = iter(parts)
    seen: List[bytes] = []
    try:
        for part in parts:
            if part:  # any number of empty parts may come
                seen.append(part)
                if not could_be_events(b"".join(seen)):
                    break
    except Error as error:
        parts = _broken(error)  # behind what had arrived
    return _format_for(b"".join(seen), content_type), chain(seen, parts)


def _broken(error: Error) -> Iterator[bytes]:
    raise error
    yield b""


def _format_for(start: bytes, content_type: str) -> str:
    media_type = content_type.partition(";")[0].strip(" \t").lower()
    if looks_like_events(start) or (
        media_type == _EVENTS_TYPE and not start.lstrip().startswith((b"{", b"["))
    ):
        return "sse"
    if media_type in _LINES_TYPES:
        return "lines"
    if not re.match(_TEXTUAL_TYPES, media_type) or re.search(_OTHER_CHARSET, content_type):
        return "raw"
    try:
        Utf8Decoder().feed(start)
    except TextError:
        return "raw"
    return "text"


def _raw(parts: Iterable[bytes]) -> Iterator[bytes]:
    return (part for part in parts if part)


def _text(parts: Iterable[bytes]) -> Iterator[bytes]:
    return _with_rest((text.encode("utf-8") for text in strings_of(parts)), bytes)


def _lines(parts: Iterable[bytes]) -> Iterator[bytes]:
    return _with_rest((line.encode("utf-8") + b"\n" for line in lines_of(parts)), bytes)


def _sse(parts: Iterable[bytes]) -> Iterator[bytes]:
    return _with_rest(
        (json_line(event._asdict()) for event in events_of(parts)),
        lambda rest: json_line({"unread": to_base64(rest)}),
    )


def _with_rest(pieces: Iterator[bytes], show: Callable[[bytes], bytes]) -> Iterator[bytes]:
    """Yield the pieces, and if they end with an error what it holds of an unfinished one: nothing that had arrived is lost."""
    try:
        yield from pieces
    except Error as error:
        if error.unread:
            yield show(error.unread)
        raise


def json_line(document: Dict[str, Any]) -> bytes:
    """Return a JSON object as one line."""
    return json.dumps(document, separators=(",", ":")).encode("ascii") + b"\n"


_FORMATS: Dict[str, Callable[[Iterable[bytes]], Iterator[bytes]]] = {
    "raw": _raw,
    "text": _text,
    "lines": _lines,
    "sse": _sse,
}


# ---- time --------------------------------------------------------------------------------------------------------


class Timings:
    """How long a call took, and its parts. clock: monotonic seconds; the call begins when this object is made."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._start = clock()
        self._parts: List[float] = []  # when each came
        self._bytes = 0
        self._first_token: Optional[float] = None

    def timed(self, events: Iterable[StreamEvent], tokens: bool) -> Iterator[StreamEvent]:
        """Yield the events, and note when each part came. tokens: whether parts count as tokens, too."""
        for event in events:
            if isinstance(event, PayloadPart):
                self._parts.append(self._clock() - self._start)
                self._bytes += len(event.bytes)
                if tokens:
                    self.token(event.bytes)
            yield event

    def token(self, data: bytes) -> None:
        """Note that data has come to be written; the first that is not empty is the first token."""
        if data and self._first_token is None:
            self._first_token = self._clock() - self._start

    def to_json(self) -> Dict[str, Any]:
        """Return the seconds to the first part, the first token and now; the gaps between parts; how many parts and bytes (CLI-013)."""
        gaps = sorted(later - earlier for earlier, later in zip(self._parts, self._parts[1:]))
        seconds = {
            "first_part": self._parts[0] if self._parts else None,
            "first_token": self._first_token,
            "gap_min": gaps[0] if gaps else None,
            "gap_median": gaps[len(gaps) // 2] if gaps else None,
            "gap_max": gaps[-1] if gaps else None,
            "total": self._clock() - self._start,
        }
        document: Dict[str, Any] = {
            name: value if value is None else round(value, 6) for name, value in seconds.items()
        }
        return dict(document, parts=len(self._parts), bytes=self._bytes)
