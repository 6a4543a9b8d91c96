# SPDX-License-Identifier: MIT
"""Tests of conformance/cases/frames.py.

Each notation assembles to its bytes, each error names its line, and disassemble() is inverse to
assemble() for all bytes.
"""

import struct
import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conformance.cases import frames
from conformance.cases.frames import MAX_REPEATED, FrameTextError, assemble, disassemble
from conformance.endpoint.scenarios.build import FRAMES, raw_frame
from conformance.endpoint.scenarios.build import header as raw_header
from refimpl.errors import UsageError
from refimpl.eventstream import Decoder, decode_headers, encode
from tests.rows import for_each
from tests.support import corpora

GOOD = "frame :event-type='PayloadPart' :message-type='event' payload('hi')\n"
GOOD_BYTES = encode(
    [(":event-type", "string", "PayloadPart"), (":message-type", "string", "event")], b"hi"
)


def frame_of(block=b"", payload=b""):
    return raw_frame(block, payload)


def block_of(text):
    """Return the headers block of a frame with these parts."""
    data = assemble("frame " + text)
    return data[12 : 12 + struct.unpack_from(">I", data, 4)[0]]


# ---- assembling --------------------------------------------------------------------------------


def test_a_frame_equals_that_of_the_codec():
    assert assemble(GOOD) == GOOD_BYTES
    assert assemble("frame") == encode([], b"")
    assert assemble("") == assemble(" \n# nothing\n") == b""


def test_white_space_and_comments_only_separate():
    text = (
        "# first\r\nframe\n\t:event-type = 'PayloadPart' # the type\n  "
        ":message-type='event'\n\n  payload ( 'h'\n 'i' )"
    )
    assert assemble(text) == GOOD_BYTES


def test_items_follow_each_other():
    assert assemble(
        "bytes(00) frame bytes('xy')\nframe payload('p')"
    ) == b"\0" + frame_of() + b"xy" + frame_of(payload=b"p")


@pytest.mark.parametrize(
    "terms, data",
    [
        ("", b""),
        ("'a'", b"a"),
        ("''", b""),
        ("'it''s'", b"it's"),
        ("'a' 'b'", b"ab"),
        ("0a", b"\n"),
        ("0A0b fF", b"\n\x0b\xff"),
        ("'é€🙂'", "é€🙂".encode("utf-8")),
        ("3*'ab'", b"ababab"),
        ("3 * 00ff", b"\0\xff\0\xff\0\xff"),
        ("0*'x'", b""),
        ("2*'x' 'y' 10", b"xxy\x10"),
        ("10*10", b"\x10" * 10),
        ("'# no comment'", b"# no comment"),
        ("'\\n'", b"\\n"),
        ("random(a 5)", bytes.fromhex("0ed32d3352")),
        ("2*random(a 1) 'b'", b"\x0e\x0eb"),
    ],
)
def test_terms(terms, data):
    assert assemble(f"bytes({terms})") == data
    assert assemble(f"frame payload({terms})") == frame_of(payload=data)
    assert block_of(f"raw({terms})") == data


@for_each(
    "text, code, value",
    [
        ("true", 0, b""),
        ("false", 1, b""),
        ("int8(-128)", 2, b"\x80"),
        ("int8(127)", 2, b"\x7f"),
        ("int16(-2)", 3, b"\xff\xfe"),
        ("int32(305419896)", 4, b"\x12\x34\x56\x78"),
        ("int64(-9223372036854775808)", 5, b"\x80" + bytes(7)),
        ("int64(9223372036854775807)", 5, b"\x7f" + b"\xff" * 7),
        ("timestamp(-1)", 8, b"\xff" * 8),
        ("uuid(01020304-0506-0708-090a-0b0c0d0e0f10)", 9, bytes(range(1, 17))),
        ("uuid(0102030405060708090A0B0C0D0E0F10)", 9, bytes(range(1, 17))),
        ("bytes(00ff)", 6, b"\0\2\0\xff"),
        ("bytes()", 6, b"\0\0"),
        ("'é'", 7, b"\0\2\xc3\xa9"),
        ("string('a' ff)", 7, b"\0\2a\xff"),
        ("string(65535*'x')", 7, b"\xff\xff" + b"x" * 65535),
        ("string('abc' length=5)", 7, b"\0\5abc"),
        ("bytes(length=1)", 6, b"\0\1"),
        ("type10(01 'x')", 10, b"\1x"),
        ("type4(0001)", 4, b"\0\1"),
        ("type255()", 255, b""),
        ("type0(00)", 0, b"\0"),
    ],
)
def test_header_values(text, code, value):
    assert block_of("h=" + text) == b"\1h" + bytes((code,)) + value


