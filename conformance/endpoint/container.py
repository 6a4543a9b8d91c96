# SPDX-License-Identifier: MIT
"""The platform's side of a model container: SageMaker's front door on one machine.

A container behind SageMaker serves `POST /invocations` and `GET /ping`. Container.response() sends
a call there and returns the service's response: the container's bytes as payload parts as they
arrive, its errors as ModelError, its failure inside the stream as ModelStreamError.

The rules are those of the Developer Guide ("Use Your Own Inference Code with Hosting Services"). An
endpoint exists only after the container has answered GET /ping with 200. The container gets
Content-Type, Accept and the `X-Amzn-SageMaker-*` headers that concern it, and nothing else of the
call. Of its headers, only Content-Type and X-Amzn-SageMaker-Custom-Attributes reach the caller, and
for InvokeEndpoint those of sessions.
"""

import http.client
import re
import socket
import threading
import time
from contextlib import suppress
from typing import Callable, Dict, Iterator, NamedTuple, Optional, Set
from urllib.parse import urlsplit

from conformance.endpoint.checks import WHOLE, Accepted, Refusal, members_of, not_found
from conformance.endpoint.request import Request
from conformance.endpoint.scenarios.build import exception, part
from conformance.endpoint.scenarios.model import (
    CUSTOM_ATTRIBUTES,
    Headers,
    Response,
    Step,
    stream_headers,
)
from conformance.endpoint.siblings import model_failure
from refimpl.errors import UsageError, shown
from refimpl.sigv4 import collect_headers

_PING_TIMEOUT = 2.0  # seconds, the platform's
_PIECE = 65536  # bytes
_MAX_ERROR = 65536  # bytes of the body of an error
_FORWARDED = {
    "ContentType": "Content-Type",
    "Accept": "Accept",
    "CustomAttributes": CUSTOM_ATTRIBUTES,
    "InferenceId": "X-Amzn-SageMaker-Inference-Id",
    "SessionId": "X-Amzn-SageMaker-Session-Id",
    "TargetModel": "X-Amzn-SageMaker-Target-Model",
}
# Of a response to InvokeEndpoint.
_SESSION_HEADERS = ("X-Amzn-SageMaker-New-Session-Id", "X-Amzn-SageMaker-Closed-Session-Id")
_VALID_ATTRIBUTES = re.compile(r"[ -~]{0,1024}\Z")
_TIMED_OUT = (
    "Your invocation timed out while waiting for a response from container primary. Review the "
    "latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again."
)


class Limits(NamedTuple):
    """The limits of the platform.

    body:    bytes of a request
    silence: seconds without a byte from the container
    whole:   seconds for the response to InvokeEndpoint, or None for no limit
    stream:  seconds for a stream, or None for no limit
    """

    body: int = 25 * 1024 * 1024
    silence: float = 480.0
    whole: Optional[float] = None
    stream: Optional[float] = None


# As the service model and the Developer Guide state them.
PLATFORM_LIMITS = Limits(6291456, 480.0, 60.0, 480.0)


_DEFAULT_LIMITS = Limits()


