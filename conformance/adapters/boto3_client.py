# SPDX-License-Identifier: MIT
"""The adapter of boto3: `invoke`, by the client that boto3 makes, one attempt a call, a client of its own for each call.

The other operations ask the same client without a network, or botocore's parts alone (botocore_parts.py). It signs by
itself also where awscrt, which it would prefer, is there.

A call runs in a thread, so that what had arrived can be told when it hangs. An event is told by its name in boto3's own
dictionary; the one that boto3 makes of an unknown event is passed over. Errors bear their class's name, with the module's
before it where the class is not botocore's: such a name is announced nowhere, and stands in no table of kinds. Of the one
class that it has for all that a stream tells, the code says whether the model has it.
"""

import importlib
import os
import platform
import threading
from typing import Any, Dict, List, Optional

from conformance.adapters.limits import DEADLINE, READ_TIMEOUT
from conformance.protocol.messages import Reject, Unsupported, serve, to_base64_text, to_bytes

os.environ["BOTO_DISABLE_CRT"] = "true"

boto3: Any = importlib.import_module("boto3")
botocore: Any = importlib.import_module("botocore")
exceptions: Any = importlib.import_module("botocore.exceptions")
config: Any = importlib.import_module("botocore.config")
parts: Any = importlib.import_module("conformance.adapters.botocore_parts")

SESSION = (
    boto3.session.Session()
)  # one for all: it holds the service's model, which is slow to load
SETTINGS = config.Config(
    retries={"max_attempts": 0}, connect_timeout=READ_TIMEOUT, read_timeout=READ_TIMEOUT, proxies={}
)
MEMBERS = ("ContentType", "InvokedProductionVariant", "CustomAttributes")
UNKNOWN_EVENT = "SDK_UNKNOWN_MEMBER"
MODELED = ("ModelStreamError", "InternalStreamFailure")
KEYS = {
    "access_key": "AKIDEXAMPLE",
    "secret_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
}  # where a question has none

# botocore's own errors, and the kind nearest to each.
KINDS = {
    "ReadTimeoutError": "timeout",
    "ConnectTimeoutError": "timeout",
    "ConnectionClosedError": "network",
    "EndpointConnectionError": "network",
    "ConnectionError": "network",
    "HTTPClientError": "http",
    "ResponseParserError": "http",
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

Given = Dict[str, Any]


def client_for(given: Given) -> Any:
    settings = SETTINGS.merge(
        config.Config(
            use_fips_endpoint=given.get("use_fips"),
            use_dualstack_endpoint=given.get("use_dualstack"),
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
    """One call and what has come of it so far."""

    def __init__(self, client: Any, members: Given) -> None:
        self.output: Given = {}
        self.events: List[Given] = []
        self.error: Optional[BaseException] = None
        self._client, self._members = client, members

    def run(self) -> None:
        try:
            response = self._client.invoke_endpoint_with_response_stream(**self._members)
            self.output = {name: response[name] for name in MEMBERS if name in response}
            for event in response["Body"]:
                self._take(event)
        except BaseException as error:
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

    def document(self) -> Given:
        return {"output": self.output, "events": self.events}

    def answer(self) -> Given:
        if self.error is not None:
            raise refusal(self.error, self.document())
        return self.document()


def invoke(given: Given) -> Given:
    call = Call(client_for(given), members_of(given))
    thread = threading.Thread(target=call.run, daemon=True)
    thread.start()
    thread.join(DEADLINE)
    if thread.is_alive():
        raise Reject("Hang", f"no end after {DEADLINE:g} s", output=call.document())
    return call.answer()


def http_response(given: Given) -> Given:
    if not given.get("complete", True):
        raise Unsupported("how a body ends is its HTTP library's to tell: invoke asks it")
    answered = parts.Answered(
        client_for({"region": "us-east-1"}),
        given["status"],
        given["headers"],
        parts.chunks_of(given),
    )
    call = Call(answered.client, {"EndpointName": "llm", "Body": b""})
    call.run()
    return call.answer()


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
    told = details.get("Error", {})
    if "Message" in told:
        fields["Message"] = told["Message"]
    if isinstance(error, exceptions.EventStreamError):
        return Reject(
            kind if told.get("Code") in MODELED else "unmodeled",
            f"{kind}: {error}",
            told.get("Code"),
            fields,
            output,
        )
    return Reject("service_error", f"{kind}: {error}", told.get("Code"), fields, output)


VERSION = f"{boto3.__version__} (botocore {botocore.__version__}, urllib3 {parts.urllib3.__version__}, Python {'.'.join(platform.python_version_tuple()[:2])})"

OPERATIONS = {
    "invoke": invoke,
    "http.response": http_response,
    "http.request": parts.told(http_request),
    "eventstream.decode": parts.decode,
    "endpoint.resolve": parts.told(endpoint_resolve),
    "sigv4.sign": parts.told(parts.sign),
    "sigv4.presign": parts.told(parts.presign),
}

if __name__ == "__main__":
    serve("boto3", VERSION, OPERATIONS, KINDS)
