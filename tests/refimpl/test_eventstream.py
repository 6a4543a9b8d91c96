# SPDX-License-Identifier: MIT
"""Tests of refimpl/eventstream.py and its modules: frames and messages.

Properties come first: encoding and decoding are inverse, chunking has no effect, damage is
rejected, only FrameError and UsageError are raised, and a decoder with its cache agrees with one
without. Then come all errors at byte level, in every chunking and after valid frames, with their
kind, rule, offset and evidence. Then cost, measured as work and memory, never as time. Last come
the oracles: the frames that AWS publishes, streams recorded from AWS services, and botocore's
decoder.

Invalid frames are built here from struct and zlib, not with the encoder under test. Both checksums
are correct unless a checksum is the error, so each case has exactly one error. A test whose oracle
is missing is skipped.
"""

import base64
import gzip
import json
import pickle
import random
import struct
import traceback
import tracemalloc
import uuid
import zlib
from typing import List, NamedTuple, Optional, Tuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from refimpl import eventstream, eventstream_frames
from refimpl.errors import FrameError, UsageError
from refimpl.eventstream import (
    DEFAULT_MAX_FRAME_LENGTH,
    HEADER_TYPES,
    Decoder,
    FrameHeader,
    FrameHeaders,
    FrameReader,
    Message,
    decode_headers,
    encode,
)
from tests.properties import examples
from tests.rows import for_each
from tests.support import chunkings, corpora, pieces, random_pieces

some = examples(100)
many = examples(200)


# ---- frames by hand ----------------------------------------------------------------------------


def u32(number: int) -> bytes:
    return struct.pack(">I", number)


def sized(value: bytes) -> bytes:
    """Return the value of a bytes or string header, after its length."""
    return struct.pack(">H", len(value)) + value


def header(name: bytes, code: int, value: bytes = b"") -> bytes:
    return bytes((len(name),)) + name + bytes((code,)) + value


def prelude(total_length: int, headers_length: int, flip: int = 0) -> bytes:
    lengths = u32(total_length) + u32(headers_length)
    return lengths + u32(zlib.crc32(lengths) ^ flip)


def sealed(data: bytes, flip: int = 0) -> bytes:
    return data + u32(zlib.crc32(data) ^ flip)


def frame(block: bytes = b"", payload: bytes = b"") -> bytes:
    return sealed(prelude(16 + len(block) + len(payload), len(block)) + block + payload)


EVENT = header(b":event-type", 7, sized(b"PayloadPart"))
FIRST = frame(EVENT, b"first")
SECOND = frame(header(b"n", 2, b"\xff") + header(b"t", 0), b"")
TRAILING = frame(EVENT, b"trailing")
FIRST_MESSAGE = Message(
    FrameHeaders((FrameHeader(":event-type", "string", "PayloadPart"),)), b"first"
)
SECOND_MESSAGE = Message(
    FrameHeaders((FrameHeader("n", "int8", -1), FrameHeader("t", "boolean", True))), b""
)
TRAILING_MESSAGE = Message(FIRST_MESSAGE.headers, b"trailing")

# The bytes that may precede an error, and their messages.
BEFORE = [
    (b"", []),
    (FIRST, [FIRST_MESSAGE]),
    (FIRST + SECOND + FIRST, [FIRST_MESSAGE, SECOND_MESSAGE, FIRST_MESSAGE]),
]


def drain(chunks, decoder: Optional[Decoder] = None) -> Tuple[List[Message], Optional[FrameError]]:
    """Feed the chunks, signal the end, and return the messages and the FrameError, if any."""
    decoder = decoder or Decoder()
    messages: List[Message] = []
    try:
        for chunk in chunks:
            messages += decoder.feed(chunk)
        decoder.close()
    except FrameError as error:
        return messages + list(error.messages), error
    return messages, None


def ways(data: bytes):
    """Yield every chunking of data, and every chunking of data with a complete frame after it."""
    yield from chunkings(data)
    for name, chunks in chunkings(data + TRAILING):
        yield "trailing, " + name, chunks


def exact(messages):
    """Return messages in a form in which True differs from 1 and bytes from a bytearray."""
    return [
        ([(h.name, h.type, type(h.value), h.value) for h in m.headers], type(m.payload), m.payload)
        for m in messages
    ]


def expected_of(headers, payload):
    return [([(name, kind, type(value), value) for name, kind, value in headers], bytes, payload)]


def one_line(error: Exception) -> bool:
    text = str(error)
    return bool(text) and text.isprintable() and len(text) < 3000


# ---- strategies --------------------------------------------------------------------------------


def at_most_255_bytes(name: str) -> str:
    return name.encode("utf-8")[:255].decode("utf-8", "ignore")


names = st.one_of(
    st.text(min_size=1, max_size=8),
    st.text(min_size=1, max_size=255).map(at_most_255_bytes),
    st.sampled_from(["x" * 255, "\u00e9" * 127 + "x", "\U0001f600" * 63, "\0", ":message-type"]),
)


def whole_range(bits: int):
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    return st.one_of(st.integers(low, high), st.sampled_from([low, -1, 0, 1, high]))


small_values = {
    "boolean": st.booleans(),
    "int8": whole_range(8),
    "int16": whole_range(16),
    "int32": whole_range(32),
    "int64": whole_range(64),
    "bytes": st.binary(max_size=40),
    "string": st.text(max_size=40),
    "timestamp": whole_range(64),
    "uuid": st.uuids(),
}
large_values = {
    "bytes": st.one_of(
        st.binary(max_size=300), st.sampled_from([255, 256, 32766, 32767]).map(bytes)
    ),
    "string": st.one_of(
        st.text(max_size=300), st.sampled_from(["x" * 32767, "\u20ac" * 10922, "\0" * 256])
    ),
}


def triple_of(values):
    return st.sampled_from(sorted(values)).flatmap(
        lambda kind: st.tuples(names, st.just(kind), values[kind])
    )


small_headers = st.lists(triple_of(small_values), max_size=10, unique_by=lambda triple: triple[0])
any_headers = st.one_of(
    small_headers, st.lists(triple_of(large_values), max_size=3, unique_by=lambda triple: triple[0])
)
parts = st.lists(st.tuples(small_headers, st.binary(max_size=40)), min_size=1, max_size=5)
cut_lists = st.lists(st.integers(0, 2**16), max_size=12)


def cut(data: bytes, places) -> List[bytes]:
    marks = [0] + sorted(place % (len(data) + 1) for place in places) + [len(data)]
    return [data[start:end] for start, end in zip(marks, marks[1:])]


# ---- properties --------------------------------------------------------------------------------


def test_has_all_header_types():
    assert set(HEADER_TYPES) == set(small_values)


@pytest.mark.slow
@many
@given(any_headers, st.binary(max_size=300))
def test_decoding_inverts_encoding(headers, payload):
    messages, error = drain([encode(headers, payload)])
    assert error is None
    assert exact(messages) == expected_of(headers, payload)


@pytest.mark.slow
@many
@given(parts, cut_lists, st.booleans())
def test_each_message_arrives_with_its_last_byte_in_any_chunking(messages, places, trailing):
    frames = [encode(headers, payload) for headers, payload in messages] + [TRAILING] * trailing
    wanted = [
        part for headers, payload in messages for part in expected_of(headers, payload)
    ] + exact([TRAILING_MESSAGE]) * trailing
    ends = [sum(map(len, frames[: count + 1])) for count in range(len(frames))]
    decoder, fed, delivered = Decoder(), 0, []
    for chunk in cut(b"".join(frames), places):
        delivered += decoder.feed(chunk)
        fed += len(chunk)
        complete = sum(end <= fed for end in ends)
        assert (
            exact(delivered) == wanted[:complete]
        )  # EVS-026: each message arrives with its last byte
        assert decoder.offset == ([0] + ends)[complete]
        assert decoder.buffered == fed - decoder.offset
        assert (
            decoder.missing
            == (12 if decoder.buffered < 12 else len(frames[complete])) - decoder.buffered
            > 0
        )
    decoder.close()
    assert len(delivered) == len(frames)


@pytest.mark.slow
@some
@given(parts)
def test_every_chunking_gives_the_same_messages(messages):
    stream = b"".join(encode(headers, payload) for headers, payload in messages)
    wanted = [part for headers, payload in messages for part in expected_of(headers, payload)]
    for way, chunks in ways(stream):
        delivered, error = drain(chunks)
        assert error is None, way
        assert exact(delivered) == wanted + exact([TRAILING_MESSAGE]) * way.startswith(
            "trailing"
        ), way


