# SPDX-License-Identifier: MIT
"""A SageMaker Runtime endpoint on loopback: verifies every signature, streams, and fails on command.

    with Endpoint() as endpoint:
        ... call endpoint.url, as region anything, with AWS's published example keys ...
        print(endpoint.calls)

The plan: a thread for each connection reads requests as raw bytes, so that what is verified is what came; check_request
says what AWS would say of one; the endpoint's name in the path chooses a Scenario, and its script is written as it stands.
Counts in `calls` are kept up before each write, so that a client which has seen the bytes finds them counted.

What it refuses: HTTP that is not strict (a bare LF, no Host, two lengths: 400), a body over 25 MiB (413), a path or method
that is no operation (404, 405), a signature that is missing or wrong (403), members outside the model's constraints (400).
It binds 127.0.0.1 alone. What `refimpl.sigv4.verify` accepts here proves nothing about `refimpl`.
"""

import os
import re
import socket
import socketserver
import struct
import sys
import threading
import time
import uuid
from collections import deque
from contextlib import suppress
from email.utils import formatdate
from typing import (
    Any,
    Callable,
    Deque,
    Dict,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Tuple,
    Type,
    TypeVar,
)
from urllib.parse import unquote

from conformance.endpoint.scenarios import (
    CANONICAL_TEXT,
    Answer,
    Scenario,
    document,
    failure,
    find,
    script,
)
from refimpl.errors import Error, shown
from refimpl.fields import FieldType, broken_constraint
from refimpl.shapes import InvokeEndpointWithResponseStreamInput
from refimpl.sigv4 import (
    SCOPE_SUFFIX,
    Credentials,
    amz_date_of,
    collect_headers,
    decode_query,
    verify,
)

ACCESS_KEY = "AKIDEXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
SERVICE = "sagemaker"

MAX_HEAD = 65536  # bytes of a request's head, and of its trailers
MAX_BODY = 25 * 1024 * 1024  # bytes of a request's body
_MAX_DRAIN = 256 * 1024 * 1024  # bytes that are read and dropped behind a refused request
_LINGER = 5.0  # seconds, at most, for that
_KEPT_CALLS = 2000
_KEPT_BYTES = 64 * 1024 * 1024  # of the bodies of kept calls

Pairs = List[Tuple[str, str]]
_Served = TypeVar("_Served", bound="Loopback")


class Call(
    NamedTuple(
        "Call",
        [
            ("method", str),
            ("target", str),
            ("headers", Pairs),
            ("body", bytes),
            ("verified", bool),  # the signature was good
            ("reason", str),  # why the request was refused, or ""
            ("scenario", Optional[str]),  # the scenario played, or None
            ("frames_sent", int),  # whole event-stream frames; 0 for a raw answer
            ("bytes_sent", int),
        ],
    )
):  # bytes written, head and framing among them
    """One exchange, as the endpoint saw it; method and target are empty when the head could not be read.

    Its repr is fit for a log: one line, without query, headers and body, which may hold a token or be sensitive.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        outcome = f"scenario {self.scenario}" if self.scenario else "refused: " + self.reason
        return shown(
            f"{self.method or '-'} {self.target.partition('?')[0] or '-'} {outcome}; {int(self.frames_sent)} frames, {int(self.bytes_sent)} bytes",
            500,
        )


class Request(
    NamedTuple(
        "Request",
        [("method", str), ("target", str), ("version", str), ("headers", Pairs), ("body", bytes)],
    )
):
    """One request in its wire form; the characters of target and headers are octets, folds are kept."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Request({self.method} {self.target.partition('?')[0]})"


