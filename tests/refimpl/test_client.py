# SPDX-License-Identifier: MIT
"""Tests of refimpl/client.py: complete calls over loopback, against raw responses of this file.

Parts arrive in order, at once, and before an error that follows them. Every error has its type,
status and request id, and the server sees that the connection is closed. Invalid input is rejected
before anything is sent. refimpl.sigv4.verify and botocore's signer verify the request. Arguments
take precedence over the environment. Calls of many threads on one client do not mix. No repr and
no error, with its causes and printed traceback, contains a secret, a body or a sensitive member.
"""

import base64
import gc
import json
import os
import pickle
import socket
import ssl
import sys
import threading
import traceback
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from urllib.parse import quote

import pytest

import refimpl.routes
from conformance.endpoint import ACCESS_KEY as ENDPOINT_ACCESS_KEY
from conformance.endpoint import SECRET_KEY as ENDPOINT_SECRET_KEY
from conformance.endpoint import Endpoint
from refimpl import (
    Client,
    ConfigurationError,
    Credentials,
    Error,
    FrameError,
    HttpError,
    InternalFailure,
    InternalStreamFailure,
    InvokeEndpointWithResponseStreamOutput,
    ModelError,
    ModelStreamError,
    NetworkError,
    PayloadPart,
    ServiceUnavailable,
    TextError,
    UnknownOperationError,
    UsageError,
    ValidationError,
)
from refimpl.client import InsecureEndpointWarning
from refimpl.config.retries import RetryQuota
from refimpl.eventstream import encode
from refimpl.operation import MAX_ERROR_BODY, BodySizeWarning, ResponseReader
from refimpl.sigv4 import Signer, verify
from refimpl.transport import Timeouts
from tests.rawserver import PATIENCE, RawServer, close, nothing_left, reset, stall
from tests.rows import first_fast, for_each

ACCESS_KEY, SECRET_KEY = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TOKEN = "TokenOfATest/that+nobody=may.see"
BODY = b'{"inputs": "what nobody may see"}'
ATTRIBUTES = "attributes=that-nobody-may-see"
SECRETS = (SECRET_KEY, TOKEN, BODY.decode(), ATTRIBUTES)
CREDENTIALS = Credentials(ACCESS_KEY, SECRET_KEY)
TEMPORARY = Credentials(ACCESS_KEY, SECRET_KEY, TOKEN)
NOW, NOW_TEXT = 1440938160.5, "20150830T123600Z"
SHORT = 0.1  # seconds; a limit that a wait must reach
TOTAL = 0.4  # seconds; the same, including all that happens before the wait
REQUEST_ID = "6a5c2bd2-0000-4000-8000-000000000000"
STREAM_HEADERS = (
    b"X-Amzn-RequestId: "
    + REQUEST_ID.encode()
    + b"\r\nContent-Type: application/vnd.amazon.eventstream\r\n"
    b"x-Amzn-Invoked-Production-Variant: blue\r\nX-Amzn-SageMaker-Content-Type: text/plain\r\n"
)


@pytest.fixture(autouse=True)
def _nothing_left(monkeypatch):
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    with nothing_left():
        yield


# ---- responses of the server -------------------------------------------------------------------


def frame(payload, **headers):
    return encode(
        [(":" + name.replace("_", "-"), "string", value) for name, value in headers.items()],
        payload,
    )


def part(data, event_type="PayloadPart"):
    return frame(
        data, message_type="event", event_type=event_type, content_type="application/octet-stream"
    )


def exception(name, document):
    return frame(
        json.dumps(document).encode(),
        message_type="exception",
        exception_type=name,
        content_type="application/json",
    )


PARTS = [PayloadPart(bytes=b"one"), PayloadPart(bytes=b""), PayloadPart(bytes=b"\0\xff" * 50)]
FRAMES = [part(event.bytes) for event in PARTS]
STREAM = b"".join(FRAMES)
FRAMINGS = ["chunked", "length", "close"]


def head(framing, length=0, headers=STREAM_HEADERS, status=b"200 OK"):
    ends = {
        "chunked": b"Transfer-Encoding: chunked\r\n",
        "length": b"Content-Length: %d\r\n" % length,
        "close": b"",
    }
    return b"HTTP/1.1 " + status + b"\r\n" + headers + ends[framing] + b"\r\n"


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def success(framing, *pieces):
    """Return the steps of a response, with one step per piece of the body."""
    body = (
        [chunk(piece) for piece in pieces] + [b"0\r\n\r\n"]
        if framing == "chunked"
        else list(pieces)
    )
    return [head(framing, sum(map(len, pieces)))] + body


def failure(status, body, *headers):
    """Return the steps of an error response."""
    lines = ("X-Amzn-RequestId: " + REQUEST_ID,) + headers
    return [
        head(
            "length",
            len(body),
            "".join(line + "\r\n" for line in lines).encode("latin-1"),
            status.encode(),
        )
        + body
    ]


def client_of(server, **settings):
    given = {
        "region": "eu-west-1",
        "endpoint_url": server.url,
        "credentials": CREDENTIALS,
        "environment": {},
        "clock": lambda: NOW,
        "connect_timeout": 3 * PATIENCE,
        "read_timeout": 3 * PATIENCE,
        "max_attempts": 1,
    }
    given.update(settings)
    return Client(**given)


def call(client, **members):
    return client.invoke_endpoint_with_response_stream(
        **dict({"endpoint_name": "llm", "body": BODY}, **members)
    )


def read(*steps, **settings):
    """Make a call, check that the connection closes, and return (events, error or None)."""
    events, error = [], None
    with RawServer(list(steps)) as server:
        try:
            response = call(client_of(server, **settings))
            for event in response.body:
                events.append(event)
            assert list(response.body) == []
        except Error as caught:
            error = caught
        assert server.gone() in ("eof", "reset", None)
    return events, error


def refused(*steps, **settings):
    """Return the error that the call itself raises."""
    with RawServer(list(steps)) as server:
        with pytest.raises(Error) as caught:
            call(client_of(server, **settings))
        assert server.gone() in ("eof", "reset", None)
    return caught.value


# ---- a complete response -----------------------------------------------------------------------


@pytest.mark.parametrize("framing", FRAMINGS)
def test_parts_come_in_order_and_at_once(framing):
    go = [threading.Event() for _ in range(3)]
    steps = success(framing, *FRAMES)
    script = [steps[0], go[0], steps[1], go[1], steps[2], go[2]] + steps[3:]
    with RawServer(script) as server, call(client_of(server)) as response:
        assert response.status == 200  # the server has only sent the head
        for event, expected in zip(go, PARTS):
            event.set()
            assert next(response.body) == expected
        assert list(response.body) == []
        assert server.gone() == "eof"  # before close() was called


@pytest.mark.parametrize("cuts", ["whole", "bytewise", "across"])
@pytest.mark.parametrize("framing", FRAMINGS)
def test_frames_are_found_however_they_are_cut(framing, cuts):
    size = {"whole": len(STREAM), "bytewise": 1, "across": len(FRAMES[0]) + 5}[cuts]
    pieces = [STREAM[start : start + size] for start in range(0, len(STREAM), size)]
    assert read(*success(framing, *pieces)) == (PARTS, None)


def test_the_attributes_of_a_response():
    headers = (
        STREAM_HEADERS
        + b"X-Amzn-SageMaker-Custom-Attributes: caf\xe9 \r\nx-amzn-sagemaker-custom-attributes:"
        b" second\r\n"
    )
    with RawServer([head("length", len(STREAM), headers), STREAM, stall]) as server, call(
        client_of(server)
    ) as response:
        assert response.status == 200
        assert response.request_id == REQUEST_ID
        assert response.content_type == "text/plain"
        assert response.invoked_production_variant == "blue"
        assert response.custom_attributes == "caf\xe9"
        assert response.unknown_events == 0
        assert response.headers[0] == ("X-Amzn-RequestId", REQUEST_ID)
        assert len(response.headers) == 7
        assert repr(response) == f"Response(status=200, request_id={REQUEST_ID!r})"
        assert response.__enter__() is response


def test_absent_headers_are_none():
    headers = b"Content-Type: application/vnd.amazon.eventstream\r\n"
    with RawServer([head("length", 0, headers)]) as server, call(client_of(server)) as response:
        assert (
            response.content_type,
            response.invoked_production_variant,
            response.custom_attributes,
            response.request_id,
        ) == (None,) * 4
        assert response.collect() == InvokeEndpointWithResponseStreamOutput(body=())


def test_the_body_is_iterated_once():
    with RawServer(success("chunked", STREAM)) as server, call(client_of(server)) as response:
        assert iter(response.body) is response.body
        assert list(response.body) == PARTS
        assert list(response.body) == []
        assert response.collect().body == ()


@pytest.mark.parametrize("taken", [0, 1, 3])
def test_collect_reads_the_rest(taken):
    headers = STREAM_HEADERS + b"X-Amzn-SageMaker-Custom-Attributes: a=b\r\n"
    with RawServer([head("length", len(STREAM), headers), STREAM, stall]) as server, call(
        client_of(server)
    ) as response:
        assert [next(response.body) for _ in range(taken)] == PARTS[:taken]
        assert response.collect() == InvokeEndpointWithResponseStreamOutput(
            body=tuple(PARTS[taken:]),
            content_type="text/plain",
            invoked_production_variant="blue",
            custom_attributes="a=b",
        )
        assert server.gone() == "eof"


def test_unknown_events_are_skipped_and_counted():
    new = part(b"?", "NewEvent")
    steps = success("chunked", new + FRAMES[0], new, new + new, FRAMES[1])
    with RawServer(steps) as server, call(client_of(server)) as response:
        assert next(response.body) == PARTS[0]
        assert (
            1 <= response.unknown_events <= 4
        )  # of the bytes read so far, which may be more than the returned ones
        assert list(response.body) == [PARTS[1]]
        assert response.unknown_events == 4


def test_a_stream_without_events_is_complete():
    for framing in FRAMINGS:
        assert read(*success(framing)) == ([], None)


def test_the_greatest_frame_is_a_setting():
    large = part(bytes(5000))
    assert read(*success("chunked", large), max_frame_length=len(large)) == (
        [PayloadPart(bytes=bytes(5000))],
        None,
    )
    events, error = read(*success("chunked", FRAMES[0] + large), max_frame_length=len(large) - 1)
    assert events == PARTS[:1]
    assert (type(error), error.kind) == (FrameError, "limit")


# ---- text, lines, events, values ---------------------------------------------------------------


def text_steps(*texts, last=b""):
    """Return the steps of a response with these texts as parts; last: a final frame."""
    return success("chunked", *[part(text) for text in texts] + ([last] if last else []))


JSON_EVENTS = [
    b'data: {"a":1}\r\n\r',
    b'\ndata: {"a":',
    '\ndata: "€'.encode()[:-1],
    "€".encode()[-1:] + b'"}\n\ndata: [DONE]',
]


@pytest.mark.parametrize(
    "method,texts,results",
    [
        ("text", ["a€".encode()[:2], "a€".encode()[2:] + b"b"], ["a", "€b"]),
        ("lines", [b"a\r", b"\nb", b"c"], ["a", "bc"]),
        (
            "sse",
            JSON_EVENTS,
            [
                ("message", '{"a":1}', ""),
                ("message", '{"a":\n"€"}', ""),
                ("message", "[DONE]", ""),
            ],
        ),
        ("json_values", [b'{"a"', b":1}\n[2]3"], [{"a": 1}, [2], 3]),
    ],
)
def test_results_of_a_text(method, texts, results):
    with RawServer(text_steps(*texts)) as server:
        with call(client_of(server)) as response:
            assert list(getattr(response, method)()) == results
            assert list(response.body) == []
        assert server.gone() == "eof"


