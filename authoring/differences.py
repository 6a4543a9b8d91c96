# SPDX-License-Identifier: MIT
"""Where other implementations differ from the cases of event streams and HTTP responses, and why.

Each row names the cases in which an implementation differs, how it behaves there and why. The tests
run every row: authoring/test_evs.py for botocore, implementations/test_foreign_vectors.py for
JavaScript and Ruby. A case that differs without a row fails, and so does a row that no longer
applies. Therefore `source_of` can list in the member `source` of each case which implementations
agree with the case and which differ. The rows are valid for VERSIONS, as of November 2026.
"""

import fnmatch
from typing import Dict, List, NamedTuple, Optional, Tuple


class Row(NamedTuple):
    """Cases in which an implementation differs.

    ids: a glob for the ids of the cases
    actual: the result of the implementation, or the stage at which it differs, with | between
        alternatives
    why: the difference, as a clause that follows the name of the implementation
    """

    ids: str
    actual: str
    why: str


JAVASCRIPT = [
    Row(
        "evs-prelude-crc-[blzo]*",
        "refused_after",
        "checks the prelude only when the frame is complete (EVS-004)",
    ),
    Row(
        "evs-prelude-crc-0-wrong",
        "refused_after",
        "checks the prelude only when the frame is complete (EVS-004)",
    ),
    Row(
        "evs-headers-repeat-broken",
        "refused_after",
        "checks the prelude only when the frame is complete (EVS-004)",
    ),
    Row(
        "evs-total-length-15",
        "refused_after",
        "checks the minimum length only when the frame is complete (EVS-006)",
    ),
    Row(
        "evs-headers-length-changed",
        "refused_after",
        "checks the prelude only when the frame is complete (EVS-004)",
    ),
    Row(
        "evs-order-prelude-crc-[hm]*",
        "refused_after",
        "checks the prelude only when the frame is complete (EVS-004)",
    ),
    Row(
        "evs-total-length-1-gib",
        "truncated",
        "has no limit of its own, and waits for the frame (EVS-041)",
    ),
    Row("evs-headers-32769", "ok", "does not limit the headers of a frame (EVS-040)"),
    Row(
        "evs-total-length-changed",
        "truncated",
        "checks the prelude only when the frame is complete (EVS-004)",
    ),
    Row(
        "evs-between-frames-*",
        "truncated|RangeError",
        "checks the prelude only when the frame is complete (EVS-004)",
    ),
    Row(
        "evs-no-stream-*",
        "truncated",
        "checks the prelude only when the frame is complete (EVS-004)",
    ),
    Row(
        "evs-order-prelude-crc-length",
        "length",
        "checks the minimum length before the checksum (EVS-004)",
    ),
    Row(
        "evs-order-prelude-crc-limit",
        "truncated",
        "checks the prelude only when the frame is complete (EVS-004)",
    ),
    Row(
        "evs-order-prelude-crc-truncated",
        "truncated",
        "checks the prelude only when the frame is complete (EVS-004)",
    ),
    Row(
        "evs-total-length-[01]",
        "RangeError",
        "lets a built-in exception escape for a length below 4 (EVS-006)",
    ),
    Row(
        "evs-headers-length-[!c]*",
        "RangeError|ok|truncated",
        "does not compare headers_length with the frame length, and reads the block to its end "
        "(EVS-007, EVS-010)",
    ),
    Row("evs-total-length-largest*", "truncated", "has no length limit (EVS-008)"),
    Row("evs-total-length-sign-bit", "truncated", "has no length limit (EVS-008)"),
    Row(
        "evs-order-length-truncated",
        "truncated",
        "checks lengths only when the frame is complete (EVS-028)",
    ),
    Row(
        "evs-order-headers-length-truncated",
        "truncated",
        "checks lengths only when the frame is complete (EVS-028)",
    ),
    Row(
        "evs-order-length-message-crc",
        "message_crc",
        "checks lengths only when the frame is complete (EVS-028)",
    ),
    Row(
        "evs-type-timestamp-extremes",
        "none",
        "stores timestamps in a Date, which ends in the year 275760 (EVS-019)",
    ),
    Row(
        "evs-name-of-an-object",
        "absent",
        "stores headers in a plain object, which cannot have the name __proto__ (EVS-014)",
    ),
    Row("evs-name-empty*", "ok", "accepts an empty name (EVS-011)"),
    Row(
        "evs-duplicate-header*",
        "ok",
        "keeps the last of two headers with the same name (EVS-014)",
    ),
    Row("evs-utf8-[!e]*-in-*", "ok", "replaces invalid UTF-8 with U+FFFD (EVS-012, EVS-015)"),
    Row(
        "evs-header-cut-*",
        "RangeError|ok",
        "reads past the block into the payload, or lets a built-in exception escape (EVS-010)",
    ),
    Row("evs-header-value-one-short", "RangeError", "lets a built-in exception escape (EVS-010)"),
    Row("evs-truncated-at-[13]", "ok", "ignores an end inside the first length (EVS-022)"),
    Row(
        "evs-truncated-first-frame-at-2",
        "ok",
        "ignores an end inside the first length (EVS-022)",
    ),
    Row(
        "evs-behind-the-last-frame-newline",
        "ok",
        "ignores an end inside the first length (EVS-022)",
    ),
    Row("evs-behind-the-last-frame-nul", "ok", "ignores an end inside the first length (EVS-022)"),
    Row(
        "evs-behind-the-last-frame-eleven-bytes",
        "RangeError",
        "lets a built-in exception escape for a length of 0 (EVS-006)",
    ),
    Row("evs-encode-int*-above", "ok", "truncates an integer that is out of range (EVS-018)"),
    Row("evs-encode-int*-below", "ok", "truncates an integer that is out of range (EVS-018)"),
    Row(
        "evs-encode-timestamp-[ab]*",
        "ok",
        "writes a timestamp that exceeds the range of Date as 1970 (EVS-019)",
    ),
    Row(
        "evs-encode-timestamp",
        "0",
        "writes a timestamp that exceeds the range of Date as 1970 (EVS-019)",
    ),
    Row("evs-encode-name-empty", "ok", "writes an empty name (EVS-011)"),
    Row(
        "evs-encode-duplicate-header*",
        "headers are an object",
        "stores headers in an object, and writes the last of two with the same name (EVS-014)",
    ),
    Row(
        "evs-encode-unknown-type*",
        "it cannot encode this type",
        "has no such type (EVS-013)",
    ),
    Row("evs-encode-boolean-of-*", "ok", "converts any value to a boolean (EVS-013)"),
    Row(
        "evs-encode-string-of-*",
        "TypeError",
        "rejects the value with a built-in exception (EVS-013)",
    ),
    Row("evs-encode-*-of-null", "its type holds integers only", "has no such value (EVS-013)"),
    Row("evs-encode-int*-of-*", "ok", "converts a value of another type to an integer (EVS-013)"),
    Row(
        "evs-encode-headers-131073",
        "ok",
        "does not limit the length of the headers block (EVS-025)",
    ),
    Row(
        "evs-order-headers-length-limit",
        "truncated",
        "checks lengths only when the frame is complete (EVS-028)",
    ),
    Row(
        "evs-order-name-value",
        "RangeError",
        "lets a built-in exception escape (EVS-010)",
    ),
    Row(
        "evs-order-value-duplicate",
        "ok",
        "keeps the last of two headers with the same name (EVS-014)",
    ),
    Row(
        "evs-name-inherited",
        "absent",
        "stores headers in a plain object, which has inherited names (EVS-014)",
    ),
    Row(
        "evs-encode-*-of-fraction",
        "its type holds integers only",
        "has no such value (EVS-013)",
    ),
]


