# SPDX-License-Identifier: MIT
"""Tests of the adapter of the SDK for JavaScript: its operations, the verdicts on some cases of
each.

They apply to client 3.1164.0 with @smithy/core 3.41.0. DIVERGENCES.md describes the differences.
"""

import pytest

from tests.implementations import judged

pytestmark = pytest.mark.slow

EXPECTED = {
    "sig-call-smallest": ("PASS", ""),
    "sig-query-plus": ("PASS", ""),
    "sig-presign-smallest": ("PASS", ""),
    "sig-value-latin1": ("FAIL", "sent.canonical_request "),
    "sig-unsigned-traceparent": ("FAIL", "sent.signed_headers "),
    "sig-token-unsigned": ("UNSUPPORTED", "a token is always signed"),
    "sig-time-refused-empty": ("UNSUPPORTED", "its clock"),
    "sig-value-twice": ("UNSUPPORTED", "headers are an object"),
    "sig-path-unnormalized-dot": ("UNSUPPORTED", "one option normalises"),
    "sig-query-no-utf8": ("UNSUPPORTED", "a query is text"),
    "sig-presign-expires-refused-year": ("PASS", ""),
    "evs-type-uuid": ("PASS", ""),
    "evs-header-type-10": ("PASS", ""),
    "evs-duplicate-header": ("FAIL", "status ok"),
    "evs-encode-empty": ("PASS", ""),
    "evs-encode-name-256": ("PASS", ""),
    "evs-encode-string-32768": ("PASS", ""),
    "evs-encode-duplicate-header": ("UNSUPPORTED", "headers are an object"),
    "evs-encode-int8-above": ("FAIL", "status ok"),
    "http-request-smallest": ("PASS", ""),
    "http-request-content-type-absent": ("ACCEPTABLE", ""),
    "http-request-missing-endpoint-name": ("PASS", ""),
    "http-request-missing-body": ("FAIL", "status ok"),
    "http-request-sendable-accept-crlf": ("PASS", ""),
    "http-stream": ("PASS", ""),
    "http-error-modelstreamerror": ("PASS", ""),
    "http-incomplete-inside-a-frame": ("PASS", ""),
    "http-error-no-code-html": ("UNSUPPORTED", "its SyntaxError may be of several kinds"),
    "http-exception-first": ("FAIL", "output.ContentType "),
    "end-us-east-1-fips": ("PASS", ""),
    "end-region-missing": ("PASS", ""),
    "end-region-refused-empty": ("PASS", ""),
    "end-custom-url-refused-no-scheme": ("PASS", ""),
    "end-custom-url-refused-user": ("FAIL", "status ok"),
    "invoke-default": ("PASS", ""),
    "invoke-error-message": ("PASS", ""),
    "invoke-truncated-close-at-1": ("FAIL", "status ok"),
}


def test_a_few_cases_of_each_operation() -> None:
    run = judged("javascript", EXPECTED)
    assert run.implementation.name == "javascript"
    assert set(run.implementation.operations) == {
        "sigv4.sign",
        "sigv4.presign",
        "eventstream.decode",
        "eventstream.encode",
        "http.request",
        "http.response",
        "endpoint.resolve",
        "invoke",
    }
