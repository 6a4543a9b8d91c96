# SPDX-License-Identifier: MIT
"""Convert a shape's document to another format.

`python3 -m refimpl convert` and the adapter's operation `shape.convert` use this module. Formats
are json, xml and query (URL-encoded), and two that are written as JSON: `value` is the tree
["Structure", [[name, value], ...]] with blobs in base64, and `headers` is
{"headers": [[name, value], ...], "body": ...}. The shape is a name of the service model, scalar
types included, or `Error`. An `Error` with a code is a service's document. Without a code it
is a document of the seed. Rejects unknown names (SHP-028), invalid documents and values
that the target format cannot represent.
"""

from typing import Any, Callable, Dict, List, Optional, Tuple, Type

from .documents.datatype import DataType, Document, string_type
from .documents.header_format import payload_of
from .documents.json_format import JSON_FORMAT, base64_bytes, json_text, parse_json, plain_of_value
from .documents.value_format import (
    ROOT,
    VALUE_FORMAT,
    Place,
    Value,
    member_path,
    read_value,
    write_value,
)
from .errordocument import (
    error_of_document,
    error_of_json,
    error_of_node,
    error_of_xml,
    error_to_json,
    error_to_value,
    error_to_xml,
)
from .errors import UsageError
from .shapes import DATA_TYPES, OperationError, Shape

JSON_ENCODED_FORMATS = ("value", "headers")
ERROR_SHAPE = "Error"


def convert(
    shape: str, from_format: str, to_format: str, document: Document, code: Optional[str] = None
) -> str:
    """Return a shape's document in another format.

    code: the code of a service's error outside its document, for the shape `Error`
    Raises UsageError for an unknown name and for a value that the format cannot represent, and
    DocumentError for an invalid document.
    """
    # SHP-028
    for document_format in (from_format, to_format):
        if document_format not in FORMATS:
            raise UsageError(
                "unknown format",
                expected=", ".join(FORMATS),
                actual=document_format,
                rule="SHP-028",
            )
    if shape == ERROR_SHAPE:
        return _error_to(to_format, _error_from(from_format, document, code))
    if shape not in DATA_TYPES:
        raise UsageError(
            "unknown shape",
            expected=f"a name of the service model, or {ERROR_SHAPE}",
            actual=shape,
            rule="SHP-028",
        )
    wanted = DATA_TYPES[shape]
    return _WRITERS[to_format](wanted, _READERS[from_format](wanted, document))


# ---- errors ------------------------------------------------------------------------------------


def _error_from(document_format: str, document: Document, code: Optional[str]) -> OperationError:
    if document_format == "value" and code is None:
        return error_of_node(value_of_json(document), VALUE_FORMAT)
    if document_format not in ("json", "xml"):
        raise _no_format_of_errors(document_format)
    if code is None:
        return error_of_document(document)
    if document_format == "json":
        return error_of_json(code, document)
    return error_of_xml(code, document)


def _error_to(document_format: str, error: OperationError) -> str:
    if document_format not in _ERROR_WRITERS:
        raise _no_format_of_errors(document_format)
    return _ERROR_WRITERS[document_format](error)


_ERROR_WRITERS: Dict[str, Callable[[OperationError], str]] = {
    "json": error_to_json,
    "xml": error_to_xml,
    "value": lambda error: json_of_tree(error_to_value(error)),
}


def _no_format_of_errors(document_format: str) -> UsageError:
    return UsageError(
        "error documents do not exist in this format",
        expected="json or xml, or value for documents of the seed",
        actual=document_format,
        rule="SHP-028",
    )


# ---- value -------------------------------------------------------------------------------------


def json_of_tree(tree: Value) -> str:
    """Return a value tree as JSON text (SHP-023)."""
    return json_text(_plain_tree(tree, ""))


