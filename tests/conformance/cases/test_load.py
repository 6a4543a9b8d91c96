# SPDX-License-Identifier: MIT
"""Tests of conformance/cases/load.py.

Each test makes a folder of vectors with one error. The error must be reported in one line that
names the file, the case and the key, and must not affect the other cases. The committed vectors
must have no error.
"""

import json
import shutil
from pathlib import Path
from typing import Any, Dict, List

import pytest

from conformance.cases.case import Case, CaseError, to_document
from conformance.cases.load import load_cases, read_cases
from conformance.cases.questions import questions_of
from conformance.files import vectors_folder
from conformance.protocol.messages import OPERATION_NAMES, REJECT_KINDS
from tests.conformance.cases.folders import (
    ENTRY,
    OTHER,
    VECTORS,
    errors_in,
    make_folder,
    write_file,
    write_manifest,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path)


def test_a_folder_is_read(folder: Path) -> None:
    one, two = load_cases(str(folder))
    assert one == Case(
        "evs-one",
        "a frame",
        ("EVS-001",),
        "MUST",
        "eventstream.decode",
        ENTRY["input"],
        ("whole", "bytewise", "halves", "trailing"),
        ENTRY["expect"],
        tuple(ENTRY["acceptable"]),
        ("evs-two",),
        "the cost of the bug",
        "0.1.0",
        "derived",
        "eventstream-decode",
    )
    assert (
        two.id == "evs-two" and to_document(one) == ENTRY and list(to_document(one)) == list(ENTRY)
    )


# A change to a case, and the start of its error after the file name.
BROKEN: List[Any] = [
    ({"why": None}, "evs-one: why: expected string, got None"),
    ({"colour": "red"}, "evs-one: unknown key colour"),
    (
        {"id": "EVS-one"},
        (
            "EVS-one: id: expected "
            "^(?:evs|sig|http|end|shp|txt|net|rty|cfg|cred|exp|invoke|wire|[a-z]+-mix)"
            "(?:-[a-z0-9]+)+$, got EVS-one"
        ),
    ),
    ({"id": 7}, "case 0: id: expected string, got 7"),
    ({"rules": []}, "evs-one: rules: expected at least 1, got 0"),
    ({"rules": ["EVS-1"]}, "evs-one: rules[0]: expected ^[A-Z]+-[0-9]{3}$, got EVS-1"),
    ({"level": "must"}, "evs-one: level: expected MUST or SHOULD or MAY, got must"),
    ({"op": "eventstream.code"}, "evs-one: op: expected sigv4.sign or "),
    ({"input": {}}, "evs-one: input: expected exactly one of frames or text or base64 or"),
    ({"input": {"frames": "", "text": ""}}, "evs-one: input: expected exactly one of frames or"),
    ({"input": {"base64": "AA"}}, "evs-one: input.base64: expected ^(?:"),
    ({"input": {"frames": "frame", "status": 200}}, "evs-one: input: unknown key status"),
    ({"input": {"frames": "frame colour"}}, "evs-one: input: "),
    (
        {"chunking": ["sideways"]},
        "evs-one: chunking[0]: expected whole or bytewise or halves or trailing, got sideways",
    ),
    ({"chunking": ["whole", "whole"]}, "evs-one: chunking: duplicate item whole"),
    ({"expect": {"status": "maybe"}}, "evs-one: expect.status: expected ok or reject, got maybe"),
    ({"expect": {"status": "reject"}}, "evs-one: expect: missing key kind"),
    (
        {"expect": {"status": "reject", "kind": "crc"}},
        "evs-one: expect.kind: expected exactly one of a kind or a list of kinds",
    ),
    (
        {"expect": {"status": "reject", "kind": ["header"]}},
        "evs-one: expect.kind: expected exactly one of",
    ),
    ({"expect": {"status": "ok", "kind": "header"}}, "evs-one: expect: unknown key kind"),
    (
        {"acceptable": [{"expect": {"status": "ok"}, "why": "x"}]},
        "evs-one: acceptable[0]: missing key divergence",
    ),
    ({"since": "new"}, "evs-one: since: expected"),
    ({"op": "sigv4.sign"}, "evs-one: input: missing key method"),
]


