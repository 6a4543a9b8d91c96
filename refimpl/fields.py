# SPDX-License-Identifier: MIT
"""What a member of a shape is: one row of a field table, and the checks that a row asks for.

A shape is a table of `Field` rows (shapes.py). Everything that reads or writes a shape walks its table: constructors,
constraints, headers, JSON, XML, query. So a member's name, place, type and constraint stand once, in its row.

Two checks: `check_type` when a value is made, always; `check_constraints` on demand, by the model's patterns matched in
full (HTTP-005). A sensitive value is named, never shown.
"""
import re
from typing import NamedTuple, Optional, Tuple

from .errors import UsageError, require_type

INT32_MIN, INT32_MAX = -(1 << 31), (1 << 31) - 1

FieldType = NamedTuple("FieldType", [
    ("name", str),                   # the model's name of the shape
    ("form", str),                   # string, blob, integer or events
    ("min_length", int),             # characters of a string
    ("max_length", Optional[int]),   # characters of a string
    ("pattern", Optional[str]),      # a regular expression that the whole string must match
    ("sensitive", bool),
])

Field = NamedTuple("Field", [
    ("attribute", str),              # the Python name
    ("member", str),                 # the model's name
    ("type", FieldType),
    ("location", str),               # uri, header, payload (the whole body) or body (a member of a document)
    ("wire_name", str),              # the header's or the document's name
    ("required", bool),
])

_PYTHON_TYPES = {"string": str, "blob": bytes, "integer": int, "events": tuple}


def string_type(name: str, max_length: Optional[int] = None, pattern: Optional[str] = None, min_length: int = 0,
                sensitive: bool = False) -> FieldType:
    """Return the type of a string; the constraints are those of the model."""
    return FieldType(name, "string", min_length, max_length, pattern, sensitive)


def blob_type(name: str) -> FieldType:
    """Return the type of a blob; the model marks all of this service's blobs sensitive."""
    return FieldType(name, "blob", 0, None, None, True)


def body_field(attribute: str, member: str, field_type: FieldType) -> Field:
    """Return the row of a member that travels in a document under its own name."""
    return Field(attribute, member, field_type, "body", member, False)


def header_field(attribute: str, member: str, field_type: FieldType, wire_name: str) -> Field:
    """Return the row of a member that travels in the HTTP header wire_name."""
    return Field(attribute, member, field_type, "header", wire_name, False)


def check_type(shape: str, field: Field, value: object) -> None:
    """Raise UsageError of kind `type` unless value is None or of the field's type; an integer must be int32."""
    if value is None:
        return
    require_type(value, _PYTHON_TYPES[field.type.form], "%s.%s" % (shape, field.member), "HTTP-005")
    if field.type.form == "integer" and not INT32_MIN <= int(value) <= INT32_MAX:  # type: ignore[call-overload]
        raise UsageError("%s.%s is no int32" % (shape, field.member), expected="%d to %d" % (INT32_MIN, INT32_MAX), actual=value,
                         rule="HTTP-005", member=field.member)


def check_constraints(shape: str, fields: Tuple[Field, ...], value: object) -> None:
    """Raise UsageError unless every field of value keeps its constraints, required ones present (HTTP-004, HTTP-005)."""
    for field in fields:
        member = getattr(value, field.attribute)
        if member is None:
            if field.required:
                raise UsageError("%s.%s is required" % (shape, field.member), expected="a value", rule="HTTP-004", member=field.member)
        elif field.type.form == "string":
            _check_string(shape, field, member)


def broken_constraint(wanted: FieldType, text: str) -> Optional[str]:
    """Return which constraint of its type a string breaks: min_length, max_length or pattern; None when it keeps all (HTTP-005)."""
    if wanted.max_length is not None and len(text) > wanted.max_length:
        return "max_length"
    if len(text) < wanted.min_length:
        return "min_length"
    if wanted.pattern is not None and not re.match(r"(?:%s)\Z" % wanted.pattern, text, re.ASCII):
        return "pattern"
    return None


def _check_string(shape: str, field: Field, text: str) -> None:
    broken = broken_constraint(field.type, text)
    if broken is None:
        return
    actual = "<hidden>" if field.type.sensitive else text
    name = "%s.%s" % (shape, field.member)
    if broken == "pattern":
        raise UsageError("%s does not match its pattern" % name, expected=field.type.pattern, actual=actual, rule="HTTP-005",
                         member=field.member)
    raise UsageError("%s has the wrong length" % name, expected="%d to %s characters" % (field.type.min_length, field.type.max_length),
                     actual="%d: %s" % (len(text), actual), rule="HTTP-005", member=field.member)
