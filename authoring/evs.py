# SPDX-License-Identifier: MIT
"""The cases of event-stream frames, in the vectors eventstream-decode and eventstream-encode.

To add a case, copy a similar call and change it. There is one helper for each kind of case:

- `reads`: a valid stream and the messages that it contains
- `rejects`: a stream with one error
- `rejects_first`: a frame with two errors, of which one must be reported
- `writes` and `cannot_write`: a message that an encoder must, or must not, turn into a frame

SPEC.md, section 2.3, describes the frame texts. The expected messages are written by hand. The
helpers compare them with plain_eventstream, an independent transcription of the published format.
`rejects` also checks that the error is the only one: without it, every frame must be valid.

A broken frame is placed between two valid ones. A decoder that overlooks the error therefore
returns a wrong list of messages.
"""

import base64
import struct
import zlib
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

from authoring import CHUNKINGS, CaseMistake, Feature, b64, frames, ok, reject
from authoring.differences import source_of
from authoring.plain_eventstream import decode
from conformance.cases.described import described_bytes
from conformance.cases.frames import assemble

# For a stream that ends inside a frame: with `trailing`, the next frame would complete it.
WITHOUT_TRAILING = ("whole", "bytewise", "halves")
LARGE = ("whole", "halves")

DECODE = Feature("eventstream-decode", "eventstream.decode", "evs-", CHUNKINGS)
ENCODE = Feature("eventstream-encode", "eventstream.encode", "evs-")
FEATURES = [DECODE, ENCODE]

Header = Tuple[str, str, Any]  # name, type, value


def message(payload: bytes, *headers: Header) -> Dict[str, Any]:
    """Return a message in the notation of the adapter protocol.

    headers: (name, type, value), where the value of type "bytes" is a bytes object
    """
    shown = [
        {"name": name, "type": kind, "value": b64(value) if kind == "bytes" else value}
        for name, kind, value in headers
    ]
    return {"headers": shown, "payload": b64(payload)}


# The valid frames around a broken one. (Payloads are part of the vectors and keep their bytes.)
BEFORE, AFTER = "frame n=int8(1) payload('before')", "frame n=int8(2) payload('behind')"
MESSAGE_BEFORE = message(b"before", ("n", "int8", 1))


def reads(
    case_id: str,
    title: str,
    rules: str,
    text: str,
    messages: Sequence[Dict[str, Any]],
    why: str,
    **more: Any,
) -> None:
    """Add a valid stream.

    text: the frames
    messages: the expected messages
    more: other arguments of Feature.case
    """
    _check_decoded(case_id, text, messages, None)
    DECODE.case(case_id, title, rules, frames(text), ok(messages=list(messages)), why, **more)


def rejects(
    case_id: str,
    title: str,
    rules: str,
    kind: str,
    text: str,
    broken: str,
    why: str,
    corrected: str = "",
    between: bool = True,
    messages: Optional[Sequence[Dict[str, Any]]] = None,
    **more: Any,
) -> None:
    """Add a stream with one error.

    kind: the expected kind of the error
    text: the frames
    broken: the part of the text that causes the error
    corrected: the text that replaces this part in a valid stream
    between: put the text between two valid frames
    messages: the messages before the error, by default that of the frame before
    more: other arguments of Feature.case
    """
    if text.count(broken) != 1:
        raise CaseMistake(f"{case_id}: {broken!r} must occur once in the text")
    _check_corrected(case_id, text.replace(broken, corrected))
    _add_rejected(case_id, title, rules, kind, text, why, between, messages, more)


def rejects_first(
    case_id: str,
    title: str,
    rules: str,
    kind: str,
    text: str,
    broken: Sequence[Tuple[str, str, str]],
    why: str,
    between: bool = True,
    **more: Any,
) -> None:
    """Add a frame with two errors, of which the one of `kind` must be reported.

    broken: for each error the part of the text that causes it, what replaces that part in a valid
    frame, and the kind of the error when it is the only one
    """
    for place, _, own_kind in broken:
        alone = text
        for other, corrected, _ in broken:
            if other != place:
                alone = alone.replace(other, corrected)
        found = decode(assemble(alone))[1]
        if found != own_kind or text.count(place) != 1:
            raise CaseMistake(f"{case_id}: {place!r} alone gives {found}")
    valid = text
    for place, corrected, _ in broken:
        valid = valid.replace(place, corrected)
    _check_corrected(case_id, valid)
    if kind not in [name for _, _, name in broken]:
        raise CaseMistake(f"{case_id}: none of the errors is of kind {kind}")
    _add_rejected(case_id, title, rules, kind, text, why, between, None, more)


def _check_decoded(
    case_id: str, text: str, messages: Sequence[Dict[str, Any]], kind: Optional[str]
) -> None:
    found = decode(assemble(text))
    if found != (list(messages), kind):
        raise CaseMistake(f"{case_id}: the transcription reads {found!r}")


def _check_corrected(case_id: str, text: str) -> None:
    error = decode(assemble(text))[1]
    if error is not None:
        raise CaseMistake(f"{case_id}: the corrected frames are still rejected: {error}")


def _add_rejected(
    case_id: str,
    title: str,
    rules: str,
    kind: str,
    text: str,
    why: str,
    between: bool,
    messages: Optional[Sequence[Dict[str, Any]]],
    more: Dict[str, Any],
) -> None:
    if between:
        text = "\n".join((BEFORE, text, AFTER))
    if messages is None:
        messages = [MESSAGE_BEFORE] if between else []
    _check_decoded(case_id, text, messages, kind)
    expect = reject(kind, messages=list(messages))
    DECODE.case(case_id, title, rules, frames(text), expect, why, **more)


# ---- frames ------------------------------------------------------------------------------------


def _frames() -> None:
    reads(
        "evs-stream-empty",
        "an empty stream",
        "EVS-022",
        "",
        [],
        "a decoder that requires a frame rejects the response of a model that returns no output",
        chunking=("whole", "trailing"),
    )
    reads(
        "evs-frame-shortest",
        "a frame of 16 bytes, without headers and payload",
        "EVS-027 EVS-001 EVS-006",
        "frame",
        [message(b"")],
        "a decoder that expects more than 16 bytes fails on an empty frame such as a heartbeat",
        source="[spec]; AWS's own case empty_message",
    )
    reads(
        "evs-frame-payload",
        "a payload without headers",
        "EVS-001",
        "frame payload('{''foo'':''bar''}')",
        [message(b"{'foo':'bar'}")],
        "a decoder that uses the wrong byte order for lengths or checksums cannot read any frame",
        source="[spec]; AWS's own case payload_no_headers",
    )
    reads(
        "evs-frame-header",
        "one header and no payload",
        "EVS-001 EVS-007",
        "frame h='v'",
        [message(b"", ("h", "string", "v"))],
        "a decoder whose limit for headers_length is one too low rejects the frame",
    )
    reads(
        "evs-frame-header-payload",
        "a header and a payload",
        "EVS-001",
        "frame content-type='application/json' payload('{}')",
        [message(b"{}", ("content-type", "string", "application/json"))],
        "a decoder that reads headers_length at the wrong offset splits headers and payload "
        "wrongly",
    )
    reads(
        "evs-frames-three",
        "three consecutive frames",
        "EVS-001 EVS-026",
        "frame payload('one ')\nframe n=int32(2) payload('two ')\nframe payload('three')",
        [message(b"one "), message(b"two ", ("n", "int32", 2)), message(b"three")],
        "a decoder that expects one frame per chunk loses frames or joins two of them",
    )
    reads(
        "evs-frames-shortest-three",
        "three consecutive frames of 16 bytes",
        "EVS-026 EVS-027",
        "frame\nframe\nframe",
        [message(b""), message(b""), message(b"")],
        "a decoder that treats an empty message as the end of the stream loses the following "
        "messages",
    )
    reads(
        "evs-frame-inside-a-payload",
        "a payload that is itself a frame",
        "EVS-001",
        "frame payload(00000010 00000000 05c248eb 7d98c8ff)\nframe payload('x')",
        [message(base64.b64decode("AAAAEAAAAAAFwkjrfZjI/w==")), message(b"x")],
        "a decoder that searches for frames and ignores lengths returns messages that were never "
        "sent",
    )
    reads(
        "evs-payload-every-byte",
        "a payload of all 256 bytes",
        "EVS-001 EVS-003",
        "frame "
        f"payload({' '.join((bytes(range(row, row + 32)).hex() for row in range(0, 256, 32)))})",
        [message(bytes(range(256)))],
        "a decoder that treats the payload as text changes line ends, stops at NUL or loses the "
        "high bit",
    )
    reads(
        "evs-payload-not-utf8",
        "a payload that is not valid UTF-8",
        "EVS-001 EVS-015",
        "frame payload('a' c3 '(' ff)",
        [message(b"a\xc3(\xff")],
        "a character may be split across two parts, so decoding one payload as text fails or "
        "loses data",
    )
    reads(
        "evs-payload-line-ends",
        "a payload of CR, LF and NUL bytes",
        "EVS-001",
        "frame payload(0d0a 0a 00 0d)",
        [message(b"\r\n\n\0\r")],
        "a decoder that reads the stream in text mode converts line ends, and the checksums fail",
    )
    reads(
        "evs-payload-65536",
        "a payload of 65,536 bytes",
        "EVS-001 EVS-008 EVS-009",
        "frame payload(65536*'x')\nframe payload('y')",
        [message(b"x" * 65536), message(b"y")],
        "a decoder that keeps only two bytes of a length reads 16 here",
    )
    assert (
        _checksums_of("frame payload(5*'x')")[0] >= "8"
        and _checksums_of("frame payload('x')")[1] >= "8"
    )
    reads(
        "evs-prelude-crc-high-bit",
        "a prelude checksum whose first bit is set",
        "EVS-002 EVS-004",
        "frame payload(5*'x')",
        [message(b"xxxxx")],
        "a decoder that compares an unsigned with a signed checksum rejects half of all valid "
        "frames",
    )
    reads(
        "evs-message-crc-high-bit",
        "a message checksum whose first bit is set",
        "EVS-003 EVS-005",
        "frame payload('x')",
        [message(b"x")],
        "a decoder that compares an unsigned with a signed checksum rejects half of all valid "
        "frames",
    )
    _running_checksums()


