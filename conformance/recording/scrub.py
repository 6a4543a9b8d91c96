# SPDX-License-Identifier: MIT
"""Removes secrets and sensitive data from an exchange before it is written.

clean() replaces each removed octet by an `x`, so no length and no chunk boundary changes. If it
changes a frame, it adjusts the frame's checksum by the difference, so a wrong checksum stays wrong.

Always removed: session tokens, cookies, API keys, credentials other than AWS's examples, and every
known secret, in each of its escaped forms and also where HTTP chunks split it. Removed unless they
are kept: Body, the parts, CustomAttributes, and bytes that are not HTTP. If anything of a request
is removed, so are its hashes and its signature, because everybody knows the example key and could
find the removed data with them.
"""

import re
import struct
import zlib
from typing import Iterable, List, Sequence, Set, Tuple
from urllib.parse import quote, unquote

from conformance.endpoint.checks import ACCESS_KEY
from conformance.endpoint.request import values_of
from conformance.recording.exchange import EXAMPLE_TOKEN, TOKEN_HEADER, Message, follow
from refimpl.errors import Error
from refimpl.eventstream import EVENT_STREAM_TYPE, Decoder

_SECRET_HEADERS = ("cookie", "set-cookie", "proxy-authorization", "x-api-key", TOKEN_HEADER)
_SENSITIVE_HEADERS = ("x-amzn-sagemaker-custom-attributes",)
_HASHES = ("x-amz-content-sha256", "content-md5", "digest", "content-digest", "repr-digest")
_CHECKSUM_PREFIX = "x-amz-checksum-"
_SECRET_PARAMETERS = (TOKEN_HEADER, "x-amz-signature", "x-amz-credential")
_HASHES_REMOVED = "hashes and the signature, which could reveal what was removed"
_HEADER = re.compile(
    rb"^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)", re.MULTILINE
)
_PARAMETER = re.compile(rb"(?<=[?&])([^=&? \r\n]+)=([^& \r\n]+)")
_SIGNATURE = re.compile(rb"(?i)Signature=([0-9a-f]{64})")
_SHORTEST_SECRET = 4  # characters; a shorter text would be found everywhere


def clean(
    request: bytes, response: bytes, secrets: Sequence[str] = (), keep_sensitive: bool = False
) -> Tuple[bytes, bytes, List[str]]:
    """Return a request and its response without secrets, and a line for each thing removed.

    secrets:        texts to remove in addition to the secrets that the request contains
    keep_sensitive: keep the members that the model marks as sensitive: Body, the parts,
        CustomAttributes
    """
    removed: List[str] = []
    asked = follow(request, request=True)
    answered = follow(response, bodiless=asked.method == "HEAD")
    known = list(secrets) + _secrets_of(asked)
    _clean_request(_Scrub(asked, "request", removed), known, keep_sensitive)
    _clean_response(_Scrub(answered, "response", removed), known, keep_sensitive)
    return bytes(asked.data), bytes(answered.data), removed


class _Scrub:
    """Overwrites octets of one message and records what they were."""

    def __init__(self, message: Message, name: str, removed: List[str]) -> None:
        self.message, self.data = message, message.data
        self._name, self._removed = name, removed

    def note(self, what: str) -> None:
        """Record that something was removed, once."""
        line = f"{self._name}: {what}"
        if line not in self._removed:
            self._removed.append(line)

    def blank(self, start: int, end: int, what: str) -> None:
        """Replace each octet by an x, except white space and line ends, and record it."""
        old = bytes(self.data[start:end])
        new = re.sub(rb"[^ \t\r\n]", b"x", old)
        if new != old:
            self.data[start:end] = new
            self.note(what)

    def blank_bytes(self, start: int, end: int) -> None:
        """Replace each octet by an x."""
        self.data[start:end] = b"x" * (end - start)

    def headers(self, names: Sequence[str], what: str = "") -> None:
        """Blank the values of headers, in every line that looks like one of them."""
        last = self.message.heads[-1] if self.message.heads else len(self.data)
        for match in _HEADER.finditer(bytes(self.data[:last])):
            name = match.group(1).decode("ascii").lower()
            if name in names or names is _HASHES and name.startswith(_CHECKSUM_PREFIX):
                self.blank(match.start(2), match.end(2), what or "header " + name)

    def secrets(self, secrets: Iterable[str]) -> None:
        """Blank each secret in the bytes as they are, and in the body without its chunk framing."""
        forms = {form for secret in secrets for form in _escaped_forms(secret)}
        if not forms:
            return
        longest_first = sorted(forms, key=len, reverse=True)
        pattern = re.compile(b"|".join(map(re.escape, longest_first)), re.IGNORECASE)
        for match in list(pattern.finditer(bytes(self.data))):
            self.blank_bytes(match.start(), match.end())
            self.note("a secret")
        body = bytearray(self.message.body)
        for match in list(pattern.finditer(bytes(body))):
            body[match.start() : match.end()] = b"x" * (match.end() - match.start())
            self.note("a secret")
        self.store(bytes(body))

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


