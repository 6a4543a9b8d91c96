# SPDX-License-Identifier: MIT
"""Mutants of refimpl/documents/xml_format.py."""

ROWS = (
    (
        "xml-dtd",
        "SHP-004",
        "accepts a document type declaration",
        "    parser.StartDoctypeDeclHandler =",
        "    unused =",
    ),
    (
        "xml-depth",
        "SHP-005",
        "accepts XML of any depth",
        "MAX_XML_DEPTH = 64 ",
        "MAX_XML_DEPTH = 1 << 30 ",
    ),
    (
        "xml-depth-63",
        "SHP-005",
        "rejects XML of depth 64",
        "MAX_XML_DEPTH = 64 ",
        "MAX_XML_DEPTH = 63 ",
    ),
    (
        "xml-prefixes",
        "SHP-004",
        "treats a namespace prefix as part of the name",
        '        return self.written_name.rpartition(":")[2]',
        "        return self.written_name",
    ),
    (
        "xml-text-in-structure",
        "SHP-016",
        "skips text inside a structure",
        "    if text_of(node).strip(_WHITE_SPACE):",
        "    if False:",
    ),
    (
        "xml-element-in-text",
        "SHP-016",
        "skips an element inside text",
        "    if node.children:  #",
        "    if False:  #",
    ),
    (
        "xml-characters",
        "SHP-018",
        "writes a character that XML does not allow",
        "    if alien:  #",
        "    if False:  #",
    ),
    (
        "xml-carriage-return",
        "SHP-018",
        "writes CR without escaping it",
        '.replace("\\r", "&#13;")',
        "",
    ),
)
