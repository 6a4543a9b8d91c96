# SPDX-License-Identifier: MIT
"""The head and the framing of an HTTP/1.1 response, read strictly. There is no I/O here.

The standard library's client silently accepts much that RFC 9112 forbids: truncated heads, lengths
that are not numbers or contradict each other, chunk sizes such as `0x5`, any two bytes after a
chunk, bare LF. Each of these can hide lost bytes or smuggle additional ones. So transport.py reads
head and framing with these functions (HTTP-040 to HTTP-048).

The functions are given single lines, or a function that reads one. `ChunkedBody` is fed bytes,
split anywhere. Each of them rejects invalid input with an HttpError of kind `http`, because it is
always the peer's mistake (http1_errors.py).
"""

import re
from typing import Callable, List, NamedTuple, Optional, Sequence, Tuple

from .errors import HttpError, ascii_lower

# HTTP-048: bytes of a line of the head, or of a chunk's first line, including its CRLF.
MAX_LINE = 65536
# HTTP-048: header lines, and 1xx responses before the final one.
MAX_HEADERS = 100
MAX_INTERIM = 16

_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([0-9]{3})(?: ([^\r\n\0]*))?\r\n\Z")
# White space is stripped later. A pattern that also matched it could need quadratic time.
_HEADER_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([^\r\n\0]*)\r\n\Z")
_FOLDED_LINE = rb"[ \t]([^\r\n\0]*)\r\n\Z"
_CHUNK_LINE = rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n\0]*)?\r\n\Z"
# The first line of almost all chunks.
_PLAIN_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})\r\n")
_LENGTH = r"0*[0-9]{1,18}\Z"


class ResponseHead(NamedTuple):
    """The status line and the headers of a response. minor_version: of HTTP/1."""

    status: int
    reason: str
    minor_version: int
    headers: Tuple[Tuple[str, str], ...]


class Framing(NamedTuple):
    """How a body ends: with the zero chunk, after length bytes, or else with the connection."""

    chunked: bool
    length: Optional[int]


def looks_like_tls(line: bytes) -> bool:
    """Return whether the first bytes of a response are a TLS record, an alert or a handshake."""
    return line[:2] in (b"\x15\x03", b"\x16\x03")


def parse_status_line(line: bytes) -> "Tuple[int, int, str]":
    """Return the minor version, the status and the reason of a status line with its CRLF."""
    match = _STATUS_LINE.match(line)
    # HTTP-041
    if match is None:
        from .http1_errors import not_a_status_line  # only invalid bytes need it, here and below

        raise not_a_status_line(line, looks_like_tls(line))
    minor, status, reason = match.groups()
    return int(minor), int(status), (reason or b"").decode("latin-1")


def parse_header_lines(lines: "Sequence[bytes]") -> "Tuple[Tuple[str, str], ...]":
    """Return the (name, value) pairs of header lines, each with its CRLF.

    A folded line continues the value of the line before, after one space.
    """
    # HTTP-048
    if len(lines) > MAX_HEADERS:
        from .http1_errors import too_many_header_lines

        raise too_many_header_lines(len(lines), MAX_HEADERS)
    headers: List[Tuple[str, str]] = []
    for line in lines:
        match = _HEADER_LINE.match(line)
        if match is not None:
            headers.append((match.group(1).decode("ascii"), _field_text(match.group(2))))
            continue
        folded = re.match(_FOLDED_LINE, line)
        # HTTP-047
        if folded is not None and headers:
            name, value = headers[-1]
            headers[-1] = (name, (value + " " + _field_text(folded.group(1))).strip(" "))
        else:
            from .http1_errors import not_a_header_line

            raise not_a_header_line(line)
    return tuple(headers)


def _field_text(data: bytes) -> str:
    return data.strip(b" \t").decode("latin-1")


def read_head(readline: "Callable[[int], bytes]") -> ResponseHead:
    """Read the head of the final response, and skip interim responses.

    readline: returns the next line, or that many bytes of it, or b"" at the connection's end
    """
    for interim in range(MAX_INTERIM + 1):
        minor_version, status, reason = parse_status_line(
            _read_line(readline, "the status line", interim == 0)
        )
        lines: List[bytes] = []
        line = _read_line(readline, "a header line")
        while line != b"\r\n":
            lines.append(line)
            if len(lines) > MAX_HEADERS:
                break
            line = _read_line(readline, "a header line")
        headers = parse_header_lines(lines)
        # HTTP-040, HTTP-054: the request did not ask for 101.
        if not 100 <= status < 200 or status == 101:
            return ResponseHead(status, reason, minor_version, headers)
    from .http1_errors import too_many_interim_responses

    # HTTP-048
    raise too_many_interim_responses(status, MAX_INTERIM)


