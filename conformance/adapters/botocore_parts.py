# SPDX-License-Identifier: MIT
"""Single parts of botocore: its signers, its frame decoder, and its client without a network.

The event `before-send` shows the request that the client would send. A response that is returned
there passes through the client's parser and event stream like any other. The URL of an endpoint
is that of the request, and the signing scope is in its signature. botocore drops the types of a
frame's headers, so a subclass of its parser records them. Everything else is what a user of
botocore sees.

botocore takes a URL instead of a target, its clock is a `datetime`, and headers are text that it
sends as UTF-8. A request that these cannot represent is unsupported. Errors have the names of their
classes. Exceptions of the standard library that leak from botocore are passed on as they are.
"""

import http.client
import importlib
import traceback
import uuid
from typing import Any, Callable, Dict, Iterator, List, Sequence, Tuple
from urllib.parse import urlsplit

from conformance.adapters.requests_read import (
    USUAL,
    Given,
    check_host,
    check_options,
    check_url,
    clock_of,
    octets_of,
    text_of,
)
from conformance.protocol.messages import Reject, Unsupported, to_base64_text, to_bytes, to_pairs

auth: Any = importlib.import_module("botocore.auth")
awsrequest: Any = importlib.import_module("botocore.awsrequest")
credentials: Any = importlib.import_module("botocore.credentials")
exceptions: Any = importlib.import_module("botocore.exceptions")
eventstream: Any = importlib.import_module("botocore.eventstream")
urllib3: Any = importlib.import_module("urllib3")

SEND = "before-send.sagemaker-runtime.InvokeEndpointWithResponseStream"
OPERATION_PATH = "/endpoints/llm/invocations-response-stream"


def name_of(kind: type) -> str:
    """Return the name of a class, prefixed with the module if it is not botocore's."""
    module = kind.__module__
    return kind.__name__ if module.partition(".")[0] == "botocore" else f"{module}.{kind.__name__}"


def kind_of(error: BaseException) -> str:
    """Return an error's name, but a kind for the prelude checksum.

    One class stands for both checksums, so the raising function distinguishes them.
    """
    name = name_of(type(error))
    places = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
    return "prelude_crc" if name == "ChecksumMismatch" and "_parse_prelude" in places else name


def named(operation: Callable[[Given], Given]) -> Callable[[Given], Given]:
    """Return an operation that rejects errors by the name of their class."""

    def run(given: Given) -> Given:
        try:
            return operation(given)
        except (Reject, Unsupported):
            raise
        except Exception as error:
            raise refusal_before_sending(error) from error

    return run


# ParamValidationError stands for all errors of members, so the kind follows from the message.
# botocore documents a ValueError with such a message for an invalid endpoint.
SAID = (
    ("Invalid type for parameter", "type"),
    ("Unknown parameter in input", "type"),
    ("Missing required parameter", "constraint"),
    ("Invalid length for parameter", "constraint"),
    ("Parameter validation failed", "constraint"),
    ("Invalid endpoint", "configuration"),
    ("Invalid header value", "constraint"),
)


SPEAKING = ("ParamValidationError", "builtins.ValueError", "HTTPClientError")


def refusal_before_sending(error: Exception) -> Reject:
    """Return the rejection for an error before anything was sent."""
    text, name = str(error), name_of(type(error))
    said = next((kind for words, kind in SAID if words in text), None)
    return Reject(said if said is not None and name in SPEAKING else name, f"{name}: {text}")


# ---- signing -----------------------------------------------------------------------------------

HOST = "https://example.amazonaws.com"  # completes a target to a URL


def _signed(signer_class: Any, given: Given, **options: Any) -> Tuple[Dict[str, str], Any]:
    """Return the stages of the signature, and the signed request."""
    check_options(given, signer_class.__name__, *USUAL)
    check_url(given)
    check_host(given)
    stages: Dict[str, str] = {}

    class Watched(signer_class):  # type: ignore[misc]
        def canonical_request(self, request: Any) -> str:
            text: str = super().canonical_request(request)
            stages["canonical_request"] = octets_of(text)
            return text

        def string_to_sign(self, request: Any, canonical_request: str) -> str:
            text: str = super().string_to_sign(request, canonical_request)
            stages["string_to_sign"] = text
            return text

        def signature(self, string_to_sign: str, request: Any) -> str:
            text: str = super().signature(string_to_sign, request)
            stages["signature"] = text
            return text

    now = clock_of(given["time"])
    request = awsrequest.AWSRequest(
        given["method"], HOST + given["target"], data=to_bytes(given["body"])
    )
    for name, value in to_pairs(given["headers"]):
        request.headers.add_header(name, text_of(value))
    keys = credentials.Credentials(
        given["access_key"], given["secret_key"], given.get("session_token")
    )
    clock, auth.get_current_datetime = auth.get_current_datetime, lambda *_, **__: now
    try:
        Watched(keys, given["service"], given["region"], **options).add_auth(request)
    finally:
        auth.get_current_datetime = clock
    return stages, request


def sign(given: Given) -> Given:
    stages, request = _signed(auth.SigV4Auth, given)
    return _with_sent(dict(stages, authorization=request.headers["Authorization"]), request)


def presign(given: Given) -> Given:
    stages, request = _signed(auth.SigV4QueryAuth, given, expires=given["expires"])
    return _with_sent(dict(stages, target=request.url[len(HOST) :]), request)


