# SPDX-License-Identifier: MIT
"""Tests of conformance/report/terminal.py: few lines, in a useful order."""

import re
from typing import List

import pytest

from conformance.cases.rules import Rule, load_rules
from conformance.cases.scenarios import scenario_cases
from conformance.report.terminal import (
    case_lines,
    diagnosis,
    headline,
    hex_lines,
    report_lines,
    summary,
    totals,
)
from conformance.run.verdicts import (
    ACCEPTABLE,
    ADAPTER,
    BLOCKED,
    CRASH,
    FAIL,
    HANG,
    PASS,
    UNSUPPORTED,
    XFAIL,
    XPASS,
    Difference,
    Result,
    suspects,
)
from tests.support import committed_cases, made_result

RULES = {
    name: Rule(
        name,
        "A reader MUST read. " * 10 if name == "EVS-001" else f"Text of {name}.",
        ("MUST",),
        (),
        (),
    )
    for name in ("EVS-001", "EVS-002", "EVS-003")
}
HALF_RULE = " ".join(["A reader MUST read."] * 5)  # reports wrap EVS-001 to two such lines
DIFFERENCE = Difference("messages[0].payload", b"one", b"two")


def test_nothing_wrong_is_told_in_a_table() -> None:
    results = [
        made_result("evs-a"),
        made_result("evs-b", ACCEPTABLE, note="why"),
        made_result("txt-a", UNSUPPORTED, op="text.sse"),
    ]
    assert report_lines(results, RULES) == [
        " " * 20 + "         PASS   ACCEPTABLE  UNSUPPORTED",
        "eventstream.decode              1            1            -",
        "text.sse                        -            -            1",
        "ACCEPTABLE 1 case: why: evs-b",
        "3 cases: 1 PASS, 1 ACCEPTABLE, 1 UNSUPPORTED",
    ]
    assert report_lines([], RULES) == totals([]) == ["no case was run"]


def test_a_failure_in_full() -> None:
    failed = made_result(
        "evs-a", FAIL, DIFFERENCE, rules=("EVS-001", "EVS-002"), way="bytewise", message="checksum"
    )
    assert report_lines([failed], RULES)[:10] == [
        "FAIL evs-a [eventstream.decode, bytewise]: a title",
        f"  EVS-001   {HALF_RULE}",
        f"            {HALF_RULE}",
        "  also      EVS-002",
        "  stage     messages[0].payload",
        "  expected  one",
        "  actual    two",
        "            ^",
        "  message   checksum",
        "  why       what it costs",
    ]


def test_a_diagnosis_tells_what_there_is() -> None:
    assert diagnosis(made_result("a", CRASH, note="it ended"), {}, {"a": "EVS-001"}) == [
        "EVS-001   ",
        "found     it ended",
        "why       what it costs",
    ]
    assert diagnosis(made_result("a", ADAPTER, rules=()), RULES, {}) == ["why       what it costs"]
    refused = made_result("a", FAIL, Difference("status", "ok", "reject x: no"), message="no")
    assert not [line for line in diagnosis(refused, RULES, {}) if line.startswith("it says")], (
        "it stands in `actual`"
    )
    assert diagnosis(
        made_result("a", FAIL, DIFFERENCE, rules=("EVS-001", "EVS-002", "EVS-003")),
        RULES,
        {"a": "EVS-002"},
    )[:2] == ["EVS-002   Text of EVS-002.", "also      EVS-001 EVS-003"]


def test_control_characters_of_an_adapter_are_never_shown() -> None:
    results = [
        made_result(
            "a", FAIL, Difference("headers.\x1b[2J", "\x1b[2J", "\x1b[31m"), message="\x1b[2J"
        ),
        made_result("b", CRASH, note="\x1b[2J\n"),
        made_result("c", ADAPTER, note="x\x1b[2J"),
    ]
    assert all(
        "\x1b" not in line and "\n" not in line
        for line in report_lines(results, RULES) + [headline(one) for one in results]
    )


