# SPDX-License-Identifier: MIT
"""`python3 -m bench.server`: answer any POST with prepared bytes, as fast as the socket accepts
them.

The endpoint name in the request is the name of the body, as streams.body() reads it. Each body is
built on the first request and kept. The first line on stdout is the port. Nothing is verified. The
server ends when its stdin ends, so it never outlives the process that started it.
"""

import functools
import socket
import sys
import threading

from bench.streams import body

HEAD = (
    b"HTTP/1.1 200 OK\r\n"
    b"Content-Type: application/vnd.amazon.eventstream\r\n"
    b"Transfer-Encoding: chunked\r\n"
    b"x-amzn-RequestId: 00000000-0000-4000-8000-000000000000\r\n"
    b"X-Amzn-SageMaker-Content-Type: application/json\r\n\r\n"
)


@functools.lru_cache(maxsize=None)
def response(name: str) -> bytes:
    """Return the response of that name."""
    return HEAD + body(name)


def serve(connection: socket.socket) -> None:
    """Answer the requests of a connection until the client closes it or asks to close it."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection, connection.makefile("rb") as file:
        close = False
        while not close:
            request_line = file.readline()
            if not request_line:
                return
            length = 0
            for line in iter(file.readline, b"\r\n"):
                name, _, value = line.lower().partition(b":")
                if name == b"content-length":
                    length = int(value)
                elif name == b"connection":
                    close = value.strip() == b"close"
            file.read(length)
            connection.sendall(response(request_line.decode("ascii").split("/")[2]))


def accept(listener: socket.socket) -> None:
    """Serve each connection in its own thread."""
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        threading.Thread(target=accept, args=(listening,), daemon=True).start()
        print(listening.getsockname()[1], flush=True)
        sys.stdin.read()
