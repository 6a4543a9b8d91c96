# SPDX-License-Identifier: MIT
"""The adapter of boto3: `invoke` by a new boto3 client for each call, with one attempt per call.

The other operations use the same client without a network, or single parts of botocore
(botocore_parts.py). awscrt is disabled, because boto3 would otherwise sign with it if installed.

An event has its name in boto3's dictionary. The entry that boto3 creates for an unknown event is
skipped. An error has the name of its class, prefixed with the module if the class is not
botocore's. A name of Python's own errors is not mapped, so it stands for all kinds. botocore has
one class for all errors in a stream: their code shows whether they are modelled.
"""

import importlib
import os
import platform
from typing import Any, Callable, Dict, List, Optional

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

os.environ["BOTO_DISABLE_CRT"] = "true"

boto3: Any = importlib.import_module("boto3")
botocore: Any = importlib.import_module("botocore")
exceptions: Any = importlib.import_module("botocore.exceptions")
config: Any = importlib.import_module("botocore.config")
parts: Any = importlib.import_module("conformance.adapters.botocore_parts")

SESSION = boto3.session.Session()  # shared, because it loads the model of the service slowly
SETTINGS = config.Config(
    retries={"max_attempts": 0}, connect_timeout=READ_TIMEOUT, read_timeout=READ_TIMEOUT, proxies={}
)
MEMBERS = ("ContentType", "InvokedProductionVariant", "CustomAttributes")
UNKNOWN_EVENT = "SDK_UNKNOWN_MEMBER"
MODELED = ("ModelStreamError", "InternalStreamFailure")
# For a request without keys.
KEYS = {
    "access_key": "AKIDEXAMPLE",
    "secret_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
}

# The errors of botocore and urllib3, and what they can stand for.
KINDS: Dict[str, Kind] = {
    "ReadTimeoutError": "timeout",
    "ConnectTimeoutError": "timeout",
    "ConnectionClosedError": "network",
    "EndpointConnectionError": "network",
    "ConnectionError": "network",
    "HTTPClientError": ("http", "network", "truncated", "constraint", "configuration"),
    "ResponseParserError": ("http", "syntax"),
    "urllib3.exceptions.ReadTimeoutError": "timeout",
    "urllib3.exceptions.ProtocolError": ("truncated", "network", "http"),
    "IncompleteReadError": "truncated",
    "ResponseStreamingError": "truncated",
    "ChecksumMismatch": "message_crc",
    "InvalidHeadersLength": "length",
    "InvalidPayloadLength": "limit",
    "DuplicateHeader": "duplicate_header",
    "EventStreamError": "exception",
    "NoRegionError": "configuration",
    "InvalidRegionError": "configuration",
    "EndpointProviderError": "configuration",
    "EndpointVariantError": "configuration",
    "NoCredentialsError": "configuration",
    "UnknownEndpointError": "configuration",
    "InvalidEndpointConfigurationError": "configuration",
}
# Errors of Python's own that leak from botocore.
KINDS.update(
    dict.fromkeys(
        (
            "builtins.AttributeError",
            "builtins.KeyError",
            "builtins.RecursionError",
            "builtins.TypeError",
            "builtins.UnicodeDecodeError",
            "builtins.ValueError",
            "json.decoder.JSONDecodeError",
            "struct.error",
        ),
        "*",
    )
)

Given = Dict[str, Any]


def client_for(given: Given) -> Any:
    settings = SETTINGS.merge(
        config.Config(
            use_fips_endpoint=given.get("use_fips"),
            use_dualstack_endpoint=given.get("use_dualstack"),
            read_timeout=given.get("read_timeout", READ_TIMEOUT),
        )
    )
    keys = dict(KEYS, **given)
    return SESSION.client(
        "sagemaker-runtime",
        endpoint_url=given.get("endpoint_url"),
        region_name=given.get("region"),
        aws_access_key_id=keys["access_key"],
        aws_secret_access_key=keys["secret_key"],
        aws_session_token=given.get("session_token"),
        config=settings,
    )


