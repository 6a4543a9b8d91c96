# SPDX-License-Identifier: MIT
"""The errors of connections: what a failure of a socket means for a call (transport.py).

A successful call does not load this module. The rules are HTTP-023, HTTP-051 and HTTP-055.
"""

import socket
from typing import Optional

from .errors import ConfigurationError, Error, HttpError, NetworkError
from .timed_socket import Limits
from .tls_errors import is_tls_error, is_without_close_notify, tls_error


def time_out(what: str, limits: Limits) -> NetworkError:
    """Return the error for a wait that took too long. what: what the client was doing"""
    name, limit = limits.passed(what.startswith("connecting"))
    return NetworkError(
        f"timed out while {what}",
        kind="timeout",
        expected=f"within the {name} of {limit:g} s",
        retryable=True,
        rule="HTTP-051",
    )


def truncated_body(expected: str) -> HttpError:
    """Return the error for a body that the connection's end truncates (HTTP-023)."""
    return HttpError(
        "the connection ends inside the body",
        kind="truncated",
        expected=expected,
        actual="the connection's end",
        rule="HTTP-023",
    )


def is_connect_failure(error: BaseException) -> bool:
    """Return whether an error says that something went wrong on the way to a peer."""
    # In Python 3.6, an invalid certificate is a ValueError.
    return isinstance(error, (OSError, UnicodeError)) or is_tls_error(error)


def connect_error(error: BaseException, host: str, where: str, limits: Limits) -> Error:
    """Return the error for a connection that cannot be made."""
    if isinstance(error, socket.gaierror):
        return _resolution_error(error, f" of {where}" if "the proxy" in where else "", host)
    if isinstance(error, UnicodeError):
        return ConfigurationError("invalid host name", actual=host, rule="HTTP-002")
    if is_tls_error(error):
        return tls_error(error, where)
    if _is_our_timeout(error):
        return time_out(f"connecting to {where}" if "the proxy" in where else "connecting", limits)
    reason = getattr(error, "strerror", None) or error
    return NetworkError(f"cannot connect to {where}: {reason}", retryable=True, rule="HTTP-055")


def _resolution_error(error: "socket.gaierror", whose: str, host: str) -> NetworkError:
    # HTTP-038. EAI_SYSTEM: for example, no free descriptor.
    if error.errno in (socket.EAI_AGAIN, getattr(socket, "EAI_SYSTEM", None)):
        return NetworkError(
            f"cannot look up the host{whose}: {error.strerror}",
            actual=host,
            retryable=True,
            rule="HTTP-055",
        )
    return NetworkError(f"unknown host{whose}: {error.strerror}", actual=host, rule="HTTP-055")


def send_error(error: OSError, where: str, limits: Limits) -> NetworkError:
    """Return the error for a peer that has stopped reading. Raises it if the time was up."""
    if _is_our_timeout(error):
        raise time_out("sending the request", limits) from None
    if is_tls_error(error):
        return tls_error(error, where)
    return NetworkError(
        f"the peer closed the connection during the request: {error.strerror or error}",
        retryable=True,
        rule="HTTP-055",
    )


def response_error(
    error: Exception, sending: Optional[NetworkError], where: str, limits: Limits
) -> Error:
    """Return the error for a response whose head does not arrive.

    sending: the error of sending the request, or None
    """
    # In TLS 1.3, the server rejects the client's certificate after the handshake.
    if is_tls_error(error) and not is_without_close_notify(error):
        return tls_error(error, where)
    if sending is not None and not isinstance(error, HttpError):
        return sending
    if is_tls_error(error):
        return tls_error(error, where)
    failure = _read_error(error, limits, "waiting for the response", in_body=False)
    if isinstance(failure, NetworkError):
        # RTY-004
        failure.sent = sending is None
    return failure


def body_error(error: Exception, limits: Limits) -> Error:
    """Return the error for a body that does not arrive."""
    failure = _read_error(error, limits, "reading the body", in_body=True)
    if isinstance(failure, NetworkError):
        failure.sent = True
    return failure


def _is_our_timeout(error: BaseException) -> bool:
    """Return whether one of our time-outs has passed, not the kernel's ETIMEDOUT.

    Newer Pythons use the same class for both.
    """
    return isinstance(error, socket.timeout) and error.errno is None


def _read_error(error: Exception, limits: Limits, what: str, in_body: bool) -> Error:
    """Return the error for a failed read. what: what the client was doing"""
    if isinstance(error, Error):
        return error
    if _is_our_timeout(error):
        return time_out(what, limits)
    if in_body:
        return HttpError(
            f"the connection broke inside the body: {error}",
            kind="truncated",
            expected="the rest of the body",
            actual="a reset",
            rule="HTTP-023",
        )
    return NetworkError(
        f"the connection broke before the response: {error}", retryable=True, rule="HTTP-055"
    )
