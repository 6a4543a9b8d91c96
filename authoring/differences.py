# SPDX-License-Identifier: MIT
"""Where software of others differs from the cases of event streams and answers: who, in which cases, how and why.

Every row is run, by authoring/test_evs.py (botocore) and tests/implementations/test_foreign_vectors.py (JavaScript, Ruby): a peer that
changes its mind fails its row, and a case that differs without a row fails, too. So each case can say in `source` who agrees
with it and who does not. The rows are true of the versions of PEERS, in November 2026.
"""

import fnmatch
from typing import Dict, List, NamedTuple, Optional, Tuple


class Row(NamedTuple):
    """Cases in which a peer differs."""

    ids: str  # a glob
    actual: str  # what it does there, or at which stage it differs, as the test compares it; | between alternatives
    why: str


JAVASCRIPT = [
    Row(
        "evs-total-length-changed",
        "truncated",
        "the prelude is checked when the whole frame has come (EVS-004)",
    ),
    Row(
        "evs-between-frames-*",
        "truncated|RangeError",
        "the prelude is checked when the whole frame has come (EVS-004)",
    ),
    Row(
        "evs-no-stream-*",
        "truncated",
        "the prelude is checked when the whole frame has come (EVS-004)",
    ),
    Row(
        "evs-order-prelude-crc-length",
        "length",
        "the least length is asked for before the checksum (EVS-004)",
    ),
    Row(
        "evs-order-prelude-crc-limit",
        "truncated",
        "the prelude is checked when the whole frame has come (EVS-004)",
    ),
    Row(
        "evs-order-prelude-crc-truncated",
        "truncated",
        "the prelude is checked when the whole frame has come (EVS-004)",
    ),
    Row(
        "evs-total-length-[01]",
        "RangeError",
        "a length below 4 ends in JavaScript's own error (EVS-006)",
    ),
    Row(
        "evs-headers-length-[!c]*",
        "RangeError|ok",
        "headers_length is not held against the frame: the block is read until it ends (EVS-007, EVS-010)",
    ),
    Row("evs-total-length-largest*", "truncated", "there is no ceiling (EVS-008)"),
    Row("evs-total-length-sign-bit", "truncated", "there is no ceiling (EVS-008)"),
    Row(
        "evs-order-length-truncated",
        "truncated",
        "lengths are checked when the whole frame has come (EVS-028)",
    ),
    Row(
        "evs-order-headers-length-truncated",
        "truncated",
        "lengths are checked when the whole frame has come (EVS-028)",
    ),
    Row(
        "evs-order-length-message-crc",
        "message_crc",
        "lengths are checked when the whole frame has come (EVS-028)",
    ),
    Row("evs-type-timestamp-extremes", "none", "a Date ends in the year 275760 (EVS-019)"),
    Row(
        "evs-name-of-an-object",
        "absent",
        "headers are a plain object, where __proto__ is no name (EVS-014)",
    ),
    Row("evs-name-empty*", "ok", "an empty name is read (EVS-011)"),
    Row("evs-duplicate-header*", "ok", "of two headers of one name the last is kept (EVS-014)"),
    Row(
        "evs-utf8-[!e]*-in-*", "ok", "what is no UTF-8 is read with U+FFFD in it (EVS-012, EVS-015)"
    ),
    Row(
        "evs-header-cut-*",
        "RangeError|ok",
        "a header is read on into the payload, or JavaScript's own error escapes (EVS-010)",
    ),
    Row("evs-header-value-one-short", "RangeError", "JavaScript's own error escapes (EVS-010)"),
    Row("evs-truncated-at-[13]", "ok", "an end inside the first length is none (EVS-022)"),
    Row("evs-truncated-first-frame-at-2", "ok", "an end inside the first length is none (EVS-022)"),
    Row(
        "evs-behind-the-last-frame-newline",
        "ok",
        "an end inside the first length is none (EVS-022)",
    ),
    Row("evs-behind-the-last-frame-nul", "ok", "an end inside the first length is none (EVS-022)"),
    Row(
        "evs-behind-the-last-frame-eleven-bytes",
        "RangeError",
        "a length of 0 ends in JavaScript's own error (EVS-006)",
    ),
    Row(
        "evs-encode-int*-above", "ok", "an integer that does not fit is cut to its width (EVS-018)"
    ),
    Row(
        "evs-encode-int*-below", "ok", "an integer that does not fit is cut to its width (EVS-018)"
    ),
    Row(
        "evs-encode-timestamp-[ab]*",
        "ok",
        "an instant beyond JavaScript's dates is written as 1970 (EVS-019)",
    ),
    Row(
        "evs-encode-timestamp",
        "0",
        "an instant beyond JavaScript's dates is written as 1970 (EVS-019)",
    ),
    Row("evs-encode-name-empty", "ok", "an empty name is written (EVS-011)"),
    Row(
        "evs-encode-duplicate-header*",
        "headers are an object",
        "headers are an object, which cannot hold a name twice: the last is written (EVS-014)",
    ),
    Row(
        "evs-encode-unknown-type", "it has no such type", "our adapter has no name for it (EVS-013)"
    ),
    Row("evs-encode-boolean-of-*", "ok", "any value counts as true or false (EVS-013)"),
    Row(
        "evs-encode-string-of-*", "TypeError", "it is refused, by JavaScript's own error (EVS-013)"
    ),
    Row(
        "evs-encode-int*-of-*", "ok", "a value of another type is turned into an integer (EVS-013)"
    ),
    Row("evs-encode-headers-131073", "ok", "the length of all headers has no bound (EVS-025)"),
]


