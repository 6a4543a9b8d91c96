# SPDX-License-Identifier: MIT
"""Tests of refimpl/certificates.py: trusted certificates, client certificates and strict checks.

trustme makes the certificates. A server on loopback judges a context by a handshake. The strict
checks are tested with a CA that OpenSSL's program makes without the extension for key usage.
"""

import shutil
import ssl
import subprocess
import sys

import pytest

from refimpl.certificates import (
    CA_BUNDLE_VARIABLES,
    ca_bundle_of,
    check_ssl_context,
    remedy_for,
    trusting_context,
    verifying_context,
)
from refimpl.errors import ConfigurationError, NetworkError, UsageError
from refimpl.operation import HttpRequest
from refimpl.transport import Timeouts, open_exchange
from tests.rawserver import PATIENCE, RawServer, nothing_left

RESPONSE = [b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]
LONG = Timeouts(3 * PATIENCE, 3 * PATIENCE, None)


@pytest.fixture(autouse=True)
def _nothing_left():
    with nothing_left():
        yield


@pytest.fixture(scope="module")
def authority():
    return pytest.importorskip("trustme").CA()


@pytest.fixture()
def bundle(authority, tmp_path):
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def server_context(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


def connect(tls, context):
    """Make one exchange with a server. Return the error, or None."""
    with RawServer(RESPONSE, tls=tls) as server:
        request = HttpRequest("POST", "https", "localhost", server.port, "/", (("Host", "h"),), b"")
        try:
            open_exchange(request, LONG, context).close()
        except NetworkError as error:
            return error
        finally:
            server.gone()
    return None


# ---- trusted certificates ----------------------------------------------------------------------


# NET-020
def test_the_order_of_the_settings():
    environment = {name: name.lower() for name in CA_BUNDLE_VARIABLES}
    assert ca_bundle_of("argument", environment) == ("argument", "ca_bundle")
    for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        assert ca_bundle_of(None, environment) == (name.lower(), name)
        environment[name] = ""
    assert ca_bundle_of(None, environment) is None


# NET-020
@pytest.mark.slow
def test_a_file_and_a_folder_are_trusted(authority, bundle, tmp_path):
    assert connect(server_context(authority), trusting_context((str(bundle), "x"))) is None
    folder = tmp_path / "certificates"
    folder.mkdir()
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl program")
    name = subprocess.check_output([openssl, "x509", "-hash", "-noout", "-in", str(bundle)])
    shutil.copy(str(bundle), str(folder / (name.decode().strip() + ".0")))
    assert connect(server_context(authority), trusting_context((str(folder), "x"))) is None


# NET-020, NET-024
def test_a_bundle_replaces_the_certificates_of_the_system(authority, bundle):
    other = pytest.importorskip("trustme").CA()
    error = connect(server_context(other), trusting_context((str(bundle), "x")))
    assert error is not None and error.rule == "HTTP-053"
    assert error.expected == (
        "an issuer in the CA bundle (ca_bundle=, AWS_CA_BUNDLE, or --ca-bundle)"
    )


# NET-021
@pytest.mark.parametrize("content", [None, b"", b"not PEM", b"\0\xff" * 100])
def test_an_unusable_bundle_is_named(tmp_path, content):
    path = tmp_path / "bundle.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        trusting_context((str(path), "AWS_CA_BUNDLE"))
    assert str(caught.value).startswith(f"the CA bundle {path} (AWS_CA_BUNDLE) cannot be used: ")
    assert caught.value.rule == "NET-021"


def test_a_bundle_of_another_type():
    with pytest.raises(UsageError) as caught:
        ca_bundle_of(b"ca.pem", {})
    assert caught.value.kind == "type"


# ---- client certificates -----------------------------------------------------------------------


@pytest.fixture()
def own(authority, tmp_path):
    certificate = authority.issue_cert("client")
    names = (tmp_path / "cert.pem", tmp_path / "key.pem", tmp_path / "both.pem")
    certificate.cert_chain_pems[0].write_to_path(str(names[0]))
    certificate.private_key_pem.write_to_path(str(names[1]))
    certificate.private_key_and_cert_chain_pem.write_to_path(str(names[2]))
    return tuple(map(str, names))


# NET-022
def test_the_server_gets_the_client_certificate(authority, bundle, own):
    tls = server_context(authority)
    tls.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(tls)
    for client_cert in (own[2], own[:2], list(own[:2])):
        context = trusting_context((str(bundle), "x"), client_cert)
        assert connect(tls, context) is None
    error = connect(tls, trusting_context((str(bundle), "x")))
    # In TLS 1.3 the server's alert follows the handshake, when the client already sends.
    if error is not None and "ALERT_CERTIFICATE_REQUIRED" in error.message:
        assert error.expected == "a client certificate (client_cert= or --client-cert)"
    assert error is not None


# NET-022
@pytest.mark.parametrize("missing", ["cert", "key", "mismatch", "encrypted"])
def test_an_unusable_client_certificate_is_named(authority, own, tmp_path, missing):
    certificate, key, _ = own
    if missing == "cert":
        certificate = str(tmp_path / "none.pem")
    elif missing == "key":
        key = str(tmp_path / "none.pem")
    elif missing == "mismatch":
        other = tmp_path / "other.pem"
        authority.issue_cert("other").private_key_pem.write_to_path(str(other))
        key = str(other)
    else:
        openssl = shutil.which("openssl")
        if openssl is None:
            pytest.skip("no openssl program")
        locked = str(tmp_path / "locked.pem")
        command = [openssl, "pkey", "-aes256", "-passout", "pass:secret", "-in", key]
        subprocess.check_call(command + ["-out", locked])
        key = locked
    with pytest.raises(ConfigurationError) as caught:
        trusting_context(None, (certificate, key))
    assert caught.value.rule == "NET-022"
    assert str(caught.value).startswith(f"the client certificate {certificate} with the key {key} ")
    assert ("the key is encrypted" in str(caught.value)) == (missing == "encrypted")


@pytest.mark.parametrize("value", [b"x", (), ("a",), ("a", "b", "c"), (1, 2), ("a", 2)])
def test_a_client_certificate_of_another_type(value):
    with pytest.raises(UsageError) as caught:
        trusting_context(None, value)
    assert (caught.value.kind, caught.value.rule) == ("type", "NET-022")


# ---- strict checks -----------------------------------------------------------------------------


@pytest.fixture()
def loose_authority(tmp_path):
    """Return the files of a CA without key usage, and of a server's certificate from it."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl program")
    names = {name: str(tmp_path / name) for name in ("ca", "ca.key", "csr", "cert", "key", "ext")}
    config = tmp_path / "openssl.cnf"
    config.write_text("[req]\ndistinguished_name=dn\n[dn]\n[ca]\nbasicConstraints=CA:TRUE\n")
    (tmp_path / "ext").write_text("subjectAltName=DNS:localhost\n")
    new = [openssl, "req", "-config", str(config), "-newkey", "rsa:2048", "-nodes"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    authority = ["-x509", "-days", "2", "-subj", "/CN=Loose CA", "-extensions", "ca"]
    subprocess.check_call(
        new + authority + ["-keyout", names["ca.key"], "-out", names["ca"]], **quiet
    )
    request = ["-subj", "/CN=localhost", "-keyout", names["key"], "-out", names["csr"]]
    subprocess.check_call(new + request, **quiet)
    sign = [openssl, "x509", "-req", "-days", "2", "-in", names["csr"], "-CA", names["ca"]]
    sign += ["-CAkey", names["ca.key"], "-set_serial", "2", "-extfile", names["ext"]]
    subprocess.check_call(sign + ["-out", names["cert"]], **quiet)
    return names


# NET-023
@pytest.mark.slow
def test_strict_checks_are_relaxed_only_on_request(loose_authority):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(loose_authority["cert"], loose_authority["key"])
    bundle = (loose_authority["ca"], "x")
    assert connect(tls, trusting_context(bundle, x509_strict=False)) is None
    error = connect(tls, trusting_context(bundle))
    strict = sys.version_info >= (3, 13)
    assert (error is not None) == strict
    if error is not None:
        assert error.expected == (
            "a certificate that follows RFC 5280, or x509_strict=False (--no-x509-strict)"
        )


# NET-023
def test_relaxed_checks_still_verify(authority, bundle):
    context = trusting_context((str(bundle), "x"), x509_strict=False)
    assert context.verify_mode == ssl.CERT_REQUIRED and context.check_hostname
    other = pytest.importorskip("trustme").CA()
    assert connect(server_context(other), context) is not None
    wrong_name = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.example").configure_cert(wrong_name)
    assert connect(wrong_name, context) is not None


def test_strict_is_a_flag():
    with pytest.raises(UsageError) as caught:
        trusting_context(None, x509_strict="no")
    assert caught.value.rule == "NET-023"


def test_contexts():
    context = verifying_context()
    assert context.verify_mode == ssl.CERT_REQUIRED and context.check_hostname
    assert check_ssl_context(context) is context and check_ssl_context(None) is None
    with pytest.raises(UsageError):
        check_ssl_context("context")


# NET-024
def test_an_error_without_an_explanation():
    error = ssl.SSLError(1, "x")
    error.reason = "CERTIFICATE_VERIFY_FAILED"
    assert "CA bundle" in str(remedy_for(error))


# NET-024
@pytest.mark.parametrize(
    "code, words",
    [
        (20, "an issuer in the CA bundle"),
        (9, "a clock that is right"),
        (10, "a clock that is right"),
        (62, "a certificate for this host; for a tunnel, connect_to="),
        (64, "a certificate for this host; for a tunnel, connect_to="),
    ],
)
def test_each_verification_error_has_a_remedy(code, words):
    error = ssl.SSLError(1, "x")
    error.verify_code = code
    assert words in remedy_for(error)


# NET-024
def test_errors_of_python_3_6_have_the_same_remedies():
    # Its own check of the name raises a ValueError without a code.
    error = ssl.CertificateError("hostname 'a' doesn't match 'b'")
    assert "for this host" in str(remedy_for(error))
    alert = ssl.SSLError(1, "[SSL] tlsv13 alert certificate required (_ssl.c:2309)")
    assert "--client-cert" in str(remedy_for(alert))


# NET-024
def test_other_errors_have_no_remedy():
    assert remedy_for(ssl.SSLError(1, "wrong version number")) is None
    assert remedy_for(ValueError("x")) is None
