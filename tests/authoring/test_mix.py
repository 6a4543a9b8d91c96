# SPDX-License-Identifier: MIT
"""Tests of mix.py: covers of small tables, files of rows, and the committed rows of all tables."""

import hashlib
from itertools import combinations, product

import pytest

from authoring import features, mix
from authoring.mix import (
    USUAL,
    RowMistake,
    Table,
    Value,
    cover,
    covers,
    mix_id,
    rows_of,
    stored_rows,
    text_of_rows,
    title_of,
    values,
)
from tests.rows import for_each

pytestmark = pytest.mark.slow  # the whole file; --fast does not import it

FEATURES = features()  # imports all modules
SMALL = Table(
    "small",
    {"a": values("-", "a1", "a2"), "b": values("-", "b1"), "c": values("-", "c1", "c2", "c3")},
)


def meetings(rows, names):
    return {tuple(row[name] for name in names) for row in rows}


def test_any_two_values_meet():
    rows = cover(SMALL)
    for names in combinations(SMALL.dimensions, 2):
        assert meetings(rows, names) == set(product(*(SMALL.dimensions[name] for name in names)))
    assert 12 <= len(rows) <= 14 < 24
    assert cover(SMALL) == rows


def test_any_three_values_of_close_dimensions_meet():
    rows = cover(SMALL._replace(closely=[("a", "b", "c")]))
    assert len(rows) == 24 == len(meetings(rows, ("a", "b", "c")))


def test_rows_that_the_table_does_not_allow_are_left_out():
    def allows(row):
        return (row.get("a"), row.get("b")) != ("a1", "b1")

    rows = cover(SMALL._replace(allows=allows))
    assert ("a1", "b1") not in meetings(rows, ("a", "b"))
    assert len(meetings(rows, ("a", "b"))) == 5 and len(meetings(rows, ("a", "c"))) == 12
    with pytest.raises(RowMistake, match="no value of b goes with"):
        cover(SMALL._replace(allows=lambda row: "c" not in row or row["c"] == "-" or len(row) == 2))


def test_given_rows_stay_and_a_new_value_only_adds_rows():
    rows = cover(SMALL)
    assert cover(SMALL, rows) == rows
    larger = SMALL._replace(dimensions=dict(SMALL.dimensions, b=values("-", "b1", "b2")))
    longer = cover(larger, rows)
    assert longer[: len(rows)] == rows and len(longer) <= len(rows) + 5
    assert all(row["b"] == "b2" for row in longer[len(rows) :])


def test_candidates():
    candidates = [{"a": a, "b": b} for a, b in (("1", "x"), ("1", "y"), ("2", "x"), ("2", "y"))]
    assert len(covers(candidates, [("a",), ("b",)])) == 2
    assert len(covers(candidates, [("a", "b")])) == 4
    assert covers(candidates, [("a",)], candidates[2:3]) == [candidates[2], candidates[0]]


def test_rules_contents_and_titles():
    table = Table(
        "t",
        {
            "a": {USUAL: Value(1), "big": Value(2, "SIG-002 SIG-001")},
            "b": {"x": Value(3, "SIG-001")},
        },
    )
    row = {"a": "big", "b": "x"}
    assert table.rules(row) == ["SIG-002", "SIG-001"] and table.contents(row) == {"a": 2, "b": 3}
    assert title_of(row) == "big, x" and title_of({"a": USUAL}) == "all values as usual"


def test_an_id_is_a_hash_of_operation_and_input():
    text = '{"input":{"a":"\u00e9","b":[1]},"op":"sigv4.sign"}'
    assert mix_id("sign-mix-", "sigv4.sign", {"b": [1], "a": "\u00e9"}) == (
        "sign-mix-" + hashlib.sha256(text.encode("utf-8")).hexdigest()[:8]
    )


def test_files_of_rows(tmp_path, monkeypatch):
    rows = cover(SMALL)
    assert stored_rows(SMALL, tmp_path) == []
    (tmp_path / "small.tsv").write_text(text_of_rows(SMALL, rows), encoding="utf-8")
    assert stored_rows(SMALL, tmp_path) == rows
    # A dimension that the file lacks has its usual value.
    wider = SMALL._replace(dimensions=dict(SMALL.dimensions, d=values("-", "d1")))
    assert stored_rows(wider, tmp_path) == [dict(row, d="-") for row in rows]
    (tmp_path / "small.tsv").write_text("a\tb\tc\n-\tb9\tc1\n", encoding="utf-8")
    with pytest.raises(RowMistake, match=r"small.tsv, line 2: b has no value b9"):
        stored_rows(SMALL, tmp_path)
    monkeypatch.setattr(mix, "MADE", {})
    assert rows_of(SMALL, lambda stored: stored + rows[:1]) == rows[:1]
    mix.write_rows(tmp_path / "new")
    assert (tmp_path / "new" / "small.tsv").read_text("utf-8") == text_of_rows(SMALL, rows[:1])


# ---- the committed rows ------------------------------------------------------------------------


def test_the_committed_rows_are_up_to_date():
    committed = {path.name: path.read_text("utf-8") for path in mix.ROWS.iterdir()}
    assert committed == mix.MADE, "run python3 -m authoring"


@for_each("name", sorted(feature.name for feature in FEATURES if "-mix" in feature.name))
def test_the_ids_of_a_feature_are_hashes_of_its_inputs(name):
    (feature,) = [feature for feature in FEATURES if feature.name == name]
    for case in feature.cases:
        assert case["id"] == mix_id(feature.prefix, case["op"], case["input"])
