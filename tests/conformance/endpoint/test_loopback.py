# SPDX-License-Identifier: MIT
"""Tests of conformance/endpoint/loopback.py: many clients, close(), resets."""

import errno
import gc
import re
import socket
import sys
import threading
import time
import warnings
from typing import Any, Dict

import pytest

from conformance.endpoint import loopback
from conformance.endpoint import server as endpoint_module
from conformance.endpoint.scenarios.build import FRAMES, ok, part, stream
from conformance.endpoint.scenarios.model import Scenario
from conformance.endpoint.server import Endpoint
from tests.conformance.endpoint.client import (  # noqa: F401
    ENDLESS,
    HOST,
    NOW,
    WAITING,
    answer_of,
    connected,
    endpoint_fixture,
    exchange,
    last,
    nothing_is_left_running,
    path,
    read_all,
    request,
)

# ---- concurrency and close() --------------------------------------------------------------------


@pytest.mark.slow
def test_fifty_clients_at_once_get_each_its_own_answer(endpoint: Endpoint) -> None:
    found: Dict[int, bytes] = {}
    start = threading.Barrier(50)

    def call(number: int) -> None:
        with connected(endpoint) as connection:
            start.wait(30)
            connection.sendall(last(path(f"long-answer-{number}"), body=b"%d" % number))
            found[number] = answer_of(read_all(connection))[2]

    threads = [threading.Thread(target=call, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(50):
        frames = [part(b"token %d " % index) for index in range(number)]
        assert (
            found[number]
            == b"".join(b"%x\r\n%s\r\n" % (len(frame), frame) for frame in frames) + b"0\r\n\r\n"
        )
    calls = endpoint.calls
    assert sorted((int(call.body), call.frames_sent, call.verified) for call in calls) == [
        (number, number, True) for number in range(50)
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"POST / HT",
        HOST + b"Content-Length: 5\r\n\r\na",
        request(path("stall-before-head")),
        request(path("stall-in-part")),
        request(path("waiting")),
        request(path("endless")),
        request(path("keep-alive")),
    ],
)
def test_close_ends_every_connection_and_thread(data: bytes) -> None:
    before = set(threading.enumerate())
    endpoint = Endpoint({"endless": ENDLESS, "waiting": WAITING}, clock=lambda: NOW)
    with connected(endpoint) as one, connected(endpoint) as two:
        one.sendall(data)
        two.sendall(data)
        exchange(endpoint, last(path("empty-stream")))  # whatever came before is accepted by now
        endpoint.close()
        assert set(threading.enumerate()) == before
        endpoint.close()
        assert endpoint.url
    with pytest.raises(ConnectionRefusedError), connected(endpoint):
        pass


@pytest.mark.slow
def test_nothing_is_left_open() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with Endpoint(clock=lambda: NOW, pace=0) as endpoint:
            for name in ("default", "stall-in-part", "truncated-reset-at-57"):
                with connected(endpoint) as connection:
                    connection.sendall(request(path(name)))
                    connection.recv(10)
        del endpoint, connection
        gc.collect()
    assert [str(warning.message) for warning in caught] == []


def test_a_port_may_be_chosen_and_must_be_free(endpoint: Endpoint) -> None:
    port = int(endpoint.url.rpartition(":")[2])
    with pytest.raises(OSError):
        Endpoint(port=port)
    endpoint.close()
    with Endpoint(port=port, clock=lambda: NOW, pace=0) as again:
        assert again.url == endpoint.url
        assert answer_of(exchange(again, last()))[0] == 200


def test_it_listens_only_on_loopback(endpoint: Endpoint) -> None:
    assert re.match(r"http://127\.0\.0\.1:[1-9][0-9]*\Z", endpoint.url)
    assert endpoint.server.socket.getsockname()[0] == "127.0.0.1"


def test_small_writes_are_not_held_back(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    answer = endpoint_module._Handler._play

    def look(self: Any, *arguments: Any) -> None:
        seen.append(self.request.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        answer(self, *arguments)

    monkeypatch.setattr(endpoint_module._Handler, "_play", look)
    exchange(endpoint, last())
    assert seen and all(seen)


def test_a_fault_of_the_endpoint_s_own_is_one_line(endpoint: Endpoint, capfd: Any) -> None:
    def fail() -> float:
        raise ValueError("clock")

    endpoint._clock = fail
    assert answer_of(exchange(endpoint, last()))[0] == 501
    endpoint._clock = lambda: NOW
    assert answer_of(exchange(endpoint, last()))[0] == 200
    assert capfd.readouterr().err == "endpoint: ValueError: clock\n"


def test_a_reset_follows_the_data_on_systems_without_tiocoutq(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with connected(endpoint) as connection:
        connection.sendall(request(path("truncated-close-reset-at-57")))
        wire = b""
        with pytest.raises(ConnectionResetError):
            while True:
                wire += connection.recv(65536)
    assert wire.endswith(FRAMES[0][:57])


def test_a_reset_waits_until_all_data_has_arrived(endpoint: Endpoint) -> None:
    big = b"x" * 1000000  # the last of it lies in the endpoint's queue when the last write returns
    endpoint._scenarios["big"] = Scenario(
        "big", "t", "m", ok(), stream(big, framing="close", ending="reset")
    )
    with connected(endpoint, receive_buffer=4096) as connection:
        connection.sendall(request(path("big")))
        got = 0
        with pytest.raises(ConnectionResetError):
            while True:
                got += len(connection.recv(65536))
    assert got > len(big)


def test_without_a_thread_a_connection_is_closed_and_the_next_one_served(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    class Exhausted(threading.Thread):
        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(loopback.threading, "Thread", Exhausted)
        with connected(endpoint) as connection:
            assert connection.recv(1) == b""
    assert answer_of(exchange(endpoint, last()))[0] == 200
    assert capfd.readouterr().err == "endpoint: RuntimeError: can't start new thread\n"


@pytest.mark.slow
def test_waits_while_no_descriptor_is_free(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts, log = [], []
    accept = endpoint.server.socket.accept

    class Full:
        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

        def accept(self) -> Any:
            attempts.append(time.monotonic())
            if len(attempts) < 4:
                raise OSError(errno.EMFILE, "Too many open files")
            return accept()

    real = endpoint.server.socket
    monkeypatch.setattr(endpoint.server, "socket", Full())
    monkeypatch.setattr(endpoint, "_log", log.append)
    assert answer_of(exchange(endpoint, last()))[0] == 200
    assert attempts[3] - attempts[0] >= 0.25
    assert log.count("cannot accept a connection: Too many open files") == 1
    monkeypatch.undo()
