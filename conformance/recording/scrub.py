# SPDX-License-Identifier: MIT
"""Removes secrets and sensitive data from an exchange before it is written.

clean() keeps what is known to be harmless and replaces every other octet by an `x`, so no length
and no chunk boundary changes. Harmless are the headers and query parameters that are listed below.
A credential is kept only if it is AWS's published example. If clean() changes a frame, it adjusts
the frame's checksum by the difference, so a wrong checksum stays wrong.

Every removed value of the request is a secret that the response may repeat. It is removed there in
each of its escaped forms, also where HTTP chunks split it, and so is text that looks like a
credential. Removed unless they are kept: Body, the parts, CustomAttributes, and bytes that are not
HTTP. If anything of a request is removed, so are its hashes and its signature, because everybody
knows the example key and could find the removed data with them.

Time is linear in the length of the exchange: patterns see only heads and errors, and have no
unbounded prefix.
"""

import base64
import binascii
import html
import json
import re
import struct
import zlib
from typing import Callable, Iterable, Iterator, List, NamedTuple, Sequence, Set, Tuple
from urllib.parse import quote, unquote, unquote_plus

from conformance.endpoint.checks import ACCESS_KEY, EXAMPLE_TOKEN
from conformance.endpoint.request import values_of
from conformance.recording.exchange import TOKEN_HEADER, Message, follow
from refimpl.errors import Error
from refimpl.eventstream import EVENT_STREAM_TYPE, Decoder
from refimpl.shapes import (
    InvokeEndpointWithResponseStreamInput,
    InvokeEndpointWithResponseStreamOutput,
)

# ---- what is harmless ----------------------------------------------------------------------------

_FRAMING = ("content-length", "transfer-encoding", "content-type", "content-encoding", "connection")
_HASHES = ("x-amz-content-sha256", "content-md5", "digest", "content-digest", "repr-digest")
_CHECKSUM_PREFIX = "x-amz-checksum-"
_MEMBERS = {
    field.wire_name.lower(): field.type.sensitive
    for shape in (InvokeEndpointWithResponseStreamInput, InvokeEndpointWithResponseStreamOutput)
    for field in shape.fields
    if field.location == "header"
}
_SENSITIVE_MEMBERS = frozenset(name for name, is_sensitive in _MEMBERS.items() if is_sensitive)
_HARMLESS = (
    frozenset(_MEMBERS)
    .difference(_SENSITIVE_MEMBERS)
    .union(_FRAMING, _HASHES)
    .union(
        # of requests
        [
            "host",
            "accept",
            "accept-charset",
            "accept-encoding",
            "accept-language",
            "user-agent",
            "expect",
            "te",
            "x-amz-date",
            "x-amz-user-agent",
            "x-amz-target",
            "amz-sdk-invocation-id",
            "amz-sdk-request",
            "x-amzn-trace-id",
            "x-amzn-trace",
            "date",
            "cache-control",
            "pragma",
            "keep-alive",
            "trailer",
            "content-language",
            "vary",
            "server",
            "allow",
            "age",
            "expires",
            "last-modified",
            "retry-after",
            "x-amzn-requestid",
            "x-amz-request-id",
            "x-amz-id-2",
            "x-amzn-errortype",
            "x-content-type-options",
            "accept-ranges",
        ]
    )
)
_HARMLESS_PARAMETERS = frozenset(
    [
        "x-amz-algorithm",
        "x-amz-date",
        "x-amz-expires",
        "x-amz-signedheaders",
        "x-amz-content-sha256",
    ]
)
_HARMLESS_VALUE = re.compile(rb"[\t\r\n -~\x80-\xff]*\Z")
_OPERATION = re.compile(rb"/endpoints/[A-Za-z0-9-]{1,4096}/invocations-response-stream\Z")
_PLAIN_SEGMENT = re.compile(rb"[A-Za-z0-9._~%-]{0,32}\Z")
_BLANK_LINE = re.compile(rb"\n\r?\n")
_PLAIN_LINK = re.compile(rb"<[A-Za-z0-9:/._~-]{0,200}>(?:; ?rel=[a-z-]{1,20})?\Z")
_PLAIN_EXTENSION = re.compile(rb"(?:;?[a-z]{1,8}(?:=\"?[a-z0-9]{0,3}\"?)?){1,4}\r\n\Z")
_PLAIN_LOCATION = re.compile(rb"[A-Za-z0-9:/._~\[\]-]{0,200}\Z")  # without user, query and fragment
_EXAMPLE_CLAIM = re.compile(
    rb"AWS4-HMAC-SHA256(?:[ ,\t\r\n]+(?:Credential=AKIDEXAMPLE/[A-Za-z0-9/_-]*"
    rb"|SignedHeaders=[A-Za-z0-9;_.-]*|Signature=[0-9a-f]{64}))+\Z"
)
_EXAMPLE_KEYS = (ACCESS_KEY, "AKIAIOSFODNN7EXAMPLE")