@pytest.mark.slow
@pytest.mark.parametrize("change, words", BROKEN, ids=[words for _, words in BROKEN])
def test_an_invalid_case_is_reported_and_affects_no_other(
    change: Dict[str, Any], words: str, folder: Path
) -> None:
    write_file(
        folder,
        "eventstream-decode.json",
        {
            "feature": "eventstream-decode",
            "cases": [dict(ENTRY, **change), dict(OTHER, needs=["evs-two"])],
        },
    )
    write_manifest(folder)
    assert [case.id for case in read_cases(str(folder))[0]] == ["evs-two"]
    [line] = errors_in(folder)
    assert line.startswith("eventstream-decode.json: " + words), line
    with pytest.raises(CaseError) as caught:
        load_cases(str(folder))
    assert str(caught.value) == line


def test_an_entry_without_an_id_is_reported_by_its_index(folder: Path) -> None:
    write_file(folder, "text-sse.json", {"feature": "text-sse", "cases": [7]})
    write_manifest(folder)
    assert (
        errors_in(folder) == ["text-sse.json: case 0: expected object, got 7"]
        and len(read_cases(str(folder))[0]) == 2
    )


@pytest.mark.parametrize(
    "text, words",
    [
        ("{", "text-sse.json: invalid JSON: "),
        (
            '{"feature": "a", "feature": "b", "cases": []}',
            "text-sse.json: a JSON object has a name twice ",
        ),
        ("\udcff", "text-sse.json: JSON is not UTF-8"),
        ("[" * 100, "text-sse.json: JSON is nested too deeply"),
        ("[]", "text-sse.json: expected object, got []"),
        ('{"cases": []}', "text-sse.json: missing key feature"),
        ('{"feature": "a b", "cases": []}', "text-sse.json: feature: expected"),
        ('{"feature": "a", "cases": 7}', "text-sse.json: cases: expected array, got 7"),
        ('{"feature": "a", "cases": [], "more": 1}', "text-sse.json: unknown key more"),
    ],
)
def test_an_invalid_file_is_reported_and_affects_no_other(
    text: str, words: str, folder: Path
) -> None:
    write_file(folder, "text-sse.json", text)
    write_manifest(folder)
    [line] = errors_in(folder)
    assert line.startswith(words), line
    assert len(read_cases(str(folder))[0]) == 2


def test_a_duplicate_id(folder: Path) -> None:
    write_file(folder, "text-sse.json", {"feature": "text-sse", "cases": [ENTRY]})
    write_manifest(folder)
    assert errors_in(folder) == [
        "text-sse.json: evs-one: id: already used in eventstream-decode.json"
    ]
    assert [case.feature for case in read_cases(str(folder))[0]] == ["eventstream-decode"] * 2


