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
        'self._failure = _read_error(error, self._limits, "reading the body", in_body=True)',
        'if isinstance(error, ConnectionError):\n    return b""\nself._failure = _read_error(error, self._limits, "reading the body", in_body=True)',
    ),
    (
        "interim-is-final",
        "HTTP-040",
        "treats 103 as the final response",
        "not 100 <= status < 200 or status == 101",
        "status != 100",
    ),
    (
        "continue-is-final",
        "HTTP-040",
        "treats 100 as the final response",
        "not 100 <= status < 200 or status == 101",
        "True",
    ),
    (
        "switching-is-interim",
        "HTTP-054",
        "skips a 101",
        "not 100 <= status < 200 or status == 101",
        "not 100 <= status < 200",
    ),
    (
        "head-cut-short",
        "HTTP-041",
        "accepts a truncated head",
        '        if not line.endswith(b"\\n"):  # HTTP-041\n',
        '        if not line.endswith(b"\\n"):\n            return b"\\r\\n"\n        if False:\n',
    ),
    (
        "closed-before-the-head",
        "HTTP-041",
        "reports a connection that closes before the response as malformed HTTP",
        "        if not line and first:\n",
        "        if False:\n",
    ),
    (
        "head-bare-lf",
        "HTTP-047",
        "accepts a bare LF at the end of a header line",
        '        if line.endswith(b"\\r\\n") and len(line) <= MAX_LINE:\n            return line',
        '        if line.endswith(b"\\n") and len(line) <= MAX_LINE:\n            return line.rstrip(b"\\r\\n") + b"\\r\\n"',
    ),
    (
        "reset-before-the-head",
        "HTTP-055",
        "reports a reset before the response as malformed HTTP",
        'return NetworkError(f"the connection broke before the response: {error}", retryable=True, rule="HTTP-055")',
        'return HttpError("the connection breaks")',
    ),
    (
        "reading-waits",
        "HTTP-050",
        "fills the buffer before a read returns",
        "            raw = self.fp.read1(size)",
        "            raw = self.fp.read(size)",
    ),
    (
        "timeout-is-network",
        "HTTP-051",
        "reports a time-out as a lost connection",
        'f"timed out while {what}", kind="timeout"',
        'f"timed out while {what}", kind="network"',
    ),
)
