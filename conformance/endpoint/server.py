# SPDX-License-Identifier: MIT
"""A SageMaker Runtime endpoint on loopback: verifies every signature, streams, and fails on demand.

    with Endpoint() as endpoint:
        ... call endpoint.url, in any region, with AWS's published example keys ...
        print(endpoint.calls)

request.py reads a request, checks.py decides whether the service accepts it. The endpoint name in
its path selects a Scenario, and play.py's writes go to the client unchanged. `calls` describes
every exchange; its counts are updated before each write, so a client that has received bytes finds
them counted.

A subclass may override answer() or respond(). If they or the steps of a response raise an
exception, the endpoint logs it and adds it to the call. The client gets a 501 or, inside a
response, a reset.

The endpoint rejects malformed HTTP (400), a body over 25 MiB (413), another path or method (404,
405), a missing or wrong signature (403), members that violate the model's constraints (400) and an
endpoint name without a scenario (400). It also serves InvokeEndpoint with the same scenarios, and
rejects InvokeEndpointAsync (siblings.py).
"""

import struct
import sys
import time
import traceback
import uuid
from collections import deque
from contextlib import contextmanager
from email.utils import formatdate
from ssl import SSLContext
from typing import (
    Callable,
    Deque,
    Dict,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

from conformance.endpoint.checks import (
    ASYNC,
    VALID,
    WHOLE,
    Accepted,
    Policy,
    Refusal,
    check_request,
    endpoint_name_of,
    not_asynchronous,
    not_found,
)
from conformance.endpoint.container import Container
from conformance.endpoint.loopback import Conversation, Log, Loopback
from conformance.endpoint.pacing import Pacing
from conformance.endpoint.play import script
from conformance.endpoint.request import BadRequest, Pairs, Request, RequestReader, says_close
from conformance.endpoint.scenarios import early_scenarios, find, scenario_named, similar_names
from conformance.endpoint.scenarios.build import failure
from conformance.endpoint.scenarios.model import Response, Scenario
from conformance.endpoint.seen import seen_lines
from conformance.endpoint.siblings import whole_response
from refimpl.errors import shown
from refimpl.sigv4 import amz_date_of

# Seconds before a response, as on a nearby network. A faster response tests how the threads of a
# client are scheduled: smithy-go 1.28.9 then sometimes closes the connection (DIV-212).
NEARBY = 0.01
_KEPT_CALLS = 2000
_KEPT_BYTES = 64 * 1024 * 1024  # of the bodies of kept calls
_SHORTEST_FRAME = 16  # bytes
_BEFORE_RESET = 0.1  # seconds between an early response and the reset


class Call(NamedTuple):
    """One exchange as the endpoint saw it.

    method, target: empty if the head could not be read
    verified:       whether the signature is valid
    reason:         why the request was refused, or ""
    scenario:       the scenario that was played, or None
    frames_sent:    complete event-stream frames; 0 for a raw response
    bytes_sent:     all bytes written, including head and framing
    error:          the exception that a response function or the steps of a response have raised
    operation, endpoint_name: of an accepted request, or ""
    canonical_requests: the service's and the client's, if the service could find out why a
                    signature does not match
    signature:      "valid", "unchecked" if the endpoint does not know the keys, or "refused"
    authority:      the endpoint's address, HOST:PORT

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
    operation: str = ""
    endpoint_name: str = ""
    signature: str = "refused"
    canonical_requests: Optional[Tuple[str, str]] = None
    authority: str = ""

    def __repr__(self) -> str:
        path = self.target.partition("?")[0]
        outcome = f"refused: {self.reason}"
        if self.error is not None:
            outcome = self.reason
        elif self.scenario and not self.reason:
            outcome = f"scenario {self.scenario}"
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
        self,
        request: Optional[Request],
        verified: bool,
        reason: str,
        scenario: Optional[str],
        accepted: Optional[Accepted] = None,
    ) -> None:
        self.request, self.accepted = request, accepted
        self.verified, self.reason, self.scenario = verified, reason, scenario
        self.error: Optional[Exception] = None
        self.canonical_requests: Optional[Tuple[str, str]] = None
        self.counter = FrameCounter()
        self.bytes_sent = 0

    def fail(self, error: Exception) -> None:
        """Note that the response could not be made."""
        self.error = error
        self.reason = f"the response failed: {shown(f'{type(error).__name__}: {error}', 300)}"

    @property
    def body_size(self) -> int:
        return len(self.request.body) if self.request else 0

    def call(self, authority: str = "") -> Call:
        method, target, _, headers, body = self.request or Request("", "", "", [], b"")
        signature = VALID if self.verified else "refused"
        operation, name, signature = self.accepted or Accepted("", "", signature)
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
            operation,
            name,
            signature,
            self.canonical_requests,
            authority,
        )


class EarlyResponse(Exception):
    """The head of a request is enough to respond to it."""

    def __init__(self, response: Response, record: _Record) -> None:
        super().__init__(record.reason)
        self.response, self.record = response, record


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
            request = reader.read(endpoint.before_body)
        except BadRequest as error:
            self._play(error.response(), endpoint.record(None, False, error.message, None), ())
            self.linger()
            return False
        except EarlyResponse as early:
            self._play(early.response, early.record, (("Connection", "close"),))
            # A client that looks for a response while it sends can find it before the reset.
            endpoint.pause(_BEFORE_RESET, exact=True)
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
        is_old = endpoint.http10 or request.version == "HTTP/1.0"
        is_last = is_old or says_close(request.headers)
        # SRV-055
        if is_old and response.framing == "chunked":
            response = response._replace(framing="close")
        if endpoint.http10:
            response = response._replace(interim=())
        is_truncated = response.cut is not None
        if request.method == "HEAD":
            response = response._replace(cut=0)
        ends_cleanly = response.ending == "clean"
        # The steps may end the response in another way.
        is_last = is_last or is_truncated
        extra: Tuple[Tuple[str, str], ...] = ()
        if is_last or (response.framing == "close" and ends_cleanly):
            extra = (("Connection", "close"),)
        if not self._play(response, record, extra) or is_last:
            return False
        # SRV-054, SRV-056
        return ends_cleanly and response.framing in ("chunked", "length")

    def _play(
        self, response: Response, record: _Record, extra: Tuple[Tuple[str, str], ...]
    ) -> bool:
        """Write a response and end it. Return whether it has ended as announced.

        extra: headers next to the endpoint's own
        """
        endpoint: Endpoint = self.server.owner
        # A failed response function may have used the clock, which the own headers need.
        headers = extra if record.error else endpoint.own_headers() + extra
        version = "HTTP/1.0" if endpoint.http10 else "HTTP/1.1"
        pieces = script(response, headers, self.server.server_address[1], version)
        ending = response.ending
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
                if piece.end:
                    ending = piece.end
                if piece.pause:
                    endpoint.pause(piece.pause, piece.exact)
                if piece.turn is not None:
                    endpoint.wait_for_client(record.scenario, piece.turn)
                if piece.data:
                    record.bytes_sent += len(piece.data)
                    record.counter.feed(piece.body)
                    # SRV-063
                    self.request.sendall(piece.data)
            if ending == "stall":
                self.stall()
            elif ending == "reset":
                self.reset()
            return ending == response.ending
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
    fallback:  the scenario for all other names, or None to refuse them
    container: responds to all names without a scenario, see container.py
    region:    the only accepted region, or None for any
    session_token: the only accepted session token, or None for any
    expired_tokens: session tokens that have expired, which the service says in its refusal
    any_keys:  also accept keys that the endpoint does not know. It checks the form, time and scope
               of their signatures, but not the signatures themselves.
    early_refusals: refuse a request before its body has arrived where the head is reason enough,
               and close the connection
    http10:    respond as if an HTTP/1.0 proxy were in front: no chunks, no second request
    log_bodies: also log headers and body of each request, without secrets
    clock:     seconds since 1970 UTC, as time.time
    port:      0 for one that the system chooses
    pace:      seconds for every pause instead of the scenarios' own; 0 for no pauses
    log:       called with one line per exchange and per dropped connection, from any thread
    idle_timeout: seconds that a client may take to send or to read
    latency:   seconds between a request and its response, at any pace
    tls:       the context of a server with https (tls.py makes one), or None for http
    host:      the address to listen on
    Raises OSError if the port is not available, and UsageError for an unknown fallback.
    """

    complains = True  # report an exception on stderr if there is no log

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
        *,
        host: str = "127.0.0.1",
        fallback: Optional[str] = None,
        container: Optional[Container] = None,
        session_token: Optional[str] = None,
        expired_tokens: Sequence[str] = (),
        any_keys: bool = False,
        early_refusals: bool = False,
        http10: bool = False,
        log_bodies: bool = False,
    ) -> None:
        self.latency, self.http10 = latency, http10
        self._policy = Policy(region, session_token, any_keys, tuple(expired_tokens))
        self._early_refusals, self._log_bodies = early_refusals, log_bodies
        self._scenarios: Mapping[str, Scenario] = {} if scenarios is None else scenarios
        self._clock, self._container = clock, container
        self._fallback = None
        if fallback is not None:
            self._fallback = self._scenarios.get(fallback) or scenario_named(fallback)
        self._pacings: Dict[str, Pacing] = {}
        self._records: Deque[_Record] = deque()
        self._kept_bytes = 0
        super().__init__(_Handler, port, pace, log, idle_timeout, tls, host)

    @contextmanager
    def paced(self, scenario: str, pacing: Pacing) -> Iterator[None]:
        """Wait for the client's progress in a scenario, for one call at a time."""
        self._pacings[scenario] = pacing
        try:
            yield
        finally:
            del self._pacings[scenario]
            pacing.end()

    def wait_for_client(self, scenario: Optional[str], sent: int) -> None:
        """Wait until the client has handed over this many events, if its progress is known."""
        pacing = self._pacings.get(scenario or "")
        if pacing is not None:
            pacing.wait(sent)

    @property
    def calls(self) -> List[Call]:
        """The exchanges so far, in order: the last 2,000, or fewer if their bodies are large."""
        with self._lock:
            records = list(self._records)
        authority = self.url.partition("://")[2]
        return [record.call(authority) for record in records]

    def respond(self, request: Request) -> Tuple[Response, _Record]:
        """Return the response to a request, and the record of the exchange."""
        if self._log_bodies:
            for line in seen_lines(request):
                self.log(line)
        try:
            accepted = check_request(request, amz_date_of(self._clock()), self._policy)
        except Refusal as refusal:
            record = self.record(request, refusal.verified, refusal.reason, None)
            record.canonical_requests = refusal.canonical_requests
            return refusal.response(), record
        verified = accepted.signature == VALID
        record = self.record(request, verified, "", None, accepted)
        try:
            return self._answer_of(request, accepted, record), record
        except Refusal as refusal:
            record.reason = refusal.reason
            return refusal.response(), record
        # A subclass may raise anything.
        except Exception as error:
            return self.failed(record, error), record

    def _answer_of(self, request: Request, accepted: Accepted, record: "_Record") -> Response:
        if accepted.operation == ASYNC:
            raise not_asynchronous(accepted.name)
        # SRV-002
        response, record.scenario = self.answer(request, accepted)
        if accepted.operation == WHOLE:
            return whole_response(response)
        return response

    def answer(self, request: Request, accepted: Accepted) -> Tuple[Response, str]:
        """Return the response to an accepted request, and the name of its scenario.

        Raises Refusal.
        """
        name = accepted.name
        scenario = self._scenarios.get(name) or find(name) or self._fallback
        if scenario is None and self._container is not None:
            return self._container.response(request, accepted), "container"
        if scenario is None:
            raise not_found(name, similar_names(name, self._scenarios))
        return scenario.response, scenario.name

    def plays(self, name: str) -> bool:
        """Return whether a request for an endpoint name is answered."""
        others = self._fallback or self._container
        return name in self._scenarios or find(name) is not None or others is not None

    def close(self) -> None:
        """End all connections and wait until no thread is left."""
        if self._container is not None:
            self._container.close()
        super().close()

    def before_body(self, head: Request) -> None:
        """Raise EarlyResponse if the scenario responds early.

        With early_refusals, raise it also if the head is reason enough to refuse the request.
        """
        name = endpoint_name_of(head.target)
        scenario = self._scenarios.get(name) or early_scenarios().get(name)
        is_early = scenario is not None and scenario.response.early
        if not (is_early or self._early_refusals):
            return
        try:
            check_request(head, amz_date_of(self._clock()), self._policy)
        except Refusal as refusal:
            if not refusal.of_body:
                if self._early_refusals:
                    record = self.record(head, refusal.verified, refusal.reason, None)
                    raise EarlyResponse(refusal.response(), record) from None
                return  # the refusal follows the body
        if scenario is not None and is_early:
            record = self.record(head, True, "", scenario.name)
            raise EarlyResponse(scenario.response, record)

    def failed(self, record: _Record, error: Exception) -> Response:
        """Record and log an exception of a response function. Return the response to the client.

        SDKs try a 500 again, but not a 501.
        """
        record.fail(error)
        if self._log is None and self.complains:
            sys.stderr.write(f"endpoint: {shown(f'{type(error).__name__}: {error}', 300)}\n")
        lines = traceback.format_exception(type(error), error, error.__traceback__)
        for line in "".join(lines).splitlines():
            self.log(line)
        return failure("501 Not Implemented", "ResponseFunctionError", message=record.reason)

    def record(
        self,
        request: Optional[Request],
        verified: bool,
        reason: str,
        scenario: Optional[str],
        accepted: Optional[Accepted] = None,
    ) -> _Record:
        """Return the record of a new exchange, and drop the oldest ones if there are too many."""
        record = _Record(request, verified, reason, scenario, accepted)
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
        # SRV-043, SRV-044
        headers = (
            ("x-amzn-RequestId", str(uuid.uuid4())),
            ("Date", formatdate(self._clock(), usegmt=True)),
        )
        return headers + (("Via", "1.0 proxy"),) if self.http10 else headers
