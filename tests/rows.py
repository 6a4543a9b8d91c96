# SPDX-License-Identifier: MIT
"""`for_each` runs a test function for every row of a table, as a single test.

It takes the arguments of `pytest.mark.parametrize`. pytest spends about 2 ms per test case on
set-up and reporting, which is more than most rows of data need. So `for_each` is the choice for
long tables of fast, pure data. It runs all rows, even after a failure, and reports every failing
row with its name and traceback.

Use `parametrize` where a row needs its own fixtures, because all rows of `for_each` share them.
If every row skips itself, the test is skipped.

`first_fast` marks all rows but the first ones as slow, for `parametrize`.
"""

import functools
import inspect
import traceback
from types import TracebackType
from typing import Any, Callable, Iterable, List, Optional, Sequence, Tuple, Union

import pytest

Test = Callable[..., None]
Ids = Union[None, Sequence[str], Callable[[Any], object]]
SHOWN = 10  # failing rows that are reported with a traceback; the others are only counted and named


def first_fast(rows: Iterable[Any], count: int = 1) -> List[Any]:
    """Return the rows of a parametrized test, all but the first few of them marked slow."""
    found = []
    for number, row in enumerate(rows):
        values = row if isinstance(row, tuple) else (row,)
        marks = [pytest.mark.slow] if number >= count else []
        found.append(pytest.param(*values, marks=marks))
    return found


def for_each(names: str, rows: Iterable[Any], ids: Ids = None) -> Callable[[Test], Test]:
    """Return a decorator that calls a test with each row and reports all failures together.

    names: parameter names, separated by commas. If there is one name, a row is its value.
    rows: at least one row. A row is a tuple of values, or a `pytest.param` without marks.
    ids: row names, or a function of one value. By default, the values name a row.
    """
    wanted = [name.strip() for name in names.split(",")]
    table = [_row(row, len(wanted)) for row in rows]
    assert table, "for_each needs at least one row"
    if ids is not None and not callable(ids):
        assert len(ids) == len(table), f"{len(table)} rows, but {len(ids)} ids"

    def decorate(test: Test) -> Test:
        @functools.wraps(test)
        def run_all(*args: Any, **fixtures: Any) -> None:
            __tracebackhide__ = True
            failed: List[Tuple[str, str]] = []
            skipped: List[str] = []
            for index, (name, values) in enumerate(table):
                try:
                    test(*args, **fixtures, **dict(zip(wanted, values)))
                except pytest.skip.Exception as reason:
                    skipped.append(str(reason))
                except (Exception, pytest.fail.Exception) as error:
                    failed.append((name or _name(values, ids, index), _shown(error)))
            if failed:
                pytest.fail(_report(failed, len(table)), pytrace=False)
            if len(skipped) == len(table):
                pytest.skip(f"all {len(table)} rows: {skipped[0]}")

        parameters = inspect.signature(test).parameters
        missing = [name for name in wanted if name not in parameters]
        assert not missing, f"{test.__name__} has no parameter {', '.join(missing)}"
        run_all.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [parameter for parameter in parameters.values() if parameter.name not in wanted]
        )
        return run_all

    return decorate


def _row(row: Any, count: int) -> Tuple[Optional[str], Tuple[Any, ...]]:
    """Return the name and the values of a row. The name is None if the row does not have one."""
    name = None
    if hasattr(row, "values") and hasattr(row, "marks"):  # pytest.param
        assert not row.marks, "for_each supports no marks"
        name, row = row.id, tuple(row.values)
    elif count == 1:
        row = (row,)
    assert len(row) == count, f"a row has {len(row)} values instead of {count}: {row!r}"
    return name, tuple(row)


def _name(values: Tuple[Any, ...], ids: Ids, index: int) -> str:
    if ids is None:
        return ", ".join(ascii(value) for value in values)[:200]
    if callable(ids):
        return ", ".join(str(ids(value)) for value in values)
    return ids[index]


def _shown(error: BaseException) -> str:
    """Return the traceback of an error without the frame of `run_all`."""
    frames: Optional[TracebackType] = error.__traceback__
    assert frames is not None
    return "".join(traceback.format_exception(type(error), error, frames.tb_next))


def _report(failed: List[Tuple[str, str]], count: int) -> str:
    lines = [f"{len(failed)} of {count} rows failed"]
    lines += [f"---- {name}\n{shown}" for name, shown in failed[:SHOWN]]
    if len(failed) > SHOWN:
        lines += ["---- and " + ", ".join(name for name, _ in failed[SHOWN:])]
    return "\n".join(lines)
