# SPDX-License-Identifier: MIT
"""The cases of event-stream frames: eventstream-decode and eventstream-encode.

Every message that is expected stands here by hand. Each case is also held against plain_eventstream, and a refused one against
its own mended text: `broken` is the one place where its frame text is wrong, and with `mended` in that place (or with nothing)
every frame is good. A case of two faults, which asks for the order of two checks, names both places.

A broken frame stands between two good ones: a decoder that overlooks the fault shows it by what it delivers.
"""

import base64
import zlib
from typing import Any, Dict, Optional, Sequence, Tuple, Union

from authoring import DELIVERIES, CaseMistake, Feature, b64, frames, ok, reject
from authoring.differences import source_of
from authoring.plain_eventstream import decode
from conformance.cases.frames import assemble

UNTRAILED = (
    "whole",
    "bytewise",
    "halves",
)  # for a stream that ends inside a frame, which a frame behind it would fill
LARGE = ("whole", "halves")

DECODE = Feature("eventstream-decode", "eventstream.decode", "evs-", DELIVERIES)
ENCODE = Feature("eventstream-encode", "eventstream.encode", "evs-")
FEATURES = [DECODE, ENCODE]

Header = Tuple[str, str, Any]


def message(payload: bytes, *headers: Header) -> Dict[str, Any]:
    """A message as the protocol writes it; headers are (name, type, value), a value of type bytes is bytes."""
    shown = [
        {"name": name, "type": kind, "value": b64(value) if kind == "bytes" else value}
        for name, kind, value in headers
    ]
    return {"headers": shown, "payload": b64(payload)}


BEFORE, BEHIND = "frame n=int8(1) payload('before')", "frame n=int8(2) payload('behind')"
READ_BEFORE = message(b"before", ("n", "int8", 1))


def reads(
    case_id: str,
    title: str,
    rules: str,
    text: str,
    messages: Sequence[Dict[str, Any]],
    why: str,
    **more: Any,
) -> None:
    """A stream without a fault."""
    if decode(assemble(text)) != (list(messages), None):
        raise CaseMistake(f"{case_id}: the transcription reads {decode(assemble(text))!r}")
    DECODE.case(case_id, title, rules, frames(text), ok(messages=list(messages)), why, **more)


def refuses(
    case_id: str,
    title: str,
    rules: str,
    kind: str,
    text: str,
    broken: str,
    why: str,
    mended: str = "",
    between: bool = True,
    messages: Optional[Sequence[Dict[str, Any]]] = None,
    **more: Any,
) -> None:
    """A stream with one fault: `broken` stands once in the text, and with `mended` in its place all is well."""
    if text.count(broken) != 1:
        raise CaseMistake(f"{case_id}: {broken!r} must stand once in the text")
    _check_mended(case_id, text.replace(broken, mended))
    _refuse(case_id, title, rules, kind, text, why, between, messages, more)


