# SPDX-License-Identifier: MIT
"""`python3 -m bench [--rounds N] [--only GROUP,…] [--json FILE] [--quick] [--slow]`: run the
benchmarks.

The groups are decode, sign, text, wire, process and memory. It rejects unknown groups and fewer
than one round.
"""

import argparse
import json
import sys
import tempfile
from contextlib import ExitStack
from typing import Callable, Dict, List

from bench import decode, sign, text, wire
from bench.implementations import find_implementations, prepare_environment
from bench.measure import Row, run
from bench.process import memory_rows, process_rows
from bench.report import document, facts, head_lines, row_lines, summary_lines
from bench.setting import Setting

GROUPS: Dict[str, Callable[[Setting], List[Row]]] = {
    "decode": decode.rows,
    "sign": sign.rows,
    "text": text.rows,
    "wire": wire.rows,
    "process": process_rows,
    "memory": memory_rows,
}


def options() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(
        prog="bench", description="Compare the speed of refimpl with other implementations"
    )
    parser.add_argument("--rounds", type=int, help="number of rounds (default: 11, --quick: 1)")
    parser.add_argument(
        "--only", default=",".join(GROUPS), metavar="GROUP,…", help="groups (default: %(default)s)"
    )
    parser.add_argument(
        "--json", metavar="FILE", help="write a report with the costs of each round to FILE"
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="do a hundredth of the work, to test that everything runs",
    )
    parser.add_argument(
        "--slow",
        action="store_true",
        help="measure botocore with the 16 MiB frame as well, which takes 10 s per round",
    )
    chosen = parser.parse_args()
    if chosen.rounds is None:
        chosen.rounds = 1 if chosen.quick else 11
    chosen.groups = [name for name in chosen.only.split(",") if name]
    if chosen.rounds < 1:
        parser.error("--rounds: expected at least 1")
    if not chosen.groups or not set(chosen.groups) <= set(GROUPS):
        parser.error(f"--only: expected some of {','.join(GROUPS)}")
    return chosen


def main() -> None:
    """Measure, print the report, and write it as JSON if requested."""
    chosen = options()
    with ExitStack() as stack:
        prepare_environment(stack.enter_context(tempfile.TemporaryDirectory()))
        implementations = find_implementations()
        known = facts(implementations, chosen.rounds, chosen.quick)
        print("\n".join(head_lines(known, implementations)), flush=True)
        setting = Setting(implementations, chosen.quick, chosen.slow, stack)
        rows = [row for name in GROUPS if name in chosen.groups for row in GROUPS[name](setting)]
        results = run(rows, chosen.rounds, lambda text: print(text, file=sys.stderr, flush=True))
    for result in results:
        print("\n".join(row_lines(result)))
    print("\n".join(summary_lines(results)))
    if chosen.json:
        with open(chosen.json, "w", encoding="utf-8") as file:
            json.dump(document(known, implementations, results), file, indent=1)
            file.write("\n")


if __name__ == "__main__":
    main()