def _escaped_forms(secret: str) -> Set[bytes]:
    if len(secret) < _SHORTEST_SECRET:
        return set()
    quoted = quote(secret, safe="")
    forms = (
        secret,
        quoted,
        quote(secret, safe="/"),
        quote(quoted, safe=""),
        secret.replace("/", "\\/"),
    )
    return {form.encode("utf-8", "surrogatepass") for form in forms}


# ---- the request ---------------------------------------------------------------------------------


def _secrets_of(request: Message) -> List[str]:
    """Return the secrets in a request, which a service may repeat in its response."""
    text = request.data.decode("latin-1")
    found = [
        match.group(1).strip(" \t")
        for match in re.finditer(r"(?im)^x-amz-security-token:([^\r\n]*)", text)
    ]
    for name, value in re.findall(r"[?&]([^=&? \r\n]+)=([^& \r\n]+)", text.partition("\n")[0]):
        if unquote(name).lower() == TOKEN_HEADER:
            found.append(unquote(value))
    # Bearer and Basic
    found += re.findall(
        r"(?im)^(?:proxy-)?authorization:[ \t]*(?!AWS4-)(?:[^\s,]+[ \t]+)?([^\s,]+)[ \t]*\r?$", text
    )
    found += re.findall(r"(?im)^x-api-key:[ \t]*(\S+)[ \t]*\r?$", text)
    keys = [key for key in re.findall(r"Credential=([^/,\s]+)/", text) if key != ACCESS_KEY]
    return [secret for secret in found if secret != EXAMPLE_TOKEN] + keys


def _clean_request(scrub: _Scrub, secrets: Sequence[str], keep_sensitive: bool) -> None:
    message, before = scrub.message, bytes(scrub.message.data)
    head = message.heads[-1] if message.heads else len(scrub.data)
    is_example = _is_signed_with_the_example_key(before[:head])
    scrub.secrets(secrets)
    tokens = set(values_of(message.headers, TOKEN_HEADER))
    has_only_example_token = bool(message.heads) and tokens <= {EXAMPLE_TOKEN}
    secret_headers = list(_SECRET_HEADERS)
    if has_only_example_token:
        secret_headers.remove(TOKEN_HEADER)
    scrub.headers(secret_headers)
    if not is_example:
        scrub.headers(("authorization",))
        _blank_parameters(scrub, head)
    if not keep_sensitive:
        scrub.headers(_SENSITIVE_HEADERS)
        scrub.body("body")
        scrub.rest()
    if scrub.data != before:
        scrub.headers(_HASHES, _HASHES_REMOVED)
        for match in _SIGNATURE.finditer(bytes(scrub.data[:head])):
            scrub.blank(match.start(1), match.end(1), _HASHES_REMOVED)


def _is_signed_with_the_example_key(head: bytes) -> bool:
    """Return whether AWS's example key signed a head, and no other credential is in it."""
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


# ---- the response --------------------------------------------------------------------------------


def _clean_response(scrub: _Scrub, secrets: Sequence[str], keep_sensitive: bool) -> None:
    message = scrub.message
    before = message.body
    scrub.headers(_SECRET_HEADERS)
    codings = {value.lower() for value in values_of(message.headers, "content-encoding")}
    if codings - {"identity"} and (secrets or not keep_sensitive):
        scrub.body("an encoded body, which cannot be searched")
        return
    scrub.secrets(secrets)
    is_stream = any(
        value.lower().startswith(EVENT_STREAM_TYPE)
        for value in values_of(message.headers, "content-type")
    )
    if not keep_sensitive:
        scrub.headers(_SENSITIVE_HEADERS)
        if not is_stream and 200 <= message.status < 300:
            scrub.body("body")
        scrub.rest()
    if is_stream:
        _clean_frames(scrub, before, keep_sensitive)


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
        if not keep_sensitive and not _is_error(before[position:end]):
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
