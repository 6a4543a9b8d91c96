# SPDX-License-Identifier: MIT
"""A proxy on loopback that turns real traffic into recordings, and a server that plays recordings again.

    with Recorder("https://runtime.sagemaker.eu-west-1.amazonaws.com", "recordings", credentials) as recorder:
        ... call recorder.url with AWS's published example keys ...

The plan: a request is read whole and strictly; without credentials its bytes go to the upstream as they came, with them the
client's signature (by the example key) is verified, and the same request signed anew for the upstream's host. What the upstream
sends goes to the client as it comes, read by read, and into the recording: one file for each exchange, written when it ends,
cleaned by wire.clean(). However an exchange ends, its file says how, the client sees it end the same way, and the next one is
served. Only what the client sent is recorded of a request, never what was signed with credentials of the recorder's own.

What it refuses: an upstream in plain HTTP when it has credentials, unless it is on loopback; a client whose signature is wrong,
in which case nothing is sent. The one change to a request that goes on as it came: `Expect: 100-continue`, which the recorder
answers itself, is left out. An exchange of more than 64 MiB is cut there. A client that closes its side has left.
"""

import difflib
import json
import os
import re
import selectors
import socket
import ssl
import threading
import time
from contextlib import suppress
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union
from urllib.parse import unquote

from conformance.cases.load import read_recording
from conformance.endpoint.scenarios import Answer, document, script
from conformance.endpoint.server import (
    ACCESS_KEY,
    SECRET_KEY,
    SERVICE,
    BadRequest,
    Conversation,
    Gone,
    Loopback,
    Pairs,
    Refusal,
    Request,
    RequestReader,
    check_signature,
    claimed_scope,
    values_of,
)
from conformance.files import NEW, write_whole
from conformance.recording.exchange import (
    CaseInput,
    Document,
    Message,
    Piece,
    asked_in,
    clean,
    cut_like,
    input_of,
    joined,
    of_documents,
    split_at,
    to_documents,
)
from refimpl.errors import ConfigurationError, Error, UsageError, shown
from refimpl.operation import VERSION, authority, parse_endpoint_url
from refimpl.sigv4 import Credentials, Signer, amz_date_of, collect_headers, decode_query, verify
from refimpl.tls import TlsStream, start_tls
from refimpl.transport import default_ssl_context

MAX_RECORDED = 64 * 1024 * 1024  # bytes of a response
_READ = 65536
_SLICE = 0.25  # seconds, at most, in which a wait finds out that the recorder closes
Say = Callable[[str], None]
Connection = Union[socket.socket, TlsStream]  # to the upstream


class Upstream(NamedTuple):
    host: str
    port: int
    secure: bool
    authority: str


def upstream_of(url: str) -> Upstream:
    """Return where a URL leads. Raises UsageError for one that is more than scheme, host and port."""
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


# ---- one exchange while it goes on -------------------------------------------------------------------------------


class _Tap:
    """A client's connection, which keeps what is read from it, with its time."""

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
        """Send what a reader says by itself: 100 Continue."""
        self.continued = True
        self._connection.sendall(data)

    def now(self) -> int:
        """Milliseconds since the exchange began."""
        return int((self._monotonic() - self._start) * 1000)

    def next(self, ahead: int) -> None:
        """Begin another exchange, of which so many bytes have come already."""
        data = joined(self.pieces)[-ahead:] if ahead else b""
        self._start = self._monotonic()
        self.pieces, self.continued = [(0, data)] if data else [], False


class _Taken(NamedTuple("_Taken", [("pieces", Tuple[Piece, ...]), ("ended", str), ("note", str)])):
    """One half of an exchange, as it was read."""

    __slots__ = ()


