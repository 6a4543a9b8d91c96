# SPDX-License-Identifier: MIT
"""Tests of conformance/servers/documents.py: error responses with one mistake each."""

from email.utils import formatdate
from typing import Sequence

from conformance.run.verdicts import FAIL
from conformance.servers.documents import CHECKS
from tests.conformance.servers.canned import response, verdicts_on, words_on
from tests.rows import for_each

JSON = "Content-Type: application/json"
TYPE = "x-amzn-ErrorType: ValidationError"
ID = "x-amzn-RequestId: 1"
NOW = "Date: now, by the clock"  # replaced when a test runs
BODY = b'{"Message":"Endpoint x of account 1 not found."}'
SOME = ("srv-error-json", "srv-error-type", "srv-error-message", "srv-date", "srv-error-ends")
MISTAKES = (
    ("srv-error-json", BODY, (TYPE, NOW), "header Content-Type"),
    ("srv-error-json", BODY, ("Content-Type: text/plain", TYPE, NOW), "Content-Type"),
    ("srv-error-type", BODY, (JSON, NOW), "header x-amzn-ErrorType"),
    ("srv-error-type", BODY, (JSON, TYPE, TYPE, NOW), "header x-amzn-ErrorType"),
    ("srv-error-message", b'{"reason":"x"}', (JSON, TYPE, NOW), "message"),
    ("srv-date", BODY, (JSON, TYPE), "header Date"),
    ("srv-date", BODY, (JSON, TYPE, "Date: now"), "Date"),
    ("srv-date", BODY, (JSON, TYPE, "Date: Sun, 30 Aug 2015 12:36:00 GMT"), "Date"),
    ("srv-date", BODY, (JSON, TYPE, f"Date: {formatdate()}"), "Date"),
)


def refusal(body: bytes, *headers: str) -> bytes:
    """Return a response with the present time in place of NOW."""
    date = f"Date: {formatdate(usegmt=True)}"
    return response("400 Bad Request", body, *(date if line == NOW else line for line in headers))


@for_each("name, body, headers, stage", MISTAKES)
def test_a_mistake_fails_its_check(
    name: str, body: bytes, headers: Sequence[str], stage: str
) -> None:
    checks = [check for check in CHECKS if check.id in SOME]
    found = verdicts_on(refusal(body, *headers), checks)
    assert [check for check, verdict in found.items() if verdict.word == FAIL] == [name]
    difference = found[name].difference
    assert difference is not None and stage in difference.stage


def test_a_document_that_is_no_json_fails_two_checks() -> None:
    answer = refusal(b"<html>", JSON, TYPE, ID, NOW)
    words = words_on(answer, CHECKS)
    assert {words["srv-error-json"], words["srv-error-message"]} == {FAIL}


def test_a_body_that_ends_with_the_connection() -> None:
    answer = b"HTTP/1.1 400 Bad Request\r\n\r\n" + BODY
    assert words_on(answer, CHECKS)["srv-error-ends"] == FAIL


def test_the_same_request_id_twice() -> None:
    answer = refusal(BODY, JSON, TYPE, ID, NOW)
    assert words_on(answer, CHECKS)["srv-request-id"] == FAIL


def test_a_server_without_errors() -> None:
    assert set(words_on(response("200 OK", b"{}"), CHECKS).values()) == {FAIL}


def test_the_types_of_the_members_of_a_model_error() -> None:
    for body, stage in (
        (b'{"OriginalStatusCode":"500"}', "type of OriginalStatusCode"),
        (b'{"OriginalStatusCode":500,"Message":"m"}', "type of OriginalMessage"),
        (b'{"OriginalStatusCode":500,"OriginalMessage":"m"}', "type of Message"),
    ):
        answer = response("424 Failed Dependency", body, "x-amzn-ErrorType: ModelError")
        difference = verdicts_on(answer, CHECKS)["srv-model-error"].difference
        assert difference is not None and difference.stage == stage
