# SPDX-License-Identifier: MIT
"""Tests of Response.extract in refimpl/live_response.py: deltas, their end, limits on silence.

The container's stream comes over loopback, from a server that falls silent, or that sends bytes
without text until the client leaves. A limit on the time without text must end such a call
(CLI-016), and every delta that had arrived comes before the error.
"""

import json
import time

import pytest

from refimpl import Client, ContainerError, Credentials, NetworkError, UsageError
from refimpl.text.extraction import Delta
from tests.rawserver import RawServer, nothing_left, stall
from tests.refimpl.test_client import chunk, head, part

CREDENTIALS = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
SHORT = 0.15  # seconds; a limit that a wait must reach
LONG = 15  # seconds; a limit that no wait reaches
SOME = 0.01  # seconds between two pieces of a dripping stream


@pytest.fixture(autouse=True)
def _nothing_left():
    with nothing_left():
        yield


def text(content, **more):
    """Return a frame with an event of a chat completion."""
    document = {"choices": [{"delta": dict({"content": content}, **more)}]}
    return part(b"data: " + json.dumps(document).encode() + b"\n\n")


def drip(*pieces):
    """Return a step that sends the pieces, repeatedly, until the client leaves."""

    def send(connection):
        while True:
            for piece in pieces:
                connection.socket.sendall(chunk(piece))
                time.sleep(SOME)

    return send


def extract(*steps, where="openai", **options):
    """Return the deltas, the error or None, and the iterator of a call."""
    deltas, error = [], None
    with RawServer([head("chunked"), *steps]) as server:
        client = Client(
            region="eu-west-1",
            endpoint_url=f"http://127.0.0.1:{server.port}",
            credentials=CREDENTIALS,
            max_attempts=1,
            read_timeout=LONG,
            environment={},
        )
        with client.invoke_endpoint_with_response_stream(
            endpoint_name="llm", body=b"{}"
        ) as response:
            found = response.extract(where, **options)
            try:
                deltas.extend(found)
            except (NetworkError, ContainerError) as caught:
                error = caught
    return deltas, error, found


def timed_out(error, name):
    assert isinstance(error, NetworkError) and error.kind == "timeout", error
    assert name in str(error), error
    assert error.rule in ("CLI-016", "HTTP-051")


# ---- silence -------------------------------------------------------------------------------------

EMPTY = part(b"")
PING = part(b": ping\n\n")
ROLE = part(b'data: {"choices":[{"delta":{"role":"assistant","content":""}}]}\n\n')
USAGE = part(b'data: {"choices":[],"usage":{"completion_tokens":1}}\n\n')
OTHER = part(b"{}", event_type="chunk")
HALF = part(b'data: {"choices":[{"delta":{"content":"a')
NO_TEXT = [
    ("pings", [PING]),
    ("empty parts", [EMPTY]),
    ("pings and empty parts", [PING, EMPTY]),
    ("empty deltas", [ROLE]),
    ("usage", [USAGE]),
    ("events of another type", [OTHER]),
    ("comments in pieces", [part(b":"), part(b" p"), part(b"\n"), part(b"\n")]),
]


def test_a_silent_connection_ends_before_the_first_token():
    deltas, error, found = extract(stall, first_token_timeout=SHORT)
    timed_out(error, "first_token_timeout of 0.15 s")
    assert deltas == [] and not found.summary.complete
    assert found.summary.first_token is None


def test_a_silent_connection_ends_between_two_tokens():
    deltas, error, found = extract(
        chunk(text("a")), stall, first_token_timeout=LONG, token_timeout=SHORT
    )
    timed_out(error, "token_timeout of 0.15 s")
    assert deltas == [Delta("text", "a")] and found.summary.first_token is not None
    assert "timeout" in found.summary.reasons[0]


def test_the_unfinished_event_is_not_lost():
    _, error, _ = extract(chunk(text("a") + HALF), stall, token_timeout=SHORT)
    timed_out(error, "token_timeout")
    assert error.unread == b'data: {"choices":[{"delta":{"content":"a'


