# SPDX-License-Identifier: MIT
"""Tests of conformance/servers/transport.py with servers that never reject a request as HTTP."""

from conformance.endpoint.scenarios.build import part
from conformance.run.verdicts import FAIL, PASS
from conformance.servers.transport import CHECKS
from tests.conformance.servers.canned import response, verdicts_on, words_on

OK = response("200 OK", part(b"one"))


def test_a_server_that_accepts_everything() -> None:
    words = words_on(OK, CHECKS)
    passed = {name for name, word in words.items() if word == PASS}
    # It closes each connection after one response.
    assert passed == {"srv-two-framings", "srv-stream-framed", "srv-http-1-0"}
    assert set(words.values()) == {FAIL, PASS}


def test_a_wrong_endpoint_name_is_not_a_malformed_request() -> None:
    answer = response("400 Bad Request", b"{}", "x-amzn-ErrorType: ValidationError")
    assert words_on(answer, CHECKS)["srv-heads-malformed"] == FAIL
    answer = response("400 Bad Request", b"malformed")
    assert words_on(answer, CHECKS)["srv-heads-malformed"] == PASS


def test_a_method_that_is_not_allowed_needs_allow() -> None:
    answer = response("405 Method Not Allowed", b"")
    difference = verdicts_on(answer, CHECKS)["srv-methods"].difference
    assert difference is not None and difference.stage == "PUT: header Allow"
    answer = response("405 Method Not Allowed", b"", "Allow: POST")
    assert words_on(answer, CHECKS)["srv-methods"] == PASS


def test_a_connection_that_closes_after_a_promise() -> None:
    difference = verdicts_on(OK, CHECKS)["srv-keep-alive"].difference
    assert difference is not None and "closed the connection" in str(difference.actual)
    closing = response("200 OK", b"", "Connection: close")
    assert words_on(closing, CHECKS)["srv-keep-alive"] == PASS


def test_chunks_for_an_old_client() -> None:
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    words = words_on(answer, CHECKS)
    assert (words["srv-http-1-0"], words["srv-stream-framed"]) == (FAIL, PASS)
    unframed = words_on(b"HTTP/1.1 200 OK\r\n\r\n", CHECKS)
    assert (unframed["srv-http-1-0"], unframed["srv-stream-framed"]) == (PASS, FAIL)
