# SPDX-License-Identifier: MIT
"""`python3 -m tests.tls_cases [arguments of conformance run]`: run the `invoke` cases over TLS.

A relay in front of the endpoint speaks TLS to the client. It ends the TLS stream with close_notify
if the endpoint closes its connection normally, and resets the connection if the endpoint resets
it. So each scenario ends in TLS as it does without. The program needs only the standard library
and `openssl`, which makes the certificate, so it runs with every interpreter.
"""

import os
import select
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
from typing import Sequence

from conformance import cli
from conformance.endpoint.server import Endpoint
from conformance.run import runner


def make_certificate(folder: str) -> str:
    """Return the path of a new certificate for 127.0.0.1 with its key, in one file."""
    path = os.path.join(folder, "certificate.pem")
    key = os.path.join(folder, "key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        + ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
        + ["-keyout", key, "-out", path],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with open(key) as source, open(path, "a") as target:
        target.write(source.read())
    return path


class TlsRelay:
    """Accepts TLS connections on a port of 127.0.0.1 and passes them on to another port."""

    def __init__(self, certificate: str, port: int) -> None:
        self._context = ssl.SSLContext(getattr(ssl, "PROTOCOL_TLS_SERVER", ssl.PROTOCOL_TLS))
        self._context.load_cert_chain(certificate)
        self._behind = ("127.0.0.1", port)
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Accept no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._relay, args=(accepted,), daemon=True).start()

    def _relay(self, accepted: socket.socket) -> None:
        accepted.settimeout(60)
        try:
            client = self._context.wrap_socket(accepted, server_side=True)
        except OSError:
            accepted.close()
            return
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with client, socket.create_connection(self._behind, 60) as server:
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                self._pass_on(client, server)
            except OSError:
                return  # the client is gone
            try:
                client.unwrap()
            except (OSError, ValueError):
                pass  # the client does not answer close_notify

    @staticmethod
    def _pass_on(client: ssl.SSLSocket, server: socket.socket) -> None:
        """Pass bytes on until the server ends its connection. Raises OSError if the client does."""
        while True:
            ready = [client] if client.pending() else select.select([client, server], [], [])[0]
            if client in ready:
                data = client.recv(65536)
                if not data:
                    raise OSError("the client has closed")
                try:
                    server.sendall(data)
                except OSError:
                    pass  # the server reads no more, but may have sent a response
            if server in ready:
                try:
                    data = server.recv(65536)
                except OSError:
                    linger = struct.pack("ii", 1, 0)
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    raise
                if not data:
                    return
                client.sendall(data)


class TlsEndpoint(Endpoint):
    """An endpoint behind a TlsRelay."""

    certificate = ""

    def __init__(self, latency: float = 0.0) -> None:
        super().__init__(latency=latency)
        self._relay = TlsRelay(self.certificate, int(self.url.rpartition(":")[2]))
        self.url = f"https://127.0.0.1:{self._relay.port}"

    def close(self) -> None:
        """Close the relay and the endpoint."""
        self._relay.close()
        super().close()


def run(arguments: Sequence[str]) -> None:
    """Run the `invoke` cases against the reference over TLS, and exit."""
    with tempfile.TemporaryDirectory() as folder:
        TlsEndpoint.certificate = make_certificate(folder)
        os.environ["SSL_CERT_FILE"] = TlsEndpoint.certificate
        setattr(runner, "Endpoint", TlsEndpoint)  # noqa: B010
        sys.argv[1:] = ["run", "--op", "invoke", *arguments]
        cli.run()


if __name__ == "__main__":
    run(sys.argv[1:])
