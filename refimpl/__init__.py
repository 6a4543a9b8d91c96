# SPDX-License-Identifier: MIT
"""Amazon SageMaker Runtime InvokeEndpointWithResponseStream in nothing but Python's standard library.

    client = refimpl.Client(region="eu-west-1")
    with client.invoke_endpoint_with_response_stream(endpoint_name="llm", body=b"...", content_type="application/json") as response:
        for event in response.body:
            sys.stdout.buffer.write(event.bytes)

The pure pieces stand alone: `refimpl.eventstream` (frames), `refimpl.sigv4` (signatures), `refimpl.operation` (requests and responses),
`refimpl.text` (lines, server-sent events and JSON values out of parts).
Every shape has documents: `ModelError.of_json(text)`, `output.to_xml()`, and so on for value, query and headers.
"""

from .client import Client, Response
from .errordocument import (
    error_of_document,
    error_of_json,
    error_of_xml,
    error_to_json,
    error_to_xml,
)
from .errors import (
    ConfigurationError,
    DocumentError,
    Error,
    FrameError,
    HttpError,
    NetworkError,
    ProtocolError,
    ServiceError,
    SignatureError,
    TextError,
    UsageError,
)
from .operation import VERSION as __version__
from .shapes import (
    InternalFailure,
    InternalStreamFailure,
    InvokeEndpointWithResponseStreamInput,
    InvokeEndpointWithResponseStreamOutput,
    ModelError,
    ModelStreamError,
    PayloadPart,
    ResponseStream,
    ServiceUnavailable,
    UnknownOperationError,
    ValidationError,
)
from .sigv4 import Credentials

__all__ = [
    "Client",
    "Response",
    "Credentials",
    "InvokeEndpointWithResponseStreamInput",
    "InvokeEndpointWithResponseStreamOutput",
    "ResponseStream",
    "PayloadPart",
    "ModelStreamError",
    "InternalStreamFailure",
    "InternalFailure",
    "ModelError",
    "ServiceUnavailable",
    "ValidationError",
    "UnknownOperationError",
    "error_of_json",
    "error_of_xml",
    "error_to_json",
    "error_to_xml",
    "error_of_document",
    "Error",
    "UsageError",
    "ConfigurationError",
    "SignatureError",
    "ProtocolError",
    "FrameError",
    "HttpError",
    "DocumentError",
    "TextError",
    "NetworkError",
    "ServiceError",
    "__version__",
]
