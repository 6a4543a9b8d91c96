# SPDX-License-Identifier: MIT
"""XML text <-> a tree of elements and shapes, strictly and within bounds, over the standard library's expat.

No DTD and no entity of its own is accepted, so nothing can be fetched or blown up; depth and length are bounded. The prefixes of
names and attributes mean nothing to a shape, but stand on the element, so that a document can be written again (SHP-004, SHP-005).

A value tree is written without white space or attributes; blobs are base64. XML_FORMAT says how the walk over a field table
reads elements: the events of a stream are the children of one element, in their order.
"""

import re
from typing import Any, List, NamedTuple, NoReturn, Optional, Tuple

from ..errors import DocumentError, UsageError
from .json_format import base64_bytes, to_base64
from .value_format import (
    Format,
    Labelled,
    Place,
    Value,
    check_nodes,
    check_text,
    document_bytes,
    integer_of_text,
    member_path,
)

MAX_XML_DEPTH = 64  # nested elements; SHP-005

_WHITE_SPACE = " \t\r\n"


class Element(NamedTuple):
    """One element: its name as written, its attributes, and its content, text and elements in order."""

    written_name: str
    attributes: Tuple[Tuple[str, str], ...]
    content: List[Any]

    @property
    def name(self) -> str:
        """The name without its prefix."""
        return self.written_name.rpartition(":")[2]

    @property
    def children(self) -> "List[Element]":
        """The child elements."""
        return [part for part in self.content if isinstance(part, Element)]


def text_of(element: Element) -> str:
    """Return an element's own text."""
    return "".join(part for part in element.content if isinstance(part, str))


def child_of(element: Element, name: str) -> Optional[Element]:
    """Return the first child of that name, or None."""
    return next((child for child in element.children if child.name == name), None)


def parse_xml(document: object) -> Element:
    """Return the root element of an XML document, bytes or text.

    Raises DocumentError `syntax` (also for a DTD, and for anything behind the root), or `limit` beyond MAX_XML_DEPTH or
    MAX_DOCUMENT_LENGTH; the document itself is not shown, since it may hold sensitive members.
    """
    from xml.parsers import expat  # imported when met: hardly a call meets XML

    data = document_bytes(document)
    root = Element("", (), [])
    path = [root]
    nodes = 0
    # Text has lost the encoding that it may still declare.
    parser = expat.ParserCreate("utf-8" if isinstance(document, str) else None)
    parser.buffer_text = True
    parser.ordered_attributes = True

    def refuse(what: str, rule: str, kind: str = "syntax") -> NoReturn:
        raise DocumentError(
            f"XML {what}",
            kind=kind,
            expected=f"at most {int(MAX_XML_DEPTH)} levels, no DTD",
            offset=parser.CurrentByteIndex,
            rule=rule,
        )

    def start(name: str, attributes: List[str]) -> None:
        nonlocal nodes
        nodes += 1
        check_nodes(nodes)
        if len(path) > MAX_XML_DEPTH:
            refuse("is nested too deeply", "SHP-005", "limit")
        element = Element(name, tuple(zip(attributes[::2], attributes[1::2])), [])
        path[-1].content.append(element)
        path.append(element)

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: path.pop() and None
    parser.CharacterDataHandler = lambda text: path[-1].content.append(text)
    parser.StartDoctypeDeclHandler = lambda *declaration: refuse("has a DTD", "SHP-004")
    try:
        parser.Parse(data, True)
    except (
        expat.ExpatError,
        ValueError,
        LookupError,
    ) as error:  # LookupError: an encoding that Python does not know
        raise DocumentError(
            f"XML cannot be read: {error}",
            expected="a well-formed document",
            offset=max(parser.ErrorByteIndex, 0),
            rule="SHP-004",
        ) from None
    return root.children[0]


# ---- shapes ------------------------------------------------------------------------------------------------------


def _xml_members(node: Element, place: Place) -> Labelled:
    if text_of(node).strip(_WHITE_SPACE):  # SHP-016
        place.refuse(
            "text stands where only elements may",
            expected="elements",
            rule="SHP-016",
            actual=f"{len(text_of(node))} characters",
        )
    return [(child.name, child) for child in node.children]


def _xml_elements(node: Element, place: Place) -> Labelled:
    children = [child for _, child in _xml_members(node, place)]
    return [
        (f"[{int(index)}]" if len(children) > 1 else "", Element(node.written_name, (), [child]))
        for index, child in enumerate(children)
    ]


def _xml_text(node: Element, place: Place) -> str:
    if node.children:  # SHP-016
        place.refuse(
            "elements stand where only text may",
            expected="text",
            actual=node.children[0].name,
            rule="SHP-016",
        )
    return text_of(node)


XML_FORMAT = Format(
    _xml_members,
    _xml_elements,
    {
        "string": _xml_text,
        "blob": lambda node, place: base64_bytes(_xml_text(node, place), place),
        "integer": lambda node, place: integer_of_text(_xml_text(node, place), place),
    },
)


def xml_of_value(value: Value, name: str) -> str:
    """Return a value tree as an XML document whose root has that name. Raises UsageError for what XML 1.0 cannot hold."""
    return xml_of_element(_element_of_value(value, name, ""))


def _element_of_value(value: Value, name: str, path: str) -> Element:
    """A value tree as an element; the elements of a list stand side by side in it (SHP-012)."""
    tag, content = value
    if tag == "Structure":
        return Element(
            name,
            (),
            [
                _element_of_value(child, child_name, member_path(path, child_name))
                for child_name, child in content
            ],
        )
    if tag == "List":
        structures = [
            _element_of_value(child, name, f"{path}[{int(index)}]")
            for index, child in enumerate(content)
        ]
        return Element(name, (), [part for structure in structures for part in structure.content])
    text = to_base64(content) if tag == "Blob" else _writable(str(content), path)
    return Element(name, (), [text] if text else [])


_NO_XML = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"


def _writable(text: str, path: str) -> str:
    alien = re.search(_NO_XML, check_text(text, path))
    if alien:  # SHP-018
        raise UsageError(
            "XML 1.0 has no such character",
            expected="a character of XML 1.0",
            actual=f"U+{ord(alien.group()):04X}",
            path=path,
            rule="SHP-018",
        )
    return text


def xml_of_element(element: Element) -> str:
    """Return an element as text, well-formed: names and attributes as written, comments gone, empty elements as a pair of tags."""
    attributes = "".join(
        f' {name}="{_escaped_attribute(text)}"' for name, text in element.attributes
    )
    content = "".join(
        _escaped(part) if isinstance(part, str) else xml_of_element(part)
        for part in element.content
    )
    return f"<{element.written_name}{attributes}>{content}</{element.written_name}>"


def _escaped(text: str) -> str:
    return (
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")
    )


def _escaped_attribute(text: str) -> str:
    return (
        _escaped(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")
    )  # a reader makes white space blanks
