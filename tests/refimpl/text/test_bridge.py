# SPDX-License-Identifier: MIT
"""Tests of refimpl/text/bridge.py: parts as server-sent events.

The events are read back with refimpl's decoder, which test_server_sent_events.py compares with the
standard. They must contain every character or byte of the input, and the last event must report how
the stream ended.
"""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.errors import ContainerError, Error, FrameError, TextError
from refimpl.shapes import ModelStreamError, UnknownOperationError
from refimpl.text import ServerSentEventDecoder
from refimpl.text.bridge import BRIDGE_FORMATS, bridged, error_document
from tests.support import chunkings


def bridge(parts, form="auto"):
    """Return the events without the last one, the last one, and the error or None."""
    written, error = [], None
    try:
        for piece in bridged(parts, form):
            assert piece.endswith(b"\n\n") and piece.count(b"\n\n") == 1  # one complete event each
            written.append(piece)
    except Error as caught:
        error = caught
    events = ServerSentEventDecoder().feed(b"".join(written))
    assert len(events) == len([piece for piece in written if not piece.startswith(b":")])
    last = events.pop()
    assert last.event == ("end" if error is None else "error")
    return events, json.loads(last.data), error


def data_of(events):
    assert {event.event for event in events} <= {"message"} and {event.id for event in events} <= {
        ""
    }
    return [event.data for event in events]


def test_each_part_is_an_event():
    events, last, error = bridge([b"Hel", b"", b"lo \xe2", b"\x82\xac\n\n b"])
    assert data_of(events) == ["Hel", "lo ", "€\n\n b"] and error is None
    assert last == {"parts": 4, "bytes": 13}
    assert list(bridged([b" a\nb"], "text")) == [
        b"data:  a\ndata: b\n\n",
        b'event: end\ndata: {"parts": 1, "bytes": 4}\n\n',
    ]


@given(st.lists(st.text(alphabet="ab \r\n€", max_size=4), max_size=6))
def test_text_keeps_everything_except_the_kind_of_line_end(texts):
    events, _, error = bridge([text.encode() for text in texts], "text")
    assert (
        "".join(data_of(events)) == "".join(texts).replace("\r\n", "\n").replace("\r", "\n")
        and error is None
    )


@given(st.lists(st.text(max_size=4), max_size=6))
def test_json_keeps_every_character(texts):
    data = "".join(texts).encode()
    for _, parts in chunkings(data):
        events, last, error = bridge(parts, "json")
        assert "".join(map(json.loads, data_of(events))).encode() == data and error is None
        assert last == {"parts": len(parts), "bytes": len(data)}


@given(st.lists(st.binary(max_size=4), max_size=6))
def test_base64_keeps_every_byte(parts):
    events, _, error = bridge(parts, "base64")
    assert [base64.b64decode(data) for data in data_of(events)] == [
        part for part in parts if part
    ] and error is None


SSE = (
    "\ufeff: ping\n\nid: 5\nevent: e\ndata: a\r\ndata: €\n\n"
    "data:b\n\nid\ndata: c\n\nretry: 5\ndata: [DONE]"
).encode()


def test_events_are_passed_on():
    for name, parts in chunkings(SSE):
        for form in ("sse", "auto"):
            events, last, error = bridge(parts, form)
            assert events == [
                ("e", "a\n€", "5"),
                ("message", "b", "5"),
                ("message", "c", ""),
                ("message", "[DONE]", ""),
            ], name
            assert last == {"parts": len(parts), "bytes": len(SSE)} and error is None
    assert list(bridged([b"id: 5\ndata: a\n\ndata: b\n\nid: 6\ndata: c\n\n"], "sse"))[:3] == [
        b"id: 5\ndata: a\n\n",
        b"data: b\n\n",
        b"id: 6\ndata: c\n\n",
    ]


def test_comments_are_passed_on():
    for _, parts in chunkings(b": ping\n\ndata: a\n: x\n:y\n\n:\n\n"):
        assert list(bridged(parts, "sse"))[:-1] == [
            b": ping\n\n",
            b": x\n\n",
            b":y\n\n",
            b"data: a\n\n",
            b":\n\n",
        ]


