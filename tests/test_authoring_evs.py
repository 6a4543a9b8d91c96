# SPDX-License-Identifier: MIT
"""The cases of the event stream and of the answer, held against botocore; and the helpers that write them.

botocore's EventStreamBuffer and its parser of the service's model were written by others from the same texts. Where they
disagree with a case stands in a table, with what botocore does; every row is run, and a case that no row explains fails. The
rows are true of botocore 1.44.5, in November 2026.
"""
import base64
import fnmatch
import uuid

import pytest

from conformance.cases import load_cases, questions_of
from conformance.frames import assemble
from conformance.verdicts import judge
from tests.authoring import CaseMistake, b64, evs, http_response
from tests.authoring.plain_eventstream import decode

CASES = load_cases()
DECODE = [case for case in CASES if case.op == "eventstream.decode"]
RESPONSE = [case for case in CASES if case.op == "http.response"]


@pytest.fixture(scope="module")
def botocore():
    """The package, with the modules that are used here."""
    package = pytest.importorskip("botocore")
    if package.__version__ != "1.44.5":
        pytest.skip("the tables are true of botocore 1.44.5, not of %s" % package.__version__)
    pytest.importorskip("botocore.eventstream")
    pytest.importorskip("botocore.session")
    return package


def row_of(case, rows):
    return next((row for row in rows if fnmatch.fnmatchcase(case.id, row[0])), None)


# ---- frames ------------------------------------------------------------------------------------------------------

# Exceptions of its own, and the kinds that they stand for.
OWN = {"ChecksumMismatch": ("prelude_crc", "message_crc"), "InvalidHeadersLength": ("length", "limit"),
       "InvalidPayloadLength": ("length", "limit"), "DuplicateHeader": ("duplicate_header",)}

# Cases, how botocore ends there, and why. Before its end it always delivers what is expected, but where it reads a bad frame.
FRAMES = [
    ("evs-total-length-1[25]", "ChecksumMismatch", "the least length is not asked for: a checksum finds it (EVS-006)"),
    ("evs-total-length-[01]", "error", "struct.error escapes (EVS-006)"),
    ("evs-total-length-longest-written", "ok", "an end inside a frame is none (EVS-022)"),
    ("evs-headers-length-of-the-frame", "UnicodeDecodeError", "headers_length is not held against the frame (EVS-007)"),
    ("evs-headers-length-one-over", "error", "headers_length is not held against the frame: struct.error escapes (EVS-007)"),
    ("evs-headers-length-without-headers", "error", "headers_length is not held against the frame: struct.error escapes (EVS-007)"),
    ("evs-headers-length-one-short", "ok", "a string that runs past the block is cut short (EVS-010)"),
    ("evs-headers-length-one-long", "error", "struct.error escapes (EVS-010)"),
    ("evs-headers-length-of-one-byte", "error", "struct.error escapes (EVS-010)"),
    ("evs-order-length-truncated", "ok", "an end inside a frame is none (EVS-022)"),
    ("evs-order-headers-length-truncated", "ok", "an end inside a frame is none (EVS-022)"),
    ("evs-order-length-message-crc", "ChecksumMismatch", "headers_length is not held against the frame (EVS-007)"),
    ("evs-name-empty*", "ok", "an empty name is read (EVS-011)"),
    ("evs-utf8-[!e]*", "UnicodeDecodeError", "it is refused, by Python's own error (EVS-012, EVS-015)"),
    ("evs-header-type-*", "KeyError", "it is refused, by Python's own error (EVS-013)"),
    ("evs-header-cut-uuid", "ok", "a value that runs past the block is cut short (EVS-010)"),
    ("evs-header-cut-bytes", "ok", "a value that runs past the block is cut short (EVS-010)"),
    ("evs-header-cut-string", "ok", "a value that runs past the block is cut short (EVS-010)"),
    ("evs-header-cut-string-65535", "ok", "a value that runs past the block is cut short (EVS-010)"),
    ("evs-header-cut-*", "error", "struct.error escapes (EVS-010)"),
    ("evs-header-value-one-short", "error", "struct.error escapes (EVS-010)"),
    ("evs-truncated-*", "ok", "an end inside a frame is none (EVS-022)"),
    ("evs-behind-the-last-frame-*", "ok", "an end inside a frame is none (EVS-022)"),
]


def plain_message(shown):
    """A message of a case as botocore shows it: values without their types."""
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
    """What it delivers, and the name of the exception that ends it."""
    messages = []
    buffer = botocore.eventstream.EventStreamBuffer()
    try:
        for chunk in chunks:
            buffer.add_data(base64.b64decode(chunk))
            for event in buffer:  # one by one: what came before an exception counts
                messages.append((event.headers, event.payload))
    except Exception as error:
        return messages, type(error).__name__
    return messages, "ok"