class Refusal(Exception):
    """A request that a service answers with an error. reason: the short form, for logs; verified: the signature was good."""

    def __init__(
        self, status: str, code: str, message: str, reason: str = "", verified: bool = False
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.verified = status, code, message, verified
        self.reason = f"{code}: {reason or message}"

    def answer(self) -> Answer:
        """Return what AWS would answer; the modelled error spells its member `Message`, the common ones `message`."""
        answer = failure(
            self.status,
            self.code,
            **{"Message" if self.code == "ValidationError" else "message": self.message},
        )
        allow = (("Allow", "POST"),) if self.status.startswith("405") else ()
        return answer._replace(headers=tuple(answer.headers) + allow)


class BadRequest(Exception):
    """Bytes that are no request that this endpoint reads. The connection ends with the answer."""

    def __init__(self, message: str, status: str = "400 Bad Request") -> None:
        super().__init__(message)
        self.message, self.status = message, status

    def answer(self) -> Answer:
        return document(
            self.status,
            self.message.encode("ascii", "replace"),
            None,
            "text/plain",
            (("Connection", "close"),),
        )


class Gone(Exception):
    """There is nobody to answer."""


# ---- reading a request -------------------------------------------------------------------------------------------

_REQUEST_LINE = re.compile(r"([!#$%&'*+\-.^_`|~0-9A-Za-z]+) (/[!-~]*) (HTTP/1\.[01])\Z")
_HEADER_LINE = re.compile(r"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):(.*)\Z", re.DOTALL)
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?\Z")


def parse_head(lines: List[bytes]) -> Tuple[str, str, str, Pairs]:
    """Return (method, target, version, headers) of a head's lines, given without their line ends. Raises BadRequest."""
    match = _REQUEST_LINE.match(lines[0].decode("latin-1"))
    if match is None:
        raise BadRequest("the request line is not METHOD /target HTTP/1.1")
    headers: Pairs = []
    for line in lines[1:]:
        text = line.decode("latin-1")
        if text[0] in " \t":
            if not headers:
                raise BadRequest("a header line begins with a blank, and there is none to continue")
            name, value = headers[-1]
            headers[-1] = (name, f"{value}\r\n{text}")  # the fold stays, for the signature's sake
            continue
        field = _HEADER_LINE.match(text)
        if field is None:
            raise BadRequest("a header line is not name: value")
        headers.append((field.group(1), field.group(2).strip(" \t")))
    if len(values_of(headers, "host")) != 1:
        raise BadRequest("there must be one Host header")
    method, target, version = match.groups()
    return method, target, version, headers


def values_of(headers: Pairs, name: str) -> List[str]:
    """Return the values of all headers of that lower-case name."""
    return [value for key, value in headers if key.lower() == name]


def body_length(headers: Pairs) -> Optional[int]:
    """Return the length of the body that a head announces, None when it comes in chunks. Raises BadRequest."""
    lengths, codings = (
        set(values_of(headers, "content-length")),
        values_of(headers, "transfer-encoding"),
    )
    if codings:
        if lengths or [coding.lower() for coding in codings] != ["chunked"]:
            raise BadRequest("Transfer-Encoding must be chunked, and without Content-Length")
        return None
    if len(lengths) > 1 or not all(re.match(r"[0-9]{1,15}\Z", length) for length in lengths):
        raise BadRequest("Content-Length is not one number")
    return int(lengths.pop()) if lengths else 0


class RequestReader:
    """Reads requests from a connection, one after the other; strict, in bounded memory."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection  # a socket, or what reads and writes one
        self._buffer = bytearray()

    def read(self) -> Optional[Request]:
        """Return the next request, or None when the peer has left in good order. Raises BadRequest, OSError."""
        lines = self._head()
        if lines is None:
            return None
        method, target, version, headers = parse_head(lines)
        length = body_length(headers)
        if length is not None and length > MAX_BODY:
            raise _too_large()
        if (
            length != 0
            and "100-continue" in ", ".join(values_of(headers, "expect")).lower()
            and not self._buffer
        ):
            self._connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        return Request(
            method,
            target,
            version,
            headers,
            self._chunks() if length is None else self._exactly(length),
        )

    @property
    def ahead(self) -> int:
        """How many bytes have come behind the request that was read last."""
        return len(self._buffer)

    def _head(self) -> Optional[List[bytes]]:
        while True:  # an empty line or two before a request are an old habit of clients
            if not self._buffer and not self._more():
                return None
            line = self._line(MAX_HEAD)
            if line:
                return [line] + self._lines(MAX_HEAD - len(line))

    def _lines(self, most: int) -> List[bytes]:
        """Return the lines up to an empty one."""
        lines: List[bytes] = []
        while True:
            line = self._line(most)
            if not line:
                return lines
            lines.append(line)
            most -= len(line) + 2

    def _line(self, most: int) -> bytes:
        """Return one line without its CRLF; what cannot be a line is refused before its end has come."""
        start = 0
        while True:
            end = self._buffer.find(b"\n", start)
            stop = len(self._buffer) if end < 0 else end
            if _CONTROL.search(self._buffer, start, stop):
                raise BadRequest(
                    "a control character; is this TLS?"
                    if self._buffer[:1] == b"\x16"
                    else "a control character in a line"
                )
            if stop > most:
                raise BadRequest("a line, or the head, is too long")
            if end >= 0:
                break
            start = stop
            self._need_more()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        if not line.endswith(b"\r") or b"\r" in line[:-1]:
            raise BadRequest("a line does not end in CRLF")
        return line[:-1]

    def _exactly(self, length: int) -> bytes:
        while len(self._buffer) < length:
            self._need_more()
        data = bytes(self._buffer[:length])
        del self._buffer[:length]
        return data

    def _chunks(self) -> bytes:
        body = bytearray()
        while True:
            match = _CHUNK_SIZE.match(self._line(4096))
            if match is None:
                raise BadRequest("a chunk has no size")
            size = int(match.group(1), 16)
            if len(body) + size > MAX_BODY:
                raise _too_large()
            if not size:
                self._lines(MAX_HEAD)
                return bytes(body)
            body += self._exactly(size)
            if self._exactly(2) != b"\r\n":
                raise BadRequest("a chunk does not end in CRLF")

    def _more(self) -> bool:
        data = self._connection.recv(65536)
        self._buffer += data
        return bool(data)

    def _need_more(self) -> None:
        if not self._more():
            raise Gone("the client left inside a request")


def _too_large() -> BadRequest:
    return BadRequest(f"Request size exceeded {int(MAX_BODY)} bytes", "413 Payload Too Large")


# ---- judging a request -------------------------------------------------------------------------------------------

_ROUTE = re.compile(r".*/endpoints/([^/]*)/invocations-response-stream\Z")
_FORBIDDEN = "403 Forbidden"


def check_request(request: Request, amz_date: str, region: Optional[str] = None) -> str:
    """Return the endpoint's name of a request that a service accepts.

    amz_date: the service's time;  region: the one it is in, or None for any
    Raises Refusal.
    """
    match = _ROUTE.match(request.target.partition("?")[0])
    if match is None or request.method != "POST":
        raise Refusal(
            "404 Not Found" if match is None else "405 Method Not Allowed",
            "UnknownOperationException",
            "Expected POST .../endpoints/{EndpointName}/invocations-response-stream",
        )
    headers = collect_headers(request.headers)
    check_signature(request, headers, amz_date, region)
    name = unquote(match.group(1))
    check_members(name, headers)
    return name


def check_signature(
    request: Request, headers: Dict[str, str], amz_date: str, region: Optional[str]
) -> None:
    """Raise Refusal, in AWS's words, unless the request is signed with the example keys; headers: the request's, collected."""
    query = {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in decode_query(request.target.partition("?")[2])
    }
    access_key, claimed_region, service = claimed_scope(headers, query)
    if access_key != ACCESS_KEY:
        raise Refusal(
            _FORBIDDEN,
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        )
    if service != SERVICE:
        raise _mismatch(f"Credential should be scoped to correct service: '{SERVICE}'.")
    if region is not None and claimed_region != region:
        raise _mismatch("Credential should be scoped to a valid region.")
    token = headers.get("x-amz-security-token") or query.get("X-Amz-Security-Token")
    try:
        verify(
            request.method,
            request.target,
            request.headers,
            request.body,
            Credentials(ACCESS_KEY, SECRET_KEY, token),
            claimed_region,
            SERVICE,
            amz_date,
        )
    except Error as error:
        canonical_request = getattr(error, "canonical_request", None)
        if canonical_request is not None:
            raise _mismatch(
                CANONICAL_TEXT % (canonical_request, getattr(error, "string_to_sign", "")),
                str(error),
            ) from None
        raise _mismatch(error.message if error.kind == "expired" else str(error)) from None


def _mismatch(message: Optional[str], reason: str = "") -> Refusal:
    return Refusal(_FORBIDDEN, "InvalidSignatureException", message or "", reason)


def _incomplete(message: str) -> Refusal:
    return Refusal(_FORBIDDEN, "IncompleteSignatureException", message)


def claimed_scope(headers: Dict[str, str], query: Dict[str, str]) -> Tuple[str, str, str]:
    """Return (access key, region, service) that a request claims, in its headers or its query."""
    authorization = headers.get("authorization")
    if authorization is not None:
        algorithm, _, rest = authorization.partition(" ")
        if algorithm != "AWS4-HMAC-SHA256":
            raise _incomplete("Authorization header must begin with AWS4-HMAC-SHA256.")
        parts = dict(piece.strip(" ").partition("=")[::2] for piece in rest.split(","))
        missing = [
            name for name in ("Credential", "Signature", "SignedHeaders") if not parts.get(name)
        ]
        if missing:
            raise _incomplete(
                " ".join(f"Authorization header requires '{name}' parameter." for name in missing)
            )
        if not headers.get("x-amz-date"):
            raise _incomplete(
                "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
            )
        credential = parts["Credential"]
    elif "X-Amz-Signature" in query:
        credential = query.get("X-Amz-Credential", "")
    else:
        raise Refusal(
            _FORBIDDEN, "MissingAuthenticationTokenException", "Missing Authentication Token"
        )
    elements = credential.split("/")
    if len(elements) != 5 or elements[4] != SCOPE_SUFFIX:
        raise _incomplete(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/aws4_request."
        )
    return elements[0], elements[2], elements[3]


def check_members(name: str, headers: Dict[str, str]) -> None:
    """Raise Refusal, in AWS's words, unless all members of the request are within the model's constraints."""
    faults = []
    for field in InvokeEndpointWithResponseStreamInput.fields:
        value = (
            name
            if field.location == "uri"
            else headers.get(field.wire_name.lower())
            if field.location == "header"
            else None
        )
        fault = _fault_of(field.type, value) if value is not None else None
        if fault is not None:
            faults.append(
                f"Value '{'***Sensitive***' if field.type.sensitive else shown(value)}' at '{field.member[0].lower() + field.member[1:]}' failed to satisfy constraint: Member must {fault}"
            )
    if faults:
        text = f"{len(faults)} validation error{'s' if len(faults) > 1 else ''} detected: {'; '.join(faults)}"
        raise Refusal("400 Bad Request", "ValidationError", text, verified=True)


def _fault_of(wanted: FieldType, value: str) -> Optional[str]:
    """What is wrong with a string member, in the service's words, or None."""
    broken = broken_constraint(wanted, value)
    words = {
        "max_length": "have length less than or equal to %s",
        "min_length": "have length greater than or equal to %s",
        "pattern": "satisfy regular expression pattern: %s",
    }
    return words[broken] % getattr(wanted, broken) if broken is not None else None


# ---- keeping account ---------------------------------------------------------------------------------------------


class FrameCounter:
    """Counts the whole frames of a stream by their lengths alone, however the stream is cut; it stops at what is no frame."""

    def __init__(self) -> None:
        self.frames = 0
        self._left = 0  # bytes of the current frame, behind its first length
        self._length = b""  # what has come of that length
        self._lost = False

    def feed(self, data: bytes) -> None:
        """Count on."""
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
                    self._lost = self._left < 12
            position += step


class _Record:
    """An exchange while it goes on."""

    def __init__(
        self, request: Optional[Request], verified: bool, reason: str, scenario: Optional[str]
    ) -> None:
        self.request = request
        self.verified, self.reason, self.scenario = verified, reason, scenario
        self.counter = FrameCounter()
        self.bytes_sent = 0

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
        )


