# SPDX-License-Identifier: MIT
"""Tests of conformance/run/runner.py: broken adapters, and failures that affect only one case.

The adapters are small programs that speak the protocol by hand and break it in selected cases. The
text of a `text.lines` case selects what the adapter does, and each test compares the results of a
whole run. `invoke` cases run against the reference's own adapter, and against clients that sign
wrongly or call twice.
"""

import os
import sys
import threading
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

import pytest

from conformance.cases.case import Case
from conformance.cases.scenarios import scenario_cases
from conformance.endpoint.scenarios import find
from conformance.protocol.messages import OPERATION_NAMES
from conformance.protocol.process import Adapter
from conformance.run import runner
from conformance.run.asking import is_waiting
from conformance.run.runner import (
    OWN_ADAPTER,
    BrokenAdapter,
    Implementation,
    Run,
    Runner,
    broken_run,
    chains_of,
    implementation_label,
    implementation_of,
    own_environment,
    split_command,
)
from conformance.run.verdicts import (
    ADAPTER,
    CRASH,
    FAIL,
    HANG,
    PASS,
    UNSUPPORTED,
    Result,
    exit_code,
)
from refimpl.version import VERSION
from tests.support import adapter_program

PATIENCE = 30.0


@pytest.fixture(autouse=True)
def _nothing_is_left_running() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + PATIENCE
    while not set(threading.enumerate()) <= before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert set(threading.enumerate()) <= before


# An adapter that gives back the parts as lines, and does what its first part says.
TALKING = """
def answer(question):
    parts = [base64.b64decode(part).decode() for part in question["input"].get("parts", ["right"])]
    act(question, parts)

def act(question, parts):
    say({"seq": question["seq"], "status": "ok", "output": {"lines": parts}})
"""
DOING = (
    TALKING
    + """
def act(question, parts, plain=act):
    done = ACTS.get(parts[0])
    if done is not None:
        exec(done)
    else:
        plain(question, parts)

ACTS = %r
"""
)


def case_of(
    text: str,
    chunking: Tuple[str, ...] = ("whole",),
    op: str = "text.lines",
    lines: Optional[List[str]] = None,
) -> Case:
    expect = {"status": "ok", "output": {"lines": [text] if lines is None else lines}}
    return Case(
        "txt-" + text,
        "",
        ("TXT-001",),
        "MUST",
        op,
        {"text": text},
        chunking,
        expect,
        (),
        (),
        "",
        "",
        "",
        "x",
    )


def run_with(
    tmp_path: Path,
    acts: Dict[str, str],
    cases: List[Case],
    timeout: float = PATIENCE,
    jobs: Optional[int] = None,
    **options: Any,
) -> Dict[str, Tuple[str, str]]:
    """Return (word, note or stage) of each case, by its text."""
    run = Runner(adapter_program(tmp_path, DOING % acts), timeout, jobs).run(cases, **options)
    assert [
        result.case for result in run.results if not result.case.id.startswith("after-")
    ] == cases
    return {
        result.case.id[4:] if result.case.id.startswith("txt-") else result.case.id: told(result)
        for result in run.results
    }


def told(result: Result) -> Tuple[str, str]:
    found = result.verdict
    return found.word, found.note if found.difference is None else found.difference.stage


# ---- a good adapter ----------------------------------------------------------------------------


def test_cases_come_back_in_their_order_with_what_they_came_to(tmp_path: Path) -> None:
    cases = [case_of("a"), case_of("b", lines=["c"]), case_of("d", op="text.sse"), case_of("e")]
    seen: List[Tuple[int, int, str]] = []
    run = Runner(adapter_program(tmp_path, TALKING)).run(
        cases, lambda done, total, result: seen.append((done, total, result.case.id))
    )
    assert run.implementation == Implementation("mine", "1.2", "python", ("text.lines",), {})
    assert [told(result) for result in run.results] == [
        (PASS, ""),
        (FAIL, "lines[0]"),
        (UNSUPPORTED, "it does not offer text.sse"),
        (PASS, ""),
    ]
    assert sorted(seen) == [(1, 4, "txt-d"), (2, 4, "txt-a"), (3, 4, "txt-b"), (4, 4, "txt-e")]
    assert run.seconds > 0 and all(result.seconds >= 0 for result in run.results)
    assert implementation_label(run.implementation) == "mine 1.2 (python)"