@pytest.mark.parametrize(
    "text, name",
    [
        ("a:b_c.d-e", b"\x09a:b_c.d-e"),
        ("('a b')", b"\3a b"),
        ("(ff)", b"\1\xff"),
        ("()", b"\0"),
        ("(255*'n')", b"\xff" + b"n" * 255),
        ("('x' length=9)", b"\x09x"),
        ("('xy' length=0)", b"\0xy"),
        ("frame", b"\5frame"),
        ("bytes", b"\5bytes"),
        ("payload", b"\7payload"),
        ("crc", b"\3crc"),
        ("0", b"\x010"),
        ("length", b"\6length"),
        ("n" * 255, b"\xff" + b"n" * 255),
    ],
)
def test_header_names(text, name):
    assert block_of(text + "=true") == name + b"\0"
    assert (
        block_of(f"first=true {text}=true last=false") == b"\5first\0" + name + b"\0" + b"\4last\1"
    )


def test_numbered_headers():
    names = [header.name for header in decode_headers(block_of("numbered(3)"))]
    assert names == ["00000", "00001", "00002"]
    assert block_of("a=true numbered(0)") == block_of("a=true")


def test_overrides():
    block = b"\1h\0"
    assert assemble("frame h=true total(15)") == raw_frame(block, b"", total_length=15)
    assert assemble("frame headers(4294967295) h=true payload('x')") == raw_frame(
        block, b"x", headers_length=0xFFFFFFFF
    )
    assert assemble("frame crc(wrong) h=true") == raw_frame(block, b"", flip_message_crc=1)
    # The message CRC covers the actual bytes, including a wrong prelude CRC.
    assert assemble("frame prelude_crc(wrong)") == raw_frame(b"", b"", flip_prelude_crc=1)
    whole = assemble("frame h=true")
    assert assemble("frame h=true crc(01020304)") == whole[:-4] + b"\1\2\3\4"
    assert assemble("frame h=true crc()") == whole[:-4] == assemble("frame h=true cut(-4)")
    assert (
        assemble(f"frame h=true crc({whole[-4:-1].hex()})")
        == whole[:-1]
        == assemble(f"frame h=true cut({len(whole) - 1})")
    )
    assert assemble("frame prelude_crc(4*00)")[8:12] == bytes(4)
    assert assemble("frame cut(0)") == b"" == assemble("frame cut(-16)")
    assert assemble("frame cut(16)") == assemble("frame")
    assert assemble("frame cut(1) frame") == b"\0" + assemble("frame")


def test_a_repetition_is_bounded():
    assert len(assemble(f"bytes({MAX_REPEATED}*00)")) == MAX_REPEATED


def test_a_frame_too_long_for_its_length_field(monkeypatch):
    monkeypatch.setattr(frames, "_U32_MAX", 20)
    assert len(assemble("frame payload('four')")) == 20
    with pytest.raises(FrameTextError) as caught:
        assemble("frame\nframe payload('fives')")
    assert (caught.value.line, caught.value.actual) == (2, 21)


