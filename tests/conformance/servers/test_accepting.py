# SPDX-License-Identifier: MIT
"""Tests of conformance/servers/accepting.py with servers that refuse every request."""

from conformance.endpoint.scenarios.build import part
from conformance.run.verdicts import ACCEPTABLE, FAIL, PASS, UNSUPPORTED
from conformance.servers.accepting import CHECKS
from tests.conformance.servers.canned import response, verdicts_on, words_on

BUSY = response("503 Service Unavailable", b'{"message":"busy"}', "x-amzn-ErrorType: Busy")
MISSING = response("404 Not Found", b"{}")
STREAM = response("200 OK", part(b"one"), "Content-Type: application/vnd.amazon.eventstream")


def test_a_server_that_refuses_everything_passes_no_check() -> None:
    words = words_on(BUSY, CHECKS)
    assert words.pop("srv-presigned") == ACCEPTABLE
    assert set(words.values()) == {FAIL}, words


def test_an_operation_that_is_not_offered() -> None:
    words = words_on(MISSING, CHECKS)
    assert (words["srv-invoke-endpoint"], words["srv-other-operations"]) == (UNSUPPORTED, PASS)


def test_the_body_must_reach_the_model() -> None:
    found = verdicts_on(STREAM, CHECKS)
    assert found["srv-accepts"].word == PASS
    difference = found["srv-body-unchanged"].difference
    assert difference is not None and (difference.stage, difference.actual) == (
        "body at the model",
        b"one",
    )
    assert found["srv-invoke-endpoint"].word == FAIL