@pytest.mark.parametrize(
    "method,texts,results",
    [
        ("text", [b"a\xe2\x82", b"\xacb"], ["a", "€b"]),
        ("lines", [b"a\r\nb", b"c\n"], ["a", "bc"]),
        ("sse", [b"data: 1\r\n\r", b"\ndata: 2\n\n"], [("message", "1", ""), ("message", "2", "")]),
        ("json_values", [b"[1][", b"2]"], [[1], [2]]),
    ],
)
def test_a_result_is_there_before_the_next_part_is_sent(method, texts, results):
    go = threading.Event()
    steps = text_steps(*texts)
    with RawServer(steps[:2] + [go] + steps[2:]) as server, call(client_of(server)) as response:
        iterator = getattr(response, method)()
        assert next(iterator) == results[0]
        go.set()
        assert list(iterator) == results[1:]


@pytest.mark.parametrize(
    "method,texts,results,unread",
    [
        ("text", [b"a", b"\xe2"], ["a"], b"\xe2"),
        ("lines", [b"a\nb", b"c"], ["a"], b"bc"),
        ("sse", [b"data: 1\n\ndata", b": 2"], [("message", "1", "")], b"data: 2"),
        ("json_values", [b"[1][", b"2"], [[1]], b"[2"),
    ],
)
@pytest.mark.parametrize(
    "last,error_type",
    [
        (
            exception("ModelStreamError", {"Message": "broken", "ErrorCode": "StreamBroken"}),
            ModelStreamError,
        ),
        (frame(b"", message_type="error"), UnknownOperationError),
        (b"no frame at all", FrameError),
    ],
    ids=["exception", "error", "no frame"],
)
def test_an_error_in_the_stream_holds_the_unfinished_rest(
    last, error_type, method, texts, results, unread
):
    came = []
    with RawServer(text_steps(*texts, last=last)) as server, call(client_of(server)) as response:
        with pytest.raises(error_type) as caught:
            for result in getattr(response, method)():
                came.append(result)
        assert (came, caught.value.unread, caught.value.status, caught.value.request_id) == (
            results,
            unread,
            200,
            REQUEST_ID,
        )
        assert server.gone() in ("eof", "reset")  # some bytes may remain unread in its socket


@pytest.mark.parametrize(
    "method,data,results,kind",
    [
        ("text", b"a\xff", ["a"], "utf8"),
        ("lines", b"a\n\xff\n", ["a"], "utf8"),
        ("sse", b"data: 1\n\nda", [("message", "1", "")], "truncated"),
        ("json_values", b"1 ]", [1], "syntax"),
    ],
)
def test_text_that_cannot_be_read(method, data, results, kind):
    came = []
    with RawServer(text_steps(data)) as server, call(client_of(server)) as response:
        with pytest.raises(TextError) as caught:
            for result in getattr(response, method)():
                came.append(result)
        assert (came, caught.value.kind, caught.value.status, caught.value.request_id) == (
            results,
            kind,
            200,
            REQUEST_ID,
        )


def test_arguments_of_the_text_methods():
    steps = text_steps(b"data:\xff\n\n")
    with RawServer(steps, steps, steps, steps, steps, steps) as server:
        client = client_of(server)
        for method, options, results in (
            ("text", {"errors": "replace"}, ["data:\ufffd\n\n"]),
            ("lines", {"errors": "replace"}, ["data:\ufffd", ""]),
            ("sse", {"errors": "replace"}, [("message", "\ufffd", "")]),
        ):
            with call(client) as response:
                assert list(getattr(response, method)(**options)) == results
        for method, bound in (
            ("lines", "max_line_length"),
            ("sse", "max_event_length"),
            ("json_values", "max_value_length"),
        ):
            with call(client) as response:
                with pytest.raises(TextError) as caught:
                    list(getattr(response, method)(**{bound: 2}))
                assert caught.value.kind == "limit"
                with pytest.raises(UsageError):
                    getattr(response, method)(**{bound: 0})


# ---- errors in the stream ----------------------------------------------------------------------

IN_STREAM = {
    "ModelStreamError": (
        exception("ModelStreamError", {"Message": "broken", "ErrorCode": "StreamBroken"}),
        ModelStreamError(message="broken", error_code="StreamBroken"),
        "exception",
    ),
    "InternalStreamFailure": (
        exception("InternalStreamFailure", {"message": "oh"}),
        InternalStreamFailure(message="oh"),
        "exception",
    ),
    "unmodelled": (
        exception("NewException", {"message": "new"}),
        UnknownOperationError(code="NewException", payload='{"message": "new"}'),
        "unmodeled",
    ),
    "error": (
        frame(b"", message_type="error", error_code="Boom", error_message="bang"),
        UnknownOperationError(code="Boom", payload=""),
        "unmodeled",
    ),
    "error without code": (
        frame(b"", message_type="error"),
        UnknownOperationError(payload=""),
        "unmodeled",
    ),
}


@pytest.mark.slow
@for_each("together", [True, False])
@for_each("framing", FRAMINGS)
@for_each("name", sorted(IN_STREAM))
def test_an_error_in_the_stream_follows_its_parts(name, framing, together):
    last, expected, kind = IN_STREAM[name]
    pieces = [STREAM + last + part(b"behind")] if together else FRAMES + [last, part(b"behind")]
    events, error = read(*success(framing, *pieces))
    assert events == PARTS
    assert error == expected
    assert (error.kind, error.status, error.request_id) == (kind, 200, REQUEST_ID)


def test_an_error_in_the_first_place():
    for last, expected, _ in IN_STREAM.values():
        assert read(*success("chunked", last)) == ([], expected)


def test_parts_before_an_error_in_one_segment_are_returned_one_by_one():
    """All is in one segment, but the first parts are returned before the error."""
    steps = success("length", STREAM + IN_STREAM["ModelStreamError"][0])
    with RawServer([b"".join(steps)]) as server, call(client_of(server)) as response:
        assert [next(response.body) for _ in PARTS] == PARTS
        for _ in range(2):
            with pytest.raises(ModelStreamError):
                next(response.body)


def test_a_failure_is_raised_at_each_later_call():
    """Otherwise a program that reads on believes that the stream is complete."""
    with RawServer([head("length", 5000), STREAM, close]) as server, call(
        client_of(server)
    ) as response:
        with pytest.raises(FrameError) as caught:
            response.collect()
        first = caught.value
        assert first.kind == "truncated" and first.events == tuple(PARTS)
        for read in (
            response.collect,
            lambda: list(response.body),
            lambda: list(response.payloads()),
            lambda: list(response.text()),
            lambda: list(response.lines()),
            lambda: list(response.sse()),
            lambda: list(response.json_values()),
        ):
            with pytest.raises(FrameError) as caught:
                read()
            assert caught.value is first and first.events == tuple(PARTS)


def test_a_text_iterator_raises_its_failure_again():
    with RawServer([head("close"), part(b"one\ntwo\xff\n"), close]) as server, call(
        client_of(server)
    ) as response:
        lines = response.lines()
        assert next(lines) == "one"
        for _ in range(2):
            with pytest.raises(TextError):
                next(lines)


def test_collect_returns_the_same_output_again():
    with RawServer(success("chunked", STREAM)) as server, call(client_of(server)) as response:
        output = response.collect()
        assert output.body == tuple(PARTS)
        assert response.collect() is output


def test_an_interrupted_iterator_does_not_look_complete():
    def results():
        yield 1
        raise KeyboardInterrupt

    iterator = refimpl.results.Results(results())
    assert next(iterator) == 1
    with pytest.raises(KeyboardInterrupt):
        next(iterator)
    with pytest.raises(NetworkError) as caught:
        next(iterator)
    assert caught.value.kind == "closed"


def test_a_second_thread_on_one_iterator_gets_an_error_of_this_package():
    entered, leave, found = threading.Event(), threading.Event(), []

    def results():
        entered.set()
        assert leave.wait(PATIENCE)
        yield 1

    iterator = refimpl.results.Results(results())
    reader = threading.Thread(target=lambda: found.append(next(iterator)))
    reader.start()
    assert entered.wait(PATIENCE)
    with pytest.raises(UsageError) as caught:
        next(iterator)
    assert "another thread" in str(caught.value)
    leave.set()
    reader.join(PATIENCE)
    assert found == [1]


@pytest.mark.parametrize("together", [True, False])
def test_the_error_of_collect_has_the_events_before_it(together):
    pieces = [STREAM + IN_STREAM["error"][0]] if together else FRAMES + [IN_STREAM["error"][0]]
    with RawServer(success("chunked", *pieces)) as server, call(client_of(server)) as response:
        assert next(response.body) == PARTS[0]
        with pytest.raises(UnknownOperationError) as caught:
            response.collect()
        assert caught.value.events == tuple(PARTS[1:])


def flipped(data, place=-1):
    """Return data with one bit flipped."""
    changed = bytearray(data)
    changed[place] ^= 1
    return bytes(changed)


@pytest.mark.parametrize(
    "bad,kind",
    [
        (flipped(part(b"bad")), "message_crc"),
        (flipped(part(b"bad"), 8), "prelude_crc"),
        (b'{"error": "not a stream at all"}', "prelude_crc"),
        (frame(b"x", event_type="PayloadPart"), "message_type"),
        (frame(b"x", message_type="event"), "message_type"),
        (part(b"{}", "ModelStreamError"), "message_type"),
    ],
)
def test_a_corrupt_frame_follows_its_parts(bad, kind):
    for pieces in ([STREAM + bad], FRAMES + [bad]):
        events, error = read(*success("chunked", *pieces))
        assert events == PARTS
        assert (type(error), error.kind, error.status, error.request_id) == (
            FrameError,
            kind,
            200,
            REQUEST_ID,
        )


def whole_frames(count):
    """Return the number of frames in STREAM[:count], and whether it ends between two."""
    ends = [0, len(FRAMES[0]), len(FRAMES[0] + FRAMES[1]), len(STREAM)]
    return len([end for end in ends[1:] if end <= count]), count in ends


@pytest.mark.slow
@pytest.mark.parametrize("ending", [close, reset])
@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_truncated_stream_returns_its_parts_first(framing, ending):
    """The stream ends at every byte; the framing announces more bytes than arrive."""
    start = head(framing, len(STREAM) + 1) + (
        b"%x\r\n" % (len(STREAM) + 1) if framing == "chunked" else b""
    )
    with RawServer(*[[start + STREAM[:cut], ending] for cut in range(len(STREAM) + 1)]) as server:
        client = client_of(server)
        for cut in range(len(STREAM) + 1):
            events, (count, between) = [], whole_frames(cut)
            try:
                response = call(client)
            except NetworkError:  # the reset arrived before the head
                assert ending is reset
                continue
            try:
                events.extend(response.body)
            except FrameError as error:
                assert error.kind == "truncated"
                assert (error.status, error.request_id) == (200, REQUEST_ID)
                if ending is close:
                    assert error.rule == ("HTTP-023" if between else "EVS-022")
                    assert error.offset == cut
            else:
                assert framing == "close" and between and ending is close
            assert events == PARTS[:count] if ending is close else events == PARTS[: len(events)]
            assert server.gone(cut) is not None or ending is reset