class _Recording(Conversation):
    """Requests, each forwarded, recorded, answered."""

    def converse(self) -> None:
        recorder: Recorder = self.server.owner
        self._tap = _Tap(self.request, recorder.monotonic)
        reader = RequestReader(self._tap)
        while self._exchange(reader, recorder):
            self._tap.next(reader.ahead)

    def _exchange(self, reader: RequestReader, recorder: "Recorder") -> bool:
        """Hold one exchange and record it; tell whether the connection goes on."""
        request, ended = None, "whole"
        try:
            request = reader.read()
        except BadRequest as error:
            recorder.keep(self._asked("malformed", 0), _none(error.message), self._tap.continued)
            self._say(error.answer())
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
                recorder.keep(
                    self._asked(ended, 0),
                    _none("the request never became whole"),
                    self._tap.continued,
                )
            return False
        asked = self._asked("whole", reader.ahead)
        try:
            answered, last = self._forward(request, asked, recorder)
        except Refusal as refusal:
            recorder.keep(
                asked, _none("the recorder refused it: " + refusal.code), self._tap.continued
            )
            self._say(refusal.answer())
            return False
        recorder.keep(asked, answered, self._tap.continued)
        if answered.ended == "none":
            self._say(_bad_gateway(answered.note))
        return self._end(answered, last)

    def _asked(self, ended: str, ahead: int) -> _Taken:
        """Return what was read of a request, without what has come behind it."""
        pieces = self._tap.pieces
        size = len(joined(pieces)) - ahead
        return _Taken(
            tuple(piece for piece in cut_like(joined(pieces)[:size], pieces) if piece[1]), ended, ""
        )

    def _forward(
        self, request: Request, asked: _Taken, recorder: "Recorder"
    ) -> Tuple[_Taken, bool]:
        """Send a request on and its answer back; return what came, and whether one of the two asks to end the connection."""
        data = recorder.outgoing(request, joined(asked.pieces))
        last = request.version == "HTTP/1.0" or _says_close(request.headers)
        try:
            connection = recorder.connect()
        except OSError as error:  # ssl.SSLError is one
            note = "no connection to the upstream: %s" % (error.strerror or error)
            return _none(note), True
        try:
            with suppress(
                OSError
            ):  # the upstream may answer, or reset, before it has read all: what it says is read below
                connection.sendall(data)
            message = Message(bodiless=request.method == "HEAD")
            answered = self._relay(connection, message, recorder)
            return answered, last or _says_close(message.headers)
        finally:
            connection.close()

    def _relay(self, connection: Connection, message: Message, recorder: "Recorder") -> _Taken:
        pieces: List[Piece] = []
        with selectors.DefaultSelector() as selector:
            selector.register(connection, selectors.EVENT_READ)
            selector.register(self.request, selectors.EVENT_READ)
            while True:
                ended, data = self._next_of(selector, connection, recorder)
                if data:
                    pieces.append((self._tap.now(), data))
                    if message.feed(data):
                        ended = "whole"
                        if len(message.data) > (message.end or 0):
                            ended = "close"  # more than was announced: the client must see it, and nothing behind it
                    elif len(message.data) > MAX_RECORDED:
                        ended = "limit"
                    try:
                        self.request.sendall(data)
                    except OSError:
                        ended = "client"
                if ended:
                    return _Taken(tuple(split_at(pieces, message.heads)), ended, "")

    def _next_of(
        self, selector: Any, connection: Connection, recorder: "Recorder"
    ) -> Tuple[str, bytes]:
        """Return how the exchange ended, or "", and what came of the upstream."""
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
                data = connection.recv(_READ)
            except OSError:
                return "reset", b""
            return ("", data) if data else ("close", b"")
        try:
            left = not self.request.recv(1, socket.MSG_PEEK)
        except OSError:
            left = True
        selector.unregister(self.request)  # what it sends meanwhile is read as its next request
        return ("client" if left else ""), b""

    def _say(self, answer: Answer) -> None:
        for piece in script(answer, (("Connection", "close"),)):
            self.request.sendall(piece.data)

    def _end(self, answered: _Taken, last: bool) -> bool:
        if answered.ended == "reset":
            self.reset()
        return answered.ended == "whole" and not last


def _none(note: str) -> _Taken:
    return _Taken((), "none", note)


def _bad_gateway(note: str) -> Answer:
    return document("502 Bad Gateway", note.encode("utf-8"), None, "text/plain")


def _says_close(headers: Pairs) -> bool:
    return "close" in ",".join(values_of(headers, "connection")).lower()


