# SPDX-License-Identifier: MIT
"""Responses of a transport that the program passes to the client, in place of sockets.

A `Transport` is a function that sends one signed request and returns the response: its status, its
headers, and an iterable over the pieces of its body, each as soon as it arrives. It decides about
connections, proxies, certificates and time-outs. A `FetchedExchange` gives the client such a
response in the form of transport.HttpExchange.

Everything that the function or its iterator raises becomes a NetworkError, or HttpError `truncated`
inside the body. A result of another form is a UsageError.
"""

from typing import Any, Callable, Iterable, Iterator, NamedTuple, Optional, Tuple

from .documents.header_format import HeaderSequence, checked_headers
from .errors import Error, HttpError, NetworkError, plain_bytes, require_type, wrong_type
from .operation_request import HttpRequest
from .timeouts import Timeouts


class Fetched(NamedTuple):
    """The response that a transport returns. A plain tuple is accepted as well."""

    status: int
    headers: HeaderSequence  # (name, value) pairs
    body: Iterable[bytes]  # pieces of any size; if it has a method `close`, that is called


Transport = Callable[[HttpRequest, Timeouts], Tuple[int, HeaderSequence, Iterable[bytes]]]


class FetchedExchange:
    """A response with its status and headers, and the methods that read its body."""

    def __init__(self, status: int, headers: object, body: Iterable[bytes]) -> None:
        require_type(status, int, "the transport's status")
        self.status = status
        self.headers: Tuple[Tuple[str, str], ...] = checked_headers(headers)
        try:
            self._pieces: Iterator[bytes] = iter(body)
        except TypeError:
            raise wrong_type(body, "an iterable of bytes", "the transport's body") from None
        self._body = body
        self._closed = False

    def read1(self) -> bytes:
        """Return the next bytes of the body, or b"" at its end."""
        piece = b""
        while not piece:
            if self._closed:
                raise NetworkError("the response has been closed", kind="closed")
            try:
                found = next(self._pieces, None)
            except Error:
                raise
            except Exception as error:
                raise HttpError(
                    f"the transport failed inside the body: {error}",
                    kind="truncated",
                    expected="the rest of the body",
                    actual=type(error).__name__,
                    rule="HTTP-023",
                ) from error
            if found is None:
                return b""
            piece = plain_bytes(found)
        return piece

    def wait_for(self, name: str, seconds: Optional[float], since: float) -> None:
        """Do nothing: a transport limits its own waits."""

    def close(self) -> None:
        """Close the body, if it can be closed. Any thread may call this any number of times."""
        if not self._closed:
            self._closed = True
            getattr(self._body, "close", bool)()


def fetch_exchange(
    transport: Transport, request: HttpRequest, timeouts: Timeouts
) -> FetchedExchange:
    """Send a request with a transport. Return the exchange when the head has arrived.

    Raises NetworkError if the transport fails, and UsageError for a result of the wrong type.
    """
    try:
        result: Any = transport(request, timeouts)
    except Error:
        raise
    except Exception as error:
        raise NetworkError(
            f"the transport failed: {error}",
            actual=type(error).__name__,
            retryable=isinstance(error, OSError),
        ) from error
    if not isinstance(result, (tuple, list)) or len(result) != 3:
        raise wrong_type(result, "(status, headers, body)", "the transport's result")
    return FetchedExchange(*result)
