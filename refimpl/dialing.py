# SPDX-License-Identifier: MIT
"""Name resolution and TCP connections within a time limit (HTTP-051).

`dial` resolves a host and connects to the first of its addresses that accepts. The system's
resolver has no time-out, so it runs in a thread that the caller leaves behind when the time has
passed. In a Python without threads it runs without a limit. Each address gets an equal share of the
time that is left, so that one silent address does not use up the time of the others. Errors are
those of `socket`.
"""

import errno
import socket
from typing import Any, Callable, List, Optional, Tuple

from .threads import has_threads

# Returns the seconds that are left, or None for no limit. Raises socket.timeout if none are left.
TimeLeft = Callable[[], Optional[float]]


def dial(host: str, port: int, time_left: TimeLeft) -> "socket.socket":
    """Return a socket that is connected to the host. Raises OSError or UnicodeError."""
    addresses = resolve(host, port, time_left())
    failure: Optional[OSError] = None
    for tried, address in enumerate(addresses):
        left = time_left()
        share = None if left is None else left / (len(addresses) - tried)
        try:
            return socket.create_connection(address, share)  # type: ignore[arg-type]
        except OSError as error:
            failure = error
            # No other address can help if this process has no free descriptor.
            if error.errno in (errno.EMFILE, errno.ENFILE):
                break
    raise failure or OSError("the host has no address")


def resolve(host: str, port: int, limit: "Optional[float]") -> "List[Tuple[bytes, int]]":
    """Return the addresses of a host, as (address, port). Raises OSError or UnicodeError.

    limit: in seconds, or None. Raises socket.timeout after it.
    """
    # For a name of type str, getaddrinfo loads encodings.idna, which costs a millisecond
    # (bench, process). Names are ASCII (HTTP-002), so bytes mean the same.
    name = host.encode("ascii")
    try:
        return _addresses(name, port, socket.AI_NUMERICHOST)  # does not wait
    except socket.gaierror:
        pass  # a name
    if limit is None or not has_threads():
        return _addresses(name, port)
    addresses: List[Tuple[bytes, int]] = _within(limit, lambda: _addresses(name, port))
    return addresses


def _addresses(name: bytes, port: int, flags: int = 0) -> "List[Tuple[bytes, int]]":
    found = socket.getaddrinfo(name, port, 0, socket.SOCK_STREAM, 0, flags)
    return [(str(address[0]).encode("ascii"), int(address[1])) for _, _, _, _, address in found]


def _within(limit: float, function: "Callable[[], Any]") -> Any:
    """Return the result of function, which runs in a thread. Raises socket.timeout after limit."""
    import _thread  # `threading` takes a millisecond to load (bench, process)

    results: List[Any] = []
    errors: List[BaseException] = []
    done = _thread.allocate_lock()
    done.acquire()

    def run() -> None:
        try:
            results.append(function())
        except BaseException as error:
            errors.append(error)
        finally:
            done.release()

    try:
        _thread.start_new_thread(run, ())
    except RuntimeError as error:  # the process has too many threads
        raise OSError(errno.EAGAIN, str(error)) from None
    if not done.acquire(True, limit):
        raise socket.timeout("timed out")
    if errors:
        raise errors[0]
    return results[0]
