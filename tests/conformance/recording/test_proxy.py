# SPDX-License-Identifier: MIT
"""Tests of conformance/recording/proxy.py and making.py, all of them on loopback.

A client made of a bare socket calls the recorder, which forwards to a server that plays a script
(tests/rawserver.py) or to the endpoint. The bytes that the client saw, those in the file and those
of a replay must be the same, and all three must end alike. Whatever breaks on either side, the
recorder records it and serves the next exchange. If the recorder has its own credentials, no file
contains a secret or a sensitive member.
"""

import json
import os
import re
import socket
import struct
import threading
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.endpoint.checks import ACCESS_KEY, EXAMPLE_TOKEN, SECRET_KEY
from conformance.endpoint.scenarios.build import CHUNKED, LAST_CHUNK, chunk, exception, head, part
from conformance.endpoint.scenarios.model import STREAM_HEADERS
from conformance.endpoint.server import Endpoint
from conformance.recording import proxy
from conformance.recording.exchange import follow, of_documents
from conformance.recording.files import read_recording
from conformance.recording.making import is_verified
from conformance.recording.proxy import Recorder, upstream_of
from conformance.recording.replay import Replay
from refimpl.client import Client
from refimpl.errors import UsageError
from refimpl.sigv4 import Credentials, Signer, amz_date_of, verify
from tests.conformance.recording.exchanges import (
    EXAMPLES,
    KEYS,
    NOW,
    OWN,
    PLAIN,
    STREAM,
    asked,
    bytes_of,
    call,
    connected,
    read_on,
    recording_of,
    recordings,
    verdicts_of,
)
from tests.conformance.recording.exchanges import nothing_is_left as _nothing_is_left  # noqa: F401
from tests.properties import examples
from tests.rawserver import (
    RawServer,
    abandon,
    ragged,
    read_head,
    reset,
    stall,
)
from tests.support import one_of_each

# ---- the same bytes at the client, in the file and in a replay ----------------------------------


def framing_of(name: str) -> Tuple[Any, ...]:
    """Return what distinguishes scenarios for a recorder: framing, ending and kind of error."""
    response = EXAMPLES[name].response
    return (
        response.framing,
        response.ending,
        response.cut is None,
        bool(response.interim),
        EXAMPLES[name].expect.kind,
    )


SMALL = [name for name in EXAMPLES if not re.match("long-answer-?[0-9]*$|big", name)]


@pytest.mark.slow
@pytest.mark.parametrize("name", one_of_each(SMALL, framing_of))
def test_a_scenario_is_recorded_and_replayed(name: str, tmp_path: Path) -> None:
    answer = EXAMPLES[name].response
    stalls = answer.ending == "stall"
    request = call(name, more=[("Connection", "close")])
    with Endpoint(clock=lambda: NOW, pace=0, fallback="default") as endpoint:
        with recording_of(endpoint, tmp_path, idle_timeout=0.15 if stalls else 10) as made:
            seen, ended = asked(made, request)
        assert [one.verified for one in endpoint.calls] == [True]
    (recording,) = recordings(tmp_path)
    assert (bytes_of(recording["request"]), bytes_of(recording["response"])) == (request, seen)
    assert recording["response"]["ended"] == (
        "stall" if stalls else ended if ended == "reset" else recording["response"]["ended"]
    )
    assert recording["removed"] == [] and is_verified(recording)
    assert {word for _, word in verdicts_of(recording)} == {"PASS"} and verdicts_of(recording)[
        :2
    ] == [("sigv4.verify", "PASS"), ("sigv4.sign", "PASS")]
    with Replay([recording], timing=False) as replay:
        again, ended_again = asked(
            replay, request, timeout=0.3 if stalls else 10, until=len(seen) if stalls else 1 << 30
        )
        assert (again, ended_again) == (seen, "" if stalls else ended)


ENDINGS = {"whole": None, "close": ragged, "reset": reset, "stall": stall}


