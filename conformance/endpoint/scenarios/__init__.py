# SPDX-License-Identifier: MIT
"""The catalogue of scenarios that the endpoint plays: one module per chapter of SPEC.md.

To add a scenario, add it to the list in its chapter's module:

    streams.py     complete streams: framing, splitting, output members, content types
    messages.py    exceptions, errors, unknown events and wrong message types in valid frames
    frames.py      invalid frames: lengths, checksums, headers
    truncation.py  bodies that end too early, responses that stall
    responses.py   service errors, successes that are not a stream, redirects
    http1.py       malformed and unusual HTTP, connections
    applications.py  responses of common containers, with every failure
    progress.py    streams that go on after the client has handed over the last part

It becomes the case `invoke-NAME`. Nothing else depends on its position or on the number of
scenarios. `python3 -m conformance trace --write` adds it to docs/trace.md. Its `since` is the next
version of the vectors, so the committed reports stay valid without it. model.py says what a
Scenario consists of, and build.py has functions that make frames and responses.

A scenario does not depend on the request, the clock or chance. The same name always plays the same
bytes, except for the request id and the date.
"""

import difflib
import re
from functools import lru_cache
from typing import Dict, Iterable, List, Optional, Tuple

from conformance.endpoint.scenarios import (
    applications,
    frames,
    http1,
    messages,
    progress,
    responses,
    streams,
    truncation,
)
from conformance.endpoint.scenarios.model import (
    Acceptable,
    Entry,
    Expect,
    Response,
    Scenario,
    Template,
)
from conformance.endpoint.scenarios.streams import DEFAULT
from refimpl.errors import UsageError

__all__ = [
    "Acceptable",
    "DEFAULT",
    "Entry",
    "Expect",
    "Response",
    "Scenario",
    "Template",
    "catalogue",
    "early_scenarios",
    "examples",
    "find",
    "listing",
    "scenario_named",
    "similar_names",
]

CHAPTERS = (streams, messages, frames, truncation, responses, http1, applications, progress)

_COMPARED = 63  # characters, the longest endpoint name
_NUMBERED = re.compile(r"(.+-)([0-9]{1,9})\Z")


@lru_cache(maxsize=None)
def _entries() -> Dict[str, Entry]:
    return {entry.name: entry for chapter in CHAPTERS for entry in chapter.scenarios()}


def catalogue() -> Dict[str, Entry]:
    """Return every scenario and template by name, in the order of the chapters."""
    return dict(_entries())


def find(name: str) -> Optional[Scenario]:
    """Return the scenario that an endpoint of this name plays, or None if there is none.

    It is the scenario of this name, or the template's scenario for the number at the end of the
    name.
    """
    entry = _entries().get(name)
    if isinstance(entry, Scenario):
        return entry
    match = _NUMBERED.match(name)
    if match is not None:
        template = _entries().get(match.group(1) + "N")
        number = int(match.group(2))
        if isinstance(template, Template) and number <= template.most:
            return template.make(number)
    return None


@lru_cache(maxsize=None)
def early_scenarios() -> Dict[str, Scenario]:
    """Return the scenarios whose response does not wait for the body of the request, by name."""
    found = [entry for entry in _entries().values() if isinstance(entry, Scenario)]
    return {scenario.name: scenario for scenario in found if scenario.response.early}


def scenario_named(name: str) -> Scenario:
    """Return the scenario of a name. Raises UsageError, with similar names."""
    found = find(name)
    if found is None:
        expected = " or ".join(similar_names(name)) or "a name of `serve --list`"
        raise UsageError("no such scenario", expected=expected, actual=name)
    return found


def similar_names(name: str, more: Iterable[str] = ()) -> List[str]:
    """Return up to three names that are similar to this one.

    more: names in addition to the catalogue's
    """
    names = [*more]
    for scenario in examples():
        names.append(scenario.name)
    return difflib.get_close_matches(name[:_COMPARED], names, 3)


def examples() -> List[Scenario]:
    """Return every scenario, and for each template the scenarios of its example numbers."""
    return list(_examples())


@lru_cache(maxsize=None)
def _examples() -> Tuple[Scenario, ...]:
    found: List[Scenario] = []
    for entry in _entries().values():
        if isinstance(entry, Scenario):
            found.append(entry)
        else:
            found += [entry.make(number) for number in entry.examples]
    return tuple(found)


def listing() -> List[Tuple[str, str, str]]:
    """Return (name, title, must) for every entry of the catalogue."""
    return [(entry.name, entry.title, entry.must) for entry in _entries().values()]