def _checksums() -> None:
    for name, title, change in (
        ("last-bit", "its last bit flipped", "wrong"),
        ("zero", "the value 00000000", "00000000"),
        ("ones", "the value ffffffff", "ffffffff"),
    ):
        rejects(
            "evs-prelude-crc-" + name,
            f"a prelude checksum with {title}",
            "EVS-002",
            "prelude_crc",
            f"frame payload('x') prelude_crc({change})",
            f" prelude_crc({change})",
            "a decoder that does not compare the whole prelude checksum acts on damaged lengths",
        )
        rejects(
            "evs-message-crc-" + name,
            f"a message checksum with {title}",
            "EVS-003",
            "message_crc",
            f"frame payload('x') crc({change})",
            f" crc({change})",
            "a decoder that does not compare the whole checksum returns damaged bytes as model "
            "output",
        )
    rejects(
        "evs-prelude-crc-byte-order",
        "a prelude checksum in little-endian byte order",
        "EVS-002 EVS-001",
        "prelude_crc",
        "frame prelude_crc(eb48c205)",
        " prelude_crc(eb48c205)",
        "a decoder that accepts both byte orders detects fewer damaged frames",
    )
    rejects(
        "evs-message-crc-byte-order",
        "a message checksum in little-endian byte order",
        "EVS-003 EVS-001",
        "message_crc",
        "frame crc(ffc8987d)",
        " crc(ffc8987d)",
        "a decoder that accepts both byte orders detects fewer damaged frames",
    )
    crc = _crc32(b"\0\0\0\x12\0\0\0\0hi")
    rejects(
        "evs-message-crc-without-prelude-crc",
        "a message checksum that does not cover the prelude checksum",
        "EVS-003",
        "message_crc",
        f"frame payload('hi') crc({crc})",
        f" crc({crc})",
        "a decoder that computes the checksum without these four bytes rejects every valid frame",
    )
    crc = _crc32(b"hi")
    rejects(
        "evs-message-crc-of-the-payload",
        "a message checksum that covers only the payload",
        "EVS-003",
        "message_crc",
        f"frame h=true payload('hi') crc({crc})",
        f" crc({crc})",
        "a decoder that checks only the payload accepts damaged headers, such as another "
        ":message-type",
    )
    _, crc = _checksums_of("frame payload('hi')")
    rejects(
        "evs-payload-changed",
        "a payload with one flipped bit and the checksum of the original",
        "EVS-003",
        "message_crc",
        f"frame payload('hh') crc({crc})",
        "payload('hh')",
        "a decoder that accepts this frame returns a transmission error as model output",
        corrected="payload('hi')",
    )
    _, crc = _checksums_of("frame h='v'")
    rejects(
        "evs-header-changed",
        "a header with one flipped bit and the checksum of the original",
        "EVS-003",
        "message_crc",
        f"frame h='w' crc({crc})",
        "h='w'",
        "a decoder that accepts this frame may treat a damaged event as an event of another type",
        corrected="h='v'",
    )
    prelude_crc, crc = _checksums_of("frame payload('x')")
    rejects(
        "evs-total-length-changed",
        "a total_length with one flipped bit and the checksums of the original",
        "EVS-002 EVS-004",
        "prelude_crc",
        f"frame total(1048593) payload('x') prelude_crc({prelude_crc}) crc({crc})",
        "total(1048593) ",
        "a decoder that trusts the length waits for 1 MiB that never arrives, or swallows the "
        "next frames",
    )
    rejects(
        "evs-headers-length-changed",
        "a headers_length with one flipped bit and the checksums of the original",
        "EVS-002 EVS-004",
        "prelude_crc",
        f"frame headers(1) payload('x') prelude_crc({prelude_crc}) crc({crc})",
        "headers(1) ",
        "a decoder that trusts the length reads the payload as headers",
    )


def _running_checksums() -> None:
    """Add frames whose running checksum is 0 at some point.

    A library that takes a checksum of 0 for "no checksum yet" begins anew at this point.
    """
    why = "a decoder that continues from a checksum of 0 as from the start rejects valid frames"
    block = bytes.fromhex("016e060004a68d5754")
    assert zlib.crc32(assemble("frame n=bytes(a68d5754) payload('hello') cut(21)")) == 0
    reads(
        "evs-running-crc-0-behind-the-headers",
        "a checksum that is 0 after the headers",
        "EVS-003 EVS-005",
        "frame n=bytes(a68d5754) payload('hello')\nframe payload('y')",
        [message(b"hello", ("n", "bytes", block[-4:])), message(b"y")],
        why,
    )
    assert zlib.crc32(assemble("frame payload('data' f9de874d 'more') cut(20)")) == 0
    reads(
        "evs-running-crc-0-in-the-payload",
        "a checksum that is 0 in the middle of the payload",
        "EVS-003 EVS-005",
        "frame payload('data' f9de874d 'more')\nframe payload('y')",
        [message(b"data\xf9\xde\x87Mmore"), message(b"y")],
        why,
    )
    assert assemble("frame payload('data' 9b5ef394)").endswith(b"\0\0\0\0")
    reads(
        "evs-message-crc-0",
        "a message checksum of 0",
        "EVS-003 EVS-005",
        "frame payload('data' 9b5ef394)\nframe payload('y')",
        [message(b"data\x9b\x5e\xf3\x94"), message(b"y")],
        "a decoder that takes 0 for no checksum does not check, or rejects, a valid frame",
    )
    rejects(
        "evs-message-crc-0-wrong",
        "a message checksum of 0 in place of another",
        "EVS-003 EVS-005",
        "message_crc",
        "frame payload('data') crc(00000000)",
        " crc(00000000)",
        "a decoder that takes 0 for no checksum accepts a damaged frame",
    )
    rejects(
        "evs-prelude-crc-0-wrong",
        "a prelude checksum of 0 in place of another",
        "EVS-002 EVS-004",
        "prelude_crc",
        "frame payload('data') prelude_crc(00000000)",
        " prelude_crc(00000000)",
        "a decoder that takes 0 for no checksum trusts damaged lengths",
    )
    names, letters = ("n", "m"), (30000, 29485)
    headers = " ".join(f"{name}=string({length}*'x')" for name, length in zip(names, letters))
    text = f"frame {headers} payload(76281*'p')"
    data = assemble(text)
    assert len(data) == 135792 and data[8:12] == b"\0\0\0\0"
    values = [(name, "string", "x" * length) for name, length in zip(names, letters)]
    assert decode(data) == ([message(b"p" * 76281, *values)], None)
    long = dict(message(b"", *values), payload={"repeat": {"text": "p"}, "times": 76281})
    DECODE.case(
        "evs-prelude-crc-0",
        "a prelude checksum of 0",
        "EVS-002 EVS-004 EVS-003",
        frames(text),
        ok(messages=[long]),
        why,
        chunking=LARGE,
    )


def _crc32(data: bytes) -> str:
    return f"{zlib.crc32(data):08x}"


def _checksums_of(text: str) -> Tuple[str, str]:
    """Return the prelude checksum and the message checksum of a frame text, in hexadecimal."""
    frame = assemble(text)
    return frame[8:12].hex(), frame[-4:].hex()


