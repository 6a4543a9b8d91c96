# SPDX-License-Identifier: MIT
"""Compare refimpl's frames with those of Smithy's EventStreamCodec and Ruby's Aws::EventStream.

Each side decodes what the other encodes. Messages are random with a fixed seed: headers of all
types, payloads up to 70 KiB. They pass through the decoder in all chunkings, and through the client
as the body of a response. Both sides must return the same headers, in any order, and the same
payloads. Both also encode the same bytes, except that JavaScript puts numeric names first.

Known differences are left out of the random messages. The tables below list each of them with its
reason and both results, and a test runs every row. The rows apply to @smithy/core 3.41.0 and
aws-eventstream 1.2.0, in November 2026.
"""

import base64
import random
import uuid
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import pytest

from conformance.endpoint.checks import ACCESS_KEY, SECRET_KEY
from conformance.endpoint.scenarios.build import header as raw_header
from conformance.endpoint.scenarios.build import ok, raw_frame, stream
from conformance.endpoint.scenarios.model import Scenario
from conformance.endpoint.server import Endpoint
from conformance.implementations.registry import start_adapter
from conformance.protocol.process import Adapter
from refimpl import (
    Client,
    Credentials,
    Error,
    FrameError,
    ModelStreamError,
    PayloadPart,
    UsageError,
)
from refimpl.eventstream import Decoder, Message, encode
from tests.implementations import installed
from tests.support import chunkings, pieces, random_pieces

pytestmark = pytest.mark.slow

PATIENCE = 60.0  # seconds; only a watchdog
ENCODERS = ("javascript", "ruby")
Triple = Tuple[str, str, Any]

SIZES = (
    0,
    1,
    2,
    15,
    16,
    17,
    255,
    256,
    1023,
    1024,
    4095,
    4096,
    32767,
    32768,
    65535,
    65536,
    70 * 1024,
)
ALPHABET = "abcXYZ019-._: \0\t\n\x7f\xe9\u20ac\ufeff\ufffd\U0001f600"
INTEGERS = {"int8": 8, "int16": 16, "int32": 32, "int64": 64}
TYPES = tuple(INTEGERS) + ("boolean", "bytes", "string", "timestamp", "uuid")
LAST_DATE = 8640000000000000  # milliseconds; the last instant of JavaScript's Date


# ---- random messages ---------------------------------------------------------------------------


class Randomly:
    """Makes the same random messages in every run."""

    def __init__(self, seed: str) -> None:
        self.source = random.Random(seed)

    def text(self, least: int, most: int) -> str:
        """Return text of at most that many bytes."""
        length = self.source.choice(
            (least, self.source.randint(least, min(most, 12)), self.source.randint(least, most))
        )
        text = "".join(self.source.choice(ALPHABET) for _ in range(length))
        while len(text.encode("utf-8")) > most:
            text = text[:-1]
        return text

    def value(self, kind: str) -> Any:
        if kind in INTEGERS:
            half = 1 << INTEGERS[kind] - 1
            return self.source.choice(
                (-half, -1, 0, 1, half - 1, self.source.randrange(-half, half))
            )
        if kind == "timestamp":
            return self.source.choice(
                (-LAST_DATE, -1, 0, LAST_DATE, self.source.randint(-LAST_DATE, LAST_DATE))
            )
        if kind == "bytes":
            return bytes(
                self.source.getrandbits(8) for _ in range(self.source.choice((0, 1, 255, 256, 300)))
            )
        if kind == "uuid":
            return uuid.UUID(int=self.source.getrandbits(128))
        return (
            self.text(0, self.source.choice((12, 300)))
            if kind == "string"
            else self.source.random() < 0.5
        )

    def headers(self) -> List[Triple]:
        names = {self.text(1, 255) for _ in range(self.source.randint(0, 12))}
        return [
            (name, kind, self.value(kind))
            for name in sorted(names)
            for kind in (self.source.choice(TYPES),)
        ]

    def payload(self, size: int) -> bytes:
        return bytes(self.source.getrandbits(8) for _ in range(size))

    def message(self, size: int) -> Tuple[List[Triple], bytes]:
        return self.headers(), self.payload(size)


def random_messages(seed: str) -> Iterator[Tuple[List[Triple], bytes]]:
    maker = Randomly(seed)
    for size in SIZES:
        yield maker.message(size)
    for _ in range(40):
        yield maker.message(maker.source.randint(0, 300))
    yield [(kind, kind, maker.value(kind)) for kind in TYPES], b"every type"
    yield (
        [
            ("longest", "string", "x" * 32767),
            ("longest bytes", "bytes", b"\xff" * 32767),
            ("n" * 255, "boolean", True),
        ],
        b"",
    )