@st.composite
def damaged_streams(draw):
    """Draw a stream's messages, the number of frames before the damage, and the damaged stream."""
    messages = draw(parts)
    frames = [encode(headers, payload) for headers, payload in messages]
    stream = b"".join(frames)
    place = draw(st.integers(0, len(stream) - 1))
    intact = sum(sum(map(len, frames[: count + 1])) <= place for count in range(len(frames)))
    damage = draw(st.sampled_from(["mutate", "delete", "insert", "truncate"]))
    if damage == "mutate":
        damaged = (
            stream[:place]
            + bytes((stream[place] ^ draw(st.integers(1, 255)),))
            + stream[place + 1 :]
        )
    elif damage == "delete":
        damaged = stream[:place] + stream[place + draw(st.integers(1, 20)) :]
    elif damage == "insert":
        damaged = stream[:place] + draw(st.binary(min_size=1, max_size=20)) + stream[place:]
    else:
        damaged = stream[:place]
    clean_cut = damage in ("truncate", "delete") and damaged == b"".join(frames[:intact])
    return exact(drain([stream])[0]), intact, damage, damaged, clean_cut


@pytest.mark.slow
@many
@given(damaged_streams(), cut_lists)
def test_rejects_damage_and_delivers_the_messages_before_it(case, places):
    originals, intact, damage, damaged, clean_cut = case
    delivered, error = drain(cut(damaged, places))
    delivered = exact(delivered)
    if clean_cut:  # the frames before it are a complete stream
        assert error is None
        assert delivered == originals[:intact]
        return
    if error is None:  # a deletion may remove whole frames
        assert damage == "delete"
        assert len(delivered) < len(originals)
        assert delivered[:intact] == originals[:intact]
        return
    assert one_line(error)
    assert error.kind in ("prelude_crc", "message_crc", "truncated")
    assert delivered[:intact] == originals[:intact]
    if damage in ("mutate", "truncate"):
        assert delivered == originals[:intact]
    elif damage == "insert":
        assert delivered == originals[: len(delivered)]


@pytest.mark.slow
@some
@given(damaged_streams())
def test_every_chunking_gives_the_same_error(case):
    damaged = case[3]
    wanted, first_error = drain([damaged])
    for way, chunks in chunkings(damaged):
        delivered, error = drain(chunks)
        assert delivered == wanted, way
        assert type(error) is type(first_error), way
        if first_error is not None:
            assert (error.kind, error.rule, error.offset, error.expected, error.actual) == (
                first_error.kind,
                first_error.rule,
                first_error.offset,
                first_error.expected,
                first_error.actual,
            ), way


# ---- the cache: a reader agrees with a decoder that has none -----------------------------------

PLAIN_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
PLAIN_FORMATS = {2: ">b", 3: ">h", 4: ">i", 5: ">q", 8: ">q"}


def plain_value(code: int, value: bytes):
    if code in (0, 1):
        return code == 0
    if code in PLAIN_FORMATS:
        return struct.unpack(PLAIN_FORMATS[code], value)[0]
    if code == 9:
        return uuid.UUID(bytes=value)
    return value.decode("utf-8") if code == 7 else value


def plain_headers(block: bytes):
    """Return the (name, value) pairs of a headers block, or None if it is invalid."""
    found = {}
    try:
        while block:
            size = block[0]
            name, code, block = (
                block[1 : 1 + size].decode("utf-8"),
                block[1 + size],
                block[2 + size :],
            )
            length = PLAIN_SIZES.get(code)
            if length is None:
                if code not in (6, 7):
                    return None
                length, block = struct.unpack(">H", block[:2])[0], block[2:]
            if not name or name in found or len(block) < length:
                return None
            found[name], block = plain_value(code, block[:length]), block[length:]
    except (IndexError, struct.error, UnicodeDecodeError):
        return None
    return list(found.items())


def plain_decode(stream: bytes):
    """Return the messages of a stream, and where its first invalid frame begins, or None."""
    messages, start = [], 0
    while start < len(stream):
        if len(stream) - start < 16:
            return messages, start
        total, size, crc = struct.unpack(">III", stream[start : start + 12])
        whole = stream[start : start + total]
        if zlib.crc32(whole[:8]) != crc or len(whole) < total or size + 16 > total:
            return messages, start
        headers = plain_headers(whole[12 : 12 + size])
        if u32(zlib.crc32(whole[:-4])) != whole[-4:] or headers is None:
            return messages, start
        messages.append((headers, whole[12 + size : -4]))
        start += total
    return messages, None


@st.composite
def streams_of_similar_headers(draw):
    """Draw a stream whose headers blocks are variants of one block, some of them invalid."""
    first = header(b":message-type", 7, sized(b"event")) + EVENT
    base = first + header(b"id", 7, sized(b"0123456789"))
    blocks = [first, base]
    for _ in range(draw(st.integers(1, 4))):
        block = draw(st.sampled_from(blocks))
        # Most places are after byte 40, so a comparison of fewer bytes finds no difference.
        low = draw(st.sampled_from([0, 40])) if len(block) > 40 else 0
        place = draw(st.integers(low, max(low, len(block) - 1)))
        change = draw(st.sampled_from(["replace", "truncate", "append", "reorder"]))
        if change == "replace":
            block = block[:place] + bytes((draw(st.integers(0, 255)),)) + block[place + 1 :]
        elif change == "truncate":
            block = block[:place]
        elif change == "append":
            block += header(b"more", draw(st.integers(0, 1)))
        else:
            block = EVENT + block.replace(EVENT, b"")
        blocks.append(block)
    chosen = draw(st.lists(st.sampled_from(blocks), min_size=1, max_size=12))
    frames = []
    for block in chosen:
        data = frame(block, draw(st.binary(max_size=8)))
        if draw(st.integers(0, 30)) == 0:
            place = draw(st.integers(0, len(data) - 1))
            data = data[:place] + bytes((data[place] ^ 1,)) + data[place + 1 :]
        frames.append(data)
    return b"".join(frames)


@pytest.mark.slow
@examples(500)
@given(streams_of_similar_headers(), cut_lists)
def test_a_cached_headers_block_changes_no_result(stream, places):
    wanted, invalid = plain_decode(stream)
    messages, error = drain(cut(stream, places))
    found = [([(h.name, h.value) for h in m.headers], m.payload) for m in messages]
    assert [(exact_pairs(h), p) for h, p in found] == [(exact_pairs(h), p) for h, p in wanted]
    assert (error is None) == (invalid is None)
    if error is not None:
        # Alone, the invalid frame gives the same error.
        alone = drain([stream[invalid:]])[1]
        assert alone.kind == error.kind
        assert (alone.rule, alone.expected) == (error.rule, error.expected)
        assert alone.offset + invalid == error.offset


def exact_pairs(pairs):
    return [(name, type(value), value) for name, value in pairs]


def test_the_plain_decoder_agrees_on_an_example():
    assert plain_decode(FIRST + SECOND + b"x") == (
        [([(":event-type", "PayloadPart")], b"first"), ([("n", -1), ("t", True)], b"")],
        len(FIRST + SECOND),
    )


@many
@given(st.binary(max_size=80), cut_lists)
@example(bytes(12), [])
@example(b"\xff" * 40, [3])
def test_random_bytes_raise_only_our_errors(data, places):
    delivered, error = drain(cut(data, places))
    assert delivered == []
    if data:
        assert one_line(error)
    else:
        assert error is None


@many
@given(st.binary(max_size=60), st.binary(max_size=10), cut_lists)
def test_a_random_headers_block_with_correct_checksums_raises_only_our_errors(
    block, payload, places
):
    delivered, error = drain(cut(FIRST + frame(block, payload), places))
    assert delivered[0] == FIRST_MESSAGE
    if error is None:
        assert delivered[1].payload == payload
        assert encode_again(delivered[1]) == frame(block, payload)
    else:
        assert error.kind in ("header", "header_type", "utf8", "duplicate_header")
        assert len(FIRST) + 12 <= error.offset <= len(FIRST) + 12 + len(block)
        assert one_line(error)


@many
@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.binary(max_size=40))
def test_random_lengths_with_a_correct_prelude_checksum_raise_only_our_errors(
    total_length, headers_length, rest
):
    decoder = Decoder()
    delivered, error = drain([prelude(total_length, headers_length) + rest], decoder)
    assert delivered == []
    assert error.kind in ("length", "limit", "truncated", "message_crc")
    assert decoder.buffered == 0
    assert one_line(error)


def encode_again(message: Message) -> bytes:
    return encode(message.headers, message.payload)


# ---- encoding: rejected arguments --------------------------------------------------------------

