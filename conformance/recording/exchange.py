# SPDX-License-Identifier: MIT
"""Recordings of whole HTTP exchanges: their form, what is taken out of them, and the cases that they make. No I/O.

A recording is one JSON file (vectors/schema-recording.json): the bytes of a request and of its response in the pieces in which they
were read, each with its milliseconds, how both ended, what was removed, and `cases`: the questions of the adapter protocol that
this exchange answers, whose input is not written again but read from its bytes.

The plan: Message follows the bytes of one message, however they come, and knows where head, body and end lie. clean() takes
secrets and what is sensitive out of both messages in place, each octet for an `x`, so that no length and no chunk moves; the
checksums of frames are set right by their difference, so that one that was wrong stays wrong. case_entries() gives each case
its input. Refused: bytes that the protocol has no way to ask about (CaseInput), told in one line.
"""

import base64
import hashlib
import re
import struct
import zlib
from typing import (
    Any,
    Dict,
    Iterable,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Tuple,
)
from urllib.parse import quote, unquote

from conformance.endpoint.server import (
    ACCESS_KEY,
    MAX_HEAD,
    SECRET_KEY,
    BadRequest,
    Pairs,
    body_length,
    parse_head,
    values_of,
)
from refimpl.errors import Error, UsageError, shown
from refimpl.eventstream import EVENT_STREAM_TYPE, Decoder
from refimpl.http1 import (
    Framing,
    ResponseHead,
    body_framing,
    parse_chunk_line,
    parse_header_lines,
    parse_status_line,
)

# AWS's published example of a session token, which is nobody's.
EXAMPLE_TOKEN = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI=="
REQUEST_ENDS = ("whole", "close", "reset", "stall", "malformed")
RESPONSE_ENDS = ("whole", "close", "reset", "stall", "client", "limit", "none")

Document = Dict[str, Any]
Piece = Tuple[int, bytes]  # milliseconds since the request's first byte, and what was read then


class CaseInput(UsageError):
    """A recording has not what a case of it asks about."""


# ---- pieces ------------------------------------------------------------------------------------------------------

_PLAIN = re.compile(rb"[\t\r\n -~]*\Z")


def to_documents(pieces: Iterable[Piece]) -> List[Document]:
    """Return pieces as a recording writes them: plain ASCII as text, all else as base64."""
    return [
        {"at": at, "text": data.decode("ascii")}
        if _PLAIN.match(data)
        else {"at": at, "base64": _base64(data)}
        for at, data in pieces
    ]


def of_documents(documents: Iterable[Mapping[str, Any]]) -> List[Piece]:
    """Return the pieces that a recording holds."""
    return [
        (
            one["at"],
            one["text"].encode("ascii") if "text" in one else base64.b64decode(one["base64"]),
        )
        for one in documents
    ]


def joined(pieces: Iterable[Piece]) -> bytes:
    """Return the bytes of pieces."""
    return b"".join([data for _, data in pieces])


def cut_like(data: bytes, pieces: Iterable[Piece]) -> List[Piece]:
    """Return as many bytes as the pieces have, cut where they are cut."""
    position, cut = 0, []
    for at, piece in pieces:
        cut.append((at, data[position : position + len(piece)]))
        position += len(piece)
    return cut


def split_at(pieces: Iterable[Piece], places: Iterable[int]) -> List[Piece]:
    """Return the pieces, cut at these places as well; none is empty."""
    wanted, position, cut = sorted(places), 0, []
    for at, piece in pieces:
        bounds = (
            [0]
            + [place - position for place in wanted if 0 < place - position < len(piece)]
            + [len(piece)]
        )
        cut += [(at, piece[start:end]) for start, end in zip(bounds, bounds[1:]) if end > start]
        position += len(piece)
    return cut


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


# ---- one message along its bytes ---------------------------------------------------------------------------------


