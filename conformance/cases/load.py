# SPDX-License-Identifier: MIT
"""The cases: read from vectors/, or made from the catalogue of scenarios, and turned into the questions that an adapter is asked.

The plan: read_cases() holds every file against vectors/schema.json, MANIFEST.sha256 and the rules of SPEC.md, and returns the
cases that are sound beside one CaseError for each fault, so that one bad case takes no other with it; load_cases() is the same
for those who want all or nothing. scenario_cases() makes the `invoke` cases. questions_of() cuts a case's bytes by its
chunkings: one question each, with what is expected of it.

What is expected never goes to the adapter: a Question keeps `input`, which does, apart from `expect`. Refused, each in one line
that names file, case and key: an id that stands twice, a key that the schema does not know, a rule that SPEC.md does not have,
a checksum that differs, a frame text that cannot be read.
"""

import base64
import fnmatch
import hashlib
import json
import os
from typing import (
    Any,
    Dict,
    Iterable,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

from conformance.cases.frames import assemble
from conformance.cases.rules import load_rules
from conformance.endpoint.scenarios import Acceptable, Expect, Scenario, examples, header, raw_frame
from conformance.files import vectors_folder
from conformance.recording.exchange import CaseInput, case_entries
from conformance.schema import faults
from refimpl.documents.json_format import parse_json
from refimpl.errors import Error, UsageError, shown

SCHEMA_FILE, MANIFEST_FILE = "schema.json", "MANIFEST.sha256"
RECORDINGS_FOLDER, RECORDING_SCHEMA_FILE = (
    "recordings",
    "schema-recording.json",
)  # recordings, each with its cases
CARRIERS = ("frames", "text", "base64")  # the ways in which a case writes its bytes
WIRE_BODY = b'{"inputs": "Hi"}'  # of the request of every `invoke` case

Document = Dict[str, Any]


class CaseError(UsageError):
    """Vectors that cannot be used as they are: the message names the file, the case and the key."""


class Case(
    NamedTuple(
        "Case",
        [
            ("id", str),
            ("title", str),
            ("rules", Tuple[str, ...]),
            ("level", str),
            ("op", str),
            ("input", Document),
            ("chunking", Tuple[str, ...]),
            ("expect", Document),
            ("acceptable", Tuple[Document, ...]),
            ("needs", Tuple[str, ...]),
            ("why", str),
            ("since", str),
            ("source", str),
            ("feature", str),
        ],
    )
):
    """One case; its fields are the keys of a vector file."""

    __slots__ = ()


class Question(NamedTuple):
    case: Case
    chunking: str
    input: Document
    expect: Document


Question.__doc__ = """What an adapter is asked, and what is expected of it in this chunking."""


# ---- reading -----------------------------------------------------------------------------------------------------


def load_cases(folder: Optional[str] = None) -> List[Case]:
    """Return the cases of every vector file. Raises CaseError for the first fault."""
    cases, found = read_cases(folder)
    for fault in found:
        raise fault
    return cases


def read_cases(folder: Optional[str] = None) -> Tuple[List[Case], List[CaseError]]:
    """Return the cases of every vector file that are sound, and a CaseError for each fault."""
    folder = vectors_folder() if folder is None else folder
    cases: Dict[str, Case] = {}
    found = list(_manifest_faults(folder))
    try:
        schema = _read_json(folder, SCHEMA_FILE)
    except CaseError as error:
        return [], found + [error]
    rules = load_rules()
    for name in sorted(
        name
        for name in os.listdir(folder)
        if name.endswith(".json") and name not in (SCHEMA_FILE, RECORDING_SCHEMA_FILE)
    ):
        _add_all(_cases_in(folder, name, schema, found), name, cases, rules, found)
    for name in _names_of_recordings(folder):
        _add_all(_cases_recorded(folder, name, schema, found), name, cases, rules, found)
    return _with_known_needs(cases, found), found


def _read_json(folder: str, name: str) -> Any:
    try:
        with open(os.path.join(folder, name), "rb") as file:
            return parse_json(file.read())
    except OSError as error:
        raise CaseError(f"{name}: cannot be read: {error.strerror}") from None
    except Error as error:
        raise CaseError(f"{name}: {error}") from None


def _cases_in(folder: str, name: str, schema: Document, found: List[CaseError]) -> Iterator[Case]:
    document = _read_json(folder, name)
    entries = document.get("cases") if isinstance(document, dict) else None
    frame = (
        dict(document, cases=[]) if isinstance(entries, list) else document
    )  # each case is held against the schema alone
    for fault in faults(frame, schema, schema):
        raise CaseError(f"{name}: {fault}")
    yield from _cases_of(entries or (), name, document["feature"], schema, found)


def _names_of_recordings(folder: str) -> List[str]:
    inside = os.path.join(folder, RECORDINGS_FOLDER)
    return (
        [
            f"{RECORDINGS_FOLDER}/{name}"
            for name in sorted(os.listdir(inside))
            if name.endswith(".json")
        ]
        if os.path.isdir(inside)
        else []
    )


def read_recording(folder: str, name: str, schema: Optional[Document] = None) -> Document:
    """Return a recording that fits its schema. Raises CaseError."""
    recording = _read_json(folder, name)
    wanted = _read_json(vectors_folder(), RECORDING_SCHEMA_FILE) if schema is None else schema
    for fault in faults(recording, wanted, wanted):
        raise CaseError(f"{name}: {fault}")
    return dict(recording)


def _cases_recorded(
    folder: str, name: str, schema: Document, found: List[CaseError]
) -> Iterator[Case]:
    """Yield the cases of a recording; what they ask stands in its bytes."""
    try:
        entries = list(
            case_entries(read_recording(folder, name, _read_json(folder, RECORDING_SCHEMA_FILE)))
        )
    except CaseInput as error:
        raise CaseError(f"{name}: {error}") from None
    yield from _cases_of(entries, name, name[: -len(".json")], schema, found)


def _cases_of(
    entries: Iterable[Any], name: str, feature: str, schema: Document, found: List[CaseError]
) -> Iterator[Case]:
    """Yield the cases that entries of a file are, and add a fault for each that is none."""
    for index, entry in enumerate(entries):
        case_id = entry.get("id") if isinstance(entry, dict) else None
        label = "{}: {}".format(
            name, shown(case_id, 80) if isinstance(case_id, str) else "case %d" % index
        )
        own = [
            f"{label}: {fault}" for fault in faults(entry, schema["definitions"]["case"], schema)
        ]
        if not own:
            case = case_of(entry, feature)
            try:
                questions_of(case)
            except Error as error:
                own = [f"{label}: input: {error}"]
        if own:
            found.append(CaseError(own[0]))
        else:
            yield case


def case_of(entry: Mapping[str, Any], feature: str) -> Case:
    """Return the case that an entry of a vector file is; the entry fits the schema."""
    return Case(
        entry["id"],
        entry["title"],
        tuple(entry["rules"]),
        entry["level"],
        entry["op"],
        entry["input"],
        tuple(entry.get("chunking", ("whole",))),
        entry["expect"],
        tuple(entry.get("acceptable", ())),
        tuple(entry.get("needs", ())),
        entry["why"],
        entry["since"],
        entry["source"],
        feature,
    )


def _add_all(
    made: Iterable[Case],
    name: str,
    cases: Dict[str, Case],
    rules: Mapping[str, object],
    found: List[CaseError],
) -> None:
    try:
        for case in made:
            _add(case, name, cases, rules, found)
    except CaseError as error:
        found.append(error)


def _add(
    case: Case,
    name: str,
    cases: Dict[str, Case],
    rules: Mapping[str, object],
    found: List[CaseError],
) -> None:
    unknown = [rule for rule in case.rules if rules and rule not in rules]
    if unknown:
        found.append(CaseError(f"{name}: {case.id}: rules: SPEC.md has no {unknown[0]}"))
    if case.id in cases:
        found.append(
            CaseError(f"{name}: {case.id}: id: stands already in {cases[case.id].feature}.json")
        )
    else:
        cases[case.id] = case


def _with_known_needs(cases: Mapping[str, Case], found: List[CaseError]) -> List[Case]:
    for case in cases.values():
        for need in case.needs:
            if need not in cases:
                found.append(
                    CaseError(
                        f"{case.feature}.json: {case.id}: needs: there is no case {shown(need, 80)}"
                    )
                )
    return list(cases.values())


def _manifest_faults(folder: str) -> Iterator[CaseError]:
    """Hold the files against the manifest: each has a line, and each line its file."""
    try:
        with open(os.path.join(folder, MANIFEST_FILE), encoding="ascii") as file:
            lines = file.read().splitlines()
        names = sorted(_files_below(folder))
    except (OSError, UnicodeDecodeError) as error:
        yield CaseError(
            "{}: cannot be read: {}".format(
                MANIFEST_FILE, getattr(error, "strerror", None) or "not ASCII"
            )
        )
        return
    sums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    for name in names + sorted(set(sums) - set(names)):
        try:
            with open(os.path.join(folder, name), "rb") as file:
                digest = hashlib.sha256(file.read()).hexdigest()
        except OSError as error:
            yield CaseError(f"{shown(name)}: cannot be read: {error.strerror}")
            continue
        if name not in sums:
            yield CaseError(f"{name}: has no line in {MANIFEST_FILE}")
        elif sums[name] != digest:
            yield CaseError(
                f"{name}: its checksum is not that of {MANIFEST_FILE} (expected {sums[name]}, got {digest})"
            )


def _files_below(folder: str) -> Iterator[str]:
    """Yield the JSON files below a folder, by their paths in it as the manifest writes them."""
    for where, _, names in os.walk(folder):
        for name in names:
            if name.endswith(".json"):
                yield os.path.relpath(os.path.join(where, name), folder).replace(os.sep, "/")


# ---- the wire ----------------------------------------------------------------------------------------------------


def scenario_cases() -> List[Case]:
    """Return a case for each scenario of the catalogue: a call of the endpoint that plays it."""
    return [scenario_case(scenario) for scenario in examples()]


def scenario_case(scenario: Scenario) -> Case:
    """Return the case that a scenario is."""
    given = {
        "EndpointName": scenario.name,
        "ContentType": "application/json",
        "Body": _base64(WIRE_BODY),
    }
    return Case(
        "invoke-" + scenario.name,
        scenario.title,
        scenario.rules,
        "MUST",
        "invoke",
        {"input": given},
        ("whole",),
        _scenario_expect(scenario.expect),
        tuple(_scenario_acceptable(other) for other in scenario.acceptable),
        (),
        "a correct client must " + scenario.must,
        "0.1.0",
        "derived",
        "invoke",
    )


def _scenario_acceptable(other: Acceptable) -> Document:
    return {
        "expect": _scenario_expect(other.expect),
        "why": other.why,
        "divergence": other.divergence,
    }


def _scenario_expect(wanted: Expect) -> Document:
    output: Document = {} if wanted.output is None else {"output": dict(wanted.output)}
    output["events"] = [{"PayloadPart": {"Bytes": _base64(part)}} for part in wanted.parts]
    if wanted.status == "ok":
        return {"status": "ok", "output": output}
    kind: object = wanted.kind if not wanted.also else [wanted.kind] + list(wanted.also)
    expect: Document = {"status": "reject", "kind": kind, "output": output}
    if wanted.code is not None:
        expect["code"] = wanted.code
    fields = dict(
        {} if wanted.message is None else {"Message": wanted.message}, **(wanted.fields or {})
    )
    if fields:
        expect["fields"] = fields
    return expect


# ---- questions ---------------------------------------------------------------------------------------------------

# Chunking `trailing`: a frame that no case holds, so that its message is told from all others.
TRAILING_FRAME = raw_frame(header(b"trailing", b"yes"), b"trailing")
TRAILING_MESSAGE = {
    "headers": [{"name": "trailing", "type": "string", "value": "yes"}],
    "payload": base64.b64encode(b"trailing").decode("ascii"),
}


def questions_of(case: Case) -> List[Question]:
    """Return the questions of a case, one for each chunking. Raises FrameTextError for bytes that cannot be made."""
    data = input_bytes(case)
    if data is None:
        return [Question(case, chunking, case.input, case.expect) for chunking in case.chunking[:1]]
    rest = {name: value for name, value in case.input.items() if name not in CARRIERS}
    place = "parts" if case.op.startswith("text.") else "chunks"
    return [
        Question(
            case,
            chunking,
            dict(rest, **{place: [_base64(piece) for piece in _pieces(data, chunking)]}),
            expected_in(case.expect, chunking),
        )
        for chunking in case.chunking
    ]


def input_bytes(case: Case) -> Optional[bytes]:
    """Return the bytes that a case's input carries, before they are cut, or None when it carries none."""
    given = case.input
    if case.op not in ("eventstream.decode", "http.response", "text.lines", "text.sse"):
        return None
    if "frames" in given:
        return assemble(given["frames"])
    if "text" in given:
        return bytes(given["text"].encode("utf-8"))
    return base64.b64decode(given["base64"]) if "base64" in given else None


def _pieces(data: bytes, chunking: str) -> List[bytes]:
    if chunking == "bytewise":
        return [data[index : index + 1] for index in range(len(data))]
    if chunking == "halves":
        half = len(data) // 2
        return [piece for piece in (data[:half], data[half:]) if piece]
    return [data + TRAILING_FRAME] if chunking == "trailing" else [data] if data else []


def expected_in(expect: Document, chunking: str) -> Document:
    """Return what is expected in a chunking: with a frame behind a good stream, its message too."""
    if (
        chunking != "trailing"
        or expect["status"] != "ok"
        or "messages" not in expect.get("output", {})
    ):
        return expect
    return dict(
        expect,
        output=dict(expect["output"], messages=expect["output"]["messages"] + [TRAILING_MESSAGE]),
    )


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


# ---- choosing ----------------------------------------------------------------------------------------------------


def choose(
    cases: Iterable[Case],
    only: Sequence[str] = (),
    rules: Sequence[str] = (),
    operations: Sequence[str] = (),
) -> List[Case]:
    """Return the cases whose id fits one of the globs, that cite one of the rules, and ask for one of the operations; all, of none."""
    return [
        case
        for case in cases
        if (not only or any(fnmatch.fnmatchcase(case.id, glob) for glob in only))
        and (not rules or any(rule in case.rules for rule in rules))
        and (not operations or case.op in operations)
    ]


def to_document(case: Case) -> Document:
    """Return a case as its entry of a vector file, keys in their order."""
    entry = dict(case._asdict())
    del entry["feature"]
    for name in ("rules", "chunking", "acceptable", "needs"):
        entry[name] = list(entry[name])
    return {
        name: value
        for name, value in entry.items()
        if value != [] and not (name == "chunking" and value == ["whole"])
    }


def to_line(document: Mapping[str, Any]) -> str:
    """Return a document on one line."""
    return json.dumps(document, ensure_ascii=False)
