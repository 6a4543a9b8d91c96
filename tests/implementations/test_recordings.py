# SPDX-License-Identifier: MIT
"""Tests that record again, with each client and each encoder, and compare with vectors/recordings.

Only request ids, ports and times may differ.
"""

from pathlib import Path
from typing import Any, Iterator

import pytest

from authoring import VECTORS
from authoring.recordings import ROW_BY_NAME, Implementations, record_row
from conformance.recording.exchange import follow, joined, of_documents, signed_request_in
from conformance.recording.files import read_recording
from tests.implementations import installed

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def implementations() -> Iterator[Implementations]:
    started = Implementations()
    yield started
    started.close()


@pytest.mark.parametrize(
    "name",
    [
        "refimpl-all-members",
        "boto3-all-members",
        "javascript-all-members",
        "curl-default",
        "refimpl-smithy-types",
        "refimpl-ruby-utf-8",
    ],
)
def test_a_new_recording_equals_the_committed_one(
    name: str, implementations: Implementations, tmp_path: Path
) -> None:
    row = ROW_BY_NAME[name]
    for needed in {row.client, row.encoder} - {"refimpl", None}:
        installed(str(needed))
    record_row(row, implementations, tmp_path)
    fresh, committed = (
        read_recording(str(tmp_path), name + ".json"),
        read_recording(str(VECTORS), f"recordings/{name}.json"),
    )
    if (fresh["client"], fresh["server"]) != (committed["client"], committed["server"]):
        pytest.skip(f"recorded with {committed['client']}; this is {fresh['client']}")
    assert [case["id"] for case in fresh["cases"]] == [case["id"] for case in committed["cases"]]
    assert [key for key, _ in signed_request_in(fresh).headers] == [
        key for key, _ in signed_request_in(committed).headers
    ]
    assert body_of(fresh) == body_of(committed)


def body_of(recording: Any) -> bytes:
    return follow(joined(of_documents(recording["response"]["pieces"]))).body
