# SPDX-License-Identifier: MIT
"""The requests to an adapter that a case leads to: one for each chunking of its bytes.

A case writes its bytes as `frames`, `text`, `base64` or `bytes`, a description. questions_of()
assembles them, splits them into `chunks` or `parts`, expands all descriptions (described.py), and
adjusts the expectation to the chunking. The expectation never goes to the adapter: a Question keeps
it apart from `input`, which does.
"""

import base64
from typing import List, NamedTuple, Optional

from conformance.cases.case import Case, Document
from conformance.cases.described import (
    described_bytes,
    expanded_expectation,
    expanded_input,
    pieces_of,
)
from conformance.cases.frames import assemble
from conformance.endpoint.scenarios.build import header, raw_frame

# The keys in which a case writes its bytes.
CARRIERS = ("frames", "text", "base64", "bytes")
PIECE = "piece"  # the key for the size of all chunks but the last, in bytes

# The frame that the chunking `trailing` appends. No case contains it, so its message is unique.
TRAILING_FRAME = raw_frame(header(b"trailing", b"yes"), b"trailing")
TRAILING_MESSAGE = {
    "headers": [{"name": "trailing", "type": "string", "value": "yes"}],
    "payload": base64.b64encode(b"trailing").decode("ascii"),
}

_OPERATIONS_WITH_BYTES = {
    "eventstream.decode": "chunks",
    "http.response": "chunks",
    "text.lines": "parts",
    "text.sse": "parts",
    "json.values": "parts",
    "text.extract": "parts",
}


class Question(NamedTuple):
    """A request to an adapter, and what is expected of it."""

    case: Case
    chunking: str
    # The adapter receives only this field, and the operation of the case.
    input: Document
    expect: Document


def questions_of(case: Case) -> List[Question]:
    """Return the requests of a case, one for each chunking.

    Raises FrameTextError and DescriptionError.
    """
    data = input_bytes(case)
    if data is None:
        given = expanded_input(case.op, case.input)
        expect = expected_in(case, case.expect, case.chunking[0])
        return [Question(case, case.chunking[0], given, expect)]
    rest = {name: value for name, value in case.input.items() if name not in CARRIERS + (PIECE,)}
    place = _OPERATIONS_WITH_BYTES[case.op]
    questions = []
    for chunking in case.chunking:
        pieces = _pieces(data, chunking)
        if PIECE in case.input:
            pieces = pieces_of(data, case.input[PIECE])
        texts = [base64.b64encode(piece).decode("ascii") for piece in pieces]
        given = dict(rest, **{place: texts})
        questions.append(Question(case, chunking, given, expected_in(case, case.expect, chunking)))
    return questions


def check_descriptions(case: Case) -> None:
    """Raise what questions_of() would raise, without making the requests."""
    if input_bytes(case) is None:
        expanded_input(case.op, case.input)
    expanded_expectation(case.op, case.expect)


def input_bytes(case: Case) -> Optional[bytes]:
    """Return the bytes of a case's input before they are split, or None if it has none to split."""
    given = case.input
    if case.op not in _OPERATIONS_WITH_BYTES:
        return None
    if "frames" in given:
        return assemble(given["frames"])
    if "text" in given:
        return bytes(given["text"].encode("utf-8"))
    if "base64" in given:
        return base64.b64decode(given["base64"])
    if "bytes" in given:
        return described_bytes(given["bytes"])
    return None


def _pieces(data: bytes, chunking: str) -> List[bytes]:
    if chunking == "bytewise":
        return [data[index : index + 1] for index in range(len(data))]
    if chunking == "halves":
        half = len(data) // 2
        pieces = [data[:half], data[half:]]
    elif chunking == "trailing":
        pieces = [data + TRAILING_FRAME]
    else:
        pieces = [data]
    return [piece for piece in pieces if piece]


def expected_in(case: Case, expect: Document, chunking: str) -> Document:
    """Return an expectation of a case in a chunking, with descriptions expanded.

    `trailing` adds a message to a valid stream.
    """
    expect = expanded_expectation(case.op, expect)
    output = expect.get("output", {})
    if chunking != "trailing" or expect["status"] != "ok" or "messages" not in output:
        return expect
    return dict(expect, output=dict(output, messages=output["messages"] + [TRAILING_MESSAGE]))
