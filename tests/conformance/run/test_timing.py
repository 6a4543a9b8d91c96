# SPDX-License-Identifier: MIT
"""Tests of conformance/run/timing.py: when results were handed over.

Adapters that are wrong in one way each run against the cases of the repository: one joins the
chunks, one holds each result back until the next, one invents earlier numbers.
"""

import sys
import textwrap
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest

from conformance.cases.case import Case
from conformance.cases.questions import Question, questions_of
from conformance.run.runner import Runner, own_environment
from conformance.run.timing import (
    Clock,
    Impossible,
    Late,
    has_timing,
    late_result,
    with_joined_deltas,
)
from conformance.run.verdicts import ADAPTER, FAIL, PASS, judge, suspects
from tests.support import committed_cases, made_result

Json = Dict[str, Any]
OPERATIONS = (
    "eventstream.decode",
    "http.response",
    "text.lines",
    "text.sse",
    "json.values",
    "text.extract",
)


def asked(chunking: str = "bytewise", **offsets: Any) -> Question:
    """Return a request with four bytes: `a\\nb\\n`."""
    expect = {"status": "ok", "output": {"lines": ["a", "b"]}}
    case = made_result("txt-x", op="text.lines", way=chunking).case
    case = case._replace(
        input={"text": "a\nb\n"},
        expect=expect,
        offsets=offsets or {"results": [2, 4]},
        chunking=(chunking,),
    )
    [question] = questions_of(case)
    return question


@pytest.mark.parametrize(
    "chunking, offset, numbers",
    [
        ("bytewise", 2, [2, 2]),
        ("bytewise", 4, [4, 4]),
        ("bytewise", None, [5, 5]),
        ("bytewise", [2, 3], [2, 3]),
        ("bytewise", [2, None], [2, 5]),
        ("halves", 1, [1, 1]),
        ("halves", 2, [1, 1]),
        ("halves", 3, [2, 2]),
        ("whole", 1, [1, 1]),
        ("whole", None, [2, 2]),
        ("whole", 5, [2, 2]),
    ],
)
def test_the_chunk_of_an_offset(chunking: str, offset: Any, numbers: List[int]) -> None:
    assert Clock(asked(chunking)).range_of(offset) == numbers


@pytest.mark.slow
def test_the_message_of_a_trailing_frame_is_complete_at_the_end_of_its_chunk() -> None:
    case = next(
        case
        for case in committed_cases()
        if "trailing" in case.chunking and case.expect["status"] == "ok" and case.offsets
    )
    question = questions_of(case._replace(chunking=("trailing",)))[0]
    clock = Clock(question)
    assert len(clock.results) == len(question.expect["output"]["messages"])
    assert clock.range_of(clock.results[-1]) == [1, 1]


def test_right_and_late_numbers() -> None:
    assert late_result(asked(), {"after": [2, 4]}, 2) is None
    assert late_result(asked(), {"after": [2, 5]}, 2) == Late("after[1]", 4, 5)
    assert late_result(asked(), {"after": [4, 4]}, 2) == Late("after[0]", 2, 4)
    assert late_result(asked(), {}, 2) is None
    refused = asked(results=[2], refusal=[3, 4])
    assert late_result(refused, {"after": [2], "refused_after": 4}, 1) is None
    assert late_result(refused, {"refused_after": 5}, 1) == Late("refused_after", 4, 5)
    assert late_result(asked(results=[2]), {"refused_after": 5}, 1) is None, "any time is right"


@pytest.mark.parametrize(
    "output",
    [
        {"after": [1, 4]},
        {"after": [2]},
        {"after": [2, 4, 4]},
        {"after": [4, 2]},
        {"after": [2, 6]},
        {"after": [-1, 4]},
        {"after": [2, "4"]},
        {"after": [2, True]},
        {"after": 2},
        {"refused_after": "2"},
        {"refused_after": 6},
        {"after": [2, 4], "refused_after": 3},
    ],
)
def test_impossible_numbers(output: Json) -> None:
    with pytest.raises(Impossible):
        late_result(asked(), output, 2)
    answer = {"status": "ok", "output": dict({"lines": ["a", "b"]}, **output)}
    assert judge(asked(), answer, protocol=2).word == ADAPTER


def test_a_refusal_may_be_before_its_byte() -> None:
    refused = asked(results=[2], refusal=[3, 4])
    assert late_result(refused, {"after": [2], "refused_after": 2}, 1) is None


def test_what_is_not_judged() -> None:
    answer = {"status": "ok", "output": {"lines": ["a", "b"]}}
    assert judge(asked(), answer, protocol=2).not_judged == ("after",)
    with_after = {"status": "ok", "output": {"lines": ["a", "b"], "after": [2, 4]}}
    assert judge(asked(), with_after, protocol=2).not_judged == ()
    assert not has_timing(asked()._replace(case=asked().case._replace(offsets={})))


@pytest.mark.slow
def test_every_case_of_a_stream_has_offsets() -> None:
    without = [
        case.id
        for case in committed_cases()
        if case.op in OPERATIONS
        and not case.offsets
        and not case.id.startswith("wire-")
        and case.expect.get("output", {}).get("events", True)
        and case.expect.get("output", {}).get("deltas", True)
    ]
    assert without == []


@pytest.mark.slow
def test_offsets_are_in_order_and_within_the_input() -> None:
    for case in committed_cases():
        ends = [
            offset[0] if isinstance(offset, list) else offset
            for offset in case.offsets.get("results", ())
        ]
        numbers = [end for end in ends if end is not None]
        assert numbers == sorted(numbers), case.id
        assert None not in ends[:-1], case.id


