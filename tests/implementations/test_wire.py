# SPDX-License-Identifier: MIT
"""The recordings of vectors/recordings made anew, one of each client and of each encoder, come to the same: but ids, ports and times."""

from pathlib import Path
from typing import Any, Iterator

import pytest

from authoring import VECTORS
from authoring.wire import ROWS, Peers, record_row
from conformance.cases.load import read_recording
from conformance.recording.exchange import asked_in, follow, joined, of_documents
from tests.implementations import peer

ROWS_BY_NAME = {row.name: row for row in ROWS}


@pytest.fixture(scope="module")
def peers() -> Iterator[Peers]:
    made = Peers()
    yield made
    made.close()


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
def test_a_fresh_recording_is_the_committed_one(name: str, peers: Peers, tmp_path: Path) -> None:
    row = ROWS_BY_NAME[name]
    for needed in {row.client, row.encoder} - {"refimpl", None}:
        peer(str(needed))
    record_row(row, peers, tmp_path)
    fresh, committed = (
        read_recording(str(tmp_path), name + ".json"),
        read_recording(str(VECTORS), f"recordings/{name}.json"),
    )
    if (fresh["client"], fresh["server"]) != (committed["client"], committed["server"]):
        pytest.skip(f"recorded with {committed['client']}; here is {fresh['client']}")
    assert [case["id"] for case in fresh["cases"]] == [case["id"] for case in committed["cases"]]
    assert [key for key, _ in asked_in(fresh).headers] == [
        key for key, _ in asked_in(committed).headers
    ]
    assert body_of(fresh) == body_of(committed)


def body_of(recording: Any) -> bytes:
    return follow(joined(of_documents(recording["response"]["pieces"]))).body
