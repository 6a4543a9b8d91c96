# SPDX-License-Identifier: MIT
"""Tests of conformance/recording/exchange.py: the pieces of a recording, a message along its bytes, what is taken out, the cases.

The plan: messages are made here byte by byte, and fed in every chunking; clean() is asked for the three things that it owes:
what was secret occurs nowhere in any form, no length and no chunk has moved, and a checksum is as right or wrong as before.
"""

import base64
import hashlib
import json
import zlib
from typing import Any, Dict, List, Optional, Tuple
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.endpoint.scenarios import (
    CHUNKED,
    LAST_CHUNK,
    STREAM_HEADERS,
    chunk,
    event,
    exception,
    head,
    message,
    part,
    raw_frame,
)
from conformance.recording.exchange import (
    EXAMPLE_TOKEN,
    CaseInput,
    Message,
    asked_in,
    case_entries,
    clean,
    cut_like,
    follow,
    input_of,
    joined,
    of_documents,
    split_at,
    to_documents,
)
from refimpl.errors import Error
from refimpl.eventstream import Decoder
from refimpl.sigv4 import Credentials, Signer
from tests.support import chunkings

SECRET = "not/AnExample+Secret=="
OURS = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
PIECES = st.lists(st.tuples(st.integers(0, 9999), st.binary(min_size=1, max_size=20)), max_size=8)
Headers = List[Tuple[str, str]]


LINE = "POST /endpoints/llm/invocations-response-stream HTTP/1.1"


def request_of(*headers: Tuple[str, str], body: bytes = b"{}", line: str = LINE) -> bytes:
    lines = (
        [line, "Host: localhost"]
        + ["{}: {}".format(*pair) for pair in headers]
        + [f"Content-Length: {len(body)}", "", ""]
    )
    return "\r\n".join(lines).encode("latin-1") + body


def signed_request(
    token: Optional[str] = None,
    body: bytes = b"{}",
    access_key: str = "AKIDEXAMPLE",
    more: Headers = [],
) -> bytes:  # noqa: B006
    signed = Signer().sign(
        "POST",
        "/endpoints/llm/invocations-response-stream",
        [("Host", "localhost")] + more,
        body,
        Credentials(access_key, OURS.secret_key, token),
        "eu-west-1",
        "sagemaker",
        "20150830T123600Z",
    )
    return request_of(*[pair for pair in signed.headers if pair[0] != "Host"], body=body)


def chunked(*frames: bytes, headers: Any = STREAM_HEADERS) -> bytes:
    return head((*headers, CHUNKED)) + b"".join(chunk(frame) for frame in frames) + LAST_CHUNK


def recording(
    request: bytes,
    response: bytes = b"",
    ended: str = "whole",
    cases: Any = (),
    asked: str = "whole",
) -> Dict[str, Any]:
    return {
        "request": {"ended": asked, "pieces": to_documents([(0, request)] if request else [])},
        "response": {"ended": ended, "pieces": to_documents([(1, response)] if response else [])},
        "cases": cases,
    }


# ---- pieces ------------------------------------------------------------------------------------------------------


@given(PIECES)
def test_pieces_are_written_and_read_back(pieces: List[Tuple[int, bytes]]) -> None:
    documents = json.loads(json.dumps(to_documents(pieces)))
    assert of_documents(documents) == pieces
    assert cut_like(joined(pieces), pieces) == pieces


def test_plain_text_is_written_as_text_and_all_else_as_base64() -> None:
    assert to_documents([(0, b"GET / HTTP/1.1\r\n\tx~\r\n"), (7, b"\xc3\xa9"), (8, b"a\0")]) == [
        {"at": 0, "text": "GET / HTTP/1.1\r\n\tx~\r\n"},
        {"at": 7, "base64": "w6k="},
        {"at": 8, "base64": "YQA="},
    ]


@given(PIECES, st.lists(st.integers(0, 200), max_size=5))
def test_pieces_are_cut_at_places_and_keep_their_times(
    pieces: List[Tuple[int, bytes]], places: List[int]
) -> None:
    cut = split_at(pieces, places)
    assert joined(cut) == joined(pieces) and all(data for _, data in cut)
    ends, position = set(), 0
    for _, data in cut:
        position += len(data)
        ends.add(position)
    assert {place for place in places if 0 < place < len(joined(pieces))} <= ends
    assert {at for at, _ in cut} == {at for at, _ in pieces}


# ---- a message along its bytes -----------------------------------------------------------------------------------

