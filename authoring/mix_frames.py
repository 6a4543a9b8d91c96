# SPDX-License-Identifier: MIT
"""Combinations of values in frames: eventstream-decode-mix and eventstream-encode-mix (mix.py).

The messages come first, and the frames are made from them. plain_eventstream reads every stream.
Payloads are random bytes, so a decoder that misplaces bytes returns other ones. Long payloads
repeat random bytes with a prime period, which no buffer size divides.
"""

import struct
from typing import Any, Dict, List, Sequence, Tuple

from authoring import Feature, b64, ok, reject
from authoring.mix import USUAL, Row, Table, Value, cover, covers, mix_id, rows_of, title_of
from authoring.plain_eventstream import decode
from conformance.cases.described import described_bytes
from conformance.cases.frames import assemble

DECODE = Feature("eventstream-decode-mix", "eventstream.decode", "decode-mix-")
ENCODE = Feature("eventstream-encode-mix", "eventstream.encode", "encode-mix-")
FEATURES = [DECODE, ENCODE]

PERIOD = 65521  # bytes, a prime
Json = Dict[str, Any]


def random(size: int, name: str = "a") -> Any:
    """Return described bytes of a size. size: bytes"""
    if size <= PERIOD:
        return {"random": name, "bytes": size}
    times, rest = divmod(size, PERIOD)
    parts = [{"repeat": {"random": name, "bytes": PERIOD}, "times": times}]
    return [*parts, {"random": name, "bytes": rest}]


def header(name: str, kind: str, value: Any) -> Json:
    return {"name": name, "type": kind, "value": value}


def text(name: str, value: Any) -> Json:
    return header(name, "string", value)


PART = [
    text(":event-type", "PayloadPart"),
    text(":content-type", "application/octet-stream"),
    text(":message-type", "event"),
]
ERROR = [text(":message-type", "error"), text(":error-code", "InternalStreamFailure")]
LONG_PREFIX = "The same 40 characters begin both texts "
EVERY_TYPE = [
    header("true", "boolean", True),
    header("false", "boolean", False),
    header("int8", "int8", -128),
    header("int16", "int16", 32767),
    header("int32", "int32", -2147483648),
    header("int64", "int64", "9223372036854775807"),
    header("bytes", "bytes", {"random": "a", "bytes": 256}),
    text("string", "\u00e9\U0001f600"),
    header("timestamp", "timestamp", "-9223372036854775808"),
    header("uuid", "uuid", "00112233-4455-6677-8899-aabbccddeeff"),
]
EDGES = [
    header("a", "int8", 127),
    header("A", "int8", -1),
    header("b", "int16", -32768),
    header("c", "int32", 255),
    header("d", "int64", -1),
    header("e", "int64", "9007199254740993"),
    header("f", "timestamp", 0),
    header("g", "timestamp", 1767225599999),
    header("h", "uuid", "ffffffff-ffff-4fff-bfff-ffffffffffff"),
    header("i", "bytes", {"random": "a", "bytes": 0}),
    text("j", ""),
]


