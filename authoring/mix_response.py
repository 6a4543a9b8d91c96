# SPDX-License-Identifier: MIT
"""Combinations of values in responses: http-response-mix (mix.py).

The parts, the error and the members come first, and the response is made from them. Two tables:
streams with status 200, and error responses.
"""

import json
from typing import Any, Dict, List, Tuple

from authoring import Feature, ok, reject
from authoring.http_response import CORAL, LOG_STREAM, STREAM_TYPE
from authoring.mix import USUAL, Row, Table, Value, mix_id, rows_of, title_of
from authoring.mix_frames import frame_text, header, random, text
from authoring.plain_eventstream import decode
from conformance.cases.frames import assemble

RESPONSE = Feature("http-response-mix", "http.response", "response-mix-")
FEATURES = [RESPONSE]

Json = Dict[str, Any]
Headers = List[Tuple[str, str]]

PIECES = {
    USUAL: Value(None),
    "in pieces of 1 byte": Value(1, "EVS-026"),
    "in pieces of 7 bytes": Value(7, "EVS-026"),
    "in pieces of 100 bytes": Value(100, "EVS-026"),
    "in pieces of 65,535 bytes": Value(65535, "EVS-026"),
}
COMPLETE = {USUAL: Value(True), "a broken connection": Value(False, "HTTP-023 HTTP-035")}

# ---- streams -----------------------------------------------------------------------------------

# The sizes of the parts, in bytes.
PARTS = {
    "two parts": Value([5, 8], "EVS-037"),
    "no parts": Value([], "EVS-039"),
    "parts of 0 and 1 bytes": Value([1, 0, 1], "EVS-037"),
    "9 parts": Value([3, 1, 4, 1, 5, 9, 2, 6, 5], "EVS-037"),
    "parts of 255 and 4,097 bytes": Value([255, 4097], "EVS-037"),
    "a part of 70,001 bytes": Value([70001, 2], "EVS-037"),
}
PART_TYPE = text(":content-type", "application/octet-stream")
EVENT = text(":message-type", "event")
PART = text(":event-type", "PayloadPart")
PART_HEADERS = {
    USUAL: Value([EVENT, PART, PART_TYPE]),
    "part headers in another order": Value([PART, PART_TYPE, EVENT], "EVS-021"),
    "parts without content type": Value([EVENT, PART], "EVS-037"),
    "parts with another content type": Value(
        [EVENT, PART, text(":content-type", "application/json")], "EVS-037"
    ),
    "parts with more headers": Value(
        [header("n", "int64", -1), EVENT, PART, text(":Event-Type", "Other"), PART_TYPE], "EVS-021"
    ),
}
UNKNOWN = [EVENT, text(":event-type", "KeepAlive42"), PART_TYPE]
# The unknown events: before the parts, after the first, or after the last.
UNKNOWN_EVENTS = {
    USUAL: Value([]),
    "an unknown event first": Value(["first"], "EVS-032"),
    "an unknown event between parts": Value(["between"], "EVS-032"),
    "an unknown event last": Value(["last"], "EVS-032"),
    "unknown events first and last": Value(["first", "last"], "EVS-032"),
}
EXCEPTION = [text(":message-type", "exception"), text(":content-type", "application/json")]
Ending = Tuple[List[Json], str, str, str, Json]  # headers, payload, kind, code, fields
ENDINGS: Dict[str, Value] = {
    USUAL: Value(None),
    "a ModelStreamError": Value(
        (
            [*EXCEPTION, text(":exception-type", "ModelStreamError")],
            '{"Message":"it broke","ErrorCode":"StreamBroken"}',
            "exception",
            "ModelStreamError",
            {"Message": "it broke", "ErrorCode": "StreamBroken"},
        ),
        "EVS-034 EVS-038",
    ),
    "an InternalStreamFailure with a small message": Value(
        (
            [text(":exception-type", "InternalStreamFailure"), *EXCEPTION],
            '{"message":"Gr\u00fc\u00dfe \\u20ac"}',
            "exception",
            "InternalStreamFailure",
            {"Message": "Gr\u00fc\u00dfe \u20ac"},
        ),
        "EVS-034 EVS-038",
    ),
    "a ModelStreamError of 1,500 characters": Value(
        (
            [*EXCEPTION, text(":exception-type", "ModelStreamError")],
            json.dumps({"Message": "line 1 \t" * 187 + "end", "ErrorCode": "x"}),
            "exception",
            "ModelStreamError",
            {"Message": "line 1 \t" * 187 + "end", "ErrorCode": "x"},
        ),
        "EVS-034 EVS-038",
    ),
    "an exception that the model does not name": Value(
        (
            [*EXCEPTION, text(":exception-type", "ThrottlingException")],
            '{"Message":"slow down"}',
            "unmodeled",
            "ThrottlingException",
            {"Message": "slow down"},
        ),
        "EVS-035",
    ),
    "an error message": Value(
        (
            [
                text(":error-message", "it is so"),
                text(":message-type", "error"),
                text(":error-code", "InternalError"),
            ],
            "",
            "unmodeled",
            "InternalError",
            {"Message": "it is so"},
        ),
        "EVS-036",
    ),
}
TYPE = ("Content-Type", STREAM_TYPE)
VARIANT = ("x-Amzn-Invoked-Production-Variant", "AllTraffic")
# The headers of the response, and the members that they carry.
OUTPUTS = {
    USUAL: Value(([TYPE, VARIANT], {"InvokedProductionVariant": "AllTraffic"})),
    "no members": Value(([TYPE], {})),
    "all members": Value(
        (
            [
                ("X-Amzn-SageMaker-Custom-Attributes", "a=b, c=%20d"),
                TYPE,
                ("X-Amzn-SageMaker-Content-Type", "text/plain; charset=utf-8"),
                VARIANT,
            ],
            {
                "ContentType": "text/plain; charset=utf-8",
                "InvokedProductionVariant": "AllTraffic",
                "CustomAttributes": "a=b, c=%20d",
            },
        ),
        "HTTP-022",
    ),
    "names in capitals": Value(
        (
            [
                ("X-AMZN-SAGEMAKER-CONTENT-TYPE", "Text/CSV"),
                ("CONTENT-TYPE", STREAM_TYPE),
                ("X-AMZN-INVOKED-PRODUCTION-VARIANT", "V-1"),
            ],
            {"ContentType": "Text/CSV", "InvokedProductionVariant": "V-1"},
        ),
        "HTTP-022",
    ),
    "a content type in capitals with a parameter": Value(
        (
            [("content-type", STREAM_TYPE.upper() + ";a=b"), VARIANT],
            {"InvokedProductionVariant": "AllTraffic"},
        ),
        "HTTP-020",
    ),
    "Content-Encoding: Identity": Value(
        (
            [TYPE, VARIANT, ("Content-Encoding", "Identity")],
            {"InvokedProductionVariant": "AllTraffic"},
        ),
        "HTTP-020",
    ),
}


