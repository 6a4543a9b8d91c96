# SPDX-License-Identifier: MIT
"""JSON: a strict parser over the standard library's, a reader of shapes, a writer of trees.

The standard library is lenient or slow in some cases. `parse_json` rejects these with a
DocumentError, which has the byte offset if known (SHP-001 to SHP-003):

- nesting that is too deep, which would raise RecursionError
- NaN, Infinity and numbers that overflow a float
- integers that are too long, which would take quadratic time
- a name that occurs twice in an object
- bytes that are not UTF-8

JSON_FORMAT reads shapes from parsed values: blobs are base64, and a float is not an integer.
`ValueScanner` finds the end of a value in bytes that arrive in pieces. Value trees are written
without white space.
"""

import json
import re
from binascii import a2b_base64, b2a_base64
from functools import lru_cache
from typing import Any, Dict, List, NoReturn, Optional, Pattern, Sequence, Set, Tuple

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

# SHP-001
MAX_JSON_DEPTH = 64  # nested arrays and objects
# SHP-003
_MAX_INTEGER_DIGITS = 20  # more than int64 has

# A backslash with the byte that it escapes (if that has arrived), a quote, or a bracket.
_MARK = rb'(?s)\\.?|["\[\]{}]'


def parse_json(document: object, lenient: bool = False) -> Any:
    """Parse a JSON document, bytes or text, to None, bool, int, float, str, list or dict.

    lenient: accept NaN, Infinity, -Infinity and control characters in strings
    Raises DocumentError `syntax`, or `limit` beyond MAX_JSON_DEPTH or MAX_DOCUMENT_LENGTH. The
    message does not show the document, because it may contain sensitive members.
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
    if brackets + data.count(b",") > MAX_DOCUMENT_NODES:  # some may be in strings
        _check_values(data)
    if brackets > MAX_JSON_DEPTH:  # fewer brackets cannot be nested too deeply
        ValueScanner().end_in(data)
    try:
        return _decoder_for(data, lenient).decode(text)
    except DocumentError:
        raise
    except ValueError as error:  # usually json.JSONDecodeError
        position = getattr(error, "pos", 0)
        raise DocumentError(
            f"invalid JSON: {getattr(error, 'msg', error)}",
            expected="a JSON document",
            offset=len(text[:position].encode("utf-8")),
            rule="SHP-002",
        ) from None


_STRING_OR_MARK = rb'(?s)"[^"\\]*(?:\\.[^"\\]*)*"?|[\[{,]'


def _check_values(data: bytes) -> None:
    """Raise DocumentError `limit` if data has too many values or strings (SHP-006)."""
    marks = strings = 0
    for match in re.finditer(_STRING_OR_MARK, data):
        # Every value but the first follows a bracket or a comma. A member has two strings at most.
        if data[match.start()] == 0x22:
            strings += 1
        else:
            marks += 1
        check_nodes(max(marks, strings // 2))


class ValueScanner:
    """Finds the end of a JSON value that starts with a bracket or a quote, in pieces of bytes.

    It does not check the syntax, so parse the value afterwards. Its time is linear: it looks at
    each byte once or twice. Most pieces do not end the value. The fast path, `_skims`, reads such
    a piece without a step for each quote, so that a value in many pieces is read about as fast as
    json.loads reads it.
    depth: the number of open brackets;  in_string: whether the last piece ended inside a string;
    escaped: whether it ended after a backslash
    """

    def __init__(self) -> None:
        self.depth = 0
        self.in_string = False
        self.escaped = False
        self._seen = 0  # bytes of earlier pieces

    def end_in(self, data: bytes, start: int = 0) -> int:
        """Scan data from start. Return the index after the value's last byte, or -1 without one.

        Raises DocumentError `limit` beyond MAX_JSON_DEPTH. Its offset counts from the first byte
        of the value.
        """
        position, length = start, _FIRST_PIECE_LENGTH
        while position < len(data):
            piece = data[position : position + length]
            if not self._skims(piece):
                end = self._scan(piece)
                if end >= 0:
                    return position + end
            self._seen += len(piece)
            position += length
            # A short value followed by others must not cost a long piece.
            length = min(2 * length, _PIECE_LENGTH)
        return -1

    def _skims(self, piece: bytes) -> bool:
        """Scan a piece if the value does not end in it and the nesting is not too deep.

        Otherwise, and if only the plain scan can tell, return False with nothing changed.
        """
        if not self.depth and (self.in_string or piece[:1] not in b"[{"):
            return False
        text = piece[1:] if self.escaped else piece
        if b"\\" in text:
            text = text.replace(b"\\\\", b"").replace(b'\\"', b"")
        between_quotes = text.split(b'"')
        outside = b"".join(between_quotes[self.in_string :: 2])
        if b"\\" in outside:
            return False
        depth = self.depth
        for bracket in outside.translate(None, _NO_BRACKETS):
            depth += _DEPTH_CHANGES[bracket]
            if not 0 < depth <= MAX_JSON_DEPTH:
                return False
        self.depth = depth
        self.in_string = self.in_string == (len(between_quotes) % 2 == 1)
        self.escaped = text.endswith(b"\\")
        return True

    def _scan(self, piece: bytes) -> int:
        """Scan a piece mark by mark. Return the index after the value's last byte, or -1."""
        position = 0
        if self.escaped:
            self.escaped = False
            position = 1
        for match in _marks_pattern().finditer(piece, position):
            mark = match.group()
            if mark == b'"':
                self.in_string = not self.in_string
            elif mark == b"\\":  # the last byte of the piece
                self.escaped = True
            elif not self.in_string and mark in b"[]{}":
                self.depth += 1 if mark in b"[{" else -1
                # SHP-001
                if self.depth > MAX_JSON_DEPTH:
                    raise DocumentError(
                        "JSON is nested too deeply",
                        kind="limit",
                        expected=f"at most {MAX_JSON_DEPTH} levels",
                        actual=f"{self.depth}",
                        offset=self._seen + match.start(),
                        rule="SHP-001",
                    )
            if self.depth <= 0 and not self.in_string and mark in b'"]}':
                return match.end()
        return -1