@pytest.mark.slow
@examples(25)
@given(
    st.lists(st.binary(max_size=40), max_size=5),
    st.sampled_from(["chunked", "length", "close", "none"]),
    st.sampled_from(sorted(ENDINGS)),
    st.binary(max_size=30),
)
def test_replay_sends_what_was_recorded(
    tmp_path_factory: Any, pieces: List[bytes], framing: str, ending: str, body: bytes
) -> None:
    folder = tmp_path_factory.mktemp("recordings")
    framed = (
        [chunk(piece) for piece in pieces if piece] + [LAST_CHUNK]
        if framing == "chunked"
        else pieces
    )
    first = {
        "chunked": head([CHUNKED]),
        "length": head([("Content-Length", str(len(b"".join(pieces))))]),
        "close": head([]),
        "none": b"",
    }
    script = [first[framing]] + (framed if ending == "whole" else framed[:-1])
    request = call(body=body, more=[("Connection", "close")])
    last = ENDINGS[ending]
    with RawServer(script + ([last] if last is not None else [])) as upstream:
        with recording_of(upstream, folder, idle_timeout=0.15 if ending == "stall" else 10) as made:
            seen, ended = asked(made, request)
        assert upstream.requests == [request]
    (recording,) = recordings(folder)
    assert (bytes_of(recording["request"]), bytes_of(recording["response"])) == (request, seen)
    with Replay([recording], timing=False) as replay:
        stalls = recording["response"]["ended"] == "stall"
        assert asked(replay, request, 0.3 if stalls else 10, len(seen) if stalls else 1 << 30) == (
            seen,
            "" if stalls else ended,
        )


def test_pieces_are_those_that_were_read_with_their_times_and_the_head_apart(
    tmp_path: Path,
) -> None:
    go_on = threading.Event()
    ticks = iter(range(1000))
    halves = STREAM[:-40], STREAM[-40:]
    with RawServer([halves[0], go_on, halves[1]]) as upstream, recording_of(
        upstream, tmp_path, monotonic=lambda: next(ticks) / 1000
    ) as made, connected(made) as connection:
        connection.sendall(call()[:50])
        threading.Event().wait(0.1)
        connection.sendall(call()[50:])
        assert read_on(connection, len(halves[0]))[0] == halves[0]
        go_on.set()
        assert read_on(connection, len(halves[1]))[0] == halves[1]
    (recording,) = recordings(tmp_path)
    times = [one["at"] for half in ("request", "response") for one in recording[half]["pieces"]]
    assert times == sorted(times) and len(set(times)) >= 3
    first, *rest = of_documents(recording["response"]["pieces"])
    assert (
        first[1] == STREAM[: STREAM.index(b"\r\n\r\n") + 4]
        and rest[0][0] == first[0] < rest[-1][0]
        and rest[-1][1] == halves[1]
    )
    assert [data for _, data in of_documents(recording["request"]["pieces"])] == [
        call()[:50],
        call()[50:-2],
        b"{}",
    ]


def test_connections_are_reused_and_requests_may_be_pipelined(tmp_path: Path) -> None:
    with RawServer([STREAM], [PLAIN], [PLAIN]) as upstream, recording_of(
        upstream, tmp_path
    ) as made, connected(made) as connection:
        connection.sendall(call("one") + call("two", b"second")[:-3])
        assert read_on(connection, len(STREAM)) == (STREAM, "")
        connection.sendall(call("two", b"second")[-3:])
        assert read_on(connection, len(PLAIN)) == (PLAIN, "")
        connection.sendall(call("three", more=[("Connection", "close")]))
        assert read_on(connection) == (PLAIN, "close")
    assert [bytes_of(one["request"]) for one in recordings(tmp_path)] == upstream.requests
    assert upstream.requests == [
        call("one"),
        call("two", b"second"),
        call("three", more=[("Connection", "close")]),
    ]
    assert sorted(os.listdir(str(tmp_path))) == ["one.json", "three.json", "two.json"]


def test_the_recorder_answers_100_continue_itself(tmp_path: Path) -> None:
    request = call(more=[("Expect", "100-continue")])
    with RawServer([head([], "100 Continue") + PLAIN]) as upstream, recording_of(
        upstream, tmp_path
    ) as made, connected(made) as connection:
        connection.sendall(request[:-2])
        interim = head([], "100 Continue")
        assert read_on(connection, len(interim))[0] == interim
        connection.sendall(request[-2:])
        assert read_on(connection, len(interim + PLAIN))[0] == interim + PLAIN
    assert upstream.requests == [request.replace(b"\r\nExpect: 100-continue", b"")]
    (recording,) = recordings(tmp_path)
    assert recording["request"]["continued"] is True and bytes_of(recording["request"]) == request
    assert [data for _, data in of_documents(recording["response"]["pieces"])] == [
        interim,
        PLAIN[:-2],
        PLAIN[-2:],
    ]


