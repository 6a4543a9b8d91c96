# SPDX-License-Identifier: MIT
"""Tests of refimpl/text/server_sent_events.py: events, read and written.

The decoder is compared with `events_of_text`, a plain reader of a whole text that was written from
the WHATWG standard. Written events are read back.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authoring.plain_text import events_of_text
from refimpl.errors import TextError, UsageError
from refimpl.text import (
    LineDecoder,
    ServerSentEvent,
    ServerSentEventDecoder,
    could_be_events,
    encode_event,
    looks_like_events,
)
from tests.refimpl.text.reading import (
    SPLITS,
    TEXTS,
    evidence_of,
    read,
    same_for_every_chunking,
    split_at,
)
from tests.rows import for_each
from tests.support import pieces


@given(TEXTS, SPLITS)
def test_events_match_the_plain_reader(data, splits):
    results, error = read(ServerSentEventDecoder(errors="replace"), split_at(data, splits))
    if error is None:
        assert results == events_of_text(data.decode("utf-8", "replace"))
    else:
        assert (error.kind, error.rule, error.offset) == ("truncated", "TXT-031", len(data))
        whole = data[: len(data) - len(error.unread)]
        assert results == events_of_text(whole.decode("utf-8", "replace"))


@for_each(
    "data,events",
    [
        (b"", []),
        (b"\n\n", []),
        (b": ping\n\n", []),
        (b": ping\n\ndata: x\n\n", ["x"]),
        (b"data: x\n\n", ["x"]),
        (b"data:x\n\n", ["x"]),
        (b"data:  x\n\n", [" x"]),
        (b"data\n\n", [""]),
        (b"data:\n\n", [""]),
        (b"data: \n\n", [""]),
        (b"data\ndata\n\n", ["\n"]),
        (b"data: a\ndata:b\ndata:\n\n", ["a\nb\n"]),
        (b"data: x", ["x"]),
        (b"data: x\n", ["x"]),
        (b"data", [""]),
        (b"data:", [""]),
        (b"data: x\r\n\r\n", ["x"]),
        (b"data: x\r\rdata: y\r\r", ["x", "y"]),
        (b"data: x\r\n\rdata: y\n\r\n", ["x", "y"]),
        (b"data: a\rdata: b\n\n", ["a\nb"]),
        (b"data: x\n\n\n\n\ndata: y\n\n", ["x", "y"]),
        (b"\n\r\n\rdata: x\n\n", ["x"]),
        (b"Data: x\n\n", []),
        (b" data: x\n\n", []),
        (b"data : x\n\n", []),
        (b"x: y\ndata: z\n\n", ["z"]),
        (b"data: [DONE]\n\n", ["[DONE]"]),
        ('data:{"a":"\u2028\x85"}\n\n'.encode(), ['{"a":"\u2028\x85"}']),
        (b"data: a:b\n\n", ["a:b"]),
        (b"data: \0\n\n", ["\0"]),
        (b"\xef\xbb\xbfdata: x\n\n", ["x"]),
        (b"\xef\xbb\xbf\n\ndata: x\n\n", ["x"]),
        (b"\xef\xbb\xbf\xef\xbb\xbfdata: x\n\n", []),
        (b"data: x\n\n\xef\xbb\xbfdata: y\n\n", ["x"]),
        (b"\xef\xbb\xbf", []),
        (b"da\n\n", []),
        (b"da\rdata: x", ["x"]),
        (b"da:", []),
        (b": ping", []),
        (b"event", []),
        (b"id", []),
        (b"retry", []),
        (b"data: a\ndata", ["a\n"]),
    ],
    ids=repr,
)
def test_data_of_events(data, events):
    results, error = same_for_every_chunking(ServerSentEventDecoder, data)
    assert ([event.data for event in results], error) == (events, None)
    assert all(isinstance(event, ServerSentEvent) for event in results)


@pytest.mark.parametrize(
    "data,events",
    [
        (b"event: a\ndata: x\n\ndata: y\n\n", [("a", "x", ""), ("message", "y", "")]),
        (b"event: a\nevent:b\ndata: x\n\n", [("b", "x", "")]),
        (b"event: a\nevent\ndata: x\n\n", [("message", "x", "")]),
        (b"event: a\n\ndata: y\n\n", [("message", "y", "")]),
        (
            b"id: 1\ndata: x\n\ndata: y\n\nid\ndata: z\n\n",
            [("message", "x", "1"), ("message", "y", "1"), ("message", "z", "")],
        ),
        (b"id: 1\n\ndata: x\n\n", [("message", "x", "1")]),
        (b"id: 1\nid: 2\ndata: x\n\n", [("message", "x", "2")]),
        (b"id: 1\nid: a\0b\ndata: x\n\n", [("message", "x", "1")]),
        (b"data: x\nid: 7\nevent: e", [("e", "x", "7")]),
    ],
    ids=repr,
)
def test_type_and_id_of_events(data, events):
    assert same_for_every_chunking(ServerSentEventDecoder, data) == (
        [ServerSentEvent(*event) for event in events],
        None,
    )


# TXT-027
@pytest.mark.parametrize(
    "value,retry",
    [
        (b" 3000", 3000),
        (b"0", 0),
        (b" 007", 7),
        (b"", None),
        (b" ", None),
        (b" 1.5", None),
        (b" -1", None),
        (b" +1", None),
        (b" 1 ", None),
        (b"\xd9\xa3", None),
        (b" 123456789012345678", 123456789012345678),
        (b" 1234567890123456789", None),
        (b"9" * 5000, None),
    ],
)
def test_retry(value, retry):
    decoder = ServerSentEventDecoder()
    assert read(decoder, [b"retry:" + value + b"\ndata: x\n\n"]) == ([("message", "x", "")], None)
    assert decoder.retry == retry


def test_last_event_id_and_retry():
    decoder = ServerSentEventDecoder()
    assert (decoder.last_event_id, decoder.retry) == ("", None)
    decoder.feed(b"id: a\nretry: 5\n\nid: b\nretry: x\n")
    assert (decoder.last_event_id, decoder.retry) == ("a", 5)
    decoder.feed(b"\n")
    assert (decoder.last_event_id, decoder.retry) == ("b", 5)


@pytest.mark.parametrize(
    "data,places",
    [
        (b"data: x\n\ndata: y\n\n", [8, 17]),
        (b"data: x\r\n\r\ndata: y\r\n\r\n", [9, 20]),
        (b"data: x\r\rdata: y\r\r", [8, 17]),
        (b"data: x\n\rdata: y\n\r\n", [8, 17]),
        (b"\xef\xbb\xbfdata: x\n\n", [11]),
    ],
    ids=repr,
)
def test_returns_an_event_at_its_blank_line(data, places):
    """A CR already ends a blank line; an LF after it belongs to the same line end."""
    came, decoder = [], ServerSentEventDecoder()
    for place, part in enumerate(pieces(data, 1)):
        came += [place for _ in decoder.feed(part)]
    assert came == places and decoder.close() == []


@pytest.mark.parametrize(
    "end", [b"", b"\n", b"\r", b"\r\n", b"\n\n", b"\r\n\r\n", b"\n\r"], ids=repr
)
def test_maximum_length_of_an_event(end):
    make = lambda: ServerSentEventDecoder(9)  # noqa: E731
    first = b"\n\ndata: x\n\n\r\n"
    results, error = same_for_every_chunking(make, first + b"data:2\n:c" + end)
    assert ([event.data for event in results], error) == (["x", "2"], None)
    results, error = same_for_every_chunking(make, first + b"data:2\n:cc" + end)
    assert ([event.data for event in results], error.kind, error.rule) == (
        ["x"],
        "limit",
        "TXT-005",
    )
    assert error.offset == len(first) + 9 and error.unread == b"data:2\n:cc" + end


def test_line_ends_inside_an_event_count():
    assert read(ServerSentEventDecoder(13), [b"data:1\r\ndata:\r\n\r\n"])[1] is None
    assert read(ServerSentEventDecoder(12), [b"data:1\r\ndata:\r\n\r\n"])[1].kind == "limit"


def test_comments_count_and_blank_lines_do_not():
    decoder = ServerSentEventDecoder(100)
    for _ in range(1000):
        assert decoder.feed(b"\n\r\n") == [] and decoder.unread == b""
    with pytest.raises(TextError) as caught:
        for _ in range(1000):
            decoder.feed(b": ping\n")
    assert caught.value.kind == "limit"
    decoder = ServerSentEventDecoder(100)
    for _ in range(1000):
        assert decoder.feed(b": ping\n\n") == []


@for_each("marker", [b"[DONE]", b" [DONE] "])
def test_an_end_marker_may_lack_its_line_end(marker):
    results, error = same_for_every_chunking(ServerSentEventDecoder, b"data: x\n\n" + marker)
    assert (results, error) == ([("message", "x", "")], None)


@for_each("name", [b"d", b"da", b"dat", b"dataa", b"e", b"i", b"retr", b"[DONE", b" data", b"Data"])
@for_each("before", [b"", b"data: 1\n", b"event: e\r"])
def test_rejects_a_text_that_ends_inside_a_field_name(before, name):
    whole = b"id: 5\ndata: x\n\n"
    results, error = same_for_every_chunking(ServerSentEventDecoder, whole + before + name)
    assert results == [("message", "x", "5")]
    assert (error.kind, error.rule, error.offset) == (
        "truncated",
        "TXT-031",
        len(whole + before + name),
    )
    assert error.unread == before + name


@pytest.mark.parametrize(
    "stream",
    [
        b"data: one\n\ndata: two\n\ndata: thr",
        b"\xef\xbb\xbfdata: one\n\n\n\ndata:two\n\n\n",
        b"data: one\n\ndata: a\xffb\n\ndata: two\n\n",
        b"id: 7\ndata: one\n\ndata: two\n\nid\ndata: three\n\n",
        b"data: one\r\n\r\ndata: two\n\ndata: three\r\r",
        b"data: a\rdata: b\n\ndata: c\n\r",
        b": none\n\ndata: one\n\nevent: x\ndata: two\n\ndata\n\n",
        b"data: 12345678\n\ndata: 123456789\n\ndata: one\n\n",
        b"data\n\ndatum: x\n\n",
    ],
)
def test_every_split_into_two_and_three_parts(stream):
    """The result is the same as byte by byte, whichever shortcut applies."""
    bytewise = [stream[index : index + 1] for index in range(len(stream))]
    results, error = read(ServerSentEventDecoder(14), bytewise)
    for first in range(len(stream) + 1):
        for second in range(first, len(stream) + 1):
            parts = [stream[:first], stream[first:second], stream[second:]]
            again, other = read(ServerSentEventDecoder(14), parts)
            assert (again, evidence_of(other)) == (results, evidence_of(error)), parts


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["data: x", "data:x", "data:", "data", "data: a\ndata: b", "data: a\rid: 1", ": c"]
            ),
            st.sampled_from(["\n\n"] * 6 + ["\r\n\r\n", "\r\r", "\n\r\n", "\n\n\n"]),
        ),
        max_size=8,
    ),
    SPLITS,
)
def test_shortcuts_match_the_plain_reader(blocks, splits):
    """Most of these events take both shortcuts: a single line of data, and no CR so far."""
    text = "".join(block + end for block, end in blocks)
    results, error = read(ServerSentEventDecoder(), split_at(text.encode("utf-8"), splits))
    assert (results, error) == (events_of_text(text), None)


def test_replaces_invalid_utf8_on_request():
    assert read(ServerSentEventDecoder(errors="replace"), [b"data: a\xffb\n\ndata: \xe2\x82"])[
        0
    ] == [
        ("message", "a\ufffdb", ""),
        ("message", "\ufffd", ""),
    ]
    assert read(LineDecoder(errors="replace"), [b"a\xff\n\xe2"]) == (["a\ufffd", "\ufffd"], None)


def test_repr_hides_the_data():
    event = ServerSentEvent("message", "secret", "7")
    assert repr(event) == "ServerSentEvent(event='message', data=<6 characters>, id='7')"
    assert event == ("message", "secret", "7") and event.data == "secret"


@pytest.mark.parametrize(
    "data,answer",
    [
        (b"data:", True),
        (b"data: x", True),
        (b"event: x", True),
        (b"id:1", True),
        (b"retry: 1", True),
        (b": ping", True),
        (b"\n\r\ndata: x", True),
        (b"\xef\xbb\xbfdata: x", True),
        (b"", False),
        (b"data", False),
        (b"dat", False),
        (b'{"data":1}', False),
        (b"Data: x", False),
        (b" data: x", False),
        (b"hello: x", False),
    ],
)
def test_looks_like_events(data, answer):
    assert looks_like_events(data) is answer


class PlainEvents(ServerSentEventDecoder):
    """Reads events without the shortcut for text without CR."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self._has_cr = True


