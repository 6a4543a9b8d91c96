# SPDX-License-Identifier: MIT
"""The writes that play a Response: head, framing, pauses, and the point at which it is cut.

script() yields the writes one after another, so a Response may make its steps while they are sent.
It writes the Content-Length of the complete body also if the body is cut. How the connection ends
is up to the server.
"""

from typing import Iterator, NamedTuple, Optional

from conformance.endpoint.scenarios.build import CHUNKED, LAST_CHUNK, body_of, chunk, head
from conformance.endpoint.scenarios.model import Ending, Headers, Pause, Response, Turn


class Piece(NamedTuple):
    """One write.

    data:  the bytes to write
    body:  those of them that belong to the body, without framing; empty for a raw response
    pause: seconds to wait before the write
    exact: whether the pause ignores the endpoint's pace
    end:   how the response ends after this write, or "" if it goes on
    turn:  how many events the client should have handed over before the next write, or None
    """

    data: bytes
    body: bytes
    pause: float
    exact: bool = False
    end: str = ""
    turn: Optional[int] = None


def script(
    response: Response, headers: Headers = (), port: int = 0, version: str = "HTTP/1.1"
) -> Iterator[Piece]:
    """Yield the writes that play a response.

    headers: the endpoint's own; one whose name the response has also is left out
    port:    the endpoint's, for "{port}" in a header's value
    version: of the status line; a raw response has its own
    """
    for interim in response.interim:
        yield Piece(interim, b"", 0.0)
    if response.framing == "raw":
        yield from _raw_pieces(response)
        return
    yield Piece(_head_of(response, headers, port, version), b"", 0.0)
    chunked, left = response.framing == "chunked", response.cut
    for step in response.steps:
        if isinstance(step, Ending):
            yield Piece(b"", b"", 0.0, end=str(step))
            return
        if not isinstance(step, bytes):
            yield _wait(step)
        elif left is not None and left < len(step):
            if left:
                size_line = b"%x\r\n" % len(step) if chunked else b""
                yield Piece(size_line + step[:left], step[:left], 0.0)
            return
        # An empty chunk would be the last one.
        elif step:
            yield Piece(chunk(step) if chunked else step, step, 0.0)
            if left is not None:
                left -= len(step)
    if chunked and response.ending == "clean":
        yield Piece(LAST_CHUNK, b"", 0.0)


def _raw_pieces(response: Response) -> Iterator[Piece]:
    for step in response.steps:
        if isinstance(step, bytes):
            yield Piece(step, b"", 0.0)
        elif not isinstance(step, Ending):
            yield _wait(step)


def _wait(step: float) -> Piece:
    """Return the piece of a pause or of the client's turn."""
    if isinstance(step, Turn):
        return Piece(b"", b"", 0.0, turn=int(step))
    return Piece(b"", b"", step, isinstance(step, Pause))


def _head_of(response: Response, headers: Headers, port: int, version: str) -> bytes:
    own = [(name, value.replace("{port}", str(port))) for name, value in response.headers]
    names = {name.lower() for name, _ in own}
    if response.framing == "chunked":
        own.append(CHUNKED)
    elif response.framing == "length":
        own.append(("Content-Length", str(len(body_of(response)))))
    pairs = [pair for pair in headers if pair[0].lower() not in names] + own
    return head(pairs, response.status, version)