# Text that looks like a credential, in a value that is otherwise harmless or in an error.
_CREDENTIAL = re.compile(
    rb"(?i)(?:token|secret|passw(?:or)?d|passwd|pwd|api-?_?key|access-?_?key(?:-?_?id)?"
    rb"|auth(?:orization)?|credentials?|signature|sig|session|cookie|jwt|bearer)"
    rb"[\"']?[ \t]{0,3}[:=][ \t]{0,3}[\"']?"
    rb"(?:(?:bearer|basic|digest|negotiate)[ \t]{1,3})?(?P<a>[^\s\"',;&<>{}\[\]]{4,4096})"
    rb"|\b(?:bearer|basic|digest|negotiate)[ \t]{1,3}(?P<b>[A-Za-z0-9+/=._~-]{8,4096})"
    rb"|\b(?P<c>(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,28})\b"
    rb"|\b(?P<d>eyJ[A-Za-z0-9_-]{8,1024}\.[A-Za-z0-9_.-]{4,8192})"
    rb"|://(?P<e>[^\s/@:]{1,256}:[^\s/@]{1,256})@"
)
_SIGNATURE = re.compile(rb"(?i)Signature=([0-9a-f]{64})")
_HASHES_REMOVED = "hashes and the signature, which could reveal what was removed"

_SHORTEST_SECRET = 4  # characters; a shorter text would be found everywhere
_SHORTEST_PART = 8  # characters of a part of a removed value that counts as a secret
_MOST_SECRETS = 200  # with more, the body of the response is removed
_LONGEST_ERROR = 1 << 20  # bytes; a longer error is not searched but removed


def clean(
    request: bytes, response: bytes, secrets: Sequence[str] = (), keep_sensitive: bool = False
) -> Tuple[bytes, bytes, List[str]]:
    """Return a request and its response without secrets, and a line for each thing removed.

    secrets:        texts to remove in addition to the values that are removed from the request
    keep_sensitive: keep the members that the model marks as sensitive: Body, the parts,
        CustomAttributes
    """
    removed: List[str] = []
    asked = follow(request, request=True)
    answered = follow(response, bodiless=asked.method == "HEAD")
    repeated = _clean_request(_Scrub(asked, "request", removed), secrets, keep_sensitive)
    _clean_response(_Scrub(answered, "response", removed), secrets, repeated, keep_sensitive)
    return bytes(asked.data), bytes(answered.data), removed


# ---- one message ---------------------------------------------------------------------------------


class _Line(NamedTuple):
    """A header line with its folds: name in lower case, and where the value is."""

    name: str
    start: int
    end: int