def _lengths() -> None:
    for total, title, why in (
        (
            15,
            "15, one below the minimum",
            "a decoder that does not check the minimum computes a payload length of -1",
        ),
        (
            12,
            "12, the length of the prelude",
            "a decoder that only checks for a complete prelude reads the next frame as a checksum",
        ),
        (
            1,
            "1",
            "a decoder that advances by total_length continues at the next byte and reads garbage",
        ),
        (0, "0", "a decoder that advances by total_length never moves on and loops forever"),
    ):
        rejects(
            f"evs-total-length-{total}",
            "a total_length of " + title,
            "EVS-006 EVS-009",
            "length",
            f"frame total({total})",
            f" total({total})",
            why,
        )
    rejects(
        "evs-headers-length-one-over",
        "a headers_length of total_length - 15, one above the maximum",
        "EVS-007",
        "length",
        "frame h=true headers(4)",
        " headers(4)",
        "a decoder that does not check the maximum reads the message checksum as a header",
    )
    rejects(
        "evs-headers-length-of-the-frame",
        "a headers_length equal to total_length",
        "EVS-007",
        "length",
        "frame h=true headers(19)",
        " headers(19)",
        "a payload length of -16 underflows, or makes the decoder allocate gigabytes",
    )
    rejects(
        "evs-headers-length-without-headers",
        "a headers_length of 1 in a frame of 16 bytes",
        "EVS-007",
        "length",
        "frame headers(1)",
        " headers(1)",
        "a decoder that does not check the maximum reads the message checksum as a header",
    )
    rejects(
        "evs-headers-length-1048577",
        "a headers_length of 1,048,577 in a frame that is long enough",
        "EVS-040 EVS-028",
        "limit",
        "frame headers(1048577) total(2000000)",
        " headers(1048577) total(2000000)",
        "a few bytes make a header, so a block of headers needs many times its length in memory",
        needs=["evs-frame-shortest"],
    )
    rejects(
        "evs-headers-32769",
        "a frame with 32,769 headers",
        "EVS-040",
        "limit",
        "frame numbered(32769)",
        "numbered(32769)",
        "a decoder that bounds only the bytes of the block builds an object for each header",
        "numbered(32768)",
        chunking=("whole", "halves"),
        needs=["evs-frame-shortest"],
    )
    rejects(
        "evs-headers-length-largest",
        "a headers_length of 4,294,967,295",
        "EVS-007 EVS-009",
        "length",
        "frame payload('x') headers(4294967295)",
        " headers(4294967295)",
        "a decoder that reads the length as a signed number gets -1, which passes a check of the "
        "maximum",
    )
    rejects(
        "evs-headers-length-sum-overflows",
        "a headers_length of 4,294,967,280, which overflows 32 bits when 16 is added",
        "EVS-007 EVS-009",
        "length",
        "frame headers(4294967280)",
        " headers(4294967280)",
        "the check headers_length + 16 > total_length overflows in 32-bit arithmetic and accepts "
        "this",
    )
    rejects(
        "evs-total-length-largest",
        "a total_length of 4,294,967,295 with a correct checksum",
        "EVS-008 EVS-009",
        "limit",
        "frame total(4294967295)",
        " total(4294967295)",
        "a decoder that allocates the announced length allocates 4 GiB for 12 received bytes",
        needs=["evs-frame-shortest"],
    )
    rejects(
        "evs-total-length-sign-bit",
        "a total_length of 2,147,483,648 with a correct checksum",
        "EVS-008 EVS-009",
        "limit",
        "frame total(2147483648)",
        " total(2147483648)",
        "a decoder that reads the length as a signed number gets a negative length",
        needs=["evs-frame-shortest"],
    )
    rejects(
        "evs-total-length-1-gib",
        "a total_length of 1,073,741,824 with a correct checksum, and the stream ends after it",
        "EVS-041 EVS-008 EVS-028",
        "limit",
        "frame total(1073741824) crc()",
        " total(1073741824) crc()",
        "a decoder whose ceiling is the largest signed number reserves a gigabyte for 12 bytes",
        between=False,
        chunking=WITHOUT_TRAILING,
    )
    # Described, because 16 MiB of base64 would double the size of the vectors.
    payload = [
        {"repeat": {"random": "a", "bytes": 65521}, "times": 256},
        {"random": "b", "bytes": 3824},
    ]
    assert 16 + len(described_bytes(payload)) == 16777216
    DECODE.case(
        "evs-total-length-16-mib",
        "a frame of 16,777,216 bytes in pieces of 65,537 bytes",
        "EVS-041 EVS-001",
        dict(frames("frame payload(256*random(a 65521) random(b 3824))"), piece=65537),
        ok(messages=[{"headers": [], "payload": payload}]),
        "a decoder with a lower ceiling rejects a frame that every encoder may write",
        chunking=(),
    )
    rejects(
        "evs-total-length-largest-prelude-only",
        "a total_length of 4,294,967,295, and the stream ends after the prelude",
        "EVS-028 EVS-008",
        "limit",
        "frame total(4294967295) crc()",
        " total(4294967295) crc()",
        "a decoder that waits for more bytes reports a truncated stream after it has allocated 4 "
        "GiB",
        between=False,
        chunking=WITHOUT_TRAILING,
    )
    _add_rejected(
        "evs-total-length-longest-written",
        "the prelude of the longest frame that a sender may write, and the stream ends after it",
        "EVS-029 EVS-008 EVS-022",
        "truncated",
        "frame total(25296912) headers(131072) crc()",
        "a decoder with a lower limit rejects a valid frame, and reports `limit` for a truncated "
        "stream",
        False,
        None,
        {"chunking": WITHOUT_TRAILING, "level": "SHOULD"},
    )


def _four_bytes_to_zero(before: bytes) -> bytes:
    """Return the four bytes after which the CRC-32 of all bytes is 0."""
    table = [zlib.crc32(bytes((index,)), 0xFFFFFFFF) ^ 0xFFFFFFFF for index in range(256)]
    of_high_byte = {entry >> 24: index for index, entry in enumerate(table)}
    register = 0xFFFFFFFF
    for _ in range(4):
        index = of_high_byte[register >> 24]
        register = ((register ^ table[index]) << 8 & 0xFFFFFFFF) | index
    return (zlib.crc32(before) ^ 0xFFFFFFFF ^ register).to_bytes(4, "little")


def _zero_checksums() -> None:
    why = "a CRC library that treats a running value of 0 as the start rejects a valid frame"
    free = "frame h='v' n=bytes(00000000) payload('12345')"
    frame = assemble(free)
    block = _four_bytes_to_zero(frame[:-13])
    assert frame[-13:-4] == bytes(4) + b"12345"
    text = free.replace("00000000", block.hex())
    assert zlib.crc32(assemble(text)[:-9]) == 0
    reads(
        "evs-checksum-zero-after-headers",
        "a frame whose running checksum is 0 after the headers",
        "EVS-003 EVS-001",
        text,
        [message(b"12345", ("h", "string", "v"), ("n", "bytes", block))],
        why,
    )
    free = "frame h='v' payload('1234' 00000000)"
    payload = b"1234" + _four_bytes_to_zero(assemble(free)[:-8])
    text = f"frame h='v' payload({payload.hex()})"
    assert assemble(text)[-4:] == bytes(4)
    reads(
        "evs-checksum-zero-message",
        "a frame whose message checksum is 0",
        "EVS-003 EVS-001",
        text,
        [message(payload, ("h", "string", "v"))],
        "a decoder that treats a checksum of 0 as missing rejects a valid frame",
    )
    # The shortest two lengths whose checksum is 0 and whose headers fit into one value.
    text = "frame n=bytes(random(a 1678)) payload(3*random(a 52993) 0001)"
    assert struct.unpack(">III", assemble(text)[:12]) == (160680, 1683, 0)
    messages = [
        {
            "headers": [
                {"name": "n", "type": "bytes", "value": {"random": "a", "bytes": 1678}},
            ],
            "payload": [
                {"repeat": {"random": "a", "bytes": 52993}, "times": 3},
                {"base64": "AAE="},
            ],
        }
    ]
    read, kind = decode(assemble(text))
    assert kind is None and [base64.b64decode(one["payload"]) for one in read] == [
        described_bytes(messages[0]["payload"])
    ]
    DECODE.case(
        "evs-checksum-zero-prelude",
        "a frame whose prelude checksum is 0",
        "EVS-002 EVS-001",
        frames(text),
        ok(messages=messages),
        why,
        chunking=LARGE,
    )


