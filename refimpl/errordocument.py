# SPDX-License-Identifier: MIT
"""Error documents: as services send them, in JSON and in XML, and as the seed writes them.

One reading of both kinds serves everyone: `read_error` finds where the members of a service's document stand and what its code
is. `error_of_json` and `error_of_xml` are strict about what they then find; operation.py, for which an error response stays an
error response whatever its document is (HTTP-035), leaves out what does not fit.

`error_to_json` and `error_to_xml` write {"error": NAME, "details": {...}}, for an error that the model does not name
{"error": CODE, "message": PAYLOAD}; `error_of_document` inverts them.
"""

import re
from typing import Any, Dict, List, Optional, Sequence, Tuple

from .documents.datatype import Document, string_type, structure_type
from .documents.json_format import JSON_FORMAT, json_of_value, json_text, parse_json
from .documents.value_format import (
    ROOT,
    Format,
    Place,
    Value,
    document_bytes,
    integer_of_text,
    read_members,
    write_members,
)
from .documents.xml_format import (
    XML_FORMAT,
    Element,
    child_of,
    parse_xml,
    xml_of_element,
    xml_of_value,
)
from .errors import require_type
from .fields import Field, body_field, error_field
from .shapes import ERRORS, MESSAGE, OperationError, UnknownOperationError

# ---- as services send them ---------------------------------------------------------------------------------------

_CODE = string_type("Code")
# HTTP-030: in this order
_CODE_FIELDS = (
    body_field("type", "__type", _CODE),
    body_field("code", "code", _CODE),
    body_field("query_code", "Code", _CODE),
)
_TEXT_FIELDS: Tuple[Field, ...] = (error_field("message", "Message", MESSAGE),)
_REQUEST_ID_FIELDS = (
    body_field("request_id", "RequestId", _CODE),
    body_field("request_identity", "RequestID", _CODE),
)


class ErrorDocument:
    """A service's error document: its form, the node whose members are the error's, and the root, which may hold a request id."""

    __slots__ = ("format", "node", "root")

    def __init__(self, document_format: Format, node: Any, root: Any) -> None:
        self.format = document_format
        self.node = node
        self.root = root

    def members(self, fields: Sequence[Field], lenient: bool = True) -> Dict[str, Any]:
        """Return the members of a table that stand in the document; lenient: what does not fit is absent."""
        return read_members(fields, self.node, self.format, ROOT, lenient)

    @property
    def codes(self) -> List[str]:
        """The codes that the document bears, in the order in which they count (HTTP-030)."""
        members = self.members(_CODE_FIELDS)
        return [members[field.attribute] for field in _CODE_FIELDS if field.attribute in members]

    @property
    def message(self) -> Optional[str]:
        """The document's text, or None."""
        return self.members(_TEXT_FIELDS).get("message")

    @property
    def has_null_message(self) -> bool:
        """Whether the document's text is null (HTTP-034)."""
        return isinstance(self.node, dict) and any(
            self.node.get(name, "") is None for name in ("message", "Message")
        )

    @property
    def request_id(self) -> Optional[str]:
        """The id of the call that an XML document bears (HTTP-036), or None."""
        if not isinstance(self.node, Element):
            return None
        found = [
            read_members(_REQUEST_ID_FIELDS, node, self.format, ROOT, True)
            for node in (self.root, self.node)
        ]
        return next((text for members in found for text in members.values() if text), None)


def error_code_of(text: Optional[str]) -> Optional[str]:
    """Return the bare code of `Name`, `Name:url`, `ns#Name` or `ns#Name:url` (HTTP-031), or None when there is none."""
    code = (text or "").partition(":")[0]
    return (code.partition("#")[2] if "#" in code else code).strip(" \t") or None


def parse_error(document: Document) -> ErrorDocument:
    """Return a service's error document, JSON or, when it starts with a `<`, XML. Raises DocumentError."""
    return (
        _xml_error(parse_xml(document)) if _is_xml(document) else _json_error(parse_json(document))
    )


def _is_xml(document: Document) -> bool:
    return document_bytes(document).lstrip()[:1] == b"<"


def _json_error(plain: object) -> ErrorDocument:
    return ErrorDocument(_SERVICE_JSON_FORMAT, plain, plain)


def _integer_of_service(node: object, place: Place) -> int:
    """An integer, also as text: services and containers write both, and botocore 1.44.5 reads both (checked 2026-11-25)."""
    integer: int = (
        integer_of_text(node, place)
        if isinstance(node, str)
        else JSON_FORMAT.scalars["integer"](node, place)
    )
    return integer


