# SPDX-License-Identifier: MIT
"""Read public test suites, each in its own format, as cases that any adapter can run.

    aws-c-auth            a folder per case: request.txt, context.json and a file for each stage
    aws4-testsuite        AWS's older format: NAME.req, .creq, .sts, .authz and .sreq
    eventstream-testdata  the format of the Go SDK: encoded/ and decoded/, positive/ and negative/
    streams               recorded bodies, *.bin, with an optional index.json of their contents

A reader finds the items of a folder. Each item becomes cases or one CaseError, so an invalid item
does not affect the others. The suite's files contain the expectations. For a recorded body that is
not in an index, the reference decodes it. Items that the adapter protocol cannot express are left
out with a note.

Rejected: an unknown kind of suite, a folder without items. A suite is not trusted: only regular
files inside its folder are read, whatever its index names and wherever its links lead, and none of
them completely if it is longer than any case can be.
"""

import hashlib
import os
import re
import uuid
from functools import partial
from typing import (
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Tuple,
)

from conformance.cases.case import Case, CaseError, Document
from conformance.files import read_bounded
from conformance.protocol.messages import MAX_LINE_LENGTH, BadQuestion, to_base64_text, to_bytes
from refimpl.documents.json_format import parse_json
from refimpl.errors import Error, UsageError, shown
from refimpl.eventstream import Decoder, Message
from refimpl.message_json import message_to_json


class Corpus(NamedTuple):
    """The contents of folders: cases, errors, and a line for each item that is left out."""

    cases: List[Case]
    faults: List[CaseError]
    notes: List[str]


# The name of an item in its folder, and a function that makes its cases.
Item = Tuple[str, Callable[[], Iterator[Case]]]

EXAMPLE_SECRET_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
_ALL_CHUNKINGS = ("whole", "bytewise", "halves", "trailing")
_LONG_STREAM = 256 * 1024  # bytes; longer streams are not split byte by byte, which is slow


class _LeftOut(Exception):
    """The adapter protocol cannot express this item."""


def read_corpora(texts: Sequence[str]) -> Corpus:
    """Return the contents of folders, each given as `KIND=DIR`.

    Raises UsageError for an unknown kind, and for a folder without items of the kind.
    """
    corpus = Corpus([], [], [])
    seen: Set[str] = set()
    for text in texts:
        kind, sign, folder = text.partition("=")
        if kind not in READERS or not sign or not folder:
            raise UsageError(
                "unknown corpus",
                expected=" or ".join(f"{known}=DIR" for known in READERS),
                actual=text,
            )
        if not os.path.isdir(folder):
            raise UsageError("corpus is not a folder", expected="a folder", actual=folder)
        items = list(READERS[kind](folder))
        if not items:
            raise UsageError(f"no case of {kind}", expected=_CONTENTS[kind], actual=folder)
        for name, cases_of in items:
            _add_item(corpus, seen, f"{kind}: {shown(name, 120)}", cases_of)
    return corpus


def _add_item(
    corpus: Corpus, seen: Set[str], label: str, cases_of: Callable[[], Iterator[Case]]
) -> None:
    try:
        cases = list(cases_of())
        for case in cases:
            if case.id in seen:
                raise CaseError(f"duplicate id {case.id}")
        seen.update(case.id for case in cases)
        corpus.cases.extend(cases)
    except _LeftOut as reason:
        corpus.notes.append(f"{label} is left out: {reason}")
    except Error as error:
        corpus.faults.append(CaseError(f"{label}: {error}"))


def _case(
    kind: str,
    name: str,
    title: str,
    rules: Sequence[str],
    op: str,
    given: Document,
    expect: Document,
    source: str,
    chunking: Sequence[str] = ("whole",),
) -> Case:
    case_id = f"{kind}-{re.sub('[^A-Za-z0-9._-]+', '-', name)}"
    return Case(
        case_id,
        title,
        tuple(rules),
        "MUST",
        op,
        given,
        tuple(chunking),
        expect,
        (),
        (),
        _WHY[kind],
        "0.1.0",
        source,
        kind,
    )


# ---- reading files -----------------------------------------------------------------------------


