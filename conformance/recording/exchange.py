# SPDX-License-Identifier: MIT
"""Recordings of whole HTTP exchanges: pieces, messages, and the input of their cases. No I/O.

A recording is one JSON file (vectors/schema-recording.json). It has the bytes of a request and of
its response in the pieces in which they were read, each with its milliseconds. It also says how
both ended and what was removed, and it lists cases. The input of a case is not written again:
case_entries() reads it from the bytes.

Message follows the bytes of one HTTP message, however they are split, and knows its heads, its body
and its end. CaseInput is raised for bytes that the adapter protocol cannot express.
"""

import base64
import hashlib
import re
from typing import (
    Any,
    Callable,
    Dict,
    Iterable,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

from conformance.endpoint.checks import ACCESS_KEY, SECRET_KEY
from conformance.endpoint.request import (
    MAX_HEAD,
    BadRequest,
    Pairs,
    body_length,
    parse_head,
    values_of,
)
from refimpl.errors import Error, UsageError, shown
from refimpl.http1 import (
    Framing,
    ResponseHead,
    body_framing,
    parse_chunk_line,
    parse_header_lines,
    parse_status_line,
)

TOKEN_HEADER = "x-amz-security-token"

Document = Dict[str, Any]
Piece = Tuple[int, bytes]  # milliseconds since the request's first byte, and the bytes of one read


class CaseInput(UsageError):
    """A recording does not have the input of one of its cases."""


# ---- pieces ------------------------------------------------------------------------------------

_PLAIN = re.compile(rb"[\t\r\n -~]*\Z")


def to_documents(pieces: Iterable[Piece]) -> List[Document]:
    """Return pieces in a recording's format: plain ASCII as text, everything else as base64."""
    documents: List[Document] = []
    for at, data in pieces:
        if _PLAIN.match(data):
            documents.append({"at": at, "text": data.decode("ascii")})
        else:
            documents.append({"at": at, "base64": _base64(data)})
    return documents


def of_documents(documents: Iterable[Mapping[str, Any]]) -> List[Piece]:
    """Return the pieces that a recording contains."""
    pieces = []
    for one in documents:
        if "text" in one:
            pieces.append((one["at"], one["text"].encode("ascii")))
        else:
            pieces.append((one["at"], base64.b64decode(one["base64"])))
    return pieces


def joined(pieces: Iterable[Piece]) -> bytes:
    """Return the bytes of all pieces."""
    return b"".join([data for _, data in pieces])


def cut_like(data: bytes, pieces: Iterable[Piece]) -> List[Piece]:
    """Return data split at the same positions as the pieces."""
    position, cut = 0, []
    for at, piece in pieces:
        cut.append((at, data[position : position + len(piece)]))
        position += len(piece)
    return cut


def split_at(pieces: Iterable[Piece], positions: Iterable[int]) -> List[Piece]:
    """Return the pieces, also split at these positions. No piece is empty."""
    wanted, position, cut = sorted(set(positions), reverse=True), 0, []
    for at, piece in pieces:
        start = 0
        while wanted and wanted[-1] < position + len(piece):
            end = wanted.pop() - position
            if end > start:
                cut.append((at, piece[start:end]))
                start = end
        if start < len(piece):
            cut.append((at, piece[start:]))
        position += len(piece)
    return cut


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


# ---- one message -------------------------------------------------------------------------------


class Message:
    """Follows one HTTP message while its bytes arrive.

    data:    all bytes so far
    heads:   where each head ends; the heads of interim responses come first
    spans:   where the bytes of the body are
    extras:  where a sender can put other text: chunk extensions and trailers
    end:     where the message ends, or None if it has not ended
    lost:    where the bytes stop being HTTP, or None
    status, headers: of the last complete head
    method, target:  of a request
    """

    def __init__(self, request: bool = False, bodiless: bool = False) -> None:
        self.data = bytearray()
        self.heads: List[int] = []
        self.spans: List[Tuple[int, int]] = []
        self.extras: List[Tuple[int, int]] = []
        self.end: Optional[int] = None
        self.lost: Optional[int] = None
        self.status, self.method, self.target = 0, "", ""
        self.headers: Pairs = []
        self.framing: Optional[Framing] = None
        self._request, self._bodiless = request, bodiless
        self._position = 0  # everything before it has been parsed
        self._left = 0  # bytes of the body, or of its chunk, that have not been parsed
        self._step: Callable[[], bool] = self._read_head

    def feed(self, data: bytes) -> bool:
        """Add bytes. Return whether the message is complete."""
        self.data += data
        while self.end is None and self.lost is None and self._step():
            pass
        return self.end is not None

    @property
    def body(self) -> bytes:
        """The bytes of the body so far."""
        return b"".join([bytes(self.data[start:end]) for start, end in self.spans])

    @property
    def followed(self) -> int:
        """The position up to which the bytes have been parsed."""
        return self._position if self.lost is None else self.lost

    @property
    def is_complete_at_close(self) -> bool:
        """Whether a normal end of the connection completes the message."""
        return self.framing == Framing(False, None) and self.lost is None

    def _read_head(self) -> bool:
        found = self.data.find(b"\r\n\r\n", self._position)
        if found < 0:
            if len(self.data) - self._position > MAX_HEAD:
                self.lost = self._position
            return False
        # Not splitlines(), which also splits at a lone CR.
        head = bytes(self.data[self._position : found + 2])
        lines = [line + b"\n" for line in head.split(b"\n")[:-1]]
        read = self._read_request_head if self._request else self._read_response_head
        try:
            is_interim = read(lines)
        except (Error, BadRequest):
            self.lost = self._position
            return False
        self._position = found + 4
        self.heads.append(self._position)
        if not is_interim:
            self._begin_body()
        return True

    def _read_request_head(self, lines: Sequence[bytes]) -> bool:
        stripped = [line[:-2] for line in lines]
        if any(not line.endswith(b"\r\n") for line in lines) or any(map(_has_cr, stripped)):
            raise BadRequest("a line does not end in CRLF")
        self.method, self.target, _, self.headers = parse_head(stripped)
        length = body_length(self.headers)
        self.framing = Framing(length is None, length)
        return False

    def _read_response_head(self, lines: Sequence[bytes]) -> bool:
        minor, self.status, reason = parse_status_line(lines[0])
        headers = parse_header_lines(lines[1:])
        self.headers = list(headers)
        if 100 <= self.status < 200 and self.status != 101:
            return True
        self.framing = body_framing(ResponseHead(self.status, reason, minor, headers))
        return False

    def _begin_body(self) -> None:
        framing = Framing(False, 0) if self._bodiless else self.framing
        if framing is None or framing == Framing(False, None):
            self._step = self._read_until_close
        elif framing.chunked:
            self._step = self._read_chunk_line
        elif framing.length:
            self._left = framing.length
            self._step = self._read_length
        else:
            self.end = self._position

    def _take(self) -> bool:
        """Add to the body what has arrived of it. Return whether nothing of it is missing now."""
        size = min(self._left, len(self.data) - self._position)
        if size:
            if self.spans and self.spans[-1][1] == self._position:
                self.spans[-1] = (self.spans[-1][0], self._position + size)
            else:
                self.spans.append((self._position, self._position + size))
        self._position += size
        self._left -= size
        return not self._left

    def _read_until_close(self) -> bool:
        self._left = len(self.data) - self._position
        self._take()
        return False

    def _read_length(self) -> bool:
        if self._take():
            self.end = self._position
        return False

    def _line(self) -> Optional[bytes]:
        end = self.data.find(b"\n", self._position) + 1
        if not end:
            if len(self.data) - self._position > MAX_HEAD:
                self.lost = self._position
            return None
        line = bytes(self.data[self._position : end])
        self._position = end
        return line

    def _read_chunk_line(self) -> bool:
        start, line = self._position, self._line()
        if line is None:
            return False
        try:
            self._left = parse_chunk_line(line)
        except Error:
            self.lost = start
            return False
        extension = line.find(b";")
        if extension >= 0:
            self.extras.append((start + extension + 1, self._position))
        self._step = self._read_chunk if self._left else self._read_trailer
        return True

    def _read_chunk(self) -> bool:
        if not self._take() or len(self.data) - self._position < 2:
            return False
        if self.data[self._position : self._position + 2] != b"\r\n":
            self.lost = self._position
            return False
        self._position += 2
        self._step = self._read_chunk_line
        return True

    def _read_trailer(self) -> bool:
        start, line = self._position, self._line()
        if line in (b"\r\n", b"\n"):
            self.end = self._position
        elif line is not None:
            self.extras.append((start, self._position))
        return line is not None


def _has_cr(line: bytes) -> bool:
    return b"\r" in line


def follow(data: bytes, request: bool = False, bodiless: bool = False) -> Message:
    """Return the message that these bytes contain.

    request:  a request, not a response
    bodiless: the response to a HEAD
    """
    message = Message(request, bodiless)
    message.feed(data)
    return message


# ---- the input of cases ------------------------------------------------------------------------


class SignedRequest(NamedTuple):
    """A request that is signed in its headers, and what the signature claims.

    time:  the value of x-amz-date
    names: the signed headers
    token: the session token, or None
    """

    method: str
    target: str
    headers: Pairs
    body: bytes
    access_key: str
    region: str
    service: str
    time: str
    names: Tuple[str, ...]
    signature: str
    token: Optional[str]


_CLAIM = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/[0-9]{8}/([^/]+)/([^/]+)/aws4_request, ?"
    r"SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})\Z"
)


