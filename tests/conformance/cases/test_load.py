# SPDX-License-Identifier: MIT
"""Tests of conformance/cases/load.py: vector files good and bad, the cases of the catalogue, how bytes are cut into questions.

The plan: folders of vectors are made here, each with one fault, which must be told in one line that names file, case and key,
and must cost no other case; what is committed is held against the same checks. Chunkings are properties: nothing is lost.
"""

import base64
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any, Dict, List

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.cases import load as cases
from conformance.cases.frames import FrameTextError
from conformance.cases.load import (
    TRAILING_FRAME,
    TRAILING_MESSAGE,
    Case,
    CaseError,
    case_of,
    choose,
    input_bytes,
    load_cases,
    questions_of,
    read_cases,
    scenario_cases,
    to_document,
)
from conformance.endpoint.scenarios import examples
from conformance.protocol.messages import OPERATION_NAMES, REJECT_KINDS, to_bytes
from refimpl.eventstream import Decoder
from refimpl.message_json import message_to_json

ROOT = Path(__file__).resolve().parents[3]
VECTORS = ROOT / "vectors"
ENTRY: Dict[str, Any] = {
    "id": "evs-one",
    "title": "a frame",
    "rules": ["EVS-001"],
    "level": "MUST",
    "op": "eventstream.decode",
    "input": {"frames": "frame payload('hi')"},
    "chunking": ["whole", "bytewise", "halves", "trailing"],
    "expect": {"status": "ok", "output": {"messages": [{"headers": [], "payload": "aGk="}]}},
    "acceptable": [
        {
            "expect": {"status": "reject", "kind": "header"},
            "why": "because",
            "divergence": "DIV-001",
        }
    ],
    "needs": ["evs-two"],
    "why": "what it costs",
    "since": "0.1.0",
    "source": "derived",
}
OTHER = dict(ENTRY, id="evs-two", needs=["evs-one"])


def write_file(folder: Path, name: str, document: Any) -> None:
    text = document if isinstance(document, str) else json.dumps(document)
    (folder / name).write_bytes(text.encode("utf-8", "surrogateescape"))


def write_manifest(folder: Path) -> None:
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}"
        for path in sorted(folder.rglob("*.json"))
    ]
    (folder / "MANIFEST.sha256").write_text("\n".join(lines) + "\n", encoding="ascii")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(str(VECTORS / "schema.json"), str(tmp_path))
    write_file(
        tmp_path,
        "eventstream-decode.json",
        {"feature": "eventstream-decode", "cases": [ENTRY, OTHER]},
    )
    write_manifest(tmp_path)
    return tmp_path


def told(folder: Path) -> List[str]:
    found = [str(fault) for fault in read_cases(str(folder))[1]]
    assert not any("\n" in line for line in found)
    return found


# ---- reading -----------------------------------------------------------------------------------------------------


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
        "what it costs",
        "0.1.0",
        "derived",
        "eventstream-decode",
    )
    assert (
        two.id == "evs-two" and to_document(one) == ENTRY and list(to_document(one)) == list(ENTRY)
    )


def test_what_a_case_leaves_out() -> None:
    entry = {
        key: value for key, value in ENTRY.items() if key not in ("chunking", "acceptable", "needs")
    }
    case = case_of(entry, "x")
    assert (case.chunking, case.acceptable, case.needs) == (("whole",), (), ()) and to_document(
        case
    ) == entry


