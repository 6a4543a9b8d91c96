# SPDX-License-Identifier: MIT
"""The value tree, and the reader of all document formats.

Writing has two steps. This module turns a shape's members into a value tree, and each format turns
the tree into text. A tree is ("Structure", ((name, value), ...)), ("List", (value, ...)),
("String", text), ("Blob", bytes) or ("Integer", number).

Reading has one step. `read_members` looks up each row of a field table in the document. A `Format`
says where a document has its members, list elements and scalars. So one function decides on names,
absent members, duplicates and events for all formats. It rejects whatever does not fit the table,
with a DocumentError that has the path to the error. The tree is also a format (`VALUE_FORMAT`).
"""

import re
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, NoReturn, Sequence, Tuple

from ..errors import DocumentError, UsageError, shown
from ..fields import INT32_MAX, INT32_MIN, Field, FieldType, is_int32, member_of_union

# SHP-006
MAX_DOCUMENT_LENGTH = 64 * 1024 * 1024  # bytes
# Values, elements and attributes, or names. A few bytes can make each of them.
MAX_DOCUMENT_NODES = 1 << 20

_INTEGER = r"[+-]?[0-9]{1,20}\Z"

Value = Tuple[str, Any]


# ---- writing -----------------------------------------------------------------------------------


def wire_name_of(field: Field) -> str:
    """Return a member's name in documents: that of its header, or its own (SHP-007)."""
    return field.wire_name


def member_name_of(field: Field) -> str:
    """Return a member's name in the service model."""
    return field.member


def write_members(
    fields: Sequence[Field], source: object, name_of: Callable[[Field], str] = wire_name_of
) -> Value:
    """Return a structure of the members that source has, in the order of the table."""
    members = ((field, getattr(source, field.attribute)) for field in fields)
    return "Structure", tuple(
        (name_of(field), write_value(field.type, member))
        for field, member in members
        if member is not None
    )


def write_value(wanted: FieldType, member: Any) -> Value:
    """Return the tree of a value of the wanted type."""
    if wanted.kind == "structure":
        return write_members(wanted.shape.fields, member)
    if wanted.kind == "events":
        return _write_events(wanted, member)
    return _TAGS[wanted.kind], member


_TAGS = {"string": "String", "blob": "Blob", "integer": "Integer"}


def _write_events(wanted: FieldType, events: Tuple[Any, ...]) -> Value:
    rows = [member_of_union(wanted, event) for event in events]
    elements: List[Value] = [
        ("Structure", ((wire_name_of(row), write_value(row.type, event)),))
        for row, event in zip(rows, events)
    ]
    # SHP-012
    if not elements:
        return "Structure", ()
    return elements[0] if len(elements) == 1 else ("List", tuple(elements))


def member_path(path: str, name: str) -> str:
    """Return the path to a member of the structure at path (SHP-029)."""
    return f"{path}.{name}" if path else name


def check_text(text: str, path: str) -> str:
    """Return text. Raises UsageError `utf8` for half a surrogate pair (SHP-014)."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UsageError(
            "text cannot be written in UTF-8",
            kind="utf8",
            expected="whole characters",
            path=path,
            rule="SHP-014",
            actual=f"half a surrogate pair, character {error.start}",
        ) from None
    return text


# ---- reading -----------------------------------------------------------------------------------


class Place(NamedTuple):
    """A place in a document, for error messages."""

    path: str = ""
    hidden: bool = False  # whether messages must not show the value

    def member(self, name: str, wanted: FieldType) -> "Place":
        """Return the place of a member of this structure."""
        return Place(member_path(self.path, name), self.hidden or wanted.sensitive)

    def element(self, label: str) -> "Place":
        """Return the place of an element of this list."""
        return self._replace(path=self.path + label)

    def reject(
        self,
        what: str,
        kind: str = "type",
        expected: object = None,
        actual: object = None,
        rule: str = "SHP-009",
    ) -> NoReturn:
        """Raise a DocumentError for this place, without a sensitive value (SHP-029)."""
        raise DocumentError(
            what,
            kind=kind,
            expected=expected,
            actual="<hidden>" if self.hidden and actual is not None else actual,
            path=self.path or "the document",
            rule=rule,
        )


ROOT = Place()
Labelled = List[Tuple[str, Any]]


class Format(NamedTuple):
    """The functions that read one kind of document. They report errors with place.reject."""

    # Returns the (name, node) pairs of a structure, in order, without null members.
    members: Callable[[Any, Place], Labelled]
    # Returns the (label, structure) pairs of a list of events. A structure is a list of one.
    elements: Callable[[Any, Place], Labelled]
    # Returns the value of a node, by kind of type: string, blob or integer.
    scalars: Mapping[str, Callable[[Any, Place], Any]]
    # Two names are equal if their keys are.
    key: Callable[[str], str] = str


def read_members(
    fields: Sequence[Field],
    node: Any,
    document_format: Format,
    place: Place = ROOT,
    lenient: bool = False,
) -> Dict[str, Any]:
    """Return the members of a structure, by attribute. Ignores unknown members (SHP-008).

    lenient: treat invalid members as absent, and a node that is not a structure as empty (HTTP-035)
    """
    try:
        named = document_format.members(node, place)
    except DocumentError:
        if not lenient:
            raise
        named = []
    found: Dict[str, Labelled] = {}
    for name, child in named:
        found.setdefault(document_format.key(name), []).append((name, child))
    members = {}
    for field in fields:
        try:
            member = _read_field(field, found, document_format, place)
        except DocumentError:
            if not lenient:
                raise
            continue
        if member is not None:
            members[field.attribute] = member
    return members


def _read_field(
    field: Field, found: Mapping[str, Labelled], document_format: Format, place: Place
) -> Any:
    names = {document_format.key(field.wire_name), document_format.key(field.member)}
    candidates = [candidate for name in sorted(names) for candidate in found.get(name, ())]
    # HTTP-032
    if not candidates and field.alias is not None:
        candidates = found.get(document_format.key(field.alias), [])
    if not candidates:
        return None
    name, node = candidates[0]
    there = place.member(name, field.type)
    # SHP-013
    if len(candidates) > 1:
        spellings = " and ".join(name for name, _ in candidates[:3])
        there.reject(
            "a member is given twice",
            kind="syntax",
            expected=f"one {field.member}",
            actual=None if field.type.sensitive else spellings,
            rule="SHP-013",
        )
    return read_value(field.type, node, document_format, there)


def read_value(wanted: FieldType, node: Any, document_format: Format, place: Place = ROOT) -> Any:
    """Return a node's value of the wanted type. Raises DocumentError."""
    if wanted.kind == "structure":
        return wanted.shape(**read_members(wanted.shape.fields, node, document_format, place))
    if wanted.kind == "events":
        return _read_events(wanted, node, document_format, place)
    return document_format.scalars[wanted.kind](node, place)