RUBY = [
    Row("evs-utf8-[!e]*", "ok", "returns bytes that are not UTF-8 as they are (EVS-012, EVS-015)"),
    Row("evs-headers-32769", "ok", "does not limit the headers of a frame (EVS-040)"),
    Row(
        "evs-total-length-1-gib",
        "ok",
        "has no length limit and does not detect the end of the stream (EVS-041, EVS-022)",
    ),
    Row(
        "evs-encode-timestamp-[ab]*",
        "ok",
        "truncates a timestamp that is out of range (EVS-019)",
    ),
    Row(
        "evs-total-length-1",
        "message_crc",
        "does not check the minimum length, and reports a wrong checksum (EVS-006)",
    ),
    Row(
        "evs-total-length-0",
        "message_crc",
        "does not check the minimum length, and reports a wrong checksum (EVS-006)",
    ),
    Row(
        "evs-total-length-1[25]",
        "message_crc",
        "does not check the minimum length, and reports a wrong checksum (EVS-006)",
    ),
    Row(
        "evs-headers-length-[!c]*",
        "TypeError|ok|refused_after",
        "does not compare headers_length with the frame length, and reads the available bytes "
        "(EVS-007, EVS-010)",
    ),
    Row(
        "evs-total-length-largest*",
        "ok",
        "has no length limit and does not detect the end of the stream (EVS-008, EVS-022)",
    ),
    Row(
        "evs-total-length-sign-bit",
        "ok",
        "has no length limit and does not detect the end of the stream (EVS-008, EVS-022)",
    ),
    Row(
        "evs-total-length-longest-written", "ok", "does not detect the end of the stream (EVS-022)"
    ),
    Row(
        "evs-order-length-truncated",
        "ok",
        "checks lengths only when the frame is complete (EVS-028)",
    ),
    Row(
        "evs-order-headers-length-truncated",
        "ok",
        "checks lengths only when the frame is complete (EVS-028)",
    ),
    Row("evs-order-length-message-crc", "message_crc", "checks only the checksum (EVS-028)"),
    Row("evs-name-empty*", "ok", "accepts an empty name (EVS-011)"),
    Row(
        "evs-duplicate-header*",
        "ok",
        "keeps the last of two headers with the same name (EVS-014)",
    ),
    Row(
        "evs-header-type-*",
        "ok",
        "reads a header of unknown type as a string (EVS-013)",
    ),
    Row(
        "evs-header-cut-*",
        "TypeError|ok",
        "accepts a truncated value, or lets a built-in exception escape (EVS-010)",
    ),
    Row("evs-header-value-one-short", "TypeError", "lets a built-in exception escape (EVS-010)"),
    Row("evs-truncated-*", "ok", "does not detect the end of the stream (EVS-022)"),
    Row("evs-behind-the-last-frame-*", "ok", "does not detect the end of the stream (EVS-022)"),
    Row("evs-encode-int*-above", "ok", "truncates an integer that is out of range (EVS-018)"),
    Row("evs-encode-int*-below", "ok", "truncates an integer that is out of range (EVS-018)"),
    Row("evs-encode-name-empty", "ok", "writes an empty name (EVS-011)"),
    Row(
        "evs-encode-name-256*",
        "ok",
        "truncates the length to one byte, which makes the frame unreadable (EVS-011)",
    ),
    Row(
        "evs-encode-duplicate-header*",
        "headers are a hash",
        "stores headers in a hash, and writes the last of two with the same name (EVS-014)",
    ),
    Row(
        "evs-encode-unknown-type*",
        "it cannot encode this type",
        "has no such type (EVS-013)",
    ),
    Row("evs-encode-boolean-of-*", "ok", "converts any value to a boolean (EVS-013)"),
    Row(
        "evs-encode-string-of-*",
        "NoMethodError",
        "rejects the value with a built-in exception (EVS-013)",
    ),
    Row(
        "evs-encode-int8-of-boolean",
        "TypeError",
        "rejects the value with a built-in exception (EVS-013)",
    ),
    Row("evs-encode-int32-of-fraction", "ok", "drops the fraction (EVS-013)"),
    Row("evs-encode-*-32768*", "ok", "allows 65,535 bytes per value (EVS-017)"),
    Row(
        "evs-order-headers-length-limit",
        "ok",
        "does not limit the length of the headers block (EVS-025)",
    ),
    Row(
        "evs-order-name-*",
        "ok",
        "accepts an empty name (EVS-011)",
    ),
    Row(
        "evs-order-value-duplicate",
        "ok",
        "keeps the last of two headers with the same name (EVS-014)",
    ),
    Row(
        "evs-encode-payload-25165824",
        "reject limit",
        "limits a payload to 16 MiB (EVS-008)",
    ),
    Row(
        "evs-encode-int64-of-null",
        "TypeError",
        "rejects the value with a built-in exception (EVS-013)",
    ),
    Row(
        "evs-encode-timestamp-of-fraction",
        "ok",
        "drops the fraction (EVS-013)",
    ),
]


