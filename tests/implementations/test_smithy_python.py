# SPDX-License-Identifier: MIT
"""Tests of the adapter of Smithy's Python: its operations, and the verdicts on some cases of each.

They apply to aws-sdk-signers 0.4.0 and smithy-aws-event-stream 0.3.0.
"""

import pytest

from tests.implementations import judged

pytestmark = pytest.mark.slow

EXPECTED = {
    "sig-call-smallest": ("PASS", ""),
    "sig-value-twice": ("PASS", ""),
    "sig-body-signed-text": ("PASS", ""),
    "sig-path-dots": ("PASS", ""),
    "sig-path-dots-last": ("FAIL", "sent.canonical_request "),
    "sig-query-plus": ("ACCEPTABLE", "it reads a plus sign"),
    "sig-time-header-replaced": ("FAIL", "sent.headers.x-amz-date "),
    "sig-signed-date": ("FAIL", "sent.headers.x-amz-date absent"),
    "sig-time-refused-day": ("FAIL", "status ok"),
    "sig-token-unsigned": ("UNSUPPORTED", "SigV4Signer has no option for this"),
    "sig-path-double-number-sign": ("UNSUPPORTED", "it takes a URL"),
    "sig-host-refused-missing": ("UNSUPPORTED", "it takes a URL, whose host"),
    "evs-type-all": ("PASS", ""),
    "evs-prelude-crc-zero": ("PASS", ""),
    "evs-message-crc-zero": ("PASS", ""),
    "evs-truncated-at-12": ("PASS", ""),
    "evs-header-type-10": ("UNSUPPORTED", "its builtins.KeyError may be of several kinds"),
    "evs-utf8-ff-in-value": ("PASS", ""),
    "evs-total-length-15": ("FAIL", "refused_after 2"),
    "evs-type-timestamp-extremes": ("FAIL", "status reject builtins."),
    "evs-headers-length-one-over": ("FAIL", "status ok"),
    "evs-encode-empty": ("PASS", ""),
    "evs-encode-duplicate-header": ("PASS", ""),
    "evs-encode-int8-above": ("PASS", ""),
    "evs-encode-timestamp": ("UNSUPPORTED", "a datetime cannot"),
    "evs-encode-unknown-type": ("UNSUPPORTED", "it cannot encode this type"),
    "evs-encode-name-256": ("PASS", ""),
}


def test_a_few_cases_of_each_operation() -> None:
    run = judged("smithy-python", EXPECTED)
    assert set(run.implementation.operations) == {
        "sigv4.sign",
        "eventstream.decode",
        "eventstream.encode",
    }
