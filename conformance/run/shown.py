# SPDX-License-Identifier: MIT
"""The cases of `invoke` as an application is asked them: one that shows text, not parts.

`reads` of `hello` names the containers whose streams an application reads. Its answer has the
text, and case_of_text() returns the case with an expectation in text:

    the stream of such a container      the text, and whether the application reports a failure
    an error before the first part      the error
    any other case                      cannot be asked: the application cannot read the parts

An application may omit code and fields of an error. They are then not judged.
"""

from typing import Any, Mapping, Optional, Sequence

from conformance.cases.case import Case, Document
from conformance.endpoint.scenarios import find
from conformance.endpoint.scenarios.applications import CONTAINERS
from conformance.endpoint.scenarios.model import Shown
from conformance.run.asking import scenario_of

CONTAINER_NAMES = tuple(container.name for container in CONTAINERS)
SHOWN = "shown"  # the stage: the text
DETAILS = ("code", "fields")
# A failure of the model, or text that ends too early. The errors of applications have many names.
_FAILURE_KINDS = ["container", "truncated", "syntax", "utf8"]
DIVERGENCE = {
    "why": "an application may report that the model's end marker or its text is missing",
    "divergence": "DIV-022",
}


def case_of_text(case: Case, reads: Sequence[str]) -> Optional[Case]:
    """Return a case of `invoke` with an expectation in text, or None if it cannot be asked.

    reads: the names of containers
    """
    scenario = find(scenario_of(case))
    shown = None if scenario is None else scenario.shown
    if shown is not None and shown.container in reads:
        return _case_of_stream(case, shown)
    if not is_error_only(case.expect):
        return None
    others = tuple(
        dict(other, expect=_without_parts(other["expect"]))
        for other in case.acceptable
        if not _has_events(other["expect"])
    )
    return case._replace(expect=_without_parts(case.expect), acceptable=others)


def _case_of_stream(case: Case, shown: Shown) -> Case:
    output = {SHOWN: shown.text}
    good = {"status": "ok", "output": output}
    failure = {"status": "reject", "kind": _FAILURE_KINDS, "output": output}
    if shown.fails is None:
        return case._replace(expect=good, acceptable=(dict(DIVERGENCE, expect=failure),))
    if not shown.fails:
        return case._replace(expect=good, acceptable=())
    if case.expect["status"] == "reject":
        failure = dict(case.expect, output=output)
    return case._replace(expect=failure, acceptable=())


def is_error_only(expect: Document) -> bool:
    """Return whether an error is expected before the first part."""
    return bool(expect["status"] == "reject") and not _has_events(expect)


def _has_events(expect: Document) -> bool:
    return bool(expect.get("output", {}).get("events"))


def _without_parts(expect: Document) -> Document:
    return dict(expect, output={SHOWN: ""})


def is_in_text(expect: Mapping[str, Any]) -> bool:
    """Return whether an expectation of `invoke` is in text."""
    return SHOWN in expect.get("output", {})
