# SPDX-License-Identifier: MIT
"""Tests of conformance/report/dump.py: an adapter can read a dumped case from its stdin."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict

import pytest

from conformance.cases.questions import input_bytes, questions_of
from conformance.cases.rules import load_rules
from conformance.cases.scenarios import scenario_cases
from conformance.endpoint.server import Endpoint
from conformance.report.dump import SERVED, files_of, write_case
from conformance.run.asking import addressed
from conformance.run.verdicts import PASS, judge
from refimpl.errors import UsageError
from tests.support import committed_cases, made_result

ROOT = Path(__file__).resolve().parents[3]
RULES = load_rules()


def files(case: Any) -> Dict[str, Any]:
    return dict(files_of(case, RULES))


@pytest.mark.slow
def test_every_case_can_be_written() -> None:
    for case in committed_cases() + scenario_cases():
        written = files(case)
        data = input_bytes(case)
        assert set(written) == {"question.jsonl", "expect.json", "README.txt"} | (
            {"input.bin"} if data is not None else set()
        )
        assert written.get("input.bin") == data
        lines = [json.loads(line) for line in written["question.jsonl"].splitlines()]
        assert [line["cmd"] for line in lines] == ["hello"] + ["run"] * len(case.chunking) + ["bye"]
        assert [line["input"] for line in lines[1:-1]] == [
            addressed(case, question.input, SERVED) for question in questions_of(case)
        ]
        assert [(one["chunking"], one["expect"]) for one in json.loads(written["expect.json"])] == [
            (question.chunking, question.expect) for question in questions_of(case)
        ]


@pytest.mark.slow
def test_the_adapter_answers_what_was_written(tmp_path: Path) -> None:
    case = next(
        case
        for case in committed_cases()
        if case.op == "eventstream.decode" and case.chunking[-1] == "trailing"
    )
    write_case(case, str(tmp_path / "deep" / case.id), RULES)
    with open(str(tmp_path / "deep" / case.id / "question.jsonl"), "rb") as questions:
        told = subprocess.run(
            [sys.executable, "-m", "conformance.adapters.refimpl"],
            stdin=questions,
            stdout=subprocess.PIPE,
            cwd=str(ROOT),
            check=True,
        ).stdout
    answers = [json.loads(line) for line in told.splitlines()]
    assert answers[0]["protocol"] == 2
    assert [
        judge(question, answer).word for question, answer in zip(questions_of(case), answers[1:])
    ] == [PASS] * len(case.chunking)
    assert (
        (tmp_path / "deep" / case.id / "README.txt")
        .read_text(encoding="utf-8")
        .startswith(case.id + ": ")
    )


@pytest.mark.slow
def test_a_call_is_answered_while_the_endpoint_is_served() -> None:
    case = next(case for case in scenario_cases() if case.id == "invoke-frames-split")
    with Endpoint() as endpoint:
        asked = files(case)["question.jsonl"].replace(SERVED, endpoint.url)
        told = subprocess.run(
            [sys.executable, "-m", "conformance.adapters.refimpl"],
            input=asked.encode("ascii"),
            stdout=subprocess.PIPE,
            cwd=str(ROOT),
            check=True,
        ).stdout
    assert (
        judge(questions_of(case)[0], json.loads(told.splitlines()[-1]), None, endpoint.calls).word
        == PASS
    )


def test_what_is_acceptable_stands_with_each_chunking() -> None:
    other = {
        "expect": {"status": "ok", "output": {"messages": []}},
        "why": "reason",
        "divergence": "DIV-001",
    }
    case = made_result("evs-a").case._replace(chunking=("whole", "trailing"), acceptable=(other,))
    whole, trailing = json.loads(files(case)["expect.json"])
    assert (whole["seq"], trailing["seq"]) == (1, 2) and whole["acceptable"] == [other]
    assert len(trailing["acceptable"][0]["expect"]["output"]["messages"]) == 1


@pytest.mark.skipif(os.name == "nt", reason="no links here")
def test_follows_no_link_in_the_folder(tmp_path: Path) -> None:
    case = scenario_cases()[0]
    victim = tmp_path / "victim"
    victim.write_text("precious", encoding="utf-8")
    folder = tmp_path / "dump"
    folder.mkdir()
    (folder / "README.txt").symlink_to(victim)
    write_case(case, str(folder), load_rules())
    assert victim.read_text(encoding="utf-8") == "precious"
    assert case.id in (folder / "README.txt").read_text(encoding="utf-8")
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(UsageError, match="a case's folder is a link"):
        write_case(case, str(tmp_path / "link"), load_rules())
