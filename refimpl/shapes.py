# SPDX-License-Identifier: MIT
"""The operation's shapes: input, output, events and errors, each with a field table.

A shape is an immutable value. It takes its members by keyword, compares and hashes by them, and
hides sensitive members in its repr. An error shape is also an exception. To add a member, add a
row to a table. To add a shape, add a class.

Names, locations and constraints come from the service model of SageMaker Runtime 2017-05-13. The
methods `of_...` and `to_...` read and write every shape in each document format. Readers ignore
members that are not in the table (SHP-008). Errors keep the raw body. A constructor rejects
unknown members and values of another type with UsageError.
"""

from typing import TYPE_CHECKING, Any, Callable, Dict, Optional, Tuple, Type, TypeVar, Union

from .documents.datatype import (
    DataType,
    Document,
    blob_type,
    events_type,
    integer_type,
    string_type,
    structure_type,
)
from .documents.header_format import HeadersAndBody, read_headers, write_headers
from .errors import Error, ServiceError, UsageError
from .fields import Field, body_field, check_constraints, check_type, error_field, header_field

if TYPE_CHECKING:
    from .documents.query_format import Query
    from .documents.value_format import Value

# In bytes. The Developer Guide says 25 MB, so a longer body only causes a warning (HTTP-006).
MODELLED_BODY_LIMIT = 6291456

_ASCII = r"[\x00-\x7f]*"
_NAME = r"[a-zA-Z0-9](-*[a-zA-Z0-9])*"

BODY_BLOB = blob_type("BodyBlob")
PART_BLOB = blob_type("PartBlob")
HEADER = string_type("Header", 1024, _ASCII)
CUSTOM_ATTRIBUTES_HEADER = string_type("CustomAttributesHeader", 1024, _ASCII, sensitive=True)
ENDPOINT_NAME = string_type("EndpointName", 63, _NAME)
TARGET_VARIANT_HEADER = string_type("TargetVariantHeader", 63, _NAME)
TARGET_CONTAINER_HOSTNAME_HEADER = string_type("TargetContainerHostnameHeader", 63, _NAME)
INFERENCE_ID = string_type("InferenceId", 64, r"\S[\x20-\x7e]*", min_length=1)
PREFIX_AWARE_ID_HEADER = string_type("PrefixAwareIdHeader", 64, r"\S[\x20-\x7e]*", min_length=1)
INFERENCE_COMPONENT_HEADER = string_type(
    "InferenceComponentHeader", 63, r"[a-zA-Z0-9]([\-a-zA-Z0-9]*[a-zA-Z0-9])?"
)
SESSION_ID_HEADER = string_type("SessionIdHeader", 256, _NAME)
MESSAGE = string_type("Message", 2048)
STATUS_CODE = integer_type("StatusCode")
LOG_STREAM_ARN = string_type("LogStreamArn")
ERROR_CODE = string_type("ErrorCode")

S = TypeVar("S", bound="Shape")


