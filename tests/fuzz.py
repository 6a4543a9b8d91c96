# SPDX-License-Identifier: MIT
"""`python3 -m tests.fuzz --seconds N --seed S`: feeds broken input to everything that reads, and
looks at what comes out.

Each target is a Hypothesis strategy and a check: only errors of refimpl's own tree may come out,
what is delivered is a prefix of what was meant, and what is kept stays bounded. The targets take
turns until the time is over. The same seed makes the same inputs. A failing input is shrunk,
printed and saved as Python source that repeats the check. The exit code is then 1.

tests/data/fuzz-corpus.txt has inputs that together reach most lines of what is tested. Each run
checks them first, and then draws from them and their variants as well as from the strategies.
"""

import argparse
import ast
import faulthandler
import io
import os
import pprint
import socket
import sys
import threading
import time
import tracemalloc
import zlib
from contextlib import suppress
from unittest import mock

try:
    from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
    from hypothesis import strategies as st
except ImportError:
    sys.exit(
        "tests.fuzz needs hypothesis. `python3 -m tests` installs it into .venv. Then run "
        "`.venv/bin/python -m tests.fuzz`."
    )

from refimpl import transport
from refimpl.cli.invoke import TEXT_FORMATS
from refimpl.cli.rendering import rendered
from refimpl.client import Client
from refimpl.convert import FORMATS, convert
from refimpl.errordocument import (
    error_of_document,
    error_of_json,
    error_of_xml,
    error_to_json,
    error_to_xml,
)
from refimpl.errors import (
    ConfigurationError,
    ContainerError,
    DocumentError,
    Error,
    FrameError,
    HttpError,
    NetworkError,
    SignatureError,
    TextError,
    UsageError,
)
from refimpl.eventstream import Decoder, decode_headers, encode
from refimpl.operation import ResponseReader, service_error
from refimpl.shapes import DATA_TYPES, ERRORS
from refimpl.sigv4 import (
    Credentials,
    Signer,
    canonical_query_string,
    canonical_uri,
    canonical_value,
    verify,
)
from refimpl.text import JSONValues, LineDecoder, ServerSentEventDecoder, Utf8Decoder
from refimpl.text.bridge import BRIDGE_FORMATS, bridged
from refimpl.text.extraction import ModelText, deltas_of, parse_extraction
from tests.typed import ANY_TEXT, XML_TEXT, typed_values, values, without_empty

BATCH = 100  # inputs between two looks at the clock
# seconds after which one input counts as a hang: all stacks are printed, and the process ends
HANG = 120
CREDENTIALS = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
PART_HEADERS = ((":message-type", "string", "event"), (":event-type", "string", "PayloadPart"))


# ---- what is fed -------------------------------------------------------------------------------

_MUTATION = st.tuples(
    st.sampled_from(("flip", "set", "insert", "delete", "double", "cut")),
    st.integers(0, 1 << 16),
    st.integers(0, 255),
)
MUTATIONS = st.lists(_MUTATION, max_size=4)


def mutated(data, mutations):
    """Return data with the mutations done to it, one after the other."""
    data = bytearray(data)
    for kind, where, value in mutations:
        at = where % (len(data) + 1)
        if kind == "flip" and at < len(data):
            data[at] ^= 1 << value % 8
        elif kind == "set" and at < len(data):
            data[at] = value
        elif kind == "insert":
            data[at:at] = bytes((value,)) * (1 + value % 9)
        elif kind == "delete":
            del data[at : at + 1 + value % 9]
        elif kind == "double":
            data[at:at] = data[at : at + 16]
        elif kind == "cut":
            del data[at:]
    return bytes(data)


def pieces(data, sizes):
    """Return data cut into pieces of the sizes, taken in turn."""
    cut, position = [], 0
    while position < len(data):
        size = sizes[len(cut) % len(sizes)]
        cut.append(data[position : position + size])
        position += size
    return cut


