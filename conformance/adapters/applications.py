# SPDX-License-Identifier: MIT
"""The adapters of applications that call the operation: `python -m … applications NAME`.

NAME is langchain-aws, litellm, sagemaker or sagemaker-core. Each makes the call as the package's
documentation shows, with one attempt. None of them shows the headers of the response.

    sagemaker       returns the bytes of each part: its default ByteIterator
    sagemaker-core  returns events
    langchain-aws   returns the text that a content handler takes from each line (`reads`)
    litellm         returns the text of the model; it writes the request's body itself (`reads`)

`text.lines` is the LineIterator of langchain-aws and sagemaker. It returns bytes, and a caller
decodes them, so a line that is not UTF-8 is unsupported.
"""

import contextlib
import importlib
import inspect
import json
import sys
import time
from importlib import metadata  # novm: the packages need a newer Python
from typing import Any, Callable, Dict, Iterable, Iterator, List, NamedTuple, Tuple

from conformance.adapters.limits import READ_TIMEOUT
from conformance.protocol.messages import (
    Kind,
    Reject,
    Report,
    Unsupported,
    serve,
    to_base64_text,
    to_bytes,
)

Given = Dict[str, Any]
_ENDLESS = 10000  # calls after the end of a stream
_LANGCHAIN = "langchain_aws.llms.sagemaker_endpoint"
# Members that an application passes on by other names than those of the operation.
_SAGEMAKER = {
    "TargetVariant": "target_variant",
    "InferenceId": "inference_id",
    "CustomAttributes": "custom_attributes",
    "InferenceComponentName": "component_name",
    "TargetContainerHostname": "target_container_hostname",
}


def _boto3() -> Any:
    """Return the adapter of boto3, on which the application is built."""
    return importlib.import_module("conformance.adapters.boto3_client")


def _refusal(error: BaseException, output: Given) -> Reject:
    """Return the rejection for an error, as the adapter of boto3 describes it."""
    rejection: Reject = _boto3().refusal(error, output)
    return rejection


# ---- parts of bytes ----------------------------------------------------------------------------


def _collected(parts: Callable[[], Iterable[Any]], report: Report) -> Given:
    """Return the events of a call. Raises Reject with those before an error."""
    events: List[Given] = []
    try:
        for part in parts():
            events.append({"PayloadPart": {"Bytes": to_base64_text(part)}})
            report(len(events))
    except Exception as error:
        raise _refusal(error, {"events": events}) from None
    return {"events": events}


def _sagemaker(given: Given, report: Report) -> Given:
    """Predictor.predict_stream() of sagemaker 2, with its default iterator."""
    client = _boto3().client_for(given)
    members = _boto3().members_of(given)
    boto3: Any = importlib.import_module("boto3")
    sagemaker: Any = importlib.import_module("sagemaker")
    session = sagemaker.Session(
        boto_session=boto3.Session(region_name=given["region"]),
        sagemaker_client=boto3.client("sagemaker", region_name=given["region"]),
        sagemaker_runtime_client=client,
        default_bucket="example",
    )
    predictor: Any = importlib.import_module("sagemaker.predictor").Predictor(
        members.pop("EndpointName"), sagemaker_session=session
    )
    body = members.pop("Body")
    named = {_SAGEMAKER[name]: members.pop(name) for name in _SAGEMAKER if name in members}
    return _collected(lambda: predictor.predict_stream(body, initial_args=members, **named), report)


def _sagemaker_core(given: Given, report: Report) -> Given:
    """Endpoint.invoke_with_response_stream() of sagemaker-core."""
    resources: Any = importlib.import_module("sagemaker.core.resources")
    members = _boto3().members_of(given)
    endpoint = resources.Endpoint(endpoint_name=members.pop("EndpointName"))
    arguments = {_snake_case(name): value for name, value in members.items()}
    known = inspect.signature(endpoint.invoke_with_response_stream).parameters
    for name in arguments:
        if name not in known:
            raise Unsupported(f"it has no parameter {name}")

    def parts() -> Iterator[Any]:
        response = endpoint.invoke_with_response_stream(
            session=_session(given), region=given["region"], **arguments
        )
        for event in response.body:
            yield event["PayloadPart"]["Bytes"]

    return _collected(parts, report)


def _snake_case(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)[1:]


def _session(given: Given) -> Any:
    """Return a session of boto3 with keys, time-out and endpoint, which the package passes on."""
    botocore: Any = importlib.import_module("botocore.session").Session()
    timeout = given.get("read_timeout", READ_TIMEOUT)
    settings = importlib.import_module("botocore.config").Config(
        read_timeout=timeout, connect_timeout=timeout, proxies={}
    )
    botocore.set_default_client_config(settings)
    botocore.set_credentials(given["access_key"], given["secret_key"], given.get("session_token"))
    environ = importlib.import_module("os").environ
    environ["AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME"] = given["endpoint_url"]
    environ["AWS_MAX_ATTEMPTS"] = "1"
    return importlib.import_module("boto3").Session(
        botocore_session=botocore, region_name=given["region"]
    )


# ---- text --------------------------------------------------------------------------------------


def _shown(pieces: Callable[[], Iterable[str]]) -> Given:
    """Return the text of a call. Raises Reject with the text before an error."""
    texts: List[str] = []
    try:
        for piece in pieces():
            texts.append(piece)
    except Exception as error:
        raise _refusal(error, {"shown": "".join(texts)}) from None
    return {"shown": "".join(texts)}