_FIRST_PIECE_LENGTH = 128  # bytes that are scanned at once
_PIECE_LENGTH = 65536  # at most, which bounds the memory of _skims
_DEPTH_CHANGES = {ord(mark): change for mark, change in (("[", 1), ("{", 1), ("]", -1), ("}", -1))}
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in _DEPTH_CHANGES)


@lru_cache(maxsize=None)
def _marks_pattern() -> Pattern[bytes]:
    return re.compile(_MARK)  # on first use, because most calls scan no value


def parse_short_line(line: bytes) -> Optional[Dict[str, Any]]:
    """Parse a line that is one JSON object, as parse_json reads it.

    line: ends with LF and has at most SHORT_LENGTH bytes
    Return None for any other line, and for some that are nested deeply.
    """
    try:
        text = line.decode("utf-8")
        # SHP-001: such lines are too short to be nested too deeply.
        is_shallow = len(text) <= _SHALLOW_LENGTH or text.count("[") <= _SHALLOW_BRACKETS
        if is_shallow and text[0] == "{":
            value, end = _SCAN(text, 0)
            if end == len(text) - 1 or not text[end:].strip(" \t\r\n"):
                return value  # type: ignore[no-any-return]
    except (ValueError, StopIteration, RecursionError, DocumentError):
        pass  # a line for which the caller finds the error
    return None


SHORT_LENGTH = 256  # bytes
# An array takes two bytes, and an object around an array or object takes five.
_SHALLOW_LENGTH = 5 + 2 * MAX_JSON_DEPTH  # an object with MAX_JSON_DEPTH arrays, without LF
_SHALLOW_BRACKETS = 20  # with 45 objects, these take 265 bytes


