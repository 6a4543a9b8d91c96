# SPDX-License-Identifier: MIT
"""Tests for the cases of event streams and HTTP responses, and for the helpers that write them.

botocore has an independent implementation of the same texts: EventStreamBuffer and a parser that
reads the service's model. These tests run every case with botocore. authoring/differences.py lists
the cases in which botocore differs. A case that differs without a row fails, and so does a row that
no longer applies.
"""

import base64
import fnmatch
import uuid
import zlib

import pytest
from hypothesis import given

from authoring import CaseMistake, b64, evs, http_response
from authoring.differences import BOTOCORE_FRAMES, BOTOCORE_RESPONSES, VERSIONS, row_of, source_of
from authoring.plain_eventstream import decode
from conformance.adapters.refimpl import OPERATIONS
from conformance.cases.frames import assemble
from conformance.cases.questions import questions_of
from conformance.protocol.messages import answer_question
from conformance.run.verdicts import judge
from tests.conformance.cases.test_frames import streams
from tests.support import committed_cases

pytestmark = pytest.mark.slow  # the whole file; --fast does not import it

CASES = committed_cases()
DECODE = [case for case in CASES if case.op == "eventstream.decode"]
# The tables describe hand-written cases. The rows of mix_response.py are made from their results.
RESPONSE = [case for case in CASES if case.op == "http.response" and "-mix-" not in case.id]


@pytest.fixture(scope="module")
def botocore():
    """Return the botocore package, if its version is the one that the tables describe."""
    package = pytest.importorskip("botocore")
    if VERSIONS["botocore"] != "botocore " + package.__version__:
        pytest.skip(f"the tables describe {VERSIONS['botocore']}, not {package.__version__}")
    pytest.importorskip("botocore.eventstream")
    pytest.importorskip("botocore.session")
    return package


# ---- frames ------------------------------------------------------------------------------------


def begins_anew_at_0(data, checksum):
    """Continue a CRC-32, as a library does that takes a checksum of 0 for none."""
    return zlib.crc32(data, checksum or 0xFFFFFFFF)


@pytest.mark.parametrize(
    "name",
    [
        "evs-running-crc-0-behind-the-headers",
        "evs-running-crc-0-in-the-payload",
        "evs-prelude-crc-0",
    ],
)
def test_the_running_checksum_of_a_case_is_0_at_some_point(name):
    [case] = [case for case in DECODE if case.id == name]
    data = assemble(case.input["frames"])
    total = int.from_bytes(data[:4], "big")
    points = range(1, min(total - 4, 64)) if "prelude" not in name else [8]
    [point] = [point for point in points if zlib.crc32(data[:point]) == 0]
    right = zlib.crc32(data[: total - 4])
    assert zlib.crc32(data[point : total - 4], zlib.crc32(data[:point])) == right
    assert begins_anew_at_0(data[point : total - 4], zlib.crc32(data[:point])) != right


# The exceptions of botocore, and the kinds of error that each one covers.
KINDS_OF_EXCEPTION = {
    "ChecksumMismatch": ("prelude_crc", "message_crc"),
    "InvalidHeadersLength": ("length", "limit"),
    "InvalidPayloadLength": ("length", "limit"),
    "DuplicateHeader": ("duplicate_header",),
}


def plain_message(shown):
    """Return the headers and the payload of a message as botocore returns them."""
    headers = {}
    for header in shown["headers"]:
        value = header["value"]
        if header["type"] in ("int8", "int16", "int32", "int64", "timestamp"):
            value = int(value)
        elif header["type"] == "bytes":
            value = base64.b64decode(value)
        elif header["type"] == "uuid":
            value = uuid.UUID(value).bytes
        headers[header["name"]] = value
    return headers, base64.b64decode(shown["payload"])


def botocore_decodes(botocore, chunks):
    """Return the messages that botocore reads, and the name of the exception or "ok"."""
    messages = []
    buffer = botocore.eventstream.EventStreamBuffer()
    try:
        for chunk in chunks:
            buffer.add_data(base64.b64decode(chunk))
            for event in buffer:  # keep the messages before an exception
                messages.append((event.headers, event.payload))
    except Exception as error:
        return messages, type(error).__name__
    return messages, "ok"


