# SPDX-License-Identifier: MIT
"""A page in Markdown: what a server does, next to what SPEC.md says.

It is meant for a report on the public service, so it has no account ids, request ids, ARNs, keys,
tokens, signatures, endpoint names of the user or response bodies. Messages of errors are kept.
"""

import re
from typing import Dict, Iterable, List, Mapping, Sequence, Tuple

from conformance.cases.rules import Rule
from conformance.run.verdicts import PASS, UNSUPPORTED, Result
from conformance.servers.exchange import Received
from conformance.servers.subject import UNKNOWN_NAME, Draft, Subject
from conformance.servers.verdicts import code_of, message_of
from conformance.wording import number_of
from refimpl.errors import shown
from refimpl.redaction import redacted_text

_PRIVATE = (
    (re.compile(r"arn:[a-z-]+:[^\s\"'<>]+"), "<arn>"),
    (re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"), "<id>"),
    (re.compile(r"\b(?:A[SK]IA|AROA|AIDA)[A-Z0-9]{8,}\b"), "<access key>"),
    (re.compile(r"\b[0-9a-fA-F]{64}\b"), "<hash>"),
    (re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])"), "<account>"),
)
# Headers whose values are shown. Of all others only the names are.
_SHOWN_HEADERS = ("allow", "connection", "content-type", "transfer-encoding", "x-amzn-errortype")
KNOWN = "The public service is known to do so."


def without_private(text: str, subject: Subject) -> str:
    """Return text on one line without what belongs to the user."""
    text = redacted_text(text, [*subject.secrets(), subject.credentials.access_key])
    for pattern, replacement in _PRIVATE:
        text = pattern.sub(replacement, text)
    own = [name for name in subject.names if name and name != UNKNOWN_NAME]
    for name in sorted(own, key=len, reverse=True):
        text = re.sub(rf"(?<![A-Za-z0-9-]){re.escape(name)}(?![A-Za-z0-9-])", "<name>", text)
    return shown(text, 2000).replace("|", "\\|").replace("`", "'")


def observations_page(
    subject: Subject,
    results: Sequence[Result],
    rules: Mapping[str, Rule],
    date: str,
) -> str:
    """Return the page.

    rules: of SPEC.md, by id;  date: the day
    """
    judged = [result for result in results if result.verdict.word != UNSUPPORTED]
    different = [result for result in judged if result.verdict.word != PASS]
    lines = [
        f"# Observations of {without_private(subject.url, subject)}",
        "",
        f"{date}, {number_of(len(subject.seen), 'exchange')}, {number_of(len(judged), 'check')}. "
        "Account ids, request ids, keys, hashes, ARNs and endpoint names are removed.",
        "",
        "## Differences from SPEC.md",
        "",
    ]
    for result in different:
        lines += _difference(subject, result, rules)
    if not different:
        lines += ["None.", ""]
    lines += ["## As SPEC.md says", ""]
    lines += [
        f"- {_label(result)}: {_known(result, rules)}"
        for result in judged
        if result not in different
    ]
    lines += ["", "## Not judged", ""]
    lines += [
        f"- {_label(result)}: {without_private(result.verdict.note, subject)}"
        for result in results
        if result not in judged
    ]
    return "\n".join(lines + ["", "## Exchanges", "", *_exchanges(subject, subject.seen), ""])


def _difference(subject: Subject, result: Result, rules: Mapping[str, Rule]) -> List[str]:
    found = result.verdict
    lines = [f"### {_label(result)}", ""]
    for name in result.case.rules:
        if name in rules:
            lines += [f"> {name}: {rules[name].text}", ""]
    if found.difference is not None:
        rows = (
            ("compared", found.difference.stage),
            ("expected", found.difference.expected),
            ("observed", found.difference.actual),
        )
        lines += [f"- {name}: {without_private(str(value), subject)}" for name, value in rows]
    else:
        lines.append(f"- {found.word}: {without_private(found.note, subject)}")
    return lines + [""]


def _label(result: Result) -> str:
    return f"{' '.join(result.case.rules)}, {result.case.title}"


def _known(result: Result, rules: Mapping[str, Rule]) -> str:
    texts = [rules[name].text for name in result.case.rules if name in rules]
    if not texts:
        return "observed"
    is_known = all(KNOWN in text for text in texts)
    return "as known" if is_known else "observed, and not known before"


def _exchanges(subject: Subject, seen: Iterable[Tuple[Draft, Received]]) -> List[str]:
    """Return a table with one line for each kind of exchange."""
    lines = ["| request | status | code and message | headers |", "|---|---|---|---|"]
    counts: Dict[str, int] = {}
    for draft, received in seen:
        path = without_private(draft.target.partition("?")[0], subject)
        cells = (
            f"{draft.method} {shown(path, 100)}",
            str(received.status),
            _outcome(subject, received),
            _headers(subject, received),
        )
        line = f"| {' | '.join(cells)} |"
        counts[line] = counts.get(line, 0) + 1
    return lines + list(counts)


def _outcome(subject: Subject, received: Received) -> str:
    if received.status < 300:
        return f"{len(received.pieces)} pieces"
    return without_private(f"{code_of(received)} {shown(message_of(received), 300)}", subject)


def _headers(subject: Subject, received: Received) -> str:
    texts = []
    for name, value in received.head.headers:
        has_value = name.lower() in _SHOWN_HEADERS
        texts.append(f"{name}: {value}" if has_value else name)
    return without_private("; ".join(texts), subject)
