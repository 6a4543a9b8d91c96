# SPDX-License-Identifier: MIT
"""The rows of a shape's field table, and the checks of a member's value.

A shape is a table of `Field` rows (shapes.py). Constructors, constraints, headers, JSON, XML and
queries all use this table, so each member's name, location, type and constraint is defined once.

`check_type` runs whenever a value is made. It rejects values of another type and integers outside
int32. `check_constraints` runs on request. It rejects values that break the service model's
lengths and patterns. A pattern must match the whole string (HTTP-005). Error messages name a
sensitive member but do not show its value.
"""

import re
from typing import Any, NamedTuple, Optional, Tuple

from .errors import UsageError, require_type

INT32_MIN, INT32_MAX = -(1 << 31), (1 << 31) - 1


class FieldType(NamedTuple):
    """The type of a member, with the constraints of the service model."""

    name: str  # in the service model
    kind: str  # string, blob, integer, structure or events (a tuple of members of a union)
    min_length: int = 0  # characters of a string
    max_length: Optional[int] = None  # characters of a string
    pattern: Optional[str] = None  # a regular expression that must match the whole string
    sensitive: bool = False
    shape: Any = None  # a class with a table `fields`: the structure, or the union of the events


class Field(NamedTuple):
    """One row of a field table: a member's names, type and location."""

    attribute: str  # in Python
    member: str  # in the service model
    type: FieldType
    location: str  # uri, header, payload (the whole body) or body (a member of a document)
    wire_name: str  # in the header or document
    required: bool = False
    # Some services write this name instead. It counts if wire_name is absent.
    alias: Optional[str] = None


_PYTHON_TYPES = {"string": str, "blob": bytes, "integer": int, "events": tuple}


def body_field(attribute: str, member: str, field_type: FieldType) -> Field:
    """Return the row of a member of a document."""
    return Field(attribute, member, field_type, "body", member)


def error_field(attribute: str, member: str, field_type: FieldType) -> Field:
    """Return the row of an error's member, whose first letter may be in lower case (HTTP-032)."""
    return body_field(attribute, member, field_type)._replace(alias=member[0].lower() + member[1:])


def header_field(attribute: str, member: str, field_type: FieldType, wire_name: str) -> Field:
    """Return the row of a member in the HTTP header wire_name."""
    return Field(attribute, member, field_type, "header", wire_name)


def is_int32(number: int) -> bool:
    """Return whether an integer is in the range of a member."""
    return INT32_MIN <= number <= INT32_MAX


def check_type(shape: str, field: Field, value: object) -> None:
    """Raise UsageError of kind `type` unless value is None or has the field's type (HTTP-005)."""
    if value is not None:
        check_value(f"{shape}.{field.member}", field.type, value)


def check_value(name: str, wanted: FieldType, value: Any) -> None:
    """Raise UsageError of kind `type` unless value has the wanted type (an integer: int32).

    name: SHAPE.MEMBER, for the message
    """
    # HTTP-005
    if wanted.kind == "structure":
        require_type(value, wanted.shape, name, "HTTP-005")
    else:
        require_type(value, _PYTHON_TYPES[wanted.kind], name, "HTTP-005")
    if wanted.kind == "integer" and not is_int32(value):
        raise UsageError(
            f"{name} is not an int32",
            expected=f"{INT32_MIN} to {INT32_MAX}",
            actual=value,
            rule="HTTP-005",
            member=_member_of_name(name),
        )
    if wanted.kind == "events":
        for event in value:
            member_of_union(wanted, event)


def member_of_union(union: FieldType, event: object) -> Field:
    """Return the union's row for an event. Raises UsageError of kind `type` for another value."""
    rows: Tuple[Field, ...] = union.shape.fields
    for row in rows:
        if type(event) is row.type.shape:
            return row
    raise UsageError(
        f"{union.name} contains a value that is not an event",
        kind="type",
        actual=type(event).__name__,
        rule="HTTP-022",
        expected=" or ".join(row.member for row in rows),
    )


def check_constraints(shape: str, fields: "Tuple[Field, ...]", value: object) -> None:
    """Raise UsageError if value breaks a constraint or lacks a required member.

    HTTP-004, HTTP-005.
    """
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
    """Raise UsageError if value, or a value in it, breaks a constraint of its type (HTTP-005).

    name: SHAPE.MEMBER, for the message
    """
    if wanted.kind == "string":
        _check_string(name, wanted, value)
    elif wanted.kind == "structure":
        value.validate()
    elif wanted.kind == "events":
        for event in value:
            event.validate()


def broken_constraint(wanted: FieldType, text: str) -> "Optional[str]":
    """Return the constraint that a string breaks: min_length, max_length, pattern or None.

    HTTP-005.
    """
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
        expected=f"{wanted.min_length} to {wanted.max_length} characters",
        actual=f"{len(text)}: {actual}",
        rule="HTTP-005",
        member=member,
    )


def _member_of_name(name: str) -> str:
    return name.rpartition(".")[2]
