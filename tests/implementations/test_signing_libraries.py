# SPDX-License-Identifier: MIT
"""Tests of the adapters of signers for HTTP libraries: the verdicts on some cases of each."""

from typing import Dict, Tuple

import pytest

from tests.implementations import judged

pytestmark = pytest.mark.slow

Expected = Dict[str, Tuple[str, str]]
ADDS = ("ACCEPTABLE", "it adds ")
PYTHON: Expected = {
    "sig-path-unnormalized-dot": ("UNSUPPORTED", ""),
    "sig-path-double-number-sign": ("UNSUPPORTED", "it takes a URL"),
    "sig-host-refused-missing": ("UNSUPPORTED", "it takes a URL"),
    "sig-time-refused-day": ("UNSUPPORTED", "its clock"),
}
UNSIGNED_HASH: Expected = {
    "sig-call-smallest": ("FAIL", "sent.signed_headers host;x-amz-date"),
}
EXPECTED: Dict[str, Expected] = {
    "requests-aws4auth": {
        **PYTHON,
        "sig-call-smallest": ADDS,
        "sig-query-plus": ADDS,
        "sig-token": ADDS,
        "sig-scope-refused-region-comma": ADDS,
        "sig-path-double-printable": ("FAIL", "sent.canonical_request "),
        "sig-value-quotes-odd": ("FAIL", "status reject ValueError"),
    },
    "awscurl": {
        **PYTHON,
        "sig-call-smallest": ADDS,
        "sig-query-escapes-upper": ("FAIL", "sent.canonical_request "),
        "sig-path-dots": ("FAIL", "sent.canonical_request "),
    },
    "aws-requests-auth": {**PYTHON, **UNSIGNED_HASH},
    "httpx-aws-auth": {**PYTHON, **UNSIGNED_HASH},
    "aws4": {
        "sig-call-smallest": ADDS,
        "sig-value-twice": ADDS,
        "sig-presign-smallest": ADDS,
        "sig-presign-expires-refused-year": ("FAIL", "status ok"),
        "sig-unsigned-te": ("FAIL", "sent.signed_headers "),
        "sig-body-signed-text": ("UNSUPPORTED", "it has no option for this"),
    },
    "aws4fetch": {
        "sig-call-smallest": ADDS,
        "sig-presign-smallest": ADDS,
        "sig-path-single-plus": ("ACCEPTABLE", ""),
        "sig-query-equals-alone": ("FAIL", "sent.canonical_request "),
        "sig-path-double-number-sign": ("UNSUPPORTED", "it takes a URL"),
    },
    "rust-crates": {
        "sig-call-smallest": ADDS,
        "sig-presign-smallest": ADDS,
        "sig-path-dots": ("FAIL", "sent.signature "),
        "sig-value-twice": ADDS,
        "evs-type-uuid": ("PASS", ""),
        "evs-type-timestamp": ("FAIL", "messages[0].headers.a.value "),
        "evs-type-timestamp-extremes": ("CRASH", ""),
        "evs-order-message-crc-header-type": ("FAIL", "status ok"),
        "evs-encode-empty": ("PASS", ""),
    },
    "aws-sdk-js": {
        "sig-call-smallest": ADDS,
        "sig-presign-smallest": ADDS,
        "sig-path-dots": ("FAIL", "sent.canonical_request "),
        "sig-value-twice": ("UNSUPPORTED", "headers are an object"),
        "evs-type-uuid": ("PASS", ""),
        "evs-duplicate-header": ("FAIL", "status ok"),
        "evs-header-cut-uuid": ("FAIL", "status ok"),
        "evs-encode-empty": ("PASS", ""),
    },
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_few_cases(name: str) -> None:
    run = judged(name, EXPECTED[name])
    assert run.implementation.name == name
    assert "sigv4.sign" in run.implementation.operations
