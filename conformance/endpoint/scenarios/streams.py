# SPDX-License-Identifier: MIT
"""Complete event streams: the default response, and what a client must accept.

SPEC.md, sections 4.3, 4.4 and 5.2.

This chapter is for streams that are unusual but valid: empty streams, every split into HTTP chunks,
binary parts, pauses, output members, variants of the content type.
"""

import re
from typing import List, Sequence, Tuple

from conformance.endpoint.scenarios.build import (
    FRAMES,
    ONE,
    OUTPUT,
    PARTS,
    THREE,
    ok,
    part,
    stream,
)
from conformance.endpoint.scenarios.model import (
    CUSTOM_ATTRIBUTES,
    STREAM_HEADERS,
    Entry,
    Headers,
    Scenario,
    Step,
    Template,
)
from refimpl.eventstream import EVENT_STREAM_TYPE

PACE = 0.02  # seconds between two tokens
SENTENCE = "Every frame carries two checksums, so a stream that breaks is a stream that says so."
TOKENS = tuple(token.encode("ascii") for token in re.findall(r"\S+ ?", SENTENCE))

_UTF8 = "naïve café, 東京, 🙂".encode("utf-8")
_UTF8_PARTS = (_UTF8[:3], _UTF8[3:13], _UTF8[13:16], _UTF8[16:-2], _UTF8[-2:])
_BYTES = bytes(range(256))
_BIG = b"x" * 1048576


def pieces(data: bytes, size: int) -> List[bytes]:
    """Return data in pieces of this size; the last one may be smaller."""
    return [data[start : start + size] for start in range(0, len(data), size)]


def with_pauses(items: Sequence[bytes], seconds: float) -> List[Step]:
    """Return the items with a pause before each."""
    steps: List[Step] = []
    for item in items:
        steps += [seconds, item]
    return steps


def with_content_type(content_type: str) -> Headers:
    """Return the headers of a stream with another Content-Type."""
    return (("Content-Type", content_type),) + STREAM_HEADERS[1:]


def _paced(tokens: Sequence[bytes]) -> Tuple[Step, ...]:
    return tuple(with_pauses([part(token) for token in tokens], PACE)[1:])


def numbered_parts(count: int) -> Tuple[bytes, ...]:
    """Return this many different payloads."""
    return tuple(b"token %d " % number for number in range(count))


def _long(count: int) -> Scenario:
    payloads = numbered_parts(count)
    return Scenario(
        f"long-answer-{count}",
        f"{count} parts without a pause",
        must="deliver all of them in constant memory",
        expect=ok(*payloads),
        response=stream(*map(part, payloads)),
        rules=("EVS-037",),
    )


DEFAULT = Scenario(
    "default",
    "an English sentence, token by token",
    must="deliver each part as it arrives",
    expect=ok(*TOKENS),
    response=stream(*_paced(TOKENS)),
    rules=(
        "EVS-037",
        "HTTP-001",
        "HTTP-002",
        "HTTP-007",
        "HTTP-009",
        "HTTP-020",
        "HTTP-045",
        "EVS-001",
        "EVS-021",
        "EVS-039",
        "SIG-001",
        "SIG-011",
        "SIG-014",
        "SIG-015",
        "SIG-016",
        "SIG-019",
        "SIG-020",
        "SIG-021",
        "SIG-022",
        "SIG-023",
        "SIG-024",
        "SIG-026",
        "SIG-027",
    ),
)


def _for_any_request(number: int) -> Scenario:
    return Scenario(
        f"any-request-{number}",
        "two parts, for a call whose request is judged",
        must="send the request that its caller describes",
        expect=ok(b"one ", b"two"),
        response=stream(part(b"one "), part(b"two")),
        rules=("HTTP-003", "SIG-015", "HTTP-007", "SIG-027"),
        since="0.2.0",
    )