def delivered(decoder, parts):
    """Return what each part delivers, and the error with its evidence."""
    steps = []
    try:
        for part in parts:
            steps.append((decoder.feed(part), decoder.offset, decoder.unread))
        steps.append(decoder.close())
    except TextError as error:
        steps.append((str(error), error.results, error.unread, error.offset))
    return steps


@pytest.mark.slow
@given(
    st.lists(
        st.sampled_from(
            [
                b"\n",
                b"\n\n",
                b"\n\n",
                b"data: x",
                b"data:",
                b"id: 1",
                b": c",
                b"\xff",
                b"\xe2\x82\xac",
            ]
            + [b"\x00", b"event: e", b"\xef\xbb\xbf", b"\r\n", b"long" * 5]
        ),
        max_size=16,
    ).map(b"".join),
    SPLITS,
)
def test_blocks_at_once_are_the_blocks_one_by_one(data, splits):
    for parts in (split_at(data, splits), [data], pieces(data, 1)):
        for bound in (1 << 20, 12):
            expected = delivered(PlainEvents(bound), parts)
            assert delivered(ServerSentEventDecoder(bound), parts) == expected


# ---- errors and arguments ----------------------------------------------------------------------


def test_offset_of_half_a_byte_order_mark():
    decoder = ServerSentEventDecoder()
    assert decoder.feed(b"\xef") == [] and (decoder.offset, decoder.unread) == (0, b"\xef")
    assert decoder.feed(b"\xbb\xbf") == [] and (decoder.offset, decoder.unread) == (3, b"")