# The headers of the messages of a stream. A label stands for one message or for several.
HEADERS: Dict[str, Value] = {
    USUAL: Value([PART]),
    "no headers": Value([[]], "EVS-027"),
    "every header type": Value([EVERY_TYPE], "EVS-018 EVS-019 EVS-020"),
    "header values at bounds": Value([EDGES], "EVS-018 EVS-019"),
    "headers in two orders": Value([PART, PART[::-1], PART], "EVS-021"),
    "two headers blocks that differ after 40 bytes": Value(
        [
            [*ERROR, text(":error-message", LONG_PREFIX + "one")],
            [*ERROR, text(":error-message", LONG_PREFIX + "two")],
        ],
        "EVS-001 EVS-026",
    ),
    "two headers blocks that differ in the first byte": Value(
        [[text("a", "same"), text("z", "1")], [text("b", "same"), text("z", "1")]],
        "EVS-001 EVS-026",
    ),
    "one name with two types": Value(
        [[header("n", "int16", 1)], [header("n", "int32", 1)], [header("n", "bytes", "AAE=")]],
        "EVS-018 EVS-026",
    ),
    "70 different headers blocks": Value(
        [[text("n", f"value {index}"), header("i", "int16", index)] for index in range(70)],
        "EVS-026 EVS-001",
    ),
    "70 headers": Value([[text(f"h{index}", str(index)) for index in range(70)]], "EVS-010"),
    "a name of 255 bytes": Value([[text("n" * 253 + "\u00e9", "v")]], "EVS-011"),
    "values of 255, 256 and 32,767 bytes": Value(
        [
            [
                text("a", {"repeat": {"text": "0123456789\u00e9 abc"}, "times": 15}),
                header("b", "bytes", random(256)),
                header("c", "bytes", random(32767)),
            ]
        ],
        "EVS-016",
    ),
}
SIZES = {
    USUAL: 9,
    "no payload": 0,
    "a payload of 1 byte": 1,
    "a payload of 255 bytes": 255,
    "a payload of 4,097 bytes": 4097,
    "a payload of 65,519 bytes": 65519,
    "a payload of 65,537 bytes": 65537,
    "a payload of 1,048,577 bytes": 1048577,
    "a payload of 2,500,000 bytes": 2500000,
    "a payload of 9,000,000 bytes": 9000000,
}
A_FRAME = b64(assemble("frame :message-type='event' payload('inner')"))
PAYLOADS = {
    **{
        label: Value(random(size), "EVS-001 EVS-026" if size < 9000000 else "EVS-041 EVS-001")
        for label, size in SIZES.items()
    },
    "a payload that is a frame": Value({"base64": A_FRAME}, "EVS-001"),
}
PIECES = {
    USUAL: Value(None),
    "in pieces of 1 byte": Value(1, "EVS-026"),
    "in pieces of 3 bytes": Value(3, "EVS-026"),
    "in pieces of 12 bytes": Value(12, "EVS-026 EVS-004"),
    "in pieces of 13 bytes": Value(13, "EVS-026 EVS-004"),
    "in pieces of 1,023 bytes": Value(1023, "EVS-026"),
    "in pieces of 65,535 bytes": Value(65535, "EVS-026"),
    "in pieces of 65,536 bytes": Value(65536, "EVS-026"),
    "in pieces of 1,000,003 bytes": Value(1000003, "EVS-026"),
}
ERRORS = {
    USUAL: Value(""),
    **{
        f"bit {bit} of the {name} flipped": Value((part, bit), rule)
        for name, part, rule in (
            ("prelude checksum", "prelude_crc", "EVS-002 EVS-004"),
            ("message checksum", "crc", "EVS-003 EVS-005"),
        )
        for bit in range(32)
    },
}
BEFORE = {
    USUAL: Value(0),
    "after a frame": Value(1, "EVS-023"),
    "after 7 frames": Value(7, "EVS-023"),
}


FEW = (USUAL, "every header type")  # the headers of long payloads


def is_possible(row: Row) -> bool:
    """Return whether a long stream is not in small pieces, and an error is in a short stream."""
    size = SIZES.get(row.get("payload", USUAL), 0)
    headers = row.get("headers", USUAL)
    piece = PIECES[row.get("piece", USUAL)].content or 1 << 30
    several = len(HEADERS[headers].content)
    if size > 1000000 and (headers not in FEW or row.get("before", USUAL) != USUAL):
        return False
    if several > 3 and (size > 9 or piece < 1 << 30 or row.get("before", USUAL) != USUAL):
        return False
    if size > 60000 and piece < 65535:
        return False
    if size > 5000000 and piece == 65535:
        return False
    if (size > 1000 or several > 3 or "32,767" in headers) and piece < 1000:
        return False
    return row.get("error", USUAL) == USUAL or (size <= 4097 and several == 1)


DIMENSIONS = {"headers": HEADERS, "payload": PAYLOADS, "piece": PIECES, "before": BEFORE}
READ = Table("eventstream-decode", DIMENSIONS, allows=is_possible)
DAMAGED = Table("eventstream-decode-damaged", dict(DIMENSIONS, error=ERRORS))
WRITTEN = Table(
    "eventstream-encode",
    {
        "headers": {label: value for label, value in HEADERS.items() if len(value.content) == 1},
        "payload": {
            label: value for label, value in PAYLOADS.items() if SIZES.get(label, 0) <= 1048577
        },
    },
    allows=is_possible,
)


def terms(description: Any) -> str:
    """Return a description of bytes as terms of the frame language."""
    if isinstance(description, list):
        return " ".join(terms(item) for item in description)
    if "random" in description:
        return f"random({description['random']} {description['bytes']})"
    if "times" in description:
        return f"{description['times']}*{terms(description['repeat'])}"
    if "text" in description:
        text: str = description["text"]
        return "'" + text.replace("'", "''") + "'"
    return described_bytes(description).hex()


