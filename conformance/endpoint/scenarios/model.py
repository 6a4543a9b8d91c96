# SPDX-License-Identifier: MIT
"""The data of a scenario: a name, a response, and what a correct client makes of it.

An application tester needs only a name and a response:

    Scenario("llm", response=stream(part(b"Hel"), part(b"lo")))

The other fields of a Scenario are for judging an implementation, because each scenario of the
catalogue becomes a case `invoke-NAME`. A Template is a family of scenarios, one for each number N.

This module has no behaviour. build.py makes values, and play.py (in the package above) turns a
Response into writes.
"""

from typing import (
    Any,
    Callable,
    Dict,
    Iterable,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    Union,
)

from refimpl.errors import UsageError
from refimpl.eventstream import EVENT_STREAM_TYPE

Headers = Sequence[Tuple[str, str]]


class Pause(float):
    """A pause in seconds that takes its time at any pace of the endpoint."""


class Ending(str):
    """The end of a response before its other steps: "close", "reset" or "stall"."""


class Turn(int):
    """The client's turn: it has received this many events, and should hand them over.

    If the endpoint knows the client's progress, it waits for that before it goes on (pacing.py).
    """


Step = Union[bytes, float, Ending, Turn]
Fields = Optional[Mapping[str, object]]

# The headers that carry members of the output.
OUTPUT_CONTENT_TYPE = "X-Amzn-SageMaker-Content-Type"
PRODUCTION_VARIANT = "x-Amzn-Invoked-Production-Variant"
CUSTOM_ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"


def stream_headers(content_type: str) -> Tuple[Tuple[str, str], ...]:
    """Return the headers of a stream whose parts have this content type."""
    return (
        ("Content-Type", EVENT_STREAM_TYPE),
        (OUTPUT_CONTENT_TYPE, content_type),
        (PRODUCTION_VARIANT, "AllTraffic"),
    )


STREAM_HEADERS = stream_headers("text/plain; charset=utf-8")


class Expect(NamedTuple):
    """The outcome of a call by a correct client. A field that is None is not judged.

    status:      "ok" or "reject"
    kind, also:  the kind of the rejection, and other kinds that are also correct
    code:        the error's code
    message:     the error's message
    fields:      members of a modelled error, without its message
    http_status: the status that the client reports
    parts:       the parts that the client delivers; for a rejection those before the error
    output:      the output's header members by member name
    skipped:     how many events of unknown type the client skips
    """

    status: str
    kind: Optional[str] = None
    also: Tuple[str, ...] = ()
    code: Optional[str] = None
    message: Optional[str] = None
    fields: Fields = None
    http_status: Optional[int] = None
    parts: Tuple[bytes, ...] = ()
    output: Optional[Dict[str, str]] = None
    skipped: int = 0


class _ResponseFields(NamedTuple):
    """The fields of a Response."""

    steps: Iterable[Step] = ()
    status: str = "200 OK"
    headers: Headers = ()
    framing: str = "chunked"
    ending: str = "clean"
    cut: Optional[int] = None
    interim: Tuple[bytes, ...] = ()
    early: bool = False


class Response(_ResponseFields):
    """A response as the endpoint writes it.

    steps:   bytes and pauses. Each bytes object is one write; a number is a pause in seconds, and
             a Pause ignores the endpoint's pace. At a Turn the endpoint waits for the client, if
             it knows the client's progress. After an Ending nothing more is written.
             Every call iterates over the steps again, so they cannot be an iterator.
    status:  status code and reason
    headers: of the response; "{port}" in a value becomes the endpoint's port
    framing: of the body
             "chunked": each bytes object of the steps is one HTTP chunk
             "length": with the Content-Length of all steps
             "close": the body ends with the connection
             "raw": the steps are all that is written, including head and framing
    ending:  what follows the last step
             "clean": the end that the framing requires
             "close": the connection is closed
             "reset": the connection is reset
             "stall": nothing, and the connection stays open
    cut:     the endpoint stops writing after this many bytes of the body, although the framing
             announces all of them; after a "clean" ending it then closes the connection
    interim: complete heads before the response's own head
    early:   the endpoint responds to the head of the request, and closes without reading its body
    Raises UsageError for steps that can be used only once.
    """

    __slots__ = ()

    def __new__(cls, *fields: Any, **named: Any) -> "Response":
        response = super().__new__(cls, *fields, **named)
        if iter(response.steps) is response.steps:
            raise UsageError(
                "the steps are an iterator, which only the first call could play",
                expected="a list, a tuple or an object whose __iter__ begins again",
                actual=type(response.steps).__name__,
            )
        return response

    @classmethod
    def _make(cls, iterable: Iterable[Any]) -> "Response":  # type: ignore[override]
        # _replace() calls this.
        return cls(*iterable)


class Acceptable(NamedTuple):
    """Another acceptable outcome, why it harms no user, and its row in DIVERGENCES.md."""

    expect: Expect
    why: str
    divergence: str


class Shown(NamedTuple):
    """What an application shows of a container's stream.

    container: whose format it is
    text:      the text that it shows
    fails:     whether it must report an error; None if both outcomes are right
    """

    container: str
    text: str
    fails: Optional[bool] = False


class Scenario(NamedTuple):
    """One response of the endpoint, and what a correct client makes of it.

    name:       the endpoint name that plays it
    title:      what the response shows
    must:       what a correct client must do: the rest of a sentence "a correct client must ..."
    expect:     the same as data
    response:   what the endpoint writes; by default an event stream without a frame
    rules:      the rules of SPEC.md that an implementation breaks if its outcome differs
    acceptable: other acceptable outcomes
    since:      the first version of the vectors that has the scenario's case
    needs:      scenarios without which this one has no meaning
    request_size: bytes of the request's body in the scenario's case, or 0 for the usual body
    read_timeout: seconds of the client's read time-out in that case, or None for the usual ones
    shown:      what an application shows, if the parts are a container's stream
    """

    name: str
    title: str = ""
    must: str = ""
    expect: Expect = Expect("ok")
    response: Response = Response(headers=STREAM_HEADERS)
    rules: Tuple[str, ...] = ()
    acceptable: Tuple[Acceptable, ...] = ()
    since: str = "0.1.0"
    needs: Tuple[str, ...] = ()
    request_size: int = 0
    read_timeout: Optional[float] = None
    shown: Optional[Shown] = None


class Template(NamedTuple):
    """A family of scenarios, one for each number.

    name:     ends in `-N`; an endpoint name has a number instead of N
    title:    what the responses show
    must:     what a correct client must do
    make:     returns the scenario of a number from 0 to `most`
    most:     the largest number
    examples: the numbers that become cases
    """

    name: str
    title: str
    must: str
    make: Callable[[int], Scenario]
    most: int
    examples: Tuple[int, ...]


Entry = Union[Scenario, Template]