@for_each(
    "text, line, message",
    [
        ("x", 1, "unexpected text"),
        ("frame\nbytes", 2, "unexpected text"),
        ("frame\n\n  h='a", 3, "missing closing quote"),
        ("frame h='a\n'", 1, "missing closing quote"),
        ("frame\n\u00e9=true", 2, "unexpected character"),
        ("frame \\", 1, "unexpected character"),
        ("frame h=", 1, "unexpected text"),
        ("frame h=(", 1, "unexpected text"),
        ("frame h=maybe", 1, "unexpected text"),
        ("frame h=type256()", 1, "unexpected text"),
        ("frame h=typeX()", 1, "unexpected text"),
        ("frame =true", 1, "unexpected text"),
        ("frame 'h'=true", 1, "unexpected text"),
        ("frame ('h') true", 1, "unexpected text"),
        ("frame h=int8 5", 1, "unexpected text"),
        ("frame h=int8(128)", 1, "unexpected text"),
        ("frame h=int8(-129)", 1, "unexpected text"),
        ("frame h=int8('1')", 1, "unexpected text"),
        ("frame h=int8(1", 1, "unexpected text"),
        ("frame h=int64(9223372036854775808)", 1, "unexpected text"),
        (f"frame h=int64({'9' * 5000})", 1, "unexpected text"),
        ("frame h=uuid(0102)", 1, "unexpected text"),
        ("frame h=uuid('01020304050607080910111213141516')", 1, "unexpected text"),
        (f"frame h=uuid({'x' * 32})", 1, "unexpected text"),
        ("frame h=string('x'", 1, "unexpected text"),
        ("frame h=string(65536*'x')", 1, "value too long for its length field"),
        (f"frame h='{'x' * 65536}'", 1, "value too long for its length field"),
        ("frame\nh=string(length=65536)", 2, "unexpected text"),
        ("frame h=string('x' length=1 'y')", 1, "unexpected text"),
        ("frame h=string('x' length)", 1, "unexpected text"),
        ("frame h=string('x' length='1')", 1, "unexpected text"),
        ("frame payload('x' length=1)", 1, "unexpected text"),
        ("frame (256*'n')=true", 1, "name too long for its length field"),
        (f"frame {'n' * 256}=true", 1, "name too long for its length field"),
        ("frame ('n' length=256)=true", 1, "unexpected text"),
        ("frame payload(0)", 1, "unexpected text"),
        ("frame payload(000)", 1, "unexpected text"),
        ("frame payload(0g)", 1, "unexpected text"),
        ("frame payload(2*)", 1, "unexpected text"),
        ("frame payload(-1*00)", 1, "unexpected text"),
        ("frame payload('a'*2)", 1, "unexpected text"),
        ("frame payload(2*2*00)", 1, "unexpected text"),
        ("frame payload(99999999999999999999*00)", 1, "unexpected text"),
        ("frame\npayload(33554433*0000)", 2, "too many repeated bytes"),
        ("frame payload() payload()", 1, "second payload(...) in a frame"),
        ("frame total(1)\ntotal(1)", 2, "second total(...) in a frame"),
        ("frame crc(wrong) crc(wrong)", 1, "second crc(...) in a frame"),
        ("frame crc()\ncrc()", 2, "second crc(...) in a frame"),
        ("frame total(-1)", 1, "unexpected text"),
        ("frame total(4294967296)", 1, "unexpected text"),
        ("frame total 5", 1, "unexpected text"),
        ("frame crc(0102030405)", 1, "checksum of the wrong length"),
        ("frame prelude_crc(010203)", 1, "checksum of the wrong length"),
        ("frame prelude_crc()", 1, "checksum of the wrong length"),
        ("frame crc(wrong 00)", 1, "unexpected text"),
        ("frame cut(17)", 1, "cut outside the frame"),
        ("frame cut(-17)", 1, "cut outside the frame"),
        ("frame\nframe cut(17)", 2, "cut outside the frame"),
        ("frame ('\ud800')=true", 1, "lone surrogate in a text"),
        ("frame nothing(00)", 1, "unexpected text"),
        ("frame payload(random a 1)", 1, "unexpected text"),
        ("frame payload(random('a' 1))", 1, "unexpected text"),
        ("frame payload(random(a x))", 1, "unexpected text"),
        ("frame payload(random(a 1 'b'))", 1, "unexpected text"),
    ],
)
def test_errors_name_their_line(text, line, message):
    with pytest.raises(FrameTextError) as caught:
        assemble(text)
    assert caught.value.line == line
    assert caught.value.message == f"line {line}: {message}"
    assert "\n" not in str(caught.value) and caught.value.kind == "syntax"


def test_an_error_shows_the_unexpected_text():
    with pytest.raises(FrameTextError) as caught:
        assemble("frame\n  h=int8(128)\n  payload('x')")
    assert str(caught.value) == "line 2: unexpected text (expected -128 to 127, got 128))"
    with pytest.raises(FrameTextError) as caught:
        assemble("frame payload('x'")
    assert caught.value.actual == "the end of the text"


@pytest.mark.parametrize(
    "call, value",
    [
        (assemble, b"frame"),
        (assemble, None),
        (disassemble, "frame"),
        (disassemble, bytearray(b"x")),
    ],
)
def test_arguments_of_the_wrong_type(call, value):
    with pytest.raises(UsageError) as caught:
        call(value)
    assert caught.value.kind == "type"


# ---- disassembling -----------------------------------------------------------------------------


def shown(data):
    """Return the text of bytes, after checking that it assembles to them."""
    text = disassemble(data)
    assert assemble(text) == data
    assert assemble(" ".join(text.split("\n"))) == data  # line ends have no meaning
    return text