# ---- the recorder ------------------------------------------------------------------------------------------------

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
    """A proxy to one upstream that writes a file for each exchange, until close(); also a context manager.

    upstream: http://host:port or https://host:port;  folder: is made; what lies in it stays
    credentials: with which requests are signed anew; None: they go on as they came
    keep_sensitive: leave Body, the parts and CustomAttributes in: they are examples, and nobody's data
    client, server: what the files say of the two; by default the User-Agent and the upstream's host
    name_of: gives a request's recording its name, to which a number is added where it is taken
    clock, monotonic: as time.time, time.monotonic;  ssl_context: in place of the default one
    port, log, idle_timeout: as for the endpoint. Raises UsageError; OSError when the port cannot be had.
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
        log: Optional[Say] = None,
        idle_timeout: float = 60.0,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        ssl_context: Optional[ssl.SSLContext] = None,
    ) -> None:
        self._upstream, self._folder, self._credentials = upstream_of(upstream), folder, credentials
        if (
            credentials is not None
            and not self._upstream.secure
            and self._upstream.host not in ("127.0.0.1", "localhost", "::1")
        ):
            raise UsageError(
                "credentials do not go over plain HTTP",
                expected="https",
                actual=shown(upstream, 200),
            )
        self._keep_sensitive, self._client, self._server_name = (
            keep_sensitive,
            client,
            server or self._upstream.authority,
        )
        self._name_of = name_of or _name_of
        self._clock, self.monotonic = clock, monotonic
        self._context = ssl_context or (default_ssl_context() if self._upstream.secure else None)
        self._signer = Signer()
        self._writing = threading.Lock()
        os.makedirs(folder, exist_ok=True)
        super().__init__(_Recording, port, None, log, idle_timeout)

    def connect(self) -> Connection:
        """Return a connection to the upstream. Raises OSError."""
        connection = socket.create_connection(
            (self._upstream.host, self._upstream.port), min(self.idle_timeout, 20.0)
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
        """Return the bytes that the upstream is sent. Raises Refusal for a signature that does not verify."""
        if self._credentials is None:
            head, end, body = data.partition(b"\r\n\r\n")
            return re.sub(rb"(?i)\r\nexpect:[^\r\n]*", b"", head) + end + body
        try:
            return self._signed_anew(request, self._credentials)
        except Error as error:
            raise Refusal(
                "400 Bad Request", "ValidationError", f"cannot be signed anew: {error.message}"
            ) from None

    def _signed_anew(self, request: Request, credentials: Credentials) -> bytes:
        collected = collect_headers(request.headers)
        check_signature(request, collected, amz_date_of(self._clock()), None)
        query = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in decode_query(request.target.partition("?")[2])
        }
        region = claimed_scope(collected, query)[1]
        target = _without_claim(request.target)
        headers = [("Host", self._upstream.authority)] + [
            (name, value.replace("\r\n", ""))
            for name, value in request.headers
            if name.lower() not in _NOT_FORWARDED
        ]
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
        lines = [f"{request.method} {target} HTTP/1.1"] + [
            "{}: {}".format(*pair) for pair in signed.headers
        ]
        lines += [f"Content-Length: {len(request.body)}", "Connection: close"]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + request.body

    def keep(self, asked: _Taken, answered: _Taken, continued: bool) -> None:
        """Write the recording of an exchange."""
        own = self._credentials
        secrets = (
            []
            if own is None
            else [own.secret_key, own.access_key]
            + ([own.session_token] if own.session_token else [])
        )
        secrets = [secret for secret in secrets if secret not in (ACCESS_KEY, SECRET_KEY)]
        request, response, removed = clean(
            joined(asked.pieces), joined(answered.pieces), secrets, self._keep_sensitive
        )
        half = {
            "ended": asked.ended,
            "continued": continued,
            "pieces": to_documents(cut_like(request, _at_head(asked.pieces))),
        }
        other: Document = {"ended": answered.ended}
        if answered.note:
            other["note"] = answered.note
        other["pieces"] = to_documents(cut_like(response, answered.pieces))
        recording = made_recording(
            half, other, removed, self._client, self._server_name, self._clock()
        )
        line = request.partition(b"\r\n")[0].decode("latin-1")
        with self._writing:
            try:
                name, path = self._claimed_name(line)
                recording["cases"] = cases_for(recording, name)
                write_whole(path, text_of_recording(recording))
            except OSError as error:
                self.log(
                    f"{os.path.basename(error.filename or self._folder)}: cannot be written: {error.strerror}"
                )
                return
        self.log(
            f"{os.path.basename(path)}: {recording['title']}{answered.note and '; ' + answered.note}"
        )

    def _claimed_name(self, line: str) -> Tuple[str, str]:
        """Return a name that the folder does not have, and its path, for this recorder alone. Raises OSError."""
        os.makedirs(self._folder, exist_ok=True)
        base, number = self._name_of(line), 1
        while True:
            name = base if number == 1 else f"{base}-{int(number)}"
            path = os.path.join(self._folder, name + ".json")
            if not os.path.lexists(path) and _claim(path):
                return name, path
            number += 1


def _claim(path: str) -> bool:
    """Make the file that becomes this one once it is whole, unless another recorder of the folder has made it, or was faster."""
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


def text_of_recording(recording: Mapping[str, Any]) -> str:
    """Return a recording as its file has it."""
    return json.dumps(recording, indent=1, ensure_ascii=False) + "\n"


def _at_head(pieces: Sequence[Piece]) -> List[Piece]:
    """Return the pieces of a request, cut behind its head as well."""
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
    """Return a name for a recording: the endpoint's, as far as a request line has one."""
    match = re.search(r"/endpoints/([^/? ]+)/", line)
    words = re.findall(r"[a-z0-9]+", match.group(1).lower()) if match else []
    return "-".join(words)[:80].rstrip("-") or "exchange"


