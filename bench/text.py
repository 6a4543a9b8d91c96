# SPDX-License-Identifier: MIT
"""Rows: payload parts -> lines, server-sent events, JSON values.

refimpl is compared with what people use after boto3:

- for events, httpx-sse and sseclient-py;
- for lines, botocore's StreamingBody.iter_lines, httpx's line decoder, and `buffer`, the loop of
  most examples, which adds each part to a buffer and splits lines off it;
- for JSON lines, `json.loads` on each line, which neither finds the end of a value nor rejects what
  JSON does not allow.

Lines have no aim, because none of the three does the same work: botocore's lines are bytes and also
end at a lone CR, and httpx also ends lines at U+2028.
"""

import json
from typing import Any, Callable, Dict, Iterable, Iterator, List

from bench.measure import OURS, Row, Subject, milliseconds, per_second, timed
from bench.setting import Setting
from bench.streams import pieces
from refimpl.text import events_of, json_values_of, lines_of

LONG = 100 * 1024 * 1024  # bytes of the long line
CHUNK = (
    '{"id":"chatcmpl-1","object":"chat.completion.chunk","choices":'
    '[{"index":0,"delta":{"content":" token%d"},"finish_reason":null}]}'
)

Reader = Callable[[List[bytes]], Iterable[Any]]


def rows(setting: Setting) -> List[Row]:
    """Return the rows."""
    count = setting.amount(100000)
    lines = [(CHUNK % number).encode("ascii") + b"\n" for number in range(count)]
    events = [b"data: " + line + b"\n" for line in lines]
    made = []
    for what, items, readers, aims in (
        ("lines", lines, _line_readers(setting), {}),
        ("events", events, _event_readers(setting), {"httpx-sse": 1, "sseclient-py": 1}),
        ("JSON lines", lines, _value_readers(), {"json.loads": 0.7}),
    ):
        whole = b"".join(items)
        for split, parts in (
            ("one in each part", items),
            ("parts of 64 KiB", pieces(whole)),
            ("parts of 100 B", pieces(whole, 100)),
        ):
            title = f"text: {count:,} {what} of 130 B, {split}"
            unit = what.split()[-1] + "/s"
            subjects = _subjects(readers, parts, count)
            made.append(Row(title, unit, per_second, True, subjects, dict(aims)))
    long_line = pieces(b"x" * (LONG // 100 if setting.quick else LONG) + b"\n", 1024)
    title = "text: one line of 100 MiB in parts of 1 KiB"
    subjects = _subjects({OURS: _long_line}, long_line, 1)
    return made + [Row(title, "ms", milliseconds, False, subjects, {})]


def _subjects(readers: Dict[str, Reader], parts: List[bytes], count: int) -> Dict[str, Subject]:
    def subject(read: Reader) -> Subject:
        return lambda: timed(lambda: sum(1 for _ in read(parts)), count)

    return {name: subject(read) for name, read in readers.items()}


def _long_line(parts: List[bytes]) -> Iterable[str]:
    return lines_of(parts, max_line_length=1 << 30)


# ---- the other readers -------------------------------------------------------------------------


def _line_readers(setting: Setting) -> Dict[str, Reader]:
    readers: Dict[str, Reader] = {OURS: lines_of, "buffer": _buffered}
    if setting.implementations.boto3:
        from botocore.response import StreamingBody

        readers["botocore"] = lambda parts: StreamingBody(_Raw(parts), None).iter_lines()
    if "httpx" in setting.implementations.versions:
        readers["httpx"] = lambda parts: _httpx_response(parts).iter_lines()
    return readers


def _event_readers(setting: Setting) -> Dict[str, Reader]:
    readers: Dict[str, Reader] = {OURS: events_of}
    if {"httpx", "httpx-sse"} <= set(setting.implementations.versions):
        from httpx_sse import EventSource

        readers["httpx-sse"] = lambda parts: EventSource(_httpx_response(parts)).iter_sse()
    if "sseclient-py" in setting.implementations.versions:
        from sseclient import SSEClient

        readers["sseclient-py"] = lambda parts: SSEClient(iter(parts)).events()
    return readers


def _value_readers() -> Dict[str, Reader]:
    return {
        OURS: json_values_of,
        "json.loads": lambda parts: map(json.loads, b"".join(parts).splitlines()),
    }


def _buffered(parts: List[bytes]) -> Iterator[str]:
    buffer = b""
    for part in parts:
        buffer += part
        while b"\n" in buffer:
            line, buffer = buffer.split(b"\n", 1)
            yield line.decode("utf-8")


def _httpx_response(parts: List[bytes]) -> Any:
    from httpx import Response

    return Response(200, headers={"Content-Type": "text/event-stream"}, content=iter(parts))


class _Raw:
    """The raw stream of a StreamingBody. Like a socket, each read returns the next part."""

    def __init__(self, parts: List[bytes]) -> None:
        self._parts = iter(parts)

    def read(self, amount: int) -> bytes:
        return next(self._parts, b"")
