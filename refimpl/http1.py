# SPDX-License-Identifier: MIT
"""The head and the framing of an HTTP/1.1 response, read strictly. No I/O: lines go in, values come out.

The standard library's client accepts in silence what RFC 9112 forbids: heads cut short, lengths that are no numbers or
contradict each other, chunk sizes such as `0x5`, any two bytes behind a chunk, bare LF. Each of these can hide lost bytes or
smuggle some, so that transport.py reads head and framing with these functions instead (HTTP-040 to HTTP-048).

Who is at fault is always the peer: everything here raises HttpError of kind `http`.
"""

import re
from typing import List, NamedTuple, Optional, Sequence, Tuple

from .errors import HttpError, excerpt

MAX_LINE = (
    65536  # bytes of a line of the head or of a chunk's first line, its CRLF included; HTTP-048
)
MAX_HEADERS = 100  # header lines; HTTP-048
MAX_INTERIM = 16  # 1xx answers before the final one; HTTP-048

_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([0-9]{3})(?: ([^\r\n\0]*))?\r\n\Z")
_HEADER_LINE = re.compile(
    rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([^\r\n\0]*)\r\n\Z"
)  # blanks are stripped later: no pattern with two ways
_FOLDED_LINE = rb"[ \t]([^\r\n\0]*)\r\n\Z"
_CHUNK_LINE = rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n\0]*)?\r\n\Z"
_PLAIN_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})\r\n")  # what nearly every chunk begins with
_LENGTH = r"[0-9]{1,18}\Z"


class ResponseHead(NamedTuple):
    status: int
    reason: str
    minor_version: int
    headers: Tuple[Tuple[str, str], ...]


# How the end of a body is known: by the zero chunk, by its length in bytes, or (neither) by the connection's end.
class Framing(NamedTuple):
    chunked: bool
    length: Optional[int]


def looks_like_tls(line: bytes) -> bool:
    """Tell whether an answer's first bytes are a TLS record: an alert, or a handshake."""
    return line[:2] in (b"\x15\x03", b"\x16\x03")


def parse_status_line(line: bytes) -> Tuple[int, int, str]:
    """Return minor version, status and reason of a status line with its CRLF."""
    match = _STATUS_LINE.match(line)
    if match is None:
        what = "TLS; is this an https port?" if looks_like_tls(line) else excerpt(line)
        raise HttpError(
            "no HTTP/1 status line",
            expected="HTTP/1.1 and a status, ended by CRLF",
            actual=what,
            rule="HTTP-041",
        )
    minor, status, reason = match.groups()
    return int(minor), int(status), (reason or b"").decode("latin-1")


def parse_header_lines(lines: Sequence[bytes]) -> Tuple[Tuple[str, str], ...]:
    """Return the (name, value) pairs of header lines, each with its CRLF; a folded line continues the one above with one SP."""
    headers: List[Tuple[str, str]] = []
    if len(lines) > MAX_HEADERS:
        raise HttpError(
            "too many header lines",
            expected=f"at most {int(MAX_HEADERS)}",
            actual=len(lines),
            rule="HTTP-048",
        )
    for line in lines:
        match = _HEADER_LINE.match(line)
        if match is not None:
            headers.append(
                (match.group(1).decode("ascii"), match.group(2).strip(b" \t").decode("latin-1"))
            )
            continue
        folded = re.match(_FOLDED_LINE, line)
        if folded is not None and headers:
            name, value = headers[-1]
            headers[-1] = (
                name,
                (value + " " + folded.group(1).strip(b" \t").decode("latin-1")).strip(" "),
            )
        else:
            raise HttpError(
                "not a header line",
                expected="name: value, ended by CRLF",
                actual=excerpt(line),
                rule="HTTP-047",
            )
    return tuple(headers)