# What is changed in a case, and what is said of it; {} stands for the label of file and case.
BROKEN: List[Any] = [
    ({"why": None}, "evs-one: why: expected string, got None"),
    ({"colour": "red"}, "evs-one: unknown key colour"),
    (
        {"id": "EVS-one"},
        "EVS-one: id: expected ^(?:evs|sig|http|end|shp|txt|invoke|wire)(?:-[a-z0-9]+)+$, got EVS-one",
    ),
    ({"id": 7}, "case 0: id: expected string, got 7"),
    ({"rules": []}, "evs-one: rules: expected at least 1, got 0"),
    ({"rules": ["EVS-1"]}, "evs-one: rules[0]: expected ^[A-Z]+-[0-9]{3}$, got EVS-1"),
    ({"level": "must"}, "evs-one: level: expected MUST or SHOULD or MAY, got must"),
    ({"op": "eventstream.code"}, "evs-one: op: expected sigv4.sign or "),
    ({"input": {}}, "evs-one: input: expected exactly one of frames or text or base64 or chunks"),
    ({"input": {"frames": "", "text": ""}}, "evs-one: input: expected exactly one of frames or"),
    ({"input": {"base64": "AA"}}, "evs-one: input.base64: expected ^(?:"),
    ({"input": {"frames": "frame", "status": 200}}, "evs-one: input: unknown key status"),
    ({"input": {"frames": "frame colour"}}, "evs-one: input: "),
    (
        {"chunking": ["sideways"]},
        "evs-one: chunking[0]: expected whole or bytewise or halves or trailing, got sideways",
    ),
    ({"chunking": ["whole", "whole"]}, "evs-one: chunking: whole stands twice"),
    ({"expect": {"status": "maybe"}}, "evs-one: expect.status: expected ok or reject, got maybe"),
    ({"expect": {"status": "reject"}}, "evs-one: expect: lacks the key kind"),
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
        "evs-one: acceptable[0]: lacks the key divergence",
    ),
    ({"since": "new"}, "evs-one: since: expected"),
    ({"op": "sigv4.sign"}, "evs-one: input: lacks the key method"),
]