# How botocore ends. It returns the expected messages first, unless it accepts a broken frame.
BOTOCORE_FRAMES = [
    Row(
        "evs-order-value-duplicate",
        "UnicodeDecodeError",
        "lets UnicodeDecodeError escape (EVS-012)",
    ),
    Row(
        "evs-order-name-*",
        "UnicodeDecodeError",
        "decodes a name before it reads the value (EVS-011)",
    ),
    Row(
        "evs-total-length-1[25]",
        "ChecksumMismatch",
        "does not check the minimum length, and reports a wrong checksum (EVS-006)",
    ),
    Row("evs-total-length-[01]", "error", "lets struct.error escape (EVS-006)"),
    Row("evs-total-length-longest-written", "ok", "ignores an end inside a frame (EVS-022)"),
    Row(
        "evs-headers-length-of-the-frame",
        "UnicodeDecodeError",
        "does not compare headers_length with the frame length (EVS-007)",
    ),
    Row(
        "evs-headers-length-one-over",
        "error",
        "does not compare headers_length with the frame length, and lets struct.error escape "
        "(EVS-007)",
    ),
    Row(
        "evs-headers-length-without-headers",
        "error",
        "does not compare headers_length with the frame length, and lets struct.error escape "
        "(EVS-007)",
    ),
    Row(
        "evs-headers-length-one-short",
        "ok",
        "truncates a string that exceeds the block (EVS-010)",
    ),
    Row("evs-headers-length-one-long", "error", "lets struct.error escape (EVS-010)"),
    Row("evs-headers-length-of-one-byte", "error", "lets struct.error escape (EVS-010)"),
    Row("evs-order-length-truncated", "ok", "ignores an end inside a frame (EVS-022)"),
    Row("evs-order-headers-length-truncated", "ok", "ignores an end inside a frame (EVS-022)"),
    Row(
        "evs-order-length-message-crc",
        "ChecksumMismatch",
        "does not compare headers_length with the frame length (EVS-007)",
    ),
    Row("evs-name-empty*", "ok", "accepts an empty name (EVS-011)"),
    Row(
        "evs-utf8-[!e]*",
        "UnicodeDecodeError",
        "rejects the header with a built-in exception (EVS-012, EVS-015)",
    ),
    Row(
        "evs-header-type-*",
        "KeyError",
        "rejects the header with a built-in exception (EVS-013)",
    ),
    Row("evs-header-cut-uuid", "ok", "truncates a value that exceeds the block (EVS-010)"),
    Row("evs-header-cut-bytes", "ok", "truncates a value that exceeds the block (EVS-010)"),
    Row("evs-header-cut-string", "ok", "truncates a value that exceeds the block (EVS-010)"),
    Row(
        "evs-header-cut-string-65535",
        "ok",
        "truncates a value that exceeds the block (EVS-010)",
    ),
    Row("evs-header-cut-*", "error", "lets struct.error escape (EVS-010)"),
    Row("evs-header-value-one-short", "error", "lets struct.error escape (EVS-010)"),
    Row("evs-truncated-*", "ok", "ignores an end inside a frame (EVS-022)"),
    Row("evs-behind-the-last-frame-*", "ok", "ignores an end inside a frame (EVS-022)"),
]


