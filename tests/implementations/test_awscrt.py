# SPDX-License-Identifier: MIT
"""Tests of the adapter of awscrt: its operations, and the verdicts on some cases of each.

They apply to awscrt 0.38.1.
"""

import pytest

from tests.implementations import judged

pytestmark = pytest.mark.slow

EXPECTED = {
    "sig-call-smallest": ("PASS", ""),
    "sig-query-plus": ("PASS", ""),
    "sig-token-unsigned": ("PASS", ""),
    "sig-body-signed-text": ("PASS", ""),
    "sig-name-refused-empty": ("PASS", ""),
    "sig-credentials-refused-secret-key-empty": ("PASS", ""),
    "sig-value-utf8": ("PASS", ""),
    "sig-time-header-replaced": ("FAIL", "status reject constraint: "),
    "sig-unsigned-te": ("FAIL", "sent.signed_headers signs te"),
    "sig-path-single-plus": ("ACCEPTABLE", ""),
    "sig-value-refused-crlf": ("FAIL", "status ok"),
    "sig-time-refused-day": ("UNSUPPORTED", "its clock"),
    "sig-value-latin1": ("UNSUPPORTED", "headers are text"),
    "sig-presign-smallest": ("PASS", ""),
    "sig-presign-body": ("PASS", ""),
    "sig-presign-token-unsigned": ("PASS", ""),
    "sig-value-fold-last": ("FAIL", "sent.headers.x-test a\r\n"),
    "sig-call-content-length": ("ACCEPTABLE", "it signs accept-encoding"),
    "sig-method-refused-empty": ("FAIL", "status ok"),
    "sig-presign-expires-refused-zero": ("PASS", ""),
    "sig-presign-expires-refused-year": ("FAIL", "status ok"),
    "sig-presign-replaces-x-amz-date": ("FAIL", "status reject constraint: "),
}


def test_a_few_cases_of_each_operation() -> None:
    run = judged("awscrt", EXPECTED)
    assert run.implementation.name == "awscrt" and set(run.implementation.operations) == {
        "sigv4.sign",
        "sigv4.presign",
    }
