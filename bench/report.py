# SPDX-License-Identifier: MIT
"""Results as text and as JSON: first what was measured with what, then each row, then the aims that were missed."""
import platform
import time
from typing import Any, Dict, List, Sequence

import refimpl
from bench.measure import OURS, Result, Spread, spread
from bench.peers import Peers


def facts(peers: Peers, rounds: int, quick: bool) -> Dict[str, str]:
    """Return what was measured with what."""
    return {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "refimpl": refimpl.__version__,
        "python": "%s %s, %s" % (platform.python_implementation(), platform.python_version(), platform.python_compiler()),
        "platform": platform.platform(),
        "rounds": "%d%s; medians, each with its interquartile range" % (
            rounds, ", of a hundredth of the work: the verdicts mean nothing" if quick else ""),
        "peers": ", ".join("%s %s" % pair for pair in sorted(peers.versions.items())) or "none",
    }


def head_lines(known: Dict[str, str], peers: Peers) -> List[str]:
    """Return the first lines of a report."""
    return ["%-10s%s" % (name, value) for name, value in known.items()] + ["%-10s%s" % ("absent", what) for what in peers.absent]


def row_lines(result: Result) -> List[str]:
    """Return a row: its title, then a line for each subject with the ratio of OURS to it."""
    row = result.row
    ratio = "%s is … as fast" % OURS if row.speed else "%s needs … of it" % OURS
    lines = ["", "%-66s%14s%8s  %s" % (row.title, row.unit, "IQR", ratio)]
    for name, costs in result.costs.items():
        line = "  %-64s%14s%8s" % (name, row.show(spread(costs).median), _relative(spread(costs)))
        if name != OURS:
            found = result.ratios(name)
            line += "  %s × (%s to %s)%s" % (number(found.median), number(found.low), number(found.high), _verdict(result, name))
        lines.append(line)
    return lines


def _verdict(result: Result, name: str) -> str:
    if name not in result.row.aims:
        return ""
    return ", aim %s %g: %s" % ("≥" if result.row.speed else "≤", result.row.aims[name], "met" if result.met(name) else "MISSED")


def _relative(found: Spread) -> str:
    return "%.0f %%" % (100 * (found.high - found.low) / found.median)


def number(value: float) -> str:
    """A ratio in three digits."""
    return "%.2f" % value if value < 10 else "%.1f" % value if value < 100 else "%.0f" % value


def summary_lines(results: Sequence[Result]) -> List[str]:
    """Return how many aims were met, and which were not."""
    judged = [(result, name) for result in results for name in result.row.aims if name in result.costs]
    missed = ["  missed: %s, against %s: %s × instead of %g" % (
        result.row.title, name, number(result.ratios(name).median), result.row.aims[name])
        for result, name in judged if not result.met(name)]
    return ["", "aims met: %d of %d" % (len(judged) - len(missed), len(judged))] + missed


def document(known: Dict[str, str], peers: Peers, results: Sequence[Result]) -> Dict[str, Any]:
    """Return all of it, each round's costs among it (seconds, or bytes, a unit), for JSON."""
    return dict(known, versions=peers.versions, absent=peers.absent, rows=[_row_document(result) for result in results])


def _row_document(result: Result) -> Dict[str, Any]:
    row = result.row
    return {
        "title": row.title, "unit": row.unit, "ratio": "speed" if row.speed else "cost",
        "subjects": {name: {"shown": row.show(spread(costs).median), "costs": costs} for name, costs in result.costs.items()},
        "ratios": {name: dict(result.ratios(name)._asdict(), aim=row.aims.get(name), met=result.met(name) if name in row.aims else None)
                   for name in result.costs if name != OURS},
    }