# The stage at which botocore differs.
BOTOCORE_RESPONSES = [
    Row("http-exception-name-*", "code", "loses the code of an unmodelled exception (EVS-035)"),
    Row("http-exception-without-type-*", "kind", "reads the code of an error or event (EVS-034)"),
    Row(
        "http-no-stream-html",
        "kind",
        "checks neither status nor Content-Type, and reads the page as frames (HTTP-021)",
    ),
    Row("http-no-stream-no-type", "acceptable", "does not check Content-Type (DIV-007)"),
    Row("http-no-stream-empty-type", "acceptable", "does not check Content-Type (DIV-007)"),
    Row(
        "http-no-stream-*",
        "status",
        "checks neither status nor Content-Type, and reads a short document as an empty stream "
        "(HTTP-021)",
    ),
    Row(
        "http-content-type-first-of-two",
        "status",
        "checks neither status nor Content-Type, and reads a short document as an empty stream "
        "(HTTP-021)",
    ),
    Row(
        "http-content-encoding-second-gzip", "status", "does not check Content-Encoding (HTTP-020)"
    ),
    Row("http-content-encoding-[!il]*", "acceptable", "does not check Content-Encoding (DIV-008)"),
    Row(
        "http-content-encoding-identity-gzip",
        "acceptable",
        "does not check Content-Encoding (DIV-008)",
    ),
    Row("http-status-20[46]", "status", "treats each status below 300 as a success (HTTP-020)"),
    Row("http-status-2*", "acceptable", "treats each status below 300 as a success (DIV-006)"),
    Row(
        "http-status-302-stream",
        "kind",
        "reads a redirect as an error response, and lets a built-in exception escape (HTTP-049)",
    ),
    Row("http-status-3*", "acceptable", "reads a redirect as an error response (DIV-005)"),
    Row("http-status-1*", "status", "treats each status below 300 as a success (HTTP-054)"),
    Row(
        "http-status-*",
        "kind",
        "reads each status from 300 on as an error response, and lets a built-in exception "
        "escape (HTTP-054)",
    ),
    Row(
        "http-message-exception-type-*-bytes",
        "kind",
        "raises an exception without a name (EVS-034)",
    ),
    Row(
        "http-message-exception-type-missing",
        "kind",
        "raises an exception without a name (EVS-034)",
    ),
    Row(
        "http-message-event-type-of-an-exception",
        "kind",
        "raises an exception without a name (EVS-034)",
    ),
    Row("http-message-member-not-utf8", "kind", "lets UnicodeDecodeError escape (HTTP-035)"),
    Row("http-message-member-both", "fields.Message", "prefers message to Message (HTTP-032)"),
    Row(
        "http-message-[!m]*",
        "status",
        "treats any other message type as an event, and skips unknown events (EVS-030)",
    ),
    Row("http-exception-modelstreamerror-*", "fields.ErrorCode", "drops ErrorCode (EVS-034)"),
    Row(
        "http-exception-small-message",
        "fields.Message",
        "reads the text only from Message (EVS-038)",
    ),
    Row("http-exception-payload-array", "kind", "lets AttributeError escape (EVS-038)"),
    Row("http-exception-payload-null", "kind", "lets AttributeError escape (EVS-038)"),
    Row("http-exception-payload-not-utf8", "kind", "lets UnicodeDecodeError escape (EVS-038)"),
    Row(
        "http-exception-unmodelled-payload",
        "code",
        "drops the name of an unmodelled exception (EVS-035)",
    ),
    Row(
        "http-exception-unmodelled-[!p]*",
        "code",
        "drops the name of an unmodelled exception (EVS-035)",
    ),
    Row(
        "http-frame-*",
        "kind",
        "reports its own exceptions, and lets built-in ones escape (EVS-002 to EVS-015)",
    ),
    Row("http-truncated-*", "status", "ignores an end inside a frame (EVS-022)"),
    Row(
        "http-incomplete-*",
        "status",
        "does not report the incomplete body to its parser (HTTP-023)",
    ),
    Row("http-error-original-status-object", "kind", "lets TypeError escape (HTTP-035)"),
    Row("http-error-original-status-array", "kind", "lets TypeError escape (HTTP-035)"),
    Row("http-error-original-status-word", "kind", "lets ValueError escape (HTTP-035)"),
    Row("http-error-original-status-text-fraction", "kind", "lets ValueError escape (HTTP-035)"),
    Row(
        "http-error-original-status-below-*",
        "fields.OriginalStatusCode",
        "returns an integer that is out of range (HTTP-035)",
    ),
    Row(
        "http-error-original-status-*-wrapped",
        "fields.OriginalStatusCode",
        "returns an integer that is out of range (HTTP-035)",
    ),
    Row(
        "http-error-original-status-beyond-int64",
        "fields.OriginalStatusCode",
        "returns an integer that is out of range (HTTP-035)",
    ),
    Row(
        "http-error-original-status-text-beyond-*",
        "fields.OriginalStatusCode",
        "returns an integer that is out of range (HTTP-035)",
    ),
    Row("http-small-*", "acceptable", "reads a member only under its modelled name (DIV-009)"),
    Row("http-error-no-code-array", "kind", "lets AttributeError escape (HTTP-035)"),
    Row("http-error-no-code-null", "kind", "lets AttributeError escape (HTTP-035)"),
    Row("http-error-no-code-string", "kind", "lets AttributeError escape (HTTP-035)"),
    Row("http-error-no-code-deep", "kind", "lets RecursionError escape (HTTP-035)"),
    Row("http-error-no-code-gzip", "kind", "lets UnicodeDecodeError escape (HTTP-035)"),
    Row("http-error-no-code-not-utf8", "kind", "lets UnicodeDecodeError escape (HTTP-035)"),
    Row("http-error-no-code-frames", "kind", "lets UnicodeDecodeError escape (HTTP-035)"),
    Row(
        "http-error-incomplete-empty",
        "code",
        "ignores the header of a 5xx response without a body (HTTP-030)",
    ),
    Row("http-code-header-empty", "code", "uses an empty header (HTTP-030)"),
    Row("http-code-type-or-code", "acceptable", "reads code before __type (DIV-001)"),
    Row("http-code-two-hashes", "acceptable", "keeps the text after the last # (DIV-002)"),
    Row(
        "http-code-blanks",
        "code",
        "keeps the spaces, which its HTTP library normally removes (HTTP-031)",
    ),
    Row("http-200-errortype*", "kind", "ignores x-amzn-errortype in a 200 response (HTTP-024)"),
    Row(
        "http-201-errortype",
        "kind",
        "treats each status below 300 as a success, and ignores x-amzn-errortype in it (HTTP-024)",
    ),
    Row(
        "http-xml-[!cds]*",
        "acceptable",
        "reports the status as the code of an XML error (DIV-011)",
    ),
    Row("wire-boto3-frame-unfinished-*", "status", "ignores an end inside a frame (EVS-022)"),
    Row(
        "wire-curl-length-cut-*",
        "status",
        "does not report the incomplete body to its parser (HTTP-023)",
    ),
    Row(
        "wire-javascript-last-chunk-missing-*",
        "status",
        "does not report the incomplete body to its parser (HTTP-023)",
    ),
    Row(
        "wire-refimpl-reset-*",
        "status",
        "does not report the incomplete body to its parser (HTTP-023)",
    ),
    Row("wire-*-model-failed-*", "fields.ErrorCode", "drops ErrorCode (EVS-034)"),
    Row(
        "wire-javascript-exception-unmodelled-*",
        "code",
        "drops the name of an unmodelled exception (EVS-035)",
    ),
    Row("wire-*-crc-*", "kind", "reports its own exceptions (EVS-003, EVS-005)"),
    Row(
        "wire-boto3-success-json-*",
        "kind",
        "checks neither status nor Content-Type, and reads the document as frames (HTTP-021)",
    ),
    Row(
        "wire-refimpl-redirect-*",
        "acceptable",
        "reads a redirect as an error response (DIV-005)",
    ),
]