def test_a_case_is_asked_once_for_each_chunking_and_gets_the_worst(tmp_path: Path) -> None:
    ways = ("whole", "bytewise", "halves")
    cases = [
        case_of("ab", ways, lines=["a", "b"]),
        case_of("x", ways),
        case_of("cd", ways, lines=["cd"]),
    ]
    run = Runner(adapter_program(tmp_path, TALKING)).run(cases)
    assert [(result.verdict.word, result.chunking) for result in run.results] == [
        (FAIL, "whole"),
        (PASS, "whole"),
        (FAIL, "bytewise"),
    ]


def order_of(cases: List[Case], seed: int) -> List[str]:
    """Return the ids of cases in the order in which a run with a seed answers them."""
    seen: List[str] = []
    Runner(OWN_ADAPTER, PATIENCE, 1, own_environment(), seed=seed).run(
        cases, lambda done, total, result: seen.append(result.case.id)
    )
    return seen


@pytest.mark.slow
def test_chains_stay_together_in_any_order(tmp_path: Path) -> None:
    cases = [case_of(str(index), lines=[str(index)]) for index in range(8)]
    chained = [case._replace(after="txt-1") if case.id == "txt-5" else case for case in cases]
    assert [[case.id for case in chain] for chain in chains_of(chained)] == [
        ["txt-0"],
        ["txt-1", "txt-5"],
        *[[f"txt-{index}"] for index in (2, 3, 4, 6, 7)],
    ]
    # A case whose predecessor is not selected stands alone.
    assert chains_of(chained[5:])[0][0].id == "txt-5"
    orders = set()
    for seed in (1, 2, 3):
        seen = order_of(chained, seed)
        assert sorted(seen) == sorted(case.id for case in cases)
        assert seen.index("txt-5") == seen.index("txt-1") + 1
        orders.add(tuple(seen))
    assert len(orders) == 3


def test_an_adapter_runs_in_another_time_zone_and_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(of: Dict[str, str]) -> List[str]:
        monkeypatch.setattr(runner, "surroundings", lambda: of)
        return runner.missing_surroundings()

    assert found({"TZ": runner.TIME_ZONE, "LC_ALL": runner.LOCALE}) == []
    assert found({"TZ": runner.TIME_ZONE}) == ["a Turkish locale (tr_TR.UTF-8 is not installed)"]
    assert found({})[0] == "another time zone (Asia/Kathmandu is not installed)"


@pytest.mark.slow
def test_own_names_of_kinds(tmp_path: Path) -> None:
    program = adapter_program(
        tmp_path,
        """
        hello["kinds"] = {"DecodeError": "utf8"}
        def answer(question):
            say({"seq": question["seq"], "status": "reject", "kind": "DecodeError"})
        """,
    )
    cases = [
        case_of("a")._replace(expect={"status": "reject", "kind": kind})
        for kind in ("utf8", "limit")
    ]
    assert [
        told(result)[0] for case in cases for result in Runner(program).run([case]).results
    ] == [PASS, FAIL]


@pytest.mark.slow
def test_one_process_for_all_cases_or_several(tmp_path: Path) -> None:
    act = (
        "time.sleep(0.1); "
        "say({'seq': question['seq'], 'status': 'reject', 'kind': 'P%d' % os.getpid()})"
    )
    acts = {f"p{number}": act for number in range(6)}
    cases = [case_of(name) for name in acts]

    def processes(jobs: Optional[int]) -> int:
        run = Runner(adapter_program(tmp_path, DOING % acts), PATIENCE, jobs).run(cases)
        return len(
            {
                result.verdict.difference.actual
                for result in run.results
                if result.verdict.difference
            }
        )

    assert processes(None) == 1 and processes(1) == 1
    assert 2 <= processes(3) <= 3


