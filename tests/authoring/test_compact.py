# SPDX-License-Identifier: MIT
"""Tests of compact.py: a compacted case asks and expects the same."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authoring import features
from authoring.compact import LONG, compacted, description_of
from conformance.cases.case import case_of
from conformance.cases.described import described_bytes
from conformance.cases.questions import questions_of

pytestmark = pytest.mark.slow  # the whole file; --fast does not import it

FEATURES = features()


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_a_compacted_case_leads_to_the_same_questions(feature):
    for case in feature.cases:
        short = compacted(case)
        if short != case:
            before = [
                (question.input, question.expect) for question in questions_of(case_of(case, ""))
            ]
            assert [
                (question.input, question.expect) for question in questions_of(case_of(short, ""))
            ] == before, case["id"]


@given(
    st.lists(st.tuples(st.binary(min_size=1, max_size=5), st.integers(1, 400)), max_size=4).map(
        lambda runs: b"".join(data * times for data, times in runs)
    )
)
def test_a_description_has_the_bytes(data):
    description = description_of(data)
    assert description is None or described_bytes(description) == data


def test_descriptions():
    assert description_of(b"ab" * 1000) == {"repeat": {"text": "ab"}, "times": 1000}
    assert description_of(b"\xff" * 1000 + b"x") == [
        {"repeat": {"base64": "/w=="}, "times": 1000},
        {"text": "x"},
    ]
    assert description_of(b"") is None
    assert description_of(bytes(range(256)) * 3) is None


def test_only_long_values_are_described():
    def case(size):
        body = base64.b64encode(b"a" * size).decode("ascii")
        return {"op": "sigv4.sign", "input": {"body": body}, "expect": {"status": "ok"}}

    assert compacted(case(LONG // 2)) == case(LONG // 2)
    assert compacted(case(LONG))["input"]["body"] == {"repeat": {"text": "a"}, "times": LONG}
