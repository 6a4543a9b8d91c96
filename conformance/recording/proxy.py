# SPDX-License-Identifier: MIT
"""A proxy on loopback that turns real traffic into recordings.

    with Recorder("https://runtime.sagemaker.us-east-1.amazonaws.com", "out", keys) as recorder:
        ... call recorder.url with AWS's published example keys ...

The recorder reads each request completely and strictly. Without credentials it forwards the
request's bytes unchanged. With credentials it verifies the client's signature (by the example key)
and signs the same request for the upstream. It forwards the response read by read. When the
exchange ends, it removes secrets (scrub.py) and writes one file. However an exchange ends, its file
says how, and the client sees the same end. A recording contains only the request that the client
sent, never the one that was signed with the recorder's credentials.

The recorder refuses an upstream over plain HTTP if it has credentials, except on loopback. It
forwards nothing if the client's signature is wrong. It makes one change to a request that it does
not sign: it answers `Expect: 100-continue` itself and omits it. It cuts an exchange of more than 64
MiB. It treats a client that shuts down its side of the connection as gone.

Every program and every web page on this machine can reach the port, and everybody knows the example
key. So the recorder refuses requests that a web page has sent, and does not record them. With
credentials it signs only this operation, for a client that addresses the loopback interface by
name. With a key, the client must also know the URL that was printed at the start.
"""

import hmac
import os
import re
import selectors
import socket
import ssl
import threading
import time
from contextlib import suppress
from typing import Any, Callable, List, NamedTuple, Optional, Sequence, Tuple, Union
from urllib.parse import unquote

from conformance.endpoint.checks import (
    ACCESS_KEY,
    SECRET_KEY,
    SERVICE,
    Refusal,
    check_signature,
    claimed_scope,
    query_of,
)
from conformance.endpoint.loopback import Conversation, Log, Loopback
from conformance.endpoint.request import (
    BadRequest,
    Gone,
    Request,
    RequestReader,
    says_close,
    values_of,
)
from conformance.endpoint.scenarios.build import document
from conformance.endpoint.scenarios.model import Response
from conformance.files import NEW, write_whole
from conformance.recording.exchange import (
    Document,
    Message,
    Piece,
    cut_like,
    joined,
    split_at,
    to_documents,
)
from conformance.recording.files import text_of_recording
from conformance.recording.making import cases_for, made_recording
from conformance.recording.scrub import clean
from refimpl.errors import ConfigurationError, Error, UsageError, shown
from refimpl.operation import authority, parse_endpoint_url
from refimpl.sigv4 import Credentials, Signer, amz_date_of, collect_headers
from refimpl.tls import TlsStream, start_tls
from refimpl.transport import default_ssl_context

MAX_RECORDED = 64 * 1024 * 1024  # bytes of a response
_CONNECT_TIMEOUT = 20.0  # seconds
_READ_SIZE = 65536  # bytes
_SLICE = 0.25  # seconds, at most, until a wait notices that the recorder closes

_EXPECT = re.compile(rb"\r\nexpect:[^\r\n]*(?:\r\n[ \t][^\r\n]*)*", re.IGNORECASE)

# To the upstream.
Connection = Union[socket.socket, TlsStream]


class Upstream(NamedTuple):
    """The server to which requests are forwarded. authority: the value of Host."""

    host: str
    port: int
    secure: bool
    authority: str


def upstream_of(url: str) -> Upstream:
    """Return the upstream of a URL. Raises UsageError if it is more than scheme, host and port."""
    try:
        parts = parse_endpoint_url(url)
        if parts.path not in ("", "/"):
            raise ConfigurationError("a path", actual=url)
    except ConfigurationError as error:
        raise UsageError(
            "not an upstream", expected="http://host:port or https://host:port", actual=error.actual
        ) from None
    host = parts.host.lower()
    return Upstream(
        host, parts.port, parts.scheme == "https", authority(parts.scheme, host, parts.port)
    )


# ---- which requests are forwarded ----------------------------------------------------------------

_LOOPBACK_HOST = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?\Z", re.IGNORECASE)
_SIGNED_PATH = re.compile(r"/endpoints/[A-Za-z0-9-]{1,100}/invocations-response-stream\Z")


