# SPDX-License-Identifier: MIT
"""An application under test: calls through refimpl and, for InvokeEndpoint, through a socket."""

from typing import Any, List, Tuple

from conformance.testing import ACCESS_KEY, SECRET_KEY, Endpoint
from refimpl.client import Client
from refimpl.sigv4 import Credentials
from tests.conformance.endpoint.client import answer_of, exchange, last

KEYS = Credentials(ACCESS_KEY, SECRET_KEY)


def client_of(endpoint: Endpoint, **more: Any) -> Client:
    settings = {
        "region": "eu-west-1",
        "endpoint_url": endpoint.url,
        "credentials": KEYS,
        "environment": {},
        "max_attempts": 1,
        "read_timeout": 10.0,
    }
    settings.update(more)
    return Client(**settings)


def called(
    endpoint: Endpoint, name: str = "llm", body: bytes = b"{}", **members: Any
) -> Tuple[Any, List[bytes]]:
    """Return the response and its parts."""
    client = client_of(endpoint)
    with client.invoke_endpoint_with_response_stream(
        endpoint_name=name, body=body, **members
    ) as response:
        return response, [event.bytes for event in response.body]


def text_of(endpoint: Endpoint, name: str = "llm", body: bytes = b"{}", **members: Any) -> bytes:
    return b"".join(called(endpoint, name, body, **members)[1])


def whole(endpoint: Endpoint, name: str = "llm", **how: Any) -> Tuple[int, Any, bytes]:
    """Return status, headers and body of a call of InvokeEndpoint at the current time."""
    import time

    from refimpl.sigv4 import amz_date_of

    target = f"/endpoints/{name}/invocations"
    wire = exchange(endpoint, last(target, date=amz_date_of(time.time()), **how))
    return answer_of(wire)
