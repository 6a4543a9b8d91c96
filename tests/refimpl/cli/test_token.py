# SPDX-License-Identifier: MIT
"""Tests of refimpl/cli/token.py: `refimpl token` with the environment, the clock and its errors."""

import pytest

from refimpl.bearer import bearer_token
from tests.refimpl.cli.support import CREDENTIALS, DATE, SECONDS, call, failed


def test_the_token_of_the_environment() -> None:
    result = call("token", clock=lambda: SECONDS)
    expected = bearer_token(CREDENTIALS, "us-east-1", DATE)
    assert (result.code, result.stdout, result.stderr) == (0, expected.encode() + b"\n", "")


def test_region_and_lifetime() -> None:
    result = call("token", "--region", "eu-west-1", "--expires", "900", clock=lambda: SECONDS)
    assert result.stdout.decode().strip() == bearer_token(CREDENTIALS, "eu-west-1", DATE, 900)


@pytest.mark.parametrize("value", ["0", "43201"])
def test_an_invalid_lifetime(value: str) -> None:
    result = call("token", "--expires", value)
    failed(result, 2, "constraint: invalid lifetime of a token")


def test_without_a_region() -> None:
    result = call("token", environment={"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"})
    failed(result, 3, "configuration: no region")
