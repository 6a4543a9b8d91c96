# SPDX-License-Identifier: MIT
"""The layout of an event-stream frame, and its limits (eventstream.py)."""

from struct import Struct

from .errors import UsageError, require_type

EVENT_STREAM_TYPE = "application/vnd.amazon.eventstream"

# EVS-001
PRELUDE = Struct(">III")
U32 = Struct(">I")

# All lengths are in bytes.
PRELUDE_LENGTH = 12
# The prelude with its CRC, and the message CRC.
FRAME_OVERHEAD = 16
# EVS-008, EVS-029, EVS-041
DEFAULT_MAX_FRAME_LENGTH = 32 * 1024 * 1024
# EVS-040: a few bytes make a header, so these bound a message's memory. An encoder needs less.
MAX_DECODED_HEADERS_LENGTH = 1024 * 1024
MAX_HEADER_COUNT = 32768
# EVS-025: encode() writes no more; a decoder accepts more.
MAX_HEADERS_LENGTH = 128 * 1024
MAX_PAYLOAD_LENGTH = 24 * 1024 * 1024
# EVS-017: encode() writes no longer string or bytes value; a decoder accepts 65535.
MAX_VALUE_LENGTH = 32767
# EVS-011: the length of a name is one byte.
MAX_NAME_LENGTH = 255


def check_max_frame_length(length: int) -> None:
    """Raise UsageError unless length is that of a frame (EVS-008)."""
    require_type(length, int, "max_frame_length")
    if length < FRAME_OVERHEAD:
        raise UsageError(
            "max_frame_length too small",
            expected=f"at least {FRAME_OVERHEAD}",
            actual=length,
            rule="EVS-008",
        )
