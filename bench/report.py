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
        "python": f"{platform.python_implementation()} {platform.python_version()}, {platform.python_compiler()}",
        "platform": platform.platform(),
        "rounds": f"{int(rounds)}{', of a hundredth of the work: the verdicts mean nothing' if quick else ''}; medians, each with its interquartile range",
        "peers": ", ".join("{} {}".format(*pair) for pair in sorted(peers.versions.items()))
        or "none",
    }


def head_lines(known: Dict[str, str], peers: Peers) -> List[str]:
    """Return the first lines of a report."""
    return [f"{name:10}{value}" for name, value in known.items()] + [
        f"{'absent':10}{what}" for what in peers.absent
    ]


def row_lines(result: Result) -> List[str]:
    """Return a row: its title, then a line for each subject with the ratio of OURS to it."""
    row = result.row
    ratio = f"{OURS} is … as fast" if row.speed else f"{OURS} needs … of it"
    lines = ["", f"{row.title:66}{row.unit:>14}{'IQR':>8}  {ratio}"]
    for name, costs in result.costs.items():
        line = f"  {name:64}{row.show(spread(costs).median):>14}{_relative(spread(costs)):>8}"
        if name != OURS:
            found = result.ratios(name)
            line += f"  {number(found.median)} × ({number(found.low)} to {number(found.high)}){_verdict(result, name)}"
        lines.append(line)
    return lines


def _verdict(result: Result, name: str) -> str:
    if name not in result.row.aims:
        return ""
    return f", aim {'≥' if result.row.speed else '≤'} {result.row.aims[name]:g}: {'met' if result.met(name) else 'MISSED'}"


def _relative(found: Spread) -> str:
    return f"{100 * (found.high - found.low) / found.median:.0f} %"


def number(value: float) -> str:
    """A ratio in three digits."""
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def summary_lines(results: Sequence[Result]) -> List[str]:
    """Return how many aims were met, and which were not."""
    judged = [
        (result, name) for result in results for name in result.row.aims if name in result.costs
    ]
    missed = [
        f"  missed: {result.row.title}, against {name}: {number(result.ratios(name).median)} × instead of {result.row.aims[name]:g}"
        for result, name in judged
        if not result.met(name)
    ]
    return ["", f"aims met: {int(len(judged) - len(missed))} of {len(judged)}"] + missed


def document(known: Dict[str, str], peers: Peers, results: Sequence[Result]) -> Dict[str, Any]:
    """Return all of it, each round's costs among it (seconds, or bytes, a unit), for JSON."""
    return dict(
        known,
        versions=peers.versions,
        absent=peers.absent,
        rows=[_row_document(result) for result in results],
    )


def _row_document(result: Result) -> Dict[str, Any]:
    row = result.row
    return {
        "title": row.title,
        "unit": row.unit,
        "ratio": "speed" if row.speed else "cost",
        "subjects": {
            name: {"shown": row.show(spread(costs).median), "costs": costs}
            for name, costs in result.costs.items()
        },
        "ratios": {
            name: dict(
                result.ratios(name)._asdict(),
                aim=row.aims.get(name),
                met=result.met(name) if name in row.aims else None,
            )
            for name in result.costs
            if name != OURS
        },
    }