class Message:
    """Follows one HTTP message, fed its bytes as they come.

    data: all of them;  heads: where the heads end, those of 1xx answers first;  spans: where bytes of the body lie
    end: where the message ends, or None before;  lost: where it can no longer be followed, or None
    status, headers: of the last head that came; target and method of a request
    """

    def __init__(self, request: bool = False, bodiless: bool = False) -> None:
        self.data = bytearray()
        self.heads: List[int] = []
        self.spans: List[Tuple[int, int]] = []
        self.end: Optional[int] = None
        self.lost: Optional[int] = None
        self.status, self.method, self.target = 0, "", ""
        self.headers: Pairs = []
        self.framing: Optional[Framing] = None
        self._request, self._bodiless = request, bodiless
        self._position = 0  # what lies before it is understood
        self._left = 0  # bytes of the body, or of its chunk, that are still to come
        self._step = self._read_head

    def feed(self, data: bytes) -> bool:
        """Follow on; tell whether the message is whole."""
        self.data += data
        while self.end is None and self.lost is None and self._step():
            pass
        return self.end is not None

    @property
    def body(self) -> bytes:
        """The bytes of the body that have come."""
        return b"".join([bytes(self.data[start:end]) for start, end in self.spans])

    @property
    def followed(self) -> int:
        """Where what is understood ends."""
        return self._position if self.lost is None else self.lost

    @property
    def is_complete_at_close(self) -> bool:
        """Whether the end of the connection in good order completes the message."""
        return self.framing == Framing(False, None) and self.lost is None

    def _read_head(self) -> bool:
        found = self.data.find(b"\r\n\r\n", self._position)
        if found < 0:
            if len(self.data) - self._position > MAX_HEAD:
                self.lost = self._position
            return False
        lines = bytes(self.data[self._position : found + 2]).splitlines(keepends=True)
        try:
            interim = (
                self._read_request_head(lines) if self._request else self._read_response_head(lines)
            )
        except (Error, BadRequest):
            self.lost = self._position
            return False
        self._position = found + 4
        self.heads.append(self._position)
        if not interim:
            self._begin_body()
        return True

    def _read_request_head(self, lines: Sequence[bytes]) -> bool:
        self.method, self.target, _, self.headers = parse_head(
            [line.rstrip(b"\r\n") for line in lines]
        )
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
            self._step = self._read_on
        elif framing.chunked:
            self._step = self._read_chunk_line
        elif framing.length:
            self._left = framing.length
            self._step = self._read_length
        else:
            self.end = self._position

    def _take(self) -> bool:
        """Take what has come of the bytes that are still to come into the body; tell whether all of them have."""
        size = min(self._left, len(self.data) - self._position)
        if size:
            if self.spans and self.spans[-1][1] == self._position:
                self.spans[-1] = (self.spans[-1][0], self._position + size)
            else:
                self.spans.append((self._position, self._position + size))
        self._position += size
        self._left -= size
        return not self._left

    def _read_on(self) -> bool:
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
        line = self._line()
        if line in (b"\r\n", b"\n"):
            self.end = self._position
        return line is not None


def follow(data: bytes, request: bool = False, bodiless: bool = False) -> Message:
    """Return the message that bytes hold."""
    message = Message(request, bodiless)
    message.feed(data)
    return message


# ---- what is taken out -------------------------------------------------------------------------------------------

# Headers whose values tell who somebody is, and those that are a hash of the body: with the example key a signature is one, too.
_TOKEN = "x-amz-security-token"
_SECRET_HEADERS = ("cookie", "set-cookie", "proxy-authorization", "x-api-key", _TOKEN)
_SENSITIVE_HEADERS = ("x-amzn-sagemaker-custom-attributes",)
_HASHES = ("x-amz-content-sha256", "content-md5", "digest", "content-digest", "repr-digest")
_SECRET_PARAMETERS = (_TOKEN, "x-amz-signature", "x-amz-credential")
_HEADER = re.compile(
    rb"^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)", re.MULTILINE
)
_PARAMETER = re.compile(rb"(?<=[?&])([^=&? \r\n]+)=([^& \r\n]+)")
_SHORTEST = 4  # a shorter text is no secret, and would be found everywhere


