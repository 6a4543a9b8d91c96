# SPDX-License-Identifier: MIT
"""Any type and any value of it, for Hypothesis: what the tests of documents and the fuzzer have in common.

`tables` makes shapes over tables of its own: scalars, header names, structures in structures, streams of unions. `values` makes
any value of a type, its text over an alphabet: ANY_TEXT has every character, XML_TEXT those of XML 1.0.
"""

from hypothesis import strategies as st

from refimpl.documents.datatype import (
    blob_type,
    events_type,
    integer_type,
    string_type,
    structure_type,
)
from refimpl.fields import INT32_MAX, INT32_MIN, Field
from refimpl.shapes import Shape

TEXT = string_type("Text")
XML_TEXT = st.text(
    alphabet=st.characters(
        exclude_categories=["Cs"],
        exclude_characters=[chr(code) for code in range(32) if chr(code) not in "\t\n\r"]
        + ["\ufffe", "\uffff"],
    ),
    max_size=12,
)
ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12)
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,7}\Z", fullmatch=True)


@st.composite
def tables(draw, depth):
    """A shape over a table of its own. Every name is unique in its table, whatever the case of its first letter."""
    names = draw(st.lists(NAMES, max_size=10, unique_by=lambda name: name.lower()))
    rows = []
    for index in range(0, len(names) - 1, 2):
        kind = draw(types(depth))
        wire_name = names[index + 1] if draw(st.booleans()) else names[index]
        rows.append(Field(f"member_{int(index)}", names[index], kind, "body", wire_name))
    return type("Made", (Shape,), {"fields": tuple(rows)})


def types(depth):
    scalars = st.sampled_from(
        [TEXT, blob_type("Blob"), integer_type("Integer"), string_type("Secret", sensitive=True)]
    )
    if depth == 0:
        return scalars
    return st.one_of(
        scalars, tables(depth - 1).map(structure_type), unions(depth - 1).map(events_type)
    )


@st.composite
def unions(draw, depth):
    members = draw(st.lists(NAMES, min_size=1, max_size=3, unique_by=lambda name: name.lower()))
    rows = tuple(
        Field(f"event_{int(index)}", name, structure_type(draw(tables(depth))), "body", name)
        for index, name in enumerate(members)
    )
    return type("Union", (Shape,), {"fields": rows})


def values(kind, text):
    """Any value of a type."""
    if kind.kind == "structure":
        members = {
            row.attribute: st.one_of(st.none(), values(row.type, text)) for row in kind.shape.fields
        }
        return st.fixed_dictionaries(members).map(lambda given: kind.shape(**given))
    if kind.kind == "events":
        return st.lists(
            st.one_of([values(row.type, text) for row in kind.shape.fields]), max_size=4
        ).map(tuple)
    return {
        "string": text,
        "blob": st.binary(max_size=12),
        "integer": st.integers(INT32_MIN, INT32_MAX),
    }[kind.kind]


@st.composite
def typed_values(draw, text=ANY_TEXT):
    kind = draw(st.one_of(types(0), tables(2).map(structure_type), unions(1).map(events_type)))
    return kind, draw(values(kind, text))


def without_empty(kind, value):
    """A value as a query shows it: None where it is a structure or stream without anything in it."""
    if kind.kind == "structure":
        members = {
            row.attribute: without_empty(row.type, getattr(value, row.attribute))
            for row in kind.shape.fields
            if getattr(value, row.attribute) is not None
        }
        return (
            kind.shape(**members)
            if any(member is not None for member in members.values())
            else None
        )
    if kind.kind == "events":
        rows = {row.type.shape: row for row in kind.shape.fields}
        return (
            tuple(
                event
                for event in (without_empty(rows[type(event)].type, event) for event in value)
                if event is not None
            )
            or None
        )
    return value