@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_complete_body_that_ends_inside_a_frame_is_truncated_too(framing):
    events, error = read(*success(framing, STREAM[:-1]))
    assert events == PARTS[:2]
    assert (type(error), error.kind, error.rule, error.status, error.request_id) == (
        FrameError,
        "truncated",
        "EVS-022",
        200,
        REQUEST_ID,
    )


def test_collect_of_a_truncated_stream():
    with RawServer([head("length", len(STREAM) + 1), STREAM]) as server, call(
        client_of(server)
    ) as response:
        with pytest.raises(FrameError) as caught:
            response.collect()
        assert caught.value.events == tuple(PARTS)
        assert "after 3 messages" in str(caught.value)


def test_invalid_framing_follows_its_parts():
    events, error = read(head("chunked"), chunk(STREAM), b"0x5\r\n")
    assert events == PARTS
    assert (type(error), error.kind, error.rule) == (HttpError, "http", "HTTP-045")
    assert (error.status, error.request_id) == (200, REQUEST_ID)


def test_a_stream_that_stalls_returns_its_parts_first():
    events, error = read(head("chunked"), chunk(STREAM), stall, read_timeout=SHORT)
    assert events == PARTS
    assert (type(error), error.kind, error.status, error.request_id) == (
        NetworkError,
        "timeout",
        200,
        REQUEST_ID,
    )
    assert "read_timeout of 0.1 s" in str(error)


# ---- errors instead of a stream ----------------------------------------------------------------


def typed(name):
    return f"x-amzn-ErrorType: {name}:http://internal.amazon.com/coral/com.amazon.coral.service/"


HTML = b"<html><head><title>502</title></head><body>no gateway<br></body></html>"
MODEL_ERROR = {
    "Message": "from primary",
    "OriginalStatusCode": 507,
    "OriginalMessage": "no memory",
    "LogStreamArn": "arn:x",
}
FAILURES = [  # (response, class, code, message, retryable)
    (
        failure("400 Bad", b'{"message": "no such"}', typed("ValidationError")),
        ValidationError,
        "ValidationError",
        "no such",
        False,
    ),
    (
        failure("400 Bad", b'{"__type": "ns#ValidationError", "Message": "no such"}'),
        ValidationError,
        "ValidationError",
        "no such",
        False,
    ),
    (
        failure("400 Bad", b'{"message": null}'),
        UnknownOperationError,
        None,
        "the message is null, which means throttling",
        True,
    ),
    (
        failure("400 Bad", b'{"message": "slow down"}', typed("ThrottlingException")),
        UnknownOperationError,
        "ThrottlingException",
        "slow down",
        True,
    ),
    (
        failure("403 No", b'{"message": "denied"}', typed("AccessDeniedException")),
        UnknownOperationError,
        "AccessDeniedException",
        "denied",
        False,
    ),
    (
        failure("413 Large", b"too large", "Content-Type: text/plain"),
        UnknownOperationError,
        None,
        "text/plain: too large",
        False,
    ),
    (
        failure("424 Model", json.dumps(MODEL_ERROR).encode(), typed("ModelError")),
        ModelError,
        "ModelError",
        "from primary",
        False,
    ),
    (
        failure("429 Slow", b'{"code": "TooManyRequestsException"}'),
        UnknownOperationError,
        "TooManyRequestsException",
        None,
        True,
    ),
    (
        failure("500 Oh", b'{"message": "oh"}', typed("InternalFailure")),
        InternalFailure,
        "InternalFailure",
        "oh",
        True,
    ),
    (failure("502 Bad", HTML, "Content-Type: text/html"), UnknownOperationError, None, None, True),
    (
        failure("503 Not now", b'{"message": "later"}', typed("ServiceUnavailable")),
        ServiceUnavailable,
        "ServiceUnavailable",
        "later",
        True,
    ),
    (failure("404 None", b""), UnknownOperationError, None, "no body", False),
    (
        failure("200 OK", b'{"message": "oh"}', typed("InternalFailure")),
        InternalFailure,
        "InternalFailure",
        "oh",
        True,
    ),
    (
        failure("500 Oh", STREAM, "Content-Type: application/vnd.amazon.eventstream"),
        UnknownOperationError,
        None,
        None,
        True,
    ),
]


@for_each("steps,shape,code,message,retryable", FAILURES, ids=range(len(FAILURES)))
@for_each("ending", [close, stall])
def test_an_error_response_is_raised_by_the_call(steps, shape, code, message, retryable, ending):
    error = refused(*(steps + [ending]))
    status, _, body = steps[0].partition(b" ")[2].partition(b"\r\n\r\n")
    assert type(error) is shape
    assert (error.kind, error.code, error.retryable) == ("service_error", code, retryable)
    assert (error.status, error.request_id) == (int(status[:3]), REQUEST_ID)
    assert error.fault is (error.status >= 500 or shape.fault)
    assert error.body == body
    assert ("X-Amzn-RequestId", REQUEST_ID) in error.headers
    if message is not None:
        assert error.message == message
        assert message in str(error)
    if shape is ModelError:
        assert (error.original_status_code, error.original_message, error.log_stream_arn) == (
            507,
            "no memory",
            "arn:x",
        )


NO_STREAMS = [
    (
        failure("200 OK", b'[{"generated_text": "hi"}]', "Content-Type: application/json"),
        ["200", "application/json", "generated_text", "26 bytes"],
    ),
    (failure("200 OK", b"hi"), ["no Content-Type", "hi"]),
    (failure("200 OK", b""), ["no Content-Type", "0 bytes"]),
    (failure("204 No", b""), ["204"]),
    (
        failure("201 OK", STREAM, "Content-Type: application/vnd.amazon.eventstream"),
        ["201", "application/vnd.amazon.eventstream"],
    ),
    (
        failure(
            "200 OK",
            zlib.compress(STREAM),
            "Content-Type: application/vnd.amazon.eventstream",
            "Content-Encoding: deflate",
        ),
        ["Content-Encoding deflate"],
    ),
]


@pytest.mark.parametrize("steps,shown", NO_STREAMS, ids=range(len(NO_STREAMS)))
def test_the_error_for_another_body_shows_its_start(steps, shown):
    error = refused(*(steps + [stall]))
    assert (type(error), error.kind, error.rule) == (HttpError, "content_type", "HTTP-021")
    assert error.request_id == REQUEST_ID and error.status in (200, 201, 204)
    assert error.body == steps[0].partition(b"\r\n\r\n")[2]
    for text in shown:
        assert text in str(error)


@pytest.mark.parametrize(
    "status,rule",
    [
        ("302 Found", "HTTP-049"),
        ("307 There", "HTTP-049"),
        ("304 Same", "HTTP-049"),
        ("101 Up", "HTTP-054"),
        ("600 Odd", "HTTP-054"),
        ("000 Odd", "HTTP-054"),
    ],
)
def test_a_status_out_of_range(status, rule):
    with RawServer(success("chunked", STREAM)) as other:
        error = refused(*(failure(status, b"go", f"Location: {other.url}/there") + [stall]))
        assert other.connections == []  # redirects are not followed
    assert (type(error), error.kind, error.rule) == (HttpError, "http", rule)
    assert (error.status, error.request_id) == (int(status[:3]), REQUEST_ID)
    if rule == "HTTP-049":
        assert other.url + "/there" in str(error)


@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_huge_error_body_is_not_read_to_its_end(framing):
    body = b"<" + b"x" * (2 * MAX_ERROR_BODY)
    start = head(framing, 10**12, status=b"500 Oh") + (
        b"FFFFFFFF\r\n" if framing == "chunked" else b""
    )
    error = refused(start, body, stall)
    assert (type(error), error.status) == (UnknownOperationError, 500)
    assert error.body == body[:MAX_ERROR_BODY]
    assert len(str(error)) < 1000


@pytest.mark.parametrize("ending", [close, reset, stall])
@pytest.mark.parametrize("framing", FRAMINGS)
def test_an_error_body_that_does_not_come_whole_is_still_that_error(framing, ending):
    body = b'{"Message": "from primary"}'
    start = head(
        framing,
        100,
        status=b"424 Model",
        headers=f"{typed('ModelError')}\r\nX-Amzn-RequestId: {REQUEST_ID}\r\n".encode(),
    )
    # Long enough for the head and the bytes that come, also on a busy machine.
    error = refused(
        start, b"64\r\n" if framing == "chunked" else b"", body, ending, read_timeout=5 * SHORT
    )
    if ending is reset:  # which may arrive before the bytes that were sent earlier
        assert type(error) in (ModelError, NetworkError)
        return
    assert error == ModelError(message="from primary")
    assert (error.status, error.request_id, error.body) == (424, REQUEST_ID, body)


def test_an_error_body_with_broken_framing_is_still_that_error():
    error = refused(
        head("chunked", status=b"500 Oh")
        + chunk(b'{"__type": "InternalFailure", "message": "a"}')
        + b"zz\r\n"
    )
    assert error == InternalFailure(message="a")


@pytest.mark.slow
def test_a_total_timeout_inside_an_error_body_is_still_that_error():
    error = refused(
        head("length", 9, status=b"503 No"), b"{}", stall, total_timeout=TOTAL, read_timeout=None
    )
    assert (type(error), error.status, error.body) == (UnknownOperationError, 503, b"{}")


def test_a_mistake_of_our_own_is_not_taken_for_a_broken_body(monkeypatch):
    def feed(*_):
        raise UsageError("a mistake")

    monkeypatch.setattr(ResponseReader, "feed", feed)
    assert refused(*failure("500 Oh", b"{}")).message == "a mistake"


@pytest.mark.parametrize(
    "steps,kind",
    [
        ([close], "network"),
        ([reset], "network"),
        ([b"HTTP/1.1 200 OK\r\n"], "http"),
        ([b"<html>"], "http"),
        ([stall], "timeout"),
    ],
)
def test_no_response(steps, kind):
    error = refused(*steps, read_timeout=SHORT)
    assert error.kind == kind
    assert error.status is None


# ---- leaving early -----------------------------------------------------------------------------


@pytest.mark.parametrize("framing", FRAMINGS)
def test_leaving_the_with_closes_the_socket(framing):
    for taken in (0, 1):
        with RawServer(
            [head(framing, 10**6), chunk(FRAMES[0]) if framing == "chunked" else FRAMES[0], stall]
        ) as server:
            with call(client_of(server)) as response:
                assert [next(response.body) for _ in range(taken)] == PARTS[:taken]
            assert server.gone() in ("eof", "reset")
            with pytest.raises(NetworkError) as caught:
                next(response.body)
            assert (caught.value.kind, caught.value.status, caught.value.request_id) == (
                "closed",
                200,
                REQUEST_ID,
            )
            response.close()


def test_an_error_inside_the_with_closes_the_socket():
    with RawServer([head("chunked"), chunk(FRAMES[0]), stall]) as server:
        with pytest.raises(ZeroDivisionError), call(client_of(server)) as response:
            next(response.body)
            raise ZeroDivisionError
        assert server.gone() in ("eof", "reset")


def test_closing_the_generator_closes_the_socket():
    with RawServer([head("chunked"), chunk(FRAMES[0]), stall]) as server:
        response = call(client_of(server))
        assert next(response.body) == PARTS[0]
        response.body.close()
        assert server.gone() in ("eof", "reset")


