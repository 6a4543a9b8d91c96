# SPDX-License-Identifier: MIT
"""Compare the pages in docs/divergences with the reports of the same names.

A page describes every failing case of its report, and nothing that passes:

- A code span names a case or a pattern, such as `evs-type-*` or `invoke-{a,b}`. Each must match a
  case that failed or was acceptable.
- Each failing case must match a span, cite a rule of a section "Other differences", or report a
  message that a section quotes as "whose message contains `…`". The last form is for cases that
  fail at random.
- A section names exactly the rows of DIVERGENCES.md that make some of its cases acceptable.

Every section except "Other differences" has the same four parts. Rules exist, and ids of
divergences are unique.
"""

import fnmatch
import json
import re
from pathlib import Path
from typing import Any, Dict, List, Sequence, Set

import pytest

from conformance.cases.rules import load_rules
from conformance.cases.scenarios import scenario_cases
from tests.support import committed_cases

pytestmark = pytest.mark.slow  # the whole file; --fast does not import it

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted((ROOT / "docs" / "divergences").glob("*.md"))
PATTERN = re.compile(
    r"`((?:\{http,invoke\}|evs|sig|http|end|invoke|wire|presign|sign|(?:en|de)code|response|txt|lines|verify)"
    r"-[a-z0-9*{},-]+)`"
)
MESSAGE = re.compile(r"whose message contains `([^`]+)`")
RULE = re.compile(r"\b(?:EVS|SIG|HTTP|END|SHP|TXT)-[0-9]{3}\b")
RULES_OF = {case.id: case.rules for case in committed_cases() + scenario_cases()}
FAILING = ("FAIL", "CRASH", "HANG")
PARTS = ["Observed", "Rules and cases", "Cost", "Reproducer"]


def expanded(pattern: str) -> List[str]:
    """Return the globs that a pattern with braces stands for."""
    match = re.search(r"\{([^{}]*)\}", pattern)
    if match is None:
        return [pattern]
    return [
        glob
        for part in match.group(1).split(",")
        for glob in expanded(pattern[: match.start()] + part + pattern[match.end() :])
    ]


def reported(page: Path) -> List[Dict[str, Any]]:
    """Return the cases of a page's report. A report may name retired cases."""
    with open(str(ROOT / "reports" / (page.stem + ".json")), encoding="utf-8") as file:
        return [case for case in json.load(file)["cases"] if case["id"] in RULES_OF]


def names_of(page: Path, verdicts: Sequence[str] = FAILING) -> List[str]:
    """Return the ids of the cases with such a verdict."""
    return [case["id"] for case in reported(page) if case["verdict"] in verdicts]


def acceptable(page: Path) -> Dict[str, str]:
    """Return the row of DIVERGENCES.md of each acceptable case, by the case's id."""
    return {
        case["id"]: re.findall(r"DIV-[0-9]{3}", case.get("divergence") or case["note"])[-1]
        for case in reported(page)
        if case["verdict"] == "ACCEPTABLE"
    }


def messages_of(page: Path) -> Dict[str, str]:
    """Return the implementation's message in each case."""
    return {case["id"]: case.get("message", "") for case in reported(page)}


def globs_in(text: str) -> List[str]:
    """Return the globs that a text names."""
    return [glob for pattern in PATTERN.findall(text) for glob in expanded(pattern)]


def sections_of(text: str) -> List[str]:
    return re.split(r"^## ", text, flags=re.MULTILINE)[1:]


def is_other(section: str) -> bool:
    """Return whether a section collects small differences by rule."""
    return " Other differences" in section.partition("\n")[0]


def rules_in(text: str) -> Set[str]:
    """Return the rules that a text names. "HTTP-041 to HTTP-048" names all rules between."""
    rules = set(RULE.findall(text))
    for chapter, first, last in re.findall(r"\b([A-Z]+)-([0-9]{3}) to [A-Z]+-([0-9]{3})\b", text):
        rules.update(f"{chapter}-{number:03}" for number in range(int(first), int(last) + 1))
    return rules


def test_braces_are_expanded() -> None:
    assert expanded("a-{b,c}-{1,2}*") == ["a-b-1*", "a-b-2*", "a-c-1*", "a-c-2*"]


def test_ids_are_unique() -> None:
    assert {"go", "rust", "java"} <= {page.stem for page in PAGES}
    ids = [
        match
        for page in PAGES
        for match in re.findall(
            r"^## (DIV-[0-9]{3}) ", page.read_text(encoding="utf-8"), re.MULTILINE
        )
    ]
    ids += re.findall(
        r"^\| (DIV-[0-9]{3}) ", (ROOT / "DIVERGENCES.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(ids) == len(set(ids))


def test_each_row_of_the_index_has_a_section() -> None:
    text = (ROOT / "DIVERGENCES.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (DIV-[0-9]{3}) \| ([^|]+) \| [^|]+ \|$", text, re.MULTILINE)
    ids = [row for row, _ in rows]
    assert ids == sorted(ids) and len(ids) > 10
    assert re.findall(r"^### (DIV-[0-9]{3})$", text, re.MULTILINE) == ids
    assert {rule for _, rules in rows for rule in rules.split(", ")} <= set(load_rules())
    for section in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        assert "The reference" in section and "Acceptable " in section, section


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_opens_with_its_command_and_report(page: Path) -> None:
    head = " ".join(page.read_text(encoding="utf-8").partition("```")[0].split())
    assert set(re.findall(r"`python3 -m conformance ([^`]*)`", head)) == {
        "implementations run " + page.stem
    }
    assert f"reports/{page.stem}.json" in head


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_section_has_the_four_parts_in_order(page: Path) -> None:
    for section in sections_of(page.read_text(encoding="utf-8")):
        parts = re.findall(r"^\*\*([A-Z][a-z ]+)[.:]\*\*", section, re.MULTILINE)
        assert parts == ([] if is_other(section) else PARTS), section.partition("\n")[0]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_each_described_case_fails(page: Path) -> None:
    text, departing = page.read_text(encoding="utf-8"), names_of(page, FAILING + ("ACCEPTABLE",))
    assert [glob for glob in globs_in(text) if not fnmatch.filter(departing, glob)] == []
    assert rules_in(text) - set(load_rules()) == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_each_failing_case_is_described(page: Path) -> None:
    text, messages = page.read_text(encoding="utf-8"), messages_of(page)
    globs, quoted = globs_in(text), MESSAGE.findall(" ".join(text.split()))
    small = rules_in(" ".join(section for section in sections_of(text) if is_other(section)))
    assert [
        case
        for case in names_of(page)
        if not any(fnmatch.fnmatchcase(case, glob) for glob in globs)
        and not small & set(RULES_OF[case])
        and not any(part in messages[case] for part in quoted)
    ] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_section_names_the_rows_that_make_its_cases_acceptable(page: Path) -> None:
    rows = acceptable(page)
    for section in sections_of(page.read_text(encoding="utf-8")):
        wanted = {
            row
            for case, row in rows.items()
            if any(fnmatch.fnmatchcase(case, glob) for glob in globs_in(section))
        }
        assert set(re.findall(r"DIV-0[0-9]{2}", section)) == wanted, section.partition("\n")[0]