def as_set(triples: Sequence[Triple]) -> Dict[str, Tuple[str, Any]]:
    found = {name: (kind, value) for name, kind, value in triples}
    assert len(found) == len(triples)
    return found


def test_the_random_messages_have_every_type_and_size() -> None:
    messages = list(random_messages("x"))
    assert {kind for headers, _ in messages for _, kind, _ in headers} == set(TYPES)
    assert {len(payload) for _, payload in messages} >= set(SIZES)
    assert messages == list(random_messages("x")) != list(random_messages("y"))


# ---- asking the peers --------------------------------------------------------------------------


def to_text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


class Peer:
    """The encoder and decoder of an implementation, through its adapter."""

    def __init__(self, name: str, adapter: Adapter) -> None:
        self.name, self.adapter = name, adapter

    def ask_to_encode(self, headers: Sequence[Triple], payload: bytes = b"") -> Dict[str, Any]:
        shown = [
            {"name": name, "type": kind, "value": self._shown(kind, value)}
            for name, kind, value in headers
        ]
        return self.adapter.ask(
            "eventstream.encode", {"headers": shown, "payload": to_text(payload)}, PATIENCE
        )

    def encode(self, headers: Sequence[Triple], payload: bytes = b"") -> bytes:
        answer = self.ask_to_encode(headers, payload)
        assert answer["status"] == "ok", answer
        return base64.b64decode(answer["output"]["frame"])

    @staticmethod
    def _shown(kind: str, value: Any) -> Any:
        if kind in ("int64", "timestamp", "uuid"):
            return str(value)
        return to_text(value) if kind == "bytes" else value

    def ask_to_decode(self, chunks: Sequence[bytes], **options: Any) -> Dict[str, Any]:
        return self.adapter.ask(
            "eventstream.decode",
            dict(options, chunks=[to_text(chunk) for chunk in chunks]),
            PATIENCE,
        )

    def decode(
        self, chunks: Sequence[bytes], **options: Any
    ) -> List[Tuple[Dict[str, Tuple[str, Any]], bytes]]:
        answer = self.ask_to_decode(chunks, **options)
        assert answer["status"] == "ok", answer
        return self.messages_in(answer)

    def messages_in(self, answer: Dict[str, Any]) -> List[Tuple[Dict[str, Tuple[str, Any]], bytes]]:
        return [
            (
                as_set(
                    [
                        (
                            header["name"],
                            header["type"],
                            self._read(header["type"], header["value"]),
                        )
                        for header in message["headers"]
                    ]
                ),
                base64.b64decode(message["payload"]),
            )
            for message in answer["output"]["messages"]
        ]

    @staticmethod
    def _read(kind: str, value: Any) -> Any:
        if kind in ("int64", "timestamp"):
            return None if value is None else int(value)
        return (
            base64.b64decode(value)
            if kind == "bytes"
            else uuid.UUID(value)
            if kind == "uuid"
            else value
        )


@pytest.fixture(scope="module", params=ENCODERS)
def foreign(request: Any) -> Iterator[Peer]:
    with start_adapter(installed(request.param)) as adapter:
        yield Peer(request.param, adapter)


@pytest.fixture(scope="module")
def javascript() -> Iterator[Peer]:
    with start_adapter(installed("javascript")) as adapter:
        yield Peer("javascript", adapter)


@pytest.fixture(scope="module")
def ruby() -> Iterator[Peer]:
    with start_adapter(installed("ruby")) as adapter:
        yield Peer("ruby", adapter)


def test_the_codec_package_hands_out_the_codec_that_the_client_uses(javascript: Peer) -> None:
    assert javascript.adapter.hello["one_codec"] is True


# ---- equal both ways ---------------------------------------------------------------------------


def decoded(chunks: Sequence[bytes]) -> List[Message]:
    decoder = Decoder()
    messages = [message for chunk in chunks for message in decoder.feed(chunk)]
    decoder.close()
    return messages