RUBY = [
    Row(
        "evs-encode-timestamp-[ab]*",
        "ok",
        "an instant that does not fit is cut to its width (EVS-019)",
    ),
    Row(
        "evs-total-length-1",
        "message_crc",
        "the least length is not asked for: the checksum finds it (EVS-006)",
    ),
    Row(
        "evs-total-length-0",
        "message_crc",
        "the least length is not asked for: the checksum finds it (EVS-006)",
    ),
    Row(
        "evs-total-length-1[25]",
        "message_crc",
        "the least length is not asked for: the checksum finds it (EVS-006)",
    ),
    Row(
        "evs-headers-length-[!c]*",
        "TypeError|ok",
        "headers_length is not held against the frame: what there is, is read (EVS-007, EVS-010)",
    ),
    Row(
        "evs-total-length-largest*",
        "ok",
        "there is no ceiling, and no end of stream (EVS-008, EVS-022)",
    ),
    Row(
        "evs-total-length-sign-bit",
        "ok",
        "there is no ceiling, and no end of stream (EVS-008, EVS-022)",
    ),
    Row("evs-total-length-longest-written", "ok", "there is no end of stream (EVS-022)"),
    Row(
        "evs-order-length-truncated",
        "ok",
        "lengths are checked when the whole frame has come (EVS-028)",
    ),
    Row(
        "evs-order-headers-length-truncated",
        "ok",
        "lengths are checked when the whole frame has come (EVS-028)",
    ),
    Row("evs-order-length-message-crc", "message_crc", "the checksum is asked alone (EVS-028)"),
    Row("evs-name-empty*", "ok", "an empty name is read (EVS-011)"),
    Row("evs-duplicate-header*", "ok", "of two headers of one name the last is kept (EVS-014)"),
    Row(
        "evs-header-type-*",
        "ok",
        "a header of unknown type is read as if it were a string (EVS-013)",
    ),
    Row(
        "evs-header-cut-*",
        "TypeError|ok",
        "what is cut short is read as it is, or Ruby's own error escapes (EVS-010)",
    ),
    Row("evs-header-value-one-short", "TypeError", "Ruby's own error escapes (EVS-010)"),
    Row("evs-truncated-*", "ok", "there is no end of stream (EVS-022)"),
    Row("evs-behind-the-last-frame-*", "ok", "there is no end of stream (EVS-022)"),
    Row(
        "evs-encode-int*-above", "ok", "an integer that does not fit is cut to its width (EVS-018)"
    ),
    Row(
        "evs-encode-int*-below", "ok", "an integer that does not fit is cut to its width (EVS-018)"
    ),
    Row("evs-encode-name-empty", "ok", "an empty name is written (EVS-011)"),
    Row(
        "evs-encode-name-256*",
        "ok",
        "its length is written cut to one byte: the frame cannot be read (EVS-011)",
    ),
    Row(
        "evs-encode-duplicate-header*",
        "headers are a hash",
        "headers are a hash, which cannot hold a name twice: the last is written (EVS-014)",
    ),
    Row(
        "evs-encode-unknown-type", "it has no such type", "our adapter has no name for it (EVS-013)"
    ),
    Row("evs-encode-boolean-of-*", "ok", "any value counts as true or false (EVS-013)"),
    Row("evs-encode-string-of-*", "NoMethodError", "it is refused, by Ruby's own error (EVS-013)"),
    Row("evs-encode-int8-of-boolean", "TypeError", "it is refused, by Ruby's own error (EVS-013)"),
    Row("evs-encode-int32-of-fraction", "ok", "a fraction is cut off (EVS-013)"),
    Row("evs-encode-*-32768*", "ok", "a value may have 65,535 bytes (EVS-017)"),
]