class _Scrub:
    """Takes octets out of one message, and keeps account of what they were."""

    def __init__(self, message: Message, name: str, removed: List[str]) -> None:
        self.message, self.data = message, message.data
        self._name, self._removed = name, removed

    def note(self, what: str) -> None:
        """Say what is removed, once."""
        line = f"{self._name}: {what}"
        if line not in self._removed:
            self._removed.append(line)

    def blank(self, start: int, end: int, what: str) -> None:
        """Put an x in place of each octet that is not a blank or a line's end, and say so."""
        old = bytes(self.data[start:end])
        new = re.sub(rb"[^ \t\r\n]", b"x", old)
        if new != old:
            self.data[start:end] = new
            self.note(what)

    def blank_bytes(self, start: int, end: int) -> None:
        """Put an x in place of each octet."""
        self.data[start:end] = b"x" * (end - start)

    def headers(self, names: Sequence[str], what: str = "") -> None:
        """Blank the values of headers, wherever a line looks like one of them."""
        last = self.message.heads[-1] if self.message.heads else len(self.data)
        for match in _HEADER.finditer(bytes(self.data[:last])):
            name = match.group(1).decode("ascii").lower()
            if name in names or name.startswith("x-amz-checksum-") and "content-md5" in names:
                self.blank(match.start(2), match.end(2), what or "header " + name)

    def secrets(self, secrets: Iterable[str]) -> None:
        """Blank each secret, however it is escaped, in the bytes as they lie and in the body that they are chunks of."""
        forms = sorted(
            {form for secret in secrets for form in _forms(secret)}, key=len, reverse=True
        )
        if not forms:
            return
        pattern = re.compile(b"|".join(re.escape(form) for form in forms), re.IGNORECASE)
        for match in list(pattern.finditer(bytes(self.data))):
            self.blank_bytes(match.start(), match.end())
            self.note("a secret")
        body = bytearray(self.message.body)
        for match in list(pattern.finditer(bytes(body))):
            body[match.start() : match.end()] = b"x" * (match.end() - match.start())
            self.note("a secret")
        self.store(bytes(body))

    def store(self, body: bytes) -> None:
        """Write the whole body over the one that is there."""
        position = 0
        for start, end in self.message.spans:
            self.data[start:end] = body[position : position + end - start]
            position += end - start

    def body(self, what: str) -> None:
        """Put an x in place of each octet of the body."""
        size = sum(end - start for start, end in self.message.spans)
        for start, end in self.message.spans:
            self.blank_bytes(start, end)
        if size:
            self.note(f"{what}, {int(size)} bytes")

    def rest(self) -> None:
        """Blank what could not be followed, or not yet, and what lies behind the end."""
        self.blank(self.message.followed, len(self.data), "what is no HTTP message")


def _forms(secret: str) -> Set[bytes]:
    if len(secret) < _SHORTEST:
        return set()
    return {
        form.encode("utf-8", "surrogatepass")
        for form in (
            secret,
            quote(secret, safe=""),
            quote(secret, safe="/"),
            quote(quote(secret, safe=""), safe=""),
            secret.replace("/", "\\/"),
        )
    }


def clean(
    request: bytes, response: bytes, secrets: Sequence[str] = (), keep_sensitive: bool = False
) -> Tuple[bytes, bytes, List[str]]:
    """Return a request and its response without what must not be written, and a line for each thing that was taken out.

    secrets: texts that are known to be secret, beside those that the request holds
    keep_sensitive: leave the members that the model calls sensitive: Body, the parts, CustomAttributes
    """
    removed: List[str] = []
    asked = follow(request, request=True)
    answered = follow(response, bodiless=asked.method == "HEAD")
    known = list(secrets) + _secrets_of(asked)
    _clean_request(_Scrub(asked, "request", removed), known, keep_sensitive)
    _clean_response(_Scrub(answered, "response", removed), known, keep_sensitive)
    return bytes(asked.data), bytes(answered.data), removed


def _secrets_of(asked: Message) -> List[str]:
    """Return the secrets that a request holds, so that they are found where a service repeats them."""
    text = asked.data.decode("latin-1")
    found = [
        match.group(1).strip(" \t")
        for match in re.finditer(r"(?im)^x-amz-security-token:([^\r\n]*)", text)
    ]
    for name, value in re.findall(r"[?&]([^=&? \r\n]+)=([^& \r\n]+)", text.partition("\n")[0]):
        if unquote(name).lower() == _TOKEN:
            found.append(unquote(value))
    found += re.findall(
        r"(?im)^(?:proxy-)?authorization:[ \t]*(?!AWS4-)(?:[^\s,]+[ \t]+)?([^\s,]+)[ \t]*\r?$", text
    )  # Bearer, Basic
    found += re.findall(r"(?im)^x-api-key:[ \t]*(\S+)[ \t]*\r?$", text)
    keys = [key for key in re.findall(r"Credential=([^/,\s]+)/", text) if key != ACCESS_KEY]
    return [secret for secret in found if secret != EXAMPLE_TOKEN] + keys


