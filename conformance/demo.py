# SPDX-License-Identifier: MIT
"""`python3 -m conformance demo`: one whole call on one machine, without an account or a network.

It starts the endpoint on loopback, calls it with refimpl over a real socket and prints each part
when it arrives. Then it prints what the client and the endpoint saw.
"""

import time
from typing import BinaryIO, Callable, Iterator, List, Optional, TextIO

from conformance.endpoint.checks import ACCESS_KEY, SECRET_KEY
from conformance.endpoint.server import Call, Endpoint
from refimpl.client import Client
from refimpl.shapes import PayloadPart
from refimpl.sigv4 import Credentials

ENDPOINT_NAME = "demo"
ENDPOINT_SCENARIO = "default"
REGION = "us-east-1"
_REQUEST = b'{"inputs": "What is an event stream?"}'


def run_demo(
    stdout: BinaryIO,
    account: TextIO,
    pace: Optional[float],
    monotonic: Callable[[], float] = time.monotonic,
) -> None:
    """Call the endpoint once. Write the response's text to stdout and a summary to account.

    pace: seconds between two parts, or None for the response's own
    """
    with Endpoint(pace=pace, fallback=ENDPOINT_SCENARIO) as endpoint:
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
            sizes: List[int] = []
            first = 0.0
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
    account.write("\n")
    for line in _request_lines(call):
        account.write(line + "\n")
    account.write(
        f"response    HTTP {response.status}, {response.content_type}, "
        f"variant {response.invoked_production_variant}, request id {response.request_id}\n"
        f"stream      {call.frames_sent} frames, {call.bytes_sent} bytes on the wire, "
        f"{sum(sizes)} bytes of payload, each frame's two checksums verified\n"
        f"time        first part after {first * 1000:.0f} ms, last after {total * 1000:.0f} ms\n"
    )
    account.flush()


def _request_lines(call: Call) -> Iterator[str]:
    yield f"request     {call.method} {call.target}, {len(call.body)} bytes of body"
    verified = "verified" if call.verified else "REFUSED"
    yield (
        f"signature   {verified} by the endpoint "
        f"(AWS Signature Version 4, service sagemaker, region {REGION})"
    )