def test_botocore_decodes_the_frames_as_expected(botocore):
    used = set()
    for case in DECODE:
        row = row_of(case.id, BOTOCORE_FRAMES)
        for question in questions_of(case):
            messages, end = botocore_decodes(botocore, question.input["chunks"])
            expected = [plain_message(message) for message in question.expect["output"]["messages"]]
            kind = question.expect.get("kind", "ok")
            if row is None:
                assert messages == expected, (case.id, question.chunking)
                assert end == kind or kind in KINDS_OF_EXCEPTION.get(end, ()), (case.id, end)
            else:
                assert end == row.actual and end != kind, (case.id, end)
                assert messages[: len(expected)] == expected, (case.id, question.chunking)
                used.add(row)
    assert [row for row in BOTOCORE_FRAMES if row not in used] == []
    assert [
        case.id
        for case in DECODE
        if case.expect["status"] == "ok" and row_of(case.id, BOTOCORE_FRAMES)
    ] == []


# ---- responses ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def parse(botocore):
    """Return a function that runs an http.response request with botocore's parser."""
    parsers = pytest.importorskip("botocore.parsers")
    headers_of = pytest.importorskip("botocore.awsrequest").HeadersDict
    stream_error = pytest.importorskip("botocore.exceptions").EventStreamError
    service = botocore.session.get_session().get_service_model("sagemaker-runtime")
    shape = service.operation_model("InvokeEndpointWithResponseStream").output_shape
    parser = parsers.create_parser("rest-json")

    class Raw:
        def __init__(self, chunks):
            self.chunks = chunks

        def stream(self):
            return iter(self.chunks)

    def rejection(error, kind, members=()):
        return {
            "status": "reject",
            "kind": kind,
            "code": error.get("Code"),
            "fields": dict({"Message": error.get("Message")}, **dict(members)),
        }

    def service_error(response):
        # Status 300 has no "Error"; ClientError accepts that.
        error = parser.parse(response, shape).get("Error", {})
        # botocore.endpoint selects the shape in the same way.
        error_shape = service.shape_for_error_code(error.get("Code"))
        members = parser.parse(response, error_shape) if error_shape is not None else {}
        return rejection(
            error,
            "service_error",
            [
                pair
                for pair in members.items()
                if pair[0] not in ("Error", "ResponseMetadata", "Message")
            ],
        )

    def answer(given, kind):
        chunks = [base64.b64decode(chunk) for chunk in given["chunks"]]
        headers = headers_of()
        for name, value in given["headers"]:
            headers.setdefault(name, value)
        response = {"headers": headers, "status_code": given["status"], "context": {}}
        events, output = [], {}
        try:
            if given["status"] >= 300:
                return service_error(dict(response, body=b"".join(chunks)))
            parsed = parser.parse(dict(response, body=Raw(chunks)), shape)
            output = {name: value for name, value in parsed.items() if isinstance(value, str)}
            for event in parsed["Body"]:
                events.append(
                    {name: {"Bytes": b64(part.get("Bytes", b""))} for name, part in event.items()}
                )
        except stream_error as error:  # botocore has one class for both kinds
            return dict(
                rejection(
                    error.response["Error"], "unmodeled" if kind == "unmodeled" else "exception"
                ),
                output={"output": output, "events": events},
            )
        except Exception as error:
            return {
                "status": "reject",
                "kind": type(error).__name__,
                "output": {"output": output, "events": events},
            }
        return {"status": "ok", "output": {"output": output, "events": events}}

    return answer


def test_botocore_reads_the_responses_as_expected(parse):
    used, needless = set(), []
    for case in RESPONSE:
        row = row_of(case.id, BOTOCORE_RESPONSES)
        for question in questions_of(case):
            verdict = judge(question, parse(question.input, question.expect.get("kind")))
            if verdict.word == "PASS":
                needless += [case.id] if row is not None else []
                continue
            stage = (
                verdict.difference.stage if verdict.difference is not None else verdict.word.lower()
            )
            assert row is not None and fnmatch.fnmatchcase(stage, row.actual), (
                case.id,
                verdict.difference,
            )
            used.add(row)
    assert needless == []
    assert [row for row in BOTOCORE_RESPONSES if row not in used] == []
    assert [
        case.id
        for case in RESPONSE
        if case.expect["status"] == "ok" and row_of(case.id, BOTOCORE_RESPONSES)
    ] == []


def test_the_source_of_a_case_lists_who_agrees():
    assert source_of("evs-frame-shortest", "eventstream.decode", "[spec]") == (
        "[spec]; agreed by botocore 1.44.5, @smithy/core 3.41.0, aws-eventstream 1.2.0"
    )
    assert source_of("evs-encode-headers-131073", "eventstream.encode", "derived") == (
        "derived; agreed by aws-eventstream 1.2.0; @smithy/core 3.41.0 "
        "does not limit the length of the headers block (EVS-025)"
    )
    assert source_of("http-200-errortype", "http.response", "derived") == (
        "derived; botocore 1.44.5 ignores x-amzn-errortype in a 200 response (HTTP-024)"
    )
    sources = {
        case.source.partition(";")[0]
        for case in DECODE + RESPONSE
        if not case.source.startswith("recorded: ")
    }  # vectors/recordings
    assert sources == {"derived", "[spec]", "[recorded]", "[reported]"}


