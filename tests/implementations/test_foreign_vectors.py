# SPDX-License-Identifier: MIT
"""Run the vectors against third-party implementations, and list each disagreement in a table.

The vectors were written without these implementations. Because these agree with almost all accepted
cases, the vectors are more than a record of refimpl. The rows for event streams are in
authoring/differences.py. A row selects cases by a glob and quotes the beginning of the different
value, or `refused_after` for an error that comes late. Every row runs: a change in an
implementation fails the test, as does a case without a row. Cases that combine values (mix,
sequence) have no rows. The rows apply to @smithy/core 3.41.0, aws-eventstream 1.2.0 and aws-sigv4
1.5.1, in November 2026. authoring/test_sig.py compares the signing cases with botocore and awscrt.
"""

import re
from itertools import zip_longest
from typing import Any, Dict, Iterator, List, Tuple

import pytest

from authoring.differences import JAVASCRIPT, RUBY, Row, row_of
from conformance.cases.case import Case
from conformance.cases.questions import questions_of
from conformance.implementations.registry import start_adapter
from conformance.run.kinds import ANY
from conformance.run.timing import REFUSED_AFTER
from conformance.run.verdicts import ACCEPTABLE, PASS, Verdict, judge
from tests.implementations import installed
from tests.support import committed_cases

pytestmark = pytest.mark.slow

PATIENCE = 60.0  # seconds; only a watchdog
MANY_CHUNKS = 8192  # Ruby copies all that it has with each chunk

SINGLE = [case for case in committed_cases() if not re.search("-(mix|sequence)-", case.id)]
CASES = [case for case in SINGLE if case.op in ("eventstream.decode", "eventstream.encode")]
SIGNING = [case for case in SINGLE if case.op in ("sigv4.sign", "sigv4.presign")]


RUBY_SIGNING = [
    Row("sig-*host-refused-empty-*", "headers are a hash", "no name twice (SIG-013)"),
    Row(
        "sig-presign-target-refused-*-in-query",
        "ok|ArgumentError",
        "Ruby's URI rejects it (SIG-026)",
    ),
    Row("sig-presign-body-hash-header-*", "", "the header is believed (SIG-019)"),
    Row(
        "sig-*-refused-*",
        "ok|AKIDEXAMPLE|it takes a URL|a token is always signed|acceptable",
        "only invalid URLs and missing credentials are rejected (SIG-025, SIG-028, SIG-029)",
    ),
    Row("sig-method-lower-case", "POST", "the method is written in upper case (SIG-002)"),
    Row("sig-path-dot*", "/", "paths are normalised where aws-crt is installed alone (SIG-003)"),
    Row(
        "sig-path-slashes*", "/", "paths are normalised where aws-crt is installed alone (SIG-003)"
    ),
    Row(
        "sig-presign-path",
        "9a6dd992",
        "paths are normalised where aws-crt is installed alone (SIG-003)",
    ),
    Row("sig-path-*-number-sign", "it takes a URL", "a URL ends there (SIG-026)"),
    Row(
        "sig-path-single-plus",
        "acceptable",
        "a path that is encoded once is used unchanged (SIG-005)",
    ),
    Row(
        "sig-path-single-colon",
        "acceptable",
        "a path that is encoded once is used unchanged (SIG-005)",
    ),
    Row(
        "sig-query-by-value-empty-first",
        "reject ArgumentError: comparison of Array with Array failed",
        "an empty value and another one (SIG-009)",
    ),
    Row(
        "sig-query-empty-pieces",
        "reject ArgumentError: comparison of Array with Array failed",
        "an empty piece among others (SIG-010)",
    ),
    Row(
        "sig-presign-query",
        "reject ArgumentError: comparison of Array with Array failed",
        "an empty piece among others (SIG-010)",
    ),
    Row("sig-query-*", "", "a query is sorted, and neither decoded nor encoded (SIG-008)"),
    Row("sig-value-quotes", 'x-test:"a  b"', "a value in quotes is left as it is (SIG-012)"),
    Row("sig-unsigned-*", "", "all is signed that its caller does not exclude (SIG-015)"),
    Row("sig-call-*", "acceptable", "all is signed that its caller does not exclude (SIG-015)"),
    Row("sig-resembling-*-hop-by-hop", "signs connection", "it is signed as well (SIG-015)"),
    Row("sig-illustrated-call", "acceptable", "user-agent and connection are signed (SIG-015)"),
    Row("sig-time-header-replaced", "20010101T000000Z", "a given time is kept (SIG-016)"),
    Row(
        "sig-presign-unsigned-headers",
        "",
        "all is signed that its caller does not exclude (SIG-015)",
    ),
    Row("sig-token-empty", "", "an empty token is signed (SIG-017)"),
    Row("sig-presign-token-empty", "", "an empty token is signed (SIG-017)"),
    Row(
        "sig-body-signed-header-replaced",
        "0000",
        "the header is believed (SIG-019)",
    ),
    Row("sig-body-hash-header-alone", "0000", "the header is believed (SIG-019)"),
    Row(
        "sig-presign-replaces-*",
        "",
        "parameters of its own names are kept beside its own (SIG-030)",
    ),
    Row(
        "sig-presign-drops-token",
        "",
        "parameters of its own names are kept beside its own (SIG-030)",
    ),
    Row("sig-presign-date-header", "", "the header is signed, and its own names are too (SIG-034)"),
    Row(
        "sig-presign-token-header", "", "the header is signed, and its own names are too (SIG-034)"
    ),
    # It cannot be asked: it takes a URL and a hash, and has no such option.
    Row("sig-*token-unsigned*", "a token is always signed", "no option (SIG-018)"),
    Row("sig-value-*", "headers are a hash", "no name twice (SIG-013)"),
    Row("sig-name-same-*", "headers are a hash", "no name twice (SIG-013)"),
    Row(
        "sig-path-*",
        "it takes a URL",
        "no blanks, no text beyond ASCII, no lone percent sign (SIG-026)",
    ),
    Row("sig-presign-path-octets-*", "it takes a URL", "no text beyond ASCII (SIG-026)"),
    Row("sig-presign-order-encoded", "it takes a URL", "no text beyond ASCII (SIG-026)"),
]

