# SPDX-License-Identifier: MIT
"""Model containers on loopback, one for each behaviour that a check of servers may need.

The first segment of the path selects the behaviour, so NAME's container has the URL `url/NAME`. A
container serves `POST /invocations` and `GET /ping` as behind SageMaker.
"""

import socket
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

PAUSE = 0.3  # seconds from the first to the last part of `streams`


class _Container(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        """Write no log."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        getattr(self, self.path.split("/")[1])(body)

    def _begin(self, *headers):
        self.send_response(200)
        for name, value in (("Content-Type", "text/plain"), *headers):
            self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def _end(self):
        self.wfile.write(b"0\r\n\r\n")

    def streams(self, body):
        self._begin()
        self._chunk(b"one ")
        time.sleep(PAUSE)
        self._chunk(b"two")
        self._end()

    def echoes(self, body):
        self._begin()
        if body:
            self._chunk(body)
        self._end()

    def attributes(self, body):
        self._begin(("X-Amzn-SageMaker-Custom-Attributes", "trace=7"))
        self._chunk(b"one")
        self._end()

    def fails(self, body):
        self.send_response(500)
        self.send_header("Content-Length", "13")
        self.end_headers()
        self.wfile.write(b"out of memory")

    def breaks(self, body):
        self._begin()
        self._chunk(b"one")
        self.wfile.write(b"9\r\nhalf")
        self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


class ModelContainers:
    """The containers, until the end of a `with` block."""

    def __init__(self):
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Container)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