def _text_of_line(line: Any) -> str:
    """Return the text in a line of LMI or DJL. Content handlers of users look like this."""
    text = line.decode("utf-8")
    if not text.strip():
        return ""
    document = json.loads(text)
    if "error" in document:
        raise ValueError(document["error"])
    if "outputs" in document:
        return "".join(document["outputs"])
    return str(document["token"]["text"])


def _langchain_aws(given: Given) -> Given:
    """SagemakerEndpoint.stream() of langchain-aws."""
    module: Any = importlib.import_module(_LANGCHAIN)
    members = _boto3().members_of(given)

    class Handler(module.LLMContentHandler):  # type: ignore[misc]
        content_type = members.pop("ContentType", "application/json")
        accepts = "application/json"

        def transform_input(self, prompt: str, model_kwargs: Given) -> Any:
            return members["Body"]

        def transform_output(self, output: Any) -> str:
            return _text_of_line(output)

    others = {name: members[name] for name in members if name not in ("EndpointName", "Body")}
    model = module.SagemakerEndpoint(
        endpoint_name=members["EndpointName"],
        client=_boto3().client_for(given),
        content_handler=Handler(),
        endpoint_kwargs=others,
        streaming=True,
    )
    return _shown(lambda: model.stream("Hi"))


def _litellm(given: Given) -> Given:
    """completion() of litellm, with the provider of the container."""
    litellm: Any = importlib.import_module("litellm")
    litellm.suppress_debug_info = True
    name = given["input"]["EndpointName"]
    provider = "sagemaker" if name.startswith("tgi-") else "sagemaker_chat"

    def pieces() -> Iterator[str]:
        response = litellm.completion(
            model=f"{provider}/{name}",
            messages=[{"role": "user", "content": "Hi"}],
            stream=True,
            timeout=given.get("read_timeout", READ_TIMEOUT),
            num_retries=0,
            max_retries=0,
            aws_access_key_id=given["access_key"],
            aws_secret_access_key=given["secret_key"],
            aws_session_token=given.get("session_token"),
            aws_region_name=given["region"],
            sagemaker_base_url=f"{given['endpoint_url']}/endpoints/{name}/invocations-response-stream",
        )
        for chunk in response:
            yield chunk.choices[0].delta.content or ""

    return _shown(pieces)


# ---- lines -------------------------------------------------------------------------------------


class _Stream:
    """The events of an event stream, one for each part. `given` counts them, and the end.

    A reader that asks again and again after the end would never return. It then sleeps, so that it
    does not use the processor until the suite ends it.
    """

    def __init__(self, parts: List[str]) -> None:
        self.given = 0
        self._parts = parts

    def __iter__(self) -> "_Stream":
        return self

    def __next__(self) -> Given:
        self.given += 1
        if self.given <= len(self._parts):
            return {"PayloadPart": {"Bytes": to_bytes(self._parts[self.given - 1])}}
        if self.given > len(self._parts) + _ENDLESS:
            time.sleep(3600.0)
        raise StopIteration


def _lines_of(module: str) -> Callable[[Given], Given]:
    """Return the operation `text.lines` by the LineIterator of a module."""

    def lines(given: Given) -> Given:
        reader: Any = importlib.import_module(module).LineIterator
        found: List[str] = []
        after: List[int] = []
        stream = _Stream(given["parts"])
        output: Given = {"lines": found, "after": after}
        try:
            for line in reader(stream):
                found.append(line.decode("utf-8"))
                after.append(min(stream.given, len(given["parts"]) + 1))
        except UnicodeDecodeError:
            raise Unsupported("it returns bytes, and its caller decodes them") from None
        except Exception as error:
            raise _refusal(
                error, dict(output, refused_after=min(stream.given, len(given["parts"]) + 1))
            ) from None
        return output

    return lines


# ---- the packages ------------------------------------------------------------------------------


class Application(NamedTuple):
    """How an application is asked.

    modules: what it imports before the first call, because that takes longer than a call
    operations: its operations
    reads: the containers whose text it shows, if it shows text
    reporting: the operations that report progress
    kinds: of its own errors
    """

    modules: Tuple[str, ...]
    operations: Dict[str, Callable[..., Given]]
    reads: Tuple[str, ...] = ()
    reporting: Tuple[str, ...] = ()
    kinds: Dict[str, Kind] = {}


APPLICATIONS = {
    "langchain-aws": Application(
        (_LANGCHAIN,),
        {
            "invoke": _langchain_aws,
            "text.lines": _lines_of(_LANGCHAIN),
        },
        reads=("lmi", "djl"),
    ),
    "litellm": Application(
        ("litellm",),
        {"invoke": _litellm},
        reads=("openai", "tgi"),
        kinds={"litellm.exceptions.Timeout": "timeout"},
    ),
    "sagemaker": Application(
        ("sagemaker", "sagemaker.predictor", "sagemaker.iterators"),
        {"invoke": _sagemaker, "text.lines": _lines_of("sagemaker.iterators")},
        reporting=("invoke",),
        kinds={"builtins.RuntimeError": "limit"},
    ),
    "sagemaker-core": Application(
        ("sagemaker.core.resources",), {"invoke": _sagemaker_core}, reporting=("invoke",)
    ),
}


def main(name: str) -> None:
    """Answer requests for an application."""
    application = APPLICATIONS[name]
    with contextlib.redirect_stdout(sys.stderr):  # sagemaker logs to it
        for module in application.modules:
            importlib.import_module(module)
    serve(
        name,
        metadata.version(name),
        application.operations,
        dict(_boto3().KINDS, **application.kinds),
        reporting=application.reporting,
        reads=application.reads,
    )


if __name__ == "__main__":
    main(sys.argv[1])