def body_framing(head: ResponseHead) -> Framing:
    """Return how the body of a response ends (HTTP-042 to HTTP-044)."""
    codings = _values(head, "transfer-encoding")
    lengths = [
        value.strip(" \t") for text in _values(head, "content-length") for value in text.split(",")
    ]
    if codings:
        if lengths:  # HTTP-043
            raise HttpError(
                "Content-Length beside Transfer-Encoding",
                expected="one of them",
                actual=", ".join(lengths),
                rule="HTTP-043",
            )
        if (
            len(codings) > 1
            or codings[0].strip(" \t").lower() != "chunked"
            or head.minor_version == 0
        ):  # HTTP-044
            raise HttpError(
                "unusable Transfer-Encoding",
                expected="chunked, in HTTP/1.1",
                actual=", ".join(codings),
                rule="HTTP-044",
            )
    if lengths and not (re.match(_LENGTH, lengths[0]) and set(lengths) == {lengths[0]}):  # HTTP-042
        raise HttpError(
            "unusable Content-Length",
            expected="one number",
            actual=", ".join(lengths),
            rule="HTTP-042",
        )
    if head.status in (204, 304):  # HTTP-042: they have no body
        return Framing(False, 0)
    return Framing(bool(codings), int(lengths[0]) if lengths else None)


def _values(head: ResponseHead, name: str) -> List[str]:
    return [value for key, value in head.headers if key.lower() == name]


def parse_chunk_line(line: bytes) -> int:
    """Return the size that a chunk's first line, with its CRLF, gives; extensions are ignored (HTTP-045)."""
    match = re.match(_CHUNK_LINE, line)
    if match is None:
        raise HttpError(
            "not a chunk size",
            expected="hexadecimal digits, ended by CRLF",
            actual=excerpt(line),
            rule="HTTP-045",
        )
    return int(match.group(1), 16)


class ChunkedBody:
    """Reads a body in the chunked coding: fed raw bytes, cut anywhere, it gives those of the body (HTTP-045, HTTP-046).

    complete: whether the zero chunk's line has come; what lies behind it, trailers too, is not looked at
    """

    def __init__(self) -> None:
        self.complete = False
        self._left = 0  # bytes of the chunk that are still to come
        self._in_chunk = False  # also when only its CRLF is still to come
        self._pending = b""  # of a line, or of a chunk's CRLF

    def feed(self, data: bytes) -> bytes:
        """Return the bytes of the body that data holds. Raises HttpError; its `body` is what this call had read before."""
        if self._pending:
            data = self._pending + data
        pieces: List[bytes] = []
        try:
            position = self._read(data, pieces)
        except HttpError as error:
            error.body = b"".join(pieces)
            raise
        self._pending = data[position:]
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _read(self, data: bytes, pieces: List[bytes]) -> int:
        """Append the pieces of the body, and return where what is kept for the next time begins."""
        match_line, append, length = _PLAIN_CHUNK_LINE.match, pieces.append, len(data)
        position, left = 0, self._left
        while not self.complete:
            if self._in_chunk:
                end = position + left
                if left:
                    append(data[position:end])
                    if end > length:
                        self._left = end - length
                        return length
                position, left = end, 0
                if length - position < 2:
                    break
                if data[position : position + 2] != b"\r\n":  # HTTP-046
                    raise HttpError(
                        "a chunk does not end with CRLF",
                        expected="CRLF",
                        actual=data[position : position + 2],
                        rule="HTTP-046",
                    )
                position += 2
                self._in_chunk = False
            match = match_line(data, position)
            line_end = match.end() if match is not None else self._line_end(data, position)
            if not line_end:
                break
            left = (
                int(match.group(1), 16)
                if match is not None
                else parse_chunk_line(data[position:line_end])
            )
            position = line_end
            self._in_chunk = True
            self.complete = not left
        self._left = left
        return position

    @staticmethod
    def _line_end(data: bytes, position: int) -> int:
        """Return where the line that begins at position ends, 0 when it has not come whole."""
        end = data.find(b"\n", position) + 1
        if (end or len(data)) - position > MAX_LINE:
            raise HttpError(
                "a chunk's first line is too long",
                expected=f"at most {int(MAX_LINE)} bytes",
                actual="more",
                rule="HTTP-048",
            )
        return end

    def missing(self) -> str:
        """Say what must come before the body is complete."""
        if self._left:
            return f"{int(self._left)} more bytes of a chunk"
        return "CRLF behind a chunk" if self._in_chunk else "a chunk"
