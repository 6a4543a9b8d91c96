# SPDX-License-Identifier: MIT
"""The vectors, put to software of others: what disagrees stands in a table, each row with what the peer does.

The vectors were written without these peers; that they agree with the accepted cases, all but the rows below, is what tells
the vectors from a record of refimpl. A row names cases by a glob and the word that the peer's answer has at the place where it
differs. Every row is run: a peer that changes its mind, and a case that no row explains, fails. The rows are true of
@smithy/core 3.41.0, aws-eventstream 1.2.0 and aws-sigv4 1.5.1, in November 2026. (The cases of signing meet botocore and awscrt in
tests/test_authoring_sig.py.)
"""
import fnmatch
from itertools import zip_longest
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

import pytest

from conformance.cases import Case, load_cases, questions_of
from conformance.peers import start_adapter
from conformance.verdicts import PASS, Verdict, judge

from . import peer

PATIENCE = 60.0  # seconds; only a watchdog
MANY_CHUNKS = 8192  # Ruby copies all that it has with each chunk

CASES = [case for case in load_cases() if case.op in ("eventstream.decode", "eventstream.encode")]
SIGNING = [case for case in load_cases() if case.op in ("sigv4.sign", "sigv4.presign")]


class Row(NamedTuple):
    """Cases in which a peer differs: a glob of ids, what it answers there, and why."""

    ids: str
    actual: str     # how the text of the difference's actual value begins, its first line that differs
    why: str


JAVASCRIPT = [
    Row("evs-total-length-changed", "truncated", "the prelude is checked when the whole frame has come (EVS-004)"),
    Row("evs-between-frames-*", "truncated|RangeError", "the prelude is checked when the whole frame has come (EVS-004)"),
    Row("evs-no-stream-*", "truncated", "the prelude is checked when the whole frame has come (EVS-004)"),
    Row("evs-order-prelude-crc-length", "length", "the least length is asked for before the checksum (EVS-004)"),
    Row("evs-order-prelude-crc-limit", "truncated", "the prelude is checked when the whole frame has come (EVS-004)"),
    Row("evs-order-prelude-crc-truncated", "truncated", "the prelude is checked when the whole frame has come (EVS-004)"),
    Row("evs-total-length-[01]", "RangeError", "a length below 4 ends in JavaScript's own error (EVS-006)"),
    Row("evs-headers-length-*", "RangeError|ok",
        "headers_length is not held against the frame: the block is read until it ends (EVS-007, EVS-010)"),
    Row("evs-total-length-largest*", "truncated", "there is no ceiling (EVS-008)"),
    Row("evs-total-length-sign-bit", "truncated", "there is no ceiling (EVS-008)"),
    Row("evs-order-length-truncated", "truncated", "lengths are checked when the whole frame has come (EVS-028)"),
    Row("evs-order-headers-length-truncated", "truncated", "lengths are checked when the whole frame has come (EVS-028)"),
    Row("evs-order-length-message-crc", "message_crc", "lengths are checked when the whole frame has come (EVS-028)"),
    Row("evs-type-timestamp-extremes", "none", "a Date ends in the year 275760 (EVS-019)"),
    Row("evs-name-of-an-object", "absent", "headers are a plain object, where __proto__ is no name (EVS-014)"),
    Row("evs-name-empty*", "ok", "an empty name is read (EVS-011)"),
    Row("evs-duplicate-header*", "ok", "of two headers of one name the last is kept (EVS-014)"),
    Row("evs-utf8-[!e]*-in-*", "ok", "what is no UTF-8 is read with U+FFFD in it (EVS-012, EVS-015)"),
    Row("evs-header-cut-*", "RangeError|ok", "a header is read on into the payload, or JavaScript's own error escapes (EVS-010)"),
    Row("evs-header-value-one-short", "RangeError", "JavaScript's own error escapes (EVS-010)"),
    Row("evs-truncated-at-[13]", "ok", "an end inside the first length is none (EVS-022)"),
    Row("evs-truncated-first-frame-at-2", "ok", "an end inside the first length is none (EVS-022)"),
    Row("evs-behind-the-last-frame-newline", "ok", "an end inside the first length is none (EVS-022)"),
    Row("evs-behind-the-last-frame-nul", "ok", "an end inside the first length is none (EVS-022)"),
    Row("evs-behind-the-last-frame-eleven-bytes", "RangeError", "a length of 0 ends in JavaScript's own error (EVS-006)"),
    Row("evs-encode-int*-above", "ok", "an integer that does not fit is cut to its width (EVS-018)"),
    Row("evs-encode-int*-below", "ok", "an integer that does not fit is cut to its width (EVS-018)"),
    Row("evs-encode-timestamp-[ab]*", "ok", "an instant beyond JavaScript's dates is written as 1970 (EVS-019)"),
    Row("evs-encode-timestamp", "0", "an instant beyond JavaScript's dates is written as 1970 (EVS-019)"),
    Row("evs-encode-name-empty", "ok", "an empty name is written (EVS-011)"),
    Row("evs-encode-name-256*", "Error", "it is refused, by an error without a name of its own (EVS-011)"),
    Row("evs-encode-duplicate-header*", "ok", "headers are an object, which cannot hold a name twice: the last is written (EVS-014)"),
    Row("evs-encode-unknown-type", "TypeError", "it is refused, by JavaScript's own error (EVS-013)"),
    Row("evs-encode-boolean-of-*", "ok", "any value counts as true or false (EVS-013)"),
    Row("evs-encode-string-of-*", "TypeError", "it is refused, by JavaScript's own error (EVS-013)"),
    Row("evs-encode-int*-of-*", "ok", "a value of another type is turned into an integer (EVS-013)"),
    Row("evs-encode-*-32768*", "Error", "it is refused, by an error without a name of its own (EVS-017)"),
    Row("evs-encode-headers-131073", "ok", "the length of all headers has no bound (EVS-025)"),
]