# ---- the server --------------------------------------------------------------------------------------------------


class Conversation(socketserver.BaseRequestHandler):
    """One connection: exchanges, one after the other, until one of them was the last."""

    server: "_Server"

    def handle(self) -> None:
        """Hold the conversation; a client that leaves or is silent ends it, which the log tells."""
        owner = self.server.owner
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request.settimeout(owner.idle_timeout)
        try:
            self.converse()
        except Gone as gone:
            owner.log(f"dropped: {gone}")
        except socket.timeout:
            owner.log(f"dropped: the client was silent for {owner.idle_timeout:g} s")
        except OSError as error:
            owner.log("dropped: the client left (%s)" % (error.strerror or type(error).__name__))

    def converse(self) -> None:
        """Read and answer."""
        raise NotImplementedError

    def reset(self) -> None:
        """End the connection by a reset, when the peer has what was sent."""
        self._settle()
        self.request.setsockopt(
            socket.SOL_SOCKET,
            socket.SO_LINGER,
            struct.pack("hh" if os.name == "nt" else "ii", 1, 0),
        )
        self.request.close()  # here, before anything says good-bye in good order

    def stall(self) -> None:
        """Send nothing more, until the client leaves or the server closes."""
        self.request.settimeout(None)
        while self.request.recv(65536):
            pass

    def _settle(self) -> None:
        """Wait until the peer's system has all that was sent: a reset throws away what is still on its way."""
        try:
            from fcntl import ioctl
            from termios import TIOCOUTQ

            for _ in range(2500):
                if struct.unpack("i", ioctl(self.request.fileno(), TIOCOUTQ, b"\0\0\0\0"))[0] == 0:
                    return
                self.server.owner.pause(0.002, exact=True)
        except (ImportError, OSError):
            self.server.owner.pause(0.05, exact=True)

    def linger(self) -> None:
        """Read on before closing, for a while: unread bytes would turn the close into a reset that destroys the answer."""
        deadline, left = time.monotonic() + _LINGER, _MAX_DRAIN
        self.request.shutdown(socket.SHUT_WR)
        while left > 0 and time.monotonic() < deadline:
            self.request.settimeout(max(0.01, deadline - time.monotonic()))
            data = self.request.recv(1 << 20)
            if not data:
                break
            left -= len(data)


