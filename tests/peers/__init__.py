# SPDX-License-Identifier: MIT
"""Tests with software of others: `python3 -m conformance peers install boto3 javascript curl ruby`, then this folder.

What is not installed is skipped, with a reason that pytest counts (`pytest -rs`), so that a run always says what it did not
check. Where it lies: the environment variable REFIMPL_PEERS, by default `.peers` in the checkout.
"""
import pytest

from conformance.peers import Found, find_peer


def peer(name: str) -> Found:
    """Return a peer that is installed, or skip the test that asks for it."""
    found = find_peer(name)
    if found is None:
        pytest.skip("%s is not installed: python3 -m conformance peers install %s" % (name, name))
    return found
