# SPDX-License-Identifier: MIT
"""Error documents of services, in JSON and XML, and the error documents that the seed writes.

`parse_error` reads a service's document: where its members are, and its error codes. Two callers
use it. `error_of_json` and `error_of_xml` are strict and reject a member of the wrong type.
operation_errors.py is lenient and ignores such members, because an invalid document does not make
an error response a success (HTTP-035).

`error_to_json` and `error_to_xml` write {"error": NAME, "details": {...}}, or
{"error": CODE, "message": PAYLOAD} for an error that the service model does not have.
`error_of_document` reads both back.
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

# ---- documents of services ----------------------------------------------------------------------

_CODE = string_type("Code")
# HTTP-030: the first code counts.
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
    """A service's error document.

    node: contains the error's members;  root: may contain the request id
    """

    __slots__ = ("format", "node", "root")

    def __init__(self, document_format: Format, node: Any, root: Any) -> None:
        self.format = document_format
        self.node = node
        self.root = root

    def members(self, fields: Sequence[Field], lenient: bool = True) -> Dict[str, Any]:
        """Return the document's members of a field table.

        lenient: ignore invalid members instead of raising DocumentError
        """
        return read_members(fields, self.node, self.format, ROOT, lenient)

    @property
    def codes(self) -> List[str]:
        """The error codes in the document. The first one counts (HTTP-030)."""
        members = self.members(_CODE_FIELDS)
        return [members[field.attribute] for field in _CODE_FIELDS if field.attribute in members]

    @property
    def message(self) -> Optional[str]:
        """The error message, or None."""
        return self.members(_TEXT_FIELDS).get("message")

    @property
    def has_null_message(self) -> bool:
        """Whether the error message is null (HTTP-034)."""
        return isinstance(self.node, dict) and any(
            self.node.get(name, "") is None for name in ("message", "Message")
        )

    @property
    def request_id(self) -> Optional[str]:
        """The request id in an XML document, or None (HTTP-036)."""
        if not isinstance(self.node, Element):
            return None
        for node in (self.root, self.node):
            members = read_members(_REQUEST_ID_FIELDS, node, self.format, ROOT, lenient=True)
            for text in members.values():
                if text:
                    return str(text)
        return None


def error_code_of(text: Optional[str]) -> Optional[str]:
    """Return NAME of `NAME`, `NAME:url`, `ns#NAME` or `ns#NAME:url`, or None (HTTP-031)."""
    code = (text or "").partition(":")[0]
    return (code.partition("#")[2] if "#" in code else code).strip(" \t") or None


def parse_error(document: Document) -> ErrorDocument:
    """Parse a service's error document, XML if it starts with `<`, otherwise JSON (HTTP-036).

    Raises DocumentError.
    """
    if _is_xml(document):
        return _xml_error(parse_xml(document))
    return _json_error(parse_json(document))


_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def _is_xml(document: Document) -> bool:
    data = document_bytes(document)
    # HTTP-036
    if data.startswith(_BYTE_ORDER_MARK):
        data = data[len(_BYTE_ORDER_MARK) :]
    return data.lstrip(b" \t\r\n")[:1] == b"<"


def _json_error(plain: object) -> ErrorDocument:
    return ErrorDocument(_SERVICE_JSON_FORMAT, plain, plain)


def _integer_of_service(node: object, place: Place) -> int:
    """Read an integer or its digits, as botocore 1.44.5 does (checked 2026-11-25).

    Services and containers send both.
    """
    if isinstance(node, str):
        return integer_of_text(node, place)
    integer: int = JSON_FORMAT.scalars["integer"](node, place)
    return integer


def _text_of_service(node: object, place: Place) -> str:
    if isinstance(node, str):
        node = _whole_text(node)
    text: str = JSON_FORMAT.scalars["string"](node, place)
    return text


def _whole_text(text: str) -> str:
    """Replace halves of surrogate pairs, which JSON allows, to keep the other text (SHP-025)."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


_SERVICE_JSON_FORMAT = JSON_FORMAT._replace(
    scalars=dict(JSON_FORMAT.scalars, string=_text_of_service, integer=_integer_of_service)
)


