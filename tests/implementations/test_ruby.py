# SPDX-License-Identifier: MIT
"""Tests of the adapter of Ruby: its operations, and the verdicts on some cases of each.

They apply to aws-eventstream 1.2.0 and aws-sigv4 1.5.1. Each different case has a row in
test_foreign_vectors.py.
"""

import pytest

from tests.implementations import judged

pytestmark = pytest.mark.slow

EXPECTED = {
    "sig-method-post": ("PASS", ""),
    "sig-credentials-refused-access-key-empty": ("PASS", ""),
    "sig-presign-smallest": ("PASS", ""),
    "sig-call-smallest": ("ACCEPTABLE", "it signs user-agent"),
    "sig-query-plus": ("FAIL", "sent.canonical_request "),
    "sig-path-dot": ("FAIL", "sent.canonical_request "),
    "sig-time-header-replaced": ("FAIL", "sent.headers.x-amz-date "),
    "sig-presign-replaces-x-amz-expires": ("FAIL", "sent.target.X-Amz-Expires "),
    "sig-value-refused-wide": ("FAIL", "status ok"),
    "sig-token-unsigned": ("UNSUPPORTED", "a token is always signed"),
    "sig-value-twice": ("UNSUPPORTED", "headers are a hash"),
    "sig-host-refused-missing": ("UNSUPPORTED", "it takes a URL, whose host"),
    "sig-target-refused-asterisk": ("UNSUPPORTED", "it takes a URL, which"),
    "sig-path-double-blank": ("UNSUPPORTED", "it takes a URL: "),
    "evs-type-uuid": ("PASS", ""),
    "evs-prelude-crc-zero": ("PASS", ""),
    "evs-header-type-10": ("FAIL", "status ok"),
    "evs-utf8-ff-in-value": ("FAIL", "status ok"),
    "evs-encode-int8-of-boolean": ("PASS", ""),
    "evs-encode-empty": ("PASS", ""),
    "evs-encode-unknown-type": ("UNSUPPORTED", "it cannot encode this type"),
    "evs-encode-duplicate-header": ("UNSUPPORTED", "headers are a hash"),
    "evs-encode-name-empty": ("FAIL", "status ok"),
}


def test_a_few_cases_of_each_operation() -> None:
    run = judged("ruby", EXPECTED)
    assert run.implementation.name == "ruby"
    assert set(run.implementation.operations) == {
        "sigv4.sign",
        "sigv4.presign",
        "eventstream.decode",
        "eventstream.encode",
    }
