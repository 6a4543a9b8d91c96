# SPDX-License-Identifier: MIT
"""The Endpoint for tests of an application: replies by endpoint name, and the requests it received.

    with Endpoint() as sagemaker:
        sagemaker.on("llm", sse("Hel", "lo"))
        ... call the application ...
        assert sagemaker.requests[0].json["messages"]

At the end of the block, check() raises TestDoubleError if a function of the test has raised an
exception or was still running, if a sequence had too few replies, or, with strict=True, if a reply
was never used. conformance/pytest_plugin.py does the same for pytest.
"""

import json
import os
import threading
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Tuple

from conformance.endpoint.checks import (
    ACCESS_KEY,
    SECRET_KEY,
    WHOLE,
    Accepted,
    members_of,
    not_found,
)
from conformance.endpoint.request import Pairs, Request
from conformance.endpoint.scenarios import similar_names
from conformance.endpoint.scenarios.model import (
    CUSTOM_ATTRIBUTES,
    OUTPUT_CONTENT_TYPE,
    PRODUCTION_VARIANT,
    Response,
    Step,
)
from conformance.endpoint.server import NEARBY, Call
from conformance.endpoint.server import Endpoint as PlainEndpoint
from conformance.testing.replies import (
    Answer,
    Failure,
    Item,
    Reply,
    answer_of,
    as_step,
    described,
    document_of,
    flattened,
    guessed_type,
    is_coroutine,
    output_headers,
    response_of,
)
from refimpl.errors import UsageError, shown
from refimpl.fields import broken_constraint
from refimpl.shapes import ENDPOINT_NAME
from refimpl.sigv4 import collect_headers

DEFAULT_REGION = "us-east-1"
_PATIENCE = 5.0  # seconds that close() waits for a function of the test
_OUTPUT_HEADERS = {
    "content_type": OUTPUT_CONTENT_TYPE,
    "custom_attributes": CUSTOM_ATTRIBUTES,
    "variant": PRODUCTION_VARIANT,
}


class TestDoubleError(AssertionError):
    """The test double was used wrongly: a function failed, or replies were missing or unused."""

    __test__ = False  # pytest would take it for a test class


class Headers(Mapping[str, str]):
    """The headers of a request.

    Names match in any case, and the values of a repeated header are joined with commas.
    """

    def __init__(self, pairs: Pairs) -> None:
        self._values = collect_headers(pairs)

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Headers({', '.join(self._values)})"


class ReceivedRequest:
    """A request that the endpoint has received.

    name:      the endpoint name, or "" if the request has none
    operation: "InvokeEndpointWithResponseStream", "InvokeEndpoint" or "InvokeEndpointAsync"
    body:      bytes
    headers:   by name, in any case
    members:   the members of the call by their names in AWS's model, such as ContentType
    signature: "valid", "unchecked" if the endpoint does not know the keys, or "refused"
    verified:  whether the signature is valid
    refusal:   why the service would have refused the request, or ""

    Its repr is safe to log: it has no headers and no body.
    """

    def __init__(self, call: Call) -> None:
        self.name, self.operation = call.endpoint_name, call.operation
        self.body, self.headers = call.body, Headers(call.headers)
        self.signature, self.verified, self.refusal = call.signature, call.verified, call.reason
        self.members: Dict[str, Any] = {}
        if call.operation:
            self.members.update(members_of(call.operation, call.endpoint_name, dict(self.headers)))
            self.members["Body"] = call.body

    @property
    def text(self) -> str:
        """The body as text. Raises UnicodeDecodeError."""
        return self.body.decode("utf-8")

    @property
    def json(self) -> Any:
        """The body as a value of JSON. Raises ValueError."""
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"the body is not JSON: {shown(self.body, 100)}") from error

    def __repr__(self) -> str:
        outcome = self.refusal or f"signature {self.signature}"
        return shown(f"<{self.operation or 'request'} {self.name or '-'}: {outcome}>", 300)