def signed_request_in(recording: Mapping[str, Any]) -> SignedRequest:
    """Return the request of a recording.

    Raises CaseInput unless it is complete and signed in its headers with the example key.
    """
    message = follow(joined(of_documents(recording["request"]["pieces"])), request=True)
    if message.end is None or recording["request"]["ended"] != "whole":
        raise CaseInput("the request is incomplete")
    claims = [_CLAIM.match(value) for value in values_of(message.headers, "authorization")]
    times = values_of(message.headers, "x-amz-date")
    if len(claims) != 1 or claims[0] is None or len(times) != 1 or claims[0].group(1) != ACCESS_KEY:
        raise CaseInput("the request is not signed with the example key")
    _, region, service, names, signature = claims[0].groups()
    tokens = values_of(message.headers, TOKEN_HEADER)
    return SignedRequest(
        message.method,
        message.target,
        message.headers,
        message.body,
        ACCESS_KEY,
        region,
        service,
        times[0],
        tuple(names.split(";")),
        signature,
        tokens[0] if tokens else None,
    )


def input_of(recording: Mapping[str, Any], op: str) -> Document:
    """Return the input of a case of this operation of the adapter protocol. Raises CaseInput."""
    if op in ("sigv4.verify", "sigv4.sign"):
        return _signing_input(signed_request_in(recording), op == "sigv4.sign")
    request = joined(of_documents(recording["request"]["pieces"]))
    response = follow(
        joined(of_documents(recording["response"]["pieces"])), bodiless=request.startswith(b"HEAD ")
    )
    if response.framing is None or response.lost is not None:
        raise CaseInput("the adapter protocol cannot express the response")
    chunks = [_base64(chunk) for chunk in _chunks_of(recording, response)]
    if op == "eventstream.decode":
        return {"chunks": chunks}
    is_closed = recording["response"]["ended"] == "close"
    return {
        "status": response.status,
        "headers": [list(pair) for pair in response.headers],
        "chunks": chunks,
        "complete": response.end is not None or is_closed and response.is_complete_at_close,
    }


