# SPDX-License-Identifier: MIT
"""The terminal report, about 40 lines, and the description of a case for `conformance show`.

Failures are grouped by the rule that they most likely violate, the largest group first. The first
case of each of the first groups is shown in full: the rule, the stage, expected and actual value
with a caret, and why the case exists. The other failures have a line each or, if there are many, a
line per group. A table of the operations and a summary follow.
"""

import json
import re
import textwrap
from collections import OrderedDict
from typing import Dict, Iterable, List, Mapping, Sequence, Tuple

from conformance.cases.case import Case, to_document
from conformance.cases.frames import disassemble
from conformance.cases.questions import CARRIERS, input_bytes
from conformance.cases.rules import Rule
from conformance.endpoint.scenarios import scenario_named
from conformance.endpoint.scenarios.build import body_of
from conformance.report.causes import cause_of, explained_lines, origin_of
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
    SIGNATURE,
    UNSUPPORTED,
    XFAIL,
    XPASS,
    Result,
    count_not_judged,
    suspects,
)
from refimpl.errors import shown

Rules = Mapping[str, Rule]

_WIDTH = 110
_IN_FULL = 2  # failures that are shown in full
_MAX_ERROR_LINES = 8  # about the bytes of a failing case that are not a frame
_MAX_PLAYED = 40  # lines of an endpoint's response
_MAX_DISASSEMBLED = 10000  # bytes; longer frames are shown as the case writes them
_ONE_LINE_EACH = 12  # with more failures, each group has one line
_SHOWN = FAILURES + (ADAPTER, XPASS)
_COLUMNS = (PASS, ACCEPTABLE, FAIL, CRASH, HANG, ADAPTER, XFAIL, XPASS, BLOCKED, UNSUPPORTED)


def report_lines(results: Sequence[Result], rules: Rules) -> List[str]:
    """Return the lines of the report, without a line about the run itself."""
    failures = [result for result in results if result.verdict.word in _SHOWN]
    likely = suspects(results)
    shared = _shared(failures)
    others = {id(result) for group in shared.values() for result in group[1:]}
    failures = [result for result in failures if id(result) not in others]
    groups = sorted(_groups(failures, likely).items(), key=lambda item: -len(item[1]))
    first = [group[0] for _, group in groups[:_IN_FULL]]
    lines: List[str] = []
    for result in first:
        lines += _in_full(result, rules, likely) + [""]
    for what, group in shared.items():
        lines.append(f"{len(group)} failures share: {shown(what, 200)}")
    rest = [(label, [result for result in group if result not in first]) for label, group in groups]
    lines += _in_short([(label, group) for label, group in rest if group])
    return lines + totals(results)


def _groups(results: Iterable[Result], likely: Mapping[str, str]) -> Dict[str, List[Result]]:
    groups: Dict[str, List[Result]] = OrderedDict()
    for result in results:
        label = result.verdict.word
        if label == FAIL:
            label = likely.get(result.case.id, label)
        groups.setdefault(label, []).append(result)
    for group in groups.values():
        group.sort(key=lambda result: len(result.case.rules))  # the most specific case first
    return groups


def _shared(failures: Iterable[Result]) -> Dict[str, List[Result]]:
    """Return failures of signers that have one difference in common, by its description."""
    groups: Dict[str, List[Result]] = OrderedDict()
    for result in failures:
        what = _common_difference(result)
        if what:
            groups.setdefault(what, []).append(result)
    return OrderedDict((what, group) for what, group in groups.items() if len(group) > _IN_FULL)


def _common_difference(result: Result) -> str:
    """Return which header lines a canonical request has too many or too few, or an empty text."""
    difference = result.verdict.difference
    if difference is None or not difference.stage.endswith("canonical_request"):
        return ""
    wanted, got = (_header_lines(value) for value in (difference.expected, difference.actual))
    more = [f"adds header {line}" for line in got if line not in wanted]
    less = [f"lacks header {line}" for line in wanted if line not in got]
    changed = {line.partition(":")[0] for line in wanted} & {
        line.partition(":")[0] for line in got if line not in wanted
    }
    return "" if changed else ", ".join(more + less)


def _header_lines(request: object) -> List[str]:
    """Return the lines of a canonical request with its headers."""
    lines = str(request).split("\n")[3:]
    return lines[: lines.index("")] if "" in lines else []