class _Scrub:
    """Overwrites octets of one message and records what they were."""

    def __init__(self, message: Message, name: str, removed: List[str]) -> None:
        self.message, self.data = message, message.data
        self._name, self._removed = name, removed
        self.head = self._end_of_head()
        self.lines = list(self._header_lines())

    def _end_of_head(self) -> int:
        heads = self.message.heads
        if self.message.framing is not None:
            return heads[-1]
        start = heads[-1] if heads else 0
        if (heads or self._name == "response") and self.data[start : start + 5] != b"HTTP/":
            return start
        end = _BLANK_LINE.search(self.data, start)
        return end.end() if end else len(self.data)

    def _header_lines(self) -> Iterator[_Line]:
        """Yield the lines of all heads and trailers, whose names need not be valid."""
        position = self.data.find(b"\n", 0, self.head) + 1 or self.head
        regions = [(position, self.head)]
        trailers = [pair for pair in self.message.extras if not self._is_extension(pair)]
        if trailers:
            regions.append((trailers[0][0], trailers[-1][1]))
        for position, end_of_region in regions:
            current: List[_Line] = []
            while position < end_of_region:
                end = self.data.find(b"\n", position, end_of_region) + 1 or end_of_region
                colon = self.data.find(b":", position, end)
                if current and bytes(self.data[position : position + 1]) in (b" ", b"\t"):
                    current = [current[0]._replace(end=end)]
                else:
                    yield from current
                    current = []
                    if colon >= 0:
                        name = bytes(self.data[position:colon]).decode("latin-1")
                        current = [_Line(name.strip().lower(), colon + 1, end)]
                position = end
            yield from current

    def note(self, what: str) -> None:
        """Record that something was removed, once."""
        line = f"{self._name}: {what}"
        if line not in self._removed:
            self._removed.append(line)

    def blank(self, start: int, end: int, what: str) -> str:
        """Replace each octet by an x, except white space and line ends, and record it.

        Returns the text that was there, or "" if nothing changes.
        """
        old = bytes(self.data[start:end])
        new = re.sub(rb"[^ \t\r\n]", b"x", old)
        if new == old:
            return ""
        self.data[start:end] = new
        self.note(what)
        return re.sub(rb"\r?\n[ \t]+", b" ", old).strip().decode("latin-1")

    def blank_bytes(self, start: int, end: int) -> None:
        """Replace each octet by an x."""
        self.data[start:end] = b"x" * (end - start)

    def headers(self, is_kept: Callable[[_Line, bytes], bool], what: str = "") -> List[str]:
        """Blank the values of all headers that are not kept, and return them."""
        found = []
        for line in self.lines:
            value = bytes(self.data[line.start : line.end]).strip()
            if not is_kept(line, value) and (what or not _is_too_simple(value)):
                found.append(self.blank(line.start, line.end, what or "header " + _shown(line)))
        return [value for value in found if value]

    def extensions(self) -> List[str]:
        """Blank the chunk extensions, and return them."""
        pairs = [pair for pair in self.message.extras if self._is_extension(pair)]
        return [
            self.blank(start, end, "chunk extensions")
            for start, end in pairs
            if not _PLAIN_EXTENSION.match(bytes(self.data[start:end]))
        ]

    def _is_extension(self, pair: Tuple[int, int]) -> bool:
        return self.data[pair[0] - 1 : pair[0]] == b";"

    def credentials(self, start: int, end: int) -> List[str]:
        """Blank everything in a part of the message that looks like a credential, and return it."""
        found = []
        for first, last in _credentials_in(bytes(self.data[start:end])):
            found.append(self.blank(start + first, start + last, "a credential"))
        return found

    def secrets(self, secrets: Iterable[str], regions: Sequence[Tuple[int, int]]) -> None:
        """Blank each secret in regions as they are, and in the body without its chunk framing."""
        forms = {form.lower() for secret in secrets for form in _escaped_forms(secret)}
        if not forms:
            return
        longest_first = sorted(forms, key=len, reverse=True)
        for start, end in regions:
            text = bytes(self.data[start:end])
            found = _blanked(text, longest_first)
            if found != text:
                self.data[start:end] = found
                self.note("a secret")
        body = self.message.body
        found = _blanked(body, longest_first)
        if found != body:
            self.store(found)
            self.note("a secret")

    def store(self, body: bytes) -> None:
        """Overwrite the whole body."""
        position = 0
        for start, end in self.message.spans:
            self.data[start:end] = body[position : position + end - start]
            position += end - start

    def body(self, what: str) -> None:
        """Replace each octet of the body by an x."""
        size = sum(end - start for start, end in self.message.spans)
        for start, end in self.message.spans:
            self.blank_bytes(start, end)
        if size:
            self.note(f"{what}, {size} bytes")

    def rest(self) -> None:
        """Blank the bytes after the last that were parsed: they are not HTTP, or follow its end."""
        self.blank(self.message.followed, len(self.data), "bytes that are not an HTTP message")


def _is_too_simple(value: bytes) -> bool:
    """Return whether a value is so short or uniform that it cannot be a secret."""
    return len(value) < _SHORTEST_SECRET or len(set(value)) < 3


