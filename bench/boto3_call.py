# SPDX-License-Identifier: MIT
"""`python3 boto3_call.py URL NAME`: call an endpoint with boto3 and read the stream to its end."""

import sys
from typing import Any

import boto3
from botocore.config import Config


def client(url: str) -> Any:
    """Return a boto3 client for the endpoint at url, with one attempt per call."""
    return boto3.client(
        "sagemaker-runtime",
        region_name="us-east-1",
        endpoint_url=url,
        config=Config(retries={"total_max_attempts": 1}),
    )


def events(runtime: Any, name: str) -> int:
    """Call the endpoint and return the number of parts."""
    response = runtime.invoke_endpoint_with_response_stream(
        EndpointName=name, Body=b'{"inputs":"hi"}', ContentType="application/json"
    )
    return sum(1 for event in response["Body"] if "PayloadPart" in event)


if __name__ == "__main__":
    events(client(sys.argv[1]), sys.argv[2])
