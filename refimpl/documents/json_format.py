# SPDX-License-Identifier: MIT
"""JSON text <-> plain values and shapes, strictly and within bounds, over the standard library's parser.

What the library lets pass and this refuses: nesting without end (it would raise RecursionError), NaN and Infinity, numbers
that overflow a float, integers of any length (quadratic), a name given twice in one object, bytes that are not UTF-8.
Every refusal is a DocumentError with the byte offset where one is known (SHP-001 to SHP-003). A value tree is written
compactly; JSON_FORMAT says how the walk over a field table reads what was parsed: blobs are base64, integers are no floats.

Also here: messages and events as JSON values, in the form that `decode`, `invoke --format events` and the adapter protocol
share: bytes in base64, uuids with dashes, integers beyond 2**53 as decimal strings.
"""

import json
import re
from binascii import a2b_base64, b2a_base64
from typing import Any, Dict, List, NoReturn, Sequence, Set, Tuple

from ..errors import DocumentError
from ..fields import Field
from .value_format import (
    MAX_DOCUMENT_NODES,
    Format,
    Labelled,
    Place,
    Value,
    check_nodes,
    check_text,
    checked_int32,
    checked_text,
    document_bytes,
    member_name_of,
    member_path,
    write_members,
)

MAX_JSON_DEPTH = 64  # nested arrays and objects; SHP-001
_MAX_INTEGER_DIGITS = 20  # more than int64 has; SHP-003

# What the scan for a value's end looks at: a backslash with the byte that it escapes, if that has come; a quote; a bracket.
_MARK = rb'(?s)\\.?|["\[\]{}]'


def parse_json(document: object) -> Any:
    """Return the value of a JSON document, bytes or text: None, bool, int, float, str, list or dict.

    Raises DocumentError `syntax`, or `limit` beyond MAX_JSON_DEPTH or MAX_DOCUMENT_LENGTH; the document itself is not shown,
    since it may hold sensitive members.
    """
    data = document_bytes(document)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DocumentError(
            "JSON is not UTF-8",
            expected="UTF-8",
            actual=data[error.start : error.start + 4],
            offset=error.start,
            rule="SHP-002",
        ) from None
    brackets = data.count(b"[") + data.count(b"{")
    if brackets > MAX_JSON_DEPTH:  # else it cannot be too deep
        ValueScanner().end_in(data)
    if brackets > MAX_DOCUMENT_NODES:  # else there cannot be too many
        outside = re.sub(_JSON_STRING, b"", data)
        check_nodes(outside.count(b"[") + outside.count(b"{"))
    try:
        return json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_int=_bounded_int,
            parse_float=_finite,
        )
    except DocumentError:
        raise
    except ValueError as error:  # json.JSONDecodeError is one
        position = getattr(error, "pos", 0)
        raise DocumentError(
            f"JSON cannot be read: {getattr(error, 'msg', error)}",
            expected="a JSON document",
            offset=len(text[:position].encode("utf-8")),
            rule="SHP-002",
        ) from None


_JSON_STRING = rb'(?s)"[^"\\]*(?:\\.[^"\\]*)*"?'


class ValueScanner:
    """Finds the end of a JSON value that begins with a bracket or a quote, in bytes that come in pieces, each looked at once.

    It trusts that the value is well-formed, so what it finds is still to be parsed. depth: how many brackets are open;
    in_string, escaped: whether the last piece ended inside a string, behind a backslash
    """

    def __init__(self) -> None:
        self.depth = 0
        self.in_string = False
        self.escaped = False
        self._seen = 0  # bytes of earlier pieces
        self._find_marks = re.compile(_MARK).finditer

    def end_in(self, data: bytes, start: int = 0) -> int:
        """Return the index behind the value's last byte, or -1 when that is not in data, of which start is the next byte.

        Raises DocumentError `limit` beyond MAX_JSON_DEPTH; its offset counts from the first byte scanned.
        """
        position = start
        if self.escaped and position < len(data):
            self.escaped = False
            position += 1
        for match in self._find_marks(data, position):
            mark = match.group()
            if mark == b'"':
                self.in_string = not self.in_string
            elif mark == b"\\":  # the last byte of the piece
                self.escaped = True
            elif not self.in_string and mark in b"[]{}":
                self.depth += 1 if mark in b"[{" else -1
                if self.depth > MAX_JSON_DEPTH:  # SHP-001
                    raise DocumentError(
                        "JSON is nested too deeply",
                        kind="limit",
                        expected=f"at most {int(MAX_JSON_DEPTH)} levels",
                        actual=f"{int(self.depth)}",
                        offset=self._seen + match.start() - start,
                        rule="SHP-001",
                    )
            if self.depth <= 0 and not self.in_string and mark in b'"]}':
                return match.end()
        self._seen += len(data) - start
        return -1


