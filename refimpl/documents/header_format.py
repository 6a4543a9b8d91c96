# SPDX-License-Identifier: MIT
"""HTTP headers and a body: header members are in headers, the other members in the body.

The body is the payload member if the shape has one (bytes or a tuple of events). Otherwise it is a
JSON document of the members that belong in no header. Header names are compared without case, the
first header of a name counts, and values are verbatim (HTTP-022). The writer rejects values that a
header cannot carry (HTTP-008, HTTP-011).
"""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from ..errors import UsageError, ascii_lower
from ..fields import Field, check_type

HeaderSequence = Sequence[Tuple[str, str]]


class HeadersAndBody(NamedTuple):
    """A shape in HTTP: the (name, value) pairs of its headers, and its body."""

    headers: Tuple[Tuple[str, str], ...]
    body: Any


def header_value(headers: HeaderSequence, name: str) -> "Optional[str]":
    """Return the value of the first header with this lower-case name, or None (HTTP-022)."""
    # HTTP-025. str.lower alone would also accept a Kelvin sign for a k.
    return next(
        (value for key, value in headers if key.lower() == name and ascii_lower(key) == name), None
    )


def checked_headers(headers: object) -> "Tuple[Tuple[str, str], ...]":
    """Return headers as a tuple of (name, value) pairs of text. Raises UsageError `type`."""
    try:
        pairs = tuple((name, value) for name, value in headers)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        pairs = ((None, None),)
    if not all(isinstance(name, str) and isinstance(value, str) for name, value in pairs):
        raise UsageError(
            "headers must be (name, value) pairs of text", kind="type", rule="HTTP-022"
        )
    return pairs


def header_pairs(fields: "Sequence[Field]", source: object) -> "List[Tuple[str, str]]":
    """Return the headers of source's members, in the order of the table (HTTP-003)."""
    members = [
        (field, getattr(source, field.attribute)) for field in fields if field.location == "header"
    ]
    return [
        (field.wire_name, _sendable(field, value)) for field, value in members if value is not None
    ]


_UNSENDABLE = (
    (
        "HTTP-008",
        "[^\x01-\t\x0b\x0c\x0e-\xff]",
        "no CR, LF or NUL and no character outside Latin-1",
    ),
    (
        "HTTP-011",
        "[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]",
        "no control character except the tab",
    ),
)


def _sendable(field: Field, value: str) -> str:
    # Almost every value is printable ASCII, so the patterns are compiled on first use.
    if value.isprintable() and max(value, default="") <= "~":
        return value
    for rule, unsendable, expected in _UNSENDABLE:
        if re.search(unsendable, value):
            raise UsageError(
                f"{field.member} cannot be sent in a header",
                expected=expected,
                actual="<hidden>" if field.type.sensitive else value,
                rule=rule,
                member=field.member,
            )
    return value


def write_headers(fields: "Sequence[Field]", source: object) -> HeadersAndBody:
    """Return a shape's members as headers and a body (SHP-024).

    Raises UsageError for a value that a header cannot carry, and for a member of the path.
    """
    for field in fields:
        if field.location == "uri" and getattr(source, field.attribute) is not None:
            raise UsageError(
                f"{field.member} belongs in the path, not in a header",
                expected="none",
                rule="SHP-024",
                path=field.member,
            )
    payload = payload_of(fields)
    body: Any = None
    if payload is not None:
        body = getattr(source, payload.attribute)
    elif _document_fields(fields):
        # A call has no document, so its formats are loaded on first use, here and below.
        from .json_format import json_of_value
        from .value_format import write_members

        body = json_of_value(write_members(_document_fields(fields), source))
    return HeadersAndBody(tuple(header_pairs(fields, source)), body)


def read_headers(
    shape: str, fields: "Sequence[Field]", headers: object, body: Any
) -> "Dict[str, Any]":
    """Return the members of headers and a body, by attribute (SHP-024).

    Raises UsageError for a body of the wrong type, and DocumentError for an invalid document.
    """
    pairs = checked_headers(headers)
    members = {
        field.attribute: header_value(pairs, field.wire_name.lower())
        for field in fields
        if field.location == "header"
    }
    payload = payload_of(fields)
    if payload is not None:
        check_type(shape, payload, body)
        members[payload.attribute] = body
    elif body is not None:
        from .json_format import JSON_FORMAT, parse_json
        from .value_format import read_members

        members.update(read_members(_document_fields(fields), parse_json(body), JSON_FORMAT))
    return members


def payload_of(fields: "Sequence[Field]") -> "Optional[Field]":
    """Return the row of the payload member, or None."""
    return next((field for field in fields if field.location == "payload"), None)


def _document_fields(fields: "Sequence[Field]") -> "List[Field]":
    return [field for field in fields if field.location == "body"]