RUBY = [
    Row("evs-encode-timestamp-[ab]*", "ok", "an instant that does not fit is cut to its width (EVS-019)"),
    Row("evs-total-length-1", "message_crc", "the least length is not asked for: the checksum finds it (EVS-006)"),
    Row("evs-total-length-0", "message_crc", "the least length is not asked for: the checksum finds it (EVS-006)"),
    Row("evs-total-length-1[25]", "message_crc", "the least length is not asked for: the checksum finds it (EVS-006)"),
    Row("evs-headers-length-*", "TypeError|ok", "headers_length is not held against the frame: what there is, is read (EVS-007, EVS-010)"),
    Row("evs-total-length-largest*", "ok", "there is no ceiling, and no end of stream (EVS-008, EVS-022)"),
    Row("evs-total-length-sign-bit", "ok", "there is no ceiling, and no end of stream (EVS-008, EVS-022)"),
    Row("evs-total-length-longest-written", "ok", "there is no end of stream (EVS-022)"),
    Row("evs-order-length-truncated", "ok", "lengths are checked when the whole frame has come (EVS-028)"),
    Row("evs-order-headers-length-truncated", "ok", "lengths are checked when the whole frame has come (EVS-028)"),
    Row("evs-order-length-message-crc", "message_crc", "the checksum is asked alone (EVS-028)"),
    Row("evs-name-empty*", "ok", "an empty name is read (EVS-011)"),
    Row("evs-duplicate-header*", "ok", "of two headers of one name the last is kept (EVS-014)"),
    Row("evs-header-type-*", "ok", "a header of unknown type is read as if it were a string (EVS-013)"),
    Row("evs-header-cut-*", "TypeError|ok", "what is cut short is read as it is, or Ruby's own error escapes (EVS-010)"),
    Row("evs-header-value-one-short", "TypeError", "Ruby's own error escapes (EVS-010)"),
    Row("evs-truncated-*", "ok", "there is no end of stream (EVS-022)"),
    Row("evs-behind-the-last-frame-*", "ok", "there is no end of stream (EVS-022)"),
    Row("evs-encode-int*-above", "ok", "an integer that does not fit is cut to its width (EVS-018)"),
    Row("evs-encode-int*-below", "ok", "an integer that does not fit is cut to its width (EVS-018)"),
    Row("evs-encode-name-empty", "ok", "an empty name is written (EVS-011)"),
    Row("evs-encode-name-256*", "ok", "its length is written cut to one byte: the frame cannot be read (EVS-011)"),
    Row("evs-encode-duplicate-header*", "ok", "headers are a hash, which cannot hold a name twice: the last is written (EVS-014)"),
    Row("evs-encode-unknown-type", "KeyError", "our adapter has no name for it (EVS-013)"),
    Row("evs-encode-boolean-of-*", "ok", "any value counts as true or false (EVS-013)"),
    Row("evs-encode-string-of-*", "NoMethodError", "it is refused, by Ruby's own error (EVS-013)"),
    Row("evs-encode-int8-of-boolean", "TypeError", "it is refused, by Ruby's own error (EVS-013)"),
    Row("evs-encode-int32-of-fraction", "ok", "a fraction is cut off (EVS-013)"),
    Row("evs-encode-*-32768*", "ok", "a value may have 65,535 bytes (EVS-017)"),
]