# ---- breakdowns --------------------------------------------------------------------------------

SAME_SEQ = '{"seq": %d, "status": "ok", "output": {"lines": ["noisy"]}}'
BREAKDOWNS: Dict[str, Tuple[str, str, str]] = {
    "dies": (
        "sys.stderr.write('out of memory'); sys.stderr.flush(); os._exit(7)",
        CRASH,
        "it ended with exit code 7: out of memory",
    ),
    "half": (
        "say(b'{\"seq\": 3'); os._exit(0)",
        CRASH,
        'it ended with exit code 0; it had begun the line {"seq": 3',
    ),
    "rubbish": (
        "say(b'Segmentation fault\\n')",
        ADAPTER,
        (
            "its answer breaks the protocol: a line that is not an answer: Segmentation fault "
            "(invalid JSON: "
        ),
    ),
    "list": (
        "say([1])",
        ADAPTER,
        (
            "its answer breaks the protocol: a line that is not an answer: [1] "
            "(expected a JSON object)"
        ),
    ),
    "seq": (
        "say({'seq': 999, 'status': 'ok'})",
        ADAPTER,
        "its answer breaks the protocol: an answer to another request (expected seq 1, got 999)",
    ),
    "form": (
        "say({'seq': question['seq'], 'status': 'fine'})",
        ADAPTER,
        "its answer breaks the protocol: status: expected ok,",
    ),
    "own-error": (
        "say({'seq': question['seq'], 'status': 'error', 'detail': 'bug'})",
        ADAPTER,
        "it reports an internal error: bug",
    ),
    "unsupported": (
        "say({'seq': question['seq'], 'status': 'unsupported', 'reason': 'later'})",
        UNSUPPORTED,
        "later",
    ),
}


@pytest.mark.slow
def test_each_breakdown_is_told_and_costs_no_other_case(tmp_path: Path) -> None:
    cases = []
    for name in BREAKDOWNS:
        cases += [case_of("good-before-" + name), case_of(name)]
    cases.append(case_of("good-at-last"))
    found = run_with(tmp_path, {name: does for name, (does, _, _) in BREAKDOWNS.items()}, cases)
    for name, (_, word, note) in BREAKDOWNS.items():
        assert found[name][0] == word and found[name][1].startswith(note), (name, found[name])
        assert "\n" not in found[name][1]
    assert all(came == (PASS, "") for name, came in found.items() if name.startswith("good")), found


@pytest.mark.slow
def test_a_hang_is_told_from_a_failure_and_costs_its_own_case(tmp_path: Path) -> None:
    acts = {"silent": "time.sleep(600)", "half": "say(b'{\"se'); time.sleep(600)"}
    found = run_with(
        tmp_path,
        acts,
        [case_of("a"), case_of("silent"), case_of("b"), case_of("half"), case_of("c")],
        timeout=1.5,
    )
    assert found == {
        "a": (PASS, ""),
        "silent": (HANG, "no answer after 1.5 s"),
        "b": (PASS, ""),
        "c": (PASS, ""),
        "half": (HANG, 'no answer after 1.5 s, only the beginning of a line: {"se'),
    }


@pytest.mark.slow
def test_a_question_that_hangs_is_asked_once(tmp_path: Path) -> None:
    mark = tmp_path / "asked"
    acts = {"silent": f"open({str(mark)!r}, 'a').write('x'); time.sleep(600)"}
    assert (
        run_with(tmp_path, acts, [case_of("a"), case_of("silent"), case_of("b")], timeout=1.5)[
            "silent"
        ][0]
        == HANG
    )
    assert mark.read_text() == "x", "another time-out would say no more"