def _clean_request(scrub: _Scrub, secrets: Sequence[str], keep_sensitive: bool) -> None:
    message, before = scrub.message, bytes(scrub.message.data)
    head = message.heads[-1] if message.heads else len(scrub.data)
    own = _is_example(before[:head])
    scrub.secrets(secrets)
    is_nobodys = bool(message.heads) and set(values_of(message.headers, _TOKEN)) <= {EXAMPLE_TOKEN}
    scrub.headers([name for name in _SECRET_HEADERS if name != _TOKEN or not is_nobodys])
    if not own:
        scrub.headers(("authorization",))
        _blank_parameters(scrub, head)
    if not keep_sensitive:
        scrub.headers(_SENSITIVE_HEADERS)
        scrub.body("body")
        scrub.rest()
    if (
        scrub.data != before
    ):  # what is signed with a key that all know is a hash of what was taken out
        scrub.headers(_HASHES, "hashes and the signature, which would tell what was removed")
        for match in re.finditer(rb"(?i)Signature=([0-9a-f]{64})", bytes(scrub.data[:head])):
            scrub.blank(
                match.start(1),
                match.end(1),
                "hashes and the signature, which would tell what was removed",
            )


def _is_example(head: bytes) -> bool:
    """Whether a head is signed with AWS's example key, and by that alone."""
    text = head.decode("latin-1")
    claims = re.findall(r"(?im)^authorization:([^\r\n]*)", text)
    line = text.partition("\n")[0]
    keys = re.findall(r"Credential=([^/,\s%]+)(?:/|%2F)", "\n".join(claims) + line)
    return set(keys) <= {ACCESS_KEY} and all(
        claim.strip(" \t").startswith("AWS4-HMAC-SHA256 ") for claim in claims
    )


def _blank_parameters(scrub: _Scrub, head: int) -> None:
    line = bytes(scrub.data[:head]).partition(b"\n")[0]
    for match in _PARAMETER.finditer(line):
        name = unquote(match.group(1).decode("latin-1")).lower()
        if name in _SECRET_PARAMETERS:
            scrub.blank(match.start(2), match.end(2), "parameter " + name)


def _clean_response(scrub: _Scrub, secrets: Sequence[str], keep_sensitive: bool) -> None:
    message = scrub.message
    before = message.body
    scrub.headers(_SECRET_HEADERS)
    coded = {value.lower() for value in values_of(message.headers, "content-encoding")} - {
        "identity"
    }
    if coded and (secrets or not keep_sensitive):
        scrub.body("a body in another coding, in which nothing can be found")
        return
    scrub.secrets(secrets)
    streams = any(
        value.lower().startswith(EVENT_STREAM_TYPE)
        for value in values_of(message.headers, "content-type")
    )
    if not keep_sensitive:
        scrub.headers(_SENSITIVE_HEADERS)
        if not streams and 200 <= message.status < 300:
            scrub.body("body")
        scrub.rest()
    if streams:
        _clean_frames(scrub, before, keep_sensitive)


def _clean_frames(scrub: _Scrub, before: bytes, keep_sensitive: bool) -> None:
    """Take the payloads out of the frames, and let each checksum be as right or wrong as it was."""
    body = bytearray(scrub.message.body)
    position, taken = 0, 0
    while position < len(before):
        total, headers_length = _lengths_of(before[position : position + 12])
        end = position + total if total else len(before)
        if not keep_sensitive and not _is_error(before[position:end]):
            start = position + (12 + headers_length if total else 0)
            size = max(0, min(len(body), end - 4 if total else end) - start)
            body[start : start + size] = b"x" * size
            taken += size
        if total and end <= len(body):
            wrong = struct.unpack(">I", before[end - 4 : end])[0] ^ zlib.crc32(
                before[position : end - 4]
            )
            body[end - 4 : end] = struct.pack(
                ">I", wrong ^ zlib.crc32(bytes(body[position : end - 4]))
            )
        position = end
    scrub.store(bytes(body))
    if taken:
        scrub.note(f"payloads of the stream, {int(taken)} bytes")


