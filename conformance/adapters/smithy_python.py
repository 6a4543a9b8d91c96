# SPDX-License-Identifier: MIT
"""The adapter of Smithy's Python: `sigv4.sign` by aws-sdk-signers, frames by
smithy-aws-event-stream.

The signer takes the parts of a URL, the values of each header, and the time as text. It cannot
presign, and always signs a session token. It returns the signed request, which is `output.sent`:
the clients generated for it send each value of a header as one line. The decoder reads from an
asynchronous stream, like these clients, and takes a chunk when it needs one. It drops the types of
headers, so a wrapper records them. The encoder has one method for each header type. An error has
the name of its class, prefixed with the module if the class is not from one of these packages;
Python's own errors stand for all kinds.
"""

import asyncio
import datetime
import importlib
import uuid
from typing import Any, AsyncIterator, Callable, Dict, List

from conformance.adapters.requests_read import (
    Given,
    check_host,
    check_options,
    check_url,
    octets_of,
    text_of,
)
from conformance.protocol.messages import (
    Kind,
    Reject,
    Unsupported,
    serve,
    to_base64_text,
    to_bytes,
    to_pairs,
    to_triples,
)

metadata: Any = importlib.import_module("importlib.metadata")
signers: Any = importlib.import_module("aws_sdk_signers")
events: Any = importlib.import_module("smithy_aws_event_stream.events")
streams: Any = importlib.import_module("smithy_core.aio.types")

OWN = ("aws_sdk_signers", "smithy_aws_event_stream", "smithy_core")
PACKAGES = ("aws-sdk-signers", "smithy-aws-event-stream")

# The errors of these packages, and what they can stand for.
KINDS: Dict[str, Kind] = {
    "ChecksumMismatch": "message_crc",
    "DuplicateHeader": "duplicate_header",
    "InvalidHeadersLength": "limit",
    "InvalidPayloadLength": "limit",
    "InvalidHeaderValueLength": "limit",
    "InvalidHeaderValue": "type",
    "InvalidIntegerValue": ("constraint", "type"),
    "InvalidEventBytes": ("truncated", "length"),
    "MissingExpectedParameterException": "constraint",
}
# Errors of Python's own that leak from these packages.
KINDS.update(
    dict.fromkeys(
        (
            "builtins.AttributeError",
            "builtins.KeyError",
            "builtins.UnicodeDecodeError",
            "builtins.UnicodeEncodeError",
            "builtins.ValueError",
            "struct.error",
        ),
        "*",
    )
)


def name_of(error: BaseException) -> str:
    module, name = type(error).__module__, type(error).__name__
    return name if module.partition(".")[0] in OWN else f"{module}.{name}"


def refusal(error: BaseException, output: Any = None, kind: str = "") -> Reject:
    return Reject(kind or name_of(error), f"{name_of(error)}: {error}", output=output)


# ---- signing -----------------------------------------------------------------------------------


class Watched(signers.SigV4Signer):  # type: ignore[misc]
    """The signer, which records its stages."""

    def __init__(self) -> None:
        super().__init__()
        self.stages: Dict[str, str] = {}

    def canonical_request(self, **given: Any) -> str:
        text: str = super().canonical_request(**given)
        self.stages["canonical_request"] = octets_of(text)
        return text

    def string_to_sign(self, **given: Any) -> str:
        text: str = super().string_to_sign(**given)
        self.stages["string_to_sign"] = text
        return text


def fields_of(given: Given) -> Any:
    fields = signers.Fields()
    for name, value in to_pairs(given["headers"]):
        if name in fields:
            fields[name].add(text_of(value))
        else:
            fields.set_field(signers.Field(name=name, values=[text_of(value)]))
    return fields


def sign(given: Given) -> Given:
    check_options(given, "SigV4Signer", "omit_session_token")
    check_url(given)
    check_host(given)
    path, mark, query = given["target"].partition("?")
    host = next(value for name, value in given["headers"] if name.lower() == "host")
    signer = Watched()
    try:
        destination = signers.URI(host=host, path=path or None, query=query if mark else None)
        body = [to_bytes(given["body"])]
        request = signers.AWSRequest(
            destination=destination, method=given["method"], body=body, fields=fields_of(given)
        )
        identity = signers.AWSCredentialIdentity(
            access_key_id=given["access_key"],
            secret_access_key=given["secret_key"],
            session_token=given.get("session_token"),
        )
        signed = signer.sign(
            request=request,
            identity=identity,
            properties=signers.SigV4SigningProperties(
                region=given["region"],
                service=given["service"],
                date=given["time"],
                uri_encode_path=given.get("double_encode", True),
                normalize_path=given.get("normalize_path", True),
                content_checksum_enabled=given.get("sign_body", False),
            ),
        )
    except Unsupported:
        raise
    except Exception as error:
        raise refusal(error) from error
    authorization: str = signed.fields["Authorization"].as_string()
    return dict(
        signer.stages,
        signature=authorization[-64:],
        authorization=authorization,
        sent=_sent(signed),
    )


