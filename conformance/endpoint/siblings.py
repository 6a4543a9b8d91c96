# SPDX-License-Identifier: MIT
"""The sibling operation InvokeEndpoint: the same scenario as one response without an event stream.

whole_response() turns the response of a streaming call into the response that InvokeEndpoint gives
for the same model. The payloads become one body, the output members become plain headers, and an
exception inside the stream becomes an error response. A response without an event stream, such as a
service error, stays unchanged, and so do raw bytes, which show malformed HTTP.
"""

from typing import Dict, List, Tuple

from conformance.endpoint.scenarios.build import failure
from conformance.endpoint.scenarios.model import (
    OUTPUT_CONTENT_TYPE,
    Ending,
    Headers,
    Response,
    Step,
)
from refimpl.errors import Error, UsageError
from refimpl.eventstream import EVENT_STREAM_TYPE, Decoder
from refimpl.operation import event_of
from refimpl.shapes import OperationError, PayloadPart

MAX_WHOLE = 25 * 1024 * 1024  # bytes
_OUTPUT = {OUTPUT_CONTENT_TYPE.lower(): "Content-Type"}
_LOG_STREAM = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/Endpoints/example"


def model_failure(status: int, text: str, message: str = "") -> Response:
    """Return ModelError, the service's response to a failure of the container.

    status, text: of the container's response; status 0 if there was none
    message:      the service's own text; by default the one that the service uses
    """
    # SRV-048
    if not message:
        whose = "client" if 400 <= status < 500 else "server"
        message = (
            f'Received {whose} error ({status}) from primary with message "{text}". '
            "See the log stream for more information."
        )
    return failure(
        "424 Failed Dependency",
        "ModelError",
        Message=message,
        OriginalStatusCode=status,
        OriginalMessage=text,
        LogStreamArn=_LOG_STREAM,
    )


def whole_response(response: Response) -> Response:
    """Return the response to InvokeEndpoint for the response to a streaming call.

    Raises UsageError if it is longer than MAX_WHOLE.
    """
    if response.framing == "raw" or not _is_stream(response.headers):
        return response
    ending = response.ending
    pauses: List[Step] = []
    data = bytearray()
    for step in response.steps:
        if isinstance(step, Ending):
            ending = str(step)
            break
        if isinstance(step, bytes):
            data += step
            if len(data) > MAX_WHOLE:
                raise UsageError(
                    "the response to InvokeEndpoint is too long", expected=f"{MAX_WHOLE} bytes"
                )
        else:
            pauses.append(step)
    try:
        payload = _payload_of(bytes(data))
        cut = None
        if ending != "clean" or response.cut is not None:
            cut = len(_payload_of(bytes(data[: response.cut]), is_cut=True))
    except OperationError as error:
        return _failed(error)
    except Error as error:
        return failure("500 Internal Server Error", "InternalFailure", Message=str(error))
    # SRV-070
    headers = tuple(_whole_header(name, value) for name, value in _own(response.headers))
    if cut is not None and cut == len(payload):
        payload += b"\n"  # so that the announced length is never reached
    return response._replace(
        steps=(*pauses, payload), headers=headers, framing="length", ending=ending, cut=cut
    )


def _is_stream(headers: Headers) -> bool:
    return any(
        name.lower() == "content-type" and value.partition(";")[0].strip() == EVENT_STREAM_TYPE
        for name, value in headers
    )


def _own(headers: Headers) -> Headers:
    return [(name, value) for name, value in headers if name.lower() != "content-type"]


def _whole_header(name: str, value: str) -> Tuple[str, str]:
    return _OUTPUT.get(name.lower(), name), value


def _payload_of(data: bytes, is_cut: bool = False) -> bytes:
    """Return the payloads of a stream. Raises Error.

    is_cut: whether an incomplete last frame is left out
    """
    decoder = Decoder()
    payload = bytearray()
    for message in decoder.feed(data):
        event = event_of(message)
        if isinstance(event, PayloadPart):
            payload += event.bytes
    if not is_cut:
        decoder.close()
    return bytes(payload)


def _failed(error: OperationError) -> Response:
    """Return the error response for an exception inside a stream."""
    if error.code == "ModelStreamError":
        return model_failure(500, error.message or "")
    members: Dict[str, str] = {"Message": error.message or ""}
    return failure("500 Internal Server Error", "InternalFailure", **members)
