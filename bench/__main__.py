# SPDX-License-Identifier: MIT
"""`python3 -m bench [--rounds N] [--only decode,sign,text,wire,process,memory] [--json FILE] [--quick] [--slow]`."""

import argparse
import json
import sys
import tempfile
from contextlib import ExitStack
from typing import Callable, Dict, List

from bench import decode, sign, text, wire
from bench.measure import Row, run
from bench.peers import find_peers, settle_environment
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
    """Return the command line's options."""
    parser = argparse.ArgumentParser(
        prog="bench", description="What refimpl costs, beside its peers, on this interpreter."
    )
    parser.add_argument("--rounds", type=int, help="default: 11, with --quick 1")
    parser.add_argument(
        "--only", default=",".join(GROUPS), metavar="GROUP,…", help="default: %(default)s"
    )
    parser.add_argument(
        "--json", metavar="FILE", help="write everything there, too, each round's costs among it"
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="a hundredth of the work: shows that all runs, and measures nothing",
    )
    parser.add_argument(
        "--slow",
        action="store_true",
        help="botocore reads the 16 MiB frame, too: some 10 s a round",
    )
    chosen = parser.parse_args()
    chosen.rounds = chosen.rounds if chosen.rounds is not None else 1 if chosen.quick else 11
    chosen.groups = [name for name in chosen.only.split(",") if name]
    if chosen.rounds < 1:
        parser.error("--rounds: at least 1")
    if not chosen.groups or not set(chosen.groups) <= set(GROUPS):
        parser.error(f"--only: some of {','.join(GROUPS)}")
    return chosen


def main() -> None:
    """Measure, and print."""
    chosen = options()
    with ExitStack() as stack:
        settle_environment(stack.enter_context(tempfile.TemporaryDirectory()))
        peers = find_peers()
        known = facts(peers, chosen.rounds, chosen.quick)
        print("\n".join(head_lines(known, peers)), flush=True)
        setting = Setting(peers, chosen.quick, chosen.slow, stack)
        rows = [row for name in GROUPS if name in chosen.groups for row in GROUPS[name](setting)]
        results = run(rows, chosen.rounds, lambda text: print(text, file=sys.stderr, flush=True))
    for result in results:
        print("\n".join(row_lines(result)))
    print("\n".join(summary_lines(results)))
    if chosen.json:
        with open(chosen.json, "w", encoding="utf-8") as file:
            json.dump(document(known, peers, results), file, indent=1)
            file.write("\n")


if __name__ == "__main__":
    main()
