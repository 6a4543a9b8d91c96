# SPDX-License-Identifier: MIT
"""Mutants of conformance/endpoint/request.py."""

ROWS = (
    (
        "server-no-chunks",
        "SRV-003",
        "a server rejects a request in chunks",
        "            raise BadRequest("
        '"expected only Transfer-Encoding: chunked, without Content-Length")\n'
        "        return None\n",
        '            pass\n        raise BadRequest("no Content-Length", "411 Length Required")\n',
    ),
    (
        "server-no-continue",
        "SRV-007",
        "a server does not respond to Expect: 100-continue",
        r'self._connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")',
        "pass",
    ),
    (
        "server-small-bodies",
        "SRV-008",
        "a server accepts only 1 MiB",
        "MAX_BODY = 25 * 1024 * 1024",
        "MAX_BODY = 1024 * 1024",
    ),
    (
        "server-without-host",
        "SRV-011",
        "a server accepts a request without Host",
        "    if len(hosts) != 1:\n",
        "    if len(hosts) > 1:\n",
    ),
    (
        "server-length-with-sign",
        "SRV-011",
        "a server accepts a sign in Content-Length",
        r're.match(r"[0-9]{1,15}\Z", length)',
        r're.match(r"[+]?[0-9]{1,15}\Z", length)',
    ),
    (
        "server-first-length",
        "SRV-011",
        "a server uses the first of two values of Content-Length",
        '    lengths = set(values_of(headers, "content-length"))\n',
        '    lengths = set(values_of(headers, "content-length")[:1])\n',
    ),
    (
        "server-two-framings",
        "SRV-012",
        "a server accepts chunks with Content-Length and keeps the connection",
        "        if lengths or [coding.lower()",
        "        if [coding.lower()",
    ),
    (
        "server-waits-for-huge-body",
        "SRV-013",
        "a server waits for a body that it does not accept",
        "        if length is not None and length > MAX_BODY:\n            raise _too_large()\n",
        "",
    ),
)
