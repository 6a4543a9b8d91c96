# SPDX-License-Identifier: MIT
"""Write long repetitive bytes of a case as descriptions, which keeps the vector files small.

compacted() changes only the notation. A Feature's cases in memory stay as the modules wrote them.
"""

import base64
import re
from typing import Any, Dict, List, Optional

from conformance.cases.described import described_bytes, expanded_expectation, expanded_input

Json = Dict[str, Any]

LONG = 2000  # characters; shorter values stay as they are
_RUN = re.compile(rb"(.{1,64}?)\1{31,}", re.DOTALL)
_BASE64_KEYS = ("body", "payload", "Body", "Bytes")


def compacted(case: Json) -> Json:
    """Return a case with descriptions in place of long repetitive values."""
    op = case["op"]
    if op == "shape.convert":  # the text of a document is never a description
        return case
    given = _input(op, case["input"])
    expect = case["expect"]
    described = _expect(expect)
    if expanded_expectation(op, described) != expanded_expectation(op, expect):
        described = expect  # the operation's results have no descriptions
    return dict(case, input=given, expect=described)


def _input(op: str, given: Json) -> Json:
    changed = {}
    for key, value in given.items():
        if key in ("text", "base64") and _is_long(value) and "bytes" not in given:
            data = value.encode("utf-8") if key == "text" else base64.b64decode(value)
            short = description_of(data)
            if short is not None:
                changed["bytes"] = short
                continue
        changed[key] = _value(key, value)
    if op == "eventstream.encode":
        changed["headers"] = [_header(one) for one in given["headers"]]
    if expanded_input(op, changed) != expanded_input(op, given) and "bytes" not in changed:
        return given
    return changed


def _is_long(value: object) -> bool:
    return isinstance(value, str) and len(value) > LONG


def _value(key: str, value: Any) -> Any:
    """Return base64 as a description if it is long and repetitive."""
    if key in _BASE64_KEYS and _is_long(value):
        return description_of(base64.b64decode(value)) or value
    if isinstance(value, dict):
        return {name: _value(name, inner) for name, inner in value.items()}
    return value


def _expect(value: Any, key: str = "") -> Any:
    if isinstance(value, list):
        return [_expect(item, key) for item in value]
    if isinstance(value, dict):
        if set(value) == {"name", "type", "value"}:
            return _header(value)
        return {name: _expect(inner, name) for name, inner in value.items()}
    if not _is_long(value):
        return value
    data = base64.b64decode(value) if key in _BASE64_KEYS else value.encode("utf-8")
    return description_of(data) or value


def _header(header: Json) -> Json:
    value = header.get("value")
    if header.get("type") not in ("bytes", "string") or not _is_long(value):
        return header
    is_text = header["type"] == "string"
    data = str(value).encode("utf-8", "surrogatepass") if is_text else base64.b64decode(str(value))
    return dict(header, value=description_of(data) or value)


def description_of(data: bytes) -> Optional[Any]:
    """Return a description of repetitive bytes, or None if it is not much shorter."""
    parts: List[Any] = []
    position = literal = 0
    for run in _RUN.finditer(data):
        if run.start() > position:
            parts.append(_literal(data[position : run.start()]))
            literal += run.start() - position
        unit = run.group(1)
        parts.append({"repeat": _literal(unit), "times": len(run.group()) // len(unit)})
        position = run.end()
    if position < len(data):
        parts.append(_literal(data[position:]))
        literal += len(data) - position
    if not parts or literal > len(data) // 2 or len(parts) > 8:
        return None
    description = parts[0] if len(parts) == 1 else parts
    assert described_bytes(description) == data
    return description


def _literal(data: bytes) -> Json:
    try:
        return {"text": data.decode("utf-8")}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode("ascii")}
