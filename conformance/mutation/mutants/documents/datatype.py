# SPDX-License-Identifier: MIT
"""Mutants of refimpl/documents/datatype.py."""

ROWS = (
    (
        "xml-root-named",
        "SHP-017",
        "rejects a root element with another name",
        "        return read_value(self, parse_xml(document), XML_FORMAT)",
        "        root = parse_xml(document)\n        return read_value(self, root if root.name == self.name else parse_xml(b''), XML_FORMAT)",
    ),
)
