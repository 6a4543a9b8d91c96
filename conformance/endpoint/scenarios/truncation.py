# SPDX-License-Identifier: MIT
"""Bodies that end too early, and responses that stall (SPEC.md, EVS-022, HTTP-023 and HTTP-051).

A stream is complete if the HTTP body is complete according to its framing and the last frame is
complete. A client must detect every other end. It must not wait forever.
"""

from typing import List, Optional, Tuple

from conformance.endpoint.scenarios.build import (
    CHUNKED,
    FRAMES,
    ONE,
    PARTS,
    RAW_HEADERS,
    TWO,
    body_of,
    broken,
    chunk,
    exception,
    failure,
    head,
    ok,
    part,
    raw,
    rejected,
    stream,
)
from conformance.endpoint.scenarios.model import Entry, Response, Scenario, Step, Template

_LENGTH = sum(map(len, FRAMES))
_FIRST = len(FRAMES[0])
_BETWEEN = len(FRAMES[0]) + len(FRAMES[1])
_CUTS = (0, 1, 11, 57, _FIRST, _FIRST + 1, _LENGTH - 1, _LENGTH)


def _cut_at(family: str, framing: str, ending: str, count: int) -> Scenario:
    """Return the three frames, cut after `count` bytes.

    The outcome follows from the definition of a complete stream.
    """
    complete_frames, position = 0, 0
    while complete_frames < len(FRAMES) and position + len(FRAMES[complete_frames]) <= count:
        position += len(FRAMES[complete_frames])
        complete_frames += 1
    is_at_end = complete_frames == len(FRAMES)
    is_complete = False
    if framing == "length":
        is_complete = is_at_end
    elif framing == "close" and ending == "close":
        is_complete = is_at_end or position == count
    parts = PARTS[:complete_frames]
    return Scenario(
        f"{family}-{count}",
        f"cut after {count} bytes of the body",
        must=f"deliver the {complete_frames} complete parts, then "
        + ("end" if is_complete else "raise an error"),
        expect=ok(*parts) if is_complete else broken("truncated", *parts),
        response=stream(*FRAMES, framing=framing, ending=ending, cut=count),
        rules=("EVS-022", "HTTP-023"),
    )


def _truncation(name: str, title: str, framing: str, ending: str) -> Template:
    return Template(
        name,
        title,
        must="deliver the complete parts, then raise an error unless the body is complete",
        make=lambda count: _cut_at(name[: -len("-N")], framing, ending, count),
        most=10000,
        examples=_CUTS,
    )


def raw_chunks(*chunks: bytes) -> Response:
    """Return a chunked response whose chunks are written unchanged."""
    return raw(head(RAW_HEADERS + (CHUNKED,)), *chunks)


def _half_a_chunk() -> bytes:
    """Return the head of a response and a chunk of two frames, without the second one."""
    size = b"%x\r\n" % (len(FRAMES[0]) + len(FRAMES[1]))
    return head((*RAW_HEADERS, CHUNKED)) + size + FRAMES[0]


def _failed(
    name: str, title: str, steps: int = 1, ending: str = "clean", cut: Optional[int] = None
) -> Scenario:
    """Return an error response whose document arrives in another way."""
    whole = failure("500 Internal Server Error", "InternalFailure", Message="it is so")
    body = body_of(whole)
    half = len(body) // steps
    pieces: Tuple[Step, ...] = (body,) if steps == 1 else (body[:half], 0.05, body[half:])
    text = "it is so" if cut is None else None
    return Scenario(
        name,
        f"an error document {title}",
        must="raise the service error, whose code is in the head",
        expect=rejected("service_error", 500, "InternalFailure", text),
        response=whole._replace(steps=pieces, ending=ending, cut=cut),
        rules=("HTTP-035",),
        since="0.2.0",
    )