LENGTH = head([("Content-Length", "5")])
MESSAGES = [
    (LENGTH + b"hello", b"hello", 0),
    (head([CHUNKED]) + chunk(b"one") + chunk(b""), b"one", 0),
    (head([CHUNKED]) + b"3;x=y\r\nabc\r\n0\r\nTrailer: x\r\n\r\n", b"abc", 0),
    (head([], "100 Continue") + head([], "103 Early Hints") + LENGTH + b"hello", b"hello", 2),
    (head([("Content-Length", "0")]), b"", 0),
    (head([], "204 No Content"), b"", 0),
]


@pytest.mark.parametrize("data, body, interim", MESSAGES)
def test_a_message_is_followed_to_its_end_however_it_is_cut(
    data: bytes, body: bytes, interim: int
) -> None:
    for _, pieces in chunkings(data):
        one = Message()
        whole = [one.feed(piece) for piece in pieces if piece]
        assert (one.end, one.body, one.lost, len(one.heads)) == (len(data), body, None, interim + 1)
        assert whole == [False] * (len(whole) - 1) + [True]
    for cut in range(len(data)):
        assert follow(data[:cut]).end is None and follow(data[:cut]).lost is None
    assert follow(data + b"more").end == len(data)


def test_a_request_is_followed_too() -> None:
    data = request_of(("X-A", "1"), body=b"hello")
    one = follow(data, request=True)
    assert (one.method, one.target, one.body, one.end) == (
        "POST",
        "/endpoints/llm/invocations-response-stream",
        b"hello",
        len(data),
    )
    data = (
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        + chunk(b"ab")
        + chunk(b"c")
        + LAST_CHUNK
    )
    assert follow(data, request=True).body == b"abc" and len(follow(data, request=True).spans) == 2


def test_a_body_without_length_goes_on_to_the_close() -> None:
    one = follow(head([]) + b"abc")
    assert (one.end, one.body, one.is_complete_at_close) == (None, b"abc", True)
    assert (
        not follow(LENGTH + b"hel").is_complete_at_close
        and not follow(b"HTTP/1.1 200").is_complete_at_close
    )
    assert follow(head([]), bodiless=True).end == len(head([]))


@pytest.mark.parametrize(
    "data, lost",
    [
        (b"nonsense\r\n\r\n", 0),
        (b"x" * 70000, 0),
        (head([("Content-Length", "x")]), 0),
        (head([CHUNKED]) + b"zz\r\n", len(head([CHUNKED]))),
        (head([CHUNKED]) + b"1" * 70000, len(head([CHUNKED]))),
        (head([CHUNKED]) + b"1\r\naXX", len(head([CHUNKED])) + 4),
        (head([], "100 Continue") + b"nonsense\r\n\r\n", len(head([], "100 Continue"))),
    ],
)
def test_what_is_no_http_is_lost_where_it_begins(data: bytes, lost: int) -> None:
    for _, pieces in chunkings(data):
        one = Message()
        assert [one.feed(piece) for piece in pieces] == [False] * len(pieces)
        assert (one.lost, one.end) == (lost, None)


@given(st.binary(max_size=60))
def test_any_bytes_are_followed_somewhere(data: bytes) -> None:
    for start in (b"", head([CHUNKED]), LENGTH):
        one = follow(start + data)
        assert (
            bytes(one.data) == start + data
            and 0 <= one.followed <= len(one.data)
            and len(one.body) <= len(data)
        )


# ---- what is taken out -------------------------------------------------------------------------------------------


def frames_in(response: bytes) -> List[Any]:
    return list(Decoder().feed(follow(response).body))


def test_nothing_is_taken_out_of_an_example() -> None:
    for request in (signed_request(), signed_request(EXAMPLE_TOKEN)):
        response = chunked(part(b"one "), exception("ModelStreamError", Message="broke"))
        assert clean(request, response, keep_sensitive=True) == (request, response, [])


