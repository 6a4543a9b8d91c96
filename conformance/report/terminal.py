# SPDX-License-Identifier: MIT
"""The report for a person: what to look at first, in about 40 lines.

The plan: failures in groups, by the rule that they are likely to break, the largest group first. The first cases of the first
groups are told in full: the rule's text, the stage, expected and actual with a caret, and why the case exists. The rest have a
line each, or a line for their group when there are many. Then what each operation came to, and one line that sums up.
"""

import json
import textwrap
from collections import OrderedDict
from typing import Dict, Iterable, List, Mapping, Sequence, Tuple

from conformance.cases.case import Case, to_document
from conformance.cases.frames import disassemble
from conformance.cases.questions import CARRIERS, input_bytes
from conformance.cases.rules import Rule
from conformance.endpoint.scenarios import body_of, find
from conformance.report.excerpts import excerpt_of, lines_of
from conformance.run.verdicts import (
    ACCEPTABLE,
    ADAPTER,
    BLOCKED,
    CRASH,
    FAIL,
    FAILURES,
    HANG,
    PASS,
    UNSUPPORTED,
    XFAIL,
    XPASS,
    Result,
    suspects,
)
from refimpl.errors import shown

Rules = Mapping[str, Rule]

_WIDTH = 110
_IN_FULL = 2  # failures that are told in full
_MOST_PLAYED = 40  # lines of what the endpoint plays
_ONE_LINE_EACH = 12  # more than that, and a group has one line
_TOLD = FAILURES + (ADAPTER, XPASS)
_COLUMNS = (PASS, ACCEPTABLE, FAIL, CRASH, HANG, ADAPTER, XFAIL, XPASS, BLOCKED, UNSUPPORTED)


def report_lines(results: Sequence[Result], rules: Rules) -> List[str]:
    """Return the whole report, but for what the run itself was."""
    told = [result for result in results if result.verdict.word in _TOLD]
    likely = suspects(results)
    groups = sorted(_groups(told, likely).items(), key=lambda item: -len(item[1]))
    first = [group[0] for _, group in groups[:_IN_FULL]]
    lines: List[str] = []
    for result in first:
        lines += _in_full(result, rules, likely) + [""]
    rest = [(label, [result for result in group if result not in first]) for label, group in groups]
    lines += _in_short([(label, group) for label, group in rest if group])
    return lines + totals(results)


def _groups(results: Iterable[Result], likely: Mapping[str, str]) -> Dict[str, List[Result]]:
    groups: Dict[str, List[Result]] = OrderedDict()
    for result in results:
        word = result.verdict.word
        groups.setdefault(
            likely[result.case.id] if word == FAIL and result.case.id in likely else word, []
        ).append(result)
    for group in groups.values():
        group.sort(
            key=lambda result: len(result.case.rules)
        )  # what tests one thing alone says most
    return groups


def headline(result: Result) -> str:
    """Return what a case came to on one line."""
    found = result.verdict
    way = "" if result.chunking == "whole" else f" ({result.chunking})"
    if found.difference is None:
        return f"{found.word} {result.case.id}{way}: {shown(found.note, 300)}"
    seen = excerpt_of(found.difference, 40)
    return f"{found.word} {result.case.id}{way}: {shown(found.difference.stage, 80)}: expected {seen.expected}, got {seen.actual}"


def diagnosis(result: Result, rules: Rules, likely: Mapping[str, str]) -> List[str]:
    """Return the lines that tell a failure: the rule, where the answer departs from what is expected, why the case exists."""
    lines = []
    first = likely.get(result.case.id, result.case.rules[0] if result.case.rules else None)
    if first is not None:
        lines += _wrapped(first, rules[first].text if first in rules else "")
    others = [rule for rule in result.case.rules if rule != first]
    if others:
        lines.append("also      " + " ".join(others))
    found = result.verdict
    if found.difference is not None:
        lines += ["stage     " + shown(found.difference.stage)] + lines_of(found.difference)
    elif found.note:
        lines += _wrapped("found", shown(found.note, 1000))
    if found.message and not (found.difference and found.difference.stage == "status"):
        lines += _wrapped("it says", shown(found.message, 300))
    return lines + _wrapped("why", result.case.why)


def _wrapped(label: str, text: str) -> List[str]:
    lines = textwrap.wrap(text, _WIDTH - 10) or [""]
    return [(label + "  ").ljust(10) + lines[0]] + [" " * 10 + line for line in lines[1:]]


def _in_full(result: Result, rules: Rules, likely: Mapping[str, str]) -> List[str]:
    head = f"{result.verdict.word} {result.case.id} [{result.case.op}, {result.chunking}]: {result.case.title}"
    return [head] + ["  " + line for line in diagnosis(result, rules, likely)]


def _in_short(groups: Sequence[Tuple[str, Sequence[Result]]]) -> List[str]:
    if sum(len(group) for _, group in groups) <= _ONE_LINE_EACH:
        lines = [headline(result) for _, group in groups for result in group]
    else:
        lines = [
            "%s: %d more: %s" % (label, len(group), _some([result.case.id for result in group]))
            for label, group in groups
        ]
        if len(lines) > _ONE_LINE_EACH:
            left = sum(len(group) for _, group in groups[_ONE_LINE_EACH:])
            lines = lines[:_ONE_LINE_EACH] + [
                "and %d more; --only GLOB narrows, --report json=FILE tells all" % left
            ]
    return lines + [""] if lines else []


