# SPDX-License-Identifier: MIT
"""Tests of conformance/report/documents.py: the JSON report, held against its own schema whatever an adapter said."""

import json
from pathlib import Path
from typing import Any, Dict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.cases.rules import load_rules
from conformance.report import documents
from conformance.report.documents import REPORT_SCHEMA, report_document, to_text, vectors_version
from conformance.run.runner import BrokenAdapter, Implementation, broken_run
from conformance.run.verdicts import (
    ACCEPTABLE,
    ADAPTER,
    FAIL,
    PASS,
    UNSUPPORTED,
    WORDS,
    XFAIL,
    Difference,
    verdict,
)
from conformance.schema import faults
from refimpl.operation import VERSION
from tests.support import made_result

SCHEMA = json.loads(Path(REPORT_SCHEMA).read_text(encoding="utf-8"))
SAID = Implementation("mine", "1.2", "perl", ("text.lines",), {})
DATE = "2026-11-25T18:00:00Z"


def report(*results: Any) -> Dict[str, Any]:
    document = report_document(SAID, results, load_rules(), DATE)
    assert list(faults(document, SCHEMA, SCHEMA)) == []
    assert json.loads(to_text(document)) == document
    return document


def test_a_report_says_who_when_and_what() -> None:
    document = report(
        made_result("evs-a"),
        made_result("evs-b", FAIL, Difference("kind", "header", "limit"), message="too long"),
    )
    assert document == {
        "report": 1,
        "date": DATE,
        "suite": {"version": VERSION, "vectors": vectors_version()},
        "implementation": {
            "name": "mine",
            "version": "1.2",
            "language": "perl",
            "operations": ["text.lines"],
        },
        "exit_code": 1,
        "totals": {"PASS": 1, "FAIL": 1},
        "cases": [
            {
                "id": "evs-a",
                "op": "eventstream.decode",
                "level": "MUST",
                "rules": ["EVS-001"],
                "verdict": "PASS",
                "chunking": "whole",
                "seconds": 0.25,
            },
            {
                "id": "evs-b",
                "op": "eventstream.decode",
                "level": "MUST",
                "rules": ["EVS-001"],
                "verdict": "FAIL",
                "chunking": "whole",
                "seconds": 0.25,
                "message": "too long",
                "difference": {
                    "stage": "kind",
                    "expected": "header",
                    "actual": "limit",
                    "column": 0,
                    "place": "",
                },
                "suspect": {"id": "EVS-001", "text": load_rules()["EVS-001"].text},
                "why": "what it costs",
            },
        ],
    }


def test_notes_and_known_failures() -> None:
    document = report(
        made_result("evs-a", ACCEPTABLE, note="why (DIV-001)"),
        made_result("evs-b", XFAIL, Difference("kind", "a", "b")),
        made_result("evs-c", FAIL, Difference("kind", "a", "b"), rules=("XXX-001",)),
        made_result("evs-d", UNSUPPORTED),
    )
    assert [case.get("note") for case in document["cases"]] == ["why (DIV-001)", None, None, None]
    assert document["cases"][1]["suspect"]["id"] == "EVS-001" and document["cases"][2][
        "suspect"
    ] == {"id": "XXX-001", "text": ""}


def test_of_an_adapter_that_cannot_be_judged() -> None:
    run = broken_run(BrokenAdapter("no hello"))
    document = report_document(run.implementation, run.results, {}, DATE)
    assert list(faults(document, SCHEMA, SCHEMA)) == []
    assert document["exit_code"] == 3 and document["cases"][0]["note"] == "no hello"


@settings(deadline=None)
@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20), st.sampled_from(WORDS))
def test_whatever_an_adapter_said_the_report_is_in_form(
    first: str, second: str, message: str, word: str
) -> None:
    document = report(
        made_result("evs-a", word, Difference(first, first, second), note=second, message=message)
    )
    text = to_text(document)
    assert all(character.isprintable() or character == "\n" for character in text)
    text.encode("utf-8")


def test_every_verdict_is_in_the_schema() -> None:
    assert SCHEMA["definitions"]["case"]["properties"]["verdict"]["enum"] == list(WORDS)
    assert list(SCHEMA["properties"]["totals"]["properties"]) == list(WORDS)
    assert verdict(PASS).word in WORDS and ADAPTER in WORDS


def test_the_version_of_the_vectors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert vectors_version()[0].isdigit()
    monkeypatch.setattr(documents, "vectors_folder", lambda: str(tmp_path))
    assert vectors_version() == "unknown"
    (tmp_path / "CHANGELOG.md").write_text("# Changes\n\n", encoding="utf-8")
    assert vectors_version() == "unknown"
    (tmp_path / "CHANGELOG.md").write_text(
        "# Changes\n\n## 1.2.3 \u2013 unreleased\n\n## 1.2.2\n", encoding="utf-8"
    )
    assert vectors_version() == "1.2.3"
