# SPDX-License-Identifier: MIT
"""Tests of refimpl/text/detection.py: the format of a text."""

import refimpl.text.detection
from refimpl.text.detection import chosen_format
from tests.rows import for_each
from tests.support import chunkings


# CLI-011
@for_each(
    "data,content_type,form",
    [
        (b"data: x\n\n", None, "sse"),
        (b"data:x", "application/json", "sse"),
        (b": ping\n\n", "text/plain", "sse"),
        (b"\n\nid: 1\n", "", "sse"),
        (b"\xef\xbb\xbfevent: x", "", "sse"),
        (b"hello", "text/event-stream", "sse"),
        (b"", "text/event-stream;charset=utf-8", "sse"),
        (b'{"a":1}\n', "text/event-stream", "text"),
        (b"[1]", " Text/Event-Stream ", "text"),
        (b'{"a":1}\n', "application/jsonlines", "lines"),
        (b'{"a":1}\n', "application/x-ndjson; x=y", "lines"),
        (b'{"a":1}\n', "application/json", "text"),
        (b"hello", "", "text"),
        (b"hello", "text/plain; charset=utf-8", "text"),
        (b"hello", 'text/plain; Charset="UTF8"', "text"),
        (b"h\xe9llo", "text/plain", "raw"),
        (b"hello", "text/plain; charset=iso-8859-1", "raw"),
        (b"a\0b", "application/octet-stream", "raw"),
        (b"\x89PNG", "image/png", "raw"),
        (b"\xff", "", "raw"),
        (b"a", "audio/wav", "raw"),
        (b"<a/>", "application/atom+xml", "text"),
        (b"", "", "text"),
        (b"dat", "", "text"),
        (b"d", "", "text"),
        (b"\xef\xbb", "", "text"),
        (b"\xe2\x82", "", "text"),
        (b"data", "application/jsonlines", "lines"),
        (b"\n" * 100 + b"data: x", "", "text"),
    ],
)
def test_chosen_format(data, content_type, form):
    for name, parts in chunkings(data):
        chosen, again = chosen_format(parts, content_type or "")
        assert b"".join(again) == data, name
        if not data.startswith(b"h\xe9"):
            assert chosen == form, name
    assert chosen_format([data], content_type or "")[0] == form


def test_reads_no_more_parts_than_needed():
    def parts():
        yield b"da"
        yield b"ta: 1"
        raise AssertionError("one part too many")

    form, again = chosen_format(parts())
    assert form == "sse" and next(again) == b"da" and next(again) == b"ta: 1"


def test_ignores_empty_parts(monkeypatch):
    looked = []
    monkeypatch.setattr(
        refimpl.text.detection,
        "could_be_events",
        lambda start, bare: looked.append(start) or len(start) < 5,
    )
    form, again = chosen_format([b""] * 1000 + [b"da"] + [b""] * 1000 + [b"ta:", b"", b" 1"])
    assert (form, looked, list(again)) == ("sse", [b"da", b"data:"], [b"da", b"ta:", b"", b" 1"])
