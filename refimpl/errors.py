# SPDX-License-Identifier: MIT
"""The error tree, the checks of an argument's type, and the case of names.

    Error
      UsageError          your mistake: a wrong argument, or an object that is closed or has failed
      ConfigurationError  nothing was sent: credentials, region, endpoint or OpenSSL are unusable
        MissingPartError    this copy was made without the part that is needed
      SignatureError      for servers: the signature of a request does not verify
      ProtocolError       the peer's mistake: bytes that break a rule
        FrameError          an event-stream frame or message
        HttpError           an HTTP head, framing, status or content type
        DocumentError       a JSON, XML or query document
        TextError           text, lines, server-sent events or JSON values in the payload parts
      NetworkError        no connection, or a time-out
      ServiceError        the service or the model reports an error; shapes.py has the modelled ones
        ContainerError      the model's container reports an error inside a response with status 200

Every exception that this package raises is an Error. Its message says in a few words what is wrong.
Its evidence (expected, actual, offset, rule and more) is in attributes, which the classes below
declare. str() joins message and evidence on one line. It escapes and shortens every value, because
values may come from a peer.
"""

import re
from typing import Any, Dict, Optional, Tuple

# Characters of one value that an error shows, and of its message.
_SHOWN = 200
_SHOWN_MESSAGE = 2000

# HTTP-037: a peer may quote the request's token and sensitive headers, as received or in its
# canonical request.
_SECRET_TEXT = (
    r"(?i)(x-amz-security-token:|x-amzn-sagemaker-custom-attributes:)[^\r\n]*"
    r"|(x-amz-security-token=)[^&\s]*"
)


def without_secrets(text: str) -> str:
    """Return text with any session token or sensitive header that it quotes hidden (HTTP-037)."""
    return re.sub(_SECRET_TEXT, lambda match: (match.group(1) or match.group(2)) + "<hidden>", text)


class Secrets(Tuple[str, ...]):
    """Texts that no error may show. Its repr hides them, because some tools show variables."""

    def __repr__(self) -> str:
        return "<hidden>"


def shown(value: object, limit: int = _SHOWN) -> str:
    """Return value as one line of at most limit characters. Text is escaped but not quoted."""
    text = value if isinstance(value, str) else _repr_of(value)
    escaped = "".join(map(_escaped_character, without_secrets(text[: limit + 1])))
    if len(escaped) > limit:
        return escaped[: limit - 3] + "..."
    return escaped


def _escaped_character(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")


def _repr_of(value: object) -> str:
    # An integer with too many digits or a broken __repr__ must not hide the error that shows it.
    try:
        return repr(value)
    except Exception:
        return f"<{type(value).__name__}>"


def excerpt(data: bytes, limit: int = 64) -> str:
    """Return the first limit bytes of data as one line of text, for an error's `actual`."""
    text = shown(bytes(data[:limit]).decode("utf-8", "replace"), limit * 2)
    if len(data) > limit:
        return text + "..."
    return text


class Error(Exception):
    """The root of the tree. It declares the evidence that errors of several classes have.

    An attribute has the default below unless the error sets it.
    """

    # One word for the sort of error, the same in all languages: a `kind` of the adapter protocol.
    kind: str = "error"
    # The text without the evidence.
    message: "Optional[str]" = None
    # The id of the broken rule in SPEC.md.
    rule: "Optional[str]" = None
    # The position of the error: bytes from the start of the stream or document.
    offset: "Optional[int]" = None
    # The position of the error in a document of a shape, such as `Body[2].PayloadPart.Bytes`.
    path: "Optional[str]" = None
    # The model's name of the member with the wrong value, such as `EndpointName`.
    member: "Optional[str]" = None
    # The value that the rule asks for, and the one that was found.
    expected: object = None
    actual: object = None
    # From the response: the service's error code, the HTTP status, the service's id of the call.
    code: "Optional[str]" = None
    status: "Optional[int]" = None
    request_id: "Optional[str]" = None
    # Whether the same call may succeed if it is repeated.
    retryable: bool = False
    # The events that were complete before the stream, or reading it, failed, in order.
    events: "Tuple[Any, ...]" = ()
    # TXT-007: the bytes of an incomplete line, event or value that had arrived by then.
    unread: bytes = b""

    def __init__(self, message: str = "", **evidence: Any) -> None:
        """Create an error. evidence: any of the attributes that the class declares."""
        super().__init__(message)
        self.message = message
        for name, value in evidence.items():
            setattr(self, name, value)

    def evidence(self) -> "Dict[str, object]":
        """Return the attributes that str() shows after the message, in that order."""
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
        message = shown(self.message or self._without_message(), _SHOWN_MESSAGE)
        return f"{message} ({details})" if details else message

    def _without_message(self) -> str:
        return "no message"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.kind}: {self})"


