# SPDX-License-Identifier: MIT
"""Reads HTTP requests from a connection, strictly and in bounded memory.

RequestReader keeps the bytes of the request, so that the endpoint verifies exactly what the client
sent: the characters of target and header values are octets, and folded header values keep their
folds. It reads a body with Content-Length or in chunks, answers `Expect: 100-continue`, and keeps
bytes that follow a request for the next one.

It rejects what is not strict HTTP/1.x (BadRequest, 400): a bare LF, a control character, a request
without exactly one Host, two lengths, a malformed chunk, a head over 64 KiB. A body over 25 MiB is
a 413. The bodies that all connections of a server read at a time share a budget.
"""

import re
import threading
from typing import Any, Callable, List, NamedTuple, Optional, Tuple

from conformance.endpoint.scenarios.build import document
from conformance.endpoint.scenarios.model import Response

MAX_HEAD = 65536  # bytes of a request's head, and of its trailers
# SRV-008: the service model allows 6 MiB, and the Developer Guide names 25 MB.
MAX_BODY = 25 * 1024 * 1024  # bytes of a request's body
_MAX_CHUNK_LINE = 4096  # bytes
MAX_BODIES = 64 * 1024 * 1024  # bytes of the bodies of all connections of a server
_SHORT_BODY = 65536  # bytes; a shorter body is always read
_BUDGET_PATIENCE = 10.0  # seconds

Pairs = List[Tuple[str, str]]


class BadRequest(Exception):
    """The endpoint cannot read the request. The connection ends after the response."""

    def __init__(self, message: str, status: str = "400 Bad Request") -> None:
        super().__init__(message)
        self.message, self.status = message, status

    def response(self) -> Response:
        """Return the response, with the message as plain text."""
        body = self.message.encode("ascii", "replace")
        return document(self.status, body, None, "text/plain", (("Connection", "close"),))


class Gone(Exception):
    """The client has disconnected, or the server is closing."""


class Request(NamedTuple):
    """One request as it was sent.

    The characters of target and header values are octets. Folded values keep their folds.

    Its repr is safe to log: it has no query, headers or body.
    """

    method: str
    target: str
    version: str
    headers: Pairs
    body: bytes

    def __repr__(self) -> str:
        return f"Request({self.method} {self.target.partition('?')[0]})"


_REQUEST_LINE = re.compile(r"([!#$%&'*+\-.^_`|~0-9A-Za-z]+) (/[!-~]*) (HTTP/1\.[01])\Z")
_CONNECT_LINE = re.compile(
    r"CONNECT (?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):([0-9]{1,5}) HTTP/1\.[01]\Z"
)
_HEADER_LINE = re.compile(r"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):(.*)\Z", re.DOTALL)
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?\Z")
_TLS_HANDSHAKE = b"\x16"


def parse_head(lines: List[bytes]) -> Tuple[str, str, str, Pairs]:
    """Return (method, target, version, headers) of a head.

    lines: without their line ends. Raises BadRequest.
    """
    match = _REQUEST_LINE.match(lines[0].decode("latin-1"))
    if match is None:
        raise BadRequest("invalid request line (expected METHOD /target HTTP/1.1)")
    method, target, version = match.groups()
    return method, target, version, _check_host(_headers_of(lines[1:]))


def parse_connect(lines: List[bytes]) -> Tuple[str, int, Pairs]:
    """Return (host, port, headers) of the head of a request to a proxy for a tunnel.

    lines: without their line ends; host: without brackets. Raises BadRequest.
    """
    line = lines[0].decode("latin-1")
    match = _CONNECT_LINE.match(line)
    if match is None:
        if re.match(r"[A-Z]+ [!-~]+ HTTP/1\.[01]\Z", line) and not line.startswith("CONNECT "):
            raise BadRequest("this proxy only opens tunnels with CONNECT", "405 Method Not Allowed")
        raise BadRequest("invalid request line (expected CONNECT HOST:PORT HTTP/1.1)")
    address, name, port = match.groups()
    if not 0 < int(port) < 65536:
        raise BadRequest("invalid port")
    headers = _headers_of(lines[1:])
    if not line.endswith("HTTP/1.0"):  # as http.client asks for a tunnel before Python 3.12
        _check_host(headers)
    return address or name, int(port), headers


