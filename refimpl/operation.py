# SPDX-License-Identifier: MIT
"""The operation without I/O: build the HTTP request, read the HTTP response.

`build_request` returns the request with all headers except those of the signature
(operation_request.py). A `ResponseReader` takes the response's status, headers and body, and
returns events, and `service_error` returns the error of a response (operation_response.py).
`parse_endpoint_url` returns the parts of an endpoint's URL (endpoint_url.py).

This module has all public names. The rules are HTTP-001 to HTTP-039 and, for the meaning of
messages, EVS-030 to EVS-039.
"""

from .endpoint_url import (
    DEFAULT_PORTS,
    SIGNING_NAME,
    EndpointUrl,
    IPAddress,
    authority,
    ip_address_of,
    is_ipv6_literal,
    parse_endpoint_url,
)
from .operation_request import (
    METHOD,
    PATH,
    UNSIGNED_HEADERS,
    BodySizeWarning,
    HttpRequest,
    build_request,
)
from .operation_response import (
    ERROR_TYPE_HEADER,
    MAX_ERROR_BODY,
    ResponseReader,
    SkippedEvents,
    describe_skipped,
    event_of,
    meaning_of,
    read_output,
    request_id_of,
    service_error,
)
from .version import USER_AGENT, VECTORS_VERSION, VERSION

__all__ = [
    "DEFAULT_PORTS",
    "ERROR_TYPE_HEADER",
    "MAX_ERROR_BODY",
    "METHOD",
    "PATH",
    "SIGNING_NAME",
    "UNSIGNED_HEADERS",
    "USER_AGENT",
    "VECTORS_VERSION",
    "VERSION",
    "BodySizeWarning",
    "EndpointUrl",
    "HttpRequest",
    "IPAddress",
    "ResponseReader",
    "SkippedEvents",
    "authority",
    "build_request",
    "describe_skipped",
    "event_of",
    "ip_address_of",
    "is_ipv6_literal",
    "meaning_of",
    "parse_endpoint_url",
    "read_output",
    "request_id_of",
    "service_error",
]
