# SPDX-License-Identifier: MIT
"""The adapter protocol, version 2: one JSON object per line in each direction.

A program reads requests until `bye` or the end of its input, and answers each one. An adapter in
Python calls `serve` with its name and a table of operations. An operation takes the input of a
request and returns the output. It raises Reject if the implementation rejects the input, and
Unsupported if the implementation cannot be asked. Any other exception becomes the status `error`:
the adapter is broken, not the implementation. Output of an operation to stdout goes to stderr
instead, so that it cannot reach the answers.

The runner requests version 2 and, if that fails, version 1. `serve` answers with the version that
was requested. An operation that reports progress takes a second argument: a function to call with
the number of events that it has handed over.
"""

import base64
import json
import os
import string
import sys
from typing import (
    Any,
    BinaryIO,
    Callable,
    Dict,
    Iterator,
    List,
    Mapping,
    Optional,
    Sequence,
    Tuple,
    Union,
)

PROTOCOL_VERSION = 2
PROTOCOL_VERSIONS = (1, 2)
MAX_LINE_LENGTH = 64 * 1024 * 1024  # bytes
OPERATION_NAMES = (
    "sigv4.sign",
    "sigv4.presign",
    "sigv4.verify",
    "eventstream.decode",
    "eventstream.encode",
    "shape.convert",
    "http.request",
    "http.response",
    "text.lines",
    "text.sse",
    "json.values",
    "text.extract",
    "endpoint.resolve",
    "proxy.select",
    "retry.decide",
    "config.parse",
    "credentials.resolve",
    "explain.refusal",
    "invoke",
)
REJECT_KINDS = (
    "prelude_crc",
    "message_crc",
    "length",
    "limit",
    "header",
    "duplicate_header",
    "header_type",
    "utf8",
    "truncated",
    "message_type",
    "exception",
    "unmodeled",
    "container",
    "service_error",
    "content_type",
    "http",
    "network",
    "timeout",
    "syntax",
    "type",
    "constraint",
    "signature",
    "expired",
    "configuration",
)

_BASE64 = (string.ascii_letters + string.digits + "+/").encode("ascii")

Operation = Callable[..., Dict[str, Any]]
Report = Callable[[int], None]  # takes the number of events handed over so far
Kind = Union[str, Sequence[str]]  # a kind, several kinds, or "*" for all


class Reject(Exception):
    """The implementation rejects the input.

    kind: a kind of the protocol, or a name that `kinds` of hello maps to one
    output: what the implementation had delivered before
    """

    def __init__(
        self,
        kind: str,
        message: str = "",
        code: Optional[str] = None,
        fields: Optional[Dict[str, Any]] = None,
        output: Optional[Dict[str, Any]] = None,
    ) -> None:
        super().__init__(message)
        self.answer: Dict[str, Any] = {
            "status": "reject",
            "kind": kind,
            "message": message,
            "code": code,
            "fields": fields,
            "output": output,
        }


class Unsupported(Exception):
    """The implementation cannot be asked this; str() says why."""


class BadQuestion(Exception):
    """The request breaks the protocol."""


def to_bytes(text: object) -> bytes:
    """Return the bytes of standard, padded base64. Raises BadQuestion."""
    if not isinstance(text, str):
        raise BadQuestion(f"expected base64 text, got {type(text).__name__}")
    data = text.encode("ascii", "replace")
    rest = data.translate(None, _BASE64)  # the check of old standard libraries is incomplete
    if len(data) % 4 or rest not in (b"", b"=", b"==") or not data.endswith(rest):
        raise BadQuestion("invalid base64 (expected the standard alphabet and padding)")
    return base64.b64decode(data)


def to_base64_text(data: bytes) -> str:
    """Return bytes as standard, padded base64."""
    return base64.b64encode(data).decode("ascii")


def to_pairs(headers: object) -> List[Tuple[str, str]]:
    """Return HTTP headers, [[name, value], …], as pairs."""
    if not isinstance(headers, list) or not all(
        isinstance(pair, list) and len(pair) == 2 for pair in headers
    ):
        raise BadQuestion("headers must be [[name, value], ...]")
    return [(name, value) for name, value in headers]


def answer_question(
    question: Dict[str, Any],
    operations: Mapping[str, Operation],
    report: Optional[Report] = None,
) -> Dict[str, Any]:
    """Return the answer to one `run` request.

    report: the second argument of the operation, if it takes one
    """
    name = question.get("op")
    operation = operations.get(name) if isinstance(name, str) else None
    if operation is None:
        return {"status": "unsupported", "reason": f"no operation {name}"}
    given = question.get("input")
    if not isinstance(given, dict):
        return {"status": "error", "detail": "input must be an object"}
    arguments: List[Any] = [{key: value for key, value in given.items() if value is not None}]
    if report is not None:
        arguments.append(report)
    try:
        return {"status": "ok", "output": operation(*arguments)}
    except Reject as refusal:
        return {key: value for key, value in refusal.answer.items() if value is not None}
    except Unsupported as reason:
        return {"status": "unsupported", "reason": str(reason)}
    except KeyError as error:
        return {"status": "error", "detail": f"input lacks {error}"}
    except Exception as error:  # reported, so that the adapter survives a bug in an operation
        return {"status": "error", "detail": f"{type(error).__name__}: {error}"}


