# SPDX-License-Identifier: MIT
"""Check a value against a JSON Schema (draft 7), in the subset that this project's schemas use.

Any JSON Schema validator can read the schema files. This module needs only the standard library,
and checks vector files, recordings and reports. faults() walks the value and the schema together
and yields one line for each error, which begins with the path of the value.

Rejected: a schema with a keyword that this module does not check. A final `$` in a pattern matches
only at the end of the text, not before a final line feed.
"""

import json
import re
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple

from refimpl.errors import shown

_TYPES: Dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}
# Keywords without a check of their own: comments, and the parts of `if`.
_NOT_CHECKED = ("$schema", "$id", "title", "description", "definitions", "then", "else")

Schema = Mapping[str, Any]
_NOTHING = object()


class _Fault(NamedTuple):
    """An error of a value. str() makes its line, which costs more than finding it: most faults are
    found in the condition of an `if` and are never shown.
    """

    text: str
    value: object = _NOTHING  # ends the text
    path: str = ""

    def __str__(self) -> str:
        text = self.text
        if self.value is not _NOTHING:
            text += shown(self.value, 80)
        return f"{self.path}: {text}" if self.path else text

    def inside(self, step: str) -> "_Fault":
        """Return the fault of the value that contains this one, as a member or an item."""
        separator = "." if self.path and not self.path.startswith("[") else ""
        return self._replace(path=step + separator + self.path)


# The faults of a value. Nearly all values have none, so a path is made only after a fault is found,
# by the values that contain it.
_Faults = List[_Fault]


def faults(value: object, schema: Schema, root: Schema) -> Iterator[str]:
    """Yield one line for each error of a value, in the order of the schema.

    root: the schema with the definitions. Raises ValueError for a keyword that is not supported.
    """
    return map(str, _faults(value, schema, root))


def _faults(value: object, schema: Schema, root: Schema) -> _Faults:
    found: _Faults = []
    for keyword, wanted in schema.items():
        check = _CHECKS.get(keyword)
        if check is not None:
            found += check(value, wanted, schema, root)
        elif keyword not in _NOT_CHECKED:
            raise ValueError(f"unsupported keyword in a schema: {keyword}")
    return found


def _inside(step: str, found: _Faults) -> _Faults:
    return [fault.inside(step) for fault in found]


def _is_of(value: object, name: str) -> bool:
    return isinstance(value, _TYPES[name]) and not (
        isinstance(value, bool) and name in ("integer", "number")
    )


def _type(value: object, wanted: Any, schema: Schema, root: Schema) -> _Faults:
    names = [wanted] if isinstance(wanted, str) else wanted
    for name in names:
        if _is_of(value, name):
            return []
    return [_Fault(f"expected {' or '.join(names)}, got ", value)]


def _enum(value: object, wanted: Any, schema: Schema, root: Schema) -> _Faults:
    for one in wanted:
        if value == one and type(value) is type(one):
            return []
    return [_Fault(f"expected {' or '.join(map(str, wanted))}, got ", value)]


def _const(value: object, wanted: Any, schema: Schema, root: Schema) -> _Faults:
    return _enum(value, (wanted,), schema, root)


def _pattern(value: object, wanted: Any, schema: Schema, root: Schema) -> _Faults:
    pattern = wanted[:-1] + r"\Z" if wanted.endswith("$") else wanted
    if isinstance(value, str) and not re.search(pattern, value):
        return [_Fault(f"expected {wanted}, got ", value)]
    return []


def _minimum(value: object, wanted: Any, schema: Schema, root: Schema) -> _Faults:
    if _is_of(value, "number") and value < wanted:
        return [_Fault(f"expected at least {wanted}, got {value}")]
    return []


def _min_length(value: object, wanted: Any, schema: Schema, root: Schema) -> _Faults:
    if isinstance(value, str) and len(value) < wanted:
        unit = "character" if wanted == 1 else "characters"
        got = shown(value, 80) or "an empty text"
        return [_Fault(f"expected at least {wanted} {unit}, got {got}")]
    return []


