# SPDX-License-Identifier: MIT
"""A SageMaker Runtime endpoint on loopback: verifies every signature, streams, and fails on demand.

    with Endpoint() as endpoint:
        ... call endpoint.url, in any region, with AWS's published example keys ...
        print(endpoint.calls)

request.py reads a request, checks.py decides whether the service accepts it. The endpoint name in
its path selects a Scenario, and play.py's writes go to the client unchanged. `calls` describes
every exchange; its counts are updated before each write, so a client that has received bytes finds
them counted.

A subclass may override respond(). If it or the steps of a response raise an exception, the endpoint
logs it and adds it to the call. The client gets a 501 or, inside a response, a reset.

The endpoint rejects malformed HTTP (400), a body over 25 MiB (413), another path or method (404,
405), a missing or wrong signature (403) and members that violate the model's constraints (400). It
binds only 127.0.0.1.
"""

import struct
import sys
import time
import traceback
import uuid
from collections import deque
from email.utils import formatdate
from ssl import SSLContext
from typing import Callable, Deque, List, Mapping, NamedTuple, Optional, Tuple

from conformance.endpoint.checks import Refusal, check_request
from conformance.endpoint.loopback import Conversation, Log, Loopback
from conformance.endpoint.play import script
from conformance.endpoint.request import BadRequest, Pairs, Request, RequestReader, says_close
from conformance.endpoint.scenarios import find
from conformance.endpoint.scenarios.build import failure
from conformance.endpoint.scenarios.model import Response, Scenario
from refimpl.errors import shown
from refimpl.sigv4 import amz_date_of

_KEPT_CALLS = 2000
_KEPT_BYTES = 64 * 1024 * 1024  # of the bodies of kept calls
_SHORTEST_FRAME = 16  # bytes


class Call(NamedTuple):
    """One exchange as the endpoint saw it.

    method, target: empty if the head could not be read
    verified:       whether the signature is valid
    reason:         why the request was refused, or ""
    scenario:       the scenario that was played, or None
    frames_sent:    complete event-stream frames; 0 for a raw response
    bytes_sent:     all bytes written, including head and framing
    error:          the exception that a response function or the steps of a response have raised

    Its repr is one line and safe to log: it has no query, headers or body, which may contain a
    token or sensitive data.
    """

    method: str
    target: str
    headers: Pairs
    body: bytes
    verified: bool
    reason: str
    scenario: Optional[str]
    frames_sent: int
    bytes_sent: int
    error: Optional[Exception] = None

    def __repr__(self) -> str:
        path = self.target.partition("?")[0]
        outcome = f"scenario {self.scenario}" if self.scenario else f"refused: {self.reason}"
        if self.error is not None:
            outcome = self.reason
        sent = f"{self.frames_sent} frames, {self.bytes_sent} bytes"
        return shown(f"{self.method or '-'} {path or '-'} {outcome}; {sent}", 500)


class FrameCounter:
    """Counts the complete frames of a stream by their lengths, however the stream is split.

    It stops at a length that no frame can have.
    """

    def __init__(self) -> None:
        self.frames = 0
        self._left = 0  # bytes of the current frame that are missing, once its length is known
        self._length = b""  # the bytes of that length that have arrived
        self._lost = False

    def feed(self, data: bytes) -> None:
        """Count the frames that these bytes complete."""
        position = 0
        while position < len(data) and not self._lost:
            if self._left:
                step = min(self._left, len(data) - position)
                self._left -= step
                self.frames += not self._left
            else:
                step = 4 - len(self._length)
                self._length += data[position : position + step]
                if len(self._length) == 4:
                    self._left = struct.unpack(">I", self._length)[0] - 4
                    self._length = b""
                    self._lost = self._left < _SHORTEST_FRAME - 4
            position += step


class _Record:
    """An exchange that is in progress."""

    def __init__(
        self, request: Optional[Request], verified: bool, reason: str, scenario: Optional[str]
    ) -> None:
        self.request = request
        self.verified, self.reason, self.scenario = verified, reason, scenario
        self.error: Optional[Exception] = None
        self.counter = FrameCounter()
        self.bytes_sent = 0

    def fail(self, error: Exception) -> None:
        """Note that the response could not be made."""
        self.error = error
        self.reason = f"the response failed: {shown(f'{type(error).__name__}: {error}', 300)}"

    @property
    def body_size(self) -> int:
        return len(self.request.body) if self.request else 0

    def call(self) -> Call:
        method, target, _, headers, body = self.request or Request("", "", "", [], b"")
        return Call(
            method,
            target,
            headers,
            body,
            self.verified,
            self.reason,
            self.scenario,
            self.counter.frames,
            self.bytes_sent,
            self.error,
        )


