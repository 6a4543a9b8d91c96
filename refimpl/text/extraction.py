# SPDX-License-Identifier: MIT
"""Payload parts -> the text that the model wrote, and whether it is complete. No I/O.

An `Extraction` says where the text is in each JSON value of the stream: a path, the name of a
preset, or `auto`, which recognises the preset from the values. `ModelText` is fed parts, split
anywhere, and returns deltas: pieces of text with their channel (text, reasoning or tools). At the
end its summary says whether the container marked the end of its stream, and what was lost.

A value that cannot be read, and an event without data, does not end an extraction: it is skipped
and reported (TXT-050). Halves of a surrogate pair in two strings become one character (TXT-055).

It rejects a failure that the container reports inside the stream (ContainerError), a text that
ends inside a value, and items that are too long (TextError).
"""

import re
from collections import deque
from typing import Any, Callable, Deque, Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from ..documents.json_format import json_line, json_text
from ..errors import (
    DEFAULT_MAX_ITEM_LENGTH,
    ContainerError,
    Error,
    TextError,
    UsageError,
    plain_bytes,
    shown,
)
from .containers import (
    AUTO,
    PRESETS,
    Preset,
    failure_of,
    foreign_value,
    is_list_of_parts,
    lone_failure_of,
    paths_in,
    piece_of_part,
    recognised,
)
from .decoder import BytesLike
from .detection import are_events, is_undecided
from .paths import Steps, first_found, parse_path
from .tolerant import EventValues, Item, PlainValues, is_quoted_marker

CHANNELS = ("text", "reasoning", "tools", "all")
_SURROGATE = re.compile("[\ud800-\udfff]")
_GROWING_TEXT: Steps = ("generated_text",)
_MAX_DETAILED_WARNINGS = 5
# Of the last deltas that an error has: a character counts as 1, and a delta as 64 more.
MAX_EXTRACTED = 1024 * 1024
_DELTA_SIZE = 64


class Delta(NamedTuple):
    """A piece of what the model wrote. channel: text, reasoning or tools.

    Its repr shows only the length of the text, because it may be secret.
    """

    channel: str
    text: str

    def __repr__(self) -> str:
        return f"Delta(channel={self.channel!r}, text=<{len(self.text)} characters>)"


class Extraction(NamedTuple):
    """Where the text is in each JSON value.

    preset: the paths, or None to recognise the preset from the values
    name: the name of the preset, `auto`, or the path
    """

    preset: Optional[Preset]
    name: str


class Summary(NamedTuple):
    """The state of the model's stream at its end.

    complete: whether nothing in `reasons` says otherwise;  reasons: why it is not complete
    preset: the preset used, `auto` if none was recognised, or the path
    finish_reason, usage: as the container reports them, or None
    end_marker: whether the container marked the end of its stream
    values: JSON values read;  unreadable: values that were skipped
    skipped: events without data, values after the end marker, and parts of unknown type
    deltas, characters: how many were returned
    first_token: seconds until the first delta that is not empty, or None
    tokens_per_second: after the first delta, or None; counted by the container if it reports usage,
        otherwise one for each delta
    """

    complete: bool
    reasons: Tuple[str, ...]
    preset: str
    finish_reason: Optional[str]
    usage: Any
    end_marker: bool
    values: int
    unreadable: int
    skipped: int
    deltas: int
    characters: int
    first_token: Optional[float]
    tokens_per_second: Optional[float]

    def to_json(self) -> Dict[str, Any]:
        """Return the summary as a JSON object."""
        return dict(self._asdict(), reasons=list(self.reasons))


def parse_extraction(text: str) -> Extraction:
    """Return the extraction for the name of a preset, `auto`, or a path.

    Write `.name` for a member that has the name of a preset. Raises UsageError for invalid paths.
    """
    if text == AUTO:
        return Extraction(None, AUTO)
    return Extraction(PRESETS.get(text) or Preset(parse_path(text)), text)