RUBY_SIGNING = [
    Row("sig-*-refused-*", "ok|URI|Aws|Encoding|takes a URL",
        "nothing is refused but what is no URL, and missing credentials (SIG-025, SIG-028, SIG-029)"),
    Row("sig-method-lower-case", "POST", "the method is written in upper case (SIG-002)"),
    Row("sig-path-dot*", "/", "paths are normalised where aws-crt is installed alone (SIG-003)"),
    Row("sig-path-slashes*", "/", "paths are normalised where aws-crt is installed alone (SIG-003)"),
    Row("sig-presign-path", "9a6dd992", "paths are normalised where aws-crt is installed alone (SIG-003)"),
    Row("sig-path-*-number-sign", "/a", "a URL ends there (SIG-026)"),
    Row("sig-path-single-plus", "/a+b", "a path that is encoded once is taken as it stands (SIG-005)"),
    Row("sig-path-single-colon", "/a:b/c", "a path that is encoded once is taken as it stands (SIG-005)"),
    Row("sig-query-by-value-empty-first", "reject ArgumentError: comparison of Array with Array failed",
        "an empty value and another one (SIG-009)"),
    Row("sig-query-empty-pieces", "reject ArgumentError: comparison of Array with Array failed", "an empty piece among others (SIG-010)"),
    Row("sig-presign-query", "reject ArgumentError: comparison of Array with Array failed", "an empty piece among others (SIG-010)"),
    Row("sig-query-*", "", "a query is sorted, and neither decoded nor encoded (SIG-008)"),
    Row("sig-value-quotes", 'x-test:"a  b"', "a value in quotes is left as it is (SIG-012)"),
    Row("sig-unsigned-*", "", "all is signed that its caller does not exclude (SIG-015)"),
    Row("sig-call-*", "user-agent:|accept-encoding:", "all is signed that its caller does not exclude (SIG-015)"),
    Row("sig-presign-unsigned-headers", "", "all is signed that its caller does not exclude (SIG-015)"),
    Row("sig-token-empty", "x-amz-security-token:", "an empty token is signed (SIG-017)"),
    Row("sig-presign-token-empty", "", "an empty token is signed (SIG-017)"),
    Row("sig-body-signed-header-replaced", "x-amz-content-sha256:0000", "the header is believed (SIG-019)"),
    Row("sig-body-hash-header-alone", "0000", "the header is believed (SIG-019)"),
    Row("sig-presign-replaces-*", "", "parameters of its own names are kept beside its own (SIG-030)"),
    Row("sig-presign-drops-token", "", "parameters of its own names are kept beside its own (SIG-030)"),
    Row("sig-presign-date-header", "", "the header is signed, and its own names are too (SIG-034)"),
    Row("sig-presign-token-header", "", "the header is signed, and its own names are too (SIG-034)"),
    # It cannot be asked: it takes a URL and a hash, and has no such option.
    Row("sig-*token-unsigned*", "a token is always signed", "no option (SIG-018)"),
    Row("sig-value-*", "headers are a hash", "no name twice (SIG-013)"),
    Row("sig-name-same-*", "headers are a hash", "no name twice (SIG-013)"),
    Row("sig-path-*", "takes a URL", "no blanks, no text beyond ASCII, no lone percent sign (SIG-026)"),
    Row("sig-presign-order-encoded", "takes a URL", "no text beyond ASCII (SIG-026)"),
]

TABLES = (("javascript", CASES, JAVASCRIPT), ("ruby", CASES, RUBY), ("ruby", SIGNING, RUBY_SIGNING))


def verdicts_of(name: str, cases: List[Case]) -> Iterator[Tuple[Case, List[Verdict]]]:
    """Put cases to a peer, in each delivery."""
    with start_adapter(peer(name)) as adapter:
        kinds: Dict[str, str] = adapter.hello["kinds"]
        for case in cases:
            questions = [question for question in questions_of(case) if len(question.input.get("chunks", ())) <= MANY_CHUNKS]
            yield case, [judge(question, adapter.ask(case.op, question.input, PATIENCE), kinds) for question in questions]


def told_of(verdict: Verdict) -> str:
    """What the peer has at the place where it differs: of several lines the first that differs; or why it cannot be asked."""
    if verdict.difference is None:
        return verdict.note
    expected, actual = str(verdict.difference.expected), str(verdict.difference.actual)
    lines = zip_longest(expected.split("\n"), actual.split("\n"), fillvalue="")
    return next((theirs for ours, theirs in lines if ours != theirs), actual)


def row_of(case: Case, rows: List[Row]) -> Optional[Row]:
    return next((row for row in rows if fnmatch.fnmatchcase(case.id, row.ids)), None)


@pytest.mark.parametrize("name, cases, rows", TABLES, ids=("javascript", "ruby", "ruby-signing"))
def test_a_peer_differs_where_the_table_says(name: str, cases: List[Case], rows: List[Row]) -> None:
    used = set()
    strange: List[Any] = []
    for case, verdicts in verdicts_of(name, cases):
        row = row_of(case, rows)
        for verdict in verdicts:
            if verdict.word == PASS:
                continue
            told = told_of(verdict)
            if row is None or not told.startswith(tuple(row.actual.split("|"))):
                strange.append((case.id, verdict.word, told[:80]))
            elif row is not None:
                used.add(row)
    assert strange == []
    assert [row.ids for row in rows if row not in used] == []


@pytest.mark.parametrize("rows", [JAVASCRIPT, RUBY], ids=("javascript", "ruby"))
def test_a_peer_agrees_with_what_is_accepted(rows: List[Row]) -> None:
    """All but a few of the cases that are accepted: what these are is no habit of refimpl."""
    differing = {case.id for case in CASES if case.expect["status"] == "ok" and row_of(case, rows) is not None}
    assert differing <= {"evs-type-timestamp-extremes", "evs-name-of-an-object", "evs-encode-timestamp"}
    assert sum(case.expect["status"] == "ok" for case in CASES) > 70