def _some(names: Sequence[str]) -> str:
    """Return as many names as a line holds."""
    text = names[0]
    for index, name in enumerate(names[1:], 1):
        if len(text) + len(name) > _WIDTH:
            return "%s and %d others" % (text, len(names) - index)
        text += " " + name
    return text


def totals(results: Sequence[Result]) -> List[str]:
    """Return a table of what each operation came to, and one line that sums up; empty columns are left out."""
    counts: Dict[str, Dict[str, int]] = OrderedDict()
    for result in results:
        row = counts.setdefault(result.case.op, {})
        row[result.verdict.word] = row.get(result.verdict.word, 0) + 1
    used = [word for word in _COLUMNS if any(word in row for row in counts.values())]
    lines = ["%-20s" % "" + "".join("%13s" % word for word in used)]
    for operation, row in counts.items():
        lines.append(
            "%-20s" % operation + "".join("%13s" % (row.get(word) or "-") for word in used)
        )
    return lines + [summary(results)] if results else ["no case was run"]


def summary(results: Sequence[Result]) -> str:
    """Return one line: how many cases, and how many of each verdict."""
    words = [result.verdict.word for result in results]
    told = ["%d %s" % (words.count(word), word) for word in _COLUMNS if word in words]
    return "%d cases: %s" % (len(results), ", ".join(told))


# ---- one case ----------------------------------------------------------------------------------------------------


def case_lines(case: Case, rules: Rules) -> List[str]:
    """Return a whole case for a person: what it tests and why, its bytes annotated, what is expected."""
    lines = [
        f"{case.id}: {case.title}",
        "",
        "op        " + case.op,
        f"level     {case.level}, since {case.since}, {case.source}",
    ]
    lines += _wrapped("why", case.why)
    for rule in case.rules:
        lines += _wrapped(rule, rules[rule].text if rule in rules else "")
    document = to_document(case)
    for key in ("needs", "chunking"):
        lines += ["%-10s%s" % (key, " ".join(document[key]))] if key in document else []
    return lines + [""] + asked_lines(case)


def asked_lines(case: Case) -> List[str]:
    """Return what a case asks, its bytes annotated, and what is expected of the answer."""
    lines = ["input"] + _json_lines(
        {name: value for name, value in case.input.items() if name not in CARRIERS}
    )
    lines += bytes_lines(case)
    if case.op == "invoke":
        lines += _played_lines(case.input["input"]["EndpointName"])
    lines += ["", "expected"] + _json_lines(case.expect)
    for other in case.acceptable:
        lines += [
            "",
            "acceptable ({}): {}".format(other["divergence"], other["why"]),
        ] + _json_lines(other["expect"])
    return lines


def bytes_lines(case: Case) -> List[str]:
    """Return the bytes that a case carries: frames in the frame language, all else in hexadecimal with what can be read beside it."""
    data = input_bytes(case)
    if data is None:
        return []
    lines = ["", "bytes     %d" % len(data)]
    if case.op in ("eventstream.decode", "http.response"):
        lines += ["  " + line for line in disassemble(data).splitlines()]
    return lines + ["  " + line for line in hex_lines(data)]


def _played_lines(name: str) -> List[str]:
    """Return what the endpoint plays, in the frame language where it is frames."""
    answer = find(name).answer
    lines = [
        "",
        "the endpoint plays, framing {}, ending {}{}".format(
            answer.framing,
            answer.ending,
            "" if answer.cut is None else ", cut behind %d bytes of the body" % answer.cut,
        ),
    ]
    if answer.framing == "raw":
        return lines + ["  " + line for line in hex_lines(body_of(answer))]
    played = (
        ["HTTP/1.1 " + answer.status]
        + ["{}: {}".format(*pair) for pair in answer.headers]
        + disassemble(body_of(answer)).splitlines()
    )
    more = (
        ["... %d lines more" % (len(played) - _MOST_PLAYED)] if len(played) > _MOST_PLAYED else []
    )
    return lines + ["  " + shown(line, _WIDTH) for line in played[:_MOST_PLAYED] + more]


def hex_lines(data: bytes, most: int = 512) -> List[str]:
    """Return bytes sixteen a line: offset, hexadecimal, what can be read; of long ones the beginning."""
    lines = []
    for start in range(0, min(len(data), most), 16):
        piece = data[start : start + 16]
        readable = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in piece)
        lines.append(
            "%06x  %-47s  %s" % (start, " ".join(f"{byte:02x}" for byte in piece), readable)
        )
    return lines + ["... %d bytes more" % (len(data) - most)] if len(data) > most else lines


def _json_lines(document: object) -> List[str]:
    text = json.dumps(document, indent=1, ensure_ascii=False)
    if len(text) < _WIDTH:
        text = json.dumps(document, ensure_ascii=False)
    return ["  " + line for line in text.splitlines()]