def _shown(line: _Line) -> str:
    return re.sub(r"[^!-~]", "?", line.name[:80]) or "without a name"


def _credentials_in(text: bytes) -> Iterator[Tuple[int, int]]:
    """Yield where a text has what looks like a credential."""
    for match in _CREDENTIAL.finditer(text):
        for group in "abcde":
            found = match.group(group)
            if found is not None and found.decode("latin-1") not in _EXAMPLE_KEYS:
                yield match.span(group)


def _blanked(text: bytes, forms: Iterable[bytes]) -> bytes:
    """Return text with each form, in upper or lower case, replaced by x."""
    lower = bytearray(text.lower())
    changed = bytearray(text)
    for form in forms:
        position = lower.find(form)
        while position >= 0:
            end = position + len(form)
            lower[position:end] = changed[position:end] = b"x" * len(form)
            position = lower.find(form, end)
    return bytes(changed)


def _escaped_forms(secret: str) -> Set[bytes]:
    """Return a secret as a service may repeat it: in a URL, in JSON, in HTML."""
    if len(secret) < _SHORTEST_SECRET or not secret.strip("xX \t"):
        return set()
    quoted = quote(secret, safe="")
    forms = {
        secret,
        quoted,
        quote(secret, safe="/"),
        quote(quoted, safe=""),
        secret.replace("/", "\\/"),
        json.dumps(secret)[1:-1],
        html.escape(secret),
        html.escape(secret).replace("&#x27;", "&#39;"),
        "".join(c if c.isalnum() else f"\\u{ord(c):04x}" for c in secret),
        base64.b64encode(secret.encode("utf-8", "surrogatepass")).decode("ascii").rstrip("="),
    }
    encoded = {form.encode("utf-8", "surrogatepass") for form in forms}
    # The text of a header is decoded as Latin-1, so this is how it was sent.
    with_latin = {form.encode("latin-1") for form in forms if all(ord(c) < 256 for c in form)}
    return encoded | with_latin


def _parts_of(values: Iterable[str]) -> List[str]:
    """Return removed values, and the parts of them that may be secrets by themselves."""
    found = []
    for value in values:
        for text in (value, unquote_plus(value), *_decoded(value)):
            found.append(text)
            parts = re.split(r"[\s,;:=&\"'()<>]+", text) + re.split(r"[\s,=/]+", text)
            found += [part for part in parts if len(part) >= _SHORTEST_PART]
    return list(dict.fromkeys(text for text in found if not _is_common(text)))


def _decoded(value: str) -> Iterator[str]:
    """Yield user:password and the password of a Basic header."""
    scheme, _, credentials = value.partition(" ")
    if scheme.lower() == "basic":
        try:
            text = base64.b64decode(credentials.strip(), validate=True).decode("latin-1")
        except (ValueError, binascii.Error):
            return
        yield text
        yield text.partition(":")[2]


def _is_common(text: str) -> bool:
    """Return whether a text is a word that occurs in any exchange."""
    return text.lower() in _HARMLESS or text.lower() in _COMMON


_COMMON = frozenset(
    [
        "aws4-hmac-sha256",
        "signedheaders",
        "signature",
        "credential",
        "aws4_request",
        "chunked",
        "keep-alive",
        "close",
        "identity",
        "gzip",
        "true",
        "false",
        "none",
        "null",
        "deflate",
        "no-cache",
        "text/plain",
        "text/html",
        "application/json",
        "application",
        "localhost",
        "127.0.0.1",
        "websocket",
    ]
)


# ---- the request -------------------------------------------------------------------------------


