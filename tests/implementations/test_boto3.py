# SPDX-License-Identifier: MIT
"""Tests of the adapter of boto3: its operations, and the verdicts on some cases of each.

They apply to boto3 and botocore 1.44.5. DIVERGENCES.md describes the differences.
"""

import pytest

from tests.implementations import judged

pytestmark = pytest.mark.slow

EXPECTED = {
    "sig-call-smallest": ("ACCEPTABLE", ""),
    "sig-value-utf8": ("PASS", ""),
    "sig-presign-smallest": ("PASS", ""),
    "sig-query-plus": ("FAIL", "sent.canonical_request "),
    "sig-presign-operation": ("FAIL", "sent.target "),
    "sig-token-unsigned": ("UNSUPPORTED", "SigV4Auth has no option for this: omit_session_token"),
    "sig-time-refused-day": ("UNSUPPORTED", "its clock cannot represent this time"),
    "sig-value-latin1": ("UNSUPPORTED", "headers are text"),
    "sig-path-double-number-sign": ("UNSUPPORTED", "it takes a URL"),
    "sig-host-refused-missing": ("UNSUPPORTED", "it takes a URL"),
    "evs-type-uuid": ("PASS", ""),
    "evs-type-int64": ("PASS", ""),
    "evs-prelude-crc-zero": ("PASS", ""),
    "evs-message-crc-zero": ("PASS", ""),
    "evs-header-type-10": ("UNSUPPORTED", "its builtins.KeyError may be"),
    "evs-truncated-at-1": ("FAIL", "status ok"),
    "http-request-smallest": ("PASS", ""),
    "http-request-missing-body": ("PASS", ""),
    "http-request-type-accept": ("PASS", ""),
    "http-request-sendable-accept-crlf": ("PASS", ""),
    "http-request-pattern-endpoint-name-blank": ("ACCEPTABLE", ""),
    "http-request-pattern-endpoint-name-dots": ("FAIL", "status ok"),
    "http-stream": ("PASS", ""),
    "http-code-type-or-code": ("ACCEPTABLE", ""),
    "http-error-no-code-null": ("UNSUPPORTED", "its builtins.AttributeError may be"),
    "http-exception-unmodelled-throttlingexception": ("FAIL", "code "),
    "http-incomplete-inside-a-frame": ("UNSUPPORTED", "its HTTP library detects the end"),
    "http-status-300": ("ACCEPTABLE", ""),
    "http-status-206": ("FAIL", "status ok"),
    "end-us-east-1-fips": ("PASS", ""),
    "end-region-missing": ("PASS", ""),
    "end-custom-refused-fips": ("FAIL", "status ok"),
    "invoke-default": ("PASS", ""),
    "invoke-error-message": ("PASS", ""),
    "invoke-truncated-length-at-1": ("FAIL", "status ok"),
}


def test_a_few_cases_of_each_operation() -> None:
    run = judged("boto3", EXPECTED)
    assert run.implementation.name == "boto3"
    assert set(run.implementation.operations) == {
        "sigv4.sign",
        "sigv4.presign",
        "eventstream.decode",
        "http.request",
        "http.response",
        "endpoint.resolve",
        "invoke",
    }
    assert run.implementation.kinds["ChecksumMismatch"] == "message_crc"