def _unique(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: Set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise DocumentError(
            "JSON names a member twice", expected="unique names", actual=twice, rule="SHP-002"
        )
    return members


def _no_constant(text: str) -> NoReturn:
    raise DocumentError("JSON has no such number", expected="a number", actual=text, rule="SHP-003")


def _bounded_int(text: str) -> int:
    if len(text) > _MAX_INTEGER_DIGITS:
        raise DocumentError(
            "JSON integer is too long",
            expected=f"at most {int(_MAX_INTEGER_DIGITS)} digits",
            actual=f"{len(text)}",
            rule="SHP-003",
        )
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise DocumentError(
            "JSON number overflows", expected="a finite number", actual=text, rule="SHP-003"
        )
    return number


# ---- shapes ------------------------------------------------------------------------------------------------------


def to_base64(data: bytes) -> str:
    """Return bytes as standard, padded base64."""
    return b2a_base64(data, newline=False).decode("ascii")


def base64_bytes(text: str, place: Place) -> bytes:
    """Return the bytes of standard, padded base64, or refuse it (SHP-010)."""
    if not re.match(_STANDARD_BASE64, text):  # a2b_base64 passes over what it does not know
        place.refuse(
            "a blob is no base64", expected="standard, padded base64", actual=text, rule="SHP-010"
        )
    return a2b_base64(text)


_STANDARD_BASE64 = r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\Z"


def _of_kind(kind: type, name: str, node: object, place: Place, rule: str = "SHP-009") -> Any:
    if isinstance(node, kind) and not isinstance(node, bool):
        return node
    return place.refuse(
        "JSON of the wrong type",
        expected=name,
        actual=_JSON_NAMES.get(type(node), "a number"),
        rule=rule,
    )


_JSON_NAMES = {
    type(None): "null",
    bool: "a boolean",
    str: "a string",
    list: "an array",
    dict: "an object",
}


def _json_members(node: object, place: Place) -> Labelled:
    return [
        (name, child)
        for name, child in _of_kind(dict, "an object", node, place).items()
        if child is not None
    ]


def _json_elements(node: object, place: Place) -> Labelled:
    return (
        [(f"[{int(index)}]", child) for index, child in enumerate(node)]
        if isinstance(node, list)
        else [("", node)]
    )


JSON_FORMAT = Format(
    _json_members,
    _json_elements,
    {
        "string": lambda node, place: checked_text(_of_kind(str, "a string", node, place), place),
        "blob": lambda node, place: base64_bytes(_of_kind(str, "a string", node, place), place),
        "integer": lambda node, place: checked_int32(
            _of_kind(int, "an integer", node, place, "SHP-011"), place
        ),
    },
)


def json_of_value(value: Value) -> str:
    """Return a value tree as JSON text: compact, names in the order of the tree, blobs in base64 (SHP-015)."""
    return json_text(plain_of_value(value))


def json_text(plain: object) -> str:
    """Return a plain value as the JSON text that the seed writes: compact, and only what must be is escaped, and DEL."""
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).replace("\x7f", "\\u007f")


def plain_of_value(value: Value, path: str = "") -> Any:
    """Return a value tree as JSON holds it. Raises UsageError for text that no UTF-8 has."""
    tag, content = value
    if tag == "Structure":
        return {name: plain_of_value(child, member_path(path, name)) for name, child in content}
    if tag == "List":
        return [
            plain_of_value(child, f"{path}[{int(index)}]") for index, child in enumerate(content)
        ]
    if tag == "Blob":
        return to_base64(content)
    return check_text(content, path) if tag == "String" else content


def members_to_json(fields: Sequence[Field], value: object) -> Dict[str, Any]:
    """Return the members that value has of a field table as a JSON object, by member name, blobs in base64."""
    members: Dict[str, Any] = plain_of_value(write_members(fields, value, member_name_of))
    return members