def test_botocore_decodes_the_frames_as_the_cases_say(botocore):
    used = set()
    for case in DECODE:
        row = row_of(case, FRAMES)
        for question in questions_of(case):
            messages, end = botocore_decodes(botocore, question.input["chunks"])
            expected = [plain_message(message) for message in question.expect["output"]["messages"]]
            kind = question.expect.get("kind", "ok")
            if row is None:
                assert messages == expected, (case.id, question.delivery)
                assert end == kind or kind in OWN.get(end, ()), (case.id, end)
            else:
                assert end == row[1] and end != kind, (case.id, end)
                assert messages[:len(expected)] == expected, (case.id, question.delivery)
                used.add(row)
    assert [row for row in FRAMES if row not in used] == []
    assert [case.id for case in DECODE if case.expect["status"] == "ok" and row_of(case, FRAMES)] == []


# ---- answers -----------------------------------------------------------------------------------------------------

# Cases, the stage at which botocore differs, and why.
ANSWERS = [
    ("http-no-stream-html", "kind", "neither status nor Content-Type is asked: the page is read as frames (HTTP-021)"),
    ("http-no-stream-*", "status", "neither status nor Content-Type is asked: too short a document is an empty stream (HTTP-021)"),
    ("http-content-encoding-[!i]*", "status", "Content-Encoding is not asked (HTTP-020)"),
    ("http-content-encoding-identity-gzip", "status", "Content-Encoding is not asked (HTTP-020)"),
    ("http-status-20[1-6]", "status", "each status below 300 is a success (HTTP-020)"),
    ("http-status-3*", "kind", "a redirect is a service error, or Python's own error where its body is no JSON (HTTP-049)"),
    ("http-status-1*", "status", "each status below 300 is a success (HTTP-054)"),
    ("http-status-*", "kind", "each status from 300 on is a service error: Python's own error escapes (HTTP-054)"),
    ("http-message-exception-type-*-bytes", "kind", "an exception without a name is raised as one without a name (EVS-034)"),
    ("http-message-exception-type-missing", "kind", "an exception without a name is raised as one without a name (EVS-034)"),
    ("http-message-event-type-of-an-exception", "kind", "an exception without a name is raised as one without a name (EVS-034)"),
    ("http-message-member-both", "fields.Message", "message wins over Message (HTTP-032)"),
    ("http-message-member-*", None, "they agree"),
    ("http-message-*", "status",
     "what is neither error nor exception is an event, and an event that it does not know is skipped (EVS-030)"),
    ("http-exception-modelstreamerror-*", "fields.ErrorCode", "ErrorCode is dropped (EVS-034)"),
    ("http-exception-small-message", "fields.Message", "the text is read from Message alone (EVS-038)"),
    ("http-exception-payload-array", "kind", "AttributeError escapes (EVS-038)"),
    ("http-exception-payload-null", "kind", "AttributeError escapes (EVS-038)"),
    ("http-exception-payload-not-utf8", "kind", "UnicodeDecodeError escapes (EVS-038)"),
    ("http-exception-unmodelled-*", "code", "the name of an exception that is not modelled is lost (EVS-035)"),
    ("http-frame-*", "kind", "its own names, and Python's own errors (EVS-002 to EVS-015)"),
    ("http-truncated-*", "status", "an end inside a frame is none (EVS-022)"),
    ("http-incomplete-*", "status", "the parser is not told how the body ends (HTTP-023)"),
    ("http-error-modelerror*", "fields.OriginalStatusCode", "members of an error stand outside what is compared here"),
    ("http-error-modelstreamerror", "fields.ErrorCode", "members of an error stand outside what is compared here"),
    ("http-small-*", "fields.Original*", "members of an error stand outside what is compared here"),
    ("http-error-no-code-*", "kind", "AttributeError, RecursionError and UnicodeDecodeError escape (HTTP-035)"),
    ("http-error-incomplete-empty", "code", "the header is not read where a 5xx has no body (HTTP-030)"),
    ("http-code-header-empty", "code", "an empty header counts (HTTP-030)"),
    ("http-code-blanks", "code", "the blanks stay: its HTTP library has taken them off before (HTTP-031)"),
    ("http-200-errortype*", "kind", "x-amzn-errortype is not asked on a 200 (HTTP-024)"),
    ("http-xml-*", "code", "an error in XML has no code but the status (HTTP-036)"),
]


