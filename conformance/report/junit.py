# SPDX-License-Identifier: MIT
"""The report as JUnit's XML, for continuous integration: a suite for each operation, a test for each case.

A failure of the implementation is a `failure`, a breakdown of its adapter an `error`; what it does not offer, what is blocked
and what is known is `skipped`. What XML has no character for is written escaped, so that no answer can break the document.
"""

import re
from collections import OrderedDict
from typing import Dict, List, Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr  # noqa: S406

from conformance.cases.rules import load_rules
from conformance.report.terminal import Rules, diagnosis, headline
from conformance.run.runner import Implementation
from conformance.run.verdicts import (
    ADAPTER,
    BLOCKED,
    CRASH,
    FAIL,
    HANG,
    UNSUPPORTED,
    XFAIL,
    XPASS,
    Result,
    suspects,
)

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ELEMENTS = {
    FAIL: "failure",
    CRASH: "failure",
    HANG: "failure",
    XPASS: "failure",
    ADAPTER: "error",
    UNSUPPORTED: "skipped",
    BLOCKED: "skipped",
    XFAIL: "skipped",
}


def junit_text(said: Implementation, results: Sequence[Result]) -> str:
    """Return the whole document."""
    suites: Dict[str, List[Result]] = OrderedDict()
    for result in results:
        suites.setdefault(result.case.op, []).append(result)
    likely, rules = suspects(results), load_rules()
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<testsuites name={_quoted(f'{said.name} {said.version}')}{_counts(results)}>",
    ]
    for operation, own in suites.items():
        lines.append(f"  <testsuite name={_quoted(operation)}{_counts(own)}>")
        for result in own:
            lines += _test(result, rules, likely)
        lines.append("  </testsuite>")
    return "\n".join(lines + ["</testsuites>", ""])


def _counts(results: Sequence[Result]) -> str:
    kinds = [_ELEMENTS.get(result.verdict.word) for result in results]
    seconds = sum(result.seconds for result in results)
    return f' tests="{len(results)}" failures="{int(kinds.count("failure"))}" errors="{int(kinds.count("error"))}" skipped="{int(kinds.count("skipped"))}" time="{seconds:.3f}"'


def _test(result: Result, rules: Rules, likely: Mapping[str, str]) -> List[str]:
    head = f'    <testcase classname={_quoted(result.case.op)} name={_quoted(result.case.id)} time="{result.seconds:.3f}"'
    element = _ELEMENTS.get(result.verdict.word)
    if element is None:
        return [head + "/>"]
    if element == "skipped":
        return [
            head + ">",
            f"      <skipped message={_quoted(headline(result))}/>",
            "    </testcase>",
        ]
    told = "\n".join(diagnosis(result, rules, likely))
    return [
        head + ">",
        f"      <{element} type={_quoted(result.verdict.word)} message={_quoted(headline(result))}>{escape(_clean(told))}</{element}>",
        "    </testcase>",
    ]


def _clean(text: str) -> str:
    return _NO_XML.sub(lambda match: match.group().encode("unicode_escape").decode("ascii"), text)


def _quoted(text: str) -> str:
    return quoteattr(_clean(text))