# ---- broken adapters ---------------------------------------------------------------------------

_BROKEN = """
import sys
sys.path.insert(0, {root!r})
from conformance.adapters import refimpl
from conformance.protocol.messages import Reject, serve

def changed(operation):
    def run(given):
        {body}
    return run

def shifted(output, chunks):
    {shift}

OPERATIONS = {{name: changed(refimpl.OPERATIONS[name]) for name in {operations!r}}}
serve("broken", "1", OPERATIONS)
"""
_PLAIN = """
place = "chunks" if "chunks" in given else "parts"
try:
    return shifted(operation(given), len(given[place]))
except Reject as error:
    error.answer["output"] = shifted(error.answer.get("output"), len(given[place]))
    raise
"""
_JOINING = """
import base64
place = "chunks" if "chunks" in given else "parts"
count = len(given[place])
joined = base64.b64encode(b"".join(map(base64.b64decode, given[place]))).decode()
try:
    return shifted(operation(dict(given, **{place: [joined]})), count)
except Reject as error:
    error.answer["output"] = shifted(error.answer.get("output"), count)
    raise
"""


def broken(folder: Path, body: str, shift: str) -> List[str]:

    program = folder / "broken.py"
    text = _BROKEN.format(
        root=str(Path(__file__).resolve().parents[3]),
        body=textwrap.indent(body.strip(), " " * 8).strip(),
        shift=textwrap.indent(shift.strip(), " " * 4).strip(),
        operations=OPERATIONS,
    )
    program.write_text(text, encoding="utf-8")
    return [sys.executable, str(program)]


def chosen() -> List[Case]:
    ids = ("evs-time-", "txt-line-time", "txt-sse-time", "txt-json-two", "txt-line-crlf")
    ids += ("txt-extract-time-",)
    return [
        case
        for case in committed_cases()
        if case.id.startswith(ids) or case.id in ("evs-message-crc", "evs-order-length-truncated")
    ]


SHIFTS: Dict[str, Tuple[str, str, str]] = {
    "joins its chunks": (_JOINING, "after = [count + 1] * 9", FAIL),
    "holds each result back until the next": (
        _PLAIN,
        "if output and output.get('after'):\n"
        "    output['after'] = output['after'][1:] + [chunks + 1]\n"
        "return output",
        FAIL,
    ),
    "invents numbers": (
        _PLAIN,
        "if output and output.get('after'):\n"
        "    output['after'] = [0] * len(output['after'])\n"
        "return output",
        ADAPTER,
    ),
    "is right": (_PLAIN, "return output", PASS),
}
_JOINED_SHIFT = (
    "if output:\n"
    "    output['after'] = [chunks + 1 for _ in output.get('after', ())]\n"
    "    if 'refused_after' in output:\n"
    "        output['refused_after'] = chunks + 1\n"
    "return output"
)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SHIFTS))
def test_a_decoder_that_is_late_fails_by_rule(name: str, tmp_path: Path) -> None:
    body, shift, word = SHIFTS[name]
    if body is _JOINING:
        shift = _JOINED_SHIFT
    cases = [case for case in chosen() if case.expect["status"] == "ok"]
    assert len(cases) >= 4
    run = Runner(broken(tmp_path, body, shift), environment=own_environment()).run(cases)
    assert {result.verdict.word for result in run.results} == {word}, name
    if word == FAIL:
        rules = set(suspects(run.results).values())
        assert rules == {"EVS-042", "TXT-004", "TXT-067"}, (
            "the time names the rule, whatever the case cites"
        )


@pytest.mark.slow
def test_a_late_rejection_names_the_rule_of_the_prelude(tmp_path: Path) -> None:
    names = ("evs-order-length-truncated", "evs-order-prelude-crc-truncated", "evs-message-crc")
    cases = [
        case._replace(chunking=("bytewise",)) for case in committed_cases() if case.id in names
    ]
    accepted = next(case for case in committed_cases() if case.id == "evs-time-ends-with-a-chunk")
    late = "if output and 'refused_after' in output:\n    output['refused_after'] = chunks + 1\n"
    program = broken(tmp_path, _PLAIN, late + "return output")
    run = Runner(program, environment=own_environment()).run([accepted, *cases])
    found = {
        result.case.id: result.verdict.difference.stage
        for result in run.results
        if result.verdict.difference
    }
    assert set(found.values()) <= {"refused_after"}
    rules = suspects(run.results)
    for name, rule in (
        ("evs-order-length-truncated", "EVS-028"),
        ("evs-order-prelude-crc-truncated", "EVS-004"),
    ):
        assert rules[name] == rule


# ---- deltas ------------------------------------------------------------------------------------


def delta(channel: str, text: str) -> Json:
    return {"channel": channel, "text": text}


def test_adjacent_deltas_of_a_channel_have_the_number_of_the_last() -> None:
    deltas = [delta("text", "a"), delta("text", "b"), delta("tools", ""), delta("text", "c")]
    deltas += [delta("tools", "d"), delta("text", "e")]
    output = with_joined_deltas({"deltas": deltas, "after": [1, 2, 3, 4, 5, 6]})
    assert output["after"] == [4, 5, 6]
    assert with_joined_deltas({"deltas": deltas}) == {"deltas": deltas}
    with pytest.raises(Impossible, match="1 numbers for 6 results"):
        with_joined_deltas({"deltas": deltas, "after": [1]})