def _text_of_service(node: object, place: Place) -> str:
    text: str = JSON_FORMAT.scalars["string"](
        _whole_text(node) if isinstance(node, str) else node, place
    )
    return text


def _whole_text(text: str) -> str:
    """Text without halves of surrogate pairs, which JSON can spell: the rest of a service's text is worth more (SHP-025)."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


_SERVICE_JSON_FORMAT = JSON_FORMAT._replace(
    scalars=dict(JSON_FORMAT.scalars, string=_text_of_service, integer=_integer_of_service)
)


def _xml_error(root: Element) -> ErrorDocument:
    """An error's members stand in <ErrorResponse><Error>, in <Response><Errors><Error>, or in the root (HTTP-036)."""
    outer = child_of(root, "Errors") or root
    return ErrorDocument(XML_FORMAT, child_of(outer, "Error") or root, root)


def code_of_error(given: Optional[str], document: ErrorDocument) -> Optional[str]:
    """Return the bare code of an error: given beside its document, else in it; an empty one counts as absent (HTTP-030)."""
    candidates: List[Optional[str]] = [given]
    return next(
        (code for code in map(error_code_of, candidates + list(document.codes)) if code), None
    )


def error_of_json(code: Optional[str], document: Document) -> OperationError:
    """Return the error that a service's JSON document is; code: as the service gave it beside the document, or None.

    Raises DocumentError for a document, or a member of a modelled error, that does not fit (SHP-025).
    """
    plain = parse_json(document)
    return _error_of(code, _json_error(plain), json_text(plain))


def error_of_xml(code: Optional[str], document: Document) -> OperationError:
    """Return the error that a service's XML document is, in an envelope of AWS or bare; as error_of_json."""
    root = parse_xml(document)
    return _error_of(code, _xml_error(root), xml_of_element(root))


def _error_of(code: Optional[str], document: ErrorDocument, payload: str) -> OperationError:
    if code is not None:
        require_type(code, str, "code")
    bare_code = code_of_error(code, document)
    shape = ERRORS.get(bare_code or "")
    if shape is not None:
        return shape(**document.members(shape.fields, lenient=False))
    return UnknownOperationError(code=bare_code or code, payload=_whole_text(payload))  # SHP-026


# ---- as the seed writes them -------------------------------------------------------------------------------------

_NAME_FIELD = body_field("code", "error", string_type("ErrorName"))
_PAYLOAD_FIELD = body_field("payload", "message", string_type("Payload", sensitive=True))


def error_to_value(error: OperationError) -> Value:
    """Return an error as the value tree of its document (SHP-027)."""
    require_type(error, OperationError, "error")
    if isinstance(error, UnknownOperationError):
        return write_members((_NAME_FIELD, _PAYLOAD_FIELD), error)
    return "Structure", (("error", ("String", type(error).__name__)), ("details", error.to_value()))


def error_to_json(error: OperationError) -> str:
    """Return an error as the JSON document that the seed writes."""
    return json_of_value(error_to_value(error))


def error_to_xml(error: OperationError) -> str:
    """Return an error as the same document in XML."""
    return xml_of_value(error_to_value(error), "Error")


def error_of_document(document: Document) -> OperationError:
    """Return the error that error_to_json or error_to_xml wrote. Raises DocumentError."""
    return (
        error_of_node(parse_xml(document), XML_FORMAT)
        if _is_xml(document)
        else error_of_node(parse_json(document), JSON_FORMAT)
    )


def error_of_node(node: Any, document_format: Format) -> OperationError:
    """Return the error whose document a node of that form is (SHP-027). Raises DocumentError."""
    names = [name for name, _ in document_format.members(node, ROOT)]
    members = read_members((_NAME_FIELD, _PAYLOAD_FIELD), node, document_format)
    if "details" not in names:
        if names and not members:
            ROOT.refuse(
                "the document names no error",
                expected="error, and details or message",
                actual=", ".join(names[:5]),
                rule="SHP-027",
            )
        return UnknownOperationError(**members)
    shape = ERRORS.get(members.get("code", ""))
    if shape is None or "payload" in members:
        ROOT.refuse(
            "the document is of no error of the model",
            expected=f"error, one of {', '.join(sorted(ERRORS))}, and details",
            actual=", ".join(names[:5]),
            rule="SHP-027",
        )
    error: OperationError = read_members(
        (body_field("details", "details", structure_type(shape)),), node, document_format
    )["details"]
    return error