def _read_line(readline: "Callable[[int], bytes]", what: str, first: bool = False) -> bytes:
    line = readline(MAX_LINE + 1)
    if first and looks_like_tls(line):
        parse_status_line(line)  # raises an error that mentions TLS
    if line.endswith(b"\r\n") and len(line) <= MAX_LINE:
        return line
    from .http1_errors import line_error

    raise line_error(line, what, first, MAX_LINE)


def body_framing(head: ResponseHead) -> Framing:
    """Return how the body of a response ends (HTTP-042 to HTTP-044)."""
    codings = _values(head, "transfer-encoding")
    lengths = [
        value.strip(" \t") for text in _values(head, "content-length") for value in text.split(",")
    ]
    if codings:
        # HTTP-043
        if lengths:
            from .http1_errors import both_framings

            raise both_framings(lengths)
        only_chunked = len(codings) == 1 and ascii_lower(codings[0].strip(" \t")) == "chunked"
        # HTTP-044
        if not only_chunked or head.minor_version == 0:
            from .http1_errors import unsupported_codings

            raise unsupported_codings(codings)
    # HTTP-042
    if lengths and not (re.match(_LENGTH, lengths[0]) and set(lengths) == {lengths[0]}):
        from .http1_errors import invalid_lengths

        raise invalid_lengths(lengths)
    # HTTP-042: these statuses have no body.
    if head.status in (204, 304):
        return Framing(False, 0)
    # Without leading zeros, because Python rejects long numbers.
    return Framing(bool(codings), int(lengths[0].lstrip("0") or "0") if lengths else None)


def _values(head: ResponseHead, name: str) -> "List[str]":
    return [value for key, value in head.headers if ascii_lower(key) == name]


def parse_chunk_line(line: bytes) -> int:
    """Return the size in a chunk's first line with its CRLF. Extensions are ignored (HTTP-045)."""
    match = re.match(_CHUNK_LINE, line)
    # HTTP-045
    if match is None:
        from .http1_errors import not_a_chunk_size

        raise not_a_chunk_size(line)
    return int(match.group(1), 16)


class ChunkedBody:
    """Decodes a body in the chunked coding (HTTP-045, HTTP-046).

    complete: whether the line of the zero chunk has arrived. Bytes after it, such as trailers, are
        ignored.
    """

    def __init__(self) -> None:
        self.complete = False
        # The bytes of the chunk that have not arrived.
        self._left = 0
        # Whether the chunk, or the CRLF that ends it, is incomplete.
        self._in_chunk = False
        # The incomplete line, or the first byte of a chunk's CRLF.
        self._pending = b""

    def feed(self, data: bytes) -> bytes:
        """Return the part of the body that is in data, which may be split anywhere.

        Raises HttpError. Its `body` is the part that this call had read before the error.
        """
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

    def _read(self, data: bytes, pieces: "List[bytes]") -> int:
        """Append the pieces of the body. Return where the bytes begin that feed() has to keep."""
        # The speed of a stream depends on this loop, so its names are local.
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
                # HTTP-046
                if data[position : position + 2] != b"\r\n":
                    from .http1_errors import not_the_end_of_a_chunk

                    raise not_the_end_of_a_chunk(data[position : position + 2])
                position += 2
                self._in_chunk = False
            match = match_line(data, position)
            if match is not None:
                left, position = int(match.group(1), 16), match.end()
            else:
                line_end = self._line_end(data, position)
                if not line_end:
                    break
                left, position = parse_chunk_line(data[position:line_end]), line_end
            self._in_chunk = True
            self.complete = not left
        self._left = left
        # Nothing after the zero chunk is kept.
        if self.complete:
            return length
        return position

    @staticmethod
    def _line_end(data: bytes, position: int) -> int:
        """Return where the line at position ends, or 0 if it is incomplete."""
        end = data.find(b"\n", position) + 1
        # HTTP-048
        if (end or len(data)) - position > MAX_LINE:
            from .http1_errors import too_long

            raise too_long("the first line of a chunk", MAX_LINE)
        return end

    def missing(self) -> str:
        """Return a description of the bytes that must arrive next."""
        if self._left:
            return f"{self._left} more bytes of a chunk"
        if self._in_chunk:
            return "CRLF after a chunk"
        return "a chunk"