def _xml_error(root: Element) -> ErrorDocument:
    """Find the error in its envelope, or use the root (HTTP-036)."""
    errors = child_of(root, "Errors")
    inner = None if errors is None else child_of(errors, "Error")
    return ErrorDocument(XML_FORMAT, inner or child_of(root, "Error") or root, root)


def code_of_error(given: Optional[str], document: ErrorDocument) -> Optional[str]:
    """Return the code given outside an error document or, without one, the code in it (HTTP-030).

    An empty code counts as absent.
    """
    candidates: List[Optional[str]] = [given]
    return next(
        (code for code in map(error_code_of, candidates + list(document.codes)) if code), None
    )


def error_of_json(code: Optional[str], document: Document) -> OperationError:
    """Return the error of a service's JSON document.

    code: the one outside the document, for example in a header, or None
    Raises DocumentError for an invalid document or an invalid member of a modelled error (SHP-025).
    """
    plain = parse_json(document)
    return _error_of(code, _json_error(plain), json_text(plain))


def error_of_xml(code: Optional[str], document: Document) -> OperationError:
    """Return the error of a service's XML document, with or without AWS's envelope.

    Arguments and errors as for error_of_json.
    """
    root = parse_xml(document)
    return _error_of(code, _xml_error(root), xml_of_element(root))


def _error_of(code: Optional[str], document: ErrorDocument, payload: str) -> OperationError:
    if code is not None:
        require_type(code, str, "code")
    bare_code = code_of_error(code, document)
    shape = ERRORS.get(bare_code or "")
    if shape is not None:
        return shape(**document.members(shape.fields, lenient=False))
    # SHP-026
    return UnknownOperationError(code=bare_code or code, payload=_whole_text(payload))


# ---- documents of the seed ---------------------------------------------------------------------

_NAME_FIELD = body_field("code", "error", string_type("ErrorName"))
_PAYLOAD_FIELD = body_field("payload", "message", string_type("Payload", sensitive=True))


def error_to_value(error: OperationError) -> Value:
    """Return the value tree of an error's document (SHP-027)."""
    require_type(error, OperationError, "error")
    if isinstance(error, UnknownOperationError):
        return write_members((_NAME_FIELD, _PAYLOAD_FIELD), error)
    return "Structure", (("error", ("String", type(error).__name__)), ("details", error.to_value()))


def error_to_json(error: OperationError) -> str:
    """Return an error's document in JSON, as the seed writes it (SHP-027)."""
    return json_of_value(error_to_value(error))


def error_to_xml(error: OperationError) -> str:
    """Return an error's document in XML (SHP-027)."""
    return xml_of_value(error_to_value(error), "Error")


def error_of_document(document: Document) -> OperationError:
    """Read a document of error_to_json or error_to_xml. Raises DocumentError (SHP-027)."""
    if _is_xml(document):
        return error_of_node(parse_xml(document), XML_FORMAT)
    return error_of_node(parse_json(document), JSON_FORMAT)


def error_of_node(node: Any, document_format: Format) -> OperationError:
    """Read an error from a parsed document of the seed (SHP-027). Raises DocumentError."""
    names = [name for name, _ in document_format.members(node, ROOT)]
    members = read_members((_NAME_FIELD, _PAYLOAD_FIELD), node, document_format)
    if "details" not in names:
        if names and not members:
            ROOT.reject(
                "the document has no error name",
                expected="error, and details or message",
                actual=", ".join(names[:5]),
                rule="SHP-027",
            )
        return UnknownOperationError(**members)
    shape = ERRORS.get(members.get("code", ""))
    if shape is None or "payload" in members:
        ROOT.reject(
            "the document has details of an error that is not in the service model",
            expected=f"error, one of {', '.join(sorted(ERRORS))}, and details",
            actual=", ".join(names[:5]),
            rule="SHP-027",
        )
    error: OperationError = read_members(
        (body_field("details", "details", structure_type(shape)),), node, document_format
    )["details"]
    return error