@given(streams)
def test_the_transcription_and_the_reference_agree(data):
    """Both decode the same valid, changed, truncated and joined frames in the same way."""
    answer = answer_question(
        {"op": "eventstream.decode", "input": {"chunks": [b64(data)]}}, OPERATIONS
    )
    messages, kind = decode(data)
    assert answer.get("kind") == kind
    assert [plain_message(message) for message in answer["output"]["messages"]] == [
        plain_message(message) for message in messages
    ]


# ---- the helpers that write the cases ----------------------------------------------------------


def test_the_transcription_reports_each_kind_of_error():
    kinds = {case.expect["kind"] for case in DECODE if case.expect["status"] == "reject"}
    assert kinds == {
        "prelude_crc",
        "message_crc",
        "length",
        "limit",
        "header",
        "duplicate_header",
        "header_type",
        "utf8",
        "truncated",
    }
    assert {
        decode(assemble(case.input["frames"]))[1] for case in DECODE if "frames" in case.input
    } == kinds | {None}


WHY = "a reason that is long enough to be accepted"


@pytest.mark.parametrize(
    "write, mistake",
    [
        (
            lambda: evs.reads("evs-x-y", "t", "EVS-001", "frame crc(wrong)", [], WHY),
            "the transcription reads",
        ),
        (lambda: evs.reads("evs-x-y", "t", "EVS-001", "frame", [], WHY), "the transcription reads"),
        (
            lambda: evs.rejects(
                "evs-x-y", "t", "EVS-003", "message_crc", "frame crc(wrong)", "total", WHY
            ),
            "must occur once",
        ),
        (
            lambda: evs.rejects(
                "evs-x-y",
                "t",
                "EVS-003",
                "message_crc",
                "frame crc(wrong) h=int8(1) h=true",
                " crc(wrong)",
                WHY,
            ),
            "the corrected frames are still rejected: duplicate_header",
        ),
        (
            lambda: evs.rejects(
                "evs-x-y", "t", "EVS-003", "prelude_crc", "frame crc(wrong)", " crc(wrong)", WHY
            ),
            "the transcription reads",
        ),
        (
            lambda: evs.rejects_first(
                "evs-x-y",
                "t",
                "EVS-003",
                "message_crc",
                "frame crc(wrong) h=type10()",
                [(" crc(wrong)", "", "message_crc"), (" h=type10()", "", "utf8")],
                WHY,
            ),
            "alone gives header_type",
        ),
        (
            lambda: evs.rejects_first(
                "evs-x-y",
                "t",
                "EVS-003",
                "length",
                "frame crc(wrong) h=type10()",
                [(" crc(wrong)", "", "message_crc"), (" h=type10()", "", "header_type")],
                WHY,
            ),
            "none of the errors",
        ),
        (
            lambda: evs.cannot_write(
                "evs-x-y", "t", "EVS-011", "constraint", [("h", "int8", 1)], WHY, [("h", "int8", 1)]
            ),
            "must differ in exactly one",
        ),
        (
            lambda: evs.cannot_write(
                "evs-x-y",
                "t",
                "EVS-011",
                "constraint",
                [("a", "int8", 1), ("b", "int8", 1)],
                WHY,
                [("c", "int8", 1), ("d", "int8", 1)],
            ),
            "must differ in exactly one",
        ),
        (
            lambda: http_response.reads_stream(
                "http-x-y", "t", "HTTP-020", "frame crc(wrong)", (), WHY
            ),
            "message_crc",
        ),
        (
            lambda: http_response.stream_fails(
                "http-x-y", "t", "EVS-003", "message_crc", "frame", WHY
            ),
            "its frames are valid",
        ),
        (
            lambda: http_response.stream_fails(
                "http-x-y", "t", "EVS-003", "prelude_crc", "frame crc(wrong)", WHY
            ),
            "its frames are message_crc",
        ),
    ],
)
def test_rejects_a_case_that_contradicts_itself(write, mistake):
    counts = [len(feature.cases) for feature in evs.FEATURES + http_response.FEATURES]
    with pytest.raises(CaseMistake, match=mistake):
        write()
    assert [len(feature.cases) for feature in evs.FEATURES + http_response.FEATURES] == counts
