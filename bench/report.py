# SPDX-License-Identifier: MIT
"""Results as text and as JSON: the setting, each row, and the aims that were missed."""

import platform
import time
from typing import Any, Dict, List, Sequence

import refimpl
from bench.implementations import Implementations
from bench.measure import OURS, Result, Spread, spread


def facts(implementations: Implementations, rounds: int, quick: bool) -> Dict[str, str]:
    """Return the date and the versions of everything that takes part."""
    warning = ", of a hundredth of the work: the figures are meaningless" if quick else ""
    versions = sorted(implementations.versions.items())
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "refimpl": refimpl.__version__,
        "python": f"{python}, {platform.python_compiler()}",
        "platform": platform.platform(),
        "rounds": f"{rounds}{warning}; medians, each with its interquartile range",
        "implementations": ", ".join(f"{name} {number}" for name, number in versions) or "none",
    }


def head_lines(known: Dict[str, str], implementations: Implementations) -> List[str]:
    """Return the first lines of a report."""
    absent = [("absent", what) for what in implementations.absent]
    return [f"{name:17}{value}" for name, value in [*known.items(), *absent]]


def row_lines(result: Result) -> List[str]:
    """Return a row: its title, then a line per subject with the ratio of OURS to it."""
    row = result.row
    ratio = f"{OURS} is … as fast" if row.speed else f"{OURS} needs … of it"
    lines = ["", f"{row.title:66}{row.unit:>14}{'IQR':>8}  {ratio}"]
    for name, costs in result.costs.items():
        line = f"  {name:64}{row.show(spread(costs).median):>14}{_relative(spread(costs)):>8}"
        if name != OURS:
            median, low, high = map(number, result.ratios(name))
            line += f"  {median} × ({low} to {high}){_verdict(result, name)}"
        lines.append(line)
    return lines


def _verdict(result: Result, name: str) -> str:
    if name not in result.row.aims:
        return ""
    sign = "≥" if result.row.speed else "≤"
    verdict = "met" if result.met(name) else "MISSED"
    return f", aim {sign} {result.row.aims[name]:g}: {verdict}"


def _relative(found: Spread) -> str:
    return f"{100 * (found.high - found.low) / found.median:.0f} %"


def number(value: float) -> str:
    """Return a ratio with three digits."""
    if value < 10:
        return f"{value:.2f}"
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"


def summary_lines(results: Sequence[Result]) -> List[str]:
    """Return the number of aims met, and a line per missed aim."""
    judged = [
        (result, name) for result in results for name in result.row.aims if name in result.costs
    ]
    missed = [
        f"  missed: {result.row.title}, {name}: {number(result.ratios(name).median)} × "
        f"(aim {result.row.aims[name]:g})"
        for result, name in judged
        if not result.met(name)
    ]
    return ["", f"aims met: {len(judged) - len(missed)} of {len(judged)}"] + missed


def document(
    known: Dict[str, str], implementations: Implementations, results: Sequence[Result]
) -> Dict[str, Any]:
    """Return the report for JSON, with the costs of each round in seconds or bytes per unit."""
    return dict(
        known,
        versions=implementations.versions,
        absent=implementations.absent,
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