@pytest.mark.slow
def test_after_a_breakdown_the_other_chunkings_are_not_asked(tmp_path: Path) -> None:
    mark = tmp_path / "asked"
    does = f"open({str(mark)!r}, 'a').write('x'); time.sleep(600)"
    acts = dict.fromkeys(("silent", "s", "sil"), does)  # the first part in each chunking
    assert (
        run_with(tmp_path, acts, [case_of("silent", ("whole", "bytewise", "halves"))], timeout=0.5)[
            "silent"
        ][0]
        == HANG
    )
    assert mark.read_text() == "x"


@pytest.mark.slow
@pytest.mark.parametrize(
    "does",
    [
        "say(b'noise\\n')",
        "say(b'\\n')",
        "say({'seq': question['seq'], 'status': 'ok'})",
        "time.sleep(0.3); say({'seq': question['seq'], 'status': 'ok'})",
    ],
)
def test_a_line_behind_an_answer_is_told_and_costs_no_other_case(does: str, tmp_path: Path) -> None:
    found = run_with(
        tmp_path,
        {"twice": "plain(question, parts); " + does},
        [case_of("a"), case_of("twice"), case_of("b"), case_of("c")],
    )
    assert found["a"] == found["b"] == found["c"] == (PASS, "")
    late = found.get(
        "after-txt-twice"
    )  # it came after the next request, so it could be noise of its answer
    if late is None:
        assert found["twice"][0] == ADAPTER and found["twice"][1].startswith(
            "it wrote another line after its answer: "
        )
    else:
        assert found["twice"] == (PASS, "") and late[0] == ADAPTER
        assert late[1].startswith(
            "a new process answers txt-b, the old one did not: a line that is not an answer: "
        )


@pytest.mark.slow
@pytest.mark.parametrize(
    "does, note",
    [
        ("os._exit(4)", "it ended with exit code 4 and wrote no message"),
        ("time.sleep(0.3); os._exit(4)", "it ended with exit code 4 and wrote no message"),
        ("say(b'half'); os._exit(0)", "it ended with exit code 0; it had begun the line half"),
    ],
)
def test_who_dies_between_two_cases_costs_neither(does: str, note: str, tmp_path: Path) -> None:
    found = run_with(
        tmp_path,
        {"twice": "plain(question, parts); " + does},
        [case_of("a"), case_of("twice"), case_of("b"), case_of("c")],
    )
    assert found == {
        "a": (PASS, ""),
        "twice": (PASS, ""),
        "b": (PASS, ""),
        "c": (PASS, ""),
        "after-txt-twice": (CRASH, "a new process answers txt-b, the old one did not: " + note),
    }
    assert list(found).index("after-txt-twice") == 2


@pytest.mark.slow
def test_who_breaks_down_of_what_came_before_costs_no_case(tmp_path: Path) -> None:
    acts = dict.fromkeys(
        ("b", "c"), "say(b'late\\n') if question['seq'] > 1 else None; plain(question, parts)"
    )
    found = run_with(tmp_path, acts, [case_of("a"), case_of("b"), case_of("c"), case_of("d")])
    assert {found[name] for name in "abcd"} == {(PASS, "")}, "a new process answers each"
    told = [
        f"a new process answers txt-{name}, the old one did not: "
        "a line that is not an answer: late ("
        for name in "bc"
    ]
    assert [found[name][0] for name in ("after-txt-a", "after-txt-b")] == [ADAPTER] * 2
    assert found["after-txt-a"][1].startswith(told[0]) and found["after-txt-b"][1].startswith(
        told[1]
    )


@pytest.mark.slow
def test_a_second_line_in_one_of_several_chunkings(tmp_path: Path) -> None:
    acts = {"xy": "plain(question, parts); say(b'noise\\n'); time.sleep(0.2)"}
    found = run_with(
        tmp_path, acts, [case_of("xy", ("whole", "halves"), lines=["xy"]), case_of("b")]
    )
    assert found["xy"][0] == ADAPTER and found["b"] == (PASS, "")