SIZES = st.lists(st.integers(1, 4096), min_size=1, max_size=4)
PARTS = st.lists(st.binary(max_size=60), max_size=6)
VALUES = st.one_of(
    st.tuples(st.just("boolean"), st.booleans()),
    st.tuples(st.just("int8"), st.integers(-128, 127)),
    st.tuples(st.just("int64"), st.integers(-(2**63), 2**63 - 1)),
    st.tuples(st.just("bytes"), st.binary(max_size=40)),
    st.tuples(st.just("string"), st.text(max_size=40)),
    st.tuples(st.just("uuid"), st.uuids()),
    st.tuples(st.just("timestamp"), st.integers(-(2**63), 2**63 - 1)),
)
HEADERS = st.dictionaries(st.text(min_size=1, max_size=12), VALUES, max_size=4)
TEXT = st.text(max_size=60)
WIRE_TEXT = st.text(st.characters(max_codepoint=255), max_size=60)
NAMES = st.one_of(
    st.sampled_from(("Host", "host", "X-Amz-Date", "content-type", "x-a", "")), WIRE_TEXT
)
PAIRS = st.lists(st.tuples(NAMES, WIRE_TEXT), max_size=5)


def stream_of(parts):
    """Return the event stream of payload parts."""
    return b"".join(encode(PART_HEADERS, part) for part in parts)


def chunked(data, sizes):
    """Return data in HTTP chunks, with the last one."""
    return (
        b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces(data, sizes))
        + b"0\r\n\r\n"
    )


