# SPDX-License-Identifier: MIT
"""From one form of a shape to another, as text: what `python3 -m refimpl convert` and the adapter's `shape.convert` do.

Three forms are text of their own: json, xml and query (URL-encoded). Two are told in JSON: `value`, the tree
["Structure", [[name, value], ...]] with blobs in base64, and `headers`, {"headers": [[name, value], ...], "body": ...}.
The shape is named as the model names it, scalar types included, or is `Error`: with a code, the document is a service's,
without one the document that the seed writes for an error.
"""

from typing import Any, Callable, Dict, List, Optional, Tuple, Type

from .documents.datatype import DataType, Document, string_type
from .documents.header_format import payload_of
from .documents.json_format import JSON_FORM, base64_bytes, json_text, parse_json, plain_of_value
from .documents.value_format import (
    ROOT,
    VALUE_FORM,
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

JSON_TOLD_FORMS = ("value", "headers")
ERROR_SHAPE = "Error"


def convert(
    shape: str, from_form: str, to_form: str, document: Document, code: Optional[str] = None
) -> str:
    """Return a document of a shape in another form; code: of a service's error, beside its document.

    Raises UsageError for an unknown name and for what the form cannot hold, DocumentError for what cannot be read.
    """
    for form in (from_form, to_form):
        if form not in FORMS:
            raise UsageError("no such form", expected=", ".join(FORMS), actual=form, rule="SHP-028")
    if shape == ERROR_SHAPE:
        return _error_to(to_form, _error_from(from_form, document, code))
    if shape not in DATA_TYPES:
        raise UsageError(
            "no such shape",
            expected=f"the model's name of one, or {ERROR_SHAPE}",
            actual=shape,
            rule="SHP-028",
        )
    wanted = DATA_TYPES[shape]
    return _WRITERS[to_form](wanted, _READERS[from_form](wanted, document))


# ---- errors ------------------------------------------------------------------------------------------------------


def _error_from(form: str, document: Document, code: Optional[str]) -> OperationError:
    if form == "value" and code is None:
        return error_of_node(value_of_json(document), VALUE_FORM)
    if form not in ("json", "xml"):
        raise _no_form_of_errors(form)
    if code is None:
        return error_of_document(document)
    return error_of_json(code, document) if form == "json" else error_of_xml(code, document)


def _error_to(form: str, error: OperationError) -> str:
    if form not in _ERROR_WRITERS:
        raise _no_form_of_errors(form)
    return _ERROR_WRITERS[form](error)


_ERROR_WRITERS: Dict[str, Callable[[OperationError], str]] = {
    "json": error_to_json,
    "xml": error_to_xml,
    "value": lambda error: json_of_tree(error_to_value(error)),
}


def _no_form_of_errors(form: str) -> UsageError:
    return UsageError(
        "a document of an error has no such form",
        expected="json, xml; value for the seed's own",
        actual=form,
        rule="SHP-028",
    )


# ---- value -------------------------------------------------------------------------------------------------------


def json_of_tree(tree: Value) -> str:
    """Return a value tree told in JSON (SHP-023)."""
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
            [_plain_tree(child, f"{path}[{int(index)}]") for index, child in enumerate(content)],
        ]
    return [tag, plain_of_value(tree, path)]


def value_of_json(document: Document) -> Value:
    """Return the value tree that JSON tells. Raises DocumentError."""
    return _tree_of_plain(parse_json(document), ROOT)


def _tree_of_plain(plain: Any, place: Place) -> Value:
    if not (isinstance(plain, list) and len(plain) == 2 and isinstance(plain[0], str)):
        place.refuse("no value", expected="[TAG, CONTENT]", rule="SHP-023")
    tag, content = plain
    if tag in ("Structure", "List") and not isinstance(content, list):
        place.refuse("no members", expected="an array", rule="SHP-023")
    if tag == "Structure":
        return tag, tuple(_named_tree(pair, place) for pair in content)
    if tag == "List":
        return tag, tuple(
            _tree_of_plain(child, place.element(f"[{int(index)}]"))
            for index, child in enumerate(content)
        )
    if tag == "Blob" and isinstance(content, str):
        return tag, base64_bytes(content, place._replace(hidden=True))
    return tag, content


def _named_tree(pair: Any, place: Place) -> Tuple[str, Optional[Value]]:
    if not (isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str)):
        place.refuse("no member", expected="[NAME, VALUE]", rule="SHP-023")
    name, child = pair
    return name, None if child is None else _tree_of_plain(
        child, place._replace(path=member_path(place.path, name))
    )


# ---- headers -----------------------------------------------------------------------------------------------------

_BODY_TEXT = string_type("Document")  # the body of a shape whose members travel in a document


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
        ROOT.refuse(
            "no headers", expected='{"headers": [[NAME, VALUE]], "body": ...}', rule="SHP-024"
        )
    body = plain.get("body")
    if body is not None:
        payload = payload_of(shape.fields)
        body_type = _BODY_TEXT if payload is None else payload.type
        body = read_value(body_type, body, JSON_FORM, ROOT.member("body", body_type))
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
            f"{wanted.name} is no structure",
            expected="a shape with members, for headers",
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

FORMS = tuple(_READERS)