def headline(result: Result) -> str:
    """Return the verdict on a case on one line."""
    found = result.verdict
    head = f"{found.word} {result.case.id}"
    if result.chunking != "whole":
        head += f" ({result.chunking})"
    if found.difference is None:
        return f"{head}: {shown(found.note, 300)}"
    seen, stage = excerpt_of(found.difference, 40), shown(found.difference.stage, 80)
    return f"{head}: {stage}: expected {seen.expected}, got {seen.actual}"


def diagnosis(result: Result, rules: Rules, likely: Mapping[str, str]) -> List[str]:
    """Return the lines that explain a failure: the rule, the difference, why the case exists."""
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
        cause = cause_of(found.difference)
        if cause is not None:
            lines += _wrapped("cause", shown(cause, 500))
        origin = origin_of(result.case, found.difference)
        if origin is not None:
            lines += _wrapped("origin", shown(origin, 500))
    elif found.note:
        lines += _wrapped("found", shown(found.note, 1000))
    if found.message and not (found.difference and found.difference.stage == "status"):
        # A service's canonical request is shown in full.
        is_refusal = found.difference and found.difference.stage.startswith(SIGNATURE)
        lines += _wrapped("message", shown(found.message, 2000 if is_refusal else 300))
    lines += _wrapped("why", result.case.why)
    explained = explained_lines(result.case, _MAX_ERROR_LINES, only_errors=True)
    return lines + (["bytes", *explained] if explained else [])


def _wrapped(label: str, text: str) -> List[str]:
    lines = textwrap.wrap(text, _WIDTH - 10) or [""]
    return [(label + "  ").ljust(10) + lines[0]] + [" " * 10 + line for line in lines[1:]]


def _in_full(result: Result, rules: Rules, likely: Mapping[str, str]) -> List[str]:
    case = result.case
    head = f"{result.verdict.word} {case.id} [{case.op}, {result.chunking}]: {case.title}"
    return [head] + ["  " + line for line in diagnosis(result, rules, likely)]


def _in_short(groups: Sequence[Tuple[str, Sequence[Result]]]) -> List[str]:
    if not groups:
        return []
    if sum(len(group) for _, group in groups) <= _ONE_LINE_EACH:
        return [headline(result) for _, group in groups for result in group] + [""]
    lines = []
    for label, group in groups[:_ONE_LINE_EACH]:
        lines.append(f"{label}: {len(group)} more: {_some([result.case.id for result in group])}")
    rest = sum(len(group) for _, group in groups[_ONE_LINE_EACH:])
    if rest:
        lines.append(f"and {rest} more: --only GLOB selects cases, --report html=FILE shows all")
    return lines + [""]


def _some(names: Sequence[str], width: int = _WIDTH) -> str:
    """Return as many names as fit into a line."""
    text = names[0]
    for index, name in enumerate(names[1:], 1):
        if len(text) + len(name) > width:
            return f"{text} and {len(names) - index} others"
        text += " " + name
    return text


def totals(results: Sequence[Result]) -> List[str]:
    """Return a table with the counts of each operation, without empty columns, and a summary."""
    counts: Dict[str, Dict[str, int]] = OrderedDict()
    for result in results:
        row = counts.setdefault(result.case.op, {})
        row[result.verdict.word] = row.get(result.verdict.word, 0) + 1
    if not results:
        return ["no case was run"]
    used = [word for word in _COLUMNS if any(word in row for row in counts.values())]
    lines = [" " * 20 + "".join(f"{word:>13}" for word in used)]
    for operation, row in counts.items():
        cells = [str(row.get(word, "-")) for word in used]
        lines.append(f"{operation:20}" + "".join(f"{cell:>13}" for cell in cells))
    lines += acceptable_lines(results) + not_judged_lines(results)
    return lines + [summary(results)]


def acceptable_lines(results: Iterable[Result]) -> List[str]:
    """Return a line for each reason why cases are acceptable, with their number and ids."""
    groups: Dict[str, List[str]] = OrderedDict()
    for result in results:
        found = result.verdict
        if found.word == ACCEPTABLE:
            reasons = map(_without_name, found.departures or (found.note,))
            for reason in OrderedDict.fromkeys(reasons):
                groups.setdefault(reason, []).append(result.case.id)
    lines = []
    ordered = sorted(groups.items(), key=lambda item: -len(item[1]))
    for reason, names in ordered[:_ONE_LINE_EACH]:
        head = f"ACCEPTABLE {_cases(len(names))}: {shown(reason, 200)}"
        lines.append(f"{head}: {_some(names, _WIDTH // 2)}")
    if len(ordered) > _ONE_LINE_EACH:
        lines.append(f"and {len(ordered) - _ONE_LINE_EACH} more reasons")
    return lines


