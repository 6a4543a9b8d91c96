# SPDX-License-Identifier: MIT
"""Rows of subjects, and the rounds that run them. No output.

A row compares subjects on one task. A subject is a function that does the task once and returns the
cost of one unit, in seconds or bytes. Less is always better. The subject checks its own result and
raises if an event is missing, because a fast wrong result proves nothing.

The heap is frozen once everything is loaded, so that the garbage collector does not scan the
modules of one subject while another is measured.
"""

import gc
import statistics
import time
from typing import Callable, Dict, List, NamedTuple, Sequence

OURS = "refimpl"

Subject = Callable[[], float]


class Spread(NamedTuple):
    """The median and the quartiles of several values."""

    median: float
    low: float
    high: float


class Row(NamedTuple):
    """A task and the subjects that do it.

    unit: the unit of what show() returns, such as frames/s
    show: formats a cost
    speed: whether a ratio compares speeds (more is better) or costs (less is better)
    subjects: by name, with OURS among them
    aims: the ratio to aim for, by subject: at least this for speed, at most this for cost
    """

    title: str
    unit: str
    show: Callable[[float], str]
    speed: bool
    subjects: Dict[str, Subject]
    aims: Dict[str, float]


class Result(NamedTuple):
    """The costs of a row: for each subject, one per round."""

    row: Row
    costs: Dict[str, List[float]]

    def ratios(self, subject: str) -> Spread:
        """Return the ratio of OURS to a subject: of speeds or of costs, as the row says."""
        pairs = zip(self.costs[OURS], self.costs[subject])
        if self.row.speed:
            return spread([theirs / ours for ours, theirs in pairs])
        return spread([ours / theirs for ours, theirs in pairs])

    def met(self, subject: str) -> bool:
        """Return whether the aim against a subject is met."""
        ratio, aim = self.ratios(subject).median, self.row.aims[subject]
        return ratio >= aim if self.row.speed else ratio <= aim


def spread(values: Sequence[float]) -> Spread:
    """Return the median and the quartiles."""
    if len(values) < 2:
        return Spread(values[0], values[0], values[0])
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(median, low, high)


def run(
    rows: Sequence[Row], rounds: int, say: Callable[[str], None] = lambda text: None
) -> List[Result]:
    """Run all subjects, interleaved, and return a result for each row.

    say: called with a line about each round
    """
    results = [Result(row, {name: [] for name in row.subjects}) for row in rows]
    gc.collect()
    gc.freeze()
    for number in range(rounds + 1):
        say(f"round {number} of {rounds}" if number else "warming up")
        for result in results:
            for name in _rotated(list(result.row.subjects), number):
                gc.collect()
                cost = result.row.subjects[name]()
                if number:
                    result.costs[name].append(cost)
    return results


def _rotated(names: List[str], by: int) -> List[str]:
    start = by % len(names)
    return names[start:] + names[:start]


def timed(action: Callable[[], int], expected: int) -> float:
    """Return the seconds per unit of an action that returns its number of units.

    Raises RuntimeError if that is not the expected number.
    """
    start = time.perf_counter()
    units = action()
    seconds = time.perf_counter() - start
    if units != expected:
        raise RuntimeError(f"wrong number of units (expected {expected}, got {units})")
    return seconds / expected


def repeated(action: Callable[[], object], seconds: float) -> float:
    """Return the seconds per call of an action that is repeated for about that many seconds."""
    done, batch = 0, 1
    start = time.perf_counter()
    while True:
        for _ in range(batch):
            action()
        done += batch
        spent = time.perf_counter() - start
        if spent >= seconds:
            return spent / done
        batch = max(1, int(done / spent * min(seconds - spent, seconds / 4)))


# ---- formatting of costs -----------------------------------------------------------------------


def per_second(cost: float) -> str:
    """Return units per second for a cost in seconds per unit."""
    return format(round(1 / cost), ",")


def megabytes_per_second(size: int) -> Callable[[float], str]:
    """Return a function that formats seconds per unit as MB/s, for units of size bytes."""
    return lambda cost: format(size / cost / 1e6, ",.0f")


def milliseconds(cost: float) -> str:
    """Return milliseconds for a cost in seconds."""
    return f"{cost * 1000.0:.1f}"


def mebibytes(cost: float) -> str:
    """Return MiB for a cost in bytes."""
    return f"{cost / 2**20:.1f}"
