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
from typing import Any, Dict, Iterable, Iterator, Mapping, NamedTuple, Sequence, Tuple

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

    path: str
    text: str
    value: object = _NOTHING  # ends the text

    def __str__(self) -> str:
        text = self.text
        if self.value is not _NOTHING:
            text += shown(self.value, 80)
        return f"{self.path}: {text}" if self.path else text


def faults(value: object, schema: Schema, root: Schema) -> Iterator[str]:
    """Yield one line for each error of a value, in the order of the schema.

    root: the schema with the definitions. Raises ValueError for a keyword that is not supported.
    """
    return map(str, _faults(value, schema, root, ""))


def _faults(value: object, schema: Schema, root: Schema, path: str) -> Iterator[_Fault]:
    for keyword, wanted in schema.items():
        if keyword in _NOT_CHECKED:
            continue
        check = _CHECKS.get(keyword)
        if check is None:
            raise ValueError(f"unsupported keyword in a schema: {keyword}")
        yield from check(value, wanted, schema, root, path)


def _member(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _items_of(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _members_of(value: object) -> Iterable[Tuple[str, Any]]:
    return value.items() if isinstance(value, dict) else ()


def _is_of(value: object, name: str) -> bool:
    return isinstance(value, _TYPES[name]) and not (
        isinstance(value, bool) and name in ("integer", "number")
    )


def _type(value: object, wanted: Any, schema: Schema, root: Schema, path: str) -> Iterator[_Fault]:
    names = [wanted] if isinstance(wanted, str) else wanted
    if not any(_is_of(value, name) for name in names):
        yield _Fault(path, f"expected {' or '.join(names)}, got ", value)


def _enum(value: object, wanted: Any, schema: Schema, root: Schema, path: str) -> Iterator[_Fault]:
    if not any(type(value) is type(one) and value == one for one in wanted):
        yield _Fault(path, f"expected {' or '.join(map(str, wanted))}, got ", value)


def _const(value: object, wanted: Any, schema: Schema, root: Schema, path: str) -> Iterator[_Fault]:
    return _enum(value, [wanted], schema, root, path)


def _pattern(
    value: object, wanted: Any, schema: Schema, root: Schema, path: str
) -> Iterator[_Fault]:
    pattern = wanted[:-1] + r"\Z" if wanted.endswith("$") else wanted
    if isinstance(value, str) and not re.search(pattern, value):
        yield _Fault(path, f"expected {wanted}, got ", value)


def _minimum(
    value: object, wanted: Any, schema: Schema, root: Schema, path: str
) -> Iterator[_Fault]:
    if _is_of(value, "number") and value < wanted:
        yield _Fault(path, f"expected at least {wanted}, got {value}")


def _min_length(
    value: object, wanted: Any, schema: Schema, root: Schema, path: str
) -> Iterator[_Fault]:
    if isinstance(value, str) and len(value) < wanted:
        unit = "character" if wanted == 1 else "characters"
        got = shown(value, 80) or "an empty text"
        yield _Fault(path, f"expected at least {wanted} {unit}, got {got}")


def _required(
    value: object, wanted: Any, schema: Schema, root: Schema, path: str
) -> Iterator[_Fault]:
    if isinstance(value, dict):
        for name in wanted:
            if name not in value:
                yield _Fault(path, f"missing key {name}")


def _properties(
    value: object, wanted: Any, schema: Schema, root: Schema, path: str
) -> Iterator[_Fault]:
    if isinstance(value, dict):
        for name, inner in wanted.items():
            if name in value:
                yield from _faults(value[name], inner, root, _member(path, name))


def _additional(
    value: object, wanted: Any, schema: Schema, root: Schema, path: str
) -> Iterator[_Fault]:
    known = schema.get("properties", {})
    for name, inner in _members_of(value):
        if name not in known and wanted is False:
            yield _Fault(path, "unknown key ", name)
        elif name not in known and isinstance(wanted, dict):
            yield from _faults(inner, wanted, root, _member(path, shown(name, 80)))


def _items(value: object, wanted: Any, schema: Schema, root: Schema, path: str) -> Iterator[_Fault]:
    for index, item in enumerate(_items_of(value)):
        yield from _faults(item, wanted, root, f"{path}[{index}]")


def _min_items(
    value: object, wanted: Any, schema: Schema, root: Schema, path: str
) -> Iterator[_Fault]:
    if isinstance(value, list) and len(value) < wanted:
        yield _Fault(path, f"expected at least {wanted}, got {len(value)}")


def _max_items(
    value: object, wanted: Any, schema: Schema, root: Schema, path: str
) -> Iterator[_Fault]:
    if isinstance(value, list) and len(value) > wanted:
        yield _Fault(path, f"expected at most {wanted}, got {len(value)}")


def _unique(
    value: object, wanted: Any, schema: Schema, root: Schema, path: str
) -> Iterator[_Fault]:
    seen = set()
    for item in _items_of(value):
        text = json.dumps(item, sort_keys=True)  # distinguishes true from 1
        if text in seen:
            yield _Fault(path, "duplicate item ", item)
        seen.add(text)


def _ref(value: object, wanted: Any, schema: Schema, root: Schema, path: str) -> Iterator[_Fault]:
    return _faults(value, root["definitions"][wanted[len("#/definitions/") :]], root, path)


def _all_of(
    value: object, wanted: Any, schema: Schema, root: Schema, path: str
) -> Iterator[_Fault]:
    for inner in wanted:
        yield from _faults(value, inner, root, path)


def _one_of(
    value: object, wanted: Any, schema: Schema, root: Schema, path: str
) -> Iterator[_Fault]:
    matching = sum(_holds(value, inner, root) for inner in wanted)
    if matching != 1:
        described = " or ".join(
            inner.get("title") or "/".join(inner.get("required", ("?",))) for inner in wanted
        )
        yield _Fault(path, f"expected exactly one of {described}")


def _if(value: object, wanted: Any, schema: Schema, root: Schema, path: str) -> Iterator[_Fault]:
    branch = "then" if _holds(value, wanted, root) else "else"
    if branch not in schema:
        return iter(())
    return _faults(value, schema[branch], root, path)


def _holds(value: object, condition: Schema, root: Schema) -> bool:
    """Return whether a value has no faults.

    Nearly all conditions compare one member with a constant, and most of them are false: they are
    decided without the steps that make faults.
    """
    members = condition.get("properties")
    if members is not None and len(condition) == 1 and isinstance(value, dict):
        for name, inner in members.items():
            wanted = inner.get("const")
            if isinstance(wanted, str) and name in value and value[name] != wanted:
                return False
    return next(_faults(value, condition, root, ""), None) is None


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
