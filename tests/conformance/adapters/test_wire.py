# SPDX-License-Identifier: MIT
"""Tests of conformance/adapters/wire.py: a request is shown as it was written."""

from typing import Any, Callable, Dict

import pytest

from conformance.adapters.wire import NothingSent, Recorder


@pytest.fixture(scope="module")
def recorder() -> Recorder:
    return Recorder()


def writing(recorder: Recorder, *pieces: bytes) -> Callable[[], object]:
    def send() -> None:
        with recorder.connect() as connection:
            for piece in pieces:
                connection.sendall(piece)
            assert connection.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")

    return send


def shown(method: str, target: str, body: str, *headers: str) -> Dict[str, Any]:
    pairs = [header.split("=", 1) for header in headers]
    return {"method": method, "target": target, "headers": pairs, "body": body}


def test_a_request_is_shown_as_it_was_written(recorder: Recorder) -> None:
    head = b"PoST /a%2fb//c?x=+&x HTTP/1.1\r\nHost: A.example\r\nx-b:  1 \r\nX-B: \xe9\r\n"
    sent = recorder.sent(writing(recorder, head, b"Content-Length: 2\r\n\r\nh", b"i"))
    headers = ("Host=A.example", "x-b=1", "X-B=\xe9", "Content-Length=2")
    assert sent == shown("PoST", "/a%2fb//c?x=+&x", "aGk=", *headers)


def test_a_target_is_text_whose_utf8_was_written(recorder: Recorder) -> None:
    """A signer that sends the UTF-8 of a raw path sends what it was given, any other does not."""
    for octets, target in (
        ("/\u00fc/\u1234?\u20ac".encode("utf-8"), "/\u00fc/\u1234?\u20ac"),
        (b"/\xfc", "/\\xfc"),
        (b"/\xef\xbf\xbd/\xed\xa0\x80", "/\ufffd/\\xed\\xa0\\x80"),
    ):
        sent = recorder.sent(writing(recorder, b"GET " + octets + b" HTTP/1.1\r\n\r\n"))
        assert sent["target"] == target


def test_a_folded_value_keeps_its_line_break(recorder: Recorder) -> None:
    sent = recorder.sent(writing(recorder, b"GET / HTTP/1.1\r\na: b\r\n  c\r\n\r\n"))
    assert sent["headers"] == [["a", "b\r\n  c"]]


def test_chunks_are_joined(recorder: Recorder) -> None:
    head = b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    sent = recorder.sent(writing(recorder, head, b"1\r\nh\r\n", b"1;x=y\r\ni\r\n0\r\n\r\n"))
    assert sent["body"] == "aGk="


@pytest.mark.slow
def test_a_body_that_is_too_short_ends_the_wait(recorder: Recorder) -> None:
    sent = recorder.sent(writing(recorder, b"PUT / HTTP/1.1\r\nContent-Length: 9\r\n\r\nhi"))
    assert sent["body"] == "aGk="


def test_only_the_first_request_counts(recorder: Recorder) -> None:
    def send() -> None:
        writing(recorder, b"GET /1 HTTP/1.1\r\n\r\n")()
        writing(recorder, b"GET /2 HTTP/1.1\r\n\r\n")()
        raise ValueError("after the request")

    assert recorder.sent(send)["target"] == "/1"


def test_nothing_is_sent(recorder: Recorder) -> None:
    with pytest.raises(NothingSent):
        recorder.sent(lambda: None)
    with pytest.raises(ZeroDivisionError):
        recorder.sent(lambda: 1 // 0)
