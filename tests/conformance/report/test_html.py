# SPDX-License-Identifier: MIT
"""Tests of conformance/report/html.py: the page as an HTML parser sees it.

The tests parse the page into a tree and check its structure, and that no text of a report becomes
markup or script. test_page.py tests the page in a browser.
"""

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.cases.load import load_cases
from conformance.cases.rules import load_rules
from conformance.endpoint.checks import SECRET_KEY
from conformance.report.html import html_text, labels_of, rows_of
from conformance.report.json_report import report_document
from conformance.run.runner import BrokenAdapter, Implementation, broken_run
from conformance.run.verdicts import (
    ABSENT,
    ACCEPTABLE,
    ADAPTER,
    FAIL,
    HANG,
    PASS,
    UNSUPPORTED,
    WORDS,
    Difference,
    Result,
    verdict,
)
from tests.properties import examples
from tests.support import made_result

RULES = load_rules()
HOSTILE = (
    "</script><script>document.title='owned'</script>"
    "<img src=x onerror=\"document.title='owned'\">&lt;&amp;'\"\u2028\ud800\x00\x1b"
)
VOID = {"meta", "br", "input", "img", "link", "hr"}


class Node:
    """An element with its children."""

    def __init__(self, tag: str, attributes: Dict[str, str]) -> None:
        self.tag, self.attributes = tag, attributes
        self.children: List[Any] = []

    def all(self, tag: str, **wanted: str) -> List["Node"]:
        found = []
        for child in self.children:
            if isinstance(child, Node):
                if child.tag == tag and all(
                    child.attributes.get(name.rstrip("_")) == value
                    for name, value in wanted.items()
                ):
                    found.append(child)
                found += child.all(tag, **wanted)
        return found

    def text(self) -> str:
        return "".join(
            child.text() if isinstance(child, Node) else child for child in self.children
        )


