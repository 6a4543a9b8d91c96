# SPDX-License-Identifier: MIT
"""Tests of refimpl/config/provider.py: caching, renewal, threads, forks and secrets.

The plan: when a provider renews, at the exact seconds; which errors pass; what threads see while
one of them renews; that a child of a fork never waits for its parent's lock; and that neither
repr, vars nor pickle shows a key.

The rules are CRED-003 and CRED-004.
"""

import copy
import os
import pickle
import threading

import pytest

from refimpl.config.provider import ADVISORY_WINDOW, MANDATORY_WINDOW, CredentialProvider
from refimpl.errors import ConfigurationError, NetworkError, UsageError
from refimpl.sigv4 import Credentials
from tests.refimpl.config.fakes import NOW, SECRET, TOKEN, World


class Source:
    """Returns numbered credentials that expire after `lifetime` seconds, or raises `error`."""

    def __init__(self, world, lifetime=3600.0):
        self.world, self.lifetime, self.error, self.calls = world, lifetime, None, 0

    def __call__(self):
        self.calls += 1
        if self.error is not None:
            raise self.error
        expires = None if self.lifetime is None else self.world.now + self.lifetime
        return Credentials(f"KEY{self.calls}", SECRET, TOKEN, expires)


def made(lifetime=3600.0):
    world = World()
    source = Source(world, lifetime)
    return world, source, CredentialProvider("a test", source, world.surroundings)


def test_nothing_is_fetched_before_the_first_use():
    _, source, provider = made()
    assert source.calls == 0
    assert provider() is provider()
    assert source.calls == 1


def test_credentials_without_expiration_are_kept():
    world, source, provider = made(None)
    provider()
    world.now += 10**9
    assert provider().access_key == "KEY1" and source.calls == 1


@pytest.mark.parametrize("left, calls", [(ADVISORY_WINDOW, 1), (ADVISORY_WINDOW - 1, 2), (0, 2)])
def test_renewal_begins_at_the_advisory_window(left, calls):
    world, source, provider = made()
    provider()
    world.now = NOW + 3600 - left
    assert provider().access_key == f"KEY{calls}" and source.calls == calls


def test_windows_are_those_of_botocore():
    credentials = pytest.importorskip("botocore.credentials")
    assert credentials._DEFAULT_ADVISORY_REFRESH_TIMEOUT == ADVISORY_WINDOW
    assert credentials._DEFAULT_MANDATORY_REFRESH_TIMEOUT == MANDATORY_WINDOW


def test_a_failed_advisory_renewal_keeps_the_old_credentials_for_a_minute():
    world, source, provider = made()
    provider()
    source.error = NetworkError("down")
    world.now = NOW + 3600 - ADVISORY_WINDOW + 1
    assert [provider().access_key for _ in range(3)] == ["KEY1"] * 3 and source.calls == 2
    world.now += 60
    assert provider().access_key == "KEY1" and source.calls == 3
    source.error = None
    world.now += 60
    assert provider().access_key == "KEY4"


def test_a_failed_mandatory_renewal_is_raised():
    world, source, provider = made()
    provider()
    source.error = NetworkError("down")
    world.now = NOW + 3600 - MANDATORY_WINDOW + 1
    for _ in range(2):
        with pytest.raises(NetworkError, match="down"):
            provider()
    assert source.calls == 3


def test_an_error_at_first_use_is_raised_and_not_kept():
    _, source, provider = made()
    source.error = ConfigurationError("broken")
    with pytest.raises(ConfigurationError, match="broken"):
        provider()
    source.error = None
    assert provider().access_key == "KEY2"


def test_short_lived_credentials_are_not_fetched_for_each_call():
    world, source, provider = made(300.0)
    for _ in range(5):
        assert provider().access_key == "KEY1"
    world.now += 60
    assert provider().access_key == "KEY2" and source.calls == 2


@pytest.mark.parametrize("lifetime", [0.0, -1.0])
def test_expired_credentials_are_rejected(lifetime):
    _, _, provider = made(lifetime)
    with pytest.raises(ConfigurationError, match="of a test have already expired"):
        provider()


def test_expired_credentials_are_never_returned():
    world, source, provider = made(30.0)
    provider()
    source.error = NetworkError("down")
    world.now += 30
    with pytest.raises(NetworkError):
        provider()


# ---- threads and forks -------------------------------------------------------------------------


def test_threads_fetch_once_at_first_use():
    world = World()
    entered, go = threading.Event(), threading.Event()
    calls = []

    def renew():
        calls.append(1)
        entered.set()
        assert go.wait(10)
        return Credentials("KEY", SECRET, TOKEN, world.now + 3600)

    provider = CredentialProvider("a test", renew, world.surroundings)
    results = []
    threads = [threading.Thread(target=lambda: results.append(provider())) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert entered.wait(10)
    go.set()
    for thread in threads:
        thread.join(10)
    assert len(results) == 8 and len(calls) == 1 and len(set(map(id, results))) == 1


def test_threads_go_on_during_an_advisory_renewal():
    world = World()
    entered, go = threading.Event(), threading.Event()
    first = Credentials("OLD", SECRET, TOKEN, NOW + 3600)
    second = Credentials("NEW", SECRET, TOKEN, NOW + 7200)
    replies = [first, second]

    def renew():
        if len(replies) == 1:
            entered.set()
            assert go.wait(10)
        return replies.pop(0)

    provider = CredentialProvider("a test", renew, world.surroundings)
    provider()
    world.now = NOW + 3600 - ADVISORY_WINDOW + 1
    results = []
    renewing = threading.Thread(target=lambda: results.append(provider()))
    renewing.start()
    assert entered.wait(10)
    assert provider() is first
    go.set()
    renewing.join(10)
    assert results == [second] and provider() is second


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
def test_a_forked_child_does_not_wait_for_a_lock_of_its_parent():
    world = World()
    world.surroundings.process_id = os.getpid
    entered, go = threading.Event(), threading.Event()
    parent = os.getpid()

    def renew():
        if os.getpid() == parent:
            entered.set()
            assert go.wait(30)
        return Credentials("KEY", SECRET)

    provider = CredentialProvider("a test", renew, world.surroundings)
    thread = threading.Thread(target=provider)
    thread.start()
    assert entered.wait(10)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if provider().access_key == "KEY" else 2
        finally:
            os._exit(code)
    try:
        _, status = os.waitpid(child, 0)
    finally:
        go.set()
        thread.join(10)
    assert os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0


# ---- secrets -----------------------------------------------------------------------------------


def test_secrets_are_never_shown_or_pickled():
    _, _, provider = made()
    provider()
    assert repr(provider) == "CredentialProvider('a test')"
    with pytest.raises(TypeError):
        vars(provider)
    for act in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(UsageError, match="cannot be pickled or copied"):
            act(provider)