def test_refimpl_reads_what_they_write(foreign: Peer) -> None:
    messages = list(random_messages("theirs"))
    frames = [foreign.encode(headers, payload) for headers, payload in messages]
    for (headers, payload), frame in zip(messages, frames):
        names_are_numbers = foreign.name == "javascript" and any(
            name.isdigit() for name, _, _ in headers
        )
        assert len(frame) == len(encode(headers, payload))
        assert names_are_numbers or frame == encode(headers, payload)
    for first in range(0, len(messages), 6):
        for way, chunks in chunkings(b"".join(frames[first : first + 6])):
            seen = [(as_set(message.headers), message.payload) for message in decoded(chunks)]
            assert seen == [
                (as_set(headers), payload) for headers, payload in messages[first : first + 6]
            ], way


def test_they_read_what_refimpl_writes(foreign: Peer) -> None:
    messages = list(random_messages("ours"))
    for first in range(0, len(messages), 6):
        data = b"".join(
            encode(headers, payload) for headers, payload in messages[first : first + 6]
        )
        for way, chunks in chunkings(data):
            if way == "bytewise" and len(data) > 8192:  # Ruby copies all that it has with each byte
                continue
            assert foreign.decode(chunks) == [
                (as_set(headers), payload) for headers, payload in messages[first : first + 6]
            ], way


# ---- through the client, over a socket ---------------------------------------------------------

OWN: List[Triple] = [(":message-type", "string", "event"), (":event-type", "string", "PayloadPart")]


def called(body: Sequence[bytes], framing: str) -> Tuple[List[Any], Optional[Error]]:
    """Return the events that our client returns for a body, and the error that ends it."""
    events: List[Any] = []
    scenario = Scenario("foreign", "", "", ok(), stream(*body, framing=framing))
    with Endpoint(scenarios={"foreign": scenario}) as endpoint:
        client = Client(
            region="us-east-1",
            endpoint_url=endpoint.url,
            credentials=Credentials(ACCESS_KEY, SECRET_KEY),
            read_timeout=PATIENCE,
            environment={},
        )
        try:
            with client.invoke_endpoint_with_response_stream(
                endpoint_name="foreign", body=b"{}"
            ) as response:
                events.extend(response.body)
        except Error as error:
            return events, error
    return events, None


@pytest.mark.parametrize("framing", ["chunked", "length", "close"])
def test_the_client_reads_a_stream_that_they_write(foreign: Peer, framing: str) -> None:
    maker = Randomly("socket " + framing)
    payloads = [maker.payload(size) for size in SIZES]
    data = b"".join(foreign.encode(OWN + maker.headers(), payload) for payload in payloads)
    for body in ([data], random_pieces(data, 7), pieces(data, 1000)):
        events, error = called(body, framing)
        assert error is None
        assert events == [PayloadPart(bytes=payload) for payload in payloads]


def test_the_client_raises_an_exception_that_they_write(foreign: Peer) -> None:
    headers: List[Triple] = [
        (":message-type", "string", "exception"),
        (":exception-type", "string", "ModelStreamError"),
        ("n", "int64", 7),
    ]
    frames = [
        foreign.encode(OWN, b"one"),
        foreign.encode(headers, b'{"Message":"it broke","ErrorCode":"StreamBroken"}'),
    ]
    events, error = called(pieces(b"".join(frames), 11), "chunked")
    assert events == [PayloadPart(bytes=b"one")]
    assert isinstance(error, ModelStreamError) and (error.message, error.error_code) == (
        "it broke",
        "StreamBroken",
    )


def test_a_bit_that_flips_in_their_frames_is_seen(foreign: Peer) -> None:
    frame = foreign.encode([("a", "string", "b"), ("n", "int64", -7)], b"payload")
    for position in range(len(frame)):
        with pytest.raises(FrameError):
            decoded([frame[:position] + bytes([frame[position] ^ 1]) + frame[position + 1 :]])


# ---- what they write otherwise -----------------------------------------------------------------


class Written(NamedTuple):
    """A header that refimpl does not encode."""

    peer: str
    name: str
    kind: str
    value: Any
    block: Optional[bytes]  # what the peer writes, or None when it refuses too
    read: Any  # the value that refimpl reads then, or the kind of its refusal
    why: str


