# SPDX-License-Identifier: MIT
"""Payload parts -> characters: incremental UTF-8.

A character may span two parts, so decoding each part by itself fails or damages the text. The
decoder keeps the bytes of one incomplete character, at most three, until the rest arrives.

It rejects invalid UTF-8, and a text that ends inside a character. On request it replaces these
bytes with U+FFFD instead.
"""

import codecs
from typing import Iterable, Iterator, List

from ..errors import DEFAULT_MAX_ITEM_LENGTH
from .decoder import BytesLike, TextDecoder, results_of


class Utf8Decoder(TextDecoder[str]):
    """Decodes bytes to text. `feed` returns the complete characters as one string, or nothing.

    errors: "strict" rejects invalid UTF-8, "replace" replaces it with U+FFFD as the WHATWG Encoding
        Standard does
    """

    def __init__(self, errors: str = "strict") -> None:
        super().__init__(errors, DEFAULT_MAX_ITEM_LENGTH)

    def _read(self, data: bytes, results: List[str]) -> None:
        self._decode(self._with_kept(data), False, results)

    def _finish(self, rest: bytes, results: List[str]) -> None:
        # TXT-003
        self._decode(rest, True, results)

    def _decode(self, data: bytes, final: bool, results: List[str]) -> None:
        try:
            text, used = codecs.utf_8_decode(data, self._errors, final)
        except UnicodeDecodeError as error:
            before = data[: error.start].decode("utf-8")
            self._reject_utf8(error, self._offset, [before] if before else [], data[error.start :])
        if text:
            results.append(text)
        if not final:
            self._keep(data[used:], self._offset + used)


def strings_of(parts: Iterable[BytesLike], errors: str = "strict") -> Iterator[str]:
    """Return an iterator over the text of parts: the complete characters as each part arrives.

    parts and the errors raised: as for lines_of. errors: as for Utf8Decoder.
    """
    return results_of(Utf8Decoder(errors), parts)