def _read(folder: str, *names: str) -> bytes:
    """Return the content of a regular file in a folder, or in folders inside it."""
    name, path = shown(names[-1], 120), os.path.join(folder, *names)
    try:
        if not is_inside(path, folder):
            raise CaseError(f"{name} is outside the folder of the corpus")
        if os.path.exists(path) and not os.path.isfile(path):
            raise CaseError(f"{name} is not a regular file")
        return read_bounded(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CaseError(f"cannot read {name}: {reason}") from None


def is_inside(path: str, folder: str) -> bool:
    """Return whether a path is inside a folder after all links have been followed."""
    inside = os.path.join(os.path.realpath(folder), "")
    return os.path.realpath(path).startswith(inside)


def _read_text(folder: str, *names: str) -> str:
    """Return a text without its final line end, one character per octet.

    A checkout may have changed LF to CR LF, so CR LF is changed back.
    """
    return _read(folder, *names).decode("latin-1").replace("\r\n", "\n").rstrip("\n")


def _read_object(folder: str, *names: str) -> Document:
    data = _read(folder, *names)
    try:
        document = parse_json(data)
    except Error as error:
        raise CaseError(f"{shown(names[-1], 120)} is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise CaseError(f"{shown(names[-1], 120)} is not an object")
    return document


def _get(document: Mapping[str, Any], name: str, kind: type, where: str) -> Any:
    value = document.get(name)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise CaseError(
            f"{where}: {name} has the wrong type",
            expected=kind.__name__,
            actual=type(value).__name__,
        )
    return value


def _folders_below(folder: str) -> Iterator[Tuple[str, List[str]]]:
    """Yield a folder and those in it, with their files, in order."""
    for path, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield path, sorted(names)


# ---- requests ----------------------------------------------------------------------------------


class RequestText(NamedTuple):
    """A request as the suites write it. Its headers are pairs [name, value]."""

    method: str
    target: str
    headers: List[List[str]]
    body: bytes


def parse_request(data: bytes, where: str) -> RequestText:
    """Return a request. Its target may contain spaces and UTF-8, and its headers may be folded.

    where: the file, for error messages. Raises CaseError.
    """
    parts = re.split(rb"\r?\n\r?\n", data, maxsplit=1)
    first, *lines = parts[0].replace(b"\r\n", b"\n").split(b"\n")
    try:
        match = re.match(r"(\S+) (.*) HTTP/1\.[01]\Z", first.decode("utf-8"), re.IGNORECASE)
    except UnicodeDecodeError:
        match = None
    if match is None:
        raise CaseError(
            f"{where} does not begin with a request line",
            expected="METHOD TARGET HTTP/1.1",
            actual=shown(first, 120),
        )
    headers: List[List[str]] = []
    for line in (line.decode("latin-1") for line in lines):
        if line[:1] in (" ", "\t") and headers:
            headers[-1][1] += "\n" + line
        elif ":" in line:
            headers.append(list(line.partition(":")[::2]))
        elif line:
            raise CaseError(f"{where} has an invalid header line", actual=shown(line, 120))
    return RequestText(match.group(1), match.group(2), headers, parts[1] if len(parts) > 1 else b"")


def _read_request(path: str, name: str) -> RequestText:
    return parse_request(_read(path, name), name)


def _first_value(request: RequestText, name: str) -> Optional[str]:
    return next((value for key, value in request.headers if key.lower() == name), None)


def _signing_input(request: RequestText, **more: Any) -> Document:
    given = dict(
        {
            "method": request.method,
            "target": request.target,
            "headers": request.headers,
            "body": to_base64_text(request.body),
        },
        **more,
    )
    return {name: value for name, value in given.items() if value is not None}


# ---- aws-c-auth --------------------------------------------------------------------------------


def _aws_c_auth(folder: str) -> Iterator[Item]:
    for path, names in _folders_below(folder):
        if "request.txt" in names or "context.json" in names:
            name = os.path.relpath(path, folder)
            yield (
                name,
                partial(
                    _aws_c_auth_cases, path, os.path.basename(path), "public-key.json" in names
                ),
            )


def _aws_c_auth_cases(path: str, name: str, asymmetric: bool) -> Iterator[Case]:
    if asymmetric:
        raise _LeftOut("it is for SigV4a, which uses another algorithm")
    context = _read_object(path, "context.json")
    keys = _get(context, "credentials", dict, "context.json")
    session_token = omit_session_token = None
    if "token" in keys:
        session_token = _get(keys, "token", str, "context.json")
    if "omit_session_token" in context:
        omit_session_token = _get(context, "omit_session_token", bool, "context.json")
    given = _signing_input(
        _read_request(path, "request.txt"),
        access_key=_get(keys, "access_key_id", str, "context.json"),
        secret_key=_get(keys, "secret_access_key", str, "context.json"),
        session_token=session_token,
        region=_get(context, "region", str, "context.json"),
        service=_get(context, "service", str, "context.json"),
        time=re.sub("[-:]", "", _get(context, "timestamp", str, "context.json")),
        normalize_path=_get(context, "normalize", bool, "context.json"),
        omit_session_token=omit_session_token,
    )
    for way, op, rules in (
        ("header", "sigv4.sign", ("SIG-001", "SIG-021", "SIG-023", "SIG-024")),
        ("query", "sigv4.presign", ("SIG-030", "SIG-001", "SIG-021", "SIG-032")),
    ):
        signed = _read_request(path, way + "-signed-request.txt")
        output: Dict[str, Optional[str]] = {
            stage.replace("-", "_"): _read_text(path, f"{way}-{stage}.txt")
            for stage in ("canonical-request", "string-to-sign", "signature")
        }
        if way == "header":
            output["authorization"] = _first_value(signed, "authorization")
            more: Document = {"sign_body": _get(context, "sign_body", bool, "context.json")}
        else:
            output["target"] = signed.target
            more = {"expires": _get(context, "expiration_in_seconds", int, "context.json")}
        expect = {
            "status": "ok",
            "output": {stage: text for stage, text in output.items() if text is not None},
        }
        yield _case(
            "aws-c-auth",
            f"{name}-{way}",
            f"{name}, signed in the {way}",
            rules,
            op,
            dict(given, **more),
            expect,
            "awslabs/aws-c-auth",
        )


# ---- aws4-testsuite ----------------------------------------------------------------------------

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 +Credential=([^/,]+)/[^,]*, *SignedHeaders=[^,]*, *"
    r"Signature=([0-9a-f]{64})\Z"
)


def _aws4_testsuite(folder: str) -> Iterator[Item]:
    for path, names in _folders_below(folder):
        for name in names:
            if name.endswith(".req"):
                place = os.path.relpath(os.path.join(path, name), folder)
                yield place, partial(_aws4_testsuite_cases, path, name[: -len(".req")], names)


def _aws4_testsuite_cases(path: str, name: str, file_names: Sequence[str]) -> Iterator[Case]:
    for ending in (".creq", ".sts", ".authz"):
        if name + ending not in file_names:
            raise _LeftOut(f"it has no {name}{ending} with an expectation")
    request = _read_request(path, name + ".req")
    canonical, text, authorization = (
        _read_text(path, name + ending) for ending in (".creq", ".sts", ".authz")
    )
    lines, claim = text.split("\n"), _AUTHORIZATION.match(authorization)
    scope = lines[2].split("/") if len(lines) == 4 else []
    if len(scope) != 4:
        raise CaseError(
            f"{name}.sts is not a string to sign",
            expected="four lines, the third a scope",
            actual=shown(text, 120),
        )
    if claim is None:
        raise CaseError(
            f"{name}.authz is not an Authorization header",
            expected="AWS4-HMAC-SHA256 Credential=...",
            actual=shown(authorization, 120),
        )
    if canonical.count("\n") < 5:
        raise CaseError(
            f"{name}.creq is not a canonical request",
            expected="six parts",
            actual=shown(canonical, 120),
        )
    names = canonical.split("\n")[-2].split(";")
    if "x-amz-date" not in names:
        raise _LeftOut("only Date has its time, but sigv4.sign sends x-amz-date")
    token = _first_value(request, "x-amz-security-token")
    unsigned = None
    if token is None and name + ".sreq" in file_names:
        unsigned = _first_value(_read_request(path, name + ".sreq"), "x-amz-security-token")
    has_hash = _first_value(request, "x-amz-content-sha256") is not None
    sign_body = "x-amz-content-sha256" in names and not has_hash
    given = _signing_input(
        request,
        access_key=claim.group(1),
        secret_key=EXAMPLE_SECRET_KEY,
        session_token=token or unsigned,
        region=scope[1],
        service=scope[2],
        time=lines[1],
        omit_session_token=True if unsigned else None,
        sign_body=True if sign_body else None,
    )
    output = {
        "canonical_request": canonical,
        "string_to_sign": text,
        "signature": claim.group(2),
        "authorization": authorization,
    }
    yield _case(
        "aws4-testsuite",
        name,
        name,
        ("SIG-001", "SIG-021", "SIG-023", "SIG-024"),
        "sigv4.sign",
        given,
        {"status": "ok", "output": output},
        "AWS's Signature Version 4 test suite",
    )


# ---- eventstream-testdata ----------------------------------------------------------------------

_TYPES = (
    "boolean",
    "boolean",
    "int8",
    "int16",
    "int32",
    "int64",
    "bytes",
    "string",
    "timestamp",
    "uuid",
)
_GO_ERRORS = {
    "Prelude checksum mismatch": ("prelude_crc", ("EVS-002", "EVS-004")),
    "Message checksum mismatch": ("message_crc", ("EVS-003", "EVS-005")),
}


def _eventstream_testdata(folder: str) -> Iterator[Item]:
    for sort, cases_of in (("positive", _go_positive), ("negative", _go_negative)):
        place = os.path.join(folder, "encoded", sort)
        is_usable = os.path.isdir(place) and is_inside(place, folder)
        for name in sorted(os.listdir(place)) if is_usable else ():
            yield f"encoded/{sort}/{name}", partial(cases_of, folder, name)


def _go_positive(folder: str, name: str) -> Iterator[Case]:
    data = _read(folder, "encoded", "positive", name)
    decoded = _read_object(folder, "decoded", "positive", name)
    headers = [_go_header(header) for header in _get(decoded, "headers", list, name)]
    message = {"headers": headers, "payload": to_base64_text(_from_base64(decoded.get("payload")))}
    yield _case(
        "eventstream-testdata",
        "decode-" + name,
        name + ", decoded",
        ("EVS-001", "EVS-026"),
        "eventstream.decode",
        {"base64": to_base64_text(data)},
        {"status": "ok", "output": {"messages": [message]}},
        "aws/aws-sdk-go",
        _ALL_CHUNKINGS,
    )
    yield _case(
        "eventstream-testdata",
        "encode-" + name,
        name + ", encoded",
        ("EVS-001",),
        "eventstream.encode",
        message,
        {"status": "ok", "output": {}},
        "aws/aws-sdk-go",
    )


def _go_header(header: object) -> Document:
    if (
        not isinstance(header, dict)
        or header.get("type") not in range(len(_TYPES))
        or not isinstance(header.get("name"), str)
    ):
        raise CaseError("invalid header", expected="name, type, value", actual=shown(header, 120))
    kind, value = _TYPES[header["type"]], header.get("value")
    try:
        return {"name": header["name"], "type": kind, "value": _VALUES.get(kind, _integer)(value)}
    except ValueError:
        raise CaseError(f"invalid value of type {kind}", actual=shown(value, 120)) from None


def _from_base64(value: object) -> bytes:
    try:
        return to_bytes(value)
    except BadQuestion as error:
        raise CaseError(str(error)) from None


def _integer(value: object) -> object:
    """Return an integer in the protocol's format: a string if a double cannot represent it."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError
    return value if abs(value) < 1 << 53 else str(value)


_VALUES: Dict[str, Callable[[object], object]] = {
    "boolean": bool,
    "bytes": lambda value: to_base64_text(_from_base64(value)),
    "string": lambda value: _from_base64(value).decode("utf-8"),
    "uuid": lambda value: str(uuid.UUID(bytes=_from_base64(value))),
}


def _go_negative(folder: str, name: str) -> Iterator[Case]:
    message = _read_text(folder, "decoded", "negative", name).strip()
    if message not in _GO_ERRORS:
        raise CaseError(
            "unknown error name",
            expected=" or ".join(sorted(_GO_ERRORS)),
            actual=shown(message, 120),
        )
    kind, rules = _GO_ERRORS[message]
    yield _case(
        "eventstream-testdata",
        "decode-" + name,
        f"{name}: {message.lower()}",
        rules,
        "eventstream.decode",
        {"base64": to_base64_text(_read(folder, "encoded", "negative", name))},
        {"status": "reject", "kind": kind, "output": {"messages": []}},
        "aws/aws-sdk-go",
        _ALL_CHUNKINGS,
    )


# ---- streams -----------------------------------------------------------------------------------


def _streams(folder: str) -> Iterator[Item]:
    index: Dict[str, Document] = {}
    if os.path.isfile(os.path.join(folder, "index.json")):
        try:
            index = _read_index(folder)
        except Error as error:
            yield "index.json", partial(_raise, error)
    names = sorted(name for name in os.listdir(folder) if name.endswith(".bin"))
    for name in sorted(set(names) | set(index)):
        yield name, partial(_stream_cases, folder, name, index.get(name))


def _raise(error: Error) -> Iterator[Case]:
    raise error


def _read_index(folder: str) -> Dict[str, Document]:
    entries = parse_json(_read(folder, "index.json"))
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise CaseError("not a list of objects")
    return {_get(entry, "file", str, "an entry"): entry for entry in entries}


def _stream_cases(folder: str, name: str, entry: Optional[Document]) -> Iterator[Case]:
    data = _read(folder, name)
    if len(data) > MAX_LINE_LENGTH // 2:
        raise CaseError(
            "too long for a line of the protocol",
            expected=f"at most {MAX_LINE_LENGTH // 2} bytes",
            actual=len(data),
        )
    if entry is not None:
        expect = _expected_of_index(data, entry)
        source = f"{entry.get('source', 'recorded')} {entry.get('path', '')}".strip()
    else:
        expect = _expected_of_reference(data)
        source = "the reference's reading"
    chunking = [way for way in _ALL_CHUNKINGS if way != "bytewise" or len(data) <= _LONG_STREAM]
    if expect["status"] != "ok":
        chunking.remove("trailing")  # the appended frame could complete a truncated one
    yield _case(
        "streams",
        os.path.splitext(name)[0],
        f"{name}, {len(data)} bytes",
        ("EVS-001", "EVS-026", "EVS-023"),
        "eventstream.decode",
        {"base64": to_base64_text(data)},
        expect,
        source,
        chunking,
    )


def _expected_of_index(data: bytes, entry: Document) -> Document:
    """Return the messages that the index lists, with their payloads from the file."""
    if "sha256" in entry and entry["sha256"] != hashlib.sha256(data).hexdigest():
        raise CaseError("the checksum differs from that of index.json")
    messages = []
    for event in _get(entry, "events", list, "index.json"):
        try:
            end = event["offset"] + event["total_length"] - 4
            headers = [
                {"name": header, "type": kind, "value": value}
                for header, kind, value in event["headers"]
            ]
            payload = data[end - event["payload_length"] : end]
        except (TypeError, KeyError, ValueError):
            raise CaseError(
                "index.json: invalid event",
                expected="offset, total_length, headers, payload_length",
            ) from None
        messages.append({"headers": headers, "payload": to_base64_text(payload)})
    return {"status": "ok", "output": {"messages": messages}}


def _expected_of_reference(data: bytes) -> Document:
    decoder = Decoder(max(len(data), 16))
    messages: List[Message] = []
    expect: Document = {"status": "ok"}
    try:
        messages += decoder.feed(data)
        decoder.close()
    except Error as error:
        messages += getattr(error, "messages", ())
        expect = {"status": "reject", "kind": error.kind}
    expect["output"] = {"messages": [message_to_json(message) for message in messages]}
    return expect


# ---- the kinds ---------------------------------------------------------------------------------

READERS: Dict[str, Callable[[str], Iterator[Item]]] = {
    "aws-c-auth": _aws_c_auth,
    "aws4-testsuite": _aws4_testsuite,
    "eventstream-testdata": _eventstream_testdata,
    "streams": _streams,
}
_CONTENTS = {
    "aws-c-auth": "folders with request.txt and context.json",
    "aws4-testsuite": "files NAME.req, .creq, .sts, .authz",
    "eventstream-testdata": "encoded/positive and encoded/negative",
    "streams": "files *.bin",
}
_WHY = {
    "aws-c-auth": "AWS tests its own signers with this case, and rejects a signature that differs",
    "aws4-testsuite": "AWS published this case first, and most signers were tested with it",
    "eventstream-testdata": "AWS tests its own codecs with this case",
    "streams": "a service sent this body, and a decoder that fails on it loses a response",
}