WRITTEN = [
    Written(
        "javascript",
        "",
        "string",
        "x",
        b"\x00\x07\x00\x01x",
        "header",
        "an empty name is written (EVS-011)",
    ),
    Written(
        "ruby",
        "",
        "string",
        "x",
        b"\x00\x07\x00\x01x",
        "header",
        "an empty name is written (EVS-011)",
    ),
    Written(
        "javascript", "n" * 300, "string", "x", None, None, "both refuse a name over 255 bytes"
    ),
    Written(
        "ruby",
        "n" * 300,
        "string",
        "x",
        b"\x2c" + b"n" * 300 + b"\x07\x00\x01x",
        "header_type",
        "the length of a name is written modulo 256: the frame is corrupt",
    ),
    Written(
        "javascript", "n", "string", "x" * 32768, None, None, "both refuse a value over 32767 bytes"
    ),
    Written(
        "ruby",
        "n",
        "string",
        "x" * 32768,
        b"\x01n\x07\x80\x00" + b"x" * 32768,
        "x" * 32768,
        "a value up to 65535 bytes is written; AWS's text allows 32767, its layout 65535 (EVS-017)",
    ),
    Written(
        "javascript", "n", "bytes", b"x" * 65536, None, None, "both refuse a value over 32767 bytes"
    ),
    Written(
        "ruby",
        "n",
        "bytes",
        b"x" * 65536,
        b"\x01n\x06\x00\x00" + b"x" * 65536,
        "header_type",
        "the length of a value is written modulo 65536: the frame is corrupt",
    ),
    Written(
        "javascript",
        "n",
        "int8",
        300,
        b"\x01n\x02\x2c",
        44,
        "an integer that does not fit is written modulo 256 (EVS-018)",
    ),
    Written(
        "ruby",
        "n",
        "int8",
        300,
        b"\x01n\x02\x2c",
        44,
        "an integer that does not fit is written modulo 256 (EVS-018)",
    ),
    Written("javascript", "n", "int16", -32769, b"\x01n\x03\x7f\xff", 32767, "the same for int16"),
    Written("ruby", "n", "int16", -32769, b"\x01n\x03\x7f\xff", 32767, "the same for int16"),
    Written(
        "javascript",
        "n",
        "string",
        "\ud800",
        b"\x01n\x07\x00\x03\xef\xbf\xbd",
        "\ufffd",
        "a lone surrogate, which JavaScript's strings may hold, is written as U+FFFD (EVS-015)",
    ),
]


@pytest.mark.parametrize("row", WRITTEN, ids=lambda row: f"{row.peer}: {row.why}")
def test_what_they_write_and_refimpl_refuses(row: Written, request: Any) -> None:
    theirs: Peer = request.getfixturevalue(row.peer)
    with pytest.raises(UsageError):
        encode([(row.name, row.kind, row.value)], b"")
    answer = theirs.ask_to_encode([(row.name, row.kind, row.value)])
    if row.block is None:
        assert answer["status"] == "reject"
        return
    assert answer["status"] == "ok"
    frame = base64.b64decode(answer["output"]["frame"])
    assert frame == raw_frame(row.block, b"")
    if row.read in ("header", "header_type"):
        with pytest.raises(FrameError) as caught:
            decoded([frame])
        assert caught.value.kind == row.read
    else:
        assert [header.value for header in decoded([frame])[0].headers] == [row.read]


@pytest.mark.parametrize("instant", [LAST_DATE + 1, -LAST_DATE - 1, 2**63 - 1])
def test_javascript_has_no_instants_beyond_its_date(javascript: Peer, instant: int) -> None:
    # A Date beyond the year 275760 is invalid: it is written, in silence, as 1970, and read as no
    # instant at all (EVS-019).
    assert javascript.encode([("n", "timestamp", instant)]) == encode([("n", "timestamp", 0)], b"")
    assert javascript.decode([encode([("n", "timestamp", instant)], b"")]) == [
        ({"n": ("none", None)}, b"")
    ]
    assert decoded([encode([("n", "timestamp", instant)], b"")])[0].headers[0].value == instant


def test_javascript_refuses_a_uuid_in_capitals(javascript: Peer) -> None:
    # The pattern knows small letters alone; refimpl takes a UUID, which has no case.
    answer = javascript.ask_to_encode([("n", "uuid", "0A020304-0506-0708-090A-0B0C0D0E0F10")])
    assert (answer["status"], answer["message"]) == (
        "reject",
        "Error: Invalid UUID received: 0A020304-0506-0708-090A-0B0C0D0E0F10",
    )


def test_javascript_puts_names_that_are_numbers_first(javascript: Peer) -> None:
    # Headers are an object there, whose integer-like keys come first, in numeric order. The order
    # means nothing (EVS-021).
    frame = javascript.encode(
        [("b", "boolean", True), ("10", "boolean", True), ("9", "boolean", False)]
    )
    assert [header.name for header in decoded([frame])[0].headers] == ["9", "10", "b"]