def made_recording(
    request: Document,
    response: Document,
    removed: Sequence[str],
    client: str,
    server: str,
    now: float,
) -> Document:
    """Return a recording, keys in their order, without cases as yet."""
    asked = joined(of_documents(request["pieces"]))
    answered = joined(of_documents(response["pieces"]))
    agent = re.search(rb"(?im)^user-agent:[ \t]*([^\r\n]*)", asked.partition(b"\r\n\r\n")[0])
    line, status = (
        shown(data.partition(b"\r\n")[0].decode("latin-1"), 120) for data in (asked, answered)
    )
    title = f"{line.rpartition(' HTTP/')[0] or line}; {status or 'no answer'}; request: {request['ended']}, response: {response['ended']}"
    return {
        "title": title,
        "client": client or (agent.group(1).decode("latin-1") if agent else "unknown"),
        "server": server,
        "date": time.strftime("%Y-%m-%d", time.gmtime(now)),
        "request": request,
        "response": response,
        "removed": list(removed),
        "cases": [],
    }


# ---- the cases that a recording makes by itself ------------------------------------------------------------------

_SOURCE = f"recorded; what is expected of the response is what the reference, refimpl {VERSION}, made of it: look at it"


def cases_for(recording: Mapping[str, Any], name: str) -> List[Document]:
    """Return the cases that a recording makes: its signature, when it verifies, and what the reference makes of the response."""
    cases: List[Document] = []
    if is_verified(recording):
        cases += signature_cases(recording, name, "recorded: " + shown(recording["client"], 200))
    expect = expected_by_reference(recording)
    if expect is not None:
        cases.append(
            made_case(
                name,
                "http.response",
                f"the response of the recording {name}",
                ["HTTP-020", "HTTP-023"],
                expect,
                "an answer that a service gave must be read as it was meant",
                _SOURCE,
            )
        )
    return cases


def is_verified(recording: Mapping[str, Any]) -> bool:
    """Whether the request of a recording is signed with the example key, and the signature is good at its own time."""
    try:
        asked = asked_in(recording)
        verify(
            asked.method,
            asked.target,
            asked.headers,
            asked.body,
            Credentials(ACCESS_KEY, SECRET_KEY, asked.token),
            asked.region,
            asked.service,
            asked.time,
        )
    except (CaseInput, Error):
        return False
    return True


def signature_cases(recording: Mapping[str, Any], name: str, source: str) -> List[Document]:
    """Return the cases of a request that verifies: a server must accept it, and a signer come to the same signature."""
    signature = asked_in(recording).signature
    return [
        made_case(
            name,
            "sigv4.verify",
            f"the signature of the recording {name}",
            ["SIG-041", "SIG-045"],
            {"status": "ok"},
            "a server that refuses it locks out a client that is in use",
            source,
        ),
        made_case(
            name,
            "sigv4.sign",
            "the same request, signed anew",
            ["SIG-001", "SIG-026"],
            {"status": "ok", "output": {"signature": signature}},
            "a signer that comes to another signature is refused where this client is accepted",
            source,
        ),
    ]


def made_case(
    name: str,
    op: str,
    title: str,
    rules: Sequence[str],
    expect: Document,
    why: str,
    source: str,
    acceptable: Sequence[Document] = (),
) -> Document:
    """Return a case of a recording, keys in their order."""
    others = {"acceptable": list(acceptable)} if acceptable else {}
    return dict(
        {
            "id": f"wire-{name}-{op.partition('.')[2]}",
            "title": title,
            "rules": list(rules),
            "level": "MUST",
            "op": op,
            "expect": expect,
        },
        **others,
        why=why,
        since="0.1.0",
        source=source,
    )


