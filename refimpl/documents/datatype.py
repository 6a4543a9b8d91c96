# SPDX-License-Identifier: MIT
"""Types of the service model with methods that read and write documents.

A `DataType` is a field's type (fields.py) with a reader and a writer for each document format. It
knows no shape. It uses the field table that the type contains. `of_x(to_x(value)) == value` for
every value that format x can represent. A writer rejects other values with UsageError. A reader
rejects an invalid document with a DocumentError that has the path to the error.
"""

from typing import TYPE_CHECKING, Any, Optional, Union

from ..fields import FieldType, check_constraint, check_value

if TYPE_CHECKING:
    from .query_format import Query
    from .value_format import Value

Document = Union[str, bytes]


class DataType(FieldType):
    """A type that reads and writes its values: str, bytes, int, a shape or a tuple of events."""

    __slots__ = ()

    def make(self, value: Any, validate: bool = False) -> Any:
        """Return value. Raises UsageError for the wrong type.

        With validate, also raises UsageError for a broken constraint (HTTP-005).
        """
        check_value(self.name, self, value)
        if validate:
            check_constraint(self.name, self, value)
        return value

    def of_json(self, document: Document) -> Any:
        """Read JSON text."""
        # The formats are loaded on first use, because a call needs none.
        from .json_format import JSON_FORMAT, parse_json
        from .value_format import read_value

        return read_value(self, parse_json(document), JSON_FORMAT)

    def to_json(self, value: Any) -> str:
        """Return a value as JSON text with blobs in base64."""
        from .json_format import json_of_value

        return json_of_value(self.to_value(value))

    def of_xml(self, document: Document) -> Any:
        """Read an XML document. Ignores the name of the root."""
        from .value_format import read_value
        from .xml_format import XML_FORMAT, parse_xml

        return read_value(self, parse_xml(document), XML_FORMAT)

    def to_xml(self, value: Any) -> str:
        """Return a value as an XML document with the type's name as root and blobs in base64."""
        from .xml_format import xml_of_value

        return xml_of_value(self.to_value(value), self.name)

    def of_value(self, tree: "Value") -> Any:
        """Read a value tree."""
        from .value_format import VALUE_FORMAT, read_value

        return read_value(self, tree, VALUE_FORMAT)

    def to_value(self, value: Any) -> "Value":
        """Return a value as a tree.

        ("Structure", ((name, value), ...)), ("List", (value, ...)), ("String", text),
        ("Blob", bytes) or ("Integer", number).
        """
        from .value_format import write_value

        return write_value(self, self.make(value))

    def of_query(self, query: "Union[Document, Query]") -> Any:
        """Read a query, either URL-encoded text or a Query. Queries omit empty structures."""
        from .query_format import QUERY_FORMAT, parse_query
        from .value_format import read_value

        return read_value(self, parse_query(query), QUERY_FORMAT)

    def to_query(self, value: Any) -> "Query":
        """Return a value as a Query. Its `render` flattens it, and its `encode` returns text."""
        from .query_format import query_of_value

        return query_of_value(self.to_value(value))


def string_type(
    name: str,
    max_length: "Optional[int]" = None,
    pattern: "Optional[str]" = None,
    min_length: int = 0,
    sensitive: bool = False,
) -> DataType:
    """Return a string type with the constraints of the service model."""
    return DataType(name, "string", min_length, max_length, pattern, sensitive)


def integer_type(name: str) -> DataType:
    """Return the type of an int32."""
    return DataType(name, "integer")


def blob_type(name: str) -> DataType:
    """Return a blob type. The service model marks all of this operation's blobs as sensitive."""
    return DataType(name, "blob", sensitive=True)


def structure_type(shape: Any) -> DataType:
    """Return the type of a shape."""
    return DataType(shape.__name__, "structure", shape=shape)


def events_type(union: Any) -> DataType:
    """Return the type of a stream: a tuple of events of a union."""
    return DataType(union.__name__, "events", shape=union)