def _with_sent(output: Given, request: Any) -> Given:
    """Return the output with the request as botocore prepares it for its HTTP session."""
    prepared = request.prepare()
    url: str = prepared.url
    sent = {
        "method": prepared.method,
        "target": url[len(HOST) :],
        "headers": [
            [octets_of(name), octets_of(_header_text(value))]
            for name, value in prepared.headers.items()
        ],
        "body": to_base64_text(prepared.body or b""),
    }
    return dict(output, sent=sent)


# ---- frames ------------------------------------------------------------------------------------

TYPES = {
    0: "boolean",
    1: "boolean",
    2: "int8",
    3: "int16",
    4: "int32",
    5: "int64",
    6: "bytes",
    7: "string",
    8: "timestamp",
    9: "uuid",
}


def _noting(unpack: Callable[[Any], Any], kind: str) -> Callable[[Any], Any]:
    def unpack_and_note(data: Any) -> Any:
        value, consumed = unpack(data)
        return (kind, value), consumed

    return unpack_and_note


class Noting(eventstream.EventStreamHeaderParser):  # type: ignore[misc]
    """botocore's header parser with the type added to each value."""

    _HEADER_TYPE_MAP = {
        number: _noting(unpack, TYPES[number])
        for number, unpack in eventstream.EventStreamHeaderParser._HEADER_TYPE_MAP.items()
    }


class Feed:
    """The chunks of a case, and when a result was handed over: `after` of the protocol."""

    def __init__(self, chunks: Sequence[str]) -> None:
        self._chunks = chunks
        self._given = 0
        self._after: List[int] = []

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._given += 1
            yield to_bytes(chunk)
        self._given += 1

    def note(self) -> None:
        """Note that a result was handed over."""
        self._after.append(self._given)

    def timing(self, is_refused: bool = False) -> Given:
        """Return the keys of an output."""
        found: Given = {"after": self._after}
        return dict(found, refused_after=self._given) if is_refused else found


def decode(given: Given) -> Given:
    messages: List[Given] = []
    feed = Feed(given["chunks"])
    buffer = eventstream.EventStreamBuffer()
    buffer._header_parser = Noting()
    try:
        for chunk in feed:
            buffer.add_data(chunk)
            for event in buffer:
                messages.append(
                    {
                        "headers": [_header(name, *value) for name, value in event.headers.items()],
                        "payload": to_base64_text(event.payload),
                    }
                )
                feed.note()
    except Exception as error:
        output = dict(messages=messages, **feed.timing(is_refused=True))
        raise Reject(kind_of(error), f"{name_of(type(error))}: {error}", output=output) from error
    return dict(messages=messages, **feed.timing())


def _header(name: str, kind: str, value: Any) -> Given:
    if kind == "bytes":
        value = to_base64_text(value)
    elif kind == "uuid":
        if len(value) != 16:  # a truncated value
            return {"name": name, "type": "none", "value": None}
        value = str(uuid.UUID(bytes=value))
    elif kind in ("int64", "timestamp"):
        value = str(value)
    return {"name": name, "type": kind, "value": value}


# ---- the client without a network --------------------------------------------------------------


class Answered:
    """A client whose response is given: `request` is what it would have sent."""

    def __init__(self, client: Any, status: int = 400, headers: Any = (), chunks: Any = ()) -> None:
        self.request: Any = None
        self._answer = status, headers, chunks
        self.client = client
        client.meta.events.register(SEND, self._take)

    def _take(self, request: Any, **_: object) -> Any:
        self.request = request
        _write(request)
        status, headers, chunks = self._answer
        read = urllib3.HTTPHeaderDict()  # as from its HTTP library, with values stripped
        for name, value in headers:
            read.add(name, value.strip(" \t"))
        return awsrequest.AWSResponse(request.url, status, read, _Raw(chunks))


def _write(request: Any) -> None:
    """Write a request's head with the HTTP library, which may reject it; botocore wraps its
    errors.
    """
    connection = http.client.HTTPConnection("localhost")
    try:
        connection.putrequest(request.method, urlsplit(request.url).path, skip_host=True)
        for name, value in request.headers.items():
            connection.putheader(name, value)
    except Exception as error:
        raise exceptions.HTTPClientError(error=error) from error


class _Raw:
    def __init__(self, chunks: Any) -> None:
        self._chunks = chunks

    def stream(self, *_: object, **__: object) -> Any:
        return iter(self._chunks)

    def close(self) -> None:
        pass


def sent(client: Any, members: Given) -> Any:
    """Return the request that a client would send."""
    answered = Answered(client)
    try:
        client.invoke_endpoint_with_response_stream(**members)
    except exceptions.ClientError:
        return answered.request
    raise Unsupported("it treats a 400 as a success")


def request_document(request: Any) -> Given:
    headers = [[name, _header_text(value)] for name, value in request.headers.items()]
    return {
        "method": request.method,
        "url": request.url,
        "headers": headers,
        "body": to_base64_text(request.body or b""),
    }


def _header_text(value: Any) -> str:
    """Return a header's value with one character per octet."""
    return str(value, "latin-1") if isinstance(value, bytes) else str(value)


def endpoint_document(request: Any) -> Given:
    """Return the URL of a request and its signing scope."""
    url: str = request.url
    authorization = _header_text(request.headers["Authorization"])
    _, _, region, service, _ = (
        authorization.partition("Credential=")[2].partition(",")[0].rsplit("/", 4)
    )
    if urlsplit(url).path.endswith(OPERATION_PATH):
        url = url[: -len(OPERATION_PATH)]
    return {"url": url, "signing_region": region, "signing_name": service}
