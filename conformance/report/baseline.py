# SPDX-License-Identifier: MIT
"""The comparison of a run with an earlier JSON report, for `run --baseline REPORT`.

A case got worse if its verdict did, or if the answer omits a facet that was judged before. A new
case, or one that either run did not select, cannot get worse.
"""

from typing import Any, List, Mapping, Sequence

from conformance.report.json_report import entries_of
from conformance.run.verdicts import (
    ACCEPTABLE,
    ADAPTER,
    BLOCKED,
    CRASH,
    FAIL,
    HANG,
    PASS,
    UNSUPPORTED,
    XFAIL,
    XPASS,
    Result,
)
from refimpl.errors import shown

_RANKS = {
    PASS: 0,
    XPASS: 0,
    ACCEPTABLE: 1,
    UNSUPPORTED: 2,
    BLOCKED: 2,
    FAIL: 3,
    XFAIL: 3,
    HANG: 4,
    CRASH: 5,
    ADAPTER: 6,
}


def worse_than(baseline: Mapping[str, Any], results: Sequence[Result]) -> List[str]:
    """Return one line for each result that is worse than in an earlier report."""
    before = entries_of(baseline, [result.case for result in results])
    lines = []
    for result in results:
        entry = before.get(result.case.id)
        if entry is None and result.case.id.startswith("after-"):
            entry = {"verdict": PASS}
        if entry is not None:
            change = _change(entry, result)
            if change:
                lines.append(f"worse than the baseline: {result.case.id}: {change}")
    return lines


def _change(entry: Mapping[str, Any], result: Result) -> str:
    """Return how a result is worse than an entry, or an empty text."""
    old, new = entry["verdict"], result.verdict
    if _RANKS[new.word] > _RANKS[old]:
        reason = f" ({shown(new.note, 200)})" if new.note else ""
        return f"{old}, now {new.word}{reason}"
    lost = [facet for facet in new.not_judged if facet not in entry.get("not_judged", ())]
    if lost and _RANKS[new.word] == _RANKS[old]:
        return f"no longer judged: {', '.join(lost)}"
    return ""
