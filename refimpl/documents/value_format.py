# SPDX-License-Identifier: MIT
"""A shape's members <-> a tree of values; and the one walk over a field table that reads every kind of document.

Writing takes two steps: a table makes the tree here, and each form writes the tree (json_format, xml_format, query_format). The tree
is ("Structure", ((name, value), ...)), ("List", (value, ...)), ("String", text), ("Blob", bytes) or ("Integer", number).

Reading takes one: `read_members` walks the table, and asks the `Format` of the document for what stands there. So names, absence,
duplicates and events are decided once, for all forms; a form knows only how its own scalars look. What does not fit the
table is a DocumentError with the path to it; the tree itself is such a document, too (`VALUE_FORMAT`).
"""

import re
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, NoReturn, Sequence, Tuple

from ..errors import DocumentError, UsageError, shown
from ..fields import INT32_MAX, INT32_MIN, Field, FieldType, is_int32, member_of_union

MAX_DOCUMENT_LENGTH = 64 * 1024 * 1024  # bytes; SHP-006
MAX_DOCUMENT_NODES = (
    1 << 20
)  # objects and arrays, elements, or pairs: few bytes can make many; SHP-006

_INTEGER = r"[+-]?[0-9]{1,20}\Z"

Value = Tuple[str, Any]


# ---- writing -----------------------------------------------------------------------------------------------------


def wire_name_of(field: Field) -> str:
    """Return the name under which a member is written: its header's, else its own (SHP-007)."""
    return field.wire_name


def member_name_of(field: Field) -> str:
    """Return the model's name of a member."""
    return field.member


def write_members(
    fields: Sequence[Field], source: object, name_of: Callable[[Field], str] = wire_name_of
) -> Value:
    """Return the structure of the members that source has, in the order of the table."""
    members = ((field, getattr(source, field.attribute)) for field in fields)
    return "Structure", tuple(
        (name_of(field), write_value(field.type, member))
        for field, member in members
        if member is not None
    )


def write_value(wanted: FieldType, member: Any) -> Value:
    """Return the tree of one value of that type."""
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
    if not elements:  # SHP-012
        return "Structure", ()
    return elements[0] if len(elements) == 1 else ("List", tuple(elements))


def member_path(path: str, name: str) -> str:
    """Return the path to a member of what stands at path (SHP-029)."""
    return f"{path}.{name}" if path else name


def check_text(text: str, path: str) -> str:
    """Return text; raise UsageError of kind `utf8` for half a surrogate pair, which no UTF-8 has (SHP-014)."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UsageError(
            "text cannot be written in UTF-8",
            kind="utf8",
            expected="whole characters",
            path=path,
            rule="SHP-014",
            actual=f"half a surrogate pair, character {int(error.start)}",
        ) from None
    return text


# ---- reading -----------------------------------------------------------------------------------------------------


class Place(NamedTuple):
    """Where a reader stands: the path to it, and whether what stands there must not be shown."""

    path: str = ""
    hidden: bool = False

    def member(self, name: str, wanted: FieldType) -> "Place":
        """Return the place of a member of that name and type."""
        return Place(member_path(self.path, name), self.hidden or wanted.sensitive)

    def element(self, label: str) -> "Place":
        """Return the place of an element of this list."""
        return self._replace(path=self.path + label)

    def refuse(
        self,
        what: str,
        kind: str = "type",
        expected: object = None,
        actual: object = None,
        rule: str = "SHP-009",
    ) -> NoReturn:
        """Raise the DocumentError of what stands here; a sensitive value is named, never shown (SHP-029)."""
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
    """How one kind of document shows what a table asks for. Each function raises by place.refuse."""

    members: Callable[
        [Any, Place], Labelled
    ]  # (name, node) of a structure, in order; what is null is left out
    elements: Callable[
        [Any, Place], Labelled
    ]  # (label, structure) of a list of events, or of the one that stands for it
    scalars: Mapping[str, Callable[[Any, Place], Any]]  # a string, blob or integer
    key: Callable[[str], str] = str  # names are equal when their keys are


def read_members(
    fields: Sequence[Field],
    node: Any,
    document_format: Format,
    place: Place = ROOT,
    lenient: bool = False,
) -> Dict[str, Any]:
    """Return the members of a structure that are there, by attribute; unknown ones are ignored (SHP-008).

    lenient: a member that does not fit is absent, and the structure itself may be none (HTTP-035)
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
    if not candidates and field.alias is not None:  # HTTP-032
        candidates = found.get(document_format.key(field.alias), [])
    if not candidates:
        return None
    name, node = candidates[0]
    there = place.member(name, field.type)
    if len(candidates) > 1:  # SHP-013
        there.refuse(
            "a member is given twice",
            kind="syntax",
            expected=f"one {field.member}",
            rule="SHP-013",
            actual=None
            if field.type.sensitive
            else " and ".join(name for name, _ in candidates[:3]),
        )
    return read_value(field.type, node, document_format, there)


