# SPDX-License-Identifier: MIT
"""Tests of conformance/recording/replay.py."""

import time
from typing import Any, Dict, List, Tuple

import pytest

from conformance.endpoint.scenarios.build import head
from conformance.recording.replay import Replay
from tests.conformance.recording.exchanges import asked, connected, read_on
from tests.conformance.recording.exchanges import nothing_is_left as _nothing_is_left  # noqa: F401


def made_by_hand(
    name: str, *pieces: Tuple[int, bytes], ended: str = "whole", before: int = 0
) -> Dict[str, Any]:
    return {
        "title": name,
        "request": {
            "ended": "whole",
            "pieces": [{"at": before, "text": f"POST /{name} HTTP/1.1\r\nHost: x\r\n\r\n"}],
        },
        "response": {
            "ended": ended,
            "pieces": [{"at": at, "text": data.decode("ascii")} for at, data in pieces],
        },
        "cases": [],
    }


def answer(text: str) -> bytes:
    return head([("Content-Length", str(len(text)))]) + text.encode("ascii")


def test_each_request_line_has_its_recordings_in_turn() -> None:
    log: List[str] = []
    recorded = [
        made_by_hand("a", (0, answer("one"))),
        made_by_hand("a", (0, answer("two"))),
        made_by_hand("b", (0, answer("other"))),
    ]
    with Replay(recorded, log=log.append) as replay, connected(replay) as connection:
        for name, text in (("a", "one"), ("a", "two"), ("b", "other"), ("a", "one")):
            connection.sendall(b"POST /%s HTTP/1.1\r\nHost: x\r\n\r\n" % name.encode("ascii"))
            assert read_on(connection, len(answer(text))) == (answer(text), "")
        connection.sendall(b"POST /c HTTP/1.1\r\nHost: x\r\n\r\n")
        data, ended = read_on(connection)
        note = "no recording of this request (expected POST /b or POST /a)"
        assert (
            data.startswith(b"HTTP/1.1 404 Not Found\r\n")
            and data.endswith(note.encode() + b"\n")
            and ended == "close"
        )
    assert log == ["POST /a: a", "POST /a: a", "POST /b: b", "POST /a: a", "POST /c: " + note]


def test_one_recording_answers_all_and_bad_requests_are_refused() -> None:
    with Replay([made_by_hand("a", (0, answer("one")))]) as replay:
        assert asked(replay, b"GET /other HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") == (
            answer("one"),
            "close",
        )
        assert asked(replay, b"nonsense\r\n\r\n")[0].startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert asked(replay, b"", until=0) == (b"", "")


@pytest.mark.slow
def test_an_exchange_that_the_client_left_stalls_and_closing_ends_it() -> None:
    with Replay(
        [made_by_hand("a", (0, b"HTTP/1.1 200 OK\r\n"), ended="client")]
    ) as replay, connected(replay, 0.2) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert read_on(connection) == (b"HTTP/1.1 200 OK\r\n", "stall")
        replay.close()
        assert read_on(connection)[1] in ("close", "reset")


@pytest.mark.parametrize("timing, waits", [(True, [0.02, 0.5]), (False, [])])
def test_the_waits_between_the_pieces(
    timing: bool, waits: List[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: List[float] = []
    pieces = [(30, answer("one")[:9]), (30, answer("one")[9:20]), (530, answer("one")[20:])]
    with Replay([made_by_hand("a", *pieces, before=10)], timing=timing) as replay:
        monkeypatch.setattr(replay, "pause", seen.append)
        assert asked(replay, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", until=len(answer("one"))) == (
            answer("one"),
            "",
        )
    assert seen == waits


@pytest.mark.slow
def test_a_wait_that_no_clock_holds_ends_when_the_server_closes() -> None:
    with Replay(
        [made_by_hand("a", (0, answer("one")[:9]), (10**18, answer("one")[9:]))]
    ) as replay, connected(replay, 0.3) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert read_on(connection) == (answer("one")[:9], "stall")


def test_a_long_unknown_request_line_takes_no_time() -> None:
    letters = "".join(chr(33 + index % 90) for index in range(60000)).replace("?", "a")
    recorded = [made_by_hand("a" * 2000 + str(index), (0, answer("x"))) for index in range(40)]
    with Replay(recorded) as replay:
        start = time.process_time()
        data, _ = asked(replay, f"POST /{letters} HTTP/1.1\r\nHost: x\r\n\r\n".encode("ascii"))
        assert data.startswith(b"HTTP/1.1 404 ") and time.process_time() - start < 5
