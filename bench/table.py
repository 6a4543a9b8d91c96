# SPDX-License-Identifier: MIT
"""`python3 -m bench.table [--write]`: the reports of bench/results, written by `python3 -m bench --json`, as README's table.

One column for each report, thus for each interpreter; in a cell what refimpl does, and its ratio to each peer. An aim that
was missed stands in bold. --write puts the table into README.md, between its two marks; a test holds that it is there.
"""

import argparse
import json
from typing import Any, Dict, List, Sequence, Tuple

from bench.measure import OURS
from bench.peers import ROOT
from bench.report import number

RESULTS = ROOT / "bench" / "results"
README = ROOT / "README.md"
MARKS = ("<!-- bench -->\n", "<!-- /bench -->\n")

Report = Dict[str, Any]


def load_reports() -> List[Report]:
    """Return the committed reports, by the interpreter's version."""
    reports = [json.loads(path.read_text(encoding="utf-8")) for path in RESULTS.glob("*.json")]
    return sorted(reports, key=lambda report: [int(piece) for piece in _version(report).split(".")])


def _version(report: Report) -> str:
    return str(report["python"]).split()[1].rstrip(",")


def table(reports: Sequence[Report]) -> str:
    """Return the table in Markdown, and below it what was measured with what."""
    titles = [row["title"] for row in reports[0]["rows"]]
    lines = [
        f"| | {' | '.join(('CPython ' + _version(report) for report in reports))} |",
        "|---|" + "---|" * len(reports),
    ]
    lines += [
        f"| {title} | {' | '.join((_cell(report, title) for report in reports))} |"
        for title in titles
    ]
    return "\n".join(lines + [""] + [_origin(report) for report in reports]) + "\n"


def _cell(report: Report, title: str) -> str:
    row = next((row for row in report["rows"] if row["title"] == title), None)
    if row is None:
        return "–"
    ratios = [
        _ratio(peer, found, row["ratio"])
        for peer, found in row["ratios"].items()
        if not peer.startswith(OURS) and "," not in peer
    ]
    return f"{row['subjects'][OURS]['shown']} {row['unit']}" + (
        "; " + ", ".join(ratios) if ratios else ""
    )


def _ratio(peer: str, found: Dict[str, Any], sense: str) -> str:
    text = f"{number(found['median'])} × {peer}"
    if found["aim"] is None:
        return text
    text += f" (aim {'≥' if sense == 'speed' else '≤'} {found['aim']:g})"
    return text if found["met"] else f"**{text}**"


def _origin(report: Report) -> str:
    return f"CPython {_version(report)}: {report['date']}, refimpl {report['refimpl']}, {report['rounds'].split(';')[0]} rounds; {report['peers']}."


def split_readme(text: str) -> Tuple[str, str, str]:
    """Return what stands before, between and behind the marks. Raises ValueError unless each is there once."""
    before, between = text.split(MARKS[0])
    inside, behind = between.split(MARKS[1])
    return before, inside, behind


def main() -> None:
    """Print the table, or write it."""
    parser = argparse.ArgumentParser(
        prog="bench.table", description="README's table of what refimpl costs."
    )
    parser.add_argument("--write", action="store_true", help="put it into README.md")
    write = parser.parse_args().write
    text = table(load_reports())
    if not write:
        print(text, end="")
        return
    before, _, behind = split_readme(README.read_text(encoding="utf-8"))
    README.write_text(before + MARKS[0] + text + MARKS[1] + behind, encoding="utf-8")


if __name__ == "__main__":
    main()