@pytest.mark.parametrize("collected", [True, False])
def test_dropping_the_response_closes_the_socket(collected):
    """At the latest when the garbage collector runs; in CPython at once."""
    with RawServer([head("chunked"), chunk(FRAMES[0]), stall]) as server:
        enabled = gc.isenabled()
        gc.disable()
        try:
            for event in call(client_of(server)).body:
                assert event == PARTS[0]
                break
            del event
            if collected:
                gc.collect()
            elif not hasattr(sys, "getrefcount"):
                pytest.skip("this Python does not count references")
            assert server.connection().over.wait(2), "the socket is still open"
        finally:
            if enabled:
                gc.enable()
        assert server.gone() in ("eof", "reset")


@pytest.mark.parametrize("framing", FRAMINGS)
def test_closing_from_another_thread_ends_the_reading(framing):
    reading = threading.Event()
    with RawServer(
        [head(framing, 10**6), chunk(FRAMES[0]) if framing == "chunked" else FRAMES[0], stall]
    ) as server:
        response = call(client_of(server))

        def cancel():
            reading.wait(PATIENCE)
            response.close()

        with ThreadPoolExecutor(1) as pool:
            done = pool.submit(cancel)
            assert next(response.body) == PARTS[0]
            reading.set()
            with pytest.raises(NetworkError) as caught:
                next(response.body)
            done.result(PATIENCE)
        assert caught.value.kind == "closed"


# ---- requests ----------------------------------------------------------------------------------

MEMBERS = {
    "content_type": "application/json",
    "accept": "text/plain",
    "custom_attributes": ATTRIBUTES,
    "target_variant": "blue",
    "target_container_hostname": "c-1",
    "inference_id": "id 7",
    "inference_component_name": "part-1",
    "session_id": "s-1",
}


@pytest.mark.parametrize("members", [{}, MEMBERS])
@pytest.mark.parametrize("credentials", [CREDENTIALS, TEMPORARY])
@pytest.mark.parametrize("path", ["", "/", "/base/pa%20th"])
def test_the_request_verifies(members, credentials, path):
    with RawServer(success("chunked")) as server:
        call(
            client_of(server, credentials=credentials, endpoint_url=server.url + path), **members
        ).collect()
        sent = server.connections[0]
    method, target, version = sent.head.decode("latin-1").split("\r\n")[0].split(" ")
    assert (method, version) == ("POST", "HTTP/1.1")
    assert target == path.rstrip("/") + "/endpoints/llm/invocations-response-stream"
    assert sent.body == BODY
    verify(method, target, sent.headers, sent.body, credentials, "eu-west-1", "sagemaker", NOW_TEXT)
    names = [name.lower() for name, _ in sent.headers]
    assert len(names) == len(set(names))
    found = {name.lower(): value for name, value in sent.headers}
    assert found["host"] == f"127.0.0.1:{server.port}"
    assert found["content-length"] == str(len(BODY))
    assert found["x-amz-date"] == NOW_TEXT
    assert found.get("x-amz-security-token") == credentials.session_token
    assert "accept-encoding" not in found
    assert ("content-type" in found) is ("content_type" in members)
    if members:
        assert found["x-amzn-sagemaker-custom-attributes"] == ATTRIBUTES
        assert found["x-amzn-sagemaker-accept"] == "text/plain"
        assert (
            len(names) == len(server.connections[0].headers)
            and len([name for name in names if name.startswith("x-amzn-")]) == 7
        )


@pytest.mark.parametrize("credentials", [CREDENTIALS, TEMPORARY])
@pytest.mark.parametrize("path", ["", "/base/pa%20th"])
def test_botocore_computes_the_same_signature(credentials, path):
    auth = pytest.importorskip("botocore.auth")
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials as OtherCredentials

    with RawServer(success("chunked")) as server:
        call(
            client_of(server, credentials=credentials, endpoint_url=server.url + path), **MEMBERS
        ).collect()
        sent = server.connections[0]
    found = {name.lower(): value for name, value in sent.headers}
    authorization = found["authorization"]
    scheme, _, rest = authorization.partition(" ")
    claimed = dict(item.split("=", 1) for item in rest.split(", "))
    assert scheme == "AWS4-HMAC-SHA256"
    assert claimed["Credential"] == "AKIDEXAMPLE/20150830/eu-west-1/sagemaker/aws4_request"
    signed = claimed["SignedHeaders"].split(";")
    assert {
        "content-type",
        "host",
        "x-amz-date",
        "x-amzn-sagemaker-custom-attributes",
        "x-amzn-sagemaker-inference-id",
    } <= set(signed)
    own = ("x-amz-date", "x-amz-security-token")  # botocore adds these
    request = AWSRequest(
        "POST",
        server.url + sent.head.split(b" ")[1].decode(),
        data=sent.body,
        headers={name: found[name] for name in signed if name not in own},
    )
    request.context["timestamp"] = NOW_TEXT
    signer = auth.SigV4Auth(
        OtherCredentials(ACCESS_KEY, SECRET_KEY, credentials.session_token),
        "sagemaker",
        "eu-west-1",
    )
    signer._modify_request_before_signing(request)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    assert claimed["Signature"] == signer.signature(text, request)


def test_the_clock_is_read_at_each_call():
    times = iter([0, NOW])
    with RawServer(success("chunked")) as server:
        client = client_of(server, clock=lambda: next(times))
        for _ in range(2):
            call(client).collect()
        dates = [
            value
            for sent in server.connections
            for name, value in sent.headers
            if name.lower() == "x-amz-date"
        ]
    assert dates == ["19700101T000000Z", NOW_TEXT]


WRONG_INPUT = [
    ({"body": "text"}, "type"),
    ({"body": None}, "constraint"),
    ({"body": bytearray(b"x")}, "type"),
    ({"endpoint_name": ""}, "constraint"),
    ({"endpoint_name": None}, "constraint"),
    ({"endpoint_name": b"llm"}, "type"),
    ({"endpoint_name": "-llm"}, "constraint"),
    ({"endpoint_name": "a/b"}, "constraint"),
    ({"endpoint_name": "llm\n"}, "constraint"),
    ({"endpoint_name": "a" * 64}, "constraint"),
    ({"endpoint_name": "\xe9"}, "constraint"),
    ({"Body": b"x"}, "type"),
    ({"EndpointName": "llm"}, "type"),
    ({"nonsense": 1}, "type"),
    ({"content_type": "a\r\nb: c"}, "constraint"),
    ({"content_type": "\u20ac"}, "constraint"),
    ({"content_type": 5}, "type"),
    ({"accept": "x" * 1025}, "constraint"),
    ({"custom_attributes": "\ud800"}, "constraint"),
    ({"custom_attributes": "a\0b"}, "constraint"),
    ({"session_id": "a b"}, "constraint"),
    ({"inference_id": " "}, "constraint"),
    ({"target_variant": "-"}, "constraint"),
]


@for_each("members,kind", WRONG_INPUT, ids=range(len(WRONG_INPUT)))
def test_a_wrong_input_is_rejected_before_anything_is_sent(members, kind):
    with RawServer([]) as server:
        with pytest.raises(UsageError) as caught:
            call(client_of(server), **members)
        assert caught.value.kind == kind
        assert server.connections == []


def test_a_missing_member_is_rejected_before_anything_is_sent():
    with RawServer([]) as server:
        for members in ({"endpoint_name": "llm"}, {"body": b""}):
            with pytest.raises(UsageError) as caught:
                client_of(server).invoke_endpoint_with_response_stream(**members)
            assert caught.value.rule == "HTTP-004"
        assert server.connections == []


@pytest.mark.parametrize(
    "clock", [lambda: float("nan"), lambda: None, lambda: "now", lambda: 10**20]
)
def test_rejects_an_invalid_clock_before_sending(clock):
    with RawServer([]) as server:
        with pytest.raises(UsageError):
            call(client_of(server, clock=clock))
        assert server.connections == []


@pytest.mark.slow
@pytest.mark.parametrize("size,warned", [(6291456, False), (6291457, True)])
def test_a_body_over_the_models_limit_only_warns(size, warned):
    body = bytes(size)
    with RawServer(success("chunked", STREAM)) as server, warnings.catch_warnings(
        record=True
    ) as caught:
        warnings.simplefilter("always")
        response = client_of(server).invoke_endpoint_with_response_stream(
            endpoint_name="llm", body=body
        )
        assert response.collect().body == tuple(PARTS)
        assert server.connections[0].body == body
    found = [warning for warning in caught if issubclass(warning.category, BodySizeWarning)]
    assert len(found) == int(warned)
    for warning in found:
        assert warning.filename == __file__  # the caller's line
        assert str(size) in str(warning.message)


def test_an_empty_body_is_sent_as_such():
    with RawServer(success("chunked", STREAM)) as server:
        assert call(client_of(server), body=b"").collect().body == tuple(PARTS)
        assert ("Content-Length", "0") in server.connections[0].headers
        assert server.connections[0].body == b""


# ---- concurrent calls --------------------------------------------------------------------------


def test_calls_from_many_threads_are_not_mixed():
    def echo(connection):
        """Respond with the request's body, split into parts, and its name in the headers."""
        name = connection.body.partition(b" ")[0]
        everyone.wait(PATIENCE)  # so that eight calls run at once
        connection.play(
            [head("chunked", headers=STREAM_HEADERS.replace(REQUEST_ID.encode(), name))]
        )
        connection.play(
            [
                chunk(part(connection.body[start : start + 7]))
                for start in range(0, len(connection.body), 7)
            ]
            + [b"0\r\n\r\n"]
        )

    everyone = threading.Barrier(8)
    bodies = [b"call-%d " % number + os.urandom(50) for number in range(32)]
    with RawServer([echo]) as server:
        client = client_of(server)

        def run(body):
            with call(client, body=body) as response:
                return (
                    response.request_id,
                    b"".join(event.bytes for event in response.body),
                    response.unknown_events,
                )

        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(run, bodies))
        sent = server.connections
    assert results == [(body.partition(b" ")[0].decode(), body, 0) for body in bodies]
    assert sorted(connection.body for connection in sent) == sorted(bodies)
    for connection in sent:
        verify(
            "POST",
            "/endpoints/llm/invocations-response-stream",
            connection.headers,
            connection.body,
            CREDENTIALS,
            "eu-west-1",
            "sagemaker",
            NOW_TEXT,
        )


# ---- settings ----------------------------------------------------------------------------------

