# SPDX-License-Identifier: MIT
"""What a report explains about a failing case: every byte of a stream, every stage of a signature,
and where the first byte that differs comes from. The lines are those of `refimpl explain`.
"""

import json
import subprocess
import sys

import pytest

from conformance.cases.questions import input_bytes
from conformance.report.causes import explained_lines, origin_of
from conformance.report.html import html_text
from conformance.report.json_report import report_document
from conformance.report.terminal import report_lines
from conformance.run.runner import Implementation
from conformance.run.verdicts import FAIL, Difference, Result, verdict
from tests.support import committed_cases

pytestmark = pytest.mark.slow  # the whole file; --fast does not import it

CASES = {case.id: case for case in committed_cases()}
DAMAGED = CASES["evs-message-crc-last-bit"]
SIGNED = CASES["sig-value-runs"]
REQUEST = SIGNED.expect["output"]["canonical_request"]
DIFFERENCE = Difference("canonical_request", REQUEST, REQUEST.replace("a b c", "a  b   c"))


def _failed(case, difference):
    return Result(case, "whole", verdict(FAIL, "", difference), 0.0)


def _printed(*arguments, stdin=b""):
    """Return the lines that `refimpl explain` prints."""
    command = [sys.executable, "-m", "refimpl", "explain", *arguments]
    printed = subprocess.run(command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return printed.stdout.decode("utf-8").split("\n")


def test_the_bytes_of_a_stream_are_those_of_explain_frames():
    lines = explained_lines(DAMAGED, 200)
    text = "\n".join(lines)
    assert "message_crc ffaf521a, computed ffaf521b  [EVS-003]" in text
    assert "one flipped bit explains this: bit 0 of byte 42" in text
    printed = _printed("frames", stdin=input_bytes(DAMAGED))
    assert lines == printed[: len(lines)]
    only = explained_lines(DAMAGED, 200, only_errors=True)
    assert 0 < len(only) < len(lines) and set(only) <= set(lines)


def test_a_case_without_an_error_has_no_error_lines():
    assert explained_lines(CASES["evs-frame-header-payload"], 8, only_errors=True) == []
    assert explained_lines(CASES["txt-line-one"], 8) == []


def test_many_lines_are_shortened():
    lines = explained_lines(DAMAGED, 4)
    assert len(lines) == 4 and "explain frames" in lines[-1]
    assert "explain sign" in explained_lines(SIGNED, 4)[-1]


def test_the_stages_of_a_signature_are_explained():
    text = "\n".join(explained_lines(SIGNED, 200))
    assert "canonical request  [SIG-001]" in text and "x-test:a b c\\n" in text
    assert "the header, white space removed  [SIG-012]" in text
    # A request that cannot be signed has no stages.
    assert explained_lines(CASES["sig-value-refused-cr"], 200) == []


def test_the_origin_of_the_first_byte_that_differs():
    found = origin_of(SIGNED, DIFFERENCE)
    position = REQUEST.index("a b c") + 2
    expected = f"byte {position}, in line 6, is from the header, white space removed (SIG-012)"
    assert found == expected
    for other in (None, Difference("signature", "a", "b"), Difference("canonical_request", 1, 2)):
        assert origin_of(SIGNED, other) is None
    another = Difference("canonical_request", REQUEST + "x", REQUEST)
    assert origin_of(SIGNED, another) is None
    assert origin_of(DAMAGED, DIFFERENCE) is None


def test_every_signed_case_has_an_origin_for_each_byte():
    for case in list(CASES.values())[::7]:
        request = case.expect.get("output", {}).get("canonical_request")
        # The bodies of sign-mix-* may be too long.
        if case.op != "sigv4.sign" or request is None or not case.id.startswith("sig-"):
            continue
        for at in range(0, len(request), 5):
            changed = request[:at] + "\0" + request[at + 1 :]
            found = origin_of(case, Difference("canonical_request", request, changed))
            assert found is not None and f"byte {at}," in found, case.id


def test_both_reports_show_it():
    status = Difference("status", "reject message_crc", "ok")
    results = [_failed(SIGNED, DIFFERENCE), _failed(DAMAGED, status)]
    text = "\n".join(report_lines(results, {}))
    assert "origin    byte " in text and "computed ffaf521b" in text
    said = Implementation("mine", "1", "perl", ("eventstream.decode", "sigv4.sign"), {})
    document = report_document(said, results, False, with_answers=True)
    entries = {entry["id"]: entry for entry in json.loads(json.dumps(document))["cases"]}
    assert entries[SIGNED.id]["origin"] == origin_of(SIGNED, DIFFERENCE)
    page = html_text([document], CASES.values(), {})
    assert page.count("every byte with its meaning") == 2
    assert "computed ffaf521b" in page and "white space removed" in page
