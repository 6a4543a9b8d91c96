# SPDX-License-Identifier: MIT
"""Headers and a body <-> shapes, as HTTP binds them: header members in headers, the rest in the body.

The body is the payload member where the shape has one (bytes, or a tuple of events), else the JSON document of the members that
have no place of their own. Header names are compared without case, the first wins, and values stand verbatim (HTTP-022).
"""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from ..errors import UsageError
from ..fields import Field, check_type
from .json_format import JSON_FORMAT, json_of_value, parse_json
from .value_format import read_members, write_members

HeaderSequence = Sequence[Tuple[str, str]]


class HeadersAndBody(NamedTuple):
    headers: Tuple[Tuple[str, str], ...]
    body: Any


def header_value(headers: HeaderSequence, name: str) -> Optional[str]:
    """Return the first value of the header of that lower-case name, as it came (HTTP-022), or None."""
    return next((value for key, value in headers if key.lower() == name), None)


def checked_headers(headers: object) -> Tuple[Tuple[str, str], ...]:
    """Return headers as a tuple of pairs of text. Raises UsageError of kind `type`."""
    try:
        pairs = tuple((name, value) for name, value in headers)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        pairs = ((None, None),)
    if not all(isinstance(name, str) and isinstance(value, str) for name, value in pairs):
        raise UsageError(
            "headers must be (name, value) pairs of text", kind="type", rule="HTTP-022"
        )
    return pairs


def header_pairs(fields: Sequence[Field], source: object) -> List[Tuple[str, str]]:
    """Return the headers of the members that source has, in the order of the table (HTTP-003)."""
    members = [
        (field, getattr(source, field.attribute)) for field in fields if field.location == "header"
    ]
    return [
        (field.wire_name, _sendable(field, value)) for field, value in members if value is not None
    ]


_UNSENDABLE = (
    (
        "HTTP-008",
        re.compile("[^\x01-\t\x0b\x0c\x0e-\xff]"),
        "no CR, LF or NUL, no character beyond Latin-1",
    ),
    (
        "HTTP-011",
        re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]"),
        "no control character but the tab",
    ),
)


def _sendable(field: Field, value: str) -> str:
    for rule, unsendable, expected in _UNSENDABLE:
        if unsendable.search(value):
            raise UsageError(
                f"{field.member} cannot be sent in a header",
                expected=expected,
                actual="<hidden>" if field.type.sensitive else value,
                rule=rule,
                member=field.member,
            )
    return value


def write_headers(fields: Sequence[Field], source: object) -> HeadersAndBody:
    """Return a shape's members as headers and body (SHP-024). Raises UsageError for what no header can hold."""
    for field in fields:
        if field.location == "uri" and getattr(source, field.attribute) is not None:
            raise UsageError(
                f"{field.member} travels in the path, not in a header",
                expected="none",
                rule="SHP-024",
                path=field.member,
            )
    payload = payload_of(fields)
    body: Any = None
    if payload is not None:
        body = getattr(source, payload.attribute)
    elif _document_fields(fields):
        body = json_of_value(write_members(_document_fields(fields), source))
    return HeadersAndBody(tuple(header_pairs(fields, source)), body)


def read_headers(shape: str, fields: Sequence[Field], headers: object, body: Any) -> Dict[str, Any]:
    """Return the members, by attribute, that headers and a body hold (SHP-024). Raises UsageError or DocumentError."""
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
        members.update(read_members(_document_fields(fields), parse_json(body), JSON_FORMAT))
    return members


def payload_of(fields: Sequence[Field]) -> Optional[Field]:
    """Return the row of the member that is the whole body, or None."""
    return next((field for field in fields if field.location == "payload"), None)


def _document_fields(fields: Sequence[Field]) -> List[Field]:
    return [field for field in fields if field.location == "body"]