def scenarios() -> List[Entry]:
    """Return this chapter's scenarios."""
    half = part(TWO)[:20]
    return [
        _truncation(
            "truncated-chunked-at-N",
            "chunked, closed after N bytes of the body",
            "chunked",
            "close",
        ),
        _truncation(
            "truncated-length-at-N",
            "Content-Length, closed after N bytes of the body",
            "length",
            "close",
        ),
        _truncation(
            "truncated-close-at-N",
            "neither chunked nor Content-Length, closed after N bytes of the body",
            "close",
            "close",
        ),
        _truncation(
            "truncated-reset-at-N", "chunked, reset after N bytes of the body", "chunked", "reset"
        ),
        _truncation(
            "truncated-length-reset-at-N",
            "Content-Length, reset after N bytes of the body",
            "length",
            "reset",
        ),
        _truncation(
            "truncated-close-reset-at-N",
            "neither chunked nor Content-Length, reset after N bytes of the body",
            "close",
            "reset",
        ),
        Scenario(
            "cut-between-frames-close",
            "neither chunked nor Content-Length, closed exactly between two frames",
            must="end: by definition the stream is complete",
            expect=ok(ONE, TWO),
            response=stream(*FRAMES, framing="close", ending="close", cut=_BETWEEN),
            rules=("HTTP-023",),
        ),
        Scenario(
            "cut-between-frames-length",
            "Content-Length, closed exactly between two frames",
            must="deliver two parts, then raise an error",
            expect=broken("truncated", ONE, TWO),
            response=stream(*FRAMES, framing="length", ending="close", cut=_BETWEEN),
            rules=("HTTP-023",),
        ),
        Scenario(
            "cut-between-frames-chunked",
            "chunked, closed exactly between two frames",
            must="deliver two parts, then raise an error",
            expect=broken("truncated", ONE, TWO),
            response=stream(*FRAMES, ending="close", cut=_BETWEEN),
            rules=("HTTP-023",),
        ),
        Scenario(
            "last-chunk-missing",
            "all frames are complete, but the last chunk is missing",
            must="deliver three parts, then raise an error",
            expect=broken("truncated", *PARTS),
            response=stream(*FRAMES, ending="close"),
            rules=("HTTP-023",),
        ),
        Scenario(
            "frame-unfinished-chunked",
            "the last chunk arrives inside a frame",
            must="deliver one part, then raise an error, because the frame is incomplete",
            expect=broken("truncated", ONE),
            response=stream(part(ONE), half),
            rules=("EVS-022", "HTTP-023"),
        ),
        Scenario(
            "frame-unfinished-length",
            "Content-Length ends inside a frame",
            must="deliver one part, then raise an error, because the frame is incomplete",
            expect=broken("truncated", ONE),
            response=stream(part(ONE), half, framing="length"),
            rules=("EVS-022", "HTTP-023"),
        ),
        Scenario(
            "frame-unfinished-in-prelude",
            "the last chunk arrives inside a prelude",
            must="deliver one part, then raise an error",
            expect=broken("truncated", ONE),
            response=stream(part(ONE), half[:5]),
            rules=("EVS-022", "HTTP-023"),
        ),
        Scenario(
            "malformed-end",
            "a line without a size instead of the last chunk",
            must="deliver three parts, then raise an error",
            expect=broken("http", *PARTS),
            response=raw_chunks(*map(chunk, FRAMES), b"\r\n\r\n"),
            rules=("HTTP-045",),
        ),
        Scenario(
            "stall-before-head",
            "no response",
            must="time out",
            expect=rejected("timeout"),
            response=raw(ending="stall"),
            rules=("HTTP-051",),
        ),
        Scenario(
            "stall-in-head",
            "half a head, then silence",
            must="time out",
            expect=rejected("timeout"),
            response=raw(head()[:40], ending="stall"),
            rules=("HTTP-051",),
        ),
        Scenario(
            "stall-before-first-part",
            "a head, then silence",
            must="time out",
            expect=broken("timeout"),
            response=stream(ending="stall"),
            rules=("HTTP-051",),
        ),
        Scenario(
            "stall-between-parts",
            "two parts, then silence",
            must="deliver two parts at once, then time out",
            expect=broken("timeout", ONE, TWO),
            response=stream(part(ONE), part(TWO), ending="stall"),
            rules=("HTTP-050", "HTTP-051"),
        ),
        Scenario(
            "stall-in-part",
            "one and a half parts, then silence",
            must="deliver one part at once, then time out",
            expect=broken("timeout", ONE),
            response=stream(part(ONE), half, ending="stall"),
            rules=("HTTP-050", "HTTP-051"),
        ),
        Scenario(
            "stall-in-part-length",
            "one and a half parts with Content-Length, then silence",
            must="deliver one part at once, then time out",
            expect=broken("timeout", ONE),
            response=stream(*FRAMES, framing="length", ending="stall", cut=_FIRST + len(half)),
            rules=("HTTP-051",),
        ),
        Scenario(
            "stall-before-last-chunk",
            "three parts, but no last chunk",
            must="deliver three parts, then time out, because the body has not ended",
            expect=broken("timeout", *PARTS),
            response=stream(*FRAMES, ending="stall"),
            rules=("HTTP-051",),
        ),
        Scenario(
            "length-then-more",
            "Content-Length, and bytes after the body",
            must="end with the body: it has Content-Length bytes",
            expect=ok(*PARTS),
            response=raw(
                head((*RAW_HEADERS, ("Content-Length", str(_LENGTH)))),
                b"".join(FRAMES) + part(TWO),
            ),
            rules=("HTTP-023", "HTTP-042"),
            since="0.2.0",
        ),
        Scenario(
            "chunk-half-sent-then-stall",
            "a chunk that announces two frames, of which one arrives, then silence",
            must="deliver the first part at once, then time out",
            expect=broken("timeout", ONE),
            response=raw(_half_a_chunk(), ending="stall"),
            rules=("HTTP-050", "HTTP-051"),
            since="0.2.0",
        ),
        Scenario(
            "chunk-half-sent-then-close",
            "a chunk that announces two frames, of which one arrives, then the end",
            must="deliver the first part, then raise an error",
            expect=broken("truncated", ONE),
            response=raw(_half_a_chunk()),
            rules=("HTTP-050", "HTTP-023"),
            since="0.2.0",
        ),
        Scenario(
            "exception-then-stall",
            "an exception, then silence",
            must="raise the exception at once: it ends the stream",
            expect=broken("exception", ONE, code="InternalStreamFailure", text="it broke"),
            response=stream(
                part(ONE), exception("InternalStreamFailure", Message="it broke"), ending="stall"
            ),
            rules=("EVS-039", "EVS-034"),
            since="0.2.0",
        ),
        Scenario(
            "trailer-then-stall",
            "the last chunk and half a trailer, then silence",
            must="end: nothing in a trailer is needed",
            expect=ok(*PARTS),
            response=raw(
                head((*RAW_HEADERS, CHUNKED)), *map(chunk, FRAMES), b"0\r\nX-Tra", ending="stall"
            ),
            rules=("HTTP-023",),
            since="0.2.0",
        ),
        Scenario(
            "drip-for-4-seconds",
            "20 parts, 0.2 s apart, longer than the read time-out of 2 s",
            must="wait: the read time-out starts again with each byte",
            expect=ok(*(b"%d " % number for number in range(20))),
            response=stream(
                *(step for number in range(20) for step in (0.2, part(b"%d " % number)))
            ),
            rules=("HTTP-051", "HTTP-050"),
            since="0.2.0",
            read_timeout=2.0,
        ),
        _failed("error-in-two-writes", "in two writes", steps=2),
        _failed("error-truncated", "that ends in its middle", ending="close", cut=20),
        _failed("error-then-stall", "that stalls in its middle", ending="stall", cut=20),
    ]
