# SPDX-License-Identifier: MIT
"""A type and its documents: what every type can be read from and written as, scalar or structure.

A `DataType` is a row's type (fields.py) with the forms put to it: `of_json`, `to_json`, `of_xml`, `to_xml`, `of_value`, `to_value`,
`of_query`, `to_query`. Nothing of it knows a shape: it walks the table that the type is given.
`of_x(to_x(value)) == value` for every value that the form can hold; what it cannot hold is a UsageError, what cannot be
read a DocumentError with the path to it.
"""

from typing import Any, Optional, Union

from ..fields import FieldType, check_constraint, check_value
from .json_format import JSON_FORMAT, json_of_value, parse_json
from .query_format import QUERY_FORMAT, Query, parse_query, query_of_value
from .value_format import VALUE_FORMAT, Value, read_value, write_value
from .xml_format import XML_FORMAT, parse_xml, xml_of_value

Document = Union[str, bytes]


class DataType(FieldType):
    """A type whose values have documents; a value is a str, bytes, int, a shape or a tuple of events."""

    __slots__ = ()

    def make(self, value: Any, validate: bool = False) -> Any:
        """Return value. Raises UsageError for the wrong type and, when validation is asked for, a broken constraint."""
        check_value(self.name, self, value)
        if validate:
            check_constraint(self.name, self, value)
        return value

    def of_json(self, document: Document) -> Any:
        """Return the value that JSON text holds."""
        return read_value(self, parse_json(document), JSON_FORMAT)

    def to_json(self, value: Any) -> str:
        """Return a value as JSON text, blobs in base64."""
        return json_of_value(self.to_value(value))

    def of_xml(self, document: Document) -> Any:
        """Return the value that an XML document holds; the root's name means nothing."""
        return read_value(self, parse_xml(document), XML_FORMAT)

    def to_xml(self, value: Any) -> str:
        """Return a value as an XML document whose root has the type's name, blobs in base64."""
        return xml_of_value(self.to_value(value), self.name)

    def of_value(self, tree: Value) -> Any:
        """Return the value that a value tree holds."""
        return read_value(self, tree, VALUE_FORMAT)

    def to_value(self, value: Any) -> Value:
        """Return a value as a tree: ("Structure", ((name, value), ...)), ("String", text), ("Blob", bytes), ("List", (...))."""
        return write_value(self, self.make(value))

    def of_query(self, query: Union[Document, Query]) -> Any:
        """Return the value that a query holds, URL-encoded text or a Query; equal up to empty structures."""
        return read_value(self, parse_query(query), QUERY_FORMAT)

    def to_query(self, value: Any) -> Query:
        """Return a value as a query: its tree; render() flattens it, encode() gives URL-encoded text."""
        return query_of_value(self.to_value(value))


def string_type(
    name: str,
    max_length: Optional[int] = None,
    pattern: Optional[str] = None,
    min_length: int = 0,
    sensitive: bool = False,
) -> DataType:
    """Return the type of a string; the constraints are those of the model."""
    return DataType(name, "string", min_length, max_length, pattern, sensitive)


def integer_type(name: str) -> DataType:
    """Return the type of an integer, which is an int32."""
    return DataType(name, "integer")


def blob_type(name: str) -> DataType:
    """Return the type of a blob; the model marks all of this service's blobs sensitive."""
    return DataType(name, "blob", sensitive=True)


def structure_type(shape: Any) -> DataType:
    """Return the type of a nested shape."""
    return DataType(shape.__name__, "structure", shape=shape)


def events_type(union: Any) -> DataType:
    """Return the type of a stream: a tuple of events, each a member of the union."""
    return DataType(union.__name__, "events", shape=union)