# How botocore ends there. Before its end it always delivers what is expected, but where it reads a bad frame.
BOTOCORE_FRAMES = [
    Row(
        "evs-total-length-1[25]",
        "ChecksumMismatch",
        "the least length is not asked for: a checksum finds it (EVS-006)",
    ),
    Row("evs-total-length-[01]", "error", "struct.error escapes (EVS-006)"),
    Row("evs-total-length-longest-written", "ok", "an end inside a frame is none (EVS-022)"),
    Row(
        "evs-headers-length-of-the-frame",
        "UnicodeDecodeError",
        "headers_length is not held against the frame (EVS-007)",
    ),
    Row(
        "evs-headers-length-one-over",
        "error",
        "headers_length is not held against the frame: struct.error escapes (EVS-007)",
    ),
    Row(
        "evs-headers-length-without-headers",
        "error",
        "headers_length is not held against the frame: struct.error escapes (EVS-007)",
    ),
    Row(
        "evs-headers-length-one-short",
        "ok",
        "a string that runs past the block is cut short (EVS-010)",
    ),
    Row("evs-headers-length-one-long", "error", "struct.error escapes (EVS-010)"),
    Row("evs-headers-length-of-one-byte", "error", "struct.error escapes (EVS-010)"),
    Row("evs-order-length-truncated", "ok", "an end inside a frame is none (EVS-022)"),
    Row("evs-order-headers-length-truncated", "ok", "an end inside a frame is none (EVS-022)"),
    Row(
        "evs-order-length-message-crc",
        "ChecksumMismatch",
        "headers_length is not held against the frame (EVS-007)",
    ),
    Row("evs-name-empty*", "ok", "an empty name is read (EVS-011)"),
    Row(
        "evs-utf8-[!e]*",
        "UnicodeDecodeError",
        "it is refused, by Python's own error (EVS-012, EVS-015)",
    ),
    Row("evs-header-type-*", "KeyError", "it is refused, by Python's own error (EVS-013)"),
    Row("evs-header-cut-uuid", "ok", "a value that runs past the block is cut short (EVS-010)"),
    Row("evs-header-cut-bytes", "ok", "a value that runs past the block is cut short (EVS-010)"),
    Row("evs-header-cut-string", "ok", "a value that runs past the block is cut short (EVS-010)"),
    Row(
        "evs-header-cut-string-65535",
        "ok",
        "a value that runs past the block is cut short (EVS-010)",
    ),
    Row("evs-header-cut-*", "error", "struct.error escapes (EVS-010)"),
    Row("evs-header-value-one-short", "error", "struct.error escapes (EVS-010)"),
    Row("evs-truncated-*", "ok", "an end inside a frame is none (EVS-022)"),
    Row("evs-behind-the-last-frame-*", "ok", "an end inside a frame is none (EVS-022)"),
]


