# SPDX-License-Identifier: MIT
"""The replies of the test double: what an endpoint sends back, in an application's own words.

    sse, openai, tgi, djl, lmi, lines    a container's response, one payload part per token
    error, model_error                   an error response, or an exception inside a stream
    stream_error                         an exception inside a stream
    cut, stall, slow, pause              a stream that breaks, waits or takes its time
    scenario                             a scenario of the catalogue (`serve --list`)

A reply may also be bytes or str (one part), a dict (one part of JSON), a list of such items, or a
function of the request. A function returns a reply, or yields its items one by one.
"""

import types
from http.client import responses as _REASONS
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple, Union

from conformance.endpoint.scenarios import scenario_named
from conformance.endpoint.scenarios.build import exception, failure, part
from conformance.endpoint.scenarios.containers import (
    DONE,
    JSON_TYPE,
    LINES_TYPE,
    SSE_TYPE,
    Delta,
    djl_lines,
    generated_document,
    json_text,
    lmi_lines,
    openai_chunks,
    openai_document,
    sse_event,
    tgi_events,
)
from conformance.endpoint.scenarios.model import (
    OUTPUT_CONTENT_TYPE,
    Ending,
    Pause,
    Response,
    Scenario,
    Step,
    stream_headers,
)
from conformance.endpoint.siblings import model_failure
from refimpl.errors import UsageError, shown

_TEXT_TYPE = "text/plain; charset=utf-8"
_FRAMINGS = ("chunked", "length", "close")
_MAX_SECONDS = 3600


class Frame(bytes):
    """Bytes of the event stream that are written as they are, not as the payload of a part."""


Item = Union[bytes, Pause, Ending]


class Reply(NamedTuple):
    """A stream of payload parts.

    items:        payloads (bytes), frames, pauses and at most one Ending
    content_type: of the payload, or None for a guess
    document:     content type and body of the response to InvokeEndpoint, or None for the payload
    framing:      "chunked", "length" or "close"
    """

    items: Tuple[Item, ...]
    content_type: Optional[str] = None
    document: Optional[Tuple[str, bytes]] = None
    framing: str = "chunked"


class Failure(NamedTuple):
    """An error response. Inside a stream it becomes an exception of the stream."""

    response: Response
    message: str
    is_model: bool

    def frame(self) -> Frame:
        """Return the exception with which a stream fails."""
        if self.is_model:
            return stream_error(self.message)
        return Frame(exception("InternalStreamFailure", Message=self.message))


Answer = Union[Reply, Failure, Response, Callable[[Any], Any]]

# ---- what a container sends --------------------------------------------------------------------


def sse(*events: Any, end: Optional[str] = "[DONE]") -> Reply:
    """Return server-sent events, one part for each.

    events: a str is a token, in the smallest chunk that clients of OpenAI's API read. A dict or
            list is written as JSON. bytes are the data of the event.
    end:    the data of the last event, or None for none
    """
    parts = [sse_event(_sse_data(event)) for event in events]
    if end is not None:
        parts.append(sse_event(end.encode("utf-8")))
    return Reply(tuple(parts), SSE_TYPE)


def _sse_data(event: Any) -> bytes:
    if isinstance(event, str):
        return json_text({"choices": [{"index": 0, "delta": {"content": event}}]})
    if isinstance(event, (dict, list)):
        return json_text(event)
    if isinstance(event, bytes):
        return event
    raise _wrong("an event of sse()", event, "str, dict, list or bytes")


def openai(
    *tokens: Delta,
    model: str = "model",
    finish_reason: Optional[str] = "stop",
    usage: bool = False,
    done: bool = True,
) -> Reply:
    """Return the chat completion chunks of OpenAI's API, and a chat completion to InvokeEndpoint.

    tokens:        the text of each chunk, or its `delta` as a dict
    finish_reason: of the last chunk, or None to leave it out
    usage:         whether a chunk with the usage follows
    done:          whether `data: [DONE]` ends the stream
    """
    for token in tokens:
        if not isinstance(token, (str, dict)):
            raise _wrong("a token of openai()", token, "str or dict")
    chunks = openai_chunks(tokens, model, finish_reason, usage, done)
    document = (JSON_TYPE, openai_document(tokens, model, finish_reason))
    return Reply(tuple(chunks), SSE_TYPE, document)