def test_sensitive_members_are_taken_out_and_nothing_moves() -> None:
    request = signed_request(
        body=b'{"secret": 1}',
        more=[
            ("X-Amzn-SageMaker-Custom-Attributes", "mine too"),
            ("Content-MD5", "abcd=="),
            ("x-amz-content-sha256", "0" * 64),
            ("x-amz-checksum-crc32", "abc"),
        ],
    )
    frames = [
        part(b"private "),
        event("Other", b"private"),
        exception("ModelStreamError", Message="said"),
        part(b""),
    ]
    response = chunked(
        frames[0][:30],
        frames[0][30:] + frames[1],
        *frames[2:],
        headers=(*STREAM_HEADERS, ("x-amzn-sagemaker-custom-attributes", "private")),
    )
    asked, answered, removed = clean(request, response)
    assert (len(asked), len(answered)) == (len(request), len(response))
    assert (
        follow(asked, request=True).body == b"x" * 13
        and b"mine" not in asked
        and b"abcd" not in asked
        and b"0" * 64 not in asked
    )
    assert (
        b"Signature=" + b"x" * 64 in asked
        and b"checksum-crc32: xxx\r\n" in asked
        and b"Credential=AKIDEXAMPLE/20150830/" in asked
    )
    assert b"private" not in answered and follow(answered).spans == follow(response).spans
    assert [
        (message.payload, message.headers.string(":message-type"))
        for message in frames_in(answered)
    ] == [
        (b"x" * 8, "event"),
        (b"x" * 7, "event"),
        (b'{"Message": "said"}', "exception"),
        (b"", "event"),
    ]
    assert removed == [
        "request: header x-amzn-sagemaker-custom-attributes",
        "request: body, 13 bytes",
        "request: hashes and the signature, which would tell what was removed",
        "response: header x-amzn-sagemaker-custom-attributes",
        "response: payloads of the stream, 15 bytes",
    ]


def test_a_checksum_stays_as_wrong_as_it_was() -> None:
    wrong = raw_frame(flip_message_crc=5)
    answered = clean(b"", head(STREAM_HEADERS) + part(b"a") + wrong)[1]
    frame = answered[-len(wrong) :]
    assert (
        frame[-8:-4] == b"xxxx" and int.from_bytes(frame[-4:], "big") == zlib.crc32(frame[:-4]) ^ 5
    )


@pytest.mark.parametrize(
    "behind",
    [
        raw_frame(flip_prelude_crc=1),
        b"\0" * 7 + b"private",
        part(b"private")[:-6],
        raw_frame(total_length=12),
        raw_frame(headers_length=200),
    ],
)
def test_what_can_no_longer_be_told_apart_is_taken_out(behind: bytes) -> None:
    response = head(STREAM_HEADERS) + part(b"good") + behind
    answered = clean(b"", response)[1]
    assert len(answered) == len(response) and b"priv" not in answered and b"two " not in answered
    assert clean(b"", response, keep_sensitive=True)[1] == response


@pytest.mark.parametrize(
    "data", [b"POST\r\nhello private\r\n", b"x private", request_of() + b"\r\n private"]
)
def test_what_is_no_request_is_blank_but_for_its_lines(data: bytes) -> None:
    asked, _, removed = clean(data, b"")
    assert (
        b"private" not in asked
        and len(asked) == len(data)
        and asked.count(b"\r\n") == data.count(b"\r\n")
        and removed
    )


@pytest.mark.parametrize(
    "response, kept",
    [
        (head([("Content-Length", "7")]) + b"private", False),
        (head([("Content-Length", "3")]) + b"oneprivate", False),
        (head([("Content-Length", "7")], "424 Failed") + b"private", True),
        (b"HTTP/9 private\r\n\r\n", False),
        (b"private", False),
        (head([CHUNKED]) + b"zz private", False),
        (
            head([("Content-Encoding", "gzip"), ("Content-Length", "7")], "424 Failed")
            + b"private",
            False,
        ),
    ],
)
def test_other_answers(response: bytes, kept: bool) -> None:
    answered, removed = clean(request_of(), response)[1:]
    assert (b"private" in answered) == kept and len(answered) == len(response)
    assert (len([line for line in removed if line.startswith("response")]) == 0) == kept
    assert clean(request_of(), response, keep_sensitive=True)[1] == response
    assert (clean(request_of(), response, [SECRET], keep_sensitive=True)[1] == response) == (
        b"gzip" not in response
    )


FORMS = [
    SECRET,
    quote(SECRET, safe=""),
    quote(SECRET),
    quote(quote(SECRET, safe=""), safe=""),
    SECRET.replace("/", "\\/"),
    quote(SECRET, safe="").lower(),
]


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_found_in_every_form_and_across_chunks(form: str, keep: bool) -> None:
    data = form.encode("ascii")
    body = b'{"Message": "so %s it is"}' % data
    frame = message([(":message-type", "exception"), (":exception-type", "ModelStreamError")], body)
    responses = [
        chunked(*[frame[index : index + 3] for index in range(0, len(frame), 3)]),
        head([("Content-Length", str(len(body)))], "403 Forbidden") + body,
        head([("X-Error", form)], "500 No"),
        head([CHUNKED], "500 No") + b"1;%s\r\na\r\n0\r\n\r\n" % data,
    ]
    for response in responses:
        answered, removed = clean(request_of(("X-Other", form)), response, [SECRET], keep)[1:]
        assert (
            data not in answered
            and data not in follow(answered).body
            and len(answered) == len(response)
        )
        assert removed[0] == "request: a secret" and "response: a secret" in removed
    asked, answered = clean(request_of(("X-Other", form)), responses[0], [SECRET], keep)[:2]
    assert data not in asked and frames_in(answered)[0].payload == body.replace(
        data, b"x" * len(data)
    )