def _signing_input(request: SignedRequest, to_sign: bool) -> Document:
    headers = request.headers
    body_hash = hashlib.sha256(request.body).hexdigest()
    sign_body = values_of(headers, "x-amz-content-sha256") == [body_hash]
    if to_sign:
        # A signer adds these itself; the hash only if the input has sign_body.
        added = ["x-amz-date", TOKEN_HEADER] + (["x-amz-content-sha256"] if sign_body else [])
        names = set(request.names).difference(added)
        headers = [(name, value) for name, value in headers if name.lower() in names]
    given: Document = {
        "method": request.method,
        "target": request.target,
        "headers": [list(pair) for pair in headers],
        "body": _base64(request.body),
        "access_key": ACCESS_KEY,
        "secret_key": SECRET_KEY,
    }
    if request.token is not None:
        given["session_token"] = request.token
    given.update(region=request.region, service=request.service, time=request.time)
    if to_sign and sign_body:
        given["sign_body"] = True
    return given


def _chunks_of(recording: Mapping[str, Any], response: Message) -> Iterator[bytes]:
    """Yield the body chunk by chunk, or read by read if it is not chunked."""
    if response.framing is not None and response.framing.chunked:
        for start, end in response.spans:
            yield bytes(response.data[start:end])
        return
    position = 0
    for _, piece in of_documents(recording["response"]["pieces"]):
        for start, end in response.spans:
            start, end = max(start, position), min(end, position + len(piece))
            if start < end:
                yield bytes(response.data[start:end])
        position += len(piece)


def case_entries(recording: Mapping[str, Any]) -> Iterator[Document]:
    """Yield the cases of a recording as entries of a vector file. Raises CaseInput."""
    for case in recording["cases"]:
        try:
            given = input_of(recording, case["op"])
        except CaseInput as error:
            raise CaseInput(f"{shown(case['id'], 80)}: {error}") from None
        yield dict(case, input=given)