class Shape:
    """The root of all shapes. Takes members by keyword. An absent member is None.

    Raises UsageError of kind `type` for an unknown member and for a value of the wrong type. Each
    `of_...` raises DocumentError for an invalid document. Each `to_...` raises UsageError for a
    value that the format cannot represent.
    """

    __slots__ = ()
    fields: "Tuple[Field, ...]" = ()

    def __init__(self, **members: Any) -> None:
        for field in self.fields:
            value = members.pop(field.attribute, None)
            check_type(type(self).__name__, field, value)
            object.__setattr__(self, field.attribute, value)
        if members:
            raise UsageError(
                f"unknown member of {type(self).__name__}",
                kind="type",
                rule="HTTP-003",
                actual=", ".join(sorted(members)),
                expected=", ".join(field.attribute for field in self.fields),
            )

    @classmethod
    def make(cls: "Type[S]", validate: bool = False, **members: Any) -> S:
        """Return a shape with these members. If validate is true, check the constraints."""
        shape = cls(**members)
        if validate:
            shape.validate()
        return shape

    @classmethod
    def data_type(cls) -> DataType:
        """Return the type of this shape, whose methods read and write documents."""
        return structure_type(cls)

    @classmethod
    def of_json(cls: "Type[S]", document: Document) -> S:
        """Read JSON text (SHP-007 to SHP-015)."""
        shape: S = cls.data_type().of_json(document)
        return shape

    def to_json(self) -> str:
        """Return the shape as compact JSON text with blobs in base64."""
        return self.data_type().to_json(self)

    @classmethod
    def of_xml(cls: "Type[S]", document: Document) -> S:
        """Read an XML document. Ignores the name of the root (SHP-016, SHP-017)."""
        shape: S = cls.data_type().of_xml(document)
        return shape

    of_string = of_xml  # the seed's name

    def to_xml(self) -> str:
        """Return the shape as an XML document with blobs in base64 (SHP-018)."""
        return self.data_type().to_xml(self)

    @classmethod
    def of_value(cls: "Type[S]", tree: "Value") -> S:
        """Read a value tree (SHP-023)."""
        shape: S = cls.data_type().of_value(tree)
        return shape

    def to_value(self) -> "Value":
        """Return the shape as a value tree: ("Structure", ((name, value), ...))."""
        return self.data_type().to_value(self)

    @classmethod
    def of_query(cls: "Type[S]", query: "Union[Document, Query]") -> S:
        """Read a query, either URL-encoded text or a Query (SHP-019 to SHP-022)."""
        shape: S = cls.data_type().of_query(query)
        return shape

    def to_query(self) -> "Query":
        """Return the shape as a Query. Its `render` flattens it, and its `encode` returns text."""
        return self.data_type().to_query(self)

    @classmethod
    def of_header_and_body(cls: "Type[S]", headers: object, body: Any = None) -> S:
        """Read HTTP headers and a body, which has the type that to_headers returns (SHP-024)."""
        return cls(**read_headers(cls.__name__, cls.fields, headers, body))

    def to_headers(self) -> HeadersAndBody:
        """Return the shape as HTTP headers and a body.

        The body is bytes, a tuple of events, or the JSON text of the members without a header.
        """
        return write_headers(self.fields, self)

    def validate(self) -> None:
        """Raise UsageError if a member breaks a constraint of the model (HTTP-004, HTTP-005)."""
        check_constraints(type(self).__name__, self.fields, self)

    def _members(self) -> "Tuple[object, ...]":
        return tuple(getattr(self, field.attribute) for field in self.fields)

    def __setattr__(self, name: str, value: object) -> None:
        if not isinstance(self, Error) or any(field.attribute == name for field in self.fields):
            raise AttributeError(f"{type(self).__name__} is immutable")
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Shape) or type(self) is not type(other):
            return NotImplemented
        return self._members() == other._members()

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._members()))

    def __repr__(self) -> str:
        # A traceback may show a shape whose constructor has failed.
        values = [(field, getattr(self, field.attribute, None)) for field in self.fields]
        members = [
            f"{field.attribute}={_shown_member(field, value)}"
            for field, value in values
            if value is not None
        ]
        return f"{type(self).__name__}({', '.join(members)})"

    def __reduce__(self) -> "Tuple[Callable[..., Shape], Tuple[Type[Shape], Dict[str, object]]]":
        members = {field.attribute: value for field, value in zip(self.fields, self._members())}
        return _restore, (type(self), dict(getattr(self, "__dict__", {}), **members))


def _shown_member(field: Field, value: Any) -> str:
    if field.type.kind == "blob" and isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    return "<hidden>" if field.type.sensitive else repr(value)


def _restore(shape: "Type[Shape]", values: "Dict[str, object]") -> Shape:
    restored = shape.__new__(shape)
    for name, value in values.items():
        object.__setattr__(restored, name, value)
    return restored