class Forbidden(Refusal):
    """The recorder must not act for whoever sent this request. The exchange is not recorded."""

    def __init__(self, message: str) -> None:
        super().__init__("403 Forbidden", "AccessDeniedException", message)


def refuse_web_pages(request: Request) -> None:
    """Raise Forbidden for a request that a web page has sent.

    A browser adds Origin to each request that can change something, and says in Sec-Fetch-Site
    whether the user has typed its address.
    """
    if values_of(request.headers, "origin"):
        raise Forbidden("the recorder does not serve web pages: the request has an Origin header")
    if set(values_of(request.headers, "sec-fetch-site")) - {"none"}:
        raise Forbidden("the recorder does not serve web pages: see Sec-Fetch-Site")


def require_own_operation(request: Request, target: str) -> None:
    """Raise Forbidden unless a request, addressed to loopback, calls this operation.

    target: without the key and the parameters of a presigned request
    """
    hosts = values_of(request.headers, "host")
    if len(hosts) != 1 or not _LOOPBACK_HOST.match(hosts[0]):
        raise Forbidden("the recorder signs only requests whose Host is 127.0.0.1 or localhost")
    if request.method != "POST" or not _SIGNED_PATH.match(target.partition("?")[0]):
        raise Forbidden(
            "the recorder signs only POST /endpoints/{EndpointName}/invocations-response-stream"
        )


# ---- one exchange --------------------------------------------------------------------------------


class _Tap:
    """A client's connection. It keeps everything that is read from it, with the times."""

    def __init__(self, connection: socket.socket, monotonic: Callable[[], float]) -> None:
        self._connection, self._monotonic = connection, monotonic
        self._start = 0.0
        self.pieces: List[Piece] = []
        self.continued = False

    def recv(self, size: int) -> bytes:
        data = self._connection.recv(size)
        if data:
            if not self.pieces:
                self._start = self._monotonic()
            self.pieces.append((self.now(), data))
        return data

    def sendall(self, data: bytes) -> None:
        """Send what the RequestReader sends: 100 Continue."""
        self.continued = True
        self._connection.sendall(data)

    def now(self) -> int:
        """Return the milliseconds since the exchange began."""
        return int((self._monotonic() - self._start) * 1000)

    def next(self, ahead: int) -> None:
        """Begin another exchange. ahead: how many bytes of it have already arrived."""
        data = joined(self.pieces)[-ahead:] if ahead else b""
        self._start = self._monotonic()
        self.pieces = [(0, data)] if data else []
        self.continued = False


class _Half(NamedTuple):
    """The request or the response of an exchange.

    pieces: what was read;  ended: how it ended;  note: why there is no response
    """

    pieces: Tuple[Piece, ...]
    ended: str
    note: str = ""


def _no_response(note: str) -> _Half:
    return _Half((), "none", note)


