# SPDX-License-Identifier: MIT
"""The one error tree: every error that leaves this package is a refimpl.Error and carries its evidence.

    Error
      UsageError          your mistake: an argument of the wrong type or outside its constraint, a closed response
      ConfigurationError  no credentials, no region, an endpoint URL that cannot be used
      SignatureError      a request whose signature does not verify (for servers)
      ProtocolError       the peer's mistake: bytes that break a rule
        FrameError          an event-stream frame or message
        HttpError           an HTTP head, framing, status or content type
        DocumentError       a JSON, XML or query document
        TextError           text, lines, server-sent events or JSON values that the payload parts carry
      NetworkError        no connection, or a time-out
      ServiceError        the service or the model answered with an error; the modelled ones are in shapes.py

A message says what is wrong in a few words; the evidence (expected, actual, offset, rule) stands beside it as attributes,
and str() puts both on one line. What came from a peer is shown escaped and shortened: never raw, never long.
"""

import re
from typing import Any, Dict, Optional, Tuple

_SHOWN = 200  # characters of a peer's value that an error shows

# HTTP-037: a peer may quote the request's token and sensitive headers, in its canonical request or as they came.
_SECRET_TEXT = r"(?i)(x-amz-security-token:|x-amzn-sagemaker-custom-attributes:)[^\r\n]*|(x-amz-security-token=)[^&\s]*"


def without_secrets(text: str) -> str:
    """Return text with what it quotes of a session token or of sensitive headers hidden (HTTP-037)."""
    return re.sub(_SECRET_TEXT, lambda match: (match.group(1) or match.group(2)) + "<hidden>", text)


def shown(value: object, limit: int = _SHOWN) -> str:
    """Return value on one line, control characters escaped, at most limit characters; text is not quoted."""
    text = without_secrets((value if isinstance(value, str) else _repr_of(value))[: limit + 1])
    escaped = "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )
    return escaped if len(escaped) <= limit else escaped[: limit - 3] + "..."


def _repr_of(value: object) -> str:
    try:
        return repr(value)
    except (
        Exception
    ):  # an integer of too many digits, a stranger's broken __repr__: an error must still be shown
        return f"<{type(value).__name__}>"


def excerpt(data: bytes, limit: int = 64) -> str:
    """Return the first limit bytes of data as text on one line, for an error's `actual`."""
    text = bytes(data[:limit]).decode("utf-8", "replace")
    return shown(text, limit * 2) + ("..." if len(data) > limit else "")


class Error(Exception):
    """The root of the tree.

    kind:       one word, shared by all languages (the adapter protocol's reject kinds)
    rule:       the id of the SPEC.md rule that was broken, or None
    offset:     where, in bytes from the start of the stream or document, or None
    path:       where in a shape's document (`Body[2].PayloadPart.Bytes`), or None
    expected:   what the rule asks for;  actual: what came
    code:       a service's error code;  status: the HTTP status;  request_id: the service's id of the call
    retryable:  True when the same call may succeed if it is made again
    events:     the events that had been completed when a stream, or the reading of it, broke, in order
    unread:     the bytes that had arrived of a line, event or value when the stream, or the reading of it, broke (TXT-007)
    """

    kind = "error"
    rule: Optional[str] = None
    offset: Optional[int] = None
    path: Optional[str] = None
    expected: object = None
    actual: object = None
    code: Optional[str] = None
    status: Optional[int] = None
    request_id: Optional[str] = None
    retryable = False
    events: Tuple[Any, ...] = ()
    unread = b""

    def __init__(self, message: str = "", **evidence: Any) -> None:
        super().__init__(message)
        self.message: Optional[str] = message
        for name, value in evidence.items():
            setattr(self, name, value)

    def evidence(self) -> Dict[str, object]:
        """Return the attributes that str() shows beside the message, in the order in which it shows them."""
        pairs = [
            ("expected", self.expected),
            ("got", self.actual),
            ("at byte", self.offset),
            ("in", self.path),
            ("rule", self.rule),
        ]
        return {name: value for name, value in pairs if value is not None}

    def __str__(self) -> str:
        details = ", ".join(
            f"{name} {shown(value) or 'nothing'}" for name, value in self.evidence().items()
        )
        message = shown(self.message or "no message", 2000)
        return f"{message} ({details})" if details else message

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.kind}: {self})"


class UsageError(Error):
    """Your mistake: kind `type` (an argument of the wrong type) or `constraint` (a value outside its rule)."""

    kind = "constraint"


class ConfigurationError(Error):
    """Nothing was sent: credentials, region or endpoint are missing or cannot be used."""

    kind = "configuration"


class SignatureError(Error):
    """A request that a server must refuse: kind `signature`, or `expired` when only its time is wrong.

    canonical_request, string_to_sign: what the server computed, or None when it did not come so far
    """

    kind = "signature"
    canonical_request: Optional[str] = None
    string_to_sign: Optional[str] = None

    def __reduce__(self) -> Tuple[Any, ...]:
        state = dict(self.__dict__)
        if isinstance(self.canonical_request, str):
            state["canonical_request"] = without_secrets(
                self.canonical_request
            )  # what travels holds no token
        return type(self), self.args, state


class ProtocolError(Error):
    """The peer's mistake: what came breaks a rule of the wire."""

    kind = "protocol"


class FrameError(ProtocolError):
    """An event stream that breaks a rule.

    messages: the messages that the failing call had completed before the fault, in order
    buffered: the bytes of the unfinished frame that had arrived
    """

    kind = "header"
    messages: Tuple[Any, ...] = ()
    buffered = b""


class HttpError(ProtocolError):
    """Malformed HTTP (`http`), a body that ends too early (`truncated`), or no event stream (`content_type`).

    body: what had arrived of the answer's body
    """

    kind = "http"
    body = b""


class DocumentError(ProtocolError):
    """A document that cannot be read: kind `syntax`, `limit` past a stated bound, or a member of the wrong `type`, outside its
    `constraint`, or no text (`utf8`)."""

    kind = "syntax"


class TextError(ProtocolError):
    """Text that cannot be read: `utf8`, `limit`, `syntax` (JSON), or `truncated` inside a value or a field's name.

    The text is the caller's and may be secret: no more of it is shown than one byte.

    results: what the failing call had completed before the fault, in order
    unread: all bytes that belong to no result, from the item that could not be read to the last byte that came
    """

    kind = "syntax"
    results: Tuple[Any, ...] = ()


class NetworkError(Error):
    """No connection, or none that lasted until the head (`network`), or a time-out (`timeout`)."""

    kind = "network"


class ServiceError(Error):
    """The service or the model answered with an error.

    fault:   True when the service is to blame (5xx), False when the request is (4xx)
    body:    the error document as it came;  headers: the answer's headers, as pairs
    """

    kind = "service_error"
    fault = False
    body = b""
    headers: Tuple[Tuple[str, str], ...] = ()

    def evidence(self) -> Dict[str, object]:
        pairs = [("HTTP", self.status), ("request id", self.request_id)]
        return dict(
            [(name, value) for name, value in pairs if value is not None], **super().evidence()
        )

    def __str__(self) -> str:
        return f"{shown(self.code)}: {super().__str__()}" if self.code else super().__str__()


def require_type(value: object, expected: type, what: str, rule: Optional[str] = None) -> None:
    """Raise UsageError of kind `type` unless value is an instance of expected; the value itself is never shown."""
    if not isinstance(value, expected) or (expected is int and isinstance(value, bool)):
        raise UsageError(
            f"{what} has the wrong type",
            kind="type",
            expected=expected.__name__,
            actual=type(value).__name__,
            rule=rule,
        )