@pytest.fixture(scope="module")
def parse(botocore):
    """Answers a question of http.response as the protocol does, by botocore's parser of the service's model."""
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

    def told(error, kind):
        return {"status": "reject", "kind": kind, "code": error.get("Code"), "fields": {"Message": error.get("Message")}}

    def answer(given, kind):
        chunks = [base64.b64decode(chunk) for chunk in given["chunks"]]
        headers = headers_of()
        for name, value in given["headers"]:
            headers.setdefault(name, value)
        response = {"headers": headers, "status_code": given["status"], "context": {}}
        events, output = [], {}
        try:
            if given["status"] >= 300:
                return told(parser.parse(dict(response, body=b"".join(chunks)), shape)["Error"], "service_error")
            parsed = parser.parse(dict(response, body=Raw(chunks)), shape)
            output = {name: value for name, value in parsed.items() if isinstance(value, str)}
            for event in parsed["Body"]:
                events.append({name: {"Bytes": b64(part.get("Bytes", b""))} for name, part in event.items()})
        except stream_error as error:  # it has one class for both kinds
            return dict(told(error.response["Error"], "unmodeled" if kind == "unmodeled" else "exception"),
                        output={"output": output, "events": events})
        except Exception as error:
            return {"status": "reject", "kind": type(error).__name__, "output": {"output": output, "events": events}}
        return {"status": "ok", "output": {"output": output, "events": events}}

    return answer


def test_botocore_reads_the_answers_as_the_cases_say(parse):
    used = set()
    for case in RESPONSE:
        row = row_of(case, ANSWERS)
        for question in questions_of(case):
            verdict = judge(question, parse(question.input, question.expect.get("kind")))
            if verdict.difference is None:
                assert verdict.word in ("PASS", "ACCEPTABLE")
                continue
            stage = verdict.difference.stage
            assert row is not None and row[1] is not None and fnmatch.fnmatchcase(stage, row[1]), (case.id, verdict.difference)
            used.add(row)
    assert [row for row in ANSWERS if row[1] and row not in used] == []
    assert [case.id for case in RESPONSE if case.expect["status"] == "ok" and row_of(case, ANSWERS)] == []


# ---- the helpers that write the cases ----------------------------------------------------------------------------

def test_the_transcription_finds_each_fault():
    kinds = {case.expect["kind"] for case in DECODE if case.expect["status"] == "reject"}
    assert kinds == {"prelude_crc", "message_crc", "length", "limit", "header", "duplicate_header", "header_type", "utf8", "truncated"}
    assert {decode(assemble(case.input["frames"]))[1] for case in DECODE if "frames" in case.input} == kinds | {None}


WHY = "a reason that is long enough to stand here"


@pytest.mark.parametrize("write, mistake", [
    (lambda: evs.reads("evs-x-y", "t", "EVS-001", "frame crc(wrong)", [], WHY), "the transcription reads"),
    (lambda: evs.reads("evs-x-y", "t", "EVS-001", "frame", [], WHY), "the transcription reads"),
    (lambda: evs.refuses("evs-x-y", "t", "EVS-003", "message_crc", "frame crc(wrong)", "total", WHY), "must stand once"),
    (lambda: evs.refuses("evs-x-y", "t", "EVS-003", "message_crc", "frame crc(wrong) h=int8(1) h=true", " crc(wrong)", WHY),
     "mended it is still refused: duplicate_header"),
    (lambda: evs.refuses("evs-x-y", "t", "EVS-003", "prelude_crc", "frame crc(wrong)", " crc(wrong)", WHY), "the transcription reads"),
    (lambda: evs.refuses_first("evs-x-y", "t", "EVS-003", "message_crc", "frame crc(wrong) h=type10()",
                               [(" crc(wrong)", "", "message_crc"), (" h=type10()", "", "utf8")], WHY), "alone is header_type"),
    (lambda: evs.refuses_first("evs-x-y", "t", "EVS-003", "length", "frame crc(wrong) h=type10()",
                               [(" crc(wrong)", "", "message_crc"), (" h=type10()", "", "header_type")], WHY), "none of the faults"),
    (lambda: evs.writes_not("evs-x-y", "t", "EVS-011", "constraint", [("h", "int8", 1)], WHY, [("h", "int8", 1)]), "there must be one"),
    (lambda: evs.writes_not("evs-x-y", "t", "EVS-011", "constraint", [("a", "int8", 1), ("b", "int8", 1)], WHY,
                            [("c", "int8", 1), ("d", "int8", 1)]), "there must be one"),
    (lambda: http_response.streams("http-x-y", "t", "HTTP-020", "frame crc(wrong)", (), WHY), "message_crc"),
    (lambda: http_response.breaks("http-x-y", "t", "EVS-003", "message_crc", "frame", WHY), "its frames are good"),
    (lambda: http_response.breaks("http-x-y", "t", "EVS-003", "prelude_crc", "frame crc(wrong)", WHY), "its frames are message_crc"),
])
def test_a_case_that_is_not_what_it_says_is_not_written(write, mistake):
    counts = [len(feature.cases) for feature in evs.FEATURES + http_response.FEATURES]
    with pytest.raises(CaseMistake, match=mistake):
        write()
    assert [len(feature.cases) for feature in evs.FEATURES + http_response.FEATURES] == counts
