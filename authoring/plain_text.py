# SPDX-License-Identifier: MIT
"""A second reader of lines and server-sent events, written directly from the published texts.

`events_of_text` is the algorithm of the WHATWG HTML standard, section 9.2.6. It differs
in one point: the end of the text counts as a blank line (TXT-030). `read_lines` and `read_events`
take the bytes of a complete text. They return the results before the first error and the kind of
that error or None. This module shares no code with refimpl, and txt.py compares every case with it.
"""

import re
from typing import Callable, List, Optional, Tuple, TypeVar

Event = Tuple[str, str, str]  # type, data, id
Result = TypeVar("Result")
FIELDS = (b"data", b"event", b"id", b"retry")


def lines_of_text(text: str) -> List[str]:
    """Return the lines of a text (TXT-010 to TXT-013)."""
    lines = re.split("\r?\n", text)
    return lines if lines[-1] else lines[:-1]


def events_of_text(text: str) -> List[Event]:
    """Return the server-sent events of a text (TXT-020 to TXT-030)."""
    if text.startswith("\ufeff"):
        text = text[1:]
    events: List[Event] = []
    data_buffer = type_buffer = last_event_id = ""
    for line in re.split("\r\n|\r|\n", text) + [""]:
        if line == "":
            if data_buffer != "":
                events.append((type_buffer or "message", data_buffer[:-1], last_event_id))
            data_buffer = type_buffer = ""
        elif not line.startswith(":"):
            field, _, value = line.partition(":")
            value = value[1:] if value.startswith(" ") else value
            if field == "event":
                type_buffer = value
            elif field == "data":
                data_buffer += value + "\n"
            elif field == "id" and "\0" not in value:
                last_event_id = value
    return events


def read_lines(data: bytes) -> Tuple[List[str], Optional[str]]:
    """Return the lines before the first error, and the kind of that error or None."""
    return _read(data, lines_of_text, lambda before: before.rfind(b"\n") + 1)


def read_events(data: bytes) -> Tuple[List[Event], Optional[str]]:
    """Return the events before the first error, and the kind of that error or None."""
    events, error = _read(data, events_of_text, _end_of_last_event)
    text = data[3:] if data.startswith(b"\xef\xbb\xbf") else data
    last_line = re.split(b"[\r\n]", text)[-1]
    # TXT-031
    is_complete = last_line in FIELDS or last_line.strip(b" \t") == b"[DONE]"
    if error is None and last_line and b":" not in last_line and not is_complete:
        return events_of_text(data[: _end_of_last_event(data)].decode("utf-8")), "truncated"
    return events, error


def _end_of_last_event(data: bytes) -> int:
    """Return the offset after the last blank line, or 0."""
    ends = [match.end() for match in re.finditer(b"(?:^|\r\n|\r(?!\n)|\n)(?:\r\n|\r|\n)", data)]
    return ends[-1] if ends else 0


def _read(
    data: bytes, read: Callable[[str], List[Result]], complete: Callable[[bytes], int]
) -> Tuple[List[Result], Optional[str]]:
    """Read the whole text, or the part before invalid UTF-8 (TXT-002, TXT-003, TXT-007).

    complete: returns the length of the part of the bytes that consists of complete results
    """
    try:
        return read(data.decode("utf-8")), None
    except UnicodeDecodeError as error:
        before = data[: error.start]
        return read(before[: complete(before)].decode("utf-8")), "utf8"
