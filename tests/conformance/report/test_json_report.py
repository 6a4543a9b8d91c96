# SPDX-License-Identifier: MIT
"""Tests of conformance/report/json_report.py: the report fits its schema, and can be read back."""

import json
from pathlib import Path
from typing import Any, Dict, List

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.report import json_report
from conformance.report.json_report import (
    REPORT_SCHEMA,
    entries_of,
    report_document,
    steady,
    to_text,
    vectors_version,
)
from conformance.run.runner import BrokenAdapter, Implementation, broken_run
from conformance.run.verdicts import (
    ACCEPTABLE,
    ADAPTER,
    CRASH,
    FAIL,
    PASS,
    UNSUPPORTED,
    WORDS,
    XFAIL,
    Difference,
    Result,
)
from conformance.schema import faults
from refimpl.version import VERSION
from tests.support import made_result

SCHEMA = json.loads(Path(REPORT_SCHEMA).read_text(encoding="utf-8"))
SAID = Implementation("mine", "1.2", "perl", ("eventstream.decode", "invoke"), {})
DIVERGENT = {"divergence": "DIV-001", "why": "harmless", "expect": {"status": "ok"}}


def report(*results: Result, is_complete: bool = True) -> Dict[str, Any]:
    document = report_document(SAID, results, is_complete)
    assert list(faults(document, SCHEMA, SCHEMA)) == []
    assert json.loads(to_text(document)) == document
    return document


def acceptable(name: str) -> Result:
    result = made_result(name, ACCEPTABLE, note="harmless (DIV-001)", acceptable=(DIVERGENT,))
    return result._replace(verdict=result.verdict._replace(divergence="DIV-001"))


def test_a_report_lists_counts_and_the_cases_that_did_not_pass() -> None:
    document = report(
        made_result("evs-a"),
        made_result("evs-b", FAIL, Difference("kind", "header", "limit"), message="too long"),
        acceptable("evs-c"),
        made_result("evs-d", UNSUPPORTED, note="no such option"),
        made_result("evs-e", UNSUPPORTED, note="no such option"),
        made_result("evs-f", CRASH, note="it ended", way="bytewise"),
        made_result("txt-g", UNSUPPORTED, note="it does not offer text.lines", op="text.lines"),
    )
    difference = {"stage": "kind", "expected": "header", "actual": "limit"}
    op = "eventstream.decode"
    assert document == {
        "report": 2,
        "suite": {"version": VERSION, "vectors": vectors_version()},
        "implementation": {
            "name": "mine",
            "version": "1.2",
            "language": "perl",
            "operations": ["eventstream.decode", "invoke"],
        },
        "exit_code": 1,
        "totals": {"PASS": 1, "ACCEPTABLE": 1, "FAIL": 1, "CRASH": 1, "UNSUPPORTED": 3},
        "operations": {
            op: {"PASS": 1, "ACCEPTABLE": 1, "FAIL": 1, "CRASH": 1, "UNSUPPORTED": 2},
            "text.lines": {"UNSUPPORTED": 1},
        },
        "unsupported": [{"reason": "no such option", "cases": ["evs-d", "evs-e"]}],
        "cases": [
            {
                "id": "evs-b",
                "op": op,
                "verdict": "FAIL",
                "message": "too long",
                "difference": difference,
            },
            {"id": "evs-c", "op": op, "verdict": "ACCEPTABLE", "divergence": "DIV-001"},
            {
                "id": "evs-f",
                "op": op,
                "verdict": "CRASH",
                "chunking": "bytewise",
                "note": "it ended",
            },
        ],
    }
    lines = to_text(document).split("\n")
    assert sum('"verdict"' in line for line in lines) == 3


def test_the_whole_answer_is_only_for_the_page() -> None:
    result = made_result("evs-b", FAIL, Difference("kind", "header", "limit"))
    result = result._replace(verdict=result.verdict._replace(answer="{}"))
    assert "answer" not in report(result)["cases"][0]
    assert report_document(SAID, [result], True, with_answers=True)["cases"][0]["answer"] == "{}"


@pytest.mark.parametrize(
    "text, expected",
    [
        ("host='127.0.0.1', port=41234)", "host='127.0.0.1', port=PORT)"),
        ("channelAge=PT3.028599114S, x", "channelAge=PTNS, x"),
        ("RegionProvider@59831016: no", "RegionProvider@0: no"),
        ("/endpoints/any-request-64638342/x", "/endpoints/any-request-N/x"),
        ("connect ECONNREFUSED 127.0.0.1:38111", "connect ECONNREFUSED 127.0.0.1:PORT"),
        (
            "Failed to connect to localhost port 4444: x",
            "Failed to connect to localhost port PORT: x",
        ),
        ("<Socket object at 0x7f1234567890>", "<Socket object at 0x0>"),
        ("RequestID: 01234567-89ab-cdef-0123-456789abcdef, x", "RequestID: ID, x"),
        ("timed out after 3004 milliseconds", "timed out after N milliseconds"),
        ("channel=[id: 0xa11924ea, L:/127.0.0.1:5]", "channel=[id: 0x0, L:/127.0.0.1:PORT]"),
        ("status 403 at byte 12, 0xff", "status 403 at byte 12, 0xff"),
    ],
)
def test_whatever_varies_between_runs_is_masked(text: str, expected: str) -> None:
    assert steady(text) == expected
    found = report(made_result("evs-b", CRASH, note=text, message=text))["cases"][0]
    assert (found["note"], found["message"]) == (expected, expected)