def _required(value: object, wanted: Any, schema: Schema, root: Schema) -> _Faults:
    if isinstance(value, dict):
        return [_Fault(f"missing key {name}") for name in wanted if name not in value]
    return []


def _properties(value: object, wanted: Any, schema: Schema, root: Schema) -> _Faults:
    found: _Faults = []
    if isinstance(value, dict):
        for name, inner in wanted.items():
            if name in value:
                more = _faults(value[name], inner, root)
                if more:
                    found += _inside(name, more)
    return found


def _additional(value: object, wanted: Any, schema: Schema, root: Schema) -> _Faults:
    found: _Faults = []
    known = schema.get("properties", {})
    for name, inner in value.items() if isinstance(value, dict) else ():
        if name not in known and wanted is False:
            found.append(_Fault("unknown key ", name))
        elif name not in known and isinstance(wanted, dict):
            more = _faults(inner, wanted, root)
            if more:
                found += _inside(shown(name, 80), more)
    return found


def _items(value: object, wanted: Any, schema: Schema, root: Schema) -> _Faults:
    found: _Faults = []
    for index, item in enumerate(value if isinstance(value, list) else ()):
        more = _faults(item, wanted, root)
        if more:
            found += _inside(f"[{index}]", more)
    return found


def _min_items(value: object, wanted: Any, schema: Schema, root: Schema) -> _Faults:
    if isinstance(value, list) and len(value) < wanted:
        return [_Fault(f"expected at least {wanted}, got {len(value)}")]
    return []


def _max_items(value: object, wanted: Any, schema: Schema, root: Schema) -> _Faults:
    if isinstance(value, list) and len(value) > wanted:
        return [_Fault(f"expected at most {wanted}, got {len(value)}")]
    return []


def _unique(value: object, wanted: Any, schema: Schema, root: Schema) -> _Faults:
    found: _Faults = []
    seen = set()
    for item in value if isinstance(value, list) else ():
        text = json.dumps(item, sort_keys=True)  # distinguishes true from 1
        if text in seen:
            found.append(_Fault("duplicate item ", item))
        seen.add(text)
    return found


def _ref(value: object, wanted: Any, schema: Schema, root: Schema) -> _Faults:
    return _faults(value, root["definitions"][wanted[len("#/definitions/") :]], root)


def _all_of(value: object, wanted: Any, schema: Schema, root: Schema) -> _Faults:
    found: _Faults = []
    for inner in wanted:
        found += _faults(value, inner, root)
    return found


def _one_of(value: object, wanted: Any, schema: Schema, root: Schema) -> _Faults:
    matching = sum(not _faults(value, inner, root) for inner in wanted)
    if matching == 1:
        return []
    described = " or ".join(
        inner.get("title") or "/".join(inner.get("required", ("?",))) for inner in wanted
    )
    return [_Fault(f"expected exactly one of {described}")]


def _if(value: object, wanted: Any, schema: Schema, root: Schema) -> _Faults:
    branch = "then" if _holds(value, wanted, root) else "else"
    return _faults(value, schema[branch], root) if branch in schema else []


def _holds(value: object, condition: Schema, root: Schema) -> bool:
    """Return whether a value has no faults.

    Nearly all conditions compare a member with a text, and most of them are false. These are
    decided without making faults.
    """
    if isinstance(value, dict):
        for name, inner in condition.get("properties", {}).items():
            wanted = inner.get("const")
            if isinstance(wanted, str) and name in value and value[name] != wanted:
                return False
    return not _faults(value, condition, root)


_CHECKS = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "pattern": _pattern,
    "minimum": _minimum,
    "minLength": _min_length,
    "required": _required,
    "properties": _properties,
    "additionalProperties": _additional,
    "items": _items,
    "minItems": _min_items,
    "maxItems": _max_items,
    "uniqueItems": _unique,
    "$ref": _ref,
    "allOf": _all_of,
    "oneOf": _one_of,
    "if": _if,
}