def _read_events(
    wanted: FieldType, node: Any, document_format: Format, place: Place
) -> Tuple[Any, ...]:
    """Read the events of a list, or of one structure in the order of the table (SHP-012)."""
    rows = wanted.shape.fields
    events: List[Any] = []
    for label, element in document_format.elements(node, place):
        members = read_members(rows, element, document_format, place.element(label))
        events += [members[row.attribute] for row in rows if row.attribute in members]
    return tuple(events)


def checked_int32(number: int, place: Place) -> int:
    """Return an integer. Raises DocumentError if it is not an int32 (SHP-011)."""
    if not is_int32(number):
        place.reject(
            "an integer is out of range",
            kind="constraint",
            expected=f"{INT32_MIN} to {INT32_MAX}",
            actual=number,
            rule="SHP-011",
        )
    return number


def integer_of_text(text: str, place: Place) -> int:
    """Return the integer of a decimal number. Raises DocumentError for other text (SHP-011)."""
    if not re.match(_INTEGER, text):
        place.reject(
            "not an integer", expected="at most 20 decimal digits", actual=text, rule="SHP-011"
        )
    return checked_int32(int(text), place)


def checked_text(text: str, place: Place) -> str:
    """Return text. Raises DocumentError if UTF-8 cannot represent it (SHP-014)."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        place.reject(
            "text contains half a surrogate pair",
            kind="utf8",
            expected="whole characters",
            actual=shown(text),
            rule="SHP-014",
        )
    return text


# ---- the tree as a document --------------------------------------------------------------------


def _content(node: object, place: Place, tag: str, kind: type) -> Any:
    if (
        isinstance(node, tuple)
        and len(node) == 2
        and node[0] == tag
        and isinstance(node[1], kind)
        and not isinstance(node[1], bool)
    ):
        return node[1]
    return place.reject("value of the wrong type", expected=tag, actual=_tag_of(node))


def _tag_of(node: object) -> str:
    if isinstance(node, tuple) and len(node) == 2 and isinstance(node[0], str):
        return node[0]
    return type(node).__name__


def _structure_members(node: object, place: Place) -> Labelled:
    pairs = _content(node, place, "Structure", tuple)
    if not all(
        isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str) for pair in pairs
    ):
        place.reject("a structure is not a tuple of members", expected="(name, value) pairs")
    return [(name, child) for name, child in pairs if child is not None]


def _value_elements(node: object, place: Place) -> Labelled:
    if _tag_of(node) != "List":
        return [("", node)]
    elements = _content(node, place, "List", tuple)
    return [(f"[{index}]", child) for index, child in enumerate(elements)]


VALUE_FORMAT = Format(
    _structure_members,
    _value_elements,
    {
        "string": lambda node, place: checked_text(_content(node, place, "String", str), place),
        "blob": lambda node, place: _content(node, place, "Blob", bytes),
        "integer": lambda node, place: checked_int32(_content(node, place, "Integer", int), place),
    },
)


def document_bytes(document: object) -> bytes:
    """Return the bytes of a document, which may be text or bytes (SHP-006).

    Raises UsageError for another type, and DocumentError `limit` or `utf8`.
    """
    if isinstance(document, str):
        try:
            data = document.encode("utf-8")
        except UnicodeEncodeError:
            raise DocumentError(
                "the document contains half a surrogate pair",
                kind="utf8",
                expected="whole characters",
                rule="SHP-014",
            ) from None
    elif isinstance(document, bytes):
        data = document
    else:
        raise UsageError(
            "document has the wrong type",
            kind="type",
            expected="str or bytes",
            actual=type(document).__name__,
            rule="SHP-006",
        )
    if len(data) > MAX_DOCUMENT_LENGTH:
        raise DocumentError(
            "the document is too long",
            kind="limit",
            expected=f"at most {MAX_DOCUMENT_LENGTH} bytes",
            actual=len(data),
            rule="SHP-006",
        )
    return data


def check_nodes(count: int) -> None:
    """Raise DocumentError `limit` if a document has more than MAX_DOCUMENT_NODES (SHP-006)."""
    if count > MAX_DOCUMENT_NODES:
        raise DocumentError(
            "the document has too many parts",
            kind="limit",
            expected=f"at most {MAX_DOCUMENT_NODES}",
            rule="SHP-006",
        )