@pytest.mark.parametrize("keep", [True, False])
def test_a_session_token_is_taken_out_wherever_it_is_repeated(keep: bool) -> None:
    request = signed_request(SECRET)
    response = (
        head([("Content-Length", "90")], "403 Forbidden")
        + (f'{{"message":"x-amz-security-token:{SECRET}"}}').ljust(90).encode()
    )
    asked, answered, removed = clean(request, response, keep_sensitive=keep)
    assert (
        SECRET.encode() not in asked + answered
        and b"Signature=" + b"x" * 64 in asked
        and "request: a secret" in removed
    )
    presigned = request_of(
        line=f"POST /a?X-Amz-Credential=AKIDEXAMPLE%2F1&x-amz-SECURITY%2Dtoken={quote(SECRET, safe='')}&X-Amz-Signature={'0a' * 32} HTTP/1.1"
    )
    asked, answered, _ = clean(presigned, response, keep_sensitive=keep)
    assert (
        SECRET.encode() not in asked + answered
        and quote(SECRET, safe="").encode() not in asked
        and b"0a0a" not in asked
    )


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize(
    "name, value",
    [
        ("Authorization", "Bearer sagemaker-api-key-private"),
        ("Cookie", "private=1"),
        ("Proxy-Authorization", "Basic of-private"),
        (
            "Authorization",
            "AWS4-HMAC-SHA256 Credential=AKIAprivate/20150830/r/s/aws4_request, SignedHeaders=host, Signature="
            + "0a" * 32,
        ),
    ],
)
def test_who_somebody_is_is_taken_out(name: str, value: str, keep: bool) -> None:
    asked, answered, removed = clean(
        request_of((name, value)),
        head([("Set-Cookie", "private"), ("X-Key", "AKIAprivate")]),
        (),
        keep,
    )
    assert (
        b"private" not in asked and b"0a0a" not in asked and b"Set-Cookie: xxxxxxx\r\n" in answered
    )
    assert "request: header " + name.lower() in removed or "request: a secret" in removed
    assert (b"AKIAprivate" in answered) == ("AKIA" not in value)


@pytest.mark.parametrize(
    "name, value",
    [
        ("Authorization", "Bearer private-key"),
        ("authorization", "private-key"),
        ("Proxy-Authorization", "Basic private-key "),
        ("X-Api-Key", "private-key"),
    ],
)
def test_a_credential_of_another_kind_is_taken_out_where_it_is_repeated(
    name: str, value: str
) -> None:
    response = head([("Content-Length", "28")], "403 Forbidden") + b'{"message":"no private-key"}'
    asked, answered, _ = clean(request_of((name, value)), response)
    assert b"private" not in asked + answered and answered.endswith(b'{"message":"no xxxxxxxxxxx"}')


def test_the_parameters_of_another_key_are_taken_out() -> None:
    request = request_of(
        line="POST /a?b=c&X-Amz-Credential=AKIAprivate%2F20150830&X-Amz-Signature=0a0a HTTP/1.1"
    )
    asked, _, removed = clean(request, b"", keep_sensitive=True)
    assert b"AKIAprivate" not in asked and b"0a0a" not in asked and b"b=c&" in asked
    assert "request: parameter x-amz-signature" in removed


def test_a_text_that_stands_everywhere_is_no_secret() -> None:
    response = head([("X", "abc")])
    assert clean(b"", response, ["abc", ""], keep_sensitive=True) == (b"", response, [])


@given(st.binary(max_size=80), st.binary(max_size=80), st.booleans())
def test_any_bytes_keep_their_length(request: bytes, response: bytes, keep: bool) -> None:
    asked, answered, _ = clean(request, response, [SECRET], keep)
    assert (len(asked), len(answered)) == (len(request), len(response))
    framed = chunked(part(request), response or b"?")
    assert follow(clean(b"", framed, [], keep)[1]).spans == follow(framed).spans


