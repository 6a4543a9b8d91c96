# SPDX-License-Identifier: MIT
"""Amazon SageMaker Runtime InvokeEndpointWithResponseStream in nothing but Python's standard library.

    client = refimpl.Client(region="eu-west-1")
    with client.invoke_endpoint_with_response_stream(endpoint_name="llm", body=b"...", content_type="application/json") as response:
        for event in response.body:
            sys.stdout.buffer.write(event.bytes)

The pure pieces stand alone: `refimpl.eventstream` (frames), `refimpl.sigv4` (signatures), `refimpl.operation` (requests and responses),
`refimpl.text` (lines, server-sent events and JSON values out of parts).
"""
from .client import Client, Response
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
                     ServiceUnavailable,
                     UnknownOperationError,
                     ValidationError,
)
from .sigv4 import Credentials

__all__ = [
    "Client", "Response", "Credentials",
    "InvokeEndpointWithResponseStreamInput", "InvokeEndpointWithResponseStreamOutput", "PayloadPart",
    "ModelStreamError", "InternalStreamFailure", "InternalFailure", "ModelError", "ServiceUnavailable", "ValidationError",
    "UnknownOperationError",
    "Error", "UsageError", "ConfigurationError", "SignatureError", "ProtocolError", "FrameError", "HttpError", "DocumentError",
    "TextError", "NetworkError", "ServiceError", "__version__",
]
