# SPDX-License-Identifier: MIT
"""Lines and server-sent events of a whole text, as the published texts say it, step by step; knows nothing of refimpl.

`events_of_text` is the algorithm of the WHATWG HTML standard (§ 9.2.6) line by line, but that a blank line is thought behind the
text's end (TXT-030). `read_lines` and `read_events` read bytes: what was whole, and the kind of the fault or None.
"""

import re
from typing import Callable, List, Optional, Tuple, TypeVar

Event = Tuple[str, str, str]  # type, data, id
Result = TypeVar("Result")


def lines_of_text(text: str) -> List[str]:
    """TXT-010 to TXT-013."""
    lines = re.split("\r?\n", text)
    return lines if lines[-1] else lines[:-1]


def events_of_text(text: str) -> List[Event]:
    """TXT-020 to TXT-030."""
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
    return _read(data, lines_of_text, lambda before: before.rfind(b"\n") + 1)


def read_events(data: bytes) -> Tuple[List[Event], Optional[str]]:
    events, fault = _read(data, events_of_text, _end_of_last_event)
    last_line = re.split(b"[\r\n]", data[3:] if data.startswith(b"\xef\xbb\xbf") else data)[-1]
    if (
        fault is None
        and last_line
        and b":" not in last_line
        and last_line not in (b"data", b"event", b"id", b"retry")
    ):  # TXT-031
        return events_of_text(data[: _end_of_last_event(data)].decode("utf-8")), "truncated"
    return events, fault


def _end_of_last_event(data: bytes) -> int:
    ends = [match.end() for match in re.finditer(b"(?:^|\r\n|\r(?!\n)|\n)(?:\r\n|\r|\n)", data)]
    return ends[-1] if ends else 0


def _read(
    data: bytes, read: Callable[[str], List[Result]], whole: Callable[[bytes], int]
) -> Tuple[List[Result], Optional[str]]:
    """Read all, or what is whole before the first byte that belongs to no character (TXT-002, TXT-003, TXT-007)."""
    try:
        return read(data.decode("utf-8")), None
    except UnicodeDecodeError as error:
        before = data[: error.start]
        return read(before[: whole(before)].decode("utf-8")), "utf8"
