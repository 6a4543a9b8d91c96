# SPDX-License-Identifier: MIT
"""`python3 -m tests.tls_cases [arguments of conformance run]`: run the `invoke` cases over TLS.

The endpoint ends the TLS stream with close_notify if it closes its connection, and resets the
connection if the scenario says so. So each scenario ends in TLS as it does without. The program
needs only the standard library and `openssl`, which makes the certificates, so it runs with every
interpreter.
"""

import os
import sys
from typing import Any, Sequence

from conformance import cli
from conformance.endpoint.server import Endpoint
from conformance.endpoint.tls import server_context, temporary_certificates
from conformance.run import runner


def run(arguments: Sequence[str]) -> None:
    """Run the `invoke` cases against the reference over TLS, and exit."""
    with temporary_certificates() as made:
        tls = server_context(made.certificate, made.key)

        class TlsEndpoint(Endpoint):
            """An endpoint with https."""

            def __init__(self, **settings: Any) -> None:
                super().__init__(tls=tls, **settings)

        os.environ["SSL_CERT_FILE"] = made.authority
        setattr(runner, "Endpoint", TlsEndpoint)  # noqa: B010
        sys.argv[1:] = ["run", "--op", "invoke", *arguments]
        cli.run()


if __name__ == "__main__":
    run(sys.argv[1:])