any_text = st.text(alphabet=st.characters(exclude_categories=()), max_size=6)
atoms = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(2**64, 2**200),
    st.floats(),
    st.complex_numbers(),
    any_text,
    st.binary(max_size=6),
    st.binary(max_size=6).map(bytearray),
    st.uuids(),
    st.sampled_from(HEADER_TYPES),
    st.sampled_from([object(), Ellipsis, int, len]),
)
junk = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner, inner),
        st.dictionaries(any_text, inner, max_size=3),
    ),
    max_leaves=8,
)
near_triples = st.tuples(
    st.one_of(names, any_text, atoms), st.one_of(st.sampled_from(HEADER_TYPES), atoms), atoms
)


@pytest.mark.slow
@many
@given(
    st.one_of(junk, st.lists(junk, max_size=3), st.lists(near_triples, max_size=3)),
    st.one_of(st.just(b"x"), junk),
)
def test_encode_raises_only_usage_errors_for_any_objects(headers, payload):
    try:
        encoded = encode(headers, payload)
    except UsageError as error:
        assert one_line(error)
        assert error.kind in ("type", "constraint", "limit")
    else:
        assert exact(drain([encoded])[0]) == expected_of(list(headers), payload)


class WithoutRepr:
    def __repr__(self):
        raise RuntimeError("not to be shown")


INT_RANGES = [("int8", 8), ("int16", 16), ("int32", 32), ("int64", 64), ("timestamp", 64)]
REFUSED_HEADERS = (
    [
        (headers, "type", None)
        for headers in (
            None,
            5,
            ["ab"],
            [None],
            [()],
            [("n", "int8")],
            [("n", "int8", 1, 1)],
            {"name": "n"},
            [(1, "int8", 1)],
            [(b"n", "int8", 1)],
            [(None, "int8", 1)],
        )
    ]
    + [
        ([("n", kind, 1)], "constraint", "EVS-013")
        for kind in ("int9", "", "String", "bool", None, 7, b"int8", ["int8"], {})
    ]
    + [
        ([("n", kind, value)], "type", "EVS-013")
        for kind, value in (
            ("boolean", 1),
            ("boolean", 0),
            ("boolean", None),
            ("boolean", "true"),
            ("string", b"x"),
            ("string", None),
            ("bytes", "x"),
            ("bytes", bytearray(b"x")),
            ("bytes", 3),
            ("uuid", "00000000-0000-0000-0000-000000000000"),
            ("uuid", bytes(16)),
            ("uuid", 0),
        )
    ]
    + [
        ([("n", kind, value)], "type", "EVS-013")
        for kind, _ in INT_RANGES
        for value in (True, False, 1.0, "1", b"1", None, {})
    ]
    + [
        ([("n", kind, value)], "constraint", "EVS-018")
        for kind, bits in INT_RANGES
        for value in (2 ** (bits - 1), -(2 ** (bits - 1)) - 1, 10**100, -(10**100))
    ]
    + [
        ([(name, "int8", 1)], "constraint", "EVS-011")
        for name in ("", "x" * 256, "\u20ac" * 86, "x" * 10**6)
    ]
    + [
        ([("n", "int8", 1), ("n", "int8", 1)], "constraint", "EVS-014"),
        ([("n", "int8", 1), ("m", "int8", 1), ("n", "string", "")], "constraint", "EVS-014"),
        ([("\ud800", "int8", 1)], "constraint", "EVS-015"),
        ([("n", "string", "a\udfffb")], "constraint", "EVS-015"),
        ([("n", "string", "x" * 32768)], "limit", "EVS-017"),
        ([("n", "string", "\u20ac" * 10923)], "limit", "EVS-017"),
        ([("n", "bytes", bytes(32768))], "limit", "EVS-017"),
        ([("n", "bytes", bytes(65536))], "limit", "EVS-017"),
    ]
)


@for_each("headers, kind, rule", REFUSED_HEADERS)
def test_encode_rejects_headers(headers, kind, rule):
    with pytest.raises(UsageError) as caught:
        encode(headers, b"payload")
    assert (caught.value.kind, caught.value.rule) == (kind, rule)
    assert one_line(caught.value)


@pytest.mark.parametrize("payload", [None, "text", 5, bytearray(b"x"), memoryview(b"x"), [1], {}])
def test_encode_rejects_a_payload_that_is_not_bytes(payload):
    with pytest.raises(UsageError) as caught:
        encode([], payload)
    assert (caught.value.kind, caught.value.expected, caught.value.actual) == (
        "type",
        "bytes",
        type(payload).__name__,
    )


@pytest.mark.parametrize("kind", [kind for kind, _ in INT_RANGES])
def test_a_huge_number_is_rejected_in_one_line(kind):
    with pytest.raises(UsageError) as caught:
        encode([("n", kind, 10**5000)], b"")
    assert caught.value.rule == "EVS-018"
    assert one_line(caught.value)


def test_a_type_without_a_repr_is_rejected_in_one_line():
    with pytest.raises(UsageError) as caught:
        encode([("n", WithoutRepr(), 1)], b"")
    assert caught.value.rule == "EVS-013"
    assert one_line(caught.value)


def test_messages_of_encode():
    def refusal(headers):
        with pytest.raises(UsageError) as caught:
            encode(headers, b"")
        return caught.value.expected, caught.value.actual

    assert refusal([("n", "int8", 128)]) == ("int8: -128 to 127", 128)
    assert refusal([("n", "timestamp", 2**63)]) == (
        "timestamp: -9223372036854775808 to 9223372036854775807",
        2**63,
    )
    assert refusal([("n", "int8", "1")]) == ("int8", "str")
    assert refusal([("n", "boolean", 1)]) == ("boolean", "int")
    assert refusal([("n", "int9", 1)]) == (
        "boolean bytes int16 int32 int64 int8 string timestamp uuid",
        "int9",
    )
    assert refusal([("n", "int8", 1), ("n", "int8", 1)])[1] == "n"
    assert refusal([("", "int8", 1)]) == ("1 to 255 bytes", "0 bytes")
    assert refusal([("\u20ac" * 86, "int8", 1)]) == ("1 to 255 bytes", "258 bytes")
    assert refusal([("n", "bytes", bytes(32768))]) == ("at most 32767 bytes", "32768 bytes")


def test_names_that_differ_in_case_are_two_names():  # EVS-021
    headers = [("name", "int8", 1), ("Name", "int8", 2)]
    assert exact(drain([encode(headers, b"")])[0]) == expected_of(headers, b"")


def test_encode_reads_any_iterable_of_headers_once():
    headers = [("a", "int8", 1), ["b", "string", "x"], FrameHeader("c", "boolean", False)]
    assert (
        encode(iter(headers), b"p")
        == encode(tuple(headers), b"p")
        == frame(header(b"a", 2, b"\x01") + header(b"b", 7, sized(b"x")) + header(b"c", 1), b"p")
    )


def test_encodes_each_type_as_specified():
    number = uuid.UUID("01020304-0506-0708-090a-0b0c0d0e0f10")
    headers = [
        ("0", "boolean", True),
        ("1", "boolean", False),
        ("2", "int8", -2),
        ("3", "int16", -3),
        ("4", "int32", -4),
        ("5", "int64", -5),
        ("6", "bytes", b"\x06"),
        ("7", "string", "\u20ac"),
        ("8", "timestamp", 8),
        ("9", "uuid", number),
    ]
    block = (
        b"\x010\x00"
        b"\x011\x01"
        b"\x012\x02\xfe"
        b"\x013\x03\xff\xfd"
        b"\x014\x04\xff\xff\xff\xfc"
        b"\x015\x05\xff\xff\xff\xff\xff\xff\xff\xfb"
        b"\x016\x06\x00\x01\x06"
        b"\x017\x07\x00\x03\xe2\x82\xac"
        b"\x018\x08\x00\x00\x00\x00\x00\x00\x00\x08"
        b"\x019\x09\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"
    )
    assert encode(headers, b"payload") == frame(block, b"payload")
    assert exact(drain([frame(block, b"payload")])[0]) == expected_of(headers, b"payload")


# ---- limits ------------------------------------------------------------------------------------


def headers_of_length(length: int):
    """Return headers whose block is length bytes long."""
    headers, left = [], length
    while left:
        size = (
            min(left, 32771 + 1) - 5
        )  # 1 + 1 for the name, 1 for the type, 2 for the length: 5 bytes precede a value
        if 0 < left - size - 5 < 6:  # leave enough for one more
            size -= 6
        headers.append((chr(ord("a") + len(headers)), "bytes", bytes(size)))
        left -= size + 5
    return headers