def test_a_headline() -> None:
    assert (
        headline(made_result("a", FAIL, DIFFERENCE, way="halves"))
        == "FAIL a (halves): messages[0].payload: expected one, got two"
    )
    assert headline(made_result("a", HANG, note="no answer")) == "HANG a: no answer"
    long = headline(made_result("a", FAIL, Difference("x", "a" * 500 + "b", "a" * 500 + "c")))
    assert len(long) < 150 and "ab" in long and "ac" in long


def test_the_first_of_two_groups_in_full_and_a_line_each_for_the_rest() -> None:
    results = [
        made_result("evs-a", FAIL, DIFFERENCE),
        made_result("evs-z", CRASH, note="it ended"),
        made_result("evs-b", FAIL, DIFFERENCE, rules=("EVS-002", "EVS-003")),
        made_result("evs-c", FAIL, DIFFERENCE, rules=("EVS-002",)),
        made_result("evs-d", XPASS, note="take it off"),
    ]
    lines = report_lines(results, RULES)
    heads = [line for line in lines if re.match("FAIL|CRASH|XPASS", line)]
    assert heads == [
        "FAIL evs-c [eventstream.decode, whole]: a title",
        "FAIL evs-a [eventstream.decode, whole]: a title",
        "FAIL evs-b: messages[0].payload: expected one, got two",
        "CRASH evs-z: it ended",
        "XPASS evs-d: take it off",
    ]
    assert lines[-1] == "5 cases: 3 FAIL, 1 CRASH, 1 XPASS"


def test_what_is_known_blocked_or_fine_has_no_line_of_its_own() -> None:
    for word in (PASS, XFAIL, BLOCKED, UNSUPPORTED):
        assert (
            len(
                report_lines(
                    [made_result("evs-a", word, DIFFERENCE if word == XFAIL else None)], RULES
                )
            )
            == 3
        )


def test_an_acceptable_outcome_is_named_with_its_reason() -> None:
    def acceptable(name: str, *departures: str) -> Result:
        result = made_result(name, ACCEPTABLE, note="a reason (DIV-001)")
        return result._replace(verdict=result.verdict._replace(departures=departures))

    results = [acceptable(f"sig-{number}", "adds and signs content-length") for number in range(3)]
    results += [acceptable("sig-a", "adds date", "leaves te unsigned", "leaves dnt unsigned")]
    assert report_lines(results + [acceptable("sig-b")], RULES)[2:-1] == [
        "ACCEPTABLE 3 cases: adds and signs content-length: sig-0 sig-1 sig-2",
        "ACCEPTABLE 1 case: adds date: sig-a",
        "ACCEPTABLE 1 case: leaves a given header unsigned: sig-a",
        "ACCEPTABLE 1 case: a reason (DIV-001): sig-b",
    ]
    many = [acceptable(f"sig-{number}", f"adds {number}") for number in range(30)]
    lines = report_lines(many, RULES)
    assert "and 18 more reasons" in lines and len(lines) < 40


@pytest.mark.parametrize("rules, cases", [(1, 300), (40, 2), (12, 12), (3, 5), (100, 1)])
def test_a_person_can_act_on_forty_lines(rules: int, cases: int) -> None:
    results = [
        made_result(f"evs-{rule}-{case}", FAIL, DIFFERENCE, rules=(f"EVS-{rule:03}",))
        for rule in range(1, rules + 1)
        for case in range(cases)
    ]
    lines = report_lines(results, RULES)
    assert len(lines) <= 40 and all(len(line) <= 150 for line in lines)
    told = sum(
        int(match.group(1))
        for match in (re.search(r"(?::|^and) ([0-9]+) more", line) for line in lines)
        if match
    )
    alone = sum(line.startswith("FAIL ") for line in lines)
    assert told + alone == rules * cases, "none is left out of the count"


def test_many_names_are_cut_to_a_line() -> None:
    results = [made_result(f"evs-{case}", FAIL, DIFFERENCE) for case in range(50)]
    [line] = [line for line in report_lines(results, RULES) if " more: " in line]
    assert line.startswith("EVS-001: 49 more: evs-1 evs-2 ") and re.search(
        r" and [0-9]+ others\Z", line
    )