class InvokeEndpointWithResponseStreamInput(Shape):
    """The input of a call. endpoint_name and body are required."""

    fields = (
        Field("endpoint_name", "EndpointName", ENDPOINT_NAME, "uri", "EndpointName", True),
        Field("body", "Body", BODY_BLOB, "payload", "Body", True),
        header_field("content_type", "ContentType", HEADER, "Content-Type"),
        header_field("accept", "Accept", HEADER, "X-Amzn-SageMaker-Accept"),
        header_field(
            "custom_attributes",
            "CustomAttributes",
            CUSTOM_ATTRIBUTES_HEADER,
            "X-Amzn-SageMaker-Custom-Attributes",
        ),
        header_field(
            "target_variant",
            "TargetVariant",
            TARGET_VARIANT_HEADER,
            "X-Amzn-SageMaker-Target-Variant",
        ),
        header_field(
            "target_container_hostname",
            "TargetContainerHostname",
            TARGET_CONTAINER_HOSTNAME_HEADER,
            "X-Amzn-SageMaker-Target-Container-Hostname",
        ),
        header_field("inference_id", "InferenceId", INFERENCE_ID, "X-Amzn-SageMaker-Inference-Id"),
        header_field(
            "inference_component_name",
            "InferenceComponentName",
            INFERENCE_COMPONENT_HEADER,
            "X-Amzn-SageMaker-Inference-Component",
        ),
        header_field("session_id", "SessionId", SESSION_ID_HEADER, "X-Amzn-SageMaker-Session-Id"),
        # New in the model of 2026 (botocore 1.44.5 has it, older models do not).
        header_field(
            "prefix_aware_id",
            "PrefixAwareId",
            PREFIX_AWARE_ID_HEADER,
            "X-Amzn-SageMaker-Prefix-Aware-Id",
        ),
    )


class PayloadPart(Shape):
    """An event with bytes of the model's response. Part boundaries have no meaning (TXT-001)."""

    __slots__ = ("bytes",)
    bytes: bytes
    fields = (body_field("bytes", "Bytes", PART_BLOB),)


_set_bytes = PayloadPart.__dict__["bytes"].__set__


def payload_part(
    payload: bytes, new: Any = object.__new__, set_bytes: Any = _set_bytes
) -> PayloadPart:
    """Return PayloadPart(bytes=payload) without the constructor's checks, for speed (EVS-037)."""
    part: PayloadPart = new(PayloadPart)
    set_bytes(part, payload)
    return part


class OperationError(Shape, ServiceError):
    """The root of the modelled errors: a value that compares by its members, and an exception.

    modelled_status: the HTTP status in the service model, or None
    """

    modelled_status: "Optional[int]" = None
    message: "Optional[str]"

    def __init__(self, **members: Any) -> None:
        Shape.__init__(self, **members)
        self.code = type(self).__name__


_MESSAGE_FIELD = error_field("message", "Message", MESSAGE)


class ModelStreamError(OperationError):
    """The model failed while it streamed.

    error_code: ModelInvocationTimeExceeded or StreamBroken
    """

    kind = "exception"
    error_code: "Optional[str]"
    fields = (_MESSAGE_FIELD, error_field("error_code", "ErrorCode", ERROR_CODE))


class InternalStreamFailure(OperationError):
    """The service failed while it streamed."""

    kind = "exception"
    fault = True
    fields = (_MESSAGE_FIELD,)


class InternalFailure(OperationError):
    """The service failed."""

    modelled_status = 500
    fault = True
    fields = (_MESSAGE_FIELD,)


class ServiceUnavailable(OperationError):
    """The service is temporarily unavailable."""

    modelled_status = 503
    fault = True
    fields = (_MESSAGE_FIELD,)


class ValidationError(OperationError):
    """The service rejected a value of the request."""

    modelled_status = 400
    fields = (_MESSAGE_FIELD,)


