# SPDX-License-Identifier: MIT
"""Streams that go on only after the client has handed over what it has received (HTTP-050).

At each Turn the endpoint waits for the client's progress. A client that keeps an event back, until
the next one or until the end, keeps the endpoint waiting. A client without progress gets the same
bytes without a wait.

`progress-chunked` comes first. All other scenarios need it, so that a client which buffers the body
waits only once.
"""

from typing import List, Sequence, Tuple

from conformance.endpoint.scenarios.build import (
    CHUNKED,
    FRAMES,
    LAST_CHUNK,
    ONE,
    PARTS,
    RAW_HEADERS,
    THREE,
    TWO,
    broken,
    chunk,
    exception,
    head,
    ok,
    part,
    raw,
    raw_frame,
    stream,
    unknown_event,
)
from conformance.endpoint.scenarios.model import Entry, Expect, Response, Scenario, Step, Turn

_FIRST = "progress-chunked"
_RULES = ("HTTP-050", "EVS-042")
_TINY = tuple(b"%c" % code for code in range(97, 117))
_LARGE = bytes(range(256)) * 300  # more than a buffer of 64 KiB


def in_turn(frames: Sequence[bytes]) -> Tuple[Step, ...]:
    """Return the frames, each followed by the client's turn to hand over its event."""
    steps: List[Step] = []
    for count, frame in enumerate(frames, 1):
        steps += [frame, Turn(count)]
    return tuple(steps)


def _paced(
    name: str,
    title: str,
    expect: Expect,
    response: Response,
    needs: Tuple[str, ...] = (_FIRST,),
    rules: Tuple[str, ...] = _RULES,
) -> Scenario:
    return Scenario(
        name,
        title + "; the endpoint waits for the client after each part",
        must="hand over each part as soon as its last byte has arrived",
        expect=expect,
        response=response,
        rules=rules,
        since="0.2.0",
        needs=needs,
    )


def _raw_chunks(*steps: Step) -> Response:
    return raw(head((*RAW_HEADERS, CHUNKED)), *steps)


def _splits() -> List[Entry]:
    """Return parts whose ends are not the ends of chunks or writes."""
    one, two, three = FRAMES
    both = chunk(one + two)
    start = both.index(one)
    return [
        _paced(
            "progress-merged",
            "two parts in one chunk",
            ok(*PARTS),
            stream(one + two, Turn(2), three, Turn(3)),
        ),
        _paced(
            "progress-split",
            "each part in two chunks",
            ok(*PARTS),
            stream(*_halves()),
        ),
        _paced(
            "progress-next-begun",
            "a chunk with a part and the first bytes of the next one",
            ok(*PARTS),
            stream(one + two[:9], Turn(1), two[9:] + three[:13], Turn(2), three[13:], Turn(3)),
        ),
        _paced(
            "progress-in-chunk",
            "a chunk of two parts, of which the second one follows later",
            ok(*PARTS),
            _raw_chunks(
                both[: start + len(one)],
                Turn(1),
                both[start + len(one) :],
                Turn(2),
                chunk(three),
                Turn(3),
                LAST_CHUNK,
            ),
        ),
        _paced(
            "progress-before-chunk-end",
            "chunks whose final line end follows later",
            ok(*PARTS),
            _raw_chunks(*_late_ends(), LAST_CHUNK),
        ),
        _paced(
            "progress-with-head",
            "the first part in the same write as the head",
            ok(*PARTS),
            raw(
                head((*RAW_HEADERS, CHUNKED)) + chunk(one),
                Turn(1),
                chunk(two),
                Turn(2),
                chunk(three),
                Turn(3),
                LAST_CHUNK,
            ),
        ),
    ]


def _halves() -> Tuple[Step, ...]:
    steps: List[Step] = []
    for count, frame in enumerate(FRAMES, 1):
        steps += [frame[:-1], frame[-1:], Turn(count)]
    return tuple(steps)


def _late_ends() -> Tuple[Step, ...]:
    steps: List[Step] = []
    for count, frame in enumerate(FRAMES, 1):
        steps += [chunk(frame, end=b""), Turn(count), b"\r\n"]
    return tuple(steps)


def _contents() -> List[Entry]:
    """Return parts of other sizes, and other messages between them."""
    return [
        _paced(
            "progress-tiny",
            "20 parts of one byte",
            ok(*_TINY),
            stream(*in_turn([part(data) for data in _TINY])),
        ),
        _paced(
            "progress-empty-part",
            "an empty part between two others",
            ok(ONE, b"", THREE),
            stream(*in_turn([part(ONE), part(b""), part(THREE)])),
        ),
        _paced(
            "progress-large",
            "a part of 75 KiB before a small one",
            ok(_LARGE, TWO),
            stream(*in_turn([part(_LARGE), part(TWO)])),
        ),
        _paced(
            "progress-large-length",
            "a part of 75 KiB before a small one, with Content-Length",
            ok(_LARGE, TWO),
            stream(*in_turn([part(_LARGE), part(TWO)]), framing="length"),
            (_FIRST, "progress-length"),
        ),
        _paced(
            "progress-unknown-event",
            "a part, an event of unknown type, a part",
            ok(ONE, TWO, skipped=1),
            stream(part(ONE), Turn(1), unknown_event(), part(TWO), Turn(2)),
            rules=(*_RULES, "EVS-032"),
        ),
    ]


def _errors() -> List[Entry]:
    """Return parts before an error, which must not be needed to hand them over."""
    failing = exception("InternalStreamFailure", Message="it broke")
    return [
        _paced(
            "progress-exception",
            "a part, then an exception",
            broken("exception", ONE, code="InternalStreamFailure", text="it broke"),
            stream(part(ONE), Turn(1), failing),
            rules=(*_RULES, "EVS-034"),
        ),
        _paced(
            "progress-corrupt",
            "two parts, then a frame with a wrong checksum",
            broken("message_crc", ONE, TWO),
            stream(part(ONE), Turn(1), part(TWO), Turn(2), raw_frame(flip_message_crc=1)),
            rules=(*_RULES, "EVS-003", "EVS-023"),
        ),
        _paced(
            "progress-truncated",
            "two parts, then the end of the connection",
            broken("truncated", ONE, TWO),
            stream(part(ONE), Turn(1), part(TWO), Turn(2), ending="close"),
            rules=(*_RULES, "HTTP-023"),
        ),
        _paced(
            "progress-reset",
            "two parts, then a reset",
            broken("truncated", ONE, TWO),
            stream(part(ONE), Turn(1), part(TWO), Turn(2), ending="reset"),
            rules=(*_RULES, "HTTP-023"),
        ),
    ]


def scenarios() -> List[Entry]:
    """Return this chapter's scenarios."""
    return [
        _paced(
            _FIRST, "three parts in HTTP chunks", ok(*PARTS), stream(*in_turn(FRAMES)), needs=()
        ),
        _paced(
            "progress-length",
            "three parts with Content-Length",
            ok(*PARTS),
            stream(*in_turn(FRAMES), framing="length"),
        ),
        _paced(
            "progress-close",
            "three parts, ended by the close of the connection",
            ok(*PARTS),
            stream(*in_turn(FRAMES), framing="close"),
        ),
        *_splits(),
        *_contents(),
        *_errors(),
    ]
