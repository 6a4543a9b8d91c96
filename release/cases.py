# SPDX-License-Identifier: MIT
"""The cases as JSON that needs no frame language: one file per operation.

The folder that is packed is also an npm package and a Go module: release/cases/ has their files.
release/cases/README.md describes the format, for those who read it.

Bytes are assembled and split as the runner does. A request whose JSON would be longer than
LARGEST keeps its bytes as descriptions (SPEC.md, section 2.2), which need SHA-256. If frames with
long payloads are its input, the request is left out, and index.json names it.
"""

import json
from typing import Any, Dict, List, Optional, Sequence

from conformance.cases.case import Case, to_document
from conformance.cases.questions import Question, expected_in, questions_of
from refimpl.version import VECTORS_VERSION
from release.source import ROOT

FORMAT = 1
LARGEST = 64 * 1024  # characters of JSON per request
NAME = f"sagemaker-stream-cases-{VECTORS_VERSION}"
_TEMPLATES = ROOT / "release" / "cases"
_VERSION_MARK = "0.0.0"  # in package.json
_LEFT_OUT = ("op", "input", "chunking", "expect", "acceptable")  # each request has its own

Document = Dict[str, Any]


def case_files(cases: Sequence[Case]) -> Dict[str, bytes]:
    """Return the files of the folder by their paths."""
    operations: Dict[str, List[Document]] = {}
    left_out: List[Document] = []
    for case in cases:
        documents = [_request(question, left_out) for question in questions_of(case)]
        requests = [document for document in documents if document is not None]
        if requests:
            entry = to_document(case)
            kept = {name: entry[name] for name in entry if name not in _LEFT_OUT}
            operations.setdefault(case.op, []).append(dict(kept, requests=requests))
    files = {f"cases/{op}.json": _file(op, found) for op, found in sorted(operations.items())}
    files["index.json"] = _index(operations, left_out)
    for path in sorted(_TEMPLATES.iterdir()):
        text = path.read_text(encoding="utf-8")
        if path.name == "package.json":
            text = text.replace(_VERSION_MARK, VECTORS_VERSION)
        files[path.name] = text.encode("utf-8")
    files["LICENSE"] = (ROOT / "vectors" / "LICENSE").read_bytes()
    return files


def _request(question: Question, left_out: List[Document]) -> Optional[Document]:
    case = question.case
    document: Document = {
        "chunking": question.chunking,
        "input": question.input,
        "expect": question.expect,
        "acceptable": [
            dict(other, expect=expected_in(case, other["expect"], question.chunking))
            for other in case.acceptable
        ],
    }
    if len(json.dumps(document)) > LARGEST:
        if "frames" in case.input or len(json.dumps([case.input, case.expect])) > LARGEST:
            left_out.append({"id": case.id, "op": case.op, "chunking": question.chunking})
            return None
        document.update(input=case.input, expect=case.expect, described=True)
        document["acceptable"] = list(case.acceptable)
    return {name: value for name, value in document.items() if value != []}


def _file(op: str, cases: List[Document]) -> bytes:
    lines = ",\n".join(_line(case) for case in cases)
    head = _line({"format": FORMAT, "vectors": VECTORS_VERSION, "op": op})[:-1]
    return f'{head}, "cases": [\n{lines}\n]}}\n'.encode("ascii")


def _index(operations: Dict[str, List[Document]], left_out: List[Document]) -> bytes:
    """Return what a reader checks: how many cases and requests each file has."""
    counts = {
        op: {
            "file": f"cases/{op}.json",
            "cases": len(cases),
            "requests": sum(len(case["requests"]) for case in cases),
            "described": sum(
                "described" in request for case in cases for request in case["requests"]
            ),
        }
        for op, cases in sorted(operations.items())
    }
    document = {
        "format": FORMAT,
        "vectors": VECTORS_VERSION,
        "operations": counts,
        "left_out": left_out,
    }
    return (json.dumps(document, indent=1) + "\n").encode("ascii")


def _line(document: Document) -> str:
    # ASCII, so that lone surrogates and control characters survive every reader.
    return json.dumps(document, ensure_ascii=True)