def tgi(*tokens: str, finish_reason: Optional[str] = "eos_token") -> Reply:
    """Return the stream of Text Generation Inference, and its document to InvokeEndpoint.

    finish_reason: of the last event, or None for a stream without an end
    """
    document = (JSON_TYPE, generated_document(_texts("tgi", tokens)))
    return Reply(tuple(tgi_events(tokens, finish_reason)), SSE_TYPE, document)


def lmi(*tokens: str, finish_reason: Optional[str] = "eos_token") -> Reply:
    """Return the JSON lines of LMI (DJL Serving), and its document to InvokeEndpoint.

    finish_reason: of the last line, or None for lines without an end
    """
    document = (JSON_TYPE, generated_document(_texts("lmi", tokens)))
    return Reply(tuple(lmi_lines(tokens, finish_reason)), LINES_TYPE, document)


def djl(*tokens: str) -> Reply:
    """Return the older JSON lines of DJL Serving, `{"outputs": ["Hel"]}`."""
    document = (JSON_TYPE, generated_document(_texts("djl", tokens)))
    return Reply(tuple(djl_lines(tokens)), LINES_TYPE, document)


def lines(*values: Any) -> Reply:
    """Return lines, one part for each: str and bytes as they are, other values as JSON."""
    return Reply(tuple([_line(value) + b"\n" for value in values]), LINES_TYPE)


def _line(value: Any, what: str = "a value of lines()") -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8")
    try:
        return json_text(value)
    except (TypeError, ValueError, RecursionError):
        raise _wrong(what, value, "str, bytes or a value of JSON") from None


def _texts(name: str, tokens: Tuple[str, ...]) -> Tuple[str, ...]:
    for token in tokens:
        if not isinstance(token, str):
            raise _wrong(f"a token of {name}()", token, "str")
    return tokens


# ---- failures ----------------------------------------------------------------------------------

_CODES = {
    400: "ValidationError",
    403: "AccessDeniedException",
    424: "ModelError",
    429: "ThrottlingException",
    500: "InternalFailure",
    503: "ServiceUnavailable",
    530: "InternalDependencyException",
}
_MODELLED = ("ValidationError", "ModelError", "InternalFailure", "ServiceUnavailable")


def error(status: int, code: Optional[str] = None, message: str = "", **members: Any) -> Failure:
    """Return a service error.

    status:  400 to 599
    code:    the error's name; by default the service's for this status
    members: more members of the error document, such as OriginalStatusCode
    Inside a stream it becomes InternalStreamFailure, or ModelStreamError for ModelError.
    """
    _check_status(status, 400, 599)
    if code is None:
        code = _CODES.get(status, "InternalFailure" if status >= 500 else "ValidationError")
    text = message or f"{code} of the test double"
    member = "Message" if code in _MODELLED else "message"
    reason = _REASONS.get(status, "Error")
    response = failure(f"{status} {reason}", code, **dict({member: text}, **members))
    return Failure(response, text, code == "ModelError")


def model_error(status: int = 500, text: str = "the model failed", message: str = "") -> Failure:
    """Return ModelError 424: the container has answered with an error.

    status, text: OriginalStatusCode and OriginalMessage
    message:      Message; by default the service's words
    Inside a stream it becomes ModelStreamError.
    """
    _check_status(status, 0, 599)
    if not isinstance(text, str) or not isinstance(message, str):
        raise _wrong("a text of model_error()", text, "str")
    return Failure(model_failure(status, text, message), message or text, True)


def _check_status(status: object, least: int, most: int) -> None:
    if isinstance(status, bool) or not isinstance(status, int) or not least <= status <= most:
        raise UsageError("not the status of an error", expected=f"{least} to {most}", actual=status)


def stream_error(message: str = "the model failed", code: str = "StreamBroken") -> Frame:
    """Return ModelStreamError as an item of a stream.

    code: ErrorCode, StreamBroken or ModelInvocationTimeExceeded
    """
    return Frame(exception("ModelStreamError", Message=message, ErrorCode=code))