class Expectation(NamedTuple):
    """What on() has set up for an endpoint name.

    answers: one for all requests, or one for each
    output:  headers of the output members
    """

    name: str
    answers: Tuple[Answer, ...]
    is_sequence: bool
    output: Dict[str, str]
    used: List[int]

    @property
    def calls(self) -> int:
        """The number of requests that it has answered."""
        return len(self.used)


class Endpoint(PlainEndpoint):
    """A SageMaker Runtime endpoint for tests; also a context manager.

    strict:   check() also fails for replies that were never used
    any_keys: accept all credentials. It still checks the form, time and scope of their signatures.
    region:   the only accepted region, or None for any
    patience: seconds that close() waits for functions that are still running
    checks_at_end: whether the end of a `with` block calls check()
    more:     settings of conformance.endpoint.Endpoint, such as port, log, clock, fallback, and
              latency, which is NEARBY by default
    A name without on() plays the scenario of the catalogue that has this name.
    Raises OSError if the port is not available.
    """

    complains = False  # check() reports exceptions

    def __init__(
        self,
        strict: bool = False,
        any_keys: bool = False,
        region: Optional[str] = None,
        patience: float = _PATIENCE,
        checks_at_end: bool = True,
        **more: Any,
    ) -> None:
        self.strict, self.patience = strict, patience
        self._checks_at_end = checks_at_end
        self.region = region or DEFAULT_REGION
        self.access_key, self.secret_key = ACCESS_KEY, SECRET_KEY
        self._session_token: Optional[str] = more.get("session_token")
        self._by_name: Dict[str, Expectation] = {}
        self._expectations: List[Expectation] = []
        self._problems: List[Tuple[str, Optional[BaseException]]] = []
        self._choosing = threading.Lock()
        more.setdefault("pace", 0.0)
        more.setdefault("latency", NEARBY)
        super().__init__(region=region, any_keys=any_keys, **more)

    # ---- what the endpoint answers -------------------------------------------------------------

    def on(
        self,
        name: str,
        *reply: Any,
        sequence: Optional[List[Any]] = None,
        content_type: Optional[str] = None,
        custom_attributes: Optional[str] = None,
        variant: Optional[str] = None,
    ) -> Expectation:
        """Set the reply to all requests for an endpoint name, and return it.

        reply:    bytes, str or dict (one part), replies such as sse(...) or error(...), or one
                  function that gets the ReceivedRequest and returns or yields these
        sequence: one reply for each request instead. A request after the last one is an error.
        content_type, custom_attributes, variant: the output members
        Raises UsageError.
        """
        _check_name(name)
        if (sequence is None) == (not reply):
            raise UsageError(
                f"on({name!r}) needs a reply or a sequence",
                expected="one of them",
                actual="both" if reply else "none",
            )
        given = {
            "content_type": content_type,
            "custom_attributes": custom_attributes,
            "variant": variant,
        }
        output = {_OUTPUT_HEADERS[key]: value for key, value in given.items() if value is not None}
        what = f"the reply of {name!r}"
        if sequence is None:
            answers = [answer_of(reply, what)]
        else:
            answers = [answer_of((item,), what) for item in _listed(sequence, name)]
        made = Expectation(name, tuple(answers), sequence is not None, output, [])
        with self._choosing:
            self._by_name[name] = made
            self._expectations.append(made)
        return made

    @property
    def requests(self) -> List[ReceivedRequest]:
        """The requests so far, in order: the last 2,000, or fewer if their bodies are large."""
        return [ReceivedRequest(call) for call in self.calls if call.method]

    def answer(self, request: Request, accepted: Accepted) -> Tuple[Response, str]:
        """Return the response that on() has set up, or the catalogue's. Raises Refusal."""
        with self._choosing:
            found = self._by_name.get(accepted.name)
            if found is not None:
                turn = found.calls
                found.used.append(turn)
        if found is None:
            if not self.plays(accepted.name):
                known = [*self._by_name, *self._scenarios]
                raise not_found(accepted.name, similar_names(accepted.name, known))
            return super().answer(request, accepted)
        if found.is_sequence and turn >= len(found.answers):
            count = len(found.answers)
            raise TestDoubleError(
                f"request {turn + 1} for {accepted.name!r}, but its sequence has only {count}"
            )
        answer = found.answers[turn if found.is_sequence else 0]
        is_whole = accepted.operation == WHOLE
        if callable(answer) and not isinstance(answer, (Reply, Failure, Response)):
            call = Call(
                request.method,
                request.target,
                request.headers,
                request.body,
                accepted.signature == "valid",
                "",
                None,
                0,
                0,
                None,
                accepted.operation,
                accepted.name,
                accepted.signature,
            )
            function = _Function(accepted.name, answer, ReceivedRequest(call))
            return function.response(found.output, is_whole), accepted.name
        return _response(answer, found.output, is_whole), accepted.name

    # ---- the end of a test ---------------------------------------------------------------------

    def failed(self, record: Any, error: Exception) -> Response:
        """Remember an exception for check(). The client gets a 501."""
        name = record.accepted.name if record.accepted is not None else "-"
        text = f"the function for {name!r} raised {shown(error, 300)}"
        if isinstance(error, (TestDoubleError, UsageError)):
            text = str(error)
        with self._choosing:
            self._problems.append((text, error))
        return super().failed(record, error)

    def close(self) -> None:
        """End all connections, and wait for the functions that are still running."""
        super().close()
        if self.stuck:
            text = f"{self.stuck} functions were still running {self.patience:g} s after the end"
            with self._choosing:
                self._problems.append((text, None))
            self.stuck = 0

    def check(self) -> None:
        """Raise TestDoubleError for the problems since the last check, if there are any."""
        with self._choosing:
            problems, self._problems = self._problems, []
            unused = [made for made in self._expectations if self.strict and _is_unused(made)]
            self._expectations = [made for made in self._expectations if made not in unused]
        texts = [text for text, _ in problems]
        texts += [_unused_text(made) for made in unused]
        if texts:
            cause = next((error for _, error in problems if error is not None), None)
            raise TestDoubleError("\n".join(texts)) from cause

    def __exit__(self, *exception: object) -> None:
        self.close()
        if self._checks_at_end:
            self.check()

    # ---- the client's environment --------------------------------------------------------------

    def environment(self) -> Dict[str, Optional[str]]:
        """Return the environment variables that lead AWS's SDKs here. None removes a variable."""
        return client_environment(self.url, self.region, self._session_token)

    def environ(self, base: Optional[Mapping[str, str]] = None) -> Dict[str, str]:
        """Return a complete environment for a child process.

        base: the environment to change; by default this process's
        """
        return changed_environment(os.environ if base is None else base, self.environment())