def test_encodes_128_kib_of_headers_but_not_one_byte_more():
    messages, error = drain([encode(headers_of_length(128 * 1024), b"")])
    assert error is None
    assert len(messages[0].headers) > 1
    with pytest.raises(UsageError) as caught:
        encode(headers_of_length(128 * 1024 + 1), b"")
    error = caught.value
    assert (error.kind, error.rule, error.expected, error.actual) == (
        "limit",
        "EVS-025",
        "at most 131072 bytes",
        "131073 bytes",
    )


def test_encodes_24_mib_of_payload_but_not_one_byte_more():
    payload = bytes(24 * 1024 * 1024)
    messages, error = drain([encode([], payload)])
    assert error is None
    assert messages == [((), payload)]
    with pytest.raises(UsageError) as caught:
        encode([], payload + b"\0")
    error = caught.value
    assert (error.kind, error.rule, error.expected, error.actual) == (
        "limit",
        "EVS-025",
        "at most 25165824 bytes",
        "25165825 bytes",
    )


def test_decodes_values_that_encode_rejects():  # EVS-016, EVS-017
    text, data = "x" * 65535, b"\xff" * 65535
    block = (
        header(b"s", 7, sized(text.encode()))
        + header(b"b", 6, sized(data))
        + header(b"c", 6, sized(data))
    )
    assert len(block) > 128 * 1024  # EVS-025 limits only the encoder
    for way, chunks in chunkings(frame(block, b"p")):
        messages, error = drain(chunks)
        assert error is None, way
        assert [h.value for h in messages[0].headers] == [text, data, data], way
    for value in (text, data):
        with pytest.raises(UsageError) as caught:
            encode([("v", "string" if value is text else "bytes", value)], b"")
        assert (caught.value.kind, caught.value.rule) == ("limit", "EVS-017")


def test_an_empty_message_is_a_message():  # EVS-027
    assert encode([], b"") == frame() == bytes.fromhex("00000010 00000000 05c248eb 7d98c8ff")
    for way, chunks in ways(frame()):
        messages, error = drain(chunks)
        assert error is None, way
        assert messages[0] == ((), b""), way


def test_decodes_empty_values():
    headers = [("s", "string", ""), ("b", "bytes", b"")]
    assert encode(headers, b"") == frame(header(b"s", 7, sized(b"")) + header(b"b", 6, sized(b"")))
    assert exact(drain([encode(headers, b"")])[0]) == expected_of(headers, b"")


def test_decodes_a_payload_over_24_mib_within_its_limit():
    payload = bytes(24 * 1024 * 1024 + 1)
    assert drain([frame(b"", payload)]) == ([((), payload)], None)


@pytest.mark.parametrize("limit", [16, 17, 60, 1000])
def test_accepts_max_frame_length_and_rejects_one_byte_more_at_the_prelude(
    limit,
):  # EVS-008
    met, over = frame(b"", bytes(limit - 16)), frame(b"", bytes(limit - 15))
    for way, chunks in chunkings(met + met):
        messages, error = drain(chunks, Decoder(max_frame_length=limit))
        assert error is None, way
        assert len(messages) == 2, way
    decoder = Decoder(max_frame_length=limit)
    decoder.feed(met + over[:11])
    assert decoder.buffered == 11
    with pytest.raises(FrameError) as caught:
        decoder.feed(over[11:12])
    error = caught.value
    assert (error.kind, error.rule, error.offset) == ("limit", "EVS-008", limit)
    assert (error.expected, error.actual) == (f"at most {limit}", limit + 1)
    assert decoder.buffered == 0


def test_the_default_limit_is_32_mib():
    assert DEFAULT_MAX_FRAME_LENGTH == 32 * 1024 * 1024
    assert Decoder().feed(prelude(DEFAULT_MAX_FRAME_LENGTH, 0)) == []
    for total_length in (DEFAULT_MAX_FRAME_LENGTH + 1, 0xFFFFFFFF):
        with pytest.raises(FrameError) as caught:
            Decoder().feed(prelude(total_length, 0))
        assert (caught.value.kind, caught.value.offset) == ("limit", 0)
        assert (caught.value.expected, caught.value.actual) == ("at most 33554432", total_length)
    assert Decoder(max_frame_length=0xFFFFFFFF).feed(prelude(0xFFFFFFFF, 0)) == []


@pytest.mark.parametrize(
    "limit, kind",
    [
        (None, "type"),
        ("32", "type"),
        (1.5, "type"),
        (True, "type"),
        (b"", "type"),
        (15, "constraint"),
        (0, "constraint"),
        (-1, "constraint"),
        (-(10**100), "constraint"),
    ],
)
def test_rejects_an_invalid_max_frame_length(limit, kind):
    with pytest.raises(UsageError) as caught:
        Decoder(max_frame_length=limit)
    assert caught.value.kind == kind
    assert one_line(caught.value)


# ---- every error, byte by byte -----------------------------------------------------------------


class Fault(NamedTuple):
    data: bytes
    kind: str
    rule: str
    offset: int
    expected: object
    actual: object


def crc_fault(data: bytes, kind: str, rule: str, at: int, flip: int) -> Fault:
    """Flip bits of the checksum at `at`, which covers the bytes before it."""
    right = zlib.crc32(data[:at])
    broken = data[:at] + u32(right ^ flip) + data[at + 4 :]
    return Fault(broken, kind, rule, at, f"0x{right:08x}", f"0x{right ^ flip:08x}")


def prelude_fault(
    total_length: int,
    headers_length: int,
    rule: str,
    offset: int,
    expected: str,
    actual: int,
    kind: str = "length",
) -> Fault:
    return Fault(
        sealed(prelude(total_length, headers_length) + EVENT + b"payload"),
        kind,
        rule,
        offset,
        expected,
        actual,
    )


def short(block: bytes, needed: int) -> Fault:
    """Return the error of a block that ends before it has the needed bytes."""
    return Fault(
        frame(block, b"payload"),
        "header",
        "EVS-010",
        12 + len(block),
        f"at most {len(block)} bytes of headers",
        f"{needed} bytes",
    )


def block_fault(
    block: bytes, kind: str, rule: str, at: int, expected: object, actual: object
) -> Fault:
    return Fault(frame(block, b"payload"), kind, rule, 12 + at, expected, actual)