class _Handler(Conversation):
    """Reads requests and plays the response to each."""

    def converse(self) -> None:
        reader = RequestReader(self.request, self.server.owner.budget)
        try:
            while self._exchange(reader):
                pass
        finally:
            reader.release()

    def _exchange(self, reader: RequestReader) -> bool:
        """Read one request and respond. Return whether the connection stays open."""
        endpoint: Endpoint = self.server.owner
        try:
            request = reader.read()
        except BadRequest as error:
            self._play(error.response(), endpoint.record(None, False, error.message, None), ())
            self.linger()
            return False
        if request is None:
            return False
        try:
            response, record = endpoint.respond(request)
        # A subclass may raise anything.
        except Exception as error:
            record = endpoint.record(request, False, "", None)
            response = endpoint.failed(record, error)
        if endpoint.latency:
            endpoint.pause(endpoint.latency, exact=True)
        is_old = request.version == "HTTP/1.0"
        is_last = is_old or says_close(request.headers)
        if is_old and response.framing == "chunked":
            response = response._replace(framing="close")
        is_truncated = response.cut is not None
        if request.method == "HEAD":
            response = response._replace(cut=0)
        ends_cleanly = response.ending == "clean"
        extra: Tuple[Tuple[str, str], ...] = ()
        if is_last or (response.framing == "close" and ends_cleanly):
            extra = (("Connection", "close"),)
        if not self._play(response, record, extra) or is_last or is_truncated:
            return False
        return ends_cleanly and response.framing in ("chunked", "length")

    def _play(
        self, response: Response, record: _Record, extra: Tuple[Tuple[str, str], ...]
    ) -> bool:
        """Write a response and end it. Return False if its steps have raised an exception.

        extra: headers next to the endpoint's own
        """
        endpoint: Endpoint = self.server.owner
        # A failed response function may have used the clock, which the own headers need.
        headers = extra if record.error else endpoint.own_headers() + extra
        pieces = script(response, headers, self.server.server_address[1])
        try:
            while True:
                try:
                    piece = next(pieces, None)
                # The steps of a response may raise anything.
                except Exception as error:
                    self._end_failed(endpoint.failed(record, error), record)
                    return False
                if piece is None:
                    break
                if piece.pause:
                    endpoint.pause(piece.pause)
                if piece.data:
                    record.bytes_sent += len(piece.data)
                    record.counter.feed(piece.body)
                    self.request.sendall(piece.data)
            if response.ending == "stall":
                self.stall()
            elif response.ending == "reset":
                self.reset()
            return True
        finally:
            endpoint.log(repr(record.call()))

    def _end_failed(self, response: Response, record: _Record) -> None:
        """End an exchange whose response has failed, so that its client notices."""
        if record.bytes_sent:
            self.reset()
        else:
            self.respond_and_close(response)


class Endpoint(Loopback):
    """A SageMaker Runtime endpoint that runs until close(); also a context manager.

    scenarios: by endpoint name, in addition to the catalogue's or instead of them
    region:    the only accepted region, or None for any
    clock:     seconds since 1970 UTC, as time.time
    port:      0 for one that the system chooses
    pace:      seconds for every pause instead of the scenarios' own; 0 for no pauses
    log:       called with one line per exchange and per dropped connection, from any thread
    idle_timeout: seconds that a client may take to send or to read
    latency:   seconds between a request and its response, at any pace
    tls:       the context of a server with https (tls.py makes one), or None for http
    Raises OSError if the port is not available.
    """

    def __init__(
        self,
        scenarios: Optional[Mapping[str, Scenario]] = None,
        region: Optional[str] = None,
        clock: Callable[[], float] = time.time,
        port: int = 0,
        pace: Optional[float] = None,
        log: Optional[Log] = None,
        idle_timeout: float = 60.0,
        latency: float = 0.0,
        tls: Optional[SSLContext] = None,
    ) -> None:
        self.latency = latency
        self._scenarios: Mapping[str, Scenario] = {} if scenarios is None else scenarios
        self._region, self._clock = region, clock
        self._records: Deque[_Record] = deque()
        self._kept_bytes = 0
        super().__init__(_Handler, port, pace, log, idle_timeout, tls)

    @property
    def calls(self) -> List[Call]:
        """The exchanges so far, in order: the last 2,000, or fewer if their bodies are large."""
        with self._lock:
            records = list(self._records)
        return [record.call() for record in records]

    def respond(self, request: Request) -> Tuple[Response, _Record]:
        """Return the response to a request, and the record of the exchange."""
        try:
            name = check_request(request, amz_date_of(self._clock()), self._region)
        except Refusal as refusal:
            record = self.record(request, refusal.verified, refusal.reason, None)
            return refusal.response(), record
        scenario = self._scenarios.get(name) or find(name)
        return scenario.response, self.record(request, True, "", scenario.name)

    def failed(self, record: _Record, error: Exception) -> Response:
        """Record and log an exception of a response function. Return the response to the client.

        SDKs try a 500 again, but not a 501.
        """
        record.fail(error)
        if self._log is None:
            sys.stderr.write(f"endpoint: {shown(f'{type(error).__name__}: {error}', 300)}\n")
        lines = traceback.format_exception(type(error), error, error.__traceback__)
        for line in "".join(lines).splitlines():
            self.log(line)
        return failure("501 Not Implemented", "ResponseFunctionError", message=record.reason)

    def record(
        self, request: Optional[Request], verified: bool, reason: str, scenario: Optional[str]
    ) -> _Record:
        """Return the record of a new exchange, and drop the oldest ones if there are too many."""
        record = _Record(request, verified, reason, scenario)
        with self._lock:
            self._records.append(record)
            self._kept_bytes += record.body_size
            while self._keeps_too_much():
                self._kept_bytes -= self._records.popleft().body_size
        return record

    def _keeps_too_much(self) -> bool:
        if len(self._records) > _KEPT_CALLS:
            return True
        return self._kept_bytes > _KEPT_BYTES and len(self._records) > 1

    def own_headers(self) -> Tuple[Tuple[str, str], ...]:
        """Return the headers of every response."""
        return (
            ("x-amzn-RequestId", str(uuid.uuid4())),
            ("Date", formatdate(self._clock(), usegmt=True)),
        )