KEYS = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
US_URL = "https://runtime.sagemaker.us-west-2.amazonaws.com"
SETTINGS = [  # (environment, arguments, region, endpoint URL)
    ({"AWS_REGION": "us-west-2"}, {}, "us-west-2", US_URL),
    ({"AWS_DEFAULT_REGION": "us-west-2"}, {}, "us-west-2", US_URL),
    ({"AWS_REGION": "us-west-2", "AWS_DEFAULT_REGION": "eu-west-1"}, {}, "us-west-2", US_URL),
    ({"AWS_REGION": "", "AWS_DEFAULT_REGION": "us-west-2"}, {}, "us-west-2", US_URL),
    ({"AWS_REGION": "eu-west-1"}, {"region": "us-west-2"}, "us-west-2", US_URL),
    (
        {"AWS_REGION": "us-west-2", "AWS_ENDPOINT_URL": "http://a:1/b"},
        {},
        "us-west-2",
        "http://a:1/b",
    ),
    (
        {
            "AWS_REGION": "us-west-2",
            "AWS_ENDPOINT_URL": "http://a",
            "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": "http://b",
        },
        {},
        "us-west-2",
        "http://b",
    ),
    (
        {
            "AWS_REGION": "us-west-2",
            "AWS_ENDPOINT_URL": "http://a",
            "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": "",
        },
        {},
        "us-west-2",
        "http://a",
    ),
    ({"AWS_REGION": "us-west-2", "AWS_ENDPOINT_URL": ""}, {}, "us-west-2", US_URL),
    (
        {"AWS_REGION": "us-west-2", "AWS_ENDPOINT_URL": "http://a"},
        {"endpoint_url": "http://c/"},
        "us-west-2",
        "http://c",
    ),
    (
        {
            "AWS_REGION": "us-west-2",
            "AWS_ENDPOINT_URL": "http://a",
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        },
        {},
        "us-west-2",
        US_URL,
    ),
    (
        {
            "AWS_REGION": "us-west-2",
            "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": "http://a",
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "True",
        },
        {},
        "us-west-2",
        US_URL,
    ),
    (
        {
            "AWS_REGION": "us-west-2",
            "AWS_ENDPOINT_URL": "http://a",
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        },
        {},
        "us-west-2",
        "http://a",
    ),
    (
        {
            "AWS_REGION": "us-west-2",
            "AWS_ENDPOINT_URL": "http://a",
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "",
        },
        {},
        "us-west-2",
        "http://a",
    ),
    (
        {"AWS_REGION": "us-west-2", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
        {"endpoint_url": "http://c"},
        "us-west-2",
        "http://c",
    ),
    (
        {},
        {"region": "us-west-2", "use_fips": True},
        "us-west-2",
        "https://runtime-fips.sagemaker.us-west-2.amazonaws.com",
    ),
    (
        {},
        {"region": "us-west-2", "use_dualstack": True},
        "us-west-2",
        "https://runtime.sagemaker.us-west-2.api.aws",
    ),
    (
        {},
        {"region": "us-west-2", "use_dualstack": True, "use_fips": True},
        "us-west-2",
        "https://runtime.sagemaker-fips.us-west-2.api.aws",
    ),
]


@pytest.mark.parametrize("environment,arguments,region,url", SETTINGS, ids=range(len(SETTINGS)))
def test_region_and_endpoint(environment, arguments, region, url):
    client = Client(environment=dict(KEYS, **environment), **arguments)
    assert repr(client) == f"Client(region={region!r}, endpoint_url={url!r})"


@pytest.mark.parametrize(
    "environment,arguments,rule",
    [
        ({}, {}, "END-003"),
        ({"AWS_REGION": ""}, {}, "END-003"),
        ({"AWS_REGION": "Not A Region"}, {}, "END-003"),
        ({}, {"region": 5}, "END-003"),
        ({"AWS_ENDPOINT_URL": "http://a"}, {}, "END-003"),
        ({}, {"region": "x", "endpoint_url": "ftp://a"}, "HTTP-002"),
        ({"AWS_ENDPOINT_URL": "nonsense"}, {"region": "x"}, "HTTP-002"),
        ({}, {"region": "x", "endpoint_url": 5}, "HTTP-002"),
        ({"AWS_ENDPOINT_URL": "http://a"}, {"region": "x", "use_fips": True}, "END-004"),
        ({}, {"region": "x", "endpoint_url": "http://a", "use_dualstack": True}, "END-004"),
    ],
)
def test_rejects_a_missing_or_invalid_endpoint(environment, arguments, rule):
    with pytest.raises(ConfigurationError) as caught:
        Client(environment=dict(KEYS, **environment), **arguments)
    assert caught.value.rule == rule


@pytest.mark.parametrize(
    "environment,missing",
    [
        ({"AWS_ACCESS_KEY_ID": ACCESS_KEY}, ["AWS_SECRET_ACCESS_KEY"]),
        ({"AWS_SECRET_ACCESS_KEY": SECRET_KEY}, ["AWS_ACCESS_KEY_ID"]),
        (dict(KEYS, AWS_SECRET_ACCESS_KEY=""), ["AWS_SECRET_ACCESS_KEY"]),
        (dict(KEYS, AWS_ACCESS_KEY_ID=""), ["AWS_ACCESS_KEY_ID"]),
    ],
)
def test_credentials_that_are_missing(environment, missing):
    with pytest.raises(ConfigurationError) as caught:
        Client(region="eu-west-1", environment=environment)
    assert caught.value.rule == "CRED-001"
    assert caught.value.actual == "no " + " and no ".join(missing)
    assert_no_secret(caught.value)


def shared_files(folder, config, **environment):
    """Return an environment whose home folder has a configuration file."""
    (folder / ".aws").mkdir()
    (folder / ".aws" / "config").write_text(config, encoding="utf-8")
    return dict({"HOME": str(folder), "AWS_EC2_METADATA_DISABLED": "true"}, **environment)


def test_no_source_has_credentials():
    environment = {"AWS_SESSION_TOKEN": TOKEN, "AWS_EC2_METADATA_DISABLED": "true"}
    client = Client("eu-west-1", "http://127.0.0.1:1", environment=environment)
    with pytest.raises(ConfigurationError) as caught:
        call(client)
    assert caught.value.rule == "CRED-002"
    lines = str(caught.value).splitlines()
    assert lines[0] == "no credentials (rule CRED-002)" and len(lines) == 10
    assert lines[-1] == "  metadata: AWS_EC2_METADATA_DISABLED is true"
    assert_no_secret(caught.value)


PROFILES = f"""[default]
region = eu-west-1
[profile other]
region = us-west-2
endpoint_url = ENDPOINT
aws_access_key_id = OTHER
aws_secret_access_key = {SECRET_KEY}
"""


@pytest.mark.parametrize(
    "arguments, environment, region, access_key",
    [
        ({"profile": "other"}, {}, "us-west-2", "OTHER"),
        ({}, {"AWS_PROFILE": "other"}, "us-west-2", "OTHER"),
        ({"profile": "other"}, KEYS, "us-west-2", "OTHER"),
        ({}, dict(KEYS, AWS_PROFILE="other"), "us-west-2", ACCESS_KEY),
        ({"profile": "other", "region": "ap-south-1"}, {}, "ap-south-1", "OTHER"),
        ({"profile": "other"}, {"AWS_REGION": "ap-south-1"}, "ap-south-1", "OTHER"),
    ],
)
def test_settings_and_credentials_of_a_profile(
    arguments, environment, region, access_key, tmp_path
):
    with RawServer(success("chunked", STREAM)) as server:
        config = PROFILES.replace("ENDPOINT", server.url)
        files = shared_files(tmp_path, config, **environment)
        client = Client(environment=files, clock=lambda: NOW, **arguments)
        assert call(client).collect().body == tuple(PARTS)
        sent = server.connections[0]
    verify(
        "POST",
        "/endpoints/llm/invocations-response-stream",
        sent.headers,
        sent.body,
        Credentials(access_key, SECRET_KEY),
        region,
        "sagemaker",
        NOW_TEXT,
    )


def test_the_region_of_a_profile_with_keys_in_the_environment(tmp_path):
    environment = shared_files(tmp_path, "[default]\nregion = eu-west-3\n", **KEYS)
    assert "eu-west-3" in repr(Client(environment=environment))


def test_a_missing_profile_and_a_broken_file_are_reported_at_once(tmp_path):
    environment = shared_files(tmp_path, PROFILES)
    with pytest.raises(ConfigurationError, match="the profile prod does not exist.*default, other"):
        Client(environment=environment, profile="prod")
    (tmp_path / ".aws" / "config").write_bytes(b"[default\n")
    with pytest.raises(ConfigurationError, match="config, line 1: section definition must end"):
        Client(environment=environment)


def test_a_callable_is_called_for_each_request():
    given = [Credentials("FIRST", SECRET_KEY), Credentials("SECOND", SECRET_KEY)]
    with RawServer(success("chunked", STREAM), success("chunked", STREAM)) as server:
        client = client_of(server, credentials=lambda: given.pop(0))
        for _ in range(2):
            call(client).collect()
        signed = [dict(one.headers)["authorization"] for one in server.connections]
    assert "Credential=FIRST/" in signed[0] and "Credential=SECOND/" in signed[1]


def test_a_callable_that_fails_or_returns_no_credentials():
    def fail():
        raise ConfigurationError("vault is sealed")

    client = Client("eu-west-1", "http://127.0.0.1:1", credentials=fail, environment={})
    with pytest.raises(ConfigurationError, match="vault is sealed"):
        call(client)
    client = Client("eu-west-1", "http://127.0.0.1:1", credentials=lambda: None, environment={})
    with pytest.raises(UsageError, match="the result of the callable for credentials"):
        call(client)


@pytest.mark.parametrize(
    "environment,arguments,access_key,token",
    [
        (KEYS, {}, ACCESS_KEY, None),
        (dict(KEYS, AWS_SESSION_TOKEN=TOKEN), {}, ACCESS_KEY, TOKEN),
        (dict(KEYS, AWS_SESSION_TOKEN=""), {}, ACCESS_KEY, None),
        (
            dict(KEYS, AWS_ACCESS_KEY_ID="OTHER", AWS_SESSION_TOKEN="other"),
            {"credentials": CREDENTIALS},
            ACCESS_KEY,
            None,
        ),
        ({}, {"credentials": TEMPORARY}, ACCESS_KEY, TOKEN),
    ],
)
def test_credentials(environment, arguments, access_key, token):
    with RawServer(success("chunked")) as server:
        client = Client(
            region="eu-west-1",
            endpoint_url=server.url,
            environment=environment,
            clock=lambda: NOW,
            **arguments,
        )
        call(client).collect()
        sent = server.connections[0]
    verify(
        "POST",
        "/endpoints/llm/invocations-response-stream",
        sent.headers,
        sent.body,
        Credentials(access_key, SECRET_KEY, token),
        "eu-west-1",
        "sagemaker",
        NOW_TEXT,
    )


def test_all_settings_from_the_environment_of_the_process(monkeypatch):
    with RawServer(success("chunked", STREAM)) as server:
        for name, value in dict(
            KEYS, AWS_REGION="us-west-2", AWS_ENDPOINT_URL=server.url, AWS_SESSION_TOKEN=TOKEN
        ).items():
            monkeypatch.setenv(name, value)
        assert call(Client(clock=lambda: NOW)).collect().body == tuple(PARTS)
        sent = server.connections[0]
    verify(
        "POST",
        "/endpoints/llm/invocations-response-stream",
        sent.headers,
        sent.body,
        TEMPORARY,
        "us-west-2",
        "sagemaker",
        NOW_TEXT,
    )


def test_the_clock_of_the_process_is_the_default(monkeypatch):
    monkeypatch.setattr("time.time", lambda: 0.0)
    client = Client(region="eu-west-1", environment=KEYS)
    assert client._clock() > 10**9  # the default argument is the real clock


@pytest.mark.parametrize(
    "wrong",
    [
        {"credentials": (ACCESS_KEY, SECRET_KEY)},
        {"credentials": ACCESS_KEY},
        {"connect_timeout": 0},
        {"read_timeout": "5"},
        {"total_timeout": -1},
        {"max_frame_length": 15},
        {"max_frame_length": "1"},
        {"max_frame_length": None},
        {"ssl_context": "verify", "endpoint_url": "https://127.0.0.1:1"},
        {"ssl_context": True, "endpoint_url": "https://127.0.0.1:1"},
        {"clock": 5},
        {"credentials": None, "environment": 5},
        {"credentials": None, "environment": [("AWS_REGION", "x")]},
    ],
    ids=repr,
)
def test_a_setting_of_the_wrong_type(wrong):
    given = {"region": "eu-west-1", "credentials": CREDENTIALS, "environment": KEYS}
    given.update(wrong)
    with pytest.raises(UsageError):
        Client(**given)


@pytest.mark.parametrize(
    "settings,expected",
    [
        ({}, (10.0, 500.0, None)),
        ({"connect_timeout": 1, "read_timeout": 2, "total_timeout": 3}, (1, 2, 3)),
        ({"connect_timeout": None, "read_timeout": None}, (None, None, None)),
    ],
)
def test_timeouts_are_handed_on(monkeypatch, settings, expected):
    handed = []

    def open_exchange(_, timeouts, context, **options):
        handed.append((timeouts, context))
        raise NetworkError("enough")

    monkeypatch.setattr(refimpl.transport, "open_exchange", open_exchange)
    with pytest.raises(NetworkError):
        call(
            Client(
                region="eu-west-1",
                endpoint_url="http://127.0.0.1:1",
                credentials=CREDENTIALS,
                environment={},
                **settings,
            )
        )
    assert handed == [(Timeouts(*expected), None)]


@pytest.mark.slow
def test_a_total_timeout_ends_a_call():
    events, error = read(
        head("chunked"), chunk(STREAM), stall, read_timeout=None, total_timeout=TOTAL
    )
    assert events == PARTS
    assert error.kind == "timeout" and "total_timeout of 0.4 s" in str(error)


@pytest.mark.slow
def test_a_private_authority():
    trustme = pytest.importorskip("trustme")
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with RawServer(success("close", STREAM), tls=context) as server:
        assert call(client_of(server, ssl_context=trusting)).collect().body == tuple(PARTS)
        with pytest.raises(NetworkError) as caught:  # the system does not trust this authority
            call(client_of(server))
        assert "certificate" in str(caught.value).lower()
        assert server.connections[1].request == b""


def test_a_context_is_made_once_and_for_https_alone(monkeypatch):
    made = []
    monkeypatch.setattr(
        refimpl.certificates,
        "trusting_context",
        lambda *_: made.append(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)) or made[-1],
    )
    handed = []

    def open_exchange(_, __, context, **options):
        handed.append(context)
        raise NetworkError("enough")

    monkeypatch.setattr(refimpl.transport, "open_exchange", open_exchange)
    secure = Client(region="eu-west-1", credentials=CREDENTIALS, environment={})
    for _ in range(2):
        with pytest.raises(NetworkError):
            call(secure)
    assert len(made) == 1 and handed == made * 2
    Client(
        region="eu-west-1",
        endpoint_url="http://127.0.0.1:1",
        credentials=CREDENTIALS,
        environment={},
    )
    assert len(made) == 1


