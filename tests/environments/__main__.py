# SPDX-License-Identifier: MIT
"""The command line of `python3 -m tests.environments`."""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from fnmatch import fnmatch
from pathlib import Path
from typing import List, Sequence

from refimpl.version import VERSION
from tests.environments.places import PLACES, Place, Ready, Skip
from tests.environments.report import ROOT, Outcome, report_of, write

# Every operation that differs between Pythons, and few cases that wait.
SELECTION = ("invoke-default*", "invoke-truncated-chunked*", "evs-*", "sig-*", "txt-sse*")
_GOOD = ("PASS", "ACCEPTABLE")


def outcome_in(place: Place, cases: Sequence[str], folder: Path) -> Outcome:
    """Create an environment and return the result of its cases and checks."""
    today = time.strftime("%Y-%m-%d", time.gmtime())
    try:
        ready = place.prepare(folder)
    except Skip as reason:
        return Outcome(place.name, "", 0, 0, str(reason), today)
    passed = failed = 0
    if ready.adapter:
        passed, failed = suite(ready, cases, folder)
    for command in ready.checks:
        done = subprocess.run(command, cwd=str(folder), stdin=subprocess.DEVNULL)
        passed, failed = passed + (not done.returncode), failed + bool(done.returncode)
    return Outcome(place.name, ready.version, passed, failed, "", today)


def suite(ready: Ready, cases: Sequence[str], folder: Path) -> "tuple[int, int]":
    """Run the cases with the adapter. Return how many passed, and how many did not."""
    report = folder / "report.json"
    command = [*ready.run_in, sys.executable, "-m", "conformance", "run"]
    command += ["--adapter", ready.adapter, "--report", f"json={report}", "--timeout", "60"]
    command += [f"--only={pattern}" for pattern in cases]
    command += [] if ready.operations == "*" else [f"--op={ready.operations}"]
    done = subprocess.run(command, cwd=str(ROOT), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if not report.exists():
        sys.stderr.write(done.stdout.decode("utf-8", "replace"))
        return 0, 1
    totals = json.loads(report.read_text(encoding="utf-8"))["totals"]
    passed = sum(totals.get(verdict, 0) for verdict in _GOOD)
    if sum(totals.values()) > passed:
        sys.stderr.write(done.stdout.decode("utf-8", "replace"))
    return passed, sum(totals.values()) - passed


def main(arguments: List[str]) -> int:
    """Run the environments, print one line for each, and return the exit code."""
    parser = argparse.ArgumentParser(prog="tests.environments", description=__doc__)
    parser.add_argument("--only", action="append", metavar="GLOB", help="select environments")
    parser.add_argument("--cases", action="append", metavar="GLOB", help="select cases")
    parser.add_argument("--list", action="store_true", help="print the names of the environments")
    parser.add_argument("--write", action="store_true", help="store the report and its table")
    options = parser.parse_args(arguments)
    if options.write and options.cases:
        parser.error("--write stores the result of the usual cases: omit --cases")
    selected = [
        place
        for place in PLACES
        if not options.only
        or any(fnmatch(place.name.lower(), glob.lower()) for glob in options.only)
    ]
    if options.list:
        print("\n".join(place.name for place in selected))
        return 0
    cases = tuple(options.cases or SELECTION)
    outcomes = []
    for place in selected:
        with tempfile.TemporaryDirectory() as folder:
            outcomes.append(outcome_in(place, cases, Path(folder)))
        print(outcomes[-1].line(), flush=True)
    facts = {
        "version": VERSION,
        "selection": ", ".join(f"`{pattern}`" for pattern in cases),
    }
    if options.write:
        write(report_of(outcomes, facts), [place.name for place in PLACES])
    return int(any(outcome.failed for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