L = len(EVENT)
THE_PRELUDE = prelude(len(FIRST), L)
MORE = header(b"after", 0)
FAULTS = {
    "prelude crc, lowest bit": crc_fault(THE_PRELUDE + FIRST[12:], "prelude_crc", "EVS-004", 8, 1),
    "prelude crc, highest bit": crc_fault(
        THE_PRELUDE + FIRST[12:], "prelude_crc", "EVS-004", 8, 1 << 31
    ),
    "prelude crc, every bit": crc_fault(
        THE_PRELUDE + FIRST[12:], "prelude_crc", "EVS-004", 8, 0xFFFFFFFF
    ),
    "prelude crc, absurd lengths": crc_fault(
        prelude(0xFFFFFFFF, 0xFFFFFFFF) + FIRST[12:], "prelude_crc", "EVS-004", 8, 1
    ),
    "prelude crc, lengths of nothing": crc_fault(
        prelude(0, 0) + FIRST[12:], "prelude_crc", "EVS-004", 8, 1
    ),
    "message crc, lowest bit": crc_fault(FIRST, "message_crc", "EVS-005", len(FIRST) - 4, 1),
    "message crc, highest bit": crc_fault(FIRST, "message_crc", "EVS-005", len(FIRST) - 4, 1 << 31),
    "message crc, empty message": crc_fault(frame(), "message_crc", "EVS-005", 12, 1),
    "message crc, and a broken header": crc_fault(
        frame(header(b"", 99), b"payload"), "message_crc", "EVS-005", 12 + 2 + 7, 1
    ),
    "headers_length one past": prelude_fault(
        len(FIRST),
        len(FIRST) - 15,
        "EVS-007",
        4,
        f"at most {len(FIRST) - 16}",
        len(FIRST) - 15,
    ),
    "headers_length far past": prelude_fault(
        len(FIRST), 0xFFFFFFFF, "EVS-007", 4, f"at most {len(FIRST) - 16}", 0xFFFFFFFF
    ),
    "headers_length in no room": prelude_fault(16, 1, "EVS-007", 4, "at most 0", 1),
    "limit, one over": prelude_fault(
        33554433, L, "EVS-008", 0, "at most 33554432", 33554433, "limit"
    ),
    "limit, farthest": prelude_fault(
        0xFFFFFFFF, L, "EVS-008", 0, "at most 33554432", 0xFFFFFFFF, "limit"
    ),
    "limit, headers and all": prelude_fault(
        0xFFFFFFFF, 0xFFFFFFEF, "EVS-008", 0, "at most 33554432", 0xFFFFFFFF, "limit"
    ),
    "empty name": block_fault(header(b"", 0), "header", "EVS-011", 0, "1 to 255 bytes", "0 bytes"),
    "empty name, second": block_fault(
        EVENT + header(b"", 7, sized(b"x")), "header", "EVS-011", L, "1 to 255 bytes", "0 bytes"
    ),
    "name past the block": short(b"\x05name", 7),
    "name far past the block": short(EVENT + b"\xffn", L + 257),
    "name length alone": short(EVENT + b"\x01", L + 3),
    "type missing": short(b"\x04name", 6),
    "type missing, second": short(EVENT + b"\x04name", L + 6),
    "value length missing": short(b"\x04name\x06", 8),
    "value length half there": short(b"\x04name\x07\x00", 8),
    "string past the block": short(b"\x04name\x07\x00\x06value", 14),
    "string far past the block": short(b"\x04name\x07\xff\xffvalue", 65543),
    "bytes past the block": short(EVENT + b"\x04name\x06\x00\x06value", L + 14),
    "int8 missing": short(b"\x04name\x02", 7),
    "int16 past the block": short(b"\x04name\x03\x01", 8),
    "int32 past the block": short(b"\x04name\x04\x01\x02\x03", 10),
    "int64 past the block": short(b"\x04name\x05\x01\x02\x03\x04\x05\x06\x07", 14),
    "timestamp past the block": short(b"\x04name\x08\x01\x02\x03\x04\x05\x06\x07", 14),
    "uuid past the block": short(b"\x04name\x09" + bytes(15), 22),
    "trailing byte in the block": short(EVENT + b"\x20", L + 34),
    "trailing zero byte in the block": block_fault(
        EVENT + b"\0", "header", "EVS-011", L, "1 to 255 bytes", "0 bytes"
    ),
    "type 10": block_fault(b"\x04name\x0a" + MORE, "header_type", "EVS-013", 5, "0 to 9", 10),
    "type 255": block_fault(
        EVENT + b"\x04name\xff" + MORE, "header_type", "EVS-013", L + 5, "0 to 9", 255
    ),
    "type 10, last byte": block_fault(b"\x04name\x0a", "header_type", "EVS-013", 5, "0 to 9", 10),
    "utf8 in a name": block_fault(
        header(b"na\xffme", 0) + MORE, "utf8", "EVS-012", 3, "UTF-8", b"\xffme"
    ),
    "utf8 in a name, cut short": block_fault(
        EVENT + header(b"n\xe2\x82", 0), "utf8", "EVS-012", L + 2, "UTF-8", b"\xe2\x82"
    ),
    "utf8 in a name, surrogate": block_fault(
        header(b"\xed\xa0\x80", 0), "utf8", "EVS-012", 1, "UTF-8", b"\xed\xa0\x80"
    ),
    "utf8 in a string": block_fault(
        header(b"name", 7, sized(b"value\xc3(end")) + MORE,
        "utf8",
        "EVS-015",
        13,
        "UTF-8",
        b"\xc3(en",
    ),
    "utf8 in a string, overlong": block_fault(
        EVENT + header(b"n", 7, sized(b"\xc0\xaf")), "utf8", "EVS-015", L + 5, "UTF-8", b"\xc0\xaf"
    ),
    "utf8 in a string, surrogate": block_fault(
        header(b"n", 7, sized(b"x\xed\xa0\x80")), "utf8", "EVS-015", 6, "UTF-8", b"\xed\xa0\x80"
    ),
    "name twice": block_fault(
        header(b"name", 0) + header(b"name", 0),
        "duplicate_header",
        "EVS-014",
        6,
        "unique names",
        "name",
    ),
    "name twice, other type": block_fault(
        EVENT + MORE + header(b":event-type", 2, b"\x01"),
        "duplicate_header",
        "EVS-014",
        L + len(MORE),
        "unique names",
        ":event-type",
    ),
    "name twice, past ASCII": block_fault(
        header(b"\xc3\xa9", 0) * 2, "duplicate_header", "EVS-014", 4, "unique names", "\u00e9"
    ),
}
FAULTS.update(
    (f"total_length {total}", prelude_fault(total, 0, "EVS-006", 0, "at least 16", total))
    for total in range(16)
)
FAULTS["total_length 15, headers past it"] = prelude_fault(15, 100, "EVS-006", 0, "at least 16", 15)


@pytest.mark.slow
@for_each("before, wanted", BEFORE, ids=["first", "second", "fourth"])
@for_each("name", FAULTS)
def test_error(name, before, wanted):
    fault = FAULTS[name]
    for way, chunks in ways(before + fault.data):
        decoder = Decoder()
        messages, error = drain(chunks, decoder)
        assert error is not None, way
        assert (error.kind, error.rule, error.offset) == (
            fault.kind,
            fault.rule,
            len(before) + fault.offset,
        ), way
        assert (error.expected, error.actual) == (fault.expected, fault.actual), way
        assert messages == wanted, way
        assert decoder.buffered == 0, way
        assert one_line(error), way


@for_each(
    "name", [name for name in FAULTS if FAULTS[name].kind in ("prelude_crc", "length", "limit")]
)
def test_rejects_a_bad_prelude_at_its_twelfth_byte(name):
    decoder = Decoder()
    for byte in pieces(FAULTS[name].data[:11], 1):
        assert decoder.feed(byte) == []
    with pytest.raises(FrameError):
        decoder.feed(FAULTS[name].data[11:12])


def test_messages_name_the_invalid_part():
    def told(name):
        return str(drain([FAULTS[name].data])[1])

    assert told("name past the block") == (
        "header name and type runs past the headers block "
        "(expected at most 5 bytes of headers, got 7 bytes, at byte 17, rule EVS-010)"
    )
    assert told("value length missing").startswith("value length runs past")
    assert told("int8 missing").startswith("header value runs past")
    assert told("utf8 in a name").startswith("header name is invalid UTF-8")
    assert told("utf8 in a string").startswith("value of header 'name' is invalid UTF-8")
    assert (
        told("total_length 15")
        == "total length too small (expected at least 16, got 15, at byte 0, rule EVS-006)"
    )
    assert told("message crc, empty message") == (
        "message checksum differs (expected 0x7d98c8ff, got 0x7d98c8fe, at byte 12, rule EVS-005)"
    )


@pytest.mark.parametrize("before, wanted", BEFORE, ids=["first", "second", "fourth"])
@pytest.mark.parametrize("whole", [FIRST, frame()], ids=["message", "empty message"])
def test_reports_a_stream_that_ends_inside_a_frame(whole, before, wanted):  # EVS-022
    for length in range(1, len(whole)):
        for way, chunks in chunkings(before + whole[:length]):
            decoder = Decoder()
            messages, error = drain(chunks, decoder)
            assert messages == wanted, (way, length)
            assert (error.kind, error.rule, error.offset) == (
                "truncated",
                "EVS-022",
                len(before) + length,
            ), (way, length)
            assert (type(error.buffered), error.buffered) == (bytes, whole[:length]), (way, length)
            assert error.expected == (
                "12 bytes of it or more" if length < 12 else f"{len(whole)} bytes of it"
            ), (way, length)
            assert error.actual == str(length), (way, length)
            assert error.messages == (), (way, length)
            assert (f"began at byte {len(before)} ") in str(error), (way, length)
            assert decoder.buffered == 0, (way, length)


def test_accepts_a_stream_that_ends_between_frames():
    for before, wanted in BEFORE:
        assert drain([before]) == (wanted, None)
    assert drain([]) == ([], None)
    assert drain([b"", b""]) == ([], None)


# ---- after an error, after the end -------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "prelude crc, lowest bit",
        "message crc, lowest bit",
        "total_length 0",
        "limit, one over",
        "empty name",
        "type 10",
    ],
)
def test_a_decoder_that_has_failed_says_so(name):  # EVS-024
    decoder = Decoder()
    assert decoder.feed(FIRST) == [FIRST_MESSAGE]
    with pytest.raises(FrameError) as caught:
        decoder.feed(SECOND + FIRST + FAULTS[name].data + TRAILING)
    assert caught.value.messages == (SECOND_MESSAGE, FIRST_MESSAGE)  # EVS-023: those of this call
    for data in (TRAILING, b"", b"x"):
        with pytest.raises(UsageError) as again:
            decoder.feed(data)
        assert again.value.rule == "EVS-024"
        assert caught.value.message in str(again.value)
        assert one_line(again.value)
    assert decoder.close() is None
    assert decoder.buffered == 0