class _Handler(Conversation):
    """Requests, each with its answer."""

    def converse(self) -> None:
        reader = RequestReader(self.request)
        while self._exchange(reader):
            pass

    def _exchange(self, reader: RequestReader) -> bool:
        """Read one request and answer it; tell whether the connection goes on."""
        endpoint: Endpoint = self.server.owner
        try:
            request = reader.read()
        except BadRequest as error:
            self._answer(error.answer(), endpoint.record(None, False, error.message, None), ())
            self.linger()
            return False
        if request is None:
            return False
        answer, record = endpoint.respond(request)
        if endpoint.latency:
            endpoint.pause(endpoint.latency, exact=True)
        extra: Tuple[Tuple[str, str], ...] = ()
        last = (
            request.version == "HTTP/1.0"
            or "close" in ",".join(values_of(request.headers, "connection")).lower()
        )
        if request.version == "HTTP/1.0" and answer.framing == "chunked":
            answer = answer._replace(framing="close")
        if request.method == "HEAD":
            answer = answer._replace(cut=0)
        if last or answer.framing == "close" and answer.ending == "clean":
            extra = (("Connection", "close"),)
        self._answer(answer, record, extra)
        return answer.ending == "clean" and answer.framing in ("chunked", "length") and not last

    def _answer(self, answer: Answer, record: _Record, extra: Tuple[Tuple[str, str], ...]) -> None:
        endpoint: Endpoint = self.server.owner
        try:
            for data, body, pause in script(
                answer, endpoint.own_headers() + extra, self.server.server_address[1]
            ):
                if pause:
                    endpoint.pause(pause)
                if data:
                    record.bytes_sent += len(data)
                    record.counter.feed(body)
                    self.request.sendall(data)
            self._end(answer.ending)
        finally:
            endpoint.log(repr(record.call()))

    def _end(self, ending: str) -> None:
        if ending == "stall":
            self.stall()
        elif ending == "reset":
            self.reset()


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Accepts connections; knows each one's thread, so that it can end them."""

    daemon_threads = True
    allow_reuse_address = os.name == "posix"
    request_queue_size = 512

    def __init__(self, port: int, owner: Any, conversation: Type[Conversation]) -> None:
        self.owner = owner
        self._lock = threading.Lock()
        self._live: Dict[threading.Thread, Any] = {}
        super().__init__(("127.0.0.1", port), conversation)

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        with self._lock:
            self._live[thread] = request
        try:
            thread.start()
        except RuntimeError:  # no more threads: the caller closes the connection
            with self._lock:
                del self._live[thread]
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                del self._live[threading.current_thread()]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say that the server itself is at fault, on one line."""
        kind, error = sys.exc_info()[:2]
        sys.stderr.write(
            f"{type(self.owner).__name__.lower()}: {kind.__name__ if kind else 'error'}: {error}\n"
        )

    def end_connections(self) -> None:
        """End every connection and wait for its thread."""
        with self._lock:
            live = list(self._live.items())
        for _, connection in live:
            with suppress(OSError):  # it may have ended already
                connection.shutdown(socket.SHUT_RDWR)
        for thread, _ in live:
            thread.join()


class Loopback:
    """A server on 127.0.0.1 that runs until close(), a thread for each connection; also a context manager.

    conversation: what happens on a connection;  port: 0 for one that the system chooses
    pace: seconds for every pause, in place of its own;  log: is called with one line for each thing told, from any thread
    idle_timeout: seconds that a client may be silent where it has to send or to read
    Raises OSError when the port cannot be had.
    """

    def __init__(
        self,
        conversation: Type[Conversation],
        port: int,
        pace: Optional[float],
        log: Optional[Callable[[str], None]],
        idle_timeout: float,
    ) -> None:
        self.idle_timeout = idle_timeout
        self._pace, self._log = pace, log
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = _Server(port, self, conversation)
        self.url = f"http://127.0.0.1:{int(self._server.server_address[1])}"
        self._accepting = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._accepting.start()

    def __enter__(self: _Served) -> _Served:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End all connections, and return when nothing is left running."""
        with self._lock:
            if self._closing.is_set():
                return
            self._closing.set()
        self._server.shutdown()
        self._accepting.join()
        self._server.end_connections()
        self._server.server_close()

    def pause(self, seconds: float, exact: bool = False) -> None:
        """Wait, at the server's pace unless exact. Raises when the server closes meanwhile."""
        if self._closing.wait(seconds if exact or self._pace is None else self._pace):
            raise Gone("the server closes")

    @property
    def closing(self) -> bool:
        """Whether close() has been called."""
        return self._closing.is_set()

    def log(self, line: str) -> None:
        """Hand one line to the log, if there is one."""
        if self._log is not None:
            self._log(line)