def test_an_unknown_rule(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_file(
        folder,
        "text-sse.json",
        {
            "feature": "text-sse",
            "cases": [dict(ENTRY, id="evs-three", rules=["EVS-001", "EVS-999"])],
        },
    )
    write_manifest(folder)
    assert errors_in(folder) == ["text-sse.json: evs-three: rules: EVS-999 is not in SPEC.md"]
    assert len(read_cases(str(folder))[0]) == 3, "the case can still be judged"
    monkeypatch.setattr("conformance.cases.load.load_rules", dict)
    assert errors_in(folder) == [], "without SPEC.md all rules are accepted"


def test_an_unknown_need(folder: Path) -> None:
    write_file(
        folder,
        "text-sse.json",
        {"feature": "text-sse", "cases": [dict(ENTRY, id="evs-three", needs=["evs-nine"])]},
    )
    write_manifest(folder)
    assert errors_in(folder) == ["text-sse.json: evs-three: needs: unknown case evs-nine"]


# ---- the committed vectors ---------------------------------------------------------------------


@pytest.mark.slow
def test_the_committed_vectors_have_no_error() -> None:
    assert read_cases()[1] == []
    assert vectors_folder() == str(VECTORS)


def test_the_schema_has_the_operations_and_kinds_of_the_protocol() -> None:
    definitions = json.loads((VECTORS / "schema.json").read_text(encoding="utf-8"))["definitions"]
    assert tuple(definitions["kind"]["enum"]) == REJECT_KINDS
    assert tuple(definitions["case"]["properties"]["op"]["enum"]) == OPERATION_NAMES
    assert [
        part["then"]["properties"]["input"]["$ref"] for part in definitions["case"]["allOf"]
    ] == ["#/definitions/input-" + name for name in OPERATION_NAMES]


# ---- recordings --------------------------------------------------------------------------------

RECORDED: Dict[str, Any] = {
    "title": "a call",
    "client": "me",
    "server": "them",
    "date": "2015-08-30",
    "request": {
        "ended": "whole",
        "continued": False,
        "pieces": [{"at": 0, "text": "POST / HTTP/1.1\r\nHost: x\r\n\r\n"}],
    },
    "response": {
        "ended": "whole",
        "pieces": [{"at": 5, "text": "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}],
    },
    "removed": [],
    "cases": [
        dict(
            {key: ENTRY[key] for key in ("title", "rules", "level", "why", "since", "source")},
            id="wire-one-decode",
            op="eventstream.decode",
            expect={"status": "ok", "output": {"messages": []}},
        )
    ],
}


def with_recording(folder: Path, **changes: Any) -> Path:
    shutil.copy(str(VECTORS / "schema-recording.json"), str(folder))
    (folder / "recordings").mkdir()
    write_file(folder / "recordings", "one.json", dict(RECORDED, **changes))
    write_manifest(folder)
    return folder


def test_the_cases_of_a_recording(folder: Path) -> None:
    case = load_cases(str(with_recording(folder)))[-1]
    assert (case.id, case.feature, case.input, case.chunking) == (
        "wire-one-decode",
        "recordings/one",
        {"chunks": []},
        ("whole",),
    )
    assert [question.input for question in questions_of(case)] == [{"chunks": []}]


@pytest.mark.parametrize(
    "changes, words",
    [
        (
            {"title": ""},
            "recordings/one.json: title: expected at least 1 character, got an empty text",
        ),
        (
            {
                "request": {
                    "ended": "whole",
                    "continued": False,
                    "pieces": [{"at": 0, "text": "\u00e9"}],
                }
            },
            "recordings/one.json: request.pieces[0].text: expected ^[",
        ),
        (
            {"response": {"ended": "none", "pieces": []}},
            (
                "recordings/one.json: wire-one-decode: the adapter protocol cannot express the "
                "response"
            ),
        ),
        (
            {"cases": [dict(RECORDED["cases"][0], why=7)]},
            "recordings/one.json: wire-one-decode: why: expected string, got 7",
        ),
        (
            {"cases": [dict(RECORDED["cases"][0], input={})]},
            "recordings/one.json: cases[0]: unknown key input",
        ),
        (
            {"cases": [dict(RECORDED["cases"][0], id="evs-one")]},
            "recordings/one.json: cases[0].id: expected ^wire(?:-[a-z0-9]+)+$, got evs-one",
        ),
        (
            {"cases": RECORDED["cases"] * 2},
            "recordings/one.json: wire-one-decode: id: already used in recordings/one.json",
        ),
    ],
)
def test_an_invalid_recording_is_reported_and_affects_no_other(
    folder: Path, changes: Dict[str, Any], words: str
) -> None:
    (line,) = errors_in(with_recording(folder, **changes))
    assert line.startswith(words)
    assert [case.id for case in read_cases(str(folder))[0]][:2] == ["evs-one", "evs-two"]


def test_recordings_without_their_schema_are_errors_in(folder: Path) -> None:
    with_recording(folder)
    (folder / "schema-recording.json").unlink()
    write_manifest(folder)
    assert errors_in(folder) == ["cannot read schema-recording.json: No such file or directory"]