def cut(
    reply: Any,
    after: Optional[int] = None,
    at: Optional[int] = None,
    framing: str = "chunked",
    reset: bool = False,
) -> Reply:
    """Return a reply whose connection is closed before its end.

    after:   the number of complete parts before the end
    at:      the number of bytes of the event stream before the end; without both, the connection
             is closed inside the last part
    framing: "chunked", "length" (with Content-Length) or "close". With "close" and `after`,
             neither HTTP nor the event stream shows that something is missing: only the end marker
             of the model's stream does.
    reset:   reset the connection instead of closing it
    """
    if framing not in _FRAMINGS:
        raise UsageError("unknown framing", expected=", ".join(_FRAMINGS), actual=framing)
    if after is not None and at is not None:
        raise UsageError("after and at exclude each other", expected="one of them")
    ending = Ending("reset" if reset else "close")
    made = _reply_of(reply, "the reply of cut()")
    if after is not None:
        return _ended(made, after, ending)._replace(framing=framing)
    items = _frames_of(made.items)
    length = sum([len(item) for item in items if isinstance(item, bytes)])
    place = _count("at", length - 10 if at is None else at, length)
    before: List[Item] = []
    for index, item in enumerate(items):
        size = len(item) if isinstance(item, bytes) else 0
        if isinstance(item, bytes) and size > place:
            rest = (ending, Frame(item[place:])) + tuple(items[index + 1 :])
            return made._replace(items=(*before, Frame(item[:place]), *rest), framing=framing)
        before.append(item)
        place -= size
    return made._replace(items=(*before, ending), framing=framing)


def stall(reply: Any = (), after: Optional[int] = None) -> Reply:
    """Return a reply that sends nothing more after a number of parts, and keeps the connection.

    after: by default all parts; the end of the response is missing then
    """
    made = _reply_of(reply, "the reply of stall()")
    parts = len([item for item in made.items if isinstance(item, bytes)])
    return _ended(made, parts if after is None else after, Ending("stall"))


def slow(reply: Any, seconds: float = 0.2, first: float = 0.0) -> Reply:
    """Return a reply with a pause before each part.

    seconds: between two parts
    first:   before the first part
    """
    made = _reply_of(reply, "the reply of slow()")
    items: List[Item] = []
    for item in made.items:
        if isinstance(item, bytes):
            items.append(pause(seconds if items else first))
        items.append(item)
    return made._replace(items=tuple(items))


def pause(seconds: float) -> Pause:
    """Return a pause as an item of a stream."""
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise _wrong("a pause", seconds, "a number of seconds")
    if not 0 <= seconds <= _MAX_SECONDS:
        raise UsageError("pause out of range", expected=f"0 to {_MAX_SECONDS} s", actual=seconds)
    return Pause(seconds)


def scenario(name: str) -> Response:
    """Return the response of a scenario of the catalogue. Raises UsageError for an unknown name."""
    return scenario_named(name).response


def _ended(reply: Reply, after: int, ending: Ending) -> Reply:
    """Return a reply with an ending after a number of parts."""
    left = _count("after", after, len([item for item in reply.items if isinstance(item, bytes)]))
    items: List[Item] = []
    for item in reply.items:
        if isinstance(item, bytes):
            if not left:
                break
            left -= 1
        items.append(item)
    return reply._replace(items=(*items, ending, *reply.items[len(items) :]))