class _Recording(Conversation):
    """Reads requests, forwards and records each, and passes the response on."""

    def converse(self) -> None:
        recorder: Recorder = self.server.owner
        self._tap = _Tap(self.request, recorder.monotonic)
        reader = RequestReader(self._tap, recorder.budget)
        try:
            while self._exchange(reader, recorder):
                self._tap.next(reader.ahead)
        finally:
            reader.release()

    def _exchange(self, reader: RequestReader, recorder: "Recorder") -> bool:
        """Record one exchange. Return whether the connection stays open."""
        request, ended = None, "whole"
        try:
            request = reader.read()
        except BadRequest as error:
            self._keep(recorder, self._sent("malformed", 0), _no_response(error.message))
            self.respond_and_close(error.response())
            self.linger()
            return False
        except Gone:
            ended = "close"
        except socket.timeout:
            ended = "stall"
        except OSError:
            ended = "reset"
        if request is None:
            if self._tap.pieces:
                self._keep(
                    recorder, self._sent(ended, 0), _no_response("the request is incomplete")
                )
            return False
        return self._pass_on(request, self._sent("whole", reader.ahead), recorder)

    def _pass_on(self, request: Request, sent: _Half, recorder: "Recorder") -> bool:
        """Forward a complete request and record it. Return whether the connection stays open."""
        try:
            refuse_web_pages(request)
            received, is_last = self._forward(request, sent, recorder)
        except Forbidden as refusal:
            recorder.log(f"refused: {shown(refusal.message)}")
            self.respond_and_close(refusal.response())
            return False
        except Refusal as refusal:
            self._keep(recorder, sent, _no_response(f"the recorder refused it: {refusal.code}"))
            self.respond_and_close(refusal.response())
            return False
        self._keep(recorder, sent, received)
        if received.ended == "none":
            self.respond_and_close(_bad_gateway(received.note))
        elif received.ended == "reset":
            self.reset()
        return received.ended == "whole" and not is_last

    def _keep(self, recorder: "Recorder", sent: _Half, received: _Half) -> None:
        recorder.keep(sent, received, self._tap.continued)

    def _sent(self, ended: str, ahead: int) -> _Half:
        """Return what was read of a request, without the bytes that follow it."""
        pieces = self._tap.pieces
        data = joined(pieces)
        own = cut_like(data[: len(data) - ahead], pieces)
        return _Half(tuple(piece for piece in own if piece[1]), ended)

    def _forward(self, request: Request, sent: _Half, recorder: "Recorder") -> Tuple[_Half, bool]:
        """Forward a request and pass its response on.

        Returns the response, and whether one of the two asks to close the connection.
        """
        data = recorder.outgoing(request, joined(sent.pieces))
        is_last = request.version == "HTTP/1.0" or says_close(request.headers)
        try:
            connection = recorder.connect()
        # This includes ssl.SSLError.
        except OSError as error:
            return _no_response(f"no connection to the upstream: {error.strerror or error}"), True
        try:
            # The upstream may respond or reset before it has read everything. Read its response
            # anyway.
            with suppress(OSError):
                connection.sendall(data)
            message = Message(bodiless=request.method == "HEAD")
            received = self._relay(connection, message, recorder)
            return received, is_last or says_close(message.headers)
        finally:
            connection.close()

    def _relay(self, connection: Connection, message: Message, recorder: "Recorder") -> _Half:
        """Pass a response on read by read, until it ends."""
        pieces: List[Piece] = []
        with selectors.DefaultSelector() as selector:
            selector.register(connection, selectors.EVENT_READ)
            selector.register(self.request, selectors.EVENT_READ)
            while True:
                ended, data = self._next_of(selector, connection, recorder)
                if data:
                    pieces.append((self._tap.now(), data))
                    ended = _end_after(message, data)
                    try:
                        self.request.sendall(data)
                    except OSError:
                        ended = "client"
                if ended:
                    return _Half(tuple(split_at(pieces, message.heads)), ended)

    def _next_of(
        self, selector: Any, connection: Connection, recorder: "Recorder"
    ) -> Tuple[str, bytes]:
        """Return how the exchange ended, or "", and the bytes of one read from the upstream."""
        ready: List[Any] = []
        if isinstance(connection, TlsStream) and connection.ready():
            ready = [connection]
        deadline = recorder.monotonic() + recorder.idle_timeout
        while not ready and not recorder.closing and recorder.monotonic() < deadline:
            ready = [key.fileobj for key, _ in selector.select(min(_SLICE, recorder.idle_timeout))]
        if not ready:
            return "stall", b""
        if connection in ready:
            try:
                data = connection.recv(_READ_SIZE)
            except OSError:
                return "reset", b""
            return ("", data) if data else ("close", b"")
        try:
            is_gone = not self.request.recv(1, socket.MSG_PEEK)
        except OSError:
            is_gone = True
        # If the client sends something meanwhile, it is its next request.
        selector.unregister(self.request)
        return ("client" if is_gone else ""), b""


def _end_after(message: Message, data: bytes) -> str:
    """Add a read of the upstream to a message. Return how the response ended, or ""."""
    if message.feed(data):
        # Bytes after the announced end: the client must see them, and nothing after them.
        return "close" if len(message.data) > (message.end or 0) else "whole"
    return "limit" if len(message.data) > MAX_RECORDED else ""


def _bad_gateway(note: str) -> Response:
    return document("502 Bad Gateway", note.encode("utf-8"), None, "text/plain")


# ---- the recorder --------------------------------------------------------------------------------