class Container:
    """A container at a URL.

    url:    http://HOST:PORT, with a base path if the container has one
    limits: see Limits
    Raises UsageError for another URL.
    """

    def __init__(
        self,
        url: str,
        limits: Limits = _DEFAULT_LIMITS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        try:
            parts = urlsplit(url)
            self._host, self._port = parts.hostname or "", parts.port or 80
        except ValueError:
            parts, self._host = urlsplit(""), ""
        if parts.scheme != "http" or not self._host or parts.query or parts.fragment:
            raise UsageError(
                "not the URL of a container", expected="http://HOST:PORT", actual=shown(url)
            )
        self._path, self._limits, self._monotonic = parts.path.rstrip("/"), limits, monotonic
        self._lock = threading.Lock()
        self._open: Set[_Link] = set()
        self._is_healthy = False

    def close(self) -> None:
        """End the calls that are in progress."""
        with self._lock:
            links = list(self._open)
        for link in links:
            link.end()

    def ping(self) -> Optional[str]:
        """Return why the container is not healthy, or None if it is. GET /ping must return 200."""
        link = self._link(_PING_TIMEOUT, None)
        try:
            status = link.ask("GET", f"{self._path}/ping", None, {}).status
        except (OSError, http.client.HTTPException, ValueError) as error:
            return f"the container does not answer GET /ping: {_reason(error)}"
        finally:
            self._forget(link)
        return None if status == 200 else f"the container answers GET /ping with {status}"

    def response(self, request: Request, accepted: Accepted) -> Response:
        """Return the service's response to a call. Raises Refusal."""
        if not self._is_healthy:
            reason = self.ping()
            if reason is not None:
                refusal = not_found(accepted.name, (), accepted.signature == "valid")
                refusal.reason += f" ({reason})"
                raise refusal
            self._is_healthy = True
        if len(request.body) > self._limits.body:
            message = f"Request size exceeded {self._limits.body} bytes"
            raise Refusal("413 Payload Too Large", "ValidationError", message, verified=True)
        headers = self._headers_of(request, accepted)
        seconds = self._limits.whole if accepted.operation == WHOLE else self._limits.stream
        link = self._link(self._limits.silence, seconds)
        is_handed_over = False
        try:
            answered = link.ask("POST", f"{self._path}/invocations", request.body, headers)
            if not 200 <= answered.status < 300:
                return model_failure(answered.status, _text_of(answered))
            is_handed_over = True
            parts = _Parts(answered, link, lambda: self._forget(link))
            return Response(parts, headers=_headers_from(answered, accepted.operation))
        except socket.timeout:
            return model_failure(0, _TIMED_OUT)
        # http.client raises ValueError for some malformed responses.
        except (OSError, http.client.HTTPException, ValueError) as error:
            return model_failure(0, f"no response of the container: {_reason(error)}")
        finally:
            if not is_handed_over:
                self._forget(link)

    def _headers_of(self, request: Request, accepted: Accepted) -> Dict[str, str]:
        members = members_of(accepted.operation, accepted.name, collect_headers(request.headers))
        headers = {"Accept-Encoding": "identity", "Connection": "close"}
        for member, name in _FORWARDED.items():
            if member in members:
                headers[name] = members[member]
        return headers

    def _link(self, silence: float, seconds: Optional[float]) -> "_Link":
        link = _Link(self._host, self._port, silence, seconds, self._monotonic)
        with self._lock:
            self._open.add(link)
        return link

    def _forget(self, link: "_Link") -> None:
        with self._lock:
            self._open.discard(link)
        link.close()


class _Link:
    """A connection to the container, with its time limits.

    silence: seconds without a byte;  seconds: for everything, or None
    """

    def __init__(
        self,
        host: str,
        port: int,
        silence: float,
        seconds: Optional[float],
        monotonic: Callable[[], float],
    ) -> None:
        self._silence, self._monotonic = silence, monotonic
        self._deadline = None if seconds is None else monotonic() + seconds
        self._connection = http.client.HTTPConnection(host, port, timeout=self._patience())
        self._socket: Optional[socket.socket] = None

    def ask(
        self, method: str, target: str, body: Optional[bytes], headers: Dict[str, str]
    ) -> http.client.HTTPResponse:
        """Send a request, and return the response as soon as its head is complete."""
        self._connection.connect()
        # The connection forgets its socket if the response ends with it.
        self._socket = self._connection.sock
        self._connection.request(method, target, body, headers)
        self.wait()
        return self._connection.getresponse()

    def wait(self) -> None:
        """Limit the next wait. Raises socket.timeout if no time is left."""
        patience = self._patience()
        if patience <= 0:
            raise socket.timeout("timed out")
        if self._socket is not None:
            self._socket.settimeout(patience)

    def _patience(self) -> float:
        if self._deadline is None:
            return self._silence
        return min(self._silence, self._deadline - self._monotonic())

    def end(self) -> None:
        """End a wait in another thread."""
        # It may have ended already.
        with suppress(OSError):
            if self._socket is not None:
                self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
        if self._socket is not None:
            self._socket.close()


class _Parts:
    """The steps of a response: a part for each piece that the container sends."""

    def __init__(
        self, answered: http.client.HTTPResponse, link: _Link, forget: Callable[[], None]
    ) -> None:
        self._answered, self._link, self._forget = answered, link, forget

    def __iter__(self) -> Iterator[Step]:
        """Yield the parts, and an exception if the container fails."""
        try:
            yield from self._parts()
        except socket.timeout:
            yield _failed("ModelInvocationTimeExceeded", "the response took too long")
        except (OSError, http.client.HTTPException, ValueError) as error:
            yield _failed("StreamBroken", f"the container's response broke: {_reason(error)}")
        finally:
            self._answered.close()
            self._forget()

    def _parts(self) -> Iterator[Step]:
        while True:
            self._link.wait()
            data = self._answered.read1(_PIECE)
            if data:
                # SRV-060, SRV-061, SRV-062
                yield part(data)
            elif self._answered.length:
                # http.client reports no error for a body that is shorter than Content-Length.
                raise http.client.IncompleteRead(b"", self._answered.length)
            else:
                return


def _failed(code: str, message: str) -> bytes:
    # SRV-064, SRV-065
    return exception("ModelStreamError", Message=message, ErrorCode=code)


def _headers_from(answered: http.client.HTTPResponse, operation: str) -> Headers:
    """Return the headers of the service's response."""
    content_type = answered.getheader("Content-Type") or "application/octet-stream"
    attributes = answered.getheader(CUSTOM_ATTRIBUTES)
    # SRV-050, SRV-051, SRV-052, SRV-053
    headers = list(stream_headers(_one_line(content_type)))
    if attributes is not None and _VALID_ATTRIBUTES.match(attributes):
        headers.append((CUSTOM_ATTRIBUTES, attributes))
    for name in _SESSION_HEADERS if operation == WHOLE else ():
        session = answered.getheader(name)
        if session is not None:
            headers.append((name, _one_line(session)))
    return headers


def _one_line(value: str) -> str:
    """Return a header's value without folds and without characters outside ASCII."""
    return re.sub(r"[^ -~]+", " ", value)[:1024]


def _text_of(answered: http.client.HTTPResponse) -> str:
    """Return the beginning of the body of an error."""
    try:
        data = answered.read(_MAX_ERROR)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return f"the container's response broke: {_reason(error)}"
    return data.decode("utf-8", "replace")


def _reason(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return shown(text, 200)