def test_a_closed_decoder_says_so():
    for chunks in ([], [b""], [FIRST], [FIRST + SECOND, FIRST]):
        decoder = Decoder()
        for chunk in chunks:
            decoder.feed(chunk)
        assert decoder.close() is None
        for data in (FIRST, b""):
            with pytest.raises(UsageError) as caught:
                decoder.feed(data)
            assert (caught.value.rule, caught.value.message) == ("EVS-024", "the decoder is closed")
        assert decoder.close() is None


def test_a_decoder_that_reported_truncation_has_failed():
    decoder = Decoder()
    decoder.feed(FIRST[:-1])
    with pytest.raises(FrameError):
        decoder.close()
    assert decoder.close() is None
    assert decoder.buffered == 0
    with pytest.raises(UsageError, match="the decoder has failed: the stream ends inside"):
        decoder.feed(FIRST[-1:])


@pytest.mark.parametrize(
    "name", ["utf8 in a name", "utf8 in a string", "type 10", "message crc, lowest bit"]
)
def test_an_error_hides_its_internal_cause(name):
    error = drain([FAULTS[name].data])[1]
    told = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    assert told.count("Traceback") == 1
    assert "UnicodeDecodeError" not in told


def test_messages_of_an_error_are_a_tuple():
    error = drain([FIRST + FAULTS["type 10"].data])[1]
    assert type(error.messages) is tuple
    assert drain([FAULTS["type 10"].data])[1].messages == ()


@pytest.mark.parametrize("name", ["type 10", "utf8 in a string", "message crc, lowest bit"])
def test_pickles_an_error_with_its_messages(name):
    error = drain([FIRST + FAULTS[name].data])[1]
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is FrameError
    assert vars(copy) == vars(error)
    assert copy.messages == (FIRST_MESSAGE,)
    assert type(copy.messages[0].headers) is FrameHeaders
    assert str(copy) == str(error)


# ---- feeding -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [bytearray, memoryview, lambda data: memoryview(bytearray(data))])
def test_accepts_any_bytes_like_object(kind):
    for _, chunks in chunkings(FIRST + SECOND):
        messages, error = drain([kind(chunk) for chunk in chunks])
        assert error is None
        assert exact(messages) == exact([FIRST_MESSAGE, SECOND_MESSAGE])


def test_copies_its_input():
    decoder, data = Decoder(), bytearray(FIRST)
    decoder.feed(data[:5])
    messages = decoder.feed(memoryview(data)[5:])
    data[:] = bytes(len(data))
    assert exact(messages) == exact([FIRST_MESSAGE])


def test_reads_a_strided_view_in_its_order():
    assert drain([memoryview(FIRST[::-1])[::-1]]) == ([FIRST_MESSAGE], None)


@pytest.mark.parametrize("data", [None, "text", 5, [1, 2], ("x",), {}, object()])
def test_rejects_data_of_another_type_without_effect(data):
    decoder = Decoder()
    decoder.feed(FIRST[:20])
    with pytest.raises(UsageError) as caught:
        decoder.feed(data)
    assert (caught.value.kind, caught.value.expected, caught.value.actual) == (
        "type",
        "bytes",
        type(data).__name__,
    )
    assert decoder.buffered == 20
    assert decoder.feed(FIRST[20:]) == [FIRST_MESSAGE]


def test_rejects_a_released_view():
    view = memoryview(FIRST)
    view.release()
    with pytest.raises(UsageError):
        Decoder().feed(view)


@pytest.mark.parametrize("block", [None, "text", 5, [1, 2], object()])
def test_decode_headers_rejects_another_type(block):
    with pytest.raises(UsageError):
        decode_headers(block)


def test_decode_headers():
    headers = decode_headers(EVENT + MORE)
    assert headers == (
        FrameHeader(":event-type", "string", "PayloadPart"),
        FrameHeader("after", "boolean", True),
    )
    assert type(headers) is FrameHeaders
    assert decode_headers(b"") == ()
    with pytest.raises(FrameError) as caught:
        decode_headers(EVENT + b"\0", offset=1000)
    assert caught.value.offset == 1000 + len(EVENT)
    with pytest.raises(FrameError) as caught:
        decode_headers(b"\0")
    assert caught.value.offset == 0


# ---- messages and headers ----------------------------------------------------------------------


def test_finds_headers_by_case_sensitive_name():  # EVS-021
    headers = decode_headers(
        EVENT
        + header(b"n", 2, b"\x05")
        + header(b"N", 7, sized(b""))
        + header(b"b", 6, sized(b"x"))
    )
    assert headers.find("n") == ("n", "int8", 5)
    assert headers.find("N") == ("N", "string", "")
    assert headers.find(":Event-Type") is None
    assert headers.string(":event-type") == "PayloadPart"
    assert headers.string("N") == ""
    assert headers.string("n") is None  # not a string
    assert headers.string("b") is None
    assert headers.string("absent") is None
    assert FrameHeaders().find("n") is None


def test_headers_are_ordered_and_immutable():
    names_in_order = ["z", "a", "m", "Z", "0"]
    headers = decode_headers(b"".join(header(name.encode(), 0) for name in names_in_order))
    assert [h.name for h in headers] == names_in_order
    with pytest.raises(TypeError):
        headers[0] = headers[1]  # type: ignore[index]
    with pytest.raises(AttributeError):
        headers[0].value = False  # type: ignore[misc]


def test_a_message_shows_its_headers_but_not_its_payload():
    message = drain([frame(EVENT, b"secret")])[0][0]
    assert repr(message) == (
        "Message(headers=(FrameHeader(name=':event-type', type='string', value='PayloadPart'),), "
        "payload=<6 bytes>)"
    )
    assert "secret" not in str(message) + repr([message])
    headers, payload = message
    assert (headers, payload) == (message.headers, message.payload) == message


def test_pickles_a_message():
    number = uuid.UUID(int=5)
    message = drain([encode([("u", "uuid", number), ("t", "timestamp", -1)], b"p")])[0][0]
    message.headers.find("u")
    copy = pickle.loads(pickle.dumps(message))
    assert exact([copy]) == exact([message])
    assert copy.headers.find("u").value == number


def counting_meaning(read):
    """Return a `meaning` for FrameReader that notes the headers in read."""

    def meaning(headers):
        read.append(headers)
        return lambda payload: (headers, payload)

    return meaning


def test_equal_headers_in_a_row_are_decoded_once():
    read, results = [], []
    reader = FrameReader(counting_meaning(read))
    for data in (FIRST, TRAILING, SECOND, FIRST, FIRST):
        reader.read(data, results)
    assert read == [FIRST_MESSAGE.headers, SECOND_MESSAGE.headers, FIRST_MESSAGE.headers]
    assert [payload for _, payload in results] == [b"first", b"trailing", b"", b"first", b"first"]
    assert results[0][0] is results[1][0]
    assert results[3][0] is results[4][0] is not results[0][0]


def test_the_cache_keeps_one_headers_block():
    decoder = Decoder()
    for number in range(1000):
        decoder.feed(frame(header(b"n", 6, sized(bytes(1000) + u32(number)))))
    before = peak_of(lambda: None)
    assert (
        peak_of(lambda: decoder.feed(frame(header(b"n", 6, sized(bytes(1000)))))) < before + 50000
    )
    assert decoder._block == header(b"n", 6, sized(bytes(1000)))


def test_a_result_of_none_is_left_out():
    results = []
    reader = FrameReader(lambda headers: lambda payload: payload or None)
    reader.read(frame(b"", b"a") + frame() + frame(b"", b"b"), results)
    assert results == [b"a", b"b"]


def test_an_error_of_the_meaning_ends_the_reader_each_time():
    """Headers whose meaning is an error are not cached."""
    for data in (FIRST, SECOND + FIRST, SECOND + SECOND + FIRST):
        results = []

        def meaning(headers):
            if headers == FIRST_MESSAGE.headers:
                raise FrameError("unwanted", kind="message_type")
            return lambda payload: payload + b"!"

        reader = FrameReader(meaning)
        with pytest.raises(FrameError, match="unwanted"):
            reader.read(data, results)
        assert results == [b"!"] * data.count(SECOND)
        with pytest.raises(UsageError, match="unwanted"):
            reader.read(data, results)