@pytest.mark.parametrize("change, words", BROKEN, ids=[words for _, words in BROKEN])
def test_a_broken_case_is_told_and_costs_no_other(
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
    [line] = told(folder)
    assert line.startswith("eventstream-decode.json: " + words), line
    with pytest.raises(CaseError) as caught:
        load_cases(str(folder))
    assert str(caught.value) == line


def test_what_is_no_case_is_told_by_its_place(folder: Path) -> None:
    write_file(folder, "text-sse.json", {"feature": "text-sse", "cases": [7]})
    write_manifest(folder)
    assert (
        told(folder) == ["text-sse.json: case 0: expected object, got 7"]
        and len(read_cases(str(folder))[0]) == 2
    )


@pytest.mark.parametrize(
    "text, words",
    [
        ("{", "text-sse.json: JSON cannot be read: "),
        ('{"feature": "a", "feature": "b", "cases": []}', "text-sse.json: JSON "),
        ("\udcff", "text-sse.json: JSON is not UTF-8"),
        ("[" * 100, "text-sse.json: JSON is nested too deeply"),
        ("[]", "text-sse.json: expected object, got []"),
        ('{"cases": []}', "text-sse.json: lacks the key feature"),
        ('{"feature": "a b", "cases": []}', "text-sse.json: feature: expected"),
        ('{"feature": "a", "cases": 7}', "text-sse.json: cases: expected array, got 7"),
        ('{"feature": "a", "cases": [], "more": 1}', "text-sse.json: unknown key more"),
    ],
)
def test_a_broken_file_is_told_and_costs_no_other(text: str, words: str, folder: Path) -> None:
    write_file(folder, "text-sse.json", text)
    write_manifest(folder)
    [line] = told(folder)
    assert line.startswith(words), line
    assert len(read_cases(str(folder))[0]) == 2


def test_an_id_that_stands_twice(folder: Path) -> None:
    write_file(folder, "text-sse.json", {"feature": "text-sse", "cases": [ENTRY]})
    write_manifest(folder)
    assert told(folder) == ["text-sse.json: evs-one: id: stands already in eventstream-decode.json"]
    assert [case.feature for case in read_cases(str(folder))[0]] == ["eventstream-decode"] * 2


def test_a_rule_that_there_is_not(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_file(
        folder,
        "text-sse.json",
        {
            "feature": "text-sse",
            "cases": [dict(ENTRY, id="evs-three", rules=["EVS-001", "EVS-999"])],
        },
    )
    write_manifest(folder)
    assert told(folder) == ["text-sse.json: evs-three: rules: SPEC.md has no EVS-999"]
    assert len(read_cases(str(folder))[0]) == 3, "it can be judged all the same"
    monkeypatch.setattr(cases, "load_rules", dict)
    assert told(folder) == [], "without SPEC.md nobody can tell"


def test_a_need_that_there_is_not(folder: Path) -> None:
    write_file(
        folder,
        "text-sse.json",
        {"feature": "text-sse", "cases": [dict(ENTRY, id="evs-three", needs=["evs-nine"])]},
    )
    write_manifest(folder)
    assert told(folder) == ["text-sse.json: evs-three: needs: there is no case evs-nine"]


# ---- the manifest ------------------------------------------------------------------------------------------------


def test_a_checksum_that_differs(folder: Path) -> None:
    write_file(
        folder,
        "eventstream-decode.json",
        {"feature": "eventstream-decode", "cases": [OTHER, ENTRY]},
    )
    [line] = told(folder)
    assert line.startswith(
        "eventstream-decode.json: its checksum is not that of MANIFEST.sha256 (expected "
    )
    assert len(read_cases(str(folder))[0]) == 2


def test_a_file_without_a_line_and_a_line_without_a_file(folder: Path) -> None:
    (folder / "more").mkdir()
    write_file(folder / "more", "more.json", {})
    with open(str(folder / "MANIFEST.sha256"), "a", encoding="ascii") as file:
        file.write("00  gone.json\n")
    assert told(folder) == [
        "more/more.json: has no line in MANIFEST.sha256",
        "gone.json: cannot be read: No such file or directory",
    ]
    write_manifest(folder)
    assert told(folder) == []


@pytest.mark.parametrize(
    "content, words", [(None, "No such file or directory"), (b"\xff", "not ASCII")]
)
def test_no_manifest(content: Any, words: str, folder: Path) -> None:
    (folder / "MANIFEST.sha256").unlink()
    if content is not None:
        (folder / "MANIFEST.sha256").write_bytes(content)
    assert (
        told(folder) == ["MANIFEST.sha256: cannot be read: " + words]
        and len(read_cases(str(folder))[0]) == 2
    )


def test_no_schema_and_no_folder(folder: Path) -> None:
    (folder / "schema.json").unlink()
    assert (
        told(folder) == ["schema.json: cannot be read: No such file or directory"] * 2
        and read_cases(str(folder))[0] == []
    )
    nowhere = folder / "nowhere"
    assert told(nowhere)[0].startswith("MANIFEST.sha256: cannot be read")


# ---- what is committed -------------------------------------------------------------------------------------------


def test_the_committed_vectors_are_sound() -> None:
    assert read_cases()[1] == []
    assert cases.vectors_folder() == str(VECTORS)


def test_the_vectors_lie_in_the_package_where_it_was_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cases, "HERE", str(tmp_path / "conformance"))
    assert cases.vectors_folder() == str(tmp_path / "vectors")
    (tmp_path / "conformance" / "vectors").mkdir(parents=True)
    assert cases.vectors_folder() == str(tmp_path / "conformance" / "vectors")


def test_the_schema_has_the_protocol_s_operations_and_kinds() -> None:
    definitions = json.loads((VECTORS / "schema.json").read_text(encoding="utf-8"))["definitions"]
    assert tuple(definitions["kind"]["enum"]) == REJECT_KINDS
    assert tuple(definitions["case"]["properties"]["op"]["enum"]) == OPERATION_NAMES
    assert [
        part["then"]["properties"]["input"]["$ref"] for part in definitions["case"]["allOf"]
    ] == ["#/definitions/input-" + name for name in OPERATION_NAMES]


# ---- the wire ----------------------------------------------------------------------------------------------------


def test_each_scenario_is_a_case() -> None:
    made = {case.id: case for case in scenario_cases()}
    assert list(made) == ["invoke-" + scenario.name for scenario in examples()]
    for scenario in examples():
        case = made["invoke-" + scenario.name]
        assert (case.rules, case.title, case.op, case.feature) == (
            scenario.rules,
            scenario.title,
            "invoke",
            "invoke",
        ) and case.rules
        assert case.expect["status"] == scenario.expect.status and case.why.endswith(scenario.must)
        assert [
            to_bytes(event["PayloadPart"]["Bytes"]) for event in case.expect["output"]["events"]
        ] == list(scenario.expect.parts)
        assert questions_of(case)[0].input == {
            "input": {
                "EndpointName": scenario.name,
                "ContentType": "application/json",
                "Body": "eyJpbnB1dHMiOiAiSGkifQ==",
            }
        }


def test_what_a_scenario_expects_is_what_the_protocol_says() -> None:
    made = {case.id[7:]: case.expect for case in scenario_cases()}
    wanted = {scenario.name: scenario.expect for scenario in examples()}
    output = {"ContentType": "text/plain; charset=utf-8", "InvokedProductionVariant": "AllTraffic"}
    assert made["empty-stream"]["output"] == {"output": output, "events": []}
    for name, expect in made.items():
        if expect["status"] == "ok":
            assert set(expect) == {"status", "output"}
            continue
        kinds = expect["kind"] if isinstance(expect["kind"], list) else [expect["kind"]]
        assert tuple(kinds) == (wanted[name].kind,) + wanted[name].also
        assert expect.get("code") == wanted[name].code and ("output" in expect["output"]) == (
            wanted[name].output is not None
        )
        fields = dict(expect.get("fields", {}))
        assert fields.pop("Message", None) == wanted[name].message and fields == (
            wanted[name].fields or {}
        )
    assert any(isinstance(expect.get("kind"), list) for expect in made.values())


def test_what_is_acceptable_of_a_scenario_is_acceptable_of_its_case() -> None:
    made = {case.id[7:]: case.acceptable for case in scenario_cases()}
    assert {name for name, also in made.items() if also} == {
        scenario.name for scenario in examples() if scenario.acceptable
    }
    part = [{"PayloadPart": {"Bytes": text}} for text in ("b25lIA==", "dHdvIA==", "dGhyZWU=")]
    output = {"ContentType": "text/plain; charset=utf-8", "InvokedProductionVariant": "AllTraffic"}
    assert [other["expect"] for other in made["success-gzip"]] == [
        {"status": "ok", "output": {"output": output, "events": part}}
    ]
    assert made["redirect-301"] == (
        {
            "expect": {"status": "reject", "kind": "service_error", "output": {"events": []}},
            "why": "it is refused and not followed, under the name of an error response",
            "divergence": "DIV-005",
        },
    )


def test_the_cases_of_scenarios_fit_the_schema() -> None:
    schema = json.loads((VECTORS / "schema.json").read_text(encoding="utf-8"))
    for case in scenario_cases():
        assert list(cases.faults(to_document(case), schema["definitions"]["case"], schema)) == []


# ---- recordings --------------------------------------------------------------------------------------------------

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


def test_the_cases_of_a_recording_are_cases_like_others(folder: Path) -> None:
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
        ({"title": ""}, "recordings/one.json: title: expected text, got none"),
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
            "recordings/one.json: wire-one-decode: the response is not HTTP that the protocol can carry",
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
            "recordings/one.json: wire-one-decode: id: stands already in recordings/one.json",
        ),
    ],
)
def test_a_recording_at_fault_is_told_and_takes_no_other_with_it(
    folder: Path, changes: Dict[str, Any], words: str
) -> None:
    (line,) = told(with_recording(folder, **changes))
    assert line.startswith(words)
    assert [case.id for case in read_cases(str(folder))[0]][:2] == ["evs-one", "evs-two"]


