# SPDX-License-Identifier: MIT
"""Bodies that end too early, and responses that stall (SPEC.md, EVS-022, HTTP-023 and HTTP-051).

A stream is complete if the HTTP body is complete according to its framing and the last frame is
complete. A client must detect every other end. It must not wait forever.
"""

from typing import List

from conformance.endpoint.scenarios.build import (
    CHUNKED,
    FRAMES,
    ONE,
    PARTS,
    RAW_HEADERS,
    TWO,
    broken,
    chunk,
    head,
    ok,
    part,
    raw,
    rejected,
    stream,
)
from conformance.endpoint.scenarios.model import Entry, Response, Scenario, Template

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
    ]
