# SPDX-License-Identifier: MIT
"""Rows of subjects, and the rounds that run them. No output.

A row compares subjects on one task. A subject is a function that does the task once and returns what one unit of it cost,
in seconds or bytes: less is better, everywhere. What it delivers is checked by the subject itself, which raises when an
event is lost: a fast wrong answer is no measurement.

The heap is frozen once everything is loaded, so that no subject pays for the garbage collector's walks over the modules
of another.
"""

import gc
import statistics
import time
from typing import Callable, Dict, List, NamedTuple, Sequence

OURS = "refimpl"

Subject = Callable[[], float]


class Spread(NamedTuple):
    median: float
    low: float
    high: float  # low, high: the quartiles


class Row(NamedTuple):
    """title: the task;  unit: what show() makes of a cost, such as frames/s;  subjects: by name, OURS among them

    speed: whether the ratio is ours over theirs in speed (more is better), or in cost (less is better)
    aims: peer -> the ratio that is aimed at, at least it in speed, at most it in cost
    """

    title: str
    unit: str
    show: Callable[[float], str]
    speed: bool
    subjects: Dict[str, Subject]
    aims: Dict[str, float]


class Result(NamedTuple):
    """A row's costs: subject -> one for each round."""

    row: Row
    costs: Dict[str, List[float]]

    def ratios(self, peer: str) -> Spread:
        """Return the ratio of OURS to peer, in the row's sense."""
        pairs = zip(self.costs[OURS], self.costs[peer])
        return spread(
            [theirs / ours if self.row.speed else ours / theirs for ours, theirs in pairs]
        )

    def met(self, peer: str) -> bool:
        """Return whether the aim against peer is met."""
        ratio, aim = self.ratios(peer).median, self.row.aims[peer]
        return ratio >= aim if self.row.speed else ratio <= aim


def spread(values: Sequence[float]) -> Spread:
    """Return median and quartiles."""
    if len(values) < 2:
        return Spread(values[0], values[0], values[0])
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(median, low, high)


def run(
    rows: Sequence[Row], rounds: int, told: Callable[[str], None] = lambda text: None
) -> List[Result]:
    """Run all subjects, interleaved, and return a result for each row. told: is given a line about each round."""
    results = [Result(row, {name: [] for name in row.subjects}) for row in rows]
    gc.collect()
    gc.freeze()
    for number in range(rounds + 1):
        told(f"round {int(number)} of {int(rounds)}" if number else "warming up")
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
    """Return the seconds that one of the units took that action does. Raises RuntimeError unless it did as many as expected."""
    start = time.perf_counter()
    units = action()
    seconds = time.perf_counter() - start
    if units != expected:
        raise RuntimeError(f"{int(units)} came instead of {int(expected)}")
    return seconds / expected


def repeated(action: Callable[[], object], seconds: float) -> float:
    """Return the seconds that action takes, run again and again for about so many seconds."""
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


# ---- how costs are shown -----------------------------------------------------------------------------------------


def per_second(cost: float) -> str:
    """Units a second, of seconds a unit."""
    return format(round(1 / cost), ",")


def megabytes_per_second(size: int) -> Callable[[float], str]:
    """The same in MB/s, where a unit has size bytes."""
    return lambda cost: format(size / cost / 1e6, ",.0f")


def milliseconds(cost: float) -> str:
    """Milliseconds, of seconds."""
    return f"{cost * 1000.0:.1f}"


def mebibytes(cost: float) -> str:
    """MiB, of bytes."""
    return f"{cost / 2**20:.1f}"