def test_names_come_from_the_endpoint_and_are_unique(tmp_path: Path) -> None:
    with RawServer([PLAIN]) as upstream, recording_of(
        upstream, tmp_path, client="me 1", server="them 2"
    ) as made:
        for request in (
            call("My-Model"),
            call("My-Model"),
            call(target="/ping"),
            call("%2e%2e%2f.."),
            b"GET /endpoints/../x HTTP/1.1\r\nHost: x\r\n\r\n",
        ):
            asked(made, request, until=len(PLAIN))
    assert sorted(os.listdir(str(tmp_path))) == [
        "2e-2e-2f.json",
        "exchange-2.json",
        "exchange.json",
        "my-model-2.json",
        "my-model.json",
    ]
    recording = read_recording(str(tmp_path), "my-model-2.json")
    assert (recording["client"], recording["server"], recording["date"]) == (
        "me 1",
        "them 2",
        "2015-08-30",
    )
    assert recording["title"].startswith(
        "POST /endpoints/My-Model/invocations-response-stream; HTTP/1.1 200 OK; "
        "request: whole, response"
    )
    assert [case["id"] for case in recording["cases"]] == [
        "wire-my-model-2-" + op for op in ("verify", "sign", "response")
    ]


def test_head_and_http_1_0(tmp_path: Path) -> None:
    answer = head([("Content-Length", "5")])
    with RawServer([answer, stall], [answer + b"hello", stall]) as upstream, recording_of(
        upstream, tmp_path
    ) as made:
        assert asked(made, b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", until=len(answer)) == (answer, "")
        assert asked(made, b"GET / HTTP/1.0\r\nHost: x\r\n\r\n") == (answer + b"hello", "close")
    assert [one["response"]["ended"] for one in recordings(tmp_path)] == ["whole", "whole"]


# ---- broken connections ------------------------------------------------------------------------


def still_serves(made: Recorder) -> None:
    assert asked(made, call("next"), until=len(PLAIN)) == (PLAIN, "")


@pytest.mark.slow
def test_records_how_a_client_breaks_off(tmp_path: Path) -> None:
    with RawServer([PLAIN]) as upstream, recording_of(upstream, tmp_path, idle_timeout=0.2) as made:
        answer, ended = asked(made, b"POST / HTTP/1.1\nnonsense")
        assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n") and ended == "close"
        with connected(made) as connection:
            connection.sendall(call()[:-1])
            connection.shutdown(socket.SHUT_WR)
            assert read_on(connection) == (b"", "close")
        with connected(made) as connection:
            connection.sendall(call()[:70])
            assert read_on(connection)[0] == b""  # it waits, and is told so by the connection's end
        with connected(made) as connection:
            connection.sendall(call()[:-1])
            threading.Event().wait(0.05)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with connected(made):
            pass  # nothing came: nothing is recorded
        still_serves(made)
    found = recordings(tmp_path)
    assert sorted(one["request"]["ended"] for one in found) == [
        "close",
        "malformed",
        "reset",
        "stall",
        "whole",
    ]
    for one in found:
        assert bytes_of(one["request"]) and (one["response"]["ended"] == "none") == (
            one["request"]["ended"] != "whole"
        )
    assert upstream.requests == [call("next")]


@pytest.mark.slow
@pytest.mark.parametrize(
    "script, ended, seen",
    [
        ([STREAM[:-20], ragged], "close", STREAM[:-20]),
        ([STREAM[:-20], reset], "reset", STREAM[:-20]),
        ([abandon], "close", b""),
        ([STREAM[:30], stall], "stall", STREAM[:30]),
        ([b"nonsense\r\n\r\n more", ragged], "close", b"nonsense\r\n\r\n more"),
        ([PLAIN + b"more", stall], "close", PLAIN + b"more"),
    ],
)
def test_an_upstream_s_broken_end_is_recorded_and_passed_on(
    script: List[Any], ended: str, seen: bytes, tmp_path: Path
) -> None:
    with RawServer(script, [PLAIN]) as upstream, recording_of(
        upstream, tmp_path, idle_timeout=0.3
    ) as made:
        answer, how = asked(made, call())
        assert (answer, how) == (seen, "reset" if ended == "reset" else "close")
        still_serves(made)
    recording = recordings(tmp_path)[0]
    assert (recording["response"]["ended"], bytes_of(recording["response"])) == (ended, seen)


def test_no_upstream_is_a_bad_gateway(tmp_path: Path) -> None:
    log: List[str] = []
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with recording_of(
            f"http://127.0.0.1:{taken.getsockname()[1]}", tmp_path, log=log.append
        ) as made:
            answer, ended = asked(made, call())
    assert (
        answer.startswith(b"HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n") and ended == "close"
    )
    response = recordings(tmp_path)[0]["response"]
    assert response == {
        "ended": "none",
        "note": "no connection to the upstream: Connection refused",
        "pieces": [],
    }
    assert log[0].endswith(
        "; no response; request: whole, response: none; "
        "no connection to the upstream: Connection refused"
    )


@pytest.mark.slow
def test_a_client_that_leaves_while_the_upstream_is_silent_or_speaks(tmp_path: Path) -> None:
    large = [head([])] + [b"x" * 65536] * 400 + [stall]
    with RawServer([STREAM[:-20], stall], large) as upstream, recording_of(
        upstream, tmp_path
    ) as made:
        assert asked(made, call("a"), until=len(STREAM) - 20) == (STREAM[:-20], "")
        assert upstream.gone(0) == "eof"
        with connected(made) as connection:
            connection.sendall(call("b") + b"ahead of its turn")
            connection.recv(1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        assert upstream.gone(1) in ("eof", "reset")
    assert [one["response"]["ended"] for one in recordings(tmp_path)] == ["client", "client"]


def test_a_client_that_resets_while_the_upstream_is_silent(tmp_path: Path) -> None:
    with RawServer([stall], [stall]) as upstream, recording_of(upstream, tmp_path) as made:
        with connected(made) as connection:
            connection.sendall(call())
            upstream.connection(0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        assert upstream.gone(0) == "eof"
    assert recordings(tmp_path)[0]["response"]["ended"] == "client"


@pytest.mark.slow
def test_closing_ends_an_exchange_whose_client_has_spoken_ahead(tmp_path: Path) -> None:
    with RawServer([stall]) as upstream:
        with recording_of(upstream, tmp_path) as made, connected(made) as connection:
            connection.sendall(call())
            upstream.connection(0)
            connection.sendall(b"ahead")
            threading.Event().wait(0.1)
            made.close()
        assert upstream.gone(0) == "eof"
    assert recordings(tmp_path)[0]["response"]["ended"] == "stall"


def test_a_long_name_is_cut_so_that_its_recording_can_be_read(tmp_path: Path) -> None:
    with RawServer([PLAIN]) as upstream, recording_of(upstream, tmp_path) as made:
        asked(made, call("a-" * 60), until=len(PLAIN))
    assert os.listdir(str(tmp_path)) == ["a-" * 39 + "a.json"] and len(recordings(tmp_path)) == 1


def test_a_name_that_another_recorder_of_the_folder_takes_is_left_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "llm.json.new").write_bytes(b"")  # it is writing
    seen: List[str] = []

    def lexists(path: str) -> bool:  # and has written llm-2 between the two looks
        seen.append(os.path.basename(path))
        return seen.count("llm-2.json") == 2 and seen[-1] == "llm-2.json" or os.path.exists(path)

    with RawServer([PLAIN]) as upstream, recording_of(upstream, tmp_path) as made:
        monkeypatch.setattr(proxy.os.path, "lexists", lexists)
        asked(made, call(), until=len(PLAIN))
    monkeypatch.undo()
    assert sorted(os.listdir(str(tmp_path))) == ["llm-3.json", "llm.json.new"]


def test_an_answer_too_large_to_keep_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proxy, "MAX_RECORDED", 1000)
    with RawServer([head([]), b"x" * 3000, stall]) as upstream, recording_of(
        upstream, tmp_path
    ) as made:
        answer, ended = asked(made, call())
        assert upstream.gone(0) == "eof"
    (recording,) = recordings(tmp_path)
    assert (
        recording["response"]["ended"] == "limit"
        and ended == "close"
        and bytes_of(recording["response"]) == answer
    )
    assert len(answer) > 1000


def test_logs_a_folder_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log: List[str] = []

    def full(path: str, text: str) -> None:
        raise OSError(28, "No space left on device", path)

    monkeypatch.setattr(proxy, "write_whole", full)
    with RawServer([PLAIN]) as upstream, recording_of(upstream, tmp_path, log=log.append) as made:
        still_serves(made)
    assert log[0] == "next.json: cannot be written: No space left on device"


@pytest.mark.slow
def test_sending_may_fail_if_a_response_has_arrived(tmp_path: Path) -> None:
    with RawServer([PLAIN, abandon], read=read_head) as upstream, recording_of(
        upstream, tmp_path
    ) as made:
        answer, _ = asked(made, call(body=b"x" * 8000000), until=len(PLAIN))
    assert answer == PLAIN and recordings(tmp_path)[0]["response"]["ended"] == "whole"


# ---- signing again -----------------------------------------------------------------------------


def own_request(data: bytes, url: str) -> Dict[str, str]:
    """Verify the request to the upstream with the recorder's credentials; return its headers."""
    message = follow(data, request=True)
    assert message.end == len(data)
    assert ("Host", url.partition("//")[2]) in message.headers
    verify(
        message.method,
        message.target,
        message.headers,
        message.body,
        OWN,
        "eu-west-1",
        "sagemaker",
        amz_date_of(NOW),
    )
    return {name.lower(): value for name, value in message.headers}


@pytest.mark.parametrize("keep", [True, False])
def test_the_upstream_gets_its_own_signature_and_no_file_a_secret(
    keep: bool, tmp_path: Path
) -> None:
    leak = json.dumps(
        {
            "message": f"x-amz-security-token:{OWN.session_token} "
            f"Credential={OWN.access_key}/ {OWN.secret_key}"
        }
    )
    echo = leak.replace("/", "\\/").encode("ascii")
    told = exception("ModelStreamError", Message=f"{OWN.session_token} {OWN.secret_key}")
    stream = (
        head((*STREAM_HEADERS, CHUNKED))
        + b"".join(chunk(piece) for piece in (part(b"private answer"), told[:99], told[99:]))
        + LAST_CHUNK
    )
    refused = (
        head(
            [("Content-Length", str(len(echo))), ("X-Amz-Security-Token", OWN.session_token or "")],
            "403 Forbidden",
        )
        + echo
    )
    token = "a/session+token=of-the-client"
    requests = [
        call(
            "a",
            b"private question",
            more=[
                ("X-Amzn-SageMaker-Custom-Attributes", "private=1"),
                ("Expect", "100-continue"),
                ("X-Amzn-Trace", "folded\r\n text"),
            ],
        ),
        call("b", b"private question", Credentials(ACCESS_KEY, SECRET_KEY, token)),
    ]
    with RawServer([stream], [refused]) as upstream, recording_of(
        upstream, tmp_path, credentials=OWN, keep_sensitive=keep
    ) as made:
        for request in requests:
            asked(made, request, until=1)
        url = upstream.url
    first, second = (own_request(data, url) for data in upstream.requests)
    assert first["x-amz-security-token"] == second["x-amz-security-token"] == OWN.session_token
    assert (
        first["x-amzn-sagemaker-custom-attributes"] == "private=1"
        and first["x-amzn-trace"] == "folded text"
        and "expect" not in first
    )
    texts = [path.read_text(encoding="utf-8") for path in tmp_path.iterdir()]
    data = b"\n".join(
        [bytes_of(one[half]) for one in recordings(tmp_path) for half in ("request", "response")]
    )
    everything = (
        "\n".join(texts)
        + data.decode("latin-1")
        + follow(bytes_of(recordings(tmp_path)[0]["response"])).body.decode("latin-1")
    )
    for secret in (OWN.access_key, OWN.secret_key, str(OWN.session_token), token):
        for form in (secret, secret.replace("/", "\\/"), secret[:24]):
            assert form not in everything
    assert ("private" in everything) == keep
    one = read_recording(str(tmp_path), "a.json")
    signature = ["sigv4.verify", "sigv4.sign"] if keep else []
    assert is_verified(one) == keep and [op for op, _ in verdicts_of(one)] == signature + [
        "http.response"
    ]
    assert {word for _, word in verdicts_of(one)} == {"PASS"}
    assert not is_verified(read_recording(str(tmp_path), "b.json"))
    assert bool([line for line in one["removed"] if "body" in line or "payload" in line]) != keep


def test_a_presigned_request_is_signed_in_its_headers(tmp_path: Path) -> None:
    target = (
        Signer()
        .presign(
            "POST",
            "/endpoints/llm/invocations-response-stream?a=b",
            [("Host", "127.0.0.1")],
            b"",
            KEYS,
            "eu-west-1",
            "sagemaker",
            amz_date_of(NOW),
            300,
        )
        .target
    )
    request = (f"POST {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").encode("ascii")
    with RawServer([PLAIN]) as upstream, recording_of(upstream, tmp_path, credentials=OWN) as made:
        assert asked(made, request, until=len(PLAIN)) == (PLAIN, "")
        own_request(upstream.requests[0], upstream.url)
    assert upstream.requests[0].startswith(
        b"POST /endpoints/llm/invocations-response-stream?a=b HTTP/1.1\r\n"
    )
    assert bytes_of(recordings(tmp_path)[0]["request"]) == request and not is_verified(
        recordings(tmp_path)[0]
    )


def test_the_upstream_may_accept_the_example_keys(tmp_path: Path) -> None:
    with Endpoint(clock=lambda: NOW, pace=0, fallback="default") as endpoint, recording_of(
        endpoint, tmp_path, credentials=KEYS
    ) as made:
        client = Client(
            region="us-west-2",
            endpoint_url=made.url,
            credentials=KEYS,
            environment={},
            clock=lambda: NOW,
        )
        with client.invoke_endpoint_with_response_stream(
            endpoint_name="frames-split", body=b"hi"
        ) as response:
            assert b"".join(event.bytes for event in response.body) == b"one two three"
        assert [one.verified for one in endpoint.calls] == [True]
    assert is_verified(recordings(tmp_path)[0])


def test_a_request_with_a_wrong_signature_is_not_forwarded(tmp_path: Path) -> None:
    other = Credentials("AKIAIOSFODNNOTREAL02", "another-secret")
    bad = Credentials(ACCESS_KEY, "wrong")
    with RawServer([PLAIN]) as upstream, recording_of(upstream, tmp_path, credentials=OWN) as made:
        for credentials, code in (
            (other, b"UnrecognizedClientException"),
            (bad, b"InvalidSignatureException"),
        ):
            answer, ended = asked(made, call(credentials=credentials))
            assert (
                answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
                and code in answer
                and ended == "close"
            )
        answer, _ = asked(made, call().replace(b"POST", b"P^ST"))
        assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
        still_serves(made)
    assert len(upstream.requests) == 1
    found = recordings(tmp_path)
    assert [one["response"].get("note") for one in found] == [
        "the recorder refused it: UnrecognizedClientException",
        "the recorder refused it: InvalidSignatureException",
        "the recorder refused it: InvalidSignatureException",
        None,
    ]
    assert (
        b"NOTREAL02" not in bytes_of(found[0]["request"])
        and "request: header authorization" in found[0]["removed"]
    )


def test_refuses_a_request_that_cannot_be_signed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: Any) -> None:
        raise UsageError("no")

    monkeypatch.setattr(proxy, "check_signature", refuse)
    with RawServer([PLAIN]) as upstream, recording_of(upstream, tmp_path, credentials=OWN) as made:
        answer, _ = asked(made, call())
    assert (
        answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        and b"cannot be signed again: no" in answer
        and upstream.requests == []
    )