def test_the_events_of_the_container_cannot_be_confused_with_the_last_one():
    events, last, error = bridge([b'event: end\ndata: {"run":1}\n\ndata: more\n\n'])
    assert error is None and [event.event for event in events] == ["model-end", "message"]
    assert last == {"parts": 1, "bytes": 40}
    events, last, error = bridge([b"event: error\ndata: out of memory\n\ndata: b\n\n"])
    assert [event.event for event in events] == ["model-error", "message"]
    assert isinstance(error, ContainerError) and last["kind"] == "container"
    assert last["message"] == "the container reports an error: out of memory"


def test_an_end_marker_without_data():
    events, last, error = bridge([b"data: a\n\n[DONE]"])
    assert data_of(events) == ["a"] and error is None


def test_counts_skipped_events():
    assert list(bridged([], "text", {"chunk": 2})) == [
        b'event: end\ndata: {"parts": 0, "bytes": 0, "skipped": {"chunk": 2}}\n\n'
    ]


@pytest.mark.parametrize("form", BRIDGE_FORMATS)
def test_an_interrupt_is_reported(form):
    def parts():
        yield b"data: a\n\n"
        raise KeyboardInterrupt

    written = []
    with pytest.raises(KeyboardInterrupt):
        for piece in bridged(parts(), form):
            written.append(piece)
    last = ServerSentEventDecoder().feed(b"".join(written))[-1]
    assert (last.event, json.loads(last.data)["kind"]) == ("error", "interrupted")


def test_auto():
    assert data_of(bridge([b"hello"])[0]) == ["hello"]
    assert data_of(bridge([b"\xff\0", b"x"])[0]) == ["/wA=", "eA=="]
    assert bridge([]) == ([], {"parts": 0, "bytes": 0}, None)
    assert BRIDGE_FORMATS == ("auto", "text", "json", "base64", "sse")


FAULTS = [
    (
        ModelStreamError(message="Timed out", error_code="ModelInvocationTimeExceeded"),
        {
            "code": "ModelStreamError",
            "fields": {"Message": "Timed out", "ErrorCode": "ModelInvocationTimeExceeded"},
        },
    ),
    (UnknownOperationError(code="Boom", payload="p"), {"code": "Boom"}),
    (
        FrameError("message checksum differs", kind="message_crc", offset=99, rule="EVS-005"),
        {
            "kind": "message_crc",
            "offset": 99,
            "rule": "EVS-005",
            "message": "message checksum differs (at byte 99, rule EVS-005)",
        },
    ),
]


@pytest.mark.parametrize("fault,members", FAULTS, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("form", BRIDGE_FORMATS)
def test_the_last_event_reports_the_failure(form, fault, members):
    def parts():
        yield b"data: a\n\n"
        raise fault

    events, last, error = bridge(parts(), form)
    assert error is fault and len(events) == 1
    assert {name: last.get(name) for name in members} == members
    assert (
        last["kind"] == fault.kind and last["message"] == str(fault) and None not in last.values()
    )


def test_reports_unfinished_bytes():
    def parts():
        yield b"data: a\n\ndata: b"
        raise FrameError("cut", kind="truncated")

    events, last, error = bridge(parts())
    assert (
        data_of(events) == ["a"]
        and base64.b64decode(last["unread"]) == b"data: b"
        and error.kind == "truncated"
    )

    def text():
        yield b"a\r\xe2"
        raise FrameError("cut", kind="truncated")

    events, last, error = bridge(text())
    assert data_of(events) == ["a", "\n"] and base64.b64decode(last["unread"]) == b"\xe2"


def test_text_that_cannot_be_read():
    for form in ("text", "json", "sse"):
        events, last, error = bridge([b"data: a\n\n", b"data: \xff\n\n"], form)
        assert len(events) >= 1 and last["kind"] == "utf8" and isinstance(error, TextError)
    events, last, error = bridge([b"data: a\n\nda"], "sse")
    assert data_of(events) == ["a"] and (last["kind"], last["rule"]) == ("truncated", "TXT-031")


def test_a_lone_cr_at_the_end():
    assert data_of(bridge([b"a\r"], "text")[0]) == ["a", "\n"]
    assert data_of(bridge([b"a\r", b"\nb"], "text")[0]) == ["a", "\nb"]


def test_error_document():
    assert error_document(Error("m")) == {"kind": "error", "message": "m"}
