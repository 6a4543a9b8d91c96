# SPDX-License-Identifier: MIT
"""The adapter protocol, version 1: one JSON object a line in, one out, until `bye` or the end of input.

An adapter gives `serve` its name and a table of operations. An operation takes a question's input and returns its output; it
raises Reject when the implementation refuses the input, Unsupported when it cannot be asked. Anything else that it raises is
reported as `error`: the harness is broken, not the implementation. Nothing that an operation prints can reach the answers.
"""
import base64
import binascii
import json
import sys
from typing import Any, BinaryIO, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

PROTOCOL_VERSION = 1
MAX_LINE_LENGTH = 64 * 1024 * 1024  # bytes

Operation = Callable[[Dict[str, Any]], Dict[str, Any]]


class Reject(Exception):
    """The implementation refuses the input. kind: one of the protocol's; output: what it had delivered before."""

    def __init__(self, kind: str, message: str = "", code: Optional[str] = None, fields: Optional[Dict[str, Any]] = None,
                 output: Optional[Dict[str, Any]] = None) -> None:
        super().__init__(message)
        self.answer: Dict[str, Any] = {"status": "reject", "kind": kind, "message": message, "code": code, "fields": fields,
                                       "output": output}


class Unsupported(Exception):
    """The implementation cannot be asked this, and why."""


class BadQuestion(Exception):
    """The question itself breaks the protocol."""


def to_bytes(text: object) -> bytes:
    """Return the bytes of standard, padded base64."""
    if not isinstance(text, str):
        raise BadQuestion("expected base64 text, got %s" % type(text).__name__)
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadQuestion("not base64: %s" % error) from None


def to_base64_text(data: bytes) -> str:
    """Return bytes as standard, padded base64."""
    return base64.b64encode(data).decode("ascii")


def to_pairs(headers: object) -> List[Tuple[str, str]]:
    """Return HTTP headers, [[name, value], …], as pairs."""
    if not isinstance(headers, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in headers):
        raise BadQuestion("headers must be [[name, value], ...]")
    return [(name, value) for name, value in headers]


def answer_question(question: Dict[str, Any], operations: Mapping[str, Operation]) -> Dict[str, Any]:
    """Return the answer to one `run` question."""
    name = question.get("op")
    operation = operations.get(name) if isinstance(name, str) else None
    if operation is None:
        return {"status": "unsupported", "reason": "no operation %s" % name}
    given = question.get("input")
    if not isinstance(given, dict):
        return {"status": "error", "detail": "input must be an object"}
    try:
        return {"status": "ok", "output": operation({key: value for key, value in given.items() if value is not None})}
    except Reject as refusal:
        return {key: value for key, value in refusal.answer.items() if value is not None}
    except Unsupported as reason:
        return {"status": "unsupported", "reason": str(reason)}
    except KeyError as error:
        return {"status": "error", "detail": "input lacks %s" % error}
    except Exception as error:  # the one place where everything is caught: it is reported, and the adapter lives on
        return {"status": "error", "detail": "%s: %s" % (type(error).__name__, error)}


def serve(name: str, version: str, operations: Mapping[str, Operation], kinds: Optional[Mapping[str, str]] = None,
          language: str = "python", stdin: Optional[BinaryIO] = None, stdout: Optional[BinaryIO] = None) -> None:
    """Answer questions until there are no more. kinds: the implementation's own names of reject kinds -> the protocol's."""
    source = stdin if stdin is not None else sys.stdin.buffer
    sink = stdout if stdout is not None else sys.stdout.buffer
    sys.stdout = sys.stderr  # what an implementation prints must not look like an answer
    hello = {"protocol": PROTOCOL_VERSION, "implementation": {"name": name, "version": version, "language": language},
             "operations": sorted(operations), "kinds": dict(kinds or {})}
    while True:
        line = source.readline(MAX_LINE_LENGTH + 1)
        if not line:
            return
        if not line.strip():
            continue
        question = _question(line)
        command = question.get("cmd")
        if command == "bye":
            return
        if command == "hello":
            answer = hello
        elif command == "run":
            answer = dict(answer_question(question, operations), seq=question.get("seq"))
        else:
            answer = {"seq": question.get("seq"), "status": "error", "detail": "not a question: cmd must be hello, run or bye"}
        sink.write(json.dumps(answer, separators=(",", ":")).encode("ascii") + b"\n")
        sink.flush()


def _question(line: bytes) -> Dict[str, Any]:
    if len(line) > MAX_LINE_LENGTH:
        return {}
    try:
        question = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        return {}
    return question if isinstance(question, dict) else {}


def to_triples(headers: Sequence[Mapping[str, Any]]) -> List[Tuple[str, str, Any]]:
    """Return message headers, [{name, type, value}], as triples; bytes decoded, integers out of their decimal strings."""
    triples = []
    for header in headers:
        value, kind = header.get("value"), header["type"]
        if kind == "bytes":
            value = to_bytes(value)
        elif kind in ("int8", "int16", "int32", "int64", "timestamp") and isinstance(value, str):
            value = int(value)
        triples.append((header["name"], kind, value))
    return triples
