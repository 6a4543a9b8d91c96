# SPDX-License-Identifier: MIT
"""boto3, AWS's SDK for JavaScript and curl call the endpoint: every scenario of its catalogue, one attempt each.

Asserted hard: the endpoint verified each client's every signature, and each is right on every stream that is as it should be.
Everything else that they do stands in reports/foreign-clients.json, which `python3 -m conformance peers record`
writes; a fresh run must come to the verdicts that are recorded there, so that the record stays true. It is compared only with
the very versions that it was made with; another one is a reason to skip, and to record anew.
"""

from functools import lru_cache
from typing import Any, Dict, List

import pytest

from conformance.endpoint import scenarios
from conformance.run import runner
from conformance.endpoint.scenarios import examples
from conformance.implementations.foreign import (
    CLIENTS,
    differences,
    faults_of,
    play,
    read_report,
    run_client,
)
from tests.implementations import peer

EXAMPLES = {scenario.name: scenario for scenario in examples()}
PLAIN = [
    name
    for name in EXAMPLES
    if name in {entry.name for entry in scenarios._good_streams()}
    or name.startswith("long-answer-")
]


@lru_cache(maxsize=None)
def played(name: str) -> Dict[str, Any]:
    return run_client(name)


@pytest.fixture(params=CLIENTS)
def client(request: Any) -> str:
    return str(peer(request.param).name)


def test_the_plain_good_streams_are_many() -> None:
    assert len(PLAIN) == 27 and all(EXAMPLES[name].expect.status == "ok" for name in PLAIN)
    assert {
        "default",
        "default-length",
        "long-answer-1000",
        "empty-stream",
        "one-byte-at-a-time",
        "utf-8-split",
        "big-part",
    } < set(PLAIN)


def test_every_signature_is_verified_and_every_call_made_once(client: str) -> None:
    rows = played(client)["scenarios"]
    assert set(rows) == set(EXAMPLES)
    assert [
        name for name, row in rows.items() if {"unverified", "called_again"} & set(row["faults"])
    ] == []


def test_it_is_right_on_the_plain_good_streams(client: str) -> None:
    rows = played(client)["scenarios"]
    assert {name: rows[name] for name in PLAIN if rows[name]["faults"]} == {}
    assert [(name, rows[name]["parts"]) for name in PLAIN] == [
        (name, len(EXAMPLES[name].expect.parts)) for name in PLAIN
    ]


def test_a_fresh_run_comes_to_the_recorded_verdicts(client: str) -> None:
    fresh, recorded = played(client), read_report()["clients"][client]
    if fresh["version"] != recorded["version"]:
        pytest.skip(f"recorded with {client} {recorded['version']}; here is {fresh['version']}")
    assert differences(recorded, fresh) == []


def test_a_refused_signature_is_seen(client: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(runner._KEYS, "secret_key", "wrong")
    scenario = EXAMPLES["frames-merged"]
    outcome = play(peer(client), [scenario], workers=1)[1][scenario.name]
    assert not outcome.verified and outcome.parts == ()
    faults: List[str] = faults_of(client, scenario, outcome)
    assert faults[0] == "unverified" and faults[1:] in (
        ["good_refused", "parts_lost"],
        ["lost_in_silence", "status_differs"],
    )
    assert (outcome.code or outcome.http_status) in ("InvalidSignatureException", 403)
