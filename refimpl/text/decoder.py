# SPDX-License-Identifier: MIT
"""The base of the text decoders: feeding, the unfinished item, its bound, and errors.

Part boundaries have no meaning: a line, an event or one character may span two parts, and one part
may contain several of them. So a decoder is fed bytes that are split anywhere. It returns each
result when its last byte has arrived.

A decoder keeps the bytes of one unfinished item and searches only new bytes for the item's end.
Its time is therefore linear in the bytes (TXT-006). Its memory is bounded by the longest item
allowed plus the bytes of one call.

A decoder rejects invalid UTF-8 and items that are too long. A TextError contains the results
before the error and all bytes after them, so nothing that arrived is lost (TXT-007).
"""

from typing import Generic, Iterable, Iterator, List, NoReturn, Optional, Sequence, TypeVar, Union

from ..errors import Error, TextError, UsageError, plain_bytes, require_type

BytesLike = Union[bytes, bytearray, memoryview]
_Result = TypeVar("_Result")


class TextDecoder(Generic[_Result]):
    """The base class of the decoders.

    A subclass implements `_read`, which appends the results that new bytes complete, and `_finish`,
    which appends the results that the end of the text completes.
    """

    def __init__(self, errors: str, max_length: int) -> None:
        # TXT-002
        if errors not in ("strict", "replace"):
            raise UsageError(
                "unknown treatment of invalid UTF-8",
                expected="strict or replace",
                actual=errors,
                rule="TXT-002",
            )
        require_type(max_length, int, "the maximum length")
        # TXT-005
        if max_length < 1:
            raise UsageError(
                "the maximum length is too small",
                expected="at least 1 byte",
                actual=max_length,
                rule="TXT-005",
            )
        self._errors = errors
        self._max_length = max_length
        self._kept = bytearray()  # the unfinished item
        self._offset = 0  # of its first byte in the text
        self._ended: Optional[str] = None

    @property
    def offset(self) -> int:
        """The offset in the text of the first byte that is not part of a finished item."""
        return self._offset

    @property
    def unread(self) -> bytes:
        """The bytes of the unfinished item that have arrived."""
        return bytes(self._kept)

    def feed(self, data: BytesLike) -> List[_Result]:
        """Return the results that data completes, in order (TXT-001, TXT-004).

        Raises TextError at the first error in the text. Its `results` are those that this call
        completed before the error, and its `unread` is every byte after them. Afterwards the
        decoder accepts no more bytes: feeding it again raises UsageError (TXT-007).
        """
        if data.__class__ is not bytes:
            data = plain_bytes(data)
        # TXT-007
        if self._ended is not None:
            raise UsageError(f"this decoder has {self._ended} before", rule="TXT-007")
        results: List[_Result] = []
        if data:
            self._read(data, results)
        return results

    def close(self) -> List[_Result]:
        """Signal the end of the text and return the remaining results.

        Raises TextError in the same way as feed. Closing a decoder again returns an empty list.
        """
        results: List[_Result] = []
        if self._ended is None:
            rest = self.unread
            self._finish(rest, results)
            self._keep(b"", self._offset + len(rest))
            self._ended = "been closed"
        return results

    def _read(self, data: bytes, results: List[_Result]) -> None:
        raise NotImplementedError

    def _finish(self, rest: bytes, results: List[_Result]) -> None:
        raise NotImplementedError

    def _keep(self, rest: bytes, offset: int) -> None:
        """Start an unfinished item with the bytes rest, which begin at that offset in the text."""
        if rest or self._kept:
            self._kept = bytearray(rest)
        self._offset = offset

    def _with_kept(self, data: bytes) -> bytes:
        """Return the bytes of the unfinished item followed by data."""
        return b"".join((self._kept, data)) if self._kept else data

    def _decoded(self, data: bytes, offset: int, results: Sequence[_Result], unread: bytes) -> str:
        """Return the item data, which begins at that offset, as a string. Raises TextError."""
        try:
            return data.decode("utf-8", self._errors)
        except UnicodeDecodeError as error:
            self._reject_utf8(error, offset, results, unread)

    def _reject_utf8(
        self, error: UnicodeDecodeError, offset: int, results: Sequence[_Result], unread: bytes
    ) -> NoReturn:
        self._reject(
            TextError(
                f"invalid UTF-8: {error.reason}",
                kind="utf8",
                expected="UTF-8",
                actual=f"byte 0x{error.object[error.start]:02x}",
                offset=offset + error.start,
                rule="TXT-002",
            ),
            results,
            unread,
        )

    def _reject_length(
        self, what: str, offset: int, results: Sequence[_Result], unread: bytes
    ) -> NoReturn:
        self._reject(
            TextError(
                f"{what} too long",
                kind="limit",
                expected=f"at most {self._max_length} bytes",
                actual="more",
                offset=offset + self._max_length,
                rule="TXT-005",
            ),
            results,
            unread,
        )

    def _reject(self, error: TextError, results: Sequence[_Result], unread: bytes) -> NoReturn:
        """Raise error with the results before it and the bytes after them, and end the decoder."""
        # TXT-007
        self._ended = "failed"
        self._kept = bytearray()
        error.results = tuple(results)
        error.unread = unread
        raise error from None


def results_of(decoder: TextDecoder[_Result], parts: Iterable[BytesLike]) -> Iterator[_Result]:
    """Return an iterator over the results of parts: any iterable of bytes, or one bytes object.

    Raises UsageError at once if parts is not an iterable. Iterating raises TextError after the
    results before the error. If parts itself raises an Error, that error gets the bytes of the
    unfinished item as its `unread` (TXT-008).
    """
    if isinstance(parts, (bytes, bytearray, memoryview)):
        parts = [parts]
    try:
        pieces = iter(parts)
    except TypeError:
        raise UsageError(
            "parts is not an iterable",
            kind="type",
            expected="an iterable of bytes",
            actual=type(parts).__name__,
        ) from None
    return _fed(decoder, pieces)


def _fed(decoder: TextDecoder[_Result], parts: Iterator[BytesLike]) -> Iterator[_Result]:
    try:
        read = decoder._read
        for part in parts:
            data = part if part.__class__ is bytes else plain_bytes(part)
            results: List[_Result] = []
            if data:
                read(data, results)  # faster than feed
            for result in results:  # faster than `yield from`
                yield result
        yield from decoder.close()
    except TextError as error:
        yield from error.results
        raise
    except Error as error:
        # TXT-008
        error.unread = decoder.unread
        raise