def header_text(one: Json) -> str:
    """Return a header in the frame language."""
    name, kind, value = one["name"], one["type"], one["value"]
    place = name if name.isascii() else f"('{name}')"
    if kind == "boolean":
        return f"{place}={'true' if value else 'false'}"
    if kind == "string":
        return f"{place}=string({terms(value if isinstance(value, dict) else {'text': value})})"
    if kind == "bytes":
        return f"{place}=bytes({terms(value if isinstance(value, dict) else {'base64': value})})"
    return f"{place}={kind}({value})"


def frame_text(message: Json, rest: str = "") -> str:
    """Return the frame of a message in the frame language. rest: other parts of the frame"""
    parts = [header_text(one) for one in message["headers"]]
    payload = terms(message["payload"])
    return " ".join(["frame", *parts, f"payload({payload})" if payload else "", rest]).strip()


def messages_of(row: Row) -> List[Json]:
    """Return the messages of a row, each with its own payload."""
    blocks, payload = HEADERS[row["headers"]].content, PAYLOADS[row["payload"]].content
    found = [
        {"headers": [header("n", "int8", index)], "payload": {"text": f"before {index}"}}
        for index in range(BEFORE[row["before"]].content)
    ]
    names = "abcdefgh"
    for index, block in enumerate(blocks):
        own = (
            random(SIZES[row["payload"]], names[index % 8]) if row["payload"] in SIZES else payload
        )
        found.append({"headers": block, "payload": own})
    return found


def stream_of(row: Row) -> Tuple[str, List[Json]]:
    """Return the frames of a row, and the messages that a decoder returns."""
    messages = messages_of(row)
    lines = [frame_text(message) for message in messages]
    if row.get("error", USUAL) != USUAL:
        part, bit = ERRORS[row["error"]].content
        valid = assemble(lines[-1])
        at = 8 if part == "prelude_crc" else len(valid) - 4
        digits = struct.unpack(">I", valid[at : at + 4])[0] ^ 1 << bit
        lines[-1] = frame_text(messages.pop(), f"{part}({digits:08x})")
        lines.append("frame payload('after')")
    return "\n".join(lines), messages


def plain_message(message: Json) -> Json:
    """Return a message with base64 and text in place of descriptions."""
    headers = []
    for one in message["headers"]:
        value = one["value"]
        if isinstance(value, dict):
            data = described_bytes(value)
            value = b64(data) if one["type"] == "bytes" else data.decode("utf-8")
        headers.append(dict(one, value=value))
    return {"headers": headers, "payload": b64(described_bytes(message["payload"]))}


WHY = "streams that are split like this lose data"
WRITE = "no decoder accepts a frame with wrong lengths"
DAMAGE = "a checksum that is compared in part accepts damaged bytes"


def _read(row: Row, table: Table, rules: str, why: str) -> None:
    stream, messages = stream_of(row)
    given: Json = {"frames": stream}
    if PIECES[row["piece"]].content is not None:
        given["piece"] = PIECES[row["piece"]].content
    kind = None
    expect = ok(messages=messages)
    if row.get("error", USUAL) != USUAL:
        kind = "prelude_crc" if "prelude" in row["error"] else "message_crc"
        expect = reject(kind, messages=messages)
    found = decode(assemble(stream))
    assert found == ([plain_message(message) for message in messages], kind), row
    cited = dict.fromkeys((table.rules(row) if kind is None else []) + rules.split())
    DECODE.case(
        mix_id(DECODE.prefix, DECODE.op, given), title_of(row), " ".join(cited), given, expect, why
    )


def damaged_rows() -> List[Row]:
    """Return rows in which each bit of each checksum is wrong once."""
    candidates = [
        dict(row, error=label)
        for row in cover(READ)
        for label in list(ERRORS)[1:]
        if is_possible(dict(row, error=label))
    ]
    together: Sequence[Tuple[str, ...]] = [("error",), ("headers", "payload"), ("piece", "before")]
    return rows_of(DAMAGED, lambda stored: covers(candidates, together, stored))


def _cases() -> None:
    for row in rows_of(READ):
        _read(row, READ, "EVS-001 EVS-026", WHY)
    for row in damaged_rows():
        _read(row, DAMAGED, ERRORS[row["error"]].rules, DAMAGE)
    for row in rows_of(WRITTEN):
        message = messages_of(dict(row, before=USUAL))[0]
        given = {"headers": message["headers"], "payload": message["payload"]}
        cited = dict.fromkeys([*WRITTEN.rules(row), "EVS-001"])
        ENCODE.case(
            mix_id(ENCODE.prefix, ENCODE.op, given),
            title_of(row),
            " ".join(rule for rule in cited if rule != "EVS-026"),
            given,
            ok(),
            WRITE,
        )


_cases()
