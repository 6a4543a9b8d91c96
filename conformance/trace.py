# SPDX-License-Identifier: MIT
"""`conformance trace`: each rule of SPEC.md, the code that enforces it, the cases and tests that check it; complete both ways.

The plan: read the rules, every line of the sources that cites an id, and the rules that each case cites; faults() tells in one
line each what is missing, page() writes it all down as docs/trace.md.

A MUST needs a case or, where no operation of the adapter protocol reaches it, a test that it names and that cites it; every
rule needs a line of code that cites it, every case a rule, and every id that is cited is a rule's. The tables that name rules by
the dozen (mutants.py, scenarios.py) cite none: they would hide what no code enforces.
"""

import argparse
import os
import re
from typing import Callable, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Sequence, Tuple

from conformance.cases.case import Case
from conformance.cases.load import read_cases
from conformance.cases.rules import RULE_ID, Rule, load_rules
from conformance.cases.scenarios import scenario_cases
from conformance.files import SPEC_PATH, write_whole
from conformance.mutation.mutants import MUTANTS

ROOT = os.path.dirname(SPEC_PATH)
PAGE = "docs/trace.md"
CODE = ("refimpl", "conformance")
_TABLES = ("conformance/mutation/", "conformance/endpoint/scenarios/")


class Cited(NamedTuple):
    file: str
    function: str
    id: str  # function: dotted, empty at the module's own level


class Trace(NamedTuple):
    rules: Mapping[str, Rule]
    cases: Sequence[Case]
    code: Sequence[Cited]
    tests: Sequence[Cited]


_RANGE = re.compile(
    r"\b([A-Z]+-)[0-9]{3} to (?:\1)?[0-9]{3}\b"
)  # names no rule of its own: its ends need be none
_DEFINITION = re.compile(r"( *)(?:def|class) (\w+)")


def read_trace(cases: Sequence[Case], root: str = ROOT) -> Trace:
    """Return what a checkout and these cases hold. Raises UsageError where there is no SPEC.md."""
    rules = load_rules(os.path.join(root, "SPEC.md"))
    code = [
        cited
        for folder in CODE
        for cited in _cited_in(root, folder)
        if not cited.file.startswith(_TABLES)
    ]
    return Trace(rules, cases, code, list(_cited_in(root, "tests")))


def _cited_in(root: str, folder: str) -> Iterator[Cited]:
    for path, _, names in sorted(os.walk(os.path.join(root, folder))):
        for name in sorted(names):
            if name.endswith(".py"):
                file = os.path.join(path, name)
                with open(file, encoding="utf-8") as stream:
                    yield from cited_ids(os.path.relpath(file, root).replace(os.sep, "/"), stream)


def cited_ids(file: str, lines: Iterable[str]) -> Iterator[Cited]:
    """Yield each id that the lines of a Python file cite, and the function in which it stands."""
    around: List[Tuple[int, str]] = []  # how far each definition is indented, and its name
    for line in lines:
        definition = _DEFINITION.match(line)
        if line.strip():
            indent = len(line) - len(line.lstrip())
            around = [(depth, name) for depth, name in around if depth < indent]
        if definition:
            around.append((len(definition.group(1)), definition.group(2)))
        for rule_id in RULE_ID.findall(_RANGE.sub("", line)):
            yield Cited(file, ".".join(name for _, name in around), rule_id)


# ---- what is missing ---------------------------------------------------------------------------------------------