def test_ruby_refuses_payloads_over_16_mib(ruby: Peer) -> None:
    # AWS's text allows 24 MiB (EVS-025).
    answer = ruby.ask_to_encode([], bytes(16 * 1024 * 1024 + 1))
    assert (answer["status"], answer["kind"]) == (
        "reject",
        "Aws::EventStream::Errors::EventPayloadLengthExceedError",
    )
    assert len(encode([], bytes(16 * 1024 * 1024 + 1))) == 16 * 1024 * 1024 + 17


# ---- what they read otherwise ------------------------------------------------------------------

GOOD = encode([("a", "string", "b")], b"good")
READ_GOOD = ({"a": ("string", "b")}, b"good")


def read_headers(**headers: Tuple[Optional[str], Any]) -> List[Any]:
    return [READ_GOOD, (dict(headers), b"payload"), READ_GOOD]


class Read(NamedTuple):
    """A frame between two valid ones that refimpl rejects."""

    peer: str
    frame: bytes
    ours: str  # the kind of refimpl's refusal
    theirs: Any  # the messages that the peer reads, or the kind that it gives its refusal
    why: str


def row(who: str, block: bytes, ours: str, theirs: Any, why: str, **bent: Any) -> Read:
    return Read(who, raw_frame(block, b"payload", **bent), ours, theirs, why)


TWICE = raw_header(b"a", b"1") + raw_header(b"a", b"2")
READ = [
    row(
        "javascript",
        TWICE,
        "duplicate_header",
        read_headers(a=("string", "2")),
        "of two headers of one name the last is kept (EVS-014)",
    ),
    row(
        "ruby",
        TWICE,
        "duplicate_header",
        read_headers(a=("string", "2")),
        "of two headers of one name the last is kept (EVS-014)",
    ),
    row(
        "javascript",
        raw_header(b"", b"x"),
        "header",
        read_headers(**{"": ("string", "x")}),
        "an empty name is read (EVS-011)",
    ),
    row(
        "ruby",
        raw_header(b"", b"x"),
        "header",
        read_headers(**{"": ("string", "x")}),
        "an empty name is read (EVS-011)",
    ),
    row(
        "javascript",
        raw_header(b"\xff", b"x"),
        "utf8",
        read_headers(**{"\ufffd": ("string", "x")}),
        "a name with invalid UTF-8 is read with U+FFFD in it (EVS-012)",
    ),
    row(
        "javascript",
        raw_header(b"a", b"\xc3("),
        "utf8",
        read_headers(a=("string", "\ufffd(")),
        "a string with invalid UTF-8 is read with U+FFFD in it (EVS-015)",
    ),
    row(
        "ruby",
        raw_header(b"\xff", b"x"),
        "utf8",
        read_headers(**{"\ufffd": ("string", "x")}),
        "a name with invalid UTF-8 is handed out as binary (EVS-012)",
    ),
    row(
        "ruby",
        raw_header(b"a", b"\xc3("),
        "utf8",
        read_headers(a=("string", "\ufffd(")),
        "a string with invalid UTF-8 is handed out as binary (EVS-015)",
    ),
    row(
        "javascript",
        b"\x01x\x07\x00\x05abc",
        "header",
        read_headers(x=("string", "abcpa")),
        "a value that runs past the headers is read on into the payload (EVS-010)",
    ),
    row(
        "ruby",
        b"\x01x\x07\x00\x05abc",
        "header",
        read_headers(x=("string", "abc")),
        "a value that runs past the headers is cut short (EVS-010)",
    ),
    row(
        "javascript",
        b"\x01x\x04\x00\x00",
        "header",
        "RangeError",
        "headers that end inside a number: JavaScript's own error escapes",
    ),
    row(
        "ruby",
        b"\x01x\x04\x00\x00",
        "header",
        read_headers(**{"x": ("none", None), "": ("boolean", True)}),
        "headers that end inside a number: no number, and a header that nobody sent (EVS-010)",
    ),
    row(
        "javascript",
        b"\x09xyz",
        "header",
        "RangeError",
        "a name that runs past the headers: JavaScript's own error escapes",
    ),
    row(
        "ruby",
        b"\x09xyz",
        "header",
        "TypeError",
        "a name that runs past the headers: Ruby's own error escapes",
    ),
    row(
        "javascript",
        raw_header(b"x", b"", 10),
        "header_type",
        "header_type",
        "both refuse an unknown header type",
    ),
    row(
        "ruby",
        raw_header(b"x", b"\x00\x01y", 10),
        "header_type",
        read_headers(x=("none", None)),
        "a header of unknown type is read as if it were a string (EVS-013)",
    ),
    row(
        "javascript",
        b"",
        "length",
        "RangeError",
        "headers longer than the frame: JavaScript's own error escapes (EVS-007)",
        headers_length=12,
    ),
    row(
        "ruby",
        b"",
        "length",
        "TypeError",
        "headers longer than the frame: what there is, is read as headers (EVS-007)",
        headers_length=12,
    ),
    row(
        "javascript",
        b"",
        "length",
        "RangeError",
        "a total length of 0: JavaScript's own error escapes (EVS-006)",
        total_length=0,
    ),
    row(
        "ruby",
        b"",
        "length",
        "Aws::EventStream::Errors::MessageChecksumError",
        "a total length of 0 is found by the checksum alone",
        total_length=0,
    ),
    row(
        "javascript",
        b"",
        "prelude_crc",
        "prelude_crc",
        "both find a wrong prelude checksum",
        flip_prelude_crc=1,
    ),
    row(
        "ruby",
        b"",
        "prelude_crc",
        "Aws::EventStream::Errors::PreludeChecksumError",
        "both find a wrong prelude checksum",
        flip_prelude_crc=1,
    ),
    row(
        "javascript",
        b"",
        "message_crc",
        "message_crc",
        "both find a wrong message checksum",
        flip_message_crc=1,
    ),
    row(
        "ruby",
        b"",
        "message_crc",
        "Aws::EventStream::Errors::MessageChecksumError",
        "both find a wrong message checksum",
        flip_message_crc=1,
    ),
]