def _growing_path(extraction: Extraction) -> Optional[Steps]:
    """Return the path of the string whose characters are returned before its value ends."""
    preset = extraction.preset
    if preset is None or preset.unless or len(preset.text) != 1 or preset.reasoning or preset.tools:
        return None
    steps = preset.text[0]
    return None if any(isinstance(step, int) and step < 0 for step in steps) else steps


class ModelText:
    """Extracts the model's text from payload parts (TXT-050 to TXT-057).

    extraction: as returned by parse_extraction
    channel: one of CHANNELS
    text_format: sse, json, or None to decide by content_type and the first bytes
    strict: None raises ContainerError for a failure that the container reports; True also for a
        stream that is not complete; False never
    warn: called with each warning, a line of text
    unknown_events: returns the number of skipped events of unknown type (EVS-032)
    clock: returns monotonic seconds, for the times in the summary; None for no times
    started: the clock's time at the start of the call, or None for now
    """

    def __init__(
        self,
        extraction: Extraction,
        channel: str = "text",
        text_format: Optional[str] = None,
        content_type: str = "",
        strict: Optional[bool] = None,
        warn: Callable[[str], None] = lambda text: None,
        unknown_events: Callable[[], int] = lambda: 0,
        clock: Optional[Callable[[], float]] = None,
        started: Optional[float] = None,
        max_length: int = DEFAULT_MAX_ITEM_LENGTH,
    ) -> None:
        if channel not in CHANNELS:
            raise UsageError("no such channel", expected=", ".join(CHANNELS), actual=channel)
        self._extraction = extraction
        self._preset = extraction.preset
        self._preset_name = extraction.name
        self._is_preset = extraction.name == AUTO or extraction.name in PRESETS
        self._channel = channel
        self._format = text_format
        self._content_type = content_type
        self._strict = strict
        self._warn = warn
        self._unknown_events = unknown_events
        self._clock = clock
        self._started = clock() if clock is not None and started is None else started
        self._max_length = max_length
        self._start = b""  # bytes before the format is known
        self._reader: Any = None
        self._halves: Dict[str, str] = {}  # a high surrogate at the end of a channel's text
        self._finish_reason: Optional[str] = None
        self._usage: Any = None
        self._done = False
        self._end_seen = False  # a member that only the last value has
        self._failure: Optional[str] = None
        self._broken: Optional[str] = None  # why the text has no end
        self._found = False  # whether the path led to a value
        self._other_channels: Dict[str, int] = {}
        self._first_value: Any = None
        self._elements = 0  # values, and elements of an array that counts as values
        self._counts = dict.fromkeys(
            (
                "values",
                "unreadable",
                "lost",
                "no_data",
                "foreign",
                "after_end",
                "other_choices",
                "unknown_parts",
                "deltas",
                "characters",
            ),
            0,
        )
        self._first_time: Optional[float] = None
        self._last_time: Optional[float] = None
        self._closed = False
        # The last deltas, for an error.
        self._recent: Deque[Delta] = deque()
        self._recent_size = 0
        # The number of pieces of text, of any channel, so far.
        self.activity = 0

    @property
    def unread(self) -> bytes:
        """The bytes of the unfinished value or event that have arrived."""
        return self._start if self._reader is None else bytes(self._reader.unread)

    def feed(self, data: BytesLike) -> List[Delta]:
        """Return the deltas that data completes.

        Raises ContainerError for a failure that the container reports, and TextError. Their
        `deltas` or `results` are those that this call had completed. The `extracted` of a
        ContainerError are the deltas of all calls so far, or the last of them (MAX_EXTRACTED).
        """
        data = plain_bytes(data)
        if self._reader is None:
            self._start += data
            if is_undecided(self._start, self._content_type, bare=True):
                return []
            data, self._start = self._start, b""
            self._choose(data)
        # TXT-067
        return self._deltas(lambda: self._reader.feed(data))

    def close(self) -> List[Delta]:
        """Signal the end of the text and return the remaining deltas.

        Raises the same errors as feed. With strict, raises ContainerError for a stream that is not
        complete.
        """
        if self._closed:
            return []
        deltas: List[Delta] = []
        if self._reader is None:
            self._choose(self._start)
            data, self._start = self._start, b""
            deltas += self._deltas(lambda: self._reader.feed(data))
        deltas += self._deltas(self._reader.close)
        self._closed = True
        for channel in sorted(self._halves):
            deltas += self._joined(channel, "", final=True)
        lone = lone_failure_of(self._first_value) if self._elements == 1 else None
        # TXT-064
        if lone is not None and not self._found and self._failure is None:
            self._fail(lone, deltas)
        self._report_end()
        if self._strict and not self.summary.complete:
            self._raise("the model's stream is not complete: " + "; ".join(self._reasons()), deltas)
        return deltas

    @property
    def summary(self) -> Summary:
        """The summary of the stream so far."""
        counts, reasons = self._counts, self._reasons()
        return Summary(
            complete=not reasons,
            reasons=tuple(reasons),
            preset=self._preset_name,
            finish_reason=self._finish_reason,
            usage=self._usage,
            end_marker=self._has_ended(),
            values=counts["values"],
            unreadable=counts["unreadable"],
            skipped=counts["no_data"] + counts["after_end"] + counts["unknown_parts"],
            deltas=counts["deltas"],
            characters=counts["characters"],
            first_token=self._seconds(self._started, self._first_time),
            tokens_per_second=self._rate(),
        )

    # ---- reading ---------------------------------------------------------------------------------

    def _choose(self, start: bytes) -> None:
        """Choose the reader by the first bytes."""
        # TXT-061
        if self._format is None:
            is_events = are_events(start, self._content_type, bare=True)
            self._format = "sse" if is_events else "json"
        if self._format == "sse":
            self._reader = EventValues(self._max_length)
            return
        preset = self._preset
        elements = preset is None or all(isinstance(steps[0], str) for steps in preset.text)
        growing = _GROWING_TEXT if preset is None else _growing_path(self._extraction)
        self._reader = PlainValues(elements, growing, preset is None, self._max_length)

    def _deltas(self, read: Callable[[], List[Item]]) -> List[Delta]:
        error: Optional[TextError] = None
        try:
            items = read()
        except TextError as caught:
            items, error = list(caught.results), caught
        deltas: List[Delta] = []
        for item in items:
            self._take(item, deltas)
        if error is not None:
            error.results = tuple(deltas)
            self.fail(error)
            raise error
        return deltas

    def fail(self, error: Error) -> None:
        """Note the error that ended the text early, for the summary."""
        self._broken = f"{error.kind}: {error}"

    def _take(self, item: Item, deltas: List[Delta]) -> None:
        # TXT-065
        if item.kind == "done" or is_quoted_marker(item):
            self._done = True
        elif self._done and item.kind != "no_data":
            # TXT-052
            self._counts["after_end"] += item.kind != "text"
            self._check_after_end(item, deltas)
        elif item.kind == "unreadable":
            self._skip_unreadable(item)
        # TXT-051
        elif item.kind == "no_data":
            self._counts["no_data"] += 1
            self._report("no_data", item, f"event of type {item.content} has no data")
        elif item.kind == "failure":
            self._fail_by_event(item, deltas)
        elif item.kind == "text":
            self._found = True
            self.activity += 1
            self._preset_name = "generated-text" if self._preset is None else self._preset_name
            self._add("text", item.content, deltas)
        else:
            self._take_value(item, deltas)

    def _check_after_end(self, item: Item, deltas: List[Delta]) -> None:
        """Report a failure of the container after the end marker (TXT-053)."""
        if item.kind == "failure":
            self._fail_by_event(item, deltas)
        elif item.kind in ("value", "value_after_text", "lost") and not self._extracts_error():
            value = item.content
            is_array = isinstance(value, list) and self._preset_of_elements()
            for element in value if is_array else (value,):
                failure = failure_of(element)
                if failure is not None:
                    self._fail(failure, deltas)

    def _fail_by_event(self, item: Item, deltas: List[Delta]) -> None:
        content = _shown_content(item.content)
        self._fail(f"the model's container reports an error: {content}", deltas)

    def _take_value(self, item: Item, deltas: List[Delta]) -> None:
        if item.kind == "lost":
            self._counts["lost"] += 1
            self._report("lost", item, "an event has lost its `data:`; its value is read")
        self._counts["values"] += 1
        value = item.content
        # An array of objects is as good as these objects in a row.
        is_array = isinstance(value, list) and self._preset_of_elements()
        for element in value if is_array else (value,):
            before = self.activity
            self._take_element(element, item.kind == "value_after_text", deltas)
            if self.activity == before:
                self._report_foreign_bytes_in(element, item)

    def _preset_of_elements(self) -> bool:
        preset = self._preset
        return preset is None or all(isinstance(steps[0], str) for steps in preset.text)

    def _take_element(self, value: Any, text_is_known: bool, deltas: List[Delta]) -> None:
        self._found = self._found or text_is_known
        self._elements += 1
        if self._first_value is None:
            self._first_value = value
        preset = self._preset
        if preset is None:
            name = recognised(value)
            if name is not None:
                self._preset_name, self._preset = name, PRESETS[name]
                preset = self._preset
        # A path to a member `error` extracts it.
        failure = None if self._extracts_error() else failure_of(value)
        if preset is not None:
            self._extract(value, preset, text_is_known, deltas)
        if failure is not None:
            self._fail(failure, deltas)

    def _extracts_error(self) -> bool:
        preset = self._preset
        return preset is not None and any(steps[0] == "error" for steps in preset.text)

    def _extract(
        self, value: Any, preset: Preset, text_is_known: bool, deltas: List[Delta]
    ) -> None:
        # TXT-059
        if preset.choice and _is_other_choice(first_found(value, preset.choice)):
            self._counts["other_choices"] += 1
            return
        if preset.end and first_found(value, preset.end) is not None:
            self._end_seen = True
        reason = first_found(value, preset.finish)
        if isinstance(reason, str) and reason:
            self._finish_reason = reason
        usage = first_found(value, preset.usage)
        if isinstance(usage, dict):
            self._usage = usage
        if preset.unless and first_found(value, preset.unless) is True:
            self._found = True
            return
        # TXT-062
        for channel, paths in preset.channels():
            if channel == "text" and text_is_known:
                continue
            content = first_found(value, paths) if paths else None
            if content is None:
                continue
            if channel != "text" and content in ([], {}):
                continue  # vLLM writes an empty list of tool calls with each piece of text
            self._found = self._found or channel == "text" or self._is_wanted(channel)
            if channel == "text" and self._is_preset and is_list_of_parts(content):
                self._take_parts(content, deltas)
            else:
                self._take_content(channel, content, deltas)

    def _take_content(self, channel: str, content: Any, deltas: List[Delta]) -> None:
        if content not in ("", [], {}):
            self.activity += 1
        if not isinstance(content, str):
            content = json_line(content).decode("ascii")
        if self._is_wanted(channel):
            self._add(channel, content, deltas)
        elif content:
            self._other_channels[channel] = self._other_channels.get(channel, 0) + 1

    def _take_parts(self, parts: List[Any], deltas: List[Delta]) -> None:
        """Take each part of a message's content, in their order (TXT-068)."""
        # TXT-068
        for part in parts:
            piece = piece_of_part(part)
            if piece is not None:
                self._take_content(piece[0], piece[1], deltas)
                continue
            self._counts["unknown_parts"] += 1
            if self._counts["unknown_parts"] <= _MAX_DETAILED_WARNINGS:
                text = json_line(part).decode("ascii").rstrip()
                self._warn(f"skipped: part of unknown type: {shown(text)}")

    def _is_wanted(self, channel: str) -> bool:
        return self._channel in (channel, "all")

    def _add(self, channel: str, text: str, deltas: List[Delta]) -> None:
        if self._is_wanted(channel):
            deltas += self._joined(channel, text, final=False)

    def _joined(self, channel: str, text: str, final: bool) -> List[Delta]:
        """Join halves of surrogate pairs across strings (TXT-055)."""
        # TXT-055
        text = self._halves.pop(channel, "") + text
        if text and not final and "\ud800" <= text[-1] <= "\udbff":
            self._halves[channel] = text[-1]
            text = text[:-1]
        if not text:
            return []
        if _SURROGATE.search(text):
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        if self._clock is not None:
            self._last_time = self._clock()
            if self._first_time is None:
                self._first_time = self._last_time
        self._counts["deltas"] += 1
        self._counts["characters"] += len(text)
        delta = Delta(channel, text)
        self._remember(delta)
        return [delta]

    def _remember(self, delta: Delta) -> None:
        self._recent.append(delta)
        self._recent_size += len(delta.text) + _DELTA_SIZE
        while self._recent_size > MAX_EXTRACTED and len(self._recent) > 1:
            self._recent_size -= len(self._recent.popleft().text) + _DELTA_SIZE

    # ---- reports ---------------------------------------------------------------------------------

    def _skip_unreadable(self, item: Item) -> None:
        # TXT-050
        self._counts["unreadable"] += 1
        if self._counts["unreadable"] > _MAX_DETAILED_WARNINGS:
            return
        # TXT-070
        what = _foreign_bytes_in(item.data)
        text = f"skipped: {item.content}"
        if what is not None:
            text, item = f"{text}: {what}", item._replace(excerpt="")
        self._report("unreadable", item, text)

    def _report_foreign_bytes_in(self, value: Any, item: Item) -> None:
        """Report a value without text that a container would not write, after other values."""
        # TXT-070
        what = foreign_value(value) if self._elements > 1 else None
        if what is not None:
            self._counts["foreign"] += 1
            self._report("foreign", item, f"no text in {what}")

    def _report(self, what: str, item: Item, text: str) -> None:
        """Warn of one item. After a few of a sort, only their number is reported, at the end."""
        if self._counts[what] > _MAX_DETAILED_WARNINGS:
            return
        where = f"value {item.number} at byte {item.offset}"
        self._warn(f"{where}: {text}" + (f" ({item.excerpt})" if item.excerpt else ""))

    def _fail(self, failure: str, deltas: List[Delta]) -> None:
        """Report a failure of the container (TXT-053)."""
        # TXT-053
        if self._failure is None:
            self._failure = failure
        if self._strict is False:
            self._warn(failure)
        else:
            self._raise(failure, deltas)

    def _raise(self, message: str, deltas: List[Delta]) -> None:
        raise ContainerError(
            message, deltas=tuple(deltas), extracted=tuple(self._recent), summary=self.summary
        )

    def _has_ended(self) -> bool:
        return self._done or self._end_seen or self._finish_reason is not None

    def _reasons(self) -> List[str]:
        # TXT-054
        reasons, counts = [], self._counts
        if self._failure is not None:
            reasons.append(self._failure)
        if self._broken is not None:
            reasons.append(self._broken)
        if counts["unreadable"]:
            reasons.append(_plural(counts["unreadable"], "unreadable value"))
        has_end = self._preset is not None and self._preset.has_end
        if has_end and not self._has_ended():
            reasons.append("no end marker")
        # TXT-066
        if self._preset is None and counts["values"] and not self._found:
            reasons.append(self._nothing_found())
        if self._unknown_events():
            reasons.append(_plural(self._unknown_events(), "skipped event") + " of unknown type")
        return reasons

    def _report_end(self) -> None:
        counts = self._counts
        for what, name in (
            ("unreadable", "unreadable value"),
            ("lost", "value without `data:`"),
            ("no_data", "dataless event"),
            ("foreign", "foreign value"),
            ("unknown_parts", "unknown part"),
        ):
            if counts[what] > _MAX_DETAILED_WARNINGS:
                self._warn(f"{_plural(counts[what], name)} in total")
        if counts["after_end"]:
            self._warn(f"{_plural(counts['after_end'], 'value')} after the end marker ignored")
        if counts["other_choices"]:
            self._warn(f"{_plural(counts['other_choices'], 'value')} of other choices ignored")
        if not self._found and counts["values"]:
            self._warn(self._nothing_found())
        elif self._other_channels and not counts["deltas"]:
            self._warn(self._only_other_channels())
        if "no end marker" in self._reasons():
            self._warn("the container has not marked the end of its stream; text may be missing")

    def _nothing_found(self) -> str:
        """Describe where the text may be instead (TXT-057)."""
        if self._other_channels:
            return self._only_other_channels()
        # TXT-057
        values = _plural(self._counts["values"], "value")
        text = f"no text at {self._extraction.name} in {values}"
        if self._extraction.name == AUTO:
            text = f"no known format in {values}"
        elements = self._first_value
        paths = paths_in(elements)
        if paths:
            text += f"; the first has {', '.join(shown(path, 80) for path in paths)}"
        name = recognised(elements)
        if name is not None and name != self._extraction.name:
            text += f": try --extract {name}"
        return text

    def _only_other_channels(self) -> str:
        counts = ", ".join(
            f"{_plural(count, 'value')} with {channel}"
            for channel, count in sorted(self._other_channels.items())
        )
        return f"no text, but {counts}: try --channel all"

    def _seconds(self, start: Optional[float], end: Optional[float]) -> Optional[float]:
        return None if start is None or end is None else round(end - start, 6)

    def _rate(self) -> Optional[float]:
        seconds = self._seconds(self._first_time, self._last_time)
        tokens: Any = self._counts["deltas"]
        if isinstance(self._usage, dict):
            names = (
                "completion_tokens",
                "generated_tokens",
                "output_tokens",
                "outputTokens",
                "outputTokenCount",
            )
            reported = first_found(self._usage, tuple((name,) for name in names))
            if isinstance(reported, int) and reported > 1:
                tokens = reported
        return round((tokens - 1) / seconds, 3) if seconds and tokens > 1 else None