# ---- the environment of a client ---------------------------------------------------------------

_REMOVED = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
)
_LOCAL = ("127.0.0.1", "localhost", "::1")


def client_environment(
    url: str, region: str, session_token: Optional[str] = None
) -> Dict[str, Optional[str]]:
    """Return the changes to an environment that lead AWS's SDKs to an endpoint."""
    changes: Dict[str, Optional[str]] = dict.fromkeys(_REMOVED)
    changes.update(
        AWS_ACCESS_KEY_ID=ACCESS_KEY,
        AWS_SECRET_ACCESS_KEY=SECRET_KEY,
        AWS_REGION=region,
        AWS_DEFAULT_REGION=region,
        AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME=url,
        AWS_EC2_METADATA_DISABLED="true",
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    )
    if session_token:
        changes["AWS_SESSION_TOKEN"] = session_token
    for name in ("NO_PROXY", "no_proxy"):
        changes[name] = ",".join(_LOCAL)
    return changes


def changed_environment(
    base: Mapping[str, str], changes: Mapping[str, Optional[str]]
) -> Dict[str, str]:
    """Return an environment with changes. Names in NO_PROXY are added to those that it has."""
    result = dict(base)
    for name, value in changes.items():
        if value is None:
            result.pop(name, None)
        elif name.lower() == "no_proxy" and result.get(name):
            result[name] = f"{result[name]},{value}"
        else:
            result[name] = value
    return result


# ---- replies to one request --------------------------------------------------------------------