def test_the_summary_counts_each_verdict() -> None:
    assert (
        summary([made_result("a"), made_result("b"), made_result("c", FAIL)])
        == "3 cases: 2 PASS, 1 FAIL"
    )


# ---- one case ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_every_case_can_be_shown() -> None:
    rules = load_rules()
    for case in committed_cases() + scenario_cases():
        lines = case_lines(case, rules)
        assert lines[0] == f"{case.id}: {case.title}" and not any("\n" in line for line in lines)
        assert all(any(line.startswith(rule + "  ") for line in lines) for rule in case.rules)


def shown(name: str) -> List[str]:
    return case_lines(next(case for case in scenario_cases() if case.id == name), {})


def test_a_case_is_shown_with_its_bytes_annotated() -> None:
    case = made_result("evs-a").case._replace(
        input={"frames": "frame a='x' payload('hi') crc(wrong)"},
        needs=("evs-b",),
        chunking=("whole", "halves"),
        acceptable=(
            {
                "expect": {"status": "reject", "kind": "header"},
                "why": "reason",
                "divergence": "DIV-001",
            },
        ),
    )
    assert case_lines(case, RULES) == [
        "evs-a: a title",
        "",
        "op        eventstream.decode",
        "level     MUST, since 0.1.0, derived",
        "why       what it costs",
        f"EVS-001   {HALF_RULE}",
        f"          {HALF_RULE}",
        "needs     evs-b",
        "chunking  whole halves",
        "",
        "input",
        "  {}",
        "",
        "bytes     24",
        "  frame a='x' payload('hi') crc(wrong)",
        "  000000  00 00 00 18 00 00 00 06 dc d1 a6 1f 01 61 07 00  .............a..",
        "  000010  01 78 68 69 99 53 3b 3b                          .xhi.S;;",
        "",
        "expected",
        '  {"status": "ok"}',
        "",
        "acceptable (DIV-001): reason",
        '  {"status": "reject", "kind": "header"}',
    ]


@pytest.mark.slow
def test_a_call_is_shown_with_what_the_endpoint_plays() -> None:
    lines = shown("invoke-frames-merged")
    begin = lines.index("the endpoint plays, framing chunked, ending clean")
    assert (
        lines[begin + 1] == "  HTTP/1.1 200 OK"
        and "  Content-Type: application/vnd.amazon.eventstream" in lines
    )
    assert any(line.startswith("  frame ") and "payload('one ')" in line for line in lines[begin:])
    assert any("truncated after" in line for line in shown("invoke-cut-between-frames-length"))
    assert any(
        line.startswith("  000000  48 54 54 50") for line in shown("invoke-chunk-extensions")
    )
    assert any(
        re.match(r"  \.\.\. [0-9]+ more lines", line) for line in shown("invoke-long-answer")
    )


def test_a_long_document_has_many_lines() -> None:
    case = made_result("evs-a").case._replace(
        input={"chunks": ["AA==" * 30] * 3}, op="eventstream.decode"
    )
    assert sum("AA==" in line for line in case_lines(case, RULES)) == 3


def test_bytes_in_hexadecimal() -> None:
    assert hex_lines(b"") == []
    assert hex_lines(bytes(range(30, 50)))[1] == "000010  2e 2f 30 31" + " " * 36 + "  ./01"
    assert hex_lines(b"x" * 40, 16) == [
        "000000  " + " ".join(["78"] * 16) + "  " + "x" * 16,
        "... 24 more bytes",
    ]


def test_text_carried_by_a_case_is_shown_in_hexadecimal() -> None:
    case = made_result("txt-a", op="text.lines").case._replace(input={"text": "a\n"})
    assert "  000000  61 0a" + " " * 42 + "  a." in case_lines(case, RULES)


def test_suspects_choose_the_group() -> None:
    results = [
        made_result("a", FAIL, DIFFERENCE, rules=("EVS-001", "EVS-002")),
        made_result("b", PASS, rules=("EVS-001",)),
    ]
    assert suspects(results) == {"a": "EVS-002"} and report_lines(results, RULES)[1].startswith(
        "  EVS-002"
    )
