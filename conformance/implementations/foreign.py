# SPDX-License-Identifier: MIT
"""What clients of others make of the catalogue: played against the endpoint, judged by the scenarios' own data, recorded.

The plan: play() starts an endpoint and a few adapters of one client, asks them for every scenario, and returns what each call
came to, with what the endpoint saw of it; faults_of() compares that with the scenario's Expect and names each departure by
one word of FAULTS; record() writes all of it as JSON, a line for each scenario, so that a difference between two records reads.

A client is judged leniently where SPEC.md leaves it room: an error need not be of the scenario's very kind, only of its family
(the service refused; the stream told of an error; the bytes are broken; time ran out) and by a name that the client announces; what
is acceptable of a scenario is no fault.
curl speaks HTTP alone: it is judged as a signer and as an HTTP client, and its body is decoded only to count the parts in it.
Refused: nothing; a client that hangs or dies has thereby given its answer. Whether a call was verified is the endpoint's word.
"""

import base64
import json
import os
import queue
import re
import threading
import time
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from conformance.adapters.limits import DEADLINE, READ_TIMEOUT
from conformance.cases.load import scenario_case
from conformance.endpoint.scenarios import Answer, Expect, Scenario, body_of, examples
from conformance.endpoint.server import Call, Endpoint
from conformance.files import ROOT, write_whole
from conformance.implementations.install import Found, Say, find_peer, start_adapter
from conformance.protocol.process import Adapter, AdapterFault, Hanging
from conformance.run.runner import addressed, calls_of
from refimpl.documents.json_format import parse_json
from refimpl.errors import Error, UsageError, shown
from refimpl.eventstream import Decoder

CLIENTS = ("boto3", "javascript", "curl")
REPORT = os.path.join(ROOT, "reports", "foreign-clients.json")
_WORKERS = 4
_ROUNDS = 4
_PATIENCE = DEADLINE + 12.0  # seconds for an answer; the programs give up before

FAULTS = {
    "unverified": "its signature is refused",
    "called_again": "calls more than once, though told to try once",
    "hang": "does not end, though every time-out that it offers is set",
    "crash": "its process ends",
    "good_refused": "refuses what is good",
    "fault_swallowed": "ends as if nothing were wrong",
    "lost_in_silence": "ends as if all were well, and has not delivered all parts",
    "parts_lost": "does not deliver parts that had come whole",
    "parts_beyond": "delivers parts that came with the fault or behind it",
    "parts_differ": "delivers other parts than were sent",
    "output_differs": "gives other output members than were sent",
    "wrong_class": "raises an error of another family, or one that it announces nowhere",
    "code_lost": "loses the error's code",
    "code_differs": "gives another code",
    "message_lost": "loses the error's message",
    "message_differs": "gives another message",
    "fields_lost": "loses members of the error",
    "status_differs": "reports another HTTP status",
}

_FAMILIES = {
    "service_error": "service",
    "exception": "stream",
    "unmodeled": "stream",
    "timeout": "timeout",
    "prelude_crc": "broken",
    "message_crc": "broken",
    "length": "broken",
    "limit": "broken",
    "header": "broken",
    "duplicate_header": "broken",
    "header_type": "broken",
    "utf8": "broken",
    "truncated": "broken",
    "message_type": "broken",
    "content_type": "broken",
    "http": "broken",
    "network": "broken",
}


class Outcome(
    NamedTuple(
        "Outcome",
        [
            ("status", str),  # ok, reject, hang, crash
            ("name", Optional[str]),  # of the error, as the client says it
            ("kind", Optional[str]),  # the protocol's kind that this name stands for, or None
            ("message", str),
            ("code", Optional[str]),
            ("fields", Mapping[str, Any]),
            ("parts", Tuple[bytes, ...]),
            ("output", Mapping[str, Any]),
            ("http_status", Optional[int]),  # where the client reports it
            ("verified", bool),  # by the endpoint
            ("calls", int),
        ],
    )
):  # that reached the endpoint
    """What one call came to."""

    __slots__ = ()


# ---- playing -----------------------------------------------------------------------------------------------------


