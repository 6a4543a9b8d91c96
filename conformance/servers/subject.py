# SPDX-License-Identifier: MIT
"""The server that is judged, and the requests to it.

A Draft is a request that can be changed after it was signed. Subject.draft() returns a correct one.
A check breaks it in one place and asks the server. Each exchange is kept for the observations,
without long bodies.
"""

import time
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

from conformance.endpoint.request import Pairs
from conformance.servers.exchange import Address, Connection, Limits, Received, ServerFault
from refimpl.operation import PATH, UNSIGNED_HEADERS, authority, parse_endpoint_url
from refimpl.sigv4 import Credentials, Signer, amz_date_of

SERVICE = "sagemaker"
# A name that no endpoint should have.
UNKNOWN_NAME = "conformance-check-no-such-endpoint"
_SIGNER = Signer()
_KEPT = 1000  # bytes of each piece of a body, and pieces


class Names(NamedTuple):
    """Names of endpoints by what their models do, or None.

    streams:    sends two or more parts with a pause between the first and the last one
    echoes:     sends the body of the request
    attributes: sets CustomAttributes
    fails:      fails before its first part, so that the response is ModelError
    breaks:     fails after it has begun its response
    """

    streams: Optional[str] = None
    echoes: Optional[str] = None
    attributes: Optional[str] = None
    fails: Optional[str] = None
    breaks: Optional[str] = None

    @property
    def working(self) -> Optional[str]:
        """The name of an endpoint that responds with a complete stream, or None."""
        # The one that pauses comes last, because it takes longest.
        return self.echoes or self.attributes or self.streams


