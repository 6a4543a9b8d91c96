# SPDX-License-Identifier: MIT
"""Shows what an HTTP client writes: a server on loopback that keeps each request.

The answer to `sigv4.sign` may have the request as it is sent (`output.sent`). The adapters of
signers send it here with the HTTP client of their package, so that nothing is left out that the
client adds or changes. The server responds with 200 and an empty body, and ends the connection.
"""

import importlib
import io
import socket
import socketserver
import threading
from typing import Any, Callable, Dict, List, Tuple

from conformance.adapters.limits import DEADLINE
from conformance.protocol.messages import to_base64_text

Sent = Dict[str, Any]

_PATIENCE = 0.5  # seconds for the next bytes of a body: a given Content-Length may be too large
_RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Recorder:
    """A server on loopback that keeps the requests of one client."""

    def __init__(self) -> None:
        self._seen: List[Sent] = []
        seen = self._seen

        class Handler(socketserver.StreamRequestHandler):
            timeout = DEADLINE

            def handle(self) -> None:
                line = self.rfile.readline().decode("latin-1")
                if line:  # else the client has disconnected without a request
                    request = _head(line.rstrip("\r\n"), self.rfile)
                    self.connection.settimeout(_PATIENCE)
                    request["body"] = to_base64_text(_body(request["headers"], self.rfile))
                    seen.append(request)
                    self.wfile.write(_RESPONSE)

        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        host, port = server.server_address[:2]
        self.address: Tuple[str, int] = (str(host), int(port))
        threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()

    def connect(self) -> socket.socket:
        """Return a connection to the server."""
        return socket.create_connection(self.address, DEADLINE)

    def sent(self, send: Callable[[], object]) -> Sent:
        """Return the first request that `send` writes, as in `output.sent`.

        Errors of `send` after a request are ignored, others are passed on.
        """
        self._seen.clear()
        try:
            send()
        except Exception:
            if not self._seen:
                raise
        if not self._seen:
            raise NothingSent("it sent no request")
        return dict(self._seen[0])


class NothingSent(Exception):
    """The client returned without an error, and has not sent a request."""


def _head(line: str, stream: io.BufferedIOBase) -> Sent:
    method, _, rest = line.partition(" ")
    headers: List[List[str]] = []
    for text in iter(lambda: stream.readline().decode("latin-1").rstrip("\r\n"), ""):
        if text[0] in " \t" and headers:
            headers[-1][1] += "\r\n" + text
            continue
        name, _, value = text.partition(":")
        headers.append([name, value.strip(" \t")])
    return {"method": method, "target": _text(rest.rpartition(" ")[0]), "headers": headers}


def _text(octets: str) -> str:
    """Return the text of a target, whose characters stand for their UTF-8 (SIG-026).

    octets: one character per octet. Octets that are not UTF-8 stand as `\\xNN`: no given target
    has them.
    """
    return octets.encode("latin-1").decode("utf-8", "backslashreplace")


def _body(headers: List[List[str]], stream: io.BufferedIOBase) -> bytes:
    """Return the body, or what has arrived of it."""
    values = {name.lower(): value for name, value in headers}
    body = io.BytesIO()
    try:
        if values.get("transfer-encoding", "").lower() == "chunked":
            _copy_chunks(stream, body)
        elif values.get("content-length", "").isdigit():
            _copy(stream, int(values["content-length"]), body)
    except OSError:
        pass
    return body.getvalue()


def _copy(stream: io.BufferedIOBase, size: int, to: io.BytesIO) -> None:
    while size > 0:
        data = stream.read1(size)
        if not data:
            return
        to.write(data)
        size -= len(data)


def _copy_chunks(stream: io.BufferedIOBase, to: io.BytesIO) -> None:
    while True:
        size = int(stream.readline().split(b";")[0] or b"0", 16)
        if not size:
            return
        _copy(stream, size, to)
        stream.readline()


def divert_urllib3(recorder: Recorder) -> None:
    """Lead all https connections of urllib3 to a recorder, without TLS."""
    connection: Any = importlib.import_module("urllib3.connection")

    def connect(self: Any) -> None:
        self.sock = recorder.connect()
        self.is_verified = True

    connection.HTTPSConnection.connect = connect