def is_possible(row: Row) -> bool:
    """Return whether a long stream is not in small pieces."""
    piece = PIECES[row.get("piece", USUAL)].content or 1 << 30
    return "70,001" not in row.get("parts", "") or piece > 60000


STREAMS = Table(
    "http-response",
    {
        "parts": PARTS,
        "part headers": PART_HEADERS,
        "unknown": UNKNOWN_EVENTS,
        "ending": ENDINGS,
        "output": OUTPUTS,
        "piece": PIECES,
        "complete": COMPLETE,
    },
    allows=is_possible,
)


def stream_of(row: Row) -> Tuple[Json, Json]:
    """Return the input and the expectation of a row."""
    content = STREAMS.contents(row)
    headers, output = content["output"]
    parts = [random(size, "abcdefghi"[index]) for index, size in enumerate(content["parts"])]
    frames = [frame_text({"headers": content["part headers"], "payload": part}) for part in parts]
    unknown = frame_text({"headers": UNKNOWN, "payload": {"text": "ping"}})
    if "between" in content["unknown"]:
        frames[1:1] = [unknown, unknown]
    frames = [unknown] * ("first" in content["unknown"]) + frames
    frames += [unknown] * ("last" in content["unknown"])
    results = {"output": output, "events": [{"PayloadPart": {"Bytes": part}} for part in parts]}
    expect = ok(**results) if content["complete"] else reject("truncated", **results)
    if content["ending"] is not None:
        block, payload, kind, code, fields = content["ending"]
        frames.append(frame_text({"headers": block, "payload": {"text": payload}}))
        frames.append(frame_text({"headers": content["part headers"], "payload": random(3)}))
        expect = reject(kind, code, fields, **results)
    stream = "\n".join(frames)
    assert decode(assemble(stream))[1] is None
    given: Json = {"status": 200, "headers": [list(pair) for pair in headers], "frames": stream}
    if content["piece"] is not None:
        given["piece"] = content["piece"]
    if not content["complete"]:
        given["complete"] = False
    return given, expect


# ---- error responses ---------------------------------------------------------------------------

