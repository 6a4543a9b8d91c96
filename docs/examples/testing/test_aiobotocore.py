"""aiobotocore reads the same environment. This test needs no plugin for asyncio."""

import asyncio

from aiobotocore.session import get_session

from conformance.testing import openai


async def chat(prompt):
    async with get_session().create_client("sagemaker-runtime") as client:
        response = await client.invoke_endpoint_with_response_stream(
            EndpointName="llm", Body=prompt.encode()
        )
        parts = [event["PayloadPart"]["Bytes"] async for event in response["Body"]]
        return b"".join(parts)


def test_chat(sagemaker):
    sagemaker.on("llm", openai("Hel", "lo"))
    assert b'"content": "Hel"' in asyncio.run(chat("Hi"))
    assert sagemaker.requests[0].text == "Hi"
