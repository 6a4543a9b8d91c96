# SPDX-License-Identifier: MIT
"""Tests of conformance/cases/case.py: entries and the choice of cases."""

import json
from typing import Any, Dict, List

import pytest

from conformance.cases.case import case_of, choose, to_document, to_line
from tests.conformance.cases.folders import ENTRY, OTHER


def test_defaults_are_omitted() -> None:
    entry = {
        key: value for key, value in ENTRY.items() if key not in ("chunking", "acceptable", "needs")
    }
    case = case_of(entry, "x")
    assert (case.chunking, case.acceptable, case.needs) == (("whole",), (), ()) and to_document(
        case
    ) == entry


@pytest.mark.parametrize(
    "options, ids",
    [
        ({}, ["evs-one", "evs-two", "txt-one"]),
        ({"only": ["*-one"]}, ["evs-one", "txt-one"]),
        ({"only": ["evs-t*", "txt-*"]}, ["evs-two", "txt-one"]),
        ({"only": ["EVS-*"]}, []),
        ({"rules": ["EVS-001", "TXT-009"]}, ["evs-one", "evs-two"]),
        ({"operations": ["text.sse"]}, ["txt-one"]),
        (
            {"only": ["*-one"], "rules": ["EVS-001"], "operations": ["eventstream.decode"]},
            ["evs-one"],
        ),
    ],
)
def test_choosing_cases(options: Dict[str, Any], ids: List[str]) -> None:
    made = [
        case_of(ENTRY, "x"),
        case_of(OTHER, "x"),
        case_of(dict(ENTRY, id="txt-one", op="text.sse", rules=["TXT-001"]), "x"),
    ]
    assert [case.id for case in choose(made, **options)] == ids


def test_a_case_on_one_line() -> None:
    line = to_line(dict(ENTRY, why="\u00e9"))
    assert "\n" not in line and json.loads(line)["why"] == "\u00e9" and "\u00e9" in line