def read_value(wanted: FieldType, node: Any, document_format: Format, place: Place = ROOT) -> Any:
    """Return the value of that type that a node shows. Raises DocumentError."""
    if wanted.kind == "structure":
        return wanted.shape(**read_members(wanted.shape.fields, node, document_format, place))
    if wanted.kind == "events":
        return _read_events(wanted, node, document_format, place)
    return document_format.scalars[wanted.kind](node, place)


def _read_events(
    wanted: FieldType, node: Any, document_format: Format, place: Place
) -> Tuple[Any, ...]:
    """The events of a list, or of one structure, whose members then stand in the order of the table (SHP-012)."""
    rows = wanted.shape.fields
    events: List[Any] = []
    for label, element in document_format.elements(node, place):
        members = read_members(rows, element, document_format, place.element(label))
        events += [members[row.attribute] for row in rows if row.attribute in members]
    return tuple(events)


def checked_int32(number: int, place: Place) -> int:
    """Return an integer that a member may hold, or refuse it (SHP-011)."""
    if not is_int32(number):
        place.refuse(
            "an integer is out of range",
            kind="constraint",
            expected=f"{int(INT32_MIN)} to {int(INT32_MAX)}",
            actual=number,
            rule="SHP-011",
        )
    return number


def integer_of_text(text: str, place: Place) -> int:
    """Return the integer that decimal digits are, or refuse it (SHP-011)."""
    if not re.match(_INTEGER, text):
        place.refuse(
            "an integer is none", expected="at most 20 decimal digits", actual=text, rule="SHP-011"
        )
    return checked_int32(int(text), place)


def checked_text(text: str, place: Place) -> str:
    """Return a text that has an UTF-8 form, or refuse it (SHP-014)."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        place.refuse(
            "text holds half a surrogate pair",
            kind="utf8",
            expected="whole characters",
            actual=shown(text),
            rule="SHP-014",
        )
    return text


# ---- the tree as a document --------------------------------------------------------------------------------------


def _content(node: object, place: Place, tag: str, kind: type) -> Any:
    if (
        isinstance(node, tuple)
        and len(node) == 2
        and node[0] == tag
        and isinstance(node[1], kind)
        and not isinstance(node[1], bool)
    ):
        return node[1]
    return place.refuse("a value is of the wrong type", expected=tag, actual=_tag_of(node))


def _tag_of(node: object) -> str:
    return (
        node[0]
        if isinstance(node, tuple) and len(node) == 2 and isinstance(node[0], str)
        else type(node).__name__
    )


def _structure_members(node: object, place: Place) -> Labelled:
    pairs = _content(node, place, "Structure", tuple)
    if not all(
        isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str) for pair in pairs
    ):
        place.refuse("a structure is no tuple of members", expected="(name, value) pairs")
    return [(name, child) for name, child in pairs if child is not None]


def _value_elements(node: object, place: Place) -> Labelled:
    if _tag_of(node) != "List":
        return [("", node)]
    return [
        (f"[{int(index)}]", child)
        for index, child in enumerate(_content(node, place, "List", tuple))
    ]


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
    """Return a document's bytes. Raises UsageError for what is neither text nor bytes, DocumentError `limit` or `utf8`."""
    if isinstance(document, str):
        try:
            data = document.encode("utf-8")
        except UnicodeEncodeError:
            raise DocumentError(
                "the document holds half a surrogate pair",
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
            expected=f"at most {int(MAX_DOCUMENT_LENGTH)} bytes",
            actual=len(data),
            rule="SHP-006",
        )
    return data


def check_nodes(count: int) -> None:
    """Raise DocumentError `limit` when a document has more nodes than MAX_DOCUMENT_NODES."""
    if count > MAX_DOCUMENT_NODES:
        raise DocumentError(
            "the document has too many parts",
            kind="limit",
            expected=f"at most {int(MAX_DOCUMENT_NODES)}",
            rule="SHP-006",
        )
