# SPDX-License-Identifier: MIT
"""The manifest of the vectors: MANIFEST.sha256, a line `<sha256>  <file>` for each JSON file."""

import hashlib
import os
from typing import Iterator

from conformance.cases.case import CaseError
from refimpl.errors import shown

MANIFEST_FILE = "MANIFEST.sha256"


def manifest_errors(folder: str) -> Iterator[CaseError]:
    """Compare the files with the manifest: each file has a line, and each line has its file."""
    try:
        with open(os.path.join(folder, MANIFEST_FILE), encoding="ascii") as file:
            lines = file.read().splitlines()
        names = sorted(_files_below(folder))
    except OSError as error:
        yield CaseError(f"cannot read {MANIFEST_FILE}: {error.strerror}")
        return
    except UnicodeDecodeError:
        yield CaseError(f"cannot read {MANIFEST_FILE}: not ASCII")
        return
    listed = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    for name in names + sorted(set(listed) - set(names)):
        try:
            digest = _digest_of(os.path.join(folder, name))
        except OSError as error:
            yield CaseError(f"cannot read {shown(name)}: {error.strerror}")
            continue
        if name not in listed:
            yield CaseError(f"{name}: not listed in {MANIFEST_FILE}")
        elif listed[name] != digest:
            yield CaseError(
                f"{name}: checksum differs from {MANIFEST_FILE} "
                f"(expected {listed[name]}, got {digest})"
            )


def _digest_of(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def _files_below(folder: str) -> Iterator[str]:
    """Yield the JSON files below a folder, as relative paths with slashes."""
    for where, _, names in os.walk(folder):
        for name in names:
            if name.endswith(".json"):
                yield os.path.relpath(os.path.join(where, name), folder).replace(os.sep, "/")
