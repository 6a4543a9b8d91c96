# SPDX-License-Identifier: MIT
"""Tests of conformance/report/causes.py."""

from typing import Any

from authoring.exp import DATE, HOST, request
from conformance.report.causes import cause_of
from conformance.run.verdicts import ABSENT, Difference
from tests.rows import for_each

STAGE = "canonical_request"


def test_a_canonical_request_is_explained() -> None:
    difference = Difference(STAGE, request(path="/%2A"), request(path="/*"))
    assert cause_of(difference) == (
        "path differs: the signer does not percent-encode `*` (SIG-006)"
    )
    difference = Difference("sent." + STAGE, request(HOST, DATE), request(HOST, DATE, hashed="0"))
    assert str(cause_of(difference)).startswith("payload hash differs: ")


@for_each(
    "stage, expected, actual",
    [
        ("signature", "0", "1"),
        (STAGE, request(), ABSENT),
        (STAGE, request(), request()),
        ("messages", [], [1]),
    ],
)
def test_other_differences_are_not(stage: str, expected: Any, actual: Any) -> None:
    assert cause_of(Difference(stage, expected, actual)) is None
    assert cause_of(None) is None