def test_distinguishes_headers_with_a_common_beginning():
    for length in range(1, 256):
        shorter = header(b"x" * length, 1)
        one, two = (
            (FrameHeader("x" * length, "boolean", False),),
            (FrameHeader("after", "boolean", True),),
        )
        blocks = [(shorter, one), (shorter + MORE, one + two), (MORE + shorter, two + one)]
        for order in (blocks, blocks[::-1]):
            decoder = Decoder()
            for block, headers in order:
                assert decoder.feed(frame(block)) == [(headers, b"")], length


def test_checks_every_frame():
    """Frames are checked even if they share lengths or headers with a valid one."""
    for name in FAULTS:
        decoder = Decoder()
        decoder.feed(frame(EVENT, b"payload") + FIRST + frame())
        with pytest.raises(FrameError) as caught:
            decoder.feed(FAULTS[name].data)
        assert caught.value.kind == FAULTS[name].kind, name


# ---- cost: work and memory in every chunking ---------------------------------------------------


class CountingDecoder(Decoder):
    """Counts the bytes examined, and how often the kept bytes move to another buffer."""

    looked_at = 0
    buffers = 0

    def _read_frames(self, data, results):
        self.looked_at += len(data)
        return super()._read_frames(data, results)

    def feed(self, data):
        kept = self._pending
        try:
            return super().feed(data)
        finally:
            self.buffers += self._pending is not kept


@pytest.fixture
def checked(monkeypatch):
    """Return the lengths of all byte strings whose checksum is computed."""
    lengths: List[int] = []

    def counting(data, start=0):
        lengths.append(len(data))
        return zlib.crc32(data, start)

    monkeypatch.setattr(eventstream_frames, "crc32", counting)
    return lengths