def _orders() -> None:
    # An error as rejects_first expects it: its text, the correction, its kind.
    wrong_crc = (" prelude_crc(wrong)", "", "prelude_crc")
    rejects_first(
        "evs-order-prelude-crc-length",
        "a wrong prelude checksum and a total_length of 15",
        "EVS-004",
        "prelude_crc",
        "frame total(15) prelude_crc(wrong)",
        [wrong_crc, (" total(15)", "", "length")],
        "a decoder that reports `length` blames the sender for a frame that was damaged in transit",
    )
    rejects_first(
        "evs-order-prelude-crc-limit",
        "a wrong prelude checksum and a total_length above every limit",
        "EVS-004",
        "prelude_crc",
        "frame total(4294967295) prelude_crc(wrong)",
        [wrong_crc, (" total(4294967295)", "", "limit")],
        "a decoder that reports `limit` makes its user raise the limit because of a damaged frame",
    )
    rejects_first(
        "evs-order-prelude-crc-headers-length",
        "a wrong prelude checksum and a headers_length that exceeds the frame",
        "EVS-004",
        "prelude_crc",
        "frame headers(9) prelude_crc(wrong)",
        [wrong_crc, (" headers(9)", "", "length")],
        "a decoder that reports `length` blames the sender for a frame that was damaged in transit",
    )
    rejects_first(
        "evs-order-headers-length-limit",
        "a headers_length that exceeds a total_length above every limit",
        "EVS-006 EVS-007 EVS-008",
        "length",
        "frame headers(4294967295) total(4294967294)",
        [
            (" headers(4294967295)", "", "length"),
            (" total(4294967294)", "", "limit"),
        ],
        "a decoder that reports `limit` makes its user raise the limit because of an invalid frame",
    )
    rejects_first(
        "evs-order-prelude-crc-message-crc",
        "both checksums wrong",
        "EVS-004 EVS-005",
        "prelude_crc",
        "frame payload('x') prelude_crc(wrong) crc(wrong)",
        [wrong_crc, (" crc(wrong)", "", "message_crc")],
        "a decoder that checks the message checksum first locates it with a length that may be "
        "damaged",
    )
    rejects_first(
        "evs-order-prelude-crc-truncated",
        "a wrong prelude checksum, and the stream ends after the prelude",
        "EVS-004",
        "prelude_crc",
        "frame payload('x') prelude_crc(wrong) cut(12)",
        [wrong_crc, (" cut(12)", "", "truncated")],
        "a decoder that checks the prelude only when the frame is complete waits for bytes forever",
        between=False,
        chunking=WITHOUT_TRAILING,
    )
    rejects_first(
        "evs-order-length-truncated",
        "a total_length of 15, and the stream ends after the prelude",
        "EVS-028 EVS-006",
        "length",
        "frame total(15) cut(12)",
        [(" total(15)", "", "length"), (" cut(12)", "", "truncated")],
        "a decoder that waits for the whole frame reports a truncated stream and hides the bad "
        "length",
        between=False,
        chunking=WITHOUT_TRAILING,
    )
    rejects_first(
        "evs-order-headers-length-truncated",
        "a headers_length that exceeds the frame, and the stream ends after the prelude",
        "EVS-028 EVS-007",
        "length",
        "frame headers(9) cut(12)",
        [(" headers(9)", "", "length"), (" cut(12)", "", "truncated")],
        "a decoder that waits for the whole frame reports a truncated stream and hides the bad "
        "length",
        between=False,
        chunking=WITHOUT_TRAILING,
    )
    rejects_first(
        "evs-order-length-message-crc",
        "a headers_length that exceeds the frame and a wrong message checksum",
        "EVS-028 EVS-007",
        "length",
        "frame headers(9) crc(wrong)",
        [(" headers(9)", "", "length"), (" crc(wrong)", "", "message_crc")],
        "a decoder that checks the message checksum first reads a whole frame that it must "
        "reject early",
    )
    for name, title, part, broken, corrected, kind, rules in (
        (
            "value",
            "a value that exceeds the block",
            "raw(01ff070009)",
            "070009",
            "070000",
            "header",
            "",
        ),
        ("type", "an unknown header type", "raw(01ff0a)", "0a", "00", "header_type", "EVS-013 "),
    ):
        rejects_first(
            "evs-order-name-" + name,
            "a name that is not valid UTF-8 and " + title,
            f"EVS-011 {rules}EVS-010 EVS-012",
            kind,
            f"frame {part}",
            [(broken, corrected, kind), ("01ff", "0161", "utf8")],
            "two decoders with different orders report different causes for the same bytes",
        )
    rejects_first(
        "evs-order-value-duplicate",
        "a string that is not valid UTF-8 in a header that occurs twice",
        "EVS-011 EVS-015 EVS-014",
        "utf8",
        "frame h=true (68)=string(ff)",
        [("(ff)", "(61)", "utf8"), ("(68)", "(69)", "duplicate_header")],
        "two decoders with different orders report different causes for the same bytes",
    )
    for name, title, part, corrected, kind in (
        ("header-type", "an unknown header type", "h=type10()", "h=true", "header_type"),
        (
            "duplicate-header",
            "a duplicate header name",
            "h=true h=true",
            "h=true",
            "duplicate_header",
        ),
        ("utf8", "a string that is not valid UTF-8", "h=string(ff)", "h=true", "utf8"),
        ("header", "a truncated header", "raw(0568)", "h=true", "header"),
    ):
        rejects_first(
            "evs-order-message-crc-" + name,
            "a wrong message checksum and " + title,
            "EVS-005",
            "message_crc",
            f"frame {part} crc(wrong)",
            [(" crc(wrong)", "", "message_crc"), (part, corrected, kind)],
            "a decoder that reports the header error blames the sender for a frame that was "
            "damaged in transit",
        )
    rejects(
        "evs-order-first-frame",
        "two broken frames with different errors",
        "EVS-023",
        "message_crc",
        "frame payload('x') crc(wrong)\nframe prelude_crc(wrong)",
        " crc(wrong)\nframe prelude_crc(wrong)",
        "a decoder that reports the second error hides the cause, because it may be a consequence",
    )


# ---- headers -----------------------------------------------------------------------------------