def _lengths_of(prelude: bytes) -> Tuple[int, int]:
    """Return the two lengths of a frame, or zeros for what is no prelude: behind it nothing can be told."""
    if len(prelude) == 12:
        total, headers_length, checksum = struct.unpack(">III", prelude)
        if checksum == zlib.crc32(prelude[:8]) and total >= 16 + headers_length:
            return total, headers_length
    return 0, 0


def _is_error(frame: bytes) -> bool:
    """Whether a frame tells of an error, whose members are not sensitive."""
    try:
        messages = Decoder().feed(frame)
        return any(
            message.headers.string(":message-type") in ("exception", "error")
            for message in messages
        )
    except Error:
        return False


# ---- the cases of a recording ------------------------------------------------------------------------------------


class Asked(NamedTuple):
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


Asked.__doc__ = """A request that is signed in its headers, and what its signature claims."""

_CLAIM = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/[0-9]{8}/([^/]+)/([^/]+)/aws4_request, ?SignedHeaders=([^,]+), ?"
    r"Signature=([0-9a-f]{64})\Z"
)


def asked_in(recording: Mapping[str, Any]) -> Asked:
    """Return the request of a recording. Raises CaseInput unless it is whole and signed in its headers with the example key."""
    message = follow(joined(of_documents(recording["request"]["pieces"])), request=True)
    if message.end is None or recording["request"]["ended"] != "whole":
        raise CaseInput("the request is not whole")
    claims = [_CLAIM.match(value) for value in values_of(message.headers, "authorization")]
    times = values_of(message.headers, "x-amz-date")
    if len(claims) != 1 or claims[0] is None or len(times) != 1 or claims[0].group(1) != ACCESS_KEY:
        raise CaseInput("the request is not signed with the example key")
    _, region, service, names, signature = claims[0].groups()
    token = (values_of(message.headers, _TOKEN) + [None])[0]
    return Asked(
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
        token,
    )


def input_of(recording: Mapping[str, Any], op: str) -> Document:
    """Return what an operation of the protocol is asked about a recording. Raises CaseInput."""
    if op in ("sigv4.verify", "sigv4.sign"):
        return _signing_input(asked_in(recording), op == "sigv4.sign")
    asked = joined(of_documents(recording["request"]["pieces"]))
    response = follow(
        joined(of_documents(recording["response"]["pieces"])), bodiless=asked.startswith(b"HEAD ")
    )
    if response.framing is None or response.lost is not None:
        raise CaseInput("the response is not HTTP that the protocol can carry")
    chunks = [_base64(chunk) for chunk in _chunks_of(recording, response)]
    if op == "eventstream.decode":
        return {"chunks": chunks}
    ended = recording["response"]["ended"]
    complete = response.end is not None or ended == "close" and response.is_complete_at_close
    return {
        "status": response.status,
        "headers": [list(pair) for pair in response.headers],
        "chunks": chunks,
        "complete": complete,
    }


def _signing_input(asked: Asked, to_sign: bool) -> Document:
    own = [
        "x-amz-date",
        _TOKEN,
    ]  # a signer adds these itself, and the body's hash where it is asked to
    sign_body = values_of(asked.headers, "x-amz-content-sha256") == [
        hashlib.sha256(asked.body).hexdigest()
    ]
    own += ["x-amz-content-sha256"] if sign_body else []
    headers = [
        [name, value]
        for name, value in asked.headers
        if not to_sign or name.lower() in asked.names and name.lower() not in own
    ]
    given: Document = {
        "method": asked.method,
        "target": asked.target,
        "headers": headers,
        "body": _base64(asked.body),
        "access_key": ACCESS_KEY,
        "secret_key": SECRET_KEY,
    }
    if asked.token is not None:
        given["session_token"] = asked.token
    given.update(region=asked.region, service=asked.service, time=asked.time)
    return dict(given, sign_body=True) if to_sign and sign_body else given


def _chunks_of(recording: Mapping[str, Any], response: Message) -> Iterator[bytes]:
    """Yield the body as it came: chunk by chunk, or without chunks as it was read."""
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
