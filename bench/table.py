# SPDX-License-Identifier: MIT
"""`python3 -m bench.table [--write]`: the reports in bench/results as a table for
docs/benchmarks.md.

`python3 -m bench --json` writes the reports. The table has a column per report, so one per
interpreter. A cell contains the figure of refimpl and its ratio to each implementation. A missed
aim is bold. --write puts the table between two marks in the page. A test checks that it is current.
"""

import argparse
import json
from typing import Any, Dict, List, Sequence, Tuple

from bench.implementations import ROOT
from bench.measure import OURS
from bench.report import number

RESULTS = ROOT / "bench" / "results"
PAGE = ROOT / "docs" / "benchmarks.md"
MARKS = ("<!-- bench -->\n", "<!-- /bench -->\n")

Report = Dict[str, Any]


def load_reports() -> List[Report]:
    """Return the committed reports, sorted by the interpreter's version."""
    reports = [json.loads(path.read_text(encoding="utf-8")) for path in RESULTS.glob("*.json")]
    return sorted(reports, key=lambda report: [int(piece) for piece in _version(report).split(".")])


def _version(report: Report) -> str:
    return str(report["python"]).split()[1].rstrip(",")


def table(reports: Sequence[Report]) -> str:
    """Return the table in Markdown, followed by the date and versions of each report."""
    titles = [row["title"] for row in reports[0]["rows"]]
    lines = [
        f"| | {' | '.join(f'CPython {_version(report)}' for report in reports)} |",
        "|---|" + "---|" * len(reports),
    ]
    for title in titles:
        lines.append(f"| {title} | {' | '.join(_cell(report, title) for report in reports)} |")
    return "\n".join(lines + [""] + [_origin(report) for report in reports]) + "\n"


def _cell(report: Report, title: str) -> str:
    row = next((row for row in report["rows"] if row["title"] == title), None)
    if row is None:
        return "–"
    ratios = [
        _ratio(name, found, row["ratio"])
        for name, found in row["ratios"].items()
        if not name.startswith(OURS) and "," not in name
    ]
    figure = f"{row['subjects'][OURS]['shown']} {row['unit']}"
    return "; ".join([figure] + [", ".join(ratios)] * bool(ratios))


def _ratio(name: str, found: Dict[str, Any], sense: str) -> str:
    text = f"{number(found['median'])} × {name}"
    if found["aim"] is None:
        return text
    text += f" (aim {'≥' if sense == 'speed' else '≤'} {found['aim']:g})"
    return text if found["met"] else f"**{text}**"


def _origin(report: Report) -> str:
    rounds = report["rounds"].split(";")[0]
    return (
        f"CPython {_version(report)}: {report['date']}, refimpl {report['refimpl']}, "
        f"{rounds} rounds; {report['implementations']}."
    )


def split_page(text: str, marks: Tuple[str, str] = MARKS) -> Tuple[str, str, str]:
    """Return the text before, between and after the marks.

    Raises ValueError unless each mark occurs once.
    """
    before, rest = text.split(marks[0])
    inside, after = rest.split(marks[1])
    return before, inside, after


def write_table(text: str, marks: Tuple[str, str] = MARKS) -> None:
    """Write a table between its marks in docs/benchmarks.md. Raises as split_page()."""
    before, _, after = split_page(PAGE.read_text(encoding="utf-8"), marks)
    PAGE.write_text(before + marks[0] + text + marks[1] + after, encoding="utf-8")


def main() -> None:
    """Print the table, or write it."""
    parser = argparse.ArgumentParser(
        prog="bench.table", description="Print the table of docs/benchmarks.md"
    )
    parser.add_argument("--write", action="store_true", help="write it into docs/benchmarks.md")
    write = parser.parse_args().write
    text = table(load_reports())
    if not write:
        print(text, end="")
        return
    write_table(text)


if __name__ == "__main__":
    main()