class Tree(HTMLParser):
    """Builds the tree, and rejects an element that is not closed where it was opened."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: List[Tuple[str, Optional[str]]]) -> None:
        assert len(dict(attrs)) == len(attrs), "an attribute twice"
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def parsed(page: str) -> Node:
    page.encode("utf-8")
    tree = Tree()
    tree.feed(page)
    tree.close()
    assert tree.open == [tree.root]
    return tree.root


def report(
    name: str, *results: Result, version: str = "1.2", language: str = "perl"
) -> Dict[str, Any]:
    said = Implementation(name, version, language, ("eventstream.decode", "text.lines"), {})
    return report_document(said, results, is_complete=False, with_answers=True)


def page_of(*reports: Dict[str, Any], cases: Tuple[Result, ...] = (), **more: Any) -> str:
    return html_text(reports, [result.case for result in cases], RULES, **more)


def island(root: Node) -> Any:
    [node] = root.all("script", type="application/json")
    return json.loads(node.text())


def cells(root: Node) -> List[List[str]]:
    rows = [row for row in root.all("tr") if row.attributes.get("class", "").startswith("case")]
    return [[cell.text() for cell in row.all("td")] for row in rows]


PASSES, FAILS = (
    made_result("evs-a"),
    made_result(
        "evs-b", FAIL, Difference("messages[0].payload", "abcd", "abXd"), message="too <long>"
    ),
)


# ---- what is on it -----------------------------------------------------------------------------


def test_a_matrix_of_cases_and_implementations() -> None:
    other = made_result(
        "txt-c", HANG, op="text.lines", note="no answer after 10 s", rules=("TXT-001",)
    )
    root = parsed(
        page_of(
            report("mine", PASSES, FAILS),
            report("theirs", FAILS._replace(verdict=verdict(PASS)), other, language="c"),
            cases=(PASSES, FAILS, other),
        )
    )
    assert root.all("title")[0].text() == "Conformance of 2 implementations"
    assert [head.text() for head in root.all("section", id="matrix")[0].all("th", scope="col")] == [
        "case",
        "mine 1.2",
        "theirs 1.2",
    ]
    assert [head.text() for head in root.all("th", scope="rowgroup")] == [
        "eventstream.decode",
        "text.lines",
    ]
    assert cells(root) == [["pass", ""], ["FAIL", "pass"], ["", "HANG"]]
    groups = [row for row in root.all("tr") if row.attributes.get("class", "").startswith("group")]
    assert [[cell.text() for cell in row.all("td")] for row in groups] == [
        ["1 of 2", "1 of 1"],
        ["\u2013", "0 of 1"],
    ]


def test_an_operation_s_row_counts_what_was_judged_and_is_as_it_may_be() -> None:
    results = [
        made_result(f"evs-{index}", word)
        for index, word in enumerate((PASS, ACCEPTABLE, FAIL, UNSUPPORTED))
    ]
    root = parsed(page_of(report("mine", *results), cases=tuple(results)))
    [group] = [row for row in root.all("tr") if row.attributes.get("class", "").startswith("group")]
    assert [cell.text() for cell in group.all("td")] == ["2 of 3"] and group.attributes[
        "class"
    ] == "group"


def test_each_implementation_has_its_summary() -> None:
    root = parsed(
        page_of(
            report("mine", PASSES, FAILS, made_result("evs-c", UNSUPPORTED)),
            report("theirs", PASSES, language="c"),
        )
    )
    [table] = [one for one in root.all("table") if one.attributes.get("class") == "counts"]
    assert [[cell.text() for cell in row.children] for row in table.all("tr")] == [
        [
            "implementation",
            "pass",
            "FAIL",
            "unsupported",
            "language",
            "vectors",
            "operations",
        ],
        [
            "mine 1.2",
            "1",
            "1",
            "1",
            "perl",
            report("x")["suite"]["vectors"],
            "eventstream.decode text.lines",
        ],
        [
            "theirs 1.2",
            "1",
            "",
            "",
            "c",
            report("x")["suite"]["vectors"],
            "eventstream.decode text.lines",
        ],
    ]
    legend = root.all("ul")[0]
    assert [item.all("span")[0].text() for item in legend.all("li")] == ["pass", "FAIL", "\u2013"]


def test_a_finding_tells_expected_and_actual_the_rule_and_the_reason() -> None:
    root = parsed(
        page_of(
            report("mine", PASSES, FAILS), report("theirs", PASSES, FAILS), cases=(PASSES, FAILS)
        )
    )
    [section] = [one for one in root.all("section") if one.attributes.get("class") == "finding"]
    assert (
        section.attributes["id"] == "c-evs-b"
        and "what it costs" in section.text()
        and RULES["EVS-001"].text in section.text()
    )
    first, second = section.all("article")
    assert (first.attributes["data-i"], second.attributes["data-i"]) == ("0", "1")
    assert first.all("h4")[0].text() == "mine 1.2 FAIL" and "too <long>" in first.text()
    assert first.all("pre")[0].text() == "expected  abcd\nactual    abXd\n            ^"
    assert [mark.text() for mark in first.all("mark")] == ["c", "X"]
    links = [link.attributes["href"] for link in root.all("section", id="matrix")[0].all("a")]
    assert links == ["#c-evs-b"] * 3


@pytest.mark.parametrize(
    "answer, lines",
    [
        (
            '{"status": "ok", "output": {"frame": "AAAAEAAAAAAFwkjrfZjI/w=="}}',
            [
                "",
                "frame",
                "000000  00 00 00 10 00 00 00 00 05 c2 48 eb 7d 98 c8 ff  ..........H.}...",
            ],
        ),
        ('{"status": "ok", "output": {"frame": "x"}}', []),
        ('{"status": "ok", "output": {"frame": 1}}', []),
        ('{"status": "ok"}', []),
        ('{"status": "ok", "output": ["frame"]}', []),
        ('{"status": "ok", "output": {"fr...', []),
        ("[]", []),
        ("\ud800", []),
    ],
)
def test_the_whole_answer_stands_behind_the_difference(answer: str, lines: List[str]) -> None:
    result = made_result("evs-b", FAIL, Difference("frame", "a", "b"))
    document = report("mine", result._replace(verdict=result.verdict._replace(answer=answer)))
    [shown] = parsed(page_of(document)).all("details")
    assert shown.all("pre")[0].text().split("\n") == [answer.replace("\ud800", "\\ud800")] + lines
    assert "answer" not in report("mine", result)["cases"][0]


@pytest.mark.parametrize(
    "expected, actual, lines, marks",
    [
        (
            "ab",
            "ab",
            ["expected  ab(ends here)", "actual    ab(ends here)", "            ^"],
            ["(", "("],
        ),
        (
            "one\nabc",
            "one\nabd",
            ["expected  abc", "actual    abd", "            ^ in line 2"],
            ["c", "d"],
        ),
        (
            b"\x00\x01",
            b"\x00\x02",
            ["expected  00 01", "actual    00 02", "             ^ at byte 1; 2 and 2 bytes"],
            ["0", "0"],
        ),
        ("e", "t", ["expected  e", "actual    t", "          ^"], ["e", "t"]),
        ("<b>a&", "<b>a<", ["expected  <b>a&", "actual    <b>a<", "              ^"], ["&", "<"]),
        ("a<i>b", "x<i>b", ["expected  a<i>b", "actual    x<i>b", "          ^"], ["a", "x"]),
        ("a", ABSENT, ["expected  a", "actual    (absent)"], []),
        ("", "x", ["expected  (empty)", "actual    x", "          ^"], ["(", "x"]),
        (1, 2, ["expected  1", "actual    2", "          ^"], ["1", "2"]),
    ],
)
def test_where_they_part_is_marked(
    expected: Any, actual: Any, lines: List[str], marks: List[str]
) -> None:
    root = parsed(
        page_of(report("mine", made_result("evs-b", FAIL, Difference("x", expected, actual))))
    )
    [shown] = root.all("pre")
    assert (
        shown.text().splitlines() == lines and [mark.text() for mark in shown.all("mark")] == marks
    )


def test_every_verdict_has_its_word_and_all_but_two_a_finding() -> None:
    results = [made_result(f"evs-{word.lower()}", word, note="a note") for word in WORDS]
    root = parsed(page_of(report("mine", *results), cases=tuple(results)))
    assert [row[0] for row in cells(root)] == [
        "pass",
        "accept",
        "FAIL",
        "CRASH",
        "HANG",
        "\u2013",
        "blocked",
        "xfail",
        "xpass",
        "adapter",
    ]
    assert [
        one.attributes["id"]
        for one in root.all("section")
        if one.attributes.get("class") == "finding"
    ] == [f"c-evs-{word.lower()}" for word in WORDS if word not in (PASS, UNSUPPORTED)]
    assert len(root.all("ul")[0].all("li")) == len(WORDS)
    told = island(root)
    assert told["words"] == list(WORDS) and sorted(told["noteworthy"]) == sorted(
        set(WORDS) - {PASS, UNSUPPORTED}
    )


def test_a_page_without_findings_says_so() -> None:
    page = page_of(report("mine", PASSES), cases=(PASSES,))
    assert "Every answer was as expected." in page and "Conformance of mine 1.2" in page
    assert "Every answer" not in page_of(report("mine", FAILS))
    assert parsed(page_of(report("mine"))).all("tbody")[0].all("tr")


def test_the_island_holds_each_text_once() -> None:
    silent = [
        made_result(f"evs-{index}", UNSUPPORTED, note="it does not offer it") for index in range(3)
    ]
    page = page_of(*[report("mine", PASSES, *silent)] * 3, cases=(PASSES, *silent))
    assert page.count("it does not offer it") == 1 and page.count(RULES["EVS-001"].text) == 1
    told = island(parsed(page))
    assert told["implementations"] == ["mine 1.2", "mine 1.2 (2)", "mine 1.2 (3)"]
    assert told["notes"] == [{"1": 0, "2": 0, "3": 0}] * 3 and told["texts"] == [
        "it does not offer it"
    ]
    assert told["rules"] == {"EVS-001": RULES["EVS-001"].text}
    case = told["cases"][0]
    assert (
        case["why"] == "what it costs"
        and "000000  00 00 00 10 00 00 00 00" in case["lines"]
        and '{"status": "ok"}' in case["lines"]
    )


def test_a_long_case_is_cut_and_says_where_the_rest_is() -> None:
    long = made_result("evs-long", expect={"status": "ok", "output": "x" * 100000})
    told = island(parsed(page_of(report("mine", long), cases=(long,))))["cases"][0]["lines"]
    assert len(told) < 8100 and told.endswith(
        "\n\u2026 python3 -m conformance show evs-long prints the rest"
    )


def test_a_case_that_nobody_knows_any_more_is_shown_by_its_report() -> None:
    root = parsed(page_of(report("mine", FAILS)))
    assert cells(root) == [["FAIL"]] and island(root)["cases"][0]["why"] == ""
    unknown = made_result("evs-x", FAIL, Difference("a", "b", "c"), rules=("XXX-001",))
    text = page_of(report("mine", unknown), cases=(unknown,))
    assert "not a rule of this specification" in text


def test_rows_come_in_the_order_of_the_cases_those_of_an_operation_together() -> None:
    first, second, third = (
        made_result(name, op=op)
        for name, op in (("a", "text.lines"), ("b", "text.sse"), ("c", "text.lines"))
    )
    stray = made_result("after-b", ADAPTER, op="text.sse")
    known = {one.case.id: one.case for one in (first, second, third)}
    rows = rows_of([report("mine", stray, second, third), report("theirs", first)], known)
    assert [row.id for row in rows] == ["a", "c", "b", "after-b"]
    assert [[entry["id"] if entry else None for entry in row.entries] for row in rows] == [
        [None, "a"],
        ["c", None],
        ["b", None],
        ["after-b", None],
    ]


def test_of_an_adapter_that_cannot_be_judged() -> None:
    run = broken_run(BrokenAdapter("no hello <here>"))
    root = parsed(
        page_of(
            report("mine", PASSES),
            report_document(run.implementation, run.results, is_complete=False),
            cases=(PASSES,),
        )
    )
    assert cells(root) == [["pass", ""], ["", "adapter"]]
    assert "no hello <here>" in root.all("table")[0].text()


def test_who_could_not_be_asked() -> None:
    assert "Not run: go (not installed &lt;here&gt;); java (too old)." in page_of(
        report("mine", PASSES), absent={"go": "not installed <here>", "java": "too old"}
    )
    assert "Not run" not in page_of(report("mine", PASSES))


def test_labels_are_told_apart() -> None:
    assert labels_of([report("a"), report("b"), report("a"), report("a")]) == [
        "a 1.2",
        "b 1.2",
        "a 1.2 (2)",
        "a 1.2 (3)",
    ]
    assert labels_of([report("a\n" * 300, version="\x1b" * 300)])[0].count("\n") == 0
    assert len(labels_of([report("a" * 300, version="b" * 300)])[0]) < 210


@pytest.mark.slow
def test_the_same_reports_give_the_same_page() -> None:
    program = (
        "import json, sys; from conformance.report.html import html_text; "
        "from conformance.cases.load import load_cases; "
        "from conformance.cases.rules import load_rules; "
        "page = html_text(json.loads(sys.argv[1]), load_cases(), load_rules()); "
        "sys.stdout.buffer.write(page.encode())"
    )
    given_reports = json.dumps([report("mine", PASSES, FAILS)])
    root = str(Path(__file__).resolve().parents[3])
    pages = {
        subprocess.check_output(
            [sys.executable, "-c", program, given_reports],
            cwd=root,
            env=dict(os.environ, PYTHONHASHSEED=seed),
        )
        for seed in ("1", "2")
    }
    assert len(pages) == 1


@pytest.mark.slow
def test_all_cases_and_10_implementations_are_a_page_that_can_be_sent() -> None:
    cases = load_cases()
    words = [UNSUPPORTED] * 6 + [PASS] * 3 + [FAIL]
    parts = Difference("status", "ok", "reject x")
    found = {
        UNSUPPORTED: verdict(UNSUPPORTED, "it does not offer it"),
        PASS: verdict(PASS),
        FAIL: verdict(FAIL, "", parts),
    }
    results = [
        Result(case, "whole", found[word], 0.1) for case, word in zip(cases, words * len(cases))
    ]
    page = html_text([report(f"peer {index}", *results) for index in range(10)], cases, RULES)
    assert len(page.encode("utf-8")) < 18_000_000
    parsed(page)


# ---- nothing of a report becomes markup --------------------------------------------------------


def elements(root: Node) -> List[Tuple[str, str]]:
    """Return every element that loads, runs or links something."""
    return [
        (name, node.attributes.get("src", "") + node.attributes.get("href", ""))
        for name in (
            "script",
            "img",
            "a",
            "iframe",
            "link",
            "style",
            "object",
            "meta",
            "base",
            "form",
        )
        for node in root.all(name)
    ]


def hostile_page(text: str) -> str:
    result = made_result(
        "evs-b",
        FAIL,
        Difference(text, "expected " + text, "actual " + text),
        note=text,
        message=text,
    )
    unsupported = made_result("evs-u", UNSUPPORTED, note=text)
    document = report(text, PASSES, result, unsupported, version=text, language=text)
    name = text.encode("utf-8", "replace").decode()
    return page_of(document, cases=(PASSES, result, unsupported), absent={name: "x"})


@pytest.mark.parametrize(
    "text",
    [
        HOSTILE,
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<!--<script>",
        "</style>",
        "</title>",
        "\r\n",
        "\\u003c",
    ],
)
def test_hostile_texts_stay_text(text: str) -> None:
    root = parsed(hostile_page(text))
    assert elements(root) == elements(parsed(hostile_page("good")))
    assert not [
        name
        for tag in ("div", "img", "td", "a", "p")
        for node in root.all(tag)
        for name in node.attributes
        if name[:2] == "on"
    ]


@pytest.mark.slow
@examples(60)
@given(st.text(max_size=30))
def test_whatever_an_adapter_said_the_page_is_in_form(text: str) -> None:
    root = parsed(hostile_page(text))
    assert cells(root) == [["pass"], ["FAIL"], ["\u2013"]]
    assert island(root)["cases"][1]["id"] == "evs-b"


@pytest.mark.slow
def test_no_secret_of_the_caller_is_on_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-caller")
    cases = [case for case in load_cases() if "secret_key" in case.input]
    page = html_text(
        [report("mine", *[Result(case, "whole", verdict(PASS), 0.1) for case in cases])],
        cases,
        RULES,
    )
    assert "secret-of-the-caller" not in page
    assert {case.input["secret_key"] for case in cases} >= {SECRET_KEY} and SECRET_KEY in page


def test_the_policy_lets_nothing_run_but_the_page_s_own() -> None:
    page = page_of(report("mine", PASSES))
    root = parsed(page)
    [policy] = [
        node.attributes["content"] for node in root.all("meta") if node.attributes.get("http-equiv")
    ]
    style, script = root.all("style")[0].text(), root.all("script")[1].text()
    style_hash, script_hash = [
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in (style, script)
    ]
    assert policy == (
        f"default-src 'none'; style-src {style_hash}; script-src {script_hash}; "
        "base-uri 'none'; form-action 'none'"
    )
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", script
    )
    assert not re.search(r"https?://|url\(|@import", style + script) and " style=" not in page
