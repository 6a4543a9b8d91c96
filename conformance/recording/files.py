# SPDX-License-Identifier: MIT
"""Reads recordings from files and writes their text.

A recording must fit vectors/schema-recording.json. If it does not, or cannot be read,
RecordingError says what is wrong and names the file.
"""

import json
import os
from typing import Any, List, Mapping, Optional

from conformance.files import read_bounded, vectors_folder
from conformance.recording.exchange import Document
from conformance.schema import faults
from refimpl.documents.json_format import parse_json
from refimpl.errors import Error, UsageError, shown

SCHEMA_FILE = "schema-recording.json"
# The recorder ends an exchange at 64 MiB, which in base64 take 86 MiB.
_MAX_RECORDING = 128 * 1024 * 1024


class RecordingError(UsageError):
    """A recording cannot be used. The message names the file and the key."""


def read_recording(folder: str, name: str, schema: Optional[Document] = None) -> Document:
    """Return the recording in a file of a folder. Raises RecordingError.

    schema: instead of this project's
    """
    recording = _read_json(folder, name)
    wanted = _read_json(vectors_folder(), SCHEMA_FILE) if schema is None else schema
    for fault in faults(recording, wanted, wanted):
        raise RecordingError(f"{name}: {fault}")
    return dict(recording)


def read_recordings(path: str) -> List[Document]:
    """Return the recording in a file, or those in a folder in the order of their names.

    Raises RecordingError; UsageError if the folder has none.
    """
    if not os.path.isdir(path):
        return [read_recording(os.path.dirname(path), os.path.basename(path))]
    names = sorted(name for name in os.listdir(path) if name.endswith(".json"))
    if not names:
        raise UsageError("no recordings", expected="files *.json", actual=shown(path, 200))
    return [read_recording(path, name) for name in names]


def text_of_recording(recording: Mapping[str, Any]) -> str:
    """Return the text of a recording's file."""
    return json.dumps(recording, indent=1, ensure_ascii=False) + "\n"


def _read_json(folder: str, name: str) -> Any:
    try:
        data = read_bounded(os.path.join(folder, name), _MAX_RECORDING)
    except OSError as error:
        raise RecordingError(f"cannot read {name}: {error.strerror}") from None
    except Error as error:
        raise RecordingError(str(error)) from None
    try:
        return parse_json(data)
    except Error as error:
        raise RecordingError(f"{name}: {error}") from None
