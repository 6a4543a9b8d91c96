# SPDX-License-Identifier: MIT
"""Tests of conformance/report/junit.py: well-formed XML for any answer, an element per verdict."""

from typing import Any, List, Optional
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.report.junit import junit_text
from conformance.run.runner import Implementation
from conformance.run.verdicts import (
    ACCEPTABLE,
    ADAPTER,
    BLOCKED,
    CRASH,
    FAIL,
    HANG,
    PASS,
    UNSUPPORTED,
    WORDS,
    XFAIL,
    XPASS,
    Difference,
)
from tests.support import made_result

SAID = Implementation('mine <&">', "1.2", "perl", ("text.lines",), {})


def parsed(*results: Any) -> Any:
    text = junit_text(SAID, results)
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n') and text.endswith(
        "</testsuites>\n"
    )
    return ElementTree.fromstring(text.encode("utf-8"))


def test_a_suite_for_each_operation() -> None:
    failed = made_result("txt-a", FAIL, Difference("lines", "a", "b"), op="text.lines")
    root = parsed(made_result("evs-a"), failed, made_result("evs-b", HANG))
    assert root.attrib == {
        "name": 'mine <&"> 1.2',
        "tests": "3",
        "failures": "2",
        "errors": "0",
        "skipped": "0",
        "time": "0.750",
    }
    assert [suite.attrib for suite in root] == [
        {
            "name": "eventstream.decode",
            "tests": "2",
            "failures": "1",
            "errors": "0",
            "skipped": "0",
            "time": "0.500",
        },
        {
            "name": "text.lines",
            "tests": "1",
            "failures": "1",
            "errors": "0",
            "skipped": "0",
            "time": "0.250",
        },
    ]
    [case] = root.findall(".//testcase[@name='txt-a']")
    assert case.attrib == {"classname": "text.lines", "name": "txt-a", "time": "0.250"}
    assert case[0].attrib == {"type": "FAIL", "message": "FAIL txt-a: lines: expected a, got b"}
    told: List[str] = (case[0].text or "").splitlines()
    assert (
        told[0].startswith("EVS-001   ")
        and "expected  a" in told
        and told[-1] == "why       what it costs"
    )


@pytest.mark.parametrize(
    "word, element",
    [
        (PASS, None),
        (ACCEPTABLE, None),
        (FAIL, "failure"),
        (CRASH, "failure"),
        (HANG, "failure"),
        (XPASS, "failure"),
        (ADAPTER, "error"),
        (UNSUPPORTED, "skipped"),
        (BLOCKED, "skipped"),
        (XFAIL, "skipped"),
    ],
)
def test_each_verdict_has_its_element(word: str, element: Optional[str]) -> None:
    root = parsed(made_result("evs-a", word, note="a note"))
    case = root[0][0]
    assert [inner.tag for inner in case] == ([element] if element else [])
    assert [root.get(name) for name in ("failures", "errors", "skipped")] == [
        "%d" % (element == name) for name in ("failure", "error", "skipped")
    ]
    if element:
        assert case[0].get("message") == f"{word} evs-a: a note"


def test_nothing_was_run() -> None:
    assert parsed().attrib["tests"] == "0"


@pytest.mark.slow
@given(st.text(), st.text(), st.text(), st.sampled_from(WORDS))
def test_whatever_an_adapter_said_the_document_is_well_formed(
    first: str, second: str, message: str, word: str
) -> None:
    root = parsed(
        made_result("evs-a", word, Difference(first, first, second), note=second, message=message)
    )
    assert len(root.findall(".//testcase")) == 1


@pytest.mark.parametrize(
    "hostile",
    ["]]>", "\0\x01\x0b\x1b[2J", "\ufffe\uffff", "\ud800", "</failure>", "&#0;", "\r\n\t"],
)
def test_hostile_texts(hostile: str) -> None:
    root = parsed(
        made_result("evs-a", FAIL, Difference(hostile, hostile, ""), message=hostile),
        made_result(hostile, FAIL, why=hostile, title=hostile, op=hostile, note=hostile),
    )
    assert len(root.findall(".//failure")) == 2