def members_of(given: Given) -> Given:
    return {
        name: to_bytes(value) if name == "Body" else value for name, value in given["input"].items()
    }


class Call:
    """One call and its results so far."""

    def __init__(self, client: Any, members: Given, taken: Callable[[int], None]) -> None:
        self.output: Given = {}
        self.events: List[Given] = []
        self.error: Optional[BaseException] = None
        self._client, self._members = client, members
        self._taken = taken  # called with the number of events after each

    def run(self) -> None:
        try:
            response = self._client.invoke_endpoint_with_response_stream(**self._members)
            self.output = {name: response[name] for name in MEMBERS if name in response}
            for event in response["Body"]:
                self._take(event)
        except Exception as error:
            self.error = error

    def _take(self, event: Given) -> None:
        for name, members in event.items():
            if name != UNKNOWN_EVENT:
                self.events.append(
                    {
                        name: {
                            key: to_base64_text(value) if isinstance(value, bytes) else value
                            for key, value in members.items()
                        }
                    }
                )
                self._taken(len(self.events))

    def document(self) -> Given:
        return {"output": self.output, "events": self.events}

    def answer(self) -> Given:
        if self.error is not None:
            raise refusal(self.error, self.document())
        return self.document()


def invoke(given: Given, report: Report) -> Given:
    call = Call(client_for(given), members_of(given), report)
    call.run()
    return call.answer()


def http_response(given: Given) -> Given:
    if not given.get("complete", True):
        raise Unsupported("its HTTP library detects the end of a body; the invoke cases test that")
    feed = parts.Feed(given["chunks"])
    answered = parts.Answered(
        client_for({"region": "us-east-1"}), given["status"], given["headers"], feed
    )
    members = {"EndpointName": "llm", "Body": b""}
    call = Call(answered.client, members, lambda count: feed.note())
    call.run()
    if call.error is not None:
        raise refusal(call.error, dict(call.document(), **feed.timing(is_refused=True)))
    return dict(call.document(), **feed.timing())


def http_request(given: Given) -> Given:
    document: Given = parts.request_document(parts.sent(client_for(given), members_of(given)))
    return document


def endpoint_resolve(given: Given) -> Given:
    members = {"EndpointName": "llm", "Body": b""}
    document: Given = parts.endpoint_document(parts.sent(client_for(given), members))
    return document


def refusal(error: BaseException, output: Given) -> Reject:
    kind = parts.name_of(type(error))
    if not isinstance(error, exceptions.ClientError):
        return Reject(parts.kind_of(error), str(error), output=output)
    details: Given = error.response
    fields = {
        name: value
        for name, value in details.items()
        if isinstance(value, (str, int)) and name not in ("message", "Message")
    }
    summary = details.get("Error", {})
    if "Message" in summary:
        fields["Message"] = summary["Message"]
    code = summary.get("Code")
    if not isinstance(error, exceptions.EventStreamError):
        kind_of_answer = "service_error"
    else:
        kind_of_answer = kind if code in MODELED else "unmodeled"
    return Reject(kind_of_answer, f"{kind}: {error}", code, fields, output)


PYTHON = ".".join(platform.python_version_tuple()[:2])
VERSION = (
    f"{boto3.__version__} (botocore {botocore.__version__}, "
    f"urllib3 {parts.urllib3.__version__}, Python {PYTHON})"
)

OPERATIONS = {
    "invoke": invoke,
    "http.response": http_response,
    "http.request": parts.named(http_request),
    "eventstream.decode": parts.decode,
    "endpoint.resolve": parts.named(endpoint_resolve),
    "sigv4.sign": parts.named(parts.sign),
    "sigv4.presign": parts.named(parts.presign),
}

if __name__ == "__main__":
    serve("boto3", VERSION, OPERATIONS, KINDS, reporting=("invoke",))