def refuses_first(
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
    """A frame with two faults, each (its text, what mends it, the kind that it has alone): the one of `kind` is to be told."""
    for place, _, own_kind in broken:
        alone = text
        for other, healed, _ in broken:
            alone = alone.replace(other, healed) if other != place else alone
        found = decode(assemble(alone))[1]
        if found != own_kind or text.count(place) != 1:
            raise CaseMistake(f"{case_id}: {place!r} alone is {found}")
    whole = text
    for place, mended, _ in broken:
        whole = whole.replace(place, mended)
    _check_mended(case_id, whole)
    if kind not in [name for _, _, name in broken]:
        raise CaseMistake(f"{case_id}: none of the faults is of this kind")
    _refuse(case_id, title, rules, kind, text, why, between, None, more)


def _check_mended(case_id: str, text: str) -> None:
    fault = decode(assemble(text))[1]
    if fault is not None:
        raise CaseMistake(f"{case_id}: mended it is still refused: {fault}")


def _refuse(
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
        text = "\n".join((BEFORE, text, BEHIND))
    expected = list(messages) if messages is not None else [READ_BEFORE] if between else []
    if decode(assemble(text)) != (expected, kind):
        raise CaseMistake(f"{case_id}: the transcription reads {decode(assemble(text))!r}")
    DECODE.case(case_id, title, rules, frames(text), reject(kind, messages=expected), why, **more)


# ---- frames ------------------------------------------------------------------------------------------------------


def _frames() -> None:
    reads(
        "evs-stream-empty",
        "a stream of no bytes",
        "EVS-022",
        "",
        [],
        "a model may answer nothing: an end between two frames is no truncation",
        delivery=("whole", "trailing"),
    )
    reads(
        "evs-frame-shortest",
        "a frame without headers and payload, 16 bytes",
        "EVS-027 EVS-001 EVS-006",
        "frame",
        [message(b"")],
        "a decoder that asks for more than 16 bytes breaks on a heartbeat",
        source="[spec]; AWS's own case empty_message",
    )
    reads(
        "evs-frame-payload",
        "a payload without headers",
        "EVS-001",
        "frame payload('{''foo'':''bar''}')",
        [message(b"{'foo':'bar'}")],
        "lengths and checksums in the wrong byte order or over the wrong bytes are found here first",
        source="[spec]; AWS's own case payload_no_headers",
    )
    reads(
        "evs-frame-header",
        "one header without a payload",
        "EVS-001 EVS-007",
        "frame h='v'",
        [message(b"", ("h", "string", "v"))],
        "headers_length is total_length - 16 here, its largest value: a decoder one off refuses it",
    )
    reads(
        "evs-frame-header-payload",
        "a header and a payload",
        "EVS-001",
        "frame content-type='application/json' payload('{}')",
        [message(b"{}", ("content-type", "string", "application/json"))],
        "a decoder that takes headers_length from the wrong place cuts the payload wrongly",
    )
    reads(
        "evs-frames-three",
        "three frames, one behind the other",
        "EVS-001 EVS-026",
        "frame payload('one ')\nframe n=int32(2) payload('two ')\nframe payload('three')",
        [message(b"one "), message(b"two ", ("n", "int32", 2)), message(b"three")],
        "several frames in one chunk, and frames across chunks, must neither be lost nor joined",
    )
    reads(
        "evs-frames-shortest-three",
        "three frames of 16 bytes",
        "EVS-026 EVS-027",
        "frame\nframe\nframe",
        [message(b""), message(b""), message(b"")],
        "a decoder that takes an empty message for the end loses what follows",
    )
    reads(
        "evs-frame-inside-a-payload",
        "a payload that is itself a frame",
        "EVS-001",
        "frame payload(00000010 00000000 05c248eb 7d98c8ff)\nframe payload('x')",
        [message(base64.b64decode("AAAAEAAAAAAFwkjrfZjI/w==")), message(b"x")],
        "a decoder that looks for frames instead of believing lengths reads messages that nobody sent",
    )
    reads(
        "evs-payload-every-byte",
        "a payload of all 256 bytes",
        "EVS-001 EVS-003",
        f"frame payload({' '.join((bytes(range(row, row + 32)).hex() for row in range(0, 256, 32)))})",
        [message(bytes(range(256)))],
        "a payload is bytes: nothing in it is a line end, an end of text or a sign bit",
    )
    reads(
        "evs-payload-not-utf8",
        "a payload that is no UTF-8",
        "EVS-001 EVS-015",
        "frame payload('a' c3 '(' ff)",
        [message(b"a\xc3(\xff")],
        "one character may lie across two parts: a decoder must not read payloads as text",
    )
    reads(
        "evs-payload-line-ends",
        "a payload of line ends and NUL",
        "EVS-001",
        "frame payload(0d0a 0a 00 0d)",
        [message(b"\r\n\n\0\r")],
        "streams opened as text turn line ends around and break both checksums",
    )
    reads(
        "evs-payload-65536",
        "a payload of 65,536 bytes",
        "EVS-001 EVS-008 EVS-009",
        "frame payload(65536*'x')\nframe payload('y')",
        [message(b"x" * 65536), message(b"y")],
        "lengths are four bytes: one kept in two would be 16 here",
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
        "a checksum compared as a signed number is never equal to itself",
    )
    reads(
        "evs-message-crc-high-bit",
        "a message checksum whose first bit is set",
        "EVS-003 EVS-005",
        "frame payload('x')",
        [message(b"x")],
        "a checksum compared as a signed number is never equal to itself",
    )


def _checksums() -> None:
    for name, title, change in (
        ("last-bit", "its last bit flipped", "wrong"),
        ("zero", "four zero bytes", "00000000"),
        ("ones", "four bytes of ones", "ffffffff"),
    ):
        refuses(
            "evs-prelude-crc-" + name,
            f"a prelude checksum with {title}",
            "EVS-002",
            "prelude_crc",
            f"frame payload('x') prelude_crc({change})",
            f" prelude_crc({change})",
            "the checksum that is not compared bit by bit protects no length",
        )
        refuses(
            "evs-message-crc-" + name,
            f"a message checksum with {title}",
            "EVS-003",
            "message_crc",
            f"frame payload('x') crc({change})",
            f" crc({change})",
            "bytes that a proxy lost or changed reach the caller as the model's answer",
        )
    refuses(
        "evs-prelude-crc-byte-order",
        "a prelude checksum in little-endian",
        "EVS-002 EVS-001",
        "prelude_crc",
        "frame prelude_crc(eb48c205)",
        " prelude_crc(eb48c205)",
        "a decoder that takes either order halves the protection",
    )
    refuses(
        "evs-message-crc-byte-order",
        "a message checksum in little-endian",
        "EVS-003 EVS-001",
        "message_crc",
        "frame crc(ffc8987d)",
        " crc(ffc8987d)",
        "a decoder that takes either order halves the protection",
    )
    refuses(
        "evs-message-crc-without-prelude-crc",
        "a message checksum that leaves the prelude's checksum out",
        "EVS-003",
        "message_crc",
        "frame payload('hi') crc({})".format(_crc32(b"\0\0\0\x12\0\0\0\0hi")),
        " crc({})".format(_crc32(b"\0\0\0\x12\0\0\0\0hi")),
        "the checksum covers all bytes before it, the first checksum included",
    )
    refuses(
        "evs-message-crc-of-the-payload",
        "a message checksum of the payload alone",
        "EVS-003",
        "message_crc",
        f"frame h=true payload('hi') crc({_crc32(b'hi')})",
        f" crc({_crc32(b'hi')})",
        "headers without a checksum can be changed: :message-type among them",
    )
    refuses(
        "evs-payload-changed",
        "one bit of a payload flipped, the checksum that of the right one",
        "EVS-003",
        "message_crc",
        "frame payload('hh') crc({})".format(_message_crc("frame payload('hi')")),
        "payload('hh')",
        "this is what a bit that fell over on its way looks like",
        mended="payload('hi')",
    )
    refuses(
        "evs-header-changed",
        "one bit of a header flipped, the checksum that of the right one",
        "EVS-003",
        "message_crc",
        "frame h='w' crc({})".format(_message_crc("frame h='v'")),
        "h='w'",
        "a header that fell over on its way turns an event into another",
        mended="h='v'",
    )
    refuses(
        "evs-total-length-changed",
        "one bit of total_length flipped, the checksums those of the right one",
        "EVS-002 EVS-004",
        "prelude_crc",
        "frame total(1048593) payload('x') prelude_crc({}) crc({})".format(
            *_checksums_of("frame payload('x')")
        ),
        "total(1048593) ",
        "a decoder that believes the length waits for a megabyte that never comes, or swallows all that follows",
    )
    refuses(
        "evs-headers-length-changed",
        "one bit of headers_length flipped, the checksums those of the right one",
        "EVS-002 EVS-004",
        "prelude_crc",
        "frame headers(1) payload('x') prelude_crc({}) crc({})".format(
            *_checksums_of("frame payload('x')")
        ),
        "headers(1) ",
        "a decoder that believes the length reads the payload as headers",
    )


def _crc32(data: bytes) -> str:
    return f"{zlib.crc32(data):08x}"


def _checksums_of(text: str) -> Tuple[str, str]:
    """Both checksums of the one frame of a text, as digits."""
    frame = assemble(text)
    return frame[8:12].hex(), frame[-4:].hex()


def _message_crc(text: str) -> str:
    return _checksums_of(text)[1]


def _lengths() -> None:
    for total, title, why in (
        (
            15,
            "15, one too few",
            "a length below the frame's own overhead makes a payload of -1 bytes",
        ),
        (
            12,
            "12, the prelude alone",
            "a decoder that knows the prelude only reads a checksum from the next frame",
        ),
        (1, "1", "a decoder that steps by total_length reads a prelude at the next byte"),
        (0, "0", "a decoder that steps by total_length never moves: an endless loop"),
    ):
        refuses(
            f"evs-total-length-{int(total)}",
            "a total_length of " + title,
            "EVS-006 EVS-009",
            "length",
            f"frame total({int(total)})",
            f" total({int(total)})",
            why,
        )
    refuses(
        "evs-headers-length-one-over",
        "a headers_length of total_length - 15, one too many",
        "EVS-007",
        "length",
        "frame h=true headers(4)",
        " headers(4)",
        "the first byte of the message checksum is read as a header",
    )
    refuses(
        "evs-headers-length-of-the-frame",
        "a headers_length of total_length",
        "EVS-007",
        "length",
        "frame h=true headers(19)",
        " headers(19)",
        "a payload of -16 bytes: an underflow, or all memory",
    )
    refuses(
        "evs-headers-length-without-headers",
        "a headers_length of 1 in a frame of 16 bytes",
        "EVS-007",
        "length",
        "frame headers(1)",
        " headers(1)",
        "the smallest headers that cannot be there",
    )
    refuses(
        "evs-headers-length-largest",
        "a headers_length of 4,294,967,295",
        "EVS-007 EVS-009",
        "length",
        "frame payload('x') headers(4294967295)",
        " headers(4294967295)",
        "read as a signed number it is -1, and passes a check that it is small enough",
    )
    refuses(
        "evs-headers-length-sum-overflows",
        "a headers_length whose sum with 16 is 0 in 32 bits",
        "EVS-007 EVS-009",
        "length",
        "frame headers(4294967280)",
        " headers(4294967280)",
        "headers_length + 16 > total_length is no check in 32-bit arithmetic",
    )
    refuses(
        "evs-total-length-largest",
        "a total_length of 4,294,967,295 with a right checksum",
        "EVS-008 EVS-009",
        "limit",
        "frame total(4294967295)",
        " total(4294967295)",
        "who allocates what a length says gives 4 GiB away for 12 bytes",
        needs=["evs-frame-shortest"],
    )
    refuses(
        "evs-total-length-sign-bit",
        "a total_length of 2,147,483,648 with a right checksum",
        "EVS-008 EVS-009",
        "limit",
        "frame total(2147483648)",
        " total(2147483648)",
        "read as a signed number it is the smallest there is",
        needs=["evs-frame-shortest"],
    )
    refuses(
        "evs-total-length-largest-prelude-only",
        "the same, and the stream ends behind the prelude",
        "EVS-028 EVS-008",
        "limit",
        "frame total(4294967295) crc()",
        " total(4294967295) crc()",
        "the prelude says all: a decoder that waits for more reports a stream that was cut, after the memory is gone",
        between=False,
        delivery=UNTRAILED,
    )
    _refuse(
        "evs-total-length-longest-written",
        "the prelude of the longest frame that a sender may write, and then the end",
        "EVS-029 EVS-008 EVS-022",
        "truncated",
        "frame total(25296912) headers(131072) crc()",
        "a smaller ceiling refuses what the format allows: this stream is cut off, and not too long",
        False,
        None,
        {"delivery": UNTRAILED, "level": "SHOULD"},
    )


def _orders() -> None:
    crc, total = (" prelude_crc(wrong)", "", "prelude_crc"), " total(%s)"
    refuses_first(
        "evs-order-prelude-crc-length",
        "a wrong prelude checksum and a total_length of 15",
        "EVS-004",
        "prelude_crc",
        "frame total(15) prelude_crc(wrong)",
        [crc, (total % 15, "", "length")],
        "no length is believed before its checksum: the frame is damaged, not malformed",
    )
    refuses_first(
        "evs-order-prelude-crc-limit",
        "a wrong prelude checksum and a total_length over every ceiling",
        "EVS-004",
        "prelude_crc",
        "frame total(4294967295) prelude_crc(wrong)",
        [crc, (total % 4294967295, "", "limit")],
        "told as a limit, its user raises the ceiling for a frame that was damaged",
    )
    refuses_first(
        "evs-order-prelude-crc-headers-length",
        "a wrong prelude checksum and a headers_length beyond the frame",
        "EVS-004",
        "prelude_crc",
        "frame headers(9) prelude_crc(wrong)",
        [crc, (" headers(9)", "", "length")],
        "no length is believed before its checksum",
    )
    refuses_first(
        "evs-order-prelude-crc-message-crc",
        "both checksums wrong",
        "EVS-004 EVS-005",
        "prelude_crc",
        "frame payload('x') prelude_crc(wrong) crc(wrong)",
        [crc, (" crc(wrong)", "", "message_crc")],
        "where the message checksum stands is said by a length that must not be believed yet",
    )
    refuses_first(
        "evs-order-prelude-crc-truncated",
        "a wrong prelude checksum, and the stream ends behind the prelude",
        "EVS-004",
        "prelude_crc",
        "frame payload('x') prelude_crc(wrong) cut(12)",
        [crc, (" cut(12)", "", "truncated")],
        "the checksum is checked as soon as twelve bytes have come: a decoder that waits for the frame waits for ever",
        between=False,
        delivery=UNTRAILED,
    )
    refuses_first(
        "evs-order-length-truncated",
        "a total_length of 15, and the stream ends behind the prelude",
        "EVS-028 EVS-006",
        "length",
        "frame total(15) cut(12)",
        [(total % 15, "", "length"), (" cut(12)", "", "truncated")],
        "the prelude says all: there is nothing to wait for",
        between=False,
        delivery=UNTRAILED,
    )
    refuses_first(
        "evs-order-headers-length-truncated",
        "a headers_length beyond the frame, and the stream ends behind the prelude",
        "EVS-028 EVS-007",
        "length",
        "frame headers(9) cut(12)",
        [(" headers(9)", "", "length"), (" cut(12)", "", "truncated")],
        "the prelude says all: there is nothing to wait for",
        between=False,
        delivery=UNTRAILED,
    )
    refuses_first(
        "evs-order-length-message-crc",
        "a headers_length beyond the frame and a wrong message checksum",
        "EVS-028 EVS-007",
        "length",
        "frame headers(9) crc(wrong)",
        [(" headers(9)", "", "length"), (" crc(wrong)", "", "message_crc")],
        "a decoder checks lengths before it follows them to the checksum",
    )
    for name, title, part, mended, kind in (
        ("header-type", "an unknown header type", "h=type10()", "h=true", "header_type"),
        ("duplicate-header", "a header name twice", "h=true h=true", "h=true", "duplicate_header"),
        ("utf8", "a string that is no UTF-8", "h=string(ff)", "h=true", "utf8"),
        ("header", "a header cut short", "raw(0568)", "h=true", "header"),
    ):
        refuses_first(
            "evs-order-message-crc-" + name,
            "a wrong message checksum and " + title,
            "EVS-005",
            "message_crc",
            f"frame {part} crc(wrong)",
            [(" crc(wrong)", "", "message_crc"), (part, mended, kind)],
            "the header is what the damage made of it: told as the sender's mistake, it sends its reader to the wrong place",
        )
    refuses(
        "evs-order-first-frame",
        "two broken frames, each of another kind: the first is told",
        "EVS-023",
        "message_crc",
        "frame payload('x') crc(wrong)\nframe prelude_crc(wrong)",
        " crc(wrong)\nframe prelude_crc(wrong)",
        "what stands behind a fault cannot be trusted, and says nothing of the cause",
    )


# ---- headers -----------------------------------------------------------------------------------------------------


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
        "both booleans",
        "EVS-001 EVS-013",
        "yes=true no=false",
        [("yes", "boolean", True), ("no", "boolean", False)],
        "type 0 is true and type 1 is false, and no value follows: the other way round seems natural and is wrong",
    )
    for kind, bits in (("int8", 8), ("int16", 16), ("int32", 32), ("int64", 64)):
        low, high = -(1 << bits - 1), (1 << bits - 1) - 1
        numbers = (("low", low), ("minus", -2), ("zero", 0), ("two", 2), ("high", high))
        case(
            kind,
            f"an {kind} at its extremes and around 0",
            "EVS-018",
            " ".join(f"{name}={kind}({int(number)})" for name, number in numbers),
            [
                (name, kind, str(number) if bits == 64 and abs(number) > 2 else number)
                for name, number in numbers
            ],
            "read unsigned, little-endian or through a double an integer is another one",
        )
    reads(
        "evs-type-widths",
        "the same number in each width",
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
        "a width that is lost cannot be written again as it was",
    )
    case(
        "int64-beyond-double",
        "int64 values that no double has",
        "EVS-018",
        "a=int64(9007199254740993) b=int64(-9007199254740993)",
        [("a", "int64", "9007199254740993"), ("b", "int64", "-9007199254740993")],
        "through a double they become 9007199254740992",
    )
    case(
        "timestamp",
        "an ordinary timestamp and the year 1970",
        "EVS-019",
        "a=timestamp(1440938160000) b=timestamp(0)",
        [("a", "timestamp", 1440938160000), ("b", "timestamp", 0)],
        "milliseconds, not seconds: another reading is a thousandfold off",
    )
    case(
        "timestamp-before-1970",
        "a timestamp before 1970",
        "EVS-019",
        "a=timestamp(-1)",
        [("a", "timestamp", -1)],
        "read unsigned it is the year 584,556,019",
    )
    case(
        "timestamp-extremes",
        "the first and the last timestamp",
        "EVS-019",
        "a=timestamp(-9223372036854775808) b=timestamp(9223372036854775807)",
        [("a", "timestamp", "-9223372036854775808"), ("b", "timestamp", "9223372036854775807")],
        "a date type with a shorter range must not turn them into another date",
    )
    case(
        "bytes",
        "byte values: none, a NUL, what is no UTF-8",
        "EVS-016 EVS-015",
        "a=bytes() b=bytes(00) c=bytes(ff c3 '(')",
        [("a", "bytes", b""), ("b", "bytes", b"\0"), ("c", "bytes", b"\xff\xc3(")],
        "bytes are not text, and none of them is an end",
    )
    case(
        "string",
        "strings: none, ASCII, two, three and four bytes a character, NUL",
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
        "a length counts bytes, not characters, and a string has no terminator",
    )
    for kind in ("string", "bytes"):
        reads(
            f"evs-type-{kind}-empty-at-the-end",
            f"an empty value of type {kind} as the last header",
            "EVS-016 EVS-010",
            f"frame a=true h={kind}()",
            [message(b"", ("a", "boolean", True), ("h", kind, "" if kind == "string" else b""))],
            "a block that ends behind a length of 0 is whole",
        )
    case(
        "string-unchanged",
        "a byte order mark, line ends and blanks, a letter with its accent behind it",
        "EVS-015",
        "a=string(efbbbf 'x') b=string(' x' 0d0a) c=string('e' cc81)",
        [("a", "string", "\ufeffx"), ("b", "string", " x\r\n"), ("c", "string", "e\u0301")],
        "a reader that tidies text up cannot give back what was sent",
    )
    case(
        "uuid",
        "a uuid, whose bytes keep their order",
        "EVS-020",
        "u=uuid(01020304-0506-0708-090a-0b0c0d0e0f10)",
        [("u", "uuid", "01020304-0506-0708-090a-0b0c0d0e0f10")],
        "some libraries keep the first three fields in little-endian",
    )
    case(
        "uuid-extremes",
        "the uuids of zeros and of ones",
        "EVS-020",
        "a=uuid(00000000-0000-0000-0000-000000000000) b=uuid(ffffffff-ffff-ffff-ffff-ffffffffffff)",
        [
            ("a", "uuid", "00000000-0000-0000-0000-000000000000"),
            ("b", "uuid", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
        ],
        "neither a version nor a variant is asked for",
    )
    reads(
        "evs-type-all",
        "each type in one frame, in AWS's own example",
        "EVS-001 EVS-013",
        "frame event-type=int32(40972) content-type='application/json' ('bool false')=false ('bool true')=true byte=int8(-49) "
        "('byte buf')=bytes('I''m a little teapot!') timestamp=timestamp(8675309) int16=int16(42) int64=int64(42424242) "
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
        "one value that is a byte too long or too short moves all that follow it",
        source="[spec]; AWS's own case all_headers",
    )


def _names() -> None:
    reads(
        "evs-name-lengths",
        "names of 1 and of 255 bytes",
        "EVS-011",
        "frame n=true (255*'x')=false",
        [message(b"", ("n", "boolean", True), ("x" * 255, "boolean", False))],
        "a length read as a signed byte is -1 here",
    )
    reads(
        "evs-name-128",
        "a name of 128 bytes",
        "EVS-011",
        "frame (128*'x')='v'",
        [message(b"", ("x" * 128, "string", "v"))],
        "the first length whose sign bit is set",
    )
    reads(
        "evs-name-characters",
        "names with blanks, NUL, other alphabets",
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
        "a name is any UTF-8 text: neither trimmed nor ended by a NUL",
    )
    reads(
        "evs-name-case",
        "two names that differ in case",
        "EVS-021 EVS-014",
        "frame name='a' Name='b'",
        [message(b"", ("name", "string", "a"), ("Name", "string", "b"))],
        "HTTP's habit of ignoring case would take them for one, and refuse or lose it",
    )
    reads(
        "evs-name-normal-forms",
        "one letter in two normal forms of Unicode",
        "EVS-014",
        "frame ('é')='a' ('e' cc81)='b'",
        [message(b"", ("é", "string", "a"), ("e\u0301", "string", "b"))],
        "names are compared as they stand",
    )
    reads(
        "evs-name-of-an-object",
        "names that mean something to a language's own objects",
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
        "headers kept as properties of an object lose these, or change it",
    )
    reads(
        "evs-name-order-of-numbers",
        "names that are numbers, in falling order",
        "EVS-021",
        "frame 10='a' 9='b' 1='c'",
        [message(b"", ("10", "string", "a"), ("9", "string", "b"), ("1", "string", "c"))],
        "every name keeps its own value",
    )
    reads(
        "evs-headers-300",
        "300 headers",
        "EVS-010",
        "frame " + " ".join(f"n{int(n)}=int16({int(n)})" for n in range(300)),
        [message(b"", *[(f"n{int(n)}", "int16", n) for n in range(300)])],
        "no count of headers is kept in one byte, and none is a limit",
    )
    refuses(
        "evs-name-empty",
        "a name of no bytes",
        "EVS-011",
        "header",
        "frame ()=true payload('x')",
        "()=true ",
        "a header that has no name cannot be asked for, and hides what follows",
    )
    refuses(
        "evs-name-empty-string",
        "a name of no bytes, between two headers",
        "EVS-011",
        "header",
        "frame a=true ()='v' b=true",
        "()='v' ",
        "a header that has no name cannot be asked for, and hides what follows",
    )
    for name, second, title in (
        ("", "h='b'", "of one type"),
        ("-other-type", "h=int8(1)", "of two types"),
        ("-same-value", "h='a'", "and the same value"),
    ):
        refuses(
            "evs-duplicate-header" + name,
            f"a header name twice, {title}",
            "EVS-014",
            "duplicate_header",
            f"frame h='a' {second} payload('x')",
            "h='a' " + second,
            "a decoder that keeps the last one lets a middlebox override :message-type; one that keeps the first, too",
            mended="h='a'",
        )
    refuses(
        "evs-duplicate-header-apart",
        "a header name twice, others between",
        "EVS-014",
        "duplicate_header",
        "frame h=true a=true b=true h=false",
        " h=false",
        "comparing neighbours alone is not enough",
    )
    refuses(
        "evs-duplicate-header-not-ascii",
        "a name that is not ASCII, twice",
        "EVS-014",
        "duplicate_header",
        "frame ('é')=true ('é')=false",
        " ('é')=false",
        "names are compared whatever their alphabet",
    )


# The classes of what is no UTF-8, each with the bytes that show it.
NOT_UTF8 = (
    ("continuation", "80", "a continuation byte alone"),
    ("truncated-2", "c3", "the first byte of two, alone"),
    ("truncated-3", "e282", "two bytes of three"),
    ("truncated-4", "f09f99", "three bytes of four"),
    ("interrupted", "c328", "the first byte of two, and an ASCII character"),
    ("overlong-2", "c0af", "a slash in two bytes"),
    ("overlong-3", "e0809f", "a control character in three bytes"),
    ("overlong-4", "f08080af", "a slash in four bytes"),
    ("overlong-nul", "c080", "NUL in two bytes, as Java writes it"),
    ("overlong-3-last", "e09fbf", "U+07FF in three bytes"),
    ("overlong-4-last", "f08fbfbf", "U+FFFF in four bytes"),
    ("surrogate-first", "eda080", "U+D800"),
    ("surrogate-last", "edbfbf", "U+DFFF"),
    ("surrogate-pair", "eda0bdedb980", "a character as two surrogates, as CESU-8 writes it"),
    ("beyond-unicode", "f4908080", "U+110000"),
    ("f5", "f5808080", "a first byte that UTF-8 does not have"),
    ("five-bytes", "f888808080", "five bytes"),
    ("latin-1", "e9", "a letter in Latin-1"),
    ("ff", "ff", "a byte that UTF-8 does not have"),
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
        "the first and last characters of each length, and around the surrogates",
        "EVS-015",
        "frame " + " ".join(f"s{int(number)}=string({data})" for number, data in enumerate(digits)),
        [message(b"", *[(f"s{int(number)}", "string", edge) for number, edge in enumerate(edges)])],
        "a check that is too strict refuses text that may stand there",
    )
    reads(
        "evs-utf8-edges-in-names",
        "the same in names",
        "EVS-012",
        "frame " + " ".join(f"({data})=true" for data in digits),
        [message(b"", *[(edge, "boolean", True) for edge in edges])],
        "a check that is too strict refuses names that may stand there",
    )
    for name, data, title in NOT_UTF8:
        refuses(
            f"evs-utf8-{name}-in-value",
            f"a string value with {title}",
            "EVS-015",
            "utf8",
            f"frame h=string('a' {data})",
            " " + data,
            "a reader that mends it hands out text that nobody sent; two readers may mend it differently",
        )
        refuses(
            f"evs-utf8-{name}-in-name",
            f"a name with {title}",
            "EVS-012",
            "utf8",
            f"frame ('a' {data})=true",
            " " + data,
            "two names that differ may become one when they are mended",
        )


def _header_block() -> None:
    for code, length in ((10, 0), (11, 1), (127, 1), (128, 1), (255, 0)):
        part = f" h=type{int(code)}({'00' * length})"
        refuses(
            f"evs-header-type-{int(code)}",
            f"a header of type {int(code)}",
            "EVS-013",
            "header_type",
            f"frame a=true{part}",
            part,
            "the length of an unknown type cannot be known: to skip it is to guess where the next header begins",
        )
    for name, title, raw, mended in (
        ("name-length-alone", "ends behind the length of a name", "raw(01)", ""),
        ("name", "ends inside a name", "raw(02 'h')", ""),
        ("type", "ends behind a name", "raw(01 'h')", ""),
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
            "holds a string that says it has 65,535 bytes",
            "h=string('abc' length=65535)",
            "h=string('abc')",
        ),
    ):
        refuses(
            "evs-header-cut-" + name,
            f"a headers block that {title}",
            "EVS-010",
            "header",
            f"frame a=true {raw} payload(40*'p')",
            raw,
            "who reads on takes bytes of the payload for a header, or invents a value that was not sent",
            mended=mended,
        )
    refuses(
        "evs-header-value-one-short",
        "a string that says it has one byte less than it has",
        "EVS-010",
        "header",
        "frame h=string('abc' length=2)",
        " length=2",
        "a byte of the headers that belongs to none is the length of a name without its name",
    )
    refuses(
        "evs-headers-length-one-short",
        "a headers_length that leaves the last byte of a string outside",
        "EVS-010",
        "header",
        "frame h='abc' headers(7)",
        " headers(7)",
        "the byte is taken for payload, and the string is short",
    )
    refuses(
        "evs-headers-length-one-long",
        "a headers_length that takes the payload's first byte in",
        "EVS-010",
        "header",
        "frame h=true headers(4) payload(05 'rest')",
        " headers(4)",
        "the byte is taken for a name's length, and the payload is short",
    )
    refuses(
        "evs-headers-length-of-one-byte",
        "a headers_length that takes the first byte of a header alone",
        "EVS-010",
        "header",
        "frame headers(1) h=true",
        " headers(1)",
        "one byte of a header is none",
    )


# ---- the stream --------------------------------------------------------------------------------------------------


def _truncations() -> None:
    frame = "frame h='value' payload('payload')"  # prelude 0-11, headers 12-21, payload 22-28, checksum 29-32
    for cut, title in (
        (1, "behind its first byte"),
        (3, "inside total_length"),
        (4, "behind total_length"),
        (8, "behind headers_length"),
        (11, "one byte before the end of the prelude"),
        (12, "behind the prelude"),
        (13, "behind the first byte of a header"),
        (17, "inside a header's value"),
        (22, "behind the headers"),
        (25, "inside the payload"),
        (29, "behind the payload"),
        (30, "inside the message checksum"),
        (32, "one byte before its end"),
    ):
        refuses(
            f"evs-truncated-at-{int(cut)}",
            f"a stream that ends inside its second frame, {title}",
            "EVS-022 EVS-023",
            "truncated",
            f"{BEFORE}\n{frame} cut({int(cut)})",
            f" cut({int(cut)})",
            "an answer that was cut off looks complete to a decoder that drops what is left",
            between=False,
            messages=[READ_BEFORE],
            delivery=UNTRAILED,
        )
    for cut, title in (
        (2, "inside the prelude"),
        (12, "behind the prelude"),
        (28, "inside the payload"),
    ):
        refuses(
            f"evs-truncated-first-frame-at-{int(cut)}",
            f"a stream that ends inside its only frame, {title}",
            "EVS-022",
            "truncated",
            f"{frame} cut({int(cut)})",
            f" cut({int(cut)})",
            "an answer that was cut off at once looks like an empty one",
            between=False,
            delivery=UNTRAILED,
        )
    refuses(
        "evs-truncated-shortest",
        "a frame of 16 bytes without its last one",
        "EVS-022 EVS-027",
        "truncated",
        "frame cut(15)",
        " cut(15)",
        "a frame without content is a frame, and can be cut",
        between=False,
        delivery=UNTRAILED,
    )
    for name, extra, title in (
        ("newline", "0a", "a line end"),
        ("nul", "00", "a NUL"),
        ("eleven-bytes", "11*00", "eleven zero bytes"),
    ):
        refuses(
            "evs-behind-the-last-frame-" + name,
            f"{title} behind the last frame",
            "EVS-022 EVS-001",
            "truncated",
            f"{BEFORE}\nbytes({extra})",
            f"\nbytes({extra})",
            "nothing may stand behind a frame but a frame: this is the beginning of one that is missing",
            between=False,
            messages=[READ_BEFORE],
            delivery=UNTRAILED,
        )
    for name, extra, title in (
        ("crlf", "0d0a", "a line end"),
        ("nul", "00", "a NUL"),
        ("zeros", "16*00", "sixteen zero bytes"),
        ("http", "'HTTP/1.1 200 OK' 0d0a0d0a", "the head of an HTTP answer"),
        ("json", "'{\"message\": null}'", "a JSON document"),
    ):
        refuses(
            "evs-between-frames-" + name,
            f"{title} between two frames",
            "EVS-001 EVS-024",
            "prelude_crc",
            f"bytes({extra})",
            f"bytes({extra})",
            "there is no way to find the next frame: one that is found may be payload of another",
        )
    for name, content, title in (
        ("json", '\'{"message":"Internal error"}\'', "a JSON document"),
        ("html", "'<html><body>502 Bad Gateway</body></html>'", "an HTML page"),
        ("sse", '\'data: {"token": "a"}\' 0a0a', "server-sent events"),
        ("base64", "'AAAAEAAAAAAFwkjrfZjI/w=='", "base64 of a frame"),
        ("gzip", "1f8b0800000000000003 636060106060600000 ebd2a8c9 10000000", "a gzip member"),
    ):
        refuses(
            "evs-no-stream-" + name,
            f"a stream that is {title}",
            "EVS-002 EVS-004",
            "prelude_crc",
            f"bytes({content})",
            f"bytes({content})",
            "this is met in practice; a decoder that believes the first four bytes waits for a gigabyte",
            between=False,
        )
    refuses(
        "evs-delivered-before-a-fault",
        "three messages before a fault, in order",
        "EVS-023 EVS-003",
        "message_crc",
        "frame payload('one ')\nframe payload('two ')\nframe payload('three ')\nframe payload('four') crc(wrong)\n"
        + BEHIND,
        " crc(wrong)",
        "what had arrived before the connection was damaged is part of the answer",
        between=False,
        messages=[message(b"one "), message(b"two "), message(b"three ")],
    )
    reads(
        "evs-frames-200",
        "200 frames of growing length",
        "EVS-026 EVS-009 EVS-001",
        "\n".join(f"frame payload({int(length)}*'x')" for length in range(200)),
        [message(b"x" * length) for length in range(200)],
        "every distance between a chunk's end and a frame's landmarks occurs",
    )
    reads(
        "evs-headers-repeat",
        "equal headers in many frames, and one that differs at their end",
        "EVS-001 EVS-026",
        "\n".join(
            ["frame kind='same' payload('a')"] * 5
            + ["frame kind='sane' payload('b')", "frame kind='same' payload('c')"]
        ),
        [message(b"a", ("kind", "string", "same"))] * 5
        + [message(b"b", ("kind", "string", "sane")), message(b"c", ("kind", "string", "same"))],
        "a decoder that remembers header blocks must tell two apart that differ in one bit",
    )
    refuses(
        "evs-headers-repeat-broken",
        "the same lengths again, then with a wrong prelude checksum",
        "EVS-002 EVS-026",
        "prelude_crc",
        "frame payload('a')\nframe payload('b')\nframe payload('c') prelude_crc(wrong)",
        " prelude_crc(wrong)",
        "a decoder that remembers preludes must not know a broken one by its lengths",
        messages=[READ_BEFORE, message(b"a"), message(b"b")],
    )


def _large_values() -> None:
    for kind, term, value in (("string", "'x'", "x"), ("bytes", "ff", b"\xff")):
        for length in (32767, 32768, 65535):
            over = " more than the published text lets a sender write" if length > 32767 else ""
            reads(
                f"evs-value-{kind}-{int(length)}",
                f"a {kind.replace('bytes', 'byte')} value of {int(length)} bytes",
                "EVS-016",
                f"frame h={kind}({int(length)}*{term}) payload('p')",
                [message(b"p", ("h", kind, value * length))],
                f"the length has two bytes, unsigned:{over} a reader takes all of them",
                delivery=LARGE,
            )


# A stream that is cut already: empty chunks among others.
def _chunks() -> None:
    whole = assemble(BEFORE) + assemble(BEHIND)
    read_behind = message(b"behind", ("n", "int8", 2))
    for name, title, places in (
        ("between-frames", "between two frames", (len(whole) // 2,)),
        ("first", "before the first byte", (0, 0)),
        ("last", "behind the last byte", (len(whole), len(whole))),
        ("inside-a-prelude", "inside a prelude", (5, 5)),
        ("inside-a-payload", "inside a payload, many of them", (20,) * 5),
    ):
        cuts = [0] + sorted(places) + [len(whole)]
        chunks = [whole[start:end] for start, end in zip(cuts, cuts[1:])]
        if b"" not in chunks:
            chunks.insert(1, b"")
        if b"".join(chunks) != whole:
            raise CaseMistake(f"evs-chunk-empty-{name}: the chunks are not the stream")
        DECODE.case(
            "evs-chunk-empty-" + name,
            f"an empty chunk {title}",
            "EVS-026",
            {"chunks": [b64(chunk) for chunk in chunks]},
            ok(messages=[READ_BEFORE, read_behind]),
            "an empty read is no end: sockets and decompressors give one now and then",
            delivery=("whole",),
        )


# ---- encoding ----------------------------------------------------------------------------------------------------


def writes(
    case_id: str,
    title: str,
    rules: str,
    headers: Sequence[Header],
    why: str,
    payload: bytes = b"p",
    **more: Any,
) -> None:
    """A message that can be written; its frame is judged by decoding it: the same message must come out."""
    ENCODE.case(case_id, title, rules, message(payload, *headers), ok(), why, **more)


def writes_not(
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
    """A message that must not be written. good: the headers with the one mistake mended."""
    differing = sum(repr(one) != repr(other) for one, other in zip(good, headers))  # 1 == True
    if (len(headers) - len(good), differing) not in ((0, 1), (1, 0)):
        raise CaseMistake(f"{case_id}: there must be one mistake")
    ENCODE.case(case_id, title, rules, message(payload, *headers), reject(kind), why, **more)


def _encode() -> None:
    writes(
        "evs-encode-empty",
        "a message without headers and payload",
        "EVS-001 EVS-002 EVS-003 EVS-027",
        [],
        "the shortest frame has 16 bytes",
        b"",
    )
    writes(
        "evs-encode-payload",
        "a payload of all 256 bytes",
        "EVS-001",
        [],
        "both lengths and both checksums are right, in this byte order",
        bytes(range(256)),
    )
    writes(
        "evs-encode-event",
        "an event as the service sends it",
        "EVS-001 EVS-011",
        [
            (":message-type", "string", "event"),
            (":event-type", "string", "PayloadPart"),
            (":content-type", "string", "application/octet-stream"),
        ],
        "this is what a mock server has to write",
        b"Hello, ",
    )
    writes(
        "evs-encode-payload-65536",
        "a payload of 65,536 bytes",
        "EVS-001",
        [],
        "a length kept in two bytes is 16 here",
        b"x" * 65536,
    )
    writes(
        "evs-encode-booleans",
        "both booleans",
        "EVS-013",
        [("yes", "boolean", True), ("no", "boolean", False)],
        "true is type 0, false is type 1, and no value follows",
    )
    for kind, bits in (("int8", 8), ("int16", 16), ("int32", 32), ("int64", 64), ("timestamp", 64)):
        low, high = -(1 << bits - 1), (1 << bits - 1) - 1
        shown = [str(number) if bits == 64 else number for number in (low, high)]
        rule = "EVS-019" if kind == "timestamp" else "EVS-018"
        writes(
            "evs-encode-" + kind,
            f"{kind}: both extremes, -1, 0 and 1",
            rule,
            [
                ("low", kind, shown[0]),
                ("minus", kind, -1),
                ("zero", kind, 0),
                ("one", kind, 1),
                ("high", kind, shown[1]),
            ],
            "an extreme is a value like any other: the sign bit makes the difference",
        )
        for name, number, good in (("above", high + 1, shown[1]), ("below", low - 1, shown[0])):
            value = str(number) if bits == 64 else number
            writes_not(
                f"evs-encode-{kind}-{name}",
                f"a value of type {kind} one {name} its range",
                rule,
                "constraint",
                [("h", kind, value)],
                "cut to its width it becomes another number, and no one is told",
                [("h", kind, good)],
            )
    writes(
        "evs-encode-timestamp-ordinary",
        "an ordinary timestamp",
        "EVS-019",
        [("t", "timestamp", 1440938160000)],
        "milliseconds: a timestamp written in seconds is in January 1970",
    )
    writes(
        "evs-encode-bytes",
        "byte values: none, a NUL, what is no UTF-8",
        "EVS-013",
        [("a", "bytes", b""), ("b", "bytes", b"\0"), ("c", "bytes", b"\xff\xc3(")],
        "bytes are not text: none of them ends the value or is mended",
    )
    writes(
        "evs-encode-string",
        "strings of one to four bytes a character, and none",
        "EVS-013 EVS-015",
        [
            ("a", "string", ""),
            ("b", "string", "plain"),
            ("c", "string", "é"),
            ("d", "string", "東京"),
            ("e", "string", "🙂"),
            ("f", "string", "x\0y"),
        ],
        "a length counts bytes, not characters",
    )
    writes(
        "evs-encode-uuid",
        "a uuid",
        "EVS-020",
        [("u", "uuid", "01020304-0506-0708-090a-0b0c0d0e0f10")],
        "some libraries keep the first three fields in little-endian",
    )
    writes(
        "evs-encode-name-lengths",
        "names of 1 and of 255 bytes",
        "EVS-011",
        [("n", "boolean", True), ("x" * 255, "boolean", True), ("é" * 127 + "y", "boolean", True)],
        "the length of a name is one byte, unsigned",
    )
    writes(
        "evs-encode-name-characters",
        "names with blanks, NUL and other alphabets",
        "EVS-011 EVS-012",
        [("a b", "boolean", True), ("\0", "boolean", True), ("é東🙂", "boolean", True)],
        "a name is any text; its length counts bytes",
    )
    writes(
        "evs-encode-name-case",
        "names that differ in case",
        "EVS-014 EVS-021",
        [("name", "string", "a"), ("Name", "string", "b")],
        "names are case-sensitive: both must be written",
    )
    writes(
        "evs-encode-many-headers",
        "40 headers",
        "EVS-001",
        [(f"n{int(number)}", "int16", number) for number in range(40)],
        "headers_length counts the bytes of all headers",
    )
    writes_not(
        "evs-encode-name-empty",
        "a name of no bytes",
        "EVS-011",
        "constraint",
        [("", "boolean", True)],
        "no decoder may accept the frame",
        [("n", "boolean", True)],
    )
    writes_not(
        "evs-encode-name-256",
        "a name of 256 bytes",
        "EVS-011",
        "constraint",
        [("x" * 256, "boolean", True)],
        "its length in one byte is 0: the frame cannot be read",
        [("x" * 255, "boolean", True)],
    )
    writes_not(
        "evs-encode-name-256-in-128-characters",
        "a name of 128 characters and 256 bytes",
        "EVS-011",
        "constraint",
        [("é" * 128, "boolean", True)],
        "who counts characters writes a length of 128 before 256 bytes",
        [("é" * 127, "boolean", True)],
    )
    writes_not(
        "evs-encode-duplicate-header",
        "a name twice",
        "EVS-014",
        ["constraint", "duplicate_header"],
        [("h", "string", "a"), ("h", "string", "b")],
        "no decoder may accept the frame",
        [("h", "string", "a")],
    )
    writes_not(
        "evs-encode-duplicate-header-other-type",
        "a name twice, with other types, apart",
        "EVS-014",
        ["constraint", "duplicate_header"],
        [("h", "string", "a"), ("n", "boolean", True), ("h", "int8", 1)],
        "no decoder may accept the frame",
        [("h", "string", "a"), ("n", "boolean", True)],
    )
    writes_not(
        "evs-encode-unknown-type",
        "a type that the table does not name",
        "EVS-013",
        "constraint",
        [("h", "float", 1)],
        "an eleventh type is a frame that nobody can read",
        [("h", "int8", 1)],
    )
    for kind, wrong, title, right in (
        ("boolean", "true", "text", True),
        ("boolean", 1, "a number", True),
        ("string", 5, "a number", "5"),
        ("string", True, "a boolean", "true"),
        ("int8", True, "a boolean", 1),
        ("int32", 1.5, "a fraction", 1),
    ):
        writes_not(
            f"evs-encode-{kind}-of-{title.split()[-1]}",
            f"{kind} whose value is {title}",
            "EVS-013",
            "type",
            [("h", kind, wrong)],
            "a value that is turned into another one in silence is a lie to the reader",
            [("h", kind, right)],
        )
    for kind, filler in (("string", "x"), ("bytes", b"\xff")):
        writes(
            f"evs-encode-{kind}-32767",
            f"a value of type {kind} of 32,767 bytes",
            "EVS-016 EVS-017",
            [("h", kind, filler * 32767)],
            "the longest value that every reader of the published text accepts",
        )
        writes_not(
            f"evs-encode-{kind}-32768",
            f"a value of type {kind} of 32,768 bytes",
            "EVS-017",
            "limit",
            [("h", kind, filler * 32768)],
            "readers that keep the length in a signed number refuse it, or read a negative one",
            [("h", kind, filler * 32767)],
        )
    writes_not(
        "evs-encode-string-32768-in-16384-characters",
        "a string of 16,384 characters and 32,768 bytes",
        "EVS-017",
        "limit",
        [("h", "string", "é" * 16384)],
        "who counts characters lets it pass",
        [("h", "string", "é" * 16383)],
    )
    rest = [
        (name, "string", "x" * 32767) for name in "abc"
    ]  # 3 times 1 + 1 + 1 + 2 + 32,767 bytes; the last header has 5 + its value
    fits = 131072 - 3 * 32772 - 5
    writes(
        "evs-encode-headers-131072",
        "headers of 131,072 bytes",
        "EVS-025",
        rest + [("d", "string", "x" * fits)],
        "the most that the published text lets a sender write",
    )
    writes_not(
        "evs-encode-headers-131073",
        "headers of 131,073 bytes",
        "EVS-025",
        "limit",
        rest + [("d", "string", "x" * (fits + 1))],
        "services must refuse it: it is better told where it is written",
        rest + [("d", "string", "x" * fits)],
    )


for chapter in (
    _frames,
    _checksums,
    _lengths,
    _orders,
    _types,
    _names,
    _utf8,
    _header_block,
    _truncations,
    _chunks,
    _large_values,
    _encode,
):
    chapter()

for case in [case for feature in FEATURES for case in feature.cases]:
    case["source"] = source_of(case["id"], case["op"], case["source"])
