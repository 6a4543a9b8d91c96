# SPDX-License-Identifier: MIT
"""XML: a strict parser over the standard library's expat, a reader of shapes, a writer of trees.

`parse_xml` returns a tree of elements. It rejects every DTD, so that a document cannot define
entities: they could fetch resources or expand without limit. It also rejects prefixes that nothing
declares, and documents that are too deep or too long (SHP-004 to SHP-006). Shapes ignore
prefixes and attributes, but elements keep them, so that a document can be written again.

XML_FORMAT reads shapes from elements: blobs are base64, and the events of a stream are the
children of one element, in order. Value trees are written without white space or attributes.
"""

import re
from typing import Any, FrozenSet, List, NamedTuple, NoReturn, Optional, Tuple

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

# SHP-005
MAX_XML_DEPTH = 64  # nested elements

_WHITE_SPACE = " \t\r\n"


class Element(NamedTuple):
    """An XML element."""

    written_name: str  # with its prefix
    attributes: Tuple[Tuple[str, str], ...]
    content: List[Any]  # text and elements, in order

    @property
    def name(self) -> str:
        """The name without its prefix."""
        return self.written_name.rpartition(":")[2]

    @property
    def children(self) -> "List[Element]":
        """The child elements."""
        return [part for part in self.content if isinstance(part, Element)]


def text_of(element: Element) -> str:
    """Return an element's text, without that of its children."""
    return "".join(part for part in element.content if isinstance(part, str))


def child_of(element: Element, name: str) -> Optional[Element]:
    """Return the first child with this name, or None."""
    return next((child for child in element.children if child.name == name), None)


def parse_xml(document: object) -> Element:
    """Return the root element of an XML document, bytes or text.

    Raises DocumentError `syntax`, also for a DTD or anything after the root, or `limit` beyond
    MAX_XML_DEPTH, MAX_DOCUMENT_LENGTH or MAX_DOCUMENT_NODES. The message does not show the
    document, because it may contain sensitive members.
    """
    # Few calls need XML. `python3 -m bench --only process` shows what a late import saves.
    from xml.parsers import expat

    data = document_bytes(document)
    root = Element("", (), [])
    path = [root]
    # The prefixes that each open element knows.
    scopes = [frozenset(("xml",))]
    nodes = 0
    # SHP-006: expat collects all attributes of an element before it calls start().
    check_nodes(data.count(b"="))
    # Text is already decoded, so an encoding that it declares does not apply.
    parser = expat.ParserCreate("utf-8" if isinstance(document, str) else None)
    parser.buffer_text = True
    parser.ordered_attributes = True

    def reject(what: str, rule: str, kind: str = "syntax") -> NoReturn:
        raise DocumentError(
            f"XML {what}",
            kind=kind,
            expected=f"at most {MAX_XML_DEPTH} levels, no DTD, declared prefixes",
            offset=parser.CurrentByteIndex,
            rule=rule,
        )

    def start(name: str, attributes: List[str]) -> None:
        nonlocal nodes
        nodes += 1 + len(attributes) // 2
        check_nodes(nodes)
        # SHP-005
        if len(path) > MAX_XML_DEPTH:
            reject("is nested too deeply", "SHP-005", "limit")
        element = Element(name, tuple(zip(attributes[::2], attributes[1::2])), [])
        known = _known_prefixes(scopes[-1], element)
        # SHP-004
        if known is None:
            reject("has a prefix that is not declared", "SHP-004")
        scopes.append(known)
        path[-1].content.append(element)
        path.append(element)

    def end(name: str) -> None:
        path.pop()
        scopes.pop()

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = lambda text: path[-1].content.append(text)
    # SHP-004
    parser.StartDoctypeDeclHandler = lambda *declaration: reject("has a DTD", "SHP-004")
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:  # LookupError: unknown encoding
        raise DocumentError(
            f"invalid XML: {error}",
            expected="a well-formed document",
            offset=max(parser.ErrorByteIndex, 0),
            rule="SHP-004",
        ) from None
    return root.children[0]


_DECLARATION = "xmlns:"


def _known_prefixes(known: FrozenSet[str], element: Element) -> Optional[FrozenSet[str]]:
    """Return the prefixes that are declared inside element, or None if it has another (SHP-004).

    known: those that are declared around it
    """
    names, declared = [element.written_name], []
    for name, uri in element.attributes:
        if name.startswith(_DECLARATION):
            prefix = name[len(_DECLARATION) :]
            # Namespaces in XML 1.0 reserves `xmlns`, and does not allow to undo a declaration.
            if not uri or not prefix or ":" in prefix or prefix == "xmlns":
                return None
            declared.append(prefix)
        else:
            names.append(name)
    if declared:
        known = known.union(declared)
    return known if all(_has_known_prefix(name, known) for name in names) else None


def _has_known_prefix(name: str, known: FrozenSet[str]) -> bool:
    prefix, colon, local = name.partition(":")
    return not colon or prefix in known and bool(local) and ":" not in local


# ---- shapes ------------------------------------------------------------------------------------


def _xml_members(node: Element, place: Place) -> Labelled:
    # SHP-016
    if text_of(node).strip(_WHITE_SPACE):
        place.reject(
            "unexpected text in a structure",
            expected="elements",
            rule="SHP-016",
            actual=f"{len(text_of(node))} characters",
        )
    return [(child.name, child) for child in node.children]


def _xml_elements(node: Element, place: Place) -> Labelled:
    children = [child for _, child in _xml_members(node, place)]
    structures = [Element(node.written_name, (), [child]) for child in children]
    if len(structures) == 1:
        return [("", structures[0])]
    return [(f"[{index}]", structure) for index, structure in enumerate(structures)]


def _xml_text(node: Element, place: Place) -> str:
    # SHP-016
    if node.children:
        place.reject(
            "unexpected element in a text",
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
    """Return a value tree as an XML document whose root has this name.

    Raises UsageError for a character that XML 1.0 does not have (SHP-018).
    """
    return xml_of_element(_element_of_value(value, name, ""))


def _element_of_value(value: Value, name: str, path: str) -> Element:
    """Return a value tree as an element. A list becomes one element (SHP-012)."""
    tag, content = value
    if tag == "Structure":
        children = [
            _element_of_value(child, child_name, member_path(path, child_name))
            for child_name, child in content
        ]
        return Element(name, (), children)
    if tag == "List":
        structures = [
            _element_of_value(child, name, f"{path}[{index}]")
            for index, child in enumerate(content)
        ]
        return Element(name, (), [part for structure in structures for part in structure.content])
    text = to_base64(content) if tag == "Blob" else _writable(str(content), path)
    return Element(name, (), [text] if text else [])


_NO_XML = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"


def _writable(text: str, path: str) -> str:
    alien = re.search(_NO_XML, check_text(text, path))
    # SHP-018
    if alien:
        raise UsageError(
            "not a character of XML 1.0",
            expected="a character of XML 1.0",
            actual=f"U+{ord(alien.group()):04X}",
            path=path,
            rule="SHP-018",
        )
    return text


def xml_of_element(element: Element) -> str:
    """Return an element as well-formed text. Drops comments. An empty element has two tags."""
    attributes = "".join(
        f' {name}="{_escaped_attribute(text)}"' for name, text in element.attributes
    )
    content = "".join(
        _escaped(part) if isinstance(part, str) else xml_of_element(part)
        for part in element.content
    )
    return f"<{element.written_name}{attributes}>{content}</{element.written_name}>"


def _escaped(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("\r", "&#13;")


def _escaped_attribute(text: str) -> str:
    # A reader turns unescaped white space in an attribute into spaces.
    return _escaped(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")
