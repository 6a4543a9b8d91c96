# SPDX-License-Identifier: MIT
"""The request of a call, without I/O.

`build_request` returns the request with all headers except those of the signature. The rules are
HTTP-001 to HTTP-012.
"""

import warnings
from typing import Any, Dict, NamedTuple, Tuple

from .documents.header_format import header_pairs
from .endpoint_url import authority, parse_endpoint_url
from .errors import require_type
from .shapes import MODELLED_BODY_LIMIT, InvokeEndpointWithResponseStreamInput
from .version import USER_AGENT

# SIG-015: proxies may change the framing. botocore does not sign this header either.
UNSIGNED_HEADERS = ("content-length",)
# HTTP-001
METHOD = "POST"
PATH = "/endpoints/%s/invocations-response-stream"


class BodySizeWarning(UserWarning):
    """The body is longer than the service model allows (HTTP-006)."""


class HttpRequest(NamedTuple):
    """A request to send. Its repr hides the headers and the body."""

    method: str
    scheme: str
    host: str  # without port and brackets
    port: int
    target: str  # path and query, as in the request line
    headers: Tuple[Tuple[str, str], ...]
    body: bytes

    @property
    def url(self) -> str:
        """The absolute URL."""
        return f"{self.scheme}://{authority(self.scheme, self.host, self.port)}{self.target}"

    def __repr__(self) -> str:
        return f"HttpRequest({self.method} {self.url}, <{len(self.body)} bytes>)"


def build_request(
    call: InvokeEndpointWithResponseStreamInput, endpoint_url: str, user_agent: str = USER_AGENT
) -> HttpRequest:
    """Return the unsigned request of a call, with all headers except those of the signature.

    HTTP-009. user_agent: the value of User-Agent
    Raises UsageError if a member breaks a constraint, and ConfigurationError for an invalid URL.
    Issues a BodySizeWarning for a body above the limit of the service model.
    """
    require_type(call, InvokeEndpointWithResponseStreamInput, "input")
    call.validate()
    endpoint = parse_endpoint_url(endpoint_url)
    members: Dict[str, Any] = {
        field.attribute: getattr(call, field.attribute) for field in call.fields
    }
    body = members["body"]
    # HTTP-006
    if len(body) > MODELLED_BODY_LIMIT:
        warnings.warn(
            f"Body is {len(body)} bytes; the service model allows {MODELLED_BODY_LIMIT}, "
            "the Developer Guide 25 MB",
            BodySizeWarning,
            stacklevel=3,
        )
    # HTTP-007, HTTP-010
    headers = [
        ("Host", authority(endpoint.scheme, endpoint.host, endpoint.port)),
        ("User-Agent", user_agent),
        ("Connection", "close"),
        ("Content-Length", str(len(body))),
    ]
    headers += header_pairs(call.fields, call)
    # HTTP-001. The pattern of endpoint_name allows no character that needs percent-encoding.
    target = endpoint.path.rstrip("/") + PATH % members["endpoint_name"]
    return HttpRequest(
        METHOD, endpoint.scheme, endpoint.host, endpoint.port, target, tuple(headers), body
    )