def play(
    found: Found, scenarios: Sequence[Scenario], workers: int = _WORKERS
) -> Tuple[str, Dict[str, Outcome]]:
    """Return the client's version, and what it makes of each scenario, by name."""
    waiting: "queue.Queue[Scenario]" = queue.Queue()
    for scenario in sorted(
        scenarios, key=lambda one: one.answer.ending != "stall"
    ):  # those that take long come first
        waiting.put(scenario)
    answers: Dict[str, Tuple[Dict[str, Any], Dict[str, Any]]] = {}
    versions, failures = [""], ["no answer"]
    with Endpoint(scenarios={one.name: one for one in scenarios}) as endpoint:

        def work() -> None:
            player = _Player(found, endpoint.url)
            try:
                while True:
                    scenario = waiting.get_nowait()
                    answers[scenario.name] = player.call(scenario)
            except queue.Empty:
                versions.append(player.version)
            except Exception as error:  # told below, by the thread that waits
                failures.append(str(error))
            finally:
                player.close()

        threads = [threading.Thread(target=work, daemon=True) for _ in range(workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        calls = endpoint.calls
    if len(answers) != len(scenarios):
        raise Error(f"the adapter of {found.name} cannot be asked: {failures[-1]}")
    return max(versions), {
        one.name: _outcome(*answers[one.name], calls=calls_of(one.name, calls)) for one in scenarios
    }


class _Player:
    """Asks an adapter, and another one after it has hung."""

    def __init__(self, found: Found, url: str) -> None:
        self._found, self._url = found, url
        self._adapter: Optional[Adapter] = None
        self.version = ""

    def call(self, scenario: Scenario) -> Tuple[Dict[str, Any], Dict[str, Any]]:
        """Return the answer to one call, and the adapter's own names of kinds."""
        if self._adapter is None:
            self._adapter = start_adapter(self._found)
        hello = self._adapter.hello
        self.version = hello["implementation"]["version"]
        case = scenario_case(scenario)
        operation = "invoke" if "invoke" in hello["operations"] else "http.call"
        try:
            answer = self._adapter.ask(operation, addressed(case, case.input, self._url), _PATIENCE)
        except AdapterFault as error:
            answer = {
                "status": "hang" if isinstance(error, Hanging) else "crash",
                "message": str(error),
            }
        if answer["status"] not in ("ok", "reject") or answer.get("kind") == "Hang":
            self.close()
        return answer, hello.get("kinds", {})

    def close(self) -> None:
        if self._adapter is not None:
            self._adapter.close()
            self._adapter = None


def _outcome(answer: Mapping[str, Any], kinds: Mapping[str, str], calls: Sequence[Call]) -> Outcome:
    status = "hang" if answer.get("kind") == "Hang" else answer["status"]
    if status == "error":
        raise Error(f"the adapter is at fault: {answer.get('detail')}")
    delivered = answer.get("output") or {}
    name = answer.get("kind") if status == "reject" else None
    kind = kinds.get(name, name if name in _FAMILIES else None) if name is not None else None
    parts = (
        _parts_in(base64.b64decode(delivered["body"]))
        if "body" in delivered
        else tuple(
            base64.b64decode(event["PayloadPart"]["Bytes"])
            for event in delivered.get("events", ())
            if "PayloadPart" in event
        )
    )
    return Outcome(
        status,
        name,
        kind,
        answer.get("message", ""),
        answer.get("code"),
        answer.get("fields") or {},
        parts,
        delivered.get("output") or {},
        delivered.get("status"),
        bool(calls) and all(call.verified for call in calls),
        len(calls),
    )


def _parts_in(body: bytes) -> Tuple[bytes, ...]:
    """Return the payloads of the whole frames at the beginning of a body."""
    try:
        messages = Decoder().feed(body)
    except Error as error:
        messages = list(getattr(error, "messages", ()))
    return tuple(
        message.payload
        for message in messages
        if message.headers.string(":event-type") == "PayloadPart"
    )


# ---- judging -----------------------------------------------------------------------------------------------------


def faults_of(client: str, scenario: Scenario, outcome: Outcome) -> List[str]:
    """Return in what a client departs from what the scenario asks for: words of FAULTS, none when it is right."""
    faults = [] if outcome.verified else ["unverified"]
    faults += ["called_again"] if outcome.calls > 1 else []
    if outcome.status in ("hang", "crash"):
        return faults + [outcome.status] + _lost(scenario.expect, outcome)
    if client == "curl":
        return faults + _http_faults(scenario, outcome)
    if any(not _faults_beside(other.expect, outcome) for other in scenario.acceptable):
        return faults
    return faults + _faults_beside(scenario.expect, outcome)


def _faults_beside(expect: Expect, outcome: Outcome) -> List[str]:
    if expect.status == "ok":
        faults = ["good_refused"] if outcome.status == "reject" else []
        if (
            expect.output is not None
            and outcome.status == "ok"
            and dict(outcome.output) != expect.output
        ):
            faults.append("output_differs")
        return faults + (_differing(expect, outcome) or _lost(expect, outcome))
    faults = _lost(expect, outcome) or _differing(expect, outcome)
    if outcome.status == "ok":
        return ["fault_swallowed"] + faults
    return faults + (
        _details(expect, outcome) if _is_of_family(expect, outcome.kind) else ["wrong_class"]
    )


def _is_of_family(expect: Expect, kind: Optional[str]) -> bool:
    wanted = {_FAMILIES[str(one)] for one in (expect.kind,) + expect.also}
    if expect.kind == "message_type":
        wanted.add("stream")  # a message that is no proper exception may be raised as one
    return kind is not None and _FAMILIES[kind] in wanted


def _lost(expect: Expect, outcome: Outcome) -> List[str]:
    if (
        len(outcome.parts) >= len(expect.parts)
        or outcome.parts != expect.parts[: len(outcome.parts)]
    ):
        return []
    return ["lost_in_silence" if outcome.status == "ok" else "parts_lost"]


def _differing(expect: Expect, outcome: Outcome) -> List[str]:
    if outcome.parts == expect.parts[: len(outcome.parts)]:
        return []
    return [
        "parts_beyond" if outcome.parts[: len(expect.parts)] == expect.parts else "parts_differ"
    ]


def _details(expect: Expect, outcome: Outcome) -> List[str]:
    faults = []
    for name, wanted, given in (
        ("code", expect.code, outcome.code),
        ("message", expect.message, outcome.fields.get("Message")),
    ):
        if wanted is not None and given != wanted:
            faults.append(name + ("_differs" if given else "_lost"))
    if any(outcome.fields.get(name) != value for name, value in (expect.fields or {}).items()):
        faults.append("fields_lost")
    return faults


def _http_faults(scenario: Scenario, outcome: Outcome) -> List[str]:
    """What is wrong with an HTTP client, to which the frames are but bytes."""
    expect = scenario.expect
    whole = _is_whole(scenario.answer)
    judged = (
        expect._replace(parts=_parts_in(body_of(scenario.answer)[: scenario.answer.cut]))
        if whole
        else expect
    )
    if _must_fail(scenario):
        return (["fault_swallowed"] if outcome.status == "ok" else []) + _lost(judged, outcome)
    status = expect.http_status
    return (
        (["good_refused"] if outcome.status == "reject" else [])
        + (_differing(judged, outcome) or _lost(judged, outcome))
        + (["status_differs"] if status is not None and outcome.http_status != status else [])
    )


def _must_fail(scenario: Scenario) -> bool:
    """Whether the answer is at fault as HTTP alone."""
    expect = scenario.expect
    if expect.status == "ok" or expect.kind not in ("http", "truncated", "network", "timeout"):
        return scenario.answer.ending == "stall"
    redirected = (
        expect.kind == "http" and expect.http_status is not None and expect.http_status >= 300
    )
    return not redirected and not _is_whole(scenario.answer)


def _is_whole(answer: Answer) -> bool:
    """Whether the body is complete by its own framing; of a raw answer nobody can say it from its data."""
    if answer.framing == "length":
        return answer.ending != "stall" and (
            answer.cut is None or answer.cut >= len(body_of(answer))
        )
    if answer.framing == "close":
        return answer.ending in ("clean", "close")
    return answer.framing == "chunked" and answer.ending == "clean"


# ---- the record --------------------------------------------------------------------------------------------------


def row_of(client: str, scenario: Scenario, outcome: Outcome) -> Dict[str, Any]:
    """Return what the record says of one call; whatever differs from run to run is taken out of the message."""
    row: Dict[str, Any] = {
        "faults": faults_of(client, scenario, outcome),
        "asked": scenario.expect.kind or "ok",
        "status": outcome.status,
    }
    row.update(
        (name, value)
        for name, value in (("error", outcome.name), ("kind", outcome.kind), ("code", outcome.code))
        if value
    )
    if outcome.message:
        row["message"] = _steady(outcome.message)
    return dict(row, parts=len(outcome.parts), sent=len(scenario.expect.parts))


_UNSTEADY = (
    (r"(\bport[= ]|127\.0\.0\.1:|localhost:)[0-9]+", r"\1PORT"),
    (r"0x[0-9a-f]{9,}", "0x0"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID"),
    (r"[0-9]+ (milliseconds|ms)", r"N \1"),
)


def _steady(message: str) -> str:
    for pattern, replacement in _UNSTEADY:
        message = re.sub(pattern, replacement, message)
    return shown(message, 160)


def run_client(
    name: str, scenarios: Optional[Sequence[Scenario]] = None, rounds: int = 1
) -> Dict[str, Any]:
    """Return what the record says of one client that is there: version and rows.

    rounds: how often all is played; where a later round comes to other faults than the first, `also` tells them
    """
    found = find_peer(name)
    if found is None:
        raise UsageError(
            f"{name} is not installed", expected=f"python3 -m conformance peers install {name}"
        )
    played = examples() if scenarios is None else scenarios
    version, outcomes = play(found, played)
    rows = {one.name: row_of(name, one, outcomes[one.name]) for one in played}
    for _ in range(rounds - 1):
        outcomes = play(found, played)[1]
        for one in played:
            faults = faults_of(name, one, outcomes[one.name])
            if faults not in verdicts_of(rows[one.name]):
                rows[one.name].setdefault("also", []).append(faults)
    return {
        "version": version,
        "right": sum(not row["faults"] for row in rows.values()),
        "of": len(rows),
        "departures": departures(rows),
        "scenarios": rows,
    }


def verdicts_of(row: Mapping[str, Any]) -> List[List[str]]:
    """Return the verdicts that a row holds: the faults of each, none of them when the client was right."""
    return [row["faults"]] + list(row.get("also", ()))


def departures(rows: Mapping[str, Mapping[str, Any]]) -> Dict[str, List[str]]:
    """Return the scenarios that bear each fault: an error of the wrong class by its name, a swallowed fault by its kind."""
    found: Dict[str, List[str]] = {}
    for fault in FAULTS:
        for name, row in rows.items():
            if fault in row["faults"]:
                of = (
                    row["asked"]
                    if fault in _BY_KIND
                    else row.get("error")
                    if fault in _BY_ERROR
                    else None
                )
                found.setdefault(f"{fault}: {of}" if of else fault, []).append(name)
    return found


_BY_KIND, _BY_ERROR = ("fault_swallowed", "parts_beyond"), ("wrong_class", "good_refused")


def differences(recorded: Mapping[str, Any], fresh: Mapping[str, Any]) -> List[str]:
    """Return in what a fresh run of a client departs from its record, a line for each scenario."""
    old, new = recorded["scenarios"], fresh["scenarios"]
    lines = [
        f"{name}: {'recorded, and no longer in the catalogue' if name in old else 'not recorded'}"
        for name in sorted(set(old) ^ set(new))
    ]
    for name in sorted(set(old) & set(new)):
        if new[name]["faults"] not in verdicts_of(old[name]):
            lines.append(f"{name}: recorded {json.dumps(old[name])}, now {json.dumps(new[name])}")
    return lines


def read_report(path: str = REPORT) -> Dict[str, Any]:
    """Return the record, without a client when there is none yet. Raises UsageError for what is none."""
    try:
        with open(path, "rb") as file:
            report = parse_json(file.read())
    except FileNotFoundError:
        report = {"clients": {}}
    except Error as error:
        raise UsageError(f"{shown(path)}: {error}") from None
    if not isinstance(report, dict) or not isinstance(report.get("clients"), dict):
        raise UsageError(
            f"{shown(path)} is no record of clients", expected='an object with "clients"'
        )
    return report


def record(
    names: Sequence[str],
    say: Say,
    path: str = REPORT,
    run: Callable[..., Dict[str, Any]] = run_client,
    today: Callable[[], str] = lambda: time.strftime("%Y-%m-%d", time.gmtime()),
) -> None:
    """Play the catalogue to the clients (none named: to all of CLIENTS), and write what comes of it beside what stands there."""
    for name in names:
        if name not in CLIENTS:
            raise UsageError("no such client", expected=" ".join(CLIENTS), actual=name)
    clients = dict(read_report(path)["clients"])
    for name in names or CLIENTS:
        clients[name] = dict({"date": today()}, **run(name, rounds=_ROUNDS))
        for line in summary(name, clients[name]):
            say(line)
    report = {
        "made_by": "python3 -m conformance peers record",
        "read_timeout": READ_TIMEOUT,
        "deadline": DEADLINE,
        "attempts": 1,
        "faults": FAULTS,
        "clients": {name: clients[name] for name in CLIENTS if name in clients},
    }
    write_whole(path, _laid_out(report, 4) + "\n")
    say(f"written: {path}")


def summary(name: str, client: Mapping[str, Any]) -> List[str]:
    """Return lines that tell in what a client departs from the catalogue."""
    lines = [
        f"{name} {client['version']}, {client['date']}: right on {int(client['right'])} of {int(client['of'])}"
    ]
    for group, names in client["departures"].items():
        fault, _, error = group.partition(": ")
        lines.append(
            f"  {FAULTS[fault]}{', ' + error if error else ''} ({len(names)}): {' '.join(names)}"
        )
    return lines


def _laid_out(value: Any, depth: int, margin: str = "") -> str:
    """JSON with a line for each entry down to a depth, so that a difference between two records is read by lines."""
    if not depth or not isinstance(value, dict) or not value:
        return json.dumps(value, ensure_ascii=False)
    inner = margin + " "
    entries = [
        f"{inner}{json.dumps(key)}: {_laid_out(entry, depth - 1, inner)}"
        for key, entry in value.items()
    ]
    return "{{\n{}\n{}}}".format(",\n".join(entries), margin)