@for_each(
    "text",
    [
        "",
        GOOD,
        "frame\n",
        "frame payload('it''s ' 0a 'naïve café, 東京, 🙂')\n",
        "frame a=true b=false c=int8(-1) d=int16(2) e=int32(3) f=int64(-4) g=timestamp(5)\n",
        (
            "frame u=uuid(01020304-0506-0708-090a-0b0c0d0e0f10) b=bytes(0001) e=bytes() "
            "s='' t=string('a' 0a)\n"
        ),
        "frame ('a b')=true (c3 '(')=true ()=true (41*'n')=true\n",
        "frame h=type10(01)\n",
        "frame h=true raw(05 'abc')\n",
        "frame raw(01 'h')\n",
        "frame raw(01)\n",
        "frame raw(01680700)\n",
        "frame raw(016807000561)\n",
        "frame raw(01680300)\n",
        "frame raw(01680900)\n",
        "frame payload(4096*00 16*'a')\n",
        "frame payload(000102030405060708090a0b0c0d0e0f)\n",
        "frame crc(wrong)\n",
        "frame prelude_crc(wrong)\n",
        "frame prelude_crc(00000000) h=true payload('x')\n",
        "frame crc(01020304)\n",
        "frame total(15)\n",
        "frame total(0) payload('x')\n",
        "frame total(14)\n",
        "frame total(4294967295)\n",
        "frame headers(1)\n",
        "frame headers(17) h=true raw('x')\n",
        "frame total(112) headers(89) crc()\n",
        "frame total(112) headers(89) :message-type='event' raw(0b ':') crc()\n",
        "frame total(20) payload('abc') crc()\n",
        "frame payload('abcd') crc(0102)\n",
        "bytes(00)\nframe\nbytes(7f)\n",
        "bytes('not a frame')\nframe payload('but this is one')\nbytes('and more')\n",
        "frame total(4294967295)\nframe payload('behind it')\n",
        "frame total(4294967295) crc()\nframe payload('behind it')\n",
        "frame total(200) payload('cut') crc()\nframe payload('behind it')\n",
        "frame crc(wrong)\nframe prelude_crc(wrong)\nframe payload('good')\n",
        "bytes(000000100000000000000000)\n",
    ],
)
def test_the_text_of_what_a_text_assembles_to(text):
    assert shown(assemble(text)) == text


def test_a_long_item_has_several_lines():
    headers = [
        (":message-type", "string", "event"),
        (":event-type", "string", "PayloadPart"),
        ("b", "bytes", bytes(range(128, 228))),
    ]
    assert (
        shown(encode(headers, b"word " * 60 + bytes(range(128, 200))))
        == """\
frame
  :message-type='event'
  :event-type='PayloadPart'
  b=bytes(
    808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f
    a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf
    c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf e0e1e2e3)
  payload(
    'word word word word word word word word word word word word word word word word '
    'word word word word word word word word word word word word word word word word '
    'word word word word word word word word word word word word word word word word '
    'word word word word word word word word word word word word '
    808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f
    a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf c0c1c2c3c4c5c6c7)
"""
    )
    assert max(map(len, shown(b"ab" * 5000).splitlines())) <= 120
    assert "(%s)=true" % ("'%s'" % ("n m" * 20)) in shown(frame_of(raw_header(b"n m" * 20, b"", 0)))


def test_a_line_has_at_most_120_characters():
    value, payload = "ab" * 25, "cd" * 24
    line = f"frame a='{value}' payload('{payload}')\n"
    assert len(line) == 120 + len("\n")
    assert shown(assemble(line)) == line
    assert (
        shown(assemble(line.replace(payload, payload + "e")))
        == f"frame\n  a='{value}'\n  payload('{payload + 'e'}')\n"
    )


def test_one_term_is_not_wrapped_and_many_fill_their_lines():
    name, text = "n m" * 13, "ab" * 40
    assert (
        shown(frame_of(raw_header(name.encode(), text.encode())))
        == f"frame\n  ('{name}')='{text}'\n"
    )
    terms = [f"'{letter}'" for letter in "abcdefghij" * 3]
    text = f"frame payload({' 0a '.join(terms)})"
    lines = shown(assemble(text)).splitlines()
    assert all(
        len(line) + 1 + len(following.split()[0]) > 120
        for line, following in zip(lines[2:], lines[3:])
    )


