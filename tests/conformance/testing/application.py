# SPDX-License-Identifier: MIT
"""An application under test: a chat over SageMaker with boto3."""

import json
from typing import Any, Callable, Optional

import boto3


class Incomplete(ValueError):
    """The model's stream has no end marker."""


def chat(
    prompt: str,
    endpoint: str = "llm",
    client: Any = None,
    on_token: Optional[Callable[[str], Any]] = None,
) -> str:
    """Return the model's answer to a prompt."""
    client = client or boto3.client("sagemaker-runtime")
    response = client.invoke_endpoint_with_response_stream(
        EndpointName=endpoint,
        ContentType="application/json",
        Body=json.dumps({"messages": [{"role": "user", "content": prompt}], "stream": True}),
    )
    buffer, tokens = b"", []  # type: Any
    for event in response["Body"]:
        buffer += event["PayloadPart"]["Bytes"]
        while b"\n" in buffer:
            line, buffer = buffer.split(b"\n", 1)
            if not line.startswith(b"data:"):
                continue
            data = line[5:].strip()
            if data == b"[DONE]":
                return "".join(tokens)
            token = json.loads(data)["choices"][0]["delta"].get("content", "")
            tokens.append(token)
            if on_token:
                on_token(token)
    raise Incomplete("".join(tokens))