# ---- writing events ----------------------------------------------------------------------------


@pytest.mark.slow
@given(
    st.lists(
        st.tuples(
            st.text(alphabet="ab: \n\0€\u2028", max_size=6),
            st.text(alphabet="ab: €", min_size=1, max_size=4),
            st.one_of(st.none(), st.text(alphabet="ab: €", max_size=4)),
        ),
        max_size=4,
    ),
    SPLITS,
)
def test_written_events_are_read_back(events, splits):
    data = b"".join(encode_event(*event) for event in events)
    last_id, expected = "", []
    for text, kind, event_id in events:
        last_id = last_id if event_id is None else event_id
        expected.append((kind, text, last_id))
    assert read(ServerSentEventDecoder(), split_at(data, splits)) == (expected, None)


def test_encode_event():
    assert encode_event("a\n b") == b"data: a\ndata:  b\n\n" and encode_event("") == b"data: \n\n"
    assert (
        encode_event("€", "e", "7") == "event: e\nid: 7\ndata: €\n\n".encode()
        and encode_event("", "message", "") == b"id: \ndata: \n\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("a\rb",),
        ("a\r\n",),
        ("a", "b\nc"),
        ("a", "b\rc"),
        ("a", ""),
        ("a", "b", "c\nd"),
        ("a", "b", "\r"),
        ("a", "b", "\0"),
        ("\ud800",),
    ],
    ids=repr,
)
def test_encode_event_rejects_what_the_format_cannot_express(arguments):
    with pytest.raises(UsageError) as caught:
        encode_event(*arguments)
    assert (caught.value.kind, caught.value.rule) == ("constraint", "TXT-033")


@pytest.mark.parametrize("arguments", [(b"a",), (None,), ("a", None), ("a", b"b"), ("a", "b", 5)])
def test_encode_event_accepts_only_strings(arguments):
    with pytest.raises(UsageError) as caught:
        encode_event(*arguments)
    assert caught.value.kind == "type"


@for_each(
    "start,undecided",
    [
        (b"", True),
        (b"d", True),
        (b"data", True),
        (b"data:", False),
        (b":", False),
        (b"x", False),
        (b"dx", False),
        (b"{", False),
        (b"\n", True),
        (b"\r\nret", True),
        (b"\xef", True),
        (b"\xef\xbb", True),
        (b"\xef\xbb\xbf", True),
        (b"\xef\xbb\xbfid", True),
        (b"\xef\xbb\xbf{", False),
        (b"\xef\xbbx", False),
        (b"\n" * 63, True),
        (b"\n" * 64, False),
        (b"event: x", False),
        (b" d", False),
    ],
)
def test_could_be_events(start, undecided):
    assert could_be_events(start) is undecided
