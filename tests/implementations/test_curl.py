# SPDX-License-Identifier: MIT
"""Tests of the adapter for curl as a signer. The expected verdicts apply to curl 7.88."""

import pytest

from conformance.implementations.registry import start_adapter
from tests.implementations import installed, judged

pytestmark = pytest.mark.slow

EXPECTED = {
    "sig-method-post": ("ACCEPTABLE", "it adds user-agent"),
    "sig-body-binary": ("ACCEPTABLE", "it adds user-agent"),
    "sig-value-utf8": ("ACCEPTABLE", "it adds user-agent"),
    "sig-token": ("ACCEPTABLE", "it adds user-agent"),
    "sig-call-smallest": ("ACCEPTABLE", "it adds accept"),
    "sig-path-dots": ("FAIL", "sent.signature "),
    "sig-query-by-name": ("FAIL", "sent.signature "),
    "sig-path-double-utf8": ("FAIL", "sent.signature "),
    "sig-value-fold-first": ("FAIL", "sent.signature "),
    "sig-value-twice": ("FAIL", "sent.signed_headers host;x-amz-date;x-test;x-test"),
    "sig-unsigned-te": ("FAIL", "sent.signed_headers "),
    "sig-path-double-blank": ("UNSUPPORTED", "it takes a URL: curl: (3)"),
    "sig-time-header-replaced": ("FAIL", "sent.headers.x-amz-date 20010101T000000Z"),
    "sig-body-signed-text": ("UNSUPPORTED", "curl has no option for this"),
    "sig-unsigned-authorization": ("UNSUPPORTED", "a given Authorization"),
    "sig-value-refused-nul": ("UNSUPPORTED", "it cannot be an argument"),
    "sig-host-refused-missing": ("UNSUPPORTED", "it takes a URL, whose host"),
    "sig-target-refused-asterisk": ("UNSUPPORTED", "it takes a URL"),
    "sig-scope-refused-region-empty": ("UNSUPPORTED", "curl replaces an empty region"),
    "sig-scope-refused-service-empty": ("UNSUPPORTED", "curl replaces an empty region"),
    "invoke-default": ("UNSUPPORTED", "it does not offer invoke"),
}


def test_a_few_cases() -> None:
    with start_adapter(installed("curl")) as adapter:
        if not adapter.hello["implementation"]["version"].startswith("7.88."):
            pytest.skip("the verdicts are listed for curl 7.88")
    run = judged("curl", EXPECTED)
    assert run.implementation.name == "curl" and set(run.implementation.operations) == {
        "sigv4.sign"
    }
