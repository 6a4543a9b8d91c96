# SPDX-License-Identifier: MIT
"""docs/divergences: every failure that a report in conformance/reports records is told there, and what is told there is recorded.

A page belongs to the report of its name. It names cases in code spans, alone or as patterns (`evs-type-*`, `invoke-{a,b}`); each of
them must fit a case that fails in the report, and each case that fails must fit one of them, or cite a rule of a section "what else",
which gathers the small ones by rule. Rules exist, and no id of a divergence stands twice.
"""
import fnmatch
import json
import re
from pathlib import Path
from typing import Dict, List, Set

import pytest

from conformance.rules import load_rules

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted((ROOT / "docs" / "divergences").glob("*.md"))
PATTERN = re.compile(r"`((?:\{http,invoke\}|evs|sig|http|end|invoke)-[a-z0-9*{},-]+)`")
RULE = re.compile(r"\b(?:EVS|SIG|HTTP|END|SHP|TXT)-[0-9]{3}\b")


def expanded(pattern: str) -> List[str]:
    """Return the globs that a pattern with braces stands for."""
    match = re.search(r"\{([^{}]*)\}", pattern)
    if match is None:
        return [pattern]
    return [glob for part in match.group(1).split(",") for glob in expanded(pattern[:match.start()] + part + pattern[match.end():])]


def failures(page: Path) -> Dict[str, List[str]]:
    """Return the rules of each case that fails, by its id."""
    with open(str(ROOT / "conformance" / "reports" / (page.stem + ".json")), encoding="utf-8") as file:
        return {case["id"]: case["rules"] for case in json.load(file)["cases"] if case["verdict"] in ("FAIL", "CRASH", "HANG")}


def rules_in(text: str) -> Set[str]:
    """Return the rules that a text names; "HTTP-041 to HTTP-048" names all between."""
    rules = set(RULE.findall(text))
    for chapter, first, last in re.findall(r"\b([A-Z]+)-([0-9]{3}) to [A-Z]+-([0-9]{3})\b", text):
        rules.update("%s-%03d" % (chapter, number) for number in range(int(first), int(last) + 1))
    return rules


def test_braces_are_expanded() -> None:
    assert expanded("a-{b,c}-{1,2}*") == ["a-b-1*", "a-b-2*", "a-c-1*", "a-c-2*"]


def test_the_pages() -> None:
    assert {"go", "rust", "java"} <= {page.stem for page in PAGES}
    ids = [match for page in PAGES for match in re.findall(r"^## (DIV-[0-9]{3}) ", page.read_text(encoding="utf-8"), re.MULTILINE)]
    ids += re.findall(r"^\| (DIV-[0-9]{3}) ", (ROOT / "DIVERGENCES.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_what_is_told_is_recorded(page: Path) -> None:
    text, failed = page.read_text(encoding="utf-8"), failures(page)
    globs = [glob for pattern in PATTERN.findall(text) for glob in expanded(pattern)]
    assert [glob for glob in globs if not fnmatch.filter(failed, glob)] == []
    assert rules_in(text) - set(load_rules()) == set()


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_what_is_recorded_is_told(page: Path) -> None:
    text, failed = page.read_text(encoding="utf-8"), failures(page)
    globs = [glob for pattern in PATTERN.findall(text) for glob in expanded(pattern)]
    sections = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    small = rules_in(" ".join(section for section in sections if " what else " in section.partition("\n")[0]))
    assert [case for case, rules in failed.items()
            if not any(fnmatch.fnmatchcase(case, glob) for glob in globs) and not small & set(rules)] == []
