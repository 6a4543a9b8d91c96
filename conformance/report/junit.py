# SPDX-License-Identifier: MIT
"""The JUnit XML report for continuous integration: one suite per operation, one test per case.

A failure of the implementation or an unexpected pass is a `failure`, a failure of the adapter an
`error`. Unsupported, blocked and expected failures are `skipped`. The property `not_judged` lists
the facets of a passing case that were not judged. Characters that XML does not allow are escaped,
so that no answer can break the document.
"""

import re
from collections import OrderedDict
from typing import Dict, List, Mapping, Match, Sequence
from xml.sax.saxutils import escape, quoteattr  # noqa: S406

from conformance.cases.rules import load_rules
from conformance.escaping import escaped
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
    """Return the whole XML document."""
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
    elements = [_ELEMENTS.get(result.verdict.word) for result in results]
    counts = (
        ("tests", str(len(results))),
        ("failures", str(elements.count("failure"))),
        ("errors", str(elements.count("error"))),
        ("skipped", str(elements.count("skipped"))),
        ("time", f"{sum(result.seconds for result in results):.3f}"),
    )
    return "".join(f' {name}="{value}"' for name, value in counts)


def _test(result: Result, rules: Rules, likely: Mapping[str, str]) -> List[str]:
    names = f"classname={_quoted(result.case.op)} name={_quoted(result.case.id)}"
    head = f'    <testcase {names} time="{result.seconds:.3f}"'
    element, message = _ELEMENTS.get(result.verdict.word), _quoted(headline(result))
    if element is None and result.verdict.not_judged:
        value = _quoted(" ".join(result.verdict.not_judged))
        inner = f'<property name="not_judged" value={value}/>'
        return [
            head + ">",
            f"      <properties>{inner}</properties>",
            "    </testcase>",
        ]
    if element is None:
        return [head + "/>"]
    if element == "skipped":
        return [head + ">", f"      <skipped message={message}/>", "    </testcase>"]
    text = escape(_clean("\n".join(diagnosis(result, rules, likely))))
    start = f"<{element} type={_quoted(result.verdict.word)} message={message}>"
    return [head + ">", f"      {start}{text}</{element}>", "    </testcase>"]


def _clean(text: str) -> str:
    # XML allows C1 control characters and directional overrides, but a terminal must not get them.
    return _NO_XML.sub(_escape_of, escaped(text))


def _escape_of(match: Match[str]) -> str:
    return match.group().encode("unicode_escape").decode("ascii")


def _quoted(text: str) -> str:
    return quoteattr(_clean(text))