# ---- the cases of a recording ------------------------------------------------------------------------------------


def test_the_request_is_what_a_signature_is_asked_about() -> None:
    made = recording(
        signed_request(
            EXAMPLE_TOKEN, b"hi", more=[("User-Agent", "x"), ("X-Amzn-SageMaker-Accept", "a/b")]
        )
    )
    verify = input_of(made, "sigv4.verify")
    assert (
        verify["headers"][0] == ["Host", "localhost"] and verify["session_token"] == EXAMPLE_TOKEN
    )
    assert [name for name, _ in verify["headers"]][-2:] == ["authorization", "Content-Length"]
    assert {key: verify[key] for key in ("body", "region", "service", "time")} == {
        "body": "aGk=",
        "region": "eu-west-1",
        "service": "sagemaker",
        "time": "20150830T123600Z",
    }
    sign = input_of(made, "sigv4.sign")
    assert (
        sign["headers"] == [["Host", "localhost"], ["X-Amzn-SageMaker-Accept", "a/b"]]
        and sign["session_token"] == EXAMPLE_TOKEN
    )
    assert (
        "session_token" not in input_of(recording(signed_request()), "sigv4.sign")
        and "sign_body" not in sign
    )
    for value, own in ((hashlib.sha256(b"{}").hexdigest(), True), ("UNSIGNED-PAYLOAD", False)):
        made = recording(signed_request(more=[("x-amz-content-sha256", value)]))
        assert input_of(made, "sigv4.sign").get(
            "sign_body", False
        ) == own and "sign_body" not in input_of(made, "sigv4.verify")
        assert (["x-amz-content-sha256", value] in input_of(made, "sigv4.sign")["headers"]) != own


@pytest.mark.parametrize(
    "request_bytes, asked",
    [
        (signed_request()[:-1], "whole"),
        (signed_request(), "close"),
        (request_of(), "whole"),
        (signed_request(access_key="AKIAOTHER"), "whole"),
        (signed_request().replace(b"x-amz-date", b"x-amz-when"), "whole"),
        (signed_request().replace(b"Signature=", b"Signature=g"), "whole"),
    ],
)
def test_no_signature_can_be_asked_about(request_bytes: bytes, asked: str) -> None:
    with pytest.raises(CaseInput):
        asked_in(recording(request_bytes, asked=asked))


def test_the_response_is_asked_about_chunk_by_chunk_or_as_it_was_read() -> None:
    response = head([], "100 Continue") + chunked(b"one", b"two")
    assert input_of(recording(b"", response), "http.response") == {
        "status": 200,
        "headers": [list(pair) for pair in (*STREAM_HEADERS, CHUNKED)],
        "chunks": ["b25l", "dHdv"],
        "complete": True,
    }
    made = recording(b"", response[:-5], "close")
    assert input_of(made, "eventstream.decode") == {"chunks": ["b25l", "dHdv"]}
    assert input_of(made, "http.response")["complete"] is False
    made = recording(b"", head([]) + b"abcdef", "close")
    made["response"]["pieces"] = to_documents([(0, head([])), (0, b"ab"), (1, b"cd"), (2, b"ef")])
    assert input_of(made, "http.response") == {
        "status": 200,
        "headers": [],
        "chunks": ["YWI=", "Y2Q=", "ZWY="],
        "complete": True,
    }
    made["response"]["ended"] = "reset"
    assert input_of(made, "http.response")["complete"] is False
    made = recording(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", LENGTH)
    assert input_of(made, "http.response")["complete"] is True


@pytest.mark.parametrize(
    "response",
    [
        b"",
        b"HTTP/1.1 200",
        b"nonsense\r\n\r\n",
        head([CHUNKED]) + b"zz\r\n",
        head([], "100 Continue"),
    ],
)
def test_what_the_protocol_cannot_carry_is_refused_with_the_case(response: bytes) -> None:
    with pytest.raises(
        Error, match="wire-a-response: the response is not HTTP that the protocol can carry"
    ):
        list(
            case_entries(
                recording(b"", response, cases=[{"id": "wire-a-response", "op": "http.response"}])
            )
        )


def test_a_case_gets_its_input() -> None:
    case = {"id": "wire-a-decode", "op": "eventstream.decode", "title": "t"}
    body = base64.b64encode(part(b"x")).decode("ascii")
    assert list(case_entries(recording(b"", chunked(part(b"x")), cases=[case]))) == [
        dict(case, input={"chunks": [body]})
    ]
