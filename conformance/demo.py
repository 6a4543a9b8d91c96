# SPDX-License-Identifier: MIT
"""`python3 -m conformance demo`: the whole operation on one machine, with no account and no network.

It starts the endpoint on loopback, calls it with refimpl over a real socket, prints the text the moment each part arrives,
and then tells what happened, from what both sides saw.
"""

import time
from typing import BinaryIO, Callable, Optional, TextIO

from conformance.endpoint.checks import ACCESS_KEY, SECRET_KEY
from conformance.endpoint.server import Endpoint
from refimpl.client import Client
from refimpl.shapes import PayloadPart
from refimpl.sigv4 import Credentials

ENDPOINT_NAME = "demo"
REGION = "us-east-1"
_REQUEST = b'{"inputs": "What is an event stream?"}'


def run_demo(
    stdout: BinaryIO,
    account: TextIO,
    pace: Optional[float],
    monotonic: Callable[[], float] = time.monotonic,
) -> None:
    """Call the endpoint once: the answer's text goes to stdout, the account of it to account.

    pace: seconds between two parts, or None for the answer's own
    """
    with Endpoint(pace=pace) as endpoint:
        client = Client(
            region=REGION,
            endpoint_url=endpoint.url,
            credentials=Credentials(ACCESS_KEY, SECRET_KEY),
            environment={},
        )
        started = monotonic()
        with client.invoke_endpoint_with_response_stream(
            endpoint_name=ENDPOINT_NAME, body=_REQUEST, content_type="application/json"
        ) as response:
            sizes, first = [], 0.0
            for event in response.body:
                if isinstance(event, PayloadPart):
                    first = first or monotonic() - started
                    sizes.append(len(event.bytes))
                    stdout.write(event.bytes)
                    stdout.flush()
        total = monotonic() - started
        call = endpoint.calls[-1]
    stdout.write(b"\n")
    stdout.flush()
    for line in (
        "",
        f"request     {call.method} {call.target}, {len(call.body)} bytes of body",
        f"signature   {'verified' if call.verified else 'REFUSED'} by the endpoint (AWS Signature Version 4, service sagemaker, region {REGION})",
        f"answer      HTTP {int(response.status)}, {response.content_type}, variant {response.invoked_production_variant}, request id {response.request_id}",
        f"stream      {int(call.frames_sent)} frames, {int(call.bytes_sent)} bytes on the wire, {int(sum(sizes))} bytes of payload, each frame's two checksums verified",
        f"time        first part after {first * 1000:.0f} ms, last after {total * 1000:.0f} ms",
    ):
        account.write(line + "\n")
    account.flush()