def test_without_credentials_a_key_that_is_no_example_is_not_written(tmp_path: Path) -> None:
    with RawServer([PLAIN]) as upstream, recording_of(upstream, tmp_path) as made:
        asked(made, call(credentials=OWN), until=len(PLAIN))
        asked(
            made,
            call(credentials=Credentials(ACCESS_KEY, SECRET_KEY, EXAMPLE_TOKEN)),
            until=len(PLAIN),
        )
    assert upstream.requests[0] == call(credentials=OWN)  # what goes on is what came
    first, second = recordings(tmp_path)
    assert not is_verified(first) and is_verified(second) and second["removed"] == []
    for secret in (OWN.access_key, str(OWN.session_token)):
        assert secret not in (tmp_path / "llm.json").read_text(encoding="utf-8")


# ---- TLS ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_an_upstream_behind_tls(tmp_path: Path) -> None:
    import ssl

    authority = pytest.importorskip("trustme").CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(server)
    authority.configure_trust(client)
    large = head([("Content-Length", "200000")]) + b"x" * 200000
    with RawServer(
        [large], [head([]) + b"cut", ragged], [head([]) + b"whole"], tls=server
    ) as upstream:
        with recording_of(upstream, tmp_path, credentials=OWN, ssl_context=client) as made:
            assert asked(made, call("a"), until=len(large)) == (large, "")
            assert asked(made, call("b")) == (head([]) + b"cut", "reset")
            assert asked(made, call("c")) == (head([]) + b"whole", "close")
        with recording_of(upstream, tmp_path) as made:  # which does not trust it
            assert asked(made, call("d"))[0].startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
        own_request(upstream.requests[0], upstream.url)
    ended = {
        name: read_recording(str(tmp_path), name + ".json")["response"]["ended"] for name in "abcd"
    }  # one may be written late
    assert (
        ended == {"a": "whole", "b": "reset", "c": "close", "d": "none"}
        and len(recordings(tmp_path)) == 4
    )


