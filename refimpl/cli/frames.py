# SPDX-License-Identifier: MIT
"""The frames of a file, each with its offset and bytes, for `decode` and `bridge`.

It reads exactly the bytes that the decoder still needs for the current frame, so the bytes of each
frame are known and a frame is yielded as soon as it is complete, even if stdin stays open.

It rejects what the decoder rejects (FrameError), and a file that cannot be read (UsageError).
"""

from typing import BinaryIO, Iterator, List, NamedTuple

from ..eventstream import Decoder, Message
from .streams import unreadable


class Frame(NamedTuple):
    """A complete frame: its offset in the file, its bytes, and its message."""

    offset: int
    data: bytes
    message: Message


def frames_of(file: BinaryIO) -> Iterator[Frame]:
    """Yield the frames of a file as they arrive. Raises FrameError."""
    decoder = Decoder()
    while True:
        offset, data = decoder.offset, b""
        messages: List[Message] = []
        while not messages:
            piece = _read_piece(file, decoder.missing)
            if not piece:
                decoder.close()
                return
            data += piece
            messages = decoder.feed(piece)
        yield Frame(offset, data, messages[0])


def _read_piece(file: BinaryIO, size: int) -> bytes:
    try:
        return file.read(size)
    except OSError as error:
        name = getattr(file, "name", None)
        if not isinstance(name, str) or name == "<stdin>":
            raise
        raise unreadable(name, error) from None
