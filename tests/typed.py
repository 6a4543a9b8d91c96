# SPDX-License-Identifier: MIT
"""Hypothesis strategies for any type and its values, for the tests of documents and the fuzzer.

`tables` makes shapes over new tables: scalars, header names, nested structures and streams of
unions. `values` makes values of a type; ANY_TEXT has every character, XML_TEXT those of XML 1.0.
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
    """Return a shape with a new table. Names differ in more than the case of the first letter."""
    names = draw(st.lists(NAMES, max_size=10, unique_by=lambda name: name.lower()))
    rows = []
    for index in range(0, len(names) - 1, 2):
        wanted = draw(types(depth))
        wire_name = names[index + 1] if draw(st.booleans()) else names[index]
        rows.append(Field(f"member_{index}", names[index], wanted, "body", wire_name))
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
        Field(f"event_{index}", name, structure_type(draw(tables(depth))), "body", name)
        for index, name in enumerate(members)
    )
    return type("Union", (Shape,), {"fields": rows})


def values(wanted, text):
    """Return a strategy for the values of a type."""
    if wanted.kind == "structure":
        members = {
            row.attribute: st.one_of(st.none(), values(row.type, text))
            for row in wanted.shape.fields
        }
        return st.fixed_dictionaries(members).map(lambda given: wanted.shape(**given))
    if wanted.kind == "events":
        return st.lists(
            st.one_of([values(row.type, text) for row in wanted.shape.fields]), max_size=4
        ).map(tuple)
    return {
        "string": text,
        "blob": st.binary(max_size=12),
        "integer": st.integers(INT32_MIN, INT32_MAX),
    }[wanted.kind]


@st.composite
def typed_values(draw, text=ANY_TEXT):
    wanted = draw(st.one_of(types(0), tables(2).map(structure_type), unions(1).map(events_type)))
    return wanted, draw(values(wanted, text))


def without_empty(wanted, value):
    """Return a value as a query represents it: None for an empty structure or stream."""
    if wanted.kind == "structure":
        members = {
            row.attribute: without_empty(row.type, getattr(value, row.attribute))
            for row in wanted.shape.fields
            if getattr(value, row.attribute) is not None
        }
        if all(member is None for member in members.values()):
            return None
        return wanted.shape(**members)
    if wanted.kind == "events":
        rows = {row.type.shape: row for row in wanted.shape.fields}
        events = [without_empty(rows[type(event)].type, event) for event in value]
        return tuple(event for event in events if event is not None) or None
    return value