def _without_name(departure: str) -> str:
    """Return a departure without the name of the header, if any given header can have it."""
    return re.sub(r"^leaves \S+ unsigned$", "leaves a given header unsigned", departure)


def _cases(count: int) -> str:
    return "1 case" if count == 1 else f"{count} cases"


def not_judged_lines(results: Iterable[Result]) -> List[str]:
    """Return a line for each operation of which the answers omit facets."""
    return [
        f"not judged: {name} " + ", ".join(f"{count} {facet}" for facet, count in counts.items())
        for name, counts in count_not_judged(results).items()
    ]


def summary(results: Sequence[Result]) -> str:
    """Return one line with the number of cases and of each verdict."""
    words = [result.verdict.word for result in results]
    counts = [f"{words.count(word)} {word}" for word in _COLUMNS if word in words]
    return f"{len(results)} cases: {', '.join(counts)}"


# ---- one case ----------------------------------------------------------------------------------


def case_lines(case: Case, rules: Rules) -> List[str]:
    """Return the description of a case: subject, reason, annotated bytes, expectation."""
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
        if key in document:
            lines.append(f"{key:10}{' '.join(document[key])}")
    return lines + [""] + asked_lines(case)


def asked_lines(case: Case) -> List[str]:
    """Return a case's input with annotated bytes, and the expected answer."""
    lines = ["input"] + _json_lines(
        {name: value for name, value in case.input.items() if name not in CARRIERS}
    )
    lines += bytes_lines(case)
    if case.op == "invoke":
        lines += _played_lines(case.input["input"]["EndpointName"])
    lines += ["", "expected"] + _json_lines(case.expect)
    for other in case.acceptable:
        lines += ["", f"acceptable ({other['divergence']}): {other['why']}"]
        lines += _json_lines(other["expect"])
    return lines


def bytes_lines(case: Case) -> List[str]:
    """Return a case's bytes: frames in the frame language, other bytes as a hexadecimal dump."""
    data = input_bytes(case)
    if data is None:
        return []
    lines = ["", f"bytes     {len(data)}"]
    lines += ["  " + line for line in _notation_lines(case, data)]
    return lines + ["  " + line for line in hex_lines(data)]


def _notation_lines(case: Case, data: bytes) -> List[str]:
    """Return the bytes of a case in the frame language, or as the case describes them."""
    if "bytes" in case.input:
        return [json.dumps(case.input["bytes"], ensure_ascii=False)]
    if case.op not in ("eventstream.decode", "http.response"):
        return []
    if "frames" in case.input and len(data) > _MAX_DISASSEMBLED:
        return list(case.input["frames"].splitlines())
    return disassemble(data).splitlines()


def _played_lines(name: str) -> List[str]:
    """Return the endpoint's response, with frames in the frame language."""
    answer = scenario_named(name).response
    head = f"the endpoint plays, framing {answer.framing}, ending {answer.ending}"
    if answer.cut is not None:
        head += f", truncated after {answer.cut} bytes of the body"
    if answer.framing == "raw":
        return ["", head] + ["  " + line for line in hex_lines(body_of(answer))]
    played = ["HTTP/1.1 " + answer.status]
    played += [f"{name}: {value}" for name, value in answer.headers]
    played += disassemble(body_of(answer)).splitlines()
    rest = len(played) - _MAX_PLAYED
    if rest > 0:
        played = played[:_MAX_PLAYED] + [f"... {rest} more lines"]
    return ["", head] + ["  " + shown(line, _WIDTH) for line in played]


def hex_lines(data: bytes, most: int = 512) -> List[str]:
    """Return a hexadecimal dump with 16 bytes per line, shortened."""
    lines = []
    for start in range(0, min(len(data), most), 16):
        piece = data[start : start + 16]
        digits = " ".join(f"{byte:02x}" for byte in piece)
        readable = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in piece)
        lines.append(f"{start:06x}  {digits:47}  {readable}")
    if len(data) > most:
        lines.append(f"... {len(data) - most} more bytes")
    return lines


def _json_lines(document: object) -> List[str]:
    text = json.dumps(document, indent=1, ensure_ascii=False)
    if len(text) < _WIDTH:
        text = json.dumps(document, ensure_ascii=False)
    return ["  " + line for line in text.splitlines()]
