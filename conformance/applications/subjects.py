# SPDX-License-Identifier: MIT
"""Applications as test subjects: each reads one stream as its documentation shows.

    python subjects.py SUBJECT ENDPOINT_NAME...

This program runs in the virtual environment of the application and imports nothing of this project.
For each endpoint name it writes lines of JSON: {"begin": NAME}, {"text": PIECE} for each piece as
it arrives, and {"end": null}, or {"end": "ErrorClass: message"} if the application raises.
"""

import json
import os
import sys
from importlib import import_module
from typing import Any, Callable, Dict, Iterator

READ_TIMEOUT = 3  # seconds, where the application has a setting for it


def _runtime_client() -> Any:
    config = import_module("botocore.config").Config(
        read_timeout=READ_TIMEOUT, retries={"total_max_attempts": 1}
    )
    return import_module("boto3").client("sagemaker-runtime", config=config)


def _text_of_line(line: str) -> str:
    """Return the text in a line of LMI. Content handlers of users look like this."""
    if not line.strip():
        return ""
    return str(json.loads(line).get("token", {}).get("text", ""))


def langchain_aws(name: str) -> Iterator[str]:
    """SagemakerEndpoint of langchain-aws, with a content handler for JSON lines."""
    module: Any = import_module("langchain_aws.llms.sagemaker_endpoint")

    class Handler(module.LLMContentHandler):  # type: ignore[misc]
        content_type = "application/json"
        accepts = "application/json"

        def transform_input(self, prompt: str, model_kwargs: Dict[str, Any]) -> bytes:
            return json.dumps({"inputs": prompt, "parameters": model_kwargs}).encode("utf-8")

        def transform_output(self, output: Any) -> str:
            data = output.read() if hasattr(output, "read") else output
            return _text_of_line(data.decode("utf-8") if isinstance(data, bytes) else data)

    model = module.SagemakerEndpoint(
        endpoint_name=name, client=_runtime_client(), content_handler=Handler(), streaming=True
    )
    yield from model.stream("Hi")


def _litellm(model: str) -> Iterator[str]:
    litellm: Any = import_module("litellm")
    litellm.suppress_debug_info = True
    name = model.partition("/")[2]
    base = os.environ["AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME"]
    response = litellm.completion(
        model=model,
        messages=[{"role": "user", "content": "Hi"}],
        stream=True,
        timeout=READ_TIMEOUT,
        num_retries=0,
        sagemaker_base_url=f"{base}/endpoints/{name}/invocations-response-stream",
    )
    for chunk in response:
        yield chunk.choices[0].delta.content or ""


def litellm_chat(name: str) -> Iterator[str]:
    """completion() of litellm with the provider sagemaker_chat."""
    yield from _litellm(f"sagemaker_chat/{name}")


def litellm_tgi(name: str) -> Iterator[str]:
    """completion() of litellm with the provider sagemaker."""
    yield from _litellm(f"sagemaker/{name}")


def sagemaker_lines(name: str) -> Iterator[str]:
    """Predictor.predict_stream() of sagemaker 2 with LineIterator."""
    for line in _predicted(name, "LineIterator"):
        yield _text_of_line(line.decode("utf-8") if isinstance(line, bytes) else line)


def sagemaker_bytes(name: str) -> Iterator[str]:
    """Predictor.predict_stream() of sagemaker 2 with ByteIterator, joined to lines by its user."""
    data = b"".join(_predicted(name, "ByteIterator"))
    for line in data.decode("utf-8").split("\n"):
        yield _text_of_line(line)


def _predicted(name: str, iterator: str) -> Iterator[Any]:
    boto3: Any = import_module("boto3")
    sagemaker: Any = import_module("sagemaker")
    session = sagemaker.Session(
        boto_session=boto3.Session(),
        sagemaker_client=boto3.client("sagemaker"),
        sagemaker_runtime_client=_runtime_client(),
        default_bucket="example",
    )
    predictor = import_module("sagemaker.predictor").Predictor(
        name,
        sagemaker_session=session,
        serializer=import_module("sagemaker.serializers").JSONSerializer(),
    )
    cls = getattr(import_module("sagemaker.iterators"), iterator)
    yield from predictor.predict_stream({"inputs": "Hi"}, iterator=cls)


def sagemaker_core(name: str) -> Iterator[str]:
    """Endpoint.invoke_with_response_stream() of sagemaker-core."""
    endpoint = import_module("sagemaker.core.resources").Endpoint(endpoint_name=name)
    response = endpoint.invoke_with_response_stream(
        body=b'{"inputs": "Hi"}', content_type="application/json"
    )
    data = b""
    for event in response.body:
        part = event["PayloadPart"] if isinstance(event, dict) else event.payload_part
        data += part["Bytes"] if isinstance(part, dict) else part.bytes
    for line in data.decode("utf-8").split("\n"):
        yield _text_of_line(line)


SUBJECTS: Dict[str, Callable[[str], Iterator[str]]] = {
    "langchain-aws": langchain_aws,
    "litellm-chat": litellm_chat,
    "litellm-tgi": litellm_tgi,
    "sagemaker-lines": sagemaker_lines,
    "sagemaker-bytes": sagemaker_bytes,
    "sagemaker-core": sagemaker_core,
}

MODULES = {
    "langchain-aws": "langchain_aws.llms.sagemaker_endpoint",
    "litellm-chat": "litellm",
    "litellm-tgi": "litellm",
    "sagemaker-lines": "sagemaker.predictor",
    "sagemaker-bytes": "sagemaker.predictor",
    "sagemaker-core": "sagemaker.core.resources",
}


def _say(**line: Any) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main(subject: str, *names: str) -> None:
    """Read the stream of each endpoint name."""
    # Some imports take longer than a stream.
    import_module(MODULES[subject])
    for name in names:
        _say(begin=name)
        try:
            for text in SUBJECTS[subject](name):
                _say(text=text)
        # Applications may raise anything.
        except Exception as error:
            _say(end=f"{type(error).__name__}: {error}")
        else:
            _say(end=None)


if __name__ == "__main__":
    main(*sys.argv[1:])