def test_short_texts_in_binary_data_are_digits():
    assert (
        shown(b"\x00\x01\x02\x03\x04\x05ab\x06\x07\x08\x09") == "bytes(000102030405616206070809)\n"
    )
    assert (
        shown(b"\x00\x01\x02\x03\x04\x05abcd\x06\x07\x08\x09")
        == "bytes(000102030405 'abcd' 06070809)\n"
    )
    assert shown(b"a\nb") == "bytes('a' 0a 'b')\n"


def test_runs():
    assert shown(b"a" * 15) == "bytes('aaaaaaaaaaaaaaa')\n"
    assert shown(b"a" * 16) == "bytes(16*'a')\n"
    assert shown(b"'" * 16) == "bytes(16*'''')\n"
    assert shown(b"\xff" * 100000) == "bytes(65536*ff 34464*ff)\n"


def test_only_printable_text_is_quoted():
    for character in "\u202e\u00a0\u2028\u200b\x7f\ud7ff\ue000":
        assert f"'{character}'" not in shown((f"x{character}x").encode("utf-8"))
    assert shown(b"\xed\xa0\x80") == "bytes(eda080)\n"  # a surrogate is not valid UTF-8


def test_the_catalogue_s_frames_are_short():
    assert [shown(frame) for frame in FRAMES] == [
        (
            "frame :event-type='PayloadPart' :content-type='application/octet-stream' "
            f":message-type='event' payload('{text}')\n"
        )
        for text in ("one ", "two ", "three")
    ]


# ---- any bytes ---------------------------------------------------------------------------------

values = st.one_of(
    st.tuples(st.just("boolean"), st.booleans()),
    st.tuples(st.just("int8"), st.integers(-128, 127)),
    st.tuples(st.just("int16"), st.integers(-(2**15), 2**15 - 1)),
    st.tuples(st.just("int32"), st.integers(-(2**31), 2**31 - 1)),
    st.tuples(st.just("int64"), st.integers(-(2**63), 2**63 - 1)),
    st.tuples(st.just("timestamp"), st.integers(-(2**63), 2**63 - 1)),
    st.tuples(st.just("uuid"), st.uuids()),
    st.tuples(st.just("bytes"), st.binary(max_size=40)),
    st.tuples(st.just("string"), st.text(max_size=40)),
)
names = st.text(min_size=1, max_size=40).filter(lambda name: len(name.encode("utf-8")) <= 255)
payloads = st.one_of(
    st.binary(max_size=60),
    st.text(max_size=60).map(lambda text: text.encode("utf-8")),
    st.builds(
        lambda byte, count: byte * count, st.binary(min_size=1, max_size=1), st.integers(0, 100)
    ),
)


@st.composite
def good_frames(draw):
    headers = draw(st.dictionaries(names, values, max_size=4))
    return encode([(name, kind, value) for name, (kind, value) in headers.items()], draw(payloads))


@st.composite
def bent_frames(draw):
    """A frame whose lengths, checksums and headers may be wrong, and which may be truncated."""
    block, payload = (
        draw(st.one_of(st.binary(max_size=30), good_frames().map(lambda frame: frame[12:-4]))),
        draw(payloads),
    )
    sizes = st.one_of(st.none(), st.integers(0, 80), st.just(0xFFFFFFFF))
    flips = st.sampled_from([0, 0, 0, 1, 256])
    frame = raw_frame(block, payload, draw(sizes), draw(sizes), draw(flips), draw(flips))
    return frame[: draw(st.one_of(st.just(len(frame)), st.integers(0, len(frame))))]


streams = st.lists(st.one_of(good_frames(), bent_frames(), st.binary(max_size=20)), max_size=4).map(
    b"".join
)


@pytest.mark.slow
@given(st.one_of(st.binary(max_size=200), streams))
@example(raw_frame(b"", b"", total_length=13))
@example(raw_frame(b"", b"", total_length=14)[:13])
@example(raw_frame(b"", b"x" * 20, total_length=14)[:15])
def test_disassemble_is_inverse_to_assemble(data):
    shown(data)


@pytest.mark.slow
@given(good_frames())
def test_a_good_frame_needs_no_override(frame):
    text = shown(frame)
    assert text.startswith("frame")
    assert not any(
        (f" {word}(") in strip_texts(text)
        for word in ("total", "headers", "crc", "prelude_crc", "cut", "raw")
    )


