# SPDX-License-Identifier: MIT
"""Mutants of refimpl/transport.py."""

ROWS = (
    (
        "connection-end-is-the-end",
        "HTTP-023",
        "accepts a body that the end of the connection truncates",
        "            if not data:\n                self._truncated(",
        "            if not data:\n                self._finished = True\n                return data\n                self._truncated(",
    ),
    (
        "chunks-end-without-zero",
        "HTTP-023",
        "accepts a chunked body without its last chunk",
        "                self._truncated(chunks.missing())",
        "                chunks.complete = True\n                return raw",
    ),
    (
        "reset-is-the-end",
        "HTTP-023",
        "treats a reset inside the body as its end",
        "self._failure = body_error(error, self._limits)",
        'if isinstance(error, ConnectionError):\n    return b""\nself._failure = body_error(error, self._limits)',
    ),
    (
        "unread-body-is-network",
        "HTTP-056",
        "reports a server that stops reading as a lost connection, whatever it has sent",
        "        if sending is not None:\n",
        "        if sending is not None:\n            raise sending\n",
    ),
    (
        "reading-waits",
        "HTTP-050",
        "fills the buffer before a read returns",
        "            raw = self._buffered.read1(size)",
        "            raw = self._buffered.read(size)",
    ),
    (
        "more-than-content-length",
        "HTTP-042",
        "reads on after Content-Length bytes",
        "self._buffered.read1(size if self._left is None else min(size, self._left))",
        "self._buffered.read1(size)",
    ),
)
