# SPDX-License-Identifier: MIT
"""Fixtures for the tests of the command line."""

import signal
from typing import Iterator

import pytest

from conformance.endpoint.server import Endpoint
from tests.refimpl.cli.support import HOSTILE_SCENARIOS


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let SIGINT end child processes, even if this process ignores it, as after a shell's `&`."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with Endpoint(pace=0, fallback="default", scenarios=HOSTILE_SCENARIOS) as running_endpoint:
        yield running_endpoint
