# SPDX-License-Identifier: MIT
"""Folders of vectors for tests: a valid one with two cases, and the means to change it."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any, Dict, List

from conformance.cases.load import read_cases

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
    "why": "the cost of the bug",
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


def make_folder(path: Path) -> Path:
    """Make a valid folder with one vector file at an existing path."""
    shutil.copy(str(VECTORS / "schema.json"), str(path))
    write_file(
        path,
        "eventstream-decode.json",
        {"feature": "eventstream-decode", "cases": [ENTRY, OTHER]},
    )
    write_manifest(path)
    return path


def errors_in(folder: Path) -> List[str]:
    """Return the messages of the errors in a folder, each of which is one line."""
    found = [str(error) for error in read_cases(str(folder))[1]]
    assert not any("\n" in line for line in found)
    return found