def _headers_of(lines: List[bytes]) -> Pairs:
    headers: Pairs = []
    for line in lines:
        text = line.decode("latin-1")
        if text[:1] in (" ", "\t"):
            if not headers:
                raise BadRequest("folded line without a header before it")
            name, value = headers[-1]
            # The fold stays, because the signature covers it.
            headers[-1] = (name, f"{value}\r\n{text}")
            continue
        field = _HEADER_LINE.match(text)
        if field is None:
            raise BadRequest("invalid header line (expected name: value)")
        headers.append((field.group(1), field.group(2).strip(" \t")))
    return headers


def _check_host(headers: Pairs) -> Pairs:
    hosts = values_of(headers, "host")
    # SRV-011
    if len(hosts) != 1:
        raise BadRequest(f"expected exactly one Host header, got {len(hosts)}")
    return headers


def values_of(headers: Pairs, name: str) -> List[str]:
    """Return the values of all headers of a name, given in lower case."""
    return [value for key, value in headers if key.lower() == name]


def says_close(headers: Pairs) -> bool:
    """Return whether `Connection: close` is among the headers."""
    return "close" in ",".join(values_of(headers, "connection")).lower()


def body_length(headers: Pairs) -> Optional[int]:
    """Return the length of the body, or None if it is chunked. Raises BadRequest."""
    lengths = set(values_of(headers, "content-length"))
    codings = values_of(headers, "transfer-encoding")
    # SRV-003, SRV-012
    if codings:
        if lengths or [coding.lower() for coding in codings] != ["chunked"]:
            raise BadRequest("expected only Transfer-Encoding: chunked, without Content-Length")
        return None
    if len(lengths) > 1 or not all(re.match(r"[0-9]{1,15}\Z", length) for length in lengths):
        raise BadRequest("Content-Length is not a single number")
    return int(lengths.pop()) if lengths else 0


