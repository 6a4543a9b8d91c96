# SPDX-License-Identifier: MIT
"""Event-stream frames and messages: `application/vnd.amazon.eventstream`, without I/O.

A frame, big-endian:

    total_length u32 | headers_length u32 | prelude_crc u32 | headers | payload | message_crc u32

`encode` writes one frame (eventstream_encoder.py). A `Decoder` is fed bytes, split anywhere, and
returns the messages that they complete. Its `FrameReader` (eventstream_frames.py) also makes the
events of a response, without messages in between.

Rejected: whatever breaks EVS-001 to EVS-029 of SPEC.md; `errors.FrameError` lists the kinds. The
meaning of a message (`:message-type` and so on) is in operation_response.py.
"""

from typing import Callable, List, NamedTuple, Union

from .errors import FrameError
from .eventstream_encoder import HEADER_TYPES, encode, encode_headers
from .eventstream_frames import (
    FrameHeader,
    FrameHeaders,
    FrameReader,
    PayloadReader,
    decode_headers,
)
from .eventstream_layout import (
    DEFAULT_MAX_FRAME_LENGTH,
    EVENT_STREAM_TYPE,
    FRAME_OVERHEAD,
    MAX_DECODED_HEADERS_LENGTH,
    MAX_HEADER_COUNT,
    MAX_HEADERS_LENGTH,
    MAX_NAME_LENGTH,
    MAX_PAYLOAD_LENGTH,
    MAX_VALUE_LENGTH,
)

__all__ = [
    "DEFAULT_MAX_FRAME_LENGTH",
    "EVENT_STREAM_TYPE",
    "FRAME_OVERHEAD",
    "HEADER_TYPES",
    "MAX_DECODED_HEADERS_LENGTH",
    "MAX_HEADERS_LENGTH",
    "MAX_HEADER_COUNT",
    "MAX_NAME_LENGTH",
    "MAX_PAYLOAD_LENGTH",
    "MAX_VALUE_LENGTH",
    "Decoder",
    "FrameHeader",
    "FrameHeaders",
    "FrameReader",
    "Message",
    "PayloadReader",
    "decode_headers",
    "encode",
    "encode_headers",
]


class Message(NamedTuple):
    """A decoded frame. Its repr hides the payload, which may be sensitive."""

    headers: FrameHeaders
    payload: bytes

    def __repr__(self) -> str:
        return f"Message(headers={tuple(self.headers)!r}, payload=<{len(self.payload)} bytes>)"


def _message_reader(headers: FrameHeaders) -> Callable[[bytes], Message]:
    # tuple.__new__ is faster than Message(): the loop of FrameReader runs it for each frame.
    new = tuple.__new__
    return lambda payload: new(Message, (headers, payload))


class Decoder(FrameReader[Message]):
    """Turns the bytes of a stream, split anywhere, into messages.

    max_frame_length: in bytes. A longer frame is rejected (`limit`) as soon as its prelude arrives.
    """

    def __init__(self, max_frame_length: int = DEFAULT_MAX_FRAME_LENGTH) -> None:
        super().__init__(_message_reader, max_frame_length)

    def feed(self, data: Union[bytes, bytearray, memoryview]) -> List[Message]:
        """Return the messages that data completes, in order. Data may be split anywhere (EVS-026).

        Raises FrameError at the first error. Its `messages` are those that this call had completed
        (EVS-023). Any further call raises UsageError (EVS-024).
        """
        messages: List[Message] = []
        try:
            self.read(data, messages)
        except FrameError as error:
            error.messages = tuple(messages)
            raise
        return messages