# The stage at which botocore differs.
BOTOCORE_ANSWERS = [
    Row(
        "http-no-stream-html",
        "kind",
        "neither status nor Content-Type is asked: the page is read as frames (HTTP-021)",
    ),
    Row("http-no-stream-no-type", "acceptable", "Content-Type is not asked (DIV-007)"),
    Row("http-no-stream-empty-type", "acceptable", "Content-Type is not asked (DIV-007)"),
    Row(
        "http-no-stream-*",
        "status",
        "neither status nor Content-Type is asked: too short a document is an empty stream (HTTP-021)",
    ),
    Row("http-content-encoding-[!i]*", "acceptable", "Content-Encoding is not asked (DIV-008)"),
    Row(
        "http-content-encoding-identity-gzip",
        "acceptable",
        "Content-Encoding is not asked (DIV-008)",
    ),
    Row("http-status-20[46]", "status", "each status below 300 is a success (HTTP-020)"),
    Row("http-status-2*", "acceptable", "each status below 300 is a success (DIV-006)"),
    Row(
        "http-status-302-stream",
        "kind",
        "a redirect is a service error: Python's own error escapes (HTTP-049)",
    ),
    Row("http-status-3*", "acceptable", "a redirect is a service error (DIV-005)"),
    Row("http-status-1*", "status", "each status below 300 is a success (HTTP-054)"),
    Row(
        "http-status-*",
        "kind",
        "each status from 300 on is a service error: Python's own error escapes (HTTP-054)",
    ),
    Row(
        "http-message-exception-type-*-bytes",
        "kind",
        "an exception without a name is raised as one without a name (EVS-034)",
    ),
    Row(
        "http-message-exception-type-missing",
        "kind",
        "an exception without a name is raised as one without a name (EVS-034)",
    ),
    Row(
        "http-message-event-type-of-an-exception",
        "kind",
        "an exception without a name is raised as one without a name (EVS-034)",
    ),
    Row("http-message-member-not-utf8", "kind", "UnicodeDecodeError escapes (HTTP-035)"),
    Row("http-message-member-both", "fields.Message", "message wins over Message (HTTP-032)"),
    Row(
        "http-message-[!m]*",
        "status",
        "what is neither error nor exception is an event, and an event that it does not know is skipped (EVS-030)",
    ),
    Row("http-exception-modelstreamerror-*", "fields.ErrorCode", "ErrorCode is dropped (EVS-034)"),
    Row(
        "http-exception-small-message",
        "fields.Message",
        "the text is read from Message alone (EVS-038)",
    ),
    Row("http-exception-payload-array", "kind", "AttributeError escapes (EVS-038)"),
    Row("http-exception-payload-null", "kind", "AttributeError escapes (EVS-038)"),
    Row("http-exception-payload-not-utf8", "kind", "UnicodeDecodeError escapes (EVS-038)"),
    Row(
        "http-exception-unmodelled-payload",
        "code",
        "the name of an exception that is not modelled is lost (EVS-035)",
    ),
    Row(
        "http-exception-unmodelled-[!p]*",
        "code",
        "the name of an exception that is not modelled is lost (EVS-035)",
    ),
    Row("http-frame-*", "kind", "its own names, and Python's own errors (EVS-002 to EVS-015)"),
    Row("http-truncated-*", "status", "an end inside a frame is none (EVS-022)"),
    Row("http-incomplete-*", "status", "the parser is not told how the body ends (HTTP-023)"),
    Row("http-error-original-status-object", "kind", "TypeError escapes (HTTP-035)"),
    Row("http-small-*", "acceptable", "a member is read under its modelled name alone (DIV-009)"),
    Row("http-error-no-code-array", "kind", "AttributeError escapes (HTTP-035)"),
    Row("http-error-no-code-null", "kind", "AttributeError escapes (HTTP-035)"),
    Row("http-error-no-code-string", "kind", "AttributeError escapes (HTTP-035)"),
    Row("http-error-no-code-deep", "kind", "RecursionError escapes (HTTP-035)"),
    Row("http-error-no-code-gzip", "kind", "UnicodeDecodeError escapes (HTTP-035)"),
    Row("http-error-no-code-not-utf8", "kind", "UnicodeDecodeError escapes (HTTP-035)"),
    Row("http-error-no-code-frames", "kind", "UnicodeDecodeError escapes (HTTP-035)"),
    Row(
        "http-error-incomplete-empty",
        "code",
        "the header is not read where a 5xx has no body (HTTP-030)",
    ),
    Row("http-code-header-empty", "code", "an empty header counts (HTTP-030)"),
    Row("http-code-type-or-code", "acceptable", "code is read before __type (DIV-001)"),
    Row("http-code-two-hashes", "acceptable", "what stands behind the last # is kept (DIV-002)"),
    Row(
        "http-code-blanks",
        "code",
        "the blanks stay: its HTTP library has taken them off before (HTTP-031)",
    ),
    Row("http-200-errortype*", "kind", "x-amzn-errortype is not asked on a 200 (HTTP-024)"),
    Row("http-xml-[!cd]*", "acceptable", "an error in XML has no code but the status (DIV-011)"),
    Row("wire-boto3-frame-unfinished-*", "status", "an end inside a frame is none (EVS-022)"),
    Row("wire-curl-length-cut-*", "status", "the parser is not told how the body ends (HTTP-023)"),
    Row(
        "wire-javascript-last-chunk-missing-*",
        "status",
        "the parser is not told how the body ends (HTTP-023)",
    ),
    Row("wire-refimpl-reset-*", "status", "the parser is not told how the body ends (HTTP-023)"),
    Row("wire-*-model-failed-*", "fields.ErrorCode", "ErrorCode is dropped (EVS-034)"),
    Row(
        "wire-javascript-exception-unmodelled-*",
        "code",
        "the name of an exception that is not modelled is lost (EVS-035)",
    ),
    Row("wire-*-crc-*", "kind", "its own names (EVS-003, EVS-005)"),
    Row(
        "wire-boto3-success-json-*",
        "kind",
        "neither status nor Content-Type is asked: the document is read as frames (HTTP-021)",
    ),
    Row("wire-refimpl-redirect-*", "acceptable", "a redirect is a service error (DIV-005)"),
]