_NOT_FORWARDED = (
    "host",
    "expect",
    "connection",
    "content-length",
    "transfer-encoding",
    "x-amz-content-sha256",
    "x-amz-security-token",
)


class Recorder(Loopback):
    """A proxy to one upstream that records each exchange until close(); also a context manager.

    upstream:       http://host:port or https://host:port
    folder:         created if missing; existing files are kept
    credentials:    sign the requests with these; None forwards them unchanged
    key:            first segment that each path must have, if there are credentials; part of url
    keep_sensitive: keep Body, the parts and CustomAttributes, because they are only examples
    client, server: descriptions for the files; by default the User-Agent and the upstream's host
    name_of:        makes a recording's name from the request line; the recorder adds a number if
                    the name exists
    clock, monotonic: as time.time and time.monotonic
    ssl_context:    instead of the default one
    port, log, idle_timeout: as for the Endpoint
    Raises UsageError; OSError if the port is not available or the folder cannot be created.
    """

    def __init__(
        self,
        upstream: str,
        folder: str,
        credentials: Optional[Credentials] = None,
        keep_sensitive: bool = False,
        client: str = "",
        server: str = "",
        name_of: Optional[Callable[[str], str]] = None,
        port: int = 0,
        log: Optional[Log] = None,
        idle_timeout: float = 60.0,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        ssl_context: Optional[ssl.SSLContext] = None,
        key: Optional[str] = None,
    ) -> None:
        if key is not None and (
            credentials is None or not re.match(r"[A-Za-z0-9_-]{16,64}\Z", key)
        ):
            raise UsageError(
                "unusable key", expected="credentials, and 16 to 64 letters, digits, _ or -"
            )
        self._key = key
        self._upstream, self._folder, self._credentials = upstream_of(upstream), folder, credentials
        is_local = self._upstream.host in ("127.0.0.1", "localhost", "::1")
        if credentials is not None and not self._upstream.secure and not is_local:
            raise UsageError(
                "credentials require an upstream with TLS",
                expected="https",
                actual=shown(upstream, 200),
            )
        self._keep_sensitive, self._client = keep_sensitive, client
        self._server_name = server or self._upstream.authority
        self._name_of = name_of or _name_of
        self._clock, self.monotonic = clock, monotonic
        self._context: Optional[ssl.SSLContext] = None
        if self._upstream.secure:
            self._context = ssl_context or default_ssl_context()
        self._signer = Signer()
        self._writing = threading.Lock()
        os.makedirs(folder, exist_ok=True)
        super().__init__(_Recording, port, None, log, idle_timeout)
        if key is not None:
            self.url += "/" + key

    def connect(self) -> Connection:
        """Return a connection to the upstream. Raises OSError."""
        connection = socket.create_connection(
            (self._upstream.host, self._upstream.port), min(self.idle_timeout, _CONNECT_TIMEOUT)
        )
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._context is not None:
                stream = start_tls(connection, self._context, self._upstream.host)
                stream.settimeout(self.idle_timeout)
                return stream
            connection.settimeout(self.idle_timeout)
        except BaseException:
            connection.close()
            raise
        return connection

    def outgoing(self, request: Request, data: bytes) -> bytes:
        """Return the bytes for the upstream. Raises Refusal if the client's signature is wrong.

        data: the request's bytes
        """
        if self._credentials is None:
            head, end, body = data.partition(b"\r\n\r\n")
            return _EXPECT.sub(b"", head) + end + body
        try:
            return self._signed_again(request, self._credentials)
        except Error as error:
            raise Refusal(
                "400 Bad Request", "ValidationError", f"cannot be signed again: {error.message}"
            ) from None

    def _signed_again(self, request: Request, credentials: Credentials) -> bytes:
        collected = collect_headers(request.headers)
        target = self._without_key(_without_claim(request.target))
        check_signature(request, collected, amz_date_of(self._clock()))
        require_own_operation(request, target)
        region = claimed_scope(collected, query_of(request.target))[1]
        headers = [("Host", self._upstream.authority)]
        for name, value in request.headers:
            if name.lower() not in _NOT_FORWARDED:
                headers.append((name, value.replace("\r\n", "")))
        signed = self._signer.sign(
            request.method,
            target,
            headers,
            request.body,
            credentials,
            region,
            SERVICE,
            amz_date_of(self._clock()),
        )
        lines = [f"{request.method} {target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in signed.headers]
        lines += [f"Content-Length: {len(request.body)}", "Connection: close"]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + request.body

    def _without_key(self, target: str) -> str:
        """Return a target without the key. Raises Forbidden if it has another one or none."""
        if self._key is None:
            return target
        given, slash, rest = target[1:].partition("/")
        if not hmac.compare_digest(given.encode("latin-1"), self._key.encode("ascii")):
            raise Forbidden("the path does not begin with the key that was printed at the start")
        return slash + rest

    def keep(self, sent: _Half, received: _Half, continued: bool) -> None:
        """Write the recording of an exchange.

        continued: whether the recorder answered 100 Continue
        """
        request, response, removed = clean(
            joined(sent.pieces), joined(received.pieces), self._secrets(), self._keep_sensitive
        )
        request_half: Document = {
            "ended": sent.ended,
            "continued": continued,
            "pieces": to_documents(cut_like(request, _split_after_head(sent.pieces))),
        }
        response_half: Document = {"ended": received.ended}
        if received.note:
            response_half["note"] = received.note
        response_half["pieces"] = to_documents(cut_like(response, received.pieces))
        recording = made_recording(
            request_half, response_half, removed, self._client, self._server_name, self._clock()
        )
        line = request.partition(b"\r\n")[0].decode("latin-1")
        note = f"; {received.note}" if received.note else ""
        with self._writing:
            try:
                name, path = self._claimed_name(line)
                try:
                    recording["cases"] = cases_for(recording, name)
                    write_whole(path, text_of_recording(recording))
                finally:
                    with suppress(OSError):
                        os.remove(path + NEW)
            except OSError as error:
                file = os.path.basename(error.filename or self._folder)
                self.log(f"{file}: cannot be written: {error.strerror}")
                return
        self.log(f"{os.path.basename(path)}: {recording['title']}{note}")

    def _secrets(self) -> List[str]:
        """Return the texts that no recording may contain."""
        if self._credentials is None:
            return []
        own = self._credentials
        secrets = [own.secret_key, own.access_key]
        if self._key is not None:
            secrets.append(self._key)
        if own.session_token:
            secrets.append(own.session_token)
        return [secret for secret in secrets if secret not in (ACCESS_KEY, SECRET_KEY)]

    def _claimed_name(self, line: str) -> Tuple[str, str]:
        """Return a new name in the folder and its path, and reserve them. Raises OSError."""
        os.makedirs(self._folder, exist_ok=True)
        base, number = self._name_of(line), 1
        while True:
            name = base if number == 1 else f"{base}-{number}"
            path = os.path.join(self._folder, name + ".json")
            if not os.path.lexists(path) and _claim(path):
                return name, path
            number += 1


def _claim(path: str) -> bool:
    """Create a file that reserves a path. The caller removes it after writing the path.

    Return False if another recorder has created it or has written the path.
    """
    new = path + NEW
    try:
        with open(new, "xb"):
            pass
    except FileExistsError:
        return False
    if os.path.lexists(path):
        os.remove(new)
        return False
    return True


def _split_after_head(pieces: Sequence[Piece]) -> List[Piece]:
    """Return the pieces of a request, also split after its head."""
    found = joined(pieces).find(b"\r\n\r\n")
    return split_at(pieces, [found + 4] if found >= 0 else [])


def _without_claim(target: str) -> str:
    """Return a target without the parameters of a presigned request."""
    path, _, query = target.partition("?")
    kept = [
        pair
        for pair in query.split("&")
        if pair and not unquote(pair.partition("=")[0]).lower().startswith("x-amz-")
    ]
    return path + ("?" + "&".join(kept) if kept else "")


def _name_of(line: str) -> str:
    """Return a name for a recording: the endpoint name in the request line, or "exchange"."""
    match = re.search(r"/endpoints/([^/? ]+)/", line)
    words = re.findall(r"[a-z0-9]+", match.group(1).lower()) if match else []
    return "-".join(words)[:80].rstrip("-") or "exchange"
