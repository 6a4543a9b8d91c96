# SPDX-License-Identifier: MIT
"""Combinations of values: which rows of a table of dimensions become cases.

A hand-written case varies one thing. A Table lists the *dimensions* of an operation, each with its
values, and cover() chooses *rows*, each with one value of every dimension, so that any two values
of different dimensions meet in at least one row (and any three values of the dimensions in
`closely`). A row is written as the labels of its values. Its case is made by a module mix_*.py,
and the title spells out the row.

The rows of a table are in the file authoring/rows/NAME.tsv. cover() begins with them, so a
published row stays, and a new value only adds rows at the end. A label keeps its meaning and is
never removed. A new dimension's first value must leave the input unchanged, because older rows
get it.

The id of a case is computed from its input (mix_id), so it changes if a label's meaning does.
"""

import hashlib
import json
from itertools import combinations, product
from pathlib import Path
from typing import (
    Any,
    Callable,
    Dict,
    Iterable,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Sequence,
    Set,
    Tuple,
)

ROWS = Path(__file__).resolve().parent / "rows"
USUAL = "-"  # the label of a dimension's usual value, which titles omit

Row = Dict[str, str]  # dimension to label
Meeting = Tuple[Tuple[str, str], ...]  # a dimension and a label, for each of two or three


class Value(NamedTuple):
    """A value of a dimension.

    content: what the module that makes the cases needs;  rules: ids, separated by spaces
    """

    content: Any = None
    rules: str = ""


class Table(NamedTuple):
    """The dimensions of an operation.

    name:       of the file with its rows
    dimensions: by name, the values by label; the first value is the usual one
    closely:    groups of dimensions, of which any three values meet
    allows:     whether a row, or a part of a row, is possible
    """

    name: str
    dimensions: Mapping[str, Mapping[str, Value]]
    closely: Sequence[Sequence[str]] = ()
    allows: Callable[[Row], bool] = lambda row: True

    def rules(self, row: Row) -> List[str]:
        """Return the rules of a row's values, the most special first."""
        found: List[str] = []
        for name, label in row.items():
            found += self.dimensions[name][label].rules.split()
        return list(dict.fromkeys(found))

    def contents(self, row: Row) -> Dict[str, Any]:
        """Return the contents of a row's values by dimension."""
        return {name: self.dimensions[name][label].content for name, label in row.items()}


class RowMistake(AssertionError):
    """A file of rows that does not fit its table."""


def values(*labels: str) -> Dict[str, Value]:
    """Return values whose content is their label."""
    return {label: Value(label) for label in labels}


def title_of(row: Row) -> str:
    """Return a row as the title of its case."""
    return ", ".join(label for label in row.values() if label != USUAL) or "all values as usual"


