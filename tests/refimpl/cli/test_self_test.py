# SPDX-License-Identifier: MIT
"""Tests of refimpl/cli/self_test.py, in the package. test_vendor.py tests it in a single file."""

import pytest

from refimpl import self_test
from refimpl.version import VECTORS_VERSION
from tests.refimpl.cli.support import call


def test_the_package_has_no_checksum_and_passes() -> None:
    result = call("--self-test")
    assert (result.code, result.stderr) == (0, "")
    lines = result.stdout.decode().splitlines()
    assert lines[0] == "checksum   none: not a single file"
    assert lines[1].startswith(f"vectors    {VECTORS_VERSION}, ")
    assert lines[1].endswith(" results as expected")


def test_wrong_results_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_test, "_TEST_SCOPE", ("us-east-2", *self_test._TEST_SCOPE[1:]))
    result = call("--self-test")
    lines = result.stderr.splitlines()
    assert result.code == 3
    assert len(lines) == len(self_test._TEST_SIGNATURES) + 1
    assert lines[0].startswith("refimpl: warning: sig-method-post: expected the signature ")
    assert "this copy computes wrong results" in lines[-1]