def scenarios() -> List[Entry]:
    """Return this chapter's scenarios."""
    three_frames = b"".join(FRAMES)
    return [
        DEFAULT,
        Scenario(
            "default-length",
            "the default response with Content-Length",
            must="deliver each part as it arrives, not at the end",
            expect=ok(*TOKENS),
            response=stream(*_paced(TOKENS), framing="length"),
            rules=("HTTP-023", "HTTP-050", "EVS-039"),
        ),
        Scenario(
            "default-close",
            "the default response, ended by the close of the connection",
            must="deliver each part as it arrives and treat the close as the end",
            expect=ok(*TOKENS),
            response=stream(*_paced(TOKENS), framing="close"),
            rules=("HTTP-023", "EVS-039"),
        ),
        Template(
            "any-request-N",
            "two parts, for a call whose request is judged",
            must="send the request that its caller describes",
            make=_for_any_request,
            most=99999999,
            examples=(1,),
        ),
        Template(
            "long-answer-N",
            "N parts without a pause",
            must="deliver all N in constant memory",
            make=_long,
            most=100000,
            examples=(0, 1, 1000),
        ),
        _long(2000)._replace(name="long-answer", title="2,000 parts without a pause"),
        Scenario(
            "empty-stream",
            "an empty stream in HTTP chunks",
            must="end without a part and without an error",
            expect=ok(),
            response=stream(),
            rules=("HTTP-023", "EVS-039"),
        ),
        Scenario(
            "empty-stream-length",
            "an empty stream with Content-Length: 0",
            must="end without a part and without an error",
            expect=ok(),
            response=stream(framing="length"),
            rules=("HTTP-023", "EVS-039"),
        ),
        Scenario(
            "empty-stream-close",
            "an empty stream, ended by the close of the connection",
            must="end without a part and without an error",
            expect=ok(),
            response=stream(framing="close"),
            rules=("HTTP-023", "EVS-039"),
        ),
        Scenario(
            "empty-part",
            "an empty part between two others",
            must="deliver three parts, of which the second is empty",
            expect=ok(ONE, b"", THREE),
            response=stream(part(ONE), part(b""), part(THREE)),
            rules=("EVS-037",),
        ),
        Scenario(
            "one-byte-at-a-time",
            "one HTTP chunk and one write per byte",
            must="deliver three parts",
            expect=ok(*PARTS),
            response=stream(*pieces(three_frames, 1)),
            rules=("EVS-026",),
        ),
        Scenario(
            "one-byte-at-a-time-length",
            "one write per byte, with Content-Length",
            must="deliver three parts",
            expect=ok(*PARTS),
            response=stream(*pieces(three_frames, 1), framing="length"),
            rules=("EVS-026",),
        ),
        Scenario(
            "frames-split",
            "HTTP chunks of 7 bytes: each frame is in several",
            must="deliver three parts",
            expect=ok(*PARTS),
            response=stream(*pieces(three_frames, 7)),
            rules=("EVS-026",),
        ),
        Scenario(
            "frames-merged",
            "three frames in one HTTP chunk",
            must="deliver three parts",
            expect=ok(*PARTS),
            response=stream(three_frames),
            rules=("EVS-026",),
        ),
        Scenario(
            "frames-astride",
            "each HTTP chunk ends one frame and begins the next",
            must="deliver three parts",
            expect=ok(*PARTS),
            response=stream(*pieces(three_frames, len(FRAMES[0]) * 2 // 3)),
            rules=("EVS-026",),
        ),
        Scenario(
            "utf-8-split",
            "characters that are split between two parts",
            must="deliver the parts unchanged and decode them as one text",
            expect=ok(*_UTF8_PARTS),
            response=stream(*map(part, _UTF8_PARTS)),
            rules=("EVS-037",),
        ),
        Scenario(
            "not-text",
            "a part that is invalid UTF-8",
            must="deliver the bytes unchanged",
            expect=ok(_BYTES),
            response=stream(part(_BYTES)),
            rules=("EVS-037",),
        ),
        Scenario(
            "big-part",
            "one part of 1 MiB",
            must="deliver it as one part",
            expect=ok(_BIG),
            response=stream(part(_BIG)),
            rules=("EVS-037",),
        ),
        Scenario(
            "slow-drip",
            "five bytes at a time, 0.01 s apart",
            must="wait: the read timeout starts again with each byte",
            expect=ok(*PARTS),
            response=stream(*with_pauses(pieces(three_frames, 5), 0.01)),
            rules=("HTTP-050", "HTTP-051"),
        ),
        Scenario(
            "output-members",
            "all three output members",
            must="return each member from its own header, also CustomAttributes",
            expect=ok(ONE)._replace(output=dict(OUTPUT, CustomAttributes="trace=7; a=b")),
            response=stream(
                part(ONE),
                headers=(*STREAM_HEADERS, (CUSTOM_ATTRIBUTES, "trace=7; a=b")),
            ),
            rules=("HTTP-022",),
        ),
        Scenario(
            "output-absent",
            "no output member",
            must="return none, because the HTTP Content-Type is not the member ContentType",
            expect=ok(ONE)._replace(output={}),
            response=stream(part(ONE), headers=STREAM_HEADERS[:1]),
            rules=("HTTP-022",),
        ),
        Scenario(
            "content-type-parameters",
            "the media type with a parameter",
            must="accept it",
            expect=ok(ONE),
            response=stream(
                part(ONE), headers=with_content_type(EVENT_STREAM_TYPE + "; charset=binary")
            ),
            rules=("HTTP-020",),
        ),
        Scenario(
            "content-type-upper-case",
            "the media type in upper case",
            must="accept it",
            expect=ok(ONE),
            response=stream(part(ONE), headers=with_content_type(EVENT_STREAM_TYPE.upper())),
            rules=("HTTP-020",),
        ),
        Scenario(
            "content-encoding-identity",
            "Content-Encoding: identity",
            must="accept it",
            expect=ok(ONE),
            response=stream(
                part(ONE), headers=STREAM_HEADERS + (("Content-Encoding", "identity"),)
            ),
            rules=("HTTP-020",),
        ),
        Scenario(
            "part-as-json",
            "a part whose :content-type is application/json",
            must="deliver the payload unchanged",
            expect=ok(ONE),
            response=stream(part(ONE, "application/json")),
            rules=("EVS-037",),
        ),
        Scenario(
            "part-without-type",
            "a part without :content-type",
            must="deliver the payload unchanged",
            expect=ok(ONE),
            response=stream(part(ONE, None)),
            rules=("EVS-037",),
        ),
    ]
