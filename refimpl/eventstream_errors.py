# SPDX-License-Identifier: MIT
"""Errors of event-stream frames, with their cause (eventstream_frames.py)."""

from typing import Optional

from .errors import FrameError
from .eventstream_layout import (
    FRAME_OVERHEAD,
    MAX_DECODED_HEADERS_LENGTH,
    PRELUDE,
    PRELUDE_LENGTH,
    U32,
)
from .foreign_bytes import damaged_cause, foreign_cause


def short_error(block: bytes, what: str, needed: int, offset: int) -> FrameError:
    """Return the error for a headers block that ends inside a header (EVS-010)."""
    return FrameError(
        f"{what} runs past the headers block",
        expected=f"at most {len(block)} bytes of headers",
        actual=f"{needed} bytes",
        offset=offset + len(block),
        rule="EVS-010",
    )


def utf8_error(what: str, error: UnicodeDecodeError, offset: int, rule: str) -> FrameError:
    """Return the error for a name or a value that is invalid UTF-8."""
    return FrameError(
        f"{what} is invalid UTF-8",
        kind="utf8",
        expected="UTF-8",
        actual=error.object[error.start : error.start + 4],
        offset=offset + error.start,
        rule=rule,
    )


def truncated_error(pending: bytes, needed: int, offset: int) -> FrameError:
    """Return the error for a stream that ends inside a frame (EVS-022).

    pending: the beginning of the frame;  needed: its length, or that of a prelude
    offset: where the frame began
    """
    expected = f"{needed} bytes of it"
    if len(pending) < PRELUDE_LENGTH:
        expected += " or more"
    return FrameError(
        f"the stream ends inside a frame that began at byte {offset}",
        kind="truncated",
        expected=expected,
        actual=f"{len(pending)}",
        offset=offset + len(pending),
        rule="EVS-022",
        cause=_cause_of_end(pending, needed),
        buffered=pending,
    )


def _cause_of_end(pending: bytes, needed: int) -> Optional[str]:
    if needed > PRELUDE_LENGTH:
        return damaged_cause(pending, needed)
    return foreign_cause(pending)


def message_error(data: bytes, total_length: int, crc: int, offset: int) -> FrameError:
    """Return the error for a frame at the start of data whose CRC should be crc (EVS-005).

    offset: where the frame began
    """
    return FrameError(
        "message checksum differs",
        kind="message_crc",
        expected=f"0x{crc:08x}",
        actual=f"0x{U32.unpack_from(data, total_length - 4)[0]:08x}",
        offset=offset + total_length - 4,
        rule="EVS-005",
        cause=damaged_cause(data, total_length),
        buffered=data,
    )


def prelude_error(data: bytes, crc: int, offset: int, max_frame_length: int) -> FrameError:
    """Return the error for a prelude at the start of data whose CRC should be crc.

    offset: where the frame began
    """
    total_length, headers_length, prelude_crc = PRELUDE.unpack_from(data)
    # EVS-002, EVS-004: without a correct checksum, neither length can be trusted.
    if crc != prelude_crc:
        return FrameError(
            "prelude checksum differs",
            kind="prelude_crc",
            expected=f"0x{crc:08x}",
            actual=f"0x{prelude_crc:08x}",
            offset=offset + 8,
            rule="EVS-004",
            cause=foreign_cause(data),
            buffered=data,
        )
    # EVS-006
    if total_length < FRAME_OVERHEAD:
        return FrameError(
            "total length too small",
            kind="length",
            expected=f"at least {FRAME_OVERHEAD}",
            actual=total_length,
            offset=offset,
            rule="EVS-006",
        )
    # EVS-007
    if headers_length > total_length - FRAME_OVERHEAD:
        return FrameError(
            "headers run past the frame",
            kind="length",
            expected=f"at most {total_length - FRAME_OVERHEAD}",
            actual=headers_length,
            offset=offset + 4,
            rule="EVS-007",
        )
    # EVS-008
    if total_length > max_frame_length:
        return FrameError(
            "frame longer than max_frame_length",
            kind="limit",
            expected=f"at most {max_frame_length}",
            actual=total_length,
            offset=offset,
            rule="EVS-008",
        )
    # EVS-040
    return FrameError(
        "headers too long",
        kind="limit",
        expected=f"at most {MAX_DECODED_HEADERS_LENGTH}",
        actual=headers_length,
        offset=offset + 4,
        rule="EVS-040",
    )
