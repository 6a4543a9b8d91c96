# SPDX-License-Identifier: MIT
"""The adapter of boto3: `invoke`, by the client that boto3 makes, one attempt a call, a client of its own for each call.

A call runs in a thread, so that what had arrived can be told when it hangs. An event is told by its name in boto3's own
dictionary; the one that boto3 makes of an unknown event is passed over. Errors bear their class's name, with the module's
before it where the class is not botocore's: such a name is announced nowhere, and stands in no table of kinds.
"""
import importlib
import platform
import threading
from typing import Any, Dict, List, Optional

from conformance.adapters.protocol import Reject, serve, to_base64_text, to_bytes
from conformance.peer_programs import DEADLINE, READ_TIMEOUT

boto3: Any = importlib.import_module("boto3")
botocore: Any = importlib.import_module("botocore")
exceptions: Any = importlib.import_module("botocore.exceptions")
config: Any = importlib.import_module("botocore.config")
urllib3: Any = importlib.import_module("urllib3")

SESSION = boto3.session.Session()  # one for all: it holds the service's model, which is slow to load
SETTINGS = config.Config(retries={"max_attempts": 0}, connect_timeout=READ_TIMEOUT, read_timeout=READ_TIMEOUT, proxies={})
MEMBERS = ("ContentType", "InvokedProductionVariant", "CustomAttributes")
UNKNOWN_EVENT = "SDK_UNKNOWN_MEMBER"

# botocore's own errors, and the kind nearest to each.
KINDS = {
    "ReadTimeoutError": "timeout", "ConnectTimeoutError": "timeout",
    "ConnectionClosedError": "network", "EndpointConnectionError": "network", "ConnectionError": "network",
    "HTTPClientError": "http", "ResponseParserError": "http",
    "IncompleteReadError": "truncated", "ResponseStreamingError": "truncated",
    "ChecksumMismatch": "message_crc", "InvalidHeadersLength": "length", "InvalidPayloadLength": "limit",
    "DuplicateHeader": "duplicate_header", "EventStreamError": "exception",
}


class Call:
    """One call and what has come of it so far."""

    def __init__(self, given: Dict[str, Any]) -> None:
        self.output: Dict[str, Any] = {}
        self.events: List[Dict[str, Any]] = []
        self.error: Optional[BaseException] = None
        self._client = SESSION.client(
            "sagemaker-runtime", endpoint_url=given["endpoint_url"], region_name=given["region"], aws_access_key_id=given["access_key"],
            aws_secret_access_key=given["secret_key"], aws_session_token=given.get("session_token"), config=SETTINGS)
        self._members = {name: to_bytes(value) if name == "Body" else value for name, value in given["input"].items()}

    def run(self) -> None:
        try:
            response = self._client.invoke_endpoint_with_response_stream(**self._members)
            self.output = {name: response[name] for name in MEMBERS if name in response}
            for event in response["Body"]:
                self._take(event)
        except BaseException as error:
            self.error = error

    def _take(self, event: Dict[str, Any]) -> None:
        for name, members in event.items():
            if name != UNKNOWN_EVENT:
                self.events.append({name: {key: to_base64_text(value) if isinstance(value, bytes) else value
                                           for key, value in members.items()}})

    def document(self) -> Dict[str, Any]:
        return {"output": self.output, "events": self.events}


def invoke(given: Dict[str, Any]) -> Dict[str, Any]:
    call = Call(given)
    thread = threading.Thread(target=call.run, daemon=True)
    thread.start()
    thread.join(DEADLINE)
    if thread.is_alive():
        raise Reject("Hang", "no end after %g s" % DEADLINE, output=call.document())
    if call.error is not None:
        raise refusal(call.error, call.document())
    return call.document()


def refusal(error: BaseException, output: Dict[str, Any]) -> Reject:
    kind = name_of(type(error))
    if not isinstance(error, exceptions.ClientError):
        return Reject(kind, str(error), output=output)
    details: Dict[str, Any] = error.response
    fields = {name: value for name, value in details.items() if name not in ("Error", "ResponseMetadata", "message", "Message")}
    if "Message" in details.get("Error", {}):
        fields["Message"] = details["Error"]["Message"]
    in_stream = isinstance(error, exceptions.EventStreamError)
    return Reject("EventStreamError" if in_stream else "service_error", "%s: %s" % (kind, error),
                  details.get("Error", {}).get("Code"), fields, output)


def name_of(kind: type) -> str:
    """Return the name of a class, with its module's where it is not botocore's."""
    module = kind.__module__
    return kind.__name__ if module.partition(".")[0] == "botocore" else "%s.%s" % (module, kind.__name__)


VERSION = "%s (botocore %s, urllib3 %s, Python %s)" % (
    boto3.__version__, botocore.__version__, urllib3.__version__, ".".join(platform.python_version_tuple()[:2]))

if __name__ == "__main__":
    serve("boto3", VERSION, {"invoke": invoke}, KINDS)