def _plain_tree(tree: Value, path: str) -> List[Any]:
    tag, content = tree
    if tag == "Structure":
        return [
            tag,
            [[name, _plain_tree(child, member_path(path, name))] for name, child in content],
        ]
    if tag == "List":
        return [
            tag,
            [_plain_tree(child, f"{path}[{index}]") for index, child in enumerate(content)],
        ]
    return [tag, plain_of_value(tree, path)]


def value_of_json(document: Document) -> Value:
    """Read a value tree from JSON text (SHP-023). Raises DocumentError."""
    return _tree_of_plain(parse_json(document), ROOT)


def _tree_of_plain(plain: Any, place: Place) -> Value:
    if not (isinstance(plain, list) and len(plain) == 2 and isinstance(plain[0], str)):
        place.reject("not a value", expected="[TAG, CONTENT]", rule="SHP-023")
    tag, content = plain
    if tag in ("Structure", "List") and not isinstance(content, list):
        place.reject("not a list of members", expected="an array", rule="SHP-023")
    if tag == "Structure":
        return tag, tuple(_named_tree(pair, place) for pair in content)
    if tag == "List":
        return tag, tuple(
            _tree_of_plain(child, place.element(f"[{index}]"))
            for index, child in enumerate(content)
        )
    if tag == "Blob" and isinstance(content, str):
        return tag, base64_bytes(content, place._replace(hidden=True))
    return tag, content


def _named_tree(pair: Any, place: Place) -> Tuple[str, Optional[Value]]:
    if not (isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str)):
        place.reject("not a member", expected="[NAME, VALUE]", rule="SHP-023")
    name, child = pair
    if child is None:
        return name, None
    return name, _tree_of_plain(child, place._replace(path=member_path(place.path, name)))


# ---- headers -----------------------------------------------------------------------------------

_BODY_TEXT = string_type("Document")  # the body of a shape without a payload member


def _headers_document(wanted: DataType, value: Any) -> str:
    headers, body = _shape_of(wanted).to_headers(value)
    payload = payload_of(wanted.shape.fields)
    if payload is not None and body is not None:
        body = plain_of_value(write_value(payload.type, body), payload.member)
    return json_text({"headers": [list(pair) for pair in headers], "body": body})


def _of_headers_document(wanted: DataType, document: Document) -> Any:
    shape = _shape_of(wanted)
    plain = parse_json(document)
    headers = plain.get("headers") if isinstance(plain, dict) else None
    if not isinstance(headers, list) or not all(_is_pair_of_text(pair) for pair in headers):
        ROOT.reject(
            "no list of headers",
            expected='{"headers": [[NAME, VALUE]], "body": ...}',
            rule="SHP-024",
        )
    body = plain.get("body")
    if body is not None:
        payload = payload_of(shape.fields)
        body_type = _BODY_TEXT if payload is None else payload.type
        body = read_value(body_type, body, JSON_FORMAT, ROOT.member("body", body_type))
    return shape.of_header_and_body(headers, body)


def _is_pair_of_text(pair: object) -> bool:
    return (
        isinstance(pair, list)
        and len(pair) == 2
        and isinstance(pair[0], str)
        and isinstance(pair[1], str)
    )


def _shape_of(wanted: DataType) -> Type[Shape]:
    if wanted.shape is None:
        raise UsageError(
            f"{wanted.name} is not a structure",
            expected="a shape with members, for the format headers",
            rule="SHP-028",
        )
    shape: Type[Shape] = wanted.shape
    return shape


_READERS: Dict[str, Callable[[DataType, Document], Any]] = {
    "json": DataType.of_json,
    "xml": DataType.of_xml,
    "query": DataType.of_query,
    "value": lambda wanted, document: wanted.of_value(value_of_json(document)),
    "headers": _of_headers_document,
}

_WRITERS: Dict[str, Callable[[DataType, Any], str]] = {
    "json": DataType.to_json,
    "xml": DataType.to_xml,
    "query": lambda wanted, value: wanted.to_query(value).encode(),
    "value": lambda wanted, value: json_of_tree(wanted.to_value(value)),
    "headers": _headers_document,
}

FORMATS = tuple(_READERS)