def _is_other_choice(number: Any) -> bool:
    """Return whether a value belongs to another choice than the first (TXT-059)."""
    is_number = isinstance(number, (int, float)) and not isinstance(number, bool)
    return is_number and number != 0


def _foreign_bytes_in(data: bytes) -> Optional[str]:
    """Return the format of bytes that are not a value, or of what is inside a broken value."""
    from ..foreign_bytes import foreign_format, foreign_within  # only a broken text needs it

    is_value = data.startswith((b"{", b"[", b'"'))
    return foreign_within(data) if is_value else foreign_format(data)


def _shown_content(text: Any) -> str:
    return shown(text if isinstance(text, str) else json_text(text))


def _plural(count: int, name: str) -> str:
    return f"{count} {name}" if count == 1 else f"{count} {name}s"


def deltas_of(parts: Iterable[BytesLike], model_text: ModelText) -> Iterator[Delta]:
    """Yield the deltas of parts, each as soon as it is complete.

    Raises what ModelText raises, after the deltas before the error, and what parts raises, with the
    bytes of the unfinished value as `unread`. Deltas are not kept: a stream may be endless.
    """
    try:
        for part in parts:
            yield from model_text.feed(part)
        yield from model_text.close()
    except ContainerError as error:
        yield from error.deltas
        raise
    except TextError as error:
        yield from error.results
        raise
    except Error as error:
        model_text.fail(error)
        # TXT-008
        error.unread = model_text.unread
        raise
