# SPDX-License-Identifier: MIT
"""The frames of a file, each with its offset and bytes, for `decode` and `bridge`.

Bytes are taken from the file as soon as they are available. The decoder then gets exactly those
that it still needs for the current frame, so the bytes of each frame are known and a frame is
yielded as soon as it is complete, even if stdin stays open. If the bytes are not a frame, those
that arrive within a moment help to name their format.

It rejects what the decoder rejects (FrameError), and a file that cannot be read (UsageError).
"""

from typing import BinaryIO, Iterator, List, NamedTuple

from ..errors import FrameError
from ..eventstream import Decoder, Message
from ..foreign_bytes import EXAMINED_LENGTH, foreign_cause
from .streams import unreadable

_READ_SIZE = 65536
_PATIENCE = 0.2  # seconds to wait for more bytes of another format


class Frame(NamedTuple):
    """A complete frame: its offset in the file, its bytes, and its message."""

    offset: int
    data: bytes
    message: Message


def frames_of(file: BinaryIO) -> Iterator[Frame]:
    """Yield the frames of a file as they arrive. Raises FrameError."""
    decoder = Decoder()
    buffer = _Buffer(file)
    while True:
        offset, pieces = decoder.offset, []
        messages: List[Message] = []
        while not messages:
            piece = buffer.take(decoder.missing)
            if not piece:
                decoder.close()
                return
            pieces.append(piece)
            try:
                messages = decoder.feed(piece)
            except FrameError as error:
                if error.kind == "prelude_crc":
                    # The decoder has seen only the length of a prelude.
                    error.buffered = b"".join(pieces) + buffer.at_hand()
                    error.cause = foreign_cause(error.buffered)
                raise
        yield Frame(offset, b"".join(pieces), messages[0])


class _Buffer:
    """Bytes of a file that have been read but not taken."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._read = getattr(file, "read1", file.read)
        self._data = b""
        self._position = 0

    def take(self, size: int) -> bytes:
        """Return up to size bytes, or nothing at the end. Waits only if there are none."""
        if self._position == len(self._data):
            self._data, self._position = self._more(), 0
        taken = self._data[self._position : self._position + size]
        self._position += len(taken)
        return taken

    def at_hand(self) -> bytes:
        """Return the bytes that arrive without much waiting, at most about EXAMINED_LENGTH."""
        data = self._data[self._position :]
        while len(data) < EXAMINED_LENGTH and self._is_ready():
            more = self._more()
            if not more:
                break
            data += more
        return data

    def _is_ready(self) -> bool:
        try:
            if self._file.seekable():
                return True
            from select import select  # not at module level, because some Pythons lack it

            return bool(select([self._file], [], [], _PATIENCE)[0])
        except (ImportError, OSError, ValueError):  # Windows waits for sockets only.
            return False

    def _more(self) -> bytes:
        try:
            return bytes(self._read(_READ_SIZE))
        except OSError as error:
            name = getattr(self._file, "name", None)
            if not isinstance(name, str) or name == "<stdin>":
                raise
            raise unreadable(name, error) from None