def test_recordings_without_their_schema_are_told(folder: Path) -> None:
    with_recording(folder)
    (folder / "schema-recording.json").unlink()
    write_manifest(folder)
    assert told(folder) == ["schema-recording.json: cannot be read: No such file or directory"]


# ---- questions ---------------------------------------------------------------------------------------------------


def case_with(
    op: str = "eventstream.decode",
    chunking: Any = ("whole",),
    expect: Any = None,
    **given_input: Any,
) -> Case:
    return Case(
        "evs-x",
        "",
        (),
        "MUST",
        op,
        given_input,
        tuple(chunking),
        expect or {"status": "ok"},
        (),
        (),
        "",
        "",
        "",
        "x",
    )


@settings(deadline=None)
@given(
    st.binary(max_size=40),
    st.sampled_from(["eventstream.decode", "http.response", "text.lines", "text.sse"]),
)
def test_nothing_is_lost_in_a_chunking(data: bytes, op: str) -> None:
    case = case_with(
        op,
        ("whole", "bytewise", "halves"),
        base64=base64.b64encode(data).decode("ascii"),
        status=200,
    )
    assert input_bytes(case) == data
    place = "parts" if op.startswith("text") else "chunks"
    cut = {
        question.chunking: [to_bytes(piece) for piece in question.input[place]]
        for question in questions_of(case)
    }
    assert list(cut) == ["whole", "bytewise", "halves"]
    assert all(b"".join(pieces) == data and b"" not in pieces for pieces in cut.values())
    assert (
        len(cut["whole"]) == min(1, len(data))
        and len(cut["bytewise"]) == len(data)
        and len(cut["halves"]) == min(2, len(data))
    )
    assert all(
        set(question.input) == {place, "status"} and question.input["status"] == 200
        for question in questions_of(case)
    )