def _clean_request(scrub: _Scrub, secrets: Sequence[str], keep_sensitive: bool) -> List[str]:
    """Remove secrets from a request, and return the texts that the response may repeat."""
    message, before = scrub.message, bytes(scrub.message.data)
    is_example = _is_signed_with_the_example_key(scrub)
    scrub.secrets(secrets, [(0, len(before))])
    found = _clean_target(scrub, is_example)

    def is_kept(line: _Line, value: bytes) -> bool:
        if not _HARMLESS_VALUE.match(value):
            return False
        if line.name == "authorization":
            return is_example
        if line.name == TOKEN_HEADER:
            return value.decode("latin-1") == EXAMPLE_TOKEN
        if line.name == "host" and b"@" in value:
            return False
        if line.name in _SENSITIVE_MEMBERS:
            return keep_sensitive
        return line.name in _HARMLESS or line.name.startswith(_CHECKSUM_PREFIX)

    values = scrub.headers(is_kept)
    for line in scrub.lines:
        if line.name != "authorization" or not is_example:
            values += scrub.credentials(line.start, line.end)
    repeated = _parts_of(found + values + scrub.extensions())
    if not keep_sensitive:
        scrub.body("body")
        scrub.rest()
    else:
        scrub.secrets(repeated, [])
    if message.data != before:
        scrub.headers(lambda line, value: not _is_hash(line.name), _HASHES_REMOVED)
        for match in _SIGNATURE.finditer(bytes(scrub.data[: scrub.head])):
            scrub.blank(match.start(1), match.end(1), _HASHES_REMOVED)
    return repeated


def _is_hash(name: str) -> bool:
    return name in _HASHES or name.startswith(_CHECKSUM_PREFIX)


def _is_signed_with_the_example_key(scrub: _Scrub) -> bool:
    """Return whether AWS's example key signed a request, and no other credential is in its head."""
    query = bytes(scrub.data[: scrub.head]).partition(b"\n")[0].partition(b"?")[2]
    claims = [
        bytes(scrub.data[line.start : line.end]).strip()
        for line in scrub.lines
        if line.name == "authorization"
    ]
    keys = re.findall(rb"X-Amz-Credential=([^/&% ]{0,256})", query)
    return all(map(_EXAMPLE_CLAIM.match, claims)) and set(keys) <= {ACCESS_KEY.encode("ascii")}


def _clean_target(scrub: _Scrub, is_example: bool) -> List[str]:
    """Blank what is not known to be harmless in the request line, and return it."""
    line = bytes(scrub.data[: scrub.head]).partition(b"\n")[0]
    start = line.find(b" ") + 1
    stop = line.rfind(b" HTTP/")
    stop = len(line.rstrip()) if stop < start else stop
    path, mark, query = line[start:stop].partition(b"?")
    found = []
    if start and not _OPERATION.match(path):
        position = start
        for segment in path.split(b"/"):
            if not _PLAIN_SEGMENT.match(segment):
                found.append(scrub.blank(position, position + len(segment), "a part of the path"))
            position += len(segment) + 1
    position = start + len(path) + len(mark)
    for pair in re.split(rb"[&;#]", query):
        name, equals, value = pair.partition(b"=")
        place = position + len(name) + len(equals)
        if not _is_harmless_parameter(name, equals, value, is_example):
            what = (
                "parameter " + re.sub("[^!-~]", "?", unquote(name.decode("latin-1"))[:80]).lower()
            )
            if not equals:
                place, value, what = position, name, "a parameter"
            blanked = scrub.blank(place, place + len(value), what)
            found += [blanked, unquote(blanked)]
        position += len(pair) + 1
    return [text for text in found if text]


def _is_harmless_parameter(name: bytes, equals: bytes, value: bytes, is_example: bool) -> bool:
    decoded = unquote(name.decode("latin-1")).lower()
    if decoded == TOKEN_HEADER:
        return unquote(value.decode("latin-1")) == EXAMPLE_TOKEN
    if decoded == "x-amz-credential":
        return is_example and unquote(value.decode("latin-1")).startswith(ACCESS_KEY + "/")
    if decoded == "x-amz-signature":
        return is_example and re.match(rb"[0-9a-f]{64}\Z", value) is not None
    return _is_too_simple(value if equals else name) or decoded in _HARMLESS_PARAMETERS


# ---- the response ------------------------------------------------------------------------------


