# SPDX-License-Identifier: MIT
"""Ask an adapter a question of a case, and note the calls that reach the endpoint meanwhile.

In a paced case the endpoint waits for the client after each part (endpoint/pacing.py), if the
adapter reports progress. A lapse may also come from a busy machine, so the call is then repeated
once, and the endpoint waits twice as long. All waits are shorter than the client's read time-out.
"""

from functools import lru_cache
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from conformance.cases.case import Case, Document
from conformance.cases.questions import Question
from conformance.endpoint.checks import ACCESS_KEY, SECRET_KEY
from conformance.endpoint.pacing import Pacing
from conformance.endpoint.scenarios import find
from conformance.endpoint.scenarios.model import Turn
from conformance.endpoint.server import Call, Endpoint
from conformance.protocol.process import Adapter
from conformance.run.called import DEFAULT_REGION

REGION = DEFAULT_REGION
KEYS = {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY, "region": REGION}
DEFAULT_TIMEOUT = 10.0  # seconds per request

# Shares of the time-out of a request.
_READ_TIMEOUT = 0.3
_PACED_READ_TIMEOUT = 0.6  # longer than two holds
_HOLD = 0.25


class Asked(NamedTuple):
    """An answer, the calls that reached the endpoint (None if the case makes none), and the pacing
    of a paced call.
    """

    answer: Dict[str, Any]
    calls: Optional[List[Call]] = None
    pacing: Optional[Pacing] = None


def ask(
    adapter: Adapter,
    question: Question,
    endpoint: Optional[Endpoint],
    timeout: float,
    has_progress: bool = False,
) -> Asked:
    """Send a request and return what came of it. Raises AdapterFault.

    endpoint: None if the case makes no call
    timeout: seconds for the answer
    has_progress: whether to wait for the progress that the adapter reports, in a paced case
    """
    case = question.case
    if case.op != "invoke" or endpoint is None:
        return Asked(adapter.ask(case.op, question.input, timeout))
    if not (has_progress and is_paced(case)):
        return _call(adapter, question, endpoint, timeout, None)
    hold = timeout * _HOLD
    asked = _call(adapter, question, endpoint, timeout, Pacing(hold))
    if asked.pacing is not None and asked.pacing.lapse is not None:
        asked = _call(adapter, question, endpoint, timeout, Pacing(2 * hold))
    return asked


def _call(
    adapter: Adapter,
    question: Question,
    endpoint: Endpoint,
    timeout: float,
    pacing: Optional[Pacing],
) -> Asked:
    case, name = question.case, scenario_of(question.case)
    given = addressed(case, question.input, endpoint.url, timeout)
    earlier = len(calls_of(name, endpoint.calls))
    if pacing is None:
        answer = adapter.ask(case.op, given, timeout)
    else:
        with endpoint.paced(name, pacing):
            answer = adapter.ask(case.op, given, timeout, pacing.report)
    return Asked(answer, calls_of(name, endpoint.calls)[earlier:], pacing)


def addressed(
    case: Case, given: Document, endpoint_url: str, timeout: float = DEFAULT_TIMEOUT
) -> Document:
    """Return an input; for an `invoke` case with the endpoint, the keys and a read time-out added.

    timeout: seconds for the answer
    """
    if case.op != "invoke":
        return given
    others = dict(given)
    base_path = others.pop("base_path", "")
    share = _PACED_READ_TIMEOUT if is_paced(case) else _READ_TIMEOUT
    added = dict(KEYS, endpoint_url=endpoint_url + base_path, read_timeout=timeout * share)
    return dict(added, **others)


def scenario_of(case: Case) -> str:
    """Return the name of the scenario that an `invoke` case calls."""
    return str(case.input["input"]["EndpointName"])


def is_waiting(case: Case) -> bool:
    """Return whether the endpoint stalls in a case, so that it takes seconds."""
    return case.op == "invoke" and _waits(scenario_of(case))


def is_paced(case: Case) -> bool:
    """Return whether the endpoint waits for the client's progress in a case."""
    return case.op == "invoke" and _has_turns(scenario_of(case))


@lru_cache(maxsize=4096)
def _waits(name: str) -> bool:
    scenario = find(name)
    return scenario is not None and scenario.response.ending == "stall"


@lru_cache(maxsize=4096)
def _has_turns(name: str) -> bool:
    scenario = find(name)
    return scenario is not None and any(isinstance(step, Turn) for step in scenario.response.steps)


def calls_of(name: str, calls: Sequence[Call]) -> List[Call]:
    """Return a client's calls of a scenario, without redirected ones, which use another host.

    The path may begin with a base path.
    """
    target = f"/endpoints/{name}/invocations-response-stream"
    return [
        call
        for call in calls
        if call.target.endswith(target) and "localhost" not in dict(call.headers).get("Host", "")
    ]
