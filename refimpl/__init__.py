# SPDX-License-Identifier: MIT
"""A client for Amazon SageMaker Runtime InvokeEndpointWithResponseStream, in pure Python.

    client = refimpl.Client(region="eu-west-1")
    with client.invoke_endpoint_with_response_stream(
        endpoint_name="llm", body=b"...", content_type="application/json"
    ) as response:
        for event in response.body:
            sys.stdout.buffer.write(event.bytes)

These modules also work without the client: `refimpl.eventstream` (frames), `refimpl.sigv4`
(signatures), `refimpl.operation` (requests and responses) and `refimpl.text` (lines, server-sent
events and JSON values). Every shape reads and writes documents, for example
`ModelError.of_json(text)` and `output.to_xml()`.

Each name is imported on first use, so that `import refimpl.eventstream` does not load the
transport, `ssl` or `http.client`. Type checkers see ordinary imports.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, List

if TYPE_CHECKING:
    from .client import Client
    from .config.providers import AssumeRoleCredentials, ProcessCredentials, ProfileCredentials
    from .errordocument import (
        error_of_document,
        error_of_json,
        error_of_xml,
        error_to_json,
        error_to_xml,
    )
    from .errors import (
        ConfigurationError,
        ContainerError,
        DocumentError,
        Error,
        FrameError,
        HttpError,
        MissingPartError,
        NetworkError,
        ProtocolError,
        ServiceError,
        SignatureError,
        TextError,
        UsageError,
    )
    from .live_response import Response
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
    from .sigv4_credentials import Credentials
    from .version import VERSION as __version__

__all__ = [
    "Client",
    "Response",
    "Credentials",
    "ProfileCredentials",
    "ProcessCredentials",
    "AssumeRoleCredentials",
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
    "MissingPartError",
    "SignatureError",
    "ProtocolError",
    "FrameError",
    "HttpError",
    "DocumentError",
    "TextError",
    "NetworkError",
    "ServiceError",
    "ContainerError",
    "__version__",
]

# The module that defines each name. A test compares this table with __all__ and the imports.
_NAMES = {
    "client": ("Client",),
    "live_response": ("Response",),
    "sigv4_credentials": ("Credentials",),
    "config.providers": ("ProfileCredentials", "ProcessCredentials", "AssumeRoleCredentials"),
    "shapes": (
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
    ),
    "errordocument": (
        "error_of_json",
        "error_of_xml",
        "error_to_json",
        "error_to_xml",
        "error_of_document",
    ),
    "errors": (
        "Error",
        "UsageError",
        "ConfigurationError",
        "MissingPartError",
        "SignatureError",
        "ProtocolError",
        "FrameError",
        "HttpError",
        "DocumentError",
        "TextError",
        "NetworkError",
        "ServiceError",
        "ContainerError",
    ),
}
_MODULES = {name: module for module, names in _NAMES.items() for name in names}
_SUBMODULES = frozenset(
    (
        "bearer",
        "certificates",
        "checksums",
        "cli",
        "client",
        "config",
        "convert",
        "dialing",
        "documents",
        "endpoint_url",
        "endpoints",
        "errordocument",
        "errors",
        "eventstream",
        "eventstream_encoder",
        "eventstream_errors",
        "eventstream_frames",
        "eventstream_layout",
        "explain",
        "extracting",
        "failures",
        "fetched",
        "fields",
        "foreign_bytes",
        "http1",
        "http1_errors",
        "live_response",
        "message_json",
        "operation",
        "operation_errors",
        "operation_request",
        "operation_response",
        "proxy",
        "routes",
        "redaction",
        "results",
        "self_test",
        "shapes",
        "sigv4",
        "sigv4_credentials",
        "sigv4_presigning",
        "sigv4_signer",
        "sigv4_stages",
        "sigv4_steps",
        "sigv4_values",
        "sigv4_verification",
        "text",
        "threads",
        "timed_socket",
        "timeouts",
        "tls",
        "tls_errors",
        "transport",
        "transport_errors",
        "tunnel",
        "vendor",
        "version",
    )
)

if not TYPE_CHECKING:  # a type checker that sees __getattr__ accepts every name

    def __getattr__(name: str) -> Any:
        value: Any
        if name in _SUBMODULES:
            value = _module(name)
        elif name in _MODULES:
            value = getattr(_module(_MODULES[name]), name)
        elif name == "__version__":
            value = _module("version").VERSION
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value
        return value

    def _module(name: str) -> Any:
        try:
            return import_module("." + name, __name__)
        except ModuleNotFoundError as error:
            if (error.name or "").startswith(__name__ + "."):
                message = f"this copy of {__name__} is incomplete: it has no module {error.name}"
                raise ImportError(message, name=error.name) from None
            raise

    def __dir__() -> "List[str]":
        own = [name for name in globals() if name.startswith("__")]
        return sorted(_SUBMODULES.union(own, __all__))

    if sys.version_info < (3, 7):  # which does not look for these two functions in a module

        class _LazyModule(ModuleType):
            def __getattr__(self, name: str) -> Any:
                return __getattr__(name)

            def __dir__(self) -> "List[str]":
                return __dir__()

        sys.modules[__name__].__class__ = _LazyModule
