# SPDX-License-Identifier: MIT
"""The errors of TLS, also on a Python without `ssl`. A successful call does not load them."""

from .errors import NetworkError


def is_tls_error(error: BaseException) -> bool:
    """Return whether OpenSSL has raised an error, such as one for an invalid certificate."""
    try:
        from ssl import CertificateError, SSLError
    except ImportError:
        return False
    return isinstance(error, (SSLError, CertificateError))


def is_without_close_notify(error: BaseException) -> bool:
    """Return whether an error says that the peer ended the connection, and not TLS."""
    try:
        from ssl import SSLEOFError
    except ImportError:
        return False
    return isinstance(error, SSLEOFError)


def tls_error(error: BaseException, where: str) -> NetworkError:
    """Return the error for a failure of TLS. Repeating the call helps only if the peer hung up."""
    from .certificates import remedy_for  # needs ssl, as this error does

    reason = getattr(error, "verify_message", "") or getattr(error, "reason", "") or error
    return NetworkError(
        f"TLS with {where} failed: {reason}",
        expected=remedy_for(error),
        retryable=is_without_close_notify(error),
        rule="HTTP-053",
    )
