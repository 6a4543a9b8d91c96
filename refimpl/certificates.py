# SPDX-License-Identifier: MIT
"""TLS contexts: which certificates the client trusts, and its own (NET-020 to NET-024).

`trusting_context` makes a context that verifies certificates and host names. It trusts the CA
bundle that an argument or the environment names, or else the system's. An unreadable bundle or
client certificate is a configuration error that names the file.

Python 3.13 checks certificates more strictly than the versions before it and rejects many private
CAs. `x509_strict=False` returns to the former checks, and still verifies chain and host name.
"""

import os
from typing import TYPE_CHECKING, Any, List, Mapping, NoReturn, Optional, Tuple, Union

from .config.environment import first_set, origin_of
from .errors import ConfigurationError, missing_module, require_type, wrong_type

if TYPE_CHECKING:
    import ssl

ClientCertificate = Union[str, Tuple[str, str], None]

CA_BUNDLE_VARIABLES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
# OpenSSL's numbers of the errors for a certificate whose issuer is not trusted.
_UNKNOWN_ISSUER = (18, 19, 20, 21)
_INVALID_NOW = (9, 10)  # not yet valid, expired
_WRONG_NAME = (62, 64)  # another host name, another IP address
_STRICT_WORDS = ("key usage", "key identifier", "basic constraints", "issuer name", "subject name")


def verifying_context(**trusted: str) -> "ssl.SSLContext":
    """Return a context that verifies certificate and host name and requires TLS 1.2 (HTTP-053).

    trusted: cafile or capath, as for ssl.create_default_context
    Raises ConfigurationError if this Python has no module ssl.
    """
    try:
        import ssl  # not at module level, because an http endpoint does not need it
    except ImportError as error:
        raise missing_module(error, "call https endpoints") from None
    context = ssl.create_default_context(**trusted)  # type: ignore[arg-type]
    if hasattr(context, "minimum_version"):
        context.minimum_version = ssl.TLSVersion.TLSv1_2  # novm: not reached on 3.6
    else:  # 3.6
        context.options |= ssl.OP_NO_TLSv1 | ssl.OP_NO_TLSv1_1
    return context


def check_ssl_context(context: Any) -> "Optional[ssl.SSLContext]":
    """Return context. Raises UsageError unless it is an ssl.SSLContext or None (HTTP-053)."""
    if context is None:
        return None
    try:
        from ssl import SSLContext
    except ImportError as error:
        raise missing_module(error, "use an ssl_context") from None
    require_type(context, SSLContext, "ssl_context", "HTTP-053")
    found: SSLContext = context
    return found


def ca_bundle_of(
    argument: Optional[str], environment: Mapping[str, str]
) -> Optional[Tuple[str, str]]:
    """Return the path of the CA bundle and where it comes from, or None (NET-020)."""
    # NET-020
    if argument is not None:
        require_type(argument, str, "ca_bundle", "NET-020")
        return argument, "ca_bundle"
    for name in CA_BUNDLE_VARIABLES:
        path = first_set(environment, name)
        if path is not None:
            return path, origin_of(environment, name)
    return None


def trusting_context(
    ca_bundle: Optional[Tuple[str, str]],
    client_cert: ClientCertificate = None,
    x509_strict: bool = True,
) -> "ssl.SSLContext":
    """Return a context that verifies certificate and host name (HTTP-053).

    ca_bundle: the path of a file or folder with the trusted certificates, and where it comes from,
        as of ca_bundle_of(); None for those of the system
    client_cert: a file with certificate and key, or one file for each
    Raises ConfigurationError for an unusable file, and UsageError.
    """
    require_type(x509_strict, bool, "x509_strict", "NET-023")
    context = verifying_context() if ca_bundle is None else _context_of(*ca_bundle)
    # NET-023
    if not x509_strict:
        import ssl

        context.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
    if client_cert is not None:
        _load_client_certificate(context, client_cert)
    return context


def _context_of(path: str, origin: str) -> "ssl.SSLContext":
    """Return a context that trusts only the certificates of a file or folder (NET-021)."""
    try:
        if os.path.isdir(path):
            context = verifying_context(capath=path)
        else:
            context = verifying_context(cafile=path)
    except (OSError, ValueError) as error:
        # NET-021. ValueError: a NUL in the path.
        _unusable(f"the CA bundle {path} ({origin})", "a file of certificates in PEM", error)
    return context


def _load_client_certificate(context: "ssl.SSLContext", client_cert: ClientCertificate) -> None:
    """Load the certificate that the client presents (NET-022)."""
    files: Any = (client_cert, None) if isinstance(client_cert, str) else client_cert
    if not isinstance(files, (tuple, list)) or len(files) != 2 or not isinstance(files[0], str):
        raise wrong_type(client_cert, "a path, or a tuple of two", "client_cert", "NET-022")
    certificate, key = files
    if key is not None:
        require_type(key, str, "the key of client_cert", "NET-022")
    names = certificate if key is None else f"{certificate} with the key {key}"
    asked: List[bool] = []

    def no_password() -> str:
        # Without this function, OpenSSL asks for the password of an encrypted key on the terminal.
        # It must not raise, because Python 3.6 replaces its error.
        asked.append(True)
        return ""

    try:
        context.load_cert_chain(certificate, key, password=no_password)
    except (OSError, ValueError) as error:
        if asked:
            raise ConfigurationError(
                f"the client certificate {names} cannot be used: the key is encrypted",
                expected="a key without a password, or ssl_context=",
                rule="NET-022",
            ) from None
        _unusable(f"the client certificate {names}", "certificate and key in PEM", error)


def _unusable(what: str, expected: str, error: Exception) -> NoReturn:
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
    raise ConfigurationError(
        f"{what} cannot be used: {reason}",
        expected=expected,
        rule="NET-022" if "client" in what else "NET-021",
    ) from None


def _is_certificate_error(error: BaseException) -> bool:
    from ssl import CertificateError  # exists, because it has raised an error

    return isinstance(error, CertificateError)


def remedy_for(error: BaseException) -> Optional[str]:
    """Return what the user can do about a certificate that is not accepted, or None (NET-024)."""
    code = getattr(error, "verify_code", None)
    # Python 3.6 does not say why the verification failed. This is the most frequent reason.
    unexplained = code is None and getattr(error, "reason", "") == "CERTIFICATE_VERIFY_FAILED"
    if code in _UNKNOWN_ISSUER or unexplained:
        return "an issuer in the CA bundle (ca_bundle=, AWS_CA_BUNDLE, or --ca-bundle)"
    if code in _INVALID_NOW:
        return "a certificate that is valid now, and a clock that is right"
    # Python 3.6 checks the name itself, and its error has no code.
    if code in _WRONG_NAME or (code is None and _is_certificate_error(error)):
        return "a certificate for this host; for a tunnel, connect_to= or --connect-to"
    reason = str(getattr(error, "reason", None) or error).lower().replace("_", " ")
    if "certificate required" in reason:
        return "a client certificate (client_cert= or --client-cert)"
    message = str(getattr(error, "verify_message", "") or "").lower()
    if any(words in message for words in _STRICT_WORDS):
        return "a certificate that follows RFC 5280, or x509_strict=False (--no-x509-strict)"
    return None
