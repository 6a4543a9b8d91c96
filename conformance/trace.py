# SPDX-License-Identifier: MIT
"""`conformance trace`: connects each rule of SPEC.md with code, cases and tests, and finds gaps.

It reads the rules, every line of the sources that cites a rule id, and the rules that each case
cites. `faults` returns one line for each gap, `page` the text of docs/trace.md.

A MUST needs a case. If no operation of the adapter protocol reaches it, the rule names a test
instead, which must cite the rule. Every rule needs a line of code that cites it, every case a rule,
and every cited id must exist. The tables of mutants and scenarios do not count as code, because
they cite almost every rule and would hide a rule that no code enforces. The same holds for the
checks of servers, which a rule of chapter SRV has in place of cases. Each of its MUSTs needs a
mutant.
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
from conformance.servers.catalogue import checks_by_rule
from conformance.wording import number_of

ROOT = os.path.dirname(SPEC_PATH)
PAGE = "docs/trace.md"
CODE = ("refimpl", "conformance")
_TABLES = ("conformance/mutation/", "conformance/endpoint/scenarios/", "conformance/servers/")


class Cited(NamedTuple):
    """A citation of a rule. `function` is a dotted name, empty at the module level."""

    file: str
    function: str
    id: str


class Trace(NamedTuple):
    """The rules and cases, and the citations in code and tests."""

    rules: Mapping[str, Rule]
    cases: Sequence[Case]
    code: Sequence[Cited]
    tests: Sequence[Cited]


# A range such as "EVS-001 to EVS-009" cites no rule, so its ends need not be rules.
_RANGE = re.compile(r"\b([A-Z]+-)[0-9]{3} to (?:\1)?[0-9]{3}\b")
_DEFINITION = re.compile(r"( *)(?:def|class) (\w+)")


def read_trace(cases: Sequence[Case], root: str = ROOT) -> Trace:
    """Return the trace of a checkout and these cases. Raises UsageError if there is no SPEC.md."""
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
    """Yield each rule id that the lines of a Python file cite, with the enclosing function."""
    around: List[Tuple[int, str]] = []  # indentation and name of each enclosing definition
    for line in lines:
        definition = _DEFINITION.match(line)
        if line.strip():
            indent = len(line) - len(line.lstrip())
            around = [(depth, name) for depth, name in around if depth < indent]
        if definition:
            around.append((len(definition.group(1)), definition.group(2)))
        for rule_id in RULE_ID.findall(_RANGE.sub("", line)):
            yield Cited(file, ".".join(name for _, name in around), rule_id)


# ---- what is missing ---------------------------------------------------------------------------


def faults(trace: Trace) -> List[str]:
    """Return one line for each gap."""
    found: List[str] = []
    checked = checks_by_rule()
    mutated = {mutant.rule for mutant in MUTANTS}
    with_case = {rule for case in trace.cases for rule in case.rules} | set(checked)
    with_code = {cited.id for cited in trace.code}
    tested = {(cited.file, cited.id) for cited in trace.tests}
    files = {cited.file for cited in trace.tests}
    for rule in trace.rules.values():
        if "MUST" in rule.words and rule.id not in with_case and not rule.tests:
            found.append(f"{rule.id}: a MUST without a case or test")
        if "MUST" in rule.words and rule.id in checked and rule.id not in mutated:
            found.append(f"{rule.id}: a MUST with checks and without a mutant")
        if rule.id not in with_code:
            found.append(f"{rule.id}: no code cites it")
        for file in rule.tests:
            if (file, rule.id) not in tested:
                problem = "does not cite it" if file in files else "is missing or cites no rule"
                found.append(f"{rule.id}: [test: {file}] {problem}")
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


# ---- the page ----------------------------------------------------------------------------------

_HEAD = (
    "# Rules, code and cases\n\n"
    "This page lists for each rule of [SPEC.md](../SPEC.md) the code that enforces it, the cases "
    "that check it, and the mutants that its\ncases kill (`conformance prove`). If the adapter "
    "protocol cannot reach a rule, the page lists its tests. `*` means all combinations.\n"
    "`python3 -m conformance trace --write` writes this page, and a test keeps it up to date. "
    "{} rules, {} cases.\n"
)


def page(trace: Trace) -> str:
    """Return docs/trace.md: a section for each rule, in the order of SPEC.md."""
    lines = _HEAD.format(len(trace.rules), len(trace.cases)).splitlines()
    mutants = [(mutant.rule, f"`{mutant.id}`") for mutant in MUTANTS]
    rows = (
        ("code", _by_rule((cited.id, _place(cited)) for cited in trace.code)),
        ("cases", _by_rule((rule, _cases_of(case)) for case in trace.cases for rule in case.rules)),
        (
            "checks",
            {
                name: [f"`{check.id}`" for check in checks]
                for name, checks in checks_by_rule().items()
            },
        ),
        ("tests", {rule.id: [_link(file) for file in rule.tests] for rule in trace.rules.values()}),
        ("mutants", _by_rule(mutants)),
    )
    for rule in trace.rules.values():
        lines += ["", f"### {rule.id}", "", rule.text, ""]
        for title, found in rows:
            if found.get(rule.id):
                lines.append(f"- {title} ({len(found[rule.id])}): {', '.join(found[rule.id])}")
    return "\n".join(lines) + "\n"


def _cases_of(case: Case) -> str:
    """Return the id of a case. Combinations of values, whose ids are hashes, share a glob."""
    family, mix, _ = case.id.partition("-mix-")
    return f"`{family}{mix}*`" if mix else f"`{case.id}`"


def _by_rule(pairs: Iterable[Tuple[str, str]]) -> Dict[str, List[str]]:
    """Return the distinct texts of each rule."""
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
    """Return a line if docs/trace.md is missing or outdated."""
    try:
        with open(os.path.join(root, PAGE), encoding="utf-8") as file:
            text = file.read()
    except OSError as error:
        return [f"{PAGE}: {error.strerror}; run `conformance trace --write`"]
    return [] if text == page(trace) else [f"{PAGE} is outdated; run `conformance trace --write`"]


def trace_suite(options: argparse.Namespace, say: Callable[[str], None], root: str = ROOT) -> int:
    """Print the gaps, and return the exit code; with options.write, write the page first.

    Raises UsageError if this is not a checkout.
    """
    cases, errors = read_cases()
    trace = read_trace(cases + scenario_cases(), root)
    if options.write:
        os.makedirs(os.path.join(root, os.path.dirname(PAGE)), exist_ok=True)
        write_whole(os.path.join(root, PAGE), page(trace))
    gaps = [str(error) for error in errors] + faults(trace) + check_page(trace, root)
    for line in gaps:
        say(line)
    counts = ((trace.rules, "rule"), (trace.cases, "case"), (gaps, "gap"))
    say(", ".join(number_of(len(found), noun) for found, noun in counts))
    return 1 if gaps else 0