# ---- invalid upstreams -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://a",
        "http://",
        "http://a/b",
        "http://a?b",
        "http://u@a",
        "http://a:x",
        "http://[::1",
        "a:80",
        "http://a:0",
        "http://a b",
        "http://a\n",
        "http://a#b",
        "http://a." + "b" * 64,
    ],
)
def test_rejects_an_invalid_upstream(url: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not an upstream"):
        Recorder(url, str(tmp_path))


def test_a_password_in_an_upstream_is_not_shown() -> None:
    with pytest.raises(UsageError, match="got a URL with a user name") as caught:
        upstream_of("https://me:pass@a")
    assert "pass" not in str(caught.value)


def test_upstreams() -> None:
    assert upstream_of("http://127.0.0.1:8080") == ("127.0.0.1", 8080, False, "127.0.0.1:8080")
    assert upstream_of("https://Runtime.example/") == (
        "runtime.example",
        443,
        True,
        "runtime.example",
    )
    assert upstream_of("http://a:80") == ("a", 80, False, "a")
    assert upstream_of("http://[::1]:81") == ("::1", 81, False, "[::1]:81") and upstream_of(
        "http://a"
    ) == ("a", 80, False, "a")


def test_credentials_do_not_go_over_plain_http(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="credentials require an upstream with TLS"):
        Recorder("http://example.com", str(tmp_path), OWN)


# ---- web pages and other programs ----------------------------------------------------------------

PAGES = [
    ("Origin", "http://evil.example"),
    ("Origin", "null"),
    ("Origin", "http://127.0.0.1:80"),
    ("Sec-Fetch-Site", "cross-site"),
    ("Sec-Fetch-Site", "same-site"),
    ("Sec-Fetch-Site", "same-origin"),
]


@pytest.mark.parametrize("credentials", [None, OWN])
def test_serves_no_web_page(credentials: Any, tmp_path: Path) -> None:
    log: List[str] = []
    with RawServer([PLAIN]) as upstream, recording_of(
        upstream, tmp_path, credentials=credentials, log=log.append
    ) as made:
        for header in PAGES:
            answer, ended = asked(made, call(more=[header]))
            assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n") and ended == "close"
        assert not upstream.requests and not os.listdir(str(tmp_path))
        assert all(
            line.startswith("refused: the recorder does not serve web pages") for line in log
        )
        assert asked(made, call(more=[("Sec-Fetch-Site", "none")]), until=len(PLAIN)) == (PLAIN, "")


def signed_call(host: str, method: str = "POST", target: str = "") -> bytes:
    target = target or "/endpoints/llm/invocations-response-stream"
    moment = amz_date_of(NOW)
    signed = Signer().sign(
        method, target, [("Host", host)], b"", KEYS, "eu-west-1", "sagemaker", moment
    )
    lines = [f"{method} {target} HTTP/1.1"] + ["{}: {}".format(*pair) for pair in signed.headers]
    return "\r\n".join([*lines, "", ""]).encode("ascii")


@pytest.mark.parametrize(
    "request_line",
    [
        ("evil.example",),
        ("127.0.0.1.evil.example:80",),
        ("localhost.evil.example",),
        ("runtime.sagemaker.eu-west-1.amazonaws.com",),
        ("127.0.0.1", "DELETE"),
        ("127.0.0.1", "GET"),
        ("127.0.0.1", "POST", "/"),
        ("127.0.0.1", "POST", "/?Action=DeleteEndpoint"),
        ("127.0.0.1", "POST", "/endpoints/a/invocations"),
        ("127.0.0.1", "POST", "/endpoints/a/async-invocations"),
        ("127.0.0.1", "POST", "/x/endpoints/a/invocations-response-stream"),
        ("127.0.0.1", "POST", "/endpoints/../invocations-response-stream"),
        ("127.0.0.1", "POST", "/endpoints/a%2Fb/invocations-response-stream"),
        ("127.0.0.1", "POST", "/endpoints/a/invocations-response-stream/../x"),
    ],
)
def test_signs_only_this_operation_on_loopback(request_line: Any, tmp_path: Path) -> None:
    with RawServer([PLAIN]) as upstream, recording_of(upstream, tmp_path, credentials=OWN) as made:
        answer, ended = asked(made, signed_call(*request_line))
        assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n") and ended == "close"
        assert not upstream.requests and not os.listdir(str(tmp_path))
        for host in ("127.0.0.1:80", "localhost", "LocalHost:9", "[::1]:8000"):
            assert asked(made, signed_call(host), until=len(PLAIN)) == (PLAIN, "")


def test_a_key_is_required_and_never_written(tmp_path: Path) -> None:
    key = "k3y-" * 5
    with RawServer([PLAIN]) as upstream, recording_of(
        upstream, tmp_path, credentials=OWN, key=key
    ) as made:
        base, _, last = made.url.rpartition("/")
        assert last == key
        bare = type("Bare", (), {"url": base})
        path = "/endpoints/llm/invocations-response-stream"
        for target in (path, "/" + "k3y-" * 4 + "k3yX" + path, "//" + key + path, f"/{key}"):
            answer, _ = asked(bare, signed_call("127.0.0.1", "POST", target))
            assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
        assert not upstream.requests
        good = signed_call("127.0.0.1", "POST", f"/{key}{path}")
        assert asked(bare, good, until=len(PLAIN)) == (PLAIN, "")
        own_request(upstream.requests[0], upstream.url)
    assert upstream.requests[0].startswith(b"POST /endpoints/llm/invocations-response-stream HTTP")
    assert os.listdir(str(tmp_path)) == ["llm.json"]
    assert key not in (tmp_path / "llm.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("key", ["short", "with/slash/in/it/and/long", ""])
def test_an_unusable_key_is_rejected(key: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unusable key"):
        Recorder("http://127.0.0.1:1", str(tmp_path), OWN, key=key)
    with pytest.raises(UsageError, match="unusable key"):
        Recorder("http://127.0.0.1:1", str(tmp_path), None, key="k" * 20)


# ---- requests that are not well-formed -----------------------------------------------------------


@pytest.mark.parametrize(
    "line", [b"A: b\r\r\nB: c", b"A: b\rB: c", b"\r\r\nA: b", b"A: b\nB: c", b"A\r: b", b"\r"]
)
def test_records_a_request_with_a_lone_cr(line: bytes, tmp_path: Path) -> None:
    request = b"POST /x HTTP/1.1\r\nHost: h\r\n" + line + b"\r\n\r\n"
    assert follow(request, request=True).lost is not None
    with recording_of("http://127.0.0.1:1", tmp_path) as made:
        assert asked(made, request)[0].startswith(b"HTTP/1.1 400 Bad Request\r\n")
    found = recordings(tmp_path)[0]
    assert found["request"]["ended"] == "malformed" and not found["cases"]


def test_omits_a_folded_expect_completely(tmp_path: Path) -> None:
    for expect in (b"Expect:\r\n 100-continue", b"expect: 100-continue\r\n\tx\r\n y"):
        with RawServer([PLAIN]) as upstream, recording_of(upstream, tmp_path) as made:
            asked(
                made,
                b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n"
                + expect
                + b"\r\nX: y\r\n\r\nab",
                until=len(PLAIN),
            )
        assert upstream.requests[0] == (
            b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nX: y\r\n\r\nab"
        )