PEERS = {
    "botocore": "botocore 1.44.5",
    "javascript": "@smithy/core 3.41.0",
    "ruby": "aws-eventstream 1.2.0",
}
ROWS: Dict[Tuple[str, str], List[Row]] = {  # of the operations that the peer has
    ("botocore", "eventstream.decode"): BOTOCORE_FRAMES,
    ("botocore", "http.response"): BOTOCORE_ANSWERS,
    ("javascript", "eventstream.decode"): JAVASCRIPT,
    ("javascript", "eventstream.encode"): JAVASCRIPT,
    ("ruby", "eventstream.decode"): RUBY,
    ("ruby", "eventstream.encode"): RUBY,
}


def row_of(case_id: str, rows: List[Row]) -> Optional[Row]:
    """Return the first row that names a case."""
    return next((row for row in rows if fnmatch.fnmatchcase(case_id, row.ids)), None)


def source_of(case_id: str, op: str, authority: str) -> str:
    """Return the authority of a case, who agrees with it, and what the others do."""
    agreeing, others = [], []
    for (peer, its_op), rows in ROWS.items():
        if its_op == op:
            row = row_of(case_id, rows)
            if row is None:
                agreeing.append(PEERS[peer])
            else:
                others.append(f"{PEERS[peer]}: {row.why}")
    return "; ".join(
        [authority] + (["agreed by " + ", ".join(agreeing)] if agreeing else []) + others
    )
