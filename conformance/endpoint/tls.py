# SPDX-License-Identifier: MIT
"""TLS for the servers on loopback: the certificate, and the end of a connection.

temporary_certificates() lets the `openssl` program make a private CA and a certificate for
`localhost` and 127.0.0.1, in a folder that is deleted at the end. The key of the CA is deleted as
soon as the certificate is signed, so a client that trusts the CA trusts this certificate only.
close_notify() ends a connection so that a strict client does not report a truncated stream.

Encrypted keys, files that are not PEM and a key of another certificate are rejected.
"""

import os
import shutil
import ssl
import subprocess
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Callable, Iterator, NamedTuple, Sequence

from refimpl.errors import UsageError, shown

_WITHOUT_OPENSSL = "--cert FILE and --key FILE, or the openssl program"
_OPENSSL_TIMEOUT = 60.0  # seconds
_DAYS = "30"
_WAIT_TO_WRITE = 0.01  # seconds

# Python 3.13 rejects certificates without these extensions.
_OPENSSL_CONFIGURATION = """\
[req]
distinguished_name = subject
prompt = no
[subject]
CN = refimpl test
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature,keyEncipherment
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:localhost,IP:127.0.0.1
"""


class Certificates(NamedTuple):
    """The paths of a server's certificate and key, and of the CA that a client must trust."""

    certificate: str
    key: str
    authority: str


@contextmanager
def temporary_certificates() -> Iterator[Certificates]:
    """Make certificates in a temporary folder, and delete it at the end.

    Raises UsageError without the `openssl` program, or if it fails.
    """
    program = shutil.which("openssl")
    if program is None:
        raise UsageError(
            "the openssl program, which makes the certificates, is not installed",
            expected=_WITHOUT_OPENSSL,
        )
    with TemporaryDirectory(prefix="conformance-tls-") as folder:
        configuration = os.path.join(folder, "openssl.cnf")
        with open(configuration, "w", encoding="ascii") as file:
            file.write(_OPENSSL_CONFIGURATION)
        common = ("-newkey", "rsa:2048", "-nodes", "-sha256", "-config", "openssl.cnf")
        _run(program, folder, (
            "req", "-x509", *common, "-days", _DAYS, "-extensions", "ca",
            "-subj", "/CN=Temporary CA of the conformance endpoint",
            "-keyout", "ca.key", "-out", "ca.pem",
        ))  # fmt: skip
        _run(program, folder, (
            "req", "-new", *common, "-subj", "/CN=localhost",
            "-keyout", "server.key", "-out", "server.csr",
        ))  # fmt: skip
        _run(program, folder, (
            "x509", "-req", "-in", "server.csr", "-sha256", "-days", _DAYS,
            "-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", "1",
            "-extfile", "openssl.cnf", "-extensions", "server", "-out", "server.pem",
        ))  # fmt: skip
        os.remove(os.path.join(folder, "ca.key"))
        yield Certificates(
            *(os.path.join(folder, name) for name in ("server.pem", "server.key", "ca.pem"))
        )


def _run(program: str, folder: str, arguments: Sequence[str]) -> None:
    """Run `openssl` in a folder. Raises UsageError with its last line of output if it fails."""
    try:
        done = subprocess.run(  # noqa: S603 - a program of the system, without foreign input
            [program, *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_OPENSSL_TIMEOUT,
        )
        if done.returncode == 0:
            return
        lines = done.stdout.decode("utf-8", "replace").split("\n")
        reason = next((line for line in reversed(lines) if line.strip()), "no message")
    except subprocess.TimeoutExpired:
        reason = f"no end after {_OPENSSL_TIMEOUT:g} s"
    except OSError as error:
        reason = str(error.strerror or error)
    raise UsageError(
        f"`openssl {arguments[0]}` failed: {shown(reason, 300)}", expected=_WITHOUT_OPENSSL
    )


def server_context(certificate: str, key: str) -> ssl.SSLContext:
    """Return a context that presents a certificate. Raises UsageError for unusable files."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    for path in (certificate, key):
        if not os.path.isfile(path):
            raise UsageError("not a file", expected="a certificate and its key", actual=path)
    try:
        # Without the function, OpenSSL asks for the password of an encrypted key on the terminal.
        context.load_cert_chain(certificate, key, password=_no_password)
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        raise UsageError(
            f"the certificate {certificate} with the key {key} cannot be used: {reason}",
            expected="certificate and key in PEM",
        ) from None
    return context


def _no_password() -> str:
    raise UsageError("the key is encrypted", expected="a key without a password")


def close_notify(connection: ssl.SSLSocket, pause: Callable[[float], None]) -> None:
    """Announce the end of the stream to the client, without waiting for its announcement.

    pause: waits for that many seconds while the client does not read
    """
    connection.settimeout(0)
    while True:
        try:
            connection.unwrap()
            return
        except ssl.SSLWantWriteError:
            pause(_WAIT_TO_WRITE)
        # close_notify is sent, but the client's has not arrived; or the connection has ended.
        except (OSError, ValueError):
            return
