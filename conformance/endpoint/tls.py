# SPDX-License-Identifier: MIT
"""TLS for the servers on loopback: the certificate, and the end of a connection.

temporary_certificates() lets the `openssl` program make a private CA and a certificate for
`localhost` and 127.0.0.1, in a folder that is deleted at the end. The key of the CA is deleted as
soon as the certificate is signed, so a client that trusts the CA trusts this certificate only.
temporary_authority() keeps the CA's key until the end, and makes certificates for other hosts.
close_notify() ends a connection so that a strict client does not report a truncated stream.

Encrypted keys, files that are not PEM and a key of another certificate are rejected.
"""

import os
import re
import shutil
import ssl
import subprocess
import threading
from contextlib import contextmanager
from ipaddress import ip_address
from tempfile import TemporaryDirectory
from typing import Callable, Dict, Iterator, NamedTuple, Sequence

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
subjectAltName = %s
"""
_OWN_NAMES = "DNS:localhost,IP:127.0.0.1"
_HOST_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?\Z")
_MOST_HOSTS = 256  # of one authority


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
    with temporary_authority() as authority:
        made = authority.certificates_for(_OWN_NAMES, "server", 1)
        os.remove(os.path.join(os.path.dirname(made.authority), "ca.key"))
        yield made


class Authority:
    """A private CA that makes certificates on demand, for any host; threads may share it.

    ca_bundle: the path of its certificate, in PEM
    """

    def __init__(self, program: str, folder: str) -> None:
        self.ca_bundle = os.path.join(folder, "ca.pem")
        self._program, self._folder = program, folder
        self._lock = threading.Lock()
        self._contexts: Dict[str, ssl.SSLContext] = {}
        self._write_configuration(_OWN_NAMES)
        common = ("-newkey", "rsa:2048", "-nodes", "-sha256", "-config", "openssl.cnf")
        _run(program, folder, (
            "req", "-x509", *common, "-days", _DAYS, "-extensions", "ca",
            "-subj", "/CN=Temporary CA of the conformance endpoint",
            "-keyout", "ca.key", "-out", "ca.pem",
        ))  # fmt: skip
        _run(program, folder, (
            "req", "-new", *common, "-subj", "/CN=server of the conformance endpoint",
            "-keyout", "server.key", "-out", "server.csr",
        ))  # fmt: skip

    def context_for(self, host: str) -> ssl.SSLContext:
        """Return the context of a server with a certificate for a host name or an IP address.

        Raises UsageError for a host that is neither, for too many hosts, and if openssl fails.
        """
        with self._lock:
            if host not in self._contexts:
                if len(self._contexts) >= _MOST_HOSTS:
                    raise UsageError("too many hosts", expected=f"at most {_MOST_HOSTS}")
                number = len(self._contexts) + 1
                made = self.certificates_for(_names_of(host), f"host-{number}", number)
                self._contexts[host] = server_context(made.certificate, made.key)
            return self._contexts[host]

    def certificates_for(self, names: str, stem: str, number: int) -> Certificates:
        """Make a certificate, with the key that all of them have.

        names: as in a subjectAltName; stem: of the file's name; number: the serial number
        """
        self._write_configuration(names)
        certificate = f"{stem}.pem"
        _run(self._program, self._folder, (
            "x509", "-req", "-in", "server.csr", "-sha256", "-days", _DAYS,
            "-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", str(number),
            "-extfile", "openssl.cnf", "-extensions", "server", "-out", certificate,
        ))  # fmt: skip
        return Certificates(
            os.path.join(self._folder, certificate),
            os.path.join(self._folder, "server.key"),
            self.ca_bundle,
        )

    def _write_configuration(self, names: str) -> None:
        path = os.path.join(self._folder, "openssl.cnf")
        with open(path, "w", encoding="ascii") as file:
            file.write(_OPENSSL_CONFIGURATION % names)


def _names_of(host: str) -> str:
    """Return the subjectAltName of a host."""
    try:
        return f"IP:{ip_address(host)}"
    except ValueError:
        pass
    # The name comes from a client and goes into a configuration file.
    if not _HOST_NAME.match(host):
        raise UsageError("not a host name", expected="letters, digits, `-` and `.`", actual=host)
    return f"DNS:{host}"


@contextmanager
def temporary_authority() -> Iterator[Authority]:
    """Make a private CA in a temporary folder, and delete it at the end.

    Whoever can read the folder, which only its owner can, can make certificates that a client with
    this CA accepts. Raises UsageError without the `openssl` program, or if it fails.
    """
    program = shutil.which("openssl")
    if program is None:
        raise UsageError(
            "the openssl program, which makes the certificates, is not installed",
            expected=_WITHOUT_OPENSSL,
        )
    with TemporaryDirectory(prefix="conformance-tls-") as folder:
        yield Authority(program, folder)


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
