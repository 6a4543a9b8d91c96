# SPDX-License-Identifier: MIT
"""What a member of a shape is: one row of a field table, and the checks that a row asks for.

A shape is a table of `Field` rows (shapes.py). Everything that reads or writes a shape walks its table: constructors,
constraints, headers, JSON, XML, query. So a member's name, place, type and constraint stand once, in its row.

Two checks: `check_type` when a value is made, always; `check_constraints` on demand, by the model's patterns matched in
full (HTTP-005). A sensitive value is named, never shown.
"""

import re
from typing import Any, NamedTuple, Optional, Tuple

from .errors import UsageError, require_type

INT32_MIN, INT32_MAX = -(1 << 31), (1 << 31) - 1


class FieldType(NamedTuple):
    """The type of a member, with the constraints of the model; a nested shape is a class with a table `fields` of its own."""

    name: str  # the model's name of the shape
    kind: str  # string, blob, integer, structure, or events: a tuple of members of a union
    min_length: int = 0  # characters of a string
    max_length: Optional[int] = None  # characters of a string
    pattern: Optional[str] = None  # a regular expression that the whole string must match
    sensitive: bool = False
    shape: Any = None  # the class of a structure, or of the union of events


class Field(NamedTuple):
    """One row: what a member is, where it travels, and under which names."""

    attribute: str  # the Python name
    member: str  # the model's name
    type: FieldType
    location: str  # uri, header, payload (the whole body) or body (a member of a document)
    wire_name: str  # the header's or the document's name
    required: bool = False
    alias: Optional[str] = (
        None  # the name that services write instead, read where the modelled one is absent
    )


_PYTHON_TYPES = {"string": str, "blob": bytes, "integer": int, "events": tuple}


def body_field(attribute: str, member: str, field_type: FieldType) -> Field:
    """Return the row of a member that travels in a document under its own name."""
    return Field(attribute, member, field_type, "body", member)


def error_field(attribute: str, member: str, field_type: FieldType) -> Field:
    """Return the row of an error's member: services write its first letter large or small (HTTP-032)."""
    return body_field(attribute, member, field_type)._replace(alias=member[0].lower() + member[1:])


def header_field(attribute: str, member: str, field_type: FieldType, wire_name: str) -> Field:
    """Return the row of a member that travels in the HTTP header wire_name."""
    return Field(attribute, member, field_type, "header", wire_name)


def is_int32(number: int) -> bool:
    """Tell whether an integer is one that a member may hold."""
    return INT32_MIN <= number <= INT32_MAX


def check_type(shape: str, field: Field, value: object) -> None:
    """Raise UsageError of kind `type` unless value is None or of the field's type; an integer must be int32."""
    if value is not None:
        check_value(f"{shape}.{field.member}", field.type, value)


def check_value(name: str, wanted: FieldType, value: Any) -> None:
    """Raise UsageError of kind `type` unless value is of that type; an integer must be int32."""
    require_type(
        value,
        wanted.shape if wanted.kind == "structure" else _PYTHON_TYPES[wanted.kind],
        name,
        "HTTP-005",
    )
    if wanted.kind == "integer" and not is_int32(value):
        raise UsageError(
            f"{name} is no int32",
            expected=f"{int(INT32_MIN)} to {int(INT32_MAX)}",
            actual=value,
            rule="HTTP-005",
            member=_member_of_name(name),
        )
    if wanted.kind == "events":
        for event in value:
            member_of_union(wanted, event)


def member_of_union(union: FieldType, event: object) -> Field:
    """Return the union's row for one of its events; raise UsageError of kind `type` for what is none."""
    rows: Tuple[Field, ...] = union.shape.fields
    for row in rows:
        if type(event) is row.type.shape:
            return row
    raise UsageError(
        f"{union.name} holds what is no event",
        kind="type",
        actual=type(event).__name__,
        rule="HTTP-022",
        expected=" or ".join(row.member for row in rows),
    )


def check_constraints(shape: str, fields: Tuple[Field, ...], value: object) -> None:
    """Raise UsageError unless every field of value keeps its constraints, required ones present (HTTP-004, HTTP-005)."""
    for field in fields:
        member = getattr(value, field.attribute)
        if member is not None:
            check_constraint(f"{shape}.{field.member}", field.type, member)
        elif field.required:
            raise UsageError(
                f"{shape}.{field.member} is required",
                expected="a value",
                rule="HTTP-004",
                member=field.member,
            )


def check_constraint(name: str, wanted: FieldType, value: Any) -> None:
    """Raise UsageError unless a value, and every one that is nested in it, keeps the constraints of its type (HTTP-005)."""
    if wanted.kind == "string":
        _check_string(name, wanted, value)
    elif wanted.kind == "structure":
        value.validate()
    elif wanted.kind == "events":
        for event in value:
            event.validate()


def broken_constraint(wanted: FieldType, text: str) -> Optional[str]:
    """Return which constraint of its type a string breaks: min_length, max_length or pattern; None when it keeps all (HTTP-005)."""
    if wanted.max_length is not None and len(text) > wanted.max_length:
        return "max_length"
    if len(text) < wanted.min_length:
        return "min_length"
    if wanted.pattern is not None and not re.match(rf"(?:{wanted.pattern})\Z", text, re.ASCII):
        return "pattern"
    return None


def _check_string(name: str, wanted: FieldType, text: str) -> None:
    broken = broken_constraint(wanted, text)
    if broken is None:
        return
    actual = "<hidden>" if wanted.sensitive else text
    member = _member_of_name(name)
    if broken == "pattern":
        raise UsageError(
            f"{name} does not match its pattern",
            expected=wanted.pattern,
            actual=actual,
            rule="HTTP-005",
            member=member,
        )
    raise UsageError(
        f"{name} has the wrong length",
        expected=f"{int(wanted.min_length)} to {wanted.max_length} characters",
        actual=f"{len(text)}: {actual}",
        rule="HTTP-005",
        member=member,
    )


def _member_of_name(name: str) -> str:
    return name.rpartition(".")[2]
