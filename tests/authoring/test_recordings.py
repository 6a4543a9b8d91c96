# SPDX-License-Identifier: MIT
"""Tests of vectors/recordings and of the program that makes it, without the recorded clients.

Each row has its file, and the file's cases are those that the row makes. A second transcription
(plain_sigv4, plain_eventstream) computes the signatures and decodes the frames of other encoders,
so neither the cases nor these tests depend only on the reference.
"""

import json
import re
from pathlib import Path
from typing import Any, Dict, List

import pytest

from authoring import VECTORS, plain_eventstream, plain_sigv4, recordings
from authoring.recordings import ALL, BODY, FOLDER, ROWS, cases_of, scenario_of
from conformance.adapters import refimpl as adapter
from conformance.adapters.refimpl import OPERATIONS
from conformance.cases.case import case_of
from conformance.cases.questions import questions_of
from conformance.cases.scenarios import scenario_case
from conformance.endpoint.checks import EXAMPLE_TOKEN
from conformance.endpoint.scenarios.build import FRAMES
from conformance.protocol.messages import answer_question
from conformance.recording.exchange import (
    case_entries,
    follow,
    input_of,
    joined,
    of_documents,
    signed_request_in,
)
from conformance.recording.files import read_recording, text_of_recording
from conformance.recording.making import is_verified
from conformance.recording.replay import Replay
from conformance.run.asking import addressed
from conformance.run.verdicts import PASS, judge
from tests.conformance.recording.exchanges import asked as exchange
from tests.rows import for_each
from tests.support import committed_cases

pytestmark = pytest.mark.slow  # the whole file; --fast does not import it

BY_NAME = {row.name: row for row in ROWS}
RECORDINGS: Dict[str, Dict[str, Any]] = {
    path.stem: read_recording(str(VECTORS), "recordings/" + path.name)
    for path in FOLDER.glob("*.json")
}
LOADED: Dict[str, List[str]] = {}  # the ids of all cases by their feature
for loaded in committed_cases():
    LOADED.setdefault(loaded.feature, []).append(loaded.id)
CLIENTS = ("refimpl", "boto3", "javascript", "curl")
ENCODED = [row.name for row in ROWS if row.encoder is not None]


def test_each_row_has_its_file_and_each_file_its_row() -> None:
    assert sorted(RECORDINGS) == sorted(BY_NAME) and len(BY_NAME) == len(ROWS)
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 400 * 1024
    for name, recording in RECORDINGS.items():
        assert (FOLDER / (name + ".json")).read_text(encoding="utf-8") == text_of_recording(
            recording
        )


@for_each("name", sorted(BY_NAME))
def test_a_recording_has_the_cases_that_its_row_makes(name: str) -> None:
    row, recording = BY_NAME[name], RECORDINGS[name]
    assert json.loads(json.dumps(cases_of(row, recording))) == recording["cases"]
    assert (
        row.client in CLIENTS
        and name.startswith(row.client + "-")
        and recording["client"].startswith(row.client)
    )


@for_each("name", sorted(BY_NAME))
def test_the_request_is_the_row_s_and_its_signature_is_good_by_two_transcriptions(
    name: str,
) -> None:
    row, recording = BY_NAME[name], RECORDINGS[name]
    assert (
        is_verified(recording)
        and recording["removed"] == []
        and recording["request"]["ended"] == "whole"
    )
    request = signed_request_in(recording)
    assert request.signature == plain_sigv4.sign(input_of(recording, "sigv4.sign"))["signature"]
    assert request.target == f"{row.base}/endpoints/{row.scenario}/invocations-response-stream"
    assert (request.body, request.token, request.region) == (row.body, row.token, "eu-west-1")
    headers = {key.lower(): value for key, value in request.headers}
    assert set(row.members.values()) <= set(headers.values())
    assert request.time == "20150830T123600Z" or row.client == "curl"


@for_each("name", sorted(BY_NAME))
def test_every_case_passes_and_all_of_them_are_loaded(name: str) -> None:
    entries = list(case_entries(RECORDINGS[name]))
    assert sorted(LOADED["recordings/" + name]) == sorted(entry["id"] for entry in entries)
    for entry in entries:
        for question in questions_of(case_of(entry, "recordings/" + name)):
            assert (
                judge(
                    question,
                    answer_question({"op": entry["op"], "input": question.input}, OPERATIONS),
                ).word
                == PASS
            )