TABLES = (("javascript", CASES, JAVASCRIPT), ("ruby", CASES, RUBY), ("ruby", SIGNING, RUBY_SIGNING))


def verdicts_of(name: str, cases: List[Case]) -> Iterator[Tuple[Case, List[Verdict]]]:
    """Yield each case with its verdicts, one for each chunking."""
    with start_adapter(installed(name)) as adapter:
        # The tables list built-in exceptions, which would stand for all kinds.
        kinds: Dict[str, Any] = {
            name: kind for name, kind in adapter.hello["kinds"].items() if kind != ANY
        }
        for case in cases:
            questions = [
                question
                for question in questions_of(case)
                if len(question.input.get("chunks", ())) <= MANY_CHUNKS
            ]
            yield (
                case,
                [
                    judge(question, adapter.ask(case.op, question.input, PATIENCE), kinds)
                    for question in questions
                ],
            )


def told_of(verdict: Verdict) -> str:
    """Return the different value, its first different line, or why the case is unsupported."""
    if verdict.difference is None:
        return "acceptable" if verdict.word == ACCEPTABLE else verdict.note
    if verdict.difference.stage == REFUSED_AFTER:
        return REFUSED_AFTER
    expected, actual = str(verdict.difference.expected), str(verdict.difference.actual)
    lines = zip_longest(expected.split("\n"), actual.split("\n"), fillvalue="")
    return next((theirs for ours, theirs in lines if ours != theirs), actual)


@pytest.mark.parametrize("name, cases, rows", TABLES, ids=("javascript", "ruby", "ruby-signing"))
def test_a_peer_differs_where_the_table_says(name: str, cases: List[Case], rows: List[Row]) -> None:
    used = set()
    strange: List[Any] = []
    for case, verdicts in verdicts_of(name, cases):
        row = row_of(case.id, rows)
        if row is not None and cases is CASES and all(verdict.word == PASS for verdict in verdicts):
            strange.append((case.id, "agrees with the case, and the table says that it does not"))
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
    """The few different cases do not come from habits of refimpl."""
    differing = {
        case.id
        for case in CASES
        if case.expect["status"] == "ok" and row_of(case.id, rows) is not None
    }
    assert differing <= {
        "evs-type-timestamp-extremes",
        "evs-name-of-an-object",
        "evs-name-inherited",
        "evs-encode-timestamp",
        "evs-encode-payload-25165824",
    }
    assert sum(case.expect["status"] == "ok" for case in CASES) > 70
