# SPDX-License-Identifier: MIT
"""Subjects and responses for the tests of conformance.servers."""

from typing import Any, Optional, Tuple

from conformance.endpoint.checks import ACCESS_KEY, EXAMPLE_TOKEN, SECRET_KEY
from conformance.servers.exchange import Limits, Received
from conformance.servers.subject import Names, Subject
from conformance.testing import Endpoint, model_error, pause, stream_error
from refimpl.http1 import Framing, ResponseHead
from refimpl.sigv4 import Credentials

NAMES = Names(*Names._fields)
PAUSE = 0.2


def subject_at(url: str, names: Names = NAMES, seconds: float = 10.0, **more: Any) -> Subject:
    credentials = Credentials(ACCESS_KEY, SECRET_KEY, EXAMPLE_TOKEN)
    return Subject(
        url,
        credentials,
        "us-east-1",
        names,
        serves_region=True,
        limits=Limits(seconds),
        pause=PAUSE,
        **more,
    )


def served(**settings: Any) -> Endpoint:
    """Return an endpoint with everything that the checks need."""
    settings.setdefault("session_token", EXAMPLE_TOKEN)
    endpoint = Endpoint(checks_at_end=False, region="us-east-1", pace=None, **settings)
    endpoint.on("streams", b"one ", pause(PAUSE), b"two")
    endpoint.on("echoes", lambda request: request.body)
    endpoint.on("attributes", b"one", custom_attributes="trace=7")
    endpoint.on("fails", model_error(500, "out of memory"))
    endpoint.on("breaks", b"one", stream_error())
    return endpoint


def received(
    status: int = 200,
    body: bytes = b"",
    *headers: Tuple[str, str],
    pieces: Optional[Tuple[Tuple[float, bytes], ...]] = None,
) -> Received:
    head = ResponseHead(status, "", 1, headers)
    if pieces is None:
        pieces = ((0.0, body),)
    return Received(head, (), pieces, Framing(False, len(body)), True)
