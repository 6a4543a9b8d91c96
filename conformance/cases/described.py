# SPDX-License-Identifier: MIT
"""Described bytes: a short description in a case in place of many bytes.

A description is one of these objects, or a list of them, which are joined:

    {"text": TEXT}                        the UTF-8 of a text
    {"base64": DIGITS}
    {"repeat": DESCRIPTION, "times": N}
    {"random": NAME, "bytes": N}          always the same bytes for one name

Random bytes are the SHA-256 of `NAME:0`, followed by that of `NAME:1`, and so on, cut to N bytes.
NAME is ASCII. For the name `a` they begin with 0ed32d3352f0cddd.

A description may replace base64 in an input and in an expectation, and a text in an expectation.
The runner expands it, so an adapter never receives one.
"""

import base64
import hashlib
from functools import lru_cache
from typing import Any, Dict, List, Tuple

from refimpl.errors import UsageError, shown

MOST_DESCRIBED = 64 * 1024 * 1024  # bytes, so that a typing error does not exhaust the memory
_FORMS = ({"text"}, {"base64"}, {"repeat", "times"}, {"random", "bytes"})
# The keys of an input whose value may be a description, by operation.
_INPUT_BYTES: Dict[str, Tuple[str, ...]] = {
    "sigv4.sign": ("body",),
    "sigv4.presign": ("body",),
    "sigv4.verify": ("body",),
    "eventstream.encode": ("payload",),
}
# The operations whose expectations may contain descriptions, and the keys whose value is base64.
_WITH_RESULTS = (
    "eventstream.decode",
    "eventstream.encode",
    "http.request",
    "http.response",
    "text.lines",
    "text.sse",
    "json.values",
    "text.extract",
    "invoke",
)
_BASE64_KEYS = ("payload", "Bytes", "body")
_LISTS_OF_TEXTS = ("lines", "values")  # each item may be a description


class DescriptionError(UsageError):
    """An invalid description of bytes."""

    kind = "syntax"


def is_description(value: object) -> bool:
    """Return whether a JSON value has the form of a description."""
    if isinstance(value, list):
        return bool(value) and all(is_description(item) for item in value)
    return isinstance(value, dict) and set(value) in _FORMS


def described_bytes(description: Any) -> bytes:
    """Return the bytes of a description. Raises DescriptionError."""
    if isinstance(description, list):
        return b"".join(described_bytes(item) for item in description)
    if not is_description(description):
        raise _mistake("not a description of bytes", description)
    if "text" in description:
        return _utf8(description["text"])
    if "base64" in description:
        return _from_base64(description["base64"])
    if "random" in description:
        name, size = description["random"], _size(description["bytes"])
        if not isinstance(name, str) or not name or any(ord(letter) > 0x7F for letter in name):
            raise _mistake("the name of random bytes is not ASCII text", name)
        return random_bytes(name, size)
    repeated = described_bytes(description["repeat"])
    times = _size(description["times"])
    if times * len(repeated) > MOST_DESCRIBED:
        raise _mistake("too many repeated bytes", times * len(repeated))
    return repeated * times


# The cases of this repository use 27 MB in all. Each is needed when the case is checked, sent, and
# judged.
@lru_cache(maxsize=512)
def random_bytes(name: str, size: int) -> bytes:
    """Return the random bytes of a name. size: bytes"""
    start, sha256 = name.encode("ascii") + b":", hashlib.sha256
    blocks = [sha256(start + b"%d" % index).digest() for index in range((size + 31) // 32)]
    return b"".join(blocks)[:size]


def _utf8(text: object) -> bytes:
    try:
        if isinstance(text, str):
            return text.encode("utf-8")
    except UnicodeEncodeError:
        pass
    raise _mistake("not a text that UTF-8 can encode", text)


def _from_base64(digits: object) -> bytes:
    try:
        if isinstance(digits, str):
            return base64.b64decode(digits, validate=True)
    except ValueError:
        pass
    raise _mistake("invalid base64", digits)


def _size(number: object) -> int:
    if type(number) is not int or not 0 <= number <= MOST_DESCRIBED:
        raise _mistake(f"expected a number from 0 to {MOST_DESCRIBED}", number)
    return number


def _mistake(message: str, actual: object) -> DescriptionError:
    return DescriptionError(message, actual=shown(actual, 80))


# ---- cases -------------------------------------------------------------------------------------


def _base64_of(value: Any) -> Any:
    """Return the base64 of a description, and any other value as it is."""
    if not is_description(value):
        return value
    return base64.b64encode(described_bytes(value)).decode("ascii")


def expanded_input(op: str, given: Dict[str, Any]) -> Dict[str, Any]:
    """Return an input with base64 in place of descriptions. Raises DescriptionError."""
    expanded = dict(given)
    for key in _INPUT_BYTES.get(op, ()):
        if key in expanded:
            expanded[key] = _base64_of(expanded[key])
    if op == "eventstream.encode":
        expanded["headers"] = [_expanded_header(header) for header in expanded["headers"]]
    elif op in ("http.request", "invoke") and "Body" in expanded["input"]:
        body = _base64_of(expanded["input"]["Body"])
        expanded["input"] = dict(expanded["input"], Body=body)
    return expanded


def expanded_expectation(op: str, expect: Dict[str, Any]) -> Dict[str, Any]:
    """Return an expectation with base64 or text in place of descriptions.

    Raises DescriptionError.
    """
    if op not in _WITH_RESULTS:
        return expect
    return {key: _expanded(value, key) for key, value in expect.items()}


def _expanded(value: Any, key: str) -> Any:
    if key in _LISTS_OF_TEXTS:
        return [_expanded(item, "") for item in value]
    if is_description(value):
        if key in _BASE64_KEYS:
            return _base64_of(value)
        return _text_of(value)
    if isinstance(value, list):
        return [_expanded(item, key) for item in value]
    if isinstance(value, dict):
        if set(value) == {"name", "type", "value"}:
            return _expanded_header(value)
        return {name: _expanded(inner, name) for name, inner in value.items()}
    return value


def _expanded_header(header: Dict[str, Any]) -> Dict[str, Any]:
    value = header.get("value")
    if not is_description(value):
        return header
    expand = _base64_of if header.get("type") == "bytes" else _text_of
    return dict(header, value=expand(value))


def _text_of(description: Any) -> str:
    try:
        return described_bytes(description).decode("utf-8")
    except UnicodeDecodeError:
        raise _mistake("the described bytes are not a text", description) from None


def pieces_of(data: bytes, size: int) -> List[bytes]:
    """Return bytes in pieces of a size; the last one may be shorter."""
    return [data[start : start + size] for start in range(0, len(data), size)]