# ---- secrets -----------------------------------------------------------------------------------


def chain_of(error):
    """Return the error with its causes and contexts."""
    found = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def assert_no_secret(error, secrets=SECRETS):
    texts = ["".join(traceback.format_exception(type(error), error, error.__traceback__))]
    for one in chain_of(error):
        texts += [str(one), repr(one), repr(one.args), repr(vars(one))]
        texts.append(pickle.dumps(one).decode("latin-1"))
    for secret in secrets:
        for text in texts:
            assert secret not in text, f"{type(error)!r} shows a secret: {text}"


def locals_of_the_package(error):
    """Return the variables that a tool shows for the frames of refimpl, also of the causes."""
    frames = []
    for one in chain_of(error):
        frames += traceback.TracebackException(
            type(one), one, one.__traceback__, capture_locals=True
        ).stack
    return [
        f"{frame.filename}:{frame.name}: {frame.locals}"
        for frame in frames
        if os.path.join("refimpl", "") in frame.filename
        and os.path.join("tests", "") not in frame.filename
    ]


def test_reprs_hide_secrets():
    with RawServer(
        [
            head(
                "chunked",
                headers=STREAM_HEADERS
                + b"X-Amzn-SageMaker-Custom-Attributes: "
                + ATTRIBUTES.encode()
                + b"\r\n",
            ),
            chunk(part(BODY)),
            b"0\r\n\r\n",
        ]
    ) as server:
        client = client_of(server, credentials=TEMPORARY)
        with call(client, custom_attributes=ATTRIBUTES) as response:
            assert response.custom_attributes == ATTRIBUTES
            event = next(response.body)
            output = response.collect()
            for shown in (
                client,
                response,
                event,
                output,
                TEMPORARY,
                response.body,
                client._signer,
                response._reader,
                response._exchange,
            ):
                for secret in SECRETS:
                    assert secret not in repr(shown) and secret not in str(shown)


CANONICAL = (
    "POST\n/endpoints/llm/invocations-response-stream\n\nhost:127.0.0.1\n"
    f"x-amz-date:20150830T123600Z\nx-amz-security-token:{TOKEN}\n"
    f"x-amzn-sagemaker-custom-attributes:{ATTRIBUTES}\n\nhost;x-amz-date;x-amz-security-token\nabc"
)
SENTENCE = f"The Canonical String for this request should have been\n'{CANONICAL}'\n"
INVALID = typed("InvalidSignatureException")
QUOTED = {"X-Amz-Security-Token": TOKEN, "X-Amzn-SageMaker-Custom-Attributes": ATTRIBUTES}
QUOTING = {
    "json message": failure("403 No", json.dumps({"message": SENTENCE}).encode(), INVALID),
    "json Message": failure(
        "403 No", json.dumps({"Message": SENTENCE, "__type": "ValidationError"}).encode()
    ),
    "json original message": failure(
        "424 No",
        json.dumps({"OriginalMessage": SENTENCE, "Message": "x"}).encode(),
        typed("ModelError"),
    ),
    "json of another kind": failure(
        "403 No", json.dumps({"error": CANONICAL[60:]}).encode(), INVALID
    ),
    "plain text": failure("403 No", CANONICAL[60:].encode(), "Content-Type: text/plain"),
    "plain text with a code": failure("403 No", CANONICAL[60:].encode(), INVALID),
    "a header": failure("403 No", ("x-amz-security-token:" + TOKEN).encode()),
    "a target": failure("403 No", (f"GET /?X-Amz-Security-Token={TOKEN}&a").encode()),
    "html": failure(
        "403 No", (f"<html>x-amz-security-token:{TOKEN}</html").encode(), "Content-Type: text/html"
    ),
    "xml": failure(
        "403 No",
        (
            "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code>"
            f"<Message>{SENTENCE}</Message></Error></ErrorResponse>"
        ).encode(),
        "Content-Type: text/xml",
    ),
    "200 with an echo": failure(
        "200 OK", ("x-amz-security-token:" + TOKEN).encode(), "Content-Type: text/plain"
    ),
    "ModelStreamError": success("chunked", exception("ModelStreamError", {"Message": SENTENCE})),
    "InternalStreamFailure": success(
        "chunked", STREAM + exception("InternalStreamFailure", {"Message": SENTENCE})
    ),
    "unmodelled": success("chunked", exception("NewException", {"Message": SENTENCE})),
    "error message": success(
        "chunked", frame(b"", message_type="error", error_code="E", error_message=SENTENCE)
    ),
    "headers as JSON": failure("403 No", json.dumps({"message": json.dumps(QUOTED)}).encode()),
    "headers as a dict": failure("403 No", json.dumps({"message": str(QUOTED)}).encode()),
    "a bare token": failure("403 No", json.dumps({"message": f"'{TOKEN}' is expired"}).encode()),
    "a page": failure("403 No", f"<pre>{TOKEN}</pre>".encode(), "Content-Type: text/html"),
    "200 with a page": failure("200 OK", json.dumps(QUOTED).encode(), "Content-Type: text/html"),
    "a redirect": failure("302 Go", b"", f"Location: /login?t={quote(TOKEN, safe='')}"),
    "error message with JSON": success(
        "chunked",
        frame(b"", message_type="error", error_code="E", error_message=json.dumps(QUOTED)),
    ),
    "secret key": failure("403 No", json.dumps({"message": "not " + SECRET_KEY}).encode()),
}


@pytest.mark.parametrize("name", sorted(QUOTING))
def test_secrets_that_a_service_quotes_are_hidden(name):
    with RawServer(QUOTING[name]) as server, pytest.raises(Error) as caught:
        call(client_of(server, credentials=TEMPORARY), custom_attributes=ATTRIBUTES).collect()
    assert_no_secret(caught.value)


HEADS_THAT_ECHO = {
    "status line": (f"x-amz-security-token:{TOKEN}\r\n").encode(),
    "header line": (f"HTTP/1.1 200 OK\r\nx-amz-security-token:{TOKEN}\0\r\n\r\n").encode(),
    "chunk line": head("chunked") + (f"x-amz-security-token:{TOKEN}\r\n").encode(),
    "frame": head("close") + (f"x-amz-security-token:{TOKEN}\r\n").encode(),
    "status line, bare": (f"HTTP/9 {TOKEN}\r\n").encode(),
    "header line, bare": (f"HTTP/1.1 200 OK\r\n{TOKEN}\r\n\r\n").encode(),
    "frame, bare": head("close") + TOKEN.encode(),
}


@pytest.mark.parametrize("name", sorted(HEADS_THAT_ECHO))
def test_a_response_that_echoes_the_request_does_not_show_it(name):
    with RawServer([HEADS_THAT_ECHO[name]]) as server, pytest.raises(Error) as caught:
        call(client_of(server, credentials=TEMPORARY)).collect()
    assert_no_secret(caught.value)


def echoes(text):
    """Return responses, by the place where a peer echoes text."""
    data = text.encode()
    quoted = json.dumps(text)
    error = {"message_type": "error", "error_code": "E", "error_message": "x"}
    return {
        "reason": failure("403 " + text, b""),
        "status line": [b"HTTP/9 " + data + b"\r\n\r\n"],
        "header name": [b"HTTP/1.1 200 OK\r\n(" + data + b"): x\r\n\r\n"],
        "header value": [b"HTTP/1.1 200 OK\r\nX: " + data + b"\0\r\n\r\n"],
        "Location": failure("302 Go", b"", "Location: /login?t=" + text),
        "Content-Length": [b"HTTP/1.1 200 OK\r\nContent-Length: " + data + b"\r\n\r\n"],
        "Content-Type": failure("200 OK", b"x", "Content-Type: text/" + text),
        "request id": failure("403 No", b"{}", "x-amzn-RequestId: " + text),
        "error code": failure("403 No", b"{}", "x-amzn-ErrorType: " + text),
        "challenge": failure("401 No", b"", "WWW-Authenticate: Bearer " + text),
        "JSON": failure("403 No", ('{"message": ' + quoted + "}").encode()),
        "half JSON": failure("403 No", ('{"message": ' + quoted).encode()),
        "XML": failure(
            "403 No", f"<Error><Message>{text}</Message></Error>".encode(), "Content-Type: text/xml"
        ),
        "HTML": failure("403 No", f"<p>{text}</p>".encode(), "Content-Type: text/html"),
        "chunk size": [head("chunked"), data + b"\r\n"],
        "chunk extension": [head("chunked"), b"1;x=" + data + b"\r\naaa\r\n"],
        "trailer": [head("chunked"), chunk(STREAM[:-1]), b"0\r\nX: " + data + b"\r\n\r\n"],
        "frame header": success("chunked", frame(b"", message_type=text)),
        "broken frame": success("chunked", frame(data, message_type="event")[:-1] + b"?"),
        "text as frames": [head("close"), data],
        "exception type": success("chunked", exception(text, {})),
        "exception": success("chunked", exception("ModelStreamError", {"Message": text})),
        "error": success("chunked", STREAM, frame(b"", **dict(error, error_message=text))),
    }


