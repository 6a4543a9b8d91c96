# SPDX-License-Identifier: MIT
"""The table of all checks, and the cases that reports show for them."""

from typing import Dict, List

from conformance.cases.case import Case
from conformance.servers import accepting, documents, refusing, streaming, transport
from conformance.servers.verdicts import Check

OPERATION = "server"
CHECKS = (
    *accepting.CHECKS,
    *transport.CHECKS,
    *refusing.CHECKS,
    *documents.CHECKS,
    *streaming.CHECKS,
)
_SINCE = "0.2.0"


def case_of(check: Check) -> Case:
    """Return a check as the case that reports show."""
    return Case(
        check.id,
        check.title,
        check.rules,
        "MUST",
        OPERATION,
        {},
        ("whole",),
        {"status": "ok"},
        (),
        (),
        check.why,
        _SINCE,
        "derived",
        OPERATION,
    )


def checks_by_rule() -> Dict[str, List[Check]]:
    """Return the checks of each rule."""
    found: Dict[str, List[Check]] = {}
    for check in CHECKS:
        for rule in check.rules:
            found.setdefault(rule, []).append(check)
    return found