class Draft(NamedTuple):
    """A request. The values of headers are text in Latin-1. Its repr is safe to log."""

    method: str
    target: str
    headers: Tuple[Tuple[str, str], ...]
    body: bytes
    version: str = "HTTP/1.1"

    def __repr__(self) -> str:
        return f"Draft({self.method} {self.target.partition('?')[0]})"

    def value(self, name: str) -> str:
        """Return the value of a header, or an empty text."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    def replacing(self, name: str, value: Optional[str]) -> "Draft":
        """Return the request with one value of a header, or without the header for None."""
        kept = [(key, old) for key, old in self.headers if key.lower() != name.lower()]
        if value is not None:
            kept.append((name, value))
        return self._replace(headers=tuple(kept))

    def adding(self, name: str, value: str) -> "Draft":
        """Return the request with one more header."""
        return self._replace(headers=(*self.headers, (name, value)))

    def with_authorization(self, old: str, new: str) -> "Draft":
        """Return the request with a part of the value of Authorization replaced."""
        return self.replacing("authorization", self.value("authorization").replace(old, new))

    @property
    def head(self) -> bytes:
        """The bytes of the head."""
        lines = [f"{self.method} {self.target} {self.version}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class Signing(NamedTuple):
    """The values that a request is signed with, in place of the subject's own.

    later: seconds from now to the time of the request
    """

    region: Optional[str] = None
    service: str = SERVICE
    credentials: Optional[Credentials] = None
    later: float = 0.0


_USUAL = Signing()


class Subject:
    """A server.

    url:           its URL, with a base path if it has one
    credentials, region: for signatures
    serves_region: whether the server accepts only this region
    verifies:      whether the server verifies signatures
    budget:        the largest number of requests, or None
    names:         see Names
    pause:         seconds between the first and the last part of the model that streams
    invocation:    body and content type that the models accept
    Raises ConfigurationError for an invalid URL.
    """

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        region: str,
        names: Names,
        context: object = None,
        serves_region: bool = False,
        verifies: bool = True,
        budget: Optional[int] = None,
        limits: Limits = Limits(30.0),  # noqa: B008
        pause: float = 0.5,
        invocation: Tuple[bytes, str] = (b'{"inputs": "Hi"}', "application/json"),
        clock: Callable[[], float] = time.time,
    ) -> None:
        parts = parse_endpoint_url(url.rstrip("/"))
        self.url, self.names, self.pause = url, names, pause
        self.credentials, self.region, self.serves_region = credentials, region, serves_region
        self.clock, self.limits, self.verifies = clock, limits, verifies
        self._left = budget
        self.address = Address(parts.host, parts.port, context)  # type: ignore[arg-type]
        self._base, self._invocation = parts.path, invocation
        self._host = authority(parts.scheme, parts.host, parts.port)
        self.seen: List[Tuple[Draft, Received]] = []
        self._shared: Dict[str, Received] = {}

    # ---- requests ------------------------------------------------------------------------------

    def path(self, name: Optional[str] = None, operation: str = "") -> str:
        """Return the path of a call. operation: the last segment, if not the streaming one."""
        path = self._base + PATH % (name or self.names.working or UNKNOWN_NAME)
        return path.rpartition("/")[0] + "/" + operation if operation else path

    def draft(
        self,
        name: Optional[str] = None,
        path: Optional[str] = None,
        method: str = "POST",
        query: str = "",
        body: Optional[bytes] = None,
        headers: Sequence[Tuple[str, str]] = (),
        signing: Signing = _USUAL,
    ) -> Draft:
        """Return a signed request.

        name: of the endpoint; by default of one that works, or one that does not exist
        path: instead of the one of the operation;  headers: more headers, which are signed
        """
        target = path or self.path(name)
        given, content_type = self._invocation
        body = given if body is None else body
        signed = _SIGNER.sign(
            method,
            f"{target}?{query}" if query else target,
            self._headers(content_type, body) + list(headers),
            body,
            signing.credentials or self.credentials,
            signing.region or self.region,
            signing.service,
            amz_date_of(self.clock() + signing.later),
            unsigned=UNSIGNED_HEADERS,
        )
        return Draft(method, f"{target}?{query}" if query else target, signed.headers, body)

    def presigned(self, later: float = 0.0, expires: int = 300) -> Draft:
        """Return a request that is signed in its query."""
        given, content_type = self._invocation
        headers = self._headers(content_type, given)
        signed = _SIGNER.presign(
            "POST",
            self.path(),
            [pair for pair in headers if pair[0] != "Content-Length"],
            given,
            self.credentials,
            self.region,
            SERVICE,
            amz_date_of(self.clock() + later),
            expires,
        )
        return Draft("POST", signed.target, tuple(headers), given)

    def _headers(self, content_type: str, body: bytes) -> Pairs:
        return [
            ("Host", self._host),
            ("User-Agent", "conformance-check"),
            ("Content-Type", content_type),
            ("Content-Length", str(len(body))),
        ]

    # ---- responses -----------------------------------------------------------------------------

    def ask(self, draft: Draft) -> Received:
        """Return the response to a request on a connection of its own. Raises ServerFault."""
        with self.connect() as connection:
            connection.send(draft.adding("Connection", "close").head + draft.body)
            return self.kept(draft, connection.receive(draft.method))

    def ask_once(self, draft: Draft) -> Received:
        """Return the response to the first request with the same target and kind of signature."""
        key = f"{draft.target} {bool(draft.value('authorization'))}"
        if key not in self._shared:
            self._shared[key] = self.ask(draft)
        return self._shared[key]

    def has(self, need: str) -> bool:
        """Return whether a key of NEEDS was supplied."""
        if need == "signatures":
            return self.verifies
        return (self.names.working if need == "works" else getattr(self.names, need)) is not None

    def connect(self, seconds: Optional[float] = None) -> Connection:
        """Return a new connection. seconds: for each exchange, if not the usual ones."""
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                raise ServerFault("no more requests are allowed to the public service")
        limits = self.limits
        if seconds is not None:
            limits = limits._replace(seconds=min(seconds, limits.seconds))
        return Connection(self.address, limits)

    def kept(self, draft: Draft, received: Received) -> Received:
        """Keep an exchange for the observations, and return its response."""
        pieces = tuple((at, data[:_KEPT]) for at, data in received.pieces[:_KEPT])
        short = draft._replace(body=draft.body[:_KEPT])
        self.seen.append((short, received._replace(pieces=pieces)))
        return received

    def secrets(self) -> List[str]:
        """Return what must not be shown."""
        keys = (self.credentials.secret_key, self.credentials.session_token)
        return [secret for secret in keys if secret]