def test_a_masked_difference_keeps_its_caret() -> None:
    values = ("to 127.0.0.1:41234: yes", "to 127.0.0.1:41234: no")
    for op, stage, masked in (
        ("invoke", "message", True),
        ("endpoint.resolve", "status", True),
        ("endpoint.resolve", "url", False),
    ):
        result = made_result("x", FAIL, Difference(stage, *values), op=op)
        found = report(result)["cases"][0]["difference"]
        assert found["expected"] == (values[0].replace("41234", "PORT") if masked else values[0])
        assert found["expected"][found["column"] :] == "yes"
        assert found["actual"][found["column"] :] == "no"


def test_a_difference_that_is_only_a_port_is_not_masked() -> None:
    values = ("http://127.0.0.1:80/", "http://127.0.0.1:81/")
    found = report(made_result("x", FAIL, Difference("url", *values), op="invoke"))["cases"][0]
    assert (found["difference"]["expected"], found["difference"]["actual"]) == values


def test_a_broken_adapter() -> None:
    run = broken_run(BrokenAdapter("no hello"))
    document = report_document(run.implementation, run.results, False)
    assert list(faults(document, SCHEMA, SCHEMA)) == []
    assert document["exit_code"] == 3 and document["cases"][0]["note"] == "no hello"
    assert document["selected"] == ["smoke-test"]
    assert entries_of(document, [made_result("evs-a").case]) == {"smoke-test": document["cases"][0]}


# ---- reading -----------------------------------------------------------------------------------


def verdicts_in(document: Dict[str, Any], results: List[Result]) -> Dict[str, str]:
    entries = entries_of(document, [result.case for result in results])
    return {name: entry["verdict"] for name, entry in entries.items()}


def test_a_report_is_joined_with_the_cases() -> None:
    results = [
        made_result("evs-a"),
        made_result("evs-b", FAIL, Difference("kind", "a", "b")),
        acceptable("evs-c"),
        made_result("evs-d", UNSUPPORTED, note="no such option"),
        made_result("txt-e", UNSUPPORTED, op="text.lines"),
    ]
    document = report(*results)
    words = {result.case.id: result.verdict.word for result in results}
    assert verdicts_in(document, results) == words
    entries = entries_of(document, [result.case for result in results])
    assert [entry.get("note") for entry in entries.values()] == [
        None,
        None,
        "harmless (DIV-001)",
        "no such option",
        "it does not offer text.lines",
    ]


def test_a_case_that_is_newer_than_the_vectors_did_not_run() -> None:
    old, new, odd = (
        made_result("a", since="0.1.0"),
        made_result("b", since="0.10.0"),
        made_result("c", since="next"),
    )
    document = report(old)
    document["suite"]["vectors"] = "0.9.0"
    assert verdicts_in(document, [old, new, odd]) == {"a": PASS, "c": PASS}
    document["suite"]["vectors"] = "unknown"
    assert verdicts_in(document, [old, new]) == {"a": PASS, "b": PASS}


def test_only_the_selected_cases_have_a_verdict() -> None:
    ran, other = made_result("a"), made_result("b")
    document = report(ran, is_complete=False)
    assert document["selected"] == ["a"]
    assert verdicts_in(document, [ran, other]) == {"a": PASS}


def test_a_listed_case_that_is_not_in_the_vectors_is_kept() -> None:
    after = made_result("after-a", ADAPTER, note="it ended")
    document = report(made_result("a"), after)
    assert verdicts_in(document, [made_result("a")]) == {"a": PASS, "after-a": ADAPTER}


# ---- whatever an adapter writes ----------------------------------------------------------------

LISTED = [word for word in WORDS if word != UNSUPPORTED]


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20), st.sampled_from(WORDS))
def test_every_report_fits_the_schema(first: str, second: str, message: str, word: str) -> None:
    document = report(
        made_result("evs-a", word, Difference(first, first, second), note=second, message=message)
    )
    text = to_text(document)
    assert all(character.isprintable() or character == "\n" for character in text)
    text.encode("utf-8")


def test_every_verdict_is_in_the_schema() -> None:
    definitions = SCHEMA["definitions"]
    assert definitions["case"]["properties"]["verdict"]["enum"] == LISTED
    assert list(definitions["totals"]["properties"]) == list(WORDS)
    assert XFAIL in LISTED


def test_the_version_of_the_vectors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert vectors_version()[0].isdigit()
    monkeypatch.setattr(json_report, "vectors_folder", lambda: str(tmp_path))
    assert vectors_version() == "unknown"
    (tmp_path / "CHANGELOG.md").write_text("# Changes\n\n", encoding="utf-8")
    assert vectors_version() == "unknown"
    (tmp_path / "CHANGELOG.md").write_text(
        "# Changes\n\n## 1.2.3 \u2013 unreleased\n\n## 1.2.2\n", encoding="utf-8"
    )
    assert vectors_version() == "1.2.3"
