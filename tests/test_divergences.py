# SPDX-License-Identifier: MIT
"""docs/divergences: every failure that a report in reports records is told there, and what is told there is recorded.

A page belongs to the report of its name. It names cases in code spans, alone or as patterns (`evs-type-*`, `invoke-{a,b}`); each of
them must fit a case that fails in the report or is acceptable there, and each case that fails must fit one of them, or cite a rule of
a section "what else", which gathers the small ones by rule, or tell what a section says they tell ("… that tells `…`"): so is named
what happens to any case by chance. A section names the rows of DIVERGENCES.md by which some of its cases are acceptable. Rules exist,
and no id of a divergence stands twice.
"""

import fnmatch
import json
import re
from pathlib import Path
from typing import Any, Dict, List, Sequence, Set

import pytest

from conformance.cases.rules import load_rules

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted((ROOT / "docs" / "divergences").glob("*.md"))
PATTERN = re.compile(r"`((?:\{http,invoke\}|evs|sig|http|end|invoke|wire)-[a-z0-9*{},-]+)`")
TELLS = re.compile(r"that tells `([^`]+)`")
RULE = re.compile(r"\b(?:EVS|SIG|HTTP|END|SHP|TXT)-[0-9]{3}\b")


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
    """Return the cases of a page's report."""
    with open(str(ROOT / "reports" / (page.stem + ".json")), encoding="utf-8") as file:
        return list(json.load(file)["cases"])


FAILING = ("FAIL", "CRASH", "HANG")


def departures(page: Path, verdicts: Sequence[str] = FAILING) -> Dict[str, List[str]]:
    """Return the rules of each case with such a verdict, by its id."""
    return {case["id"]: case["rules"] for case in reported(page) if case["verdict"] in verdicts}


def acceptable(page: Path) -> Dict[str, str]:
    """Return the row of DIVERGENCES.md of each case that is acceptable."""
    return {
        case["id"]: re.findall(r"DIV-[0-9]{3}", case["note"])[-1]
        for case in reported(page)
        if case["verdict"] == "ACCEPTABLE"
    }


def messages_of(page: Path) -> Dict[str, str]:
    """Return what the implementation said in each case."""
    return {case["id"]: case.get("message", "") for case in reported(page)}


def globs_in(text: str) -> List[str]:
    """Return the globs that a text names."""
    return [glob for pattern in PATTERN.findall(text) for glob in expanded(pattern)]


def sections_of(text: str) -> List[str]:
    return re.split(r"^## ", text, flags=re.MULTILINE)[1:]


def rules_in(text: str) -> Set[str]:
    """Return the rules that a text names; "HTTP-041 to HTTP-048" names all between."""
    rules = set(RULE.findall(text))
    for chapter, first, last in re.findall(r"\b([A-Z]+)-([0-9]{3}) to [A-Z]+-([0-9]{3})\b", text):
        rules.update(f"{chapter}-{int(number):03}" for number in range(int(first), int(last) + 1))
    return rules


def test_braces_are_expanded() -> None:
    assert expanded("a-{b,c}-{1,2}*") == ["a-b-1*", "a-b-2*", "a-c-1*", "a-c-2*"]


def test_the_pages() -> None:
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


def test_each_row_of_the_ledger_has_a_section() -> None:
    text = (ROOT / "DIVERGENCES.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (DIV-[0-9]{3}) \| ([^|]+) \| [^|]+ \|$", text, re.MULTILINE)
    ids = [row for row, _ in rows]
    assert ids == sorted(ids) and len(ids) > 10
    assert re.findall(r"^### (DIV-[0-9]{3})$", text, re.MULTILINE) == ids
    assert {rule for _, rules in rows for rule in rules.split(", ")} <= set(load_rules())
    for section in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        assert "The reference" in section and "Acceptable " in section, section


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_head_of_a_page_names_its_command_and_its_report(page: Path) -> None:
    head = " ".join(page.read_text(encoding="utf-8").partition("```")[0].split())
    assert set(re.findall(r"`python3 -m conformance ([^`]*)`", head)) == {
        "implementations run " + page.stem
    }
    assert f"reports/{page.stem}.json" in head


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_what_is_told_is_recorded(page: Path) -> None:
    text, departing = page.read_text(encoding="utf-8"), departures(page, FAILING + ("ACCEPTABLE",))
    assert [glob for glob in globs_in(text) if not fnmatch.filter(departing, glob)] == []
    assert rules_in(text) - set(load_rules()) == set()


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_what_is_recorded_is_told(page: Path) -> None:
    text, failed, messages = page.read_text(encoding="utf-8"), departures(page), messages_of(page)
    globs, told = globs_in(text), TELLS.findall(text)
    small = rules_in(
        " ".join(
            section for section in sections_of(text) if " what else " in section.partition("\n")[0]
        )
    )
    assert [
        case
        for case, rules in failed.items()
        if not any(fnmatch.fnmatchcase(case, glob) for glob in globs)
        and not small & set(rules)
        and not any(part in messages[case] for part in told)
    ] == []


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_a_section_names_the_rows_by_which_its_cases_are_acceptable(page: Path) -> None:
    rows = acceptable(page)
    for section in sections_of(page.read_text(encoding="utf-8")):
        wanted = {
            row
            for case, row in rows.items()
            if any(fnmatch.fnmatchcase(case, glob) for glob in globs_in(section))
        }
        assert set(re.findall(r"DIV-0[0-9]{2}", section)) == wanted, section.partition("\n")[0]
