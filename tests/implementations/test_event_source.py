# SPDX-License-Identifier: MIT
"""Compare server-sent events in refimpl.text with those of Node.js's EventSource over a socket.

Streams are random with a fixed seed: all fields, comments, all three line ends, chunks of a few
bytes. Both readers must return the same events. Known differences are left out of these streams. A
table lists each of them with its reason, and a test runs every row. The rows apply to Node.js
20.20.2, whose EventSource is that of undici, in November 2026.
"""

import json
import random
import shutil
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Iterator, List, Sequence, Tuple

import pytest

from refimpl.errors import TextError
from refimpl.text import events_of
from tests.support import pieces, random_pieces

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).with_name("event_source.mjs")
PATIENCE = 60.0  # seconds; only a watchdog
TYPES = ("message", "e", "f")
LINES = (
    "data: a",
    "data:b",
    "data",
    "data:",
    "data:  c",
    "data: a:b",
    "data: \u20ac\U0001f600",
    "data:\u2028\x85\x0c",
    "event: e",
    "event:f",
    "id: 1",
    "id:x y",
    "id: a\0b",
    "retry: 10",
    "retry: x",
    "retry",
    ": comment",
    ":",
    "other: 1",
    "other",
    "Data: x",
    "data : y",
    " data: z",
)
ENDS = ("\n", "\r\n", "\r")
Event = Tuple[str, str, str]


def random_stream(source: random.Random) -> bytes:
    """Return a stream that ends with a blank line, because WHATWG discards an incomplete last
    event.
    """
    ends = source.choice(((ENDS[0],), ENDS[:2], ENDS))
    text = "\ufeff" if source.random() < 0.2 else ""
    for _ in range(source.randint(0, 14)):
        text += source.choice(LINES) + source.choice(ends) * source.choice((1, 1, 2))
    return (text + "\n\n").encode("utf-8")


@contextmanager
def serving(streams: Sequence[bytes]) -> Iterator[str]:
    """Start `python3 -m conformance serve` and read its first line; kill it at the end."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            number = int(self.path[1:])
            self.send_response(200)
            for name, value in (
                ("Content-Type", "text/event-stream"),
                ("Transfer-Encoding", "chunked"),
                ("Connection", "close"),
            ):
                self.send_header(name, value)
            self.end_headers()
            for chunk in (
                random_pieces(streams[number], number) if number % 2 else pieces(streams[number], 3)
            ):
                if chunk:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            self.wfile.write(b"0\r\n\r\n")

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def node() -> List[str]:
    """Return the command of a Node.js that has an EventSource, or skip the test."""
    command = shutil.which("node")
    if command is None:
        pytest.skip("no node")
    flags = [command, "--experimental-eventsource", "--no-warnings"]
    asked = subprocess.run(
        flags + ["-e", "process.stdout.write(typeof EventSource)"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    if asked.stdout != b"function":
        pytest.skip("this node has no EventSource")
    return flags


def by_node(streams: Sequence[bytes]) -> List[List[Event]]:
    flags = node()
    with serving(streams) as url:
        run = subprocess.run(
            flags + [str(PROGRAM), url, str(len(streams))] + list(TYPES),
            stdout=subprocess.PIPE,
            timeout=PATIENCE,
        )
    assert run.returncode == 0
    return [
        [(event[0], event[1], event[2]) for event in json.loads(line)]
        for line in run.stdout.decode("utf-8").split("\n")[:-1]
    ]


def by_refimpl(stream: bytes) -> List[Event]:
    return [
        (event.event, event.data, event.id)
        for event in events_of(pieces(stream, 3), errors="replace")
    ]


def test_both_read_the_same_events() -> None:
    source = random.Random("event source")
    streams = [random_stream(source) for _ in range(400)]
    assert sum(len(by_refimpl(stream)) for stream in streams) > 400
    for stream, theirs in zip(streams, by_node(streams)):
        assert by_refimpl(stream) == theirs, stream


# why they differ, the stream, what Node.js gives, what refimpl gives or the kind of its refusal
DIFFERENCES = (
    (
        "TXT-030: WHATWG discards an event that no blank line ends",
        b"data: a\n\ndata: b\n",
        [("message", "a", "")],
        [("message", "a", ""), ("message", "b", "")],
    ),
    (
        "TXT-030: the same inside a value",
        b"data: a\n\ndata: b",
        [("message", "a", "")],
        [("message", "a", ""), ("message", "b", "")],
    ),
    (
        "TXT-031: WHATWG ignores the start of a name",
        b"data: a\n\nda",
        [("message", "a", "")],
        "truncated",
    ),
    (
        "TXT-026: undici ignores an empty id; WHATWG takes it",
        b"id: 1\ndata: a\n\nid\ndata: b\n\n",
        [("message", "a", "1"), ("message", "b", "1")],
        [("message", "a", "1"), ("message", "b", "")],
    ),
    (
        "TXT-025: undici ignores an empty type; WHATWG takes it",
        b"event: e\nevent:\ndata: a\n\n",
        [("e", "a", "")],
        [("message", "a", "")],
    ),
)


def test_where_they_differ() -> None:
    for (why, stream, _, ours), theirs in zip(
        DIFFERENCES, by_node([row[1] for row in DIFFERENCES])
    ):
        assert theirs == next(row[2] for row in DIFFERENCES if row[0] == why), why
        if isinstance(ours, list):
            assert by_refimpl(stream) == ours, why
        else:
            with pytest.raises(TextError) as caught:
                by_refimpl(stream)
            assert caught.value.kind == ours, why


def test_bytes_that_are_not_utf8_are_replaced_alike() -> None:
    """The replacement is that of WHATWG: one U+FFFD for each maximal subpart."""
    broken = (
        b"\xff",
        b"\xc3(",
        b"\xe2\x82",
        b"\xe2\x82(",
        b"\xf0\x9f\x98",
        b"\xed\xa0\x80",
        b"\xc0\xaf",
        b"\xf4\x90\x80\x80",
        b"\xf0\x80\x80\x80",
    )
    streams = [b"data: a" + data + b"b\n\ndata: " + data + b"\n\n" for data in broken]
    for stream, theirs in zip(streams, by_node(streams)):
        assert by_refimpl(stream) == theirs, stream