class UsageError(Error):
    """Your mistake.

    kind: `type` (an argument has the wrong type), `limit` (it is too large to be written) or
        `constraint` (it breaks another rule, or the object is closed or has failed)
    """

    kind = "constraint"


class ConfigurationError(Error):
    """Nothing was sent: credentials, region or endpoint are missing or unusable."""

    kind = "configuration"


class MissingPartError(ConfigurationError):
    """A part of the package that this copy was made without (`refimpl vendor --without PART`)."""


def missing_module(error: ImportError, what: str) -> "ConfigurationError":
    """Return the error for something that needs a module which this Python, or this copy, lacks.

    error: that of the import;  what: what cannot be done
    """
    name = error.name or str(error)
    if name.startswith(__name__[: -len("errors")] or "."):
        return ConfigurationError(f"this copy is incomplete: it has no module {name}")
    return ConfigurationError(f"this Python cannot {what}: it has no module {name}")


def missing_part(part: str) -> MissingPartError:
    """Return the error for a part that a single file was made without."""
    return MissingPartError(f"this copy was made without the part {part}")


class SignatureError(Error):
    """A request that a server must reject.

    kind: `expired` if only its time is wrong, else `signature`
    """

    kind = "signature"
    # The server's own values, or None if it rejected the request before it computed them.
    canonical_request: "Optional[str]" = None
    string_to_sign: "Optional[str]" = None

    def __reduce__(self) -> "Tuple[Any, ...]":
        # A pickled error leaves the process, so it must not contain the session token.
        state = dict(self.__dict__)
        if isinstance(self.canonical_request, str):
            state["canonical_request"] = without_secrets(self.canonical_request)
        return type(self), self.args, state


class ProtocolError(Error):
    """The peer's mistake: bytes that break a rule."""

    kind = "protocol"


class FrameError(ProtocolError):
    """An event stream that breaks a rule.

    kind: `prelude_crc`, `message_crc`, `length`, `limit`, `header`, `header_type`, `utf8`,
        `duplicate_header`, `truncated` (the frame) or `message_type` (the message)
    """

    kind = "header"
    # The messages that the failing call had completed before the error, in order.
    messages: "Tuple[Any, ...]" = ()
    # What the bytes are instead of a frame, with their beginning, if that is known.
    cause: "Optional[str]" = None
    # The bytes that had arrived after the last complete frame, if the frame itself is wrong.
    buffered: bytes = b""

    def __str__(self) -> str:
        text = super().__str__()
        return text if self.cause is None else f"{self.cause}: {text}"


class HttpError(ProtocolError):
    """An HTTP response that breaks a rule.

    kind: `http` (malformed), `truncated` (the body is incomplete) or `content_type` (the body is
        not an event stream)
    """

    kind = "http"
    # The part of the body that had arrived.
    body: bytes = b""


class DocumentError(ProtocolError):
    """A document that cannot be read.

    kind: `syntax`, `limit` (a bound of this package is exceeded), or for a member `type`,
        `constraint` or `utf8`
    """

    kind = "syntax"


class TextError(ProtocolError):
    """Text that cannot be read.

    The text belongs to the caller and may be secret, so the error shows at most one byte of it.
    Its `unread` has all bytes from the start of the unreadable item to the last one that arrived.

    kind: `utf8`, `limit`, `syntax` (JSON) or `truncated` (in a value or in the name of a field)
    """

    kind = "syntax"
    # The results that the failing call had completed before the error, in order.
    results: "Tuple[Any, ...]" = ()