@pytest.mark.parametrize("row", READ, ids=lambda row: f"{row.peer}: {row.why}")
def test_what_they_read_and_refimpl_refuses(row: Read, request: Any) -> None:
    theirs: Peer = request.getfixturevalue(row.peer)
    data = GOOD + row.frame + GOOD
    with pytest.raises(FrameError) as caught:
        decoded([data])
    assert (caught.value.kind, [message.payload for message in caught.value.messages]) == (
        row.ours,
        [b"good"],
    )
    answer = theirs.ask_to_decode([data])
    if isinstance(row.theirs, str):
        assert (answer["status"], answer["kind"]) == ("reject", row.theirs)
        assert theirs.messages_in(answer) == [READ_GOOD]
    else:
        assert answer["status"] == "ok" and theirs.messages_in(answer) == row.theirs


@pytest.mark.parametrize(
    "cut, in_silence",
    [(1, True), (3, True), (4, False), (11, False), (12, False), (len(GOOD) - 1, False)],
)
def test_javascript_overlooks_an_end_inside_the_first_length(
    javascript: Peer, cut: int, in_silence: bool
) -> None:
    # The chunker believes itself between two frames until four bytes have come (EVS-022).
    with pytest.raises(FrameError) as caught:
        decoded([GOOD + GOOD[:cut]])
    assert caught.value.kind == "truncated"
    answer = javascript.ask_to_decode([GOOD + GOOD[:cut]])
    assert answer["status"] == ("ok" if in_silence else "reject") and answer.get("kind") == (
        None if in_silence else "truncated"
    )
    assert javascript.messages_in(answer) == [READ_GOOD]


@pytest.mark.parametrize("cut", [1, 12, len(GOOD) - 1])
def test_ruby_overlooks_an_end_inside_a_frame(ruby: Peer, cut: int) -> None:
    # The decoder has no method for the end of the stream.
    assert ruby.decode([GOOD + GOOD[:cut]]) == [READ_GOOD]


def test_javascript_loses_a_header_named_proto(javascript: Peer) -> None:
    # Headers are a plain object there: that name sets its prototype. The encoder writes it.
    frame = javascript.encode([("__proto__", "string", "x")], b"p")
    assert frame == encode([("__proto__", "string", "x")], b"p")
    assert javascript.decode([frame]) == [({}, b"p")]


def test_ruby_s_own_way_turns_uuids_around(ruby: Peer) -> None:
    # By default (format: true) the first three groups are shown little-endian; AWS's layout is
    # big-endian (EVS-020).
    value = uuid.UUID("01020304-0506-0708-090a-0b0c0d0e0f10")
    frame = encode([("n", "uuid", value)], b"")
    assert ruby.decode([frame]) == [({"n": ("uuid", value)}, b"")]
    assert ruby.decode([frame], format=True) == [
        ({"n": ("uuid", uuid.UUID("04030201-0605-0807-090a-0b0c0d0e0f10"))}, b"")
    ]
