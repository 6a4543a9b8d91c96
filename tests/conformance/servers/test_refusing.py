# SPDX-License-Identifier: MIT
"""Tests of conformance/servers/refusing.py with servers that refuse nothing, or always the same."""

from conformance.run.verdicts import FAIL, PASS, UNSUPPORTED
from conformance.servers.refusing import CHECKS
from tests.conformance.servers.canned import response, verdicts_on, words_on

OK = response("200 OK", b"{}")
# A refusal with a code that is right for a part of the checks only.
INVALID = response(
    "403 Forbidden",
    b'{"message":"Signature expired; service; region"}',
    "x-amzn-ErrorType: InvalidSignatureException",
)


def test_a_server_that_accepts_everything_passes_no_check() -> None:
    words = words_on(OK, CHECKS)
    assert set(words.values()) == {FAIL}, words


def test_one_refusal_is_not_right_for_all() -> None:
    words = words_on(INVALID, CHECKS)
    wrong = {name for name, word in words.items() if word == FAIL}
    assert wrong == {
        "srv-unsigned",
        "srv-authorization-malformed",
        "srv-key-unknown",
        "srv-time",
        "srv-token",
    }
    assert words["srv-presigned-refused"] == UNSUPPORTED
    assert words["srv-scope-region"] == PASS


def test_what_a_failure_shows() -> None:
    difference = verdicts_on(INVALID, CHECKS)["srv-time"].difference
    assert difference is not None
    assert difference.stage == "a time +1200 s from now: message"
    assert difference.expected == "Signature not yet current"
