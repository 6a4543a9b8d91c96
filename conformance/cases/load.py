# SPDX-License-Identifier: MIT
"""Read the cases of a folder of vectors, and check them.

read_cases() checks every file against schema.json, MANIFEST.sha256 and the rules of SPEC.md. It
returns the valid cases and a CaseError for each error, so an error in one case does not affect the
others. load_cases() raises the first error instead.

Rejected, in one line that names the file, the case and the key: an id that is used twice, a key
that the schema does not define, a rule that is not in SPEC.md, a checksum that differs, a frame
text that cannot be assembled.
"""

import os
from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple

from conformance.cases.case import Case, CaseError, Document, case_of
from conformance.cases.manifest import manifest_errors
from conformance.cases.questions import check_descriptions
from conformance.cases.rules import load_rules
from conformance.files import vectors_folder
from conformance.recording.exchange import CaseInput, case_entries
from conformance.recording.files import RecordingError, read_recording
from conformance.schema import faults
from refimpl.documents.json_format import parse_json
from refimpl.errors import Error, shown

__all__ = ["Case", "CaseError", "load_cases", "read_cases"]

SCHEMA_FILE, RECORDING_SCHEMA_FILE = "schema.json", "schema-recording.json"
RECORDINGS_FOLDER = "recordings"


def load_cases(folder: Optional[str] = None) -> List[Case]:
    """Return the cases of all vector files and recordings. Raises CaseError for the first error."""
    cases, errors = read_cases(folder)
    for error in errors:
        raise error
    return cases


def read_cases(folder: Optional[str] = None) -> Tuple[List[Case], List[CaseError]]:
    """Return the valid cases of all vector files and recordings, and the errors of the others."""
    reader = _Reader(vectors_folder() if folder is None else folder)
    reader.read()
    return list(reader.cases.values()), reader.errors


def _read_json(folder: str, name: str) -> Any:
    try:
        with open(os.path.join(folder, name), "rb") as file:
            return parse_json(file.read())
    except OSError as error:
        raise CaseError(f"cannot read {name}: {error.strerror}") from None
    except Error as error:
        raise CaseError(f"{name}: {error}") from None


def _json_files(folder: str) -> List[str]:
    return sorted(name for name in os.listdir(folder) if name.endswith(".json"))


class _Reader:
    """Reads a folder of vectors, and collects the valid cases by id and the errors."""

    def __init__(self, folder: str) -> None:
        self.cases: Dict[str, Case] = {}
        self.errors: List[CaseError] = []
        self._folder = folder
        self._schema: Document = {}
        self._rules = load_rules()

    def read(self) -> None:
        self.errors += manifest_errors(self._folder)
        try:
            self._schema = _read_json(self._folder, SCHEMA_FILE)
        except CaseError as error:
            self.errors.append(error)
            return
        for name in _json_files(self._folder):
            if name not in (SCHEMA_FILE, RECORDING_SCHEMA_FILE):
                self._add_file(name, self._vector_file(name))
        recordings = os.path.join(self._folder, RECORDINGS_FOLDER)
        for name in _json_files(recordings) if os.path.isdir(recordings) else ():
            name = f"{RECORDINGS_FOLDER}/{name}"
            self._add_file(name, self._recording(name))
        self._check_needs()

    def _vector_file(self, name: str) -> Iterator[Case]:
        document = _read_json(self._folder, name)
        entries = document.get("cases") if isinstance(document, dict) else None
        frame = document
        if isinstance(entries, list):
            frame = dict(document, cases=[])  # each case is checked alone
        for fault in faults(frame, self._schema, self._schema):
            raise CaseError(f"{name}: {fault}")
        yield from self._cases_of(name, entries or (), document["feature"])

    def _recording(self, name: str) -> Iterator[Case]:
        schema = _read_json(self._folder, RECORDING_SCHEMA_FILE)
        try:
            entries = list(case_entries(read_recording(self._folder, name, schema)))
        except CaseInput as error:
            raise CaseError(f"{name}: {error}") from None
        except RecordingError as error:
            raise CaseError(str(error)) from None
        yield from self._cases_of(name, entries, name[: -len(".json")])

    def _cases_of(self, name: str, entries: Iterable[Any], feature: str) -> Iterator[Case]:
        """Yield the valid cases of a file's entries, and collect an error for each other entry."""
        for index, entry in enumerate(entries):
            label = f"case {index}"
            if isinstance(entry, dict) and isinstance(entry.get("id"), str):
                label = shown(entry["id"], 80)
            for fault in faults(entry, self._schema["definitions"]["case"], self._schema):
                self.errors.append(CaseError(f"{name}: {label}: {fault}"))
                break
            else:
                case = case_of(entry, feature)
                try:
                    check_descriptions(case)
                except Error as error:
                    self.errors.append(CaseError(f"{name}: {label}: input: {error}"))
                else:
                    yield case

    def _add_file(self, name: str, cases: Iterable[Case]) -> None:
        try:
            for case in cases:
                self._add(name, case)
        except CaseError as error:
            self.errors.append(error)

    def _add(self, name: str, case: Case) -> None:
        for rule in case.rules:
            if self._rules and rule not in self._rules:
                self.errors.append(CaseError(f"{name}: {case.id}: rules: {rule} is not in SPEC.md"))
                break
        if case.id in self.cases:
            other = self.cases[case.id].feature
            self.errors.append(CaseError(f"{name}: {case.id}: id: already used in {other}.json"))
        else:
            self.cases[case.id] = case

    def _check_needs(self) -> None:
        for case in self.cases.values():
            for need in case.needs:
                if need not in self.cases:
                    self.errors.append(
                        CaseError(
                            f"{case.feature}.json: {case.id}: needs: unknown case {shown(need, 80)}"
                        )
                    )