def serve(
    name: str,
    version: str,
    operations: Mapping[str, Operation],
    kinds: Optional[Mapping[str, Kind]] = None,
    language: str = "python",
    stdin: Optional[BinaryIO] = None,
    stdout: Optional[BinaryIO] = None,
    reporting: Sequence[str] = (),
    reads: Sequence[str] = (),
) -> None:
    """Answer requests until `bye` or the end of the input.

    kinds: maps the implementation's own names of reject kinds to kinds of the protocol
    reporting: the operations that report progress
    reads: the containers whose text `invoke` returns, of an application
    Without stdout, the process's own streams are used. Then an interrupt or a closed pipe ends the
    process without a traceback.
    """
    if stdout is None:
        if sys.stdin is None or sys.stdout is None:
            sys.exit(f"{name}: stdin or stdout is closed")
        try:
            with _own_stdout() as answers:
                serve(
                    name,
                    version,
                    operations,
                    kinds,
                    language,
                    stdin,
                    answers,
                    reporting,
                    reads,
                )
        except KeyboardInterrupt:
            sys.exit(130)
        except BrokenPipeError:
            sys.exit(141)
        return
    source = stdin if stdin is not None else sys.stdin.buffer
    hello = {
        "protocol": PROTOCOL_VERSION,
        "implementation": {"name": name, "version": version, "language": language},
        "operations": sorted(operations),
        "kinds": dict(kinds or {}),
        "progress": bool(reporting),
        "reads": list(reads),
    }

    def send(answer: Dict[str, Any]) -> None:
        answers.write(_line_of(answer))
        answers.flush()

    answers = stdout
    protocol = 1
    for line in _lines(source):
        question = _question(line)
        command = question.get("cmd")
        if command == "bye":
            return
        seq = question.get("seq")
        if command == "hello":
            protocol = _spoken(question.get("protocol"))
            send(_hello_in(protocol, hello))
        elif command == "run":
            report = None
            if question.get("op") in reporting:
                report = _reporter(seq, send if protocol > 1 else None)
            send(dict(answer_question(question, operations, report), seq=seq))
        else:
            detail = "invalid request: cmd must be hello, run or bye"
            send({"seq": seq, "status": "error", "detail": detail})


def _spoken(requested: object) -> int:
    """Return the version to speak with a runner that requests a version."""
    if type(requested) is not int or requested < 1:
        return 1
    return min(requested, PROTOCOL_VERSION)


def _hello_in(protocol: int, hello: Dict[str, Any]) -> Dict[str, Any]:
    """Return the answer to `hello` in a version of the protocol."""
    answer = dict(hello, protocol=protocol)
    if protocol == 1:
        del answer["progress"]
    if protocol == 1 or not answer["reads"]:
        del answer["reads"]
    return answer


def _reporter(seq: object, send: Optional[Callable[[Dict[str, Any]], None]]) -> Report:
    """Return the function with which an operation reports progress on a request."""

    def report(count: int) -> None:
        if send is not None:
            send({"seq": seq, "progress": count})

    return report


def _own_stdout() -> BinaryIO:
    """Return stdout for the answers, and redirect all other writes to it to stderr.

    Other writers are child processes and C libraries, for example.
    """
    sys.stdout.flush()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return answers


def _lines(source: BinaryIO) -> Iterator[bytes]:
    """Yield lines that are not blank, and the beginning of a line that exceeds the limit."""
    line = source.readline(MAX_LINE_LENGTH + 1)
    while line:
        if line.strip() or len(line) > MAX_LINE_LENGTH:
            yield line
        while line and not line.endswith(b"\n"):  # the rest of a line beyond the limit
            line = source.readline(MAX_LINE_LENGTH + 1)
        line = source.readline(MAX_LINE_LENGTH + 1)


def _line_of(answer: Dict[str, Any]) -> bytes:
    try:
        text = json.dumps(answer, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        text = json.dumps(
            {
                "seq": answer.get("seq"),
                "status": "error",
                "detail": f"the answer is not JSON: {error}",
            }
        )
    return text.encode("ascii") + b"\n"


def _question(line: bytes) -> Dict[str, Any]:
    if len(line) > MAX_LINE_LENGTH:
        return {}
    try:
        question = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        return {}
    return question if isinstance(question, dict) else {}


def to_triples(headers: Sequence[Mapping[str, Any]]) -> List[Tuple[str, str, Any]]:
    """Return message headers, [{name, type, value}], as triples with decoded bytes and integers."""
    triples = []
    for header in headers:
        value, kind = header.get("value"), header["type"]
        if kind == "bytes":
            value = to_bytes(value)
        elif kind in ("int8", "int16", "int32", "int64", "timestamp") and isinstance(value, str):
            value = int(value)
        triples.append((header["name"], kind, value))
    return triples