def expected_by_reference(recording: Mapping[str, Any]) -> Optional[Document]:
    """Return what the reference makes of a response, as a case expects it, or None where the protocol cannot ask about it."""
    from conformance.adapters.refimpl import OPERATIONS
    from conformance.protocol.messages import answer_question

    if not recording["response"]["pieces"]:
        return None
    try:
        answer = answer_question(
            {"op": "http.response", "input": input_of(recording, "http.response")}, OPERATIONS
        )
    except CaseInput:
        return None
    if answer["status"] == "ok":
        return {"status": "ok", "output": answer["output"]}
    kept: Dict[str, Any] = {
        key: answer[key]
        for key in ("kind", "code", "fields", "output")
        if answer.get(key) is not None
    }
    return dict({"status": "reject"}, **kept)


# ---- playing one again -------------------------------------------------------------------------------------------


class _Playing(Conversation):
    """Requests, each answered by the recording that is its turn."""

    def converse(self) -> None:
        replay: Replay = self.server.owner
        reader = RequestReader(self.request)
        while True:
            try:
                request = reader.read()
            except BadRequest as error:
                self._say(error.answer())
                self.linger()
                return
            if request is None or not self._play(request, replay):
                return

    def _play(self, request: Request, replay: "Replay") -> bool:
        """Play one answer; tell whether the connection goes on."""
        line = f"{request.method} {request.target}"
        told = shown(line.partition("?")[0], 200)
        recording = replay.next_for(line)
        if recording is None:
            note = f"no recording of this request (expected {replay.nearest(line)})"
            replay.log(f"{told}: {note}")
            self._say(document("404 Not Found", note.encode("utf-8") + b"\n", None, "text/plain"))
            return False
        replay.log(f"{told}: {recording['title']}")
        before = max([one["at"] for one in recording["request"]["pieces"]] or [0])
        for at, data in of_documents(recording["response"]["pieces"]):
            if replay.timing and at > before:
                replay.pause(min((at - before) / 1000.0, threading.TIMEOUT_MAX))
            before = max(at, before)
            self.request.sendall(data)
        ended = recording["response"]["ended"]
        if ended in ("stall", "client"):
            self.stall()
        elif ended == "reset":
            self.reset()
        return bool(ended == "whole" and not _says_close(request.headers))

    def _say(self, answer: Answer) -> None:
        for piece in script(answer, (("Connection", "close"),)):
            self.request.sendall(piece.data)


class Replay(Loopback):
    """Serves recordings again, byte for byte, until close(); also a context manager.

    recordings: those whose request line is the one that comes, each in its turn; where there is one alone, it answers all
    timing: wait before each piece as long as was waited for it
    port, log, idle_timeout: as for the endpoint. Raises OSError when the port cannot be had.
    """

    def __init__(
        self,
        recordings: Sequence[Mapping[str, Any]],
        timing: bool = True,
        port: int = 0,
        log: Optional[Say] = None,
        idle_timeout: float = 60.0,
    ) -> None:
        self.timing = timing
        self._recordings = list(recordings)
        self._played: Dict[str, int] = {}
        self._choosing = threading.Lock()
        super().__init__(_Playing, port, None, log, idle_timeout)

    def next_for(self, line: str) -> Optional[Mapping[str, Any]]:
        """Return the recording whose turn it is for a method and target, or None."""
        fitting = (
            self._recordings
            if len(self._recordings) == 1
            else [one for one in self._recordings if _line_of(one) == line]
        )
        if not fitting:
            return None
        with self._choosing:
            turn = self._played.get(line, 0)
            self._played[line] = turn + 1
        return fitting[turn % len(fitting)]

    def nearest(self, line: str) -> str:
        """Return the recorded method and target that come next to these."""
        lines = sorted({_line_of(one) for one in self._recordings})
        return shown(" or ".join(difflib.get_close_matches(line, lines, 3, 0.0)), 400)


def _line_of(recording: Mapping[str, Any]) -> str:
    """Return method and target of a recording's request."""
    line = joined(of_documents(recording["request"]["pieces"])).partition(b"\r\n")[0]
    return line.decode("latin-1").rpartition(" ")[0]


def read_recordings(path: str) -> List[Document]:
    """Return the recording in a file, or those in a folder, by name. Raises CaseError, UsageError when there is none."""
    if not os.path.isdir(path):
        return [read_recording(os.path.dirname(path), os.path.basename(path))]
    names = sorted(name for name in os.listdir(path) if name.endswith(".json"))
    if not names:
        raise UsageError("no recordings", expected="files *.json", actual=shown(path, 200))
    return [read_recording(path, name) for name in names]