def _response(answer: Answer, output: Dict[str, str], is_whole: bool) -> Response:
    if isinstance(answer, Failure):
        return answer.response
    if isinstance(answer, Reply):
        whole = document_of(answer, output) if is_whole else None
        return whole or response_of(answer, output)
    assert isinstance(answer, Response)  # noqa: S101
    return _with_output(answer, output)


def _with_output(response: Response, output: Dict[str, str]) -> Response:
    names = {name.lower() for name in output}
    kept = [pair for pair in response.headers if pair[0].lower() not in names]
    return response._replace(headers=(*kept, *output.items()))


class _Function:
    """The reply of a function to one request."""

    def __init__(self, name: str, function: Callable[[Any], Any], request: ReceivedRequest) -> None:
        self._what = f"the result of the function for {name!r}"
        self._function, self._request = function, request

    def response(self, output: Dict[str, str], is_whole: bool) -> Response:
        """Call the function and return its response. An iterator is read while it is sent."""
        result = self._function(self._request)
        if is_coroutine(result):
            close = getattr(result, "close", None)
            if close is not None:
                close()
            raise UsageError(
                f"{self._what} is asynchronous", expected="a function without async", actual="async"
            )
        if result is None:
            raise UsageError(f"{self._what} is None", expected="a reply, returned or yielded")
        if not hasattr(result, "__next__"):
            answer = answer_of((result,), self._what)
            if callable(answer) and not isinstance(answer, (Reply, Failure, Response)):
                raise UsageError(f"{self._what} is a function", expected="a reply")
            return _response(answer, output, is_whole)
        return self._streamed(self._items(result), output)

    def _streamed(self, items: Iterator[Item], output: Dict[str, str]) -> Response:
        """Return the response of an iterator, whose first item decides its headers."""
        first = next(items, None)
        if isinstance(first, _FirstFailure):
            return first.failure.response
        guess = self._content_type or guessed_type(first)
        headers = output_headers(guess, output)
        return Response(_Steps(first, items), headers=headers)

    _content_type: Optional[str] = None

    def _items(self, result: Iterator[Any]) -> Iterator[Any]:
        """Yield the items of an iterator that a function has returned."""
        is_first = True
        for value in result:
            for item in flattened(value, self._what):
                if isinstance(item, Failure):
                    yield _FirstFailure(item) if is_first else item.frame()
                    return
                if isinstance(item, Reply):
                    if is_first:
                        self._content_type = item.content_type
                    yield from item.items
                else:
                    yield item
                is_first = False


class _FirstFailure(NamedTuple):
    """A failure before the first part, which is an error response."""

    failure: Failure


class _Steps:
    """The steps of a response that are made while they are sent."""

    def __init__(self, first: Optional[Item], rest: Iterator[Item]) -> None:
        self._first, self._rest = first, rest

    def __iter__(self) -> Iterator[Step]:
        if self._first is not None:
            yield as_step(self._first)
        for item in self._rest:
            yield as_step(item)


# ---- checks ------------------------------------------------------------------------------------


def _check_name(name: object) -> None:
    if not isinstance(name, str) or broken_constraint(ENDPOINT_NAME, name) is not None:
        raise UsageError(
            "not an endpoint name",
            expected="letters, digits and hyphens, at most 63",
            actual=described(name),
        )


def _listed(sequence: Any, name: str) -> List[Any]:
    if not isinstance(sequence, (list, tuple)) or not sequence:
        raise UsageError(
            f"the sequence of {name!r} is not a list of replies",
            expected="a list with at least one reply",
            actual=described(sequence),
        )
    return list(sequence)


def _is_unused(made: Expectation) -> bool:
    return made.calls < (len(made.answers) if made.is_sequence else 1)


def _unused_text(made: Expectation) -> str:
    if made.is_sequence:
        return f"{made.calls} of {len(made.answers)} replies of {made.name!r} were used"
    return f"the reply of {made.name!r} was never used"


__all__ = ["Endpoint", "Expectation", "ReceivedRequest", "TestDoubleError"]