CODES = {
    "ModelError": Value("ModelError", "HTTP-030"),
    "InternalFailure": Value("InternalFailure", "HTTP-030"),
    "ThrottlingException": Value("ThrottlingException", "HTTP-033"),
    "no code": Value(None, "HTTP-033"),
}
# Where the code is: a header, or a member of the document.
PLACES = {
    "in the header": Value(("header", "{}"), "HTTP-030"),
    "in the header with a URL": Value(("header", "{}:" + CORAL), "HTTP-031"),
    "in __type": Value(("__type", "{}"), "HTTP-030"),
    "in __type with a name space": Value(("__type", "aws.api#{}"), "HTTP-031"),
    "in code": Value(("code", "{}"), "HTTP-030"),
}
STATUSES = {
    "status 424": Value(424),
    "status 400": Value(400),
    "status 403": Value(403),
    "status 500": Value(500),
    "status 503": Value(503),
    "status 599": Value(599),
}
TEXTS = {
    "a text": Value("it is so", "HTTP-032"),
    "a text with escapes": Value('\u00e9\u20ac\U0001f600 "\\/\n\t', "HTTP-032"),
    "a text of 1,500 characters": Value("File 1, line 2; " * 93 + "the end.", "HTTP-035 HTTP-032"),
    "a text of 60,000 characters": Value(
        "File 1, line 2; " * 3749 + "This is the end.", "HTTP-039 HTTP-032"
    ),
}
MEMBERS = {
    USUAL: Value({}),
    "all members": Value(
        {"OriginalStatusCode": 500, "OriginalMessage": "out of memory", "LogStreamArn": LOG_STREAM},
        "HTTP-032",
    ),
    "members without OriginalStatusCode": Value(
        {"OriginalMessage": "out of memory", "LogStreamArn": LOG_STREAM}, "HTTP-035 HTTP-032"
    ),
}
DOCUMENT_TYPES = {
    USUAL: Value("application/json"),
    "no content type": Value(None),
    "another content type": Value("application/x-amz-json-1.1; charset=utf-8"),
}
ERROR_PIECES = {
    label: value for label, value in PIECES.items() if label != "in pieces of 65,535 bytes"
}


def is_possible_error(row: Row) -> bool:
    if row.get("code") == "no code" and row.get("place") not in (None, "in the header"):
        return False
    return "60,000" not in row.get("text", "") or row.get("piece") in (
        None,
        USUAL,
        "in pieces of 100 bytes",
    )


ERRORS = Table(
    "http-response-error",
    {
        "code": CODES,
        "place": PLACES,
        "status": STATUSES,
        "text": TEXTS,
        "members": MEMBERS,
        "spelling": {"in Message": Value("Message"), "in message": Value("message")},
        "type": DOCUMENT_TYPES,
        "piece": ERROR_PIECES,
        "complete": COMPLETE,
    },
    allows=is_possible_error,
)


def error_of(row: Row) -> Tuple[Json, Json]:
    """Return the input and the expectation of a row."""
    content = ERRORS.contents(row)
    code, (place, form) = content["code"], content["place"]
    headers: Headers = []
    if content["type"] is not None:
        headers.append(("Content-Type", content["type"]))
    document: Json = {}
    if code is not None and place == "header":
        headers.append(("x-amzn-ErrorType", form.format(code)))
    elif code is not None:
        document[place] = form.format(code)
    document.update(content["members"])
    document[content["spelling"]] = content["text"]
    fields: Json = {"Message": content["text"]}
    if code == "ModelError":
        names = ("OriginalStatusCode", "OriginalMessage", "LogStreamArn")
        fields.update({name: content["members"].get(name) for name in names})
    given: Json = {
        "status": content["status"],
        "headers": [list(pair) for pair in headers],
        "text": json.dumps(document, ensure_ascii=len(content["text"]) > 1000),
    }
    if content["piece"] is not None:
        given["piece"] = content["piece"]
    if not content["complete"]:
        given["complete"] = False
    return given, reject("service_error", code, fields, events=[])


# ---- the cases ---------------------------------------------------------------------------------

WHY = "parts or errors of some responses are lost"


def _cases() -> None:
    for table, make, rules in (
        (STREAMS, stream_of, "HTTP-020 HTTP-023 EVS-030"),
        (ERRORS, error_of, "HTTP-033 HTTP-035"),
    ):
        for row in rows_of(table):
            given, expect = make(row)
            cited = dict.fromkeys(table.rules(row) + rules.split())
            RESPONSE.case(
                mix_id(RESPONSE.prefix, RESPONSE.op, given),
                title_of(row),
                " ".join(cited),
                given,
                expect,
                WHY,
            )


_cases()
