# SPDX-License-Identifier: MIT
"""Tests of conformance/implementations/convert_reports.py: version 1 reports become version 2."""

import json
from pathlib import Path
from typing import Any, Dict, List

import pytest

from conformance.implementations import convert_reports
from conformance.implementations.convert_reports import convert, convert_file, main
from conformance.report.json_report import read_report
from refimpl.errors import UsageError
from tests.support import made_result

CASES = {name: made_result(name).case for name in ("evs-a", "evs-b", "evs-c", "evs-d")}
DIFFERENCE = {
    "stage": "kind",
    "expected": "header",
    "actual": "bad.Error (no kind of the protocol; `kinds` of hello maps a name of yo...",
    "column": 0,
    "place": "",
}


def row(name: str, verdict: str, **more: Any) -> Dict[str, Any]:
    return dict(
        {
            "id": name,
            "op": "eventstream.decode",
            "level": "MUST",
            "rules": ["EVS-001"],
            "verdict": verdict,
            "delivery": "whole",
            "seconds": 0.5,
        },
        **more,
    )


def old(*rows: Dict[str, Any]) -> Dict[str, Any]:
    return {
        "report": 1,
        "date": "2026-11-25T18:00:00Z",
        "suite": {"version": "0.1.0", "vectors": "0.1.0"},
        "implementation": {
            "name": "mine",
            "version": "1.2",
            "language": "c",
            "operations": ["eventstream.decode"],
        },
        "exit_code": 1,
        "totals": {},
        "cases": list(rows),
    }


ROWS = [
    row("evs-b", "ACCEPTABLE", note="harmless (DIV-007)"),
    row("evs-a", "PASS"),
    row("evs-d", "UNSUPPORTED", note="no such option"),
    row(
        "evs-c",
        "FAIL",
        delivery="halves",
        message="at port 41234",
        difference=DIFFERENCE,
        answer="{}",
        suspect={"id": "EVS-001", "text": "a rule"},
        why="a reason",
    ),
    row("wire-retired", "PASS"),
]


def test_the_rows_of_the_vectors_are_kept_in_their_order_without_details() -> None:
    report = convert(old(*ROWS), CASES)
    actual = "bad.Error (not a kind of the protocol; map it with `kinds` of hello)"
    assert report["totals"] == {"PASS": 1, "ACCEPTABLE": 1, "FAIL": 1, "UNSUPPORTED": 1}
    assert report["unsupported"] == [{"reason": "no such option", "cases": ["evs-d"]}]
    assert report["cases"] == [
        {
            "id": "evs-b",
            "op": "eventstream.decode",
            "verdict": "ACCEPTABLE",
            "divergence": "DIV-007",
        },
        {
            "id": "evs-c",
            "op": "eventstream.decode",
            "verdict": "FAIL",
            "chunking": "halves",
            "message": "at port PORT",
            "difference": {"stage": "kind", "expected": "header", "actual": actual},
        },
    ]
    assert "date" not in report and "selected" not in report


def test_an_incomplete_report_lists_its_cases() -> None:
    assert convert(old(ROWS[1]), CASES)["selected"] == ["evs-a"]


@pytest.mark.parametrize(
    "before, after", [("KNOWN", "XFAIL"), ("UNKNOWN-PASS", "XPASS"), ("HANG", "HANG")]
)
def test_former_verdicts_get_their_new_names(before: str, after: str) -> None:
    assert convert(old(row("evs-a", before)), CASES)["cases"][0]["verdict"] == after


def test_a_file_is_converted_once(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(json.dumps(old(*ROWS)), encoding="utf-8")
    assert convert_file(str(path), CASES) is True
    text = path.read_text(encoding="utf-8")
    assert read_report(str(path))["totals"]["PASS"] == 1
    assert convert_file(str(path), CASES) is False and path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("text", ["{", "[]", '{"report": 3}', "{}"])
def test_other_files_are_rejected(text: str, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError):
        convert_file(str(path), CASES)
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.slow
def test_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    redrawn: List[bool] = []
    monkeypatch.setattr(convert_reports, "kept_path", lambda name: str(tmp_path / "report.json"))
    monkeypatch.setattr(convert_reports, "redraw", lambda: redrawn.append(True))
    assert main([]) == 2 and "cannot read" in capsys.readouterr().err and not redrawn
    path = tmp_path / "report.json"
    path.write_text(json.dumps(old()), encoding="utf-8")
    assert main([str(path)]) == 0 and not redrawn
    assert main([]) == 0 and redrawn == [True]
    assert "already version 2" in capsys.readouterr().out
