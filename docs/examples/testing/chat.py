"""A chat application with boto3."""

import json

import boto3


class Incomplete(Exception):
    """The model's stream has no end marker. The text so far is the argument."""


def chat(prompt, endpoint="llm"):
    """Yield the tokens of the model's answer."""
    client = boto3.client("sagemaker-runtime")
    response = client.invoke_endpoint_with_response_stream(
        EndpointName=endpoint,
        ContentType="application/json",
        Body=json.dumps({"messages": [{"role": "user", "content": prompt}], "stream": True}),
    )
    buffer = b""
    for event in response["Body"]:
        buffer += event["PayloadPart"]["Bytes"]
        *lines, buffer = buffer.split(b"\n")
        for line in lines:
            if not line.startswith(b"data:"):
                continue
            data = line[5:].strip()
            if data == b"[DONE]":
                return
            value = json.loads(data)
            if "error" in value:
                raise RuntimeError(value["error"])
            yield value["choices"][0]["delta"].get("content", "")
    raise Incomplete("the stream has no [DONE]")