def faults(trace: Trace) -> List[str]:
    """Return what is missing, one line each."""
    found: List[str] = []
    with_case = {rule for case in trace.cases for rule in case.rules}
    with_code = {cited.id for cited in trace.code}
    tested = {(cited.file, cited.id) for cited in trace.tests}
    files = {cited.file for cited in trace.tests}
    for rule in trace.rules.values():
        if "MUST" in rule.words and rule.id not in with_case and not rule.tests:
            found.append(f"{rule.id}: a MUST without a case, and it names no test")
        if rule.id not in with_code:
            found.append(f"{rule.id}: no code cites it")
        found += [
            f"{rule.id}: [test: {file}] {'does not cite it' if file in files else 'cites no rule, or is not there'}"
            for file in rule.tests
            if (file, rule.id) not in tested
        ]
    found += [f"case {case.id}: cites no rule" for case in trace.cases if not case.rules]
    found += [
        f"case {case.id}: SPEC.md has no {rule}"
        for case in trace.cases
        for rule in case.rules
        if rule not in trace.rules
    ]
    return found + sorted(
        {
            f"{cited.file}: SPEC.md has no {cited.id}"
            for cited in trace.code
            if cited.id not in trace.rules
        }
    )


# ---- the page ----------------------------------------------------------------------------------------------------

_HEAD = """# Rule, code, cases

Each rule of [SPEC.md](../SPEC.md), the code that enforces it, the cases that judge an implementation by it, the tests of what the
adapter protocol cannot reach, and the broken variants that the cases must tell from the reference (`conformance prove`).
Written by `python3 -m conformance trace --write`, and held against the sources by a test. %d rules, %d cases.
"""


def page(trace: Trace) -> str:
    """Return docs/trace.md: a section for each rule, in the order of SPEC.md."""
    lines = (_HEAD % (len(trace.rules), len(trace.cases))).splitlines()
    mutants = [(mutant.rule, f"`{mutant.id}`") for mutant in MUTANTS]
    rows = (
        ("code", _by_rule((cited.id, _place(cited)) for cited in trace.code)),
        ("cases", _by_rule((rule, f"`{case.id}`") for case in trace.cases for rule in case.rules)),
        ("tests", {rule.id: [_link(file) for file in rule.tests] for rule in trace.rules.values()}),
        ("variants", _by_rule(mutants)),
    )
    for rule in trace.rules.values():
        lines += ["", f"### {rule.id}", "", rule.text, ""]
        for title, found in rows:
            if found.get(rule.id):
                lines.append(f"- {title} ({len(found[rule.id])}): {', '.join(found[rule.id])}")
    return "\n".join(lines) + "\n"


def _by_rule(pairs: Iterable[Tuple[str, str]]) -> Dict[str, List[str]]:
    """Return what belongs to each rule, each once."""
    found: Dict[str, List[str]] = {}
    for rule, what in pairs:
        known = found.setdefault(rule, [])
        if what not in known:
            known.append(what)
    return found


def _place(cited: Cited) -> str:
    return _link(cited.file) + (f" `{cited.function}`" if cited.function else "")


def _link(file: str) -> str:
    return f"[{file}](../{file})"


def check_page(trace: Trace, root: str = ROOT) -> List[str]:
    """Return a line that says so when the page is not what page() writes."""
    try:
        with open(os.path.join(root, PAGE), encoding="utf-8") as file:
            if file.read() == page(trace):
                return []
    except OSError as error:
        return [f"{PAGE}: {error.strerror}; write it with `conformance trace --write`"]
    return [
        f"{PAGE}: is not what the sources say now; write it anew with `conformance trace --write`"
    ]


def trace_suite(options: argparse.Namespace, say: Callable[[str], None], root: str = ROOT) -> int:
    """Tell what is missing, or write the page where options.write asks for it, and return the exit code.

    Raises UsageError where there is no checkout.
    """
    cases, found = read_cases()
    trace = read_trace(cases + scenario_cases(), root)
    if options.write:
        os.makedirs(os.path.join(root, os.path.dirname(PAGE)), exist_ok=True)
        write_whole(os.path.join(root, PAGE), page(trace))
    missing = [str(fault) for fault in found] + faults(trace) + check_page(trace, root)
    for line in missing:
        say(line)
    say(f"{len(trace.rules)} rules, {len(trace.cases)} cases, {len(missing)} faults")
    return 1 if missing else 0