class ModelError(OperationError):
    """The model's container responded with an error.

    original_status_code, original_message: those of the container
    """

    modelled_status = 424
    original_status_code: "Optional[int]"
    original_message: "Optional[str]"
    log_stream_arn: "Optional[str]"
    fields = (
        _MESSAGE_FIELD,
        error_field("original_status_code", "OriginalStatusCode", STATUS_CODE),
        error_field("original_message", "OriginalMessage", MESSAGE),
        error_field("log_stream_arn", "LogStreamArn", LOG_STREAM_ARN),
    )


class UnknownOperationError(OperationError):
    """An error that is not in the service model.

    code: None if the service sent none;  payload: the document as text
    """

    payload: "Optional[str]"
    fields = (
        body_field("code", "Code", ERROR_CODE),
        body_field("payload", "Payload", string_type("Payload", sensitive=True)),
    )

    def __init__(self, **members: Any) -> None:
        Shape.__init__(self, **members)
        self.message = None


StreamEvent = Union[PayloadPart, ModelStreamError, InternalStreamFailure]


class ResponseStream(Shape):
    """The union of the stream's events. A stream is a tuple of events. The seed has one union."""

    payload_part: "Optional[PayloadPart]"
    model_stream_error: "Optional[ModelStreamError]"
    internal_stream_failure: "Optional[InternalStreamFailure]"
    fields = (
        body_field("payload_part", "PayloadPart", structure_type(PayloadPart)),
        body_field("model_stream_error", "ModelStreamError", structure_type(ModelStreamError)),
        body_field(
            "internal_stream_failure",
            "InternalStreamFailure",
            structure_type(InternalStreamFailure),
        ),
    )

    @property
    def events(self) -> "Tuple[StreamEvent, ...]":
        """The members that are set, in the order of the table, as in an output's body."""
        members: Tuple[Any, ...] = self._members()
        return tuple(member for member in members if member is not None)


RESPONSE_STREAM = events_type(ResponseStream)

EVENTS: "Dict[str, Callable[[bytes], PayloadPart]]" = {"PayloadPart": payload_part}
EXCEPTIONS: "Dict[str, Type[OperationError]]" = {
    field.member: field.type.shape for field in ResponseStream.fields if field.member not in EVENTS
}
ERRORS: "Dict[str, Type[OperationError]]" = {
    shape.__name__: shape
    for shape in (
        InternalFailure,
        InternalStreamFailure,
        ModelError,
        ModelStreamError,
        ServiceUnavailable,
        ValidationError,
    )
}


class InvokeEndpointWithResponseStreamOutput(Shape):
    """The output of a call: three headers, and the tuple of events as body (or None)."""

    body: "Optional[Tuple[StreamEvent, ...]]"
    content_type: "Optional[str]"
    invoked_production_variant: "Optional[str]"
    custom_attributes: "Optional[str]"
    fields = (
        Field("body", "Body", RESPONSE_STREAM, "payload", "Body"),
        header_field("content_type", "ContentType", HEADER, "X-Amzn-SageMaker-Content-Type"),
        header_field(
            "invoked_production_variant",
            "InvokedProductionVariant",
            HEADER,
            "x-Amzn-Invoked-Production-Variant",
        ),
        header_field(
            "custom_attributes",
            "CustomAttributes",
            CUSTOM_ATTRIBUTES_HEADER,
            "X-Amzn-SageMaker-Custom-Attributes",
        ),
    )


_SHAPES: "Tuple[Type[Shape], ...]" = (
    InvokeEndpointWithResponseStreamInput,
    InvokeEndpointWithResponseStreamOutput,
    ResponseStream,
    PayloadPart,
    UnknownOperationError,
    *ERRORS.values(),
)

# Every type by its name in the service model: the structures and the scalars that they contain.
DATA_TYPES: "Dict[str, DataType]" = {shape.__name__: shape.data_type() for shape in _SHAPES}
DATA_TYPES.update(
    (field.type.name, DataType(*field.type))
    for shape in _SHAPES
    for field in shape.fields
    if field.type.shape is None
)