def _types() -> None:
    def case(
        name: str,
        title: str,
        rules: str,
        text: str,
        headers: Sequence[Header],
        why: str,
        **more: Any,
    ) -> None:
        reads(
            "evs-type-" + name,
            title,
            rules,
            f"frame {text} payload('p')",
            [message(b"p", *headers)],
            why,
            **more,
        )

    case(
        "boolean",
        "both boolean types",
        "EVS-001 EVS-013",
        "yes=true no=false",
        [("yes", "boolean", True), ("no", "boolean", False)],
        "a decoder that reads type 0 as false inverts every boolean header",
    )
    for kind, bits in (("int8", 8), ("int16", 16), ("int32", 32), ("int64", 64)):
        low, high = -(1 << bits - 1), (1 << bits - 1) - 1
        numbers = (("low", low), ("minus", -2), ("zero", 0), ("two", 2), ("high", high))
        case(
            kind,
            f"{kind} values: the minimum, -2, 0, 2 and the maximum",
            "EVS-018",
            " ".join(f"{name}={kind}({number})" for name, number in numbers),
            [
                (name, kind, str(number) if bits == 64 and abs(number) > 2 else number)
                for name, number in numbers
            ],
            "a decoder that reads integers as unsigned, little-endian or floating-point changes "
            "them",
        )
    reads(
        "evs-type-widths",
        "the number 7 in each integer type and as a timestamp",
        "EVS-018",
        "frame a=int8(7) b=int16(7) c=int32(7) d=int64(7) e=timestamp(7)",
        [
            message(
                b"",
                ("a", "int8", 7),
                ("b", "int16", 7),
                ("c", "int32", 7),
                ("d", "int64", 7),
                ("e", "timestamp", 7),
            )
        ],
        "a decoder that drops the integer type cannot write the same header again",
    )
    case(
        "int64-beyond-double",
        "int64 values that a double cannot represent",
        "EVS-018",
        "a=int64(9007199254740993) b=int64(-9007199254740993)",
        [("a", "int64", "9007199254740993"), ("b", "int64", "-9007199254740993")],
        "a decoder that stores int64 in a double changes both values to ±9007199254740992",
    )
    case(
        "timestamp",
        "a timestamp of the year 2015 and the timestamp 0",
        "EVS-019",
        "a=timestamp(1440938160000) b=timestamp(0)",
        [("a", "timestamp", 1440938160000), ("b", "timestamp", 0)],
        "a decoder that reads seconds instead of milliseconds is wrong by a factor of 1,000",
    )
    case(
        "timestamp-before-1970",
        "a timestamp before 1970",
        "EVS-019",
        "a=timestamp(-1)",
        [("a", "timestamp", -1)],
        "a decoder that reads timestamps as unsigned returns a date in the year 584,556,019",
    )
    case(
        "timestamp-extremes",
        "the smallest and the largest timestamp",
        "EVS-019",
        "a=timestamp(-9223372036854775808) b=timestamp(9223372036854775807)",
        [("a", "timestamp", "-9223372036854775808"), ("b", "timestamp", "9223372036854775807")],
        "a decoder that stores timestamps in a date type with a shorter range returns another date",
    )
    case(
        "bytes",
        "byte values: empty, a NUL byte, invalid UTF-8",
        "EVS-016 EVS-015",
        "a=bytes() b=bytes(00) c=bytes(ff c3 '(')",
        [("a", "bytes", b""), ("b", "bytes", b"\0"), ("c", "bytes", b"\xff\xc3(")],
        "a decoder that treats byte values as text rejects them or stops at NUL",
    )
    case(
        "string",
        "strings: empty, ASCII, characters of two, three and four bytes, NUL",
        "EVS-016 EVS-015",
        "a='' b='plain' c='é' d='東京' e='🙂' f=string('x' 00 'y')",
        [
            ("a", "string", ""),
            ("b", "string", "plain"),
            ("c", "string", "é"),
            ("d", "string", "東京"),
            ("e", "string", "🙂"),
            ("f", "string", "x\0y"),
        ],
        "a decoder that counts characters or stops at NUL misreads the rest of the block",
    )
    for kind in ("string", "bytes"):
        reads(
            f"evs-type-{kind}-empty-at-the-end",
            f"an empty value of type {kind} as the last header",
            "EVS-016 EVS-010",
            f"frame a=true h={kind}()",
            [message(b"", ("a", "boolean", True), ("h", kind, "" if kind == "string" else b""))],
            "a decoder that expects bytes after a length of 0 rejects a complete headers block",
        )
    case(
        "string-unchanged",
        "strings with a byte order mark, spaces, a line end and a combining accent",
        "EVS-015",
        "a=string(efbbbf 'x') b=string(' x' 0d0a) c=string('e' cc81)",
        [("a", "string", "\ufeffx"), ("b", "string", " x\r\n"), ("c", "string", "e\u0301")],
        "a decoder that trims or normalises strings does not return what was sent",
    )
    case(
        "uuid",
        "a uuid whose 16 bytes differ",
        "EVS-020",
        "u=uuid(01020304-0506-0708-090a-0b0c0d0e0f10)",
        [("u", "uuid", "01020304-0506-0708-090a-0b0c0d0e0f10")],
        "some libraries read the first three fields as little-endian and return another uuid",
    )
    case(
        "uuid-extremes",
        "the uuids of all zeros and all ones",
        "EVS-020",
        "a=uuid(00000000-0000-0000-0000-000000000000) b=uuid(ffffffff-ffff-ffff-ffff-ffffffffffff)",
        [
            ("a", "uuid", "00000000-0000-0000-0000-000000000000"),
            ("b", "uuid", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
        ],
        "a decoder that checks the version or variant bits rejects valid frames",
    )
    reads(
        "evs-type-all",
        "every header type in one frame, from AWS's own test suite",
        "EVS-001 EVS-013",
        "frame event-type=int32(40972) content-type='application/json' ('bool false')=false "
        "('bool true')=true byte=int8(-49) "
        "('byte buf')=bytes('I''m a little teapot!') timestamp=timestamp(8675309) "
        "int16=int16(42) int64=int64(42424242) "
        "uuid=uuid(01020304-0506-0708-090a-0b0c0d0e0f10) payload('{''foo'':''bar''}')",
        [
            message(
                b"{'foo':'bar'}",
                ("event-type", "int32", 40972),
                ("content-type", "string", "application/json"),
                ("bool false", "boolean", False),
                ("bool true", "boolean", True),
                ("byte", "int8", -49),
                ("byte buf", "bytes", b"I'm a little teapot!"),
                ("timestamp", "timestamp", 8675309),
                ("int16", "int16", 42),
                ("int64", "int64", 42424242),
                ("uuid", "uuid", "01020304-0506-0708-090a-0b0c0d0e0f10"),
            )
        ],
        "a decoder that misreads the length of one value misreads every header after it",
        source="[spec]; AWS's own case all_headers",
    )


INHERITED = ("__proto__", "constructor", "toString", "prototype", "hasOwnProperty", "length")


def inherited() -> List[Header]:
    """Return headers with names that objects of some languages have already."""
    return [(name, "string", name[:3]) for name in INHERITED]


def _names() -> None:
    reads(
        "evs-name-inherited",
        "names that are those of inherited members in some languages",
        "EVS-001 EVS-014 EVS-021",
        "frame " + " ".join(f"{name}='{value}'" for name, _, value in inherited()),
        [message(b"", *inherited())],
        "a decoder that collects headers in an object of its language loses one, or finds it twice",
    )
    reads(
        "evs-name-lengths",
        "names of 1 and 255 bytes",
        "EVS-011",
        "frame n=true (255*'x')=false",
        [message(b"", ("n", "boolean", True), ("x" * 255, "boolean", False))],
        "a decoder that reads the name length as a signed byte gets -1 here",
    )
    reads(
        "evs-name-128",
        "a name of 128 bytes",
        "EVS-011",
        "frame (128*'x')='v'",
        [message(b"", ("x" * 128, "string", "v"))],
        "a decoder that reads the name length as a signed byte gets -128 here",
    )
    reads(
        "evs-name-characters",
        "names with a space, NUL and non-ASCII characters",
        "EVS-012 EVS-011",
        "frame ('a b')=true (00)=true (' ')=true ('é東🙂')=true",
        [
            message(
                b"",
                ("a b", "boolean", True),
                ("\0", "boolean", True),
                (" ", "boolean", True),
                ("é東🙂", "boolean", True),
            )
        ],
        "a decoder that trims names or stops at NUL returns another name",
    )
    reads(
        "evs-name-case",
        "two names that differ only in letter case",
        "EVS-021 EVS-014",
        "frame name='a' Name='b'",
        [message(b"", ("name", "string", "a"), ("Name", "string", "b"))],
        "a decoder that ignores letter case, as HTTP does, loses a header or rejects the frame",
    )
    reads(
        "evs-name-normal-forms",
        "the same letter in two Unicode normal forms, as two names",
        "EVS-014",
        "frame ('é')='a' ('e' cc81)='b'",
        [message(b"", ("é", "string", "a"), ("e\u0301", "string", "b"))],
        "a decoder that normalises names reports a duplicate or loses a header",
    )
    reads(
        "evs-name-of-an-object",
        "names that have a meaning in JavaScript or Python objects",
        "EVS-014",
        "frame __proto__='a' constructor='b' __class__='c' length='d'",
        [
            message(
                b"",
                ("__proto__", "string", "a"),
                ("constructor", "string", "b"),
                ("__class__", "string", "c"),
                ("length", "string", "d"),
            )
        ],
        "a decoder that stores headers as object properties loses them or corrupts the object",
    )
    reads(
        "evs-name-order-of-numbers",
        "names that are numbers, in descending order",
        "EVS-021",
        "frame 10='a' 9='b' 1='c'",
        [message(b"", ("10", "string", "a"), ("9", "string", "b"), ("1", "string", "c"))],
        "a decoder that stores headers in an array or a sorted object mixes up the values",
    )
    reads(
        "evs-headers-300",
        "300 headers",
        "EVS-010",
        "frame " + " ".join(f"n{n}=int16({n})" for n in range(300)),
        [message(b"", *[(f"n{n}", "int16", n) for n in range(300)])],
        "a decoder that counts headers in one byte, or limits their number, loses or rejects "
        "headers",
    )
    rejects(
        "evs-name-empty",
        "an empty header name before the payload",
        "EVS-011",
        "header",
        "frame ()=true payload('x')",
        "()=true ",
        "no caller can look up a header without a name, and two decoders may read the block "
        "differently",
    )
    rejects(
        "evs-name-empty-string",
        "an empty header name between two headers",
        "EVS-011",
        "header",
        "frame a=true ()='v' b=true",
        "()='v' ",
        "no caller can look up a header without a name, and two decoders may read the block "
        "differently",
    )
    for name, second, title in (
        ("", "h='b'", "with values of the same type"),
        ("-other-type", "h=int8(1)", "with values of different types"),
        ("-same-value", "h='a'", "with the same value"),
    ):
        rejects(
            "evs-duplicate-header" + name,
            f"a duplicate header name {title}",
            "EVS-014",
            "duplicate_header",
            f"frame h='a' {second} payload('x')",
            "h='a' " + second,
            "whether a decoder keeps the first or the last value, a proxy can override "
            ":message-type",
            corrected="h='a'",
        )
    rejects(
        "evs-duplicate-header-apart",
        "a duplicate header name with two headers in between",
        "EVS-014",
        "duplicate_header",
        "frame h=true a=true b=true h=false",
        " h=false",
        "a decoder that only compares neighbours misses the duplicate",
    )
    rejects(
        "evs-duplicate-header-not-ascii",
        "a duplicate header name that is not ASCII",
        "EVS-014",
        "duplicate_header",
        "frame ('é')=true ('é')=false",
        " ('é')=false",
        "a decoder that only compares ASCII names misses the duplicate",
    )


# The classes of invalid UTF-8: part of the id, an example, its description.
NOT_UTF8 = (
    ("continuation", "80", "a lone continuation byte"),
    ("truncated-2", "c3", "the first byte of a two-byte character"),
    ("truncated-3", "e282", "two bytes of a three-byte character"),
    ("truncated-4", "f09f99", "three bytes of a four-byte character"),
    ("interrupted", "c328", "the first byte of a two-byte character before an ASCII character"),
    ("overlong-2", "c0af", "a slash as an overlong sequence of two bytes"),
    ("overlong-3", "e0809f", "a control character as an overlong sequence of three bytes"),
    ("overlong-4", "f08080af", "a slash as an overlong sequence of four bytes"),
    (
        "overlong-nul",
        "c080",
        "NUL as an overlong sequence of two bytes, as in Java's modified UTF-8",
    ),
    ("overlong-3-last", "e09fbf", "U+07FF as an overlong sequence of three bytes"),
    ("overlong-4-last", "f08fbfbf", "U+FFFF as an overlong sequence of four bytes"),
    ("surrogate-first", "eda080", "the surrogate U+D800"),
    ("surrogate-last", "edbfbf", "the surrogate U+DFFF"),
    ("surrogate-pair", "eda0bdedb980", "an encoded surrogate pair, as in CESU-8"),
    ("beyond-unicode", "f4908080", "the code point U+110000, which is out of range"),
    ("f5", "f5808080", "the byte F5, which never occurs in UTF-8"),
    ("five-bytes", "f888808080", "a sequence of five bytes"),
    ("latin-1", "e9", "a letter in Latin-1"),
    ("ff", "ff", "the byte FF, which never occurs in UTF-8"),
)


def _utf8() -> None:
    edges = (
        "\x7f",
        "\x80",
        "\u07ff",
        "\u0800",
        "\ud7ff",
        "\ue000",
        "\ufffd",
        "\uffff",
        "\U00010000",
        "\U0010ffff",
    )
    digits = [edge.encode("utf-8").hex() for edge in edges]
    reads(
        "evs-utf8-edges-in-values",
        "string values at the limits of each UTF-8 length and next to the surrogates",
        "EVS-015",
        "frame " + " ".join(f"s{number}=string({data})" for number, data in enumerate(digits)),
        [message(b"", *[(f"s{number}", "string", edge) for number, edge in enumerate(edges)])],
        "a decoder whose UTF-8 check is too strict rejects valid strings",
    )
    reads(
        "evs-utf8-edges-in-names",
        "names at the limits of each UTF-8 length and next to the surrogates",
        "EVS-012",
        "frame " + " ".join(f"({data})=true" for data in digits),
        [message(b"", *[(edge, "boolean", True) for edge in edges])],
        "a decoder whose UTF-8 check is too strict rejects valid names",
    )
    for name, data, title in NOT_UTF8:
        rejects(
            f"evs-utf8-{name}-in-value",
            f"a string value that contains {title}",
            "EVS-015",
            "utf8",
            f"frame h=string('a' {data})",
            " " + data,
            "a decoder that replaces the invalid bytes returns a string that was never sent",
        )
        rejects(
            f"evs-utf8-{name}-in-name",
            f"a header name that contains {title}",
            "EVS-012",
            "utf8",
            f"frame ('a' {data})=true",
            " " + data,
            "a decoder that replaces the invalid bytes may turn two different names into one",
        )


def _header_block() -> None:
    for code, length in ((10, 0), (11, 1), (127, 1), (128, 1), (255, 0)):
        part = f" h=type{code}({'00' * length})"
        rejects(
            f"evs-header-type-{code}",
            f"a header of the undefined type {code}",
            "EVS-013",
            "header_type",
            f"frame a=true{part}",
            part,
            "a decoder that skips the header must guess its length, because the type defines none",
        )
    for name, title, raw, corrected in (
        ("name-length-alone", "ends after the length of a name", "raw(01)", ""),
        ("name", "ends inside a name", "raw(02 'h')", ""),
        ("type", "ends after a name", "raw(01 'h')", ""),
        ("int8", "ends before the value of an int8", "h=type2()", "h=int8(0)"),
        ("int16", "ends inside an int16", "h=type3(00)", "h=int16(0)"),
        ("int32", "ends inside an int32", "h=type4(000000)", "h=int32(0)"),
        ("int64", "ends inside an int64", "h=type5(7*00)", "h=int64(0)"),
        ("timestamp", "ends inside a timestamp", "h=type8(7*00)", "h=timestamp(0)"),
        ("uuid", "ends inside a uuid", "h=type9(15*00)", "h=type9(16*00)"),
        ("bytes-length", "ends inside the length of a byte value", "h=type6(00)", "h=type6(0000)"),
        ("string-length", "ends before the length of a string", "h=type7()", "h=type7(0000)"),
        (
            "bytes",
            "ends one byte before the end of a byte value",
            "h=bytes('abc' length=4)",
            "h=bytes('abc')",
        ),
        (
            "string",
            "ends one byte before the end of a string",
            "h=string('abc' length=4)",
            "h=string('abc')",
        ),
        (
            "string-65535",
            "contains a string with an announced length of 65,535 bytes",
            "h=string('abc' length=65535)",
            "h=string('abc')",
        ),
    ):
        rejects(
            "evs-header-cut-" + name,
            f"a headers block that {title}",
            "EVS-010",
            "header",
            f"frame a=true {raw} payload(40*'p')",
            raw,
            "a decoder that reads past the block treats payload bytes as a header or invents a "
            "value",
            corrected=corrected,
        )
    rejects(
        "evs-header-value-one-short",
        "a headers block with one trailing byte, because a string's length is one too small",
        "EVS-010",
        "header",
        "frame h=string('abc' length=2)",
        " length=2",
        "a decoder that ignores trailing bytes accepts a header whose value is incomplete",
    )
    rejects(
        "evs-headers-length-one-short",
        "a headers_length that excludes the last byte of a string",
        "EVS-010",
        "header",
        "frame h='abc' headers(7)",
        " headers(7)",
        "a decoder that accepts this returns a truncated string and moves a byte to the payload",
    )
    rejects(
        "evs-headers-length-one-long",
        "a headers_length that includes the first byte of the payload",
        "EVS-010",
        "header",
        "frame h=true headers(4) payload(05 'rest')",
        " headers(4)",
        "a decoder that accepts this loses the first byte of the payload",
    )
    rejects(
        "evs-headers-length-of-one-byte",
        "a headers_length that includes only the first byte of a header",
        "EVS-010",
        "header",
        "frame headers(1) h=true",
        " headers(1)",
        "a decoder that accepts this drops a header and adds its bytes to the payload",
    )


# ---- the stream --------------------------------------------------------------------------------


def _truncations() -> None:
    # prelude 0-11, headers 12-21, payload 22-28, checksum 29-32
    frame = "frame h='value' payload('payload')"
    for end, title in (
        (1, "after its first byte"),
        (3, "inside total_length"),
        (4, "after total_length"),
        (8, "after headers_length"),
        (11, "one byte before the end of the prelude"),
        (12, "after the prelude"),
        (13, "after the first byte of a header"),
        (17, "inside a header value"),
        (22, "after the headers"),
        (25, "inside the payload"),
        (29, "after the payload"),
        (30, "inside the message checksum"),
        (32, "one byte before its end"),
    ):
        rejects(
            f"evs-truncated-at-{end}",
            f"a stream that ends inside its second frame, {title}",
            "EVS-022 EVS-023",
            "truncated",
            f"{BEFORE}\n{frame} cut({end})",
            f" cut({end})",
            "a decoder that drops the incomplete frame presents a truncated response as complete",
            between=False,
            messages=[MESSAGE_BEFORE],
            chunking=WITHOUT_TRAILING,
        )
    for end, title in (
        (2, "inside the prelude"),
        (12, "after the prelude"),
        (28, "inside the payload"),
    ):
        rejects(
            f"evs-truncated-first-frame-at-{end}",
            f"a stream that ends inside its only frame, {title}",
            "EVS-022",
            "truncated",
            f"{frame} cut({end})",
            f" cut({end})",
            "a decoder that drops the incomplete frame presents a truncated response as an empty "
            "one",
            between=False,
            chunking=WITHOUT_TRAILING,
        )
    rejects(
        "evs-truncated-shortest",
        "a frame of 16 bytes without its last byte",
        "EVS-022 EVS-027",
        "truncated",
        "frame cut(15)",
        " cut(15)",
        "a decoder that ignores incomplete empty frames presents a truncated response as complete",
        between=False,
        chunking=WITHOUT_TRAILING,
    )
    for name, extra, title in (
        ("newline", "0a", "a line end"),
        ("nul", "00", "a NUL"),
        ("eleven-bytes", "11*00", "eleven zero bytes"),
    ):
        rejects(
            "evs-behind-the-last-frame-" + name,
            f"{title} after the last frame",
            "EVS-022 EVS-001",
            "truncated",
            f"{BEFORE}\nbytes({extra})",
            f"\nbytes({extra})",
            "these bytes are the start of an incomplete frame, and a decoder that drops them "
            "hides data loss",
            between=False,
            messages=[MESSAGE_BEFORE],
            chunking=WITHOUT_TRAILING,
        )
    for name, extra, title in (
        ("crlf", "0d0a", "a line end"),
        ("nul", "00", "a NUL"),
        ("zeros", "16*00", "sixteen zero bytes"),
        ("http", "'HTTP/1.1 200 OK' 0d0a0d0a", "the head of an HTTP response"),
        ("json", "'{\"message\": null}'", "a JSON document"),
    ):
        rejects(
            "evs-between-frames-" + name,
            f"{title} between two frames",
            "EVS-001 EVS-024",
            "prelude_crc",
            f"bytes({extra})",
            f"bytes({extra})",
            "a decoder that searches for the next frame may find one inside a payload",
        )
    for name, content, title in (
        ("json", '\'{"message":"Internal error"}\'', "a JSON document"),
        ("html", "'<html><body>502 Bad Gateway</body></html>'", "an HTML page"),
        ("sse", '\'data: {"token": "a"}\' 0a0a', "server-sent events"),
        ("base64", "'AAAAEAAAAAAFwkjrfZjI/w=='", "a Base64-encoded frame"),
        ("gzip", "1f8b0800000000000003 636060106060600000 ebd2a8c9 10000000", "gzip data"),
    ):
        rejects(
            "evs-no-stream-" + name,
            f"a stream that consists of {title}",
            "EVS-002 EVS-004",
            "prelude_crc",
            f"bytes({content})",
            f"bytes({content})",
            "proxies do send this, and a decoder that trusts the first four bytes waits for a "
            "gigabyte",
            between=False,
        )
    rejects(
        "evs-delivered-before-a-fault",
        "three messages before an error, in their order",
        "EVS-023 EVS-003",
        "message_crc",
        "frame payload('one ')\nframe payload('two ')\nframe payload('three ')\nframe "
        "payload('four') crc(wrong)\n" + AFTER,
        " crc(wrong)",
        "a decoder that discards the earlier messages loses the part of the response that arrived",
        between=False,
        messages=[message(b"one "), message(b"two "), message(b"three ")],
    )
    reads(
        "evs-frames-200",
        "200 frames of increasing length",
        "EVS-026 EVS-009 EVS-001",
        "\n".join(f"frame payload({length}*'x')" for length in range(200)),
        [message(b"x" * length) for length in range(200)],
        "a decoder that mishandles a chunk that ends at one particular offset of a frame fails "
        "here",
    )
    reads(
        "evs-headers-repeat",
        "five frames with equal headers, one whose header differs in one bit, one like the first",
        "EVS-001 EVS-026",
        "\n".join(
            ["frame kind='same' payload('a')"] * 5
            + ["frame kind='sane' payload('b')", "frame kind='same' payload('c')"]
        ),
        [message(b"a", ("kind", "string", "same"))] * 5
        + [message(b"b", ("kind", "string", "sane")), message(b"c", ("kind", "string", "same"))],
        "a decoder that caches headers blocks by length or hash returns the wrong headers",
    )
    swapped = ("ab='cd'", "ba='cd'", "ab='dc'", "ab='cd' e=true", "e=true ab='cd'", "ab='cd'")
    reads(
        "evs-headers-permuted",
        "frames whose headers have the same bytes in another order",
        "EVS-001 EVS-026",
        "\n".join(f"frame {headers} payload('p')" for headers in swapped),
        [
            message(b"p", *headers)
            for headers in (
                [("ab", "string", "cd")],
                [("ba", "string", "cd")],
                [("ab", "string", "dc")],
                [("ab", "string", "cd"), ("e", "boolean", True)],
                [("e", "boolean", True), ("ab", "string", "cd")],
                [("ab", "string", "cd")],
            )
        ],
        "a decoder that caches headers blocks by length or by a sum returns the wrong headers",
    )
    rejects(
        "evs-headers-repeat-broken",
        "frames with the same lengths, of which the last has a wrong prelude checksum",
        "EVS-002 EVS-026",
        "prelude_crc",
        "frame payload('a')\nframe payload('b')\nframe payload('c') prelude_crc(wrong)",
        " prelude_crc(wrong)",
        "a decoder that caches preludes by length does not notice the wrong checksum",
        messages=[MESSAGE_BEFORE, message(b"a"), message(b"b")],
    )


def _large_values() -> None:
    for kind, noun, term, value in (
        ("string", "string value", "'x'", "x"),
        ("bytes", "byte value", "ff", b"\xff"),
    ):
        for length, why in (
            (32767, "a decoder with a lower limit rejects a value that every encoder may write"),
            (32768, "a decoder that reads the length as a signed number gets -32,768 here"),
            (65535, "a decoder that reads the length as a signed number gets -1 here"),
        ):
            reads(
                f"evs-value-{kind}-{length}",
                f"a {noun} of {length:,} bytes",
                "EVS-016",
                f"frame h={kind}({length}*{term}) payload('p')",
                [message(b"p", ("h", kind, value * length))],
                why,
                chunking=LARGE,
            )


def _chunks() -> None:
    # These cases list their chunks, because some of them are empty.
    whole = assemble(BEFORE) + assemble(AFTER)
    message_after = message(b"behind", ("n", "int8", 2))
    for name, title, places in (
        ("between-frames", "an empty chunk between two frames", (len(whole) // 2,)),
        ("first", "an empty chunk before the first byte", (0, 0)),
        ("last", "an empty chunk after the last byte", (len(whole), len(whole))),
        ("inside-a-prelude", "an empty chunk inside a prelude", (5, 5)),
        ("inside-a-payload", "several empty chunks inside a payload", (20,) * 5),
    ):
        cuts = [0] + sorted(places) + [len(whole)]
        chunks = [whole[start:end] for start, end in zip(cuts, cuts[1:])]
        if b"" not in chunks:
            chunks.insert(1, b"")
        if b"".join(chunks) != whole:
            raise CaseMistake(f"evs-chunk-empty-{name}: the chunks do not add up to the stream")
        DECODE.case(
            "evs-chunk-empty-" + name,
            title,
            "EVS-026",
            {"chunks": [b64(chunk) for chunk in chunks]},
            ok(messages=[MESSAGE_BEFORE, message_after]),
            "a decoder that treats an empty read as the end of the stream loses the rest of it",
            chunking=("whole",),
        )


def _times() -> None:
    """Add cases whose subject is the time of a result. `offsets` of a case describes it."""
    whole = assemble(BEFORE) + assemble(AFTER)
    middle = len(assemble(BEFORE))
    after = message(b"behind", ("n", "int8", 2))
    for name, title, chunks in (
        ("ends-with-a-chunk", "a frame for each chunk", [whole[:middle], whole[middle:]]),
        (
            "ends-inside-a-chunk",
            "a chunk with the end of one frame and the beginning of the next",
            [whole[: middle - 1], whole[middle - 1 : middle + 13], whole[middle + 13 :]],
        ),
    ):
        DECODE.case(
            "evs-time-" + name,
            title,
            "EVS-042 EVS-026",
            {"chunks": [b64(chunk) for chunk in chunks]},
            ok(messages=[MESSAGE_BEFORE, after]),
            "a decoder that waits for the next frame shows each token late",
            chunking=("whole",),
        )


# ---- encoding ----------------------------------------------------------------------------------


def writes(
    case_id: str,
    title: str,
    rules: str,
    headers: Sequence[Header],
    why: str,
    payload: bytes = b"p",
    **more: Any,
) -> None:
    """Add a message that can be encoded.

    The runner decodes the frame that the encoder returns and compares the messages.
    """
    ENCODE.case(case_id, title, rules, message(payload, *headers), ok(), why, **more)


SEQUENCE = [
    "evs-encode-sequence-" + name
    for name in ("boolean-true", "int8-1", "int64-1", "boolean-false", "int16-0")
]
ALIKE = ("a", "a ", " a", "A", "a\t", "a\0", "\ufeffa", "\u00e1", "a\u0301", "\uff41", "0", "")


DROPS_EQUAL = "an encoder that drops a repetition silently hides a mistake of its caller"


def alike() -> List[Header]:
    """Return headers whose names differ by little, and so do their values."""
    return [(name, "string", ALIKE[-1 - place]) for place, name in enumerate(ALIKE) if name]


def cannot_write(
    case_id: str,
    title: str,
    rules: str,
    kind: Union[str, Sequence[str]],
    headers: Sequence[Header],
    why: str,
    good: Sequence[Header],
    payload: bytes = b"p",
    **more: Any,
) -> None:
    """Add a message that must not be encoded.

    kind: the expected kind of the error
    headers, payload: the message
    good: the headers without the one mistake
    """
    differing = sum(repr(one) != repr(other) for one, other in zip(good, headers))  # 1 == True
    if (len(headers) - len(good), differing) not in ((0, 1), (1, 0)):
        raise CaseMistake(f"{case_id}: good and headers must differ in exactly one header")
    ENCODE.case(case_id, title, rules, message(payload, *headers), reject(kind), why, **more)


def _encode() -> None:
    writes(
        "evs-encode-empty",
        "a message without headers and payload",
        "EVS-001 EVS-002 EVS-003 EVS-027",
        [],
        "an encoder that omits part of the prelude or a checksum writes a frame that nobody can "
        "read",
        b"",
    )
    writes(
        "evs-encode-payload",
        "a payload of all 256 bytes",
        "EVS-001",
        [],
        "an encoder that uses the wrong length, checksum or byte order writes an unreadable frame",
        bytes(range(256)),
    )
    writes(
        "evs-encode-event",
        "a PayloadPart event as the service sends it",
        "EVS-001 EVS-011",
        [
            (":message-type", "string", "event"),
            (":event-type", "string", "PayloadPart"),
            (":content-type", "string", "application/octet-stream"),
        ],
        "a test server that cannot write this event cannot test any client",
        b"Hello, ",
    )
    writes(
        "evs-encode-payload-65536",
        "a payload of 65,536 bytes",
        "EVS-001",
        [],
        "an encoder that keeps only two bytes of a length writes 16 here",
        b"x" * 65536,
    )
    ENCODE.case(
        "evs-encode-payload-25165824",
        "a payload of 24 MiB, the longest that a sender may write",
        "EVS-025",
        {"headers": [], "payload": {"random": "evs-encode-payload", "bytes": 25165824}},
        ok(),
        "an encoder with a lower limit rejects a payload that the format allows",
    )
    writes(
        "evs-encode-booleans",
        "both boolean types",
        "EVS-013",
        [("yes", "boolean", True), ("no", "boolean", False)],
        "an encoder that writes type 1 for true inverts every boolean header",
    )
    for kind, bits in (("int8", 8), ("int16", 16), ("int32", 32), ("int64", 64), ("timestamp", 64)):
        low, high = -(1 << bits - 1), (1 << bits - 1) - 1
        shown = [str(number) if bits == 64 else number for number in (low, high)]
        rule = "EVS-019" if kind == "timestamp" else "EVS-018"
        writes(
            "evs-encode-" + kind,
            f"{kind} values: the minimum, -1, 0, 1 and the maximum",
            rule,
            [
                ("low", kind, shown[0]),
                ("minus", kind, -1),
                ("zero", kind, 0),
                ("one", kind, 1),
                ("high", kind, shown[1]),
            ],
            "an encoder that treats the sign bit wrongly rejects a valid value or writes another "
            "one",
        )
        for name, number, good in (("above", high + 1, shown[1]), ("below", low - 1, shown[0])):
            value = str(number) if bits == 64 else number
            cannot_write(
                f"evs-encode-{kind}-{name}",
                f"a value of type {kind} that is one {name} its range",
                rule,
                "constraint",
                [("h", kind, value)],
                "an encoder that truncates the value to its width writes another number silently",
                [("h", kind, good)],
            )
    writes(
        "evs-encode-timestamp-ordinary",
        "a timestamp of the year 2015",
        "EVS-019",
        [("t", "timestamp", 1440938160000)],
        "an encoder that writes seconds instead of milliseconds writes a date in January 1970",
    )
    writes(
        "evs-encode-bytes",
        "byte values: empty, a NUL byte, invalid UTF-8",
        "EVS-013",
        [("a", "bytes", b""), ("b", "bytes", b"\0"), ("c", "bytes", b"\xff\xc3(")],
        "an encoder that treats byte values as text changes them or stops at NUL",
    )
    writes(
        "evs-encode-string",
        "strings: empty, ASCII, characters of two, three and four bytes, NUL",
        "EVS-013 EVS-015",
        [
            ("a", "string", ""),
            ("b", "string", "plain"),
            ("c", "string", "é"),
            ("d", "string", "東京"),
            ("e", "string", "🙂"),
            ("f", "string", "x\0y"),
        ],
        "an encoder that writes the number of characters as the length writes an unreadable frame",
    )
    writes(
        "evs-encode-uuid",
        "a uuid",
        "EVS-020",
        [("u", "uuid", "01020304-0506-0708-090a-0b0c0d0e0f10")],
        "some libraries write the first three fields as little-endian, which makes another uuid",
    )
    writes(
        "evs-encode-name-lengths",
        "names of 1 and 255 bytes",
        "EVS-011",
        [("n", "boolean", True), ("x" * 255, "boolean", True), ("é" * 127 + "y", "boolean", True)],
        "an encoder that treats the name length as signed, or counts characters, rejects valid "
        "names",
    )
    writes(
        "evs-encode-name-characters",
        "names with a space, NUL and non-ASCII characters",
        "EVS-011 EVS-012",
        [("a b", "boolean", True), ("\0", "boolean", True), ("é東🙂", "boolean", True)],
        "an encoder that writes the number of characters as the name length writes an unreadable "
        "frame",
    )
    writes(
        "evs-encode-name-case",
        "two names that differ only in letter case",
        "EVS-014 EVS-021",
        [("name", "string", "a"), ("Name", "string", "b")],
        "an encoder that ignores letter case, as HTTP does, drops one of the headers",
    )
    writes(
        "evs-encode-many-headers",
        "40 headers",
        "EVS-001",
        [(f"n{number}", "int16", number) for number in range(40)],
        "an encoder that counts headers instead of their bytes writes a wrong headers_length",
    )
    cannot_write(
        "evs-encode-name-empty",
        "an empty header name",
        "EVS-011",
        "constraint",
        [("", "boolean", True)],
        "every correct decoder rejects the frame, so the error appears far from its cause",
        [("n", "boolean", True)],
    )
    cannot_write(
        "evs-encode-name-256",
        "a name of 256 bytes",
        "EVS-011",
        "constraint",
        [("x" * 256, "boolean", True)],
        "the name length wraps to 0, so no decoder can read the frame",
        [("x" * 255, "boolean", True)],
    )
    cannot_write(
        "evs-encode-name-256-in-128-characters",
        "a name of 128 characters and 256 bytes",
        "EVS-011",
        "constraint",
        [("é" * 128, "boolean", True)],
        "an encoder that counts characters writes a length of 128 before a name of 256 bytes",
        [("é" * 127, "boolean", True)],
    )
    cannot_write(
        "evs-encode-duplicate-header",
        "a duplicate header name",
        "EVS-014",
        ["constraint", "duplicate_header"],
        [("h", "string", "a"), ("h", "string", "b")],
        "every correct decoder rejects the frame, so the error appears far from its cause",
        [("h", "string", "a")],
    )
    cannot_write(
        "evs-encode-duplicate-header-other-type",
        "a duplicate header name with values of different types and another header in between",
        "EVS-014",
        ["constraint", "duplicate_header"],
        [("h", "string", "a"), ("n", "boolean", True), ("h", "int8", 1)],
        "every correct decoder rejects the frame, so the error appears far from its cause",
        [("h", "string", "a"), ("n", "boolean", True)],
    )
    between: List[Header] = [("n", "boolean", True)]
    for slug, title, header, more in (
        ("equal", "with equal values", ("h", "string", "a"), []),
        ("equal-apart", "with equal values, apart", ("h", "string", "a"), between),
        ("equal-not-ascii", "that is not ASCII, with equal values", ("é", "string", "b"), between),
    ):
        cannot_write(
            "evs-encode-duplicate-header-" + slug,
            "a duplicate header name " + title,
            "EVS-014",
            ["constraint", "duplicate_header"],
            [header, *more, header],
            DROPS_EQUAL,
            [header, *more],
        )
    cannot_write(
        "evs-encode-duplicate-header-type-only",
        "a duplicate header name with different types of the same bytes",
        "EVS-014",
        ["constraint", "duplicate_header"],
        [("h", "string", "a"), ("h", "bytes", b"a")],
        DROPS_EQUAL,
        [("h", "string", "a")],
    )
    for slug, values in (("equal", "aaa"), ("first-last", "aba")):
        ENCODE.case(
            "evs-encode-duplicate-header-three-" + slug,
            "the same header name three times, with the values " + ", ".join(values),
            "EVS-014",
            message(b"p", *[("h", "string", value) for value in values]),
            reject(["constraint", "duplicate_header"]),
            DROPS_EQUAL,
        )
    writes(
        "evs-encode-name-case-equal",
        "names that differ only in letter case, with equal values",
        "EVS-014 EVS-021",
        [(name, "string", "a") for name in ("name", "Name", "NAME", "é", "É")],
        "an encoder that compares names as HTTP does drops a header that it takes for a repetition",
    )
    cannot_write(
        "evs-encode-unknown-type",
        "a header type that the format does not define",
        "EVS-013",
        "constraint",
        [("h", "float", 1)],
        "an encoder that invents a type code writes a frame that no decoder can read",
        [("h", "int8", 1)],
    )
    for slug, kind in (
        ("case", "String"),
        ("upper-case", "INT8"),
        ("space", "string "),
        ("prefix", "int"),
        ("unsigned", "uint8"),
        ("code", "7"),
    ):
        cannot_write(
            f"evs-encode-unknown-type-{slug}",
            f"the header type {kind!r}",
            "EVS-013",
            "constraint",
            [("h", kind, "1")],
            "an encoder that guesses the type writes something that its caller did not ask for",
            [("h", "string", "1")],
        )
    writes(
        "evs-encode-alike",
        "names and values that differ only in white space, case, composition, a mark or the type",
        "EVS-014 EVS-018 EVS-021",
        alike()
        + [("i8", "int8", 1), ("i16", "int16", 1), ("i32", "int32", 1), ("i64", "int64", 1)]
        + [("time", "timestamp", 1), ("yes", "boolean", True), ("no", "boolean", False)]
        + [("zero", "int8", 0), ("text", "string", "1"), ("bytes", "bytes", b"1")],
        "an encoder that trims or normalises a name or value writes another message, and one that "
        "caches values as its language compares them writes another type",
    )
    writes(
        "evs-encode-name-inherited",
        "names that are those of inherited members in some languages",
        "EVS-001 EVS-014",
        inherited(),
        "an encoder that collects headers in an object of its language loses one",
    )
    for number, (kind, value) in enumerate(
        (("boolean", True), ("int8", 1), ("int64", 1), ("boolean", False), ("int16", 0))
    ):
        before: Dict[str, Any] = {"after": SEQUENCE[number - 1]} if number else {}
        writes(
            f"evs-encode-sequence-{kind}-{str(value).lower()}",
            f"the same header as before, now of type {kind} with the value {str(value).lower()}",
            "EVS-013 EVS-018",
            [("same", kind, value)],
            "an encoder that caches headers may compare true with 1",
            **before,
        )
    for kind, wrong, title, right in (
        ("boolean", "true", "text", True),
        ("boolean", 1, "a number", True),
        ("string", 5, "a number", "5"),
        ("string", True, "a boolean", "true"),
        ("int8", True, "a boolean", 1),
        ("int64", None, "null", 1),
        ("timestamp", 0.5, "a fraction", 0),
        ("boolean", 0, "zero", False),
        ("string", None, "null", ""),
        ("int32", 1.5, "a fraction", 1),
    ):
        cannot_write(
            f"evs-encode-{kind}-of-{title.split()[-1]}",
            f"a header of type {kind} whose value is {title}",
            "EVS-013",
            "type",
            [("h", kind, wrong)],
            "an encoder that converts the value silently writes something that its caller did "
            "not pass",
            [("h", kind, right)],
        )
    for kind, filler in (("string", "x"), ("bytes", b"\xff")):
        writes(
            f"evs-encode-{kind}-32767",
            f"a value of type {kind} of 32,767 bytes",
            "EVS-016 EVS-017",
            [("h", kind, filler * 32767)],
            "an encoder with a lower limit rejects a value that every decoder accepts",
        )
        cannot_write(
            f"evs-encode-{kind}-32768",
            f"a value of type {kind} of 32,768 bytes",
            "EVS-017",
            "limit",
            [("h", kind, filler * 32768)],
            "a decoder that reads the length as a signed number rejects the frame or misreads it",
            [("h", kind, filler * 32767)],
        )
    cannot_write(
        "evs-encode-string-32768-in-16384-characters",
        "a string of 16,384 characters and 32,768 bytes",
        "EVS-017",
        "limit",
        [("h", "string", "é" * 16384)],
        "an encoder that counts characters accepts a string that is too long",
        [("h", "string", "é" * 16383)],
    )
    # Each of these headers has 1 + 1 + 1 + 2 + 32,767 bytes. The last one has 5 plus its value.
    rest = [(name, "string", "x" * 32767) for name in "abc"]
    fits = 131072 - 3 * 32772 - 5
    writes(
        "evs-encode-headers-131072",
        "a headers block of 131,072 bytes",
        "EVS-025",
        rest + [("d", "string", "x" * fits)],
        "an encoder with a lower limit rejects headers that the format allows",
    )
    cannot_write(
        "evs-encode-headers-131073",
        "a headers block of 131,073 bytes",
        "EVS-025",
        "limit",
        rest + [("d", "string", "x" * (fits + 1))],
        "services reject the frame, so the error appears far from its cause",
        rest + [("d", "string", "x" * fits)],
    )


for chapter in (
    _frames,
    _checksums,
    _lengths,
    _zero_checksums,
    _orders,
    _types,
    _names,
    _utf8,
    _header_block,
    _truncations,
    _chunks,
    _times,
    _large_values,
    _encode,
):
    chapter()

for case in [case for feature in FEATURES for case in feature.cases]:
    case["source"] = source_of(case["id"], case["op"], case["source"])