@pytest.mark.slow
@pytest.mark.parametrize("what,pieces", NO_TEXT, ids=[what for what, _ in NO_TEXT])
def test_what_has_no_text_does_not_extend_a_wait(what, pieces):
    """CLI-016"""
    _, error, _ = extract(drip(*pieces), first_token_timeout=SHORT, token_timeout=LONG)
    timed_out(error, "first_token_timeout")
    deltas, error, _ = extract(
        chunk(text("a")), drip(*pieces), first_token_timeout=LONG, token_timeout=SHORT
    )
    timed_out(error, "token_timeout")
    assert deltas == [Delta("text", "a")]


def test_text_extends_a_wait_and_reasoning_does_as_well():
    """A stream that takes longer than the limit is not too slow if its tokens are not."""
    tokens = [drip_once(text(str(index))) for index in range(30)]
    thoughts = [drip_once(text(None, reasoning=str(index))) for index in range(30)]
    for steps, expected in ((tokens, "".join(map(str, range(30)))), (thoughts, "")):
        end = chunk(part(b"data: [DONE]\n\n")) + b"0\r\n\r\n"
        deltas, error, _ = extract(*steps, end, token_timeout=LONG, first_token_timeout=LONG)
        assert error is None and "".join(delta.text for delta in deltas) == expected


def drip_once(piece):
    def send(connection):
        connection.socket.sendall(chunk(piece))

    return send


def test_invalid_limits():
    for name in ("first_token_timeout", "token_timeout"):
        for value in (0, -1, float("nan"), float("inf"), "5", True):
            with pytest.raises(UsageError, match=name):
                extract(stall, **{name: value})


# ---- ends ----------------------------------------------------------------------------------------

STREAM = chunk(text("Hel") + text("lo"))
THE_END = b"0\r\n\r\n"


def test_the_summary_of_a_complete_stream():
    done = chunk(USAGE + part(b"data: [DONE]\n\n"))
    deltas, error, found = extract(STREAM, done, THE_END)
    assert (error, found.warnings) == (None, [])
    assert "".join(delta.text for delta in deltas) == "Hello"
    assert {delta.channel for delta in deltas} == {"text"}
    summary = found.summary
    assert summary.complete and summary.end_marker and summary.preset == "openai"
    assert summary.usage == {"completion_tokens": 1} and summary.characters == 5
    assert summary.first_token > 0


def test_a_stream_without_an_end():
    _, error, found = extract(STREAM, THE_END)
    assert error is None and "has not marked the end" in found.warnings[0]
    deltas, error, _ = extract(STREAM, THE_END, strict_model=True)
    assert isinstance(error, ContainerError) and error.kind == "container"
    assert "".join(delta.text for delta in deltas) == "Hello" and error.deltas == ()
    assert error.summary.reasons == ("no end marker",)


def test_a_failure_of_the_container():
    """The iterator returns the deltas of the failing part as well, before the error with them."""
    last = b'data: {"choices":[{"delta":{"content":"!"}}]}\n\n'
    failure = chunk(part(last + b'data: {"error": "", "code": 424}\n\n'))
    deltas, error, found = extract(STREAM, failure, THE_END)
    assert isinstance(error, ContainerError) and "424" in str(error)
    assert error.status == 200 and error.deltas == (Delta("text", "!"),)
    assert "".join(delta.text for delta in deltas) == "Hello!"
    with pytest.raises(ContainerError):
        next(found)
    _, error, found = extract(STREAM, failure, THE_END, strict_model=False)
    assert error is None and "424" in found.warnings[0]


def test_skipped_events_of_another_type():
    done = chunk(OTHER + part(b"data: [DONE]\n\n"))
    _, error, found = extract(STREAM, done, THE_END)
    assert error is None and not found.summary.complete
    assert found.summary.reasons == ("1 skipped event of unknown type",)