def _count(name: str, value: object, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise UsageError(f"{name} out of range", expected=f"0 to {most}", actual=value)
    return value


# ---- what a user gives -------------------------------------------------------------------------

_KINDS = "bytes, str, dict, a list of these, a reply such as sse(...), or a function of the request"


def _wrong(what: str, value: object, expected: str) -> UsageError:
    return UsageError(f"{what} has the wrong type", expected=expected, actual=type(value).__name__)


def answer_of(values: Tuple[Any, ...], what: str) -> Answer:
    """Return one answer for the values that a user has given. Raises UsageError.

    what: names them in an error
    """
    if len(values) == 1:
        value = values[0]
        if isinstance(value, Scenario):
            return value.response
        if isinstance(value, (Reply, Failure, Response)):
            return value
        if callable(value):
            return value  # type: ignore[no-any-return]
    return _reply_of(values, what)


def _reply_of(value: Any, what: str) -> Reply:
    """Return a value as a stream."""
    if isinstance(value, Reply):
        return value
    found: List[Item] = []
    first: Optional[Reply] = None
    for item in flattened(value, what):
        if isinstance(item, Reply):
            first = first or item
            found += item.items
        elif isinstance(item, Failure):
            found.append(item.frame())
        else:
            found.append(item)
    if first is None:
        return Reply(tuple(found))
    return first._replace(items=tuple(found), document=None)


def flattened(value: Any, what: str) -> Iterator[Union[Item, Reply, Failure]]:
    """Yield the items of a value that a user has given. Raises UsageError for a wrong type."""
    if isinstance(value, (Reply, Failure, Pause, Ending)):
        yield value
    elif isinstance(value, (bytes, bytearray, memoryview)):
        yield value if isinstance(value, bytes) else bytes(value)
    elif isinstance(value, str):
        yield value.encode("utf-8", "surrogatepass")
    elif isinstance(value, dict):
        yield _line(value, what)
    elif isinstance(value, (list, tuple)) and not isinstance(value, (Response, Scenario)):
        for item in value:
            yield from flattened(item, what)
    elif hasattr(value, "__next__"):
        raise UsageError(
            f"{what} is an iterator, which only the first call could play",
            expected="a list, or the function that makes it",
            actual=type(value).__name__,
        )
    else:
        raise _wrong(what, value, _KINDS)


def _frames_of(items: Tuple[Item, ...]) -> List[Item]:
    return [as_step(item) for item in items]


def as_step(item: Item) -> Item:
    """Return an item as a step of a response: a payload as the frame of a part."""
    if isinstance(item, bytes) and not isinstance(item, Frame):
        return Frame(part(item))
    return item


# ---- responses ---------------------------------------------------------------------------------

Headers = Tuple[Tuple[str, str], ...]


def guessed_type(first: Optional[Item]) -> str:
    """Return the content type that a payload with this beginning probably has."""
    if not isinstance(first, bytes) or isinstance(first, Frame):
        return _TEXT_TYPE
    if first.startswith((b"data:", b"event:", b": ", b"id:")):
        return SSE_TYPE
    if first.startswith((b"{", b"[")):
        return LINES_TYPE if first.endswith(b"\n") else JSON_TYPE
    return _TEXT_TYPE


def output_headers(content_type: str, output: Dict[str, str]) -> Headers:
    """Return the headers of a stream.

    output: the other output members by header name
    """
    headers = dict(stream_headers(content_type))
    headers.update(output)
    return tuple(headers.items())


def response_of(reply: Reply, output: Dict[str, str]) -> Response:
    """Return the response to a streaming call."""
    steps: List[Step] = list(map(as_step, reply.items))
    first = next((item for item in reply.items if isinstance(item, bytes)), None)
    content_type = output.get(OUTPUT_CONTENT_TYPE) or reply.content_type or guessed_type(first)
    return Response(steps, headers=output_headers(content_type, output), framing=reply.framing)


def document_of(reply: Reply, output: Dict[str, str]) -> Optional[Response]:
    """Return the response to InvokeEndpoint if the reply has its own, or None."""
    if reply.document is None or any(isinstance(item, Ending) for item in reply.items):
        return None
    content_type, body = reply.document
    headers = dict(output_headers(content_type, output))
    headers["Content-Type"] = headers.pop(OUTPUT_CONTENT_TYPE)
    pauses = [item for item in reply.items if isinstance(item, Pause)]
    return Response((*pauses, body), headers=tuple(headers.items()), framing="length")


def is_coroutine(value: object) -> bool:
    """Return whether a function was asynchronous."""
    return isinstance(value, (types.CoroutineType, types.AsyncGeneratorType))


def described(value: object) -> str:
    """Return a value's type and beginning for an error message."""
    return shown(f"{type(value).__name__} {value!r}", 100)


__all__ = [
    "Answer",
    "DONE",
    "Ending",
    "Failure",
    "Frame",
    "Item",
    "Pause",
    "Reply",
    "answer_of",
    "cut",
    "djl",
    "error",
    "lines",
    "lmi",
    "model_error",
    "openai",
    "pause",
    "scenario",
    "slow",
    "sse",
    "stall",
    "stream_error",
    "tgi",
]
