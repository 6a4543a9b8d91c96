# SPDX-License-Identifier: MIT
"""Tests of conformance/trace.py: gaps between rules, code, cases and tests, and docs/trace.md."""

import argparse
from pathlib import Path
from typing import Any, Dict, List

import pytest

from conformance import trace
from conformance.cases.case import Case
from conformance.cases.scenarios import scenario_cases
from conformance.mutation.mutants import Mutant
from conformance.trace import (
    Cited,
    Trace,
    check_page,
    cited_ids,
    faults,
    page,
    read_trace,
    trace_suite,
)
from refimpl.errors import UsageError
from tests.support import committed_cases

SPEC = """**EVS-001** A decoder MUST do this. [spec]

**EVS-002** A decoder MUST do that, which no question reaches. [spec] [test: tests/test_a.py]

**EVS-003** A decoder SHOULD do more. [derived]
"""


def case(name: str, *rules: str) -> Case:
    return Case(
        name,
        "t",
        rules,
        "MUST",
        "eventstream.decode",
        {},
        ("whole",),
        {},
        (),
        (),
        "w",
        "0.1",
        "derived",
        "f",
    )


def write(root: Path, files: Dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


GOOD = {
    "SPEC.md": SPEC,
    "refimpl/a.py": "def f():\n    x  # EVS-001, EVS-003\n",
    "conformance/b.py": "# EVS-002\n",
    "tests/test_a.py": "# EVS-002\ndef test_it(): pass\n",
}


def traced(tmp_path: Path, cases: List[Case], **changed: str) -> Trace:
    write(
        tmp_path,
        dict(GOOD, **{name.replace("__", "/") + ".py": text for name, text in changed.items()}),
    )
    return read_trace(cases, str(tmp_path))


def test_nothing_is_missing(tmp_path: Path) -> None:
    assert faults(traced(tmp_path, [case("evs-one", "EVS-001")])) == []


@pytest.mark.parametrize(
    "cases, changed, expected",
    [
        ([], {}, ["EVS-001: a MUST without a case or test"]),
        ([case("a", "EVS-001")], {"refimpl__a": "# EVS-001\n"}, ["EVS-003: no code cites it"]),
        ([case("a", "EVS-001")], {"conformance__b": ""}, ["EVS-002: no code cites it"]),
        (
            [case("a", "EVS-001")],
            {
                "conformance__b": "",
                "conformance__mutation__mutants": "# EVS-002",
                "conformance__endpoint__scenarios__signing": "# EVS-002",
            },
            ["EVS-002: no code cites it"],
        ),
        (
            [case("a", "EVS-001")],
            {"tests__test_a": "# EVS-001\n"},
            ["EVS-002: [test: tests/test_a.py] does not cite it"],
        ),
        (
            [case("a", "EVS-001")],
            {"tests__test_a": "# all\n"},
            ["EVS-002: [test: tests/test_a.py] is missing or cites no rule"],
        ),
        ([case("a", "EVS-001"), case("b")], {}, ["case b: cites no rule"]),
        ([case("a", "EVS-001", "EVS-009")], {}, ["case a: SPEC.md has no EVS-009"]),
        (
            [case("a", "EVS-001")],
            {"conformance__c": "# EVS-009\n# EVS-009, EVS-008"},
            [
                "conformance/c.py: SPEC.md has no EVS-008",
                "conformance/c.py: SPEC.md has no EVS-009",
            ],
        ),
    ],
)
def test_what_is_missing_is_told(
    tmp_path: Path, cases: List[Case], changed: Dict[str, str], expected: List[str]
) -> None:
    assert faults(traced(tmp_path, cases, **changed)) == expected


def test_a_range_of_rules_cites_none(tmp_path: Path) -> None:
    cited = traced(
        tmp_path, [], conformance__c="# EVS-001 to EVS-099, EVS-050 to 060, EVS-003"
    ).code
    assert [place.id for place in cited if place.file == "conformance/c.py"] == ["EVS-003"]


def test_citations_know_their_function() -> None:
    text = '''# EVS-001
def f():
    """EVS-002"""

    def inner():
        pass  # EVS-003
    # EVS-004


class A:
    x = 1  # EVS-005
    def g(self):

        return 2  # EVS-006
# EVS-007
'''
    assert list(cited_ids("a.py", text.splitlines(True))) == [
        Cited("a.py", "", "EVS-001"),
        Cited("a.py", "f", "EVS-002"),
        Cited("a.py", "f.inner", "EVS-003"),
        Cited("a.py", "f", "EVS-004"),
        Cited("a.py", "A", "EVS-005"),
        Cited("a.py", "A.g", "EVS-006"),
        Cited("a.py", "", "EVS-007"),
    ]


def test_there_is_no_trace_without_a_checkout(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the rules of .*SPEC.md"):
        read_trace([], str(tmp_path))


# ---- the page ----------------------------------------------------------------------------------

SECTIONS = """
### EVS-001

A decoder MUST do this.

- code (1): [refimpl/a.py](../refimpl/a.py) `f`
- cases (2): `evs-one`, `evs-two`

### EVS-002

A decoder MUST do that, which no question reaches.

- code (1): [conformance/b.py](../conformance/b.py)
- tests (1): [tests/test_a.py](../tests/test_a.py)
- mutants (1): `mine`

### EVS-003

A decoder SHOULD do more.

- code (2): [refimpl/a.py](../refimpl/a.py) `f`, [refimpl/c.py](../refimpl/c.py) `g`
- cases (1): `evs-two`
"""


def test_the_page_has_a_section_for_each_rule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace, "MUTANTS", [Mutant("mine", "EVS-002", "w", "a", "x", "y")])
    found = traced(
        tmp_path,
        [case("evs-one", "EVS-001"), case("evs-two", "EVS-001", "EVS-003")],
        refimpl__c="def g():\n    # EVS-003\n    y  # EVS-003\n",
    )
    assert page(found).endswith("3 rules, 2 cases.\n" + SECTIONS)


def test_combinations_of_values_share_one_entry(tmp_path: Path) -> None:
    mixed = [case(f"sign-mix-0000000{index}", "EVS-001") for index in range(3)]
    assert "- cases (2): `evs-one`, `sign-mix-*`\n" in page(
        traced(tmp_path, [case("evs-one", "EVS-001"), *mixed])
    )


def suite(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    written: bool,
    cases: List[Case],
    broken: List[Any],
) -> Any:
    monkeypatch.setattr(trace, "read_cases", lambda: (cases, broken))
    monkeypatch.setattr(trace, "scenario_cases", lambda: [case("invoke-one", "EVS-003")])
    write(tmp_path, GOOD)
    lines: List[str] = []
    return trace_suite(argparse.Namespace(write=written), lines.append, str(tmp_path)), lines


def test_the_page_is_written_and_held_against_the_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [case("evs-one", "EVS-001")]
    absent = "docs/trace.md: No such file or directory; run `conformance trace --write`"
    assert suite(tmp_path, monkeypatch, False, cases, []) == (
        1,
        [absent, "3 rules, 2 cases, 1 gap"],
    )
    assert suite(tmp_path, monkeypatch, True, cases, []) == (0, ["3 rules, 2 cases, 0 gaps"])
    assert suite(tmp_path, monkeypatch, False, cases, []) == (0, ["3 rules, 2 cases, 0 gaps"])
    stale = "docs/trace.md is outdated; run `conformance trace --write`"
    assert suite(tmp_path, monkeypatch, False, cases + [case("evs-two", "EVS-001")], []) == (
        1,
        [stale, "3 rules, 3 cases, 1 gap"],
    )


def test_a_broken_vector_file_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = [UsageError("evs.json: is broken")]
    assert suite(tmp_path, monkeypatch, True, [case("evs-one", "EVS-001")], broken) == (
        1,
        ["evs.json: is broken", "3 rules, 2 cases, 1 gap"],
    )


# ---- this repository ---------------------------------------------------------------------------


@pytest.mark.slow
def test_nothing_is_missing_in_this_repository() -> None:
    """If this fails, run `python3 -m conformance trace --write`."""
    found = read_trace(committed_cases() + scenario_cases())
    assert faults(found) == []
    assert check_page(found) == []
    verification = "refimpl/sigv4_verification.py"
    assert "SIG-047" in {cited.id for cited in found.code if cited.file == verification}