def big_frame(payload_length: int) -> bytes:
    return frame(
        EVENT,
        random.Random(payload_length).getrandbits(8 * 4096).to_bytes(4096, "big")
        * (payload_length // 4096),
    )


# EVS-009
@pytest.mark.slow
@pytest.mark.parametrize(
    "length, size",
    [
        (16 << 20, 1 << 10),
        (16 << 20, 64 << 10),
        (16 << 20, 7 << 20),
        (16 << 20, 32 << 20),
        (1 << 20, 1),
        (1 << 20, 7),
    ],
)
def test_work_is_linear_in_the_bytes_of_one_large_frame(length, size, checked):
    data = big_frame(length)
    decoder = CountingDecoder()
    messages, error = drain(pieces(data, size), decoder)
    assert error is None
    assert [message.payload for message in messages] == [data[12 + L : -4]]
    assert (
        decoder.looked_at <= len(data) + min(2 * size, len(data)) + 12
    )  # first piece, prelude, end
    # The prelude is checked when it arrives, and again with the whole frame.
    assert sum(checked) <= len(data) + 2 * 8
    assert decoder.buffers <= 5  # not once per piece


# EVS-009
@pytest.mark.parametrize("size", [1, 7, 63, 64, 1000, 1 << 20])
def test_work_is_linear_in_the_bytes_of_many_small_frames(size, checked):
    count = 2000
    data = FIRST * count
    decoder = CountingDecoder()
    messages, error = drain(pieces(data, size), decoder)
    assert error is None
    assert messages == [FIRST_MESSAGE] * count
    assert decoder.looked_at <= 3 * len(data)
    assert sum(checked) <= len(data) + 2 * 8 * count


def peak_of(work) -> int:
    """Return the peak memory use of work, in bytes."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        work()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


# EVS-009
@pytest.mark.slow
@pytest.mark.parametrize(
    "length, size",
    [(16 << 20, 1 << 10), (16 << 20, 64 << 10), (16 << 20, 32 << 20), (128 << 10, 1)],
)
def test_memory_is_bounded_by_a_few_times_the_frame(length, size):
    data = memoryview(big_frame(length))
    chunks = (data[start : start + size] for start in range(0, len(data), size))
    assert peak_of(lambda: drain(chunks)) <= 4 * len(data)


@pytest.mark.slow
def test_a_long_stream_is_not_kept():
    chunk = FIRST * 1000
    decoder = Decoder()

    def read():
        for _ in range(30):
            decoder.feed(chunk[5:])
            decoder.feed(chunk[:5])

    decoder.feed(chunk[:5])
    assert peak_of(read) <= 10 * len(chunk)  # one chunk and its messages, not thirty
    assert decoder.offset == 30 * len(chunk)


# EVS-009
@pytest.mark.parametrize("total_length", [0xFFFFFFF0, 0xFFFFFFFF])
def test_a_hostile_length_within_the_limit_allocates_nothing(total_length):
    def attack():
        decoder = Decoder(max_frame_length=0xFFFFFFFF)
        decoder.feed(prelude(total_length, 1 << 20))
        for _ in range(100):
            assert decoder.feed(b"x" * 100) == []
        assert decoder.buffered == 12 + 10000
        with pytest.raises(FrameError) as caught:
            decoder.close()
        assert caught.value.expected == f"{total_length} bytes of it"

    assert peak_of(attack) < 1 << 20


# EVS-040
def test_headers_are_bounded_in_bytes_and_in_number(monkeypatch):
    """test_memory.py measures what they cost."""
    longest = eventstream.MAX_DECODED_HEADERS_LENGTH
    assert Decoder().feed(prelude(longest + 100, longest)) == []
    with pytest.raises(FrameError) as caught:
        Decoder().feed(prelude(longest + 100, longest + 1))
    assert (caught.value.kind, caught.value.rule, caught.value.offset) == ("limit", "EVS-040", 4)
    monkeypatch.setattr(eventstream_frames, "MAX_HEADER_COUNT", 3)
    blocks = [header(b"%d" % number, 0) for number in range(4)]
    assert len(Decoder().feed(frame(b"".join(blocks[:3])))[0].headers) == 3
    with pytest.raises(FrameError) as caught:
        Decoder().feed(frame(b"".join(blocks)))
    assert (caught.value.kind, caught.value.rule) == ("limit", "EVS-040")
    assert caught.value.offset == 12 + len(b"".join(blocks[:3]))


def test_a_hostile_value_length_allocates_nothing():
    block = header(b"n", 6, b"\xff\xff")
    assert peak_of(lambda: drain([frame(block)])) < 1 << 16


# ---- other formats -----------------------------------------------------------------------------

OTHER_FORMATS = {
    "JSON object": (
        b'{"message": "not found", "code": 404}',
        "these bytes are JSON (",
    ),
    "JSON array": (b"[1, 2, 3, 4, 5, 6, 7]", "these bytes are JSON"),
    "JSON, indented": (b'\r\n  {"message": null}', "these bytes are JSON"),
    "short JSON": (b"{}", "these bytes are JSON"),
    "HTML": (
        b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>",
        "these bytes are HTML or XML",
    ),
    "XML": (b'<?xml version="1.0"?><Error/>', "these bytes are HTML or XML"),
    "SSE data": (b'data: {"token": "hi"}\n\n', "these bytes are server-sent events"),
    "SSE without a blank": (b'data:{"token": "hi"}\n\n', "these bytes are server-sent events"),
    "SSE event": (b"event: message\ndata: hi\n\n", "these bytes are server-sent events"),
    "SSE comment": (b": ping\n\ndata: hi\n\n", "these bytes are server-sent events"),
    "SSE id": (b"id: 1\ndata: hello\n\n", "these bytes are server-sent events"),
    "SSE retry": (b"retry: 1000\n\n", "these bytes are server-sent events"),
    "HTTP response": (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\n\r\n",
        "these bytes are an HTTP message",
    ),
    "HTTP request": (
        b"POST /endpoints/llm/invocations-response-stream HTTP/1.1\r\n\r\n",
        "these bytes are an HTTP message",
    ),
    "GET": (b"GET / HTTP/1.1\r\n\r\n", "these bytes are an HTTP message"),
    "gzip": (gzip.compress(FIRST), "these bytes are gzip"),
    "base64": (
        base64.b64encode(FIRST),
        "these bytes are a base64-encoded frame, not an event stream",
    ),
    "base64 of 255 bytes": (
        base64.b64encode(frame(b"", bytes(239))),
        "these bytes are a base64-encoded frame, not an event stream",
    ),
    "base64 of 455 bytes": (
        base64.b64encode(frame(EVENT, bytes(455 - 16 - L))),
        "these bytes are a base64-encoded frame, not an event stream",
    ),
    "base64 of 20000 bytes": (
        base64.b64encode(frame(EVENT, bytes(20000))),
        "these bytes are a base64-encoded frame, not an event stream",
    ),
    "text": (
        b"upstream connect error or disconnect/reset before headers",
        "these bytes are text (upstream con",
    ),
    "short text": (b"error", "these bytes are text (error), not an event stream"),
}


@for_each("name", OTHER_FORMATS)
def test_names_the_format_of_other_bytes(name):
    data, told = OTHER_FORMATS[name]
    for way, chunks in chunkings(data):
        messages, error = drain(chunks)
        assert messages == [], way
        assert error.kind == ("prelude_crc" if len(data) >= 12 else "truncated"), way
        assert str(error).startswith(told), way
        assert "not an event stream: " in str(error), way
        assert one_line(error), way


@for_each("name", OTHER_FORMATS)
def test_names_other_bytes_after_a_frame(name):
    messages, error = drain([FIRST + OTHER_FORMATS[name][0]])
    assert messages == [FIRST_MESSAGE]
    assert str(error).startswith(OTHER_FORMATS[name][1])
    assert error.buffered == OTHER_FORMATS[name][0]


@pytest.mark.parametrize(
    "data",
    [
        bytes(20),
        b"\xff" * 20,
        b"text, but \x00 then no more of it",
        b"caf\xe9 latin one text",
        b"\x7f" * 12,
        b" " * 20,
        FAULTS["prelude crc, lowest bit"].data,
        FIRST[:-1],
        FIRST[:5],
    ],
)
def test_does_not_guess_unknown_formats(data):
    error = drain([data])[1]
    assert error is not None
    assert "these bytes" not in str(error)


def test_text_is_shown_short_and_escaped():
    told = str(drain([b"one\ttwo\r\nthree" + b"x" * 1000])[1])
    assert told.startswith(
        f"these bytes are text (one\\ttwo\\r\\nthree{'x' * 186}...), not an event stream: "
        "prelude checksum differs ("
    )


# ---- oracle: AWS's published frames ------------------------------------------------------------

GO = "eventstream-aws-sdk-go"
POSITIVE = [
    "all_headers",
    "empty_message",
    "int32_header",
    "payload_no_headers",
    "payload_one_str_header",
]
NEGATIVE = {
    "corrupted_header_len": "prelude_crc",
    "corrupted_headers": "message_crc",
    "corrupted_length": "prelude_crc",
    "corrupted_payload": "message_crc",
}
TYPE_OF_CODE = [
    "boolean",
    "boolean",
    "int8",
    "int16",
    "int32",
    "int64",
    "bytes",
    "string",
    "timestamp",
    "uuid",
]


def published_value(entry):
    kind, value = TYPE_OF_CODE[entry["type"]], entry["value"]
    if kind in ("bytes", "string", "uuid"):
        data = base64.b64decode(value)
        value = {
            "bytes": data,
            "string": data.decode("latin-1"),
            "uuid": uuid.UUID(bytes=data) if kind == "uuid" else None,
        }[kind]
    return kind, value


@pytest.mark.parametrize("name", POSITIVE)
def test_published_frame(name):
    data = corpora(GO, "encoded", "positive", name).read_bytes()
    fields = json.loads(corpora(GO, "decoded", "positive", name).read_text())
    total_length, headers_length, prelude_crc = struct.unpack(">IIi", data[:12])
    message_crc = struct.unpack(">i", data[-4:])[0]
    assert (total_length, headers_length, prelude_crc, message_crc) == (
        fields["total_length"],
        fields["headers_length"],
        fields["prelude_crc"],
        fields["message_crc"],
    )
    headers = [(entry["name"],) + published_value(entry) for entry in fields["headers"]]
    payload = base64.b64decode(fields["payload"])
    for way, chunks in chunkings(data):
        messages, error = drain(chunks)
        assert error is None, way
        assert exact(messages) == expected_of(headers, payload), way
        assert messages[0].headers == decode_headers(data[12 : 12 + headers_length]), way
    assert encode(headers, payload) == data
    assert encode_again(messages[0]) == data


@pytest.mark.parametrize("name", sorted(NEGATIVE))
def test_published_invalid_frame(name):
    data = corpora(GO, "encoded", "negative", name).read_bytes()
    told = corpora(GO, "decoded", "negative", name).read_text().strip()
    assert (
        told
        == {"prelude_crc": "Prelude checksum mismatch", "message_crc": "Message checksum mismatch"}[
            NEGATIVE[name]
        ]
    )
    for way, chunks in ways(data):
        messages, error = drain(chunks)
        assert messages == [], way
        assert error.kind == NEGATIVE[name], way
        assert error.offset == (8 if error.kind == "prelude_crc" else len(data) - 4), way


def test_uses_every_published_frame():
    assert sorted(path.name for path in corpora(GO, "encoded", "positive").iterdir()) == POSITIVE
    assert sorted(path.name for path in corpora(GO, "encoded", "negative").iterdir()) == sorted(
        NEGATIVE
    )


# ---- oracle: recorded streams ------------------------------------------------------------------


@pytest.fixture(scope="module")
def recorded():
    """Return each recorded stream: its entry in the index, and its bytes."""
    folder = corpora("recorded-streams")
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    return [(entry, (folder / entry["file"]).read_bytes()) for entry in index]


def test_has_all_recorded_streams(recorded):
    assert len(recorded) == 68
    assert sum(len(entry["events"]) for entry, _ in recorded) == 1507
    assert all(len(data) == entry["size"] for entry, data in recorded)


@pytest.mark.slow
def test_recorded_streams_match_their_index(recorded):
    for entry, data in recorded:
        decoder = Decoder()
        events = []
        for chunk in pieces(data, 1):
            start = decoder.offset
            for message in decoder.feed(chunk):
                events.append(
                    {
                        "offset": start,
                        "total_length": decoder.offset - start,
                        "headers": [list(h) for h in message.headers],
                        "payload_length": len(message.payload),
                    }
                )
        decoder.close()
        assert events == entry["events"], entry["file"]


def cuts_of(data: bytes):
    yield "halves", pieces(data, len(data) // 2 + 1)
    yield "7 bytes", pieces(data, 7)
    yield "1 byte", pieces(data, 1)
    yield "random", random_pieces(data)


@pytest.mark.slow
def test_recorded_streams_in_several_chunkings_and_encoded_again(recorded):
    for entry, data in recorded:
        messages, error = drain([data])
        assert error is None, entry["file"]
        for message, event in zip(messages, entry["events"]):
            start, end = event["offset"], event["offset"] + event["total_length"]
            assert message.payload == data[end - 4 - event["payload_length"] : end - 4], entry[
                "file"
            ]
            assert encode_again(message) == data[start:end], entry["file"]
        for way, chunks in cuts_of(data):
            assert drain(chunks) == (messages, None), (entry["file"], way)


@pytest.mark.slow
def test_recorded_streams_under_6_kb_split_at_every_byte(recorded):
    for entry, data in recorded:
        if len(data) > 6000:
            continue
        messages = Decoder().feed(data)
        ends = [event["offset"] + event["total_length"] for event in entry["events"]]
        complete = 0
        for place in range(len(data) + 1):
            complete += complete < len(ends) and ends[complete] == place
            decoder = Decoder()
            assert decoder.feed(data[:place]) == messages[:complete], (entry["file"], place)
            assert decoder.feed(data[place:]) == messages[complete:], (entry["file"], place)
            assert decoder.buffered == 0, (entry["file"], place)


# ---- oracle: botocore --------------------------------------------------------------------------


@pytest.mark.slow
@many
@given(st.lists(st.tuples(any_headers, st.binary(max_size=100)), min_size=1, max_size=3), cut_lists)
def test_botocore_reads_the_same(messages, places):
    foreign = pytest.importorskip("botocore.eventstream").EventStreamBuffer()
    stream = b"".join(encode(headers, payload) for headers, payload in messages)
    for chunk in cut(stream, places):
        foreign.add_data(chunk)
    seen = [(message.headers, message.payload) for message in foreign]
    # botocore returns a uuid as bytes
    wanted = [
        ({name: value.bytes if kind == "uuid" else value for name, kind, value in headers}, payload)
        for headers, payload in messages
    ]
    assert seen == wanted
    assert [{name: type(value) for name, value in headers.items()} for headers, _ in seen] == [
        {name: type(value) for name, value in headers.items()} for headers, _ in wanted
    ]


def test_botocore_reads_recorded_streams_the_same(recorded):
    buffer_class = pytest.importorskip("botocore.eventstream").EventStreamBuffer
    for entry, data in recorded:
        foreign = buffer_class()
        foreign.add_data(data)
        ours = [
            ({h.name: h.value for h in message.headers}, message.payload)
            for message in drain([data])[0]
        ]
        assert [(message.headers, message.payload) for message in foreign] == ours, entry["file"]
