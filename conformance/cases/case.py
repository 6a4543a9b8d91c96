# SPDX-License-Identifier: MIT
"""One case as a value, its entry in a vector file, and the choice of cases.

The keys of an entry are described in SPEC.md, section 2.2.
"""

import fnmatch
import json
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Sequence, Tuple

from refimpl.errors import UsageError

Document = Dict[str, Any]

_LISTS = ("rules", "chunking", "acceptable", "needs")


class CaseError(UsageError):
    """An unusable vector file or case. The message names the file, the case and the key."""


class Case(NamedTuple):
    """One case. Its fields are the keys of an entry of a vector file, and the feature."""

    id: str
    title: str
    rules: Tuple[str, ...]
    level: str
    op: str
    input: Document
    chunking: Tuple[str, ...]
    expect: Document
    acceptable: Tuple[Document, ...]
    needs: Tuple[str, ...]
    why: str
    since: str
    source: str
    # The vector file without ".json", or "invoke".
    feature: str
    # "kind" if only the kind of the rejection shows whether the rules are followed.
    decides: str = ""
    # The case that the same process answers just before, or "".
    after: str = ""
    # After how many bytes each result and the error are complete; see SPEC.md, section 2.2.
    offsets: Document = {}


def case_of(entry: Mapping[str, Any], feature: str) -> Case:
    """Return the case of an entry that conforms to the schema."""
    return Case(
        entry["id"],
        entry["title"],
        tuple(entry["rules"]),
        entry["level"],
        entry["op"],
        entry["input"],
        tuple(entry.get("chunking", ("whole",))),
        entry["expect"],
        tuple(entry.get("acceptable", ())),
        tuple(entry.get("needs", ())),
        entry["why"],
        entry["since"],
        entry["source"],
        feature,
        entry.get("decides", ""),
        entry.get("after", ""),
        entry.get("offsets", {}),
    )


def to_document(case: Case) -> Document:
    """Return the entry of a case. Keys are in order, and defaults are omitted."""
    entry = dict(case._asdict())
    del entry["feature"]
    for name in ("decides", "after", "offsets"):
        if not entry[name]:
            del entry[name]
    for name in _LISTS:
        entry[name] = list(entry[name])
    if entry["chunking"] == ["whole"]:
        del entry["chunking"]
    return {name: value for name, value in entry.items() if value != []}


def to_line(document: Mapping[str, Any]) -> str:
    """Return a document as JSON on one line."""
    return json.dumps(document, ensure_ascii=False)


def choose(
    cases: Iterable[Case],
    only: Sequence[str] = (),
    rules: Sequence[str] = (),
    operations: Sequence[str] = (),
) -> List[Case]:
    """Return the cases that meet all conditions given. An empty condition is met by all cases.

    only: globs, one of which matches the id; rules: ids, one of which the case cites;
    operations: globs, one of which matches the case's operation
    """
    return [
        case
        for case in cases
        if (not only or any(fnmatch.fnmatchcase(case.id, glob) for glob in only))
        and (not rules or any(rule in case.rules for rule in rules))
        and (not operations or any(fnmatch.fnmatchcase(case.op, glob) for glob in operations))
    ]
