# SPDX-License-Identifier: MIT
"""XML text -> a tree of elements, strictly and within bounds, over the standard library's expat.

No DTD and no entity of its own is accepted, so nothing can be fetched or blown up; depth is bounded. Namespaces prefixes and
attributes are dropped: the error documents and shapes that are read here give neither a meaning (SHP-004, SHP-005).
"""
from typing import List, NamedTuple, NoReturn, Optional
from xml.parsers import expat

from .errors import DocumentError, excerpt, require_type

MAX_XML_DEPTH = 64  # nested elements; SHP-005

Element = NamedTuple("Element", [("name", str), ("children", List["Element"]), ("pieces", List[str])])
Element.__doc__ = "One element: its local name, its child elements, the pieces of its own text."


def text_of(element: Element) -> str:
    """Return an element's own text."""
    return "".join(element.pieces)


def child_of(element: Element, name: str) -> Optional[Element]:
    """Return the first child of that name, or None."""
    return next((child for child in element.children if child.name == name), None)


def parse_xml(data: bytes) -> Element:
    """Return the root element of an XML document.

    Raises DocumentError `syntax` (also for a DTD, and for anything behind the root), or `limit` beyond MAX_XML_DEPTH.
    """
    require_type(data, bytes, "document")
    document = Element("", [], [])
    path = [document]
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(what: str, rule: str, kind: str = "syntax") -> NoReturn:
        raise DocumentError("XML %s" % what, kind=kind, expected="at most %d levels, no DTD" % MAX_XML_DEPTH, actual=excerpt(data),
                            offset=parser.CurrentByteIndex, rule=rule)

    def start(name: str, attributes: object) -> None:
        if len(path) > MAX_XML_DEPTH:
            refuse("is nested too deeply", "SHP-005", "limit")
        element = Element(name.rpartition(":")[2], [], [])
        path[-1].children.append(element)
        path.append(element)

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: path.pop() and None
    parser.CharacterDataHandler = lambda text: path[-1].pieces.append(text)
    parser.StartDoctypeDeclHandler = lambda *declaration: refuse("has a DTD", "SHP-004")
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:  # LookupError: an encoding that Python does not know
        raise DocumentError("XML cannot be read: %s" % error, expected="a well-formed document", actual=excerpt(data),
                            offset=max(parser.ErrorByteIndex, 0), rule="SHP-004") from None
    return document.children[0]
