# SPDX-License-Identifier: MIT
"""tests/rows.py: `for_each` runs every row and reports all failures together."""

import inspect

import pytest

from tests.rows import SHOWN, first_fast, for_each


def test_runs_every_row_with_the_fixtures() -> None:
    seen = []

    @for_each("a, b", [(1, 2), pytest.param(3, 4, id="second")])
    def check(tmp_path: str, a: int, b: int) -> None:
        seen.append((tmp_path, a, b))

    assert list(inspect.signature(check).parameters) == ["tmp_path"]
    check(tmp_path="fixture")
    assert seen == [("fixture", 1, 2), ("fixture", 3, 4)]


def test_two_tables_are_combined() -> None:
    seen = []

    @for_each("a", [1, 2])
    @for_each("b", ["x", "y"])
    def check(a: int, b: str) -> None:
        seen.append((a, b))

    check()
    assert seen == [(1, "x"), (1, "y"), (2, "x"), (2, "y")]


def test_reports_all_failing_rows_by_name() -> None:
    @for_each("a", [0, 1, 2], ids=["zero", "one", "two"])
    def check(a: int) -> None:
        if a == 2:
            with pytest.raises(ValueError, match="nothing"):
                int("2")
        assert a == 1, f"it is {a}"

    with pytest.raises(pytest.fail.Exception) as caught:
        check()
    report = str(caught.value)
    assert report.startswith("2 of 3 rows failed\n---- zero\nTraceback")
    assert "it is 0" in report and "---- two" in report and "DID NOT RAISE" in report
    assert "---- one" not in report


def test_names_of_rows() -> None:
    def check(a: object) -> None:
        raise ValueError(a)

    for ids, name in ((None, "---- 'a\\xe4'\n"), (lambda value: value * 2, "---- aäaä\n")):
        with pytest.raises(pytest.fail.Exception) as caught:
            for_each("a", ["aä"], ids=ids)(check)()
        assert name in str(caught.value)


def test_a_long_report_is_limited() -> None:
    @for_each("a", range(SHOWN + 2))
    def check(a: int) -> None:
        raise ValueError("wrong")

    with pytest.raises(pytest.fail.Exception) as caught:
        check()
    assert str(caught.value).count("ValueError: wrong") == SHOWN
    assert str(caught.value).endswith("---- and 10, 11")


def test_skips_if_every_row_skips() -> None:
    def check(a: int) -> None:
        if a:
            pytest.skip("not here")

    for_each("a", [1, 0])(check)()
    for_each("a", [0, 1])(check)()
    with pytest.raises(pytest.skip.Exception, match="all 2 rows: not here"):
        for_each("a", [1, 2])(check)()


def test_rejects_tables_that_do_not_fit() -> None:
    def check(a: int) -> None:
        pass

    for arguments, message in (
        (("a", []), "at least one row"),
        (("a, b", [(1, 2)]), "no parameter b"),
        (("a, b", [(1,)]), "1 values instead of 2"),
        (("a", [pytest.param(1, marks=pytest.mark.slow)]), "no marks"),
        (("a", [1], ["x", "y"]), "1 rows, but 2 ids"),
    ):
        with pytest.raises(AssertionError, match=message):
            for_each(*arguments)(check)


def test_all_but_the_first_rows_are_slow() -> None:
    rows = first_fast([(1, "a"), "b", 3], 2)
    assert [row.values for row in rows] == [(1, "a"), ("b",), (3,)]
    assert [[mark.name for mark in row.marks] for row in rows] == [[], [], ["slow"]]