def parse_json_lines(data: bytes, lenient: bool = False) -> Tuple[List[Any], int]:
    """Parse lines that are one JSON value each. Stop at the first line that is not.

    data: lines, each with its LF, of at most MAX_DOCUMENT_NODES bytes. Empty lines are skipped.
    Return the values, each as parse_json reads it, and the number of bytes of their lines. A line
    at which this stops need not be invalid.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return [], 0
    # SHP-001: fewer brackets cannot be nested too deeply.
    # A call for each of few numbers costs less than a look at each byte.
    is_short = len(data) <= SHORT_LENGTH
    is_deep = not is_short or text.count("[") + text.count("{") > MAX_JSON_DEPTH
    decoder = _DECODER if is_short and not lenient else _decoder_for(data, lenient)
    # raw_decode does the same with one more call per line.
    scan = decoder.scan_once  # type: ignore[attr-defined]
    values: List[Any] = []
    start, end = 0, text.find("\n")
    try:
        while end >= 0:
            if is_deep and text.count("[", start, end) + text.count("{", start, end) > (
                MAX_JSON_DEPTH
            ):
                values.append(parse_json(text[start:end], lenient))
            elif start < end:
                value, stop = scan(text, start)
                if stop != end and (stop > end or text[stop:end].strip(" \t\r")):
                    break
                values.append(value)
            start = end + 1
            end = text.find("\n", start)
    except (ValueError, StopIteration, RecursionError, DocumentError):
        pass  # a line for which the caller finds the error
    return values, start if len(text) == len(data) else len(text[:start].encode("utf-8"))


def _decoder_for(data: bytes, lenient: bool) -> json.JSONDecoder:
    if lenient:
        return _LENIENT_DECODER
    numbers = data.translate(_NUMBER_SHAPES)
    is_unusual = b"0e" in numbers or b"0" * _MAX_INTEGER_DIGITS in numbers
    return _DECODER if is_unusual else _FAST_DECODER


def _unique(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    members: Dict[str, Any] = {}
    for name, value in pairs:  # faster than dict(pairs) for the few members of most objects
        members[name] = value
    if len(members) != len(pairs):
        _reject_duplicate([name for name, _ in pairs])
    return members


def _reject_duplicate(names: List[str]) -> None:
    seen: Set[str] = set()
    for name in names:
        if name in seen:
            raise DocumentError(
                "a JSON object has a name twice",
                expected="unique names",
                actual=name,
                rule="SHP-002",
            )
        seen.add(name)


def _no_constant(text: str) -> NoReturn:
    raise DocumentError("not a JSON number", expected="a number", actual=text, rule="SHP-003")


def _bounded_int(text: str) -> int:
    if len(text) > _MAX_INTEGER_DIGITS:
        raise DocumentError(
            "JSON integer is too long",
            expected=f"at most {_MAX_INTEGER_DIGITS} digits",
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


# A decoder is slow to create. Calls for each number are slow as well, and only a number with an
# exponent or with many digits can be out of range. For these, each digit is translated to 0, each
# e to e, and all else to a space.
_NUMBER_SHAPES = bytes(
    ord("0") if 0x30 <= byte <= 0x39 else ord("e") if byte in b"eE" else ord(" ")
    for byte in range(256)
)
_FAST_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)
_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_constant=_no_constant,
    parse_int=_bounded_int,
    parse_float=_finite,
)
_SCAN = _DECODER.scan_once  # type: ignore[attr-defined]
_LENIENT_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_bounded_int, parse_float=_finite, strict=False
)


# ---- shapes --------------------------------------------------------------------------------------


def to_base64(data: bytes) -> str:
    """Return bytes as standard, padded base64."""
    return b2a_base64(data, newline=False).decode("ascii")


def base64_bytes(text: str, place: Place) -> bytes:
    """Return the bytes of standard, padded base64 (SHP-010). Raises DocumentError."""
    if not re.match(_STANDARD_BASE64, text):  # a2b_base64 ignores other characters
        place.reject(
            "invalid base64", expected="standard, padded base64", actual=text, rule="SHP-010"
        )
    return a2b_base64(text)


_STANDARD_BASE64 = r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\Z"


def _of_kind(kind: type, name: str, node: object, place: Place, rule: str = "SHP-009") -> Any:
    if isinstance(node, kind) and not isinstance(node, bool):
        return node
    return place.reject(
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
    if isinstance(node, list):
        return [(f"[{index}]", child) for index, child in enumerate(node)]
    return [("", node)]


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
    """Return a value tree as compact JSON text, in the order of the tree (SHP-015)."""
    return json_text(plain_of_value(value))


def json_text(plain: object) -> str:
    """Return a parsed JSON value as compact text that escapes no more than the seed's does.

    Those are the characters that JSON requires, and DEL.
    """
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).replace("\x7f", "\\u007f")


def json_line(plain: object) -> bytes:
    """Return a plain value as one line of JSON, in ASCII."""
    return json.dumps(plain, separators=(",", ":")).encode("ascii") + b"\n"


def plain_of_value(value: Value, path: str = "") -> Any:
    """Return the JSON value of a tree. Raises UsageError for text that UTF-8 cannot represent."""
    tag, content = value
    if tag == "Structure":
        return {name: plain_of_value(child, member_path(path, name)) for name, child in content}
    if tag == "List":
        return [plain_of_value(child, f"{path}[{index}]") for index, child in enumerate(content)]
    if tag == "Blob":
        return to_base64(content)
    if tag == "String":
        return check_text(content, path)
    return content


def members_to_json(fields: Sequence[Field], value: object) -> Dict[str, Any]:
    """Return the members of value as a JSON object, by their names in the service model."""
    members: Dict[str, Any] = plain_of_value(write_members(fields, value, member_name_of))
    return members