def _clean_response(
    scrub: _Scrub, secrets: Sequence[str], repeated: Sequence[str], keep_sensitive: bool
) -> None:
    message = scrub.message
    before = message.body

    def is_kept(line: _Line, value: bytes) -> bool:
        if line.name in _SENSITIVE_MEMBERS:
            return keep_sensitive
        if line.name == "location":
            return bool(_PLAIN_LOCATION.match(value))
        if line.name == "link":
            return bool(_PLAIN_LINK.match(value))
        return line.name in _HARMLESS and bool(_HARMLESS_VALUE.match(value))

    scrub.secrets(secrets, [(0, len(scrub.data))])
    scrub.headers(is_kept)
    scrub.extensions()
    for line in scrub.lines:
        scrub.credentials(line.start, line.end)
    codings = {value.lower() for value in values_of(message.headers, "content-encoding")}
    if codings - {"identity"} and (secrets or repeated or not keep_sensitive):
        scrub.body("an encoded body, which cannot be searched")
        return
    if len(repeated) > _MOST_SECRETS:
        scrub.body("body, which may repeat too many secrets")
    else:
        scrub.secrets(repeated, _free_texts(scrub))
    is_stream = any(
        value.lower().startswith(EVENT_STREAM_TYPE)
        for value in values_of(message.headers, "content-type")
    )
    if not 200 <= message.status < 300:
        _blank_credentials_of_error(scrub)
    if not keep_sensitive:
        if not is_stream and 200 <= message.status < 300:
            scrub.body("body")
        scrub.rest()
    if is_stream:
        _clean_frames(scrub, before, keep_sensitive)


def _free_texts(scrub: _Scrub) -> List[Tuple[int, int]]:
    """Return where a response has text that does not delimit it: reason, values, the rest."""
    first = scrub.data.find(b"\n", 0, scrub.head) + 1 or scrub.head
    regions = [(min(first, len(b"HTTP/1.1 200")), first)]
    regions += [(line.start, line.end) for line in scrub.lines if line.name not in _FRAMING]
    return regions + [(max(scrub.message.followed, scrub.head), len(scrub.data))]


def _blank_credentials_of_error(scrub: _Scrub) -> None:
    body = bytearray(scrub.message.body)
    if len(body) > _LONGEST_ERROR:
        scrub.body("a long error")
        return
    for start, end in list(_credentials_in(bytes(body))):
        body[start:end] = b"x" * (end - start)
        scrub.note("a credential")
    scrub.store(bytes(body))


def _clean_frames(scrub: _Scrub, before: bytes, keep_sensitive: bool) -> None:
    """Blank the payloads of the frames, and adjust every checksum.

    before: the body before anything was removed from it
    """
    body = bytearray(scrub.message.body)
    position, removed = 0, 0
    while position < len(before):
        total, headers_length = _lengths_of(before[position : position + 12])
        is_frame = total > 0
        end = position + total if is_frame else len(before)
        is_error = end - position <= _LONGEST_ERROR and _is_error(before[position:end])
        if is_error:
            for first, last in list(_credentials_in(bytes(body[position:end]))):
                body[position + first : position + last] = b"x" * (last - first)
                scrub.note("a credential")
        elif not keep_sensitive:
            start, stop = position, end
            if is_frame:
                start, stop = position + 12 + headers_length, end - 4
            size = max(0, min(len(body), stop) - start)
            body[start : start + size] = b"x" * size
            removed += size
        if is_frame and end <= len(body):
            (checksum,) = struct.unpack(">I", before[end - 4 : end])
            difference = checksum ^ zlib.crc32(before[position : end - 4])
            new = difference ^ zlib.crc32(bytes(body[position : end - 4]))
            body[end - 4 : end] = struct.pack(">I", new)
        position = end
    scrub.store(bytes(body))
    if removed:
        scrub.note(f"payloads of the stream, {removed} bytes")


def _lengths_of(prelude: bytes) -> Tuple[int, int]:
    """Return the two lengths of a frame, or zeros if the prelude is invalid.

    Nothing after an invalid prelude can be recognized.
    """
    if len(prelude) == 12:
        total, headers_length, checksum = struct.unpack(">III", prelude)
        if checksum == zlib.crc32(prelude[:8]) and total >= 16 + headers_length:
            return total, headers_length
    return 0, 0


def _is_error(frame: bytes) -> bool:
    """Return whether a frame is an exception or an error, whose members are not sensitive."""
    try:
        messages = Decoder().feed(frame)
    except Error:
        return False
    return any(
        message.headers.string(":message-type") in ("exception", "error") for message in messages
    )