def test_the_ways_to_write_bytes() -> None:
    assert input_bytes(case_with(text="\u00e9")) == b"\xc3\xa9"
    assert (
        Decoder().feed(input_bytes(case_with(frames="frame payload('hi')")) or b"")[0].payload
        == b"hi"
    )
    with pytest.raises(FrameTextError):
        questions_of(case_with(frames="frame colour"))


def test_what_is_cut_already_stands_as_it_is() -> None:
    for case in (
        case_with(chunks=["AA==", ""]),
        case_with("text.sse", parts=["AA=="]),
        case_with("sigv4.sign", text="frames"),
    ):
        [question] = questions_of(case)
        assert question.input == case.input and input_bytes(case) is None


def test_a_frame_behind_a_good_stream_is_expected_too() -> None:
    [message] = Decoder().feed(TRAILING_FRAME)
    assert message_to_json(message) == TRAILING_MESSAGE
    one = {"headers": [], "payload": "aGk="}
    good = case_with(
        frames="frame payload('hi')",
        chunking=["whole", "trailing"],
        expect={"status": "ok", "output": {"messages": [one]}},
    )
    whole, trailing = questions_of(good)
    assert (
        to_bytes(trailing.input["chunks"][0]) == to_bytes(whole.input["chunks"][0]) + TRAILING_FRAME
    )
    assert whole.expect["output"]["messages"] == [one] and trailing.expect["output"][
        "messages"
    ] == [one, TRAILING_MESSAGE]
    assert [
        question.expect for question in questions_of(good._replace(expect={"status": "ok"}))
    ] == [{"status": "ok"}] * 2
    bad = {"status": "reject", "kind": "header", "output": {"messages": [one]}}
    assert [question.expect for question in questions_of(good._replace(expect=bad))] == [bad, bad]


# ---- choosing ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options, ids",
    [
        ({}, ["evs-one", "evs-two", "txt-one"]),
        ({"only": ["*-one"]}, ["evs-one", "txt-one"]),
        ({"only": ["evs-t*", "txt-*"]}, ["evs-two", "txt-one"]),
        ({"only": ["EVS-*"]}, []),
        ({"rules": ["EVS-001", "TXT-009"]}, ["evs-one", "evs-two"]),
        ({"operations": ["text.sse"]}, ["txt-one"]),
        (
            {"only": ["*-one"], "rules": ["EVS-001"], "operations": ["eventstream.decode"]},
            ["evs-one"],
        ),
    ],
)
def test_cases_are_chosen(options: Dict[str, Any], ids: List[str]) -> None:
    made = [
        case_of(ENTRY, "x"),
        case_of(OTHER, "x"),
        case_of(dict(ENTRY, id="txt-one", op="text.sse", rules=["TXT-001"]), "x"),
    ]
    assert [case.id for case in choose(made, **options)] == ids


def test_a_case_on_one_line() -> None:
    line = cases.to_line(dict(ENTRY, why="\u00e9"))
    assert "\n" not in line and json.loads(line)["why"] == "\u00e9" and "\u00e9" in line