def mix_id(prefix: str, op: str, given: Mapping[str, Any]) -> str:
    """Return the id of a case: a prefix and eight digits of the hash of its operation and input."""
    text = json.dumps(
        {"op": op, "input": given}, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return prefix + hashlib.sha256(text.encode("utf-8")).hexdigest()[:8]


# ---- covers ------------------------------------------------------------------------------------


def cover(table: Table, rows: Sequence[Row] = ()) -> List[Row]:
    """Return the rows, and after them the fewest that a greedy search finds to cover the table."""
    missing = _meetings(table)
    usage = {(name, label): 0 for name in table.dimensions for label in table.dimensions[name]}
    covered = list(rows)
    for row in covered:
        _note(row, missing, usage, table)
    while missing:
        row = _best_row(table, missing, usage)
        _note(row, missing, usage, table)
        covered.append(row)
    return covered


def _groups(table: Table) -> Iterator[Tuple[str, ...]]:
    """Yield the names of dimensions whose values must meet: pairs, and threes of close ones."""
    yield from combinations(table.dimensions, 2)
    threes = {three for close in table.closely for three in combinations(close, 3)}
    yield from sorted(threes)


def _meetings(table: Table) -> "Dict[Meeting, None]":
    """Return all meetings of values that the table allows, in order."""
    return {
        tuple(zip(names, labels)): None
        for names in _groups(table)
        for labels in product(*(table.dimensions[name] for name in names))
        if table.allows(dict(zip(names, labels)))
    }


def _note(
    row: Row, missing: "Dict[Meeting, None]", usage: Dict[Tuple[str, str], int], table: Table
) -> None:
    for names in _groups(table):
        missing.pop(tuple((name, row[name]) for name in names), None)
    for place in row.items():
        usage[place] += 1


def _best_row(
    table: Table, missing: "Dict[Meeting, None]", usage: Mapping[Tuple[str, str], int]
) -> Row:
    """Return a row that begins with the first missing meeting and adds the best value of each
    dimension: the one that covers most, among equals the one that was used least.
    """
    begun: Row = dict(next(iter(missing)))
    groups: Dict[str, List[Tuple[str, ...]]] = {name: [] for name in table.dimensions}
    for names in _groups(table):
        for name in names:
            groups[name].append(names)
    # Dimensions with many values first, because they have the most meetings.
    for name in sorted(table.dimensions, key=lambda name: -len(table.dimensions[name])):
        if name in begun:
            continue
        best = None
        for index, label in enumerate(table.dimensions[name]):
            tried = dict(begun, **{name: label})
            if not table.allows(tried):
                continue
            gain = sum(
                tuple((other, tried[other]) for other in names) in missing
                for names in groups[name]
                if all(other in tried for other in names)
            )
            rank = (-gain, usage[name, label], index)
            if best is None or rank < best[0]:
                best = rank, label
        if best is None:
            raise RowMistake(f"{table.name}: no value of {name} goes with {begun}")
        begun[name] = best[1]
    return {name: begun[name] for name in table.dimensions}


def covers(
    candidates: Sequence[Row], together: Sequence[Tuple[str, ...]], rows: Sequence[Row] = ()
) -> List[Row]:
    """Return the rows, and after them the candidates that a greedy search chooses.

    Each meeting of the dimensions in `together` that occurs in a candidate occurs in a row. Use it
    where few combinations of values are possible.
    """

    def meetings(row: Row) -> Set[Meeting]:
        return {tuple((name, row[name]) for name in names) for names in together}

    missing: Set[Meeting] = set()
    for row in candidates:
        missing |= meetings(row)
    chosen = list(rows)
    for row in chosen:
        missing -= meetings(row)
    left = [(row, meetings(row)) for row in candidates]
    while missing:
        best, found = max(left, key=lambda pair: len(pair[1] & missing))
        chosen.append(best)
        missing -= found
    return chosen


# ---- the files of rows -------------------------------------------------------------------------


def stored_rows(table: Table, folder: Path = ROWS) -> List[Row]:
    """Return the rows in a table's file. Raises RowMistake for an unknown dimension or label.

    A dimension that the file lacks has its usual value.
    """
    path = folder / (table.name + ".tsv")
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    names = lines[0].split("\t")
    usual = {name: next(iter(labels)) for name, labels in table.dimensions.items()}
    rows = []
    for number, line in enumerate(lines[1:], 2):
        row = dict(usual, **dict(zip(names, line.split("\t"))))
        for name, label in row.items():
            if label not in table.dimensions.get(name, ()):
                raise RowMistake(f"{path.name}, line {number}: {name} has no value {label}")
        rows.append(row)
    return rows


def text_of_rows(table: Table, rows: Iterable[Row]) -> str:
    """Return the content of a table's file."""
    lines = [list(table.dimensions)] + [list(row.values()) for row in rows]
    return "".join("\t".join(line) + "\n" for line in lines)


MADE: Dict[str, str] = {}  # the files of rows that the modules have made, by name


def rows_of(table: Table, choose: Callable[[List[Row]], List[Row]] = None) -> List[Row]:  # type: ignore[assignment]
    """Return the rows of a table: the stored ones and, if they do not cover it, more.

    choose: returns given rows and more, by default cover()
    """
    stored = stored_rows(table)
    rows = cover(table, stored) if choose is None else choose(stored)
    MADE[table.name + ".tsv"] = text_of_rows(table, rows)
    return rows


def write_rows(folder: Path = ROWS) -> None:
    """Write the files of all tables whose modules are imported."""
    folder.mkdir(exist_ok=True)
    for name, text in MADE.items():
        (folder / name).write_text(text, encoding="utf-8")
