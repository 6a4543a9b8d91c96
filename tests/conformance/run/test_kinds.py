# SPDX-License-Identifier: MIT
"""Tests of conformance/run/kinds.py, and of the verdicts on rejections of several kinds."""

from typing import Any, Dict, List, Tuple

import pytest

from conformance.cases.questions import Question
from conformance.protocol.messages import REJECT_KINDS
from conformance.run.kinds import is_unknown, kinds_of, unknown_kinds
from conformance.run.verdicts import (
    ACCEPTABLE,
    BLOCKED,
    FAIL,
    PASS,
    UNSUPPORTED,
    Difference,
    count_not_judged,
    exit_code,
    judge,
    settle,
)
from tests.support import made_result

Json = Dict[str, Any]
NAMES: Json = {"Crc": ["prelude_crc", "message_crc"], "Any": "*", "Text": "utf8"}
MESSAGE: Json = {"headers": [], "payload": "YQ=="}


def rejected_case(decides: str = "", **output: Any) -> Question:
    """Return a request that is rejected with the kind utf8 after this output."""
    expect: Json = {"status": "reject", "kind": "utf8"}
    if output:
        expect["output"] = output
    case = made_result("evs-a", op="eventstream.decode").case
    case = case._replace(expect=expect, decides=decides)
    return Question(case, "whole", {}, expect)


def reject(kind: str, **more: Any) -> Json:
    return dict({"status": "reject", "kind": kind}, **more)


def test_names_stand_for_kinds() -> None:
    assert kinds_of("utf8", {}, 2) == ("utf8",)
    assert kinds_of("Text", NAMES, 2) == ("utf8",)
    assert kinds_of("Crc", NAMES, 2) == ("prelude_crc", "message_crc")
    assert kinds_of("Any", NAMES, 2) == kinds_of("Other", NAMES, 2) == REJECT_KINDS
    assert kinds_of("Other", NAMES, 1) == ("Other",)
    assert is_unknown("Other", NAMES) and not is_unknown("Any", NAMES)
    assert not is_unknown("utf8", NAMES) and not is_unknown(7, NAMES)


def test_each_version_has_its_values_of_kinds() -> None:
    assert unknown_kinds(NAMES, 2) == []
    assert unknown_kinds(NAMES, 1) == [["prelude_crc", "message_crc"], "*"]
    wrong: List[Any] = [[], ["utf8", "crc"], ["utf8", 7], {}, None, "crc", ["*"]]
    assert unknown_kinds({str(index): value for index, value in enumerate(wrong)}, 2) == wrong


@pytest.mark.parametrize(
    "name, word, not_judged",
    [
        ("utf8", PASS, ()),
        ("Text", PASS, ()),
        ("Any", PASS, ("kind",)),
        ("ParseError", PASS, ("kind",)),
        ("Crc", FAIL, ()),
        ("limit", FAIL, ()),
    ],
)
def test_a_rejection_fits_if_its_kind_may_be_the_expected_one(
    name: str, word: str, not_judged: Tuple[str, ...]
) -> None:
    found = judge(rejected_case(), reject(name), NAMES, protocol=2)
    assert (found.word, tuple(set(found.not_judged) - {"after"})) == (word, not_judged)


def test_several_kinds_that_are_all_expected_are_one() -> None:
    asked = rejected_case()
    asked.expect["kind"] = ["prelude_crc", "message_crc"]
    found = judge(asked, reject("Crc"), NAMES, protocol=2)
    assert found.word == PASS and "kind" not in found.not_judged


def test_a_case_that_the_kind_decides_needs_one_kind() -> None:
    asked = rejected_case(decides="kind")
    assert judge(asked, reject("utf8"), NAMES, protocol=2).word == PASS
    found = judge(asked, reject("ParseError"), NAMES, protocol=2)
    assert (found.word, found.note) == (
        UNSUPPORTED,
        "its ParseError may be of several kinds, but the kind decides this case",
    )
    assert judge(asked, {"status": "ok", "output": {"messages": []}}, protocol=2).word == FAIL


def test_several_kinds_and_no_output_where_results_are_expected() -> None:
    with_results = rejected_case(messages=[MESSAGE])
    assert judge(with_results, reject("ParseError"), {}, protocol=2).word == UNSUPPORTED
    right = reject("ParseError", output={"messages": [MESSAGE]})
    assert judge(with_results, right, {}, protocol=2).word == PASS
    wrong = reject("ParseError", output={"messages": []})
    assert judge(with_results, wrong, {}, protocol=2).word == FAIL
    without = rejected_case(messages=[])
    found = judge(without, reject("ParseError"), {}, protocol=2)
    assert found.word == PASS and {"kind", "output"} <= set(found.not_judged)


def test_an_unknown_name_fails_in_version_1() -> None:
    found = judge(rejected_case(), reject("ParseError"), {}, protocol=1)
    assert found.word == FAIL and found.difference is not None
    assert found.difference.stage == "kind" and "map it with `kinds`" in found.difference.actual


def test_code_and_fields_are_judged_whatever_the_kinds() -> None:
    asked = rejected_case()
    asked.expect.update(code="ModelError", fields={"Message": "m"})
    answer = reject("ParseError", code="ModelError", fields={"Message": "m"})
    assert judge(asked, answer, {}, protocol=2).word == PASS
    assert judge(asked, dict(answer, code="Other"), {}, protocol=2).word == FAIL
    assert judge(asked, dict(answer, fields={}), {}, protocol=2).word == FAIL


def test_a_strict_judge_fails_what_is_not_judged() -> None:
    for asked, answer, names in (
        (rejected_case(), reject("Any"), NAMES),
        (rejected_case(decides="kind"), reject("Any"), NAMES),
        (rejected_case(messages=[]), reject("utf8"), {}),
    ):
        assert judge(asked, answer, names, protocol=2).word in (PASS, UNSUPPORTED)
        assert judge(asked, answer, names, protocol=2, strict=True).word == FAIL
    unsupported = {"status": "unsupported", "reason": "no"}
    assert judge(rejected_case(), unsupported, strict=True).word == UNSUPPORTED


def test_an_adapter_that_rejects_everything_gains_nothing() -> None:
    accepted = made_result("ok", FAIL, Difference("status", "ok", "reject"))
    rejected = made_result("bad", PASS)
    rejected = rejected._replace(case=rejected.case._replace(expect=reject("utf8")))
    acceptable = rejected._replace(verdict=rejected.verdict._replace(word=ACCEPTABLE))
    other = rejected._replace(case=rejected.case._replace(op="text.lines"))
    found = settle([accepted, rejected, acceptable, other])
    assert [result.verdict.word for result in found] == [FAIL, BLOCKED, BLOCKED, PASS]
    assert "no accepted case of eventstream.decode passes" in found[1].verdict.note
    for word in (PASS, ACCEPTABLE):
        one = made_result("ok", word)
        assert [result.verdict.word for result in settle([one, rejected])] == [word, PASS]
    failing = rejected._replace(verdict=accepted.verdict)
    assert settle([accepted, failing])[1].verdict.word == FAIL, "a failure stays one"
    assert exit_code(settle([accepted, rejected])) == 1


def test_counts_of_what_is_not_judged() -> None:
    results = [
        made_result("a")._replace(verdict=made_result("a").verdict._replace(not_judged=facets))
        for facets in (("after", "output"), ("after",), ())
    ]
    assert count_not_judged(results) == {"eventstream.decode": {"output": 1, "after": 2}}
    assert list(count_not_judged(results)["eventstream.decode"]) == ["output", "after"]
    assert count_not_judged([]) == {}
