# SPDX-License-Identifier: MIT
"""Payload parts -> the bytes that `invoke` writes in a text format. No I/O.

Each piece is yielded as soon as it is known (CLI-010, CLI-011). If the stream fails, the bytes of
the unfinished result come last, before the error, so nothing that arrived is lost.

It rejects invalid UTF-8 where the format is text.

TerminalText removes the control characters of a model's text before a terminal obeys them.
"""

import codecs
import re
from typing import BinaryIO, Callable, Dict, Iterable, Iterator, Optional

from ..errors import Error


def rendered(
    parts: Iterable[bytes],
    text_format: str,
    content_type: Optional[str] = None,
) -> Iterator[bytes]:
    """Yield the bytes to write for the parts (CLI-010). Raises TextError and what parts raises.

    text_format: text, lines, sse or auto

    After an error, text and lines yield the unfinished bytes unchanged, and sse yields a last line
    that contains them in base64.
    """
    if text_format == "auto":
        from ..text.detection import chosen_format

        text_format, parts = chosen_format(parts, content_type or "")
    return _RENDERERS[text_format](parts)


def _raw(parts: Iterable[bytes]) -> Iterator[bytes]:
    return (part for part in parts if part)


def _text(parts: Iterable[bytes]) -> Iterator[bytes]:
    # A format loads its decoder, because most calls write bytes.
    from ..text.utf8 import strings_of

    return _with_rest((text.encode("utf-8") for text in strings_of(parts)), bytes)


def _lines(parts: Iterable[bytes]) -> Iterator[bytes]:
    from ..text.lines import lines_of

    return _with_rest((line.encode("utf-8") + b"\n" for line in lines_of(parts)), bytes)


def _sse(parts: Iterable[bytes]) -> Iterator[bytes]:
    from ..documents.json_format import json_line, to_base64
    from ..text.server_sent_events import events_of

    return _with_rest(
        (json_line(event._asdict()) for event in events_of(parts)),
        lambda rest: json_line({"unread": to_base64(rest)}),
    )


def _with_rest(pieces: Iterator[bytes], show: Callable[[bytes], bytes]) -> Iterator[bytes]:
    """Yield the pieces. If they end with an error, yield its unfinished bytes, then raise it."""
    try:
        yield from pieces
    except Error as error:
        if error.unread:
            yield show(error.unread)
        raise


_RENDERERS: Dict[str, Callable[[Iterable[bytes]], Iterator[bytes]]] = {
    "raw": _raw,
    "text": _text,
    "lines": _lines,
    "sse": _sse,
}


# ---- on a terminal -------------------------------------------------------------------------------

# All but tab and line feed; CR moves the cursor. The last two ranges change the order of the text.
# Compiled on first use, because most programs write to a file or a pipe.
_CONTROLS = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"


class TerminalText:
    """A stdout that writes text without control characters (CLI-010).

    Bytes that are not UTF-8 become U+FFFD, because a terminal may read them as control characters.
    A character that is split between two writes appears when it is complete. finish() writes what
    is left of one.
    """

    def __init__(self, stdout: BinaryIO) -> None:
        self._stdout = stdout
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def write(self, data: bytes) -> int:
        """Write bytes without their control characters."""
        self._write(self._decoder.decode(data))
        return len(data)

    def finish(self) -> None:
        """Write U+FFFD for an incomplete character at the end."""
        self._write(self._decoder.decode(b"", True))
        self.flush()

    def _write(self, text: str) -> None:
        # CLI-010
        self._stdout.write(re.sub(_CONTROLS, "", text).encode("utf-8"))

    def flush(self) -> None:
        """Flush the stdout behind this one."""
        self._stdout.flush()