def _sent(request: Any) -> Given:
    path, query = request.destination.path or "/", request.destination.query
    return {
        "method": request.method,
        "target": path if query is None else f"{path}?{query}",
        "headers": [
            [octets_of(name), octets_of(value)]
            for field in request.fields
            for name, value in field.as_tuples()
        ],
        "body": to_base64_text(b"".join(request.body)),
    }


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
METHODS = {
    "boolean": "boolean",
    "int8": "byte",
    "int16": "short",
    "int32": "integer",
    "int64": "long",
    "bytes": "blob",
    "string": "string",
    "timestamp": "timestamp",
    "uuid": "uuid",
}
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def _noting(unpack: Callable[[Any], Any], kind: str) -> Callable[[Any], Any]:
    def unpack_and_note(data: Any) -> Any:
        value, consumed = unpack(data)
        return (kind, value), consumed

    return unpack_and_note


events.EventHeaderDecoder._HEADER_TYPE_MAP = {
    number: _noting(unpack, TYPES[number])
    for number, unpack in events.EventHeaderDecoder._HEADER_TYPE_MAP.items()
}


class Source:
    """A stream of chunks.

    given: the chunks that were taken, and one more at the end
    reads: since the beginning of a frame
    """

    def __init__(self, chunks: List[str]) -> None:
        self.given = self.reads = 0
        self._reader = streams.AsyncBytesReader(self._chunks(chunks))

    async def _chunks(self, chunks: List[str]) -> AsyncIterator[bytes]:
        for chunk in chunks:
            self.given += 1
            yield to_bytes(chunk)
        self.given += 1

    async def read(self, size: int = -1) -> bytes:
        self.reads += 1
        data: bytes = await self._reader.read(size)
        return data


async def _decode(source: Source, messages: List[Given], after: List[int]) -> None:
    while True:
        source.reads = 0
        event = await events.Event.decode_async(source)
        if event is None:
            return
        headers = [_header(name, *value) for name, value in event.message.headers.items()]
        messages.append({"headers": headers, "payload": to_base64_text(event.message.payload)})
        after.append(source.given)


def decode(given: Given) -> Given:
    messages: List[Given] = []
    after: List[int] = []
    output: Given = {"messages": messages, "after": after}
    source = Source(given["chunks"])
    try:
        asyncio.get_event_loop_policy().new_event_loop().run_until_complete(
            _decode(source, messages, after)
        )
    except Exception as error:
        # One class stands for both checksums; the second read completes the prelude.
        in_prelude = name_of(error) == "ChecksumMismatch" and source.reads == 2
        kind = "prelude_crc" if in_prelude else ""
        raise refusal(error, dict(output, refused_after=source.given), kind) from error
    return output


def _header(name: str, kind: str, value: Any) -> Given:
    if kind == "bytes":
        value = to_base64_text(bytes(value))
    elif kind == "timestamp":
        value = str((value - EPOCH) // datetime.timedelta(milliseconds=1))
    elif kind in ("int64", "uuid"):
        value = str(value)
    return {"name": name, "type": kind, "value": value}


def encode(given: Given) -> Given:
    headers = [
        (name, kind, _value(kind, value)) for name, kind, value in to_triples(given["headers"])
    ]
    payload = to_bytes(given["payload"])
    try:
        encoder = events.EventHeaderEncoder()
        for name, kind, value in headers:
            getattr(encoder, "encode_" + METHODS[kind])(name, value)
        events.EventMessage(payload=payload)  # checks the payload's length
        return {
            "frame": to_base64_text(
                events._EventEncoder().encode_bytes(headers=encoder.get_result(), payload=payload)
            )
        }
    except Exception as error:
        raise refusal(error) from error


def _value(kind: str, value: Any) -> Any:
    """Return a header's value as the encoder's method takes it."""
    if kind not in METHODS:
        raise Unsupported("it cannot encode this type")
    if kind == "uuid":
        return uuid.UUID(value)
    if kind != "timestamp":
        return value
    try:
        return EPOCH + datetime.timedelta(milliseconds=value)
    except OverflowError:
        raise Unsupported("a datetime cannot represent this timestamp") from None


VERSION = ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES)

if __name__ == "__main__":
    serve(
        "smithy-python",
        VERSION,
        {"sigv4.sign": sign, "eventstream.decode": decode, "eventstream.encode": encode},
        KINDS,
    )
