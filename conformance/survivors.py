# SPDX-License-Identifier: MIT
"""Why some mutants that are made by machine cannot be killed by any vector: a table of reasons.

equivalent:   the same behaviour by another way
speed:        the same behaviour, sooner or later, or with more or less memory
message:      another wording or other evidence in an error; vectors judge kinds, codes and outputs
unreachable:  no operation of the adapter protocol comes here, or not with such a value
hole:         a case is missing

A row names a module, functions and a fragment of the line, each as far as it is needed; the first row that fits decides.
"""
import re
from typing import NamedTuple

from .generated import Place

Row = NamedTuple("Row", [("module", str), ("functions", str), ("line", str), ("change", str), ("reason", str)])

ROWS = (
    Row(".*", r".*__(repr|str|hash|eq|reduce|setattr|delattr)__", "", "", "unreachable"),
)


def reason_of(place: Place, line: str, unreached: bool) -> str:
    """Return why a mutant on that line of source is not killed."""
    for row in ROWS:
        if (re.fullmatch(row.module, place.module) and re.fullmatch(row.functions, place.function) and row.line in line
                and re.search(row.change, place.what)):
            return row.reason
    return "unreachable" if unreached else "hole"