class BodyBudget:
    """The memory that the bodies of all connections of a server may take at a time.

    A body that does not fit waits, while the system lets its client wait, and is a 503 in the end.
    """

    def __init__(self, total: int = MAX_BODIES, patience: float = _BUDGET_PATIENCE) -> None:
        self._left, self._patience = total, patience
        self._changed = threading.Condition()

    def take(self, size: int) -> None:
        """Reserve bytes. Raises BadRequest if others keep them reserved for too long."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._left >= size, self._patience):
                message = "too many large requests at a time"
                raise BadRequest(message, "503 Service Unavailable")
            self._left -= size

    def give(self, size: int) -> None:
        """Release bytes that take() has reserved."""
        with self._changed:
            self._left += size
            self._changed.notify_all()


def _accept(request: Request) -> None:
    """Let the reader read the body."""


class RequestReader:
    """Reads the requests of one connection.

    connection: a socket, or an object with its recv() and sendall()
    budget:     of the server; without one, only the length of each body is bounded
    """

    def __init__(self, connection: Any, budget: Optional[BodyBudget] = None) -> None:
        self._connection, self._budget = connection, budget
        self._buffer = bytearray()
        self._reserved = 0

    def read(self, before_body: Callable[[Request], None] = _accept) -> Optional[Request]:
        """Return the next request, or None if the client closed the connection before it.

        before_body: called with the request as soon as its head is complete, with an empty body
        Raises BadRequest; Gone if the client closes inside the request; OSError; and whatever
        before_body raises.
        """
        self.release()
        lines = self._head()
        if lines is None:
            return None
        method, target, version, headers = parse_head(lines)
        length = body_length(headers)
        # SRV-013
        if length is not None and length > MAX_BODY:
            raise _too_large()
        before_body(Request(method, target, version, headers, b""))
        self._reserve(length or 0)
        # SRV-007
        if length != 0 and not self._buffer and _expects_continue(headers):
            self._connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = self._chunks() if length is None else self._exactly(length)
        return Request(method, target, version, headers, body)

    def read_connect(self) -> Optional[Tuple[str, int, Pairs]]:
        """Return (host, port, headers) of a request for a tunnel, or None as read().

        Raises as read(), also if the client does not wait for the response.
        """
        lines = self._head()
        if lines is None:
            return None
        found = parse_connect(lines)
        if self.ahead:
            raise BadRequest("bytes after CONNECT, before its response")
        return found

    def release(self) -> None:
        """Release the memory that the last body had reserved."""
        if self._budget is not None and self._reserved:
            self._budget.give(self._reserved)
        self._reserved = 0

    def _reserve(self, length: int) -> None:
        """Reserve memory for a body of this length, unless it is short."""
        more = length - self._reserved
        if self._budget is not None and length > _SHORT_BODY and more > 0:
            self._budget.take(more)
            self._reserved = length

    @property
    def ahead(self) -> int:
        """The number of bytes that have arrived after the request that was read last."""
        return len(self._buffer)

    def _head(self) -> Optional[List[bytes]]:
        # Old clients send an empty line or two before a request.
        while True:
            if not self._buffer and not self._more():
                return None
            line = self._line(MAX_HEAD)
            if line:
                return [line] + self._lines(MAX_HEAD - len(line))

    def _lines(self, most: int) -> List[bytes]:
        """Return the lines before the next empty one. most: bytes of all of them."""
        lines: List[bytes] = []
        while True:
            line = self._line(most)
            if not line:
                return lines
            lines.append(line)
            most -= len(line) + 2

    def _line(self, most: int) -> bytes:
        """Return one line without its CRLF. Rejects an invalid line before its end has arrived."""
        start = 0
        while True:
            end = self._buffer.find(b"\n", start)
            stop = len(self._buffer) if end < 0 else end
            if _CONTROL.search(self._buffer, start, stop):
                hint = "; is this TLS?" if self._buffer[:1] == _TLS_HANDSHAKE else ""
                raise BadRequest("control character in a line" + hint)
            if stop > most:
                raise BadRequest("line or head too long")
            if end >= 0:
                break
            start = stop
            self._need_more()
        line = self._take(end + 1)[:-1]
        if not line.endswith(b"\r") or b"\r" in line[:-1]:
            raise BadRequest("a line does not end in CRLF")
        return line[:-1]

    def _exactly(self, length: int) -> bytes:
        while len(self._buffer) < length:
            self._need_more()
        return self._take(length)

    def _take(self, length: int) -> bytes:
        data = bytes(self._buffer[:length])
        del self._buffer[:length]
        return data

    def _chunks(self) -> bytes:
        body = bytearray()
        while True:
            match = _CHUNK_SIZE.match(self._line(_MAX_CHUNK_LINE))
            if match is None:
                raise BadRequest("invalid chunk size")
            size = int(match.group(1), 16)
            if len(body) + size > MAX_BODY:
                raise _too_large()
            self._reserve(len(body) + size)
            if not size:
                self._lines(MAX_HEAD)
                return bytes(body)
            body += self._exactly(size)
            if self._exactly(2) != b"\r\n":
                raise BadRequest("a chunk does not end in CRLF")

    def _more(self) -> bool:
        data = self._connection.recv(65536)
        self._buffer += data
        return bool(data)

    def _need_more(self) -> None:
        if not self._more():
            raise Gone("the client disconnected inside a request")


def _expects_continue(headers: Pairs) -> bool:
    return "100-continue" in ", ".join(values_of(headers, "expect")).lower()


def _too_large() -> BadRequest:
    return BadRequest(f"Request size exceeded {MAX_BODY} bytes", "413 Payload Too Large")
