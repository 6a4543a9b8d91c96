# SPDX-License-Identifier: MIT
"""conformance/mutation/survivors.py: why some mutants that are made by machine cannot be killed."""

import re

import pytest

from conformance.mutation import survivors
from conformance.mutation.generated import Place, places
from conformance.mutation.mutants import source_of
from conformance.mutation.patch import places_of
from conformance.mutation.prove import GENERATED_MODULES
from conformance.mutation.survivors import ROWS, Row, reason_of
from tests.rows import for_each

REASONS = {"equivalent", "speed", "message", "bound", "unreachable"}


def place(module: str = "sigv4", function: str = "f", what: str = "1 -> 2") -> Place:
    return Place(0, module, function, 1, 1, 1, what)


def test_the_first_row_that_fits_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        survivors,
        "ROWS",
        (
            Row("sigv4", "f", "x = 1", "1 -> 2", "speed"),
            Row("sigv4", "f|g", "", "", "message"),
            Row(".*", "h", "", "", "equivalent"),
        ),
    )
    assert reason_of(place(), "x = 1", False) == "speed"
    assert reason_of(place(what="1 -> 0"), "x = 1", False) == "message"
    assert reason_of(place(function="g"), "x = 1", False) == "message"
    assert reason_of(place(module="http1"), "x = 1", False) == "hole"
    assert reason_of(place(module="http1", function="h"), "x = 1", True) == "equivalent"


def test_what_nobody_knows_is_a_hole_and_what_nothing_reaches_is_unreachable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(survivors, "ROWS", ())
    assert reason_of(place(), "", False) == "hole"
    assert reason_of(place(), "", True) == "unreachable"


def statement_of(place: Place) -> str:
    return "\n".join(source_of(place.module).splitlines()[place.first - 1 : place.last])


@pytest.mark.slow
@for_each("row", ROWS, ids=lambda row: f"{row.module} {row.functions} {row.code or row.change}")
def test_a_row_fits_some_mutant(row: Row) -> None:
    assert row.reason in REASONS
    found = [
        place
        for module in GENERATED_MODULES
        if re.fullmatch(row.module, module)
        for place in places(module)
        if re.fullmatch(row.functions, place.function)
        and re.search(row.change, place.what)
        and (not row.code or places_of(statement_of(place), row.code))
    ]
    assert found