VERSIONS = {
    "botocore": "botocore 1.44.5",
    "javascript": "@smithy/core 3.41.0",
    "ruby": "aws-eventstream 1.2.0",
}
# By implementation and operation.
ROWS: Dict[Tuple[str, str], List[Row]] = {
    ("botocore", "eventstream.decode"): BOTOCORE_FRAMES,
    ("botocore", "http.response"): BOTOCORE_RESPONSES,
    ("javascript", "eventstream.decode"): JAVASCRIPT,
    ("javascript", "eventstream.encode"): JAVASCRIPT,
    ("ruby", "eventstream.decode"): RUBY,
    ("ruby", "eventstream.encode"): RUBY,
}


# Cases that were written after the last run of all implementations: nobody is known to agree.
NOT_COMPARED = (
    "evs-headers-permuted",
    "evs-name-inherited",
    "evs-order-name-*",
    "evs-order-value-duplicate",
    "evs-encode-name-inherited",
    "evs-encode-*-of-null",
    "evs-encode-timestamp-of-*",
    "evs-encode-boolean-of-zero",
    "evs-encode-unknown-type-*",
    "evs-encode-alike",
    "evs-encode-sequence-*",
)


def row_of(case_id: str, rows: List[Row]) -> Optional[Row]:
    """Return the first row that matches a case, or None."""
    return next((row for row in rows if fnmatch.fnmatchcase(case_id, row.ids)), None)


def source_of(case_id: str, op: str, authority: str) -> str:
    """Return the source of a case: its authority, who agrees with it, and who differs and how."""
    if any(fnmatch.fnmatchcase(case_id, ids) for ids in NOT_COMPARED):
        return authority
    agreeing, differing = [], []
    for (name, its_op), rows in ROWS.items():
        if its_op == op:
            row = row_of(case_id, rows)
            if row is None:
                agreeing.append(VERSIONS[name])
            else:
                differing.append(f"{VERSIONS[name]} {row.why}")
    parts = [authority]
    if agreeing:
        parts.append("agreed by " + ", ".join(agreeing))
    return "; ".join(parts + differing)