class Endpoint(Loopback):
    """A SageMaker Runtime endpoint that runs until close(); also a context manager.

    scenarios: by endpoint name, beside the catalogue's or in place of them
    region: the only one accepted, or None for any;  clock: seconds since 1970 UTC, as time.time
    port: 0 for one that the system chooses
    pace: seconds for every pause, in place of the scenarios' own; 0 for no pauses at all
    log: is called with one line for each exchange and for each connection that is dropped, from any thread
    idle_timeout: seconds that a client may be silent where it has to send or to read
    latency: seconds between a request and its answer, at any pace
    Raises OSError when the port cannot be had.
    """

    def __init__(
        self,
        scenarios: Optional[Mapping[str, Scenario]] = None,
        region: Optional[str] = None,
        clock: Callable[[], float] = time.time,
        port: int = 0,
        pace: Optional[float] = None,
        log: Optional[Callable[[str], None]] = None,
        idle_timeout: float = 60.0,
        latency: float = 0.0,
    ) -> None:
        self.latency = latency
        self._scenarios: Mapping[str, Scenario] = {} if scenarios is None else scenarios
        self._region, self._clock = region, clock
        self._records: Deque[_Record] = deque()
        self._kept_bytes = 0
        super().__init__(_Handler, port, pace, log, idle_timeout)

    @property
    def calls(self) -> List[Call]:
        """The exchanges so far, in order: the last 2,000, fewer when their bodies are large."""
        with self._lock:
            records = list(self._records)
        return [record.call() for record in records]

    def respond(self, request: Request) -> Tuple[Answer, _Record]:
        """Return what to answer to a request, and the record of the exchange."""
        try:
            name = check_request(request, amz_date_of(self._clock()), self._region)
        except Refusal as refusal:
            return refusal.answer(), self.record(request, refusal.verified, refusal.reason, None)
        scenario = self._scenarios.get(name) or find(name)
        return scenario.answer, self.record(request, True, "", scenario.name)

    def record(
        self, request: Optional[Request], verified: bool, reason: str, scenario: Optional[str]
    ) -> _Record:
        """Return the record of an exchange that begins; the oldest are forgotten when there are too many."""
        record = _Record(request, verified, reason, scenario)
        with self._lock:
            self._records.append(record)
            self._kept_bytes += len(request.body) if request else 0
            while (
                len(self._records) > _KEPT_CALLS
                or self._kept_bytes > _KEPT_BYTES
                and len(self._records) > 1
            ):
                oldest = self._records.popleft().request
                self._kept_bytes -= len(oldest.body) if oldest else 0
        return record

    def own_headers(self) -> Tuple[Tuple[str, str], ...]:
        """Return the headers that every answer bears."""
        return (
            ("x-amzn-RequestId", str(uuid.uuid4())),
            ("Date", formatdate(self._clock(), usegmt=True)),
        )