def response_of(body, sizes, framing, extra):
    """Return the bytes of a whole response."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\n" + extra
    if framing == "chunked":
        return head + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(body, sizes)
    return (
        head
        + (b"Content-Length: %d\r\n\r\n" % len(body) if framing == "length" else b"\r\n")
        + body
    )


RESPONSES = st.builds(
    lambda parts, sizes, framing, extra, mutations: (
        parts,
        mutated(response_of(stream_of(parts), sizes, framing, extra), mutations),
    ),
    PARTS,
    SIZES,
    st.sampled_from(("chunked", "length", "close")),
    st.sampled_from(
        (
            b"",
            b"Content-Length: 5\r\n",
            b"Transfer-Encoding: gzip\r\n",
            b"x-amzn-errortype: E\r\n",
            b"A: b\r\n c\r\n",
        )
    ),
    MUTATIONS,
)

ERROR_BODIES = (
    b'{"Message":"m","OriginalStatusCode":500,"OriginalMessage":"o","LogStreamArn":"a"}',
    b'{"__type":"ns#ModelError:http://x","message":null}',
    b'{"code":"ThrottlingException","message":"x-amz-security-token:secret\\nnext"}',
    b"<html><body>Bad Gateway</body></html>",
    b"<ErrorResponse><Error><Code>ValidationError</Code><Message>m</Message></Error><RequestId>r</RequestId></ErrorResponse>",
    b'<!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>',
    b"[" * 70 + b"]" * 70,
    b"\x1f\x8b\x08",
    b"",
)


# ---- the targets: what must hold ---------------------------------------------------------------

# ---- documents ----------------------------------------------------------------------------------

# These bytes are inserted into documents, once or many times. They are the delimiters of each
# format, and sequences that have broken readers before.
_JSON_MARKS = (
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b",",
    b":",
    b"\\",
    b"null",
    b"true",
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"-0",
    b"1.5",
    b"9" * 25,
    b'"\\ud800"',
    b'"\\ud83d\\ude00"',
    b'{"Body":',
    b'"Body":[',
    b'"PayloadPart":{"Bytes":"aGk="}',
    b'"Message":"m",',
    b'"message":"m",',
    b'"__type":"ns#ModelError"',
    b'"a":1,',
    b"[[[[[[[[",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\x00",
    b" ",
)
_XML_MARKS = (
    b"<",
    b">",
    b"</",
    b"/>",
    b"&",
    b";",
    b"&lt;",
    b"&#0;",
    b"&#13;",
    b"&#x10FFFF;",
    b"&#xD800;",
    b"&a;",
    b"<!--",
    b"-->",
    b"]]>",
    b"<![CDATA[",
    b"<?x?>",
    b"<!DOCTYPE r>",
    b'<!DOCTYPE r [<!ENTITY a "b">]>',
    b"<Body>",
    b"</Body>",
    b"<PayloadPart/>",
    b"<Error>",
    b"</Error>",
    b"<Message>m</Message>",
    b' xmlns:a="u"',
    b' a="1"',
    b"<a>",
    b"</a>",
    b"<?xml version='1.0'?>",
    b"<?xml version='1.0' encoding='utf-16'?>",
    b"<?xml version='1.0' encoding='koi8-r'?>",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\x00",
    b"\xff",
    b" ",
    b"text",
)
_QUERY_MARKS = (
    b"&",
    b"=",
    b".",
    b"%",
    b"%00",
    b"%FF",
    b"%C3%A9",
    b"%2",
    b"+",
    b"Body",
    b"Body.",
    b".1.",
    b".2.",
    b".01.",
    b".0.",
    b".99999999999.",
    b"PayloadPart.Bytes=",
    b"&Message=m",
    b"&Body.1.PayloadPart.Bytes=a",
    b"\xff",
    b"\x00",
    b";",
    b"a.a.a.a.a.a.",
)
TIMES = st.one_of(st.just(1), st.integers(1, 4), st.sampled_from((70, 1000, 20000)))
# What a document of that length may need: the factor is that of the shortest members that a query
# can have, all of them unknown.
MEMORY = (1 << 20, 700)


def spoiled(document, marks, mutations):
    """Return a document with repeated marks inserted and the mutations applied."""
    data = document
    for mark, where, times in marks:
        at = where % (len(data) + 1)
        data = data[:at] + mark * times + data[at:]
    return mutated(data, mutations)


def documents_of(valid, marks):
    """Documents of one form: valid ones, spoiled ones, and such as are made of marks alone."""
    puts = st.lists(st.tuples(st.sampled_from(marks), st.integers(0, 1 << 16), TIMES), max_size=3)
    return st.one_of(
        valid,
        st.builds(spoiled, valid, puts, MUTATIONS),
        st.builds(spoiled, st.just(b""), puts, MUTATIONS),
        st.lists(st.sampled_from(marks), max_size=12).map(b"".join),
        st.binary(max_size=60),
    )


def type_and_documents(write, text, marks):
    """(a type's name, a document): written by `write` from a value of any type, then spoiled, of
    that type or of another one.
    """
    names = st.sampled_from(sorted(DATA_TYPES))
    valid = names.flatmap(
        lambda name: values(DATA_TYPES[name], text).map(
            lambda value: write(DATA_TYPES[name], value)
        )
    )
    own = names.flatmap(
        lambda name: st.tuples(
            st.just(name),
            documents_of(
                values(DATA_TYPES[name], text).map(lambda value: write(DATA_TYPES[name], value)),
                marks,
            ),
        )
    )
    return st.one_of(own, own, st.tuples(names, documents_of(valid, marks)))


def json_document(kind, value):
    return kind.to_json(value).encode("utf-8")


def xml_document(kind, value):
    return kind.to_xml(value).encode("utf-8")


def query_document(kind, value):
    return kind.to_query(value).encode().encode("ascii")


def read_or_refused(read, document):
    """Return (what a reader makes of a document, None) or (None, its refusal); the memory that it
    takes is bounded.
    """
    large = len(document) > 10000
    if large:
        tracemalloc.start()
    try:
        return read(document), None
    except DocumentError as error:
        assert "\n" not in str(error) and len(str(error)) < 4000 and error.rule
        assert error.offset is None or 0 <= error.offset <= len(document)
        return None, error
    finally:
        if large:
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert peak <= MEMORY[0] + MEMORY[1] * len(document), (
                f"{peak} bytes of memory for {len(document)}"
            )


def check_json(given_input):
    name, document = given_input
    kind = DATA_TYPES[name]
    value, refusal = read_or_refused(kind.of_json, document)
    if refusal is None:
        assert kind.of_json(kind.to_json(value)) == value
        assert without_empty(kind, kind.of_query(kind.to_query(value))) == without_empty(
            kind, value
        )
        assert kind.of_value(kind.to_value(value)) == value


def check_xml(given_input):
    name, document = given_input
    kind = DATA_TYPES[name]
    value, refusal = read_or_refused(kind.of_xml, document)
    if refusal is None:
        assert kind.of_xml(kind.to_xml(value)) == value
        assert kind.of_json(kind.to_json(value)) == value


def check_query(given_input):
    name, document = given_input
    kind = DATA_TYPES[name]
    value, refusal = read_or_refused(kind.of_query, document)
    if refusal is None:
        assert without_empty(kind, kind.of_query(kind.to_query(value).encode())) == without_empty(
            kind, value
        )
        assert kind.of_json(kind.to_json(value)) == value


def check_tables(given_input):
    kind, value = given_input
    assert kind.of_json(kind.to_json(value)) == value
    assert kind.of_value(kind.to_value(value)) == value
    assert without_empty(kind, kind.of_query(kind.to_query(value).encode())) == without_empty(
        kind, value
    )
    try:
        document = kind.to_xml(value)
    except UsageError as error:
        assert error.rule == "SHP-018"
    else:
        assert kind.of_xml(document) == value


def check_error_document(given_input):
    code, document = given_input
    for read in (
        error_of_document,
        lambda document: error_of_json(code, document),
        lambda document: error_of_xml(code, document),
    ):
        error, refusal = read_or_refused(read, document)
        if refusal is not None:
            continue
        assert "\n" not in str(error)
        assert error_of_document(error_to_json(error)) == error
        try:
            written = error_to_xml(error)
        except UsageError as refused:
            assert refused.rule == "SHP-018"
        else:
            assert error_of_document(written) == error


def check_conversion(given_input):
    shape, from_form, to_form, code, document = given_input
    try:
        written = convert(shape, from_form, to_form, document, code)
    except (DocumentError, UsageError) as error:
        assert "\n" not in str(error) and len(str(error)) < 4000 and error.rule
        return
    if code is None:
        assert convert(shape, to_form, to_form, written) == written


ERROR_CODES = st.one_of(
    st.none(),
    st.sampled_from(sorted(ERRORS)),
    st.sampled_from(("", "ns#ModelError:http://x", "Other")),
    ANY_TEXT,
)
CONVERTED = documents_of(
    st.sampled_from(
        (
            b'["Structure",[["Body",["List",[["Structure",[["PayloadPart",["Structure",[["Bytes",["Blob","aGk="]]]]]]]]]]]]',
            b'{"headers":[["X-Amzn-SageMaker-Content-Type","a"]],"body":[{"PayloadPart":{"Bytes":"aGk="}}]}',
            b'["Integer",5]',
            b"=a",
            b'{"error":"ModelError","details":{"OriginalStatusCode":5}}',
            b"<Error><error>X</error><message>m</message></Error>",
            b'{"Body":{"PayloadPart":{"Bytes":"aGk="}},"ContentType":"a"}',
            b"Body.1.PayloadPart.Bytes=a&ContentType=b",
            b"<r><Body><PayloadPart><Bytes>aGk=</Bytes></PayloadPart></Body></r>",
        )
    ),
    _JSON_MARKS + _XML_MARKS + _QUERY_MARKS,
)


def check_decoder(given_input):
    parts, mutations, sizes = given_input
    stream = stream_of(parts)
    data = mutated(stream, mutations)
    decoder, payloads = Decoder(max_frame_length=1 << 16), []
    try:
        for piece in pieces(data, sizes):
            payloads += [message.payload for message in decoder.feed(piece)]
            assert decoder.buffered <= 1 << 16
        decoder.close()
    except FrameError as error:
        payloads += [message.payload for message in error.messages]
        assert "\n" not in str(error) and error.rule
    whole = len(os.path.commonprefix([stream, data]))
    intact, position = [], 0
    for part in parts:
        position += len(encode(PART_HEADERS, part))
        if position <= whole:
            intact.append(part)
    assert payloads[: len(intact)] == intact, "a part before the error is lost or changed"


def check_headers(given_input):
    headers, mutations, payload = given_input
    triples = [(name, kind, value) for name, (kind, value) in headers.items()]
    try:
        frame = encode(triples, payload)
    except UsageError:
        return
    (message,) = Decoder().feed(frame)
    assert [tuple(header) for header in message.headers] == triples and message.payload == payload
    block = frame[12 : len(frame) - 4 - len(payload)]
    with suppress(FrameError):
        decode_headers(mutated(block, mutations))


def check_signing(given_input):
    method, target, pairs, body, options = given_input
    for function, value in (
        (canonical_uri, target),
        (canonical_query_string, target),
        (canonical_value, target),
    ):
        with suppress(UsageError):
            function(value)
    normalize, double_encode, sign_body = options
    scope = (CREDENTIALS, "us-east-1", "sagemaker", "20150830T123600Z", normalize, double_encode)
    headers = [("Host", "example.com")] + pairs
    try:
        signed = Signer().sign(method, target, headers, body, *scope, sign_body)
    except UsageError:
        with suppress(SignatureError):
            verify(method, target, headers, body, *scope)
        return
    # A token that came as a header, while the credentials have none, is signed and then refused as
    # another one: SIG-046.
    if (
        any(
            name.lower() in ("host", "x-amz-content-sha256", "x-amz-security-token")
            for name, _ in pairs
        )
        or "X-Amz-Signature" in target
        or "%" in target
    ):
        with suppress(SignatureError):
            verify(method, target, signed.headers, body, *scope)
        return
    verify(method, target, signed.headers, body, *scope)


TEXT_PIECES = st.sampled_from(
    (
        b"\n",
        b"\r",
        b"\r\n",
        b"\n\n",
        b"\r\n\r\n",
        b"data: x",
        b"data:",
        b"event: e",
        b"id: 1",
        b"id",
        b"retry: 5",
        b": c",
        b"\xef\xbb\xbf",
        b"\xe2\x82\xac",
        b"\xf0\x9f\x98\x80",
        b"\xc2\x85",
        b"\xff",
        b"\0",
        b'{"a":[1,"\\u00e9"]}',
        b"[",
        b"]",
        b"{",
        b"}",
        b'"',
        b"\\",
        b"1",
        b" ",
        b"true",
        b"-1.5e3",
        b",",
        b"[[[[[[[[",
        b"data: [DONE]\n\n",
    )
)
TEXTS = st.builds(mutated, st.lists(TEXT_PIECES, max_size=24).map(b"".join), MUTATIONS)
BOUND = 40  # bytes of a line, an event or a value
READERS = {
    "text": Utf8Decoder,
    "lines": lambda: LineDecoder(BOUND),
    "events": lambda: ServerSentEventDecoder(BOUND),
    "values": lambda: JSONValues(BOUND),
    "replaced": lambda: ServerSentEventDecoder(BOUND, "replace"),
}


def read_text(make, parts):
    """Return results, and what the fault was or None; nothing may be lost, nothing kept beyond the
    bound.
    """
    reader, results, fed = make(), [], b""
    try:
        for part in parts:
            fed += part
            results += reader.feed(part)
            assert len(reader.unread) <= BOUND + 2 and fed.endswith(reader.unread)
        results += reader.close()
    except TextError as error:
        assert fed.endswith(error.unread) and error.unread and error.rule and "\n" not in str(error)
        return results + list(error.results), (error.kind, error.rule, error.offset)
    assert reader.offset == len(fed) and reader.close() == []
    return results, None


def check_text(given_input):
    data, sizes = given_input
    for name, make in READERS.items():
        results, fault = read_text(make, [data] if data else [])
        for parts in (pieces(data, sizes), pieces(data, [1])):
            again, other = read_text(make, parts)
            if name == "text":
                again, results = "".join(again), "".join(results)
            assert (repr(again), other) == (repr(results), fault), (
                f"{name} depends on how the bytes are cut"
            )


def check_rendering(given_input):
    data, sizes, content_type, path = given_input
    parts = pieces(data, sizes)
    for form in TEXT_FORMATS:
        fed, written = [], b""
        with suppress(TextError):
            for piece in rendered((fed.append(part) or part for part in parts), form, content_type):
                written += piece
        assert form != "text" or written == b"".join(fed), "bytes are lost"
    with suppress(UsageError):
        extraction = parse_extraction(path)
        model_text = ModelText(extraction, "all", content_type=content_type)
        with suppress(TextError, ContainerError):
            for delta in deltas_of(parts, model_text):
                assert isinstance(delta.text, str)
    for form in BRIDGE_FORMATS:
        events, last = ServerSentEventDecoder(), None
        with suppress(Error):
            for piece in bridged(parts, form):
                found = events.feed(piece)
                assert len(found) <= 1  # a comment is not an event
                last = found[-1].event if found else last
        assert last in ("end", "error")


class _Recorded(io.BytesIO):
    """A wire that has all its bytes already."""

    ragged = False


def check_http(given_input):
    parts, data = given_input
    response = transport._StrictResponse(_Recorded(data))
    body = b""
    try:
        response.begin()
        reader = ResponseReader(response.head.status, response.head.headers)
        piece = response.read1()
        while piece:
            body += piece
            reader.feed(piece)
            piece = response.read1()
        reader.close()
    except Error as error:
        assert "\n" not in str(error)
    assert len(body) <= len(data)


def check_error_body(given_input):
    status, error_type, body = given_input
    headers = [("x-amzn-errortype", error_type)] if error_type is not None else []
    error = service_error(status, headers, body)
    assert error.body == body and error.status == status
    for text in (str(error), repr(error)):
        assert "\n" not in text and len(text) < 10000
        assert "x-amz-security-token:secret" not in text.lower(), "a quoted token is shown"


def check_exchange(given_input):
    parts, data = given_input
    ours, theirs = socket.socketpair()

    def answer():
        with suppress(OSError), theirs:
            theirs.recv(65536)
            theirs.sendall(data)

    server = threading.Thread(target=answer)
    client = Client("us-east-1", "http://127.0.0.1:1", CREDENTIALS, read_timeout=60, environment={})
    server.start()
    arrived = []
    try:
        with mock.patch("socket.create_connection", return_value=ours), mock.patch.object(
            transport, "keep_alive"
        ), mock.patch.object(
            ours.__class__, "setsockopt"
        ), client.invoke_endpoint_with_response_stream(endpoint_name="x", body=b"{}") as response:
            for event in response.body:
                arrived.append(event.bytes)
    except Error as error:
        assert not isinstance(error, (UsageError, ConfigurationError)), f"not our mistake: {error}"
        assert "\n" not in str(error)
    finally:
        ours.close()
        server.join()
    with suppress(HttpError, NetworkError):
        assert sum(map(len, arrived)) <= len(data)


TARGETS = {
    "text": (st.tuples(TEXTS, st.lists(st.integers(1, 9), min_size=1, max_size=4)), check_text),
    "rendering": (
        st.tuples(
            TEXTS,
            SIZES,
            st.sampled_from(
                ("", "text/event-stream", "application/jsonlines", "text/plain; charset=x", "a")
            ),
            st.one_of(st.sampled_from(("tgi", "djl", "openai", "a[0]|b")), TEXT),
        ),
        check_rendering,
    ),
    "decoder": (st.tuples(PARTS, MUTATIONS, SIZES), check_decoder),
    "headers": (st.tuples(HEADERS, MUTATIONS, st.binary(max_size=20)), check_headers),
    "signing": (
        st.tuples(
            st.one_of(st.just("POST"), TEXT),
            st.one_of(TEXT.map("/{}".format), TEXT),
            PAIRS,
            st.binary(max_size=20),
            st.tuples(st.booleans(), st.booleans(), st.booleans()),
        ),
        check_signing,
    ),
    "http": (RESPONSES, check_http),
    "error-bodies": (
        st.tuples(
            st.integers(400, 599),
            st.one_of(st.none(), TEXT, st.just("ModelError:http://x")),
            st.one_of(
                st.builds(mutated, st.sampled_from(ERROR_BODIES), MUTATIONS),
                st.binary(max_size=200),
            ),
        ),
        check_error_body,
    ),
    "exchange": (RESPONSES, check_exchange),
    "json": (type_and_documents(json_document, ANY_TEXT, _JSON_MARKS), check_json),
    "xml": (type_and_documents(xml_document, XML_TEXT, _XML_MARKS), check_xml),
    "query": (type_and_documents(query_document, ANY_TEXT, _QUERY_MARKS), check_query),
    "tables": (typed_values(), check_tables),
    "error-documents": (
        st.tuples(
            ERROR_CODES, documents_of(st.sampled_from(ERROR_BODIES), _JSON_MARKS + _XML_MARKS)
        ),
        check_error_document,
    ),
    "conversions": (
        st.tuples(
            st.sampled_from(sorted(DATA_TYPES) + ["Error"]),
            st.sampled_from(FORMATS),
            st.sampled_from(FORMATS),
            ERROR_CODES,
            CONVERTED,
        ),
        check_conversion,
    ),
}


# ---- the corpus --------------------------------------------------------------------------------

CORPUS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "fuzz-corpus.txt")
# The checks of these targets accept any bytes, so the inputs of their corpus are also varied.
_VARIED = ("text", "http", "exchange", "error-bodies", "decoder")


def read_corpus(path=CORPUS):
    """Return the inputs of each target: one per line, the target and a Python literal."""
    corpus = {}
    with open(path, encoding="ascii") as file:
        for line in file:
            name, _, literal = line.rstrip("\n").partition("\t")
            corpus.setdefault(name, []).append(ast.literal_eval(literal))
    return corpus


def varied(value, mutations):
    """Return an input with the mutations done to its bytes."""
    if isinstance(value, bytes):
        return mutated(value, mutations)
    if isinstance(value, (list, tuple)):
        return type(value)(varied(inner, mutations) for inner in value)
    return value


def seeded(name, strategy):
    """Return the strategy of a target together with the inputs of its corpus and their variants."""
    inputs = read_corpus().get(name)
    if not inputs:
        return strategy
    seeds = st.sampled_from(inputs)
    if name not in _VARIED:
        return st.one_of(strategy, seeds)
    return st.one_of(strategy, seeds, st.builds(varied, seeds, MUTATIONS))


def check_corpus(name):
    """Check the inputs of a target's corpus. Returns how many; raises Finding."""
    inputs = read_corpus().get(name, [])
    for value in inputs:
        try:
            TARGETS[name][1](value)
        except Exception as error:
            raise Finding(name, value, error) from error
    return len(inputs)


def write_corpus(names, path=CORPUS, most=24, inputs=400):
    """Write the inputs that reach lines of refimpl that no earlier input of the target reaches."""
    lines = []
    for name in names:
        strategy, check = TARGETS[name]
        found, reached = [], set()

        def keep(value, check=check, found=found, reached=reached):
            literal = ascii(value)
            if len(literal) > 700 or len(found) == most:
                return
            with suppress(Exception):
                if ast.literal_eval(literal) == value:
                    new = _lines_reached(check, value) - reached
                    if new:
                        reached.update(new)
                        found.append(literal)

        with mock.patch.dict(TARGETS, {"corpus": (strategy, keep)}):
            run_batch("corpus", 1, inputs)
        lines += [f"{name}\t{literal}\n" for literal in found]
    with open(path, "w", encoding="ascii") as file:
        file.writelines(lines)


def _lines_reached(check, value):
    """Return the lines of refimpl that a check runs."""
    package = os.path.dirname(transport.__file__)
    reached = set()

    def trace(frame, event, argument):
        if not frame.f_code.co_filename.startswith(package):
            return None
        reached.add((frame.f_code.co_filename, frame.f_lineno))
        return trace

    sys.settrace(trace)
    try:
        check(value)
    finally:
        sys.settrace(None)
    return reached


# ---- the run -----------------------------------------------------------------------------------


class Finding(Exception):
    """A check failed: the shrunk input, and how."""

    def __init__(self, target, found, error):
        super().__init__(f"{target}: {type(error).__name__}: {error}")
        self.target, self.found, self.error = target, found, error

    def source(self):
        """Return Python source that repeats the check on the input."""
        return (
            f"from tests.fuzz import TARGETS\n\n# {shown_line(self)}\n"
            f"TARGETS[{self.target!r}][1]({pprint.pformat(self.found, width=120)})\n"
        )


def shown_line(error):
    return " ".join(str(error).split())[:200]


def run_batch(name, number, examples=BATCH):
    """Run one batch of inputs of a target. Returns how many; raises Finding."""
    strategy, check = TARGETS[name]
    strategy = seeded(name, strategy)
    state = {"count": 0, "last": None}

    def one(value):
        state["count"] += 1
        state["last"] = value
        faulthandler.dump_traceback_later(HANG, exit=True, file=sys.__stderr__)
        check(value)

    one = given(strategy)(one)
    one = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )(one)
    try:
        seed(number)(one)()
    # whatever leaves a check is the finding; Hypothesis has shrunk its input, the last one tried
    except Exception as error:
        raise Finding(name, state["last"], error) from error
    finally:
        faulthandler.cancel_dump_traceback_later()
    return state["count"]


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="tests.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--target", choices=sorted(TARGETS), action="append")
    parser.add_argument("--save", default=".", metavar="DIR", help="where a failing input is saved")
    text = "write tests/data/fuzz-corpus.txt"
    parser.add_argument("--write-corpus", action="store_true", help=text)
    options = parser.parse_args(arguments)
    if options.write_corpus:
        write_corpus(sorted(TARGETS))
        return 0
    names = options.target or sorted(TARGETS)
    counts = dict.fromkeys(names, 0)
    deadline, batch = time.monotonic() + options.seconds, 0
    try:
        while batch == 0 or time.monotonic() < deadline:
            for name in names:
                if batch == 0:
                    counts[name] += check_corpus(name)
                counts[name] += run_batch(name, zlib.crc32(b"%d %d" % (options.seed, batch)))
            batch += 1
    except Finding as finding:
        path = os.path.join(options.save, f"fuzz-{finding.target}-{options.seed}.py")
        os.makedirs(options.save, exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(finding.source())
        print(f"FOUND {shown_line(finding)}\nsaved as {path}, seed {options.seed}")
        return 1
    each = ", ".join("%s %d" % pair for pair in counts.items())
    print(f"seed {options.seed}, {sum(counts.values())} inputs: {each}; peak {_peak()}")
    return 0


def _peak():
    try:
        import resource

        return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss} KiB"
    except ImportError:
        return "memory not known here"


if __name__ == "__main__":
    sys.exit(main())