class NetworkError(Error):
    """No response.

    kind: `network` (no connection, or it failed before the response's head was complete) or
        `timeout`
    """

    kind = "network"
    # Whether the request had been sent completely, so that the model may be running (RTY-004).
    sent: bool = False


class ServiceError(Error):
    """An error that the service or the model reports."""

    kind = "service_error"
    # True if the service is to blame (5xx), False if the request is (4xx).
    fault: bool = False
    # The error document, unchanged, and the response's headers as (name, value) pairs.
    body: bytes = b""
    headers: "Tuple[Tuple[str, str], ...]" = ()
    # The beginning of a body that is not a document. It is shown if there is no message.
    text: "Optional[str]" = None
    # What the client signed, without secrets, and why the service refused it, if that is known.
    canonical_request: "Optional[str]" = None
    explanation: "Optional[str]" = None

    def evidence(self) -> "Dict[str, object]":
        """Return the attributes that str() shows after the message, in that order."""
        pairs = [("HTTP", self.status), ("request id", self.request_id)]
        shown_first = {name: value for name, value in pairs if value is not None}
        return dict(shown_first, **super().evidence())

    def _without_message(self) -> str:
        return self.text or super()._without_message()

    def __str__(self) -> str:
        text = super().__str__()
        if self.explanation:
            text = f"{text}: {shown(self.explanation, _SHOWN_MESSAGE)}"
        return f"{shown(self.code)}: {text}" if self.code else text


class ContainerError(ServiceError):
    """The model's container reports a failure inside a response with status 200.

    With `strict_model`, also a model's stream that is not complete.

    kind: `container`
    """

    kind = "container"
    fault: bool = True
    # What the failing call extracted before the error, in order, and the summary at the error. An
    # iterator returns these deltas before it raises the error.
    deltas: "Tuple[Any, ...]" = ()
    # All deltas of the extraction so far, these included. Of a long text it has the last ones,
    # about a million characters; `summary.characters` says how many there were.
    extracted: "Tuple[Any, ...]" = ()
    summary: Any = None


# ---- limits ------------------------------------------------------------------------------------

# TXT-005, TXT-009: bytes of a line, an event or a JSON value. It is here because
# live_response.py shows it as a default without loading refimpl.text.
DEFAULT_MAX_ITEM_LENGTH = 32 * 1024 * 1024


# ---- argument checks ---------------------------------------------------------------------------


def require_type(value: object, expected: type, what: str, rule: "Optional[str]" = None) -> None:
    """Raise UsageError of kind `type` unless value is an instance of expected.

    A bool is not accepted as an int. The error never shows the value, which may be secret.
    """
    if not isinstance(value, expected) or (expected is int and isinstance(value, bool)):
        raise wrong_type(value, expected.__name__, what, rule)


def wrong_type(value: object, expected: str, what: str, rule: "Optional[str]" = None) -> UsageError:
    """Return the error for an argument of the wrong type. It shows the type, not the value."""
    return UsageError(
        f"{what} has the wrong type",
        kind="type",
        expected=expected,
        actual=type(value).__name__,
        rule=rule,
    )


# str.lower also makes U+212A, the Kelvin sign, a `k`.
_LOWER_CASE = {ord(letter): ord(letter) + 32 for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def ascii_lower(text: str) -> str:
    """Return text with the letters A to Z in lower case and no other change.

    Names of the protocol that are compared without case are ASCII (RFC 9110, section 5.1).
    """
    return text.translate(_LOWER_CASE)


def plain_bytes(data: object, what: str = "data", rule: "Optional[str]" = None) -> bytes:
    """Return data, which may be a bytearray or a memoryview, as bytes.

    Raises UsageError of kind `type`, also for a released memoryview.
    """
    if isinstance(data, bytes):
        return data
    if not isinstance(data, (bytearray, memoryview)):
        raise wrong_type(data, "bytes", what, rule)
    try:
        return bytes(data)
    except ValueError:
        raise UsageError(
            f"{what} is a released memoryview", kind="type", expected="bytes", rule=rule
        ) from None
