# SPDX-License-Identifier: MIT
"""Tests of refimpl/foreign_bytes.py: the causes that an error about a frame names.

Each conversion is applied to real frames here, as the software that makes the mistake does it.
"""

import base64
import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.errors import FrameError
from refimpl.eventstream import Decoder, encode
from refimpl.foreign_bytes import EXAMINED_LENGTH, damaged_cause, foreign_cause
from tests.rows import for_each

HEADERS = [
    (":message-type", "string", "event"),
    (":event-type", "string", "PayloadPart"),
    (":content-type", "string", "application/octet-stream"),
]


def part(payload):
    return encode(HEADERS, payload)


FRAME = part(b"hello \xf0\x9f\x98\x80")
CAUSES = {
    "replaced": (FRAME.decode("utf-8", "replace").encode(), "was decoded as UTF-8 text"),
    "Latin-1": (FRAME.decode("latin-1").encode(), "decoded as Latin-1 and written as UTF-8"),
    "UTF-16 LE": (FRAME.decode("latin-1").encode("utf-16-le"), "written as UTF-16LE text"),
    "UTF-16 BE": (FRAME.decode("latin-1").encode("utf-16-be"), "written as UTF-16BE text"),
    "UTF-16 with a mark": (b"\xff\xfe" + "{}".encode("utf-16-le"), "UTF-16 text ({})"),
    "chunk size": (b"%x\r\n" % len(FRAME) + FRAME + b"\r\n0\r\n\r\n", "the chunk sizes of HTTP"),
    "chunk extension": (b"10;a=b\r\n" + FRAME, "the chunk sizes of HTTP"),
    "last chunk": (b"0\r\n\r\n", "the chunk sizes of HTTP"),
    "last chunk after a frame": (b"\r\n0\r\n\r\n", "the chunk sizes of HTTP"),
    "gzip": (gzip.compress(b'{"error":"busy"}'), 'gzip ({"error":"busy"}), not an event stream'),
    "gzip of frames": (gzip.compress(FRAME), "gzip of an event stream"),
    "half a gzip": (gzip.compress(FRAME)[:8], "gzip, not"),
    "base64": (base64.b64encode(FRAME), "a base64-encoded frame"),
    "base64 lines": (base64.encodebytes(FRAME), "a base64-encoded frame"),
    "base64 of a long frame": (base64.b64encode(part(bytes(2 << 20))), "a base64-encoded frame"),
    "end marker": (b"[DONE]", "an end marker ([DONE])"),
    "JSON": (b'{"message":"a\nb"}', 'JSON ({"message":"a\\nb"}), not an event stream'),
    "token": (b"X-Amz-Security-Token: SECRET", "text (X-Amz-Security-Token:<hidden>)"),
}


@for_each("name", CAUSES)
@for_each("before", [b"", FRAME])
def test_names_the_cause(name, before):
    data, words = CAUSES[name]
    decoder = Decoder()
    with pytest.raises(FrameError) as caught:
        decoder.feed(before + data)
        decoder.close()
    error = caught.value
    assert words in error.cause and str(error).startswith(f"{error.cause}: ")
    assert error.buffered == data and "SECRET" not in str(error)
    assert len(error.cause) < 700 and error.cause.isprintable()


def with_lf_in_the_prelude():
    """Return a frame whose length contains LF."""
    return part(bytes(0x10A - len(part(b""))))


def test_line_ends_in_the_prelude():
    frame = with_lf_in_the_prelude()
    assert b"\n" in frame[:12]
    cause = foreign_cause(frame.replace(b"\n", b"\r\n"))
    assert "line ends were converted from LF to CR LF" in cause


FRAMES_WITHOUT_LF = [part(b"%d\nb" % n) for n in range(100)]
FRAMES_WITHOUT_LF = [frame for frame in FRAMES_WITHOUT_LF if b"\n" not in frame[:12]]


@pytest.mark.parametrize("more", [b"", FRAME])
def test_line_ends_in_the_payload(more):
    data = (FRAMES_WITHOUT_LF[0] + more).replace(b"\n", b"\r\n")
    with pytest.raises(FrameError) as caught:
        Decoder().feed(data)
    assert caught.value.kind == "message_crc"
    assert "converted from LF to CR LF" in caught.value.cause


@pytest.mark.parametrize(
    "text,words",
    [
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", "an HTTP message (HTTP/1.1 502 Bad Gateway"),
        (b"<!DOCTYPE html><p>502", "HTML (<!DOCTYPE html><p>502"),
        (b'{"message":"Internal server error"}', 'JSON error document ({"message":"Internal'),
        (b'event: error\ndata: {"a":1}\n\n', "an error as a server-sent event (event: error"),
    ],
)
def test_an_error_inside_a_frame(text, words):
    frame = part(bytes(200))
    broken = frame[:150] + text
    decoder = Decoder()
    decoder.feed(broken)
    with pytest.raises(FrameError) as caught:
        decoder.close()
    assert caught.value.kind == "truncated" and words in caught.value.cause
    with pytest.raises(FrameError) as caught:
        Decoder().feed(broken + bytes(len(frame)))
    assert caught.value.kind == "message_crc" and words in caught.value.cause


def test_replacement_characters_inside_a_frame():
    cause = damaged_cause(bytes(12) + b"\xef\xbf\xbd" + bytes(20), 30)
    assert "UTF-8 replacement characters" in cause


def test_a_chunk_size_inside_a_frame():
    cause = damaged_cause(bytes(20) + b"\r\n1f\r\n" + bytes(20), 40)
    assert "a chunk size of HTTP" in cause


@given(st.binary(max_size=200), st.integers(0, 300))
def test_any_bytes(data, length):
    for cause in (foreign_cause(data), damaged_cause(data, length)):
        assert cause is None or (cause.isprintable() and len(cause) < 1000)


@given(st.binary(max_size=100), st.data())
def test_a_damaged_bit_is_not_explained(payload, data):
    """A frame that begins with two zero bytes and has a wrong prelude gets no wrong explanation."""
    frame = bytearray(part(payload))
    frame[8 + data.draw(st.integers(0, 3))] ^= 1 << data.draw(st.integers(0, 7))
    cause = foreign_cause(bytes(frame))
    assert cause is None or "replacement" in cause


def test_examines_a_bounded_number_of_bytes():
    assert foreign_cause(b"{" + b"x" * (EXAMINED_LENGTH * 100)) is not None