def strip_texts(text):
    """Return the text without the quoted parts."""
    return "".join(text.split("'")[::2])


@pytest.mark.slow
@given(st.lists(good_frames(), max_size=4), st.binary(max_size=11))
def test_frames_are_separated(frames, rest):
    text = shown(b"".join(frames) + rest)
    heads = [line for line in strip_texts(text).split("\n") if line.startswith("frame")]
    assert len(heads) == len(frames)


@given(st.text())
@example("frame h=string(")
@example("frame payload(1*")
@example("frame crc(")
@example("frame crc(wrong")
def test_any_text_assembles_or_is_rejected(text):
    try:
        assert isinstance(assemble(text), bytes)
    except FrameTextError as error:
        assert 1 <= error.line <= text.count("\n") + 1


words = st.sampled_from(
    [
        "frame",
        "bytes",
        "(",
        ")",
        "=",
        "*",
        "'",
        "'x'",
        "00",
        "5",
        "h",
        "total",
        "payload",
        "crc",
        "wrong",
        "cut",
        "raw",
        "int8",
        "string",
        "length",
        "true",
        "type3",
        "#",
        "\n",
    ]
)


@given(st.lists(words, max_size=30).map(" ".join))
def test_any_sequence_of_words_assembles_or_is_rejected(text):
    try:
        data = assemble(text)
    except FrameTextError:
        return
    assert shown(data) is not None


# ---- large -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_large_bodies():
    frame = encode([(":message-type", "string", "event")], bytes(range(256)) * 64)
    garbage = bytes(range(1, 256)) * 800 + b"\0" * 70000
    shown(frame * 40 + garbage + frame)


def test_a_prelude_is_found_among_similar_bytes():
    noise = (b"\0\0\0\x20\0\0\0\0" + bytes(4)) * 1000
    assert shown(noise + GOOD_BYTES).endswith("\n" + GOOD)


# ---- third-party data --------------------------------------------------------------------------

PUBLISHED = {
    "corrupted_header_len": (
        "frame prelude_crc(07fd8396) content-type='application/json' raw('{') "
        "payload('''foo'':''bar''}') crc(8d9c08b1)\n"
    ),
    "corrupted_headers": (
        "frame content-type='application/json' payload('{afoo'':''bar''}') crc(8d9c08b1)\n"
    ),
    "corrupted_length": (
        "bytes(000000 '>' 000000 ' ' 07fd83960c 'content-type' 070010 "
        "'application/json{''foo'':''bar''}' 8d9c08b1)\n"
    ),
    "corrupted_payload": "frame payload('[''foo'':''bar''}') crc(c3653936)\n",
    "empty_message": "frame\n",
    "int32_header": "frame event-type=int32(40972) payload('{''foo'':''bar''}')\n",
    "payload_no_headers": "frame payload('{''foo'':''bar''}')\n",
    "payload_one_str_header": (
        "frame content-type='application/json' payload('{''foo'':''bar''}')\n"
    ),
    "all_headers": """\
frame
  event-type=int32(40972)
  content-type='application/json'
  ('bool false')=false
  ('bool true')=true
  byte=int8(-49)
  ('byte buf')=bytes('I''m a little teapot!')
  timestamp=timestamp(8675309)
  int16=int16(42)
  int64=int64(42424242)
  uuid=uuid(01020304-0506-0708-090a-0b0c0d0e0f10)
  payload('{''foo'':''bar''}')
""",
}


def test_the_frames_that_aws_publishes():
    files = corpora("eventstream-aws-sdk-go", "encoded").glob("*/*")
    assert {path.name: shown(path.read_bytes()) for path in files} == PUBLISHED


@pytest.mark.slow
def test_recorded_streams_contain_only_frames():
    count = 0
    for path in sorted(corpora("recorded-streams").glob("*.bin")):
        data = path.read_bytes()
        text = strip_texts(shown(data))
        assert "bytes(" not in text and "crc(" not in text and "total(" not in text, path.name
        heads = [line for line in text.split("\n") if line.startswith("frame")]
        assert len(heads) == len(Decoder().feed(data)), path.name
        count += len(heads)
    assert count > 1000


def test_checksums_are_those_of_zlib():
    """The assembler's checksums equal those of a hand-written frame."""
    prelude = struct.pack(">II", 18, 0)
    frame = prelude + struct.pack(">I", zlib.crc32(prelude)) + b"hi"
    assert assemble("frame payload('hi')") == frame + struct.pack(">I", zlib.crc32(frame))
