# SPDX-License-Identifier: MIT
"""Tests of conformance/report/badge.py: the SVG is well-formed and depends only on the report."""

from typing import Any, Dict
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.report.badge import badge_text

SVG = "{http://www.w3.org/2000/svg}"


def report(name: str = "mine", version: str = "1.2", **totals: int) -> Dict[str, Any]:
    return {
        "implementation": {"name": name, "version": version},
        "suite": {"version": "0.2", "vectors": "0.1.0"},
        "totals": {word.replace("_", "-"): count for word, count in totals.items()},
    }


def parsed(**given_report: Any) -> Any:
    text = badge_text(report(**given_report))
    assert text == badge_text(report(**given_report))
    return ElementTree.fromstring(text.encode("utf-8"))


@pytest.mark.parametrize(
    "totals, message, colour",
    [
        ({"PASS": 10, "ACCEPTABLE": 2, "UNSUPPORTED": 50}, "12 of 12", "#116329"),
        ({"PASS": 10, "FAIL": 1}, "10 of 11", "#8a4600"),
        (
            {"PASS": 1, "CRASH": 1, "HANG": 1, "BLOCKED": 1, "XFAIL": 1, "XPASS": 1},
            "1 of 6",
            "#8a4600",
        ),
        ({"UNSUPPORTED": 5}, "not judged", "#57606a"),
        ({"PASS": 5, "ADAPTER": 1}, "not judged", "#57606a"),
        ({}, "not judged", "#57606a"),
    ],
)
def test_what_it_says(totals: Dict[str, int], message: str, colour: str) -> None:
    root = parsed(**totals)
    label, told = root.iter(SVG + "text")
    assert (label.text, told.text) == ("InvokeEndpointWithResponseStream", message)
    assert root.find(SVG + "rect").get("fill") == colour
    outcome = message if message == "not judged" else message + " cases as expected"
    whole = f"mine 1.2: {outcome}; vectors 0.1.0"
    assert root.find(SVG + "title").text == whole == root.get("aria-label")


def test_the_parts_lie_beside_each_other() -> None:
    root = parsed(PASS=1234, FAIL=1000)
    label, told = root.iter(SVG + "text")
    left = 6 + int(label.get("textLength")) + 6
    assert int(told.get("x")) == left + 6 and root.find(SVG + "path").get("d").startswith(
        f"M3 0h{int(left - 3)}v20"
    )
    assert (
        int(root.get("width"))
        == left + int(told.get("textLength")) + 12
        == int(root.find(SVG + "rect").get("width"))
    )


@given(st.text(), st.text())
def test_whatever_it_is_called_it_is_well_formed(name: str, version: str) -> None:
    root = parsed(name=name, version=version, PASS=1)
    assert {node.tag for node in root.iter()} == {
        SVG + name for name in ("svg", "title", "rect", "path", "g", "text")
    }


def test_a_hostile_name_stays_text() -> None:
    text = badge_text(report(name='"><script>alert(1)</script>&\ud800\x00', PASS=1))
    assert "<script" not in text and "{" not in text
    assert badge_text(report(name="{width}", PASS=1)).count("{width}") == 2
