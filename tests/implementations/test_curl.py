# SPDX-License-Identifier: MIT
"""Tests of the adapter for curl as a signer. The expected verdicts apply to curl 7.88."""

import pytest

from conformance.implementations.registry import start_adapter
from tests.implementations import installed, judged

pytestmark = pytest.mark.slow

EXPECTED = {
    "sig-method-post": ("PASS", ""),
    "sig-body-binary": ("PASS", ""),
    "sig-value-utf8": ("PASS", ""),
    "sig-token": ("PASS", ""),
    "sig-call-smallest": ("FAIL", "signature "),
    "sig-path-dots": ("FAIL", "signature "),
    "sig-query-by-name": ("FAIL", "signature "),
    "sig-path-double-blank": ("FAIL", "status reject curl-3"),
    "sig-path-double-utf8": ("UNSUPPORTED", "it sends another request line"),
    "sig-value-fold-first": ("UNSUPPORTED", "it does not send this header"),
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