def test_a_line_behind_the_last_answer(tmp_path: Path) -> None:
    found = run_with(
        tmp_path,
        {"last": "plain(question, parts); say(b'noise\\n')"},
        [case_of("a"), case_of("last")],
    )
    assert found == {
        "a": (PASS, ""),
        "last": (ADAPTER, "it wrote another line after its answer: noise"),
    }


@pytest.mark.slow
def test_one_that_dies_between_two_chunkings_of_a_case(tmp_path: Path) -> None:
    found = run_with(
        tmp_path,
        {"xy": "plain(question, parts); os._exit(4)"},
        [case_of("xy", ("whole", "halves")), case_of("b")],
    )
    assert found["xy"][0] == CRASH and found["b"] == (PASS, "")


def test_one_that_cannot_be_started_again(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    acts = {"dies": f"open({str(mark)!r}, 'w').close(); os._exit(3)"}
    program = adapter_program(
        tmp_path, DOING % acts + f"\nif os.path.exists({str(mark)!r}): sys.exit('no licence')\n"
    )
    run = Runner(program, PATIENCE).run([case_of("a"), case_of("dies"), case_of("b"), case_of("c")])
    found = [told(result) for result in run.results]
    assert found[0] == (PASS, ""), "what it had answered counts"
    gone = (ADAPTER, "it cannot be restarted: it ended with exit code 1: no licence")
    assert (
        found[2:] == [gone] * 2
        or found[2] == (ADAPTER, "its answer breaks the protocol: " + gone[1])
        and found[3] == gone
    )
    assert exit_code(run.results) == 3


@pytest.mark.slow
def test_megabytes(tmp_path: Path) -> None:
    acts = {
        "much": (
            "say({'seq': question['seq'], 'status': 'ok', 'output': {'lines': ['x' * 3000000]}})"
        ),
        "noise": "say(b'x' * 3000000 + b'\\n')",
    }
    found = run_with(tmp_path, acts, [case_of("much"), case_of("noise"), case_of("b")])
    assert found["much"] == (FAIL, "lines[0]") and found["b"] == (PASS, "")
    assert found["noise"][0] == ADAPTER and len(found["noise"][1]) < 1000


# ---- the smoke test ----------------------------------------------------------------------------

HELLO = {
    "protocol": 1,
    "implementation": {"name": "n", "version": "v", "language": "l"},
    "operations": ["text.lines", "http.call"],
    "kinds": {"A": "utf8"},
}


def test_what_an_adapter_says_of_itself() -> None:
    assert implementation_of(HELLO) == Implementation("n", "v", "l", ("text.lines",), {"A": "utf8"})
    assert implementation_of(dict(HELLO, kinds=None)).kinds == {}
    everything = dict(HELLO, operations=sorted(OPERATION_NAMES), seq=None, more=1)
    assert implementation_of(everything).operations == OPERATION_NAMES


@pytest.mark.parametrize(
    "change, words",
    [
        ({"protocol": 3}, "protocol (expected 1 or 2, got 3)"),
        ({"protocol": True}, "protocol (expected 1 or 2, got True)"),
        ({"protocol": None}, "protocol (expected 1 or 2)"),
        ({"protocol": 1.0}, "protocol (expected 1 or 2, got 1.0)"),
        (
            {"implementation": "n"},
            "implementation (expected an object with name, version and language, got n)",
        ),
        (
            {"implementation": {"name": "n", "version": 1, "language": "l"}},
            "implementation (expected an object",
        ),
        ({"operations": None}, "operations (expected a list with some of sigv4.sign"),
        ({"operations": []}, "operations (expected"),
        ({"operations": ["http.call"]}, "operations (expected"),
        ({"operations": "text.lines"}, "operations (expected"),
        (
            {"kinds": ["utf8"]},
            "kinds (expected an object that maps own names to kinds of the protocol, got ['utf8'])",
        ),
        ({"kinds": {"A": 7}}, "kinds (expected"),
        ({"kinds": {"A": "bad", "B": "utf8"}}, "got ['bad'])"),
    ],
)
def test_a_hello_out_of_form(change: Dict[str, Any], words: str) -> None:
    with pytest.raises(BrokenAdapter) as caught:
        implementation_of(dict(HELLO, **change))
    assert str(caught.value).startswith("the adapter's hello is invalid: ") and words in str(
        caught.value
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "body, words",
    [
        ("hello['protocol'] = 3", "the adapter's hello is invalid: protocol"),
        ("hello = [1]", "the adapter does not say hello: a line that is not an answer: [1]"),
        (
            "sys.exit('no module named sdk')",
            "the adapter does not say hello: it ended with exit code 1: no module named sdk",
        ),
        (
            "def answer(question): os._exit(2)",
            (
                "the adapter does not answer a trivial request for text.lines: "
                "it ended with exit code 2"
            ),
        ),
        (
            "def answer(question): time.sleep(600)",
            "the adapter does not answer a trivial request for text.lines: no answer after 1 s",
        ),
        (
            "def answer(question): say({'seq': 1, 'status': 'error', 'detail': 'no sdk'})",
            (
                "invalid answer to a trivial request for text.lines: "
                "it reports an internal error: no sdk"
            ),
        ),
        (
            "def answer(question): say({'seq': 1, 'status': 'ok', 'output': {'lines': ['wrong']}})",
            "a wrong expectation passes for text.lines: PASS",
        ),
    ],
)
def test_an_adapter_that_cannot_be_judged(body: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(BrokenAdapter) as caught:
        Runner(adapter_program(tmp_path, body), 1.0).run([case_of("a")])
    assert str(caught.value).startswith(words) and "\n" not in str(caught.value)


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(
        BrokenAdapter, match="does not say hello: cannot start .*nowhere: No such file"
    ):
        Runner([str(tmp_path / "nowhere")]).run([case_of("a")])


@pytest.mark.slow
def test_each_operation_has_a_trivial_request_that_the_reference_passes() -> None:
    assert set(runner._TRIVIAL) == set(OPERATION_NAMES)
    run = Runner(OWN_ADAPTER, PATIENCE, environment=own_environment()).run([])
    assert (run.implementation.name, run.implementation.version, run.results) == (
        "refimpl",
        VERSION,
        [],
    )
    assert set(run.implementation.operations) <= set(OPERATION_NAMES)


def test_what_a_report_holds_of_an_adapter_that_cannot_be_judged() -> None:
    run = broken_run(BrokenAdapter("no hello"))
    assert isinstance(run, Run) and [(result.case.id, told(result)) for result in run.results] == [
        ("smoke-test", (ADAPTER, "no hello"))
    ]
    assert exit_code(run.results) == 3


@pytest.mark.parametrize(
    "text, words",
    [("a 'b c' d\\ e", ["a", "b c", "d e"]), ("perl adapter.pl", ["perl", "adapter.pl"])],
)
def test_a_command_is_split_as_a_shell_splits_it(text: str, words: List[str]) -> None:
    assert split_command(text) == words


@pytest.mark.parametrize("text", ["", "  ", "'a"])
def test_a_command_that_cannot_be_read(text: str) -> None:
    with pytest.raises(BrokenAdapter, match="adapter.* command"):
        split_command(text)


# ---- the wire ----------------------------------------------------------------------------------

WIRE = {case.id[7:]: case for case in scenario_cases()}


@pytest.mark.slow
def test_the_reference_is_right_on_the_catalogue() -> None:
    chosen = [case for name, case in WIRE.items() if find(name).response.ending != "stall"] + [
        WIRE["stall-between-parts"]
    ]
    run = Runner(OWN_ADAPTER, PATIENCE, environment=own_environment()).run(chosen)
    assert [
        (result.case.id, told(result)) for result in run.results if result.verdict.word != PASS
    ] == []


def test_cases_that_wait_have_workers_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    stalls = [case for name, case in WIRE.items() if find(name).response.ending == "stall"]
    assert (
        len(stalls) >= 4
        and all(is_waiting(case) for case in stalls)
        and not is_waiting(WIRE["default"])
    )
    assert not is_waiting(case_of("a"))
    sized = [
        (batch.qsize(), jobs) for batch, jobs in Runner([])._batches([WIRE["default"]] + stalls)
    ]
    assert sized == [(1, 1), (len(stalls), min(8, len(stalls)))]
    [(batch, jobs), (none, no_jobs)] = Runner([], jobs=2)._batches([WIRE["default"]] + stalls)
    assert (batch.qsize(), jobs, none.qsize(), no_jobs) == (len(stalls) + 1, 2, 0, 0)
    assert batch.get() == [stalls[0]], "those that take long come first"


CLIENT = """
from urllib.request import Request, urlopen
from urllib.error import HTTPError
from conformance.adapters.refimpl import OPERATIONS
hello["operations"] = ["invoke"]

def answer(question):
    given = question["input"]
    name = given["input"]["EndpointName"]
    change(given, name)
    say(dict({"status": "ok", "output": OPERATIONS["invoke"](given)}, seq=question["seq"]))

def call_unsigned(given, name):
    try:
        path = "/endpoints/%s/invocations-response-stream" % name
        urlopen(Request(given["endpoint_url"] + path, b"{}"))
    except HTTPError as error:
        error.close()

def change(given, name):
    if name == "default":
        OPERATIONS["invoke"](given)
    if name == "empty-part":
        call_unsigned(given, name)
    if name == "frames-split":
        given["input"]["EndpointName"] = "elsewhere"
"""


@pytest.mark.slow
def test_what_the_endpoint_sees_of_a_client(tmp_path: Path) -> None:
    cases = [WIRE[name] for name in ("default", "empty-part", "frames-split", "frames-merged")]
    run = Runner(adapter_program(tmp_path, CLIENT), PATIENCE, environment=own_environment()).run(
        cases
    )
    assert [told(result) for result in run.results] == [
        (FAIL, "attempts"),
        (FAIL, "signature"),
        (FAIL, "call"),
        (PASS, ""),
    ]


# ---- interrupts and mistakes of ours -----------------------------------------------------------


@pytest.mark.slow
def test_an_interrupt_ends_every_process(tmp_path: Path) -> None:
    mark = tmp_path / "pids"
    acts = {"slow": f"open({str(mark)!r}, 'a').write('%d\\n' % os.getpid()); time.sleep(600)"}
    names = ["slow"] * 2

    def interrupt(done: int, total: int, result: Result) -> None:
        deadline = time.monotonic() + PATIENCE
        while (
            not mark.exists() or mark.read_text().count("\n") < 2
        ) and time.monotonic() < deadline:
            time.sleep(0.01)
        raise KeyboardInterrupt

    cases = [case_of(name)._replace(id=f"txt-{index}") for index, name in enumerate(names)] + [
        case_of("quick")
    ]
    with pytest.raises(KeyboardInterrupt):
        Runner(adapter_program(tmp_path, DOING % acts), 600.0, jobs=3).run(cases, interrupt)
    for pid in map(int, mark.read_text().split()):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_the_waiting_thread_is_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: List[Adapter] = []
    monkeypatch.setattr(
        runner,
        "Adapter",
        lambda *arguments, **named: started.append(Adapter(*arguments, **named)) or started[-1],
    )
    joined = threading.Thread.join

    def join(thread: threading.Thread, timeout: Optional[float] = None) -> None:
        if timeout == 0.5:
            raise KeyboardInterrupt
        joined(thread, timeout)

    monkeypatch.setattr(threading.Thread, "join", join)
    with pytest.raises(KeyboardInterrupt):
        Runner(adapter_program(tmp_path, DOING % {"slow": "time.sleep(600)"}), 600.0).run(
            [case_of("slow"), case_of("b")]
        )
    monkeypatch.undo()
    assert all(adapter._process.wait(PATIENCE) is not None for adapter in started)


def test_a_mistake_of_ours_is_raised_and_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: Any) -> Any:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(runner, "questions_of", broken)
    with pytest.raises(ZeroDivisionError, match="ours"):
        Runner(adapter_program(tmp_path, TALKING)).run([case_of("a")])


def test_the_environment_of_our_own_adapter(monkeypatch: pytest.MonkeyPatch) -> None:
    root = str(Path(runner.__file__).resolve().parents[2])
    monkeypatch.delenv("PYTHONPATH", raising=False)
    assert own_environment() == {"PYTHONPATH": root}
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    assert own_environment() == {"PYTHONPATH": root + os.pathsep + "elsewhere"}


# ---- versions of the protocol ------------------------------------------------------------------

SECOND = """
hello["protocol"] = 2
hello["kinds"] = {"Bad": ["utf8", "limit"]}
"""


def test_an_adapter_of_version_2(tmp_path: Path) -> None:
    program = adapter_program(tmp_path, SECOND + TALKING)
    run = Runner(program).run([case_of("a")])
    assert run.implementation.protocol == 2 and not run.implementation.progress
    assert [result.verdict.word for result in run.results] == [PASS]


@pytest.mark.slow
@pytest.mark.parametrize(
    "failing",
    [
        "say({'status': 'error', 'detail': 'unknown protocol'})",
        "say(b'unknown protocol\\n')",
        "sys.exit('unknown protocol')",
        "say(dict(hello, protocol=None))",
    ],
)
def test_an_adapter_that_fails_on_version_2_gets_version_1(tmp_path: Path, failing: str) -> None:
    seen = tmp_path / "seen"
    program = _greeting_program(tmp_path, failing, seen)
    run = Runner(program, jobs=2).run([case_of("a"), case_of("b")])
    assert run.implementation.protocol == 1
    assert [result.verdict.word for result in run.results] == [PASS, PASS]
    asked = seen.read_text(encoding="ascii").split()
    assert asked[:2] == ["2", "1"] and set(asked[2:]) == {"1"}, "later processes get version 1"


def _greeting_program(folder: Path, failing: str, seen: Path) -> List[str]:
    """Return an adapter that notes the requested versions and fails on all but the first."""
    text = f"""
import json, sys
hello = {dict(HELLO)!r}

def say(value):
    line = value if isinstance(value, bytes) else json.dumps(value).encode() + b"\\n"
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()

for line in sys.stdin:
    question = json.loads(line)
    if question["cmd"] == "hello":
        with open({str(seen)!r}, "a") as file:
            file.write(f"{{question['protocol']}} ")
        if question["protocol"] == 1:
            say(hello)
        else:
            {failing}
    elif question["cmd"] == "run":
        import base64
        lines = [base64.b64decode(part).decode() for part in question["input"]["parts"]]
        say({{"seq": question["seq"], "status": "ok", "output": {{"lines": lines}}}})
"""
    program = folder / "greeting.py"
    program.write_text(text, encoding="utf-8")
    return [sys.executable, str(program)]


def test_a_hello_that_is_broken_in_both_versions(tmp_path: Path) -> None:
    with pytest.raises(BrokenAdapter, match="hello is invalid: operations"):
        Runner(adapter_program(tmp_path, "hello['operations'] = []")).run([case_of("a")])


@pytest.mark.slow
def test_names_of_unknown_kinds_are_reported_once(tmp_path: Path) -> None:
    program = adapter_program(
        tmp_path,
        """
        hello["protocol"] = 2
        def answer(question):
            say({"seq": question["seq"], "status": "reject", "kind": "ParseError"})
        """,
    )
    cases = [
        case_of(name)._replace(expect={"status": "reject", "kind": "utf8"}) for name in ("a", "b")
    ]
    run = Runner(program).run(cases)
    assert run.unknown_kinds == ("ParseError",)
    assert [result.verdict.word for result in run.results] == [PASS, PASS]
    strict = Runner(program, strict=True).run(cases)
    assert [result.verdict.word for result in strict.results] == [FAIL, FAIL]