SPELLINGS = {
    "plain": str,
    "percent": lambda text: quote(text, safe=""),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "JSON": lambda text: "".join(
        character if character.isalnum() else f"\\u{ord(character):04x}" for character in text
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("spelling", first_fast(sorted(SPELLINGS)))
def test_no_variable_of_a_traceback_shows_an_echoed_secret(spelling):
    """A tool may show the variables of each function that an error has ended."""
    spell = SPELLINGS[spelling]
    for secret in (SECRET_KEY, TOKEN, ATTRIBUTES):
        for place, steps in echoes(spell(secret)).items():
            with RawServer(steps) as server, pytest.raises(Error) as caught:
                response = call(
                    client_of(server, credentials=TEMPORARY), custom_attributes=ATTRIBUTES
                )
                list(response.payloads())
            spelled = [other(secret) for other in SPELLINGS.values()]
            assert_no_secret(caught.value, spelled)
            for variables in locals_of_the_package(caught.value):
                for text in spelled:
                    assert text not in variables, place


def test_the_variables_of_an_exception_that_the_caller_handles_are_kept():
    def failing():
        mine = "a variable of the caller"
        raise KeyError(mine)

    with RawServer([close]) as server:
        client = client_of(server)
        try:
            failing()
        except KeyError as first:
            with pytest.raises(Error) as caught:
                call(client)
            assert caught.value.__context__ is not None
            frame_of_failing = first.__traceback__.tb_next.tb_frame
    assert frame_of_failing.f_locals == {"mine": "a variable of the caller"}


@pytest.mark.parametrize(
    "members",
    [
        {"body": BODY.decode()},
        {"body": [BODY]},
        {"body": BODY, "custom_attributes": ATTRIBUTES + "\u20ac"},
        {"custom_attributes": ATTRIBUTES + "\r\nx"},
        {"custom_attributes": ATTRIBUTES * 100},
        {"custom_attributes": ATTRIBUTES.encode()},
        {"custom_attributes": [ATTRIBUTES]},
        {"custom_attributes": ATTRIBUTES, "endpoint_name": "-"},
        {"custom_attributes": ATTRIBUTES, "other": 1},
    ],
    ids=range(9),
)
def test_a_rejected_input_is_not_shown(members):
    with RawServer([]) as server, pytest.raises(UsageError) as caught:
        call(client_of(server, credentials=TEMPORARY), **members)
    assert_no_secret(caught.value)


@pytest.mark.parametrize(
    "steps",
    [
        [close],
        [reset],
        [stall],
        [b"<"],
        [head("chunked"), b"x\r\n"],
        [head("length", 5), b"12"],
        [head("close"), STREAM[:9]],
        failure("302 Go", b"", "Location: http://127.0.0.1:1/"),
    ],
    ids=range(8),
)
def test_errors_of_the_wire_show_no_secret(steps):
    with RawServer(steps) as server, pytest.raises(Error) as caught:
        call(
            client_of(server, credentials=TEMPORARY, read_timeout=SHORT),
            custom_attributes=ATTRIBUTES,
        ).collect()
    assert_no_secret(caught.value)
    for variables in locals_of_the_package(caught.value):
        for secret in SECRETS:
            assert secret not in variables


@pytest.mark.parametrize(
    "environment",
    [
        dict(KEYS, AWS_SESSION_TOKEN=TOKEN + " "),
        dict(KEYS, AWS_SECRET_ACCESS_KEY=SECRET_KEY + "\n"),
        {"AWS_SECRET_ACCESS_KEY": SECRET_KEY},
        {"AWS_ACCESS_KEY_ID": SECRET_KEY, "AWS_SECRET_ACCESS_KEY": ACCESS_KEY},
    ],
    ids=range(4),
)
def test_rejected_credentials_are_not_shown(environment):
    with pytest.raises(ConfigurationError) as caught:
        Client(region="eu-west-1", environment=environment)
    assert_no_secret(caught.value)


def test_a_rejected_endpoint_hides_what_may_be_secret():
    for url in (f"http://user:{SECRET_KEY}@host/", f"http://host/?X-Amz-Security-Token={TOKEN}"):
        with pytest.raises(ConfigurationError) as caught:
            Client(region="eu-west-1", credentials=CREDENTIALS, endpoint_url=url, environment={})
        assert_no_secret(caught.value)


def test_expired_credentials_are_not_sent():
    """The service would refuse them, and its error does not name the cause."""
    now = [1000.0]
    with RawServer(success("chunked", STREAM)) as server:
        client = client_of(
            server,
            credentials=Credentials(ACCESS_KEY, SECRET_KEY, TOKEN, expires=1001),
            clock=lambda: now[0],
        )
        assert call(client).collect().body == tuple(PARTS)
        now[0] = 1001.0
        with pytest.raises(ConfigurationError) as caught:
            call(client)
    assert "expired" in str(caught.value) and "19700101T001641Z" in str(caught.value)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "url, token, warned",
    [
        ("http://nowhere.invalid", TOKEN, True),
        ("http://192.0.2.1:1", TOKEN, True),
        ("http://nowhere.invalid", None, False),
        ("https://nowhere.invalid", TOKEN, False),
        ("http://localhost:1", TOKEN, False),
        ("http://127.0.0.2:1", TOKEN, False),
        ("http://[::1]:1", TOKEN, False),
    ],
)
def test_a_token_without_encryption_causes_a_warning(url, token, warned, monkeypatch):
    def open_exchange(*_, **__):
        raise NetworkError("not sent")

    monkeypatch.setattr(refimpl.transport, "open_exchange", open_exchange)
    client = Client(
        region="eu-west-1",
        endpoint_url=url,
        credentials=Credentials(ACCESS_KEY, SECRET_KEY, token),
        environment={},
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises(NetworkError):
            client.invoke_endpoint_with_response_stream(endpoint_name="llm", body=b"")
    found = [warning for warning in caught if warning.category is InsecureEndpointWarning]
    assert len(found) == int(warned)
    for warning in found:
        assert warning.filename == __file__  # the caller's line
        assert TOKEN not in str(warning.message)


def test_a_response_can_be_closed_by_contextlib():
    with RawServer([head("chunked"), stall]) as server:
        with closing(call(client_of(server))) as response:
            assert response.status == 200
        assert server.gone() in ("eof", "reset")


# ---- retries -----------------------------------------------------------------------------------

BUSY = failure("503 Busy", b'{"message": "busy"}')
GOOD = success("length", STREAM)


def attempts(scripts, **settings):
    """Make a call against one script per attempt. Return (events or error, delays, requests)."""
    delays = []
    given = {"max_attempts": 3, "sleep": delays.append, "random": lambda: 1.0}
    given.update(settings)
    with RawServer(*map(list, scripts)) as server:
        try:
            result = call(client_of(server, **given)).collect().body
        except Error as error:
            result = error
        server.gone(len(server.connections) - 1)
        return result, delays, list(server.requests)


# RTY-009
def test_each_attempt_is_signed_with_its_own_time():
    times = iter([NOW, NOW, NOW + 7, NOW + 7, NOW + 60, NOW + 60])
    result, delays, requests = attempts([BUSY, BUSY, GOOD], clock=lambda: next(times))
    assert result == tuple(PARTS) and delays == [1.0, 2.0]
    dates = [request.partition(b"x-amz-date: ")[2][:16] for request in requests]
    assert dates == [b"20150830T123600Z", b"20150830T123607Z", b"20150830T123700Z"]
    signatures = {request.partition(b"Signature=")[2][:64] for request in requests}
    assert len(signatures) == 3


def test_the_last_error_is_raised():
    result, delays, requests = attempts([BUSY])
    assert type(result) is UnknownOperationError and result.status == 503
    assert delays == [1.0, 2.0] and len(requests) == 3


def test_the_number_of_attempts_comes_from_the_environment():
    for environment, expected in (({"AWS_MAX_ATTEMPTS": "2"}, 2), ({}, 3)):
        requests = attempts([BUSY], max_attempts=None, environment=environment)[2]
        assert len(requests) == expected


# RTY-003
def test_nothing_is_repeated_after_a_2xx_status_line():
    steps = success("length", FRAMES[0], exception("InternalStreamFailure", {"Message": "x"}))
    result, delays, requests = attempts([steps])
    assert type(result) is InternalStreamFailure and delays == [] and len(requests) == 1
    error_in_200 = [
        head("length", 2, b"x-amzn-errortype: ServiceUnavailable\r\n", status=b"200 OK"),
        b"{}",
    ]
    result, delays, requests = attempts([error_in_200])
    assert type(result) is ServiceUnavailable and result.status == 200 and len(requests) == 1


# RTY-004
@pytest.mark.parametrize("step", [close, reset])
def test_a_lost_connection_is_repeated_only_on_request(step):
    result, delays, requests = attempts([[step], GOOD])
    assert type(result) is NetworkError and result.sent and len(requests) == 1
    result, delays, requests = attempts([[step], GOOD], retry_after_send=True)
    assert result == tuple(PARTS) and delays == [1.0]


# RTY-002
def test_a_model_error_is_repeated_only_on_request():
    failed = failure("424 x", b"{}", "x-amzn-errortype: ModelError")
    result, delays, requests = attempts([failed, GOOD])
    assert type(result) is ModelError and len(requests) == 1
    assert attempts([failed, GOOD], retry_model_errors=True)[0] == tuple(PARTS)


def test_a_failed_connection_is_repeated():
    delays = []
    with socket.socket() as bound:  # it does not listen, so connections to it fail
        bound.bind(("127.0.0.1", 0))
        client = Client(
            region="eu-west-1",
            endpoint_url="http://127.0.0.1:%d" % bound.getsockname()[1],
            credentials=CREDENTIALS,
            environment={},
            sleep=delays.append,
            random=lambda: 0.5,
        )
        with pytest.raises(NetworkError):
            call(client)
    assert delays == [0.5, 1.0]


# RTY-005
def test_calls_share_the_quota():
    delays = []
    with RawServer(BUSY) as server:
        client = client_of(server, max_attempts=2, sleep=delays.append)
        client._quota = RetryQuota(12)
        for _ in range(4):
            with pytest.raises(UnknownOperationError):
                call(client)
        for number in range(6):
            server.gone(number)
        assert len(server.connections) == 6 and len(delays) == 2


# RTY-006
def test_the_delay_has_jitter():
    delays = attempts([BUSY], max_attempts=5, random=None)[1]
    assert all(0 <= delay <= bound for delay, bound in zip(delays, (1, 2, 4, 8)))
    assert len(set(delays)) == 4


# HTTP-051
def test_no_attempt_starts_after_the_total_timeout():
    result, delays, requests = attempts([BUSY], total_timeout=1.5)
    assert type(result) is UnknownOperationError
    assert delays == [1.0] and len(requests) == 2


# RTY-008
def test_a_wrong_clock_is_corrected_once_and_for_later_calls():
    refused = failure(
        "403 x",
        b'{"message": "Signature expired: x is now earlier than y"}',
        "x-amzn-errortype: InvalidSignatureException",
        "Date: Sun, 30 Aug 2015 18:36:00 GMT",
    )
    delays = []
    with RawServer(refused, GOOD) as server:
        client = client_of(server, max_attempts=3, sleep=delays.append)
        for _ in range(2):
            assert call(client).collect().body == tuple(PARTS)
        dates = [request.partition(b"x-amz-date: ")[2][:16] for request in server.requests]
    assert dates == [b"20150830T123600Z", b"20150830T183600Z", b"20150830T183600Z"]
    assert delays == [0.0]


@pytest.mark.parametrize(
    "name, value, kind",
    [
        ("max_attempts", 0, "constraint"),
        ("max_attempts", "3", "type"),
        ("retry_after_send", 1, "type"),
        ("retry_model_errors", "yes", "type"),
        ("sign_body", 1, "type"),
        ("sleep", 1, "type"),
        ("random", 0.5, "type"),
        ("connect_to", "127.0.0.1:1", "type"),
        ("proxy", 3128, "type"),
    ],
)
def test_rejects_other_settings(name, value, kind):
    with pytest.raises(UsageError) as caught:
        Client(region="eu-west-1", credentials=CREDENTIALS, environment={}, **{name: value})
    assert caught.value.kind == kind


# ---- proxies and certificates ------------------------------------------------------------------


def through(environment, **settings):
    """Return the request line and the error of a call to a host that no resolver knows."""
    with RawServer(failure("400 x", b"{}")) as server:
        variables = {name: text.format(server.port) for name, text in environment.items()}
        given = {"endpoint_url": "http://endpoint.invalid", "environment": variables}
        given.update(settings)
        if given.get("proxy"):
            given["proxy"] = given["proxy"].format(server.port)
        with pytest.raises(Error) as caught:
            call(client_of(server, **given))
        lines = [request.split(b"\r\n")[0].decode() for request in server.requests]
    return lines, caught.value


@pytest.mark.parametrize(
    "environment, settings",
    [
        ({"http_proxy": "http://127.0.0.1:{}"}, {}),
        ({}, {"proxy": "http://127.0.0.1:{}"}),
        ({"NO_PROXY": "*", "HTTP_PROXY": "http://127.0.0.1:1"}, {"proxy": "127.0.0.1:{}"}),
    ],
)
def test_the_proxy_comes_from_the_argument_or_the_environment(environment, settings):
    lines, error = through(environment, **settings)
    path = "/endpoints/llm/invocations-response-stream"
    assert lines == [f"POST http://endpoint.invalid{path} HTTP/1.1"]
    assert type(error) is UnknownOperationError


def test_an_empty_proxy_is_a_direct_connection():
    lines, error = through({"http_proxy": "http://127.0.0.1:{}"}, proxy="")
    assert lines == [] and error.actual == "endpoint.invalid"


def test_another_address_needs_no_proxy():
    environment = {"http_proxy": "http://127.0.0.1:1"}
    with RawServer(GOOD) as server:
        client = client_of(
            server,
            endpoint_url="http://endpoint.invalid",
            environment=environment,
            connect_to=("127.0.0.1", server.port),
        )
        assert call(client).collect().body == tuple(PARTS)
        assert ("Host", "endpoint.invalid") in server.connections[0].headers
    with pytest.raises(UsageError) as caught:
        Client("eu-west-1", connect_to=("a", 1), proxy="http://p", environment=KEYS)
    assert caught.value.rule == "NET-030"


# NET-008
def test_proxy_credentials_are_neither_signed_nor_shown():
    lines, error = through({}, proxy="http://user:that-nobody-may-see@127.0.0.1:{}")
    assert "that-nobody-may-see" not in "".join(traceback.format_exception(None, error, None))
    with RawServer(GOOD) as server:
        url = f"http://user:that-nobody-may-see@127.0.0.1:{server.port}"
        client = client_of(server, endpoint_url="http://endpoint.invalid", proxy=url)
        assert "that-nobody-may-see" not in repr(client) + repr(client._route)
        assert call(client).collect().body == tuple(PARTS)
        headers = dict(server.connections[0].headers)
    assert headers["Proxy-Authorization"].startswith("Basic ")
    assert "proxy-authorization" not in headers["authorization"].lower()


# NET-008
@pytest.mark.parametrize("text", ["that-nobody-may-see", "dXNlcjp0aGF0LW5vYm9keS1tYXktc2Vl"])
def test_a_proxy_may_quote_its_credentials(text):
    for steps in (
        [
            b"HTTP/1.1 403 %s\r\nContent-Type: text/html\r\n" % text.encode(),
            b"Content-Length: 6\r\n\r\n<html>",
        ],
        failure("400 x", ('{"message": "bad: %s"}' % text).encode()),
    ):
        with RawServer(steps) as server:
            url = f"http://user:that-nobody-may-see@127.0.0.1:{server.port}"
            client = client_of(server, endpoint_url="http://endpoint.invalid", proxy=url)
            with pytest.raises(Error) as caught:
                call(client)
        error = caught.value
        told = str(error) + repr(vars(error)) + repr(error.args)
        assert text not in told
        assert "<hidden>" in told


def test_the_ca_bundle_comes_from_the_argument_or_the_environment(tmp_path):
    trustme = pytest.importorskip("trustme")
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    bundle = str(tmp_path / "ca.pem")
    authority.cert_pem.write_to_path(bundle)
    with RawServer(GOOD, tls=context) as server:
        for settings in (
            {"ca_bundle": bundle},
            {"environment": {"AWS_CA_BUNDLE": bundle}},
            {"environment": {"SSL_CERT_FILE": bundle}, "x509_strict": False},
        ):
            assert call(client_of(server, **settings)).collect().body == tuple(PARTS)


# NET-021
def test_an_unreadable_ca_bundle_is_a_configuration_error():
    with pytest.raises(ConfigurationError) as caught:
        Client("eu-west-1", environment=dict(KEYS, AWS_CA_BUNDLE="/none/ca.pem"))
    assert str(caught.value).startswith("the CA bundle /none/ca.pem (AWS_CA_BUNDLE) cannot be used")


def test_a_context_excludes_the_other_settings_of_tls():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for settings in ({"ca_bundle": "x"}, {"client_cert": "x"}, {"x509_strict": False}):
        with pytest.raises(UsageError):
            Client("eu-west-1", environment=KEYS, ssl_context=context, **settings)


def test_sign_body_sends_the_content_hash():
    with RawServer(GOOD) as server:
        call(client_of(server, sign_body=True)).close()
        server.gone()
        headers = dict(server.connections[0].headers)
    assert len(headers["x-amz-content-sha256"]) == 64
    assert "x-amz-content-sha256" in headers["authorization"]


# END-006
@pytest.mark.parametrize(
    "environment, settings, host",
    [
        ({"AWS_USE_FIPS_ENDPOINT": "true"}, {}, "runtime-fips.sagemaker.eu-west-1.amazonaws.com"),
        ({"AWS_USE_DUALSTACK_ENDPOINT": "True"}, {}, "runtime.sagemaker.eu-west-1.api.aws"),
        (
            {"AWS_USE_FIPS_ENDPOINT": "true"},
            {"use_fips": False},
            "runtime.sagemaker.eu-west-1.amazonaws.com",
        ),
    ],
)
def test_fips_and_dual_stack_from_the_environment(environment, settings, host):
    client = Client("eu-west-1", environment=dict(KEYS, **environment), **settings)
    assert f"https://{host}'" in repr(client)


# RTY-008
@pytest.mark.parametrize("ahead", [-86400, -3600, 3600, 86400])
def test_an_endpoint_that_checks_the_time_is_reached_with_a_wrong_clock(ahead):
    """The endpoint of the suite refuses a request whose time differs by more than 5 minutes."""
    with Endpoint(clock=lambda: NOW + ahead, pace=0) as endpoint:
        settings = {
            "region": "us-east-1",
            "endpoint_url": endpoint.url,
            "credentials": Credentials(ENDPOINT_ACCESS_KEY, ENDPOINT_SECRET_KEY),
            "environment": {},
            "clock": lambda: NOW,
        }
        with pytest.raises(UnknownOperationError) as caught:
            call(Client(max_attempts=1, **settings), endpoint_name="default")
        assert caught.value.code == "InvalidSignatureException"
        with call(Client(**settings), endpoint_name="default") as response:
            assert response.collect().body
        assert [bool(made.verified) for made in endpoint.calls] == [False, False, True]


# ---- a refused signature -----------------------------------------------------------------------


def test_a_refused_signature_is_explained():
    with Endpoint(pace=0) as endpoint:
        client = Client(
            region="us-east-1",
            endpoint_url=endpoint.url,
            credentials=Credentials(ENDPOINT_ACCESS_KEY, "another secret key".replace(" ", "-")),
            environment={},
        )
        with pytest.raises(Error) as caught:
            client.invoke_endpoint_with_response_stream(endpoint_name="llm", body=b"{}")
    error = caught.value
    assert error.canonical_request.startswith("POST\n/endpoints/llm/invocations-response-stream\n")
    assert error.explanation.startswith("everything that was signed is equal")
    assert str(error).endswith(": " + error.explanation)


def test_an_expired_token_is_explained():
    with Endpoint(pace=0, expired_tokens=["old-session-token"]) as endpoint:
        client = Client(
            region="us-east-1",
            endpoint_url=endpoint.url,
            credentials=Credentials(ENDPOINT_ACCESS_KEY, ENDPOINT_SECRET_KEY, "old-session-token"),
            environment={},
        )
        with pytest.raises(Error) as caught:
            client.invoke_endpoint_with_response_stream(endpoint_name="default", body=b"{}")
    assert caught.value.code == "ExpiredTokenException"
    assert "session token: the temporary credentials have expired; get new ones" in str(
        caught.value
    )
    assert "old-session" not in str(caught.value)


def test_the_sentence_names_the_line_that_was_changed():
    def changed(signed):
        message = "The Canonical String for this request should have been\n'%s'"
        return message % signed.replace("host:", "host:other-")

    error = refused_with(changed)
    assert error.explanation.startswith("host differs: signed `127.0.0.1:")
    assert "received `other-127.0.0.1:" in str(error)


def test_a_refusal_hides_secrets():
    error = refused_with(lambda signed: "The Canonical String should have been\n'%s'" % signed[:-9])
    shown = error.canonical_request + str(error) + repr(vars(error))
    assert "x-amz-security-token:<hidden>" in error.canonical_request
    assert "x-amzn-sagemaker-custom-attributes:<hidden>" in error.canonical_request
    assert "A-SESSION-TOKEN" not in shown and "nobody-sees" not in shown


def refused_with(change):
    """Return the error of a call whose signature is refused with a changed quotation."""
    signed = []

    class Spy(Signer):
        def sign(self, *arguments, **options):
            result = super().sign(*arguments, **options)
            signed.append(result.canonical_request)
            return result

    def quote(connection):
        document = json.dumps({"message": change(signed[-1])}).encode()
        steps = failure("403 No", document, typed("InvalidSignatureException"))
        connection.socket.sendall(b"".join(step for step in steps if isinstance(step, bytes)))

    with RawServer([quote]) as server:
        client = client_of(
            server, credentials=Credentials("AKIDEXAMPLE", "x" * 40, "A-SESSION-TOKEN")
        )
        client._signer = Spy()
        with pytest.raises(Error) as caught:
            call(client, custom_attributes="nobody-sees-it")
    return caught.value


def test_without_the_optional_package_the_request_is_kept(monkeypatch):
    monkeypatch.setitem(sys.modules, "refimpl.explain.refusal", None)
    error = refused(*failure("403 No", b'{"message": "no"}', typed("InvalidSignatureException")))
    assert error.canonical_request.startswith("POST\n") and error.explanation is None
    assert "None" not in str(error)


def test_other_errors_are_not_explained():
    error = refused(*failure("503 No", b'{"message": "SignatureDoesNotMatch"}'))
    assert (error.canonical_request, error.explanation) == (None, None)
    error = refused(*failure("400 No", b'{"Message": "bad"}', typed("ValidationError")))
    assert error.explanation is None and error.canonical_request is not None