@pytest.mark.parametrize("name", ENCODED)
def test_the_frames_of_other_encoders_contain_the_messages_of_the_row(name: str) -> None:
    row, recording = BY_NAME[name], RECORDINGS[name]
    body = follow(joined(of_documents(recording["response"]["pieces"]))).body
    messages, fault = plain_eventstream.decode(body)
    assert fault is None and [message["payload"] for message in documents(messages)] == [
        message["payload"] for message in recording["cases"][-1]["expect"]["output"]["messages"]
    ]
    assert FRAMES[0] not in body  # the reference encodes the headers in another order
    assert ("@smithy/core" if row.encoder == "javascript" else "aws-eventstream") in recording[
        "server"
    ]


def documents(messages: Any) -> List[Dict[str, Any]]:
    return [message if isinstance(message, dict) else message._asdict() for message in messages]


def test_the_recordings_cover_what_exchanges_can_differ_in() -> None:
    halves = [(one["request"], one["response"]) for one in RECORDINGS.values()]
    assert {response["ended"] for _, response in halves} >= {"whole", "close", "reset", "client"}
    heads = [follow(joined(of_documents(response["pieces"]))) for _, response in halves]
    assert {(one.framing.chunked, one.framing.length is None) for one in heads if one.framing} == {
        (True, True),
        (False, False),
        (False, True),
    }
    assert {one.status for one in heads} >= {200, 307, 400, 403, 424, 502} and any(
        len(one.heads) > 1 for one in heads
    )
    assert {row.client for row in ROWS if row.members == ALL and row.token == EXAMPLE_TOKEN} == {
        "refimpl",
        "boto3",
        "javascript",
    }
    assert {row.encoder for row in ROWS} == {None, "javascript", "ruby"} and {
        row.client for row in ROWS
    } == set(CLIENTS)
    assert {row.body for row in ROWS} == {BODY, b"", bytes(range(256))}
    signed = [signed_request_in(one).names for one in RECORDINGS.values()]
    assert len(set(signed)) == 4 and any("x-amz-content-sha256" in names for names in signed)


def test_a_recording_does_not_describe_the_machine() -> None:
    for name, recording in RECORDINGS.items():
        text = json.dumps(recording)
        assert re.findall(r"os/[a-z]+#[^0 ][^ ]*|/(?:home|root|tmp)/", text) == [], name


@pytest.mark.parametrize(
    "name", ["curl-http-1-0", "refimpl-reset", "javascript-smithy-utf-8", "boto3-error-424"]
)
def test_replay_sends_the_recorded_bytes(name: str) -> None:
    recording = RECORDINGS[name]
    seen = joined(of_documents(recording["response"]["pieces"]))
    with Replay([recording], timing=False) as replay:
        assert (
            exchange(replay, joined(of_documents(recording["request"]["pieces"])), until=len(seen))[
                0
            ]
            == seen
        )


@for_each("name", sorted(row.name for row in ROWS if row.encoder is None))
def test_the_reference_client_passes_the_scenario_on_its_recording(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "_INVOKE_READ_TIMEOUT", 0.3)
    case = scenario_case(scenario_of(BY_NAME[name]))
    with Replay([RECORDINGS[name]], timing=False) as replay:
        given = addressed(case, case.input, replay.url)
        answer = answer_question({"op": "invoke", "input": given}, OPERATIONS)
    assert judge(questions_of(case)[0], answer).word == PASS, answer


def test_the_cases_of_one_recording_are_rewritten_without_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recordings, "FOLDER", tmp_path)
    monkeypatch.setattr(recordings, "VECTORS", tmp_path)
    path = tmp_path / "boto3-default.json"
    whole = (FOLDER / path.name).read_text(encoding="utf-8")
    document = json.loads(whole)
    document["cases"] = []
    path.write_text(json.dumps(document), encoding="utf-8")
    recordings.main(["--cases", "boto3-default"])
    assert path.read_text(encoding="utf-8") == whole
    assert (tmp_path / "MANIFEST.sha256").read_text(encoding="ascii").endswith(path.name + "\n")


def test_an_unknown_row_is_an_error() -> None:
    with pytest.raises(SystemExit, match="no row named nobody"):
        recordings.main(["nobody"])
